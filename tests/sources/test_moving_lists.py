"""Lists that change while they are paged: what stays is read once, or the visit does not call itself complete."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.errors import ChangedShape, SeveralFailed
from pipelines.landing import DataDir
from pipelines.read import read
from pipelines.records import COMPLETENESS, RECORDS, read_table
from tests.sources.stand_in import NIGHT, START, Request, ReviewSite, pull
from tests.sources.stand_in_care_opinion import StandIn as CareOpinion
from tests.sources.stand_in_google_business import StandIn as Google
from tests.sources.stand_in_nhs_uk import StandIn as NhsUk
from tests.sources.stand_in_trustpilot import StandIn as Trustpilot

NEWER = dt.datetime(2026, 10, 30, tzinfo=dt.UTC)
Change = Callable[[ReviewSite], None]


class Branch(Trustpilot):
    """A location of a unit, which has no total of its own."""

    block: ClassVar[Any] = Trustpilot.block | {"location": "branch-7"}


KINDS = {kind.__module__.rpartition("stand_in_")[2]: kind for kind in (Trustpilot, NhsUk, CareOpinion, Google)}
paged = pytest.mark.parametrize("kind", [*KINDS.values(), Branch], ids=[*KINDS, "trustpilot location"])


def moving(kind: type[ReviewSite], count: int, page_size: int, changes: dict[int, Change]) -> ReviewSite:
    """Return a site, newest first, that changes right before it answers the requests of these numbers."""

    class Moving(kind):  # type: ignore[misc, valid-type]
        def answer(self, request: Request) -> Any:
            if change := changes.get(len(self.asked)):
                change(self)
            return super().answer(request)

    items = [kind.item(number, START + dt.timedelta(minutes=number)) for number in reversed(range(count))]
    site: ReviewSite = Moving.holding(items, page_size)
    return site


def added(site: ReviewSite) -> None:
    number = 1_000 + len(site.items)
    site.items.insert(0, site.item(number, NEWER + dt.timedelta(minutes=number)))


def removed(position: int) -> Change:
    def change(site: ReviewSite) -> None:
        if position < len(site.items):
            gone = site.items[position]
            if isinstance(site, NhsUk):
                gone["comment"]["status"] = "removed"
            else:
                del site.items[position]

    return change


def ids_when_complete(site: ReviewSite, data: DataDir) -> list[str] | None:
    """Return the ids of the reviews that a whole visit has read, or None if it is not complete."""
    try:
        pull(data, site)
    except SeveralFailed as error:
        if not isinstance(error.failures[0], ChangedShape):
            raise
        return None
    read(site.name, NIGHT, site.practices(), data, say=lambda line: None)
    [row] = read_table(data.completeness(site.name, NIGHT), COMPLETENESS)
    rows = read_table(data.records(site.name, NIGHT), RECORDS)
    return [row["item_id"] for row in rows if row["kind"] == "review"] if row["complete"] else None


@paged
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(0, 25), page_size=st.integers(1, 7), at=st.sets(st.integers(1, 30), max_size=6))
@example(count=3, page_size=3, at={3})
def test_what_was_there_when_newcomers_came_is_read_once_or_the_visit_is_not_complete(
    kind: type[ReviewSite], count: int, page_size: int, at: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = moving(kind, count, page_size, dict.fromkeys(at, added))
    found = ids_when_complete(site, DataDir(tmp_path_factory.mktemp("data")))
    if found is not None:
        assert [found.count(str(number)) for number in range(count)] == [1] * count
    # One newcomer costs nothing: nothing is passed over, and the visit is complete. Only where there is no total, it
    # cannot be told from a removal.
    assert found is not None or len(at) > 1 or kind is Branch


@paged
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(1, 25), page_size=st.integers(1, 7), at=st.integers(1, 15), position=st.integers(0, 24))
@example(count=6, page_size=2, at=3, position=0)
@example(count=6, page_size=2, at=3, position=5)
def test_what_a_removal_moves_up_is_read_or_the_visit_is_not_complete(
    kind: type[ReviewSite], count: int, page_size: int, at: int, position: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = moving(kind, count, page_size, {at: removed(position)})
    gone = str(count - 1 - position)
    found = ids_when_complete(site, DataDir(tmp_path_factory.mktemp("data")))
    if found is not None:
        assert {str(number) for number in range(count)} - {gone} <= set(found)


@pytest.mark.parametrize("kind", [Trustpilot, NhsUk, Google])
def test_a_list_pushed_on_without_end_is_stopped(kind: type[ReviewSite], data: DataDir) -> None:
    site = moving(kind, 5, 1, dict.fromkeys(range(100), added))
    assert ids_when_complete(site, data) is None
    assert len(site.asked) < 30
