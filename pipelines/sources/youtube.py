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
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import httpx
import msgspec

from pipelines.answers import Advice, Count, Walk, batches, readable, tried_keys, word
from pipelines.errors import BadKey, RapportError, SiteDown, UnknownName
from pipelines.http import sent_at
from pipelines.landing import SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.sources import Asker, Cost, Metric, Outcome, Page, Planned, Source, Tools, account_visits, site_listing
from pipelines.talk import Place, Reading, counted, metrics

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
        Metric(name="viewCount", meaning="views", divides=True),
        Metric(name="likeCount", meaning="likes"),
        Metric(name="commentCount", meaning="comments"),
        Metric(name="videoCount", meaning="other"),
    ),
    key_fields=("api_key",),
    window_days=90,
)
PAGE_SIZE, THREADS_A_PAGE = 50, 100
LATE_DAYS, WINDOW_DAYS = 30, 90
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
    return account_visits(practices, SOURCE.name, "channel")


listing = site_listing


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Keep the channel, its uploads and threads of 30 days (sweep: 90), changed replies, and all videos among these.

    Raises SiteDown (until midnight Pacific time, if the quota is used up), BadKey, UnknownName or ChangedShape.
    """
    ask = _Asker(planned, tools)
    window = planned.days_ago(WINDOW_DAYS)
    floor = planned.floor(WINDOW_DAYS, LATE_DAYS, OVERLAP)
    channel = planned.about["channel"]
    body = ask.get("/channels", {"part": "contentDetails,statistics", "id": channel})
    yield Page(body=body)
    found = ask.listed(body, "channel").items
    if not found:
        raise UnknownName("YouTube has no channel of that id", where=ask.where, next_step=ask.advice.correct)
    uploads = ask.decoded(bytes(found[0]), _ChannelHead).content_details.related_playlists.uploads
    videos, newest = yield from _uploads(ask, uploads, floor)

    walk = Walk(ask.where, what="thread", newest=newest)
    held = {thread: _known(told) for thread, told in planned.kept.items()}
    known = {thread: seen for thread, seen in held.items() if seen.newest >= window.date()}
    asked = {
        "part": "snippet,replies",
        "allThreadsRelatedToChannelId": channel,
        "order": "time",
        "textFormat": "plainText",
        "maxResults": str(THREADS_A_PAGE),
    }
    for body in ask.pages("/commentThreads", asked, "commentThread", walk, fine="commentsDisabled"):
        yield Page(body=body)
        heads = readable(ask.listed(body, "commentThread").items, _Thread)
        new = walk.add((head.id, head.said_at) for head in heads)
        for head in heads:
            if head.id in new:
                videos |= {head.snippet.video_id} if head.snippet.video_id and head.said_at >= floor else set()
                seen = yield from _answered(ask, head, known.pop(head.id, None))
                known |= {head.id: seen} if seen else {}
        if walk.has_reached(floor):
            break

    older = {thread: seen for thread, seen in known.items() if thread not in walk.ids}
    for thread, seen in older.items() if planned.sweep else ():
        # Its first comment is beyond the window, or gone; its replies may still be within.
        last = yield from _replies(ask, thread, seen.video)
        known.pop(thread)
        known |= {thread: seen._replace(newest=last)} if last else {}

    for some in batches(sorted(videos), PAGE_SIZE):
        body = ask.get("/videos", {"part": "snippet,statistics", "id": ",".join(some)})
        yield Page(body=body)
        ask.listed(body, "video")
    keep = {thread: seen.as_text() for thread, seen in known.items()}
    why = "comments are turned off there" if "commentsDisabled" in ask.declined else ""
    return Outcome(complete=planned.sweep, newest=walk.newest, keep=keep, why=why)


def _uploads(
    ask: _Asker, playlist: str, floor: dt.datetime
) -> Generator[Page, None, tuple[set[str], dt.datetime | None]]:
    """List the channel's uploads, newest first, and return the ids of those since `floor`, and the newest instant."""
    walk, videos = Walk(ask.where, what="video", newest=ask.planned.since), set[str]()
    asked = {"part": "contentDetails", "playlistId": playlist, "maxResults": str(PAGE_SIZE)}
    # A channel without a video has no such playlist.
    for body in ask.pages("/playlistItems", asked, "playlistItem", walk, fine="playlistNotFound"):
        yield Page(body=body)
        heads = [head.content_details for head in readable(ask.listed(body, "playlistItem").items, _Upload)]
        walk.add((head.video_id, head.video_published_at) for head in heads)
        videos |= {head.video_id for head in heads if head.video_published_at and head.video_published_at >= floor}
        if walk.has_reached(floor):
            break
    return videos, walk.newest


def _answered(ask: _Asker, thread: _Thread, before: _Known | None) -> Generator[Page, None, _Known | None]:
    """Ask for a thread's replies if it shows only some of them and they are not known; return what to remember."""
    total, shown = thread.snippet.total_reply_count, thread.replies.comments
    video = thread.snippet.video_id or ""
    days = [reply.snippet.published_at.date() for reply in shown] + ([before.newest] if before else [])
    if total > len(shown) and (ask.planned.sweep or not before or before.total != total):
        last = yield from _replies(ask, thread.id, video)
        days += [last] if last else []
    return _Known(total, max(days), video) if days else None


def _replies(ask: _Asker, thread: str, video: str) -> Generator[Page, None, dt.date | None]:
    """List all replies of a thread and return the day of the newest, or None if there is none or it is gone."""
    walk = Walk(ask.where, what="reply")
    asked = {"part": "snippet", "parentId": thread, "textFormat": "plainText", "maxResults": str(THREADS_A_PAGE)}
    for body in ask.pages("/comments", asked, "comment", walk, fine="commentNotFound"):
        # A reply does not name its video, so the page's name does.
        yield Page(body=body, suffix=f"replies-{video}.json")
        heads = readable(ask.listed(body, "comment").items, _Comment)
        walk.add((head.id, head.snippet.published_at) for head in heads)
    return walk.newest.date() if walk.newest else None


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Ask for one channel's id with each key, which costs one unit."""

    def ask(planned: Planned) -> str:
        _Asker(planned, tools).get("/channels", {"part": "id", "id": planned.about["channel"]})
        return ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield a page's videos, comments or numbers. Raises ChangedShape."""
    reading = Reading(page, SOURCE.site)
    channel = reading.about.get("channel", "")
    answer = reading.decoded(_Answer)
    below = _REPLIES_BELOW.search(page.path)
    video = (below[1] or None) if below else None
    match answer.kind:
        case "youtube#channelListResponse":
            yield from reading.records(answer.items, _Channel, "channel", _of_channel)
        case "youtube#playlistItemListResponse":
            # An upload is no record: it says which videos to ask for. Each is looked at, so a bad one is set aside.
            yield from reading.records(answer.items, _Upload, "upload", lambda upload, place: ())
        case "youtube#videoListResponse":
            yield from reading.records(
                answer.items, _Video, "video", lambda item, place: _of_video(item, channel, place)
            )
        case "youtube#commentThreadListResponse":
            yield from reading.records(
                answer.items, _Thread, "thread", lambda item, place: _of_thread(item, channel, place)
            )
        case "youtube#commentListResponse":
            yield from reading.records(
                answer.items, _Comment, "comment", lambda item, place: [_of_comment(item, video, channel, place)]
            )
        case _:
            raise reading.strange()


def _of_channel(channel: _Channel, place: Place) -> Iterator[Record]:
    hidden = {"subscriberCount": None} if channel.statistics.hidden_subscriber_count else {}
    return metrics(counted(channel.statistics, SOURCE.counts) | hidden, place, account=channel.id)


def _of_video(video: _Video, channel: str, place: Place) -> Iterator[Record]:
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
    yield from metrics(counted(video.statistics, SOURCE.counts), place, post=video.id)


def _of_thread(thread: _Thread, channel: str, place: Place) -> Iterator[Record]:
    for comment in (thread.snippet.top_level_comment, *thread.replies.comments):
        yield _of_comment(comment, thread.snippet.video_id, channel, place)


def _of_comment(comment: _Comment, video: str | None, channel: str, place: Place) -> Record:
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


def _known(told: str) -> _Known:
    total, newest, video = told.split(" ")
    return _Known(int(total), dt.date.fromisoformat(newest), video)


class _Asker(Asker):
    """Asks YouTube. `declined` are the reasons for which it gave no list where that was fine."""

    advice = Advice(
        title="YouTube",
        renew="Copy the API key of your Google project again",
        allow="Enable the YouTube Data API v3 in the key's Google project, and let the key's restrictions allow it",
        correct="Correct youtube.channel in practices.toml, or take it out if the channel is closed",
    )
    word_at = ("error", "errors", 0, "reason")

    def __init__(self, planned: Planned, tools: Tools) -> None:
        super().__init__(planned, tools)
        self.declined = set[str]()

    def pages(self, path: str, params: dict[str, str], what: str, walk: Walk, *, fine: str) -> Iterator[bytes]:
        """Yield a list's pages, which the caller adds to `walk`, to its end or to a refusal for a `fine` reason."""
        more: dict[str, str] = {}
        while True:
            answer = self._answer(path, params | more)
            if answer.status_code != 200 and self.said(answer) == fine:
                self.declined.add(fine)
                return
            body = self.good(answer)
            yield body
            token = self.listed(body, what).next_page_token
            if not token:
                return
            more = {"pageToken": walk.turn(token)}

    def get(self, path: str, params: dict[str, str]) -> bytes:
        return self.good(self._answer(path, params))

    def listed(self, body: bytes, what: str) -> _Answer:
        """Return a page of a list. Raises ChangedShape if it is one of something else."""
        answer = self.decoded(body, _Answer)
        if answer.kind != f"youtube#{what}ListResponse":
            raise self.strange()
        return answer

    def _answer(self, path: str, params: dict[str, str]) -> httpx.Response:
        return self.request(
            "GET",
            f"{self.tools.address()}{path}",
            params={**params, "key": self.key()["api_key"]},
            is_busy=lambda refused: refused.status_code == 403 and self.said(refused) in _SLOW_DOWN,
        )

    def refused(self, answer: httpx.Response) -> RapportError:
        said = self.said(answer)
        if said in ("quotaExceeded", "dailyLimitExceeded"):
            return SiteDown(
                f"the day's quota of the key is used up ({said})",
                where=self.where,
                next_step="The run is tried again after midnight Pacific time. If it happens often, ask Google for "
                "more",
                retry_after_seconds=_seconds_to_midnight(answer),
                status=answer.status_code,
            )
        if said in _KEY_IS_BAD or word(answer, "error", "details", 0, "reason") in _KEY_IS_BAD:
            told = f"YouTube refuses the key ({answer.status_code}, {said})"
            return BadKey(told, where=self.where, next_step=self.advice.renew)
        return super().refused(answer)


def _seconds_to_midnight(answer: httpx.Response) -> float | None:
    """Return the seconds from when an answer was sent to the next midnight Pacific time; None if it does not say."""
    sent = sent_at(answer.headers)
    if not sent:
        return None
    tomorrow = sent.astimezone(_PACIFIC).date() + dt.timedelta(days=1)
    return (dt.datetime.combine(tomorrow, dt.time(), tzinfo=_PACIFIC) - sent).total_seconds()
