"""Mails that came back: read from the folder `bounces/` of the data directory, written into the ledger.

The operator's mail system fills the folder: a Maildir (`new/`, `cur/`), saved messages (`*.eml`) or what a mail
service's webhook delivers (`*.jsonl`, an object or a list of them a line). Delivery status notifications are read as
RFC 3464 and RFC 6522 have them. A mail is known by its own Message-ID, never by an address. Files are read again every
time and never changed; the ledger remembers which it knows.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import msgspec

from pipelines.errors import RapportError, SeveralFailed
from pipelines.landing import DataDir
from pipelines.ledger import Ledger, Row

_OURS = re.compile(r"<\d{4}-\d{2}\.([0-9a-f]{32})@")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_GAVE_UP = ("failed", "bounce")
MEND_BOUNCE = (
    "`rapport unsubscribes` names the address: correct it in practices.toml, or, if it is right and takes mail again, "
    "undo the stop with --undo"
)


class Bounces(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: mails that came back and were not known to, and what a person must look at, with the reason."""

    bounced: list[Row]
    unread: list[str]


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    """One report of one mail's fate: `identity` is empty where it does not say which mail it is about."""

    evidence: bytes
    identity: str
    action: str
    status: str


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    event: str
    message_id: str = ""
    smtp_id: str = msgspec.field(default="", name="smtp-id")
    status: str = ""


def read_bounces(data: DataDir, ledger: Ledger, now: str) -> Bounces:
    """Read every file there is; stop the recipients of mails that came back. `now` is ISO 8601."""
    bounced: list[Row] = []
    unread: list[str] = []
    for path in _files(data.bounces):
        name = data.relative(path)
        try:
            reports = list(_webhook(path) if path.suffix == ".jsonl" else _notification(path.read_bytes()))
        except ValueError as error:
            unread.append(f"{name}: {error}")
            continue
        for report in reports:
            # A delay is no end, and a delivery no bounce.
            if report.action not in _GAVE_UP:
                continue
            row = ledger.row_of(report.identity)
            if row is None:
                unread.append(f"{name}: a bounce of a mail that the ledger does not know")
            elif ledger.bounced(hashlib.sha256(report.evidence).hexdigest(), row, f"came back, {report.status}", now):
                bounced.append(row)
    return Bounces(bounced=bounced, unread=unread)


def check_bounces(data: DataDir, now: str) -> int:
    """Read the folder and return how many files it has. Raises SeveralFailed for each new bounce and unread file."""
    found = read_bounces(data, Ledger(data.ledger), now)
    failures = [RapportError(f"a mail of {row.month} came back", where=row.practice_id) for row in found.bounced]
    failures += [RapportError(why) for why in found.unread]
    if failures:
        raise SeveralFailed(
            f"{len(failures)} things to look at:",
            failures,
            where="bounces",
            next_step=f"{MEND_BOUNCE}. Take files that were not read away",
        )
    return len(_files(data.bounces))


def _files(folder: Path) -> list[Path]:
    found = [path for pattern in ("*.eml", "*.jsonl", "new/*", "cur/*") for path in folder.glob(pattern)]
    return sorted(path for path in found if path.is_file())


def _notification(body: bytes) -> Iterator[_Report]:
    """Yield what a notification says of each recipient. Raises ValueError for a mail that is none."""
    message: Message = email.message_from_bytes(body, policy=email.policy.compat32)
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        raise ValueError("not a delivery status notification (RFC 3464)")
    parts = [part for part in message.walk() if part is not message]
    told = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    if not told:
        raise ValueError("a report of another kind than delivery status")
    identity = next(filter(None, map(_identity_in, (*parts, message))), "")
    for part in told:
        for block in (block for block in part.walk() if block["Action"]):
            status = _STATUS.search(str(block.get("Status", "")))
            yield _Report(
                evidence=body,
                identity=identity,
                action=str(block.get("Action", "")).strip().lower(),
                status=status[0] if status else "no status",
            )


def _identity_in(part: Message) -> str:
    """Look for our Message-ID where it may be: in the mail that is brought back, its headers, or a reference."""
    text = ""
    if part.get_content_type() == "text/rfc822-headers":
        headers = email.message_from_string(str(part.get_payload()))
        text = str(headers.get("Message-ID", ""))
    elif part.get_content_type() != "message/delivery-status":
        text = " ".join(str(part.get(name, "")) for name in ("Message-ID", "In-Reply-To", "References"))
    found = _OURS.search(text)
    return found[1] if found else ""


def _webhook(path: Path) -> Iterator[_Report]:
    """Yield what a service delivered: `event`, `message_id` (or `smtp-id`), `status`.

    Raises ValueError naming the line that is no such object.
    """
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            said = msgspec.json.decode(line, type=_Line | list[_Line])
        except msgspec.DecodeError:
            raise ValueError(f"line {number} is not an object with an event") from None
        for place, event in enumerate(said if isinstance(said, list) else [said]):
            found = _OURS.search(event.message_id or event.smtp_id)
            status = _STATUS.search(event.status)
            yield _Report(
                # Padded by its place, for one line may tell of several mails.
                evidence=line + bytes(place),
                identity=found[1] if found else "",
                action=event.event.lower(),
                status=status[0] if status else "no status",
            )
