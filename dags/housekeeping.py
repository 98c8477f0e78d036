"""
### Housekeeping: delete what may no longer be kept, read which mails came back

Runs at 05:00. Each source's terms say how long texts, names and derived data may be kept
(`pipelines/sources/`, field `policy`); whole files are deleted, because nothing less erases. Reports go after
`RAPPORT_REPORT_MONTHS` (25); the ledger says for good who had them. The warehouse holds
neither text nor names, and is built anew every night from the features that are left.

| red box | means | do |
|---|---|---|
| purge | a file could not be deleted; a day without it is a day on which something is kept too long | the log names the file: make it deletable, then clear |
| bounces | a mail came back since the day before and its recipient gets no more, or a file in `bounces/` could not be read | the log names the practice or the file; docs/operators.md, "Mail", says what to do. It is green again the next day |

Nothing else depends on this DAG. Both boxes may be cleared at any time: what is gone is gone, what is known is known.
"""

import datetime as dt
import os

import pendulum
from airflow.sdk import DAG, Param, get_current_context, task
from alerts import told
from wiring import SourceRetry, night_of, open_rapport, time_zone

with DAG(
    "housekeeping",
    schedule=os.environ.get("RAPPORT_HOUSEKEEPING_SCHEDULE", "0 5 * * *") or None,
    start_date=pendulum.datetime(2026, 1, 1, tz=time_zone()),
    catchup=False,
    max_active_runs=1,
    params={"night": Param(None, type=["null", "string"], format="date", title="Today", description="YYYY-MM-DD")},
    default_args={"retries": 2, "retry_delay": dt.timedelta(minutes=10), "retry_policy": SourceRetry(), **told()},
    doc_md=__doc__,
    tags=["rapport"],
):

    @task
    def purge() -> int:
        from pipelines.purge import purge as delete_expired

        _, data, settings = open_rapport()
        today = night_of(get_current_context())
        places = [data, *data.first_looks().values()]
        return sum(len(delete_expired(today, place, settings, say=print)) for place in places)

    @task(retries=0)
    def bounces() -> int:
        from pipelines.bounces import check_bounces

        _, data, _ = open_rapport()
        return check_bounces(data, dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))

    purge()
    bounces()
