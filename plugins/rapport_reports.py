"""What Airflow's API server serves of ours: the Reports pages, and beside them what recipients reach from outside.

The pages have its login, its menu, and are for whoever may see the runs of the DAG monthly. Unsubscribing and fetching
a linked report need no login: the token in the address is all that is asked for.

Every process that runs a task loads the plugins, so nothing is imported here before somebody opens a page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin
from deadlines import FirstQueued


class OnFirstRequest:
    """An ASGI application that is made when somebody asks for it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from anyio.to_thread import run_sync

        app = await run_sync(lambda: self._app)
        await app(scope, receive, send)

    @cached_property
    def _app(self) -> Any:
        return self._make()


def _pages() -> Any:
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
    from fastapi import Depends

    from pipelines.pages import reports_app
    from pipelines.settings import load_settings

    may_see_runs = requires_access_dag("GET", DagAccessEntity.RUN, param_dag_id="monthly")
    may_start_runs = requires_access_dag("POST", DagAccessEntity.RUN, param_dag_id="monthly")

    def person(user: GetUserDep, _: None = Depends(may_start_runs)) -> str:
        return user.get_name()

    # Written out: under postponed annotations FastAPI would look for a name that is known in here only.
    person.__annotations__["user"] = GetUserDep
    return reports_app(load_settings(), allowed=[Depends(may_see_runs)], person=person)


def _public() -> Any:
    import datetime as dt

    from pipelines.landing import DataDir
    from pipelines.settings import load_settings
    from pipelines.unsubscribe import public_app

    return public_app(DataDir(load_settings().data_dir), lambda: dt.datetime.now(dt.UTC))


class RapportReports(AirflowPlugin):
    name = "rapport_reports"
    deadline_references = [FirstQueued]  # noqa: RUF012, Airflow's form
    fastapi_apps = [  # noqa: RUF012, Airflow's form
        {"app": OnFirstRequest(_pages), "url_prefix": "/reports", "name": "Reports"},
        {"app": OnFirstRequest(_public), "url_prefix": "/rapport", "name": "For recipients"},
    ]
    external_views = [  # noqa: RUF012, Airflow's form
        {"name": "Reports", "href": "/reports/", "destination": "nav", "category": "browse", "url_route": "reports"}
    ]
