"""The report for a screen: the very page that was typeset, word for word, with what browsers and screen readers need.

It is made from the HTML of the PDF, so the two cannot tell different things. Nothing is fetched and nothing runs: what
is put in goes by the place of an element alone, as `pdf` does with tags, and text passes as it was escaped.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from markupsafe import Markup

_TAG = re.compile(r"<[^>]*>")
_SPACES = re.compile(r"\s+")
# A table this wide is read row by row on a telephone, each cell under the name of its column.
_WIDE = 3


@dataclass(frozen=True)
class Twin:
    """The parts of a page for the screen. `contents` are the ids and words of its main headings, in order."""

    language: str
    title: Markup
    body: Markup
    contents: tuple[tuple[str, Markup], ...]


def twin(
    html: str,
    *,
    name_language: str | None = None,
    pictures: Mapping[str, tuple[bytes, str]] | None = None,
) -> Twin:
    """Return the body of a typeset page for a screen.

    A reference has no number of a page here. `name_language` (BCP 47) marks the first heading; `pictures` are bytes and
    type by address, and become part of the page.
    """
    reader = _Reader(name_language, pictures or {})
    reader.feed(html)
    reader.close()
    return Twin(reader.language, reader.title, Markup("".join(reader.body)), tuple(reader.contents))  # noqa: S704


def belongs(path: Path, manifest: Mapping[str, Any]) -> bool:
    """Tell whether the page on disk is the one that the manifest names."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == manifest.get("html_sha256")
    except FileNotFoundError:
        return False


class _Reader(HTMLParser):
    """Copies a page tag by tag. Character references stay as they are written, so no text is ever unescaped."""

    def __init__(self, name_language: str | None, pictures: Mapping[str, tuple[bytes, str]]) -> None:
        super().__init__(convert_charrefs=False)
        self.language = ""
        self.title = Markup()
        self.body: list[str] = []
        self.contents: list[tuple[str, Markup]] = []
        self._name_language = name_language
        self._pictures = pictures
        self._is_inside = self._is_head = False
        # Where in `body` the newest element of a kind starts.
        self._at: dict[str, int] = {}
        self._anchor = ""
        self._heading = Markup()
        self._columns: list[Markup] = []
        self._column = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = told["lang"]
        elif tag == "body" or not self._is_inside:
            self._is_inside = tag == "body"
            self.body.clear()
        else:
            self._at[tag] = len(self.body)
            self.body.append(self._with(self._added(tag, told)))
            if tag == "td":
                self._column += int(told.get("colspan", "1"))
                self.body.append('<span class="cell">')

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.body.append(self._with(self._added(tag, {name: value or "" for name, value in attrs})))

    def handle_endtag(self, tag: str) -> None:
        if tag == "title" and not self._is_inside:
            self.title = Markup("").join(map(Markup, self.body))
        elif tag in ("body", "html"):
            self._is_inside = False
        elif self._is_inside:
            self._close(tag)

    def _added(self, tag: str, told: Mapping[str, str]) -> dict[str, str]:
        """Return the attributes that an element gets besides its own, escaped, and note what it opens."""
        if tag == "h1" and self._name_language:
            return {"lang": self._name_language, "dir": "auto"}
        if tag == "h2":
            self._anchor = told["id"]
        elif tag == "table":
            self._columns = []
            return {"aria-label": self._heading}
        elif tag in ("thead", "tbody"):
            self._is_head = tag == "thead"
        elif tag == "tr":
            self._column = 0
        elif tag == "th":
            self._column += not self._is_head
            return {"scope": "col" if self._is_head else "row"}
        elif tag == "td" and self._columns:
            return {"data-label": self._columns[self._column]}
        elif tag == "a" and told["href"].startswith("https://"):
            return {"target": "_blank", "rel": "noopener noreferrer"}
        elif tag == "img":
            body, kind = self._pictures[told["src"]]
            return {"src": f"data:{kind};base64,{base64.b64encode(body).decode()}"}
        return {}

    def _close(self, tag: str) -> None:
        if tag in ("h2", "h3"):
            self._heading = self._words(tag)
        if tag == "h2":
            self.contents.append((self._anchor, self._heading))
        elif tag == "th" and self._is_head:
            self._columns.append(self._words(tag))
        elif tag == "thead" and len(self._columns) >= _WIDE:
            self.body[self._at["table"]] = f'{self.body[self._at["table"]][:-1]} data-wide="">'
        elif tag == "td":
            self.body.append("</span>")
        self.body.append(f"</{tag}>")

    def _words(self, tag: str) -> Markup:
        """Return what stands in the element that ends here, as it is escaped, fit for an attribute too."""
        inside = "".join(self.body[self._at[tag] + 1 :])
        return Markup(_SPACES.sub(" ", _TAG.sub(" ", inside)).strip().replace('"', "&quot;"))  # noqa: S704

    def _with(self, added: Mapping[str, str]) -> str:
        """Return the start tag as it is written, with attributes added to its own or put in their place."""
        source = self.get_starttag_text() or ""
        for name, value in added.items():
            place = re.search(rf' {name}="[^"]*"|(?=/?>$)', source)
            source = f'{source[: place.start()]} {name}="{value}"{source[place.end() :]}' if place else source
        return source

    def handle_data(self, data: str) -> None:
        self.body.append(data)

    def handle_entityref(self, name: str) -> None:
        self.body.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.body.append(f"&#{name};")
