"""Care Opinion on loopback: the stories of one service by skip and take, and the responses to each."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from tests.sources.stand_in import START, Item, Request, ReviewSite


class StandIn(ReviewSite):
    """`responses` are by the id of their story."""

    name = "care_opinion"
    block: ClassVar[Any] = {"nacs": "RR801"}
    key: ClassVar[dict[str, str]] = {"api_key": "hush-care"}
    text_field: ClassVar[str] = "body"
    broken: ClassVar[Item] = {"body": {"secret": "words"}}

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.responses: dict[str, list[Item]] = {}

    def check_key(self, request: Request) -> None:
        assert request.headers["authorization"] == "SUBSCRIPTION_KEY hush-care"

    def answer(self, request: Request) -> Any:
        if request.path != "/opinions":
            return self.responses.get(request.path.split("/")[2], [])
        assert request.one("nacs") == "RR801"
        ordered = sorted(self.items, key=lambda item: str(item["dateOfPublication"]))
        wanted = [item for item in ordered if item["dateOfPublication"] >= request.one("publishedafter")]
        return self.shown(wanted, int(request.one("skip")), min(int(request.one("take")), self.page_size))

    @staticmethod
    def item(number: int, when: dt.datetime = START, **more: Any) -> Item:
        stamp = when.strftime("%Y-%m-%dT%H:%M:%SZ")
        links = [{"relation": "responses", "id": None, "link": "https://www.careopinion.org.uk/x"}]
        dates = {"dateOfSubmission": stamp, "dateOfPublication": stamp}
        return {"id": str(number), "title": "A story", "body": "Words", "links": links, **dates, **more}
