"""One HTTP client for all sources: paced, patient with busy servers, and silent about keys.

It never returns a 429 or a 5xx: those are retried here a few times, honouring Retry-After, and then raised as
SiteDown. A wait longer than a minute is not slept through; it is handed to the scheduler inside the error.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx
import tenacity

from pipelines.errors import ChangedShape, SiteDown

LONGEST_WAIT_SECONDS = 60.0
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
# A server that sends a byte every twenty seconds never times out by itself.
LONGEST_ANSWER_SECONDS = 180.0
LARGEST_ANSWER_BYTES = 64_000_000
# httpx writes every URL into the log at INFO, with its query, and some platforms want their key there.
logging.getLogger("httpx").setLevel(logging.WARNING)
_PACKING = ("content-encoding", "content-length", "transfer-encoding")
Params = Mapping[str, str] | Sequence[tuple[str, str]]


@cache
def _trusted() -> ssl.SSLContext:
    """Return whose certificates are believed. To read them takes longer than most requests, so all clients share it."""
    return httpx.create_ssl_context()


class Client:
    """An httpx client with a pace of `per_minute` requests and `attempts` tries of each. Safe to share by threads."""

    def __init__(
        self,
        source: str,
        *,
        per_minute: float,
        attempts: int,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self._interval_seconds = 60.0 / per_minute
        self._attempts = attempts
        self._sleep, self._clock = sleep, clock
        self._turn = threading.Lock()
        self._next_start = 0.0
        # Redirects would carry the Authorization header to wherever the answer points.
        self._http = httpx.Client(
            timeout=_TIMEOUT, follow_redirects=False, headers={"User-Agent": "Rapport/0.1"}, verify=_trusted()
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        where: str,
        headers: Mapping[str, str] | None = None,
        params: Params | None = None,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        is_busy: Callable[[httpx.Response], bool] | None = None,
        is_final: Callable[[httpx.Response], bool] | None = None,
    ) -> httpx.Response:
        """Return the answer, whatever its status below 500 except 429. Raises SiteDown, naming `where`.

        `is_busy` knows the other answers by which a platform asks to slow down, `is_final` those that look like it and
        are returned, because waiting cannot help. `body` is JSON. Raises ChangedShape for an answer larger than any
        page is.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._attempts) | _AskedTooLong(),
            wait=_wait_seconds,
            retry=tenacity.retry_if_exception_type(SiteDown),
            sleep=self._sleep,
            reraise=True,
        )
        given = dict(headers or {}) | ({"Content-Type": "application/json"} if body is not None else {})
        sent: dict[str, Any] = {"headers": given, "params": params, "data": form, "content": body}
        return retrying(self._once, method, url, where, sent, is_busy, is_final)

    def _once(
        self,
        method: str,
        url: str,
        where: str,
        sent: dict[str, Any],
        is_busy: Callable[[httpx.Response], bool] | None,
        is_final: Callable[[httpx.Response], bool] | None,
    ) -> httpx.Response:
        self._wait_for_turn()
        try:
            answer = self._whole(method, url, where, sent)
        except (httpx.TransportError, httpx.DecodingError) as error:
            # str(error) may quote the address with its query; the host and the kind of failure are enough.
            host = urlsplit(url).netloc
            raise SiteDown(f"{host} could not be read ({type(error).__name__})", where=where) from None
        busy = answer.status_code == 429 or answer.status_code >= 500 or (is_busy and is_busy(answer))
        if busy and not (is_final and is_final(answer)):
            raise SiteDown(
                f"{urlsplit(url).netloc} answered {answer.status_code}",
                where=where,
                retry_after_seconds=retry_after_seconds(answer.headers) or _wait_in_body(answer),
                status=answer.status_code,
            )
        return answer

    def _whole(self, method: str, url: str, where: str, sent: dict[str, Any]) -> httpx.Response:
        """Read an answer to its end, or give up on one that is endless or too slow."""
        give_up = time.monotonic() + LONGEST_ANSWER_SECONDS
        body = bytearray()
        with self._http.stream(method, url, **sent) as answer:
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > LARGEST_ANSWER_BYTES:
                    raise ChangedShape(
                        f"the answer is larger than {LARGEST_ANSWER_BYTES // 1_000_000} MB",
                        where=where,
                        next_step="Look at what the address gives; nothing of it was kept",
                    )
                if time.monotonic() > give_up:
                    raise httpx.ReadTimeout("too slow", request=answer.request)
        # It is decoded by now, so what said how it was packed must not be believed again.
        headers = [(name, value) for name, value in answer.headers.multi_items() if name not in _PACKING]
        return httpx.Response(answer.status_code, headers=headers, content=bytes(body), request=answer.request)

    def _wait_for_turn(self) -> None:
        with self._turn:
            now = self._clock()
            start = max(now, self._next_start)
            self._next_start = start + self._interval_seconds
        if start > now:
            self._sleep(start - now)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return how long the answer asks to wait, relative to its own Date, or None.

    It is said by Retry-After in seconds or as an HTTP date; else, once nothing is left, by a reset header, which is
    seconds to go (Reddit, Bluesky), seconds of the epoch (X) or a timestamp (Mastodon, Yelp); else by Meta, in minutes.
    """
    said = headers.get("retry-after", "").strip()
    now = sent_at(headers)
    if said:
        return _until(said, now)
    if quota_left(headers) in (None, 0):
        for name in _RESETS:
            if name in headers:
                return _until(headers[name].strip(), now)
    minutes = re.findall(r'"estimated_time_to_regain_access":\s*(\d+)', headers.get("x-business-use-case-usage", ""))
    return 60.0 * max(map(int, minutes)) if any(map(int, minutes)) else None


def _wait_in_body(answer: httpx.Response) -> float | None:
    """Return the seconds that a forum's JSON asks to wait (Discourse), or None."""
    said = re.search(rb'"wait_seconds":\s*([0-9]{1,6})\b', answer.content[:2_000])
    return float(said[1]) if said and answer.status_code == 429 else None


_RESETS = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset", "ratelimit-resettime")
_LEFT = ("x-rate-limit-remaining", "x-ratelimit-remaining", "ratelimit-remaining")


def quota_left(headers: Mapping[str, str]) -> int | None:
    """Return how many requests a platform says are left, by whichever header it says it, or None."""
    for name in _LEFT:
        try:
            return int(float(headers[name]))
        except (KeyError, ValueError, OverflowError):
            continue
    return None


def sent_at(headers: Mapping[str, str]) -> dt.datetime | None:
    """Return when an answer was sent, by its own Date, or None."""
    return _moment(headers.get("date", ""))


def _until(said: str, now: dt.datetime | None) -> float | None:
    """Return the seconds from `now` to an instant, or a plain number of seconds. What is neither is not believed."""
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]+)?", said):
        seconds = float(said)
        # No platform makes one wait for thirty years: a number that large is a date.
        return max(0.0, seconds - now.timestamp()) if seconds > 1e9 and now else min(seconds, 1e9)
    until = _moment(said)
    return max(0.0, (until - now).total_seconds()) if until and now else None


def _moment(text: str) -> dt.datetime | None:
    for read in (dt.datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except (ValueError, IndexError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return None


def _asked_seconds(state: tenacity.RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    return error.retry_after_seconds if isinstance(error, SiteDown) else None


def _wait_seconds(state: tenacity.RetryCallState) -> float:
    asked = _asked_seconds(state)
    if asked is not None:
        return asked
    # Jitter keeps many practices of one key from coming back in step.
    return float(min(2.0 ** (state.attempt_number - 1), 30.0) * random.uniform(0.5, 1.0))


class _AskedTooLong(tenacity.stop.stop_base):
    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        asked = _asked_seconds(retry_state)
        return asked is not None and asked > LONGEST_WAIT_SECONDS
