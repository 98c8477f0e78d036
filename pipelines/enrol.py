"""Enrol: practices written into practices.toml, each as a block at its end; not a character before it is touched.

The whole file is read with the new blocks in it before a byte is written, so there is never half a practice.
"""

from __future__ import annotations

import csv
import fcntl
import io
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pipelines.errors import BadPractices, RapportError, SeveralFailed
from pipelines.landing import write_bytes
from pipelines.practices import Days, Practice, Practices, load_practices

# Between several values in one cell, or one value of the command line.
SEPARATOR = ";"
_MODE = 0o640


def add_practices(path: Path, given: Sequence[Mapping[str, Any]]) -> list[str]:
    """Append practices to a file, which is made if there is none, and return their ids.

    Raises BadPractices naming what cannot be, with the file as it was.
    """
    with _alone(path):
        held = path.read_bytes() if path.is_file() else b""
        if held:
            load_practices(path)
        text = held + (b"\n" if held else b"") + "\n".join(map(block, given)).encode()
        try:
            Practices.model_validate(tomllib.loads(text.decode("utf-8")))
        except (tomllib.TOMLDecodeError, ValidationError) as error:
            raise BadPractices(
                _words(error), where=path.name, next_step="Nothing was written: correct it and add it again"
            ) from None
        write_bytes(path, text, path.stat().st_mode & 0o777 if held else _MODE)
    return [str(practice["id"]) for practice in given]


def import_practices(path: Path, body: bytes) -> list[str]:
    """Append the practices of a CSV file, one a line, and return their ids.

    The first line names the fields, those of a block with a point, as `google_business.location`; several values stand
    in one cell with semicolons between. Raises SeveralFailed naming each line that cannot be, with nothing written.
    """
    found: list[tuple[int, dict[str, Any]]] = []
    failures: list[RapportError] = []
    for line, row in _lines(body):
        try:
            if isinstance(row, BadPractices):
                raise row
            given = from_fields({name: value for name, value in row.items() if value})
            Practice.model_validate(given)
            found.append((line, given))
        except (BadPractices, ValidationError) as error:
            failures.append(BadPractices(_words(error), where=f"line {line}"))
    failures += _repeated(path, found)
    if failures:
        raise SeveralFailed(
            f"{len(failures)} lines cannot be imported:",
            failures,
            next_step="Nothing was written: correct them and import the file again",
        )
    return add_practices(path, [given for _, given in found])


def from_fields(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return what texts by field name mean as a block: lists at semicolons, yes and no, blocks at points.

    Raises BadPractices for a field that a practice does not have.
    """
    made: dict[str, Any] = {}
    for name, text in fields.items():
        outer, _, inner = name.partition(".")
        kind = _block_of(outer) if inner else Practice
        field = inner or outer
        if kind is None or field not in kind.model_fields or (not inner and _block_of(outer)):
            raise BadPractices(f"there is no field '{name[:60]}'", next_step="See practices.sample.toml")
        place = made.setdefault(outer, {}) if inner else made
        place[field] = _value(text.strip(), kind.model_fields[field].annotation)
    # Where a practice may have several blocks of a kind, these fields make the first.
    return {name: [held] if isinstance(held, dict) and _is_list(name) else held for name, held in made.items()}


def from_form(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form of the DAG add_practice means as a block; an empty field is None. Raises BadPractices."""
    listings = [str(line) for line in form["listings"] or () if str(line).strip()]
    if wrong := [line for line in listings if "=" not in line]:
        raise BadPractices(f"'{wrong[0][:60]}' is not FIELD=VALUE", next_step="Write one listing a line")
    said = {name: form[name] for name in ("name", "kind", "time_zone", "paper", "recipients", "contact") if form[name]}
    return {"id": form["practice"], **said, **from_fields(dict(line.split("=", 1) for line in listings))}


def block(given: Mapping[str, Any]) -> str:
    """Return a practice as TOML: its own fields, then its blocks."""
    lines = ["[[practice]]"]
    blocks: list[str] = []
    for name, value in given.items():
        if isinstance(value, Mapping):
            blocks += ["", f"    [practice.{name}]", *(f"    {field} = {_toml(v)}" for field, v in value.items())]
        elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            for one in value:
                blocks += ["", f"    [[practice.{name}]]", *(f"    {field} = {_toml(v)}" for field, v in one.items())]
        else:
            lines.append(f"{name} = {_toml(value)}")
    return "\n".join([*lines, *blocks]) + "\n"


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lines(body: bytes) -> Iterator[tuple[int, dict[str, str] | BadPractices]]:
    """Yield each line's number with its cells by field, or with what is wrong with it."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPractices(f"byte {error.start} is not UTF-8", next_step="Save the file as UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        if "id" not in names or len(set(names)) < len(names):
            raise BadPractices(
                "the first line does not name each field once, and id among them",
                where="line 1",
                next_step="See docs/operators.md for an example",
            )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                wrong = BadPractices(f"has {len(cells)} cells, and the first line names {len(names)}")
                fits = len(cells) == len(names)
                yield reader.line_num, dict(zip(names, map(str.strip, cells), strict=True)) if fits else wrong
    except csv.Error as error:
        raise BadPractices(str(error), where=f"line {reader.line_num}", next_step="Nothing was written") from None


def _repeated(path: Path, found: Sequence[tuple[int, dict[str, Any]]]) -> Iterator[RapportError]:
    known = {practice.id for practice in load_practices(path).practice} if path.is_file() else set()
    for line, given in found:
        if given["id"] in known:
            yield BadPractices(f"the practice id '{given['id']}' is there already", where=f"line {line}")
        known.add(given["id"])


def _is_list(name: str) -> bool:
    return str(Practice.model_fields[name].annotation).startswith("tuple[")


def _block_of(name: str) -> type[BaseModel] | None:
    """Return the model of a practice's block, or None if the field is none."""
    field = Practice.model_fields.get(name)
    kinds = (*get_args(field.annotation), field.annotation) if field else ()
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _value(text: str, kind: Any) -> Any:
    if kind is bool:
        if text.casefold() not in ("yes", "no", "true", "false"):
            raise BadPractices(f"'{text[:60]}' is neither yes nor no")
        return text.casefold() in ("yes", "true")
    if kind == Days | None and text.isdecimal():
        return int(text)
    if str(kind).startswith("tuple["):
        return [part.strip() for part in text.split(SEPARATOR) if part.strip()]
    return text


def _toml(value: Any) -> str:
    """Write a value as TOML has it; a JSON string is a basic string of TOML."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(str(part) for part in e['loc'])}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        )
    return error.what if isinstance(error, BadPractices) else str(error)
