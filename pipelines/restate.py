"""Restating a report: a correction is a new version that says what was changed, never the old one sent once more.

The reasons of a month and practice stand in one small file beside its PDF, oldest first; the version is one more than
their number. `render` prints the newest reason on page 1, so making the PDF again changes nothing.
"""

from __future__ import annotations

import datetime as dt
import json

from pipelines.errors import NotReady, RenderFailed
from pipelines.landing import DataDir, write_bytes
from pipelines.pdf import clean
from pipelines.periods import month_name

LONGEST_REASON = 200


def restatements(data: DataDir, month: dt.date, practice_id: str) -> tuple[str, ...]:
    """Return why a month's report was made anew, once a version after the first. Raises RenderFailed."""
    path = data.restatements(month_name(month), practice_id)
    if not path.is_file():
        return ()
    try:
        held = json.loads(path.read_bytes())
    except ValueError:
        held = None
    if not isinstance(held, list) or not all(isinstance(why, str) for why in held):
        raise RenderFailed(
            "not a list of reasons",
            where=data.relative(path),
            next_step="Restore it: the ledger counts on its versions",
        )
    return tuple(held)


def restate(data: DataDir, month: dt.date, practice_id: str, why: str) -> int:
    """Begin the next version of a month's report and return its number; saying the same twice begins one.

    Raises NotReady if there is no report yet, RenderFailed for a reason that a reader could not be told.
    """
    name = month_name(month)
    said = clean(why, LONGEST_REASON + 1)
    if not said or len(said) > LONGEST_REASON:
        raise RenderFailed(
            f"the reason must have 1 to {LONGEST_REASON} characters",
            where=practice_id,
            next_step="Say in one sentence, without any patient's words, what was changed",
        )
    if not data.report(name, practice_id).is_file():
        raise NotReady(
            f"there is no report of {name} to restate",
            where=practice_id,
            next_step=f"Run `rapport render {name}` first",
        )
    earlier = restatements(data, month, practice_id)
    if not earlier or earlier[-1] != said:
        earlier = (*earlier, said)
        body = json.dumps(earlier, ensure_ascii=False, indent=2)
        write_bytes(data.restatements(name, practice_id), body.encode() + b"\n")
    return len(earlier) + 1
