"""What is said of the town's practices in public beyond reviews: one stream of talk, told by each platform its way.

A module of this folder is a platform on loopback. It has

GUESTS   which practices are there: their block of practices.toml, and the key
tell()   the answer to one request, as the platform would give it on that night

The talk is made once (`posts_of`, `threads_of`) with its truth (`act`, `content`), so that every platform tells the
same town. Whatever is yet to happen on a night is not there; what was deleted is gone.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
import pkgutil
import random
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec

from pipelines.demo.conversation import words

FIRST_DAY = dt.date(2026, 5, 1)
DAYS = 186


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """A practice on a platform: its block of practices.toml (an inline table), its key, and the key's name."""

    practice_id: str
    block: str
    key: dict[str, str] = {}
    key_name: str = ""


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How a practice behaves in public: posts a week, what it posts, how it answers, how people take it."""

    weekly: float
    mix: dict[str, int]
    comments: float
    answers: float
    discloses: float = 0.0
    likes: int = 10
    sharing: float = 0.5
    regulars: int = 14


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """One comment. `parent` is the number of the comment it answers, None if it answers the post."""

    number: int
    author: str
    by_practice: bool
    text: str
    act: str
    created_at: dt.datetime
    parent: int | None = None
    likes: int = 0
    edited_at: dt.datetime | None = None
    gone_at: dt.datetime | None = None


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """What opens a conversation. `content` is its true type; `sharers` are those who passed it on, and when."""

    number: int
    author: str
    by_practice: bool
    text: str
    content: str
    created_at: dt.datetime
    likes: int
    views: int
    sharers: tuple[tuple[str, dt.datetime], ...] = ()
    comments: tuple[Comment, ...] = ()
    gone_at: dt.datetime | None = None


class Asked(NamedTuple):
    """One request. `path` is below the platform's name; header names are lower case; `base` is the platform's address.

    `at` is the instant of the night, `night` its date.
    """

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    base: str
    at: dt.datetime
    night: dt.date
    seed: int

    def one(self, name: str, standard: str = "") -> str:
        return self.query.get(name, [standard])[-1]


class Told(NamedTuple):
    """One answer: bytes as they are, anything else as JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = {}
    content_type: str = "application/json; charset=utf-8"

    def encoded(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()


MANNERS: dict[str, Manner] = {
    # Small but deep: asks, answers, and people come back.
    "riverside-dental": Manner(
        weekly=1.6,
        mix={"health_information": 6, "community": 4, "recognition": 2, "answer": 3, "promotion": 1, "other": 1},
        comments=4.5,
        answers=0.9,
        likes=24,
        sharing=1.2,
    ),
    # A broadcaster: much advertising, much liked, nobody is answered.
    "cedar-hollow": Manner(
        weekly=5.0,
        mix={"promotion": 8, "other": 2, "health_information": 1},
        comments=0.9,
        answers=0.05,
        likes=400,
        sharing=0.1,
        regulars=40,
    ),
    "harbor-family-medicine": Manner(
        weekly=1.2,
        mix={"health_information": 4, "community": 1, "promotion": 2, "other": 2},
        comments=2.5,
        answers=0.6,
        discloses=0.15,
        likes=12,
        sharing=0.5,
    ),
}
SPOKEN_NAMES = {
    "riverside-dental": "Riverside Dental",
    "cedar-hollow": "Cedar Hollow",
    "harbor-family-medicine": "Harbor Family Medicine",
}
_FIRST = ("mira", "jonah", "tess", "amir", "lucia", "owen", "priya", "hana", "marco", "elsie", "noor", "felix", "ida")
_ACTS = {"question": 6, "complaint": 3, "substantive": 6, "advocacy": 3, "discouragement": 1, "thin": 7, "spam": 1}


def platform_names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "words")


def guests_of(platform: str) -> tuple[Guest, ...]:
    """Return the practices that are on a platform."""
    found: tuple[Guest, ...] = importlib.import_module(f"{__name__}.{platform}").GUESTS
    return found


def tell(platform: str, asked: Asked) -> Told:
    """Return a platform's answer to a request."""
    told: Callable[[Asked], Told] = importlib.import_module(f"{__name__}.{platform}").tell
    return told(asked)


def blocks_of(practice_id: str) -> list[str]:
    """Return the lines of practices.toml that name a practice's places on all platforms."""
    return [
        f"{platform} = {guest.block}"
        for platform in platform_names()
        for guest in guests_of(platform)
        if guest.practice_id == practice_id
    ]


@cache
def posts_of(practice_id: str, platform: str, seed: int) -> tuple[Post, ...]:
    """Return everything a practice ever posts on a platform, oldest first, with all that is said below it."""
    manner = MANNERS[practice_id]
    rng = random.Random(f"{seed} {platform} {practice_id} posts")
    people = [f"{name}_{rng.randrange(10, 99)}" for name in rng.choices(_FIRST, k=manner.regulars)]
    count = round(manner.weekly * DAYS / 7)
    moments = sorted(rng.randrange(DAYS * 86_400) for _ in range(count))
    return tuple(_post(number, _instant(seconds), manner, people, rng) for number, seconds in enumerate(moments, 1))


@cache
def threads_of(practice_id: str, platform: str, seed: int) -> tuple[Post, ...]:
    """Return the threads of strangers in which a practice is named, oldest first."""
    rng = random.Random(f"{seed} {platform} {practice_id} threads")
    moments = sorted(rng.randrange(DAYS * 86_400) for _ in range(14))
    name = SPOKEN_NAMES[practice_id]
    return tuple(_thread(number, _instant(seconds), name, rng) for number, seconds in enumerate(moments, 1))


def at(posts: tuple[Post, ...], instant: dt.datetime) -> list[Post]:
    """Return what stands there at an instant, newest first."""
    return [_post_at(post, instant) for post in reversed(posts) if _there(post, instant)]


def _there(thing: Post | Comment, instant: dt.datetime) -> bool:
    return thing.created_at <= instant and not (thing.gone_at and thing.gone_at <= instant)


def _post_at(post: Post, instant: dt.datetime) -> Post:
    shown = tuple(comment for comment in post.comments if _there(comment, instant))
    shown = tuple(c if not c.edited_at or c.edited_at <= instant else _unedited(c) for c in shown)
    return msgspec.structs.replace(post, comments=shown, sharers=tuple(s for s in post.sharers if s[1] <= instant))


def _unedited(comment: Comment) -> Comment:
    return msgspec.structs.replace(comment, text=comment.text.removesuffix(" (edited)"), edited_at=None)


def _instant(seconds: int) -> dt.datetime:
    return dt.datetime.combine(FIRST_DAY, dt.time(), tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)


def _post(number: int, created: dt.datetime, manner: Manner, people: list[str], rng: random.Random) -> Post:
    content = rng.choices(tuple(manner.mix), tuple(manner.mix.values()))[0]
    comments: list[Comment] = []
    for _ in range(round(rng.expovariate(1 / manner.comments))):
        _talk(comments, created, manner, people, rng)
    sharers = [(rng.choice(people), created + dt.timedelta(hours=rng.uniform(0.5, 60)))
               for _ in range(round(rng.expovariate(1 / manner.sharing)))]  # fmt: skip
    likes = round(manner.likes * rng.uniform(0.4, 1.8))
    return Post(
        number=number,
        author="practice",
        by_practice=True,
        text=rng.choice(words.POSTS[content]),
        content=content,
        created_at=created,
        likes=likes,
        views=likes * rng.randint(15, 40),
        sharers=tuple(sharers),
        comments=tuple(comments),
        gone_at=dt.datetime(2026, 10, 31, 20, tzinfo=dt.UTC) if number == 20 else None,
    )


def _talk(comments: list[Comment], post_at: dt.datetime, manner: Manner, people: list[str], rng: random.Random) -> None:
    """Add one remark, and what it leads to: an answer of the practice, and sometimes a word back."""
    act = rng.choices(tuple(_ACTS), tuple(_ACTS.values()))[0]
    said = post_at + dt.timedelta(hours=rng.expovariate(1 / 30))
    author = rng.choice(people)
    first = len(comments) + 1
    edited = said + dt.timedelta(hours=30) if rng.random() < 0.05 else None
    text = rng.choice(words.COMMENTS[act]).format(name=f"@{rng.choice(people)}")
    comments.append(
        Comment(
            number=first,
            author=author,
            by_practice=False,
            text=text + (" (edited)" if edited else ""),
            act=act,
            created_at=said,
            likes=rng.randrange(4),
            edited_at=edited,
            gone_at=said + dt.timedelta(days=2) if rng.random() < 0.04 else None,
        )
    )
    if act not in ("question", "complaint", "substantive") or rng.random() > manner.answers:
        return
    kind = "discloses" if rng.random() < manner.discloses else "generic"
    answered = said + dt.timedelta(hours=rng.expovariate(1 / 14) + 0.3)
    comments.append(
        Comment(
            number=first + 1,
            author="practice",
            by_practice=True,
            text=rng.choice(words.ANSWERS[kind]),
            act="answer",
            created_at=answered,
            parent=first,
        )
    )
    if rng.random() < 0.45:
        comments.append(
            Comment(
                number=first + 2,
                author=author,
                by_practice=False,
                text=rng.choice(("Thank you, that helps a lot.", "Great, I will call in the morning.")),
                act="substantive",
                created_at=answered + dt.timedelta(hours=rng.uniform(0.2, 20)),
                parent=first,
            )
        )


def _thread(number: int, created: dt.datetime, practice: str, rng: random.Random) -> Post:
    people = [f"{name}_{rng.randrange(100, 999)}" for name in rng.choices(_FIRST, k=8)]
    acts = rng.choices(("advocacy", "aside", "discouragement"), (4, 3, 1), k=rng.randint(1, 6))
    comments = tuple(
        Comment(
            number=index,
            author=people[index],
            by_practice=False,
            text=rng.choice(words.THREADS[act]).format(practice=practice),
            act=act,
            created_at=created + dt.timedelta(hours=rng.expovariate(1 / 50)),
            likes=rng.randrange(9),
        )
        for index, act in enumerate(acts, 1)
    )
    return Post(
        number=number,
        author=people[0],
        by_practice=False,
        text=rng.choice(words.THREADS["question"]).format(practice=practice),
        content="question",
        created_at=created,
        likes=rng.randrange(20),
        views=rng.randrange(50, 900),
        comments=comments,
    )
