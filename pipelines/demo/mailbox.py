"""A mail server on loopback that delivers nothing: each message it takes becomes an .eml file in a folder.

A message to three people becomes three files, as it would become three deliveries. The file's name has the
recipient in it, reduced to harmless characters; the bytes inside are those received.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import socket
import threading
from pathlib import Path
from types import TracebackType

from aiosmtpd.smtp import SMTP, Envelope, Session

from pipelines.landing import write_bytes

_LARGEST_MESSAGE_BYTES = 50_000_000


class Mailbox:
    """Takes mail while the `with` block lasts; `port` is known from the beginning of it."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        self.folder, self.host = folder, host
        self._socket = socket.create_server((host, port))
        self.port = int(self._socket.getsockname()[1])
        self._open, self._loop = threading.Event(), asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Mailbox:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        self._open.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await self._loop.create_server(self._session, sock=self._socket)
        self._open.set()
        await self._stop.wait()
        # Who is still connected is cut off when the runner ends: nobody waits for a slow client.
        server.close()

    def _session(self) -> SMTP:
        return SMTP(self, data_size_limit=_LARGEST_MESSAGE_BYTES, enable_SMTPUTF8=True, ident="Rapport demo")

    def letters(self) -> list[Path]:
        """Return the files there are, in the order in which they came."""
        return sorted(self.folder.glob("*.eml"), key=_number)

    # aiosmtpd calls it by this name.
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message, once a recipient, before saying that it was taken."""
        body = envelope.original_content or b""
        last = max(map(_number, self.letters()), default=0)
        for number, recipient in enumerate(envelope.rcpt_tos, last + 1):
            write_bytes(self.folder / f"{number:04d}-{file_name_of(recipient)}.eml", body)
        return "250 Message accepted for delivery"


def file_name_of(recipient: str) -> str:
    """Return an address as letters, digits, dots, hyphens and one "at": never a path, an option or a hidden file."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "_", recipient.replace("@", "-at-"))
    return re.sub(r"\.{2,}", ".", plain).strip("._-")[:80] or "nobody"


def _number(path: Path) -> int:
    digits = path.name.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def main(arguments: list[str] | None = None) -> None:
    """Take mail until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.demo.mailbox", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=2525)
    asked = parser.parse_args(arguments)
    stop = threading.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda number, frame: stop.set())
    with Mailbox(asked.folder, port=asked.port) as mailbox:
        print(f"Mail to {mailbox.host}:{mailbox.port} is kept in {mailbox.folder}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
