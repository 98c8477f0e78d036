"""One HTTP client for all sources: paced, patient with busy servers, and silent about keys.

It never returns a 429 or a 5xx: those are retried here a few times, honouring Retry-After, and then raised as
SiteDown. A wait longer than a minute is not slept through; it is handed to the scheduler inside the error.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from types import TracebackType
from urllib.parse import urlsplit

import httpx
import tenacity

from pipelines.errors import SiteDown

LONGEST_WAIT_SECONDS = 60.0
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)


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
        self._http = httpx.Client(timeout=_TIMEOUT, follow_redirects=False, headers={"User-Agent": "Rapport/0.1"})

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
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Return the answer, whatever its status below 500 except 429. Raises SiteDown, naming `where`."""
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._attempts) | _AskedTooLong(),
            wait=_wait_seconds,
            retry=tenacity.retry_if_exception_type(SiteDown),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._once, method, url, where, headers or {}, params or {}, form)

    def _once(
        self,
        method: str,
        url: str,
        where: str,
        headers: Mapping[str, str],
        params: Mapping[str, str],
        form: Mapping[str, str] | None,
    ) -> httpx.Response:
        self._wait_for_turn()
        try:
            answer = self._http.request(method, url, headers=dict(headers), params=dict(params), data=form)
        except (httpx.TransportError, httpx.DecodingError) as error:
            # str(error) may quote the address with its query; the host and the kind of failure are enough.
            host = urlsplit(url).netloc
            raise SiteDown(f"{host} could not be read ({type(error).__name__})", where=where) from None
        if answer.status_code == 429 or answer.status_code >= 500:
            raise SiteDown(
                f"{urlsplit(url).netloc} answered {answer.status_code}",
                where=where,
                retry_after_seconds=retry_after_seconds(answer.headers),
                status=answer.status_code,
            )
        return answer

    def _wait_for_turn(self) -> None:
        with self._turn:
            now = self._clock()
            start = max(now, self._next_start)
            self._next_start = start + self._interval_seconds
        if start > now:
            self._sleep(start - now)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return how long the answer asks to wait, relative to its own Date, or None.

    It is said by Retry-After, in seconds or as an HTTP date, or by RateLimit-ResetTime if the day's quota is used up.
    """
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        spent = not said and headers.get("ratelimit-remaining") == "0"
        until = dt.datetime.fromisoformat(headers["ratelimit-resettime"]) if spent else parsedate_to_datetime(said)
        now = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, KeyError):
        return None
    until, now = (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC) for moment in (until, now))
    return max(0.0, (until - now).total_seconds())


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
