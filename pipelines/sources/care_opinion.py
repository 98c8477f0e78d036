"""Care Opinion: stories about a health service and the responses to them, by the API of a subscription.

A key that is no good is answered with a page for people to sign in, not with a 401. And a list fails as a whole where
one story in it cannot be shown, so a failing page is asked for in halves until that story alone is left out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import msgspec

from pipelines.answers import Id, Walk, decoded, each, record_or_none, refusal, tried_keys
from pipelines.errors import BadKey, RapportError, SiteDown
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import load_key
from pipelines.sources import Cost, Listing, Outcome, Page, Planned, Source, Tools

SOURCE = Source(
    name="care_opinion",
    title="Care Opinion",
    policy=Policy(
        terms_url="https://www.careopinion.org.uk/info/api-v2",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="stored copy",
        # Use is bound in time and scope to a running subscription, whose own contract nobody here has read; authors may
        # withdraw a story. Text goes at once, and features when four sweeps have listed them anew.
        keep_text_days=1,
        keep_derived_days=30,
        attribution="Care Opinion",
        classify=True,
    ),
    gives=("reviews", "replies"),
    told=(
        "stories and the responses to them",
        "stars (a story has none), names, Care Opinion's own total",
        "key of a paid subscription, nightly, with a complete weekly sweep",
    ),
    site="care_opinion",
    addresses={"api": "https://www.careopinion.org.uk/api/v2"},
    per_minute=280,
    # Two for the list, and one for each story that may be answered yet.
    cost=Cost(calls=14, sweep_calls=30),
    key_fields=("api_key",),
)
PAGE_SIZE = 100
# Responses come weeks after a story and change later, and no list of stories says so.
OVERLAP = dt.timedelta(days=90)
_SORRY = b"Something went wrong"
_RESPONSES_OF = re.compile(r"\.responses-([A-Za-z0-9-]+)\.json")


class _Link(msgspec.Struct):
    relation: str | None = None
    rel: str | None = None


class _Opinion(msgspec.Struct, rename="camel"):
    id: Id
    date_of_submission: dt.datetime
    date_of_publication: dt.datetime | None = None
    title: str | None = None
    body: str | None = None


class _Response(msgspec.Struct, rename="camel"):
    id: Id
    date_of_publication: dt.datetime | None = None
    date_of_submission: dt.datetime | None = None
    body: str | None = None


class _Head(msgspec.Struct, rename="camel"):
    id: Id
    date_of_submission: dt.datetime
    date_of_publication: dt.datetime | None = None
    links: list[_Link] = []


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return [
        Planned(
            label=practice.id,
            practice_id=practice.id,
            key=practice.care_opinion.key,
            about={"practice_id": practice.id, "nacs": practice.care_opinion.nacs},
        )
        for practice in practices.practice
        if practice.care_opinion
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    return Listing(complete=receipt.complete, can_reply=True)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """List the service's stories, oldest first, to the empty page, and the responses to each.

    A sweep lists them all; other nights those published in the 90 days before the newest. Raises SiteDown, BadKey,
    UnknownName or ChangedShape.
    """
    where = f"{SOURCE.name}: {planned.label}"
    asked = {"nacs": planned.about["nacs"], "dateofpublicationorder": "ascending"}
    if planned.since and not planned.sweep:
        asked["publishedafter"] = f"{(planned.since - OVERLAP).date()}"
    walk = Walk(where, what="story", newest=planned.since)
    skip, take, unshown = 0, PAGE_SIZE, set[int]()
    while True:
        try:
            body = _get("/opinions", {**asked, "skip": str(skip), "take": str(take)}, planned, tools)
        except SiteDown as error:
            if error.status != 500 or (take == 1 and skip - 1 in unshown):
                raise
            if take == 1:
                unshown.add(skip)
                skip, take = skip + 1, PAGE_SIZE
            else:
                take //= 2
            continue
        yield Page(body=body)
        raws = decoded(body, list[msgspec.Raw], source=SOURCE.name, where=where)
        if not raws:
            # A list that ends on a story that cannot be shown may go on behind it.
            complete = planned.sweep and not unshown
            expected = len(walk.ids) + len(unshown) if planned.sweep else None
            return Outcome(complete=complete, expected=expected, newest=walk.newest)
        heads = [head for raw in raws if (head := record_or_none(raw, _Head))]
        new = walk.add((head.id, _utc(head.date_of_publication or head.date_of_submission)) for head in heads)
        for head in heads:
            if str(head.id) in new and (not head.links or _links_to(head, "responses")):
                answers = _get(f"/opinions/{head.id}/responses", {}, planned, tools)
                yield Page(body=answers, suffix=f"responses-{head.id}.json")
        skip, take = skip + len(raws), PAGE_SIZE


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Ask for one story with each key."""

    def ask(planned: Planned) -> str:
        _get("/opinions", {"nacs": planned.about["nacs"], "skip": "0", "take": "1"}, planned, tools)
        return ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield a page's stories, or the responses to the story that the page's name holds. Raises ChangedShape."""
    practice_id = page.receipt.about.get("practice_id", page.receipt.label)
    where = f"{SOURCE.name}: {practice_id}, {page.path}"
    raws = decoded(page.body, list[msgspec.Raw], source=SOURCE.name, where=where)
    place: dict[str, Any] = {
        "source": SOURCE.name,
        "site": SOURCE.site,
        "practice_id": practice_id,
        "page": page.path,
    }
    story = _RESPONSES_OF.search(page.path)
    if story:
        for position, answer in each(raws, _Response, page, practice_id=practice_id, what="response"):
            yield answer if isinstance(answer, SetAside) else _reply(answer, story[1], {**place, "position": position})
        return
    for position, opinion in each(raws, _Opinion, page, practice_id=practice_id, what="story"):
        yield opinion if isinstance(opinion, SetAside) else _review(opinion, {**place, "position": position})


def _review(opinion: _Opinion, place: dict[str, Any]) -> Record:
    """A story has no stars: its criticality is a moderator's judgement, not the author's."""
    written = _utc(opinion.date_of_publication or opinion.date_of_submission)
    return Record(
        kind="review",
        item_id=str(opinion.id),
        # Nobody could read or answer it before it was published.
        created_at=written,
        updated_at=written,
        title=opinion.title or None,
        text=opinion.body or None,
        url=f"https://www.careopinion.org.uk/{opinion.id}",
        **place,
    )


def _reply(response: _Response, story: str, place: dict[str, Any]) -> Record:
    said = response.date_of_publication or response.date_of_submission
    return Record(
        kind="reply",
        item_id=f"{story}/response/{response.id}",
        parent_id=story,
        created_at=_utc(said) if said else None,
        updated_at=_utc(said) if said else None,
        text=response.body or None,
        **place,
    )


def _links_to(head: _Head, relation: str) -> bool:
    return any(relation in (link.relation, link.rel) for link in head.links)


def _utc(moment: dt.datetime) -> dt.datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def _get(path: str, params: dict[str, str], planned: Planned, tools: Tools) -> bytes:
    where = f"{SOURCE.name}: {planned.label}"
    key = load_key(SOURCE.name, planned.key, SOURCE.key_fields)["api_key"]
    answer = tools.client.request(
        "GET",
        f"{tools.address()}{path}",
        where=where,
        params=params,
        headers={"Authorization": f"SUBSCRIPTION_KEY {key}"},
    )
    renew = "Copy the HTTP header key (not the Uri key, which dies after a day) from the panel 'API access'"
    told = answer.content.lstrip()
    if answer.status_code == 200 and _SORRY in told[:2_000] and not told.startswith((b"[", b"{")):
        raise SiteDown("Care Opinion says that something went wrong", where=where, status=500)
    page_for_people = answer.status_code == 200 and told.startswith(b"<")
    if page_for_people or 300 <= answer.status_code < 400:
        raise BadKey("Care Opinion answers with its page to sign in: the key is no good", where=where, next_step=renew)
    if answer.status_code == 200:
        return answer.content
    raise refusal(
        answer,
        title="Care Opinion",
        where=where,
        said="",
        renew=renew,
        allow="Ask Care Opinion whether the subscription includes API access and this service",
        correct="Correct care_opinion.nacs in practices.toml",
    )
