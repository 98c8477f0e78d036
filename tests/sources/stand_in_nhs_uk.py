"""NHS.uk on loopback: the comments on one organisation, published and removed, by offsets."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from tests.sources.stand_in import START, Item, Request, ReviewSite


class StandIn(ReviewSite):
    name = "nhs_uk"
    block: ClassVar[Any] = {"ods_code": "V00123"}
    key: ClassVar[dict[str, str]] = {"api_key": "hush-nhs"}
    id_field: ClassVar[str] = "commentId"
    text_field: ClassVar[str] = "commentText"
    broken: ClassVar[Item] = {"title": {"secret": "words"}}

    def check_key(self, request: Request) -> None:
        assert request.headers["subscription-key"] == "hush-nhs"

    def answer(self, request: Request) -> Any:
        assert request.path == "/Comments"
        assert (request.one("odsCode"), request.one("api-version")) == ("V00123", "1.0")
        wanted = [item for item in self.items if item["comment"]["status"] == request.one("status")]
        wanted = [item for item in wanted if item["comment"]["dateSubmitted"] >= request.one("fromDate")]
        size = min(self.page_size, int(request.one("limit")))
        return {"comments": self.shown(wanted, int(request.one("offset")), size)}

    @staticmethod
    def item(number: int, when: dt.datetime = START, **more: Any) -> Item:
        response = more.pop("response", None)
        comment = {
            "commentId": str(number),
            "dateSubmitted": when.strftime("%Y-%m-%dT%H:%M:%S"),
            "status": "published",
            "screenName": "Ada",
            "ratings": [{"question": "How likely are you to recommend this dental practice", "rating": 5}],
        }
        return {"comment": {**comment, **more}, "response": response}
