"""Mails that come back: each is found by its own Message-ID, stops its recipient once, and is told to the operator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.bounces import check_bounces, read_bounces
from pipelines.demo.mailbox import Mailbox
from pipelines.doctor import examine
from pipelines.errors import SeveralFailed
from pipelines.gate import month_verdict
from pipelines.landing import DataDir
from pipelines.ledger import Key, Ledger
from pipelines.send import send
from pipelines.settings import Settings
from tests.test_send import MONTH, NOW, PRACTICES, arrived, put_pdf, run, states

STAMP = NOW.isoformat()


def notification(
    message_id: str, *, action: str = "failed", status: str = "5.1.1", original: str = "message/rfc822"
) -> bytes:
    """A delivery status notification, laid out as RFC 3464's examples are."""
    back = f"Message-ID: {message_id}\r\nSubject: Your monthly report for October\r\nTo: c@elm.example\r\n\r\n"
    parts = [
        "Content-Type: text/plain\r\n\r\nYour message could not be delivered. It was <2026-10.x@other.example>.\r\n",
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.elm.example\r\n\r\n"
        f"Final-Recipient: rfc822; c@elm.example\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 c@elm.example unknown\r\n",
        *([f"Content-Type: {original}\r\n\r\n{back}"] if original else []),
    ]
    body = "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--\r\n"
    reference = "" if original else f"In-Reply-To: {message_id}\r\n"
    return (
        "From: MAILER-DAEMON@mx.elm.example\r\nTo: reports@rapport.example\r\nMessage-ID: <1@mx.elm.example>\r\n"
        f'{reference}Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n{body}'
    ).encode()


@pytest.fixture
def message_id(data: DataDir) -> str:
    """Send one mail and return its Message-ID."""
    put_pdf(data, "elm")
    with Mailbox(data.mailbox) as mailbox:
        run(data, mailbox.port)
    return str(arrived(data)[0]["Message-ID"])


def put(data: DataDir, name: str, body: bytes) -> None:
    path = data.bounces / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def webhook(message_id: str, field: str = "message_id", event: str = "bounce") -> bytes:
    delivered = {"event": "delivered", field: message_id}
    return (json.dumps(delivered) + "\n" + json.dumps({"event": event, field: message_id, "status": "5.1.1"})).encode()


@pytest.mark.parametrize("name", ["one.eml", "new/1.host", "cur/1.host:2,S"])
@pytest.mark.parametrize("original", ["message/rfc822", "text/rfc822-headers", ""])
def test_a_notification_stops_the_recipient(data: DataDir, message_id: str, name: str, original: str) -> None:
    put(data, name, notification(message_id, original=original))
    found = read_bounces(data, Ledger(data.ledger), STAMP)
    assert [(row.practice_id, row.recipient) for row in found.bounced] == [("elm", "c@elm.example")]
    assert found.unread == []
    [row] = Ledger(data.ledger).rows()
    assert (row.state, row.why) == ("bounced", "came back, 5.1.1")
    with Mailbox(data.mailbox) as mailbox:
        put_pdf(data, "elm", says="corrected", version=2)
        assert [result.state for result in run(data, mailbox.port, again=True, restate=True)] == ["bounced"]
    assert len(arrived(data)) == 1


@pytest.mark.parametrize("field", ["message_id", "smtp-id"])
def test_a_services_webhook_stops_the_recipient(data: DataDir, message_id: str, field: str) -> None:
    put(data, "hook.jsonl", webhook(message_id, field))
    assert len(read_bounces(data, Ledger(data.ledger), STAMP).bounced) == 1
    assert states(data) == {"c@elm.example": "bounced"}


def test_a_service_that_delivers_several_events_a_line_is_read_the_same(data: DataDir, message_id: str) -> None:
    one, other = webhook(message_id).splitlines()
    put(data, "hook.jsonl", b"[" + one + b", " + other + b"]\n")
    ledger = Ledger(data.ledger)
    assert len(read_bounces(data, ledger, STAMP).bounced) == 1
    assert read_bounces(data, ledger, STAMP).bounced == []
    # Each event of a line is evidence of its own, also of the same mail.
    put(data, "hook.jsonl", b"[" + other + b", " + other + b"]\n")
    assert len(read_bounces(data, ledger, STAMP).bounced) == 2


def test_the_sender_itself_reads_them_before_the_next_mail(data: DataDir, message_id: str) -> None:
    put(data, "one.eml", notification(message_id))
    put(data, "two.eml", b"Subject: Out of office\r\n\r\n")
    said: list[str] = []
    with Mailbox(data.mailbox) as mailbox:
        [result] = send(MONTH, PRACTICES, data, Settings(smtp_port=mailbox.port), NOW, say=said.append)
    assert result.state == "bounced"
    assert said[0].startswith("  elm: a mail of 2026-10 came back, its recipient gets no more: `rapport unsubscribes`")
    assert said[1] == "  not read: bounces/two.eml: not a delivery status notification (RFC 3464)"


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_is_no_end_stops_nobody(data: DataDir, message_id: str, action: str) -> None:
    put(data, "one.eml", notification(message_id, action=action, status="4.4.7"))
    put(data, "hook.jsonl", webhook(message_id, event="deferred"))
    found = read_bounces(data, Ledger(data.ledger), STAMP)
    assert (found.bounced, found.unread) == ([], [])
    assert states(data) == {"c@elm.example": "sent"}


def test_a_stop_that_was_undone_does_not_return_with_the_same_file(data: DataDir, message_id: str) -> None:
    put(data, "one.eml", notification(message_id))
    ledger = Ledger(data.ledger)
    read_bounces(data, ledger, STAMP)
    ledger.undo("elm", "c@elm.example", "the mailbox was full", STAMP)
    assert read_bounces(data, ledger, STAMP).bounced == []
    with Mailbox(data.mailbox) as mailbox:
        assert [result.state for result in run(data, mailbox.port)] == ["bounced"]
        assert [result.state for result in run(data, mailbox.port, again=True)] == ["sent"]
    put(data, "two.eml", notification(message_id, status="5.2.2"))
    assert len(read_bounces(data, ledger, STAMP).bounced) == 1


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("a.eml", b"Subject: Out of office\r\n\r\nBack on Monday", "not a delivery status notification"),
        ("a.eml", b"", "not a delivery status notification"),
        ("a.eml", notification("<2026-10.0123456789abcdef0123456789abcdef@x.example>"), "the ledger does not know"),
        ("a.eml", notification("<other@x.example>"), "the ledger does not know"),
        ("a.jsonl", b"{", "line 1 is not an object with an event"),
        ("a.jsonl", b'{"event": "open"}\n\n[1]', "line 3 is not an object with an event"),
        ("a.jsonl", b'[{"event": "open"}, {"event": "bounce"}]', "the ledger does not know"),
        ("a.jsonl", b'{"event": "bounce"}', "the ledger does not know"),
    ],
)
def test_what_cannot_be_read_or_is_not_ours_is_named_and_stops_nobody(
    data: DataDir, message_id: str, name: str, body: bytes, why: str
) -> None:
    put(data, name, body)
    found = read_bounces(data, Ledger(data.ledger), STAMP)
    assert found.bounced == []
    [unread] = found.unread
    assert unread.startswith(f"bounces/{name}: ")
    assert why in unread
    assert states(data) == {"c@elm.example": "sent"}
    with pytest.raises(SeveralFailed, match="bounces: 1 things to look at"):
        check_bounces(data, STAMP)


def test_the_operator_is_told_by_housekeeping_doctor_and_the_months_verdict(
    data: DataDir, message_id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert month_verdict(
        MONTH, PRACTICES, data
    ) == "2026-10: 1 reports are with their recipients, 0 recipients have " + ("unsubscribed")
    assert check_bounces(data, STAMP) == 0
    put(data, "one.eml", notification(message_id))
    with pytest.raises(
        SeveralFailed, match=r"elm: a mail of 2026-10 came back.*correct it in practices\.toml"
    ) as raised:
        check_bounces(data, STAMP)
    assert "c@elm" not in str(raised.value)
    # Told once; the next day is green.
    assert check_bounces(data, STAMP) == 1
    with pytest.raises(SeveralFailed, match=r"elm: a recipient's mail came back, and it gets no more"):
        month_verdict(MONTH, PRACTICES, data)
    monkeypatch.setenv("RAPPORT_DATA_DIR", str(data.root))
    monkeypatch.setenv("RAPPORT_PRACTICES_FILE", str(tmp_path / "none.toml"))
    [finding] = examine(NOW.date(), "bounced")
    assert finding.said == "elm: a recipient gets no more mail since 2026-11-02, it came back, 5.1.1"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("failed", "version 1 is failed, why it did"),
        ("uncertain", "version 1 is uncertain, why it did"),
        ("sending", "version 1 is sending"),
        (None, "version 1 is not sent"),
    ],
)
def test_the_months_verdict_names_each_report_that_is_not_with_its_recipient(
    data: DataDir, state: str | None, said: str
) -> None:
    put_pdf(data, "elm")
    if state:
        with Mailbox(data.mailbox) as mailbox:
            run(data, mailbox.port)
        [row] = Ledger(data.ledger).rows()
        key = Key(row.practice_id, row.month, row.version, row.recipient)
        Ledger(data.ledger).mark(key, state, STAMP, why="why it did")  # type: ignore[arg-type]
    with pytest.raises(SeveralFailed, match=said):
        month_verdict(MONTH, PRACTICES, data)


def test_the_months_verdict_counts_who_wants_none_and_misses_nobody_else(data: DataDir) -> None:
    put_pdf(data, "elm")
    put_pdf(data, "oak")
    ledger = Ledger(data.ledger)
    ledger.unsubscribe(ledger.token("oak", "a@oak.example"), STAMP)
    with Mailbox(data.mailbox) as mailbox:
        run(data, mailbox.port)
    assert "2 reports are with their recipients, 1 recipients have" in month_verdict(MONTH, PRACTICES, data)
