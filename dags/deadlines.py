"""From when a deadline counts. Airflow's plugins name it too, so that whatever reads a stored DAG finds it."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from airflow.sdk.definitions.deadline import BaseDeadlineReference


class FirstQueued(BaseDeadlineReference):
    """The moment at which a run was queued; a run of a backfill waits for its turn as long as it takes.

    Airflow's own reference of that name counts anew when a box is cleared, and Airflow 3.3.2 fails at it, so that no box
    of a run with such a deadline can be cleared.
    """

    required_kwargs: ClassVar[set[str]] = {"dag_id", "run_id"}

    def _evaluate_with(self, *, session: Any, dag_id: str, run_id: str) -> dt.datetime | None:
        from airflow.models import DagRun
        from airflow.utils.types import DagRunType
        from sqlalchemy import select

        found: dt.datetime | None = session.scalar(
            select(DagRun.queued_at).where(
                DagRun.dag_id == dag_id, DagRun.run_id == run_id, DagRun.run_type != DagRunType.BACKFILL_JOB
            )
        )
        return found
