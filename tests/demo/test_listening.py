"""The town's listening posts: production's own sources read them over three nights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.demo.conversation import Comment, Post, at, posts_of, threads_of
from pipelines.demo.run import town_services
from pipelines.demo.server import TownServer
from pipelines.demo.town import NIGHTS, build_town, pull_instant
from pipelines.fetch import fetch
from pipelines.landing import DataDir
from pipelines.practices import load_practices
from pipelines.read import read
from pipelines.records import COMPLETENESS, FEATURES, RECORDS, read_table
from pipelines.score import score
from pipelines.settings import load_settings
from pipelines.sources import load_source

SEED = 1913
LISTENING = ("discourse", "feeds", "reddit")


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataDir, dict[tuple[str, int], int]]:
    """Three nights of every place where Rapport listens, and how many requests each took."""
    data, calls = DataDir(tmp_path_factory.mktemp("town")), dict[tuple[str, int], int]()
    with pytest.MonkeyPatch.context() as patch, town_services(data.root, build_town()) as (server, variables):
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setenv("RAPPORT_PER_MINUTE", json.dumps(dict.fromkeys(LISTENING, 600_000)))
        settings = load_settings()
        practices = load_practices(settings.practices_file)
        for number, night in enumerate(NIGHTS):
            server.set_night(night)
            for name in LISTENING:
                before = len(server.log)
                fetch(name, night, practices, data, settings, say=lambda line: None)
                assert read(name, night, practices, data, say=lambda line: None).set_aside == 0
                calls[name, number] = len(server.log) - before
    return data, calls


def said_of(practice_id: str, platform: str, spoken: str) -> set[tuple[str, str]]:
    """Return what strangers truly say of a practice within the window of the first night: text and kind."""
    first = pull_instant(NIGHTS[0])
    found: set[tuple[str, str]] = set()
    for post in at(threads_of(practice_id, platform, SEED), first):
        meant = spoken in post.text
        things: list[tuple[Post | Comment, str]] = [(post, "post"), *((c, "comment") for c in post.comments)]
        for thing, kind in things:
            if (first - thing.created_at).days < 89 and (meant or spoken in thing.text):
                found.add((f"{thing.created_at:%Y-%m-%d %H:%M:%S}", kind))
    return found


@pytest.mark.parametrize(
    ("source", "practice_id", "spoken"),
    [
        ("reddit", "riverside-dental", "Riverside Dental"),
        ("reddit", "harbor-family-medicine", "Harbor Family Medicine"),
        ("discourse", "riverside-dental", "Riverside Dental"),
    ],
)
def test_everything_that_is_said_of_a_practice_is_found(
    source: str, practice_id: str, spoken: str, nights: tuple[DataDir, dict[tuple[str, int], int]]
) -> None:
    rows = read_table(nights[0].records(source, NIGHTS[0]), RECORDS)
    read_here = {
        (f"{row['created_at']:%Y-%m-%d %H:%M:%S}", row["kind"])
        for row in rows
        if row["practice_id"] == practice_id and row["kind"] in ("post", "comment")
    }
    truth = said_of(practice_id, source, spoken)
    assert truth
    assert truth <= read_here
    older = {when for when, _ in read_here - truth}
    assert all(when < f"{NIGHTS[0]:%Y-%m-%d}" for when in older)


@pytest.mark.parametrize(
    ("source", "practice_id", "spoken"),
    [
        ("reddit", "riverside-dental", "Riverside Dental"),
        ("reddit", "harbor-family-medicine", "Harbor Family Medicine"),
        ("discourse", "riverside-dental", "Riverside Dental"),
    ],
)
def test_who_asks_whom_to_go_to_is_read_above_the_answers_that_name_the_practice(
    source: str, practice_id: str, spoken: str, nights: tuple[DataDir, dict[tuple[str, int], int]]
) -> None:
    """What is judged of an opening stays, of its words nothing; and nothing is counted of it."""
    data, first = nights[0], pull_instant(NIGHTS[0])
    there = at(threads_of(practice_id, source, SEED), first)
    unnamed = [post for post in there if (first - post.created_at).days < 89 and spoken not in post.text]
    answered = {post.created_at: post for post in unnamed if any(spoken in c.text for c in post.comments)}
    rows = read_table(data.records(source, NIGHTS[0]), RECORDS)
    posts = [row for row in rows if row["practice_id"] == practice_id and row["kind"] == "post"]
    openings = {row["created_at"]: row["item_id"] for row in posts if row["matched"] is None}
    assert openings.keys() == answered.keys()
    assert not {row["parent_id"] for row in rows if row["kind"] == "metric"} & set(openings.values())
    score(source, NIGHTS[0], load_practices(data.root / "practices.toml"), data, say=lambda line: None)
    features = read_table(data.features(source, NIGHTS[0]), FEATURES)
    told = {row["item_id"]: row for row in features if row["kind"] == "post" and row["practice_id"] == practice_id}
    asks = {name for name in openings.values() if "asks_recommendation" in told[name]["acts"]}
    assert asks == {openings[at] for at, post in answered.items() if "anyone recommend" in post.text}
    assert asks
    assert not {"text", "title", "author_id", "author_name"} & set(FEATURES.names)


def test_the_own_blog_is_read_whole_with_its_comments(nights: tuple[DataDir, dict[tuple[str, int], int]]) -> None:
    rows = read_table(nights[0].records("feeds", NIGHTS[0]), RECORDS)
    own = [row for row in rows if row["practice_id"] == "riverside-dental"]
    there = at(posts_of("riverside-dental", "feeds", SEED), pull_instant(NIGHTS[0]))
    within = [post for post in there if (pull_instant(NIGHTS[0]) - post.created_at).days < 89]
    assert {row["item_id"] for row in own if row["kind"] == "post"} >= {str(post.number) for post in within}
    young = {str(p.number): len(p.comments) for p in there if (pull_instant(NIGHTS[0]) - p.created_at).days < 13}
    for number, count in young.items():
        assert sum(row["kind"] == "comment" and row["thread_id"] == number for row in own) == count
    assert any(row["by_practice"] for row in own if row["kind"] == "comment")


def test_the_towns_feed_gives_only_what_names_the_practice(
    nights: tuple[DataDir, dict[tuple[str, int], int]],
) -> None:
    rows = read_table(nights[0].records("feeds", NIGHTS[0]), RECORDS)
    others = [row for row in rows if row["practice_id"] == "harbor-family-medicine"]
    assert others
    assert all("Harbor Family Medicine" in row["text"] and row["matched"] == "name" for row in others)


@pytest.mark.parametrize("source", LISTENING)
def test_a_night_costs_no_more_than_the_head_says(
    source: str, nights: tuple[DataDir, dict[tuple[str, int], int]]
) -> None:
    cost = load_source(source).SOURCE.cost
    assert cost is not None
    practices = {"reddit": 2, "discourse": 1, "feeds": 2}[source]
    for number, night in enumerate(NIGHTS):
        swept = [row["complete"] for row in read_table(nights[0].completeness(source, night), COMPLETENESS)]
        most = cost.sweep_calls if any(swept) or number == 0 else cost.calls
        assert 0 < nights[1][source, number] <= most * practices


@pytest.mark.parametrize("source", ["reddit", "discourse"])
def test_the_first_night_and_the_first_of_a_month_list_everything(
    source: str, nights: tuple[DataDir, dict[tuple[str, int], int]]
) -> None:
    first = read_table(nights[0].completeness(source, NIGHTS[0]), COMPLETENESS)
    assert all(row["complete"] for row in first)


def test_a_wrong_key_is_refused_as_reddit_refuses(tmp_path: Path) -> None:
    import httpx

    with TownServer(build_town()) as server:
        path = f"{server.base_url}/reddit/api/info?id=t3_6"
        blocked = httpx.get(path, headers={"User-Agent": "Rapport/0.1"})
        assert (blocked.status_code, blocked.headers["content-type"]) == (403, "text/html")
        told = httpx.get(path, headers={"User-Agent": "x", "Authorization": "bearer wrong"})
        assert (told.status_code, told.json()["error"]) == (401, 401)
