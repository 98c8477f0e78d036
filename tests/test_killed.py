"""SIGKILL at many points: run again, every verb ends where an undisturbed run would have ended."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from pipelines.demo.mailbox import Mailbox
from pipelines.demo.server import TownServer
from pipelines.demo.town import MONTH, NIGHTS, build_town
from pipelines.landing import DataDir
from pipelines.ledger import Ledger
from pipelines.periods import month_name
from pipelines.purge import purge
from pipelines.settings import REPOSITORY, Settings, key_variable
from pipelines.warehouse import warehouse_hash
from tests.dbt_child import fork_server
from tests.kill_at import start as kill_at_change

NIGHT = str(NIGHTS[1])
MONTH_NAME = month_name(MONTH)
KEPT = ("riverside-dental", "gesher-dental")
_NAMED = [word for name in KEPT for word in ("--practice", name)]
VERBS: dict[str, list[list[str]]] = {
    "fetch": [["fetch", "google_business", NIGHT], ["fetch", "owner_export", NIGHT]],
    "read": [["read", "google_business", NIGHT], ["read", "owner_export", NIGHT]],
    "score": [["score", "google_business", NIGHT], ["score", "owner_export", NIGHT]],
    "build": [["build"]],
    "render": [["render", MONTH_NAME]],
    "send": [["send", MONTH_NAME, "--approved-by", "olga", "--why", "looked", *_NAMED]],
}
READ = Path("build", "dbt", "partial_parse.msgpack")
KILLED_AT_CHANGES = {"fetch": 8, "read": 6, "score": 4, "build": 2, "render": 4, "send": 3}


class World:
    """The town's server and mailbox, and the environment that points a child at them and at a data directory."""

    def __init__(self, folder: Path, server: TownServer, mailbox: Mailbox) -> None:
        self.folder, self.server, self.mailbox = folder, server, mailbox
        town = build_town()
        text = town.practices_toml()
        blocks = text.split("[[")
        # Three practices are enough here, and keep a child's run short.
        chosen = [b for b in blocks[1:] if not b.startswith("practice]]") or any(f'"{name}"' in b for name in KEPT)]
        self.practices = folder / "practices.toml"
        self.practices.write_text("".join("[[" + block for block in chosen), encoding="utf-8")
        self.keys = {key_variable("google_business", name): json.dumps(key) for name, key in town.keys().items()}
        self.children = fork_server()
        self.stages = {"start": folder / "start"}
        self.changes: dict[tuple[str, ...], int] = {}
        exports = DataDir(self.stages["start"]).exports
        exports.mkdir(parents=True)
        for name, body in town.exports().items():
            (exports / name).write_bytes(body)

    def environment(self, root: Path) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
        return {
            **clean,
            **self.keys,
            "PYTHONPATH": str(REPOSITORY),
            "RAPPORT_DATA_DIR": str(root),
            "RAPPORT_PRACTICES_FILE": str(self.practices),
            "RAPPORT_AUTHOR_SECRET": "the same in every run",
            "RAPPORT_ADDRESSES": json.dumps(self.server.addresses()),
            "RAPPORT_PER_MINUTE": '{"google_business": 60000}',
            # One worker renders in the process itself, where its changes can be counted.
            "RAPPORT_WORKERS": "1",
            "RAPPORT_SMTP_PORT": str(self.mailbox.port),
        }

    def start(self, root: Path, words: list[str], kill_at: int = 0) -> tuple[BaseProcess, Path]:
        log = self.folder / "child.log"
        return kill_at_change(self.children, self.environment(root), words, kill_at, log), log

    def run(self, root: Path, words: list[str], kill_at: int = 0) -> int:
        """Run a verb; return the number of changes it made, or -1 if it was killed as asked."""
        child, log = self.start(root, words, kill_at)
        child.join(120)
        if kill_at and child.exitcode == -signal.SIGKILL:
            return -1
        assert child.exitcode == 0, log.read_text()
        return int(log.read_text().split()[-1])

    def before(self, verb: str) -> Path:
        """Return the data directory as it is just before a verb, made once by undisturbed runs."""
        order = ["start", *VERBS]
        earlier = order[order.index(verb) - 1]
        if earlier not in self.stages:
            self.after(earlier)
        return self.stages[earlier]

    def after(self, verb: str) -> Path:
        if verb not in self.stages:
            root = self.folder / verb
            shutil.copytree(self.before(verb), root)
            for words in VERBS[verb]:
                changes = self.run(root, words)
                # Of a verb's second source the folders were there already.
                if words == VERBS[verb][0]:
                    self.changes[tuple(words)] = changes
            self.stages[verb] = root
            if verb == "build":
                # As in life, another build finds what dbt read of its SQL.
                (self.before(verb) / READ.parent).mkdir(parents=True)
                shutil.copy(root / READ, self.before(verb) / READ)
        return self.stages[verb]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("killed")
    with TownServer(build_town(), patient=True) as server, Mailbox(folder / "mailbox") as mailbox:
        server.set_night(NIGHTS[1])
        yield World(folder, server, mailbox)


def outcome(root: Path, verb: str) -> dict[str, str]:
    """Return what a verb leaves behind, as hashes: files by their bytes, the warehouse by its ordered export."""
    if verb == "build":
        return {"warehouse": warehouse_hash(DataDir(root).warehouse)}
    if verb == "send":
        return {f"{row.practice_id} {row.recipient}": row.state for row in Ledger(DataDir(root).ledger).rows()}
    folders = {
        "fetch": ["pages"],
        "read": ["records", "completeness", "set_aside"],
        "score": ["features"],
        "render": ["reports"],
    }
    files = [path for name in folders[verb] for path in (root / name).rglob("*") if path.is_file()]
    visible = [path for path in files if not any(part.startswith(".") for part in path.relative_to(root).parts)]
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in visible}


@pytest.mark.parametrize("verb", list(VERBS))
def test_killed_at_its_changes_and_run_again_it_ends_the_same(verb: str, world: World, tmp_path: Path) -> None:
    wanted = outcome(world.after(verb), verb)
    assert wanted
    for words in VERBS[verb]:
        if tuple(words) not in world.changes:
            counted = tmp_path / f"counted-{words[1] if len(words) > 2 else ''}"
            shutil.copytree(world.before(verb), counted)
            world.changes[tuple(words)] = world.run(counted, words)
        changes = world.changes[tuple(words)]
        assert changes > 0
        own = {name: what for name, what in wanted.items() if len(VERBS[verb]) == 1 or words[1] in name}
        points = KILLED_AT_CHANGES[verb]
        for point in sorted({1 + (changes - 1) * step // (points - 1) for step in range(points)}):
            root = tmp_path / f"{words[1] if len(words) > 2 else verb}-{point}"
            shutil.copytree(world.before(verb), root)
            assert world.run(root, words, kill_at=point) == -1, f"{words} was not killed at change {point}"
            world.run(root, words)
            assert outcome(root, verb) == own, f"{words} killed at change {point} of {changes}"
            shutil.rmtree(root)


def test_killed_at_any_time_a_build_ends_the_same(world: World, tmp_path: Path) -> None:
    """The build's work is in a child of its own and inside DuckDB, where only the clock can aim."""
    wanted = outcome(world.after("build"), "build")
    for number, seconds in enumerate((0.7, 1.7, 2.7)):
        root = tmp_path / str(number)
        shutil.copytree(world.before("build"), root)
        if number == 0:
            (root / READ).unlink()
        child, _ = world.start(root, ["build"])
        time.sleep(seconds)
        child.kill()
        child.join()
        world.run(root, ["build"])
        assert outcome(root, "build") == wanted, f"killed after {seconds} s"


def test_running_everything_again_in_any_order_changes_nothing(world: World, tmp_path: Path) -> None:
    """As clearing boxes does. Housekeeping of the same day comes in between, and has nothing to delete yet."""
    root = tmp_path / "again"
    shutil.copytree(world.after("send"), root)
    kept = {verb: outcome(root, verb) for verb in VERBS}
    mails = len(list(world.mailbox.folder.glob("*.eml")))
    order: list[list[str]] = [words for verb in VERBS for words in VERBS[verb]]
    random.Random(7).shuffle(order)
    for place, words in enumerate(order):
        if place == len(order) // 2:
            settings = Settings(data_dir=root, practices_file=world.practices)
            assert purge(NIGHTS[1], DataDir(root), settings, say=print) == []
        world.run(root, words)
    assert {verb: outcome(root, verb) for verb in VERBS} == kept, order
    assert len(list(world.mailbox.folder.glob("*.eml"))) == mails
