"""Care Opinion: stories about a health service and the responses to them, by the API of a subscription.

A key that is no good is answered with a page for people to sign in, not with a 401. And a list fails as a whole where
one story in it cannot be shown, so a failing page is asked for in halves until that story alone is left out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec

from pipelines.answers import Advice, Id, Walk, readable, reply_to, tried_keys
from pipelines.errors import BadKey, RapportError, SiteDown
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.sources import Asker, Cost, Listing, Outcome, Page, Planned, Source, Tools, visit_of
from pipelines.talk import Place, Reading, utc

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
    # Two for the list, on a sweep a third, and one for each story that may be answered yet.
    cost=Cost(calls=14, sweep_calls=31),
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
        visit_of(practice, practice.care_opinion.key, nacs=practice.care_opinion.nacs)
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
    ask = _Asker(planned, tools)
    asked = {"nacs": planned.about["nacs"], "dateofpublicationorder": "ascending"}
    if known := planned.known(OVERLAP):
        asked["publishedafter"] = f"{known.date()}"
    walk = Walk(ask.where, what="story", newest=planned.since, moves=True)
    skip, take, unshown = 0, PAGE_SIZE, set[int]()
    passed_over = False
    while True:
        try:
            body = ask.get("/opinions", **asked, skip=str(skip), take=str(take))
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
        raws = ask.decoded(body, list[msgspec.Raw])
        # A story that was withdrawn meanwhile moved the others up, and this page may have begun behind one of them.
        passed_over |= planned.sweep and bool(walk.last) and not unshown and ask.id_at(skip - 1, asked) != walk.last
        if not raws:
            break
        heads = readable(raws, _Head)
        new = walk.add((head.id, utc(head.date_of_publication or head.date_of_submission)) for head in heads)
        for head in heads:
            if str(head.id) in new and (not head.links or _links_to(head, "responses")):
                answers = ask.get(f"/opinions/{head.id}/responses")
                yield Page(body=answers, suffix=f"responses-{head.id}.json")
        skip, take = skip + len(raws), PAGE_SIZE
    # A list that ends on a story that cannot be shown may go on behind it.
    whys = [f"{len(unshown)} stories cannot be shown"] if unshown else []
    whys += ["a story was withdrawn while the others were listed, so the list may lack one"] if passed_over else []
    return Outcome(
        complete=planned.sweep and not whys,
        expected=len(walk.ids) + len(unshown) if planned.sweep else None,
        newest=walk.newest,
        why="; ".join(whys),
    )


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Ask for one story with each key."""

    def ask(planned: Planned) -> str:
        _Asker(planned, tools).get("/opinions", nacs=planned.about["nacs"], skip="0", take="1")
        return ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield a page's stories, or the responses to the story that the page's name holds. Raises ChangedShape."""
    reading = Reading(page, SOURCE.site)
    raws = reading.decoded(list[msgspec.Raw])
    if story := _RESPONSES_OF.search(page.path):
        yield from reading.records(raws, _Response, "response", lambda said, place: [_reply(said, story[1], place)])
    else:
        yield from reading.records(raws, _Opinion, "story", lambda told, place: [_review(told, place)])


def _review(opinion: _Opinion, place: Place) -> Record:
    """A story has no stars: its criticality is a moderator's judgement, not the author's."""
    written = utc(opinion.date_of_publication or opinion.date_of_submission)
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


def _reply(response: _Response, story: str, place: Place) -> Record:
    said = response.date_of_publication or response.date_of_submission
    moment = utc(said) if said else None
    return reply_to(story, place, name=f"response/{response.id}", text=response.body, created_at=moment)


def _links_to(head: _Head, relation: str) -> bool:
    return any(relation in (link.relation, link.rel) for link in head.links)


class _Asker(Asker):
    advice = Advice(
        title="Care Opinion",
        renew="Copy the HTTP header key (not the Uri key, which dies after a day) from the panel 'API access'",
        allow="Ask Care Opinion whether the subscription includes API access and this service",
        correct="Correct care_opinion.nacs in practices.toml",
    )

    def id_at(self, position: int, asked: dict[str, str]) -> str:
        """Return the id of the story that stands at a position of the list now, or "" if there is none."""
        body = self.get("/opinions", **asked, skip=str(position), take="1")
        return "".join(str(head.id) for head in readable(self.decoded(body, list[msgspec.Raw]), _Head))

    def get(self, path: str, **params: str) -> bytes:
        url = f"{self.tools.address()}{path}"
        headers = {"Authorization": f"SUBSCRIPTION_KEY {self.key()['api_key']}"}
        answer = self.tools.client.request("GET", url, where=self.where, params=params, headers=headers)
        told = answer.content.lstrip()
        if answer.status_code == 200 and _SORRY in told[:2_000] and not told.startswith((b"[", b"{")):
            raise SiteDown("Care Opinion says that something went wrong", where=self.where, status=500)
        page_for_people = answer.status_code == 200 and told.startswith(b"<")
        if page_for_people or 300 <= answer.status_code < 400:
            problem = "Care Opinion answers with its page to sign in: the key is no good"
            raise BadKey(problem, where=self.where, next_step=self.advice.renew)
        return self.good(answer)
