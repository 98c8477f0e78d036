"""The twin of the report for a screen: the same words, nothing that loads or runs, nothing that axe complains of."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup, Tag
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import Browser, Request, sync_playwright

from pipelines import brand, landing, pdf, render, twin
from pipelines.landing import DataDir
from pipelines.view.report import Report, month_report
from tests.report_states import STATES, Warehouse, practices
from tests.reports_pages import Client, mounted

WIDTHS = (1280, 390)
# On both sides of each width at which the page is laid out anew.
MORE_WIDTHS = (1279, 1057, 1055, 737, 735, 320)
_WORDS = st.text(
    alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("<>&\"'{}%;#/=`\u202e\x00")),
    min_size=1,
    max_size=200,
)


def report_of(state: Warehouse) -> Report:
    return month_report(state.practice(), state.month, state.inputs())


@functools.cache
def pages_of(state: str) -> tuple[str, str]:
    """The page that is typeset and its twin."""
    report = report_of(STATES[state]())
    html = render.report_html(report, render.TEMPLATES)
    return html, render.screen_html(html, report, render.TEMPLATES)


def words(element: Tag | BeautifulSoup) -> str:
    return " ".join(element.get_text(" ").split())


@pytest.mark.parametrize("state", STATES)
def test_it_says_what_the_paper_says_word_for_word(state: str) -> None:
    paper, screen = (BeautifulSoup(html, "html.parser") for html in pages_of(state))
    told = screen.find("main")
    assert isinstance(told, Tag)
    assert paper.body
    assert paper.title
    assert screen.title
    assert words(told) == words(paper.body)
    assert words(screen.title) == words(paper.title)


@pytest.mark.parametrize("state", STATES)
def test_every_element_has_what_a_screen_reader_asks_for(state: str) -> None:
    page = BeautifulSoup(pages_of(state)[1], "html.parser")
    assert page.html
    assert page.html["lang"] == "en"
    for table in page.find_all("table"):
        assert table["aria-label"]
        for head in table.find_all("th"):
            assert head["scope"] == ("col" if head.find_parent("thead") else "row")
        heads = [words(head) for head in table.select("thead th")]
        for row in table.select("tbody tr"):
            place = len(row.find_all("th"))
            for cell in row.find_all("td"):
                assert cell["data-label"] == heads[place], table["aria-label"]
                place += int(str(cell.get("colspan") or 1))
            assert place == len(heads)
    for picture in page.find_all("svg"):
        assert picture["role"] == "img"
        assert picture.title
        assert words(picture.title)
    anchors = {element["id"] for element in page.find_all(id=True)}
    inside = [link["href"][1:] for link in page.select("a[href^='#']")]
    assert set(inside) <= anchors
    headings = page.select("main h2")
    assert [words(link) for link in page.select("nav a")] == [words(heading) for heading in headings]
    for link, heading in zip(page.select("nav a"), headings, strict=True):
        target = page.find(id=str(link["href"])[1:])
        assert isinstance(target, Tag)
        assert target is heading or heading in target.find_all("h2")


def test_a_reference_leads_to_its_section_and_names_no_page() -> None:
    page = BeautifulSoup(pages_of("everything-bad")[1], "html.parser")
    told = {str(link["href"]): words(link) for link in page.select("a.see")}
    assert told == {"#drafts": "See the draft replies", "#worth-a-look": "See the list"}
    assert not re.search(r"\bpage \d", words(page))


def inert(html: str, allowed: str = "") -> None:
    """Hold that a page loads nothing, runs nothing, and leads nowhere but to https."""
    page = BeautifulSoup(html, "html.parser")
    known = "a blockquote br circle col colgroup div h1 h2 h3 img li ol p path rect section span strong svg table tbody"
    main = page.find("main")
    assert isinstance(main, Tag)
    assert {element.name for element in main.find_all()} <= {
        *known.split(),
        "td",
        "text",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    }
    for element in page.find_all():
        assert not [
            name for name in element.attrs if name.startswith("on") or name in {"srcset", "action", "xlink:href"}
        ]
        if "src" in element.attrs:
            assert element.name == "img"
            assert str(element["src"]).startswith("data:image/")
        if "href" in element.attrs:
            assert element.name == "a"
            assert re.match(r"#[\w-]+$|https://[a-z0-9.-]+[:/?#]?", str(element["href"]))
        if str(element.get("href", "")).startswith("https://"):
            assert element["rel"] == ["noopener", "noreferrer"]
            assert element["target"] == "_blank"
        if "style" in element.attrs:
            assert re.fullmatch(r"(width|height|;|:|[\d.]+(mm|px))+", str(element["style"]))
    (style,) = page.find_all("style")
    assert not re.search(r"url\(|@import|</", style.get_text())
    rules = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert isinstance(rules, Tag)
    assert str(rules["content"]).startswith("default-src 'none'; style-src 'unsafe-inline'")


# Without shrinking, which would take minutes for a page of this size.
@settings(max_examples=25, phases=[Phase.explicit, Phase.generate])
@given(name=_WORDS, why=_WORDS, url=_WORDS, place=_WORDS)
def test_whatever_a_text_holds_it_stays_text(name: str, why: str, url: str, place: str) -> None:
    state = STATES["everything-bad"]()
    practice = state.practice().model_copy(update={"name": f'</title><h2 onclick="x">{{{{ 7*7 }}}}</h2>"{name}'})
    state.rows["coverage"][0]["why"] = f"<script>x()</script>{why}"
    state.rows["needs_answer"][0]["url"] = url
    state.rows["needs_answer"][1]["url"] = f'https://a.example/"><img src=x onerror=x()>{url}'
    state.rows["communities"][0]["place"] = f'"><svg onload=x()>{place}'
    report = month_report(practice, state.month, state.inputs())
    html = render.report_html(report, render.TEMPLATES)
    screen = render.screen_html(html, report, render.TEMPLATES)
    inert(screen)
    heading = BeautifulSoup(screen, "html.parser").select_one("main h1")
    assert heading is not None
    assert words(heading) == " ".join(report.name.split())
    inner = screen.partition("<main")[2]
    assert inner.count("<h1") == 1
    assert inner.count("<svg") == html.count("<svg")


def test_references_stay_escaped_and_a_heading_with_quotes_can_be_a_label() -> None:
    html = (
        '<html lang="en"><title>T</title><body><h2 id="t">A &#60;b&#62; &amp;lt;</h2><table><thead><tr>'
        '<th>Said "yes"<br>or &#34;no&#34;</th></tr></thead>'
        "<tbody><tr><td>&lt;i&gt;</td></tr></tbody></table></body></html>"
    )
    made_of = twin.twin(html)
    page = BeautifulSoup(str(made_of.body), "html.parser")
    assert {element.name for element in page.find_all()} == {
        "h2",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "br",
        "span",
    }
    assert page.td is not None
    assert page.td["data-label"] == 'Said "yes" or "no"'
    assert words(page.td) == "<i>"
    assert made_of.contents == (("t", "A &#60;b&#62; &amp;lt;"),)


def test_a_logo_is_a_part_of_the_page_and_the_colour_is_the_practices_own() -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (20, 8), "navy").save(drawn, "PNG")
    look = brand.Look("#663300", brand.Logo(drawn.getvalue(), "image/png", 20.0, 8.0))
    report = report_of(STATES["first-month"]())
    html = render.report_html(report, render.TEMPLATES, look)
    screen = render.screen_html(html, report, render.TEMPLATES, look)
    inert(screen)
    logo = BeautifulSoup(screen, "html.parser").img
    assert logo
    assert str(logo["src"]).startswith("data:image/png;base64,iVBOR")
    assert logo["alt"]
    assert "--accent: #663300;" in screen
    assert "tpl:" not in screen


def made(data: DataDir, state: Warehouse) -> render.Rendered:
    state.write(data.warehouse)
    (one,) = render.render(data, practices(state), state.month)
    return one


def test_the_manifest_names_it_and_it_is_made_again_where_it_does_not_belong(data: DataDir) -> None:
    state = STATES["fell"]()
    one = made(data, state)
    body = one.twin.read_bytes()
    manifest = json.loads(one.manifest.read_bytes())
    assert manifest["html_sha256"] == hashlib.sha256(body).hexdigest()
    assert {"screen.html.jinja", "styles/screen.css"} <= set(manifest["made_from"]["templates"])
    assert "twin.py" in manifest["made_from"]["code"]
    for harm in ("torn", "gone"):
        one.twin.write_bytes(body[:200])
        if harm == "gone":
            one.twin.unlink()
        assert not twin.belongs(one.twin, manifest)
        (again,) = render.render(data, practices(state), state.month)
        assert again.made, harm
        assert again.twin.read_bytes() == body
        assert not render.render(data, practices(state), state.month)[0].made


def test_a_stop_before_the_pdf_leaves_no_pair_that_counts(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    state = STATES["first-month"]()
    one = made(data, state)
    before = one.pdf.read_bytes()
    state.name = "Another Name"
    write: Callable[..., None] = landing.write_bytes

    def stop_at_the_pdf(target: Path, body: bytes) -> None:
        if target.suffix == ".pdf":
            raise KeyboardInterrupt
        write(target, body)

    with monkeypatch.context() as patched:
        patched.setattr(landing, "write_bytes", stop_at_the_pdf)
        with pytest.raises(KeyboardInterrupt):
            render.render(data, practices(state), state.month)
    assert one.pdf.read_bytes() == before
    assert pdf.standing_manifest(one.pdf, one.manifest) is None
    (again,) = render.render(data, practices(state), state.month)
    manifest = pdf.standing_manifest(again.pdf, again.manifest)
    assert again.made
    assert manifest
    assert twin.belongs(again.twin, manifest)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(browser: Browser, state: str, tmp_path: Path) -> None:
    file = tmp_path / "twin.html"
    file.write_text(pages_of(state)[1], encoding="utf-8")
    for width in WIDTHS:
        page = browser.new_page(viewport={"width": width, "height": 900})
        asked: list[str] = []
        page.on("request", functools.partial(_note, asked))
        page.goto(file.as_uri())
        wide = page.evaluate(_TOO_WIDE)
        assert wide == [], width
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], width
        assert asked == [file.as_uri()]
        page.close()


def _note(asked: list[str], request: Request) -> None:
    asked.append(request.url)


# What sticks out of the sheet, even where it is cut off or could be scrolled. Sizes of 1 px are for screen readers.
_TOO_WIDE = """() => {
const sheet = document.querySelector('main').getBoundingClientRect();
const edge = parseFloat(getComputedStyle(document.querySelector('main')).paddingRight);
return [...document.querySelectorAll('main *')].filter(one => {
  const box = one.getBoundingClientRect();
  const isSeen = box.width > 1 && !one.closest('thead');
  return isSeen && (box.right > sheet.right - edge + 1 || box.left < sheet.left + edge - 1);
}).map(one => one.outerHTML.slice(0, 80)).concat(
  document.documentElement.scrollWidth > innerWidth ? ['the page scrolls'] : []);
}"""


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
@pytest.mark.parametrize("state", ["everything-bad", "many-sites", "long-word", "first-month"])
def test_at_every_width_everything_stays_on_the_sheet(browser: Browser, state: str, tmp_path: Path) -> None:
    file = tmp_path / "twin.html"
    file.write_text(pages_of(state)[1], encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    for width in MORE_WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(_TOO_WIDE) == [], width
    page.close()


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_on_a_telephone_a_month_stands_beside_its_own_figures(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "twin.html"
    file.write_text(pages_of("everything-bad")[1], encoding="utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto(file.as_uri())
    rows = page.evaluate(
        """() => [...document.querySelectorAll('table.months')].map(table => [...table.rows].map(
            row => [...row.cells].map(cell => Math.round(cell.getBoundingClientRect().top))))"""
    )
    assert rows
    for months, stars, reviews in rows:
        assert months == stars == reviews
        assert months == sorted(set(months))
    page.close()


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_the_keyboard_passes_by_the_contents(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "twin.html"
    file.write_text(pages_of("fell")[1], encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(file.as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "report"
    page.close()


@pytest.fixture
def pages(data: DataDir) -> Client:
    state = STATES["fell"]()
    made(data, state)
    with duckdb.connect(str(data.warehouse)) as connection:
        connection.execute("ALTER TABLE reports.catalogue ADD COLUMN unit VARCHAR")
    (data.root / "practices.toml").write_text(
        f'[[practice]]\nid = "{state.practice_id}"\nname = "{state.name}"\n', encoding="utf-8"
    )
    return Client(mounted(data))


def test_it_is_served_in_a_sandbox_and_loads_nothing(pages: Client, data: DataDir) -> None:
    answer = pages.get("/report/riverside/2026-10/screen")
    assert answer.status_code == 200
    assert answer.content == data.twin("2026-10", "riverside").read_bytes()
    assert answer.headers["content-type"].startswith("text/html")
    rules = answer.headers["content-security-policy"].split("; ")
    assert rules[0] == "default-src 'none'"
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in rules
    assert "frame-ancestors 'self'" in rules
    assert not [rule for rule in rules if "script" in rule]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("harm", ["twin", "pdf", "manifest", "gone"])
def test_what_does_not_belong_together_is_not_served(pages: Client, data: DataDir, harm: str) -> None:
    path = {
        "twin": data.twin("2026-10", "riverside"),
        "pdf": data.report("2026-10", "riverside"),
        "manifest": data.manifest("2026-10", "riverside"),
        "gone": data.twin("2026-10", "riverside"),
    }[harm]
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(b"<p>of somebody else</p>")
    answer = pages.get("/report/riverside/2026-10/screen")
    assert answer.status_code == 503
    assert "rapport render 2026-10 --practice riverside" in answer.text
    assert "somebody else" not in answer.text


def test_the_reports_page_leads_to_it_where_there_is_one(pages: Client, data: DataDir) -> None:
    def link() -> Tag | None:
        found = pages.page("/report/riverside/2026-10").find("a", string="Read on screen")
        return found if isinstance(found, Tag) else None

    found = link()
    assert found is not None
    assert found["href"] == "/reports/report/riverside/2026-10/screen"
    path = data.manifest("2026-10", "riverside")
    before = json.loads(path.read_bytes())
    del before["html_sha256"]
    path.write_text(json.dumps(before))
    assert link() is None, "a report from before there were twins"


def test_a_practice_is_only_given_its_own(pages: Client) -> None:
    for path in ("/report/nobody/2026-10/screen", "/report/..%2Friverside/2026-10/screen"):
        assert pages.get(path).status_code == 404
