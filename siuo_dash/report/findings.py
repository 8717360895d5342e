"""Findings for the screen and for export."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from siuo_dash.analysis.findings import Theme
from siuo_dash.report.export import Provenance, Table, plain_table

SHOWN_FIGURES = 3
DIGITS = {"median": 2}
"""Statements whose figures have more digits than one, as the published figure beside them."""


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
    columns = "theme sentence said rests_on figure unit value low high k n n_of method caveat".split()
    data = pd.DataFrame(rows, columns=columns)
    data = data.astype({"k": "Int64", "n": "Int64", "value": float, "low": float, "high": float})
    return plain_table("findings", f"SIUO, findings, {provenance.board}", data, provenance)


def boards_table(frame: pd.DataFrame, provenance: Provenance) -> Table:
    """The models that are on several boards, one row a model and board."""
    columns = ["name", "board_label", "judge", "evidence", "k", "n", "rate", "low", "high", "run_id"]
    data = frame[columns].rename(columns={"name": "model", "board_label": "board"}).reset_index(drop=True)
    return plain_table("one-model-several-judges", "SIUO, the same model on several boards", data, provenance)
