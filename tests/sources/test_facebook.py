"""Facebook: posts by date with all that is below them, recommendations without stars, numbers, keys that end."""

from __future__ import annotations

import datetime as dt
import json
import logging
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.demo.conversation import at, posts_of
from pipelines.demo.conversation import facebook as demo
from pipelines.demo.graph import standing
from pipelines.demo.run import town_services
from pipelines.demo.town import NIGHTS, build_town, pull_instant
from pipelines.errors import BadKey, RapportError, SeveralFailed
from pipelines.fetch import fetch
from pipelines.http import Client
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import Practices, load_practices
from pipelines.read import read, read_one_page
from pipelines.records import COMPLETENESS, RECORDS, Record, SetAside, read_table
from pipelines.settings import load_settings
from pipelines.sources import Planned, facebook
from tests.conftest import SHARED, serving
from tests.sources.graph_contract import COMMON, FACEBOOK, Contract, fields_in, valid
from tests.sources.stand_in import NIGHT, configured, pull, receipts, records_in, tools_for
from tests.sources.stand_in_facebook import APP, METRICS, PAGE, SECRET, TOKEN, StandIn, comment, graph_error

DAY = dt.timedelta(days=1)
needs_contract = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")


def quiet(line: str) -> None:
    """Say nothing."""


class Daily(StandIn):
    """A post a day, the last one on the day before the first night."""

    def instant(self, number: int) -> dt.datetime:
        last = dt.datetime.combine(NIGHT, dt.time(12), tzinfo=dt.UTC) - DAY
        return last - (self.count - 1 - number) * DAY


def of(held: Any, **about: str) -> list[Record | SetAside]:
    receipt = Receipt(
        source="facebook", night=NIGHT, label="riverside", about={"practice_id": "riverside", "page": PAGE} | about
    )
    return list(facebook.read(SavedPage(path="p", body=json.dumps(held).encode(), receipt=receipt), Practices()))


def records_of(held: Any, kind: str) -> list[Record]:
    return [item for item in of(held) if isinstance(item, Record) and item.kind == kind]


def numbers_of(data: DataDir, platform: StandIn, night: dt.date = NIGHT) -> dict[str, int | None]:
    return {record.item_id: record.value for record in records_in(data, platform, "metric", night)}


def test_most_nights_read_thirty_days_back_and_a_sweep_ninety(data: DataDir) -> None:
    platform = Daily(120)
    pull(data, platform)
    assert receipts(data, platform)[0].complete
    # A post of noon on each of the 90 days before the night.
    assert len(records_in(data, platform, "post")) == 90
    night = NIGHT + 2 * DAY
    pull(data, platform, night)
    assert not receipts(data, platform, night)[0].complete
    assert len(records_in(data, platform, "post", night)) == 28


def test_a_page_that_posts_seldom_is_read_from_a_week_before_its_newest_post(data: DataDir) -> None:
    class Seldom(StandIn):
        def instant(self, number: int) -> dt.datetime:
            return dt.datetime.combine(NIGHT, dt.time(), tzinfo=dt.UTC) - (50 + 10 * number) * DAY

    platform = Seldom(4)
    pull(data, platform)
    platform.asked.clear()
    pull(data, platform, NIGHT + 2 * DAY)
    [asked] = [request for request in platform.asked if request.path.endswith("/published_posts")]
    since = dt.datetime.fromtimestamp(int(asked.one("since")), dt.UTC).date()
    assert since == NIGHT - 57 * DAY
    assert facebook.first_day(Planned(label="x", night=NIGHT, sweep=False)) == NIGHT - 90 * DAY
    long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    assert facebook.first_day(Planned(label="x", night=NIGHT, sweep=False, since=long_ago)) == NIGHT - 90 * DAY


def test_late_counts_and_comments_of_a_recent_post_are_seen_the_next_night(data: DataDir) -> None:
    platform = Daily(40)
    pull(data, platform)
    more = {"data": [], "summary": {"total_count": 77}}
    platform.changed[25] = {"reactions_like": more, "shares": {"count": 9}}
    platform.comments[25] = [comment(1, 25)]
    night = NIGHT + 2 * DAY
    pull(data, platform, night)
    found, post = numbers_of(data, platform, night), f"{PAGE}_725"
    assert (found[f"{post}/reactions_like"], found[f"{post}/shares"], found[f"{post}/comments"]) == (77, 9, 1)
    assert [record.item_id for record in records_in(data, platform, "comment", night)] == ["725_1"]


def test_what_is_gone_is_missing_from_the_next_complete_sweep(data: DataDir) -> None:
    platform = Daily(20)
    platform.comments[19] = [comment(2, 19), comment(1, 19)]
    pull(data, platform)
    platform.numbers.remove(3)
    del platform.comments[19][0]
    night = NIGHT + DAY
    pull(data, platform, night)
    assert receipts(data, platform, night)[0].complete, "the first of a month is a sweep"
    assert {r.item_id for r in records_in(data, platform, "post", night)} == platform.expected()
    assert [r.item_id for r in records_in(data, platform, "comment", night)] == ["719_1"]


def test_an_edit_is_the_same_post_with_other_words(data: DataDir) -> None:
    platform = Daily(2)
    pull(data, platform)
    platform.changed[1] = {"message": "Better words"}
    pull(data, platform, NIGHT + 2 * DAY)
    texts = [
        {record.item_id: record.text for record in records_in(data, platform, "post", night)}
        for night in (NIGHT, NIGHT + 2 * DAY)
    ]
    assert [held[f"{PAGE}_701"] for held in texts] == ["Post 1", "Better words"]


@pytest.mark.parametrize("size", [2, 3, 50])
def test_comments_that_do_not_fit_beside_their_post_are_read_to_the_end(size: int, data: DataDir) -> None:
    platform = StandIn(3)
    platform.comments_a_page = size
    platform.comments = {0: [comment(n) for n in range(7)], 2: [comment(n, 2) for n in range(4)]}
    pull(data, platform)
    found = records_in(data, platform, "comment")
    assert sorted(r.item_id for r in found) == sorted(
        [*(f"700_{n}" for n in range(7)), *(f"702_{n}" for n in range(4))]
    )
    assert {r.thread_id for r in found} == {f"{PAGE}_700", f"{PAGE}_702"}
    assert all(r.thread_id == f"{PAGE}_{r.item_id.split('_')[0]}" for r in found)


def test_a_list_whose_next_page_has_forgotten_since_is_left_beyond_it(data: DataDir) -> None:
    platform = Daily(400)
    platform.by_time = True
    pull(data, platform)
    # Ninety posts in twenty-fives, the page that goes beyond them, and the one that has nothing else.
    assert len([request for request in platform.asked if request.path.endswith("/published_posts")]) <= 5
    assert len(records_in(data, platform, "post")) >= 90


def test_lists_that_page_by_time_are_read_to_the_end(data: DataDir) -> None:
    platform = StandIn(9, 2)
    platform.by_time = True
    pull(data, platform)
    assert {r.item_id for r in records_in(data, platform, "post")} == platform.expected()


def test_a_comment_says_what_it_answers_who_wrote_it_and_whom_it_names() -> None:
    reply = comment(2, parent={"id": "700_1"}, message_tags=[{"id": PAGE}, {"id": "9", "name": "Ida"}, {"id": "9"}])
    own = comment(3, is_hidden=True, sender={"id": PAGE, "name": "Riverside Dental"})
    private = comment(4, is_private=True, message="", permalink_url="/relative", sender={"id": 77})
    held = {"id": f"{PAGE}_700", "comments": {"data": [comment(1), reply, own, private]}}
    first, second, third, fourth = records_of(held, "comment")
    assert (first.parent_id, first.thread_id, first.author_id) == (f"{PAGE}_700", f"{PAGE}_700", None)
    assert not first.by_practice
    assert (first.created_at, first.text) == (dt.datetime(2026, 10, 20, 10, tzinfo=dt.UTC), "Comment 1")
    assert (second.parent_id, second.thread_id, second.mentions) == ("700_1", f"{PAGE}_700", ("practice", "9"))
    assert (third.by_practice, third.author_id, third.author_name) == (True, PAGE, "Riverside Dental")
    assert (first.state, third.state, fourth.state) == (None, "hidden", "private")
    assert (fourth.author_id, fourth.by_practice, fourth.text, fourth.url) == ("77", False, None, None)


def test_nobodys_comment_is_not_the_pages_where_the_page_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"id": f"{PAGE}_700", "comments": {"data": [comment(1)]}}))
    [found] = read_one_page("facebook", path, Practices())
    assert isinstance(found, Record)
    assert (found.author_id, found.by_practice) == (None, False)


def test_a_post_of_somebody_else_on_the_page_is_not_the_practices() -> None:
    post = {
        "id": "1_2",
        "created_time": "2026-10-01T00:00:00+0000",
        "message": "Hello",
        "from": {"id": "5", "name": "X"},
    }
    own = {"id": "1_3", "created_time": "2026-10-01T00:00:00+0000", "message": "Hello"}
    other, ours = records_of({"data": [post, own]}, "post")
    assert (other.by_practice, other.author_id, other.matched) == (False, "5", "handle")
    assert (ours.by_practice, ours.author_id, ours.matched) == (True, PAGE, None)


def test_no_shares_are_zero_only_where_counts_were_given() -> None:
    bare = {"id": "1_2", "created_time": "2026-10-01T00:00:00+0000", "message": "Hello"}
    assert records_of({"data": [bare]}, "metric") == []
    counted = bare | {"comments": {"data": [], "summary": {"total_count": 0}}}
    assert {r.item_id: r.value for r in records_of({"data": [counted]}, "metric")} == {
        "1_2/comments": 0,
        "1_2/shares": 0,
    }
    [unknown] = [
        r for r in records_of({"data": [bare | {"comments": {"data": []}}]}, "metric") if r.metric == "comments"
    ]
    assert unknown.value is None


def test_every_number_of_a_post_is_a_metric_of_its_own(data: DataDir) -> None:
    platform = StandIn(3)
    pull(data, platform)
    post = f"{PAGE}_702"
    found = {r.metric: r for r in records_in(data, platform, "metric") if r.parent_id == post}
    assert {name: r.value for name, r in found.items()} == {
        **{f"reactions_{kind}": 2 for kind in facebook.REACTIONS},
        "comments": 0,
        "shares": 2,
    }
    assert set(found) <= {metric.name for metric in facebook.SOURCE.metrics}


RECOMMENDED = {
    "created_time": "2026-10-19T11:22:33+0000",
    "recommendation_type": "positive",
    "has_rating": False,
    "has_review": True,
    "review_text": "Gentle",
    "reviewer": {"id": "55", "name": "Mo"},
    "open_graph_story": {
        "id": "55_99",
        "comments": {
            "data": [
                comment(1, message="Thank you", sender={"id": PAGE, "name": "Riverside Dental"}),
                comment(2, message="Me too", sender={"id": "56", "name": "Al"}),
                comment(3, message="And me"),
            ]
        },
    },
}


def test_a_recommendation_has_no_stars_and_the_pages_comment_below_it_is_the_reply() -> None:
    review, reply = of({"data": [RECOMMENDED]})
    assert isinstance(review, Record)
    assert isinstance(reply, Record)
    assert (review.kind, review.item_id, review.rating, review.state) == ("review", "55_99", None, "recommended")
    assert (review.author_id, review.author_name, review.text) == ("55", "Mo", "Gentle")
    assert review.created_at == dt.datetime(2026, 10, 19, 11, 22, 33, tzinfo=dt.UTC)
    assert (reply.kind, reply.parent_id, reply.text, reply.by_practice) == ("reply", "55_99", "Thank you", True)


@pytest.mark.parametrize(
    ("said", "state"),
    [("positive", "recommended"), ("NEGATIVE", "not_recommended"), ("Unsure", "unsure"), (None, None)],
)
def test_yes_and_no_are_states(said: str | None, state: str | None) -> None:
    [review] = records_of({"data": [{**RECOMMENDED, "recommendation_type": said}]}, "review")
    assert (review.state, review.rating) == (state, None)


def test_stars_of_old_recommendations_stay_stars() -> None:
    old = {"created_time": "2016-10-19T11:22:33+0000", "has_rating": True, "has_review": False, "rating": 4}
    [review] = records_of({"data": [old]}, "review")
    assert (review.rating, review.state, review.text) == (Decimal(4), None, None)
    [aside] = of({"data": [old | {"rating": 6}]})
    assert isinstance(aside, SetAside)


def test_a_recommendation_without_an_id_is_known_by_its_content() -> None:
    bare = {"created_time": "2026-10-02T08:00:00+0000", "recommendation_type": "negative", "has_review": False}
    others: list[dict[str, Any]] = [
        {"created_time": "2026-10-02T08:00:01+0000"},
        {"recommendation_type": "positive"},
        {"review_text": "Hm"},
        {"reviewer": {"id": "5"}},
    ]
    keys = [records_of({"data": [bare | other]}, "review")[0].item_id for other in ({}, *others)]
    assert len(set(keys)) == 5
    assert keys[0] == records_of({"data": [dict(reversed(bare.items()))]}, "review")[0].item_id
    [elsewhere] = of({"data": [bare]}, page="999")
    assert isinstance(elsewhere, Record)
    assert elsewhere.item_id != keys[0]


def test_recommendations_are_always_listed_to_the_end(data: DataDir) -> None:
    platform = StandIn(1, 2)
    platform.ratings = [
        {"created_time": f"2019-01-0{n}T00:00:00+0000", "recommendation_type": "positive", "reviewer": {"id": str(n)}}
        for n in range(1, 6)
    ]
    pull(data, platform)
    pull(data, platform, NIGHT + 2 * DAY)
    assert len(records_in(data, platform, "review", NIGHT + 2 * DAY)) == 5
    [total] = records_in(data, platform, "total")
    assert (total.total_count, total.total_average) == (5, Decimal("4.6"))


def test_a_page_without_recommendations_has_no_total() -> None:
    held = {"id": PAGE, "fan_count": 12}
    assert records_of(held, "total") == []
    assert {r.metric: r.value for r in records_of(held, "metric")} == {"fan_count": 12, "followers_count": None}


def test_numbers_of_the_page_come_a_day_at_a_time_and_late_ones_again(data: DataDir) -> None:
    platform = StandIn(1)
    pull(data, platform)
    assert sum(name.startswith("page_media_view/") for name in numbers_of(data, platform)) == 89
    night = NIGHT + 2 * DAY
    pull(data, platform, night)
    daily = {r.day for r in records_in(data, platform, "metric", night) if r.metric == "page_media_view"}
    assert daily == {night - n * DAY for n in (1, 2, 3, 4)}


def test_a_number_facebook_has_given_up_is_unknown_and_stops_nothing(data: DataDir) -> None:
    platform = StandIn(1)
    platform.refused = {"page_views_total"}
    pull(data, platform)
    found = numbers_of(data, platform)
    assert found["page_views_total"] is None
    assert any(value is not None for name, value in found.items() if name.startswith("page_post_engagements/"))
    assert read("facebook", NIGHT, platform.practices(), data, say=quiet).set_aside == 0


def test_only_numbers_that_exist_on_a_night_are_asked_for(data: DataDir) -> None:
    platform = StandIn(1)
    pull(data, platform)
    asked = {request.one("metric") for request in platform.asked if request.path.endswith("/insights")}
    assert asked == set(METRICS)
    before = facebook.asked_insights(dt.date(2025, 11, 14))
    after = facebook.asked_insights(dt.date(2025, 11, 15))
    assert {"page_impressions", "page_fans"} <= set(before)
    assert "page_media_view" not in before
    assert {"page_impressions", "page_fans"}.isdisjoint(after)
    assert "page_media_view" in after


@pytest.mark.parametrize(
    ("told", "ends"),
    [
        ({"expires_at": 0, "data_access_expires_at": 0}, None),
        ({"expires_at": 1_800_000_000, "data_access_expires_at": 0}, dt.date(2027, 1, 15)),
        ({"expires_at": 0, "data_access_expires_at": 1_793_500_000}, dt.date(2026, 11, 1)),
        ({"expires_at": 1_800_000_000, "data_access_expires_at": 1_793_500_000}, dt.date(2026, 11, 1)),
    ],
)
def test_the_end_of_a_key_is_the_earlier_of_two(told: dict[str, int], ends: dt.date | None, data: DataDir) -> None:
    platform = StandIn(1)
    platform.debug |= told
    pull(data, platform)
    assert receipts(data, platform)[0].key_expires_on == ends


def test_the_end_of_a_key_is_announced(data: DataDir, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    platform = StandIn(1)
    platform.debug["expires_at"] = 1_793_500_000
    with serving(platform) as base:
        settings = configured(StandIn, base, monkeypatch)
        fetch("facebook", NIGHT, platform.practices(), data, settings, say=said.append)
    assert any("the key of riverside ends on 2026-11-01" in line for line in said)


def test_a_token_that_facebook_calls_invalid_is_a_bad_key(data: DataDir) -> None:
    platform = StandIn(1)
    platform.debug["is_valid"] = False
    with pytest.raises(SeveralFailed, match="not valid") as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], BadKey)


def test_without_the_apps_number_nobody_is_asked_when_the_key_ends(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = StandIn(1)
    with serving(platform) as base:
        settings = configured(StandIn, base, monkeypatch)
        monkeypatch.setenv("RAPPORT_KEY_FACEBOOK", json.dumps({"access_token": TOKEN, "app_secret": SECRET}))
        fetch("facebook", NIGHT, platform.practices(), data, settings, say=quiet)
    assert "/debug_token" not in {request.path for request in platform.asked}
    assert receipts(data, platform)[0].key_expires_on is None


def test_the_doctor_says_until_when_a_key_works_and_what_is_wrong_with_it(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = StandIn(1)
    platform.debug["expires_at"] = 1_800_000_000
    with serving(platform) as base, Client("facebook", per_minute=6e6, attempts=1) as client:
        tools = tools_for(StandIn, configured(StandIn, base, monkeypatch), client, data)
        assert facebook.check(platform.practices(), tools) == [("key 'default' works, until 2027-01-15", None)]
        platform.refuse = [graph_error(190, 460)]
        [(what, error)] = facebook.check(platform.practices(), tools)
    assert what == "key 'default'"
    assert "the password was changed" in str(error)


def test_no_log_and_no_page_holds_the_key(data: DataDir, caplog: pytest.LogCaptureFixture) -> None:
    platform = StandIn(30, 5)
    platform.comments_a_page = 1
    platform.comments[3] = [comment(n, 3) for n in range(3)]
    with caplog.at_level(logging.INFO):
        pull(data, platform)
    [receipt] = receipts(data, platform)
    kept = b"".join(page.body for page in data.saved_pages(receipt)).decode()
    for secret in (TOKEN, SECRET, APP, "appsecret_proof"):
        assert secret not in kept
        assert secret not in caplog.text
    assert "paging" in kept


def test_a_bad_comment_is_set_aside_and_its_post_is_read() -> None:
    held = {"id": f"{PAGE}_700", "comments": {"data": [comment(1), {"id": "700_2", "created_time": "soon"}]}}
    good, bad = of(held)
    assert isinstance(good, Record)
    assert isinstance(bad, SetAside)
    assert bad.where == "comment 2"
    assert "soon" not in bad.reason


# Recorded responses ------------------------------------------------------------------------------------------------

RECORDED = FACEBOOK / "recorded"
READ = {
    "facebook/apidata/posts/feed_fields_p1.json": {"post": 5},
    "facebook/apidata/posts/feed_fields_p2.json": {"post": 5},
    # With the likes and comments of those days, but without what we ask: kinds of reactions and the stream.
    "facebook/apidata/posts/feeds_default_fields_p2.json": {"post": 5, "metric": 10},
    "facebook/apidata/groups/feed_p1.json": {"post": 5},
    "facebook/apidata/pages/single_default_page.json": {"metric": 2},
    "facebook/models/page.json": {"metric": 2},
    "base/full_connecions_p2.json": {"post": 3},
}
NEVER_ASKED = "none of those this source asks for"


@needs_contract
@pytest.mark.parametrize(
    "path", sorted(RECORDED.rglob("*.json")), ids=lambda path: str(path.relative_to(RECORDED / "python-facebook"))
)
def test_every_recorded_response_is_read_or_refused_with_its_reason(path: Path) -> None:
    name = str(path.relative_to(RECORDED / "python-facebook"))
    if name in READ:
        found = read_one_page("facebook", path, Practices())
        kinds = [item.kind for item in found if isinstance(item, Record)]
        assert {kind: kinds.count(kind) for kind in set(kinds)} == READ[name]
        assert len(kinds) == len(found)
        return
    # Users, groups, messages, pictures, other pages by their ids: objects nobody asks for.
    with pytest.raises(
        RapportError, match=f"{NEVER_ASKED}|Expected `array`|3 of 3 posts on one page could not be read"
    ):
        read_one_page("facebook", path, Practices())


@needs_contract
def test_the_recorded_posts_are_read_as_they_are() -> None:
    path = RECORDED / "python-facebook" / "facebook" / "apidata" / "posts" / "feeds_default_fields_p2.json"
    raw = json.loads(path.read_bytes())["data"]
    posts = [item for item in read_one_page("facebook", path, Practices()) if isinstance(item, Record)]
    read_posts = {post.item_id: post for post in posts if post.kind == "post"}
    for post in raw:
        assert read_posts[post["id"]].text == post.get("message")
        assert read_posts[post["id"]].url == post["permalink_url"]
    counted = {post.item_id: post.value for post in posts if post.metric == "shares"}
    assert counted == {f"{post['id']}/shares": post.get("shares", {}).get("count", 0) for post in raw}


@needs_contract
@pytest.mark.parametrize("name", ["published_posts", "ratings", "page_insights"])
def test_the_samples_are_read(name: str) -> None:
    held = json.loads((FACEBOOK / "samples-handmade" / f"{name}.json").read_bytes())
    found = [item for item in of(held, page="102938475610293") if isinstance(item, Record)]
    kinds = [record.kind for record in found]
    expected = {
        "published_posts": {"post": 1, "comment": 1, "metric": 4},
        "ratings": {"review": 2},
        "page_insights": {"metric": 2},
    }
    assert {kind: kinds.count(kind) for kind in set(kinds)} == expected[name]
    assert not any(isinstance(item, SetAside) for item in of(held))


@needs_contract
@pytest.mark.parametrize(
    "name", json.loads((FACEBOOK / "samples-handmade" / "errors.json").read_bytes()) if SHARED.is_dir() else []
)
def test_every_sample_of_an_error_is_told_by_its_code(name: str, data: DataDir) -> None:
    held = json.loads((FACEBOOK / "samples-handmade" / "errors.json").read_bytes())[name]
    status = int(name.rsplit("http", 1)[1]) if "http" in name else 400
    platform = StandIn(1)
    platform.refuse = [(status, {}, json.dumps(held).encode())]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform)
    [failure] = raised.value.failures
    expected = {
        "190": "BadKey",
        "4": "SiteDown",
        "32": "SiteDown",
        "80001": "SiteDown",
        "10": "BadKey",
        "2": "SiteDown",
    }
    gone = {"100_33_gone_http400": "UnknownName", "100_invalid_metric_http400": "ChangedShape"}
    assert type(failure).__name__ == {**expected, **gone}.get(name, expected.get(name.split("_")[0]))
    assert held["error"]["message"][:20] not in str(raised.value)


# The contract ------------------------------------------------------------------------------------------------------

NODES = {"published_posts": "PagePost", "ratings": "Recommendation", "comments": "Comment"}


@needs_contract
def test_what_is_asked_for_is_in_metas_specification(data: DataDir) -> None:
    contract = Contract(FACEBOOK)
    platform = StandIn(3)
    platform.comments_a_page = 1
    platform.comments[1] = [comment(n, 1) for n in range(2)]
    pull(data, platform)
    checked = set()
    for request in platform.asked:
        if request.path == "/debug_token":
            continue
        _, _, edge = request.path.removeprefix("/").partition("/")
        checked.add(edge)
        if not edge:
            assert set(request.query) <= COMMON
            contract.check_fields("Page", fields_in(request.one("fields")))
        elif edge == "comments":
            contract.edge("PagePost", edge)
        else:
            contract.check_params("Page", edge, request.query)
            if edge in NODES:
                assert contract.listed(contract.edge("Page", edge)) == NODES[edge]
                contract.check_fields(NODES[edge], fields_in(request.one("fields")))
    assert checked == {"", "published_posts", "comments", "ratings", "insights"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataDir, dict[dt.date, int]]:
    """Three nights of the demo's two pages, and how many requests each night took for the busier one."""
    data = DataDir(tmp_path_factory.mktemp("town"))
    calls: dict[dt.date, int] = {}
    with pytest.MonkeyPatch.context() as patch, town_services(data.root, build_town()) as (server, variables):
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setenv("RAPPORT_PER_MINUTE", json.dumps({"facebook": 600_000}))
        settings = load_settings()
        practices = load_practices(settings.practices_file)
        for night in NIGHTS:
            server.set_night(night)
            for guest in demo.GUESTS:
                before = len(server.log)
                fetch("facebook", night, practices, data, settings, only=guest.practice_id, say=quiet)
                calls[night] = max(calls.get(night, 0), len(server.log) - before)
            assert read("facebook", night, practices, data, say=quiet).set_aside == 0
    return data, calls


def test_the_town_is_read_whole_and_what_is_deleted_there_is_gone(town: tuple[DataDir, dict[dt.date, int]]) -> None:
    data, _ = town
    first, second, third = (read_table(data.records("facebook", night), RECORDS) for night in NIGHTS)
    complete = [
        [row["complete"] for row in read_table(data.completeness("facebook", night), COMPLETENESS)] for night in NIGHTS
    ]
    assert complete == [[True, True], [True, True], [False, False]]
    for kind in ("post", "comment", "review", "reply", "total", "metric"):
        assert {row["practice_id"] for row in first if row["kind"] == kind} == {"riverside-dental", "cedar-hollow"}
    for night, rows in zip(NIGHTS, (first, second, third), strict=True):
        for practice_id, page in demo._PAGES.items():
            oldest = dt.datetime.combine(night - (90 if night < NIGHTS[2] else 30) * DAY, dt.time(), tzinfo=dt.UTC)
            stand = at(posts_of(practice_id, "facebook", 1913), pull_instant(night))
            stand = [post for post in stand if post.created_at >= oldest]
            mine = [row for row in rows if row["practice_id"] == practice_id]
            said = {row["item_id"] for row in mine if row["kind"] == "comment"}
            assert {row["item_id"] for row in mine if row["kind"] == "post"} == {demo._post_id(page, p) for p in stand}
            assert said == {f"{770_000 + post.number}_{c.number}" for post in stand for c in standing(post)}
    assert {row["state"] for row in first if row["kind"] == "review"} == {"recommended", "not_recommended"}
    assert {row["metric"] for row in third if row["kind"] == "metric"} <= {m.name for m in facebook.SOURCE.metrics}
    answers = [row for row in first if row["kind"] == "comment" and row["by_practice"]]
    comments = {row["item_id"] for row in first if row["kind"] == "comment"}
    assert answers
    assert any(row["parent_id"] in comments for row in answers)
    assert any(row["mentions"] for row in first)


def test_a_night_costs_at_most_what_the_head_says(town: tuple[DataDir, dict[dt.date, int]]) -> None:
    _, calls = town
    cost = facebook.SOURCE.cost
    assert cost
    assert max(calls[night] for night in NIGHTS[:2]) <= cost.sweep_calls
    assert calls[NIGHTS[2]] <= cost.calls


@needs_contract
def test_the_town_speaks_as_the_specification_says(town: tuple[DataDir, dict[dt.date, int]]) -> None:
    data, _ = town
    contract = Contract(FACEBOOK)
    seen = set()
    for receipt in data.receipts("facebook", NIGHTS[0]):
        for page in data.saved_pages(receipt):
            held = json.loads(page.body)
            if "insights" in held:
                kind, schema, held = "insights", contract.listing("InsightsResult"), held["insights"]
            elif "fan_count" in held:
                kind, schema = "page", contract.schema("Page")
            elif "reviewer" in page.body.decode():
                kind, schema = "ratings", contract.listing("Recommendation")
            else:
                kind, schema = "posts", contract.listing("PagePost")
            seen.add(kind)
            valid(held, schema)
    assert seen == {"insights", "page", "ratings", "posts"}


def test_the_town_refuses_what_facebook_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = {
        "a dead token": ({"access_token": "wrong", "app_secret": "made-up-app-secret"}, "code 190, subcode 467"),
        "another app's secret": (
            {"access_token": "made-up-page-token-riverside", "app_secret": "wrong"},
            "app_secret is not that",
        ),
    }
    with town_services(tmp_path, build_town()) as (server, variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        practices = load_practices(tmp_path / "practices.toml")
        for what, (key, told) in keys.items():
            monkeypatch.setenv("RAPPORT_KEY_FACEBOOK", json.dumps(key))
            data = DataDir(tmp_path / what)
            with pytest.raises(SeveralFailed, match=told):
                fetch("facebook", NIGHTS[0], practices, data, load_settings(), only="riverside-dental", say=quiet)
        moved = Practices.model_validate({"practice": [{"id": "a", "name": "A", "facebook": {"page": "10099"}}]})
        monkeypatch.setenv("RAPPORT_KEY_FACEBOOK", json.dumps(demo.GUESTS[0].key))
        with pytest.raises(SeveralFailed, match="code 100, subcode 33"):
            fetch("facebook", NIGHTS[0], moved, DataDir(tmp_path / "moved"), load_settings(), say=quiet)
        assert server.log
