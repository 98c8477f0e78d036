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
from pipelines.text.judgements import Surroundings, explained
from pipelines.text.language import MAY_HOLD_NONE, NO_LANGUAGE, language_of
from pipelines.text.sentences import LONGEST_WORD, lowered, sentences_of, words_of

KINDS = ("review", "comment", "post", "reply")


def scored(text: str, kind: str = "review", **more: object) -> dict[str, Any]:
    [line] = score_lines([json.dumps({"id": "x", "kind": kind, "text": text, **more}).encode()])
    return line


def test_a_reply_is_checked_and_a_review_is_not() -> None:
    reply = scored("We are sorry about the wait during your appointment on Tuesday.", "reply")
    assert (reply["disclosure"]["verdict"], reply["disclosure"]["classes"][0]) == ("pattern", "P3")
    assert reply["disclosure"]["reason"]
    assert scored("I waited an hour")["disclosure"]["verdict"] == "not_checked"


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


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "Excelente trato del equipo, pero esperé dos horas y la corona se cayó al día siguiente"),
        ("de", "Die Praxis ist sauber, aber ich habe zwei Stunden gewartet und die Krone ist herausgefallen"),
    ],
)
def test_no_judgement_is_made_in_a_language_that_has_no_test_set(language: str, text: str) -> None:
    for kind in KINDS:
        line = scored(text, kind, stars=5)
        assert (line["language"], line["judged"]) == (language, False)
        assert f"({language})" in line["not_judged_because"]
        assert line["not_judged_because"].endswith("only for en")
        assert line["sentiment"] == "not_checked"
        assert line["disclosure"]["verdict"] == "not_checked"
        for judgement in ("topics", "alerts", "sentence_sentiments"):
            assert line[judgement] == []
        for judgement in ("sentiment_score", "contradicts_stars", "content_type", "usefulness"):
            assert line[judgement] is None
        assert line.get("clinical_claim") is None
        # A tag or four words are the same in every language.
        assert set(line["acts"]) <= {"substantive"}


def test_a_post_without_feeling_is_neutral_and_a_review_is_not() -> None:
    text = "The parade goes along Main Street on Sunday"
    post, review = scored(text, "post"), scored(text, "review")
    assert (post["sentiment"], post["sentence_sentiments"]) == ("neutral", ["neutral"])
    assert "no feeling of their own" in post["sentiment_reason"]
    assert review["sentiment"] != "neutral"
    assert post["sentiment_score"] == review["sentiment_score"]


def test_a_headline_in_english_is_judged_and_addresses_do_not_decide() -> None:
    headline = "Lenders may split securities businesses, JPMorgan says"
    assert language_of(headline)[0] is None
    assert scored(headline, "post")["judged"] is True
    german = "Wir haben heute wieder bis sechs offen"
    address = " https://example.org/the-best-dentist-in-the-town-is-open-for-you-and-all-of-your-family" * 3
    assert language_of(german + address) == language_of(german)
    assert scored("Bravo " + address, "post")["judged"] is False


@pytest.mark.parametrize(
    ("headline", "judged"),
    [
        ("Dental Group Opens Third Clinic Downtown", True),
        ("River Clean-Up Draws Record Crowd #townday", True),
        # Most like Nigerian Pidgin, and spelt as English.
        ("Dental Clinic Supports Ghana School Mission", True),
        ("Neue Praxis Eröffnet Im Zentrum", False),
        ("Nueva Clínica Dental Abre Sus Puertas", False),
        ("Studio Dentistico Premiato Oggi", False),
        ("Tandarts Opent Nieuwe Praktijk", False),
    ],
)
def test_a_headline_of_which_no_language_is_sure_is_judged_if_it_is_most_like_english(
    headline: str, judged: bool
) -> None:
    assert language_of(headline)[0] is None
    assert scored(headline, "post")["judged"] is judged


@given(st.from_regex(NO_LANGUAGE, fullmatch=True))
def test_what_stands_in_any_language_is_told_by_a_quick_look(text: str) -> None:
    assert MAY_HOLD_NONE.search(text)


def test_an_abbreviation_ends_no_sentence_however_long_that_is() -> None:
    assert len(sentences_of("It took " + "very " * 40 + "long, approx. ten minutes. Fine.")) == 2


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
    assert scored("She never listened to me.", "post")["topics"] == []


DOCUMENTED = {
    "id", "language", "sentiment", "sentiment_score", "topics", "alerts", "content_type", "acts", "usefulness",
    "disclosure", "generic", "model",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["Brush your teeth twice a day for two minutes.", "Sehr nett, alle dort", ""])
def test_every_line_has_every_documented_field(kind: str, text: str) -> None:
    line = scored(text, kind)
    assert set(line) >= DOCUMENTED
    assert line["sentiment"] in ("positive", "neutral", "negative", "unsure", "not_checked")
    assert line["content_type"] in (
        None,
        "health_information",
        "community",
        "recognition",
        "answer",
        "promotion",
        "other",
    )
    assert {"verdict", "classes", "severity"} <= set(line["disclosure"])
    assert all({"topic", "polarity", "sentence"} <= set(topic) for topic in line["topics"])
    assert set(line["model"]) == {"language", "content", "disclosure", "sentiment", "topics"}


def test_a_post_has_a_type_and_one_about_health_a_grade_and_a_screen() -> None:
    line = scored("Brush your teeth twice a day. Use a soft brush and small circles. Spit and do not rinse.", "post")
    assert line["content_type"] == "health_information"
    assert line["usefulness"]["reading_grade"] == line["reading_grade"] < 5
    use = line["usefulness"]
    assert [use[part] for part in ("understandable", "says_what_to_do", "in_steps")] == [True, True, True]
    assert (use["names_its_source"], use["reasons"]) == (False, ["no source and no clinician is named"])
    fact = scored("Enamel is the hardest part of the body. It does not grow back, says Dr. Lee.", "post")["usefulness"]
    assert (fact["names_its_source"], fact["in_steps"]) == (True, None)
    sale = scored("Brush better: electric brushes for $39. Book now!", "post")
    assert (sale["content_type"], sale["usefulness"], sale["reading_grade"]) == ("promotion", None, None)
    spanish = scored("Cepille sus dientes dos veces al día con un cepillo suave", "post")
    assert (spanish["content_type"], spanish["usefulness"]) == (None, None)


def test_a_comment_has_acts_and_a_claim_is_marked_for_a_clinician() -> None:
    line = scored("Do you take walk-ins on Saturdays?", "comment")
    assert (line["acts"], line["clinical_claim"]) == (["question", "substantive"], False)
    assert scored("Fluoride causes cancer, so we all just use coconut oil.", "comment")["clinical_claim"] is True
    assert scored("Nice picture of the lobby, everyone", "comment", post_text="Like and share to win a brush!")[
        "acts"
    ] == ["contest"]
    # In a language that is not judged, only the shape is told.
    assert scored("Me encanta este consultorio, el equipo es muy amable", "comment")["acts"] == ["substantive"]


def test_a_reply_offers_a_talk_in_private_or_stays_in_public() -> None:
    assert scored("We are sorry to read this. Please call our office at 555-0100.", "reply")["acts"] == [
        "offline",
        "no_invitation",
    ]
    assert scored("Thank you. Call us crazy, but we love Mondays.", "reply")["acts"] == ["public", "no_invitation"]
    # A language without a test set is not judged, and only a reply is asked.
    assert scored("Lamentamos leer esto, por favor llame al 555-0100 cuando quiera", "reply")["acts"] == []
    assert "offline" not in scored("Please call our office at 555-0100.", "comment")["acts"]
    said = explain_text("We are sorry to read this. Please call us.", "reply")
    assert "   offline: offers to go on out of public: “call us”" in said


def lines(*items: dict[str, object]) -> list[dict[str, Any]]:
    return list(score_lines(json.dumps({"id": number, **item}).encode() for number, item in enumerate(items)))


def test_a_template_is_told_by_the_other_replies_of_the_practice() -> None:
    same = "Dear {}, thank you for your kind words, we will pass them on to the whole team."
    other = "The new phone line has been live since May, so that nobody waits."
    one, two, three, elsewhere = lines(
        {"kind": "reply", "text": same.format("Maria"), "practice_names": ["Oak"]},
        {"kind": "reply", "text": other, "practice_names": ["Oak"]},
        {"kind": "reply", "text": same.format("Bob"), "practice_names": ["Oak"]},
        {"kind": "reply", "text": same.format("Ann"), "practice_names": ["Elm"]},
    )
    assert [each["generic"] for each in (one, two, three, elsewhere)] == [True, False, True, None]


def test_a_copied_comment_has_no_substance_of_its_own() -> None:
    text = "We all should vote for the new bridge next week"
    first, copy = lines({"kind": "comment", "text": text}, {"kind": "comment", "text": text + "!"})
    assert (first["acts"], copy["acts"]) == (["substantive"], [])


def test_a_long_word_counts_by_its_beginning_and_small_letters_keep_their_place() -> None:
    assert words_of("a" * 1000) == ["a" * LONGEST_WORD]
    assert lowered("İZMİR and Ana") == "İzmİr and ana"
    assert lowered("ANA") == "ana"


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


@settings(max_examples=150)
@given(st.text(max_size=300), st.sampled_from(KINDS))
def test_any_text_gives_features(text: str, kind: str) -> None:
    line = scored(text, kind, review_text=text, reviewer=text)
    assert json.loads(json.dumps(line))["id"] == "x"


@settings(max_examples=80)
@given(st.text(max_size=200), st.sampled_from(KINDS))
def test_any_text_can_be_explained(text: str, kind: str) -> None:
    assert explain_text(text, kind)


@settings(max_examples=60)
@given(st.lists(st.text(max_size=120), max_size=8), st.sampled_from(("reply", "comment")))
def test_any_set_of_texts_is_compared(texts: list[str], kind: str) -> None:
    items: list[dict[str, object]] = [{"kind": kind, "text": text, "post_text": text} for text in texts]
    found = lines(*items)
    assert [each["id"] for each in found] == list(range(len(texts)))


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
        "👍",
        "صباح الخير يا دكتور, the office was شكرا very kind",
        "@" * 300_000,
        "(" * 300_000,
        "you " + "really " * 100_000 + "saw",
        "?!." * 50_000,
    ],
    ids=[
        "words",
        "one word",
        "markup",
        "addresses",
        "zalgo",
        "control",
        "encoding",
        "emoji",
        "mixed",
        "tags",
        "brackets",
        "adverbs",
        "marks",
    ],
)
def test_bad_input_costs_little_and_breaks_nothing(text: str) -> None:
    for kind in KINDS:
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
    comment = explain_text("I called twice and nobody answered. Fluoride causes rashes.", "comment")
    assert any(line.startswith("   complaint: words of a complaint: “") for line in comment)
    assert any(line == "   clinical_claim: have a clinician look: “causes”" for line in comment)
    post = explain_text("Brush twice a day with a soft brush and floss before you go to bed.", "post")
    assert post[1].startswith("content: health_information; reads like such posts")
    assert "strongest words: " in post[1]
    assert "says what to do: yes" in post[2]
    assert "“$39”" in explain_text("Electric brushes for $39 this week", "post")[1]
    assert explain_text("Die Praxis ist sehr sauber und das Team immer freundlich", "review")[0].startswith(
        "not checked"
    )


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Our doors are open again. What would you like to see in the waiting room?", "question"),
        ("Our doors are open again, and who knew? Come and see.", "no_question"),
        ("Our doors are open again: https://oak.example/?room=2", "no_question"),
        ("What a day at the school fair. Thank you all!", "no_question"),
    ],
)
def test_an_own_post_asks_its_readers_something_or_not(text: str, asks: str) -> None:
    assert [act for act in scored(text, "post")["acts"] if act.endswith("question")] == [asks]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Brush your teeth twice a day with a soft brush.\nSpit and do not rinse.",
         ["understandable", "names_no_source", "says_what_to_do", "in_steps"]),
        ("Brush your teeth twice a day with a soft brush and small circles, the NHS advises.",
         ["understandable", "names_its_source", "says_what_to_do", "not_in_steps"]),
        ("Gums that bleed are often a sign of plaque. Healthy gums are pink and firm.",
         ["understandable", "names_no_source"]),
        ("Gingivitis and periodontitis are bacterial diseases of the gingiva. Interproximal demineralization "
         "progresses without symptoms.",
         ["hard_to_understand", "names_no_source"]),
    ],
)  # fmt: skip
def test_what_the_screen_says_of_a_health_post_is_kept_with_its_acts(text: str, said: list[str]) -> None:
    assert scored(text, "post")["acts"][2:] == said
    assert not {"question", "no_question", *said} & set(scored("Crowns for $99! Book now.", "post")["acts"][2:])


def test_an_explanation_shows_the_source_of_a_health_post() -> None:
    text = "Gums that bleed are often a sign of plaque, the CDC says. Brush them gently."
    shown = explained("post", text, "en")
    assert "   names_its_source: says who says so: \u201cCDC says\u201d" in shown
    assert any(line.startswith("usefulness") and "; in steps: no; names its source: yes;" in line for line in shown), (
        shown
    )
    assert not any("source" in line for line in explained("post", "The CDC says hello. Book now for $99!", "en"))


def test_an_explanation_shows_the_question_of_an_own_post_alone() -> None:
    text = "Our doors are open again. What would you like to see here?"
    shown = "   question: asks: \u201cWhat would you like to see here?\u201d"
    assert shown in explained("post", text, "en")
    assert shown not in explained("post", text, "en", Surroundings(by_practice=False))
