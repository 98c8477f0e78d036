"""The figures inside the PDF: the same rows as printed, safe in a spreadsheet, and the same bytes each time."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pdfua
import pikepdf
import pytest

from pipelines.attachments import COLUMNS, figures_csv, figures_json, files
from pipelines.build import build
from pipelines.landing import DataDir
from pipelines.locales import language, speaking
from pipelines.practices import Practice, Practices
from pipelines.render import render
from pipelines.view.looks import look_rows
from pipelines.view.summary import waiting_row
from tests.histories import Row, feature, visit, write_night
from tests.report_states import STATES, practices


def row(**changed: Any) -> dict[str, Any]:
    return dict.fromkeys(COLUMNS) | {"site": "google", "metric": "mean_stars", "state": "value"} | changed


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\n=x", '=HYPERLINK("http://a")'])
def test_no_cell_is_a_formula(text: str) -> None:
    (cells,) = list(csv.DictReader(io.StringIO(figures_csv([row(reason=text)]).decode(), newline="")))
    assert cells["reason"] == f"'{text}"


def test_numbers_stay_numbers_and_what_is_missing_stays_empty() -> None:
    written = figures_csv([row(value=Decimal("-0.500000"), numerator=3, low=None)])
    (cells,) = csv.DictReader(io.StringIO(written.decode()))
    assert (cells["value"], cells["numerator"], cells["low"]) == ("-0.500000", "3", "")
    held = json.loads(figures_json({"month": "2026-10"}, {"figures": [row(value=Decimal("4.25"))]}))
    assert (held["figures"][0]["value"], held["figures"][0]["low"]) == (4.25, None)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = DataDir(tmp_path_factory.mktemp("attached"))
    state = STATES["everything-fine"]()
    state.write(data.warehouse)
    return render(data, practices(state), state.month)[0].pdf


def test_the_pdf_carries_its_figures_and_stays_accessible(report: Path) -> None:
    inputs = STATES["everything-fine"]().inputs()
    with pikepdf.open(report) as opened:
        files = {name: held.get_file().read_bytes() for name, held in opened.attachments.items()}
        told = [(held.obj.F, held.obj.UF, held.description) for held in opened.attachments.values()]
    assert sorted(files) == ["figures-2026-10.csv", "figures-2026-10.json"]
    assert all(str(name) == str(unicode) and words for name, unicode, words in told)
    assert files["figures-2026-10.csv"] == figures_csv(inputs.figures)
    held = json.loads(files["figures-2026-10.json"])
    assert len(held["figures"]) == len(inputs.figures)
    assert {one["metric"] for one in held["numbers_without_a_score"]} == {"fan_count", "reactions_like", "page_fans"}
    assert (held["practice_id"], held["month"], held["known_on"]) == ("riverside", "2026-10", "2026-11-02")
    assert pdfua.validate(str(report)).findings == ()


def test_no_review_can_be_found_in_the_files(report: Path) -> None:
    with pikepdf.open(report) as opened:
        said = b"".join(held.get_file().read_bytes() for held in opened.attachments.values())
    assert b"item" not in said
    assert b"http" not in said


def test_more_reviews_than_a_page_lists_are_attached_whole_each_with_its_draft() -> None:
    rows = STATES["fell"]().inputs().needs_answer
    with speaking(language("es")):
        held = files("2026-10", {}, {"figures": []}, (), [waiting_row(row) for row in rows])
        five = files("2026-10", {}, {"figures": []}, (), [waiting_row(row) for row in rows[:5]])
    assert [one.name for one in held][2:] == ["needs-answer-2026-10.csv"]
    assert len(five) == 2
    lines = list(csv.reader(io.StringIO(held[2].body.decode("utf-8-sig"), newline="")))
    assert lines[0] == ["Sitio", "Escrita", "Estrellas", "En espera", "Enlace", "Borrador de respuesta"]
    assert [line[:3] for line in lines[1:]] == [["Google", str(row["written_on"]), str(row["stars"])] for row in rows]
    assert len(lines) == 10
    # What a person has to read first has none.
    assert [bool(line[5]) for line in lines[1:]] == [not row["has_alert"] for row in rows]
    assert {line[4] for line in lines[1:]} == {"https://maps.example/reviews/1"}


def test_a_warning_in_place_of_stars_is_told_in_the_files_too() -> None:
    rows = STATES["many-sites"]().inputs().needs_answer
    for tag, words in (("en", "not recommended"), ("es", "no recomendado")):
        with speaking(language(tag)):
            held = files("2026-10", {}, {"figures": []}, (), [waiting_row(row) for row in rows])
        lines = list(csv.reader(io.StringIO(held[2].body.decode("utf-8-sig"), newline="")))
        assert [line[2] for line in lines[1:]] == ["1", words, "1", "1", words, "2", "2", "3", "3"]


def test_what_is_worth_a_look_is_attached_whole_in_the_reports_language() -> None:
    house = STATES["many-looks"]()
    house.rows["worth_a_look"][-1]["site"] = "=cmd"
    inputs = house.inputs()
    with speaking(language("es")):
        held = files("2026-10", {}, {"figures": []}, look_rows(inputs.worth_a_look), ())
        bare = files("2026-10", {}, {"figures": []}, (), ())
    assert [one.name for one in held] == ["figures-2026-10.json", "figures-2026-10.csv", "worth-a-look-2026-10.csv"]
    assert [one.name for one in bare] == ["figures-2026-10.json", "figures-2026-10.csv"]
    assert held[0].description == "Las cifras de este informe, para programas"
    lines = list(csv.reader(io.StringIO(held[2].body.decode("utf-8-sig"), newline="")))
    assert lines[0] == ["Sitio", "Qué", "Indicios de", "Escrita", "Enlace"]
    assert len(lines) == 1 + len(inputs.worth_a_look) == 27
    assert lines[1] == ["Google", "Reseña", "daño", "2026-10-19", "https://google.example/ALERT_safety/0"]
    assert "'=cmd" in {line[0] for line in lines}


def test_an_unsafe_comment_of_the_practices_own_reaches_the_owner_with_the_link_of_its_post(data: DataDir) -> None:
    night, said = dt.date(2026, 11, 2), dt.datetime(2026, 10, 20, 9)
    of_practice: Row = {"created_at": said, "created_local": said, "voice": "practice", "has_text": True}
    leak: Row = {"disclosure": "pattern", "disclosure_severity": "high", "disclosure_classes": ["P4"]}

    def below_a_post(kind: str, item_id: str, **more: Any) -> Row:
        return feature(kind, "facebook", "facebook", night, "oak", item_id, thread_id="p", **{**of_practice, **more})

    told = [
        below_a_post("post", "p", url="https://facebook.example/p"),
        below_a_post("comment", "p/own", **leak),
        below_a_post("comment", "p/fine", disclosure="generic"),
        below_a_post("comment", "p/other", **leak, voice="outside"),
    ]
    write_night(data, "facebook", night, told, [visit("facebook", "facebook", night, "oak", fetched=4)])
    oak = Practices(practice=(Practice(id="oak", name="Oak Street", language="es"),))
    build(data, oak, None, lambda _: None)
    with pikepdf.open(render(data, oak, dt.date(2026, 10, 1))[0].pdf) as opened:
        held = opened.attachments["worth-a-look-2026-10.csv"]
        words, body = held.description, held.get_file().read_bytes()
    assert words == "Reseñas, respuestas y comentarios que conviene mirar, con sus enlaces"
    assert list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))[1:] == [
        ["Facebook", "Comentario, grave", "un tratamiento", "2026-10-20", "https://facebook.example/p"]
    ]


@pytest.mark.parametrize("own_words", [{"replies": (3, 0, 0)}, {"comments": (3, 3, 3)}])
def test_the_most_crowded_list_with_one_without_a_link_is_still_a_report(data: DataDir, own_words: Any) -> None:
    house = STATES["many-looks"]().judged("healthgrades", {}, **own_words)
    house.write(data.warehouse)
    [made] = render(data, practices(house), house.month)
    with pikepdf.open(made.pdf) as opened:
        held = opened.attachments["worth-a-look-2026-10.csv"].get_file().read_bytes()
    assert b"healthgrades.example/critical/0" in held
