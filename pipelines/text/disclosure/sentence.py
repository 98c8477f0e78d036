"""A sentence as both the rules and the trained part look at it: whom it speaks of, and what in it says nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipelines.text.disclosure.vocabulary import CLINICAL
from pipelines.text.patterns import either
from pipelines.text.sentences import lowered

# Phrases that speak of the reviewer and yet say nothing: taken out before the rest is looked at.
_ADJECTIVES: Final = (
    r"(?:(?:very|so|really|kind|honest|thoughtful|wonderful|lovely|great|candid|generous|detailed|positive|warm|nice|"
    r"amazing|5|five|star|helpful|valuable|recent|open|sincere|own|glowing|sweet|public|full|encouraging|important|"
    r"constructive|good|online|gracious|fantastic|awesome|beautiful|written|and)[ ,-]+)*"
)
_SAYING: Final = either(
    "feedback", "reviews?", "comments?", "words", "notes?", "messages?", "concerns?", "questions?", "time", "input",
    "opinions?", "perspective", "thoughts?", "suggestions?", "posts?", "ratings?", "stars", "interest", "kindness",
    "recommendation", "privacy", "rights?", "calls?", "e-?mails?", "frustrations?", "disappointment", "point of view",
    "views?", "remarks?", "support", "understanding", "confidentiality", "insights?", "convenience", "praise", "compliments?",
    "encouragement", "side", "shout-?out", "appreciation", "enthusiasm", "honesty", "candou?r", "request", "inquiry", "enquiry",
)  # fmt: skip
_HARMLESS: Final = re.compile(
    either(
        r"\bthank(?:s to)? you\b", r"\bthank-you\b", r"\bbless you\b",
        rf"\byour {_ADJECTIVES}{_SAYING}(?!['\w])(?! (?:show|about your|of your|for your))",
        r"\bif you (?:think|feel|believe) (?:that )?you (?:may |might )?(?:have|need|are)\b",
        r"\b(?:if|should|when|whenever|where|as|whatever|whether) you(?:'d| would)? (?:ever |still |also |do |may |might )?"
        r"(?:have|like|wish|want|need|think|prefer|call|write|decide|choose|are looking|are interested|are willing|feel|"
        r"would|can|are open|are comfortable|know of|see|find)\b(?: any| more| further)?",
        r"\byou (?:can|may|could|will|would|might|'ll)(?: also| always| then)? (?:reach|call|contact|find|e-?mail|write|ask|"
        r"read|be able|like|speak|talk|see on|learn|get in touch|message|visit our (?:web)?site|be willing|prefer|consider)\b",
        r"\b(?:hear|hearing|learn|hear back|heard|know)(?: more| directly| back)? from you\b",
        r"\b(?:speak|talk|speaking|talking|connect|chat|discuss(?: this)?|work|sit down|listen|get in touch|follow up)"
        r"(?: directly| privately| further| more)? (?:with|to) you\b(?: about (?:this|it|that))?",
        r"\b(?:help|assist|reach|contact|call|invite|encourage|ask|assure|welcome|let|wish|give|offer|send|tell|inform|"
        r"remind|urge) you\b",
        r"\b(?:how|what|that|why|as) (?:this is (?:how|what) )?you (?:feel|felt|think|thought|wrote|posted|shared|raised|"
        r"say|mean|describe|described|write|mention|mentioned)\b",
        r"\byou (?:took|take|have taken) (?:the |your |a )?(?:time|moment|minute)\b",
        r"\byou (?:taking|sharing|posting|writing|reaching out|letting us know|bringing)\b",
        r"\byou (?:shared|wrote|posted|reached out|left (?:us )?(?:a|this) (?:review|comment|note))\b",
        r"\byou (?:feel|felt) (?:that|this)(?: way)?\b", r"\byou feel\b",
        r"\byou(?:'re| are)(?: always| most| very)? welcome to (?:call|contact|write|reach|e-?mail|speak|talk|ask)\b",
        r"\byou(?:'re| are) (?:very |most |always |so )?(?:welcome(?! to our)(?! back)|kind|awesome|the best)\b",
        r"\byour (?:call|convenience|earliest convenience)\b", r"\byou (?:\w+ )?(?:made|make) (?:all of )?our (?:day|week|month|year|morning|weekend)\b",
        r"\b(?:sorry|apologi[sz]e|regret|hear|learn|read) (?:to (?:hear|learn|read) )?(?:about|of|for) your (?:negative |bad |poor |recent |disappointing |frustrating )*experience\b(?! (?:at|with|in|here|on|during|when))",
        r"\b(?:good|great|nice|lovely|wonderful|happy) (?:day|week|weekend|evening|summer|holiday) to you\b",
        r"\b(?:very |so |really |most )?(?:generous|kind|thoughtful|sweet|nice|gracious|good) of you(?: to (?:say|write|share|post))?\b",
    ),
)  # fmt: skip

# Words that make a sentence one about everybody: then clinical words, money and times disclose nobody.
_GENERAL: Final = re.compile(
    either(
        r"\b(?:polic(?:y|ies)|in general|generally|as a rule|general(?: information)?|always|everyone|everybody|anyone|anybody|"
        r"any(?= (?:patient|person|individual|reviewer|one|symptom|treatment|question|reason|bill|specific|case|personal))|"
        r"each|every|all(?= \w+s\b)|guests|customers|many|most|some people|some patients|often|sometimes|usually|typically|website|web page|"
        r"we (?:also |now |do )?(?:offer|accept|provide|publish|welcome|follow|train|teach|invite|use|cannot|can't|can not|do not|don't|never|"
        r"have (?:added|changed|started|rewritten|moved|hired|extended|updated)|added|hired|extended|opened|introduced|updated|changed|started|trained|"
        r"are (?:unable|required|not able|not allowed|not permitted|bound))|training|trained|guidance|guidelines|standards?|protocols?|people|"
        r"patients(?! like you)|visitors|families|individuals|by law|the law|laws?|hipaa|regulations?|our (?:hours|doors|office is|lobby|"
        r"phone lines?|fees|prices|services|mission|goal|aim|clinic is)|available|whoever|community|no(?= treatment| procedure| two)|all ages|"
        r"for all|to all|of all|nobody's|nationwide|research|studies|"
        r"(?:team|staff|hygienists?|nurses?|assistants?|front desk) (?:attends?|receives?|meets?|reviews?|notes? every|takes?|are|is|works?|has added))\b"
    )
)

_PAST: Final = (
    r"(?:were|was|are|'re|have|'ve|had|'d|did|didn't|do not|don't|never|still|just|also|clearly|simply|obviously|already|"
    r"only|came|come|went|left|said|told|saw|took|got|made|paid|owe|chose|brought|knew|gave|wanted|kept|began|lost|"
    r"wore|ate|drank|sat|stood|waited|love|loved|enjoyed|like|liked|need|needed|look|looked|seem|seemed|insisted|weren't|"
    r"aren't|haven't|hadn't|wouldn't|won't|should|must|met|spoke|ran|broke|fell|slept|hung|threw|lied|forgot|bit|sent|"
    r"spent|thought|understood|won|decided|\w{2,}ed)\b"
)
_YOU_DID: Final = re.compile(rf"\byou(?: all| both| and your \w+)?(?: \w+ly)? ?{_PAST}")
_YOU: Final = re.compile(r"\b(?:you(?:r|rs|rself|'re|'ve|'d|'ll)?|ur?)\b")
SOMEBODY: Final = re.compile(
    either(
        r"\b(?:(?:this|that|the|said) (?:\w+ )?(?:patient|person|reviewer|individual|gentleman|lady|woman|man|client|customer|poster|author|guy|mother|"
        r"father|writer|account|party)(?:'s)?(?! (?:of|in charge|who answers|responsible|at the (?:front )?desk))\b|\bhe\b|\bshe\b|\bhim\b|\bher\b|"
        r"\bhis\b|\bhers\b|(?<!to )(?:a|one) (?:former|previous|disgruntled|ex-?|new|long-?time|loyal|valued|unhappy) (?:patient|client|employee|customer))"
    )
)
_REFUSAL: Final = re.compile(
    either(
        r"\b(?:cannot|can't|can not|neither|unable|not able|do not|don't|never|not permit(?:ted)?|not allow(?:ed)?|may not|won't|will not|prevents?|prohibits?|"
        r"forbids?|keeps? us from|stops? us from|rather not)\b.{0,40}\b(?:confirm|deny|discuss|comment|share|respond|reply|say|look up|speak about|"
        r"talk about|disclose|address|go into|detail|give medical)"
    )
)


@dataclass(frozen=True)
class Sentence:
    """A sentence with what both the rules and the trained part look at, found once.

    The patterns read lower case, which makes them several times as fast as ignoring it; `bare` is `lowered` with the
    harmless phrases blanked out. All three strings are of one length, so that a place in one is a place in all.
    """

    text: str
    lowered: str
    bare: str
    general: bool
    refusal: bool
    you: re.Match[str] | None
    you_did: re.Match[str] | None
    somebody: re.Match[str] | None
    clinical: re.Match[str] | None


def read(sentence: str) -> Sentence:
    low = lowered(sentence)
    bare = _HARMLESS.sub(lambda match: " " * len(match.group()), low)
    return Sentence(
        sentence,
        low,
        bare,
        bool(_GENERAL.search(low)),
        bool(_REFUSAL.search(low)),
        _YOU.search(bare),
        _YOU_DID.search(bare),
        SOMEBODY.search(bare),
        CLINICAL.search(bare),
    )
