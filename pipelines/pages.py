"""The Reports pages: what an operator wants to look at, as plain pages without script.

A page is made on the server from the data directory, read-only, and holds no text of a review and no reviewer's name.
Who may look is the caller's to say (`allowed`); it holds for every address here. One thing alone can be changed: that
something urgent was looked at.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import jinja2
from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.params import Depends as Dependency
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from pipelines import standing
from pipelines.advice import site_name
from pipelines.decisions import Decision, Decisions
from pipelines.errors import NotReady, RapportError, UnknownName
from pipelines.explain import explain
from pipelines.landing import DataDir
from pipelines.ledger import Ledger
from pipelines.pdf import clean, standing_manifest
from pipelines.periods import add_months, last_day, month_name, parse_month
from pipelines.practices import Practice, Practices, load_practices
from pipelines.release import check_reports
from pipelines.render import SCREEN_RULES, TEMPLATES, colour_tokens
from pipelines.settings import Settings
from pipelines.sources import load_source, source_names
from pipelines.twin import belongs
from pipelines.urgent import Cause, Causes
from pipelines.warehouse import open_warehouse, rows
from pipelines.wording import long_month

PRACTICES_A_PAGE = 50
ROWS_A_PAGE = 100
MONTHS_ACROSS = 12
_FONTS = ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSerif-Regular.ttf")
_PLACES = (
    ("", "Reports"),
    ("urgent", "Urgent"),
    ("first-looks", "First looks"),
    ("nights", "Nights"),
    ("set-aside", "Set aside"),
    ("keys", "Keys and quotas"),
    ("ledger", "Ledger"),
    ("explain", "Explain a figure"),
)
# No script at all: whatever a name or a file may hold, nothing of it can run beside Airflow's login.
_RULES = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
# A browser's own PDF viewer brings styles and scripts of its own, which the rules above would forbid.
_PDF_RULES = "frame-ancestors 'self'"
# The twin of a report brings its style along. In a sandbox it is no part of this site; links open beside it.
_SCREEN_RULES = f"{SCREEN_RULES}; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
_SAID = {
    401: ("Please log in", "These pages need the login of Airflow. Log in there, then open this page again."),
    403: (
        "Not for this login",
        "Your login may not do this: to look needs the right to see the runs of the DAG monthly, "
        "to acknowledge the right to start them.",
    ),
    404: ("There is no such page", "Choose one from the list above."),
    405: ("Nothing can be changed here", "This page only shows. Use the DAGs or the command line."),
}
_Number = Annotated[int, Query(ge=1, le=100_000)]
_Text = Annotated[str, Query(max_length=200)]


class Pager(NamedTuple):
    """One page of a longer list, and where the pages beside it are."""

    items: Sequence[Any]
    number: int
    pages: int
    total: int
    before: str
    after: str

    @property
    def words(self) -> str:
        return f"Page {self.number:,} of {self.pages:,}"


def reports_app(
    settings: Settings,
    *,
    allowed: Sequence[Dependency] = (),
    person: Callable[..., str] | None = None,
    today: Callable[[], dt.date] | None = None,
) -> FastAPI:
    """Return the pages as an application to be mounted anywhere.

    `allowed` are dependencies that refuse whoever may not look; `person` is one that refuses whoever may not
    acknowledge and gives the name of whoever may (without it nobody may); `today` tells which keys end soon (by default
    the date in the settings' time zone).
    """
    # Without its own pages about itself: they would be open to everybody.
    app = FastAPI(dependencies=list(allowed), openapi_url=None, docs_url=None, redoc_url=None)
    data = DataDir(settings.data_dir)
    date = today or (lambda: dt.datetime.now(ZoneInfo(settings.time_zone)).date())

    def practices() -> Practices:
        stat = settings.practices_file.stat() if settings.practices_file.is_file() else None
        return _practices(settings.practices_file, (stat.st_mtime_ns, stat.st_size) if stat else (0, 0))

    def decisions(month: str) -> list[Decision]:
        return Decisions(data.ledger).of(month) if data.ledger.is_file() else []

    def causes() -> list[Cause]:
        return Causes(data.urgent).all() if data.urgent.is_file() else []

    @app.get("/")
    def overview(
        request: Request, find: _Text = "", state: _Text = "", until: _Text = "", page: _Number = 1
    ) -> HTMLResponse:
        known_first, known_last = standing.known_months(data)
        last = parse_month(until) if until else known_last
        first = max(add_months(last, 1 - MONTHS_ACROSS), known_first)
        if not known_first <= last <= known_last:
            raise UnknownName(
                f"nothing is known of {month_name(last)}",
                next_step=f"There is: {month_name(known_first)} to {month_name(known_last)}",
            )
        chosen = [one for one in practices().practice if _fits(one, find)]
        counts = dict.fromkeys(standing.MEANINGS, 0)
        found = None
        if state:
            if state not in counts:
                raise UnknownName(f"there is no state '{state[:40]}'", next_step=f"There is: {', '.join(counts)}")
            found = standing.reports(data, chosen, first, last)
            wanted = {practice_id for (practice_id, _), report in found.items() if report.state == state}
            chosen = [one for one in chosen if one.id in wanted]
        # What is to be done is to be done about the newest month that is over.
        over = min(last, add_months(known_last, -1)) if known_last > known_first else last
        for report in standing.reports(data, practices().practice, over, over).values():
            counts[report.state] += 1
        shown = _pager(request, chosen, page, PRACTICES_A_PAGE)
        return _page(
            request,
            "overview",
            "Reports",
            find=find,
            state=state,
            pager=shown,
            counts={name: count for name, count in counts.items() if count},
            counted_month=over,
            meanings=standing.MEANINGS,
            urgent=Counter((cause.practice_id, cause.month) for cause in causes() if cause.seen_at is None),
            months=standing.month_range(first, last),
            reports=found or standing.reports(data, shown.items, first, last),
            earlier=_beside(request, until=month_name(add_months(first, -1))) if first > known_first else "",
            later=_beside(request, until=month_name(min(add_months(last, MONTHS_ACROSS), known_last)))
            if last < known_last
            else "",
        )

    @app.get("/report/{practice_id}/{month}")
    def report(request: Request, practice_id: str, month: str) -> HTMLResponse:
        practice, first = practices().get(practice_id), parse_month(month)
        name = month_name(first)
        told = {"practice": practice.id, "month": first}
        with open_warehouse(data) as connection:
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
        held = Ledger(data.ledger).rows(name) if data.ledger.is_file() else []
        manifest = standing_manifest(data.report(name, practice.id), data.manifest(name, practice.id))
        return _page(
            request,
            "report",
            f"{practice.name}, {long_month(first)}",
            practice=practice,
            month=first,
            report=standing.reports(data, [practice], first, first)[practice.id, first],
            meanings=standing.MEANINGS,
            coverage=coverage,
            figures=figures,
            manifest=manifest,
            has_pdf=data.report(name, practice.id).is_file(),
            has_screen=_has_screen(data, practice.id, name),
            urgent=[one for one in causes() if (one.practice_id, one.month) == (practice.id, name)],
            ledger=[row for row in held if row.practice_id == practice.id],
            gates=check_reports(first, [practice], data),
            decisions=[one for one in decisions(name) if practice.id in one.released + one.kept_back],
        )

    @app.get("/report/{practice_id}/{month}/pdf")
    def report_pdf(request: Request, practice_id: str, month: str) -> Response:
        practice, name = practices().get(practice_id), month_name(parse_month(month))
        return _pdf(request, data, practice.id, name, f"Run `rapport render {name} --practice {practice.id}`")

    @app.get("/report/{practice_id}/{month}/screen")
    def report_screen(practice_id: str, month: str) -> Response:
        practice, name = practices().get(practice_id), month_name(parse_month(month))
        return _screen(data, practice.id, name, f"Run `rapport render {name} --practice {practice.id}`")

    @app.get("/urgent")
    def urgent(request: Request, month: _Text = "", find: _Text = "", page: _Number = 1) -> HTMLResponse:
        held = causes()
        if month:
            parse_month(month)
        fitting = [one for one in held if find.casefold() in one.practice_id and month in ("", one.month)]
        return _page(
            request,
            "urgent",
            "Urgent",
            find=find,
            month=month,
            months=sorted({one.month for one in held} | {month} - {""}, reverse=True),
            waiting=sum(cause.seen_at is None for cause in held),
            pager=_pager(request, fitting, page, ROWS_A_PAGE),
            may_acknowledge=person is not None,
        )

    if person is not None:

        @app.post("/urgent/{number}", dependencies=[Depends(_from_our_own_page)])
        def acknowledge(request: Request, number: int, who: str = Depends(person)) -> Response:
            now = dt.datetime.now(ZoneInfo(settings.time_zone)).isoformat(timespec="minutes")
            Causes(data.urgent).acknowledge(number, who, now)
            return RedirectResponse(f"{request.scope.get('root_path', '')}/urgent", status_code=303)

    @app.get("/first-looks")
    def first_looks(request: Request, find: _Text = "", page: _Number = 1) -> HTMLResponse:
        found = [
            (practice_id, path.parent.name, _has_screen(place, practice_id, path.parent.name))
            for practice_id, place in data.first_looks().items()
            if find.casefold() in practice_id
            for path in sorted(place.root.glob(f"reports/*/{practice_id}.pdf"), reverse=True)
        ]
        pager = _pager(request, found, page, ROWS_A_PAGE)
        return _page(request, "first-looks", "First looks", find=find, pager=pager)

    @app.get("/first-looks/{practice_id}/{month}/pdf")
    def first_pdf(request: Request, practice_id: str, month: str) -> Response:
        practice, name = practices().get(practice_id), month_name(parse_month(month))
        return _pdf(request, data.first_look(practice.id), practice.id, name, f"Trigger onboard for {practice.id}")

    @app.get("/first-looks/{practice_id}/{month}/screen")
    def first_screen(practice_id: str, month: str) -> Response:
        practice, name = practices().get(practice_id), month_name(parse_month(month))
        return _screen(data.first_look(practice.id), practice.id, name, f"Trigger onboard for {practice.id}")

    @app.get("/nights")
    def nights(request: Request, month: _Text = "", find: _Text = "", page: _Number = 1) -> HTMLResponse:
        held = standing.months_of(data, "completeness")
        chosen = _chosen(month, held, "nights")
        cells, gaps = standing.nights(data, chosen)
        days = [chosen + dt.timedelta(days=n) for n in range(last_day(chosen).day)]
        return _page(
            request,
            "nights",
            f"Nights of {long_month(chosen)}",
            month=chosen,
            months=held,
            days=days,
            cells=cells,
            sources=[(name, load_source(name).SOURCE.title) for name in _seen(cells)],
            find=find,
            pager=_pager(
                request,
                [gap for gap in gaps if find.casefold() in f"{gap.source} {gap.status} {gap.why}".casefold()],
                page,
                ROWS_A_PAGE,
            ),
            totals={
                name: sum(getattr(cell, name) for cell in cells.values()) for name in ("whole", "failed", "skipped")
            },
        )

    @app.get("/set-aside")
    def set_aside(request: Request, month: _Text = "", find: _Text = "", page: _Number = 1) -> HTMLResponse:
        held = standing.months_of(data, "set_aside")
        chosen = _chosen(month, held, "set-aside") if held else date().replace(day=1)
        found = standing.left_over(data, chosen)
        return _page(
            request,
            "set-aside",
            f"Set aside in {long_month(chosen)}",
            month=chosen,
            months=held,
            find=find,
            pager=_pager(
                request,
                [one for one in found if find.casefold() in f"{one.source} {one.practice_id} {one.reason}".casefold()],
                page,
                ROWS_A_PAGE,
            ),
            records=sum(one.records for one in found),
        )

    @app.get("/keys")
    def keys(request: Request, find: _Text = "", page: _Number = 1) -> HTMLResponse:
        found = standing.keys(data, practices(), settings, date())
        fitting = [key for key in found if find.casefold() in f"{key.source} {key.variable}".casefold()]
        return _page(
            request,
            "keys",
            "Keys and quotas",
            find=find,
            ending=sum(key.ends_soon for key in found),
            pager=_pager(request, fitting, page, ROWS_A_PAGE),
            today=date(),
        )

    @app.get("/ledger")
    def ledger(
        request: Request, month: _Text = "", state: _Text = "", find: _Text = "", page: _Number = 1
    ) -> HTMLResponse:
        held = Ledger(data.ledger) if data.ledger.is_file() else None
        names = {*held.months(), *Decisions(data.ledger).months()} if held else set()
        months = [parse_month(name) for name in sorted(names, reverse=True)]
        chosen = _chosen(month, months, "ledger rows") if months or month else None
        found = held.rows(month_name(chosen)) if held and chosen else []
        fitting = [row for row in found if state in ("", row.state) and find.casefold() in _searched(row)]
        return _page(
            request,
            "ledger",
            f"Ledger of {long_month(chosen)}" if chosen else "Ledger",
            month=chosen,
            months=months,
            state=state,
            states=sorted({row.state for row in found}),
            find=find,
            pager=_pager(request, fitting, page, ROWS_A_PAGE),
            decisions=decisions(month_name(chosen)) if chosen else [],
        )

    @app.get("/explain")
    def explanation(
        request: Request,
        practice: _Text = "",
        month: _Text = "",
        metric: _Text = "",
        site: _Text = "",
        page: _Number = 1,
    ) -> HTMLResponse:
        with open_warehouse(data) as connection:
            metrics = rows(connection, "select metric, title from reports.catalogue order by title")
            sites = rows(connection, "select distinct site from core.months order by site")
        asked = practice and month and metric
        found = explain(data, practice, parse_month(month), metric, site or None) if asked else None
        return _page(
            request,
            "explain",
            f"{found.told['title']}, {practice}, {long_month(parse_month(month))}" if found else "Explain a figure",
            practice=practice,
            month=month,
            metric=metric,
            site=site,
            metrics=metrics,
            sites=[row["site"] for row in sites],
            practices=practices().practice,
            found=found,
            pager=_pager(request, found.rows if found else (), page, ROWS_A_PAGE),
        )

    @app.get("/style.css")
    def style() -> Response:
        return Response(_style(), media_type="text/css")

    @app.get("/fonts/{name}")
    def font(name: str) -> Response:
        if name not in _FONTS:
            raise HTTPException(404)
        return FileResponse(TEMPLATES / "fonts" / name, media_type="font/ttf")

    @app.middleware("http")
    async def add_rules(request: Request, call_next: Callable[[Request], Any]) -> Response:
        answer: Response = await call_next(request)
        kind = answer.headers.get("content-type", "")
        answer.headers.setdefault("Content-Security-Policy", _PDF_RULES if kind == "application/pdf" else _RULES)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "same-origin"
        # A page of today must not be shown tomorrow, nor to the next person at the same desk.
        answer.headers["Cache-Control"] = "max-age=3600" if kind.startswith(("font/", "text/css")) else "no-store"
        return answer

    @app.exception_handler(RapportError)
    def say_error(request: Request, error: RapportError) -> HTMLResponse:
        status = 404 if isinstance(error, UnknownName) else 503
        what = f"{error.where}: {error.what}" if error.where else error.what
        return _page(request, "message", "This cannot be shown", status, what=what, next_step=error.next_step)

    @app.exception_handler(RequestValidationError)
    def say_wrong(request: Request, error: RequestValidationError) -> HTMLResponse:
        names = ", ".join(sorted({str(one["loc"][-1]) for one in error.errors()}))
        return _page(
            request, "message", "This cannot be shown", 422, what=f"The address is not right: {names}", next_step=""
        )

    @app.exception_handler(HTTPException)
    def say_refused(request: Request, error: HTTPException) -> HTMLResponse:
        title, next_step = _SAID.get(error.status_code, ("This cannot be shown", ""))
        return _page(request, "message", title, error.status_code, what="", next_step=next_step)

    return app


def _page(request: Request, template: str, title: str, status: int = 200, **told: Any) -> HTMLResponse:
    # Where the pages are mounted is known from the request alone.
    at = request.scope.get("root_path", "")
    here = request.url.path.removeprefix(at).strip("/").split("/")[0]
    made = _templates().get_template(f"{template}.html.jinja")
    place = "" if here == "report" else here
    return HTMLResponse(made.render(at=at, title=clean(title), places=_PLACES, place=place, **told), status)


def _pdf(request: Request, data: DataDir, practice_id: str, month: str, next_step: str) -> Response:
    path = data.report(month, practice_id)
    if standing_manifest(path, data.manifest(month, practice_id)) is None:
        raise NotReady(
            "there is no PDF that belongs to its manifest", where=f"{practice_id}, {month}", next_step=next_step
        )
    # Airflow shows these pages in a frame whose sandbox lets no browser show a PDF, but lets it be saved.
    framed = request.headers.get("sec-fetch-dest") == "iframe"
    return FileResponse(
        path,
        media_type="application/pdf",
        filename=f"{practice_id}-{month}.pdf",
        content_disposition_type="attachment" if framed else "inline",
    )


def _screen(data: DataDir, practice_id: str, month: str, next_step: str) -> Response:
    if not _has_screen(data, practice_id, month):
        raise NotReady(
            "there is no page for the screen that belongs to its manifest",
            where=f"{practice_id}, {month}",
            next_step=next_step,
        )
    return FileResponse(data.twin(month, practice_id), headers={"Content-Security-Policy": _SCREEN_RULES})


def _has_screen(data: DataDir, practice_id: str, month: str) -> bool:
    manifest = standing_manifest(data.report(month, practice_id), data.manifest(month, practice_id))
    return manifest is not None and belongs(data.twin(month, practice_id), manifest)


def _from_our_own_page(request: Request) -> None:
    """Refuse a form that another site has sent: Airflow's cookie would come with it, and Airflow does not look."""
    if request.headers.get("sec-fetch-site") != "same-origin":
        raise HTTPException(403)


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "pages"),
        # True, not by file ending: a page's name ends in .jinja.
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"month": month_name, "long_month": long_month, "site": site_name, "clean": clean}
    environment.filters["number"] = _number
    environment.filters["query"] = urlencode
    return environment


@cache
def _style() -> str:
    """Return the style sheet, with the colours of the report."""
    tokens = "".join(f"--{name}: {colour}; " for name, colour in colour_tokens(TEMPLATES).items())
    return f":root {{ {tokens}}}\n{(TEMPLATES / 'pages' / 'pages.css').read_text(encoding='utf-8')}"


@lru_cache(maxsize=1)
def _practices(path: Path, version: tuple[int, int]) -> Practices:
    """Read practices.toml once a version of the file: with a thousand practices it takes longer than a page."""
    return load_practices(path)


def _fits(practice: Practice, find: str) -> bool:
    return find.casefold() in f"{practice.id} {practice.name}".casefold()


def _searched(row: Any) -> str:
    return f"{row.practice_id} {row.recipient}".casefold()


def _chosen(asked: str, held: Sequence[dt.date], what: str) -> dt.date:
    """Return the month asked for, or the newest there is. Raises UnknownName, and NotReady where there is none."""
    if not held:
        raise NotReady(f"there are no {what} yet", next_step="Run the DAG nightly first")
    month = parse_month(asked) if asked else held[0]
    if month not in held:
        there = f"There is: {month_name(held[-1])} to {month_name(held[0])}"
        raise UnknownName(f"there are no {what} of {month_name(month)}", next_step=there)
    return month


def _seen(cells: dict[tuple[str, dt.date], standing.Night]) -> list[str]:
    there = {source for source, _ in cells}
    return [name for name in source_names() if name in there]


def _pager(request: Request, items: Sequence[Any], number: int, size: int) -> Pager:
    """Cut one page out of a list. A page behind the last one is the last one: lists shrink while people look."""
    pages = max(1, -(-len(items) // size))
    number = min(number, pages)
    return Pager(
        items[(number - 1) * size : number * size],
        number,
        pages,
        len(items),
        _beside(request, page=str(number - 1)) if number > 1 else "",
        _beside(request, page=str(number + 1)) if number < pages else "",
    )


def _beside(request: Request, **changed: str) -> str:
    """Return the query of this page with some values changed."""
    asked = {name: value for name, value in request.query_params.items() if value}
    return "?" + urlencode({**asked, **changed})


def _number(value: Any) -> str:
    """Write a number of the warehouse without the zeros that only its type asks for."""
    if value is None:
        return "–"
    written = f"{value:,f}" if not isinstance(value, int) else f"{value:,}"
    return written.rstrip("0").rstrip(".") if "." in written else written
