"""What recipients reach from outside: only a POST of RFC 8058 ends their mail, and then nothing is sent."""

from __future__ import annotations

import asyncio
import datetime as dt

import httpx
import pytest

from pipelines.demo.mailbox import Mailbox
from pipelines.landing import DataDir
from pipelines.ledger import Ledger
from pipelines.send import send
from pipelines.settings import Settings
from pipelines.unsubscribe import public_app
from tests.test_send import MONTH, NOW, PRACTICES, arrived, put_pdf, run

WHO = ("elm", "c@elm.example")
FORM = {"List-Unsubscribe": "One-Click"}


def ask(data: DataDir, method: str, path: str, now: dt.datetime = NOW, /, **what: object) -> httpx.Response:
    async def exchange() -> httpx.Response:
        transport = httpx.ASGITransport(app=public_app(data, lambda: now))
        async with httpx.AsyncClient(transport=transport, base_url="https://reports.example") as client:
            return await client.request(method, path, **what)  # type: ignore[arg-type]

    return asyncio.run(exchange())


@pytest.mark.parametrize("form", [{"data": FORM}, {"files": {name: (None, value) for name, value in FORM.items()}}])
def test_one_post_ends_the_mail_without_redirect_login_or_question(data: DataDir, form: dict[str, object]) -> None:
    put_pdf(data, "elm")
    token = Ledger(data.ledger).token(*WHO)
    answer = ask(data, "POST", f"/u/{token}", **form)
    assert (answer.status_code, "location" in answer.headers, "set-cookie" in answer.headers) == (200, False, False)
    [stop] = Ledger(data.ledger).stops()
    assert (stop.practice_id, stop.recipient, stop.kind, stop.since) == (*WHO, "unsubscribed", NOW.isoformat())
    with Mailbox(data.mailbox) as mailbox:
        assert [result.state for result in run(data, mailbox.port)] == ["unsubscribed"]
        assert [result.state for result in run(data, mailbox.port, again=True, restate=True)] == ["unsubscribed"]
    assert arrived(data) == []
    assert ask(data, "POST", f"/u/{token}", **form).status_code == 200
    assert len(Ledger(data.ledger).stops()) == 1


def test_a_get_only_shows_a_button_that_would_do_it(data: DataDir) -> None:
    token = Ledger(data.ledger).token(*WHO)
    for method in ("GET", "HEAD"):
        shown = ask(data, method, f"/u/{token}")
        assert shown.status_code == 200
        assert shown.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert shown.headers["cache-control"] == "no-store"
    assert '<form method="post">' in ask(data, "GET", f"/u/{token}").text
    assert (
        'name="List-Unsubscribe" value="One-Click"' in ask(data, "GET", f"/u/{token}?List-Unsubscribe=One-Click").text
    )
    assert Ledger(data.ledger).stops() == []


@pytest.mark.parametrize(
    "what",
    [
        {},
        {"data": {"List-Unsubscribe": "No"}},
        {"content": b"List-Unsubscribe=One-Click" + b"&x=1" * 2_000},
        {"content": b"\xff\xfe\x00"},
        {"content": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"json": FORM},
    ],
)
def test_anything_else_changes_nothing(data: DataDir, what: dict[str, object]) -> None:
    token = Ledger(data.ledger).token(*WHO)
    assert ask(data, "POST", f"/u/{token}", **what).status_code == 400
    assert Ledger(data.ledger).stops() == []


@pytest.mark.parametrize(
    ("wished", "spoken"),
    [
        ("", "en"),
        ("es-US,es;q=0.9,en;q=0.8", "es"),
        ("fr, en;q=0.4, es;q=0.5", "es"),
        ("de;q=x, en, es", "en"),
        ("fr;q=0.9,*;q=0.1", "en"),
    ],
)
def test_a_page_speaks_what_the_browser_asks_for(data: DataDir, wished: str, spoken: str) -> None:
    heads = {"headers": {"Accept-Language": wished}}
    token = Ledger(data.ledger).token(*WHO)
    told = [
        *(ask(data, method, f"/u/{token}", **heads) for method in ("GET", "POST")),
        ask(data, "GET", "/r/nothing", **heads),
        ask(data, "POST", f"/u/{token}", **heads, data=FORM),
    ]
    assert [answer.text.split('lang="')[1][:2] for answer in told] == [spoken] * 4
    words = {"en": ["Stop this mail?", "Nothing was changed", "This report is not here", "Done"]}
    words["es"] = [
        "\u00bfCancelar este correo?",
        "No se cambi\u00f3 nada",
        "Este informe no est\u00e1 aqu\u00ed",
        "Hecho",
    ]
    assert [answer.text.split("<h1>")[1].split("<")[0] for answer in told] == words[spoken]


def test_a_token_is_random_for_each_recipient_and_practice_and_a_wrong_one_is_told(data: DataDir) -> None:
    ledger = Ledger(data.ledger)
    tokens = {ledger.token(practice, "c@elm.example") for practice in ("elm", "oak")} | {ledger.token("elm", "d@e.x")}
    assert len(tokens) == 3
    assert all(len(token) == 32 for token in tokens)
    assert ask(data, "POST", "/u/" + "x" * 32, data=FORM).status_code == 404
    assert ask(data, "PUT", f"/u/{tokens.pop()}", data=FORM).status_code == 405
    assert ledger.stops() == []


def test_one_practices_mail_ends_and_anothers_goes_on(data: DataDir) -> None:
    ledger = Ledger(data.ledger)
    ask(data, "POST", f"/u/{ledger.token('elm', 'c@elm.example')}", data=FORM)
    assert ledger.stopped("elm", "c@elm.example") == "unsubscribed"
    assert ledger.stopped("oak", "c@elm.example") is None


def test_the_store_is_read_before_each_mail_and_not_once_a_run(data: DataDir) -> None:
    put_pdf(data, "oak")
    put_pdf(data, "elm")

    def meanwhile(line: str) -> None:
        if "oak: sent" in line:
            ask(data, "POST", f"/u/{Ledger(data.ledger).token(*WHO)}", data=FORM)

    with Mailbox(data.mailbox) as mailbox:
        sent = send(MONTH, PRACTICES, data, Settings(smtp_port=mailbox.port), NOW, say=meanwhile)
    assert [result.state for result in sent] == ["sent", "sent", "unsubscribed"]
    assert len(arrived(data)) == 2


def test_a_person_undoes_it_with_a_reason_that_stays(data: DataDir) -> None:
    ledger = Ledger(data.ledger)
    token = ledger.token(*WHO)
    ask(data, "POST", f"/u/{token}", data=FORM)
    assert ledger.undo(*WHO, "asked on the phone", "2026-11-03T00:00:00+00:00") == 1
    assert ledger.undo(*WHO, "again", "2026-11-03T00:00:00+00:00") == 0
    assert ledger.stopped(*WHO) is None
    [stop] = ledger.stops()
    assert (stop.undone_at, stop.undone_why) == ("2026-11-03T00:00:00+00:00", "asked on the phone")
    ask(data, "POST", f"/u/{token}", data=FORM)
    assert ledger.stopped(*WHO) == "unsubscribed"
    assert len(ledger.stops()) == 2


def test_nothing_in_an_address_is_an_address(data: DataDir) -> None:
    assert "elm" not in Ledger(data.ledger).token(*WHO)
