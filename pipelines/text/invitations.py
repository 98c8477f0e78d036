"""How a practice asks for reviews in its posts and answers: of all, the happy alone, for a reward, on Yelp, by the word.

Surprise: who is asked often stands a sentence before what is asked ("Loved your visit? Leave us a review!"). What is
found is a reason to look; what somebody else is quoted with is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.text.patterns import either
from pipelines.text.sentences import lowered
from pipelines.text.signs import Sign
from pipelines.text.solicited import REWARD

# What a sign is called among the acts of a text, and the two answers of one without any.
GATED, REWARDED, ON_YELP, WORDED = "gated_invitation", "rewarded_invitation", "yelp_invitation", "worded_invitation"
OPEN, NONE = "open_invitation", "no_invitation"

_SITE: Final = r"(?:google|yelp|facebook|healthgrades|zocdoc|vitals|ratemds|nextdoor|trustpilot|doctify)"
_REVIEW_SITE: Final = r"(?:google|yelp|healthgrades|zocdoc|vitals|ratemds|trustpilot|doctify)"
_FULL_MARKS: Final = r"(?:5|five)[- ]?stars?"
_PRAISE: Final = rf"(?:{_FULL_MARKS}|positive|good|great|glowing|excellent|wonderful|awesome|amazing|stellar|rave)"
_REVIEW: Final = (
    rf"(?:(?:a|an|your|the|another|one|more|some|few|own|us|quick|short|little|brief|honest|online|public|nice|kind|\d+|"
    rf"{_SITE}|{_PRAISE}),? ){{0,6}}?(?:(?:reviews?|ratings?|testimonials?)\b(?! (?:session|appointment|meeting|forms?)\b)"
    # Of something else than the practice.
    r"(?! (?:for|of|about) (?:(?:a|an|any|some|other|local|small|each|his|their|this)\b|"
    r"the (?!office|practice|clinic|team|care|service|staff)|your favou?rite))|(?:5|five) stars\b)"
)
_TO_US: Final = r"(?:(?:us|me|our (?:\w+ ){0,2}?(?:office|practice|clinic|team|page|dentists?|doctors?)|dr\.? \w+) )?"
_WORDS_OF_ONE: Final = r"(?:experience|thoughts|opinion|feedback|story|words|visit)"
_ASK: Final = re.compile(
    either(
        rf"\b(?:leave|write|post|give|drop|submit|send|add|do|pop) {_TO_US}(?:with )?{_REVIEW}",
        rf"\bshare your (?:{_SITE} |honest )*reviews?\b",
        rf"\b(?:consider|about|mind|by|moment|minute|time) (?:leaving|writing|posting|giving|dropping) {_TO_US}{_REVIEW}",
        r"\b(?:review|rate) (?:us|our (?:office|practice|clinic|team)|your (?:visit|experience|appointment|care)|dr\.? \w+)\b"
        r"(?! (?:summary|notes|records?))",
        r"\byelp us\b",
        rf"\btell {_SITE}\b",
        rf"\b(?:tell|let) (?:the world|everyone|everybody|others|people|us|other \w+|your \w+)(?: know)?\b[^!?;]{{0,40}}?"
        rf"\b(?:on|with|in|through) (?:(?:a|your|our|quick|short) )*(?:{_SITE}|review)\b",
        rf"\b(?:share|sharing|tell us|leave|leaving|write|post|drop)\b (?:[\w']+ ){{0,5}}?{_WORDS_OF_ONE} "
        rf"(?:with others |online )?on (?:our |your )?{_SITE}\b",
        rf"\b(?:would|'d|could|please) (?:\w+ ){{0,3}}?(?:like|love(?: to (?:get|have|see|read))?|appreciate|welcome|use|"
        rf"(?:grateful|thankful|thrilled|honou?red|happy|glad) (?:for|by|about|to (?:get|have|see|read))) {_REVIEW}",
        rf"\b(?:would|'d) [^!?;]{{0,30}}?\bif you (?:could |would )?(?:left|leave|wrote|write|gave|give|posted|post|shared|"
        rf"share|told|tell|said|say|reviewed|review|rated|rate)\b[^!?;]{{0,40}}?\b(?:reviews?|{_SITE})\b",
        rf"\b(?:share|say|spread|shout|put|post|copy) (?:it|so|that|them|this|the (?:word|love|same))\b[^!?;]{{0,10}} (?:on|to) "
        rf"{_REVIEW_SITE}\b",
        rf"\b(?:head|hop|go|jump) (?:on )?(?:over )?to {_SITE} (?:and|to) (?:let|tell|leave|share|rate|say|write|review)\b",
        rf"\b(?:every|each) {_PRAISE} review (?:counts|helps|matters)\b|\b{_PRAISE} reviews help (?:us|our)\b",
        rf"\b(?:goal|aim|aiming|mission)\b[^!?;]{{0,30}}? {_PRAISE} reviews\b",
        rf"\b(?:consider|we need|we want|ask(?:ing)? (?:\w+ ){{0,4}}?for) {_REVIEW}",
        rf"\b(?:a|an|one|your) (?:(?:\w+|{_FULL_MARKS}) ){{0,3}}?review (?!like (?:this|yours)\b)(?:[\w' ]{{0,25}} )?(?:would|helps?|means?|makes|takes)\b",
        r"\b(?:reviews?|feedback) (?:on \w+ )?(?:(?:is|are) )?(?:\w+ )?(?:welcome|appreciated)\b",
        r"\b(?:(?:consider|about|mind) (?:chang|updat|edit|revis|rais)ing|(?:please|could you|would you|can you) (?:\w+ )?"
        r"(?:change|update|edit|revise|raise)) your (?:\w+ )?(?:review|rating)(?: to (?:5|five) stars)?\b",
        r"\bhappy (?:about|for) every review\b|\breviews? (?:at|via|through) (?:the|this|our) link\b",
        rf"\b(?:help us|we need to|we want to|trying to) (?:reach|get|get to|hit|collect) {_REVIEW}",
        rf"\brecommend us on {_SITE}\b",
        r"\b(?:haven't|have not|not yet) (?:\w+ ){0,2}?(?:left|leave|written|write|posted) (?:\w+ ){0,3}?review\b",
        r"\bg\.page/[\w/-]+/review\b|\bwriteareview\b|\blocal/writereview\b",
    )
)  # fmt: skip
_YOURS: Final = re.compile(r"\b(?:leave|write|post|add|give) (?:us )?(?:yours|one)\b")
_REVIEWS: Final = re.compile(r"\breviews?\b")
_YELP: Final = re.compile(r"\byelp\b")
_FOUND_THERE: Final = re.compile(r"\b(?:find|see|follow|check|read|visit)\b")
# Unpaired marks, as of inches, quote nothing.
_QUOTED: Final = re.compile(r'"[^"]*"')
_IN_COMMENTS: Final = re.compile(r"^[^!?]{0,20}\b(?:in|to) (?:the|our|your) comments?\b")
# What somebody is said to do or not to do, and what is thanked for, is no request.
_NOT_ASKED: Final = re.compile(
    r"(?:\b(?:not|never|no|nobody|without|cannot|instead of|rather than|before you|[a-z]+n't)(?: [\w']+){0,2}|"
    r"\bthank(?:s|ful)?\b(?: [\w']+)*) $"
)
_DONE_BY: Final = re.compile(r"\b(?:we|i|they|who|he|she|patients|people|others|customers|clients)(?: [\w']+){0,2} $")
_WISHES: Final = ("would", "'d", "could", "we ", "ask")
_STILL_ASKED: Final = re.compile(
    r"(?:\b(?:do not|don't|never) (?:forget|hesitate|be shy)|\bwhy not|\bwe (?:invite|ask|encourage|want|would|hope)|"
    r"\bif (?:you )?(?:have not|haven't)|\b(?:not|n't) (?:yet|already))\b[^,;:]*$"
)
# Rules that are told, and what others do.
_TOLD: Final = re.compile(
    r"\b(?:(?:some|other|many|most|certain) (?:offices|practices|clinics|dentists|doctors|places|businesses|companies)|"
    r"did you know|(?:not|never|isn't|aren't) (?:allowed|legal|permitted)|illegal|forbids?|forbidden|prohibit\w*|"
    r"against (?:the|google's|yelp's) (?:rules|law|policy)|may not|elsewhere|ftc)\b"
)

_HAPPY: Final = r"(?:happy|pleased|satisfied|thrilled|delighted|impressed|smiling|glad|blown away|over the moon)"
_GOOD: Final = (
    rf"(?:{_FULL_MARKS}|great|good|positive|wonderful|excellent|amazing|awesome|fantastic|pleasant|lovely|nice|perfect|"
    r"(?:10|ten)(?:/| out of )(?:10|ten))"
)
_VISIT: Final = r"(?:experience|visit|time|appointment|check-?up|cleaning|care|service|treatment|results?|stay)"
_LIKED: Final = r"(?:lov(?:e|es|ed|ing)|enjoy(?:s|ed|ing)?|like[sd]?|adored?)"
_WHAT: Final = (
    r"(?:your|our (?!page|post|video|photo)|the (?:new )?(?:care|service|team|staff|people|office|results?|visit|experience|way)|us|it|"
    r"what|how|coming|being|dr|working with|seeing)\b"
)
_DONE_WELL: Final = (
    r"(?:(?:make|made|making) (?:you|your \w+(?: \w+)?) (?:smile|feel|happy|laugh)|(?:make|made) your (?:day|visit)|(?:do|did|done) (?:an? )?(?:good|great|excellent)|"
    r"(?:take|took|taken) (?:such )?(?:good|great|excellent) care|exceed(?:ed)? your|earn(?:ed)? (?:your|it|that|5|five)|"
    r"put a smile|brighten(?:ed)?|live[d]? up)"
)
_HAPPY_PATIENTS: Final = r"^\W*(?:calling |to |dear |hey |all |our |many |of )*(?:happy|satisfied) (?:patients|customers|families|clients) ?[,:?]"
# Who is asked, in the sentence of the request.
_IF_HAPPY: Final = re.compile(
    either(
        rf"\b(?:if|when|because|since) you(?:'re| are| were|'ve been| have been| feel| felt| left)? (?:\w+ )?{_HAPPY}\b(?! to\b)",
        rf"\b(?:if|when|because|since) (?:you|your \w+) (?:(?!would|could)\w+ ){{0,2}}?{_LIKED} {_WHAT}",
        rf"\b(?:if|when|because|since) (?:you|your \w+)(?:'ve)? (?:\w+ )?(?:had|have|received|got) (?:an? )?(?:\w+ )?{_GOOD} (?:\w+ )?{_VISIT}\b",
        rf"\bif [^,;!?]{{0,50}}\band you {_LIKED} (?:it|us|them)\b",
        rf"\bif (?:you thought )?(?:we|our|dr|the|anyone|somebody|someone|any)\b[^,;]{{0,50}}?{_DONE_WELL}",
        r"\b(?:ask|invite|inviting|encourage|need|only)\b (?:\w+ ){0,2}?(?:happy|happiest|satisfied|best) (?:patients|customers|families|clients)\b",
        _HAPPY_PATIENTS,
    )
)  # fmt: skip
# Who is asked, in a question or a call of the sentence before.
_HAPPY_ONES: Final = re.compile(
    either(
        rf"^\W*(?:(?:did|do|have) you |did your \w+ |so |you )?(?:just |really |absolutely )?{_LIKED} {_WHAT}[^?]*\?",
        rf"^\W*(?:are you |were you |so |feeling )?{_HAPPY} (?:with|about|after) [^?]*\?",
        rf"^\W*(?:(?:did|have) you )?(?:just )?(?:had|have|get|got) (?:an? )?(?:\w+ )?{_GOOD} (?:\w+ )?{_VISIT}\b[^?]*\?",
        rf"^\W*(?:an? )?{_GOOD} {_VISIT}\b[^?]*\?",
        rf"^\W*did (?:we|our|dr|the)\b[^?]*{_DONE_WELL}[^?]*\?",
        rf"^[^?]*\bfeeling (?:\w+ )?(?:{_GOOD}|{_HAPPY}|confident|better)\b[^?]*\?",
        rf"^\W*(?:was|were|is) (?:your|our|everything|the)\b[^?]*\b{_GOOD}[^?]*\?",
        rf"^\W*(?:only |just )?(?:{_GOOD}|kind) things? to say[^?]*\?",
        r"^\W*thumbs up ?\?",
        r"^\W*are you (?:an?|one of our) (?:\w+ )?(?:happy|satisfied)\b[^?]*\?",
        _HAPPY_PATIENTS,
    )
)  # fmt: skip
_HOPED: Final = re.compile(rf"\bhope\b[^!?]*\b(?:{_LIKED}|{_HAPPY}|{_GOOD})\b")
_IF_SO: Final = re.compile(r"^\W*if (?:so|you did|yes|that is you|that's you)\b")
# What a post turns to in between, so that the question before has nothing to do with the request.
_TURNED: Final = re.compile(r"\b(?:call|book|schedule|comments?|tag|show|follow|join|come|see)\b")
_EVERYBODY: Final = re.compile(
    r"\b(?:either way|whether|whatever|no matter|(?:good|positive|great) (?:or|and|,) ?(?:the )?(?:bad|negative)|"
    r"(?:lov\w+|lik\w+|happy) (?:\w+ )?or (?:not|hat\w+|unhappy)|hated)\b|"
    r"\b(?:terrible|awful|so-so|meh|not so (?:much|\w+)|less than \w+|disappointed)\b[^?]*\?"
)
_ASKS_PRAISE: Final = re.compile(rf"\b{_PRAISE}(?: \w+)? reviews?\b|\b(?:5|five) stars\b")
_UNHAPPY: Final = re.compile(
    rf"\b(?:unhappy|unsatisfied|dissatisfied|disappointed|(?:not|n't|less than) (?:\w+ ){{0,2}}?(?:{_HAPPY}|{_GOOD})|if not|"
    r"anything (?:less|else)|concerned|thumbs down|a complaint|(?:[123]|one|two|three)(?: stars?)? or (?:less|fewer|lower|below)|(?:bad|poor|negative) "
    rf"{_VISIT}|if (?:you|it|we) (?:did not|didn't|don't|were not|weren't|was not|wasn't)|a (?:problem|complaint|concern))\b"
)
_TO_THE_PRACTICE: Final = re.compile(
    r"\bgive (?:us|me|our (?:office|practice)) a (?:call|ring)\b|\b(?:call|phone|ring|tell|text|e-?mail|message|dm|contact|talk|speak|write|come|go|reach|let|see)\b(?: out)?(?: to)? "
    r"(?:us|me|our|the (?:office|manager|practice)|dr)\b"
)
_FIRST: Final = re.compile(
    r"\b(?:first|instead|privately|in private|directly|in person|offline|manager|before (?:you )?(?:post|leav|writ|review|go)\w*)\b"
)
_BEFORE_REVIEW: Final = re.compile(
    r"\b(?:before|instead of|rather than) (?:you )?(?:post|leav|writ|giv)(?:e|ing)?\b (?:\w+ ){0,4}?review"
)

_PRIZE: Final = either(
    REWARD, r"\benter(?:ed)? (?:to|for a chance to) win\b", r"\bchance to win\b", r"\bwin (?:an?|one|two|\$)\b",
    r"\b(?:gift|prize) (?:basket|bag|pack)s?\b", r"\b(?:electric|sonic) toothbrush(?:es)?\b", r"\btickets?\b",
    r"\b(?:bonus |extra )?(?:entry|entries)\b", r"\b(?:free|complimentary) (?!to\b|of\b|parking\b)\w+\b", r"\bhampers?\b",
    r"\byou're in\b", r"\bin (?:the|a) (?:hat|draw(?:ing)?)\b", r"\b(?:coffee|lunch|treat|drink|dinner|cleaning|visit) is on us\b",
    r"\benter(?:ed)? (?:in(?:to)? )?(?:our|the|a|this) (?:\w+ ){0,2}?(?:draw(?:ing)?|raffle|contest|give-?away|sweepstakes)\b",
    r"\b\d+ points\b", r"\bwin (?:an?|our|the|this) \w+",
)  # fmt: skip
_LEFT: Final = r"(?:leav(?:e|es|ing)|writ(?:e|es|ing)|post(?:s|ing)?|giv(?:e|es|ing)|left|wrote|posted)"
_DEAL: Final = re.compile(
    either(
        # the review first
        rf"\b(?:leave|write|post|give|submit|drop|pop) {_TO_US}{_REVIEW}[^!?;]{{0,40}}?\b(?:and|to|for|we|you)\b[^!?;]{{0,30}}?{_PRIZE}",
        rf"\b(?:review|rate) us\b[^!?;]{{0,40}}?\b(?:and|to|for|we|you)\b[^!?;]{{0,30}}?{_PRIZE}",
        rf"\b(?:(?:show|send) (?:us|the|our)|bring (?:us |a |your )+)\b[^!?;]{{0,20}}? review\b[^!?;]{{0,40}}?{_PRIZE}",
        rf"\b(?:each|every|any) (?:\w+ ){{0,3}}?review\b[^!?;]{{0,40}}?(?:{_PRIZE}|\bdonat\w+|\$ ?\d|\bmeals?\b|\btrees?\b)",
        r"\breview (?:of the \w+ )?wins? (?:an?|free|our|\$)",
        rf"\b(?:who|whoever) {_LEFT} {_TO_US}{_REVIEW}[^!?;]{{0,40}}?{_PRIZE}",
        # what is given first
        rf"{_PRIZE}[^!?;]{{0,40}}?\b(?:for|when|if|by|per|in (?:return|exchange) for)\b (?:\w+ ){{0,3}}?(?:{_LEFT} {_TO_US}{_REVIEW}|(?:review|reviewing|rate) us\b)",
        rf"{_PRIZE}[^!?;]{{0,20}}?\b(?:for|per|with) (?:each|every|a|your|any) (?:\w+ ){{0,3}}?review\b",
        r"\b(?:donat\w+|plant|\$ ?\d+)\b[^!?;]{0,50}?\b(?:for|per|with) (?:each|every|a|your|any) (?:\w+ ){0,3}?review\b",
        rf"\b(?:bonus|extra) entry\b[^!?]{{0,20}}{_REVIEW}",
    )
)  # fmt: skip
_DENIED: Final = re.compile(
    r"\b(?:not|never|no(?! purchase)|none|nobody|without|[a-z]+n't)\b(?! (?:forget|hesitate|be shy)\b)"
)
_CONTEST: Final = re.compile(r"\b(?:give-?aways?|raffles?|contests?|enter to win|to enter|chance to win|sweepstakes)\b")
_ITEM: Final = re.compile(r"^(?=[\W\d])\W*\d{0,2}\W*$")
_CONTEST_REACH: Final = 10

_SUBJECT: Final = (
    r"(?:by name|names?\b|dr\b|doctor|dentist|hygienist|assistant|team member|staff|who (?:helped|treated|saw|took)|"
    r"treatments?|procedures?|services?|words?\b|keywords?|implants?|invisalign|whitening|braces|crowns?|veneers?)"
)
_IN_REVIEW: Final = r"\bin (?:your|the|a|that|any) (?:\w+ ){0,2}?review\b"
_SAY: Final = (
    r"\b(?:mention|include|name|write|tag|use the|highlight|shout out|tell (?:people|us|them|others|google)|say)\b"
)
_NAMED: Final = re.compile(
    either(
        rf"{_SAY} (?!your (?:honest )?(?:experience|opinion|thoughts))[^!?;]{{0,60}}?{_IN_REVIEW}",
        rf"\bshout-? ?out {_IN_REVIEW}",
        rf"\b(?:(?:your|a|the) (?:\w+ )?review|(?:review|rate) us)\b[^!?;]{{0,30}}?{_SAY}[^!?;]{{0,30}}?\b{_SUBJECT}",
    )
)
_SAY_WHAT: Final = re.compile(rf"{_SAY}[^!?;]{{0,30}}?\b{_SUBJECT}")
# What a review says already is not asked for; a question to its writer is.
_SAID_ALREADY: Final = re.compile(r"(?<!would )(?<!could )(?<!can )(?<!if )(?<!when )\byou(?: [\w']+)? $")
_REVIEWING: Final = re.compile(
    rf"^\W*(?:when |if |are you |you are )*(?:you )?(?:leav|writ|post)(?:e|ing) {_TO_US}{_REVIEW}"
)


def invitations_of(sentences: Sequence[str]) -> list[Sign]:
    """Return where an English text of the practice asks for reviews and how; a sentence with a sign is not `OPEN`."""
    lows = _unquoted([lowered(sentence) for sentence in sentences])
    asks = [_ask(lows, at) for at in range(len(lows))]
    found: list[Sign] = []
    for at, low in enumerate(lows):
        if _TOLD.search(low):
            continue
        signs = [*_gated(lows, asks, at), *_rewarded(lows, asks, at), *_on_yelp(lows, asks, at), *_worded(lows, at)]
        ask = asks[at]
        if ask and not signs:
            signs = [Sign(at + 1, *ask.span(), OPEN, "asks for a review")]
        found += signs
    return found


def invitation_acts(found: Sequence[Sign]) -> list[str]:
    """Return what a text asks for, each once: its signs, or else whether it asks for reviews at all."""
    acts = {sign.act for sign in found}
    return sorted(acts - {OPEN}) or [OPEN if acts else NONE]


def _unquoted(lows: Sequence[str]) -> list[str]:
    """Return the sentences with what stands between quotation marks blotted out, as long as before."""
    text = "\n".join(lows)
    return _QUOTED.sub(lambda quoted: re.sub(r"[^\n]", "_", quoted.group()), text).split("\n")


def _ask(lows: Sequence[str], at: int) -> re.Match[str] | None:
    """Return the first words of a sentence that ask for a review."""
    low = lows[at]
    for match in _ASK.finditer(low):
        before = low[: match.start()]
        told = _NOT_ASKED.search(before) or (_DONE_BY.search(before) and not match.group().startswith(_WISHES))
        if not (told and not _STILL_ASKED.search(before)) and not _IN_COMMENTS.match(low[match.end() :]):
            return match
    yours = _YOURS.search(low)
    return yours if yours and any(map(_REVIEWS.search, lows[max(0, at - 1) : at + 1])) else None


def _gated(lows: Sequence[str], asks: Sequence[re.Match[str] | None], at: int) -> list[Sign]:
    low, ask = lows[at], asks[at]
    if ask and not any(map(_EVERYBODY.search, lows[max(0, at - 2) : at + 1])):
        condition = _IF_HAPPY.search(low) or _HAPPY_ONES.search(low)
        if condition:
            return [Sign(at + 1, *condition.span(), GATED, "asks the happy alone for a review")]
        if _only_happy(lows[:at], low):
            return [Sign(at + 1, *ask.span(), GATED, "asks those for a review who are happy by the sentence before")]
        praise = _ASKS_PRAISE.search(low, ask.start(), ask.end())
        if praise:
            return [Sign(at + 1, *praise.span(), GATED, "asks for praise and not for a review")]
    sent_away = _sent_away(lows, asks, at)
    return [Sign(at + 1, *sent_away.span(), GATED, "sends the unhappy elsewhere than to a review")] if sent_away else []


def _only_happy(before: Sequence[str], low: str) -> bool:
    """Say whether a request turns to those alone whom one of the two sentences before it calls happy."""
    if not before:
        return False
    if _HAPPY_ONES.search(before[-1]) or (_HOPED.search(before[-1]) and _IF_SO.search(low)):
        return True
    return len(before) > 1 and bool(_HAPPY_ONES.search(before[-2])) and not _TURNED.search(before[-1])


def _sent_away(lows: Sequence[str], asks: Sequence[re.Match[str] | None], at: int) -> re.Match[str] | None:
    """Return the words that ask whoever is unhappy to tell the practice in place of everybody."""
    low = lows[at]
    to_us = _TO_THE_PRACTICE.search(low)
    if to_us and _BEFORE_REVIEW.search(low):
        return to_us
    if not any(asks[max(0, at - 2) : at + 2]):
        return None
    unhappy = any(map(_UNHAPPY.search, lows[max(0, at - 1) : at + 1]))
    return to_us if unhappy and _FIRST.search(low) else None


def _rewarded(lows: Sequence[str], asks: Sequence[re.Match[str] | None], at: int) -> list[Sign]:
    low, ask = lows[at], asks[at]
    deal = _DEAL.search(low)
    if deal and not _DENIED.search(low[: deal.end()]):
        return [Sign(at + 1, *deal.span(), REWARDED, "tells of something given for a review")]
    before = lows[max(0, at - _CONTEST_REACH) : at]
    listed = at and (_ITEM.search(lows[at - 1]) or _ITEM.search(low[: ask.start()] if ask else low))
    if ask and listed and any(map(_CONTEST.search, before)):
        return [Sign(at + 1, *ask.span(), REWARDED, "asks for a review to take part in a contest")]
    return []


def _on_yelp(lows: Sequence[str], asks: Sequence[re.Match[str] | None], at: int) -> list[Sign]:
    ask = asks[at]
    if not ask:
        return []
    yelp = _YELP.search(lows[at], ask.start())
    if not yelp or _FOUND_THERE.search(lows[at], ask.end(), yelp.start()):
        return []
    return [Sign(at + 1, *yelp.span(), ON_YELP, "asks for a review on Yelp")]


def _worded(lows: Sequence[str], at: int) -> list[Sign]:
    named = _NAMED.search(lows[at])
    if not named and at and _REVIEWING.search(lows[at - 1]):
        named = _SAY_WHAT.search(lows[at])
    if not named or _DENIED.search(lows[at][: named.end()]):
        return []
    before = lows[at][: named.start()]
    if _DONE_BY.search(before) or _SAID_ALREADY.search(before):
        return []
    return [Sign(at + 1, *named.span(), WORDED, "asks for a name or a treatment in the review")]
