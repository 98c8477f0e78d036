"""TikTok on loopback for tests: one account, whose refresh token ends with each renewal."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import parse_qs

from tests.conftest import Answer
from tests.sources.stand_in import Base, Request

FIRST = "hush-refresh-0"
# As TikTok's ids are: numbers too long for a small mind, written as strings.
BASE_ID = 7_080_213_458_555_737_000
RENEWED_AT = "Sat, 31 Oct 2026 06:30:00 GMT"


class StandIn(Base):
    """`gone` are videos that are nowhere any more; `late` are missing in the list only."""

    name = "tiktok"
    block: ClassVar[Any] = {"handle": "riverside"}
    key: ClassVar[dict[str, str]] = {
        "client_key": "hush-client",
        "client_secret": "hush-secret",
        "refresh_token": FIRST,
    }
    largest_page: ClassVar[int] = 20

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.created = {str(BASE_ID + n): int(self.instant(n).timestamp()) for n in range(count)}
        self.counts: dict[str, Any] = {"like_count": 3, "comment_count": 2, "share_count": 1, "view_count": 90}
        self.gone, self.late = set[str](), set[str]()
        self.renewals = 0
        self.refresh_days = 365
        self.token_refusal: Answer | None = None

    def expected(self) -> set[str]:
        return set(self.created)

    def is_token_request(self, request: Request) -> bool:
        return request.path == "/oauth/token/"

    def token_answer(self, request: Request) -> Answer:
        if self.token_refusal:
            return self.token_refusal
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        assert form.pop("grant_type") == "refresh_token"
        newest = f"hush-refresh-{self.renewals}"
        if form != {**self.key, "refresh_token": newest}:
            return 400, {}, b'{"error": "invalid_grant", "error_description": "secret words", "log_id": "1"}'
        self.renewals += 1
        told = {
            "access_token": f"hush-access-{self.renewals}",
            "expires_in": 86_400,
            "refresh_token": f"hush-refresh-{self.renewals}",
            "refresh_expires_in": self.refresh_days * 86_400,
            "scope": "user.info.basic,user.info.stats,video.list",
            "token_type": "Bearer",
        }
        return 200, {"Date": RENEWED_AT}, json.dumps(told).encode()

    def check_key(self, request: Request) -> None:
        assert request.headers["authorization"] == f"Bearer hush-access-{self.renewals}"

    def asked_for(self, path: str) -> list[Request]:
        return [request for request in self.asked if request.path == path]

    def answer(self, request: Request) -> Any:
        if request.path == "/user/info/":
            assert request.method == "GET"
            user = {"open_id": "me", "follower_count": 12, "likes_count": 340, "video_count": self.count}
            return good({"user": user})
        assert request.method == "POST"
        assert request.headers["content-type"] == "application/json"
        asked = json.loads(request.body)
        if request.path == "/video/query/":
            wanted = asked["filters"]["video_ids"]
            assert 1 <= len(wanted) <= 20
            return good({"videos": [self.video(name) for name in wanted if name not in self.gone]})
        assert request.path == "/video/list/"
        assert asked["max_count"] == 20
        there = [name for name in self.created if name not in self.gone | self.late]
        newest = sorted(there, key=lambda name: self.created[name], reverse=True)
        start = newest.index(_at(asked["cursor"], self.created)) + 1 if "cursor" in asked and not self.endless else 0
        shown = newest[max(0, start - 1) if self.shifting else start : start + self.page_size]
        cursor = self.created[shown[-1]] * 1000 if shown else 0
        return good(
            {
                "videos": [self.video(name) for name in shown],
                "cursor": cursor,
                "has_more": self.endless or start + self.page_size < len(newest),
            }
        )

    def video(self, name: str) -> dict[str, Any]:
        text = "x" * 10_000_000 if self.huge and name == str(BASE_ID) else "How to floss #teeth"
        url = f"https://www.tiktok.com/@riverside/video/{name}?utm_source=x"
        told = {"id": int(name) if self.other_ids else name, "create_time": self.created[name], "share_url": url}
        return {**told, "title": text, "video_description": text, **self.counts}


def _at(cursor: int, created: dict[str, int]) -> str:
    return next(name for name, when in created.items() if when * 1000 == cursor)


def good(data: dict[str, Any]) -> dict[str, Any]:
    return {"data": data, "error": {"code": "ok", "message": "", "log_id": "1"}}


def refused(status: int, code: str) -> Answer:
    return status, {}, json.dumps({"data": {}, "error": {"code": code, "message": "secret words"}}).encode()
