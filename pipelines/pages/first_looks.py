"""First looks: the report that a new practice gets when it is set up, for the operator alone."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from pipelines.pages import shell
from pipelines.pages.desk import Number, OurDesk, Text
from pipelines.pages.files import has_screen, pdf_of, screen_of
from pipelines.periods import month_name, parse_month

routes = APIRouter()


@routes.get("/first-looks")
def first_looks(request: Request, desk: OurDesk, find: Text = "", page: Number = 1) -> HTMLResponse:
    found = [
        (practice_id, path.parent.name, has_screen(place, practice_id, path.parent.name))
        for practice_id, place in desk.data.first_looks().items()
        if find.casefold() in practice_id
        for path in sorted(place.root.glob(f"reports/*/{practice_id}.pdf"), reverse=True)
    ]
    pager = shell.pager(request, found, page, shell.ROWS_A_PAGE)
    return shell.page(request, "first-looks", "First looks", find=find, pager=pager)


@routes.get("/first-looks/{practice_id}/{month}/pdf")
def first_pdf(request: Request, desk: OurDesk, practice_id: str, month: str) -> Response:
    practice, name = desk.practices().get(practice_id), month_name(parse_month(month))
    return pdf_of(request, desk.data.first_look(practice.id), practice.id, name, f"Trigger onboard for {practice.id}")


@routes.get("/first-looks/{practice_id}/{month}/screen")
def first_screen(desk: OurDesk, practice_id: str, month: str) -> Response:
    practice, name = desk.practices().get(practice_id), month_name(parse_month(month))
    return screen_of(desk.data.first_look(practice.id), practice.id, name, f"Trigger onboard for {practice.id}")
