"""Nights: which sources were read in which night; and what was set aside when it was read."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from pipelines import standing
from pipelines.pages import shell
from pipelines.pages.desk import Number, OurDesk, Text, chosen_month
from pipelines.periods import last_day
from pipelines.sources import load_source, source_names
from pipelines.wording import long_month

routes = APIRouter()


@routes.get("/nights")
def nights(request: Request, desk: OurDesk, month: Text = "", find: Text = "", page: Number = 1) -> HTMLResponse:
    held = standing.months_of(desk.data, "completeness")
    chosen = chosen_month(month, held, "nights")
    cells, gaps = standing.nights(desk.data, chosen)
    days = [chosen + dt.timedelta(days=n) for n in range(last_day(chosen).day)]
    return shell.page(
        request,
        "nights",
        f"Nights of {long_month(chosen)}",
        month=chosen,
        months=held,
        days=days,
        cells=cells,
        sources=[(name, load_source(name).SOURCE.title) for name in _seen(cells)],
        find=find,
        pager=shell.pager(
            request,
            [gap for gap in gaps if find.casefold() in f"{gap.source} {gap.status} {gap.why}".casefold()],
            page,
            shell.ROWS_A_PAGE,
        ),
        totals={name: sum(getattr(cell, name) for cell in cells.values()) for name in ("whole", "failed", "skipped")},
    )


@routes.get("/set-aside")
def set_aside(request: Request, desk: OurDesk, month: Text = "", find: Text = "", page: Number = 1) -> HTMLResponse:
    held = standing.months_of(desk.data, "set_aside")
    chosen = chosen_month(month, held, "set-aside") if held else desk.today().replace(day=1)
    found = standing.left_over(desk.data, chosen)
    return shell.page(
        request,
        "set-aside",
        f"Set aside in {long_month(chosen)}",
        month=chosen,
        months=held,
        find=find,
        pager=shell.pager(
            request,
            [one for one in found if find.casefold() in f"{one.source} {one.practice_id} {one.reason}".casefold()],
            page,
            shell.ROWS_A_PAGE,
        ),
        records=sum(one.records for one in found),
    )


def _seen(cells: dict[tuple[str, dt.date], standing.Night]) -> list[str]:
    there = {source for source, _ in cells}
    return [name for name in source_names() if name in there]
