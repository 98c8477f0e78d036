"""Scores, topics, alerts, unusual weeks and conversation in a report: every state they can be in, in words."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise
from typing import Any

import pytest

from pipelines import render
from pipelines.advice import Asked
from pipelines.periods import add_months
from pipelines.text.disclosure.verdicts import CLASSES
from pipelines.text.topics import ALERTS, TOPICS
from pipelines.view.conversation import Conversation
from pipelines.view.looks import SIGNS
from pipelines.view.private import BECAME_WORDS
from pipelines.view.report import Report, month_report
from pipelines.view.sites import TOPIC_NAMES
from pipelines.view.terms import Term, term_blocks
from tests.report_states import STATES, Warehouse


def report_of(house: Warehouse) -> Report:
    return month_report(house.practice(), house.month, house.inputs())


def practice() -> Warehouse:
    return Warehouse().site("google", [(1, 0, 1, 4, 18)] * 3).site("survey", [(0, 0, 1, 2, 9)] * 3, can_reply=False)


def talk_of(house: Warehouse) -> Conversation:
    return report_of(house).conversation


def test_the_combined_score_goes_before_that_of_a_site() -> None:
    house = practice().score("google", 80.0, 5.0).score("survey", 90.0, 5.0)
    assert (report_of(house).scores[0].of, report_of(house).scores[0].number) == ("Google", "80")
    together = report_of(house.score("", 84.4, 4.0)).scores[0]
    assert (together.of, together.number) == ("all sites that may be joined", "84")
    assert together.says == "likely 80 to 88, firm"
    assert (
        together.made_of == "51 of 60 for stars, 17 of 20 for few unhappy people and 17 of 20 for safe answers"
        ", by 60\N{NO-BREAK SPACE}reviews of two years; one more moves it by 4\N{NO-BREAK SPACE}points at most"
    )


def test_in_the_first_month_of_other_weights_both_scores_are_told() -> None:
    house = practice().score("google", 80.0, 5.0).talk(61.0)
    before = report_of(house).scores
    for site, metric, value in (("google", "reputation_score", 77.4), ("", "engagement_score", 66.6)):
        house.figure(site, house.month, metric, value, low=70, high=85, part="version 1", sample_size=60)
        house.figure(site, add_months(house.month, -1), metric, 12.0, low=7, high=18, part="version 0", sample_size=60)
    after = report_of(house).scores
    assert [score.number for score in after] == [score.number for score in before] == ["80", "61"]
    assert after[0].says == f"{before[0].says}; 77 by the weights of before"
    assert after[1].says == f"{before[1].says}; 67 by the weights of before"


def test_the_same_month_of_the_year_before_is_told_only_where_two_years_were_read() -> None:
    house = practice()
    [month] = [r for r in house.rows["verdicts"] if r["site"] == "google" and r["metric"] == "reviews_received"]
    without = report_of(house).changed
    assert "year" not in str(without)
    house.rows["verdicts"].append(month | {"months": 12, "previous_value": 9.0, "verdict": "rose"})
    google, survey = report_of(house).changed
    assert google.cells[2].detail == f"{without[0].cells[2].detail}; 9 a year before: rose"
    # It is beside the month before, and never in its place.
    assert google.cells[2].word == without[0].cells[2].word
    assert (google.cells[:2], survey) == (without[0].cells[:2], without[1])


def test_a_second_site_speaks_where_the_first_has_too_few() -> None:
    house = practice().score("google", None, reason="9 reviews in twelve months, 10 are needed").score("survey", 90.0)
    assert report_of(house).scores[0].of == "Patient survey"


@pytest.mark.parametrize(("half", "word"), [(6.0, "firm"), (12.0, "fair"), (12.5, "rough")])
def test_a_score_says_how_sure_it_is_in_the_warehouses_word(half: float, word: str) -> None:
    score = report_of(practice().score("google", 70.0, half)).scores[0]
    assert score.says.endswith(f", {word}")
    assert score.alt.startswith("Reputation of Google: 70 of 100, likely ")
    assert score.alt.endswith(f", {word}.")


def test_without_a_score_there_is_a_reason_and_no_bar() -> None:
    house = practice().score("google", None, reason="9 reviews in twelve months, 10 are needed").not_connected()
    report = report_of(house)
    assert [score.instead for score in report.scores] == [
        "Not enough to score: Google has 9 reviews in twelve months, 10 are needed.",
        "No account is connected.",
    ]
    html = render.report_html(report, render.TEMPLATES)
    assert "<svg" not in html.split('id="scores"')[1].split("</section>")[0]


def test_a_score_that_was_not_measured_gives_the_warehouses_reason() -> None:
    house = practice()
    house.figure("google", house.month, "reputation_score", None, reason="last read on 2026-10-09")
    house.figure("", house.month, "engagement_score", None, reason="bluesky: last read on 2026-10-09")
    assert [score.instead for score in report_of(house).scores] == [
        "Not measured: Google, last read on 9 Oct 2026.",
        "Not measured: bluesky: last read on 9 Oct 2026.",
    ]


def test_a_score_of_zero_is_a_number() -> None:
    house = practice().talk(0.0)
    assert [row.update(state="zero") for row in house.rows["figures"] if row["metric"] == "engagement_score"]
    assert (report_of(house).scores[1].number, report_of(house).scores[1].instead) == ("0", "")


def test_bars_lie_where_the_numbers_say() -> None:
    html = render.report_html(report_of(practice().score("google", 50.0, 10.0)), render.TEMPLATES)
    chart = html.split('id="scores"')[1].split("</svg>")[0]
    assert re.search(r'width="149\.0" height="12" fill="#0072b2"', chart)
    assert "M120.2 9H179.8" in chart


def test_topics_below_five_mentions_have_no_number() -> None:
    house = practice().judged("google", {"bedside_manner": (14, 3), "wait_on_site": (0, 0), "cost_value": (0, 9)})
    rows = report_of(house).topics
    assert [(row.topic, row.praised, row.criticised) for row in rows] == [
        ("Listening and kindness", "14 of 24", "single remarks"),
        ("Price and value", "none", "9 of 24"),
    ]


def test_a_topic_tells_its_change_by_the_verdict_of_its_own_part() -> None:
    house = practice().judged("google", {"cost_value": (8, 9), "follow_up": (0, 6)})
    told: dict[str, Any] = {"site": "google", "metric": "topic_mentions", "months": 1}
    house.rows["verdicts"].append(told | {"part": "cost_value/negative", "verdict": "rose"})
    assert [row.change for row in report_of(house).topics] == ["criticism rose", "no clear change"]
    assert [row.cells[0].word for row in report_of(house).changed] == ["no clear change"] * 2


def test_months_without_topics_say_which_kind_of_nothing() -> None:
    assert report_of(practice()).instead_of_topics == "No review of the month could be judged."
    nothing = practice().judged("google", {"cost_value": (0, 0)})
    assert report_of(nothing).instead_of_topics == "No topic was named in the reviews that could be judged."


def test_every_topic_has_a_name_for_people() -> None:
    assert set(TOPIC_NAMES) == set(TOPICS)


@pytest.mark.parametrize(
    ("alerts", "replies", "said"),
    [
        ((0, 0, 0), (0, 0, 0), "Nothing was found that needs a look."),
        ((1, 0, 0), (0, 0, 0), "1 alert to look at."),
        ((1, 2, 0), (0, 0, 1), "3 alerts and 1 reply to look at."),
        ((0, 0, 0), None, "Nothing was found that needs a look. Replies were not checked."),
        (None, (2, 0, 0), "2 replies to look at. Reviews were not checked."),
        (None, None, "Neither reviews nor replies could be checked."),
    ],
)
def test_page_one_counts_what_needs_a_look(
    alerts: tuple[int, ...] | None, replies: tuple[int, ...] | None, said: str
) -> None:
    report = report_of(practice().judged("google", {}, alerts=alerts, replies=replies))
    assert f"{report.alerts} {report.not_checked}".replace("\u00a0", " ").rstrip() == said
    assert bool(report.looks) == any((*(alerts or ()), *(replies or ())))


def test_what_was_looked_through_of_a_month_not_known_in_full_was_checked() -> None:
    house = practice().judged("google", {}, alerts=None, replies=None)
    for row in house.rows["figures"]:
        if row["metric"] == "alerts":
            row |= {"sample_size": 19, "reason": "no complete list has been read"}
    report = report_of(house)
    assert (report.alerts, report.not_checked) == ("Nothing was found that needs a look.", "Replies were not checked.")


def test_what_is_worth_a_look_is_listed_by_weight_and_day_with_links_and_no_words() -> None:
    house = practice().judged("google", {}, alerts=(0, 1, 2), replies=(1, 0, 3)).judged("survey", {}, replies=None)
    house.rows["worth_a_look"][0]["url"] = "javascript:alert(1)"
    report = report_of(house)
    assert [(row.site, row.what, row.signs, row.written, bool(row.url)) for row in report.looks] == [
        ("Google", "Review", "a breach of privacy", "18 Oct 2026", True),
        ("Google", "Review", "a breach of privacy", "14 Oct 2026", True),
        ("Google", "Review", "unfair treatment", "11 Oct 2026", False),
        ("Google", "Reply, critical", "a treatment and a number or an address", "23 Oct 2026", True),
        ("Google", "Reply, caution", "who is a patient", "24 Oct 2026", True),
        ("Google", "Reply, caution", "who is a patient", "20 Oct 2026", True),
        ("Google", "Reply, caution", "who is a patient", "16 Oct 2026", False),
    ]
    assert report.looks_notes == (
        "Replies count as long as they stand, from any month: 1 critical and 3 caution.",
        "Without a link, look for the day on the site itself.",
    )
    assert [row.written for row in report.alert_links] == ["18 Oct 2026", "14 Oct 2026", "11 Oct 2026"]
    assert [card.id for card in report.cards] == ["look-today", "take-down"]
    first = render.report_html(report, render.TEMPLATES).split('id="alerts"')[1].split("</section>")[0]
    assert re.findall('href="([^"]+)"', first) == [
        "https://google.example/ALERT_privacy/0",
        "https://google.example/ALERT_privacy/1",
        "#worth-a-look",
    ]


@pytest.mark.parametrize(
    ("alerts", "replies", "said"),
    [
        ((0, 0, 0), (0, 0, 0), "2 comments of yours to look at."),
        ((1, 0, 0), (0, 0, 3), "1 alert, 3 replies and 2 comments of yours to look at."),
        (None, (0, 0, 0), "2 comments of yours to look at. Reviews were not checked."),
        (None, None, "2 comments of yours to look at. Neither reviews nor replies could be checked."),
    ],
)
def test_own_comments_to_look_at_stand_beside_replies_of_their_severity_and_are_counted_on_page_one(
    alerts: tuple[int, ...] | None, replies: tuple[int, ...] | None, said: str
) -> None:
    house = practice().judged("google", {}, alerts=alerts, replies=replies)
    house.judged("facebook", {}, alerts=None, replies=None, comments=(0, 1, 1))
    report = report_of(house)
    assert f"{report.alerts} {report.not_checked}".replace("\u00a0", " ").rstrip() == said
    own = [(row.site, row.what, row.url) for row in report.looks if row.what.startswith("Comment")]
    assert own == [
        ("Facebook", "Comment, high", "https://facebook.example/high/0"),
        ("Facebook", "Comment, caution", "https://facebook.example/caution/0"),
    ]
    kinds = [row.what.split(", ")[-1] for row in report.looks]
    assert kinds == sorted(kinds, key=["Review", "critical", "high", "caution"].index)
    assert "Comments of yours count for 90 days: 1 high and 1 caution." in report.looks_notes
    assert any(note.startswith("Replies count") for note in report.looks_notes) == any(replies or ())
    # The grave one is to be taken down, as a grave reply is.
    down = next(card for card in report.cards if card.id == "take-down")
    assert down.what.replace("\u00a0", " ").startswith("Take down today the 1 reply or comment that")
    # Page 1 names alerts alone by their links.
    assert not any(row.what.startswith("Comment") for row in report.alert_links)


def test_own_comments_are_listed_for_the_90_days_of_their_figure_and_while_they_stand() -> None:
    house = practice().judged("google", {}, comments=(0, 4, 0))
    first, last, gone, late = house.rows["worth_a_look"]
    # The 90 days of October begin on 3 August.
    for row, day in ((first, dt.date(2026, 8, 3)), (last, dt.date(2026, 8, 2)), (late, dt.date(2026, 11, 1))):
        row |= {"written_on": day, "month": day.replace(day=1)}
    gone["counted"] = False
    report = report_of(house)
    assert [row.written for row in report.looks] == ["3 Aug 2026"]
    assert report.alerts.replace("\u00a0", " ") == "1 comment of yours to look at."
    # It was in the list of September, and whether it still stands is not read any more.
    assert len(house.inputs().past_comments) == 1
    last["written_on"] = dt.date(2026, 7, 3)
    assert len(house.inputs().past_comments) == 1
    last["written_on"] = dt.date(2026, 7, 2)
    assert house.inputs().past_comments == []
    # What others wrote below a post is told the morning after, and is in no list of a month.
    first |= {"severity": None, "classes": ["ALERT_privacy"]}
    assert report_of(house).looks == ()


@pytest.mark.parametrize(
    ("alerts", "replies", "comments", "shown", "more"),
    [
        ((1, 1, 2), (2, 2, 2), (0, 0, 0), (3, 5), 2),
        # Where one has no link, the sentence that says so takes a row's room.
        ((9, 0, 0), (0, 0, 0), (0, 0, 0), (7, 0), 2),
        ((9, 0, 0), (0, 0, 9), (0, 0, 0), (3, 4), 11),
        ((1, 0, 0), (9, 0, 0), (0, 0, 0), (1, 6), 3),
        # And so does the sentence on how long comments count.
        ((1, 1, 2), (2, 2, 0), (0, 0, 2), (3, 4), 3),
        ((9, 0, 0), (0, 0, 0), (0, 0, 1), (5, 1), 4),
    ],
)
def test_a_list_too_long_for_its_page_says_where_the_rest_is(
    alerts: tuple[int, ...],
    replies: tuple[int, ...],
    comments: tuple[int, ...],
    shown: tuple[int, int],
    more: int,
) -> None:
    report = report_of(practice().judged("google", {}, alerts=alerts, replies=replies, comments=comments))
    assert (sum(row.is_alert for row in report.looks), sum(not row.is_alert for row in report.looks)) == shown
    assert report.looks_notes[-1].replace("\u00a0", " ") == (
        f"And {more} more, in the attached file worth-a-look-2026-10.csv."
    )


def test_every_alert_and_class_of_the_check_has_words_of_a_report() -> None:
    assert set(SIGNS) == {*ALERTS, *CLASSES}


@pytest.mark.parametrize("tag", ["en", "es"])
def test_a_review_that_does_not_recommend_waits_among_those_of_one_star_and_says_so(tag: str) -> None:
    house = practice().waiting(3).warned(3, 20)
    told = house.practice().model_copy(update={"language": tag})
    report = month_report(told, house.month, house.inputs())
    words, of = {"en": ("not recommended", "of"), "es": ("no recomendado", "de")}[tag]
    assert [(row.site, row.stars, row.rated) for row in report.waiting] == [
        ("Google", 1, f"1 {of} 5"),
        ("Facebook", None, words),
        ("Facebook", None, words),
        ("Google", 2, f"2 {of} 5"),
        ("Google", 3, f"3 {of} 5"),
    ]
    assert words in report.waiting_words
    table = render.report_html(report, render.TEMPLATES).split('id="needs-answer"')[1].split("</section>")[0]
    assert table.count(f"<td>{words}</td>") == 2
    assert "None" not in table
    # What no row of the list has is not spoken of.
    assert words not in report_of(practice().waiting(3)).waiting_words
    assert all(row.draft for row in report.waiting)


def test_nothing_worth_a_look_is_no_section_and_what_is_gone_or_of_another_month_is_not_listed() -> None:
    assert 'id="worth-a-look"' not in render.report_html(report_of(practice()), render.TEMPLATES)
    house = practice().judged("google", {}, alerts=(2, 0, 0), replies=(0, 2, 0))
    gone, late_review, early_reply, late_reply = house.rows["worth_a_look"]
    gone["counted"] = False
    late_review["month"], early_reply["month"], late_reply["month"] = (
        add_months(house.month, months) for months in (-1, -3, 1)
    )
    assert [row.what for row in report_of(house).looks] == ["Reply, high"]


GENUINE = "16 CFR 465.2: a review tells what its writer went through."


EVENT = "Such a week may be an event, a news story, an invitation you sent, or an attack."


def test_an_unusual_number_is_told_without_a_mean() -> None:
    (row,) = report_of(practice().unusual("google", "unusual number")).checks
    assert row.rule == GENUINE
    assert row.seen == (
        f"Google: 48 reviews in the week of 5 Oct 2026, an unusual number after 71 in 12 weeks. {EVENT}"
    )


def test_a_cluster_that_leaves_too_few_says_so_and_weeks_end_at_three() -> None:
    house = practice()
    for _ in range(5):
        house.unusual("google", "unusual cluster")
    (row,) = report_of(house).checks
    one = "44 of 48 (92%) gave one or two stars. Without the cluster too few reviews are left for a mean."
    assert row.seen.count(one) == 3
    assert row.seen.endswith(f"And 2\u00a0more such weeks. {EVENT}")


def test_words_of_another_account_and_replies_that_threaten_or_offer_name_their_rule() -> None:
    house = practice().repeated("google", 6, 40).repeated("survey", 2, 12).judged("google", {}, replies=(0, 2, 0))
    house.rows["worth_a_look"][0]["classes"] = ["N1", "N2"]
    assert [(row.rule, row.seen.replace("\u00a0", " ")) for row in report_of(house).checks] == [
        (
            GENUINE,
            "Reviews of five words or more with the words of another account\u2019s: 6 of 40 (15%) on Google and "
            "2 of 12 on Patient survey.",
        ),
        ("16 CFR 465.7(a): nobody is threatened over a review.", "1 reply of yours has signs of a threat."),
        ("16 CFR 465.4: nothing is given for praise.", "2 replies of yours have signs of an offer for a review."),
    ]


def test_what_reviews_tell_of_having_been_asked_for_names_its_rule_and_no_single_one_of_a_reward() -> None:
    house = practice().sign("google", "incentive in reviews", 2, 31).sign("survey", "incentive in reviews", 1, 12)
    house.sign("google", "own people", 1, 40).sign("google", "staff named", 14, 31).sign("survey", "staff named", 0, 12)
    house.judged("google", {}, replies=(0, 1, 0))
    house.rows["worth_a_look"][0]["classes"] = ["N2"]
    alone = practice().sign("google", "accounts of one review", 21, 31)
    assert [(row.rule, row.seen.replace("\u00a0", " ")) for row in report_of(alone).checks] == [
        (
            GENUINE,
            "Reviews by accounts that have written nothing else, clearly more than in the twelve months before: "
            "21 of 31 (68%) on Google. An invitation you sent may be why.",
        )
    ]
    assert [(row.rule, row.seen.replace("\u00a0", " ")) for row in report_of(house).checks] == [
        (
            "16 CFR 465.4: nothing is given for praise.",
            "1 reply of yours has signs of an offer for a review. "
            "Reviews that tell of something given for them: 2 of 31 (6%) on Google.",
        ),
        (
            "16 CFR 465.5: whoever belongs to a practice says so.",
            "Reviews by accounts that you listed as your people\u2019s: 1 of 40 (3%) on Google.",
        ),
        (
            "Rules of sites, Google\u2019s for one: nobody is asked to name a person.",
            "Reviews that name somebody of your staff, clearly more than in the twelve months before: "
            "14 of 31 (45%) on Google. People may do so unasked.",
        ),
    ]


def test_how_own_posts_ask_for_reviews_names_its_rule_and_links_and_quotes_nothing() -> None:
    house = practice().invites("gating", 2, 40).invites("reward", 1, 40).invites("yelp", 0, 40).invites("wording", 1, 9)
    house.judged("google", {}, replies=(0, 1, 0))
    house.rows["worth_a_look"][0]["classes"] = ["N2"]
    assert [(row.rule, row.seen.replace("\u00a0", " ")) for row in report_of(house).checks] == [
        (
            "16 CFR 465.4: nothing is given for praise.",
            "1 reply of yours has signs of an offer for a review. "
            "Posts and comments of yours in 90 days that seem to offer something for a review: 1 of 40 (3%).",
        ),
        (
            "16 CFR 255.2(d): everybody is asked for a review, and not the happy alone.",
            "Posts and comments of yours in 90 days that seem to ask the happy alone for a review: 2 of 40 (5%).",
        ),
        (
            "Rules of sites, Google\u2019s for one: nobody is told what a review should say.",
            "Posts and comments of yours in 90 days that seem to ask for a name or a treatment in a review: 1 of 9.",
        ),
    ]
    assert report_of(house).more_checks == ""
    replies = practice().sign("google", "wording", 2, 40).sign("survey", "yelp", 1, 12).sign("google", "gating", 0, 40)
    assert [(row.rule, row.seen.replace("\u00a0", " ")) for row in report_of(replies).checks] == [
        (
            "Rules of Yelp: nobody is asked for a review.",
            "Replies of yours that seem to ask for a review on Yelp: 1 of 12 on Patient survey.",
        ),
        (
            "Rules of sites, Google\u2019s for one: nobody is told what a review should say.",
            "Replies of yours that seem to ask for a name or a treatment in a review: 2 of 40 (5%) on Google.",
        ),
    ]
    (row,) = report_of(practice().invites("yelp", 3, 9)).checks
    assert row.rule == "Rules of Yelp: nobody is asked for a review."
    assert row.seen == "Posts and comments of yours in 90 days that seem to ask for a review on Yelp: 3 of 9."


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"gating": 0, "reward": 0, "yelp": 0, "wording": 0}, None),
        ({"gating": 2, "reward": 0, "yelp": 1}, "2 of a call to the happy alone and 1 of a call for Yelp reviews"),
        ({"reward": 1}, "1 of a reward"),
        ({"wording": 3}, "3 of words to write"),
    ],
)
def test_a_sign_in_own_posts_asks_to_read_them_again_and_leads_to_its_rule(parts: dict[str, int], why: str) -> None:
    house = practice()
    for part, posts in parts.items():
        house.invites(part, posts, 40)
    report = report_of(house)
    cards = [card for card in report.cards if card.id == "ask-alike"]
    assert [card.why.replace("\u00a0", " ") for card in cards] == (
        [f"Signs in 40 posts and comments of 90 days: {why}. Signs can be wrong."] if why else []
    )
    html = render.report_html(report, render.TEMPLATES)
    assert ('href="#worth-checking"' in html) == ('id="worth-checking"' in html) == bool(why)


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        (("gating", "reward", "yelp", "wording"), "done"),
        (("gating", "reward", "yelp"), "cannot_tell"),
    ],
)
def test_own_posts_are_in_order_only_where_every_kind_of_sign_was_looked_for(
    parts: tuple[str, ...], state: str
) -> None:
    house = practice()
    for part in parts:
        house.invites(part, 0, 40)
    asked = [Asked("ask-alike", "What we asked.")]
    (row,) = month_report(house.practice(), house.month, house.inputs(), (), asked).followed_up
    assert row.word == BECAME_WORDS[state]


def test_three_signs_of_posts_and_reviews_are_shown_those_of_posts_first() -> None:
    house = practice().sign("google", "own people", 1, 40).sign("google", "staff named", 14, 31)
    house.invites("yelp", 3, 9).invites("wording", 1, 9)
    rules = [row.rule.partition(":")[0] for row in report_of(house).checks]
    assert rules == ["Rules of Yelp", "Rules of sites, Google\u2019s for one", "16 CFR 465.5"]
    assert report_of(house).more_checks == "1\u00a0more sign in the attached figures"


def test_own_posts_without_a_sign_are_not_worth_checking() -> None:
    house = practice().invites("gating", 0, 40)
    house.figure("", house.month, "review_invitations", None, part="yelp", state="not_measured")
    assert report_of(house).checks == ()


def test_beside_an_unusual_week_what_else_reviews_tell_is_left_to_the_attached_figures() -> None:
    house = practice().sign("google", "own people", 1, 40).sign("google", "staff named", 14, 31)
    assert [len(report_of(house).checks), report_of(house).more_checks] == [2, ""]
    house.invites("yelp", 3, 9).unusual("google", "unusual number")
    assert [row.rule for row in report_of(house).checks] == [GENUINE]
    assert report_of(house).more_checks == "3\u00a0more signs in the attached figures"
    assert "3\u00a0more signs in the attached figures" in render.report_html(report_of(house), render.TEMPLATES)


def test_a_month_with_nothing_to_check_has_no_such_section() -> None:
    assert 'id="worth-checking"' not in render.report_html(
        report_of(practice().repeated("google", 0, 9)), render.TEMPLATES
    )


def test_nothing_worth_checking_is_ever_called_fake() -> None:
    for state in STATES.values():
        said = render.report_html(report_of(state()), render.TEMPLATES)
        assert not re.search(
            r"\bfak|\bfraud|\bbots?\b|\bbought|\bcheat|\billegal|\bviolat|\bguilty",
            said.split("</h1>")[1].split('id="vanity"')[0],
        )


def test_conversation_tells_what_was_asked_and_what_waits() -> None:
    talk = talk_of(practice().talk(71.7, waiting=1))
    assert [said.replace("\u00a0", " ") for said in talk.answers] == [
        "14 of 20 questions and complaints got an answer within two business days.",
        "1 of 20 still waits for an answer.",
        "The typical time to an answer was 5 hours.",
    ]
    assert talk.posts.replace("\u00a0", " ") == (
        "20 of 44 (45%) posts and replies of yours answered people. Your 24 posts drew 2.1 comments with substance "
        "each and were passed on 0.4 times. By site (posts): Bluesky 2.1 (12), passed on 0.4; Mastodon 2.1 (12), "
        "passed on 0.4."
    )


def test_what_was_handled_privately_is_counted_beside_both_scores() -> None:
    handled = practice().score("google", 80.0, 5.0, handled=2).talk(71.7, waiting=1, handled=3)
    said = report_of(handled).scores[0].made_of.replace("\u00a0", " ")
    assert said.endswith("4 points at most; 2 critical reviews handled privately are left out")
    assert [line.replace("\u00a0", " ") for line in talk_of(handled).answers][3:] == [
        "3 more were handled privately, as you say, and are left out."
    ]


def test_without_a_post_or_answer_nothing_is_said_of_dialogue() -> None:
    house = practice().talk(70.0)
    [row] = [row for row in house.rows["figures"] if row["metric"] == "dialogue_share"]
    row |= {"value": None, "numerator": 0, "sample_size": 0, "state": "too_few"}
    assert talk_of(house).posts.startswith("Your 24")
    row |= {"numerator": None, "state": "not_measured", "reason": "never read"}
    assert talk_of(house).posts.startswith("Your 24")


def test_words_that_say_the_opposite_of_their_stars_are_a_note_on_the_data() -> None:
    house = practice()
    house.figure("google", house.month, "stars_and_words_disagree", 0, state="zero")
    assert not any("opposite" in note for note in report_of(house).data_notes)
    house.rows["figures"][-1] |= {"value": 2, "state": "value"}
    assert "Google: the words of 2 reviews say the opposite of their stars." in [
        note.replace("\u00a0", " ") for note in report_of(house).data_notes
    ]


def test_parts_are_told_with_points_and_what_is_not_known_apart() -> None:
    talk = talk_of(practice().talk(70.0, unknown={"E3": "the 90 days before are not known"}))
    assert [(row.found, row.points, row.of_points) for row in talk.parts][:3] == [
        ("14 of 20 questions and complaints", "18", "25"),
        ("6 of 22 threads with three turns or more", "14", "20"),
        ("not known", "11", "15"),
    ]
    assert talk.not_known == ("Not known for Came back: the 90 days before are not known.",)


def test_without_a_score_parts_have_no_points() -> None:
    assert {row.points for row in talk_of(practice().talk(None, people=7)).parts} == {"–"}


def test_the_mix_of_posts_adds_up() -> None:
    mix = talk_of(practice().talk(70.0, mix=(6, 5, 1, 3, 7, 1, 1))).mix
    assert mix is not None
    assert (mix.helps, mix.sells, mix.other) == (15, 7, 2)
    assert mix.alt == "Your posts of 90 days: 15 help or join in, 7 advertise, 2 other."
    assert dict(mix.types) == {
        "Health information": "6",
        "Community": "5",
        "Thanks to others": "1",
        "Answers": "3",
        "Advertising": "7",
        "Other": "1",
        "Not told apart": "1",
    }
    none = talk_of(practice().talk(None, mix=(0,) * 7))
    assert (none.mix, none.instead_of_mix) == (None, "No post of yours in 90 days.")


def test_a_type_of_post_that_could_not_be_counted_is_no_zero() -> None:
    house = practice().talk(70.0)
    for row in house.rows["figures"]:
        if row["metric"] == "post_mix":
            row |= {"value": None, "state": "not_measured", "reason": "without x (never read)"}
    assert talk_of(house).instead_of_mix == "Posts were not counted: without X (never read)."


def test_communities_link_by_https_only_and_stop_at_four() -> None:
    house = practice().talk(70.0, communities=6)
    house.rows["communities"][1]["url"] = "javascript:alert(1)"
    talk = talk_of(house)
    assert [row.url for row in talk.communities][:2] == ["https://forum.example/t/0", None]
    assert [row.said.replace("\u00a0", " ") for row in talk.communities][:3] == [
        "named 3 times",
        "1 for",
        "2 for, 1 against",
    ]
    assert (len(talk.communities), talk.more_communities.replace("\u00a0", " ")) == (
        4,
        "And 2 more threads of the last twelve months.",
    )


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ({}, ""),
        ({"others": 0, "team": 0, "practice": 0, "asker": 0, "answered": 0}, ""),
        (
            {"others": 2, "team": 1, "practice": 0, "asker": 1, "answered": 1},
            " 4 threads ask whom to go to. Named you first: others in 2, your team in 1, the asker alone in 1. "
            "You or your team answered in 1.",
        ),
        (
            {"practice": 1, "answered": 0},
            " 1 thread asks whom to go to. Named you first: yourselves in 1. Neither you nor your team answered there.",
        ),
    ],
)
def test_who_named_the_practice_where_somebody_asked_is_told_if_anybody_did(
    requests: dict[str, int], words: str
) -> None:
    talk = talk_of(practice().talk(70.0, requests=requests))
    assert talk.communities_words.replace("\u00a0", " ") == "You were named 6 times in 90 days." + words
    crowded = talk_of(practice().talk(70.0, requests=requests, communities=6))
    assert len(crowded.communities) == (2 if words else 4)
    assert (
        crowded.more_communities.replace("\u00a0", " ")
        == f"And {4 if words else 2} more threads of the last twelve months."
    )


def test_without_conversation_there_is_one_sentence_and_none_of_its_terms() -> None:
    report = report_of(practice().not_connected())
    assert report.conversation == Conversation(report.conversation.instead)
    assert report.conversation.instead.startswith("No account, community or feed is connected")
    titles = " ".join(term.title for block in report.terms for column in block for term in column)
    assert "Engagement" not in titles
    blocks = report_of(practice().talk(70.0)).terms
    assert "Engagement" in " ".join(term.title for block in blocks for column in block for term in column)


def test_conversation_that_was_not_read_says_why() -> None:
    house = practice().talk(None, unknown={f"E{number}": "never read" for number in range(1, 7)})
    for row in house.rows["figures"]:
        if row["metric"] == "engagement_score":
            row |= {"state": "not_measured", "reason": "bluesky: last read on 2026-10-09"}
    assert talk_of(house).instead == "Conversation was not measured: bluesky: last read on 9 Oct 2026."


def test_the_action_on_conversation_is_told_once() -> None:
    shown = report_of(practice().talk(70.0, waiting=3))
    assert "answer-questions" in [card.id for card in shown.cards]
    assert shown.talk_card is None
    crowded = report_of(
        practice().talk(70.0, waiting=3).waiting(2).judged("google", {}, alerts=(1, 0, 0), replies=(1, 0, 0))
    )
    assert "answer-questions" not in [card.id for card in crowded.cards]
    assert crowded.talk_card is not None
    assert crowded.talk_card.id == "answer-questions"


def test_old_months_of_what_is_not_trended_are_not_read() -> None:
    house = practice().talk(70.0)
    house.figure("", add_months(house.month, -1), "engagement_score", 12.0)
    rows = [row for row in house.inputs().figures if row["metric"] == "engagement_score"]
    assert [row["month"] for row in rows] == [house.month]


def test_one_place_alone_is_not_told_a_second_time() -> None:
    house = practice().talk(70.0)
    house.rows["figures"] = [row for row in house.rows["figures"] if row["part"] != "mastodon"]
    assert talk_of(house).posts.endswith("posts drew 2.1 comments with substance each and were passed on 0.4 times.")


def test_a_topics_verdict_does_not_make_a_first_month_comparable() -> None:
    house = STATES["first-month"]()
    told: dict[str, Any] = {"site": "google", "metric": "topic_mentions", "months": 1, "verdict": "too_few"}
    house.rows["verdicts"].append(told | {"part": "cost_value/negative"})
    assert report_of(house).changed == ()


def test_what_changed_since_the_last_report_is_told_with_its_links() -> None:
    house = practice().changed("google", "came late", ["https://g.example/1", None, "http://g.example/2"])
    house.changed("google", "vanished", ["https://g.example/3"]).changed(
        "google", "answer came", ["https://g.example/4"]
    )
    house.changed("google", "other stars", ["https://g.example/5"], ["5", "2"])
    house.told_otherwise("google", "reviews_received", (21, 21, 21, "value"), (24, 24, 24, "value"))
    house.told_otherwise("google", "mean_stars", (None, 12, 4, "too_few"), (4.25, 34, 8, "value"))
    house.told_otherwise("google", "low_share", (0.1, 3, 30, "value"), (0.125, 4, 32, "value"))
    (line,) = report_of(house).since_report
    assert (line.site, line.since) == ("Google", "2 Oct 2026")
    assert line.words.replace("\u00a0", " ") == (
        "3 reviews of earlier months came late, 1 review is no longer visible (1 missing from one or two full lists so "
        "far; who removed it is not known), 1 review has other stars, 2 instead of 5 and 1 earlier review has an "
        "answer now. September now has a mean of 4.3 stars (told: too few stars for a mean) and 24 reviews (told: 21 "
        "reviews)."
    )
    # Neither what is gone nor an answer is linked, and nothing but a safe link is.
    assert line.links == ("https://g.example/1", "https://g.example/5")
    html = render.report_html(report_of(house), render.TEMPLATES)
    section = html.split('id="since-last-report"')[1].split("</section>")[0]
    assert section.count("<a href=") == 2


@pytest.mark.parametrize(
    ("number", "announced", "confirmed", "said"),
    [
        (1, 1, 1, "1 review is no longer visible (1 by the site’s own word)."),
        (
            *(2, 0, 2),
            "2 reviews are no longer visible (2 missing from three full lists or more; who removed them is not known).",
        ),
        (
            *(4, 2, 3),
            "4 reviews are no longer visible (2 by the site’s own word, 1 missing from three full lists or more and "
            "1 missing from one or two full lists so far; who removed them is not known).",
        ),
    ],
)
def test_how_sure_it_is_that_reviews_vanished_is_told(number: int, announced: int, confirmed: int, said: str) -> None:
    house = practice().changed("google", "vanished", [None] * number, sure=(announced, confirmed))
    (line,) = report_of(house).since_report
    assert line.words.replace("\u00a0", " ") == said


def test_nothing_changed_is_no_section() -> None:
    house = practice().changed("google", "vanished", [])
    house.changed("survey", "came late", [], reason="not read before the last report")
    assert report_of(house).since_report == ()
    assert 'id="since-last-report"' not in render.report_html(report_of(house), render.TEMPLATES)


def test_what_cannot_be_known_of_the_last_report_is_said() -> None:
    gone = "what was known then is no longer kept"
    house = practice().changed("google", "vanished", [], reason=gone).changed("google", "came late", [], reason=gone)
    (line,) = report_of(house).since_report
    assert (line.since, line.words, line.links) == ("", f"Not known: {gone}.", ())


def test_a_conversation_says_what_clearly_changed_and_nothing_of_the_rest() -> None:
    house = practice().talk(71.7).talk_changed("answered_share", 1, (3, 20), (24, 32), "rose")
    house.talk_changed("depth_share", 3, (18, 20), (2, 20), "fell").talk_changed(
        "answered_share", 3, (3, 9), (9, 9), "too_few"
    )
    assert talk_of(house).answers[-2:] == (
        "Questions and complaints answered in time rose from 3 of 20 the month before to 24 of 32 (75%).",
        "Threads that went deeper fell from 18 of 20 in the 90 days before to 2 of 20 in the last 90.",
    )
    assert not any(" rose " in said or " fell " in said for said in talk_of(practice().talk(71.7)).answers)


def test_notes_alone_on_numbers_no_longer_given_are_no_appendix() -> None:
    house = practice().numbers("google", conversations="break: not given since 2024-08-01")
    assert report_of(house).vanity == ()
    assert report_of(house.numbers("google", clicks=4)).vanity != ()


def test_what_we_left_out_ourselves_is_told_apart_from_what_a_platform_counts() -> None:
    (column,) = report_of(practice().numbers("bluesky", left_out=5)).vanity
    assert column[0].numbers == (("left out, as authors wish", "5"),)


@pytest.mark.parametrize(("number", "sizes"), [(1, [1]), (10, [10]), (19, [12, 7]), (24, [9, 9, 6]), (25, [9, 9, 7])])
def test_terms_come_in_blocks_that_fill_their_columns_and_none_is_lost(number: int, sizes: list[int]) -> None:
    terms = [Term(f"Term {place}", "means " * (1 + place % 4)) for place in range(number)]
    blocks = term_blocks(terms)
    assert [sum(map(len, block)) for block in blocks] == sizes
    assert sorted(terms, key=terms.index) == sorted((t for b in blocks for c in b for t in c), key=terms.index)
    assert all(terms.index(one) < terms.index(other) for b in blocks for c in b for one, other in pairwise(c))
