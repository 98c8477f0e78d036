"""What a practice's own reply gives away: patterns with their class, severity and reason, sentence by sentence.

Surprise: nothing here ever says that a reply is fine. `generic` is given only where every sentence is made of known
harmless speech acts and nothing else; a reply in which nothing was found is still `look`, for a person to read.

Classes P1 to P11 are disclosures, N1 to N3 other trouble; the unit is the sentence and the worst one decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal

import numpy as np

from pipelines.text.linear import Buckets, Floats, buckets_of, character_hashes, load, probabilities, word_grams
from pipelines.text.patterns import either
from pipelines.text.sentences import lowered, plain, sentences_of, words_of

Verdict = Literal["pattern", "look", "generic", "not_checked"]
Severity = Literal["caution", "high", "critical"]

VERDICT_WORDS: Final[dict[Verdict, str]] = {
    "pattern": "pattern found",
    "look": "have a person look",
    "generic": "only generic sentences",
    "not_checked": "not checked",
}
CLASSES: Final[dict[str, str]] = {
    "P1": "says or implies that the reviewer is or was a patient",
    "P2": "says that the reviewer is not a patient or cannot be found",
    "P3": "tells when, how often or how punctually somebody came",
    "P4": "names care that was given, offered, refused or referred",
    "P5": "names a symptom, finding, medicine or state of health",
    "P6": "names a bill, a payment, an insurer or a discount of one person",
    "P7": "uses a name that is not on the practice's roster",
    "P8": "cites records, notes, logs or what the staff remember",
    "P9": "mentions a member of somebody's family as a patient",
    "P10": "describes somebody's behaviour or character",
    "P11": "gives a number, address, date or picture that identifies somebody",
    "N1": "threatens, or accuses the reviewer in public",
    "N2": "offers something for a review, or asks to take one down as part of a deal",
    "N3": "gives one person medical advice in public",
}
_RANK: Final[dict[Severity, int]] = {"caution": 0, "high": 1, "critical": 2}
_BASE: Final[dict[str, Severity]] = {
    **dict.fromkeys(CLASSES, "high"), "P1": "caution", "P2": "caution", "N3": "caution", "P11": "critical",
}  # fmt: skip


@dataclass(frozen=True)
class Roster:
    """What belongs to the practice itself and so discloses nobody: staff, its names, phones and domains."""

    staff: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    def words(self) -> frozenset[str]:
        """Return the single words of all names, in lower case."""
        parts = (re.findall(r"[^\W\d_]+", name.lower()) for name in (*self.staff, *self.names))
        return frozenset(word for part in parts for word in part)


@dataclass(frozen=True)
class Finding:
    """One pattern in one sentence: where it is, never what it says."""

    sentence: int
    code: str
    severity: Severity
    reason: str
    start: int
    end: int


@dataclass(frozen=True)
class Disclosure:
    """The verdict on one reply. `sentences` holds each sentence's own verdict, in order."""

    verdict: Verdict
    classes: tuple[str, ...] = ()
    severity: Severity | None = None
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    sentences: tuple[Verdict, ...] = field(default=())


# --- What the classes speak of. Kept as word lists, because a person must be able to read and extend them. -----------
PROCEDURE: Final = either(
    "root canals?", "crowns?", "fillings?", "(?:deep |dental )?cleanings?", "extractions?", "extracted", "implants?",
    "veneers?", "whitening", "braces", "aligners?", "invisalign", "retainers?", "dentures?", "bridge ?work", "bonding",
    "sealants?", "scaling", "surger(?:y|ies)", "operat(?:ion|ed)", "procedures?", "treatments?", "exams?",
    "examin(?:ation|ations|ed)", "check-?ups?", "x-?rays?", "radiographs?", "scans?", "mri", "ultrasounds?",
    "injections?", "injected", "shots?", "vaccin(?:es?|ations?|ated)", "boosters?", "biops(?:y|ies)", "blood work",
    "bloodwork", "lab work", "mammograms?", "colonoscop(?:y|ies)", "endoscopy", "an?a?esthe(?:sia|tic)", "sedation",
    "sedated", "novocaine", "numb(?:ed|ing|ness)?", "stitch(?:es|ed)?", "sutures?", "referrals?", "referred", "therap(?:y|ies)",
    "counsell?ing", "physio(?:therapy)?", "botox", "lip flip", "cortisone", "steroids?", "chemo(?:therapy)?", "dialysis", "infusions?", "fillers?", "lasik", "lenses", "glasses", "hearing aids?", "splints?",
    "night ?guards?", "mouth ?guards?", "consult(?:ation|ations|s)?", "screenings?", "c-section", "ivf", "replacements?",
    "wisdom (?:tooth|teeth)", "restorations?", "makeover", "orthodontics?", "appliances?", "moulds?", "molds?",
    "impressions? of", "second opinion", "hygiene (?:visit|session)", "smear", "trays?", "temporar(?:y|ies)", "permanent ones?", "attachments?", "mesh", "pacemaker", "physicals?", "inhalers?", "epidural", "dressings?",
)  # fmt: skip
# Names of illnesses and drugs that nobody needs in order to speak of everybody's matters.
AILMENT: Final = either(
    "tinnitus", "shingles", "sciatica", "lupus", "fibromyalgia", "vertigo", "gout", "hives", "psoriasis", "rosacea", "herpes", "hpv", "chlamydia",
    "pcos", "endometriosis", "postpartum(?: depression)?", "colic", "croup", "strep(?: throat)?", "bronchitis", "pneumonia", "concussion", "tend[oi]nitis",
    "fasciitis", "bursitis", "scoliosis", "whiplash", "herniated disc", "slipped disc", "glaucoma", "astigmatism", "conjunctivitis", "pink eye", "uti",
    "hemorrhoids", "crohn'?s", "colitis", "celiac", "an(?:a)?emia", "dementia", "alzheimer'?s", "parkinson'?s", "epilepsy", "schizophrenia", "ocd",
    "anorexia", "bulimia", "eating disorder", "suicidal", "self-harm", "overdose", "zoloft", "lexapro", "prozac", "adderall", "xanax", "metformin",
    "ozempic", "accutane", "percocet", "oxycodone", "amoxicillin", "penicillin", "prednisone", "gabapentin", "suboxone", "blood thinners?",
)  # fmt: skip
CONDITION: Final = either(
    AILMENT,
    "pain(?:ful)?", "aches?", "aching", "toothaches?", "sore(?:ness)?", "swelling", "swollen", "bleed(?:s|ing)?", "bled",
    "infect(?:ion|ions|ed)", "abscess(?:es)?", "cavit(?:y|ies)", "decay(?:ed)?", "gum disease", "periodont(?:al|itis)",
    "gingivitis", "diabet(?:es|ic)", "anxi(?:ety|ous)", "depress(?:ion|ed)", "pregnan(?:t|cy)", "cancer", "tumou?r",
    "allerg(?:y|ies|ic)", "fractured?", "broken", "cracked", "chipped", "migraines?", "headaches?", "fever", "rash",
    "asthma", "blood pressure", "hypertension", "cholesterol", "thyroid", "adhd", "autis(?:m|tic)", "bipolar", "ptsd",
    "addict(?:ion|ed)?", "grinding", "bruxism", "tmj", "sensitivity", "dry socket", "diagnos(?:is|es|ed)", "symptoms?",
    "(?:test |lab )?results?", "conditions?", "illness", "diseases?", "heal(?:s|ed|ing)", "recover(?:y|ing|ed)",
    "blood tests?", "biopsy result", "panic", "phobia", "nerves?", "mental health", "medic(?:ation|ations|ine|ines)",
    "prescri(?:bed?|bing|ption|ptions)", "refills?", "antibiotics?", "ibuprofen", "opioids?", "painkillers?",
    "pain pills", "pills?", "insulin", "inflam(?:ed|mation)", "injur(?:y|ies|ed)", "wounds?", "bruis(?:e|es|ed|ing)",
    "complications?", "relapse", "weight", "flare", "arthritis", "eczema", "acne", "covid", "flu", "hiv", "stroke",
    "seizures?", "dizz(?:y|iness)", "nausea", "insomnia", "trauma", "miscarriage", "twins", "due date", "dos(?:e|age)",
    "side effects?", "mg", "milligrams", "clots?", "ulcers?", "hernia", "cataracts?", "scar(?:s|ring)?", "moles?",
    "lumps?", "tablets?", "gauze", "blood sugar", "blood", "heartburn", "pulled muscle", "sobriety", "sober", "flared", "bite", "enamel", "gag reflex", "panic attacks?", "grin", "plaque", "tartar", "bone loss", "sleep apn(?:o)?ea", "surgical site",
)  # fmt: skip
BODY: Final = either(
    "tooth", "teeth", "molars?", "incisors?", "canines", "gums?", "jaw", "mouth", "knees?", "hips?", "shoulders?",
    "skin", "eyes?", "ears?", "heart(?! of)(?<!to heart)", "f(?:oo|ee)t", "toe(?:nail)?s?", "ankles?", "spine", "stomach", "throat", "wrists?",
    "elbow", "neck", "nose", "sinus(?:es)?", "tongue", "lower back", "kidneys?", "liver", "lungs?", "baby", "uterus",
    "breasts?", "prostate", "legs?", "arms?", "fingers?", "thumb", "scalp", "bladder",
)  # fmt: skip
MONEY: Final = either(
    "insur(?:ance|er|ers|ed)", "claims?", "co-?pay(?:s|ment|ments)?", "deductible", "bill(?:s|ed|ing)?", "balance",
    "ow(?:e|es|ed|ing)", "invoices?", "payments?", "paid", "pay(?:s|ing)?", "charg(?:e|es|ed|ing)", "fees?",
    "refund(?:s|ed)?", "estimates?", "quote[ds]?", "discount(?:s|ed)?", "waiv(?:e|ed|ing)", "collections", "medicaid",
    "medicare", "financing", "installments?", "coverage", "covered", "out[- ]of[- ]pocket", r"\$ ?\d[\d,.]*", "accounts?",
    "cost", "price[ds]?", "deposit", "reimburse(?:d|ment)?", "credit", "write(?:-| )off", "wrote off", "overdue",
    "outstanding", "pre-?authori[sz](?:ation|ed)", "preauth", "remaining amount", "your plan", "lapsed", "sum", "(?:ten|twenty|thirty|forty|fifty|hundred|thousand) dollars", "benefits", "carrier", "statement", "card declined",
    r"£ ?\d[\d,.]*", r"€ ?\d[\d,.]*", r"\d+ dollars", "late fee", "check bounced", "bounced",
)  # fmt: skip
FAMILY: Final = either(
    "sons?", "daughters?", "child(?:ren)?", "kids?", "kiddos?", "bab(?:y|ies)", "toddler", "husband", "wife", "spouse",
    "partner", "mothers?", "moms?", "mums?", "dads?", "fathers?", "parents?", "brothers?", "sisters?", "grand(?:ma|pa|parents?|mother|father|son|daughter|child|children|kids)",
    "little (?:one|ones|guy|girl|boy|man|lady)", "family", "girls", "boys", "aunt", "uncle", "niece", "nephew", "fianc[eé]e?",
    "girlfriend", "boyfriend", "twins", "teen(?:ager)?", "in-laws?", "cousin", "relatives?", "loved one", "mama", "papa", "granny", "nana", "hubby",
)  # fmt: skip
OCCASION: Final = either(
    "appointments?", "visits?", "recall", "slot", "session", "bookings?", "reservation", "wait", "arriv(?:al|ed)",
    "no-?show(?:ed|s)?", "reschedul(?:e|ed|ing)", "cancel(?:l?ed|lation|lations)?", "check-?in", "follow-?up",
    "time with us", "stay", "turn", "first time here", "return",
)  # fmt: skip
WHEN: Final = either(
    "(?:on |last |this |next |that )(?:mon|tues|wednes|thurs|fri|satur|sun)day(?: morning| afternoon| evening)?",
    "(?:mon|tues|wednes|thurs|fri|satur|sun)day'?s?", "yesterday", "today", "this (?:morning|afternoon|evening|week|month)",
    "last (?:week|month|year|night|time|summer|winter|spring|fall)", "the other day", "tomorrow", "tonight",
    "next (?:week|month|time|visit|year)", r"\d+ ?(?:minutes?|hours?|weeks?|months?|years?|days?)(?: (?:late|early|ago))?",
    "that (?:day|morning|afternoon|evening|week|night)", "(?:two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|several|many|few) (?:minutes|hours|weeks|months|years|times|days)",
    "(?:in|since|of|until|back in|early|late) (?:january|february|march|april|may|june|july|august|september|october|november|december)",
    "(?:in|since) (?:19|20)\\d\\d", r"\d{1,2}:\d\d", r"(?:at|until|by) \d{1,2} ?(?:am|pm|o'clock)", "twice", "once before",
    "(?:first|second|third|fourth|fifth) (?:time|visit|appointment)", r"\b\d+ times", "(?:hours?|minutes?) late", "years ago",
)  # fmt: skip
RECORD: Final = either(
    "records?", "charts?", "files?", "on file", "notes", "noted", "documented", "documentation", "paperwork",
    "(?:phone |call )?logs?", "schedule shows", "system shows", "cameras?", "cctv", "footage", "recordings?", "recorded",
    "consent(?: form)?s?", "x-?rays?", "radiographs?", "scans?", "signed", "signature", "database", "history", "portal",
    "images?", "voicemails?", "intake form", "questionnaire", "transcripts?",
)  # fmt: skip
CONDUCT: Final = either(
    "scream(?:ed|ing)?", "yell(?:ed|ing)?", "shout(?:ed|ing)?", "rude(?:ly|ness)?", "aggress(?:ive|ively|ion)",
    "abus(?:e|ed|ive)", "refus(?:e|ed|ing|al)", "demand(?:ed|ing)?", "threaten(?:ed|ing)?", "curs(?:ed|ing)", "swore",
    "swearing", "intoxicated", "drunk", "non-?complian(?:t|ce)", "uncooperative", "storm(?:ed|ing)", "hung up",
    "hang up", "dismissed", "discharged", "bellige\\w+", "disrespect\\w*", "lied", "lying", "liar", "dishonest", "drug[- ]seek\\w+",
    "intelligence", "hostile", "slamm(?:ed|ing)", "threw", "insult(?:ed|ing|s)?", "difficult", "unreasonable", "attitude",
    "temper", "behaviou?r", "conduct", "outburst", "tantrum", "manners", "irrational", "hysterical", "unstable", "impatient",
    "argumentative", "combative", "ignored", "ignoring", "irresponsible", "habit", "hygiene", "blam(?:e|ed|ing)",
    "follow(?:ed|ing)? (?:\\w+ )?(?:instructions|advice|directions)", "skipped", "harass(?:ed|ing|ment)?", "stole",
    "smell(?:ed|ing)?", "smok(?:e|ed|ing|er)", "exaggerat\\w+", "banned", "terminated", "profanity", "vulgar", "bull(?:y|ied|ying)",
    "sober", "entitled", "walked out", "made a scene", "jealous", "bitter", "crazy", "stupid", "ignorant",
)  # fmt: skip
_REVIEW: Final = either("reviews?", "ratings?", "posts?", "stars?", "comments?", "feedback", "testimonials?")

# --- Phrases that speak of the reviewer and yet say nothing: taken out before the rest is looked at. -----------------
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
_SOMEBODY: Final = re.compile(
    either(
        r"\b(?:(?:this|that|the|said) (?:\w+ )?(?:patient|person|reviewer|individual|gentleman|lady|woman|man|client|customer|poster|author|guy|mother|"
        r"father|writer|account|party)(?:'s)?(?! (?:of|in charge|who answers|responsible|at the (?:front )?desk))\b|\bhe\b|\bshe\b|\bhim\b|\bher\b|"
        r"\bhis\b|\bhers\b|(?<!to )(?:a|one) (?:former|previous|disgruntled|ex-?|new|long-?time|loyal|valued|unhappy) (?:patient|client|employee|customer))"
    )
)
_DEFINITE: Final = r"(?:the|that|those|these|this|new|old|both|such a|a|an|another|one)"
_REFUSAL: Final = re.compile(
    either(
        r"\b(?:cannot|can't|can not|neither|unable|not able|do not|don't|never|not permit(?:ted)?|not allow(?:ed)?|may not|won't|will not|prevents?|prohibits?|"
        r"forbids?|keeps? us from|stops? us from|rather not)\b.{0,40}\b(?:confirm|deny|discuss|comment|share|respond|reply|say|look up|speak about|"
        r"talk about|disclose|address|go into|detail|give medical)"
    )
)


@dataclass(frozen=True)
class _Rule:
    code: str
    pattern: re.Pattern[str]
    # Whether words about everybody ("our policy", "anyone") take the rule back.
    unless_general: bool = False


def _rule(code: str, *patterns: str, unless_general: bool = False) -> _Rule:
    return _Rule(code, re.compile(either(*patterns)), unless_general)


_PLACE: Final = r"(?:us|our (?:\w+ )?(?:office|practice|team|clinic|staff|doctors?|dentists?|providers?|care|hands|family|surgery|door|hygienists?)|here|dr\.? \w+)"
_ROLE: Final = r"(?:dentist|doctor|hygienist|provider|physician|therapist|surgeon|specialist|orthodontist|nurse|pediatrician|paediatrician|oral health|health|dental (?:care|needs|home|health|work)|care team)"
RULES: Final[tuple[_Rule, ...]] = (
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
    _rule("N2", rf"\b(?:gift ?cards?|(?:coffee|thank-you|store) cards?|vouchers?|coupons?|discount|\d+ ?% off|percent off|\$ ?\d+|free|complimentary|refund\w*|credit|raffle|prize|giveaway|drawing|entered|reward|bonus|perk|on us|on the house|no charge|waive\w*|make it worth|compensat\w+|upgrade|gift|treat you|thank-you gift|cash)\b.{{0,90}}\b(?:{_REVIEW}|take (?:this|it|that) down|remov\w+|delet\w+|revis\w+|five|5)\b",
          rf"\b(?:{_REVIEW}|take (?:this|it|that) down|remov\w+|delet\w+|revis\w+|edit\w*|recommend\w*)\b.{{0,90}}\b(?:gift ?cards?|(?:coffee|thank-you|store) cards?|vouchers?|coupons?|discount|\d+ ?% off|percent off|\$ ?\d+|free(?! to)|complimentary|refund\w*|credit|raffle|prize|giveaway|drawing|entered|reward|bonus|perk|on us|on the house|no charge|waive\w*|make it worth|compensat\w+|upgrade|gift|cash)\b",
          rf"\b(?:if|once|when|after|as soon as|in exchange|in return|provided)\b.{{0,70}}\b(?:remov\w+|delet\w+|take .{{0,20}}down|chang\w+|updat\w+|revis\w+|edit\w*|withdraw\w*|rais\w+|post|leave|write|bump)\b.{{0,30}}\b{_REVIEW}\b",
          rf"\b(?:remov\w+|delet\w+|take|chang\w+|updat\w+|revis\w+|edit\w*|withdraw\w*|reconsider\w*|rais\w+|leave us|give us|write us|post)\b.{{0,40}}\b{_REVIEW}\b.{{0,40}}\b(?:and|if|then|so|when|once|after|in exchange|in return)\b.{{0,60}}\b(?:we|your|you|get|receive|fix|make)\b",
          rf"\b(?:rates?|rated|reviews? us|bump|five stars|5 stars|{_REVIEW})\b.{{0,60}}\b(?:off the bill|knock|dollars off|% off|on the house|for free)\b|\b(?:dollars|%|percent) off\b.{{0,80}}\b(?:rates?|reviews?|stars?|post)\b", rf"\b(?:drop|waive|forget|lower|reduce|cancel|refund|return|write off|forgive|credit|wipe)\b.{{0,40}}\b(?:once|if|when|after|as soon as|the moment|provided)\b.{{0,40}}\b(?:{_REVIEW}|gone|down|removed|deleted)\b", r"\b(?:if|once|after) we (?:\w+ ){0,4}(?:you|the|your|this|it)\b.{0,60}\b(?:remove|delete|change|update|take|revise|edit|five|5|stars?)\b", unless_general=False),
    # N3: advice to one person.
    _rule("N2", r"\bin (?:return|exchange) for (?:an? |your |the )?(?:\w+ )?(?:edit|change|removal|update|correction|deletion)\b|\bmake it right financially\b"),
    _rule("N3", r"\byou (?:should|must|need to|ought to|have to|can|could|may|might want to|had better|'d better) (?:\w+ )?(?:take|stop|start|use|rinse|apply|avoid|eat|drink|switch|double|reduce|increase|try|ice|brush|floss|see|get|keep|wear|rest|continue|skip|ask your|go|put|massage|elevate|swap)\b(?! (?:in touch|us\b|more (?:about|on)|our))",
          rf"\b(?:sounds?|looks?|seems?) like (?:you|it|a|an|this|that|the)\b.{{0,30}}\b(?:{CONDITION}|{BODY}|have|need)\b", r"\byou (?:do not|don't|won't|needn't|will not) (?:really )?need (?:a|an|the|to|any)\b",
          rf"\b(?:that|this|such|some|the|a little|mild|any) (?:\w+ )?(?:{CONDITION}|{PROCEDURE}) (?:is|are|should|will|usually|normally)\b.{{0,30}}\b(?:normal|nothing|fine|expected|settle|pass|go away|subside|common|harmless|serious)\b",
          r"^(?:please |just |simply |then )?(?:cut|leave|take|stop|start|rinse|apply|double|halve|avoid|gargle|ice|put|place|switch|drink|eat|elevate|swish|use|brush|floss|increase|reduce|try|keep|continue|finish|skip|alternate|soak|massage|hold)\b(?! (?:care|our|us|a moment|in touch|the time|in mind|a look))(?:.{0,60})\b(?:"
          rf"{CONDITION}|{BODY}|{PROCEDURE}|water|salt|days?|hours?|ice|heat|ibuprofen|tylenol|advil|paracetamol|aspirin|dose|cream|ointment|gel|twice|times|meals?|tablets?|mouthwash|toothpaste|compress)\b",
          r"\b\d+ ?(?:mg|milligrams|ml)\b", r"\b(?:it|that|this)(?:'s| is| was) (?:just|only|likely only|probably only|probably just|most likely just|probably|most likely|likely|clearly|simply)(?: a| an)? (?:\w+ )?(?:" + CONDITION + r")\b", r"\bnothing to worry\b|\bperfectly normal\b|\bwill go away\b"),
)  # fmt: skip

# Rules that need somebody in the sentence (you, he, "this patient"): the class is told by what is said of them.
_ABOUT: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (code, re.compile(rf"(?<![\w-]){words}(?![\w-])"))
    for code, words in (
        ("P4", PROCEDURE), ("P5", either(CONDITION, BODY)), ("P6", MONEY), ("P9", either(r"his|her", FAMILY)), ("P8", RECORD), ("P10", CONDUCT), ("P3", either(OCCASION, WHEN)),
    )
)  # fmt: skip
_CLINICAL: Final = re.compile(rf"(?<![\w-]){either(PROCEDURE, CONDITION, BODY)}(?![\w-])")
_THE_CASE: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (code, re.compile(rf"\b{_DEFINITE} (?:\w+ |\w+-\w+ ){{0,2}}?{words}(?![\w-])"))
    for code, words in (("P4", PROCEDURE), ("P5", either(CONDITION, BODY)), ("P6", either("claim", "balance", "copay", "deductible", "charge", "refund", "invoice", "estimate", "account", "insurance")), ("P3", either("appointment", "visit", "delay")))
)  # fmt: skip
_WE_DID: Final = re.compile(
    either(
        r"\b(?:we|i|they|dr\.? \w+|our \w+|who|it) (?:\w+ )?(?:billed|charged|refunded|waived|treated|prescribed|diagnosed|performed|removed|extracted|"
        r"placed|did|referred|numbed|injected|examined|cleaned|fixed|repaired|pulled|filled|delivered|operated|dismissed|discharged|submitted|"
        r"rescheduled|cancelled|canceled|squeezed|fitted|gave|offered|explained|warned|advised|recommended|called|told|asked|tested|saw|found|discussed)\b"
    )
)

# --- Names ------------------------------------------------------------------------------------------------------------
_TITLE: Final = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mx|Sir|Madam|Mister|Señora?|Sra?)\b\.? ?(?P<name>[A-Z][\w'-]*)")
_GREETED: Final = re.compile(
    r"(?:^|[.!?,;:] ?)(?:(?:[Hh]i|[Hh]ello|[Hh]ey|[Dd]ear|[Tt]hanks|[Tt]hank you|THANKS|[Ss]orry|[Gg]ood (?:morning|afternoon|evening)|[Ww]ow|[Aa]ww+)"
    r"(?: (?:so much|again|very much|a lot|there|a million|a bunch))?(?: to)?,? )(?P<name>[A-Z][\w'-]+)"
)
_VOCATIVE: Final = re.compile(
    r"^(?P<name>[A-Z][a-z'-]{2,}|[A-Z]\.(?: ?[A-Z]\.)?)(?: [A-Z]\.?)? ?(?:,|-|–|—|!)(?= |$)|, (?P<last>[A-Z][a-z'-]{2,})(?:[!.]|$)"
)
_INITIALS: Final = re.compile(r"\b(?P<name>[A-Z]\. ?[A-Z]\.)(?!S\.|A\.)|\b(?P<short>[A-Z][a-z]+ [A-Z]\.)(?= |,|$)")
_FULL: Final = re.compile(
    r"(?<!Dr )(?<!Dr\. )(?<![A-Za-z] )\b(?P<name>[A-Z][a-z]+ [A-Z][a-z]{2,})\b|\b(?<=[a-z,] )(?P<mid>[A-Z][a-z]+ [A-Z][a-z]{2,})\b"
)
_CLAN: Final = re.compile(
    r"\bthe (?P<name>[A-Z][a-z]+)(?:s|es)?(?: family| kids| clan| boys| girls| household)\b|\b(?:real |true |actual )?name is (?P<real>[A-Z]\w+)|\b(?:you are|you're|this is|it is|it's|were|was|of|from|for|about|seeing|see|called|named) (?P<obj>[A-Z][a-z]{2,})(?=[ ,.!?]|$)"
)
# Words with a capital that are nobody's name.
_NO_NAME: Final = frozenset(
    re.findall(
        r"\S+",
        """a again all also and any anyone are as at aww because best both but care caring certainly comments currently dear dental dentist
    dentistry doctor dr drs each every everybody everyone feedback finally first for from glad google great happy healthgrades hello here hi
    hipaa however how i if in indeed is it its it's kind kindly many may medical my nice no not office on one or our out patient patients please privacy
    questions regards respectfully reviewer reviews she sincerely smile so some sorry team thank thanks that thats the then there these they this those
    to today unfortunately us very warmly we welcome what when where which while who why wow yelp yes you your zocdoc friend friends folks
    guest visitor neighbor neighbour community customer member sir madam monday tuesday wednesday thursday friday saturday sunday january february
    march april june july august september october november december american association ada hhs nhs cdc act law federal state states texas
    california york united english spanish center centre clinic practice health family manager director coordinator officer street avenue road
    main park covid christmas thanksgiving new years hygienist hygienists nurse nurses staff insurance medicare medicaid facebook instagram
    facebooks twitter tiktok general national dentists doctors management owner absolutely additionally comments compliments congratulations congrats
    always never nothing next before after both being having hearing reading sometimes generally we're we've we'll you're i'm hope hopefully
    accessibility billing hours insurers parents children people kids families whatever whoever whether with without words wishing yours
    truly cheers best awesome wonderful fantastic amazing perfect lovely beautiful awesome okay ok well sure such see hooray yay woohoo take
    stay call contact email e-mail write ask visit look let give remember refund""",
    )
)
# Words that are names too, where somebody is spoken to by them: "Thank you, May!"
_NAMES_TOO: Final = frozenset(("may", "april", "june", "august", "hope", "will", "law", "english", "french", "street"))
_STAFF_BEFORE: Final = re.compile(
    r"(?:ask(?:ing)? for|contact|call|e-?mail|speak (?:with|to)|reach(?: out to)?|talk (?:with|to)|sincerely,?|regards,?|team,?|manager,?|owner,?|director,?|"
    r"officer,?|coordinator,?|yours,?|warmly,?|love,?|cheers,?|signed,?|from|by|dr\.?|doctors?|hygienist|assistant|nurse|receptionist|and|&) $",
    re.IGNORECASE,
)
_STAFF_AFTER: Final = re.compile(
    r"^,? (?:(?:is|who is|our|the|your) )*(?:\w+ )?(?:office|practice|front|billing|treatment|patient|clinic)? ?(?:manager|coordinator|owner|director|receptionist|"
    r"hygienist|assistant|nurse|officer|dds|dmd|md|rn|lead|and (?:all of )?(?:the|our|her|his) (?:\w+ )*(?:team|staff|crew|desk)|& (?:the )?team)\b",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)|\bhttps?://([\w.-]+)|\bwww\.([\w.-]+)", re.IGNORECASE)
_PHONE: Final = re.compile(r"(?<!\d)(?:\+?\d[\d().\- ]{5,}\d)(?!\d)")


def _names(sentence: str, known: frozenset[str]) -> Iterable[tuple[int, int, str]]:
    for pattern in (_TITLE, _GREETED, _VOCATIVE, _INITIALS, _FULL, _CLAN):
        for match in pattern.finditer(sentence):
            group = next((name for name, value in match.groupdict().items() if value), None)
            if group is None:
                continue
            name, start, end = match.group(group), match.start(group), match.end(group)
            words = re.findall(r"[^\W\d_]+", name.lower())
            if not words or all(word in known for word in words) or _CLINICAL.fullmatch(name.lower()):
                continue
            spoken_to = pattern in (_GREETED, _VOCATIVE) and re.match(r"\s*(?:[,.!\u2013-]|$)", sentence[end:])
            if pattern is not _TITLE and any(
                (word in _NO_NAME and not (spoken_to and word in _NAMES_TOO)) or (len(word) > 4 and word.endswith("ly"))
                for word in words
            ):
                continue
            if (
                pattern in (_FULL, _INITIALS, _CLAN, _VOCATIVE)
                and (_STAFF_BEFORE.search(sentence[:start]) or _STAFF_AFTER.search(sentence[end:]))
                and not re.search(r"\bfamily\b", sentence[end : end + 8])
            ):
                continue
            yield start, end, name


# --- Generic speech acts: the only green. Every word must be known to be harmless, and the sentence must say nothing
# --- of anybody once the harmless phrases are out. --------------------------------------------------------------------
_GENERIC_WORDS: Final = frozenset(
    re.findall(
        r"\S+",
        """a about above accuracy address again all always an and any anyone anybody anything appreciate appreciated appreciates are as ask at
    attention available aware be because been being believe best better both bring brightens by call calls can cannot can't care carefully
    clearer comment commented comments commitment committed communicate communication community concern concerned concerns confirm confidential
    confidentiality constructive contact contacts content continue corrections could day days dear deeply deny detail details difference direct directly discuss
    discussed discussing do does doing don't each email encourage encouraged encouragement encouraging enjoy enough ensure even every everybody
    everyone everything excellent expect expectations experience experiences fair fairly federal feel feeling feedback first for forum friday from further general generally generous
    give given glad goal good grateful great greatly grow guidelines happy hard have hear hearing hello help helpful helps here hi high highly
    honest hope hours how if important improve improved improvement improvements improving in individual individually individuals individual's input
    into invite is it it's its issue issues join kind kindest kindly kindness know law laws learn learning leave leaving let like line lines
    listen listening look looking lot love made make makes manager many matter matters may mean means meet member members message messages monday more most much
    must need never new nice no not note notes number of offer office offline on online only open opinion opportunity or other our ourselves out owner
    passed person person's personal phone platform please pleasure policies policy positive possible post posted posting posts practice praise prevent prevents private privately privacy
    protect protected protecting proud provide public publicly question questions quickly rather rating reach read reading reads really receive received recommendation recommendations reflect regards
    regulations remarks reply require required requires respect respectful respects respond response review reviewer reviews right rules saturday
    say see seriously service share shared sharing should sincerely so some someone sorry speak standard standards star stars strict strive strives suggestion
    suggestions sunday support take takes taken taking talk team team's thank thankful thanks that the their them there these they
    thing things this those thoughtful thoughts thursday time to together treat treated truly tuesday unable understand understanding up us
    value valued values very via visit voice voices want was way we we'd we'll we're we've website wednesday weekdays welcome welcomes well what
    whatever when whether which who whoever why will wish with within without wonderful word words work working works would write writing yelp google yes yours
    private apologies apologize feedback matters mission team aim aims staff doctors dentist's office's fully offline lovely warm warmly five 0 am pm noon
    convenience manager's officer compliance lead director coordinator forward anyone's people people's everyone's respectfully privately smile smiles faces face bright brighten wide
    parking building floor street address doors open opens hours lunch time added replaced hired updated changed rewritten extended trained training trains new system phones line receptionist
    receptionists team's world pass letting moment answering door complaints raising noticed offices cheers where train greet front desk weekend edited thoughtfully tell
    rules published publish prices fees same list listed lists website's page complaint procedure process courtesy courteous dignity respectful
    heart backbone place village small large goal calm on-time hold hired hiring second third behind free visitors optional lobby chairs since spring summer fall winter
    million shout-out love loved grow grows helped reward rewarded return offers nobody's owner's read reads values line described describe regret impression chance grateful
    pointing noted point out thrilled delighted heartening compliment compliments praise going keep keeps kept brighter week long day short night sure assured tolerate rudeness happier
    counts stings honesty also neither nor breaks site site's removed request anything information anybody's parties welcoming friendly efficient easier faster quicker picked answered shorter
    equal equally treated welcomed languages interpreter interpreters accessible entrance ramp wheelchair stairs elevator map directions bus stop weekdays evening evenings extended early late
    department passed along raised raise seriously heard count lead leads kindly truth city town local neighbors neighbours schools library charity event events volunteer volunteers
    has ways saying under billing insurance patients patients' deserve deserves clean calm opinions plans major price specifics inbox keeping run sooner bottom hearts pride
    inconvenience caused intention unheard ourselves set blessed wow allow allows detail bigger healthcare health
    locally speaking obliged y'all road work construction kinds nothing costs applause
    morning meeting meetings cases create creates english spanish french polish certified courses course location sincere accept apply applies bad reached weekly monthly regularly hearing read aloud whole entire daily every hard-working""",
    )
)  # fmt: skip
# Harmless words that together are not: praise for a deal, a body that is sorry for a deed.
_NOT_GENERIC: Final = re.compile(
    either(
    r"(?<!our )(?<!all )(?<!every )\bpatients\b|\bpatients\b.{0,60}\b(?:reviews?|ratings?|posts?|write|comments?)\b|"
    r"\bhealth\b(?! privacy| laws?| rules| information privacy| care (?:privacy|laws?|rules|regulations|practices?|providers?))|"
    r"^(?!(?:general |for |any |with )*questions about ).*\b(?:insurance|billing)\b|\bclean\b(?! (?:office|place|building|lobby|room|space)|, calm)|"
    r"\b(?:about|for|after|since) the fall\b|\bon us\b|\bit works?\b|\bkeep going\b|\bplans\b(?<!major plans)(?<!most plans)|\b(?:has|have) been\b(?! (?:shared|passed|updated|changed|added|extended|raised|heard|noted))|"
    r"\bonly for this\b|(?<!hours )(?<!open )(?<!through )(?<!to )(?<!and )(?<!on )(?<!until )\b\w+day\b(?<!every day)(?<!each day)(?<! day)(?<! today)(?<! weekday)(?! (?:through|to|and|until|hours|meeting))|\bforward to (?!hear|read|learn|speak|talk|listen)|\b(?:that|this|last) \w+day\b|\b(?:never|was|were)\b.{0,40}\b(?:review|post|person|individual|right|good)\b|\b(?:this|that|the) (?:person|individual|reviewer)\b|\breviewer'?s?\b(?! and)|"
    r"\bplease\b.{0,25}\b(?:review|rating|stars?|post)\b|\b(?:better|good|new|five|0|positive)[ -]*(?:star )?(?:review|rating)s?\b.{0,40}\b(?:if|and we|help|make|offer)\b|"
    r"\b(?:make|offer|give)\b.{0,40}\b(?:review|rating|stars?|post)\b|\bvisit\b(?! (?:our )?website)|\btreat(?!ed with| every| all| each| people)|\btreated(?! with)|(?<!health )\bcare\b(?! about| deeply| to (?:all|every))|\bsee\b(?! this| things| it)|"
    r"\bmeet\b|\bexperiences?\b(?! (?:for|of) (?:everyone|everybody|all|every))|\bservice\b.{0,20}\breceived\b|\breceived\b(?! (?:this|these|all))|\bshare\b.{0,20}\b(?:their|personal)\b|\bwelcome\b.{0,12}\b(?:again|new|member)\b|\bnew\b.{0,10}\bmembers?\b"
    r"|\bsmiles?\b(?!.{0,12}\b(?:on|to) (?:our|all|everyone))"
    )
)  # fmt: skip


# What a refusal to speak says of everybody: "whether anyone is a patient".
_ANYBODY_A_PATIENT: Final = re.compile(
    r"\b(?:whether|if|that) (?:or not )?(?:any ?one|anybody|someone|somebody|any (?:person|individual|reviewer)|an? (?:person|individual)) "
    r"(?:is or was|was or is|is or has been|is|was|has been|may be)(?: or (?:is|was|has) not(?: been)?)? (?:a |our )?patients?"
    r"(?: (?:here|of ours|of this (?:practice|office|clinic)))?\b"
)
# Hours of a week like any other are everybody's to know. One day, or one time alone, can be somebody's appointment.
_WEEKLY: Final = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days|weekdays|weekends|every day)"
_CLOCK: Final = (
    r"(?:noon|midnight|(?:\d{1,2}(?::\d\d)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
    r"(?: ?(?:a\.?m\.?|p\.?m\.?|o'clock))?)"
)
_OPENING_HOURS: Final = re.compile(
    rf"(?:yes,? )?(?:(?:our )?hours are |we(?: are|'re) (?:also )?open )?(?:on )?{_WEEKLY}(?:(?:,| and| to| through) {_WEEKLY})*,?"
    rf"(?: (?:from )?{_CLOCK} (?:to|until|till|-) {_CLOCK}| until {_CLOCK})"
    r"(?:,? no appointment (?:is )?(?:needed|required|necessary)(?: for a quick question)?)?[.!]?"
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
        _SOMEBODY.search(bare),
        _CLINICAL.search(bare),
    )


# Words that name nobody, wherever their capital letter stands: An, So and Early are left out because they can.
_NOBODY: Final = frozenset(
    re.findall(
        r"\S+",
        """again all also always american and any anyone cheers community dear dentist dentists doctor doctors dr each english everybody everyone
    excellent facebook federal feedback finally first folks for friday friend friends general google hello hey hi hipaa how however i i'd i'll
    i'm i've if indeed it it's kindly locally management manager many monday mondays more neighbor neighbors neighbour neighbours no not office our
    owner patient patients please policy practice privacy privately questions regards respectfully reviewer reviewers rights saturday saturdays
    sincerely sorry spanish staff sunday sundays team thank thanks that the these they this thursday thursdays to today truly tuesday tuesdays us
    warmly we we'd we'll we're we've wednesday wednesdays welcome well what whatever when wonderful wow yelp yes you your fridays department
    director coordinator receptionist receptionists hygienists""",
    )
)
_CAPITALISED: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_CALLED_OUT: Final = re.compile(r"\s*(?:[,.!?;:\u2026\u2013\u2014-]|$)")


def _may_name(text: str, known: frozenset[str]) -> bool:
    """Return whether a word's capital letter may be that of a name: Kind, Best and Summer are names too.

    The first word of a sentence has one anyway; it may be a name where it stands alone before a comma or an end.
    """
    for place, word in enumerate(_CAPITALISED.finditer(text)):
        low = word.group().lower()
        if not word.group()[0].isupper() or low in _NOBODY or low in known:
            continue
        if place or _CALLED_OUT.match(text, word.end()):
            return True
    return False


def _is_generic(sentence: Sentence, known: frozenset[str]) -> bool:
    """Return True where every word is a harmless one and nobody is left in the sentence."""
    if _OPENING_HOURS.fullmatch(sentence.lowered):
        return True
    low = _ANYBODY_A_PATIENT.sub(" ", sentence.lowered) if sentence.refusal else sentence.lowered
    if sentence.you or _SOMEBODY.search(low) or _NOT_GENERIC.search(low):
        return False
    without_contacts = _PHONE.sub(" ", _ADDRESS.sub(" ", low))
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+", without_contacts)
    for word in words:
        plain_word = "0" if word.isdecimal() and len(word) <= 2 else word
        if plain_word not in _GENERIC_WORDS and plain_word not in known and plain_word not in ("you", "your", "dr"):
            return False
    return bool(words) and not _may_name(_PHONE.sub(" ", _ADDRESS.sub(" ", sentence.text)), known)


def _worse(one: Severity, other: Severity) -> Severity:
    return one if _RANK[one] >= _RANK[other] else other


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
    bare, general, refusal = sentence.bare, sentence.general, sentence.refusal
    found: dict[str, tuple[int, int, Severity, str]] = {}

    def add(code: str, start: int, end: int, *, reason: str = "", severity: Severity | None = None) -> None:
        if code not in found:
            found[code] = (start, end, severity or _BASE[code], reason or CLASSES[code])

    for rule in RULES:
        match = rule.pattern.search(bare)
        if match and not (rule.unless_general and general and not sentence.you):
            if rule.code in ("P2", "P8") and refusal and not re.search(r"\byour?\b", bare):
                continue
            if rule.code == "P1" and general and re.search(r"\b(?:any|every|whether)\b", bare):
                continue
            add(rule.code, match.start(), match.end())

    you_did = sentence.you_did
    your = re.search(r"\b(?:your|yours|yourself|you're|you've|you'd)\b", bare)
    you, somebody = sentence.you, sentence.somebody
    staff_pronoun = (
        somebody
        and len(somebody.group()) < 5
        and re.search(r"\bDr\b|\b(?:manager|hygienist|nurse|receptionist|doctor|dentist)\b", sentence.text)
    )
    if refusal or staff_pronoun or (somebody and somebody.group() in known):
        somebody = None
    who = you_did or your or somebody or (None if general else you)
    if who:
        for code, words in _ABOUT:
            match = words.search(bare)
            if match:
                add(code, min(who.start(), match.start()), max(who.end(), match.end()))
        if you_did and not found:
            add("P1", you_did.start(), you_did.end(), reason="says what the reviewer did, had or is")
        elif somebody and not found and not general:
            add("P10", somebody.start(), somebody.end(), reason="speaks of one person")
    if not general and not refusal:
        for code, words in _THE_CASE:
            match = words.search(bare)
            if match and (
                who
                or re.search(
                    r"^(?:that|those|these|this)\b|\b(?:was|were|went|came|turned|look|looks|feels?|is|are|has|had|glad|happy|sorry|enjoy|congrat\w+|hope|with|about|for|after|before|during|on|\w{3,}ed)\b",
                    bare,
                )
            ):
                add(code, match.start(), match.end())
        match = _WE_DID.search(bare)
        if match and (sentence.clinical or _ABOUT[2][1].search(bare)):
            code = "P4" if sentence.clinical else "P6"
            add(code, match.start(), match.end())
    for start, end, name in _names(sentence.text, known):
        shown = set(re.findall(r"[^\W\d_]+", reviewer.lower()))
        unmasks = bool(reviewer) and not shown & set(re.findall(r"[^\W\d_]+", name.lower()))
        add("P7", start, end, severity="critical" if unmasks else None)
        break
    own = {domain.lower().removeprefix("www.") for domain in roster.domains}
    for match in _ADDRESS.finditer(sentence.lowered):
        domain = next(part for part in match.groups() if part).removeprefix("www.")
        if own and domain not in own and "@" in match.group():
            add("P11", match.start(), match.end(), reason="an e-mail address that is not the practice's own")

    own_numbers = [re.sub(r"\D", "", phone) for phone in roster.phones]
    for match in _PHONE.finditer(sentence.lowered):
        digits = re.sub(r"\D", "", match.group())
        # With or without the code of country or area it is the same line.
        if own_numbers and not any(own.endswith(digits) or digits.endswith(own) for own in own_numbers):
            add("P11", match.start(), match.end(), reason="a phone number that is not the practice's own")

    if review_words and not (refusal and not who):
        for match in _CLINICAL.finditer(sentence.lowered):
            if _stem(match.group()) in review_words and not general:
                code = "P4" if re.fullmatch(PROCEDURE, match.group()) else "P5"
                found[code] = (
                    match.start(),
                    match.end(),
                    "critical",
                    CLASSES[code] + ", and repeats it from the review",
                )
    codes = set(found)
    if "P1" in codes and any(code.startswith("P") and code != "P1" for code in codes):
        start, end, severity, reason = found["P1"]
        found["P1"] = (start, end, _worse(severity, "high"), reason)
    findings = [
        Finding(number, code, severity, reason, start, end) for code, (start, end, severity, reason) in found.items()
    ]
    return findings, not findings and _is_generic(sentence, known)


def _stem(word: str) -> str:
    return re.sub(r"(?:ies|es|s|ed|ing|ful)$", "", word.lower().replace("-", ""))


def clinical_words(text: str) -> frozenset[str]:
    """Return the clinical words of a review in a form that lets an echo be told; they are not kept anywhere."""
    return frozenset(_stem(match.group()) for match in _CLINICAL.finditer(plain(text).lower()))


# --- The trained part ---------------------------------------------------------------------------------------------
BUCKETS: Final = 1 << 14
# Chosen on the second and third batch of written replies, before the fourth and fifth were scored; see docs/models.md.
THRESHOLD: Final = 0.5
# A sentence of harmless words is still not green where the trained part is this much in doubt.
GREEN_BELOW: Final = 0.4
_SIGNS: Final[tuple[re.Pattern[str], ...]] = tuple(
    re.compile(either(pattern))
    for pattern in (
        r"\b(?:was|were|had|did|didn't|went|came|took|got|gave|made|said|told|left|saw|\w{3,}ed)\b",
        r"\b(?:we|our|us|i|my)\b", r"^(?:we|our|the team|the office|i|this|it)\b", r"\b(?:is|are|do|does|can|may|will|would)\b",
        rf"\b{_REVIEW}\b|\bwords\b", r"\b(?:call|phone|e-?mail|contact|reach|write|website|online|offline|privately|manager)\b",
        r"\b(?:privacy|confidential\w*|law|laws|hipaa|public)\b", rf"\b{WHEN}", rf"\b{MONEY}", rf"\b{FAMILY}\b", rf"\b{RECORD}\b",
        rf"\b{CONDUCT}\b", rf"\b{OCCASION}\b", r"\b(?:the|that|those|this|these) ", r"!", r"\d", r"\b(?:no|not|never|nobody|none|nothing)\b|n't\b",
        r"\b(?:thank|thanks|appreciate|grateful)\b", r"\b(?:sorry|apologi[sz]e|regret)\b", r"\b(?:glad|happy|thrilled|delighted|love|loved|hope)\b",
        r"\b(?:again|back|always|years|soon)\b", r"^(?:please )?(?:take|try|keep|stop|use|put|cut|bring|tell|give|say|wait|let|see|come)\b",
        r"\b(?:if|once|when|after)\b",
    )
)  # fmt: skip


_CAPITAL: Final = re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][a-z]+")


def model_features(sentence: Sentence) -> tuple[Buckets, Floats]:
    """Return what the trained part sees of a sentence: hashed words, pairs and character runs, and signs of structure."""
    words = words_of(sentence.lowered)
    signs = [
        *(bool(sign.search(sentence.lowered)) for sign in _SIGNS), bool(_CAPITAL.search(sentence.text)),
        bool(sentence.you), bool(sentence.you_did), bool(sentence.somebody), bool(sentence.clinical),
        sentence.general, sentence.refusal, len(words) > 20,
    ]  # fmt: skip
    runs = frozenset[int]().union(*map(character_hashes, words))
    return buckets_of([*word_grams(words), *runs], BUCKETS), np.asarray(signs, dtype=np.float32)


def suspicion(sentence: Sentence) -> float:
    """Return the trained part's probability that the sentence discloses something."""
    model = load("disclosure")
    buckets, signs = model_features(sentence)
    return float(probabilities(model.margins(buckets, signs))[0])


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
        worst = max((finding.severity for finding in findings), key=lambda severity: _RANK[severity])
        return Disclosure("pattern", codes, worst, findings[0].reason, tuple(findings), tuple(verdicts))
    if verdicts and all(verdict == "generic" for verdict in verdicts):
        return Disclosure("generic", reason="every sentence is a known harmless one", sentences=tuple(verdicts))
    return Disclosure(
        "look", reason="nothing was found, which does not mean that nothing is there", sentences=tuple(verdicts)
    )
