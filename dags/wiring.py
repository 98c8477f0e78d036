"""What the DAGs share: which night and month a run is about, when to retry, and keys out of connections."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import pendulum
from airflow.sdk import Asset, Param, RetryDecision, RetryPolicy

LONGEST_DELAY = dt.timedelta(hours=1)
# The folder is the registry. Names only: a module is imported inside its task.
SOURCES = sorted(path.stem for path in (Path(__file__).parent.parent / "pipelines" / "sources").glob("[!_]*.py"))
WAREHOUSE, REPORTS = Asset("rapport://warehouse/"), Asset("rapport://reports/")
PRACTICE = Param(
    type="string",
    pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
    maxLength=60,
    title="Practice",
    description="Its id in practices.toml: small letters, digits and hyphens, like oak-street",
)
NIGHT = "YYYY-MM-DD; empty: the day for which the run was due, in a backfill each its own"
MONTH = "YYYY-MM; empty: the month before the one in which the run was due, in a backfill each its own"
# Null where the field stays empty: Airflow's form takes every other type for one that must be filled in.
LINES: dict[str, Any] = {"type": ["null", "array"], "items": {"type": "string"}}


class SourceRetry(RetryPolicy):
    """A site that is down is tried again, after the delay it asked for; a bad key or a changed shape is not."""

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        from pipelines.errors import RapportError, SeveralFailed, SiteDown

        if isinstance(exception, SiteDown) or (isinstance(exception, SeveralFailed) and exception.can_recover):
            asked = exception.retry_after_seconds
            if asked is None:
                return RetryDecision.default()
            return RetryDecision.retry(
                delay=min(dt.timedelta(seconds=asked), LONGEST_DELAY), reason=f"asked to wait {asked:.0f} s"
            )
        if isinstance(exception, RapportError):
            return RetryDecision.fail(reason=f"{type(exception).__name__}: another try cannot help")
        return RetryDecision.default()


def time_zone() -> pendulum.Timezone:
    """The zone in which a run's night is counted: `RAPPORT_TIME_ZONE`, else UTC."""
    return pendulum.timezone(os.environ.get("RAPPORT_TIME_ZONE", "UTC"))


def night_of(context: Any) -> dt.date:
    """The run's `night` parameter, else the local date on which the run was due."""
    from pipelines.periods import parse_night

    given = context["params"].get("night")
    if given:
        return parse_night(given)
    due = context["dag_run"].logical_date or context["dag_run"].run_after
    return dt.datetime.date(due.astimezone(time_zone()))


def month_of(context: Any) -> dt.date:
    """The run's `month` parameter, else the month before the one in which the run was due."""
    from pipelines.periods import add_months, parse_month

    given = context["params"].get("month")
    return parse_month(given) if given else add_months(night_of(context).replace(day=1), -1)


def month_at_stake(context: Any) -> dt.date:
    """The month whose report a run is about; of a night, the month that it ends or is in."""
    if context["dag_run"].dag_id in ("monthly", "restate"):
        return month_of(context)
    return (night_of(context) - dt.timedelta(days=1)).replace(day=1)


def about_of(context: Any) -> str:
    """What a run is about as text that can be ordered: its month, or its night."""
    if context["dag_run"].dag_id in ("monthly", "restate"):
        return f"{month_of(context):%Y-%m}"
    return night_of(context).isoformat()


def pool_of(source: str) -> str:
    """The pool of one slot in which a source is asked, so that no two DAGs share its pace."""
    return f"source_{source}"


def first_look_of(context: Any) -> tuple[Any, Any]:
    """Return (the practice by itself, its own data directory) of a run of the DAG onboard."""
    practices, data, _ = open_rapport()
    name = context["params"]["practice"]
    return practices.alone(name), data.first_look(name)


def open_rapport() -> tuple[Any, Any, Any]:
    """Return (practices, data directory, settings), with keys and the mail server taken from connections."""
    from pipelines.practices import load_practices

    data, settings = open_settings()
    practices = load_practices(settings.practices_file)
    for source, name in practices.key_names():
        _key_from_connection(source, name)
    return practices, data, settings


def open_settings() -> tuple[Any, Any]:
    """Return (data directory, settings), with the mail server taken from its connection: no practice is needed."""
    from pipelines.landing import DataDir
    from pipelines.settings import load_settings

    settings = load_settings()
    return DataDir(settings.data_dir), _mail_from_connection(settings)


def _key_from_connection(source: str, name: str) -> None:
    """Copy a connection (login: client id, password: secret or API key, extra: the rest) to where a source looks."""
    from airflow.sdk.log import mask_secret

    from pipelines.settings import connection_name, key_variable

    variable = key_variable(source, name)
    if variable not in os.environ and (found := _connection(connection_name(source, name))):
        key = {
            "client_id": found.login,
            "client_secret": found.password,
            "api_key": found.password,
            "password": found.password,
            **found.extra_dejson,
        }
        os.environ[variable] = json.dumps({field: value for field, value in key.items() if value})
    for field, value in json.loads(os.environ.get(variable) or "{}").items():
        # The day a key ends is no secret, and a log must be able to name it.
        if field != "expires_on":
            mask_secret(value)


def _mail_from_connection(settings: Any) -> Any:
    """Return settings that use the connection smtp_default, if there is one."""
    from airflow.sdk.log import mask_secret

    found = _connection("smtp_default")
    if found is None:
        return settings
    if found.password:
        os.environ["RAPPORT_SMTP_PASSWORD"] = found.password
        mask_secret(found.password)
    given = {"smtp_host": found.host, "smtp_port": found.port, "smtp_user": found.login}
    sender = found.extra_dejson.get("from_email")
    return settings.model_copy(update={k: v for k, v in {**given, "mail_from": sender}.items() if v})


def _connection(name: str) -> Any:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return Connection.get(name)
    except AirflowNotFoundException:
        return None
