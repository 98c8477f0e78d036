"""A figure is traced to its definition, its SQL, the reviews behind it and the pages they came from."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest

from pipelines import doctor
from pipelines.errors import NotReady, UnknownName
from pipelines.explain import explain
from pipelines.landing import DataDir
from pipelines.periods import add_months
from pipelines.practices import HandledPrivately, Practice, Practices
from pipelines.statistics import newcombe, probability_of_decline
from pipelines.warehouse import open_warehouse, rows
from tests.conftest import opened_once
from tests.histories import built_at

OCTOBER = dt.date(2026, 10, 1)
NIGHT = dt.date(2026, 11, 3)
ONE_DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    return built_at(tmp_path_factory.getbasetemp(), None)[0]


@pytest.mark.parametrize(
    "metric",
    [
        *["reviews_received", "mean_stars", "low_share", "star_distribution", "reply_hours", "reviews_removed"],
        *["topic_mentions", "recommendations", "repeated_texts", "reply_genericness", "decayed_stars"],
        "moved_offline_share",
        *["effective_reviews", "reputation_score"],
    ],
)
def test_the_reviews_behind_a_figure_are_as_many_as_it_counts(town: DataDir, metric: str) -> None:
    with open_warehouse(town) as connection:
        figures = rows(
            connection,
            "select practice_id, site, month, max(sample_size) as n from reports.figures "
            "where metric = ? and site = ? group by all order by all",
            [metric, site := "facebook" if metric == "recommendations" else "google"],
        )
    assert any(figure["n"] for figure in figures)
    with opened_once(town):
        for figure in figures:
            found = explain(town, figure["practice_id"], figure["month"], metric, site)
            assert len(found.rows) == figure["n"], figure


def test_the_reviews_behind_a_score_of_all_sites_are_those_of_the_sites_that_weigh(town: DataDir) -> None:
    found = explain(town, "riverside", dt.date(2026, 9, 1), "reputation_score_combined")
    assert {review["site"] for review in found.rows} == {"healthgrades", "zocdoc"}
    assert [len(found.rows)] == [figure["sample_size"] for figure in found.figures]


def test_the_reviews_behind_a_warning_are_those_that_raise_it(town: DataDir) -> None:
    for metric in ("alerts", "replies_to_look_at"):
        found = explain(town, "riverside", OCTOBER, metric, "google")
        assert 0 < len(found.rows) <= sum(figure["numerator"] or 0 for figure in found.figures)


def test_the_balance_of_a_topic_is_of_the_reviews_that_its_mentions_are_of_and_tells_no_single_ones(
    town: DataDir,
) -> None:
    balance, mentions = (
        explain(town, "riverside", OCTOBER, name, "google") for name in ("topic_balance", "topic_mentions")
    )
    assert [row["item_id"] for row in balance.rows] == [row["item_id"] for row in mentions.rows] != []
    single = {figure["part"].split("/")[0] for figure in mentions.figures if figure["reason"] == "single remarks"}
    assert single
    for topic in single:
        assert f"google, {topic}: too few to say, n = 0 (single remarks)" in str(balance)


def test_a_figure_is_explained_beside_months_before_and_a_year_before_only_after_two_years(town: DataDir) -> None:
    with open_warehouse(town) as connection:
        said = rows(
            connection,
            "select * from reports.verdicts where site = 'google' and practice_id = 'riverside' "
            "and metric in ('reviews_received', 'low_share') order by all",
        )
    years = {row["month"] for row in said if row["months"] == 12}
    assert years
    beside = "google, beside the same month of the year before: "
    for month in {row["month"] for row in said}:
        text = str(explain(town, "riverside", month, "reviews_received", "google"))
        assert "google, beside the month before: " in text
        assert "google, beside the three months before: " in text
        assert (beside in text) == (month in years)
        assert "a difference of" not in text
    share = next(row for row in said if row["metric"] == "low_share" and row["verdict"] == "no_clear_change")
    text = str(explain(town, "riverside", share["month"], "low_share", "google"))
    counts = [round(share[f"{when}_value"] * share[f"{when}_size"]) for when in ("previous", "this")]
    low, high = newcombe(counts[0], share["previous_size"], counts[1], share["this_size"])
    words = f"no clear change, {share['previous_value']:f} to {share['this_value']:f}"
    assert f"{words}, a difference of 95% from {low:+.6f} to {high:+.6f}" in text


def test_how_likely_stars_fell_is_told_of_the_two_windows(town: DataDir) -> None:
    with open_warehouse(town) as connection:
        said = rows(
            connection,
            "select * from reports.verdicts where metric = 'mean_stars' and practice_id = 'riverside' "
            "and site = 'google' and this_value is not null and previous_value is not null order by month, months",
        )
        stars = {
            (row["site"], row["month"]): row["star_counts"]
            for row in rows(connection, "select * from core.month_stars where practice_id = 'riverside'", {})
        }
    month = max(row["month"] for row in said)
    compared = [row for row in explain(town, "riverside", month, "mean_stars").compared if row["site"] == "google"]
    by_months = {row["months"]: row["probability_of_decline"] for row in compared}

    def window(*ago: int) -> list[int]:
        return [sum(counts) for counts in zip(*(stars["google", add_months(month, -n)] for n in ago), strict=True)]

    assert by_months[1] == pytest.approx(probability_of_decline(window(1), window(0)))
    assert by_months[3] == pytest.approx(probability_of_decline(window(3, 4, 5), window(0, 1, 2)))
    assert by_months[1] != by_months[3]
    text = str(explain(town, "riverside", month, "mean_stars", "google"))
    assert f", fell with a probability of {by_months[1]:.4f}\n" in text
    assert "with a probability" not in str(explain(town, "riverside", month, "low_share", "google"))


def test_a_changed_mix_of_sites_is_split_from_their_own_stars(town: DataDir) -> None:
    with open_warehouse(town) as connection:
        sums = {
            (row["site"], row["month"]): (row["rated"], row["star_sum"])
            for row in rows(
                connection,
                "select * from core.month_stars where practice_id = 'riverside' and not_covered_why is null "
                "and site in ('healthgrades', 'zocdoc')",
                {},
            )
        }
        years = {
            row["year"]
            for row in rows(
                connection,
                "select year from core.site_weights where practice_id = 'riverside' and weight > 0 "
                "group by year having count(*) = 2",
                {},
            )
        }
    told = {}
    for month in sorted({month for _, month in sums}):
        both = [
            [sums.get((site, when), (0, 0)) for site in ("healthgrades", "zocdoc")]
            for when in (add_months(month, -1), month)
        ]
        found = explain(town, "riverside", month, "reputation_score_combined").mix
        weighed = month.replace(month=1) in years
        assert (found is not None) == (weighed and all(n for pairs in both for n, _ in pairs)), month
        if found:
            means = [sum(total for _, total in pairs) / sum(n for n, _ in pairs) for pairs in both]
            assert found["sites"] == ["healthgrades", "zocdoc"]
            assert found["rates"] + found["mix"] == pytest.approx(means[1] - means[0])
            told[month] = found
    assert told
    text = str(explain(town, "riverside", max(told), "mean_stars"))
    assert "All stars of healthgrades, zocdoc together, beside the month before: " in text
    assert explain(town, "riverside", max(told), "mean_stars", "zocdoc").mix is None
    assert explain(town, "riverside", max(told), "low_share").mix is None


def test_the_parts_of_a_score_are_told_with_what_they_come_from(town: DataDir) -> None:
    with open_warehouse(town) as connection:
        figures = rows(
            connection,
            "select practice_id, site, month, metric, value from reports.figures "
            "where metric like 'reputation_score%' and part = '' and value is not null order by all",
        )
    assert {figure["metric"] for figure in figures} == {"reputation_score", "reputation_score_combined"}
    with opened_once(town):
        for figure in figures:
            found = explain(town, figure["practice_id"], figure["month"], figure["metric"], figure["site"] or None)
            assert float(sum(part["points"] for part in found.parts)) == pytest.approx(float(figure["value"]), abs=1e-5)
    assert "What it is made of:" in str(found)
    assert ", answers: " in str(found)
    assert explain(town, "riverside", OCTOBER, "mean_stars").parts == []


def test_what_was_handled_privately_is_told_with_its_day_and_its_number(town: DataDir) -> None:
    with open_warehouse(town) as connection:
        marks = {
            (row["site"], row["item_id"]): row["handled_on"]
            for row in rows(connection, "select * from core.handled_privately where practice_id = 'riverside'")
        }
        [counted] = rows(
            connection,
            "select month, handled from reports.score_parts where score = 'reputation_score' and part = 'answers' "
            "and practice_id = 'riverside' and site = 'google' and handled > 0 order by month desc limit 1",
        )
        waiting = rows(connection, "select site, item_id, month from reports.needs_answer")
    found = explain(town, "riverside", counted["month"], "reputation_score", "google")
    assert {row["item_id"]: row["handled_on"] for row in found.rows if row["handled_on"]} == {
        row["item_id"]: marks["google", row["item_id"]] for row in found.rows if ("google", row["item_id"]) in marks
    }
    text = str(found)
    assert f"{counted['handled']} handled privately" in text
    assert f"  handled privately {next(row['handled_on'] for row in found.rows if row['handled_on'])}  " in text
    assert f"points, from {found.parts[0]['inputs'][0].normalize():f} of " in text
    assert waiting
    assert not [row for row in waiting if marks.get((row["site"], row["item_id"]), NIGHT + ONE_DAY) <= NIGHT]


@pytest.mark.parametrize(
    ("item", "on", "said"),
    [
        ("nothing", OCTOBER, "block 2, of 2026-10-01, means no review, post or comment that is held"),
        ("https://google.example/all", OCTOBER, "block 2, of 2026-10-01, means .* reviews, posts or comments, so none"),
        ("before-1", dt.date(2020, 1, 1), "block 2, of 2020-01-01, is of a day before it was written"),
        ("hilltop-1", OCTOBER, "means no review"),
    ],
)
def test_the_doctor_refuses_a_mark_that_means_nothing_or_several(
    town: DataDir, item: str, on: dt.date, said: str
) -> None:
    marks = (HandledPrivately(item="before-1", on=OCTOBER), HandledPrivately(item=item, on=on))
    people = Practices(practice=(Practice(id="riverside", name="R", handled_privately=marks),))
    [bad] = doctor._handled_privately(people, town)
    assert bad.state == "bad"
    assert re.search(f"^riverside: {said}" if said.startswith("block") else said, bad.said)
    assert item not in bad.said + bad.mend
    assert bad.mend


def test_the_doctor_counts_marks_that_mean_something(town: DataDir) -> None:
    marks = (HandledPrivately(item="before-1", on=OCTOBER), HandledPrivately(item="before-2", on=OCTOBER))
    people = Practices(practice=(Practice(id="riverside", name="R", handled_privately=marks),))
    [good] = doctor._handled_privately(people, town)
    assert (good.state, good.said) == ("ok", "riverside: 2 by its own word")


def test_before_the_first_build_the_doctor_cannot_look_marks_up(data: DataDir) -> None:
    marks = (HandledPrivately(item="before-1", on=OCTOBER),)
    people = Practices(
        practice=(Practice(id="riverside", name="R", handled_privately=marks), Practice(id="o", name="O"))
    )
    [later] = doctor._handled_privately(people, data)
    assert later.state == "warning"
    assert "rapport build" in later.mend
    assert list(doctor._handled_privately(Practices(practice=people.practice[1:]), data)) == []


def test_people_can_read_it(town: DataDir) -> None:
    found = explain(town, "riverside", OCTOBER, "mean_stars", "google")
    text = str(found)
    assert text.startswith("Average stars (mean_stars), riverside, 2026-10\n")
    assert found.told["definition"] in text
    assert "of the night" not in text
    assert "night of 2026-11-03" in text
    assert all(review["item_id"] in text for review in found.rows)
    assert all(page in text for page in found.pages)
    assert "star_sum::decimal" in text


def test_programmes_can_read_it(town: DataDir) -> None:
    found = explain(town, "riverside", OCTOBER, "low_share").as_dict()
    again = json.loads(json.dumps(found, default=str))
    assert again["metric"] == "low_share"
    assert {figure["site"] for figure in again["figures"]} == {"google", "healthgrades", "zocdoc"}
    assert set(again["rows"][0]) == {
        "site",
        "item_id",
        "stars",
        "created_local",
        "first_reply_at",
        "handled_on",
        "removed_on",
        "announced_on",
        "lists_without",
        "confirmed_on",
        "page",
        "position",
    }


def test_a_figure_without_a_value_says_why(town: DataDir) -> None:
    text = str(explain(town, "riverside", OCTOBER, "reply_share", "healthgrades"))
    assert "healthgrades: not measured, None of 0 (replies cannot be read on this site)" not in text
    assert "healthgrades: not measured (replies cannot be read on this site)" in text


@pytest.mark.parametrize(
    ("practice", "month", "metric", "site", "said"),
    [
        ("riverside", OCTOBER, "stars", None, r"Did you mean mean_stars\? There is: advocates_of_.*, word_of_mouth_"),
        ("river", OCTOBER, "mean_stars", None, r"Did you mean riverside\? There is: hilltop, quiet, riverside"),
        ("riverside", dt.date(2020, 1, 1), "mean_stars", None, r"There is: 2024-0\d to 2026-11"),
        ("riverside", OCTOBER, "mean_stars", "yelp", "There is: google, healthgrades, zocdoc"),
    ],
)
def test_an_unknown_name_is_answered_with_what_exists(
    town: DataDir, practice: str, month: dt.date, metric: str, site: str | None, said: str
) -> None:
    with pytest.raises(UnknownName, match=said):
        explain(town, practice, month, metric, site)


def test_without_a_warehouse_there_is_nothing_to_explain(data: DataDir) -> None:
    with pytest.raises(NotReady, match="Run `rapport build`"):
        explain(data, "riverside", OCTOBER, "mean_stars")


def test_the_reviews_behind_signs_worth_checking_are_those_that_have_one(town: DataDir) -> None:
    month = dt.date(2026, 9, 1)
    with open_warehouse(town) as connection:
        marked = {
            row["item_id"]
            for row in rows(
                connection,
                "select item_id, voice, acts from core.reviews where practice_id = 'riverside' and site = 'google' "
                "and month = ? and counted",
                [month],
            )
            if row["voice"] == "team" or {"incentive", "staff_named", "only_review"} & set(row["acts"] or ())
        }
        replied = {
            row["parent_id"]
            for row in rows(
                connection,
                "select replies.parent_id from core.replies as replies join core.reviews as reviews "
                "on replies.parent_id = reviews.item_id and replies.practice_id = reviews.practice_id "
                "where reviews.practice_id = 'riverside' and reviews.site = 'google' and reviews.month <= ? "
                "and reviews.removed_on is null and replies.visible "
                "and (list_has_any(replies.disclosure_classes, ['N1', 'N2']) or list_has_any(replies.acts, "
                "['gated_invitation', 'yelp_invitation', 'worded_invitation']))",
                [month],
            )
        }
    found = explain(town, "riverside", month, "integrity_signs", "google")
    assert {row["item_id"] for row in found.rows} == marked | replied
    assert marked - replied
    assert replied - marked
