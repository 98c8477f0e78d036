"""Policies: none claims a reading it does not name, and none has a field that no code obeys."""

from __future__ import annotations

import ast
import datetime as dt
import json

import msgspec
import pytest

from pipelines import doctor
from pipelines.landing import DataDir
from pipelines.policies import Policy
from pipelines.settings import REPOSITORY
from pipelines.sources import Source, load_source, source_names

DAY = dt.date(2026, 11, 22)
READ = Policy(terms_url="https://site.example/terms", terms_read_on=DAY, terms_seen="official")
YELP = '[[practice]]\nid = "oak"\nname = "Oak"\nyelp = { business = "oak" }\n'


def test_a_policy_says_how_its_terms_were_read() -> None:
    with pytest.raises(TypeError, match="terms_seen"):
        Policy(terms_url="https://site.example/terms", terms_read_on=DAY)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "claim",
    [
        {"terms_url": ""},
        {"terms_elsewhere": "each site has its own"},
        {"terms_url": "http://site.example/terms"},
        {"terms_read_on": None},
        {"terms_seen": "not read"},
        {"terms_seen": "none"},
        {"terms_seen": "none", "terms_read_on": None},
        {"terms_url": "", "terms_elsewhere": "each site has its own"},
        {"keep_text_days": 2},
        {"keep_text_days": -1},
    ],
)
def test_a_policy_that_contradicts_itself_does_not_load(claim: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^(a policy names|terms|features are kept)"):
        Policy(**{**msgspec.structs.asdict(READ), **claim})


@pytest.mark.parametrize(
    ("once", "addresses", "loads"),
    [
        (False, {"api": "https://site.example"}, False),
        (False, {}, False),
        (False, {"api": ""}, True),
        (True, {}, True),
    ],
)
def test_only_files_and_addresses_of_the_operator_have_no_address_of_terms(
    once: bool, addresses: dict[str, str], loads: bool
) -> None:
    def load() -> Source:
        policy = Policy(terms_seen="not read", terms_elsewhere="each site has its own")
        told = ("", "", "")
        return Source(name="x", title="X", gives=(), told=told, policy=policy, once=once, addresses=addresses)

    if loads:
        assert load().name == "x"
    else:
        with pytest.raises(ValueError, match="the address of its terms"):
            load()


def test_no_terms_at_all_are_those_of_a_file_only() -> None:
    heads = [load_source(name).SOURCE for name in source_names()]
    assert [head.name for head in heads if head.policy.terms_seen == "none"] == ["owner_export"]
    assert all(head.once for head in heads if head.policy.terms_seen == "none")


def test_every_field_of_a_policy_is_obeyed_by_some_code() -> None:
    """A field that only heads name would be a promise: each is read outside them, as an attribute."""
    modules = [path for path in (REPOSITORY / "pipelines").rglob("*.py") if path.parent.name != "sources"]
    read = {
        node.attr
        for path in modules
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    assert set(Policy.__struct_fields__) <= read


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "Terms read on 22 November 2026 at <https://site.example/terms>."),
        (
            {"terms_seen": "stored copy"},
            "Terms read on 22 November 2026 in a stored copy of <https://site.example/terms>.",
        ),
        (
            {"terms_seen": "second hand"},
            "Terms read on 22 November 2026 as others quote them, not at <https://site.example/terms>.",
        ),
        (
            {"terms_seen": "not read", "terms_read_on": None, "terms_url": "", "terms_elsewhere": "each has its own"},
            "Terms not read: each has its own.",
        ),
        (
            {"terms_seen": "none", "terms_read_on": None, "terms_url": "", "terms_elsewhere": "the file is yours"},
            "No platform's terms: the file is yours.",
        ),
    ],
)
def test_how_terms_were_read_is_one_sentence(more: dict[str, object], said: str) -> None:
    assert Policy(**{**msgspec.structs.asdict(READ), **more}).terms_told() == said


def test_the_doctor_asks_for_terms_that_nobody_read_where_they_stand(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.root.mkdir(parents=True, exist_ok=True)
    practices = data.root / "practices.toml"
    practices.write_text(YELP)
    monkeypatch.setenv("RAPPORT_PRACTICES_FILE", str(practices))
    monkeypatch.setenv("RAPPORT_DATA_DIR", str(data.root))
    [asked] = [found for found in doctor.examine(DAY) if found.check.endswith(" terms")]
    assert (asked.check, asked.state) == ("source yelp terms", "warning")
    assert asked.said == load_source("yelp").SOURCE.policy.terms_told()
    assert "Read the terms before you switch it on: https://terms.yelp.com/" in asked.mend
    monkeypatch.setenv("RAPPORT_TERMS_READ", json.dumps({"yelp": "2026-12-01"}))
    [told] = [found for found in doctor.examine(DAY) if found.check.endswith(" terms")]
    assert (told.state, told.said, told.mend) == ("ok", "you read them on 2026-12-01", "")


@pytest.mark.parametrize(
    ("policy", "state"),
    [
        (READ, "ok"),
        (Policy(terms_seen="none", terms_elsewhere="the file is yours"), "ok"),
        (Policy(terms_seen="not read", terms_elsewhere="each site has its own"), "warning"),
    ],
)
def test_what_was_read_at_its_place_is_not_asked_for(policy: Policy, state: str) -> None:
    head = msgspec.structs.replace(load_source("owner_export").SOURCE, policy=policy)
    [found] = doctor._terms(head, None)
    assert (found.state, found.said) == (state, policy.terms_told())
    assert ("each site has its own" in found.mend) == (state == "warning")
