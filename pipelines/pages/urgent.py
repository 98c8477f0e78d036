"""Urgent: what must not wait for the month, and that somebody has looked at it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from pipelines.pages import shell
from pipelines.pages.desk import Number, OurDesk, Text
from pipelines.periods import parse_month
from pipelines.urgent import Causes

routes = APIRouter()


@routes.get("/urgent")
def urgent(request: Request, desk: OurDesk, month: Text = "", find: Text = "", page: Number = 1) -> HTMLResponse:
    held = desk.causes()
    if month:
        parse_month(month)
    fitting = [one for one in held if find.casefold() in one.practice_id and month in ("", one.month)]
    return shell.page(
        request,
        "urgent",
        "Urgent",
        find=find,
        month=month,
        months=sorted({one.month for one in held} | {month} - {""}, reverse=True),
        waiting=sum(cause.seen_at is None for cause in held),
        pager=shell.pager(request, fitting, page, shell.ROWS_A_PAGE),
        may_acknowledge=desk.may_acknowledge,
    )


def acknowledging(person: Callable[..., str]) -> APIRouter:
    """Return the address to which a person says that something was looked at; `person` gives a name or refuses."""
    address = APIRouter()

    @address.post("/urgent/{number}", dependencies=[Depends(_from_our_own_page)])
    def acknowledge(request: Request, desk: OurDesk, number: int, who: str = Depends(person)) -> Response:
        now = dt.datetime.now(ZoneInfo(desk.settings.time_zone)).isoformat(timespec="minutes")
        Causes(desk.data.urgent).acknowledge(number, who, now)
        return RedirectResponse(f"{request.scope.get('root_path', '')}/urgent", status_code=303)

    return address


def _from_our_own_page(request: Request) -> None:
    """Refuse a form that another site has sent: Airflow's cookie would come with it, and Airflow does not look."""
    if request.headers.get("sec-fetch-site") != "same-origin":
        raise HTTPException(403)
