"""Reddit on loopback: strangers' threads in a town's subreddit, behind a token, with a tree that leaves comments out.

Who does not name an app properly is shown a page of HTML; a deleted comment stays in the tree as `[deleted]`.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs

from pipelines.demo.conversation import Asked, Comment, Guest, Post, Told, at, threads_of

_KEY = {
    "client_id": "rapport-town",
    "client_secret": "not-a-secret-at-all",
    "user_agent": "server:rapport-town:1.0 (by /u/rapport_town)",
}
_SUBREDDITS = {"riverside-dental": "RiversideTown", "harbor-family-medicine": "HarborTown"}
GUESTS = tuple(
    Guest(practice_id=practice_id, block=f'{{ subreddits = ["{subreddit}"] }}', key=_KEY)
    for practice_id, subreddit in _SUBREDDITS.items()
)
_ACCESS = "made-up-reddit-token"
_PAGE_SIZE = 25
# A tree shows this many comments; the others are asked for by name.
_SHOWN = 3


def tell(asked: Asked) -> Told:
    if asked.path == "/api/v1/access_token":
        return _token(asked)
    if asked.headers.get("user-agent", "").startswith("Rapport/"):
        return Told(b"<html><body>whoa there, pardner!</body></html>", 403, content_type="text/html")
    if asked.headers.get("authorization", "") != f"bearer {_ACCESS} {asked.night}":
        return Told({"message": "Unauthorized", "error": 401}, 401)
    told = _answer(asked)
    if told is None:
        return Told({"message": "Not Found", "error": 404}, 404)
    used = {"x-ratelimit-used": "4", "x-ratelimit-remaining": "996.0", "x-ratelimit-reset": "311"}
    return Told(told, headers=used)


def _token(asked: Asked) -> Told:
    expected = base64.b64encode(f"{_KEY['client_id']}:{_KEY['client_secret']}".encode()).decode()
    if asked.headers.get("authorization") != f"Basic {expected}" or asked.body != b"grant_type=client_credentials":
        return Told({"message": "Unauthorized", "error": 401}, 401)
    token = f"{_ACCESS} {asked.night}"
    return Told({"access_token": token, "token_type": "bearer", "expires_in": 86_400, "scope": "*"})


def _answer(asked: Asked) -> Any:
    parts = asked.path.strip("/").split("/")
    if parts[0] == "r" and len(parts) == 3:
        practice_id = next((p for p, subreddit in _SUBREDDITS.items() if subreddit == parts[1]), None)
        if practice_id is None or parts[2] not in ("search", "comments"):
            return None
        posts = _posts(practice_id, asked)
        if parts[2] == "comments":
            said = [_comment(c, post, practice_id) for post in posts for c in post.comments]
            newest_first = sorted(said, key=lambda data: -float(data["created_utc"]))
            return _paged([{"kind": "t1", "data": data} for data in newest_first], asked)
        phrases = [phrase.strip('"').lower() for phrase in asked.one("q").split(" OR ")]
        found = [post for post in posts if any(phrase in post.text.lower() for phrase in phrases)]
        return _paged([{"kind": "t3", "data": _post(post, practice_id)} for post in found], asked)
    everything = {_link(practice_id, post): (practice_id, post) for practice_id in _SUBREDDITS
                  for post in _posts(practice_id, asked)}  # fmt: skip
    if parts[0] == "comments":
        if parts[1] not in everything:
            return None
        practice_id, post = everything[parts[1]]
        return _tree(practice_id, post)
    if asked.path == "/api/morechildren":
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        practice_id, post = everything[form["link_id"].removeprefix("t3_")]
        named = {_name(practice_id, post, c): c for c in post.comments}
        wanted = [named[name] for name in form["children"].split(",") if name in named]
        things = [{"kind": "t1", "data": _comment(c, post, practice_id)} for c in wanted]
        return {"json": {"errors": [], "data": {"things": things}}}
    if asked.path == "/api/info":
        wanted_names = set(asked.one("id").split(","))
        known: list[dict[str, Any]] = [{"kind": "t3", "data": _post(post, p)} for p, post in everything.values()]
        known += [
            {"kind": "t1", "data": _comment(c, post, p)} for p, post in everything.values() for c in post.comments
        ]
        return _listing([thing for thing in known if thing["data"]["name"] in wanted_names], None)
    return None


def _posts(practice_id: str, asked: Asked) -> list[Post]:
    return at(threads_of(practice_id, "reddit", asked.seed), asked.at)


def _link(practice_id: str, post: Post) -> str:
    return f"{'r' if practice_id == 'riverside-dental' else 'h'}{post.number}"


def _name(practice_id: str, post: Post, comment: Comment) -> str:
    return f"{_link(practice_id, post)}c{comment.number}"


def _post(post: Post, practice_id: str) -> dict[str, Any]:
    link = _link(practice_id, post)
    return {
        "id": link,
        "name": f"t3_{link}",
        "title": post.text,
        "selftext": "",
        "author": post.author,
        "subreddit": _SUBREDDITS[practice_id],
        "created_utc": post.created_at.timestamp(),
        "edited": False,
        "score": post.likes,
        "num_comments": len(post.comments),
        "is_self": True,
        "permalink": f"/r/{_SUBREDDITS[practice_id]}/comments/{link}/thread/",
        "removed_by_category": None,
    }


def _comment(comment: Comment, post: Post, practice_id: str) -> dict[str, Any]:
    link, name = _link(practice_id, post), _name(practice_id, post, comment)
    return {
        "id": name,
        "name": f"t1_{name}",
        "link_id": f"t3_{link}",
        "parent_id": f"t3_{link}",
        "body": comment.text,
        "author": comment.author,
        "subreddit": _SUBREDDITS[practice_id],
        "created_utc": comment.created_at.timestamp(),
        "edited": comment.edited_at.timestamp() if comment.edited_at else False,
        "score": comment.likes,
        "score_hidden": False,
        "permalink": f"/r/{_SUBREDDITS[practice_id]}/comments/{link}/thread/{name}/",
        "replies": "",
    }


def _tree(practice_id: str, post: Post) -> list[dict[str, Any]]:
    shown = [{"kind": "t1", "data": _comment(c, post, practice_id)} for c in post.comments[:_SHOWN]]
    rest = [_name(practice_id, post, c) for c in post.comments[_SHOWN:]]
    link = f"t3_{_link(practice_id, post)}"
    more = {"id": "_", "name": "t1__", "count": len(rest), "parent_id": link, "depth": 0, "children": rest}
    below = [*shown, {"kind": "more", "data": more}] if rest else shown
    return [_listing([{"kind": "t3", "data": _post(post, practice_id)}], None), _listing(below, None)]


def _paged(things: list[dict[str, Any]], asked: Asked) -> dict[str, Any]:
    names = [thing["data"]["name"] for thing in things]
    after = asked.one("after")
    start = names.index(after) + 1 if after in names else 0
    page = things[start : start + _PAGE_SIZE]
    return _listing(page, names[start + len(page) - 1] if start + len(page) < len(names) else None)


def _listing(things: list[dict[str, Any]], after: str | None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"after": after, "before": None, "dist": len(things), "children": things}}
