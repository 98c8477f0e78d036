"""Owner exports: what is declared is read exactly, and everything else is an error or a row set aside."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadExport, SeveralFailed
from pipelines.fetch import fetch
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import Export, Practice, Practices
from pipelines.read import read
from pipelines.records import Record, SetAside
from pipelines.settings import load_settings
from pipelines.sources import owner_export

NIGHT = dt.date(2026, 11, 1)
OAK = Practice(id="oak", name="Oak Street Dental", aliases=("OSD", "Oak St."), time_zone="America/Chicago")
HILL = Practice(id="hill", name="Hill Medicine", time_zone="Europe/London")
COLUMNS = {"date": "Date", "rating": "Stars", "text": "Words"}


def export(**more: Any) -> Export:
    return Export.model_validate({"files": "*", "site": "survey", "practice": "oak", "columns": COLUMNS, **more})


def read_bytes(body: bytes, described: Export, file: str = "file.csv") -> list[Record | SetAside]:
    practices = Practices(practice=(OAK, HILL), export=(described,))
    receipt = Receipt(source="owner_export", night=NIGHT, label="file", about={"file": file})
    return list(owner_export.read(SavedPage(path="p", body=body, receipt=receipt), practices))


def read_csv(text: str, **more: Any) -> list[Record | SetAside]:
    return read_bytes(text.encode(), export(**more))


def reviews(found: list[Record | SetAside]) -> list[Record]:
    return [item for item in found if isinstance(item, Record) and item.kind == "review"]


def aside(found: list[Record | SetAside]) -> list[tuple[str, str]]:
    return [(item.where, item.reason) for item in found if isinstance(item, SetAside)]


def test_a_plain_file() -> None:
    found = read_csv(
        'Date,Stars,Words,Other\n2026-10-05,4,"Kind, and\nquick",x\n2026-10-06,,Only words,\n2026-10-07,5,,\n'
    )
    assert [(r.rating, r.text, r.position) for r in reviews(found)] == [
        (Decimal(4), "Kind, and\nquick", 2),
        (None, "Only words", 4),
        (Decimal(5), None, 5),
    ]
    # Midnight of 5 October in Chicago is 5:00 in UTC; the local date must come back as it was written.
    assert reviews(found)[0].created_at == dt.datetime(2026, 10, 5, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16", "mac-roman"])
def test_any_declared_encoding(encoding: str) -> None:
    body = "Date,Stars,Words\n2026-10-05,4,Señor Müller café\n".encode(encoding)
    found = read_bytes(body, export(encoding="utf-8" if encoding == "utf-8-sig" else encoding))
    assert reviews(found)[0].text == "Señor Müller café"


def test_a_wrong_encoding_names_the_line_and_proposes_one() -> None:
    body = "Date,Stars,Words\n2026-10-05,4,ok\n2026-10-06,4,Señor Müller, café à la crème\n".encode("cp1252")
    with pytest.raises(BadExport, match=r"line 3 is not utf-8.*set encoding = "):
        read_bytes(body, export())


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_delimiters(delimiter: str) -> None:
    text = "Date,Stars,Words\n2026-10-05,4,Fine\n".replace(",", delimiter)
    assert len(reviews(read_csv(text, delimiter=delimiter))) == 1


def test_a_tsv_needs_no_delimiter() -> None:
    assert len(reviews(read_bytes(b"Date\tStars\tWords\n2026-10-05\t4\tFine\n", export(), "file.tsv"))) == 1


@pytest.mark.parametrize(
    ("written", "decimal", "highest", "rating"),
    [("4,5", ",", 5, "4.5"), ("4.5", ".", 5, "4.5"), ("1.000,5", ",", 5000, "1000.5"), (" 3 ", ".", 5, "3")],
)
def test_decimal_signs(written: str, decimal: str, highest: int, rating: str) -> None:
    found = read_csv(
        f'Date;Stars;Words\n2026-10-05;"{written}";x\n', decimal=decimal, delimiter=";", rating_max=highest
    )
    assert reviews(found)[0].rating == Decimal(rating)


def test_dates_only_in_declared_formats() -> None:
    text = "Date,Stars,Words\n05/10/2026,4,x\n31/10/2026 18:30,4,x\n2026-10-05,4,x\n10/31/2026,4,x\n1/10/2026,4,x\n"
    found = read_csv(text, dates=["%d/%m/%Y %H:%M", "%d/%m/%Y"])
    assert [r.created_at.day for r in reviews(found) if r.created_at] == [5, 31, 1]
    reason = "the date is not written as %d/%m/%Y %H:%M or %d/%m/%Y"
    assert aside(found) == [("line 4", reason), ("line 5", reason)]


def test_a_date_that_two_declared_formats_read_differently_is_not_guessed() -> None:
    found = read_csv("Date,Stars,Words\n05/10/2026,4,x\n05/05/2026,4,x\n", dates=["%d/%m/%Y", "%m/%d/%Y"])
    assert aside(found) == [("line 2", "the date fits two of the declared formats and means different days")]
    assert len(reviews(found)) == 1


def test_a_date_after_the_night_is_set_aside() -> None:
    found = read_csv("Date,Stars,Words\n2026-10-05,4,x\n2036-10-05,4,x\n")
    assert aside(found) == [("line 3", "the date lies after the night on which the file came")]


def test_ratings_in_words() -> None:
    text = "Date,Stars,Words\n2026-10-05,Very  Good,x\n2026-10-05,n/a,x\n2026-10-05,Meh,x\n"
    found = read_csv(text, rating_words={"very good": 5}, not_a_rating=["N/A"])
    assert [r.rating for r in reviews(found)] == [Decimal(5), None]
    assert aside(found) == [("line 4", "the rating is neither a number nor one of rating_words")]


def test_the_friends_and_family_preset_knows_both_official_vocabularies() -> None:
    header = "practice,date,rating_text,free_text,do_better\n"
    rows = [
        ("Extremely likely", 5),
        ("Unlikely", 2),
        ("Very good", 5),
        ("Neither good nor poor", 3),
        ("Don\u2019t know", None),
    ]
    text = header + "".join(f"OSD,2026-10-05,{word},text,more\n" for word, _ in rows)
    found = read_csv(text, preset="friends_and_family", columns=None, practice="")
    assert [None if r.rating is None else int(r.rating) for r in reviews(found)] == [stars for _, stars in rows]
    assert reviews(found)[0].text == "text\n\nmore"


def test_a_practice_column_finds_practices_by_any_of_their_names() -> None:
    columns = {**COLUMNS, "practice": "Who"}
    text = "Date,Stars,Words,Who\n" + "".join(
        f"2026-10-05,4,x,{w}\n" for w in ("oak-street dental", "OSD", "oak st", "Hill-Medicine")
    )
    found = read_csv(text, columns=columns, practice="")
    assert [r.practice_id for r in reviews(found)] == ["oak", "oak", "oak", "hill"]


def test_an_unknown_practice_is_an_error_that_names_it_and_reads_nothing() -> None:
    columns = {**COLUMNS, "practice": "Who"}
    text = "Date,Stars,Words,Who\n2026-10-05,4,x,OSD\n2026-10-05,4,x,Elm Street\n"
    with pytest.raises(BadExport, match=r"unknown practices: 'Elm Street' \(1 rows\).*alias"):
        read_csv(text, columns=columns, practice="")
    found = read_csv(text, columns=columns, practice="", ignore_practices=["Elm Street"])
    assert len(reviews(found)) == 1


def test_a_misspelt_column_proposes_the_right_one() -> None:
    with pytest.raises(BadExport, match=r"no column 'Stars'; did it become 'Star'\?.*The file has: Date, Star, Words"):
        read_csv("Date,Star,Words\n2026-10-05,4,x\n")


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("", {}, "the file is empty"),
        ("Date,Stars,Stars,Words\n", {}, "'Stars' is there twice"),
        ("Date,Stars,Words\n2026-10-05,4,x\n2026-10-0", {}, "line 3, the last, is cut off"),
        ('Date,Stars,Words\n2026-10-05,4,x\n2026-10-06,4,"never clos', {}, "cut off"),
        ("Date,Stars,Words\n" + "2026-10-05,9,x\n" * 4, {}, "4 ratings lie outside the scale"),
        ("Date,Stars,Words\n" + "05.10.2026,4,x\n" * 4, {}, "4 of 4 rows could not be read"),
        ("Date,Stars,Words\n2026-10-05,4,x\n", {"site": ""}, "which site"),
        ("Date,Stars,Words\n2026-10-05,4,x\n", {"practice": ""}, "which practice"),
        ("Date,Stars,Words\n2026-10-05,4,x\n", {"encoding": "klingon"}, "no encoding 'klingon'"),
        ("Date,Stars,Words\n2026-10-05,4,x\n", {"columns": None, "preset": "mine"}, "no preset 'mine'"),
        ("D\0ate,Stars,Words\n", {}, "null bytes"),
    ],
)
def test_a_file_that_does_not_fit_is_one_clear_error(text: str, more: dict[str, Any], words: str) -> None:
    with pytest.raises(BadExport, match=words) as raised:
        read_csv(text, **more)
    assert "file.csv" in str(raised.value) or "export" in str(raised.value)


def test_a_row_with_missing_cells_is_set_aside_and_the_rest_goes_on() -> None:
    found = read_csv("Date,Stars,Words\n2026-10-05,4\n2026-10-06,4,x\n\n,,\n")
    assert aside(found) == [("line 2", "2 cells where the header has 3")]
    assert len(reviews(found)) == 1


def test_one_enormous_row_is_set_aside_and_the_others_are_read() -> None:
    found = read_csv(f"Date,Stars,Words\n2026-10-05,4,{'x' * 10_000_000}\n2026-10-06,4,{'x' * 200_000}\n")
    assert aside(found) == [("line 2", "larger than 2 MB")]
    assert [review.position for review in reviews(found)] == [3]


def test_an_owner_whose_clock_is_a_day_ahead_loses_nothing() -> None:
    found = read_csv("Date,Stars,Words\n2026-11-02,4,x\n2026-11-03,4,x\n")
    assert [review.position for review in reviews(found)] == [2]
    assert aside(found) == [("line 3", "the date lies after the night on which the file came")]


def test_an_id_is_the_same_as_number_and_as_text() -> None:
    described = export(columns={**COLUMNS, "id": "No"})
    header, row = ("Date", "Stars", "Words", "No"), ("2026-10-05", 4, "x")
    numbers = [
        read_bytes(b"Date,Stars,Words,No\n2026-10-05,4,x,7\n", described),
        *(read_bytes(workbook(header, (*row, number)), described, "file.xlsx") for number in (7, 7.0, "7")),
    ]
    assert len({review.item_id for found in numbers for review in reviews(found)}) == 1
    assert all(len(reviews(found)) == 1 for found in numbers)


def test_no_error_and_no_reason_repeats_a_patients_words() -> None:
    secret = "Dr Smith told my wife"
    found = read_csv(f"Date,Stars,Words\n{secret},4,x\n2026-10-05,{secret},x\n2026-10-06,4,{secret}\n")
    assert len(aside(found)) == 2
    assert secret not in str(aside(found))


def test_a_column_mapped_by_mistake_does_not_print_what_patients_wrote() -> None:
    secret = "The doctor told my wife about her test results in front of the whole waiting room"
    columns = {**COLUMNS, "practice": "Words"}
    with pytest.raises(BadExport, match="1 more whose values do not look like names") as raised:
        read_csv(f"Date,Stars,Words\n2026-10-05,4,{secret}\n", columns=columns, practice="")
    assert "wife" not in str(raised.value)
    with pytest.raises(BadExport, match="the first line does not look like column names") as raised:
        read_csv(f"2026-10-05,4,{secret}\n2026-10-06,5,Fine\n")
    assert "wife" not in str(raised.value)


def test_an_id_of_the_file_tells_reviews_apart_and_is_not_kept() -> None:
    columns = {**COLUMNS, "id": "Who"}
    rows = "2026-10-05,4,same,ann@example.org\n2026-10-05,4,same,bob@example.org\n2026-10-06,5,other,ann@example.org\n"
    first, second, again = reviews(read_csv(f"Date,Stars,Words,Who\n{rows}", columns=columns))
    assert first.item_id == again.item_id != second.item_id
    assert "example" not in first.item_id


def test_a_declared_scale_is_kept_with_each_rating() -> None:
    [review] = reviews(read_csv("Date,Stars,Words\n2026-10-05,9,x\n", rating_max=10))
    assert (review.rating, review.rating_min, review.rating_max) == (Decimal(9), 1, 10)


def test_the_import_layout_brings_sites_ids_and_replies() -> None:
    header = (
        "source_site,listing_url,location_key,npi,source_review_id,reviewer_name,rating,rating_scale_max,title,text,"
        "review_date,response_text,response_date,exported_at\n"
    )
    rows = (
        "healthgrades,https://x.example/1,oak,1,h1,Ann,4,5,Good,Kind,2026-10-05,Thank you,2026-10-07,2026-10-31\n"
        "RateMDs,javascript:alert(1),oak,1,,Bob,2.5,,,Rushed,2026-10-06,,,2026-10-31\n"
    )
    found = read_csv(header + rows, preset="reviews_import", columns=None, site="", practice="")
    first, reply, second = (item for item in found if isinstance(item, Record))
    assert (first.site, first.title, first.author_name) == ("healthgrades", "Good", "Ann")
    assert (reply.kind, reply.parent_id, reply.text) == ("reply", first.item_id, "Thank you")
    assert reply.created_at == dt.datetime(2026, 10, 7, 5, tzinfo=dt.UTC)
    assert (second.site, second.url, second.rating) == ("ratemds", None, Decimal("2.5"))


def workbook(*rows: tuple[Any, ...], sheet: str = "Answers") -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def test_a_spreadsheet_with_real_dates_and_numbers() -> None:
    body = workbook(("Date", "Stars", "Words"), (dt.datetime(2026, 10, 5, 18, 30), 4.0, "Kind"), (None, None, None))
    [review] = reviews(read_bytes(body, export(), "file.xlsx"))
    assert (review.rating, review.text) == (Decimal(4), "Kind")
    assert review.created_at == dt.datetime(2026, 10, 5, 23, 30, tzinfo=dt.UTC)


def test_a_missing_sheet_names_those_there_are() -> None:
    with pytest.raises(BadExport, match=r"no sheet 'Replies'. Sheets: Answers"):
        read_bytes(workbook(("Date",)), export(sheet="Replies"), "file.xlsx")


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    with pytest.raises(BadExport, match=r"would unpack from .* to 60,000,000 bytes"):
        read_bytes(held.getvalue(), export(), "file.xlsx")


@pytest.mark.parametrize("cut", [10, 300, -40])
def test_a_damaged_spreadsheet_is_one_clear_error(cut: int) -> None:
    with pytest.raises(BadExport, match=r"file\.xlsx: .*(whole|damaged|readable)"):
        read_bytes(workbook(("Date", "Stars", "Words"))[:cut], export(), "file.xlsx")


cells = st.tuples(
    st.sampled_from(["2026-10-05", "2026-10-06"]), st.sampled_from("12345"), st.sampled_from(["", "a", "b"])
)


@given(rows=st.lists(cells, max_size=30), others=st.lists(cells, max_size=10))
def test_the_same_rows_in_any_file_are_the_same_reviews(
    rows: list[tuple[str, str, str]], others: list[tuple[str, str, str]]
) -> None:
    """Equal rows in one file are several reviews; the same row again in another file is none: a multiset union."""

    def ids(part: list[tuple[str, str, str]]) -> list[str]:
        text = "Date,Stars,Words\n" + "".join(f"{a},{b},{c}\n" for a, b, c in part)
        return [r.item_id for r in reviews(read_csv(text))]

    assert len(set(ids(rows))) == len(rows)
    union = {(row, n) for part in (rows, others) for row in part for n in range(part.count(row))}
    assert len(set(ids(rows)) | set(ids(others))) == len(union)


def test_a_file_is_pulled_once_and_again_only_when_it_changes(data: DataDir) -> None:
    practices = Practices(practice=(OAK,), export=(export(),))
    data.exports.mkdir(parents=True)
    file = data.exports / "Ann's list (1).csv"
    file.write_text("Date,Stars,Words\n2026-10-05,4,x\n")

    def night(number: int) -> int:
        on = NIGHT + dt.timedelta(days=number)
        fetch("owner_export", on, practices, data, load_settings(), say=lambda line: None)
        return read("owner_export", on, practices, data, say=lambda line: None).records

    assert [night(0), night(0), night(1)] == [1, 1, 0]
    file.write_text("Date,Stars,Words\n2026-10-05,4,x\n2026-10-06,5,y\n")
    assert night(2) == 2
    [label] = [path.name for path in data.pages("owner_export", NIGHT).iterdir()]
    assert label.startswith("ann-s-list-1-")


def test_one_bad_file_does_not_stop_the_others(data: DataDir) -> None:
    practices = Practices(practice=(OAK,), export=(export(files="good*"), export(files="bad*")))
    data.exports.mkdir(parents=True)
    (data.exports / "good.csv").write_text("Date,Stars,Words\n2026-10-05,4,x\n")
    (data.exports / "bad.csv").write_text("Datum,Stars,Words\n2026-10-05,4,x\n")
    (data.exports / "strange.csv").write_text("Date,Stars,Words\n2026-10-05,4,x\n")
    fetch("owner_export", NIGHT, practices, data, load_settings(), say=lambda line: None)
    with pytest.raises(
        SeveralFailed, match=r"2 of 3 visits.*bad\.csv: there is no column 'Date'.*strange\.csv: no \[\["
    ):
        read("owner_export", NIGHT, practices, data, say=lambda line: None)
    from pipelines.records import COMPLETENESS, read_table

    rows = read_table(data.completeness("owner_export", NIGHT), COMPLETENESS)
    assert sorted((row["status"], row["fetched"]) for row in rows) == [("failed", 0), ("failed", 0), ("ok", 1)]


def test_a_file_of_another_kind_says_what_can_be_read(data: DataDir) -> None:
    data.exports.mkdir(parents=True)
    (data.exports / "list.docx").write_bytes(b"x")
    with pytest.raises(SeveralFailed, match=r"'\.docx' files cannot be read.*CSV, TSV or XLSX"):
        fetch("owner_export", NIGHT, Practices(), data, load_settings(), say=lambda line: None)
