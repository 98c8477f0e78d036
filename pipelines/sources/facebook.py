"""Facebook: a page's posts, comments, reactions and shares, what people recommend, and the page's own numbers.

Graph tells new posts by date, but no new comment on an old post. So most nights read the posts of the last thirty days
with all that is below them, and the weekly sweep those of the last ninety; what is said later below an older post is
not seen. A recommendation is yes or no and is never turned into stars.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Generator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec

from pipelines.answers import Advice, Id, latest, tried_keys
from pipelines.errors import BadKey, RapportError
from pipelines.graph import Edge, Graph, all_before, epoch, fields_of, following, number_records, pacific_epoch
from pipelines.landing import SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import load_key
from pipelines.sources import Cost, Metric, Outcome, Page, Planned, Source, Tools, account_visits, site_listing
from pipelines.talk import Place, Reading, counted, metric, metrics, named, public

_VIEWS_CAME = dt.date(2025, 11, 15)
_IMPRESSIONS_WENT = dt.date(2025, 11, 14)
REACTIONS = ("like", "love", "care", "haha", "wow", "sad", "angry")
SOURCE = Source(
    name="facebook",
    title="Facebook",
    policy=Policy(
        terms_url="https://developers.facebook.com/terms/",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="stored copy",
        # Version of February 2026. It names no number of days, only "no longer needed", and counts what is derived as
        # theirs: text goes at once, features when four sweeps have listed them anew. Each client's data stay apart, and
        # nobody may be identified again or be given a profile, so a pseudonym stays within a practice and a year.
        keep_text_days=1,
        keep_derived_days=30,
        author_key=True,
        attribution="Facebook",
        classify=True,
    ),
    gives=("posts", "comments", "shares", "metrics", "reviews", "replies", "totals"),
    told=(
        "the page's posts, comments and answers, reactions by kind, numbers of shares, recommendations with the page's "
        "replies, Facebook's own rating, followers, views",
        "who shared; most visitors' names; comments written on posts older than 30 days (90 in the weekly sweep); "
        "stars, as recommendations are yes or no",
        "a page's access token and its app's secret, nightly, with a weekly sweep of 90 days",
    ),
    site="facebook",
    addresses={"api": "https://graph.facebook.com/v26.0"},
    per_minute=60,
    cost=Cost(calls=11, sweep_calls=14),
    key_fields=("access_token", "app_secret"),
    metrics=(
        Metric(name="reactions_like", meaning="likes"),
        *(Metric(name=f"reactions_{kind}", meaning="other") for kind in REACTIONS[1:]),
        Metric(name="shares", meaning="shares"),
        Metric(name="comments", meaning="comments"),
        Metric(name="fan_count", meaning="followers"),
        Metric(name="followers_count", meaning="followers", divides=True),
        Metric(name="page_media_view", meaning="views", valid_from=_VIEWS_CAME),
        Metric(name="page_total_media_view_unique", meaning="reach", valid_from=_VIEWS_CAME),
        Metric(name="page_post_engagements", meaning="other"),
        Metric(name="page_views_total", meaning="other"),
        Metric(name="page_daily_follows_unique", meaning="other"),
        Metric(name="page_daily_unfollows_unique", meaning="other"),
        Metric(name="page_impressions", meaning="impressions", valid_to=_IMPRESSIONS_WENT),
        Metric(name="page_impressions_unique", meaning="reach", valid_to=dt.date(2025, 6, 14)),
        Metric(name="page_fans", meaning="followers", valid_to=_IMPRESSIONS_WENT),
        Metric(name="page_engaged_users", meaning="other", valid_to=dt.date(2024, 3, 13)),
    ),
    window_days=90,
    tells_hidden=True,
)
_ADVICE = Advice(
    title="Facebook",
    renew="Make a new page access token as docs/sources/facebook.md says",
    allow="Give the app the permissions of docs/sources/facebook.md, and its user the page's tasks",
    correct="Correct facebook.page in practices.toml, or take it out if the page is gone",
)
OVERLAP = dt.timedelta(days=7)
REREAD = dt.timedelta(days=30)
# Facebook corrects its numbers for some days, and at night the day before is not over in California. A sweep also fills
# what nights that failed have left out.
LATE_DAYS = 4
MOST_INSIGHT_DAYS = 89
_COMMENT_FIELDS = (
    "id,message,created_time,from{id,name},parent{id},permalink_url,is_hidden,is_private,message_tags{id,name}"
)
_POST_FIELDS = ",".join(
    (
        "id,message,created_time,permalink_url,is_hidden,from{id,name},message_tags{id,name},shares",
        *(f"reactions.type({kind.upper()}).limit(0).summary(total_count).as(reactions_{kind})" for kind in REACTIONS),
        # The stream has the answers, too, each with its parent.
        f"comments.filter(stream).order(reverse_chronological).limit(50).summary(total_count){{{_COMMENT_FIELDS}}}",
    )
)
_RATING_FIELDS = (
    "created_time,recommendation_type,review_text,has_rating,has_review,rating,reviewer{id,name},"
    "open_graph_story{id,comments{id,message,created_time,from{id,name}}}"
)
_PAGE_FIELDS = "id,overall_star_rating,rating_count,fan_count,followers_count"
# A recommendation has no id and no field of its own that is always there.
_ONLY_RATINGS = frozenset(("recommendation_type", "has_rating", "has_review", "reviewer"))
_ONLY_POSTS = frozenset(("message", "story", "permalink_url"))
# Comments come below their post; a list of them alone does not say below what they stand.
_ONLY_COMMENTS = frozenset(("parent", "like_count", "comment_count", "can_remove", "user_likes"))
_RECOMMENDED = {"positive": "recommended", "negative": "not_recommended"}


class _Person(msgspec.Struct):
    id: Id
    name: str | None = None


class _Node(msgspec.Struct):
    id: Id


class _Count(msgspec.Struct):
    count: int


class _Summary(msgspec.Struct):
    total_count: int | None = None


class _Counted(msgspec.Struct):
    summary: _Summary | None = None


class _Comments(Edge):
    summary: _Summary | None = None


class _Comment(msgspec.Struct, rename={"sender": "from"}):
    id: Id
    created_time: dt.datetime
    message: str | None = None
    sender: _Person | None = None
    parent: _Node | None = None
    permalink_url: str | None = None
    is_hidden: bool = False
    is_private: bool = False
    message_tags: list[_Person] = []


class _Post(msgspec.Struct, rename={"sender": "from"}):
    id: Id
    created_time: dt.datetime
    message: str | None = None
    sender: _Person | None = None
    permalink_url: str | None = None
    is_hidden: bool = False
    message_tags: list[_Person] = []
    shares: _Count | None = None
    reactions_like: _Counted | None = None
    reactions_love: _Counted | None = None
    reactions_care: _Counted | None = None
    reactions_haha: _Counted | None = None
    reactions_wow: _Counted | None = None
    reactions_sad: _Counted | None = None
    reactions_angry: _Counted | None = None
    comments: _Comments | None = None


class _PostHead(msgspec.Struct):
    id: Id
    created_time: dt.datetime
    comments: Edge | None = None


class _Story(msgspec.Struct):
    id: Id | None = None
    comments: Edge | None = None


class _Rating(msgspec.Struct):
    created_time: dt.datetime
    recommendation_type: str | None = None
    review_text: str | None = None
    rating: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    reviewer: _Person | None = None
    open_graph_story: _Story | None = None


class _Page(msgspec.Struct):
    id: Id
    overall_star_rating: Decimal | None = None
    rating_count: int | None = None
    fan_count: int | None = None
    followers_count: int | None = None


class _Thread(msgspec.Struct):
    id: Id
    comments: Edge


class _Debugged(msgspec.Struct):
    is_valid: bool
    expires_at: int = 0
    data_access_expires_at: int = 0


class _Debug(msgspec.Struct):
    data: _Debugged


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return account_visits(practices, SOURCE.name, "page")


listing = site_listing


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Keep the page's counts, its posts with what is below them, all recommendations, and its numbers of each day.

    Raises SiteDown, BadKey, UnknownName (the page is gone, or hidden from the key) or ChangedShape.
    """
    graph = _graph(planned, tools)
    node = planned.about["page"]
    body = graph.get(f"/{node}", {"fields": _PAGE_FIELDS})
    graph.decoded(body, _Page)
    yield Page(body=graph.kept(body))
    ends_on = _key_expires_on(graph, planned)
    since, newest = first_day(planned), planned.since
    asked = {"fields": _POST_FIELDS, "limit": "25", "since": epoch(since)}
    for body in graph.pages(f"/{node}/published_posts", asked):
        yield Page(body=graph.kept(body))
        heads = graph.listed(body, _PostHead)
        newest = latest(newest, *(head.created_time for head in heads))
        for head in heads:
            if (more := following(head.comments)) is not None:
                for rest in graph.pages(f"/{head.id}/comments", more):
                    yield Page(body=graph.kept(rest, "comments", id=str(head.id)))
        if all_before([head.created_time for head in heads], since):
            break
    # Graph promises no order of recommendations, so they are always listed to the end.
    for body in graph.pages(f"/{node}/ratings", {"fields": _RATING_FIELDS, "limit": "100"}):
        yield Page(body=graph.kept(body))
    days = MOST_INSIGHT_DAYS if planned.sweep else LATE_DAYS
    span = {
        "since": pacific_epoch(planned.night - dt.timedelta(days=days)),
        "until": pacific_epoch(planned.night),
    }
    for name in asked_insights(planned.night):
        # One by one, because one name that Facebook has given up fails a whole request.
        asked = {"metric": name, "period": "day", **span}
        body = graph.get(f"/{node}/insights", asked, may_refuse=True)
        yield Page(body=graph.kept(body, "insights", id=node, metrics=[name]))
    return Outcome(complete=planned.sweep, newest=newest, key_expires_on=ends_on)


def asked_insights(night: dt.date) -> list[str]:
    """Return the names of the page's daily numbers that Facebook gives on a night."""
    return [
        metric.name
        for metric in SOURCE.metrics
        if metric.name.startswith("page_")
        and (metric.valid_from or night) <= night
        and (metric.valid_to or night) >= night
    ]


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Read one page with each key, and say when the key ends."""

    def ask(planned: Planned) -> str:
        graph = _graph(planned, tools)
        graph.get(f"/{planned.about['page']}", {"fields": _PAGE_FIELDS})
        ends_on = _key_expires_on(graph, planned)
        return f", until {ends_on}" if ends_on else ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield what a page holds: the page's counts, posts with comments, more comments, recommendations, or numbers.

    Raises ChangedShape.
    """
    reading = Reading(page, SOURCE.site)
    held = reading.fields()
    if "insights" in held:
        yield from number_records(reading, SOURCE.counts)
    elif "comments" in held:
        thread = reading.decoded(_Thread)
        yield from _comments(thread.comments, str(thread.id), reading, reading.at(0))
    elif "data" in held:
        raws = reading.decoded(Edge).data
        fields = fields_of(raws)
        if not _ONLY_RATINGS.isdisjoint(fields):
            yield from reading.records(
                raws, _Rating, "recommendation", lambda rating, place: _rated(rating, reading, place)
            )
        elif "values" in fields:
            yield from number_records(reading, SOURCE.counts)
        elif fields and (_ONLY_POSTS.isdisjoint(fields) or not _ONLY_COMMENTS.isdisjoint(fields)):
            raise reading.strange("the list is none of those this source asks for")
        else:
            yield from reading.records(raws, _Post, "post", lambda post, place: _posted(post, reading, place))
    elif {"fan_count", "followers_count", "rating_count"} & set(held):
        yield from _counts(reading.decoded(_Page), reading.at(0))
    else:
        raise reading.strange("the page is none of those this source asks for")


def _counts(counts: _Page, place: Place) -> Iterator[Record]:
    if counts.rating_count is not None:
        yield Record(
            kind="total",
            item_id="total",
            total_count=counts.rating_count,
            total_average=counts.overall_star_rating,
            **place,
        )
    yield from metrics(counted(counts, SOURCE.counts), place)


def _posted(post: _Post, reading: Reading, place: Place) -> Iterator[Record | SetAside]:
    own, item_id = reading.about.get("page"), str(post.id)
    author = str(post.sender.id) if post.sender else own
    yield Record(
        kind="post",
        item_id=item_id,
        author_id=author,
        author_name=post.sender.name if post.sender else None,
        by_practice=author == own,
        # Somebody else's post stands on the page because it was written to the page.
        matched=None if author == own else "handle",
        # The post's `updated_time` moves with every comment, so it is no sign of an edit.
        created_at=post.created_time.astimezone(dt.UTC),
        text=post.message or None,
        state="hidden" if post.is_hidden else None,
        url=public(post.permalink_url),
        mentions=named((str(tag.id) for tag in post.message_tags), own),
        **place,
    )
    for kind in REACTIONS:
        reacted: _Counted | None = getattr(post, f"reactions_{kind}")
        if reacted:
            yield metric(f"reactions_{kind}", _total(reacted.summary), place, post=item_id)
    if post.comments:
        # Facebook leaves `shares` out where there is none: that is its zero, if counts were given at all.
        shares = post.shares.count if post.shares else 0
        yield from metrics({"comments": _total(post.comments.summary), "shares": shares}, place, post=item_id)
        yield from _comments(post.comments, item_id, reading, place)


def _comments(edge: Edge, post_id: str, reading: Reading, place: Place) -> Iterator[Record | SetAside]:
    return reading.records(
        edge.data, _Comment, "comment", lambda comment, at: [_said(comment, post_id, reading, at)], at=place
    )


def _said(comment: _Comment, post_id: str, reading: Reading, place: Place) -> Record:
    own = reading.about.get("page")
    author = str(comment.sender.id) if comment.sender else None
    return Record(
        kind="comment",
        item_id=str(comment.id),
        thread_id=post_id,
        parent_id=str(comment.parent.id) if comment.parent else post_id,
        author_id=author,
        author_name=comment.sender.name if comment.sender else None,
        by_practice=author is not None and author == own,
        created_at=comment.created_time.astimezone(dt.UTC),
        text=comment.message or None,
        state="private" if comment.is_private else "hidden" if comment.is_hidden else None,
        url=public(comment.permalink_url),
        mentions=named((str(tag.id) for tag in comment.message_tags), own),
        **place,
    )


def _rated(rating: _Rating, reading: Reading, place: Place) -> Iterator[Record | SetAside]:
    own = reading.about.get("page")
    story = rating.open_graph_story or _Story()
    said = rating.recommendation_type
    key = str(story.id) if story.id is not None else _key(rating, own or reading.practice_id)
    yield Record(
        kind="review",
        item_id=key,
        author_id=str(rating.reviewer.id) if rating.reviewer else None,
        author_name=rating.reviewer.name if rating.reviewer else None,
        created_at=rating.created_time.astimezone(dt.UTC),
        # Only those from before 2018 have stars; a yes or no stays what it is, so that nobody averages it.
        rating=None if rating.rating is None else Decimal(rating.rating),
        state=_RECOMMENDED.get(said.lower(), said.lower()) if said else None,
        text=rating.review_text or None,
        **place,
    )
    raws = story.comments.data if story.comments else ()
    yield from reading.records(raws, _Comment, "reply", lambda comment, at: _replied(comment, key, own, at), at=place)


def _replied(comment: _Comment, review: str, own: str | None, place: Place) -> Iterator[Record]:
    if comment.sender and str(comment.sender.id) == own:
        yield Record(
            kind="reply",
            item_id=str(comment.id),
            parent_id=review,
            author_id=own,
            by_practice=True,
            created_at=comment.created_time.astimezone(dt.UTC),
            text=comment.message or None,
            **place,
        )


def _key(rating: _Rating, page_id: str) -> str:
    """Return what a recommendation without an id is known by; an edit of its text makes it another."""
    parts = (
        page_id,
        rating.created_time.astimezone(dt.UTC).isoformat(),
        str(rating.reviewer.id) if rating.reviewer else "",
        rating.recommendation_type or "",
        rating.review_text or "",
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _total(summary: _Summary | None) -> int | None:
    return summary.total_count if summary else None


def first_day(planned: Planned) -> dt.date:
    """Return the first day whose posts are read tonight."""
    return planned.first_day(SOURCE.window_days or 0, overlap=OVERLAP, reread=REREAD)


def _key_expires_on(graph: Graph, planned: Planned) -> dt.date | None:
    """Return the day on which the token, or its access to data, ends. Only the app itself may ask, so without
    `app_id` in the key nobody says."""
    key = _key_of(planned)
    if "app_id" not in key:
        return None
    app = f"{key['app_id']}|{key['app_secret']}"
    body = graph.get("/debug_token", {"input_token": key["access_token"]}, bearer=app)
    told = graph.decoded(body, _Debug).data
    if not told.is_valid:
        where = f"{SOURCE.name}: {planned.label}"
        raise BadKey("Facebook says that the token is not valid", where=where, next_step=_ADVICE.renew)
    ends = [end for end in (told.expires_at, told.data_access_expires_at) if end]
    return dt.datetime.fromtimestamp(min(ends), dt.UTC).date() if ends else None


def _key_of(planned: Planned) -> dict[str, str]:
    return load_key(SOURCE.name, planned.key, SOURCE.key_fields, may_have=("app_id",))


def _graph(planned: Planned, tools: Tools) -> Graph:
    key = _key_of(planned)
    return Graph(
        tools.client,
        tools.address(),
        _ADVICE,
        source=SOURCE.name,
        where=f"{SOURCE.name}: {planned.label}",
        token=key["access_token"],
        app_secret=key["app_secret"],
    )
