"""Files an owner hands over: CSV, TSV or XLSX from a review site, a survey tool or a vendor.

Nothing about a file is guessed: encoding, decimal sign, date formats, scale and columns stand in practices.toml.
A row without an id of its own is known by its content and by how often that content occurs in one file, so two
equal answers are two reviews, and the same file under another name adds none.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import difflib
import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Generator, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

import charset_normalizer
import msgspec
import openpyxl

from pipelines.answers import LARGEST_RECORD_BYTES, reply_to, tried
from pipelines.errors import BadExport, RapportError
from pipelines.files import LARGEST_FILE_BYTES, described, describes, waiting, whole
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Columns, Export, Practice, Practices
from pipelines.records import Record, SetAside
from pipelines.sources import Listing, Outcome, Page, Planned, Source, Tools
from pipelines.talk import Place, public

SOURCE = Source(
    name="owner_export",
    title="Files from the owner",
    policy=Policy(
        terms_seen="none",
        terms_elsewhere="the file is the owner's own, and so is the decision how long it is kept",
        # 25 months is the report's history.
        keep_text_days=30,
        keep_derived_days=760,
        blendable=True,
        comparable=True,
        author_key=True,
        classify=True,
    ),
    gives=("reviews", "replies"),
    told=(
        "reviews and replies from any site, survey tool or vendor that exports CSV, TSV or XLSX",
        "anything the file does not say",
        "put into `exports/`, described in `practices.toml`",
    ),
    once=True,
)
SUFFIXES = (".csv", ".tsv", ".xlsx")
LARGEST_UNPACKED_BYTES = 400_000_000
# The csv module's own limit, 131,072 characters a cell, would refuse a file for one very long review.
csv.field_size_limit(LARGEST_FILE_BYTES)
PRESETS = {
    "reviews_import": Columns(
        date="review_date",
        rating="rating",
        rating_max="rating_scale_max",
        text="text",
        title="title",
        author="reviewer_name",
        id="source_review_id",
        site="source_site",
        practice="location_key",
        url="listing_url",
        reply_text="response_text",
        reply_date="response_date",
    ),
    "friends_and_family": Columns(
        date="date", rating="rating_text", text="free_text", text_more=("do_better",), practice="practice"
    ),
    "simple": Columns(date="date", rating="rating", text="text"),
}
# The two official vocabularies of the NHS Friends and Family Test (until 2020, and since).
PRESET_WORDS = {
    "friends_and_family": {
        **dict(zip(("extremely likely", "likely", "neither likely nor unlikely"), (5, 4, 3), strict=True)),
        **dict(zip(("unlikely", "extremely unlikely"), (2, 1), strict=True)),
        **dict(zip(("very good", "good", "neither good nor poor", "poor", "very poor"), (5, 4, 3, 2, 1), strict=True)),
        "neither good or poor": 3,
    }
}
PRESET_NOT_A_RATING = {"friends_and_family": ("don't know", "dont know")}


class _Row(msgspec.Struct, frozen=True):
    line: int
    cells: dict[str, str]


class _BadRow(ValueError):
    """One row is no good; the message says why without quoting it."""


class _OutsideScale(_BadRow):
    """Counted apart: many of these mean that the declared scale is wrong."""


def visits(practices: Practices, exports: Path) -> list[Planned]:
    """Return one visit a file that is no vendor's."""
    return [
        Planned(label=label, about={"file": name})
        for name, label in waiting(exports)
        if not describes(name, practices.feed)
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    export = _export_of(receipt.about.get("file", ""), practices)
    return Listing(complete=export.complete, can_reply=export.replies or _columns(export).reply_text is not None)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Keep the file as it is. Raises BadExport for a file that could not be one."""
    file = planned.about["file"]
    path, where = tools.exports / file, f"{SOURCE.name}: {file}"
    yield Page(body=whole(path, SUFFIXES, where=where, instead="CSV, TSV or XLSX"), suffix=path.suffix[1:].lower())
    return Outcome(complete=True)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Look for a description of each file that is waiting; the files are not opened."""

    def ask(planned: Planned) -> str:
        _columns(_export_of(planned.about["file"], practices))
        return " is described"

    return tried(visits(practices, tools.exports), lambda planned: planned.about["file"], ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the file's reviews and replies. Raises BadExport, before yielding anything, if it does not fit."""
    file = page.receipt.about.get("file", page.path)
    where = f"{SOURCE.name}: {file}"
    export = _export_of(file, practices)
    columns = _columns(export)
    header, rows = _rows(page.body, file, export, where)
    _check_columns(header, columns, export, where)
    found: list[Record | SetAside] = []
    occurrences: Counter[str] = Counter()
    strangers: Counter[str] = Counter()
    outside = 0
    for row in rows:
        if isinstance(row, SetAside):
            found.append(msgspec.structs.replace(row, page=page.path))
            continue
        practice: Practice | None = None
        try:
            practice = _practice(row, columns, export, practices, strangers)
            if practice:
                found += _records(row, columns, export, practice, page, occurrences)
        except _BadRow as error:
            outside += isinstance(error, _OutsideScale)
            whose = practice.id if practice else export.practice
            found.append(SetAside(page=page.path, where=f"line {row.line}", reason=str(error), practice_id=whose))
    _check_whole(found, strangers, outside, where, page.path)
    yield from found


def _check_whole(
    found: list[Record | SetAside], strangers: Counter[str], outside: int, where: str, evidence: str
) -> None:
    """A few bad rows are set aside; these are signs that the description is wrong for the whole file."""
    bad = sum(isinstance(item, SetAside) for item in found)
    reviews = sum(isinstance(item, Record) and item.kind == "review" for item in found)
    if strangers:
        # A column mapped by mistake may hold what patients wrote; only what can be a name is repeated.
        names = [(name, count) for name, count in strangers.most_common(50) if _can_be_a_name(name)]
        named = ", ".join(f"'{name}' ({count} rows)" for name, count in names)
        unnamed = len(strangers) - len(names)
        more = f"{unnamed} more whose values do not look like names" if unnamed else ""
        raise BadExport(
            f"unknown practices: {', '.join(part for part in (named, more) if part)}",
            where=where,
            next_step="Add each as an alias of a practice in practices.toml, or to ignore_practices of this export",
            evidence=evidence,
        )
    if outside >= 3 and outside * 20 > reviews + bad:
        raise BadExport(
            f"{outside} ratings lie outside the scale",
            where=where,
            next_step="Correct rating_min and rating_max of this export in practices.toml",
            evidence=evidence,
        )
    if bad >= 3 and bad > reviews:
        first = next(item for item in found if isinstance(item, SetAside))
        raise BadExport(
            f"{bad} of {bad + reviews} rows could not be read; the first is {first.where}: {first.reason}",
            where=where,
            next_step="Correct the export's description in practices.toml",
            evidence=evidence,
        )


def _export_of(file: str, practices: Practices) -> Export:
    return described(file, practices.export, name="export", where=f"{SOURCE.name}: {file}")


def _columns(export: Export) -> Columns:
    if export.columns:
        return export.columns
    if export.preset in PRESETS:
        return PRESETS[export.preset]
    named = f"there is no preset '{export.preset}'" if export.preset else "the export has neither preset nor columns"
    raise BadExport(
        named, where=f"export '{export.files}'", next_step=f"Presets: {', '.join(PRESETS)}; or map the columns yourself"
    )


def _rows(body: bytes, file: str, export: Export, where: str) -> tuple[list[str], Iterator[_Row | SetAside]]:
    if file.lower().endswith(".xlsx"):
        return _sheet_rows(body, export, where)
    return _text_rows(body, export, where, "\t" if file.lower().endswith(".tsv") else export.delimiter)


def _text_rows(body: bytes, export: Export, where: str, delimiter: str) -> tuple[list[str], Iterator[_Row | SetAside]]:
    try:
        encoding = codecs.lookup(export.encoding).name
    except LookupError:
        raise BadExport(f"there is no encoding '{export.encoding}'", where=where, next_step="Correct it") from None
    try:
        text = body.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        best = charset_normalizer.from_bytes(body[:200_000]).best()
        hint = f'it looks like {best.encoding}: set encoding = "{best.encoding}"' if best else "ask for it as UTF-8"
        raise BadExport(f"line {line} is not {export.encoding}", where=where, next_step=f"If {hint}") from None
    if "\0" in text:
        raise BadExport("the file has null bytes", where=where, next_step="It may be UTF-16: declare its encoding")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header = [name.strip() for name in next(reader, [])]
    if not header:
        raise BadExport("the file is empty", where=where, next_step="Ask the owner for the file again")
    whole = text.endswith(("\n", "\r"))
    return header, _parsed(reader, header, where, whole)


def _parsed(reader: Iterator[list[str]], header: list[str], where: str, whole: bool) -> Iterator[_Row | SetAside]:
    line = 1
    short: SetAside | None = None
    while True:
        line = getattr(reader, "line_num", line) + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            cut = "unexpected end" in str(error)
            raise BadExport(
                "the file ends inside a quoted cell: it is cut off" if cut else f"line {line}: {error}",
                where=where,
                next_step="Ask the owner for the file again; if it opens in a spreadsheet, check the delimiter",
            ) from None
        if short:
            yield short
            short = None
        if not any(cell.strip() for cell in cells):
            continue
        if sum(map(len, cells)) > LARGEST_RECORD_BYTES:
            reason = f"larger than {LARGEST_RECORD_BYTES // 1_000_000} MB"
            yield SetAside(page="", where=f"line {line}", reason=reason)
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} cells where the header has {len(header)}"
            short = SetAside(page="", where=f"line {line}", reason=reason)
            continue
        yield _Row(line=line, cells=dict(zip(header, (cell.strip() for cell in cells), strict=True)))
    if short and not whole:
        raise BadExport(f"{short.where}, the last, is cut off", where=where, next_step="Ask the owner for it again")
    if short:
        yield short


def _sheet_rows(body: bytes, export: Export, where: str) -> tuple[list[str], Iterator[_Row | SetAside]]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
            broken = unpacked <= LARGEST_UNPACKED_BYTES and packed.testzip()
    except zipfile.BadZipFile:
        raise BadExport("not a whole XLSX file", where=where, next_step="Ask the owner for it again") from None
    if unpacked > LARGEST_UNPACKED_BYTES or unpacked > 200 * max(len(body), 100_000):
        raise BadExport(
            f"the file would unpack from {len(body):,} to {unpacked:,} bytes",
            where=where,
            next_step="That is not a list of reviews; do not open it, ask who sent it",
        )
    if broken:
        raise BadExport("a part of the XLSX file is damaged", where=where, next_step="Ask the owner for it again")
    try:
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True)
    except (KeyError, ValueError, OSError, SyntaxError):
        raise BadExport("not a readable XLSX file", where=where, next_step="Save it again as XLSX or CSV") from None
    if export.sheet and export.sheet not in book.sheetnames:
        sheets = ", ".join(book.sheetnames[:10])
        raise BadExport(f"there is no sheet '{export.sheet}'", where=where, next_step=f"Sheets: {sheets}")
    sheet = book[export.sheet] if export.sheet else book.worksheets[0]
    table = ([_cell(value) for value in row] for row in sheet.iter_rows(values_only=True))
    header = next(table, [])
    if not any(header):
        raise BadExport("the first row has no column names", where=where, next_step="Name the sheet, or add them")
    return header, _sheet_parsed(table, header)


def _sheet_parsed(table: Iterator[list[str]], header: list[str]) -> Iterator[_Row | SetAside]:
    for line, cells in enumerate(table, 2):
        if any(cells):
            padded = [*cells, *[""] * (len(header) - len(cells))]
            yield _Row(line=line, cells=dict(zip(header, padded, strict=False)))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _check_columns(header: list[str], columns: Columns, export: Export, where: str) -> None:
    if not columns.rating and not columns.text:
        raise BadExport("neither a rating nor a text column is mapped", where=where, next_step="Map at least one")
    if not columns.practice and not export.practice:
        raise BadExport(
            "nothing says which practice this is about", where=where, next_step="Set practice, or map a practice column"
        )
    if not columns.site and not export.site:
        raise BadExport("nothing says which site this is from", where=where, next_step="Set site, or map a site column")
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise BadExport(f"the column '{repeated[0]}' is there twice", where=where, next_step="Rename one of them")
    if any(_is_data(name) for name in header):
        raise BadExport(
            "the first line does not look like column names",
            where=where,
            next_step="Add a line of column names, or ask for the export with one",
        )
    wanted = [*(name for name in columns.model_dump(exclude={"text_more"}).values() if name), *columns.text_more]
    for name in wanted:
        if name not in header:
            close = difflib.get_close_matches(name, header, n=1, cutoff=0.6)
            raise BadExport(
                f"there is no column '{name}'" + (f"; did it become '{close[0]}'?" if close else ""),
                where=where,
                next_step=f"Correct the columns of this export in practices.toml. The file has: "
                f"{', '.join(n if _can_be_a_name(n) else '(a long name)' for n in header if n)[:300]}",
            )


def _is_data(cell: str) -> bool:
    """Tell a cell that holds a number, a date or an address, which no column is named after."""
    return bool(re.fullmatch(r"[\d.,:/ T+-]*\d[\d.,:/ TZ+-]*|\S+@\S+", cell))


def _can_be_a_name(text: str) -> bool:
    """Tell what an error may print, the name of a column or a practice, from what a patient may have written."""
    return len(text) <= 60 and len(text.split()) <= 8 and text.isprintable()


def _practice(
    row: _Row, columns: Columns, export: Export, practices: Practices, strangers: Counter[str]
) -> Practice | None:
    """Return the row's practice; None for one that is ignored on purpose or counted as a stranger."""
    if not columns.practice:
        return practices.get(export.practice)
    name = row.cells[columns.practice]
    if not name:
        raise _BadRow("the practice is empty")
    if name in export.ignore_practices:
        return None
    practice = practices.named(name)
    if practice is None:
        strangers[name] += 1
    return practice


def _records(
    row: _Row, columns: Columns, export: Export, practice: Practice, page: SavedPage, occurrences: Counter[str]
) -> list[Record]:
    def cell(column: str | None) -> str | None:
        return (row.cells[column] or None) if column else None

    zone = ZoneInfo(export.time_zone or practice.time_zone)
    written = _instant(cell(columns.date) or "", export.dates, zone)
    if written.date() > page.receipt.night + dt.timedelta(days=1):
        raise _BadRow("the date lies after the night on which the file came")
    highest = _whole(cell(columns.rating_max)) or export.rating_max
    rating = _rating(cell(columns.rating), export, highest)
    parts = [part for name in (columns.text, *columns.text_more) if (part := cell(name))]
    text = "\n\n".join(parts) or None
    if rating is None and text is None:
        raise _BadRow("neither a rating nor a text")
    site = re.sub(r"[^a-z0-9]+", "_", (cell(columns.site) or export.site).lower()).strip("_")
    if not site:
        raise _BadRow("the site is empty")
    author = cell(columns.author)
    given_id = cell(columns.id)
    # An id is hashed too: it goes into the warehouse, and an owner's file may use an address or a name as one.
    seen = given_id or "|".join([written.isoformat(), author or "", str(rating or ""), _normal(text)])
    digest = hashlib.sha256(f"{site}|{practice.id}|{seen}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
    occurrences[digest] += 1
    item_id = digest if given_id else f"{digest}-{occurrences[digest]}"
    place: Place = {
        "source": SOURCE.name,
        "site": site,
        "practice_id": practice.id,
        "page": page.path,
        "position": row.line,
    }
    review = Record(
        kind="review",
        item_id=item_id,
        author_id=author,
        author_name=author,
        created_at=written,
        updated_at=written,
        rating=rating,
        rating_min=export.rating_min,
        rating_max=highest,
        title=cell(columns.title),
        text=text,
        url=public(cell(columns.url)),
        **place,
    )
    reply_text, reply_date = cell(columns.reply_text), cell(columns.reply_date)
    if not reply_text and not reply_date:
        return [review]
    replied = _instant(reply_date, export.dates, zone) if reply_date else None
    return [review, reply_to(item_id, place, text=reply_text, created_at=replied)]


def _normal(text: str | None) -> str:
    return " ".join((text or "").casefold().split())[:200]


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 2 <= int(text) <= 100:
        raise _BadRow("the rating's scale is not a whole number from 2 to 100")
    return int(text)


def _rating(text: str | None, export: Export, highest: int) -> Decimal | None:
    if text is None:
        return None
    plain = " ".join(text.casefold().replace("\u2019", "'").split())
    words = {k.casefold(): v for k, v in {**PRESET_WORDS.get(export.preset, {}), **export.rating_words}.items()}
    if plain in {word.casefold() for word in (*PRESET_NOT_A_RATING.get(export.preset, ()), *export.not_a_rating)}:
        return None
    if plain in words:
        return Decimal(words[plain])
    number = plain.replace(".", "").replace(",", ".") if export.decimal == "," else plain
    try:
        rating = Decimal(number)
    except InvalidOperation:
        raise _BadRow("the rating is neither a number nor one of rating_words") from None
    if not rating.is_finite() or not export.rating_min <= rating <= highest:
        raise _OutsideScale(f"the rating is outside the scale {export.rating_min} to {highest}")
    return rating.quantize(Decimal("0.0001"))


def _instant(text: str, formats: tuple[str, ...], zone: ZoneInfo) -> dt.datetime:
    """Return the UTC instant of a date written in one of the declared formats, or in ISO 8601 if none is declared."""
    read_as = {moment for form in formats if (moment := _parsed_date(text, form))}
    if not formats or not read_as:
        iso = _iso_date(text) if not formats or "T" in text else None
        read_as |= {iso} if iso else set()
    if not read_as:
        wanted = " or ".join(formats) or "ISO (2026-10-31)"
        raise _BadRow(f"the date is not written as {wanted}")
    if len(read_as) > 1:
        raise _BadRow("the date fits two of the declared formats and means different days")
    moment = read_as.pop()
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(dt.UTC)


def _parsed_date(text: str, form: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, form)
    except ValueError:
        return None


def _iso_date(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None
