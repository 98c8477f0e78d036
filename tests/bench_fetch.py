"""How long a night's pull takes: 1,000 practices on three platforms that take 50 ms to answer.

The platforms run in a process of their own. The three sources are pulled side by side as Airflow would, each by a
process that has loaded no more than pulling needs; the pace is set to what the bench asks and never exceeded, which the
platforms count themselves.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ClassVar

import httpx

from pipelines.fetch import fetch
from pipelines.landing import DataDir
from pipelines.periods import parse_night
from pipelines.practices import Practice, Practices
from pipelines.settings import load_settings

LATENCY_SECONDS = 0.05
PER_MINUTE = 9_000.0
# Requests leave evenly, but may arrive a little closer together: they are counted over so long, with so much allowed.
COUNTED_SECONDS, JITTER = 10, 1.02
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
    came: ClassVar[dict[str, list[float]]] = defaultdict(list)

    def do_GET(self) -> None:
        if self.path == "/counted":
            answer: Any = {source: {"requests": len(at), "busiest": _busiest(at)} for source, at in self.came.items()}
        else:
            self.came[self.path.split("/")[1]].append(time.monotonic())
            time.sleep(LATENCY_SECONDS)
            answer = _answer(self.path)
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        """Say nothing."""


def _busiest(came: list[float]) -> int:
    """Return the most requests that came within any `COUNTED_SECONDS`."""
    at = sorted(came)
    return max(bisect_left(at, first + COUNTED_SECONDS) - number for number, first in enumerate(at))


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
    os.environ["RAPPORT_ADDRESSES"] = json.dumps({f"{name}.api": f"{base}/{name}" for name in SOURCES})
    os.environ["RAPPORT_PER_MINUTE"] = json.dumps(dict.fromkeys(SOURCES, PER_MINUTE))
    os.environ[f"RAPPORT_KEY_{source.upper()}"] = json.dumps({"api_key": "of the bench"})
    night = parse_night("2026-11-01")
    fetch(source, night, practices_of(count), DataDir(root), load_settings(), say=lambda line: None)


def peak_mb() -> int:
    """Return the most memory this process has held."""
    # Not ru_maxrss: that of a started process begins with its parent's.
    return round(int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024)


def measure_fetch(root: Path, count: int) -> dict[str, dict[str, float]]:
    """Pull three sources side by side; "fetch, whole night" is the slowest of them, and their memory together.

    Raises SystemExit if a platform was asked faster than the pace.
    """
    started = time.perf_counter()
    with slow_platforms() as base, ThreadPoolExecutor(len(SOURCES)) as pool:
        found = dict(zip(SOURCES, pool.map(lambda source: _measured(root, count, source, base), SOURCES), strict=True))
        seconds = round(time.perf_counter() - started, 2)
        counted = httpx.get(f"{base}/counted").raise_for_status().json()
    for source, pull in found.items():
        pull |= {"requests": counted[source]["requests"], "busiest_ten_seconds": counted[source]["busiest"]}
        if counted[source]["busiest"] > PER_MINUTE / 60 * COUNTED_SECONDS * JITTER:
            raise SystemExit(f"{source} was asked {counted[source]['busiest']} times in {COUNTED_SECONDS} seconds")
    of = ("cpu_seconds", "peak_mb", "requests")
    whole = {"seconds": seconds, **{name: round(sum(pull[name] for pull in found.values()), 2) for name in of}}
    return {**{f"fetch {source}": pull for source, pull in found.items()}, "fetch, whole night": whole}


def _measured(root: Path, count: int, source: str, base: str) -> dict[str, float]:
    """Pull one source in a process of its own, and return what that took."""
    command = [sys.executable, "-m", __name__, str(root), str(count), source, base]
    told: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return told


def main(root: str, count: str, source: str, base: str) -> None:
    started, cpu = time.perf_counter(), time.process_time()
    fetch_step(Path(root), int(count), source, base)
    took = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu}
    print(json.dumps({**{name: round(value, 2) for name, value in took.items()}, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
