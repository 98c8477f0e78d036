"""Reddit on loopback, in Reddit's own manner: a token by Basic auth, listings by cursor, threads as two listings."""

from __future__ import annotations

import base64
from typing import Any, ClassVar
from urllib.parse import parse_qs

from tests.conftest import Answer
from tests.sources.stand_in import Base, Request


class StandIn(Base):
    """Lists `count` posts that name the practice; each is read in its thread. `trees` has the comments of a post,
    `spoken` the newest comments of the subreddits, `info` what is asked for by name; a thread in `closed` is gone."""

    name = "reddit"
    block: ClassVar = {"subreddits": ["springfield"], "account": "riverside_dental"}
    key: ClassVar = {
        "client_id": "the-id",
        "client_secret": "the-client-secret",
        "user_agent": "test:rapport:1 (by /u/nobody)",
    }
    more: ClassVar = {"town": "Springfield"}
    cannot: ClassVar = {
        "shifting": "each post is read once, from its own thread, however often lists show it",
        "other_ids": "ids are base 36, which no number holds",
    }

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.posts: list[dict[str, Any]] = [{"title": "Has anybody been to Riverside Dental?"} for _ in range(count)]
        self.trees: dict[str, list[dict[str, Any]]] = {}
        self.branches: dict[str, list[dict[str, Any]]] = {}
        self.hidden: dict[str, dict[str, Any]] = {}
        self.spoken: list[dict[str, Any]] = []
        self.info: dict[str, dict[str, Any]] = {}
        self.closed: dict[str, Answer] = {}
        self.tokens = 0

    def is_token_request(self, request: Request) -> bool:
        return request.path == "/api/v1/access_token"

    def token_answer(self, request: Request) -> Answer:
        basic = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        assert basic == "the-id:the-client-secret"
        assert request.headers["user-agent"] == self.key["user_agent"]
        assert request.body == b"grant_type=client_credentials"
        self.tokens += 1
        told = f'{{"access_token": "token-{self.tokens}", "token_type": "bearer", "expires_in": 86400, "scope": "*"}}'
        return 200, {"Content-Type": "application/json"}, told.encode()

    def check_key(self, request: Request) -> None:
        assert request.headers["authorization"] == f"bearer token-{self.tokens}"
        assert request.headers["user-agent"] == self.key["user_agent"]
        assert request.one("raw_json") == "1"

    def answer(self, request: Request) -> Any:
        if request.path == "/r/springfield/search":
            assert request.one("q") == '"Riverside Dental"'
            assert (request.one("restrict_sr"), request.one("sort"), request.one("type")) == ("1", "new", "link")
            return self._searched(request)
        if request.path == "/r/springfield/comments":
            return listed([comment(**said) for said in self.spoken])
        if request.path.startswith("/comments/"):
            link, _, branch = request.path.removeprefix("/comments/").partition("/_/")
            if f"t3_{link}" in self.closed:
                return self.closed[f"t3_{link}"]
            tree = self.branches[branch] if branch else self.trees.get(f"t3_{link}", [])
            return [listed([self.post(int(link, 36))]), listed([comment(**said) for said in tree])]
        if request.path == "/api/morechildren":
            form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
            assert form["api_type"] == "json"
            things = [comment(**self.hidden[name]) for name in form["children"].split(",")]
            return {"json": {"errors": [], "data": {"things": things}}}
        assert request.path == "/api/info"
        return listed([self.info[name] for name in request.one("id").split(",") if name in self.info])

    def post(self, number: int) -> dict[str, Any]:
        created = self.instant(number).timestamp()
        data: dict[str, Any] = {
            "id": in_36(number), "name": f"t3_{in_36(number)}", "title": "", "selftext": "Around here.",
            "author": "Asker",
            "subreddit": "springfield", "created_utc": created, "edited": False, "score": 7, "num_comments": 2,
            "permalink": f"/r/springfield/comments/{in_36(number)}/has/", "is_self": True, "removed_by_category": None,
        }  # fmt: skip
        if self.huge and number == 1:
            data["selftext"] = "x" * 10_000_000
        return {"kind": "t3", "data": data | self.posts[number - 1]}

    def expected(self) -> set[str]:
        return {f"t3_{in_36(number)}" for number in range(1, self.count + 1)}

    def _searched(self, request: Request) -> Any:
        newest_first = list(range(self.count, 0, -1))
        after = int(request.one("after").removeprefix("t3_"), 36) if request.one("after") else None
        start = 0 if self.endless or after is None else newest_first.index(after) + 1
        shown = newest_first[start : start + self.page_size]
        more = self.endless or start + self.page_size < len(newest_first)
        return listed([self.post(number) for number in shown], f"t3_{in_36(shown[-1])}" if more else None)


def listed(children: list[dict[str, Any]], after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"after": after, "before": None, "dist": len(children), "children": children}}


def comment(**said: Any) -> dict[str, Any]:
    """Return a comment, or the place of those left out if it has `children`."""
    if "children" in said:
        return {"kind": "more", "data": {"id": "_", "name": "t1__", "count": len(said["children"]), "depth": 1} | said}
    below = [comment(**reply) for reply in said.pop("replies", [])]
    data: dict[str, Any] = {
        "id": said["name"].removeprefix("t1_"), "author": "Helper", "body": "We like them.", "edited": False,
        "score": 3, "score_hidden": False, "subreddit": "springfield", "created_utc": 1_792_000_000.0,
        "link_id": "t3_1", "parent_id": "t3_1", "permalink": "/r/springfield/comments/1/has/it/",
        "replies": listed(below) if below else "",
    }  # fmt: skip
    return {"kind": "t1", "data": data | said}


def in_36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"
