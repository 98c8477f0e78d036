"""The typesetter: what it refuses, and what every PDF it lets through has inside."""

from __future__ import annotations

import gc
import io
import itertools
import os
import re
import resource
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pdfua
import pikepdf
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError

from pipelines import pdf
from pipelines.errors import NotReady, RenderFailed
from pipelines.landing import DataDir
from pipelines.render import TEMPLATES, render, report_html
from pipelines.view.report import month_report
from tests.report_states import STATES, practices

_HOSTILE = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("<>&\"'{}%\x00\x1b\u202e\u2066\u200d\u0301\u0489\ufeff\ufffe\U000e0041"),
    ),
    max_size=400,
)


@pytest.fixture(scope="module")
def typesetter() -> pdf.Typesetter:
    return pdf.Typesetter(TEMPLATES)


def made(typesetter: pdf.Typesetter, body: str, most_pages: int = 1) -> bytes:
    html = f'<html lang="en"><head><title>T</title></head><body class="a4">{body}</body></html>'
    return typesetter.typeset(html, where="a-practice", identifier=b"0" * 16, most_pages=most_pages).pdf


@given(_HOSTILE)
def test_clean_leaves_nothing_that_hurts_a_layout(text: str) -> None:
    said = pdf.clean(text, 100)
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in said)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]", said)
    assert len(said.replace("\u200b", "")) <= 100
    assert max((len(run) for run in re.split(r"[\s\u200b]", said)), default=0) <= 30 * 5
    assert not re.search("[\u0300-\u036f]{5}", said)


def test_clean_keeps_ordinary_names_as_they_are() -> None:
    for name in ("Müller & Söhne", "Nha khoa Việt Mỹ", "مطب دکتر رضایی\u200cنژاد", "O\u2019Hara, D.D.S."):
        assert pdf.clean(name) == name


def test_clean_cuts_and_breaks() -> None:
    assert pdf.clean("a" * 61, 60) == "a" * 30 + "\u200b" + "a" * 29 + "…"
    assert pdf.clean("one\n\ttwo\x00three") == "one two three"
    assert pdf.clean("o" + "\u0317" * 9 + "k") == "o" + "\u0317" * 4 + "k"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://maps.example/r/1?x=2#a", "https://maps.example/r/1?x=2#a"),
        ("https://maps.example/ä", "https://maps.example/%C3%A4"),
        ("http://maps.example/r", None),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("https://user:secret@maps.example/", None),
        ("https://maps.example/\nx", None),
        ("https://maps.example\\@evil.example/", None),
        ("https://[::1", None),
        ("https://maps.example/\ud800", None),
        ("https://", None),
        ("//maps.example/", None),
        ("https://maps.example/" + "a" * 2000, None),
        ("", None),
        (None, None),
    ],
)
def test_only_plain_https_becomes_a_link(url: str | None, kept: str | None) -> None:
    assert pdf.https_only(url) == kept


@given(_HOSTILE)
def test_whatever_becomes_a_link_is_https_and_ascii(text: str) -> None:
    kept = pdf.https_only(text) or pdf.https_only(f"https://a.example/{text}")
    assert kept is None or re.fullmatch(r"https://[a-z0-9.-]+(:\d+)?[^\s\"<>\\]*", kept, re.ASCII)


@pytest.mark.parametrize(
    "body",
    [
        '<img src="http://evil.example/x.png" alt="x"/>',
        '<img src="file:///etc/hostname" alt="x"/>',
        '<img src="tpl:/../../pyproject.toml" alt="x"/>',
        '<img src="tpl:/%2e%2e/%2e%2e/pyproject.toml" alt="x"/>',
        '<p style="background: url(https://evil.example/x.png)">x</p>',
        '<link rel="attachment" href="file:///etc/hostname"/><p>x</p>',
        # WeasyPrint itself swallows the error of this one and would hand out the PDF.
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>x</title>'
        '<image href="http://evil.example/x.png" width="9" height="9"/></svg>',
    ],
)
def test_whatever_asks_for_something_outside_the_templates_is_thrown_away(
    typesetter: pdf.Typesetter, body: str
) -> None:
    with pytest.raises(RenderFailed, match="outside the templates"):
        made(typesetter, body)
    assert made(typesetter, "<p>the next one is not harmed</p>")


@pytest.mark.parametrize("url", ["tpl:/../out.css", "tpl:/%2e%2e/out.css", "tpl:/in/../../out.css", "tpl:/link.css"])
def test_the_template_folder_cannot_be_left(tmp_path: Path, url: str) -> None:
    (tmp_path / "out.css").write_text("p {}")
    (tmp_path / "templates" / "in").mkdir(parents=True)
    (tmp_path / "templates" / "link.css").symlink_to(tmp_path / "out.css")
    fetcher = pdf.TemplateFetcher(tmp_path / "templates")
    with pytest.raises(FatalURLFetchingError):
        fetcher(url)
    assert fetcher.refused == [url]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<p>ፈገ 😀</p>", r"U\+1308, U\+1348, U\+1F600"),
        ('<p style="colour: red">x</p>', "complained"),
        ("<p>x</p>" * 99, "pages instead of at most 1"),
    ],
)
def test_tofu_complaints_and_long_reports_fail(typesetter: pdf.Typesetter, body: str, why: str) -> None:
    with pytest.raises(RenderFailed, match=why):
        made(typesetter, body)


def test_a_document_without_a_language_fails(typesetter: pdf.Typesetter) -> None:
    html = "<html><head><title>T</title></head><body><p>x</p></body></html>"
    with pytest.raises(RenderFailed, match="lang"):
        typesetter.typeset(html, where="x", identifier=b"0" * 16, most_pages=1)


@pytest.mark.parametrize("body", ["<p>x", "<p>a & b</p>", "<p>\x00</p>", "<p>&nbsp;</p>", "<br>"])
def test_a_page_that_is_not_well_formed_fails(typesetter: pdf.Typesetter, body: str) -> None:
    with pytest.raises(RenderFailed, match="not well-formed at line 1"):
        made(typesetter, body)


@pytest.fixture(scope="module", params=["fell", "everything-bad", "hebrew-name"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = DataDir(tmp_path_factory.mktemp("report"))
    state = STATES[request.param]()
    state.write(data.warehouse)
    return render(data, practices(state), state.month)[0].pdf


@pytest.fixture
def opened(report: Path) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(report) as opened:
        yield opened


def elements(opened: pikepdf.Pdf) -> list[Any]:
    """Return every structure element in reading order."""
    listed = []

    def walk(element: Any) -> None:
        listed.append(element)
        kids = element.get("/K", [])
        for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
            if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                walk(kid)

    for root in opened.Root.StructTreeRoot.K:
        walk(root)
    return listed


def kinds(opened: pikepdf.Pdf) -> list[str]:
    return [str(element.S)[1:] for element in elements(opened)]


def test_it_says_what_it_is(opened: pikepdf.Pdf, report: Path) -> None:
    assert str(opened.Root.Lang) == "en"
    assert opened.Root.MarkInfo.Marked
    assert opened.Root.ViewerPreferences.DisplayDocTitle
    assert re.fullmatch(
        r"(Riverside Family Dental|מרפאת .+): patient reviews, October 2026", str(opened.docinfo["/Title"])
    )
    assert str(opened.docinfo["/rapportmonth"]) == "2026-10"
    assert str(opened.docinfo["/CreationDate"]).startswith("D:20261031")
    assert str(opened.open_metadata()["pdfuaid:part"]) == "1"
    assert pdf.practice_of(report) == "riverside"


def test_headings_start_at_one_and_skip_nothing(opened: pikepdf.Pdf) -> None:
    levels = [int(kind[1]) for kind in kinds(opened) if re.fullmatch(r"H\d", kind)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in itertools.pairwise(levels))


def test_bookmarks_follow_the_headings(opened: pikepdf.Pdf) -> None:
    with opened.open_outline() as outline:
        titles = [item.title for item in outline.root[0].children]
    assert "Needs an answer" in titles
    assert "How we count" in titles


def test_every_figure_says_its_numbers(opened: pikepdf.Pdf) -> None:
    figures = [element for element in elements(opened) if element.S == "/Figure"]
    assert len(figures) >= 5
    for figure in figures:
        assert re.search(r"\d", str(figure.Alt))
        left, bottom, right, top = (float(value) for value in figure.A.BBox)
        _, _, width, height = (float(value) for value in figure.Pg.MediaBox)
        assert 0 <= left < right <= width
        assert 0 <= bottom < top <= height


def test_table_headers_have_a_scope_and_tables_have_rows(opened: pikepdf.Pdf) -> None:
    cells = [element for element in elements(opened) if element.S == "/TH"]
    assert {str(cell.A.Scope) for cell in cells} == {"/Column", "/Row"}
    assert "TR" in kinds(opened)
    assert all(element.P.S == "/LI" for element in elements(opened) if element.S == "/LBody")


def test_everything_drawn_is_tagged_or_an_artifact(opened: pikepdf.Pdf) -> None:
    reached = {
        (element.Pg.objgen, int(kid))
        for element in elements(opened)
        if "/K" in element
        for kid in (element.K if isinstance(element.K, pikepdf.Array) else [element.K])
        if isinstance(kid, int)
    }
    artifacts = 0
    for page in opened.pages:
        depth = 0
        for instruction in pikepdf.parse_content_stream(page):
            operator = str(instruction.operator)
            if operator in {"BDC", "BMC"}:
                depth += 1
                artifacts += instruction.operands[0] == "/Artifact"
                mark = instruction.operands[1].get("/MCID") if len(instruction.operands) > 1 else None
                assert mark is None or (page.objgen, int(mark)) in reached
            elif operator == "EMC":
                depth -= 1
            elif operator in {"Tj", "TJ", "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "Do"}:
                assert depth, f"{operator} outside marked content"
    assert artifacts >= 2 * len(opened.pages)


def test_links_lead_to_https_or_into_the_report_and_have_words(opened: pikepdf.Pdf) -> None:
    outside = []
    for page in opened.pages:
        for annotation in page.get("/Annots", []):
            assert annotation.get("/Contents")
            if "/A" in annotation and annotation.A.S == "/URI":
                outside.append(str(annotation.A.URI))
    assert outside
    assert all(url.startswith("https://") for url in outside)
    assert "JavaScript" not in str(opened.Root.get("/Names", ""))


def test_only_our_fonts_are_inside_and_all_are_embedded(opened: pikepdf.Pdf) -> None:
    fonts = [font for page in opened.pages for font in page.Resources.Font.values()]
    assert fonts
    for font in fonts:
        inner = font.DescendantFonts[0]
        assert "+Rapport-" in str(inner.BaseFont)
        assert {"/FontFile2", "/FontFile3"} & set(inner.FontDescriptor.keys())
        assert "/ToUnicode" in font


def test_a_name_in_another_script_is_marked(opened: pikepdf.Pdf) -> None:
    heading = next(element for element in elements(opened) if element.S == "/H1")
    hebrew = "מרפאת" in str(opened.docinfo["/Title"])
    assert ("/Lang" in heading) == hebrew
    assert not hebrew or str(heading.Lang) == "und-Hebr"


def test_the_checker_of_pdf_ua_finds_nothing_wrong(report: Path) -> None:
    said = pdfua.validate(str(report))
    assert [(finding.rule_id, finding.message) for finding in said.findings] == []


def test_whose_report_it_is_must_be_written_inside(tmp_path: Path) -> None:
    with pytest.raises(NotReady):
        pdf.practice_of(tmp_path / "none.pdf")
    (tmp_path / "text.pdf").write_text("not a PDF")
    with pytest.raises(RenderFailed, match="readable"):
        pdf.practice_of(tmp_path / "text.pdf")
    pikepdf.new().save(tmp_path / "strange.pdf")
    with pytest.raises(RenderFailed, match="which practice"):
        pdf.practice_of(tmp_path / "strange.pdf")


_RENDER_ONCE = """
import sys
from pathlib import Path
from pipelines.landing import DataDir
from pipelines.render import render
from tests.report_states import STATES, practices
data = DataDir(Path(sys.argv[1]))
state = STATES["fell"]()
state.write(data.warehouse)
rendered = render(data, practices(state), state.month)[0]
sys.stdout.buffer.write(rendered.pdf.read_bytes() + rendered.manifest.read_bytes())
"""


def test_the_same_rows_give_the_same_bytes_anywhere(tmp_path: Path) -> None:
    outputs = set()
    for number, zone in enumerate(("UTC", "Pacific/Kiritimati")):
        environment = os.environ | {"PYTHONHASHSEED": str(number), "TZ": zone, "PYTHONPATH": str(TEMPLATES.parents[1])}
        environment["LC_ALL"] = ("C", "C.UTF-8")[number]
        command = [sys.executable, "-c", _RENDER_ONCE, str(tmp_path / zone.replace("/", "-"))]
        outputs.add(subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60).stdout)
    assert len(outputs) == 1


_NAMES = st.text(
    alphabet=st.one_of(
        st.characters(codec="latin-1"),
        st.characters(min_codepoint=0x5D0, max_codepoint=0x5EA),
        st.sampled_from("<>&{}%"),
    ),
    min_size=1,
    max_size=300,
)


# Without shrinking: every example is a PDF, and a failure would be shrunk for minutes.
@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
@given(name=_NAMES, why=_NAMES, path=_HOSTILE)
def test_no_text_breaks_out_of_its_place(typesetter: pdf.Typesetter, name: str, why: str, path: str) -> None:
    state = STATES["one-review"]()
    practice = state.practice().model_copy(update={"name": f"<b>{{{{ 7*7 }}}}</h1><h1>{name}"})
    state.rows["coverage"][0]["why"] = why
    state.rows["needs_answer"][0]["url"] = f"https://a.example/{path.encode(errors='ignore').decode()}"
    html = report_html(month_report(practice, state.month, state.inputs()), TEMPLATES)
    body = typesetter.typeset(html, where="x", identifier=b"0" * 16, most_pages=3).pdf
    with pikepdf.open(io.BytesIO(body)) as opened:
        assert kinds(opened).count("H1") == 1
        title = str(opened.docinfo["/Title"])
    assert title.startswith("<b>{{ 7*7 }}</h1><h1>")
    assert "<b>" not in html


@pytest.mark.parametrize("state", ["everything-bad"])
def test_our_sheet_of_elements_gives_the_same_file_as_weasyprints(
    tmp_path: Path, typesetter: pdf.Typesetter, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    (tmp_path / "templates" / "styles" / "elements.css").write_text("", "utf-8")
    house = STATES[state]()
    body = report_html(month_report(house.practice(), house.month, house.inputs()), TEMPLATES)
    ours = typesetter.typeset(body, where=state, identifier=b"0" * 16, most_pages=6)
    bare = pdf.Typesetter(tmp_path / "templates")

    def with_theirs(page: Any, stylesheets: list[Any], **how: Any) -> Any:
        return HTML.render(page, stylesheets=[page._css, *stylesheets], **how)

    monkeypatch.setattr(pdf._Page, "render", with_theirs)
    monkeypatch.delattr(pdf._Page, "_ua_stylesheets")
    assert bare.typeset(body, where=state, identifier=b"0" * 16, most_pages=6) == ours


def test_the_file_holds_what_weasyprint_would_write(typesetter: pdf.Typesetter) -> None:
    house = STATES["burst"]()
    body = report_html(month_report(house.practice(), house.month, house.inputs()), TEMPLATES)
    body = body.replace("</body>", '<p><img src="tpl:/logo" alt="Logo"/></p></body>')
    file = pdf.Attached("figures.csv", "Figures", b"site,month\r\n" * 99)
    picture = io.BytesIO()
    Image.effect_noise((40, 40), 90).save(picture, "PNG")
    logo = {"tpl:/logo": (picture.getvalue(), "image/png")}
    ours = typesetter.typeset(body, where="x", identifier=b"\r()\\" * 4, most_pages=6, attached=[file], pictures=logo)
    with typesetter._holding(logo):
        theirs = typesetter.lay_out(body).write_pdf(
            finisher=lambda _, held: pdf._close_gaps(held, None, None),
            pdf_variant="pdf/ua-1",
            custom_metadata=True,
            attachments=[typesetter._attachment(file, None)],
        )
    assert len(ours.pdf) < 1.05 * len(theirs)
    with pikepdf.open(io.BytesIO(ours.pdf)) as one, pikepdf.open(io.BytesIO(theirs)) as other:
        assert [bytes(part) for part in one.trailer["/ID"]] == [b"\r()\\" * 4] * 2
        assert one.docinfo == other.docinfo
        assert one.trailer["/Root"].objgen == other.trailer["/Root"].objgen
        numbers = [held.objgen[0] for held in other.objects if str(held.get("/Type")) not in ("/ObjStm", "/XRef")]
        assert len(numbers) > 1000
        for number in numbers:
            mine, its = one.get_object(number, 0), other.get_object(number, 0)
            if isinstance(its, pikepdf.Stream):
                assert mine.read_bytes() == its.read_bytes()
                told = [{**held.stream_dict, "/Length": 0} for held in (mine, its)]
                assert repr(told[0]) == repr(told[1])
            else:
                assert mine.unparse() == its.unparse()


@pytest.mark.parametrize("body", ["<p>All is well.</p>", "<p>\u0d15</p>"])
def test_cycles_are_collected_once_and_after_the_report(typesetter: pdf.Typesetter, body: str) -> None:
    def collected() -> list[int]:
        seen: list[int] = []

        def note(phase: str, told: dict[str, int]) -> None:
            if phase == "start":
                seen.append(told["generation"])

        gc.callbacks.append(note)
        try:
            made(typesetter, body * 99, most_pages=9)
        except RenderFailed:
            assert "\u0d15" in body
        finally:
            gc.callbacks.remove(note)
        return seen

    assert collected() == [0]
    assert gc.isenabled()
    gc.disable()
    try:
        assert collected() == [0]
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_typeset_page_asks_the_system_for_memory_once(typesetter: pdf.Typesetter) -> None:
    def pages_asked_for(depth: int) -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        if depth:
            return pages_asked_for(depth - 1)
        made(typesetter, body, 3)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    # Where a piece of the stack ends depends on how deep the caller is.
    body = "<table><tr><td><p>One</p></td></tr></table>" * 30
    made(typesetter, body, 3)
    assert max(pages_asked_for(depth) for depth in range(0, 120, 10)) < 200


def test_references_are_numbered_as_weasyprint_would(tmp_path: Path, typesetter: pdf.Typesetter) -> None:
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    sheet = tmp_path / "templates" / "styles" / "report.css"
    counted = sheet.read_text("utf-8").replace(
        '"0" attr(data-after)', "target-counter(attr(href), page) attr(data-after)"
    )
    assert counted.count("target-counter") == 1
    sheet.write_text(counted, "utf-8")
    house = STATES["everything-bad"]()
    body = report_html(month_report(house.practice(), house.month, house.inputs()), TEMPLATES)
    assert body.count('class="see"') == 2
    theirs = pdf.Typesetter(tmp_path / "templates").typeset(body, where="x", identifier=b"0" * 16, most_pages=6)
    assert typesetter.typeset(body, where="x", identifier=b"0" * 16, most_pages=6) == theirs
