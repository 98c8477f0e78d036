"""Instagram's accounts as Graph tells them with Instagram Login: names of accounts, one level of replies, tags."""

from __future__ import annotations

import base64
import random
from typing import Any

from pipelines.demo import graph
from pipelines.demo.conversation import Asked, Comment, Guest, Post, Told, at, posts_of, threads_of

GUESTS = (
    Guest(
        practice_id="riverside-dental",
        block='{ account = "17841400001913001" }',
        key={"access_token": "made-up-instagram-token-riverside"},
    ),
    Guest(
        practice_id="cedar-hollow",
        block='{ account = "17841400001913002", key = "cedar" }',
        key={"access_token": "made-up-instagram-token-cedar"},
        key_name="cedar",
    ),
)
_ACCOUNTS = {
    "riverside-dental": ("17841400001913001", "riverside.dental", 900),
    "cedar-hollow": ("17841400001913002", "cedarhollow", 33_000),
}
_METRICS = ("reach", "views", "saved", "shares", "total_interactions")
_ACCOUNT_METRICS = ("reach", "views", "accounts_engaged", "total_interactions")
_LARGEST_PAGE = 100
_COMMENTS_A_PAGE = 50
_RENEWED_SECONDS = 5_183_944


def tell(asked: Asked) -> Told:
    """Answer one request as Graph v26.0 does."""
    bearer = asked.headers.get("authorization", "").removeprefix("Bearer ")
    if asked.path == "/refresh_access_token":
        return _renewed(asked)
    # A renewed token is the old one with the night of its renewal.
    guest = _guest_of(bearer)
    if guest is None:
        return graph.dead_token()
    told = _answer(asked, guest, bearer)
    return told._replace(headers=graph.usage(_ACCOUNTS[guest.practice_id][0], "instagram", 2))


def _guest_of(token: str) -> Guest | None:
    return next((guest for guest in GUESTS if guest.key["access_token"] == token.split(".renewed.")[0]), None)


def _renewed(asked: Asked) -> Told:
    old = asked.one("access_token")
    if asked.one("grant_type") != "ig_refresh_token" or _guest_of(old) is None:
        return graph.dead_token()
    token = f"{old.split('.renewed.')[0]}.renewed.{asked.night}"
    return Told({"access_token": token, "token_type": "bearer", "expires_in": _RENEWED_SECONDS})


def _answer(asked: Asked, guest: Guest, token: str) -> Told:
    account, username, followers = _ACCOUNTS[guest.practice_id]
    node, _, field = asked.path.removeprefix("/").partition("/")
    posts = at(posts_of(guest.practice_id, "instagram", asked.seed), asked.at)
    if node == account:
        if not field:
            followers += asked.night.toordinal() % 97
            counts = {"followers_count": followers, "media_count": len(posts)}
            return Told({"id": account, "username": username, **counts})
        if field == "media":
            since = int(asked.one("since", "0"))
            shown = [post for post in posts if int(post.created_at.timestamp()) >= since]
            items = [_medium(asked, username, post, token) for post in shown]
            return _listed(items, asked, token, ("fields", "since"))
        if field == "tags":
            tagged = at(threads_of(guest.practice_id, "instagram", asked.seed), asked.at)
            return _listed([_tagged(post, username) for post in tagged], asked, token, ("fields",))
        if field == "insights":
            return _account_insights(asked, account, followers)
    post = next((post for post in posts if _media_id(post) == node), None)
    if post and field == "comments":
        return Told(_comments(asked, username, post, token, asked.one("after")))
    if post and field == "insights":
        return _media_insights(asked, post)
    return graph.nothing_there(node)


def _listed(items: list[dict[str, Any]], asked: Asked, token: str, names: tuple[str, ...]) -> Told:
    limit = min(int(asked.one("limit", "25")), _LARGEST_PAGE)
    params = {name: asked.one(name) for name in names}
    return Told(graph.edge(items, asked.path, asked, params, limit, asked.one("after"), token))


def _media_id(post: Post) -> str:
    return str(17_900_000_000_000_000 + post.number)


def _kind(post: Post) -> tuple[str, str]:
    return ("VIDEO", "REELS") if post.number % 4 == 0 else ("IMAGE", "FEED")


def _permalink(post: Post) -> str:
    kind = "reel" if _kind(post)[1] == "REELS" else "p"
    code = base64.urlsafe_b64encode(f"{post.author}{post.number}".encode()).decode().rstrip("=")
    return f"https://www.instagram.com/{kind}/{code}/"


def _medium(asked: Asked, username: str, post: Post, token: str) -> dict[str, Any]:
    media_type, product = _kind(post)
    comments = {"comments": _comments(asked, username, post, token, "")} if post.comments else {}
    return {
        "id": _media_id(post),
        "caption": post.text,
        "media_type": media_type,
        "media_product_type": product,
        "permalink": _permalink(post),
        "timestamp": graph.instant(post.created_at),
        "username": username,
        "like_count": post.likes,
        "comments_count": len(graph.standing(post)),
        **comments,
    }


def _tagged(post: Post, username: str) -> dict[str, Any]:
    return {
        "id": str(17_950_000_000_000_000 + post.number),
        "caption": f"{post.text} @{username}",
        "media_type": "IMAGE",
        "permalink": _permalink(post),
        "timestamp": graph.instant(post.created_at),
        "username": post.author,
        "like_count": post.likes,
        "comments_count": len(post.comments),
    }


def _comments(asked: Asked, username: str, post: Post, token: str, after: str) -> dict[str, Any]:
    top = sorted((c for c in post.comments if not c.parent), key=lambda c: c.created_at, reverse=True)
    items = []
    for comment in top:
        below = [_comment(username, post, answer) for answer in post.comments if answer.parent == comment.number]
        items.append(_comment(username, post, comment) | ({"replies": {"data": below}} if below else {}))
    return graph.edge(items, f"/{_media_id(post)}/comments", asked, {}, _COMMENTS_A_PAGE, after, token)


def _comment_id(post: Post, number: int) -> str:
    return str(18_000_000_000_000_000 + post.number * 1_000 + number)


def _comment(username: str, post: Post, comment: Comment) -> dict[str, Any]:
    author = username if comment.by_practice else comment.author
    sender = {"id": str(17_841_000_000_000_000 + sum(map(ord, author))), "username": author}
    told = {
        "id": _comment_id(post, comment.number),
        "text": comment.text,
        "timestamp": graph.instant(comment.created_at),
        "username": author,
        "from": sender,
        "hidden": comment.act == "spam",
    }
    return told | ({"parent_id": _comment_id(post, comment.parent)} if comment.parent else {})


def _account_insights(asked: Asked, account: str, followers: int) -> Told:
    """Tell the total of the days asked for, which says nothing of the days themselves."""
    asked_for = asked.one("metric").split(",")
    if not set(asked_for) <= set(_ACCOUNT_METRICS):
        return graph.refused(
            100, f"(#100) metric[0] must be one of the following values: {', '.join(_ACCOUNT_METRICS)}"
        )
    days = graph.days_of(asked)
    found = []
    for metric in asked_for:
        values = [random.Random(f"{asked.seed} {account} {metric} {day}").randrange(followers) // 20 for day in days]
        told = {"name": metric, "period": "day", "title": metric, "description": metric}
        found.append(told | {"total_value": {"value": sum(values)}, "id": f"{account}/insights/{metric}/day"})
    return Told({"data": found})


def _media_insights(asked: Asked, post: Post) -> Told:
    media, asked_for = _media_id(post), asked.one("metric").split(",")
    if not set(asked_for) <= set(_METRICS) or ("shares" in asked_for and _kind(post)[1] != "REELS"):
        return graph.refused(100, f"(#100) The metric {asked_for[-1]} is not supported for this media type")
    counted = {
        "reach": post.views // 2,
        "views": post.views,
        "saved": post.likes // 9,
        "shares": len(post.sharers),
        "total_interactions": post.likes + len(post.comments) + len(post.sharers),
    }
    found = []
    for metric in asked_for:
        told = {"name": metric, "period": "lifetime", "values": [{"value": counted[metric]}], "title": metric}
        found.append(told | {"description": metric, "id": f"{media}/insights/{metric}/lifetime"})
    return Told({"data": found})
