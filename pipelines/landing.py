"""The data directory: where each verb leaves its work, and how to write there without ever leaving half a file.

A page folder exists exactly when its visit is whole: pages are collected in a hidden folder beside it and
renamed at the end. What a failed visit received is kept in `<label>.failed`, as evidence.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import zstandard

from pipelines.errors import RapportError
from pipelines.periods import half_year, month_of_night


@contextmanager
def alone(lock: Path, refused: RapportError) -> Iterator[None]:
    """Let one process at a time do what is inside. Raises `refused` where another one does."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise refused from None
        yield


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a visit says of itself, kept beside its pages."""

    source: str
    night: dt.date
    label: str
    status: str = "ok"
    complete: bool = False
    expected: int | None = None
    newest: dt.datetime | None = None
    quota_left: int | None = None
    pages: list[str] = []
    why: str = ""
    retriable: bool = False
    about: dict[str, str] = {}
    keep: dict[str, str] = {}
    key_expires_on: dt.date | None = None
    # Pages that were deleted because they held what somebody asked us to forget; what was made of the rest stands.
    let_go: list[str] = []

    @property
    def practice_ids(self) -> list[str]:
        """The practices the visit was for: one, or all that share what was visited; none for a file of anybody's."""
        return self.about.get("practice_id", "").split()


class SavedPage(msgspec.Struct, frozen=True, kw_only=True):
    """One kept response: `path` is relative to the data directory and is what every figure is traced to."""

    path: str
    body: bytes
    receipt: Receipt
    # What the records on it had for fields, as far as somebody looked (`answers.each`).
    fields: set[str] = msgspec.field(default_factory=set)


@contextmanager
def atomic_path(target: Path, mode: int = 0o640) -> Iterator[Path]:
    """Give a temporary path beside `target` to write to; rename it into place only if the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".partial")
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        os.chmod(partial, mode)
        os.replace(partial, target)
        fsync_folder(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(target: Path, body: bytes, mode: int = 0o640) -> None:
    with atomic_path(target, mode) as partial:
        partial.write_bytes(body)


def own_secret(file: Path) -> bytes:
    """Return the random secret in `file`, which is made on first use and readable by us only."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    if not file.exists():
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            # link() fails if another process was first; its secret is then the one that counts.
            os.link(fresh, file)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return file.read_bytes()


def fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class DataDir:
    """Names every place in the data directory. Nothing else builds a path in it.

    `within` is the data directory whose secrets a smaller one of the same shape shares.
    """

    def __init__(self, root: Path, *, within: Path | None = None) -> None:
        self.root = root
        self._secrets_in = within or root

    def first_look(self, practice_id: str) -> DataDir:
        """Return where a new practice is looked at before it is anybody's: a data directory of its own.

        A refresh token may be used up by a visit, so there is one store of them.
        """
        return DataDir(self.root / "onboarding" / practice_id, within=self.root)

    @property
    def is_first_look(self) -> bool:
        return self._secrets_in != self.root

    def first_looks(self) -> dict[str, DataDir]:
        """Return the places of all practices that were looked at, by practice id."""
        folders = sorted((self.root / "onboarding").glob("*/"))
        return {folder.name: self.first_look(folder.name) for folder in folders}

    def pages(self, source: str, night: dt.date) -> Path:
        return self.root / "pages" / source / night.isoformat()

    def records(self, source: str, night: dt.date) -> Path:
        return self.root / "records" / source / f"{night}.parquet"

    def completeness(self, source: str, night: dt.date) -> Path:
        return self.root / "completeness" / source / f"{night}.parquet"

    def set_aside(self, source: str, night: dt.date) -> Path:
        return self.root / "set_aside" / source / f"{night}.jsonl"

    def left_out(self, source: str, night: dt.date) -> Path:
        """Return where a night says how much it left out because somebody asked to be forgotten."""
        return self.root / "left_out" / source / f"{night}.json"

    def fields(self, source: str, night: dt.date) -> Path:
        return self.root / "fields" / source / f"{night}.json"

    def features(self, source: str, night: dt.date) -> Path:
        return self.root / "features" / source / f"{night}.parquet"

    def report(self, month: str, practice_id: str) -> Path:
        return self.root / "reports" / month / f"{practice_id}.pdf"

    def twin(self, month: str, practice_id: str) -> Path:
        return self.root / "reports" / month / f"{practice_id}.html"

    def manifest(self, month: str, practice_id: str) -> Path:
        return self.root / "reports" / month / f"{practice_id}.json"

    @property
    def build_folder(self) -> Path:
        return self.root / "build"

    def joined(self, kind: str, source: str) -> Path:
        """Return the folder of the nights of `features` or `completeness` that a build has joined, a period a file."""
        return self.build_folder / "months" / kind / source

    def joined_with(self, kind: str, source: str, night: dt.date) -> list[Path]:
        """Return what a build has made of this night: the file of its own, or that of its month or half-year."""
        folder, month = self.joined(kind, source), month_of_night(night)
        return sorted({path for of in (night, month, half_year(month)) for path in folder.glob(f"{of}-*")})

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.db"

    @property
    def alerts(self) -> Path:
        return self.root / "alerts.db"

    @property
    def urgent(self) -> Path:
        return self.root / "urgent.db"

    @property
    def forgotten(self) -> Path:
        return self._secrets_in / "forgotten.db"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def bounces(self) -> Path:
        return self.root / "bounces"

    def linked(self, identity: str) -> Path:
        return self.root / "linked" / f"{identity}.pdf"

    def restatements(self, month: str, practice_id: str) -> Path:
        return self.root / "reports" / month / f"{practice_id}.restated.json"

    @property
    def mailbox(self) -> Path:
        return self.root / "mailbox"

    @property
    def tokens(self) -> Path:
        return self.secrets / "tokens"

    @property
    def secrets(self) -> Path:
        return self._secrets_in / "secrets"

    def relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def nights(self, stage: str, source: str) -> list[dt.date]:
        """Return the nights a source has in a stage ("pages", "records", "fields", …), oldest first."""
        folder = self.root / stage / source
        names = (
            (path.name.removesuffix(path.suffix if path.is_file() else "") for path in folder.iterdir())
            if folder.is_dir()
            else iter(())
        )
        return sorted(dt.date.fromisoformat(name) for name in names if not name.startswith("."))

    def receipts(self, source: str, night: dt.date) -> list[Receipt]:
        """Return the receipts of a night, whole visits and failed ones, by label."""
        folder = self.pages(source, night)
        found = sorted(folder.glob("*/receipt.json")) if folder.is_dir() else []
        kept = [msgspec.json.decode(path.read_bytes(), type=Receipt) for path in found if path.parent.name[0] != "."]
        whole = {receipt.label for receipt in kept if receipt.status == "ok"}
        return [receipt for receipt in kept if receipt.status == "ok" or receipt.label not in whole]

    def receipt(self, source: str, night: dt.date, label: str) -> Receipt | None:
        """Return a whole visit's receipt, or None if there is no such visit."""
        path = self.pages(source, night) / label / "receipt.json"
        return msgspec.json.decode(path.read_bytes(), type=Receipt) if path.is_file() else None

    def visit_folder(self, receipt: Receipt) -> Path:
        """Return where a visit's pages are, or were, beside its receipt."""
        name = receipt.label if receipt.status == "ok" else f"{receipt.label}.failed"
        return self.pages(receipt.source, receipt.night) / name

    def page_files(self, receipt: Receipt) -> list[Path]:
        """Return where a visit's pages are, or were, in the order they were received."""
        return [self.visit_folder(receipt) / page for page in receipt.pages]

    def keep_receipt(self, receipt: Receipt) -> None:
        """Write a receipt anew, whose visit is there."""
        write_bytes(self.visit_folder(receipt) / "receipt.json", msgspec.json.encode(receipt))

    def saved_pages(self, receipt: Receipt) -> Iterator[SavedPage]:
        """Yield a visit's pages in the order they were received."""
        for path in self.page_files(receipt):
            yield SavedPage(path=self.relative(path), body=read_page(path), receipt=receipt)


class Visit:
    """Collects the pages of one visit and publishes them in one rename, or keeps them as evidence of a failure."""

    def __init__(self, data: DataDir, source: str, night: dt.date, label: str) -> None:
        self._data = data
        self._folder = data.pages(source, night) / label
        self._partial = self._folder.with_name(f".{label}.partial")
        self._base = Receipt(source=source, night=night, label=label)
        self._names: list[str] = []
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir(parents=True)

    def keep(self, body: bytes, suffix: str) -> None:
        """Keep one response as received. `suffix` is "json", "csv", …"""
        name = f"{len(self._names) + 1:04d}.{suffix}.zst"
        path = self._partial / name
        # No checksum or size of time: the same response gives the same bytes.
        path.write_bytes(zstandard.ZstdCompressor(level=6).compress(body))
        self._names.append(name)

    def publish(self, **said: object) -> Receipt:
        """Make the visit visible. A visit that is there already stays as it was."""
        receipt = msgspec.structs.replace(self._base, pages=self._names, **said)
        self._finish(receipt, self._folder)
        shutil.rmtree(self._folder.with_name(f"{self._folder.name}.failed"), ignore_errors=True)
        return receipt

    def fail(self, error: RapportError, *, about: dict[str, str], retriable: bool, status: str = "failed") -> str:
        """Keep what was received and why it failed; returns the evidence folder, relative to the data directory."""
        target = self._folder.with_name(f"{self._folder.name}.failed")
        shutil.rmtree(target, ignore_errors=True)
        receipt = msgspec.structs.replace(
            self._base, pages=self._names, status=status, why=error.what, retriable=retriable, about=about
        )
        self._finish(receipt, target)
        return self._data.relative(target)

    def _finish(self, receipt: Receipt, target: Path) -> None:
        (self._partial / "receipt.json").write_bytes(msgspec.json.encode(receipt))
        for path in self._partial.iterdir():
            with path.open("rb") as written:
                os.fsync(written.fileno())
        fsync_folder(self._partial)
        if target.exists():
            shutil.rmtree(self._partial)
            return
        self._partial.rename(target)
        fsync_folder(target.parent)


def read_page(path: Path) -> bytes:
    """Return a kept response as it was received; a file without .zst (saved by hand) is returned as it is."""
    body = path.read_bytes()
    if path.suffix != ".zst":
        return body
    with zstandard.ZstdDecompressor().stream_reader(body) as reader:
        return reader.read()
