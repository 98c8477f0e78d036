"""TikTok on loopback: the Display API of one account. Access lives for a night, and each renewal gives a new token."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from pipelines.demo.conversation import Asked, Guest, Post, Told, at, posts_of

_OF = "cedar-hollow"
_HANDLE = "cedarhollow"
_KEY = {
    "client_key": "made-up-tiktok-client",
    "client_secret": "made-up-tiktok-secret",
    "refresh_token": "made-up-tiktok-refresh",
}
GUESTS: tuple[Guest, ...] = (Guest(practice_id=_OF, block=f'{{ handle = "{_HANDLE}" }}', key=_KEY),)
_LARGEST_PAGE = 20
_DAY_SECONDS = 86_400


def tell(asked: Asked) -> Told:
    if (asked.method, asked.path) == ("POST", "/oauth/token/"):
        return _token(asked)
    if asked.headers.get("authorization") != f"Bearer {_access(asked)}":
        return _refused(401, "access_token_invalid")
    posts = at(posts_of(_OF, "tiktok", asked.seed), asked.at)
    if (asked.method, asked.path) == ("GET", "/user/info/"):
        return _user(asked, posts)
    if (asked.method, asked.path) == ("POST", "/video/list/"):
        return _list(asked, posts)
    if (asked.method, asked.path) == ("POST", "/video/query/"):
        return _query(asked, posts)
    return _refused(404, "invalid_params")


def _access(asked: Asked) -> str:
    return f"made-up-tiktok-access-{asked.night}"


def _token(asked: Asked) -> Told:
    """Take the first token or one that was given instead of it; nothing is remembered, so an older one is good, too."""
    form = {name: values[-1] for name, values in parse_qs(asked.body.decode()).items()}
    first, _, number = form.get("refresh_token", "").partition(".")
    wrong = [name for name in ("client_key", "client_secret") if form.get(name) != _KEY[name]]
    if wrong or first != _KEY["refresh_token"] or not (number or "0").isdecimal():
        said = "invalid_client" if wrong else "invalid_grant"
        return Told({"error": said, "error_description": "That is not good any more.", "log_id": "demo"}, status=400)
    return Told(
        {
            "access_token": _access(asked),
            "expires_in": _DAY_SECONDS,
            "open_id": "demo-open-id",
            "refresh_expires_in": 365 * _DAY_SECONDS,
            "refresh_token": f"{first}.{int(number or 0) + 1}",
            "scope": "user.info.basic,user.info.stats,video.list",
            "token_type": "Bearer",
        }
    )


def _user(asked: Asked, posts: list[Post]) -> Told:
    user: dict[str, Any] = {
        "open_id": "demo-open-id",
        "follower_count": 3_150,
        "likes_count": sum(post.likes for post in posts),
        "video_count": len(posts),
    }
    return _good({"user": _only(user, asked)})


def _list(asked: Asked, posts: list[Post]) -> Told:
    said = json.loads(asked.body or b"{}")
    size, cursor = said.get("max_count", 10), said.get("cursor")
    if not isinstance(size, int) or not 1 <= size <= _LARGEST_PAGE:
        return _refused(400, "invalid_params")
    older = [post for post in posts if cursor is None or _milliseconds(post) < cursor]
    shown = older[:size]
    last = _milliseconds(shown[-1]) if shown else 0
    videos = [_only(_as_video(post), asked) for post in shown]
    return _good({"videos": videos, "cursor": last, "has_more": len(older) > size})


def _query(asked: Asked, posts: list[Post]) -> Told:
    wanted = json.loads(asked.body).get("filters", {}).get("video_ids", [])
    if not 1 <= len(wanted) <= _LARGEST_PAGE:
        return _refused(400, "invalid_params")
    return _good({"videos": [_only(_as_video(post), asked) for post in posts if _id(post) in wanted]})


def _as_video(post: Post) -> dict[str, Any]:
    return {
        "id": _id(post),
        "title": post.text,
        "video_description": post.text,
        "create_time": _milliseconds(post) // 1000,
        "share_url": f"https://www.tiktok.example/@{_HANDLE}/video/{_id(post)}?utm_campaign=demo&utm_source=demo",
        "like_count": post.likes,
        "comment_count": len(post.comments),
        "share_count": len(post.sharers),
        "view_count": post.views,
    }


def _only(thing: dict[str, Any], asked: Asked) -> dict[str, Any]:
    return {name: thing[name] for name in asked.one("fields").split(",") if name in thing}


def _id(post: Post) -> str:
    return f"71{post.number:017d}"


def _milliseconds(post: Post) -> int:
    return int(post.created_at.timestamp()) * 1000


def _good(data: dict[str, Any]) -> Told:
    return Told({"data": data, "error": {"code": "ok", "message": "", "log_id": "demo"}})


def _refused(status: int, code: str) -> Told:
    return Told({"data": {}, "error": {"code": code, "message": "No.", "log_id": "demo"}}, status=status)
