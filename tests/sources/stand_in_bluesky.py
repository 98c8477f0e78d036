"""Bluesky for tests: one account's feed in pages of a cursor, threads, quotes, reposts, the search and its sessions."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, ClassVar

from tests.conftest import Answer
from tests.sources.stand_in import Base, Request

OWN = "did:plc:riverside"
STRANGER = "did:plc:mira"


def stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def author(did: str = OWN, **more: Any) -> dict[str, Any]:
    return {"did": did, "handle": f"{did.rpartition(':')[2]}.example", "displayName": "Somebody", **more}


def post(name: str, when: dt.datetime, did: str = OWN, **more: Any) -> dict[str, Any]:
    """Return a postView. What belongs into its record is told by `record`."""
    record = {"$type": "app.bsky.feed.post", "text": "Words", "createdAt": stamp(when)} | more.pop("record", {})
    return {
        "uri": f"at://{did}/app.bsky.feed.post/{name}",
        "cid": "bafyreib",
        "author": author(did),
        "record": record,
        "indexedAt": stamp(when),
        "replyCount": 0,
        "repostCount": 0,
        "likeCount": 3,
        "quoteCount": 0,
    } | more


def reply(name: str, when: dt.datetime, did: str, root: str, parent: str, **record: Any) -> dict[str, Any]:
    refs = {"root": {"uri": root, "cid": "b"}, "parent": {"uri": parent, "cid": "b"}}
    return post(name, when, did, record={"reply": refs, **record})


class StandIn(Base):
    name = "bluesky"
    block: ClassVar[dict[str, Any]] = {"account": "riverside.example", "search": True}
    key: ClassVar[dict[str, str]] = {"identifier": "hush-identifier", "app_password": "hush-password"}
    largest_page = 100
    wrapped: ClassVar[str] = "post"
    cannot: ClassVar[dict[str, str]] = {"other_ids": "a post is known by an at-uri, which no number can be"}

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.own: list[dict[str, Any]] | None = None
        # By the uri of a post: the branches below it, the posts that quote it, who reposted it.
        self.below: dict[str, list[dict[str, Any]]] = {}
        self.quotes: dict[str, list[dict[str, Any]]] = {}
        self.reposts: dict[str, list[dict[str, Any]]] = {}
        self.others: list[dict[str, Any]] = []
        self.opened, self.renewed = 0, 0
        self.live: set[str] = set()
        self.access = "hush-access-0"

    def is_token_request(self, request: Request) -> bool:
        return "com.atproto.server" in request.path

    def token_answer(self, request: Request) -> Answer:
        assert request.method == "POST"
        if request.path == "/xrpc/com.atproto.server.createSession":
            key = json.loads(request.body)
            assert key == {"identifier": "hush-identifier", "password": "hush-password"}
            self.opened += 1
        else:
            assert request.path == "/xrpc/com.atproto.server.refreshSession"
            token = request.headers["authorization"].removeprefix("Bearer ")
            if token not in self.live:
                return 400, {}, b'{"error": "ExpiredToken", "message": "secret words"}'
            self.live.discard(token)
            self.renewed += 1
        refresh, self.access = (f"hush-{what}-{self.opened}-{self.renewed}" for what in ("refresh", "access"))
        self.live.add(refresh)
        told = {"accessJwt": self.access, "refreshJwt": refresh, "handle": "riverside.example", "did": OWN}
        return 200, {}, json.dumps(told).encode()

    def check_key(self, request: Request) -> None:
        assert request.method == "GET"
        sent = request.headers.get("authorization")
        if request.path.endswith("searchPosts"):
            assert (sent or "").startswith("Bearer hush-access")
        else:
            assert sent is None, "a key was sent where none is needed"

    def posts(self) -> list[dict[str, Any]]:
        """Return the account's own posts, newest first."""
        if self.own is not None:
            return self.own
        made = [post(f"p{number:04d}", self.instant(number)) for number in range(self.count)][::-1]
        if self.huge and made:
            made[0]["record"]["text"] = "x" * 10_000_000
        return made

    def expected(self) -> set[str]:
        return {item["uri"] for item in self.posts()}

    def answer(self, request: Request) -> Any:
        method = request.path.removeprefix("/xrpc/")
        uri = request.one("uri")
        if method == "app.bsky.actor.getProfile":
            return author(followersCount=42) if request.one("actor") == "riverside.example" else self.no_profile()
        if method == "app.bsky.feed.getAuthorFeed":
            assert (request.one("actor"), request.one("filter")) == (OWN, "posts_no_replies")
            items = [item if "post" in item else {"post": item} for item in self.posts()]
            return self.page(request, "feed", items)
        if method == "app.bsky.feed.getPostThread":
            found = next((item for item in self.posts() if item["uri"] == uri), None)
            if not found:
                return 400, {}, b'{"error": "NotFound", "message": "Post not found: secret words"}'
            return {"thread": {"$type": "app.bsky.feed.defs#threadViewPost", "post": found,
                               "replies": self.below.get(uri, [])}}  # fmt: skip
        if method == "app.bsky.feed.getPosts":
            assert len(request.query["uris"]) <= 25
            standing = [item for item in [*self.posts(), *self.others] if item["uri"] in request.query["uris"]]
            return {"posts": standing}
        if method == "app.bsky.feed.getQuotes":
            return {"uri": uri, **self.page(request, "posts", self.quotes.get(uri, []))}
        if method == "app.bsky.feed.getRepostedBy":
            return {"uri": uri, **self.page(request, "repostedBy", self.reposts.get(uri, []))}
        assert method == "app.bsky.feed.searchPosts", method
        if request.headers["authorization"] != f"Bearer {self.access}":
            return 400, {}, b'{"error": "ExpiredToken", "message": "Token has expired"}'
        found_ = [item for item in self.others if item["indexedAt"] >= request.one("since")]
        wanted = request.one("mentions")
        shown = [item for item in found_ if not wanted or wanted in json.dumps(item["record"])]
        return self.page(request, "posts", shown)

    def no_profile(self) -> Answer:
        return 400, {}, b'{"error": "InvalidRequest", "message": "Profile not found, secret words"}'

    def page(self, request: Request, name: str, items: list[dict[str, Any]]) -> dict[str, Any]:
        start = int(request.one("cursor", "0"))
        if self.endless:
            return {name: items[: self.page_size], "cursor": str(start + 1)}
        overlap = 1 if self.shifting and start else 0
        shown = items[start - overlap : start - overlap + self.page_size + overlap]
        more = {"cursor": str(start + self.page_size)} if start + self.page_size < len(items) else {}
        return {name: shown, **more}
