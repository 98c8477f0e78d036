"""
### Nightly: pull, read, score, build

Runs at 02:30 and pulls everything that is new since the night before. The night of 1 November is the first that
sees all of October. Every box may be run again at any time: what is done stays done.

Each source has a box of its own, which pulls and reads it. A source that no practice uses, or whose key is not there yet, is skipped, and its log says why.

| red box | means | do |
|---|---|---|
| a source | a site is down (it is retried with the site's own delay); a key is bad, a site changed its answers, or an export does not fit its description (no try helps; the page is kept) | read the last line of the log: it names each practice and what to do. Mend it, clear the box; what is there is not asked for again |
| score | a model failed on a record, whose id is named | clear after mending |
| build | a check refused; the warehouse of the night before still stands | the log names the check and how to see its rows |
| urgent | a mail of what cannot wait was not taken, or may not have arrived; the log names the practice | what was sent stays sent: clear `urgent` when the mail server is well; *Browse → Reports → Urgent* has what waits |
| verdict | something above is missing, named; all the rest is in the warehouse | mend, then clear the failed tasks of this run |

To run a past night again: Trigger, and set `night`. For many, *Trigger → Backfill*: from the first night to the day after
the last, with *Night* left empty. A site tells what it shows today. Tonight's run waits for each source behind theirs, so
make long ones in the morning; no deadline is told of them.

Every box may be cleared at any time and in any order, and any night be run, alone or beside others: what is done stays
done, and of a night whose texts have expired the figures stay as they are.

Operators are told by mail or by Airflow's other notifiers (docs/operators.md, "Alerts"), once a cause; also when the
night has not ended after five hours.
"""

import datetime as dt
import os
from typing import Any

import pendulum
from airflow.sdk import DAG, Param, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException
from alerts import late_after, told
from wiring import NIGHT, SOURCES, WAREHOUSE, SourceRetry, night_of, open_rapport, pool_of, time_zone

with DAG(
    "nightly",
    schedule=os.environ.get("RAPPORT_NIGHTLY_SCHEDULE", "30 2 * * *") or None,
    start_date=pendulum.datetime(2026, 1, 1, tz=time_zone()),
    catchup=False,
    max_active_runs=1,
    params={"night": Param(None, type=["null", "string"], format="date", title="Night", description=NIGHT)},
    default_args={"retries": 3, "retry_delay": dt.timedelta(minutes=10), "retry_policy": SourceRetry(), **told()},
    # Five hours after half past two people come to work.
    deadline=late_after("the night is late", dt.timedelta(hours=5)),
    doc_md=__doc__,
    tags=["rapport"],
):

    @task
    def pull(name: str) -> int:
        from pipelines.errors import RapportError, SeveralFailed
        from pipelines.fetch import fetch
        from pipelines.read import read

        practices, data, settings = open_rapport()
        night = night_of(get_current_context())
        failed: list[RapportError] = []
        left_out, records = "", 0
        try:
            pulled = fetch(name, night, practices, data, settings, say=print)
            left_out = "" if pulled.whole else pulled.why
        except SeveralFailed as error:
            failed += error.failures
        # What came is read even where some visits failed; their rows say so.
        try:
            records = read(name, night, practices, data, say=print).records
        except SeveralFailed as error:
            failed += error.failures
        if failed:
            raise SeveralFailed(
                f"{len(failed)} could not be pulled or read:",
                failed,
                where=f"{name}, night {night}",
                next_step="The others are kept. Mend the cause and clear this box: what is there is not asked for again",
            )
        if left_out:
            raise AirflowSkipException(f"{name}: {left_out}")
        return records

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def score() -> int:
        from pipelines.score import score_night

        practices, data, _ = open_rapport()
        return score_night(night_of(get_current_context()), practices, data, say=print)

    @task(pool="warehouse", outlets=[WAREHOUSE])
    def build() -> str:
        from pipelines.build import build as build_warehouse

        practices, data, _ = open_rapport()
        # Two nights of a backfill run at once, and so does tonight beside them.
        return str(build_warehouse(data, practices, None, print, others_run=True).inputs_id)

    @task(pool="mail", inlets=[WAREHOUSE])
    def urgent() -> int:
        from pipelines.urgent import tell_urgent

        practices, data, settings = open_rapport()
        return tell_urgent(practices, data, settings, dt.datetime.now(time_zone()), say=print)

    @task(trigger_rule=TriggerRule.ALL_DONE, retries=0)
    def verdict() -> str:
        from pipelines.gate import night_verdict

        practices, data, _ = open_rapport()
        return night_verdict(night_of(get_current_context()), practices, data)

    # The verdict tells operators of every source at once.
    quietly: dict[str, list[Any]] = {"on_failure_callback": [], "on_success_callback": []}
    pulls = [pull.override(task_id=source, pool=pool_of(source), **quietly)(source) for source in SOURCES]
    pulls >> score() >> build() >> [urgent(), verdict()]
