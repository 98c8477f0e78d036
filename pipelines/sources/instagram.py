"""Instagram: an account's media, comments with one level of replies, media it is tagged in, and its own numbers.

Graph tells new media by date, but no new comment on an older one. So most nights read the media of the last thirty days
with all that is below them, and the weekly sweep those of the last ninety. Who mentions the account in a text elsewhere
is told to webhooks only, so it is not seen.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec

from pipelines.answers import Advice, Id, latest, record_or_none, tried_keys
from pipelines.errors import RapportError
from pipelines.graph import Edge, Graph, all_before, epoch, fields_of, following, number_records, pacific_epoch
from pipelines.landing import SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import load_key
from pipelines.sources import Cost, Metric, Outcome, Page, Planned, Source, Tools, account_visits, site_listing
from pipelines.talk import Place, Reading, counted, metrics, named, pictured, public
from pipelines.tokens import Token

_VIEWS_CAME = dt.date(2024, 7, 2)
_VIEWS_BEFORE = dt.date(2024, 7, 1)
SOURCE = Source(
    name="instagram",
    title="Instagram",
    policy=Policy(
        terms_url="https://developers.facebook.com/terms/",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="stored copy",
        # As at Facebook: no number of days, so text goes at once and features when four sweeps have listed them anew.
        keep_text_days=1,
        keep_derived_days=30,
        author_key=True,
        attribution="Instagram",
        classify=True,
    ),
    gives=("posts", "comments", "mentions", "metrics"),
    told=(
        "the account's posts and reels, comments and replies, media it is tagged in, likes, views, reach, saves, "
        "followers",
        "who shared or liked; stories; mentions in texts (told to webhooks only); comments written on media older "
        "than 30 days (90 in the weekly sweep)",
        "a long-lived token of Instagram Login, which Rapport renews, nightly, with a weekly sweep of 90 days",
    ),
    site="instagram",
    addresses={"api": "https://graph.instagram.com/v26.0", "token": "https://graph.instagram.com"},
    per_minute=60,
    cost=Cost(calls=34, sweep_calls=36),
    key_fields=("access_token",),
    metrics=(
        Metric(name="like_count", meaning="likes"),
        Metric(name="comments_count", meaning="comments"),
        Metric(name="followers_count", meaning="followers"),
        Metric(name="media_count", meaning="other"),
        Metric(name="reach", meaning="reach", divides=True),
        Metric(name="views", meaning="views", valid_from=_VIEWS_CAME),
        Metric(name="saved", meaning="saves"),
        Metric(name="shares", meaning="shares"),
        Metric(name="total_interactions", meaning="other"),
        Metric(name="accounts_engaged", meaning="other"),
        Metric(name="profile_activity", meaning="other"),
        Metric(name="impressions", meaning="impressions", valid_to=_VIEWS_BEFORE),
        Metric(name="plays", meaning="views", valid_to=_VIEWS_BEFORE),
        Metric(name="video_views", meaning="views", valid_to=_VIEWS_BEFORE),
    ),
    window_days=90,
    tells_hidden=True,
)
_ADVICE = Advice(
    title="Instagram",
    renew="Authorise the account again as docs/sources/instagram.md says, and store its new long-lived token",
    allow="Give the app the permissions of docs/sources/instagram.md and authorise the account again",
    correct="Correct instagram.account in practices.toml, or take it out if the account is gone",
)
OVERLAP = dt.timedelta(days=7)
REREAD = dt.timedelta(days=30)
# Instagram corrects its numbers for some days, and tells a day's total only to those who ask for that day. At night
# the day before is not over in California.
LATE_DAYS = (4, 3, 2)
# A token must be a day old before it is renewed, and nobody tells how old the operator's is: two nights are enough.
FIRST_RENEWAL = dt.timedelta(days=2)
RENEWAL = dt.timedelta(days=7)
_ACCOUNT_METRICS = ("reach", "views", "accounts_engaged", "total_interactions")
_MEDIA_METRICS = ("reach", "views", "saved", "total_interactions")
_COMMENT_FIELDS = "id,text,timestamp,username,from{id,username},parent_id,hidden"
_MEDIA_FIELDS = (
    "id,caption,alt_text,media_type,media_product_type,permalink,timestamp,username,like_count,comments_count,"
    f"comments.limit(50){{{_COMMENT_FIELDS},replies.limit(50){{{_COMMENT_FIELDS}}}}}"
)
_TAG_FIELDS = "id,caption,media_type,permalink,timestamp,username,like_count,comments_count"
_ACCOUNT_FIELDS = "id,username,followers_count,media_count"
_HANDLE = re.compile(r"(?<![\w.@])@(\w(?:[\w.]{0,28}\w)?)")


class _Sender(msgspec.Struct):
    username: str | None = None


class _Comment(msgspec.Struct, rename={"sender": "from"}):
    id: Id
    timestamp: dt.datetime
    text: str | None = None
    username: str | None = None
    sender: _Sender | None = None
    parent_id: Id | None = None
    hidden: bool = False
    replies: Edge | None = None


class _CommentHead(msgspec.Struct):
    id: Id
    replies: Edge | None = None


class _Media(msgspec.Struct):
    id: Id
    timestamp: dt.datetime
    caption: str | None = None
    media_type: str | None = None
    alt_text: str | None = None
    username: str | None = None
    permalink: str | None = None
    # Left out where the account hides them.
    like_count: int | None = None
    comments_count: int | None = None
    comments: Edge | None = None


class _MediaHead(msgspec.Struct):
    id: Id
    timestamp: dt.datetime
    media_type: str | None = None
    media_product_type: str | None = None
    comments: Edge | None = None


class _Account(msgspec.Struct):
    id: Id
    username: str
    followers_count: int | None = None
    media_count: int | None = None


class _Tagged(msgspec.Struct):
    tags: Edge


class _Thread(msgspec.Struct):
    """More comments of a medium, or more replies of a comment below it."""

    below: str
    comments: Edge | None = None
    replies: Edge | None = None
    parent: str | None = None


class _Renewed(msgspec.Struct):
    access_token: str
    expires_in: int


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return account_visits(practices, SOURCE.name, "account")


listing = site_listing


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Keep the account's counts, its media with what is below them, media it is tagged in, and its numbers.

    Raises SiteDown, BadKey, UnknownName (the account is gone, or hidden from the key) or ChangedShape.
    """
    token = _token(planned, tools)
    graph = _graph(planned, tools, token.refresh)
    node = planned.about["account"]
    body = graph.get(f"/{node}", {"fields": _ACCOUNT_FIELDS})
    account = graph.decoded(body, _Account)
    yield Page(body=graph.kept(body))
    since, newest = first_day(planned), planned.since
    recent: list[_MediaHead] = []
    asked = {"fields": _MEDIA_FIELDS, "limit": "25", "since": epoch(since)}
    for body in graph.pages(f"/{node}/media", asked):
        yield Page(body=graph.kept(body))
        heads = graph.listed(body, _MediaHead)
        newest = latest(newest, *(head.timestamp for head in heads))
        recent += [head for head in heads if head.timestamp.date() >= planned.night - REREAD]
        for head in heads:
            yield from _rest(head, graph)
        if all_before([head.timestamp for head in heads], since):
            break
    for body in graph.pages(f"/{node}/tags", {"fields": _TAG_FIELDS, "limit": "50"}):
        yield Page(body=graph.kept(body, "tags", id=node))
        # Graph promises no order of tags, so a sweep goes to the end.
        tagged = graph.listed(body, _MediaHead)
        if not planned.sweep and all_before([head.timestamp for head in tagged], since):
            break
    for day in (planned.night - dt.timedelta(days=back) for back in LATE_DAYS):
        span = {"since": pacific_epoch(day), "until": pacific_epoch(day + dt.timedelta(days=1))}
        asked = {"metric": ",".join(_ACCOUNT_METRICS), "period": "day", "metric_type": "total_value", **span}
        body = graph.get(f"/{node}/insights", asked, may_refuse=True)
        of = {"id": node, "day": day.isoformat(), "metrics": _ACCOUNT_METRICS}
        yield Page(body=graph.kept(body, "insights", **of))
    for head in {str(head.id): head for head in recent}.values():
        metrics = media_metrics(head.media_type, head.media_product_type)
        body = graph.get(f"/{head.id}/insights", {"metric": ",".join(metrics)}, may_refuse=True)
        yield Page(body=graph.kept(body, "insights", id=str(head.id), metrics=metrics))
    ends_on = token.expires_at.date() if token.expires_at else None
    # Whose comments are the account's own is known by its name, which comments of further pages do not tell.
    # An alt text that is not there is told by its absence, so a page has to say that it was asked for.
    keep = {"username": account.username, "alt_text": "asked"}
    return Outcome(complete=planned.sweep, newest=newest, keep=keep, key_expires_on=ends_on)


def media_metrics(media_type: str | None, product_type: str | None) -> tuple[str, ...]:
    """Return the numbers to ask of a medium. Pictures refuse `shares`, and one refused name fails the request."""
    return (*_MEDIA_METRICS, "shares") if "REELS" in (media_type, product_type) else _MEDIA_METRICS


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Read one account with each key."""

    def ask(planned: Planned) -> str:
        token = tools.tokens.newest(SOURCE.name, planned.key, _seed(planned))
        _graph(planned, tools, token.refresh).get(f"/{planned.about['account']}", {"fields": _ACCOUNT_FIELDS})
        return f", until {token.expires_at:%Y-%m-%d}" if token.expires_at else ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield what a page holds: the account's counts, media with comments, more of these, or numbers.

    Raises ChangedShape.
    """
    reading = Reading(page, SOURCE.site)
    held = reading.fields()
    if "insights" in held:
        yield from _numbers(reading)
    elif "tags" in held:
        yield from _media(reading.decoded(_Tagged).tags.data, reading, "handle")
    elif "below" in held:
        more = reading.decoded(_Thread)
        for edge in (edge for edge in (more.comments, more.replies) if edge):
            yield from _comments(edge, more.below, more.parent or more.below, reading, reading.at(0))
    elif "data" in held:
        raws = reading.decoded(Edge).data
        fields = fields_of(raws)
        if {"values", "total_value"} & fields:
            yield from _numbers(reading)
        elif "text" in fields:
            raise reading.strange("a list of comments that does not say below what they stand")
        else:
            yield from _media(raws, reading)
    elif "followers_count" in held:
        yield from metrics(counted(reading.decoded(_Account), SOURCE.counts), reading.at(0))
    else:
        raise reading.strange("the page is none of those this source asks for")


def _numbers(reading: Reading) -> Iterator[Record | SetAside]:
    account = reading.about.get("account")
    return number_records(reading, SOURCE.counts, lambda node: None if node == account else node)


def _media(raws: list[msgspec.Raw], reading: Reading, matched: str | None = None) -> Iterator[Record | SetAside]:
    return reading.records(raws, _Media, "medium", lambda media, place: _posted(media, reading, place, matched))


def _posted(media: _Media, reading: Reading, place: Place, matched: str | None) -> Iterator[Record | SetAside]:
    own, item_id = reading.keep.get("username"), str(media.id)
    # An account may tag itself.
    others = matched is not None and media.username != own
    yield Record(
        kind="post",
        item_id=item_id,
        author_id=media.username or (None if others else own),
        by_practice=not others,
        matched=matched if others else None,
        created_at=media.timestamp.astimezone(dt.UTC),
        text=media.caption or None,
        url=public(media.permalink),
        mentions=_mentions(media.caption, own),
        **({} if others or "alt_text" not in reading.keep else _pictures(media)),
        **place,
    )
    yield from metrics(counted(media, SOURCE.counts), place, post=item_id)
    if media.comments:
        yield from _comments(media.comments, item_id, item_id, reading, place)


def _pictures(media: _Media) -> Place:
    """Count a picture that stands alone: those of an album have alt texts of their own, which are not asked for."""
    return pictured([media.alt_text]) if media.media_type == "IMAGE" else {}


def _comments(edge: Edge, media_id: str, parent_id: str, reading: Reading, place: Place) -> Iterator[Record | SetAside]:
    def said(comment: _Comment, at: Place) -> Iterator[Record | SetAside]:
        own = reading.keep.get("username")
        author = comment.username or (comment.sender.username if comment.sender else None)
        yield Record(
            kind="comment",
            item_id=str(comment.id),
            thread_id=media_id,
            parent_id=str(comment.parent_id) if comment.parent_id is not None else parent_id,
            author_id=author,
            by_practice=author is not None and author == own,
            created_at=comment.timestamp.astimezone(dt.UTC),
            text=comment.text or None,
            state="hidden" if comment.hidden else None,
            mentions=_mentions(comment.text, own),
            **at,
        )
        if comment.replies:
            yield from _comments(comment.replies, media_id, str(comment.id), reading, at)

    return reading.records(edge.data, _Comment, "comment", said, at=place)


def _mentions(text: str | None, own: str | None) -> tuple[str, ...]:
    return named((name.lower() for name in _HANDLE.findall(text or "")), own)


def _rest(head: _MediaHead, graph: Graph) -> Iterator[Page]:
    """Keep the comments and replies that did not fit beside their medium."""
    media = str(head.id)
    edges = [head.comments] if head.comments else []
    if (more := following(head.comments)) is not None:
        for body in graph.pages(f"/{media}/comments", more):
            yield Page(body=graph.kept(body, "comments", below=media))
            edges.append(graph.decoded(body, Edge))
    for raw in (raw for edge in edges for raw in edge.data):
        comment = record_or_none(raw, _CommentHead)
        if comment and (more := following(comment.replies)) is not None:
            for body in graph.pages(f"/{comment.id}/replies", more):
                yield Page(body=graph.kept(body, "replies", below=media, parent=str(comment.id)))


def first_day(planned: Planned) -> dt.date:
    """Return the first day whose media are read tonight."""
    return planned.first_day(SOURCE.window_days or 0, overlap=OVERLAP, reread=REREAD)


def _token(planned: Planned, tools: Tools) -> Token:
    """Return the token to use tonight, renewed where that is due. It dies if nobody renews it for sixty days.

    The renewed token is on disk before it is used. One that nobody has renewed yet says no end.
    """
    seed = _seed(planned)
    held = tools.tokens.newest(SOURCE.name, planned.key, seed)
    tonight = dt.datetime.combine(planned.night, dt.time(), tzinfo=dt.UTC)
    if held.access_expires_at is None:
        first = Token(refresh=seed, access_expires_at=tonight + FIRST_RENEWAL)
        tools.tokens.keep(SOURCE.name, planned.key, seed, first)
        return first
    if tonight < held.access_expires_at:
        return held
    graph = _graph(planned, tools, held.refresh, purpose="token")
    body = graph.get("/refresh_access_token", {"grant_type": "ig_refresh_token", "access_token": held.refresh})
    renewed = graph.decoded(body, _Renewed)
    newest = Token(
        refresh=renewed.access_token,
        expires_at=tonight + dt.timedelta(seconds=renewed.expires_in),
        access_expires_at=tonight + RENEWAL,
    )
    tools.tokens.keep(SOURCE.name, planned.key, seed, newest)
    return newest


def _seed(planned: Planned) -> str:
    return load_key(SOURCE.name, planned.key, SOURCE.key_fields)["access_token"]


def _graph(planned: Planned, tools: Tools, token: str, purpose: str = "api") -> Graph:
    return Graph(
        tools.client,
        tools.address(purpose),
        _ADVICE,
        source=SOURCE.name,
        where=f"{SOURCE.name}: {planned.label}",
        token=token,
    )
