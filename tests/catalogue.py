"""The sentences of the report and its mails, gathered from where they stand, and the catalogues brought up to date.

`python -m tests.catalogue` writes reports/locale/report.pot and merges it into every report.po. A new sentence stands
there without a translation then, and a changed one without its old one: nothing is guessed, and tests name both.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import yaml
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from pipelines import advice, reasons, urgent
from pipelines.locales import CATALOGUES, LANGUAGES, catalogue_path
from pipelines.settings import REPOSITORY
from pipelines.view import conversation, held, looks, private, scores, sites, terms

TEMPLATE = CATALOGUES / "report.pot"
_KEYWORDS = {"_": None, "ngettext": (1, 2)}
_CALLS = [
    ("pipelines/**.py", "python"),
    ("reports/templates/report.html.jinja", "jinja2"),
    ("reports/templates/screen.html.jinja", "jinja2"),
    ("reports/templates/sections/**.jinja", "jinja2"),
    ("reports/templates/macros/**.jinja", "jinja2"),
    ("reports/templates/email/**.jinja", "jinja2"),
]
_NOT_KEPT = tuple(
    f'"{name}:'.encode()
    for name in (
        *("POT-Creation-Date", "PO-Revision-Date", "Last-Translator", "Language-Team", "Report-Msgid-Bugs-To"),
        *("Project-Id-Version", "Generated-By"),
    )
)
Message = str | tuple[str, str]
_TABLES_OF_PAGES: dict[ModuleType, tuple[Mapping[Any, str | tuple[str, str]], ...]] = {
    held: (held.VERDICT_WORDS,),
    scores: (scores.SCORE_PARTS,),
    sites: (sites.TOPIC_NAMES, sites.MOVED),
    conversation: (conversation.NAMED_BY, conversation.POST_TYPES, conversation.SHARES, conversation.COMPARED),
    looks: (looks.SEVERITIES, looks.REPLIES, looks.COMMENTS, looks.SIGNS),
    private: (
        private.CHECK_RULES,
        private.OWN_POSTS,
        private.OWN_REPLIES,
        private.CHANGES,
        private.SURE,
        private.RECOMMENDED,
        private.BECAME_WORDS,
    ),
}


def messages() -> dict[Message, set[str]]:
    """Return every sentence, in one form or in two for one and several, and the files it stands in."""
    found: dict[Message, set[str]] = {}
    for place, message in [*_of_calls(), *_of_tables(), *_of_metrics()]:
        if message:
            found.setdefault(message, set()).add(place)
    return dict(sorted(found.items(), key=lambda one: (sorted(one[1]), str(one[0]))))


def _of_calls() -> Iterator[tuple[str, Message]]:
    calls = extract_from_dir(
        REPOSITORY, _CALLS, {"**.jinja": {"trim_blocks": "true"}}, _KEYWORDS, directory_filter=lambda path: True
    )
    for place, _, message, _, _ in calls:
        yield place, message if isinstance(message, str) else (message[0], message[1])


def _of_tables() -> Iterator[tuple[str, Message]]:
    """Yield the sentences that stand in a table and are chosen while a report is made."""
    for action in advice.LIBRARY:
        for one, many in ((action.what, action.what_many), (action.why, action.why_many)):
            yield "pipelines/advice.py", (one, many) if many else one
        for text in (action.who, action.how_long, action.effect, action.done_when, action.link_words):
            yield "pipelines/advice.py", text
    for table in (advice.SEEN, advice.HEADLINES, advice.COUNTED_HEADLINES, advice.PLACE_WORDS):
        yield from (("pipelines/advice.py", message) for message in table.values())
    yield from (("pipelines/advice.py", message) for message in advice.NEXT_WORDS)
    yield from (("pipelines/reasons.py", message) for message in (*reasons.FIXED, *reasons.SHAPED))
    for module, tables in _TABLES_OF_PAGES.items():
        place = f"pipelines/view/{module.__name__.rpartition('.')[2]}.py"
        yield from ((place, message) for table in tables for message in table.values())
    yield from (("pipelines/view/conversation.py", message) for part in conversation.PARTS.values() for message in part)
    yield from (("pipelines/view/scores.py", message) for message in scores.FIRMNESS)
    yield "pipelines/view/sites.py", sites.STILL_OPEN
    for rule in terms.RULES:
        yield from (("pipelines/view/terms.py", message) for message in (rule.title, rule.definition))
    yield from (("pipelines/urgent.py", message) for message in urgent.CLASSES.values())


def _of_metrics() -> Iterator[tuple[str, Message]]:
    """Yield the titles and definitions that stand beside the SQL of the metrics a report prints."""
    for name in terms.PRINTED:
        path = REPOSITORY / "sql" / "models" / "metrics" / f"{name}.yml"
        meta = yaml.safe_load(path.read_text(encoding="utf-8"))["models"][0]["config"]["meta"]
        for field in ("title", "definition"):
            yield path.relative_to(REPOSITORY).as_posix(), meta[field].strip()


def template() -> Catalog:
    catalogue = Catalog(project="Rapport", charset="utf-8", fuzzy=False)
    for message, places in messages().items():
        catalogue.add(message, locations=[(place, 0) for place in sorted(places)])
    return catalogue


def written(catalogue: Catalog) -> bytes:
    """Return a catalogue as a file, without the time of day and the names of nobody in Babel's own head."""
    file = io.BytesIO()
    catalogue.header_comment = "# The sentences of the report and its mails, kept by python -m tests.catalogue."
    write_po(file, catalogue, width=120, include_lineno=False, ignore_obsolete=True)
    return b"".join(line for line in file.getvalue().splitlines(keepends=True) if not line.startswith(_NOT_KEPT))


def updated(name: str) -> bytes:
    """Return the catalogue of a language with today's sentences, translated as far as it was."""
    fresh = template()
    with catalogue_path(name).open("rb") as file:
        before = read_po(file, locale=name)
    fresh.locale = before.locale
    for message in fresh:
        held = before.get(message.id) if message.id else None
        if held is not None and held.string:
            message.string = held.string
    return written(fresh)


def catalogues() -> list[str]:
    return sorted({name for name, _ in LANGUAGES.values() if name})


def main() -> None:
    TEMPLATE.write_bytes(written(template()))
    for name in catalogues():
        path = catalogue_path(name)
        if not path.exists():
            path.parent.mkdir(parents=True)
            path.write_bytes(written(Catalog(locale=name, fuzzy=False)))
        path.write_bytes(updated(name))


if __name__ == "__main__":
    main()
