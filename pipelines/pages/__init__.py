"""The Reports pages: what an operator wants to look at, as plain pages without script.

A page is made on the server from the data directory, read-only, and holds no text of a review and no reviewer's name.
Who may look is the caller's to say (`allowed`); it holds for every address here. One thing alone can be changed: that
something urgent was looked at.

Each entry of the list above the pages is a module with its addresses. `desk` is what they all read from, `shell` what
surrounds every page: its frame, its rules for the browser, and errors as pages.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from fastapi.params import Depends as Dependency

from pipelines.landing import DataDir
from pipelines.pages import explained, first_looks, keys, ledger, nights, reports, shell, urgent
from pipelines.pages.desk import Desk
from pipelines.settings import Settings


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
    app.state.desk = Desk(
        settings=settings,
        data=DataDir(settings.data_dir),
        today=today or (lambda: dt.datetime.now(ZoneInfo(settings.time_zone)).date()),
        may_acknowledge=person is not None,
    )
    for place in (reports, urgent, first_looks, nights, keys, ledger, explained, shell):
        app.include_router(place.routes)
    if person is not None:
        app.include_router(urgent.acknowledging(person))
    shell.surround(app)
    return app
