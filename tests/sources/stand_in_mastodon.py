"""A Mastodon server for tests: one account's statuses in pages of the Link header, the search, and mentions."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, ClassVar

from tests.conftest import Answer
from tests.sources.stand_in import Base, Request

HOST = "social.example"
OWN = "900"
PUBLIC = ("lookup", "statuses", "context", "reblogged_by")


def stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def account(number: str = OWN, acct: str = "riverside", **more: Any) -> dict[str, Any]:
    flags = {"indexable": True, "discoverable": True, "noindex": False}
    return {"id": number, "acct": acct, "display_name": acct.title(), "followers_count": 7, **flags, **more}


def status(number: int, when: dt.datetime, **more: Any) -> dict[str, Any]:
    author = more.pop("account", account())
    path = f"@{author['acct'].partition('@')[0]}/{number}"
    return {
        "id": str(number),
        "uri": f"https://{HOST}/users/{author['acct'].partition('@')[0]}/statuses/{number}",
        "url": f"https://{HOST}/{path}",
        "created_at": stamp(when),
        "edited_at": None,
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "visibility": "public",
        "content": "<p>Words</p>",
        "spoiler_text": "",
        "account": author,
        "mentions": [],
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 3,
        "card": None,
    } | more


class StandIn(Base):
    name = "mastodon"
    block: ClassVar[dict[str, Any]] = {"server": f"https://{HOST}", "account": "riverside", "search": True}
    key: ClassVar[dict[str, str]] = {"access_token": "hush-mastodon"}
    largest_page = 40
    cannot: ClassVar[dict[str, str]] = {
        "401": "a server that refuses to be read without a key is asked again with the key; test_mastodon.py"
    }

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.own: list[dict[str, Any]] | None = None
        # By the number of a post: what is below it, and who boosted it.
        self.below: dict[str, list[dict[str, Any]]] = {}
        self.boosted: dict[str, list[dict[str, Any]]] = {}
        self.others: list[dict[str, Any]] = []
        self.mentions: list[dict[str, Any]] = []
        self.gone: dict[str, int] = {}
        self.demands_key = False
        self.key_is_anothers = False

    def check_key(self, request: Request) -> None:
        assert request.method == "GET"
        assert request.path.startswith(f"/{HOST}/api/"), request.path
        sent = request.headers.get("authorization")
        wants = request.path.endswith(("/search", "/notifications", "/verify_credentials"))
        assert sent == "Bearer hush-mastodon" if wants else sent in (None, "Bearer hush-mastodon")
        if not self.demands_key and not wants:
            assert sent is None, "a key was sent where none is needed"

    def statuses(self) -> list[dict[str, Any]]:
        """Return the account's statuses, newest first."""
        if self.own is not None:
            return self.own
        made = [status(1000 + number, self.instant(number)) for number in range(self.count)][::-1]
        if self.huge and made:
            made[0]["content"] = "x" * 10_000_000
        if self.other_ids:
            made = [{**item, "id": int(item["id"])} for item in made]
        return made

    def expected(self) -> set[str]:
        return {item["uri"] for item in self.statuses()}

    def answer(self, request: Request) -> Any:
        path = request.path.removeprefix(f"/{HOST}/api")
        if self.demands_key and "authorization" not in request.headers:
            return 401, {}, b'{"error": "This method requires an authenticated user"}'
        if path == "/v1/accounts/lookup":
            assert request.one("acct") == "riverside"
            return account()
        if path == "/v1/accounts/verify_credentials":
            return account("1") if self.key_is_anothers else account()
        if path == f"/v1/accounts/{OWN}/statuses":
            assert request.one("exclude_reblogs") == "true"
            return self.page(request, self.statuses())
        if path == "/v1/notifications":
            assert request.query["types[]"] == ["mention"]
            return self.page(request, self.mentions)
        if path == "/v2/search":
            assert request.one("type") == "statuses"
            start = int(request.one("offset", "0"))
            found = self.others if "iverside" in request.one("q") else []
            return {"accounts": [], "hashtags": [], "statuses": found[start : start + self.page_size]}
        return self.one(request, path)

    def one(self, request: Request, path: str) -> Any:
        _, _, _, number, *rest = path.split("/")
        if number in self.gone:
            return self.gone[number], {}, b'{"error": "Record not found"}'
        if rest == ["context"]:
            return {"ancestors": [], "descendants": self.below.get(number, [])}
        if rest == ["reblogged_by"]:
            return self.page(request, self.boosted.get(number, []))
        assert not rest, path
        mentioned = [note["status"] for note in self.mentions]
        return next(item for item in [*self.statuses(), *self.others, *mentioned] if str(item["id"]) == number)

    def page(self, request: Request, items: list[dict[str, Any]]) -> Answer:
        """Return one page, newest first, and a Link header on both sides unless it is empty."""
        ids = [int(item["id"]) for item in items]
        if self.endless:
            shown = items[: self.page_size]
        elif "min_id" in request.query:
            shown = [item for item, number in zip(items, ids, strict=True) if number > int(request.one("min_id"))]
            shown = shown[-self.page_size :]
        else:
            below = int(request.one("max_id", "9" * 19)) + (1 if self.shifting and "max_id" in request.query else 0)
            shown = [item for item, number in zip(items, ids, strict=True) if number < below][: self.page_size]
        if not shown or (self.shifting and shown == items[-1:] and "max_id" in request.query):
            return 200, {"X-RateLimit-Remaining": "250"}, b"[]"
        first, last = shown[0]["id"], shown[-1]["id"]
        # A header may point anywhere: nothing but its cursor is to be used.
        elsewhere = "https://elsewhere.example/x"
        link = f'<{elsewhere}?max_id={last}>; rel="next", <{elsewhere}?min_id={first}>; rel="prev"'
        return 200, {"Link": link, "X-RateLimit-Remaining": "250"}, json.dumps(shown).encode()
