"""What every source module must have, whichever it is: the folder is the registry."""

from __future__ import annotations

import msgspec
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


def test_interactions_are_divided_by_one_number_of_each_source_and_always_by_the_same() -> None:
    heads = [load_source(name).SOURCE for name in source_names()]
    divided = {head.name: (metric.name, metric.meaning) for head in heads for metric in head.metrics if metric.divides}
    # Another number makes another rate: its months before are not to be compared with, and no table says so.
    assert divided == {
        "bluesky": ("followersCount", "followers"),
        "facebook": ("followers_count", "followers"),
        "instagram": ("reach", "reach"),
        "linkedin": ("firstDegreeSize", "followers"),
        "mastodon": ("followers_count", "followers"),
        "tiktok": ("view_count", "views"),
        "x": ("impression_count", "impressions"),
        "youtube": ("viewCount", "views"),
    }
    head = next(head for head in heads if head.name == "bluesky")
    everything = tuple(msgspec.structs.replace(metric, divides=True) for metric in head.metrics)
    with pytest.raises(ValueError, match="bluesky divides interactions by more than one number"):
        msgspec.structs.replace(head, metrics=everything).__post_init__()


def test_an_unknown_source_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match="Sources: bluesky, care_opinion, discourse"):
        load_source("myspace")
