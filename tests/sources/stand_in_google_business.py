"""Google on loopback: one location with its reviews by page tokens, its daily numbers, and tokens that are renewed."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, ClassVar
from urllib.parse import parse_qs

from tests.conftest import Answer
from tests.sources.stand_in import START, Item, Request, ReviewSite

LOCATION = "accounts/1/locations/2"


class StandIn(ReviewSite):
    """Google counts `missing` reviews more than it lists, if it `says_total`.

    `refuse_numbers` is answered before numbers, and `refuse_token` instead of a token.
    """

    name = "google_business"
    block: ClassVar[Any] = {"location": LOCATION}
    key: ClassVar[dict[str, str]] = {
        "client_id": "hush-client",
        "client_secret": "hush-secret",
        "refresh_token": "hush-refresh",
    }
    largest_page: ClassVar[int] = 50
    id_field: ClassVar[str] = "reviewId"
    text_field: ClassVar[str] = "comment"
    broken: ClassVar[Item] = {"starRating": {"secret": "words"}}
    cannot: ClassVar[dict[str, str]] = {
        "401": "an access token that has died is renewed once; tests/sources/test_google_business.py refuses both",
    }

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.tokens = 0
        self.says_total, self.missing = True, 0
        self.refuse_numbers: list[Answer] = []
        self.refuse_token: Answer | None = None

    def is_token_request(self, request: Request) -> bool:
        return request.method == "POST"

    def token_answer(self, request: Request) -> Answer:
        self.tokens += 1
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        assert form == {"grant_type": "refresh_token", **self.key}
        return self.refuse_token or (200, {}, json.dumps({"access_token": f"t{self.tokens}"}).encode())

    def check_key(self, request: Request) -> None:
        assert request.headers["authorization"] == f"Bearer t{self.tokens}"

    def answer(self, request: Request) -> Any:
        if request.path == "/v1/locations/2:fetchMultiDailyMetricsTimeSeries":
            return self.refuse_numbers.pop(0) if self.refuse_numbers else numbers_body()
        assert request.path == f"/v4/{LOCATION}/reviews"
        assert (request.one("pageSize"), request.one("orderBy")) == ("50", "updateTime desc")
        start = int(request.one("pageToken", "0"))
        end = start + self.page_size
        ordered = sorted(self.items, key=lambda item: str(item["updateTime"]), reverse=True)
        if not ordered:
            return {}
        total = {"totalReviewCount": len(ordered) + self.missing} if self.says_total else {}
        more = {"nextPageToken": str(end)} if self.endless or end < len(ordered) + self.shifting else {}
        return {"reviews": self.shown(ordered, start, self.page_size), "averageRating": 4.6} | total | more

    def pages(self) -> int:
        """Return how many pages of reviews were asked for."""
        return sum(request.path.startswith("/v4/") for request in self.asked)

    def numbers(self) -> list[dict[str, list[str]]]:
        """Return the queries for numbers."""
        return [request.query for request in self.asked if request.path.startswith("/v1/")]

    @staticmethod
    def item(number: int, when: dt.datetime = START, **more: Any) -> Item:
        stamp = when.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "reviewId": str(number),
            "reviewer": {"displayName": "Ada"},
            "starRating": "FIVE",
            "createTime": stamp,
            "updateTime": stamp,
            **more,
        }


def numbers_body(value: Any = "7", name: str = "CALL_CLICKS") -> bytes:
    """Return two days of a number; the second has no value."""
    days: list[Item] = [{"date": {"year": 2026, "month": 10, "day": day}} for day in (28, 29)]
    days[0]["value"] = value
    series = {"dailyMetric": name, "timeSeries": {"datedValues": days}}
    return json.dumps({"multiDailyMetricTimeSeries": [{"dailyMetricTimeSeries": [series]}]}).encode()
