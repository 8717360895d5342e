"""The reliability page: health of runs, samples, and repeated responses; its part on judges is in `judges`."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import judges, queries, reliability
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.findings.judges import several_boards
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.benchmark.schema import DOMAIN_LABELS, FLAGS, METRICS
from siuo_dash.charts import bars, difficulty
from siuo_dash.report import compare
from siuo_dash.report import reliability as report
from siuo_dash.report.samples import link_params
from siuo_dash.store.engine.database import Store
from siuo_dash.text import counted, percent
from siuo_dash.ui import background, browser, controls, display, frame, page, run_choice
from siuo_dash.ui.controls import View
from siuo_dash.ui.display import plain, row_key
from siuo_dash.ui.judges import show_judges

_HEALTH_OF: Final = {"all": "Of all boards", "board": "Of this board"}
_DEVIATION: Final = "Standard deviation, points"


def choose_section(store: Store) -> str:
    """The parts of the page that there are data for, of report.SECTIONS. Key and URL name: section."""
    missing = _missing(store)
    options = {name: label for name, label in report.SECTIONS.items() if name not in missing}
    return controls.choose("Show", options, key="section", label_visibility="collapsed")


def show(view: View, section: str) -> None:
    """One section of the page, of report.SECTIONS, and why others are not offered."""
    {"health": _health, "samples": _samples, "responses": _responses, "judges": show_judges}[section](view)
    for name, why in _missing(view.store).items():
        st.caption(f"{report.SECTIONS[name]} cannot be shown: {why}.")


@page.kept(8)
def _missing(store: Store) -> dict[str, str]:
    """{section: why there is nothing to show}."""
    missing = {}
    judged = [metric for metric in METRICS.values() if metric.task == "generation"]
    if not any(reliability.boards_with_responses(store, metric) for metric in judged):
        missing["responses"] = "no run has the verdicts of several responses per sample; upload one that has"
    if judges.judged_twice(store).empty and all(
        several_boards(store, metric, name).empty for metric in judged for name in store.sets
    ):
        missing["judges"] = "no model was judged twice; upload the same responses judged by a second judge"
    return missing


def _health(view: View) -> None:
    """All examined runs with the samples that carry each flag."""
    with frame.tools():
        everywhere = controls.choose("Runs", _HEALTH_OF, key="health_of", label_visibility="collapsed") == "all"
    found, shown, words = _examined(view.store, None if everywhere else view.board.id, view.metric.id)
    if found.empty:
        st.info(
            "These runs have published totals only, so there is no response or verdict to examine. Select another "
            "board, or upload a run with a verdict for each sample.",
            icon=":material/health_and_safety:",
        )
        return
    frame.answer(words, plain(view.caveat))
    state = display.table(
        shown,
        key=f"health-{row_key(view.store.version, everywhere, view.board.id, view.metric.id)}",
        alt="Health of runs: samples that have each flag",
        select="rerun",
        mode="single-cell",
        pinned="Run",
        columns={flag.label: st.column_config.NumberColumn(help=flag.help) for flag in FLAGS.values()},
    )
    cells = [cell for cell in state["selection"]["cells"] if cell[0] < len(found)]
    if not cells:
        st.caption("Select a cell to list its samples.")
    for row, column in cells:
        _open_cell(view, found.iloc[row], column)
    used = report.flags_in_use(found)
    if unused := [flag.label for flag in FLAGS.values() if flag.id not in used]:
        st.caption(f"No run has: {', '.join(unused)}.")
    provenance = view.provenance("no filter", "all boards" if everywhere else "")
    with frame.tools():
        display.exports(lambda: report.health_export(found, view.labels, provenance), key="health-export")


@page.kept(32)
def _examined(store: Store, board: str | None, metric: str) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """The health of a board's runs or of all: in numbers, as a table, in a sentence."""
    filters = Filters(board=board)
    found = reliability.health(store, filters, METRICS[metric])
    runs = queries.RUNS.run(store, where=filters.where())
    shown = report.health_table(found, METRICS[metric], compare.short_names(found, run_labels(store)))
    return found, shown, report.health_words(found, int((runs["evidence"] != "per_sample").sum()))


def _open_cell(view: View, run: pd.Series[Any], column: str) -> None:
    name = view.labels[run["run_id"]]
    flag = next((flag.id for flag in FLAGS.values() if flag.label == column), None)
    if flag is None and column != "Any flag":
        page.link("run", f"Open {plain(name)}", {"run": run["run_id"]})
        return
    flags = [flag] if flag else [each for each in FLAGS if run[each]]
    count = int(run[flag] if flag else run["flagged"])
    what = f"{FLAGS[flag].label.lower() if flag else 'any flag'} in {plain(name)}"
    if count:
        page.link("samples", f"Show {counted(count, 'sample')}: {what}", link_params([run["run_id"]], flags=flags))
    else:
        st.caption(f"No sample has {what}.")


@page.kept(16)
def _all_samples(store: Store, board: str, metric: str) -> pd.DataFrame:
    return reliability.sample_figures(store, board, METRICS[metric])


def _samples(view: View) -> None:
    """The board's samples: who passes them, and whether they separate good runs from bad."""
    figures = _all_samples(view.store, view.board.id, view.metric.id)
    flag = None
    if used := reliability.flags_in_use(figures):
        options = {"any": "Any flag"} | {name: FLAGS[name].label for name in used}
        with frame.tools():
            hidden: Any = {"width": 240, "label_visibility": "collapsed"}
            chosen = controls.choose_from("Count as flagged", options, key="by_flag", **hidden)
        flag = None if chosen == "any" else chosen
        figures = reliability.counted_by(figures, flag) if flag else figures
    runs = int(figures["n"].max()) if len(figures) else 0
    if not runs:
        st.info(
            f"No run of this board has {view.metric.label} verdicts for each sample. Choose another board or "
            "metric, or upload a run of this protocol with a verdict for each sample.",
            icon=":material/quiz:",
        )
        return
    _sample_figures(view, figures, runs)
    shown = controls.choose("Samples", report.SHOWN, key="samples_shown")
    part = report.shown_samples(figures, shown)
    if part.empty:
        st.info("No sample of this kind.", icon=":material/check:")
        return
    picked = display.pick_sample(
        report.samples_table(part, flag),
        part["question_id"].tolist(),
        key=f"samples-{row_key(view.store.version, view.board.id, view.metric.id, flag, shown)}",
        alt="Difficulty and discrimination of samples",
    )
    page.link("samples", f"Open sample {picked}", link_params([], sample=picked))
    words = f"{report.SHOWN[shown]}; flagged: {FLAGS[flag].label if flag else 'any flag'}"
    display.exports(report.samples_export(part, view.provenance(words)), key="samples-export")


def _sample_figures(view: View, figures: pd.DataFrame, runs: int) -> None:
    """All samples in counts and two charts. runs: how many have verdicts for each sample."""
    limit = reliability.chance_limit(runs)
    frame.answer(report.sample_words(figures, runs), plain(view.caveat))
    left, right = st.container(key="beside-charts").columns(2, gap="large")
    export = report.samples_export(figures, view.provenance("all samples"))
    with left:
        st.markdown("**Difficulty**")
        display.chart(
            difficulty.difficulty_histogram(figures, view.metric, browser.theme()),
            key="difficulty",
            alt=f"Number of samples by how many of {runs} runs pass them",
            data=export,
        )
    with right:
        st.markdown("**Discrimination**")
        display.chart(
            difficulty.difficulty_scatter(figures, view.metric, browser.theme(), chance=limit),
            key="discrimination",
            alt="Each sample's share of passing runs against its discrimination",
            data=export,
        )
    chance = f" Chance alone reaches ±{limit:.2f} (dotted) in 1 of 20 samples with {runs} runs." if limit else ""
    st.caption(
        "Discrimination: how well passing this sample goes with passing the others; not defined where all runs agree, "
        f"or with fewer than three.{chance}"
    )


def _responses(view: View) -> None:
    """The board's runs with several responses a sample: how these agree, and what one of them would have given."""
    metric, board = view.metric, view.board
    if metric.task != "generation":
        st.info("Multiple choice has one answer a sample. Choose Safe, Effective or both.", icon=":material/info:")
        return
    found = background.computed(
        lambda: reliability.mixes(view.store, board.id, metric),
        "Counting the responses of the board's runs …",
        *("mixes", view.store.version, board.id, metric.id),
    )
    if found is None:
        return
    if found.empty:
        others = [
            view.boards[name] for name in reliability.boards_with_responses(view.store, metric) if name != board.id
        ]
        st.info(
            f"No run of this board has {metric.label} verdicts for two or more responses to a sample, so their "
            "agreement is unknown. Upload a run whose file has the verdict of each response. "
            + (
                f"These boards have such runs: {plain(', '.join(others))}."
                if others
                else "No board has such a run yet."
            ),
            icon=":material/replay:",
        )
        return
    names = compare.short_names(found.assign(board=board.id), view.labels)
    stable = found["stable"]
    frame.answer(
        f"{counted(len(found), 'run')} with several responses per sample: all get the same verdict on "
        f"{percent(stable.min())} to {percent(stable.max())} of the samples.",
        plain(view.caveat),
    )
    export = report.mix_export(found, "responses", view.provenance("by run"))
    named = found.assign(name=found["run_id"].map(names))
    display.chart(
        bars.response_mix(named, metric, browser.theme()),
        key="mix",
        alt="How many samples of each run have how many of their responses passing",
        data=export,
    )
    if len(found) > bars.MOST_MIXES:
        st.caption(f"The {bars.MOST_MIXES} least stable of {len(found)} runs; the table has all.")
    display.table(
        report.mix_table(found, metric, names),
        key="mix-table",
        alt="Agreement of responses by run",
        pinned="Run",
        columns={_DEVIATION: st.column_config.NumberColumn(format="%.1f")},
    )
    st.caption(
        "One response: the rate that one response a sample, picked at random, would have given instead of the "
        "majority: its mean, the middle 95% of what could have come out, and its standard deviation."
    )
    display.exports(export, key="mix-export")
    _responses_by_domain(view, found["run_id"].head(run_choice.MOST_RUN_OPTIONS).tolist())


def _responses_by_domain(view: View, runs: list[str]) -> None:
    st.subheader("By domain", anchor=False)
    options = {"all": "All runs of this board"} | {run: view.labels[run] for run in runs}
    of = controls.choose_from("Run", options, key="mix_of", width=420)
    pooled = of == "all"
    domains = reliability.mixes_by_domain(view.store, view.board.id, view.metric, None if pooled else of)
    words = "all runs" if pooled else view.labels[of]
    provenance = view.provenance(words)
    export = report.mix_export(domains, "responses by domain", provenance, pooled=pooled)
    named = domains.assign(name=domains["domain"].map(DOMAIN_LABELS))
    unit = "Samples of all runs together" if pooled else "Samples"
    display.chart(
        bars.response_mix(named, view.metric, browser.theme(), unit=unit),
        key="mix-domains",
        alt=f"Agreement of responses by domain, {words}",
        data=export,
    )
    display.table(
        report.mix_table(domains, view.metric, pooled=pooled),
        key="mix-domains-table",
        alt="Agreement of responses by domain",
        columns={_DEVIATION: st.column_config.NumberColumn(format="%.1f")},
        export=export,
    )
