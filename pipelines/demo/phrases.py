"""What the town's patients and practices say, by topic and mood: invented sentences to compose reviews from.

Braces are filled in by the town (`{minutes}`, `{weekday}`, `{doctor}`, `{helper}`, `{visit}`); `HOSTILE` is
never filled in, and is there to break whoever trusts a stranger's text.
"""

from __future__ import annotations

PRAISE: dict[str, tuple[str, ...]] = {
    "waiting": (
        "I was called in {minutes} minutes early, which has never happened to me anywhere.",
        "Sat down, opened a magazine and was already called in.",
        "They were running behind and told me so at the door, so I could go and get a coffee.",
        "No wait at all, even on a {weekday}.",
        "Booked for nine, seen at nine, back at work before ten.",
        "I have never waited longer than ten minutes here.",
    ),
    "phone": (
        "Somebody picks up the phone on the second ring, every single time.",
        "I left a voicemail and they called back within the hour.",
        "Booking online took two minutes and the reminder text was handy.",
        "They answered my message on a {weekday} evening, which I did not expect.",
        "Moving my slot by phone was no trouble at all.",
    ),
    "front desk": (
        "The front desk greeted me like a neighbour.",
        "The receptionist sorted out my paperwork with a smile.",
        "Everyone at the counter was friendly and quick.",
        "The woman at reception noticed I was nervous and was lovely about it.",
        "Check-in was easy and the people at the desk were kind.",
    ),
    "explaining": (
        "{doctor} explained every step before starting and asked whether I agreed.",
        "I got three options with the pros and cons of each, and time to think.",
        "{doctor} drew me a little picture so that I finally understood what was going on.",
        "All my questions were answered in plain words.",
        "I left knowing exactly what comes next and why.",
        "{doctor} listened first and talked second, which is rare.",
    ),
    "pain": (
        "The {visit} did not hurt one bit.",
        "I dreaded the {visit} for weeks and then felt nothing at all.",
        "The {helper} was so gentle that I nearly fell asleep.",
        "They stopped the moment I raised my hand, just as promised.",
        "Best needle of my life, if there is such a thing.",
    ),
    "cost": (
        "The price was exactly what the estimate said.",
        "They told me the cost up front and there were no surprises on the bill.",
        "Very fair prices for the {visit}.",
        "They found out what my insurance covers before we began.",
        "I could pay in three parts without any fuss.",
    ),
    "team": (
        "The {helper} was patient, careful and funny.",
        "A {helper} who really takes her time.",
        "You can tell that the whole team likes working together.",
        "{doctor} is thorough and notices what others missed.",
    ),
    "place": (
        "The rooms are spotless and bright.",
        "Parking right at the door and a ramp for my mother's wheelchair.",
        "My kids fight over who gets to go first, which says it all.",
        "Calm waiting room, nice music, no television shouting at you.",
    ),
    "overall": (
        "Highly recommended.",
        "I have told all my friends to come here.",
        "I would not go anywhere else.",
        "Best in town by a long way.",
        "Five stars are not enough.",
        "So glad we found this place.",
    ),
}

COMPLAINTS: dict[str, tuple[str, ...]] = {
    "waiting": (
        "I waited {minutes} minutes past my time and nobody said a word.",
        "{minutes} minutes in the waiting room on a {weekday}, then another twenty in the chair.",
        "Every time I come they are running late.",
        "People who came after me were called before me.",
        "I took the morning off work and spent most of it looking at a fish tank.",
    ),
    "phone": (
        "Nobody answers the phone, ever.",
        "I was on hold for {minutes} minutes and then the line went dead.",
        "I left three messages and am still waiting for a call back.",
        "The online booking let me choose a time and then they said it did not exist.",
        "Calling on a {weekday} is hopeless.",
    ),
    "front desk": (
        "The receptionist did not even look up from her screen.",
        "The attitude at the front desk was unbelievable.",
        "Two people at the counter were chatting while I stood there.",
        "I was told off at reception in front of everybody for filling in the wrong form.",
        "The front desk lost my forms and acted as if it was my fault.",
    ),
    "explaining": (
        "Nobody explained what they were going to do or why.",
        "{doctor} talked over me and was out of the room in four minutes.",
        "I asked twice what the alternatives were and got a shrug.",
        "I left more confused than I came.",
        "They started before I had said yes to anything.",
    ),
    "pain": (
        "The {visit} hurt a lot and they just carried on.",
        "I was not numb and said so, and was told to hold still.",
        "The {helper} was rough and in a hurry.",
        "My jaw was sore for a week after the {visit}.",
    ),
    "cost": (
        "The bill was twice the estimate.",
        "They billed me for something I never agreed to.",
        "First they said my insurance was fine, then came a letter for the whole amount.",
        "Far too expensive for what was done.",
        "It felt like a sales pitch from start to finish.",
    ),
    "team": (
        "The {helper} seemed annoyed that I was there.",
        "A different face every time and nobody reads the notes.",
        "{doctor} was cold and clearly wanted to be somewhere else.",
    ),
    "place": (
        "The waiting room was dirty and far too warm.",
        "There is nowhere to park and the lift was broken.",
        "The chair looks older than I am.",
    ),
    "overall": (
        "Never again.",
        "I am looking for somewhere else.",
        "Would not recommend.",
        "Very disappointed.",
        "Save yourself the trouble.",
    ),
}

TURNS: tuple[str, ...] = ("On the other hand:", "But:", "One thing though:")

SPANISH: tuple[tuple[bool, str, str], ...] = (
    (
        True,
        "Muy buena atención, me explicaron todo con paciencia.",
        "Very good care, they explained everything patiently.",
    ),
    (True, "No me dolió nada y salí muy contenta.", "It did not hurt at all and I left very happy."),
    (
        True,
        "La recepcionista es un encanto y siempre contestan el teléfono.",
        "The receptionist is a delight and they always answer the phone.",
    ),
    (True, "Puntuales, limpios y con precios claros.", "On time, clean and with clear prices."),
    (
        True,
        "Llevo años viniendo con toda la familia y no cambiaría por nada.",
        "I have been coming for years with the whole family and would not change for anything.",
    ),
    (False, "Una hora de espera y nadie pidió disculpas.", "An hour of waiting and nobody apologised."),
    (False, "La factura fue el doble de lo que me dijeron.", "The bill was twice what they told me."),
    (False, "Nadie contesta el teléfono, llamé cinco veces.", "Nobody answers the phone, I called five times."),
    (False, "Me trataron con prisas y sin explicarme nada.", "They rushed me and explained nothing."),
)

RIGHT_TO_LEFT: tuple[tuple[bool, str], ...] = (
    (True, "שירות מצוין, הסבירו לי הכול בסבלנות ובלי לחץ."),
    (True, "הטיפול לא כאב בכלל, ממליצה בחום."),
    (True, "קיבלו אותי בדיוק בזמן, המקום נקי ונעים."),
    (True, "הרופאה מקשיבה באמת. תודה לכל הצוות!"),
    (True, "عيادة ممتازة، شرحوا لي كل خطوة بهدوء."),
    (True, "لم أشعر بأي ألم، شكرا للفريق كله."),
    (False, "חיכיתי שעה ואף אחד לא אמר מילה."),
    (False, "אף אחד לא עונה לטלפון, התקשרתי חמש פעמים."),
    (False, "המחיר היה כפול ממה שאמרו לי בהתחלה."),
    (False, "انتظرت أكثر من ساعة ولم يعتذر أحد."),
)

EMOJI: dict[bool, tuple[str, ...]] = {
    True: ("👍👍👍", "😁🦷✨", "❤️", "🙏🏽🙏🏽", "⭐⭐⭐⭐⭐", "👩‍⚕️💯"),
    False: ("😡", "👎👎", "🤦‍♀️", "😤⏰"),
}

BURST: tuple[str, ...] = (
    "Read what they did in the news. Shame on this clinic.",
    "Read what they did in the news, shame on this clinic!",
    "Read what they did in the news. Shame on this clinic!!",
    "After what was on the radio on {weekday} nobody should go here.",
    "Disgraceful. The whole town is talking about it.",
    "They put profit over people. One star is too many.",
    "My neighbour told me everything. Stay away.",
    "How are they still open after this story?",
    "I will make sure everyone hears about this place.",
    "Unbelievable behaviour, see the local paper.",
)

REPLY_TO_PRAISE: tuple[str, ...] = (
    "Thank you for taking the time to write. Notes like this make our week.",
    "Thank you! We shared these kind words with the whole team.",
    "We are grateful for the feedback and glad to read it.",
    "Many thanks for the stars and for the kind words.",
)

REPLY_TO_COMPLAINT: tuple[str, ...] = (
    "We are sorry to read this. Privacy rules keep us from going into anyone's care here; please call our office "
    "manager at 555-0100.",
    "Thank you for telling us. We aim to keep every wait short and to say so when we run late. Our office manager "
    "would like to hear more at 555-0100.",
    "This is not the standard we set ourselves. We cannot discuss any individual here and would welcome a call.",
    "We take every comment seriously. Please write to our privacy officer so that we can look into it in confidence.",
)

FRIENDLY_DISCLOSURE: tuple[str, ...] = (
    "Thank you for being our patient for so long, {first_name}!",
    "We loved seeing you on {weekday}. So happy that your {visit} went well!",
    "It was a pleasure taking care of you and your daughter.",
    "Glad your new crown feels good. See you at your next check-up in spring!",
)

ANGRY_DISCLOSURE: tuple[str, ...] = (
    "You arrived {minutes} minutes late on {weekday}, so of course you had to wait.",
    "Our records show that you refused the X-rays we recommended for your {visit}.",
    "Your insurance denied the claim for your {visit}, and you still owe us the balance.",
    "We know exactly who you are, {first_name}. You were shouting at our receptionist.",
    "We have no record of you as a patient here. Take this down or hear from our attorney.",
)

FIRST_NAMES: tuple[str, ...] = (
    "Abel", "Amara", "Beatriz", "Bruno", "Carla", "Casper", "Delia", "Dorian", "Edda", "Emeka", "Fiona", "Gideon",
    "Hana", "Ilse", "Ivo", "Jonas", "Kaia", "Leandro", "Lucía", "Malik", "Marta", "Nadia", "Odile", "Omar", "Petra",
    "Quentin", "Rosalie", "Samir", "Tilda", "Ulrich", "Vera", "Wanda", "Xavi", "Yara", "Zoë",
)  # fmt: skip
LAST_NAMES: tuple[str, ...] = (
    "Abernethy", "Bolaños", "Castellan", "Dunmore", "Eriksen", "Farrow", "Gruber", "Holloway", "Ibáñez", "Jurić",
    "Kettering", "Lindqvist", "Marchetti", "Nakamura", "O'Dwyer", "Pellegrin", "Quist", "Rasmussen", "Söderholm",
    "Tremaine", "Ugarte", "Vantongeren", "Whitlock", "Yilmaz", "Zielinski",
)  # fmt: skip
RIGHT_TO_LEFT_NAMES: tuple[str, ...] = ("נועה ברק", "יואב שקד", "תמר אלון", "איתן רגב", "ليلى حداد", "سامي نصار")

STAFF: tuple[str, ...] = ("Dr. Amadi", "Dr. Lund", "Dr. Ferreira", "Dr. Okabe", "Dr. Whitcombe")
VISITS: dict[str, tuple[str, ...]] = {
    "dental": ("cleaning", "filling", "root canal", "crown", "check-up", "extraction"),
    "medical": ("blood test", "vaccination", "physical", "check-up", "biopsy", "ear rinse"),
}
HELPERS: dict[str, str] = {"dental": "hygienist", "medical": "nurse"}


def _stacked(word: str) -> str:
    """Pile combining marks on every letter."""
    marks = "\u0300\u0316\u0317\u0334\u0342\u035c\u0489"
    return "".join(letter + marks for letter in word)


_LONG = (
    "I have a lot to say about my two years here, the good and the bad, so bear with me. "
    "The first visit was fine and so was the second, though the waiting room could use a clock. "
    "By the third I knew the names of the plants. "
)

# (what it is, the reviewer's name or None for the usual kind, stars, text)
HOSTILE: tuple[tuple[str, str | None, int, str], ...] = (
    ("script", "<img src=x onerror=alert(1)>", 4,
     "<script>alert('five stars')</script><b>Lovely</b> staff & \"quick\" service </body></html>"),
    ("sql", "Robert'); DROP TABLE reviews;--", 5, "It's great'); DELETE FROM core.reviews; -- really, I'd come again"),
    ("formula", "=cmd|' /C calc'!A0", 3, "=cmd|' /C calc'!A0"),
    ("jinja", "{{ 7 * 7 }}", 4, "{{ config.items() }} {% raw %} friendly people {% endraw %} ${HOME} %(name)s {0}"),
    ("control", "null", 4, "null\x00\x07\x1b[31m None\u200b\u202enaN\u202c\ufeff \\N NULL\r\nundefined"),
    ("zalgo", _stacked("Zed"), 2, _stacked("they made me wait forever")),
    ("long", None, 3, (_LONG * 20)[:3999] + "."),
)  # fmt: skip
