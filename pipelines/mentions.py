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
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from pipelines.practices import Practice

_COMMON_WORDS = """
a advanced aesthetic all american an and associates at best bright care center central centre centro children
childrens city clinic clinica clinics comfort community complete cosmetic creative de dental dentist dentistry
dentists doctor doctors dr east elite emergency express familia family first for friendly general gentle great group
happy health healthcare implant implants in international kids local main medica medical medicine medicines medico
modern my national natural new north of office oral orthodontics our paediatric park pediatric pediatrics perfect
physicians plus practice practices premier premium primary professional quality s saint salud smile smiles south
specialists st street studio surgery surgical teeth the tooth total town urgent village walk welcome wellness west
white women womens your zahnarzt zahnarztpraxis praxis cabinet dentaire dentiste medecin clinique odontologia dentista
"""
_TRADE_WORDS = """
appointment appointments aligners braces cavity checkup cleaning clinic clinica clinics clinique crown dental dentaire
dentist dentista dentiste dentistry dentists doc doctor doctors dr endodontist extraction filling gp gps gum gums
health healthcare hygienist implants medecin medica medical medicine medico nurse odontologia oral orthodontics
orthodontist patient patients paediatric paediatrician pediatric pediatrician pediatrics pediatrician physician
physicians practice praxis receptionist smile smiles surgery teeth tooth vaccine vaccines zahnarzt zahnarztpraxis
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_TRADE = frozenset(_TRADE_WORDS.split())
# Trade and kind of house in scripts that put no space between words; what is left of a name must say something.
_COMMON_UNSPACED = re.compile("歯科|齒科|牙科|医院|醫院|診所|诊所|クリニック|医療|家庭|คลินิก|ทันตกรรม|โรงพยาบาล")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_ANOTHER_BEFORE = frozenset(("north", "south", "east", "west", "upper", "lower", "old", "near", "opposite"))
_ANOTHER_AFTER_WORDS = """
academy alley apartments avenue bar blvd bridge cafe college court drive estates festival film hotel insurance lab
laboratories laboratory labs lane library mall museum park pharmacy pub restaurant road school schools software station
supplies supply trail vet veterinary vets
"""
_ANOTHER_AFTER = frozenset(_ANOTHER_AFTER_WORDS.split())
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ′`´＇ʹ", "'"))
# Letters that no decomposition takes apart.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "&": " and "})
# Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic. Signs of other scripts make another word.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1-\u05c7\u064b-\u065f\u0670]")
_BREAKS = re.compile(r"""[\s<>"'()\[\]{},;|“”„«»‹›‘’…、。，！？：（）「」]+""")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w/+%@-])(?<!\w\.)@([\w.-]+(?:@[\w.-]+\w)?)")


class Match(NamedTuple):
    """A practice that is meant, and by what: "link", "handle" or "name"."""

    practice_id: str
    how: str


class _Name(NamedTuple):
    folded: str
    practice: Practice
    town: str
    needs_town: bool
    needs_trade: bool
    unspaced: bool


class _Known(msgspec.Struct, frozen=True):
    id: str
    name: str
    aliases: list[str]
    town: str
    websites: list[str]
    handles: list[str]


def told(practices: Iterable[Practice]) -> str:
    """Return as text what a `Matcher` must know of practices, for `Planned.about`. Nothing of it is secret."""
    known = [
        _Known(p.id, p.name, list(p.aliases), p.town, list(p.websites), list(p.handles))
        for p in sorted(practices, key=lambda p: p.id)
    ]
    return msgspec.json.encode(known).decode()


def matcher_of(text: str) -> Matcher:
    """Return the matcher of what `told` wrote."""
    return Matcher(Practice(**msgspec.structs.asdict(known)) for known in msgspec.json.decode(text, type=list[_Known]))


class Matcher:
    """Finds the practices a text means. Made once for all practices of a visit."""

    def __init__(self, practices: Iterable[Practice]) -> None:
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
            (start, end, name.practice.id) for start, end, name in widest if _stands(name, start, end, words, around)
        }
        shared = Counter((start, end) for start, end, _ in meant)
        return {practice_id for start, end, practice_id in meant if shared[(start, end)] == 1}


def search_phrases(practice: Practice) -> list[str]:
    """Return what to ask a platform's search for: distinctive names in quotes, websites, and handles with the @."""
    written = [name.replace('"', " ") for name in dict.fromkeys((practice.name, *practice.aliases))]
    return [
        *(f'"{name}"' for name in written if distinctive(folded(name), folded(practice.town))),
        *dict.fromkeys(host(site) + _site(site)[1] for site in practice.websites),
        *dict.fromkeys(f"@{plain_handle(handle)}" for handle in practice.handles),
    ]


def distinctive(name: str, town: str = "") -> bool:
    """Say whether a folded name can be trusted to mean somebody: two words or more, one of them neither common nor
    of its town's name. In a script without spaces: two signs or more beside the words of the trade."""
    if _UNSPACED.search(name):
        return len(_COMMON_UNSPACED.sub("", name).replace(" ", "")) >= 2 and len(name) >= 4
    return len([part for part in name.split() if part != "s"]) >= 2 and _uncommon(name, town) >= 1


def folded(text: str) -> str:
    """Return the words of a text in lower case without accents, with one space between them.

    An apostrophe joins ("O'Brien"), but the s of a possessive is a word of its own ("Dental's": dental s).
    """
    # Some letters in a mathematical alphabet only have a lower case once they are taken apart.
    plain = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold().translate(_LETTERS)
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain).translate(_APOSTROPHES))
    parted = re.sub(r"'s(?!\w)", " s", bare).replace("'", "")
    kept = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in parted)
    return " ".join(kept.split())


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


def _names(practice: Practice) -> Iterator[_Name]:
    town = folded(practice.town)
    for written in dict.fromkeys((practice.name, *practice.aliases)):
        # People write St. Mary's and St Marys.
        for name in dict.fromkeys((folded(written), folded(written.translate(_APOSTROPHES).replace("'", "")))):
            unspaced = bool(_UNSPACED.search(name))
            if distinctive(name, town):
                yield _Name(
                    folded=name,
                    practice=practice,
                    town=town,
                    needs_town=bool(town) and (unspaced or _uncommon(name, town) < 2),
                    needs_trade=not unspaced and _TRADE.isdisjoint(name.split()),
                    unspaced=unspaced,
                )


def _uncommon(name: str, town: str) -> int:
    of_town = set(town.split())
    return sum(part not in _COMMON and part not in of_town and not part.isdecimal() for part in name.split())


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
