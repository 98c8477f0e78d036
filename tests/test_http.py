"""The client: pace, retries and Retry-After against a real server on loopback."""

from __future__ import annotations

import ssl
from itertools import pairwise

import httpx
import pytest

from pipelines.errors import SiteDown
from pipelines.http import Client, retry_after_seconds
from tests.conftest import Answer, serving


class Script:
    """Answers in order, the last one for ever; counts the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, str]] = []

    def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.requests.append((method, path))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


BUSY: Answer = (429, {"Retry-After": "7"}, b"")
DOWN: Answer = (503, {}, b"")
FINE: Answer = (200, {}, b"{}")


def ask(script: Script, attempts: int = 3) -> tuple[int, list[float]]:
    slept: list[float] = []
    with serving(script) as base, Client("test", per_minute=6e6, attempts=attempts, sleep=slept.append) as client:
        status = client.request("GET", f"{base}/x?secret=1", where="here").status_code
    return status, [s for s in slept if s > 0.01]


def test_waits_as_long_as_asked() -> None:
    assert ask(Script(BUSY, FINE)) == (200, [7.0])


def test_backs_off_longer_each_time_when_nobody_says_how_long() -> None:
    status, slept = ask(Script(DOWN, DOWN, DOWN, FINE), attempts=4)
    assert status == 200
    assert [low <= s <= high for s, (low, high) in zip(slept, [(0.5, 1), (1, 2), (2, 4)], strict=True)] == [True] * 3


def test_gives_up_after_its_attempts_and_says_where() -> None:
    script = Script(DOWN)
    with pytest.raises(SiteDown, match=r"here: .* answered 503") as raised:
        ask(script, attempts=3)
    assert len(script.requests) == 3
    assert "secret" not in str(raised.value)


def test_a_long_wait_is_handed_to_the_scheduler_not_slept() -> None:
    script = Script((429, {"Retry-After": "3600"}, b""))
    with pytest.raises(SiteDown) as raised:
        ask(script)
    assert raised.value.retry_after_seconds == 3600
    assert len(script.requests) == 1


def test_other_answers_are_returned_for_the_source_to_judge() -> None:
    assert ask(Script((403, {}, b"{}")))[0] == 403


def test_redirects_are_not_followed() -> None:
    script = Script((302, {"Location": "http://127.0.0.1:1/elsewhere"}, b""))
    assert ask(script)[0] == 302


def test_a_server_that_is_not_there_is_a_site_that_is_down() -> None:
    client = Client("test", per_minute=6e6, attempts=2, sleep=lambda seconds: None)
    with client, pytest.raises(SiteDown, match="ConnectError") as raised:
        client.request("GET", "http://127.0.0.1:1/path?key=hidden", where="here")
    assert "hidden" not in str(raised.value)


def test_an_answer_cut_short_is_tried_again() -> None:
    cut: Answer = (200, {"X-Claimed-Length": "500"}, b'{"reviews"')
    with pytest.raises(SiteDown):
        ask(Script(cut), attempts=2)


def test_keeps_its_pace() -> None:
    now = [0.0]
    starts: list[float] = []

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def note(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        starts.append(now[0])
        return FINE

    with serving(note) as base, Client("t", per_minute=300, attempts=1, sleep=sleep, clock=lambda: now[0]) as client:
        for _ in range(6):
            client.request("GET", base, where="here")
    assert [round(b - a, 3) for a, b in pairwise(starts)] == [0.2] * 5


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "Sun, 22 Nov 2026 10:01:30 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 90.0),
        ({"retry-after": "Sun, 22 Nov 2026 09:00:00 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        # Yelp: the day's quota is used up until midnight UTC; with some left it was only too fast.
        (
            {
                "ratelimit-remaining": "0",
                "ratelimit-resettime": "2026-11-23T00:00:00+00:00",
                "date": "Sun, 22 Nov 2026 22:30:00 GMT",
            },
            5400.0,
        ),
        (
            {
                "ratelimit-remaining": "9",
                "ratelimit-resettime": "2026-11-23T00:00:00+00:00",
                "date": "Sun, 22 Nov 2026 22:30:00 GMT",
            },
            None,
        ),
        ({"ratelimit-remaining": "0", "date": "Sun, 22 Nov 2026 22:30:00 GMT"}, None),
        ({"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_reads_both_forms_of_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


def test_certificates_are_checked_and_read_once_for_all_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[ssl.SSLContext] = []
    monkeypatch.setattr(httpx, "Client", lambda verify, **more: given.append(verify))
    for _ in range(2):
        Client("test", per_minute=60, attempts=1)
    first, second = given
    assert first is second
    assert (first.verify_mode, first.check_hostname) == (ssl.CERT_REQUIRED, True)
