"""What a post is: health information, community, recognition, an answer, promotion, or something else.

Surprise: a price, an offer or "book now" makes a post promotion whatever else it says; that rule comes first. The
trained part then tells posts that inform, urge and converse apart, and last what a post that informs is about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from pipelines.text.disclosure.vocabulary import BODY, CONDITION
from pipelines.text.linear import (
    Buckets,
    Floats,
    Vectors,
    buckets_of,
    hash_of,
    load,
    probabilities,
    weighted,
    word_grams,
)
from pipelines.text.patterns import either
from pipelines.text.sentences import lowered, words_of

Content = Literal["health_information", "community", "recognition", "answer", "promotion", "other"]
ABOUT: Final[tuple[Content, ...]] = ("health_information", "community", "recognition", "other")
# The first three outputs say how a post speaks, the others what one that informs is about.
OUTPUTS: Final[tuple[str, ...]] = ("informs", "promotion", "answer", *ABOUT)
# As many again are for posts that stand alone.
BUCKETS: Final = 1 << 14
# How much the meaning of the words counts beside the words themselves, and how much more where a post stands alone:
# of such posts few were at hand to learn from, so more of their words are new.
MEANING: Final = np.float32(0.3)
MEANING_ALONE: Final = np.float32(2.0)

LINK: Final = re.compile(r"https?:?/?/?\S*|\bwww\.\S+|\b[a-z]+\.(?:com|org|co|ly|net|gov)/\S+", re.IGNORECASE)
_SIGN: Final = r"[$\u00a3\u20ac\u00a5\u20b9\u20a9\u20aa\u20ab\u20b1\u20ba\u20bd\u20a6\u0e3f]"
_CURRENCY: Final = r"(?:usd|eur|gbp|chf|cad|aud|nzd|inr|mxn|sek|nok|dkk|pln|aed|zar|brl|sgd|hkd)"
_PRICE: Final = re.compile(
    rf"(?<!raised )(?<!raising )(?<!donated )(?<!collected )(?:(?<![^\W\d_])[a-z]{{0,2}}{_SIGN}|\b{_CURRENCY}) ?\d[\d,]*(?:\.\d\d)?(?![\d,.]*\d)"
    r"(?! ?(?:bn|bln|billion|bil\b|m\b|mn\b|mln\b|mm\b|mil\b|million|trn|trillion|tn\b|k\b|b\b))(?!\w)"
    r"(?! (?:for the (?:pantry|school|shelter|library|fund|food bank|hospice)|in (?:donations|grants)|was raised|were raised))|"
    rf"(?<!raised )(?<!raising )(?<!donated )(?<!collected )(?<![\w.,])\d[\d,.]* ?(?:{_SIGN}|{_CURRENCY}\b)|"
    r"\b\d+ ?(?:%|percent) (?:off|discount)\b|\bhalf\b.{0,20}\b(?:price|off)\b|\bbuy one\b.{0,20}\b(?:price|off|get|free)\b|\bhalf[- ](?:the )?(?:price|off)\b|\bbogo\b|"
    r"\b(?:two|2|three|3)[ -]for[ -](?:one|1|two|2)\b(?! high)|\b(?:only|just|from|for|at) \d+ (?:dollars|pounds|euros|bucks)\b(?! (?:of|to|lighter|heavier|less|more|in)\b)|"
    r"\b(?:\d+|ten|fifteen|twenty|twenty-five|thirty|forty|fifty|hundred) (?:dollars|pounds|euros|bucks|percent) off\b|\bsave \d+ ?(?:%|percent)|\bprice (?:drop|cut)s? (?:on|for|all|this)\b|"
    r"\b(?:for|at|is|only|just|from|plans?|membership) \d+ (?:a|per) (?:month|unit|session|visit|tooth|area)\b|\b(?:party|sale|special|holiday) prices\b"
)
_OFFER: Final = re.compile(
    either(
        r"\b(?:special (?:offer|price|deal)|limited[- ]time|(?:new[- ]patient|monthly|holiday|summer|spring|fall|winter|weekend|back[- ]to[- ]school|"
        r"black friday|mother's day|valentine's(?: day)?) (?:special|offer|deal|discount|promo\w*)s?|discounts?\b|coupons?|vouchers?|gift (?:cards?|certificates?)|promo codes?|flash sale|on sale(?! (?:by|of|to)\b)|"
        r"(?:is|are|pair|visit|exam|cleaning|whitening|check-?up|consult\w*) on the house\b|first (?:\w+ )?(?:session|visit|month|exam|treatment|cleaning) (?:is )?(?:free|half|a present|a gift)|free (?:exam|scan|fitting|touch-?ups?|hearing test|eye test|x-?rays?|consult\w*|whitening|cleaning|trial|quote|estimate|gift|second opinion|smile|electric toothbrush|toothbrush with)|(?:0|zero) ?(?:%|percent) (?:interest|financing|apr)|"
        r"financing (?:is )?available|payment plans?|claim (?:your|this|the)|save (?:up to )?[$\u00a3\u20ac]?\d+|savings? on|while (?:supplies|they) last|"
        r"(?:spots?|seats?|openings?|slots?|appointments?) (?:are |is )?(?:left|limited|going fast|filling|still available|available (?:this|next|now|today))|"
        r"(?:a few|limited|only \w+) (?:spots?|openings?|slots?|appointments?)|don't miss (?:out|it|this)|use (?:the )?code \w+|(?:promo|discount) code|at checkout|deals? of the (?:day|week|month)|(?:today's|this week's|hot) deals?|specials (?:inside|this|all)|specials? of the (?:day|week|month)|(?:our|the|big) (?!bake|yard|garage|plant|book|rummage|tag|estate)(?:\w+ )?sale (?:starts?|ends?|is (?:on|here)|begins)|(?:complimentary|no[- ]cost) (?:\w+ )?(?:exams?|consult\w*|whitening|x-?rays?|screenings?|assessments?|evaluations?|cleanings?|visits?|gifts?)|(?:schedule|reserve|claim|book|grab) yours|(?:now|currently) booking|booking (?:link|is open|opens)|book (?:here|(?:through|via|on|in) (?:our|the) (?:app|site|website|link|portal))|book(?=: ?\S)|last[- ]minute (?:openings?|appointments?|slots?|spots?|cancell?ations?)|we (?:still |just |now )?(?:have|had) (?:\w+ ){0,3}(?:openings?|slots?|spots?|cancell?ations?)(?! for (?:an? )?(?:\w+ )?(?:hygienist|assistant|nurse|receptionist|dentist|doctor|role|position|intern|volunteer)s?)|(?:dm|pm|text|call|tap|click|message|ring|swipe|e-?mail|whatsapp)\b[^.!?]{0,40}\b(?:to|and) (?:book|schedule|reserve|secure|claim|grab) ?(?!(?:club|fair|of|report)\b)|(?<!count )(?<!rely )(?<!depend )(?<!call )(?<!lean )(?<!easy )(?<!hard )(?<!tough )on us (?:this|all|today|tonight|until|through)|hurry|act (?:now|fast)|last chance|book(?:ing)? (?:now|today|online|your|a visit|an appointment|in seconds)|"
        r"(?:schedule|reserve|make|request) (?:your|an?|the) (?:\w+ )?(?:appointment(?! with yourself)|consult\w*|visit|exam|cleaning|seat|spot|slot|session|check-?up)|schedule (?:now|today|online)|call (?:us )?(?:now|today)|"
        r"(?:to )?(?:order|shop|buy|enroll|sign up) (?:now|today|here)|link in (?:our )?bio(?! (?:to|for) (?:read|learn|watch|listen|hear|see|more|the (?:\w+ )?(?:study|article|recipe|story|guide|video|episode)))|accepting new patients|taking new patients|new patients? (?:welcome|get|receive|special)|"
        r"refer a friend|members?-only|use your (?:benefits|fsa|hsa|insurance)|benefits (?:expire|run out)|to win (?:a|an|one)|(?:and|&) win\b|giveaway|monthly drawing|"
        r"that you deserve|you deserve|starting at (?:only |just )?[$\u00a3\u20ac\d]|free of charge for new)\b"
    )
)
# What is offered to nobody: "no appointment needed", "we never give discounts for reviews".
_DENIED: Final = re.compile(
    r"\b(?:no|not|never|without|(?:don't|do not)(?! (?:wait|miss|forget|hesitate|delay|sleep))|isn't|aren't|against|beware of|fake|instead of)\b[^.!?]{0,24}$"
)
_CALL: Final = (
    r"(?:read|watch|see|check|learn|find|discover|join|follow|visit|click|download|register|tune|listen|take|have|share|"
    r"tell|vote|apply|meet|get|try|browse|explore|view|hear|submit|enter|ask|look|help|know|sign|call|grab|stop|come|"
    r"save|say|treat|use|give|leave|remember|let|make|start|tweet|retweet|send|win|book)"
)
_HEALTH: Final = (
    r"\b(?:health\w*|symptoms?|signs? of|risk|disease|doctor|brush\w*|floss\w*|plaque|cavit\w+|gums?|enamel|fluoride|sugar|vitamins?|sleep\w*|"
    r"exercis\w+|diet\w*|eat\w*|drink\w*|water|allerg\w+|vaccin\w+|doses?|blood|pain\w*|skin|fever|flu|virus|bacteria|infection|pregnan\w+|bab(?:y|ies)|toddlers?|"
    r"children under|older adults|usually|normal|causes?|caused|prevents?|protects?|helps?|swell\w*|treat\w*|medic\w+|sore|burn\w*|stretch\w*|breath\w*|study|patients?|cancer|heart|"
    r"weeks|minutes|years old|see a|tooth|teeth|mouth|jaw|dizz\w+|rash|rinse|safe|dry|nurse|drugs?|obesity|mental)\b"
)
_TOWN: Final = (
    r"\b(?:town|city|village|county|neighbou?r\w*|community|school\w*|library|park|church|street|road|bridge|hall|square|fair|festival|parade|market|"
    r"concert|volunteer\w*|donat\w+|charity|food (?:bank|pantry)|pantry|shelter|fund\w*|clean-?up|firefighters?|scouts?|rotary|team (?:this season|shirts)|league|"
    r"5k|half marathon|marathon|walk for|run(?:ners)?|vote|polling|museum|garden|kids|students|seniors?|senior center|breakfast|drive is|blood drive|river|"
    r"game|finals|go \w+!|club|everyone on|tonight|tomorrow|saturday|sunday|sponsor\w*|collect\w*|coats|socks|box|local|small business|residents|mayor|council|police|fire)\b"
)
_PRAISE: Final = (
    r"\b(?:congrat\w*|kudos|hats off|shout-?out|well done|proud\w*|anniversary|birthday|retir\w+|farewell|goodbye|welcomes?|meet|joins?|joined|"
    r"honou?r\w*|award\w*|named|elected|passed (?:her|his|their)|employee of|of the (?:month|year)|years? (?:with|at|of|ago)|celebrat\w+|thank you (?:to )?(?:dr|mrs|mr|our|the)|"
    r"cheers|hero\w*|our (?:own|new|front|assistant|hygienist\w*|nurse\w*|office manager|team member|intern|lab)|nurses? week|assistants? week|hygienists? week|"
    r"so happy for|appreciat\w+|grateful|finished (?:her|his)|started here|starts? (?:at|with|on)|aboard|wrote about|dr\.? \w+)\b"
)
SIGNS: Final[tuple[re.Pattern[str], ...]] = tuple(
    re.compile(either(pattern))
    for pattern in (
        r"^\W*@", r"^rt\b", r"^(?!rt).{1,80}\b[rm]t ?@", r"^\W*@\w+ (?!\u2192).{1,60}$", r".@\w+", r"@\w+.*@\w+", r"#\w+", r"#\w+.*#\w+", r"\u2192", r"\u2192\W*$", r"\?", r"!", r"\?.*\u2192",
        rf"^(?:[#@]\w+\W+)*(?:please |now |today )?{_CALL}\b", rf"(?:[.!?:;,\u2013-] *|\band |\bto )(?:please )?{_CALL}\b",
        r"\b(?:here|more|video|webcast|live|photos?|blog|article|tips|infographic|follow)\b\W*(?:via \S+ )?\W*\u2192",
        r"\bhow (?:to|do|can|did|does)\b|\b\d+ (?:\w+ )?(?:tips|ways|steps|principles|things|reasons|facts|lessons|trends|stocks)\b|\bhere'?s (?:how|why|what)\b|\bthe answer\b",
        r"\b(?:full|more|details|info|information|update)\b[^.!?]{0,20}\u2192|\u2192 (?:for|to) (?:more|details|info)", r"\b(?:you|your|you're|you'll)\b", r"\b(?:thanks?|thank you|thx|welcome|sorry|glad|apologi\w+)\b", r"\b(?:congrat\w*|kudos|happy|proud|well done|great|good luck)\b",
        r"\b(?:we|our|us|we're|we've)\b", r"\d", r"\b(?:says?|said|announc\w+|report(?:s|ed)?|results|launch\w*|appoint\w+|study|new)\b", r"\"|\u201c",
        r"\b(?:question|asked|ask|answer|wrote|dm|message|email)\b", r"\b(?:you|many|several|someone|somebody|people|so many|question|q:|a:)\b.{0,20}\b(?:ask\w*|wrote|wanted to know|question|wonder\w*)\b|^(?:q|question|answer)\b",
        rf"\b(?:{BODY}|{CONDITION})\b", _HEALTH, _HEALTH + r".*" + _HEALTH, _TOWN, _TOWN + r".*" + _TOWN, _PRAISE, _PRAISE + r".*" + _PRAISE,
        r"\b(?:day|week|month|season|year|friday|monday|weekend)!*$|\b(?:closed|closing|open(?:s|ed)? at|hours|moving|holiday|picture|photo)\b", r"^(?:yes|no|hi|hello|thanks|thank|sorry|sure|absolutely|great|good|glad|agreed|indeed)\b",
    )
)  # fmt: skip


# What posts of companies nearly always have, and those of practices seldom: a link, or another account.
_LINKED: Final = re.compile(r"[\u2192@]|\brt\b")
_ADDRESSED: Final = re.compile(
    r"@|\brt\b|\?|\b(?:you|your|yours|ask(?:ed|ing)?|questions?|reply|answer(?:s|ed|ing)?|wrote|sorry|yes|q|thanks for)\b"
)


@dataclass(frozen=True)
class Kind:
    """The type, how sure the trained part is (1 for the rule), why, and where in the text the rule matched."""

    content_type: Content
    sure: float
    reason: str
    start: int = 0
    end: int = 0


def offer_in(text: str) -> re.Match[str] | None:
    """Return where a text names a price, an offer, or asks to book now; None if it does not."""
    low = lowered(text)
    for pattern in (_PRICE, _OFFER):
        for match in pattern.finditer(low):
            if not _DENIED.search(low[: match.start()]):
                return match
    return None


def features_of(text: str, vectors: Vectors) -> tuple[Buckets, Floats]:
    """Return what the trained part sees of a text (`plain`): hashed words and pairs, signs of its form, its meaning.

    A post that stands alone, without a link or another account, has all of it twice, so that it may mean something else
    there (Daumé 2007): "join us" is mostly a call in the posts of companies, and a kindness in those of a practice.
    """
    low = LINK.sub(" \u2192 ", text.lower())
    words = words_of(low)
    signs = [bool(sign.search(low)) for sign in SIGNS]
    form = np.asarray([*signs, len(words) < 10, len(words) > 25], np.float32)
    meaning = vectors.meaning(words)
    buckets = buckets_of(word_grams(words), BUCKETS)
    alone = np.float32(not _LINKED.search(low))
    if alone:
        buckets = np.concatenate([buckets, buckets + BUCKETS])
    return buckets, np.concatenate([form, [alone], alone * form, MEANING * meaning, alone * MEANING_ALONE * meaning])


def is_addressed(text: str) -> bool:
    """Return whether a post turns to somebody: names an account, asks, or speaks of a question or to a "you"."""
    return bool(_ADDRESSED.search(text.lower()))


def decided(chances: Sequence[float], *, addressed: bool) -> tuple[Content, float]:
    """Return the type and its probability from the outputs' probabilities, in the order of `OUTPUTS`.

    Of how a post speaks the probability is the share among the three ways, which is what was calibrated.

    A post that turns to nobody answers nobody, however much its words are those of thanks and praise.
    """
    speaks = max(range(3) if addressed else range(2), key=lambda output: chances[output])
    if speaks == 1:
        return "promotion", chances[1] / sum(chances[:3])
    if speaks == 2:
        return "answer", chances[2] / sum(chances[:3])
    about = max(range(len(ABOUT)), key=lambda output: chances[3 + output])
    return ABOUT[about], chances[3 + about]


def content_of(text: str) -> Kind:
    """Return what an English post (`plain`) is."""
    offer = offer_in(text)
    if offer:
        return Kind("promotion", 1.0, "names a price or an offer, or asks to book", offer.start(), offer.end())
    model = load("content")
    chances = probabilities(model.margins(*features_of(text, model.vectors))).tolist()
    content_type, sure = decided(chances, addressed=is_addressed(text))
    return Kind(content_type, round(sure, 2), f"reads like such posts (probability {sure:.2f})")


def evidence(text: str, content_type: Content, most: int = 5) -> list[tuple[str, float]]:
    """Return the words of this text that spoke most for its type, with how much; for `--explain` only, never stored."""
    model = load("content")
    every, _ = features_of(text, model.vectors)
    scale = dict(zip(every.tolist(), weighted(every, model.rarity).tolist(), strict=True))
    output = OUTPUTS.index(content_type)
    pulls = []
    for word in sorted(set(words_of(LINK.sub(" ", text)))):
        [bucket] = buckets_of([hash_of(word)], BUCKETS).tolist()
        held = [each for each in (bucket, bucket + BUCKETS) if each in scale]
        pulls.append((word, round(sum(scale[each] * float(model.weights[each][output]) for each in held), 3)))
    return sorted(pulls, key=lambda pull: -pull[1])[:most]
