"""Other languages: nothing untranslated, mixed or clipped, and dates and numbers as their readers write them."""

from __future__ import annotations

import datetime as dt
import re
import string
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from pipelines import drafts, locales, pdf, reasons, render, wording
from pipelines.advice import LIBRARY, MOST_ACTIONS, Asked, site_name
from pipelines.locales import language, speaking, spoken
from pipelines.mail import Digest, Letter, compose, compose_digest
from pipelines.settings import REPOSITORY, Settings
from pipelines.view.report import Report, month_report
from pipelines.view.terms import PRINTED
from tests import catalogue
from tests.conftest import body_of
from tests.report_states import STATES, Warehouse

DAY = dt.date(2026, 9, 3)
ASKED = [Asked(entry.id, "[what was asked]", "google", ("x",)) for entry in LIBRARY]


# The states whose pages are fullest, and those with most words in place of numbers.
LAID_OUT = ("fell", "everything-bad", "burst", "source-failed", "zero-posts", "everything-fine", "many-sites")


def report_in(tag: str, house: Warehouse, restated: tuple[str, ...], asked: list[Asked]) -> Report:
    practice = house.practice().model_copy(update={"language": tag})
    return month_report(practice, house.month, house.inputs(), restated, asked)


def html_in(tag: str, state: str) -> str:
    return render.report_html(report_in(tag, STATES[state](), (), ASKED[:MOST_ACTIONS]), render.TEMPLATES)


@pytest.fixture(scope="module", params=catalogue.catalogues())
def translated(request: Any) -> Catalog:
    with locales.catalogue_path(request.param).open("rb") as file:
        return read_po(file, locale=request.param)


def places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_the_catalogues_hold_the_sentences_of_today_and_no_others() -> None:
    for name in catalogue.catalogues():
        assert locales.catalogue_path(name).read_bytes() == catalogue.updated(name), "run python -m tests.catalogue"
    assert catalogue.written(catalogue.template()) == catalogue.TEMPLATE.read_bytes(), "run python -m tests.catalogue"


def test_every_sentence_is_translated_and_keeps_its_places(translated: Catalog) -> None:
    for message in translated:
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        keys = [message.id] if isinstance(message.id, str) else list(message.id)
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        assert len(forms) == len(keys)
        assert all(forms), message.id
        for form in forms:
            assert set(places(form)) == set(places(keys[-1])) or set(places(form)) == set(places(keys[0])), message.id
            # A number is not parted from what it counts.
            assert form.count("{number}\u00a0") == min(key.count("{number}\u00a0") for key in keys), message.id


def test_every_reason_that_the_warehouse_gives_is_known() -> None:
    said: set[str] = set()
    models = REPOSITORY / "sql" / "models"
    for path in [*models.rglob("*.sql"), *(REPOSITORY / "sql" / "macros").glob("*.sql")]:
        if path.parent.name == "metrics" and path.stem not in PRINTED:
            continue
        code = re.sub(r"--[^\n]*|\{[#%{].*?[#%}]\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        said |= {text.strip() for text in re.findall(r"'([^']*)'", code) if re.search(r"[a-z] [a-z]", text)}
    # Names of parts, bursts, changes and acts, which the report has words of its own for.
    said -= {
        "incentive in reviews",
        "staff named",
        "accounts of one review",
        "nine of ten",
        "own people",
        "announced by the site",
        "no stars",
    }
    said -= {"without the cluster", "unusual cluster", "unusual number", "not coded", "not unhappy", "other stars"}
    said -= {
        "in time",
        "nobody known",
        "other words",
        "came late",
        "came back",
        "answer came",
        "answer gone",
        "answer rewritten",
    }
    known = " | ".join([*reasons.FIXED, *reasons.SHAPED])
    assert len(said) > 25
    assert sorted(text for text in said if text not in known) == []


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("last read on 2026-10-03", "leído por última vez el 3 oct 2026"),
        ("not known for E3: the 90 days before are not known; E2: the platforms do not say who speaks",
         "no se conoce para E3: no se conocen los 90 días anteriores; E2: las plataformas no dicen quién habla"),
        ("without mastodon (last read on 2026-10-03), x (not read)",
         "sin Mastodon (leído por última vez el 3 oct 2026), X (no se leyó)"),
        ("the night of 2026-10-03 failed: Yelp said 500; try later",
         "la lectura de la noche del 3 oct 2026 falló: en inglés: Yelp said 500; try later"),
        ("beside Elm Dental, Pine Dental; searched on Bluesky, Reddit; without mastodon (last read on 2026-10-03)",
         "junto a Elm Dental, Pine Dental; buscado en Bluesky, Reddit; "
         "sin Mastodon (leído por última vez el 3 oct 2026)"),
        ("Bluesky: a name was not searched for; Reddit: not known before 2026-10-03",
         "Bluesky: no se buscó uno de los nombres; Reddit: no se conoce antes del 3 oct 2026"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_reason_is_said_in_the_language_spoken(reason: str, said: str) -> None:
    with speaking(language("es")):
        assert reasons.reason_words(reason) == said
    named = reason.replace("without mastodon", "without Mastodon").replace(", x (", ", X (")
    assert reasons.reason_words(reason) == wording.dated(named)


def test_numbers_days_and_lists_are_written_as_their_readers_do() -> None:
    def written() -> list[str]:
        return [
            *(wording.decimal(4.25), wording.share(31, 62), wording.reviews(12345), wording.written_day(DAY)),
            *(wording.long_month(DAY), wording.day_of_year(DAY), wording.listed(["Yelp", "Google", "Instagram"])),
        ]

    assert written() == [
        *("4.3", "31 of 62 (50%)", "12,345\u00a0reviews", "3 Sep 2026", "September 2026", "September 3"),
        "Yelp, Google and Instagram",
    ]
    with speaking(language("es")):
        assert written() == [
            *("4,3", "31 de 62 (50\u00a0%)", "12.345\u00a0reseñas", "3 sept 2026", "septiembre de 2026"),
            *("3 de septiembre", "Yelp, Google e Instagram"),
        ]
    with speaking(language("es-US")):
        assert written()[:3] == ["4.3", "31 de 62 (50%)", "12,345\u00a0reseñas"]


def test_reports_of_two_languages_never_mix() -> None:
    alone = {tag: html_in(tag, "fell") for tag in ("en", "es")}
    assert "Las estrellas en Google bajaron de 4,5 a 3,4." in alone["es"]
    assert '<html lang="es">' in alone["es"]
    assert "Stars on Google fell from 4.5 to 3.4." in alone["en"]
    assert [html_in(tag, "fell") for tag in ("es", "en", "es")] == [alone["es"], alone["en"], alone["es"]]
    with pytest.raises(KeyError), speaking(language("es")):
        raise KeyError
    assert spoken().tag == "en"
    with ThreadPoolExecutor(4) as pool:
        tags = ["en", "es"] * 3
        assert list(pool.map(html_in, tags, ["fell"] * 6)) == [alone[tag] for tag in tags]


def _is_marked(one: Any) -> bool:
    return isinstance(one, pikepdf.Dictionary) and "/S" in one and "/Lang" in one


def test_the_pdf_says_its_language_and_that_of_drafts_and_its_foot_speaks_it(tmp_path: Path) -> None:
    made = pdf.Typesetter(render.TEMPLATES).typeset(
        html_in("es-US", "fell"),
        where="riverside",
        identifier=b"0" * 16,
        most_pages=render.MOST_PAGES_TRANSLATED,
        quoted_language=drafts.LANGUAGE,
    )
    (path := tmp_path / "report.pdf").write_bytes(made.pdf)
    with pikepdf.open(path) as read:
        assert str(read.Root.Lang) == "es-US"
        marked = {str(one.S): str(one.Lang) for one in read.objects if _is_marked(one)}
    assert marked == {"/BlockQuote": "en"}
    first = pypdf.PdfReader(path).pages[0].extract_text()
    assert re.search(r"octubre de 2026\s+·\s+página 1 de [3-6]\b", first)


def test_drafts_say_that_they_are_english() -> None:
    html = html_in("es", "fell")
    assert re.search(r'<blockquote lang="en">Thank you', html)
    assert "Los borradores están en inglés" in html
    assert 'lang="en">Thank' not in html_in("en", "fell")


@pytest.mark.parametrize(("tag", "months"), [("en", "October 2026"), ("es", "octubre de 2026")])
def test_mails_speak_the_language_of_the_practice(tag: str, months: str) -> None:
    practice = STATES["calm"]().practice().model_copy(update={"language": tag, "password": True})
    told: dict[str, Any] = {"practice": practice, "recipient": "owner@riverside.example", "identity": "i", "token": "t"}
    settings, now = Settings(), dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
    letters = [
        compose(Letter(month=dt.date(2026, 10, 1), version=2, **told, **more), settings, now)
        for more in ({"pdf": b"x"}, {"link": "https://r.example/x", "link_until": dt.date(2026, 12, 2)})
    ]
    digest = compose_digest(Digest(day=dt.date(2026, 11, 2), things=(("w", "Google", ""),), **told), settings, now)
    for letter in letters:
        assert months in body_of(letter)
        assert f'<html lang="{tag}">' in body_of(letter, "html")
    said = " ".join(f"{mail['Subject']} {body_of(mail)} {body_of(mail, 'html')}" for mail in (*letters, digest))
    assert (" the " in said, " el " in said) == (tag == "en", tag == "es")
    assert "{" not in said


# The pseudo-locale: every sentence in brackets, every letter with an accent, a third longer. What stands outside of
# the brackets was never looked up, and what does not fit would not fit in German.
_ACCENTS = str.maketrans("aceinouyzAEIOUNCS", "áçéíñóúýžÁÉÍÓÚÑÇŠ")


def pseudo(text: str) -> str:
    parts = re.split(r"(\{\w+\})", text)
    accented = "".join(part if part.startswith("{") else part.translate(_ACCENTS) for part in parts)
    words = re.findall(r"\w+", re.sub(r"\{\w+\}", "", accented))
    wanted, longer = int(0.35 * len(text)), ""
    for word in words * 2:
        if len(longer) + len(word) / 2 > wanted:
            break
        longer += f" {word}"
    return f"[{accented}{longer}]"


@pytest.fixture
def pseudo_locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    made = Catalog(locale="en", fuzzy=False)
    for message in catalogue.messages():
        made.add(message, pseudo(message) if isinstance(message, str) else tuple(pseudo(form) for form in message))
    path = tmp_path / "pseudo" / "LC_MESSAGES" / "report.po"
    path.parent.mkdir(parents=True)
    path.write_bytes(catalogue.written(made))
    monkeypatch.setattr(locales, "CATALOGUES", tmp_path)
    monkeypatch.setitem(locales.LANGUAGES, "en-x-pseudo", ("pseudo", "en"))
    locales.language.cache_clear()
    yield "en-x-pseudo"
    locales.language.cache_clear()


class _Visible(HTMLParser):
    """Collects what a reader sees or hears: texts and alternative texts, less the drafts, which stay English."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._skip = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if tag == "style" or held.get("lang") == "en":
            self._skip = tag
        if tag == "img":
            self.said.append(held["alt"] or "")
        if held.get("name") == "description":
            self.said.append(held["content"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._skip:
            self._skip = ""

    def handle_data(self, data: str) -> None:
        if not self._skip and data.strip():
            self.said.append(" ".join(data.split()))


def bare_words(html: str, names: set[str]) -> set[str]:
    """Return the words that stand in no bracket and are no name of `names`."""
    seen = _Visible()
    seen.feed(html)
    bare = set()
    for text in seen.said:
        while text != (text := re.sub(r"\[[^][]*\]", " ", text)):
            pass
        bare |= set(re.findall(r"[^\W\d_]{2,}", text))
    return bare - {word for name in names for word in re.findall(r"[^\W\d_]+", name)}


@pytest.mark.parametrize("state", STATES)
def test_every_word_of_a_report_comes_from_the_catalogue(pseudo_locale: str, state: str) -> None:
    house = STATES[state]()
    inputs = house.inputs()
    months = {wording.long_month(dt.date(2026, month, 1)) for month in range(1, 13)}
    # The locale's own word between the last two of a list, too.
    names = {pdf.clean(house.name), pdf.clean(house.name, 60), "and", *months, *(month[:3] for month in months)}
    names |= {site_name(row["site"]) for row in [*inputs.coverage, *inputs.figures, *inputs.vanity]}
    names |= {row["part"] for row in inputs.figures if row["metric"] == "conversation_per_post"}
    names |= {row["site"] for row in inputs.coverage} | {row["attribution"] for row in inputs.coverage}
    names |= {row["place"] for row in inputs.communities} | {"mastodon", "Bluesky", "Mastodon"}
    # A platform's own names of the numbers without a score, which it has in no other language.
    names |= {row["metric"].replace("_", " ") for row in inputs.vanity}
    report = report_in(pseudo_locale, house, ("[a reason]",), ASKED)
    assert bare_words(render.report_html(report, render.TEMPLATES), names) == set()


def test_a_word_that_was_never_looked_up_is_found() -> None:
    assert bare_words("<p>Google [ñó čléár [çhángé]] and 4 more</p>", {"Google"}) == {"and", "more"}


@pytest.fixture(scope="module")
def typesetter() -> pdf.Typesetter:
    return pdf.Typesetter(render.TEMPLATES)


def texts(box: Any) -> Iterator[Any]:
    if type(box).__name__ == "TextBox":
        yield box
    for child in getattr(box, "children", ()):
        yield from texts(child)


def faults(document: Any, html: str) -> list[str]:
    """Return the texts that leave the column or the page, and the words that are broken because they do not fit."""
    seen = _Visible()
    seen.feed(html)
    whole = set(re.sub(r"<style.*?</style>|<[^>]+>", " ", html).replace("\u00a0", " ").split())
    found, content = [], 176 / 25.4 * 96
    for page in document.pages:
        margin = (page.width - content) / 2
        for box in texts(page._page_box):
            left, right = box.position_x, box.position_x + box.width
            if left < margin - 0.5 or right > margin + content + 0.5 or box.position_y + box.height > page.height - 20:
                found.append(f"outside: {box.text}")
            if box.element_tag in {"th", "td"}:
                found += [f"broken: {word}" for word in box.text.replace("\u00a0", " ").split() if word not in whole]
    return found


@pytest.mark.parametrize("state", LAID_OUT)
def test_no_text_is_clipped_or_broken_in_spanish(typesetter: pdf.Typesetter, state: str) -> None:
    html = html_in("es", state)
    document = typesetter.lay_out(html)
    assert faults(document, html) == []
    first = {box.text for box in texts(document.pages[0]._page_box)}
    assert {"Dos puntuaciones", "Por responder", "Por revisar", "Grado de certeza"} <= first
    body, appendix = pdf._pages_of(document)
    assert body <= render.MOST_PAGES_TRANSLATED
    assert appendix <= pdf.MOST_APPENDIX_PAGES


@pytest.mark.parametrize("state", LAID_OUT)
def test_a_third_more_words_stay_on_the_page(pseudo_locale: str, typesetter: pdf.Typesetter, state: str) -> None:
    html = html_in(pseudo_locale, state)
    document = typesetter.lay_out(html)
    assert [fault for fault in faults(document, html) if fault.startswith("outside")] == []
    assert pdf._pages_of(document)[0] <= render.MOST_PAGES_TRANSLATED + 1
