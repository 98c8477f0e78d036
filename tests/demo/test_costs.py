"""What each source's head says a practice costs, against the requests the town's server answered and what X billed."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from typing import NamedTuple

import pytest

from pipelines.demo import conversation
from pipelines.demo.run import town_services
from pipelines.demo.town import NIGHTS, build_town
from pipelines.fetch import fetch
from pipelines.landing import DataDir
from pipelines.practices import load_practices
from pipelines.read import read
from pipelines.settings import load_settings
from pipelines.sources import load_source, source_names

ASKED = [name for name in source_names() if load_source(name).SOURCE.cost]
# People talk more in some weeks than in others: where they do, a fortnight and its sweeps are what is usual.
FORTNIGHT = [dt.date(2026, 10, 17) + dt.timedelta(days=days) for days in range(16)]


class Night(NamedTuple):
    """What one practice cost on one night: requests that were answered, and items that came."""

    swept: bool
    calls: float
    items: float


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Night]]:
    data = DataDir(tmp_path_factory.mktemp("town"))
    found: dict[str, list[Night]] = defaultdict(list)
    with pytest.MonkeyPatch.context() as patch, town_services(data.root, build_town()) as (server, variables):
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setenv("RAPPORT_PER_MINUTE", json.dumps(dict.fromkeys(ASKED, 600_000)))
        settings = load_settings()
        # Lakeside's key dies before the third night.
        whole = load_practices(settings.practices_file)
        practices = whole.model_copy(update={"practice": tuple(p for p in whole.practice if "lakeside" not in p.id)})
        for name in ASKED:
            for night in FORTNIGHT if name in conversation.platform_names() else NIGHTS:
                server.set_night(night)
                server.log.clear()
                fetch(name, night, practices, data, settings, say=lambda line: None)
                assert read(name, night, practices, data, say=lambda line: None).set_aside == 0
                # An answer that asked for patience is asked for again, and is no cost of the source's.
                answered = [one for one in server.log if one.status < 429 and "oken" not in one.path]
                receipts = data.receipts(name, night)
                kept = (page for receipt in receipts for page in data.saved_pages(receipt))
                pages = [json.loads(page.body) for page in kept if page.path.endswith(".json.zst")]
                items = sum(len(page.get("data") or ()) for page in pages if isinstance(page, dict))
                swept = any(receipt.complete for receipt in receipts)
                found[name].append(Night(swept, len(answered) / len(receipts), items / len(receipts)))
    return found


def usual(nights: list[Night], swept: bool) -> tuple[float, float]:
    """Return the mean requests and items of a practice, on sweeps or on most nights. The first visit is neither."""
    kind = [night for night in nights[1:] if night.swept == swept] or nights[1:]
    return sum(night.calls for night in kind) / len(kind), sum(night.items for night in kind) / len(kind)


@pytest.mark.parametrize("name", ASKED)
def test_a_practice_of_the_town_costs_no_more_than_the_head_says(seen: dict[str, list[Night]], name: str) -> None:
    cost = load_source(name).SOURCE.cost
    assert cost
    (calls, items), (sweep_calls, sweep_items) = usual(seen[name], False), usual(seen[name], True)
    assert 0 < calls <= cost.calls
    assert 0 < sweep_calls <= cost.sweep_calls
    if cost.price_per_item:
        assert 0 < items <= cost.items
        assert 0 < sweep_items <= cost.sweep_items


@pytest.mark.parametrize("name", ASKED)
def test_a_head_does_not_say_several_times_what_a_practice_costs(seen: dict[str, list[Night]], name: str) -> None:
    """A forecast that cries wolf is not believed; but the town's practices are quieter than many, so some room is
    meant."""
    cost = load_source(name).SOURCE.cost
    assert cost
    assert cost.calls <= 4 * usual(seen[name], False)[0]
    assert cost.sweep_calls <= 4 * usual(seen[name], True)[0]
