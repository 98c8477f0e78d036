"""The Reports pages inside Airflow: its login, its menu, and for whoever may see the runs of the DAG monthly.

Every process that runs a task loads the plugins, so nothing is imported here before somebody opens a page.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from airflow.plugins_manager import AirflowPlugin


class ReportsPages:
    """An ASGI application that becomes `pipelines.pages` on its first request."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from anyio.to_thread import run_sync

        app = await run_sync(_app)
        await app(scope, receive, send)


@cache
def _app() -> Any:
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


class RapportReports(AirflowPlugin):
    name = "rapport_reports"
    fastapi_apps = [{"app": ReportsPages(), "url_prefix": "/reports", "name": "Reports"}]  # noqa: RUF012, Airflow's form
    external_views = [  # noqa: RUF012, Airflow's form
        {"name": "Reports", "href": "/reports/", "destination": "nav", "category": "browse", "url_route": "reports"}
    ]
