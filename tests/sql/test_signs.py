"""When names of the staff, and accounts of one review, are worth checking: beside the twelve months before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipelines.periods import add_months
from tests.histories import built_at
from tests.replay import compiled, empty_core

FIRST = dt.date(2025, 1, 1)
# Of each month how many reviews name staff, and how many there are.
Months = list[tuple[int, int]]
_TABLES = {
    "months": "practice_id varchar, site varchar, month date, can_reply boolean, not_covered_why varchar",
    "judged_months": "practice_id varchar, site varchar, month date, not_covered_why varchar, not_measured_why varchar",
    "reviews": "practice_id varchar, source varchar, site varchar, item_id varchar, month date, removed_on date, "
    "counted boolean, voice varchar, acts varchar[]",
    "replies": "practice_id varchar, source varchar, site varchar, parent_id varchar, visible boolean, "
    "disclosure varchar, disclosure_classes varchar[], acts varchar[]",
}


@pytest.fixture(scope="module")
def signs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """The metric's own SQL, and a warehouse with nothing in the tables that it reads."""
    models = compiled(built_at(tmp_path_factory.getbasetemp(), None)[0], ("integrity_signs",))
    with empty_core(_TABLES) as connection:
        yield connection, next(text for _, name, text in models if name == "integrity_signs")


def told(
    signs: tuple[duckdb.DuckDBPyConnection, str], months: Months, part: str = "staff named"
) -> list[tuple[Any, ...]]:
    """Return (state, value, sample size) of every month."""
    connection, text = signs
    for table in _TABLES:
        connection.execute(f"delete from core.{table}")
    for number, (named, reviews) in enumerate(months):
        month = add_months(FIRST, number)
        connection.execute("insert into core.months values ('p', 'google', ?, true, null)", [month])
        connection.execute("insert into core.judged_months values ('p', 'google', ?, null, null)", [month])
        connection.execute(
            "insert into core.reviews select 'p', 's', 'google', $number || '-' || n, $month, null, true, 'outside', "
            "['no_incentive', if(n < $named, 'staff_named', 'staff_not_named'), "
            "if(n < $named, 'only_review', 'one_of_several')] from range($reviews) as each (n)",
            {"number": str(number), "month": month, "named": named, "reviews": reviews},
        )
    found = connection.execute(
        f"select state, value::integer, sample_size from ({text}\n) as made where part = ? order by month", [part]
    ).fetchall()
    assert len(found) == len(months)
    return found


QUIET: Months = [(0, 10)] * 12


@pytest.mark.parametrize(
    ("months", "last"),
    [
        # more than 30 of 100, and clearly more than before
        ([*QUIET, (4, 10)], ("value", 4, 10)),
        ([*QUIET, (3, 10)], ("zero", 0, 10)),
        # ten reviews on both sides
        ([*QUIET, (9, 9)], ("too_few", None, 9)),
        ([*[(0, 0)] * 11, (0, 9), (10, 10)], ("too_few", None, 10)),
        ([*[(0, 0)] * 11, (0, 10), (10, 10)], ("value", 10, 10)),
        # the month itself is not what is usual, nor is what lies thirteen months back, but twelve is
        ([(0, 10), *[(0, 0)] * 11, (10, 10)], ("value", 10, 10)),
        ([(0, 10), *[(0, 0)] * 12, (10, 10)], ("too_few", None, 10)),
        ([(90, 90), *QUIET, (4, 10)], ("value", 4, 10)),
        ([*[(0, 0)] * 11, (4, 10), (10, 10)], ("zero", 0, 10)),
        ([*[(0, 0)] * 11, (3, 10), (10, 10)], ("value", 10, 10)),
        # many, but fewer than before
        ([*[(10, 10)] * 12, (4, 10)], ("zero", 0, 10)),
    ],
)
def test_a_month_with_many_names_of_the_staff_or_accounts_of_one_review_is_worth_checking(
    signs: tuple[duckdb.DuckDBPyConnection, str], months: Months, last: tuple[Any, ...]
) -> None:
    assert told(signs, months)[-1] == last
    assert told(signs, months, "accounts of one review")[-1] == last


@settings(max_examples=20)
@given(st.lists(st.integers(0, 20).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=5))
def test_every_month_is_as_the_rule_has_it(signs: tuple[duckdb.DuckDBPyConnection, str], months: Months) -> None:
    for number, found in enumerate(told(signs, months)):
        named, reviews = months[number]
        usual, before = (sum(each) for each in zip(*months[max(0, number - 12) : number], (0, 0), strict=True))
        expected: tuple[Any, ...] = ("zero", 0, reviews)
        if min(reviews, before) < 10:
            expected = ("too_few", None, reviews)
        elif named / reviews > max(0.3, usual / before):
            p = stats.fisher_exact([[usual, before - usual], [named, reviews - named]]).pvalue
            expected = ("value", named, reviews) if p < 0.01 else expected
        assert found == expected
