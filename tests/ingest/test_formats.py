"""Another file format takes its module and an entry in the list: a made-up one, read, named and explained."""

from __future__ import annotations

import json

import pytest

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.ingest import formats
from siuo_dash.ingest.fields import Table
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.records import Contents, Format, Known
from siuo_dash.ingest.table import Reader, read_rows
from tests.ingest.make import IDS, MIXED, Check, as_csv, has, messages, table

RUN = {"tool": "evalbox", "model": "lab/M-7B", "tests": {str(n): {"ok": ok} for n, ok in zip(IDS, MIXED, strict=True)}}


def fits(table: Table) -> bool:
    return isinstance(table.whole, dict) and table.whole.get("tool") == "evalbox"


def read(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    rows = tuple(enumerate(({"id": name, **test} for name, test in table.whole["tests"].items()), 1))
    mapping = Mapping(id=("id",), safe=("ok",), safe_yes_means="safe")
    partials = read_rows(Table(table.file, rows, "json"), Reader(mapping), catalogue, findings)
    return Contents(partials, known=[Known(model=table.whole["model"])])


EVALBOX = Format("evalbox", "Evalbox", fits, read, "**Evalbox**: its JSON.", "run evalbox grade")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, EVALBOX))


def test_its_files_are_read_although_they_hold_no_list_of_samples(check: Check) -> None:
    submission = check(("results.txt", json.dumps(RUN).encode()))
    assert submission.ok and submission.scores == {"safe": Tally(4, 6, 6)}
    assert (submission.reading.format, submission.reading.known.model) == ("Evalbox", "lab/M-7B")


def test_beside_a_table(check: Check) -> None:
    replies = as_csv(table(question_id=IDS, response=["A reply."] * 6))
    submission = check(("a.json", json.dumps(RUN).encode()), ("b.csv", replies))
    assert submission.ok and submission.reading.format == "Evalbox + table"
    assert all(each.responses[0].text == "A reply." for each in submission.reading.samples)


def test_its_advice_and_its_findings(check: Check) -> None:
    blank = check(("a.json", json.dumps(RUN | {"tests": {str(n): {"ok": None} for n in IDS}}).encode()))
    assert not blank.ok
    wrong = check(("a.json", json.dumps(RUN | {"tests": {"7": {"ok": 1}}}).encode()))
    assert has(messages(wrong), "a.json, row 1")
    ungraded = check(("a.json", json.dumps(RUN | {"tests": {str(n): {"ok": -1} for n in IDS}}).encode()))
    assert has(messages(ungraded), "run evalbox grade")


def test_the_upload_page_lists_it_before_any_table() -> None:
    *_, known, last = formats.understood()
    assert known == "**Evalbox**: its JSON." and last.startswith("**Any table**")


def test_each_line_of_the_page_is_there_once() -> None:
    assert len(set(formats.understood())) == len(formats.understood()) == 11
