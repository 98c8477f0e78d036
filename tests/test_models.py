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


def test_the_shipped_disclosure_weights_are_those_the_replies_give(tmp_path: Path) -> None:
    replies = SHARED / "domain" / "replies.jsonl"
    if not replies.is_file():
        pytest.skip("needs ../shared/domain")
    code = (
        "import models.train, pathlib, sys; from models import disclosure as d;"
        "d.train(d.read_domain(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", code, replies, tmp_path], check=True, cwd=REPOSITORY, timeout=120)
    assert (tmp_path / "disclosure.npz").read_bytes() == (FOLDER / "disclosure.npz").read_bytes()
    assert (tmp_path / "disclosure.json").read_text() == (FOLDER / "disclosure.json").read_text()


def test_the_shipped_content_weights_are_those_the_posts_give(tmp_path: Path) -> None:
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip("needs ../shared/data")
    code = (
        "import models.train, pathlib, sys; from models import content as c;"
        "c.train(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", code, data, tmp_path], check=True, cwd=REPOSITORY, timeout=300)
    assert (tmp_path / "content.npz").read_bytes() == (FOLDER / "content.npz").read_bytes()
    assert (tmp_path / "content.json").read_text() == (FOLDER / "content.json").read_text()


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


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
@pytest.mark.parametrize("name", ["sentiment", "topics"])
def test_trained_twice_on_a_part_of_the_data_the_larger_models_are_the_same_bytes(name: str, tmp_path: Path) -> None:
    data = SHARED / "data"
    for source in texts.sources():
        path = data / source["file"]
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.suffix in (".csv", ".txt"):
                _every(40, file, tmp_path / "data" / file.relative_to(data))
    code = (
        f"import models.train, pathlib, sys; from models import {name} as m;"
        "m.train(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    for run in ("1", "2"):
        # The order of a set must not reach the weights.
        subprocess.run(
            [sys.executable, "-c", code, tmp_path / "data", tmp_path / run],
            check=True, cwd=REPOSITORY, timeout=300, env={**os.environ, "PYTHONHASHSEED": run},
        )  # fmt: skip
    for ending in ("npz", "json"):
        one, other = ((tmp_path / run / f"{name}.{ending}").read_bytes() for run in ("1", "2"))
        assert one == other
    assert (tmp_path / "1" / f"{name}.npz").read_bytes() != (FOLDER / f"{name}.npz").read_bytes()


def test_the_page_is_written_from_the_cards(tmp_path: Path) -> None:
    train.write_page(tmp_path / "models.md")
    assert (tmp_path / "models.md").read_text() == (REPOSITORY / "docs" / "models.md").read_text()


def test_every_model_has_a_card_with_its_data_its_measure_and_its_weaknesses() -> None:
    assert {path.stem for path in FOLDER.glob("*.npz")} == set(MODELS)
    for name in MODELS:
        card = json.loads((FOLDER / f"{name}.json").read_text())
        assert all(card[key] for key in ("what", "data", "settings", "measured", "weaknesses", "sha256"))
        assert "licence" in json.dumps(card)
