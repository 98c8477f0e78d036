"""X on a night of the town: a practice's posts, who names it, who answers, quotes and reposts, with X's ids and limits.

It bills nobody, but counts as X does; one post in nine is edited within its half hour and so has two ids.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import Any

import msgspec

from pipelines.demo.conversation import Asked, Comment, Guest, Post, Told, at, posts_of, threads_of

USER, HANDLE = "1700020003", "HarborFamilyMed"
GUESTS = (
    Guest(
        practice_id="harbor-family-medicine",
        block=f'{{ user = "{USER}", handle = "{HANDLE}" }}',
        key={"bearer_token": "made-up-x-bearer-token"},
    ),
)
_EPOCH_MS = 1_288_834_974_657
_EDITED_EVERY = 9
_LONGEST_PAGE, _LONGEST_QUERY = 100, 512
_SEARCH_DAYS = 7
_LIMITS = {"tweets": 10_000, "mentions": 450, "recent": 450, "quote_tweets": 75, "retweets": 75}


class _Tweet(msgspec.Struct, kw_only=True):
    id: str
    author: str
    text: str
    at: dt.datetime
    root: str
    versions: list[str]
    answers: str = ""
    answers_user: str = ""
    quotes: str = ""
    reposts: str = ""
    names: tuple[tuple[str, str], ...] = ()
    likes: int = 0
    views: int = 0


def tell(asked: Asked) -> Told:
    """Return X's answer, for a bearer token that is good or is not."""
    if asked.headers.get("authorization") != f"Bearer {GUESTS[0].key['bearer_token']}":
        return _problem(401, "about:blank", "Unauthorized")
    world = _world(asked.seed, asked.at)
    shown = [tweet for tweet in world.values() if tweet.versions[-1] == tweet.id]
    if asked.path == "/usage/tweets":
        return Told(
            {"data": {"project_id": "1", "project_cap": "2000000", "project_usage": "1204", "cap_reset_day": 3}}
        )
    if asked.path == "/tweets":
        return _looked_up(asked, world)
    if asked.path == f"/users/{USER}/tweets":
        kinds = [tweet for tweet in shown if tweet.author == USER]
    elif asked.path == f"/users/{USER}/mentions":
        kinds = [tweet for tweet in shown if tweet.author != USER and USER in dict(tweet.names)]
    elif asked.path == "/tweets/search/recent":
        query = asked.one("query")
        if not query or len(query) > _LONGEST_QUERY:
            return _problem(400, "https://api.x.com/2/problems/invalid-request", "Invalid Request")
        roots = re.findall(r"conversation_id:(\d+)", query)
        first = asked.at - dt.timedelta(days=_SEARCH_DAYS)
        kinds = [tweet for tweet in shown if tweet.root in roots and tweet.at >= first]
    elif found := re.fullmatch(r"/tweets/(\d+)/(quote_tweets|retweets)", asked.path):
        of = world[found[1]].versions if found[1] in world else []
        kinds = [tweet for tweet in shown if (tweet.quotes if found[2] == "quote_tweets" else tweet.reposts) in of]
    else:
        return _problem(404, "about:blank", "Not Found")
    return _page(asked, kinds, world)


def _page(asked: Asked, kinds: list[_Tweet], world: dict[str, _Tweet]) -> Told:
    least = 5 if asked.path.startswith("/users/") else 10
    size, cursor = asked.one("max_results", "10"), asked.one("next_token") or asked.one("pagination_token", "b0")
    if not size.isdecimal() or not least <= int(size) <= _LONGEST_PAGE or not re.fullmatch(r"b\d+", cursor):
        return _problem(400, "https://api.x.com/2/problems/invalid-request", "Invalid Request")
    if start := asked.one("start_time"):
        kinds = [tweet for tweet in kinds if tweet.at >= dt.datetime.fromisoformat(start)]
    since = int(asked.one("since_id", "0"))
    ordered = sorted((t for t in kinds if int(t.id) > since), key=lambda tweet: int(tweet.id), reverse=True)
    first = int(cursor[1:])
    page = ordered[first : first + int(size)]
    meta: dict[str, Any] = {"result_count": len(page)}
    if page and not asked.path.endswith(("/quote_tweets", "/retweets")):
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if first + len(page) < len(ordered):
        meta["next_token"] = f"b{first + len(page)}"
    body = {"data": [_as_x(tweet, world) for tweet in page], "meta": meta} if page else {"meta": meta}
    return Told(body, headers=_headers(asked))


def _looked_up(asked: Asked, world: dict[str, _Tweet]) -> Told:
    ids = asked.one("ids").split(",")
    if not 1 <= len(ids) <= _LONGEST_PAGE:
        return _problem(400, "https://api.x.com/2/problems/invalid-request", "Invalid Request")
    found = [_as_x(world[each], world) for each in ids if each in world]
    errors = [
        {
            "value": each,
            "resource_id": each,
            "resource_type": "tweet",
            "parameter": "ids",
            "title": "Not Found Error",
            "detail": f"Could not find tweet with ids: [{each}].",
            "type": "https://api.twitter.com/2/problems/resource-not-found",
        }
        for each in ids
        if each not in world
    ]
    body = ({"data": found} if found else {}) | ({"errors": errors} if errors else {})
    return Told(body, headers=_headers(asked))


def _problem(status: int, kind: str, title: str) -> Told:
    body = {"title": title, "detail": title, "type": kind, "status": status}
    return Told(body, status, content_type="application/problem+json")


def _headers(asked: Asked) -> dict[str, str]:
    limit = _LIMITS.get(asked.path.rsplit("/", 1)[-1], 3_500)
    reset = int(asked.at.timestamp()) + 900
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(limit - 1),
        "x-rate-limit-reset": str(reset),
        "x-access-level": "read",
        "api-version": "2.159",
    }


def _as_x(tweet: _Tweet, world: dict[str, _Tweet]) -> dict[str, Any]:
    there, of = world.values(), tweet.versions
    references = (("replied_to", tweet.answers), ("quoted", tweet.quotes), ("retweeted", tweet.reposts))
    told: dict[str, Any] = {
        "id": tweet.id,
        "text": tweet.text,
        "author_id": tweet.author,
        "created_at": tweet.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "conversation_id": tweet.root,
        "edit_history_tweet_ids": of,
        "public_metrics": {
            "retweet_count": sum(other.reposts in of for other in there),
            "reply_count": sum(other.answers in of for other in there),
            "like_count": tweet.likes,
            "quote_count": sum(other.quotes in of for other in there),
            "bookmark_count": tweet.likes // 7,
            "impression_count": tweet.views,
        },
    }
    if any(to for _, to in references):
        told["referenced_tweets"] = [{"type": how, "id": to} for how, to in references if to]
    if tweet.answers_user:
        told["in_reply_to_user_id"] = tweet.answers_user
    if tweet.names:
        places = [(tweet.text.index(f"@{handle}"), user, handle) for user, handle in tweet.names]
        told["entities"] = {
            "mentions": [
                {"start": start, "end": start + len(handle) + 1, "username": handle, "id": user}
                for start, user, handle in places
            ]
        }
    return told


@cache
def _world(seed: int, instant: dt.datetime) -> dict[str, _Tweet]:
    """Return everything that stands there at an instant, by id; versions that an edit replaced are among it."""
    made: list[_Tweet] = []
    for post in at(posts_of(GUESTS[0].practice_id, "x", seed), instant):
        made += _own(post, instant)
    for thread in at(threads_of(GUESTS[0].practice_id, "x", seed), instant):
        said = _tweet(thread, _user(thread.author), f"{thread.text} @{HANDLE}", names=((USER, HANDLE),))
        made += [said, *_below(thread.comments, said)]
    return {tweet.id: tweet for tweet in made}


def _own(post: Post, instant: dt.datetime) -> list[_Tweet]:
    said = _tweet(post, USER, post.text)
    made = [said]
    edited = post.created_at + dt.timedelta(minutes=10)
    if post.number % _EDITED_EVERY == 0 and edited <= instant:
        versions = [said.id, _id(edited, post.number)]
        said = msgspec.structs.replace(said, versions=versions)
        newest = msgspec.structs.replace(said, id=versions[1], at=edited, text=f"{post.text} (Corrected.)")
        made = [said, newest]
    for number, (name, when) in enumerate(post.sharers):
        version = _id(when, post.number * 50 + number)
        shared = _Tweet(id=version, author=_user(name), text="", at=when, root=version, versions=[version])
        if number % 2:
            made.append(msgspec.structs.replace(shared, text="Worth knowing.", quotes=said.id))
        else:
            made.append(msgspec.structs.replace(shared, text=f"RT @{HANDLE}: {post.text}"[:140], reposts=said.id))
    return [*made, *_below(post.comments, said)]


def _below(comments: tuple[Comment, ...], root: _Tweet) -> list[_Tweet]:
    made: dict[int, _Tweet] = {}
    for comment in comments:
        parent = made.get(comment.parent or 0, root)
        version = _id(comment.created_at, comment.number)
        made[comment.number] = _Tweet(
            id=version,
            author=USER if comment.by_practice else _user(comment.author),
            # Replies cannot be edited there.
            text=comment.text.removesuffix(" (edited)").replace("&", "&amp;"),
            at=comment.created_at,
            root=root.root,
            versions=[version],
            answers=parent.id,
            answers_user=parent.author,
            likes=comment.likes,
            views=comment.likes * 30,
        )
    return list(made.values())


def _tweet(post: Post, author: str, text: str, **more: Any) -> _Tweet:
    version = _id(post.created_at, post.number)
    written = text.replace("&", "&amp;")
    told = {"likes": post.likes, "views": post.views, **more}
    return _Tweet(id=version, author=author, text=written, at=post.created_at, root=version, versions=[version], **told)


def _id(moment: dt.datetime, number: int) -> str:
    return str(((int(moment.timestamp() * 1000) - _EPOCH_MS) << 22) + number)


def _user(name: str) -> str:
    """Return a number for a person's account, always the same."""
    return str(int.from_bytes(name.encode()[-8:]) % 9_000_000_000 + 1_000_000_000)
