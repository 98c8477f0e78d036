"""Draft replies to low reviews: whole sentences from a fixed library, chosen by the topic that was criticised.

A draft is general on purpose. It says nothing that only a practice could know of a person, and no sentence is made
up: a test runs every combination through the disclosure check, which must find "only generic sentences". Nothing is
ever posted. A review that raises an alert gets no draft, because a person has to read it first.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256

# Reviews are judged in English alone, so it is their language too.
LANGUAGE = "en"
OPENINGS = (
    "Thank you for the feedback.",
    "Thank you for taking the time to write.",
    "We appreciate honest feedback.",
    "Thank you for sharing this.",
)
# A topic of the judgements: what may be said of it to everybody. Symptoms, treatments and bills stay out.
MIDDLES: dict[str, tuple[str, ...]] = {
    "": (
        "We take all feedback seriously and want to improve.",
        "Every comment is read by our team, and helps us improve.",
        "We want to do better, and honest comments help.",
        "Our team will discuss this and look for improvements.",
        "We listen to every concern and work to improve.",
    ),
    "wait_on_site": (
        "Being on-time matters to us, and we are working on it.",
        "It is our goal to be on-time for everyone.",
    ),
    "scheduling_access": ("We are working to make our office hours easier for everyone.",),
    "phone_digital": ("We want every call to be answered, and we are working to improve our phone lines.",),
    "front_desk_staff": ("Courtesy and respect matter to everyone at our front desk.",),
    "clinical_team": ("Everyone on our team is here to be kind and respectful.",),
    "bedside_manner": ("Listening with kindness and respect matters to everyone on our team.",),
    "explanation_consent": ("Answering questions is important to everyone on our team.",),
    "time_with_clinician": ("We want everyone to have enough time for questions.",),
    "pain_anxiety": ("Being calm and kind with everyone matters to us.",),
    "skill_diagnosis": ("High standards matter to everyone on our team.",),
    "results_outcome": ("We hold our work to high standards, and concerns help us keep to them.",),
    "overtreatment_honesty": ("Honesty and respect with everyone matter to us.",),
    "billing_insurance": ("We want our policies to be clearer for everyone.",),
    "cost_value": ("Fair prices are important to us.",),
    "cleanliness_safety": ("High standards in our office are important to us.",),
    "facility_comfort": ("We want our building to be welcoming for everyone.",),
    "follow_up": ("We want it to be easier for everyone to reach us with questions.",),
    "children_family": ("We want our office to be calm and welcoming for everyone.",),
}
CLOSINGS = (
    "Please call our office and ask for the manager, so that we can listen.",
    "Our privacy rules do not let us say more here, so please call our office.",
    "We would like to hear more: please call our office and ask for the manager.",
)


def draft(key: str, criticised: Collection[str]) -> str:
    """Return the draft for a review, by the first topic it criticises that the library knows.

    `key` names the review: it chooses among wordings, so that neighbouring drafts differ and the same review gets the
    same draft every time.
    """
    topic = next((topic for topic in sorted(criticised) if topic in MIDDLES), "")
    chance = sha256(key.encode()).digest()
    said = (OPENINGS, MIDDLES[topic], CLOSINGS)
    return " ".join(sentences[byte % len(sentences)] for sentences, byte in zip(said, chance, strict=False))
