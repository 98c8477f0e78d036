"""Train every packaged model: `make models`. The same data give the same bytes; minutes on two cores.

Surprise: one thread only, set before NumPy is loaded, because the order of a sum changes its last digit.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
# And one way of summing, whatever the processor could do: by itself NumPy takes the widest registers there are.
os.environ["OPENBLAS_CORETYPE"] = "Haswell"

PAGE = Path(__file__).parents[1] / "docs" / "models.md"


def main() -> int:
    """Train, write weights, cards and the page on them. Returns 2 without the data."""
    from models import content, disclosure, sentiment, topics
    from models.texts import Missing, data_folder, sources

    try:
        folder = data_folder()
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    sources()
    content.train(folder)
    disclosure.train(disclosure.read_domain(folder.parent / "domain" / "replies.jsonl"))
    sentiment.train(folder)
    topics.train(folder)
    write_page()
    return 0


def write_page(page: Path = PAGE) -> None:
    """Write the page on all models from their cards."""
    from pipelines.text.linear import FOLDER

    cards = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    size = sum(card["bytes"] for card in cards)
    lines = [
        "# The packaged models",
        "",
        f"Written by `make models`; do not edit. {len(cards)} models, {size / 1e6:.1f} MB together, English only. "
        "Shares stand with their 95 % interval (Wilson 1927).",
    ]
    for card in cards:
        lines += ["", f"## {card['name']} ({card['sha256'][:8]})", "", f"{card['what'].capitalize()}.", ""]
        lines += ["Data:", "", *(f"- {_line(entry)}" for entry in card["data"]), ""]
        lines += [f"Settings: {_line(card['settings'])}.", "", "Measured:", "", *_nested(card["measured"]), ""]
        if "reported" in card:
            lines += [f"Shown in a report: {', '.join(card['reported'])}. The others were right too seldom to be.", ""]
        if "tried" in card:
            lines += ["Tried:", "", "| what | gave |", "|---|---|"]
            lines += [*(f"| {what} | {gave} |" for what, gave in card["tried"].items()), ""]
        lines += ["Weaknesses:", "", *(f"- {weakness}" for weakness in card["weaknesses"])]
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _line(entry: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in entry.items())


def _nested(entry: dict[str, Any], depth: int = 0) -> list[str]:
    lines = []
    for key, value in entry.items():
        if isinstance(value, dict):
            lines += [f"{'  ' * depth}- {key}:", *_nested(value, depth + 1)]
        else:
            lines.append(f"{'  ' * depth}- {key}: {value}")
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
