"""Small stand-ins for the review platforms, one class each, which the tests of all of them share.

Each holds its items, checks what it is asked, and answers in pages in the platform's own manner.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.fetch import fetch
from pipelines.http import Client
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import Settings, load_settings
from pipelines.sources import Tools, load_source
from pipelines.tokens import TokenStore
from tests.conftest import Answer, serving

NIGHT = dt.date(2026, 10, 31)
START = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
Item = dict[str, Any]


class Platform:
    """One platform with one practice, `riverside`. `refuse` is answered first, one a request."""

    name: ClassVar[str]
    block: ClassVar[dict[str, Any]]
    key: ClassVar[dict[str, str]]
    largest_page: ClassVar[int] = 100
    # What makes a record no good.
    broken: ClassVar[Item]

    def __init__(self, items: list[Item], page_size: int | None = None) -> None:
        self.items, self.page_size = items, page_size or self.largest_page
        self.refuse: list[Answer] = []
        self.asked: list[str] = []

    def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        assert method == "GET"
        self.asked.append(path)
        assert len(self.asked) < 400, "the list never ends"
        self.check_key(headers)
        if self.refuse:
            return self.refuse.pop(0)
        url = urlsplit(path)
        answer = self.answer(url.path, {name: values[0] for name, values in parse_qs(url.query).items()})
        return 200, {}, json.dumps(answer).encode()

    def check_key(self, headers: dict[str, str]) -> None:
        raise NotImplementedError

    def answer(self, path: str, query: dict[str, str]) -> Any:
        raise NotImplementedError

    @staticmethod
    def item(number: int, when: dt.datetime | None = None, **more: Any) -> Item:
        raise NotImplementedError

    @classmethod
    def practices(cls) -> Practices:
        return Practices.model_validate({"practice": [{"id": "riverside", "name": "Riverside", cls.name: cls.block}]})


def when_of(number: int, when: dt.datetime | None) -> dt.datetime:
    return when or START + dt.timedelta(minutes=number)


class Trustpilot(Platform):
    name = "trustpilot"
    block: ClassVar[dict[str, Any]] = {"business_unit": "507f191e810c19729de860ea"}
    key: ClassVar[dict[str, str]] = {"api_key": "hush-trustpilot"}
    broken: ClassVar[Item] = {"stars": {"secret": "words"}}
    total: int | None = None

    def check_key(self, headers: dict[str, str]) -> None:
        assert headers["apikey"] == "hush-trustpilot"

    def answer(self, path: str, query: dict[str, str]) -> Any:
        unit = f"/business-units/{self.block['business_unit']}"
        if path == unit:
            total = len(self.items) if self.total is None else self.total
            return {"id": "x", "numberOfReviews": {"total": total}, "score": {"trustScore": 4.3, "stars": 4.5}}
        assert path == f"{unit}/reviews"
        assert (query["perPage"], query["orderBy"]) == ("100", "createdat.desc")
        start = (int(query["page"]) - 1) * self.page_size
        ordered = sorted(self.items, key=lambda item: str(item["createdAt"]), reverse=True)
        return {"links": [], "reviews": ordered[start : start + self.page_size]}

    @staticmethod
    def item(number: int, when: dt.datetime | None = None, **more: Any) -> Item:
        stamp = when_of(number, when).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        consumer = {"id": "c1", "displayName": "Ada"}
        return {"id": f"r{number}", "stars": 5, "createdAt": stamp, "consumer": consumer, **more}


class NhsUk(Platform):
    name = "nhs_uk"
    block: ClassVar[dict[str, Any]] = {"ods_code": "V00123"}
    key: ClassVar[dict[str, str]] = {"api_key": "hush-nhs"}
    broken: ClassVar[Item] = {"title": {"secret": "words"}}

    def check_key(self, headers: dict[str, str]) -> None:
        assert headers["subscription-key"] == "hush-nhs"

    def answer(self, path: str, query: dict[str, str]) -> Any:
        assert path == "/Comments"
        assert (query["odsCode"], query["api-version"]) == ("V00123", "1.0")
        wanted = [item for item in self.items if item["comment"]["status"] == query["status"]]
        wanted = [item for item in wanted if item["comment"]["dateSubmitted"] >= query.get("fromDate", "")]
        start = int(query["offset"])
        return {"comments": wanted[start : start + min(self.page_size, int(query["limit"]))]}

    @staticmethod
    def item(number: int, when: dt.datetime | None = None, **more: Any) -> Item:
        response = more.pop("response", None)
        comment = {
            "commentId": f"r{number}",
            "dateSubmitted": when_of(number, when).strftime("%Y-%m-%dT%H:%M:%S"),
            "status": "published",
            "screenName": "Ada",
            "ratings": [{"question": "How likely are you to recommend this dental practice", "rating": 5}],
        }
        return {"comment": {**comment, **more}, "response": response}


class CareOpinion(Platform):
    name = "care_opinion"
    block: ClassVar[dict[str, Any]] = {"nacs": "RR801"}
    key: ClassVar[dict[str, str]] = {"api_key": "hush-care"}
    broken: ClassVar[Item] = {"body": {"secret": "words"}}

    def __init__(self, items: list[Item], page_size: int | None = None) -> None:
        super().__init__(items, page_size)
        self.responses: dict[str, list[Item]] = {}

    def check_key(self, headers: dict[str, str]) -> None:
        assert headers["Authorization"] == "SUBSCRIPTION_KEY hush-care"

    def answer(self, path: str, query: dict[str, str]) -> Any:
        if path != "/opinions":
            return self.responses.get(path.split("/")[2], [])
        assert query["nacs"] == "RR801"
        start, take = int(query["skip"]), int(query["take"])
        ordered = sorted(self.items, key=lambda item: str(item["dateOfPublication"]))
        wanted = [item for item in ordered if item["dateOfPublication"] >= query.get("publishedafter", "")]
        return wanted[start : start + min(take, self.page_size)]

    @staticmethod
    def item(number: int, when: dt.datetime | None = None, **more: Any) -> Item:
        stamp = when_of(number, when).strftime("%Y-%m-%dT%H:%M:%SZ")
        links = [{"relation": "responses", "id": None, "link": "https://www.careopinion.org.uk/x"}]
        dates = {"dateOfSubmission": stamp, "dateOfPublication": stamp}
        return {"id": f"r{number}", "title": "A story", "body": "Words", "links": links, **dates, **more}


class Yelp(Platform):
    name = "yelp"
    block: ClassVar[dict[str, Any]] = {"business": "riverside-dental-portland"}
    key: ClassVar[dict[str, str]] = {"api_key": "hush-yelp"}
    largest_page: ClassVar[int] = 7
    broken: ClassVar[Item] = {"rating": {"secret": "words"}}
    remaining: int = 298
    plan_has_excerpts: bool = True

    def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if path.partition("?")[0].endswith("/reviews") and not self.plan_has_excerpts:
            self.asked.append(path)
            return 404, {}, b'{"error": {"code": "NOT_FOUND", "description": "secret words"}}'
        status, more, told = super().__call__(method, path, headers, body)
        if status == 200 and not more:
            self.remaining -= 1
            more = {"RateLimit-DailyLimit": "300", "RateLimit-Remaining": str(self.remaining)}
        return status, more, told

    def check_key(self, headers: dict[str, str]) -> None:
        assert headers["Authorization"] == "Bearer hush-yelp"

    def answer(self, path: str, query: dict[str, str]) -> Any:
        if path == "/businesses/riverside-dental-portland":
            return {"id": "b1", "alias": "riverside-dental-portland", "review_count": 87, "rating": 4.5, "hours": []}
        assert path == "/businesses/riverside-dental-portland/reviews"
        assert query == {"limit": "50", "sort_by": "newest"}
        return {"reviews": self.items[: self.page_size], "total": 87, "possible_languages": ["en"]}

    @staticmethod
    def item(number: int, when: dt.datetime | None = None, **more: Any) -> Item:
        stamp = when_of(number, when).strftime("%Y-%m-%d %H:%M:%S")
        user = {"id": "u1", "profile_url": "https://www.yelp.com/u", "image_url": None, "name": "Ada L."}
        url = "https://www.yelp.com/biz/x"
        return {
            "id": f"r{number}",
            "url": url,
            "text": "Words...",
            "rating": 5,
            "time_created": stamp,
            "user": user,
        } | more


PLATFORMS: list[type[Platform]] = [Trustpilot, NhsUk, CareOpinion, Yelp]


def source_addresses(name: str) -> list[str]:
    return list(load_source(name).SOURCE.addresses)


def tools_for(name: str, settings: Settings, client: Client, data: DataDir) -> Tools:
    source = load_source(name).SOURCE
    return Tools(source=source, settings=settings, client=client, exports=data.exports, tokens=TokenStore(data.tokens))


def configured(name: str, base: str, key: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(f"RAPPORT_KEY_{name.upper()}", json.dumps(key))
    monkeypatch.setenv("RAPPORT_ADDRESSES", json.dumps({f"{name}.{use}": base for use in source_addresses(name)}))
    monkeypatch.setenv("RAPPORT_PER_MINUTE", json.dumps({name: 600_000}))
    monkeypatch.setenv("RAPPORT_HTTP_ATTEMPTS", "1")
    return load_settings()


def pull(data: DataDir, platform: Platform, night: dt.date = NIGHT) -> Receipt:
    """Fetch one night from a platform on loopback. Raises what fetch raises."""
    with serving(platform) as base, pytest.MonkeyPatch.context() as monkeypatch:
        settings = configured(platform.name, base, platform.key, monkeypatch)
        fetch(platform.name, night, platform.practices(), data, settings, say=lambda line: None)
    found = data.receipt(platform.name, night, "riverside")
    assert found
    return found


def found_in(data: DataDir, platform: Platform, receipt: Receipt) -> list[Record | SetAside]:
    source = load_source(platform.name)
    return [item for page in data.saved_pages(receipt) for item in source.read(page, platform.practices())]


def reviews_of(data: DataDir, platform: Platform, receipt: Receipt) -> list[Record]:
    found = found_in(data, platform, receipt)
    return [item for item in found if isinstance(item, Record) and item.kind == "review"]


def page_of(platform: type[Platform], body: Any, **about: str) -> SavedPage:
    told = {"practice_id": "riverside", **about}
    receipt = Receipt(source=platform.name, night=NIGHT, label="riverside", about=told)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return SavedPage(path="p.json", body=raw, receipt=receipt)


def read_body(platform: type[Platform], body: Any, **about: str) -> list[Record | SetAside]:
    return list(load_source(platform.name).read(page_of(platform, body, **about), platform.practices()))


def records_in(platform: type[Platform], body: Any, **about: str) -> list[Record]:
    found = read_body(platform, body, **about)
    assert all(isinstance(item, Record) for item in found)
    return [item for item in found if isinstance(item, Record)]
