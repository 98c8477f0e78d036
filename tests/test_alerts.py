"""Alerts: a cause is told once until it is mended, by mail under the rules of every mail, or by any other notifier."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from pipelines.alerts import Announced, Told, alert, causes_of
from pipelines.demo.mailbox import Mailbox
from pipelines.errors import BadKey, RapportError, SeveralFailed, SiteDown
from pipelines.landing import DataDir
from tests.conftest import body_of

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
OCTOBER = dt.date(2026, 10, 1)
CANARY = "Rosalind Quux said so"
DOWN = SiteDown("no answer (503)", where="yelp, oak")
KEY = BadKey("the key has expired", where="google_business, elm", next_step="Authorise it again")


def several(*failures: RapportError) -> SeveralFailed:
    return SeveralFailed("2 missing:", failures, where="night 2026-11-03", next_step="Mend, then clear")


@pytest.fixture
def announced(tmp_path: Path) -> Announced:
    return Announced(tmp_path / "alerts.db")


def fresh(announced: Announced, about: str, *failures: RapportError, box: str = "nightly.verdict") -> list[str]:
    found = announced.broken(box, causes_of(several(*failures)), about)
    announced.told(box, found, "2026-11-03T08:00:00+00:00")
    return [f"{one.cause.what} since {one.since}" for one in found]


def test_a_cause_is_told_once_however_long_it_lasts(announced: Announced) -> None:
    assert fresh(announced, "2026-11-03", DOWN) == ["yelp, oak: no answer (503) since 2026-11-03"]
    assert fresh(announced, "2026-11-04", DOWN) == []
    # Another number is no other cause, and another cause is told alone.
    assert fresh(announced, "2026-11-05", SiteDown("no answer (502)", where="yelp, oak"), KEY) == [
        "google_business, elm: the key has expired since 2026-11-05"
    ]


def test_what_was_mended_and_breaks_again_is_told_again(announced: Announced) -> None:
    fresh(announced, "2026-11-03", DOWN, KEY)
    assert fresh(announced, "2026-11-04", KEY) == []
    assert fresh(announced, "2026-11-05", DOWN, KEY) == ["yelp, oak: no answer (503) since 2026-11-05"]
    announced.mended("nightly.verdict", "2026-11-06")
    assert len(fresh(announced, "2026-11-07", DOWN, KEY)) == 2


def test_an_old_night_that_ends_well_mends_nothing_newer(announced: Announced) -> None:
    fresh(announced, "2026-11-03", DOWN)
    announced.mended("nightly.verdict", "2026-11-01")
    assert fresh(announced, "2026-11-01") == []
    assert fresh(announced, "2026-11-04", DOWN) == []


def test_an_alert_that_did_not_go_out_is_told_the_next_time_with_its_first_night(announced: Announced) -> None:
    announced.broken("nightly.build", causes_of(KEY), "2026-11-03")
    [one] = announced.broken("nightly.build", causes_of(KEY), "2026-11-04")
    assert one.since == "2026-11-03"


def test_each_box_has_causes_of_its_own(announced: Announced) -> None:
    assert len(fresh(announced, "2026-11-03", KEY)) == 1
    assert len(fresh(announced, "2026-11-03", KEY, box="nightly.score")) == 1
    announced.mended("nightly.score", "2026-11-03")
    assert fresh(announced, "2026-11-04", KEY) == []


def test_an_error_that_is_not_ours_is_named_by_its_kind_alone() -> None:
    [cause] = causes_of(ValueError(CANARY))
    assert cause.what == "an unexpected ValueError"
    assert CANARY not in str(cause)
    assert [one.what for one in causes_of(None)] == ["the box ended without saying why"]


def test_an_alert_says_what_since_when_what_for_the_month_and_what_to_do() -> None:
    told = [Told(cause, "2026-11-03") for cause in causes_of(several(KEY, DOWN))]
    subject, text = alert("nightly", "verdict", OCTOBER, told, "http://here/run")
    assert subject == "Rapport: nightly, verdict: google_business, elm: the key has expired and 1 more"
    for part in (
        "- google_business, elm: the key has expired (since 2026-11-03)",
        "gets no report of October 2026 before a night from 2026-11-01 on",
        "- Authorise it again",
        DOWN.next_step,
        "http://here/run",
    ):
        assert part in text
    assert "No report of October 2026 is touched." in alert("onboard", "check", OCTOBER, told, "")[1]


def context(
    dag: str = "nightly", task: str = "verdict", error: Exception | None = KEY, **params: str
) -> dict[str, Any]:
    # At noon it is the same day in whatever zone Airflow was imported with.
    due = dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)
    run = SimpleNamespace(dag_id=dag, logical_date=due, run_after=due)
    return {
        "ti": SimpleNamespace(task_id=task, log_url="http://here/log"),
        "dag_run": run,
        "params": params,
        "exception": error,
    }


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_home: Path) -> Callable[..., DataDir]:
    """Set what operators have set, and keep Airflow's connections out of it."""
    import wiring

    monkeypatch.setattr(wiring, "_connection", lambda name: None)

    def made(**settings: str) -> DataDir:
        monkeypatch.setenv("RAPPORT_DATA_DIR", str(tmp_path / "data"))
        for name, value in settings.items():
            monkeypatch.setenv(f"RAPPORT_{name.upper()}", value)
        return DataDir(tmp_path / "data")

    monkeypatch.setenv("AIRFLOW_CONN_RAPPORT_ALERTS", "")
    return made


def test_the_mail_goes_out_over_a_real_server_and_only_once(world: Callable[..., DataDir]) -> None:
    from alerts import Broken, Mended

    data = world(alert_to="a@ops.example, b@ops.example")
    with Mailbox(data.mailbox) as box:
        world(smtp_port=str(box.port))
        for _ in range(2):
            Broken().notify(context())
        assert len(list(data.mailbox.glob("*.eml"))) == 2, "one for each who is named"
        Mended().notify(context())
        Broken().notify(context(error=RapportError("{{ var.value.secret }} <b>", where="x")))
    mails = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(data.mailbox.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    ]
    assert [str(mail["To"]) for mail in mails] == ["a@ops.example, b@ops.example"] * 4
    first, _, second, _ = (body_of(mail, "html") for mail in mails)
    assert "the key has expired (since 2026-11-03)" in first
    assert "http://here/log" in first
    assert "{{ var.value.secret }} &lt;b&gt;" in second, "an error's words are neither a template nor a page"


def test_a_server_that_is_away_loses_no_alert(world: Callable[..., DataDir]) -> None:
    from alerts import Broken

    data = world(alert_to="a@ops.example", smtp_port="1")
    with pytest.raises(OSError, match="refused"):
        Broken().notify(context())
    with Mailbox(data.mailbox) as box:
        world(smtp_port=str(box.port))
        Broken().notify(context())
    assert len(list(data.mailbox.glob("*.eml"))) == 1


@pytest.mark.parametrize(
    ("host", "port", "ssl", "starttls"),
    [("127.0.0.1", 2525, False, False), ("mail.oak.example", 587, False, True), ("mail.oak.example", 465, True, False)],
)
def test_off_this_machine_nothing_is_said_in_the_clear(
    world: Callable[..., DataDir], host: str, port: int, ssl: bool, starttls: bool
) -> None:
    from alerts import _by_mail
    from wiring import open_settings

    world(alert_to="a@ops.example", smtp_host=host, smtp_port=str(port))
    hook = _by_mail(open_settings()[1], "s", "t").hook
    extra = json.loads(os.environ["AIRFLOW_CONN_RAPPORT_ALERTS"])["extra"]
    assert (extra["disable_ssl"], extra["disable_tls"], extra["retry_limit"]) == (not ssl, not starttls, 0)
    assert hook.smtp_conn_id == "rapport_alerts"


class AnotherNotifier:
    """A notifier of another provider, as operators name it."""

    heard: ClassVar[list[dict[str, str]]] = []

    def __init__(self, **given: str) -> None:
        self.given = given

    def notify(self, context: Any) -> None:
        self.heard.append(self.given)


def test_another_notifier_has_its_words_filled_in(world: Callable[..., DataDir]) -> None:
    from alerts import Broken

    described = [{"class": f"{__name__}.AnotherNotifier", "text": "{subject}\n{text}", "channel": "#ops"}]
    world(alert_notifiers=json.dumps(described))
    Broken().notify(context())
    [heard] = AnotherNotifier.heard
    assert heard["channel"] == "#ops"
    assert heard["text"].startswith("Rapport: nightly, verdict: google_business, elm: the key has expired\n")


def test_where_nobody_is_named_the_log_says_so_and_it_stays_new(
    world: Callable[..., DataDir], capsys: pytest.CaptureFixture[str]
) -> None:
    from alerts import Broken

    data = world()
    Broken().notify(context())
    assert "set RAPPORT_ALERT_TO" in capsys.readouterr().out
    assert len(Announced(data.alerts).broken("nightly.verdict", causes_of(KEY), "2026-11-03")) == 1


def test_a_run_that_is_late_is_told_once(world: Callable[..., DataDir]) -> None:
    from alerts import late

    data = world(alert_to="a@ops.example")
    run = {
        "dag_id": "nightly",
        "dag_run_id": "scheduled__2026-11-03",
        "logical_date": "2026-11-03T02:30:00Z",
        "conf": {},
    }
    with Mailbox(data.mailbox) as box:
        world(smtp_port=str(box.port))
        for _ in range(2):
            late({"dag_run": run, "deadline": {}}, hours=5)
        late({"dag_run": {**run, "dag_run_id": "scheduled__2026-11-04"}, "deadline": {}}, hours=5)
    mails = [path.read_text() for path in data.mailbox.glob("*.eml")]
    assert len(mails) == 2
    assert all("has not ended within 5 hours" in mail.replace("=\n", "") for mail in mails)


def test_practices_that_are_looked_at_by_hand_do_not_hide_each_other(world: Callable[..., DataDir]) -> None:
    from alerts import Broken

    data = world(alert_to="a@ops.example")
    with Mailbox(data.mailbox) as box:
        world(smtp_port=str(box.port))
        for practice in ("oak", "elm", "oak"):
            Broken().notify(context("onboard", "check", practice=practice))
    assert len(list(data.mailbox.glob("*.eml"))) == 2
