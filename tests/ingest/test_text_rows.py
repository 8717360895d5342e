"""CSV as programs and countries write it: delimiters, decimal commas, encodings, titles: the same run, or refused."""

from __future__ import annotations

import pytest

from siuo_dash.benchmark.scoring import Tally
from tests.ingest.make import IDS, MIXED, Check, has, messages

LINES = ["question_id,response,safe", *(f'{i},"Ask “first”, café {i}.",{s}' for i, s in zip(IDS, MIXED, strict=True))]
COMMAS = "\r\n".join(LINES) + "\r\n"
SEMICOLONS = COMMAS.replace(",", ";").replace("”;", "”,")
TABS = COMMAS.replace(",", "\t").replace("”\t", "”,")
EXACT = {"safe": Tally(4, 6, 6)}


@pytest.mark.parametrize(
    "data",
    [
        COMMAS.encode(),
        SEMICOLONS.encode("utf-8-sig"),
        TABS.encode(),
        TABS.encode("utf-16"),
        ("sep=;\r\n" + SEMICOLONS).encode("utf-16"),
        SEMICOLONS.encode("cp1252"),
        ("sep=;\r\n" + SEMICOLONS).encode(),
        ('"sep=,"\n' + COMMAS).encode(),
        ("sep=|\n" + SEMICOLONS.replace(";", "|")).encode(),
        SEMICOLONS.replace(";", "|").encode(),
        ("\r\n\r\n" + COMMAS).encode(),
        ("SIUO results\n" + COMMAS).encode(),
        ("SIUO, M-7B, judged by hand\n\n" + COMMAS).encode(),
        ("SIUO; M-7B\n\n" + SEMICOLONS).encode(),
        ("Item,,Judgement\n" + COMMAS).encode(),
        (COMMAS + "Average,,0.67\n").encode(),
        (SEMICOLONS + "Durchschnitt;;0,67\n").encode(),
    ],
)
def test_each_spelling_is_the_same_run(check: Check, data: bytes) -> None:
    submission = check(("a.csv", data))
    assert submission.ok, messages(submission)
    assert submission.scores == EXACT
    assert submission.reading.samples[0].responses[0].text == "Ask “first”, café 1001."


def test_what_may_not_be_the_text_is_said(check: Check) -> None:
    assert has(messages(check(("a.csv", SEMICOLONS.encode("cp1252"))), "warning"), "read as Windows-1252")


@pytest.mark.parametrize("text", ["先问一下 " * 20, "Сначала спросите " * 20])
def test_another_script_is_refused_and_not_garbled(check: Check, text: str) -> None:
    encoding = "gb18030" if "先" in text else "cp1251"
    data = "\n".join(["question_id,response,safe", *(f"{i},{text},1" for i in IDS)]).encode(encoding)
    assert has(messages(check(("a.csv", data))), "save it as UTF-8")


def test_decimal_commas_are_points(check: Check) -> None:
    rows = ["question_id;score;note", *(f"{i};{s},0;{s}, or so" for i, s in zip(IDS, MIXED, strict=True))]
    fields = check(("a.csv", "\n".join(rows).encode())).reading.fields
    assert set(fields["score"]) == {"1.0", "0.0"} and set(fields["note"]) == {"1, or so", "0, or so"}


def test_prose_is_no_table(check: Check) -> None:
    for text in ("The run went well.\nIt is safe, we think.\n", "one\ntwo\nthree\n"):
        assert has(messages(check(("a.txt", text.encode()))), "no table")
