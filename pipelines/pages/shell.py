"""What surrounds every page: its frame and style, its rules for the browser, lists cut into pages, errors as pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

import jinja2
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException

from pipelines.advice import site_name
from pipelines.errors import RapportError, UnknownName
from pipelines.pdf import clean
from pipelines.periods import month_name
from pipelines.render import TEMPLATES, colour_tokens
from pipelines.wording import long_month

ROWS_A_PAGE = 100
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

routes = APIRouter()


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


def surround(app: FastAPI) -> None:
    """Give every answer its rules for the browser, and every error a page that says what, where and what next."""
    app.middleware("http")(_add_rules)
    app.exception_handler(RapportError)(_say_error)
    app.exception_handler(RequestValidationError)(_say_wrong)
    app.exception_handler(HTTPException)(_say_refused)


def page(request: Request, template: str, title: str, status: int = 200, **told: Any) -> HTMLResponse:
    # Where the pages are mounted is known from the request alone.
    at = request.scope.get("root_path", "")
    here = request.url.path.removeprefix(at).strip("/").split("/")[0]
    made = _templates().get_template(f"{template}.html.jinja")
    place = "" if here == "report" else here
    return HTMLResponse(made.render(at=at, title=clean(title), places=_PLACES, place=place, **told), status)


def pager(request: Request, items: Sequence[Any], number: int, size: int) -> Pager:
    """Cut one page out of a list. A page behind the last one is the last one: lists shrink while people look."""
    pages = max(1, -(-len(items) // size))
    number = min(number, pages)
    return Pager(
        items[(number - 1) * size : number * size],
        number,
        pages,
        len(items),
        beside(request, page=str(number - 1)) if number > 1 else "",
        beside(request, page=str(number + 1)) if number < pages else "",
    )


def beside(request: Request, **changed: str) -> str:
    """Return the query of this page with some values changed."""
    asked = {name: value for name, value in request.query_params.items() if value}
    return "?" + urlencode({**asked, **changed})


@routes.get("/style.css")
def style() -> Response:
    return Response(_style(), media_type="text/css")


@routes.get("/fonts/{name}")
def font(name: str) -> Response:
    if name not in _FONTS:
        raise HTTPException(404)
    return FileResponse(TEMPLATES / "fonts" / name, media_type="font/ttf")


async def _add_rules(request: Request, call_next: Callable[[Request], Any]) -> Response:
    answer: Response = await call_next(request)
    kind = answer.headers.get("content-type", "")
    answer.headers.setdefault("Content-Security-Policy", _PDF_RULES if kind == "application/pdf" else _RULES)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    # A page of today must not be shown tomorrow, nor to the next person at the same desk.
    answer.headers["Cache-Control"] = "max-age=3600" if kind.startswith(("font/", "text/css")) else "no-store"
    return answer


def _say_error(request: Request, error: RapportError) -> HTMLResponse:
    status = 404 if isinstance(error, UnknownName) else 503
    what = f"{error.where}: {error.what}" if error.where else error.what
    return page(request, "message", "This cannot be shown", status, what=what, next_step=error.next_step)


def _say_wrong(request: Request, error: RequestValidationError) -> HTMLResponse:
    names = ", ".join(sorted({str(one["loc"][-1]) for one in error.errors()}))
    return page(
        request, "message", "This cannot be shown", 422, what=f"The address is not right: {names}", next_step=""
    )


def _say_refused(request: Request, error: HTTPException) -> HTMLResponse:
    title, next_step = _SAID.get(error.status_code, ("This cannot be shown", ""))
    return page(request, "message", title, error.status_code, what="", next_step=next_step)


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


def _number(value: Any) -> str:
    """Write a number of the warehouse without the zeros that only its type asks for."""
    if value is None:
        return "–"
    written = f"{value:,f}" if not isinstance(value, int) else f"{value:,}"
    return written.rstrip("0").rstrip(".") if "." in written else written
