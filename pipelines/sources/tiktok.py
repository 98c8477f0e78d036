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

from pipelines.answers import Id, Walk, decoded, each, record_or_none, refusal, tried_keys, word
from pipelines.errors import BadKey, ChangedShape, RapportError
from pipelines.http import sent_at
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import load_key
from pipelines.sources import Cost, Listing, Metric, Outcome, Page, Planned, Source, Tools
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
        Metric(name="view_count", meaning="views"),
        Metric(name="like_count", meaning="likes"),
        Metric(name="comment_count", meaning="comments"),
        Metric(name="share_count", meaning="shares"),
    ),
    key_fields=("client_key", "client_secret", "refresh_token"),
    window_days=90,
)
PAGE_SIZE = 20
LATE = dt.timedelta(days=30)
WINDOW = dt.timedelta(days=90)
OVERLAP = dt.timedelta(days=7)
_ACCOUNT_FIELDS = "open_id,follower_count,likes_count,video_count"
_VIDEO_FIELDS = "id,title,video_description,create_time,share_url,like_count,comment_count,share_count,view_count"
# What is remembered of a video that is gone, instead of when it was made; and the name of a page of such questions.
_GONE = "gone"
_QUERIED = "query.json"
# Two practices with one account must not renew at the same time: the slower would use a token that has ended.
_RENEWING = threading.Lock()
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
    return [
        Planned(
            label=practice.id,
            practice_id=practice.id,
            key=practice.tiktok.key,
            about={"practice_id": practice.id, "handle": practice.tiktok.handle},
        )
        for practice in practices.practice
        if practice.tiktok
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    """Comments are not there, so nothing can be answered in what is read."""
    return Listing(complete=receipt.complete, can_reply=False)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Keep the account's counts and the videos of 30 days (sweep: 90), and ask after those that are missing.

    Raises SiteDown, BadKey or ChangedShape.
    """
    where = f"{SOURCE.name}: {planned.label}"
    tonight = dt.datetime.combine(planned.night, dt.time(), tzinfo=dt.UTC)
    floor = tonight - (WINDOW if planned.sweep else LATE)
    if planned.since:
        floor = min(floor, planned.since - OVERLAP)
    body = _ask("GET", "/user/info/", {"fields": _ACCOUNT_FIELDS}, None, planned, tools)
    yield Page(body=body)
    if not bytes(_data(body, where).user):
        raise _strange(where)

    walk, cursor = Walk(where, what="video", newest=planned.since), ""
    seen: dict[str, dt.datetime] = {}
    while True:
        asked = {"max_count": PAGE_SIZE} | ({"cursor": int(cursor)} if cursor else {})
        body = _ask("POST", "/video/list/", {"fields": _VIDEO_FIELDS}, asked, planned, tools)
        yield Page(body=body)
        data = _data(body, where)
        heads = _heads(data, where)
        walk.add(heads.items())
        seen |= heads
        if not data.has_more or walk.has_reached(floor):
            break
        if data.cursor is None:
            raise _strange(where)
        cursor = walk.turn(str(data.cursor))

    # A list may be late; only a video that TikTok does not find by its id is gone.
    before = {name: _instant(int(told)) for name, told in planned.kept.items() if told != _GONE}
    missing = sorted(name for name, created in before.items() if name not in seen and created >= tonight - WINDOW)
    for start in range(0, len(missing), PAGE_SIZE):
        wanted = {"filters": {"video_ids": missing[start : start + PAGE_SIZE]}}
        body = _ask("POST", "/video/query/", {"fields": _VIDEO_FIELDS}, wanted, planned, tools)
        yield Page(body=body, suffix=_QUERIED)
        seen |= _heads(_data(body, where), where)
    keep = {name: str(int(created.timestamp())) for name, created in seen.items() if created >= tonight - WINDOW}
    keep |= {name: _GONE for name in missing if name not in seen}
    ends = tools.tokens.newest(SOURCE.name, planned.key, _key(planned)["refresh_token"]).expires_at
    return Outcome(complete=planned.sweep, newest=walk.newest, keep=keep, key_expires_on=ends.date() if ends else None)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Renew access with each key and ask whose account it is."""

    def ask(planned: Planned) -> str:
        _ask("GET", "/user/info/", {"fields": _ACCOUNT_FIELDS}, None, planned, tools)
        ends = tools.tokens.newest(SOURCE.name, planned.key, _key(planned)["refresh_token"]).expires_at
        return f", until {ends.date()}" if ends else ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield a page's videos and numbers, and which videos that were asked after are gone. Raises ChangedShape."""
    about = page.receipt.about
    practice_id, handle = about.get("practice_id", page.receipt.label), about.get("handle", "")
    where = f"{SOURCE.name}: {practice_id}, {page.path}"
    data = _data(page.body, where)
    place: dict[str, Any] = {
        "source": SOURCE.name,
        "site": SOURCE.site,
        "practice_id": practice_id,
        "page": page.path,
    }
    if bytes(data.user):
        for position, account in each([data.user], _Account, page, practice_id=practice_id, what="account"):
            if isinstance(account, SetAside):
                yield account
                continue
            for name in ("follower_count", "likes_count", "video_count"):
                yield _metric(name, getattr(account, name), account.open_id, None, {**place, "position": position})
        return
    if data.videos is None:
        raise _strange(where)
    for position, video in each(data.videos, _Video, page, practice_id=practice_id, what="video"):
        if isinstance(video, SetAside):
            yield video
        else:
            yield from _of_video(video, handle, {**place, "position": position})
    if f".{_QUERIED}" in page.path:
        for name, told in page.receipt.keep.items():
            if told == _GONE:
                yield Record(kind="post", item_id=name, state="removed", by_practice=True, position=0, **place)


def _of_video(video: _Video, handle: str, place: dict[str, Any]) -> Iterator[Record]:
    created, name = _instant(video.create_time), str(video.id)
    text = video.video_description or video.title
    url = (video.share_url or "").partition("?")[0]
    yield Record(
        kind="post",
        item_id=name,
        author_id=handle,
        created_at=created,
        updated_at=created,
        # TikTok repeats the description as the title.
        title=video.title if video.title and not (text or "").startswith(video.title) else None,
        text=text or None,
        url=url if url.startswith("https://") else None,
        by_practice=True,
        **place,
    )
    for metric in ("view_count", "like_count", "comment_count", "share_count"):
        yield _metric(metric, getattr(video, metric), name, name, place)


def _metric(name: str, value: int | None, of: str, post: str | None, place: dict[str, Any]) -> Record:
    return Record(kind="metric", item_id=f"{of}/{name}", parent_id=post, metric=name, value=value, **place)


def _instant(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _data(body: bytes, where: str) -> _Data:
    return decoded(body, _Answer, source=SOURCE.name, where=where).data


def _heads(data: _Data, where: str) -> dict[str, dt.datetime]:
    if data.videos is None:
        raise _strange(where)
    heads = (head for raw in data.videos if (head := record_or_none(raw, _Head)))
    return {str(head.id): _instant(head.create_time) for head in heads}


def _strange(where: str) -> ChangedShape:
    return ChangedShape(
        "the page is an answer to another question than Rapport's",
        where=where,
        next_step=f"Compare the kept page with pipelines/sources/{SOURCE.name}.py",
    )


def _ask(
    method: str, path: str, params: dict[str, str], body: dict[str, Any] | None, planned: Planned, tools: Tools
) -> bytes:
    """Return a good answer's body, with access that is renewed once if TikTok says it has ended."""
    where = f"{SOURCE.name}: {planned.label}"
    access = ""
    for _ in range(2):
        access = _access(planned, tools, ended=access)
        answer = tools.client.request(
            method,
            f"{tools.address()}{path}",
            where=where,
            params=params,
            headers={"Authorization": f"Bearer {access}"},
            body=None if body is None else msgspec.json.encode(body),
            is_busy=lambda told: _said(told) == "rate_limit_exceeded",
        )
        if _said(answer) != "access_token_invalid":
            break
    said = _said(answer)
    # An answer of another kind than JSON says neither; reading it tells what it is.
    if answer.status_code == 200 and said in ("ok", ""):
        return answer.content
    if said in ("scope_not_authorized", "scope_permission_missed"):
        raise BadKey(f"the key may not read this ({answer.status_code}, {said})", where=where, next_step=_CONSENT)
    raise refusal(
        answer,
        title="TikTok",
        where=where,
        said=said,
        renew="Let the account give its consent again and store the new refresh token",
        allow=_CONSENT,
        correct="Look at the app's state in TikTok's developer portal",
    )


_CONSENT = "Let the account give its consent again, with user.info.basic, user.info.stats and video.list"


def _said(answer: httpx.Response) -> str:
    return word(answer, "error", "code")


def _key(planned: Planned) -> dict[str, str]:
    return load_key(SOURCE.name, planned.key, SOURCE.key_fields)


def _access(planned: Planned, tools: Tools, *, ended: str) -> str:
    """Return access other than what has `ended`, renewed once a run. Raises BadKey if the refresh token has ended."""
    key = _key(planned)
    with _RENEWING:
        held = tools.memory.get(planned.key)
        if held and held != ended:
            return held
        seed = key.pop("refresh_token")
        token = tools.tokens.newest(SOURCE.name, planned.key, seed).refresh
        where = f"{SOURCE.name}: key '{planned.key or 'default'}'"
        form = {**key, "grant_type": "refresh_token", "refresh_token": token}
        answer = tools.client.request("POST", f"{tools.address()}/oauth/token/", where=where, form=form)
        said = word(answer, "error")
        # TikTok refuses with a 200, too.
        if said or answer.status_code in (400, 401, 403):
            raise BadKey(
                f"TikTok does not renew the key ({answer.status_code}, {said})",
                where=where,
                next_step="Let the account give its consent again and store the new refresh token",
            )
        renewed = record_or_none(msgspec.Raw(answer.content), _Renewed)
        if answer.status_code != 200 or not renewed:
            raise ChangedShape(f"TikTok's token endpoint answered {answer.status_code} without a token", where=where)
        sent = sent_at(answer.headers)
        ends = sent + dt.timedelta(seconds=renewed.refresh_expires_in) if sent else None
        tools.tokens.keep(SOURCE.name, planned.key, seed, Token(refresh=renewed.refresh_token, expires_at=ends))
        tools.memory[planned.key] = renewed.access_token
        return renewed.access_token
