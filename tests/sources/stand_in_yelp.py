"""Yelp on loopback: one business, and the excerpts that the plan of the key has."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, ClassVar

from tests.sources.stand_in import START, Item, Request, ReviewSite


class StandIn(ReviewSite):
    """`remaining` is what is left of the day's requests."""

    name = "yelp"
    block: ClassVar[Any] = {"business": "riverside-dental-portland"}
    key: ClassVar[dict[str, str]] = {"api_key": "hush-yelp"}
    largest_page: ClassVar[int] = 7
    broken: ClassVar[Item] = {"rating": {"secret": "words"}}
    cannot: ClassVar[dict[str, str]] = {
        "shifting": "excerpts are one page, and there is no other",
        "complete": "excerpts are Yelp's own choice",
        "endless": "excerpts are one page, and there is no other",
    }
    remaining: int = 298
    plan_has_excerpts: bool = True

    def check_key(self, request: Request) -> None:
        assert request.headers["authorization"] == "Bearer hush-yelp"

    def expected(self) -> set[str]:
        return {str(number) for number in range(min(self.count, self.page_size))}

    def answer(self, request: Request) -> Any:
        if request.path == "/businesses/riverside-dental-portland":
            business = {
                "id": "b1",
                "alias": "riverside-dental-portland",
                "review_count": 87,
                "rating": 4.5,
                "hours": [],
            }
            return self._with_quota(business)
        assert request.path == "/businesses/riverside-dental-portland/reviews"
        assert request.query == {"limit": ["50"], "sort_by": ["newest"]}
        if not self.plan_has_excerpts:
            return 404, {}, b'{"error": {"code": "NOT_FOUND", "description": "secret words"}}'
        excerpts = self.items[: self.page_size]
        return self._with_quota({"reviews": excerpts, "total": 87, "possible_languages": ["en"]})

    def _with_quota(self, told: Item) -> tuple[int, dict[str, str], bytes]:
        self.remaining -= 1
        left = {"RateLimit-DailyLimit": "300", "RateLimit-Remaining": str(self.remaining)}
        return 200, left, json.dumps(told).encode()

    @staticmethod
    def item(number: int, when: dt.datetime = START, **more: Any) -> Item:
        return {
            "id": str(number),
            "url": "https://www.yelp.com/biz/x",
            "text": "Words...",
            "rating": 5,
            "time_created": when.strftime("%Y-%m-%d %H:%M:%S"),
            "user": {"id": "u1", "profile_url": "https://www.yelp.com/u", "image_url": None, "name": "Ada L."},
        } | more
