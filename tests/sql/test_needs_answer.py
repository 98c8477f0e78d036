"""Which reviews wait for an answer, at the limits of the rule, and what is told of each."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

import pytest

from pipelines.warehouse import rows
from tests.histories import built_at
from tests.replay import compiled, empty_core

NIGHT = dt.date(2026, 11, 3)
DAY = dt.timedelta(days=1)
_ITEM = "practice_id varchar, source varchar, site varchar, item_id varchar"
_TABLES = {
    "months": "practice_id varchar, site varchar, month date, as_of_night date",
    "reviews": f"{_ITEM}, url varchar, created_local timestamp, month date, stars tinyint, score_stars tinyint, "
    "has_text boolean, "
    "topics struct(topic varchar, polarity varchar, sentence smallint)[], alerts varchar[], removed_on date",
    "answerable_reviews": f"{_ITEM}, first_reply_at timestamp",
    "handled_privately": f"{_ITEM}, kind varchar, handled_on date",
}


def listed(
    tmp_path_factory: pytest.TempPathFactory,
    reviews: list[dict[str, Any]],
    marks: Sequence[tuple[str, str, dt.date]] = (),
) -> list[dict[str, Any]]:
    """Return the list of November. What is not given of a review is as in one of two stars, written a week ago."""
    models = compiled(built_at(tmp_path_factory.getbasetemp(), None)[0], ("needs_answer",))
    with empty_core(_TABLES) as connection:
        connection.execute(
            "insert into core.months select 'p', 'google', unnest(?::date[]), ?",
            [[dt.date(2026, month, 1) for month in (8, 9, 10, 11)], NIGHT],
        )
        for number, given in enumerate(reviews):
            review: dict[str, Any] = {
                "id": f"r{number}",
                "written": NIGHT - 7 * DAY,
                "stars": 2,
                "has_text": True,
            } | given
            written = review["written"]
            connection.execute(
                "insert into core.reviews values ('p', 's', 'google', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    *(review["id"], review.get("url"), written, written.replace(day=1), review["stars"]),
                    1 if review.get("warns") else review["stars"],
                    *(review["has_text"], review.get("topics"), review.get("alerts"), review.get("removed_on")),
                ],
            )
            answered = review.get("answered")
            connection.execute(
                "insert into core.answerable_reviews values ('p', 's', 'google', ?, ?)", [review["id"], answered]
            )
        for kind, item, day in marks:
            connection.execute(
                "insert into core.handled_privately values ('p', 's', 'google', ?, ?, ?)", [item, kind, day]
            )
        made = next(text for _, name, text in models if name == "needs_answer")
        return rows(connection, f"select * from ({made}\n) as made where month = '2026-11-01'")


@pytest.mark.parametrize(
    ("review", "waits"),
    [
        ({"written": NIGHT}, True),
        ({"written": NIGHT + DAY}, False),
        ({"written": NIGHT - 90 * DAY}, True),
        ({"written": NIGHT - 91 * DAY}, False),
        ({"stars": 3}, True),
        ({"stars": 4}, False),
        ({"stars": None}, False),
        ({"stars": None, "warns": True}, True),
        ({"stars": None, "warns": True, "written": NIGHT - 91 * DAY}, False),
        ({"stars": None, "warns": True, "answered": dt.datetime(2026, 11, 2, 9)}, False),
        ({"removed_on": NIGHT}, False),
        ({"answered": dt.datetime(2026, 11, 2, 9)}, False),
    ],
)
def test_a_review_waits_within_90_days_and_up_to_three_stars_or_with_a_warning(
    tmp_path_factory: pytest.TempPathFactory, review: dict[str, Any], waits: bool
) -> None:
    assert len(listed(tmp_path_factory, [review])) == waits


@pytest.mark.parametrize(
    ("mark", "waits"),
    [
        (("review", "r0", NIGHT), False),
        (("review", "r0", NIGHT + DAY), True),
        # ids of a site's reviews and comments may be alike
        (("comment", "r0", NIGHT - DAY), True),
    ],
)
def test_what_was_handled_privately_waits_until_its_day(
    tmp_path_factory: pytest.TempPathFactory, mark: tuple[str, str, dt.date], waits: bool
) -> None:
    assert len(listed(tmp_path_factory, [{}], [mark])) == waits


def test_what_a_review_criticises_is_told_once_and_an_alert_wants_a_person(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    criticised = ["wait_on_site", "results", "phone", "pain", "follow_up", "cost_value", "billing"]
    said = [*((topic, "negative") for topic in (*criticised, "pain")), ("bedside_manner", "positive")]
    topics = [{"topic": topic, "polarity": polarity, "sentence": 1} for topic, polarity in said]
    [first, second, third] = listed(
        tmp_path_factory,
        [
            {"topics": topics, "alerts": ["ALERT_safety"], "url": "https://a.example"},
            {"topics": [], "alerts": [], "has_text": False},
            {},
        ],
    )
    assert (first["criticised"], first["has_alert"], first["has_text"]) == (sorted(criticised), True, True)
    assert (first["url"], first["written_on"], first["days_waiting"]) == ("https://a.example", NIGHT - 7 * DAY, 7)
    assert (second["criticised"], second["has_alert"], second["has_text"]) == ([], False, False)
    assert (third["criticised"], third["has_alert"]) == ([], False)


def test_the_fewest_stars_come_first_and_of_those_the_newest(tmp_path_factory: pytest.TempPathFactory) -> None:
    # A warning in place of stars is as grave as one star.
    told = [(3, 1), (1, 9), (1, 2), (2, 5), (2, 5), (None, 4)]
    reviews = [{"stars": stars, "written": NIGHT - days * DAY, "warns": stars is None} for stars, days in told]
    found = listed(tmp_path_factory, reviews)
    assert [row["item_id"] for row in found] == ["r2", "r5", "r1", "r3", "r4", "r0"]
    assert [row["stars"] for row in found] == [1, None, 1, 2, 2, 3]


def test_the_list_is_what_a_slow_account_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    chance = random.Random(90)
    reviews: list[dict[str, Any]] = [
        {
            "id": f"r{number:03}",
            "written": NIGHT - chance.randrange(-2, 100) * DAY,
            "stars": (stars := chance.choice([None, None, 1, 2, 3, 4, 5])),
            "warns": stars is None and chance.random() < 0.6,
            "removed_on": chance.choice([None, None, None, NIGHT]),
            "answered": chance.choice([None, None, None, dt.datetime(2026, 11, 2, 9)]),
        }
        for number in range(200)
    ]
    waiting = []
    for review in reviews:
        low = review["warns"] or review["stars"] in (1, 2, 3)
        here = review["removed_on"] is None and review["answered"] is None
        if low and here and 0 <= (NIGHT - review["written"]).days <= 90:
            waiting.append(review)
    waiting.sort(key=lambda review: review["id"])
    waiting.sort(key=lambda review: review["written"], reverse=True)
    waiting.sort(key=lambda review: review["stars"] or 1)
    assert {review["stars"] for review in waiting} == {None, 1, 2, 3}
    found = listed(tmp_path_factory, reviews)
    assert [(row["item_id"], row["stars"]) for row in found] == [(one["id"], one["stars"]) for one in waiting]
