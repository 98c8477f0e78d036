"""YouTube on loopback: the Data API as a key sees it. A thread shows one reply; the others are to be asked for."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from pipelines.demo.conversation import Asked, Comment, Guest, Post, Told, at, posts_of

_CHANNEL = "UCrapportTownCedarHollow0"
_UPLOADS = f"UU{_CHANNEL[2:]}"
_OF = "cedar-hollow"
GUESTS: tuple[Guest, ...] = (
    Guest(
        practice_id=_OF,
        block=f'{{ channel = "{_CHANNEL}" }}',
        key={"api_key": "made-up-youtube-key"},
    ),
)
_NAME = "Cedar Hollow"
_SHOWN_REPLIES = 1


class _RefusedError(Exception):
    def __init__(self, code: int, reason: str, message: str) -> None:
        detail = {"message": message, "domain": "youtube.parameter", "reason": reason}
        self.told = Told({"error": {"code": code, "message": message, "errors": [detail]}}, status=code)


def tell(asked: Asked) -> Told:
    if asked.one("key") != GUESTS[0].key["api_key"]:
        return _RefusedError(400, "keyInvalid", "That is not one of our keys.").told
    answer = {
        "/channels": _channels,
        "/playlistItems": _playlist_items,
        "/videos": _videos,
        "/commentThreads": _comment_threads,
        "/comments": _comments,
    }.get(asked.path)
    if not answer or asked.method != "GET":
        return _RefusedError(404, "notFound", "There is no such method.").told
    try:
        return Told(answer(asked, at(posts_of(_OF, "youtube", asked.seed), asked.at)))
    except _RefusedError as refused:
        return refused.told


def _channels(asked: Asked, posts: list[Post]) -> dict[str, Any]:
    if asked.one("id") != _CHANNEL:
        return _envelope("channel", [], asked)
    item: dict[str, Any] = {"kind": "youtube#channel", "etag": "demo", "id": _CHANNEL}
    if "contentDetails" in _parts(asked):
        item["contentDetails"] = {"relatedPlaylists": {"likes": "", "uploads": _UPLOADS}}
    if "statistics" in _parts(asked):
        item["statistics"] = {
            "viewCount": str(sum(post.views for post in posts)),
            "subscriberCount": "1240",
            "hiddenSubscriberCount": False,
            "videoCount": str(len(posts)),
        }
    return _envelope("channel", [item], asked)


def _playlist_items(asked: Asked, posts: list[Post]) -> dict[str, Any]:
    if asked.one("playlistId") != _UPLOADS:
        raise _RefusedError(404, "playlistNotFound", "There is no such playlist.")
    items = [
        {
            "kind": "youtube#playlistItem",
            "etag": "demo",
            "id": f"UU{post.number:06d}",
            "contentDetails": {"videoId": _video_id(post), "videoPublishedAt": _stamp(post.created_at)},
        }
        for post in posts
    ]
    return _envelope("playlistItem", items, asked, largest=50)


def _videos(asked: Asked, posts: list[Post]) -> dict[str, Any]:
    wanted = asked.one("id").split(",")
    if len(wanted) > 50:
        raise _RefusedError(400, "invalidFilters", "At most 50 ids.")
    return _envelope("video", [_as_video(post, asked) for post in posts if _video_id(post) in wanted], asked)


def _as_video(post: Post, asked: Asked) -> dict[str, Any]:
    item: dict[str, Any] = {"kind": "youtube#video", "etag": "demo", "id": _video_id(post)}
    if "snippet" in _parts(asked):
        item["snippet"] = {
            "publishedAt": _stamp(post.created_at),
            "channelId": _CHANNEL,
            "title": post.text.split(".")[0][:60],
            "description": post.text,
            "channelTitle": _NAME,
            "categoryId": "22",
            "liveBroadcastContent": "none",
        }
    if "statistics" in _parts(asked):
        # Every ninth video hides its likes.
        likes = {} if post.number % 9 == 0 else {"likeCount": str(post.likes)}
        item["statistics"] = {
            "viewCount": str(post.views),
            **likes,
            "favoriteCount": "0",
            "commentCount": str(len(post.comments)),
        }
    return item


def _comment_threads(asked: Asked, posts: list[Post]) -> dict[str, Any]:
    if asked.one("allThreadsRelatedToChannelId") != _CHANNEL:
        raise _RefusedError(404, "channelNotFound", "There is no such channel.")
    pairs = [(post, comment) for post in posts for comment in post.comments if comment.parent is None]
    newest = sorted(pairs, key=lambda pair: (pair[1].created_at, pair[0].number, pair[1].number), reverse=True)
    return _envelope("commentThread", [_as_thread(post, top) for post, top in newest], asked, largest=100)


def _as_thread(post: Post, top: Comment) -> dict[str, Any]:
    replies = _answers(post, top)
    thread: dict[str, Any] = {
        "kind": "youtube#commentThread",
        "etag": "demo",
        "id": _thread_id(post, top),
        "snippet": {
            "channelId": _CHANNEL,
            "videoId": _video_id(post),
            "topLevelComment": _as_comment(post, top, None),
            "canReply": False,
            "totalReplyCount": len(replies),
            "isPublic": True,
        },
    }
    if replies:
        thread["replies"] = {"comments": [_as_comment(post, one, top) for one in replies[-_SHOWN_REPLIES:]]}
    return thread


def _comments(asked: Asked, posts: list[Post]) -> dict[str, Any]:
    for post in posts:
        for top in post.comments:
            if top.parent is None and _thread_id(post, top) == asked.one("parentId"):
                items = [_as_comment(post, one, top) for one in _answers(post, top)]
                return _envelope("comment", items, asked, largest=100)
    raise _RefusedError(404, "commentNotFound", "There is no such comment.")


def _answers(post: Post, top: Comment) -> list[Comment]:
    return [comment for comment in post.comments if comment.parent == top.number]


def _as_comment(post: Post, comment: Comment, top: Comment | None) -> dict[str, Any]:
    thread = _thread_id(post, top or comment)
    author = _CHANNEL if comment.by_practice else f"UC{comment.author:x>22}"
    snippet: dict[str, Any] = {
        "channelId": _CHANNEL,
        "textDisplay": comment.text,
        "authorDisplayName": f"@{_NAME.replace(' ', '')}" if comment.by_practice else f"@{comment.author}",
        "authorProfileImageUrl": "https://yt.rapport-town.example/face.png",
        "authorChannelUrl": f"http://www.youtube.com/channel/{author}",
        "authorChannelId": {"value": author},
        "canRate": True,
        "viewerRating": "none",
        "likeCount": comment.likes,
        "publishedAt": _stamp(comment.created_at),
        "updatedAt": _stamp(comment.edited_at or comment.created_at),
    }
    if top:
        return {
            "kind": "youtube#comment",
            "etag": "demo",
            "id": f"{thread}.{comment.number}",
            "snippet": snippet | {"parentId": thread},
        }
    return {"kind": "youtube#comment", "etag": "demo", "id": thread, "snippet": snippet | {"videoId": _video_id(post)}}


def _envelope(what: str, items: Sequence[dict[str, Any]], asked: Asked, largest: int = 50) -> dict[str, Any]:
    """Return one page, and the token of the next unless it is the last."""
    size = asked.one("maxResults", "5")
    if not re.fullmatch("[0-9]{1,3}", size) or not 1 <= int(size) <= largest:
        raise _RefusedError(400, "invalidValue", f"maxResults must be between 1 and {largest}.")
    # A list by ids is never paged.
    count = len(items) if asked.one("id") else int(size)
    try:
        start = int(base64.urlsafe_b64decode(asked.one("pageToken"))) if asked.one("pageToken") else 0
    except (binascii.Error, ValueError):
        raise _RefusedError(400, "invalidPageToken", "That is not one of our tokens.") from None
    end = start + count
    following = {"nextPageToken": base64.urlsafe_b64encode(str(end).encode()).decode()} if end < len(items) else {}
    return {
        "kind": f"youtube#{what}ListResponse",
        "etag": "demo",
        **following,
        "pageInfo": {"totalResults": len(items), "resultsPerPage": count},
        "items": list(items[start:end]),
    }


def _parts(asked: Asked) -> list[str]:
    return asked.one("part").split(",")


def _video_id(post: Post) -> str:
    return f"rt{post.number:09d}"


def _thread_id(post: Post, comment: Comment) -> str:
    return f"Ugx{post.number:06d}{comment.number:04d}AaABAg"


def _stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
