"""Files that an owner or a vendor hands over: which are waiting, each as it is, and the block that describes it."""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from pipelines.errors import BadExport

LARGEST_FILE_BYTES = 100_000_000


class Describes(Protocol):
    """A block of practices.toml about all files whose name fits a pattern."""

    @property
    def files(self) -> str: ...


Block = TypeVar("Block", bound=Describes)


def waiting(exports: Path) -> Iterator[tuple[str, str]]:
    """Yield each file's name below the folder, and a label with its content's hash: a changed file has another."""
    files = sorted(path for path in exports.rglob("*") if path.is_file() and not path.name.startswith("."))
    for path in files:
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()[:12]
        plain = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:40] or "file"
        yield path.relative_to(exports).as_posix(), f"{plain}-{digest}"


def whole(path: Path, suffixes: Collection[str], *, where: str, instead: str) -> bytes:
    """Return a file's bytes. Raises BadExport for one that is no such file, saying what to save `instead`."""
    if path.suffix.lower() not in suffixes:
        raise BadExport(f"'{path.suffix}' files cannot be read", where=where, next_step=f"Save it as {instead}")
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise BadExport(
            f"the file is larger than {LARGEST_FILE_BYTES // 1_000_000} MB", where=where, next_step="Split it by year"
        )
    return path.read_bytes()


def describes(file: str, blocks: Sequence[Describes]) -> bool:
    return any(fnmatch.fnmatch(file, block.files) for block in blocks)


def described(file: str, blocks: Sequence[Block], *, name: str, where: str) -> Block:
    """Return the one block that describes a file. Raises BadExport for none and for several."""
    matching = [block for block in blocks if describes(file, [block])]
    if len(matching) != 1:
        problem = "describe" if matching else "describes"
        raise BadExport(
            f"{len(matching) or 'no'} [[{name}]] blocks in practices.toml {problem} this file",
            where=where,
            next_step="Give it exactly one block whose 'files' matches its name",
        )
    return matching[0]
