"""Onboard: a first look at a new practice, in a data directory of its own, for the operator only.

Nothing that is found here can reach anybody: sending looks elsewhere. The nights begin anew with the practice, so its
history is pulled twice; what the first look holds expires as everything else does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from pipelines.budget import forecast, loads
from pipelines.doctor import Finding, examine_practice
from pipelines.errors import BadPractices, NotReady, RapportError, SeveralFailed
from pipelines.fetch import fetch
from pipelines.landing import DataDir
from pipelines.periods import add_months
from pipelines.practices import Practices
from pipelines.read import read
from pipelines.render import Rendered, render
from pipelines.settings import Settings
from pipelines.sources import load_source, source_names


def check_practice(
    practice_id: str, practices: Practices, data: DataDir, settings: Settings, *, say: Callable[[str], None]
) -> list[str]:
    """Return the sources a practice uses, after trying each listing and key and counting what all nights will cost.

    Raises SeveralFailed naming each that cannot work, and BadPractices for a practice that is on no platform. A key
    that is not there yet is said and is no fault.
    """
    found = examine_practice(practice_id, practices, data, settings)
    if not found:
        raise BadPractices(
            "is on no platform that is asked",
            where=practice_id,
            next_step="Give it a block in practices.toml, as [practice.google_business]; files need no onboarding",
        )
    for finding in found:
        say(f"{finding.state}: {finding.check}: {finding.said}")
    failures = [RapportError(one.said, where=one.check, next_step=one.mend) for one in _bad(found)]
    used = _used(practice_id, practices, data)
    failures += [
        RapportError(problem.what, where=cost.source, next_step=" or ".join(problem.fixes))
        for cost in forecast(loads(practices, data.exports), settings)
        if cost.source in used
        for problem in cost.problems
    ]
    if failures:
        raise SeveralFailed(
            f"{len(failures)} things stand in the way:", failures, where=practice_id, next_step="Mend them, check again"
        )
    return used


def pull_first(
    source: str,
    practice_id: str,
    night: dt.date,
    practices: Practices,
    data: DataDir,
    settings: Settings,
    *,
    say: Callable[[str], None],
) -> str:
    """Pull and read one practice's history of one source; return why it was left out, "" if it was not.

    Raises NotReady if the key has too few requests left after this night's pulls, and what `fetch` and `read` raise.
    """
    alone, place = practices.alone(practice_id), data.first_look(practice_id)
    planned = load_source(source).visits(alone, place.exports)
    if not planned:
        return "the practice does not use it"
    cost = load_source(source).SOURCE.cost
    left = min(_left(source, {one.key for one in planned}, night, practices, data), default=None)
    if cost and left is not None and left < cost.sweep_calls * len(planned):
        raise NotReady(
            f"the key has {left} requests left today, and a first pull may need {cost.sweep_calls * len(planned)}",
            where=f"{source}: {practice_id}",
            next_step="Clear this box tomorrow: the nights of the others come first",
        )
    pulled = fetch(source, night, alone, place, settings, say=say)
    read(source, night, alone, place, say=say)
    return "" if pulled.whole else pulled.why


def first_report(
    practice_id: str, night: dt.date, practices: Practices, data: DataDir, *, say: Callable[[str], None]
) -> Rendered:
    """Make the report of the last whole month before a night, beside everything else of the first look.

    Raises NotReady if nothing is known of that month, and RenderFailed.
    """
    month = add_months(night.replace(day=1), -1)
    place = data.first_look(practice_id)
    found = render(place, practices.alone(practice_id), month, say=say)
    if not found:
        raise NotReady(
            f"nothing is known of {month:%B %Y}", where=practice_id, next_step="See which platforms were left out"
        )
    return found[0]


def _used(practice_id: str, practices: Practices, data: DataDir) -> list[str]:
    alone = practices.alone(practice_id)
    asked = (name for name in source_names() if not load_source(name).SOURCE.once)
    return [name for name in asked if load_source(name).visits(alone, data.exports)]


def _bad(found: list[Finding]) -> Iterator[Finding]:
    return (finding for finding in found if finding.state == "bad")


def _left(source: str, keys: set[str], night: dt.date, practices: Practices, data: DataDir) -> Iterator[int]:
    """Yield what the night's own visits were told is left of the same keys' requests."""
    labels = {one.label for one in load_source(source).visits(practices, data.exports) if one.key in keys}
    for receipt in data.receipts(source, night):
        if receipt.label in labels and receipt.quota_left is not None:
            yield receipt.quota_left
