"""Whether a post about health names where it has that from: a public body, a publication, a study by whom, a clinician.

Surprise: being named is not enough. "See Dr. Lee" and "book your NHS check-up" say nothing of where the words are from,
and neither do "your dentist", "experts" and "a study", which are nobody. A link counts by its host alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.text.signs import Sign, in_each

ACT: Final = "names_its_source"
_NAME: Final = r"[A-Z][\w'-]*"
# Bodies and publications that are known by a short name, as they are written.
_SHORT: Final = (
    r"F\.D\.A\.|C\.D\.C\.|N\.I\.H\.|W\.H\.O\.|JAMA_\w+|JAMA [A-Z]\w+|CDC\w*|NHS(?:uk|England)?|NIH|WHO|FDA|ADA|AAP|AHA|ACC|ACOG|AAD|AAFP|AAO|AAPD|NICE|MHRA|BDA|BHF|UKHSA|PHE|USDA|EPA|HHS|NIDCR|"
    r"NEJM|JAMA|BMJ|PLOS|Lancet|Cochrane|Mayo Clinic|Cleveland Clinic|Johns Hopkins|Red Cross|Surgeon General|Unicef|UNICEF|"
    r"Health Canada|Public Health \w+|Harvard(?: Health)?|Medline ?Plus"
)
_KIND: Final = (
    r"(?:Association|Academy|College|Society|Federation|Foundation|Institutes?|University|Hospital|Assn\.|Council|Organi[sz]ation|Administration|"
    r"Department|Ministry|Agency|Centers?|Centres?|Journal|Survey|Trust|Alliance|Task Force|Universit\u00e4t)"
)
_OF: Final = rf"(?: (?:of|for|on|in)(?: the)?(?: {_NAME}| and| of){{1,6}})"
_BODY: Final = rf"(?:[@#]?(?:{_SHORT})(?!\w)|(?:{_NAME} (?:and |of |for )?){{1,5}}{_KIND}(?!\w){_OF}?|{_KIND}{_OF})"
_THE: Final = r"(?:(?:the|a|an|our|The) )?(?:(?:US|U\.S\.|UK|British|American) )?"
_SAYS: Final = (
    r"(?:says?|said|writes?|wrote|advis\w+|recommend\w*|suggest\w*|warn\w*|report\w*|estimat\w+|found|finds?|stat(?:es|ed)|explain\w*|notes?|"
    r"urg(?:es|ed)|shows?|showed|teach(?:es)?|tells?|told|calls?|answers?|puts? it|asks? for|lists?|reminds?|has published|published|"
    r"has (?:more|the details)|breaks? down|shar(?:es|ed)|describ\w+|point\w* out|confirm\w*|demonstrat\w+)\b"
)
_PAPER: Final = r"(?:guidelines?|guidance|advice|data|figures|stud(?:y|ies)|report|review|website|recommendations?|fact ?sheet|survey|statistics|research)"
_TRADE: Final = (
    r"(?:[a-z-]+ )?(?:dentist|orthodontist|hygienist|doctor|gp|GP|physician|p(?:a)?ediatrician|nurse|pharmacist|physio(?:therapist)?|"
    r"physical therapist|therapist|midwife|dieti[ct]ian|nutritionist|optometrist|optician|surgeon|cardiologist|dermatologist|"
    r"psychologist|psychiatrist|podiatrist|chiropractor|audiologist|specialist|Nurse)"
)
_DOCTOR: Final = rf"(?:Drs?\.?|Prof(?:essor|\.)?|Doctor) (?:{_NAME} ?\.? ?){{1,3}}"
_LETTERS: Final = r"(?:DDS|DMD|MD|M\.D\.|D\.D\.S\.|RN|RDH|NP|PA-C|DO|PhD|BDS|MRCGP|FRCS|RD|PT|DPT|PharmD|OD)"
_PERSON: Final = (
    rf"(?:{_DOCTOR}|(?:[Oo]ur |[Tt]he )?{_TRADE},? {_NAME}(?: {_NAME})?|{_NAME}(?: {_NAME})?, (?:our|the) (?:\w+ )?{_TRADE},?|"
    rf"{_NAME} {_NAME},? {_LETTERS}\b,?)"
)
_WHO: Final = rf"(?:{_BODY}|{_PERSON})"
_NAMED: Final = re.compile(
    "|".join(
        (
            # The NHS advises; our hygienist Maria says; Dr. Lee on why; CDC: half of all adults
            rf"(?<!whether )(?<!if ){_WHO}\s*(?:(?:now|also|itself|still|both|who|has|have|and \w+) ){{0,2}}{_SAYS}",
            rf"(?:{_BODY}|{_DOCTOR})(?:'s|s')? (?:\w+ )?{_PAPER}\b",
            rf"{_PERSON}\s*(?:(?:from|of|at) \w+ \w+ )?(?:on|has) (?:what|why|how|when|the|whether)\b",
            # No notice ("WHO: everybody over 65. WHEN: Monday")
            rf"^\W*(?:RT )?(?!WHO:){_WHO}\s?:(?!//)",
            rf"{_DOCTOR}'s? (?:\w+ ){{0,2}}(?:tips?|rules?|advice|guide|answers?|list)\b",
            # Says the CDC; according to Dr. Lee; a study in the BMJ
            rf"{_SAYS} {_THE}{_WHO}(?! (?:should|will|would|must|could|can|has|is|was|may|to)\b)",
            rf"\b(?:[Aa]ccording to|[Aa]s per|[Pp]er|[Vv]ia|[Ff]rom|RT|[Rr]ecommended by|[Aa]dvised by|[Aa]dvice of) {_THE}{_WHO}(?!,? (?:app|111|staff)\b)(?<!Hospital)",
            rf"\b(?:[Gg]uidelines?|[Gg]uidance|[Dd]ata|[Ff]igures|[Rr]eport|[Rr]eview|[Ss]tud(?:y|ies)|[Tt]rial|[Rr]esearch(?:ers)?|[Ss]cientists|"
            rf"[Pp]ublished|[Tt]eam)\b[^.;:!?]{{0,40}}? (?:in|by|from|of|at) {_THE}(?!NHS\b){_BODY}",
            rf"(?:[Aa]ccording to) (?:the )?(?!Google\b){_NAME}",
            rf"\b(?:[Rr]eviewed|[Ww]ritten|[Cc]hecked) by {_PERSON}",
            r"\b[Ss]ources?: ?(?:https?://|www\.|@?[A-Z])",
            rf"\((?:[^()]{{0,30}}, )?(?:{_SHORT})\b[^()]{{0,30}}\)",
            rf"{_NAME} (?:et al\b|and {_NAME},? \((?:19|20)\d\d\))",
            r"\bdoi:|\bPMID\b",
        )
    )
)
_LINK: Final = re.compile(r"(?<![\w@.-])(?:https?://)?((?:[\w-]+\.){1,4}[a-z]{2,12})(/[^\s)>\"']*)?", re.IGNORECASE)
_HOSTS: Final = re.compile(
    r"(?!(?:www\.)?healthcare\.gov)(?:.*\.)?(?:gov|gov\.\w\w|who\.int|ada\.org|mouthhealthy\.org|aap\.org|healthychildren\.org|heart\.org|cancer\.org|cancer\.net|"
    r"diabetes\.org(?:\.uk)?|mayoclinic\.org|clevelandclinic\.org|hopkinsmedicine\.org|health\.harvard\.edu|cochrane(?:library)?\.(?:org|com)|"
    r"nice\.org\.uk|bda\.org|dentalhealth\.org|bhf\.org\.uk|rcseng\.ac\.uk|rcgp\.org\.uk|rcog\.org\.uk|patient\.info|"
    r"redcross\.org(?:\.uk)?|doi\.org|nejm\.org|jamanetwork\.com|thelancet\.com|bmj\.com|nature\.com|sciencedirect\.com|plos\.org|"
    r"aad\.org|acog\.org|aafp\.org|aapd\.org|aaoinfo\.org|perio\.org|familydoctor\.org|kidshealth\.org)"
    r"|(?:www\.|england\.|digital\.)?nhs\.uk|nhsinform\.scot",
    re.IGNORECASE,
)
# Where one books, registers or finds a practice there, it is no source.
_SERVICE: Final = re.compile(r"/(?:services|nhs-services|service-search|book|find|login|app)\b", re.IGNORECASE)


def named_sources(sentences: Sequence[str]) -> list[Sign]:
    """Return the sentences of an English post that name where it has something from, the first name of each."""
    return in_each(sentences, _named)


def _named(sentence: str, number: int) -> Sign | None:
    for link in _LINK.finditer(sentence):
        if _HOSTS.fullmatch(link[1]) and not _SERVICE.match(link[2] or ""):
            return Sign(number, *link.span(), ACT, "links to a public body, a society or a journal")
    words = _LINK.sub(lambda link: " " * len(link[0]) if "/" in link[0] else link[0], sentence)
    found = _NAMED.search(words)
    return Sign(number, *found.span(), ACT, "says who says so") if found else None
