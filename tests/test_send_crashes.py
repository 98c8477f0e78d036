"""Thousands of schedules of faults and kills: never two mails for one key, never a lost one that nobody is told of.

The mail server is a real one on loopback that fails as the schedule says, one fault a connection. The kill is an
exception at a step of the sender: before or after any change to the ledger, any word to the server, any answer. Nothing
that runs after it, like a clean farewell, may reach the disk or the network: a killed process says no more.
`test_killed.py` and `test_send.py` do it with a true SIGKILL, at fewer places.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import email
import os
import smtplib
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import SeveralFailed
from pipelines.landing import DataDir
from pipelines.ledger import Ledger, Row
from pipelines.practices import Practice, Practices
from pipelines.send import send
from pipelines.settings import Settings
from tests.smtp_server import listening
from tests.test_send import MONTH, put_pdf

OAK = Practice(id="oak", name="Oak", recipients=("a@oak.example", "b@oak.example"))
FAULTS = (
    "none",
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
# Some hundreds in every run of the tests; RAPPORT_TEST_SCHEDULES=5000 asks for more.
EXAMPLES = int(os.environ.get("RAPPORT_TEST_SCHEDULES", "300"))
# Where there is memory to write to, a schedule's many small commits need no disk.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


class Server:
    """Keeps what it took, by the recipient and version that the Message-ID and address tell, and fails as planned."""

    def __init__(self) -> None:
        self.plan: list[str] = []
        self.taken: Counter[tuple[str, str]] = Counter()

    def session(self) -> SMTP:
        return _Faulty(self, self.plan.pop(0) if self.plan else "none")

    def take(self, envelope: Envelope) -> None:
        [recipient] = envelope.rcpt_tos
        message = email.message_from_bytes(envelope.original_content or b"")
        self.taken[recipient, message["Message-ID"]] += 1


class _Faulty(SMTP):
    def __init__(self, server: Server, fault: str) -> None:
        self.server, self.fault = server, fault
        super().__init__(self, ident="Test")

    def connection_made(self, transport: Any) -> None:
        self.wire = transport
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


class Executioner:
    """Counts the steps of a run and ends it at the given one; from then on nothing gets through any more."""

    def __init__(self, at: int | None) -> None:
        self.at, self.steps, self.dead = at, 0, False

    def step(self) -> None:
        self.steps += 1
        self.dead = self.dead or self.steps == self.at
        if self.dead:
            raise Killed

    def around(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **named: Any) -> Any:
            self.step()
            result = act(*arguments, **named)
            self.step()
            return result

        return stepped


@contextlib.contextmanager
def dying(at: int | None) -> Iterator[Executioner]:
    """Put a step before and after each statement for the ledger and each word to and from the server."""
    executioner = Executioner(at)

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


def send_once(data: DataDir, port: int, night: int, at: int | None = None) -> None:
    """Run the sender once, to its end or to its death; what it could not send is in the ledger, so errors are none."""
    now = dt.datetime(2026, 11, 2, 8, night, tzinfo=dt.UTC)
    with dying(at), contextlib.suppress(SeveralFailed, Killed):
        send(
            MONTH, Practices(practice=(OAK,)), data, Settings(smtp_port=port), now, restate=True, say=lambda line: None
        )


def check(rows: list[Row], server: Server, *, alive: bool) -> None:
    """Compare the ledger with what the server has. A run that was killed may leave `sending` behind, no other may."""
    assert max(server.taken.values(), default=0) <= 1, "two mails for one key"
    known = {(row.recipient, f"<{row.month}.{row.identity}@rapport.example>"): row for row in rows}
    assert set(server.taken) <= set(known), "a mail that the ledger does not know"
    for key, row in known.items():
        if row.state == "sent":
            assert server.taken[key] == 1, "told as sent, and nobody has it"
        elif row.state in ("planned", "failed"):
            assert server.taken[key] == 0, f"{row.state}, and the recipient has it: the next run sends another"
        else:
            assert row.state == "uncertain" or not alive, f"{row.state} is told to nobody"


runs = st.tuples(
    st.lists(st.sampled_from(FAULTS), min_size=2, max_size=2),
    st.one_of(st.none(), st.integers(1, 170)),
    # A correction comes between two runs.
    st.booleans(),
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(schedule=st.lists(runs, min_size=1, max_size=3))
def test_no_schedule_sends_twice_or_loses_in_silence(
    mail: tuple[Server, int], schedule: list[tuple[list[str], int | None, bool]]
) -> None:
    server, port = mail
    server.taken.clear()
    version = 1
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        data = DataDir(Path(folder))
        put_pdf(data, "oak")
        for number, (faults, at, corrected) in enumerate(schedule):
            if corrected:
                version += 1
                put_pdf(data, "oak", says=str(version), version=version)
            server.plan = list(faults)
            send_once(data, port, number, at)
            check(Ledger(data.ledger).rows(), server, alive=at is None)
        server.plan = []
        send_once(data, port, len(schedule))
        rows = Ledger(data.ledger).rows()
        check(rows, server, alive=True)
        last = [row for row in rows if row.version == version]
        assert [row.recipient for row in last] == list(OAK.recipients)
        # A healthy run leaves nothing that is neither with its recipient nor a question to a person.
        assert {row.state for row in last} <= {"sent", "uncertain"}


def test_every_step_of_an_undisturbed_run_can_be_the_last(mail: tuple[Server, int], tmp_path: Path) -> None:
    """The kills drawn above reach to the end of a run, and each of them leaves at most one mail."""
    server, port = mail
    server.plan = []
    put_pdf(DataDir(tmp_path / "counted"), "oak")
    now = dt.datetime(2026, 11, 2, 8, tzinfo=dt.UTC)
    with dying(None) as counted:
        practices = Practices(practice=(OAK,))
        send(MONTH, practices, DataDir(tmp_path / "counted"), Settings(smtp_port=port), now, say=lambda line: None)
    assert 60 < counted.steps <= 170
    for at in range(1, counted.steps + 1):
        server.taken.clear()
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            data = DataDir(Path(folder))
            put_pdf(data, "oak")
            send_once(data, port, 0, at)
            send_once(data, port, 1)
            check(Ledger(data.ledger).rows(), server, alive=True)
            assert sum(server.taken.values()) + sum(r.state == "uncertain" for r in Ledger(data.ledger).rows()) >= 2
