"""
### Onboard: a first look at a new practice

Trigger it with the id of a practice that stands in practices.toml (`rapport practices add`, or the DAG `add_practice`).
It tries every listing and key, pulls the practice's history as far as the day's requests go, and makes a report of the
last whole month **for you only**: everything lies in `onboarding/` of the data directory, and nothing of it is ever sent.
*Browse → Reports → First looks* has the PDF. The next night pulls the practice with all others.

| red box | means | do |
|---|---|---|
| check | a listing or key does not work, or the nights would no longer fit a quota; the log names each | mend it, clear `check` |
| a source | its site is down (it is retried), its key is bad, or the day's requests are used up | read the last line of the log; mend it, or clear the box tomorrow |
| score, build | a model or a check refused; the warehouse of all practices is not touched | the log names the record or the check; clear after mending |
| report | nothing is known of the last month, or the PDF could not be made | the log says why; clear after mending |
| verdict | a platform is missing from the first look, named | mend it, then clear the failed tasks of this run |

Every box may be cleared at any time and in any order.
"""

import datetime as dt

import pendulum
from airflow.sdk import DAG, Param, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException
from alerts import told
from wiring import PRACTICE, SOURCES, SourceRetry, first_look_of, night_of, open_rapport, pool_of, time_zone

with DAG(
    "onboard",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz=time_zone()),
    catchup=False,
    max_active_runs=1,
    params={
        "practice": PRACTICE,
        "night": Param(None, type=["null", "string"], format="date", title="Night", description="YYYY-MM-DD; today"),
    },
    default_args={"retries": 2, "retry_delay": dt.timedelta(minutes=10), "retry_policy": SourceRetry(), **told()},
    doc_md=__doc__,
    tags=["rapport"],
):

    @task
    def check() -> list[str]:
        from pipelines.onboard import check_practice

        practices, data, settings = open_rapport()
        practice = get_current_context()["params"]["practice"]
        return check_practice(practice, practices, data, settings, say=print)

    @task
    def pull(name: str) -> None:
        from pipelines.onboard import pull_first

        context = get_current_context()
        practices, data, settings = open_rapport()
        practice, night = context["params"]["practice"], night_of(context)
        if left_out := pull_first(name, practice, night, practices, data, settings, say=print):
            raise AirflowSkipException(f"{name}: {left_out}")

    # Airflow's rule for "one at least" skips this as soon as a platform that is not used was skipped.
    @task(trigger_rule=TriggerRule.ALL_DONE)
    def score() -> int:
        from pipelines.score import score_night

        context = get_current_context()
        return score_night(night_of(context), *first_look_of(context), say=print)

    @task
    def build() -> str:
        from pipelines.build import build as build_warehouse

        alone, place = first_look_of(get_current_context())
        return str(build_warehouse(place, alone, None, print).inputs_id)

    @task
    def report() -> str:
        from pipelines.onboard import first_report

        context = get_current_context()
        practices, data, _ = open_rapport()
        made = first_report(context["params"]["practice"], night_of(context), practices, data, say=print)
        return str(data.relative(made.pdf))

    @task(trigger_rule=TriggerRule.ALL_DONE, retries=0)
    def verdict() -> str:
        from pipelines.gate import night_verdict

        context = get_current_context()
        return night_verdict(night_of(context), *first_look_of(context))

    pulls = [pull.override(task_id=source, pool=pool_of(source))(source) for source in SOURCES]
    check() >> pulls >> score() >> build() >> [report(), verdict()]
