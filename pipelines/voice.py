"""How often a practice is named beside others that its owner named: one search for each name, own and others alike.

Nothing is searched for unless practices.toml names others (`compare_with`). Then each night asks the platform's search
for every name in the same way, as far back and as far down as for the others. What is kept of a post that is found is
a digest of its id, when it was written and which of the names fall in it: no words, no author and no address. Its pages
are apart from all others, and neither they nor what goes wrong with them count anywhere else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from pipelines.landing import SavedPage
from pipelines.mentions import Matcher, known_of, plain_handle
from pipelines.practices import Practice
from pipelines.records import Record
from pipelines.talk import Reading

# The 90 days of a month, until a month after its end.
SEARCH_DAYS = 125
# Some platforms end a search after 250 finds without a word. A name with more than this is no single practice's.
MOST_FINDS = 200
SUFFIX = "compared.json"


class Found(NamedTuple):
    """A stranger's public post as a search found it, and by which names its author is known there."""

    item_id: str
    created_at: dt.datetime
    text: str
    authors: tuple[str | None, ...]
    place: str = ""


def is_of_names(page: SavedPage) -> bool:
    return page.path.removesuffix(".zst").endswith(SUFFIX)


def names_found(reading: Reading, practice: Practice, found: Iterable[Found]) -> Iterator[Record]:
    """Yield how the night's searches went, a record a name, and for each post a record of each name that falls in it.

    The practice's own people are left out, as they are everywhere.
    """
    went = msgspec.json.decode(reading.keep.get("compared", "{}"), type=dict[str, str])
    # Where a day begins before UTC's, the first one is not whole.
    reaches = reading.page.receipt.night - dt.timedelta(days=SEARCH_DAYS - 1)
    for name, how in went.items():
        yield Record(kind="search", item_id=name, state=how, day=reaches, **reading.at(0))
    matcher = Matcher(known_of(reading.about.get("compared", "[]")))
    team = {plain_handle(account) for account in practice.team_accounts}
    for position, post in enumerate(found, 1):
        if team & {plain_handle(author) for author in post.authors if author}:
            continue
        # On some platforms an id is an address, or has the author's in it.
        name = hashlib.sha256(post.item_id.encode()).hexdigest()[:16]
        for match in matcher.find(post.text, place=post.place):
            yield Record(
                kind="naming",
                item_id=f"{name}/{match.practice_id}",
                parent_id=name,
                matched=match.practice_id,
                created_at=post.created_at,
                **reading.at(position),
            )
