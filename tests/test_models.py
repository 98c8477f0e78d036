"""`make models`: the shipped weights are what the data give, and without the data it says what is missing."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models import disclosure, texts, train
from pipelines.text.judgements import MODELS
from pipelines.text.linear import FOLDER
from tests.conftest import SHARED

REPOSITORY = Path(__file__).parents[1]


def test_without_the_data_it_is_said_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "models" / "manifest.toml"
    manifest.parent.mkdir()
    manifest.write_text('folder = "../nowhere"\nsource = []\n')
    monkeypatch.setattr(texts, "MANIFEST", manifest)
    monkeypatch.setattr(disclosure, "train", lambda *given: pytest.fail("trained without the data"))
    assert train.main() == 2
    assert "shipped weights work without it" in capsys.readouterr().err


def _train(code: str, *folders: Path, seed: str = "0") -> None:
    """Train in a process of its own, in which `models.train` sees to one thread before anything else is loaded."""
    command: list[str | Path] = [sys.executable, "-c", f"import models.train, pathlib, sys; {code}", *folders]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run(command, check=True, cwd=REPOSITORY, timeout=300, env=environment)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the two smaller models, trained on all that they are shipped with."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs ../shared/data")
    folder = tmp_path_factory.mktemp("trained")
    _train(
        "from models import content as c, disclosure as d; data, to = map(pathlib.Path, sys.argv[1:]);"
        "d.train(d.read_domain(data.parent / 'domain' / 'replies.jsonl'), to); c.train(data, to)",
        SHARED / "data",
        folder,
    )
    return folder


@pytest.mark.parametrize("name", ["disclosure", "content"])
def test_the_shipped_weights_of_the_smaller_models_are_those_the_data_give(name: str, trained: Path) -> None:
    assert (trained / f"{name}.npz").read_bytes() == (FOLDER / f"{name}.npz").read_bytes()
    assert (trained / f"{name}.json").read_text() == (FOLDER / f"{name}.json").read_text()


def _every(nth: int, path: Path, target: Path) -> None:
    """Write every nth row of a table, or line of a list, so that training on it takes seconds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as held, target.open("w", encoding="utf-8", newline="") as to:
            head, *rows = csv.reader(held)
            csv.writer(to).writerows([head, *rows[::nth]])
    else:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        target.write_text("\n".join(line for line in lines[::nth] if line), encoding="utf-8")


@pytest.fixture(scope="module")
def trained_twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the two larger models in `1` and `2`, both trained on the same part of the data."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared")
    folder, data = tmp_path_factory.mktemp("twice"), SHARED / "data"
    for source in texts.sources():
        path = data / source["file"]
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.suffix in (".csv", ".txt"):
                _every(40, file, folder / "data" / file.relative_to(data))
    for run in ("1", "2"):
        # The order of a set must not reach the weights.
        _train(
            "from models import sentiment, topics; data, to = map(pathlib.Path, sys.argv[1:]);"
            "sentiment.train(data, to); topics.train(data, to)",
            folder / "data",
            folder / run,
            seed=run,
        )
    return folder


@pytest.mark.parametrize("name", ["sentiment", "topics"])
def test_trained_twice_on_a_part_of_the_data_the_larger_models_are_the_same_bytes(
    name: str, trained_twice: Path
) -> None:
    for ending in ("npz", "json"):
        one, other = ((trained_twice / run / f"{name}.{ending}").read_bytes() for run in ("1", "2"))
        assert one == other
    assert (trained_twice / "1" / f"{name}.npz").read_bytes() != (FOLDER / f"{name}.npz").read_bytes()


def test_the_page_is_written_from_the_cards(tmp_path: Path) -> None:
    train.write_page(tmp_path / "models.md")
    assert (tmp_path / "models.md").read_text() == (REPOSITORY / "docs" / "models.md").read_text()


def test_every_model_has_a_card_with_its_data_its_measure_and_its_weaknesses() -> None:
    assert {path.stem for path in FOLDER.glob("*.npz")} == set(MODELS)
    for name in MODELS:
        card = json.loads((FOLDER / f"{name}.json").read_text())
        assert all(card[key] for key in ("what", "data", "settings", "measured", "weaknesses", "sha256"))
        assert "licence" in json.dumps(card)
