"""What a practice's own reply gives away: patterns with their class, severity and reason, sentence by sentence.

Surprise: nothing here ever says that a reply is fine. `generic` is given only where every sentence is made of known
harmless speech acts and nothing else; a reply in which nothing was found is still `look`, for a person to read.

The unit is the sentence, and the worst one decides. Each is read once (`sentence`) and looked at by three: the `rules`,
which give the reason (with their `patterns`, `names` and `contacts`), the list of what is `generic`, and the `trained`
part, which finds more. `vocabulary` holds what the classes of `verdicts` speak of.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Final

from pipelines.text.disclosure.rules import rule_findings
from pipelines.text.disclosure.sentence import read
from pipelines.text.disclosure.trained import suspicion
from pipelines.text.disclosure.verdicts import CLASSES, RANK, Disclosure, Finding, Roster, Verdict
from pipelines.text.disclosure.vocabulary import clinical_words
from pipelines.text.sentences import plain, sentences_of

# Chosen on the second and third batch of written replies, before the fourth and fifth were scored; see docs/models.md.
THRESHOLD: Final = 0.5
# A sentence of harmless words is still not green where the trained part is this much in doubt.
GREEN_BELOW: Final = 0.4


# Practices answer in the same few sentences over and over, so most need not be looked at again.
@lru_cache(maxsize=1 << 12)
def _looked_at(
    text: str, roster: Roster, review_words: frozenset[str], reviewer: str
) -> tuple[tuple[Finding, ...], bool, float]:
    """Return the rules' findings in a sentence, whether it is generic by them, and the trained part's doubt."""
    sentence = read(text)
    found, generic = rule_findings(sentence, roster=roster, review_words=review_words, reviewer=reviewer)
    return tuple(found), generic, suspicion(sentence) if re.search(r"[^\W\d_]", text) else 0.5


def judge(
    reply: str,
    *,
    review: str = "",
    reviewer: str = "",
    roster: Roster | None = None,
    threshold: float = THRESHOLD,
) -> Disclosure:
    """Return the verdict on one English reply; the caller sees to the language.

    A sentence is `pattern` where a rule finds something or the trained part is surer than `threshold`; `generic` where
    it holds nothing but harmless speech acts; else `look`. The worst sentence decides. A reply without a word is
    `look`: an emoji can be an answer, and nobody measured which.
    """
    echoes = clinical_words(review) if review else frozenset()
    findings: list[Finding] = []
    verdicts: list[Verdict] = []
    for number, text in enumerate(sentences_of(plain(reply)), 1):
        ruled, generic, doubt = _looked_at(text, roster or Roster(), echoes, reviewer)
        found = [replace(finding, sentence=number) for finding in ruled]
        if not found and doubt > threshold and not generic:
            found = [
                Finding(
                    number,
                    "unsure",
                    "caution",
                    "reads like disclosures seen before; no rule tells which",
                    0,
                    len(text),
                )
            ]
        findings += found
        verdicts.append("pattern" if found else "generic" if generic and doubt < GREEN_BELOW else "look")
    if findings:
        codes = tuple(code for code in (*CLASSES, "unsure") if any(finding.code == code for finding in findings))
        worst = max((finding.severity for finding in findings), key=lambda severity: RANK[severity])
        return Disclosure("pattern", codes, worst, findings[0].reason, tuple(findings), tuple(verdicts))
    if verdicts and all(verdict == "generic" for verdict in verdicts):
        return Disclosure("generic", reason="every sentence is a known harmless one", sentences=tuple(verdicts))
    return Disclosure(
        "look", reason="nothing was found, which does not mean that nothing is there", sentences=tuple(verdicts)
    )
