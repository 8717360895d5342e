"""Exports: what a spreadsheet, LaTeX, Markdown and Parquet make of hostile names and of what is not known."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from siuo_dash.report.citations import bibtex
from siuo_dash.report.export import (
    Provenance,
    Table,
    plain_table,
    rate_words,
    to_csv,
    to_latex,
    to_markdown,
    to_parquet,
)
from siuo_dash.text import defuse, is_hidden

PROVENANCE = Provenance("0123456789ab", "human, 3 responses", "No filter is set.")
HOSTILE = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "[9pt] x",
    "* x",
    "\\input{x}",
    "100% & $5_a^b~#{}",
    "a | b",
    "<img src=x onerror=alert(1)>",
    "![x](https://example.org/x.png)",
    "[x](https://example.org)",
    "`code`",
    "**bold** _it_",
    "two\nlines",
    "\u2028line\u2029s",
    "quote \" 'q'",
    "comma, semicolon;",
    "# heading",
    "1. list",
    "- list",
    "&amp; &lt;",
    "naïve 模型 ±",
    "a\x1b[31mred",
)


def table(names: tuple[str, ...] | list[str]) -> Table:
    data = pd.DataFrame({"model": list(names), "rate": [-0.5] * len(names)})
    bold = pd.DataFrame({"model": [place == 0 for place in range(len(names))]})
    return Table("t", "A & B", data, lambda _: data.astype(str), PROVENANCE, bold)


names = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12)), min_size=1, max_size=4)


# CSV


@given(
    names=st.lists(
        st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=12), min_size=1, max_size=4
    )
)
def test_a_csv_gives_its_rows_back(names: list[str]) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(table(names)).decode(), newline="")))
    assert rows[0] == ["model", "rate", "data_version", "view"]
    assert [row[0] for row in rows[1:]] == [defuse(name) for name in names]
    assert {row[1] for row in rows[1:]} == {"-0.5"}  # a negative number is no formula
    assert {tuple(row[2:]) for row in rows[1:]} == {("0123456789ab", PROVENANCE.sentence())}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_of_a_csv_is_a_formula(start: str) -> None:
    data = pd.DataFrame({f"{start}name": [f"{start}HYPERLINK(1)"], "kind": pd.Categorical([f"{start}x"])})
    text = to_csv(plain_table("t", "T", data, Provenance("v", "b", "f", f"{start}w"))).decode()
    for cell in (cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row):
        assert not cell.startswith(start)


def test_text_that_is_no_formula_is_left_alone() -> None:
    for value in ("GPT-4o", " =x", "7B+", "", "e@mail", 3, -1.5, None):
        assert defuse(value) == value


# LaTeX


@given(names=names)
def test_latex_keeps_its_structure(names: list[str]) -> None:
    text = to_latex(table(names)).decode()
    lines = text.splitlines()
    assert len(lines) == 12 + len(names)
    assert all(line.startswith("% ") for line in lines[:2])
    body = lines[lines.index(r"\midrule") + 1 : lines.index(r"\bottomrule")]
    for line in body:
        assert line.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", line)) == 1
        assert not line.startswith(("[", "*"))  # \midrule and \\ would take these for an argument
        assert not re.search(
            r"(?<!\\)[%#_$^~]", line.replace(r"$\pm$", "").replace(r"$\times$", "").replace(r"$\cdot$", "")
        )
    for line in lines[2:]:
        depth = 0
        for brace in re.findall(r"(?<!\\)[{}]", line):
            depth += 1 if brace == "{" else -1
            assert depth >= 0
        assert depth == 0
    # Every command is one of ours.
    ours = (
        "begin end caption label toprule midrule bottomrule textbf textbackslash textasciitilde textasciicircum "
        "textless textgreater pm times cdot"
    )
    assert set(re.findall(r"\\([a-zA-Z]+)", "\n".join(lines[2:]))) <= set(ours.split())


def test_latex_as_it_stands_in_a_paper() -> None:
    data = pd.DataFrame({"Model": ["A_1", "B"], "Safe": ["53.29 ± 7.48", "50.90 – x"]})
    bold = pd.DataFrame({"Safe": [True, False]})
    text = to_latex(Table("t", "SIUO, 50%", data, lambda _: data, PROVENANCE, bold)).decode()
    assert text == (
        "% SIUO dashboard, data version 0123456789ab; board: human, 3 responses; filters: No filter is set.\n"
        "% needs \\usepackage{booktabs}\n\\begin{table}\n\\caption{SIUO, 50\\%}\n"
        "\\label{tab:siuo-t}\n\\begin{tabular}{lr}\n\\toprule\n"
        "Model & Safe \\\\\n\\midrule\nA\\_1 & \\textbf{53.29 $\\pm$ 7.48} \\\\\nB & 50.90 -- x \\\\\n"
        "\\bottomrule\n\\end{tabular}\n\\end{table}\n"
    )


def test_numbers_of_a_paper_are_set_to_the_right_and_columns_can_be_left_out() -> None:
    data = pd.DataFrame(
        {
            "Model": ["7B", "13B x"],
            "Rank": ["1", ""],
            "Safe": ["53.29 [45.74, 60.70]", "not published"],
            "Gain": ["+6.0 ± 5.4", "-2.0 ± 1.0"],
            "Unknown": ["", "–"],
        }
    )
    made = Table("t", "T", data, lambda _: data, PROVENANCE)
    assert "\\begin{tabular}{lrrrl}" in to_latex(made).decode()
    assert "| --- | --: | --: | --: | --- |" in to_markdown(made).decode()
    some = made.only(["Model", "Gain"])
    assert "\\begin{tabular}{lr}\n\\toprule\nModel & Gain" in to_latex(some).decode()
    assert list(pd.read_csv(io.BytesIO(to_csv(some))))[:5] == list(data)  # programs get all columns


def test_a_bibliography_names_each_source_once_and_escapes_it() -> None:
    sources = [
        "Ding et al. 2026, MIS & more, arXiv:2501.18533, Table 12",
        "https://example.org/a_b",
        "https://example.org/a_b",
        "",
    ]
    text = bibtex([*sources, "Wang et al. 2025, arXiv:2406.15279"]).decode()
    assert text.count("@") == 3 and text.startswith("@inproceedings{wang2025siuo,")
    assert "eprint = {2501.18533}" in text and "year = {2026}" in text and r"MIS \& more" in text
    assert r"howpublished = {\url{https://example.org/a_b}}" in text and r"title = {https://example.org/a\_b}" in text


# Markdown


def shown(markdown: str) -> list[list[str]]:
    """What a renderer with tables, HTML and links switched on makes of the table's cells; nothing but text and bold."""
    cells: list[list[str]] = []
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown):
        if token.type == "tr_open":
            cells.append([])
        if token.type == "inline" and cells:
            children = token.children or []
            assert {child.type for child in children} <= {"text", "strong_open", "strong_close", "text_special"}, (
                markdown
            )
            cells[-1].append("".join(child.content for child in children))
    return cells


@given(names=names)
def test_markdown_shows_each_name_as_it_is(names: list[str]) -> None:
    text = to_markdown(table(names)).decode()
    rows = shown(text.split("\n\n")[0])
    assert rows[0] == ["model", "rate"]
    plain = ["".join(" " if is_hidden(letter) else letter for letter in name) for name in names]
    assert [row[0].split() for row in rows[1:]] == [name.split() for name in plain]
    assert "**" in text.splitlines()[2] or not plain[0].strip()


# Parquet


def test_parquet_keeps_types_and_says_where_it_comes_from() -> None:
    data = pd.DataFrame(
        {
            "rank": pd.array([1, None], "Int64"),
            "model": ["=1+1", "B"],
            "rate": [0.25, None],
            "open": pd.array([True, None], "boolean"),
            "nothing": [None, None],
        }
    )
    found = pq.read_table(io.BytesIO(to_parquet(plain_table("t", "T", data, PROVENANCE))))
    assert [str(field.type).removeprefix("large_") for field in found.schema] == [
        "int64",
        "string",
        "double",
        "bool",
        "string",
    ]
    assert found.column("model").to_pylist() == ["=1+1", "B"]  # programs get the very text
    assert found.column("rank").to_pylist() == [1, None]
    assert found.schema.metadata[b"siuo.data_version"] == b"0123456789ab"
    assert found.schema.metadata[b"siuo.view"].decode() == PROVENANCE.sentence()
    assert pa.types.is_string(found.schema.field("nothing").type)


# Words


def test_rates_in_words() -> None:
    assert rate_words(89 / 167, 0.4574, 0.6070, "range", "not published") == "53.29 [45.74, 60.70]"
    assert rate_words(89 / 167, 0.4574, 0.6070, "plus-minus", "not published") == "53.29 ± 7.48"
    assert rate_words(float("nan"), float("nan"), float("nan"), "range", "not judged") == "not judged"
    assert rate_words(0.0, 0.0, 0.0225, "range", "") == "0.00 [0.00, 2.25]"


def test_a_warning_stands_in_every_export() -> None:
    warned = Provenance("v", "b", "f", "not comparable")
    exported = table(["A"])
    exported = Table(exported.name, exported.title, exported.data, exported.text, warned)
    for make in (to_csv, to_latex, to_markdown):
        assert b"not comparable" in make(exported)


def test_an_export_of_one_metric_names_it() -> None:
    """The same figures by another metric have other file names and another view, in every format."""
    names, views = set(), set()
    for metric in ("Safe", "Effective", "Safe & Effective"):
        about = Provenance("v", "b", "f", metric=metric)
        exported = Table("heatmap", "T", table(["A"]).data, table(["A"]).text, about)
        names.add(exported.file_name("csv"))
        views.add(pd.read_csv(io.BytesIO(to_csv(exported)))["view"].iloc[0])
        assert f"metric: {metric}" in to_latex(exported).decode()
        assert b"metric: " in to_markdown(exported)
        assert b"metric: " in pq.read_table(io.BytesIO(to_parquet(exported))).schema.metadata[b"siuo.view"]
    assert names == {f"siuo-heatmap-{metric}-b-f-v.csv" for metric in ("safe", "effective", "safe-effective")}
    assert len(views) == 3


def test_a_file_name_is_a_file_name() -> None:
    where = Provenance("v1", "../../etc/passwd 模型" + "x" * 300, "Runs of “" + "y" * 300)
    long = Table("ranking", "T", pd.DataFrame(), lambda _: pd.DataFrame(), where)
    assert re.fullmatch(r"[a-z0-9-]{1,160}\.csv", long.file_name("csv"))
