"""Release: which of a month's reports pass every gate, what a person is asked, and what the answer lets go out.

The gates: every source was read, the counts of reviews did not jump, the PDF is there with a plausible number of pages,
and nothing urgent waits for somebody to look. A report that does not pass is held, and goes out only if it is named.
A correction is asked about by itself, and its answer is kept as a month's is.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from pipelines.advice import site_name
from pipelines.decisions import NOBODY, Decision
from pipelines.errors import NotApproved, NotReady
from pipelines.gate import readiness
from pipelines.landing import DataDir
from pipelines.ledger import Ledger, Row
from pipelines.pdf import MOST_APPENDIX_PAGES, standing_manifest
from pipelines.periods import add_months, month_name
from pipelines.practices import Practice
from pipelines.render import most_pages
from pipelines.restate import restatements
from pipelines.urgent import Causes
from pipelines.warehouse import open_warehouse, rows
from pipelines.wording import long_month

PASSED, SOME, NONE = CHOICES = ("All that passed", "Some", "None")
APPROVE, REJECT = ANSWERS = ("Approve", "Reject")
LONGEST_REASON = 500
LEAST_PAGES = 2
# Fewer reviews than this a month go up and down by chance alone.
_A_COUNT = 10
_TIMES = 3
_MONTHS_BEFORE = 6
_REMOVED = 5
_LINES = 300
_OUT = ("sent", "uncertain", "sending", "bounced")


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One report as the gates see it: its PDF's digest and pages (None without a PDF), and why it is held, if it is."""

    practice_id: str
    pdf_sha256: str | None
    pages: int | None
    held: tuple[str, ...]


class Shown(NamedTuple):
    """What a person was shown: ids of practices with the digests of their PDFs."""

    passed: dict[str, str]
    held: dict[str, str]


class Correction(NamedTuple):
    """A corrected report as a person is asked about it: its version, the sentence on page 1, its PDF's digest."""

    practice_id: str
    version: int
    changed: str
    pdf_sha256: str


def check_reports(
    month: dt.date, practices: Sequence[Practice], data: DataDir, failed: Mapping[str, str] | None = None
) -> list[Checked]:
    """Return what the gates say of each report of a month (its first day) that has a mail to be sent.

    `failed` are the practices whose PDF could not be made, with the reason: an earlier PDF of theirs may be
    there. Raises NotReady without a warehouse.
    """
    name = month_name(month)
    waiting = _waiting(name, practices, data)
    coverage, received = _known(month, waiting, data)
    unseen = Counter(
        cause.practice_id
        for cause in (Causes(data.urgent).all() if data.urgent.is_file() else ())
        if cause.seen_at is None
    )
    found = []
    for practice in waiting:
        own = coverage[practice.id]
        ready = readiness(practice.id, month, own)
        manifest = standing_manifest(data.report(name, practice.id), data.manifest(name, practice.id))
        why = [] if ready.ready else [f"source missing: {ready.why}"]
        why += _jumps(month, received[practice.id]) + _removals(own)
        if failed and practice.id in failed:
            why.append(f"its PDF could not be made: {failed[practice.id]}")
        elif manifest is None:
            why.append("there is no PDF")
        elif not LEAST_PAGES <= manifest["pages"] <= most_pages(practice.language) + MOST_APPENDIX_PAGES:
            why.append(f"page count: {manifest['pages']}")
        if unseen[practice.id]:
            why.append(f"alert: {unseen[practice.id]} on the page Urgent, and nobody has looked")
        found.append(
            Checked(
                practice_id=practice.id,
                pdf_sha256=str(manifest["pdf_sha256"]) if manifest else None,
                pages=int(manifest["pages"]) if manifest else None,
                held=tuple(why),
            )
        )
    return found


def shown(checked: Sequence[Checked]) -> Shown:
    """Return what the question shows of the reports, as it is kept until the answer comes."""
    digests = {one.practice_id: one.pdf_sha256 or "" for one in checked}
    held = {one.practice_id for one in checked if one.held}
    return Shown(
        passed={name: digest for name, digest in digests.items() if name not in held},
        held={name: digest for name, digest in digests.items() if name in held},
    )


def question(month: dt.date, checked: Sequence[Checked]) -> str:
    """Return in Markdown what a person decides by: how many reports, which are held and why, and where the PDFs are."""
    name = month_name(month)
    held = [one for one in checked if one.held]
    passed = [one for one in checked if not one.held]
    lines = [
        f"{len(checked)} reports of {long_month(month)} wait to be sent: {len(passed)} passed every gate, "
        f"{len(held)} are held back.",
        "",
        f"*{PASSED}* sends what passed. *{SOME}* leaves out the practices that you name, and sends held ones that you "
        f"name. *{NONE}* sends nothing. The reason is kept in the ledger; write no patient's words.",
    ]
    if held:
        lines += ["", "### Held back: not sent unless named", "", "| practice | PDF | why |", "|---|---|---|"]
        lines += [f"| {_linked(one, name)} | {_cell('; '.join(one.held))} |" for one in held]
    if passed:
        lines += ["", "### Passed every gate", "", "| practice | PDF |", "|---|---|"]
        lines += [f"| {_linked(one, name)} |" for one in passed[:_LINES]]
    if len(passed) > _LINES:
        lines += ["", f"[The other {len(passed) - _LINES}](/reports/?until={name}&state=rendered)"]
    return "\n".join(lines)


def decide(
    month: dt.date,
    was_shown: Shown,
    checked: Sequence[Checked],
    answer: dict[str, Any] | None,
    now: dt.datetime,
    *,
    auto_release: bool,
) -> Decision:
    """Return which reports go out by an answer to what was shown, or by none where nobody needs to be asked.

    `checked` is what the gates say now: what has become another PDF since, or is held since, does not go out. Raises
    NotApproved for an answer that is missing, contradicts itself, names what was not shown, or gives no reason.
    """
    decided_at = now.isoformat(timespec="seconds")
    if answer is None:
        if not (auto_release and was_shown.passed and not was_shown.held):
            raise _refused("nobody approved these reports")
        chosen, named = set(was_shown.passed), set[str]()
        person, choice, reason = NOBODY, PASSED, "every gate passed"
    else:
        choice = _choice(answer, CHOICES)
        chosen, named = _chosen(was_shown, choice, answer)
        person, reason, decided_at = _person(answer), _reason(answer), _answered_at(answer, now)
    digests = {**was_shown.passed, **was_shown.held}
    changed = sorted(
        one.practice_id
        for one in checked
        if one.practice_id in chosen
        and (one.pdf_sha256 != digests[one.practice_id] or (one.held and one.practice_id not in named))
    )
    if changed:
        raise NotApproved(
            f"{len(changed)} reports are no longer as they were shown: {', '.join(changed[:10])}",
            where="release",
            next_step="Nothing was sent. Clear the task check: it looks again and asks again",
        )
    return Decision(
        month=month_name(month),
        decided_at=decided_at,
        person=person,
        choice=choice,
        released=tuple(sorted(chosen)),
        kept_back=tuple(sorted(digests.keys() - chosen)),
        reason=reason,
        digests={name: digests[name] for name in sorted(chosen)},
    )


def decide_by_name(
    month: dt.date,
    practices: Sequence[Practice],
    data: DataDir,
    person: str,
    reason: str,
    now: dt.datetime,
    only: Sequence[str] = (),
) -> Decision:
    """Return the decision of a person who gives a name: what passed every gate goes out, or what `only` names.

    Raises NotApproved for no name, no reason, or a practice that is named and has no PDF.
    """
    name = month_name(month)
    if not person.strip() or not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise NotApproved(
            f"there is no name, or no reason of at most {LONGEST_REASON} characters",
            where="send",
            next_step="Say who approves it with --approved-by, and why with --why",
        )
    if only:
        held = {one: standing_manifest(data.report(name, one), data.manifest(name, one)) for one in only}
        digests = {one: str(manifest["pdf_sha256"]) for one, manifest in held.items() if manifest}
    else:
        passed = [one for one in check_reports(month, practices, data) if not one.held]
        digests = {one.practice_id: str(one.pdf_sha256) for one in passed}
    if without := sorted(set(only) - digests.keys()):
        raise NotApproved(
            f"there is no PDF to approve: {', '.join(without)[:200]}",
            where="send",
            next_step=f"Run `rapport render {name}` first, and look at what it made",
        )
    return Decision(
        month=name,
        decided_at=now.isoformat(timespec="seconds"),
        person=person.strip(),
        choice=SOME if only else PASSED,
        released=tuple(sorted(digests)),
        kept_back=(),
        reason=" ".join(reason.split()),
        digests=digests,
    )


def correction(month: dt.date, practice_id: str, data: DataDir) -> Correction:
    """Return the newest version of a month's report. Raises NotReady if its PDF is not there or is no correction."""
    name = month_name(month)
    changed = restatements(data, month, practice_id)
    manifest = standing_manifest(data.report(name, practice_id), data.manifest(name, practice_id))
    if not changed or manifest is None or manifest["version"] != len(changed) + 1:
        raise NotReady(
            f"there is no PDF of version {len(changed) + 1} of {name}",
            where=practice_id,
            next_step="Nothing was sent. Trigger restate with what was changed, or clear its task render",
        )
    return Correction(practice_id, manifest["version"], changed[-1], str(manifest["pdf_sha256"]))


def decide_correction(
    month: dt.date, was_shown: Correction, stands: Correction, answer: Mapping[str, Any] | None, now: dt.datetime
) -> Decision:
    """Return whether a correction goes out, by an answer to what was shown; `stands` is what is there now.

    Raises NotApproved for an answer that is missing, is none of the two, or gives no reason, and for another PDF.
    """
    if answer is None:
        raise _refused("nobody approved this correction")
    choice = _choice(answer, ANSWERS)
    if choice == APPROVE and stands != was_shown:
        raise NotApproved(
            f"version {was_shown.version} of {was_shown.practice_id} is no longer as it was shown",
            where="release",
            next_step="Nothing was sent. Clear the task render: it asks again",
        )
    chosen = (was_shown.practice_id,)
    return Decision(
        month=month_name(month),
        decided_at=_answered_at(answer, now),
        person=_person(answer),
        choice=f"{choice} version {was_shown.version}",
        released=chosen if choice == APPROVE else (),
        kept_back=chosen if choice == REJECT else (),
        reason=f"{_reason(answer)} (What was changed: {was_shown.changed})",
        digests={was_shown.practice_id: was_shown.pdf_sha256} if choice == APPROVE else {},
    )


def _choice(answer: Mapping[str, Any], choices: Sequence[str]) -> str:
    options = answer.get("chosen_options")
    if not isinstance(options, list) or len(options) != 1 or options[0] not in choices:
        raise _refused("the answer is none of the choices")
    return str(options[0])


def _person(answer: Mapping[str, Any]) -> str:
    """Return who gave an answer, by the login."""
    person = answer.get("responded_by_user")
    return str(person.get("name") or person.get("id")) if isinstance(person, dict) else "unknown"


def _answered_at(answer: Mapping[str, Any], now: dt.datetime) -> str:
    answered = answer.get("responded_at")
    return (answered if isinstance(answered, dt.datetime) else now).isoformat(timespec="seconds")


def _chosen(was_shown: Shown, choice: str, answer: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Return the practices whose report goes out by a person's answer, and those of them that are held."""
    left_out, named = _names(answer, "leave_out"), _names(answer, "held_too")
    if choice != SOME and (left_out or named):
        raise _refused(f"practices are named, and the choice is '{choice}' in place of '{SOME}'")
    if choice == SOME and not (left_out or named):
        raise _refused(f"the choice is '{SOME}', and no practice is named")
    unknown = sorted(left_out - was_shown.passed.keys()) + sorted(named - was_shown.held.keys())
    if unknown:
        raise _refused(f"not among what passed (to leave out) or is held (to send): {', '.join(unknown)[:200]}")
    without = sorted(name for name in named if not was_shown.held[name])
    if without:
        raise _refused(f"there is no PDF to send: {', '.join(without)}")
    return (set() if choice == NONE else was_shown.passed.keys() - left_out | named), named


def _names(answer: Mapping[str, Any], field: str) -> set[str]:
    given = (answer.get("params_input") or {}).get(field) or []
    return {name.strip() for name in given if name.strip()}


def _reason(answer: Mapping[str, Any]) -> str:
    # Airflow's form asks for it; an answer through its API may come without.
    reason = " ".join(str((answer.get("params_input") or {}).get("reason") or "").split())
    if not reason or len(reason) > LONGEST_REASON:
        raise _refused(f"there is no reason, or one of more than {LONGEST_REASON} characters")
    return reason


def _refused(what: str) -> NotApproved:
    return NotApproved(
        what,
        where="release",
        next_step="Nothing was sent. Clear the task approve and answer its Required Action again",
    )


def _waiting(month: str, practices: Sequence[Practice], data: DataDir) -> list[Practice]:
    """Return the practices with a recipient to whom a report of the month can still go by itself."""
    ledger = Ledger(data.ledger) if data.ledger.is_file() else None
    held: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in ledger.rows(month) if ledger else ():
        held[row.practice_id, row.recipient].append(row)
    return [
        practice
        for practice in practices
        if any(
            not (ledger and ledger.stopped(practice.id, recipient))
            and all(row.state not in _OUT for row in held[practice.id, recipient])
            for recipient in practice.recipients
        )
    ]


def _known(
    month: dt.date, practices: Sequence[Practice], data: DataDir
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, dict[str, dict[dt.date, int]]]]:
    """Return of each practice its coverage of a month, and the reviews received by site and month up to it."""
    told: dict[str, Any] = {"month": month, "practices": [practice.id for practice in practices]}
    coverage: dict[str, list[dict[str, Any]]] = defaultdict(list)
    received: dict[str, dict[str, dict[dt.date, int]]] = defaultdict(lambda: defaultdict(dict))
    with open_warehouse(data) as connection:
        for row in rows(
            connection,
            "select practice_id, source, site, last_read_night, month_is_complete, left_out, held, vanished "
            "from reports.coverage where month = $month and list_contains($practices, practice_id) "
            "order by practice_id, source, site",
            told,
        ):
            coverage[row["practice_id"]].append(row)
        for row in rows(
            connection,
            "select practice_id, site, month, numerator from reports.figures where metric = 'reviews_received' "
            "and state <> 'not_measured' and month between $first and $month "
            "and list_contains($practices, practice_id)",
            {**told, "first": add_months(month, -_MONTHS_BEFORE)},
        ):
            received[row["practice_id"]][row["site"]][row["month"]] = row["numerator"]
    return coverage, received


def _jumps(month: dt.date, received: Mapping[str, Mapping[dt.date, int]]) -> list[str]:
    """Say on which sites the month has three times the most reviews of six months before, or a third of the least."""
    found = []
    for site, by_month in sorted(received.items()):
        before = [number for when, number in by_month.items() if when < month]
        if month not in by_month or len(before) < _MONTHS_BEFORE:
            continue
        number = by_month[month]
        if number >= _A_COUNT and number > _TIMES * max(before):
            found.append(f"count jump: {number} reviews on {site_name(site)}, at most {max(before)} a month before")
        if min(before) >= _A_COUNT and _TIMES * number < min(before):
            found.append(f"count jump: {number} reviews on {site_name(site)}, at least {min(before)} a month before")
    return found


def _removals(coverage: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say of which sites more than a fifth of all reviews went in the month."""
    return [
        f"count jump: {row['vanished']} reviews are gone from {site_name(row['site'])}, {row['held']} are left"
        for row in coverage
        if row["vanished"] >= _REMOVED and row["vanished"] * 5 > row["vanished"] + row["held"]
    ]


def _linked(one: Checked, month: str) -> str:
    at = f"/reports/report/{one.practice_id}/{month}"
    pdf = f"[{one.pages} pages]({at}/pdf)" if one.pdf_sha256 else "none"
    return f"[{one.practice_id}]({at}) | {pdf}"


def _cell(text: str) -> str:
    """Put text into one cell of a Markdown table, as text."""
    plain = " ".join(text.split())
    for character in ("\\", "|", "<", "[", "`", "*", "_"):
        plain = plain.replace(character, f"\\{character}")
    return plain
