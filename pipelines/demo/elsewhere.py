"""What is said of the town's practices elsewhere than at Google, and the servers' side of those platforms.

It has its own random numbers, so that adding a platform changes nothing that Google or the owners' files say. Each
platform speaks in its own manner, refuses a wrong key in its own words, and shows only what was there on the night.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from pipelines.demo import phrases

FIRST_DAY = dt.date(2026, 3, 1)
_DAYS = 245
_TRUSTPILOT_UNIT = "5f0e6bb6a1d2c3000b7e4c18"


class RefusedError(Exception):
    """An answer that is not a 200: its status, its JSON body and further headers."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, headers or {}


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """One review somewhere else, with the practice's reply if it has one. `gone_at` is when it was taken off."""

    number: int
    author: str
    stars: int
    title: str
    text: str
    created_at: dt.datetime
    reply: str | None = None
    replied_at: dt.datetime | None = None
    gone_at: dt.datetime | None = None


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """A practice on a platform: its block of practices.toml, its key, how many voices, and who answers there."""

    platform: str
    practice_id: str
    block: str
    key: dict[str, str]
    voices: int
    weights: tuple[int, int, int, int, int] = (1, 1, 1, 3, 8)
    answers: float = 0.6


class Scene(NamedTuple):
    """What a platform holds of a guest at an instant, newest first, and what it has taken off by then."""

    guest: Guest
    voices: list[Voice]
    gone: list[Voice]


GUESTS: tuple[Guest, ...] = (
    Guest(
        platform="trustpilot",
        practice_id="cedar-hollow",
        block=f'{{ business_unit = "{_TRUSTPILOT_UNIT}" }}',
        key={"api_key": "made-up-trustpilot-key"},
        voices=130,
    ),
    Guest(
        platform="nhs_uk",
        practice_id="maple-street-dental",
        block='{ ods_code = "V90210" }',
        key={"api_key": "made-up-nhs-key"},
        voices=48,
    ),
    Guest(
        platform="care_opinion",
        practice_id="maple-street-dental",
        block='{ nacs = "V90210" }',
        key={"api_key": "made-up-care-opinion-key"},
        voices=20,
    ),
    Guest(
        platform="yelp",
        practice_id="riverside-dental",
        block='{ business = "riverside-dental-rapport-town" }',
        key={"api_key": "made-up-yelp-key"},
        voices=60,
        answers=0,
    ),
    # A vendor's file is handed over, not asked for: no key, and an alias by which the file knows the practice.
    Guest(platform="vendor_feed", practice_id="lakeside-medical", block="", key={}, voices=40),
)
FEED_BLOCK = """[[feed]]
files = "yext/*.jsonl"
"""
_FEED_ENTITY = "lakeside-main"


def blocks_of(practice_id: str) -> list[str]:
    """Return the lines of practices.toml that name a practice's places elsewhere."""
    alias = [f'aliases = ["{_FEED_ENTITY}"]'] if practice_id == "lakeside-medical" else []
    guests = [guest for guest in GUESTS if guest.practice_id == practice_id and guest.block]
    return alias + [f"{guest.platform} = {guest.block}" for guest in guests]


def voices_of(guest: Guest, seed: int) -> list[Voice]:
    """Return everything that is ever said of a guest, oldest first; the same seed gives the same."""
    rng = random.Random(f"{seed} {guest.platform} {guest.practice_id}")
    moments = sorted(rng.randrange(_DAYS * 86_400) for _ in range(guest.voices))
    start = dt.datetime.combine(FIRST_DAY, dt.time(), tzinfo=dt.UTC)
    found = []
    for number, seconds in enumerate(moments, 1):
        created = start + dt.timedelta(seconds=seconds)
        stars = rng.choices((1, 2, 3, 4, 5), guest.weights)[0]
        happy = stars >= 4
        topic = rng.choice(("waiting", "explaining", "pain", "cost"))
        text = rng.choice((phrases.PRAISE if happy else phrases.COMPLAINTS)[topic]).format(
            minutes=rng.choice((20, 35, 50)), weekday="Tuesday", doctor="Dr. Okabe", helper="nurse", visit="check-up"
        )
        answered = rng.random() < guest.answers
        found.append(
            Voice(
                number=number,
                author=f"{rng.choice(phrases.FIRST_NAMES)} {rng.choice(phrases.LAST_NAMES)[0]}.",
                stars=stars,
                title="Thank you" if happy else "Not again",
                text=text,
                created_at=created,
                reply=(phrases.REPLY_TO_PRAISE if happy else phrases.REPLY_TO_COMPLAINT)[0] if answered else None,
                replied_at=created + dt.timedelta(hours=rng.randint(2, 200)) if answered else None,
                # One in October is taken off between the first night and the second.
                gone_at=dt.datetime(2026, 10, 31, 20, tzinfo=dt.UTC) if number == guest.voices - 4 else None,
            )
        )
    return found


def voices_at(guest: Guest, seed: int, instant: dt.datetime) -> list[Voice]:
    """Return what stands there at an instant, newest first; a reply that is yet to come is not there."""
    there = [v for v in voices_of(guest, seed) if v.created_at <= instant and not (v.gone_at and v.gone_at <= instant)]
    return [
        msgspec.structs.replace(v, reply=None, replied_at=None) if v.replied_at and v.replied_at > instant else v
        for v in reversed(there)
    ]


def answer(
    platform: str, path: str, query: dict[str, str], headers: Mapping[str, str], seed: int, at: dt.datetime
) -> Any:
    """Return the body of a 200 of one platform at an instant. Raises RefusedError with anything else."""
    guest = next(guest for guest in GUESTS if guest.platform == platform)
    gone = [voice for voice in voices_of(guest, seed) if voice.gone_at and voice.gone_at <= at]
    return SPEAKERS[platform](path, query, headers, Scene(guest, voices_at(guest, seed, at), gone))


def _stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(query: dict[str, str], name: str, standard: int, largest: int) -> int:
    text = query.get(name, str(standard))
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) > largest:
        raise RefusedError(400, {"message": f"{name} must be a number up to {largest}."})
    return int(text)


def _trustpilot(path: str, query: dict[str, str], headers: Mapping[str, str], scene: Scene) -> Any:
    guest, voices = scene.guest, scene.voices
    if headers.get("apikey") != guest.key["api_key"]:
        detail = {"errorcode": "oauth.v2.InvalidApiKey"}
        raise RefusedError(401, {"fault": {"faultstring": "Invalid ApiKey", "detail": detail}})
    unit = f"/business-units/{_TRUSTPILOT_UNIT}"
    if path == unit:
        each = {f"{word}Star{'s' if n > 1 else ''}": sum(v.stars == n for v in voices) for n, word in _WORDS.items()}
        mean = round(sum(v.stars for v in voices) / max(1, len(voices)), 1)
        return {
            "id": _TRUSTPILOT_UNIT,
            "numberOfReviews": {"total": len(voices), "usedForTrustScoreCalculation": len(voices), **each},
            "score": {"stars": mean, "trustScore": mean},
            "status": "active",
        }
    if path != f"{unit}/reviews":
        raise RefusedError(404, {"message": "There is no such business unit."})
    size, page = _number(query, "perPage", 20, 100), _number(query, "page", 1, 999_999)
    shown = voices[(page - 1) * size : page * size]
    return {"links": [], "reviews": [_as_trustpilot(voice) for voice in shown]}


_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


def _as_trustpilot(voice: Voice) -> dict[str, Any]:
    reply = (
        {"text": voice.reply, "createdAt": _stamp(voice.replied_at), "updatedAt": None} if voice.replied_at else None
    )
    return {
        "links": [],
        "id": f"{voice.number:024x}",
        "consumer": {
            "links": [],
            "id": f"c{voice.number:023x}",
            "displayName": voice.author,
            "numberOfReviews": 1 + voice.number % 3,
        },
        "businessUnit": {"links": [], "id": _TRUSTPILOT_UNIT},
        "location": None,
        "stars": voice.stars,
        "title": voice.title,
        "text": voice.text,
        "language": "en",
        "createdAt": _stamp(voice.created_at),
        "updatedAt": None,
        "companyReply": reply,
        "isVerified": False,
        "numberOfLikes": 0,
        "status": "active",
        "reportData": None,
        "complianceLabels": [],
        "countsTowardsTrustScore": True,
    }


def _nhs_uk(path: str, query: dict[str, str], headers: Mapping[str, str], scene: Scene) -> Any:
    if headers.get("subscription-key") != scene.guest.key["api_key"]:
        raise RefusedError(401, {"statusCode": 401, "message": "Access denied due to invalid subscription key."})
    if path != "/Comments" or query.get("odsCode") != "V90210":
        raise RefusedError(404, {"statusCode": 404, "message": "Resource not found"})
    shown = {"published": scene.voices, "removed": scene.gone}[query.get("status", "published")]
    shown = [voice for voice in shown if f"{voice.created_at:%Y-%m-%d}" >= query.get("fromDate", "")]
    start, size = _number(query, "offset", 0, 999_999), _number(query, "limit", 10, 100)
    status = query.get("status", "published")
    return {"comments": [_as_nhs_uk(voice, status) for voice in shown[start : start + size]]}


def _as_nhs_uk(voice: Voice, status: str) -> dict[str, Any]:
    response = None
    if voice.replied_at:
        replied = f"{voice.replied_at:%Y-%m-%dT%H:%M:%S}"
        response = {"commentID": f"a{voice.number}", "commentText": voice.reply, "dateSubmitted": replied}
    comment = {
        "commentId": f"b1f7d9b0-0000-4000-8000-{voice.number:012d}",
        "commentRef": f"{voice.number}",
        "odsCode": "V90210",
        "commentOriginalURL": f"https://www.nhs.example/V90210/{voice.number}",
        "title": voice.title,
        "commentText": voice.text,
        "dateSubmitted": f"{voice.created_at:%Y-%m-%dT%H:%M:%S}",
        "lastUpdated": f"{voice.created_at:%Y-%m-%dT%H:%M:%S}",
        "screenName": voice.author if voice.number % 3 else "Anonymous",
        "status": status,
        # Numbers and strings both occur.
        "ratings": [{"question": "Overall", "rating": voice.stars if voice.number % 2 else f"{voice.stars}"}],
        "visit": {"month": voice.created_at.month, "year": voice.created_at.year},
    }
    return {"comment": comment, "response": response}


def _care_opinion(path: str, query: dict[str, str], headers: Mapping[str, str], scene: Scene) -> Any:
    if headers.get("Authorization") != f"SUBSCRIPTION_KEY {scene.guest.key['api_key']}":
        # Care Opinion sends a wrong key to its page to sign in.
        raise RefusedError(302, {}, {"Location": "/account/login"})
    stories = {str(1_180_000 + voice.number): voice for voice in reversed(scene.voices)}
    asked = re.fullmatch(r"/opinions/([0-9]+)/responses", path)
    if asked and asked[1] in stories:
        told = stories[asked[1]]
        return [{"id": 1, "body": told.reply, "dateOfPublication": _stamp(told.replied_at)}] if told.replied_at else []
    if path != "/opinions":
        raise RefusedError(404, {"message": "There is nothing there."})
    wanted = [n for n, voice in stories.items() if f"{voice.created_at:%Y-%m-%d}" >= query.get("publishedafter", "")]
    start, take = _number(query, "skip", 0, 999_999), _number(query, "take", 100, 100)
    return [_as_care_opinion(story, stories[story]) for story in wanted[start : start + take]]


def _as_care_opinion(story: str, voice: Voice) -> dict[str, Any]:
    return {
        "id": int(story),
        "title": voice.title,
        "body": f"*{voice.text}*",
        "dateOfSubmission": _stamp(voice.created_at - dt.timedelta(days=1)),
        "dateOfPublication": _stamp(voice.created_at),
        "authorRole": "the patient",
        "criticality": None if voice.stars > 3 else "mildly critical",
        "progress": "response" if voice.replied_at else None,
        "links": [{"relation": name, "id": None, "link": ""} for name in ("tags", "responses", "healthservices")],
    }


def _yelp(path: str, query: dict[str, str], headers: Mapping[str, str], scene: Scene) -> Any:
    if headers.get("Authorization") != f"Bearer {scene.guest.key['api_key']}":
        said = {"code": "UNAUTHORIZED_API_KEY", "description": "That is not one of our keys."}
        raise RefusedError(401, {"error": said})
    business = "/businesses/riverside-dental-rapport-town"
    if path == business:
        # Yelp rounds its mean to halves.
        mean = round(2 * sum(voice.stars for voice in scene.voices) / max(1, len(scene.voices))) / 2
        return {"id": "rapport-town-riverside", "review_count": len(scene.voices), "rating": mean, "is_closed": False}
    if path != f"{business}/reviews":
        said = {"code": "BUSINESS_NOT_FOUND", "description": "There is no such business."}
        raise RefusedError(404, {"error": said})
    _number(query, "limit", 20, 50)
    # The plan of this key has three excerpts, whatever is asked for.
    shown = [_as_yelp(voice) for voice in scene.voices[:3]]
    return {"reviews": shown, "total": len(scene.voices), "possible_languages": ["en"]}


def _as_yelp(voice: Voice) -> dict[str, Any]:
    user = {"id": f"u{voice.number}", "profile_url": "https://yelp.example/u", "image_url": None, "name": voice.author}
    return {
        "id": f"yelp-{voice.number:04d}",
        "url": f"https://yelp.example/riverside?hrid={voice.number}",
        "text": f"{voice.text[:157]}...",
        "rating": voice.stars,
        "time_created": f"{voice.created_at - dt.timedelta(hours=8):%Y-%m-%d %H:%M:%S}",
        "user": user,
    }


def feed_files(seed: int, at: dt.datetime) -> dict[str, bytes]:
    """Return the vendor's file as it stood at an instant: an event a line, the deletion after the review."""
    guest = next(guest for guest in GUESTS if guest.platform == "vendor_feed")
    events = [_as_yext(voice, "REVIEW_CREATED", voice.created_at) for voice in voices_of(guest, seed)]
    events += [
        _as_yext(voice, "REVIEW_COMMENT_UPDATED", voice.replied_at)
        for voice in voices_of(guest, seed)
        if voice.replied_at
    ]
    events += [_as_yext(voice, "REVIEW_DELETED", voice.gone_at) for voice in voices_of(guest, seed) if voice.gone_at]
    told = sorted((moment, json.dumps(event)) for moment, event in events if moment <= at)
    return {"yext/webmd.jsonl": "".join(f"{line}\n" for _, line in told).encode()}


def _as_yext(voice: Voice, kind: str, moment: dt.datetime) -> tuple[dt.datetime, dict[str, Any]]:
    comments = []
    if kind == "REVIEW_COMMENT_UPDATED":
        comments = [
            {
                "id": voice.number,
                "publisherDate": _milliseconds(moment),
                "authorRole": "BUSINESS_OWNER",
                "content": voice.reply,
                "visibility": "PUBLIC",
            }
        ]
    review = {
        "id": 700_000 + voice.number,
        "entityId": _FEED_ENTITY,
        "publisherId": "WEBMD",
        "rating": float(voice.stars),
        "title": voice.title,
        "content": voice.text,
        "authorName": voice.author,
        "url": f"https://webmd.example/{voice.number}",
        "publisherDate": _milliseconds(voice.created_at),
        "lastYextUpdateTime": _milliseconds(moment),
        "comments": comments,
    }
    meta = {"eventType": kind, "uuid": f"{kind}-{voice.number}", "timestamp": str(_milliseconds(moment))}
    return moment, {"meta": meta, "review": review}


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)


Speaker = Callable[[str, dict[str, str], Mapping[str, str], Scene], Any]
SPEAKERS: dict[str, Speaker] = {
    "trustpilot": _trustpilot,
    "nhs_uk": _nhs_uk,
    "care_opinion": _care_opinion,
    "yelp": _yelp,
}
