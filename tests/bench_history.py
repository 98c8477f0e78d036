"""Years of made-up features for a thousand practices, written as the nightly files that scoring leaves.

DuckDB makes the rows, because ten million of them through Python would take longer than the build that is measured.
Every number is a hash of the row's own number, so the same call gives the same files.
"""

from __future__ import annotations

import datetime as dt

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.landing import DataDir
from pipelines.practices import GoogleLocation, MastodonAccount, Practice, Practices
from pipelines.records import COMPLETENESS, FEATURES
from pipelines.text.topics import TOPICS

LAST_NIGHT = dt.date(2026, 11, 1)
SOURCES = ("google_business", "mastodon")
# Per practice and month: about 170 rows, so a thousand practices and five years make ten million.
REVIEWS, POSTS, COMMENTS = 20, 8, 84
_DRAW = """
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
    draw(id, 14) < 0.02 as is_gone
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
_ROWS = {
    "google_business": f"""
with seen as (
    select *, written::date + 1 as night, 1 as version from reviews where written::date + 1 < $last
    union all
    select *, written::date + 20 as night, 2 as version
    from reviews where draw(id, 15) < 0.08 and written::date + 20 < $last
    union all
    select *, $last::date as night, 3 as version from reviews where not is_gone
)
select
    'review' as kind, 'google_business' as source, 'google' as site, night, practice_id, 'r' || id as item_id,
    md5('author' || id)[:16] as author_key, written as created_at, written as created_local, written as updated_at,
    stars, true as has_text, 5 + whole(id, 16, 60) as words, false as emoji_only, 'en' as language,
    true as language_sure, md5(id || '/' || least(version, 1 + (draw(id, 15) < 0.08)::integer))[:16] as text_key,
    {_JUDGED}
    'pages/google_business/' || night || '/' || practice_id || '/0001.json.zst' as page, whole(id, 17, 50) as position,
    'bench' as model_id
from seen where night <= $last
union all by name
select
    'reply' as kind, 'google_business' as source, 'google' as site, night, practice_id,
    'r' || id || '/reply' as item_id, 'r' || id as parent_id, answered as updated_at, true as has_text,
    25 as words, 'en' as language,
    'none' as disclosure, draw(id, 18) < 0.3 as generic,
    'pages/google_business/' || night || '/' || practice_id || '/0001.json.zst' as page, whole(id, 17, 50) as position,
    'bench' as model_id
from (
    select *, unnest(list_distinct([answered::date + 1, $last::date])) as night
    from (
        select *, written + to_microseconds((-ln(1 - draw(id, 19)) * 3 * 86400e6)::bigint) as answered
        from reviews where is_answered and not is_gone
    )
) where night <= $last and answered < $last::timestamp
""",
    "mastodon": """
select
    'post' as kind, 'mastodon' as source, 'mastodon' as site, written::date + 1 as night, practice_id,
    'm' || id as item_id, 'm' || id as thread_id, written as created_at, written as created_local, 'practice' as voice,
    true as has_text, 30 as words, 'en' as language, md5('post' || id)[:16] as text_key, 'promotion' as content_type,
    'https://social.example/' || id as url, []::varchar[] as mention_keys, []::varchar[] as acts,
    'pages/mastodon/' || (written::date + 1) || '/' || practice_id || '/0001.json.zst' as page, 1 as position,
    'bench' as model_id
from posts where written::date < $last
union all by name
select
    'metric' as kind, 'mastodon' as source, 'mastodon' as site, night, practice_id,
    'm' || id || '/favourites_count' as item_id, 'm' || id as parent_id, 'favourites_count' as metric,
    whole(id, 51, 40) as value, 'page' as page, 1 as position, 'bench' as model_id
from (select *, unnest([written::date + 1, written::date + 8]) as night from posts) where night <= $last
union all by name
select
    'comment' as kind, 'mastodon' as source, 'mastodon' as site, written::date + 1 as night, practice_id,
    'c' || id as item_id, 'm' || post as thread_id, 'm' || post as parent_id, written as created_at,
    written as created_local, case when draw(id, 52) < 0.03 then 'organisation' else 'outside' end as voice,
    -- A practice has some forty people who talk with it, by another name each year.
    md5(practice || '/' || year(written) || '/' || whole(id, 53, 40))[:16] as author_key,
    draw(id, 54) < 0.95 as has_text, 12 as words, false as emoji_only, 'en' as language,
    md5('comment' || id)[:16] as text_key, []::varchar[] as mention_keys,
    list_filter(['question', 'substantive', 'advocacy', 'spam'], lambda act, place:
        draw(id, 54 + place) < 0.2 * (4 - place) + 0.02) as acts,
    'pages/mastodon/' || (written::date + 1) || '/' || practice_id || '/0001.json.zst' as page, 1 as position,
    'bench' as model_id
from comments where written::date < $last
union all by name
select
    'comment' as kind, 'mastodon' as source, 'mastodon' as site, answered::date + 1 as night, practice_id,
    'a' || id as item_id, 'm' || post as thread_id, 'c' || id as parent_id, answered as created_at,
    answered as created_local, 'practice' as voice, true as has_text, 12 as words, false as emoji_only,
    'en' as language, md5('answer' || id)[:16] as text_key, []::varchar[] as mention_keys, ['substantive'] as acts,
    'none' as disclosure,
    'pages/mastodon/' || (answered::date + 1) || '/' || practice_id || '/0001.json.zst' as page, 2 as position,
    'bench' as model_id
from (select *, written + to_microseconds((draw(id, 55) * 4 * 86400e6)::bigint) as answered from comments)
where is_answered and answered::date < $last
""",
}
_VISITS = """
select
    $source as source, $site as site, nights.night::date as night, practice_id as label, practice_id,
    'ok' as status, true as can_reply,
    nights.night = $first or ($source = 'google_business' and nights.night = $last) as complete,
    coalesce(rows, 0) as expected, coalesce(rows, 0) as fetched, 0 as set_aside
from range($first, $last + interval 1 day, interval 1 day) as nights (night)
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


def write_history(data: DataDir, count: int, months: int) -> int:
    """Write `months` months of `count` practices, night by night, up to `LAST_NIGHT`; return the rows of features.

    The first night lists everything there is, which is nothing, and the last one every review that still stands; those
    between bring what is new or edited.
    """
    year, month = divmod(LAST_NIGHT.year * 12 + LAST_NIGHT.month - 1 - months, 12)
    first = dt.date(year, month + 1, 1)
    days = (LAST_NIGHT - first).days
    sizes = {"practices": count, "months": months, "first": first, "days": days}
    numbers = {"reviews": REVIEWS, "posts": POSTS, "comments": COMMENTS}
    rows = 0
    with duckdb.connect() as connection:
        connection.execute("set threads = 2; set TimeZone = 'UTC'; set memory_limit = '8GB'")
        connection.execute(_DRAW)
        for statement in _ITEMS.split(";"):
            if statement.strip():
                used = {name: value for name, value in {**sizes, **numbers}.items() if f"${name}" in statement}
                connection.execute(statement, used)
        for source in SOURCES:
            values = {"last": LAST_NIGHT, "topics": list(TOPICS)}
            values = {name: value for name, value in values.items() if f"${name}" in _ROWS[source]}
            connection.execute(f"create or replace table made as {_ROWS[source]}", values)
            told = {"source": source, "site": source.split("_")[0], "first": first, "last": LAST_NIGHT}
            _write_nights(data, connection, "features", source, "from made", {}, FEATURES, first)
            _write_nights(data, connection, "completeness", source, f"from ({_VISITS})", told, COMPLETENESS, first)
            found = connection.execute("select count(*) from made").fetchone()
            rows += found[0] if found else 0
    return rows


_NEXT = """
select * replace (
    $night::date as night,
    item_id || '-' || $night as item_id,
    -- What belongs together stays together, or answers what the night does not bring.
    case when kind in ('reply', 'metric') then parent_id || '-' || $night else parent_id end as parent_id,
    case when kind = 'post' then thread_id || '-' || $night else thread_id end as thread_id,
    least(created_at + to_days($later), $night::timestamp) as created_at,
    least(created_local + to_days($later), $night::timestamp) as created_local,
    least(updated_at + to_days($later), $night::timestamp) as updated_at
)
from read_parquet($files)
order by hash(item_id), night
limit $rows
"""


def add_night(data: DataDir, night: dt.date, rows: int) -> None:
    """Write one more night with `rows` rows in all, like those of a week before the history ends, by other ids."""
    week = [LAST_NIGHT - dt.timedelta(days=days) for days in range(6, 12)]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for source, share in zip(SOURCES, (0.15, 0.85), strict=True):
            told = {
                "night": night.isoformat(),
                "later": (night - week[0]).days,
                "files": [str(data.features(source, day)) for day in week],
                "rows": round(share * rows),
            }
            made = connection.execute(_NEXT, told).to_arrow_table().select(FEATURES.names).cast(FEATURES)
            pq.write_table(made, data.features(source, night), compression="zstd", store_schema=False)
            visits = pq.read_table(data.completeness(source, week[0]), schema=COMPLETENESS)
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
    first: dt.date,
) -> None:
    """Write a file for each night from `first` on, some months at a time so that memory stays small."""
    connection.execute(f"create or replace table rows_of_nights as select * {told}", values)
    order = "night, practice_id, kind, item_id" if stage == "features" else "night, practice_id"
    start = first
    while start <= LAST_NIGHT:
        end = min(start + dt.timedelta(days=90), LAST_NIGHT + dt.timedelta(days=1))
        some = connection.execute(
            f"select {order}, * exclude ({order}) from rows_of_nights where night >= ? and night < ? order by {order}",
            [start, end],
        ).to_arrow_table()
        columns = [
            some.column(field.name).cast(field.type)
            if field.name in some.column_names
            else pa.nulls(some.num_rows, field.type)
            for field in schema
        ]
        table = pa.Table.from_arrays(columns, schema=schema)
        nights = connection.execute(
            "select night, count(*) from rows_of_nights where night >= ? and night < ? group by 1", [start, end]
        )
        counts = dict(nights.fetchall())
        offset = 0
        for night in (start + dt.timedelta(days=number) for number in range((end - start).days)):
            path = data.features(source, night) if stage == "features" else data.completeness(source, night)
            rows = counts.get(night, 0)
            path.parent.mkdir(parents=True, exist_ok=True)
            # Not written beside and renamed: seven thousand files would wait for the disk longer than all else takes.
            pq.write_table(
                table.slice(offset, rows), path, compression="zstd", row_group_size=131_072, store_schema=False
            )
            offset += rows
        start = end
