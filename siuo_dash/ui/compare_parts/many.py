"""One baseline against many runs."""

from __future__ import annotations

import streamlit as st

from siuo_dash.analysis import baseline as against
from siuo_dash.analysis import comparison, queries
from siuo_dash.analysis.samples import MCQA_BOARD
from siuo_dash.charts.intervals import MOST_ROWS, differences
from siuo_dash.report import compare, compare_export
from siuo_dash.report.export import Provenance
from siuo_dash.report.leaderboard import table_height
from siuo_dash.text import missing
from siuo_dash.ui import browser, display
from siuo_dash.ui.compare_parts.scope import Scope, compare_two
from siuo_dash.ui.display import plain

FAMILIES = {"board": "All runs of its board", "chosen": "The chosen runs"}


def show_many(scope: Scope) -> None:
    """One baseline against its board, or against the chosen runs, p-values adjusted by Holm."""
    ids = {label: run_id for run_id, label in scope.labels.items()}
    kept = [text for text in (st.query_params.get("baseline"), st.session_state.get("baseline")) if text in ids]
    options = list(
        dict.fromkeys(
            [*(scope.labels[run] for run in scope.chosen), *kept, *(scope.labels[run] for run in scope.offered)]
        )
    )
    if not options:
        st.info("There is no run to compare with. Choose another board.", icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=420):
            name = st.selectbox("Baseline", options, key="baseline", bind="query-params")
        family = st.segmented_control(
            "Against", list(FAMILIES), default="board", required=True, format_func=FAMILIES.__getitem__,
            key="against", bind="query-params",
        )  # fmt: skip
    base = comparison.side(scope.store, ids[name])
    base_board = MCQA_BOARD if scope.metric.id == "mcqa" else base.board
    where = against.of_board(base_board) if family == "board" else against.of_runs(scope.chosen)
    frame = against.against_baseline(scope.store, base, scope.metric, where)
    if frame.empty:
        st.info("No other run to compare with: choose runs above, or all runs of the board.", icon=":material/info:")
        return
    if not base.counts[scope.metric.id].n:
        st.info(
            f"{scope.metric.label} of the baseline is {missing(base.evidence)}. Choose another baseline or metric.",
            icon=":material/info:",
        )
        return
    protocols = [found.protocol for found in queries.boards(scope.store) if found.id in {base.board, *frame["board"]}]
    warning = "" if scope.metric.id == "mcqa" else comparison.board_warning(protocols)
    if warning:
        st.warning(plain(warning), icon=":material/warning:")
    rated = frame[frame["p"].notna()]
    apart = rated[rated["p_holm"] < 0.05]
    better, worse = int((apart["difference"] > 0).sum()), int((apart["difference"] < 0).sum())
    st.markdown(
        f"**{scope.metric.label}, {len(rated)} runs against {plain(name)}: {better} better, {worse} worse, "
        f"{len(rated) - better - worse} cannot be told from it.** p-values are adjusted by Holm for the whole family, the "
        "95 % intervals are each run's own."
    )
    where_words = " | ".join(protocol.label for protocol in protocols)
    provenance = Provenance(
        scope.store.version, where_words, f"baseline {name}; {FAMILIES[family or 'board'].lower()}", warning
    )
    export = compare_export.against_export(frame, scope.metric, name, scope.labels, provenance)
    names = compare.short_names(frame, scope.labels)
    left, right = "baseline better", "run better"
    display.chart(
        differences(
            compare.against_chart_rows(frame, names),
            browser.theme(),
            left=left,
            right=right,
            told_apart="p < 0.05 (Holm)",
            note=compare.picture_note(warning),
        ),
        key="against-chart",
        alt=f"{scope.metric.label} of {min(len(rated), MOST_ROWS)} runs minus the baseline, with 95 % intervals",
        data=export,
    )
    if len(rated) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS} of {len(rated)} runs; the table holds all.")
    state = display.table(
        compare.against_table(frame, names),
        key=f"against-{scope.key_of(name, family, scope.metric.id, len(frame))}",
        alt=f"Runs against {name}",
        height=table_height(len(frame)),
        select="rerun",
        mode="single-row",
        placeholder="–",
        columns={
            "Run": st.column_config.TextColumn(pinned=True, width=220),
            "Difference, points": st.column_config.NumberColumn(format="%+.1f"),
        },
    )
    for row in state["selection"]["rows"][:1]:
        other = scope.labels[frame["run_id"].iloc[row]]
        st.button(
            f"Compare {plain(other)} with the baseline", icon=":material/compare_arrows:",
            on_click=compare_two, args=([other, name],),
        )  # fmt: skip
    display.exports(export, key="against-export")
