"""Forgetting: what somebody asked us to forget is gone from every file, no night brings it back, nothing else goes."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
import zstandard
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pipelines import build as building
from pipelines.__main__ import rapport
from pipelines.demo.mailbox import Mailbox
from pipelines.demo.server import TownServer
from pipelines.demo.town import MONTH, NIGHTS, build_town
from pipelines.errors import BadPractices, NotReady, UnknownName
from pipelines.fetch import fetch
from pipelines.forget import Wanted, forget
from pipelines.forgotten import WRITTEN, Forgotten, Request, Requests, nobody_forgets, nothing_is_read
from pipelines.gate import night_verdict
from pipelines.kept import KnownPost, as_days, as_text, days, known_posts, without
from pipelines.landing import DataDir, Visit, write_bytes
from pipelines.ledger import Key, Ledger
from pipelines.pdf import standing_manifest
from pipelines.periods import month_name
from pipelines.practices import HandledPrivately, Practice, Practices, load_practices
from pipelines.read import read, read_left_out
from pipelines.records import COMPLETENESS, FEATURES, RECORDS, Record, SetAside, read_table
from pipelines.remake import Outcome
from pipelines.score import score
from pipelines.settings import Settings
from pipelines.sources import google_business, load_source
from pipelines.text.author import AuthorKeys, load_secret
from pipelines.urgent import Causes
from pipelines.warehouse import export, open_warehouse, table_hashes, warehouse_hash
from tests.histories import Row, built_at, feature, write_night
from tests.replay import all_compiled, outcomes_of, rebuild
from tests.test_killed import READ, World
from tests.touched_town import SITES, TALK, Town, grown

GOOGLE = "google_business"
TODAY = dt.date(2026, 11, 3)
MONTH_NAME = month_name(MONTH)
PRACTICE = "riverside-dental"


def quiet(_: str) -> None:
    """Say nothing."""


# --- A real town: pages, records, features, a warehouse and reports, by the command line ---------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("forget")
    with TownServer(build_town(), patient=True) as server, Mailbox(folder / "mailbox") as mailbox:
        server.set_night(NIGHTS[1])
        yield World(folder, server, mailbox)


@pytest.fixture
def configured(world: World, monkeypatch: pytest.MonkeyPatch) -> Practices:
    """The practices of the town, in this process too."""
    for name, value in world.environment(world.folder).items():
        if name.startswith("RAPPORT_"):
            monkeypatch.setenv(name, value)
    return load_practices(world.practices)


class Canary(msgspec.Struct, frozen=True):
    """A review that nothing else is like: its id, its words and who wrote it."""

    item_id: str
    words: tuple[str, ...]


def canary(data: DataDir, source: str = GOOGLE, *, answered: bool = True) -> Canary:
    """Choose a review of last month that has words of its own, and an answer."""
    night = NIGHTS[1]
    rows = read_table(data.records(source, night), RECORDS)
    replies = {row["parent_id"] for row in rows if row["kind"] == "reply"}
    names = [row["author_name"] for row in rows]
    texts = [row["text"] or "" for row in rows]
    for row in rows:
        text = row["text"] or ""
        if (
            row["kind"] == "review"
            and row["practice_id"] == PRACTICE
            and len(text) > 60
            and text.isascii()
            and '"' not in text
            and "\n" not in text
            and sum(text in other for other in texts) == 1
            and row["author_name"]
            and names.count(row["author_name"]) == 1
            and sum(row["author_name"] in other for other in texts) == 0
            and (not answered or row["item_id"] in replies)
        ):
            return Canary(row["item_id"], (text, row["author_name"], row["item_id"]))
    raise AssertionError("the town has no such review")


def holding(root: Path, words: tuple[str, ...]) -> list[str]:
    """Return the files below a folder in which any of the words stand, however the file is packed."""
    found = []
    for path in sorted(each for each in root.rglob("*") if each.is_file()):
        body = path.read_bytes()
        if path.suffix == ".zst":
            body += zstandard.ZstdDecompressor().stream_reader(body).read()
        if path.suffix == ".parquet":
            body += json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False).encode()
        if path.suffix == ".duckdb":
            folder = root.parent / "exported"
            body += b"".join(table.read_bytes() for table in export(path, folder))
            shutil.rmtree(folder)
        if any(word.encode() in body for word in words):
            found.append(path.relative_to(root).as_posix())
    return found


def copied(root: Path, folder: Path) -> DataDir:
    shutil.copytree(root, folder)
    return DataDir(folder)


def never_there(world: World, configured: Practices, folder: Path, item: str) -> DataDir:
    """Return the data of a town whose pages are read as if the item had never stood on them."""
    data = copied(world.after("fetch"), folder)
    honest = google_business.read

    def blind(page: Any, practices: Practices) -> Iterator[Record | SetAside]:
        for each in honest(page, practices):
            if not isinstance(each, Record) or item not in (each.item_id, each.parent_id):
                yield each

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(google_business, "read", blind)
        for source in (GOOGLE, "owner_export"):
            read(source, NIGHTS[1], configured, data, say=quiet)
            score(source, NIGHTS[1], configured, data, say=quiet)
    building.build(data, configured, None, quiet)
    return data


def words_of(item: str) -> list[str]:
    return ["forget", "--source", GOOGLE, "--item", item, "--practice", PRACTICE]


def test_nothing_of_it_is_left_and_everything_else_is_as_if_it_had_never_been(
    world: World, configured: Practices, tmp_path: Path
) -> None:
    data = copied(world.after("render"), tmp_path / "data")
    chosen = canary(data)
    before = holding(data.root, chosen.words)
    assert {path.split("/")[0] for path in before} >= {"pages", "records", "features", "build", "warehouse.duckdb"}
    wanted = never_there(world, configured, tmp_path / "never", chosen.item_id)
    stood = data.manifest(MONTH_NAME, PRACTICE).read_bytes()
    other = data.manifest(MONTH_NAME, "gesher-dental").read_bytes()

    world.run(data.root, words_of(chosen.item_id))

    assert holding(data.root, chosen.words) == []
    for stage in ("features", "completeness"):
        for path in (wanted.root / stage).rglob("*.parquet"):
            assert (data.root / path.relative_to(wanted.root)).read_bytes() == path.read_bytes(), path
    assert warehouse_hash(data.warehouse) == warehouse_hash(wanted.warehouse)
    # The unsent report is made again, of the new warehouse; the neighbour's is not touched.
    manifest = standing_manifest(data.report(MONTH_NAME, PRACTICE), data.manifest(MONTH_NAME, PRACTICE))
    assert manifest is not None
    assert data.manifest(MONTH_NAME, PRACTICE).read_bytes() != stood
    with open_warehouse(data) as connection:
        assert (manifest["made_from"]["warehouse_inputs_id"],) == connection.execute(
            "select inputs_id from reports.build_info"
        ).fetchone()
    assert data.manifest(MONTH_NAME, "gesher-dental").read_bytes() == other
    # Once more changes nothing.
    log = tmp_path / "files"
    shutil.copytree(data.root, log)
    world.run(data.root, words_of(chosen.item_id))
    held = {path.relative_to(data.root): path.read_bytes() for path in data.root.rglob("*") if path.is_file()}
    assert held == {path.relative_to(log): path.read_bytes() for path in log.rglob("*") if path.is_file()}


def test_killed_at_each_stage_and_run_again_it_ends_the_same(
    world: World, configured: Practices, tmp_path: Path
) -> None:
    start = world.after("render")
    chosen = canary(DataDir(start))
    whole = copied(start, tmp_path / "whole")
    (whole.root / READ).parent.mkdir(parents=True, exist_ok=True)
    changes = world.run(whole.root, words_of(chosen.item_id))
    wanted = warehouse_hash(whole.warehouse)
    old = warehouse_hash(DataDir(start).warehouse)
    assert wanted != old
    points = 14
    assert changes > points
    for point in sorted({1 + (changes - 1) * step // (points - 1) for step in range(points)}):
        data = copied(start, tmp_path / str(point))
        assert world.run(data.root, words_of(chosen.item_id), kill_at=point) == -1, f"not killed at change {point}"
        # What readers see is one whole warehouse or the other.
        assert warehouse_hash(data.warehouse) in (old, wanted)
        world.run(data.root, words_of(chosen.item_id))
        assert holding(data.root, chosen.words) == [], f"killed at change {point} of {changes}"
        assert warehouse_hash(data.warehouse) == wanted, f"killed at change {point} of {changes}"
        assert standing_manifest(data.report(MONTH_NAME, PRACTICE), data.manifest(MONTH_NAME, PRACTICE)) is not None
        assert Requests(data).unfinished() == []
        assert Requests(data).queued("") == []
        shutil.rmtree(data.root)


def test_a_later_night_that_still_sees_it_leaves_it_out_and_says_so(
    world: World, configured: Practices, tmp_path: Path
) -> None:
    data = copied(world.after("render"), tmp_path / "data")
    chosen = canary(data)
    world.run(data.root, words_of(chosen.item_id))
    here = Settings(data_dir=data.root, practices_file=world.practices)
    night = NIGHTS[2]
    said: list[str] = []
    # Without the receipts of before it is a sweep, which lists everything.
    shutil.rmtree(data.pages(GOOGLE, NIGHTS[1]) / PRACTICE)
    world.server.set_night(night)
    try:
        one = configured.model_copy(update={"practice": tuple(p for p in configured.practice if p.id == PRACTICE)})
        fetch(GOOGLE, night, one, data, settings_of(world, here), say=quiet)
    finally:
        world.server.set_night(NIGHTS[1])
    assert holding(data.root, chosen.words), "the platform still shows it"
    result = read(GOOGLE, night, one, data, say=said.append)
    # The review and its answer.
    assert result.forgotten == 2
    assert "2 left out because somebody asked to be forgotten" in said[-1]
    assert holding(data.root, chosen.words) == []
    first = {stage: (data.root / stage / GOOGLE / f"{night}.parquet").read_bytes() for stage in STAGES[:2]}
    [counted] = read_table(data.completeness(GOOGLE, night), COMPLETENESS)
    rows = read_table(data.records(GOOGLE, night), RECORDS)
    assert counted["fetched"] == sum(row["kind"] == "review" for row in rows)
    assert counted["complete"], "what is left out on request is not missing"
    shutil.rmtree(data.exports)
    verdict = night_verdict(night, google_only(one), data)
    assert f"{GOOGLE}, {PRACTICE}: 2 left out because somebody asked to be forgotten" in verdict
    # Read again, as when its box is cleared: the page is gone, and what was made of it stands.
    again = read(GOOGLE, night, one, data, say=quiet)
    assert (again.records, again.forgotten) == (result.records, 2)
    assert {stage: (data.root / stage / GOOGLE / f"{night}.parquet").read_bytes() for stage in STAGES[:2]} == first
    score(GOOGLE, night, one, data, say=quiet)
    building.build(data, one, None, quiet)
    assert holding(data.root, chosen.words) == []


STAGES = ("records", "completeness", "features")


def google_only(practices: Practices) -> Practices:
    """Return the same practices on no other platform."""
    fields = {"id", "name", "time_zone", "google_business"}
    return Practices(
        practice=tuple(Practice(**{name: getattr(one, name) for name in fields}) for one in practices.practice)
    )


def settings_of(world: World, base: Settings) -> Settings:
    return base.model_copy(update={"addresses": world.server.addresses(), "per_minute": {GOOGLE: 60000}})


def test_what_was_sent_stays_and_what_waits_for_a_mail_does_not(
    world: World, configured: Practices, tmp_path: Path
) -> None:
    data = copied(world.after("send"), tmp_path / "data")
    chosen = canary(data)
    here = Settings(data_dir=data.root, practices_file=world.practices)
    sent = {path: path.read_bytes() for path in data.report(MONTH_NAME, PRACTICE).parent.glob(f"{PRACTICE}.*")}
    assert len(sent) == 3
    ledger = Ledger(data.ledger)
    [row] = [row for row in ledger.rows(MONTH_NAME) if row.practice_id == PRACTICE][:1]
    write_bytes(data.linked(row.identity), b"%PDF what was sent")
    # The month before was made and never sent; of one mail the link was put and the server did not take it.
    for path in sent:
        write_bytes(data.root / "reports" / "2026-09" / path.name, path.read_bytes())
    key = Key(PRACTICE, "2026-09", 1, row.recipient)
    failed = ledger.plan(key, "0" * 64, "2026-10-02T07:00:00")
    ledger.mark(key, "failed", "2026-10-02T07:00:00", why="refused")
    write_bytes(data.linked(failed.identity), b"%PDF what was not sent")
    told = {"class": "ALERT_safety", "source": GOOGLE, "site": "google", "url": None, "month": MONTH_NAME}
    Causes(data.urgent).note(
        [told | {"practice_id": PRACTICE, "item_id": item} for item in (chosen.item_id, "another")], NIGHTS[1]
    )
    said: list[str] = []
    wanted = Wanted(source=GOOGLE, item=chosen.item_id)
    removed = {one.place: one.removed for one in forget(wanted, configured, data, here, TODAY, say=said.append)}
    assert {path: path.read_bytes() for path in sent} == sent
    assert "1 reports that were sent stay: they hold no words and no names of anybody who wrote" in said
    assert (data.linked(row.identity).is_file(), data.linked(failed.identity).is_file()) == (True, False)
    assert [cause.item_id for cause in Causes(data.urgent).all()] == ["another"]
    assert holding(data.root, chosen.words) == []
    assert removed["unsent reports withdrawn"] == removed["reports made again"] == 1
    assert removed["linked reports not sent"] == removed["urgent causes"] == 1
    assert standing_manifest(data.report("2026-09", PRACTICE), data.manifest("2026-09", PRACTICE)) is not None
    # Neither lines nor numbers tell whose words they were.
    assert not [word for word in chosen.words for line in said if word in line]


def test_a_first_look_holds_nothing_of_it_either(world: World, configured: Practices, tmp_path: Path) -> None:
    data = copied(world.after("build"), tmp_path / "data")
    chosen = canary(data)
    known, unknown = (data.first_look(name) for name in (PRACTICE, "left-us"))
    for place in (known, unknown):
        for stage in ("pages", *STAGES):
            shutil.copytree(data.root / stage / GOOGLE, place.root / stage / GOOGLE)
        (place.root / READ.parent).mkdir(parents=True)
        shutil.copy(data.root / READ, place.root / READ)
    building.build(known, configured.alone(PRACTICE), None, quiet)
    shutil.copy(known.warehouse, unknown.warehouse)
    write_bytes(unknown.report(MONTH_NAME, "left-us"), b"%PDF")
    for path in (known.report(MONTH_NAME, PRACTICE), known.twin(MONTH_NAME, PRACTICE)):
        write_bytes(path, b"made of it")
    here = Settings(data_dir=data.root, practices_file=world.practices)
    wanted = Wanted(source=GOOGLE, item=chosen.item_id)
    removed = {one.place: one.removed for one in forget(wanted, configured, data, here, TODAY, say=quiet)}
    assert holding(data.root, chosen.words) == []
    assert standing_manifest(known.report(MONTH_NAME, PRACTICE), known.manifest(MONTH_NAME, PRACTICE)) is not None
    assert known.warehouse.is_file()
    assert not unknown.warehouse.exists()
    assert not unknown.report(MONTH_NAME, "left-us").exists()
    assert removed["first looks taken down"] == 1
    assert data.features(GOOGLE, NIGHTS[1]).is_file()


# --- A file of an owner: everything by an author, what is alike, what cannot be asked ------------------------------

OWNER = "owner_export"
FIRST = dt.date(2026, 10, 1)
HEAD = "date,rating,text,author,id,url,reply"
COLUMNS = {"date": "date", "rating": "rating", "text": "text", "author": "author", "id": "id", "url": "url"}
OAK = Practices.model_validate(
    {
        "practice": [{"id": "oak", "name": "Oak", "time_zone": "America/Chicago"}, {"id": "elm", "name": "Elm"}],
        "export": [
            {"files": "*.csv", "site": "survey", "practice": "oak", "columns": COLUMNS | {"reply_text": "reply"}}
        ],
    }
)
LINES = (
    "2026-09-01,5,The canary waited fifty minutes in the waiting room,Anna Canary,1,https://survey.example/1,",
    "2026-09-02,4,Everybody was very kind and nothing hurt at all,Bert,2,https://survey.example/2,Thank you all",
    "2026-09-03,1,The canary waited fifty minutes in the waiting room,Anna Canary,3,https://survey.example/all,Sorry",
    "2026-09-04,2,It was a long way to come for a short visit,Cleo,4,https://survey.example/all,",
)


def night_of(data: DataDir, night: dt.date, *lines: str, name: str = "reviews.csv") -> None:
    """Let a night find a file with these lines, and read and score it."""
    write_bytes(data.exports / name, "\n".join([HEAD, *lines, ""]).encode())
    fetch(OWNER, night, OAK, data, Settings(), say=quiet)
    read(OWNER, night, OAK, data, say=quiet)
    score(OWNER, night, OAK, data, say=quiet)


def ids_of(data: DataDir, night: dt.date = FIRST) -> dict[str, dict[str, Any]]:
    """Return the features of a night's reviews by the end of their line's link, or by their stars."""
    rows = read_table(data.features(OWNER, night), FEATURES)
    return {str(row["stars"]): row for row in rows if row["kind"] == "review"}


def remove(data: DataDir, practices: Practices = OAK, **wanted: str) -> dict[str, int]:
    removed = forget(Wanted(**wanted), practices, data, Settings(), TODAY, say=quiet)
    return {one.place: one.removed for one in removed if one.removed}


def author_of(data: DataDir, name: str, year: int = 2026) -> str:
    policy = load_source(OWNER).SOURCE.policy
    keys = AuthorKeys(load_secret(data.secrets / "author_secret"), OWNER, policy, {"oak": OAK.get("oak")})
    return str(keys.of("oak", "survey", name, dt.datetime(year, 6, 1, tzinfo=dt.UTC)))


def test_everything_by_an_author_goes_and_what_the_same_account_wrote_that_year_does_not_come_back(
    data: DataDir,
) -> None:
    night_of(data, FIRST, *LINES)
    assert holding(data.root, ("Anna Canary", "canary waited"))
    assert remove(data, author_key=author_of(data, "Anna Canary")) == {
        "raw pages": 1,
        "files in exports/": 1,
        # Two reviews, and the answer to one of them.
        "rows of records": 3,
        "rows of features": 3,
        "counts of a night": 1,
    }
    assert holding(data.root, ("Anna Canary", "canary waited")) == []
    assert set(ids_of(data)) == {"4", "2"}
    # Another file has a third one of that year, one of the next year, and an answer to somebody else.
    lines = (
        "2026-09-20,3,The canary came back and waited once more for very long,Anna Canary,5,https://survey.example/5,",
        "2026-09-21,4,Quick and gentle and never a word too many,Dora,6,https://survey.example/6,Thank you",
    )
    night_of(data, FIRST + dt.timedelta(days=1), *lines, name="more.csv")
    assert holding(data.root, ("Anna Canary", "canary came")) == []
    assert set(ids_of(data, FIRST + dt.timedelta(days=1))) == {"4"}
    [told] = read_left_out(data, OWNER, FIRST + dt.timedelta(days=1))
    assert (told.practice_id, told.site, told.records) == ("oak", "survey", 1)


def test_the_owner_s_other_reviews_stand_and_can_be_scored_again(data: DataDir) -> None:
    night_of(data, FIRST, *LINES)
    chosen = ids_of(data)["5"]["item_id"]
    remove(data, source=OWNER, item=chosen)
    before = {stage: (data.root / stage / OWNER / f"{FIRST}.parquet").read_bytes() for stage in STAGES}
    read(OWNER, FIRST, OAK, data, say=quiet)
    score(OWNER, FIRST, OAK, data, say=quiet)
    assert {stage: (data.root / stage / OWNER / f"{FIRST}.parquet").read_bytes() for stage in STAGES} == before
    assert set(ids_of(data)) == {"4", "2", "1"}


def test_a_text_that_was_alike_only_to_what_is_gone_is_no_template(data: DataDir) -> None:
    same = "Thank you for your feedback. Please call our office."
    night_of(data, FIRST, LINES[0] + same, LINES[3] + same, LINES[1])
    generic = {row["parent_id"]: row["generic"] for row in read_table(data.features(OWNER, FIRST), FEATURES)}
    one, other = (ids_of(data)[stars]["item_id"] for stars in ("5", "2"))
    assert generic[one] is generic[other] is True
    remove(data, source=OWNER, item=one)
    generic = {row["parent_id"]: row["generic"] for row in read_table(data.features(OWNER, FIRST), FEATURES)}
    assert one not in generic
    assert generic[other] is False


def test_where_texts_have_expired_the_features_are_what_is_left_to_be_removed(data: DataDir) -> None:
    night_of(data, FIRST, *LINES)
    chosen = ids_of(data)["5"]
    data.records(OWNER, FIRST).unlink()
    shutil.rmtree(data.exports)
    [page] = data.pages(OWNER, FIRST).glob("*/*.zst")
    page.unlink()
    kept = [row for row in read_table(data.features(OWNER, FIRST), FEATURES) if row != chosen]
    assert remove(data, source=OWNER, item=chosen["item_id"]) == {"rows of features": 1, "counts of a night": 1}
    assert read_table(data.features(OWNER, FIRST), FEATURES) == kept
    [counted] = read_table(data.completeness(OWNER, FIRST), COMPLETENESS)
    assert counted["fetched"] == 3


def test_a_link_is_as_good_as_an_id_where_it_means_one_item(data: DataDir) -> None:
    night_of(data, FIRST, *LINES)
    with pytest.raises(UnknownName, match="this link is that of 2 items"):
        remove(data, source=OWNER, item="https://survey.example/all")
    assert set(ids_of(data)) == {"5", "4", "1", "2"}
    remove(data, source=OWNER, item="https://survey.example/1")
    assert set(ids_of(data)) == {"4", "1", "2"}
    # The same again, by its link or its id, is known.
    assert remove(data, source=OWNER, item="https://survey.example/1") == {}


def test_what_stands_in_the_way_is_said_and_nothing_is_removed(data: DataDir) -> None:
    night_of(data, FIRST, *LINES)
    chosen = ids_of(data)["5"]["item_id"]

    def files() -> dict[Path, bytes]:
        stages = ("pages", "exports", *STAGES)
        return {path: path.read_bytes() for name in stages for path in (data.root / name).rglob("*") if path.is_file()}

    before = files()
    with pytest.raises(UnknownName, match="there is no source 'gogle'"):
        remove(data, source="gogle", item=chosen)
    with pytest.raises(UnknownName, match="there is no practice 'ok'"):
        remove(data, source=OWNER, item=chosen, practice_id="ok")
    with pytest.raises(UnknownName, match="nothing of it is kept") as refused:
        remove(data, source=OWNER, item="Anna Canary")
    assert "Canary" not in str(refused.value)
    for nothing in ({"source": GOOGLE, "item": chosen}, {"source": OWNER, "item": chosen, "practice_id": "elm"}):
        with pytest.raises(UnknownName, match="nothing of it is kept"):
            remove(data, **nothing)
    with pytest.raises(UnknownName, match="nothing of it is kept"):
        remove(data, source=OWNER, item="total")
    # The practice's own account has a key, too, and everything of it is not an author's request.
    for key in ("practice", "0123456789ABCDEF", "0" * 15):
        with pytest.raises(UnknownName, match="no author's key"):
            remove(data, author_key=key)
    with pytest.raises(UnknownName, match="nothing of it is kept"):
        remove(data, author_key="0" * 16)
    for name in (chosen, "https://survey.example/1"):
        marked = OAK.get("oak").model_copy(
            update={"handled_privately": (HandledPrivately(item=name, on=dt.date(2026, 9, 9)),)}
        )
        with pytest.raises(BadPractices, match="block 1 of handled_privately names it"):
            remove(data, OAK.model_copy(update={"practice": (marked,)}), source=OWNER, item=chosen)
    with nobody_forgets(data), pytest.raises(NotReady, match="a night is being read or scored"):
        remove(data, source=OWNER, item=chosen)
    with nothing_is_read(data), pytest.raises(NotReady, match="a night is being read or scored"):
        remove(data, source=OWNER, item=chosen)
    second = FIRST + dt.timedelta(days=1)
    write_bytes(data.exports / "second.csv", "\n".join([HEAD, LINES[0], ""]).encode())
    fetch(OWNER, second, OAK, data, Settings(), say=quiet)
    assert before.items() <= files().items()
    before = files()
    with pytest.raises(NotReady, match="the night of 2026-10-02 was pulled and is not read yet"):
        remove(data, source=OWNER, item=chosen)
    assert files() == before
    # Reading it leaves it out already, and then it can go.
    read(OWNER, second, OAK, data, say=quiet)
    assert read_table(data.records(OWNER, second), RECORDS) == []
    score(OWNER, second, OAK, data, say=quiet)
    remove(data, source=OWNER, item=chosen)
    assert set(ids_of(data)) == {"4", "1", "2"}


def test_the_command_says_how_much_was_removed_from_where_and_nothing_of_what_it_was(
    data: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night_of(data, FIRST, *LINES)
    chosen = ids_of(data)["5"]["item_id"]
    held = tmp_path / "practices.toml"
    columns = ", ".join(f'{name} = "{column}"' for name, column in (COLUMNS | {"reply_text": "reply"}).items())
    held.write_text(
        '[[practice]]\nid = "oak"\nname = "Oak"\ntime_zone = "America/Chicago"\n'
        f'[[export]]\nfiles = "*.csv"\nsite = "survey"\npractice = "oak"\ncolumns = {{ {columns} }}\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("RAPPORT_DATA_DIR", str(data.root))
    monkeypatch.setenv("RAPPORT_PRACTICES_FILE", str(held))

    def run(*words: str) -> Any:
        return CliRunner().invoke(rapport, ["forget", *words])

    for words in (
        (),
        ("--source", OWNER),
        ("--item", chosen),
        ("--source", OWNER, "--item", chosen, "--author-key", "0" * 16),
    ):
        answer = run(*words)
        assert (answer.exit_code, "Give either --source and --item, or --author-key." in answer.stderr) == (2, True)
    answer = run("--source", OWNER, "--item", "Anna Canary")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("rapport: forget owner_export: nothing of it is kept. Give the item's id or link")
    answer = run("--source", OWNER, "--item", chosen, "--json")
    assert answer.exit_code == 0
    assert [json.loads(line) for line in answer.stdout.splitlines()] == [
        {"place": "raw pages", "removed": 1},
        {"place": "files in exports/", "removed": 1},
        {"place": "rows of records", "removed": 1},
        {"place": "rows of features", "removed": 1},
        {"place": "counts of a night", "removed": 1},
    ]
    again = run("--source", OWNER, "--item", chosen)
    assert again.exit_code == 0
    assert "it is forgotten since " in again.stderr
    for word in ("Anna", "canary", chosen):
        assert word not in answer.output + again.output
    assert "Example: rapport forget" in run("--help").stdout


def test_records_that_were_read_before_somebody_asked_are_not_scored(data: DataDir) -> None:
    night_of(data, FIRST, *LINES)
    rows = ids_of(data)
    asked = Requests(data)
    asked.add([asked.item(OWNER, rows["1"]["item_id"])], TODAY)
    said: list[str] = []
    # The review and its answer.
    assert score(OWNER, FIRST, OAK, data, say=said.append) == 4
    assert said[0] == "  2 records are left out, because somebody asked to be forgotten"
    assert set(ids_of(data)) == {"5", "4", "2"}


def test_what_answers_an_answer_is_left_out_on_the_night_that_shows_only_itself(data: DataDir) -> None:
    asked, source = Requests(data), load_source(TALK).SOURCE
    asked.add([asked.item(TALK, "a-first-post", "oak")], TODAY)

    def comment(item: str, parent: str, practice: str = "oak", **more: Any) -> Row:
        return feature("comment", TALK, SITES[TALK], FIRST, practice, item, parent_id=parent, **more)

    second, third, fourth = comment("second", "a-first-post"), comment("third", "second"), comment("fourth", "third")
    elsewhere = comment("fifth", "a-first-post", practice="elm")
    held = Forgotten(data, source, OAK)
    assert held.left_out([third, elsewhere, second]) == {0, 2}
    assert held.left_out([fourth]) == set()
    held.remember_below([second, third], FIRST)
    again = Forgotten(data, source, OAK)
    assert again.left_out([elsewhere, fourth, comment("sixth", "other", thread_id="second")]) == {1, 2}
    # Nobody's pseudonym stays among those whom others mention.
    asked.add([Request(kind="author", source="", practice_id="", mark="a" * 16)], TODAY)
    naming = elsewhere | {"mention_keys": ["practice", "a" * 16, "b" * 16]}
    left = Forgotten(data, source, OAK).without_mentions(naming)
    assert left["mention_keys"] == ["practice", "b" * 16]


def test_the_list_of_what_is_forgotten_tells_nothing_of_it(data: DataDir) -> None:
    night_of(data, FIRST, *LINES)
    rows = ids_of(data)
    remove(data, source=OWNER, item=rows["5"]["item_id"])
    remove(data, author_key=rows["1"]["author_key"])
    with sqlite3.connect(data.forgotten) as db:
        held = db.execute("select kind, source, practice_id, mark, asked_on, done_on from forgotten").fetchall()
    db.close()
    assert {row[0] for row in held} == {"item", "author"}
    assert all(len(row[3]) == 16 and set(row[3]) <= set("0123456789abcdef") for row in held)
    assert {row[4:] for row in held} == {(str(TODAY), str(TODAY))}
    body = data.forgotten.read_bytes()
    for row in rows.values():
        assert row["item_id"].encode() not in body
    # Another installation's marks are others.
    elsewhere = DataDir(data.root / "elsewhere")
    assert Requests(elsewhere).item(OWNER, "1") != Requests(data).item(OWNER, "1")


# --- What visits ask to be remembered -----------------------------------------------------------------------------

ids = st.text("abc019:/_-", min_size=1, max_size=8)


@given(
    posts=st.lists(st.builds(KnownPost, ids, st.dates(), st.dates(), ids), max_size=6),
    dated=st.dictionaries(ids, st.dates(), max_size=6),
    plain=st.lists(ids, max_size=6),
    gone=st.sets(ids, max_size=4),
)
def test_no_visit_remembers_what_is_forgotten_and_all_else_is_remembered_as_it_was(
    posts: list[KnownPost], dated: dict[str, dt.date], plain: list[str], gone: set[str]
) -> None:
    keep = {"posts": as_text(posts), "days": as_days(dated), "plain": " ".join(plain), "empty": ""}
    left = without(keep, gone.__contains__)
    wanted = {post.id: post for post in posts if not {post.id, post.uri} & gone}
    assert known_posts(left.get("posts", "")) == wanted
    assert days(left.get("days", "")) == {name: day for name, day in dated.items() if name not in gone}
    assert left.get("plain", "").split() == [name for name in plain if name not in gone]
    assert without(keep, set().__contains__) == keep
    assert without(left, gone.__contains__) == left


def test_receipts_of_before_and_the_next_visit_remember_nothing_of_it(data: DataDir) -> None:
    night_of(data, FIRST, *LINES)
    chosen = ids_of(data)["5"]["item_id"]
    shared = Visit(data, OWNER, FIRST, "shared")
    shared.publish(complete=True, keep={"posts": f"{chosen}=2026-09-01 other=2026-09-02", chosen: "5", "other": "6"})
    removed = remove(data, source=OWNER, item=chosen)
    assert removed["receipts that remembered it"] == 1
    receipt = data.receipt(OWNER, FIRST, "shared")
    assert receipt is not None
    assert receipt.keep == {"posts": "other=2026-09-02", "other": "6"}
    assert holding(data.root, (chosen,)) == []


# --- Any item and any author of a town with two years of reviews and talk ------------------------------------------

LAST = dt.date(2026, 5, 30)
STORIES = ("recent", "review withdrawn", "post withdrawn", *["recent"] * 3)


class Grown(msgspec.Struct):
    """A town, its data directory, and a build in one go."""

    town: Town
    data: DataDir
    build: Callable[[DataDir], None]


def hexed(row: Row) -> Row:
    """Give a row's authors keys as scoring makes them: of one practice, and 16 digits."""

    def key(name: str | None) -> str | None:
        number = int(row["practice_id"][1:]) + 1
        return name if name in (None, "practice") else f"{number:06x}{int(str(name)[1:]):010x}"

    return row | {
        "author_key": key(row["author_key"]),
        "mention_keys": [key(each) for each in row["mention_keys"] or []],
    }


def counted(rows: list[Row], told: Row) -> Row:
    seen = sum(row["practice_id"] == told["practice_id"] and row["kind"] in WRITTEN[:1] + WRITTEN[2:] for row in rows)
    return told | {"fetched": seen if told["status"] == "ok" else 0}


def written(town: Town, data: DataDir, stays: Callable[[Row], bool] = lambda row: True) -> None:
    """Write a town's nights, of the rows that stay."""
    for source, night in sorted({*town.visits, *town.features}):
        rows = [row for row in map(hexed, town.features[source, night]) if stays(row)]
        visits = [counted(rows, told) for told in town.visits[source, night].values()]
        write_night(data, source, night, rows, visits)


@pytest.fixture(scope="module")
def grown_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grown]:
    built = built_at(tmp_path_factory.getbasetemp(), None)[0]
    models, outcomes = all_compiled(built), outcomes_of(built)

    def run(data: DataDir, *_: object, **__: object) -> list[Outcome]:
        rebuild(models, data.build_folder, data.build_folder / data.warehouse.name)
        return outcomes

    town = grown(5, STORIES, new=0, months=14, last=LAST)
    data = DataDir(tmp_path_factory.mktemp("grown") / "data")
    written(town, data)

    def in_full(place: DataDir) -> None:
        building.build(place, town.configured, None, quiet)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.build._run_dbt", run)
        in_full(data)
        yield Grown(town, data, in_full)


def place_of(row: Row) -> tuple[str, str, str]:
    return row["source"], row["practice_id"], row["item_id"]


def below(rows: list[Row], first: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Slowly: all that stands below something, by source, practice and id."""
    found = set(first)
    while True:
        more = {
            place_of(row)
            for row in rows
            for above in (row["parent_id"], row["thread_id"])
            if (row["source"], row["practice_id"], above) in found
        }
        if more <= found:
            return found
        found |= more


@pytest.mark.parametrize("number", range(6))
def test_whatever_is_forgotten_the_figures_are_those_of_a_town_without_it(
    number: int, grown_town: Grown, tmp_path: Path
) -> None:
    """Chosen at random and not by hypothesis, which would build for many minutes to find a smaller one."""
    town, chance = grown_town.town, random.Random(number)
    rows = [hexed(row) for of_night in town.features.values() for row in of_night]
    if number % 2:
        authors = sorted({row["author_key"] for row in rows} - {None, "practice"})
        wanted = Wanted(author_key=chance.choice(authors))
        asked = {place_of(row) for row in rows if row["author_key"] == wanted.author_key}
    else:
        kind = WRITTEN[number // 2]
        source, item = chance.choice(sorted({(row["source"], row["item_id"]) for row in rows if row["kind"] == kind}))
        wanted = Wanted(source=source, item=item)
        asked = {place_of(row) for row in rows if row["item_id"] == item}
    gone = below(rows, asked)
    reference, data = DataDir(tmp_path / "reference"), DataDir(tmp_path / "data")
    written(town, reference, lambda row: place_of(row) not in gone)
    grown_town.build(reference)
    shutil.copytree(grown_town.data.root, data.root)
    said: list[str] = []
    # Small as it is, the town is built as a large one is: only what was touched is made again.
    few = 0 if number < 2 else 10_000_000
    forget(wanted, town.configured, data, Settings(full_build_rows=few), TODAY, say=said.append)
    how = next(line for line in said if line.startswith("build: "))
    assert how.startswith("build: the months from" if number < 2 else "build: everything"), how
    made, never = table_hashes(data.warehouse), table_hashes(reference.warehouse)
    assert [name for name in never if made[name] != never[name]] == []
    assert made.keys() == never.keys()
    names = {item for _, _, item in gone} if not wanted.author_key else {wanted.author_key}
    assert holding(data.root / "features", tuple(f'"{name}"' for name in names)) == []
    assert holding(data.root / "build", tuple(f'"{name}"' for name in names)) == []
