"""Fetch: ask each platform for what is new, and keep every response as received in pages/.

Pulling the same night twice asks for nothing again: a visit whose folder is there is done. One practice that
fails does not stop the others; the error at the end names all that did.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec

from pipelines.errors import BadKey, NoKey, RapportError, SeveralFailed, SiteDown
from pipelines.forgotten import Forgotten
from pipelines.http import Client
from pipelines.kept import without
from pipelines.landing import DataDir, Receipt, Visit
from pipelines.practices import Practices
from pipelines.settings import Settings, key_expires_on
from pipelines.sources import Outcome, Planned, SourceModule, Tools, load_source
from pipelines.tokens import TokenStore

SWEEP_EVERY_DAYS = 7
_AT_ONCE = 4
ANNOUNCE_KEYS_DAYS = 7


class FetchResult(msgspec.Struct, frozen=True):
    """How many visits are whole, how many were left out, and why."""

    whole: int
    skipped: int
    why: str


def fetch(
    source_name: str,
    night: dt.date,
    practices: Practices,
    data: DataDir,
    settings: Settings,
    *,
    only: str | None = None,
    say: Callable[[str], None],
) -> FetchResult:
    """Pull one source for one night. Raises SeveralFailed naming the visits that failed.

    A visit without a key is left out, and its receipt says so: a platform not connected yet is no fault.

    `only` limits the pull to one label (a practice id, for platforms asked practice by practice).
    """
    source = load_source(source_name)
    # The folder says that this night was asked for, even where there was nothing to pull.
    data.pages(source_name, night).mkdir(parents=True, exist_ok=True)
    planned = [p for p in source.visits(practices, data.exports) if only in (None, p.label)]
    # Only a source that hands things over once needs its whole history looked at.
    looked_at = [n for n in data.nights("pages", source_name) if n <= night] if source.SOURCE.once else [night]
    done = {label for looked in looked_at for label in _whole_labels(data, source_name, looked)}
    waiting = [_with_watermark(p, source_name, night, data) for p in planned if p.label not in done]
    say(f"{source.SOURCE.title}: {len(waiting)} to pull, {len(planned) - len(waiting)} already there")
    failures: list[RapportError] = []
    skipped: list[RapportError] = []
    pace = settings.per_minute.get(source_name, source.SOURCE.per_minute)
    with Client(source_name, per_minute=pace, attempts=settings.http_attempts) as client:
        tools = Tools(
            source=source.SOURCE,
            settings=settings,
            client=client,
            exports=data.exports,
            tokens=TokenStore(data.tokens),
        )
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            forgotten = Forgotten(data, source.SOURCE, practices)
            tries = [pool.submit(_visit, source, one, night, data, tools, forgotten) for one in waiting]
            for number, (one, tried) in enumerate(zip(waiting, tries, strict=True), 1):
                try:
                    receipt = tried.result()
                    listed = "complete listing" if receipt.complete else "changes only"
                    left = "" if receipt.quota_left is None else f", {receipt.quota_left} requests left"
                    say(f"  {number}/{len(waiting)} {one.label}: {len(receipt.pages)} pages, {listed}{left}")
                    if receipt.why:
                        say(f"warning: {one.label}: {receipt.why}")
                    if receipt.key_expires_on and (receipt.key_expires_on - night).days <= ANNOUNCE_KEYS_DAYS:
                        say(f"warning: the key of {one.label} ends on {receipt.key_expires_on}: authorise it again")
                except NoKey as error:
                    skipped.append(error)
                    say(f"  {number}/{len(waiting)} {one.label}: left out, {error.what}")
                except RapportError as error:
                    failures.append(error)
                    say(f"  {number}/{len(waiting)} {one.label}: failed, {type(error).__name__}")
    if failures:
        raise SeveralFailed(
            f"{len(failures)} of {len(planned)} could not be pulled:",
            failures,
            where=f"{source_name}, night {night}",
            next_step=f"The others are kept. After mending, run `rapport fetch {source_name} {night}` again",
        )
    why = skipped[0].what if skipped else ("" if planned else "no practice uses it")
    return FetchResult(len(planned) - len(skipped), len(skipped), why)


def _visit(
    source: SourceModule, planned: Planned, night: dt.date, data: DataDir, tools: Tools, forgotten: Forgotten
) -> Receipt:
    visit = Visit(data, source.SOURCE.name, night, planned.label)
    pages = source.fetch(planned, tools)
    try:
        while True:
            page = next(pages)
            visit.keep(page.body, page.suffix)
    except StopIteration as finished:
        outcome: Outcome = finished.value
        # What the platform says of its key is surer than what somebody once wrote down.
        ends_on = outcome.key_expires_on or key_expires_on(source.SOURCE.name, planned.key)
        # The next visit asks again for what is remembered, which is only for what may be.
        keep = without(outcome.keep, forgotten.is_item)
        said = msgspec.structs.asdict(outcome) | {"key_expires_on": ends_on, "keep": keep}
        return visit.publish(about=planned.about, **said)
    except NoKey as error:
        visit.fail(error, about=planned.about, retriable=False, status="skipped")
        raise
    except RapportError as error:
        kept = visit.fail(error, about=planned.about, retriable=isinstance(error, SiteDown))
        if not isinstance(error, SiteDown | BadKey) and not error.evidence:
            error.evidence = kept
        raise


def _whole_labels(data: DataDir, source: str, night: dt.date) -> set[str]:
    return {receipt.label for receipt in data.receipts(source, night) if receipt.status == "ok"}


def _with_watermark(planned: Planned, source: str, night: dt.date, data: DataDir) -> Planned:
    """Say from when on to read, and whether tonight is a complete sweep.

    A sweep is due after a week, and always on the first of a month, so that each month ends with one.
    """
    since: dt.datetime | None = None
    swept: dt.date | None = None
    kept: dict[str, str] | None = None
    for earlier in reversed([n for n in data.nights("pages", source) if n < night]):
        receipt = data.receipt(source, earlier, planned.label)
        if receipt is None:
            continue
        since = since or receipt.newest
        kept = receipt.keep if kept is None else kept
        if receipt.complete:
            swept = earlier
            break
    due = swept is None or (night - swept).days >= SWEEP_EVERY_DAYS or night.day == 1
    return msgspec.structs.replace(planned, night=night, since=since, sweep=due, kept=kept or {})
