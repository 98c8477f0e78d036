"""Years of made-up features for a thousand practices, written as the nightly files that scoring leaves.

DuckDB makes the rows, because ten million of them through Python would take longer than the build that is measured.
Every number is a hash of the row's own number, so the same call gives the same files.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.fetch import SWEEP_EVERY_DAYS
from pipelines.landing import DataDir
from pipelines.practices import GoogleLocation, MastodonAccount, Practice, Practices
from pipelines.records import COMPLETENESS, FEATURES
from pipelines.text.topics import TOPICS

LAST_NIGHT = dt.date(2026, 11, 1)
SOURCES = ("google_business", "mastodon")
# What a practice of usual size has in a month.
REVIEWS, POSTS, COMMENTS = 2, 2, 6
_DRAW = """
-- On the night after, and by each list of the next 90 days.
create macro seen_on(moment, sweeps) as list_distinct([moment::date + 1] || list_filter(
    sweeps, lambda night: night > moment::date and night <= moment::date + 90
));
create macro draw(n, salt) as (hash(n, salt) % 1000003) / 1000003;
create macro whole(n, salt, below) as (hash(n, salt) % below)::integer;
"""
_ITEMS = """
create table practices as
select
    number::integer as practice,
    'p-' || number as practice_id,
    -- Practices differ in size as these logarithms do.
    exp(0.8 * (draw(number, 1) + draw(number, 2) + draw(number, 3) - 1.5) * 2) as size
from range($practices) as numbers (number);

create table seats as
select practice, practice_id, unnest(range(greatest(1, ceil(size / mean * $months)::bigint))) as seat
from practices, (select avg(size) as mean from practices);

create table reviews as
select
    *,
    $first::timestamp + to_microseconds((draw(id, 11) * $days * 86400e6)::bigint) as written,
    -- The J shape of real reviews.
    case when draw(id, 12) < 0.72 then 5 when draw(id, 12) < 0.84 then 4 when draw(id, 12) < 0.89 then 3
        when draw(id, 12) < 0.92 then 2 else 1 end as stars,
    draw(id, 13) < 0.55 as is_answered,
    -- Two in a hundred vanish within a year.
    case when draw(id, 14) < 0.02 then written::date + 1 + whole(id, 20, 365) end as gone_on
from (select seats.*, row_number() over (order by practice, seat, n) as id from seats, range($reviews) as ns (n));

create table posts as
select *, $first::timestamp + to_microseconds((draw(id, 21) * $days * 86400e6)::bigint) as written
from (select seats.*, row_number() over (order by practice, seat, n) as id from seats, range($posts) as ns (n));

create table comments as
select
    made.*,
    posts.id as post,
    posts.written + to_microseconds((draw(made.id, 32) * 6 * 86400e6)::bigint) as written,
    draw(made.id, 33) < 0.15 as is_answered
from (
    select
        seats.*,
        row_number() over (order by practice, seat, n) as id
    from seats, range($comments) as ns (n)
) as made
inner join posts
    on posts.practice = made.practice and posts.seat = made.seat
    and posts.id % $posts = whole(made.id, 31, $posts);
"""
_JUDGED = """
    case when draw(id, 41) < 0.8 then case when stars > 3 then 'positive' else 'negative' end end as sentiment,
    case when draw(id, 41) < 0.8 then [
        struct_pack(topic := $topics[1 + whole(id, 42, len($topics))], polarity := 'positive', sentence := 0::smallint),
        struct_pack(topic := $topics[1 + whole(id, 43, len($topics))], polarity := 'negative', sentence := 1::smallint)
    ][1:whole(id, 44, 3)] end as topics,
    case when draw(id, 41) < 0.8 then [] else null end::varchar[] as alerts,
"""
# Something is seen on the night after it was written or changed, and by each list of everything while it is there.
_ROWS = {
    "google_business": f"""
with sights as (
    select
        *,
        unnest(list_distinct(
            [written::date + 1] || case when draw(id, 15) < 0.08 then [written::date + 20] else [] end
            || list_filter($sweeps, lambda night: night > written::date)
        )) as night
    from reviews
),

seen as (
    select *, case when draw(id, 15) < 0.08 and night >= written::date + 20 then 2 else 1 end as version
    from sights
    where night >= $start and night < $end and night < coalesce(gone_on, '9999-12-31'::date)
)

select
    'review' as kind, 'google_business' as source, 'google' as site, night, practice_id, 'r' || id as item_id,
    md5('author' || id)[:16] as author_key, written as created_at, written as created_local, written as updated_at,
    stars, true as has_text, 5 + whole(id, 16, 60) as words, false as emoji_only, 'en' as language,
    true as language_sure, md5(id || '/' || version)[:16] as text_key,
    {_JUDGED}
    'pages/google_business/' || night || '/' || practice_id || '/0001.json.zst' as page, whole(id, 17, 50) as position,
    'bench' as model_id
from seen
union all by name
select
    'reply' as kind, 'google_business' as source, 'google' as site, night, practice_id,
    'r' || id || '/reply' as item_id, 'r' || id as parent_id, answered as updated_at, true as has_text,
    25 as words, 'en' as language,
    'none' as disclosure, draw(id, 18) < 0.3 as generic,
    'pages/google_business/' || night || '/' || practice_id || '/0001.json.zst' as page, whole(id, 17, 50) as position,
    'bench' as model_id
from (
    select
        *,
        unnest(list_distinct(
            [answered::date + 1] || list_filter($sweeps, lambda night: night > answered::date)
        )) as night
    from (
        select *, written + to_microseconds((-ln(1 - draw(id, 19)) * 3 * 86400e6)::bigint) as answered
        from reviews where is_answered
    )
) where night >= $start and night < $end and night < coalesce(gone_on, '9999-12-31'::date)
""",
    "mastodon": """
with own as (
    select * from (
        select
            *,
            unnest(seen_on(written, $sweeps)) as night
        from posts
    )
    where night >= $start and night < $end
),

outside as (
    select * from (
        select
            *,
            unnest(seen_on(written, $sweeps)) as night
        from comments
    )
    where night >= $start and night < $end
),

answers as (
    select * from (
        select
            *,
            unnest(seen_on(answered, $sweeps)) as night
        from (
            select *, written + to_microseconds((draw(id, 55) * 4 * 86400e6)::bigint) as answered
            from comments where is_answered
        )
    )
    where night >= $start and night < $end
)

select
    'post' as kind, 'mastodon' as source, 'mastodon' as site, night, practice_id,
    'm' || id as item_id, 'm' || id as thread_id, written as created_at, written as created_local, 'practice' as voice,
    true as has_text, 30 as words, 'en' as language, md5('post' || id)[:16] as text_key, 'promotion' as content_type,
    'https://social.example/' || id as url, []::varchar[] as mention_keys, []::varchar[] as acts,
    'pages/mastodon/' || night || '/' || practice_id || '/0001.json.zst' as page, 1 as position,
    'bench' as model_id
from own
union all by name
-- Likes come for two weeks.
select
    'metric' as kind, 'mastodon' as source, 'mastodon' as site, night, practice_id,
    'm' || id || '/' || metric as item_id, 'm' || id as parent_id, metric,
    whole(id, 51, 40) * least(14, night - written::date) // 14 as value, 'page' as page, 1 as position,
    'bench' as model_id
from (select *, unnest(['favourites_count', 'reblogs_count', 'replies_count']) as metric from own)
union all by name
select
    'comment' as kind, 'mastodon' as source, 'mastodon' as site, night, practice_id,
    'c' || id as item_id, 'm' || post as thread_id, 'm' || post as parent_id, written as created_at,
    written as created_local, case when draw(id, 52) < 0.03 then 'organisation' else 'outside' end as voice,
    -- A practice has some forty people who talk with it, by another name each year.
    md5(practice || '/' || year(written) || '/' || whole(id, 53, 40))[:16] as author_key,
    draw(id, 54) < 0.95 as has_text, 12 as words, false as emoji_only, 'en' as language,
    md5('comment' || id)[:16] as text_key, []::varchar[] as mention_keys,
    list_filter(['question', 'substantive', 'advocacy', 'spam'], lambda act, place:
        draw(id, 54 + place) < 0.2 * (4 - place) + 0.02) as acts,
    'pages/mastodon/' || night || '/' || practice_id || '/0001.json.zst' as page, 1 as position,
    'bench' as model_id
from outside
union all by name
select
    'comment' as kind, 'mastodon' as source, 'mastodon' as site, night, practice_id,
    'a' || id as item_id, 'm' || post as thread_id, 'c' || id as parent_id, answered as created_at,
    answered as created_local, 'practice' as voice, true as has_text, 12 as words, false as emoji_only,
    'en' as language, md5('answer' || id)[:16] as text_key, []::varchar[] as mention_keys, ['substantive'] as acts,
    'none' as disclosure,
    'pages/mastodon/' || night || '/' || practice_id || '/0001.json.zst' as page, 2 as position,
    'bench' as model_id
from answers
""",
}
_VISITS = """
select
    $source as source, $site as site, nights.night::date as night, practice_id as label, practice_id,
    'ok' as status, true as can_reply, list_contains($sweeps, nights.night::date) as complete,
    coalesce(rows, 0) as expected, coalesce(rows, 0) as fetched, 0 as set_aside
from range($start, $end, interval 1 day) as nights (night)
cross join practices
left join (select night, practice_id, count(*) as rows from made group by all) as counted using (night, practice_id)
"""


def practices_of(count: int) -> Practices:
    return Practices(
        practice=tuple(
            Practice(
                id=f"p-{n}",
                name=f"Practice {n}",
                google_business=GoogleLocation(location=f"accounts/1/locations/{n}"),
                mastodon=MastodonAccount(server="https://social.example", account=f"p{n}"),
            )
            for n in range(count)
        )
    )


def sweeps_of(first: dt.date) -> list[dt.date]:
    """Return the nights from `first` on that list everything: a week after the last, and the 1st of each month."""
    nights, swept = [], first - dt.timedelta(days=SWEEP_EVERY_DAYS)
    for night in (first + dt.timedelta(days=number) for number in range((LAST_NIGHT - first).days + 1)):
        if (night - swept).days >= SWEEP_EVERY_DAYS or night.day == 1:
            nights.append(night)
            swept = night
    return nights


def write_history(data: DataDir, count: int, months: int) -> int:
    """Write `months` months of `count` practices, night by night, up to `LAST_NIGHT`; return the rows of features."""
    year, month = divmod(LAST_NIGHT.year * 12 + LAST_NIGHT.month - 1 - months, 12)
    first = dt.date(year, month + 1, 1)
    told = {
        "practices": count,
        "months": months,
        "first": first,
        "days": (LAST_NIGHT - first).days,
        "reviews": REVIEWS,
        "posts": POSTS,
        "comments": COMMENTS,
        "topics": list(TOPICS),
        "sweeps": sweeps_of(first),
    }
    rows = 0
    with duckdb.connect() as connection:
        connection.execute("set threads = 2; set TimeZone = 'UTC'; set memory_limit = '8GB'")
        connection.execute(_DRAW)
        for statement in _ITEMS.split(";"):
            if statement.strip():
                connection.execute(statement, _used(statement, told))
        # Half a year at a time, so that memory stays small.
        start = first
        while start <= LAST_NIGHT:
            end = min(start + dt.timedelta(days=180), LAST_NIGHT + dt.timedelta(days=1))
            for source in SOURCES:
                of = told | {"source": source, "site": source.split("_")[0], "start": start, "end": end}
                made = f"create or replace table made as {_ROWS[source]}"
                connection.execute(made, _used(made, of))
                rows += _write_nights(data, connection, "features", source, "from made", {}, FEATURES, start, end)
                visits = f"from ({_VISITS})"
                _write_nights(
                    data, connection, "completeness", source, visits, _used(visits, of), COMPLETENESS, start, end
                )
            start = end
    return rows


def _used(statement: str, values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if re.search(rf"\${name}\b", statement)}


_NEXT = """
select * replace (
    $night::date as night,
    item_id || '-' || $night as item_id,
    -- What belongs together stays together, or answers what the night does not bring.
    case when kind in ('reply', 'metric') then parent_id || '-' || $night else parent_id end as parent_id,
    case when kind = 'post' then thread_id || '-' || $night else thread_id end as thread_id,
    case when created_at is not null then moment end as created_at,
    case when created_local is not null then moment end as created_local,
    case when updated_at is not null then moment end as updated_at
)
from (
    select *, $night::timestamp - to_seconds(hash(coalesce(parent_id, item_id)) % 172800) as moment
    from read_parquet($files)
    qualify row_number() over (partition by kind, item_id order by night) = 1
)
order by hash(item_id)
limit $rows
"""


def add_night(data: DataDir, night: dt.date, rows: int) -> None:
    """Write one more night with `rows` rows in all: what the last weeks brought, by other ids and of these two days."""
    weeks = [LAST_NIGHT - dt.timedelta(days=days) for days in range(90)]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for source, share in zip(SOURCES, (0.15, 0.85), strict=True):
            told = {
                "night": night.isoformat(),
                "files": [str(data.features(source, day)) for day in weeks],
                "rows": round(share * rows),
            }
            made = connection.execute(_NEXT, told).to_arrow_table().select([*FEATURES.names]).cast(FEATURES)
            pq.write_table(made, data.features(source, night), compression="zstd", store_schema=False)
            # A night that lists no more than what is new.
            visits = pq.read_table(data.completeness(source, LAST_NIGHT - dt.timedelta(days=2)), schema=COMPLETENESS)
            place = visits.schema.get_field_index("night")
            visits = visits.set_column(place, COMPLETENESS.field("night"), pa.array([night] * len(visits), pa.date32()))
            pq.write_table(visits, data.completeness(source, night), compression="zstd", store_schema=False)


def _write_nights(
    data: DataDir,
    connection: duckdb.DuckDBPyConnection,
    stage: str,
    source: str,
    told: str,
    values: dict[str, object],
    schema: pa.Schema,
    start: dt.date,
    end: dt.date,
) -> int:
    """Write a file for each night from `start` to before `end`; return how many rows they have."""
    order = "night, practice_id, kind, item_id" if stage == "features" else "night, practice_id"
    some = connection.execute(f"select {order}, * exclude ({order}) {told} order by {order}", values).to_arrow_table()
    columns = [
        some.column(field.name).cast(field.type) if field.name in some.column_names else pa.nulls(len(some), field.type)
        for field in schema
    ]
    table = pa.Table.from_arrays(columns, schema=schema)
    counts = Counter(some.column("night").to_pylist())
    offset = 0
    for night in (start + dt.timedelta(days=number) for number in range((end - start).days)):
        path = data.features(source, night) if stage == "features" else data.completeness(source, night)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not written beside and renamed: seven thousand files would wait for the disk longer than all else takes.
        pq.write_table(
            table.slice(offset, counts[night]), path, compression="zstd", row_group_size=131_072, store_schema=False
        )
        offset += counts[night]
    return offset
