"""What patients write about: nineteen topics and three alerts, several a sentence, each with its polarity and reason.

Surprise: the unit is the clause ("kind but late" is two), and a topic's polarity is that of its clause. "In and out" is
praise for not waiting and a complaint about haste, so it is decided by what stands around it.

Patterns give the reason and the labels to learn from; the trained part finds what nobody thought of. Alerts are
patterns only: there was nothing labelled to learn them from, so they find few and need a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import numpy as np

from pipelines.text.linear import Buckets, buckets_of, load, probabilities, word_grams
from pipelines.text.patterns import Beginnings, either
from pipelines.text.sentences import words_of
from pipelines.text.sentiment import Mood, mood_of

Polarity = Literal["positive", "neutral", "negative", "unsure"]

BUCKETS: Final = 1 << 15
# One cut for all topics. A lower one finds more in the hospital comments that were left out of training, and adds more
# that is wrong to short sentences on dentists; see docs/models.md.
SURE: Final = 0.5
# Topic: words of praise, words of complaint, words that only tell what it is about.
PATTERNS: Final[dict[str, tuple[str, str, str]]] = {
    "wait_on_site": (
        r"\bon time\b|no wait(?:ing)?\b|(?:seen|taken|called) (?:in |back )?(?:right away|straight away|"
        r"promptly|immediately|quickly|early|before my)|never (?:had to|have to) wait|(?:hardly|barely) (?:any )?wait|didn't (?:have to )?wait|prompt(?:ly|ness)?\b|punctual",
        r"(?:wait(?:ed|ing|s)?|sat|sitting|kept|late by) (?:\w+ ){0,4}?(?:\d+|an?|half|two|three|four|five|several|over|almost|more than)? ?(?:\w+ )?(?:hours?|hrs?|minutes?|mins?)\b|"
        r"(?:hours?|minutes?|mins?) (?:late|wait|past|after my|in the waiting)|running (?:behind|late)|(?:long|ridiculous|endless|forever) (?:in the )?wait(?!ing (?:list|time for an app))|"
        r"waiting room (?:for )?forever|kept (?:me |us )?waiting|late every|overbook|double book",
        r"\bwait(?:ing)? times?\b(?! for an? app)|in the waiting room|\bwaited\b|on the day of",
    ),
    "scheduling_access": (
        r"(?:got|get|gets|fit|fitted|squeezed|saw) (?:me|us|him|her) in\b|same[- ]day|easy to (?:book|schedule|get an app|make an app)|quick(?:ly)? (?:appointment|appt)|flexible (?:hours|appoint|schedul)|"
        r"(?:appointment|appt)s? (?:quickly|easily|promptly|same day|the next day)|accommodat\w+ (?:my|our) (?:schedule|app)",
        r"(?:wait(?:ed|ing)?|booked|book) (?:\w+ ){0,4}?(?:days|weeks?|months?|years?)\b|(?:can't|cannot|can not|couldn't|could not|never|impossible to|hard to|difficult to|unable to|struggle to|trying to|difficulty) (?:\w+ )?(?:get|getting|book|booking|make|making|see|find)"
        r" (?:an? |any |the )?(?:app\w*|gp|doctor|dr|slot)|no (?:appointments?|openings|availability|slots)|not enough appointments|(?:cancel\w+|resched\w+|moved|changed|postponed) (?:on me|my|our|the|twice|again|three)|turned away|waiting list|8 ?am\b|out of appointments",
        r"\bappointments?\b|\bappts?\b|\bschedul\w+|\bbooking\b|\bopening hours\b|\baccess to (?:a |the )?(?:gp|doctor)",
    ),
    "phone_digital": (
        r"(?:answer\w*|pick\w* up|return\w*) (?:my |the |our |every )?(?:call|phone)|called (?:me |us )?(?:right )?back|easy (?:online|to reach)|text reminder|online (?:booking|system) (?:is|was|works) (?:great|good|easy|well)",
        r"on hold|(?:no ?one|nobody|never|not|don't|won't|doesn't) (?:ever )?(?:answer\w*|pick\w* up|call\w* (?:me |us )?back|return\w* (?:my )?calls?|r[ai]ng (?:me )?back|phoned? back)|voicemail|get(?:ting)? through|(?:phone|portal|website|app|line|online \w+) (?:\w+ ){0,3}?(?:not work|doesn't work|down|busy|engaged|broken|confusing|difficult|terrible)|in the queue|engaged tone",
        r"\bphones?\b|\btelephone\b|\bcalls\b|\bonline\b|\bwebsite\b|\bportal\b|\be-?mails?\b|\btexts?\b(?! book)|\bapp\b|\bpatches?\b|\becons?ult|\bqueue\b|\bringing\b|\bvideo (?:call|link|confer)",
    ),
    "front_desk_staff": (
        r"(?:friendly|lovely|helpful|kind|nice|great|polite|welcoming|amazing|sweet|wonderful|pleasant|excellent) (?:\w+ ){0,2}?(?:reception\w*|front desk|front office|desk staff|office staff|admin\w*)|(?:reception\w*|front desk|office staff|admin\w*) (?:\w+ ){0,4}?(?:friendly|lovely|helpful|kind|nice|great|polite|welcoming|amazing|wonderful|excellent|efficient)|welcoming staff|remembered my name",
        r"(?:rude|unhelpful|abrupt|unfriendly|hostile|arrogant|dismissive|nasty|awful|horrible|incompetent) (?:\w+ ){0,2}?(?:reception\w*|front desk|desk staff|office staff|admin\w*)|(?:reception\w*|front desk|office staff|admin\w*) (?:\w+ ){0,5}?(?:rude|unhelpful|abrupt|unfriendly|attitude|ignored?|dismissive|awful|horrible|shouted)|attitude at the",
        r"\breception(?:ists?)?\b|\bfront desk\b|\bfront office\b|\boffice staff\b|\boffice manager\b|\badmin(?:istrat\w+)?\b|\bsecretar\w+|\bcheck(?:ed|ing)? in\b|\bthe lady at the desk",
    ),
    "clinical_team": (
        r"(?:great|lovely|gentle|kind|wonderful|excellent|amazing|brilliant|caring|fantastic|helpful|friendly|nice|best) (?:\w+ ){0,2}?(?:nurs\w+|hygienists?|(?:dental |medical )?assistants?|physio\w*|midwi\w+|therapists?|phlebotomist)|(?:nurs\w+|hygienists?|assistants?|physio\w*|midwi\w+|therapists?) (?:\w+ ){0,4}?(?:great|lovely|gentle|kind|wonderful|excellent|amazing|brilliant|caring|fantastic|helpful|explained)",
        r"(?:rough|rude|careless|unprofessional) (?:\w+ ){0,2}?(?:nurs\w+|hygienists?|assistants?)|(?:nurs\w+|hygienists?|assistants?) (?:\w+ ){0,5}?(?:rough|rude|careless|could not find|couldn't find|abrupt|unhelpful)",
        r"\bnurs(?:e|es|ing)\b|\bhygienists?\b|\b(?:dental|medical|healthcare) assistants?\b|\bassistants?\b|\bphysio\w*|\bmidwi\w+|\bphlebotom\w+|\bcpn\b|\btherapists?\b",
    ),
    "bedside_manner": (
        r"\blisten(?:s|ed|ing)?\b|\bcaring\b|compassion\w*|\bkind(?:ness|ly)?\b(?! of)|empath\w+|(?:patient|gentle|polite) with (?:me|us|my|her|him)|respect(?:ful|fully|ed)?\b|with (?:dignity|respect)|understanding|courteous|attentive|personable|warm\b|reassur\w+|put (?:me|us|him|her) at (?:my |our |his |her )?ease|made (?:me|us) feel (?:\w+ )?(?:comfortable|welcome|at ease|safe|special|heard|valued|cared)|treat\w* (?:me|you|us) (?:like|as) (?:a (?:person|human)|family)|bedside manner|considerate|supportive|sympathetic",
        r"(?:did not|didn't|doesn't|not|never|don't|won't|wasn't|weren't) (?:even |being |really )?(?:listen\w*|care\b|caring|interested)|dismiss(?:ive|ed)|arrogan\w+|condescend\w+|patroni[sz]\w+|talked down|\bcold\b|uncaring|belittl\w+|disrespect\w*|\brude\b|unsympathetic|no (?:empathy|compassion|respect|bedside)|ignored (?:me|my|us)|brushed (?:me )?off|judgmental|like a number|not (?:being )?(?:heard|taken seriously)",
        r"\battitude\b|\bmanner\b",
    ),
    "explanation_consent": (
        r"explain(?:s|ed|ing)?\b|answer\w* (?:all |every |any )?(?:of )?(?:my |our |the )?questions?|(?:gave|give|giving|given) (?:me|us) (?:\w+ )?(?:options|information|advice|choices)|walk(?:s|ed) (?:me|us) through|(?:well|kept|fully) informed|clear(?:ly)? (?:information|explan|instruct|advice)|informative|told (?:me|us) (?:exactly )?what|involved in (?:the )?decisions?",
        r"(?:never|not|didn't|did not|no|without|doesn't|don't|wasn't|hardly) (?:\w+ ){0,3}?(?:explain\w*|explanation|informed|information|told (?:me|us|what|why)|consent|options|ask(?:ed)? (?:me|us|my))|left (?:me |us )?confused|more (?:information|explanation|clarity)|conflicting (?:information|advice)|unclear|kept in the dark",
        r"\bexplanations?\b|\binformation\b|\bconsent\b|\boptions\b|\bquestions\b|\bleaflets?\b",
    ),
    "time_with_clinician": (
        r"(?:takes?|took|taking|spends?|spent|gave|gives|give) (?:\w+ ){0,3}?(?:time\b)(?! off)|(?:never|not|didn't|doesn't|don't|without) (?:feel(?:ing)? |felt |being |be |once )*(?:rush\w*|hurr\w+)|unhurried|unrushed|spent (?:an hour|over an|\w+ minutes) with",
        r"(?<!never )(?<!not )(?<!never felt )(?<!never feel )(?<!not feel )(?<!without being )(?<!didn't feel )\b(?:rushed|hurried|rushing)\b|assembly line|conveyor belt|like cattle|(?:saw|seen|see) (?:the |by the |a |me for )?(?:doctor|dentist|dr|gp)? ?(?:for )?(?:only |barely |just )?(?:\w+ )?(?:two|five|2|5|0|few|couple of) minutes|(?:\d+|five|ten) ?min(?:ute)?s? (?:\w+ ){0,3}?(?:not enough|too short)|not enough time|longer (?:appointments?|sessions?)|more time (?:with|to)|in a (?:rush|hurry)|too (?:short|quick|brief)\b",
        r"\btime with (?:the|me|my|us|each)\b|\blength of (?:the )?(?:app|session)",
    ),
    "pain_anxiety": (
        r"pain(?:-|\s)?free|painless|\bgentle\b|(?:no|without|zero|any|minimal|little|never felt|didn't feel (?:a thing|any|the)|did not feel a thing) (?:\w+ )?(?:pain|discomfort)|(?:didn't|did not|never|couldn't|don't) (?:even )?(?:feel|felt) (?:a thing|anything|it)|(?:calm\w*|sooth\w*|eas\w+) (?:my |me |our )?(?:nerves|down|fears?|anxiety)|(?:barely|hardly) felt",
        r"\bpainful\b|(?:so|really|very|too|extremely|lot of|in|excruciating|terrible|severe|horrible|unbearable) (?:much )?pain\b|\bhurt(?:s|ing)?\b|not (?:even )?numb|wasn't numb|\bbrutal\b|\brough\b|\bagony\b|excruciating|\bsore\b|traumati[sz]\w+",
        r"\bpain\b|\bnumb(?:ing|ed)?\b|\banxi\w+|\bnervous\b|\bafraid\b|\bfear(?:s|ed|ful)?\b|\bscared\b|\bphobi\w+|\bsedat\w+|\bneedles?\b|\binjections?\b",
    ),
    "skill_diagnosis": (
        r"knowledgeable|thorough(?:ly|ness)?|profession\w+|competent|skill(?:ed|ful|s)|expert(?:ise)?\b|efficient(?:ly)?|caught (?:the|a|it|my)|best (?:dentist|doctor|surgeon|gp|hygienist)|(?:great|excellent|good|brilliant|amazing|fantastic|wonderful|outstanding|superb) (?:dentist|doctor|surgeon|gp|dr)s?\b|knows? (?:what|his|her|their)|diagnos\w+ (?:correct|right|quick)",
        r"misdiagnos\w+|(?:missed|overlooked) (?:a|the|my|an|it)|botched|incompeten\w+|wrong (?:tooth|diagnos\w+|medic\w+|prescription|dose|filling)|unprofessional|(?:mistake|error)s?\b|messed up|clueless|careless|malpractice|negligen\w+|didn't know what|butcher\w*|not (?:qualified|trained|competent)",
        r"\bdiagnos\w+|\bexamin\w+|\bcompetence\b|\bexperienced\b",
    ),
    "results_outcome": (
        r"(?:looks?|turned out|came out|fits?|feels?) (?:great|perfect\w*|amazing|natural|beautiful\w*|fantastic|good|like new|wonderful)|(?:feel\w*|much|so much|lot) better|(?:love|loving) my (?:new )?(?:smile|teeth|veneers|crown|implants?|look)|changed my life|life[- ]changing|made a (?:\w+ )?difference|\bhealed\b|back to normal|recovered|still (?:perfect|going strong|holding)|improved my|helped me (?:a lot|so much|to)|great results?|problem (?:solved|fixed)",
        r"(?:fell|came|broke|popped|cracked) (?:out|off|apart|again)|infected|infection|had to (?:be )?(?:redo\w*|redone|replaced|go back)|(?:worse|no better) (?:than|after)?|\bfailed\b|doesn't fit|didn't (?:fit|help|work|last)|still (?:in pain|hurts|not right|have (?:the )?(?:problem|pain))|uneven|complications?",
        r"\bresults? of (?:the|my) (?:treat|surg|proc)|\boutcome\b|\brecovery\b",
    ),
    "overtreatment_honesty": (
        r"\bhonest(?:y|ly)?\b(?! i)|(?:doesn't|don't|never|not|didn't|without) (?:\w+ )?(?:push\w*|upsell\w*|pressur\w+|try to sell)|(?:told|said) (?:me )?(?:i |that i |it )?(?:did not|didn't|wasn't|don't) (?:need|necessary)|trustworth\w+|\btrust (?:him|her|them|this|my|dr)|integrity|conservative|no (?:pressure|upsell\w*|unnecessary|hard sell)|second opinion (?:agreed|confirmed)|ethical",
        r"(?<!no )(?<!never )(?<!not )(?<!without )(?<!doesn't )(?<!don't )\bupsell\w*|unnecessary|(?:found|suddenly (?:had|have)|told me i had) (?:\w+ )?(?:\d+|two|three|four|five|six|seven|eight|nine|ten) (?:new )?cavities|(?<!never )(?<!not )(?<!doesn't )(?<!don't )\bpush(?:ed|ing|y)?\b|sales (?:pitch|tactic\w*)|\bscam\w*|didn't (?:actually )?need|did not need|dishonest|\blied\b|\blies\b|\bcrooks?\b|only (?:care|interested) (?:about|in) (?:the )?money|money[- ](?:grab|hungry|driven)|fraud\w*",
        r"\bsecond opinion\b|\btrust\b",
    ),
    "billing_insurance": (
        r"(?:handl\w+|help\w*|took care of|deal\w* with|work\w* with|sorted|file\w*) (?:\w+ ){0,3}?insurance|no (?:surprise|hidden) (?:\w+ )?(?:bills?|fees?|charges?|costs?)|no surprises|clear (?:estimate|billing)|upfront (?:about|with) (?:\w+ )?(?:cost|pric|fee|bill)",
        r"surprise (?:bill|charge)|bill(?:ed|ing) (?:\w+ ){0,3}?(?:twice|wrong\w*|error|mistake|issue|problem|nightmare|incorrect\w*)|collections|overcharg\w+|(?:charged|billed) (?:me|us|my) (?:\w+ )?(?:for|twice|extra|\d)|said they (?:took|accept\w*) my|refus\w+ to refund|(?:no|never got (?:my|a)) refund|hidden (?:fees|charges)|wrong (?:code|bill|charge)",
        r"\binsurance\b|\bbill(?:s|ed|ing)?\b|\bclaims?\b|\bco-?pay\w*|\bdeductible\b|\brefund\w*|\binvoice\w*|\bestimates?\b|\bcharged?\b",
    ),
    "cost_value": (
        r"reasonabl[ey] (?:pric\w+|rates?|cost\w*|fees?)|affordab\w+|worth (?:every|the|it)|good value|fair(?:ly)? pric\w+|(?:great|good|best|fair|low|reasonable) (?:pric\w+|rates|value)|payment plans?|inexpensive|not expensive",
        r"(?<!not )\bexpensive|rip[- ]?off|ripped off|overpriced|(?:twice|double|triple) the (?:price|cost)|cost(?:s|ed)? (?:me )?(?:a fortune|too much|an arm)|pric[ey]y|too (?:much money|dear|high)|outrageous (?:price|fee|cost)\w*|can't afford",
        r"\bpric(?:e|es|ing)\b|\bcosts?\b|\bfees?\b|\bdiscounts?\b|\bmoney\b",
    ),
    "cleanliness_safety": (
        r"spotless|immaculate|(?:very |so |super |always |nice and |is |was |really )clean\b(?! my| out)|clean (?:and|office|practice|environment|facilit\w+|room|place|ward|surgery|clinic|premises)|steril\w+|hygienic|well[- ]kept",
        r"\bdirty\b|filthy|unclean|not (?:very )?clean\b|blood on|(?:didn't|did not|never|without) (?:\w+ )?(?:chang\w+|wear\w*|wash\w*) (?:\w+ )?(?:gloves|masks?|hands)|smell(?:s|ed|y)|\bstains?\b|stained|unhygienic|unsanitary|\bmould|\bmold\b|\bdusty?\b|cockroach|\bgrubby\b",
        r"\bcleanliness\b|\bhygiene\b(?! app| visit)|\bmasks?\b|\bgloves\b|\binfection control\b|\bcleaner\b",
    ),
    "facility_comfort": (
        r"(?:modern|beautiful|comfortable|comfy|nice|lovely|pleasant|relaxing|bright|new|welcoming|calm|great|accessible|cozy) (?:\w+ )?(?:office|facilit\w+|waiting (?:room|area)|building|surgery|environment|clinic|chairs?|decor|atmosphere|premises|place|ward|room)|state of the art|state-of-the-art|(?:easy|plenty of|ample|free|good) parking|latest (?:tech|equip)\w*|convenient(?:ly)? (?:locat\w+|place)",
        r"(?:no|not enough|terrible|difficult|nowhere|lack of|limited|expensive|poor) (?:\w+ )?(?:parking|to park|seating|seats|chairs)|cramped|(?:old|outdated|broken|dated|tired|run[- ]down|shabby) (?:\w+ )?(?:equipment|building|office|facilit\w+|chairs?|furniture|decor|lift)|not accessible|hard to find|too (?:cold|hot|small|noisy|crowded|loud)|uncomfortable (?:chairs?|seats?|waiting|bed)|no (?:lift|elevator|ramp|air con\w*|toilet)",
        r"\bparking\b|\bcar park\b|\bbuilding\b|\bequipment\b|\bfacilit\w+|\bwheelchair\b|\bchairs?\b|\bseat(?:s|ing)\b|\blift\b|\belevator\b|\bdecor\b|\btoilets?\b|\bheating\b|\blocation\b|\bwi-?fi\b|\bnois[ey]\b|\benvironment\b|\bfood\b|\bmusic\b",
    ),
    "follow_up": (
        r"follow(?:s|ed|ing)?[- ]?up(?: call\w*| with me)?\b|check(?:ed|ing|s)? (?:up )?on (?:me|us|my|how)|called (?:me |us )?(?:the next day|that (?:evening|night)|to (?:see how|check|make sure))|(?:results|referral) (?:quickly|promptly|the same day|fast|arrived)|aftercare",
        r"(?:never|not|didn't|no|without|still|haven't|lack of|hasn't|poor) (?:\w+ ){0,3}?(?:my |the |any )?(?:results|follow[- ]?up|referral|referred|aftercare)|left (?:me |us )?(?:on my own|to (?:fend|cope|get on)|without (?:support|help))|(?:results|referral|prescription) (?:\w+ ){0,3}?(?:lost|never|late|delayed|not sent|missing|wrong)|chas(?:e|ed|ing) (?:\w+ ){0,3}?(?:results|referral|prescription|them|up)|abandoned|fell through",
        r"\b(?:test |blood |scan |x-?ray )results?\b|\breferrals?\b|\breferred\b|\bdischarge\w*|\bcontinuity\b|\bcoordinat\w+|\baftercare\b",
    ),
    "children_family": (
        r"(?:great|good|amazing|wonderful|patient|fantastic|brilliant|excellent|lovely|gentle|so good) with (?:\w+ )?(?:my |our |the )?(?:\w+ )?(?:kids|child\w*|son|daughter|toddler|bab\w+|little|autistic|mum|mother|dad|father)|my (?:\w+ )?(?:son|daughter|kids?|child\w*|boys?|girls?|toddler) (?:\w+ )?(?:loves?|loved|enjoy\w*|felt|feels|looks forward)",
        r"(?:made|had) my (?:\w+ )?(?:son|daughter|child|kid|baby|toddler) (?:cry|crying|scared|upset)|(?:would not|wouldn't|not allowed to|won't) let (?:me|us) (?:stay|come|go|be)|not (?:good|great|patient) with (?:kids|child\w*)",
        r"\bmy (?:\w+ )?(?:son|daughter|child|children|kids?|bab(?:y|ies)|toddler|husband|wife|mum|mom|mother|dad|father|grandson|granddaughter)(?:'s)?\b|\bpediatric|\bpaediatric|\bautis\w+|\bspecial needs\b|\bcarers?\b|\bwheelchair.bound|\blearning disab",
    ),
    "global_recommend": (
        r"recommend (?:this|them|him|her|dr|the|to|it|any|anyone|highly|\w+ to)|highly recommend|(?:would|will|definitely|can't|cannot) recommend|love (?:this|my|the) (?:place|dentist|practice|office|doctor)|(?:going|coming|been (?:a patient|with|here|coming|going)) (?:\w+ ){0,3}?(?:for )?(?:\w+ )?years|\b(?:excellent|great|amazing|fantastic|brilliant|wonderful|outstanding|superb|perfect|first class|good|exceptional|awesome) (?:\w+ )?(?:service|care|experience|practice|place|surgery|treatment|job|all round|support)|^(?:very |really |absolutely |all |simply |everything |always |it was |it's )*(?:good|great|excellent|perfect|amazing|brilliant|happy|satisfied|fantastic|wonderful|fine|best|awesome|superb|outstanding|pleased)\W*$|five stars|5 stars|best (?:\w+ )?(?:in town|ever|experience|practice)|thank you (?:all|so much|everyone)|happy with (?:everything|the service|my|all)",
        r"stay away|\bavoid\b(?! (?:pain|sugar))|never (?:again|go(?:ing)? back|return\w*|come back)|worst|not recommend|(?:don't|wouldn't|won't|cannot|can't|do not|would not) recommend (?:this|them|it|him|her|to)|terrible (?:service|place|experience|practice|care)|(?:awful|horrible|poor|bad|appalling|disgusting|shocking) (?:service|place|experience|practice|care|treatment)|waste of (?:time|money)|do not go|run away",
        r"\boverall\b|\bin general everything",
    ),
}  # fmt: skip
ALERTS: Final[dict[str, tuple[str, str]]] = {
    "ALERT_safety": (
        r"nerve damage|wrong (?:tooth|site|side|patient|limb|medic\w+|dose)|allergic reaction|anaphyl\w+|\bsepsis|septic|permanent(?:ly)? (?:damage\w*|injur\w*|numb\w*|scar\w*|disab\w*)|(?:ended up|rushed|admitted|taken|went|sent|landed|put (?:me|him|her)) (?:\w+ ){0,3}?(?:hospital|the er\b|a ?& ?e|emergency room|icu|emergency department)|(?:nearly|almost|could have) (?:died|killed|lost)|overdos\w+|perforat\w+|broke(?:n)? my jaw|(?:hit|slapped|grabbed|assaulted|abused|restrained) (?:me|my|him|her)|left (?:\w+ )?(?:gauze|instrument|needle|file) in|died (?:because|after|due)|unconscious|blood(?:y)? everywhere",
        r"died laughing|emergency (?:appointment|slot)",
    ),
    "ALERT_discrimination": (
        r"\bracis[tm]\w*|discriminat\w+|\bsexis[tm]\w*|homophob\w+|transphob\w+|because (?:i am|i'm|of my|she is|he is|we are|of the colou?r of) (?:\w+ )?(?:black|asian|african|hispanic|latin\w+|muslim|jewish|gay|trans\w*|immigrant|foreign\w*|disab\w+|deaf|blind|fat|overweight|old|a woman|race|skin|accent|religion|weight|colou?r|ethnicity|insurance|medicaid)|refused (?:\w+ ){0,3}?interpreter|harass\w+|inappropriate(?:ly)? (?:touch\w*|comment\w*)|touched (?:me )?inappropriately|\bprejudice\w*|\bslurs?\b",
        r"(?:not|never|no|isn't|wasn't|without|any) (?:\w+ ){0,3}?(?:racis[tm]|sexis[tm]|discriminat\w+|prejudice\w*)",
    ),
    "ALERT_privacy": (
        r"\bhipaa\b|\bgdpr\b|(?:shar(?:ed|ing)|gave (?:out|away)|leak\w+|disclos\w+|sold|told (?:everyone|others|people|my (?:\w+)) (?:about )?) ?(?:\w+ )?(?:my|our|his|her) (?:\w+ )?(?:information|details|data|records?|diagnosis|condition|history|results|address|personal)|told (?:everyone|the whole|everybody)|posted (?:about me|my)|violat\w+ (?:my |our )?(?:\w+ )?(?:privacy|confidential\w*)|breach(?:ed)? (?:of )?(?:my )?(?:privacy|confidential\w*|data)|(?:everyone|whole waiting room|people|others) (?:could|can) hear|(?:no|lack of) (?:privacy|confidentiality)|someone else's (?:records?|results|details|letter)|(?:sent|gave) my (?:\w+ )?(?:results|records|letter|details) to (?:the )?(?:wrong|someone|another|my)",
        r"private (?:office|practice|insurance)|respect\w* (?:my )?privacy",
    ),
}  # fmt: skip
TOPICS: Final = tuple(PATTERNS)

_CLAUSE: Final = re.compile(
    r"[,;:]? +(?:but|however|although|though|except|yet|whereas|unfortunately|while)\b,? *|; *", re.IGNORECASE
)
_IN_AND_OUT: Final = re.compile(r"\bin and (?:right |straight |back )?out\b", re.IGNORECASE)
_HASTE: Final = re.compile(
    r"\b(?:only|barely|hardly|rush\w*|felt like|without (?:even )?\w+ing|didn't|did not|never|assembly|conveyor|cattle|not even|"
    r"just (?:\w+ )?(?:two|three|five|\d+)|charged|money|poor|shock\w+|joke)\b",
    re.IGNORECASE,
)
_FIGURES: Final = re.compile(
    r"pain in the (?:neck|butt|ass|backside)|painless (?:paperwork|process|check-?in|booking)|clean bill of health|family[- ](?:owned|run|practice|business|dentist\w*|"
    r"doctor|medicine)|(?:deep |dental |teeth |my )cleaning|private (?:office|practice|insurance)|recommend\w* (?:a |an |the |that i (?:get|have) )?(?:crown|filling|root canal|"
    r"implant|surgery|treatment|antibiotic\w*|x-?rays?)|cold (?:sore|weather|symptoms|and flu)|a cold\b|warm (?:water|compress)|kind of\b|(?:came|went|go|in|comes) (?:\w+ )?(?:in )?with (?:a lot of |severe |bad )?pain",
)


@cache
def _compiled() -> tuple[dict[str, tuple[re.Pattern[str], ...]], dict[str, tuple[re.Pattern[str], re.Pattern[str]]]]:
    # Every pattern begins at a word's edge and reads lower case: five times as fast, and "unkind" is not "kind".
    # The first pattern is all three at once: most topics are in no clause, and one look tells.
    topics = {
        topic: tuple(
            re.compile(rf"\b{either(*patterns)}") for patterns in ((praise, complaint, about), (praise,), (complaint,))
        )
        for topic, (praise, complaint, about) in PATTERNS.items()
    }
    alerts = {
        alert: (re.compile(rf"\b{either(pattern)}"), re.compile(either(unless)))
        for alert, (pattern, unless) in ALERTS.items()
    }
    return topics, alerts


@cache
def _any_alert() -> re.Pattern[str]:
    """Return all alerts in one pattern: most sentences hold none, and one look tells."""
    return re.compile(rf"\b{either(*(pattern for pattern, _ in ALERTS.values()))}")


@cache
def _beginnings() -> Beginnings:
    return Beginnings(PATTERNS)


@dataclass(frozen=True)
class Topic:
    """One topic of one sentence. `start` and `end` tell where in the clause a pattern matched; None for the model."""

    topic: str
    polarity: Polarity
    sentence: int
    reason: str
    start: int | None = None
    end: int | None = None


def clauses_of(sentence: str) -> list[str]:
    """Return the parts of a sentence between which the tone may turn."""
    return [part for part in (piece.strip() for piece in _CLAUSE.split(sentence)) if part]


def patterns_in(clause: str) -> dict[str, tuple[Polarity | None, int, int]]:
    """Return the topics whose patterns match a clause: the polarity the pattern itself tells, and where it matched."""
    bare = _FIGURES.sub(lambda match: "_" * len(match.group()), clause.lower())
    found: dict[str, tuple[Polarity | None, int, int]] = {}
    topics, _ = _compiled()
    possible = _beginnings().possible(bare)
    for topic, (any_of_them, praise, complaint) in topics.items():
        there = any_of_them.search(bare) if topic in possible else None
        if there is None:
            continue
        good, bad = praise.search(bare), complaint.search(bare)
        match = bad or good or there
        tells: Polarity | None = "negative" if bad and not good else "positive" if good and not bad else None
        if good and bad and good.start() < bad.end() and bad.start() < good.end():
            # Where praise and complaint overlap, the one that begins first holds the negation of the other.
            tells, match = ("negative", bad) if bad.start() <= good.start() else ("positive", good)
        found[topic] = (tells, match.start(), match.end())
    if len(found) > 1:
        found.pop("global_recommend", None)
    return found


def reported() -> frozenset[str]:
    """Return the topics that were right often enough to be shown: by the card, lower bound of precision at least .6."""
    return frozenset(load("topics").card["reported"])


def buckets_for(words: Sequence[str]) -> Buckets:
    return buckets_of(word_grams(words), BUCKETS)


def topics_of(
    sentences: Sequence[str], known: Sequence[tuple[Sequence[str], Mood]] | None = None, sure: float = SURE
) -> list[Topic]:
    """Return the topics of a text's sentences, each once a sentence and polarity, in the order of the sentences.

    `known` holds the words and the mood of each sentence, which need not be found again for its only clause.
    """
    found: dict[tuple[int, str, Polarity], Topic] = {}
    for number, sentence in enumerate(sentences, 1):
        parts = clauses_of(sentence)
        for part in parts:
            words = known[number - 1][0] if known and part == sentence else words_of(part)
            mood = known[number - 1][1] if known and len(parts) == 1 else mood_of(words)
            for topic in _topics_of_clause(part, words, mood, number, sure):
                found.setdefault((number, topic.topic, topic.polarity), topic)
    specific = {topic for _, topic, _ in found if topic != "global_recommend"}
    return [topic for topic in found.values() if topic.topic != "global_recommend" or not specific]


def _topics_of_clause(clause: str, words: Sequence[str], mood: Mood, number: int, sure: float) -> list[Topic]:
    said: Polarity = "unsure" if mood.sentiment == "not_checked" else mood.sentiment
    matched = patterns_in(clause)
    topics: list[Topic] = []
    both = _IN_AND_OUT.search(clause)
    if both:
        hasty = bool(_HASTE.search(clause)) or (said == "negative" and mood.sure >= sure)
        if hasty:
            why = "“in and out” beside words of haste or blame"
            topics.append(Topic("time_with_clinician", "negative", number, why, both.start(), both.end()))
        else:
            why = "“in and out” and nothing that blames it"
            topics.append(Topic("wait_on_site", "positive", number, why, both.start(), both.end()))
        matched.pop("wait_on_site", None)
        matched.pop("time_with_clinician", None)
    for topic, (tells, start, end) in matched.items():
        why = f"words of {'praise' if tells == 'positive' else 'complaint'}" if tells else "words on the topic"
        topics.append(Topic(topic, tells or said, number, why, start, end))
    if words:
        chances = probabilities(load("topics").margins(buckets_for(words)))
        for place in np.flatnonzero(chances >= sure).tolist():
            topic = TOPICS[place]
            if topic not in matched and not (both and topic in ("wait_on_site", "time_with_clinician")):
                why = f"reads like texts on the topic (probability {float(chances[place]):.2f})"
                topics.append(Topic(topic, said, number, why))
    if len(topics) > 1:
        topics = [topic for topic in topics if topic.topic != "global_recommend"]
    return topics


def alerts_of(sentences: Sequence[str]) -> list[tuple[str, int]]:
    """Return the alerts and the numbers of their sentences. An alert needs a person, at once; it is never scored."""
    _, alerts = _compiled()
    any_of_them = _any_alert()
    return [
        (alert, number)
        for number, sentence in enumerate((sentence.lower() for sentence in sentences), 1)
        if any_of_them.search(sentence)
        for alert, (pattern, unless) in alerts.items()
        if pattern.search(sentence) and not unless.search(sentence)
    ]
