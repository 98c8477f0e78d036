"""The command line as a person types it: in a process of its own, with its exit codes and its words."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.__main__ import rapport
from pipelines.settings import REPOSITORY

COMMANDS = sorted(rapport.commands)


def run(*words: str, folder: Path, stdin: bytes = b"", **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", *words],
        input=stdin,
        capture_output=True,
        cwd=folder,
        env={**clean, "PYTHONPATH": str(REPOSITORY), "RAPPORT_DATA_DIR": str(folder / "data"), **variables},
        check=False,
        timeout=120,
    )
    return subprocess.CompletedProcess(words, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_the_verbs_are_the_commands() -> None:
    promised = {"fetch", "read", "score", "build", "render", "send", "demo", "doctor", "explain"}
    assert promised <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_that_parses(command: str) -> None:
    shown = CliRunner().invoke(rapport, [command, "--help"])
    assert shown.exit_code == 0
    example = re.search(r"Example: rapport (.+)", shown.output)
    assert example
    words = example[1].split()
    assert words[0] == command
    # Parsing alone: names, arguments and options must exist.
    rapport.commands[command].make_context(command, words[1:], resilient_parsing=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fetch", "myspace", "2026-11-01"), "there is no source 'myspace'. Sources: bluesky, care_opinion"),
        (("fetch", "google_business", "yesterday"), "'yesterday' is not a night. Write a night as 2026-11-01"),
        (("read", "google_business", "2026-11-01"), "nothing was fetched for the night of 2026-11-01"),
        (("read", "google_business", "--page", "none.json"), "there is no such file"),
        (("score", "google_business", "2026-11-01"), "there are no records of the night"),
        (("build",), "rapport fetch"),
        (("render", "2026-10"), "rapport build"),
        (("render", "October"), "'October' is not a month. Write a month as 2026-10"),
        (("send", "2026-10"), "rapport render 2026-10"),
        (("explain", "oak", "2026-10", "mean_stars"), "rapport build"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_one(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "practices.toml").write_text('[[practice]]\nid = "oak"\nname = "Oak"\n')
    done = run(*words, folder=tmp_path, RAPPORT_PRACTICES_FILE="practices.toml")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("rapport: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_names_its_variable(tmp_path: Path) -> None:
    done = run("build", folder=tmp_path, RAPPORT_SMTP_PORT="post office")
    assert done.returncode == 1
    assert "RAPPORT_SMTP_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_practices_file_says_what_to_copy(tmp_path: Path) -> None:
    done = run("build", folder=tmp_path, RAPPORT_PRACTICES_FILE="nowhere.toml")
    assert "Copy practices.sample.toml" in done.stderr


def test_a_saved_page_is_printed_as_json_lines(tmp_path: Path) -> None:
    review = {
        "reviewId": "r1",
        "starRating": "FOUR",
        "createTime": "2026-10-01T00:00:00Z",
        "updateTime": "2026-10-01T00:00:00Z",
        "comment": "שלום",
    }
    bad = {**review, "reviewId": "r2", "starRating": "MANY"}
    (tmp_path / "saved.json").write_text(json.dumps({"reviews": [review, bad], "totalReviewCount": 2}))
    done = run("read", "google_business", "--page", "saved.json", folder=tmp_path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["kind"] for line in lines] == ["review", "set_aside", "total"]
    assert (lines[0]["text"], lines[0]["rating"]) == ("שלום", "4")


def test_lines_are_scored_from_standard_input(tmp_path: Path) -> None:
    lines = '{"id": "a", "kind": "review", "text": "Everybody was very kind and explained it well"}\n'
    done = run("score", "--jsonl", folder=tmp_path, stdin=lines.encode())
    assert json.loads(done.stdout)["language"] == "en"
    broken = run("score", "--jsonl", folder=tmp_path, stdin=b"{\n")
    assert (broken.returncode, "line 1" in broken.stderr) == (1, True)


def test_the_doctor_says_what_is_wrong_and_how_to_mend_it(tmp_path: Path) -> None:
    (tmp_path / "practices.toml").write_text(
        '[[practice]]\nid = "oak"\nname = "Oak"\ngoogle_business = { location = "accounts/1/locations/2" }\n'
    )
    done = run("doctor", "--json", folder=tmp_path, RAPPORT_PRACTICES_FILE="practices.toml", RAPPORT_SMTP_PORT="1")
    found = {line["check"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert found["source google_business"]["state"] == "bad"
    assert "RAPPORT_KEY_GOOGLE_BUSINESS" in found["source google_business"]["mend"]
    assert found["mail"]["state"] == "bad"
    assert found["fonts"]["state"] == found["native libraries"]["state"] == found["version duckdb"]["state"] == "ok"
    only = run("doctor", "--only", "fonts", folder=tmp_path, RAPPORT_PRACTICES_FILE="practices.toml")
    assert (only.returncode, "mail" in only.stdout) == (0, False)
