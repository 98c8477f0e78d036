"""How our small SQLite files are opened: what was told to the caller as kept survives a power cut."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Another process writes a row in milliseconds; longer than this means that it hangs.
_WAIT_SECONDS = 30


@contextmanager
def open_store(path: Path, *, autocommit: bool = False) -> Iterator[sqlite3.Connection]:
    """Open a file in a folder that exists, and close it again.

    All that is written inside is one transaction, which an exception undoes; with `autocommit` each statement is
    committed by itself. Raises sqlite3.Error.
    """
    db = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None if autocommit else "DEFERRED")
    try:
        # Kept means on the disk; SQLite may have been built with less.
        db.execute("pragma synchronous = full")
        with db:
            yield db
    finally:
        db.close()
