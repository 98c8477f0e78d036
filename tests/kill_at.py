"""Run one verb in a fresh process and die by SIGKILL just before its Nth change to the disk. Not a test: a tool of one.

Children are forked from a server that has imported everything, so that many of them take seconds, not minutes.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_CHANGES = ("replace", "rename", "fsync", "unlink", "link", "mkdir", "chmod")


def start(
    context: ForkServerContext, environment: dict[str, str], words: list[str], kill_at: int, log: Path
) -> BaseProcess:
    """Start a verb; `kill_at` 0 lets it live. Its output, and at the end its number of changes, go to `log`."""
    child = context.Process(target=_run, args=(environment, words, kill_at, str(log)))
    child.start()
    return child


def _run(environment: dict[str, str], words: list[str], kill_at: int, log: str) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115, these live as long as the process
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    from pipelines.__main__ import rapport

    seen = 0

    def dying(change: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*arguments, **named)

        return wrapped

    for name in _CHANGES:
        setattr(os, name, dying(getattr(os, name)))
    setattr(shutil, "rmtree", dying(shutil.rmtree))  # noqa: B010, mypy keeps its hidden attribute
    rapport(words, prog_name="rapport", standalone_mode=False)
    print(seen, flush=True)
