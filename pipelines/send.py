"""Send: one message a recipient, plain text first, and a ledger row before anything is said.

Only a PDF that somebody approved goes out, known by its digest in the ledger's decisions. A recipient who already has a
report of the month gets no second version by itself: a restated report is a person's decision (`restate=True`), and so
is repeating a mail whose fate is uncertain (`again=True`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from email.utils import parseaddr

import msgspec

from pipelines.bounces import MEND_BOUNCE, read_bounces
from pipelines.decisions import Decisions
from pipelines.errors import NotApproved, NotReady, RapportError, SendFailed, SeveralFailed, SiteDown
from pipelines.landing import DataDir
from pipelines.ledger import Key, Ledger, sending_alone
from pipelines.links import locked, put_linked
from pipelines.mail import LARGEST_ATTACHMENT_BYTES, Doubtful, Letter, NotTaken, compose, deliver, mail_server
from pipelines.pdf import practice_of, standing_manifest
from pipelines.periods import month_name
from pipelines.practices import Practice, Practices
from pipelines.settings import Settings


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
    restate: bool = False,
    say: Callable[[str], None],
) -> list[Sent]:
    """Mail a month's PDFs to their practices' recipients and return what became of each.

    Sent ones are left alone; failed ones are tried again; uncertain and bounced ones wait for a person, and so does a
    restated report for those who have an earlier version. Raises NotReady if there is no PDF at all and SeveralFailed,
    after all others are sent, naming what did not go out: refused, or not the PDF that was approved.
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
    with sending_alone(data):
        ledger = Ledger(data.ledger)
        approved = Decisions(data.ledger).approved(month_name(month))
        stamp = now.isoformat(timespec="seconds")
        for row in ledger.doubt_unfinished(stamp):
            say(f"  {row.practice_id}: it is uncertain whether an earlier mail arrived; look before sending again")
        returned = read_bounces(data, ledger, stamp)
        for row in returned.bounced:
            say(f"  {row.practice_id}: a mail of {row.month} came back, its recipient gets no more: {MEND_BOUNCE}")
        for unread in returned.unread:
            say(f"  not read: {unread}")
        for number, practice in enumerate(there, 1):
            for recipient in practice.recipients:
                try:
                    result = _send_one(
                        practice,
                        recipient,
                        month,
                        data,
                        settings,
                        ledger,
                        now,
                        approved=approved.get(practice.id, ""),
                        again=again,
                        restate=restate,
                    )
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


def _send_one(
    practice: Practice,
    recipient: str,
    month: dt.date,
    data: DataDir,
    settings: Settings,
    ledger: Ledger,
    now: dt.datetime,
    *,
    approved: str,
    again: bool,
    restate: bool,
) -> Sent:
    body, version = _checked_report(practice, month, data)
    key = Key(practice.id, month_name(month), version, recipient)
    stamp = now.isoformat(timespec="seconds")

    def result(state: str, why: str = "") -> Sent:
        return Sent(practice_id=practice.id, recipient=recipient, state=state, why=why)

    if stopped := ledger.stopped(practice.id, recipient):
        return result(stopped)
    newest = ledger.newest(key)
    if newest and newest.version != version and not (restate and version > newest.version):
        return result("held", f"may have version {newest.version} of this report, and version {version} waits")
    digest = hashlib.sha256(body).hexdigest()
    row = ledger.plan(key, digest, stamp)
    if row.report_sha256 != digest:
        return result("held", "may have another PDF of this version: only a restated report goes out")
    if row.state == "sent" or (row.state in ("uncertain", "bounced") and not again):
        return result(row.state, row.why or "")
    try:
        _refuse_unapproved(practice, month, digest, approved)
        letter = _letter(practice, key, month, body, row.identity, data, settings, ledger, now)
        message = compose(letter, settings, now)
    except RapportError as error:
        ledger.mark(key, "failed", stamp, why=error.what)
        raise
    ledger.mark(key, "sending", stamp)
    try:
        with mail_server(settings) as server:
            deliver(server, message, parseaddr(settings.mail_from)[1], recipient)
            ledger.mark(key, "sent", stamp)
    except Doubtful as error:
        ledger.mark(key, "uncertain", stamp, why=str(error))
        return result("uncertain", str(error))
    except NotTaken as error:
        ledger.mark(key, "failed", stamp, why=error.reason)
        kind = SendFailed if error.for_good else SiteDown
        where = f"send {month_name(month)}: {practice.id}"
        raise kind(f"the mail server did not take it ({error.reason})", where=where) from None
    return result("sent")


def _refuse_unapproved(practice: Practice, month: dt.date, digest: str, approved: str) -> None:
    if digest != approved:
        name = month_name(month)
        raise NotApproved(
            "this is not the PDF that was approved" if approved else "nobody approved this PDF",
            where=f"send {name}: {practice.id}",
            next_step=f"Nothing was sent. Look at it, then run the DAG monthly for {name} and answer its Required "
            f"Action, or `rapport send {name} --practice {practice.id} --approved-by NAME --why REASON`",
        )


def _checked_report(practice: Practice, month: dt.date, data: DataDir) -> tuple[bytes, int]:
    """Return a PDF that is whole and this practice's, and which version of the month's report it is."""
    name = month_name(month)
    pdf = data.report(name, practice.id)
    manifest = standing_manifest(pdf, data.manifest(name, practice.id))
    named, body = practice_of(pdf), pdf.read_bytes()
    # Hashed once more: the report may be made anew while it is looked at.
    whole = manifest is not None and manifest["pdf_sha256"] == hashlib.sha256(body).hexdigest()
    wrong = "" if whole else "the PDF and its manifest do not belong together"
    if whole and named != practice.id:
        wrong = "the PDF is another practice's"
    if wrong or manifest is None:
        raise SendFailed(
            wrong,
            where=f"send {name}: {practice.id}",
            next_step=f"Nothing was sent. Run `rapport render {name}` again",
            evidence=data.relative(pdf),
        )
    return body, int(manifest["version"])


def _letter(
    practice: Practice,
    key: Key,
    month: dt.date,
    body: bytes,
    identity: str,
    data: DataDir,
    settings: Settings,
    ledger: Ledger,
    now: dt.datetime,
) -> Letter:
    """Put the report the way its practice wants it: as it is or locked, attached or linked; too large it is linked."""
    pdf = locked(body, practice.id) if practice.password else body
    letter = Letter(
        practice=practice,
        recipient=key.recipient,
        month=month,
        version=key.version,
        identity=identity,
        token=ledger.token(practice.id, key.recipient),
        pdf=pdf,
    )
    if practice.delivery == "attachment" and len(pdf) <= LARGEST_ATTACHMENT_BYTES:
        return letter
    link, until = put_linked(data, settings, identity, pdf, now)
    return msgspec.structs.replace(letter, pdf=None, link=link, link_until=until)
