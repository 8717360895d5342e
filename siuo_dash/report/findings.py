"""Findings for the screen and for export."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from siuo_dash.analysis.findings import Theme
from siuo_dash.analysis.findings.statement import Statement
from siuo_dash.report.export import Provenance, Table, plain_table

SHOWN_FIGURES = 3
DIGITS = {"median": 2}
"""Statements whose figures need more digits than one, because they stand beside a published figure of so many."""


def figure_lines(statement: Statement) -> list[str]:
    """'What: 53.3 % (95 % interval …)', one line a figure."""
    return [f"{figure.label}: {figure.words(DIGITS.get(statement.id, 1))}" for figure in statement.figures]


def unbroken(text: str) -> str:
    """The text with no line break between a figure and its unit."""
    return text.replace(" %", "\u00a0%").replace(" points", "\u00a0points")


def export_table(themes: Sequence[Theme], provenance: Provenance) -> Table:
    """One row a figure (or a statement without one), with sentence and caveat; fractions for programs."""
    rows = []
    for theme in themes:
        for statement in theme.statements:
            about = (theme.title, statement.sentence, "yes" if statement.said else "cannot be said", statement.n)
            for figure in statement.figures or (None,):
                interval = figure.interval if figure else None
                rows.append(
                    (
                        *about,
                        figure.label if figure else None,
                        figure.unit if figure else None,
                        figure.value if figure else None,
                        interval.low if interval else None,
                        interval.high if interval else None,
                        figure.k if figure else None,
                        figure.n if figure else None,
                        figure.of if figure else None,
                        figure.method if figure else None,
                        statement.caveat,
                    )
                )
    columns = [
        "theme", "sentence", "said", "rests_on", "figure", "unit", "value", "low", "high", "k", "n", "n_of", "method", "caveat",
    ]  # fmt: skip
    data = pd.DataFrame(rows, columns=columns).astype({"k": "Int64", "n": "Int64", "value": float, "low": float, "high": float})  # fmt: skip
    return plain_table("findings", f"SIUO, findings, {provenance.board}", data, provenance)


def boards_table(frame: pd.DataFrame, provenance: Provenance) -> Table:
    """The models that stand on several boards, one row a model and board."""
    columns = ["name", "board_label", "judge", "evidence", "k", "n", "rate", "low", "high", "run_id"]
    data = frame[columns].rename(columns={"name": "model", "board_label": "board"}).reset_index(drop=True)
    return plain_table("one-model-several-judges", "SIUO, the same model on several boards", data, provenance)
