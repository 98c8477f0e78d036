"""Verb `render`: the warehouse and the templates make one PDF, its twin for the screen and one manifest a practice and
month.

The manifest names everything they were made from, and no time of day. A PDF counts only beside a manifest whose
digest it matches: the old manifest goes before the new files come, so a stop in between leaves nothing to send.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import multiprocessing
import re
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import msgspec
from markupsafe import Markup

from pipelines import (
    advice,
    attachments,
    brand,
    drafts,
    landing,
    locales,
    pdf,
    periods,
    reasons,
    twin,
    view,
    warehouse,
    wording,
)
from pipelines.errors import NotReady, RapportError, RenderFailed, SeveralFailed
from pipelines.practices import Practice, Practices
from pipelines.restate import restatements
from pipelines.settings import REPOSITORY
from pipelines.view.held import TREND_MONTHS, ReportInputs
from pipelines.view.looks import look_rows
from pipelines.view.report import Report, month_report
from pipelines.view.summary import waiting_row
from pipelines.view.terms import PRINTED, TRENDED
from pipelines.wording import Row

TEMPLATES = REPOSITORY / "reports" / "templates"
MOST_PAGES = 4
# The same sentences take more room in another language than in the one they were measured in.
MOST_PAGES_TRANSLATED = 5
# The address the template shows the practice's logo by.
LOGO = "tpl:/brand/logo"
# What a browser may load for the twin: nothing but what stands in it.
SCREEN_RULES = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
_READ_AT_ONCE = 50
# Reports that wait for a worker, for each worker: none stands idle, and memory does not grow with the practices.
_WAITING = 4
_CODE = (advice, attachments, brand, drafts, locales, pdf, reasons, twin, wording)
# What of a practice's block changes its report. Of the logo the bytes count, not where they lie.
_PRACTICE = {"id": True, "name": True, "kind": True, "time_zone": True, "paper": True, "language": True} | {
    "brand": {"colour"}
}
_LIBRARIES = ("babel", "weasyprint", "pydyf", "pillow", "jinja2", "duckdb", "fonttools", "tinycss2")
_TABLES = {
    "figures": (
        "SELECT practice_id, site, month, metric, part, value, low, high, numerator, sample_size, state, reason"
        " FROM reports.figures"
        " WHERE practice_id IN $practices AND (month BETWEEN $first AND $month AND list_contains($trended, metric)"
        " OR month = $month AND list_contains($printed, metric)) ORDER BY site, month, metric, part"
    ),
    "verdicts": (
        "SELECT practice_id, site, metric, part, months, this_value, previous_value, this_size, previous_size, verdict"
        " FROM reports.verdicts WHERE practice_id IN $practices AND month = $month AND (months IN (1, 12) OR site = '')"
        " AND list_contains($printed, metric) ORDER BY site, metric, part, months"
    ),
    "needs_answer": (
        "SELECT practice_id, site, item_id, url, written_on, stars, days_waiting, criticised, has_alert"
        " FROM reports.needs_answer"
        " WHERE practice_id IN $practices AND month = $month ORDER BY score_stars, written_on DESC, site, item_id"
    ),
    "coverage": (
        "SELECT practice_id, source, site, nights_expected, nights_read, last_read_night, last_complete_night,"
        " set_aside, vanished,"
        " held, conversation_items, platform_total, has_reviews, left_out, attribution, month_is_complete, why"
        " FROM reports.coverage"
        " WHERE practice_id IN $practices AND month = $month ORDER BY site, source"
    ),
    "catalogue": (
        "SELECT metric, title, definition FROM reports.catalogue WHERE list_contains($printed, metric) ORDER BY metric"
    ),
    "score_parts": (
        "SELECT practice_id, site, part, any_value(words) AS words, any_value(largest_move) AS largest_move,"
        " sum(points) AS points, sum(out_of) AS out_of, sum(handled)::BIGINT AS handled"
        " FROM reports.score_parts WHERE practice_id IN $practices AND month = $month AND is_current"
        " GROUP BY practice_id, site, part ORDER BY site, part"
    ),
    "engagement_parts": (
        "SELECT practice_id, part, s, n, points, of, known, why, handled FROM reports.engagement_parts"
        " WHERE practice_id IN $practices AND month = $month AND is_current ORDER BY part"
    ),
    "engagement_summary": (
        "SELECT practice_id, people, acts, firmness, left_out FROM reports.engagement_summary"
        " WHERE practice_id IN $practices AND month = $month"
    ),
    "communities": (
        "SELECT practice_id, place, url, first_post_on, last_activity_on, replies, mentions, recommend, discourage"
        " FROM reports.communities WHERE practice_id IN $practices AND month = $month"
        " ORDER BY staying_power DESC, replies DESC, mentions DESC, place, source, site, thread"
    ),
    "vanity": (
        "SELECT practice_id, site, source, metric, meaning, value, counted, break_note FROM reports.vanity"
        " WHERE practice_id IN $practices AND month = $month ORDER BY site, source, metric"
    ),
    "bursts": (
        "SELECT practice_id, site, week, verdict, leaning, reviews, weeks_before, rated, low_rated, best_rated"
        " FROM reports.bursts WHERE practice_id IN $practices AND month = $month ORDER BY week, site"
    ),
    "worth_a_look": (
        "SELECT practice_id, kind, site, written_on, classes, severity, url FROM reports.worth_a_look"
        " WHERE practice_id IN $practices AND counted"
        " AND (kind = 'reply' AND month <= $month OR kind = 'review' AND month = $month"
        # Where people talk a site is read for some days back only, so that what is older may be gone unseen: own
        # comments are listed for the 90 days that their figure counts.
        " OR kind = 'comment' AND severity IS NOT NULL AND month <= $month"
        " AND written_on >= $month + INTERVAL 1 MONTH - INTERVAL 90 DAY)"
        " ORDER BY written_on DESC, site, source, kind, item_id"
    ),
    # Those that the report of the month before still counted.
    "past_comments": (
        "SELECT practice_id, severity FROM reports.worth_a_look WHERE practice_id IN $practices AND counted"
        " AND kind = 'comment' AND severity IS NOT NULL"
        " AND written_on >= $month - INTERVAL 90 DAY AND written_on < $month + INTERVAL 1 MONTH - INTERVAL 90 DAY"
        " ORDER BY severity"
    ),
    "changes": (
        "SELECT practice_id, site, source, change, since, number, urls, stars_were, stars_are, announced,"
        " confirmed, state, reason"
        " FROM reports.changes_since_last_report WHERE practice_id IN $practices AND month = $month AND state <> 'zero'"
        " ORDER BY site, source, change"
    ),
    "figures_before": (
        "SELECT practice_id, site, metric, since, was, numerator_was, size_was, state_was, now, numerator_now,"
        " size_now, state_now"
        " FROM reports.figures_since_last_report WHERE practice_id IN $practices AND month = $month ORDER BY site,"
        " metric"
    ),
}


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """One practice's report. `made` is false where the files of the same inputs were there already."""

    practice_id: str
    pdf: Path
    twin: Path
    manifest: Path
    pages: int
    made: bool


@dataclass(frozen=True)
class _Job:
    practice: Practice
    month: dt.date
    inputs: ReportInputs
    restatements: tuple[str, ...]
    asked: tuple[advice.Asked, ...] | None
    templates: Path
    pdf: Path
    twin: Path
    manifest: Path


def render(
    data: landing.DataDir,
    practices: Practices,
    month: dt.date,
    *,
    workers: int = 1,
    practice_ids: Sequence[str] | None = None,
    say: Callable[[str], None] = lambda _: None,
    templates: Path = TEMPLATES,
) -> list[Rendered]:
    """Make the reports of a month (its first day), of all practices that have rows or of those named.

    What is there already, from the same inputs, stays untouched. Raises NotReady without a warehouse, UnknownName for
    an unknown id, and SeveralFailed naming every practice that failed; the others are done by then.
    """
    wanted = practices.practice if practice_ids is None else [practices.get(name) for name in practice_ids]
    name = periods.month_name(month)
    failures: list[RapportError] = []
    done: list[Rendered] = []

    def jobs(connection: duckdb.DuckDBPyConnection) -> Iterator[_Job]:
        for practice, inputs in _inputs_in_turn(connection, wanted, month):
            if inputs.coverage or any(row["month"] == month for row in inputs.figures):
                files = data.report(name, practice.id), data.twin(name, practice.id), data.manifest(name, practice.id)
                earlier = restatements(data, month, practice.id)
                asked = asked_before(data, month, practice.id)
                yield _Job(practice, month, inputs, earlier, asked, templates, *files)
            elif practice_ids is None:
                say(f"{practice.id}: nothing known of {name}, no report")
            else:
                failures.append(
                    NotReady(
                        f"nothing is known of {name}",
                        where=practice.id,
                        next_step="Fetch, read, score and build a night after it first",
                    )
                )

    with warehouse.open_warehouse(data) as connection:
        for finished in _finished(jobs(connection), min(workers, len(wanted))):
            if isinstance(finished, RapportError):
                failures.append(finished)
                say(f"failed: {finished}")
            else:
                done.append(finished)
                say(f"{finished.practice_id}: {finished.pages} pages{'' if finished.made else ', unchanged'}")
    if failures:
        raise SeveralFailed(
            f"{len(failures)} of {len(done) + len(failures)} reports of {name} could not be made:",
            sorted(failures, key=str),
            next_step="The other reports are done; mend these and render again",
        )
    return sorted(done, key=lambda one: one.practice_id)


def _inputs_in_turn(
    connection: duckdb.DuckDBPyConnection, practices: Sequence[Practice], month: dt.date
) -> Iterator[tuple[Practice, ReportInputs]]:
    """Read the rows of some practices at a time: one by one takes a tenth of a report, all at once all memory."""
    for first in range(0, len(practices), _READ_AT_ONCE):
        some = practices[first : first + _READ_AT_ONCE]
        found = report_inputs(connection, [practice.id for practice in some], month)
        yield from ((practice, found[practice.id]) for practice in some)


def asked_before(data: landing.DataDir, month: dt.date, practice_id: str) -> tuple[advice.Asked, ...] | None:
    """Return the actions that the report of the month before asked for, None where there is no such report.

    They are read from its manifest and not computed again: late reviews and new rules would change the answer, and
    what counts is what the owner has read. Raises RenderFailed for a list that is not one.
    """
    before = periods.month_name(periods.add_months(month, -1))
    manifest = pdf.standing_manifest(data.report(before, practice_id), data.manifest(before, practice_id))
    if manifest is None or "asked" not in manifest:
        return None
    try:
        return tuple(msgspec.convert(manifest["asked"], list[advice.Asked]))
    except msgspec.ValidationError:
        raise RenderFailed(
            "not a list of what was asked",
            where=data.relative(data.manifest(before, practice_id)),
            next_step=f"Render {before} again",
        ) from None


@cache
def _workshop(templates: Path) -> tuple[jinja2.Environment, pdf.Typesetter, dict[str, str]]:
    """Load what every report of this process shares."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        # True, not by file ending: a section's name ends in .jinja.
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"_": locales.in_html, "ngettext": locales.ngettext, "whole": locales.whole}
    return environment, pdf.Typesetter(templates), colour_tokens(templates)


def colour_tokens(templates: Path) -> dict[str, str]:
    """Return the colours that the style sheet names, so that charts use the same ones."""
    return pdf.colours((templates / "styles" / "report.css").read_text(encoding="utf-8"))


def report_html(report: Report, templates: Path, look: brand.Look = brand.PLAIN) -> str:
    """Return the page as HTML: the sections of `sections/` in the order of their names."""
    environment = _workshop(templates)[0]
    parts = sorted(name for name in environment.list_templates() if name.startswith("sections/"))
    page = environment.get_template("report.html.jinja")
    with locales.speaking(locales.language(report.language)):
        return page.render(report=report, sections=parts, tokens=_tokens(templates, look), look=look)


def most_pages(language: str) -> int:
    """Return how many pages a report may have before its appendix."""
    return MOST_PAGES if language == "en" else MOST_PAGES_TRANSLATED


def screen_html(html: str, report: Report, templates: Path, look: brand.Look = brand.PLAIN) -> str:
    """Return the twin of a typeset page (`report_html`). It needs no file."""
    frame = _workshop(templates)[0].get_template("screen.html.jinja")
    with locales.speaking(locales.language(report.language)):
        return frame.render(
            report=report,
            twin=twin.twin(html, name_language=report.name_language, pictures=_pictures(look)),
            tokens=_tokens(templates, look),
            style=_screen_style(templates),
            rules=SCREEN_RULES,
        )


def _tokens(templates: Path, look: brand.Look) -> dict[str, str]:
    tokens = _workshop(templates)[2]
    return tokens | {"accent": look.accent} if look.accent else tokens


def _pictures(look: brand.Look) -> dict[str, tuple[bytes, str]]:
    return {LOGO: (look.logo.body, look.logo.mime)} if look.logo else {}


@cache
def _screen_style(templates: Path) -> Markup:
    return Markup((templates / "styles" / "screen.css").read_text(encoding="utf-8"))  # noqa: S704, our own file


def _make(job: _Job) -> Rendered:
    """Render one report, unless its files are there already, whole and from the same inputs."""
    look = brand.look(job.practice)
    made_from = _made_from(job, look)
    digest = _digest(made_from)
    standing = pdf.standing_manifest(job.pdf, job.manifest)
    if standing is not None and standing.get("inputs_sha256") == digest and twin.belongs(job.twin, standing):
        return _rendered(job, int(standing["pages"]), made=False)
    report = month_report(job.practice, job.month, job.inputs, job.restatements, job.asked)
    html = report_html(report, job.templates, look)
    made = _workshop(job.templates)[1].typeset(
        html,
        where=job.practice.id,
        identifier=hashlib.sha256(html.encode()).digest()[:16],
        most_pages=most_pages(report.language),
        name_language=report.name_language,
        quoted_language=drafts.LANGUAGE,
        attached=_attached(job),
        dated=periods.last_day(job.month),
        pictures=_pictures(look),
    )
    screen = screen_html(html, report, job.templates, look).encode()
    manifest = {
        "practice_id": job.practice.id,
        "month": periods.month_name(job.month),
        "version": report.version,
        "pages": made.pages,
        "asked": [msgspec.to_builtins(card.asked()) for card in report.cards],
        "pdf_sha256": hashlib.sha256(made.pdf).hexdigest(),
        "html_sha256": hashlib.sha256(screen).hexdigest(),
        "inputs_sha256": digest,
        "made_from": made_from,
    }
    job.manifest.unlink(missing_ok=True)
    landing.write_bytes(job.twin, screen)
    landing.write_bytes(job.pdf, made.pdf)
    landing.write_bytes(job.manifest, json.dumps(manifest, indent=2, sort_keys=True).encode() + b"\n")
    return _rendered(job, made.pages, made=True)


def _attached(job: _Job) -> list[pdf.Attached]:
    """Return the figures of the report, and its links where it has some to look at, as files to put inside it."""
    name, inputs = periods.month_name(job.month), job.inputs
    about = {
        "practice_id": job.practice.id,
        "month": name,
        "known_on": str(inputs.build["as_of_night"]),
        "score_version": str(inputs.build["score_version"]),
    }
    tables = {"figures": inputs.figures, "changes": inputs.verdicts, "numbers_without_a_score": inputs.vanity}
    with locales.speaking(locales.language(job.practice.language)):
        waiting = [waiting_row(row) for row in inputs.needs_answer]
        return attachments.files(name, about, tables, look_rows(inputs.worth_a_look), waiting)


def _rendered(job: _Job, pages: int, *, made: bool) -> Rendered:
    return Rendered(
        practice_id=job.practice.id, pdf=job.pdf, twin=job.twin, manifest=job.manifest, pages=pages, made=made
    )


def _made_from(job: _Job, look: brand.Look) -> dict[str, Any]:
    """Name everything that can change a byte of the PDF or its twin."""
    practice = job.practice
    return {
        "rows": {name: _digest([dict(row) for row in getattr(job.inputs, name)]) for name in _TABLES},
        "restatements": list(job.restatements),
        "asked_before": msgspec.to_builtins(job.asked),
        "logo": hashlib.sha256(look.logo.body).hexdigest() if look.logo else None,
        "as_of_night": str(job.inputs.build["as_of_night"]),
        "warehouse_inputs_id": str(job.inputs.build["inputs_id"]),
        "score_version": str(job.inputs.build["score_version"]),
        "practice": practice.model_dump(mode="json", include=_PRACTICE),
        "templates": _folder_digests(job.templates),
        "catalogue": _catalogue_digest(practice.language),
        "code": {path.name: _file_digest(str(path)) for path in _code()},
        "versions": _versions(),
    }


def _code() -> list[Path]:
    return [*(Path(module.__file__ or "") for module in _CODE), *sorted(Path(view.__path__[0]).glob("*.py"))]


@cache
def _folder_digests(folder: Path) -> dict[str, str]:
    files = [folder / "report.html.jinja", folder / "screen.html.jinja"]
    for kind in ("sections/*.jinja", "macros/*.jinja", "styles/*.css", "fonts/*.[ot]tf"):
        files += sorted(folder.glob(kind))
    return {path.relative_to(folder).as_posix(): _file_digest(str(path)) for path in files}


@cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in _LIBRARIES}


def _catalogue_digest(tag: str) -> str | None:
    name, _ = locales.LANGUAGES[tag]
    return _file_digest(str(locales.catalogue_path(name))) if name else None


@cache
def _file_digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _finished(jobs: Iterator[_Job], workers: int) -> Iterator[Rendered | RapportError]:
    """Yield every job's outcome. A worker that dies takes only its own report with it."""
    if workers < 2:
        yield from map(_attempt, jobs)
        return
    while lost := (yield from _until_one_dies(jobs, workers)):
        # A dead worker breaks the whole pool, so its neighbours are tried again, each in a pool of its own.
        for job in lost:
            with _pool(1) as pool:
                outcome = _outcome(pool.submit(_attempt, job))
            yield outcome or RenderFailed(
                "the rendering process died",
                where=job.practice.id,
                next_step="Look for memory limits in the system's log, then render this practice alone",
            )


def _until_one_dies(jobs: Iterator[_Job], workers: int) -> Generator[Rendered | RapportError, None, list[_Job]]:
    """Yield the outcomes of one pool, and return the jobs that were lost with it. Only a few wait at a time."""
    lost: list[_Job] = []
    with _pool(workers) as pool:
        running = {pool.submit(_attempt, job): job for job in islice(jobs, _WAITING * workers)}
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                job = running.pop(future)
                outcome = _outcome(future)
                if outcome is None:
                    lost.append(job)
                else:
                    yield outcome
            for job in islice(jobs, 0 if lost else _WAITING * workers - len(running)):
                try:
                    running[pool.submit(_attempt, job)] = job
                except BrokenProcessPool:
                    lost.append(job)
    return lost


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def _outcome(future: Future[Rendered | RapportError]) -> Rendered | RapportError | None:
    try:
        return future.result()
    except BrokenProcessPool:
        return None


def _attempt(job: _Job) -> Rendered | RapportError:
    try:
        return _make(job)
    except RapportError as error:
        return error
    except jinja2.TemplateError as error:
        return RenderFailed(
            f"template: {error.message}", where=job.practice.id, next_step="Correct it in reports/templates"
        )
    except Exception as error:
        # One practice's surprise must not take the others' reports with it. Values stay out of the message.
        place = traceback.extract_tb(error.__traceback__)[-1]
        return RenderFailed(
            f"unexpected {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}",
            where=job.practice.id,
            next_step="Tell the developers; the other reports are not touched by it",
        )


def report_inputs(
    connection: duckdb.DuckDBPyConnection, practice_ids: Sequence[str], month: dt.date
) -> dict[str, ReportInputs]:
    """Return the rows that reports are made of, by practice: their month, and figures of the 14 months up to it."""
    asked: dict[str, object] = {
        "practices": list(practice_ids),
        "month": month,
        "first": periods.add_months(month, 1 - TREND_MONTHS),
        "printed": list(PRINTED),
        "trended": list(TRENDED),
    }
    build = warehouse.rows(connection, "SELECT as_of_night, inputs_id, score_version FROM reports.build_info", {})
    if len(build) != 1:
        raise NotReady("the warehouse does not say which night it knows", next_step="Run build again")
    held: dict[str, dict[str, list[Row]]] = {one: {name: [] for name in _TABLES} for one in practice_ids}
    for name, query in _TABLES.items():
        values = {key: value for key, value in asked.items() if re.search(rf"\${key}\b", query)}
        for row in warehouse.rows(connection, query, values):
            # What the catalogue says holds for every practice.
            for one in [row.pop("practice_id")] if "practice_id" in row else practice_ids:
                held[one][name].append(row)
    return {one: ReportInputs(build=build[0], **rows) for one, rows in held.items()}
