"""A practice's own look in its report: its colour, dark enough to be read, and its logo, made harmless.

A logo comes from outside, and the typesetter would load and run into whatever it names. So an SVG is built anew from
a short list of elements and attributes, and a PNG is decoded and written again. What cannot be kept is refused by
name, because a logo with a part missing is worse than none.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, UnidentifiedImageError

from pipelines.errors import BadPractices
from pipelines.practices import Practice

LARGEST_SVG, LARGEST_PNG = 100_000, 300_000
_MOST_ELEMENTS, _DEEPEST, _MOST_PIXELS = 2000, 30, 2000
_WIDEST_MM, _HIGHEST_MM = 50.0, 13.0
_LEAST_CONTRAST = 4.5
_END_OF_PNG = b"IEND\xaeB`\x82"
_SVG = "{http://www.w3.org/2000/svg}"
_DRAWN = frozenset(
    (
        "svg",
        "g",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "defs",
        "stop",
        "linearGradient",
        "radialGradient",
    )
)
_UNDRAWN = frozenset(("title", "desc", "metadata"))
_PRESENTED = frozenset(
    (
        "fill",
        "fill-opacity",
        "fill-rule",
        "stroke",
        "stroke-width",
        "stroke-opacity",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "stroke-dasharray",
        "opacity",
        "stop-color",
        "stop-opacity",
    )
)
_PLACED = frozenset(
    (
        "d",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "fx",
        "fy",
        "width",
        "height",
        "points",
        "transform",
        "viewBox",
        "offset",
        "gradientUnits",
        "gradientTransform",
        "id",
    )
)
_VALUE = re.compile(
    r"(?:url\(#[\w-]+\)|[#\w\s.,%+-]|(?:rgba?|hsla?|matrix|translate|scale|rotate|skew[XY])\([^()]*\))*"
)


@dataclass(frozen=True)
class Logo:
    """A logo as the report prints it: its bytes made anew, and its size on paper in millimetres."""

    body: bytes
    mime: str
    width: float
    height: float


@dataclass(frozen=True)
class Look:
    """What a practice's block changes about the page. An empty accent is the report's own."""

    accent: str = ""
    logo: Logo | None = None


PLAIN = Look()


def look(practice: Practice) -> Look:
    """Return the look of a practice's report. Raises BadPractices naming what is wrong with its logo."""
    if practice.brand is None:
        return PLAIN
    accent = readable(practice.brand.colour) if practice.brand.colour else ""
    logo = practice.brand.logo
    return Look(accent, None if logo is None else _logo(logo, f"practice '{practice.id}': brand.logo"))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours like #0072b2, 1 to 21, as WCAG 2.2 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable(colour: str) -> str:
    """Return the colour, or the lightest darker one of its hue that text on white may have (4.5 to 1)."""
    channels = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    darkened = (
        "#" + "".join(f"{round(channel * percent / 100):02x}" for channel in channels) for percent in range(100, -1, -1)
    )
    return next(one for one in darkened if contrast(one, "#ffffff") >= _LEAST_CONTRAST)


def _logo(path: Path, where: str) -> Logo:
    try:
        body = path.read_bytes()
    except OSError:
        raise BadPractices(
            "there is no such file", where=where, next_step="Put the logo beside practices.toml, or leave the line out"
        ) from None
    if path.suffix == ".svg":
        return _drawing(body, where)
    return _picture(body, where)


def _sized(body: bytes, mime: str, wide: float, high: float) -> Logo:
    scale = min(_WIDEST_MM / wide, _HIGHEST_MM / high)
    return Logo(body, mime, round(wide * scale, 2), round(high * scale, 2))


def _refused(said: str, where: str) -> BadPractices:
    return BadPractices(said, where=where, next_step="Save it as a plain SVG of paths only, or as a PNG")


def _picture(body: bytes, where: str) -> Logo:
    if len(body) > LARGEST_PNG:
        raise _refused(f"the PNG has {len(body):,} bytes, more than {LARGEST_PNG:,}", where)
    # The typesetter lets the library read torn pictures, so the end is looked for here.
    if not body.endswith(_END_OF_PNG):
        raise _refused("not a whole PNG", where)
    try:
        with Image.open(io.BytesIO(body), formats=["PNG"]) as image:
            if max(image.size) > _MOST_PIXELS:
                raise _refused(f"the PNG is {image.width} by {image.height}, more than {_MOST_PIXELS} a side", where)
            again = io.BytesIO()
            # Only the points: a colour profile, a comment or a second frame stays behind.
            image.convert("RGBA").save(again, "PNG")
            return _sized(again.getvalue(), "image/png", *image.size)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise _refused("not a PNG that can be read", where) from None


def _drawing(body: bytes, where: str) -> Logo:
    if len(body) > LARGEST_SVG:
        raise _refused(f"the SVG has {len(body):,} bytes, more than {LARGEST_SVG:,}", where)
    if b"<!ENTITY" in body:
        raise _refused("the SVG defines entities", where)
    try:
        root = ElementTree.fromstring(body)  # noqa: S314, entities are refused above and its size is bounded
    except ElementTree.ParseError:
        raise _refused("not an SVG that can be read", where) from None
    if root.tag != f"{_SVG}svg":
        raise _refused("not an SVG", where)
    if sum(1 for _ in root.iter()) > _MOST_ELEMENTS:
        raise _refused(f"the SVG has more than {_MOST_ELEMENTS:,} elements", where)
    drawn = _drawn(root, where, 0)
    wide, high = _extent(root, where)
    drawn.set("xmlns", _SVG[1:-1])
    return _sized(ElementTree.tostring(drawn), "image/svg+xml", wide, high)


def _drawn(element: ElementTree.Element, where: str, depth: int) -> ElementTree.Element:
    name = element.tag.removeprefix(_SVG)
    if name not in _DRAWN:
        raise _refused(f"the SVG has <{name[:30]}>, which may load or run something", where)
    if depth > _DEEPEST:
        raise _refused(f"the SVG is nested deeper than {_DEEPEST}", where)
    made = ElementTree.Element(name)
    for attribute, value in element.attrib.items():
        for key, said in _presented(value) if attribute == "style" else [(attribute, value)]:
            plain = key.rpartition("}")[2]
            if plain.startswith("on") or plain == "href":
                raise _refused(f"the SVG has '{plain[:30]}', which may load or run something", where)
            if key in _PRESENTED | _PLACED:
                if not _VALUE.fullmatch(said):
                    raise _refused(f"the SVG has a '{key}' that may load something", where)
                made.set(key, said)
    # Editors leave notes of their own in other namespaces; they draw nothing.
    kept = [child for child in element if isinstance(child.tag, str) and child.tag.startswith(_SVG)]
    made.extend([_drawn(child, where, depth + 1) for child in kept if child.tag.removeprefix(_SVG) not in _UNDRAWN])
    return made


def _presented(style: str) -> list[tuple[str, str]]:
    pairs = (part.partition(":") for part in style.split(";"))
    return [(name.strip(), value.strip()) for name, _, value in pairs if name.strip()]


def _extent(root: ElementTree.Element, where: str) -> tuple[float, float]:
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    sides = (
        box[2:] if len(box) == 4 else [re.sub(r"(px|pt|mm)$", "", root.get(side, "")) for side in ("width", "height")]
    )
    try:
        wide, high = (float(side) for side in sides)
    except ValueError:
        wide = high = 0.0
    if not (0 < wide < 1e6 and 0 < high < 1e6):
        raise _refused("the SVG has neither a viewBox nor a width and height", where)
    return wide, high
