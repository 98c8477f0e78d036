"""The demo as a new user runs it: real Airflow, real servers, and nothing private left where it must not be."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

import pypdf
import pytest

from pipelines.decisions import Decisions
from pipelines.demo.run import demo_folder, run_demo
from pipelines.demo.town import MONTH, NIGHTS, build_town, pull_instant
from pipelines.landing import DataDir, read_page
from pipelines.pdf import practice_of
from pipelines.periods import month_name
from pipelines.records import COMPLETENESS, FEATURES, RECORDS, read_table
from pipelines.warehouse import open_warehouse, rows, tables
from tests.reports_pages import Client, mounted


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataDir, list[str]]:
    root = tmp_path_factory.mktemp("demo")
    said: list[str] = []
    run_demo(root, keep_running=False, say=said.append)
    return DataDir(demo_folder(root)), said


@pytest.fixture(scope="module")
def canaries() -> list[str]:
    """What a leak would show: reviewers' names, and a run of words out of every longer review."""
    town = build_town()
    found: set[str] = set()
    for practice in town.practices:
        for night in NIGHTS:
            for review in town.reviews_at(practice.location, pull_instant(night)):
                if review.reviewer and " " in review.reviewer and len(review.reviewer) > 7:
                    found.add(review.reviewer)
                if review.comment and len(review.comment) > 60:
                    found.add(review.comment[10:50])
    assert len(found) > 300
    return sorted(found)


def mails(data: DataDir) -> list[EmailMessage]:
    return [email.message_from_bytes(p.read_bytes(), policy=email.policy.default) for p in data.mailbox.glob("*.eml")]


def leaked(canaries: list[str], held: str) -> list[str]:
    return [canary for canary in canaries if canary in held]


def test_the_canaries_are_where_they_may_be(demo: tuple[DataDir, list[str]], canaries: list[str]) -> None:
    """Without this, the tests below could not fail."""
    data, _ = demo
    pages = "".join(read_page(path).decode() for path in data.root.glob("pages/google_business/*/*/*.json.zst"))
    assert len(leaked(canaries, pages.encode().decode("unicode_escape", "ignore") + pages)) > 200
    records = "".join(str(read_table(path, RECORDS)) for path in data.root.glob("records/*/*.parquet"))
    assert len(leaked(canaries, records)) > 200


def test_a_pdf_for_every_practice_and_a_mail_for_every_recipient(demo: tuple[DataDir, list[str]]) -> None:
    data, _ = demo
    town = build_town()
    for practice in town.practices:
        assert practice_of(data.report(month_name(MONTH), practice.id)) == practice.id
    sent = [mail for mail in mails(data) if str(mail["Subject"]).startswith("Your monthly report")]
    assert sorted(str(mail["To"]) for mail in sent) == sorted(r for p in town.practices for r in p.recipients)


def test_a_contact_is_told_of_what_cannot_wait_and_its_report_is_held_until_it_is_named(
    demo: tuple[DataDir, list[str]],
) -> None:
    data, said = demo
    urgent = [mail for mail in mails(data) if "should not wait" in str(mail["Subject"])]
    assert [mail["To"] for mail in urgent] == ["manager@maple-street-dental.example"]
    body = urgent[0].get_body(("plain",))
    assert body is not None
    assert "A public reply of the practice may give private details away" in body.get_content()
    assert [line for line in said if "held: " in line] == [
        "  held: maple-street-dental, alert: 4 on the page Urgent, and nobody has looked; the demo lets it go"
    ]
    [decision] = Decisions(data.ledger).of(month_name(MONTH))
    assert "maple-street-dental" in decision.released
    assert decision.reason == "The demo has looked at every report that is held."


def test_every_night_is_in_the_warehouse_and_the_dead_key_is_named(demo: tuple[DataDir, list[str]]) -> None:
    data, said = demo
    with open_warehouse(data) as connection:
        [known] = rows(connection, "select as_of_night from reports.build_info")
        [lakeside] = rows(
            connection,
            "select last_read_night, why from reports.coverage where practice_id = 'lakeside-medical' "
            "and site = 'google' and month = date '2026-11-01'",
        )
    assert known["as_of_night"] == NIGHTS[2]
    assert lakeside["last_read_night"] == NIGHTS[1]
    assert "does not renew the key" in lakeside["why"]
    assert any("red on purpose" in line for line in said)


def test_no_word_and_no_name_is_in_features_and_notes(demo: tuple[DataDir, list[str]], canaries: list[str]) -> None:
    data, _ = demo
    held = "".join(str(read_table(path, FEATURES)) for path in data.root.glob("features/*/*.parquet"))
    held += "".join(str(read_table(path, COMPLETENESS)) for path in data.root.glob("completeness/*/*.parquet"))
    held += "".join(path.read_text() for path in data.root.glob("set_aside/*/*.jsonl"))
    held += "".join(path.read_text() for path in data.root.glob("pages/*/*/*/receipt.json"))
    assert leaked(canaries, held) == []


def test_no_word_and_no_name_is_in_the_warehouse(demo: tuple[DataDir, list[str]], canaries: list[str]) -> None:
    data, _ = demo
    with open_warehouse(data) as connection:
        names = tables(connection)
        held = "".join(str(rows(connection, f"select * from {name}")) for name in names)
    assert len(names) > 10
    assert leaked(canaries, held) == []


def test_no_word_no_name_and_no_key_is_in_airflow(demo: tuple[DataDir, list[str]], canaries: list[str]) -> None:
    data, _ = demo
    files = [path for path in (data.root / "airflow").rglob("*") if path.is_file()]
    held = "".join(path.read_bytes().decode("utf-8", "replace") for path in files)
    assert len(files) > 20
    assert leaked(canaries, held) == []
    for key in build_town().keys().values():
        assert key["client_secret"] not in held
        assert key["refresh_token"] not in held


def test_no_word_and_no_name_is_in_mail_manifest_or_pdf(demo: tuple[DataDir, list[str]], canaries: list[str]) -> None:
    data, _ = demo
    held = "".join(path.read_text() for path in data.root.glob("reports/*/*.json"))
    for path in data.root.glob("reports/*/*.pdf"):
        held += "".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    for letter in data.mailbox.glob("*.eml"):
        message = email.message_from_bytes(letter.read_bytes(), policy=email.policy.default)
        held += "".join(part.get_content() for part in message.walk() if part.get_content_maintype() == "text")
        held += str(message["Subject"])
    assert "October" in held
    assert leaked(canaries, held) == []


def test_no_word_and_no_name_is_on_the_reports_pages(demo: tuple[DataDir, list[str]], canaries: list[str]) -> None:
    data, _ = demo
    with open_warehouse(data) as connection:
        metrics = [row["metric"] for row in rows(connection, "select metric from reports.catalogue")]
    asked = ["/", "/nights?month=2026-10", "/nights?month=2026-11", "/set-aside?month=2026-11", "/keys", "/ledger"]
    for practice in build_town().practices:
        asked.append(f"/report/{practice.id}/{month_name(MONTH)}")
        asked += [f"/explain?practice={practice.id}&month={month_name(MONTH)}&metric={metric}" for metric in metrics]
    pages = Client(mounted(data))
    held = [pages.page(path).get_text(" ", strip=True) for path in asked]
    assert "does not renew the key" in held[2]
    assert leaked(canaries, "".join(held)) == []


def test_nothing_is_left_half_done(demo: tuple[DataDir, list[str]]) -> None:
    data, _ = demo
    assert list(data.root.rglob("*.partial")) == []
    assert not Path(f"{data.warehouse}.wal").exists()
