"""A vendor's feed: every way a file may hold events, deletions, order, and whose each review is."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import BadExport, ChangedShape, SeveralFailed
from pipelines.fetch import fetch
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import Practices
from pipelines.read import read
from pipelines.records import COMPLETENESS, Record, SetAside, read_table
from pipelines.settings import load_settings
from pipelines.sources import owner_export, vendor_feed
from tests.conftest import SHARED

NIGHT = dt.date(2026, 10, 31)
PRACTICES = Practices.model_validate(
    {
        "practice": [{"id": "riverside", "name": "Riverside", "aliases": ["loc-7"]}, {"id": "elm", "name": "Elm"}],
        "feed": [{"files": "yext/*", "sites": {"VITALSCOM": "vitals"}, "ignore_entities": ["test-place"]}],
    }
)
OCTOBER_1 = 1_790_812_800_000
DAY = 86_400_000


def event(number: int, kind: str = "REVIEW_CREATED", *, at: int = OCTOBER_1, **more: Any) -> dict[str, Any]:
    review = {
        "id": number,
        "entityId": "loc-7",
        "publisherId": "HEALTHGRADES",
        "rating": 4.5,
        "content": "Words",
        "authorName": "Ada",
        "authorEmail": "ada@secret.example",
        "publisherDate": OCTOBER_1,
        **more,
    }
    return {"meta": {"eventType": kind, "uuid": "u", "timestamp": str(at), "accountId": "1"}, "review": review}


def page_of(body: bytes, file: str = "yext/reviews.json") -> SavedPage:
    receipt = Receipt(source="vendor_feed", night=NIGHT, label="reviews", about={"file": file})
    return SavedPage(path="p.json", body=body, receipt=receipt)


def read_events(*events: Any) -> list[Record | SetAside]:
    return list(vendor_feed.read(page_of(json.dumps(list(events)).encode()), PRACTICES))


def reviews_in(*events: Any) -> dict[str, Record]:
    return {r.item_id: r for r in read_events(*events) if isinstance(r, Record) and r.kind == "review"}


def lines(events: list[Any]) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in events) + b"\n"


def api(events: list[Any]) -> bytes:
    listed = {"count": len(events), "reviews": [one["review"] for one in events]}
    return json.dumps({"meta": {"uuid": "u", "errors": []}, "response": listed}).encode()


FORMS: dict[str, tuple[str, Callable[[list[Any]], bytes]]] = {
    "list": ("yext/a.json", lambda events: json.dumps(events).encode()),
    "lines": ("yext/a.jsonl", lines),
    "api": ("yext/a.json", api),
    "reviews": ("yext/a.json", lambda events: json.dumps({"reviews": [e["review"] for e in events]}).encode()),
}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25)
@given(st.lists(st.integers(0, 30), max_size=60))
def test_each_review_once_however_often_and_in_whatever_form_it_is_told(form: str, numbers: list[int]) -> None:
    file, write = FORMS[form]
    found = list(vendor_feed.read(page_of(write([event(n) for n in numbers]), file), PRACTICES))
    assert sorted(r.item_id for r in found if isinstance(r, Record)) == sorted({str(n) for n in numbers})


def test_one_saved_webhook_is_a_file() -> None:
    [review] = vendor_feed.read(page_of(json.dumps(event(5)).encode()), PRACTICES)
    assert isinstance(review, Record)
    assert review.item_id == "5"


@given(st.permutations([("REVIEW_CREATED", 0, 2), ("REVIEW_UPDATED", 1, 3), ("REVIEW_DELETED", 2, 4)]))
def test_the_latest_event_counts_in_whatever_order_they_lie(order: list[tuple[str, int, int]]) -> None:
    told = [event(1, kind, at=OCTOBER_1 + days * DAY, rating=stars) for kind, days, stars in order]
    assert reviews_in(*told)["1"].state == "removed"
    standing = reviews_in(*[one for one in told if one["meta"]["eventType"] != "REVIEW_DELETED"])["1"]
    assert (standing.state, standing.updated_at) == (None, dt.datetime(2026, 10, 2, tzinfo=dt.UTC))
    assert standing.rating == 3


def test_a_deleted_review_leaves_neither_words_nor_name_and_may_come_bare() -> None:
    bare = {"meta": {"eventType": "REVIEW_DELETED"}, "review": {"id": 2, "entityId": "loc-7"}}
    found = reviews_in(event(1, "REVIEW_DELETED", content="secret words", authorName="Secret Name"), bare)
    assert {review.state for review in found.values()} == {"removed"}
    assert "ecret" not in str(found)


@pytest.mark.parametrize(("status", "state"), [("LIVE", None), ("REMOVED", "removed"), ("QUARANTINED", "removed")])
def test_a_first_party_review_that_is_not_live_does_not_stand(status: str, state: str | None) -> None:
    assert reviews_in(event(1, status=status))["1"].state == state


def test_every_field_is_read_and_the_address_is_not() -> None:
    comments = [
        {"id": 1, "publisherDate": OCTOBER_1 + DAY, "authorRole": "BUSINESS_OWNER", "content": "Thanks"},
        {"id": 2, "authorRole": "BUSINESS_OWNER", "content": "a note", "visibility": "PRIVATE"},
        {"id": 3, "authorRole": "CONSUMER", "content": "more"},
    ]
    review, reply = read_events(
        event(1, title="Late", url="https://healthgrades.example/1", comments=comments, publisherId="VITALSCOM")
    )
    assert isinstance(review, Record)
    assert isinstance(reply, Record)
    assert (review.site, review.practice_id, review.title, review.text) == ("vitals", "riverside", "Late", "Words")
    assert (str(review.rating), review.url) == ("4.5", "https://healthgrades.example/1")
    assert review.created_at == dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    assert (reply.kind, reply.parent_id, reply.text, reply.site) == ("reply", "1", "Thanks", "vitals")
    assert reply.created_at == dt.datetime(2026, 10, 2, tzinfo=dt.UTC)
    assert "secret.example" not in str((review, reply))


def test_what_google_says_is_read_at_google_and_test_places_are_left_out() -> None:
    assert reviews_in(event(1, publisherId="GOOGLEMYBUSINESS"), event(2, entityId="test-place")) == {}


def test_an_older_feed_says_location_and_a_recommendation_has_no_stars() -> None:
    old = event(1, locationId="loc-7", reviewType="Recommendation", recommendation="Recommended")
    del old["review"]["entityId"], old["review"]["rating"]
    assert reviews_in(old)["1"].rating is None


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (event(9, rating=0), "a rating that is not 1 to 5"),
        (event(9, rating=11), "a rating that is not 1 to 5"),
        (event(9, publisherDate=None), "a review without a date"),
        (event(9, publisherDate=1_790_812_800), "a time that is not in milliseconds"),
        (event(9, "INVITATION_ADDED"), "an event that is not about a review"),
        ({"meta": {"eventType": "REVIEW_CREATED"}, "invitation": {"contact": "secret"}}, "required field `review`"),
        (event(9, content={"secret": 1}), "Expected `str"),
    ],
)
def test_a_bad_event_is_set_aside_without_its_words(bad: dict[str, Any], reason: str) -> None:
    found = read_events(event(1), bad, event(2))
    [aside] = [item for item in found if isinstance(item, SetAside)]
    assert aside.where == "event 2"
    assert reason in aside.reason
    assert "secret" not in str(aside)
    assert len([item for item in found if isinstance(item, Record)]) == 2


def test_a_line_that_is_still_being_written_is_set_aside() -> None:
    body = lines([event(1), event(2)]) + b'{"meta": {"eventType": "REVI'
    found = list(vendor_feed.read(page_of(body, "yext/a.jsonl"), PRACTICES))
    assert [type(item) for item in found] == [SetAside, Record, Record]


def test_a_line_that_is_no_utf_8_is_set_aside() -> None:
    body = lines([event(1), event(2)]).replace(b'"Words"', b'"\xff secret words"', 1)
    aside, record = vendor_feed.read(page_of(body, "yext/a.jsonl"), PRACTICES)
    assert isinstance(aside, SetAside)
    assert (aside.where, "secret" in aside.reason) == ("event 1", False)
    assert isinstance(record, Record)


def test_one_enormous_event_is_set_aside_and_the_others_are_read() -> None:
    aside, record = read_events(event(1, content="x" * 10_000_000), event(2))
    assert isinstance(aside, SetAside)
    assert (aside.where, aside.reason) == ("event 1", "larger than 2 MB")
    assert isinstance(record, Record)


def test_an_id_is_the_same_as_number_and_as_text() -> None:
    [(item_id, review)] = reviews_in(event(7), event(7, "REVIEW_UPDATED", at=OCTOBER_1 + DAY, id="7", rating=2)).items()
    assert item_id == "7"
    assert review.rating == 2


def test_a_vendor_whose_clock_is_ahead_loses_nothing() -> None:
    ahead = OCTOBER_1 + 31 * DAY
    found = reviews_in(event(1, at=ahead, publisherDate=ahead))
    assert found["1"].created_at == dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def test_a_new_field_is_noted_without_its_value() -> None:
    page = page_of(json.dumps([event(1, brandNew="secret words")]).encode())
    list(vendor_feed.read(page, PRACTICES))
    assert "review.brandNew" in page.fields
    assert "secret" not in str(page.fields)


def test_mostly_bad_events_are_a_changed_shape() -> None:
    with pytest.raises(ChangedShape, match="3 of 4 events"):
        read_events(*[event(n, rating=9) for n in range(3)], event(5))


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b'{"a": 1}\xff', b"5", json.dumps([event(1), event(2)]).encode()[:-40]]
)
def test_a_file_that_is_no_feed_stops(body: bytes) -> None:
    with pytest.raises(ChangedShape, match="contract"):
        list(vendor_feed.read(page_of(body), PRACTICES))


def test_an_unknown_entity_is_named_and_nothing_is_read() -> None:
    with pytest.raises(BadExport, match=r"'loc-8' \(2 events\).*alias"):
        read_events(event(1), event(2, entityId="loc-8"), event(3, entityId="loc-8"))


def pulled(data: DataDir, night: dt.date) -> None:
    fetch("vendor_feed", night, PRACTICES, data, load_settings(), say=lambda line: None)
    read("vendor_feed", night, PRACTICES, data, say=lambda line: None)


def written(data: DataDir, name: str, body: bytes) -> Path:
    path = data.exports / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def test_a_file_is_pulled_once_and_again_when_it_has_grown(data: DataDir) -> None:
    written(data, "yext/a.jsonl", lines([event(1)]))
    pulled(data, NIGHT)
    pulled(data, NIGHT + dt.timedelta(days=1))
    assert data.receipts("vendor_feed", NIGHT + dt.timedelta(days=1)) == []
    written(data, "yext/a.jsonl", lines([event(1), event(2), event(1, "REVIEW_DELETED", at=OCTOBER_1 + DAY)]))
    pulled(data, NIGHT + dt.timedelta(days=2))
    [row] = read_table(data.completeness("vendor_feed", NIGHT + dt.timedelta(days=2)), COMPLETENESS)
    assert (row["practice_id"], row["site"], row["fetched"]) == ("riverside", "healthgrades", 2)
    assert (row["complete"], row["can_reply"]) == (False, True)


def test_a_vendors_file_is_not_taken_for_an_owners(data: DataDir) -> None:
    written(data, "yext/a.json", b"[]")
    written(data, "survey.csv", b"")
    assert [p.about["file"] for p in vendor_feed.visits(PRACTICES, data.exports)] == ["yext/a.json"]
    assert [p.about["file"] for p in owner_export.visits(PRACTICES, data.exports)] == ["survey.csv"]
    assert vendor_feed.visits(Practices(), data.exports) == []


def test_another_kind_of_file_is_refused_by_name(data: DataDir) -> None:
    written(data, "yext/a.xml", b"<reviews/>")
    with pytest.raises(SeveralFailed, match=r"a\.xml.*Save it as \.json"):
        pulled(data, NIGHT)


def test_two_feeds_for_one_file_are_one_too_many() -> None:
    twice = PRACTICES.model_copy(update={"feed": PRACTICES.feed * 2})
    with pytest.raises(BadExport, match=r"2 \[\[feed\]\] blocks"):
        list(vendor_feed.read(page_of(b"[]"), twice))


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_every_field_we_name_is_in_the_vendors_document() -> None:
    document = json.loads((SHARED / "contracts/vendor_yext/openapi/webhooks.json").read_text())
    schemas = document["components"]["schemas"]
    # Before 2021 the entity was called a location.
    assert (
        set(vendor_feed._Review.__struct_encode_fields__) - {"locationId"}
        <= schemas["WebhookReview"]["properties"].keys()
    )
    assert set(vendor_feed._Comment.__struct_encode_fields__) <= schemas["ReviewComment"]["properties"].keys()
    body = document["webhooks"]["reviewsWebhook"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(vendor_feed._EVENTS) == set(body["properties"]["meta"]["properties"]["eventType"]["enum"])
