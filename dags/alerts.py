"""What operators are told of when a box turns red or a run is late: by mail, or by whatever notifiers they name."""

from __future__ import annotations

import datetime as dt
import html
import json
import os
from importlib import import_module
from typing import Any

from airflow.sdk import BaseNotifier
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert
from deadlines import FirstQueued
from wiring import about_of, month_at_stake, open_settings

_CONNECTION = "rapport_alerts"


class Broken(BaseNotifier):
    """Called when a box has failed for good: tells each cause that nobody was told of yet."""

    def notify(self, context: Any) -> None:
        from pipelines.alerts import causes_of

        error = context.get("exception")
        causes = causes_of(error if isinstance(error, BaseException) else None)
        ti = context["ti"]
        tell(context, ti.task_id, causes, str(getattr(ti, "log_url", "") or ""))


class Mended(BaseNotifier):
    """Called when a box has gone well: what was broken in it may be told again if it breaks again."""

    def notify(self, context: Any) -> None:
        from pipelines.alerts import Announced

        data, _ = open_settings()
        if data.alerts.is_file():
            Announced(data.alerts).mended(_box(context, context["ti"].task_id), about_of(context))


def told() -> dict[str, Any]:
    """The callbacks of every box whose failure somebody must hear of."""
    return {"on_failure_callback": Broken(), "on_success_callback": Mended()}


def late_after(name: str, interval: dt.timedelta) -> DeadlineAlert:
    """A deadline counted from when a run was queued; it is told by an executor's process, so no triggerer is needed."""
    return DeadlineAlert(
        name=name,
        reference=FirstQueued(),
        interval=interval,
        callback=SyncCallback("alerts.late", kwargs={"hours": interval / dt.timedelta(hours=1)}),
    )


def late(context: Any, hours: float) -> None:
    """Tell that a run has not ended in time. Here the run is a mapping, as the REST API gives it."""
    from types import SimpleNamespace

    from pipelines.alerts import Cause

    run = context["dag_run"]
    due = dt.datetime.fromisoformat(str(run["logical_date"] or run["run_after"]).replace("Z", "+00:00"))
    task_context = {
        "dag_run": SimpleNamespace(dag_id=run["dag_id"], logical_date=due, run_after=due),
        "params": run.get("conf") or {},
    }
    what = f"the run {run['dag_run_id']} has not ended within {hours:.0f} hours"
    next_step = "See which box is still running or waiting, and its log; if none is, the scheduler is not running"
    tell(task_context, "late", [Cause(str(run["dag_run_id"]), what, next_step)], "")


def tell(context: Any, task: str, causes: list[Any], where: str) -> None:
    """Announce what is new among the causes by every notifier there is; what could not be announced stays new."""
    from pipelines.alerts import Announced, alert

    data, settings = open_settings()
    announced, box = Announced(data.alerts), _box(context, task)
    fresh = announced.broken(box, causes, about_of(context))
    if not fresh:
        print("operators know of this already")
        return
    dag = context["dag_run"].dag_id
    subject, text = alert(dag, task, month_at_stake(context), fresh, where)
    notifiers = _notifiers(settings, subject, text)
    if not notifiers:
        print("nobody is told: set RAPPORT_ALERT_TO or RAPPORT_ALERT_NOTIFIERS")
        return
    for notifier in notifiers:
        # Not by calling it, which would render an error's words as a template.
        notifier.notify(context)
    announced.told(box, fresh, dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))
    print(f"operators were told of {len(fresh)} causes")


def _box(context: Any, task: str) -> str:
    """Name a box; those of runs about one practice are boxes of their own."""
    practice = context["params"].get("practice")
    return ".".join(part for part in (context["dag_run"].dag_id, task, practice) if part)


def _notifiers(settings: Any, subject: str, text: str) -> list[Any]:
    found = []
    for described in settings.alert_notifiers:
        module, _, name = described["class"].rpartition(".")
        given = {
            field: value.replace("{subject}", subject).replace("{text}", text)
            for field, value in described.items()
            if field != "class"
        }
        found.append(getattr(import_module(module), name)(**given))
    if settings.alert_to:
        found.append(_by_mail(settings, subject, text))
    return found


def _by_mail(settings: Any, subject: str, text: str) -> Any:
    """Return Airflow's own notifier, under the same rules as every mail: off this machine nothing in the clear."""
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    from pipelines.mail import way_of

    way = way_of(settings)
    extra = {
        "disable_ssl": way != "implicit",
        "disable_tls": way != "starttls",
        # The hook repeats after any error, also after one behind which the mail was taken.
        "retry_limit": 0,
    }
    server = {
        "conn_type": "smtp",
        "host": settings.smtp_host,
        "port": settings.smtp_port,
        "login": settings.smtp_user or None,
        "password": os.environ.get("RAPPORT_SMTP_PASSWORD") or None,
        "extra": extra,
    }
    os.environ[f"AIRFLOW_CONN_{_CONNECTION.upper()}"] = json.dumps(server)
    body = "".join(f"<p>{html.escape(line)}</p>" if line else "<hr>" for line in text.split("\n"))
    return SmtpNotifier(
        to=[address.strip() for address in settings.alert_to.split(",")],
        from_email=settings.mail_from,
        subject=subject,
        html_content=body,
        smtp_conn_id=_CONNECTION,
    )
