"""What can be said of a reply: its verdict, the classes of what it may give away, and how grave each is.

Classes P1 to P11 are disclosures, N1 to N3 other trouble.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal

Verdict = Literal["pattern", "look", "generic", "not_checked"]
Severity = Literal["caution", "high", "critical"]

VERDICT_WORDS: Final[dict[Verdict, str]] = {
    "pattern": "pattern found",
    "look": "have a person look",
    "generic": "only generic sentences",
    "not_checked": "not checked",
}
CLASSES: Final[dict[str, str]] = {
    "P1": "says or implies that the reviewer is or was a patient",
    "P2": "says that the reviewer is not a patient or cannot be found",
    "P3": "tells when, how often or how punctually somebody came",
    "P4": "names care that was given, offered, refused or referred",
    "P5": "names a symptom, finding, medicine or state of health",
    "P6": "names a bill, a payment, an insurer or a discount of one person",
    "P7": "uses a name that is not on the practice's roster",
    "P8": "cites records, notes, logs or what the staff remember",
    "P9": "mentions a member of somebody's family as a patient",
    "P10": "describes somebody's behaviour or character",
    "P11": "gives a number, address, date or picture that identifies somebody",
    "N1": "threatens, or accuses the reviewer in public",
    "N2": "offers something for a review, or asks to take one down as part of a deal",
    "N3": "gives one person medical advice in public",
}
RANK: Final[dict[Severity, int]] = {"caution": 0, "high": 1, "critical": 2}
BASE: Final[dict[str, Severity]] = {
    **dict.fromkeys(CLASSES, "high"), "P1": "caution", "P2": "caution", "N3": "caution", "P11": "critical",
}  # fmt: skip


@dataclass(frozen=True)
class Roster:
    """What belongs to the practice itself and so discloses nobody: staff, its names, phones and domains."""

    staff: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    def words(self) -> frozenset[str]:
        """Return the single words of all names, in lower case."""
        parts = (re.findall(r"[^\W\d_]+", name.lower()) for name in (*self.staff, *self.names))
        return frozenset(word for part in parts for word in part)


@dataclass(frozen=True)
class Finding:
    """One pattern in one sentence: where it is, never what it says."""

    sentence: int
    code: str
    severity: Severity
    reason: str
    start: int
    end: int


@dataclass(frozen=True)
class Disclosure:
    """The verdict on one reply. `sentences` holds each sentence's own verdict, in order."""

    verdict: Verdict
    classes: tuple[str, ...] = ()
    severity: Severity | None = None
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    sentences: tuple[Verdict, ...] = field(default=())


def worse(one: Severity, other: Severity) -> Severity:
    return one if RANK[one] >= RANK[other] else other
