"""What a comment does: asks, requests, complains, thanks, speaks for or against a practice, enters a contest, advertises;
and whether it has any substance.

Surprise: `question` and `complaint` are those that want an answer. A question that answers itself ("who knew?") is
none. Substance follows a stated rule: at least four words or a question, no tag alone, no contest entry, no spam;
copies lose it where the whole set is at hand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from pipelines.text.patterns import either
from pipelines.text.sentences import WORD, lowered
from pipelines.text.sentiment import Mood
from pipelines.text.signs import Sign

Act = Literal[
    "question", "request", "complaint", "thanks", "substantive", "advocacy", "discouragement", "contest", "spam"
]

FEWEST_WORDS: Final = 4
# How sure the sentiment must be before a sentence without a pattern is a complaint.
SURE_COMPLAINT: Final = 0.6

_TAG: Final = re.compile(r"(?<![\w@])@[\w.-]+")
_LINK: Final = re.compile(r"https?://\S+|\bwww\.\S+|\b(?:bit\.ly|t\.me|wa\.me|linktr\.ee)/\S+", re.IGNORECASE)
_RHETORICAL: Final = re.compile(
    either(
        r"\b(?:who knew|isn't (?:it|she|he|that|this)|aren't (?:they|we|you)|how (?:cute|cool|great|sweet|nice|funny|awesome|adorable|lovely)"
        r"|who else|what's not to love|am i right|or what|can you believe|guess (?:who|what)|why not|wasn't (?:it|she|he)|don't you (?:think|love|just)|"
        r"know what i mean|is it friday yet|who doesn't|how awesome)\b[^?]*\?|\b(?:right|really|what|huh|seriously|you know) ?\?+|^\W*\?+\W*$"
    )
)
_ASKS: Final = re.compile(
    either(
        r"^(?:(?:hi|hello|hey|so|and|but|ok|okay|just|also|please|quick question|question)[ ,:!-]+)*"
        r"(?:(?:do|does|did|can|could|would|will|are|r|is(?! it (?:just )?me\b)|was|were|have|has|should|may) (?:you|u|y'all|i|we|they|it|there|this|that|the|your|my|anyone|anybody|someone|somebody|he|she)\b"
        r"|(?:how|what|when|where|why|which|who(?! can relate)|whose) (?:r|u|do|does|did|can|could|would|will|is|are|was|were|have|has|should|much|many|long|old|often|soon|time|kind|about|far|of these|of your)\b"
        r"|(?:anyone|anybody|someone|somebody)(?: here| else| out there)? (?:know|been|tried|try|have|has|had|else|recommend|got|use|using|go|gone|able)\b"
        r"|any (?:recommendations?|suggestions?|advice|ideas?|tips|recs|openings|chance|luck)\b|what about|how about"
        r"|(?:you|u|y'all|you guys|u guys|they) (?:still )?(?:open|closed|taking|accepting|doing)\b|still (?:doing|taking|accepting|open|offering|hiring)\b)"
        r"|\b(?:(?:was|am|i'm|been|just) )?wondering (?:if|whether|how|what|when|where|who|about)\b|\bi(?:'d| would) like to (?:know|ask)\b"
        r"|\b(?:please |can (?:you|someone|somebody|anyone) (?:please )?|could (?:you|someone|somebody|anyone) (?:please )?)(?:tell me|let me know|send me|explain|advise|confirm)\b"
        r"|\b(?:does|do|has|have|can|could|is|did|would) (?:anyone|anybody|someone|somebody|you guys|y'all)\b|\blet me know (?:if|when|how|what|whether)\b"
        r"|\blooking for (?:a|an|some|somebody|someone|recommendations?|advice|the name|suggestions?)\b|\bneed (?:a|some) (?:recommendation|recommendations|advice|help finding)\b|\bneed (?:the|your|a) (?:phone |fax )?(?:number|address|hours|e-?mail|link|name of)\b"
    )
)
_BLAME: Final = re.compile(
    either(
        r"\b(?:nobody|no one|no-one|none of you|never (?:answers?|calls? back|picks? up|responds?|repl(?:y|ies)|called|got|heard|received|answered|came|return\w*|respond\w*|replied)|not (?:one|a single) (?:call|reply|answer|response|word)|"
        r"no (?:answer|reply|response|call ?back|refund|results?|apology|explanation|one (?:answered|called|picked))|still (?:no|waiting|haven't|have not|not|nothing|hasn't)|"
        r"(?:called|rang|emailed|e-mailed|messaged|tried|phoned|asked|left) (?:\w+ ){0,4}?(?:times|twice|messages?|voicemails?|weeks?|days) ?(?:and|but|with|,)|"
        r"(?:over)?charged (?:me|us|twice|double|for)|billed (?:me|us|twice|for)|got a bill|wrong bill|double[- ]booked|"
        r"(?:was|were|been|got) (?:\w+ )?(?:rude|ignored|rushed|dismissed|overcharged|cancel?led|moved|lied|treated like|spoken to|turned away|left waiting|kept waiting|put on hold|hung up)|"
        r"(?:waited|sat|stood|waiting|on hold)\b.{0,24}\b(?:hours?|minutes|weeks?|months?|an hour|forever)|(?:hours?|minutes|weeks|months) (?:late|past|behind|on hold|later and)|"
        r"disappoint\w+|unacceptable|ridiculous|shame(?: on|ful| how| that)|a shame|disgust\w*|appall\w+|terrible|horrible|awful|worst (?:\w+ ){0,3}ever|worst|pathetic|a joke|rip[- ]?off|scam(?:med)?|"
        r"unprofessional|rude|could(?:n't| not) (?:have been less|care less|be bothered)|gone downhill|going downhill|waste of|fed up|sick of|tired of (?:being|waiting|calling)|crashed again|"
        r"lost (?:my|our) (?:slot|appointment|records?|paperwork|x-?rays)|without (?:asking|telling|notice|warning|a word)|broken promise|promised|not ok(?:ay)?\b|"
        r"has been (?:\w+ )?(?:days|weeks|months)|doesn't work|does not work|not working|keeps? (?:crashing|cancel?ling|changing|moving)|times that are (?:already )?gone)\b"
    )
)
# The practice, its people or its ways must be meant, or the complaint is about the weather.
_UNBLAMED: Final = re.compile(
    either(
        r"\b(?:no complaints|nothing worse than|not (?:bad|terrible|rude)|never (?:had )?a (?:bad|long|problem|complaint)|"
        r"(?:town|city|road|bridge|traffic|weather|storm|team|game|season|election|school board|airline|other (?:office|place|practice|dentist|doctor))\b)"
    )
)
_SOMEBODY: Final = re.compile(r"\b(?:i|we|me|us|my|our|you|your|they|them|staff|office)\b")
_FOR: Final = re.compile(
    either(
        r"\b(?:(?:highly|totally|definitely|strongly|can only|always|absolutely|would|100%|really|do) recommend|recommend(?:ed)? (?:them|him|her|this (?:place|practice|office|clinic|team|doctor|dentist)|dr\b|going|these)|"
        r"(?:go|went|head|take (?:him|her|them)) (?:to|see|there|with)(?: \w+)? .{0,40}\b(?:regret|love|best|great|wonderful|eyes closed|amazing|happy)|"
        r"(?:you|everyone|everybody) (?:should|need to|have to|gotta|must) (?:\w+ )?(?:go|see|try|call|book|visit|meet|check (?:them|it) out|read this)|go see (?:them|him|her|dr)|give them a (?:call|try)|"
        r"(?:best|greatest|nicest|kindest|most caring) (?:\w+ )?(?:dentist|doctor|doc|pediatrician|hygienist|practice|office|clinic|team|staff|place|orthodontist|care|therapist|surgeon|optometrist|vet|midwife|gp|nurse|people)|"
        r"(?:they|she|he|(?:these|those) (?:guys|people|folks))(?: are| r|'re|'s| is) (?:simply |just |truly |hands down |honestly )?the (?:best|greatest|goat)|(?:10|11|12|100)/10|best decision|love (?:this (?:place|practice|office|clinic|team)|them|these (?:people|guys|folks)|my dentist|my doctor|our dentist|our doctor|dr\b)|"
        r"can(?:'t|not) say enough (?:good|great|nice)|can(?:'t|not) recommend (?:them|this place|her|him) enough|without a doubt|hands down|"
        r"been (?:going|coming|a patient)(?: here| there| to| with)\b.{0,30}\b(?:years?|since|forever|life)|we (?:all )?(?:go|drive) (?:to|there|here)\b|(?:whole|entire) family (?:goes|go|sees|loves)|"
        r"(?:won't|wouldn't|would not|will not) (?:\w+ )?(?:go|trust|take \w+|see|drive) (?:anywhere|anybody|anyone) else|only (?:place|one|office|dentist|doctor|ones?)(?: that)? (?:i|we) (?:\w+ )?(?:trust|go|recommend)|"
        r"worth (?:the|every) (?:drive|wait|trip|penny|mile)|second (?:this|that|them)|\+1|seconding|ask for (?:\w+)\b|real deal|this is the (?:place|office|practice|dentist|doctor|one) (?:that )?(?:i|we)|"
        r"(?:you (?:will|won't|would)|you'll) (?:not )?(?:love|regret|be happy|be in good hands)|(?:i|we) disagree\b|not (?:true|my experience|our experience)|"
        r"(?:they|she|he|dr\.? \w+) (?:have|has|were|was|is|are) (?:always|so|really|very|super|incredibly|nothing but) (?:\w+ ){0,2}?(?:good|great|kind|fair|gentle|patient|wonderful|caring|helpful|honest|amazing|fantastic|lovely|sweet)|"
        r"(?:try|see|call) (?:my|our) (?:dentist|doctor|pediatrician)|never push|in good hands)\b"
    )
)
_TAGGED: Final = re.compile(
    either(
        r"\b(?:look|check|see|you (?:should|need|have|must|could|might)|this is|told you|telling you|for you|we should|need this|thought of you|read this|this one|here|"
        r"what do you think|remember|this place|go here|try)\b"
    )
)
_AGAINST: Final = re.compile(
    either(
        r"\b(?:avoid(?! (?:sugar|snack|straw|food|hot|cold|hard|sticky|rinsing|brush\w*|touching|the (?:sun|straw|heat)))|stay(?:ing)? (?:far )?away|steer clear|keep away|run the other way|run away|"
        r"(?:would|will|wouldn'?t|would not|will not|won'?t|could not|couldn'?t|can'?t|cannot|do not|don'?t|never) (?:\w+ )?(?:not |never )?(?:recommend(?! (?:them|him|her|it|this place|this office) enough| enough)|send (?:a |my |any\w* |anybody|anyone)|go back|be back|return|come back|go (?:there|here)(?! unless)|trust (?:them|this)|book (?:here|there)|bother|waste your)|"
        r"never again|(?:look|go|went|going|find|try|took \w+|take your \w+) (?:for )?(?:elsewhere|somewhere else|somebody else|someone else)|think twice|beware|warn(?:ing)? (?:you|everyone|others)|"
        r"not (?:them|this place|that place|worth it)|switched (?:\w+ )?(?:after|because|dentists|doctors|practices|offices)|left (?:\w+ ){0,3}?(?:over|because)|left (?:them|this place|this practice)|do yourself a favou?r|"
        r"wouldn'?t (?:take|trust|let)|should have (?:done it|left|switched) sooner|don'?t go|do not go|do not use|don'?t use (?:them|this))\b"
    )
)
# Friends are named without an @ where a platform writes the tag as a name.
_NAMED: Final = re.compile(
    r"^[A-Z][a-z]+ [A-Z][a-z]+,? (?:you (?:need|should see|have to see|must see) (?:this|to (?:see|go|try))|look at this|check this|this is (?:the|for you)|we should|read this)"
)
# What somebody is thanked for, or that it is somebody: a thank-you alone, a sign-off and a turn of speech are none.
_THANKS: Final = re.compile(
    either(
        r"(?<!no )\b(?:thanks|thx|thank (?:you|u|ya)|tysm|big thank[- ]you)\b(?! (?:in advance|anyway|goodness|for nothing|but)\b)(?:(?:,| all| both| guys| again| so much| very much| a (?:lot|million|bunch)| y'all| so| u)* "
        r"(?:for (?!(?:coming|reading|watching|following) (?:to|by|along)\b)\w+|to (?:you|y'all|u|dr|doctor|everyone|everybody|all|(?:the|your|our|this) (?:\w+ ){0,2}?(?:team|staff|crew|office|practice|clinic|ladies|guys|nurses?|doctors?|dentists?|hygienists?|people|front desk))\b|(?:dr|doctor|nurse)\b)"
        r"|(?:,| all| both| guys| again| so much| very much)+, (?:i|we|my|our|you)\b)"
        r"|\bthank (?:\w+ ){1,4}enough\b|\b(?:i|we)(?:'m| am|'re| are)? (?:\w+ )?(?:grateful|thankful) (?:for|to) (?:you|your|dr|doctor|the (?:team|staff|whole|care|kind|people)|everyone|everybody)\b"
        r"|\b(?:i|we) (?:\w+ ){0,2}?appreciate (?:you|your|y'all|how you|what you|that you|the (?:team|staff|care|help|kind\w*|time|call))\b"
    )
)
# Enough beside praise, which tells that it is no sign-off.
_THANKS_ALONE: Final = re.compile(
    r"\b(?<!no )(?:thanks|thx|thank[- ]?(?:you|u|ya)|tysm|grateful|(?<!have )(?:much|really|greatly) appreciated|(?:would|want to|d) (?:like to )?thank)\b"
    r"(?! (?:in advance|anyway|goodness|for nothing|but|to the)\b)"
)
# What a practice can do for who asks it; to ask others to pass something on is no request to it.
_REQUEST: Final = re.compile(
    either(
        r"^\W*(?:(?:hi|hello|hey|so|and|but|also|ok|okay|yes|guys|all)\W+)*(?:please|pls|plz|kindly) (?:also |just |do )?"
        r"(?:call|ring|phone|text|e-?mail|message|dm|contact|get back|reply|respond|answer|write|send(?! help)|let|add|open|offer|post|bring|put|make|fix|update|change|extend|consider|book|schedule|reschedule|cancel|move|remove|take|help|explain|confirm|include|show|have|use)\b(?! (?:it|this) (?:with|to) (?:every|your))",
        r"^\W*(?:call|ring|phone|text|e-?mail|message|contact|send|add|post|bring|put|book|cancel|move|let|show) (?:me|us|my|our|the|more|some|it|that|this|back)\b.*\b(?:please|pls|plz)\W*$",
        r"\b(?:i|we)(?:'d| would) (?:like|love) to (?:book|schedule|make an|cancel|move|reschedule|change my|register|sign up|get an appointment|come in)\b",
        r"(?<!if )(?<!when )\b(?:i|we) (?:need|want) to (?:book|schedule|cancel|reschedule|move (?:my|our|the)|change my|make an appointment)\b",
        r"\b(?:i|we) need an? (?:\w+ )?appointment\b",
    )
)
# The only two that need the capital of a name: “Not Oak Dental.”, “Second Oak Dental, …”.
_NOT_THEM: Final = re.compile(r"^Not (?:[Dd]r\.? )?[A-Z]")
_SECONDS: Final = re.compile(r"^Second(?:ing)? (?:[Dd]r\.? )?[A-Z]")
_TURNED: Final = re.compile(
    r"\bhighly recommend avoid|\brecommend (?:staying away|avoiding|you (?:look|go) elsewhere)\b"
)
_PREFERENCE: Final = re.compile(
    r"\brecommend (?:the|a|an|using|trying|rinsing|brushing) (?!team|place|practice|office|doctor|dentist|clinic|staff)"
)
_CONTEST: Final = re.compile(
    either(
        r"\b(?:giveaway|sweepstakes?|raffle(?! at| ticket stand)|enter(?:ing|ed)? (?:to win|the|this|me|please)|entering|entry(?= ?:)|pick me|choose me|"
        r"(?:to|hope (?:i|we)(?: can)?|would love to|i'd love to|want to|wanna|could|gonna|going to|please let me|never) win(?: this| anything| it| one)?|count me in|"
        r"good luck (?:all|everyone|everybody|to (?:all|everyone))|(?:liked|followed|shared|tagged|done)(?:,| and| &| \+)+ ?(?:and )?(?:liked|followed|shared|tagged|done|saved|commented)|fingers crossed|me please)\b"
    )
)
_CONTEST_POST: Final = re.compile(
    r"\b(?:giveaway|sweepstakes?|raffle|(?:chance|enter|like|share|tag|comment|follow)\b.{0,60}\bto win|win (?:a|an|this|one|two|free)\b|we(?:'ll| will) (?:draw|pick|choose) (?:a|the|one|two|three) (?:lucky )?winners?|contest|prize)\b",
    re.IGNORECASE,
)
_SPAM: Final = re.compile(
    either(
        r"\b(?:(?:earn|make|made|making|earned|earning|invest(?:ed|ing)?)\b.{0,12}[$£€] ?\d[\d,.]*k?|[$£€] ?\d[\d,.]*(?:k)? (?:a|per|every|in|weekly|daily) ?(?:day|week|month|hour|\d+ hours)?|work(?:ing)? from (?:home|your phone|anywhere)\b.{0,40}\b(?:dm|message|earn|contact|link)|"
        r"(?:crypto|bitcoin|forex|binary options|nft)s?\b|(?:dm|inbox|whatsapp|telegram|hit up) (?:me|her|him|us)\b|(?:message|contact|write|text) (?:me|her|him|us)? ?(?:on|via|through) (?:whatsapp|telegram|instagram)|on (?:whatsapp|telegram)\b|"
        r"(?:check|visit|see|click|tap) (?:out )?(?:the link (?:in|on) )?my (?:page|profile|bio|channel|story|link)|link in my (?:bio|profile)|click (?:the |this |on )?(?:link|here)|follow me\b|follow (?:for|4) follow|f4f|l4l|follow back|"
        r"free followers|buy followers|promot(?:e|ion) (?:it|this|your)? ?on @?\w+|send (?:it|pic) to @|get (?:your|my) (?:money|funds|ex|account) back|got my (?:money|funds|ex|account) back|recover(?:y|ed)? (?:expert|agent|my (?:money|funds|account))|"
        r"(?:cured|healed) (?:my|me)\b.{0,60}\b(?:herb\w*|contact|email|spell)|spell ?caster|herbal (?:cure|doctor|medicine) |designer bags|cheap (?:pills|meds|viagra)|viagra|casino|onlyfans|loans? (?:offer|available|approved)|"
        r"be (?:your|my) friend|sugar (?:daddy|mummy|baby)|hot deals|giveaway on my|100% legit|guaranteed (?:profit|returns?))\b"
    )
)


def is_substantive(text: str, asks: bool) -> bool:
    """Return whether a text has `FEWEST_WORDS` words besides tags and links, or asks; a fact of shape in any language."""
    bare = _LINK.sub(" ", _TAG.sub(" ", text))
    return len(WORD.findall(bare)) >= FEWEST_WORDS or (asks and bool(WORD.search(bare)))


def acts_by_shape(text: str, post: str = "", *, names_friend: bool = True) -> list[Act]:
    """Return what can be said of a text in a language that is not judged.

    That is a link or a tag that stands alone, a contest above it, a question mark, and the number of words.
    """
    if _only_links(text):
        return ["spam"]
    if post and _CONTEST_POST.search(post):
        return ["contest"]
    if names_friend and _TAG.search(text) and not WORD.search(_TAG.sub(" ", text)):
        return ["advocacy"]
    asks = bool(re.search(r"[?\u00bf\u037e\u061f\uff1f]", _LINK.sub(" ", text)) and WORD.search(text))
    found: list[Act] = ["question"] if asks else []
    return [*found, "substantive"] if is_substantive(text, asks) else found


def question_of(sentences: Sequence[str]) -> Sign | None:
    """Return the first question of an English post to its readers; one that answers itself is none."""
    for number, sentence in enumerate(sentences, 1):
        low = _LINK.sub(" ", lowered(sentence))
        if "?" in low and not _RHETORICAL.search(low):
            return Sign(number, 0, len(sentence), "question", "asks")
    return None


def acts_of(
    sentences: Sequence[str], moods: Sequence[Mood], post: str = "", *, names_friend: bool = True
) -> list[Sign]:
    """Return the acts of an English comment.

    `post` is the text of the post it stands under; `names_friend` is False where its tags name nobody but the practice.
    """
    whole = " ".join(sentences)
    low = lowered(whole)
    advertises = _SPAM.search(low) or _only_links(whole)
    if advertises:
        return [Sign(0, advertises.start(), advertises.end(), "spam", "words or links of advertising")]
    entry = _CONTEST.search(low)
    if entry:
        return [Sign(0, entry.start(), entry.end(), "contest", "words of a contest entry")]
    if post and _CONTEST_POST.search(post):
        return [Sign(0, 0, 0, "contest", "stands under a contest")]
    found: list[Sign] = []
    for number, (sentence, mood) in enumerate(zip(sentences, moods, strict=True), 1):
        found += _acts_of_sentence(sentence, mood, number)
    if names_friend and not found:
        found += _tag(whole, low)
    if any(each.act == "discouragement" for each in found):
        found = [each for each in found if each.act != "advocacy"]
    # Who tags a friend speaks to the friend.
    if not (names_friend and _TAG.search(whole)):
        found += _addressed(sentences, moods, {each.act for each in found})
    distinct: dict[str, Sign] = {}
    for each in found:
        distinct.setdefault(each.act, each)
    if is_substantive(whole, "question" in distinct):
        distinct["substantive"] = Sign(0, 0, 0, "substantive", f"at least {FEWEST_WORDS} words, or a question")
    return list(distinct.values())


def _only_links(text: str) -> re.Match[str] | None:
    return _LINK.search(text) if not WORD.search(_LINK.sub(" ", text)) else None


def _acts_of_sentence(sentence: str, mood: Mood, number: int) -> list[Sign]:
    low = lowered(sentence)
    found: list[Sign] = []

    def add(act: Act, match: re.Match[str] | None, reason: str) -> None:
        start, end = match.span() if match else (0, len(sentence))
        found.append(Sign(number, start, end, act, reason))

    without_links = _LINK.sub(" ", low)
    asks = _ASKS.search(without_links)
    if "?" in without_links:
        if not _RHETORICAL.search(without_links):
            add("question", asks, "asks")
    elif asks:
        add("question", asks, "asks, without a question mark")
    against = _AGAINST.search(low) or _TURNED.search(low) or _NOT_THEM.match(sentence)
    speaks_for = _FOR.search(low) or _SECONDS.match(sentence)
    if against:
        add("discouragement", against, "words that send others away")
    elif speaks_for and not (asks and "?" in low) and not _PREFERENCE.search(low):
        add("advocacy", speaks_for, "words that speak for a practice")
    blame = _BLAME.search(low)
    blameless = _UNBLAMED.search(low) or (speaks_for and not against)
    if blame and not blameless:
        add("complaint", blame, "words of a complaint")
    elif _sounds_like_blame(sentence, low, mood) and not (blameless or against or asks):
        add("complaint", None, f"sounds like a complaint (probability {mood.sure:.2f})")
    return found


def _addressed(sentences: Sequence[str], moods: Sequence[Mood], beside: set[str]) -> list[Sign]:
    """Return the first thanks and the first request, which are worth a reply; who warns of a practice asks it nothing."""
    found: list[Sign] = []
    lows = [_LINK.sub(" ", lowered(sentence)) for sentence in sentences]
    lengths = [len(WORD.findall(low)) for low in lows]
    praises = any(
        mood.sentiment == "positive" and length >= FEWEST_WORDS for mood, length in zip(moods, lengths, strict=True)
    )
    for number, (low, length) in enumerate(zip(lows, lengths, strict=True), 1):
        thanks = (_THANKS.search(low) if length >= FEWEST_WORDS else None) or (praises and _THANKS_ALONE.search(low))
        if thanks:
            found.append(Sign(number, *thanks.span(), "thanks", "thanks somebody"))
        request = None if "?" in low or "discouragement" in beside or _ASKS.search(low) else _REQUEST.search(low)
        if request:
            found.append(Sign(number, *request.span(), "request", "asks for something to be done"))
    return found


def _sounds_like_blame(sentence: str, low: str, mood: Mood) -> bool:
    return (
        mood.sentiment == "negative"
        and mood.sure >= SURE_COMPLAINT
        and len(WORD.findall(sentence)) >= FEWEST_WORDS
        and _SOMEBODY.search(low) is not None
    )


def _tag(whole: str, low: str) -> list[Sign]:
    """Return the naming of a friend: a tag alone, or one with words that hand the post on."""
    named = _NAMED.search(whole)
    if named:
        return [Sign(0, named.start(), named.end(), "advocacy", "names a friend")]
    tag = _TAG.search(whole)
    if not tag:
        return []
    rest = _TAG.sub(" ", low)
    if not WORD.search(rest) or _TAGGED.search(rest):
        return [Sign(0, tag.start(), tag.end(), "advocacy", "names a friend")]
    return []
