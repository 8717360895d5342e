"""Health: runs × flags, each cell leading to its samples."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.reliability import health
from siuo_dash.benchmark.schema import FLAGS
from siuo_dash.report import compare, reliability
from siuo_dash.report.leaderboard import table_height
from siuo_dash.report.samples import link_params
from siuo_dash.ui import display, page
from siuo_dash.ui.display import plain
from siuo_dash.ui.reliability_parts.scope import Scope


def show_health(scope: Scope) -> None:
    """All examined runs with the samples that carry each flag."""
    everywhere = st.segmented_control(
        "Runs", ["all", "board"], default="all", required=True,
        format_func={"all": "Of all boards", "board": "Of this board"}.__getitem__, key="health_of", bind="query-params",
    ) == "all"  # fmt: skip
    filters = Filters(board=None if everywhere else scope.board.id)
    frame = health.health(scope.store, filters, scope.metric)
    runs = queries.RUNS.run(scope.store, where=filters.where())
    unexamined = int((runs["evidence"] == "totals").sum())
    if frame.empty:
        st.info(
            "These runs are known by their totals only, so no response or verdict could be examined. Choose another "
            "board, or upload a run with a verdict for each sample.",
            icon=":material/health_and_safety:",
        )
        return
    clean = int((frame["flagged"] == 0).sum())
    st.markdown(
        f"**{len(frame)} runs examined, {len(frame) - clean} of them carry flags.** The counts are samples. "
        + (f"{unexamined} runs known by their totals only cannot be examined." if unexamined else "")
    )
    unused = [flag.label for flag in FLAGS.values() if flag.id not in reliability.flags_in_use(frame)]
    shown = reliability.health_table(frame, scope.metric, compare.short_names(frame, scope.labels))
    state = display.table(
        shown,
        key=f"health-{scope.key_of(everywhere, scope.board.id, scope.metric.id)}",
        alt="Health of runs: samples that carry each flag",
        height=table_height(len(shown)),
        select="rerun",
        mode="single-cell",
        columns={"Run": st.column_config.TextColumn(pinned=True, width=220)}
        | {flag.label: st.column_config.NumberColumn(help=flag.help) for flag in FLAGS.values()},
    )
    cells = [cell for cell in state["selection"]["cells"] if cell[0] < len(frame)]
    if not cells:
        st.caption("Choose a cell to open the samples that it counts.")
    for row, column in cells:
        _open_cell(scope, frame.iloc[row], column)
    if unused:
        st.caption(f"No run here carries: {', '.join(unused)}.")
    where = "all boards" if everywhere else scope.board.label
    display.exports(
        reliability.health_export(frame, scope.labels, scope.provenance("no filter", where)), key="health-export"
    )


def _open_cell(scope: Scope, run: pd.Series[Any], column: str) -> None:
    name = scope.labels[run["run_id"]]
    flag = reliability.flag_of_column(column)
    if flag is None and column != "Any flag":
        page.link("run", f"Open {plain(name)}", {"run": name})
        return
    flags = [flag] if flag else [each for each in FLAGS if run[each]]
    count = int(run[flag] if flag else run["flagged"])
    what = f"{FLAGS[flag].label.lower() if flag else 'any flag'} in {plain(name)}"
    if not count:
        st.caption(f"No sample has {what}.")
        return
    page.link(
        "samples",
        f"Open the {count} samples with {what}",
        link_params([name], flags=flags),
    )
