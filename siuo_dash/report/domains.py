"""The domain page's words and tables: profiles of runs, and the heatmap as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.domains import COLUMNS, MACRO, OVERALL
from siuo_dash.analysis.queries import Board
from siuo_dash.benchmark.schema import DOMAINS, Metric
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.heatmap import legend_line
from siuo_dash.report.export import IntervalStyle, Provenance, Table, plain_table, rate_words
from siuo_dash.text import fraction, interval, percent

DOMAIN_LABELS: Final = {domain.id: domain.label for domain in DOMAINS}
MOST_NAMED: Final = 40
"""Names in a sentence; more are counted."""
ONLY_MULTIPLE_CHOICE: Final = (
    "The runs of this board share only multiple choice; their other verdicts are of different judges and cannot be "
    "compared. Choose the metric Multiple choice, or another board."
)


def run_names(runs: pd.DataFrame) -> dict[str, str]:
    """{run_id: name}: the model where one row has it, else the run's label (model, judge and the id's tail)."""
    repeated = runs["model"].duplicated(keep=False)
    names = runs["model"].where(~repeated, runs["label"])
    return dict(zip(runs["run_id"], names, strict=True))


def row_names(runs: pd.DataFrame) -> dict[str, str]:
    """{run_id: name} for a chart's rows: a run that lacks verdicts is marked."""
    names = run_names(runs)
    partial_runs = set(runs.loc[runs["partial"], "run_id"])
    return {run_id: f"{name} (partial)" if run_id in partial_runs else name for run_id, name in names.items()}


@dataclass(frozen=True)
class LeftOut:
    """Runs that are not shown by domain: how many, why in short and in full with what would change it, and which."""

    count: str
    short: str
    why: str
    names: str


def left_out(runs: pd.DataFrame, metric: Metric) -> list[LeftOut]:
    """The runs of `runs_without_domains`, each kind with its reason."""
    totals = runs["evidence"] == "totals"
    reasons = (
        (totals, "only totals are published", "Their sources published only totals: how many samples passed, not which. "
         "A file with the run's verdict for each sample, uploaded, puts it here."),
        (~totals, f"not judged: {metric.label}", f"{metric.label} was not judged. A file that holds these verdicts too, uploaded, puts it here."),
    )  # fmt: skip
    return [
        LeftOut(counted(int(those.sum()), "run"), short, why, named(runs.loc[those, "model"].tolist()))
        for those, short, why in reasons
        if those.any()
    ]


def counted(count: int, noun: str) -> str:
    """'1 run', '3 runs'."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def named(names: Sequence[str]) -> str:
    """'A, B and C'; of many, the first and how many more."""
    shown = list(names[:MOST_NAMED])
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def profile_notes(
    chosen: Sequence[str], found: pd.DataFrame, run_labels: Mapping[str, str], most: int, *, first: int = 3
) -> list[str]:
    """What the reader should know of the drawn runs: whose choice they are, and which chosen ones are not drawn."""
    if not chosen:
        shown = counted(min(first, len(found)), "run")
        return [f"No run is chosen, so the first {shown} of this view stand here. Choose up to {most}."]
    drawn = found["run_id"].tolist()
    notes = []
    if len(drawn) > most:
        late = [run_labels[run_id] for run_id in drawn[most:]]
        notes.append(
            f"The first {most} chosen runs are drawn, so that they can be told apart. Not drawn: {named(late)}."
        )
    without = [run_labels[run_id] for run_id in chosen if run_id not in set(drawn)]
    if without:
        notes.append(
            f"Without verdicts for each sample on this metric, so not by domain: {named(without)}. "
            "A file with these verdicts, uploaded, changes that."
        )
    return notes


def chosen_notes(chosen: Sequence[str], here: Sequence[str], run_labels: Mapping[str, str]) -> list[str]:
    """Which chosen runs are not among those of the view, and why."""
    away = [run_labels[run_id] for run_id in chosen if run_id not in set(here)]
    if not away:
        return []
    note = f"Not of this view (another board, hidden by a filter, or without verdicts for each sample): {named(away)}."
    return [note if here else f"{note} All runs of the view stand here instead."]


def nothing_known(metric: Metric, board: Board, boards: Sequence[Board]) -> str:
    """Why the view is empty, and what to do. Plain text."""
    others = [other.label for other in boards if other.per_sample_runs and other.id != board.id]
    return (
        f"No run of this view has verdicts for each sample on the metric {metric.label}, so nothing is known of parts of the "
        "benchmark. Choose another metric, reset the filters, or choose a board with per-sample runs"
        + (f": {named(others)}." if others else ".")
    )


def across_boards(runs: pd.DataFrame, boards: Sequence[Board]) -> str:
    """A warning where the runs are of more than one board; '' where they are of one."""
    labels = {board.id: board.label for board in boards}
    found = list(dict.fromkeys(runs["board"]))
    if len(found) < 2:
        return ""
    return (
        f"These runs are of different boards ({'; '.join(labels[board] for board in found)}): "
        "judges and protocols differ, so their rates cannot be compared."
    )


def profile_screen(cells: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Rows are the columns of the heatmap (overall, mean, domains), a column for each run: rate, interval, count."""
    shown = {"Domain": list(COLUMNS.values())}
    for run_id, name in names.items():
        own = cells[cells["run_id"] == run_id].set_index("column").reindex(list(COLUMNS))
        shown[name] = [_rate_interval_count(cell) for cell in own.itertuples()]
    return pd.DataFrame(shown)


def profile_export(cells: pd.DataFrame, names: Mapping[str, str], provenance: Provenance, title: str) -> Table:
    """One row a run and column for programs; runs side by side for a paper."""
    kept = cells[cells["run_id"].isin(list(names))]

    def words(how: IntervalStyle) -> pd.DataFrame:
        text = {"Domain": list(COLUMNS.values())}
        for run_id, name in names.items():
            own = kept[kept["run_id"] == run_id].set_index("column").reindex(list(COLUMNS))
            text[name] = [_words(cell, how) for cell in own.itertuples()]
        return pd.DataFrame(text)

    return Table("domain-profiles", title, long_cells(kept, names), words, provenance)


def long_cells(cells: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Cells as data leave the house: `run_id`, `run`, `domain`, `k`, `n`, `rate`, `low`, `high`, and the marks."""
    extra = [column for column in ("board_mean", "mark") if column in cells]
    frame = cells.assign(run=cells["run_id"].map(names), domain=cells["column"])
    frame = frame.astype({"k": "Int64", "n": "Int64"})
    return frame[["run_id", "run", "domain", "k", "n", "rate", "low", "high", *extra]].reset_index(drop=True)


def heat_screen(cells: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The heatmap as a table: one row a run, in each cell rate, interval and count."""
    words = cells.assign(words=[_rate_interval_count(cell) for cell in cells.itertuples()])
    wide = words.pivot(index="run_id", columns="column", values="words").reindex(list(names), columns=list(COLUMNS))
    shown = wide.rename(columns=COLUMNS)
    shown.insert(0, "Run", [names[run_id] for run_id in wide.index])
    return shown.reset_index(drop=True)


def heat_export(cells: pd.DataFrame, names: Mapping[str, str], provenance: Provenance, title: str) -> Table:
    """One row a run: for programs k, n, rate, low, high and mark of each column; for a paper the rates, best in bold."""
    order = list(names)
    parts = {
        part: cells.pivot(index="run_id", columns="column", values=part).reindex(order, columns=list(COLUMNS))
        for part in ("k", "n", "rate", "low", "high", "mark")
    }
    data: dict[str, object] = {"run_id": order, "run": [names[run_id] for run_id in order]}
    for column in COLUMNS:
        for part, wide in parts.items():
            values = wide[column].reset_index(drop=True)
            data[f"{column}_{part}"] = values.astype("Int64") if part in ("k", "n") else values
    rate = parts["rate"].reset_index(drop=True)
    bold = rate.eq(rate.max()).rename(columns=COLUMNS)
    return Table("domains", title, pd.DataFrame(data), partial(_heat_words, parts, names), provenance, bold)


def _heat_words(parts: Mapping[str, pd.DataFrame], names: Mapping[str, str], how: IntervalStyle) -> pd.DataFrame:
    text: dict[str, object] = {"Run": list(names.values())}
    for column, label in COLUMNS.items():
        ends = zip(*(parts[part][column] for part in ("rate", "low", "high")), strict=True)
        text[label] = [rate_words(rate, low, high, how, "–") for rate, low, high in ends]
    return pd.DataFrame(text)


def cells_export(cells: pd.DataFrame, names: Mapping[str, str], provenance: Provenance) -> Table:
    """One row a run and column: what the heatmap is drawn from."""
    return plain_table("heatmap", "Rates by domain", long_cells(cells, names), provenance)


def heat_caption(shown: int, of: int, column: str, metric: Metric, theme: Theme) -> str:
    """What the heatmap shows, and how much of it."""
    which = f"{counted(of, 'run')}, sorted by {column}. " if shown == of else (
        f"The first {shown} of {of:,} runs by {column}; filter to see others. "
    )  # fmt: skip
    return which + legend_line(theme, metric) + " A click on a cell opens these samples of that run."


def samples_filter(column: str) -> dict[str, str]:
    """The filter of the samples page for a column of the heatmap; none for a column over all domains."""
    return {"domain": DOMAIN_LABELS[column]} if column in DOMAIN_LABELS else {}


def marks_sentence(cells: pd.DataFrame) -> str:
    """How many cells are marked, and how many would be by chance."""
    domains = cells[~cells["column"].isin([OVERALL, MACRO]) & cells["rate"].notna()]
    marked = int((domains["mark"] != "").sum())
    return (
        f"{marked} of {len(domains)} domain cells are marked; about one in twenty would be by chance alone, "
        "so a single mark is a hint and not a finding."
    )


def _rate_interval_count(cell: object) -> str:
    rate, low, high, k, n = (getattr(cell, part) for part in ("rate", "low", "high", "k", "n"))
    if pd.isna(rate):
        return "–"
    counted = fraction(k, n)
    return f"{percent(rate)} ({interval(low, high)})" + (f" · {counted}" if counted else "")


def _words(cell: Any, how: IntervalStyle) -> str:
    return rate_words(cell.rate, cell.low, cell.high, how, "–")
