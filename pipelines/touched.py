"""What a night touched: which rows of features differ from the last build's, and what has to be made again for them.

Nothing of one practice rests on another's rows, and no month on what was written after it. So a practice whose
changes are all recent is made again from the first of these months on, and one with an older change as a whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import duckdb
import msgspec

from pipelines.warehouse import quoted

# Up to then a month still changes with every night: answers mature for 30 days after its end.
_UNSETTLED_DAYS = 31
# Of all months of all practices. Above it a full build takes less time than finding out what to leave.
_MOST = 0.4


class Nights(msgspec.Struct, frozen=True, kw_only=True):
    """Nightly files of one kind that a build has and the last one had not, or had otherwise.

    `gone` are the sources and nights of those that the last build had otherwise or that are no more. What they told
    stands in the files that the last build had of all nights, `before`, as what all tell `now` in this one's.
    """

    added: list[str]
    gone: list[tuple[str, dt.date]]
    before: list[str]
    now: list[str]


class Touched(msgspec.Struct, frozen=True, kw_only=True):
    """Every practice is made again from the month `since` on, and `practices` from their beginning."""

    since: dt.date
    practices: list[str]
    share: float
    withdrawn: int


def find_touched(warehouse: Path, features: Nights, completeness: Nights, as_of_night: dt.date) -> Touched | str:
    """Compare the inputs of the `warehouse` with those of now; return what they touch, or why all has to be made again.

    Files are named by their content, so only those are read which the other build has not.
    """
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {quoted(str(warehouse))} as warehouse (read_only)")
        connection.execute("use warehouse")
        known = connection.execute("select as_of_night from reports.build_info").fetchone()
        before = known[0] if known else as_of_night
        if before > as_of_night:
            return f"the warehouse already knows the night of {before}"
        _differences(connection, "features", features, _AS_READ)
        _differences(connection, "completeness", completeness, "{rows}")
        connection.execute(_HOMES.format(now=_rows_of(features.now), counts=_COUNTS))
        latest = (before - dt.timedelta(days=_UNSETTLED_DAYS)).replace(day=1)
        return _cheapest(connection, latest)


# Rows of features as each night read them: a period that is over tells the same in fewer.
_AS_READ = """(
    select
        * exclude (night, page, position, nights, pages, positions),
        unnest(nights) as night,
        unnest(pages) as page,
        unnest(positions) as position
    from {rows}
    where list_has_any(nights, (select list(night) from gone_nights))
)"""


def _differences(connection: duckdb.DuckDBPyConnection, name: str, nights: Nights, as_read: str) -> None:
    """Make temporary tables of the rows that came and those that went. An equal row on both sides is neither."""
    connection.execute(
        "create or replace temp table gone_nights as select unnest($sources::varchar[]) as source, "
        "unnest($nights::date[]) as night",
        {"sources": [source for source, _ in nights.gone], "nights": [night for _, night in nights.gone]},
    )
    # Of no files at all there are no columns; and nothing that went is looked for in vain among all.
    before = nights.before if nights.gone else nights.before[:1]
    connection.execute(
        f"create temp table {name}_told_before as select * from {as_read.format(rows=_rows_of(before))} "
        "where (source, night) in (from gone_nights)"
    )
    connection.execute(f"create temp table {name}_told_now as select * from {name}_told_before limit 0")
    if nights.added:
        connection.execute(f"insert into {name}_told_now by name {_rows_of(nights.added)}")
    for side, rows, others in (("came", "now", "before"), ("went", "before", "now")):
        connection.execute(
            f"create temp table {name}_{side} as from {name}_told_{rows} except all from {name}_told_{others}"
        )


def _rows_of(paths: Sequence[str]) -> str:
    return f"(from read_parquet([{', '.join(map(quoted, paths))}]))"


# What searches for names found is in models that are made again every night.
_COUNTS = "kind not in ('search', 'naming')"
# By practice the first month that its new rows can tell in another way, or that all of it can.
# The month of an item is that of its week's Monday, because a week of unusually many reviews is judged as a whole, or
# that of the first night that saw it.
_HOMES = """
create temp table homes as
with changed as (
    select
        kind, source, site, practice_id, item_id, parent_id,
        date_trunc('month', date_trunc('week', created_local)) as month
    from features_came
    where {counts}
),

-- Among all there is, these few are looked for once. Whose they are is asked below.
known as materialized (
    select
        kind, source, site, practice_id, item_id, parent_id, thread_id,
        date_trunc('month', least(date_trunc('week', created_local), first_seen)) as month
    from core.items
    where
        item_id in (select unnest([item_id, parent_id]) from changed)
        or parent_id in (select item_id from changed)
        or thread_id in (select item_id from changed)
),

months as (
    select practice_id, month from changed
    union all
    -- A night tells of the two days before it, see report_of().
    select practice_id, date_trunc('month', night - 2) from completeness_came
    union all
    -- As it stood before.
    select known.practice_id, known.month
    from known
    semi join changed
        on
            known.practice_id = changed.practice_id and known.source = changed.source and known.site = changed.site
            and known.kind = changed.kind and known.item_id = changed.item_id
    union all
    -- What it answers.
    select known.practice_id, known.month
    from known
    semi join (select * from changed where kind = 'reply') as changed
        on
            known.practice_id = changed.practice_id and known.source = changed.source and known.site = changed.site
            and known.item_id = changed.parent_id
    union all
    -- What was said below it earlier than its own clock says.
    select below.practice_id, below.month
    from (select *, unnest([parent_id, thread_id]) as above_id from known where kind in ('comment', 'share')) as below
    semi join (select * from changed where kind in ('post', 'comment')) as changed
        on
            below.practice_id = changed.practice_id and below.source = changed.source and below.site = changed.site
            and below.above_id = changed.item_id
),

nights_before as (
    select source, practice_id, max(night) as night from core.listings group by source, practice_id
),

wholes as (
    -- What is told otherwise of a night of before may tell otherwise of anything.
    select practice_id from features_went where {counts}
    union all
    select practice_id from completeness_went
    union all
    select came.practice_id
    from (
        select source, practice_id, night from features_came where {counts}
        union all
        select source, practice_id, night from completeness_came
    ) as came
    semi join nights_before
        on
            came.source = nights_before.source and came.practice_id = nights_before.practice_id
            and came.night <= nights_before.night
    union all
    -- By the nights that saw it nobody finds in time what is dated later than them.
    select practice_id from core.items where created_local > first_seen + 7
    union all
    -- A list of everything tells of all that it lacks.
    select practice_id from completeness_came where complete
    union all
    -- What was only ever said to be removed is no item, and is one from that night on if it is seen after all.
    select removals.practice_id
    from (select * from {now} where state = 'removed') as removals
    semi join changed
        on
            changed.practice_id = removals.practice_id and changed.source = removals.source
            and changed.site = removals.site and changed.kind = removals.kind and changed.item_id = removals.item_id
)

select practice_id, min(month)::date as month, bool_or(is_whole) as is_whole
from (
    select practice_id, month, false as is_whole from months where month is not null
    union all
    select practice_id, null as month, true as is_whole from wholes
)
where practice_id in (select practice_id from staging.practices)
group by practice_id;
"""


def _cheapest(connection: duckdb.DuckDBPyConnection, latest: dt.date) -> Touched | str:
    """Choose the month from which on every practice is made again, so that as few months as possible are."""
    months = [
        month
        for (month,) in connection.execute("select distinct month from core.site_months order by month").fetchall()
    ]
    homes = connection.execute("select practice_id, month, is_whole from homes order by practice_id").fetchall()
    found = connection.execute("select count(*) from staging.practices").fetchone()
    everybody = found[0] if found else 0
    withdrawn = connection.execute(
        "select (select count(*) from features_went) + (select count(*) from completeness_went)"
    ).fetchone()

    def share(since: dt.date) -> float:
        deep = len(_older(homes, since)) / max(1, everybody)
        recent = sum(month >= since for month in months) / max(1, len(months))
        return float(deep + (1 - deep) * recent)

    candidates = [month for month in months if month <= latest]
    if not candidates:
        return "all months are still changing"
    since = min(candidates, key=share)
    if share(since) > _MOST:
        return f"the night touched {share(since):.0%} of all months of all practices"
    return Touched(
        since=since, practices=_older(homes, since), share=share(since), withdrawn=withdrawn[0] if withdrawn else 0
    )


def _older(homes: Sequence[tuple[str, dt.date | None, bool]], since: dt.date) -> list[str]:
    return [practice for practice, month, whole in homes if whole or month is None or month < since]
