"""Purge: what a source's terms no longer let us keep is deleted as whole files, which is the only sure erasure.

Pages and records hold texts and names and go first; features go when derived data expire. The receipt of a
visit stays, because it holds neither and says what was once read. Reports go by a setting of the operator; the
reasons of their corrections stay, because the ledger counts on the versions. A first look is a data directory of the
same shape and expires likewise.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

from pipelines.landing import DataDir
from pipelines.periods import add_months, month_name
from pipelines.settings import Settings
from pipelines.sources import load_source, source_names


def purge(today: dt.date, data: DataDir, settings: Settings, *, say: Callable[[str], None]) -> list[str]:
    """Delete everything that expired before `today`; return the deleted paths, relative to the data directory."""
    gone: list[Path] = []
    derived: list[Path] = []
    for name in source_names():
        policy = load_source(name).SOURCE.policy
        longer = settings.keep_derived_days.get(name, 0)
        if longer > policy.keep_derived_days:
            terms = policy.keep_derived_days
            say(f"warning: {name} features are kept {longer} days, its terms say {terms}: your setting")
        scored = set(data.nights("features", name))
        for night in data.nights("pages", name):
            if policy.text_expires_on(night, scored=night in scored) < today:
                gone += sorted(data.pages(name, night).glob("*/*.zst"))
        for night in data.nights("records", name):
            if policy.text_expires_on(night, scored=night in scored) < today:
                gone.append(data.records(name, night))
        for night in data.nights("features", name):
            if policy.derived_expires_on(night, longer) < today:
                derived.append(data.features(name, night))
                # A month that a build has joined holds the night too; the next build joins what is left of it.
                derived += sorted(set(data.joined_with("features", name, night)) - set(derived))
    gone += derived
    if derived and data.is_first_look:
        # No night builds it anew, so what it was built from and its warehouse go at once.
        built = (path for path in data.build_folder.rglob("*") if path.is_file())
        gone += sorted({*built, *data.root.glob(data.warehouse.name)} - set(gone))
    oldest_link = dt.datetime.combine(today - dt.timedelta(days=settings.link_days), dt.time(), dt.UTC).timestamp()
    gone += [path for path in sorted(data.linked("").parent.glob("*.pdf")) if path.stat().st_mtime < oldest_link]
    gone += _old_reports(today, data, settings.report_months)
    for path in gone:
        path.unlink()
    left_over = sorted(data.root.glob("pages/*/*/.*.partial"))
    for folder in left_over:
        shutil.rmtree(folder)
    say(f"{len(gone)} expired files deleted, {len(left_over)} unfinished visits cleared")
    return [data.relative(path) for path in gone]


def _old_reports(today: dt.date, data: DataDir, months: int) -> list[Path]:
    """Return the files of reports whose month is more than so many months before today's."""
    oldest = month_name(add_months(today.replace(day=1), -months))
    files = (path for path in data.report("", "").parent.glob("????-??/*") if path.parent.name < oldest)
    return sorted(path for path in files if not path.name.endswith(".restated.json"))
