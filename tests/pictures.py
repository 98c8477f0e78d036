"""Make the pictures of README and docs/operators.md from the demo: page 1 of a report, and an operator's first morning.

`make pictures` runs this after `make demo`. The morning is walked for real, in a browser, over a copy of the demo in
which nothing was sent yet: a key is connected, the red box is cleared and turns green, the month is approved and goes
out. It needs pdftoppm (poppler-utils) and Chromium from the system.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, Response, sync_playwright

from pipelines.demo.run import demo_folder, town_services
from pipelines.demo.server import TownServer
from pipelines.demo.stage import USER, Stage, end_on_sigterm, free_port
from pipelines.demo.town import MONTH, NIGHTS, build_town
from pipelines.landing import DataDir
from pipelines.periods import month_name
from pipelines.settings import REPOSITORY, key_variable

PICTURES = REPOSITORY / "docs" / "pictures"
PRACTICE = "harbor-family-medicine"
# Whose key has expired before the third night.
RED, RED_KEY = "lakeside-medical", "lakeside"
COLOURS = 64
# Until an answer has reached the page and the page has been drawn.
DRAWN_MS = 1_500
# As in `walk` of test_demo: an answer that crosses the scheduler's notice of the waiting is asked for again.
HUMAN_MS = 8_000


def page_1(data: DataDir) -> None:
    target = PICTURES / "page-1"
    report = data.report(month_name(MONTH), PRACTICE)
    subprocess.run(
        [str(shutil.which("pdftoppm")), "-r", "90", "-f", "1", "-l", "1", "-singlefile", "-png", report, target],
        check=True,
    )
    make_small(target.with_suffix(".png"))


def make_small(path: Path) -> None:
    """Keep as many colours as such a picture has use for."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


@dataclass(frozen=True)
class Morning:
    """An operator in a browser, who keeps pictures."""

    page: Page
    stage: Stage
    server: TownServer

    def keep(self, name: str, part: Locator | None = None) -> None:
        self.page.wait_for_timeout(DRAWN_MS)
        path = PICTURES / f"{name}.png"
        (part or self.page).screenshot(path=path)
        make_small(path)

    def go(self, path: str, *, high: int = 860) -> None:
        self.page.set_viewport_size({"width": 1500, "height": high})
        self.page.goto(f"{self.stage.url}/{path}")

    def log_in(self) -> None:
        self.go("")
        self.page.fill("input[name=username]", USER)
        self.page.fill("input[name=password]", self.stage.password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda url: "/auth/login" not in url)

    def add_a_practice(self) -> None:
        self.go("dags/add_practice", high=1_500)
        self.page.get_by_test_id("trigger-dag-button").click()
        given = {
            "practice": "oak-street",
            "name": "Oak Street Dental",
            "time_zone": "America/Chicago",
            "recipients": "owner@oak-street.example",
            "contact": "manager@oak-street.example",
            "listings": "google_business.location=accounts/1/locations/9",
        }
        for field, value in given.items():
            self.page.locator(f"#element_{field}").fill(value)
        self.keep("add-practice", self.page.get_by_role("dialog"))

    def see_last_night(self, run: str) -> None:
        self.go(f"dags/nightly/runs/{run}")
        self.page.locator("[data-testid^='grid-']").first.wait_for()
        self.page.get_by_text("verdict").last.wait_for()
        # The grid comes after the list, and draws its bars one by one.
        self.page.wait_for_timeout(4 * DRAWN_MS)
        self.keep("airflow-grid")
        self.go("reports/nights")
        self.page.get_by_role("heading", name="Nights of").wait_for()
        self.keep("nights")

    def find_out_why(self, run: str) -> None:
        self.go(f"dags/nightly/runs/{run}/tasks/google_business", high=800)
        why = self.page.get_by_test_id("summary-SeveralFailed")
        why.wait_for()
        # Wrapped, and without the places in the code, which are for developers.
        self.page.keyboard.press("w")
        why.click()
        self.keep("red-box")

    def connect_a_key(self) -> None:
        key = build_town().keys()[RED_KEY]
        self.server.consent_again()
        self.go("connections", high=1_150)
        self.page.get_by_role("button", name="Add Connection").click()
        form = self.page.get_by_role("dialog")
        form.locator("input[name=connection_id]").fill(f"google_business__{RED_KEY}")
        form.locator("input[role=combobox]").first.fill("generic")
        self.page.get_by_role("option", name="Generic").click()
        form.locator("input[name=login]").fill(key["client_id"])
        form.locator("input[name=password]").fill(key["client_secret"])
        self.keep("connection", form)
        form.get_by_role("button", name="Extra Fields JSON").click()
        # The editor comes after its place.
        self.page.wait_for_timeout(DRAWN_MS)
        form.locator(".monaco-editor").first.click()
        self.page.keyboard.press("Control+A")
        # The editor closes the quotation and the bracket by itself, and its text counts once it is left.
        self.page.keyboard.type(json.dumps({"refresh_token": key["refresh_token"]})[:-2], delay=20)
        self.page.wait_for_timeout(DRAWN_MS)
        form.get_by_role("button", name="Standard Fields").click()
        form.get_by_role("button", name="Save").click()
        form.wait_for(state="hidden")

    def mend(self, run: str) -> None:
        self.go(f"dags/nightly/runs/{run}/tasks/google_business")
        self.page.get_by_test_id("summary-SeveralFailed").wait_for()
        self.page.keyboard.press("Shift+C")
        form = self.page.get_by_role("dialog")
        form.get_by_text("verdict").wait_for()
        self.keep("clear", form)
        # The form goes before its request has come.
        with self.page.expect_response(lambda one: _does(one, "/clearTaskInstances")):
            form.get_by_role("button", name="Confirm").click()
        self.ends_well(f"nightly/runs/{run}")

    def ends_well(self, run: str) -> None:
        self.page.goto(f"{self.stage.url}/dags/{run}")
        badge = self.page.get_by_test_id("header-card").get_by_test_id("state-badge")
        badge.filter(has_text="Success").wait_for(timeout=300_000)

    def approve_the_month(self) -> None:
        run = self.stage.trigger("monthly", {"month": month_name(MONTH)})
        self.go(f"dags/monthly/runs/{run}/tasks/approve", high=1_000)
        badge = self.page.get_by_test_id("header-card").get_by_test_id("state-badge")
        badge.filter(has_text=re.compile("Awaiting", re.IGNORECASE)).wait_for(timeout=300_000)
        self.go(f"dags/monthly/runs/{run}/tasks/approve/required_actions?map_index=-1", high=1_250)
        self.page.get_by_text("reports of October 2026 wait to be sent").wait_for()
        self.page.locator("#element_held_too").fill("maple-street-dental")
        self.page.locator("#element_reason").fill("Its contact has answered.")
        # Leaving the field is what takes it over.
        self.page.keyboard.press("Tab")
        self.keep("approve")
        self.page.wait_for_timeout(HUMAN_MS)
        with self.page.expect_response(lambda one: _does(one, "/hitlDetails")):
            self.page.get_by_test_id("hitl-option-Some").click()
        self.ends_well(f"monthly/runs/{run}")

    def look_at_the_reports(self) -> None:
        self.go("plugin/reports", high=900)
        shown = self.page.frame_locator("iframe").get_by_role("link", name=f"{MONTH:%B %Y}: sent")
        shown.first.wait_for()
        self.keep("reports")
        self.go(f"reports/report/{RED}/{month_name(MONTH)}", high=1_000)
        self.page.frame_locator("iframe").get_by_role("heading", level=1).wait_for()
        self.keep("report")

    def ask_where_a_number_comes_from(self) -> None:
        self.go(f"reports/report/{RED}/{month_name(MONTH)}")
        self.page.get_by_role("link", name="Average stars on Google, where it comes from").first.click()
        self.page.get_by_role("heading", name="What stands behind it").wait_for()
        self.keep("explain")


def _does(answer: Response, path: str) -> bool:
    """Tell an answer to what was asked for from one to what only looks at it."""
    asked = answer.request
    return asked.method != "GET" and answer.url.endswith(path) and not (asked.post_data_json or {}).get("dry_run")


def walk(folder: Path) -> None:
    """Walk a first morning over a data directory, which it changes."""
    with town_services(folder, build_town()) as (server, variables):
        server.set_night(NIGHTS[-1])
        # This key is connected by hand.
        del variables[key_variable("google_business", RED_KEY)]
        with (
            Stage(folder, variables, port=free_port(), say=print) as stage,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page()
            page.set_default_timeout(60_000)
            run, morning = stage.newest_run("nightly"), Morning(page, stage, server)
            morning.log_in()
            morning.add_a_practice()
            morning.see_last_night(run)
            morning.find_out_why(run)
            morning.connect_a_key()
            morning.mend(run)
            morning.approve_the_month()
            morning.look_at_the_reports()
            morning.ask_where_a_number_comes_from()
            browser.close()


def main() -> None:
    end_on_sigterm()
    missing = [tool for tool in ("pdftoppm", "chromium") if not shutil.which(tool)]
    if missing:
        sys.exit(f"make pictures needs {' and '.join(missing)}: apt-get install poppler-utils chromium")
    folder = demo_folder(REPOSITORY / "data")
    data = DataDir(folder)
    if not data.warehouse.is_file():
        sys.exit("make pictures shows the demo: run `make demo` first")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page_1(data)
    with tempfile.TemporaryDirectory() as place:
        left_out = shutil.ignore_patterns(data.ledger.name, data.urgent.name, data.alerts.name, "*.eml")
        walk(Path(shutil.copytree(folder, Path(place) / "demo", ignore=left_out)))
    print(f"pictures in {PICTURES.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
