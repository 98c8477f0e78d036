"""Whether a post about health can be understood and says what to do: a reading grade, and a screen with its reasons.

The screen asks a few of the questions of PEMAT (Shoemaker 2014) that a machine can answer. It is a screen and not the
instrument: two people rate that one, and a post that passes here may still be unclear or wrong.

Reading grade: Flesch-Kincaid (Kincaid 1975), for English. A syllable is a group of the letters a, e, i, o, u, y; a
silent e at the end (also of -ed and -es) is none, "hour" and "fire" with and without s have two, a number counts one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from pipelines.text.sentences import WORD

# What the reports ask of their own first page.
HIGHEST_GRADE: Final = 8.0
LONGEST_SENTENCE: Final = 30
# Fewer words than these, and the grade says more of chance than of the text.
FEWEST_WORDS: Final = 8

_VOWELS: Final = re.compile(r"[aeiouy]+")
_SILENT: Final = re.compile(r"[^aeiouyl]e$|[^aeiouytd]ed$|[^aeiouysxzgch]es$")
_TWO: Final = re.compile(r"(?:hours?|ours|fires?)$")
_ADDRESS: Final = re.compile(r"https?://\S+|\bwww\.\S+|[@#]\w+", re.IGNORECASE)
_TERM: Final = re.compile(
    r"\b(?:periodont\w+|gingiv\w+|malocclusion|bruxism|caries|prophylaxis|hypertension|hyperlipid\w+|myocardial\w*|"
    r"cardiovascular|cerebrovascular|ischa?emi\w+|arrhythmia|thrombo\w+|embolism|oedema|edema|erythema|pruritus|"
    r"dermatitis|urticaria|rhinitis|sinusitis|pharyngitis|otitis|bronchi\w+|dyspn\w+|tachycardia|neuropath\w+|"
    r"nephro\w+|hepat\w+|gastro\w+|dysphagia|dyspepsia|osteopor\w+|osteoarth\w+|endodont\w+|orthodont\w+|xerostomia|"
    r"halitosis|fluorosis|remineraliz\w+|demineraliz\w+|mandib\w+|maxill\w+|temporomandibular|contraindicat\w+|"
    r"comorbid\w+|etiolog\w+|aetiolog\w+|idiopathic|asymptomatic|prognosis|pathogen\w+|antimicrobial|analges\w+|"
    r"anticoagul\w+|corticosteroid\w*|immunosuppress\w+|metasta\w+|neoplas\w+|carcinoma|haemorrh\w+|hemorrh\w+)\b",
    re.IGNORECASE,
)
# A term that is told in other words beside it is no obstacle.
_TOLD: Final = re.compile(r"^(?: \w+)?(?:\s*[\(\u2013,-]|,? (?:is|are|means?|or|which|when|happens)\b)", re.IGNORECASE)
_TOLD_BEFORE: Final = re.compile(r"(?:\(|called|known as|or|name is|term is) (?:an? )?$", re.IGNORECASE)
_DO: Final = (
    r"(?:brush|floss|rinse|spit|chew|drink|eat|avoid|limit|cut|take|use|try|keep|put|hold|wash|wear|sleep|rest|walk|move|"
    r"stretch|sit|stand|stop|start|quit|skip|choose|pick|replace|change|check|look|watch|ask|tell|call|ring|see|visit|"
    r"get|go|bring|apply|ice|raise|lift|lower|breathe|swallow|yawn|store|read|talk|speak|wait|let|cover|clean|dry|"
    r"swap|switch|add|remove|test|measure|write|note|plan|remember|make sure|learn|protect|give|schedule|book)"
)
_ACTION: Final = re.compile(
    rf"(?:^|[.!?:;,\u2022\n-]\s*|\b(?:and|then|so|please|always|first|next|instead|also|simply|just|or|to help)\s+)"
    rf"(?:please |always |do not |don't |never |first,? |instead,? )?{_DO}\b(?! (?:to be|is|are|was|were|of)\b)|"
    r"\byou(?:'ll| will)? (?:should|can|could|need to|must|may want to|ought to|have to)\b|\bit (?:helps|is best) to\b|"
    r"\b(?:is|are) (?:always )?(?:a )?reasons? to\b|\btips?\b.{0,20}:",
    re.IGNORECASE,
)
# What begins a sentence is seldom a noun, so more verbs may stand there than above.
_STEP_VERB: Final = (
    rf"(?:{_DO}|lean|pinch|press|bite|soak|dab|gargle|place|squeeze|tilt|run|pat|aim|angle|slide|curve|sip|fill|pour|mix|dissolve|count|"
    r"repeat|turn|roll|lie|dial|find|pack|offer|serve|reduce|increase|set|follow|finish|begin|leave|warm|cool|push|pull|blow|shake|grab|"
    r"blink|wrap|fit|halve|tighten|loosen|empty|open|close|shut|smear|massage|rub|scrub|let go|have|make|eat|work|swish|glue)"
)
# Words that begin like a step and are none, or none for the reader's health.
_NO_STEP: Final = (
    r"(?!(?:read more|learn (?:more|how|why|what|about)|find out|follow (?:us|our|along)|share (?:this|with)|see (?:you|more|our|below|how|why)|"
    r"check out|watch (?:our|the (?:video|film)|this)|look at (?:this|our|the)|have (?:a (?:good|great|nice|happy|safe|lovely)|you|we)|call us (?:today|now)|"
    r"take a look|let us know|let me|tell us (?:what|how|in|your)|visit (?:our|us)|get (?:in touch|ready|yours)|ice cream|rest assured|keep reading|"
    r"make (?:an )?appointment|set to|open (?:from|until|on)|talk to you|stop by|test results|work (?:with us|begins)|begin(?:s|ning))\b)"
)
_LEAD: Final = (
    r"(?:please|always|never|do not|don't|just|simply|also|first(?:ly)?|second(?:ly)?|third(?:ly)?|then|next|finally|lastly|after (?:that|this)|"
    r"afterwards|now|instead|and|or|gently|slowly|carefully|immediately|you (?:should|can|could|need to|must|may want to|have to)|try to|be sure to|"
    r"remember to|make sure to),?\s+"
)
_STEP: Final = re.compile(
    rf"[\W_]*(?:(?:step )?\d{{1,2}}[\W_]+|step \w+ (?:is )?(?:to )?[\W_]*)?(?:{_LEAD}){{0,3}}{_NO_STEP}{_STEP_VERB}\b"
    r"(?![-'/])(?! (?:is|are|was|were|has|had|can|may|will|helps?|matters?|of|and \w+ing)\b)",
    re.IGNORECASE,
)
# "If it bleeds, press on it", "For better sleep: go to bed early"
_CONDITION: Final = re.compile(r"[^,:]{1,80}[,:]\s+")
_CLAUSE: Final = re.compile(
    r"\s*[,;:\u2013\u2014]\s+|\s+(?:and|then)\s+|\s+(?=\d{1,2}[.)\u20e3\ufe0f]+\s)|\s+(?=[\u2022\u2705\u27a1\u25b6])",
    re.IGNORECASE,
)
_ORDER: Final = re.compile(
    r"\b(?:then|next|finally|lastly|after that|afterwards)\b|\b(?:step )?1\W.*\b(?:step )?2\W",
    re.IGNORECASE | re.DOTALL,
)
_SOMEBODY: Final = re.compile(r"[\W_]*(?:i|we|they|he|she|it)\b", re.IGNORECASE)
_CALLED_STEP: Final = re.compile(r"\W*step (?:\d|one|two|three|four|five)\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\W*(?:step\s+)?\d{1,2}\W*", re.IGNORECASE)


@cache
def _syllables(word: str) -> int:
    letters = re.sub(r"[^a-z]", "", word)
    groups = len(_VOWELS.findall(letters)) - bool(_SILENT.search(letters)) + bool(_TWO.match(letters))
    return max(groups, 1)


def syllables(word: str) -> int:
    """Return the syllables of an English word by the rule above, at least one."""
    return _syllables(word.lower())


def reading_grade(sentences: Sequence[str]) -> float | None:
    """Return 0.39 words a sentence + 11.8 syllables a word - 15.59; None for fewer than `FEWEST_WORDS` words."""
    cut = [WORD.findall(_ADDRESS.sub(" ", sentence)) for sentence in sentences]
    words = [word for sentence in cut for word in sentence]
    if len(words) < FEWEST_WORDS:
        return None
    count = sum(bool(sentence) for sentence in cut)
    # Long made-up words are cut, or the memory of syllables would grow with them.
    return 0.39 * len(words) / count + 11.8 * sum(syllables(word[:40]) for word in words) / len(words) - 15.59


@dataclass(frozen=True)
class Usefulness:
    """The grade (None for too short a text), and what the screen says with the reasons against it.

    `in_steps` is of what there is to do, so it is false where nothing is.
    """

    reading_grade: float | None
    understandable: bool
    says_what_to_do: bool
    in_steps: bool
    reasons: tuple[str, ...]


def usefulness_of(sentences: Sequence[str]) -> Usefulness:
    """Return the grade and the screen of an English post, given its sentences."""
    grade = reading_grade(sentences)
    reasons = []
    if grade is None:
        reasons.append(f"fewer than {FEWEST_WORDS} words")
    elif grade > HIGHEST_GRADE:
        reasons.append(f"reading grade {grade:.1f} is above {HIGHEST_GRADE:.0f}")
    if any(len(WORD.findall(sentence)) > LONGEST_SENTENCE for sentence in sentences):
        reasons.append(f"a sentence has more than {LONGEST_SENTENCE} words")
    if any(_unexplained(sentence) for sentence in sentences):
        reasons.append("a medical term is not explained")
    understandable = not reasons
    steps = in_steps(sentences)
    action = steps or any(_ACTION.search(sentence) for sentence in sentences)
    if not action:
        reasons.append("no step is named that the reader can take")
    elif not steps:
        reasons.append("what to do is not broken into steps")
    return Usefulness(None if grade is None else round(grade, 1), understandable, action, steps, tuple(reasons))


def in_steps(sentences: Sequence[str]) -> bool:
    """Say whether what the reader can do is told step by step.

    That is, two sentences or lines in a row that begin with a step, two steps in one that are put in order ("first",
    "then", numbers), or three in one.
    """
    run = 0
    for sentence in sentences:
        if _NUMBER.fullmatch(sentence):
            # "1. Lean forward." was cut behind its number.
            continue
        if sentence.endswith("?"):
            run = 0
            continue
        if _steps_within(sentence) >= (2 if _ORDER.search(sentence) else 3):
            return True
        condition = _CONDITION.match(sentence)
        begins = _STEP.match(sentence) or (condition and _STEP.match(sentence, condition.end()))
        run = run + 1 if begins or _CALLED_STEP.match(sentence) else 0
        if run == 2:
            return True
    return False


def _steps_within(sentence: str) -> int:
    count = 0
    for clause in _CLAUSE.split(sentence):
        if _SOMEBODY.match(clause):
            # "We numb it, clean it and close it" is nobody's to do.
            break
        count += bool(_STEP.match(clause))
    return count


def _unexplained(sentence: str) -> bool:
    return any(
        not _TOLD.match(sentence[term.end() :]) and not _TOLD_BEFORE.search(sentence[: term.start()])
        for term in _TERM.finditer(sentence)
    )
