"""Repeated responses: how they agree, by run and by domain, and what one of them would have given."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from siuo_dash.analysis.reliability import responses
from siuo_dash.charts import bars
from siuo_dash.report import compare, reliability
from siuo_dash.report.leaderboard import table_height
from siuo_dash.ui import background, browser, controls, display
from siuo_dash.ui.display import plain
from siuo_dash.ui.reliability_parts.scope import Scope


def show_responses(scope: Scope) -> None:
    """The board's runs with several responses a sample."""
    if scope.metric.task != "generation":
        st.info("Multiple choice has one answer a sample. Choose Safe, Effective or both.", icon=":material/info:")
        return
    work = background.later(
        lambda: responses.mixes(scope.store, scope.board.id, scope.metric), "mixes", scope.store.version, scope.board.id, scope.metric.id
    )  # fmt: skip
    frame = background.when_ready(work, "The responses of the board's runs are being counted …")
    if frame is None:
        return
    if frame.empty:
        others = [
            scope.boards[name]
            for name in responses.boards_with_responses(scope.store, scope.metric)
            if name != scope.board.id
        ]
        st.info(
            f"No run of this board has {scope.metric.label} verdicts for two or more responses to a sample, so their agreement "
            "is not known. It needs a run whose file holds the verdict of each response; the benchmark's protocol has "
            "three responses a sample. "
            + (f"These boards have such runs: {plain(', '.join(others))}." if others else "No board has such a run yet.")
            + " Uploading one brings it here.",
            icon=":material/replay:",
        )  # fmt: skip
        return
    names = compare.short_names(frame.assign(board=scope.board.id), scope.labels)
    st.markdown(
        f"**{len(frame)} runs with several responses a sample.** Stable: all responses to a sample get the same verdict. "
        "Three responses are not three samples: the count behind every rate is samples."
    )
    export = reliability.mix_export(frame, "responses", scope.provenance(f"{scope.metric.label}; by run"))
    display.chart(
        bars.response_mix(frame.assign(name=frame["run_id"].map(names)), scope.metric, browser.theme(), name="name"),
        key="mix", alt="How many samples of each run have how many of their responses passing", data=export,
    )  # fmt: skip
    if len(frame) > bars.MOST_MIXES:
        st.caption(f"The {bars.MOST_MIXES} least stable of {len(frame)} runs; the table holds all.")
    deviation = {"Standard deviation, points": st.column_config.NumberColumn(format="%.1f")}
    display.table(
        reliability.mix_table(frame, scope.metric, names), key="mix-table", alt="Agreement of responses by run",
        height=table_height(len(frame)), columns=deviation | {"Run": st.column_config.TextColumn(pinned=True, width=220)},
    )  # fmt: skip
    st.caption(
        "One response: the rate that one response a sample, picked at random, would have given instead of the majority: "
        "its mean, the middle 95 % of what could have come out, and its standard deviation."
    )
    display.exports(export, key="mix-export")

    _show_domains(scope, frame, deviation)


def _show_domains(scope: Scope, frame: pd.DataFrame, deviation: dict[str, Any]) -> None:
    st.subheader("By domain", anchor=False)
    with st.container(width=420):
        of = st.selectbox(
            "Run", ["all", *frame["run_id"].head(controls.MOST_RUN_OPTIONS)],
            format_func=lambda run: "All runs of this board" if run == "all" else scope.labels[run], key="mix_of", bind="query-params",
        )  # fmt: skip
    domains = responses.mixes_by_domain(scope.store, scope.board.id, scope.metric, None if of == "all" else of)
    words = "all runs" if of == "all" else scope.labels[of]
    pooled = of == "all"
    unit = "Samples of all runs together" if pooled else "Samples"
    export = reliability.mix_export(
        domains, "responses by domain", scope.provenance(f"{scope.metric.label}; {words}"), pooled=pooled
    )
    display.chart(
        bars.response_mix(
            domains.assign(name=domains["domain"].map(compare.DOMAIN_LABELS)), scope.metric, browser.theme(), name="name", unit=unit
        ),
        key="mix-domains", alt=f"Agreement of responses by domain, {words}", data=export,
    )  # fmt: skip
    display.table(
        reliability.mix_table(domains, scope.metric, pooled=pooled), key="mix-domains-table", alt="Agreement of responses by domain",
        height="content", columns=deviation,
    )  # fmt: skip
    display.exports(export, key="mix-domains-export")
