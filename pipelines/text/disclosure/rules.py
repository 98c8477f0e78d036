"""What the rules find in one sentence: one finding a class, the first one, unless it echoes the review."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from pipelines.text.disclosure.contacts import contacts_of_others
from pipelines.text.disclosure.generic import is_generic
from pipelines.text.disclosure.names import names_in
from pipelines.text.disclosure.patterns import ABOUT, RULES, THE_CASE, WE_DID
from pipelines.text.disclosure.sentence import Sentence
from pipelines.text.disclosure.verdicts import BASE, CLASSES, Finding, Roster, Severity, worse
from pipelines.text.disclosure.vocabulary import CLINICAL, PROCEDURE, stem

_YOUR: Final = re.compile(r"\b(?:your|yours|yourself|you're|you've|you'd)\b")
_ANY: Final = re.compile(r"\b(?:any|every|whether)\b")
_OF_STAFF: Final = re.compile(r"\bDr\b|\b(?:manager|hygienist|nurse|receptionist|doctor|dentist)\b")
# Something that happened, or is felt: beside it "the crown" is somebody's.
_HAPPENED: Final = re.compile(
    r"^(?:that|those|these|this)\b|\b(?:was|were|went|came|turned|look|looks|feels?|is|are|has|had|glad|happy|sorry|enjoy|"
    r"congrat\w+|hope|with|about|for|after|before|during|on|\w{3,}ed)\b"
)


class _Place(NamedTuple):
    start: int
    end: int
    severity: Severity
    reason: str


class _Found(dict[str, _Place]):
    """The findings of a sentence by class."""

    def add(self, code: str, start: int, end: int, *, reason: str = "", severity: Severity | None = None) -> None:
        self.setdefault(code, _Place(start, end, severity or BASE[code], reason or CLASSES[code]))


class _Person(NamedTuple):
    """Whom a sentence speaks of: what "you" did, a third person, and any word for either."""

    you_did: re.Match[str] | None
    somebody: re.Match[str] | None
    anyone: re.Match[str] | None


def rule_findings(
    sentence: Sentence,
    number: int = 0,
    *,
    roster: Roster | None = None,
    review_words: frozenset[str] = frozenset(),
    reviewer: str = "",
) -> tuple[list[Finding], bool]:
    """Return the patterns the rules find in one sentence, and whether it is made of generic speech acts only.

    `review_words` are the clinical words of the review (`clinical_words`); one that comes back is an echo and raises
    its finding to critical. `reviewer` is the name shown with the review: a name in the reply that is no part of it
    unmasks somebody, and is critical too.
    """
    roster = roster or Roster()
    known = roster.words()
    person = _person_in(sentence, known)
    found = _Found()
    _find_patterns(sentence, found)
    if person.anyone:
        _find_what_is_said_of(person, person.anyone, sentence, found)
    if not sentence.general and not sentence.refusal:
        _find_the_case(sentence, bool(person.anyone), found)
    _find_name(sentence, known, reviewer, found)
    for start, end, reason in contacts_of_others(sentence.lowered, roster):
        found.add("P11", start, end, reason=reason)
    if person.anyone or not sentence.refusal:
        _find_echoes(sentence, review_words, found)
    if "P1" in found and any(code.startswith("P") and code != "P1" for code in found):
        found["P1"] = found["P1"]._replace(severity=worse(found["P1"].severity, "high"))
    findings = [
        Finding(number, code, severity, reason, start, end) for code, (start, end, severity, reason) in found.items()
    ]
    return findings, not findings and is_generic(sentence, known)


def _person_in(sentence: Sentence, known: frozenset[str]) -> _Person:
    somebody = sentence.somebody
    if somebody:
        # "She" beside the word nurse is most likely the nurse.
        of_staff = len(somebody.group()) < 5 and _OF_STAFF.search(sentence.text)
        if sentence.refusal or of_staff or somebody.group() in known:
            somebody = None
    you = None if sentence.general else sentence.you
    return _Person(sentence.you_did, somebody, sentence.you_did or _YOUR.search(sentence.bare) or somebody or you)


def _find_patterns(sentence: Sentence, found: _Found) -> None:
    for rule in RULES:
        match = rule.pattern.search(sentence.bare)
        if not match or (rule.unless_general and sentence.general and not sentence.you):
            continue
        if rule.code in ("P2", "P8") and sentence.refusal and not re.search(r"\byour?\b", sentence.bare):
            continue
        if rule.code == "P1" and sentence.general and _ANY.search(sentence.bare):
            continue
        found.add(rule.code, match.start(), match.end())


def _find_what_is_said_of(person: _Person, anyone: re.Match[str], sentence: Sentence, found: _Found) -> None:
    for code, words in ABOUT.items():
        match = words.search(sentence.bare)
        if match:
            found.add(code, min(anyone.start(), match.start()), max(anyone.end(), match.end()))
    if found:
        return
    if person.you_did:
        found.add("P1", person.you_did.start(), person.you_did.end(), reason="says what the reviewer did, had or is")
    elif person.somebody and not sentence.general:
        found.add("P10", person.somebody.start(), person.somebody.end(), reason="speaks of one person")


def _find_the_case(sentence: Sentence, of_a_person: bool, found: _Found) -> None:
    """Find "the crown" and "we extracted": a case told without a word for the person."""
    for code, words in THE_CASE.items():
        match = words.search(sentence.bare)
        if match and (of_a_person or _HAPPENED.search(sentence.bare)):
            found.add(code, match.start(), match.end())
    match = WE_DID.search(sentence.bare)
    if match and (sentence.clinical or ABOUT["P6"].search(sentence.bare)):
        found.add("P4" if sentence.clinical else "P6", match.start(), match.end())


def _find_name(sentence: Sentence, known: frozenset[str], reviewer: str, found: _Found) -> None:
    for start, end, name in names_in(sentence.text, known):
        shown = set(re.findall(r"[^\W\d_]+", reviewer.lower()))
        unmasks = bool(reviewer) and not shown & set(re.findall(r"[^\W\d_]+", name.lower()))
        found.add("P7", start, end, severity="critical" if unmasks else None)
        return


def _find_echoes(sentence: Sentence, review_words: frozenset[str], found: _Found) -> None:
    if not review_words or sentence.general:
        return
    for match in CLINICAL.finditer(sentence.lowered):
        if stem(match.group()) in review_words:
            code = "P4" if re.fullmatch(PROCEDURE, match.group()) else "P5"
            found[code] = _Place(
                match.start(), match.end(), "critical", f"{CLASSES[code]}, and repeats it from the review"
            )
