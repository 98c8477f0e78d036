"""
### Add a practice

Trigger it: the form is the practice's block in practices.toml (`practices.sample.toml` explains every field). The whole
file is read with the new block in it before a byte is written; what stands there stays as it is. Then trigger `onboard`.

| red box | means | do |
|---|---|---|
| add | the practice is there already, or a field cannot be; nothing was written | the log names the field: trigger again with the other value |

A box that is green must not be cleared without need: the practice is there, and adding it again is refused. Nothing is
broken by it.
"""

import pendulum
from airflow.sdk import DAG, Param, get_current_context, task
from wiring import LINES, PRACTICE, SourceRetry, time_zone

LISTINGS = (
    "One a line, FIELD=VALUE: google_business.location=accounts/1/locations/2. Several values: semicolons between. "
    "May be empty."
)

with DAG(
    "add_practice",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz=time_zone()),
    catchup=False,
    max_active_runs=1,
    params={
        "practice": PRACTICE,
        "name": Param(type="string", minLength=1, maxLength=300, title="Name", description="As its owner writes it"),
        "time_zone": Param("UTC", type="string", title="Time zone", description="Like America/Chicago"),
        "kind": Param("dental", enum=["dental", "medical"], title="Kind"),
        "paper": Param("letter", enum=["letter", "a4"], title="Paper"),
        "recipients": Param(
            None, **LINES, title="Recipients", description="Mail addresses, one a line; empty: nobody yet"
        ),
        "contact": Param(
            None,
            type=["null", "string"],
            title="Contact for what cannot wait",
            description="A mail address; may be empty",
        ),
        "listings": Param(None, **LINES, title="Listings", description=LISTINGS),
    },
    default_args={"retries": 0, "retry_policy": SourceRetry()},
    doc_md=__doc__,
    tags=["rapport"],
):

    @task
    def add() -> str:
        from pipelines.enrol import add_practices, from_form
        from pipelines.settings import load_settings

        [added] = add_practices(load_settings().practices_file, [from_form(get_current_context()["params"])])
        return added

    add()
