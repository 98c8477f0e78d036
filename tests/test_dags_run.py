"""Each DAG run for real over the town, without a scheduler: `dag.test()`, with a mailbox that takes what goes out."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import os
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest

from pipelines.decisions import Decisions
from pipelines.demo.run import hand_over, town_services
from pipelines.demo.server import TownServer
from pipelines.demo.town import MONTH, NIGHTS, build_town
from pipelines.landing import DataDir
from pipelines.ledger import Ledger
from pipelines.pdf import standing_manifest
from pipelines.practices import load_practices
from pipelines.render import render
from pipelines.settings import REPOSITORY
from pipelines.urgent import Causes
from pipelines.warehouse import open_warehouse, rows
from tests.conftest import body_of
from tests.test_demo import leaked

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


def answer(choice: str, reason: str = "Olga has looked.", **names: list[str]) -> dict[str, Any]:
    """What Airflow hands on of an answer to `approve`."""
    return {
        "chosen_options": [choice],
        "params_input": {"leave_out": None, "held_too": None, "reason": reason, **names},
        "responded_at": dt.datetime.now(dt.UTC),
        "responded_by_user": {"id": "olga", "name": "olga"},
    }


class Theatre(NamedTuple):
    """Where runs are played: the DAGs, the town, and what came of it all."""

    dags: Any
    data: DataDir
    server: TownServer
    variables: dict[str, str]
    asked: list[str]

    def play(
        self,
        dag: str,
        *,
        spare: str = "",
        said: dict[str, Any] | None = None,
        settings: dict[str, str] | None = None,
        **conf: str,
    ) -> dict[str, str]:
        """Run a DAG to its end, somebody answering `said`, and return the state of each task and of the run ("").

        Boxes whose names match `spare` count as done, which saves their time.
        """
        from airflow.providers.standard.operators.hitl import HITLOperator

        def execute(operator: Any, context: Any) -> dict[str, Any]:
            del context
            self.asked.append(operator.body)
            assert said, "nobody should be asked"
            return said

        with (
            mock.patch.dict(os.environ, {**self.variables, **(settings or {})}),
            # Only the waiting is left out: it is the scheduler's.
            mock.patch.object(HITLOperator, "execute", execute),
            # The scheduler stores deadlines and refers to them; `dag.test()` does not, and looks for them nevertheless.
            mock.patch.object(self.dags[dag], "deadline", None),
        ):
            run = self.dags[dag].test(run_conf=conf, mark_success_pattern=spare)
        states = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
        return {**states, "": str(run.state)}

    def backfill(self, dag: str, *words: str, spare: tuple[tuple[str, str], ...] = ()) -> dict[str, dict[str, str]]:
        """Make a backfill by Airflow's command, and run the scheduler's own loop until it has ended.

        Returns the states of tasks by run, in the order in which the runs ended. Tasks are run in this process; each
        (day, box) of `spare` counts as done.
        """
        from uuid import UUID

        from airflow.cli import cli_parser
        from airflow.dag_processing.dagbag import DagBag
        from airflow.executors.base_executor import BaseExecutor
        from airflow.jobs.job import Job
        from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
        from airflow.models import DagModel, DagRun
        from airflow.models.backfill import Backfill
        from airflow.models.deadline import Deadline
        from airflow.models.taskinstance import TaskInstance as Row
        from airflow.sdk.api.datamodels._generated import TaskInstance
        from airflow.sdk.execution_time.supervisor import run_task_in_process
        from airflow.utils.session import create_session
        from airflow.utils.state import TaskInstanceState
        from sqlalchemy import select, update

        # As a worker has them: `dag.test()` leaves what it was given in those it was called on.
        dags = DagBag(REPOSITORY / "dags").dags

        class Acting(BaseExecutor):
            supports_callbacks = True

            def _process_workloads(self, workload_items: Any) -> None:
                for workload in workload_items:
                    ti = workload.ti
                    del self.queued_tasks[ti.key]
                    self.running.add(ti.key)
                    (self.success if self.does_well(ti) else self.fail)(ti.key)

            def does_well(self, ti: Any) -> bool:
                if any(day in ti.run_id and ti.task_id == box for day, box in spare):
                    with create_session() as session:
                        session.execute(update(Row).where(Row.id == ti.id).values(state=TaskInstanceState.SUCCESS))
                    return True
                told = {name: getattr(ti, name) for name in ("task_id", "dag_id", "run_id", "try_number", "map_index")}
                which = TaskInstance(id=UUID(str(ti.id)), dag_version_id=UUID(str(ti.dag_version_id)), **told)
                done = run_task_in_process(which, dags[ti.dag_id].get_task(ti.task_id))
                return getattr(done.ti.state, "value", None) != "failed"

        def pause(paused: bool) -> None:
            """What is due by itself does not begin beside it."""
            with create_session() as session:
                chosen = update(DagModel).where(DagModel.dag_id == dag)
                session.execute(chosen.values(is_paused=paused, next_dagrun_create_after=None))

        pools = ["pools", "import", str(REPOSITORY / "dags" / "pools.json")]
        with mock.patch.dict(os.environ, self.variables):
            for command in (pools, ["backfill", "create", "--dag-id", dag, *words]):
                asked = cli_parser.get_parser().parse_args(command)
                asked.func(asked)
            with create_session() as session:
                # Asked for now: a run's deadline goes with its end.
                late = select(Deadline).join(DagRun, DagRun.id == Deadline.dagrun_id)
                assert not session.scalars(late.where(DagRun.backfill_id.is_not(None))).all(), (
                    "a backfill takes its time"
                )
            pause(False)
            job = Job()  # type: ignore[no-untyped-call]
            runner = SchedulerJobRunner(job=job, num_runs=1, executors=[Acting(parallelism=32)])
            for _ in range(60):
                runner._run_scheduler_loop()
                runner._mark_backfills_complete()
                with create_session() as session:
                    [made] = session.scalars(select(Backfill).order_by(Backfill.id.desc()).limit(1))
                if made.completed_at:
                    break
            pause(True)
        with create_session() as session:
            runs = session.scalars(select(DagRun).where(DagRun.backfill_id == made.id).order_by(DagRun.end_date)).all()
            return {
                run.run_id: {**{ti.task_id: str(ti.state) for ti in run.get_task_instances()}, "": str(run.state)}
                for run in runs
            }

    def receipts(self) -> dict[str, bytes]:
        return {self.data.relative(path): path.read_bytes() for path in self.data.root.glob("pages/*/*/*/receipt.json")}

    def mails(self, start: str) -> list[EmailMessage]:
        """The mails whose subject begins so, oldest first."""
        read = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted(self.data.mailbox.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        ]
        return [mail for mail in read if str(mail["Subject"]).startswith(start)]


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory, airflow_home: Path) -> Iterator[Theatre]:
    folder = tmp_path_factory.mktemp("theatre")
    with mock.patch.dict(os.environ, {"RAPPORT_DATA_DIR": str(folder / "data")}):
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

        town, data = build_town(), DataDir(folder / "data")
        # The demo's have none, and what has no schedule cannot be backfilled. All are paused.
        schedules = {"RAPPORT_NIGHTLY_SCHEDULE": "30 2 * * *", "RAPPORT_MONTHLY_SCHEDULE": "0 7 2 * *"}
        with town_services(data.root, town) as (server, variables), mock.patch.dict(os.environ, variables | schedules):
            bag = DagBag(REPOSITORY / "dags")
            DagBundlesManager().sync_bundles_to_db()  # type: ignore[no-untyped-call]
            sync_bag_to_db(bag, "dags-folder", None)
            given = {
                **variables,
                **schedules,
                "RAPPORT_ALERT_TO": "ops@rapport.example",
            }
            yield Theatre(bag.dags, data, server, given, [])


@pytest.fixture(scope="module")
def backfill(theatre: Theatre) -> dict[str, dict[str, str]]:
    """The first two nights, the second one first."""
    theatre.server.set_night(NIGHTS[1])
    hand_over(build_town(), theatre.data, NIGHTS[1])
    # A backfill's dates are those of its runs, and its last day ends where it begins.
    words = ("--from-date", "2026-10-31", "--to-date", "2026-11-02", "--run-backwards", "--max-active-runs", "1")
    return theatre.backfill("nightly", *words, spare=(("2026-11-01", "build"), ("2026-11-01", "urgent")))


@pytest.fixture(scope="module")
def nights(theatre: Theatre, backfill: dict[str, dict[str, str]]) -> list[dict[str, str]]:
    night = NIGHTS[2]
    theatre.server.set_night(night)
    hand_over(build_town(), theatre.data, night)
    red = theatre.play("nightly", spare="score|build|urgent", night=night.isoformat())
    return [*backfill.values(), red]


@pytest.fixture(scope="module")
def first_look(theatre: Theatre, nights: list[dict[str, str]]) -> dict[str, str]:
    return theatre.play("onboard", practice="riverside-dental", night=NIGHTS[2].isoformat())


def test_a_backfill_backwards_leaves_what_nights_in_their_order_leave(
    theatre: Theatre, backfill: dict[str, dict[str, str]]
) -> None:
    assert [run[:20] for run in backfill] == ["backfill__2026-11-01", "backfill__2026-10-31"]
    before = theatre.receipts()
    assert {path.split("/")[2] for path in before} == {"2026-10-31", "2026-11-01"}
    with open_warehouse(theatre.data) as connection:
        [build] = rows(connection, "select as_of_night from reports.build_info")
    assert build["as_of_night"] == NIGHTS[1]
    # The second night once more, now that there is one before it: nothing is asked for, and nothing is another.
    features = {path: path.read_bytes() for path in theatre.data.root.glob("features/*/*.parquet")}
    again = theatre.play("nightly", spare="build", night=NIGHTS[1].isoformat())
    assert again[""] == "success", again
    assert theatre.receipts() == before
    assert {path: path.read_bytes() for path in theatre.data.root.glob("features/*/*.parquet")} == features


def test_a_good_night_is_green_and_tells_nobody(theatre: Theatre, nights: list[dict[str, str]]) -> None:
    for good in nights[:2]:
        assert good[""] == "success", good
        assert {state for name, state in good.items() if name in ("score", "build", "verdict")} == {"success"}
    assert theatre.data.warehouse.is_file()


def test_a_key_that_has_expired_is_told_once(theatre: Theatre, nights: list[dict[str, str]]) -> None:
    red = nights[-1]
    assert (red[""], red["google_business"], red["verdict"]) == ("failed", "failed", "failed")
    [mail] = theatre.mails("Rapport: nightly, verdict")
    assert mail["To"] == "ops@rapport.example"
    text = body_of(mail, "html")
    assert "google_business, lakeside" in text
    assert f"(since {NIGHTS[2]})" in text
    assert "gets no report of" in text
    # The same night again, with the same cause: the box is red, and nobody is told a second time.
    assert theatre.play("nightly", spare="(?!verdict$).*", night=NIGHTS[2].isoformat())["verdict"] == "failed"
    assert len(theatre.mails("Rapport: nightly")) == 1


def sent_of(theatre: Theatre) -> set[str]:
    return {row.practice_id for row in Ledger(theatre.data.ledger).rows("2026-10") if row.state == "sent"}


def test_the_month_goes_out_as_a_person_says_and_its_correction_after_it(
    theatre: Theatre, nights: list[dict[str, str]]
) -> None:
    everybody = {practice.id for practice in build_town().practices}
    # None: nothing goes out, and the run is green, for that is what somebody wanted.
    month = theatre.play("monthly", month="2026-10", said=answer("None", "Not before Monday."))
    assert (month["release"], month["send"], month["verdict"], month[""]) == (
        "skipped",
        "skipped",
        "success",
        "success",
    )
    assert sent_of(theatre) == set()
    [question] = theatre.asked
    assert f"8 reports of October 2026 wait to be sent: {len(everybody) - 1} passed every gate, 1 are held" in question
    assert "| [maple-street-dental](/reports/report/maple-street-dental/2026-10) | [" in question
    assert "alert: 4 on the page Urgent" in question
    # No reason: the box is red, and nothing goes out.
    month = theatre.play("monthly", spare="gate|render", month="2026-10", said=answer("All that passed", " "))
    assert (month["release"], month["send"]) == ("failed", "upstream_failed")
    assert sent_of(theatre) == set()
    # Some: one is left out, and the one that is held is not sent, because nobody named it.
    said = answer("Some", "Arroyo asked for time.", leave_out=["arroyo-dental"])
    month = theatre.play("monthly", month="2026-10", said=said)
    assert set(month.values()) == {"success"}
    assert sent_of(theatre) == everybody - {"arroyo-dental", "maple-street-dental"}
    # All that passed: of what is not out yet.
    theatre.play("monthly", month="2026-10", said=answer("All that passed"))
    assert sent_of(theatre) == everybody - {"maple-street-dental"}
    # Auto-release asks nevertheless as long as a report is held, and a held one goes out when it is named.
    asked, by_itself = len(theatre.asked), {"RAPPORT_AUTO_RELEASE": "true"}
    said = answer("Some", "Its contact has answered.", held_too=["maple-street-dental"])
    theatre.play("monthly", month="2026-10", said=said, settings=by_itself)
    assert len(theatre.asked) == asked + 1
    assert sent_of(theatre) == everybody
    found = [
        (one.person, one.choice, len(one.released), one.kept_back, one.reason)
        for one in Decisions(theatre.data.ledger).of("2026-10")
    ]
    assert found == [
        ("olga", "None", 0, tuple(sorted(everybody)), "Not before Monday."),
        ("olga", "Some", 6, ("arroyo-dental", "maple-street-dental"), "Arroyo asked for time."),
        ("olga", "All that passed", 1, ("maple-street-dental",), "Olga has looked."),
        ("olga", "Some", 1, (), "Its contact has answered."),
    ]
    practice = min(everybody)
    conf: dict[str, Any] = {"practice": practice, "month": "2026-10", "reason": "One review was counted twice."}
    assert set(theatre.play("restate", said=answer("Approve"), **conf).values()) == {"success"}
    files = theatre.data.report("2026-10", practice), theatre.data.manifest("2026-10", practice)
    assert (standing_manifest(*files) or {})["version"] == 2
    rows = [row for row in Ledger(theatre.data.ledger).rows("2026-10") if row.practice_id == practice]
    assert sorted((row.version, row.state) for row in rows) == [(1, "sent"), (2, "sent")]
    # Any box again, in any order: nobody is asked about what is out, and nobody gets anything twice.
    before, asked = len(theatre.mails("Your monthly report")), len(theatre.asked)
    theatre.play("restate", said=answer("Approve"), **conf)
    # A backfill of the day on which a month is due reports the month before it.
    [month] = theatre.backfill("monthly", "--from-date", "2026-11-02", "--to-date", "2026-11-03").values()
    assert (month["approve"], month["send"], month["verdict"], month[""]) == (
        "skipped",
        "skipped",
        "success",
        "success",
    )
    assert len(theatre.mails("Your monthly report")) == before
    assert len(theatre.asked) == asked + 1, "the correction's own question"


def test_where_every_gate_passes_auto_release_asks_nobody(theatre: Theatre, nights: list[dict[str, str]]) -> None:
    theatre.data.ledger.rename(theatre.data.root / "ledger.kept")
    for cause in Causes(theatre.data.urgent).all():
        Causes(theatre.data.urgent).acknowledge(cause.number, "olga", "2026-11-03T08:00")
    asked = len(theatre.asked)
    try:
        month = theatre.play("monthly", month="2026-10", settings={"RAPPORT_AUTO_RELEASE": "true"})
        assert (month["approve"], month["release"], month["send"], month[""]) == (
            "skipped",
            "success",
            "success",
            "success",
        )
        assert len(theatre.asked) == asked
        assert len(sent_of(theatre)) == 8
        [decision] = Decisions(theatre.data.ledger).of("2026-10")
        assert (decision.person, decision.reason) == ("auto-release", "every gate passed")
    finally:
        (theatre.data.root / "ledger.kept").rename(theatre.data.ledger)


def test_a_new_practice_is_looked_at_by_itself_and_nothing_is_sent(
    theatre: Theatre, first_look: dict[str, str]
) -> None:
    assert first_look[""] == "success", first_look
    assert first_look["google_business"] == "success"
    assert "skipped" in first_look.values(), "it is not on every platform"
    place = theatre.data.first_look("riverside-dental")
    assert place.report("2026-10", "riverside-dental").is_file()
    assert not place.ledger.exists()
    assert not (place.root / "secrets").exists(), "a refresh token is used up where it is kept"
    with open_warehouse(place) as connection:
        known = rows(connection, "select practice_id from staging.practices")
    assert known == [{"practice_id": "riverside-dental"}]
    with open_warehouse(theatre.data) as connection:
        [build] = rows(connection, "select as_of_night from reports.build_info")
    assert build["as_of_night"] == NIGHTS[1], "what all share was not touched"


def test_the_first_look_expires_with_everything_else(theatre: Theatre, first_look: dict[str, str]) -> None:
    place = theatre.data.first_look("riverside-dental")
    assert list(place.root.glob("pages/*/*/*/*.zst"))
    assert theatre.play("housekeeping", night="2027-06-01")["purge"] == "success"
    assert not list(theatre.data.root.rglob("*.zst"))
    assert not list(place.root.glob("records/*/*.parquet"))


def reported(theatre: Theatre) -> str:
    """A practice that has a report of October."""
    practice = build_town().practices[-1].id
    if not theatre.data.report("2026-10", practice).is_file():
        render(theatre.data, load_practices(theatre.data.root / "practices.toml"), MONTH, practice_ids=[practice])
    return practice


def test_a_correction_that_is_rejected_stays_here_and_the_ledger_says_why(
    theatre: Theatre, nights: list[dict[str, str]]
) -> None:
    practice, before = reported(theatre), len(theatre.mails("Your monthly report"))
    sentence = "A review of another practice was left out."
    played = theatre.play(
        "restate",
        said=answer("Reject", "The sentence names nobody."),
        practice=practice,
        month="2026-10",
        reason=sentence,
    )
    assert (played["release"], played["send"], played[""]) == ("skipped", "skipped", "success")
    assert theatre.asked[-1].endswith(f"It says: {sentence}")
    decision = Decisions(theatre.data.ledger).of("2026-10")[-1]
    assert (decision.person, decision.choice, decision.kept_back) == ("olga", "Reject version 2", (practice,))
    assert decision.reason == f"The sentence names nobody. (What was changed: {sentence})"
    assert len(theatre.mails("Your monthly report")) == before


def test_a_night_whose_deadline_has_passed_is_told_of_once(theatre: Theatre) -> None:
    """What Airflow stores with a run, the scheduler's own loop, and the function with which an executor calls back."""
    import structlog
    from airflow.executors.base_executor import BaseExecutor
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.models import DagRun
    from airflow.models.dagbag import DBDagBag
    from airflow.models.deadline import Deadline
    from airflow.models.taskinstance import TaskInstance, clear_task_instances
    from airflow.sdk.execution_time.callback_supervisor import execute_callback
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, TaskInstanceState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from sqlalchemy import delete, select

    class Holding(BaseExecutor):
        supports_callbacks = True

        def heartbeat(self) -> None:
            """Nothing is run: what was queued stays to be looked at."""

    due = dt.datetime(2026, 11, 3, 8, 30, tzinfo=dt.UTC)
    with create_session() as session:
        nightly = DBDagBag().get_latest_version_of_dag("nightly", session=session)
        assert nightly
        run = nightly.create_dagrun(
            run_id="scheduled__2026-11-03T08:30:00+00:00",
            logical_date=due,
            data_interval=(due, due),
            run_after=due,
            run_type=DagRunType.SCHEDULED,
            triggered_by=DagRunTriggeredByType.TIMETABLE,
            state=DagRunState.QUEUED,
            session=session,
        )
        session.flush()
        [deadline] = session.scalars(select(Deadline).where(Deadline.dagrun_id == run.id))
        assert run.queued_at
        assert deadline.deadline_time - run.queued_at == dt.timedelta(hours=5)
        # A box of such a run can be cleared.
        [box] = session.scalars(
            select(TaskInstance).where(TaskInstance.run_id == run.run_id, TaskInstance.task_id == "yelp")
        )
        box.state = TaskInstanceState.FAILED
        clear_task_instances([box], session)
        assert box.state is None
    executor = Holding()
    runner = SchedulerJobRunner(job=Job(), num_runs=1, executors=[executor])
    try:
        runner._run_scheduler_loop()
        assert executor.queued_callbacks == {}, "it is not late yet"
        with create_session() as session:
            session.merge(deadline).deadline_time -= dt.timedelta(hours=6)
        for _ in range(2):
            runner._run_scheduler_loop()
        [workload] = executor.queued_callbacks.values()
        told = workload.callback.data
        with mock.patch.dict(os.environ, theatre.variables):
            for _ in range(2):
                assert execute_callback(
                    told["path"], told["kwargs"], workload.dag_rel_path, None, structlog.get_logger()
                ) == (True, None)
    finally:
        with create_session() as session:
            session.execute(delete(Deadline).where(Deadline.dagrun_id == run.id))
            session.execute(delete(DagRun).where(DagRun.id == run.id))
    [mail] = theatre.mails("Rapport: nightly, late")
    text = body_of(mail, "html")
    assert "has not ended within 5 hours" in text
    assert "(since 2026-11-03)" in text


def test_no_word_and_no_name_is_in_what_any_of_the_six_dags_leaves_in_airflow(
    theatre: Theatre,
    first_look: dict[str, str],
    canaries: list[str],
    airflow_home: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The database of all runs above: XComs, rendered templates, forms. And the logs of those that the demo has not."""
    added = theatre.play("add_practice", practice="oak-street", name="Oak Street")
    assert set(added.values()) == {"success"}
    sentence = "A month was counted twice."
    assert theatre.play("housekeeping", night=NIGHTS[1].isoformat())["purge"] == "success"
    # The pages of the town's own nights have expired by now.
    later = (NIGHTS[2] + dt.timedelta(days=1)).isoformat()
    pulled = theatre.play("onboard", spare="score|build|report|verdict", practice="riverside-dental", night=later)
    assert pulled["google_business"] == "success"
    corrected = theatre.play(
        "restate", said=answer("Reject"), practice=reported(theatre), month="2026-10", reason=sentence
    )
    assert (corrected["release"], corrected[""]) == ("skipped", "success")
    logs = "".join(capfd.readouterr())
    assert "riverside-dental: " in logs, "what the boxes say is there"
    held = "".join(path.read_bytes().decode("utf-8", "replace") for path in airflow_home.glob("airflow.db*"))
    assert sentence in held
    assert all(f"{dag}.py" in held for dag in theatre.dags)
    assert leaked(canaries, logs) == []
    assert leaked(canaries, held) == []
    for key in build_town().keys().values():
        assert key["client_secret"] not in logs + held
        assert key["refresh_token"] not in logs + held
