"""Urgent mail: what is news and what is not, once a cause, once a day, and nothing of what anybody wrote."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

import pytest

from pipelines.bounces import read_bounces
from pipelines.build import build
from pipelines.demo.mailbox import Mailbox
from pipelines.doctor import examine
from pipelines.errors import SendFailed, SeveralFailed, UnknownName
from pipelines.landing import DataDir
from pipelines.ledger import Key, Ledger, sending_alone
from pipelines.practices import Practice, Practices
from pipelines.settings import Settings
from pipelines.store import open_store
from pipelines.urgent import CLASSES, Cause, Causes, tell_urgent
from pipelines.warehouse import open_warehouse, rows
from tests.conftest import body_of
from tests.histories import Row, feature, visit, write_night

NIGHT = dt.date(2026, 11, 3)
NOW = dt.datetime(2026, 11, 3, 6, tzinfo=dt.UTC)
OAK = Practice(id="oak", name="Oak <b>Street</b>", contact="manager@oak.example", recipients=("owner@oak.example",))
ELM = Practice(id="elm", name="Elm", contact="c@elm.example")
ASH = Practice(id="ash", name="Ash")
PRACTICES = Practices(practice=(OAK, ELM, ASH))
NEW = {
    "practice_id": "oak",
    "class": "ALERT_privacy",
    "source": "x",
    "site": "x",
    "item_id": "9",
    "url": None,
    "month": "2026-11",
}


def at(days_ago: int) -> dt.datetime:
    return dt.datetime.combine(NIGHT - dt.timedelta(days=days_ago), dt.time(3), dt.UTC)


def item(kind: str, practice_id: str, item_id: str, days_ago: int, **more: object) -> Row:
    when = at(days_ago)
    given: Row = {"created_at": when, "created_local": when.replace(tzinfo=None), "updated_at": when}
    return feature(kind, "google_business", "google", NIGHT, practice_id, item_id, **{**given, **more})


def told_of() -> list[Row]:
    """What a night brought: each that should be told beside each that only looks like it."""
    leak: Row = {"disclosure": "pattern", "disclosure_severity": "high", "has_text": True}
    rows = [
        item("review", "oak", "leaked", 20, stars=2, url="https://google.example/leaked"),
        item("reply", "oak", "leaked/reply", 2, parent_id="leaked", **leak),
        item("review", "oak", "old", 90, stars=2),
        item("reply", "oak", "old/reply", 80, parent_id="old", **leak),
        item("review", "oak", "edited", 90, stars=2),
        item("reply", "oak", "edited/reply", 80, parent_id="edited", updated_at=at(1), **leak),
        item("review", "oak", "waits", 3, stars=2),
        item("reply", "oak", "waits/reply", 2, parent_id="waits", state="pending", **leak),
        item("review", "oak", "clean", 3, stars=5),
        item("reply", "oak", "clean/reply", 2, parent_id="clean", disclosure="look", has_text=True),
        item("review", "oak", "harm", 1, stars=1, alerts=["ALERT_safety"], url="javascript:alert(1)"),
        item("review", "oak", "long-ago", 40, stars=1, alerts=["ALERT_safety"], sentiment="negative", has_text=True),
        item("comment", "elm", "said", 1, alerts=["ALERT_privacy"], voice="outside", thread_id="post", has_text=True),
        item("post", "elm", "post", 2, alerts=["ALERT_privacy"], voice="practice", has_text=True),
        item("post", "elm", "wall", 60, voice="practice", has_text=True, url="https://google.example/wall"),
        item("comment", "elm", "own", 2, voice="practice", thread_id="wall", **leak),
        item("comment", "elm", "own-old", 30, voice="practice", thread_id="wall", **leak),
        item("comment", "elm", "team", 2, voice="team", thread_id="wall", **leak),
        item("review", "ash", "unfair", 1, stars=1, alerts=["ALERT_discrimination"], sentiment="negative"),
    ]
    rows += [item("review", "elm", f"calm-{week}", 10 + 7 * week, stars=5) for week in range(40)]
    rows += [item("review", "elm", f"storm-{n}", 6 + n % 3, stars=1) for n in range(16)]
    # As many at once, but as people always said: no cluster.
    rows += [item("review", "ash", f"calm-{week}", 10 + 7 * week, stars=1 + 4 * (week % 2)) for week in range(40)]
    rows += [item("review", "ash", f"rush-{n}", 6 + n % 3, stars=1 + 4 * (n % 2)) for n in range(16)]
    return rows


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    data = DataDir(tmp_path_factory.mktemp("urgent"))
    visits = [visit("google_business", "google", NIGHT, practice.id, fetched=9) for practice in PRACTICES.practice]
    write_night(data, "google_business", NIGHT, told_of(), visits)
    build(data, PRACTICES, None, lambda _: None)
    return data


@pytest.fixture
def data(built: DataDir, data: DataDir) -> DataDir:
    data.root.mkdir(parents=True)
    shutil.copy(built.warehouse, data.warehouse)
    return data


@contextmanager
def mailbox(data: DataDir) -> Iterator[int]:
    with Mailbox(data.mailbox) as box:
        yield box.port


def run(data: DataDir, port: int, now: dt.datetime = NOW, practices: Practices = PRACTICES) -> tuple[int, list[str]]:
    said: list[str] = []
    settings = Settings(smtp_port=port, unsubscribe_url="https://x.example/u/{token}")
    return tell_urgent(practices, data, settings, now, say=said.append), said


def mails(data: DataDir, to: str = "") -> list[EmailMessage]:
    read = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(data.mailbox.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    ]
    return [mail for mail in read if to in str(mail["To"])]


def found(data: DataDir) -> set[tuple[str, str, str]]:
    return {(one.practice_id, one.class_, one.item_id) for one in Causes(data.urgent).all()}


def test_news_is_told_and_what_only_looks_like_it_is_not(data: DataDir) -> None:
    with mailbox(data) as port:
        assert run(data, port)[0] == 2
    assert found(data) == {
        ("oak", "disclosure", "leaked/reply"),
        ("oak", "disclosure", "edited/reply"),
        ("oak", "ALERT_safety", "harm"),
        ("elm", "ALERT_privacy", "said"),
        ("elm", "own_comment", "own"),
        ("elm", "cluster", "2026-10-26"),
        ("ash", "ALERT_discrimination", "unfair"),
    }
    assert {str(mail["To"]) for mail in mails(data)} == {"manager@oak.example", "c@elm.example"}, "the contact, nobody"
    months = {(one.item_id, one.month) for one in Causes(data.urgent).all()}
    assert {("leaked/reply", "2026-11"), ("edited/reply", "2026-11"), ("2026-10-26", "2026-10")} <= months


def test_what_the_first_file_of_causes_holds_is_taken_over_once(data: DataDir) -> None:
    first = {**NEW, "found_on": "2026-11-01", "seen_at": "2026-11-01T08:00", "seen_by": "olga"}
    with open_store(data.urgent) as db:
        db.execute(
            "create table cause (practice_id text, class text, source text, site text, item_id text, url text, "
            "found_on text, told_on text, seen_at text, seen_by text, "
            "primary key (practice_id, class, source, site, item_id)) strict"
        )
        db.execute(
            "insert into cause values (:practice_id, :class, :source, :site, :item_id, :url, :found_on, null, "
            ":seen_at, :seen_by)",
            first,
        )
    Causes(data.urgent).note([NEW, {**NEW, "item_id": "10", "month": "2026-10"}], NIGHT)
    kept = [(one.item_id, one.month, one.seen_by) for one in Causes(data.urgent).all()]
    assert kept == [("10", "2026-10", None), ("9", "2026-11", "olga")]


def test_a_week_that_is_only_busy_is_there_and_is_no_news(data: DataDir) -> None:
    with open_warehouse(data) as connection:
        told = rows(connection, "select practice_id, verdict from reports.bursts group by all order by all")
    assert [tuple(row.values()) for row in told] == [("ash", "unusual number"), ("elm", "unusual cluster")]
    with mailbox(data) as port:
        run(data, port)
    assert {practice for practice, class_, _ in found(data) if class_ == "cluster"} == {"elm"}


def test_a_mail_has_classes_and_links_and_nobodys_words(data: DataDir) -> None:
    with mailbox(data) as port:
        run(data, port)
    [mail] = mails(data, "oak")
    assert mail["Subject"] == "Something that should not wait for your monthly report"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain = body_of(mail)
    html = body_of(mail, "html")
    for text in (plain, html):
        assert CLASSES["disclosure"] in text
        assert CLASSES["ALERT_safety"] in text
        assert "https://google.example/leaked" in text
        assert "(Google)" in text
        assert "javascript" not in text
    assert "Oak <b>Street</b>" in plain
    assert "Oak &lt;b&gt;Street&lt;/b&gt;" in html
    assert "Oak" not in str(mail["Subject"])


def test_an_unsafe_comment_of_the_practices_own_is_told_with_the_link_of_its_post(data: DataDir) -> None:
    spanish = ELM.model_copy(update={"language": "es"})
    with mailbox(data) as port:
        run(data, port)
        told = body_of(mails(data, "c@elm.example")[0])
        Causes(data.urgent).note([NEW | {"practice_id": "elm", "class": "own_comment"}], NIGHT)
        run(data, port, NOW + dt.timedelta(days=1), Practices(practice=(spanish,)))
    assert f"* {CLASSES['own_comment']} (Google).\n  https://google.example/wall" in told.replace("\r\n", "\n")
    later = body_of(mails(data, "c@elm.example")[1])
    assert "Un comentario público del consultorio puede revelar datos privados" in later


def test_the_same_cause_is_told_once_and_a_day_has_one_mail(data: DataDir) -> None:
    with mailbox(data) as port:
        run(data, port)
        assert run(data, port)[0] == 0
        assert run(data, port, NOW + dt.timedelta(days=1))[0] == 0
        Causes(data.urgent).note([NEW], NIGHT)
        sent, said = run(data, port)
        assert (sent, [line for line in said if "oak" in line]) == (0, ["  oak: 1 wait, as today's mail is out"])
        assert run(data, port, NOW + dt.timedelta(days=1))[0] == 1
    first, second = mails(data, "oak")
    assert first["Message-ID"] != second["Message-ID"]
    assert CLASSES["ALERT_safety"] not in body_of(second)


def test_what_was_looked_at_before_its_mail_is_not_mailed(data: DataDir) -> None:
    causes = Causes(data.urgent)
    with mailbox(data) as port:
        run(data, port, practices=Practices(practice=(OAK.model_copy(update={"contact": None}),)))
        for cause in causes.all():
            causes.acknowledge(cause.number, "olga", "2026-11-03T09:00")
        run(data, port, practices=Practices(practice=(OAK,)))
    assert mails(data) == []


def test_the_first_who_looked_is_kept(data: DataDir) -> None:
    causes = Causes(data.urgent)
    with mailbox(data) as port:
        run(data, port)
    first: Cause = causes.all()[0]
    causes.acknowledge(first.number, "olga", "2026-11-03T09:00")
    assert causes.acknowledge(first.number, "vera", "2026-11-04T09:00").seen_by == "olga"
    assert [one.number for one in causes.all()][-1] == first.number, "what waits stands first"
    with pytest.raises(UnknownName, match="no such cause"):
        causes.acknowledge(99, "olga", "2026-11-03T09:00")


def test_a_server_that_takes_nothing_loses_nothing(data: DataDir) -> None:
    with pytest.raises(SeveralFailed, match=r"2 urgent mails did not go out.*oak"):
        run(data, 1)
    assert {row.state for row in Ledger(data.ledger).rows()} == {"failed"}
    later = NOW + dt.timedelta(days=2)
    with mailbox(data) as port:
        assert run(data, port, later)[0] == 2
        # It went out under its first day, and was today's mail nevertheless.
        Causes(data.urgent).note([NEW], NIGHT)
        assert run(data, port, later)[0] == 0
    assert [(row.month, row.state) for row in Ledger(data.ledger).rows()] == [("2026-11-03", "sent")] * 2


def test_one_that_may_have_arrived_is_never_sent_again(data: DataDir) -> None:
    with mailbox(data) as port:
        run(data, port, practices=Practices(practice=(OAK,)))
        ledger = Ledger(data.ledger)
        [row] = ledger.rows()
        key = Key(row.practice_id, row.month, row.version, row.recipient)
        ledger.mark(key, "sending", "2026-11-03T06:00:00+00:00")
        _, said = run(data, port, NOW + dt.timedelta(days=1), Practices(practice=(OAK,)))
    assert "uncertain" in said[1]
    assert len(mails(data)) == 1
    assert ledger.rows()[0].state == "uncertain"


def test_an_urgent_mail_that_comes_back_stops_its_recipient(data: DataDir) -> None:
    with mailbox(data) as port:
        run(data, port, practices=Practices(practice=(OAK,)))
        data.bounces.mkdir()
        name = str(mails(data)[0]["Message-ID"])
        (data.bounces / "hook.jsonl").write_text(f'{{"event": "bounce", "message_id": "{name}"}}')
        assert [row.practice_id for row in read_bounces(data, Ledger(data.ledger), "2026-11-04").bounced] == ["oak"]
        Causes(data.urgent).note([NEW], NIGHT)
        _, said = run(data, port, NOW + dt.timedelta(days=1), Practices(practice=(OAK,)))
    assert said[-1] == "  oak: 1 wait, and the contact's mail is bounced"


def test_days_are_no_months_of_the_ledger(data: DataDir) -> None:
    with mailbox(data) as port:
        run(data, port)
    ledger = Ledger(data.ledger)
    assert ledger.months() == []
    assert ledger.states("2026-10", "2026-12") == {}
    assert len(ledger.rows()) == 2


def test_two_never_send_at_the_same_time(data: DataDir) -> None:
    with mailbox(data) as port, sending_alone(data), pytest.raises(SendFailed, match="another run is sending"):
        run(data, port)


def test_the_doctor_says_what_an_urgent_mail_became(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SeveralFailed):
        run(data, 1, practices=Practices(practice=(OAK,)))
    monkeypatch.setenv("RAPPORT_DATA_DIR", str(data.root))
    file = data.root / "practices.toml"
    file.write_text('[[practice]]\nid = "oak"\nname = "Oak"\n')
    monkeypatch.setenv("RAPPORT_PRACTICES_FILE", str(file))
    [finding] = examine(NIGHT, "ledger")
    assert (finding.mend, "oak: an urgent mail is failed" in finding.said) == ("The next night tries again", True)
    [finding] = examine(NIGHT, "contacts")
    assert "at oak" in finding.said
