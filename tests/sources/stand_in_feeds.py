"""A blog on loopback: an Atom feed in pages (rel="next"), as RFC 5005 has it, with tags that spare a second reading."""

from __future__ import annotations

from typing import Any, ClassVar
from xml.sax.saxutils import escape

from tests.sources.stand_in import Base, Request

FEED = "https://blog.riverside.example/feed.xml"


class StandIn(Base):
    """Lists `count` posts of the practice's own blog. `comments` has what is said below a post; `other` answers
    whatever else is asked for, by path; `tag` is the feed's ETag."""

    name = "feeds"
    block: ClassVar = [{"url": FEED, "own": True}]
    cannot: ClassVar = {
        "other_ids": "XML has no numbers",
        "complete": "a feed has the newest entries, as many as its blog likes",
        "new_fields": "what XML may hold besides has no end; tests/sources/test_feeds.py has WordPress's JSON",
    }

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.titles = [f"Brushing, part {number}" for number in range(1, count + 1)]
        self.comments: dict[int, list[str]] = {}
        self.other: dict[str, Any] = {}
        self.tag = ""

    def check_key(self, request: Request) -> None:
        assert "authorization" not in request.headers
        assert "cookie" not in request.headers

    def answer(self, request: Request) -> Any:
        path = request.path.removeprefix("/blog.riverside.example")
        if path in self.other:
            return self.other[path]
        if path.startswith("/comments/"):
            said = self.comments[int(path.removeprefix("/comments/"))]
            return atom("".join(said))
        if path != "/feed.xml":
            return 404, {}, b"not here"
        if self.tag and request.headers.get("if-none-match") == self.tag:
            return 304, {}, b""
        start = 0 if self.endless else int(request.one("from", "0"))
        end = start + self.page_size
        shown = [*range(self.count, 0, -1)][max(0, start - self.shifting) : end]
        more = f'<link rel="next" href="?from={end}"/>' if self.endless or end < self.count else ""
        body = atom(more + "".join(self.entry(number) for number in shown))
        return 200, {"ETag": self.tag, "Last-Modified": "Fri, 30 Oct 2026 09:00:00 GMT"} if self.tag else {}, body

    def entry(self, number: int) -> str:
        text = "x" * 10_000_000 if self.huge and number == 1 else "<p>Twice a day.</p>"
        replies = f'<link rel="replies" type="application/atom+xml" href="/comments/{number}"/>'
        return entry(
            f"tag:blog.riverside.example,2026:{number}",
            self.titles[number - 1],
            text,
            self.instant(number).isoformat(),
            f'<link rel="alternate" href="https://blog.riverside.example/{number}"/>'
            + (replies if number in self.comments else ""),
        )

    def expected(self) -> set[str]:
        return {f"tag:blog.riverside.example,2026:{number}" for number in range(1, self.count + 1)}


def entry(name: str, title: str, html: str, at: str, more: str = "") -> str:
    return (
        f"<entry><id>{name}</id><title>{title}</title><published>{at}</published><updated>{at}</updated>"
        f'<author><name>Somebody</name></author><content type="html">{escape(html)}</content>{more}</entry>'
    )


def atom(inner: str) -> bytes:
    head = '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
    return f'{head}xmlns:thr="http://purl.org/syndication/thread/1.0"><title>A blog</title>{inner}</feed>'.encode()
