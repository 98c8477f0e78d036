"""Writes the tables of sources, for the README and for operators, from what each module says of itself.

A test asks whether they are up to date.
"""

from __future__ import annotations

from pipelines.policies import Policy
from pipelines.settings import REPOSITORY
from pipelines.sources import Source, load_source, source_names

README = REPOSITORY / "README.md"
START = "<!-- sources: `make fix` writes this table from the heads of pipelines/sources -->\n"
END = "<!-- end of sources -->\n"
OPERATORS = REPOSITORY / "docs" / "operators.md"
POLICIES_START = "<!-- policies: `make fix` writes this table from the heads of pipelines/sources -->\n"
POLICIES_END = "<!-- end of policies -->\n"
# What people look for and will not find.
_GONE = "| Google+ | nothing | it closed in 2019 | its practices are read at Google Business Profile |\n"


def _heads() -> list[Source]:
    """Return the heads: review sites first, then conversations, then files, each by title."""
    heads = [load_source(name).SOURCE for name in source_names()]
    return sorted(heads, key=lambda head: (head.once, head.has_conversation, head.title.casefold()))


def table() -> str:
    """Return the table of what each source gives."""
    lines = ["| source | gives | does not give | how |", "|---|---|---|---|"]
    for head in _heads():
        page = f"docs/sources/{head.name}.md"
        lines.append(f"| [{head.title}]({page}) | {' | '.join(head.told)} |")
    return "\n".join(lines) + "\n" + _GONE


def policies() -> str:
    """Return the table of what each source's terms allow."""
    lines = [
        "| source | text | features | pseudonyms | topics and moods | may be combined | among peers | named as "
        "| terms read |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for head in _heads():
        policy = head.policy
        cells = [
            _days(policy.keep_text_days),
            _days(policy.keep_derived_days),
            *(
                "yes" if allowed else "no"
                for allowed in (policy.author_key, policy.classify, policy.blendable, policy.comparable)
            ),
            policy.attribution or "–",
            _read(policy),
        ]
        lines.append(f"| [{head.title}](sources/{head.name}.md) | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _days(days: int) -> str:
    return "hours" if days == 0 else f"{days} day{'s' if days > 1 else ''}"


def _read(policy: Policy) -> str:
    """Say how the terms were read and when; none is told by a dash."""
    if policy.terms_seen == "none":
        return "–"
    return f"{policy.terms_seen}, {policy.terms_read_on}" if policy.terms_read_on else policy.terms_seen


def filled(text: str) -> str:
    """Return the README with its table written anew."""
    return _between(text, START, table(), END)


def filled_policies(text: str) -> str:
    """Return the page for operators with its table written anew."""
    return _between(text, POLICIES_START, policies(), POLICIES_END)


def _between(text: str, start: str, rows: str, end: str) -> str:
    before, rest = text.split(start)
    return f"{before}{start}{rows}{end}{rest.split(end)[1]}"


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
    OPERATORS.write_text(filled_policies(OPERATORS.read_text(encoding="utf-8")), encoding="utf-8")
