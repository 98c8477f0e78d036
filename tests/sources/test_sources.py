"""What every source module must have, whichever it is: the folder is the registry."""

from __future__ import annotations

import pytest

from pipelines.errors import UnknownName
from pipelines.sources import Source, load_source, source_names


@pytest.mark.parametrize("name", source_names())
def test_each_module_is_a_whole_source(name: str) -> None:
    module = load_source(name)
    assert module.SOURCE.name == name
    for verb in ("visits", "fetch", "read", "check", "listing"):
        assert callable(getattr(module, verb))
    assert module.SOURCE.per_minute > 0
    assert len(module.SOURCE.told) == 3


def test_no_policy_no_source() -> None:
    with pytest.raises(TypeError, match="policy"):
        Source(name="x", title="X", gives=())  # type: ignore[call-arg]


def test_an_unknown_source_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match="Sources: bluesky, care_opinion, discourse"):
        load_source("myspace")
