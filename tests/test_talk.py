"""What sources of conversations share: places on a page, links that may be shown, lists that must end."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hypothesis import given as given_
from hypothesis import strategies as st

from pipelines.answers import Walk
from pipelines.errors import ChangedShape
from pipelines.kept import KnownPost, as_days, as_text, days, known_posts
from pipelines.landing import Receipt, SavedPage
from pipelines.records import Record
from pipelines.sources import Planned
from pipelines.talk import Place, Reading, counted, given, metric, passed_on, public


class _Item(msgspec.Struct):
    id: str


def _reading(about: dict[str, str]) -> Reading:
    receipt = Receipt(source="reddit", night=dt.date(2026, 10, 31), label="riverside", about=about)
    return Reading(SavedPage(path="pages/1.json", body=b"{}", receipt=receipt), "reddit")


def _positions(at: Place | None) -> list[int]:
    def liked(item: _Item, place: Place) -> list[Record]:
        return [metric("likes", 1, place, post=item.id)]

    raws = [msgspec.Raw(b'{"id": "a"}'), msgspec.Raw(b'{"id": "b"}')]
    found = _reading({"practice_id": "riverside"}).records(raws, _Item, "post", liked, at=at)
    return [record.position for record in found if isinstance(record, Record)]


def test_what_lies_in_an_item_has_the_place_of_that_item() -> None:
    assert _positions(None) == [1, 2]
    assert _positions(_reading({}).at(7)) == [7, 7]


def test_what_is_bad_on_a_page_of_several_practices_is_nobodys() -> None:
    assert _reading({"practice_id": "riverside lakeside"}).set_aside("post 1", "no id").practice_id == ""


def test_only_a_link_that_is_encrypted_is_shown() -> None:
    assert public("https://a.example/1") == "https://a.example/1"
    assert [public(url) for url in ("http://a.example/1", "javascript:alert(1)", "", None)] == [None] * 4


def test_an_empty_page_may_name_another_only_where_the_platform_hides_things() -> None:
    hiding, whole = Walk("here", may_be_empty=True), Walk("here")
    hiding.add([])
    assert hiding.turn("next") == "next"
    whole.add([])
    with pytest.raises(ChangedShape, match="would never end"):
        whole.turn("next")


class _Statistics(msgspec.Struct, rename="camel"):
    view_count: str | int | None = None
    like_count: int | None = None
    is_hidden: bool = False


def test_numbers_are_told_by_the_platforms_names_and_what_is_missing_is_no_zero() -> None:
    told = msgspec.json.decode(b'{"viewCount": "12", "isHidden": true}', type=_Statistics)
    assert counted(told, {"viewCount", "likeCount", "shares"}) == {"viewCount": 12, "likeCount": None}
    assert given(counted(told, {"viewCount", "likeCount"})) == {"viewCount": 12}


@given_(known=st.dictionaries(st.text("abc:@/_0", min_size=1), st.dates()), since=st.dates())
def test_days_are_remembered_as_they_were(known: dict[str, dt.date], since: dt.date) -> None:
    assert days(as_days(known)) == known
    assert days(as_days(known), since) == {name: day for name, day in known.items() if day >= since}


def test_a_post_lives_as_long_as_somebody_talks_below_it() -> None:
    old, talked = KnownPost("1", dt.date(2026, 8, 1)), KnownPost("2", dt.date(2026, 8, 1), dt.date(2026, 10, 30))
    assert known_posts(as_text([old, talked])) == {"1": old, "2": talked}
    assert (old.lives_until, talked.lives_until) == (dt.date(2026, 8, 1), dt.date(2026, 10, 30))


@pytest.mark.parametrize(
    ("sweep", "since", "day"),
    [
        (True, None, dt.date(2026, 8, 2)),
        (False, None, dt.date(2026, 10, 1)),
        (False, dt.datetime(2026, 10, 30, tzinfo=dt.UTC), dt.date(2026, 10, 1)),
        (False, dt.datetime(2026, 9, 20, tzinfo=dt.UTC), dt.date(2026, 9, 13)),
        (True, dt.datetime(2026, 1, 8, tzinfo=dt.UTC), dt.date(2026, 1, 1)),
    ],
    ids=["sweep", "first", "usual", "gap", "long gap"],
)
def test_a_list_goes_back_to_what_is_late_and_to_what_was_not_seen(
    sweep: bool, since: dt.datetime | None, day: dt.date
) -> None:
    planned = Planned(label="x", night=dt.date(2026, 10, 31), sweep=sweep, since=since)
    assert planned.floor(90, 30, dt.timedelta(days=7)) == dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


@pytest.mark.parametrize("own", [True, False])
def test_who_passed_a_post_on_is_known_once_an_account_and_post(own: bool) -> None:
    share = passed_on("post 1", "repost", "mira", "Mira", _reading({"practice_id": "riverside"}).at(3), own=own)
    assert (share.kind, share.item_id, share.parent_id, share.by_practice) == (
        "share", "post 1/repost/mira", "post 1", own,
    )  # fmt: skip
