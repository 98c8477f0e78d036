"""Sentences and words of a text, cut the same way for every judgement.

Surprise: a text counts up to its first `LONGEST_TEXT` characters, so a megabyte of anything costs what a page does.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_TEXT = 20_000
MOST_SENTENCES = 400
LONGEST_WORD = 64

_MARKUP = re.compile(r"<[^<>]{1,200}>")
_ADDED_BY_GOOGLE = re.compile(r"\(Translated by Google\)|\(Original\).*", re.DOTALL)
_UNSEEN = re.compile(
    r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad\u034f\u061c\u180e]"
)
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "`": "'", "\u201c": '"', "\u201d": '"'})
# A full stop after these is part of the word; neither is one between two initials an end.
_ABBREVIATION = re.compile(
    r"(?:\b(?:dr|drs|mr|mrs|ms|prof|st|ave|rd|no|vs|etc|e\.g|i\.e|a\.m|p\.m|jr|sr|inc|approx|dept|ext|tel)|\b[a-z])\.$",
    re.IGNORECASE,
)
# As many characters as the longest of them has with its full stop, and more.
_ABBREVIATION_REACH = 12
_END = re.compile(r"[.!?\u2026]+[\"')\]]*(?=\s)|\n+")
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+")


def plain(text: str) -> str:
    """Return the text with markup, invisible characters and typographic quotes taken out; cut to `LONGEST_TEXT`."""
    text = _ADDED_BY_GOOGLE.sub(" ", text[: 2 * LONGEST_TEXT])
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    return _MARKUP.sub(" ", _UNSEEN.sub("", text))[:LONGEST_TEXT]


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text that `plain` made, without empty ones; the last holds the rest of a long text."""
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        piece = text[start : end.end()]
        if not end.group().startswith("\n") and _ABBREVIATION.search(
            text[max(start, end.start() - _ABBREVIATION_REACH) : end.start() + 1]
        ):
            continue
        start = end.end()
        if WORD.search(piece):
            found.append(piece.strip())
        if len(found) >= MOST_SENTENCES:
            break
    if WORD.search(text[start:]):
        found.append(text[start:].strip())
    return found


def lowered(text: str) -> str:
    """Return the text in lower case and of the same length, so that a place in one is a place in the other."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def words_of(text: str) -> list[str]:
    """Return the words in lower case, numbers as `0`, so that 25 minutes and 40 minutes are alike.

    A word counts up to its first `LONGEST_WORD` letters, so that what is remembered of words stays small.
    """
    return ["0" if word.isdecimal() else word[:LONGEST_WORD] for word in WORD.findall(text.lower())]
