"""Enrolling: a practice is written whole or not at all, and nothing that stands in the file is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.__main__ import rapport
from pipelines.enrol import add_practices, block, from_fields, from_form, import_practices
from pipelines.errors import BadPractices, SeveralFailed
from pipelines.practices import Practice, load_practices

HELD = '# Ours since 2019.\n[[practice]]\nid = "oak"   # never change it\nname = "Oak"\n'
FORM = {
    "practice": "elm",
    "name": 'The "Elm" — 日本\\',
    "kind": "medical",
    "time_zone": "Europe/Paris",
    "paper": "a4",
    "recipients": ["a@elm.example", "b@elm.example"],
    "contact": "c@elm.example",
    "listings": ["google_business.location=accounts/1/locations/2", "websites=elm.example; elm.test", " "],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "practices.toml"
    path.write_text(HELD, encoding="utf-8")
    return path


def test_a_form_becomes_a_block_below_what_stands_there(file: Path) -> None:
    assert add_practices(file, [from_form(FORM)]) == ["elm"]
    assert file.read_text(encoding="utf-8").startswith(HELD)
    elm = load_practices(file).get("elm")
    assert (elm.name, elm.recipients, elm.contact) == (
        FORM["name"],
        ("a@elm.example", "b@elm.example"),
        FORM["contact"],
    )
    assert elm.google_business is not None
    assert elm.google_business.location == "accounts/1/locations/2"
    assert elm.websites == ("elm.example", "elm.test")


def test_what_the_form_leaves_empty_is_not_in_the_block(file: Path) -> None:
    empty = {**FORM, "recipients": None, "contact": None, "listings": None}
    add_practices(file, [from_form(empty)])
    elm = load_practices(file).get("elm")
    assert (elm.recipients, elm.contact, elm.google_business) == ((), None, None)


def test_the_first_practice_makes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "practices.toml"
    add_practices(path, [{"id": "elm", "name": "Elm"}])
    assert [one.id for one in load_practices(path).practice] == ["elm"]
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_files_own_rights_stay(file: Path) -> None:
    file.chmod(0o600)
    add_practices(file, [{"id": "elm", "name": "Elm"}])
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"id": "oak", "name": "Another"}, "the practice id 'oak' is there twice"),
        ({"id": "elm", "name": "Oak"}, "names both"),
        ({"id": "Elm Street", "name": "Elm"}, "id"),
        ({"id": "elm", "name": "Elm", "contact": "nobody"}, "contact: 'nobody' is not an e-mail address"),
        ({"id": "elm", "name": "Elm", "time_zone": "Mars"}, "not a time zone"),
    ],
)
def test_what_cannot_be_leaves_the_file_as_it_was(file: Path, given: dict[str, str], words: str) -> None:
    with pytest.raises(BadPractices, match=words):
        add_practices(file, [given])
    assert file.read_text() == HELD


def test_a_file_that_is_broken_already_is_left_alone(file: Path) -> None:
    file.write_text(HELD + "colour = [")
    with pytest.raises(BadPractices, match="not TOML"):
        add_practices(file, [{"id": "elm", "name": "Elm"}])
    assert file.read_text() == HELD + "colour = ["


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"colour": "red"}, "no field 'colour'"),
        ({"google_business.colour": "red"}, "no field 'google_business.colour'"),
        ({"google_business": "accounts/1/locations/2"}, "no field 'google_business'"),
        ({"name.first": "Elm"}, "no field 'name.first'"),
        ({"password": "maybe"}, "'maybe' is neither yes nor no"),
    ],
)
def test_a_field_that_is_none_is_named(fields: dict[str, str], words: str) -> None:
    with pytest.raises(BadPractices, match=words):
        from_fields(fields)


def test_texts_become_what_their_fields_are() -> None:
    given = from_fields(
        {"id": "elm", "name": "Elm", "password": "Yes", "mastodon.server": "https://m.example", "mastodon.search": "no"}
        | {"discourse.forum": "https://talk.example", "reddit.subreddits": "a1;b2", "answer_within_days": "3"}
    )
    made = Practice.model_validate(given)
    assert made.password
    assert made.mastodon is not None
    assert not made.mastodon.search
    assert [one.forum for one in made.discourse] == ["https://talk.example"]
    assert made.reddit is not None
    assert made.reddit.subreddits == ("a1", "b2")
    assert "[[practice.discourse]]" in block(given)
    assert "answer_within_days = 3\n" in block(given)


CSV = (
    "id,name,recipients,google_business.location,password\n"
    'elm,"Elm, Paris",a@elm.example; b@elm.example,accounts/1/locations/2,no\n'
    "\n"
    "ash,Ash,,,\n"
)


def test_a_csv_is_taken_whole(file: Path) -> None:
    assert import_practices(file, b"\xef\xbb\xbf" + CSV.encode()) == ["elm", "ash"]
    held = load_practices(file)
    assert held.get("elm").recipients == ("a@elm.example", "b@elm.example")
    assert held.get("elm").name == "Elm, Paris"
    assert held.get("ash").google_business is None
    assert file.read_text().startswith(HELD)


def test_every_wrong_line_is_named_and_nothing_is_written(file: Path) -> None:
    wrong = CSV + "fir,Fir,nobody,,\noak,Oak again,,,\nyew,Yew,,,perhaps\nbay,Bay\nelm,Elm again,,,\n"
    with pytest.raises(SeveralFailed) as raised:
        import_practices(file, wrong.encode())
    said = [(failure.where, failure.what) for failure in raised.value.failures]
    assert [where for where, _ in said] == ["line 5", "line 7", "line 8", "line 6", "line 9"]
    assert "'nobody' is not an e-mail address" in said[0][1]
    assert "'perhaps' is neither" in said[1][1]
    assert "has 2 cells, and the first line names 5" in said[2][1]
    assert "'oak' is there already" in said[3][1]
    assert "'elm' is there already" in said[4][1]
    assert file.read_text() == HELD


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"name\nElm\n", "line 1: the first line does not name"),
        (b"id,id\nelm,elm\n", "line 1: the first line does not name"),
        (b"", "line 1"),
        (b"id,name\nelm,\xff\n", "byte 12 is not UTF-8"),
        (b'id,name\nelm,"Elm" Street\n', "line 2"),
        (b"id,name\n,Elm\n", "line 2: id: Field required"),
    ],
)
def test_a_file_that_is_no_table_is_refused(file: Path, body: bytes, words: str) -> None:
    with pytest.raises((BadPractices, SeveralFailed), match=words):
        import_practices(file, body)
    assert file.read_text() == HELD


def command(file: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    monkeypatch.setenv("RAPPORT_DATA_DIR", str(file.parent / "data"))
    monkeypatch.setenv("RAPPORT_PRACTICES_FILE", str(file))
    done = CliRunner().invoke(rapport, ["practices", *words])
    return done.exit_code, done.output


def test_the_commands_add_import_and_check(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = ("--set", "google_business.location=accounts/1/locations/2")
    assert command(file, monkeypatch, "add", "elm", "--name", "Elm", *more)[0] == 0
    status, said = command(file, monkeypatch, "add", "elm", "--name", "Elm")
    assert (status, "the practice id 'elm' is there twice" in said) == (1, True)
    table = file.parent / "more.csv"
    table.write_text("id,name\nash,Ash\n")
    assert command(file, monkeypatch, "import", str(table))[0] == 0
    assert [one.id for one in load_practices(file).practice] == ["oak", "elm", "ash"]
    status, said = command(file, monkeypatch, "check", "elm", "--json")
    found = {line["check"]: line for line in map(json.loads, said.splitlines())}
    assert found["source google_business"]["state"] == "warning", "a key that is not there yet stops nothing"
    assert "RAPPORT_KEY_GOOGLE_BUSINESS is not set" in found["source google_business"]["said"]
    assert status == 0
    monkeypatch.setenv("RAPPORT_KEY_GOOGLE_BUSINESS", "no JSON")
    status, said = command(file, monkeypatch, "check", "--json")
    assert (status, {json.loads(line)["practice"] for line in said.splitlines()}) == (1, {"elm"})
