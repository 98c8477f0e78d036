"""Doctor: look at everything a run needs, and say how to mend what is wrong.

It changes nothing and sends nothing; a key is tried by exchanging it, which every night does too.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from pipelines.brand import look
from pipelines.budget import forecast, loads
from pipelines.errors import BadPractices, NoKey, RapportError
from pipelines.gate import ending_keys, newest_receipt
from pipelines.http import Client
from pipelines.landing import DataDir
from pipelines.ledger import Ledger
from pipelines.mail import check_mail_server
from pipelines.practices import Practices, load_practices
from pipelines.records import RECORDS, SetAside, read_table
from pipelines.settings import REPOSITORY, Settings, load_settings
from pipelines.sources import Source, Tools, load_source, source_names
from pipelines.tokens import TokenStore
from pipelines.warehouse import open_warehouse, rows

LEAST_FREE_BYTES = 1_000_000_000
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]+))?", re.MULTILINE)
_TEMPLATES = REPOSITORY / "reports" / "templates"
_FONT = re.compile(r"fonts/([\w.-]+)")
_NOT_USED = "not used"
# What a mark of an owner means, as core.handled_privately has it.
_MEANT = """
    select count(*) as items, min(created_local)::date as written_on
    from core.items
    where practice_id = $practice and kind in ('review', 'post', 'comment') and (item_id = $item or url = $item)
"""
_NAMED = ("apache-airflow", "dbt-core", "dbt-duckdb", "duckdb", "pandas", "weasyprint", "pydyf")


_State = Literal["ok", "warning", "bad"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at. `bad` stops a run; `warning` does not."""

    check: str
    state: _State
    said: str
    mend: str = ""


def examine(today: dt.date, only: str | None = None) -> list[Finding]:
    """Return all findings, or those whose check contains `only`, in the order in which to mend them.

    `today` tells which keys end soon.
    """
    findings = [*_programme()]
    try:
        settings = load_settings()
    except RapportError as error:
        return [f for f in [*findings, _bad("settings", error)] if not only or only in f.check]
    findings.append(Finding(check="settings", state="ok", said=f"data in {settings.data_dir}"))
    data = DataDir(settings.data_dir)
    findings += _data_directory(data)
    try:
        practices = load_practices(settings.practices_file)
    except RapportError as error:
        findings.append(_bad("practices", error))
    else:
        findings += _practices(practices)
        findings += _contacts(practices)
        findings += _handled_privately(practices, data)
        findings += _sources(practices, data, settings, source_names())
        findings += _budgets(today, practices, data, settings)
        findings += _keys(today, practices, data)
    findings += _mail(settings)
    findings.append(_told(settings))
    findings += _left_over(data)
    findings += _unknown_numbers(data)
    return [finding for finding in findings if not only or only in finding.check]


def _programme() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = sys.version_info >= (3, 11)
    yield Finding(check="python", state="ok" if fits else "bad", said=version, mend="" if fits else "Use Python 3.11+")
    pinned = {name: wanted for name, wanted, marker in _PINNED.findall((REPOSITORY / "requirements.lock").read_text())}
    for name in _NAMED:
        held = importlib.metadata.version(name)
        same = held == pinned[name]
        yield Finding(
            check=f"version {name}",
            state="ok" if same else "bad",
            said=held if same else f"{held}, but the lock says {pinned[name]}",
            mend="" if same else "Run `make setup`",
        )
    yield _native_libraries()
    styles = (_TEMPLATES / "styles" / "report.css").read_text()
    fonts = [_TEMPLATES / "fonts" / name for name in _FONT.findall(styles)]
    missing = [path.name for path in fonts if not path.is_file()]
    yield Finding(
        check="fonts",
        state="bad" if missing else "ok",
        said=f"missing: {', '.join(missing)}" if missing else f"{len(fonts)} font files of our own",
        mend="Restore reports/templates/fonts from the repository" if missing else "",
    )


def _native_libraries() -> Finding:
    try:
        from weasyprint.text import ffi
    except OSError as error:
        name = str(error).split("'")[1] if "'" in str(error) else "Pango"
        return Finding(
            check="native libraries",
            state="bad",
            said=f"{name} is not there",
            mend="apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        )
    if ffi.harfbuzz_subset is None:
        return Finding(
            check="native libraries",
            state="bad",
            said="libharfbuzz-subset is not there: PDFs take four times as long and have other bytes",
            mend="apt-get install libharfbuzz-subset0",
        )
    return Finding(check="native libraries", state="ok", said="Pango and HarfBuzz subset")


def _data_directory(data: DataDir) -> Iterator[Finding]:
    try:
        data.root.mkdir(parents=True, exist_ok=True)
        probe = data.root / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        yield Finding(
            check="data directory",
            state="bad",
            said=f"{data.root}: {error.strerror}",
            mend="Make it writable, or set RAPPORT_DATA_DIR",
        )
        return
    free = shutil.disk_usage(data.root).free
    enough = free >= LEAST_FREE_BYTES
    yield Finding(
        check="data directory",
        state="ok" if enough else "warning",
        said=f"writable, {free // 1_000_000_000} GB free",
        mend="" if enough else "Free some space",
    )


def _practices(practices: Practices) -> Iterator[Finding]:
    count = len(practices.practice)
    yield Finding(
        check="practices",
        state="ok" if count else "warning",
        said=f"{count} practices, {len(practices.export)} kinds of export",
        mend="" if count else "Add a [[practice]] to practices.toml",
    )
    for practice in practices.practice:
        try:
            own = look(practice).accent
        except BadPractices as error:
            yield _bad("practices", error)
            continue
        if practice.brand and own != practice.brand.colour:
            yield Finding(
                check="practices",
                state="warning",
                said=f"{practice.id}: {practice.brand.colour} is too pale to read on white, so {own} is used",
                mend="Write a darker colour in its brand block, if that one does not please",
            )
    silent = [practice.id for practice in practices.practice if not practice.recipients]
    if silent:
        yield Finding(
            check="recipients",
            state="warning",
            said=f"nobody receives the report of {', '.join(silent[:10])}",
            mend="Add recipients in practices.toml",
        )


def examine_practice(practice_id: str, practices: Practices, data: DataDir, settings: Settings) -> list[Finding]:
    """Return what its listings and keys say, of each platform that one practice uses, and what its marks mean.

    A key that is not there yet is a warning: its platform is left out until it is. Raises UnknownName.
    """
    alone = practices.alone(practice_id)
    found = _sources(alone, data, settings, _platforms(), without_key="warning")
    return [*(finding for finding in found if finding.said != _NOT_USED), *_handled_privately(alone, data)]


def _platforms() -> list[str]:
    """Return the sources that are asked; files are everybody's and have no account to look at."""
    return [name for name in source_names() if not load_source(name).SOURCE.once]


def _handled_privately(practices: Practices, data: DataDir) -> Iterator[Finding]:
    """Refuse a mark that means no review or question of its practice, or more than one: it would count for nothing."""
    marked = [practice for practice in practices.practice if practice.handled_privately]
    if not marked:
        return
    check = "handled privately"
    if not data.warehouse.is_file():
        yield Finding(
            check=check,
            state="warning",
            said=f"the marks of {len(marked)} practices cannot be looked up before the first build",
            mend="Run `rapport build`, then this again",
        )
        return
    with open_warehouse(data) as connection:
        for practice in marked:
            wrong = 0
            for number, mark in enumerate(practice.handled_privately, 1):
                asked = {"practice": practice.id, "item": mark.item}
                [meant] = rows(connection, _MEANT, asked)
                if meant["items"] == 1 and mark.on >= meant["written_on"]:
                    continue
                wrong += 1
                said, mend = _of_mark(meant["items"])
                yield Finding(
                    check=check, state="bad", said=f"{practice.id}: block {number}, of {mark.on}, {said}", mend=mend
                )
            if not wrong:
                yield Finding(
                    check=check, state="ok", said=f"{practice.id}: {len(practice.handled_privately)} by its own word"
                )


def _of_mark(items: int) -> tuple[str, str]:
    if items == 1:
        return "is of a day before it was written", "Write the day on which it was settled"
    if items:
        several = f"means {items} reviews, posts or comments, so none is left out"
        return several, "Write the id of the one that is meant: `rapport explain` lists ids"
    none = "means no review, post or comment that is held of this practice"
    return (
        none,
        "Write its link as the report has it, or its id as `rapport explain` lists it; take out what has expired",
    )


def _contacts(practices: Practices) -> Iterator[Finding]:
    silent = [practice.id for practice in practices.practice if not practice.contact]
    if silent:
        yield Finding(
            check="contacts",
            state="warning",
            said=f"nobody is told at once of what cannot wait at {', '.join(silent[:10])}",
            mend="Add a contact in practices.toml",
        )


def _told(settings: Settings) -> Finding:
    if settings.alert_to or settings.alert_notifiers:
        return Finding(check="alerts", state="ok", said="somebody is told when a box is red")
    return Finding(
        check="alerts",
        state="warning",
        said="nobody is told when a box is red or a run is late",
        mend="Set RAPPORT_ALERT_TO or RAPPORT_ALERT_NOTIFIERS: docs/operators.md",
    )


def _sources(
    practices: Practices, data: DataDir, settings: Settings, names: Iterable[str], *, without_key: _State = "bad"
) -> Iterator[Finding]:
    for name in names:
        source = load_source(name)
        pace = settings.per_minute.get(name, source.SOURCE.per_minute)
        with Client(name, per_minute=pace, attempts=1) as client:
            tools = Tools(
                source=source.SOURCE,
                settings=settings,
                client=client,
                exports=data.exports,
                tokens=TokenStore(data.tokens),
            )
            checked = source.check(practices, tools)
        if not checked:
            yield Finding(check=f"source {name}", state="ok", said=_NOT_USED)
        for what, error in checked:
            state = without_key if isinstance(error, NoKey) else "bad"
            yield (
                _bad(f"source {name}", error, state)
                if error
                else Finding(check=f"source {name}", state="ok", said=what)
            )
        if checked:
            yield from _terms(source.SOURCE, settings.terms_read.get(name))


def _terms(source: Source, read_on: dt.date | None) -> Iterator[Finding]:
    """Ask for the terms to be read where they stand, if neither we nor the operator did."""
    policy = source.policy
    check = f"source {source.name} terms"
    if read_on:
        yield Finding(check=check, state="ok", said=f"you read them on {read_on}")
    elif policy.terms_seen in ("official", "none"):
        yield Finding(check=check, state="ok", said=policy.terms_told())
    else:
        yield Finding(
            check=check,
            state="warning",
            said=policy.terms_told(),
            mend=f"Read the terms before you switch it on: {policy.terms_url or policy.terms_elsewhere}; "
            f'then say when you did, as in RAPPORT_TERMS_READ={{"{source.name}": "2026-12-31"}}',
        )


def _budgets(today: dt.date, practices: Practices, data: DataDir, settings: Settings) -> Iterator[Finding]:
    """Say what each key's nights cost of its quota, its time and its money, and what was left of it last night."""
    for found in forecast(loads(practices, data.exports), settings):
        source = load_source(found.source)
        labels = [p.label for p in source.visits(practices, data.exports) if p.key == found.key]
        receipts = [r for label in labels if (r := newest_receipt(found.source, label, today, data))]
        last = max((receipt.night for receipt in receipts), default=None)
        left = [r.quota_left for r in receipts if r.night == last and r.quota_left is not None]
        said = [str(found), *([f"{min(left)} left after the night of {last}"] if left else [])]
        said += sorted({f"{r.label}: {r.why}" for r in receipts if r.night == last and r.why})
        yield Finding(
            check=f"source {found.source} budget{f' {found.key}' if found.key else ''}",
            state="bad" if found.problems else "ok",
            said="; ".join([*(problem.what for problem in found.problems), *said]),
            mend=". ".join(" or ".join(problem.fixes) for problem in found.problems),
        )


def _keys(today: dt.date, practices: Practices, data: DataDir) -> Iterator[Finding]:
    for key in ending_keys(today, practices, data):
        yield Finding(
            check=f"key {key.source}",
            state="warning",
            said=str(key),
            mend=f"Authorise it again: docs/sources/{key.source}.md",
        )


def _mail(settings: Settings) -> Iterator[Finding]:
    try:
        check_mail_server(settings)
    except RapportError as error:
        yield _bad("mail", error)
    else:
        yield Finding(check="mail", state="ok", said=f"{settings.smtp_host}:{settings.smtp_port} answers")
    if not settings.unsubscribe_url:
        yield Finding(
            check="mail unsubscribe",
            state="warning",
            said="mails carry no one-click unsubscribe",
            mend="Set RAPPORT_UNSUBSCRIBE_URL to where /rapport/u/{token} is reached: docs/operators.md",
        )


def _left_over(data: DataDir) -> Iterator[Finding]:
    """Name what people must look at: records set aside on the newest nights, and mails of uncertain fate."""
    for name in source_names():
        nights = sorted((data.root / "set_aside" / name).glob("*.jsonl")) if data.root.is_dir() else []
        for path in nights[-3:]:
            items = [msgspec.json.decode(line, type=SetAside) for line in path.read_bytes().splitlines()]
            reasons = Counter(item.reason for item in items)
            first = items[0]
            yield Finding(
                check=f"set aside {name} {path.stem}",
                state="warning",
                said=f"{len(items)} records: " + "; ".join(f"{count} {why}" for why, count in reasons.most_common(3)),
                mend=f"The first is {first.where} of {first.page}; all are in {data.relative(path)}",
            )
    if data.ledger.is_file():
        ledger = Ledger(data.ledger)
        for stop in ledger.stops():
            if stop.kind == "bounced" and stop.undone_at is None:
                yield Finding(
                    check="bounced",
                    state="warning",
                    said=f"{stop.practice_id}: a recipient gets no more mail since {stop.since[:10]}, it {stop.why}",
                    mend="`rapport unsubscribes` names the address: correct it in practices.toml, or undo the stop",
                )
        open_ends = [row for row in ledger.rows() if row.state in ("uncertain", "failed")]
        for row in (row for row in open_ends if row.is_urgent):
            yield Finding(
                check=f"ledger {row.month}",
                state="warning",
                said=f"{row.practice_id}: an urgent mail is {row.state}, {row.why}",
                mend="Ask the contact, and show what waits: Browse, Reports, Urgent"
                if row.state == "uncertain"
                else "The next night tries again",
            )
        open_ends = [row for row in open_ends if not row.is_urgent]
        for row in open_ends[:20]:
            yield Finding(
                check=f"ledger {row.month}",
                state="warning",
                said=f"{row.practice_id}: {row.state}, {row.why}",
                mend="Ask the recipient, then `rapport send MONTH --again` if it did not arrive"
                if row.state == "uncertain"
                else f"`rapport send {row.month}` tries again",
            )


def _unknown_numbers(data: DataDir) -> Iterator[Finding]:
    """Name what platforms count and we have no meaning for: nothing is lost, and no report has it."""
    for name in source_names():
        known = {metric.name for metric in load_source(name).SOURCE.metrics}
        for night in data.nights("records", name)[-1:]:
            counted = {row["metric"] for row in read_table(data.records(name, night), RECORDS)} - {None}
            if counted - known:
                yield Finding(
                    check=f"source {name} numbers",
                    state="warning",
                    said=f"counts that have no meaning yet: {', '.join(sorted(counted - known))[:200]}",
                    mend=f"Add them to `metrics` in pipelines/sources/{name}.py",
                )


def _bad(check: str, error: RapportError, state: _State = "bad") -> Finding:
    said = f"{error.where}: {error.what}" if error.where else error.what
    return Finding(check=check, state=state, said=said, mend=error.next_step)
