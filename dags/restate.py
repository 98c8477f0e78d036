"""
### Restate: one practice, one month, with a reason

A correction is a new version that says on page 1 what was changed. Trigger it with the practice, the month and one
sentence for the practice's owner, without any patient's words. Look at the PDF in *Browse → Reports*, then answer
*Required Action* on the task `approve`; the mail goes to everybody who has an earlier version.

| red box | means | do |
|---|---|---|
| begin | there is no report of this month yet, the practice or the sentence cannot be used | nothing was changed; trigger again with other words |
| render | the PDF could not be made; the version before still stands | the log says why; clear after mending |
| approve | nobody answered within five days | clear `approve`, or trigger again with the same sentence: it is still one version |
| send | the mail server refused, or the PDF is not the one that was approved; what was sent stays sent | clear: only what is left goes out; where the PDF is another, clear `render`, and it asks again |

Reject ends the run without mail; the new PDF stays, and the recipients keep what they have. Every box may be cleared at
any time: the same sentence twice begins one version, and nobody gets a version twice.
"""

import datetime as dt
from typing import Any

import pendulum
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, get_current_context, task
from alerts import told
from wiring import PRACTICE, REPORTS, SourceRetry, month_of, open_rapport, time_zone

with DAG(
    "restate",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz=time_zone()),
    catchup=False,
    max_active_runs=1,
    params={
        "practice": PRACTICE,
        "month": Param(type="string", pattern=r"^\d{4}-(0[1-9]|1[0-2])$", title="Month", description="YYYY-MM"),
        "reason": Param(
            type="string",
            minLength=1,
            maxLength=200,
            title="What was changed",
            description="One sentence that the owner reads on page 1. No patient's words, no names.",
        ),
    },
    default_args={"retries": 2, "retry_delay": dt.timedelta(minutes=10), "retry_policy": SourceRetry(), **told()},
    doc_md=__doc__,
    tags=["rapport"],
):

    @task
    def begin() -> int:
        from pipelines.restate import restate

        context = get_current_context()
        practices, data, _ = open_rapport()
        practice = practices.get(context["params"]["practice"])
        return restate(data, month_of(context), practice.id, context["params"]["reason"])

    @task(outlets=[REPORTS])
    def render() -> str:
        import hashlib

        from pipelines.render import render as render_reports

        context = get_current_context()
        practices, data, _ = open_rapport()
        chosen = [context["params"]["practice"]]
        [made] = render_reports(data, practices, month_of(context), practice_ids=chosen, say=print)
        return hashlib.sha256(made.pdf.read_bytes()).hexdigest()

    approve = ApprovalOperator(
        task_id="approve",
        subject="Send the corrected report of {{ params.practice }}, {{ params.month }}?",
        body="[Look at it](/reports/report/{{ params.practice }}/{{ params.month }}) first. "
        "It says: {{ params.reason }}",
        response_timeout=dt.timedelta(days=5),
        # As in the DAG monthly: an answer that crosses the scheduler's notice is asked for again.
        retries=5,
        retry_delay=dt.timedelta(seconds=10),
    )

    @task(pool="mail")
    def send(rendered: Any) -> int:
        from pipelines.decisions import Decisions
        from pipelines.gate import approval
        from pipelines.send import send as send_reports

        context = get_current_context()
        practices, data, settings = open_rapport()
        month, chosen = month_of(context), [context["params"]["practice"]]
        now = dt.datetime.now(dt.UTC)
        digests = dict.fromkeys(chosen, rendered)
        answer = context["ti"].xcom_pull(task_ids="approve")
        decision = approval(answer, month, digests, context["params"]["reason"], now)
        Decisions(data.ledger).add(decision)
        print(f"approved by {decision.person}")
        return len(send_reports(month, practices, data, settings, now, only=chosen, restate=True, say=print))

    rendered = render()
    begin() >> rendered >> approve >> send(rendered)
