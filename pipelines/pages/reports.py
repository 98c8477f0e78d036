"""Reports: every practice's state in every month, and one report with all that is known of it."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from pipelines import standing
from pipelines.errors import UnknownName
from pipelines.ledger import Ledger
from pipelines.pages import shell
from pipelines.pages.desk import Number, OurDesk, Text
from pipelines.pages.files import has_screen, pdf_of, screen_of
from pipelines.pdf import standing_manifest
from pipelines.periods import add_months, month_name, parse_month
from pipelines.practices import Practice
from pipelines.release import check_reports
from pipelines.warehouse import open_warehouse, rows
from pipelines.wording import long_month

PRACTICES_A_PAGE = 50
MONTHS_ACROSS = 12

routes = APIRouter()


@routes.get("/")
def overview(
    request: Request, desk: OurDesk, find: Text = "", state: Text = "", until: Text = "", page: Number = 1
) -> HTMLResponse:
    known_first, known_last = standing.known_months(desk.data)
    last = parse_month(until) if until else known_last
    first = max(add_months(last, 1 - MONTHS_ACROSS), known_first)
    if not known_first <= last <= known_last:
        raise UnknownName(
            f"nothing is known of {month_name(last)}",
            next_step=f"There is: {month_name(known_first)} to {month_name(known_last)}",
        )
    chosen = [one for one in desk.practices().practice if _fits(one, find)]
    counts = dict.fromkeys(standing.MEANINGS, 0)
    found = None
    if state:
        if state not in counts:
            raise UnknownName(f"there is no state '{state[:40]}'", next_step=f"There is: {', '.join(counts)}")
        found = standing.reports(desk.data, chosen, first, last)
        wanted = {practice_id for (practice_id, _), report in found.items() if report.state == state}
        chosen = [one for one in chosen if one.id in wanted]
    # What is to be done is to be done about the newest month that is over.
    over = min(last, add_months(known_last, -1)) if known_last > known_first else last
    for report in standing.reports(desk.data, desk.practices().practice, over, over).values():
        counts[report.state] += 1
    shown = shell.pager(request, chosen, page, PRACTICES_A_PAGE)
    return shell.page(
        request,
        "overview",
        "Reports",
        find=find,
        state=state,
        pager=shown,
        counts={name: count for name, count in counts.items() if count},
        counted_month=over,
        meanings=standing.MEANINGS,
        urgent=Counter((cause.practice_id, cause.month) for cause in desk.causes() if cause.seen_at is None),
        months=standing.month_range(first, last),
        reports=found or standing.reports(desk.data, shown.items, first, last),
        earlier=shell.beside(request, until=month_name(add_months(first, -1))) if first > known_first else "",
        later=shell.beside(request, until=month_name(min(add_months(last, MONTHS_ACROSS), known_last)))
        if last < known_last
        else "",
    )


@routes.get("/report/{practice_id}/{month}")
def report(request: Request, desk: OurDesk, practice_id: str, month: str) -> HTMLResponse:
    practice, first = desk.practices().get(practice_id), parse_month(month)
    name = month_name(first)
    told = {"practice": practice.id, "month": first}
    with open_warehouse(desk.data) as connection:
        coverage = rows(
            connection,
            "select source, site, nights_expected, nights_read, last_read_night, last_complete_night, set_aside, "
            "vanished, held, conversation_items, platform_total, left_out, month_is_complete, why "
            "from reports.coverage where practice_id = $practice and month = $month order by site, source",
            told,
        )
        figures = rows(
            connection,
            "select figures.*, catalogue.title, catalogue.unit from reports.figures as figures "
            "inner join reports.catalogue as catalogue on figures.metric = catalogue.metric "
            "where practice_id = $practice and month = $month order by title, site, part",
            told,
        )
    held = Ledger(desk.data.ledger).rows(name) if desk.data.ledger.is_file() else []
    manifest = standing_manifest(desk.data.report(name, practice.id), desk.data.manifest(name, practice.id))
    return shell.page(
        request,
        "report",
        f"{practice.name}, {long_month(first)}",
        practice=practice,
        month=first,
        report=standing.reports(desk.data, [practice], first, first)[practice.id, first],
        meanings=standing.MEANINGS,
        coverage=coverage,
        figures=figures,
        manifest=manifest,
        has_pdf=desk.data.report(name, practice.id).is_file(),
        has_screen=has_screen(desk.data, practice.id, name),
        urgent=[one for one in desk.causes() if (one.practice_id, one.month) == (practice.id, name)],
        ledger=[row for row in held if row.practice_id == practice.id],
        gates=check_reports(first, [practice], desk.data),
        decisions=[one for one in desk.decisions(name) if practice.id in one.released + one.kept_back],
    )


@routes.get("/report/{practice_id}/{month}/pdf")
def report_pdf(request: Request, desk: OurDesk, practice_id: str, month: str) -> Response:
    practice, name = desk.practices().get(practice_id), month_name(parse_month(month))
    return pdf_of(request, desk.data, practice.id, name, f"Run `rapport render {name} --practice {practice.id}`")


@routes.get("/report/{practice_id}/{month}/screen")
def report_screen(desk: OurDesk, practice_id: str, month: str) -> Response:
    practice, name = desk.practices().get(practice_id), month_name(parse_month(month))
    return screen_of(desk.data, practice.id, name, f"Run `rapport render {name} --practice {practice.id}`")


def _fits(practice: Practice, find: str) -> bool:
    return find.casefold() in f"{practice.id} {practice.name}".casefold()
