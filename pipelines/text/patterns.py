"""Long lists of alternatives in a form in which Python's `re` is fast; what they match stays the same.

Surprise: `re` tries every alternative at every character. So the edge of a word that alternatives begin with is put
before all of them, and those with the same first letter behind that letter: one comparison then passes over many.
"""

from __future__ import annotations

import re


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
