"""Facebook's pages as Graph tells them: visitors mostly without a name, shares only as a number, recommendations."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import random
import re
import zlib
from typing import Any

from pipelines.demo import graph
from pipelines.demo.conversation import FIRST_DAY, SPOKEN_NAMES, Asked, Comment, Guest, Post, Told, at, posts_of, words

GUESTS = (
    Guest(
        practice_id="riverside-dental",
        block='{ page = "104417200019130" }',
        key={"access_token": "made-up-page-token-riverside", "app_id": "191300", "app_secret": "made-up-app-secret"},
    ),
    Guest(
        practice_id="cedar-hollow",
        block='{ page = "104417200019131", key = "cedar" }',
        key={"access_token": "made-up-page-token-cedar", "app_id": "191300", "app_secret": "made-up-app-secret"},
        key_name="cedar",
    ),
)
_PAGES = {"riverside-dental": "104417200019130", "cedar-hollow": "104417200019131"}
_FANS = {"riverside-dental": 640, "cedar-hollow": 21_400}
# What Facebook gives in the town's days; every other name is refused.
_METRICS = {
    "page_media_view": 9,
    "page_total_media_view_unique": 5,
    "page_post_engagements": 2,
    "page_views_total": 3,
    "page_daily_follows_unique": 1,
    "page_daily_unfollows_unique": 1,
}
_REACTIONS = ("like", "love", "care", "haha", "wow", "sad", "angry")
_LARGEST_PAGE = 100


def tell(asked: Asked) -> Told:
    """Answer one request as Graph v26.0 does."""
    bearer = asked.headers.get("authorization", "").removeprefix("Bearer ")
    if asked.path == "/debug_token":
        return _debugged(asked, bearer)
    guest = next((guest for guest in GUESTS if guest.key["access_token"] == bearer), None)
    if guest is None:
        return graph.dead_token()
    proof = hmac.new(guest.key["app_secret"].encode(), bearer.encode(), hashlib.sha256).hexdigest()
    if asked.one("appsecret_proof") != proof:
        said = "Invalid appsecret_proof provided in the API argument"
        return graph.refused(100, said, kind="GraphMethodException")
    told = _answer(asked, guest, bearer)
    page = _PAGES[guest.practice_id]
    return told._replace(headers=graph.usage(page, "pages", 2))


def _answer(asked: Asked, guest: Guest, token: str) -> Told:
    page = _PAGES[guest.practice_id]
    node, _, field = asked.path.removeprefix("/").partition("/")
    if node == page:
        if field == "published_posts":
            return _posts(asked, guest, token)
        if field == "ratings":
            items = _ratings(asked, guest)
            limit = min(int(asked.one("limit", "25")), _LARGEST_PAGE)
            params = {"fields": asked.one("fields")}
            return Told(graph.edge(items, asked.path, asked, params, limit, asked.one("after"), token))
        if field == "insights":
            return _insights(asked, guest)
        if not field:
            return Told(_counts(asked, guest))
    if field == "comments" and node.startswith(f"{page}_"):
        found = [post for post in _shown(asked, guest) if _post_id(page, post) == node]
        if found:
            return Told(_comments(asked, guest, found[0], token, int(asked.one("limit", "25")), asked.one("after")))
    return graph.nothing_there(node)


def _debugged(asked: Asked, bearer: str) -> Told:
    guest = next((guest for guest in GUESTS if guest.key["access_token"] == asked.one("input_token")), None)
    if bearer != f"{GUESTS[0].key['app_id']}|{GUESTS[0].key['app_secret']}":
        return graph.refused(100, "(#100) You must provide an app access token, or a user access token of a developer")
    if guest is None:
        return Told({"data": {"is_valid": False, "error": {"code": 190, "message": "Malformed access token"}}})
    # A page's token has no end of its own; access to data ends ninety days after somebody last agreed to it.
    ends = dt.datetime(2027, 1, 20, tzinfo=dt.UTC)
    told = {"app_id": guest.key["app_id"], "type": "PAGE", "is_valid": True, "expires_at": 0}
    return Told({"data": {**told, "data_access_expires_at": int(ends.timestamp()), "scopes": ["pages_show_list"]}})


def _shown(asked: Asked, guest: Guest) -> list[Post]:
    return at(posts_of(guest.practice_id, "facebook", asked.seed), asked.at)


def _post_id(page: str, post: Post) -> str:
    return f"{page}_{770_000 + post.number}"


def _person(name: str) -> dict[str, str]:
    return {"id": str(5_000_000_000 + zlib.crc32(name.encode())), "name": name.split("_")[0].title()}


def _sender(guest: Guest, comment: Comment) -> dict[str, Any]:
    """Return who wrote a comment, where Facebook says it: always of the page, of visitors only of some."""
    if comment.by_practice:
        return {"from": {"id": _PAGES[guest.practice_id], "name": SPOKEN_NAMES[guest.practice_id]}}
    return {} if zlib.crc32(comment.author.encode()) % 3 == 0 else {"from": _person(comment.author)}


def _posts(asked: Asked, guest: Guest, token: str) -> Told:
    page = _PAGES[guest.practice_id]
    since = int(asked.one("since", "0"))
    posts = [post for post in _shown(asked, guest) if int(post.created_at.timestamp()) >= since]
    items = [_post(asked, guest, page, post, token) for post in posts]
    params = {name: asked.one(name) for name in ("fields", "since")}
    limit = min(int(asked.one("limit", "25")), _LARGEST_PAGE)
    return Told(graph.edge(items, asked.path, asked, params, limit, asked.one("after"), token))


def _post(asked: Asked, guest: Guest, page: str, post: Post, token: str) -> dict[str, Any]:
    rest = post.likes // 8
    counts = [post.likes - rest, rest, *[0] * 5]
    shares = {"shares": {"count": len(post.sharers)}} if post.sharers else {}
    return {
        "id": _post_id(page, post),
        "message": post.text,
        "created_time": graph.instant(post.created_at),
        "permalink_url": f"https://www.facebook.com/{page}/posts/{770_000 + post.number}",
        "is_hidden": False,
        "from": {"id": page, "name": SPOKEN_NAMES[guest.practice_id]},
        **shares,
        **{
            f"reactions_{kind}": {"data": [], "summary": {"total_count": count}}
            for kind, count in zip(_REACTIONS, counts, strict=True)
        },
        "comments": _comments(asked, guest, post, token, 50, ""),
    }


def _comments(asked: Asked, guest: Guest, post: Post, token: str, limit: int, after: str) -> dict[str, Any]:
    page = _PAGES[guest.practice_id]
    newest = sorted(graph.standing(post), key=lambda comment: comment.created_at, reverse=True)
    items = [_comment(guest, page, post, comment) for comment in newest]
    path = f"/{_post_id(page, post)}/comments"
    params = {"filter": "stream", "order": "reverse_chronological", "summary": "total_count"}
    told = graph.edge(items, path, asked, params, limit, after, token)
    return {**told, "summary": {"order": "reverse_chronological", "total_count": len(items), "can_comment": True}}


def _comment(guest: Guest, page: str, post: Post, comment: Comment) -> dict[str, Any]:
    number = 770_000 + post.number
    told = {
        "id": f"{number}_{comment.number}",
        "message": comment.text,
        "created_time": graph.instant(comment.created_at),
        **_sender(guest, comment),
        "permalink_url": f"https://www.facebook.com/{page}/posts/{number}?comment_id={comment.number}",
        "is_hidden": comment.act == "spam",
        "is_private": False,
    }
    named = [{**_person(name), "type": "user"} for name in re.findall(r"@(\w+)", comment.text)]
    parent = {"parent": {"id": f"{number}_{comment.parent}"}} if comment.parent else {}
    return told | parent | ({"message_tags": named} if named else {})


def _ratings(asked: Asked, guest: Guest) -> list[dict[str, Any]]:
    """Return what people recommend, newest first. One is taken off before the last night."""
    rng = random.Random(f"{asked.seed} facebook {guest.practice_id} ratings")
    page, practice = _PAGES[guest.practice_id], SPOKEN_NAMES[guest.practice_id]
    found = []
    for number in range(24):
        said = dt.datetime.combine(FIRST_DAY, dt.time(), tzinfo=dt.UTC) + dt.timedelta(hours=rng.uniform(0, 183 * 24))
        kind = rng.choices(("positive", "negative"), (5, 1))[0]
        act = "advocacy" if kind == "positive" else "discouragement"
        text = rng.choice(words.THREADS[act]).format(practice=practice)
        has_text, answered, told_id = rng.random() < 0.8, rng.random() < 0.5, rng.random() < 0.75
        reply = said + dt.timedelta(hours=rng.uniform(2, 60))
        if said > asked.at or (number == 7 and asked.at > dt.datetime(2026, 10, 31, 20, tzinfo=dt.UTC)):
            continue
        story: dict[str, Any] = {"id": f"{page}_{880_000 + number}"}
        if answered and reply <= asked.at:
            wrote = {"id": f"{880_000 + number}_1", "message": words.ANSWERS["generic"][3]}
            sender = {"id": page, "name": practice}
            story["comments"] = {"data": [wrote | {"created_time": graph.instant(reply), "from": sender}]}
        found.append(
            {
                "created_time": graph.instant(said),
                "recommendation_type": kind,
                "has_rating": False,
                "has_review": has_text,
                **({"review_text": text} if has_text else {}),
                **({"reviewer": _person(f"guest_{number}"), "open_graph_story": story} if told_id else {}),
            }
        )
    return sorted(found, key=lambda rating: rating["created_time"], reverse=True)


def _counts(asked: Asked, guest: Guest) -> dict[str, Any]:
    ratings = _ratings(asked, guest)
    liked = sum(rating["recommendation_type"] == "positive" for rating in ratings)
    fans = _FANS[guest.practice_id] + (asked.night - FIRST_DAY).days // 2
    return {
        "id": _PAGES[guest.practice_id],
        "overall_star_rating": round(1 + 4 * liked / len(ratings), 1),
        "rating_count": len(ratings),
        "fan_count": fans,
        "followers_count": fans + 31,
    }


def _insights(asked: Asked, guest: Guest) -> Told:
    metric = asked.one("metric")
    if metric not in _METRICS:
        return graph.refused(100, "(#100) The value must be a valid insights metric")
    page, fans = _PAGES[guest.practice_id], _FANS[guest.practice_id]
    rng = random.Random(f"{asked.seed} facebook {page} {metric}")
    often = {day: rng.randrange(fans) * _METRICS[metric] // 90 for day in map(_since_may, range(200))}
    values = [{"value": often.get(day, 0), "end_time": graph.day_end(day)} for day in graph.days_of(asked)]
    told = {"name": metric, "period": "day", "values": values, "title": metric, "description": metric}
    around = f"{asked.base}{asked.path}?metric={metric}&period=day"
    paging = {"previous": f"{around}&until={asked.one('since')}", "next": f"{around}&since={asked.one('until')}"}
    return Told({"data": [told | {"id": f"{page}/insights/{metric}/day"}], "paging": paging})


def _since_may(number: int) -> dt.date:
    return FIRST_DAY + dt.timedelta(days=number)
