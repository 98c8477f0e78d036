"""Care Opinion: skip and take to the empty page, halves around a story that cannot be shown, responses."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from pipelines.errors import BadKey, SeveralFailed, SiteDown
from pipelines.landing import DataDir
from pipelines.records import Record
from pipelines.sources import care_opinion
from tests.conftest import SHARED, Answer
from tests.sources.stand_in import (
    NIGHT,
    Request,
    found_in,
    page_of,
    pull,
    pulled,
    records_in,
    records_of_body,
)
from tests.sources.stand_in_care_opinion import StandIn

LATER = NIGHT + dt.timedelta(days=2)
SORRY = b"<html><body>Sorry! Something went wrong.</body></html>"


class OneBroken(StandIn):
    """Every list that would hold this story fails as a whole, in one of the two ways that were seen."""

    unshown = 37
    failure: Answer = (500, {}, SORRY)

    def answer(self, request: Request) -> Any:
        start = int(request.one("skip", "0"))
        if request.path == "/opinions" and start <= self.unshown < start + int(request.one("take")):
            return self.failure
        return super().answer(request)


@pytest.mark.parametrize("failure", [(500, {}, SORRY), (200, {}, SORRY)], ids=["500", "200"])
def test_a_story_that_cannot_be_shown_is_left_out_alone(data: DataDir, failure: Answer) -> None:
    platform = OneBroken.holding([StandIn.item(n) for n in range(130)])
    platform.failure = failure
    receipt = pulled(data, platform)
    found = [review.item_id for review in records_in(data, platform, "review")]
    assert sorted(found) == sorted(str(n) for n in range(130) if n != 37)
    # It is missing, so nothing may be called removed because of this list.
    assert (receipt.complete, receipt.expected) == (False, 130)


def test_a_site_that_is_down_is_not_asked_story_by_story(data: DataDir) -> None:
    platform = StandIn.holding([StandIn.item(n) for n in range(50)])
    platform.refuse = [(500, {}, SORRY)] * 100
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], SiteDown)
    assert len(platform.asked) < 20


@pytest.mark.parametrize(
    "answer",
    [(302, {"Location": "/account/login"}, b""), (200, {}, b"  <!DOCTYPE html><html>Sign in")],
    ids=["redirect", "page"],
)
def test_a_page_to_sign_in_is_a_bad_key(data: DataDir, answer: Answer) -> None:
    platform = StandIn.holding([StandIn.item(1)])
    platform.refuse = [answer]
    with pytest.raises(SeveralFailed, match=r"the key is no good.*not the Uri key") as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], BadKey)


def test_responses_belong_to_their_story_and_come_late(data: DataDir) -> None:
    first = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    platform = StandIn.holding([StandIn.item(n, first + dt.timedelta(days=n)) for n in range(150)])
    pull(data, platform)
    said = {"id": 9, "body": "We are sorry", "dateOfPublication": "2026-11-01T09:05:00"}
    platform.responses = {"100": [said], "5": [said]}
    platform.asked.clear()
    receipt = pulled(data, platform, LATER)
    assert not receipt.complete
    replies = [r for r in found_in(data, platform, LATER) if isinstance(r, Record) and r.kind == "reply"]
    # The newest story is of 28 October; the 90 days before it begin on 30 July.
    assert [(reply.item_id, reply.parent_id, reply.text) for reply in replies] == [
        ("100/response/9", "100", "We are sorry")
    ]
    assert replies[0].created_at == dt.datetime(2026, 11, 1, 9, 5, tzinfo=dt.UTC)
    assert sum(request.one("publishedafter") == "2026-07-30" for request in platform.asked) == 2


def test_a_story_without_a_link_to_responses_costs_no_request(data: DataDir) -> None:
    tags = [{"relation": "tags", "id": None, "link": "x"}]
    platform = StandIn.holding([StandIn.item(1, links=tags), StandIn.item(2, links=[{"rel": "responses"}])])
    pull(data, platform)
    assert [r.path for r in platform.asked if r.path.endswith("/responses")] == ["/opinions/2/responses"]


def test_a_story_has_words_and_neither_stars_nor_a_name() -> None:
    item = StandIn.item(
        1,
        id=1187342,
        body="It was *severe*",
        dateOfSubmission="2026-10-01T20:31:00Z",
        dateOfPublication="2026-10-03T09:05:00Z",
        authorRole="the patient",
        authorAgeGroup="45-54",
        criticality=None,
        progress="a kind of progress nobody told us of",
    )
    [review] = records_of_body(StandIn, [item])
    assert (review.item_id, review.title, review.text) == ("1187342", "A story", "It was *severe*")
    assert (review.rating, review.author_id, review.author_name) == (None, None, None)
    assert review.created_at == dt.datetime(2026, 10, 3, 9, 5, tzinfo=dt.UTC)
    assert review.url == "https://www.careopinion.org.uk/1187342"
    assert "45-54" not in str(review)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_reads_the_contracts_own_samples() -> None:
    for path in sorted((SHARED / "contracts" / "care_opinion").glob("**/opinions*.json")):
        held = json.loads(path.read_text())
        found = list(care_opinion.read(page_of(StandIn, held), StandIn.practices()))
        assert [item.kind for item in found if isinstance(item, Record)] == ["review"] * len(held)
