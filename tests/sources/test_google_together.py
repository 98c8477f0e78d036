"""Google's locations of one account asked together: fewer requests, the same reviews, and each practice on its own."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.demo.run import town_services
from pipelines.demo.town import NIGHTS, build_town
from pipelines.errors import SeveralFailed
from pipelines.fetch import fetch
from pipelines.landing import DataDir
from pipelines.practices import Practices, load_practices
from pipelines.records import Record
from pipelines.settings import load_settings
from pipelines.sources import google_business as google
from tests.conftest import SHARED, Answer
from tests.sources.contract import OpenApi
from tests.sources.stand_in import NIGHT, Item, Request, found_in, pull, receipts
from tests.sources.stand_in_google_business import StandIn, numbers_body

LATER = NIGHT + dt.timedelta(days=2)
BATCH = "/v4/accounts/1/locations:batchGetReviews"
MIDNIGHT = dt.datetime.combine(LATER, dt.time(), tzinfo=dt.UTC)


class Chain(StandIn):
    """An account with locations 100, 101, …; `held` are the reviews of each. `batch` is answered before a batch.

    `order` is in which order a batch comes; `named` is how it names a location.
    """

    branches = 12

    def __init__(self, page_size: int = 50) -> None:
        super().__init__(0, page_size)
        numbers = [str(100 + n) for n in range(self.branches)]
        self.held: dict[str, list[Item]] = {
            f"accounts/1/locations/{number}": [self.item(int(number), MIDNIGHT - dt.timedelta(days=40))]
            for number in numbers
        }
        self.batch: list[Answer] = []
        self.newest_first, self.named = True, "accounts/1/locations/"

    def is_token_request(self, request: Request) -> bool:
        return request.path == "/"

    def answer(self, request: Request) -> Any:
        if request.path.startswith("/v1/"):
            return numbers_body()
        if request.path != BATCH:
            self.items = self.held[request.path.removeprefix("/v4/").removesuffix("/reviews")]
            ordered = sorted(self.items, key=lambda item: str(item["updateTime"]), reverse=True)
            return {"reviews": ordered, "totalReviewCount": len(ordered)} if ordered else {}
        if self.batch:
            return self.batch.pop(0)
        asked = json.loads(request.body)
        assert (asked["orderBy"], asked["pageSize"]) == ("updateTime desc", 50)
        told = [(name, item) for name in asked["locationNames"] for item in self.held[name]]
        if self.newest_first:
            told.sort(key=lambda one: str(one[1]["updateTime"]), reverse=True)
        start = int(asked.get("pageToken", "0"))
        end = start + self.page_size
        listed = [
            {"name": name.replace("accounts/1/locations/", self.named), "review": item}
            for name, item in told[start:end]
        ]
        more = {"nextPageToken": str(end)} if end < len(told) else {}
        return ({"locationReviews": listed} if listed else {}) | more

    def says(self, branch: int, number: int, days_ago: float, **more: Any) -> None:
        self.held[f"accounts/1/locations/{100 + branch}"].append(
            self.item(number, MIDNIGHT - dt.timedelta(days=days_ago), **more)
        )

    def lists(self) -> int:
        return sum(request.path.endswith("/reviews") for request in self.asked)

    def batches(self) -> list[Request]:
        return [request for request in self.asked if request.path == BATCH]

    @classmethod
    def practices(cls) -> Practices:
        return Practices.model_validate(
            {
                "practice": [
                    {
                        "id": f"p{n}",
                        "name": f"P {n}",
                        "google_business": {"location": f"accounts/1/locations/{100 + n}"},
                    }
                    for n in range(cls.branches)
                ]
            }
        )


def reviews_in(data: DataDir, chain: Chain, night: dt.date) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {f"p{n}": set() for n in range(chain.branches)}
    for item in found_in(data, chain, night):
        if isinstance(item, Record) and item.kind == "review":
            found[item.practice_id].add(item.item_id)
    return found


def after_a_sweep(data: DataDir, page_size: int = 50) -> Chain:
    chain = Chain(page_size)
    pull(data, chain)
    assert (chain.lists(), len(chain.batches())) == (12, 0), "a sweep lists each location with its total"
    chain.asked.clear()
    return chain


def test_most_nights_ask_all_locations_at_once_and_each_keeps_its_own(data: DataDir) -> None:
    chain = after_a_sweep(data)
    chain.says(3, 1, 0.5)
    chain.says(7, 2, 13, reviewReply={"comment": "Thanks", "updateTime": "2026-11-01T10:00:00Z"})
    pull(data, chain, LATER)
    assert (chain.lists(), len(chain.batches())) == (0, 1)
    found = reviews_in(data, chain, LATER)
    # What is two weeks old and more is left to the sweep, but for what stands on the same page.
    assert found == {f"p{n}": {str(100 + n)} | ({"1"} if n == 3 else {"2"} if n == 7 else set()) for n in range(12)}
    held = {receipt.label: receipt for receipt in receipts(data, chain, LATER)}
    assert {receipt.complete for receipt in held.values()} == {False}
    assert held["p3"].newest == MIDNIGHT - dt.timedelta(days=0.5)
    pages = {label: b"".join(page.body for page in data.saved_pages(receipt)) for label, receipt in held.items()}
    assert all((b'"reviewId":"1"' in page.replace(b" ", b"")) == (label == "p3") for label, page in pages.items())
    replies = [r for r in found_in(data, chain, LATER) if isinstance(r, Record) and r.kind == "reply"]
    assert [(reply.practice_id, reply.parent_id, reply.text) for reply in replies] == [("p7", "2", "Thanks")]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.lists(st.integers(0, 30), max_size=40), page_size=st.integers(1, 20))
def test_all_that_is_new_is_found_in_pages_of_any_size(
    days: list[int], page_size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = DataDir(tmp_path_factory.mktemp("data"))
    chain = after_a_sweep(data, page_size)
    for number, ago in enumerate(days):
        chain.says(number % 12, number, ago)
    pull(data, chain, LATER)
    found = reviews_in(data, chain, LATER)
    for number, ago in enumerate(days):
        assert str(number) in found[f"p{number % 12}"] or ago >= 14
    assert chain.lists() == 0


@pytest.mark.parametrize(
    "answer",
    [(403, {}, b'{"error": {"status": "PERMISSION_DENIED"}}'), (404, {}, b'{"error": {"status": "NOT_FOUND"}}')],
)
def test_one_location_that_is_refused_does_not_cost_the_others(data: DataDir, answer: Answer) -> None:
    chain = after_a_sweep(data)
    chain.batch = [answer]
    pull(data, chain, LATER)
    assert (chain.lists(), len(chain.batches())) == (12, 1)
    whys = {receipt.why for receipt in receipts(data, chain, LATER)}
    assert len(whys) == 1
    assert "listed alone, as its account was refused" in whys.pop()


@pytest.mark.parametrize("change", [{"newest_first": False}, {"named": "locations/"}])
def test_an_answer_that_is_not_what_was_asked_for_is_not_used(data: DataDir, change: dict[str, Any]) -> None:
    chain = after_a_sweep(data)
    chain.says(0, 1, 20)
    chain.says(1, 2, 1)
    for name, value in change.items():
        setattr(chain, name, value)
    pull(data, chain, LATER)
    assert chain.lists() == 12
    assert "2" in reviews_in(data, chain, LATER)["p1"]
    assert "not what was asked for" in receipts(data, chain, LATER)[0].why


def test_a_site_that_is_down_is_no_reason_to_list_alone(data: DataDir) -> None:
    chain = after_a_sweep(data)
    chain.batch = [(503, {}, b"")] * 12
    with pytest.raises(SeveralFailed) as raised:
        pull(data, chain, LATER)
    assert raised.value.can_recover
    assert chain.lists() == 0


def test_few_locations_and_those_of_other_keys_and_accounts_are_listed_alone() -> None:
    def together(*profiles: tuple[str, str]) -> list[int]:
        held = [
            {"id": f"p{n}", "name": f"P {n}", "google_business": {"location": location, "key": key}}
            for n, (location, key) in enumerate(profiles)
        ]
        planned = google.visits(Practices.model_validate({"practice": held}), DataDir(SHARED).exports)
        return [len(one.about.get("together", "").split()) for one in planned]

    nine = [(f"accounts/1/locations/{n}", "") for n in range(9)]
    assert together(*nine, ("accounts/2/locations/9", ""), ("accounts/1/locations/9", "elm")) == [0] * 11
    assert together(*nine, ("accounts/1/locations/9", "")) == [10] * 10
    assert together(*((f"accounts/1/locations/{n}", "") for n in range(65))) == [50] * 50 + [15] * 15


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_it_is_asked_for_and_told_as_the_contract_says(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = SHARED / "contracts" / "google_business"
    contract = OpenApi(folder / "mybusiness_v4_reviews.openapi.json")
    chain = after_a_sweep(data)
    pull(data, chain, LATER)
    [batch] = chain.batches()
    operation = contract.operation("POST", BATCH)
    contract._validate(json.loads(batch.body), operation["requestBody"]["content"]["application/json"]["schema"])
    contract.check_answer("POST", BATCH, 200, chain.answer(batch))
    sample = json.loads((folder / "samples-handmade" / "batchGetReviews.json").read_text())
    contract.check_answer("POST", BATCH, 200, sample)
    assert sample["nextPageToken"]


def test_the_town_tells_the_same_reviews_together_as_alone(
    data: DataDir, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On the town's last night, what is of the last two weeks, by both ways of asking."""
    recent: list[set[tuple[str, str, str | None]]] = []
    for fewest in (2, 99):
        root = tmp_path_factory.mktemp("town")
        own = DataDir(root)
        with pytest.MonkeyPatch.context() as patch, town_services(root, build_town()) as (server, variables):
            patch.setattr(google, "FEWEST_TOGETHER", fewest)
            for name, value in {**variables, "RAPPORT_PER_MINUTE": '{"google_business": 600000}'}.items():
                patch.setenv(name, value)
            practices = load_practices(load_settings().practices_file)
            for night in (NIGHTS[0], NIGHTS[2]):
                server.set_night(night)
                server.log.clear()
                with pytest.raises(SeveralFailed, match="lakeside") if night == NIGHTS[2] else nullcontext():
                    fetch("google_business", night, practices, own, load_settings(), say=lambda line: None)
            together = [seen for seen in server.log if seen.path.endswith(":batchGetReviews") and seen.status == 200]
            assert bool(together) == (fewest == 2)
            since = dt.datetime.combine(NIGHTS[2], dt.time(), tzinfo=dt.UTC) - dt.timedelta(days=google.TOGETHER_DAYS)
            recent.append(
                {
                    (item.practice_id, item.item_id, item.text)
                    for receipt in own.receipts("google_business", NIGHTS[2])
                    for page in own.saved_pages(receipt)
                    for item in google.read(page, practices)
                    if isinstance(item, Record)
                    and item.kind == "review"
                    and item.updated_at
                    and item.updated_at >= since
                }
            )
    assert recent[0] == recent[1]
    assert recent[0]
