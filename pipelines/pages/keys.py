"""Keys and quotas: what each source may still ask for, and which keys end soon."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from pipelines import standing
from pipelines.pages import shell
from pipelines.pages.desk import Number, OurDesk, Text

routes = APIRouter()


@routes.get("/keys")
def keys(request: Request, desk: OurDesk, find: Text = "", page: Number = 1) -> HTMLResponse:
    found = standing.keys(desk.data, desk.practices(), desk.settings, desk.today())
    fitting = [key for key in found if find.casefold() in f"{key.source} {key.variable}".casefold()]
    return shell.page(
        request,
        "keys",
        "Keys and quotas",
        find=find,
        ending=sum(key.ends_soon for key in found),
        pager=shell.pager(request, fitting, page, shell.ROWS_A_PAGE),
        today=desk.today(),
    )
