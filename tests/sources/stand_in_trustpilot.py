"""Trustpilot on loopback: one business unit, its total, and its reviews by page numbers."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from tests.sources.stand_in import START, Item, Request, ReviewSite


class StandIn(ReviewSite):
    """`total` is what the unit says it has, if that is not what the list holds."""

    name = "trustpilot"
    block: ClassVar[Any] = {"business_unit": "507f191e810c19729de860ea"}
    key: ClassVar[dict[str, str]] = {"api_key": "hush-trustpilot"}
    broken: ClassVar[Item] = {"stars": {"secret": "words"}}
    total: int | None = None

    def check_key(self, request: Request) -> None:
        assert request.headers["apikey"] == "hush-trustpilot"

    def answer(self, request: Request) -> Any:
        unit = f"/business-units/{self.block['business_unit']}"
        if request.path == unit:
            total = len(self.items) if self.total is None else self.total
            return {"id": "x", "numberOfReviews": {"total": total}, "score": {"trustScore": 4.3, "stars": 4.5}}
        assert request.path == f"{unit}/reviews"
        assert request.one("orderBy") == "createdat.desc"
        ordered = sorted(self.items, key=lambda item: str(item["createdAt"]), reverse=True)
        size = min(self.page_size, int(request.one("perPage")))
        start = (int(request.one("page")) - 1) * size
        return {"links": [], "reviews": self.shown(ordered, start, size)}

    @staticmethod
    def item(number: int, when: dt.datetime = START, **more: Any) -> Item:
        stamp = when.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        consumer = {"id": "c1", "displayName": "Ada"}
        return {"id": str(number), "stars": 5, "createdAt": stamp, "consumer": consumer, **more}
