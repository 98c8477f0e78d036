"""Thousands of schedules of faults and kills: never two mails for one key, never a lost one that nobody is told of.

The mail server is a real one on loopback that fails as the schedule says, one fault a connection. The kill is an
exception at a step of the sender: before or after any change to the ledger, any word to the server, any answer. Nothing
that runs after it, like a clean farewell, may reach the disk or the network: a killed process says no more. At fewer
places a process of its own is killed by a true SIGKILL.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import email
import os
import signal
import smtplib
import socket
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import SeveralFailed
from pipelines.landing import DataDir
from pipelines.ledger import Ledger, Row
from pipelines.practices import Practice, Practices
from pipelines.send import send
from pipelines.settings import Settings
from tests.dbt_child import fork_server
from tests.smtp_server import listening
from tests.test_send import MONTH, put_pdf

OAK = Practice(id="oak", name="Oak", recipients=("a@oak.example", "b@oak.example"))
FAULTS = (
    "none",
    "refused",
    "no greeting",
    "greeting 421",
    "sender 451",
    "sender 553",
    "recipient 450",
    "recipient 550",
    "drop at recipient",
    "data 354 refused",
    "drop before the message",
    "message 451",
    "message 554",
    "message dropped",
    "taken, no answer",
    "taken, then dropped",
    "taken, answer cut",
    "taken, answer unreadable",
    "taken, farewell 500",
    "taken, farewell 421",
)
# A killed sender closes nothing, and neither does a simulated one.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
OURS = Settings()
# A run of two mails has fewer; a kill beyond the last is none.
MOST_STEPS = 140
# So many in every run of the tests; `make schedules` asks for more.
EXAMPLES = int(os.environ.get("RAPPORT_TEST_SCHEDULES", "2000"))
# Where there is memory to write to, a schedule's many small commits need no disk.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


class Server:
    """Counts what it took by recipient and version, as the address and the PDF's name tell, and fails as planned."""

    def __init__(self) -> None:
        self.plan: list[str] = []
        self.open = 0
        self.met: Counter[str] = Counter()
        self.taken: Counter[tuple[str, int]] = Counter()

    def session(self) -> SMTP:
        fault = self.plan.pop(0) if self.plan else "none"
        self.met[fault] += 1
        return _Faulty(self, fault)

    def settle(self) -> None:
        """Wait until what a killed sender had said is heard to its end."""
        patience = time.monotonic() + 10
        while self.open and time.monotonic() < patience:
            time.sleep(0.0005)
        assert self.open == 0

    def take(self, envelope: Envelope) -> None:
        [recipient] = envelope.rcpt_tos
        message = email.message_from_bytes(envelope.original_content or b"")
        [name] = filter(None, (part.get_filename() for part in message.walk()))
        _, _, version = name.removesuffix(".pdf").partition("-version-")
        self.taken[recipient, int(version or 1)] += 1


class _Faulty(SMTP):
    def __init__(self, server: Server, fault: str) -> None:
        self.server, self.fault = server, fault
        super().__init__(self, ident="Test")

    def connection_made(self, transport: Any) -> None:
        self.wire = transport
        self.server.open += 1
        if self.fault == "no greeting":
            transport.abort()
        elif self.fault == "greeting 421":
            transport.write(b"421 too busy\r\n")
            transport.close()
        else:
            super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.fault not in ("no greeting", "greeting 421"):
            super().connection_lost(error)
        self.server.open -= 1

    def drop(self) -> str:
        self.wire.abort()
        return "451 nobody hears this"

    # aiosmtpd looks for these names.
    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.fault.startswith("sender"):
            return f"{self.fault[-3:]} no"
        envelope.mail_from = address
        return "250 go on"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.fault == "drop at recipient":
            return self.drop()
        if self.fault.startswith("recipient"):
            return f"{self.fault[-3:]} no"
        envelope.rcpt_tos.append(address)
        return "250 go on"

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        if self.fault == "data 354 refused":
            await self.push("451 not now")
        elif self.fault == "drop before the message":
            self.drop()
        else:
            await super().smtp_DATA(arg)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.fault in ("message 451", "message 554"):
            return f"{self.fault[-3:]} no"
        if self.fault == "message dropped":
            return self.drop()
        self.server.take(envelope)
        if self.fault == "taken, no answer":
            return self.drop()
        if self.fault == "taken, then dropped":
            self.wire.write(b"250 taken\r\n")
            self.wire.close()
            return "250 nobody hears this"
        if self.fault == "taken, answer cut":
            self.wire.write(b"25")
            self.wire.close()
            return "250 nobody hears this"
        return "yes 250" if self.fault == "taken, answer unreadable" else "250 taken"

    async def smtp_QUIT(self, arg: str | None) -> None:  # noqa: N802
        if self.fault.startswith("taken, farewell"):
            await self.push(f"{self.fault[-3:]} no farewell")
            self.wire.close()
        else:
            await super().smtp_QUIT(arg)


class Killed(BaseException):
    """The sender's process is no more."""


def stop_existing() -> None:
    raise Killed


class Executioner:
    """Counts the steps of a run and ends it at the given one; from then on nothing gets through any more."""

    def __init__(self, at: int | None, kill: Callable[[], None]) -> None:
        self.at, self.steps, self.dead, self.kill = at, 0, False, kill

    def step(self) -> None:
        self.steps += 1
        self.dead = self.dead or self.steps == self.at
        if self.dead:
            self.kill()

    def around(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **named: Any) -> Any:
            self.step()
            result = act(*arguments, **named)
            self.step()
            return result

        return stepped


@contextlib.contextmanager
def dying(at: int | None, kill: Callable[[], None] = stop_existing) -> Iterator[Executioner]:
    """Put a step before and after each statement for the ledger and each word to and from the server."""
    executioner = Executioner(at, kill)

    class Connection(sqlite3.Connection):
        execute = executioner.around(sqlite3.Connection.execute)

    connect = sqlite3.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *a, **named: connect(*a, factory=Connection, **named))
        for name in ("connect", "send", "getreply"):
            patch.setattr(smtplib.SMTP, name, executioner.around(getattr(smtplib.SMTP, name)))
        yield executioner


@pytest.fixture(scope="module")
def mail() -> Iterator[tuple[Server, int]]:
    server = Server()
    with listening(server.session) as port:
        yield server, port


@pytest.fixture(scope="module")
def deaf() -> Iterator[int]:
    """A port that is taken and at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def send_once(
    data: DataDir, port: int, night: int, at: int | None = None, kill: Callable[[], None] = stop_existing
) -> Executioner:
    """Run the sender once, to its end or to its death; what it could not send is in the ledger, so errors are none."""
    now = dt.datetime(2026, 11, 2, 8, night, tzinfo=dt.UTC)
    there = OURS.model_copy(update={"smtp_port": port})
    with dying(at, kill) as executioner, contextlib.suppress(SeveralFailed, Killed):
        send(MONTH, Practices(practice=(OAK,)), data, there, now, restate=True, say=lambda line: None)
    return executioner


def check(rows: list[Row], server: Server, *, alive: bool) -> None:
    """Compare the ledger with what the server has. A run that was killed may leave `sending` behind, no other may."""
    assert max(server.taken.values(), default=0) <= 1, "two mails for one key"
    known = {(row.recipient, row.version): row for row in rows}
    assert set(server.taken) <= set(known), "a mail that the ledger does not know"
    for key, row in known.items():
        if row.state == "sent":
            assert server.taken[key] == 1, "told as sent, and nobody has it"
        elif row.state in ("planned", "failed"):
            assert server.taken[key] == 0, f"{row.state}, and the recipient has it: the next run sends another"
        else:
            assert row.state == "uncertain" or not alive, f"{row.state} is told to nobody"


class Run(NamedTuple):
    """What happens before a run, how the server answers its two mails, and the step at which it is killed, if any."""

    before: str
    faults: tuple[str, str]
    at: int | None


runs = st.builds(
    Run,
    st.sampled_from(("", "", "corrected", "made anew", "unsubscribed")),
    st.tuples(st.sampled_from(FAULTS), st.sampled_from(FAULTS)),
    st.one_of(st.none(), st.integers(1, MOST_STEPS)),
)


def follow(schedule: list[Run], server: Server, port: int, deaf: int) -> list[Executioner]:
    """Follow a schedule in a ledger of its own, look at it after each run, and end with a healthy one."""
    server.taken.clear()
    version, wanted, deaths = 1, list(OAK.recipients), []
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        data = DataDir(Path(folder))
        put_pdf(data, "oak")
        for number, run in enumerate((*schedule, Run("", ("none", "none"), None))):
            had = Counter(server.taken)
            if run.before == "unsubscribed":
                wanted = [OAK.recipients[0]]
                Ledger(data.ledger).unsubscribe(Ledger(data.ledger).token("oak", OAK.recipients[1]), "2026-11-02")
            elif run.before:
                version += run.before == "corrected"
                put_pdf(data, "oak", says=f"{version}, {number}", version=version)
            refused = run.faults[0] == "refused"
            server.met["refused"] += refused
            server.plan = list(run.faults)
            deaths.append(send_once(data, deaf if refused else port, number, run.at))
            server.settle()
            rows = Ledger(data.ledger).rows()
            check(rows, server, alive=run.at is None)
            assert {recipient for recipient, _ in server.taken - had} <= set(wanted), "sent to who had unsubscribed"
        last = {row.recipient: row.state for row in rows if row.version == version}
        # A healthy run leaves nothing that is neither with its recipient nor a question to a person.
        assert {last[recipient] for recipient in wanted} <= {"sent", "uncertain"}
    return deaths


def test_no_schedule_sends_twice_or_loses_in_silence(mail: tuple[Server, int], deaf: int) -> None:
    server, port = mail
    server.met.clear()
    met: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES, derandomize=True, database=None)
    @given(schedule=st.lists(runs, min_size=1, max_size=3))
    def try_it(schedule: list[Run]) -> None:
        deaths = follow(schedule, server, port, deaf)
        met.update(schedules=1, runs=len(deaths), kills=sum(death.dead for death in deaths))

    try_it()
    print(f"{met['schedules']} schedules of {met['runs']} runs, {met['kills']} of them killed; {dict(server.met)}")
    assert met["schedules"] >= EXAMPLES
    assert met["kills"] > EXAMPLES // 4
    assert set(server.met) == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told_as_what_it_is(mail: tuple[Server, int], deaf: int, data: DataDir, fault: str) -> None:
    """Failed only if it is sure that nobody has the mail, and then the next run sends it; sent only if it is taken."""
    server, port = mail
    server.taken.clear()
    server.plan = [fault, fault]
    put_pdf(data, "oak")
    send_once(data, deaf if fault == "refused" else port, 0)
    uncertain = ("message dropped", "taken, no answer", "taken, answer cut", "taken, answer unreadable")
    sent = ("none", "taken, then dropped", "taken, farewell 500", "taken, farewell 421")
    expected = "uncertain" if fault in uncertain else "sent" if fault in sent else "failed"
    assert {row.state for row in Ledger(data.ledger).rows()} == {expected}
    server.plan = []
    send_once(data, port, 1)
    assert {row.state for row in Ledger(data.ledger).rows()} == {"sent" if expected == "failed" else expected}


def test_every_step_of_an_undisturbed_run_can_be_the_last(mail: tuple[Server, int], tmp_path: Path) -> None:
    """The kills drawn above reach to the end of a run, and each of them leaves at most one mail."""
    server, port = mail
    server.plan = []
    for at in range(1, undisturbed_steps(port, tmp_path) + 1):
        dies_once(server, port, lambda data, at=at: send_once(data, port, 0, at).dead)  # type: ignore[misc]


def test_a_process_killed_by_the_system_is_no_other_than_one_that_stops_existing(
    mail: tuple[Server, int], tmp_path: Path
) -> None:
    server, port = mail
    server.plan = []
    context = fork_server(__name__)

    def killed(data: DataDir, at: int) -> bool:
        child = context.Process(target=send_until_killed, args=(data.root, port, at))
        child.start()
        child.join()
        return child.exitcode == -signal.SIGKILL

    for at in range(2, undisturbed_steps(port, tmp_path) + 1, 3):
        dies_once(server, port, lambda data, at=at: killed(data, at))  # type: ignore[misc]


def send_until_killed(root: Path, port: int, at: int) -> None:
    send_once(DataDir(root), port, 0, at, lambda: os.kill(os.getpid(), signal.SIGKILL))


def undisturbed_steps(port: int, folder: Path) -> int:
    put_pdf(DataDir(folder), "oak")
    steps = send_once(DataDir(folder), port, 0).steps
    assert 60 < steps <= MOST_STEPS
    return steps


def dies_once(server: Server, port: int, dies: Callable[[DataDir], bool]) -> None:
    """Let a run die, run again, and see each recipient with one mail, or with a question to a person about it."""
    server.taken.clear()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        data = DataDir(Path(folder))
        put_pdf(data, "oak")
        assert dies(data)
        server.settle()
        check(Ledger(data.ledger).rows(), server, alive=False)
        send_once(data, port, 1)
        rows = Ledger(data.ledger).rows()
        check(rows, server, alive=True)
        assert {row.recipient for row in rows if row.state in ("sent", "uncertain")} == set(OAK.recipients)
