"""Names that are compared: one search each, of which next to nothing is kept and on which nothing else rests."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from pipelines.landing import DataDir
from pipelines.practices import Practices
from pipelines.read import read
from pipelines.records import COMPLETENESS, FEATURES, RECORDS, read_table
from pipelines.score import score
from pipelines.sources import load_source
from pipelines.voice import MOST_FINDS, SEARCH_DAYS
from tests.sources import stand_in_bluesky, stand_in_mastodon, stand_in_reddit
from tests.sources.stand_in import NIGHT, Base, Request, pull, pulled

OTHERS = ["Hill Street Dental", "Elm Grove Dental"]
BOTH, OURS, HILL = (
    "In Springfield go to Riverside Dental or to Hill Street Dental!",
    "Riverside Dental in Springfield, always.",
    "Has anybody in Springfield tried Hill Street Dental?",
)
OF_NAMES = ("search", "naming")


def ago(days: float) -> dt.datetime:
    return dt.datetime.combine(NIGHT, dt.time(), tzinfo=dt.UTC) - dt.timedelta(days=days)


class Bluesky(stand_in_bluesky.StandIn):
    """A network whose search finds what holds the phrase."""

    def find(self, number: int, days: float, text: str, *, who: str = "did:plc:mira", hidden: bool = False) -> None:
        labels = [{"val": "!no-unauthenticated"}] if hidden else []
        said = stand_in_bluesky.post(f"f{number}", ago(days), who, record={"text": text})
        said["author"] = stand_in_bluesky.author(who, labels=labels)
        self.others.append(said)

    def answer(self, request: Request) -> Any:
        told = super().answer(request)
        if not request.path.endswith("searchPosts") or request.one("mentions"):
            return told
        since = request.one("since")
        found = [p for p in self.others if holds(request.one("q"), p["record"]["text"]) and p["indexedAt"] >= since]
        return self.page(request, "posts", found)


class Mastodon(stand_in_mastodon.StandIn):
    def find(
        self, number: int, days: float, text: str, *, who: str = "mira@else.example", hidden: bool = False
    ) -> None:
        is_own = who == stand_in_mastodon.OWN
        account = stand_in_mastodon.account() if is_own else stand_in_mastodon.account("5", who, noindex=hidden)
        said = stand_in_mastodon.status(2000 + number, ago(days), account=account, content=f"<p>{text}</p>")
        self.others.append(said)

    def answer(self, request: Request) -> Any:
        if not request.path.endswith("/v2/search"):
            return super().answer(request)
        start = int(request.one("offset", "0"))
        found = [status for status in self.others if holds(request.one("q"), status["content"])]
        return {"accounts": [], "hashtags": [], "statuses": found[start : start + self.page_size]}


class Reddit(stand_in_reddit.StandIn):
    def find(self, number: int, days: float, text: str, *, who: str = "Mira", hidden: bool = False) -> None:
        more = {"removed_by_category": "moderator"} if hidden else {}
        more |= {"subreddit": "portland"} if "Portland" in text else {}
        created = ago(days).timestamp()
        self.count += 1
        self.posts.append({"title": text, "author": who, "created_utc": created, **more})

    def answer(self, request: Request) -> Any:
        if not request.path.endswith("/search"):
            return super().answer(request)
        made = [self.post(number) for number in range(1, self.count + 1)]
        found = [item for item in made if holds(request.one("q"), item["data"]["title"])]
        start = int(request.one("after", "0"))
        after = str(start + self.page_size) if start + self.page_size < len(found) else None
        return stand_in_reddit.listed(found[start : start + self.page_size], after)


Platform = Bluesky | Mastodon | Reddit
OWN = {"bluesky": stand_in_bluesky.OWN, "mastodon": stand_in_mastodon.OWN, "reddit": "riverside"}


def holds(phrase: str, text: str) -> bool:
    return phrase.startswith('"') and phrase.strip('"') in text


@pytest.fixture(params=[Bluesky, Mastodon, Reddit], ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> type[Platform]:
    """The platform, where the practice has a town, an account and somebody in its team, and nobody is compared."""
    found: type[Platform] = request.param
    more = {"town": "Springfield", "team_accounts": ["@lena", "did:plc:lena"]}
    block = found.block | ({"account": "riverside"} if found.name == "reddit" else {})
    return type(found.__name__, (found,), {"more": more, "block": block})


@pytest.fixture
def comparing(kind: type[Platform]) -> type[Platform]:
    return type(kind.__name__, (kind,), {"more": {**kind.more, "compare_with": OTHERS}})


def speaking(kind: type[Platform], page_size: int | None = None) -> Platform:
    """Return a platform on which strangers name both practices, one of them, and the practice's own people do."""
    platform = kind(0, page_size)
    platform.find(1, 1, BOTH)
    platform.find(2, 2, HILL)
    platform.find(3, 3, OURS)
    platform.find(4, 4, HILL, who="lena" if kind.name != "bluesky" else "did:plc:lena")
    platform.find(5, 5, BOTH, who=OWN[kind.name])
    platform.find(6, 6, HILL, hidden=True)
    platform.find(7, 7, "North Hill Street Dental in Springfield is another.")
    platform.find(8, 8, "Hill Street Dental in Portland is another, too.")
    platform.find(9, 100, HILL)
    return platform


def told(data: DataDir, platform: Base, night: dt.date = NIGHT) -> list[dict[str, Any]]:
    read(platform.name, night, platform.practices(), data, say=lambda _: None)
    return read_table(data.records(platform.name, night), RECORDS)


def searches(platform: Platform) -> list[dict[str, list[str]]]:
    """Return what the searches for a name were asked, in their order."""
    asked = [request.query for request in platform.asked if request.path.endswith(("/search", "searchPosts"))]
    return [query for query in asked if query["q"][0].startswith('"')]


def test_each_name_is_searched_for_in_the_same_way(comparing: type[Platform], data: DataDir) -> None:
    platform = speaking(comparing)
    receipt = pulled(data, platform)
    asked = searches(platform)[-len(OTHERS) - 1 :] if comparing.name != "mastodon" else searches(platform)[-6:]
    phrases = list(dict.fromkeys(query["q"][0] for query in asked))
    assert phrases == ['"Riverside Dental"', '"Hill Street Dental"', '"Elm Grove Dental"']
    assert len({json.dumps({**query, "q": "", "offset": ""}) for query in asked}) == 1
    assert json.loads(receipt.keep["compared"]) == {
        "practice": "whole",
        "hill street dental": "whole",
        "elm grove dental": "whole",
    }


def test_a_post_counts_for_each_name_that_falls_in_it(comparing: type[Platform], data: DataDir) -> None:
    rows = told(data, _pulled(comparing, data))
    named = sorted((row["created_at"], row["matched"]) for row in rows if row["kind"] == "naming")
    assert named == [
        (ago(100), "hill street dental"),
        (ago(3), "practice"),
        (ago(2), "hill street dental"),
        (ago(1), "hill street dental"),
        (ago(1), "practice"),
    ]
    went = {row["item_id"]: (row["state"], row["day"]) for row in rows if row["kind"] == "search"}
    reaches = NIGHT - dt.timedelta(days=SEARCH_DAYS - 1)
    assert went == dict.fromkeys(("practice", "hill street dental", "elm grove dental"), ("whole", reaches))


def test_no_words_no_author_and_no_address_are_kept(comparing: type[Platform], data: DataDir) -> None:
    """Not even a pseudonym, on platforms whose terms allow one."""
    platform = _pulled(comparing, data)
    kept = [row for row in told(data, platform) if row["kind"] == "naming"]
    assert {name for row in kept for name, value in row.items() if value} == {
        *("kind", "source", "site", "night", "practice_id", "item_id", "parent_id", "created_at", "matched"),
        *("rating_min", "rating_max", "page", "position"),
    }
    assert all(set(row["parent_id"]) <= set("0123456789abcdef") for row in kept)
    assert {row["item_id"] for row in kept} == {f"{row['parent_id']}/{row['matched']}" for row in kept}
    score(platform.name, NIGHT, platform.practices(), data, say=lambda _: None)
    features = [row for row in read_table(data.features(platform.name, NIGHT), FEATURES) if row["kind"] == "naming"]
    assert len(features) == len(kept)
    assert {name for row in features for name, value in row.items() if value} == {
        *("kind", "source", "site", "night", "practice_id", "item_id", "parent_id", "created_at", "created_local"),
        *("voice", "matched", "page", "position", "model_id"),
    }


def test_nothing_else_is_read_otherwise(kind: type[Platform], comparing: type[Platform], tmp_path_factory: Any) -> None:
    found = []
    for each in (kind, comparing):
        data = DataDir(tmp_path_factory.mktemp("data"))
        platform = _pulled(each, data)
        rows = told(data, platform)
        assert any(row["kind"] in OF_NAMES for row in rows) == (each is comparing)
        receipt = data.receipts(platform.name, NIGHT)[0]
        keep = {name: text for name, text in receipt.keep.items() if name != "compared"}
        about = {name: text for name, text in receipt.about.items() if name != "compared"}
        pages = [page for page in receipt.pages if "compared" not in page]
        others = [row for row in rows if row["kind"] not in OF_NAMES]
        visits = read_table(data.completeness(platform.name, NIGHT), COMPLETENESS)
        found.append((others, visits, keep, about, pages, receipt.complete, receipt.newest, receipt.why))
    assert found[0] == found[1]
    assert found[0][0]


def test_nobody_is_searched_for_unless_somebody_is_named(kind: type[Platform], data: DataDir) -> None:
    platform = speaking(kind)
    receipt = pulled(data, platform)
    assert {query["q"][0] for query in searches(platform)} == {'"Riverside Dental"'}
    assert "compared" not in receipt.about.keys() | receipt.keep.keys()
    assert not any("compared" in page for page in receipt.pages)


def test_of_a_name_that_is_everywhere_no_more_is_asked_for(comparing: type[Platform], data: DataDir) -> None:
    platform = comparing(0)
    for number in range(MOST_FINDS + 150):
        platform.find(number, 1 + number / 100, HILL)
    receipt = pulled(data, platform)
    assert json.loads(receipt.keep["compared"])["hill street dental"] == "truncated"
    asked = [query for query in searches(platform) if query["q"] == ['"Hill Street Dental"']]
    assert len(asked) == MOST_FINDS // comparing.largest_page
    states = {row["item_id"]: row["state"] for row in told(data, platform) if row["kind"] == "search"}
    assert states == {"practice": "whole", "hill street dental": "truncated", "elm grove dental": "whole"}


def test_a_search_goes_back_no_further_than_it_says(comparing: type[Platform], data: DataDir) -> None:
    platform = comparing(0, 40)
    for number in range(100):
        platform.find(number, 50.5 + number, HILL)
    pull(data, platform)
    days = [row["created_at"] for row in told(data, platform) if row["kind"] == "naming"]
    assert len([moment for moment in days if moment >= ago(SEARCH_DAYS)]) == 75
    asked = [query for query in searches(platform) if query["q"] == ['"Hill Street Dental"']]
    assert len(asked) == 2, "the second page is past it"


def test_a_search_that_fails_fails_nothing_else(comparing: type[Platform], data: DataDir) -> None:
    class Failing(comparing):  # type: ignore[misc, valid-type]
        def answer(self, request: Request) -> Any:
            return (500, {}, b"") if "Hill" in request.one("q") else super().answer(request)

    platform = speaking(Failing)
    receipt = pulled(data, platform)
    assert (receipt.status, receipt.complete, receipt.why) == ("ok", True, "")
    states = {row["item_id"]: row["state"] for row in told(data, platform) if row["kind"] == "search"}
    assert states == {"practice": "whole", "hill street dental": "failed", "elm grove dental": "whole"}


def test_no_other_platform_is_told_of_names_to_compare(data: DataDir) -> None:
    """X is searched for an account, which costs money; forums and feeds are read for what means the practice."""
    practice: dict[str, Any] = {"id": "riverside", "name": "Riverside Dental", "compare_with": OTHERS}
    practice |= {
        "x": {"user": "1", "handle": "riverside"},
        "discourse": [{"forum": "https://talk.example"}],
        "feeds": [{"url": "https://blog.example/feed"}],
        "facebook": {"page": "123"},
    }
    practices = Practices.model_validate({"practice": [practice]})
    for name in ("x", "discourse", "feeds", "facebook"):
        [planned] = load_source(name).visits(practices, data.exports)
        assert "Hill" not in json.dumps(planned.about)


def _pulled(kind: type[Platform], data: DataDir) -> Platform:
    platform = speaking(kind)
    pull(data, platform)
    return platform
