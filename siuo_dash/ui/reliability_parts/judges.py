"""Judges: models judged twice, how far the two agree, and on which samples they differ."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from siuo_dash.analysis import queries
from siuo_dash.analysis.findings.judges import several_boards
from siuo_dash.analysis.reliability import judges
from siuo_dash.charts.colours import outcome_colours
from siuo_dash.charts.heatmap import two_by_two
from siuo_dash.report import compare, reliability
from siuo_dash.report.export import plain_table
from siuo_dash.report.leaderboard import table_height
from siuo_dash.report.samples import link_params
from siuo_dash.ui import background, browser, display, page
from siuo_dash.ui.compare_parts.pick import pick_sample
from siuo_dash.ui.display import plain
from siuo_dash.ui.reliability_parts.corrected import show_corrected
from siuo_dash.ui.reliability_parts.scope import Scope


def show_judges(scope: Scope) -> None:
    """Agreement of judges, and the rates corrected for the errors of the board's judge."""
    if scope.metric.task != "generation":
        st.info(
            "Multiple choice is scored by exact match: there is no judge. Choose another metric.",
            icon=":material/info:",
        )
        return
    st.subheader("One model, judged twice", anchor=False)
    models = judges.judged_twice(scope.store)
    if models.empty:
        several = several_boards(scope.store, scope.metric)
        st.info(
            "No model has two evaluations with a verdict for each sample, so no agreement can be computed. It needs a "
            "second run of a model under the same name with a verdict for each sample, best of the same responses by "
            "another judge; uploading one brings it here.",
            icon=":material/gavel:",
        )
        if len(several):
            st.markdown(
                "These models stand in several boards, but at least one of the two is known by its totals only. Their "
                "rates can differ because of the judge, or because of the responses:"
            )
            shown = reliability.several_boards_table(several, scope.metric)
            display.table(shown, key="several", height=table_height(len(shown)), alt="Models in several boards")
            export = plain_table(
                "models in several boards",
                f"{scope.metric.label} of models in several boards",
                shown,
                scope.provenance(scope.metric.label, "all boards, not comparable"),
            )
            display.exports(export, key="several-export")
    else:
        _show_pairs(scope, models)
    st.subheader("Rates corrected for the judge's errors", anchor=False)
    show_corrected(scope)


def _show_pairs(scope: Scope, models: pd.DataFrame) -> None:
    words = dict(zip(models["name"], models["model"], strict=True))
    with st.container(width=420):
        name = st.selectbox(
            "Model", list(words), format_func=words.__getitem__, key="judged_model", bind="query-params"
        )
    work = background.later(
        lambda: judges.judgements(scope.store, name, scope.metric), "judges", scope.store.version, name, scope.metric.id
    )
    pairs = background.when_ready(work, "The responses of the two judgements are being compared …")
    if pairs is None:
        return
    runs = int(models.loc[models["name"] == name, "runs"].iloc[0])
    if runs > judges.MOST_RUNS:
        st.caption(f"{runs} runs of this model have a verdict for each sample; {judges.MOST_RUNS} of them are paired.")
    if not pairs:
        st.info(
            f"No two runs of this model share a sample graded for {scope.metric.label}. Choose another metric.",
            icon=":material/info:",
        )
        return
    export = reliability.pairs_export(
        pairs, scope.labels, scope.metric, scope.provenance(f"model {words[name]}", "all boards")
    )
    state = display.table(
        reliability.pairs_table(pairs, scope.labels), key=f"pairs-{scope.key_of(name, scope.metric.id)}", alt="Agreement of judgements",
        height=table_height(len(pairs)), select="rerun", mode="single-row", selection_default={"selection": {"rows": [0]}},
    )  # fmt: skip
    display.exports(export, key="pairs-export")
    pair = pairs[next((row for row in state["selection"]["rows"] if row < len(pairs)), 0)]
    _show_pair(scope, pair, scope.labels[pair.first.run_id], scope.labels[pair.second.run_id])


def _show_pair(scope: Scope, pair: judges.JudgedTwice, first: str, second: str) -> None:
    st.markdown(f"**First: {plain(first)}. Second: {plain(second)}.**")
    if pair.responses == "other":
        st.warning(
            "The two judged different responses: what differs mixes the judges with the model's other answers.",
            icon=":material/warning:",
        )
    elif pair.responses == "unknown":
        st.caption(
            "The texts of the responses are not at hand in both runs, so it is not known whether they are the same."
        )
    display.key_figures(reliability.agreement_figures(pair))
    good, bad = compare.passes(scope.metric), compare.fails(scope.metric)
    table = pair.table
    with st.container(width=520):
        display.chart(
            two_by_two(
                [[table.both, table.first_only], [table.second_only, table.neither]], browser.theme(),
                rows=(good, bad), columns=(good, bad), row_title="first", column_title="second",
                diagonal=outcome_colours(scope.metric.id),
            ),
            key="confusion",
            alt=f"Both {good} {table.both}, only first {table.first_only}, only second {table.second_only}, both {bad} {table.neither}",
            data=reliability.pairs_export(
                [pair], scope.labels, scope.metric, scope.provenance(f"{first} and {second}", "all boards")
            ),
        )  # fmt: skip
    st.markdown(f"**Samples on which the two differ: {len(pair.differing)}**")
    if pair.differing:
        shown = reliability.differing_table(pair, queries.SAMPLES.run(scope.store), scope.metric)
        ids = shown["Sample"].tolist()
        picked = pick_sample(
            shown,
            ids,
            key=f"differing-{scope.key_of(first, second, scope.metric.id)}",
            alt="Samples on which two judgements differ",
        )
        page.link("samples", f"Open sample {picked} with both runs", link_params([first, second], sample=picked))
        display.exports(
            plain_table(
                "differing samples",
                f"Samples on which {first} and {second} differ",
                shown,
                scope.provenance(scope.metric.label, "all boards"),
            ),
            key="differing-export",
        )
    page.link("compare", "Compare the two runs", {"runs": [first, second]})
