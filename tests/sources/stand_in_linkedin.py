"""LinkedIn on loopback: a page's posts, comments, reactions and numbers, with its headers, URNs and brackets."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, unquote

import msgspec

from tests.conftest import Answer
from tests.sources.stand_in import Base, Request

ORGANIZATION = "urn:li:organization:90362860"
MEMBER = "urn:li:person:8yNQ3pabc"
_COMMENTS = re.compile(r"/socialActions/([^/]+)/comments")


def ms(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)


class Comment(msgspec.Struct, kw_only=True):
    urn: str
    at: dt.datetime
    actor: str = MEMBER
    text: str = "Which branch?"
    parent: str | None = None
    edited: dt.datetime | None = None


class StandIn(Base):
    """`comments` are below the post of that number; `gone` are numbers of posts that were deleted."""

    name = "linkedin"
    block: ClassVar[Any] = {"organization": "90362860"}
    key: ClassVar[dict[str, str]] = {
        "client_id": "hush-client",
        "client_secret": "hush-secret",
        "refresh_token": "hush-refresh",
    }
    cannot: ClassVar[dict[str, str]] = {
        "other_ids": "every id is a URN, which no number can hold",
        "401": "an access token that has ended is renewed once, and one refusal is not two",
    }

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.comments: dict[int, list[Comment]] = {}
        self.gone = set[int]()
        self.moments: dict[int, dt.datetime] = {}
        self.changes: dict[int, dt.datetime] = {}
        self.texts: dict[int, str] = {}
        self.role, self.newest_refresh, self.lives_seconds = "ADMINISTRATOR", "hush-refresh", 20_000_000
        self.role_state = "APPROVED"
        self.renewals: list[str] = []
        self.raw: list[str] = []

    def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.raw.append(path)
        # URNs are encoded in paths and queries, the brackets of Rest.li are not.
        assert "urn:li" not in path
        assert "%28" not in path.split("/socialActions")[0]
        return super().__call__(method, path, headers, body)

    def comment(self, post: int, at: dt.datetime, **more: Any) -> Comment:
        below = self.comments.setdefault(post, [])
        number = 6_636_062_862_000_000_000 + post * 1_000 + len(below)
        said = Comment(urn=f"urn:li:comment:(urn:li:activity:{post},{number})", at=at, **more)
        below.append(said)
        return said

    def urn(self, number: int) -> str:
        return f"urn:li:{'ugcPost' if number % 5 == 4 else 'share'}:{7_134_567_890_000_000_000 + number}"

    def expected(self) -> set[str]:
        return {self.urn(number) for number in range(self.count)} - {self.urn(number) for number in self.gone}

    def is_token_request(self, request: Request) -> bool:
        return request.method == "POST"

    def token_answer(self, request: Request) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        assert request.path == "/accessToken"
        self.renewals.append(form["refresh_token"])
        assert (form["grant_type"], form["client_id"]) == ("refresh_token", "hush-client")
        assert form["client_secret"] == "hush-secret"
        if form["refresh_token"] not in ("hush-refresh", self.newest_refresh):
            return 400, {}, b'{"error": "invalid_request", "error_description": "secret words"}'
        told = {
            "access_token": "hush-access",
            "expires_in": 5_184_000,
            "refresh_token": self.newest_refresh,
            "refresh_token_expires_in": self.lives_seconds,
            "scope": "r_organization_social_feed,rw_organization_admin",
        }
        return 200, {}, json.dumps(told).encode()

    def check_key(self, request: Request) -> None:
        assert request.headers["authorization"] == "Bearer hush-access"
        assert re.fullmatch(r"20\d{4}", request.headers["linkedin-version"])
        assert request.headers["x-restli-protocol-version"] == "2.0.0"

    def answer(self, request: Request) -> Any:
        path = request.path
        if path == "/organizationAcls":
            assert request.one("q") == "organization"
            return {"elements": [{"role": self.role, "state": self.role_state, "organization": ORGANIZATION}]}
        if path == "/posts":
            assert (request.one("author"), request.one("q")) == (ORGANIZATION, "author")
            assert request.one("sortBy") == "LAST_MODIFIED"
            shown = [number for number in range(self.count) if number not in self.gone]
            shown.sort(key=self.changed, reverse=True)
            return self._page([self._post(number) for number in shown], request)
        if path.startswith("/socialMetadata/"):
            number = self._number(unquote(path.split("/")[2]))
            if number is None:
                return 404, {}, b'{"status": 404, "code": "NOT_FOUND"}'
            count = len(self.comments.get(number, ()))
            reactions = {"LIKE": 9, "PRAISE": 2}
            return {
                "reactionSummaries": {name: {"reactionType": name, "count": n} for name, n in reactions.items()},
                "commentsState": "OPEN",
                "commentSummary": {"count": count, "topLevelCount": count},
                "entity": f"urn:li:activity:{number}",
            }
        if found := _COMMENTS.fullmatch(path):
            return self._page(self._below(unquote(found[1])), request)
        if path == "/organizationalEntityShareStatistics":
            return self._page(self._days(request.one("timeIntervals")), request)
        assert unquote(path) == f"/networkSizes/{ORGANIZATION}"
        assert request.one("edgeType") == "COMPANY_FOLLOWED_BY_MEMBER"
        return {"firstDegreeSize": 321}

    def changed(self, number: int) -> dt.datetime:
        return self.changes.get(number, self.began(number))

    def began(self, number: int) -> dt.datetime:
        return self.moments.get(number, self.instant(number))

    def _number(self, urn: str) -> int | None:
        return next((n for n in range(self.count) if self.urn(n) == urn and n not in self.gone), None)

    def _page(self, shown: list[Any], request: Request) -> dict[str, Any]:
        start = 0 if self.endless else int(request.one("start"))
        end = start + min(self.page_size, int(request.one("count")))
        page = shown[max(0, start - 1) if self.shifting else start : end]
        href = f"/rest{quote(request.path)}?start={end}&count=10"
        more = end < len(shown) or (self.endless and bool(shown))
        links = [{"type": "application/json", "rel": "next", "href": href}] if more else []
        return {"paging": {"start": start, "count": 10, "links": links}, "elements": page}

    def _post(self, number: int) -> dict[str, Any]:
        return {
            "id": self.urn(number),
            "author": ORGANIZATION,
            "commentary": "x" * 10_000_000 if self.huge and not number else self.texts.get(number, "Words"),
            "createdAt": ms(self.began(number)),
            "publishedAt": ms(self.began(number)),
            "lastModifiedAt": ms(self.changed(number)),
            "lifecycleState": "PUBLISHED",
            "lifecycleStateInfo": {"isEditedByAuthor": number in self.changes},
            "visibility": "PUBLIC",
        }

    def _below(self, urn: str) -> list[dict[str, Any]]:
        number = self._number(urn)
        if number is not None:
            return [self._comment(c) for c in self.comments.get(number, ()) if c.parent is None]
        return [self._comment(c) for below in self.comments.values() for c in below if c.parent == urn]

    def _comment(self, said: Comment) -> dict[str, Any]:
        replies = sum(c.parent == said.urn for below in self.comments.values() for c in below)
        told: dict[str, Any] = {
            "id": said.urn.rstrip(")").split(",")[1],
            "commentUrn": said.urn,
            "object": said.urn.split("(")[1].split(",")[0],
            "actor": said.actor,
            "message": {"text": said.text, "attributes": []},
            "created": {"actor": said.actor, "time": ms(said.at)},
            "lastModified": {"actor": said.actor, "time": ms(said.edited or said.at)},
            "likesSummary": {"totalLikes": 1},
        }
        if said.parent:
            told["parentComment"] = said.parent
        else:
            told["commentsSummary"] = {"totalFirstLevelComments": replies, "aggregatedTotalComments": replies}
        return told

    def _days(self, intervals: str) -> list[dict[str, Any]]:
        asked = re.fullmatch(r"\(timeRange:\(start:(\d+),end:(\d+)\),timeGranularityType:DAY\)", intervals)
        assert asked, intervals
        return [
            {
                "organizationalEntity": ORGANIZATION,
                "timeRange": {"start": start, "end": start + 86_400_000},
                "totalShareStatistics": {
                    "impressionCount": 332,
                    "uniqueImpressionsCount": 210,
                    "clickCount": 18,
                    "likeCount": -1,
                    "commentCount": 3,
                    "shareCount": 1,
                    "shareMentionsCount": 0,
                    "commentMentionsCount": 0,
                    "engagement": 0.0934,
                },
            }
            for start in range(int(asked[1]), int(asked[2]), 86_400_000)
        ]
