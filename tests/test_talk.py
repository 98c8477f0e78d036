"""What sources of conversations share: places on a page, links that may be shown, lists that must end."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from pipelines.answers import Walk
from pipelines.errors import ChangedShape
from pipelines.landing import Receipt, SavedPage
from pipelines.records import Record
from pipelines.talk import Place, Reading, metric, public


class _Item(msgspec.Struct):
    id: str


def _reading(about: dict[str, str]) -> Reading:
    receipt = Receipt(source="reddit", night=dt.date(2026, 10, 31), label="riverside", about=about)
    return Reading(SavedPage(path="pages/1.json", body=b"{}", receipt=receipt), "reddit")


def _positions(at: Place | None) -> list[int]:
    def counted(item: _Item, place: Place) -> list[Record]:
        return [metric("likes", 1, place, post=item.id)]

    raws = [msgspec.Raw(b'{"id": "a"}'), msgspec.Raw(b'{"id": "b"}')]
    found = _reading({"practice_id": "riverside"}).records(raws, _Item, "post", counted, at=at)
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
