"""The Reports pages in a real Airflow, behind its login, and beside them what recipients reach without one."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright

from pipelines.demo.stage import USER, Stage, free_port
from pipelines.landing import DataDir
from pipelines.ledger import Ledger
from pipelines.links import put_linked
from pipelines.settings import REPOSITORY, Settings
from pipelines.urgent import Causes
from tests.histories import built_at

BROWSER = ["--no-sandbox", "--disable-gpu"]
PLACES = (
    "",
    "report/riverside/2026-10",
    "report/riverside/2026-10/pdf",
    "urgent",
    "first-looks",
    "nights",
    "set-aside",
    "keys",
    "ledger",
    "explain",
    "style.css",
    "fonts/NotoSans-Regular.ttf",
)


class Running(NamedTuple):
    url: str
    password: str
    data: DataDir

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60, headers=headers)

    def login(self) -> str:
        with self.client() as http:
            answer = http.post("/auth/token", json={"username": USER, "password": self.password})
        return str(answer.json()["access_token"])


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    built, history = built_at(tmp_path_factory.getbasetemp(), None)
    data = DataDir(tmp_path_factory.mktemp("airflow"))
    shutil.copytree(built.root, data.root, dirs_exist_ok=True)
    practices = data.root / "practices.toml"
    practices.write_text(
        "".join(f'[[practice]]\nid = "{p.id}"\nname = "{p.name}"\n' for p in history.practices.practice)
    )
    put_pdf(data, "riverside")
    cause = {
        "practice_id": "riverside",
        "class": "cluster",
        "source": "",
        "site": "google",
        "item_id": "1",
        "url": None,
        "month": "2026-10",
    }
    Causes(data.urgent).note([cause], dt.date(2026, 11, 3))
    variables = {"RAPPORT_PRACTICES_FILE": str(practices), "RAPPORT_NIGHTLY_SCHEDULE": ""}
    with Stage(data.root, variables, port=free_port(), say=lambda line: None) as stage:
        yield Running(stage.url, stage.password, data)


def put_pdf(data: DataDir, practice_id: str) -> None:
    path = data.report("2026-10", practice_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"%PDF-1.7 of a test\n%%EOF\n")
    told = {"pages": 1, "pdf_sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "made_from": {}}
    data.manifest("2026-10", practice_id).write_text(json.dumps(told))


@pytest.mark.parametrize("place", PLACES)
def test_nobody_looks_without_a_login(airflow: Running, place: str) -> None:
    with airflow.client() as http:
        answer = http.get(f"/reports/{place}")
    assert answer.status_code == 401
    assert "iverside" not in answer.text
    with airflow.client(Authorization="Bearer e30.e30.nobody") as http:
        assert http.get(f"/reports/{place}").status_code in (401, 403)


@pytest.mark.parametrize("place", PLACES)
def test_with_the_login_of_airflow_everything_is_there(airflow: Running, place: str) -> None:
    with airflow.client(Authorization=f"Bearer {airflow.login()}") as http:
        assert http.get(f"/reports/{place}").status_code == 200


def test_who_acknowledges_is_who_is_logged_in(airflow: Running) -> None:
    with airflow.client(**{"Sec-Fetch-Site": "same-origin"}) as http:
        assert http.post("/reports/urgent/1").status_code == 401
    token = airflow.login()
    with airflow.client(Authorization=f"Bearer {token}") as http:
        assert http.post("/reports/urgent/1").status_code == 403, "a form of another site has no such header of ours"
    assert [cause.seen_by for cause in Causes(airflow.data.urgent).all()] == [None]
    with airflow.client(Authorization=f"Bearer {token}", **{"Sec-Fetch-Site": "same-origin"}) as http:
        assert http.post("/reports/urgent/1").headers["location"] == "/reports/urgent"
    assert [cause.seen_by for cause in Causes(airflow.data.urgent).all()] == [USER]


def test_the_pools_that_the_dags_name_are_there(airflow: Running) -> None:
    wanted = json.loads((REPOSITORY / "dags" / "pools.json").read_text())
    with airflow.client(Authorization=f"Bearer {airflow.login()}") as http:
        found = {pool["name"]: pool["slots"] for pool in http.get("/api/v2/pools?limit=100").json()["pools"]}
    assert {name: found.get(name) for name in wanted} == dict.fromkeys(wanted, 1)


def test_a_task_that_loads_the_plugin_loads_nothing_else() -> None:
    lines = (REPOSITORY / "plugins" / "rapport_reports.py").read_text().splitlines()
    assert [line for line in lines if line.startswith(("import ", "from "))] == [
        "from __future__ import annotations",
        "from collections.abc import Callable",
        "from functools import cached_property",
        "from typing import Any",
        "from airflow.plugins_manager import AirflowPlugin",
        # A small module of ours that the DAGs load anyway.
        "from deadlines import FirstQueued",
    ]


def test_airflow_knows_the_plugin_and_had_no_trouble_with_it(airflow: Running) -> None:
    with airflow.client(Authorization=f"Bearer {airflow.login()}") as http:
        assert http.get("/api/v2/plugins/importErrors").json()["import_errors"] == []
        [plugin] = [p for p in http.get("/api/v2/plugins").json()["plugins"] if p["name"] == "rapport_reports"]
    assert [view["url_route"] for view in plugin["external_views"]] == ["reports"]


def test_a_recipient_unsubscribes_without_a_login_and_only_by_a_post(airflow: Running) -> None:
    ledger = Ledger(airflow.data.ledger)
    token = ledger.token("riverside", "olga@riverside.example")
    form = {"List-Unsubscribe": "One-Click"}
    with airflow.client() as http:
        shown = http.get(f"/rapport/u/{token}", params=form)
        assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
        assert "<button>Stop the monthly report</button>" in shown.text
        assert http.head(f"/rapport/u/{token}").status_code == 200
        assert http.post(f"/rapport/u/{token}").status_code == 400
        assert http.put(f"/rapport/u/{token}", data=form).status_code == 405
        assert http.post("/rapport/u/unknown", data=form).status_code == 404
        assert ledger.stopped("riverside", "olga@riverside.example") is None
        # A mail program posts from elsewhere and follows nothing.
        done = http.post(f"/rapport/u/{token}", data=form, headers={"Origin": "https://mail.example"})
    assert (done.status_code, "set-cookie" in done.headers, "location" in done.headers) == (200, False, False)
    assert ledger.stopped("riverside", "olga@riverside.example") == "unsubscribed"


def test_a_linked_report_is_fetched_without_a_login_until_it_expires(airflow: Running) -> None:
    settings = Settings(report_url="https://oak.example/rapport/r/{token}", link_days=1)
    now = dt.datetime.now(dt.UTC)
    standing, expired = (
        put_linked(airflow.data, settings, "a" * 32, b"%PDF", when)[0].removeprefix("https://oak.example")
        for when in (now, now - dt.timedelta(days=2))
    )
    with airflow.client() as http:
        fetched = http.get(standing)
        assert (fetched.status_code, fetched.content) == (200, b"%PDF")
        assert http.get(expired).status_code == 410
        assert http.get(f"{standing}x").status_code == 404


@pytest.mark.parametrize("place", ["", "reports/", "u/", "r/", "u/../../reports/ledger", "../reports/ledger"])
def test_nothing_else_stands_open_beside_it(airflow: Running, place: str) -> None:
    with airflow.client() as http:
        answer = http.send(http.build_request("GET", f"{airflow.url}/rapport/{place}"))
    assert answer.status_code in (401, 404)


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_a_person_who_opens_the_address_presses_one_button(airflow: Running) -> None:
    ledger = Ledger(airflow.data.ledger)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER)
        page = browser.new_page()
        page.goto(f"{airflow.url}/rapport/u/{ledger.token('riverside', 'omar@riverside.example')}")
        assert ledger.stopped("riverside", "omar@riverside.example") is None
        page.get_by_role("button", name="Stop the monthly report").click()
        page.get_by_role("heading", name="Done").wait_for()
        browser.close()
    assert ledger.stopped("riverside", "omar@riverside.example") == "unsubscribed"


@pytest.fixture
def browser_page(airflow: Running) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER)
        page = browser.new_page(viewport={"width": 1500, "height": 900})
        page.goto(airflow.url)
        page.fill("input[name=username]", USER)
        page.fill("input[name=password]", airflow.password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/auth/login" not in url)
        yield page
        browser.close()


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_the_pages_open_from_the_menu_and_the_pdf_is_saved_out_of_the_frame(
    airflow: Running, browser_page: Page
) -> None:
    page = browser_page
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name="Reports").click()
    page.wait_for_url(re.compile("/plugin/reports"))
    frame = page.frame_locator("iframe")
    frame.get_by_role("heading", name="Reports").wait_for()
    frame.get_by_role("link", name="Riverside, October 2026: rendered").click()
    with page.expect_download() as download:
        frame.get_by_role("link", name=re.compile("PDF, 1 page")).click()
    assert download.value.suggested_filename == "riverside-2026-10.pdf"
    assert Path(download.value.path()).read_bytes() == airflow.data.report("2026-10", "riverside").read_bytes()
