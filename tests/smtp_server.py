"""An SMTP server on loopback for as long as a `with` block lasts, of whatever protocol a test makes. Not a test."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def listening(protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Give the port at which each connection is answered by a `protocol` of its own, over `tls` if it is given."""
    loop = asyncio.new_event_loop()
    # The loop's own socket sends each line at once; one that is given to it would wait for acknowledgements.
    server = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0, ssl=tls))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            # Its end cancels what is still connected, and waits for that.
            runner.run(asyncio.sleep(0))
