"""YouTube: windows, changed replies, refusals and reading, against servers on loopback and recorded answers."""

from __future__ import annotations

import datetime as dt
import json
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.demo import conversation
from pipelines.demo.run import town_services
from pipelines.demo.server import TownServer
from pipelines.demo.town import NIGHTS, build_town, pull_instant
from pipelines.errors import BadKey, ChangedShape, RapportError, SeveralFailed, SiteDown, UnknownName
from pipelines.fetch import fetch
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import load_practices
from pipelines.read import read
from pipelines.records import COMPLETENESS, RECORDS, Record, SetAside, read_table
from pipelines.settings import load_settings
from pipelines.sources import youtube
from tests.conftest import SHARED
from tests.sources.discovery import Discovery
from tests.sources.stand_in import NIGHT, pull, receipts, records_in
from tests.sources.stand_in_youtube import CHANNEL, StandIn, comment, refused

DAY = dt.timedelta(days=1)
# A Tuesday after the first sweep, and the sweep a week later.
USUAL, SWEEP = NIGHT + 3 * DAY, NIGHT + 9 * DAY
CONTRACTS = SHARED / "contracts" / "youtube"
needs_contracts = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")


def at_midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


def page_of(body: Any, path: str = "riverside/0001.json.zst") -> SavedPage:
    about = {"practice_id": "riverside", "channel": CHANNEL}
    receipt = Receipt(source="youtube", night=NIGHT, label="riverside", about=about)
    return SavedPage(path=path, body=body if isinstance(body, bytes) else json.dumps(body).encode(), receipt=receipt)


def read_body(body: Any, path: str = "riverside/0001.json.zst") -> list[Record | SetAside]:
    return list(youtube.read(page_of(body, path), StandIn.practices()))


def records_of(body: Any, path: str = "riverside/0001.json.zst") -> list[Record]:
    found = read_body(body, path)
    assert all(isinstance(item, Record) for item in found)
    return [item for item in found if isinstance(item, Record)]


def test_threads_of_a_month_are_listed_every_night_and_of_ninety_days_on_a_sweep(data: DataDir) -> None:
    platform = StandIn(0, 10)
    platform.threads = {f"t{n}": at_midnight(NIGHT) - n * DAY for n in range(200)}
    pull(data, platform)
    assert len(platform.asked_for("/commentThreads")) == 10, "90 days, and the page that goes beyond them"
    platform.asked.clear()
    pull(data, platform, USUAL)
    assert len(platform.asked_for("/commentThreads")) == 3, "27 of 30 days lie before the first night"
    assert [receipt.complete for receipt in receipts(data, platform, USUAL)] == [False]


def test_after_a_gap_it_reads_back_to_what_is_known_less_a_week(data: DataDir) -> None:
    platform = StandIn(0, 10)
    platform.threads = {f"t{n}": at_midnight(NIGHT) - n * DAY for n in range(5)}
    pull(data, platform)
    platform.threads = {f"t{n}": at_midnight(NIGHT) + (60 - n) * DAY for n in range(200)}
    platform.asked.clear()
    platform.refuse = []
    later = NIGHT + 60 * DAY
    pull(data, platform, later)
    assert len(platform.asked_for("/commentThreads")) == 10


def test_videos_of_the_window_and_those_commented_on_are_read_again(data: DataDir) -> None:
    platform = StandIn(1, 20)
    platform.videos = {f"video-{n}": at_midnight(NIGHT) - n * DAY for n in range(120)}
    platform.threads = {"t0": at_midnight(NIGHT) - DAY, "t1": at_midnight(NIGHT) - 100 * DAY}
    platform.below = {"t1": "video-110"}
    pull(data, platform)
    asked = [request.one("id").split(",") for request in platform.asked_for("/videos")]
    assert [len(ids) for ids in asked] == [50, 41]
    assert "video-110" not in asked[0] + asked[1], "what stands on the same page but beyond the window asks for nothing"
    platform.asked.clear()
    platform.videos["video-1"] = at_midnight(NIGHT) - 300 * DAY
    pull(data, platform, USUAL)
    [request] = platform.asked_for("/videos")
    assert set(request.one("id").split(",")) == {f"video-{n}" for n in range(28)}
    assert {r.item_id for r in records_in(data, platform, "post", USUAL)} == {f"video-{n}" for n in range(28)}


def test_numbers_of_a_video_that_is_read_again_are_the_newest(data: DataDir) -> None:
    platform = StandIn(1)
    pull(data, platform)
    platform.video_statistics = {"viewCount": "91"}
    pull(data, platform, USUAL)
    values = {r.item_id: r.value for r in records_in(data, platform, "metric", USUAL) if r.parent_id}
    assert values == {"video-1/viewCount": 91, "video-1/likeCount": None, "video-1/commentCount": None}


def test_replies_are_asked_for_where_a_thread_hides_some_and_only_when_their_number_changes(data: DataDir) -> None:
    platform = StandIn(3)
    when = platform.instant(60)
    platform.replies = {
        "t0": [comment(f"t0.{n}", when, parentId="t0") for n in range(3)],
        "t1": [comment("t1.0", when, parentId="t1")],
    }
    pull(data, platform)
    assert [request.one("parentId") for request in platform.asked_for("/comments")] == ["t0"]
    found = {r.item_id: r for r in records_in(data, platform, "comment")}
    assert set(found) == {"t0", "t1", "t2", "t0.0", "t0.1", "t0.2", "t1.0"}
    assert {(r.parent_id, r.thread_id) for r in found.values()} == {
        ("video-1", "video-1"),
        ("t0", "video-1"),
        ("t1", "video-1"),
    }
    for night, more, asked in ((USUAL, 0, 0), (USUAL + DAY, 1, 1), (USUAL + 2 * DAY, 0, 0), (SWEEP, 0, 1)):
        platform.replies["t0"] += [comment("t0.9", when + DAY, parentId="t0")] * more
        platform.asked.clear()
        pull(data, platform, night)
        assert len(platform.asked_for("/comments")) == asked, night


def test_replies_come_in_pages_too(data: DataDir) -> None:
    platform = StandIn(1, 4)
    platform.replies = {"t0": [comment(f"t0.{n}", platform.instant(9), parentId="t0") for n in range(11)]}
    pull(data, platform)
    assert len(platform.asked_for("/comments")) == 3
    assert len({r.item_id for r in records_in(data, platform, "comment")}) == 12


def test_a_reply_within_the_window_to_a_comment_beyond_it_is_not_called_removed(data: DataDir) -> None:
    """A sweep does not list the old thread any more, so it asks for the replies by the thread's id."""
    platform = StandIn(0)
    platform.threads = {"old": at_midnight(NIGHT) - 85 * DAY}
    platform.replies = {"old": [comment("old.0", at_midnight(NIGHT) - 2 * DAY, parentId="old")]}
    # Another comment, so that the walk goes on beyond nothing.
    platform.threads["new"] = at_midnight(NIGHT)
    pull(data, platform)
    pull(data, platform, USUAL)
    later = NIGHT + 10 * DAY
    del platform.threads["old"]
    pull(data, platform, later)
    assert {r.item_id for r in records_in(data, platform, "comment", later)} == {"new", "old.0"}
    [receipt] = receipts(data, platform, later)
    assert (receipt.complete, list(receipt.keep)) == (True, ["old"])
    del platform.replies["old"]
    pull(data, platform, later + 7 * DAY)
    assert {r.item_id for r in records_in(data, platform, "comment", later + 7 * DAY)} == {"new"}
    assert receipts(data, platform, later + 7 * DAY)[0].keep == {}


def test_a_thread_whose_replies_are_beyond_the_window_is_asked_for_no_more(data: DataDir) -> None:
    platform = StandIn(0)
    platform.threads = {"old": at_midnight(NIGHT) - 85 * DAY, "new": at_midnight(NIGHT)}
    platform.replies = {"old": [comment("old.0", at_midnight(NIGHT) - 80 * DAY, parentId="old")]}
    pull(data, platform)
    del platform.threads["old"]
    platform.asked.clear()
    pull(data, platform, NIGHT + 20 * DAY)
    assert platform.asked_for("/comments") == []
    assert receipts(data, platform, NIGHT + 20 * DAY)[0].keep == {}


def test_videos_that_are_no_videos_stop_the_visit(data: DataDir) -> None:
    platform = StandIn(1)
    platform.videos_answer = b'{"kind": "youtube#searchListResponse"}'
    with pytest.raises(SeveralFailed, match="another question"):
        pull(data, platform)


def test_a_sweep_lists_everything_so_that_what_is_missing_is_gone(data: DataDir) -> None:
    platform = StandIn(4)
    pull(data, platform)
    del platform.threads["t2"]
    platform.videos = {"video-2": at_midnight(NIGHT)}
    pull(data, platform, SWEEP)
    read("youtube", SWEEP, platform.practices(), data, say=lambda line: None)
    [row] = read_table(data.completeness("youtube", SWEEP), COMPLETENESS)
    rows = read_table(data.records("youtube", SWEEP), RECORDS)
    assert row["complete"]
    assert {r["item_id"] for r in rows if r["kind"] == "comment"} == {"t0", "t1", "t3"}
    assert {r["item_id"] for r in rows if r["kind"] == "post"} == {"video-2"}


def test_an_edit_is_a_later_version_of_the_same_comment(data: DataDir) -> None:
    when = dt.datetime(2026, 10, 2, tzinfo=dt.UTC)
    edited = comment("t0", when, updatedAt="2026-10-05T10:00:00.123Z", textDisplay="Other words.")
    [record] = records_of({"kind": "youtube#commentListResponse", "items": [edited]}, "r/0002.replies-.json.zst")
    assert (record.created_at, record.text) == (when, "Other words.")
    assert record.updated_at == dt.datetime(2026, 10, 5, 10, 0, 0, 123000, tzinfo=dt.UTC)
    assert (record.thread_id, record.parent_id, record.url) == (None, None, None)


def test_who_speaks_and_what_is_missing() -> None:
    when = dt.datetime(2026, 10, 2, tzinfo=dt.UTC)
    own = comment("a", when, authorChannelId={"value": CHANNEL}, parentId="t0")
    nobody = comment("b", when, authorChannelId={}, parentId="t0")
    original = comment("c", when, textDisplay=None, textOriginal="As typed.", parentId="t0")
    body = {"kind": "youtube#commentListResponse", "items": [own, nobody, original]}
    first, second, third = records_of(body, "r/0002.replies-video-1.json.zst")
    assert (first.by_practice, first.author_id, first.thread_id) == (True, CHANNEL, "video-1")
    assert (second.by_practice, second.author_id) == (False, None)
    assert third.text == "As typed."
    assert first.url == "https://www.youtube.com/watch?v=video-1&lc=a"


@pytest.mark.parametrize(
    ("statistics", "subscribers"),
    [
        ({"subscriberCount": "12", "viewCount": "5", "hiddenSubscriberCount": False}, 12),
        ({"subscriberCount": "0", "viewCount": "5", "hiddenSubscriberCount": True}, None),
        ({"viewCount": "5"}, None),
    ],
)
def test_hidden_subscribers_are_not_none_at_all(statistics: dict[str, Any], subscribers: int | None) -> None:
    body = {"kind": "youtube#channelListResponse", "items": [{"id": CHANNEL, "statistics": statistics}]}
    values = {r.metric: (r.value, r.parent_id, r.day) for r in records_of(body)}
    assert values["subscriberCount"] == (subscribers, None, None)
    assert values["viewCount"] == (5, None, None)
    assert values["videoCount"] == (None, None, None)


def test_every_number_is_in_the_head_with_its_meaning(data: DataDir) -> None:
    platform = StandIn(1)
    pull(data, platform)
    named = {r.metric for r in records_in(data, platform, "metric")}
    assert named == {metric.name for metric in youtube.SOURCE.metrics}


def test_comments_that_are_turned_off_are_normal_and_said(data: DataDir) -> None:
    platform = StandIn(3)
    platform.comments_off = True
    pull(data, platform)
    [receipt] = receipts(data, platform)
    assert (receipt.status, receipt.complete, receipt.why) == ("ok", True, "comments are turned off there")
    assert records_in(data, platform, "comment") == []
    assert [r.item_id for r in records_in(data, platform, "post")] == ["video-1"]


def test_a_channel_without_a_video_has_no_playlist(data: DataDir) -> None:
    platform = StandIn(0)
    platform.videos = {}
    pull(data, platform)
    assert receipts(data, platform)[0].complete
    assert platform.asked_for("/videos") == []


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Fri, 30 Oct 2026 11:00:00 GMT", 20 * 3600),
        # The clocks go back in the night to the 1st: that day has 25 hours.
        ("Sun, 01 Nov 2026 07:00:00 GMT", 25 * 3600),
        ("Mon, 02 Nov 2026 11:00:00 GMT", 21 * 3600),
    ],
)
def test_a_quota_that_is_used_up_is_waited_for_until_midnight_in_california(
    date: str, seconds: int, data: DataDir
) -> None:
    platform = StandIn(3)
    status, _, body = refused(403, "quotaExceeded")
    platform.refuse = [(status, {"Date": date}, body)]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform, attempts=4)
    assert isinstance(raised.value.failures[0], SiteDown)
    assert raised.value.retry_after_seconds == seconds
    assert len(platform.asked) == 1, "asking again cannot help"


def test_a_rate_is_waited_for_and_asked_again(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)
    platform = StandIn(3)
    platform.refuse = [refused(403, "rateLimitExceeded")]
    pull(data, platform, attempts=2)
    assert receipts(data, platform)[0].complete


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (refused(400, "keyInvalid"), BadKey, "refuses the key (400, keyInvalid)"),
        (refused(403, "accessNotConfigured"), BadKey, "Enable the YouTube Data API"),
        (refused(404, "channelNotFound"), UnknownName, "youtube.channel"),
        (refused(400, "invalidValue"), ChangedShape, "invalidValue"),
        ((200, {}, b'{"kind": "youtube#channelListResponse"}'), UnknownName, "no channel of that id"),
        ((200, {}, b'{"kind": "youtube#searchListResponse"}'), ChangedShape, "another question"),
        (
            (400, {}, b'{"error": {"errors": [{"reason": "badRequest"}], "details": [{"reason": "API_KEY_INVALID"}]}}'),
            BadKey,
            "refuses the key",
        ),
    ],
)
def test_each_refusal_has_its_error_and_next_step(
    answer: Any, error: type[RapportError], words: str, data: DataDir
) -> None:
    platform = StandIn(3)
    platform.refuse = [answer]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], error)
    assert words in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "hush" not in str(raised.value)


def test_no_key_comes_into_the_log(data: DataDir, caplog: pytest.LogCaptureFixture) -> None:
    """httpx would write each URL, and the key is in it."""
    with caplog.at_level(logging.INFO):
        pull(data, StandIn(3))
    assert "hush" not in caplog.text


def test_a_video_id_that_is_no_file_name_is_set_aside(data: DataDir) -> None:
    thread = StandIn(1).thread("t0")
    thread["snippet"]["videoId"] = "../../secrets"
    [aside] = read_body({"kind": "youtube#commentThreadListResponse", "items": [thread]})
    assert isinstance(aside, SetAside)
    assert "secrets" not in aside.reason


def test_its_terms_are_kept_strictly() -> None:
    policy = youtube.SOURCE.policy
    assert (policy.keep_text_days, policy.keep_derived_days) == (30, 30)
    assert (policy.classify, policy.author_key, policy.blendable) == (False, False, False)


RECORDED = {
    "apidata/activities/activities_by_channel_p1.json": "another question",
    "apidata/channels/info.json": "missing required field `statistics`",
    "apidata/comment_threads/comment_threads_by_video_paged_2.json": "comment",
    "apidata/comment_threads/comment_threads_with_search.json": "comment",
    "apidata/comments/comments_by_parent_paged_1.json": "comment",
    "apidata/error_permission_resp.json": "missing required field `kind`",
    "apidata/playlist_items/playlist_items_multi.json": "missing required field `contentDetails`",
    "apidata/search/search_by_developer.json": "another question",
    "apidata/search/search_by_event.json": "another question",
    "apidata/search/search_by_location.json": "another question",
    "apidata/search/search_channels.json": "another question",
    "apidata/videos/get_rating_response.json": "another question",
    "apidata/videos/videos_chart_paged_2.json": "3 of 3 videos on one page could not be read",
    "error_response_simple.json": "missing required field `kind`",
    "modeldata/comments/comment_info.json": "another question",
    "modeldata/comments/comment_snippet.json": "missing required field `kind`",
    "modeldata/comments/comment_thread_api_response.json": "comment",
    "modeldata/comments/comment_thread_snippet.json": "missing required field `kind`",
    "modeldata/videos/video_api_response.json": "post",
    "modeldata/videos/video_content_details.json": "missing required field `kind`",
    "modeldata/videos/video_paid_product_placement_details.json": "missing required field `kind`",
    "modeldata/videos/video_recording_details.json": "missing required field `kind`",
    "modeldata/videos/video_statistics.json": "missing required field `kind`",
}


@needs_contracts
def test_every_recorded_answer_is_accounted_for() -> None:
    folder = CONTRACTS / "recorded" / "python-youtube"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")} == RECORDED.keys()


@needs_contracts
@pytest.mark.parametrize("name", RECORDED)
def test_recorded_answers_are_read_or_refused_with_a_reason(name: str) -> None:
    """Answers that Rapport asks for are read whole; a part that was not asked for then is set aside."""
    outcome = RECORDED[name]
    body = (CONTRACTS / "recorded" / "python-youtube" / name).read_bytes()
    if outcome in ("comment", "post"):
        found = records_of(body)
        assert sum(item.kind == outcome for item in found) >= len(json.loads(body)["items"]) > 0
        assert all(record.created_at and record.text for record in found if record.kind == "comment")
        return
    try:
        refusals = [item.reason for item in read_body(body) if isinstance(item, SetAside)]
    except ChangedShape as error:
        refusals = [error.what]
    assert refusals
    assert all(outcome in refusal for refusal in refusals)


@needs_contracts
def test_requests_are_what_the_official_document_knows(data: DataDir) -> None:
    official = Discovery(CONTRACTS / "discovery" / "youtube.v3.json")
    platform = StandIn(9, 4)
    platform.replies = {"t0": [comment(f"t0.{n}", platform.instant(9), parentId="t0") for n in range(5)]}
    pull(data, platform)
    for request in platform.asked:
        official.check_request(f"youtube.{request.path.strip('/')}.list", request.query)
    assert {request.path for request in platform.asked} == {
        "/channels", "/playlistItems", "/commentThreads", "/comments", "/videos",
    }  # fmt: skip
    assert youtube.SOURCE.addresses["api"] == f"{official.document['rootUrl']}youtube/v3"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataDir, dict[dt.date, list[str]]]:
    """The three nights of the demo town, read by the code of production, and what was asked each night."""
    data = DataDir(tmp_path_factory.mktemp("town"))
    asked: dict[dt.date, list[str]] = {}
    with pytest.MonkeyPatch.context() as patch, town_services(data.root, build_town()) as (server, variables):
        for name, value in {**variables, "RAPPORT_PER_MINUTE": '{"youtube": 600000}'}.items():
            patch.setenv(name, value)
        practices = load_practices(load_settings().practices_file)
        for night in NIGHTS:
            server.set_night(night)
            server.log.clear()
            fetch("youtube", night, practices, data, load_settings(), say=lambda line: None)
            asked[night] = [seen.path for seen in server.log]
            assert read("youtube", night, practices, data, say=lambda line: None).set_aside == 0
    return data, asked


def test_the_demo_towns_nights_cost_what_the_head_says(town: tuple[DataDir, dict[dt.date, list[str]]]) -> None:
    cost = youtube.SOURCE.cost
    assert cost
    calls = [len(town[1][night]) for night in NIGHTS]
    assert max(calls[:2]) <= cost.sweep_calls
    assert calls[2] <= cost.calls


@pytest.mark.parametrize("night", NIGHTS[:2])
def test_a_sweep_of_the_demo_town_holds_all_that_is_said_within_its_window(
    night: dt.date, town: tuple[DataDir, dict[dt.date, list[str]]]
) -> None:
    there = conversation.at(conversation.posts_of("cedar-hollow", "youtube", 1913), pull_instant(night))
    first = at_midnight(night) - 89 * DAY
    rows = read_table(town[0].records("youtube", night), RECORDS)
    posts = [row for row in rows if row["kind"] == "post" and row["created_at"] >= first]
    said = [row for row in rows if row["kind"] == "comment" and row["created_at"] >= first]
    assert len(posts) == sum(post.created_at >= first for post in there) > 50
    expected = [comment for post in there for comment in post.comments if comment.created_at >= first]
    assert len(said) == len(expected) > 30
    assert sum(row["by_practice"] for row in said) == sum(comment.by_practice for comment in expected)
    assert sum(row["text"].endswith("(edited)") for row in said) == sum(c.edited_at is not None for c in expected)


@needs_contracts
def test_the_demo_town_answers_as_the_official_document_says() -> None:
    official = Discovery(CONTRACTS / "discovery" / "youtube.v3.json")
    kinds = {
        "channels": "Channel",
        "playlistItems": "PlaylistItem",
        "videos": "Video",
        "commentThreads": "CommentThread",
    }
    key = {"key": "made-up-youtube-key"}
    with TownServer(build_town()) as server:
        base = f"{server.base_url}/youtube"
        block = conversation.guests_of("youtube")[0].block
        channel = block.split('"')[1]
        queries = {
            "channels": {"part": "contentDetails,statistics", "id": channel},
            "playlistItems": {"part": "contentDetails", "playlistId": f"UU{channel[2:]}", "maxResults": "50"},
            "videos": {"part": "snippet,statistics", "id": "rt000000100,rt000000099"},
            "commentThreads": {"part": "snippet,replies", "allThreadsRelatedToChannelId": channel, "maxResults": "100"},
        }
        for path, query in queries.items():
            answer = httpx.get(f"{base}/{path}", params={**query, **key}).json()
            assert answer["items"]
            official.check_answer(f"{kinds[path]}ListResponse", answer)
            official.check_request(f"youtube.{path}.list", {name: [value] for name, value in query.items()})
        thread = next(item for item in answer["items"] if item["snippet"]["totalReplyCount"] > 1)
        replies = httpx.get(f"{base}/comments", params={"part": "snippet", "parentId": thread["id"], **key}).json()
        official.check_answer("CommentListResponse", replies)
        assert len(replies["items"]) == thread["snippet"]["totalReplyCount"]
        wrong = httpx.get(f"{base}/channels", params={"part": "id", "id": channel, "key": "wrong"})
        assert (wrong.status_code, wrong.json()["error"]["errors"][0]["reason"]) == (400, "keyInvalid")


def test_the_demo_town_needs_pages_and_replies_that_are_asked_for(tmp_path: Path) -> None:
    there = conversation.at(conversation.posts_of("cedar-hollow", "youtube", 1913), pull_instant(NIGHTS[0]))
    assert len(there) > youtube.PAGE_SIZE
    assert any(sum(c.parent == top.number for c in post.comments) > 1 for post in there for top in post.comments)
