"""The mailbox takes mail by SMTP and keeps it as it came, under names that can harm nobody."""

from __future__ import annotations

import email
import email.policy
import signal
import smtplib
import socket
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.demo.mailbox import Mailbox, file_name_of

REPOSITORY = Path(__file__).resolve().parents[2]


def letter(to: str = "owner@riverside-dental.example") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "reports@rapport.example", to, "Oktoberbericht für גשר"
    message.set_content("Hello.\n.\nA line that is only a dot must survive.\n")
    message.add_attachment(bytes(range(256)) * 40, maintype="application", subtype="pdf", filename="report.pdf")
    return message


def test_a_message_comes_back_as_it_was_sent(tmp_path: Path) -> None:
    with Mailbox(tmp_path / "mailbox") as mailbox, smtplib.SMTP(mailbox.host, mailbox.port, timeout=10) as smtp:
        smtp.send_message(letter())
    (kept,) = mailbox.letters()
    assert kept.name == "0001-owner-at-riverside-dental.example.eml"
    read = email.message_from_bytes(kept.read_bytes(), policy=email.policy.default)
    assert read["Subject"] == "Oktoberbericht für גשר"
    text, attachment = read.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == "Hello.\n.\nA line that is only a dot must survive.\n"
    assert attachment.get_content() == bytes(range(256)) * 40


def test_each_recipient_gets_a_file_and_numbers_go_on(tmp_path: Path) -> None:
    for _ in range(2):
        with Mailbox(tmp_path) as mailbox, smtplib.SMTP(mailbox.host, mailbox.port, timeout=10) as smtp:
            smtp.send_message(letter(), to_addrs=["a@one.example", "b@two.example"])
    names = ["0001-a-at-one.example.eml", "0002-b-at-two.example.eml"]
    assert [path.name for path in mailbox.letters()] == [
        *names,
        "0003-a-at-one.example.eml",
        "0004-b-at-two.example.eml",
    ]
    first, second, third, fourth = (path.read_bytes() for path in mailbox.letters())
    assert first == second
    assert third == fourth


def test_the_ten_thousandth_letter_comes_last(tmp_path: Path) -> None:
    (tmp_path / "9999-a.eml").write_bytes(b"")
    with Mailbox(tmp_path) as mailbox, smtplib.SMTP(mailbox.host, mailbox.port, timeout=10) as smtp:
        smtp.send_message(letter())
        smtp.send_message(letter())
    assert [path.name.partition("-")[0] for path in mailbox.letters()] == ["9999", "10000", "10001"]


def test_nothing_is_left_half_written(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as mailbox, smtplib.SMTP(mailbox.host, mailbox.port, timeout=10) as smtp:
        smtp.send_message(letter())
        with socket.create_connection((mailbox.host, mailbox.port), timeout=10) as cut:
            for line in (b"EHLO x", b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>", b"DATA", b"half a mess"):
                cut.recv(1_000)
                cut.sendall(line + b"\r\n")
    assert [path.name for path in tmp_path.iterdir()] == ["0001-owner-at-riverside-dental.example.eml"]


def test_a_hostile_recipient_stays_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "inner" / "mailbox"
    with Mailbox(folder) as mailbox, smtplib.SMTP(mailbox.host, mailbox.port, timeout=10) as smtp:
        for recipient in ('"../../escaped"@x.example', '"-rf *"@x.example', '"$(id)|/etc/passwd"@x.example'):
            smtp.sendmail("a@b.example", [recipient], b"Subject: x\r\n\r\nx\r\n")
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(folder.iterdir())
    assert len(mailbox.letters()) == 3


@given(st.text(max_size=300))
def test_file_names_are_harmless(recipient: str) -> None:
    name = file_name_of(recipient)
    assert 1 <= len(name) <= 80
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
    assert name[0] not in ".-"
    assert ".." not in name


def test_a_port_that_is_taken_is_an_error_at_once(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as mailbox, pytest.raises(OSError, match="in use"):
        Mailbox(tmp_path, port=mailbox.port)


def test_it_runs_by_itself_until_told_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipelines.demo.mailbox", "--folder", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        port = int(running.stdout.readline().split(" is kept")[0].rpartition(":")[2])
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
            smtp.send_message(letter())
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
    assert len(list(tmp_path.glob("*.eml"))) == 1
