"""Ledger: which mail went to whom in which state, and who decided so."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from pipelines.decisions import Decisions
from pipelines.ledger import Ledger
from pipelines.pages import shell
from pipelines.pages.desk import Number, OurDesk, Text, chosen_month
from pipelines.periods import month_name, parse_month
from pipelines.wording import long_month

routes = APIRouter()


@routes.get("/ledger")
def ledger(
    request: Request, desk: OurDesk, month: Text = "", state: Text = "", find: Text = "", page: Number = 1
) -> HTMLResponse:
    held = Ledger(desk.data.ledger) if desk.data.ledger.is_file() else None
    names = {*held.months(), *Decisions(desk.data.ledger).months()} if held else set()
    months = [parse_month(name) for name in sorted(names, reverse=True)]
    chosen = chosen_month(month, months, "ledger rows") if months or month else None
    found = held.rows(month_name(chosen)) if held and chosen else []
    fitting = [row for row in found if state in ("", row.state) and find.casefold() in _searched(row)]
    return shell.page(
        request,
        "ledger",
        f"Ledger of {long_month(chosen)}" if chosen else "Ledger",
        month=chosen,
        months=months,
        state=state,
        states=sorted({row.state for row in found}),
        find=find,
        pager=shell.pager(request, fitting, page, shell.ROWS_A_PAGE),
        decisions=desk.decisions(month_name(chosen)) if chosen else [],
    )


def _searched(row: Any) -> str:
    return f"{row.practice_id} {row.recipient}".casefold()
