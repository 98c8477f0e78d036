"""The other platforms of the town: production's own sources read them whole, night after night."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from pipelines.demo.elsewhere import GUESTS, SPEAKERS, Guest, feed_files, voices_at, voices_of
from pipelines.demo.run import hand_over, town_services
from pipelines.demo.server import TownServer
from pipelines.demo.town import MONTH, NIGHTS, build_town, pull_instant
from pipelines.fetch import fetch
from pipelines.landing import DataDir
from pipelines.practices import load_practices
from pipelines.read import read
from pipelines.records import COMPLETENESS, RECORDS, read_table
from pipelines.settings import load_settings

SEED = 1913
SPOKEN = [guest for guest in GUESTS if guest.platform in SPEAKERS]
each_guest = pytest.mark.parametrize("guest", SPOKEN, ids=lambda guest: guest.platform)


def test_each_platform_has_a_practice_of_the_town() -> None:
    residents = {practice.id for practice in build_town().practices}
    assert {guest.practice_id for guest in GUESTS} <= residents
    assert {guest.platform for guest in GUESTS} >= set(SPEAKERS)
    assert len({guest.platform for guest in GUESTS}) == len(GUESTS)


@pytest.mark.parametrize("guest", GUESTS, ids=lambda guest: guest.platform)
def test_the_same_seed_says_the_same_and_one_voice_is_taken_off(guest: Guest) -> None:
    assert voices_of(guest, SEED) == voices_of(guest, SEED)
    assert voices_of(guest, SEED) != voices_of(guest, 7)
    first, second = ({voice.number for voice in voices_at(guest, SEED, pull_instant(night))} for night in NIGHTS[:2])
    assert len(first - second) == 1
    assert any(voice.created_at.date() >= MONTH for voice in voices_of(guest, SEED))


@pytest.fixture(scope="module")
def read_nights(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    """Three nights of every platform but Google, fetched and read by the code of production."""
    data = DataDir(tmp_path_factory.mktemp("town"))
    with pytest.MonkeyPatch.context() as patch, town_services(data.root, build_town()) as (server, variables):
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setenv("RAPPORT_PER_MINUTE", json.dumps(dict.fromkeys(SPEAKERS, 600_000)))
        settings = load_settings()
        practices = load_practices(settings.practices_file)
        for night in NIGHTS:
            server.set_night(night)
            hand_over(build_town(), data, night)
            for name in sorted({guest.platform for guest in GUESTS}):
                fetch(name, night, practices, data, settings, say=lambda line: None)
                assert read(name, night, practices, data, say=lambda line: None).set_aside == 0
    return data


def seen(data: DataDir, guest: Guest, night: dt.date, kind: str) -> int:
    rows = read_table(data.records(guest.platform, night), RECORDS)
    return sum(row["kind"] == kind and row["practice_id"] == guest.practice_id for row in rows)


@pytest.mark.parametrize("guest", [g for g in SPOKEN if g.platform != "yelp"], ids=lambda guest: guest.platform)
def test_the_first_night_and_the_first_of_the_month_list_everything(read_nights: DataDir, guest: Guest) -> None:
    for night in NIGHTS[:2]:
        there = voices_at(guest, SEED, pull_instant(night))
        [row] = read_table(read_nights.completeness(guest.platform, night), COMPLETENESS)
        assert (row["status"], row["complete"]) == ("ok", True)
        assert row["fetched"] == seen(read_nights, guest, night, "review")
        alive = [r for r in read_table(read_nights.records(guest.platform, night), RECORDS) if r["state"] != "removed"]
        assert sum(row["kind"] == "review" for row in alive) == len(there)
        assert sum(row["kind"] == "reply" for row in alive) == sum(voice.reply is not None for voice in there)
    [third] = read_table(read_nights.completeness(guest.platform, NIGHTS[2]), COMPLETENESS)
    assert not third["complete"], "an ordinary night reads what is new and not the whole list"


def test_yelp_shows_three_excerpts_of_what_it_counts(read_nights: DataDir) -> None:
    guest = next(guest for guest in GUESTS if guest.platform == "yelp")
    for night in NIGHTS:
        there = len(voices_at(guest, SEED, pull_instant(night)))
        [row] = read_table(read_nights.completeness("yelp", night), COMPLETENESS)
        assert (row["expected"], row["fetched"], row["complete"]) == (there, 3, False)


def test_the_vendors_file_is_read_once_and_says_what_webmd_says(read_nights: DataDir) -> None:
    guest = next(guest for guest in GUESTS if guest.platform == "vendor_feed")
    there = voices_at(guest, SEED, pull_instant(NIGHTS[0]))
    rows = read_table(read_nights.records("vendor_feed", NIGHTS[0]), RECORDS)
    assert {row["site"] for row in rows} == {"webmd"}
    assert sum(row["kind"] == "review" for row in rows) == len(there)
    assert sum(row["kind"] == "reply" for row in rows) == sum(voice.reply is not None for voice in there)
    assert read_nights.receipts("vendor_feed", NIGHTS[1]) == []
    later = feed_files(SEED, pull_instant(NIGHTS[1]))["yext/webmd.jsonl"]
    assert later.count(b'"eventType": "REVIEW_DELETED"') == 1


@each_guest
def test_a_wrong_key_is_refused_in_the_platforms_own_way(guest: Guest) -> None:
    import httpx

    with TownServer(build_town()) as server:
        answer = httpx.get(f"{server.base_url}/{guest.platform}/anything", headers={"apikey": "wrong"})
        assert answer.status_code in (302, 401)
        assert json.dumps(guest.key) not in answer.text


def test_the_servers_addresses_and_keys_are_passed_on(tmp_path: Path) -> None:
    with town_services(tmp_path, build_town()) as (server, variables):
        for name in SPEAKERS:
            assert json.loads(variables["RAPPORT_ADDRESSES"])[f"{name}.api"] == f"{server.base_url}/{name}"
            assert json.loads(variables[f"RAPPORT_KEY_{name.upper()}"])
