"""Instagram's Graph API for tests: one account with media, comments, replies, tags and numbers."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import urlencode

from tests.conftest import Answer
from tests.sources.stand_in import Base, Request
from tests.sources.stand_in_facebook import graph_error, stamp

ACCOUNT, USERNAME = "17841400000000009", "riverside.dental"
TOKEN = "IGQW-long-lived-token"
FIRST_MEDIA = 17_900_000_000_000_000


class StandIn(Base):
    """Media by number, oldest first. `comments` are those below a medium and `replies` those below a comment.

    `tokens` are those that are good; the last one is given at a renewal.
    """

    name = "instagram"
    block: ClassVar[Any] = {"account": ACCOUNT}
    key: ClassVar[dict[str, str]] = {"access_token": TOKEN}
    largest_page = 25

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.numbers = list(range(count))
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.replies: dict[str, list[dict[str, Any]]] = {}
        self.tags: list[dict[str, Any]] = []
        self.changed: dict[int, dict[str, Any]] = {}
        self.below_a_page = 50
        self.tokens = [TOKEN]
        self.renewals: list[str] = []
        self.refused: set[str] = set()
        self.account_values: dict[str, int] = {"reach": 5, "views": 6, "accounts_engaged": 7, "total_interactions": 8}

    def is_token_request(self, request: Request) -> bool:
        return request.path == "/refresh_access_token"

    def token_answer(self, request: Request) -> Answer:
        assert request.one("grant_type") == "ig_refresh_token"
        if self.refuse:
            return self.refuse.pop(0)
        if request.one("access_token") not in self.tokens:
            return graph_error(190, 463)
        self.renewals.append(request.one("access_token"))
        told = {"access_token": self.tokens[-1], "token_type": "bearer", "expires_in": 5_183_944}
        return 200, {}, json.dumps(told).encode()

    def check_key(self, request: Request) -> None:
        assert request.headers["authorization"].removeprefix("Bearer ") in self.tokens
        assert "access_token" not in request.query

    def answer(self, request: Request) -> Any:
        node, _, edge = request.path.removeprefix("/").partition("/")
        start = int(request.one("after") or 0)
        if edge == "replies":
            return self._edge(self.replies[node], start, self.below_a_page)
        if edge == "comments":
            return self._comments(int(node) - FIRST_MEDIA, start)
        if edge == "insights":
            return self._insights(node, request)
        assert node == ACCOUNT
        if edge == "media":
            since = int(request.one("since") or 0)
            numbers = [n for n in reversed(self.numbers) if self.instant(n).timestamp() >= since]
            return self._edge([self.medium(n) for n in numbers], start, self.page_size)
        if edge == "tags":
            return self._edge(self.tags, start, self.page_size)
        return {"id": ACCOUNT, "username": USERNAME, "followers_count": 900, "media_count": len(self.numbers)}

    def medium(self, number: int) -> dict[str, Any]:
        identity: int | str = FIRST_MEDIA + number
        return {
            "id": identity if self.other_ids else str(identity),
            "caption": "x" * 10_000_000 if self.huge and number == 1 else f"Medium {number}",
            "media_type": "IMAGE",
            "media_product_type": "FEED",
            "permalink": f"https://www.instagram.com/p/{number}/",
            "timestamp": stamp(self.instant(number)),
            "username": USERNAME,
            "like_count": number,
            "comments_count": len(self.comments.get(number, [])),
            **({"comments": self._comments(number, 0)} if number in self.comments else {}),
            **self.changed.get(number, {}),
        }

    def _comments(self, number: int, start: int) -> dict[str, Any]:
        told = self._edge(self.comments[number], start, self.below_a_page)
        for item in told["data"]:
            if below := self.replies.get(str(item["id"])):
                item["replies"] = self._edge(below, 0, self.below_a_page)
        return told

    def _edge(self, items: list[dict[str, Any]], start: int, size: int) -> dict[str, Any]:
        if self.endless and items:
            start = min(start, max(len(items) - size, 0))
        first = max(start - 1, 0) if self.shifting else start
        shown, end = [dict(item) for item in items[first : start + size]], start + size
        if not shown:
            return {"data": []}
        told: dict[str, Any] = {"data": shown, "paging": {"cursors": {"before": str(start), "after": str(end)}}}
        if end < len(items) or self.endless:
            query = urlencode({"access_token": self.tokens[-1], "after": str(end)})
            told["paging"]["next"] = f"https://graph.instagram.com/v26.0/elsewhere?{query}"
        return told

    def _insights(self, node: str, request: Request) -> Any:
        asked = request.one("metric").split(",")
        if self.refused & set(asked):
            return graph_error(100, message="(#100) The metric is not supported for this media type")
        if node == ACCOUNT:
            assert (request.one("period"), request.one("metric_type")) == ("day", "total_value")
            assert int(request.one("until")) - int(request.one("since")) in (23 * 3600, 24 * 3600, 25 * 3600)
            return {
                "data": [
                    {
                        "name": name,
                        "period": "day",
                        "total_value": {"value": self.account_values[name]},
                        "id": f"{ACCOUNT}/insights/{name}/day",
                    }
                    for name in asked
                    if name in self.account_values
                ]
            }
        return {
            "data": [
                {"name": name, "period": "lifetime", "values": [{"value": 3}], "id": f"{node}/insights/{name}/lifetime"}
                for name in asked
            ]
        }

    def expected(self) -> set[str]:
        return {str(FIRST_MEDIA + n) for n in self.numbers}


def comment(number: int, username: str = "maria.k", **more: Any) -> dict[str, Any]:
    return {
        "id": str(18_000_000_000_000_000 + number),
        "text": f"Comment {number}",
        "timestamp": "2026-10-20T10:00:00+0000",
        "username": username,
        **more,
    }
