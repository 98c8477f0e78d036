"""Typesetting: HTML in, one accessible, repeatable PDF out, or a RenderFailed that says why not.

A PDF that was merely written is not trusted. It is thrown away when anything outside the template folder was asked
for, WeasyPrint complained, a character had no glyph in our own fonts, or the pages were too many.
"""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
import json
import logging
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree

import pikepdf
import pydyf
from cssselect2 import ElementWrapper
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcherResponse

from pipelines.errors import NotReady, RenderFailed

_TYPES = {".css": "text/css", ".ttf": "font/ttf", ".otf": "font/otf", ".svg": "image/svg+xml", ".png": "image/png"}
_OUR_FONTS = "Rapport "
_CJK = re.compile("[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]")
# Controls, direction overrides, non-characters and lone surrogates: drawn as boxes, reordering lines, or fatal.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"\s+")
_LONGEST_RUN = 30
MOST_APPENDIX_PAGES = 2
_APPENDIX = frozenset(("data-notes", "appendix", "vanity"))
_MOST_MARKS = 4


def clean(text: str, limit: int = 300) -> str:
    """Return one line of text that cannot hurt a layout, at most `limit` characters of it.

    Controls and direction marks go, runs of 30 characters get a place to break, and no letter keeps more than four
    combining marks. Joiners stay: Persian and Devanagari names need them.
    """
    plain = unicodedata.normalize("NFC", _SPACES.sub(" ", _UNPRINTABLE.sub(" ", text))).strip()
    if len(plain) > limit:
        plain = plain[: limit - 1].rstrip() + "…"
    kept: list[str] = []
    marks = run = 0
    for character in plain:
        if unicodedata.category(character) in {"Mn", "Me"}:
            marks += 1
            if marks <= _MOST_MARKS:
                kept.append(character)
            continue
        marks = 0
        run = 0 if character.isspace() else run + 1
        if run > _LONGEST_RUN:
            kept.append("\u200b")
            run = 1
        kept.append(character)
    return "".join(kept)


def https_only(url: str | None) -> str | None:
    """Return the address if it may stand in a report as a link, percent-encoded; None for anything but plain https."""
    if not url or len(url) > 2000 or re.search(r"[\x00-\x20\x7f\\\ud800-\udfff]", url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme != "https" or not host or "@" in parts.netloc or not re.fullmatch(r"[a-z0-9.-]+", host):
        return None
    return quote(url, safe=":/?#[]@!$&'()*+,;=%~-._")


def colours(sheet: str) -> dict[str, str]:
    """Return the colours that a style sheet names."""
    return dict(re.findall(r"--([a-z]+):\s*(#[0-9a-f]{6});", sheet))


_Given = ParamSpec("_Given")
_Returned = TypeVar("_Returned")
# Of eight bytes: half a megabyte, and layout needs as much again at most.
_WORDS_OF_FRAME = 65_536


def _with_room_for_frames(function: Callable[_Given, _Returned]) -> Callable[_Given, _Returned]:
    """Let a function that calls itself deeply find room for the frames of all its calls at once.

    CPython keeps frames in pieces of 16 kB and gives a piece back to the system with the frame that began it. Layout
    calls across the end of one so often that this took a sixth of a report's time. A frame larger than a piece gets
    one of twice its size.
    """

    def call(*arguments: _Given.args, **named: _Given.kwargs) -> _Returned:
        return function(*arguments, **named)

    call.__code__ = call.__code__.replace(co_stacksize=_WORDS_OF_FRAME)
    return wraps(function)(call)


class TemplateFetcher:
    """Gives WeasyPrint files of the template folder (`tpl:/fonts/x.ttf`), and remembers whatever else it asked for.

    `held` are the pictures of one document, by their address: bytes and type.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self.held: Mapping[str, tuple[bytes, str]] = {}
        self.refused: list[str] = []

    def __call__(self, url: str) -> Any:
        if url in self.held:
            body, kind = self.held[url]
            return URLFetcherResponse(url, body, {"Content-Type": kind})
        parts = urlsplit(url)
        if parts.scheme == "tpl" and not parts.netloc and not parts.query:
            path = (self._root / unquote(parts.path).lstrip("/")).resolve()
            if path.is_relative_to(self._root) and path.is_file() and path.suffix in _TYPES:
                return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": _TYPES[path.suffix]})
        # Kept, because WeasyPrint swallows even this error while drawing an SVG.
        self.refused.append(url[:120])
        raise FatalURLFetchingError("refused")


class _Page(HTML):  # type: ignore[misc]
    """A page whose elements are what our own sheet says, and not what WeasyPrint's sheet for all of HTML does.

    It is read as XML, which takes a tenth of the time that WeasyPrint's reader of HTML does. Raises ParseError for a
    page that is not well-formed.
    """

    def __init__(self, css: Any, html: str, fetcher: TemplateFetcher) -> None:
        # In place of WeasyPrint's own: it would read HTML. The page is our template's, whose data is escaped, so it
        # declares no entities.
        self.base_url = "tpl:/"
        self.url_fetcher = fetcher
        self.media_type = "print"
        self.wrapper_element = ElementWrapper.from_html_root(ElementTree.fromstring(html))  # noqa: S314
        self.etree_element = self.wrapper_element.etree_element
        self._css = css

    def _ua_stylesheets(self, forms: bool = False) -> list[Any]:
        return [self._css]


@dataclass(frozen=True)
class Attached:
    """A file inside the PDF. `description` says to a reader what it is."""

    name: str
    description: str
    body: bytes


@dataclass(frozen=True)
class Typeset:
    """A PDF that passed every check here, and how many pages it has."""

    pdf: bytes
    pages: int


class Typesetter:
    """Holds what a process loads once: our fonts and the parsed style sheet."""

    def __init__(self, templates: Path, style_sheet: str = "styles/report.css") -> None:
        self._templates = templates
        self._fetcher = TemplateFetcher(templates)
        self._fonts = FontConfiguration()
        # One sheet, since every element is held against each of them.
        self._css = self._style_sheet("styles/elements.css", style_sheet)

    @cached_property
    def _cjk(self) -> Any:
        return self._style_sheet("styles/cjk.css")

    def _style_sheet(self, *names: str) -> Any:
        sheet = "\n".join((self._templates / name).read_text(encoding="utf-8") for name in names)
        # A variable is read anew for every style that has it. A page sets no colour but the accent.
        fixed = {name: colour for name, colour in colours(sheet).items() if name != "accent"}
        with self._watched("the style sheet"):
            return CSS(
                string=re.sub(r"var\(--([a-z]+)\)", lambda one: fixed.get(one[1], one[0]), sheet),
                base_url="tpl:/styles/",
                font_config=self._fonts,
                url_fetcher=self._fetcher,
            )

    def typeset(
        self,
        html: str,
        *,
        where: str,
        identifier: bytes,
        most_pages: int,
        name_language: str | None = None,
        quoted_language: str | None = None,
        attached: Sequence[Attached] = (),
        dated: dt.date | None = None,
        pictures: Mapping[str, tuple[bytes, str]] | None = None,
    ) -> Typeset:
        """Return the PDF of `html`, tagged for PDF/UA-1. `identifier` becomes the file's own id.

        `most_pages` counts the pages up to the appendix, which begins at the id "appendix" wherever there is room.
        `name_language` (BCP 47) marks the first heading, whose words may be in another script than the report's, and
        `quoted_language` what stands in block quotes.
        `attached` files bear the date `dated`, not the clock's; `pictures` are what the page may show besides the
        templates' own files. Raises RenderFailed for anything that must not be sent.
        """
        files = [self._attachment(one, dated) for one in attached]

        def finish(pdf: Any) -> bytes:
            _close_gaps(pdf, name_language, quoted_language)
            return _file_of(pdf, identifier)

        with _cycles_cleared_once(), self._watched(where), self._holding(pictures or {}):
            return self._written(html, where, most_pages, files, finish)

    @_with_room_for_frames
    def _written(
        self, html: str, where: str, most_pages: int, files: list[Any], finish: Callable[[Any], bytes]
    ) -> Typeset:
        document = self.lay_out(html)
        body, appendix = _pages_of(document)
        if body > most_pages or appendix > MOST_APPENDIX_PAGES:
            raise RenderFailed(
                f"{body} pages instead of at most {most_pages}, and {appendix} more of appendix",
                where=where,
                next_step="Tell the developers which practice and month this is; the lists in it are too long",
            )
        written: list[bytes] = []

        def finisher(_: Any, pdf: Any) -> None:
            written.append(finish(pdf))
            # What is written after this is thrown away, so next to nothing is left of it.
            del pdf.objects[1:]

        document.write_pdf(finisher=finisher, pdf_variant="pdf/ua-1", custom_metadata=True, attachments=files)
        _refuse_missing_glyphs(document.fonts.values(), where)
        return Typeset(written[0], len(document.pages))

    def _attachment(self, one: Attached, dated: dt.date | None) -> Any:
        at = dt.datetime.combine(dated or dt.date(1970, 1, 1), dt.time(), dt.UTC)
        return Attachment(
            string=one.body,
            name=one.name,
            description=one.description,
            relationship="Data",
            created=at,
            modified=at,
            url_fetcher=self._fetcher,
        )

    @contextmanager
    def _holding(self, pictures: Mapping[str, tuple[bytes, str]]) -> Iterator[None]:
        self._fetcher.held = pictures
        try:
            yield
        finally:
            self._fetcher.held = {}

    def lay_out(self, html: str) -> Any:
        """Return WeasyPrint's document: the pages with every box in its place, not yet written nor checked."""
        document = _Page(self._css, html, self._fetcher).render(
            stylesheets=[self._cjk] if _CJK.search(html) else [],
            font_config=self._fonts,
            pdf_variant="pdf/ua-1",
            custom_metadata=True,
        )
        _number_references(document)
        return document

    @contextmanager
    def _watched(self, where: str) -> Iterator[None]:
        self._fetcher.refused.clear()
        complaints = _Complaints()
        logger = logging.getLogger("weasyprint")
        logger.addHandler(complaints)
        propagates, logger.propagate = logger.propagate, False
        try:
            yield
        except FatalURLFetchingError:
            # A BaseException: nothing above would catch it. The refusal is reported below.
            pass
        except ElementTree.ParseError as error:
            raise RenderFailed(
                f"the page is not well-formed at line {error.position[0]}",
                where=where,
                next_step="Close every element of reports/templates, as XML asks for",
            ) from None
        finally:
            logger.removeHandler(complaints)
            logger.propagate = propagates
        if self._fetcher.refused:
            raise RenderFailed(
                f"something outside the templates was asked for ({', '.join(self._fetcher.refused[:3])})",
                where=where,
                next_step="Nothing was loaded and the PDF is thrown away; look for it in reports/templates",
            )
        if complaints.said:
            raise RenderFailed(
                f"WeasyPrint complained: {'; '.join(complaints.said[:3])}",
                where=where,
                next_step="Correct the template or the style sheet",
            )


@contextmanager
def _cycles_cleared_once() -> Iterator[None]:
    """Leave the reference cycles of a block to one collection after it.

    All boxes of a document live until it is written, so a collection before finds nothing; one of everything the
    process holds came with every second report and took a sixth of its time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # The youngest generation is all there is since the block began.
        gc.collect(0)
        if was_on:
            gc.enable()


def _number_references(document: Any) -> None:
    """Write the page of its target into every reference, in place of the 0 that report.css keeps there.

    WeasyPrint's `target-counter` lays page 1 out a second time, to the same end: all digits are equally wide.
    """
    pages: dict[str, int] = {}
    for number, page in enumerate(document.pages, 1):
        for anchor in page.anchors:
            pages.setdefault(anchor, number)
    for page in document.pages:
        for _kind, target, _place, box in page.links:
            if box.element_tag == "a::after":
                for text in box.children:
                    text.text = text.pango_layout.text = text.text.replace("0", str(pages[target]))


def _pages_of(document: Any) -> tuple[int, int]:
    """Return how many pages the report has up to its appendix, and how many more the appendix takes.

    No section is broken, so the last page on which one begins is the report's last.
    """
    pages = len(document.pages)
    if not any("appendix" in page.anchors for page in document.pages):
        return pages, 0
    body = max(number for number, page in enumerate(document.pages, 1) if page.anchors.keys() - _APPENDIX)
    return body, pages - body


class _Complaints(logging.Handler):
    """Collects warnings and errors of one job. Missing glyphs are left out: they get a message of their own."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if not said.startswith(".notdef"):
            self.said.append(said[:200])


def _refuse_missing_glyphs(fonts: Any, where: str) -> None:
    missing: set[int] = set()
    for font in fonts:
        missing |= set(font.missing)
        if not font.family.startswith(_OUR_FONTS):
            # A font of this machine stepped in: on another machine it would be a box.
            missing |= {ord(character) for text in font.to_unicode.values() for character in text}
    # Whose space stands between other letters depends on the machine, and nobody has to mend it.
    missing = {point for point in missing if not chr(point).isspace()}
    if missing:
        points = sorted(missing)
        listed = ", ".join(f"U+{point:04X}" for point in points[:12]) + (" …" if len(points) > 12 else "")
        raise RenderFailed(
            f"no font here has the characters {listed}",
            where=where,
            next_step="Write the practice's name in another script in practices.toml, or add a font as "
            "reports/templates/fonts/README.md says",
        )


def _number(reference: bytes) -> int:
    return int(reference.split()[0])


def _close_gaps(pdf: Any, name_language: str | None, quoted_language: str | None) -> None:
    """Finish what WeasyPrint 70 leaves open of PDF/UA-1, in the file about to be written.

    Page headers and footers become artifacts, TH cells get a Scope, figures a BBox in PDF points, the first
    heading its language, and so do quotes.
    """
    objects = pdf.objects
    tree = objects[_number(pdf.catalog["StructTreeRoot"])]
    reached = _reachable(objects, _number(tree["K"][0]))
    pages = pdf.pages["Kids"]
    streams = [objects[_number(objects[pages[i]]["Contents"])].stream for i in range(0, len(pages), 3)]
    parents = objects[_number(tree["ParentTree"])]["Nums"]
    for page, owners in zip(parents[::2], parents[1::2], strict=True):
        if isinstance(owners, list):
            orphans = {mark for mark, owner in enumerate(owners) if _number(owner) not in reached}
            for mark in orphans:
                owners[mark] = "null"
            _make_artifacts(streams[page], orphans)
    for index in reached:
        element = objects[index]
        if element["S"] == "/TH":
            group = objects[_number(objects[_number(element["P"])]["P"])]
            element["A"]["Scope"] = "/Column" if group["S"] == "/THead" else "/Row"
        elif element["S"] == "/Figure":
            height = objects[_number(element["Pg"])]["MediaBox"][3]
            left, top, right, bottom = (value * 0.75 for value in element["A"]["BBox"])
            box = (left, height - bottom, right, height - top)
            element["A"]["BBox"] = pydyf.Array([round(value, 2) for value in box])
        elif element["S"] == "/H1" and name_language:
            element["Lang"] = pydyf.String(name_language)
        elif element["S"] == "/BlockQuote" and quoted_language:
            element["Lang"] = pydyf.String(quoted_language)


def _reachable(objects: Sequence[Any], root: int) -> set[int]:
    reached: set[int] = set()
    waiting = [root]
    while waiting:
        index = waiting.pop()
        reached.add(index)
        for child in objects[index].get("K", ()):
            if isinstance(child, bytes):
                element = objects[_number(child)]
                if isinstance(element, dict) and element.get("Type") == "/StructElem":
                    waiting.append(_number(child))
    return reached


def _make_artifacts(stream: list[Any], orphans: set[int]) -> None:
    for place, entry in enumerate(stream):
        if isinstance(entry, dict) and entry.get("MCID") in orphans:
            stream[place - 1], stream[place] = b"/Artifact", b"<</Type/Pagination>>"


def _file_of(pdf: Any, identifier: bytes) -> bytes:
    """Return a PDF 1.7 with these objects, those that are no stream packed into one (ISO 32000-1, 7.5.7 and 7.5.8).

    pydyf makes and compresses every object a second time for the file's id, which here is the identifier alone.
    """
    pdf.add_object(pdf.info)
    file = bytearray(b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n")
    packing, cross_reference = len(pdf.objects), len(pdf.objects) + 1
    # Of each object: the kind of its place, and where that is. Object 0 heads the list of those that are free.
    places = [(0, 0, 65535)]
    heads: list[str] = []
    packed = bytearray()
    for number, one in enumerate(pdf.objects[1:], 1):
        if isinstance(one, pydyf.Stream):
            places.append((1, len(file), 0))
            file += _stream(number, _content(one), one.extra, compress=one.compress)
        else:
            places.append((2, packing, len(heads)))
            heads.append(f"{number} {len(packed)}")
            packed += one.data + b"\n"
    places.append((1, len(file), 0))
    head = " ".join(heads).encode() + b"\n"
    file += _stream(packing, head + packed, {"Type": "/ObjStm", "N": len(heads), "First": len(head)})
    places.append((1, len(file), 0))
    start = len(file)
    table = b"".join(b"%c%b%b" % (kind, at.to_bytes(4, "big"), more.to_bytes(2, "big")) for kind, at, more in places)
    told = {"Type": "/XRef", "W": pydyf.Array((1, 4, 2)), "Size": len(places), "Root": pdf.catalog.reference}
    name = f"<{identifier.hex()}>"
    file += _stream(cross_reference, table, told | {"Info": pdf.info.reference, "ID": pydyf.Array((name, name))})
    return bytes(file + b"startxref\n%d\n%%%%EOF\n" % start)


def _content(stream: Any) -> bytes:
    parts = (part.data if isinstance(part, pydyf.Object) else part for part in stream.stream)
    return b"\n".join(part.encode("ascii") if isinstance(part, str) else part for part in parts)


def _stream(number: int, content: bytes, told: Mapping[str, Any], *, compress: bool = True) -> bytes:
    if compress:
        content, told = zlib.compress(content), {**told, "Filter": "/FlateDecode"}
    head = pydyf.Dictionary({**told, "Length": len(content)}).data
    return b"%d 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (number, head, content)


def standing_manifest(pdf_path: Path, manifest_path: Path) -> dict[str, Any] | None:
    """Return the manifest of a PDF that matches it, or None where either is missing or they do not belong together."""
    try:
        manifest = json.loads(manifest_path.read_bytes())
        digest = hashlib.sha256(pdf_path.read_bytes()).hexdigest()
    except (FileNotFoundError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get("pdf_sha256") == digest else None


def practice_of(path: Path) -> str:
    """Return the id of the practice a PDF was made for, as written inside it.

    Raises NotReady where there is no PDF, and RenderFailed for a PDF that is not one of ours.
    """
    try:
        with pikepdf.open(path) as pdf:
            named = pdf.docinfo.get("/rapportpractice")
    except FileNotFoundError:
        raise NotReady("there is no PDF", where=path.name, next_step="Render the month first") from None
    except pikepdf.PdfError:
        raise RenderFailed("not a readable PDF", where=path.name, next_step="Render the month again") from None
    if named is None:
        raise RenderFailed(
            "the PDF does not say which practice it is for", where=path.name, next_step="Render the month again"
        )
    return str(named)
