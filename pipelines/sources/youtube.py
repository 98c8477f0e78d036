"""YouTube: a channel's videos, what is said below them, and what YouTube counts, by the Data API with an API key.

New comments come first, but a new reply does not bring its thread back to the top. So the threads of a month are
listed every night, replies are asked for where their number has changed, and a sweep asks again for those of older
threads that are still within its window.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

import httpx
import msgspec

from pipelines.answers import Count, Walk, decoded, each, record_or_none, refusal, tried_keys, word
from pipelines.errors import BadKey, ChangedShape, RapportError, SiteDown, UnknownName
from pipelines.http import sent_at
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import load_key
from pipelines.sources import Cost, Listing, Metric, Outcome, Page, Planned, Source, Tools

SOURCE = Source(
    name="youtube",
    title="YouTube",
    policy=Policy(
        terms_url="https://developers.google.com/youtube/terms/developer-policies",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="second hand",
        # What is read without an owner's consent is refreshed or deleted within 30 days. Metrics of one's own need an
        # amendment of the terms, so moods and topics are left out; so is the pseudonym, which serves only to count
        # people, and a count of people is such a metric.
        keep_text_days=30,
        keep_derived_days=30,
        attribution="YouTube",
    ),
    gives=("posts", "comments", "metrics"),
    told=(
        "videos, comments and replies, and YouTube's counts of subscribers, views, likes and comments",
        "who shared or liked; watch time; whom a comment names; moods, topics and people, for which its terms want an "
        "amendment",
        "API key, nightly, with a complete weekly sweep of 90 days",
    ),
    site="youtube",
    addresses={"api": "https://youtube.googleapis.com/youtube/v3"},
    per_minute=300,
    cost=Cost(calls=6, sweep_calls=10, calls_a_day=10_000),
    metrics=(
        Metric(name="subscriberCount", meaning="followers"),
        Metric(name="viewCount", meaning="views"),
        Metric(name="likeCount", meaning="likes"),
        Metric(name="commentCount", meaning="comments"),
        Metric(name="videoCount", meaning="other"),
    ),
    key_fields=("api_key",),
    window_days=90,
)
PAGE_SIZE, THREADS_A_PAGE = 50, 100
LATE = dt.timedelta(days=30)
WINDOW = dt.timedelta(days=90)
OVERLAP = dt.timedelta(days=7)
# The day of a quota begins at midnight there.
_PACIFIC = ZoneInfo("America/Los_Angeles")
_REPLIES_BELOW = re.compile(r"\.replies-([\w-]*)\.json")
_KEY_IS_BAD = {"keyInvalid", "keyExpired", "API_KEY_INVALID"}
_SLOW_DOWN = {"rateLimitExceeded", "userRateLimitExceeded"}
Instant = Annotated[dt.datetime, msgspec.Meta(tz=True)]
# It becomes part of a page's name.
VideoId = Annotated[str, msgspec.Meta(pattern=r"^[\w-]{1,40}$")]


class _Answer(msgspec.Struct, rename="camel"):
    kind: str
    items: list[msgspec.Raw] = []
    next_page_token: str = ""


class _Playlists(msgspec.Struct):
    uploads: str


class _Content(msgspec.Struct, rename="camel"):
    related_playlists: _Playlists


class _ChannelStatistics(msgspec.Struct, rename="camel"):
    view_count: Count | None = None
    subscriber_count: Count | None = None
    video_count: Count | None = None
    hidden_subscriber_count: bool = False


class _Channel(msgspec.Struct, rename="camel"):
    id: str
    statistics: _ChannelStatistics


class _ChannelHead(msgspec.Struct, rename="camel"):
    content_details: _Content


class _UploadDetails(msgspec.Struct, rename="camel"):
    video_id: VideoId
    # Absent where a video is private.
    video_published_at: Instant | None = None


class _Upload(msgspec.Struct, rename="camel"):
    content_details: _UploadDetails


class _VideoSnippet(msgspec.Struct, rename="camel"):
    published_at: Instant
    channel_id: str
    title: str = ""
    description: str = ""


class _VideoStatistics(msgspec.Struct, rename="camel"):
    """A number that the channel hides, or comments that are turned off, have no field."""

    view_count: Count | None = None
    like_count: Count | None = None
    comment_count: Count | None = None


class _Video(msgspec.Struct):
    id: VideoId
    snippet: _VideoSnippet
    statistics: _VideoStatistics


class _Author(msgspec.Struct):
    value: str | None = None


class _CommentSnippet(msgspec.Struct, rename="camel"):
    published_at: Instant
    updated_at: Instant
    text_display: str | None = None
    # Promised only to the comment's author.
    text_original: str | None = None
    author_display_name: str | None = None
    author_channel_id: _Author | None = None
    parent_id: str | None = None


class _Comment(msgspec.Struct):
    id: str
    snippet: _CommentSnippet


class _Replies(msgspec.Struct):
    comments: list[_Comment] = []


class _ThreadSnippet(msgspec.Struct, rename="camel"):
    top_level_comment: _Comment
    total_reply_count: Annotated[int, msgspec.Meta(ge=0)] = 0
    # Absent where a comment is about the channel.
    video_id: VideoId | None = None


class _Thread(msgspec.Struct):
    id: str
    snippet: _ThreadSnippet
    replies: _Replies = msgspec.field(default_factory=_Replies)

    @property
    def said_at(self) -> dt.datetime:
        return self.snippet.top_level_comment.snippet.published_at


class _Known(NamedTuple):
    """What is remembered of a thread with replies: how many, the day of the newest one seen, the video."""

    total: int
    newest: dt.date
    video: str

    def as_text(self) -> str:
        return f"{self.total} {self.newest} {self.video}"


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return [
        Planned(
            label=practice.id,
            practice_id=practice.id,
            key=practice.youtube.key,
            about={"practice_id": practice.id, "channel": practice.youtube.channel},
        )
        for practice in practices.practice
        if practice.youtube
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    return Listing(complete=receipt.complete, can_reply=True)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Keep the channel, its uploads and threads of 30 days (sweep: 90), changed replies, and all videos among these.

    Raises SiteDown (until midnight Pacific time, if the quota is used up), BadKey, UnknownName or ChangedShape.
    """
    where = f"{SOURCE.name}: {planned.label}"
    tonight = dt.datetime.combine(planned.night, dt.time(), tzinfo=dt.UTC)
    floor = tonight - (WINDOW if planned.sweep else LATE)
    if planned.since:
        floor = min(floor, planned.since - OVERLAP)
    channel = planned.about["channel"]
    answer = _get("/channels", {"part": "contentDetails,statistics", "id": channel}, planned, tools)
    yield Page(body=answer.content)
    found = _listed(answer.content, "channel", where).items
    if not found:
        raise UnknownName("YouTube has no channel of that id", where=where, next_step=_CORRECT)
    uploads = decoded(bytes(found[0]), _ChannelHead, source=SOURCE.name, where=where).content_details.related_playlists
    videos, newest = yield from _uploads(uploads.uploads, floor, planned, tools)

    walk, token, why = Walk(where, what="thread", newest=newest), "", ""
    held = {thread: _known(told) for thread, told in planned.kept.items()}
    known = {thread: seen for thread, seen in held.items() if seen.newest >= (tonight - WINDOW).date()}
    while True:
        params = {
            "part": "snippet,replies",
            "allThreadsRelatedToChannelId": channel,
            "order": "time",
            "textFormat": "plainText",
            "maxResults": str(THREADS_A_PAGE),
        }
        more = {"pageToken": token} if token else {}
        answer = _get("/commentThreads", params | more, planned, tools, fine=("commentsDisabled",))
        if answer.status_code != 200:
            why = "comments are turned off there"
            break
        yield Page(body=answer.content)
        threads = _listed(answer.content, "commentThread", where)
        heads = [head for raw in threads.items if (head := record_or_none(raw, _Thread))]
        new = walk.add((head.id, head.said_at) for head in heads)
        for head in heads:
            if head.id in new:
                videos |= {head.snippet.video_id} if head.snippet.video_id and head.said_at >= floor else set()
                seen = yield from _answered(head, known.pop(head.id, None), planned, tools)
                known |= {head.id: seen} if seen else {}
        if not threads.next_page_token or walk.has_reached(floor):
            break
        token = walk.turn(threads.next_page_token)

    older = {thread: seen for thread, seen in known.items() if thread not in walk.ids}
    for thread, seen in older.items() if planned.sweep else ():
        # Its first comment is beyond the window, or gone; its replies may still be within.
        last = yield from _replies(thread, seen.video, planned, tools)
        known.pop(thread)
        known |= {thread: seen._replace(newest=last)} if last else {}

    ordered = sorted(videos)
    for start in range(0, len(ordered), PAGE_SIZE):
        ids = ",".join(ordered[start : start + PAGE_SIZE])
        answer = _get("/videos", {"part": "snippet,statistics", "id": ids}, planned, tools)
        yield Page(body=answer.content)
        _listed(answer.content, "video", where)
    keep = {thread: seen.as_text() for thread, seen in known.items()}
    return Outcome(complete=planned.sweep, newest=walk.newest, keep=keep, why=why)


def _uploads(
    playlist: str, floor: dt.datetime, planned: Planned, tools: Tools
) -> Generator[Page, None, tuple[set[str], dt.datetime | None]]:
    """List the channel's uploads, newest first, and return the ids of those since `floor`, and the newest instant."""
    where = f"{SOURCE.name}: {planned.label}"
    walk, token, videos = Walk(where, what="video", newest=planned.since), "", set[str]()
    while True:
        params = {"part": "contentDetails", "playlistId": playlist, "maxResults": str(PAGE_SIZE)}
        more = {"pageToken": token} if token else {}
        # A channel without a video has no such playlist.
        answer = _get("/playlistItems", params | more, planned, tools, fine=("playlistNotFound",))
        if answer.status_code != 200:
            return videos, walk.newest
        yield Page(body=answer.content)
        found = _listed(answer.content, "playlistItem", where)
        heads = [head.content_details for raw in found.items if (head := record_or_none(raw, _Upload))]
        walk.add((head.video_id, head.video_published_at) for head in heads)
        videos |= {head.video_id for head in heads if head.video_published_at and head.video_published_at >= floor}
        if not found.next_page_token or walk.has_reached(floor):
            return videos, walk.newest
        token = walk.turn(found.next_page_token)


def _answered(
    thread: _Thread, before: _Known | None, planned: Planned, tools: Tools
) -> Generator[Page, None, _Known | None]:
    """Ask for a thread's replies if it shows only some of them and they are not known; return what to remember."""
    total, shown = thread.snippet.total_reply_count, thread.replies.comments
    video = thread.snippet.video_id or ""
    days = [reply.snippet.published_at.date() for reply in shown] + ([before.newest] if before else [])
    if total > len(shown) and (planned.sweep or not before or before.total != total):
        last = yield from _replies(thread.id, video, planned, tools)
        days += [last] if last else []
    return _Known(total, max(days), video) if days else None


def _replies(thread: str, video: str, planned: Planned, tools: Tools) -> Generator[Page, None, dt.date | None]:
    """List all replies of a thread and return the day of the newest, or None if there is none or it is gone."""
    where = f"{SOURCE.name}: {planned.label}"
    walk, token = Walk(where, what="reply"), ""
    while True:
        params = {"part": "snippet", "parentId": thread, "textFormat": "plainText", "maxResults": str(THREADS_A_PAGE)}
        more = {"pageToken": token} if token else {}
        answer = _get("/comments", params | more, planned, tools, fine=("commentNotFound",))
        if answer.status_code != 200:
            break
        # A reply does not name its video, so the page's name does.
        yield Page(body=answer.content, suffix=f"replies-{video}.json")
        found = _listed(answer.content, "comment", where)
        heads = [head for raw in found.items if (head := record_or_none(raw, _Comment))]
        walk.add((head.id, head.snippet.published_at) for head in heads)
        if not found.next_page_token:
            break
        token = walk.turn(found.next_page_token)
    return walk.newest.date() if walk.newest else None


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Ask for one channel's id with each key, which costs one unit."""

    def ask(planned: Planned) -> str:
        _get("/channels", {"part": "id", "id": planned.about["channel"]}, planned, tools)
        return ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield a page's videos, comments or numbers. Raises ChangedShape."""
    about = page.receipt.about
    practice_id, channel = about.get("practice_id", page.receipt.label), about.get("channel", "")
    where = f"{SOURCE.name}: {practice_id}, {page.path}"
    answer = decoded(page.body, _Answer, source=SOURCE.name, where=where)
    told = _READ.get(answer.kind)
    if not told:
        raise _strange(where)
    shape, what = told
    below = _REPLIES_BELOW.search(page.path)
    for position, item in each(answer.items, shape, page, practice_id=practice_id, what=what):
        place: dict[str, Any] = {
            "source": SOURCE.name,
            "site": SOURCE.site,
            "practice_id": practice_id,
            "page": page.path,
            "position": position,
        }
        if isinstance(item, SetAside):
            yield item
        elif isinstance(item, _Channel):
            yield from _of_channel(item, place)
        elif isinstance(item, _Video):
            yield from _of_video(item, channel, place)
        elif isinstance(item, _Thread):
            video = item.snippet.video_id
            for comment in (item.snippet.top_level_comment, *item.replies.comments):
                yield _of_comment(comment, video, channel, place)
        elif isinstance(item, _Comment):
            yield _of_comment(item, (below[1] or None) if below else None, channel, place)


# An upload is no record: it says which videos to ask for. Each is looked at, so that a bad one is set aside.
_READ: dict[str, tuple[type[_Channel | _Upload | _Video | _Thread | _Comment], str]] = {
    "youtube#channelListResponse": (_Channel, "channel"),
    "youtube#playlistItemListResponse": (_Upload, "upload"),
    "youtube#videoListResponse": (_Video, "video"),
    "youtube#commentThreadListResponse": (_Thread, "thread"),
    "youtube#commentListResponse": (_Comment, "comment"),
}


def _of_channel(channel: _Channel, place: dict[str, Any]) -> Iterator[Record]:
    counts = channel.statistics
    subscribers = None if counts.hidden_subscriber_count else counts.subscriber_count
    yield _metric("subscriberCount", subscribers, channel.id, None, place)
    yield _metric("viewCount", counts.view_count, channel.id, None, place)
    yield _metric("videoCount", counts.video_count, channel.id, None, place)


def _of_video(video: _Video, channel: str, place: dict[str, Any]) -> Iterator[Record]:
    published = video.snippet.published_at.astimezone(dt.UTC)
    yield Record(
        kind="post",
        item_id=video.id,
        author_id=video.snippet.channel_id,
        created_at=published,
        updated_at=published,
        title=video.snippet.title or None,
        text=video.snippet.description or None,
        url=f"https://www.youtube.com/watch?v={video.id}",
        by_practice=video.snippet.channel_id == channel,
        **place,
    )
    yield _metric("viewCount", video.statistics.view_count, video.id, video.id, place)
    yield _metric("likeCount", video.statistics.like_count, video.id, video.id, place)
    yield _metric("commentCount", video.statistics.comment_count, video.id, video.id, place)


def _of_comment(comment: _Comment, video: str | None, channel: str, place: dict[str, Any]) -> Record:
    said = comment.snippet
    author = said.author_channel_id.value if said.author_channel_id else None
    return Record(
        kind="comment",
        item_id=comment.id,
        thread_id=video,
        parent_id=said.parent_id or video,
        author_id=author or None,
        author_name=said.author_display_name or None,
        created_at=said.published_at.astimezone(dt.UTC),
        updated_at=said.updated_at.astimezone(dt.UTC),
        text=said.text_display or said.text_original or None,
        url=f"https://www.youtube.com/watch?v={video}&lc={comment.id}" if video else None,
        by_practice=bool(channel) and author == channel,
        **place,
    )


def _metric(name: str, value: Count | None, of: str, post: str | None, place: dict[str, Any]) -> Record:
    number = None if value is None else int(value)
    return Record(kind="metric", item_id=f"{of}/{name}", parent_id=post, metric=name, value=number, **place)


def _known(told: str) -> _Known:
    total, newest, video = told.split(" ")
    return _Known(int(total), dt.date.fromisoformat(newest), video)


def _listed(body: bytes, what: str, where: str) -> _Answer:
    answer = decoded(body, _Answer, source=SOURCE.name, where=where)
    if answer.kind != f"youtube#{what}ListResponse":
        raise _strange(where)
    return answer


def _strange(where: str) -> ChangedShape:
    return ChangedShape(
        "the page is an answer to another question than Rapport's",
        where=where,
        next_step=f"Compare the kept page with pipelines/sources/{SOURCE.name}.py",
    )


def _get(
    path: str, params: dict[str, str], planned: Planned, tools: Tools, fine: tuple[str, ...] = ()
) -> httpx.Response:
    """Return a 200, or a refusal for one of the reasons that are `fine`."""
    where = f"{SOURCE.name}: {planned.label}"
    key = load_key(SOURCE.name, planned.key, SOURCE.key_fields)["api_key"]
    answer = tools.client.request(
        "GET",
        f"{tools.address()}{path}",
        where=where,
        params={**params, "key": key},
        is_busy=lambda refused: refused.status_code == 403 and _reason(refused) in _SLOW_DOWN,
    )
    said = "" if answer.status_code == 200 else _reason(answer)
    if answer.status_code == 200 or said in fine:
        return answer
    if said in ("quotaExceeded", "dailyLimitExceeded"):
        raise SiteDown(
            f"the day's quota of the key is used up ({said})",
            where=where,
            next_step="The run is tried again after midnight Pacific time. If it happens often, ask Google for more",
            retry_after_seconds=_seconds_to_midnight(answer),
            status=answer.status_code,
        )
    if said in _KEY_IS_BAD or word(answer, "error", "details", 0, "reason") in _KEY_IS_BAD:
        raise BadKey(f"YouTube refuses the key ({answer.status_code}, {said})", where=where, next_step=_RENEW)
    raise refusal(
        answer,
        title="YouTube",
        where=where,
        said=said,
        renew=_RENEW,
        allow="Enable the YouTube Data API v3 in the key's Google project, and let the key's restrictions allow it",
        correct=_CORRECT,
    )


_RENEW = "Copy the API key of your Google project again"
_CORRECT = "Correct youtube.channel in practices.toml, or take it out if the channel is closed"


def _reason(answer: httpx.Response) -> str:
    return word(answer, "error", "errors", 0, "reason")


def _seconds_to_midnight(answer: httpx.Response) -> float | None:
    """Return the seconds from when an answer was sent to the next midnight Pacific time; None if it does not say."""
    sent = sent_at(answer.headers)
    if not sent:
        return None
    tomorrow = sent.astimezone(_PACIFIC).date() + dt.timedelta(days=1)
    return (dt.datetime.combine(tomorrow, dt.time(), tzinfo=_PACIFIC) - sent).total_seconds()
