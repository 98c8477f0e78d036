"""Instagram: media by date with all that is below them, tags, numbers in both shapes, a token that renews itself."""

from __future__ import annotations

import datetime as dt
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from pipelines.demo.conversation import at, posts_of
from pipelines.demo.conversation import instagram as demo
from pipelines.demo.graph import standing
from pipelines.demo.run import town_services
from pipelines.demo.town import NIGHTS, build_town, pull_instant
from pipelines.errors import BadKey, RapportError, SeveralFailed, SiteDown
from pipelines.fetch import fetch
from pipelines.http import Client
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import Practices, load_practices
from pipelines.read import read, read_one_page
from pipelines.records import COMPLETENESS, RECORDS, Record, SetAside, read_table
from pipelines.settings import load_settings
from pipelines.sources import Planned, instagram
from pipelines.tokens import TokenStore
from tests.conftest import SHARED, serving
from tests.sources.graph_contract import COMMON, INSTAGRAM, Contract, fields_in, valid
from tests.sources.stand_in import NIGHT, configured, pull, receipts, records_in, tools_for
from tests.sources.stand_in_facebook import graph_error
from tests.sources.stand_in_instagram import ACCOUNT, FIRST_MEDIA, TOKEN, USERNAME, StandIn, comment

DAY = dt.timedelta(days=1)
MEDIA = str(FIRST_MEDIA)
needs_contract = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")


def quiet(line: str) -> None:
    """Say nothing."""


class Daily(StandIn):
    """A medium a day, the last one on the day before the first night."""

    def instant(self, number: int) -> dt.datetime:
        last = dt.datetime.combine(NIGHT, dt.time(12), tzinfo=dt.UTC) - DAY
        return last - (self.count - 1 - number) * DAY


def of(held: Any, **kept: str) -> list[Record | SetAside]:
    receipt = Receipt(
        source="instagram",
        night=NIGHT,
        label="riverside",
        about={"practice_id": "riverside", "account": ACCOUNT},
        keep={"username": USERNAME, **kept},
    )
    return list(instagram.read(SavedPage(path="p", body=json.dumps(held).encode(), receipt=receipt), Practices()))


def records_of(held: Any, kind: str) -> list[Record]:
    return [item for item in of(held) if isinstance(item, Record) and item.kind == kind]


def numbers_of(data: DataDir, platform: StandIn, night: dt.date = NIGHT) -> dict[str, int | None]:
    return {record.item_id: record.value for record in records_in(data, platform, "metric", night)}


def test_most_nights_read_thirty_days_back_and_a_sweep_ninety(data: DataDir) -> None:
    platform = Daily(400)
    pull(data, platform)
    assert receipts(data, platform)[0].complete
    # The next page has forgotten `since` here: ninety media in twenty-fives, and the page that goes beyond them.
    assert len([request for request in platform.asked if request.path.endswith("/media")]) <= 5
    held = {record.item_id for record in records_in(data, platform, "post")}
    assert {str(FIRST_MEDIA + n) for n in range(310, 400)} <= held
    night = NIGHT + 2 * DAY
    pull(data, platform, night)
    assert not receipts(data, platform, night)[0].complete
    asked = [request for request in platform.asked if request.path.endswith("/media") and request.one("since")][-1]
    assert dt.datetime.fromtimestamp(int(asked.one("since")), dt.UTC).date() == night - 30 * DAY


def test_an_account_that_posts_seldom_is_read_from_a_week_before_its_newest_medium() -> None:
    def since(newest: dt.datetime | None) -> dt.date:
        return instagram.first_day(Planned(label="x", night=NIGHT, sweep=False, since=newest))

    assert since(dt.datetime(2026, 10, 30, tzinfo=dt.UTC)) == NIGHT - 30 * DAY
    assert since(dt.datetime(2026, 9, 20, tzinfo=dt.UTC)) == dt.date(2026, 9, 13)
    assert since(dt.datetime(2020, 1, 1, tzinfo=dt.UTC)) == NIGHT - 90 * DAY
    assert since(None) == NIGHT - 90 * DAY


def test_late_counts_and_comments_of_a_recent_medium_are_seen_the_next_night(data: DataDir) -> None:
    platform = Daily(40)
    pull(data, platform)
    platform.changed[25] = {"like_count": 77, "caption": "Better words"}
    platform.comments[25] = [comment(1)]
    night = NIGHT + 2 * DAY
    pull(data, platform, night)
    medium = str(FIRST_MEDIA + 25)
    assert numbers_of(data, platform, night)[f"{medium}/like_count"] == 77
    [found] = records_in(data, platform, "comment", night)
    assert (found.thread_id, found.parent_id) == (medium, medium)
    texts = [
        {record.item_id: record.text for record in records_in(data, platform, "post", n)}[medium]
        for n in (NIGHT, night)
    ]
    assert texts == ["Medium 25", "Better words"]


def test_what_is_gone_is_missing_from_the_next_complete_sweep(data: DataDir) -> None:
    platform = Daily(20)
    platform.comments[19] = [comment(2), comment(1)]
    pull(data, platform)
    platform.numbers.remove(3)
    del platform.comments[19][0]
    night = NIGHT + DAY
    pull(data, platform, night)
    assert receipts(data, platform, night)[0].complete, "the first of a month is a sweep"
    assert {r.item_id for r in records_in(data, platform, "post", night)} == platform.expected()
    assert [r.item_id for r in records_in(data, platform, "comment", night)] == [comment(1)["id"]]


@pytest.mark.parametrize("size", [1, 2, 50])
def test_comments_and_replies_that_do_not_fit_are_read_to_the_end(size: int, data: DataDir) -> None:
    platform = StandIn(3)
    platform.below_a_page = size
    platform.comments = {0: [comment(n) for n in range(5)], 2: [comment(n) for n in range(10, 13)]}
    replies = [comment(n, USERNAME, parent_id=comment(4)["id"]) for n in range(20, 24)]
    platform.replies = {comment(4)["id"]: replies, comment(10)["id"]: [comment(30), comment(31)]}
    pull(data, platform)
    found = {r.item_id: r for r in records_in(data, platform, "comment")}
    numbers = [*range(5), *range(10, 13), *range(20, 24), 30, 31]
    assert set(found) == {comment(n)["id"] for n in numbers}
    for n in range(20, 24):
        assert (found[comment(n)["id"]].parent_id, found[comment(n)["id"]].thread_id) == (comment(4)["id"], MEDIA)
        assert found[comment(n)["id"]].by_practice
    # These do not say what they answer; where they stand does.
    for last in (found[comment(30)["id"]], found[comment(31)["id"]]):
        assert (last.parent_id, last.thread_id) == (comment(10)["id"], str(FIRST_MEDIA + 2))
        assert not last.by_practice


def test_a_comment_says_who_wrote_it_and_whom_it_names() -> None:
    texts = ["@Riverside.Dental thanks, ask @ida_k.", "write to me@site.example", "@ida_k @ida_k!", ""]
    items = [
        comment(1, text=texts[0]),
        comment(2, USERNAME, text=texts[1], hidden=True),
        {**comment(3, text=texts[2]), "username": None, "from": {"id": "7", "username": "noor"}},
        {"id": "9", "timestamp": "2026-10-20T10:00:00+0000", "text": texts[3]},
    ]
    first, second, third, fourth = records_of({"below": MEDIA, "comments": {"data": items}}, "comment")
    assert (first.author_id, first.by_practice, first.mentions) == ("maria.k", False, ("practice", "ida_k"))
    assert (second.author_id, second.by_practice, second.mentions, second.state) == (USERNAME, True, (), "hidden")
    assert (third.author_id, third.mentions) == ("noor", ("ida_k",))
    assert (fourth.author_id, fourth.by_practice, fourth.text) == (None, False, None)


def tag(number: int, when: str, username: str = "ida_k") -> dict[str, Any]:
    return {
        "id": str(number),
        "caption": f"With @{USERNAME}",
        "timestamp": f"{when}T10:00:00+0000",
        "username": username,
        "permalink": f"https://www.instagram.com/p/{number}/",
    }


def test_media_of_others_that_tag_the_account_are_posts_of_others(data: DataDir) -> None:
    platform = StandIn(1)
    platform.tags = [tag(5, "2026-10-20"), tag(6, "2026-10-19", USERNAME)]
    pull(data, platform)
    found = {r.item_id: r for r in records_in(data, platform, "post")}
    assert (found["5"].by_practice, found["5"].matched, found["5"].author_id) == (False, "handle", "ida_k")
    assert found["5"].mentions == ("practice",)
    assert (found["6"].by_practice, found["6"].matched) == (True, None)
    assert (found[MEDIA].by_practice, found[MEDIA].matched, found[MEDIA].author_id) == (True, None, USERNAME)


def test_tags_are_read_until_a_page_has_nothing_recent_and_by_a_sweep_to_the_end(data: DataDir) -> None:
    platform = StandIn(1, 2)
    recent = [tag(n, "2026-10-20") for n in range(3)]
    platform.tags = [*recent, *(tag(n, "2024-01-01") for n in range(3, 30))]
    pull(data, platform)
    assert len([request for request in platform.asked if request.path.endswith("/tags")]) == 15
    assert {str(n) for n in range(30)} <= {r.item_id for r in records_in(data, platform, "post")}
    platform.asked.clear()
    pull(data, platform, NIGHT + 2 * DAY)
    # Two of the recent, one of them and an old one, and the page on which all are old.
    assert len([request for request in platform.asked if request.path.endswith("/tags")]) == 3


def test_numbers_of_the_account_are_asked_for_day_by_day_until_they_are_final(data: DataDir) -> None:
    platform = StandIn(1)
    del platform.account_values["reach"]
    pull(data, platform)
    found = {(r.metric, r.day): r.value for r in records_in(data, platform, "metric") if r.day}
    days = {NIGHT - n * DAY for n in (2, 3, 4)}
    assert found == {
        (name, day): value
        for name, value in {"views": 6, "accounts_engaged": 7, "total_interactions": 8, "reach": None}.items()
        for day in days
    }
    asked = [request for request in platform.asked if request.path == f"/{ACCOUNT}/insights"]
    assert all(r.parent_id is None for r in records_in(data, platform, "metric") if r.day)
    # Midnight in California, on both sides of the end of daylight saving time.
    assert [request.one("since") for request in asked] == ["1793084400", "1793170800", "1793257200"]


def test_numbers_of_media_are_read_for_thirty_days(data: DataDir) -> None:
    platform = Daily(50)
    platform.changed[49] = {"media_type": "VIDEO", "media_product_type": "REELS"}
    pull(data, platform)
    asked = {r.path.split("/")[1]: r.one("metric") for r in platform.asked if r.path.endswith("/insights")}
    media = {number for number in asked if number != ACCOUNT}
    assert media == {str(FIRST_MEDIA + n) for n in range(20, 50)}
    assert asked[str(FIRST_MEDIA + 49)] == "reach,views,saved,total_interactions,shares"
    assert asked[str(FIRST_MEDIA + 48)] == "reach,views,saved,total_interactions"
    found = {r.item_id: (r.value, r.day, r.parent_id) for r in records_in(data, platform, "metric")}
    medium = str(FIRST_MEDIA + 49)
    assert found[f"{medium}/shares"] == (3, None, medium)
    assert {item.metric for item in records_in(data, platform, "metric")} <= {
        metric.name for metric in instagram.SOURCE.metrics
    }


def test_a_number_instagram_refuses_is_unknown_and_stops_nothing(data: DataDir) -> None:
    platform = StandIn(2)
    platform.refused = {"saved"}
    pull(data, platform)
    found = numbers_of(data, platform)
    assert found[f"{MEDIA}/saved"] is None
    assert found[f"{MEDIA}/views"] is None
    assert found[f"{MEDIA}/like_count"] == 0
    assert read("instagram", NIGHT, platform.practices(), data, say=quiet).set_aside == 0


def test_numbers_of_the_account_that_are_refused_are_unknown(data: DataDir) -> None:
    platform = StandIn(1)
    platform.refused = {"accounts_engaged"}
    pull(data, platform)
    found = {r.value for r in records_in(data, platform, "metric") if r.day}
    assert found == {None}


def test_nobodys_comment_is_not_the_practices_where_the_accounts_name_is_unknown(tmp_path: Path) -> None:
    nobodys = {"id": "9", "timestamp": "2026-10-20T10:00:00+0000", "text": "Hello"}
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"below": MEDIA, "comments": {"data": [nobodys]}}))
    [found] = read_one_page("instagram", path, Practices())
    assert isinstance(found, Record)
    assert (found.author_id, found.by_practice) == (None, False)


def test_likes_an_account_hides_are_unknown_and_not_none() -> None:
    medium = {"id": "1", "timestamp": "2026-10-20T10:00:00+0000", "comments_count": 0}
    assert {r.item_id: r.value for r in records_of({"data": [medium]}, "metric")} == {
        "1/like_count": None,
        "1/comments_count": 0,
    }


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"media_type": "IMAGE", "alt_text": "A toothbrush"}, (1, 1)),
        ({"media_type": "IMAGE"}, (1, 0)),
        ({"media_type": "CAROUSEL_ALBUM"}, (None, None)),
        ({"media_type": "VIDEO"}, (None, None)),
    ],
    ids=lambda value: str(value),
)
def test_of_a_picture_that_stands_alone_it_is_told_whether_it_is_described(
    more: dict[str, str], told: tuple[int | None, int | None]
) -> None:
    medium = {"id": "1", "timestamp": "2026-10-20T10:00:00+0000", "username": USERNAME, **more}
    page = {"data": [medium]}
    [own] = [item for item in of(page, alt_text="asked") if isinstance(item, Record) and item.kind == "post"]
    assert (own.pictures, own.pictures_described) == told
    assert "toothbrush" not in str(own)
    [before] = records_of(page, "post")
    assert before.pictures is None, "a page of a night that did not ask for it"
    tagged = {"id": ACCOUNT, "tags": {"data": [medium | {"username": "somebody"}]}}
    [other] = [item for item in of(tagged, alt_text="asked") if isinstance(item, Record) and item.kind == "post"]
    assert other.pictures is None


def test_a_night_says_on_its_pages_that_it_asked_what_pictures_are_described_as(data: DataDir) -> None:
    platform = Daily(2)
    platform.changed[1] = {"alt_text": "A toothbrush"}
    pull(data, platform)
    posts = {record.url: record.pictures_described for record in records_in(data, platform, "post")}
    assert sorted(posts.items()) == [
        ("https://www.instagram.com/p/0/", 0),
        ("https://www.instagram.com/p/1/", 1),
    ]


def test_the_accounts_own_media_are_its_own_whatever_it_was_called_then() -> None:
    medium = {"id": "1", "timestamp": "2026-10-20T10:00:00+0000", "username": "riverside.before"}
    [own] = records_of({"data": [medium]}, "post")
    assert (own.by_practice, own.matched) == (True, None)
    [other] = records_of({"id": ACCOUNT, "tags": {"data": [medium]}}, "post")
    assert (other.by_practice, other.matched) == (False, "handle")


def test_retired_names_have_their_last_day() -> None:
    heads = {metric.name: metric for metric in instagram.SOURCE.metrics}
    for name in ("impressions", "plays", "video_views"):
        assert heads[name].valid_to == dt.date(2024, 7, 1)
    assert heads["views"].valid_from == dt.date(2024, 7, 2)
    asked = {*instagram.media_metrics("VIDEO", "REELS"), *instagram._ACCOUNT_METRICS}
    assert all(heads[name].valid_to is None for name in asked)


# The token ---------------------------------------------------------------------------------------------------------


def test_a_token_is_renewed_once_it_is_surely_old_enough_and_then_weekly(data: DataDir) -> None:
    platform = StandIn(1)
    for night in (NIGHT, NIGHT + DAY):
        pull(data, platform, night)
        assert receipts(data, platform, night)[0].key_expires_on is None
    assert platform.renewals == []
    platform.tokens = [TOKEN, "second-token"]
    pull(data, platform, NIGHT + 2 * DAY)
    assert platform.renewals == [TOKEN]
    assert receipts(data, platform, NIGHT + 2 * DAY)[0].key_expires_on == dt.date(2026, 12, 31)
    platform.tokens = ["second-token"]
    pull(data, platform, NIGHT + 8 * DAY)
    assert platform.renewals == [TOKEN]
    platform.tokens = ["second-token", "third-token"]
    pull(data, platform, NIGHT + 9 * DAY)
    assert platform.renewals == [TOKEN, "second-token"]
    assert TokenStore(data.tokens).newest("instagram", "", TOKEN).refresh == "third-token"


def test_a_renewed_token_is_on_disk_before_it_is_used(data: DataDir) -> None:
    platform = StandIn(1)
    pull(data, platform)

    class Dies(StandIn):
        def check_key(self, request: Any) -> None:
            assert TokenStore(data.tokens).newest("instagram", "", TOKEN).refresh == "second-token"
            super().check_key(request)

    dying = Dies(1)
    dying.tokens = [TOKEN, "second-token"]
    pull(data, dying, NIGHT + 2 * DAY)
    assert dying.renewals == [TOKEN]


def test_a_new_key_of_the_operators_discards_the_renewed_one(data: DataDir) -> None:
    platform = StandIn(1)
    pull(data, platform)
    platform.tokens = [TOKEN, "second-token"]
    pull(data, platform, NIGHT + 2 * DAY)

    class Reauthorised(StandIn):
        key = {"access_token": "fresh-token"}  # noqa: RUF012, as in the class it replaces

    fresh = Reauthorised(1)
    fresh.tokens = ["fresh-token"]
    pull(data, fresh, NIGHT + 3 * DAY)
    assert fresh.renewals == []


@pytest.mark.parametrize(("answer", "error"), [(graph_error(190, 463), BadKey), (graph_error(4), SiteDown)])
def test_a_renewal_that_fails_is_told_and_the_old_token_stays(
    answer: Any, error: type[Exception], data: DataDir
) -> None:
    platform = StandIn(1)
    pull(data, platform)
    platform.refuse = [answer]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform, NIGHT + 2 * DAY)
    assert isinstance(raised.value.failures[0], error)
    assert TokenStore(data.tokens).newest("instagram", "", TOKEN).refresh == TOKEN


def test_the_doctor_uses_the_newest_token_and_renews_none(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = StandIn(1)
    pull(data, platform)
    platform.tokens = [TOKEN, "second-token"]
    pull(data, platform, NIGHT + 2 * DAY)
    platform.tokens = ["second-token"]
    with serving(platform) as base, Client("instagram", per_minute=6e6, attempts=1) as client:
        tools = tools_for(StandIn, configured(StandIn, base, monkeypatch), client, data)
        assert instagram.check(platform.practices(), tools) == [("key 'default' works, until 2026-12-31", None)]
        platform.refuse = [graph_error(10)]
        [(_, error)] = instagram.check(platform.practices(), tools)
    assert "instagram.md" in str(error)
    assert platform.renewals == [TOKEN]


def test_no_log_and_no_page_holds_a_token(data: DataDir, caplog: pytest.LogCaptureFixture) -> None:
    platform = StandIn(30, 5)
    platform.below_a_page = 1
    platform.comments[3] = [comment(n) for n in range(3)]
    pull(data, platform)
    platform.tokens = [TOKEN, "second-token"]
    with caplog.at_level(logging.INFO):
        pull(data, platform, NIGHT + 2 * DAY)
    for night in (NIGHT, NIGHT + 2 * DAY):
        [receipt] = receipts(data, platform, night)
        kept = b"".join(page.body for page in data.saved_pages(receipt)).decode() + json.dumps(receipt.keep)
        for secret in (TOKEN, "second-token"):
            assert secret not in kept
            assert secret not in caplog.text


# Recorded responses ------------------------------------------------------------------------------------------------

RECORDED = INSTAGRAM / "recorded" / "python-facebook" / "instagram"
READ = {
    "apidata/users/stories.json": {"post": 2, "metric": 4},
    "apidata/users/user_fields.json": {"metric": 2},
    "apidata/medias/insights_new.json": {"metric": 1},
    "apidata/medias/children.json": {"post": 2, "metric": 4},
    "models/ig_user.json": {"metric": 2},
}
# One of them is set aside for what it lacks, as it would be on a page of good ones.
ASIDE = {
    "apidata/users/live_medias.json": "timestamp",
    "apidata/users/available_catalogs.json": "`id`",
    "apidata/medias/product_tags.json": "`id`",
    "apidata/stories/stories_fields_p1.json": "timestamp",
    "apidata/stories/stories_fields_p2.json": "timestamp",
}
REFUSED = {
    "apidata/hashtags/hashtag_recent_medias_p2.json": "5 of 5 mediums on one page could not be read",
    "apidata/hashtags/hashtag_top_medias_p1.json": "25 of 25 mediums on one page could not be read",
    "apidata/medias/comments_p1.json": "does not say below what they stand",
    "apidata/comments/replies.json": "does not say below what they stand",
}


@needs_contract
@pytest.mark.parametrize("path", sorted(RECORDED.rglob("*.json")), ids=lambda path: str(path.relative_to(RECORDED)))
def test_every_recorded_response_is_read_or_refused_with_its_reason(path: Path) -> None:
    name = str(path.relative_to(RECORDED))
    if name in READ:
        kinds = [item.kind for item in read_one_page("instagram", path, Practices()) if isinstance(item, Record)]
        assert {kind: kinds.count(kind) for kind in set(kinds)} == READ[name]
    elif name in ASIDE:
        found = read_one_page("instagram", path, Practices())
        assert found
        assert all(isinstance(item, SetAside) and ASIDE[name] in item.reason for item in found)
    else:
        # Single objects, other people's accounts, what is published: nobody asks for them.
        with pytest.raises(RapportError, match=REFUSED.get(name, "none of those this source asks for")):
            read_one_page("instagram", path, Practices())


@needs_contract
def test_recorded_comments_are_read_where_it_is_known_below_what_they_stand() -> None:
    held = json.loads((RECORDED / "apidata" / "medias" / "comments_p1.json").read_bytes())
    found = records_of({"below": "17846368219941692", "comments": held}, "comment")
    assert [record.item_id for record in found] == [item["id"] for item in held["data"]]
    assert [record.text for record in found] == [item["text"] for item in held["data"]]
    assert {record.thread_id for record in found} == {"17846368219941692"}
    one = json.loads((RECORDED / "models" / "ig_comment.json").read_bytes())
    comment_, reply = records_of({"below": one["media"]["id"], "comments": {"data": [one]}}, "comment")
    assert (comment_.author_id, reply.parent_id, reply.thread_id) == (one["username"], one["id"], one["media"]["id"])


@needs_contract
def test_recorded_numbers_are_read_in_the_new_shape_and_in_the_old() -> None:
    path = RECORDED / "apidata" / "medias" / "insights_new.json"
    [new] = [item for item in read_one_page("instagram", path, Practices()) if isinstance(item, Record)]
    [raw] = json.loads(path.read_bytes())["data"]
    assert (new.metric, new.value, new.parent_id) == (raw["name"], raw["total_value"]["value"], raw["id"].split("/")[0])
    old = json.loads((RECORDED / "models" / "ig_insight.json").read_bytes())
    found = records_of({"data": [old]}, "metric")
    assert [(record.metric, record.value, record.day) for record in found] == [
        ("impressions", 32, dt.date(2018, 1, 10)),
        ("impressions", 32, dt.date(2018, 1, 11)),
    ]


@needs_contract
def test_the_sample_is_read_with_its_replies() -> None:
    held = json.loads((INSTAGRAM / "samples-handmade" / "media_with_comments.json").read_bytes())
    kinds = [item.kind for item in of(held) if isinstance(item, Record)]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"post": 1, "comment": 2, "metric": 2}


# The contract ------------------------------------------------------------------------------------------------------


@needs_contract
def test_what_is_asked_for_is_in_metas_specification(data: DataDir) -> None:
    contract = Contract(INSTAGRAM)
    platform = StandIn(3)
    platform.below_a_page = 1
    platform.comments[1] = [comment(1), comment(2)]
    platform.replies = {comment(1)["id"]: [comment(3), comment(4)]}
    platform.changed[2] = {"media_product_type": "REELS"}
    pull(data, platform)
    pull(data, platform, NIGHT + 2 * DAY)
    checked = set()
    for request in platform.asked:
        node, _, edge = request.path.removeprefix("/").partition("/")
        checked.add(edge)
        if node == "refresh_access_token":
            node_of = contract.node("IGRefreshAccessTokenForIGOnlyAPI")
            assert node_of
            assert set(request.query) == {param["name"] for param in node_of["apis"][0]["params"]}
        elif not edge:
            assert set(request.query) <= COMMON
            contract.check_fields("IGUserForIGOnlyAPI", fields_in(request.one("fields")))
        elif edge == "replies":
            contract.edge("IGComment", edge)
        elif node == ACCOUNT:
            contract.check_params("IGUserForIGOnlyAPI", edge, request.query)
            if edge in ("media", "tags"):
                contract.check_fields("IGMediaForIGOnlyAPI", fields_in(request.one("fields")))
        else:
            given = {} if edge == "comments" else request.query
            contract.check_params("IGMediaForIGOnlyAPI", edge, given)
    assert checked == {"", "media", "tags", "insights", "comments", "replies"}
    assert platform.renewals


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataDir, dict[dt.date, int]]:
    """Three nights of the demo's two accounts, and how many requests each night took for the busier one."""
    data = DataDir(tmp_path_factory.mktemp("town"))
    calls: dict[dt.date, int] = {}
    with pytest.MonkeyPatch.context() as patch, town_services(data.root, build_town()) as (server, variables):
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setenv("RAPPORT_PER_MINUTE", json.dumps({"instagram": 600_000}))
        settings = load_settings()
        practices = load_practices(settings.practices_file)
        for night in NIGHTS:
            server.set_night(night)
            for guest in demo.GUESTS:
                before = len(server.log)
                fetch("instagram", night, practices, data, settings, only=guest.practice_id, say=quiet)
                calls[night] = max(calls.get(night, 0), len(server.log) - before)
            assert read("instagram", night, practices, data, say=quiet).set_aside == 0
    return data, calls


def test_the_town_is_read_whole_and_what_is_deleted_there_is_gone(town: tuple[DataDir, dict[dt.date, int]]) -> None:
    data, _ = town
    first, second, third = (read_table(data.records("instagram", night), RECORDS) for night in NIGHTS)
    complete = [
        [row["complete"] for row in read_table(data.completeness("instagram", night), COMPLETENESS)] for night in NIGHTS
    ]
    assert complete == [[True, True], [True, True], [False, False]]
    for kind in ("post", "comment", "metric"):
        assert {row["practice_id"] for row in first if row["kind"] == kind} == {"riverside-dental", "cedar-hollow"}
    for night, rows in zip(NIGHTS, (first, second, third), strict=True):
        for practice_id in ("riverside-dental", "cedar-hollow"):
            oldest = dt.datetime.combine(night - (90 if night < NIGHTS[2] else 30) * DAY, dt.time(), tzinfo=dt.UTC)
            stand = at(posts_of(practice_id, "instagram", 1913), pull_instant(night))
            stand = [post for post in stand if post.created_at >= oldest]
            mine = [row for row in rows if row["practice_id"] == practice_id]
            assert len({row["item_id"] for row in mine if row["kind"] == "post" and row["by_practice"]}) == len(stand)
            said = {row["item_id"] for row in mine if row["kind"] == "comment"}
            assert said == {demo._comment_id(post, c.number) for post in stand for c in standing(post)}
    comments = {row["item_id"]: row for row in first if row["kind"] == "comment"}
    assert any(row["by_practice"] and row["parent_id"] in comments for row in comments.values())
    assert any(row["matched"] == "handle" for row in third)
    # The third night renews the token: its end is known from then on.
    ends = [receipt.key_expires_on for night in NIGHTS for receipt in data.receipts("instagram", night)]
    assert ends == [None, None, None, None, dt.date(2026, 12, 31), dt.date(2026, 12, 31)]


def test_a_night_costs_at_most_what_the_head_says(town: tuple[DataDir, dict[dt.date, int]]) -> None:
    _, calls = town
    cost = instagram.SOURCE.cost
    assert cost
    assert max(calls[night] for night in NIGHTS[:2]) <= cost.sweep_calls
    assert calls[NIGHTS[2]] <= cost.calls


@needs_contract
def test_the_town_speaks_as_the_specification_says(town: tuple[DataDir, dict[dt.date, int]]) -> None:
    data, _ = town
    contract = Contract(INSTAGRAM)
    media = contract.listing("IGMediaForIGOnlyAPI")
    comments = contract.listing("IGComment")
    media["properties"]["data"]["items"]["properties"]["comments"] = comments
    seen = set()
    for receipt in data.receipts("instagram", NIGHTS[0]):
        for page in data.saved_pages(receipt):
            held = json.loads(page.body)
            if "insights" in held:
                kind, schema, held = "insights", contract.listing("InstagramInsightsResult"), held["insights"]
            elif "tags" in held:
                kind, schema, held = "tags", media, held["tags"]
            elif "followers_count" in held:
                kind, schema = "account", contract.schema("IGUserForIGOnlyAPI")
            else:
                kind, schema = "media", media
            seen.add(kind)
            valid(held, schema)
    assert seen == {"insights", "tags", "account", "media"}


def test_the_town_refuses_what_instagram_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with town_services(tmp_path, build_town()) as (_, variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        practices = load_practices(tmp_path / "practices.toml")
        monkeypatch.setenv("RAPPORT_KEY_INSTAGRAM", json.dumps({"access_token": "wrong"}))
        with pytest.raises(SeveralFailed, match="code 190, subcode 467"):
            fetch(
                "instagram", NIGHTS[0], practices, DataDir(tmp_path / "a"), load_settings(), only="riverside-dental",
                say=quiet,
            )  # fmt: skip
        monkeypatch.setenv("RAPPORT_KEY_INSTAGRAM", json.dumps(demo.GUESTS[0].key))
        moved = Practices.model_validate({"practice": [{"id": "a", "name": "A", "instagram": {"account": "17841"}}]})
        with pytest.raises(SeveralFailed, match="code 100, subcode 33"):
            fetch("instagram", NIGHTS[0], moved, DataDir(tmp_path / "b"), load_settings(), say=quiet)


def test_an_edit_is_the_same_medium_with_other_words(data: DataDir) -> None:
    platform, later = Daily(2), NIGHT + 2 * DAY
    pull(data, platform)
    platform.changed[1] = {"caption": "Better words"}
    pull(data, platform, later)
    told = [{post.item_id: post.text for post in records_in(data, platform, "post", night)} for night in (NIGHT, later)]
    assert [texts[str(FIRST_MEDIA + 1)] for texts in told] == ["Medium 1", "Better words"]
