"""The town keeps its promises: whoever asserts on a practice or an event in another test can rely on it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy import stats

from pipelines.demo import phrases
from pipelines.demo.town import FIRST_MONTH, MONTH, NIGHTS, Review, Town, build_town, pull_instant
from pipelines.errors import UnknownName
from pipelines.periods import add_months, month_end
from pipelines.practices import Practices, load_practices

REPOSITORY = Path(__file__).resolve().parents[2]
FIRST, SECOND, THIRD = NIGHTS
FINGERPRINT = """
import hashlib, json, sys
from pipelines.demo.town import NIGHTS, build_town, pull_instant
town = build_town(int(sys.argv[1]))
told = [[r.as_google() for p in town.practices for r in town.reviews_at(p.location, pull_instant(n))] for n in NIGHTS]
exports = {name: body.hex() for name, body in town.exports().items()}
whole = json.dumps([told, exports, town.practices_toml(), town.keys(), [e.review_id for e in town.events]])
print(hashlib.sha256(whole.encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def town() -> Town:
    return build_town()


def seen(town: Town, practice_id: str, night: dt.date) -> dict[str, Review]:
    there = town.reviews_at(town.practice(practice_id).location, pull_instant(night))
    return {review.review_id: review for review in there}


def of_event(town: Town, name: str, night: dt.date) -> Review | None:
    event = town.event(name)
    return seen(town, event.practice_id, night).get(event.review_id)


def stars_of_month(town: Town, practice_id: str, month: dt.date, night: dt.date = SECOND) -> list[int]:
    zone = ZoneInfo(town.practice(practice_id).time_zone)
    return [
        review.stars
        for review in seen(town, practice_id, night).values()
        if review.stars and review.created_at.astimezone(zone).date().replace(day=1) == month
    ]


def everything(town: Town) -> list[Review]:
    return [
        review for practice in town.practices for night in NIGHTS for review in seen(town, practice.id, night).values()
    ]


def fingerprint(seed: int, hash_seed: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", FINGERPRINT, str(seed)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": f"Asia/T{'okyo' if hash_seed == '1' else 'ehran'}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_the_same_seed_gives_the_same_town_in_any_process() -> None:
    assert fingerprint(1913, "1") == fingerprint(1913, "2")


def test_another_seed_gives_another_town(town: Town) -> None:
    assert everything(build_town()) == everything(town)
    assert everything(build_town(7)) != everything(town)


@pytest.mark.parametrize("seed", [1913, 7, 42])
def test_a_town_of_moderate_size(seed: int) -> None:
    town = build_town(seed)
    assert len(town.practices) == 8
    assert {practice.kind for practice in town.practices} == {"dental", "medical"}
    assert Counter(practice.paper for practice in town.practices) == {"letter": 6, "a4": 2}
    assert Counter(practice.language for practice in town.practices) == {"en": 7, "es": 1}
    assert len({practice.time_zone for practice in town.practices}) >= 3
    held = [len(seen(town, practice.id, THIRD)) for practice in town.practices]
    assert 600 <= sum(held) <= 900
    assert all(address.endswith(".example") for practice in town.practices for address in practice.recipients)


def test_review_ids_are_unique_across_the_town(town: Town) -> None:
    ids = [review_id for practice in town.practices for review_id in seen(town, practice.id, THIRD)]
    assert len(ids) == len(set(ids))


def test_fourteen_months_of_life(town: Town) -> None:
    months = [add_months(FIRST_MONTH, number) for number in range(14)]
    assert months[-1] == MONTH
    assert all(len(stars_of_month(town, "riverside-dental", month)) >= 12 for month in months)
    assert max(review.created_at for review in everything(town)) < pull_instant(THIRD)


def test_reviews_come_newest_change_first(town: Town) -> None:
    for practice in town.practices:
        times = [review.updated_at for review in town.reviews_at(practice.location, pull_instant(THIRD))]
        assert times == sorted(times, reverse=True)


def test_the_second_night_is_the_first_after_the_months_end_everywhere(town: Town) -> None:
    for practice in town.practices:
        assert pull_instant(SECOND) >= month_end(MONTH, practice.time_zone) > pull_instant(FIRST)


def test_unknown_places_and_events(town: Town) -> None:
    with pytest.raises(UnknownName, match="no location"):
        town.reviews_at("accounts/1/locations/2", pull_instant(FIRST))
    with pytest.raises(UnknownName, match="no practice 'nobody'"):
        town.practice("nobody")
    with pytest.raises(UnknownName, match="no event 'nothing'"):
        town.event("nothing")


def changed(town: Town, practice_id: str) -> tuple[float, float]:
    """Return the change of the mean from September to October, and its p-value."""
    before = stars_of_month(town, practice_id, add_months(MONTH, -1))
    after = stars_of_month(town, practice_id, MONTH)
    tested = stats.permutation_test(
        (after, before),
        lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis),
        n_resamples=4_000,
        rng=np.random.default_rng(1),
        vectorized=True,
    )
    return float(tested.statistic), float(tested.pvalue)


@pytest.mark.parametrize("seed", [1913, 7])
def test_one_rises_one_falls_and_one_does_not_clearly_change(seed: int) -> None:
    town = build_town(seed)
    rise, p_of_rise = changed(town, "cedar-hollow")
    fall, p_of_fall = changed(town, "lakeside-medical")
    steady, p_of_steady = changed(town, "riverside-dental")
    assert rise > 1
    assert p_of_rise < 0.005
    assert fall < -1
    assert p_of_fall < 0.005
    assert abs(steady) < 0.3
    assert p_of_steady > 0.2


def test_the_burst_is_twelve_one_stars_in_one_week(town: Town) -> None:
    burst = {event.review_id for event in town.events if event.name == "burst"}
    there = [review for review in seen(town, "harbor-family-medicine", FIRST).values() if review.review_id in burst]
    assert len(there) == 12
    assert {review.stars for review in there} == {1}
    assert max(r.created_at for r in there) - min(r.created_at for r in there) < dt.timedelta(days=7)
    assert all(review.reply is None for review in there)
    letters = Counter("".join(c for c in (review.comment or "?") if c.isalpha()).casefold() for review in there)
    assert max(letters.values()) == 3, "three of them say the same but for punctuation"
    week = dt.timedelta(days=7)
    first = min(review.created_at for review in there)
    usual = [
        r for r in seen(town, "harbor-family-medicine", FIRST).values() if first - 12 * week <= r.created_at < first
    ]
    assert 6 <= len(usual) <= 24


def test_the_quiet_practice(town: Town) -> None:
    counts = [
        len(stars_of_month(town, "arroyo-dental", add_months(FIRST_MONTH, number), THIRD)) for number in range(15)
    ]
    assert max(counts) <= 2
    assert counts[13] == 0
    assert counts[14] == 0
    assert sum(counts) > 3


def test_the_practice_without_reviews(town: Town) -> None:
    assert all(seen(town, "new-leaf-pediatrics", night) == {} for night in NIGHTS)


def test_right_to_left_names_and_words(town: Town) -> None:
    def directions(text: str) -> set[str]:
        return {unicodedata.bidirectional(letter) for letter in text}

    assert {"R", "L"} <= directions(town.practice("gesher-dental").name)
    there = seen(town, "gesher-dental", THIRD).values()
    assert sum("R" in directions(review.reviewer or "") for review in there) > 10
    assert sum("R" in directions(review.comment or "") for review in there) > 5
    assert any("AL" in directions(review.comment or "") for review in there)


def test_the_long_name(town: Town) -> None:
    assert 170 <= len(town.practice("cedar-hollow").name) <= 200


def test_texts_of_every_kind(town: Town) -> None:
    comments = [review.comment for review in everything(town)]
    emoji = {text for bank in phrases.EMOJI.values() for text in bank}
    assert sum(comment is None for comment in comments) > 300
    assert sum(comment in emoji for comment in comments) > 30
    assert any("(Translated by Google)" in (c or "") and "(Original)" not in (c or "") for c in comments)
    assert any((c or "").startswith("(Translated by Google)") and "(Original)" in (c or "") for c in comments)
    assert any((c or "").startswith("Puntuales, limpios") for c in comments)
    assert sum((c or "").count(". ") >= 2 for c in comments) > 100
    assert not any(braces in (c or "") for c in comments for braces in ("{minutes}", "{doctor}", "{visit}"))
    assert sum(review.reviewer is None for review in everything(town)) > 30
    assert any(review.photo_label for review in everything(town))
    assert {review.fraction_digits for review in everything(town)} == {0, 3, 6, 9}
    links = [review.reply_url for review in everything(town)]
    assert None in links
    assert all(link.startswith("https://") for link in links if link)


@pytest.mark.parametrize(
    ("kind", "marker"),
    [
        ("script", "<script>"),
        ("sql", "'); DELETE FROM"),
        ("formula", "=cmd|"),
        ("jinja", "{{ config"),
        ("control", "null\x00\x07"),
        ("zalgo", "\u0300\u0316"),
        ("long", "the plants"),
    ],
)
def test_hostile_texts(town: Town, kind: str, marker: str) -> None:
    review = of_event(town, f"hostile_{kind}", FIRST)
    assert review is not None
    assert review.comment is not None
    assert marker in review.comment
    assert review.created_at.month == MONTH.month
    if kind == "long":
        assert len(review.comment) == 4_000
    if kind == "jinja":
        assert review.reviewer == "{{ 7 * 7 }}"


def test_maple_discloses_in_some_replies_and_not_in_others(town: Town) -> None:
    said = [review.reply.comment for review in seen(town, "maple-street-dental", FIRST).values() if review.reply]
    safe = {*phrases.REPLY_TO_PRAISE, *phrases.REPLY_TO_COMPLAINT}
    assert sum(reply in safe for reply in said) > 20
    assert sum(reply not in safe for reply in said) > 20
    for start in ("Thank you for being our patient", "Our records show", "Your insurance denied", "We have no record"):
        assert any(reply.startswith(start) for reply in said)
    others = [r.reply.comment for r in seen(town, "lakeside-medical", FIRST).values() if r.reply]
    assert set(others) <= safe


def test_stars_are_edited_between_the_nights(town: Town) -> None:
    for name, night, before, after in (("stars_raised", SECOND, 2, 5), ("stars_lowered", THIRD, 5, 3)):
        event = town.event(name)
        assert event.first_night == night
        old, new = of_event(town, name, night - dt.timedelta(days=1)), of_event(town, name, night)
        assert old is not None
        assert new is not None
        assert (old.stars, new.stars) == (before, after)
        assert new.created_at == old.created_at == old.updated_at < new.updated_at
        assert new.comment != old.comment


@pytest.mark.parametrize(
    ("name", "night"),
    [
        ("deleted_critical", SECOND),
        ("deleted_praise", SECOND),
        ("deleted_burst", SECOND),
        ("deleted_on_third_night", THIRD),
    ],
)
def test_reviews_vanish_between_the_nights(town: Town, name: str, night: dt.date) -> None:
    assert town.event(name).first_night == night
    for other in NIGHTS:
        assert (of_event(town, name, other) is None) == (other >= night)


@pytest.mark.parametrize(("name", "night"), [("replied_after_47_days", SECOND), ("replied_on_third_night", THIRD)])
def test_a_late_reply_leaves_the_reviews_time(town: Town, name: str, night: dt.date) -> None:
    old, new = of_event(town, name, night - dt.timedelta(days=1)), of_event(town, name, night)
    assert old is not None
    assert new is not None
    assert old.reply is None
    assert new.reply is not None
    assert new.updated_at == old.updated_at
    assert pull_instant(night) - dt.timedelta(days=1) < new.reply.updated_at <= pull_instant(night)


def test_an_edited_reply_overwrites_its_time(town: Town) -> None:
    old, new = of_event(town, "reply_edited", FIRST), of_event(town, "reply_edited", SECOND)
    assert old is not None
    assert new is not None
    assert old.reply is not None
    assert new.reply is not None
    assert old.reply.comment != new.reply.comment
    assert new.reply.updated_at - old.reply.updated_at > dt.timedelta(days=20)


def test_states_of_replies_by_night(town: Town) -> None:
    def states(name: str) -> list[str | None]:
        found = [of_event(town, name, night) for night in NIGHTS]
        return [(review.reply.state if review.reply else "none") if review else "gone" for review in found]

    assert states("reply_approved") == ["PENDING", "APPROVED", "APPROVED"]
    assert states("reply_awaiting") == ["none", "PENDING", "REJECTED"]
    assert states("reply_turned_down") == ["none", "PENDING", "REJECTED"]
    assert states("reply_still_pending") == ["PENDING"] * 3
    assert states("reply_rejected") == ["REJECTED"] * 3
    assert states("reply_taken_down") == ["APPROVED", "APPROVED", "none"]
    assert None in {review.reply.state for review in seen(town, "arroyo-dental", FIRST).values() if review.reply}
    violations = {(r.reply.state, r.reply.policy_violation is None) for r in everything(town) if r.reply}
    assert violations == {("APPROVED", True), (None, True), ("PENDING", True), ("REJECTED", False)}


def test_months_end_by_the_practices_own_clock(town: Town) -> None:
    for name, utc_month, local_month in (
        ("october_begins_in_madrid", 9, 10),
        ("october_ends_in_chicago", 11, 10),
        ("november_begins_in_chicago", 11, 11),
    ):
        review = of_event(town, name, SECOND)
        assert review is not None
        zone = ZoneInfo(town.practice(town.event(name).practice_id).time_zone)
        assert review.created_at.month == utc_month
        assert review.created_at.astimezone(zone).month == local_month


def test_a_review_without_stars(town: Town) -> None:
    review = of_event(town, "no_stars", FIRST)
    assert review is not None
    assert review.stars is None
    assert review.as_google()["starRating"] == "STAR_RATING_UNSPECIFIED"


def test_every_event_shows_on_its_night_first(town: Town) -> None:
    for event in town.events:
        states = [seen(town, event.practice_id, night).get(event.review_id) for night in NIGHTS]
        number = NIGHTS.index(event.first_night)
        assert states[number] is not None if number == 0 else states[number] != states[number - 1]


def test_timestamps_say_no_more_than_their_digits(town: Town) -> None:
    for review in everything(town):
        written = review.as_google()["createTime"]
        assert len(written) == 20 + (review.fraction_digits + 1 if review.fraction_digits else 0)
        assert dt.datetime.fromisoformat(written[:26].rstrip("Z") + "+00:00") == review.created_at


@pytest.fixture(scope="module")
def practices(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Practices:
    path = tmp_path_factory.mktemp("town") / "practices.toml"
    path.write_text(town.practices_toml(), encoding="utf-8")
    return load_practices(path)


def test_practices_toml_loads(town: Town, practices: Practices) -> None:
    for mine, loaded in zip(town.practices, practices.practice, strict=True):
        assert loaded.google_business is not None
        assert (loaded.id, loaded.name, loaded.kind, loaded.time_zone) == (
            mine.id,
            mine.name,
            mine.kind,
            mine.time_zone,
        )
        assert (loaded.paper, loaded.recipients, loaded.contact or "") == (mine.paper, mine.recipients, mine.contact)
        assert (loaded.google_business.location, loaded.google_business.key) == (mine.location, mine.key)
    assert len(practices.export) == 2


def test_keys_are_named_as_the_practices_name_them(town: Town) -> None:
    keys = town.keys()
    assert set(keys) == {"", "lakeside"} == {practice.key for practice in town.practices}
    assert all(set(key) == {"client_id", "client_secret", "refresh_token"} for key in keys.values())
    assert json.loads(json.dumps(keys)) == keys


def test_owner_files_have_one_impossible_date_each(town: Town, practices: Practices) -> None:
    layouts = {
        "healthgrades-2026-10.csv": ("utf-8", ",", "review_date", "%Y-%m-%d"),
        "encuesta-2026-10.csv": ("latin-1", ";", "Fecha", "%d/%m/%Y"),
    }
    assert set(town.exports()) == set(layouts)
    for name, body in town.exports().items():
        encoding, delimiter, column, form = layouts[name]
        rows = list(csv.DictReader(io.StringIO(body.decode(encoding), newline=""), delimiter=delimiter))
        assert all(None not in row and None not in row.values() for row in rows)
        impossible, days = 0, []
        for row in rows:
            try:
                days.append(dt.datetime.strptime(row[column], form).date())
            except ValueError:
                impossible += 1
        assert impossible == 1
        assert max(days) < FIRST
        assert sum(day.month == MONTH.month for day in days) >= 5
    survey = town.exports()["encuesta-2026-10.csv"]
    with pytest.raises(UnicodeDecodeError):
        survey.decode("utf-8")
    block = next(export for export in practices.export if export.site == "survey")
    assert block.columns is not None
    assert block.columns.rating == "Valoración"
