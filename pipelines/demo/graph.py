"""Meta's manner, which Facebook and Instagram share: errors, lists with cursors, insights, headers of used quotas."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pipelines.demo.conversation import Asked, Comment, Post, Told

_PACIFIC = ZoneInfo("America/Los_Angeles")


def usage(node: str, kind: str, calls: int) -> dict[str, str]:
    """Return the headers that say how much of each quota is used."""
    counts = {"call_count": calls, "total_cputime": 3, "total_time": 4}
    case = {node: [{"type": kind, **counts, "estimated_time_to_regain_access": 0}]}
    return {"X-App-Usage": json.dumps(counts), "X-Business-Use-Case-Usage": json.dumps(case)}


def refused(code: int, message: str, *, subcode: int = 0, status: int = 400, kind: str = "OAuthException") -> Told:
    error: dict[str, Any] = {"message": message, "type": kind, "code": code}
    if subcode:
        error["error_subcode"] = subcode
    return Told({"error": error | {"fbtrace_id": "AdEmOtRaCe0"}}, status)


def dead_token() -> Told:
    return refused(190, "Error validating access token: the session is invalid.", subcode=467)


def nothing_there(node: str) -> Told:
    said = f"Unsupported get request. Object with ID '{node}' does not exist or cannot be loaded."
    return refused(100, said, subcode=33, kind="GraphMethodException")


def instant(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def standing(post: Post) -> list[Comment]:
    """Return the comments below a post; whoever deletes one deletes what was answered to it."""
    there = {comment.number for comment in post.comments}
    return [comment for comment in post.comments if comment.parent is None or comment.parent in there]


def edge(
    items: Sequence[Any], path: str, asked: Asked, params: Mapping[str, str], limit: int, after: str, token: str
) -> dict[str, Any]:
    """Return a page of a list. The address of the next one holds the token, as Meta's does."""
    start = int(base64.b64decode(after)) if after else 0
    shown = items[start : start + limit]
    if not shown:
        return {"data": []}
    cursor = {"before": _cursor(start), "after": _cursor(start + len(shown))}
    paging: dict[str, Any] = {"cursors": cursor}
    if start + limit < len(items):
        query = {"access_token": token, **params, "limit": str(limit), "after": cursor["after"]}
        paging["next"] = f"{asked.base}{path}?{urlencode(query)}"
    return {"data": list(shown), "paging": paging}


def _cursor(position: int) -> str:
    return base64.b64encode(str(position).encode()).decode()


def days_of(asked: Asked) -> list[dt.date]:
    """Return the days of California from `since` to before `until`, of those that are over."""
    since, until = (dt.datetime.fromtimestamp(int(asked.one(name)), _PACIFIC) for name in ("since", "until"))
    last = min(until.date(), asked.at.astimezone(_PACIFIC).date())
    return [since.date() + dt.timedelta(days=n) for n in range((last - since.date()).days)]


def day_end(day: dt.date) -> str:
    """Return the end of a day of California."""
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=_PACIFIC)
    return instant(end.astimezone(dt.UTC))
