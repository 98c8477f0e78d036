"""Settings and keys: what is missing is named, and a key's value never is."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from pipelines.errors import BadKey, BadSettings
from pipelines.settings import key_expires_on, key_variable, load_key, load_settings


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("", "RAPPORT_KEY_GOOGLE_BUSINESS"),
        ("elm", "RAPPORT_KEY_GOOGLE_BUSINESS__ELM"),
        ("a-b", "RAPPORT_KEY_GOOGLE_BUSINESS__A_B"),
    ],
)
def test_each_key_has_its_variable(name: str, variable: str) -> None:
    assert key_variable("google_business", name) == variable


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ("", "RAPPORT_KEY_X is not set"),
        ("hush", "RAPPORT_KEY_X is not JSON"),
        ('["hush"]', "RAPPORT_KEY_X is not JSON"),
        ('{"id": "hush"}', "RAPPORT_KEY_X lacks secret"),
        ('{"id": "hush", "secret": ""}', "RAPPORT_KEY_X lacks secret"),
        ('{"id": "hush", "secret": 5}', "RAPPORT_KEY_X lacks secret"),
        ('{"id": "hush", "secret": "hush", "expires_on": "31 May hush"}', "expires_on in RAPPORT_KEY_X is not a day"),
        ('{"id": "hush", "secret": "hush", "expires_on": "20270531"}', "expires_on in RAPPORT_KEY_X is not a day"),
    ],
)
def test_a_key_that_cannot_work_is_named_without_its_value(
    held: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAPPORT_KEY_X", held)
    with pytest.raises(BadKey, match=words) as raised:
        load_key("x", "", ("id", "secret"))
    assert "hush" not in str(raised.value)


def test_a_whole_key_is_returned_without_what_was_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_KEY_X", json.dumps({"id": "i", "secret": "s", "more": "m"}))
    assert load_key("x", "", ("id", "secret")) == {"id": "i", "secret": "s"}


@pytest.mark.parametrize(
    ("held", "day"),
    [('{"expires_on": "2027-05-31"}', dt.date(2027, 5, 31)), ('{"expires_on": ""}', None), ("{}", None), ("", None)],
)
def test_a_key_may_say_when_it_ends(held: str, day: dt.date | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_KEY_X__ELM", held)
    assert key_expires_on("x", "elm") == day


def test_the_day_a_key_ends_is_no_part_of_what_a_source_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_KEY_X", json.dumps({"id": "i", "expires_on": "2027-05-31"}))
    assert load_key("x", "", ("id",)) == {"id": "i"}


def test_a_wrong_setting_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_HTTP_ATTEMPTS", "0")
    with pytest.raises(BadSettings, match=r"RAPPORT_HTTP_ATTEMPTS: .*greater than or equal to 1"):
        load_settings()
