"""Which practice a stranger's post means, by a stated rule: precision first, and silence rather than a guess.

A text means a practice, in this order of trust, if it
  link     holds a link to one of the practice's websites: to the host itself or a part of it, never to a name that
           only looks like it; for a website that is a page of a larger host, to that page or below it
  handle   names one of its accounts with the @, or is on the platform's own list of accounts that are named
  name     holds its name or an alias as whole words, whatever the case, accents and apostrophes, and
           - the name says enough: two words or more of which one is no common word of practices' names or of its town
           - what stands around it does not make it another's ("North …", "… Supply")
           - the town stands beside it, in the text or as the name of the place, if the practice has a town and the
             name is not its own (two uncommon words)
           - a name without any word of the trade ("Cedar Hollow") has one beside it, in the text or the place

A name inside a longer name of another practice is the other's. A name that several practices share and that nothing
tells apart is nobody's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from pipelines.names import APOSTROPHES, UNSPACED, distinctive, folded, uncommon
from pipelines.practices import Practice

_TRADE_WORDS = """
appointment appointments aligners braces cavity checkup cleaning clinic clinica clinics clinique crown dental dentaire
dentist dentista dentiste dentistry dentists doc doctor doctors dr endodontist extraction filling gp gps gum gums
health healthcare hygienist implants medecin medica medical medicine medico nurse odontologia oral orthodontics
orthodontist patient patients paediatric paediatrician pediatric pediatrician pediatrics pediatrician physician
physicians practice praxis receptionist smile smiles surgery teeth tooth vaccine vaccines zahnarzt zahnarztpraxis
"""
_TRADE = frozenset(_TRADE_WORDS.split())
_ANOTHER_BEFORE = frozenset(("north", "south", "east", "west", "upper", "lower", "old", "near", "opposite"))
_ANOTHER_AFTER_WORDS = """
academy alley apartments avenue bar blvd bridge cafe college court drive estates festival film hotel insurance lab
laboratories laboratory labs lane library mall museum park pharmacy pub restaurant road school schools software station
supplies supply trail vet veterinary vets
"""
_ANOTHER_AFTER = frozenset(_ANOTHER_AFTER_WORDS.split())
_BREAKS = re.compile(r"""[\s<>"'()\[\]{},;|“”„«»‹›‘’…、。，！？：（）「」]+""")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w/+%@-])(?<!\w\.)@([\w.-]+(?:@[\w.-]+\w)?)")


# The practice itself among those it is compared with, each of which goes by its folded name.
OWN = "practice"


class Match(NamedTuple):
    """A practice that is meant, and by what: "link", "handle" or "name"."""

    practice_id: str
    how: str


class _Name(NamedTuple):
    folded: str
    practice_id: str
    town: str
    needs_town: bool
    needs_trade: bool
    unspaced: bool


class Known(msgspec.Struct, frozen=True):
    """What a `Matcher` must know of a practice. Nothing of it is secret."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    town: str = ""
    websites: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()


def told(practices: Iterable[Practice]) -> str:
    """Return as text what a `Matcher` must know of practices, for `Planned.about`."""
    known = [
        Known(p.id, p.name, p.aliases, p.town, p.websites, p.handles) for p in sorted(practices, key=lambda p: p.id)
    ]
    return msgspec.json.encode(known).decode()


def known_of(text: str) -> list[Known]:
    """Return what `told` wrote."""
    return msgspec.json.decode(text, type=list[Known])


def matcher_of(text: str) -> Matcher:
    """Return the matcher of what `told` wrote."""
    return Matcher(known_of(text))


class Matcher:
    """Finds the practices a text means. Made once for all practices of a visit."""

    def __init__(self, practices: Iterable[Practice | Known]) -> None:
        held = list(practices)
        self._sites = [(*_site(website), p.id) for p in held for website in p.websites]
        self._handles = {plain_handle(handle): p.id for p in held for handle in p.handles}
        self._names = [name for p in held for name in _names(p)]

    def find(
        self, text: str, *, links: Iterable[str] = (), handles: Iterable[str] = (), place: str = ""
    ) -> list[Match]:
        """Return the practices a text means, each once, by the most trusted sign. `links` and `handles` are those the
        platform lists beside the text; `place` is the community, forum or page it stands in."""
        found: dict[str, str] = {}
        for link in (*links, *links_in(text)):
            named, path = _site(link)
            for site, below, practice_id in self._sites:
                same = named == site or named.endswith(f".{site}")
                if named and same and (not below or f"{path}/".startswith(f"{below}/")):
                    found.setdefault(practice_id, "link")
        for handle in (*handles, *_HANDLE.findall(text)):
            if account_of := self._handles.get(plain_handle(handle)):
                found.setdefault(account_of, "handle")
        for named_id in self._named(text, place):
            found.setdefault(named_id, "name")
        return [Match(practice_id, how) for practice_id, how in sorted(found.items())]

    def means(
        self, practice_id: str, text: str, *, links: Iterable[str] = (), handles: Iterable[str] = ()
    ) -> str | None:
        """Return by what a text means one practice, or None if it does not."""
        return dict(self.find(text, links=links, handles=handles)).get(practice_id)

    def _named(self, text: str, place: str) -> set[str]:
        words, around = f" {folded(text)} ", f" {folded(place)} "
        spans = [(start, end, name) for name in self._names for start, end in _spans(name, words)]
        widest = [
            (start, end, name)
            for start, end, name in spans
            if not any(s <= start and end <= e and (s, e) != (start, end) for s, e, _ in spans)
        ]
        meant = {
            (start, end, name.practice_id) for start, end, name in widest if _stands(name, start, end, words, around)
        }
        shared = Counter((start, end) for start, end, _ in meant)
        return {practice_id for start, end, practice_id in meant if shared[(start, end)] == 1}


def search_phrases(practice: Practice) -> list[str]:
    """Return what to ask a platform's search for: distinctive names in quotes, websites, and handles with the @."""
    written = dict.fromkeys((practice.name, *practice.aliases))
    return [
        *(quoted(name) for name in written if distinctive(folded(name), folded(practice.town))),
        *dict.fromkeys(host(site) + _site(site)[1] for site in practice.websites),
        *dict.fromkeys(f"@{plain_handle(handle)}" for handle in practice.handles),
    ]


def quoted(name: str) -> str:
    """Return a name as a search takes it as a whole."""
    return '"' + name.replace('"', " ") + '"'


def compared(practice: Practice) -> list[Known]:
    """Return the practices whose names are counted together, the practice itself first; nobody if no others are named.

    Each goes by one name and the same town, so that no name is easier to find than the others: the practice by the
    first of its own that says enough.
    """
    town = folded(practice.town)
    own = [name for name in (practice.name, *practice.aliases) if distinctive(folded(name), town)]
    if not practice.compare_with or not own:
        return []
    names = {OWN: own[0]} | {folded(name): name for name in practice.compare_with}
    return [Known(id=key, name=name, town=practice.town) for key, name in names.items()]


def told_compared(practice: Practice) -> dict[str, str]:
    """Return what a visit is told of the names to search for, if there are any."""
    known = compared(practice)
    return {"compared": msgspec.json.encode(known).decode()} if known else {}


def links_in(text: str) -> Iterator[str]:
    """Yield what reads as a link or a bare domain. An e-mail address is none, nor is a host with a user before it."""
    for chunk in _BREAKS.split(text):
        whole = _SCHEME.search(chunk)
        if "://" in chunk and not whole:
            continue
        # Of two addresses in one, the first is where a browser goes.
        for part in [chunk[whole.start() :]] if whole else re.split(r":(?!\d)", chunk):
            if "." in part:
                yield part.strip(".!?*_~:-–—")


def host(link: str) -> str:
    """Return the host of a link or a bare domain, in lower case and ASCII, without www; "" if it has none."""
    return _site(link)[0]


def plain_handle(handle: str) -> str:
    return handle.casefold().removeprefix("@").rstrip(".-")


def _site(link: str) -> tuple[str, str]:
    """Return host and path of a link, the path in lower case without a slash at its end."""
    try:
        parts = urlsplit(link.replace("\\", "/") if "//" in link else f"//{link}".replace("\\", "/"))
        named = (parts.hostname or "").rstrip(".").encode("idna").decode()
    except (ValueError, UnicodeError):
        return "", ""
    if "@" in parts.netloc or parts.scheme not in ("", "http", "https"):
        return "", ""
    return named.lower().removeprefix("www."), parts.path.casefold().rstrip("/")


def _names(practice: Practice | Known) -> Iterator[_Name]:
    town = folded(practice.town)
    for written in dict.fromkeys((practice.name, *practice.aliases)):
        # People write St. Mary's and St Marys.
        for name in dict.fromkeys((folded(written), folded(written.translate(APOSTROPHES).replace("'", "")))):
            unspaced = bool(UNSPACED.search(name))
            if distinctive(name, town):
                yield _Name(
                    folded=name,
                    practice_id=practice.id,
                    town=town,
                    needs_town=bool(town) and (unspaced or uncommon(name, town) < 2),
                    needs_trade=not unspaced and _TRADE.isdisjoint(name.split()),
                    unspaced=unspaced,
                )


def _spans(name: _Name, words: str) -> Iterator[tuple[int, int]]:
    """Yield where a name stands in folded words, without the spaces around it."""
    wanted = name.folded if name.unspaced else f" {name.folded} "
    edge = 0 if name.unspaced else 1
    start = words.find(wanted)
    while start >= 0:
        yield start + edge, start + len(wanted) - edge
        start = words.find(wanted, start + 1)


def _stands(name: _Name, start: int, end: int, words: str, around: str) -> bool:
    """Say whether a name where it stands means its practice."""
    before, after = words[:start].split(), words[end:].split()
    if not name.unspaced and (_ANOTHER_BEFORE & set(before[-1:]) or _ANOTHER_AFTER & set(after[:1])):
        return False
    outside = f" {' '.join(before)} . {' '.join(after)} "
    if name.needs_trade and _TRADE.isdisjoint((outside + around).split()):
        return False
    if not name.needs_town:
        return True
    if name.unspaced:
        return name.town in outside + around
    return f" {name.town} " in f"{outside}{around}" or name.town.replace(" ", "") == around.replace(" ", "")
