"""Reasons that the warehouse gives in English, in the language of the report.

The SQL says why a figure is missing in fixed words, some with a day, a number or other reasons in them. All of them
are listed here, and a test finds one in the SQL that is not. What a platform's adapter has said of a failed night is
free text of many kinds: it stays English, and in another language the report says so.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache

from pipelines.advice import site_name
from pipelines.locales import _, spoken
from pipelines.wording import dated, written_day

FIXED = (
    "a name was not searched for",
    "answers cannot be read on these platforms",
    "how many reviews an account has written is not told",
    "likes are not shown",
    "more is found of a name than is read",
    "more than half not answered yet",
    "more than one in ten not answered yet",
    "never read",
    "no account, community or feed is connected",
    "no complete list has been read",
    "no complete list since the last report",
    "no community is read, or nothing was said there",
    "no complete list was read by then",
    "no complete list was read in the month",
    "no earlier complete list to compare with",
    "no key was given",
    "no names of the staff are known",
    "no other practices were named",
    "no platform was searched for their names",
    "no post could be coded",
    "no post or comment with words in a language that is checked",
    "no rating that the site itself shows is on record",
    "no reason was kept",
    "no reply in a language that is checked",
    "no review site is connected",
    "no site allows its stars to be combined with those of others",
    "no target was set",
    "no text in a language whose judgement was measured",
    "nobody has been seen to recommend or warn on this site",
    "not read",
    "not read before the last report",
    "not read since the last report",
    "replies cannot be read on this site",
    "shares are not shown",
    "single remarks",
    "the 90 days before are not known",
    "the month is not over",
    "the platforms do not say who speaks",
    "the posts and comments were scored before this was looked for",
    "the replies were not compared with one another",
    "the replies were scored before this was looked for",
    "the reviews are too old to weigh 5 together",
    "the reviews were scored before this was looked for",
    "the site does not say how many reviews it has",
    "the site shows a few reviews of its own choice",
    "too few platforms say who speaks",
    "too few reviews to compare",
    "too little activity to score",
    "what is written on this site is not judged",
    "what was said in communities was not looked at for this",
    "what was known then is no longer kept",
    # How numbers without a score were counted.
    "as the platform counts, whoever shared",
    "at the end of the month",
    "sum of the days of the month",
    "sum of the posts of the month",
)
# With places: {day} and {number} are written by the locale, {reason} is a reason again, {names} are as they are.
SHAPED = (
    "beside {names}",
    "break: given from {day}",
    "break: given up to {day}",
    "break: not given before {day}",
    "break: not given since {day}",
    "last complete list read on {day}",
    "last read on {day}",
    "no review of {number} to weigh the sites by",
    "not connected: {reason}",
    "not known before {day}",
    "not known for {reason}",
    "searched on {names}",
    "shown on {day}",
    "the night of {day} failed: {reason}",
    "{number} could not be told",
    "{number} handled privately",
    "{number} reviews in twelve months, 10 are needed",
)
_PLACES = {"day": r"20\d\d-\d\d-\d\d", "number": r"\d+", "reason": r".+", "names": r"[^;]+"}
_WITHOUT = re.compile(r"without (.+)")
_NAMED = re.compile(r"([\w.]+) \(((?:[^()]|\([^()]*\))*)\)(?:, |$)")
_PART = re.compile(r"([\w.]+): (.+)")


def reason_words(reason: str) -> str:
    """Return a reason of the warehouse in the language spoken, its days written out."""
    parts = reason.split("; ")
    if len(parts) > 1 and (len(known := [_known(part) for part in parts]) == len([one for one in known if one])):
        return "; ".join(part for part in known if part)
    whole_reason = _known(reason)
    if whole_reason is not None:
        return whole_reason
    said = dated(reason)
    return said if spoken().tag == "en" or not said else _("in English: {reason}", reason=said)


def _known(reason: str) -> str | None:
    """Return the translation of one of the reasons above, alone or behind a name; None for any other."""
    if reason in FIXED:
        return _(reason)
    for shape, pattern in _shapes():
        if found := pattern.fullmatch(reason):
            return _(shape, **{name: _filled(name, text) for name, text in found.groupdict().items()})
    if found := _WITHOUT.fullmatch(reason):
        return _without(found[1])
    if found := _PART.fullmatch(reason):
        why = _known(found[2])
        return None if why is None else f"{found[1]}: {why}"
    return None


def _without(sites: str) -> str | None:
    named = _NAMED.findall(sites)
    if "".join(f"{site} ({why})" for site, why in named) != sites.replace("), ", ")"):
        return None
    said = ", ".join(f"{site_name(site)} ({reason_words(why)})" for site, why in named)
    return _("without {sites}", sites=said)


def _filled(place: str, text: str) -> str:
    if place == "day":
        return written_day(dt.date.fromisoformat(text))
    return reason_words(text) if place == "reason" else text


@cache
def _shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    found = []
    for shape in SHAPED:
        pattern = re.escape(shape)
        for place, text in _PLACES.items():
            pattern = pattern.replace(rf"\{{{place}\}}", f"(?P<{place}>{text})")
        found.append((shape, re.compile(pattern)))
    return tuple(found)
