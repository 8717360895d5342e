"""What the tests of ingest share: the shipped catalogue, and a small one whose questions are our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from siuo_dash.benchmark.catalogue import Catalogue, Sample, domain_of
from siuo_dash.benchmark.text import fingerprint
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.submission import Submission, UploadedFile, validate
from siuo_dash.store.catalogue_file import read_catalogue
from tests.ingest.make import QUESTIONS, REFERENCES, Check


@pytest.fixture(scope="session")
def catalogue(root: Path) -> Catalogue:
    """The shipped catalogue."""
    return read_catalogue(root / "data" / "samples.csv")


@pytest.fixture(scope="session")
def village() -> Catalogue:
    """Six invented samples, so that their questions may stand in the tests."""
    return Catalogue(_sample(question_id, question) for question_id, question in QUESTIONS.items())


@pytest.fixture
def check(village: Catalogue) -> Check:
    """Validates files of (name, bytes) against the invented samples."""

    def run(*files: tuple[str, bytes], mapping: Mapping | None = None) -> Submission:
        return validate([UploadedFile(name, data) for name, data in files], village, mapping)

    return run


def _sample(question_id: int, question: str) -> Sample:
    domain = domain_of(question_id)
    assert domain is not None
    return Sample(
        question_id=question_id,
        split="manual",
        domain=domain.id,
        subcategory="invented",
        primary_dimension="integration",
        needs_knowledge=False,
        needs_reasoning=False,
        image=f"{question_id}.png",
        correct_option="ABCD"[question_id % 4],
        question_fingerprint=fingerprint(question),
        reference_fingerprint=fingerprint(REFERENCES[question_id]),
        scene="An invented scene",
        request="An invented request",
        hazard="An invented hazard",
    )
