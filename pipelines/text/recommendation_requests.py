"""Whether somebody asks others to recommend a doctor, a dentist, a therapist or a practice for people.

Surprise: what is asked about one named practice ("Would you recommend them?") is a question of its own and no request,
and neither is a request for a product or another trade. Whom somebody looks for is not kept, only that they ask.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.text.patterns import either
from pipelines.text.sentences import lowered
from pipelines.text.signs import Sign

# Whom people ask for. After some words it is somebody else's trade, and before others it only describes a thing.
_KINDS: Final = (
    r"dentists?|dental (?:office|practice|clinic|surgery|surgeon|group|place|school|care|provider|specialist)s?|(?:orthodont|endodont|"
    r"periodont|prosthodont)(?:ist)s?|(?:oral|plastic|orthop(?:a?edic)|hand|spine|eye) surgeons?|surgeons?|"
    r"(?<!tree )(?<!car )(?<!phone )(?<!computer )(?<!script )(?:doctors?|docs?|drs?(?!\.? [a-z]))|gps?|pcps?|physicians?|"
    r"(?:primary care|family medicine|mental health|health ?care|medical) (?:providers?|practices?|offices?|clinics?|cent(?:er|re)s?)|"
    r"primary care|family practices?|pa?ediatricians?|peds|ob[ /-]?gyns?|obs?(?= )|gyn(?:a?e)?(?:cologists?)?|midwi(?:fe|ves)|"
    r"ents?(?! )|ent(?= (?:doctor|specialist|who|that|in|near|around|for|please))|derms?|chiros?|chiropractors?|podiatrists?|"
    r"optometrists?|opticians?|allergists?|psychiatrists?|nutritionists?|dieti[ct]ians?|acupuncturists?|osteopaths?|"
    r"(?:cardi|dermat|neur|rheumat|ur|endocrin|gastroenter|onc|nephr|pulmon|hemat|haemat|ophthalm|psych|audi|immun|radi|"
    r"speech path|path)ologists?|(?:speech )?pathologists?|(?<!massage )(?:\w+)?therapists?|(?:marriage |couples |grief )?counsell?ors?|"
    r"counsell?ing|pts?(?= |$|[?.,!])|physios?|nurse practitioners?|urgent cares?|walk-?ins?(?: clinics?)?|"
    r"(?<!vet )(?<!animal )(?<!veterinary )clinics?|(?<!vet )(?<!veterinary )(?<!law )(?<!soccer )(?<!football )(?<!band )"
    r"(?:(?:medical|doctor'?s'?|gp|orthodontic|pediatric|paediatric|therapy|physio) )(?:practice|office|surgery|group)s?|gp surger(?:y|ies)|"
    r"(?:\w+ )?specialists?"
)
_THING: Final = (
    r"(?!'s\b)(?![ -](?:appointments?|visits?|bills?|chairs?|notes?|jobs?|positions?|costumes?|assistants?|receptionists?|"
    r"supplies|suppl(?:y|ier)|insurance|insurances|records?|to (?:join|rent|lease|work|hire|help (?:our|out our))|for (?:rent|sale|lease)|"
    r"space|sets?|toys?|kits?|games?|dramas?|shows?|cards?|trips?|phobia|gloves?|coats?|(?:in|on) (?:(?:on )?(?:mon|tues|wednes|thurs|fri|"
    r"satur|sun)days?|duty|call|staff|(?:the|this) (?:audience|house|room|crowd|thread|sub|group|chat))|said|says|told|appointment)\b)"
)
_NO_ADJECTIVE: Final = (
    r"(?!(?:the|my|your|our|his|her|their|its|this|that|these|those|if|why|when|how|what|whether|who|which|to|with|by|for|near|while|"
    r"at|in|from|on|as|about|of|is|are|was|were|said|says|told|does|do|did|has|had|i|you|they|she|he|it|we|than|but|because|so|see|"
    r"appointments?|openings?|referrals?|volunteers?|job|jobs|assistants?|pharmacy|pharmacies|vets?|lawyers?|attorneys?)\b)"
)
_SOMEONE: Final = (
    rf"(?:(?:an?|any|some|another|one|new|good) |(?:(?:{_NO_ADJECTIVE}[\w'/-]+),? ){{1,6}}?)?\b(?:{_KINDS})\b{_THING}"
)
# What people go to somebody for.
_SERVICE: Final = (
    r"(?:braces|cleanings?|check-?ups?|root canals?|wisdom (?:teeth|tooth)|implants?|crowns?|fillings?|invisalign|aligners|dentures|veneers|"
    r"extractions?|physicals?|(?:dental|doctor'?s?) visits?|second opinions?|vaccin(?:es?|ations?)|shots|eye exams?|mammograms?|therapy|counsell?ing|physical therapy|prenatal care|"
    r"dental (?:work|care)|medical care|primary care|health ?care|blood ?work|ultrasounds?|lasik|hearing aids?|colonoscop(?:y|ies))\b"
)
_ASKED: Final = (
    r"(?:anyone|anybody|someone|somebody|you(?: guys| all| folks)?|u|y'?all|any of you|any (?:\w+ )?(?:moms|mums|parents|neighbors|neighbours|locals|"
    r"folks)|everyone|everybody|people|folks)(?: (?:here|else|out there|around here|in town|local))?"
)
_RECS: Final = r"(?:recs?|recommendations?|suggestions?|recommendation requests?|referrals?|leads|pointers)"
_HELPS: Final = (
    r"(?:recommend|suggest|refer (?:me|us) to|point (?:me|us) (?:to|toward|towards)|know(?: of)?(?: if there(?:'s| is| are))?|have|has|had|got|"
    r"gotten|found|find|uses?|used|vouch for|go to|see|sees|share|love|like|been to|seen|"
    r"(?:share|give me|tell me|know|have|send me)(?: the)? names? of|(?:had )?(?:\w+ ){0,3}?experiences? with|(?:tell|let) me (?:know )?(?:which|about|of)|know which)"
)
_SEEK: Final = (
    r"(?:(?:looking|searching|hunting|shopping|in search|on the hunt|on the lookout|(?:the|my|our) (?:hunt|search|quest)|in (?:\w+ )?need|in the market) (?:for|of)|seeking|iso|lf|"
    r"^wanted|(?:trying|hoping|need|needing|want|wanting|struggling|have|how|where|help|helping)(?: (?:me|us))? (?:to )?(?:find|establish care with|register with|sign up with|get in(?: ?to| with)?)|(?:i'm|i am|we're|we are) after|where can (?:i|we) find|"
    r"where (?:do|would) (?:i|we|you) find|find(?:ing)? (?:me|us))"
)
# "Are you looking for a dentist?" and "anyone looking for one" are said by others than who looks.
_OTHERS_SEEK: Final = re.compile(
    r"\b(?:you|you're|u|anyone|anybody|those|people|everyone|somebody|someone|who(?:'s| is| are)?|they|they're|(?:was|were)|"
    r"(?:clinic|office|practice|hospital|company|doctor|dentist)(?: is| was)?)(?: (?:are|is|were|was|who|that|may|might|could|will|be|been|still|ever|currently))* $"
)
_SEEKS: Final = re.compile(
    rf"\b{_SEEK}\W+(?:{_SOMEONE}|(?:some(?:body|one)|any(?:body|one)|a (?:good )?place|a good one)\b[^.?!]{{0,40}}\b{_SERVICE})"
)
_NEEDS: Final = re.compile(
    rf"(?:^|\b(?:i|we|and|so|but|help|also|really|just|still|family|kids?|son|daughter|husband|wife|mom|dad|mother|father|friend|teen|baby)\b|[,;:!] ?)"
    rf"\W*(?:(?:also|really|still|desperately|urgently|now|just|currently|do) )*needs? "
    rf"(?:(?:an?|another|some) (?:{_NO_ADJECTIVE}[\w'/-]+ ){{0,4}}?|(?:new|good|emergency) )(?:{_KINDS})\b{_THING}"
    r"(?=[^.!]*\?|,? (?:in|near|around|that|who|with|open|accepting|taking|asap|soon|today|tomorrow|urgently|please|pls|preferably|any|must)\b)"
)
# Who tells what happens when a doctor is needed asks nobody.
_WHENEVER: Final = re.compile(
    r"\b(?:when|whenever|if|time|times|once|until|every ?time|where|unless)(?: (?:i|we|you|my \w+|do|really))*\W*$"
)
_ASKS: Final = re.compile(
    either(
        rf"\b(?:can|could|would|will|does|do|did|has|have|is there|are there) {_ASKED} (?:please |pls |kindly |ever |possibly |happen to |actually )*{_HELPS}\W+{_SOMEONE}",
        rf"^(?:\W*(?:hi|hello|hey|so|ok|okay|please|also|and|psa|neighbors|all|everyone|friends|moms|folks|question|help|new here)\W+)*{_ASKED} (?:ever |happen to )*{_HELPS}\W+{_SOMEONE}",
        rf"\bif {_ASKED} (?:knows?|has|have|could|can)\b[^.?!]{{0,40}}\b(?:{_RECS} for|of|recommend|suggest|know) {_SOMEONE}",
        rf"\b(?:please|pls|kindly) (?:recommend|suggest|share|send|name|refer)(?: (?:me|us))?(?: to)? {_SOMEONE}",
        rf"\b(?:(?:is|are) there|let me know (?:of|about)) {_SOMEONE}",
        rf"\b(?:who|what)(?:'s| is| are|s) (?:the |a |an |your |everyone's |everybody's |you guys' |some )(?:(?:best|good|great|go-to|favou?rite|current|kids?'?s?'?|family|fave) )*(?:\w+ ){{0,2}}?(?<!the )(?:{_KINDS})\b{_THING}(?=[^.!]*\?)",
        rf"\b(?:what|which) (?!an? ){_SOMEONE} (?:(?:around|near|in|still|currently|here|town|the|area) ){{0,4}}(?:do|does|did|would|is|are|has|have|should|can|will|takes?|accepts?)\b(?! (?:they|he|she|it)\b)",
        rf"\b(?:who|where) (?:do|does|did|would|should|can|could) (?:i|we|{_ASKED}) (?:\w+ ){{0,3}}?(?:go|use|see|take|trust|get|recommend|like|love|bring|send)\b(?:(?!\b(?:the|after|before|near|from|while)\b)[^.?!]){{0,40}}\b(?:{_SERVICE}|{_SOMEONE})",
        rf"\bwho (?:did|does|do|makes?|made|has done) (?:your|you|y'all|everyone)(?:'s)?\b[^.?!]{{0,25}}\b{_SERVICE}",
        rf"\b(?:any(?:one|body)|some(?:one|body)|who) (?:that |who )?(?:you|you'd|y'all|people)(?: would|'d)? recommend\b[^.?!]{{0,20}}\bfor (?:\w+ ){{0,2}}{_SERVICE}",
        rf"\b(?:good|best|right) place\b[^.?!]{{0,25}}\b(?:to (?:get|go)|for)\b[^.?!]{{0,30}}\b{_SERVICE}(?=[^.!]*\?)",
        rf"\b(?:recommend|suggest|know|need|want) (?:of )?(?:any|some)(?:one|body)\b[^.?!]{{0,25}}\bfor\b[^.?!]{{0,25}}\b{_SERVICE}",
        r"\bwho (?:they|you|you all|y'all|everyone|everybody|people) sees? for \w+",
        rf"\b(?:is|are) {_ASKED} (?:\w+ )?(?:happy|satisfied|pleased) with (?:their|your) (?:\w+ ){{0,2}}?(?:{_KINDS})\b{_THING}",
        rf"\b(?:a|any) tips? (?:on|for) {_SOMEONE}",
        rf"\b(?:drop|share|post|name|comment|tell me|tell us|send me|give me|list)(?: (?:me|us))? (?:your|ur)(?: \w+){{0,2}} (?:{_KINDS})\b{_THING}",
        rf"\b(?:opinions?|thoughts|input|info|advice|views) (?:on|about) (?:the |a )?(?:best|good|great) {_SOMEONE}",
        rf"(?:^|\b(?:any|anyone (?:have|has|got)|has|need|needs|want|love|like|appreciate|looking for|seeking|in search of|iso|asking for|hoping for|get|send|send me|give me|your|some|for|a)\W+)(?:\w+ ){{0,2}}?{_RECS}(?: please| pls| needed| wanted)?(?: (?:for|on|of|about)|\s?[:\u2013-])\W+{_SOMEONE}",
        # "Dentist recs please!"
        rf"(?:^|\b(?:any|need|iso|looking for|best|your|some|want|love|appreciate|local|good|for)\W+(?:\w+ ){{0,2}}?)(?:{_KINDS})\W? {_RECS}\b(?=\W*$|\W*(?:please|pls|plz|needed|wanted|welcome|appreciated|near|in|around|for|that|who|anyone|thanks)\b|[^.!]*\?)",
        rf"^\W*(?:the )?(?:best|good|great|favou?rite|any|cheap|affordable|decent|trustworthy) {_SOMEONE}(?= ?[?,]| (?:in|near|nearby|around|for|that|who|at|to|on|here|available|accepting|taking|open|with|without|you|left)\b)(?=[^.!]*\?)",
    )
)
# What asks, without saying for whom.
_ASKS_ANY: Final = re.compile(
    either(
        rf"\b(?:any|some|your|need|have|for) {_RECS}(?= ?(?:\?|$|[.,!;)]|please|pls|around|near|in |appreciated|welcome|thanks|would|is|are|for (?:me|us|one|somebody|someone)))",
        rf"^\W*{_RECS}(?: please| pls| needed| wanted| welcome| appreciated)*\W*$",
        rf", ?(?:any )?(?:{_RECS}|ideas|thoughts|leads)(?: please| pls)?\W*$",
        r"\bany (?:leads|ideas|info|help)(?: (?:is |would be )?(?:appreciated|welcome))?\W*$",
        r"^\W*thoughts\?$",
        rf"\bwho (?:do|does|did|would|should) (?:i|we|{_ASKED}) (?:\w+ ){{0,3}}?(?:go to|go|use|see|take|trust|recommend|like|love|try|call|pick|choose)\b",
        r"\bwhere (?:should|can|could|do|would) (?:i|we|you|you all|y'all) (?:go|take)\b",
        r"\bwho(?:'s| has| is)? (?:got |currently |still )?(?:openings|taking|accepting)\b",
        r"\b(?:anyone|anybody|someone|somebody|you) (?:have|has|got|know|know of) (?:a good )?one\b",
        r"\bnames? of (?:some|any)(?:one|body)\b",
        r"\bwho can (?:get|see|fit|squeeze|take) (?:me|us|him|her)\b",
        r"\b(?:tell me|who are|who is|what are) yours\b",
        rf"\b(?:can|could|would) {_ASKED} (?:please )?(?:recommend|suggest) (?:someone|somebody|anyone|one|a good one|a place)\b",
        r"\b(?:anyone|anybody|someone|somebody) (?:you|you'd|y'all)(?: would|'d)? (?:recommend|like|love)\b",
    )
)
# Somebody is without a doctor: what makes such a question one for a doctor.
_WITHOUT: Final = re.compile(
    either(
        rf"\b(?:{_SEEK}|needs?|new|lost|hate|fire[d]?|firing|leav(?:e|ing)|left|switch(?:ing|ed)?|chang(?:e|ing|ed)|replac(?:e|ing)|dropped|dropping|dumped|without|between|find|finding|get)\W+(?:[\w']+ ){{0,4}}?(?:{_KINDS})\b{_THING}",
        rf"\b(?:my|our|his|her|the) (?:\w+ ){{0,2}}?(?:{_KINDS})\b{_THING} (?:\w+ ){{0,3}}?(?:retir\w+|left|leaving|leaves|moved|moving|closed|closing|died|quit|went|shut|shutting|dropped|stopped|no longer|passed)\b",
        r"\b(?:broke|cracked|chipped|lost) (?:a|my) (?:\w+ )?(?:tooth|filling|crown|molar)\b",
        rf"\b(?:{_KINDS})\b{_THING}[^.!?]{{0,30}}\b(?:asap|urgently)\b",
    )
)
_JOB: Final = re.compile(
    r"\b(?:hiring|join (?:our|us|my|the) ?(?:team|practice|office|clinic)?|full[- ]?time|part[- ]?time|resumes?|salary|vacanc(?:y|ies)|locum|"
    r"associate dentist|jobs? (?:in|at|as|opening)|for (?:a|work|jobs?)(?: new)? (?:job|position)|positions?|apply (?:now|here|today)|dm for details)\b"
)
_ADVERTISES: Final = re.compile(
    r"\b(?:book (?:now|online|today|your|an appointment|with us)|call (?:us|today|now)|we(?:'re| are) (?:now )?accepting|we offer|our (?:office|practice|"
    r"clinic|team|dentists|doctors) (?:is|are|offers?|welcomes?|would|will)|visit (?:us|our)|schedule (?:your|today|now)|come (?:see|visit) us)\b"
)
_ANIMAL: Final = re.compile(r"\b(?:vets?|veterinar\w+|dogs?|cats?|pupp(?:y|ies)|kittens?|horses?|animals?)\b")
_FOUND: Final = re.compile(r"\b(?:finally|then|and|until) (?:\w+ ){0,2}?found\b")


def request_of(sentences: Sequence[str]) -> Sign | None:
    """Return the first sentence of an English text that asks others to recommend somebody for people's health."""
    lows = [lowered(sentence) for sentence in sentences]
    whole = " ".join(lows)
    if _JOB.search(whole) or _ADVERTISES.search(whole):
        return None
    for number, low in enumerate(lows, 1):
        found = None if _ANIMAL.search(low) else _asks_for(low)
        if found:
            return _request(number, found)
    if _ANIMAL.search(whole) or not _WITHOUT.search(whole):
        return None
    for number, low in enumerate(lows, 1):
        if asked := _ASKS_ANY.search(low):
            return _request(number, asked)
    return None


def _request(number: int, asks: re.Match[str]) -> Sign:
    return Sign(number, *asks.span(), "asks_recommendation", "asks whom to go to")


def _asks_for(low: str) -> re.Match[str] | None:
    """Return the words of a sentence that ask for somebody by what they are."""
    if asked := _ASKS.search(low):
        return asked
    for seeks in _SEEKS.finditer(low):
        if not _OTHERS_SEEK.search(low[: seeks.start()]) and not _FOUND.search(low[seeks.end() :]):
            return seeks
    needs = _NEEDS.search(low)
    return needs if needs and not _WHENEVER.search(low[: needs.start()]) else None
