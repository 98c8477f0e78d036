"""One message and its way to the mail server: what it says, how it is protected, and whether it was surely taken.

Only two things can be wrong with a mail that was handed over: it was surely not taken (`NotTaken`), or nobody can
know (`Doubtful`), because the connection broke after the message had begun. RFC 5321, section 4.2.5.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.headerregistry import BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from functools import cache
from urllib.parse import quote

import jinja2
import msgspec

from pipelines.errors import SiteDown
from pipelines.locales import _, in_html, language, speaking, spoken
from pipelines.practices import Practice
from pipelines.settings import REPOSITORY, Settings
from pipelines.wording import day_of_year, long_month, month_word

# Base64 makes it 9,975,800, so that the whole message stays under the 10 MB that every provider takes.
LARGEST_ATTACHMENT_BYTES = 7_290_000
IMPLICIT_TLS_PORT = 465
TEMPLATES = REPOSITORY / "reports" / "templates" / "email"
_PASSWORD_FROM = "RAPPORT_SMTP_PASSWORD"  # noqa: S105, it is the name of a variable
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class _Addresses(UniqueUnstructuredHeader, BaseHeader):  # type: ignore[misc]  # as the registry joins the two
    """Addresses, one a line. The folding of other headers would encode a long one, and nobody could click on it."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self.replace(', ', f',{policy.linesep} ')}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("List-Unsubscribe", _Addresses)
# Seven bits, so that no server on the way has to be asked whether it takes eight.
_WIRE = SMTP.clone(cte_type="7bit", header_factory=_HEADERS)


class NotTaken(Exception):
    """The server surely did not take the message. `for_good` if the same attempt cannot help."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        super().__init__(reason)
        self.reason, self.for_good = reason, for_good


class Doubtful(Exception):
    """The server may have taken the message."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What one recipient is told: the report itself in `pdf`, or where it can be fetched until a day.

    `identity` stands for the mail in its Message-ID, `version` above 1 makes it a correction.
    """

    practice: Practice
    recipient: str
    month: dt.date
    version: int
    identity: str
    token: str
    pdf: bytes | None = None
    link: str = ""
    link_until: dt.date | None = None


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """What a practice's contact is told on a day: `things` are (the class in words, its site, its address or "")."""

    practice: Practice
    recipient: str
    day: dt.date
    identity: str
    token: str
    things: tuple[tuple[str, str, str], ...]


def compose_digest(digest: Digest, settings: Settings, now: dt.datetime) -> EmailMessage:
    """Return the urgent message: classes and addresses, nobody's name but the practice's and nobody's words."""
    with speaking(language(digest.practice.language)):
        return _composed_digest(digest, settings, now)


def _composed_digest(digest: Digest, settings: Settings, now: dt.datetime) -> EmailMessage:
    subject = _("Something that should not wait for your monthly report")
    message = _addressed(digest.recipient, subject, f"{digest.day:%Y-%m}.{digest.identity}", settings, now)
    _let_stop(message, digest.token, settings)
    told = {
        "language": spoken().tag,
        "practice": digest.practice.name,
        "reply_to": parseaddr(message["Reply-To"])[1],
        "things": [{"words": words, "site": site, "url": url} for words, site, url in digest.things],
    }
    message.set_content(_template("urgent.txt.jinja").render(told))
    message.add_alternative(_template("urgent.html.jinja").render(told), subtype="html")
    return message


def compose(letter: Letter, settings: Settings, now: dt.datetime) -> EmailMessage:
    """Return the message: no figure, no review, no alert in subject or body."""
    with speaking(language(letter.practice.language)):
        return _composed(letter, settings, now)


def _composed(letter: Letter, settings: Settings, now: dt.datetime) -> EmailMessage:
    practice, month = letter.practice, letter.month
    if letter.version > 1:
        subject = _("Your monthly report for {month}, corrected", month=month_word(month))
    else:
        subject = _("Your monthly report for {month}", month=month_word(month))
    message = _addressed(letter.recipient, subject, f"{month:%Y-%m}.{letter.identity}", settings, now)
    _let_stop(message, letter.token, settings)
    told = {
        "language": spoken().tag,
        "practice": practice.name,
        "month": long_month(month),
        "reply_to": parseaddr(message["Reply-To"])[1],
        "version": letter.version,
        "locked": practice.password,
        "link": letter.link,
        "until": day_of_year(letter.link_until) if letter.link_until else "",
    }
    message.set_content(_template("report.txt.jinja").render(told))
    message.add_alternative(_template("report.html.jinja").render(told), subtype="html")
    if letter.pdf is not None:
        name = f"{practice.id}-{month:%Y-%m}{f'-version-{letter.version}' if letter.version > 1 else ''}.pdf"
        message.add_attachment(letter.pdf, maintype="application", subtype="pdf", filename=name)
    return message


def _addressed(recipient: str, subject: str, identity: str, settings: Settings, now: dt.datetime) -> EmailMessage:
    """Return a message without a body; by its Message-ID it is known when it comes back (pipelines.bounces)."""
    message = EmailMessage(policy=_WIRE)
    message["From"] = settings.mail_from
    message["To"] = recipient
    message["Reply-To"] = settings.mail_reply_to or settings.mail_from
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<{identity}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    return message


def _let_stop(message: EmailMessage, token: str, settings: Settings) -> None:
    """Say how to stop the mail: by an answer, and by one click (RFC 8058) where an address takes it."""
    by_mail = f"<mailto:{quote(parseaddr(message['Reply-To'])[1], safe='@')}?subject=Unsubscribe>"
    if settings.unsubscribe_url:
        address = settings.unsubscribe_url.replace("{token}", token)
        message["List-Unsubscribe"] = f"<{address}>, {by_mail}"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    else:
        message["List-Unsubscribe"] = by_mail


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=name.endswith(".html.jinja"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    environment.globals["_"] = in_html if environment.autoescape else _
    return environment.get_template(name)


@contextmanager
def mail_server(settings: Settings, timeout_seconds: float = 30) -> Iterator[smtplib.SMTP]:
    """Connect and log in. Off this machine nothing is said in the clear. Raises NotTaken if that cannot be done."""
    try:
        server = _connect(settings, timeout_seconds)
    except (smtplib.SMTPException, OSError) as error:
        raise _not_taken(error) from None
    try:
        yield server
    finally:
        # What became of a mail is settled by now; how the other side takes leave must not change it.
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def _connect(settings: Settings, timeout_seconds: float) -> smtplib.SMTP:
    host, port, way = settings.smtp_host, settings.smtp_port, way_of(settings)
    context = ssl.create_default_context(cafile=settings.smtp_ca) if way != "clear" else None
    server = (
        smtplib.SMTP_SSL(host, port, timeout=timeout_seconds, context=context)
        if way == "implicit"
        else smtplib.SMTP(host, port, timeout=timeout_seconds)
    )
    try:
        if way == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            server.login(settings.smtp_user, os.environ.get(_PASSWORD_FROM, ""))
        server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


def way_of(settings: Settings) -> str:
    """Return how the mail server is spoken to: "clear" (on this machine only), "starttls" or "implicit"."""
    if settings.smtp_tls != "auto":
        return settings.smtp_tls
    if settings.smtp_port == IMPLICIT_TLS_PORT:
        return "implicit"
    return "clear" if _is_loopback(settings.smtp_host) else "starttls"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def deliver(server: smtplib.SMTP, message: EmailMessage, sender: str, recipient: str) -> None:
    """Hand one message over for one recipient; returning means that the server took it.

    Raises NotTaken or Doubtful. The dialogue is spelt out because only its phase tells the two apart.
    """
    # A single dot ends the message, so a line that begins with one gets a second (RFC 5321, section 4.5.2).
    body = _LEADING_DOT.sub(b"..", message.as_bytes()).rstrip(b"\r\n") + b"\r\n.\r\n"
    try:
        _expect(2, server.mail(sender))
        _expect(2, server.rcpt(recipient))
        _expect(3, server.docmd("DATA"))
    except (smtplib.SMTPException, OSError) as error:
        raise _not_taken(error) from None
    try:
        server.send(body)
        code, _ = server.getreply()
    except (smtplib.SMTPException, OSError):
        raise Doubtful("the connection broke during sending") from None
    if 400 <= code < 600:
        raise NotTaken(str(code), for_good=code >= 500)
    if not 200 <= code < 300:
        raise Doubtful(f"the server's answer to the message was not understood ({code})")


def _expect(hundreds: int, answer: tuple[int, bytes]) -> None:
    if answer[0] // 100 != hundreds:
        raise smtplib.SMTPResponseException(*answer)


def _not_taken(error: smtplib.SMTPException | OSError) -> NotTaken:
    """Name an error by its kind and code: the server's own words may hold an address."""
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
    for_good = code >= 500 or isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLCertVerificationError)
    return NotTaken(f"{type(error).__name__} {code or ''}".strip(), for_good=for_good)


def check_mail_server(settings: Settings) -> None:
    """Greet the mail server and log in, sending nothing. Raises SiteDown."""
    try:
        with mail_server(settings, timeout_seconds=5):
            pass
    except NotTaken as error:
        raise SiteDown(
            f"no answer that lets us send ({error.reason})",
            where=f"mail server {settings.smtp_host}:{settings.smtp_port}",
            next_step="Start it, or correct RAPPORT_SMTP_HOST, RAPPORT_SMTP_PORT and what belongs to them",
        ) from None
