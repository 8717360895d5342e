"""Findings for the screen and for export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from siuo_dash.analysis.findings import Theme
from siuo_dash.analysis.findings.statement import Figure, Statement, number
from siuo_dash.charts.spark import Mark
from siuo_dash.report.export import Provenance, Table, plain_table

SHOWN: Final = 2
"""Figures in the picture of a statement."""


def marks(statement: Statement) -> list[Mark]:
    """What the picture of a statement draws: its first figures that have the unit of the first."""
    same = [figure for figure in statement.figures if figure.unit == statement.figures[0].unit]
    return [_mark(figure) for figure in same[:SHOWN]]


def more_words(statement: Statement) -> str:
    """The figures that are in no picture, and the caveat, as plain text."""
    shown = marks(statement)
    rest = [each for each in statement.figures if _mark(each) not in shown]
    return " ".join([*(f"{each.label}: {each.words()}." for each in rest), statement.caveat])


def _mark(figure: Figure) -> Mark:
    words = f"{number(figure.value, figure.unit)}{figure.around()}"
    if figure.unit == "percent" and figure.interval is None and figure.k is not None:
        words = f"{figure.k} of {figure.n}"
    ends = (figure.interval.low, figure.interval.high) if figure.interval else (None, None)
    return Mark(figure.label, words, figure.value, *ends)


def export_table(themes: Sequence[Theme], provenance: Provenance) -> Table:
    """One row a figure (or a statement without one), with sentence and caveat; fractions for programs."""
    rows = []
    for theme in themes:
        for statement in theme.statements:
            about = (theme.title, statement.sentence, "yes" if statement.said else "cannot be said", statement.n)
            for figure in statement.figures:
                ends = (figure.interval.low, figure.interval.high) if figure.interval else (None, None)
                found = (figure.label, figure.unit, figure.value, *ends, figure.k, figure.n, figure.of, figure.method)
                rows.append((*about, *found, statement.caveat))
            if not statement.figures:
                rows.append((*about, *[None] * 9, statement.caveat))
    columns = "theme sentence said based_on figure unit value low high k n n_of method caveat".split()
    data = pd.DataFrame(rows, columns=columns)
    data = data.astype({"k": "Int64", "n": "Int64", "value": float, "low": float, "high": float})
    return plain_table("findings", f"SIUO, findings, {provenance.board}", data, provenance)


def boards_table(frame: pd.DataFrame, provenance: Provenance) -> Table:
    """The models that are on several boards, one row a model and board."""
    columns = ["name", "board_label", "judge", "evidence", "k", "n", "rate", "low", "high", "run_id"]
    data = frame[columns].rename(columns={"name": "model", "board_label": "board"}).reset_index(drop=True)
    return plain_table("one-model-several-judges", "SIUO, the same model on several boards", data, provenance)
