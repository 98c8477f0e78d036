"""Whether a reply offers to go on talking out of public: a call, a number, an address, or words in private.

Surprise: what came of it is neither known nor derived. An invitation to come and look around is no offer to talk, and
neither is a report that somebody called: both are told by what stands around the words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.text.patterns import either
from pipelines.text.sentences import lowered
from pipelines.text.signs import Sign, in_each

# "Call us." is an offer, "call us crazy" is a figure of speech; what follows tells them apart.
_THEN: Final = (
    r"(?= *(?:$|[.,;:!?()\u2013-]|(?:at|on|any|anytime|when|whenever|so|if|and|or|to|directly|again|today|tomorrow|"
    r"for|with|by|during|between|from|before|after|privately|weekdays)\b|\+?\d))"
)
_NOT_OURS: Final = r"(?! *(?:911|999|112|000|111)\b)"
_OURS: Final = (
    r"(?:our|the|my) (?:\w+(?:'s)? ){0,2}?(?:office|practice|clinic|surgery|team|desk|reception|manager|director|owner|"
    r"officer|advocate|coordinator|line|number|staff)\b"
)
_OFFER: Final = re.compile(
    either(
        rf"\b(?:call|phone|ring|telephone|dial) (?:(?:us|me)\b{_THEN}|{_OURS})",
        rf"\bby (?:call|phon|ring)ing (?:us\b|{_OURS})",
        rf"\b(?:contact|e-?mail|message|text|reach|write to|get in touch with|reach out to|(?:speak|talk)(?:ing)? (?:with|to)|"
        rf"contacting|e-?mailing|reaching) (?:(?:us|me)\b|{_OURS})",
        rf"\b(?:please|kindly|feel free to|hesitate to|welcome to|could|can|so) (?:call|phone|ring)\b{_THEN}"
        rf"{_NOT_OURS}",
        r"\b(?:please|kindly|feel free to|hesitate to|welcome to|(?:encourage|invite) (?:you|anyone) to) "
        r"(?:reach out|get in touch|write|e-?mail|ask for)\b",
        rf"\bgive (?:us|me|{_OURS}) a (?:quick )?(?:call|ring|shout|bell)\b",
        r"\b(?:welcome|appreciate|love|grateful for|glad of) (?:a|your) (?:phone )?(?:call|e-?mail|conversation)\b",
        r"\b(?:like|love|chance|glad|happy|opportunity|hope|welcome) (?:\w+ ){0,2}?to (?:talk|speak|chat)\b",
        r"\b(?:best|easiest|quickest) (?:way|place) to (?:reach|contact) (?:us|me|our)\b",
        r"\b(?:talk|speak|discuss|listen|hear|learn|continue|resolve|settle|answer|handle|explain|sort|take|address|help)"
        r"(?:ed|d)?\b[^.!?;]{0,40}\b(?:offline|in private|privately|in person|by (?:tele)?phone|over the phone|"
        r"at the main number)\b",
        r"\bour (?:direct |main |phone |telephone |fax )?(?:number|line|e-?mail|e-?mail address|address) is\b",
        r"\bcan (?:always )?be reached\b",
        r"\bask for (?:the|our|my) (?:\w+ ){0,2}?manager\b",
    )
)
_MAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Written as numbers of telephones are; years, prices, dates and numbers of records are written otherwise.
_PHONE: Final = re.compile(
    r"(?<![\w$\u00a3\u20ac#./-])(?:"
    r"(?:\+?1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}|\d{3}[-.]\d{4}|"
    r"\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,5}|\(?0\d{2,4}\)? \d{3,4} \d{3,4}"
    r")(?![\w/]|-\d)"
)
_STREET: Final = re.compile(
    r"\b(?:we are|visit us|find us|come to|office is|practice is|clinic is) (?:\w+ ){0,2}?at \d{1,5} (?:\w+ ){1,3}?"
    r"(?:street|st|avenue|ave|road|rd|lane|drive|boulevard|blvd|square|way)\b"
)
# What was done, by whomever, and what somebody is said not to have done; looked for before the words of an offer.
_TOLD: Final = re.compile(
    r"(?:\b(?:did(?:n't| not)|never|who|whoever|failed to|refused to|chose not to|instead of|without|had to|tried to|"
    r"used to|(?:when|whenever|before|after) (?:you|they|people|patients))|\bdo(?:n't| not)(?! hesitate))(?: \w+){0,2} $"
)
# A number or address of the person who is answered is no offer.
_YOURS: Final = re.compile(
    r"\b(?:called|phoned|rang|texted|e-?mailed|mailed|wrote|dialed|tried|reached|left|sent|posted)\b|"
    r"\byour (?:\w+ )?(?:number|cell|phone|mobile|e-?mail|mail)\b"
)


def offers_of(sentences: Sequence[str]) -> list[Sign]:
    """Return the sentences of an English reply that offer to go on out of public, by the first offer of each."""
    return in_each(sentences, _offer)


def _offer(sentence: str, number: int) -> Sign | None:
    low = lowered(sentence)
    for match in _OFFER.finditer(low):
        if not _TOLD.search(low[: match.start()]):
            return Sign(number, *match.span(), "offline", "offers to go on out of public")
    for pattern, reason in (
        (_PHONE, "gives a telephone number"),
        (_MAIL, "gives an e-mail address"),
        (_STREET, "gives an address"),
    ):
        shown = pattern.search(low)
        if shown and not _YOURS.search(low[: shown.start()]):
            return Sign(number, *shown.span(), "offline", reason)
    return None
