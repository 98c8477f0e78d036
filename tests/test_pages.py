"""The Reports pages over the town: what they say, what they refuse, and that nobody is left out or kept waiting."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from fastapi import Depends, HTTPException
from playwright.sync_api import Browser, sync_playwright

from pipelines import standing
from pipelines.decisions import Decision, Decisions
from pipelines.landing import DataDir, Visit
from pipelines.ledger import Key, Ledger
from pipelines.practices import Practices
from pipelines.records import COMPLETENESS, SetAside, write_table
from pipelines.urgent import Causes
from tests.histories import built_at, visit
from tests.reports_pages import BUSY_PLACES, TODAY, Client, big_warehouse, many_practices, mounted

OCTOBER, NOVEMBER = dt.date(2026, 10, 1), dt.date(2026, 11, 1)
HOSTILE = '<script>alert(1)</script> & "Sons" \u202egnp.exe'
STAMP = "2026-11-02T08:00:00+00:00"
SAME = {"sec-fetch-site": "same-origin"}
KEYS = {"riverside": "own", "hilltop": "shared", "quiet": "shared"}
PLACES = (
    "/",
    "/?find=riverside&state=kept",
    "/report/riverside/2026-10",
    "/report/quiet/2026-10",
    "/report/hilltop/2026-10",
    "/urgent",
    "/first-looks",
    "/nights?month=2026-10",
    "/set-aside",
    "/keys",
    "/ledger",
    "/explain",
    "/explain?practice=riverside&month=2026-10&metric=mean_stars",
    "/nothing",
)


SCREEN = b'<!DOCTYPE html><html lang="en"><title>A report</title><main><h1>A report to read</h1></main></html>'


def put_report(
    data: DataDir, practice_id: str, body: bytes = b"%PDF-1.7 of a test\n%%EOF\n", screen: bytes = b""
) -> str:
    path = data.report("2026-10", practice_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    digest = hashlib.sha256(body).hexdigest()
    told: dict[str, object] = {
        "pages": 1,
        "pdf_sha256": digest,
        "made_from": {"as_of_night": "2026-11-03", "rows": {"figures": "abc"}},
    }
    if screen:
        data.twin("2026-10", practice_id).write_bytes(screen)
        told["html_sha256"] = hashlib.sha256(screen).hexdigest()
    data.manifest("2026-10", practice_id).write_text(json.dumps(told))
    return digest


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    """The town, with a practice of a hostile name, a report that was sent, keys that end, and records set aside."""
    built, history = built_at(tmp_path_factory.getbasetemp(), None)
    data = DataDir(tmp_path_factory.mktemp("pages"))
    shutil.copytree(built.root, data.root, dirs_exist_ok=True)
    lines = [
        f"[[practice]]\nid = {json.dumps(p.id)}\nname = {json.dumps(HOSTILE if p.id == 'quiet' else p.name)}\n"
        + f'google_business = {{ location = "accounts/1/locations/{number}", key = "{KEYS[p.id]}" }}\n'
        + ('yelp = { business = "riverside" }\n' if p.id == "riverside" else "")
        for number, p in enumerate(history.practices.practice)
    ]
    (data.root / "practices.toml").write_text("".join(lines).replace("\u202e", "\\u202e"), encoding="utf-8")
    ledger = Ledger(data.ledger)
    digest = put_report(data, "hilltop", screen=SCREEN)
    key = Key("hilltop", "2026-10", 1, "owner@hilltop.example")
    ledger.plan(key, digest, STAMP)
    ledger.mark(key, "sent", STAMP)
    put_report(data, "riverside")
    Decisions(data.ledger).add(
        Decision(
            month="2026-10",
            decided_at="2026-11-02T07:30:00+00:00",
            person="olga <b>",
            choice="Some",
            released=("hilltop",),
            kept_back=("riverside",),
            reason="Riverside <i>asked</i> for time",
            digests={},
        )
    )
    told = (("riverside", 12, dt.date(2026, 11, 6)), ("hilltop", 900, None), ("quiet", 40, dt.date(2027, 1, 31)))
    for practice_id, left, ends in told:
        whole = Visit(data, "google_business", TODAY, practice_id)
        whole.publish(about={"practice_id": practice_id}, quota_left=left, key_expires_on=ends)
    path = data.set_aside("google_business", TODAY)
    path.parent.mkdir(parents=True)
    aside = SetAside(page="pages/x/0001.json.zst", where="item 3", reason="no date", practice_id="riverside")
    path.write_bytes(b"\n".join([msgspec.json.encode(aside)] * 3))
    data.set_aside("google_business", dt.date(2026, 11, 2)).write_bytes(msgspec.json.encode(aside))
    causes = [
        {
            "practice_id": name,
            "class": kind,
            "source": "google_business",
            "site": "google",
            "item_id": kind,
            "url": url,
            "month": month,
        }
        for name, kind, url, month in (
            ("riverside", "disclosure", "https://google.example/1", "2026-10"),
            ("quiet", "cluster", None, "2026-11"),
        )
    ]
    Causes(data.urgent).note(causes, TODAY)
    place = data.first_look("riverside")
    put_report(place, "riverside", b"%PDF-1.7 of a first look\n%%EOF\n", SCREEN)
    skipped = [visit("yelp", "yelp", TODAY, "riverside", status="skipped", why="no key: RAPPORT_KEY_YELP is not set")]
    path = data.completeness("yelp", TODAY)
    path.parent.mkdir(parents=True)
    write_table(skipped, COMPLETENESS, path)
    return data


@pytest.fixture(scope="module")
def pages(town: DataDir) -> Client:
    return Client(mounted(town))


def cells(page: BeautifulSoup, row: str) -> list[str]:
    """The texts of the first table row whose heading starts with `row`."""
    for line in page.select("tbody tr"):
        if (head := line.find("th")) and head.get_text(" ", strip=True).startswith(row):
            return [cell.get_text(" ", strip=True) for cell in line.find_all("td")]
    raise AssertionError(f"no row {row}")


def test_each_practice_has_the_state_of_each_month(pages: Client, town: DataDir) -> None:
    page = pages.page("/")
    heads = [head.get_text(" ", strip=True) for head in page.select("thead th")]
    assert heads[0] == "Practice"
    assert heads[-6:] == ["Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]
    assert "Jan 2026" in heads, "the first month of a year says which"
    assert cells(page, "Riverside")[-2:] == ["kept 1 urgent of riverside, October 2026", "open"]
    assert {link["href"] for link in page.select("a.waits")} == {
        f"/reports/urgent?find={name}&month={month}" for name, month in (("riverside", "2026-10"), ("quiet", "2026-11"))
    }
    assert cells(page, "Hilltop")[-2:] == ["sent", "open"]
    assert "October 2026" in page.select_one(".lead").get_text()  # type: ignore[union-attr]
    link = page.find("a", attrs={"aria-label": "Hilltop, October 2026: sent"})
    assert link is not None
    assert link["href"] == "/reports/report/hilltop/2026-10"


def test_a_month_from_before_the_first_night_waits_for_nobody(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    big_warehouse(data, practices=2, months=3)
    practices = Practices.model_validate({"practice": [{"id": name, "name": name} for name in ("p-0", "p-1")]})
    with duckdb.connect(str(data.warehouse)) as db:
        months = db.execute("select distinct month from reports.coverage order by month").fetchall()
        first, second = months[0][0], months[1][0]
        db.execute("update reports.coverage set nights_expected = 0 where practice_id = 'p-0' and month = ?", [first])
    found = standing.reports(data, practices.practice, first, second)
    assert [found[name, first].state for name in ("p-0", "p-1")] == ["earlier", "ready"]
    assert found["p-0", second].state == "ready"


def test_every_state_is_what_the_files_say(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    big_warehouse(data, practices=9, months=2)
    people = [f"p-{n}" for n in range(9)]
    practices = Practices.model_validate({"practice": [{"id": name, "name": name} for name in [*people, "new"]]})
    month = dt.date(2026, 9, 1)
    name = "2026-09"
    with duckdb.connect(str(data.warehouse)) as db:
        db.execute(
            "update reports.coverage set month_is_complete = false, last_read_night = '2026-09-20' "
            "where source = 'google_business' and practice_id in ('p-1', 'p-3') and month = '2026-09-01'"
        )
        db.execute("update reports.coverage set source = 'owner_export' where practice_id = 'p-8'")
    ledger = Ledger(data.ledger)
    sent = {
        "p-4": ["sent", "sent"],
        "p-5": ["sent", "failed"],
        "p-6": ["sent", "uncertain"],
        "p-7": ["sent", "planned"],
    }
    for practice_id, states in sent.items():
        for number, state in enumerate(states):
            key = Key(practice_id, name, 1, f"{number}@x.example")
            ledger.plan(key, "a", STAMP)
            ledger.mark(key, state, STAMP)  # type: ignore[arg-type]
    # The newest version's row counts: the first one had failed.
    for version, report, state in ((1, "a", "failed"), (2, "b", "sent")):
        key = Key("p-8", name, version, "0@x.example")
        ledger.plan(key, report, STAMP)
        ledger.mark(key, state, STAMP)  # type: ignore[arg-type]
    for practice_id, made in (("p-2", name), ("p-3", name), ("p-8", "2026-10")):
        for path in (data.report(made, practice_id), data.manifest(made, practice_id)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
    data.report(name, "p-0").write_bytes(b"without a manifest it does not count")
    found = standing.reports(data, practices.practice, month, dt.date(2026, 10, 1))
    seen = [(found[practice.id, month].state, found[practice.id, month].complete) for practice in practices.practice]
    assert seen == [
        ("ready", True),
        ("held", False),
        ("rendered", True),
        ("rendered", False),
        ("sent", True),
        ("failed", True),
        ("uncertain", True),
        ("sending", True),
        ("sent", True),
        ("unknown", False),
    ]
    assert {report.state for (_, m), report in found.items() if m > month} == {"open", "rendered", "unknown"}
    # Files of an owner are never waited for, but no month is complete before it is over.
    assert found["p-8", dt.date(2026, 10, 1)] == standing.Report(state="rendered", complete=False)
    (tmp_path / "practices.toml").write_text('[[practice]]\nid = "p-3"\nname = "Three"\n')
    assert cells(Client(mounted(data)).page("/"), "Three") == ["rendered with gaps", "open"]
    assert found["p-1", month].why == "google_business last read 2026-09-20"


def test_the_list_can_be_narrowed_and_never_ends_in_nothing(pages: Client) -> None:
    assert [head.get_text() for head in pages.page("/?find=HILL").select("tbody th .id")] == ["hilltop"]
    assert [head.get_text() for head in pages.page("/?state=sent").select("tbody th .id")] == ["hilltop"]
    assert "No practice fits" in pages.get("/?find=nobody").text
    assert "Page 1 of 1" in pages.get("/?page=77").text
    assert pages.get("/?page=0").status_code == 422
    wrong = pages.get("/?until=2020-01")
    assert wrong.status_code == 404
    assert "2024-06 to 2026-11" in wrong.text


def test_a_hostile_name_stays_a_name(pages: Client) -> None:
    for path in (
        "/",
        "/report/quiet/2026-10",
        "/explain",
        "/ledger?find=%3Cscript%3Ealert(1)%3C/script%3E",
        "/?find=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/%3Cscript%3Ealert(1)%3C/script%3E",
    ):
        text = pages.get(path).text
        assert "<script" not in text, path
        assert "\u202e" not in text, path
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in pages.get("/").text


def test_one_report_tells_all_of_itself(pages: Client) -> None:
    page = pages.page("/report/hilltop/2026-10")
    assert cells(page, "owner@hilltop.example")[:3] == ["sent", STAMP, "the PDF above"]
    assert cells(page, "Google")[0] == "google_business"
    text = page.get_text(" ", strip=True)
    assert "Average stars" in text
    assert hashlib.sha256(b"%PDF-1.7 of a test\n%%EOF\n").hexdigest() in text
    assert page.find("a", href="/reports/report/hilltop/2026-10/pdf")
    assert "There is no PDF yet" in pages.get("/report/quiet/2026-10").text
    assert "Somebody kept the PDF back" in pages.get("/report/riverside/2026-10").text


def test_the_pdf_is_a_pdf_and_is_saved_where_it_cannot_be_shown(pages: Client) -> None:
    answer = pages.get("/report/hilltop/2026-10/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="hilltop-2026-10.pdf"'
    framed = pages.get("/report/hilltop/2026-10/pdf", **{"Sec-Fetch-Dest": "iframe"})
    assert framed.headers["content-disposition"] == 'attachment; filename="hilltop-2026-10.pdf"'


def test_a_pdf_that_does_not_fit_its_manifest_is_not_given_out(town: DataDir, tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    shutil.copytree(town.root, tmp_path, dirs_exist_ok=True)
    data.report("2026-10", "hilltop").write_bytes(b"%PDF-1.7 of another\n")
    pages = Client(mounted(data))
    answer = pages.get("/report/hilltop/2026-10/pdf")
    assert answer.status_code == 503
    assert "of another" not in answer.text
    assert "do not belong together" in pages.get("/report/hilltop/2026-10").text


@pytest.mark.parametrize(
    "path",
    [
        "/report/..%2F..%2Fledger/2026-10/pdf",
        "/report/%2e%2e/2026-10/pdf",
        "/report/hilltop/..%2F2026-10/pdf",
        "/report/hilltop/2026-10%2F../pdf",
        "/report/hilltop/..",
        "/report/nobody/2026-10",
        "/report/hilltop/2026-13",
        "/fonts/..%2Fpages%2Fpages.css",
        "/fonts/OFL.txt",
        "/ledger.db",
        "/openapi.json",
        "/docs",
    ],
)
def test_nothing_but_the_pages_can_be_reached(pages: Client, path: str) -> None:
    answer = pages.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_every_night_of_every_source_has_a_cell_with_words(pages: Client, town: DataDir) -> None:
    found, gaps = standing.nights(town, OCTOBER)
    page = pages.page("/nights?month=2026-10")
    row = cells(page, "Google Business Profile")
    assert len(row) == 31
    for number, text in enumerate(row):
        cell = found["google_business", OCTOBER + dt.timedelta(days=number)]
        assert text == (f"{cell.failed} ✕ failed, {cell.whole} whole" if cell.failed else f"{cell.whole} whole")
    assert any(cell.failed for cell in found.values())
    assert sum(gap.visits for gap in gaps if gap.status == "failed") == sum(cell.failed for cell in found.values())
    assert cells(page, gaps[0].night.isoformat())[-1] == "the key has expired"
    november = pages.page("/nights")
    assert cells(november, "Yelp")[2] == "1 / skipped, 0 whole"
    assert cells(november, "Yelp")[0] == "· no visit"
    assert "no key: RAPPORT_KEY_YELP is not set" in november.get_text()


def test_keys_say_what_is_left_and_when_they_end(pages: Client) -> None:
    page = pages.page("/keys")
    rows = {
        told[0]: told[1:]
        for line in page.select("tbody tr")
        if (told := [cell.get_text(" ", strip=True) for cell in line.find_all("td")])
    }
    assert rows == {
        "google_business__own": [
            "RAPPORT_KEY_GOOGLE_BUSINESS__OWN",
            "in 3 days 2026-11-06",
            "12",
            "not known",
            "2026-11-03",
        ],
        "google_business__shared": [
            "RAPPORT_KEY_GOOGLE_BUSINESS__SHARED",
            "2027-01-31",
            "40",
            "not known",
            "2026-11-03",
        ],
        "yelp": ["RAPPORT_KEY_YELP", "not said", "not said", "300", "no whole visit in its last nights"],
    }
    assert next(iter(rows)).endswith("own")
    assert "1 key ends within a week" in page.get_text()


def test_what_was_set_aside_is_told_once_with_its_worst_night(pages: Client) -> None:
    page = pages.page("/set-aside")
    assert cells(page, "google_business") == [
        "riverside",
        "no date",
        "3",
        "2026-11-02 to 2026-11-03",
        "item 3 of pages/x/0001.json.zst",
    ]


def test_the_ledger_can_be_searched(pages: Client) -> None:
    assert cells(pages.page("/ledger"), "hilltop")[:2] == ["owner@hilltop.example", "sent"]
    assert "No row fits" in pages.get("/ledger?state=failed").text
    assert "No row fits" in pages.get("/ledger?find=oak").text
    assert pages.get("/ledger?month=2025-01").status_code == 404


def test_who_decided_what_and_why_is_told(pages: Client) -> None:
    ledger = pages.page("/ledger")
    assert cells(ledger, "2026-11-02 07:30:00") == [
        "olga <b>",
        "Some",
        "1",
        "riverside",
        "Riverside <i>asked</i> for time",
    ]
    assert cells(pages.page("/report/riverside/2026-10"), "2026-11-02 07:30:00")[2] == "kept back"
    assert cells(pages.page("/report/hilltop/2026-10"), "2026-11-02 07:30:00")[2] == "may go out"


def test_a_report_says_which_gates_hold_it(town: DataDir, tmp_path: Path) -> None:
    shutil.copytree(town.root, tmp_path, dirs_exist_ok=True)
    listed = tmp_path / "practices.toml"
    listed.write_text('[[practice]]\nid = "riverside"\nname = "Riverside"\nrecipients = ["a@x.example"]\n')
    page = Client(mounted(DataDir(tmp_path))).page("/report/riverside/2026-10")
    heading = page.find("h2", string="Held back")
    assert heading is not None
    assert [one.get_text() for one in heading.find_next("ul").find_all("li")][-2:] == [  # type: ignore[union-attr]
        "page count: 1",
        "alert: 1 on the page Urgent, and nobody has looked",
    ]


def test_long_lists_can_be_narrowed(pages: Client) -> None:
    assert [one.get_text() for one in pages.page("/keys?find=YELP").select("tbody code")] == ["RAPPORT_KEY_YELP"]
    assert "No key fits" in pages.get("/keys?find=oak").text
    assert "1 key ends within a week" in pages.page("/keys?find=yelp").get_text(), "what ends is told all the same"
    found = pages.page("/nights?month=2026-10&find=expired").select("tbody tr .day + td + .day ~ td:last-child")
    assert {one.get_text() for one in found} == {"the key has expired"}
    assert "No reason fits" in pages.get("/nights?month=2026-10&find=oak").text
    assert cells(pages.page("/set-aside?find=RIVER"), "google_business")[0] == "riverside"
    assert "Nothing fits" in pages.get("/set-aside?find=oak").text


def test_a_figure_is_explained_as_on_the_command_line(pages: Client, town: DataDir) -> None:
    from pipelines.explain import explain

    found = explain(town, "riverside", OCTOBER, "mean_stars", "google")
    page = pages.page("/explain?practice=riverside&month=2026-10&metric=mean_stars&site=google")
    text = page.get_text()
    for said in (found.told["definition"], found.told["source"], found.told["weakness"], found.sql.strip()):
        assert said in text
    assert all(review["item_id"] in text for review in found.rows)
    assert all(path in text for path in found.pages)
    figure = found.figures[0]
    assert cells(page, "Google")[1] == f"{figure['value']:f}".rstrip("0")
    unknown = pages.get("/explain?practice=riverside&month=2026-10&metric=stars")
    assert unknown.status_code == 404
    assert "Did you mean mean_stars? " in unknown.text


def test_without_a_warehouse_the_pages_say_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "practices.toml").write_text("")
    pages = Client(mounted(DataDir(tmp_path)))
    answer = pages.get("/")
    assert answer.status_code == 503
    assert "rapport build" in answer.text
    assert "Nothing was ever sent" in pages.get("/ledger").text
    assert "Nothing was set aside" in pages.get("/set-aside").text
    assert not (tmp_path / "ledger.db").exists()


def test_looking_changes_nothing(town: DataDir) -> None:
    def state() -> dict[str, tuple[int, bytes]]:
        return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in town.root.rglob("*") if p.is_file()}

    before, pages = state(), Client(mounted(town))
    for place in PLACES:
        pages.get(place)
    assert state() == before


def test_whoever_is_not_allowed_is_refused_everywhere(town: DataDir) -> None:
    def nobody() -> None:
        raise HTTPException(401)

    app = mounted(town, allowed=[Depends(nobody)])
    refused = Client(app)
    inner = app.routes[-1].app  # type: ignore[attr-defined]
    paths = [
        route.path.format(practice_id="hilltop", month="2026-10", name="NotoSans-Regular.ttf") for route in inner.routes
    ]
    assert len(paths) == 15
    acting = Client(mounted(town, allowed=[Depends(nobody)], person=lambda: "olga"))
    assert acting.post("/urgent/1", **SAME).status_code == 401
    for path in paths:
        answer = refused.get(path)
        assert answer.status_code == 401, path
        assert "hilltop" not in answer.text


def test_no_page_lets_a_script_run_or_is_kept_by_a_browser(pages: Client) -> None:
    for place in PLACES:
        answer = pages.get(place)
        rules = answer.headers["content-security-policy"]
        assert "default-src 'none'" in rules
        assert "script" not in rules
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        # A link that a person may follow loads nothing, and does not tell where it was found.
        text = re.sub(r'<a href="https://[^"]*" rel="noreferrer">', "", answer.text)
        assert not re.search(r"<script|\son\w+=|style=|https?://", text), place


@pytest.fixture(scope="module")
def served(town: DataDir) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(mounted(town), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/reports"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("place", PLACES)
def test_axe_finds_nothing(served: str, browser: Browser, place: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if "Security" in said.text else None)
    page.goto(served + place)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    # Fonts come after the page, and on a busy machine later than what looks at it.
    assert page.evaluate("document.fonts.ready.then(fonts => fonts.check('15px \"Rapport Sans\"') && fonts.size)") >= 3
    assert [one for one in complaints if "axe" not in one] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page itself scrolls sideways"
    page.close()


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_the_keyboard_alone_reaches_a_report(served: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(served + "/?find=hilltop")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Hilltop, October 2026: sent":
            break
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Hilltop, October 2026").wait_for()
    page.close()


def test_a_thousand_practices_and_two_years_are_quick(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = many_practices(tmp_path, practices=1000, months=24)
    pages = Client(mounted(data))
    pages.get("/")
    took = {}
    for place in BUSY_PLACES:
        start = time.perf_counter()
        assert pages.get(place).status_code == 200
        took[place] = round(time.perf_counter() - start, 2)
    with capsys.disabled():
        print(f"\n  {took}")
    assert max(took.values()) < 2.5, took


def test_what_is_urgent_waits_until_a_person_says_that_it_was_looked_at(town: DataDir) -> None:
    pages = Client(mounted(town, person=lambda: "Olga <b>"))
    page = pages.page("/urgent")
    assert page.select_one(".lead").get_text() == "2 wait for somebody to look."  # type: ignore[union-attr]
    link = page.find("a", string="A public reply of the practice may give private details away")
    assert link is not None
    [form] = [form for form in page.select('form[method="post"]') if "riverside" in str(form.button)]
    action = str(form["action"]).removeprefix("/reports")
    answer = pages.post(action, **SAME)
    assert (answer.status_code, answer.headers["location"]) == (303, "/reports/urgent")
    page = pages.page("/urgent")
    assert page.select_one(".lead").get_text() == "1 waits for somebody to look."  # type: ignore[union-attr]
    assert cells(page, "riverside")[-1].endswith("Olga <b>")
    assert pages.post("/urgent/99", **SAME).status_code == 404
    assert pages.post("/urgent/x", **SAME).status_code == 422


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "none"}])
def test_a_form_of_another_site_changes_nothing(town: DataDir, headers: dict[str, str]) -> None:
    pages = Client(mounted(town, person=lambda: "olga"))
    waiting = [one.number for one in Causes(town.urgent).all() if one.seen_at is None]
    assert pages.post(f"/urgent/{waiting[0]}", **headers).status_code == 403
    assert [one.number for one in Causes(town.urgent).all() if one.seen_at is None] == waiting


def test_who_may_only_look_has_no_button_and_no_way_around_it(town: DataDir) -> None:
    def nobody() -> str:
        raise HTTPException(403)

    waiting = [one.number for one in Causes(town.urgent).all() if one.seen_at is None]
    for pages, status in ((Client(mounted(town)), 404), (Client(mounted(town, person=nobody)), 403)):
        assert pages.post(f"/urgent/{waiting[0]}", **SAME).status_code == status
    assert not Client(mounted(town)).page("/urgent").select('form[method="post"]')
    assert [one.number for one in Causes(town.urgent).all() if one.seen_at is None] == waiting


def test_a_first_look_is_there_for_the_operator_to_read_and_as_a_pdf(pages: Client, town: DataDir) -> None:
    page = pages.page("/first-looks")
    [screen, pdf] = [str(link["href"]).removeprefix("/reports") for link in page.select("tbody a")]
    answer = pages.get(pdf)
    assert answer.content == town.first_look("riverside").report("2026-10", "riverside").read_bytes()
    assert answer.content != town.report("2026-10", "riverside").read_bytes()
    answer = pages.get(screen)
    assert answer.content == SCREEN
    assert "sandbox" in answer.headers["content-security-policy"]
    assert cells(pages.page("/first-looks?find=river"), "riverside")[0] == "2026-10"
    assert "No first look fits" in pages.get("/first-looks?find=hill").text


def test_a_first_look_whose_files_do_not_belong_together_has_nothing_to_read(town: DataDir, tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    shutil.copytree(town.root, tmp_path, dirs_exist_ok=True)
    data.first_look("riverside").twin("2026-10", "riverside").write_bytes(b"another")
    pages = Client(mounted(data))
    assert len(pages.page("/first-looks").select("tbody a")) == 1
    answer = pages.get("/first-looks/riverside/2026-10/screen")
    assert (answer.status_code, "another" in answer.text) == (503, False)


def test_the_report_is_shown_in_a_frame_in_which_nothing_runs(pages: Client, town: DataDir) -> None:
    page = pages.page("/report/hilltop/2026-10")
    [frame] = page.select("iframe")
    assert frame["title"] == "The report of Hilltop, October 2026, to read"
    assert frame["sandbox"] == ["allow-popups", "allow-popups-to-escape-sandbox"], "no script, no form, no origin"
    assert pages.get(str(frame["src"]).removeprefix("/reports")).content == SCREEN
    assert not pages.page("/report/riverside/2026-10").select("iframe"), "there is none to read"
    urgent = pages.page("/report/quiet/2026-11").find("a", href="/reports/urgent?find=quiet&month=2026-11")
    assert urgent is not None
    assert urgent.parent.get_text().startswith("1 found, 1 not looked at")  # type: ignore[union-attr]


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_a_browser_shows_the_report_in_its_frame(served: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{served}/report/hilltop/2026-10")
    shown = page.frame_locator("iframe")
    shown.get_by_role("heading", name="A report to read").wait_for(timeout=10_000)
    page.close()


def test_urgent_is_counted_and_listed_by_the_month_in_which_it_was_written(pages: Client) -> None:
    assert cells(pages.page("/urgent?month=2026-11"), "quiet")[2:4] == ["2026-11", str(TODAY)]
    assert [row.get_text() for row in pages.page("/urgent?month=2026-10").select("tbody th")] == ["riverside"]
    assert "Nothing of the kind was found there" in pages.get("/urgent?month=2026-09").text
    assert pages.get("/urgent?month=October").status_code == 404
