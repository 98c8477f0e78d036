"""Write docs/numbers.md from the metrics' own entries, so that it cannot say anything else. `make fix` runs it."""

from __future__ import annotations

from pathlib import Path

import yaml

from pipelines.settings import REPOSITORY

PAGE = REPOSITORY / "docs" / "numbers.md"
METRICS = REPOSITORY / "sql" / "models" / "metrics"
_BETTER = {"higher": "Higher is better.", "lower": "Lower is better.", "none": "Neither way is better."}
_HEAD = """# How each number is made

Made by `make fix` from the entry beside each metric's SQL in `sql/models/metrics/`; do not edit it here.

Every figure is in one of four states: a number, a true zero, too few to say (and how many there were), or not measured
(and why). A figure of reviews never mixes sites, but for one score that weighs the sites whose terms allow it by fixed,
printed weights; a figure of conversation is of all sites that were read in full, and says which were not. `rapport
explain PRACTICE MONTH METRIC` shows the SQL, the rows and the pages behind any of them. How often the tests behind the
words are right stands in [statistics.md](statistics.md).
"""


def page() -> str:
    parts = [_HEAD]
    for path in sorted(METRICS.glob("*.yml")):
        model = yaml.safe_load(path.read_text(encoding="utf-8"))["models"][0]
        told = {field: str(value).strip() for field, value in model["config"]["meta"].items()}
        parts.append(
            f"## {told['title']}\n\n"
            f"`{model['name']}`, in {told['unit']}. {_BETTER[told['better']]} "
            f"Way of counting {told['score_version']}.\n\n"
            f"{told['definition']}\n\n"
            f"* **Why it matters.** {told['why']}\n"
            f"* **How.** {told['source']}\n"
            f"* **Known weakness.** {told['weakness']}\n"
        )
    return "\n".join(parts)


def main() -> None:
    Path(PAGE).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
