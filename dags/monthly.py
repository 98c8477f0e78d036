"""
### Monthly: is the month complete, render, a person approves, send

Runs on the 2nd. Nothing is mailed before somebody opens *Required Action* on the task `approve`, looks at the PDFs
under `reports/` in the data directory, and presses Approve. Reject ends the run without mail.

| red box | means | do |
|---|---|---|
| gate | no practice has a night after the month's end | run the missing night, then clear |
| render | a PDF could not be made; others are there, nothing half-made is kept | the log names the practice and why |
| approve | nobody answered within five days, or somebody rejected | trigger the month again |
| send | the mail server refused; what was sent stays sent | clear: only what is left goes out. `uncertain` and `bounced` ones wait for you: `rapport send MONTH --list` |
| verdict | a report is not with its recipient: failed, uncertain, held, or the mail came back | the log names the practice and why; docs/operators.md, "Mail", says what to do about each |

To report another month: Trigger, and set `month`. A recipient who has this month's report gets no second version.
A correction is the DAG `restate`. Every box may be cleared at any time and in any order: nobody gets a report twice.
Operators are told of a red box once a cause, and when the month has not ended after six days.
"""

import datetime as dt
import os
from typing import Any

import pendulum
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, TriggerRule, get_current_context, task
from alerts import late_after, told
from wiring import REPORTS, TIME_ZONE, WAREHOUSE, SourceRetry, month_of, open_rapport

with DAG(
    "monthly",
    schedule=os.environ.get("RAPPORT_MONTHLY_SCHEDULE", "0 7 2 * *") or None,
    start_date=pendulum.datetime(2026, 1, 1, tz=TIME_ZONE),
    catchup=False,
    max_active_runs=1,
    params={
        "month": Param(
            None, type=["null", "string"], pattern=r"^\d{4}-(0[1-9]|1[0-2])$", title="Month", description="YYYY-MM"
        )
    },
    default_args={"retries": 2, "retry_delay": dt.timedelta(minutes=10), "retry_policy": SourceRetry(), **told()},
    # A day after the approval has run out.
    deadline=late_after("the month is late", dt.timedelta(days=6)),
    doc_md=__doc__,
    tags=["rapport"],
):

    @task
    def gate() -> list[str]:
        from pipelines.gate import month_readiness

        practices, data, _ = open_rapport()
        answers = month_readiness(month_of(get_current_context()), practices, data)
        for answer in answers:
            print(f"{answer.practice_id}: {'ready' if answer.ready else 'held, ' + answer.why}")
        return [answer.practice_id for answer in answers if answer.ready]

    @task(inlets=[WAREHOUSE], outlets=[REPORTS])
    def render(ready: Any) -> list[str]:
        from pipelines.render import render as render_reports

        practices, data, settings = open_rapport()
        month = month_of(get_current_context())
        made = render_reports(data, practices, month, workers=settings.workers, practice_ids=ready, say=print)
        return [one.practice_id for one in made]

    approve = ApprovalOperator(
        task_id="approve",
        subject="Send the monthly reports?",
        body="These reports are ready in the data directory. Look at them, then decide.\n\n"
        "{% for practice in ti.xcom_pull(task_ids='render') %}* {{ practice }}\n{% endfor %}",
        response_timeout=dt.timedelta(days=5),
        # An answer given within seconds of the question can cross the scheduler's own notice of it; ask again soon.
        retries=5,
        retry_delay=dt.timedelta(seconds=10),
    )

    # The verdict tells operators of every mail at once.
    @task(pool="mail", inlets=[REPORTS], on_failure_callback=[])
    def send(rendered: Any) -> int:
        from pipelines.gate import check_approval
        from pipelines.send import send as send_reports

        context = get_current_context()
        practices, data, settings = open_rapport()
        person = check_approval(context["ti"].xcom_pull(task_ids="approve"))
        print(f"approved by {person}")
        now = dt.datetime.now(dt.UTC)
        return len(send_reports(month_of(context), practices, data, settings, now, only=rendered, say=print))

    # Not after a Reject: then nothing went out because somebody said so.
    @task(trigger_rule=TriggerRule.NONE_SKIPPED, retries=0)
    def verdict() -> str:
        from pipelines.gate import month_verdict

        practices, data, _ = open_rapport()
        return month_verdict(month_of(get_current_context()), practices, data)

    rendered = render(gate())
    rendered >> approve >> send(rendered) >> verdict()
