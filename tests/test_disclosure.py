"""The disclosure check: no violating reply is ever called generic, and what is found has a class, a reason, a place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.disclosure import FIRST_RESULTS, cross_validated, prepare, read_batches, read_domain
from pipelines.text.disclosure import judge
from pipelines.text.disclosure.generic import _GENERIC_WORDS, _NOBODY
from pipelines.text.disclosure.verdicts import CLASSES, VERDICT_WORDS, Roster
from pipelines.text.disclosure.vocabulary import clinical_words
from tests.conftest import SHARED

BATCHES = read_batches()
DOMAIN = SHARED / "domain" / "replies.jsonl"


def test_no_verdict_says_that_a_reply_is_fine() -> None:
    words = " ".join([*VERDICT_WORDS.values(), judge("Thank you for your feedback.").reason])
    assert not re.search(r"complian|\bsafe|\bfine\b|\bok\b", words, re.IGNORECASE)


def test_no_written_violating_reply_is_called_generic() -> None:
    wrong = [
        reply.text
        for batch in BATCHES.values()
        for reply in batch
        if reply.codes and judge(reply.text).verdict == "generic"
    ]
    assert wrong == []


def test_there_are_four_hundred_written_replies_and_none_twice() -> None:
    texts = [reply.text.casefold() for batch in BATCHES.values() for reply in batch]
    assert len(texts) >= 400
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("It was lovely to see you again!", "P1"),
        ("You are not a patient here.", "P2"),
        ("You came forty minutes late on Monday.", "P3"),
        ("Your filling held for nine years.", "P4"),
        ("We hope your migraine is better.", "P5"),
        ("You still owe $40.", "P6"),
        ("Hi Jonathan, thanks for the note.", "P7"),
        ("Our records show another story.", "P8"),
        ("Your son was very brave.", "P9"),
        ("You were yelling at our nurse.", "P10"),
        ("We wrote to you at jane@example.org.", "P11"),
        ("Our attorney will contact you.", "N1"),
        ("Change this review and get a gift card.", "N2"),
        ("You should take 600 mg of ibuprofen.", "N3"),
    ],
)
def test_each_class_is_found_with_its_reason(reply: str, code: str) -> None:
    found = judge(reply)
    assert found.verdict == "pattern"
    assert code in found.classes
    assert all(finding.reason and 0 <= finding.start < finding.end for finding in found.findings)
    assert not any(word in found.reason for word in ("Jonathan", "migraine", "jane"))


@pytest.mark.parametrize(
    "reply",
    [
        "Thank you for your feedback.",
        "Thank you! We appreciate your kind words.",
        "We take all comments seriously. Please call our office manager at 555-0100.",
        "Because of privacy laws we cannot discuss anything here.",
    ],
)
def test_known_harmless_speech_acts_are_generic(reply: str) -> None:
    assert judge(reply).verdict == "generic"


@pytest.mark.parametrize(
    "reply",
    [
        "Fridays until three.",
        "Saturdays from nine to one, no appointment needed for a quick question.",
        "Yes, on Saturdays from 9 to 1.",
        "We're open weekdays and Saturdays from 8:30 am to 5 pm.",
    ],
)
def test_the_hours_of_every_week_disclose_nobody(reply: str) -> None:
    assert judge(reply).verdict != "pattern"


@pytest.mark.parametrize(
    "reply", ["Thursdays at four as always, and bring the retainer.", "You were late on Saturdays from nine to one."]
)
def test_hours_of_somebody_are_not_those_of_every_week(reply: str) -> None:
    assert judge(reply).verdict == "pattern"


@pytest.mark.parametrize("reply", ["", "👍", "1234", "\u202e\u0000", "Our lobby has a fish tank."])
def test_what_nobody_knows_is_for_a_person(reply: str) -> None:
    assert judge(reply).verdict == "look"


@pytest.mark.parametrize("name", ["May", "April", "Hope", "Will", "Law", "Street"])
def test_a_name_that_is_a_word_too_is_a_name_where_somebody_is_spoken_to(name: str) -> None:
    for reply in (f"Thank you, {name}!", f"{name}, thank you for the kind words.", f"Hi {name}, thank you for this."):
        assert "P7" in judge(reply).classes
    assert judge("We will hope for the best.").verdict != "pattern"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("Living with tinnitus is exhausting.", "P5"),
        ("Plantar fasciitis can be stubborn.", "P5"),
        ("A second round was offered and turned down, as is anybody's right.", "P4"),
        ("We pulled the audio, and nobody raised a voice.", "P8"),
        ("The name above does not appear among the people whom we have served.", "P2"),
        ("This will be dealt with by our legal people.", "N1"),
        ("We would write off the late fee as soon as this comes down.", "N2"),
        ("Long time no see!", "P1"),
    ],
)
def test_what_is_told_of_nobody_in_particular_is_told_all_the_same(reply: str, code: str) -> None:
    assert code in judge(reply).classes


@pytest.mark.parametrize(
    ("reply", "green"),
    [
        ("Our patients deserve a clean, calm place.", True),
        ("The patients write such reviews.", False),
        ("Under federal law, we cannot say whether anyone is a patient here.", True),
        ("The law does not allow us to say whether anyone is a patient.", True),
        ("The law is that anyone is a patient.", False),
        ("Questions about insurance are best answered by our billing team.", True),
        ("Our billing office has set this right.", False),
        ("All clean again!", False),
        ("It has been long.", False),
        ("We heard about the fall and we wish the best.", False),
        ("We are glad it works again.", False),
        ("It is on us.", False),
        ("We are sorry about the health issue.", False),
        ("We're sorry to hear about your experience.", False),
        ("You made our day, thank you!", True),
    ],
)
def test_harmless_words_are_green_only_in_harmless_sentences(reply: str, green: bool) -> None:
    assert (judge(reply).verdict == "generic") == green


def test_the_regret_of_an_experience_is_no_disclosure_and_of_one_here_is() -> None:
    assert judge("We are sorry to hear about your bad experience.").verdict == "look"
    assert judge("We are sorry to hear about your bad experience with us.").verdict == "pattern"


@pytest.mark.parametrize(
    "reply",
    [
        "Glad your ro\u200bot ca\u200bnal went well.",
        "Glad your root ca\u00adnal went well.",
        "Glad your root \u2066canal\u2069 went well.",
        "Your \U0001d5e5\U0001d5e2\U0001d5e2\U0001d5e7 canal went well.",
        "YOUR ROOT CANAL WENT WELL!!!",
        "your \U0001f9b7 root canal \U0001f616 went well",
    ],
)
def test_what_is_hidden_from_the_eye_is_not_hidden_from_the_rules(reply: str) -> None:
    assert "P4" in judge(reply).classes


@pytest.mark.parametrize(
    "reply", ["so hapy yuor cronw fits grate now", "Thank y\u043eu f\u043er your f\u0435edback.", "y0ur cr0wn is gr8"]
)
def test_what_is_misspelt_or_in_letters_of_another_script_is_never_green(reply: str) -> None:
    assert judge(reply).verdict != "generic"


def test_batches_are_read_in_the_order_in_which_they_were_written() -> None:
    assert list(BATCHES) == [f"batch_{number}" for number in range(1, len(BATCHES) + 1)]
    assert set(BATCHES) == set(FIRST_RESULTS)


def test_the_worst_sentence_decides() -> None:
    found = judge("Thank you for your feedback. Your blood test came back normal. Please call our office.")
    assert (found.verdict, found.sentences) == ("pattern", ("generic", "pattern", "generic"))
    assert {finding.sentence for finding in found.findings} == {2}


def test_a_relationship_alone_is_caution_and_with_more_it_is_high() -> None:
    assert judge("Thank you for being our patient!").severity == "caution"
    both = judge("Thank you for being our patient since your surgery!")
    assert {finding.code: finding.severity for finding in both.findings}["P1"] == "high"


def test_an_echo_of_the_review_is_worse() -> None:
    reply = "We are glad that the veneers look natural."
    assert judge(reply).severity == "high"
    assert judge(reply, review="I got veneers here and love them").severity == "critical"
    assert clinical_words("My crowns hurt") == clinical_words("the CROWN hurts")


def test_a_name_the_reviewer_did_not_show_is_critical() -> None:
    reply = "Thank you, Mrs. Hernandez!"
    assert judge(reply).severity == "high"
    assert judge(reply, reviewer="ToothFairy77").severity == "critical"
    assert judge(reply, reviewer="Ana Hernandez").severity == "high"


def test_the_roster_discloses_nobody() -> None:
    roster = Roster(
        staff=frozenset({"Tiffany Brooks"}), names=frozenset({"Oak Dental"}), domains=frozenset({"oak.example"})
    )
    assert "P7" in judge("We told Tiffany Brooks about this.").classes
    assert "P7" not in judge("We told Tiffany Brooks about this.", roster=roster).classes
    assert judge("Please email hello@oak.example.", roster=roster).verdict == "generic"
    assert "P11" in judge("Please email hello@elm.example.", roster=roster).classes


def test_a_phone_number_that_is_not_the_practice_s_own_identifies_somebody() -> None:
    roster = Roster(phones=frozenset({"+1 (503) 555-0100"}))
    for own in ("555-0100", "503-555-0100", "+1 503 555 0100"):
        assert judge(f"Please call us at {own}.", roster=roster).verdict == "generic"
    assert "P11" in judge("Please call us at 555-0187.", roster=roster).classes
    assert "P11" not in judge("Please call us at 555-0187.").classes


@settings(max_examples=150)
@given(st.text(max_size=300))
def test_any_text_gets_a_verdict(text: str) -> None:
    found = judge(text, review=text, reviewer=text[:9])
    assert found.verdict in VERDICT_WORDS
    assert set(found.classes) <= {*CLASSES, "unsure"}


def test_a_megabyte_is_judged_by_its_beginning() -> None:
    assert judge("You owe us $40. " + "a" * 1_000_000).verdict == "pattern"


def test_replies_left_out_of_training_are_judged_as_well_as_is_asked() -> None:
    if not DOMAIN.is_file():
        pytest.skip("needs ../shared/domain")
    domain = read_domain(DOMAIN)
    everything = prepare(domain) + [reply for batch in BATCHES.values() for reply in prepare(batch)]
    total = cross_validated(everything, folds=3)
    assert total["violating ones called generic"][0] == 0
    flagged, of = total["violating ones flagged"]
    assert flagged / of >= 0.85
    wrongly, safe = total["safe ones flagged"]
    assert wrongly / safe <= 0.15


def test_the_weights_hold_no_words() -> None:
    folder = Path(__file__).parents[1] / "pipelines" / "text" / "models"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 10_000_000
    assert b"patient" not in (folder / "disclosure.npz").read_bytes()


CALLED = ("Thank you, {}!", "Thanks, {}!", "Thank you {} for the feedback.", "Dear {}, thank you.", "{}, thank you!",
          "{}! Thank you.", "We appreciate your feedback, {}.")  # fmt: skip


@pytest.mark.parametrize("form", CALLED)
def test_no_word_that_may_be_a_name_is_green_where_somebody_is_called_by_it(form: str) -> None:
    words = sorted(_GENERIC_WORDS - _NOBODY | {"joy", "grace", "kumar"})
    assert {"kind", "best", "an", "so", "early", "lovely", "summer"} <= set(words)
    green = [word for word in words if word.isalpha() and judge(form.format(word.capitalize())).verdict == "generic"]
    assert green == []


@given(st.sampled_from(CALLED), st.from_regex(r"[A-Z][a-z]{1,8}", fullmatch=True))
def test_nobody_called_by_a_capital_letter_is_green(form: str, name: str) -> None:
    assert name.lower() in _NOBODY or judge(form.format(name)).verdict != "generic"


@pytest.mark.parametrize(
    "reply",
    ["Thank you, everyone!", "Thank you, Everyone!", "Thanks, Team!", "Questions? Call us any time.", "Kind words!",
     "Thank You for Your feedback."],
)  # fmt: skip
def test_capital_letters_that_name_nobody_stay_green(reply: str) -> None:
    assert judge(reply).verdict == "generic"


def test_a_word_of_the_practices_own_name_names_nobody() -> None:
    reply = "Thank you from all of us at Bright Smiles!"
    assert judge("Thank you from all of us at Bright!", roster=Roster(names=frozenset(["Bright"]))).verdict == "generic"
    assert judge(reply).verdict != "generic"
