"""practices.toml: what is wrong is named with the block a person would look for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from pipelines import practices as practices_module
from pipelines.errors import BadPractices, UnknownName
from pipelines.mentions import compared
from pipelines.practices import load_practices
from pipelines.settings import REPOSITORY

OAK = '[[practice]]\nid = "oak"\nname = "Oak Street Dental"\n'


def load(tmp_path: Path, text: str) -> object:
    return load_practices(_written(tmp_path, text))


def test_the_sample_is_valid_and_explains_every_field() -> None:
    text = (REPOSITORY / "practices.sample.toml").read_text()
    practices = load_practices(REPOSITORY / "practices.sample.toml")
    models = [held for held in vars(practices_module).values() if isinstance(held, type)]
    for model in models:
        if issubclass(model, BaseModel) and model.__module__ == practices_module.__name__:
            for field in model.model_fields:
                assert re.search(rf"\b{field}\b", text), f"{model.__name__}.{field} is not explained"
    assert len(practices.practice) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[practice\nid = 1", "not TOML: .*line 1"),
        (OAK + 'colour = "red"\n', r"practice 'oak': colour:"),
        (OAK.replace('"oak"', '"Oak Street"'), "practice 'Oak Street': id:"),
        (OAK.replace('"oak"', '"../oak"'), "id:"),
        (OAK + 'recipients = ["nobody"]\n', "practice 'oak': recipients.0: 'nobody' is not an e-mail address"),
        (OAK + 'recipients = ["a@b.example\\nBcc: c@d.example"]\n', "is not an e-mail address"),
        (OAK + 'time_zone = "Mars/Olympus"\n', "'Mars/Olympus' is not a time zone"),
        (OAK + 'paper = "a5"\n', "paper: Input should be 'letter' or 'a4'"),
        (OAK + "answer_within_days = 0\n", "'oak': answer_within_days: Input should be greater than or equal to 1"),
        (OAK + "answer_within_days = 31\n", "answer_within_days: Input should be less than or equal to 30"),
        (OAK.replace("Oak Street Dental", "Oak\\u0000"), "control"),
        (OAK + OAK, "the practice id 'oak' is there twice"),
        (OAK + OAK.replace('"oak"', '"oak2"'), "names both 'oak' and 'oak2'"),
        (OAK + 'google_business = { location = "locations/2" }\n', "google_business.location"),
        (OAK + '[[export]]\nfiles = "*.csv"\npractice = "elm"\n', "'elm', which is not here"),
        (OAK + 'compare_with = ["Pine"]\n', "practice 'oak': compare_with: 'Pine' could mean anybody"),
        (OAK + 'compare_with = ["Family Dental Care"]\n', "'Family Dental Care' could mean anybody"),
        (OAK + 'town = "Ely"\ncompare_with = ["Ely Dental"]\n', "'Ely Dental' could mean anybody"),
        (OAK + 'compare_with = ["oak street  DENTAL"]\n', "'oak street  DENTAL' is the practice itself"),
        (OAK + 'aliases = ["Pine Dental"]\ncompare_with = ["Pine Dental"]\n', "'Pine Dental' is the practice itself"),
        (
            OAK + 'compare_with = ["Pine Dental", "Piné dental"]\n',
            "'Pine Dental' is the practice itself, or is there twice",
        ),
        (OAK + 'compare_with = ["Pine Dental, Elm Dental"]\n', "compare_with.0: String should match pattern"),
        (OAK + 'compare_with = ["Pine \\u0000 Dental"]\n', "compare_with.0: has a control"),
        (OAK + f"compare_with = {[f'Pine Dental {letter}x' for letter in 'abcdef']}\n", "compare_with: .*at most 5"),
        (OAK.replace("Oak Street", "Family") + 'compare_with = ["Pine Dental"]\n', "own name could mean anybody"),
        (OAK + '[[export]]\nfiles = "*.csv"\nrating_min = 5\n', "export '.*.csv': rating_max must be above"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadPractices, match=words):
        load(tmp_path, text)


def test_an_alias_that_says_enough_stands_for_a_name_that_does_not(tmp_path: Path) -> None:
    text = OAK.replace("Oak Street", "Family") + 'aliases = ["Riverside Dental"]\ncompare_with = ["Pine Dental"]\n'
    practices = load_practices(_written(tmp_path, text + 'town = "Ely"\n'))
    assert [(known.id, known.name, known.town) for known in compared(practices.get("oak"))] == [
        ("practice", "Riverside Dental", "Ely"),
        ("pine dental", "Pine Dental", "Ely"),
    ]
    assert compared(load_practices(_written(tmp_path, OAK)).get("oak")) == []


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "practices.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_says_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(BadPractices, match=r"practices\.sample\.toml"):
        load_practices(tmp_path / "practices.toml")


def test_a_practice_that_is_not_there() -> None:
    with pytest.raises(UnknownName, match="Known ids: oak-street-dental"):
        load_practices(REPOSITORY / "practices.sample.toml").get("elm")
