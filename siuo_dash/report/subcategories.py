"""Subcategories as k/n, and the map of the catalogue as data."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from siuo_dash.benchmark.schema import Metric
from siuo_dash.report.domains import DOMAIN_LABELS, counted
from siuo_dash.report.export import Provenance, Table, plain_table
from siuo_dash.text import fraction


def subcategory_screen(counts: pd.DataFrame, runs: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Rows are the subcategories by domain, a column for each run with its k/n."""
    names = _shown(names, runs)
    wide = subcategory_wide(counts, runs, names)
    shown = {"Domain": wide["domain"].map(DOMAIN_LABELS), "Subcategory": wide["subcategory"]}
    for run_id, name in names.items():
        shown[name] = [fraction(k, n) for k, n in zip(wide[f"{run_id}_k"], wide[f"{run_id}_n"], strict=True)]
    return pd.DataFrame(shown)


def subcategory_wide(counts: pd.DataFrame, runs: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """`domain`, `subcategory`, and for each run `{run_id}_k`, `{run_id}_n`, in the order of the domains."""
    ids = runs.set_index("run_no")["run_id"]
    own = counts.assign(run_id=counts["run_no"].map(ids))
    own = own[own["run_id"].isin(list(names))]
    parts = own[["domain", "subcategory"]].drop_duplicates()
    order = {domain: place for place, domain in enumerate(DOMAIN_LABELS)}
    parts = parts.assign(place=parts["domain"].map(order)).sort_values(["place", "subcategory"]).drop(columns="place")
    wide = own.pivot(index=["domain", "subcategory"], columns="run_id", values=["k", "n"])
    wide = wide.reindex(pd.MultiIndex.from_frame(parts))
    columns = pd.MultiIndex.from_product([("k", "n"), list(names)])
    wide = wide.reindex(columns=columns)  # a run without a graded sample here has no column of its own
    wide.columns = pd.Index([f"{run_id}_{part}" for part, run_id in columns])
    return wide.reset_index()


def _shown(names: Mapping[str, str], runs: pd.DataFrame) -> dict[str, str]:
    """The names of these runs; a board can have more than a table shows."""
    return {run_id: names[run_id] for run_id in runs["run_id"] if run_id in names}


def subcategory_export(
    counts: pd.DataFrame, runs: pd.DataFrame, names: Mapping[str, str], provenance: Provenance
) -> Table:
    """One row a run and subcategory for programs; the table of the page for a paper."""
    names = _shown(names, runs)
    ids = runs.set_index("run_no")["run_id"]
    long = counts.assign(run_id=counts["run_no"].map(ids))
    long = long[long["run_id"].isin(list(names))]
    long = long.assign(run=long["run_id"].map(names))[["run_id", "run", "domain", "subcategory", "k", "n"]]
    screen = subcategory_screen(counts, runs, names)
    return Table("subcategories", "Passed samples by subcategory", long, lambda _: screen, provenance)


def failures_export(samples: pd.DataFrame, provenance: Provenance) -> Table:
    """How many runs fail each sample: what the map of the catalogue is drawn from."""
    data = samples[["question_id", "domain", "subcategory", "graded", "failing"]]
    return plain_table("failing-runs", "How many runs fail each sample", data, provenance)


def map_caption(runs: int, metric: Metric) -> str:
    """What the map of the catalogue shows."""
    return (
        f"Each tile's area is its number of samples; the stronger its colour, the more of {counted(runs, 'run')} fail there "
        f"({metric.label}). The figure is the number of runs that fail a sample, on average. A click opens a tile, "
        "down to the single sample, and the bar at the top leads back. A name that does not fit appears on hover."
    )
