"""What the heads of the sources of talk say a night costs, against what the demo town's practices cost."""

from __future__ import annotations

import pytest

from pipelines.demo.run import town_services
from pipelines.demo.town import NIGHTS, build_town
from pipelines.fetch import fetch
from pipelines.landing import DataDir
from pipelines.practices import load_practices
from pipelines.settings import load_settings
from pipelines.sources import load_source, source_names

TALK = [name for name in source_names() if load_source(name).SOURCE.has_conversation]


@pytest.mark.parametrize("name", TALK)
def test_a_night_of_the_town_costs_at_most_what_the_head_says(
    name: str, data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A practice of the town talks more than one of usual size. Requests for access come once a key and run."""
    cost = load_source(name).SOURCE.cost
    assert cost
    with town_services(data.root, build_town()) as (server, variables):
        for variable, value in {**variables, "RAPPORT_PER_MINUTE": f'{{"{name}": 600000}}'}.items():
            monkeypatch.setenv(variable, value)
        practices = load_practices(load_settings().practices_file)
        for night in NIGHTS:
            server.set_night(night)
            server.log.clear()
            fetch(name, night, practices, data, load_settings(), say=lambda line: None)
            receipts = data.receipts(name, night)
            assert {receipt.status for receipt in receipts} == {"ok"}
            most = sum(cost.sweep_calls if receipt.complete else cost.calls for receipt in receipts)
            assert len(receipts) < len(server.log) <= most
