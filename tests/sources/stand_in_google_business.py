"""Google on loopback for the tests of every source: one location whose longest list is its reviews."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import parse_qs

from tests.conftest import Answer
from tests.sources.stand_in import Base, Request

LOCATION = "accounts/1/locations/2"


class StandIn(Base):
    name = "google_business"
    block: ClassVar[Any] = {"location": LOCATION}
    key: ClassVar[dict[str, str]] = {
        "client_id": "hush-client",
        "client_secret": "hush-secret",
        "refresh_token": "hush-refresh",
    }
    largest_page: ClassVar[int] = 50
    cannot: ClassVar[dict[str, str]] = {
        "other_ids": "an id of a review is a string without a number's form",
        "401": "an access token that has died is renewed once; tests/sources/test_google_business.py refuses both",
    }

    def item_kind(self) -> str:
        return "review"

    def expected(self) -> set[str]:
        return {f"r{number}" for number in range(self.count)}

    def is_token_request(self, request: Request) -> bool:
        return request.method == "POST"

    def token_answer(self, request: Request) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        assert form == {"grant_type": "refresh_token", **self.key}
        return 200, {}, b'{"access_token": "t1", "expires_in": 3600}'

    def check_key(self, request: Request) -> None:
        assert request.headers["authorization"] == "Bearer t1"

    def answer(self, request: Request) -> Any:
        if request.path.startswith("/v1/"):
            return {"multiDailyMetricTimeSeries": []}
        assert request.path == f"/v4/{LOCATION}/reviews"
        start = int(request.one("pageToken", "0"))
        first = max(0, start - 1) if self.shifting else start
        end = start + self.page_size
        reviews = [self._review(number) for number in range(self.count)][::-1]
        told: dict[str, Any] = {"reviews": reviews[first:end], "totalReviewCount": self.count} if reviews else {}
        if self.endless:
            return told | {"nextPageToken": "1"}
        return told | ({"nextPageToken": str(end)} if end < self.count else {})

    def _review(self, number: int) -> dict[str, Any]:
        stamp = self.instant(number).strftime("%Y-%m-%dT%H:%M:%SZ")
        comment = "x" * 10_000_000 if self.huge and not number else "Kind people."
        return {
            "reviewId": f"r{number}",
            "reviewer": {"displayName": "Ada"},
            "starRating": "FIVE",
            "comment": comment,
            "createTime": stamp,
            "updateTime": stamp,
        }
