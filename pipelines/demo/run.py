"""The demo: three nights and a month of the town, through Airflow, with nothing leaving this machine.

It runs the code of production; only addresses, keys, the pace and practices differ, and they are all environment
variables.
On the third night one practice's key has expired, so that run ends red, as it would in life.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipelines.demo import conversation
from pipelines.demo.elsewhere import GUESTS, feed_files
from pipelines.demo.mailbox import Mailbox
from pipelines.demo.server import TownServer
from pipelines.demo.stage import Stage, StageFailed, end_on_sigterm, free_port
from pipelines.demo.town import MONTH, NIGHTS, Town, build_town, pull_instant
from pipelines.errors import NotReady
from pipelines.landing import DataDir, write_bytes
from pipelines.periods import month_name
from pipelines.practices import load_practices
from pipelines.release import PASSED, SOME, check_reports
from pipelines.settings import Settings, key_variable
from pipelines.sources import source_names

# Lakeside's key dies before the third night: its fetch fails, and the verdict says so.
_RED_ON_PURPOSE = {NIGHTS[2]: {"google_business", "verdict"}}
_NO_SCHEDULE = {f"RAPPORT_{dag}_SCHEDULE": "" for dag in ("NIGHTLY", "MONTHLY", "HOUSEKEEPING")}


def demo_folder(data_dir: Path) -> Path:
    """Return where the demo lives: inside the data directory, apart from everything real."""
    return data_dir.resolve() / "demo"


@contextmanager
def town_services(folder: Path, town: Town) -> Iterator[tuple[TownServer, dict[str, str]]]:
    """Run the town's server and mailbox; give the variables that point Rapport at them."""
    data = DataDir(folder)
    write_bytes(folder / "practices.toml", town.practices_toml().encode())
    with TownServer(town) as server, Mailbox(data.mailbox) as mailbox:
        keys = {key_variable("google_business", name): json.dumps(key) for name, key in town.keys().items()}
        keys |= {key_variable(guest.platform): json.dumps(guest.key) for guest in GUESTS if guest.key}
        keys |= {
            key_variable(platform, guest.key_name): json.dumps(guest.key)
            for platform in conversation.platform_names()
            for guest in conversation.guests_of(platform)
            if guest.key
        }
        yield (
            server,
            {
                **keys,
                **_NO_SCHEDULE,
                "RAPPORT_DATA_DIR": str(folder),
                "RAPPORT_PRACTICES_FILE": str(folder / "practices.toml"),
                "RAPPORT_ADDRESSES": json.dumps(server.addresses()),
                # The town asks for no patience, and at the platforms' pace its first night would last a minute longer.
                "RAPPORT_PER_MINUTE": json.dumps(dict.fromkeys(source_names(), 60_000)),
                "RAPPORT_SMTP_HOST": "127.0.0.1",
                "RAPPORT_SMTP_PORT": str(mailbox.port),
                "RAPPORT_MAIL_FROM": "Rapport <reports@rapport.example>",
                "RAPPORT_TIME_ZONE": "America/Chicago",
            },
        )


def run_demo(data_dir: Path, *, keep_running: bool, say: Callable[[str], None]) -> None:
    """Run the three nights and the month, then say where everything is. Raises StageFailed for any surprise."""
    folder = demo_folder(data_dir)
    town = build_town()
    say(f"The demo town: {len(town.practices)} invented practices, in {folder}")
    with ExitStack() as stack:
        server, variables = stack.enter_context(town_services(folder, town))
        port = 8090 if keep_running else free_port()
        stage = stack.enter_context(Stage(folder, variables, port=port, fresh=True, say=say))
        # Only now is it certain that no other demo runs here.
        _start_anew(DataDir(folder))
        for number, night in enumerate(NIGHTS, 1):
            server.set_night(night)
            hand_over(town, DataDir(folder), night)
            say(f"Night {number} of {len(NIGHTS)}, {night}: pull, read, score, build")
            run = stage.trigger("nightly", {"night": night.isoformat()})
            state = stage.follow("nightly", run)
            failed, planned = set(stage.failed_tasks("nightly", run)), _RED_ON_PURPOSE.get(night, set())
            if failed != planned:
                raise StageFailed(
                    f"the night of {night} ended {state}, failed: {', '.join(sorted(failed)) or 'nothing'}",
                    next_step="Read the logs of the failed tasks",
                    evidence=str(stage.folder / "logs"),
                )
            if planned:
                say("  red on purpose: Lakeside's key has expired, and everybody else's night is whole")
        say(f"The month {month_name(MONTH)}: gate, render, check, approval (the demo answers), send")
        run = stage.trigger("monthly", {"month": month_name(MONTH)})
        if stage.follow("monthly", run, answer=lambda: _approval(folder, say)) != "success":
            raise StageFailed(
                "the monthly run failed", next_step="Read the logs of its tasks", evidence=str(stage.folder / "logs")
            )
        _tell(folder)
        if keep_running:
            say(f"Airflow: {stage.url}, user admin, password {stage.password}; Ctrl-C ends it")
            stage.wait()


def _approval(folder: Path, say: Callable[[str], None]) -> dict[str, object]:
    """Answer as an operator who has looked at each report that a gate holds, and lets it go."""
    practices = load_practices(folder / "practices.toml")
    held = [one for one in check_reports(MONTH, practices.practice, DataDir(folder)) if one.held]
    for one in held:
        say(f"  held: {one.practice_id}, {'; '.join(one.held)}; the demo lets it go")
    named = [one.practice_id for one in held]
    return {
        "chosen_options": [SOME if named else PASSED],
        "params_input": {
            "leave_out": None,
            "held_too": named or None,
            "reason": "The demo has looked at every report that is held.",
        },
    }


def _start_anew(data: DataDir) -> None:
    """Clear what an earlier demo left, perhaps of an earlier version; Airflow's own folder is `Stage`'s to clear."""
    for path in data.root.iterdir():
        if path.is_dir() and path.name not in ("airflow", data.mailbox.name):
            shutil.rmtree(path)
    # What contacts and operators of an earlier town were told must not keep these from being told.
    for left in (data.warehouse, data.ledger, data.urgent, data.alerts, *data.mailbox.glob("*.eml")):
        left.unlink(missing_ok=True)


def run_up(settings: Settings, port: int, *, say: Callable[[str], None]) -> None:
    """Run Airflow until Ctrl-C: with your practices if there are any, else with the demo's.

    Raises NotReady if there are neither.
    """
    end_on_sigterm()
    components = ("api-server", "dag-processor", "scheduler", "triggerer")
    folder = demo_folder(settings.data_dir)
    variables: dict[str, str] = {}
    with ExitStack() as stack:
        if settings.practices_file.is_file():
            folder = settings.data_dir.resolve()
            say(f"Your practices: {settings.practices_file}")
        elif (folder / "practices.toml").is_file():
            _, variables = stack.enter_context(town_services(folder, build_town()))
            say("There is no practices.toml, so this is the demo town; its DAGs have no schedule")
        else:
            raise NotReady(
                "there is neither a practices.toml nor the demo's data",
                where="up",
                next_step="Run `make demo`, or copy practices.sample.toml to practices.toml",
            )
        stage = stack.enter_context(Stage(folder, variables, port=port, components=components, say=say))
        say(f"Airflow: {stage.url}, user admin, password {stage.password}; Ctrl-C ends it")
        stage.wait()


def hand_over(town: Town, data: DataDir, night: dt.date) -> None:
    """Put the owners' files where they are looked for: one before the month's end, one after it."""
    for name, body in {**town.exports(), **feed_files(town.seed, pull_instant(NIGHTS[0]))}.items():
        if night >= (NIGHTS[1] if name.startswith("healthgrades") else NIGHTS[0]):
            write_bytes(data.exports / name, body)


def _tell(folder: Path) -> None:
    """Print what was made and what to do next; this is the demo's result, so it goes to standard output."""
    data = DataDir(folder)
    shown = Path(os.path.relpath(folder))
    reports = sorted((folder / "reports" / month_name(MONTH)).glob("*.pdf"))
    mails = sorted(data.mailbox.glob("*.eml"))
    print(f"\n{len(reports)} reports of {month_name(MONTH)}:")
    for path in reports:
        print(f"  {shown / path.relative_to(folder)}")
    print(f"{len(mails)} messages: {shown / data.mailbox.name}/*.eml")
    print(
        "\nNext:"
        "\n  open a report; page 1 takes four minutes"
        "\n  make up                      the Airflow UI with these runs; it prints a login"
        f"\n  RAPPORT_DATA_DIR={shown} .venv/bin/rapport explain riverside-dental {month_name(MONTH)} mean_stars"
        "\n  cp practices.sample.toml practices.toml      your own practices: docs/operators.md"
    )
