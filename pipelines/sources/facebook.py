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
from typing import Annotated, Any

import msgspec

from pipelines.answers import Id, decoded, each, record_or_none
from pipelines.errors import BadKey, ChangedShape, RapportError
from pipelines.graph import Edge, Graph, Number, epoch, fields_of, following, numbers, pacific_epoch
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import load_key
from pipelines.sources import Cost, Listing, Metric, Outcome, Page, Planned, Source, Tools

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
        Metric(name="followers_count", meaning="followers"),
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
    return [
        Planned(
            label=practice.id,
            practice_id=practice.id,
            key=practice.facebook.key,
            about={"practice_id": practice.id, "page": practice.facebook.page},
        )
        for practice in practices.practice
        if practice.facebook
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    return Listing(complete=receipt.complete, can_reply=True)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Keep the page's counts, its posts with what is below them, all recommendations, and its numbers of each day.

    Raises SiteDown, BadKey, UnknownName (the page is gone, or hidden from the key) or ChangedShape.
    """
    graph = _graph(planned, tools)
    node, where = planned.about["page"], f"{SOURCE.name}: {planned.label}"
    body = graph.get(f"/{node}", {"fields": _PAGE_FIELDS})
    decoded(body, _Page, source=SOURCE.name, where=where)
    yield Page(body=graph.kept(body))
    ends_on = _key_expires_on(graph, planned)
    since, newest = _since(planned), planned.since
    asked = {"fields": _POST_FIELDS, "limit": "25", "since": epoch(since)}
    for body in graph.pages(f"/{node}/published_posts", asked):
        yield Page(body=graph.kept(body))
        raws = decoded(body, Edge, source=SOURCE.name, where=where).data
        heads = [head for raw in raws if (head := record_or_none(raw, _PostHead))]
        newest = max([head.created_time for head in heads] + ([newest] if newest else []), default=None)
        for head in heads:
            if (more := following(head.comments)) is not None:
                for rest in graph.pages(f"/{head.id}/comments", more):
                    yield Page(body=graph.kept(rest, "comments", id=str(head.id)))
        # The newest stand first, and not every address of a next page still holds `since`.
        if heads and all(head.created_time.date() < since for head in heads):
            break
    # Graph promises no order of recommendations, so they are always listed to the end.
    for body in graph.pages(f"/{node}/ratings", {"fields": _RATING_FIELDS, "limit": "100"}):
        yield Page(body=graph.kept(body))
    days = MOST_INSIGHT_DAYS if planned.sweep else LATE_DAYS
    span = {
        "since": pacific_epoch(planned.night - dt.timedelta(days=days)),
        "until": pacific_epoch(planned.night),
    }
    for metric in asked_insights(planned.night):
        # One by one, because one name that Facebook has given up fails a whole request.
        asked = {"metric": metric, "period": "day", **span}
        body = graph.get(f"/{node}/insights", asked, may_refuse=True)
        yield Page(body=graph.kept(body, "insights", id=node, metrics=[metric]))
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
    found: list[tuple[str, RapportError | None]] = []
    for planned in {planned.key: planned for planned in reversed(visits(practices, tools.exports))}.values():
        what = f"key '{planned.key or 'default'}'"
        try:
            graph = _graph(planned, tools)
            graph.get(f"/{planned.about['page']}", {"fields": _PAGE_FIELDS})
            ends_on = _key_expires_on(graph, planned)
        except RapportError as error:
            found.append((what, error))
        else:
            found.append((f"{what} works" + (f", until {ends_on}" if ends_on else ""), None))
    return found


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield what a page holds: the page's counts, posts with comments, more comments, recommendations, or numbers.

    Raises ChangedShape.
    """
    practice_id = page.receipt.about.get("practice_id", page.receipt.label)
    where = f"{SOURCE.name}: {practice_id}, {page.path}"
    place: dict[str, Any] = {
        "source": SOURCE.name,
        "site": SOURCE.site,
        "practice_id": practice_id,
        "page": page.path,
    }
    held = decoded(page.body, dict[str, msgspec.Raw], source=SOURCE.name, where=where)
    if "insights" in held:
        yield from _numbers(page, place)
    elif "comments" in held:
        thread = decoded(page.body, _Thread, source=SOURCE.name, where=where)
        yield from _comments(thread.comments, str(thread.id), page, place | {"position": 0})
    elif "data" in held:
        raws = decoded(page.body, Edge, source=SOURCE.name, where=where).data
        fields = fields_of(raws)
        if not _ONLY_RATINGS.isdisjoint(fields):
            yield from _ratings(raws, page, place)
        elif "values" in fields:
            yield from _numbers(page, place)
        elif fields and (_ONLY_POSTS.isdisjoint(fields) or not _ONLY_COMMENTS.isdisjoint(fields)):
            raise _strange("the list is none of those this source asks for", where)
        else:
            yield from _posts(raws, page, place)
    elif {"fan_count", "followers_count", "rating_count"} & set(held):
        yield from _counts(decoded(page.body, _Page, source=SOURCE.name, where=where), place)
    else:
        raise _strange("the page is none of those this source asks for", where)


def _strange(what: str, where: str) -> ChangedShape:
    return ChangedShape(what, where=where, next_step=f"Compare it with pipelines/sources/{SOURCE.name}.py")


def _counts(counts: _Page, place: dict[str, Any]) -> Iterator[Record]:
    if counts.rating_count is not None:
        yield Record(
            kind="total",
            item_id="total",
            position=0,
            total_count=counts.rating_count,
            total_average=counts.overall_star_rating,
            **place,
        )
    for name in ("fan_count", "followers_count"):
        yield _metric(name, getattr(counts, name), None, place | {"position": 0})


def _numbers(page: SavedPage, place: dict[str, Any]) -> Iterator[Record | SetAside]:
    known = [metric.name for metric in SOURCE.metrics]
    for position, number in enumerate(numbers(page.body, page, known=known, practice_id=place["practice_id"]), 1):
        if isinstance(number, Number):
            yield _metric(number.metric, number.value, None, place | {"position": position}, day=number.day)
        else:
            yield number


def _posts(raws: list[msgspec.Raw], page: SavedPage, place: dict[str, Any]) -> Iterator[Record | SetAside]:
    own = page.receipt.about.get("page")
    for position, post in each(raws, _Post, page, practice_id=place["practice_id"], what="post"):
        if isinstance(post, SetAside):
            yield post
            continue
        here = place | {"position": position}
        author = str(post.sender.id) if post.sender else own
        yield Record(
            kind="post",
            item_id=str(post.id),
            author_id=author,
            author_name=post.sender.name if post.sender else None,
            by_practice=author == own,
            # Somebody else's post stands on the page because it was written to the page.
            matched=None if author == own else "handle",
            # The post's `updated_time` moves with every comment, so it is no sign of an edit.
            created_at=post.created_time.astimezone(dt.UTC),
            text=post.message or None,
            state="hidden" if post.is_hidden else None,
            url=_public(post.permalink_url),
            mentions=_mentions(post.message_tags, own),
            **here,
        )
        for kind in REACTIONS:
            counted: _Counted | None = getattr(post, f"reactions_{kind}")
            if counted:
                yield _metric(f"reactions_{kind}", _total(counted.summary), str(post.id), here)
        if post.comments:
            yield _metric("comments", _total(post.comments.summary), str(post.id), here)
            # Facebook leaves `shares` out where there is none: that is its zero, if counts were given at all.
            yield _metric("shares", post.shares.count if post.shares else 0, str(post.id), here)
            yield from _comments(post.comments, str(post.id), page, here)


def _comments(edge: Edge, post_id: str, page: SavedPage, place: dict[str, Any]) -> Iterator[Record | SetAside]:
    own = page.receipt.about.get("page")
    for _, comment in each(edge.data, _Comment, page, practice_id=place["practice_id"], what="comment"):
        if isinstance(comment, SetAside):
            yield comment
            continue
        author = str(comment.sender.id) if comment.sender else None
        yield Record(
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
            url=_public(comment.permalink_url),
            mentions=_mentions(comment.message_tags, own),
            **place,
        )


def _ratings(raws: list[msgspec.Raw], page: SavedPage, place: dict[str, Any]) -> Iterator[Record | SetAside]:
    own = page.receipt.about.get("page")
    for position, rating in each(raws, _Rating, page, practice_id=place["practice_id"], what="recommendation"):
        if isinstance(rating, SetAside):
            yield rating
            continue
        here = place | {"position": position}
        story = rating.open_graph_story or _Story()
        said = rating.recommendation_type
        key = str(story.id) if story.id is not None else _key(rating, own or place["practice_id"])
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
            **here,
        )
        for _, comment in each(
            story.comments.data if story.comments else (),
            _Comment,
            page,
            practice_id=place["practice_id"],
            what="reply",
        ):
            if isinstance(comment, SetAside):
                yield comment
            elif comment.sender and str(comment.sender.id) == own:
                yield Record(
                    kind="reply",
                    item_id=str(comment.id),
                    parent_id=key,
                    author_id=own,
                    by_practice=True,
                    created_at=comment.created_time.astimezone(dt.UTC),
                    text=comment.message or None,
                    **here,
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


def _metric(
    name: str, value: int | None, post_id: str | None, place: dict[str, Any], day: dt.date | None = None
) -> Record:
    of = "/".join(part for part in (post_id, name, day.isoformat() if day else None) if part)
    return Record(kind="metric", item_id=of, metric=name, value=value, parent_id=post_id, day=day, **place)


def _total(summary: _Summary | None) -> int | None:
    return summary.total_count if summary else None


def _mentions(tags: list[_Person], own: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys("practice" if str(tag.id) == own else str(tag.id) for tag in tags))


def _public(url: str | None) -> str | None:
    return url if url and url.startswith("https://") else None


def _since(planned: Planned) -> dt.date:
    """Return the first day whose posts are read tonight."""
    oldest = planned.night - dt.timedelta(days=SOURCE.window_days or 0)
    if planned.sweep or planned.since is None:
        return oldest
    return max(oldest, min((planned.since - OVERLAP).date(), planned.night - REREAD))


def _key_expires_on(graph: Graph, planned: Planned) -> dt.date | None:
    """Return the day on which the token, or its access to data, ends. Only the app itself may ask, so without
    `app_id` in the key nobody says."""
    key = _key_of(planned)
    if "app_id" not in key:
        return None
    app = f"{key['app_id']}|{key['app_secret']}"
    body = graph.get("/debug_token", {"input_token": key["access_token"]}, bearer=app)
    where = f"{SOURCE.name}: {planned.label}"
    told = decoded(body, _Debug, source=SOURCE.name, where=where).data
    if not told.is_valid:
        raise BadKey("Facebook says that the token is not valid", where=where, next_step=_RENEW)
    ends = [end for end in (told.expires_at, told.data_access_expires_at) if end]
    return dt.datetime.fromtimestamp(min(ends), dt.UTC).date() if ends else None


_RENEW = "Make a new page access token as docs/sources/facebook.md says"


def _key_of(planned: Planned) -> dict[str, str]:
    return load_key(SOURCE.name, planned.key, SOURCE.key_fields, may_have=("app_id",))


def _graph(planned: Planned, tools: Tools) -> Graph:
    key = _key_of(planned)
    return Graph(
        tools.client,
        tools.address(),
        title="Facebook",
        source=SOURCE.name,
        where=f"{SOURCE.name}: {planned.label}",
        token=key["access_token"],
        app_secret=key["app_secret"],
        renew=_RENEW,
        allow="Give the app the permissions of docs/sources/facebook.md, and its user the page's tasks",
        correct="Correct facebook.page in practices.toml, or take it out if the page is gone",
    )
