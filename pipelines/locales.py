"""The language of one report or mail: its catalogue of sentences, and the locale that writes numbers, days and lists.

A sentence stands in the code in English, whole, with named places for what is filled in; that is also its key in the
catalogue. Which language is spoken is held for the length of a `speaking` block and for nothing else: two reports made
one after the other, or at the same time in two threads, cannot mix. Outside of any block English is spoken.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from markupsafe import Markup

from pipelines.settings import REPOSITORY

CATALOGUES = REPOSITORY / "reports" / "locale"
# A language of practices.toml: its catalogue, none for English, and its locale. The Spanish of the United States has
# the words of the other, and writes numbers as its neighbours do.
LANGUAGES: dict[str, tuple[str, str]] = {"en": ("", "en"), "es": ("es", "es"), "es-US": ("es", "es_US")}


@dataclass(frozen=True)
class Language:
    """`tag` is what a document calls it (BCP 47)."""

    tag: str
    locale: Locale
    words: NullTranslations


def catalogue_path(name: str) -> Path:
    return CATALOGUES / name / "LC_MESSAGES" / "report.po"


def compiled(catalogue: Catalog) -> GNUTranslations:
    """Return a catalogue as gettext reads it; what is marked as fuzzy stays out."""
    held = io.BytesIO()
    write_mo(held, catalogue)
    held.seek(0)
    return GNUTranslations(held)


@cache
def language(tag: str) -> Language:
    """Return a language of LANGUAGES. Raises KeyError for any other."""
    name, locale = LANGUAGES[tag]
    if not name:
        return Language(tag, Locale.parse(locale), NullTranslations())
    with catalogue_path(name).open("rb") as file:
        return Language(tag, Locale.parse(locale), compiled(read_po(file, locale=name)))


_spoken: ContextVar[Language | None] = ContextVar("spoken", default=None)


def spoken() -> Language:
    return _spoken.get() or language("en")


@contextmanager
def speaking(chosen: Language) -> Iterator[None]:
    """Speak a language within the block."""
    before = _spoken.set(chosen)
    try:
        yield
    finally:
        _spoken.reset(before)


def _(message: str, /, **filled: object) -> str:
    """Return a sentence in the language spoken, its named places filled. An empty one stays empty."""
    # The empty key holds a catalogue's own head.
    return spoken().words.gettext(message).format_map(filled) if message else ""


def ngettext(singular: str, plural: str, number: int, /, **filled: object) -> str:
    """Return the form of a sentence that fits a number, which stands in it as {number}."""
    form = spoken().words.ngettext(singular, plural, number)
    return form.format_map({"number": whole(number)} | filled)


def in_html(message: str, /, **filled: object) -> Markup:
    """Return a sentence for a page: what is filled in is escaped, unless it is markup already."""
    return Markup.escape(spoken().words.gettext(message)).format(**filled)


def whole(number: int) -> str:
    """Write a whole number with the marks between thousands that the language uses."""
    return format_decimal(number, locale=spoken().locale)
