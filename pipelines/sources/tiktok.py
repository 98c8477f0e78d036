"""TikTok: a practice's own videos and what TikTok counts of them, by the Display API with the account's consent.

The API gives no comment. Each renewal of access replaces the refresh token and ends the one before, so the new one is
on disk before it is used.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec

from pipelines.answers import Advice, Id, Walk, batches, latest, readable, tried_keys
from pipelines.errors import BadKey, RapportError
from pipelines.http import sent_at
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.sources import Asker, Cost, Listing, Metric, Outcome, Page, Planned, Source, Tools, account_visits
from pipelines.talk import Place, Reading, counted, metrics, public
from pipelines.tokens import Token

SOURCE = Source(
    name="tiktok",
    title="TikTok",
    policy=Policy(
        terms_url="https://www.tiktok.com/legal/page/global/tik-tok-developer-terms-of-service/en",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="second hand",
        # No number of days; no databases of what others made, and data gone when the services are no longer used. So
        # the account's own videos only: text goes at once, and features when four sweeps have listed them anew.
        keep_text_days=1,
        keep_derived_days=30,
        attribution="TikTok",
    ),
    gives=("posts", "metrics"),
    told=(
        "the account's own videos, and TikTok's counts of followers, views, likes, comments and shares",
        "what people say: the API for owners has no comments, only how many",
        "owner-authorised API, nightly, with a complete weekly sweep of 90 days",
    ),
    site="tiktok",
    addresses={"api": "https://open.tiktokapis.com/v2"},
    per_minute=300,
    cost=Cost(calls=6, sweep_calls=7),
    metrics=(
        Metric(name="follower_count", meaning="followers"),
        Metric(name="likes_count", meaning="likes"),
        Metric(name="video_count", meaning="other"),
        Metric(name="view_count", meaning="views", divides=True),
        Metric(name="like_count", meaning="likes"),
        Metric(name="comment_count", meaning="comments"),
        Metric(name="share_count", meaning="shares"),
    ),
    key_fields=("client_key", "client_secret", "refresh_token"),
    window_days=90,
)
PAGE_SIZE = 20
LATE_DAYS, WINDOW_DAYS = 30, 90
OVERLAP = dt.timedelta(days=7)
_ACCOUNT_FIELDS = "open_id,follower_count,likes_count,video_count"
_VIDEO_FIELDS = "id,title,video_description,create_time,share_url,like_count,comment_count,share_count,view_count"
# What is remembered of a video that is gone, instead of when it was made; and the name of a page of such questions.
_GONE = "gone"
_QUERIED = "query.json"
# Two practices with one account must not renew at the same time: the slower would use a token that has ended.
_RENEWING = threading.Lock()
_CONSENT = "Let the account give its consent again, with user.info.basic, user.info.stats and video.list"
Number = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[int, msgspec.Meta(ge=0, lt=10**11)]


class _Account(msgspec.Struct):
    open_id: str
    follower_count: Number | None = None
    likes_count: Number | None = None
    video_count: Number | None = None


class _Video(msgspec.Struct):
    id: Id
    create_time: Seconds
    title: str | None = None
    video_description: str | None = None
    share_url: str | None = None
    like_count: Number | None = None
    comment_count: Number | None = None
    share_count: Number | None = None
    view_count: Number | None = None


class _Head(msgspec.Struct):
    id: Id
    create_time: Seconds


class _Data(msgspec.Struct):
    """What is asked for: the account, or videos, with a cursor in milliseconds where they are listed."""

    user: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    videos: list[msgspec.Raw] | None = None
    cursor: int | None = None
    has_more: bool = False


class _Answer(msgspec.Struct):
    data: _Data


class _Renewed(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    refresh_token: Annotated[str, msgspec.Meta(min_length=1)]
    expires_in: Seconds
    refresh_expires_in: Seconds


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return account_visits(practices, SOURCE.name, "handle")


def listing(receipt: Receipt, practices: Practices) -> Listing:
    """Comments are not there, so nothing can be answered in what is read."""
    return Listing(complete=receipt.complete, can_reply=False)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Keep the account's counts and the videos of 30 days (sweep: 90), and ask after those that are missing.

    Raises SiteDown, BadKey or ChangedShape.
    """
    ask = _Asker(planned, tools)
    window = planned.days_ago(WINDOW_DAYS)
    floor = planned.floor(WINDOW_DAYS, LATE_DAYS, OVERLAP)
    body = ask.account()
    yield Page(body=body)
    if not bytes(ask.decoded(body, _Answer).data.user):
        raise ask.strange()
    listed = yield from ask.videos(floor)
    # A list may be late; only a video that TikTok does not find by its id is gone.
    before = {name: _instant(int(told)) for name, told in planned.kept.items() if told != _GONE}
    missing = sorted(name for name, created in before.items() if name not in listed and created >= window)
    seen = listed | (yield from ask.after(missing))
    keep = {name: str(int(created.timestamp())) for name, created in seen.items() if created >= window}
    keep |= {name: _GONE for name in missing if name not in seen}
    newest = latest(planned.since, *listed.values())
    return Outcome(complete=planned.sweep, newest=newest, keep=keep, key_expires_on=ask.key_ends())


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Renew access with each key and ask whose account it is."""

    def ask(planned: Planned) -> str:
        asker = _Asker(planned, tools)
        asker.account()
        ends = asker.key_ends()
        return f", until {ends}" if ends else ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield a page's videos and numbers, and which videos that were asked after are gone. Raises ChangedShape."""
    reading = Reading(page, SOURCE.site)
    data = reading.decoded(_Answer).data
    if bytes(data.user):
        yield from reading.records([data.user], _Account, "account", _of_account)
        return
    if data.videos is None:
        raise reading.strange()
    handle = reading.about.get("handle", "")
    yield from reading.records(data.videos, _Video, "video", lambda video, place: _of_video(video, handle, place))
    if f".{_QUERIED}" in page.path:
        for name, told in reading.keep.items():
            if told == _GONE:
                yield Record(kind="post", item_id=name, state="removed", by_practice=True, **reading.at(0))


def _of_account(account: _Account, place: Place) -> Iterator[Record]:
    return metrics(counted(account, SOURCE.counts), place, account=account.open_id)


def _of_video(video: _Video, handle: str, place: Place) -> Iterator[Record]:
    created, name = _instant(video.create_time), str(video.id)
    text = video.video_description or video.title
    yield Record(
        kind="post",
        item_id=name,
        author_id=handle,
        created_at=created,
        updated_at=created,
        # TikTok repeats the description as the title.
        title=video.title if video.title and not (text or "").startswith(video.title) else None,
        text=text or None,
        url=public((video.share_url or "").partition("?")[0]),
        by_practice=True,
        **place,
    )
    yield from metrics(counted(video, SOURCE.counts), place, post=name)


def _instant(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


class _Asker(Asker):
    """Asks TikTok, with access that is renewed once a run, and once more if TikTok says it has ended."""

    advice = Advice(
        title="TikTok",
        renew="Let the account give its consent again and store the new refresh token",
        allow=_CONSENT,
        correct="Look at the app's state in TikTok's developer portal",
    )
    word_at = ("error", "code")

    def account(self) -> bytes:
        """Return the answer about the account."""
        return self._ask("GET", "/user/info/", {"fields": _ACCOUNT_FIELDS})

    def videos(self, floor: dt.datetime) -> Generator[Page, None, dict[str, dt.datetime]]:
        """Keep the list of videos, newest first, to its end or past `floor`; return when each was made."""
        walk, seen, asked = Walk(self.where, what="video"), dict[str, dt.datetime](), {"max_count": PAGE_SIZE}
        while True:
            body = self._ask("POST", "/video/list/", {"fields": _VIDEO_FIELDS}, asked)
            yield Page(body=body)
            data, heads = self._heads(body)
            walk.add(heads.items())
            seen |= heads
            if not data.has_more or walk.has_reached(floor):
                return seen
            if data.cursor is None:
                raise self.strange()
            asked["cursor"] = int(walk.turn(str(data.cursor)))

    def after(self, missing: list[str]) -> Generator[Page, None, dict[str, dt.datetime]]:
        """Ask after videos by their ids and return those that are still there."""
        seen: dict[str, dt.datetime] = {}
        for some in batches(missing, PAGE_SIZE):
            wanted = {"filters": {"video_ids": some}}
            body = self._ask("POST", "/video/query/", {"fields": _VIDEO_FIELDS}, wanted)
            yield Page(body=body, suffix=_QUERIED)
            seen |= self._heads(body)[1]
        return seen

    def key_ends(self) -> dt.date | None:
        ends = self.tools.tokens.newest(SOURCE.name, self.planned.key, self.key()["refresh_token"]).expires_at
        return ends.date() if ends else None

    def _heads(self, body: bytes) -> tuple[_Data, dict[str, dt.datetime]]:
        data = self.decoded(body, _Answer).data
        if data.videos is None:
            raise self.strange()
        return data, {str(head.id): _instant(head.create_time) for head in readable(data.videos, _Head)}

    def _ask(self, method: str, path: str, params: dict[str, str], body: dict[str, Any] | None = None) -> bytes:
        access = ""
        for _ in range(2):
            access = self._access(ended=access)
            answer = self.request(
                method,
                f"{self.tools.address()}{path}",
                params=params,
                headers={"Authorization": f"Bearer {access}"},
                body=None if body is None else msgspec.json.encode(body),
                is_busy=lambda told: self.said(told) == "rate_limit_exceeded",
            )
            said = self.said(answer)
            if said != "access_token_invalid":
                break
        # An answer of another kind than JSON says neither; reading it tells what it is.
        if said in ("ok", ""):
            return self.good(answer)
        raise self.refused(answer)

    def refused(self, answer: httpx.Response) -> RapportError:
        said = self.said(answer)
        if said in ("scope_not_authorized", "scope_permission_missed"):
            told = f"the key may not read this ({answer.status_code}, {said})"
            return BadKey(told, where=self.where, next_step=self.advice.allow)
        return super().refused(answer)

    def _access(self, *, ended: str) -> str:
        """Return access other than what has `ended`. Raises BadKey if the refresh token has ended."""
        planned, tools, key = self.planned, self.tools, self.key()
        with _RENEWING:
            held = tools.memory.get(planned.key)
            if held and held != ended:
                return held
            seed = key.pop("refresh_token")
            token = tools.tokens.newest(SOURCE.name, planned.key, seed).refresh
            url = f"{tools.address()}/oauth/token/"
            renewed, answer = self.renewed(url, key | {"refresh_token": token}, _Renewed)
            sent = sent_at(answer.headers)
            ends = sent + dt.timedelta(seconds=renewed.refresh_expires_in) if sent else None
            tools.tokens.keep(SOURCE.name, planned.key, seed, Token(refresh=renewed.refresh_token, expires_at=ends))
            tools.memory[planned.key] = renewed.access_token
            return renewed.access_token
