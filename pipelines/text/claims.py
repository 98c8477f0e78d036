"""Claims about health in what people post: marked for a clinician to look at, and never judged to be true or false.

What is marked is a sentence that says what helps, harms, causes, prevents or is safe. That somebody has or had an
illness is no claim, and is neither derived nor kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.text.disclosure.vocabulary import BODY, CONDITION, PROCEDURE
from pipelines.text.patterns import either
from pipelines.text.sentences import lowered
from pipelines.text.signs import Sign, in_each

_MATTER: Final = re.compile(
    either(
        rf"\b(?:{PROCEDURE}|{CONDITION}|{BODY}|fluorides?|vitamins?|supplements?|doses?|drugs?|meds|virus(?:es)?|bacteria|"
        r"immun(?:e|ity)|hormones?|toxins?|tox(?:ic|ins?)|mercury|aspirin|tylenol|acetaminophen|paracetamol|statins?|steroids?|"
        r"charcoal|turmeric|cbd|peroxide|baking soda|essential oils?|coconut oil|oil pulling|cloves?|honey|garlic|sugar|"
        r"salt ?water|radiation|autism|cancers?|colds?|coughs?|stains?|health|healthy)\b"
    )
)
# Strong: says by itself that something works on a body. Weak: does so only as a general statement.
_EFFECT: Final = re.compile(
    either(
        r"\b(?:cur(?:es?|ed|ing)|heals?|healed|prevent(?:s|ed)?|caus(?:e|es|ed|ing)|treats?|revers(?:es?|ed)|"
        r"gets? rid of|got rid of|clear(?:s|ed) (?:it |that |them |my |his |her )?(?:up|right up)|"
        r"(?:kills?|killed|fights?|boosts?|detox\w*|flush(?:es)?|dissolv(?:es?|ed)|regrow\w*|whitens?|strengthens?|"
        r"weakens?|destroys?|damages?|ruins?|poisons?|triggers?|worsens?|reduces?|lowers?|relieves?|eases?|numbs|"
        r"increases?|eliminates?|shrinks?|fix(?:es|ed)?|stops?|stopped|does wonders|did wonders|works? (?:for|on|against|better|wonders|great)|"
        r"worked (?:for|on|better|wonders|great)|helps? (?:with|against|your|the)|helped (?:with|my|his|her|our))|"
        r"(?:is|are|was|were|isn't|aren't|not) (?:\w+ )?(?:poison\w*|toxic|safe|unsafe|dangerous|harmful|harmless|useless|carcinogenic|contagious|"
        r"addictive|effective|a scam|a hoax|bad for|good for|unnecessary|proven|linked|as good as|better than)|"
        r"(?:linked|leads?|led) to|side effects?|proven to|studies (?:show|prove|say)|research (?:shows|proves|says)|"
        r"instead of (?:antibiotics|a dentist|a doctor|surgery|vaccines?|medic\w+|fluoride|a filling|the er)|"
        r"(?:never|don't|do not|shouldn't|should not|no need to|don't need|you don't have to|stop) (?:\w+ )?(?:take|taking|use|using|get|getting|give|giving|need|"
        r"vaccinat\w+|see a|brush\w*|floss\w*|let them)|just (?:use|take|put|rinse|swish|rub|apply|gargle)|"
        r"(?:swish|gargle|rub|dab) (?:\w+ )?(?:with|on|some)|you (?:should|need to|have to|must|can) (?:take|stop|use|try|double|put|avoid))\b"
    )
)
_ASKS: Final = re.compile(r"\?\s*$|^(?:does|do|is|are|can|could|should|will|has anyone|anyone|wondering)\b")
_OWN_STATE: Final = re.compile(
    r"^(?:i|we|my (?:son|daughter|mom|dad|husband|wife|kid)) (?:have|has|had|am|are|is|got|need)\b"
)


def claims_of(sentences: Sequence[str]) -> list[Sign]:
    """Return the sentences of an English text that claim something about health; a question claims nothing."""
    return in_each(sentences, _claim)


def _claim(sentence: str, number: int) -> Sign | None:
    low = lowered(sentence)
    effect = _EFFECT.search(low)
    if not effect or _ASKS.search(low) or _OWN_STATE.match(low):
        return None
    # The effect's own words ("side effects") may be the only ones on health.
    return Sign(number, *effect.span(), "clinical_claim", "have a clinician look") if _MATTER.search(low) else None
