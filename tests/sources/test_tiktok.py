"""TikTok: tokens that rotate, windows, removals, refusals and reading, against servers on loopback."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import httpx
import pytest

from pipelines.demo import conversation
from pipelines.demo.run import town_services
from pipelines.demo.server import TownServer
from pipelines.demo.town import NIGHTS, build_town, pull_instant
from pipelines.errors import BadKey, ChangedShape, RapportError, SeveralFailed, SiteDown
from pipelines.fetch import fetch
from pipelines.http import Client
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import Practices, load_practices
from pipelines.read import read
from pipelines.records import COMPLETENESS, RECORDS, Record, SetAside, read_table
from pipelines.settings import load_settings
from pipelines.sources import tiktok
from pipelines.tokens import TokenStore
from tests.conftest import SHARED, serving
from tests.sources.stand_in import NIGHT, configured, pull, receipts, records_in, tools_for
from tests.sources.stand_in_tiktok import BASE_ID, FIRST, StandIn, good, refused

DAY = dt.timedelta(days=1)
USUAL, SWEEP = NIGHT + 3 * DAY, NIGHT + 9 * DAY


def seconds_of(day: dt.date) -> int:
    return int(dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC).timestamp())


def with_daily_videos(count: int, page_size: int = 10) -> StandIn:
    platform = StandIn(0, page_size)
    platform.created = {str(BASE_ID - n): seconds_of(NIGHT - n * DAY) for n in range(count)}
    return platform


def page_of(body: Any, path: str = "riverside/0001.json.zst", **keep: str) -> SavedPage:
    about = {"practice_id": "riverside", "handle": "riverside"}
    receipt = Receipt(source="tiktok", night=NIGHT, label="riverside", about=about, keep=keep)
    return SavedPage(path=path, body=body if isinstance(body, bytes) else json.dumps(body).encode(), receipt=receipt)


def read_page(page: SavedPage) -> list[Record | SetAside]:
    return list(tiktok.read(page, StandIn.practices()))


def test_the_newest_refresh_token_is_on_disk_before_it_is_used(data: DataDir) -> None:
    """The first request after a renewal fails; the night after still has the token that is good."""
    platform = StandIn(3)
    platform.refuse = [(500, {}, b"{}")]
    with pytest.raises(SeveralFailed):
        pull(data, platform)
    held = TokenStore(data.tokens).newest("tiktok", "", FIRST)
    assert held.refresh == "hush-refresh-1"
    pull(data, platform)
    pull(data, platform, USUAL)
    assert platform.renewals == 3
    assert TokenStore(data.tokens).newest("tiktok", "", FIRST).refresh == "hush-refresh-3"


def test_no_token_of_any_age_is_in_pages_or_receipts(data: DataDir) -> None:
    platform = StandIn(3)
    pull(data, platform)
    kept = b"".join(path.read_bytes() for path in data.pages("tiktok", NIGHT).rglob("receipt.json"))
    kept += b"".join(page.body for receipt in receipts(data, platform) for page in data.saved_pages(receipt))
    assert b"hush" not in kept


def test_access_that_ends_during_a_run_is_renewed_once(data: DataDir) -> None:
    platform = StandIn(3)
    platform.refuse = [refused(401, "access_token_invalid")]
    pull(data, platform)
    assert platform.renewals == 2
    platform.refuse = [refused(401, "access_token_invalid")] * 2
    with pytest.raises(SeveralFailed, match="access_token_invalid") as raised:
        pull(data, platform, USUAL)
    assert isinstance(raised.value.failures[0], BadKey)


def test_two_practices_with_one_account_renew_it_once(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = StandIn(3)
    blocks = [{"id": name, "name": name.title(), "tiktok": StandIn.block} for name in ("elm", "oak", "fir", "yew")]
    with serving(platform) as base:
        settings = configured(StandIn, base, monkeypatch)
        both = Practices.model_validate({"practice": blocks})
        fetch("tiktok", NIGHT, both, data, settings, say=lambda line: None)
    assert platform.renewals == 1


@pytest.mark.parametrize(
    "answer",
    [
        (400, {}, b'{"error": "invalid_grant", "error_description": "secret words"}'),
        (200, {}, b'{"error": "invalid_client", "error_description": "secret words"}'),
        (401, {}, b"secret words"),
    ],
)
def test_a_dead_refresh_token_stops_at_once_and_names_the_key(answer: Any, data: DataDir) -> None:
    platform = StandIn(3)
    platform.token_refusal = answer
    with pytest.raises(SeveralFailed, match="key 'default': TikTok does not renew the key") as raised:
        pull(data, platform, attempts=4)
    assert isinstance(raised.value.failures[0], BadKey)
    assert "secret" not in str(raised.value)
    assert "hush" not in str(raised.value)
    assert len(platform.asked) == 1


def test_a_token_answer_without_a_new_refresh_token_stops(data: DataDir) -> None:
    platform = StandIn(3)
    platform.token_refusal = (200, {}, b'{"access_token": "hush", "expires_in": 86400}')
    with pytest.raises(SeveralFailed, match="answered 200 without a token"):
        pull(data, platform)


def test_when_the_consent_ends_is_told_and_announced(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = StandIn(3)
    pull(data, platform)
    [receipt] = receipts(data, platform)
    assert receipt.key_expires_on == NIGHT + 365 * DAY
    platform.refresh_days = 6
    said: list[str] = []
    with serving(platform) as base:
        settings = configured(StandIn, base, monkeypatch)
        fetch("tiktok", USUAL, StandIn.practices(), data, settings, say=said.append)
    assert "warning: the key of riverside ends on 2026-11-06: authorise it again" in said


def test_the_doctor_says_until_when_the_key_is_good(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = StandIn(1)
    with serving(platform) as base, Client("tiktok", per_minute=6e6, attempts=1) as client:
        tools = tools_for(StandIn, configured(StandIn, base, monkeypatch), client, data)
        assert tiktok.check(StandIn.practices(), tools) == [("key 'default' works, until 2027-10-31", None)]


def test_videos_of_a_month_are_read_again_every_night_and_of_ninety_days_on_a_sweep(data: DataDir) -> None:
    platform = with_daily_videos(200)
    pull(data, platform)
    assert len(platform.asked_for("/video/list/")) == 10
    assert json.loads(platform.asked_for("/video/list/")[1].body)["cursor"] == seconds_of(NIGHT - 9 * DAY) * 1000
    platform.asked.clear()
    platform.counts = {"view_count": 91}
    pull(data, platform, USUAL)
    assert len(platform.asked_for("/video/list/")) == 3
    values = {r.item_id: r.value for r in records_in(data, platform, "metric", USUAL)}
    assert values[f"{BASE_ID}/view_count"] == 91
    assert values[f"{BASE_ID}/like_count"] is None
    assert [r.complete for n in (NIGHT, USUAL) for r in receipts(data, platform, n)] == [True, False]


def test_after_a_gap_it_reads_back_to_what_is_known_less_a_week(data: DataDir) -> None:
    platform = with_daily_videos(5)
    pull(data, platform)
    later = NIGHT + 100 * DAY
    platform.created |= {str(BASE_ID + n): seconds_of(NIGHT + n * DAY) for n in range(1, 100)}
    pull(data, platform, later)
    assert {r.item_id for r in records_in(data, platform, "post", later)} == set(platform.created)


def test_a_video_is_gone_only_if_tiktok_does_not_find_it_by_its_id(data: DataDir) -> None:
    platform = with_daily_videos(60)
    pull(data, platform)
    gone, late, old = str(BASE_ID - 2), str(BASE_ID - 4), str(BASE_ID - 50)
    platform.gone, platform.late = {gone, old}, {late}
    platform.asked.clear()
    pull(data, platform, USUAL)
    # 60 videos less those of the pages that were listed, two of which are missing there.
    assert [len(json.loads(r.body)["filters"]["video_ids"]) for r in platform.asked_for("/video/query/")] == [20, 10]
    read("tiktok", USUAL, platform.practices(), data, say=lambda line: None)
    rows = {r["item_id"]: r for r in read_table(data.records("tiktok", USUAL), RECORDS) if r["kind"] == "post"}
    assert {name for name, row in rows.items() if row["state"] == "removed"} == {gone, old}
    assert rows[gone]["text"] is None
    assert rows[late]["state"] is None
    platform.asked.clear()
    pull(data, platform, USUAL + DAY)
    asked = [name for r in platform.asked_for("/video/query/") for name in json.loads(r.body)["filters"]["video_ids"]]
    assert gone not in asked, "it is asked after once"
    assert late in asked


def test_a_sweep_lists_everything_within_ninety_days(data: DataDir) -> None:
    platform = StandIn(4)
    pull(data, platform)
    pull(data, platform, SWEEP)
    read("tiktok", SWEEP, platform.practices(), data, say=lambda line: None)
    [row] = read_table(data.completeness("tiktok", SWEEP), COMPLETENESS)
    assert (row["complete"], row["can_reply"], row["fetched"]) == (True, False, 4)


def test_reads_every_field_of_a_video_and_of_the_account() -> None:
    video = StandIn(1).video(str(BASE_ID))
    post, *numbers = read_page(page_of(good({"videos": [video | {"title": "Flossing"}]})))
    assert isinstance(post, Record)
    assert (post.by_practice, post.author_id, post.title, post.text) == (
        True, "riverside", "Flossing", "How to floss #teeth",
    )  # fmt: skip
    assert post.url == f"https://www.tiktok.com/@riverside/video/{BASE_ID}"
    assert post.created_at == dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    assert {n.metric: (n.value, n.parent_id) for n in numbers if isinstance(n, Record)} == {
        "view_count": (90, str(BASE_ID)),
        "like_count": (3, str(BASE_ID)),
        "comment_count": (2, str(BASE_ID)),
        "share_count": (1, str(BASE_ID)),
    }
    account = read_page(page_of(good({"user": {"open_id": "me", "follower_count": 12}})))
    assert {r.metric: (r.value, r.parent_id) for r in account if isinstance(r, Record)} == {
        "follower_count": (12, None),
        "likes_count": (None, None),
        "video_count": (None, None),
    }
    named = {r.metric for r in (*numbers, *account) if isinstance(r, Record)}
    assert named == {metric.name for metric in tiktok.SOURCE.metrics}


def test_a_page_with_neither_the_account_nor_videos_is_a_changed_shape() -> None:
    with pytest.raises(ChangedShape, match="another question"):
        read_page(page_of(good({})))


def test_a_title_that_repeats_the_description_is_no_second_text() -> None:
    post = read_page(page_of(good({"videos": [StandIn(1).video(str(BASE_ID))]})))[0]
    assert isinstance(post, Record)
    assert (post.title, post.text) == (None, "How to floss #teeth")


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (refused(401, "scope_not_authorized"), BadKey, "video.list"),
        (refused(403, "scope_permission_missed"), BadKey, "user.info.stats"),
        (refused(400, "invalid_params"), ChangedShape, "invalid_params"),
        ((200, {}, json.dumps(good({"videos": []})).encode()), ChangedShape, "another question"),
        (refused(200, "internal_error"), ChangedShape, "internal_error"),
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


def test_a_rate_that_is_told_with_a_200_is_waited_for(data: DataDir) -> None:
    platform = StandIn(3)
    platform.refuse = [refused(200, "rate_limit_exceeded")]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], SiteDown)


def test_its_terms_are_kept_strictly() -> None:
    policy = tiktok.SOURCE.policy
    assert (policy.keep_text_days, policy.classify, policy.author_key) == (1, False, False)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_reads_the_contracts_own_samples(data: DataDir) -> None:
    folder = SHARED / "contracts" / "tiktok" / "samples-handmade"
    body = (folder / "video_list.json").read_bytes()
    found = read_page(page_of(body))
    assert [item.kind for item in found if isinstance(item, Record)].count("post") == len(
        json.loads(body)["data"]["videos"]
    )
    assert set(tiktok._VIDEO_FIELDS.split(",")) <= json.loads(body)["data"]["videos"][0].keys()
    errors = {"401": BadKey, "403": BadKey, "429": SiteDown}
    told = json.loads((folder / "errors.json").read_text())
    assert told.keys() == errors.keys()
    for status, answer in told.items():
        platform = StandIn(1)
        platform.refuse = [(int(status), {}, json.dumps(answer).encode())] * 2
        with pytest.raises(SeveralFailed) as raised:
            pull(data, platform)
        assert isinstance(raised.value.failures[0], errors[status])
        # A new account for each: the token that was kept is not this one's.
        data.tokens.joinpath("tiktok.json").unlink()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataDir, dict[dt.date, list[str]]]:
    """The three nights of the demo town, read by the code of production, and what was asked each night."""
    data = DataDir(tmp_path_factory.mktemp("town"))
    asked: dict[dt.date, list[str]] = {}
    with pytest.MonkeyPatch.context() as patch, town_services(data.root, build_town()) as (server, variables):
        for name, value in {**variables, "RAPPORT_PER_MINUTE": '{"tiktok": 600000}'}.items():
            patch.setenv(name, value)
        practices = load_practices(load_settings().practices_file)
        for night in NIGHTS:
            server.set_night(night)
            server.log.clear()
            fetch("tiktok", night, practices, data, load_settings(), say=lambda line: None)
            asked[night] = [seen.path for seen in server.log]
            assert read("tiktok", night, practices, data, say=lambda line: None).set_aside == 0
    return data, asked


def test_the_demo_towns_nights_cost_what_the_head_says(town: tuple[DataDir, dict[dt.date, list[str]]]) -> None:
    cost = tiktok.SOURCE.cost
    assert cost
    calls = [len(town[1][night]) for night in NIGHTS]
    assert max(calls[:2]) <= cost.sweep_calls
    assert calls[2] <= cost.calls
    assert [path for path in town[1][NIGHTS[1]] if path.endswith("/token/")] == ["/tiktok/oauth/token/"]


@pytest.mark.parametrize("night", NIGHTS[:2])
def test_a_sweep_of_the_demo_town_holds_all_videos_within_its_window(
    night: dt.date, town: tuple[DataDir, dict[dt.date, list[str]]]
) -> None:
    there = conversation.at(conversation.posts_of("cedar-hollow", "tiktok", 1913), pull_instant(night))
    first = dt.datetime.combine(night - 89 * DAY, dt.time(), tzinfo=dt.UTC)
    rows = read_table(town[0].records("tiktok", night), RECORDS)
    posts = [row for row in rows if row["kind"] == "post" and row["created_at"] and row["created_at"] >= first]
    assert len(posts) == sum(post.created_at >= first for post in there) > 50
    views = {row["parent_id"]: row["value"] for row in rows if row["metric"] == "view_count"}
    assert sum(views[row["item_id"]] for row in posts) == sum(p.views for p in there if p.created_at >= first)


def test_the_demo_town_refuses_in_tiktoks_words() -> None:
    key = conversation.guests_of("tiktok")[0].key
    with TownServer(build_town()) as server:
        base = f"{server.base_url}/tiktok"
        wrong = httpx.get(f"{base}/user/info/", headers={"Authorization": "Bearer wrong"})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "access_token_invalid")
        for field, said in (("client_secret", "invalid_client"), ("refresh_token", "invalid_grant")):
            form = {"grant_type": "refresh_token", **key, field: "wrong"}
            assert httpx.post(f"{base}/oauth/token/", data=form).json()["error"] == said
        token = httpx.post(f"{base}/oauth/token/", data={"grant_type": "refresh_token", **key}).json()
        assert token["refresh_token"] != key["refresh_token"]
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        many = httpx.post(f"{base}/video/list/?fields=id", json={"max_count": 21}, headers=headers)
        assert (many.status_code, many.json()["error"]["code"]) == (400, "invalid_params")


def test_an_edit_is_the_same_video_with_other_words(data: DataDir) -> None:
    class Edited(StandIn):
        words = "How to floss"

        def video(self, name: str) -> dict[str, Any]:
            return super().video(name) | {"video_description": self.words, "title": self.words}

    platform = Edited(1)
    platform.created = {str(BASE_ID): seconds_of(NIGHT - DAY)}
    pull(data, platform)
    platform.words = "How to floss, better"
    pull(data, platform, USUAL)
    told = [record for night in (NIGHT, USUAL) for record in records_in(data, platform, "post", night)]
    assert [(post.item_id, post.text) for post in told] == [
        (str(BASE_ID), "How to floss"), (str(BASE_ID), "How to floss, better"),
    ]  # fmt: skip
