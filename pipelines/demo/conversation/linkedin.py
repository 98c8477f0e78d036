"""LinkedIn on a night of the town: a practice's page, the comments below its posts, reactions and daily numbers.

Access tokens are issued for the night; the refresh token lives a year from its grant and tells how long that is.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from pipelines.demo.conversation import Asked, Comment, Guest, Post, Told, at, posts_of

ORGANIZATION = "90362861"
GUESTS = (
    Guest(
        practice_id="harbor-family-medicine",
        block=f'{{ organization = "{ORGANIZATION}" }}',
        key={
            "client_id": "made-up-linkedin-client",
            "client_secret": "made-up-linkedin-secret",
            "refresh_token": "made-up-linkedin-refresh-token",
        },
    ),
)
GRANTED_ON = dt.date(2026, 3, 2)
_LIVES_DAYS = 365
_OLDEST_VERSION = 202512
_URN = f"urn:li:organization:{ORGANIZATION}"
_FIRST_POST, _FIRST_COMMENT = 7_434_567_890_123_000_000, 7_434_567_890_456_000_000
_SPAN = re.compile(r"\(timeRange:\(start:(\d+),end:(\d+)\),timeGranularityType:DAY\)")
_DAY_MS = 86_400_000


def tell(asked: Asked) -> Told:
    """Return LinkedIn's answer, or its refusal: no token, no version, a version that has ended."""
    if asked.method == "POST" and asked.path == "/accessToken":
        return _token(asked)
    if asked.headers.get("authorization") != f"Bearer {_access(asked)}":
        return _refused(401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired", 65602)
    version = asked.headers.get("linkedin-version", "")
    if not version.isdecimal() or int(version) < _OLDEST_VERSION:
        return _refused(426, "NONEXISTENT_VERSION", f"Requested version {version[:8]} is not active")
    posts = at(posts_of(GUESTS[0].practice_id, "linkedin", asked.seed), asked.at)
    path = unquote(asked.path)
    if asked.path == "/posts":
        if asked.one("author") != _URN:
            return _refused(403, "ACCESS_DENIED", "Not enough permissions to access: posts.FINDER-author", 100)
        return _page(asked, [_post(post) for post in posts])
    if path.startswith("/socialMetadata/"):
        found = [post for post in posts if _post_urn(post) == path.removeprefix("/socialMetadata/")]
        return Told(_metadata(found[0])) if found else _refused(404, "NOT_FOUND", "Could not find entity")
    if below := re.fullmatch(r"/socialActions/(.+)/comments", path):
        return _page(asked, _comments(posts, below[1]))
    if asked.path == "/organizationalEntityShareStatistics" and (span := _SPAN.fullmatch(asked.one("timeIntervals"))):
        return _page(asked, [_day(posts, start) for start in range(int(span[1]), int(span[2]), _DAY_MS)])
    if asked.path == "/organizationAcls":
        return _page(asked, [{"role": "ADMINISTRATOR", "state": "APPROVED", "organization": _URN}])
    if path == f"/networkSizes/{_URN}":
        return Told({"firstDegreeSize": 410 + (asked.night - GRANTED_ON).days // 3})
    return _refused(404, "RESOURCE_NOT_FOUND", "No virtual resource found")


def _token(asked: Asked) -> Told:
    form = {name: values[-1] for name, values in parse_qs(asked.body.decode("utf-8", "replace")).items()}
    if {name: form.get(name) for name in GUESTS[0].key} != GUESTS[0].key:
        return Told({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
    lived = (asked.night - GRANTED_ON).days
    return Told(
        {
            "access_token": _access(asked),
            "expires_in": 5_184_000,
            "refresh_token": GUESTS[0].key["refresh_token"],
            "refresh_token_expires_in": (_LIVES_DAYS - lived) * 86_400,
            "scope": "r_organization_social_feed,rw_organization_admin,r_organization_followers",
        }
    )


def _access(asked: Asked) -> str:
    return f"made-up-linkedin-access-{asked.night}"


def _refused(status: int, code: str, message: str, service_code: int | None = None) -> Told:
    more = {} if service_code is None else {"serviceErrorCode": service_code}
    return Told({"status": status, **more, "code": code, "message": message}, status)


def _page(asked: Asked, shown: list[dict[str, Any]]) -> Told:
    start, count = int(asked.one("start", "0")), int(asked.one("count", "10"))
    links = []
    if start + count < len(shown):
        href = f"/rest{quote(asked.path)}?start={start + count}&count={count}"
        links = [{"type": "application/json", "rel": "next", "href": href}]
    return Told({"paging": {"start": start, "count": count, "links": links}, "elements": shown[start : start + count]})


def _post(post: Post) -> dict[str, Any]:
    return {
        "id": _post_urn(post),
        "author": _URN,
        # LinkedIn marks up its texts, so what would be a mark has a backslash.
        "commentary": re.sub(r"([|{}@\[\]()<>#\\*_~])", r"\\\1", post.text),
        "createdAt": _ms(post.created_at),
        "publishedAt": _ms(post.created_at),
        "lastModifiedAt": _ms(post.created_at),
        "lifecycleState": "PUBLISHED",
        "lifecycleStateInfo": {"isEditedByAuthor": False},
        "visibility": "PUBLIC",
        "isReshareDisabledByAuthor": False,
        "distribution": {"feedDistribution": "MAIN_FEED", "thirdPartyDistributionChannels": []},
    }


def _metadata(post: Post) -> dict[str, Any]:
    counts = {"LIKE": post.likes - post.likes // 4, "APPRECIATION": post.likes // 4}
    return {
        "reactionSummaries": {name: {"reactionType": name, "count": count} for name, count in counts.items()},
        "commentsState": "OPEN",
        "commentSummary": {
            "count": len(post.comments),
            "topLevelCount": sum(comment.parent is None for comment in post.comments),
        },
        "entity": f"urn:li:activity:{_FIRST_POST + post.number}",
    }


def _comments(posts: list[Post], urn: str) -> list[dict[str, Any]]:
    """Return what stands directly below a post or a comment, newest first."""
    for post in posts:
        ordered = sorted(post.comments, key=lambda comment: comment.created_at, reverse=True)
        if urn == _post_urn(post):
            return [_comment(post, comment) for comment in ordered if comment.parent is None]
        for parent in post.comments:
            if urn == _comment_urn(post, parent.number):
                return [_comment(post, comment) for comment in ordered if comment.parent == parent.number]
    return []


def _comment(post: Post, comment: Comment) -> dict[str, Any]:
    actor = _URN if comment.by_practice else f"urn:li:person:{comment.author.replace('_', '')}"
    urn = _comment_urn(post, comment.number)
    told: dict[str, Any] = {
        "id": str(_FIRST_COMMENT + post.number * 1_000 + comment.number),
        "$URN": urn,
        "commentUrn": urn,
        "object": f"urn:li:activity:{_FIRST_POST + post.number}",
        "actor": actor,
        "message": {"text": comment.text, "attributes": []},
        "created": {"actor": actor, "time": _ms(comment.created_at)},
        "lastModified": {"actor": actor, "time": _ms(comment.edited_at or comment.created_at)},
        "likesSummary": {"totalLikes": comment.likes, "aggregatedTotalLikes": comment.likes, "selectedLikes": []},
    }
    if comment.parent is not None:
        return told | {"parentComment": _comment_urn(post, comment.parent)}
    below = sum(other.parent == comment.number for other in post.comments)
    summary = {"totalFirstLevelComments": below, "aggregatedTotalComments": below, "selectedComments": []}
    return told | {"commentsSummary": summary}


def _day(posts: list[Post], start: int) -> dict[str, Any]:
    there = [post for post in posts if start <= _ms(post.created_at) < start + _DAY_MS]
    views, likes = 30 + sum(post.views for post in there), sum(post.likes for post in there)
    clicks, comments = views // 40, sum(len(post.comments) for post in there)
    return {
        "organizationalEntity": _URN,
        "timeRange": {"start": start, "end": start + _DAY_MS},
        "totalShareStatistics": {
            "impressionCount": views,
            "uniqueImpressionsCount": views * 2 // 3,
            "clickCount": clicks,
            "likeCount": likes,
            "commentCount": comments,
            "shareCount": sum(len(post.sharers) for post in there),
            "shareMentionsCount": 0,
            "commentMentionsCount": 0,
            "engagement": round((clicks + likes + comments) / views, 6),
        },
    }


def _post_urn(post: Post) -> str:
    return f"urn:li:{'ugcPost' if post.number % 5 == 0 else 'share'}:{_FIRST_POST + post.number}"


def _comment_urn(post: Post, number: int) -> str:
    return (
        f"urn:li:comment:(urn:li:activity:{_FIRST_POST + post.number},{_FIRST_COMMENT + post.number * 1_000 + number})"
    )


def _ms(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)
