"""The verb render: what it prints in every awkward state, and what it leaves on disk."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import hashlib
import json
import multiprocessing
import os
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pikepdf
import pypdf
import pytest

from pipelines import landing, pdf, render
from pipelines.errors import NotReady, RenderFailed, SeveralFailed, UnknownName
from pipelines.landing import DataDir
from pipelines.view.report import Report, month_report
from pipelines.view.terms import PRINTED
from tests.report_states import AS_OF, MONTH, STATES, Warehouse, practices


def made(data: DataDir, *states: Warehouse, **how: Any) -> list[render.Rendered]:
    for state in states:
        state.write(data.warehouse)
    return render.render(data, practices(*states), MONTH, **how)


def report_of(state: Warehouse) -> Report:
    return month_report(state.practice(), state.month, state.inputs())


def text_of(path: Path, *pages: int) -> str:
    read = pypdf.PdfReader(path).pages
    said = " ".join(read[number].extract_text() for number in pages or range(len(read)))
    return " ".join(said.replace("\u00a0", " ").split())


@pytest.fixture(scope="module")
def layout() -> Callable[[str], Any]:
    typesetter = pdf.Typesetter(render.TEMPLATES)
    return functools.cache(
        lambda state: typesetter.lay_out(render.report_html(report_of(STATES[state]()), render.TEMPLATES))
    )


def text_boxes(box: Any) -> Iterator[Any]:
    if type(box).__name__ == "TextBox":
        yield box
    for child in getattr(box, "children", ()):
        yield from text_boxes(child)


@pytest.mark.parametrize("state", STATES)
def test_every_state_fits_on_four_pages_and_nothing_leaves_its_column(layout: Any, state: str) -> None:
    pages = layout(state).pages
    body, appendix = pdf._pages_of(layout(state))
    assert body <= render.MOST_PAGES == 4
    assert appendix <= pdf.MOST_APPENDIX_PAGES == 2
    content = 176 / 25.4 * 96
    for page in pages:
        margin = (page.width - content) / 2
        for box in text_boxes(page._page_box):
            assert box.position_x >= margin - 0.5
            assert box.position_x + box.width <= margin + content + 0.5, box.text
            assert box.position_y + box.height <= page.height - 20


def test_reviews_without_stars_are_neither_unread_nor_few() -> None:
    state = STATES["everything-fine"]()
    for row in state.rows["figures"]:
        if row["metric"] in {"mean_stars", "star_distribution"}:
            row |= {"value": None, "low": None, "high": None, "sample_size": 0, "state": "not_measured"}
    panel = report_of(state).panels[0]
    assert panel.instead_of_bars == "No stars in October 2026."
    assert panel.instead_of_trend == "No review of these months has stars."
    assert {point.mean_words for point in panel.points} == {"–"}
    assert int(panel.points[-1].reviews) > 4


def test_a_reference_names_the_page_of_its_section(layout: Any) -> None:
    pages = layout("everything-bad").pages
    said = " ".join(box.text for box in text_boxes(pages[0]._page_box))
    for words, anchor in (("See the draft replies", "drafts"), ("See the list", "worth-a-look")):
        (number,) = [number for number, page in enumerate(pages, 1) if anchor in page.anchors]
        assert f"{words} , page {number}" in said


def test_no_heading_stands_alone_at_the_foot_of_a_page() -> None:
    typesetter = pdf.Typesetter(render.TEMPLATES)
    html = render.report_html(report_of(STATES["first-month"]()), render.TEMPLATES)
    for millimetres in range(0, 150, 6):
        spacer = f'<div style="height: {millimetres}mm"></div><h2 class="opening"'
        for page in typesetter.lay_out(html.replace('<h2 class="opening"', spacer)).pages:
            body = [box for box in text_boxes(page._page_box) if box.position_y < page.height - 80]
            lowest = max(body, key=lambda box: (box.position_y, box.position_x))
            assert lowest.element_tag not in {"h1", "h2", "h3"}, millimetres


def test_a_text_that_just_fills_its_line_is_not_broken_behind_its_first_word() -> None:
    html = render.report_html(report_of(STATES["fell"]()), render.TEMPLATES)
    ends = [f"{'i' * letters}{last}" for letters in range(10, 18) for last in ("", "l.", "t")]
    for kind, words in (("headline", 4), ("who", 5)):
        found = re.search(rf'<p class="{kind}">(?:<span>)?([^<]+).*?</p>', html, re.DOTALL)
        assert found
        starts = found[0].replace(found[1].strip(), f"Start {'some more ' * words}END")
        many = "".join(starts.replace("END", end) for end in ends)
        html = html.replace(found[0], many)
    document = pdf.Typesetter(render.TEMPLATES).lay_out(html)
    said = [box.text for page in document.pages for box in text_boxes(page._page_box)]
    assert len([text for text in said if text.startswith("Start some")]) == 2 * len(ends)


@pytest.mark.parametrize("state", STATES)
def test_page_one_holds_what_a_busy_reader_needs(layout: Any, state: str) -> None:
    said = " ".join(box.text for box in text_boxes(layout(state).pages[0]._page_box))
    wanted = ["Two scores", "Needs an answer"] + ([] if state == "long-word" else ["Needs a look", "How sure are we"])
    assert all(heading in said for heading in wanted)


SAYS = {
    "calm": [
        *[
            "88 likely 81 to 95, fair",
            "Nothing was found that needs a look.",
            "14 of 24 single remarks no clear change",
        ],
        *["14 of 20 questions and complaints got an answer", "15 help or join in", "r/riverside0", "6 of 22 threads"],
        *["No clear change. Nothing needs doing this month.", "too few to say (3)", "No night was missed."],
    ],
    "fell": [
        "Stars on Google fell from 4.5 to 3.4.",
        "9 of 25 reviews gave one or two stars",
        "9 reviews, three stars or fewer, no answer seen",
        "And 4 more, in the attached file needs-answer-2026-10.csv. See the draft replies, page 4.",
        "Google, 31 Oct 2026 Thank you for taking the time to write. We want to do better",
        "No draft: have a person read this one first.",
        "There is no report of September 2026 to follow up.",
        "Not enough to score: 7 people and 31 acts of yours in 90 days; it takes 8 of each.",
    ],
    "everything-bad": [
        "not read since 3 Oct 2026",
        "Not read yet: Facebook.",
        "more than half not answered yet",
        "5 alerts and 7 replies to look at. Google, 19 Oct 2026, Google, 15 Oct 2026",
        "Reply, critical a treatment and a number or an address",
        "And 7 more threads of the last twelve months.",
        "46 threads ask whom to go to. Named you first: others in 21, your team in 3, yourselves in 12, "
        "the asker alone in 10. You or your team answered in 15.",
        "an unusual number after 71 in 12 weeks",
        "Not known for Came back: the 90 days before are not known.",
        "Read without Mastodon (last read on 3 Oct 2026).",
    ],
    "no-reviews": ["No new reviews came in during October 2026.", "no reviews this month", "nothing to draw"],
    "one-review": [
        "1 review came in, too few to say",
        "1 of 1",
        "no link",
        "Nights read",
        "No account is connected.",
        "single remarks",
        "No account, community or feed is connected, so conversation",
        "Not enough to score: Google has 1 review in twelve months, 10 are needed.",
    ],
    "first-month": ["This is the first month on record", "There is no month before to compare with."],
    "source-failed": [
        "Only 3 reviews were seen, and not every site was read.",
        "Not read since 9 Oct 2026: Google.",
    ],
    "never-read": ["No site could be read for October 2026", "No key was given."],
    "burst": [
        "16 CFR 465.2: a review tells what its writer went through. Google: 48 reviews in the week of 5 Oct 2026, an "
        "unusual cluster after 71 in 12 weeks. 44 of 48 (92%) gave one or two stars. Without the cluster the month’s "
        "mean is 4.5. Such a week may be an event, a news story, an invitation you sent, or an attack.",
        "Reputation all sites that may be joined",
        "55 likely 50 to 60, firm",
        "47 of 70 (67%)",
        "rose 25 to 70",
    ],
    "source-skipped": [
        "Trustpilot: not read, because no key for it was given. Ask us to connect it.",
        "No clear change. Nothing needs doing this month.",
    ],
    "only-emoji": [
        "No review of the month could be judged.",
        "Neither reviews nor replies could be checked.",
        "Not enough to score: Google has 8 reviews in twelve months",
    ],
    "zero-posts": [
        "No post of yours in 90 days.",
        "Nobody named you in the communities that are read.",
        "Numbers that move no score",
        "fan count 412",
    ],
    "everything-fine": [
        "Stars on Google rose from 4.5 to 4.9. One thing is worth doing.",
        "Facebook asks for yes or no: 33 of 34 (97%) recommend you. This is never mixed with stars.",
        "yes or no in place of stars, see below",
        "No review of these months has stars.",
        "Break: not given since 15 Nov 2025",
        "96 likely 93 to 99, firm",
        "No low review is waiting for an answer.",
    ],
    "chinese-name": ["微笑牙科診所 Smile Dental (台北)"],
    "japanese-name": ["さくら歯科クリニック"],
    "korean-name": ["서울미소치과의원"],
    "rose": ["Stars on Google rose from 3.4 to 4.8."],
    "many-sites": ["And 4 more sites, in the attached figures.", "And 3 more sites in the tables below."],
    "markup-name": ['<script>alert(1)</script><img src="http://evil.example/x.png"> {{ 7*7 }}'],
}


@pytest.mark.parametrize("state", SAYS)
def test_what_a_report_says(data: DataDir, state: str) -> None:
    (one,) = made(data, STATES[state]())
    said = text_of(one.pdf)
    missing = [words for words in SAYS[state] if words not in said]
    assert not missing, said


def test_a_name_without_glyphs_fails_and_names_the_characters(data: DataDir) -> None:
    state = dataclasses.replace(STATES["calm"](), name="ፈገግታ Smile")
    with pytest.raises(SeveralFailed, match=r"riverside: no font here has the characters U\+1273, U\+1308"):
        made(data, state)
    assert not data.report("2026-10", "riverside").exists()
    assert not data.manifest("2026-10", "riverside").exists()


def test_paper_follows_the_practice(data: DataDir) -> None:
    for paper, size in (("letter", (612, 792)), ("a4", (595, 842))):
        state = dataclasses.replace(STATES["first-month"](), paper=paper, practice_id=paper)
        (one,) = made(data, state, practice_ids=[paper])
        with pikepdf.open(one.pdf) as opened:
            assert tuple(round(float(side)) for side in opened.pages[0].MediaBox[2:]) == size


def test_a_month_of_too_few_or_not_read_is_a_gap_never_a_line() -> None:
    (panel,) = [panel for panel in report_of(STATES["calm"]()).panels if panel.name == "Healthgrades"]
    assert [point.mean_words for point in panel.points][:8] == ["few", "4.5", "few", "4.3", "", "4.7", "4.2", "–"]
    assert [point.stars is None for point in panel.points][:4] == [True, False, True, False]
    html = render.report_html(report_of(STATES["calm"]()), render.TEMPLATES)
    chart = html.split("Mean stars on Healthgrades")[1].split("</svg>")[0]
    assert chart.count("<circle") == 8
    assert len(re.findall(r"M[\d.]+ [\d.]+L", chart)) == 4
    assert "April 2026 not measured" in chart
    assert "January 2026 no reviews" in chart


@pytest.mark.parametrize(
    ("state", "trend", "bars"),
    [
        ("calm", "Mean stars on Google by month; against the month before: no clear change. September 2025 4.5", "5"),
        ("fell", "Mean stars on Google by month; against the month before: fell. September 2025 4.5", "5"),
        ("burst", "Mean stars on Google by month; against the month before: fell. September 2025 4.5", "1"),
    ],
)
def test_what_a_chart_shows_is_said_with_its_finding(state: str, trend: str, bars: str) -> None:
    panel = report_of(STATES[state]()).panels[0]
    assert panel.trend_alt.startswith(trend)
    assert panel.bars_alt.startswith(f"Reviews on Google in October 2026 by stars, {bars} most often. 5 stars: ")


def test_a_months_zero_is_not_the_same_as_not_read() -> None:
    quiet = report_of(STATES["no-reviews"]()).sites[0]
    unread = report_of(STATES["never-read"]()).sites[0]
    assert (quiet.reviews, quiet.instead) == ("0", "no reviews this month")
    assert (unread.reviews, unread.instead) == ("–", "not read yet")


def test_shares_carry_a_percentage_from_thirty_on() -> None:
    assert report_of(STATES["fell"]()).sites[0].low == "9 of 25"
    assert report_of(STATES["burst"]()).sites[0].low == "47 of 70 (67%)"


def test_replies_say_what_is_still_open() -> None:
    (row,) = report_of(STATES["fell"]()).replies
    assert (row.this_month, row.month_before) == ("10 of 25 so far", "10 of 25")
    assert report_of(STATES["fell"]()).replies_note == "October is final on 1 Dec 2026"
    assert report_of(STATES["burst"]()).replies[0].this_month == "49 of 70 so far"


def test_a_typical_time_says_over_how_many_reviews_it_is() -> None:
    times = [report_of(STATES[state]()).replies[0].typical_time.replace("\u00a0", " ") for state in ("calm", "fell")]
    assert times == ["26 hours (23)", "more than half not answered yet (25)"]
    nobody = STATES["no-reviews"]()
    assert report_of(nobody).replies[0].typical_time == "more than half not answered yet"


def test_two_sources_of_one_site_speak_with_the_newer_voice() -> None:
    state = STATES["first-month"]()
    older = {"source": "owner_export", "last_read_night": dt.date(2026, 10, 3), "nights_read": 1, "why": "old"}
    state.rows["coverage"].insert(0, state.rows["coverage"][0] | older)
    state.rows["coverage"].append(state.rows["coverage"][1] | older)
    report = report_of(state)
    assert [row.nights for row in report.coverage] == ["31 of 31", "31 of 31"]
    assert report.cards == ()


def test_reasons_of_the_warehouse_become_sentences_once() -> None:
    state = STATES["calm"]()
    state.rows["coverage"][0]["why"] = "the night of 2026-11-02 failed: the key was refused"
    state.rows["coverage"][1] |= {"month_is_complete": False, "why": None}
    assert report_of(state).data_notes == (
        "Google: The night of 2 Nov 2026 failed: the key was refused.",
        "Healthgrades: no full list was read late enough to be sure that no review of the month is gone.",
    )
    state.rows["coverage"][0] |= {"last_read_night": dt.date(2026, 10, 9), "why": "last read on 2026-10-09"}
    assert report_of(state).data_notes[0] == "Google: not read since 9 Oct 2026."


def test_a_site_that_is_not_connected_says_so_and_asks_nothing_of_the_owner() -> None:
    state = Warehouse().site("google", [(0, 0, 0, 2, 9)] * 3).site("trustpilot", [None] * 3, source="trustpilot")
    state.rows["coverage"][1] |= {"left_out": True, "last_read_night": None, "why": "not connected: no key"}
    report = month_report(state.practice(), MONTH, state.inputs())
    assert any("Trustpilot: not read, because no key" in note for note in report.data_notes)
    assert not any("rustpilot" in card.what for card in report.cards)


def test_places_without_reviews_are_in_the_data_notes_only() -> None:
    state = Warehouse().site("google", [(0, 0, 0, 2, 9)] * 3).site("mastodon", [None] * 3, source="google_business")
    state.rows["coverage"][1] |= {"has_reviews": False, "conversation_items": 41, "attribution": "Town Social"}
    report = month_report(state.practice(), MONTH, state.inputs())
    assert [row.name for row in report.sites] == ["Google"]
    assert [(row.name, row.reviews, row.posts) for row in report.coverage][1] == ("Mastodon", "–", "41")
    state.rows["coverage"][0] |= {"held": 33, "platform_total": 34, "conversation_items": 142}
    (google, _) = month_report(state.practice(), MONTH, state.inputs()).coverage
    assert (google.reviews, google.platform_total, google.posts) == ("33", "34", "142"), "beside the total only reviews"
    assert "Sources, as their terms want them named: Town Social." in report.data_notes


def test_what_was_not_measured_is_a_dash_in_every_column() -> None:
    state = STATES["first-month"]()
    state.rows["coverage"][0] |= {"nights_expected": 0, "nights_read": 0, "platform_total": None}
    for row in state.rows["figures"]:
        if row["metric"] == "reviews_removed":
            row |= {"value": None, "state": "not_measured"}
        if row["metric"] == "star_distribution" and row["site"] == "google" and not row["value"]:
            row |= {"value": None, "state": "not_measured"}
    report = report_of(state)
    assert (report.coverage[0].nights, report.coverage[0].platform_total, report.coverage[0].vanished) == ("–",) * 3
    assert [bar.reviews for bar in report.panels[0].bars] == [12, 3, 1, 0, 1]


def test_a_months_trend_ends_at_fourteen() -> None:
    state = Warehouse().site("google", [(0, 0, 0, 1, 9)] * 20)
    assert len(report_of(state).panels[0].points) == 14


def test_scales_start_at_three_only_where_nothing_lies_below() -> None:
    assert report_of(STATES["calm"]()).scale_floor == 3
    assert report_of(STATES["fell"]()).scale_floor == 1


def test_figures_it_does_not_print_are_neither_a_site_nor_a_term() -> None:
    state = STATES["calm"]()
    before = report_of(state)
    state.figure("", MONTH, "reciprocity", 0.5)
    assert {row["metric"] for row in state.inputs().catalogue} == set(PRINTED)
    assert report_of(state) == before


def test_a_second_run_changes_nothing(data: DataDir) -> None:
    (first,) = made(data, STATES["first-month"]())
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in first.pdf.parent.iterdir()}
    (second,) = render.render(data, practices(STATES["first-month"]()), MONTH)
    assert (first.made, second.made) == (True, False)
    assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in first.pdf.parent.iterdir()} == before


def test_the_manifest_names_what_the_pdf_was_made_from(data: DataDir) -> None:
    (one,) = made(data, STATES["first-month"]())
    manifest = json.loads(one.manifest.read_bytes())
    assert manifest["pdf_sha256"] == hashlib.sha256(one.pdf.read_bytes()).hexdigest()
    assert manifest["made_from"]["as_of_night"] == "2026-11-02"
    assert manifest["made_from"]["versions"]["weasyprint"] == "70.0"
    assert "fonts/NotoSans-Regular.ttf" in manifest["made_from"]["templates"]
    assert "recipients" not in json.dumps(manifest)
    assert pdf.standing_manifest(one.pdf, one.manifest) == manifest


@pytest.mark.parametrize("harm", ["pdf", "no-manifest", "torn-manifest", "rows", "name"])
def test_whatever_does_not_belong_together_is_made_again(data: DataDir, harm: str) -> None:
    state = STATES["first-month"]()
    (one,) = made(data, state)
    if harm == "pdf":
        one.pdf.write_bytes(b"%PDF-1.7 somebody else's")
    elif harm == "no-manifest":
        one.manifest.unlink()
    elif harm == "torn-manifest":
        one.manifest.write_bytes(one.manifest.read_bytes()[:40])
    elif harm == "rows":
        with duckdb.connect(str(data.warehouse)) as connection:
            connection.execute("UPDATE reports.coverage SET set_aside = 7")
    else:
        state.name = "Another Name"
    assert pdf.standing_manifest(one.pdf, one.manifest) is not None or harm in {
        "pdf",
        "no-manifest",
        "torn-manifest",
    }
    (again,) = render.render(data, practices(state), MONTH)
    assert again.made
    assert pdf.standing_manifest(again.pdf, again.manifest) is not None


def test_a_stop_between_the_files_leaves_nothing_to_send(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    state = STATES["first-month"]()
    (one,) = made(data, state)
    state.name = "Another Name"

    write = landing.write_bytes

    def stop_at_the_manifest(target: Path, body: bytes) -> None:
        if target.suffix == ".json":
            raise KeyboardInterrupt
        write(target, body)

    with monkeypatch.context() as patched:
        patched.setattr(landing, "write_bytes", stop_at_the_manifest)
        with pytest.raises(KeyboardInterrupt):
            render.render(data, practices(state), MONTH)
    assert one.pdf.exists()
    assert not one.manifest.exists()
    assert pdf.standing_manifest(one.pdf, one.manifest) is None
    (again,) = render.render(data, practices(state), MONTH)
    assert again.made


def _die_of_five_and_six(job: Any) -> Any:
    if job.practice.id in {"5", "6"}:
        os._exit(1)
    return job.practice.id


def test_workers_that_die_take_only_their_own_reports_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    forked = multiprocessing.get_context("fork")
    monkeypatch.setattr(render, "_pool", lambda workers: ProcessPoolExecutor(workers, mp_context=forked))
    monkeypatch.setattr(render, "_attempt", _die_of_five_and_six)
    monkeypatch.setattr(render, "_WAITING", 1)
    jobs: Any = (SimpleNamespace(practice=SimpleNamespace(id=str(number))) for number in range(30))
    outcomes: list[Any] = list(render._finished(jobs, 2))
    # Both workers die, so nobody is left to make the others.
    died = [outcome for outcome in outcomes if isinstance(outcome, RenderFailed)]
    assert {failure.where for failure in died} == {"5", "6"}
    assert {int(one) for one in outcomes if one not in died} == set(range(30)) - {5, 6}


def test_one_failure_does_not_stop_the_others_even_in_processes(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    # More practices than are read at once, and more reports than wait at a time.
    monkeypatch.setattr(render, "_READ_AT_ONCE", 3)
    monkeypatch.setattr(render, "_WAITING", 1)
    names = {"a": "Able Dental", "b": "ፈገግታ", "c": "Care Dental", "d": "😀 Dental"}
    states = [dataclasses.replace(STATES["never-read"](), practice_id=key, name=name) for key, name in names.items()]
    said: list[str] = []
    with pytest.raises(SeveralFailed) as failed:
        made(data, *states, workers=2, say=said.append)
    assert [failure.where for failure in failed.value.failures] == ["b", "d"]
    assert all(isinstance(failure, RenderFailed) for failure in failed.value.failures)
    assert "2 of 4 reports" in str(failed.value)
    assert [data.report("2026-10", key).exists() for key in names] == [True, False, True, False]
    assert pdf.practice_of(data.report("2026-10", "c")) == "c"
    assert sorted(line.split(":")[0] for line in said) == ["a", "c", "failed", "failed"]


def test_an_unforeseen_error_names_its_place_not_its_values(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise ValueError("a secret")

    monkeypatch.setattr(render, "month_report", explode)
    with pytest.raises(SeveralFailed, match=r"unexpected ValueError in test_render.py, line \d+") as failed:
        made(data, STATES["first-month"]())
    assert "secret" not in str(failed.value)


def test_a_missing_template_variable_fails_instead_of_printing_nothing(data: DataDir, tmp_path: Path) -> None:
    templates = tmp_path / "templates"
    shutil.copytree(render.TEMPLATES, templates)
    (templates / "sections" / "47-new.html.jinja").write_text("{{ report.nothing_of_that_name }}")
    with pytest.raises(SeveralFailed, match="nothing_of_that_name"):
        made(data, STATES["first-month"](), templates=templates)


def test_without_a_warehouse_rows_or_practice_it_says_so(data: DataDir) -> None:
    nobody = practices(STATES["calm"]())
    with pytest.raises(NotReady, match="no warehouse"):
        render.render(data, nobody, MONTH)
    STATES["calm"]().write(data.warehouse)
    with pytest.raises(UnknownName):
        render.render(data, nobody, MONTH, practice_ids=["who"])
    said: list[str] = []
    assert render.render(data, nobody, dt.date(2027, 3, 1), say=said.append) == []
    assert said == ["riverside: nothing known of 2027-03, no report"]
    with pytest.raises(SeveralFailed, match="nothing is known of 2027-03"):
        render.render(data, nobody, dt.date(2027, 3, 1), practice_ids=["riverside"])


def test_no_rows_of_another_practice_are_read(data: DataDir) -> None:
    state, other = STATES["first-month"](), dataclasses.replace(STATES["burst"](), practice_id="other", name="Other")
    state.write(data.warehouse)
    other.write(data.warehouse)
    with duckdb.connect(str(data.warehouse), read_only=True) as connection:
        assert render.report_inputs(connection, [state.practice_id], MONTH) == {state.practice_id: state.inputs()}
    assert [one.practice_id for one in render.render(data, practices(state), MONTH)] == ["riverside"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://maps.example/1", "file:///etc/passwd"])
def test_an_address_that_is_not_https_is_no_link(data: DataDir, url: str) -> None:
    (one,) = made(data, STATES["first-month"]().waiting(2, url=url))
    with pikepdf.open(one.pdf) as opened:
        kinds = [str(note.A.S) for page in opened.pages for note in page.get("/Annots", []) if "/A" in note]
    assert "/URI" not in kinds
    assert "no link" in text_of(one.pdf)


def test_a_mean_of_too_few_is_not_printed_even_if_it_is_known() -> None:
    state = Warehouse().site("google", [(0, 0, 0, 1, 9), (0, 0, 0, 1, 1)])
    for row in state.rows["figures"]:
        if row["metric"] == "mean_stars" and row["state"] == "too_few":
            row |= {"value": 4.5, "low": 3.0, "high": 5.0}
    report = report_of(state)
    assert report.sites[0].instead == "too few to say (2)"
    assert report.panels[0].points[-1].mean_words == "few"


def test_the_last_known_night_is_told(data: DataDir) -> None:
    (one,) = made(data, STATES["first-month"]())
    assert f"Known on {AS_OF.day} Nov 2026" in text_of(one.pdf)


SEPTEMBER = dt.date(2026, 9, 1)


def earlier(waiting: int) -> Warehouse:
    """Return the month before, in which low reviews waited for an answer."""
    state = STATES["first-month"]()
    state.month, state.as_of = SEPTEMBER, dt.date(2026, 10, 2)
    for rows in state.rows.values():
        for row in rows:
            if row.get("month") == MONTH:
                row["month"] = SEPTEMBER
    return state.waiting(waiting)


def test_what_was_asked_last_month_is_followed_up_from_what_was_printed(data: DataDir) -> None:
    before = earlier(3)
    before.write(data.warehouse)
    (old,) = render.render(data, practices(before), SEPTEMBER)
    assert [one["id"] for one in json.loads(old.manifest.read_bytes())["asked"]] == ["answer-low"]
    (new,) = made(data, STATES["first-month"]().waiting(1))
    said = text_of(new.pdf)
    assert "Answer the low reviews listed below in a few general words." in said.split("What we asked")[1]
    assert "Not yet Still without an answer: 1 of 3." in said


def test_a_report_is_made_again_when_the_one_it_follows_up_changes(data: DataDir) -> None:
    (first,) = made(data, STATES["first-month"]())
    assert "There is no report of September 2026 to follow up." in text_of(first.pdf)
    before = earlier(0)
    before.write(data.warehouse)
    render.render(data, practices(before), SEPTEMBER)
    (again,) = render.render(data, practices(before), MONTH)
    assert again.made
    assert "The report of September 2026 asked for nothing." in text_of(again.pdf)


def test_a_manifest_from_before_actions_were_kept_is_no_list_and_a_torn_one_stops(data: DataDir) -> None:
    before = earlier(1)
    before.write(data.warehouse)
    (old,) = render.render(data, practices(before), SEPTEMBER)
    manifest = json.loads(old.manifest.read_bytes())
    kept = manifest.pop("asked")
    old.manifest.write_text(json.dumps(manifest))
    assert render.asked_before(data, MONTH, "riverside") is None
    old.manifest.write_text(json.dumps(manifest | {"asked": [{**kept[0], "watched": 7}]}))
    with pytest.raises(RenderFailed, match="not a list of what was asked"):
        render.asked_before(data, MONTH, "riverside")


def test_no_id_of_a_review_is_kept_in_a_manifest(data: DataDir) -> None:
    (one,) = made(data, STATES["first-month"]().waiting(3))
    assert "item-" not in one.manifest.read_text()
