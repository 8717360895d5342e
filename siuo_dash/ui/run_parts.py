"""What the run page knows of a run, and its tabs: the facts, health, how its responses agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from siuo_dash.analysis import board_list, runs
from siuo_dash.benchmark.printed import source_link
from siuo_dash.benchmark.schema import Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.errors import StoreError
from siuo_dash.report import runs as report
from siuo_dash.report.evaluation import how_it_was_made
from siuo_dash.report.export import Provenance, Table, plain_table
from siuo_dash.report.rows import Row
from siuo_dash.report.samples import link_params
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import attempts
from siuo_dash.store.runs.run_file import how_made
from siuo_dash.text import counted
from siuo_dash.ui import address, display, page, withdrawal


@dataclass(frozen=True)
class Shown:
    """The chosen run: its row, what people read for it, its board, and the metric that it is looked at by."""

    store: Store
    row: pd.Series[Any]
    label: str
    board: board_list.Board
    metric: Metric

    @property
    def run_id(self) -> str:
        return str(self.row["run_id"])

    @property
    def per_sample(self) -> bool:
        """Whether the run has a verdict for each sample."""
        return str(self.row["evidence"]) == "per_sample"

    @property
    def provenance(self) -> Provenance:
        return Provenance(self.store.version, self.board.label, f"the run {self.label}")

    def table(self, name: str, title: str, data: pd.DataFrame) -> Table:
        """An export of figures by the metric."""
        about = replace(self.provenance, metric=self.metric.label)
        return plain_table(name, f"{title}, {self.metric.label}", data.assign(metric=self.metric.id), about)

    def samples(self, **wanted: Any) -> dict[str, str | list[str]]:
        """The query of a link to its samples."""
        return link_params([self.run_id], board=self.row["board"], **wanted)

    def failures(self) -> dict[str, str | list[str]]:
        """The query of a link to what it fails."""
        return self.samples(show="failed", metric=self.metric.id)


@dataclass(frozen=True)
class Figures:
    """The figures of a run by a metric, computed once for a state of the data.

    left: the scores without the flagged responses; flags: {flag: samples}; failed: of analysis.runs.failures.
    """

    places: Mapping[str, report.Place]
    left: Mapping[str, Tally]
    flags: Mapping[str, int]
    flagged: int
    profile: pd.DataFrame
    failed: pd.DataFrame
    failed_rows: list[Row]
    gains: list[dict[Any, Any]]


def show(shown: Shown, found: Figures) -> None:
    """The tabs: facts about the run, its health, and how its responses agree; only the open one is drawn."""
    parts = {"about": "About this run", "health": "Health"}
    several = shown.row["responses_per_sample"]
    if shown.per_sample and not pd.isna(several) and several > 1:
        parts["agreement"] = "Agreement"
    opened, place = address.tabs(parts, name="part")
    with place:
        {"about": _about, "health": _health, "agreement": _agreement}[opened](shown, found)


def _about(shown: Shown, _found: Figures) -> None:
    """The run's metadata, its source, and the way to withdraw it. What its submitter wrote is shown as plain text."""
    run = shown.row
    _facts(report.facts(run, shown.board.label))
    if str(run["file"]) != "results.parquet":
        try:
            attempt = report.attempt_words(attempts(shown.store.data_dir).get(shown.run_id))
        except StoreError:  # the registry does not answer, and the page says so
            attempt = ""
        if attempt:
            st.caption(f"Of the same person for this model: {attempt}.")
    if link := source_link(run["source"]):
        st.link_button("Open the source", link, icon=":material/open_in_new:")
    if made := how_it_was_made(how_made(shown.store, shown.run_id)):
        with st.expander("How it was made", icon=":material/build:"):
            _facts(made)
    withdrawal.offer(shown.store, run)


def _facts(listed: Iterable[tuple[str, str]]) -> None:
    """Labels and words, a line each; the words are plain text."""
    st.html(report.facts_html(listed))


def _health(shown: Shown, found: Figures) -> None:
    """The run's flags by kind, each with a way to its samples, and the scores without them."""
    run = shown.row
    if not shown.per_sample:
        st.markdown("No responses to check.")
        return
    if not found.flags:
        st.markdown("No flags.")
        return
    table = report.health_table(found.flags, max(int(run["generation_samples"]), int(run["mcqa_samples"])))
    for row in table.itertuples(index=False):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{row.Flag}**: {counted(int(row.Samples), 'sample')} ({row.Share})", help=row[4])
            page.link("samples", "Show samples", shown.samples(flags=[row.flag]))
    display.table(
        report.unflagged_table(run, found.left),
        key="unflagged",
        alt="The scores, and the scores without the flagged responses",
    )


def _agreement(shown: Shown, _found: Figures) -> None:
    st.markdown("Samples by how many of their responses pass. A sample's verdict is that of most of its responses.")
    mixes = runs.response_mixes(shown.store, shown.row)
    display.table(report.mix_table(mixes), key="mix", alt="Samples by how many of their responses pass")
