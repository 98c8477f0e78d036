"""Content types: a price or an offer is promotion before anything else; the trained part tells the rest apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, vstack

from models.content import (
    CLEAR,
    Fitted,
    Judged,
    Lesson,
    Posts,
    Prepared,
    by_copies,
    by_one_person,
    first_of_copies,
    left_out,
    prepare,
    stretch_of,
    written,
)
from models.fit import fit
from models.vectors import cut, vectors
from pipelines.demo.conversation.words import POSTS
from pipelines.text.content import (
    ABOUT,
    BUCKETS,
    MEANING,
    MEANING_ALONE,
    OUTPUTS,
    content_of,
    decided,
    evidence,
    features_of,
    is_addressed,
    offer_in,
)
from pipelines.text.judgements import judgements
from pipelines.text.language import language_of
from pipelines.text.linear import Vectors, hash_of, load, weighted
from pipelines.text.sentences import plain


@pytest.mark.parametrize(
    "text",
    [
        "Brush twice a day. Whitening for $199!",
        "Congratulations to Ana! 20% off aligners until Friday.",
        "Thanks for asking, @rob: book now, link in bio.",
        "A fever can be watched at home. Schedule your visit online.",
        "The river clean-up is on Saturday. New patients get a free exam.",
        "Like and share to win a year of brushes",
        "Whitening for CHF 199 this month",
        "Teeth cleaning, 80 EUR",
        "Consultation 45€",
        "Implants from 1.200 €",
        "Invisalign ₹85,000 all in",
        "R$ 250 limpeza, come in",
        "A$4,500 for braces",
        "50 % OFF all of March",
        "2-for-1 on night guards",
        "BOGO sunglasses",
        "Two hundred dollars off aligners",
        "DM us to book your spot",
        "DM to book",
        "Link in bio to schedule",
        "Text us to schedule",
        "Now booking for spring",
        "Schedule yours",
        "Don't wait, claim your spot",
        "📲 Book: example.com/book",
        "We just had two openings tomorrow, message us",
        "Complimentary consult with every exam",
        "Kids' exams on us this Saturday",
        "Use code SMILE20 at checkout",
        "Our summer sale starts now",
        "The club is 29 a month",
        "Frames at party prices all weekend",
        "The second pair is on the house",
        "Your first session is free",
        "Free scan this week",
        "Everything is on sale",
    ],
)
def test_a_price_or_an_offer_is_promotion_whatever_else_is_said(text: str) -> None:
    kind = content_of(plain(text))
    assert (kind.content_type, kind.sure) == ("promotion", 1.0)
    assert 0 <= kind.start < kind.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "We never offer discounts for reviews.",
        "The bank reported $5.8bn in losses",
        "The walk raised $2,400 for the food pantry",
        "Our team donated €500 to the shelter",
        "Link in bio to read the study",
        "Two for one high five",
        "Make an appointment with yourself to rest",
        "Tips to keep pounds off",
        "Something special this Valentine's Day",
        "We have two openings for a hygienist",
        "Our bake sale starts at nine",
        "You can count on us this winter",
        "A new book by a local nurse, and a book about sleep",
        "Half of adults have gum disease",
        "No appointment needed on Saturday, no coupons needed.",
        "The investor pact is worth $590 mln",
        "The region loses $92 bil a year, and $1 bln of it here",
        "The stock falls on sale by its founder",
        "Thank you for 480 pounds of pasta",
        "Half of us think we get enough sleep",
        "There is snow on the house",
        "Her first visit to the museum",
    ],
)
def test_money_that_is_no_price_and_an_offer_that_is_denied_are_no_promotion_by_rule(text: str) -> None:
    assert offer_in(text) is None


def test_the_meaning_of_a_text_is_that_of_its_known_words_whatever_their_order() -> None:
    known = Vectors.of(
        np.array([hash_of("tooth"), hash_of("gum")], np.uint32), np.array([[3.0, 0.0], [0.0, 4.0]], np.float16)
    )
    assert known.meaning(["tooth", "and", "gum"]).tolist() == pytest.approx([0.6, 0.8])
    assert known.meaning(["gum", "tooth"]).tolist() == known.meaning(["tooth", "gum"]).tolist()
    assert known.meaning(["nothing"]).tolist() == [0.0, 0.0]


def test_the_packaged_vectors_are_those_that_were_trained_with() -> None:
    trained, packaged = vectors(), load("content").vectors
    assert trained.rows == packaged.rows
    assert (trained.values == packaged.values).all()
    near = packaged.meaning(["nurse"]) @ packaged.meaning(["doctor"])
    assert near > packaged.meaning(["nurse"]) @ packaged.meaning(["parliament"])


def test_vectors_are_cut_from_a_release_by_rank_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    words = ["the", "12", "don't", "two words", "tooth", "gum", "rare"]
    pq.write_table(pa.table({"index": words}), tmp_path / "glove_6B_index.parquet")
    np.save(tmp_path / "glove_6B_50d_emb.npy", np.eye(len(words), 50, dtype=np.float32))
    for name in ("one.npz", "other.npz"):
        cut(tmp_path, tmp_path / name, most=4)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()
    found = vectors(tmp_path / "one.npz")
    assert set(found.rows) == {*map(hash_of, ["the", "don't", "tooth", "gum"])}
    the, tooth = (found.values[found.rows[hash_of(word)]] for word in ("the", "tooth"))
    assert (the.argmax(), tooth.argmax()) == (0, 4)
    assert 0 < the.max() < tooth.max() < 1


@pytest.mark.parametrize("linked", ["Join us, https://example.org/walk", "@ana Join us", "RT Join us"])
def test_what_a_post_is_told_by_is_held_twice_where_it_stands_alone(linked: str) -> None:
    known = Vectors.of(np.array([hash_of("join")], np.uint32), np.array([[3.0, 4.0]], np.float16))
    buckets, more = features_of("Join us #walk", known)
    once, twice = np.split(buckets, 2)
    assert (once + BUCKETS).tolist() == twice.tolist()
    assert once.max() < BUCKETS
    count = (len(more) - 1 - 2 * 2) // 2
    form, alone, again, meaning, its_own = np.split(more, [count, count + 1, 2 * count + 1, 2 * count + 3])
    assert form.any()
    assert (form.tolist(), alone.tolist()) == (again.tolist(), [1.0])
    assert its_own == pytest.approx(meaning / MEANING * MEANING_ALONE)
    assert meaning.any()
    buckets, more = features_of(linked, known)
    assert buckets.max() < BUCKETS
    form, alone, again, meaning, its_own = np.split(more, [count, count + 1, 2 * count + 1, 2 * count + 3])
    assert form.any()
    assert meaning.any()
    assert not np.concatenate([alone, again, its_own]).any()


@pytest.mark.parametrize(
    "text", ["\U0001f44d", "\u2764\ufe0f\u200d\U0001f525", "\U0001f1ea\U0001f1f8", "1\ufe0f\u20e3 \U0001f383"]
)
def test_a_post_of_emoji_alone_has_no_type_and_says_why(text: str) -> None:
    found = judgements("post", text, language_of(text)[0])
    assert (found["content_type"], found["content_reason"]) == (None, "there are no words")
    assert found["sentiment"] == "not_checked"


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        ("Bleeding gums are common. Floss gently once a day and use a soft brush.", "health_information"),
        ("Volunteers from the school planted trees in the park on Saturday.", "community"),
        ("Congratulations to Dr. Amari on twenty years with our team!", "recognition"),
        ("You asked about parking: the first hour in the garage is free.", "answer"),
        ("Get the smile you want with our new aligners. Find out more!", "promotion"),
        ("Happy Friday!", "other"),
    ],
)
def test_each_type_is_known(text: str, content_type: str) -> None:
    assert content_of(text).content_type == content_type


def test_how_a_post_speaks_is_decided_before_what_it_is_about() -> None:
    assert decided([0.25, 0.75, 0.25, 0.9, 0.9, 0.9, 0.9], addressed=True) == ("promotion", 0.6)
    assert decided([0.25, 0.25, 0.75, 0.9, 0.9, 0.9, 0.9], addressed=True) == ("answer", 0.6)
    assert decided([0.6, 0.1, 0.2, 0.1, 0.3, 0.2, 0.1], addressed=True) == ("community", 0.3)


def test_a_post_that_turns_to_nobody_answers_nobody() -> None:
    assert decided([0.2, 0.1, 0.6, 0.1, 0.2, 0.9, 0.3], addressed=False) == ("recognition", 0.9)
    assert is_addressed("@ana We do.")
    assert is_addressed("You asked about the ramp.")
    assert not is_addressed("Congratulations to Ana on ten years!")
    assert len(OUTPUTS) == 3 + len(ABOUT)


def test_most_written_posts_are_known_again() -> None:
    posts = [post for batch in written().values() for post in batch]
    right = sum(content_of(plain(post.text)).content_type in post.true for post in posts)
    assert right / len(posts) > 0.9


def test_of_the_towns_posts_which_another_author_wrote_one_is_mistaken() -> None:
    mistaken = [
        (content_type, text)
        for content_type, texts in POSTS.items()
        for text in texts
        if content_of(plain(text)).content_type != content_type
    ]
    assert sum(map(len, POSTS.values())) == 23
    assert len(mistaken) <= 1, mistaken


def test_the_evidence_is_words_of_the_text_itself() -> None:
    text = "Congratulations to our hygienist Lena"
    words = [word for word, _ in evidence(text, "recognition")]
    assert set(words) <= set(text.lower().split())


def test_a_word_of_a_post_that_stands_alone_speaks_by_both_its_places() -> None:
    model = load("content")
    buckets, _ = features_of("Congratulations", model.vectors)
    [(_, pull)] = evidence("Congratulations", "recognition")
    each = weighted(buckets, model.rarity) * model.weights[buckets][:, OUTPUTS.index("recognition")]
    assert each.all()
    assert pull == pytest.approx(each.sum(), abs=1e-3)


@given(st.text(max_size=300))
def test_any_text_has_a_type(text: str) -> None:
    kind = content_of(plain(text))
    assert kind.content_type in (*OUTPUTS[1:3], *ABOUT)
    assert 0 <= kind.sure <= 1


def _posts(*labelled: tuple[str, str]) -> list[Prepared]:
    return prepare([Lesson("A", text, frozenset({label}), frozenset(OUTPUTS[:3])) for label, text in labelled])


def test_the_ceiling_is_what_near_copies_are_labelled() -> None:
    same = "we have recalled a small number of tins of powder sold in the south"
    given, true = by_copies(
        _posts(
            ("promotion", f"@ana {same} http://t.co/a"),
            ("informs", f"@ben {same} http://t.co/b"),
            ("informs", f"@eve {same}"),
            ("answer", "nothing else is like this one at all"),
        )
    )
    assert (given, true) == (["informs", *given[1:]], ["promotion", "informs", "informs"])
    assert len(given) == 3


def test_of_near_copies_the_first_counts_in_the_order_in_which_companies_are_judged() -> None:
    same = "we have recalled a small number of tins of powder sold in the south"
    others = [
        post._replace(lesson=post.lesson._replace(source=source))
        for post, source in zip(
            _posts(
                ("informs", f"{same} http://t.co/a"), ("answer", f"@eve {same}"), ("promotion", "nothing is like it")
            ),
            ("Danone", "Citi", "Barclays"),
            strict=True,
        )
    ]
    # In order: that of Citi, that of Barclays, and the copy of the first.
    assert first_of_copies(Posts(others, [], {})) == [0, 1]


def test_posts_with_a_clear_label_are_kept_with_what_was_said_of_them() -> None:
    judged = Judged(["informs", "answer"], ["informs", "informs"], np.array([[0.0] * 7, [1.0] * 7]), [0.66, CLEAR])
    assert judged.clear().said == ["answer"]
    assert judged.clear().chances.tolist() == [[1.0] * 7]


def test_one_more_person_is_right_where_all_agree_and_of_a_third_to_two_thirds_of_the_rest() -> None:
    lessons = [
        Lesson("x", f"post {number}", frozenset({"informs"}), frozenset(OUTPUTS[:3]), agreed=agreed)
        for number, agreed in enumerate([1.0, 1.0, 1.0, 1.0, 0.67, 0.67, 0.34])
    ]
    found = by_one_person(prepare(lessons))
    assert found["at least"].startswith("5 of 7")
    assert found["at most"].startswith("6 of 7")


def _said_too_low(stated: float) -> Judged:
    """Return ten posts of which nine are right, each at the same stated probability of one of three ways to speak."""
    rest = (1 - stated) / 2
    chances = np.array([[stated, rest, rest, 0.5, 0.5, 0.5, 0.5]] * 10)
    return Judged(["informs"] * 10, ["informs"] * 9 + ["answer"], chances, [1.0] * 10)


@pytest.mark.parametrize("stated", [0.5, 0.99])
def test_what_is_stated_is_stretched_to_how_often_it_is_right(stated: float) -> None:
    judged = _said_too_low(stated)
    better = judged.stretched(stretch_of(judged))
    assert better.calibrated()[0] < 0.02 < judged.calibrated()[0]
    assert better.speaks()[0, 0] == pytest.approx(0.9, abs=0.02)


@given(st.lists(st.floats(0.01, 0.99), min_size=7, max_size=7), st.floats(0.5, 4.0))
def test_a_stretch_changes_neither_the_order_nor_what_a_post_is_about(chances: list[float], by: float) -> None:
    judged = Judged(["other"], ["informs"], np.array([chances]), [1.0])
    after = judged.stretched(by).chances[0]
    assert after[3:].tolist() == chances[3:]
    for one in range(3):
        for other in range(3):
            assert chances[one] >= chances[other] or after[one] <= after[other] + 1e-12


def test_a_stretched_model_says_what_is_stretched_after_it() -> None:
    posts = prepare(written()["batch_1"][:9])
    chance = np.random.default_rng(1)
    weights, signs = (chance.normal(size=(size, len(OUTPUTS))) for size in (2 * BUCKETS, len(posts[0].signs)))
    model = Fitted(weights, signs, np.ones(len(OUTPUTS)), np.ones(2 * BUCKETS, np.float32))
    after = Judged([], [], model.chances(posts), []).stretched(1.7)
    assert model.stretched(1.7).chances(posts) == pytest.approx(after.chances, abs=1e-9)


def test_no_company_helps_to_say_how_sure_to_be_of_its_own_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[tuple[str, ...]] = []

    def judged(posts: Posts, *companies: str) -> dict[str, Judged]:
        left.append(companies)
        # Were its own posts asked, a company of which everything is right would be stretched as far as goes.
        sure = len(companies) == 1
        return {
            company: _said_too_low(0.5)._replace(true=["informs"] * 10) if sure else _said_too_low(0.5)
            for company in companies
        }

    monkeypatch.setattr("models.content._judged", judged)
    found, of_all = left_out(Posts([], [], {}))
    assert all(each.speaks()[0, 0] == pytest.approx(0.9, abs=0.02) for each in found.values())
    assert of_all == pytest.approx(4.0, abs=0.01)
    assert sorted(map(len, left)) == [1] * 4 + [2] * 6


def test_a_row_in_doubt_is_that_row_twice_as_what_it_is_and_is_not() -> None:
    chance = np.random.default_rng(1)
    rows, dense = csr_matrix(chance.random((40, 8))), chance.random((40, 2))
    wanted, each = (chance.random(40) > 0.4).astype(float), chance.random(40)
    doubts = np.where(wanted > 0, 0.2, 0.1)
    once = fit(rows, dense, wanted, 3.0, each, doubts)
    twice = fit(
        vstack([rows, rows], format="csr"),
        np.concatenate([dense, dense]),
        np.concatenate([wanted, 1 - wanted]),
        3.0,
        np.concatenate([each * (1 - doubts), each * doubts]),
    )
    for one, other in zip(once, twice, strict=True):
        assert one == pytest.approx(other, abs=1e-3)
