"""Corrections: each is a version of its own that says on page 1 what was changed, and asking twice makes one."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from pipelines.__main__ import rapport
from pipelines.demo.mailbox import Mailbox
from pipelines.errors import NotReady, RenderFailed
from pipelines.landing import DataDir
from pipelines.ledger import Key, Ledger
from pipelines.pdf import standing_manifest
from pipelines.practices import Practices
from pipelines.render import MOST_PAGES, render
from pipelines.restate import LONGEST_REASON, restate, restatements
from pipelines.send import send
from pipelines.settings import Settings
from tests.conftest import body_of
from tests.report_states import MONTH, STATES, practices
from tests.test_render import made, text_of
from tests.test_send import NOW, approve, arrived

WHY = "One review <b>was</b> counted twice."


def test_a_restated_report_says_on_page_one_what_was_changed(data: DataDir) -> None:
    state = STATES["first-month"]()
    [first] = made(data, state)
    assert standing_manifest(first.pdf, first.manifest)["version"] == 1  # type: ignore[index]
    assert "Version" not in text_of(first.pdf, 0)
    assert restate(data, MONTH, "riverside", WHY) == 2
    [second] = render(data, practices(state), MONTH)
    assert second.made
    assert standing_manifest(second.pdf, second.manifest)["version"] == 2  # type: ignore[index]
    assert f"Version 2, in place of the one you have. What was changed: {WHY}" in text_of(second.pdf, 0)
    # A later run, of Airflow for example, keeps the version and its reason.
    [again] = render(data, practices(state), MONTH)
    assert not again.made
    assert restate(data, MONTH, "riverside", "Healthgrades was read late.") == 3
    [third] = render(data, practices(state), MONTH)
    said = text_of(third.pdf, 0)
    assert "Version 3" in said
    assert "read late" in said
    assert "twice" not in said
    assert third.pages <= MOST_PAGES


def test_a_correction_goes_out_once_and_what_arrives_says_what_was_changed(data: DataDir) -> None:
    state = STATES["first-month"]()
    one = state.practice().model_copy(update={"recipients": ("c@elm.example",)})

    def go(*, restated: bool = False) -> str:
        render(data, practices(state), MONTH)
        approve(data, "riverside")
        there = Settings(smtp_port=mailbox.port)
        [result] = send(MONTH, Practices(practice=(one,)), data, there, NOW, restate=restated, say=lambda line: None)
        return result.state

    made(data, state)
    with Mailbox(data.mailbox) as mailbox:
        assert [go(), go(restated=True)] == ["sent", "sent"]
        restate(data, MONTH, "riverside", WHY)
        assert [go(), go(restated=True), go(restated=True), go()] == ["held", "sent", "sent", "sent"]
    first, second = arrived(data)
    assert "replaces the one you have. Page 1 says what was changed." in body_of(second)
    assert "replaces" not in body_of(first)
    # The sentence is in the PDF alone; it could tell what the report is about.
    assert "counted twice" not in body_of(second)
    for number, (message, told) in enumerate(((first, False), (second, True))):
        [attached] = message.iter_attachments()
        kept = data.root / f"arrived-{number}.pdf"
        kept.write_bytes(attached.get_content())
        assert (f"Version 2, in place of the one you have. What was changed: {WHY}" in text_of(kept, 0)) == told


def test_the_same_reason_twice_begins_one_version(data: DataDir) -> None:
    made(data, STATES["first-month"]())
    assert [restate(data, MONTH, "riverside", why) for why in (WHY, f" {WHY} ", "Another.", WHY)] == [2, 2, 3, 4]
    assert restatements(data, MONTH, "riverside") == (WHY, "Another.", WHY)


@pytest.mark.parametrize("why", ["", " \n", "x" * (LONGEST_REASON + 1)])
def test_a_reason_that_cannot_be_told_is_refused(data: DataDir, why: str) -> None:
    made(data, STATES["first-month"]())
    with pytest.raises(RenderFailed, match="1 to 200 characters"):
        restate(data, MONTH, "riverside", why)
    assert restatements(data, MONTH, "riverside") == ()


def test_the_longest_reason_fits(data: DataDir) -> None:
    state = STATES["everything-bad"]()
    made(data, state)
    why = ("figures " * LONGEST_REASON)[: LONGEST_REASON - 1] + "."
    restate(data, MONTH, state.practice_id, why)
    [report] = render(data, practices(state), MONTH)
    assert why in text_of(report.pdf, 0)


def test_there_is_nothing_to_restate_before_the_first_report(data: DataDir) -> None:
    with pytest.raises(NotReady, match="there is no report of 2026-10 to restate"):
        restate(data, MONTH, "riverside", WHY)


@pytest.mark.parametrize("body", [b"{}", b"[1]", b"["])
def test_a_damaged_list_of_reasons_is_never_taken_for_none(data: DataDir, body: bytes) -> None:
    made(data, STATES["first-month"]())
    data.restatements("2026-10", "riverside").write_bytes(body)
    with pytest.raises(RenderFailed, match=r"reports/2026-10/riverside\.restated\.json: not a list of reasons"):
        restatements(data, MONTH, "riverside")


def command(data: DataDir, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    file = data.root / "practices.toml"
    file.write_text('[[practice]]\nid = "riverside"\nname = "Riverside"\nrecipients = ["c@elm.example"]\n')
    monkeypatch.setenv("RAPPORT_DATA_DIR", str(data.root))
    monkeypatch.setenv("RAPPORT_PRACTICES_FILE", str(file))
    return CliRunner().invoke(rapport, words).output


def test_the_command_restates_named_practices_only(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    made(data, STATES["first-month"]())
    refused = command(data, monkeypatch, "render", "2026-10", "--restate", WHY)
    assert "Say with --practice whose report is restated" in refused
    assert restatements(data, MONTH, "riverside") == ()
    command(data, monkeypatch, "render", "2026-10", "--practice", "riverside", "--restate", WHY)
    assert json.loads(data.manifest("2026-10", "riverside").read_bytes())["version"] == 2


def test_the_command_lists_stops_and_undoes_one_with_a_reason(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(data.ledger)
    for practice in ("riverside", "oak"):
        ledger.unsubscribe(ledger.token(practice, "c@elm.example"), "2026-11-02T08:00:00+00:00")
    undo = ("unsubscribes", "--json", "--undo", "c@elm.example")
    assert "--why who asked for it" in command(data, monkeypatch, *undo, "--practice", "oak", "--why", " ")
    assert "with --practice" in command(data, monkeypatch, *undo, "--why", "She asked")
    listed = command(data, monkeypatch, *undo, "--practice", "oak", "--why", "She asked")
    assert json.loads(listed)["undone_why"] == "She asked"
    assert "is not stopped" in command(data, monkeypatch, *undo, "--practice", "oak", "--why", "Again")
    assert ledger.stopped("oak", "c@elm.example") is None
    assert ledger.stopped("riverside", "c@elm.example") == "unsubscribed"
    everything = command(data, monkeypatch, "unsubscribes", "--json").splitlines()
    assert [json.loads(line)["practice_id"] for line in everything] == ["riverside", "oak"]


def test_the_command_reads_bounces_and_names_what_it_cannot_read(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(data.ledger)
    row = ledger.plan(Key("oak", "2026-10", 1, "c@elm.example"), "aa", "2026-11-02T08:00:00+00:00")
    data.bounces.mkdir()
    hook = {"event": "bounce", "message_id": f"<2026-10.{row.identity}@rapport.example>"}
    (data.bounces / "hook.jsonl").write_text(json.dumps(hook))
    (data.bounces / "odd.eml").write_text("Subject: hello\n\n")
    said = command(data, monkeypatch, "bounces", "--json").splitlines()
    assert "not read: bounces/odd.eml" in said[0]
    assert json.loads(said[1])["recipient"] == "c@elm.example"
    assert ledger.stopped("oak", "c@elm.example") == "bounced"
