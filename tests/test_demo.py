"""The demo as a new user runs it: real Airflow, real servers, and nothing private left where it must not be."""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import time
from email.message import EmailMessage
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import sync_playwright

from pipelines.decisions import Decisions
from pipelines.demo.run import demo_folder, run_demo, town_services
from pipelines.demo.stage import USER, Stage, free_port
from pipelines.demo.town import MONTH, NIGHTS, build_town
from pipelines.landing import DataDir, read_page
from pipelines.pdf import practice_of
from pipelines.periods import month_name
from pipelines.records import COMPLETENESS, FEATURES, RECORDS, read_table
from pipelines.warehouse import open_warehouse, rows, tables
from tests.conftest import body_of, opened_once
from tests.reports_pages import Client, mounted

# One practice reads Spanish.
MONTHLY = ("Your monthly report", "Su informe mensual")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataDir, list[str]]:
    root = tmp_path_factory.mktemp("demo")
    said: list[str] = []
    run_demo(root, keep_running=False, say=said.append)
    return DataDir(demo_folder(root)), said


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
    sent = [mail for mail in mails(data) if str(mail["Subject"]).startswith(MONTHLY)]
    assert sorted(str(mail["To"]) for mail in sent) == sorted(r for p in town.practices for r in p.recipients)
    spanish = [mail["To"] for mail in sent if str(mail["Subject"]).startswith(MONTHLY[1])]
    assert spanish == ["owner@gesher-dental.example"]


def test_a_contact_is_told_of_what_cannot_wait_and_its_report_is_held_until_it_is_named(
    demo: tuple[DataDir, list[str]],
) -> None:
    data, said = demo
    urgent = [mail for mail in mails(data) if "should not wait" in str(mail["Subject"])]
    assert [mail["To"] for mail in urgent] == ["manager@maple-street-dental.example"]
    assert "A public reply of the practice may give private details away" in body_of(urgent[0])
    assert [line for line in said if "held: " in line] == [
        "  held: maple-street-dental, alert: 6 on the page Urgent, and nobody has looked; the demo lets it go"
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
    with opened_once(data):
        held = [pages.page(path).get_text(" ", strip=True) for path in asked]
    assert "does not renew the key" in held[2]
    assert leaked(canaries, "".join(held)) == []


def test_nothing_is_left_half_done(demo: tuple[DataDir, list[str]]) -> None:
    data, _ = demo
    assert list(data.root.rglob("*.partial")) == []
    assert not Path(f"{data.warehouse}.wal").exists()


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_an_operator_releases_the_month_in_the_browser(demo: tuple[DataDir, list[str]], tmp_path: Path) -> None:
    data, _ = demo
    walk(data, tmp_path)


def walk(data: DataDir, folder: Path) -> None:
    """Trigger the month, answer its Required Action, look at the Reports pages and find the mails, by hand."""
    left_out = shutil.ignore_patterns("airflow", "ledger.db*", "*.eml")
    mine = DataDir(Path(shutil.copytree(data.root, folder / "walk", ignore=left_out)))
    month, held = month_name(MONTH), "maple-street-dental"
    parts = ("api-server", "dag-processor", "scheduler", "triggerer")
    with (
        town_services(mine.root, build_town()) as (_, variables),
        Stage(mine.root, variables, port=free_port(), components=parts, fresh=True, say=lambda line: None) as stage,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1500, "height": 1100})
        page.set_default_timeout(90_000)
        page.goto(stage.url)
        page.fill("input[name=username]", USER)
        page.fill("input[name=password]", stage.password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/auth/login" not in url)
        page.goto(f"{stage.url}/dags/monthly")
        page.get_by_test_id("trigger-dag-button").click()
        page.locator("#element_month").fill(month)
        # Leaving the field is what takes it over.
        page.keyboard.press("Tab")
        with page.expect_response(lambda one: one.request.method == "POST" and one.url.endswith("/dagRuns")) as asked:
            page.get_by_role("dialog").get_by_role("button", name="Trigger").last.click()
        run = asked.value.json()["dag_run_id"]
        assert asked.value.json()["conf"]["month"] == month

        task = f"{stage.url}/api/v2/dags/monthly/dagRuns/{run}/taskInstances/approve"
        give_up = time.monotonic() + 180
        while page.request.get(task).json()["state"] != "awaiting_input":
            assert time.monotonic() < give_up, "nobody is asked"
            page.wait_for_timeout(1_000)
        page.goto(f"{stage.url}/dags/monthly/runs/{run}/tasks/approve/required_actions?map_index=-1")
        page.get_by_text("8 reports of October 2026 wait to be sent: 7 passed every gate, 1 are held back.").wait_for()
        assert page.get_by_test_id("hitl-option-Some").is_disabled(), "there is no reason yet"
        pdf = page.get_by_role("link", name=re.compile("pages")).first.get_attribute("href")
        answer = page.request.get(f"{stage.url}{pdf}")
        assert answer.body().startswith(b"%PDF-")
        page.locator("#element_held_too").fill(held)
        page.locator("#element_reason").fill("Its contact has answered.")
        page.keyboard.press("Tab")
        # Answered before the scheduler has taken note of the waiting, it would ask once more.
        page.wait_for_timeout(8_000)
        page.get_by_test_id("hitl-option-Some").click()
        page.goto(f"{stage.url}/dags/monthly/runs/{run}")
        badge = page.get_by_test_id("header-card").get_by_test_id("state-badge")
        badge.filter(has_text="Success").wait_for(timeout=180_000)

        page.goto(f"{stage.url}/plugin/reports")
        frame = page.frame_locator("iframe")
        frame.get_by_role("link", name=re.compile(f"Maple Street.*{MONTH:%B %Y}: sent")).wait_for()
        frame.get_by_role("link", name="Ledger").click()
        frame.get_by_text("Its contact has answered.").wait_for()
        browser.close()
    sent = [mail for mail in mails(mine) if str(mail["Subject"]).startswith(MONTHLY)]
    assert sorted(str(mail["To"]) for mail in sent) == sorted(r for p in build_town().practices for r in p.recipients)
    [decision] = Decisions(mine.ledger).of(month)
    assert (decision.person, decision.choice, decision.kept_back) == (USER, "Some", ())
    assert held in decision.released
