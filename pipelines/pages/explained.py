"""Explain a figure: its value, its SQL, its rows and their pages, as on the command line."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from pipelines.explain import explain, how_sure
from pipelines.pages import shell
from pipelines.pages.desk import Number, OurDesk, Text
from pipelines.periods import parse_month
from pipelines.warehouse import open_warehouse, rows
from pipelines.wording import long_month

routes = APIRouter()


@routes.get("/explain")
def explanation(
    desk: OurDesk,
    request: Request,
    practice: Text = "",
    month: Text = "",
    metric: Text = "",
    site: Text = "",
    page: Number = 1,
) -> HTMLResponse:
    with open_warehouse(desk.data) as connection:
        metrics = rows(connection, "select metric, title from reports.catalogue order by title")
        sites = rows(connection, "select distinct site from core.months order by site")
    asked = practice and month and metric
    found = explain(desk.data, practice, parse_month(month), metric, site or None) if asked else None
    return shell.page(
        request,
        "explain",
        f"{found.told['title']}, {practice}, {long_month(parse_month(month))}" if found else "Explain a figure",
        practice=practice,
        month=month,
        metric=metric,
        site=site,
        metrics=metrics,
        sites=[row["site"] for row in sites],
        practices=desk.practices().practice,
        found=found,
        how_sure=how_sure,
        pager=shell.pager(request, found.rows if found else (), page, shell.ROWS_A_PAGE),
    )
