"""The templates as print: contrast, grey, reading grade, and what a style sheet here must never use."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont

from pipelines import brand
from pipelines.render import TEMPLATES, colour_tokens, report_html
from pipelines.view.report import month_report
from tests.report_states import STATES, Warehouse

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
SHEET = (TEMPLATES / "styles" / "report.css").read_text(encoding="utf-8")
FILES = sorted(path for path in TEMPLATES.rglob("*.jinja") if "email" not in path.parts)
TOKENS = colour_tokens(TEMPLATES)


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def grey(colour: str) -> float:
    """Return the grey level, 0 to 255, that a printer makes of a colour."""
    level = luminance(colour)
    return 255 * (12.92 * level if level <= 0.0031308 else 1.055 * level ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("case", VECTORS["contrast"], ids=lambda case: f"{case['a']} on {case['b']}")
def test_contrast_is_computed_as_wcag_says(case: dict[str, Any]) -> None:
    found = contrast(case["a"], case["b"])
    assert found == pytest.approx(case["ratio"], abs=5.1e-5)
    assert brand.contrast(case["a"], case["b"]) == pytest.approx(found)
    assert (found >= 4.5, found >= 3) == (case["text_AA"], case["graphic_AA"])


@pytest.mark.parametrize("case", VECTORS["greyscale"], ids=lambda case: str(case["hex"]))
def test_grey_is_what_a_printer_makes_of_a_colour(case: dict[str, Any]) -> None:
    assert luminance(case["hex"]) == pytest.approx(case["rel_lum"], abs=5.1e-5)
    assert round(grey(case["hex"])) == case["grey_srgb"]


@pytest.mark.parametrize("token", ["ink", "quiet", "accent"])
def test_text_colours_can_be_read(token: str) -> None:
    assert contrast(TOKENS[token], TOKENS["paper"]) >= 4.5


@pytest.mark.parametrize("token", ["accent", "mark"])
def test_graphic_colours_can_be_seen(token: str) -> None:
    assert contrast(TOKENS[token], TOKENS["paper"]) >= 3


def test_what_lies_on_each_other_differs_in_grey() -> None:
    for one, other in (("accent", "paper"), ("accent", "rule"), ("ink", "quiet"), ("mark", "paper")):
        assert abs(grey(TOKENS[one]) - grey(TOKENS[other])) >= 40, (one, other)


def test_colours_are_tokens_and_tokens_only() -> None:
    after = SHEET.split("}", 1)[1]
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(", re.sub(r"#[a-z-]+ \w+ {", "", after))
    assert set(TOKENS) == {"ink", "quiet", "accent", "mark", "rule", "paper"}
    for path in FILES:
        assert not re.search(r"(?<!&)#[0-9a-f]{6}", path.read_text(encoding="utf-8")), path.name


def test_charts_name_only_tokens_and_our_font() -> None:
    macros = (TEMPLATES / "macros" / "charts.jinja").read_text(encoding="utf-8")
    assert set(re.findall(r"tokens\.(\w+)", macros)) <= set(TOKENS)
    assert macros.count("<text") == macros.count('font-family="Rapport Sans"')
    assert macros.count("<svg") == macros.count("<title>{{ alt }}</title>") == 5


def test_low_stars_are_hatched_not_only_coloured() -> None:
    html = html_of("fell")
    bars = re.findall(r"<rect [^>]*>", html)
    assert any(f'fill="{TOKENS["paper"]}"' in bar for bar in bars)
    assert len(re.findall(r"M[\d.]+ [\d.]+v11", html)) > 10


def _sandboxed(frame: re.Match[str]) -> str:
    return "" if ' sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame[1] else frame[0]


def test_nothing_slow_or_unsafe_is_used() -> None:
    assert not re.search(r"display:\s*(inline-)?(flex|grid)|@import|https?://|!important", SHEET)
    assert set(re.findall(r"url\(\"([^\"]+)", SHEET)) == {
        f"tpl:/fonts/{path.name}" for path in (TEMPLATES / "fonts").glob("*.ttf")
    }
    for path in FILES:
        # The one picture: a logo made harmless, under a fixed address. The one frame: a twin, in which no script runs.
        text = path.read_text(encoding="utf-8").replace('<img src="tpl:/brand/logo"', "")
        text = re.sub(r'<iframe class="preview" src="{{ at }}/report/[^"]*/screen"([^>]*)>', _sandboxed, text)
        assert not re.search(r"\|\s*safe\b|autoescape false|<script|<img|<iframe|src=|@import", text), path.name


def test_fonts_are_static_embeddable_and_small() -> None:
    fonts = sorted((TEMPLATES / "fonts").glob("*.ttf"))
    assert sum(path.stat().st_size for path in fonts) < 1_200_000
    (large,) = (TEMPLATES / "fonts").glob("*.otf")
    assert large.stat().st_size < 3_000_000
    for path in [*fonts, large]:
        with TTFont(path) as font:
            assert "fvar" not in font
            assert font["OS/2"].fsType == 0
            assert "SIL Open Font License" in font["name"].getDebugName(13)
    assert "SIL OPEN FONT LICENSE" in (TEMPLATES / "fonts" / "OFL.txt").read_text(encoding="utf-8")


def syllables(word: str) -> int:
    """Count groups of vowels, less a silent e at the end; "hours" and its like have two."""
    plain = re.sub(r"[^a-z]", "", word.lower())
    groups = len(re.findall(r"[aeiouy]+", plain))
    if re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$|[^aeiouysxzgc]es$", plain):
        groups -= 1
    return max(groups + bool(re.match(r"(hours?|ours|fires?)$", plain)), 1)


def reading_grade(text: str) -> float:
    """Return the Flesch-Kincaid grade: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    sentences = len(re.findall(r"[.?:](?=\s|$)", text))
    words = re.findall(r"[A-Za-z0-9][\w’'.-]*", text)
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def test_the_reading_grade_is_the_published_formula() -> None:
    assert reading_grade(VECTORS["fk"]["text"]) == pytest.approx(VECTORS["fk"]["grade"])


class _Prose(HTMLParser):
    """Collects the sentences of page 1: headings and paragraphs, not tables, not charts."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._depth = 0
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"p", "h2", "h3"}:
            self.said.append("")
            self._depth += 1
        self._skip += tag in {"table", "svg"}

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag in {"p", "h2", "h3"}
        self._skip -= tag in {"table", "svg"}

    def handle_data(self, data: str) -> None:
        if self._depth and not self._skip:
            self.said[-1] += data


def html_of(state: str, templates: Path = TEMPLATES) -> str:
    house = STATES[state]()
    return report_html(month_report(house.practice(), house.month, house.inputs()), templates)


def page_one(state: str) -> str:
    prose = _Prose()
    prose.feed(html_of(state).split("</h1>")[1].split('id="site-by-site"')[0])
    said = [" ".join(part.split()) for part in prose.said]
    return " ".join(part if part.endswith((".", "?")) else f"{part}." for part in said if re.search("[A-Za-z]", part))


@pytest.mark.parametrize("state", STATES)
def test_page_one_reads_at_grade_eight_or_below(state: str) -> None:
    assert reading_grade(page_one(state)) <= 8, page_one(state)


@pytest.mark.parametrize("state", STATES)
def test_a_report_does_not_shout(state: str) -> None:
    assert "!" not in page_one(state)


def test_sections_are_numbered_once() -> None:
    numbers = [path.name[:2] for path in FILES if path.parent.name == "sections"]
    assert all(re.fullmatch(r"\d\d", number) for number in numbers)
    assert all(one < other for one, other in itertools.pairwise(numbers))


def test_a_section_is_added_by_adding_a_file(tmp_path: Path) -> None:
    copy = tmp_path / "templates"
    shutil.copytree(TEMPLATES, copy)
    (copy / "sections" / "47-new.html.jinja").write_text('<section id="new"><p>{{ report.month }}</p></section>')
    html = html_of("calm", copy)
    assert html.index('id="needs-answer"') < html.index('id="new"') < html.index('id="how-sure"')


def test_a_site_without_any_review_ever_asks_to_invite_everyone_from_the_first_month_on() -> None:
    empty = Warehouse().site("google", [(0, 0, 0, 0, 0)])
    report = month_report(empty.practice(), empty.month, empty.inputs())
    assert [card.id for card in report.cards] == ["invite-everyone"]
    # With a total of its own the site may have older reviews that we do not hold, so nothing is known of them.
    some = Warehouse().site("google", [(0, 0, 0, 0, 0)], platform_total=4)
    assert month_report(some.practice(), some.month, some.inputs()).cards == ()


def test_a_sample_that_a_site_has_chosen_is_named_as_one_and_not_as_unread() -> None:
    house = Warehouse().site("google", [(1, 0, 0, 2, 12)]).site("yelp", [None], source="yelp", platform_total=58)
    report = month_report(house.practice(), house.month, house.inputs())
    assert [row.instead for row in report.sites] == ["", "a few excerpts only, not counted"]


def test_reviews_without_stars_are_not_too_few() -> None:
    house = Warehouse().site("care_opinion", [(0, 0, 0, 0, 0)], source="care_opinion")
    for figure in house.rows["figures"]:
        if figure["metric"] == "reviews_received":
            figure |= {"value": 5, "sample_size": 5, "state": "value"}
    report = month_report(house.practice(), house.month, house.inputs())
    assert [row.instead for row in report.sites] == ["reviews without stars"]


def test_a_vendors_feed_is_asked_for_as_a_file_not_as_access() -> None:
    late: dict[str, Any] = {"last_read_night": dt.date(2026, 10, 31), "month_is_complete": False}
    house = Warehouse().site("webmd", [(0, 0, 0, 1, 2)], source="vendor_feed", **late)
    report = month_report(house.practice(), house.month, house.inputs())
    assert "fresh-export" in [card.id for card in report.cards]
    assert "renew-access" not in [card.id for card in report.cards]
