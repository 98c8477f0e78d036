"""The build's child process without the start of one: forked where dbt is imported already. Not a test: a tool of them.

To import dbt takes a third of a small build, and the tests build some fifty times. What the child gets and does is
what it gets and does in life: its arguments, its environment, its folder, its three streams, and an end when its
standard input closes.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import TracebackType
from typing import Any

from pipelines.build import _child

_PRELOADED = [
    "pipelines.__main__",
    *(f"pipelines.{verb}" for verb in ("fetch", "read", "score", "build", "render", "send", "sql_functions")),
    "dbt.cli.main",
    __name__,
]


def fork_server(*more: str) -> ForkServerContext:
    """Return the one fork server of this process, which has imported the verbs, dbt and `more`.

    Once it runs, what is asked for besides is imported by each child.
    """
    _PRELOADED.extend(name for name in more if name not in _PRELOADED)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


class ForkedChild:
    """What `build` uses of a `subprocess.Popen`."""

    def __init__(self, job: dict[str, Any], environment: dict[str, str], folder: Path, errors: Path) -> None:
        context = fork_server()
        standard_input, self._input = context.Pipe(duplex=False)
        output, standard_output = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_run, args=(job, environment, folder, errors, standard_input, standard_output)
        )
        self._process.start()
        standard_input.close()
        standard_output.close()
        self.stdout = os.fdopen(os.dup(output.fileno()), "rb")
        output.close()

    def __enter__(self) -> ForkedChild:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stdout.close()
        self._input.close()
        self._process.join()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()


def _run(
    job: dict[str, Any], environment: dict[str, str], folder: Path, errors: Path, given: Connection, taken: Connection
) -> None:
    with errors.open("wb") as log:
        for standard, descriptor in enumerate((given.fileno(), taken.fileno(), log.fileno())):
            os.dup2(descriptor, standard)
    given.close()
    taken.close()
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115, these live as long as the process
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.exit(_child(job))
