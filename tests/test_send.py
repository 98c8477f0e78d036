"""Sending: each report once a recipient, whatever is killed, refused or changed in between. Real SMTP on loopback."""

from __future__ import annotations

import base64
import datetime as dt
import email
import email.policy
import hashlib
import json
import multiprocessing
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pikepdf
import pytest

from pipelines.decisions import Decision, Decisions
from pipelines.demo.mailbox import Mailbox
from pipelines.errors import NotReady, SendFailed, SeveralFailed, UnknownName
from pipelines.landing import DataDir
from pipelines.ledger import Ledger
from pipelines.mail import LARGEST_ATTACHMENT_BYTES, Letter, compose
from pipelines.pdf import practice_of
from pipelines.practices import Practice, Practices
from pipelines.send import Sent, send
from pipelines.settings import Settings
from tests.conftest import body_of

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
MONTH = dt.date(2026, 10, 1)
NOW = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)
OAK = Practice(id="oak", name="Oak <b>Street</b> Dental", recipients=("a@oak.example", "b@oak.example"))
ELM = Practice(id="elm", name="Elm", recipients=("c@elm.example",))
PRACTICES = Practices(practice=(OAK, ELM))


def put_pdf(data: DataDir, practice_id: str, says: str = "", named: str = "", version: int = 1) -> Path:
    path = data.report("2026-10", practice_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.docinfo["/rapportpractice"] = named or practice_id
        pdf.docinfo["/Title"] = says
        pdf.save(path, deterministic_id=True)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    data.manifest("2026-10", practice_id).write_text(json.dumps({"pdf_sha256": digest, "version": version}))
    approve(data, practice_id)
    return path


def approve(data: DataDir, practice_id: str) -> None:
    """Let a PDF go out as it is now."""
    digest = hashlib.sha256(data.report("2026-10", practice_id).read_bytes()).hexdigest()
    Decisions(data.ledger).add(
        Decision(
            month="2026-10",
            decided_at=NOW.isoformat(),
            person=f"olga, {practice_id}, {digest}",
            choice="Some",
            released=(practice_id,),
            kept_back=(),
            reason="She has looked",
            digests={practice_id: digest},
        )
    )


def run(
    data: DataDir, port: int, practices: Practices = PRACTICES, *, again: bool = False, restate: bool = False
) -> list[Sent]:
    settings = Settings(smtp_port=port)
    return send(MONTH, practices, data, settings, NOW, again=again, restate=restate, say=lambda line: None)


def letter(pdf: bytes = b"%PDF", version: int = 1) -> Letter:
    return Letter(
        practice=ELM,
        recipient="c@elm.example",
        month=MONTH,
        version=version,
        identity="0" * 32,
        token="token",
        pdf=pdf,
    )


def arrived(data: DataDir) -> list[EmailMessage]:
    files = sorted(data.mailbox.glob("*.eml"))
    found = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
    return [message for message in found if isinstance(message, EmailMessage)]


def states(data: DataDir) -> dict[str, str]:
    return {row.recipient: row.state for row in Ledger(data.ledger).rows()}


def test_one_message_a_recipient_and_none_on_the_second_run(data: DataDir) -> None:
    put_pdf(data, "oak")
    put_pdf(data, "elm")
    with Mailbox(data.mailbox) as mailbox:
        assert [result.state for result in run(data, mailbox.port)] == ["sent"] * 3
        assert [result.state for result in run(data, mailbox.port)] == ["sent"] * 3
    assert [message["To"] for message in arrived(data)] == ["a@oak.example", "b@oak.example", "c@elm.example"]


def test_the_message_is_plain_first_and_has_the_pdf_as_it_is(data: DataDir) -> None:
    pdf = put_pdf(data, "oak").read_bytes()
    with Mailbox(data.mailbox) as mailbox:
        run(data, mailbox.port)
    message = arrived(data)[0]
    assert message.get_content_type() == "multipart/mixed"
    both, attached = message.iter_parts()
    assert [part.get_content_type() for part in both.iter_parts()] == ["text/plain", "text/html"]
    assert attached.get_content() == pdf
    assert attached.get_filename() == "oak-2026-10.pdf"
    assert message["Subject"] == "Your monthly report for October"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]
    assert not message["Cc"]
    assert not message["Bcc"]
    html = body_of(both, "html")
    assert "<b>Street</b>" not in html
    assert "&lt;b&gt;Street&lt;/b&gt;" in html


def test_unsubscribing_is_one_click_and_is_kept(data: DataDir) -> None:
    put_pdf(data, "elm")
    configured = Settings(unsubscribe_url="https://reports.example/u/{token}")
    token = Ledger(data.ledger).token("elm", "c@elm.example")
    assert Ledger(data.ledger).token("elm", "c@elm.example") == token
    message = compose(msgspec.structs.replace(letter(), token=token), configured, NOW)
    by_mail = "<mailto:reports@rapport.example?subject=Unsubscribe>"
    assert message["List-Unsubscribe"] == f"<https://reports.example/u/{token}>, {by_mail}"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "elm" not in token
    # Without an endpoint there is nothing to post to, and mail programs are not told that there is.
    unserved = compose(letter(), Settings(), NOW)
    assert (unserved["List-Unsubscribe"], unserved["List-Unsubscribe-Post"]) == (by_mail, None)
    assert Ledger(data.ledger).unsubscribe(token, NOW.isoformat())
    assert not Ledger(data.ledger).unsubscribe("unknown", NOW.isoformat())
    with Mailbox(data.mailbox) as mailbox:
        assert [result.state for result in run(data, mailbox.port)] == ["unsubscribed"]
    assert arrived(data) == []


def test_another_practices_pdf_is_never_sent(data: DataDir) -> None:
    put_pdf(data, "oak", named="elm")
    put_pdf(data, "elm")
    with Mailbox(data.mailbox) as mailbox, pytest.raises(SeveralFailed, match="oak: the PDF is another practice's"):
        run(data, mailbox.port)
    assert [message["To"] for message in arrived(data)] == ["c@elm.example"]


def test_two_reports_whose_places_were_swapped_are_both_refused(data: DataDir) -> None:
    """Each has a manifest that fits it, so only what is written inside the PDF tells whose it is."""
    oak, elm = put_pdf(data, "oak"), put_pdf(data, "elm")
    for one, other in ((oak, elm), (data.manifest("2026-10", "oak"), data.manifest("2026-10", "elm"))):
        held = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(held)
    with Mailbox(data.mailbox) as mailbox, pytest.raises(SeveralFailed) as refused:
        run(data, mailbox.port, restate=True, again=True)
    told = {(failure.where, failure.what) for failure in refused.value.failures}
    assert told == {(f"send 2026-10: {name}", "the PDF is another practice's") for name in ("oak", "elm")}
    assert (arrived(data), Ledger(data.ledger).rows()) == ([], [])


def test_a_pdf_that_is_made_anew_while_it_is_looked_at_is_not_sent(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_pdf(data, "elm")

    def named(pdf: Path) -> str:
        found = practice_of(pdf)
        path.write_bytes(b"%PDF of somebody else")
        return found

    monkeypatch.setattr("pipelines.send.practice_of", named)
    with Mailbox(data.mailbox) as mailbox, pytest.raises(SeveralFailed, match="do not belong together"):
        run(data, mailbox.port)
    assert arrived(data) == []


@pytest.mark.parametrize("case", ["nobody", "kept back since", "made anew"])
def test_only_the_pdf_that_was_approved_is_sent(data: DataDir, case: str) -> None:
    path = put_pdf(data, "elm")
    put_pdf(data, "oak")
    decisions = Decisions(data.ledger)
    if case == "nobody":
        data.ledger.unlink()
        approve(data, "oak")
    elif case == "kept back since":
        [mine] = [one for one in decisions.of("2026-10") if one.released == ("elm",)]
        later = {"decided_at": "2026-11-02T08:30:00+00:00", "released": (), "kept_back": ("elm",), "digests": {}}
        decisions.add(msgspec.structs.replace(mine, **later))
    else:
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            pdf.docinfo["/Title"] = "another"
            pdf.save(path, deterministic_id=True)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        data.manifest("2026-10", "elm").write_text(json.dumps({"pdf_sha256": digest, "version": 1}))
    why = "this is not the PDF that was approved" if case == "made anew" else "nobody approved this PDF"
    with Mailbox(data.mailbox) as mailbox, pytest.raises(SeveralFailed, match=f"elm: {why}.*--approved-by NAME"):
        run(data, mailbox.port)
    assert states(data) == {"a@oak.example": "sent", "b@oak.example": "sent", "c@elm.example": "failed"}
    assert [message["To"] for message in arrived(data)] == ["a@oak.example", "b@oak.example"]
    approve(data, "elm")
    # The newest decision counts, and this one is no older than those before.
    if case != "kept back since":
        with Mailbox(data.mailbox) as mailbox:
            assert [one.state for one in run(data, mailbox.port)] == ["sent"] * 3


@pytest.mark.parametrize("harm", ["no manifest", "another PDF"])
def test_a_pdf_without_its_own_manifest_is_never_sent(data: DataDir, harm: str) -> None:
    path = put_pdf(data, "elm")
    if harm == "no manifest":
        data.manifest("2026-10", "elm").unlink()
    else:
        path.write_bytes(path.read_bytes() + b"%")
    with Mailbox(data.mailbox) as mailbox, pytest.raises(SeveralFailed, match="do not belong together"):
        run(data, mailbox.port)
    assert arrived(data) == []


def test_a_corrected_report_waits_for_a_person(data: DataDir) -> None:
    put_pdf(data, "elm")
    with Mailbox(data.mailbox) as mailbox:
        run(data, mailbox.port)
        put_pdf(data, "elm", says="corrected", version=2)
        for again in (False, True):
            [held] = run(data, mailbox.port, again=again)
            assert (held.state, held.why) == ("held", "may have version 1 of this report, and version 2 waits")
        assert [result.state for result in run(data, mailbox.port, restate=True)] == ["sent"]
        assert [result.state for result in run(data, mailbox.port, restate=True)] == ["sent"]
        put_pdf(data, "elm")
        assert [result.state for result in run(data, mailbox.port, restate=True)] == ["held"]
    first, second = arrived(data)
    assert (first["Subject"], second["Subject"]) == (
        "Your monthly report for October",
        "Your monthly report for October, corrected",
    )
    assert "This is version 2 and replaces the one you have." in body_of(second)
    assert "version" not in body_of(first)
    assert first["Message-ID"] != second["Message-ID"]


def test_an_older_version_never_follows_a_newer_one(data: DataDir) -> None:
    with Mailbox(data.mailbox) as mailbox:
        for version in (1, 3):
            put_pdf(data, "elm", says=str(version), version=version)
            assert [result.state for result in run(data, mailbox.port, restate=True)] == ["sent"]
        put_pdf(data, "elm", says="2", version=2)
        [held] = run(data, mailbox.port, restate=True)
    assert (held.state, held.why) == ("held", "may have version 3 of this report, and version 2 waits")
    assert len(arrived(data)) == 2


def test_a_pdf_made_anew_without_a_restatement_never_goes_out_twice(data: DataDir) -> None:
    put_pdf(data, "elm")
    with Mailbox(data.mailbox) as mailbox:
        run(data, mailbox.port)
        put_pdf(data, "elm", says="other figures")
        for restate in (False, True):
            [held] = run(data, mailbox.port, again=True, restate=restate)
            assert (held.state, "only a restated report goes out" in held.why) == ("held", True)
    assert len(arrived(data)) == 1


def test_subject_and_body_hold_the_practice_and_the_month_and_nothing_of_the_report(data: DataDir) -> None:
    """A mail may be read by others; what it says is the same whatever is in the PDF."""
    put_pdf(data, "elm", says="4.2 stars, 3 alerts")
    with Mailbox(data.mailbox) as mailbox:
        run(data, mailbox.port)
    [message] = arrived(data)
    told = message["Subject"] + body_of(message)
    assert set(re.findall(r"\d+", told)) == {"2026", "1"}
    assert message["Reply-To"] == "Rapport <reports@rapport.example>"
    row = Ledger(data.ledger).rows()[0]
    assert message["Message-ID"] == f"<2026-10.{row.identity}@rapport.example>"


def test_a_line_that_begins_with_a_dot_and_other_scripts_arrive_as_they_are(data: DataDir) -> None:
    put_pdf(data, "dot")
    name = ".רופאי שיניים"
    practice = Practice(id="dot", name=name, recipients=("d@dot.example",))
    with Mailbox(data.mailbox) as mailbox:
        run(data, mailbox.port, Practices(practice=(practice,)))
    assert f"the report for {name}, October 2026" in body_of(arrived(data)[0])
    [file] = data.mailbox.glob("*.eml")
    assert file.read_bytes().isascii()


def test_a_refused_mail_is_failed_and_tried_again(data: DataDir) -> None:
    put_pdf(data, "elm")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    with pytest.raises(SeveralFailed, match=r"elm: the mail server did not take it .*ConnectionRefusedError") as raised:
        run(data, closed)
    assert raised.value.can_recover
    assert states(data) == {"c@elm.example": "failed"}
    with Mailbox(data.mailbox) as mailbox:
        run(data, mailbox.port)
    assert states(data) == {"c@elm.example": "sent"}


@contextmanager
def smtp_that(after_data: Callable[[socket.socket], None]) -> Iterator[int]:
    """A minimal SMTP server that takes one message and then does `after_data`."""
    server = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 here\r\n")
            for line in lines:
                verb = line[:4].upper()
                if verb == b"DATA":
                    connection.sendall(b"354 go on\r\n")
                    for body in lines:
                        if body == b".\r\n":
                            after_data(connection)
                            return
                connection.sendall(b"250 fine\r\n")

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    thread.join(5)
    server.close()


def test_a_connection_lost_after_the_message_leaves_it_uncertain_and_is_not_repeated(data: DataDir) -> None:
    put_pdf(data, "elm")
    with smtp_that(lambda connection: connection.close()) as port:
        assert [result.state for result in run(data, port)] == ["uncertain"]
    with Mailbox(data.mailbox) as mailbox:
        assert [result.state for result in run(data, mailbox.port)] == ["uncertain"]
    assert arrived(data) == []


def test_an_uncertain_mail_is_repeated_only_when_a_person_says_so(data: DataDir) -> None:
    put_pdf(data, "elm")
    with smtp_that(lambda connection: connection.close()) as port:
        run(data, port)
    with Mailbox(data.mailbox) as mailbox:
        assert [result.state for result in run(data, mailbox.port)] == ["uncertain"]
        assert [result.state for result in run(data, mailbox.port, again=True)] == ["sent"]
        assert [result.state for result in run(data, mailbox.port, again=True)] == ["sent"]
    assert len(arrived(data)) == 1


def _send_in_a_child(root: Path, port: int) -> None:
    run(DataDir(root), port)


def test_a_run_killed_during_the_dialogue_leaves_it_uncertain(data: DataDir) -> None:
    put_pdf(data, "elm")
    reached = threading.Event()
    release = threading.Event()

    def hold(connection: socket.socket) -> None:
        reached.set()
        release.wait(10)

    with smtp_that(hold) as port:
        child = multiprocessing.get_context("spawn").Process(target=_send_in_a_child, args=(data.root, port))
        child.start()
        assert reached.wait(20)
        assert states(data) == {"c@elm.example": "sending"}
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        release.set()
    lines: list[str] = []
    with Mailbox(data.mailbox) as mailbox:
        sent = send(MONTH, PRACTICES, data, Settings(smtp_port=mailbox.port), NOW, say=lines.append)
    assert [result.state for result in sent] == ["uncertain"]
    assert any("uncertain whether an earlier mail arrived" in line for line in lines)
    assert arrived(data) == []


def test_two_runs_do_not_send_at_the_same_time(data: DataDir) -> None:
    put_pdf(data, "elm")
    inside: list[str] = []

    def during(connection: socket.socket) -> None:
        try:
            run(data, 1)
        except SendFailed as error:
            inside.append(str(error))
        connection.sendall(b"250 taken\r\n")

    with smtp_that(during) as port:
        run(data, port)
    assert inside == ["send: another run is sending. Wait until it has ended."]


def test_no_pdf_no_mail(data: DataDir) -> None:
    with pytest.raises(NotReady, match="rapport render 2026-10"):
        run(data, 1)


def test_an_unknown_practice_is_an_error_not_everybody(data: DataDir) -> None:
    put_pdf(data, "elm")
    with pytest.raises(UnknownName, match="'ash'"):
        send(MONTH, PRACTICES, data, Settings(smtp_port=1), NOW, only=["ash"], say=lambda line: None)


def test_a_message_with_the_largest_attachment_stays_under_ten_megabytes() -> None:
    assert 9_970_000 < len(compose(letter(b"0" * LARGEST_ATTACHMENT_BYTES), Settings(), NOW).as_bytes()) < 10_000_000


@pytest.mark.parametrize("case", VECTORS["base64"], ids=lambda case: str(case["raw"]))
def test_base64_makes_a_message_as_large_as_reckoned(case: dict[str, Any]) -> None:
    """76 characters and CR LF a line: the worked numbers the limit of 10 MB rests on."""
    plain = len(base64.b64encode(b"0" * case["raw"]))
    assert plain + 2 * -(-plain // 76) == case["encoded"]


def test_the_ledger_keeps_the_reports_hash(data: DataDir) -> None:
    pdf = put_pdf(data, "elm").read_bytes()
    with Mailbox(data.mailbox) as mailbox:
        run(data, mailbox.port)
    [row] = Ledger(data.ledger).rows("2026-10")
    assert row.report_sha256 == hashlib.sha256(pdf).hexdigest()
    assert Ledger(data.ledger).rows("2026-09") == []
