"""NHS.uk: offset pages to the empty one, the list of what was removed, London's clock, ratings in both spellings."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from pipelines.landing import DataDir
from pipelines.records import Record, SetAside
from pipelines.sources import nhs_uk
from tests.conftest import SHARED
from tests.sources.stand_in import (
    NIGHT,
    Request,
    page_of,
    pull,
    pulled,
    read_body,
    records_in,
    records_of_body,
)
from tests.sources.stand_in_nhs_uk import StandIn

LATER = NIGHT + dt.timedelta(days=2)


def test_most_nights_ask_from_thirty_days_before_the_newest(data: DataDir) -> None:
    platform = StandIn.daily(100)
    assert pulled(data, platform).complete
    platform.asked.clear()
    receipt = pulled(data, platform, LATER)
    assert all(request.one("fromDate") == "2026-09-30" for request in platform.asked)
    assert len(records_in(data, platform, "review", LATER)) == 31
    assert not receipt.complete


def test_what_nhs_uk_says_it_removed_is_a_removal_without_words_or_name(data: DataDir) -> None:
    platform = StandIn.daily(3)
    pull(data, platform)
    platform.items[1]["comment"].update(status="removed", commentText="secret words", screenName="Secret Name")
    platform.items[1]["response"] = {"dateSubmitted": "2026-10-30T10:00:00", "commentText": "secret reply"}
    pull(data, platform, LATER)
    found = {r.item_id: r for r in records_in(data, platform, "review", LATER)}
    assert {item: record.state for item, record in found.items()} == {"0": None, "2": None, "1": "removed"}
    assert "ecret" not in str(found["1"])
    assert found["1"].rating == 5


def test_the_removed_count_for_nothing_in_what_was_expected(data: DataDir) -> None:
    receipt = pulled(data, StandIn.holding([StandIn.item(1), StandIn.item(2, status="removed")]))
    assert (receipt.complete, receipt.expected) == (True, 1)


def test_the_header_of_the_new_portal_is_a_setting(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    class Moved(StandIn):
        def check_key(self, request: Request) -> None:
            assert request.headers["apikey"] == "hush-nhs"
            assert "subscription-key" not in request.headers

    monkeypatch.setenv("RAPPORT_NHS_UK_KEY_HEADER", "apikey")
    assert pulled(data, Moved.holding([StandIn.item(1)])).complete


def test_every_field_is_read() -> None:
    response = {"commentText": "Thanks", "dateSubmitted": "2026-07-03T10:00:00", "lastUpdated": "2026-07-04T10:00:00"}
    item = StandIn.item(
        1,
        dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC),
        title="Good",
        commentText="Gentle",
        lastUpdated="2026-07-02T09:00:00",
        commentOriginalURL="https://www.nhs.uk/x",
        response=response,
    )
    review, reply = records_of_body(StandIn, {"comments": [item]})
    assert (review.title, review.text, review.author_name, review.url) == (
        "Good",
        "Gentle",
        "Ada",
        "https://www.nhs.uk/x",
    )
    # In July London is an hour ahead of UTC.
    assert review.created_at == dt.datetime(2026, 7, 1, 11, tzinfo=dt.UTC)
    assert review.updated_at == dt.datetime(2026, 7, 2, 8, tzinfo=dt.UTC)
    assert (reply.kind, reply.parent_id, reply.text) == ("reply", "1", "Thanks")
    assert reply.created_at == dt.datetime(2026, 7, 3, 9, tzinfo=dt.UTC)
    assert reply.updated_at == dt.datetime(2026, 7, 4, 9, tzinfo=dt.UTC)


def test_a_response_inside_the_comment_is_a_response_too() -> None:
    item = {"comment": {**StandIn.item(1)["comment"], "response": {"dateSubmitted": "2026-11-03T10:00:00Z"}}}
    assert [record.kind for record in records_of_body(StandIn, {"comments": [item]})] == ["review", "reply"]


@pytest.mark.parametrize(
    ("ratings", "stars"),
    [
        ([{"question": "How likely are you to recommend us", "rating": "4"}], 4),
        ([{"question": "Anything", "rating": 3}], 3),
        ([{"question": "Cleanliness", "rating": 1}, {"question": "Overall experience", "rating": 4}], 4),
        ([{"question": "Cleanliness", "rating": 1}, {"question": "Staff", "rating": 4}], None),
        ([{"question": "Overall", "rating": 0}], None),
        ([{"question": "Overall", "rating": ""}], None),
        ([], None),
        (None, None),
    ],
)
def test_the_stars_are_the_answer_about_the_whole(ratings: object, stars: int | None) -> None:
    [review] = records_of_body(StandIn, {"comments": [StandIn.item(1, ratings=ratings)]})
    assert review.rating == stars


@pytest.mark.parametrize("rating", [6, -1, "9", "secret words", 2.5])
def test_a_rating_that_is_none_sets_its_comment_aside(rating: object) -> None:
    item = StandIn.item(1, ratings=[{"question": "secret question", "rating": rating}])
    [aside] = read_body(StandIn, {"comments": [item]})
    assert isinstance(aside, SetAside)
    assert aside.where == "comment 1"
    assert "secret" not in str(aside)


def test_anonymous_is_nobody() -> None:
    [review] = records_of_body(StandIn, {"comments": [StandIn.item(1, screenName="Anonymous")]})
    assert (review.author_id, review.author_name) == (None, None)


def test_an_unknown_status_passes_through() -> None:
    [review] = records_of_body(StandIn, {"comments": [StandIn.item(1, status="under review")]})
    assert review.state == "under review"


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_reads_the_contracts_own_samples() -> None:
    for path in sorted((SHARED / "contracts" / "nhs_uk").glob("**/comments*.json")):
        held = json.loads(path.read_text())
        found = list(nhs_uk.read(page_of(StandIn, held), StandIn.practices()))
        assert all(isinstance(item, Record) for item in found)
        assert [item.kind for item in found if isinstance(item, Record)].count("review") == len(held["comments"])
