"""Whether a health post names where it has something from: by whom, through which link, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.attribution import named_sources
from pipelines.text.sentences import plain, sentences_of


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("According to the CDC, one in four has it.", "According to the CDC"),
        ("Salt raises blood pressure. Source: Heart Foundation.", "Source: H"),
        ("The NHS advises two minutes.", "NHS advises"),
        ("One in nine has decay, the F.D.A. reports.", "F.D.A. reports"),
        ("Half of it could be avoided, as the Royal College of Surgeons puts it.", "Royal College of Surgeons puts it"),
        ("The data are from the National Health and Diet Survey.", "data are from the National Health and Diet Survey"),
        ("A study in the BMJ followed 2,000 people.", "study in the BMJ"),
        ("Smith et al. found no link.", "Smith et al"),
        ("Dr. Lee explains how it heals.", "Dr. Lee explains"),
        ("It heals in a week, says Dr Ana Ruiz.", "says Dr Ana Ruiz"),
        ("Our hygienist Maria says so.", "Our hygienist Maria says"),
        ("Maria, our hygienist, explains it.", "Maria, our hygienist, explains"),
        ("Reviewed by Tom Hall, DDS.", "Reviewed by Tom Hall, DDS"),
        ("More: https://www.cdc.gov/flu", "https://www.cdc.gov/flu"),
        ("More at nhs.uk/conditions/sepsis.", "nhs.uk/conditions/sepsis"),
        ("More: https://pubmed.ncbi.nlm.nih.gov/1234", "https://pubmed.ncbi.nlm.nih.gov/1234"),
        ("More: https://www.bmj.com/content/1", "https://www.bmj.com/content/1"),
    ],
)  # fmt: skip
def test_a_body_a_publication_a_clinician_or_a_link_to_them_is_a_source(text: str, quoted: str) -> None:
    sentences = sentences_of(plain(text))
    [sign] = named_sources(sentences)
    assert sentences[sign.sentence - 1][sign.start : sign.end].strip(" ,.") == quoted


@pytest.mark.parametrize(
    "text",
    [
        # nobody by name
        "Your dentist can tell you more.",
        "Experts say that we sit too much, and a new study shows it.",
        "Our team of doctors advises you to drink.",
        # named for something else
        "See Dr. Lee if it lasts.",
        "Dr. Lee is back on Monday.",
        "Book your NHS check-up.",
        "Read in the NHS app how research nurses in the NHS work.",
        "Look for the ADA Seal. It was approved by the FDA.",
        "The maker says FDA should decide.",
        "WHO SAYS FLOSSING IS BORING?",
        "Who says flossing is boring?",
        "WHO: everybody over 65. WHEN: Monday.",
        "Greetings from Grace Hospital.",
        "The source of bad breath is the tongue.",
        # links to others, to a page for booking, and what only looks like one
        "More: https://www.oak.example/cdc.gov",
        "More: https://cdc.gov.oak.example/flu",
        "More: https://notcdc-gov.example",
        "Register at https://www.nhs.uk/services/gp-surgery/oak/A1",
        "Dates: https://oak-surgery.nhs.uk/flu",
        "Enrol at healthcare.gov today.",
        "Write to flu@cdc.gov",
    ],
)
def test_what_names_nobody_or_for_something_else_is_none(text: str) -> None:
    assert named_sources(sentences_of(plain(text))) == []


@given(st.text(max_size=300))
def test_any_text_may_be_asked(text: str) -> None:
    sentences = sentences_of(plain(text))
    assert all(0 < sign.sentence <= len(sentences) for sign in named_sources(sentences))
