"""`make evaluate`: the figures are what their definitions say, and the page is what the data, code and weights give."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import evaluate, social, texts
from models.measures import ByClass, by_class, calibration, macro_f1, roc_auc
from models.texts import data_folder, unlike
from tests.conftest import SHARED

PAGE = Path(__file__).parents[1] / "docs" / "accuracy.md"


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_the_page_is_of_these_data_this_code_and_these_weights() -> None:
    [inputs] = re.findall(r"^Inputs: ([0-9a-f]{64})$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert inputs == evaluate.inputs_hash(data_folder()), "run `make evaluate`"


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_the_parts_that_need_no_training_are_what_the_page_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for part in (
        evaluate.acts_part(),
        evaluate.claims_part(),
        evaluate.offers_part(),
        evaluate.usefulness_part(),
        evaluate.templates_part(),
    ):
        assert "\n".join(part) in page
    assert "\n".join(evaluate.disclosure_part(data_folder())) in page


def test_the_page_names_every_judgement_and_what_was_not_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for part in (
        "Sentiment",
        "Sentiment of posts and comments",
        "Topics",
        "Content type",
        "Acts",
        "Clinical claims",
        "Offers to talk in private",
        "Sources and steps in health posts",
        "Templates",
        "Disclosure",
        "Language",
    ):
        assert f"\n## {part}" in page
    for word in ("VADER", "TextBlob", "AFINN", "ROC-AUC", "calibration error", "Not sure", "Not measured"):
        assert word in page


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_every_labelled_post_is_found_again_and_no_part_holds_one_of_another() -> None:
    posts = social.read_social(data_folder())
    assert len(posts) == len({post.text for post in posts}) == len(social.GOLD.read_text().splitlines())
    assert {post.label for post in posts} == {"negative", "neutral", "positive"}
    sources = {part: {post.source for post in posts if post.part == part} for part in ("tuning", "test", "last")}
    assert not sources["tuning"] & sources["test"]
    parts = {part: [post.text for post in posts if post.part == part] for part in sources}
    assert sum(not apart for apart in unlike(parts["last"], [*parts["tuning"], *parts["test"]])) == 0
    assert sum(not apart for apart in unlike(parts["test"], parts["tuning"])) == 0


def test_a_post_that_is_not_there_or_a_set_without_files_stops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data, gold = tmp_path / "data", tmp_path / "gold.tsv"
    (tmp_path / "contracts").mkdir()
    recorded = {"body": json.dumps({"items": [{"text": " Me &amp; you "}]}), "note": "[not an answer]"}
    (tmp_path / "contracts" / "one.json").write_text(json.dumps(recorded))
    files = ["../contracts/*.json"]
    sets = {"one": {"set": "one", "kind": "post", "files": files}}
    monkeypatch.setattr(social, "measured", lambda: sets)
    monkeypatch.setattr(social, "GOLD", gold)
    digest = hashlib.sha256(b"Me & you").hexdigest()[:16]
    gold.write_text(f"{digest}\tone\ttest\tpositive\t\n")
    assert social.read_social(data) == [social.Social("one", "post", "test", "Me & you", "positive", "")]
    gold.write_text("0123456789abcdef\tone\ttest\tpositive\t\n")
    with pytest.raises(ValueError, match="no text of the set “one” has the digest 0123456789abcdef"):
        social.read_social(data)
    files.append("two.csv")
    with pytest.raises(FileNotFoundError, match=r"two\.csv"):
        social.read_social(data)


def test_without_the_data_it_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "models" / "manifest.toml"
    manifest.parent.mkdir()
    manifest.write_text('folder = "../nowhere"\nsource = []\n')
    monkeypatch.setattr(texts, "MANIFEST", manifest)
    before = PAGE.read_bytes()
    assert evaluate.main() == 2
    assert "shipped weights work without it" in capsys.readouterr().err
    assert PAGE.read_bytes() == before


def test_precision_recall_and_f1() -> None:
    classes = by_class(["a", "a", "b", "c"], ["a", "b", "b", "b"])
    assert classes == [ByClass("a", 1, 2, 1), ByClass("b", 1, 1, 3)]
    assert [each.f1 for each in classes] == [pytest.approx(2 / 3), pytest.approx(0.5)]
    assert macro_f1(classes) == pytest.approx(7 / 12)


def test_the_area_under_the_curve_counts_pairs() -> None:
    assert roc_auc([0.1, 0.4, 0.35, 0.8], [False, False, True, True]) == 0.75
    assert roc_auc([1, 1], [False, True]) == 0.5
    assert roc_auc([1, 2], [True, True]) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=20))
def test_the_area_is_that_of_comparing_all_pairs(scored: list[tuple[int, bool]]) -> None:
    ups = [score for score, positive in scored if positive]
    downs = [score for score, positive in scored if not positive]
    area = roc_auc([score for score, _ in scored], [positive for _, positive in scored])
    if not ups or not downs:
        assert area is None
    else:
        pairs = [1.0 if up > down else 0.5 if up == down else 0.0 for up in ups for down in downs]
        assert area == pytest.approx(float(np.mean(pairs)))


def test_calibration_weighs_each_tenth_by_what_it_holds() -> None:
    error, bins = calibration([0.95, 0.95, 0.55, 1.0], [True, False, True, True])
    assert [(each.low, each.count, each.right) for each in bins] == [(0.5, 1, 1), (0.9, 3, 2)]
    assert error == pytest.approx((0.45 + 3 * abs(2 / 3 - 2.9 / 3)) / 4)


def test_what_is_a_test_text_over_again_is_not_taught() -> None:
    test = ["The doctor was kind and explained every step to me, and then she called on Monday to ask how I was."]
    taught = [
        "the DOCTOR was kind and explained every step to me and then she called on monday to ask how i was",
        "The doctor was kind and explained every step to me, and then she called on Tuesday to ask how I am.",
        "The doctor was unkind and left.",
    ]
    assert unlike(taught, test) == [False, False, True]
