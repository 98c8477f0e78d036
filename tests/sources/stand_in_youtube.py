"""YouTube on loopback for tests: one channel whose longest list is the threads of comments below its videos."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, ClassVar

from tests.conftest import Answer
from tests.sources.stand_in import START, Base, Request

CHANNEL = "UCstandin0000000000000001"


class StandIn(Base):
    """`replies` are by thread, oldest first, of which a thread shows the newest `shown`; `below` is its video."""

    name = "youtube"
    block: ClassVar[Any] = {"channel": CHANNEL}
    key: ClassVar[dict[str, str]] = {"api_key": "hush-youtube"}
    cannot: ClassVar[dict[str, str]] = {"other_ids": "an id is a string without a number's form"}

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.videos: dict[str, dt.datetime] = {"video-1": START}
        self.threads: dict[str, dt.datetime] = {f"t{n}": self.instant(n) for n in range(count)}
        self.replies: dict[str, list[dict[str, Any]]] = {}
        self.shown = 1
        self.below: dict[str, str] = {}
        self.comments_off = False
        self.videos_answer: bytes | None = None
        self.statistics: dict[str, Any] = {"viewCount": "900", "subscriberCount": "12", "videoCount": "1"}
        self.video_statistics: dict[str, Any] = {"viewCount": "90", "likeCount": "7", "commentCount": "3"}

    def item_kind(self) -> str:
        return "comment"

    def expected(self) -> set[str]:
        return {f"t{number}" for number in range(self.count)}

    def check_key(self, request: Request) -> None:
        assert request.method == "GET"
        assert request.one("key") == "hush-youtube"
        assert "hush" not in str(request.headers)

    def asked_for(self, path: str) -> list[Request]:
        return [request for request in self.asked if request.path == path]

    def answer(self, request: Request) -> Any:
        told: dict[str, Any] = {
            "/channels": self._channels,
            "/playlistItems": self._playlist_items,
            "/videos": self._videos,
            "/commentThreads": self._threads,
            "/comments": self._comments,
        }
        return told[request.path](request)

    def _channels(self, request: Request) -> Any:
        if request.one("id") != CHANNEL:
            return self._page("channel", [])
        playlists = {"relatedPlaylists": {"uploads": "UUstandin"}}
        return self._page("channel", [{"id": CHANNEL, "contentDetails": playlists, "statistics": self.statistics}])

    def _playlist_items(self, request: Request) -> Any:
        assert request.one("playlistId") == "UUstandin"
        if not self.videos:
            return refused(404, "playlistNotFound")
        newest = sorted(self.videos.items(), key=lambda pair: pair[1], reverse=True)
        items = [{"contentDetails": {"videoId": name, "videoPublishedAt": stamp(when)}} for name, when in newest]
        return self._paged("playlistItem", items, request)

    def _videos(self, request: Request) -> Any:
        known = [name for name in request.one("id").split(",") if name in self.videos]
        assert len(request.one("id").split(",")) <= 50
        if self.videos_answer is not None:
            return self.videos_answer
        return self._page("video", [self.video(name) for name in known])

    def _threads(self, request: Request) -> Any:
        assert (request.one("allThreadsRelatedToChannelId"), request.one("order")) == (CHANNEL, "time")
        assert request.one("textFormat") == "plainText"
        if self.comments_off:
            return refused(403, "commentsDisabled")
        newest = sorted(self.threads, key=lambda name: self.threads[name], reverse=True)
        page = self._paged("commentThread", newest, request)
        page |= {"items": [self.thread(name) for name in page["items"]]} if "items" in page else {}
        return page | {"nextPageToken": "again"} if self.endless else page

    def _comments(self, request: Request) -> Any:
        thread = request.one("parentId")
        assert request.one("textFormat") == "plainText"
        if thread not in self.replies:
            return refused(404, "commentNotFound")
        return self._paged("comment", self.replies[thread], request)

    def video(self, name: str) -> dict[str, Any]:
        snippet = {"publishedAt": stamp(self.videos[name]), "channelId": CHANNEL, "title": "A film", "description": ""}
        return {"id": name, "snippet": snippet, "statistics": self.video_statistics}

    def thread(self, name: str) -> dict[str, Any]:
        text = "x" * 10_000_000 if self.huge and name == "t0" else "A question?"
        video = self.below.get(name, "video-1")
        top = comment(name, self.threads[name], textDisplay=text, videoId=video)
        replies = self.replies.get(name, [])
        shown = {"replies": {"comments": replies[-self.shown :]}} if replies and self.shown else {}
        snippet = {"videoId": video, "topLevelComment": top, "totalReplyCount": len(replies)}
        return {"id": name, "snippet": snippet, **shown}

    def _paged(self, what: str, items: list[Any], request: Request) -> dict[str, Any]:
        size = min(self.page_size, int(request.one("maxResults")))
        token = request.one("pageToken", "0")
        start = 0 if token == "again" else int(token)
        first = max(0, start - 1) if self.shifting else start
        more = {"nextPageToken": str(start + size)} if start + size < len(items) else {}
        return self._page(what, items[first : start + size], **more)

    @staticmethod
    def _page(what: str, items: list[Any], **more: str) -> dict[str, Any]:
        told: dict[str, Any] = {"kind": f"youtube#{what}ListResponse", "etag": "e", **more}
        # A list of nothing has no items at all.
        return told | ({"items": items} if items else {})


def stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def comment(name: str, when: dt.datetime, **more: Any) -> dict[str, Any]:
    author = {"authorDisplayName": "@ada", "authorChannelId": {"value": "UCada"}}
    told = {"publishedAt": stamp(when), "updatedAt": stamp(when), "textDisplay": "Words.", **author, **more}
    return {"kind": "youtube#comment", "id": name, "snippet": told}


def refused(status: int, reason: str) -> Answer:
    error = {"code": status, "message": "secret words", "errors": [{"domain": "youtube", "reason": reason}]}
    return status, {}, json.dumps({"error": error}).encode()
