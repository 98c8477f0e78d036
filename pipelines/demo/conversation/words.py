"""What the town's practices post and what people say below it: invented sentences, by what they are.

Braces are filled in: `{name}` is a person, `{practice}` the practice as people write it.
"""

from __future__ import annotations

POSTS: dict[str, tuple[str, ...]] = {
    "health_information": (
        "Bleeding gums are not normal, but they are common. Brush where it bleeds, gently, twice a day. If it has not "
        "stopped after two weeks, have somebody look at it.",
        "Fever in a child under three months is always a reason to call a doctor, day or night. Over three months, "
        "watch how they drink and play before you watch the number.",
        "Sugar-free gum after lunch helps: chewing makes saliva, and saliva washes acid away.",
        "A knocked-out tooth can often be saved. Hold it by the crown, keep it in milk, and be seen within an hour.",
        "How long should you brush? Two minutes, with a soft brush, and spit without rinsing.",
        "Ear pain after a flight usually passes within a day. Swallow, yawn, and see somebody if you lose hearing.",
    ),
    "community": (
        "The river clean-up is on Saturday at ten, by the old bridge. Gloves are there, bring boots.",
        "We spent the morning at the elementary school teaching second-graders to brush. They taught us a song.",
        "The food pantry on Third Street is short of baby food this month. There is a box at the library, too.",
        "Good luck to everybody running the Harvest 5K on Sunday!",
    ),
    "recognition": (
        "Ana from our front desk has been here for ten years today. The cake was lemon.",
        "Thank you to the library team for the reading corner in our waiting room.",
        "Congratulations to the high school's robotics club, who are off to the state finals.",
    ),
    "answer": (
        "Many of you asked whether we are open on Columbus Day. We are, from nine to one.",
        "Somebody asked here what to do about a retainer that no longer fits: do not force it, call whoever made it.",
        "You asked about parking: the lot behind the bakery is free for two hours.",
    ),
    "promotion": (
        "Whitening for $199 this month only! Book now, link in bio.",
        "20% off clear aligners until Friday. Don't miss out, spots are going fast!",
        "New patients get a free exam and X-rays. Call today to claim your offer!",
        "Treat yourself to the smile you deserve. Schedule your consultation now and save $500.",
    ),
    "other": (
        "Happy Friday, everyone.",
        "We are closed on Monday for the holiday.",
        "New sign, same place.",
    ),
}

COMMENTS: dict[str, tuple[str, ...]] = {
    "question": (
        "Do you take walk-ins on Saturdays?",
        "Is it normal that my son's new tooth comes in behind the old one?",
        "What time do you close on Fridays now?",
        "How do I get my records sent to another office?",
    ),
    "complaint": (
        "I called three times this week and nobody picked up.",
        "Still waiting for the call back I was promised on Monday.",
        "The new online booking shows me times that are already gone.",
    ),
    "substantive": (
        "We tried the milk thing last year after soccer practice and it really worked.",
        "My grandmother swore by salt water, glad to see it is not nonsense.",
        "I wish somebody had told me this when mine were small.",
        "This is the first explanation of fluoride that I have understood.",
    ),
    "advocacy": (
        "{name}, this is the place I told you about, they are so good with nervous kids.",
        "If anybody here is looking, I can only recommend them, we drive forty minutes.",
        "Best decision we made since moving here. Ask for the early slots.",
    ),
    "discouragement": (
        "I would look elsewhere, they rush you in and out.",
        "Would not send anybody there after last spring.",
    ),
    "thin": ("Nice!", "👏👏👏", "❤️", "So true", "{name}", "🦷✨"),
    "contest": ("Entering! Done, liked and shared, good luck all", "Tagging {name} to win!"),
    "spam": ("Earn $5000 weekly from home, message me", "Check my profile for the best crypto signals"),
}

ANSWERS: dict[str, tuple[str, ...]] = {
    "generic": (
        "Thank you for asking! Our office can tell you: 555-0100.",
        "We are sorry to hear that. Please call our office manager at 555-0100 so that we can help.",
        "Saturdays from nine to one, no appointment needed for a quick question.",
        "Thank you for sharing this, we appreciate it.",
        "Fridays until three. The hours are on our page, too.",
    ),
    "discloses": ("Sorry about the wait at your son's appointment last Tuesday, the extraction before ran late.",),
}

THREADS: dict[str, tuple[str, ...]] = {
    "question": (
        "Looking for somebody who is patient with an anxious eight-year-old. Any recommendations around here?",
        "New in town. Can anyone recommend a family doctor or a dentist? Who do you go to, and would you go again?",
        "Looking for a new dentist or doctor, ours retired. Has anybody been to {practice}? What were they like?",
    ),
    "advocacy": (
        "We go to {practice}. They take their time and explain everything.",
        "{practice}, without a doubt. My kids are not scared any more.",
        "Second {practice}, they called the evening after to ask how we were.",
    ),
    "discouragement": (
        "Not {practice}. We waited over an hour, twice, and nobody said a word.",
        "I left {practice} over a billing mess that took months.",
    ),
    "aside": (
        "Following, same question here.",
        "Ask your school nurse, ours knew who is good with kids.",
        "Just not the place next to the mall.",
    ),
}
