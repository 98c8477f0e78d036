"""Which practice a stranger's post means, by a stated rule: precision first, and silence rather than a guess.

A text means a practice, in this order of trust, if it
  link     holds a link to one of the practice's websites
  handle   names one of its accounts, with the @, or on the platform's own list of accounts that are named
  name     holds its name or an alias as whole words, whatever the case and accents; the name must have at least two
           words of which one is no common word of practices' names. If the practice has a town and its name is not
           its own (`common`), the town must stand in the text or in the name of the place, too
A text in which several practices are found by their names alone is nobody's, unless each name stands apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from pipelines.practices import Practice

_COMMON_WORDS = """
a an and associates at best bright care center centre centro children city clinic clinica clinics community
dental dentist dentistry dentists doctor doctors dr familia family general gentle group happy health
healthcare in kids main medica medical medicine medicines medico my new of office oral orthodontics our
paediatric park pediatric pediatrics practice practices saint salud smile smiles st street studio surgery
teeth the tooth town women womens your
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_LINK = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,24})(?:[/?#][^\s<>\"')]*)?", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w/])@([\w.-]+(?:@[\w.-]+\w)?)")


class Match(NamedTuple):
    """A practice that is meant, and by what: "link", "handle" or "name"."""

    practice_id: str
    how: str


class Matcher:
    """Finds the practices a text means. Made once for all practices of a visit."""

    def __init__(self, practices: Iterable[Practice]) -> None:
        self._practices = list(practices)
        self._sites = {host(site): p.id for p in self._practices for site in p.websites}
        self._handles = {plain_handle(handle): p.id for p in self._practices for handle in p.handles}
        self._names = {
            f" {name} ": p for p in self._practices for name in map(folded, (p.name, *p.aliases)) if distinctive(name)
        }

    def find(
        self, text: str, *, links: Iterable[str] = (), handles: Iterable[str] = (), place: str = ""
    ) -> list[Match]:
        """Return the practices a text means, each once, by the most trusted sign. `links` and `handles` are those the
        platform lists beside the text."""
        found: dict[str, str] = {}
        for link in (*links, *(match[0] for match in _LINK.finditer(text))):
            if practice_id := self._site_of(host(link)):
                found.setdefault(practice_id, "link")
        for handle in (*handles, *_HANDLE.findall(text)):
            if practice_id := self._handles.get(plain_handle(handle)):
                found.setdefault(practice_id, "handle")
        around = f" {folded(f'{text} . {place}')} "
        words = f" {folded(text)} "
        for name, practice in self._names.items():
            if name in words and (not practice.town or f" {folded(practice.town)} " in around or _own(name)):
                found.setdefault(practice.id, "name")
        return [Match(practice_id, how) for practice_id, how in sorted(found.items())]

    def _site_of(self, named: str) -> str | None:
        parts = named.split(".")
        return next(
            (self._sites[tail] for n in range(len(parts)) if (tail := ".".join(parts[n:])) in self._sites), None
        )


def search_phrases(practice: Practice) -> list[str]:
    """Return what to ask a platform's search for: distinctive names in quotes, websites, handles."""
    names = [name for name in dict.fromkeys((practice.name, *practice.aliases)) if distinctive(folded(name))]
    return [f'"{name}"' for name in names] + [host(site) for site in practice.websites]


def distinctive(name: str) -> bool:
    """Say whether a folded name can be trusted to mean somebody: two words or more, one of them not common."""
    parts = name.split()
    return len(parts) >= 2 and any(part not in _COMMON for part in parts)


def _own(name: str) -> bool:
    """Say whether a name is so much its own that no town need stand beside it: two uncommon words."""
    return sum(part not in _COMMON for part in name.split()) >= 2


def folded(text: str) -> str:
    """Return the words of a text in lower case without accents, with one space between them."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", bare.replace("’", "").replace("'", "")))


def host(link: str) -> str:
    """Return the host of a link or a bare domain, in lower case, without www."""
    netloc = urlsplit(link if "//" in link else f"//{link}").hostname or ""
    return netloc.lower().removeprefix("www.")


def plain_handle(handle: str) -> str:
    return handle.casefold().removeprefix("@").rstrip(".")
