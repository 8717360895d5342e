"""Label files: the round trip, every kind of fault at once, and files that are no labels at all."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from siuo_dash.benchmark.labels import LABEL_COLUMNS, Labels
from siuo_dash.ingest.files import UploadedFile
from siuo_dash.ingest.labels import read_labels
from siuo_dash.report import labels as view
from siuo_dash.report.export import Provenance, to_csv
from siuo_dash.report.file_findings import findings_frame
from tests.make.runs import CATALOGUE

HEADER = ",".join(LABEL_COLUMNS)
OWN = Labels.own(CATALOGUE)


def read(text: str | bytes, name: str = "mine.csv") -> tuple[Labels | None, list[str]]:
    data = text.encode() if isinstance(text, str) else text
    found, findings = read_labels(UploadedFile(name, data), CATALOGUE)
    return found, [f"{finding.severity}: {finding}" for finding in findings]


def rows(*lines: str, header: str = HEADER) -> str:
    return "\n".join([header, *lines]) + "\n"


def test_the_template_comes_back_as_the_same_labels() -> None:
    template = view.template_export(OWN, CATALOGUE, Provenance("0123456789ab", "a board", "No filter is set."))
    found, findings = read(to_csv(template))
    assert findings == []
    assert found is not None
    assert dict(found.by_id) == dict(OWN.by_id)
    assert found.origin == "mine.csv"
    assert not found.is_own
    assert OWN.is_own


def test_the_catalogue_itself_is_a_label_file(root: Path) -> None:
    found, findings = read((root / "data" / "samples.csv").read_bytes(), "samples.csv")
    assert findings == []
    assert found is not None
    assert dict(found.by_id) == dict(OWN.by_id)


def test_the_readers_own_file(root: Path) -> None:
    found, findings = read((root / "data" / "sources" / "labels.csv").read_bytes(), "labels.csv")
    assert findings == []
    assert found is not None
    assert dict(found.by_id) == dict(OWN.by_id)


def test_all_faults_are_told_at_once() -> None:
    found, findings = read(
        rows(
            "1001,self-harm,One,knowledge,1,0",
            "1001,self-harm,Two,knowledge,1,0",
            "1002,morality,One,knowledge,1,0",
            "1003,self-harm,,integration,0,0",
            "1004,self-harm,One,wisdom,0,0",
            "1005,self-harm,One,integration,perhaps,",
            "9999,,One,integration,0,0",
            "nobody,,One,integration,0,0",
            f"1006,self-harm,{'x' * 200},integration,0,0",
        )
    )
    assert found is None
    errors = [finding for finding in findings if finding.startswith("error")]
    for row, words in (
        (3, "is there twice with different labels"),
        (4, "'morality' is not the sample's domain"),
        (5, "no subcategory"),
        (6, "'wisdom' is no dimension; one of integration, knowledge, reasoning"),
        (7, "needs_knowledge: 'perhaps' is neither 1 nor 0"),
        (7, "needs_reasoning: '' is neither 1 nor 0"),
        (8, "not a SIUO sample"),
        (9, "no sample number in 'nobody'"),
        (10, "is no name"),
    ):
        assert any(f"row {row}," in error and words in error for error in errors), (row, words, errors)
    assert len(errors) == 9
    assert [finding for finding in findings if finding.startswith("warning")] == [
        "warning: mine.csv: 161 samples without a label: 1007, 1008, 1009, 1010, 1011, …; "
        "they are left out wherever these labels are used"
    ]


def test_part_of_the_samples_is_enough_and_said() -> None:
    found, findings = read(
        rows("1001,,One,knowledge,true,No", "1001,,One,knowledge,1,0", "siuo_2001,,Two,reasoning,0,1")
    )
    assert found is not None
    assert sorted(found.by_id) == [1001, 2001]
    assert found.by_id[1001].needs_knowledge
    assert not found.by_id[1001].needs_reasoning
    assert len(findings) == 1
    assert "165 samples without a label" in findings[0]
    assert "2 of 167 samples are labelled" in view.sentence(found, CATALOGUE)


def test_labels_that_contradict_themselves_are_pointed_out() -> None:
    found, findings = read(rows("1001,,One,knowledge,0,1"))
    assert found is not None
    assert any("primary dimension knowledge and needs_knowledge = 0" in finding for finding in findings)


@pytest.mark.parametrize("missing", [column for column in LABEL_COLUMNS if column != "domain"])
def test_a_missing_column_is_named(missing: str) -> None:
    source = io.StringIO()
    template = view.template(OWN, CATALOGUE).drop(columns=missing)
    template.to_csv(source, index=False)
    found, findings = read(source.getvalue())
    assert found is None
    assert findings == [
        f"error: mine.csv: column {missing} is missing; the columns are those of the template: "
        + ", ".join(LABEL_COLUMNS)
    ]


def test_the_domain_may_be_missing() -> None:
    source = io.StringIO()
    view.template(OWN, CATALOGUE).drop(columns="domain").to_csv(source, index=False)
    found, findings = read(source.getvalue())
    assert found is not None
    assert findings == []


def zipped(*names: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name in names:
            archive.writestr(name, rows("1001,,One,knowledge,1,0"))
    return body.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x00\xff\x00\xfe", ""),
        (b"question_id\n1001\n", "one column"),
        (HEADER.encode(), "no rows"),
        (b"[[[[", ""),
        (b"<html></html>", "HTML"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (zipped("a.csv", "b.csv"), "2 files in one"),
        (b"PAR1 broken", ""),
        (rows("1001,,One,knowledge,1,0,more,cells").encode(), "cells"),
    ],
)
def test_what_is_no_label_file_is_a_finding_and_never_an_error(data: bytes, words: str) -> None:
    found, findings = read(data)
    assert found is None
    assert findings
    assert any(finding.startswith("error") and words in finding for finding in findings)


def test_a_zip_of_one_table_is_read() -> None:
    found, _ = read(zipped("inner.csv"), "labels.zip")
    assert found is not None
    assert found.origin == "inner.csv"


def test_a_subcategory_is_kept_as_text() -> None:
    out = io.StringIO()
    csv.writer(out).writerows([LABEL_COLUMNS, ("1001", "", "<b>=1+1</b>  two", "knowledge", "1", "0")])
    found, _ = read(out.getvalue())
    assert found is not None
    assert found.by_id[1001].subcategory == "<b>=1+1</b> two"
    template = view.template_export(found, CATALOGUE, Provenance("v", "b", "f"))
    assert "<b>=1+1</b> two" in to_csv(template).decode("utf-8-sig")


def test_the_findings_are_a_table_with_places() -> None:
    _, findings = read_labels(UploadedFile("mine.csv", rows("1004,self-harm,One,wisdom,0,0").encode()), CATALOGUE)
    table = findings_frame(findings, kinds=True)
    assert table.iloc[0][["Kind", "Row", "Sample", "Field"]].tolist() == ["error", 2, 1004, "primary_dimension"]
    export = view.findings_export(findings, Provenance("v", "b", "f"))
    assert b"'wisdom' is no dimension" in to_csv(export)
