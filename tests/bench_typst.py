"""Measure what a tagged PDF of the same report costs here and in Typst, in CPU seconds.

The report's own page is turned into Typst markup: every text, table, list, link and chart in its order, and a layout
that is only alike. So it is the content that is equal, and the ratio tells what typesetting HTML costs.
"""

from __future__ import annotations

import json
import os
import re
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import typst

from pipelines import render
from pipelines.pdf import Typesetter
from tests.test_templates import html_of

STATES = ("everything-fine", "calm", "burst", "everything-bad")
_SVG = "{http://www.w3.org/2000/svg}"
# Without a prefix, which is how Typst expects an SVG.
ET.register_namespace("", _SVG.strip("{}"))
_SPECIAL = re.compile(r"""([\\#\[\]*_`$@<>~/=+\-"'.])""")
_WIDTH = re.compile(r"width:([\d.]+)(mm|px)")
_POINTS_A_PIXEL = 0.75
_QUIET = '#text(fill: rgb("#595959"))'
_HEAD = """
#set page(paper: "us-letter", margin: (x: 20mm, top: 16mm, bottom: 19mm), footer: context [#set text(8.5pt)
  Riverside #h(1fr) October 2026, page #counter(page).display() of #counter(page).final().first()])
#set text(font: "Noto Sans", size: 10.5pt, lang: "en")
#show heading.where(level: 1): set text(font: "Noto Serif", size: 23pt, weight: "regular")
#show heading.where(level: 2): set text(size: 10.5pt)
#set table(stroke: (x, y) => if y > 0 {(top: 0.4pt + rgb("#c9c9c9"))}, inset: (x: 0mm, y: 1.2mm))
#show table: set text(size: 9pt)
"""


def measure_typst(folder: Path, rounds: int = 10) -> dict[str, float]:
    """Return the CPU seconds a report of WeasyPrint and of Typst, and the ratio of the two.

    They take turns, so that other work on the machine weighs on both; the first turn does not count. Typst remembers
    what it has laid out, even of another report, so each is made in a process that has made none.
    """
    pages = {state: html_of(state) for state in STATES}
    files = {state: _written(html, folder / f"typst-{state}") for state, html in pages.items()}
    typesetter = Typesetter(render.TEMPLATES)
    ours = theirs = 0.0
    for turn in range(rounds + 1):
        started = time.process_time()
        for state, html in pages.items():
            typesetter.typeset(html, where=state, identifier=b"0" * 16, most_pages=render.MOST_PAGES)
        spent = time.process_time() - started
        compiled = sum(_compiled(file) for file in files.values())
        if turn:
            ours, theirs = ours + spent, theirs + compiled
    made = rounds * len(STATES)
    return {
        "weasyprint_cpu_seconds": round(ours / made, 3),
        "typst_cpu_seconds": round(theirs / made, 3),
        "ratio": round(ours / theirs, 1),
    }


def _compiled(file: Path) -> float:
    """Compile in a process of its own, and return the CPU seconds that took."""
    told, tells = os.pipe()
    child = os.fork()
    if not child:
        fonts = [str(render.TEMPLATES / "fonts")]
        started = time.process_time()
        made = typst.compile(
            str(file), format="pdf", font_paths=fonts, ignore_system_fonts=True, pdf_standards=["ua-1"]
        )
        spent = time.process_time() - started
        file.with_suffix(".pdf").write_bytes(made)
        os.write(tells, repr(spent).encode())
        os._exit(0)
    os.close(tells)
    with os.fdopen(told) as words:
        spent_there = words.read()
    os.waitpid(child, 0)
    if not spent_there:
        raise SystemExit(f"Typst made nothing of {file.name}; what it said stands above")
    return float(spent_there)


def _written(html: str, folder: Path) -> Path:
    folder.mkdir()
    page = ET.fromstring(html)
    title = page.findtext("head/title", "")
    made = _Markup()
    body = made.block(_found(page, "body"))
    for name, chart in made.charts.items():
        (folder / name).write_bytes(chart.replace(b"Rapport Sans", b"Noto Sans"))
    dated = "datetime(year: 2026, month: 10, day: 31)"
    file = folder / "report.typ"
    file.write_text(f"#set document(title: {json.dumps(title)}, date: {dated})\n{_HEAD}{body}", encoding="utf-8")
    return file


class _Markup:
    """Typst markup of elements, and their charts by file name."""

    def __init__(self) -> None:
        self.charts: dict[str, bytes] = {}

    def block(self, element: ET.Element) -> str:
        if element.tag == "table":
            return self._table(element)
        if re.fullmatch("h[123]", element.tag):
            return f"\n{'=' * int(element.tag[1])} {self._inline(element).strip()}\n"
        if element.tag == "p":
            named = element.get("class", "")
            size = "9pt" if "small" in named else "17pt" if "headline" in named else "10.5pt"
            return f"\n#text(size: {size})[{self._inline(element)}]\n\n"
        if element.tag in ("ul", "ol"):
            sign = "-" if element.tag == "ul" else "+"
            items = (" ".join(self._inline(item).split()) for item in element)
            return "\n" + "\n".join(f"{sign} {item}" for item in items) + "\n\n"
        parts = list(element)
        if [part.get("class") for part in parts] == ["side", "body"]:
            side, body = map(self.block, parts)
            return f"#grid(columns: (34mm, 137mm), column-gutter: 5mm, [{side}], [{body}])\n"
        if any("terms" in part.get("class", "") for part in parts):
            columns = ", ".join(f"[#set text(size: 8pt)\n{self.block(part)}]" for part in parts if part.tag == "ul")
            above = "".join(self.block(part) for part in parts if part.tag != "ul")
            return f"{above}#grid(columns: 3, column-gutter: 6mm, {columns})\n"
        return "".join(map(self._within, parts))

    def _within(self, element: ET.Element) -> str:
        if element.tag == f"{_SVG}svg":
            return self._chart(element)
        if element.tag == "br":
            return " \\ "
        if element.tag == "strong":
            return f"#strong[{self._inline(element)}]"
        if element.tag == "a":
            target = element.get("href", "")
            return f"{f'#link({json.dumps(target)})' if target.startswith('https') else '#'}[{self._inline(element)}]"
        if element.tag in ("span", "blockquote"):
            look = _QUIET if "quiet" in element.get("class", "") else "#"
            return f"{look}[{self._inline(element)}]"
        return self.block(element)

    def _inline(self, element: ET.Element) -> str:
        parts = (self._within(part) + _escaped(part.tail) for part in element)
        return _escaped(element.text) + "".join(parts)

    def _chart(self, element: ET.Element) -> str:
        name = f"chart-{len(self.charts)}.svg"
        title = _found(element, f"{_SVG}title")
        element.remove(title)
        after, element.tail = element.tail, None
        self.charts[name] = ET.tostring(element)
        element.tail = after
        wide = float(element.get("width", "0")) * _POINTS_A_PIXEL
        said = json.dumps(title.text, ensure_ascii=False)
        return f'#figure(image("{name}", alt: {said}, width: {wide}pt))'

    def _table(self, element: ET.Element) -> str:
        widths = [match for column in element.iter("col") if (match := _WIDTH.search(column.get("style", "")))]
        columns = ", ".join(
            f"{float(number) * _POINTS_A_PIXEL}pt" if unit == "px" else f"{number}mm"
            for number, unit in (match.groups() for match in widths)
        )
        heads = ", ".join(map(self._cell, _found(element, "thead").iter("th")))
        cells = "".join(f"{self._cell(cell)}, " for row in _found(element, "tbody") for cell in row)
        return f"#table(columns: ({columns},), table.header({heads}), {cells})\n"

    def _cell(self, element: ET.Element) -> str:
        across = element.get("colspan")
        return f"{f'table.cell(colspan: {across})' if across else ''}[{self._inline(element)}]"


def _found(element: ET.Element, path: str) -> ET.Element:
    found = element.find(path)
    if found is None:
        raise SystemExit(f"the report's page has no {path}")
    return found


def _escaped(text: str | None) -> str:
    return _SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", text or ""))
