"""
### Restate: one practice, one month, with a reason

A correction is a new version that says on page 1 what was changed. Trigger it with the practice, the month and one
sentence for the practice's owner, without any patient's words. Look at the PDF in *Browse → Reports*, then answer
*Required Action* on the task `approve`; the mail goes to everybody who has an earlier version. The answer's reason and
who gave it stand in the ledger, as a month's do.

| red box | means | do |
|---|---|---|
| begin | there is no report of this month yet, the practice or the sentence cannot be used | nothing was changed; trigger again with other words |
| render | the PDF could not be made; the version before still stands | the log says why; clear after mending |
| approve | nobody answered within five days | clear `approve`, or trigger again with the same sentence: it is still one version |
| release | the answer has no reason, or the PDF is not the one that was shown | nothing was sent. Clear `approve` and answer again, or clear `render`: it asks again |
| send | the mail server refused, or the PDF is not the one that was approved; what was sent stays sent | clear: only what is left goes out |

Reject ends the run without mail; the new PDF stays, and the recipients keep what they have. Every box may be cleared at
any time: the same sentence twice begins one version, and nobody gets a version twice.
"""

import datetime as dt

import pendulum
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, Param, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException
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
    def render() -> int:
        from pipelines.release import correction
        from pipelines.render import render as render_reports

        context = get_current_context()
        practices, data, _ = open_rapport()
        month, practice = month_of(context), context["params"]["practice"]
        [made] = render_reports(data, practices, month, practice_ids=[practice], say=print)
        context["ti"].xcom_push("shown", correction(month, practice, data)._asdict())
        return made.pages

    approve = HITLOperator(
        task_id="approve",
        subject="Send the corrected report of {{ params.practice }}, {{ params.month }}?",
        body="[Look at it](/reports/report/{{ params.practice }}/{{ params.month }}) first. "
        "It says: {{ params.reason }}",
        options=["Approve", "Reject"],
        params={"reason": Param("", type="string", maxLength=250, title="Reason", description="Kept in the ledger")},
        response_timeout=dt.timedelta(days=5),
        # As in the DAG monthly: an answer that crosses the scheduler's notice is asked for again.
        retries=5,
        retry_delay=dt.timedelta(seconds=10),
    )

    @task(retries=0)
    def release() -> str:
        from pipelines.decisions import Decisions
        from pipelines.release import Correction, correction, decide_correction

        context = get_current_context()
        _, data, _ = open_rapport()
        month, ti = month_of(context), context["ti"]
        was_shown = Correction(**ti.xcom_pull(task_ids="render", key="shown"))
        stands = correction(month, was_shown.practice_id, data)
        answer = ti.xcom_pull(task_ids="approve")
        decision = decide_correction(month, was_shown, stands, answer, dt.datetime.now(dt.UTC))
        Decisions(data.ledger).add(decision)
        print(f"{decision.person}: {decision.choice}")
        if not decision.released:
            raise AirflowSkipException("nothing goes out")
        return decision.choice

    @task(pool="mail")
    def send() -> int:
        from pipelines.send import send as send_reports

        context = get_current_context()
        practices, data, settings = open_rapport()
        month, chosen = month_of(context), [context["params"]["practice"]]
        now = dt.datetime.now(dt.UTC)
        return len(send_reports(month, practices, data, settings, now, only=chosen, restate=True, say=print))

    begin() >> render() >> approve >> release() >> send()
