"""A forum on loopback, in Discourse's own manner: newest posts by id, a search in pages, topics in chunks of twenty."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from tests.sources.stand_in import Base, Request

FORUM = "https://talk.springfield.example"


class StandIn(Base):
    """Lists `count` topics whose opening names the practice. `posts` has what else was written, by topic, in order;
    `gone` are topics that were deleted, `missing` posts."""

    name = "discourse"
    block: ClassVar = [{"forum": FORUM, "account": "riverside_dental"}]
    largest_page = 50
    cannot: ClassVar = {"shifting": "each topic is read once, from itself, however often a search shows it"}

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.posts: dict[int, list[dict[str, Any]]] = {}
        self.openings = ["<p>Has anybody been to Riverside Dental?</p>"] * count
        self.gone: set[int] = set()
        self.missing: set[int] = set()

    def check_key(self, request: Request) -> None:
        assert "api-key" not in request.headers
        assert request.headers["accept"] == "application/json"

    def answer(self, request: Request) -> Any:
        path = request.path.removeprefix("/talk.springfield.example")
        if path == "/posts.json":
            before = int(request.one("before", str(10**9)))
            below = [post for post in self.all_posts() if int(post["id"]) < before]
            return {"latest_posts": below[:50]}
        if path == "/search.json":
            window = self.night - dt.timedelta(days=90)
            assert request.one("q") == f'"Riverside Dental" after:{window} order:latest'
            return self._searched(int(request.one("page")))
        topic, _, what = path.removeprefix("/t/").removesuffix(".json").partition("/")
        if int(topic) in self.gone or int(topic) > self.count:
            told = b'{"errors": ["It is not there."], "error_type": "not_found"}'
            return 404, {"Content-Type": "application/json"}, told
        posts = self.topic(int(topic))
        if what == "posts":
            asked = set(request.query["post_ids[]"])
            assert len(asked) <= 20
            return {"post_stream": {"posts": [post for post in posts if str(post["id"]) in asked]}, "id": int(topic)}
        head = {"id": self.id(int(topic)), "title": "Who is good?", "views": 40, "reply_count": len(posts) - 1}
        return head | {"post_stream": {"posts": posts[:20], "stream": [post["id"] for post in posts]}}

    def topic(self, number: int) -> list[dict[str, Any]]:
        cooked = "x" * 10_000_000 if self.huge and number == 1 else self.openings[number - 1]
        opening = self.post(number, 1, cooked=cooked)
        later = [self.post(number, place, **said) for place, said in enumerate(self.posts.get(number, []), 2)]
        return [post for post in (opening, *later) if int(post["id"]) not in self.missing]

    def post(self, topic: int, number: int, **said: Any) -> dict[str, Any]:
        at = self.instant(topic).isoformat().replace("+00:00", "Z")
        return {
            "id": self.id(topic * 100 + number), "topic_id": self.id(topic), "post_number": number, "post_type": 1,
            "username": "Asker", "name": "Somebody", "created_at": at, "updated_at": at, "topic_slug": "who-is-good",
            "cooked": "<p>We like them.</p>", "reply_to_post_number": None, "actions_summary": [{"id": 2, "count": 3}],
        } | said  # fmt: skip

    def id(self, number: int) -> int | str:
        return str(number) if self.other_ids else number

    def all_posts(self) -> list[dict[str, Any]]:
        posts = [post for topic in range(1, self.count + 1) if topic not in self.gone for post in self.topic(topic)]
        return sorted(posts, key=lambda post: -int(post["id"]))

    def expected(self) -> set[str]:
        return {f"{topic}/1" for topic in range(1, self.count + 1)}

    def _searched(self, page: int) -> Any:
        start = 0 if self.endless else (page - 1) * self.page_size
        shown = range(self.count, 0, -1)[start : start + self.page_size]
        more = self.endless or start + self.page_size < self.count
        hits = [{"id": topic * 100 + 1, "topic_id": self.id(topic), "blurb": "Has anybody been to"} for topic in shown]
        return {"posts": hits, "grouped_search_result": {"more_full_page_results": True if more else None}}
