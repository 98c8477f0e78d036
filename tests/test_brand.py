"""A practice's look: colours that can be read, and logos that can neither load nor run anything."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from pipelines import brand
from pipelines.doctor import _practices
from pipelines.errors import BadPractices, SeveralFailed
from pipelines.landing import DataDir
from pipelines.practices import Practice, Practices, load_practices
from pipelines.render import render
from tests.report_states import STATES

PLAIN_SVG = (
    '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">'
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://inkscape.example" viewBox="0 0 100 40">'
    "<title>Us</title><metadata>made by</metadata><inkscape:grid/><!-- a note -->"
    '<g style="fill: #0b5c6e; font-size: 12px" inkscape:label="tooth"><path d="M0 0h40v40z"/></g>'
    '<linearGradient id="a"><stop offset="0" stop-color="#fff"/></linearGradient><rect fill="url(#a)" width="9"/></svg>'
)


def svg(inside: str, head: str = 'viewBox="0 0 9 9"') -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {head}>{inside}</svg>'


def practice_with(folder: Path, body: str | bytes, name: str = "logo.svg", colour: str = "") -> Practice:
    (folder / name).write_bytes(body if isinstance(body, bytes) else body.encode())
    blocks: dict[str, Any] = {"id": "riverside", "name": "Riverside", "brand": {"logo": name, "colour": colour}}
    return Practice.model_validate(blocks, context={"folder": folder})


def png(size: tuple[int, int] = (200, 80)) -> bytes:
    out, about = io.BytesIO(), PngImagePlugin.PngInfo()
    about.add_text("Comment", "a secret")
    Image.new("RGB", size, "#0b5c6e").save(out, "PNG", pnginfo=about)
    return out.getvalue()


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_whatever_colour_is_given_can_be_read_on_white(colour: str) -> None:
    used = brand.readable(colour)
    assert brand.contrast(used, "#ffffff") >= 4.5
    assert (used == colour) == (brand.contrast(colour, "#ffffff") >= 4.5)


def test_a_pale_colour_keeps_its_hue() -> None:
    red, green, blue = (int(brand.readable("#56b4e9")[place : place + 2], 16) for place in (1, 3, 5))
    assert red < green < blue
    assert brand.contrast("#767676", "#ffffff") == pytest.approx(4.5422, abs=5e-5)


def test_a_plain_drawing_keeps_its_shapes_and_loses_its_notes(tmp_path: Path) -> None:
    logo = brand.look(practice_with(tmp_path, PLAIN_SVG)).logo
    assert logo is not None
    said = logo.body.decode()
    assert 'fill="#0b5c6e"' in said
    assert 'd="M0 0h40v40z"' in said
    assert 'fill="url(#a)"' in said
    assert not [word for word in ("metadata", "inkscape", "note", "made by", "font-size", "DTD") if word in said]
    assert (logo.width, logo.height) == (32.5, 13.0)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (svg("<script>alert(1)</script>"), "<script>"),
        (svg('<image href="http://evil.example/x.png"/>'), "<image>"),
        (svg("<style>@import 'http://evil.example'</style>"), "<style>"),
        (svg("<foreignObject/>"), "<foreignObject>"),
        (svg('<use href="#a"/>'), "<use>"),
        (svg('<a href="javascript:alert(1)"><path d="M0 0"/></a>'), "<a>"),
        (svg('<path onload="alert(1)" d="M0 0"/>'), "onload"),
        (svg('<linearGradient xlink:href="http://evil.example/#a"/>'), "href"),
        (svg('<path fill="url(http://evil.example/a.svg#b)"/>'), "'fill'"),
        (svg('<path style="fill: url(https://evil.example/a)"/>'), "'fill'"),
        (svg("<g>" * 40 + "</g>" * 40), "nested"),
        (svg("<g/>" * 2001), "more than 2,000"),
        (svg("<path d='" + "M0 0" * 30_000 + "'/>"), "bytes"),
        (svg("<path/>", ""), "viewBox"),
        (svg("<path/>", 'viewBox="0 0 0 nan"'), "viewBox"),
        ('<!DOCTYPE s [<!ENTITY a "b">]>' + svg("<path/>"), "entities"),
        ("<svg", "can be read"),
        ("<html/>", "not an SVG"),
    ],
)
def test_a_drawing_that_could_load_or_run_something_is_refused_by_name(tmp_path: Path, body: str, why: str) -> None:
    with pytest.raises(BadPractices, match=why) as refused:
        brand.look(practice_with(tmp_path, body))
    assert refused.value.where == "practice 'riverside': brand.logo"


def test_a_picture_is_written_anew_without_what_was_said_in_it(tmp_path: Path) -> None:
    logo = brand.look(practice_with(tmp_path, png(), "logo.png")).logo
    assert logo is not None
    assert b"secret" in png()
    assert b"secret" not in logo.body
    assert (logo.width, logo.height) == (32.5, 13.0)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"GIF89a", "PNG"),
        (png()[:200], "whole PNG"),
        (b"GIF89a" + png()[-12:], "PNG that"),
        (png((2001, 2)), "2001 by 2"),
        (b"x" * 300_001, "bytes"),
    ],
)
def test_a_picture_that_is_too_large_or_torn_is_refused(tmp_path: Path, body: bytes, why: str) -> None:
    with pytest.raises(BadPractices, match=why):
        brand.look(practice_with(tmp_path, body, "logo.png"))


@pytest.mark.parametrize("path", ["/etc/logo.svg", "../logo.svg", "logo.jpg", "logos/../../x.png"])
def test_a_logo_lies_beside_practices_toml(tmp_path: Path, path: str) -> None:
    file = tmp_path / "practices.toml"
    file.write_text(f'[[practice]]\nid = "a"\nname = "A"\n[practice.brand]\nlogo = "{path}"\n')
    with pytest.raises(BadPractices, match=r"beside practices\.toml"):
        load_practices(file)


def test_the_doctor_names_a_missing_logo_and_a_pale_colour(tmp_path: Path) -> None:
    file = tmp_path / "practices.toml"
    block = '[[practice]]\nid = "{0}"\nname = "{0}"\nrecipients = ["a@b.example"]\n[practice.brand]\n{1}\n'
    file.write_text(block.format("a", 'logo = "none.svg"') + block.format("b", 'colour = "#f0e442"'))
    said = [(found.state, found.said) for found in _practices(load_practices(file))]
    assert said[1] == ("bad", "practice 'a': brand.logo: there is no such file")
    assert said[2][0] == "warning"
    assert said[2][1].startswith("b: #f0e442 is too pale to read on white")


@pytest.mark.parametrize(("name", "body"), [("logo.svg", PLAIN_SVG.encode()), ("logo.png", png())])
def test_a_report_bears_the_logo_and_the_colour(tmp_path: Path, name: str, body: bytes) -> None:
    state, data = STATES["calm"](), DataDir(tmp_path / "data")
    state.write(data.warehouse)
    practice = practice_with(tmp_path, body, name, "#7a1f5c")
    (one,) = render(data, Practices(practice=(practice,)), state.month)
    with pikepdf.open(one.pdf) as opened:
        drawn = opened.pages[0].Contents.read_bytes()
        alts = [str(held.Alt) for held in opened.objects if isinstance(held, pikepdf.Dictionary) and "/Alt" in held]
    assert b"0.478431 0.121569 0.360784 rg" in drawn
    assert "Logo of Riverside" in alts
    (tmp_path / name).write_bytes(b"torn")
    with pytest.raises(SeveralFailed, match=r"brand\.logo"):
        render(data, Practices(practice=(practice,)), state.month)
