"""LinkedIn: a page's posts and what is said below them, numbers that come late, and no member's name or id anywhere."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipelines.errors import BadKey, ChangedShape, SeveralFailed
from pipelines.http import Client
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.read import read
from pipelines.records import COMPLETENESS, Record, SetAside, read_table
from pipelines.sources.linkedin import SOURCE, VERSION, check
from pipelines.sources.linkedin import read as read_page
from pipelines.tokens import TokenStore
from tests.conftest import SHARED, Answer, serving
from tests.sources.stand_in import NIGHT, configured, found_in, pull, receipts, records_in, tools_for
from tests.sources.stand_in_linkedin import MEMBER, ORGANIZATION, StandIn, ms

NEXT, THIRD = NIGHT + dt.timedelta(days=1), NIGHT + dt.timedelta(days=2)
DOCUMENTS = SHARED / "contracts" / "linkedin"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")


def at(day: int, hour: int = 12, month: int = 10) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=dt.UTC)


def page() -> StandIn:
    """Two posts of this week with a question, the practice's answer and a partner's remark; one of the summer."""
    town = StandIn(3)
    town.moments = {0: at(29), 1: at(30), 2: at(20, month=8)}
    question = town.comment(0, at(29, 13), text="Which branch?")
    town.comment(0, at(29, 14), actor=ORGANIZATION, text="Headingley.", parent=question.urn)
    town.comment(0, at(29, 15), actor="urn:li:organization:77", text="Congratulations!")
    town.comment(2, at(25, month=8), text="Nice")
    return town


def by_id(data: DataDir, town: StandIn, night: dt.date = NIGHT) -> dict[str, Record]:
    found = [item for item in found_in(data, town, night) if isinstance(item, Record)]
    return {item.item_id: item for item in found if item.kind != "metric"}


def test_posts_comments_and_replies_stand_where_they_belong(data: DataDir) -> None:
    town = page()
    town.texts[0] = r"Hiring in \(Leeds\): @[Ann \(RN\) Lee](urn:li:person:abc), {hashtag|\#|nurses} @[Us](" + (
        f"{ORGANIZATION}) and @[Them](urn:li:organization:5)"
    )
    pull(data, town)
    found = by_id(data, town)
    question, reply, partner = town.comments[0]
    post = found[town.urn(0)]
    assert post.text == "Hiring in (Leeds): Ann (RN) Lee, #nurses Us and Them"
    assert post.mentions == ("practice", "urn:li:organization:5")
    assert (post.by_practice, post.created_at) == (True, at(29))
    assert (found[question.urn].thread_id, found[question.urn].parent_id) == (town.urn(0), town.urn(0))
    assert (found[reply.urn].thread_id, found[reply.urn].parent_id) == (town.urn(0), question.urn)
    assert found[reply.urn].by_practice
    assert (found[partner.urn].by_organisation, found[partner.urn].author_id) == (True, "urn:li:organization:77")
    assert set(found) == town.expected() | {said.urn for below in town.comments.values() for said in below}


def test_no_member_is_in_any_record_receipt_or_policy(data: DataDir) -> None:
    town = page()
    town.texts[0] = "Thank you @[Ann](urn:li:person:abc)"
    pull(data, town)
    kept = msgspec.json.encode([found_in(data, town), [r.keep for r in receipts(data, town)]])
    assert b"urn:li:person" not in kept
    assert all(item.author_name is None for item in found_in(data, town) if isinstance(item, Record))
    assert not SOURCE.policy.author_key
    assert (SOURCE.policy.keep_text_days, SOURCE.policy.keep_derived_days) == (0, 0)
    assert not SOURCE.policy.classify
    assert MEMBER.startswith("urn:li:person")


def test_numbers_of_posts_days_and_followers_come_by_their_own_names(data: DataDir) -> None:
    town = page()
    pull(data, town)
    numbers = records_in(data, town, "metric")
    assert {record.metric for record in numbers} <= {metric.name for metric in SOURCE.metrics}
    held = {(r.parent_id, r.metric, r.day): r.value for r in numbers}
    assert len({record.item_id for record in numbers}) == len(numbers)
    assert held[town.urn(0), "PRAISE", None] == 2
    assert held[town.urn(0), "commentSummary.count", None] == 3
    assert held[None, "firstDegreeSize", None] == 321
    assert held[None, "likeCount", NIGHT - dt.timedelta(days=1)] == -1, "a day on which likes were taken back"
    assert (None, "impressionCount", NIGHT) not in held
    assert (None, "engagement", NIGHT - dt.timedelta(days=1)) not in held
    assert {day for _, _, day in held if day} == {NIGHT - dt.timedelta(days=n) for n in range(1, 91)}


def test_most_nights_read_changes_young_posts_and_late_numbers(data: DataDir) -> None:
    town = page()
    pull(data, town)
    town.asked.clear()
    town.changes[1] = at(31)
    late = town.comment(1, at(31, 1))
    pull(data, town, THIRD)
    read_threads = {request.path for request in town.asked if request.path.startswith("/socialMetadata")}
    assert len(read_threads) == 2, "what nobody has talked about for a fortnight is left to the sweep"
    found = by_id(data, town, THIRD)
    assert found[late.urn].thread_id == town.urn(1)
    assert found[town.urn(1)].updated_at == at(31)
    days = {record.day for record in records_in(data, town, "metric", THIRD)} - {None}
    assert days == {THIRD - dt.timedelta(days=n) for n in range(1, 6)}
    assert not receipts(data, town, THIRD)[0].complete


def test_the_list_by_last_change_is_left_where_nothing_is_new(data: DataDir) -> None:
    town = StandIn(30, 10)
    town.moments = {number: at(1) + dt.timedelta(days=number - 60) for number in range(28)}
    town.moments |= {28: at(30), 29: at(30, 13)}
    pull(data, town)
    town.asked.clear()
    pull(data, town, THIRD)
    assert len([request for request in town.asked if request.path == "/posts"]) == 1


def test_a_sweep_lists_everything_again_and_a_late_remark_keeps_an_old_post_in_it(data: DataDir) -> None:
    """A comment of the window may stand below a post that is older: left out, it would count as removed."""
    town = StandIn(1)
    town.moments = {0: at(5, month=8)}
    pull(data, town)
    late = town.comment(0, at(28))
    town.moments = {0: at(1, month=8)}
    swept = dt.date(2026, 11, 1)
    pull(data, town, swept)
    assert late.urn in by_id(data, town, swept)
    later = dt.date(2026, 12, 1)
    pull(data, town, later)
    assert late.urn in by_id(data, town, later)
    assert receipts(data, town, later)[0].complete


def test_what_a_sweep_no_longer_lists_is_gone(data: DataDir) -> None:
    town = page()
    pull(data, town)
    town.gone = {0}
    removed = town.comments[2].pop()
    pull(data, town, NEXT)
    assert receipts(data, town, NEXT)[0].complete
    found = by_id(data, town, NEXT)
    assert town.urn(0) not in found
    assert removed.urn not in found
    assert town.urn(1) in found


def test_a_member_who_lost_the_role_sees_nothing_and_so_nothing_is_called_gone(data: DataDir) -> None:
    town = page()
    pull(data, town)
    town.count = 0
    pull(data, town, NEXT)
    [receipt] = receipts(data, town, NEXT)
    assert not receipt.complete
    assert "rapport doctor" in receipt.why
    assert receipt.keep == receipts(data, town)[0].keep
    read("linkedin", NEXT, StandIn.practices(), data, say=lambda line: None)
    [row] = read_table(data.completeness("linkedin", NEXT), COMPLETENESS)
    assert (row["complete"], row["why"]) == (False, receipt.why)


@pytest.mark.parametrize(
    ("role", "state", "good"),
    [
        ("ADMINISTRATOR", "APPROVED", True),
        ("RECRUITING_POSTER", "APPROVED", False),
        ("ADMINISTRATOR", "REVOKED", False),
    ],
)
def test_the_doctor_says_by_which_role_a_page_is_read(
    role: str, state: str, good: bool, data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = StandIn(1)
    town.role, town.role_state = role, state
    with serving(town) as base, Client("linkedin", per_minute=6e6, attempts=1) as client:
        tools = tools_for(StandIn, configured(StandIn, base, monkeypatch), client, data)
        [(said, error)] = check(StandIn.practices(), tools)
    assert (error is None) == good
    assert (role in (said if good else str(error))) == (state == "APPROVED")


def test_a_version_that_has_ended_says_what_to_do(data: DataDir) -> None:
    town = StandIn(1)
    town.refuse = [(426, {}, b'{"status": 426, "code": "NONEXISTENT_VERSION", "message": "secret words"}')]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, town)
    [failure] = raised.value.failures
    assert isinstance(failure, ChangedShape)
    assert VERSION in failure.what
    assert "set VERSION" in failure.next_step
    assert "secret" not in str(raised.value)


def test_an_access_token_that_has_ended_is_renewed_once(data: DataDir) -> None:
    town = StandIn(1)
    ended: Answer = (401, {}, b'{"status": 401, "serviceErrorCode": 65602, "code": "EXPIRED_ACCESS_TOKEN"}')
    town.refuse = [ended]
    pull(data, town)
    assert len(town.renewals) == 2
    town.refuse = [ended, ended]
    with pytest.raises(SeveralFailed, match="EXPIRED_ACCESS_TOKEN") as raised:
        pull(data, town, NEXT)
    assert isinstance(raised.value.failures[0], BadKey)


def test_a_refresh_token_that_is_replaced_is_kept_before_it_is_used(data: DataDir) -> None:
    town = StandIn(1)
    town.newest_refresh = "hush-newer"
    pull(data, town)
    assert TokenStore(data.tokens).newest("linkedin", "", "hush-refresh").refresh == "hush-newer"
    pull(data, town, NEXT)
    assert town.renewals == ["hush-refresh", "hush-newer"]


def test_a_refresh_token_that_is_dead_is_a_bad_key(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    town = StandIn(1)
    monkeypatch.setattr(StandIn, "key", {**StandIn.key, "refresh_token": "hush-old"})
    with pytest.raises(SeveralFailed, match="does not renew the key") as raised:
        pull(data, town)
    assert isinstance(raised.value.failures[0], BadKey)
    assert "secret" not in str(raised.value)


def test_the_day_the_key_ends_is_what_linkedin_says(data: DataDir) -> None:
    town = StandIn(1)
    town.lives_seconds = 6 * 86_400
    pull(data, town)
    assert receipts(data, town)[0].key_expires_on == NIGHT + dt.timedelta(days=6)


def test_a_draft_is_not_public() -> None:
    post = {"id": "urn:li:share:1", "author": ORGANIZATION, "createdAt": 1, "lastModifiedAt": 1}
    body = {"elements": [post | {"lifecycleState": "DRAFT"}, post | {"id": "urn:li:share:2"}]}
    [found] = read_page(page_of("0001.posts.json", body), StandIn.practices())
    assert isinstance(found, Record)
    assert found.item_id == "urn:li:share:2"


def page_of(name: str, body: Any) -> SavedPage:
    about = {"practice_id": "riverside", "organization": "90362860"}
    receipt = Receipt(source="linkedin", night=NIGHT, label="riverside", about=about)
    return SavedPage(path=f"pages/{name}.zst", body=json.dumps(body).encode(), receipt=receipt)


SAMPLES = {
    "posts": ("0001.posts.json", {"post": 1}),
    "comments": ("0001.comments-share-1.json", {"comment": 2}),
    "share_statistics_daily": ("0001.statistics.json", {"metric": 8}),
}


@needs_shared
@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_of_the_reference_are_read(name: str) -> None:
    path, counts = SAMPLES[name]
    body = json.loads((DOCUMENTS / "samples-handmade" / f"{name}.json").read_text())
    found = list(read_page(page_of(path, body), StandIn.practices()))
    assert not any(isinstance(item, SetAside) for item in found)
    kinds = [item.kind for item in found if isinstance(item, Record)]
    assert {kind: kinds.count(kind) for kind in kinds} == counts


@needs_shared
def test_every_recorded_answer_is_read_or_is_one_we_do_not_ask_for() -> None:
    """The recording is of an empty company, record by record; each is put back into the page it came in."""
    lines = (DOCUMENTS / "recorded-airbyte" / "expected_records.jsonl").read_text().splitlines()
    streams = {line["stream"]: line["data"] for line in map(json.loads, lines)}
    assert set(streams) == {"organization_lookup", "follower_statistics", "share_statistics", "total_follower_count"}
    [size] = read_page(page_of("0001.followers.json", streams["total_follower_count"]), StandIn.practices())
    assert isinstance(size, Record)
    assert size.value == 0
    # Recorded without a time range; with one, a day has it.
    day = streams["share_statistics"] | {"timeRange": {"start": ms(at(30, 0)), "end": ms(at(31, 0))}}
    found = list(read_page(page_of("0001.statistics.json", {"elements": [day]}), StandIn.practices()))
    assert {item.metric for item in found if isinstance(item, Record)} == {
        metric.name for metric in SOURCE.metrics if metric.name.endswith("Count") or "Mentions" in metric.name
    } | {"uniqueImpressionsCount"}
    [aside] = read_page(
        page_of("0001.statistics.json", {"elements": [streams["share_statistics"]]}), StandIn.practices()
    )
    assert isinstance(aside, SetAside)
    for foreign in ("organization_lookup", "follower_statistics"):
        with pytest.raises(ChangedShape):
            list(read_page(page_of("0001.posts.json", streams[foreign]), StandIn.practices()))


@needs_shared
def test_requests_are_at_paths_of_the_published_collections(data: DataDir) -> None:
    """There is no official document with schemas; the published collections have the paths."""
    text = "".join(path.read_text() for path in sorted((DOCUMENTS / "openapi-third-party").glob("*.yml")))
    town = page()
    pull(data, town)
    published = {f"/{request.path.split('/')[1]}" for request in town.asked if request.method == "GET"}
    unpublished = {path for path in published if f"\n  {path}:" not in text and f"\n  {path}/" not in text}
    assert unpublished == {"/socialActions", "/socialMetadata"}
    assert any("(timeRange:(start:" in path for path in town.raw), "the brackets of Rest.li are not encoded"
    assert Path(SOURCE.addresses["api"]).name == "rest"


def test_an_edit_is_a_later_version_of_the_same_post(data: DataDir) -> None:
    town = page()
    pull(data, town)
    town.texts[0], town.changes[0] = "Better words", at(1, month=11)
    pull(data, town, THIRD)
    before, after = (by_id(data, town, night)[town.urn(0)] for night in (NIGHT, THIRD))
    assert (before.text != after.text, after.text, after.updated_at) == (True, "Better words", at(1, month=11))
    assert before.created_at == after.created_at
