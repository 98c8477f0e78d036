"""Blogs on loopback: Riverside Dental's own, as a WordPress site and as Atom, and a town forum's feed that others name.

The town forum's feed names Harbor Family Medicine among other things. All of them answer 304 to who has seen them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from pipelines.demo.conversation import Asked, Comment, Guest, Post, Told, at, posts_of, threads_of

_BLOG, _TOWN = "blog.riverside.example", "news.harbor.example"
GUESTS = (
    Guest(
        practice_id="riverside-dental",
        block=f'[{{ url = "https://{_BLOG}", own = true, wordpress = true }}]',
    ),
    Guest(practice_id="harbor-family-medicine", block=f'[{{ url = "https://{_TOWN}/forum.rss" }}]'),
)
_SHOWN = 20
_PAST_THE_END = {
    "code": "rest_post_invalid_page_number",
    "message": "The page number requested is larger than the number of pages available.",
    "data": {"status": 400},
}


def tell(asked: Asked) -> Told:
    """Answer below a site's host, which the setting `addresses` puts into the path."""
    host, _, path = asked.path.removeprefix("/").partition("/")
    posts = at(posts_of("riverside-dental", "feeds", asked.seed), asked.at)
    if (host, path) == (_BLOG, "wp-json/wp/v2/posts"):
        since = _instant(asked.one("modified_after", "1970-01-01T00:00:00Z"))
        return _numbered([_as_wordpress(post) for post in posts if post.created_at > since], asked)
    if (host, path) == (_BLOG, "wp-json/wp/v2/comments"):
        wanted = set(asked.one("post").split(","))
        said = [(post, comment) for post in posts if str(post.number) in wanted for comment in post.comments]
        return _numbered([_comment(post, comment) for post, comment in said], asked)
    if (host, path) == (_BLOG, "atom.xml"):
        return _tagged(_atom(posts[:_SHOWN]), asked)
    if (host, path) == (_TOWN, "forum.rss"):
        threads = at(threads_of("harbor-family-medicine", "feeds", asked.seed), asked.at)
        return _tagged(_rss([*_entries(threads)][:_SHOWN]), asked)
    return Told(b"<html><body>Nothing here.</body></html>", 404, content_type="text/html")


def _numbered(things: list[dict[str, Any]], asked: Asked) -> Told:
    size, number = int(asked.one("per_page", "10")), int(asked.one("page", "1"))
    pages = -(-len(things) // size)
    if number > max(pages, 1):
        return Told(_PAST_THE_END, 400)
    counted = {"X-WP-Total": str(len(things)), "X-WP-TotalPages": str(pages)}
    return Told(things[(number - 1) * size : number * size], headers=counted)


def _as_wordpress(post: Post) -> dict[str, Any]:
    written = post.created_at.strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "id": post.number,
        "date_gmt": written,
        "modified_gmt": written,
        "link": f"https://{_BLOG}/{post.number}/",
        "title": {"rendered": escape(post.text.split(".")[0])},
        "content": {"rendered": f"<p>{escape(post.text)}</p>"},
        "author": 1,
    }


def _comment(post: Post, comment: Comment) -> dict[str, Any]:
    return {
        "id": post.number * 1000 + comment.number,
        "post": post.number,
        "parent": post.number * 1000 + comment.parent if comment.parent else 0,
        "author": 1 if comment.by_practice else 0,
        "author_name": comment.author,
        "date_gmt": comment.created_at.strftime("%Y-%m-%dT%H:%M:%S"),
        "content": {"rendered": f"<p>{escape(comment.text)}</p>"},
        "link": f"https://{_BLOG}/{post.number}/#comment-{post.number * 1000 + comment.number}",
        "status": "approved",
    }


def _atom(posts: list[Post]) -> bytes:
    entries = "".join(
        f"<entry><id>https://{_BLOG}/?p={post.number}</id><title>{escape(post.text[:40])}</title>"
        f'<link href="https://{_BLOG}/{post.number}/"/><published>{post.created_at.isoformat()}</published>'
        f"<updated>{post.created_at.isoformat()}</updated><content>{escape(post.text)}</content></entry>"
        for post in posts
    )
    head = '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
    return f"{head}<title>Riverside Dental</title>{entries}</feed>".encode()


def _entries(threads: list[Post]) -> list[tuple[str, str, str, dt.datetime]]:
    """Return id, author, text and instant of everything said in the town, newest first."""
    said = [(f"t{post.number}", post.author, post.text, post.created_at) for post in threads]
    said += [(f"t{post.number}c{c.number}", c.author, c.text, c.created_at) for post in threads for c in post.comments]
    return sorted(said, key=lambda one: one[3], reverse=True)


def _rss(entries: list[tuple[str, str, str, dt.datetime]]) -> bytes:
    items = "".join(
        f'<item><guid isPermaLink="false">{name}</guid><title>Town talk</title>'
        f"<link>https://{_TOWN}/{name}</link><author>{author}</author>"
        f"<description>{escape(text)}</description><pubDate>{format_datetime(written)}</pubDate></item>"
        for name, author, text, written in entries
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Harbor town</title>{items}</channel></rss>'.encode()
    )


def _tagged(body: bytes, asked: Asked) -> Told:
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if asked.headers.get("if-none-match") == tag:
        return Told(b"", 304, {"ETag": tag})
    return Told(body, headers={"ETag": tag}, content_type="application/xml; charset=utf-8")


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
