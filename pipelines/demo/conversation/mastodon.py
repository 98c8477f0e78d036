"""A Mastodon server on loopback: accounts, statuses, what is below them, boosts, mentions and the search.

Paths start with the server's name, as the setting `addresses` gives them. Lists are paged by the Link header.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlencode

import msgspec

from pipelines.demo.conversation import Asked, Comment, Guest, Post, Told, at, posts_of, threads_of

GUESTS = (
    Guest(
        practice_id="riverside-dental",
        block='{ server = "https://social.rapport.example", account = "riverside", search = true }',
        key={"access_token": "made-up-mastodon-token"},
    ),
)
HOST = "social.rapport.example"
OWN = "110000000000000001"
LIMIT = 300
_ELSEWHERE = "people.example"
_LIST_LIMITS = {"statuses": 40, "reblogged_by": 80, "notifications": 80}


class _Status(msgspec.Struct, frozen=True, kw_only=True):
    """One status as it stands: `number` is its id, which grows with time, `replies` those directly below it."""

    number: int
    author: str
    text: str
    created_at: dt.datetime
    edited_at: dt.datetime | None = None
    answers: _Status | None = None
    likes: int = 0
    sharers: tuple[tuple[str, dt.datetime], ...] = ()
    replies: int = 0


def tell(asked: Asked) -> Told:
    """Return the server's answer; an unknown path is one of Mastodon's 404s."""
    host, _, path = asked.path.removeprefix("/").partition("/")
    signed_in = asked.headers.get("authorization") == f"Bearer {GUESTS[0].key['access_token']}"
    if asked.headers.get("authorization") and not signed_in:
        return _told(asked, {"error": "The access token is invalid"}, 401)
    for pattern, answer, needs_key in _ROUTES:
        found = re.fullmatch(pattern, f"/{path}")
        if host == HOST and asked.method == "GET" and found:
            if needs_key and not signed_in:
                return _told(asked, {"error": "This method requires an authenticated user"}, 401)
            return answer(asked, *found.groups())
    return _told(asked, {"error": "Not Found"}, 404)


def _told(asked: Asked, body: Any, status: int = 200, link: str = "") -> Told:
    """Return an answer with the headers that say how many requests are left until the next five minutes begin."""
    reset = asked.at + dt.timedelta(minutes=5 - asked.at.minute % 5)
    limits = {
        "X-RateLimit-Limit": str(LIMIT),
        "X-RateLimit-Remaining": str(LIMIT - 1),
        "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%M:00.000000Z"),
    }
    return Told(body, status, limits | ({"Link": link} if link else {}))


def _missing(asked: Asked) -> Told:
    return _told(asked, {"error": "Record not found"}, 404)


def _listed(asked: Asked, kind: str, items: list[tuple[int, Any]]) -> Told:
    """Return one page of a list, newest first, with the headers to the pages on both sides; an empty page has none."""
    largest = _LIST_LIMITS[kind]
    limit = min(int(asked.one("limit", "20")), largest)
    if "min_id" in asked.query:
        shown = [item for item in items if item[0] > int(asked.one("min_id"))][-limit:]
    else:
        below = int(asked.one("max_id", "9" * 20))
        shown = [item for item in items if int(asked.one("since_id", "0")) < item[0] < below][:limit]
    if not shown:
        return _told(asked, [])
    others = [(name, value) for name, values in asked.query.items() for value in values if not name.endswith("_id")]
    around = []
    if shown[-1][0] != items[-1][0] or kind == "statuses":
        around.append(("next", "max_id", shown[-1][0]))
    around.append(("prev", "since_id" if kind == "reblogged_by" else "min_id", shown[0][0]))
    address = f"https://{HOST}{asked.path.removeprefix(f'/{HOST}')}"
    link = ", ".join(
        f'<{address}?{urlencode([*others, (cursor, str(number))])}>; rel="{relation}"'
        for relation, cursor, number in around
    )
    return _told(asked, [body for _, body in shown], link=link)


def _lookup(asked: Asked) -> Told:
    named = asked.one("acct").removesuffix(f"@{HOST}").casefold()
    return _told(asked, _account("practice", asked)) if named == "riverside" else _missing(asked)


def _credentials(asked: Asked) -> Told:
    source = {"privacy": "public", "sensitive": False, "language": "en", "note": "", "fields": [],
              "follow_requests_count": 0, "hide_collections": None, "discoverable": True, "indexable": True,
              "attribution_domains": [], "quote_policy": "public"}  # fmt: skip
    role = {"id": "-99", "name": "", "permissions": "65536", "color": "", "highlighted": False}
    return _told(asked, _account("practice", asked) | {"source": source, "role": role})


def _statuses(asked: Asked, number: str) -> Told:
    if number != OWN:
        return _missing(asked)
    own = [status for status in _all(asked) if status.author == "practice"]
    if asked.one("exclude_replies") == "true":
        own = [status for status in own if not status.answers or status.answers.author == "practice"]
    return _listed(asked, "statuses", [(status.number, _as_status(status, asked)) for status in own])


def _status(asked: Asked, number: str) -> Told:
    found = next((status for status in _all(asked) if status.number == int(number)), None)
    return _told(asked, _as_status(found, asked)) if found else _missing(asked)


def _context(asked: Asked, number: str) -> Told:
    there = _all(asked)
    found = next((status for status in there if status.number == int(number)), None)
    if not found:
        return _missing(asked)
    above = _above(found)[::-1]
    below = [status for status in reversed(there) if found in _above(status)]
    told = [[_as_status(status, asked) for status in part] for part in (above, below[:60])]
    return _told(asked, {"ancestors": told[0], "descendants": told[1]})


def _above(status: _Status) -> list[_Status]:
    """Return what a status answers, and what that answers, to the one that opened the conversation."""
    return [status.answers, *_above(status.answers)] if status.answers else []


def _reblogged_by(asked: Asked, number: str) -> Told:
    found = next((status for status in _all(asked) if status.number == int(number)), None)
    if not found:
        return _missing(asked)
    sharers = dict(sorted(found.sharers, key=lambda sharer: sharer[1], reverse=True))
    numbered = [(_number(when, 7), _account(name, asked)) for name, when in sharers.items()]
    return _listed(asked, "reblogged_by", sorted(numbered, key=lambda item: item[0], reverse=True))


def _notifications(asked: Asked) -> Told:
    kinds = asked.query.get("types[]", ["mention"])
    told = [status for status in _all(asked) if status.answers and status.answers.author == "practice"]
    told = [status for status in told if status.author != "practice"] if "mention" in kinds else []
    return _listed(asked, "notifications", [(status.number, _as_notification(status, asked)) for status in told])


def _as_notification(status: _Status, asked: Asked) -> dict[str, Any]:
    return {
        "id": str(status.number),
        "type": "mention",
        "created_at": _stamp(status.created_at),
        "group_key": f"ungrouped-{status.number}",
        "account": _account(status.author, asked),
        "status": _as_status(status, asked),
    }


def _search(asked: Asked) -> Told:
    """Find words in quotes or anywhere, newest first. People who never wished to be found are found all the same if
    the account that asks knows them, so a reader must look at what their accounts say."""
    phrase = asked.one("q").strip('"').casefold()
    found = [status for status in _all(asked) if phrase in status.text.casefold() and phrase]
    start, limit = int(asked.one("offset", "0")), min(int(asked.one("limit", "20")), 40)
    shown = [_as_status(status, asked) for status in found[start : start + limit]]
    wanted = asked.one("type") in ("", "statuses")
    return _told(asked, {"accounts": [], "statuses": shown if wanted else [], "hashtags": [], "collections": []})


_ROUTES: tuple[tuple[str, Callable[..., Told], bool], ...] = (
    (r"/api/v1/accounts/lookup", _lookup, False),
    (r"/api/v1/accounts/verify_credentials", _credentials, True),
    (r"/api/v1/accounts/(\d+)/statuses", _statuses, False),
    (r"/api/v1/statuses/(\d+)", _status, False),
    (r"/api/v1/statuses/(\d+)/context", _context, False),
    (r"/api/v1/statuses/(\d+)/reblogged_by", _reblogged_by, False),
    (r"/api/v1/notifications", _notifications, True),
    (r"/api/v2/search", _search, True),
)


def _all(asked: Asked) -> list[_Status]:
    """Return every status that stands at the instant of the night, newest first."""
    return _statuses_at(asked.seed, asked.at)


@cache
def _statuses_at(seed: int, instant: dt.datetime) -> list[_Status]:
    found: list[_Status] = []
    for source, kind in ((posts_of, 1), (threads_of, 2)):
        for post in at(source("riverside-dental", "mastodon", seed), instant):
            found += _thread(post, kind)
    return sorted(found, key=lambda status: status.number, reverse=True)


def _thread(post: Post, kind: int) -> list[_Status]:
    """Return a post and what is below it. With its parent gone, an answer stands alone and is not shown here."""
    salt = kind * 20_000 + post.number * 100
    there = {comment.number: comment for comment in post.comments}
    comments = [c for c in post.comments if c.parent is None or c.parent in there]
    root = _Status(
        number=_number(post.created_at, salt),
        author=post.author,
        text=post.text,
        created_at=post.created_at,
        likes=post.likes,
        sharers=post.sharers,
        replies=sum(comment.parent is None for comment in comments),
    )
    made: dict[int, _Status] = {}
    for comment in sorted(comments, key=lambda comment: comment.created_at):
        made[comment.number] = _answer(
            comment, root if comment.parent is None else made[comment.parent], salt, comments
        )
    return [root, *made.values()]


def _answer(comment: Comment, parent: _Status, salt: int, comments: list[Comment]) -> _Status:
    return _Status(
        number=_number(comment.created_at, salt + comment.number),
        author="practice" if comment.by_practice else comment.author,
        text=comment.text,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        answers=parent,
        likes=comment.likes,
        replies=sum(other.parent == comment.number for other in comments),
    )


def _number(moment: dt.datetime, salt: int) -> int:
    """Return an id as Mastodon makes them: milliseconds, then 16 bits to tell what is said in the same one."""
    return (int(moment.timestamp() * 1000) << 16) + salt


def _stamp(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _acct(name: str) -> str:
    return "riverside" if name == "practice" else f"{name}@{_ELSEWHERE}"


def _account(name: str, asked: Asked) -> dict[str, Any]:
    own = name == "practice"
    host, user = (HOST, "riverside") if own else (_ELSEWHERE, name)
    hidden = not own and zlib.crc32(name.encode()) % 7 == 0
    return {
        "id": OWN if own else str(110_000_000_000_100_000 + zlib.crc32(name.encode())),
        "username": user,
        "acct": _acct(name),
        "display_name": "Riverside Dental" if own else user.split("_")[0].title(),
        "locked": False,
        "bot": False,
        "discoverable": not hidden,
        "indexable": not hidden,
        "group": False,
        "created_at": "2024-03-01T00:00:00.000Z",
        "note": "",
        "url": f"https://{host}/@{user}",
        "uri": f"https://{host}/users/{user}",
        "avatar": f"https://{HOST}/avatars/original/missing.png",
        "avatar_static": f"https://{HOST}/avatars/original/missing.png",
        "header": f"https://{HOST}/headers/original/missing.png",
        "header_static": f"https://{HOST}/headers/original/missing.png",
        "followers_count": 140 + (asked.night - dt.date(2026, 5, 1)).days // 3 if own else 20,
        "following_count": 30,
        "statuses_count": 60,
        "last_status_at": f"{asked.night}",
        "hide_collections": None,
        "noindex": hidden,
        "emojis": [],
        "roles": [],
        "fields": [],
    }


def _as_status(status: _Status, asked: Asked) -> dict[str, Any]:
    account = _account(status.author, asked)
    named = [status.answers.author] if status.answers else []
    parent = status.answers
    return {
        "id": str(status.number),
        "created_at": _stamp(status.created_at),
        "in_reply_to_id": str(parent.number) if parent else None,
        "in_reply_to_account_id": _account(parent.author, asked)["id"] if parent else None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "uri": f"{account['uri']}/statuses/{status.number}",
        "url": f"{account['url']}/{status.number}",
        "replies_count": status.replies,
        "reblogs_count": len(dict(status.sharers)),
        "favourites_count": status.likes,
        "quotes_count": 0,
        "edited_at": _stamp(status.edited_at) if status.edited_at else None,
        "content": _content(status.text, named),
        "reblog": None,
        "application": None,
        "account": account,
        "media_attachments": [],
        "mentions": [_mention(name, asked) for name in named],
        "tags": [],
        "emojis": [],
        "quote": None,
        "card": None,
        "poll": None,
    }


def _content(text: str, named: list[str]) -> str:
    links = "".join(
        f'<span class="h-card" translate="no"><a href="https://{_ELSEWHERE}/@{name}" class="u-url mention">'
        f"@<span>{_acct(name).partition('@')[0]}</span></a></span> "
        for name in named
    )
    return f"<p>{links}{html.escape(text)}</p>"


def _mention(name: str, asked: Asked) -> dict[str, str]:
    account = _account(name, asked)
    return {field: account[field] for field in ("id", "username", "acct", "url")}
