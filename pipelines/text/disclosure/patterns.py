"""How the classes are said: the rules of each class, and the words that make one when somebody is in the sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipelines.text.disclosure.vocabulary import (
    AILMENT,
    BODY,
    CONDITION,
    CONDUCT,
    FAMILY,
    MONEY,
    OCCASION,
    PROCEDURE,
    RECORD,
    REVIEW,
    WHEN,
)
from pipelines.text.patterns import either


@dataclass(frozen=True)
class Rule:
    """One class told by patterns alone, whoever the sentence speaks of."""

    code: str
    pattern: re.Pattern[str]
    # Whether words about everybody ("our policy", "anyone") take the rule back.
    unless_general: bool = False


def _rule(code: str, *patterns: str, unless_general: bool = False) -> Rule:
    return Rule(code, re.compile(either(*patterns)), unless_general)


_DEFINITE: Final = r"(?:the|that|those|these|this|new|old|both|such a|a|an|another|one)"
_PLACE: Final = r"(?:us|our (?:\w+ )?(?:office|practice|team|clinic|staff|doctors?|dentists?|providers?|care|hands|family|surgery|door|hygienists?)|here|dr\.? \w+)"
_ROLE: Final = r"(?:dentist|doctor|hygienist|provider|physician|therapist|surgeon|specialist|orthodontist|nurse|pediatrician|paediatrician|oral health|health|dental (?:care|needs|home|health|work)|care team)"
RULES: Final[tuple[Rule, ...]] = (
    # P1: the relationship itself, however friendly.
    _rule(
        "P1",
        r"\b(?:our|a|such a|being a|being our|being such an? \w+|as a|valued|loyal|great|favou?rite|best|wonderful|long-?time|longstanding|new|regular|established|returning|model|ideal|amazing) patients?(?: of (?:ours|our|dr)| (?:here|with us|like you|for))",
        r"\b(?:being|are|were|remain(?:ing)?|become|becoming|is) (?:such )?(?:an? |our |one of our |the )(?:\w+ )?(?:\w+ )?patients?\b(?! advocate| coordinator)",
        r"\b(?:patients?|people|folks|families|someone|somebody) like (?:you|yours|yourself|yourselves)\b", r"\bthinking of us\b|\bsecond chance\b|\banother chance\b", r"\byears together\b|\bmany more (?:years|visits)\b|\bthat smile\b|\bappreciate ya\b",
        r"\b(?:lett?(?:ing)? us|lucky to|privileged? to|honou?r(?:ed)? to|pleasure to|joy to|able to) (?:be part of|look after|care for|treat|serve|help|walk|get to know|take care)\b(?! (?:this|the|our) (?:town|community|city|area|neighbou?rhood)| everyone| families| people)", r"\byour (?:\w+ )?journey\b|\bwhen(?:ever)? you(?:'re| are)? (?:get )?(?:back|ready for|next)\b|\bcome by\b|\bpart of your\b", r"\bas (?:a|our) (?:\w+ ){0,2}patient\b", r"\bvalued patient\b",
        r"\b(?:tak(?:e|es|ing)|took|taken) (?:good |great |such good |excellent |the best )?care of you\b",
        r"\b(?:caring|care|cared) for you\b(?! to)",
        r"\b(?:treat|treated|treating|see|seeing|seen|saw|meet|meeting|met|having|had|have|serve|serving|served|welcome|welcoming|welcomed|know|knowing|"
        r"get to know|getting to know|look(?:ing|ed)? after|accommodat(?:e|ed|ing)|host(?:ed|ing)?|greet(?:ed|ing)?) (?:both (?:of )?|all (?:of )?)?you\b"
        r"(?! (?:questions?|concerns?|any|a chance|know))",
        r"\b(?:choos(?:e|ing)|chose|pick(?:ed|ing)|trust(?:s|ed|ing)?|entrust(?:ed|ing)?|select(?:ed|ing)|visit(?:ed|ing)|stopping by|com(?:e|ing) (?:in|back|to|by)|came (?:in|back|to|by)|return(?:ed|ing) to|"
        r"stick(?:ing)? with|stay(?:ing|ed)? with|join(?:ed|ing)|confidence in|faith in|being with|referring (?:your )?(?:friends?|family) to) (?:\w+ ){0,3}?" + _PLACE,
        r"\b(?:your|you for (?:the|your)) (?:continued |ongoing |many years of |years of |\w+ )?(?:loyalty|trust|business|patronage|patience during|confidence)\b",
        r"\bwelcome (?:back|to (?:the|our) (?:\w+ )?(?:family|practice|office|clinic))\b", r"\b(?:part|member) of (?:our|the) (?:\w+ )?family\b",
        r"\bsee you\b", r"\b(?:come|coming|came) back\b", r"\bback (?:in|to) (?:see|the chair|our chair|our office)\b", r"\bin (?:the|our) chair\b",
        r"\b(?:the |your |any )?(?:care|service|treatment|attention|help|results?|experience|time|stay|outcome) (?:that )?(?:you|we (?:gave|provided|delivered|offered))\b(?: \w+){0,2}? (?:receiv|had|got|have|you|experienc|deserv|want|expect)?",
        r"\byour (?:\w+ )?(?:experience|time|relationship|journey|progress|stay) (?:at|with|in|here)\b",
        r"\byou(?:'ve| have| had| are having)? (?:\w+ )?(?:had |have |enjoyed |received |got )(?:\w+ ){0,3}(?:experience|service|care|time|treatment)",
        r"\byour (?:beautiful |new |bright |lovely |healthy |gorgeous |winning )?smiles?\b",
        rf"\byour (?:\w+ )?{_ROLE}\b", r"\b(?:glad|happy|honou?red|grateful|proud|thrilled|delighted|pleased|lucky|sorry) (?:that )?(?:we|dr\.? \w+|our \w+|the team|everyone) (?:could|were able to|was able to|got to|can|did|made|helped|took|let you|failed)\b",
        r"\bone of (?:them|our (?:\w+ )?(?:favou?rites?|patients|regulars))\b", r"\bour (?:very )?(?:first|newest|oldest|favou?rite) patients?\b",
        r"\byou (?:have |had )?(?:been|come|came|were|left|felt|feel|leave) (?:coming|with us|to us|here|our|in|at ease|comfortable|so comfortable)\b",
        r"\byou (?:will )?(?:always )?(?:have|found|find) a (?:dental |medical )?(?:home|team)\b", r"\bin good hands\b",
        r"\bmiss(?:ed)? you\b", r"\b(?:made|make|making|keep|kept|keeping) (?:you|your)\b(?! (?:post|review|comment|aware))",
        r"\byour (?:care|treatment|health|case|situation|file|needs)\b", r"\bwe (?:\w+ )?(?!thank|hear|hope|wish|want|know|promise|assure|ask|encourage|invite|urge)\w+ you\b", r"\byou and yours\b", r"\blet you down\b",
        r"\blong time no see\b|\bit(?:'s| has|'s been| is) (?:been )?(?:a |such a |too )?(?:long|minute)(?: time)?\b(?! (?:to|for|since we (?:opened|moved)))|\b(?:our|the) (?:\w+ )?(?:mon|tues|wednes|thurs|fri|satur|sun)day (?:\w+ )?regulars?\b|\bour paths\b|\bsince we (?:last )?(?:met|saw|spoke)|\bface to the (?:voice|name)|\b(?:drive|trip|way|traveling|travelling) (?:\w+ )*to (?:us|see us|our)\b|\bbringing (?:the |your )(?!concern|matter|issue|feedback|problem)\w+",
    ),
    # P2: the denial.
    _rule(
        "P2",
        r"\b(?:no|not|n't|nor|never|without|zero|cannot|unable to|any) (?:\w+ ){0,4}?(?:record|trace|file|listing|entry|appointment|booking|evidence|history|sign) (?:of|for|that|in|under|with|matching)\b",
        r"\b(?:cannot|can't|could not|couldn't|unable to|not able to|did not|didn't|don't|do not|failed to) (?:\w+ )?(?:find|locate|identify|match|recogni[sz]e|place|see) (?:any(?:one|body)?|you|your|a|this|that|the) ?(?:\w+ )?(?:name|patient|person|record|file|appointment|account|anyone|under|in our|among|profile|reviewer|individual|experience|visit)?",
        r"\b(?:not|n't|never|neither|isn't|aren't|wasn't) (?:(?:been|have been|a|an|one of|our|even|actually|ever|currently|and never) ){1,4}(?:patients?|clients?|customers?|seen|treated|here|visited|registered|ours|in our|at our|to our|through our|inside|set foot)\b",
        r"\bnever (?:actually |even |once |have |been )*(?:seen|treated|visited|met|came|come|set foot|been|heard|had (?:an|a|any)|stepped|registered|examined|walked|booked|worked on|serviced)\b",
        r"\b(?:nobody|no ?one|no patient|no person|none of our patients)(?: \w+)? (?:by|with|under|of|named|called|has|matching|goes by)\b",
        r"\b(?:wrong|different|another|other) (?:practice|office|clinic|dentist|doctor|business|location|provider)\b.{0,40}\b(?:mistak|confus|review|mean|think|must|mix)|\b(?:mistak|confus|mix|must|meant)\w*.{0,50}\b(?:wrong|different|another|other|someone else|somebody else|us (?:for|with)) ?(?:practice|office|clinic|dentist|doctor|business|location|provider)?",
        r"\b(?:zero|no) match(?:es)?\b|\bsome other dr\b|\bnever seen\b", r"\b(?:isn't|is not|aren't|are not|wasn't|was not|never) (?:in|on) our (?:system|books|records|database|patient list|schedule|files)\b",
        r"\bnot (?:a |an )?(?:real|actual|genuine|legitimate|former|current) (?:patient|client|customer|person)\b", r"\b(?:do not|don't) (?:know|recogni[sz]e) (?:who )?(?:you|this)\b",
        r"\b(?:do not|don't) know (?:any|of any) (?:\w+ )?(?:person|patient|one)\b", r"\bnot someone (?:we|our)\b", r"\bstranger to (?:us|our)\b",
    ),
    # P3: times of one person.
    _rule("P3", rf"\byour (?:\w+ |\w+-\w+ |\d+:\d+ ){{0,3}}{OCCASION}\b", r"\bboth times\b|\bforward to (?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\bnobody came\b", r"\bthat (?:day|morning|afternoon|evening|night)\b", r"\b(?:no-shows?|in and out in|running behind on|squeezed (?:you|him|her)|waited for you|fit(?:ted)? you in|it (?:had|has) been \w+ (?:years|months|weeks) since)\b", r"\b(?:sorry|apologi[sz]e|regret|apologies) .{0,30}\b(?:wait|delay|late|appointment|visit|running behind|reschedul\w+|cancel\w+|mix-up)\b",
          r"\b(?:thank|thanks|appreciate) .{0,20}\b(?:visit|stopping|coming|waiting|dropping|patience (?:while|during|when|with the))\b",
          r"\b(?:the|that|this|last|first|next|recent) (?:\w+ )?(?:appointment|visit|check-?up)\b", unless_general=True),
    _rule("P3", r"\b(?:two|three|four|five|several|\d+) (?:cancellations|no-shows|missed \w+)\b"),
    _rule("P3", r"\b(?:that|last|this past) (?:mon|tues|wednes|thurs|fri|satur|sun)day\b", r"\byour (?:\w+ |\w+-\w+ |\d+:\d+ ){0,3}(?:appointments?|visits?|recall|slot|session|bookings?|arrival|no-?shows?|cancel\w+|turn|check-?in|wait)\b"),
    # P6: one person's money that needs no "you".
    _rule("P6", r"\b(?:the|that|this|last|remaining|outstanding|half of (?:that|the)) (?:\w+ )?(?:invoice|balance|copay|co-pay|deductible|claim|amount|sum|refund|quote)\b", r"\b(?:medicare|medicaid|cigna|aetna|delta dental|humana|metlife|blue cross|united ?healthcare|your plan|the plan|insurance|insurer)(?:'s)? (?:\w+ )?(?:paid|pays for|does not pay|doesn't pay|denied|rejected|refused|covered|declined|lapsed|only|did not|didn't)\b",
          r"\b(?:the|that|your) (?:\w+ )?(?:discount|coupon|fee|total|receipt|payment|credit)\b.{0,40}\b(?:was|were|had|has been)\b", r"\b(?:quoted|billed|charged|paid|owed|refunded|credited|reimbursed) (?:\w+ )?(?:\$|£|€|\d|one|two|three|four|five|six|seven|eight|nine|ten|twice|in full|the|back|half)", unless_general=True),
    # P8: what is written down or remembered about one person.
    _rule("P5", rf"\b{AILMENT}\b", rf"\b(?:living|dealing|struggling|coping|suffering) with (?:\w+ )?{CONDITION}\b", unless_general=True),
    _rule("P4", r"\b(?:was|were|been) (?:\w+ )?(?:offered|recommended|explained|discussed|scheduled|proposed) and (?:\w+ )?(?:declined|turned down|refused|accepted|agreed|signed|ignored)\b"),
    _rule("P8", r"\b(?:pulled|replayed|played back|went back to|listened (?:back )?to) (?:up )?(?:the|our|your|that) (?:\w+ )?(?:audio|tape|call|line|video|footage|log|logs|sheet|calendar|books?|thread|messages?)\b"),
    _rule("P2", r"\b(?:name|person|account|profile|reviewer|individual)\b(?: \w+){0,3} (?:does|do|did) ?(?:not|n't) (?:appear|match|exist|show up|come up|ring)\b", r"\bmust have (?:sat|been|stood|walked|come|set foot)\b.{0,60}\b(?:did|has|was|have) not\b"),
    _rule("P10", r"\b(?:was|is|were) one of th(?:ose|em) (?:mornings|afternoons|evenings|days|people|individuals|moments)\b"),
    _rule("P5", r"\b(?:speedy|quick|fast|full|good|smooth) recovery\b|\bfeel(?:ing)? better\b|\bget well\b", unless_general=True),
    _rule("P8", r"\blistened (?:back )?to (?:the|that|your) (?:\w+ )?(?:call|message|voicemail|recording|tape)\b|\b(?:the|that|your) (?:call|conversation) (?:itself )?(?:was|went|lasted)\b"),
    _rule("P8", r"\b(?:our|the|my|internal|office|phone|call|clinical) (?:\w+ )?(?:records?|notes|logs?|charts?|system|schedule|files?|cameras?|cctv|recordings?|footage|documentation|paperwork|database|appointment book)(?: \w+)? (?:show|shows|showed|say|says|indicate|indicates|confirm|confirms|prove|proves|reflect|reflects|tell|tells|reveal|list|lists|state|states|contain|contains|have|has|clearly|document|documents|disagree)\b",
          r"\baccording to (?:our|the|my) (?!law|american|guid)", r"\b(?:remembers?|recalls?|recollect\w*|recollection)\b(?! to)", r"\b(?:signed|on file|on record)\b", r"\byour (?:\w+ ){0,2}(?:chart|records?|files?|notes|x-?rays?|radiographs?|scans?|consent|paperwork|history|images?|forms?|intake|voicemails?)\b",
          r"\b(?:review|reviewed|checked|looked|pulled|went|listened|watched|examined|searched|consulted|audited|read)(?: \w+){0,3}? (?:the|our|your|this) (?:\w+ )?(?:records?|files?|charts?|notes|system|schedule|appointment|recordings?|footage|logs?|x-?rays?|case|cameras?|history|database|account|paperwork|scans?)\b",
          r"\b(?:staff|team|assistant|hygienist|receptionist|front desk|doctor|nurse|manager|dr\.? \w+|she|he|i) (?:\w+ )?(?:noted|documented|wrote down|recorded|logged|reported that|told me|tells me|informed me|confirmed|confirms|witnessed|overheard|charted)\b",
          r"\b(?:colleagues|team|staff|people|witnesses|us) (?:were|was) (?:there|in the room|present)\b", r"\b(?:wrote|written|took|taken) (?:\w+ )?(?:down|notes)\b|\bwas written\b", r"\b(?:went|gone|going) (?:back )?(?:over|through)\b", r"\b(?:tape|footage|cameras?|recordings?|texts|emails|messages|time-?stamps?|call history) (?:with \w+ |from \w+ )*(?:\w+ \w+ )?(?:show|tell|speak|prove|say|every)\w*\b",
          r"\b(?:before|after)(?: and after)? (?:pictures|photos|images|x-?rays)\b", r"\b(?:witness(?:es)?|caught on camera|on tape|time-?stamp\w*)\b", r"\bwe (?:have|keep|hold) (?:\w+ )?(?:documentation|documents|proof|evidence|texts|emails|recordings?|footage|notes|records|photos)\b(?! (?:securely|safe|confidential|private|for))",
          unless_general=True),
    # P9: relatives.
    _rule("P9", rf"\byour (?:\w+ |\w+-\w+ ){{0,2}}{FAMILY}\b(?!'?s? (?:and friends )?(?:about|of us))", rf"\b(?:both|all|two|three|four) (?:of )?(?:your|the) {FAMILY}\b",
          rf"\b(?:treat(?:ed|ing)|seeing|saw|see|met|meeting|loved|love|having|had|caring for|enjoy(?:ed)?|helping|helped|looking after) (?:\w+ )?(?:the |both )?(?:{FAMILY})\b",
          r"\b(?:mom|mum|dad|baby|grandma|grandpa|mother|father|granny|nana|hubby)(?:'s)? (?:and|is|are|was|were|did|has|says?|back|feels?)\b|\b(?:both|the|two) (?:boys|girls|kids|brothers|sisters|twins)\b|\b(?:hello|hi|hug|regards|love|five|best|wishes) (?:to|from|for) (?:the |your |little )*(?:"
          rf"{FAMILY})\b",
          r"\bthe (?:little (?:one|ones|guy|girl|boy)|kiddos?)\b"),
    # P10: behaviour told of somebody who is not named.
    _rule("P10", r"\b(?:shouting|yelling|screaming|cursing|swearing|snapping|throwing|spitting|calling|berating|insulting|threatening|storming|barging|harassing|showing up|coming in|walking in|refusing|demanding) (?:at |out |in |up |my |our |the |names )+", r"\b(?:spoken|talked|spoke) to (?:in such|like that|this way|that way)", r"\b(?:outburst|tantrum|escorted|spit(?:ting)? (?:at|on)|being asked to)\b", r"\btake no for an answer\b|\bmaking a (?:fuss|scene)\b|\bsome (?:folks|people|patients) (?:just |simply )?(?:do not|don't|cannot|can't|never|refuse|expect|think)\b", r"\b(?:in|as in) this case\b"),
    # P11: identifiers.
    _rule("P11", r"\b(?:your|his|her|their|the patient's) (?:\w+ ){0,2}(?:cell|mobile|phone number|number|e-?mail address|address|ssn|social security|date of birth|dob|birth ?day|birth ?date|zip|licen[cs]e|policy number|member (?:id|number)|photos?|pictures?|selfie|employer|workplace|house|street|neighbou?rhood|car|plate|ip)\b",
          r"\b(?:ssn|social security number|d\.?o\.?b\.?|date of birth|birth ?date)\b", r"\b(?:chart|record|account|policy|member|patient|case|claim|id|file|mrn|reference|invoice)(?: (?:number|no\.?|id))? ?(?:#|number|no\.?)? ?\d{4,}\b",
          r"\b(?:you|him|her|them)(?: back)? (?:at|on) (?:\S+@\S+|\(?\d{3}\)?[-. ]\d{3})", r"\b(?:live|lives|living|reside|resides|work|works|employed) (?:at|on|in|near|for) (?!our|the)(?:\d+ )?[\w']+(?: street| road| avenue| lane| drive)?", r"\b(?:photos?|pictures?|images?|video) of (?:you|your|her|his|them|the)\b",
          r"\b\d{1,2}/\d{1,2}/(?:19|20)?\d\d\b", r"\bborn (?:on|in)\b", r"\b(?:called|texted|emailed|e-mailed|phoned|faxed|mailed|messaged|wrote to|reached) (?:you|him|her)\b.{0,30}(?:\d{3}[-. ]\d{4}|@)", r"\bip address\b", r"\bhappy (?:\w+ )?birthday\b", r"\byour (?:work|home|personal|private) (?:e-?mail|phone|number|address|line)\b", r"\bending (?:in )?\d{2,}", r"\b(?:ending in|last four digits) \d+"),
    # N1: threats and accusations.
    _rule("N1", r"\b(?:sue|suing|sued|lawsuit|litigation|legal (?:action|proceedings|steps|consequences|team|counsel|matter|options|recourse|people|folks|advis\w+|representati\w+|department)|court|defam\w+|libel\w*|slander\w*|cease and desist|press(?:ing)? charges|prosecut\w+|small claims|legally)\b",
          r"\bsee what happens\b|\bkeep (?:this|it) up and\b|\blegal (?:team|department)\b", r"\bmade[- ]up (?:stories|story|reviews?|claims)\b|\bconsequences\b|\b(?:letter|word) from (?:our )?counsel\b|\bif this (?:stays|remains|is not)\b|\bwhole town\b", r"\b(?:attorneys?|lawyers?|solicitors?|police|law enforcement|sheriff|authorities)\b(?!.{0,20}\b(?:each|every|yearly|annually))(?! (?:reviews?|recommend|general))(?!.{0,40}polic(?:y|ies))", r"\b(?:liars?|scamm?ers?|scam artist|fraud(?:ster|ulent)?|crooks?|trolls?|extort\w*|blackmail\w*|con artist|thie(?:f|ves)|malicious\w*)\b",
          r"\b(?:this|your|these|such|that|you|the|a|his|her) (?:\w+ ){0,3}(?:is |are |was |were |posts? |spread(?:ing)? )?(?:\w+ )?(?:a |an |all |pure |just )?(?:lie|lies|lying|lied|false|fake|untrue|fabricat\w+|made[- ]up|bogus|fiction|nonsense|dishonest)\b",
          r"\b(?:or (?:else|face|you will|we will|we'll|expect)|you(?:'ll| will| are going to) (?:regret|be sorry|hear from|pay|be hearing|be blocked|be reported|answer))\b", r"\b(?:know|find out|found out|figured out) (?:exactly )?(?:who|where) (?:you|this)\b", r"\breport(?:ing|ed)? (?:you|him|her)\b",
          r"\b(?:no (?:dentist|doctor|practice|office|clinic)|every (?:dentist|doctor|office)) (?:\w+ ){0,4}(?:see|treat|accept|warn|know|take|hear)", r"\b(?:warn|warning|warned|tell|telling|let) (?:others?|all the|everyone (?:you|about|what|that)|every (?:doctor|dentist|practice|office)|the other|your (?:employer|boss|family))", r"\bwill (?:expose|name|publish|share your)\b", r"\bremove (?:this|your|it|the \w+) .{0,25}\b(?:or|immediately|now|within|before)\b", r"\btake (?:this|it|that|your \w+) down (?:or|now|immediately|within|before|today)\b"),
    # N2: a deal about a review.
    _rule("N2", rf"\b(?:gift ?cards?|(?:coffee|thank-you|store) cards?|vouchers?|coupons?|discount|\d+ ?% off|percent off|\$ ?\d+|free|complimentary|refund\w*|credit|raffle|prize|giveaway|drawing|entered|reward|bonus|perk|on us|on the house|no charge|waive\w*|make it worth|compensat\w+|upgrade|gift|treat you|thank-you gift|cash)\b.{{0,90}}\b(?:{REVIEW}|take (?:this|it|that) down|remov\w+|delet\w+|revis\w+|five|5)\b",
          rf"\b(?:{REVIEW}|take (?:this|it|that) down|remov\w+|delet\w+|revis\w+|edit\w*|recommend\w*)\b.{{0,90}}\b(?:gift ?cards?|(?:coffee|thank-you|store) cards?|vouchers?|coupons?|discount|\d+ ?% off|percent off|\$ ?\d+|free(?! to)|complimentary|refund\w*|credit|raffle|prize|giveaway|drawing|entered|reward|bonus|perk|on us|on the house|no charge|waive\w*|make it worth|compensat\w+|upgrade|gift|cash)\b",
          rf"\b(?:if|once|when|after|as soon as|in exchange|in return|provided)\b.{{0,70}}\b(?:remov\w+|delet\w+|take .{{0,20}}down|chang\w+|updat\w+|revis\w+|edit\w*|withdraw\w*|rais\w+|post|leave|write|bump)\b.{{0,30}}\b{REVIEW}\b",
          rf"\b(?:remov\w+|delet\w+|take|chang\w+|updat\w+|revis\w+|edit\w*|withdraw\w*|reconsider\w*|rais\w+|leave us|give us|write us|post)\b.{{0,40}}\b{REVIEW}\b.{{0,40}}\b(?:and|if|then|so|when|once|after|in exchange|in return)\b.{{0,60}}\b(?:we|your|you|get|receive|fix|make)\b",
          rf"\b(?:rates?|rated|reviews? us|bump|five stars|5 stars|{REVIEW})\b.{{0,60}}\b(?:off the bill|knock|dollars off|% off|on the house|for free)\b|\b(?:dollars|%|percent) off\b.{{0,80}}\b(?:rates?|reviews?|stars?|post)\b", rf"\b(?:drop|waive|forget|lower|reduce|cancel|refund|return|write off|forgive|credit|wipe)\b.{{0,40}}\b(?:once|if|when|after|as soon as|the moment|provided)\b.{{0,40}}\b(?:{REVIEW}|gone|down|removed|deleted)\b", r"\b(?:if|once|after) we (?:\w+ ){0,4}(?:you|the|your|this|it)\b.{0,60}\b(?:remove|delete|change|update|take|revise|edit|five|5|stars?)\b", unless_general=False),
    _rule("N2", r"\bin (?:return|exchange) for (?:an? |your |the )?(?:\w+ )?(?:edit|change|removal|update|correction|deletion)\b|\bmake it right financially\b"),
    # N3: advice to one person.
    _rule("N3", r"\byou (?:should|must|need to|ought to|have to|can|could|may|might want to|had better|'d better) (?:\w+ )?(?:take|stop|start|use|rinse|apply|avoid|eat|drink|switch|double|reduce|increase|try|ice|brush|floss|see|get|keep|wear|rest|continue|skip|ask your|go|put|massage|elevate|swap)\b(?! (?:in touch|us\b|more (?:about|on)|our))",
          rf"\b(?:sounds?|looks?|seems?) like (?:you|it|a|an|this|that|the)\b.{{0,30}}\b(?:{CONDITION}|{BODY}|have|need)\b", r"\byou (?:do not|don't|won't|needn't|will not) (?:really )?need (?:a|an|the|to|any)\b",
          rf"\b(?:that|this|such|some|the|a little|mild|any) (?:\w+ )?(?:{CONDITION}|{PROCEDURE}) (?:is|are|should|will|usually|normally)\b.{{0,30}}\b(?:normal|nothing|fine|expected|settle|pass|go away|subside|common|harmless|serious)\b",
          r"^(?:please |just |simply |then )?(?:cut|leave|take|stop|start|rinse|apply|double|halve|avoid|gargle|ice|put|place|switch|drink|eat|elevate|swish|use|brush|floss|increase|reduce|try|keep|continue|finish|skip|alternate|soak|massage|hold)\b(?! (?:care|our|us|a moment|in touch|the time|in mind|a look))(?:.{0,60})\b(?:"
          rf"{CONDITION}|{BODY}|{PROCEDURE}|water|salt|days?|hours?|ice|heat|ibuprofen|tylenol|advil|paracetamol|aspirin|dose|cream|ointment|gel|twice|times|meals?|tablets?|mouthwash|toothpaste|compress)\b",
          r"\b\d+ ?(?:mg|milligrams|ml)\b", r"\b(?:it|that|this)(?:'s| is| was) (?:just|only|likely only|probably only|probably just|most likely just|probably|most likely|likely|clearly|simply)(?: a| an)? (?:\w+ )?(?:" + CONDITION + r")\b", r"\bnothing to worry\b|\bperfectly normal\b|\bwill go away\b"),
)  # fmt: skip

# Rules that need somebody in the sentence (you, he, "this patient"): the class is told by what is said of them.
ABOUT: Final[dict[str, re.Pattern[str]]] = {
    code: re.compile(rf"(?<![\w-]){words}(?![\w-])")
    for code, words in (
        ("P4", PROCEDURE), ("P5", either(CONDITION, BODY)), ("P6", MONEY), ("P9", either(r"his|her", FAMILY)), ("P8", RECORD), ("P10", CONDUCT), ("P3", either(OCCASION, WHEN)),
    )
}  # fmt: skip
THE_CASE: Final[dict[str, re.Pattern[str]]] = {
    code: re.compile(rf"\b{_DEFINITE} (?:\w+ |\w+-\w+ ){{0,2}}?{words}(?![\w-])")
    for code, words in (("P4", PROCEDURE), ("P5", either(CONDITION, BODY)), ("P6", either("claim", "balance", "copay", "deductible", "charge", "refund", "invoice", "estimate", "account", "insurance")), ("P3", either("appointment", "visit", "delay")))
}  # fmt: skip
WE_DID: Final = re.compile(
    either(
        r"\b(?:we|i|they|dr\.? \w+|our \w+|who|it) (?:\w+ )?(?:billed|charged|refunded|waived|treated|prescribed|diagnosed|performed|removed|extracted|"
        r"placed|did|referred|numbed|injected|examined|cleaned|fixed|repaired|pulled|filled|delivered|operated|dismissed|discharged|submitted|"
        r"rescheduled|cancelled|canceled|squeezed|fitted|gave|offered|explained|warned|advised|recommended|called|told|asked|tested|saw|found|discussed)\b"
    )
)
