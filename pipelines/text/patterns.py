"""Long lists of alternatives in a form in which Python's `re` is fast; what they match stays the same.

Surprise: `re` tries every alternative at every character. So the edge of a word that alternatives begin with is put
before all of them, and those with the same first letter behind that letter: one comparison then passes over many.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

_LITERAL: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789 '-")
# Longer ones tell hardly more.
_LONGEST_BEGINNING: Final = 6
# What stands at each edge of a word, where a pattern may begin; it may reach into the next word.
_EDGES: Final = re.compile(rf"\b(?=(\w.{{0,{_LONGEST_BEGINNING - 1}}}))", re.DOTALL)


def _bars(pattern: str) -> tuple[list[int], int]:
    """Return where the bars stand that are in no group and no set, and where the first group ends that opens here."""
    bars: list[int] = []
    depth = first_end = at = opened = 0
    in_set = False
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            at += 2
            continue
        if in_set:
            # A bracket that stands first in a set is one of its characters.
            in_set = character != "]" or at <= opened
        elif character == "[":
            in_set, opened = True, at + 1 + (pattern[at + 1 : at + 2] == "^")
        elif character in "()":
            depth += 1 if character == "(" else -1
            first_end = first_end or (at if depth == 0 else 0)
        elif character == "|" and depth == 0:
            bars.append(at)
        at += 1
    return bars, first_end


def alternatives(pattern: str) -> list[str]:
    """Return the parts of a pattern between the bars that stand in no group and no set."""
    ends, _ = _bars(pattern)
    return [
        pattern[start:end] for start, end in zip([0, *(bar + 1 for bar in ends)], [*ends, len(pattern)], strict=True)
    ]


def either(*patterns: str) -> str:
    """Return one group that matches wherever one of the patterns does.

    Among alternatives that match at one place another may come first than the one that was written first.
    """
    edged: list[str] = []
    bare: list[str] = []
    for part in (part for pattern in patterns for part in alternatives(pattern)):
        (edged if part.startswith(r"\b") else bare).append(part.removeprefix(r"\b"))
    groups = [_by_letter(bare)] if bare else []
    if edged:
        groups.append(r"\b(?:" + _by_letter(edged) + ")")
    return "(?:" + "|".join(groups) + ")"


def _by_letter(parts: list[str]) -> str:
    letters: dict[str, list[str]] = {}
    for part in map(_opened, parts):
        single = re.match(r"[a-z](?![?*+{])", part)
        letters.setdefault(single.group() if single else "", []).append(part[1:] if single else part)
    others = letters.pop("", [])
    return "|".join([*(f"{letter}(?:{'|'.join(rest)})" for letter, rest in letters.items()), *others])


def _opened(part: str) -> str:
    """Return a part that begins with a group with that group's own alternatives in order of their letters."""
    if not part.startswith("(?:"):
        return part
    _, end = _bars(part)
    return "(?:" + _by_letter(alternatives(part[3:end])) + part[end:]


class Beginnings:
    """Tells cheaply which of many patterns cannot match a text, by the letters that all they match begins with.

    Each pattern has to be searched for at the edges of words in lower case, as in `rf"\\b{either(pattern)}"`.
    """

    def __init__(self, patterns: Mapping[str, Iterable[str]]) -> None:
        self._always: set[str] = set()
        self._names: dict[str, set[str]] = {}
        for name, each in patterns.items():
            found = [_beginnings(part) for pattern in each for part in alternatives(pattern)]
            if any(one is None for one in found):
                self._always.add(name)
                continue
            for beginning in {letters for one in found for letters in one or ()}:
                self._names.setdefault(beginning, set()).add(name)
        self._lengths = sorted({len(beginning) for beginning in self._names})
        # The same few thousand beginnings of words make up most of all texts.
        self._named = lru_cache(maxsize=1 << 16)(self._look_up)

    def possible(self, low: str) -> set[str]:
        """Return the names of the patterns that may match a text in lower case; none of the others does."""
        found = set(self._always)
        for names in set(map(self._named, _EDGES.findall(low))):
            found |= names
        return found

    def _look_up(self, letters: str) -> frozenset[str]:
        """Return the names of the patterns that may match where a word begins with these letters."""
        letters = "".join("0" if letter.isdecimal() else letter for letter in letters)
        return frozenset(name for length in self._lengths for name in self._names.get(letters[:length], ()))


def _beginnings(part: str) -> set[str] | None:
    """Return what all that a part matches begins with, up to `_LONGEST_BEGINNING` letters; None if that is not told."""
    found = {letters for letters, _ in _openings(part)}
    return None if "" in found or any(not letters[0].isalnum() for letters in found) else found


def _openings(part: str) -> set[tuple[str, bool]]:
    """Return the beginnings of what a part matches, each with whether it is all of it, so that more may follow.

    Any digit stands as 0.
    """
    found = {("", True)}
    at = 0
    while at < len(part) and any(whole for _, whole in found):
        if part.startswith((r"\b", "^"), at):
            at += 1 + (part[at] == "\\")
            continue
        if part[at] in _LITERAL:
            end, next_ = at, {("0" if part[at].isdecimal() else part[at], True)}
        elif part.startswith(r"\d", at):
            end, next_ = at + 1, {("0", True)}
        elif part.startswith("(", at):
            end = at + _bars(part[at:])[1]
            if not part.startswith("(?:", at):
                # What looks ahead or behind takes no letters.
                at = end + 1
                continue
            next_ = {opening for choice in alternatives(part[at + 3 : end]) for opening in _openings(choice)}
        else:
            end, next_ = at, {("", False)}
        times = part[end + 1 : end + 2]
        if times == "?":
            next_ |= {("", True)}
        elif times == "*":
            next_ = {("", True), *((letters, False) for letters, _ in next_)}
        elif times == "{":
            next_ = {("", False)}
        elif times == "+":
            next_ = {(letters, False) for letters, _ in next_}
        found = {_joined(one, other) for one in found for other in next_} if next_ else found
        at = end + 1 + (times in ("?", "*", "+"))
    return found


def _joined(one: tuple[str, bool], other: tuple[str, bool]) -> tuple[str, bool]:
    if not one[1]:
        return one
    letters = one[0] + other[0]
    return letters[:_LONGEST_BEGINNING], other[1] and len(letters) < _LONGEST_BEGINNING
