"""Generic speech acts, the only green: every word known to be harmless, and nobody left in the sentence."""

from __future__ import annotations

import re
from typing import Final

from pipelines.text.disclosure.contacts import without_contacts
from pipelines.text.disclosure.sentence import SOMEBODY, Sentence
from pipelines.text.patterns import either

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


def is_generic(sentence: Sentence, known: frozenset[str]) -> bool:
    """Return True where every word is a harmless one and nobody is left in the sentence."""
    if _OPENING_HOURS.fullmatch(sentence.lowered):
        return True
    low = _ANYBODY_A_PATIENT.sub(" ", sentence.lowered) if sentence.refusal else sentence.lowered
    if sentence.you or SOMEBODY.search(low) or _NOT_GENERIC.search(low):
        return False
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+", without_contacts(low))
    for word in words:
        plain_word = "0" if word.isdecimal() and len(word) <= 2 else word
        if plain_word not in _GENERIC_WORDS and plain_word not in known and plain_word not in ("you", "your", "dr"):
            return False
    return bool(words) and not _may_name(without_contacts(sentence.text), known)
