"""Names in a reply, told by their capital letters and by how somebody is spoken to; staff name nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pipelines.text.disclosure.vocabulary import CLINICAL

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


def names_in(sentence: str, known: frozenset[str]) -> Iterable[tuple[int, int, str]]:
    """Yield where a name stands that is not among the `known` words, and the name."""
    for pattern in (_TITLE, _GREETED, _VOCATIVE, _INITIALS, _FULL, _CLAN):
        for match in pattern.finditer(sentence):
            group = next((name for name, value in match.groupdict().items() if value), None)
            if group is None:
                continue
            name, start, end = match.group(group), match.start(group), match.end(group)
            words = re.findall(r"[^\W\d_]+", name.lower())
            if not words or all(word in known for word in words) or CLINICAL.fullmatch(name.lower()):
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
