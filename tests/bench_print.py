"""Measure what a tagged PDF of the same page costs here and in a warm Chromium, in CPU seconds."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from pipelines import render
from pipelines.pdf import Typesetter
from tests.test_templates import html_of

_STATES = ("everything-fine", "calm", "burst", "everything-bad")
_TAGGED = {"generateTaggedPDF": True, "preferCSSPageSize": True, "printBackground": True}
_TICKS = os.sysconf("SC_CLK_TCK")


def measure_print(folder: Path, rounds: int = 10) -> dict[str, float]:
    """Return the CPU seconds a report of WeasyPrint and of Chromium, and the ratio of the two.

    They take turns, so that other work on the machine weighs on both. Each has made every page once before.
    """
    pages = {state: html_of(state) for state in _STATES}
    typesetter = Typesetter(render.TEMPLATES)
    sheet = (render.TEMPLATES / "styles" / "report.css").read_text(encoding="utf-8")
    files = {state: folder / f"{state}.html" for state in _STATES}
    for state, html in pages.items():
        dressed = html.replace("</head>", f"<style>{sheet}</style></head>")
        files[state].write_text(dressed.replace("tpl:/", f"{render.TEMPLATES.as_uri()}/"), encoding="utf-8")
    ours = theirs = 0.0
    with _chromium(folder) as (process, port), sync_playwright() as playwright:
        page = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}").contexts[0].new_page()
        session = page.context.new_cdp_session(page)
        for turn in range(rounds + 1):
            started = time.process_time()
            for state, html in pages.items():
                typesetter.typeset(html, where=state, identifier=b"0" * 16, most_pages=render.MOST_PAGES)
            spent = time.process_time() - started
            ticks = _cpu_seconds(process.pid)
            for path in files.values():
                page.goto(path.as_uri())
                session.send("Page.printToPDF", _TAGGED)
            if turn:
                ours, theirs = ours + spent, theirs + _cpu_seconds(process.pid) - ticks
    made = rounds * len(_STATES)
    return {
        "weasyprint_cpu_seconds": round(ours / made, 3),
        "chromium_cpu_seconds": round(theirs / made, 3),
        "ratio": round(ours / theirs, 1),
    }


@contextmanager
def _chromium(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a Chromium of its own, so that its processes can be told from Playwright's."""
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("chromium is not installed, so there is nothing to compare with")
    profile = folder / "profile"
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
    with subprocess.Popen(
        [program, *options, f"--user-data-dir={profile}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process, _port(profile / "DevToolsActivePort")
        finally:
            process.terminate()


def _port(file: Path) -> int:
    for _ in range(600):
        if file.is_file() and (lines := file.read_text().splitlines()):
            return int(lines[0])
        time.sleep(0.1)
    raise SystemExit("chromium did not start within a minute")


def _cpu_seconds(root: int) -> float:
    """Return the CPU seconds of a process and all that descend from it, to a hundredth."""
    spent: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name in brackets may hold spaces; after it come the state and the parent, and later user and system.
            fields = stat.read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        pid = int(stat.parent.name)
        children.setdefault(int(fields[1]), []).append(pid)
        spent[pid] = int(fields[11]) + int(fields[12])
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        total += spent.get(pid, 0)
        waiting += children.get(pid, ())
    return total / _TICKS
