"""Scoring: features hold no text and no name, and the same records give the same bytes."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import NotReady, RapportError
from pipelines.landing import DataDir, atomic_path
from pipelines.practices import Practice, Practices
from pipelines.records import FEATURES, RECORDS, Record, read_table, stars_of, write_table
from pipelines.score import score, score_lines
from pipelines.sources import google_business
from pipelines.text import judgements
from pipelines.text.author import load_secret, pseudonym
from pipelines.text.judgements import MODELS
from pipelines.text.language import language_of
from pipelines.text.linear import load
from pipelines.text.shape import folded, is_emoji_only, words_in

NIGHT = dt.date(2026, 11, 1)
PRACTICES = Practices(
    practice=(
        Practice(
            id="oak",
            name="Oak",
            time_zone="America/Chicago",
            team_accounts=("@lena",),
            partners=("@library@town.example",),
        ),
    )
)


def record(**more: object) -> Record:
    given = {
        "kind": "review",
        "source": "google_business",
        "site": "google",
        "practice_id": "oak",
        "item_id": "r1",
        "page": "p",
        "position": 1,
        "author_id": "Canary Whitfield",
        "author_name": "Canary Whitfield",
        "created_at": dt.datetime(2026, 11, 1, 4, 30, tzinfo=dt.UTC),
        "rating": Decimal(2),
        "text": "The canary waited fifty minutes in the waiting room",
        **more,
    }
    return msgspec.convert(given, Record)


def scored(data: DataDir, *records: Record, source: str = "google_business") -> list[dict[str, object]]:
    with atomic_path(data.records(source, NIGHT)) as partial:
        write_table(({**msgspec.structs.asdict(r), "night": NIGHT} for r in records), RECORDS, partial)
    score(source, NIGHT, PRACTICES, data, say=lambda line: None)
    return read_table(data.features(source, NIGHT), FEATURES)


def test_no_text_and_no_name_is_left(data: DataDir) -> None:
    [feature] = scored(data, record())
    held = data.features("google_business", NIGHT).read_bytes()
    assert "anary" not in json.dumps(feature, default=str)
    assert b"anary" not in held
    assert (feature["stars"], feature["words"], feature["language"]) == (2, 9, "en")


def test_every_model_s_version_is_kept_and_a_night_can_be_scored_again(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    [feature] = scored(data, record())
    versions = dict(each.split("-", 1) for each in str(feature["model_id"]).split(" "))
    assert set(versions) == {"py3langid", *MODELS}
    assert versions["sentiment"] == load("sentiment").card["sha256"][:8]
    monkeypatch.setattr(judgements, "model_id", lambda name: f"{name}-00000000")
    score("google_business", NIGHT, PRACTICES, data, say=lambda line: None)
    [again] = read_table(data.features("google_business", NIGHT), FEATURES)
    assert "sentiment-00000000" in str(again["model_id"])
    assert {**again, "model_id": None} == {**feature, "model_id": None}


def test_a_review_belongs_to_the_day_it_was_where_the_practice_is(data: DataDir) -> None:
    [feature] = scored(data, record())
    assert feature["created_local"] == dt.datetime(2026, 10, 31, 23, 30)


def test_the_same_records_give_the_same_bytes(data: DataDir) -> None:
    scored(data, record(), record(item_id="r2"))
    first = data.features("google_business", NIGHT).read_bytes()
    scored(data, record(), record(item_id="r2"))
    assert data.features("google_business", NIGHT).read_bytes() == first


def test_an_author_is_known_again_within_a_practice_and_a_year_only(data: DataDir) -> None:
    later = dt.datetime(2027, 2, 1, tzinfo=dt.UTC)
    records = (record(), record(item_id="r2"), record(item_id="r3", created_at=later))
    same, other, next_year = scored(data, *records, source="owner_export")
    assert same["author_key"] == other["author_key"] != next_year["author_key"]
    assert pseudonym(b"s", "oak", "2026", "x") != pseudonym(b"s", "elm", "2026", "x")
    assert pseudonym(b"s", "oak", "2026", "x") != pseudonym(b"t", "oak", "2026", "x")


def test_no_pseudonym_is_kept_where_the_terms_allow_none(data: DataDir) -> None:
    assert not google_business.SOURCE.policy.author_key
    [feature] = scored(data, record())
    assert feature["author_key"] is None


@pytest.mark.parametrize(("written", "told"), [(1, ["only_review"]), (2, ["one_of_several"]), (0, []), (None, [])])
def test_whether_an_account_has_written_nothing_else_is_kept_where_it_is_told(
    data: DataDir, written: int | None, told: list[str]
) -> None:
    # On a site whose terms let no text be judged, and of a review without words.
    features = scored(
        data,
        record(source="trustpilot", author_reviews=written, text=None),
        record(source="trustpilot", author_reviews=written, kind="reply", item_id="r2", parent_id="r1", text=None),
        source="trustpilot",
    )
    assert [row["acts"] for row in features] == [told, []]


@pytest.mark.parametrize(
    ("pictures", "described", "told"),
    [
        (2, 2, ["pictures_described"]),
        (2, 1, ["pictures_not_described"]),
        (1, 0, ["pictures_not_described"]),
        (0, 0, []),
        (None, None, []),
    ],
)
def test_whether_the_pictures_of_an_own_post_are_described_is_kept_where_it_is_told(
    data: DataDir, pictures: int | None, described: int | None, told: list[str]
) -> None:
    shown = {"pictures": pictures, "pictures_described": described, "text": None}
    features = scored(
        data,
        record(kind="post", by_practice=True, **shown),
        record(kind="post", item_id="r2", **shown),
        record(kind="comment", item_id="r3", by_practice=True, **shown),
    )
    assert [row["acts"] for row in features] == [told, [], []]


def test_a_night_that_was_read_before_accounts_and_pictures_were_counted_is_scored(data: DataDir) -> None:
    later = ("author_reviews", "pictures", "pictures_described")
    before = pa.schema([field for field in RECORDS if field.name not in later])
    with atomic_path(data.records("google_business", NIGHT)) as partial:
        row = {**msgspec.structs.asdict(record()), "night": NIGHT}
        write_table([{name: row[name] for name in before.names}], before, partial)
    assert score("google_business", NIGHT, PRACTICES, data, say=lambda line: None) == 1


def test_whose_words_they_are_is_told_by_the_roster(data: DataDir) -> None:
    told = scored(
        data,
        record(item_id="1", kind="comment"),
        record(item_id="2", kind="comment", by_practice=True),
        record(item_id="3", kind="comment", author_name="@Lena"),
        record(item_id="4", kind="comment", author_id="library@town.example"),
        record(item_id="5", kind="comment", by_organisation=True),
        record(item_id="6", kind="reply", parent_id="1"),
    )
    voices = ["outside", "practice", "team", "organisation", "organisation", "practice"]
    assert [feature["voice"] for feature in told] == voices


def test_a_reply_is_judged_beside_what_it_answers(data: DataDir) -> None:
    review = record(text="My root canal hurt for a week")
    answer = "We are sorry that the root canal hurt."
    _, echo = scored(data, review, record(item_id="r1/reply", kind="reply", parent_id="r1", text=answer))
    [alone] = scored(data, record(item_id="r1/reply", kind="reply", parent_id="r1", text=answer))
    assert (echo["disclosure"], alone["disclosure"]) == ("pattern", "pattern")
    assert (echo["disclosure_severity"], alone["disclosure_severity"]) == ("critical", "high")
    assert "P4" in str(echo["disclosure_classes"])


def test_what_others_wrote_is_not_classified_where_the_terms_forbid_it(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    [judged] = scored(data, record())
    assert (judged["sentiment"], bool(judged["topics"])) != (None, False)
    strict = msgspec.structs.replace(google_business.SOURCE.policy, classify=False)
    monkeypatch.setattr(google_business, "SOURCE", msgspec.structs.replace(google_business.SOURCE, policy=strict))
    [silent] = scored(data, record())
    assert (silent["sentiment"], silent["topics"], silent["alerts"]) == (None, [], [])


def test_equal_texts_are_equal_and_only_those(data: DataDir) -> None:
    texts = ["Thank you, all!", "thank  YOU all", "Thank you both"]
    one, two, three = scored(data, *(record(item_id=str(n), text=text) for n, text in enumerate(texts)))
    assert one["text_key"] == two["text_key"] != three["text_key"]


def reply(number: int, text: str, **more: object) -> Record:
    return record(kind="reply", item_id=f"{number}/reply", parent_id=str(number), text=text, rating=None, **more)


def test_a_reply_that_is_said_over_and_over_is_a_template(data: DataDir) -> None:
    thanks = "Thank you, {}, we will pass your kind words on to the whole team."
    maria, other, tom = scored(
        data,
        reply(1, thanks.format("Maria")),
        reply(2, "The lift is out of order until the first of May."),
        reply(3, thanks.format("Tom")),
    )
    assert [each["generic"] for each in (maria, other, tom)] == [True, False, True]
    [alone] = scored(data, reply(1, thanks.format("Maria")))
    assert alone["generic"] is None
    twice, _ = scored(data, reply(1, thanks.format("Maria")), record(item_id="1", text=thanks.format("Maria")))
    assert twice["generic"] is None


def comment(number: int, text: str, **more: object) -> Record:
    given = {"kind": "comment", "item_id": f"c{number}", "thread_id": "p1", "parent_id": "p1", "rating": None}
    return record(**{**given, "text": text, **more})


def test_a_comment_s_acts_hang_on_what_it_stands_under_and_who_came_first(data: DataDir) -> None:
    text = "We all should vote for the new bridge next week"
    later = dt.datetime(2026, 11, 1, 6, tzinfo=dt.UTC)
    copy, first = scored(data, comment(1, text, created_at=later), comment(2, text))
    assert (copy["acts"], first["acts"]) == ([], ["substantive"])
    post = record(
        kind="post", item_id="p1", text="Like and share to win a year of brushes!", by_practice=True, rating=None
    )
    contest, entry = scored(data, post, comment(1, text))
    assert (contest["content_type"], entry["acts"]) == ("promotion", ["contest"])
    named, friend = scored(data, comment(1, "@oak", mentions=("practice",)), comment(2, "@tess", mentions=("tess",)))
    assert (named["acts"], friend["acts"]) == ([], ["advocacy"])


def test_what_the_practice_answers_below_a_post_is_judged_as_a_reply(data: DataDir) -> None:
    [answer] = scored(data, comment(1, "Your son was very brave.", by_practice=True))
    assert (answer["disclosure"], answer["acts"]) == ("pattern", ["public", "no_invitation"])


def test_the_account_that_an_answer_is_addressed_to_tells_nothing_below_a_post(data: DataDir) -> None:
    text = "@tess_83 @ben@town.example, We are sorry to hear that."
    below_a_post, below_a_review = scored(
        data, comment(1, text, by_practice=True), record(kind="reply", item_id="r2", parent_id="r1", text=text)
    )
    assert below_a_post["disclosure"] in ("generic", "look")
    assert below_a_review["disclosure"] == "pattern"


def test_only_the_practice_s_own_post_is_asked_how_it_asks_for_reviews(data: DataDir) -> None:
    text = "Did you love your visit to our office? Leave us a review on Google!"
    own = record(kind="post", item_id="p1", text=text, by_practice=True, rating=None)
    strangers = record(kind="post", item_id="p2", text=text, by_practice=False, rating=None)
    assert [post["acts"] for post in scored(data, own, strangers)] == [["gated_invitation", "question"], []]


def test_a_post_about_health_has_a_grade(data: DataDir) -> None:
    text = "Brush your teeth twice a day. Use a soft brush and small circles. Spit and do not rinse."
    [post] = scored(data, record(kind="post", item_id="p1", text=text, by_practice=True, rating=None))
    assert (post["content_type"], post["clinical_claim"]) == ("health_information", False)
    assert post["reading_grade"] is not None
    assert float(str(post["reading_grade"])) < 5


def test_without_a_text_nothing_is_said_of_it(data: DataDir) -> None:
    [feature] = scored(data, record(text=None))
    assert [feature[name] for name in ("has_text", "words", "language", "text_key")] == [False, None, None, None]


def test_what_was_not_read_cannot_be_scored(data: DataDir) -> None:
    with pytest.raises(NotReady, match="rapport read google_business 2026-11-01"):
        score("google_business", NIGHT, PRACTICES, data, say=lambda line: None)


def test_a_practice_that_left_is_left_out_and_said_so(data: DataDir) -> None:
    lines: list[str] = []
    scored(data, record(practice_id="elm"))
    score("google_business", NIGHT, PRACTICES, data, say=lines.append)
    assert any("no longer in practices.toml" in line for line in lines)


@pytest.mark.parametrize(
    ("rating", "lowest", "highest", "stars"),
    [
        ("1", 1, 5, 1),
        ("2.5", 1, 5, 3),
        ("2.49", 1, 5, 2),
        ("10", 1, 10, 5),
        ("1", 1, 10, 1),
        ("0", 0, 10, 1),
        ("5.5", 1, 10, 3),
    ],
)
def test_every_scale_becomes_five_stars(rating: str, lowest: int, highest: int, stars: int) -> None:
    assert stars_of(Decimal(rating), lowest, highest) == stars


@given(st.decimals(-1000, 1000, places=2), st.integers(0, 1), st.integers(2, 100))
def test_stars_lie_between_one_and_five_or_the_rating_is_refused(rating: Decimal, lowest: int, highest: int) -> None:
    if lowest <= rating <= highest:
        assert 1 <= (stars_of(rating, lowest, highest) or 0) <= 5
    else:
        with pytest.raises(ValueError, match="outside"):
            stars_of(rating, lowest, highest)


@pytest.mark.parametrize(
    ("text", "words", "emoji_only"),
    [
        ("Waited 2 hours!", 3, False),
        ("👍👍🏽 ❤️", 0, True),
        ("…", 0, True),
        ("don't re-book", 2, False),
        ("牙医很好", 1, False),
    ],
)
def test_the_shape_of_a_text(text: str, words: int, emoji_only: bool) -> None:
    assert (words_in(text), is_emoji_only(text)) == (words, emoji_only)


@given(st.text())
def test_any_text_can_be_scored(text: str) -> None:
    language, sure = language_of(text)
    assert sure == (language is not None)
    assert words_in(text) >= 0
    folded(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The front desk was very friendly and the dentist explained every single step to me", "en"),
        ("Excelente trato y muy profesional todo el equipo, lo recomiendo", "es"),
        ("Die Praxis ist sehr sauber und das Team immer freundlich", "de"),
        ("צוות נהדר ורופא סבלני מאוד, ממליץ בחום", "he"),
        ("Great!", None),
        # Six words of plain English of which the model is not sure enough.
        ("Waited fifty minutes past my appointment", None),
        ("👍", None),
    ],
)
def test_languages(text: str, language: str | None) -> None:
    assert language_of(text)[0] == language


def test_lines_of_json_are_scored_and_a_bad_one_is_named() -> None:
    [line] = score_lines([b'{"id": 7, "text": "Everybody there is kind", "stars": 5}', b""])
    assert (line["id"], line["kind"], line["words"]) == (7, "review", 4)
    assert "text" not in line
    with pytest.raises(RapportError, match="line 2: not a JSON object"):
        list(score_lines([b'{"id": 1}', b"\xff"]))


def test_the_secret_is_made_once_and_for_us_alone(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    file = data.secrets / "author_secret"
    first = load_secret(file)
    assert load_secret(file) == first
    assert file.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("RAPPORT_AUTHOR_SECRET", "given")
    assert load_secret(file) == b"given"


def test_a_review_is_asked_for_names_of_its_own_practice_where_it_may_be_classified(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    [oak] = PRACTICES.practice
    people = Practices(practice=(oak.model_copy(update={"staff": ("Dr. Wren",)}), Practice(id="elm", name="Elm")))
    monkeypatch.setattr("tests.test_score.PRACTICES", people)
    text = "Wren and the whole team at the front desk were kind to my daughter"
    reviews = record(text=text), record(text=text, item_id="r2", practice_id="elm")
    assert [row["acts"] for row in scored(data, *reviews)] == [["no_incentive", "staff_named"], ["no_incentive"]]
    strict = msgspec.structs.replace(google_business.SOURCE.policy, classify=False)
    monkeypatch.setattr(google_business, "SOURCE", msgspec.structs.replace(google_business.SOURCE, policy=strict))
    assert [row["acts"] for row in scored(data, *reviews)] == [[], []]


def test_who_asks_for_a_recommendation_is_told_of_strangers_in_communities_where_it_may_be_classified(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Can anyone recommend a good dentist in town?"
    asked = record(kind="post", item_id="p1", text=text, rating=None, place="r/oak", matched="name")
    said = [
        asked,
        msgspec.structs.replace(asked, item_id="p2", place=None),
        msgspec.structs.replace(asked, item_id="p3", by_practice=True),
        comment(1, text, place="r/oak"),
        comment(2, text, thread_id="p2"),
        comment(3, text, by_practice=True, place="r/oak"),
    ]
    answers = {"asks_recommendation", "asks_no_recommendation"}
    found = [sorted(act for act in answers if act in str(row["acts"])) for row in scored(data, *said)]
    assert found == [["asks_recommendation"], [], [], ["asks_recommendation"], [], []]
    strict = msgspec.structs.replace(google_business.SOURCE.policy, classify=False)
    monkeypatch.setattr(google_business, "SOURCE", msgspec.structs.replace(google_business.SOURCE, policy=strict))
    assert not [row for row in scored(data, *said) if "recommendation" in str(row["acts"])]


def test_a_line_says_in_which_community_it_stands() -> None:
    text = b'"kind": "post", "text": "Can anyone recommend a good dentist in town?"'
    town, alone = score_lines([b'{"id": 1, "place": "r/oak", ' + text + b"}", b'{"id": 2, ' + text + b"}"])
    assert (town["acts"], alone["acts"]) == (["asks_recommendation"], ["no_invitation", "question"])
