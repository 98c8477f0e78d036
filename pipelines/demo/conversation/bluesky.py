"""Bluesky on loopback: profiles, feeds, threads, quotes, reposts, the search, and sessions renewed by a token once."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
import threading
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from pipelines.demo.conversation import Asked, Comment, Guest, Post, Told, at, posts_of, threads_of

GUESTS = (
    Guest(
        practice_id="riverside-dental",
        block='{ account = "riverside.rapport.example", search = true }',
        key={"identifier": "riverside.rapport.example", "app_password": "made-up-app-password"},
    ),
)
HANDLE = "riverside.rapport.example"
LIMIT = 3000
_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_QUOTE = "Worth a read."
_lock = threading.Lock()
# Refresh tokens that are still good, and how many were ever given out.
_live: set[str] = set()
_given: list[str] = []


class _Post(msgspec.Struct, frozen=True, kw_only=True):
    """One post as it stands. `claimed_at` is what its author's client says of when it was written."""

    salt: int
    author: str
    text: str
    created_at: dt.datetime
    claimed_at: dt.datetime
    answers: _Post | None = None
    quotes: _Post | None = None
    likes: int = 0
    reposters: tuple[str, ...] = ()

    @property
    def uri(self) -> str:
        return _uri(self.salt, self.author, self.created_at)


# Every post is compared with every other one for who answers whom, many times a night.
@cache
def _uri(salt: int, author: str, created_at: dt.datetime) -> str:
    micros = int(created_at.timestamp() * 1_000_000)
    number = (micros << 10) + salt % 1024
    key = "".join(_ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))
    return f"at://{_did(author)}/app.bsky.feed.post/{key}"


def tell(asked: Asked) -> Told:
    """Return the network's answer; what it does not know is refused by name."""
    method = asked.path.removeprefix("/xrpc/")
    answer = _METHODS.get((asked.method, method))
    if not answer:
        return _refused(asked, "MethodNotImplemented", "Method Not Implemented", 501)
    return answer(asked)


def _told(asked: Asked, body: Any, status: int = 200) -> Told:
    reset = int(asked.at.timestamp()) // 300 * 300 + 300
    return Told(
        body,
        status,
        {
            "RateLimit-Limit": str(LIMIT),
            "RateLimit-Remaining": str(LIMIT - 1),
            "RateLimit-Reset": str(reset),
            "RateLimit-Policy": f"{LIMIT};w=300",
        },
    )


def _refused(asked: Asked, error: str, message: str, status: int = 400) -> Told:
    return _told(asked, {"error": error, "message": message}, status)


def _open_session(asked: Asked) -> Told:
    try:
        said = json.loads(asked.body)
    except ValueError:
        return _refused(asked, "InvalidRequest", "Error: Input must be an object")
    key = GUESTS[0].key
    if (said.get("identifier"), said.get("password")) != (key["identifier"], key["app_password"]):
        return _refused(asked, "AuthenticationRequired", "Invalid identifier or password", 401)
    return _told(asked, _tokens(asked))


def _renew_session(asked: Asked) -> Told:
    token = asked.headers.get("authorization", "").removeprefix("Bearer ")
    with _lock:
        known = token in _live
        _live.discard(token)
    return _told(asked, _tokens(asked)) if known else _refused(asked, "ExpiredToken", "Token has been revoked")


def _tokens(asked: Asked) -> dict[str, Any]:
    with _lock:
        refresh = f"made-up-refresh-{asked.night}-{len(_given)}"
        _given.append(refresh)
        _live.add(refresh)
    access = f"made-up-access-{asked.night}"
    return {"accessJwt": access, "refreshJwt": refresh, "handle": HANDLE, "did": _did("practice"), "active": True}


def _profile(asked: Asked) -> Told:
    if not _is_practice(asked):
        return _refused(asked, "InvalidRequest", "Profile not found")
    counts = {
        "followersCount": 210 + (asked.night - dt.date(2026, 5, 1)).days // 2,
        "followsCount": 40,
        "postsCount": len([post for post in _all(asked) if post.author == "practice"]),
    }
    return _told(asked, _author("practice") | counts)


def _is_practice(asked: Asked) -> bool:
    return asked.one("actor") in (HANDLE, _did("practice"))


def _feed(asked: Asked) -> Told:
    """The practice also reposts others and pins a post, neither of which is a post of its own in its feed."""
    if not _is_practice(asked):
        return _refused(asked, "InvalidRequest", "Profile not found")
    own = [post for post in _all(asked) if post.author == "practice"]
    if asked.one("filter") == "posts_no_replies":
        own = [post for post in own if not post.answers]
    items = [{"post": _view(post, asked)} for post in own]
    others = [post for post in _all(asked) if post.author != "practice" and not post.answers and not post.quotes]
    if others:
        reason = {
            "$type": "app.bsky.feed.defs#reasonRepost",
            "by": _author("practice"),
            "indexedAt": _stamp(others[-1].created_at + dt.timedelta(hours=3)),
        }
        items.insert(len(items) // 2, {"post": _view(others[-1], asked), "reason": reason})
    return _paged(asked, "feed", items)


def _paged(asked: Asked, name: str, items: list[Any], **more: Any) -> Told:
    """Return one page of a list; a cursor says how far it went, and is absent from the last page."""
    start, limit = int(asked.one("cursor", "0")), min(int(asked.one("limit", "50")), 100)
    cursor = {"cursor": str(start + limit)} if start + limit < len(items) else {}
    return _told(asked, {**more, **cursor, name: items[start : start + limit]})


def _thread(asked: Asked) -> Told:
    there = _all(asked)
    found = next((post for post in there if post.uri == asked.one("uri")), None)
    if not found:
        return _refused(asked, "NotFound", f"Post not found: {asked.one('uri')}")
    return _told(asked, {"thread": _branch(found, there, asked, int(asked.one("depth", "6")))})


def _branch(post: _Post, there: list[_Post], asked: Asked, depth: int) -> dict[str, Any]:
    """Return a post with what is below it. Somebody whom the practice's guest blocks is not shown."""
    if post.answers and zlib.crc32(post.uri.encode()) % 29 == 0:
        author = {"did": _did(post.author)}
        return {"$type": "app.bsky.feed.defs#blockedPost", "uri": post.uri, "blocked": True, "author": author}
    told: dict[str, Any] = {"$type": "app.bsky.feed.defs#threadViewPost", "post": _view(post, asked)}
    if depth:
        below = [other for other in reversed(there) if other.answers and other.answers.uri == post.uri]
        told["replies"] = [_branch(other, there, asked, depth - 1) for other in below]
    return told


def _posts(asked: Asked) -> Told:
    uris = asked.query.get("uris", [])
    if not 1 <= len(uris) <= 25:
        return _refused(asked, "InvalidRequest", "Error: uris must not have more than 25 elements")
    return _told(asked, {"posts": [_view(post, asked) for post in _all(asked) if post.uri in uris]})


def _quotes(asked: Asked) -> Told:
    found = [post for post in _all(asked) if post.quotes and post.quotes.uri == asked.one("uri")]
    return _paged(asked, "posts", [_view(post, asked) for post in found], uri=asked.one("uri"))


def _reposted_by(asked: Asked) -> Told:
    names = [name for post in _all(asked) if post.uri == asked.one("uri") for name in post.reposters]
    return _paged(asked, "repostedBy", [_author(name) for name in names], uri=asked.one("uri"))


def _search(asked: Asked) -> Told:
    """Find words, in quotes or not, and what mentions an account; only with the token of a session of this night."""
    token = asked.headers.get("authorization", "")
    if not token:
        return _refused(asked, "AuthMissing", "Authentication Required", 401)
    if token != f"Bearer made-up-access-{asked.night}":
        return _refused(asked, "ExpiredToken", "Token has expired")
    phrase, since = asked.one("q").strip('"').casefold(), asked.one("since")
    found = [post for post in _all(asked) if phrase in post.text.casefold() and _stamp(post.created_at) >= since]
    if mentioned := asked.one("mentions"):
        found = [post for post in found if mentioned in json.dumps(_facets(post.text))]
    return _paged(asked, "posts", [_view(post, asked) for post in found], hitsTotal=len(found))


_METHODS: dict[tuple[str, str], Callable[[Asked], Told]] = {
    ("POST", "com.atproto.server.createSession"): _open_session,
    ("POST", "com.atproto.server.refreshSession"): _renew_session,
    ("GET", "app.bsky.actor.getProfile"): _profile,
    ("GET", "app.bsky.feed.getAuthorFeed"): _feed,
    ("GET", "app.bsky.feed.getPostThread"): _thread,
    ("GET", "app.bsky.feed.getPosts"): _posts,
    ("GET", "app.bsky.feed.getQuotes"): _quotes,
    ("GET", "app.bsky.feed.getRepostedBy"): _reposted_by,
    ("GET", "app.bsky.feed.searchPosts"): _search,
}


def _all(asked: Asked) -> list[_Post]:
    """Return every post that stands at the instant of the night, newest first."""
    return _posts_at(asked.seed, asked.at)


@cache
def _posts_at(seed: int, instant: dt.datetime) -> list[_Post]:
    found: list[_Post] = []
    for source, kind in ((posts_of, 1), (threads_of, 2)):
        for post in at(source("riverside-dental", "bluesky", seed), instant):
            found += _conversation(post, kind)
    return sorted(found, key=lambda post: post.created_at, reverse=True)


def _conversation(post: Post, kind: int) -> list[_Post]:
    """Return a post, the replies that can be reached from it, and the quotes: every third who passes it on says why."""
    salt = kind * 400 + post.number * 7
    quoters, reposters = post.sharers[::3], [s for n, s in enumerate(post.sharers) if n % 3]
    root = _Post(
        salt=salt,
        author=post.author,
        text=post.text,
        created_at=post.created_at,
        claimed_at=post.created_at,
        likes=post.likes,
        reposters=tuple(dict.fromkeys(name for name, _ in reposters)),
    )
    quotes = [
        _Post(salt=salt + 1, author=name, text=_QUOTE, created_at=when, claimed_at=when, quotes=root)
        for name, when in quoters
    ]
    made: dict[int, _Post] = {}
    there = {comment.number for comment in post.comments}
    for comment in sorted(post.comments, key=lambda comment: comment.created_at):
        if comment.parent is None or comment.parent in there:
            made[comment.number] = _reply(comment, root if comment.parent is None else made[comment.parent], salt)
    return [root, *quotes, *made.values()]


def _reply(comment: Comment, parent: _Post, salt: int) -> _Post:
    # The clock of one client in forty is years ahead.
    ahead = dt.timedelta(days=1_900 if comment.created_at.minute == 7 else 0)
    return _Post(
        salt=salt + comment.number,
        author="practice" if comment.by_practice else comment.author,
        text=comment.text.removesuffix(" (edited)"),
        created_at=comment.created_at,
        claimed_at=comment.created_at + ahead,
        answers=parent,
        likes=comment.likes,
    )


@cache
def _did(name: str) -> str:
    return f"did:plc:{base64.b32encode(hashlib.sha256(name.encode()).digest()).decode().lower()[:24]}"


def _cid(post: _Post) -> str:
    """Return a content id as the network writes them: CIDv1, dag-cbor, SHA-256, in base 32."""
    digest = hashlib.sha256(f"{post.uri} {post.text}".encode()).digest()
    return "b" + base64.b32encode(bytes((0x01, 0x71, 0x12, 0x20)) + digest).decode().lower().rstrip("=")


def _stamp(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _author(name: str) -> dict[str, Any]:
    own = name == "practice"
    did = _did(name)
    hidden = {"src": did, "uri": f"at://{did}/app.bsky.actor.profile/self", "val": "!no-unauthenticated",
              "cts": "2025-02-01T00:00:00.000Z"}  # fmt: skip
    return {
        "did": did,
        "handle": HANDLE if own else f"{name.replace('_', '-')}.people.example",
        "displayName": "Riverside Dental" if own else name.split("_")[0].title(),
        "labels": [hidden] if not own and zlib.crc32(name.encode()) % 7 == 0 else [],
        "createdAt": "2025-02-01T00:00:00.000Z",
    }


def _facets(text: str) -> list[dict[str, Any]]:
    """Return the accounts a text names, by the bytes at which they stand."""
    return [
        {
            "index": {"byteStart": len(text[: found.start()].encode()), "byteEnd": len(text[: found.end()].encode())},
            "features": [{"$type": "app.bsky.richtext.facet#mention", "did": _did(found[1])}],
        }
        for found in re.finditer(r"@(\w+)", text)
    ]


def _view(post: _Post, asked: Asked) -> dict[str, Any]:
    record: dict[str, Any] = {
        "$type": "app.bsky.feed.post",
        "text": post.text,
        "createdAt": _stamp(post.claimed_at),
        "langs": ["en"],
    }
    if facets := _facets(post.text):
        record["facets"] = facets
    if post.answers:
        first = post.answers
        while first.answers:
            first = first.answers
        record["reply"] = {"root": _ref(first), "parent": _ref(post.answers)}
    if post.quotes:
        record["embed"] = {"$type": "app.bsky.embed.record", "record": _ref(post.quotes)}
    there = _all(asked)
    return {
        "uri": post.uri,
        "cid": _cid(post),
        "author": _author(post.author),
        "record": record,
        "replyCount": sum(other.answers is not None and other.answers.uri == post.uri for other in there),
        "repostCount": len(post.reposters),
        "likeCount": post.likes,
        "quoteCount": sum(other.quotes is not None and other.quotes.uri == post.uri for other in there),
        "bookmarkCount": post.likes // 9,
        "indexedAt": _stamp(post.created_at),
        "labels": [],
    }


def _ref(post: _Post) -> dict[str, str]:
    return {"uri": post.uri, "cid": _cid(post)}
