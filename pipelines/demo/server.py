"""Google's reviews, Performance and token endpoints on loopback, answering from the town as it stood on a night.

It is as tiresome as the real one: tokens die when the night changes, every 25th request is told to slow down
(with Retry-After every other time), and once there is a 503. `POST /demo/night` moves the clock. The other platforms
stand each below its name (`/trustpilot/…`) and speak in `elsewhere`.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import datetime as dt
import itertools
import json
import random
import re
import signal
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import SplitResult, parse_qs, urlsplit

from pipelines.demo import conversation, elsewhere
from pipelines.demo.conversation import Asked, Told
from pipelines.demo.elsewhere import RefusedError as _RefusedError
from pipelines.demo.town import LAKESIDE_KEY_DIES_ON, NIGHTS, Review, Town, build_town, pull_instant
from pipelines.errors import UnknownName
from pipelines.periods import parse_night
from pipelines.sources import load_source, source_names

BUSY_EVERY = 25
BUSY_AT = 3
UNAVAILABLE_AT = 12
_LARGEST_BODY_BYTES = 100_000
_LARGEST_PAGE = 50
_ORDERS = ("updateTime desc", "rating", "rating desc")
_LIST = re.compile(r"/v4/(accounts/\w+/locations/\w+)/reviews")
_ONE = re.compile(r"/v4/(accounts/\w+/locations/\w+)/reviews/([\w-]+)")
_BATCH = re.compile(r"/v4/(accounts/\w+)/locations:batchGetReviews")


_NUMBERS = re.compile(r"/v1/(locations/\w+):fetchMultiDailyMetricsTimeSeries")
# What a busy practice's profile counts on a day, at most.
_MOST_A_DAY = {
    "BUSINESS_IMPRESSIONS_DESKTOP_MAPS": 20,
    "BUSINESS_IMPRESSIONS_DESKTOP_SEARCH": 60,
    "BUSINESS_IMPRESSIONS_MOBILE_MAPS": 45,
    "BUSINESS_IMPRESSIONS_MOBILE_SEARCH": 90,
    "BUSINESS_CONVERSATIONS": 0,
    "BUSINESS_DIRECTION_REQUESTS": 8,
    "CALL_CLICKS": 12,
    "WEBSITE_CLICKS": 15,
    "MESSAGING_CLICKS": 2,
    "BUSINESS_BOOKINGS": 3,
    "BUSINESS_FOOD_ORDERS": 0,
    "BUSINESS_FOOD_MENU_CLICKS": 0,
}
# Days before the night that are not counted yet.
_LAG_DAYS = 3


class Seen(NamedTuple):
    """One request that was answered; the query is left out."""

    method: str
    path: str
    status: int


def _error(code: int, status: str, message: str, reason: str = "", **metadata: str) -> dict[str, Any]:
    """Return Google's error envelope (google.rpc.Status as JSON)."""
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    if reason:
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
        error["details"] = [info | ({"metadata": metadata} if metadata else {})]
    return {"error": error}


def _invalid(what: str) -> _RefusedError:
    return _RefusedError(400, _error(400, "INVALID_ARGUMENT", what))


def _not_found() -> _RefusedError:
    return _RefusedError(404, _error(404, "NOT_FOUND", "The town has nothing of that name."))


class TownServer:
    """Serves a town on 127.0.0.1 while the `with` block lasts. `patient` leaves out the 429s and the 503."""

    def __init__(self, town: Town, port: int = 0, *, patient: bool = False) -> None:
        self.town, self.night, self.log = town, NIGHTS[-1], list[Seen]()
        self._patient = patient
        self._lock = threading.Lock()
        self._requests, self._issued = itertools.count(1), itertools.count(1)
        self._tokens: dict[str, str] = {}
        self._lakeside_consents = False
        owner = self

        class Handler(_Handler):
            server_of = owner

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.base_url = f"http://127.0.0.1:{self._http.server_port}"
        self.token_url = f"{self.base_url}/token"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> TownServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def set_night(self, night: dt.date) -> None:
        """Serve the town as it stood on this night. Access tokens live an hour, so those of another night are dead."""
        with self._lock:
            if night != self.night:
                self._tokens.clear()
            self.night = night

    def consent_again(self) -> None:
        """Let Lakeside's owner consent anew: its key is good from now on."""
        with self._lock:
            self._lakeside_consents = True

    def answer(self, method: str, target: SplitResult, body: bytes, bearer: str) -> dict[str, Any]:
        """Return the body of a 200. Raises _RefusedError with anything else."""
        path, asked = target.path, parse_qs(target.query, keep_blank_values=True)
        query = {name: values[-1] for name, values in asked.items()}
        if method == "POST" and path == "/demo/night":
            return self._move(body)
        if method == "POST" and path == "/token":
            return self._token(body)
        key = self._key_of(bearer)
        self._be_tiresome()
        if method == "GET" and (found := _LIST.fullmatch(path)):
            return self._list(found[1], query, key)
        if method == "GET" and (found := _NUMBERS.fullmatch(path)):
            return self._numbers(found[1], asked, key)
        if method == "GET" and (found := _ONE.fullmatch(path)):
            return self._one(found[1], found[2], key)
        if method == "POST" and (found := _BATCH.fullmatch(path)):
            return self._batch(found[1], body, key)
        raise _not_found()

    def answer_elsewhere(self, path: str, query: dict[str, str], headers: Mapping[str, str]) -> Any:
        """Return the body of another platform's 200. Raises _RefusedError with anything else."""
        _, platform, rest = path.split("/", 2)
        return elsewhere.answer(platform, f"/{rest}", query, headers, self.town.seed, pull_instant(self.night))

    def converse(self, method: str, target: SplitResult, headers: Mapping[str, str], body: bytes) -> Told:
        """Return the answer of a platform where people talk."""
        _, platform, rest = target.path.split("/", 2)
        asked = Asked(
            method=method,
            path=f"/{rest}",
            query=parse_qs(target.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
            base=f"{self.base_url}/{platform}",
            at=pull_instant(self.night),
            night=self.night,
            seed=self.town.seed,
        )
        return conversation.tell(platform, asked)

    def addresses(self) -> dict[str, str]:
        """Return the setting that points every source at this town."""
        google = {f"google_business.{purpose}": self.base_url for purpose in ("api", "performance")}
        google["google_business.token"] = self.token_url
        return google | {
            f"{name}.{purpose}": f"{self.base_url}/{name}"
            for name in source_names()
            if name != "google_business"
            for purpose in load_source(name).SOURCE.addresses
        }

    def _move(self, body: bytes) -> dict[str, Any]:
        asked = _object(body).get("night")
        try:
            night = parse_night(asked if isinstance(asked, str) else "")
        except UnknownName as error:
            raise _invalid(str(error)) from None
        self.set_night(night)
        return {"night": night.isoformat()}

    def _token(self, body: bytes) -> dict[str, Any]:
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        if form.get("grant_type") != "refresh_token":
            raise _RefusedError(
                400, {"error": "unsupported_grant_type", "error_description": "Only refresh_token here."}
            )
        keys = self.town.keys()
        clients = [{field: key[field] for field in ("client_id", "client_secret")} for key in keys.values()]
        if {field: form.get(field) for field in ("client_id", "client_secret")} not in clients:
            raise _RefusedError(401, {"error": "invalid_client", "error_description": "No such client."})
        names = [name for name, key in keys.items() if key["refresh_token"] == form.get("refresh_token")]
        with self._lock:
            died = names == ["lakeside"] and self.night >= LAKESIDE_KEY_DIES_ON and not self._lakeside_consents
            if not names or died:
                raise _RefusedError(
                    400, {"error": "invalid_grant", "error_description": "This token is not good any more."}
                )
            token = f"made-up-access-token-{self.night}-{next(self._issued)}"
            self._tokens[token] = names[0]
        return {
            "access_token": token,
            "expires_in": 3600,
            "scope": "https://www.googleapis.com/auth/business.manage",
            "token_type": "Bearer",
        }

    def _key_of(self, bearer: str) -> str:
        with self._lock:
            key = self._tokens.get(bearer.removeprefix("Bearer ")) if bearer.startswith("Bearer ") else None
        if key is None:
            reason = "ACCESS_TOKEN_EXPIRED" if bearer else "CREDENTIALS_MISSING"
            raise _RefusedError(401, _error(401, "UNAUTHENTICATED", "No valid access token came with this.", reason))
        return key

    def _be_tiresome(self) -> None:
        with self._lock:
            number = next(self._requests)
        if self._patient:
            return
        if number == UNAVAILABLE_AT:
            raise _RefusedError(503, _error(503, "UNAVAILABLE", "The town is at lunch."))
        if number % BUSY_EVERY == BUSY_AT:
            busy = _error(
                429,
                "RESOURCE_EXHAUSTED",
                "That was one request too many for this minute.",
                "RATE_LIMIT_EXCEEDED",
                quota_limit_value="300",
                service="mybusiness.googleapis.com",
            )
            raise _RefusedError(429, busy, {"Retry-After": "1"} if number // BUSY_EVERY % 2 == 0 else None)

    def _reviews(self, location: str, key: str) -> list[Review]:
        try:
            reviews = self.town.reviews_at(location, pull_instant(self.night))
        except UnknownName:
            raise _not_found() from None
        if all(p.key != key for p in self.town.practices if p.location == location):
            raise _RefusedError(403, _error(403, "PERMISSION_DENIED", "This key may not read that location."))
        return reviews

    def _list(self, location: str, query: dict[str, str], key: str) -> dict[str, Any]:
        reviews = self._reviews(location, key)
        if unknown := set(query) - {"pageSize", "pageToken", "orderBy"}:
            raise _invalid(f"There is no parameter {min(unknown)[:40]}.")
        ordered = _ordered(reviews, query.get("orderBy"))
        page, token = self._page(ordered, f"{location} {query.get('orderBy', '')}", query)
        if not reviews:
            return {}
        starred = [review.stars for review in reviews if review.stars]
        told: dict[str, Any] = {"reviews": [review.as_google() for review in page], "totalReviewCount": len(reviews)}
        if starred:
            told["averageRating"] = round(sum(starred) / len(starred), 1)
        return told | token

    def _one(self, location: str, review_id: str, key: str) -> dict[str, Any]:
        for review in self._reviews(location, key):
            if review.review_id == review_id:
                return review.as_google()
        raise _not_found()

    def _numbers(self, location: str, asked: dict[str, list[str]], key: str) -> dict[str, Any]:
        """Return the days of each number that is asked for. A day of nothing, or not counted yet, has no value."""
        full = next((p.location for p in self.town.practices if p.location.endswith(f"/{location}")), "")
        self._reviews(full, key)
        if key == "lakeside":
            said = "The Performance API is not enabled in this project."
            raise _RefusedError(403, _error(403, "PERMISSION_DENIED", said, "SERVICE_DISABLED"))
        names = asked.get("dailyMetrics", [])
        if not names or not set(names) <= _MOST_A_DAY.keys():
            raise _invalid("dailyMetrics must name at least one metric, and only known ones.")
        try:
            first, last = (
                dt.date(*(int(asked[f"dailyRange.{end}.{part}"][-1]) for part in ("year", "month", "day")))
                for end in ("startDate", "endDate")
            )
        except (KeyError, ValueError):
            raise _invalid("dailyRange is not a range of days.") from None
        days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
        series = [
            {"dailyMetric": name, "timeSeries": {"datedValues": [self._number(location, name, day) for day in days]}}
            for name in names
        ]
        return {"multiDailyMetricTimeSeries": [{"dailyMetricTimeSeries": series}]}

    def _number(self, location: str, name: str, day: dt.date) -> dict[str, Any]:
        counted = random.Random(f"{self.town.seed} {location} {name} {day}").randint(0, _MOST_A_DAY[name])
        told: dict[str, Any] = {"date": {"year": day.year, "month": day.month, "day": day.day}}
        known = counted and day < self.night - dt.timedelta(days=_LAG_DAYS)
        return told | ({"value": str(counted)} if known else {})

    def _batch(self, account: str, body: bytes, key: str) -> dict[str, Any]:
        asked = _object(body)
        locations = asked.get("locationNames")
        if not isinstance(locations, list) or not 1 <= len(locations) <= 50:
            raise _invalid("locationNames must be a list of 1 to 50 names.")
        if not all(isinstance(name, str) and name.startswith(f"{account}/") for name in locations):
            raise _invalid("Every location must belong to the account of the path.")
        reviews = [review for name in dict.fromkeys(locations) for review in self._reviews(name, key)]
        if asked.get("ignoreRatingOnlyReviews") is True:
            reviews = [review for review in reviews if review.comment is not None]
        ordered = _ordered(reviews, asked.get("orderBy"))
        listing = f"{' '.join(sorted(locations))} {asked.get('orderBy', '')} {asked.get('ignoreRatingOnlyReviews')}"
        query = {name: str(asked[name]) for name in ("pageSize", "pageToken") if name in asked}
        page, token = self._page(ordered, listing, query)
        told = [{"name": review.name.partition("/reviews/")[0], "review": review.as_google()} for review in page]
        return ({"locationReviews": told} if told else {}) | token

    def _page(self, ordered: list[Review], listing: str, query: dict[str, str]) -> tuple[list[Review], dict[str, str]]:
        """Return one page and, unless it is the last, the token of the next. A token is good for its own listing."""
        size = query.get("pageSize", str(_LARGEST_PAGE))
        if not re.fullmatch(r"[0-9]{1,2}", size) or not 1 <= int(size) <= _LARGEST_PAGE:
            raise _invalid(f"pageSize must be between 1 and {_LARGEST_PAGE}.")
        listing = f"{self.night} {listing}"
        start = 0
        if query.get("pageToken"):
            try:
                meant, _, number = base64.urlsafe_b64decode(query["pageToken"]).decode().rpartition("#")
                start = int(number)
            except (binascii.Error, ValueError):
                raise _invalid("pageToken is not one of ours.") from None
            if meant != listing or start < 0:
                raise _invalid("pageToken belongs to another listing.")
        end = start + int(size)
        following = base64.urlsafe_b64encode(f"{listing}#{end}".encode()).decode()
        return ordered[start:end], {"nextPageToken": following} if end < len(ordered) else {}


def _object(body: bytes) -> dict[str, Any]:
    try:
        held = json.loads(body)
    except ValueError:
        held = None
    if not isinstance(held, dict):
        raise _invalid("The body is not a JSON object.")
    return held


def _ordered(reviews: list[Review], order: object) -> list[Review]:
    """Sort by Google's three orders; equal ratings stay newest first, and every order is total."""
    if order not in (None, "", *_ORDERS):
        raise _invalid(f"orderBy must be one of {', '.join(_ORDERS)}.")
    newest = sorted(reviews, key=lambda review: (review.updated_at, review.name), reverse=True)
    if order in ("rating", "rating desc"):
        return sorted(newest, key=lambda review: review.stars or 0, reverse=order == "rating desc")
    return newest


class _Handler(BaseHTTPRequestHandler):
    server_of: TownServer
    protocol_version = "HTTP/1.1"
    # Headers and body leave in one packet; otherwise every answer waits for an acknowledgement.
    wbufsize = 65_536
    timeout = 30

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def _respond(self) -> None:
        target = urlsplit(self.path)
        headers: dict[str, str] = {}
        status = 200
        first = target.path.split("/")[1]
        if first in conversation.platform_names() and target.path.count("/") > 1:
            said = self.server_of.converse(self.command, target, dict(self.headers.items()), self._body())
            self._send(target.path, said.status, {"Content-Type": said.content_type, **said.headers}, said.encoded())
            return
        try:
            query = {name: values[-1] for name, values in parse_qs(target.query, keep_blank_values=True).items()}
            bearer = self.headers.get("Authorization", "")
            told: Any
            if self.command == "GET" and first in elsewhere.SPEAKERS and target.path.count("/") > 1:
                told = self.server_of.answer_elsewhere(target.path, query, dict(self.headers.items()))
            else:
                told = self.server_of.answer(self.command, target, self._body(), bearer)
        except _RefusedError as refused:
            status, told, headers = refused.status, refused.body, refused.headers
        body = json.dumps(told, ensure_ascii=False).encode()
        self._send(target.path, status, {"Content-Type": "application/json; charset=UTF-8", **headers}, body)

    def _send(self, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.server_of.log.append(Seen(self.command, path, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _LARGEST_BODY_BYTES:
            self.close_connection = True
            raise _RefusedError(413, _error(413, "INVALID_ARGUMENT", "The body is too large."))
        return self.rfile.read(int(length))

    def log_message(self, *said: object) -> None:
        """Say nothing: `TownServer.log` is for those who ask."""


def main(arguments: list[str] | None = None) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.demo.server", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--port", type=int, default=8127)
    parser.add_argument("--seed", type=int, default=1913)
    parser.add_argument("--night", type=parse_night, default=NIGHTS[-1], help="YYYY-MM-DD")
    asked = parser.parse_args(arguments)
    stop = threading.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda number, frame: stop.set())
    with TownServer(build_town(asked.seed), asked.port) as server:
        server.set_night(asked.night)
        print(f"The town answers at {server.base_url} as of the night {server.night}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
