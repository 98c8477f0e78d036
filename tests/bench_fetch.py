"""How long a night's pull takes: 1,000 practices on three platforms that take 50 ms to answer.

The platforms run in a process of their own. The three sources are pulled side by side, as Airflow would; the pace is
set to what the bench asks and never exceeded, which the platforms count themselves.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pipelines.fetch import fetch
from pipelines.landing import DataDir
from pipelines.periods import parse_night
from pipelines.practices import Practice, Practices
from pipelines.settings import load_settings

LATENCY_SECONDS = 0.05
PER_MINUTE = 9_000.0
SOURCES = ("trustpilot", "yelp", "nhs_uk")


def practices_of(count: int) -> Practices:
    return Practices(
        practice=tuple(
            Practice.model_validate(
                {
                    "id": f"p-{n}",
                    "name": f"Practice {n}",
                    "trustpilot": {"business_unit": f"{n:024x}"},
                    "yelp": {"business": f"p-{n}"},
                    "nhs_uk": {"ods_code": f"V{n:05d}"},
                }
            )
            for n in range(count)
        )
    )


def _answer(path: str) -> Any:
    if "/business-units/" in path:
        if "/reviews" not in path:
            return {"id": "u", "numberOfReviews": {"total": 20}}
        first = "page=1&" in path or path.endswith("page=1")
        stamp = "2026-10-20T10:00:00Z"
        return {"reviews": [{"id": f"r{n}", "stars": 5, "createdAt": stamp} for n in range(20)] if first else []}
    if "/businesses/" in path:
        review = {
            "id": "r",
            "rating": 5,
            "time_created": "2026-10-20 10:00:00",
            "text": "Words",
            "url": "https://x.example",
        }
        if path.partition("?")[0].endswith("/reviews"):
            return {"reviews": [review] * 3, "total": 20}
        return {"id": "b", "review_count": 20, "rating": 4.5}
    return {"comments": []}


class _Slow(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536

    def do_GET(self) -> None:
        time.sleep(LATENCY_SECONDS)
        body = json.dumps(_answer(self.path)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        """Say nothing."""


def _serve(to: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    server.daemon_threads = True
    to.send(server.server_port)
    server.serve_forever()


@contextmanager
def slow_platforms() -> Iterator[str]:
    """Run the platforms; gives their address."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def fetch_step(root: Path, count: int, source: str, base: str) -> None:
    """Pull one source for `count` practices from the platforms at `base`."""
    os.environ["RAPPORT_ADDRESSES"] = json.dumps({f"{name}.api": base for name in SOURCES})
    os.environ["RAPPORT_PER_MINUTE"] = json.dumps(dict.fromkeys(SOURCES, PER_MINUTE))
    os.environ[f"RAPPORT_KEY_{source.upper()}"] = json.dumps({"api_key": "of the bench"})
    night = parse_night("2026-11-01")
    fetch(source, night, practices_of(count), DataDir(root), load_settings(), say=lambda line: None)
