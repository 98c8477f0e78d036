"""Posts and comments of people, labelled by reading them; measured on, never taught.

The parts: `tuning` and `test` are of different sources, fixed before anything was tuned; `last` are other texts of the
same sources, chosen and labelled after one look at how the test part was judged, and before what followed from that.

Surprise: no text is kept here. `social_gold.tsv` holds a digest of each text beside its label, and the texts are found
again in the files that the manifest names, because their writers never agreed to be published by us.

The rule of the labels: what the writer feels about what they speak of or whom they speak to, heard from the text alone.
Praise, thanks as the main thing, joy, pride and good wishes are positive; complaint, blame, a fault told as a trouble,
sadness, fear, anger and mockery negative; information, questions, advice, balance, and news told without comment
neutral. Politeness does not decide, irony counts as it is meant, and emoji as what they mean.
"""

from __future__ import annotations

import csv
import hashlib
import html
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from models.texts import MANIFEST

GOLD = Path(__file__).parent / "social_gold.tsv"


class Social(NamedTuple):
    """A text with its label; `again` is the label of a second reading, where it was read twice, or empty."""

    source: str
    kind: str
    part: str
    text: str
    label: str
    again: str


def measured() -> dict[str, dict[str, Any]]:
    """Return the manifest's sets that are measured on alone, by name: files and kind."""
    return {each["set"]: each for each in tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["measured"]}


def files_of(folder: Path, source: dict[str, Any]) -> list[Path]:
    """Return the files of a set in order. Raises FileNotFoundError where one of its patterns matches none."""
    found: list[Path] = []
    for pattern in source["files"]:
        above, name = (folder.parent, pattern[3:]) if pattern.startswith("../") else (folder, pattern)
        matched = sorted(above.glob(name))
        if not matched:
            raise FileNotFoundError(f"{pattern}, of models/manifest.toml, matches nothing in {above}")
        found += matched
    return found


def read_social(folder: Path) -> list[Social]:
    """Return every labelled text, in the order of the labels. Raises ValueError if the files do not hold one."""
    sets = measured()
    there = {name: _texts(folder, source) for name, source in sets.items()}
    kept = []
    for line in GOLD.read_text(encoding="utf-8").splitlines():
        digest, name, part, label, again = line.split("\t")
        if digest not in there[name]:
            raise ValueError(f"no text of the set “{name}” has the digest {digest}; its files are not those labelled")
        kept.append(Social(name, sets[name]["kind"], part, there[name][digest], label, again))
    return kept


def _texts(folder: Path, source: dict[str, Any]) -> dict[str, str]:
    texts = (html.unescape(text).strip() for path in files_of(folder, source) for text in _strings(path))
    return {hashlib.sha256(text.encode()).hexdigest()[:16]: text for text in texts}


def _strings(path: Path) -> Iterator[str]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                yield row["text"]
    else:
        yield from _in_json(json.loads(path.read_text(encoding="utf-8")))


def _in_json(held: Any) -> Iterator[str]:
    """Yield every string of an answer; a recording holds the body of an answer as one string."""
    if isinstance(held, dict):
        for value in held.values():
            yield from _in_json(value)
    elif isinstance(held, list):
        for value in held:
            yield from _in_json(value)
    elif isinstance(held, str):
        if held[:1] in ("{", "["):
            try:
                yield from _in_json(json.loads(held))
            except json.JSONDecodeError:
                yield held
        else:
            yield held
