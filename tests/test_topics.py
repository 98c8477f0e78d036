"""Topics: several a sentence, each with its polarity; figures of speech and alerts that are denied are none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.topics import Lesson, fitted, gold, measured_on_gold
from pipelines.text import topics
from pipelines.text.sentences import plain, sentences_of
from pipelines.text.topics import ALERTS, PATTERNS, TOPICS, alerts_of, buckets_for, clauses_of, patterns_in, topics_of


def said(text: str) -> dict[str, str]:
    return {topic.topic: topic.polarity for topic in topics_of(sentences_of(plain(text)))}


def test_there_are_nineteen_topics_and_three_alerts() -> None:
    assert (len(TOPICS), len(ALERTS)) == (19, 3)


@pytest.mark.parametrize(
    ("text", "topic", "polarity"),
    [
        ("I waited three hours.", "wait_on_site", "negative"),
        ("I waited three weeks for a slot.", "scheduling_access", "negative"),
        ("They always run on time.", "wait_on_site", "positive"),
        ("Nobody ever answers the phone.", "phone_digital", "negative"),
        ("The receptionist was rude.", "front_desk_staff", "negative"),
        ("The hygienist was wonderful.", "clinical_team", "positive"),
        ("She did not listen to me.", "bedside_manner", "negative"),
        ("He explained everything.", "explanation_consent", "positive"),
        ("He never rushed.", "time_with_clinician", "positive"),
        ("It was painless.", "pain_anxiety", "positive"),
        ("I was misdiagnosed.", "skill_diagnosis", "negative"),
        ("The crown fell out.", "results_outcome", "negative"),
        ("A sales pitch for unnecessary work.", "overtreatment_honesty", "negative"),
        ("He does not push anything.", "overtreatment_honesty", "positive"),
        ("I was billed twice.", "billing_insurance", "negative"),
        ("Way overpriced.", "cost_value", "negative"),
        ("The rooms are spotless.", "cleanliness_safety", "positive"),
        ("There is no parking.", "facility_comfort", "negative"),
        ("I never got my results.", "follow_up", "negative"),
        ("So great with kids!", "children_family", "positive"),
        ("Stay away!", "global_recommend", "negative"),
    ],
)
def test_each_topic_with_its_polarity(text: str, topic: str, polarity: str) -> None:
    assert said(text).get(topic) == polarity


@pytest.mark.parametrize(
    ("text", "wait", "time"),
    [
        ("In and out, everyone was great!", "positive", None),
        ("Great service, in and out quickly.", "positive", None),
        ("I was in and out in five minutes, he did not even look at me.", None, "negative"),
        ("In and out, felt like an assembly line.", None, "negative"),
    ],
)
def test_in_and_out_is_praise_for_waiting_and_blame_for_haste(text: str, wait: str | None, time: str | None) -> None:
    topics = said(text)
    assert (topics.get("wait_on_site"), topics.get("time_with_clinician")) == (wait, time)


def test_a_clause_keeps_its_own_tone() -> None:
    topics = said("Excellent dentist but I always wait at least forty minutes.")
    assert topics["skill_diagnosis"] == "positive"
    assert topics["wait_on_site"] == "negative"
    assert clauses_of("kind, but late; dear") == ["kind", "late", "dear"]


def test_the_number_of_the_sentence_is_kept() -> None:
    topics = topics_of(sentences_of("The receptionist was rude. The rooms are spotless."))
    assert {(topic.topic, topic.sentence) for topic in topics} >= {("front_desk_staff", 1), ("cleanliness_safety", 2)}
    assert all(topic.reason for topic in topics)


def test_general_praise_only_where_nothing_else_is_said() -> None:
    assert said("Highly recommend!") == {"global_recommend": "positive"}
    assert "global_recommend" not in said("Highly recommend! The receptionist was lovely.")


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Finding them was a pain in the neck", "pain_anxiety"),
        ("It is a family owned business", "children_family"),
        ("I had a deep cleaning", "cleanliness_safety"),
        ("He recommended a crown", "global_recommend"),
        ("I caught a cold", "bedside_manner"),
    ],
)
def test_figures_of_speech_are_not_topics(text: str, topic: str) -> None:
    assert topic not in patterns_in(text)


@pytest.mark.parametrize(
    ("text", "alerts"),
    [
        ("I ended up in hospital.", ["ALERT_safety"]),
        ("They got me an emergency appointment.", []),
        ("He was openly racist.", ["ALERT_discrimination"]),
        ("They are not racist at all.", []),
        ("They shared my information with others.", ["ALERT_privacy"]),
        ("I have private insurance.", []),
    ],
)
def test_alerts_and_what_only_looks_like_one(text: str, alerts: list[str]) -> None:
    assert [alert for alert, _ in alerts_of(sentences_of(text))] == alerts


@settings(max_examples=150)
@given(st.text(max_size=300))
def test_any_text_has_topics_or_none(text: str) -> None:
    for topic in topics_of(sentences_of(plain(text))):
        assert topic.topic in PATTERNS
        assert topic.polarity in ("positive", "neutral", "negative", "unsure")


def test_the_model_learns_what_is_taught_and_leaves_out_what_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = ("facility_comfort", "billing_insurance")
    monkeypatch.setattr("models.topics.TOPICS", few)
    none: frozenset[str] = frozenset()
    taught = [
        Lesson("a", str(n), words.split(), frozenset({topic}), none, "")
        for n, (words, topic) in enumerate(
            [("muffins served warm", "facility_comfort"), ("ledger sums muddled", "billing_insurance")] * 20
        )
    ]
    chances = fitted(taught).chances([buckets_for(["warm", "muffins"])])[0]
    assert few[int(chances.argmax())] == "facility_comfort"
    unknown = [lesson._replace(unknown=frozenset(TOPICS)) for lesson in taught]
    assert abs(fitted(unknown).weights).max() == 0


def test_the_invented_sentences_are_read_no_worse_than_the_card_says() -> None:
    found = measured_on_gold()
    assert found["right"] / (found["right"] + found["missed"]) >= 0.6
    assert found["right"] / (found["right"] + found["wrong"]) >= 0.6
    assert len(gold()) >= 50


@settings(max_examples=300)
@given(st.lists(st.sampled_from(sorted({word for _, text in gold() for word in text.split()})), max_size=8))
def test_a_topic_that_is_passed_over_would_not_have_matched(words: list[str]) -> None:
    clause = " ".join(words).lower()
    possible = topics._beginnings().possible(clause)
    assert {topic for topic, (every, _, _) in topics._compiled()[0].items() if every.search(clause)} <= possible
