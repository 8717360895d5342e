"""Exports: a table as CSV, Parquet, LaTeX or Markdown that says which data and filters it came from."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.benchmark.text import slug
from siuo_dash.text import NOT_JUDGED, NOT_PUBLISHED, defuse, markdown_plain, one_line

IntervalStyle = Literal["range", "plus-minus"]
_NUMBER: Final = re.compile(r"\A[+\-−<]? ?\d[\d.,]*%?([ \\]|[–±/(\[]|$)")


@dataclass(frozen=True)
class Provenance:
    """Where an export comes from: the data's version, the board, and the filters in words.

    metric: what the figures are of, or ranked by; '' where the columns say it themselves.
    """

    data_version: str
    board: str
    filters: str
    warning: str = ""
    metric: str = ""

    def sentence(self) -> str:
        parts = [
            f"SIUO dashboard, data version {self.data_version}",
            f"board: {self.board}",
            *([f"metric: {self.metric}"] if self.metric else []),
            f"filters: {self.filters}",
        ]
        return "; ".join([*parts, self.warning] if self.warning else parts)


@dataclass(frozen=True)
class Table:
    """A table as it leaves the house.

    data: typed values for programs. text: the same rows as words for a paper, made for an interval style.
    bold: which cells of the text are the best of their column.
    """

    name: str
    title: str
    data: pd.DataFrame
    text: Callable[[IntervalStyle], pd.DataFrame]
    provenance: Provenance
    bold: pd.DataFrame | None = None

    def only(self, columns: Sequence[str]) -> Table:
        """The table with some of its columns in words; the data for programs stay whole."""
        return replace(self, text=lambda how: self.text(how)[list(columns)])

    def file_name(self, ending: str) -> str:
        """'siuo-leaderboard-safe-human-3-responses-all-runs-9fad590864ba.csv': metric, board, filters, data version."""
        about = self.provenance
        board, filters = slug(about.board)[:60].strip("-"), slug(about.filters)[:70].strip("-")
        parts = ["siuo", slug(self.name), slug(about.metric), board, filters, about.data_version]
        return f"{'-'.join(filter(None, parts))}.{ending}"


def plain_table(name: str, title: str, data: pd.DataFrame, provenance: Provenance) -> Table:
    """A table whose words are its values."""
    return Table(name, title, data, lambda _: data.map(_word), provenance)


def to_csv(table: Table) -> bytes:
    """UTF-8; the last two columns name the data version and the view, so that every reader still gets plain rows."""
    data = table.data.copy()
    for name in data.columns:
        if not pd.api.types.is_numeric_dtype(data[name]) and not pd.api.types.is_bool_dtype(data[name]):
            data[name] = data[name].map(defuse)
    data = data.rename(columns=defuse)
    data["data_version"] = table.provenance.data_version
    data["view"] = table.provenance.sentence()
    text: str = data.to_csv(index=False, lineterminator="\r\n")
    return text.encode()


def to_parquet(table: Table) -> bytes:
    """The typed values; the file's metadata say where they come from."""
    arrow = pa.Table.from_pandas(table.data, preserve_index=False)
    # A column of which nothing is known keeps a type that a reader can join on.
    arrow = arrow.cast(pa.schema([f.with_type(pa.string()) if pa.types.is_null(f.type) else f for f in arrow.schema]))
    metadata = {"siuo.data_version": table.provenance.data_version, "siuo.view": table.provenance.sentence()}
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), **metadata})
    body = io.BytesIO()
    pq.write_table(arrow, body, compression="zstd")
    return body.getvalue()


def to_latex(table: Table, intervals: IntervalStyle = "range") -> bytes:
    """A booktabs table ready for a paper: names escaped, numbers to the right, the best of each column in bold."""
    # By hand: pandas' Styler breaks a row that begins with [, and great-tables writes a wider table.
    words = table.text(intervals)
    places = "".join("r" if _is_numeric(words[name]) else "l" for name in words)
    cells = _emphasised(table, words.map(latex), lambda cell: rf"\textbf{{{cell}}}")
    lines = [
        f"% {one_line(table.provenance.sentence())}",
        "% needs \\usepackage{booktabs}",
        r"\begin{table}",
        rf"\caption{{{latex(table.title)}}}",
        rf"\label{{tab:siuo-{slug(table.name)}}}",
        rf"\begin{{tabular}}{{{places}}}",
        r"\toprule",
        " & ".join(latex(str(name)) for name in cells.columns) + r" \\",
        r"\midrule",
        *(_guarded(" & ".join(row)) + r" \\" for row in cells.itertuples(index=False)),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return ("\n".join(lines) + "\n").encode()


def _is_numeric(words: pd.Series[str]) -> bool:
    """Whether a column of words holds numbers, which a paper sets to the right."""
    known = words[~words.isin(["", "–", NOT_PUBLISHED, NOT_JUDGED])]
    return len(known) > 0 and bool(known.astype(str).str.match(_NUMBER).all())


def to_markdown(table: Table, intervals: IntervalStyle = "range") -> bytes:
    """A Markdown table; no name in it is read as markup, the best of each column is bold."""
    plain = table.text(intervals).map(lambda text: markdown_plain(str(text)))
    cells = _emphasised(table, plain.copy(), lambda cell: f"**{cell.strip()}**" if cell.strip() else cell)
    names = [markdown_plain(str(name)) for name in cells.columns]
    lines = ["--:" if _is_numeric(plain[name]) else "---" for name in plain]
    rows = [names, lines, *cells.itertuples(index=False)]
    body = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return f"{body}\n\n{markdown_plain(table.provenance.sentence())}\n".encode()


def rate_words(rate: float | None, low: float, high: float, how: IntervalStyle, missing: str) -> str:
    """'53.29 [45.74, 60.70]' or '53.29 ± 7.48' (half the interval's width); `missing` when not known."""
    if rate is None or pd.isna(rate):
        return missing
    if how == "range":
        return f"{100 * rate:.2f} [{100 * low:.2f}, {100 * high:.2f}]"
    return f"{100 * rate:.2f} ± {50 * (high - low):.2f}"


def points_words(difference: float, low: float, high: float, how: IntervalStyle) -> str:
    """'+6.0 [+0.6, +11.3]' or '+6.0 ± 5.4': a difference in points for a paper; '' when not known."""
    if pd.isna(difference):
        return ""
    ends = f"[{100 * low:+.1f}, {100 * high:+.1f}]" if how == "range" else f"± {50 * (high - low):.1f}"
    return f"{100 * difference:+.1f} {ends}"


def _emphasised(table: Table, cells: pd.DataFrame, bold: Callable[[str], str]) -> pd.DataFrame:
    """The cells, the best of each column in bold."""
    best = pd.DataFrame() if table.bold is None else table.bold
    for name in best.columns.intersection(cells.columns):
        cells[name] = [bold(cell) if is_best else cell for cell, is_best in zip(cells[name], best[name], strict=True)]
    return cells


def _word(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4g}"
    return "" if value is None or value is pd.NA or value is pd.NaT else str(value)


_ESCAPES: Final = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"±": r"$\pm$", "–": "--", "×": r"$\times$", "·": r"$\cdot$", "<": r"\textless{}", ">": r"\textgreater{}"}
)


def latex(text: object) -> str:
    """Text as LaTeX shows it: every special character escaped, on one line."""
    return one_line(str(text)).translate(_ESCAPES)


def _guarded(row: str) -> str:
    """A row that LaTeX cannot take for an argument of the command before it (\\midrule and \\\\ look for [ and *)."""
    return f"{{}}{row}" if row.startswith(("[", "*")) else row
