"""Yelp: its own count, a sample that is never counted, plans, quotas, and nothing kept for longer than a day."""

from __future__ import annotations

import datetime as dt
import json

import httpx
import pytest

from pipelines.demo.elsewhere import GUESTS
from pipelines.demo.server import TownServer
from pipelines.demo.town import build_town
from pipelines.errors import SeveralFailed, UnknownName
from pipelines.gate import readiness
from pipelines.landing import DataDir
from pipelines.purge import purge
from pipelines.read import read
from pipelines.records import COMPLETENESS, FEATURES, Record, read_table, write_table
from pipelines.settings import load_settings
from pipelines.sources import yelp
from tests.conftest import SHARED
from tests.sources.contract import OpenApi
from tests.sources.stand_in import (
    NIGHT,
    found_in,
    page_of,
    pull,
    pulled,
    records_in,
    records_of_body,
)
from tests.sources.stand_in_yelp import StandIn

OCTOBER = dt.date(2026, 10, 1)


def test_a_night_costs_two_requests_and_says_what_is_left(data: DataDir) -> None:
    platform = StandIn.holding([StandIn.item(n) for n in range(20)])
    receipt = pulled(data, platform)
    assert len(platform.asked) == 2
    assert (receipt.quota_left, receipt.expected, receipt.complete) == (296, 87, False)
    assert len(records_in(data, platform, "review")) == 7


def test_a_plan_without_excerpts_still_gives_the_count(data: DataDir) -> None:
    platform = StandIn.holding([StandIn.item(1)])
    platform.plan_has_excerpts = False
    pull(data, platform)
    [total] = found_in(data, platform)
    assert isinstance(total, Record)
    assert (total.kind, total.total_count, str(total.total_average)) == ("total", 87, "4.5")


def test_what_the_sample_leaves_out_is_counted_and_nothing_is_taken_for_gone(data: DataDir) -> None:
    pull(data, StandIn.holding([StandIn.item(n) for n in range(3)]))
    read("yelp", NIGHT, StandIn.practices(), data, say=lambda line: None)
    [row] = read_table(data.completeness("yelp", NIGHT), COMPLETENESS)
    assert (row["expected"], row["fetched"], row["complete"], row["can_reply"]) == (87, 3, False, False)


def test_a_sample_is_declared_and_its_month_waits_for_no_full_list() -> None:
    assert yelp.SOURCE.sampled
    assert not yelp.SOURCE.policy.blendable
    assert not yelp.SOURCE.policy.classify
    row = {"practice_id": "oak", "source": "yelp", "month_is_complete": False, "left_out": False}
    assert readiness("oak", OCTOBER, [{**row, "last_read_night": dt.date(2026, 11, 1)}]).ready
    assert not readiness("oak", OCTOBER, [{**row, "last_read_night": dt.date(2026, 10, 31)}]).ready
    assert not readiness("oak", OCTOBER, [{**row, "last_read_night": None}]).ready


def test_words_go_at_the_first_housekeeping_after_scoring_and_features_a_day_later(data: DataDir) -> None:
    pull(data, StandIn.holding([StandIn.item(1)]))
    read("yelp", NIGHT, StandIn.practices(), data, say=lambda line: None)
    assert purge(NIGHT, data, load_settings(), say=lambda line: None) == [], "it has yet to be scored"
    data.features("yelp", NIGHT).parent.mkdir(parents=True)
    write_table([], FEATURES, data.features("yelp", NIGHT))
    gone = purge(NIGHT, data, load_settings(), say=lambda line: None)
    assert sorted(gone) == [
        "pages/yelp/2026-10-31/riverside/0001.json.zst",
        "pages/yelp/2026-10-31/riverside/0002.json.zst",
        "records/yelp/2026-10-31.parquet",
    ]
    later = purge(NIGHT + dt.timedelta(days=1), data, load_settings(), say=lambda line: None)
    assert later == ["features/yelp/2026-10-31.parquet"]


def test_words_that_were_never_scored_go_the_next_day_all_the_same(data: DataDir) -> None:
    pull(data, StandIn.holding([StandIn.item(1)]))
    assert len(purge(NIGHT + dt.timedelta(days=1), data, load_settings(), say=lambda line: None)) == 2


def test_a_used_up_quota_waits_until_it_is_new(data: DataDir) -> None:
    platform = StandIn.holding([StandIn.item(1)])
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)).isoformat()
    spent = {"RateLimit-Remaining": "0", "RateLimit-ResetTime": until}
    platform.refuse = [(429, spent, b'{"error": {"code": "ACCESS_LIMIT_REACHED", "description": "x"}}')]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform)
    assert raised.value.can_recover
    assert raised.value.retry_after_seconds == pytest.approx(7200, abs=10)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "UNAUTHORIZED_API_KEY", r"UNAUTHORIZED_API_KEY.*Copy the API key"),
        (403, "BUSINESS_UNAVAILABLE", "plan or region"),
        (404, "BUSINESS_NOT_FOUND", r"Correct yelp\.business"),
        (400, "VALIDATION_ERROR", "VALIDATION_ERROR"),
    ],
)
def test_yelps_word_is_told_and_its_sentence_is_not(status: int, code: str, words: str, data: DataDir) -> None:
    platform = StandIn.holding([StandIn.item(1)])
    platform.refuse = [(status, {}, json.dumps({"error": {"code": code, "description": "Some words"}}).encode())]
    with pytest.raises(SeveralFailed, match=words) as raised:
        pull(data, platform)
    assert "Some words" not in str(raised.value)


def test_a_business_that_moved_names_its_new_id(data: DataDir) -> None:
    platform = StandIn.holding([StandIn.item(1)])
    error = {"code": "BUSINESS_MIGRATED", "description": "x", "new_business_id": "4kMBvIEWPxWkWKFN__8SxQ"}
    platform.refuse = [(301, {"Location": "/v3/businesses/x"}, json.dumps({"error": error}).encode())]
    with pytest.raises(SeveralFailed, match="to '4kMBvIEWPxWkWKFN__8SxQ'") as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], UnknownName)


def test_every_field_is_read_on_san_franciscos_clock() -> None:
    [review] = records_of_body(
        StandIn, {"reviews": [StandIn.item(1, time_created="2026-07-01 17:42:05", rating=3)], "total": 87}
    )
    assert (review.item_id, review.text, review.url) == ("1", "Words...", "https://www.yelp.com/biz/x")
    assert (review.author_id, review.author_name) == ("u1", "Ada L.")
    assert review.rating == 3
    assert review.created_at == dt.datetime(2026, 7, 2, 0, 42, 5, tzinfo=dt.UTC)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_reads_every_recorded_business_and_the_contracts_own_samples() -> None:
    folder = SHARED / "contracts" / "yelp"
    recorded = sorted((folder / "recorded").glob("**/*.json"))
    assert recorded
    for path in recorded:
        held = json.loads(path.read_text())
        [total] = list(yelp.read(page_of(StandIn, held), StandIn.practices()))
        assert isinstance(total, Record)
        assert (total.total_count, float(total.total_average or 0)) == (held["review_count"], held["rating"])
    held = json.loads((folder / "samples-handmade" / "business_reviews.json").read_text())
    assert len(records_of_body(StandIn, held)) == len(held["reviews"])


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_requests_and_the_towns_answers_are_those_of_a_document_made_from_yelps_pages(data: DataDir) -> None:
    # Yelp's own document could not be had; somebody made this one from its pages.
    document = OpenApi(SHARED / "contracts" / "yelp" / "openapi-third-party" / "yelp-openapi.yml")
    platform = StandIn.holding([StandIn.item(1)])
    pull(data, platform)
    [key] = [guest.key["api_key"] for guest in GUESTS if guest.platform == "yelp"]
    with TownServer(build_town()) as town:
        town.set_night(NIGHT)
        for request in platform.asked:
            # The document leaves out one of the two orders that Yelp's page on reviews names.
            query = {name: told for name, told in request.query.items() if name != "sort_by"}
            document.check_request("GET", f"/v3{request.path}", query)
            path = request.path.replace("riverside-dental-portland", "riverside-dental-rapport-town")
            answer = httpx.get(f"{town.base_url}/yelp{path}", headers={"Authorization": f"Bearer {key}"})
            document.check_answer("GET", f"/v3{request.path}", answer.status_code, answer.json())
