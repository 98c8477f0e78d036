"""NHS.uk: comments on an organisation and its responses, by the ratings and reviews API with a subscription key.

NHS.uk says what it has removed, in a list of its own; a comment in it becomes a removal without words or name. The
times carry no zone and are read as London's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from pipelines.answers import Advice, Id, Walk, from_zone, readable, reply_to, tried_keys
from pipelines.errors import RapportError
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.sources import Asker, Cost, Listing, Outcome, Page, Planned, Source, Tools, visit_of
from pipelines.talk import Place, Reading, public

SOURCE = Source(
    name="nhs_uk",
    title="NHS.uk ratings and reviews",
    policy=Policy(
        terms_url="https://developer.api.nhs.uk/about/terms",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="stored copy",
        # The summary of the licence recommends caching and wants it refreshed; the copy breaks off before it says how
        # often reviews are. Text goes at once, and features when four sweeps have listed them anew.
        keep_text_days=1,
        keep_derived_days=30,
        # The wording for where their logo and a link cannot stand.
        attribution="From www.nhs.uk",
        classify=True,
    ),
    gives=("reviews", "replies", "removals"),
    told=(
        "comments, star ratings, the practice's response, and what NHS.uk says it removed",
        "NHS.uk's own total; ratings of questions other than the overall one",
        "subscription key, nightly, with a complete weekly sweep",
    ),
    site="nhs_uk",
    addresses={"api": "https://api.nhs.uk/comments"},
    per_minute=60,
    # Two lists, each to its empty page.
    cost=Cost(calls=4, sweep_calls=6),
    key_fields=("api_key",),
)
PAGE_SIZE = 100
OVERLAP = dt.timedelta(days=30)
_LONDON = ZoneInfo("Europe/London")


class _Rating(msgspec.Struct):
    """One answer to one question; seen as a number and as a string. 0 stands for no answer."""

    question: str
    rating: int | str | None = None

    def __post_init__(self) -> None:
        if self.rating not in (None, "", 0, *range(1, 6), *"012345"):
            raise ValueError("a rating that is not 1 to 5")

    @property
    def stars(self) -> Decimal | None:
        return Decimal(self.rating) if self.rating and self.rating != "0" else None


class _Response(msgspec.Struct, rename="camel"):
    date_submitted: dt.datetime
    comment_text: str | None = None
    last_updated: dt.datetime | None = None


class _Comment(msgspec.Struct, rename="camel"):
    comment_id: Id
    date_submitted: dt.datetime
    last_updated: dt.datetime | None = None
    title: str | None = None
    comment_text: str | None = None
    screen_name: str | None = None
    status: str | None = None
    ratings: list[_Rating] | None = None
    comment_original_url: str | None = msgspec.field(default=None, name="commentOriginalURL")
    response: _Response | None = None


class _Item(msgspec.Struct):
    comment: _Comment
    response: _Response | None = None


class _HeadComment(msgspec.Struct, rename="camel"):
    comment_id: Id
    date_submitted: dt.datetime


class _Head(msgspec.Struct):
    comment: _HeadComment


class _Comments(msgspec.Struct):
    comments: list[msgspec.Raw]


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return [
        visit_of(practice, practice.nhs_uk.key, ods_code=practice.nhs_uk.ods_code)
        for practice in practices.practice
        if practice.nhs_uk
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    return Listing(complete=receipt.complete, can_reply=True)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """List what is published, then what was removed: all of it (sweep) or from the watermark less the overlap.

    A page may be shorter than was asked for, so only an empty one ends a list. Raises SiteDown, BadKey, UnknownName
    or ChangedShape.
    """
    ask = _Asker(planned, tools)
    known = planned.known(OVERLAP)
    since = {"fromDate": f"{known.date()}"} if known else {}
    published = yield from _listed(ask, "published", planned.since, since)
    removed = yield from _listed(ask, "removed", published.newest, since)
    # What was taken out after it had been listed moved the others up, and one of them may have been passed over.
    moved = bool(published.ids & removed.ids)
    return Outcome(
        complete=known is None and not moved,
        expected=len(published.ids) if known is None else None,
        newest=removed.newest,
        why="a comment was removed while the others were listed, so the list may lack one" if moved else "",
    )


def _listed(ask: _Asker, status: str, newest: dt.datetime | None, since: dict[str, str]) -> Generator[Page, None, Walk]:
    """Keep a whole list, to its empty page, and return the walk through it."""
    walk, offset = Walk(ask.where, what="comment", newest=newest, moves=True), 0
    while True:
        body = ask.get(status=status, limit=str(PAGE_SIZE), offset=str(offset), **since)
        yield Page(body=body)
        raws = ask.decoded(body, _Comments).comments
        if not raws:
            return walk
        heads = [head.comment for head in readable(raws, _Head)]
        walk.add((head.comment_id, from_zone(head.date_submitted, _LONDON)) for head in heads)
        offset += len(raws)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Ask for one comment with each key."""

    def ask(planned: Planned) -> str:
        _Asker(planned, tools).get(status="published", limit="1", offset="0")
        return ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the page's comments and responses; of a removed one only that it is gone. Raises ChangedShape."""
    reading = Reading(page, SOURCE.site)
    yield from reading.records(reading.decoded(_Comments).comments, _Item, "comment", _records)


def _records(item: _Item, place: Place) -> Iterator[Record]:
    comment, response = item.comment, item.response or item.comment.response
    removed = comment.status == "removed"
    # Many were written without a name.
    author = comment.screen_name if (comment.screen_name or "").casefold() != "anonymous" and not removed else None
    yield Record(
        kind="review",
        item_id=str(comment.comment_id),
        author_id=author or None,
        author_name=author or None,
        created_at=from_zone(comment.date_submitted, _LONDON),
        updated_at=from_zone(comment.last_updated or comment.date_submitted, _LONDON),
        rating=_overall(comment.ratings or []),
        title=None if removed else comment.title or None,
        text=None if removed else comment.comment_text or None,
        state=None if comment.status in (None, "published") else comment.status,
        url=public(comment.comment_original_url),
        **place,
    )
    if response and not removed:
        yield reply_to(
            str(comment.comment_id),
            place,
            text=response.comment_text,
            created_at=from_zone(response.date_submitted, _LONDON),
            updated_at=from_zone(response.last_updated or response.date_submitted, _LONDON),
        )


def _overall(ratings: list[_Rating]) -> Decimal | None:
    """Return the answer about the whole: to the only question, or to the one about recommending or overall."""
    whole = [r for r in ratings if any(word in r.question.casefold() for word in ("recommend", "overall"))]
    chosen = ratings if len(ratings) == 1 else whole
    return chosen[0].stars if chosen else None


class _Asker(Asker):
    advice = Advice(
        title="NHS.uk",
        renew="Copy the subscription key from the NHS API portal again; keys of the old portal stop working when it "
        "moves: docs/operators.md",
        allow="Subscribe the key to the ratings and reviews product in the NHS API portal",
        correct="Correct nhs_uk.ods_code in practices.toml; if no practice can be read, the API has moved: set "
        "RAPPORT_ADDRESSES",
    )

    def get(self, **params: str) -> bytes:
        url = f"{self.tools.address()}/Comments"
        asked = {"odsCode": self.planned.about["ods_code"], "api-version": "1.0", **params}
        headers = {self.tools.settings.nhs_uk_key_header: self.key()["api_key"]}
        return self.good(self.tools.client.request("GET", url, where=self.where, params=asked, headers=headers))
