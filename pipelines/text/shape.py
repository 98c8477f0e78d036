"""The outer shape of a text: how many words, whether only emoji, and a form in which equal texts are equal."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


def words_in(text: str) -> int:
    """Return the number of words; digits count, emoji and punctuation do not."""
    return len(_WORD.findall(text))


def is_emoji_only(text: str) -> bool:
    """Return True for a text that has symbols but no letter and no digit."""
    return bool(text.strip()) and _WORD.search(text) is None


def folded(text: str) -> str:
    """Return the text with case, accents' encoding, punctuation and spacing made equal."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
