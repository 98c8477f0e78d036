"""The documents, read by the programme: what they name exists, and what exists is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image

from pipelines.__main__ import rapport
from pipelines.ledger import State, StopKind
from pipelines.settings import REPOSITORY, Settings
from pipelines.sources import load_source, source_names
from tests.numbers_page import PAGE, page
from tests.sources_table import OPERATORS, README, filled, filled_policies

PAGES = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
TEXTS = {"", ".py", ".md", ".toml", ".cfg", ".lock", ".sql", ".yml", ".sh", ".jinja", ".css"}
TARGETS = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_and_picture_is_there(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_every_picture_is_shown_somewhere_and_small() -> None:
    named = {
        (path.parent / target).resolve()
        for path in PAGES
        for target in re.findall(r"!\[[^\]]+\]\((?!https?:)([^)]+)\)", path.read_text(encoding="utf-8"))
    }
    pictures = set((REPOSITORY / "docs" / "pictures").iterdir())
    assert named == pictures
    for path in pictures:
        with Image.open(path) as picture:
            assert (picture.format, picture.mode) == ("PNG", "P"), path.name
        assert path.stat().st_size < 150_000, path.name


def test_every_picture_is_one_that_make_pictures_makes() -> None:
    made = re.findall(r'(?:keep\(|PICTURES / )"([a-z0-9-]+)"', (REPOSITORY / "tests" / "pictures.py").read_text())
    assert sorted(made) == sorted(path.stem for path in (REPOSITORY / "docs" / "pictures").iterdir())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"`make ([a-z-]+)", text) + re.findall(r"^make ([a-z-]+)", text, re.MULTILINE):
        assert target in TARGETS, f"make {target}"
    named = re.findall(r"(?:`|\s)rapport ([a-z]+)", text)
    assert set(named) <= {*rapport.commands, "command"}, named


def test_the_two_commands_come_before_everything_else() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert text.index("make demo") < text.index("make test") < text.index("make up")


def test_every_make_target_is_in_its_help() -> None:
    shown = (REPOSITORY / "Makefile").read_text().split("\nhelp:")[1].split("\n\n")[0]
    assert TARGETS - {"help", "setup-dev"} <= set(re.findall(r"make ([a-z-]+)", shown))


def test_every_setting_is_in_the_sample() -> None:
    sample = (REPOSITORY / ".env.sample").read_text(encoding="utf-8")
    named = set(re.findall(r"RAPPORT_([A-Z_]+)", sample))
    assert {field.upper() for field in Settings.model_fields} <= named


def test_every_source_has_its_row_in_the_readme() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == filled(text), "run `make fix`"


def test_every_policy_has_its_row_for_operators() -> None:
    text = OPERATORS.read_text(encoding="utf-8")
    assert text == filled_policies(text), "run `make fix`"


@pytest.mark.parametrize("name", source_names())
def test_every_source_has_its_set_up_page(name: str) -> None:
    """Which app, which scopes, which key, what it costs; the page names the connection and every field of the key."""
    source = load_source(name).SOURCE
    text = (REPOSITORY / "docs" / "sources" / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {source.title}\n")
    assert all(f"`{field}`" in text for field in source.key_fields)
    assert f"rapport doctor --only {name}" in text or source.once
    assert source.policy.terms_told() in " ".join(text.split()), "the page says how its terms were read"


def test_every_ledger_state_is_explained_to_operators() -> None:
    text = (REPOSITORY / "docs" / "operators.md").read_text(encoding="utf-8")
    for state in (*get_args(State)[2:], "held", *get_args(StopKind)):
        assert f"| {state} |" in text


def test_how_each_number_is_made_is_what_the_metrics_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make fix`"


def test_no_file_names_a_machine_or_an_index() -> None:
    forbidden = re.compile(r"(?<![\w.])/(?:work|root|home|tmp)/|--(?:extra-)?index-url|files\.pythonhosted")
    for path in REPOSITORY.rglob("*"):
        parts = path.relative_to(REPOSITORY).parts
        hidden = parts[0].startswith(".") and parts[0] not in (".ci", ".env.sample", ".gitignore")
        if path.is_file() and not hidden and not {"data", "__pycache__"} & set(parts) and path.suffix in TEXTS:
            found = forbidden.search(path.read_text(encoding="utf-8", errors="replace"))
            assert not found or path.name == "test_docs.py", f"{path.relative_to(REPOSITORY)}: {found}"


def test_the_changelog_says_what_is_unreleased() -> None:
    assert "## Unreleased" in (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
