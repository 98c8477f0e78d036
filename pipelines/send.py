"""Send: one message a recipient, plain text first, the PDF attached, and a ledger row before anything is said.

A recipient who already has a report of the month gets no second version by itself: a corrected report is a
person's decision (`again=True`).
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import ipaddress
import os
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import jinja2
import msgspec

from pipelines.errors import NotReady, RapportError, SendFailed, SeveralFailed, SiteDown
from pipelines.landing import DataDir
from pipelines.ledger import Ledger
from pipelines.pdf import practice_of, standing_manifest
from pipelines.periods import month_name
from pipelines.practices import Practice, Practices
from pipelines.settings import REPOSITORY, Settings

LARGEST_MESSAGE_BYTES = 10_000_000
_PASSWORD_FROM = "RAPPORT_SMTP_PASSWORD"  # noqa: S105, it is the name of a variable
TEMPLATES = REPOSITORY / "reports" / "templates" / "email"


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    practice_id: str
    recipient: str
    state: str
    why: str = ""


def send(
    month: dt.date,
    practices: Practices,
    data: DataDir,
    settings: Settings,
    now: dt.datetime,
    *,
    only: list[str] | None = None,
    again: bool = False,
    say: Callable[[str], None],
) -> list[Sent]:
    """Mail a month's PDFs to their practices' recipients and return what became of each.

    Sent ones are left alone; failed ones are tried again; uncertain ones wait for a person. Raises NotReady if
    there is no PDF at all and SeveralFailed, after all others are sent, naming what did not go out.
    """
    chosen = [p for p in practices.practice if only is None or p.id in only]
    for unknown in sorted(set(only or ()) - {p.id for p in chosen}):
        practices.get(unknown)
    there = [p for p in chosen if data.report(month_name(month), p.id).is_file()]
    if not there:
        raise NotReady(
            f"there are no reports of {month_name(month)}",
            where=str(data.report(month_name(month), "").parent.name),
            next_step=f"Run `rapport render {month_name(month)}` first",
        )
    results: list[Sent] = []
    failures: list[RapportError] = []
    with _alone(data):
        ledger = Ledger(data.ledger)
        stamp = now.isoformat(timespec="seconds")
        for row in ledger.doubt_unfinished(stamp):
            say(f"  {row.practice_id}: it is uncertain whether an earlier mail arrived; look before sending again")
        for number, practice in enumerate(there, 1):
            for recipient in practice.recipients:
                try:
                    result = _send_one(practice, recipient, month, data, settings, ledger, now, again=again)
                except RapportError as error:
                    failures.append(error)
                    result = Sent(practice_id=practice.id, recipient=recipient, state="failed", why=error.what)
                results.append(result)
            states = ", ".join(r.state for r in results if r.practice_id == practice.id) or "no recipients"
            say(f"  {number}/{len(there)} {practice.id}: {states}")
    if failures:
        raise SeveralFailed(
            f"{len(failures)} mails did not go out:",
            failures,
            where=f"send {month_name(month)}",
            next_step="Run it again after mending: what was sent stays sent",
        )
    return results


@contextmanager
def _alone(data: DataDir) -> Iterator[None]:
    """Let one process send at a time: another's `sending` row must not be taken for a crashed one's."""
    data.root.mkdir(parents=True, exist_ok=True)
    with (data.root / ".sending.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SendFailed("another run is sending", where="send", next_step="Wait until it has ended") from None
        yield


def _send_one(
    practice: Practice,
    recipient: str,
    month: dt.date,
    data: DataDir,
    settings: Settings,
    ledger: Ledger,
    now: dt.datetime,
    *,
    again: bool,
) -> Sent:
    where = f"send {month_name(month)}: {practice.id}"
    pdf = data.report(month_name(month), practice.id)
    body = pdf.read_bytes()
    manifest = standing_manifest(pdf, data.manifest(month_name(month), practice.id))
    if manifest is None:
        raise SendFailed(
            "the PDF and its manifest do not belong together",
            where=where,
            next_step=f"Nothing was sent. Run `rapport render {month_name(month)}` again",
            evidence=data.relative(pdf),
        )
    if practice_of(pdf) != practice.id:
        raise SendFailed(
            "the PDF is another practice's",
            where=where,
            next_step=f"Nothing was sent. Run `rapport render {month_name(month)}` again",
            evidence=data.relative(pdf),
        )
    sha256 = hashlib.sha256(body).hexdigest()
    key = (practice.id, month_name(month), sha256, recipient)
    stamp = now.isoformat(timespec="seconds")
    token = ledger.unsubscribe_token(practice.id, recipient)
    if token is None:
        return Sent(practice_id=practice.id, recipient=recipient, state="unsubscribed")
    if ledger.earlier_report(*key) and not again:
        why = "has another version of this month's report"
        return Sent(practice_id=practice.id, recipient=recipient, state="held", why=why)
    state = ledger.plan(*key, stamp)
    if state == "sent" or (state == "uncertain" and not again):
        return Sent(practice_id=practice.id, recipient=recipient, state=state)
    message = compose(practice, recipient, month, body, settings, now, token)
    ledger.mark(*key, "sending", stamp, message_id=message["Message-ID"])
    try:
        _hand_over(message, recipient, settings)
    except smtplib.SMTPServerDisconnected:
        # The connection broke inside the dialogue: the server may have taken the mail.
        ledger.mark(*key, "uncertain", stamp, why="the connection broke during sending")
        return Sent(practice_id=practice.id, recipient=recipient, state="uncertain")
    except (smtplib.SMTPException, OSError) as error:
        code = getattr(error, "smtp_code", "")
        reason = f"{type(error).__name__} {code}".strip()
        ledger.mark(*key, "failed", stamp, why=reason)
        raise SiteDown(f"the mail server did not take it ({reason})", where=where) from None
    ledger.mark(*key, "sent", stamp)
    return Sent(practice_id=practice.id, recipient=recipient, state="sent")


def compose(
    practice: Practice,
    recipient: str,
    month: dt.date,
    pdf: bytes,
    settings: Settings,
    now: dt.datetime,
    token: str,
) -> EmailMessage:
    """Return the message: no figure, no review, no alert in subject or body. Raises SendFailed above 10 MB."""
    message = EmailMessage(policy=policy.SMTP)
    spoken = f"{month:%B %Y}"
    message["From"] = settings.mail_from
    message["To"] = recipient
    message["Reply-To"] = settings.mail_reply_to or settings.mail_from
    message["Subject"] = f"Your monthly report for {month:%B}"
    message["Date"] = format_datetime(now)
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2] or "localhost"
    identity = hashlib.sha256(b"\0".join((pdf, recipient.encode(), practice.id.encode()))).hexdigest()[:32]
    message["Message-ID"] = f"<{month_name(month)}.{identity}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if settings.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{settings.unsubscribe_url.replace('{token}', token)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    told = {"practice": practice.name, "month": spoken, "reply_to": parseaddr(message["Reply-To"])[1]}
    message.set_content(_template("report.txt.jinja", told))
    message.add_alternative(_template("report.html.jinja", told), subtype="html")
    message.add_attachment(
        pdf, maintype="application", subtype="pdf", filename=f"{practice.id}-{month_name(month)}.pdf"
    )
    if len(message.as_bytes()) > LARGEST_MESSAGE_BYTES:
        raise SendFailed(
            "the message is larger than 10 MB", where=practice.id, next_step="Nothing was sent: look at the PDF's size"
        )
    return message


def _template(name: str, told: dict[str, str]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=name.endswith(".html.jinja"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(name).render(told)


def _hand_over(message: EmailMessage, recipient: str, settings: Settings) -> None:
    sender = parseaddr(settings.mail_from)[1]
    with _mail_server(settings, timeout_seconds=30) as server:
        server.send_message(message, from_addr=sender, to_addrs=[recipient])


@contextmanager
def _mail_server(settings: Settings, timeout_seconds: float) -> Iterator[smtplib.SMTP]:
    """Connect and log in. Off this machine nothing is said in the clear: a server without STARTTLS is an error."""
    with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=timeout_seconds) as server:
        if not _is_loopback(settings.smtp_host):
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user:
            server.login(settings.smtp_user, os.environ.get(_PASSWORD_FROM, ""))
        yield server


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_mail_server(settings: Settings) -> None:
    """Greet the mail server and log in, sending nothing. Raises SiteDown."""
    try:
        with _mail_server(settings, timeout_seconds=5) as server:
            server.noop()
    except (smtplib.SMTPException, OSError) as error:
        raise SiteDown(
            f"no answer ({type(error).__name__})",
            where=f"mail server {settings.smtp_host}:{settings.smtp_port}",
            next_step="Start it, or correct RAPPORT_SMTP_HOST and RAPPORT_SMTP_PORT",
        ) from None
