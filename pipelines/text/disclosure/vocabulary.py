"""What the classes speak of, as lists of words: a person must be able to read and extend them."""

from __future__ import annotations

import re
from typing import Final

from pipelines.text.patterns import either
from pipelines.text.sentences import plain

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
REVIEW: Final = either("reviews?", "ratings?", "posts?", "stars?", "comments?", "feedback", "testimonials?")
CLINICAL: Final = re.compile(rf"(?<![\w-]){either(PROCEDURE, CONDITION, BODY)}(?![\w-])")


def stem(word: str) -> str:
    return re.sub(r"(?:ies|es|s|ed|ing|ful)$", "", word.lower().replace("-", ""))


def clinical_words(text: str) -> frozenset[str]:
    """Return the clinical words of a review in a form that lets an echo be told; they are not kept anywhere."""
    return frozenset(stem(match.group()) for match in CLINICAL.finditer(plain(text).lower()))
