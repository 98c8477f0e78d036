"""Addresses and phone numbers in a reply: the practice's own give nobody away."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pipelines.text.disclosure.verdicts import Roster

ADDRESS: Final = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)|\bhttps?://([\w.-]+)|\bwww\.([\w.-]+)", re.IGNORECASE)
PHONE: Final = re.compile(r"(?<!\d)(?:\+?\d[\d().\- ]{5,}\d)(?!\d)")


def without_contacts(text: str) -> str:
    return PHONE.sub(" ", ADDRESS.sub(" ", text))


def contacts_of_others(sentence: str, roster: Roster) -> Iterable[tuple[int, int, str]]:
    """Yield where an address or number stands that is not on the roster, and the reason. A roster without any tells none."""
    own_domains = {domain.lower().removeprefix("www.") for domain in roster.domains}
    for match in ADDRESS.finditer(sentence):
        domain = next(part for part in match.groups() if part).removeprefix("www.")
        if own_domains and domain not in own_domains and "@" in match.group():
            yield match.start(), match.end(), "an e-mail address that is not the practice's own"
    own_numbers = [re.sub(r"\D", "", phone) for phone in roster.phones]
    for match in PHONE.finditer(sentence):
        digits = re.sub(r"\D", "", match.group())
        # With or without the code of country or area it is the same line.
        if own_numbers and not any(own.endswith(digits) or digits.endswith(own) for own in own_numbers):
            yield match.start(), match.end(), "a phone number that is not the practice's own"
