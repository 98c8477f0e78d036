"""Writes the README's table of sources from what each module says of itself; a test asks whether it is up to date."""

from __future__ import annotations

from pipelines.settings import REPOSITORY
from pipelines.sources import load_source, source_names

README = REPOSITORY / "README.md"
START = "<!-- sources: `make fix` writes this table from the heads of pipelines/sources -->\n"
END = "<!-- end of sources -->\n"
# What people look for and will not find.
_GONE = "| Google+ | nothing | it closed in 2019 | its practices are read at Google Business Profile |\n"


def table() -> str:
    """Return the table: review sites first, then conversations, then files, each by title."""
    heads = [load_source(name).SOURCE for name in source_names()]
    ordered = sorted(heads, key=lambda head: (head.once, head.has_conversation, head.title.casefold()))
    lines = ["| source | gives | does not give | how |", "|---|---|---|---|"]
    for head in ordered:
        page = f"docs/sources/{head.name}.md"
        lines.append(f"| [{head.title}]({page}) | {' | '.join(head.told)} |")
    return "\n".join(lines) + "\n" + _GONE


def filled(text: str) -> str:
    """Return the README with its table written anew."""
    before, rest = text.split(START)
    after = rest.split(END)[1]
    return f"{before}{START}{table()}{END}{after}"


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
