"""Samples: difficulty, discrimination, and where flagged responses dominate."""

from __future__ import annotations

import streamlit as st

from siuo_dash.analysis.reliability import samples
from siuo_dash.benchmark.schema import FLAGS
from siuo_dash.charts import difficulty as charts
from siuo_dash.report import reliability
from siuo_dash.report.samples import link_params
from siuo_dash.ui import browser, display, page
from siuo_dash.ui.compare_parts.pick import pick_sample
from siuo_dash.ui.reliability_parts.scope import Scope


def show_samples(scope: Scope) -> None:
    """The board's samples: who passes them, and do they tell good runs from bad."""
    used = samples.flags_in_use(scope.store, scope.board.id, scope.metric)
    if used:
        with st.container(width=320):
            chosen_flag = st.selectbox(
                "Count as flagged", ["any", *used], format_func=lambda flag: "Any flag" if flag == "any" else FLAGS[flag].label,
                key="by_flag", bind="query-params",
            )  # fmt: skip
        flag = None if chosen_flag == "any" else chosen_flag
    else:
        flag = None
    figures = samples.sample_figures(scope.store, scope.board.id, scope.metric, flag)
    runs = int(figures["n"].max()) if len(figures) else 0
    if not runs:
        st.info(
            f"No run of this board has {scope.metric.label} verdicts for each sample. Choose another board or metric, or "
            "upload a run of this protocol with a verdict for each sample.",
            icon=":material/quiz:",
        )
        return
    counts = {shown: len(reliability.shown_samples(figures, shown)) for shown in reliability.SHOWN}
    limit = samples.chance_limit(runs)
    display.key_figures(
        [
            ("Runs", str(runs), f"of this board, with {scope.metric.label} verdicts for each sample"),
            ("Nobody passes", f"{counts['nobody']} of {len(figures)}", "samples that no run passes"),
            ("Everybody passes", f"{counts['everybody']} of {len(figures)}", "samples that every run passes"),
            ("Flagged responses dominate", f"{counts['flagged']} of {len(figures)}", "samples where more than half of the runs are flagged"),
            ("Better runs fail it", f"{counts['reversed']} of {len(figures)}", "samples with negative discrimination"),
        ]
    )  # fmt: skip
    left, right = st.columns(2, gap="large")
    export = reliability.samples_export(figures, scope.provenance(f"all samples; {scope.metric.label}"))
    with left:
        st.subheader("Difficulty", anchor=False)
        display.chart(
            charts.difficulty_histogram(figures, scope.metric, browser.theme()), key="difficulty",
            alt=f"Number of samples by how many of {runs} runs pass them", data=export,
        )  # fmt: skip
    with right:
        st.subheader("Discrimination", anchor=False)
        display.chart(
            charts.difficulty_scatter(figures, scope.metric, browser.theme(), chance=limit), key="discrimination",
            alt="Each sample's share of passing runs against its discrimination", data=export,
        )  # fmt: skip
    st.caption(
        "Discrimination is the correlation, over the runs, of passing the sample with the run's rate on all other "
        "samples: high where good runs pass and bad ones fail. It is not defined where all runs do the same, or with "
        "fewer than three runs. "
        + (f"With {runs} runs, chance alone reaches ±{limit:.2f} (dotted) in one of twenty samples." if limit else "")
    )
    shown = st.pills(
        "Samples", list(reliability.SHOWN), default="all", required=True, key="samples_shown", bind="query-params",
        format_func=reliability.SHOWN.__getitem__,
    )  # fmt: skip
    part = reliability.shown_samples(figures, shown or "all")
    if part.empty:
        st.info("No sample of this kind.", icon=":material/check:")
        return
    picked = pick_sample(
        reliability.samples_table(part, flag),
        part["question_id"].tolist(),
        key=f"samples-{scope.key_of(scope.board.id, scope.metric.id, flag, shown)}",
        alt="Difficulty and discrimination of samples",
    )
    page.link("samples", f"Open sample {picked}", link_params([], sample=picked))
    words = f"{reliability.SHOWN[shown or 'all']}; flagged: {FLAGS[flag].label if flag else 'any flag'}"
    display.exports(reliability.samples_export(part, scope.provenance(words)), key="samples-export")
