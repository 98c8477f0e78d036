"""Facebook's Graph API for tests: one page with posts, comments, recommendations and daily numbers."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from typing import Any, ClassVar
from urllib.parse import urlencode

from tests.conftest import Answer
from tests.sources.stand_in import Base, Request

PAGE = "102938475610293"
TOKEN, SECRET, APP = "EAAB-page-token", "app-secret-of-ours", "app-number-5519"
METRICS = (
    "page_media_view", "page_total_media_view_unique", "page_post_engagements", "page_views_total",
    "page_daily_follows_unique", "page_daily_unfollows_unique",
)  # fmt: skip


def graph_error(code: int, subcode: int = 0, status: int = 400, message: str = "secret words") -> Answer:
    error = {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode, "fbtrace_id": "A"}
    return status, {"Content-Type": "application/json"}, json.dumps({"error": error}).encode()


def stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


class StandIn(Base):
    """Posts by number, oldest first. `comments` are those below a post, newest first, by the post's number.

    `refused` are metrics that are no longer given; `by_time` pages posts by time, as feeds of Graph do.
    """

    name = "facebook"
    block: ClassVar[Any] = {"page": PAGE}
    key: ClassVar[dict[str, str]] = {"access_token": TOKEN, "app_secret": SECRET, "app_id": APP}
    largest_page = 25
    cannot: ClassVar[dict[str, str]] = {"other_ids": "ids of posts hold an underscore, which no JSON number has"}

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.numbers = list(range(count))
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.ratings: list[dict[str, Any]] = []
        self.refused: set[str] = set()
        self.changed: dict[int, dict[str, Any]] = {}
        self.comments_a_page = 50
        self.by_time = False
        self.headers: dict[str, str] = {}
        self.debug: dict[str, Any] = {"is_valid": True, "expires_at": 0, "data_access_expires_at": 0}

    def check_key(self, request: Request) -> None:
        bearer = f"{APP}|{SECRET}" if request.path == "/debug_token" else TOKEN
        assert request.headers["authorization"] == f"Bearer {bearer}"
        proof = hmac.new(SECRET.encode(), bearer.encode(), hashlib.sha256).hexdigest()
        assert request.one("appsecret_proof") == proof
        assert "access_token" not in request.query

    def answer(self, request: Request) -> Any:
        told = self._answer(request)
        if isinstance(told, tuple):
            return told
        return 200, {"Content-Type": "application/json", **self.headers}, json.dumps(told).encode()

    def _answer(self, request: Request) -> Any:
        if request.path == "/debug_token":
            assert request.one("input_token") == TOKEN
            return {"data": {"app_id": "1", **self.debug}}
        node, _, edge = request.path.removeprefix("/").partition("/")
        if edge == "comments":
            return self._comments(int(node.split("_")[1]) - 700, int(request.one("after") or 0))
        assert node == PAGE
        if not edge:
            return {
                "id": PAGE,
                "overall_star_rating": 4.6,
                "rating_count": len(self.ratings),
                "fan_count": 321,
                "followers_count": 333,
            }
        if edge == "published_posts":
            return self._posts(request)
        if edge == "ratings":
            return self._edge(self.ratings, int(request.one("after") or 0), self.page_size, "ratings")
        if request.one("metric") in self.refused:
            return graph_error(100, message="(#100) The value must be a valid insights metric")
        return self._insights(request)

    def post(self, number: int) -> dict[str, Any]:
        text = "x" * 10_000_000 if self.huge and number == 1 else f"Post {number}"
        count = {"data": [], "summary": {"total_count": number}}
        return {
            "id": f"{PAGE}_{700 + number}",
            "message": text,
            "created_time": stamp(self.instant(number)),
            "permalink_url": f"https://www.facebook.com/{PAGE}/posts/{700 + number}",
            "is_hidden": False,
            "from": {"id": PAGE, "name": "Riverside Dental"},
            **({"shares": {"count": number}} if number else {}),
            **{f"reactions_{kind}": count for kind in ("like", "love", "care", "haha", "wow", "sad", "angry")},
            "comments": self._comments(number, 0),
            **self.changed.get(number, {}),
        }

    def _posts(self, request: Request) -> dict[str, Any]:
        oldest = int(request.one("since") or 0)
        numbers = [n for n in reversed(self.numbers) if self.instant(n).timestamp() >= oldest]
        start = int(request.one("__paging_token" if self.by_time else "after") or 0)
        since = "" if self.by_time else request.one("since")
        return self._edge([self.post(n) for n in numbers], start, self.page_size, "published_posts", since=since)

    def _comments(self, number: int, start: int) -> dict[str, Any]:
        items = self.comments.get(number, [])
        told = self._edge(items, start, self.comments_a_page, "comments")
        return {**told, "summary": {"order": "reverse_chronological", "total_count": len(items)}}

    def _edge(self, items: list[dict[str, Any]], start: int, size: int, edge: str, **more: str) -> dict[str, Any]:
        if self.endless and items:
            start = min(start, max(len(items) - size, 0))
        first = max(start - 1, 0) if self.shifting else start
        shown, end = items[first : start + size], start + size
        if not shown:
            return {"data": []}
        told: dict[str, Any] = {"data": shown, "paging": {"cursors": {"before": str(start), "after": str(end)}}}
        if end < len(items) or self.endless:
            query = {"access_token": TOKEN, "after": str(end), "fields": "as before", **more}
            if self.by_time and edge == "published_posts":
                query = {"access_token": TOKEN, "until": "9", "since": "", "__paging_token": str(end)}
                del told["paging"]["cursors"]
            told["paging"]["next"] = f"https://graph.facebook.com/v26.0/{PAGE}/{edge}?{urlencode(query)}"
            told["paging"]["previous"] = f"https://graph.facebook.com/v26.0/{PAGE}/{edge}?access_token={TOKEN}"
        return told

    def _insights(self, request: Request) -> dict[str, Any]:
        metric = request.one("metric")
        first = dt.datetime.fromtimestamp(int(request.one("since")), dt.UTC) + dt.timedelta(days=1)
        days = (int(request.one("until")) - int(request.one("since"))) // 86_400
        values = [{"value": 10 + n, "end_time": stamp(first + dt.timedelta(days=n))} for n in range(days)]
        told = {"name": metric, "period": "day", "values": values, "id": f"{PAGE}/insights/{metric}/day"}
        around = f"https://graph.facebook.com/v26.0/{PAGE}/insights?access_token={TOKEN}"
        return {"data": [told], "paging": {"previous": around, "next": around}}

    def expected(self) -> set[str]:
        return {f"{PAGE}_{700 + n}" for n in self.numbers}


def comment(number: int, post: int = 0, sender: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        **({"from": sender} if sender else {}),
        "id": f"{700 + post}_{number}",
        "message": f"Comment {number}",
        "created_time": "2026-10-20T10:00:00+0000",
        "permalink_url": f"https://www.facebook.com/{PAGE}/posts/{700 + post}?comment_id={number}",
        **more,
    }
