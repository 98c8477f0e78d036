"""What `rapport score --jsonl` says of a text: judgements with reasons, "not checked" elsewhere, and never the text."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import RapportError
from pipelines.score import explain_text, score_lines

KINDS = ("review", "comment", "post", "reply")


def scored(text: str, kind: str = "review", **more: object) -> dict[str, Any]:
    [line] = score_lines([json.dumps({"id": "x", "kind": kind, "text": text, **more}).encode()])
    return line


def test_a_reply_is_checked_and_a_review_is_not() -> None:
    reply = scored("We are sorry about the wait during your appointment on Tuesday.", "reply")
    assert (reply["disclosure"]["verdict"], reply["disclosure"]["classes"][0]) == ("pattern", "P3")
    assert reply["disclosure"]["reason"]
    assert "disclosure" not in scored("I waited an hour")


def test_the_review_and_the_roster_come_with_the_line() -> None:
    reply = {"text": "We are glad that the veneers look natural. Warmly, Tiffany Brooks", "kind": "reply"}
    alone = scored(**reply)["disclosure"]
    beside = scored(**reply, review_text="My veneers!", staff=["Tiffany Brooks"])["disclosure"]
    assert (alone["severity"], beside["severity"]) == ("high", "critical")
    assert scored("Ask Tiffany Brooks.", "reply", staff=["Tiffany Brooks"])["disclosure"]["classes"] == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Die Praxis ist sehr sauber und das Team immer freundlich", r"language \(de\)"),
        ("Excelente trato y muy profesional todo el equipo, lo recomiendo", r"language \(es\)"),
        ("👍", "no words"),
        ("", "no words"),
        ("123 456", "no words"),
    ],
)
def test_what_was_not_measured_is_not_judged_and_says_why(text: str, why: str) -> None:
    for kind in KINDS:
        line = scored(text, kind)
        assert line["sentiment"] == "not_checked"
        assert line["sentiment_score"] is None
        assert re.search(why, line["sentiment_reason"])
        if kind == "reply":
            assert line["disclosure"]["verdict"] == "not_checked"


def test_stars_change_no_judgement_but_their_contradiction_is_kept() -> None:
    text = "Rude receptionist and nobody called me back"
    five, one, none = (scored(text, stars=stars) for stars in (5, 1, None))
    assert five["sentiment"] == one["sentiment"] == "negative"
    assert five["sentiment_score"] == one["sentiment_score"]
    assert (five["contradicts_stars"], one["contradicts_stars"], none["contradicts_stars"]) == (True, False, None)


def test_every_sentence_has_its_own_sentiment() -> None:
    line = scored("The doctor was excellent and kind. The receptionist was rude and unhelpful.")
    assert line["sentence_sentiments"] == ["positive", "negative"]


def test_a_review_has_topics_and_alerts_and_says_which_may_be_shown() -> None:
    line = scored("She never listened to me. The crown fell out and I ended up in hospital.")
    found = {(topic["topic"], topic["polarity"], topic["sentence"]): topic for topic in line["topics"]}
    assert found[("bedside_manner", "negative", 1)]["reported"] is True
    assert found[("results_outcome", "negative", 2)]["reported"] is False
    assert line["alerts"] == [{"alert": "ALERT_safety", "sentence": 2}]
    assert "topics" not in scored("She never listened to me.", "post")


def test_no_word_of_the_text_is_printed() -> None:
    for kind in KINDS:
        text = (
            "Quetzalcoatl Canarybird waited. Your zirconium crown, Mrs. Canarybird, was billed to Xylophone Insurance."
        )
        held = json.dumps(scored(text, kind, review_text="zirconium", reviewer="Canarybird"))
        for word in ("uetzal", "anarybird", "irconium", "ylophone"):
            assert word not in held


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RapportError, match="kind of review, comment, post or reply"):
        scored("x", "letter")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.sampled_from(KINDS))
def test_any_text_gives_features(text: str, kind: str) -> None:
    line = scored(text, kind, review_text=text, reviewer=text)
    assert json.loads(json.dumps(line))["id"] == "x"


@pytest.mark.parametrize(
    "text",
    [
        "word " * 200_000,
        "a" * 1_000_000,
        "<p>" * 100_000,
        "https://example.org/a " * 10_000,
        "Z\u0351\u036b\u0343a\u0324l\u0332g\u0355o\u0301 " * 5_000,
        "\u202eabc def ghi the and is\u0000",
        "Ã©tÃ© trÃ¨s bien",
        "?!." * 50_000,
    ],
    ids=["words", "one word", "markup", "addresses", "zalgo", "control", "encoding", "marks"],
)
def test_bad_input_costs_little_and_breaks_nothing(text: str) -> None:
    for kind in ("review", "reply"):
        started = time.monotonic()
        scored(text, kind)
        assert time.monotonic() - started < 5


def test_an_explanation_shows_the_words_the_rule_and_the_sentence() -> None:
    reply = explain_text("Thank you for your feedback. Your crown was placed as planned.", "reply")
    assert reply[1].startswith("reply: pattern found")
    assert reply[2:4] == ["1. Thank you for your feedback.", "2. Your crown was placed as planned."]
    assert any(line.startswith("   P4, high: names care") and "Your crown" in line for line in reply)
    review = explain_text("The receptionist was rude and I ended up in hospital.", "review")
    assert "rude -" in review[0]
    assert {line.split(",")[0].split(":")[0].strip() for line in review[2:]} >= {"front_desk_staff", "ALERT_safety"}
    assert explain_text("Die Praxis ist sehr sauber und das Team immer freundlich", "review")[0].startswith(
        "not checked"
    )
