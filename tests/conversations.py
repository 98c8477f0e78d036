"""Generated practices that talk in public on several platforms, told night by night as scoring leaves it.

Every practice of a town is a town of its own: nothing of one touches another. Posts, comments, shares and counted
numbers come with edits, deletions, people of all voices, platforms that name nobody, and nights that fail.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.sources import Meaning
from tests.histories import Row, feature, visit

UTC = dt.UTC
DAY = dt.timedelta(days=1)
CONTENT = ("health_information", "community", "recognition", "answer", "promotion", "other", None)
INVITED = (
    ["no_invitation"],
    ["no_invitation"],
    ["open_invitation"],
    ["gated_invitation"],
    ["rewarded_invitation", "yelp_invitation"],
    ["worded_invitation"],
)
ZONES = ("America/Chicago", "Europe/London", "Asia/Kolkata", "Pacific/Auckland")


@dataclass(frozen=True)
class Platform:
    """What a source's head says of it, and whether its terms let people be told apart."""

    source: str
    site: str
    named: bool = True
    can_reply: bool = True
    window_days: int | None = 90
    metrics: tuple[tuple[str, Meaning], ...] = (("likes", "likes"), ("followers", "followers"), ("views", "views"))
    tells_hidden: bool = False
    divides: str = ""


WALL = Platform("wall", "wall", tells_hidden=True, divides="followers")
FILM = Platform(
    "film", "film", metrics=(("likes", "likes"), ("passed_on", "shares"), ("reach", "reach")), divides="reach"
)
FORUM = Platform("forum", "forum", can_reply=False, window_days=None, metrics=())
CROWD = Platform("crowd", "crowd", named=False, tells_hidden=True, divides="views")
PLATFORMS = (WALL, FILM, FORUM, CROWD)


@dataclass
class Said:
    """The truth of one post, comment or share; `gone_on` is the first night that does not see it."""

    platform: Platform
    kind: str
    item_id: str
    at: dt.datetime
    author: str
    voice: str = "outside"
    parent: str | None = None
    thread: str | None = None
    more: dict[str, Any] = field(default_factory=dict)
    gone_on: dt.date | None = None
    edited_on: dt.date | None = None
    edited: dict[str, Any] = field(default_factory=dict)


@dataclass
class Number:
    """A number of a platform, of a post (`parent`) or of the account; it grows from night to night."""

    platform: Platform
    metric: str
    start: int
    parent: str | None = None
    from_night: dt.date = dt.date.min
    growth: int = 1


@dataclass
class Talk:
    """A practice: what was said, what was counted, and which nights read which platform."""

    practice_id: str
    time_zone: str
    platforms: tuple[Platform, ...]
    first: dt.date
    nights: int
    said: list[Said] = field(default_factory=list)
    numbers: list[Number] = field(default_factory=list)
    # The nights from which a platform is read, and from which its visits fail.
    reads_from: dict[str, dt.date] = field(default_factory=dict)
    fails_from: dict[str, dt.date] = field(default_factory=dict)
    # What the practice says it settled out of sight, by id or link, and when.
    marks: list[tuple[str, dt.date]] = field(default_factory=list)

    def begins(self, platform: Platform) -> dt.date:
        return self.reads_from.get(platform.site, self.first)

    def named(self, practice_id: str) -> Talk:
        return replace(self, practice_id=practice_id, said=list(self.said), numbers=list(self.numbers))


Inputs = dict[str, list[Row]]


def rows_of(talks: list[Talk], as_of: dt.date) -> Inputs:
    """Return everything a build reads of these practices, as known on a night."""
    inputs: Inputs = {"features": [], "completeness": []}
    for talk in talks:
        for number in range(talk.nights):
            night = talk.first + number * DAY
            if night > as_of:
                break
            for platform in [each for each in talk.platforms if talk.begins(each) <= night]:
                _night(
                    talk, platform, night, number % 7 == 0 or night.day == 1 or night == talk.begins(platform), inputs
                )
    inputs["practices"] = [
        {
            "practice_id": talk.practice_id,
            "time_zone": talk.time_zone,
            "handled_privately": [{"item": item, "handled_on": day} for item, day in talk.marks],
        }
        for talk in talks
    ]
    inputs["sources"] = [
        {
            "source": platform.source,
            "handed_over_once": False,
            "sampled": False,
            "has_reviews": False,
            "has_conversation": True,
            "blendable": False,
            "tells_hidden": platform.tells_hidden,
            "window_days": platform.window_days,
        }
        for platform in PLATFORMS
    ]
    inputs["source_metrics"] = [
        {
            "source": platform.source,
            "metric": name,
            "meaning": meaning,
            "valid_from": None,
            "valid_to": None,
            "divides": name == platform.divides,
        }
        for platform in PLATFORMS
        for name, meaning in platform.metrics
    ]
    inputs["build"] = [{"as_of_night": as_of, "inputs_id": "0"}]
    return inputs


def _night(talk: Talk, platform: Platform, night: dt.date, sweep: bool, inputs: Inputs) -> None:
    failed = night >= talk.fails_from.get(platform.site, dt.date.max)
    seen = 0
    if not failed:
        earliest = night - dt.timedelta(days=(platform.window_days or 10_000) - 1)
        for said in talk.said:
            written = said.at.date()
            fresh = written == night - DAY or said.edited_on == night
            listed = written < night and (said.gone_on is None or night < said.gone_on) and written >= earliest
            if said.platform is platform and listed and (sweep or fresh):
                inputs["features"].append(_row(talk, said, night))
                seen += 1
        for number in talk.numbers:
            if number.platform is platform and number.from_night <= night and (sweep or number.parent is None):
                inputs["features"].append(_number(talk, number, night))
                seen += 1
    inputs["completeness"].append(
        visit(
            platform.source,
            platform.site,
            night,
            talk.practice_id,
            status="failed" if failed else "ok",
            complete=sweep and not failed,
            can_reply=platform.can_reply,
            fetched=seen,
            why="the key has expired" if failed else None,
        )
    )


def _row(talk: Talk, said: Said, night: dt.date) -> Row:
    named = said.platform.named and said.author
    told: dict[str, Any] = {
        "parent_id": said.parent,
        "thread_id": said.thread,
        "author_key": said.author if named else None,
        "created_at": said.at,
        "created_local": said.at.astimezone(ZoneInfo(talk.time_zone)).replace(tzinfo=None),
        "updated_at": said.at,
        "voice": said.voice,
        "has_text": said.kind != "share",
        "words": 5,
        "emoji_only": False,
        "text_key": None if said.kind == "share" else f"words of {said.item_id}",
        "mention_keys": [],
        "acts": [],
    }
    told |= said.more
    told |= _of_openings(said, told) | _of_hiding(said, night)
    if told.get("disclosure") == "pattern":
        severity = random.Random(f"severity {said.item_id}").choice(["critical", "high", "high", "caution"])
        told["disclosure_severity"] = severity
    told |= _of_health(said, told) | _of_invitations(talk, said, told)
    told["acts"] = [*told["acts"], *_of_requests(said, told), *_of_own_posts(talk, said, told)]
    if said.edited_on and night >= said.edited_on:
        told |= said.edited
    if not said.platform.named:
        told["mention_keys"] = []
    return feature(said.kind, said.platform.source, said.platform.site, night, talk.practice_id, said.item_id, **told)


def _of_health(said: Said, told: dict[str, Any]) -> dict[str, Any]:
    """Make up how a post on health reads, and what claims something, from the item's own id."""
    chance = random.Random(f"health {said.item_id}")
    on_health = said.kind == "post" and told.get("content_type") == "health_information"
    judged = said.kind == "post" or (said.kind == "comment" and said.voice != "practice")
    return {
        "reading_grade": chance.choice([None, 4.5, 8.0, 8.1, 12.3]) if on_health else None,
        "clinical_claim": chance.choice([True, False, False, None]) if judged else None,
    }


def _of_invitations(talk: Talk, said: Said, told: dict[str, Any]) -> dict[str, Any]:
    """Make up how an own text asks for reviews from the item's own id; of some practices hardly any was looked at."""
    if said.kind == "share" or said.voice != "practice":
        return {}
    chance = random.Random(f"invitations {said.item_id}")
    if chance.random() < random.Random(f"asked {talk.practice_id}").choice([0.2, 0.2, 0.9, 1.0]):
        return {"sentiment": chance.choice([None, "not_checked", "positive"])}
    return {"sentiment": "neutral", "acts": [*told["acts"], *chance.choice(INVITED)]}


def _of_manners(item_id: str) -> list[str]:
    """Make up which comments request something or thank, from the item's own id."""
    return random.Random(f"manners {item_id}").choice([[], [], [], ["request"], ["thanks"], ["thanks"]])


def _of_own_posts(talk: Talk, said: Said, told: dict[str, Any]) -> list[str]:
    """Make up whether an own post asks and what a screen says of its use, from its id; of some practices of none."""
    chance = random.Random(f"own {said.item_id}")
    if said.kind != "post" or said.voice != "practice" or random.Random(f"own {talk.practice_id}").random() < 0.2:
        return []
    asks = chance.choice([["question"], ["question"], ["no_question"], []])
    if told.get("content_type") != "health_information":
        return asks
    screened = [["understandable"], ["understandable", "says_what_to_do"], ["hard_to_understand"], []]
    acts = [*asks, *chance.choice(screened)]
    # What a later version of the screen says, of posts that it was asked of; of some practices of none.
    more = random.Random(f"screen {said.item_id}")
    asked = random.Random(f"screen {talk.practice_id}").random() > 0.3 and more.random() < 0.8
    if asked and {"hard_to_understand", "understandable"} & set(acts):
        acts.append(more.choice(["names_its_source", "names_no_source", "names_no_source"]))
        if "says_what_to_do" in acts:
            acts.append(more.choice(["in_steps", "not_in_steps"]))
    return [*acts, *more.choice([[], ["pictures_described"], ["pictures_not_described"]])]


def _of_requests(said: Said, told: dict[str, Any]) -> list[str]:
    """Make up what asks for a recommendation, from the item's own id; before May nobody looked for it."""
    chance = random.Random(f"request {said.item_id}")
    if said.kind == "share" or said.voice == "practice" or not told.get("place") or said.at.month < 5:
        return []
    return chance.choice([["asks_recommendation"], ["asks_no_recommendation"], ["asks_no_recommendation"], []])


def _of_hiding(said: Said, night: dt.date) -> dict[str, Any]:
    """Make up which comments somebody hides after some days, and which of them are shown again, from the item's id."""
    chance = random.Random(f"hidden {said.item_id}")
    if said.kind != "comment" or not said.platform.tells_hidden or chance.random() > 0.15:
        return {}
    hidden_on = said.at.date() + dt.timedelta(days=chance.choice([0, 1, 5, 30]))
    shown_on = hidden_on + dt.timedelta(days=chance.choice([3, 30, 1000, 1000]))
    return {"state": "hidden" if hidden_on <= night < shown_on else None}


def _of_openings(said: Said, told: dict[str, Any]) -> dict[str, Any]:
    """Make up which of others' posts in communities name the practice only further down, from the item's own id."""
    if said.kind != "post" or said.voice == "practice" or not told.get("place"):
        return {}
    named_below = random.Random(f"opening {said.item_id}").random() < 0.4
    return {"matched": None, "mention_keys": []} if named_below else {}


def _number(talk: Talk, number: Number, night: dt.date) -> Row:
    nights = max(0, (night - max(number.from_night, talk.first)).days)
    return feature(
        "metric",
        number.platform.source,
        number.platform.site,
        night,
        talk.practice_id,
        f"{number.parent or 'account'}/{number.metric}",
        parent_id=number.parent,
        metric=number.metric,
        value=number.start + number.growth * nights,
    )


def talk_of(seed: int, practice_id: str = "p", *, busy: int | None = None) -> Talk:
    """Return a practice made from a seed: its manners, its people, half a year or more of talk and nights."""
    chance = random.Random(seed)
    chosen = (WALL, *(platform for platform in PLATFORMS[1:] if chance.random() < 0.55))
    if chance.random() < 0.1:
        chosen = (FORUM,)
    first = dt.date(2026, chance.choice([3, 4, 6]), chance.choice([1, chance.randint(1, 28)]))
    if chance.random() < 0.2:
        first += dt.timedelta(days=150)
    nights = chance.randint(160, 260)
    talk = Talk(practice_id, chance.choice(ZONES), chosen, first, nights)
    for platform in chosen:
        if chance.random() < 0.2:
            talk.reads_from[platform.site] = first + dt.timedelta(days=chance.randint(20, 90))
        if chance.random() < 0.12:
            talk.fails_from[platform.site] = first + dt.timedelta(days=chance.randint(60, nights))
        _tell(talk, platform, chance, busy if busy is not None else chance.choice([2, 8, 20, 40]))
    _mark(talk, random.Random(f"marks {seed}"))
    return talk


def _mark(talk: Talk, chance: random.Random) -> None:
    """Settle some of what was said out of sight, sometimes after its month, and once what nobody has seen."""
    for said in talk.said:
        if said.kind != "share" and said.voice != "practice" and chance.random() < 0.08:
            item = said.more.get("url") or said.item_id
            talk.marks.append((item, said.at.date() + dt.timedelta(days=chance.choice([1, 2, 40, 100]))))
    talk.marks.append(("nothing", talk.first))


def _tell(talk: Talk, platform: Platform, chance: random.Random, posts: int) -> None:
    people = [f"{platform.site}-person-{n}" for n in range(chance.choice([3, 9, 25]))]
    start = dt.datetime.combine(talk.first, dt.time(0), UTC) - dt.timedelta(days=100)
    span = (talk.nights + 99) * 86400

    def moment(after: dt.datetime | None = None, hours: float = 40) -> dt.datetime:
        if after is None:
            return start + dt.timedelta(seconds=chance.randrange(span))
        return after + dt.timedelta(seconds=int(chance.expovariate(1 / (hours * 3600))))

    def add(said: Said) -> Said:
        if chance.random() < 0.06:
            said.gone_on = said.at.date() + dt.timedelta(days=chance.randint(2, 50))
        talk.said.append(said)
        return said

    stranger = 0.7 if platform is FORUM else 0.15
    for number in range(posts):
        own = chance.random() > stranger
        post = add(
            Said(
                platform,
                "post",
                f"{platform.site}/{number}",
                moment(),
                "us" if own else chance.choice(people),
                "practice" if own else chance.choice(["outside", "outside", "organisation", "team"]),
                more=_post(own, platform, chance, people),
            )
        )
        _below(talk, post, own, chance, people, add, moment)
        for name, meaning in platform.metrics:
            if own and meaning in ("likes", "shares", "views") and chance.random() < 0.9:
                seen_from = post.at.date() + DAY
                talk.numbers.append(
                    Number(platform, name, chance.randrange(30), post.item_id, seen_from, chance.randrange(2))
                )
    for name, meaning in platform.metrics:
        if meaning in ("followers", "reach"):
            talk.numbers.append(Number(platform, name, chance.randrange(5000), None, talk.first, 3))


def _post(own: bool, platform: Platform, chance: random.Random, people: list[str]) -> dict[str, Any]:
    if own:
        return {
            "content_type": chance.choice(CONTENT),
            "mention_keys": chance.sample(people, 2) if chance.random() < 0.2 else [],
            "place": "square" if chance.random() < 0.1 else None,
            "acts": ["contest"] if chance.random() < 0.1 else [],
        }
    return {
        "matched": chance.choice(["link", "handle", "name"]),
        "place": chance.choice(["town", "parents"]) if platform is FORUM or chance.random() < 0.3 else None,
        "acts": chance.choice([[], ["question"], ["advocacy", "substantive"], ["discouragement"], ["spam"]]),
        "mention_keys": ["practice"] if chance.random() < 0.3 else [],
        "url": f"https://{platform.site}.example/{chance.randrange(10**6)}",
    }


def _below(talk: Talk, post: Said, own: bool, chance: random.Random, people: list[str], add: Any, moment: Any) -> None:
    comments: list[Said] = []
    # Now and then a platform's clock is behind, or a post was dated anew.
    early = dt.timedelta(minutes=5) if chance.random() < 0.1 else dt.timedelta()
    for number in range(round(chance.expovariate(1 / 3))):
        parent = chance.choice([post, post, *comments])
        voice = chance.choices(["outside", "organisation", "team", "practice"], [14, 2, 2, 1])[0]
        author = chance.choice(people)
        acts = chance.choice(
            [
                [],
                ["substantive"],
                ["substantive"],
                ["question", "substantive"],
                ["complaint", "substantive"],
                ["question"],
                ["advocacy", "substantive"],
                ["discouragement"],
                ["spam"],
                ["contest"],
            ]
        )
        acts = [*acts, *_of_manners(f"{post.item_id}/{number}")]
        comment = add(
            Said(
                post.platform,
                "comment",
                f"{post.item_id}/{number}",
                post.at - early if early and not comments else moment(max(parent.at, post.at)),
                "us" if voice == "practice" else f"team-{author}" if voice == "team" else author,
                voice,
                parent.item_id,
                post.item_id,
                {
                    "acts": acts,
                    "emoji_only": chance.random() < 0.1,
                    "has_text": chance.random() > 0.05,
                    "text_key": f"same {chance.randrange(3)}"
                    if chance.random() < 0.2
                    else f"words {post.item_id} {number}",
                    "matched": chance.choice([None, "name", "handle"]) if not own else None,
                    "mention_keys": chance.choice([[], [], [], ["practice"], [chance.choice(people)]]),
                    "place": post.more.get("place"),
                },
            )
        )
        if chance.random() < 0.1:
            comment.edited_on = comment.at.date() + dt.timedelta(days=chance.randint(1, 9))
            comment.edited = {"acts": chance.choice([["question"], [], ["spam"], ["advocacy"]])}
        comments.append(comment)
        if voice != "practice" and chance.random() < 0.45:
            comments.append(add(_answer(post, comment, f"{post.item_id}/{number}a", chance, moment)))
            if comment.gone_on and chance.random() < 0.7:
                comments[-1].gone_on = comment.gone_on
            if chance.random() < 0.4:
                thanks = {"acts": ["substantive"], "place": post.more.get("place")}
                comments.append(
                    add(
                        Said(
                            post.platform,
                            "comment",
                            f"{post.item_id}/{number}b",
                            moment(comments[-1].at, 10),
                            comment.author,
                            comment.voice,
                            chance.choice([comment.item_id, comments[-1].item_id]),
                            post.item_id,
                            thanks,
                        )
                    )
                )
    if post.platform in (WALL, CROWD):
        for number in range(round(chance.expovariate(1 / 0.6))):
            voice = chance.choices(["outside", "organisation", "team", "practice"], [8, 1, 1, 1])[0]
            author = "us" if voice == "practice" else chance.choice(people)
            named = {"matched": "name", "place": "town"} if chance.random() < 0.3 else {}
            shared = "a post nobody here has seen" if chance.random() < 0.1 else post.item_id
            item_id = f"{post.item_id}/s{number}"
            add(Said(post.platform, "share", item_id, moment(post.at), author, voice, shared, more=named))


def _answer(post: Said, comment: Said, item_id: str, chance: random.Random, moment: Any) -> Said:
    same_branch = comment.parent != post.item_id and chance.random() < 0.4
    by_name = chance.random() < 0.15
    return Said(
        post.platform,
        "comment",
        item_id,
        moment(comment.at, 30),
        "us",
        "practice",
        post.item_id if by_name else comment.parent if same_branch else comment.item_id,
        post.item_id,
        {
            "disclosure": chance.choice(["generic", "generic", "look", "pattern", None]),
            "emoji_only": chance.random() < 0.08,
            "mention_keys": [comment.author] if by_name or chance.random() < 0.2 else [],
            "text_key": f"reply {chance.randrange(4)}" if chance.random() < 0.4 else f"words of {item_id}",
            "place": post.more.get("place"),
        },
    )
