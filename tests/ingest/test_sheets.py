"""Spreadsheets as people make them: titles, two header rows, merged cells, totals, several sheets, replies with '='."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from siuo_dash.benchmark.scoring import Tally
from tests.ingest.make import IDS, MIXED, QUESTIONS, Check, as_zip, has, messages, reply

HEADER = ["question_id", "response", "safe"]
ROWS: list[list[Any]] = [[i, reply(i), "safe" if s else "unsafe"] for i, s in zip(IDS, MIXED, strict=True)]
EXACT = {"safe": Tally(4, 6, 6)}


def book(*sheets: tuple[str, Sequence[Any]], change: Callable[[Worksheet], object] = lambda _: None) -> bytes:
    """A workbook of sheets with these rows; `change` is given the first one."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets:
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    change(made.worksheets[0])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def changed(data: bytes, part: str, old: str, new: str) -> bytes:
    """A workbook in one of whose parts a text is another."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old.encode() in parts[part]
    parts[part] = parts[part].replace(old.encode(), new.encode())
    return as_zip(parts)


SHEETS: dict[str, list[list[Any]]] = {
    "plain": [HEADER, *ROWS],
    "a title and a blank row": [["SIUO 2026, judged by a panel"], [], HEADER, *ROWS],
    "a title of as many cells": [["SIUO", "M-7B", "May 2026"], [], HEADER, *ROWS],
    "a title directly above": [["SIUO results"], HEADER, *ROWS],
    "groups of columns": [["Item", None, "Judgement"], HEADER, *ROWS],
    "the index named below": [[None, "response", "safe"], ["question_id"], *ROWS],
    "notes beside, without a name": [HEADER, [*ROWS[0], None, "looked at twice"], *ROWS[1:]],
    "an average below": [HEADER, *ROWS, ["Average", None, 0.667]],
    "a total after a blank row": [HEADER, *ROWS, [], [None, None, 4], ["Total (6)", None, "4 / 6"]],
    "headings between": [HEADER, ["Self-harm"], *ROWS[:2], ["Others"], *ROWS[2:]],
}


@pytest.mark.parametrize("rows", SHEETS.values(), ids=SHEETS)
def test_each_sheet_is_the_same_run(check: Check, rows: list[list[Any]]) -> None:
    submission = check(("a.xlsx", book(("Sheet", rows))))
    assert submission.ok, messages(submission)
    assert submission.scores == EXACT
    assert [each.responses[0].text for each in submission.reading.samples] == [row[1] for row in ROWS]


def test_what_is_left_out_is_named(check: Check) -> None:
    rows = [["SIUO 2026"], [], HEADER, ["Self-harm"], *ROWS, ["Average", None, 0.667]]
    said = messages(check(("a.xlsx", book(("Sheet", rows)))), "warning")
    for part in (
        "row 1: above the header, not read: 'SIUO 2026'",
        "row 4: not read: 'Self-harm'",
        "row 11: not read: 'A",
    ):
        assert has(said, part), said


def test_a_row_that_may_be_a_sample_is_not_left_out(check: Check) -> None:
    for cell in (None, "10x1", "the third"):
        found = messages(check(("a.xlsx", book(("Sheet", [HEADER, *ROWS[:5], [cell, "A reply.", "safe"]])))))
        assert has(found, "row 7"), found


def test_groups_tell_columns_of_one_name_apart(check: Check) -> None:
    rows = [[None, "round 1", None, "round 2", None], ["question_id", "response", "safe", "response", "safe"]]
    rows += [[i, reply(i, 1), s, reply(i, 2), s] for i, _, s in ROWS]
    fields = check(("a.xlsx", book(("Sheet", rows)))).reading.fields
    assert {"round 1 response", "round 1 safe", "round 2 response", "round 2 safe"} <= fields.keys()


def test_groups_above_a_header_where_questions_are_the_ids(check: Check) -> None:
    rows = [["Item", "Item", "Verdict"], ["question", "response", "safe"], *([QUESTIONS[i], t, s] for i, t, s in ROWS)]
    assert check(("a.xlsx", book(("Sheet", rows)))).scores == EXACT


def test_without_ids_the_longest_sheet_is_read(check: Check) -> None:
    rows = [["question", "response", "safe"], *([QUESTIONS[i], t, s] for i, t, s in ROWS)]
    submission = check(("a.xlsx", book(("Summary", [["metric", "value"], ["safe", 0.67]]), ("Samples", rows))))
    assert submission.scores == EXACT and has(messages(submission, "warning"), "1 sheet not read: 'Summary'")


def test_two_columns_of_one_name_are_refused(check: Check) -> None:
    rows = [["question_id", "safe", "safe"], *([i, s, s] for i, _, s in ROWS)]
    assert has(messages(check(("a.xlsx", book(("Sheet", rows))))), "two columns have the name 'safe'")


def test_a_table_without_a_header_is_refused(check: Check) -> None:
    assert has(messages(check(("a.xlsx", book(("Sheet", ROWS))))), "no header: the first row is a sample")
    lines = "".join(f"{i},{text},{s}\n" for i, text, s in ROWS)
    assert has(messages(check(("a.csv", lines.encode()))), "no header: the first row is a sample")


def test_merged_ids_count_for_each_of_their_rows(check: Check) -> None:
    rows: list[list[Any]] = [["question_id", "run", "response", "safe"]]
    for i, _, s in ROWS:
        rows += [[i if n == 1 else None, n, reply(i, n), s] for n in (1, 2, 3)]

    def merge(sheet: Worksheet) -> None:
        for first in range(2, 20, 3):
            sheet.merge_cells(start_row=first, end_row=first + 2, start_column=1, end_column=1)

    submission = check(("a.xlsx", book(("Sheet", rows), change=merge)))
    assert submission.scores == EXACT
    assert {len(each.responses) for each in submission.reading.samples} == {3}
    assert not check(("a.xlsx", book(("Sheet", rows)))).ok  # without the merge the ids are just missing


def test_a_header_merged_over_two_rows(check: Check) -> None:
    rows = [["question_id", "response", "judged"], [None, None, "safe"], *ROWS]

    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:A2")
        sheet.merge_cells("B1:B2")

    assert check(("a.xlsx", book(("Sheet", rows), change=merge))).scores == EXACT


def test_a_summary_sheet_first_is_named_and_not_read(check: Check) -> None:
    submission = check(
        ("a.xlsx", book(("Summary", [["metric", "value"], ["safe", 0.67]]), ("Samples", [HEADER, *ROWS])))
    )
    assert submission.ok and submission.scores == EXACT
    assert has(messages(submission, "warning"), "1 sheet not read: 'Summary'")


def test_a_sheet_a_domain_is_one_run(check: Check) -> None:
    submission = check(("a.xlsx", book(("one", [HEADER, *ROWS[:2]]), ("two", [HEADER, *ROWS[2:]]))))
    assert submission.ok and submission.scores == EXACT


def test_responses_and_verdicts_on_two_sheets(check: Check) -> None:
    responses, verdicts = [row[:2] for row in [HEADER, *ROWS]], [row[::2] for row in [HEADER, *ROWS]]
    submission = check(("a.xlsx", book(("responses", responses), ("judged", verdicts))))
    assert submission.scores == EXACT and submission.reading.samples[0].responses[0].text == ROWS[0][1]


def test_sheets_that_contradict_each_other_are_never_one_figure(check: Check) -> None:
    other = [[i, reply(i, 2), "unsafe"] for i in IDS]
    submission = check(("a.xlsx", book(("gpt", [HEADER, *ROWS]), ("human", [HEADER, *other]))))
    assert not submission.ok or submission.scores["safe"] != Tally(4, 6, 6)


REPLIES = ["=== Steps ===\nAsk first.", "= 5 apples.", "=I would not.", "=> ask first.", "==", '="quoted"']
CALCULATED = "<v>0</v>"


@pytest.mark.parametrize("stored", ["<v></v>", "<v />", CALCULATED])
def test_a_reply_that_begins_with_an_equals_sign_is_a_text(check: Check, stored: str) -> None:
    rows = [HEADER, *([i, text, s] for (i, _, s), text in zip(ROWS, REPLIES, strict=True))]
    data = changed(book(("Sheet", rows)), "xl/worksheets/sheet1.xml", "<v />", stored)
    for each in (data, changed(data, "xl/workbook.xml", ' fullCalcOnLoad="1"', "") if stored == CALCULATED else data):
        submission = check(("a.xlsx", each))
        assert submission.scores == EXACT
        assert [each.responses[0].text for each in submission.reading.samples][:5] == REPLIES[:5]


def test_what_a_formula_comes_to_is_read_where_it_was_calculated(check: Check) -> None:
    rows = [HEADER, *([i, text, f'=IF(B{n}="x",1,0)+SUM(A1:$B$2)*0'] for n, (i, text, _) in enumerate(ROWS, 2))]
    data = book(("Sheet", rows))
    assert has(messages(check(("a.xlsx", data))), "the value '=IF(B2=")  # never calculated: asked, never 0
    zero = changed(data, "xl/worksheets/sheet1.xml", "<v />", "<v>0</v>")
    assert not check(("a.xlsx", zero)).ok
    calculated = changed(zero, "xl/workbook.xml", ' fullCalcOnLoad="1"', "")
    assert check(("a.xlsx", calculated)).scores == {"safe": Tally(0, 6, 6)}
