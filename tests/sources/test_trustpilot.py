"""Trustpilot: page numbers to the empty page, the unit's total, edits by the sweep, and every field of the contract."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pipelines.errors import BadPractices, SeveralFailed
from pipelines.landing import DataDir
from pipelines.practices import load_practices
from pipelines.records import Record
from pipelines.sources import trustpilot
from tests.conftest import SHARED
from tests.sources.stand_in import (
    NIGHT,
    page_of,
    pull,
    pulled,
    records_in,
    records_of_body,
)
from tests.sources.stand_in_trustpilot import StandIn

NOVEMBER_2 = NIGHT + dt.timedelta(days=2)
NOVEMBER_8 = NIGHT + dt.timedelta(days=8)


def test_most_nights_read_a_month_back_and_no_further(data: DataDir) -> None:
    platform = StandIn.daily(100)
    pull(data, platform)
    platform.asked.clear()
    receipt = pulled(data, platform, NOVEMBER_2)
    # The unit itself, then 30 days in tens and the page that goes beyond them.
    assert len(platform.asked) == 5
    assert not receipt.complete


def test_a_late_reply_and_an_edit_within_the_month_are_seen_the_next_night(data: DataDir) -> None:
    platform = StandIn.daily(100)
    pull(data, platform)
    platform.items[80].update(stars=1, companyReply={"text": "Sorry", "createdAt": "2026-11-01T10:00:00Z"})
    pull(data, platform, NOVEMBER_2)
    changed = {r.item_id: r for r in records_in(data, platform, "review", NOVEMBER_2)}
    assert changed["80"].rating == 1
    assert "40" not in changed


def test_the_weekly_sweep_lists_everything_and_so_what_is_gone(data: DataDir) -> None:
    platform = StandIn.daily(60)
    pull(data, platform)
    del platform.items[3]
    assert pulled(data, platform, NOVEMBER_8).complete
    assert {r.item_id for r in records_in(data, platform, "review", NOVEMBER_8)} == {
        str(n) for n in range(60) if n != 3
    }


def test_a_list_shorter_than_the_units_own_total_is_not_complete(data: DataDir) -> None:
    platform = StandIn.daily(5)
    platform.total = 6
    receipt = pulled(data, platform)
    assert (receipt.complete, receipt.expected) == (False, 6)


def test_one_location_of_a_unit_is_asked_for_by_its_id_and_has_no_total(data: DataDir) -> None:
    class Branch(StandIn):
        block: ClassVar[Any] = StandIn.block | {"location": "branch-7"}

    platform = Branch.holding([StandIn.item(1)])
    receipt = pulled(data, platform)
    assert all(request.one("internalLocationId") == "branch-7" for request in platform.asked)
    assert (receipt.complete, receipt.expected) == (True, 1)


def test_the_error_code_of_a_refused_key_is_told_and_its_sentence_is_not(data: DataDir) -> None:
    platform = StandIn.daily(1)
    fault = {"fault": {"faultstring": "Some words", "detail": {"errorcode": "oauth.v2.InvalidApiKey"}}}
    platform.refuse = [(401, {}, json.dumps(fault).encode())]
    with pytest.raises(SeveralFailed, match=r"oauth\.v2\.InvalidApiKey.*Copy the API key") as raised:
        pull(data, platform)
    assert "Some words" not in str(raised.value)


def test_every_field_is_read() -> None:
    reply = {"text": "Thanks", "createdAt": "2026-10-03T10:00:00.5Z", "updatedAt": "2026-10-04T10:00:00Z"}
    item = StandIn.item(
        1, stars=2, title="Late", text="Waited", updatedAt="2026-10-02T09:00:00Z", companyReply=reply, status="active"
    )
    item["consumer"]["numberOfReviews"] = 3
    review, answer = records_of_body(StandIn, {"reviews": [item]})
    assert review.author_reviews == 3
    assert (review.title, review.text, review.state) == ("Late", "Waited", None)
    assert review.rating == 2
    assert (review.author_id, review.author_name) == ("c1", "Ada")
    assert review.updated_at == dt.datetime(2026, 10, 2, 9, tzinfo=dt.UTC)
    assert (answer.kind, answer.parent_id, answer.text, answer.state) == ("reply", "1", "Thanks", None)
    assert answer.created_at == dt.datetime(2026, 10, 3, 10, 0, 0, 500_000, tzinfo=dt.UTC)
    assert answer.updated_at == dt.datetime(2026, 10, 4, 10, tzinfo=dt.UTC)


def test_a_status_we_do_not_know_passes_through_and_an_id_may_be_a_number() -> None:
    [review] = records_of_body(StandIn, {"reviews": [StandIn.item(1, id=77, status="Flagged")]})
    assert (review.item_id, review.state) == ("77", "flagged")


def test_the_total_is_trustpilots_own() -> None:
    [total] = records_of_body(StandIn, {"numberOfReviews": {"total": 87, "oneStar": 3}, "score": {"trustScore": 4.4}})
    assert (total.kind, total.total_count, str(total.total_average)) == ("total", 87, "4.4")


def test_a_business_unit_is_known_by_its_id_not_by_its_domain(tmp_path: Path) -> None:
    path = tmp_path / "practices.toml"
    path.write_text('[[practice]]\nid = "oak"\nname = "Oak"\ntrustpilot = { business_unit = "oak.example" }\n')
    with pytest.raises(BadPractices, match=r"practice 'oak': trustpilot\.business_unit"):
        load_practices(path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
@pytest.mark.parametrize("folder", ["samples-handmade", "recorded"])
def test_reads_the_contracts_own_samples(folder: str) -> None:
    for path in sorted((SHARED / "contracts" / "trustpilot" / folder).glob("**/*reviews*.json")):
        held = json.loads(path.read_text())
        found = list(trustpilot.read(page_of(StandIn, held), StandIn.practices()))
        assert all(isinstance(item, Record) for item in found)
        kinds = [item.kind for item in found if isinstance(item, Record)]
        assert kinds.count("review") == len(held["reviews"])
        assert kinds.count("reply") == sum(review["companyReply"] is not None for review in held["reviews"])
