"""Release: what each gate holds, what a person is asked, and that nothing goes out which the answer does not say."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import sqlite3
from typing import Any

import duckdb
import msgspec
import pytest

from pipelines.decisions import NOBODY, Decision, Decisions
from pipelines.errors import NotApproved, NotReady
from pipelines.gate import month_verdict
from pipelines.landing import DataDir
from pipelines.ledger import Key, Ledger
from pipelines.practices import Practice, Practices
from pipelines.release import (
    Checked,
    Correction,
    Shown,
    check_reports,
    correction,
    decide,
    decide_by_name,
    decide_correction,
    question,
    shown,
)
from pipelines.restate import restate
from pipelines.urgent import Causes

OCTOBER = dt.date(2026, 10, 1)
NOW = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)
STAMP = NOW.isoformat(timespec="seconds")
NAMES = ("ash", "elm", "fir", "oak")
PRACTICES = Practices(
    practice=tuple(Practice(id=name, name=name, recipients=(f"owner@{name}.example",)) for name in NAMES)
)
CORRECTED = Correction("ash", 2, "One was counted twice.", "b")
SHOWN = Shown(passed={"ash": "a", "elm": "e"}, held={"fir": "f", "oak": ""})
BEFORE = [dt.date(2026, month, 1) for month in range(4, 10)]


def put_report(data: DataDir, name: str, pages: int = 3, version: int = 1) -> str:
    path = data.report("2026-10", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"%PDF of {name}".encode())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    data.manifest("2026-10", name).write_text(json.dumps({"pages": pages, "version": version, "pdf_sha256": digest}))
    return digest


def put_warehouse(
    data: DataDir,
    received: dict[str, list[int]] | None = None,
    *,
    incomplete: str = "",
    removed: dict[str, tuple[int, int]] | None = None,
) -> None:
    """Write what the gates read: a whole October of one site, and reviews received in April to October."""
    data.root.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(data.warehouse)) as db:
        db.execute("create schema reports")
        db.execute("create schema core")
        db.execute("create table reports.build_info as select date '2026-11-02' as as_of_night, 'x' as inputs_id")
        db.execute(
            "create table reports.coverage (practice_id varchar, month date, source varchar, site varchar, "
            "last_read_night date, month_is_complete boolean, left_out boolean, held integer, vanished integer)"
        )
        db.execute(
            "create table reports.figures (practice_id varchar, site varchar, month date, metric varchar, "
            "state varchar, numerator bigint)"
        )
        for name in NAMES:
            vanished, held = (removed or {}).get(name, (0, 40))
            db.execute(
                "insert into reports.coverage values (?, ?, 'google_business', 'google', '2026-10-20', ?, false, ?, ?)",
                [name, OCTOBER, name != incomplete, held, vanished],
            )
            for month, number in zip([*BEFORE, OCTOBER], (received or {}).get(name, [9] * 7), strict=False):
                db.execute(
                    "insert into reports.figures values (?, 'google', ?, 'reviews_received', 'value', ?)",
                    [name, month, number],
                )


def held(data: DataDir, failed: dict[str, str] | None = None) -> dict[str, tuple[str, ...]]:
    return {one.practice_id: one.held for one in check_reports(OCTOBER, PRACTICES.practice, data, failed)}


def answer(choice: str = "All that passed", reason: object = "I have looked.", **names: object) -> dict[str, Any]:
    return {
        "chosen_options": [choice],
        "params_input": {"reason": reason, **names},
        "responded_at": NOW,
        "responded_by_user": {"id": "1", "name": "olga"},
    }


def decided(said: dict[str, Any] | None, *, auto: bool = False, was: Shown = SHOWN, **now: Checked) -> Decision:
    return decide(OCTOBER, was, list(now.values()), said, NOW, auto_release=auto)


def test_a_report_that_passes_every_gate_is_not_held(data: DataDir) -> None:
    put_warehouse(data)
    for name in NAMES:
        put_report(data, name)
    assert held(data) == dict.fromkeys(NAMES, ())


def test_each_gate_holds_and_says_why(data: DataDir) -> None:
    put_warehouse(data, incomplete="ash")
    for name, pages in (("ash", 3), ("elm", 7), ("fir", 1)):
        put_report(data, name, pages)
    cause = {"practice_id": "fir", "class": "cluster", "source": "", "site": "google", "item_id": "1", "url": None}
    Causes(data.urgent).note([{**cause, "month": "2026-10"}], dt.date(2026, 11, 1))
    assert held(data) == {
        "ash": ("source missing: google_business last read 2026-10-20",),
        "elm": ("page count: 7",),
        "fir": ("page count: 1", "alert: 1 on the page Urgent, and nobody has looked"),
        "oak": ("there is no PDF",),
    }
    Causes(data.urgent).acknowledge(1, "olga", STAMP)
    put_report(data, "fir", 2)
    assert held(data, {"ash": "5 pages"})["fir"] == ()
    # The PDF of an earlier try lies there still.
    assert held(data, {"ash": "5 pages"})["ash"][-1] == "its PDF could not be made: 5 pages"


@pytest.mark.parametrize(
    ("months", "why"),
    [
        ([3, 1, 2, 3, 1, 2, 10], "count jump: 10 reviews on Google, at most 3 a month before"),
        ([3, 1, 2, 3, 1, 2, 9], ""),
        ([9, 9, 9, 9, 9, 9, 27], ""),
        ([9, 9, 9, 9, 9, 9, 28], "count jump: 28 reviews on Google, at most 9 a month before"),
        ([12, 10, 14, 20, 11, 10, 3], "count jump: 3 reviews on Google, at least 10 a month before"),
        ([12, 12, 14, 20, 12, 12, 4], ""),
        ([12, 9, 14, 20, 11, 10, 0], ""),
        ([1, 1, 1, 1, 1], ""),
    ],
)
def test_a_count_that_jumps_is_held_and_chance_is_not(data: DataDir, months: list[int], why: str) -> None:
    put_warehouse(data, {"ash": months})
    put_report(data, "ash")
    assert held(data)["ash"] == ((why,) if why else ())


@pytest.mark.parametrize(("gone", "left", "is_held"), [(5, 19, True), (5, 20, False), (4, 1, False)])
def test_reviews_that_are_gone_are_held(data: DataDir, gone: int, left: int, is_held: bool) -> None:
    put_warehouse(data, removed={"ash": (gone, left)})
    put_report(data, "ash")
    why = (f"count jump: {gone} reviews are gone from Google, {left} are left",)
    assert held(data)["ash"] == (why if is_held else ())


def test_only_what_is_not_out_is_asked_about(data: DataDir) -> None:
    put_warehouse(data)
    ledger = Ledger(data.ledger)
    for name, state in zip(NAMES, ("sent", "failed", "uncertain", "planned"), strict=True):
        key = Key(name, "2026-10", 1, f"owner@{name}.example")
        ledger.plan(key, put_report(data, name), STAMP)
        ledger.mark(key, state, STAMP)  # type: ignore[arg-type]
    assert set(held(data)) == {"elm", "oak"}
    ledger.unsubscribe(ledger.token("oak", "owner@oak.example"), STAMP)
    assert set(held(data)) == {"elm"}


def test_the_question_counts_names_and_links(data: DataDir) -> None:
    put_warehouse(data, incomplete="ash")
    for name in ("ash", "elm", "fir"):
        put_report(data, name)
    text = question(OCTOBER, check_reports(OCTOBER, PRACTICES.practice, data, {"fir": "a | b <b>"}))
    assert "4 reports of October 2026 wait to be sent: 1 passed every gate, 3 are held back." in text
    assert "| [ash](/reports/report/ash/2026-10) | [3 pages](/reports/report/ash/2026-10/pdf) | source missing" in text
    assert "| [oak](/reports/report/oak/2026-10) | none | there is no PDF |" in text
    assert "could not be made: a \\| b \\<b>" in text
    assert text.index("Held back") < text.index("[ash]") < text.index("### Passed") < text.index("[elm]")


def test_a_long_month_stays_a_page(data: DataDir) -> None:
    many = [Checked(practice_id=f"p-{n}", pdf_sha256="a", pages=3, held=()) for n in range(1000)]
    text = question(OCTOBER, many)
    assert text.count("/pdf)") == 300
    assert "[The other 700](/reports/?until=2026-10&state=rendered)" in text


def test_all_some_and_none() -> None:
    everybody = decided(answer())
    assert (everybody.released, everybody.kept_back) == (("ash", "elm"), ("fir", "oak"))
    assert (everybody.person, everybody.reason, everybody.decided_at) == ("olga", "I have looked.", STAMP)
    some = decided(answer("Some", leave_out=["elm", " "], held_too=None))
    assert (some.released, some.kept_back) == (("ash",), ("elm", "fir", "oak"))
    named = decided(answer("Some", held_too=["fir"]))
    assert (named.released, named.kept_back) == (("ash", "elm", "fir"), ("oak",))
    none = decided(answer("None"))
    assert (none.released, none.kept_back) == ((), ("ash", "elm", "fir", "oak"))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "nobody approved"),
        ({}, "none of the choices"),
        ({**answer(), "chosen_options": ["All that passed", "None"]}, "none of the choices"),
        ({**answer(), "chosen_options": ["Approve"]}, "none of the choices"),
        ({**answer(), "params_input": None}, "no reason"),
        (answer(reason=None), "no reason"),
        (answer(reason=" \n"), "no reason"),
        (answer(reason="x" * 501), "no reason"),
        (answer("Some"), "no practice is named"),
        (answer(leave_out=["elm"]), "the choice is 'All that passed' in place of 'Some'"),
        (answer("None", held_too=["fir"]), "the choice is 'None' in place of 'Some'"),
        (answer("Some", leave_out=["elms"]), "elms"),
        (answer("Some", leave_out=["fir"]), "fir"),
        (answer("Some", held_too=["ash"]), "ash"),
        (answer("Some", held_too=["oak"]), "there is no PDF to send: oak"),
    ],
)
def test_an_answer_that_cannot_be_meant_lets_nothing_go(said: dict[str, Any] | None, why: str) -> None:
    with pytest.raises(NotApproved, match=why) as raised:
        decided(said)
    assert "Nothing was sent" in str(raised.value)


def test_without_a_question_every_gate_must_have_passed_and_the_setting_be_on() -> None:
    passed = Shown(passed={"ash": "a"}, held={})
    found = decided(None, auto=True, was=passed)
    assert (found.person, found.released, found.reason) == (NOBODY, ("ash",), "every gate passed")
    for auto, was in ((False, passed), (True, SHOWN), (True, Shown({}, {}))):
        with pytest.raises(NotApproved, match="nobody approved"):
            decided(None, auto=auto, was=was)


def test_what_is_not_as_it_was_shown_does_not_go_out() -> None:
    same = Checked(practice_id="ash", pdf_sha256="a", pages=3, held=())
    assert decided(answer(), ash=same).released == ("ash", "elm")
    for other in (
        msgspec.structs.replace(same, pdf_sha256="b"),
        msgspec.structs.replace(same, held=("alert: 1",)),
    ):
        with pytest.raises(NotApproved, match="1 reports are no longer as they were shown: ash"):
            decided(answer(), ash=other)
        assert decided(answer("Some", leave_out=["ash"]), ash=other).released == ("elm",)
    named = Checked(practice_id="fir", pdf_sha256="f", pages=3, held=("alert: 1",))
    assert "fir" in decided(answer("Some", held_too=["fir"]), fir=named).released


def test_a_decision_is_kept_once_and_the_newest_one_counts(data: DataDir) -> None:
    kept, first = Decisions(data.ledger), decided(answer("None", "Wait."))
    kept.add(first)
    kept.add(first)
    later = msgspec.structs.replace(decided(answer()), decided_at="2026-11-03T08:00:00+00:00")
    kept.add(later)
    assert kept.of("2026-10") == [first, later]
    assert kept.of("2026-09") == []
    assert kept.kept_back("2026-10") == {"fir": later, "oak": later}
    # The same file holds the mails, whichever was there first.
    assert Ledger(data.ledger).rows() == []


def test_a_decision_names_the_pdfs_it_lets_go_and_an_older_ledger_lets_none_go(data: DataDir) -> None:
    data.ledger.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(data.ledger)) as db, db:
        db.execute(
            "create table decision (month text, decided_at text, person text, choice text, released text, "
            "kept_back text, reason text, primary key (month, decided_at, person)) strict"
        )
        db.execute("""insert into decision values ('2026-10', '2026-11-01', 'olga', 'Some', '["ash"]', '[]', 'x')""")
    assert Decisions(data.ledger).approved("2026-10") == {}
    now = decided(answer("Some", leave_out=["ash"], held_too=["fir"]))
    assert now.digests == {"elm": SHOWN.passed["elm"], "fir": SHOWN.held["fir"]}
    Decisions(data.ledger).add(now)
    assert Decisions(data.ledger).approved("2026-10") == {"elm": SHOWN.passed["elm"], "fir": SHOWN.held["fir"]}


def test_who_sends_by_hand_gives_a_name_and_approves_what_passed_or_is_named(data: DataDir) -> None:
    put_warehouse(data, incomplete="ash")
    digests = {name: put_report(data, name) for name in ("ash", "elm")}

    def by_name(*only: str, person: str = "olga", why: str = "I have looked.") -> Decision:
        return decide_by_name(OCTOBER, PRACTICES.practice, data, person, why, NOW, only)

    assert by_name().digests == {"elm": digests["elm"]}
    assert (by_name("ash").digests, by_name("ash").released) == ({"ash": digests["ash"]}, ("ash",))
    with pytest.raises(NotApproved, match="there is no PDF to approve: oak"):
        by_name("ash", "oak")
    for wrong in ({"person": " "}, {"why": ""}, {"why": "x" * 501}):
        with pytest.raises(NotApproved, match="no name, or no reason"):
            by_name(**wrong)


def test_what_was_kept_back_is_not_missing(data: DataDir) -> None:
    ledger = Ledger(data.ledger)
    key = Key("ash", "2026-10", 1, "owner@ash.example")
    ledger.plan(key, put_report(data, "ash"), STAMP)
    ledger.mark(key, "sent", STAMP)
    put_report(data, "elm")
    only = Practices(practice=PRACTICES.practice[:2])
    with pytest.raises(Exception, match="elm: version 1 is not sent"):
        month_verdict(OCTOBER, only, data)
    Decisions(data.ledger).add(decided(answer("Some", leave_out=["elm"])))
    said = month_verdict(OCTOBER, only, data)
    assert said.startswith("2026-10: 1 reports are with their recipients")
    assert "elm was kept back by olga" in said


def test_shown_keeps_digests_of_what_is_there() -> None:
    one = Checked(practice_id="ash", pdf_sha256="a", pages=3, held=())
    other = Checked(practice_id="oak", pdf_sha256=None, pages=None, held=("there is no PDF",))
    assert shown([one, other]) == Shown(passed={"ash": "a"}, held={"oak": ""})


def test_a_corrections_answer_is_kept_with_its_reason_and_what_was_changed() -> None:
    approved = decide_correction(OCTOBER, CORRECTED, CORRECTED, answer("Approve"), NOW)
    assert approved == Decision(
        month="2026-10",
        decided_at=STAMP,
        person="olga",
        choice="Approve version 2",
        released=("ash",),
        kept_back=(),
        reason="I have looked. (What was changed: One was counted twice.)",
        digests={"ash": CORRECTED.pdf_sha256},
    )
    rejected = decide_correction(OCTOBER, CORRECTED, CORRECTED, answer("Reject", "Wrong review."), NOW)
    assert (rejected.choice, rejected.released, rejected.kept_back) == ("Reject version 2", (), ("ash",))
    assert rejected.digests == {}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "nobody approved"),
        ({}, "none of the choices"),
        (answer("All that passed"), "none of the choices"),
        ({**answer(), "chosen_options": ["Approve", "Reject"]}, "none of the choices"),
        (answer("Approve", ""), "no reason"),
        (answer("Reject", " "), "no reason"),
    ],
)
def test_a_correction_goes_out_by_a_plain_answer_only(said: dict[str, Any] | None, why: str) -> None:
    with pytest.raises(NotApproved, match=why) as raised:
        decide_correction(OCTOBER, CORRECTED, CORRECTED, said, NOW)
    assert "Nothing was sent" in str(raised.value)


def test_a_correction_that_is_not_as_it_was_shown_does_not_go_out_and_may_be_rejected() -> None:
    for stands in (CORRECTED._replace(pdf_sha256="c"), CORRECTED._replace(version=3, changed="Another.")):
        with pytest.raises(NotApproved, match="version 2 of ash is no longer as it was shown"):
            decide_correction(OCTOBER, CORRECTED, stands, answer("Approve"), NOW)
        assert decide_correction(OCTOBER, CORRECTED, stands, answer("Reject"), NOW).kept_back == ("ash",)


def test_only_the_pdf_of_the_newest_version_is_a_correction(data: DataDir) -> None:
    put_report(data, "ash")
    with pytest.raises(NotReady, match="no PDF of version 1"):
        correction(OCTOBER, "ash", data)
    restate(data, OCTOBER, "ash", "One was counted twice.")
    with pytest.raises(NotReady, match="no PDF of version 2"):
        correction(OCTOBER, "ash", data)
    digest = put_report(data, "ash", version=2)
    assert correction(OCTOBER, "ash", data) == CORRECTED._replace(pdf_sha256=digest)
    restate(data, OCTOBER, "ash", "Another.")
    with pytest.raises(NotReady, match="no PDF of version 3"):
        correction(OCTOBER, "ash", data)
