"""Rates corrected for the errors of the board's judge, beside the raw rates."""

from __future__ import annotations

import streamlit as st

from siuo_dash.analysis.reliability import correction
from siuo_dash.charts import intervals
from siuo_dash.report import compare, reliability
from siuo_dash.report.leaderboard import table_height
from siuo_dash.ui import background, browser, display
from siuo_dash.ui.reliability_parts.scope import Scope


def show_corrected(scope: Scope) -> None:
    """An estimate for every run of the board, where humans judged some of the same responses."""
    if scope.board.protocol.judge == correction.HUMAN:
        st.info(
            "This board was judged by humans: their verdicts are what other judges are corrected by.",
            icon=":material/info:",
        )
        return
    work = background.later(
        lambda: correction.corrected_rates(scope.store, scope.board.id, scope.metric),
        "corrected",
        scope.store.version,
        scope.board.id,
        scope.metric.id,
    )
    found = background.when_ready(work, "The responses that humans judged too are being looked for …")
    if found is None:
        return
    if not found.overlaps:
        st.info(
            "No response of this board is known to have been judged by humans too, so the judge's errors are not known "
            "and no rate is corrected. It needs a human-judged run and a run of this board of the same model, both with "
            "a verdict for each sample and with the texts of the responses, and these the same."
            + (f" {found.unusable} pairs were looked at: their responses differ, or their texts are not at hand." if found.unusable else ""),
            icon=":material/rule:",
        )  # fmt: skip
        return
    st.warning(
        "Estimates, not results: they say what humans might have said, from samples of other runs of this board that humans "
        "judged too. Ranks and exports elsewhere always use the raw rate.",
        icon=":material/science:",
    )
    frame = found.rates.sort_values(["rate", "model"], ascending=[False, True], ignore_index=True)
    names = compare.short_names(frame.assign(board=scope.board.id), scope.labels)
    export = reliability.corrected_export(
        frame,
        scope.metric,
        scope.provenance(f"{scope.metric.label}; {len(found.overlaps)} overlaps with human verdicts"),
    )
    display.chart(
        intervals.corrected(frame.assign(name=frame["run_id"].map(names)), scope.metric, browser.theme(), name="name"),
        key="corrected", alt=f"{scope.metric.label}: raw rates and estimates corrected for the judge's errors", data=export,
    )  # fmt: skip
    if len(frame) > intervals.MOST_MODELS:
        st.caption(f"The first {intervals.MOST_MODELS} of {len(frame)} runs; the table holds all.")
    display.table(
        reliability.corrected_table(frame, scope.metric, names), key="corrected-table", alt="Raw rates and corrected estimates",
        height=table_height(len(frame)), columns={"Run": st.column_config.TextColumn(pinned=True, width=220)},
    )  # fmt: skip
    st.caption(
        "Rogan–Gladen, interval of Lang and Reiczigel. How often the judge finds what humans call passing and failing is "
        "counted over the other runs' samples that both judged; a run that has only its own overlap has no estimate: its "
        "human verdicts are the better answer. The estimate takes it that the judge errs in every run as it did in those."
    )
    display.exports(export, key="corrected-export")
