"""
### Monthly: is the month complete, render, check, a person approves, send

Runs on the 2nd. Nothing is mailed before somebody answers *Required Action* on the task `approve`. It says how many
reports passed every gate, which are held back and why, and links to each PDF. *All that passed* sends those, *Some*
leaves out the practices that you name and sends held ones that you name, *None* sends nothing. A reason is asked for
and stands in the ledger, with who decided (*Browse → Reports → Ledger*).

The gates: every source was read; the counts of reviews did not jump; the PDF is there, with 2 to 6 pages; nothing
urgent waits for somebody to look. With `RAPPORT_AUTO_RELEASE=true` nobody is asked if every report passes them all.

| red box | means | do |
|---|---|---|
| gate | no practice has a night after the month's end | run the missing night, then clear |
| render | no PDF at all could be made; where only some could not, those are held | the log names the practice and why; clear after mending |
| check | the warehouse cannot be read | run `nightly`, then clear |
| approve | nobody answered within five days | clear `approve`: it asks again |
| release | the answer names a practice that was not shown, contradicts itself or has no reason; or a PDF is not the one that was shown | nothing was sent. The log says which: clear `approve` and answer again, or clear `check` |
| send | the mail server refused; what was sent stays sent | clear: only what is left goes out. `uncertain` and `bounced` ones wait for you: `rapport send MONTH --list` |
| verdict | a report is not with its recipient, and nobody kept it back: failed, uncertain, held, or the mail came back | the log names the practice and why; docs/operators.md, "Mail", says what to do about each |

To report another month, or to send what was kept back: Trigger, and set `month`. A backfill with *Month* left empty
reports the month before each 2nd in its range: 2 to 3 November is October. It asks about what is not out yet. A
recipient who has this month's report gets no second version. A correction is the DAG `restate`. Every box may be
cleared at any time and in any order: nobody gets a report twice.
Operators are told of a red box once a cause, and when the month has not ended after six days.
"""

import datetime as dt
import os
from typing import Any

import pendulum
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, Param, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException
from alerts import late_after, told
from wiring import LINES, MONTH, REPORTS, WAREHOUSE, SourceRetry, month_of, open_rapport, time_zone

with DAG(
    "monthly",
    schedule=os.environ.get("RAPPORT_MONTHLY_SCHEDULE", "0 7 2 * *") or None,
    start_date=pendulum.datetime(2026, 1, 1, tz=time_zone()),
    catchup=False,
    max_active_runs=1,
    params={
        "month": Param(
            None, type=["null", "string"], pattern=r"^\d{4}-(0[1-9]|1[0-2])$", title="Month", description=MONTH
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
        return [answer.practice_id for answer in answers if answer.known]

    @task(inlets=[WAREHOUSE], outlets=[REPORTS])
    def render(known: Any) -> dict[str, str]:
        from pipelines.errors import SeveralFailed
        from pipelines.render import render as render_reports

        practices, data, settings = open_rapport()
        month = month_of(get_current_context())
        try:
            render_reports(data, practices, month, workers=settings.workers, practice_ids=known, say=print)
        except SeveralFailed as error:
            if len(error.failures) == len(known):
                raise
            # One report that cannot be made holds itself back, and nobody else's.
            return {failure.where: failure.what for failure in error.failures}
        return {}

    @task.branch
    def check(failed: Any) -> str:
        from pipelines.release import check_reports, question, shown

        context = get_current_context()
        practices, data, settings = open_rapport()
        month = month_of(context)
        checked = check_reports(month, practices.practice, data, failed)
        held = sum(bool(one.held) for one in checked)
        print(f"{len(checked)} reports wait to be sent: {len(checked) - held} passed every gate, {held} are held")
        if not checked:
            return "verdict"
        context["ti"].xcom_push("shown", shown(checked)._asdict())
        if settings.auto_release and not held:
            print("nobody is asked: RAPPORT_AUTO_RELEASE is set, and every gate passed")
            return "release"
        context["ti"].xcom_push("question", question(month, checked))
        return "approve"

    approve = HITLOperator(
        task_id="approve",
        subject="Send the monthly reports?",
        body="{{ ti.xcom_pull(task_ids='check', key='question') }}",
        options=["All that passed", "Some", "None"],
        params={
            "leave_out": Param(None, **LINES, title="Some: leave out", description="Ids of practices, one a line"),
            "held_too": Param(None, **LINES, title="Some: send though held", description="Ids, one a line"),
            "reason": Param("", type="string", maxLength=500, title="Reason", description="Kept in the ledger"),
        },
        response_timeout=dt.timedelta(days=5),
        # An answer given within seconds of the question can cross the scheduler's own notice of it; ask again soon.
        retries=5,
        retry_delay=dt.timedelta(seconds=10),
    )

    # Where nobody had to be asked `approve` is skipped.
    @task(trigger_rule=TriggerRule.NONE_FAILED, retries=0)
    def release(failed: Any) -> list[str]:
        from pipelines.decisions import Decisions
        from pipelines.release import Shown, check_reports, decide

        context = get_current_context()
        practices, data, settings = open_rapport()
        month, ti = month_of(context), context["ti"]
        decision = decide(
            month,
            Shown(**ti.xcom_pull(task_ids="check", key="shown")),
            check_reports(month, practices.practice, data, failed),
            ti.xcom_pull(task_ids="approve"),
            dt.datetime.now(dt.UTC),
            auto_release=settings.auto_release,
        )
        Decisions(data.ledger).add(decision)
        print(f"{decision.person}: {len(decision.released)} go out, {len(decision.kept_back)} are kept back")
        if not decision.released:
            raise AirflowSkipException("nothing goes out")
        return list(decision.released)

    # The verdict tells operators of every mail at once.
    @task(pool="mail", inlets=[REPORTS], on_failure_callback=[])
    def send(released: Any) -> int:
        from pipelines.send import send as send_reports

        context = get_current_context()
        practices, data, settings = open_rapport()
        now = dt.datetime.now(dt.UTC)
        return len(send_reports(month_of(context), practices, data, settings, now, only=released, say=print))

    @task(trigger_rule=TriggerRule.ALL_DONE, retries=0)
    def verdict() -> str:
        from pipelines.gate import month_verdict

        practices, data, _ = open_rapport()
        return month_verdict(month_of(get_current_context()), practices, data)

    failed = render(gate())
    checked, released, judged = check(failed), release(failed), verdict()
    checked >> approve >> released
    checked >> [released, judged]
    send(released) >> judged
