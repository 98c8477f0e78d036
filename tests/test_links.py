"""Linked and locked reports: what is fetched is what was sent, until it expires, and a screen reader passes a lock."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import json
import os
import re
from pathlib import Path

import pikepdf
import pytest

from pipelines.demo.mailbox import Mailbox
from pipelines.errors import SeveralFailed
from pipelines.landing import DataDir
from pipelines.ledger import Ledger
from pipelines.links import linked_report, locked, put_linked
from pipelines.practices import Practice, Practices
from pipelines.purge import purge
from pipelines.send import send
from pipelines.settings import Settings
from tests.conftest import body_of
from tests.test_send import MONTH, NOW, arrived, put_pdf, states
from tests.test_unsubscribe import ask

PASSWORD = "correct horse battery"
LINKS = Settings(report_url="https://reports.example/r/{token}", link_days=14)
LATER = NOW + dt.timedelta(days=13, hours=23)
TOO_LATE = NOW + dt.timedelta(days=14, hours=1)


def elm(**options: object) -> Practices:
    return Practices(practice=(Practice(id="elm", name="Elm", recipients=("c@elm.example",), **options),))


def send_to(practices: Practices, data: DataDir, settings: Settings = LINKS, *, restate: bool = False) -> None:
    with Mailbox(data.mailbox) as mailbox:
        there = settings.model_copy(update={"smtp_port": mailbox.port})
        send(MONTH, practices, data, there, NOW, restate=restate, say=lambda line: None)


def test_a_linked_report_is_fetched_as_it_was_sent_until_it_expires(data: DataDir) -> None:
    pdf = put_pdf(data, "elm").read_bytes()
    send_to(elm(delivery="link"), data)
    [message] = arrived(data)
    assert not list(message.iter_attachments())
    found = re.search(r"https://reports\.example(/r/\S+)", body_of(message))
    assert found
    assert "elm" not in found[1]
    assert "until November 16" in body_of(message)
    put_pdf(data, "elm", says="made anew")
    fetched = ask(data, "GET", found[1], LATER)
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "application/pdf")
    assert fetched.content == pdf
    assert fetched.headers["cache-control"] == "no-store"
    late = ask(data, "GET", found[1], TOO_LATE)
    assert (late.status_code, late.headers["cache-control"]) == (410, "no-store")
    assert "The link has expired. Reply to the mail for a new one." in late.text
    assert ask(data, "POST", found[1], LATER).status_code == 405


@pytest.mark.parametrize("harm", ["cut", "changed", "later", "another secret", "forged path"])
def test_a_link_that_is_not_ours_gives_nothing(data: DataDir, tmp_path: Path, harm: str) -> None:
    link, until = put_linked(data, LINKS, "a" * 32, b"%PDF", NOW)
    token = link.rpartition("/")[2]
    assert until == dt.date(2026, 11, 16)
    assert linked_report(data, token, LATER) == data.linked("a" * 32)
    if harm == "cut":
        token = token[:-1]
    elif harm == "changed":
        token = ("X" if token[0] != "X" else "Y") + token[1:]
    elif harm == "later":
        signed = base64.urlsafe_b64encode(json.dumps(["a" * 32, 1_900_000_000]).encode()).rstrip(b"=").decode()
        token = f"{signed}.{token.rpartition('.')[2]}"
    elif harm == "another secret":
        token = put_linked(DataDir(tmp_path / "other"), LINKS, "a" * 32, b"%PDF", NOW)[0].rpartition("/")[2]
    else:
        put_pdf(data, "elm")
        token = put_linked(data, LINKS, "../reports/2026-10/elm", b"%PDF", NOW)[0].rpartition("/")[2]
    assert linked_report(data, token, LATER) is None
    refused = ask(data, "GET", f"/r/{token}", LATER)
    assert refused.status_code == 404
    assert "This link is not one of ours." in refused.text


def test_a_link_whose_file_was_deleted_has_expired(data: DataDir) -> None:
    link, _ = put_linked(data, LINKS, "a" * 32, b"%PDF", NOW)
    data.linked("a" * 32).unlink()
    assert ask(data, "GET", f"/r/{link.rpartition('/')[2]}", LATER).status_code == 410


def test_a_report_too_large_for_a_mail_is_linked(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    pdf = put_pdf(data, "elm").read_bytes()
    monkeypatch.setattr("pipelines.send.LARGEST_ATTACHMENT_BYTES", len(pdf))
    send_to(elm(), data)
    monkeypatch.setattr("pipelines.send.LARGEST_ATTACHMENT_BYTES", len(pdf) - 1)
    put_pdf(data, "elm", version=2)
    with pytest.raises(SeveralFailed, match="RAPPORT_REPORT_URL"):
        send_to(elm(), data, Settings(), restate=True)
    send_to(elm(), data, restate=True)
    attached, linked = arrived(data)
    assert ([*attached.iter_attachments()] != [], [*linked.iter_attachments()]) == (True, [])
    assert "https://reports.example/r/" in body_of(linked)


def test_without_an_address_to_link_to_nothing_is_attached_instead(data: DataDir) -> None:
    put_pdf(data, "elm")
    with pytest.raises(SeveralFailed, match="RAPPORT_REPORT_URL: the report is to be linked"):
        send_to(elm(delivery="link"), data, Settings())
    assert arrived(data) == []
    assert states(data) == {"c@elm.example": "failed"}


def test_housekeeping_deletes_what_no_link_leads_to_any_more(data: DataDir) -> None:
    put_linked(data, LINKS, "a" * 32, b"%PDF", NOW)
    os.utime(data.linked("a" * 32), (NOW.timestamp(), NOW.timestamp()))
    purge(LATER.date(), data, LINKS, say=lambda line: None)
    assert data.linked("a" * 32).is_file()
    assert purge(dt.date(2026, 11, 17), data, LINKS, say=lambda line: None) == [f"linked/{'a' * 32}.pdf"]


def test_a_locked_report_opens_with_the_password_and_a_screen_reader_may_read_it(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = put_pdf(data, "elm").read_bytes()
    monkeypatch.setenv("RAPPORT_KEY_REPORT_PASSWORD__ELM", json.dumps({"password": PASSWORD}))
    send_to(elm(password=True), data)
    [message] = arrived(data)
    [attached] = message.iter_attachments()
    body = attached.get_content()
    assert PASSWORD not in message.as_string()
    assert "opens with the password" in body_of(message)
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(io.BytesIO(body))
    with pikepdf.open(io.BytesIO(body), password=PASSWORD) as pdf:
        assert pdf.docinfo["/rapportpractice"] == "elm"
        held = pdf.encryption
        assert (held.R, held.bits, held.stream_method.name) == (6, 256, "aesv3")
        assert pdf.allow.accessibility
        assert not pdf.allow.modify_other
        # Bit 10, as PDF/UA asks for it.
        assert held.P & (1 << 9)
    assert Ledger(data.ledger).rows()[0].report_sha256 == hashlib.sha256(plain).hexdigest()


def test_without_its_password_a_report_is_not_sent_open(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    put_pdf(data, "elm")
    with pytest.raises(SeveralFailed, match=r"report_password: no key: RAPPORT_KEY_REPORT_PASSWORD__ELM is not set"):
        send_to(elm(password=True), data)
    monkeypatch.setenv("RAPPORT_KEY_REPORT_PASSWORD__ELM", json.dumps({"password": "short"}))
    with pytest.raises(SeveralFailed, match="fewer than 12 characters") as raised:
        send_to(elm(password=True), data)
    assert "short" not in str(raised.value)
    assert arrived(data) == []


def test_a_linked_report_is_locked_too(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    put_pdf(data, "elm")
    monkeypatch.setenv("RAPPORT_KEY_REPORT_PASSWORD__ELM", json.dumps({"password": PASSWORD}))
    send_to(elm(password=True, delivery="link"), data)
    [message] = arrived(data)
    found = re.search(r"https://reports\.example(/r/\S+)", body_of(message))
    assert found
    fetched = ask(data, "GET", found[1], LATER).content
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(io.BytesIO(fetched))
    with pikepdf.open(io.BytesIO(fetched), password=PASSWORD) as pdf:
        assert pdf.docinfo["/rapportpractice"] == "elm"


def test_two_locks_of_one_report_differ_and_both_open(monkeypatch: pytest.MonkeyPatch, data: DataDir) -> None:
    monkeypatch.setenv("RAPPORT_KEY_REPORT_PASSWORD__ELM", json.dumps({"password": PASSWORD}))
    pdf = put_pdf(data, "elm").read_bytes()
    assert locked(pdf, "elm") != locked(pdf, "elm")


def test_the_password_is_a_key_the_dags_fetch() -> None:
    assert elm(password=True).key_names() == [("report_password", "elm")]
    assert elm().key_names() == []
