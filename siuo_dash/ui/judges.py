"""The part of the reliability page on judges: models judged twice, and rates corrected for the judge's errors."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from siuo_dash.analysis import judges, queries
from siuo_dash.analysis.findings.judges import several_boards
from siuo_dash.benchmark.schema import EVIDENCE, HUMAN
from siuo_dash.charts import intervals
from siuo_dash.report import compare
from siuo_dash.report import reliability as report
from siuo_dash.report.columns import rowwise
from siuo_dash.report.export import plain_table
from siuo_dash.report.samples import link_params
from siuo_dash.text import counted, rate_and_count
from siuo_dash.ui import background, browser, controls, display, frame, page
from siuo_dash.ui.compare import chart_of_outcomes
from siuo_dash.ui.controls import View
from siuo_dash.ui.display import plain, row_key


def show_judges(view: View) -> None:
    """Agreement of judges, and the rates corrected for the errors of the board's judge."""
    if view.metric.task != "generation":
        st.info(
            "Multiple choice is scored by exact match: there is no judge. Choose another metric.",
            icon=":material/info:",
        )
        return
    models = judges.judged_twice(view.store)
    if models.empty:
        _nothing_judged_twice(view)
    else:
        _pairs(view, models)
    _corrected(view)


def _nothing_judged_twice(view: View) -> None:
    several = several_boards(view.store, view.metric, view.board.sample_set)
    need = "Agreement of judges: upload the same responses judged by a second judge."
    if several.empty:
        frame.answer("No model was judged twice by this metric.", need)
        return
    models = several["name"].nunique()
    frame.answer(
        f"{counted(models, 'model')} on several boards; where only totals are published, a difference may come from "
        "the judge or from the responses.",
        need,
    )
    shown = pd.DataFrame(
        {
            "Model": several["name"],
            "Board": several["board_label"],
            "Evidence": several["evidence"].map(EVIDENCE),
            view.metric.label: rowwise(rate_and_count, several, "k", "n"),
        }
    )
    title = f"{view.metric.label} of models in several boards"
    provenance = view.provenance(board="all boards, not comparable")
    display.table(
        shown,
        key="several",
        alt="Models in several boards",
        export=plain_table("models in several boards", title, shown, provenance),
    )


def _pairs(view: View, models: pd.DataFrame) -> None:
    """The pairs of runs of one model, one of which is looked at. models: those judged twice."""
    words = dict(zip(models["name"], models["model"], strict=True))
    name = controls.choose_from("Model", words, key="judged_model", width=420)
    pairs = background.computed(
        lambda: judges.judgements(view.store, name, view.metric),
        "Comparing the responses of the two judgements …",
        *("judges", view.store.version, name, view.metric.id),
    )
    if pairs is None:
        return
    runs = int(models.loc[models["name"] == name, "runs"].iloc[0])
    if runs > judges.MOST_RUNS:
        st.caption(f"{runs} runs of this model have a verdict for each sample; {judges.MOST_RUNS} of them are paired.")
    if not pairs:
        st.info(
            f"No two runs of this model share a sample graded for {view.metric.label}. Choose another metric.",
            icon=":material/info:",
        )
        return
    provenance = view.provenance(f"model {words[name]}", "all boards")
    state = display.table(
        report.pairs_table(pairs, view.labels),
        key=f"pairs-{row_key(view.store.version, name, view.metric.id)}",
        alt="Agreement of judgements",
        select="rerun",
        mode="single-row",
        selection_default={"selection": {"rows": [0]}},
    )
    display.exports(report.pairs_export(pairs, view.labels, view.metric, provenance), key="pairs-export")
    pair = pairs[next((row for row in state["selection"]["rows"] if row < len(pairs)), 0)]
    _pair(view, pair, view.labels[pair.first.run_id], view.labels[pair.second.run_id])


def _pair(view: View, pair: judges.JudgedTwice, first: str, second: str) -> None:
    st.markdown(f"**First: {plain(first)}. Second: {plain(second)}.**")
    if pair.responses == "other":
        st.warning(
            "The two judged different responses: what differs mixes the judges with the model's other answers.",
            icon=":material/warning:",
        )
    elif pair.responses == "unknown":
        st.caption(
            "The texts of the responses are not available in both runs, so it is not known whether they are the same."
        )
    display.key_figures(report.agreement_figures(pair))
    provenance = view.provenance(f"{first} and {second}", "all boards")
    with st.container(width=520):
        data = report.pairs_export([pair], view.labels, view.metric, provenance)
        chart_of_outcomes(pair.table, view.metric, ("first", "second"), key="confusion", data=data)
    st.markdown(f"**Samples on which the two differ: {len(pair.differing)}**")
    if pair.differing:
        shown = report.differing_table(pair, queries.samples_of(view.store, pair.first.board), view.metric)
        picked = display.pick_sample(
            shown,
            shown["Sample"].tolist(),
            key=f"differing-{row_key(view.store.version, first, second, view.metric.id)}",
            alt="Samples on which two judgements differ",
        )
        page.link("samples", f"Open sample {picked} with both runs", link_params(_both(pair), sample=picked))
        title = f"Samples on which {first} and {second} differ"
        display.exports(plain_table("differing samples", title, shown, provenance), key="differing-export")
    page.link("compare", "Compare the two runs", {"runs": _both(pair)})


def _both(pair: judges.JudgedTwice) -> list[str]:
    return [pair.first.run_id, pair.second.run_id]


def _corrected(view: View) -> None:
    """An estimate for every run of the board, where humans judged some of the same responses."""
    if view.board.protocol.judge == HUMAN:
        return
    found = background.computed(
        lambda: judges.corrected_rates(view.store, view.board.id, view.metric),
        "Looking for responses that humans judged, too …",
        *("corrected", view.store.version, view.board.id, view.metric.id),
    )
    if found is None:
        return
    if not found.overlaps:
        pairs = f" ({counted(found.unusable, 'pair')} compared: the responses differ or are not available)"
        st.caption(
            "Rates are not corrected for the judge's errors: humans judged none of the same responses"
            f"{pairs if found.unusable else ''}."
        )
        return
    st.subheader("Rates corrected for the judge's errors", anchor=False)
    st.warning(
        "Estimates, not results: what humans might have said, from samples of other runs that humans also judged. "
        "Ranks and other pages use the raw rate.",
        icon=":material/science:",
    )
    frame = found.rates.sort_values(["rate", "model"], ascending=[False, True], ignore_index=True)
    names = compare.short_names(frame.assign(board=view.board.id), view.labels)
    provenance = view.provenance(f"{len(found.overlaps)} overlaps with human verdicts")
    title = f"{view.metric.label}: raw rate, and Rogan–Gladen estimate corrected for the judge's errors"
    export = plain_table("corrected for the judge", title, frame.assign(metric=view.metric.id), provenance)
    display.chart(
        intervals.corrected(frame.assign(name=frame["run_id"].map(names)), view.metric, browser.theme()),
        key="corrected",
        alt=f"{view.metric.label}: raw rates and estimates corrected for the judge's errors",
        data=export,
    )
    if len(frame) > intervals.MOST_MODELS:
        st.caption(f"The first {intervals.MOST_MODELS} of {len(frame)} runs; the table has all.")
    display.table(
        report.corrected_table(frame, view.metric, names),
        key="corrected-table",
        alt="Raw rates and corrected estimates",
        pinned="Run",
    )
    st.caption(
        "Rogan–Gladen, interval of Lang and Reiczigel. How often the judge finds what humans call passing and failing "
        "is counted over the other runs' samples that both judged; a run that has only its own overlap has no "
        "estimate: its human verdicts are the better answer. The estimate assumes that the judge errs in every run as "
        "it did in those."
    )
    display.exports(export, key="corrected-export")
