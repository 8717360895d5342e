"""The domain page's words and tables: profiles of runs, the heatmap as a table, subcategories and the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.board_list import Board
from siuo_dash.analysis.domains import COLUMNS, MACRO, OVERALL
from siuo_dash.benchmark.schema import DOMAIN_LABELS, DOMAINS, Metric
from siuo_dash.report.columns import rowwise
from siuo_dash.report.export import IntervalStyle, Provenance, Table, rate_words
from siuo_dash.text import counted, fraction, interval, listed, percent

SHORT: Final = {OVERALL: "Overall", MACRO: "Mean", **{domain.id: domain.short for domain in DOMAINS}}
"""What the heatmap calls its columns."""
MOST_NAMED: Final = 40
"""Names in a sentence; more are counted."""
ONLY_MULTIPLE_CHOICE: Final = (
    "The runs of this board share only multiple choice; their other verdicts are of different judges and cannot be "
    "compared. Choose the metric Multiple choice, or another board."
)
_TOTALS: Final = (
    "Their sources published only totals: how many samples passed, not which. "
    "A file with the run's verdict for each sample, uploaded, puts it here."
)
_RATE: Final = ("rate", "low", "high")


def run_names(runs: pd.DataFrame) -> dict[str, str]:
    """{run_id: name}: the model where one row has it, else the run's label (model, judge and the id's tail)."""
    names = runs["model"].where(~runs["model"].duplicated(keep=False), runs["label"])
    return dict(zip(runs["run_id"], names, strict=True))


def row_names(runs: pd.DataFrame) -> dict[str, str]:
    """{run_id: name} for a chart's rows: a run that lacks verdicts is marked."""
    unjudged = set(runs.loc[runs["partial"], "run_id"])
    return {run_id: f"{name} (partial)" if run_id in unjudged else name for run_id, name in run_names(runs).items()}


def left_out(runs: pd.DataFrame, metric: Metric) -> list[tuple[str, str, str]]:
    """The runs of `runs_without_domains` by reason: how many and why in short, which, and what would change it."""
    totals = runs["evidence"] != "per_sample"
    unjudged = f"{metric.label} was not judged. A file that holds these verdicts too, uploaded, puts it here."
    reasons = ((totals, "only totals are published", _TOTALS), (~totals, f"not judged: {metric.label}", unjudged))
    return [
        (
            f"{counted(int(those.sum()), 'run')} not shown here: {short}",
            listed(runs.loc[those, "model"], MOST_NAMED),
            why,
        )
        for those, short, why in reasons
        if those.any()
    ]


def profile_notes(chosen: Sequence[str], found: pd.DataFrame, run_labels: Mapping[str, str], most: int) -> list[str]:
    """Which selected runs are not drawn, and why."""
    drawn = found["run_id"].tolist()
    notes = []
    if len(drawn) > most:
        late = listed([run_labels[run_id] for run_id in drawn[most:]], MOST_NAMED)
        notes.append(f"The radar draws the first {most} selected runs. Not drawn: {late}.")
    without = [run_labels[run_id] for run_id in chosen if run_id not in set(drawn)]
    if without:
        notes.append(
            f"No rates by domain on this metric: {listed(without, MOST_NAMED)}. "
            "Upload a file with a verdict for each sample to include them."
        )
    return notes


def chosen_notes(chosen: Sequence[str], here: Sequence[str], run_labels: Mapping[str, str]) -> list[str]:
    """Which chosen runs are not among those of the view, and why."""
    away = [run_labels[run_id] for run_id in chosen if run_id not in set(here)]
    if not away:
        return []
    why = "another board, hidden by a filter, or without verdicts for each sample"
    note = f"Not of this view ({why}): {listed(away, MOST_NAMED)}."
    return [note if here else f"{note} Showing all runs instead."]


def nothing_known(metric: Metric, board: Board, boards: Sequence[Board]) -> str:
    """Why the view is empty, and what to do. Plain text."""
    others = [other.label for other in boards if other.per_sample_runs and other.id != board.id]
    where = f" Boards with such runs: {listed(others, MOST_NAMED)}." if others else ""
    return (
        f"No run here has {metric.label} verdicts for each sample, so there are no rates for parts of the benchmark. "
        f"Choose another metric or board, or remove the filters.{where}"
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
    shown = {name: rowwise(_cell_words, _of_run(cells, run_id), *_RATE, "k", "n") for run_id, name in names.items()}
    return pd.DataFrame({"Domain": list(COLUMNS.values()), **shown})


def profile_export(cells: pd.DataFrame, names: Mapping[str, str], provenance: Provenance, title: str) -> Table:
    """One row a run and column for programs; runs side by side for a paper."""

    def words(how: IntervalStyle) -> pd.DataFrame:
        shown = {name: _rates(_of_run(cells, run_id), how) for run_id, name in names.items()}
        return pd.DataFrame({"Domain": list(COLUMNS.values()), **shown})

    kept = cells[cells["run_id"].isin(list(names))]
    return Table("domain-profiles", title, long_cells(kept, names), words, provenance)


def long_cells(cells: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Cells as they are exported: `run_id`, `run`, `domain`, `k`, `n`, `rate`, `low`, `high`, and the marks."""
    extra = [column for column in ("board_mean", "mark") if column in cells]
    frame = cells.assign(run=cells["run_id"].map(names), domain=cells["column"])
    frame = frame.astype({"k": "Int64", "n": "Int64"})
    return frame[["run_id", "run", "domain", "k", "n", *_RATE, *extra]].reset_index(drop=True)


def heat_screen(cells: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The heatmap as a table: one row a run, in each cell rate, interval and count."""
    words = _wide(cells.assign(words=rowwise(_cell_words, cells, *_RATE, "k", "n")), names, "words")
    shown = words.rename(columns=COLUMNS)
    shown.insert(0, "Run", [names[run_id] for run_id in words.index])
    return shown.reset_index(drop=True)


def heat_export(cells: pd.DataFrame, names: Mapping[str, str], provenance: Provenance, title: str) -> Table:
    """One row a run: for programs the figures and mark of each column; for a paper the rates, best in bold."""
    parts = {part: _wide(cells, names, part).reset_index(drop=True) for part in ("k", "n", *_RATE, "mark")}
    data: dict[str, object] = {"run_id": list(names), "run": list(names.values())}
    for column in COLUMNS:
        for part, wide in parts.items():
            data[f"{column}_{part}"] = wide[column].astype("Int64") if part in ("k", "n") else wide[column]

    def words(how: IntervalStyle) -> pd.DataFrame:
        by_column = {
            label: _rates(pd.DataFrame({part: parts[part][column] for part in _RATE}), how)
            for column, label in COLUMNS.items()
        }
        return pd.DataFrame({"Run": list(names.values()), **by_column})

    bold = parts["rate"].eq(parts["rate"].max()).rename(columns=COLUMNS)
    return Table("domains", title, pd.DataFrame(data), words, provenance, bold)


def heat_caption(cells: pd.DataFrame, shown: int, of: int, metric: Metric) -> str:
    """How the heatmap is to be read, and how many cells are outlined. cells: those shown."""
    known = cells[~cells["column"].isin([OVERALL, MACRO]) & cells["rate"].notna()]
    which = f"The first {shown} of {of:,} runs; filter to see others. " if shown != of else ""
    return (
        f"{which}{metric.label}, %. Outlined: differs from the board mean (its 95% interval excludes it): "
        f"{int((known['mark'] != '').sum())} of {len(known)} cells, about 1 in 20 by chance alone. "
        "Domains have 16–21 samples, so intervals span about 40 points. Click a cell to see that run's failures."
    )


def subcategory_screen(counts: pd.DataFrame, runs: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Rows are the subcategories by domain, a column for each run with its k/n."""
    long = _by_subcategory(counts, runs, names)
    words = long.assign(words=rowwise(fraction, long, "k", "n"))
    wide = words.pivot(index=["domain", "subcategory"], columns="run_id", values="words")
    shown = {run_id: names[run_id] for run_id in runs["run_id"] if run_id in names}
    # A run without a graded sample here has no column of its own.
    wide = wide.reindex(index=list(DOMAIN_LABELS), level=0).reindex(columns=list(shown)).fillna("").reset_index()
    cells = {name: wide[run_id] for run_id, name in shown.items()}
    return pd.DataFrame({"Domain": wide["domain"].map(DOMAIN_LABELS), "Subcategory": wide["subcategory"], **cells})


def subcategory_export(
    counts: pd.DataFrame, runs: pd.DataFrame, names: Mapping[str, str], provenance: Provenance
) -> Table:
    """One row a run and subcategory for programs; the table of the page for a paper."""
    data = _by_subcategory(counts, runs, names)[["run_id", "run", "domain", "subcategory", "k", "n"]]
    screen = subcategory_screen(counts, runs, names)
    return Table("subcategories", "Passed samples by subcategory", data, lambda _: screen, provenance)


def _by_subcategory(counts: pd.DataFrame, runs: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The counts of the named runs of a board, which can have more than a table shows, with `run_id` and `run`."""
    long = counts.assign(run_id=counts["run_no"].map(runs.set_index("run_no")["run_id"]))
    return long[long["run_id"].isin(list(names))].assign(run=lambda kept: kept["run_id"].map(names))


def _of_run(cells: pd.DataFrame, run_id: str) -> pd.DataFrame:
    return cells[cells["run_id"] == run_id].set_index("column").reindex(list(COLUMNS))


def _wide(cells: pd.DataFrame, names: Mapping[str, str], part: str) -> pd.DataFrame:
    """One row a run, one column a column of the heatmap."""
    return cells.pivot(index="run_id", columns="column", values=part).reindex(list(names), columns=list(COLUMNS))


def _rates(frame: pd.DataFrame, how: IntervalStyle) -> list[str]:
    return rowwise(partial(rate_words, how=how, missing="–"), frame, *_RATE)


def _cell_words(rate: Any, low: Any, high: Any, k: Any, n: Any) -> str:
    if pd.isna(rate):
        return "–"
    count = fraction(k, n)
    return f"{percent(rate)} ({interval(low, high)})" + (f" · {count}" if count else "")
