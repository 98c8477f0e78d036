"""Sentiment: words decide and not stars, doubt is said, and the shipped weights are what their card describes."""

from __future__ import annotations

import hashlib
import json
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import texts
from models.fit import balanced, fit, matrix, rarities, wilson, write
from models.sentiment import valences
from pipelines.text import linear
from pipelines.text.linear import FOLDER, buckets_of, hash_of, load, model_id, probabilities, word_grams
from pipelines.text.sentences import plain, sentences_of, words_of
from pipelines.text.sentiment import (
    Mood,
    as_post,
    balance_of,
    decided,
    evidence,
    grams_of,
    mood_of,
    sound_of,
    valences_of,
)


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("Excellent service, very friendly and helpful staff", "positive"),
        ("Everybody was kind and I was treated with respect", "positive"),
        ("Rude receptionist and nobody ever called me back", "negative"),
        ("I waited two hours and was told to go home", "negative"),
        ("Impossible to get an appointment", "negative"),
        ("He did not listen to me", "negative"),
        ("The hygienist hurt me", "negative"),
        ("They charged me twice", "negative"),
        ("", "not_checked"),
        ("👍", "not_checked"),
    ],
)
def test_clear_texts(text: str, sentiment: str) -> None:
    assert mood_of(words_of(plain(text))).sentiment == sentiment


def test_doubtful_praise_is_unsure_and_doubtful_blame_is_not() -> None:
    assert decided(np.array([0.2, 0.2, 0.3], dtype=np.float32)).sentiment == "unsure"
    assert decided(np.array([0.3, 0.2, 0.2], dtype=np.float32)).sentiment == "negative"
    assert decided(np.array([0.1, 0.1, 0.6], dtype=np.float32)).sentiment == "positive"


def test_a_negation_reaches_three_words_and_the_end_after_but_counts_more() -> None:
    grams = grams_of(words_of("never felt rushed or hurried once but late"))
    assert {*map(hash_of, ["\x03felt", "\x03rushed", "\x03or", "\x04late"])} <= set(grams)
    assert hash_of("\x03hurried") not in grams


@given(st.lists(st.text(min_size=1, max_size=6), max_size=6))
def test_a_pair_of_words_is_hashed_as_if_it_were_written_out(words: list[str]) -> None:
    written = [*words, *map(" ".join, pairwise(words))]
    assert word_grams(words) == [zlib.crc32(gram.encode("utf-8", "surrogatepass")) for gram in written]


def test_the_words_of_the_list_are_added_and_a_negation_turns_the_three_after_it() -> None:
    held = {hash_of("good"): 2.0, hash_of("rude"): -2.0, hash_of("not"): -1.0}
    assert valences_of(["good", "and", "rude"], held) == (2.0, 2.0)
    assert valences_of(["not", "good"], held) == pytest.approx((0.0, 1.48))
    assert valences_of(["not", "a", "very", "good"], held)[0] == 0
    assert valences_of(["not", "a", "very", "big", "good"], held) == (2.0, 0.0)
    assert balance_of(2.0, 2.0) == 0
    assert balance_of(0.0, 15**0.5) == pytest.approx(-(0.5**0.5))
    assert sound_of(0.0, 0.0).tolist() == [0, 0, 1]
    assert sound_of(15**0.5, 0.0).tolist() == pytest.approx([0.5**0.5, 0, 0])


def test_the_list_of_valences_is_shipped_and_what_it_tells_is_evidence() -> None:
    assert load("sentiment").valences == valences()
    assert len(valences()) > 5000
    assert mood_of(["heartbreaking", "horrific"]).feeling < -0.5
    [(word, pull), *_] = evidence(words_of("an egotistical man"))
    assert (word, pull < 0) == ("egotistical", True)


@pytest.mark.parametrize(
    ("mood", "as_a_post"),
    [
        (Mood("unsure", 0.1, 0.5, 0.0), "neutral"),
        (Mood("negative", -0.1, 0.5, 0.04), "neutral"),
        (Mood("negative", -0.1, 0.5, -0.06), "negative"),
        (Mood("negative", -0.5, 0.55, 0.0), "negative"),
        (Mood("not_checked", 0.0, 0.0, 0.0), "not_checked"),
    ],
)
def test_a_doubtful_post_without_feeling_is_neutral(mood: Mood, as_a_post: str) -> None:
    assert as_post(mood).sentiment == as_a_post


def test_the_evidence_is_words_of_the_text_itself() -> None:
    words = words_of("The receptionist was rude")
    [(first, pull), *_] = evidence(words)
    assert first == "rude"
    assert pull < 0


@given(st.text(max_size=400))
def test_any_text_has_a_sentiment_and_a_score(text: str) -> None:
    for sentence in [plain(text), *sentences_of(plain(text))]:
        mood = mood_of(words_of(sentence))
        assert -1 <= mood.score <= 1
        assert mood.sentiment in ("positive", "neutral", "negative", "unsure", "not_checked")


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Dr. Lee was late. I left at 5 p.m. and paid!", ["Dr. Lee was late.", "I left at 5 p.m. and paid!"]),
        ("<b>Great</b>\nclean", ["Great", "clean"]),
        ("ok… fine (really?) yes", ["ok...", "fine (really?)", "yes"]),
        ("!!! ???", []),
        ("(Translated by Google) Good. (Original) Bueno.", ["Good."]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert sentences_of(plain(text)) == sentences


def test_weights_are_those_of_their_card_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in FOLDER.glob("*.npz"):
        card = json.loads(path.with_suffix(".json").read_text())
        assert hashlib.sha256(path.read_bytes()).hexdigest() == card["sha256"]
        assert model_id(path.stem) == f"{path.stem}-{card['sha256'][:8]}"
    (tmp_path / "x.json").write_text('{"sha256": "0"}')
    (tmp_path / "x.npz").write_bytes(b"")
    monkeypatch.setattr(linear, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="not the file its card describes"):
        load("x")


def test_training_twice_gives_the_same_bytes_and_what_was_learnt(tmp_path: Path) -> None:
    lines = ["good kind staff", "kind and good", "rude bad desk", "bad and rude"] * 5
    hashed = [buckets_of(grams_of(words_of(line)), 1 << 8) for line in lines]
    wanted = np.array([1.0, 1.0, 0.0, 0.0] * 5)
    for name in ("one", "two"):
        rarity = rarities(hashed, 1 << 8)
        weights, dense, bias = fit(matrix(hashed, rarity), np.zeros((20, 0)), wanted, 1.0, balanced(wanted))
        write(tmp_path / name, "m", weights[:, None], dense[:, None], np.array([bias]), rarity, {})
        assert ((matrix(hashed, rarity) @ weights + bias > 0) == (wanted > 0)).all()
    assert (tmp_path / "one" / "m.npz").read_bytes() == (tmp_path / "two" / "m.npz").read_bytes()


def test_probabilities_are_the_logistic_function_within_bounds() -> None:
    found = probabilities(np.array([-100.0, -2.0, 0.0, 2.0, 100.0], dtype=np.float32))
    assert found.dtype == np.float32
    assert found == pytest.approx([1 / (1 + np.exp(30)), 1 / (1 + np.exp(2)), 0.5, 1 / (1 + np.exp(-2)), 1.0], rel=1e-5)


def test_an_empty_text_takes_no_part_in_training() -> None:
    hashed = [buckets_of([], 8), buckets_of(word_grams(["a"]), 8), buckets_of([], 8)]
    rows = matrix(hashed, np.ones(8, dtype=np.float32))
    assert rows.toarray().sum(axis=1).tolist() == [0, 1, 0]


def test_wilson_of_some_and_none() -> None:
    assert wilson(36, 36) == pytest.approx((0.9036, 1.0), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_only_licences_that_let_weights_be_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {source["licence"] for source in texts.sources()} <= {"MIT", "CC BY 4.0", "public domain"}
    manifest = tmp_path / "models" / "manifest.toml"
    manifest.parent.mkdir()
    manifest.write_text('folder = "nowhere"\n[[source]]\nname = "tweets"\nlicence = "CC BY-NC-SA 4.0"\n')
    monkeypatch.setattr(texts, "MANIFEST", manifest)
    with pytest.raises(ValueError, match="tweets: weights trained on CC BY-NC-SA"):
        texts.sources()
    with pytest.raises(texts.Missing, match=r"shipped weights work without it"):
        texts.data_folder()
