"""A town's forum on loopback, run on Discourse: read by anybody, newest posts by id, topics in chunks of twenty.

Strangers ask there who is good, and some answers name Riverside Dental. A key of another forum is refused.
"""

from __future__ import annotations

import datetime as dt
import html
from typing import Any

from pipelines.demo.conversation import Asked, Comment, Guest, Post, Told, at, threads_of

_HOST = "talk.riverside.example"
GUESTS = (Guest(practice_id="riverside-dental", block=f'[{{ forum = "https://{_HOST}" }}]'),)
_TITLE = "Recommendations around here"
_CHUNK = 20
_LATEST = 50
_SEARCHED = 50


def tell(asked: Asked) -> Told:
    """Answer below the forum's host, which the setting `addresses` puts into the path."""
    if asked.headers.get("api-key"):
        return Told({"errors": ["You are not permitted."], "error_type": "invalid_access"}, 403)
    host, _, path = asked.path.removeprefix("/").partition("/")
    topics = _topics(asked) if host == _HOST else {}
    posts = sorted((post for topic in topics.values() for post in topic), key=lambda post: -int(post["id"]))
    if path == "posts.json":
        before = int(asked.one("before", str(2**62)))
        titled = {"topic_title": _TITLE}
        return Told({"latest_posts": [post | titled for post in posts if post["id"] < before][:_LATEST]})
    if path == "search.json":
        return Told(_searched(posts, asked))
    number, _, more = path.removeprefix("t/").removesuffix(".json").partition("/")
    if not number.isdecimal() or int(number) not in topics:
        return Told({"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"}, 404)
    topic = topics[int(number)]
    if more == "posts":
        wanted = set(asked.query.get("post_ids[]", []))
        return Told({"post_stream": {"posts": [p for p in topic if str(p["id"]) in wanted]}, "id": int(number)})
    head = {"id": int(number), "title": _TITLE, "views": 90 + int(number)}
    stream = {"posts": topic[:_CHUNK], "stream": [post["id"] for post in topic]}
    return Told(head | {"posts_count": len(topic), "reply_count": len(topic) - 1, "post_stream": stream})


def _topics(asked: Asked) -> dict[int, list[dict[str, Any]]]:
    threads = at(threads_of("riverside-dental", "discourse", asked.seed), asked.at)
    return {100 + post.number: _posts(post) for post in threads}


def _posts(post: Post) -> list[dict[str, Any]]:
    answers = sorted(post.comments, key=lambda comment: comment.created_at)
    opening = _shown(post, 1, None, post.likes)
    return [opening, *(_shown(post, place, comment, comment.likes) for place, comment in enumerate(answers, 2))]


def _shown(post: Post, place: int, comment: Comment | None, likes: int) -> dict[str, Any]:
    said = comment or post
    changed = comment.edited_at if comment and comment.edited_at else said.created_at
    return {
        # Ids grow with time, whatever the topic.
        "id": int(said.created_at.timestamp()) * 100 + place,
        "topic_id": 100 + post.number,
        "topic_slug": f"topic-{post.number}",
        "post_number": place,
        "post_type": 1,
        "username": said.author,
        "name": None,
        "created_at": _iso(said.created_at),
        "updated_at": _iso(changed),
        "version": 2 if changed > said.created_at else 1,
        "cooked": f"<p>{html.escape(said.text)}</p>",
        "reply_to_post_number": None,
        "actions_summary": [{"id": 2, "count": likes}] if likes else [],
        "hidden": False,
        "user_deleted": False,
        "deleted_at": None,
    }


def _searched(posts: list[dict[str, Any]], asked: Asked) -> dict[str, Any]:
    phrase = asked.one("q").split('"')[1].lower()
    found = [post for post in posts if phrase in post["cooked"].lower()]
    start = (int(asked.one("page", "1")) - 1) * _SEARCHED
    hits = [{"id": p["id"], "topic_id": p["topic_id"], "blurb": p["cooked"]} for p in found[start : start + _SEARCHED]]
    more = True if start + _SEARCHED < len(found) else None
    return {"posts": hits, "grouped_search_result": {"more_full_page_results": more, "error": None}}


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
