"""The reliability page: health of runs, samples, and repeated responses; its part on judges is in `judges`."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import queries, reliability
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.schema import DOMAIN_LABELS, FLAGS
from siuo_dash.charts import bars, difficulty
from siuo_dash.report import compare
from siuo_dash.report import reliability as report
from siuo_dash.report.samples import link_params
from siuo_dash.ui import background, browser, controls, display, page
from siuo_dash.ui.controls import View
from siuo_dash.ui.display import plain, row_key
from siuo_dash.ui.judges import show_judges

_HEALTH_OF: Final = {"all": "Of all boards", "board": "Of this board"}
_DEVIATION: Final = "Standard deviation, points"


def show(view: View, section: str) -> None:
    """One section of the page, of report.SECTIONS."""
    {"health": _health, "samples": _samples, "responses": _responses, "judges": show_judges}[section](view)


def _health(view: View) -> None:
    """All examined runs with the samples that carry each flag."""
    everywhere = controls.choose("Runs", _HEALTH_OF, key="health_of") == "all"
    filters = Filters(board=None if everywhere else view.board.id)
    frame = reliability.health(view.store, filters, view.metric)
    runs = queries.RUNS.run(view.store, where=filters.where())
    unexamined = int((runs["evidence"] != "per_sample").sum())
    if frame.empty:
        st.info(
            "These runs are known by their totals only, so no response or verdict could be examined. Choose another "
            "board, or upload a run with a verdict for each sample.",
            icon=":material/health_and_safety:",
        )
        return
    flagged = int((frame["flagged"] != 0).sum())
    st.markdown(
        f"**{len(frame)} runs examined, {flagged} of them carry flags.** The counts are samples. "
        + (f"{unexamined} runs known by their totals only cannot be examined." if unexamined else "")
    )
    shown = report.health_table(frame, view.metric, compare.short_names(frame, view.labels))
    state = display.table(
        shown,
        key=f"health-{row_key(view.store.version, everywhere, view.board.id, view.metric.id)}",
        alt="Health of runs: samples that carry each flag",
        select="rerun",
        mode="single-cell",
        pinned="Run",
        columns={flag.label: st.column_config.NumberColumn(help=flag.help) for flag in FLAGS.values()},
    )
    cells = [cell for cell in state["selection"]["cells"] if cell[0] < len(frame)]
    if not cells:
        st.caption("Choose a cell to open the samples that it counts.")
    for row, column in cells:
        _open_cell(view, frame.iloc[row], column)
    if unused := [flag.label for flag in FLAGS.values() if flag.id not in report.flags_in_use(frame)]:
        st.caption(f"No run here carries: {', '.join(unused)}.")
    provenance = view.provenance("no filter", "all boards" if everywhere else "")
    display.exports(report.health_export(frame, view.labels, provenance), key="health-export")


def _open_cell(view: View, run: pd.Series[Any], column: str) -> None:
    name = view.labels[run["run_id"]]
    flag = next((flag.id for flag in FLAGS.values() if flag.label == column), None)
    if flag is None and column != "Any flag":
        page.link("run", f"Open {plain(name)}", {"run": name})
        return
    flags = [flag] if flag else [each for each in FLAGS if run[each]]
    count = int(run[flag] if flag else run["flagged"])
    what = f"{FLAGS[flag].label.lower() if flag else 'any flag'} in {plain(name)}"
    if count:
        page.link("samples", f"Open the {count} samples with {what}", link_params([name], flags=flags))
    else:
        st.caption(f"No sample has {what}.")


def _samples(view: View) -> None:
    """The board's samples: who passes them, and whether they separate good runs from bad."""
    figures = reliability.sample_figures(view.store, view.board.id, view.metric)
    flag = None
    if used := reliability.flags_in_use(figures):
        options = {"any": "Any flag"} | {name: FLAGS[name].label for name in used}
        chosen = controls.choose_from("Count as flagged", options, key="by_flag", width=320)
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
    of_board = ("Runs", str(runs), f"of this board, with {view.metric.label} verdicts for each sample")
    meanings = {
        "nobody": "that no run passes",
        "everybody": "that every run passes",
        "flagged": "where more than half of the runs are flagged",
        "reversed": "with negative discrimination",
    }
    counts = [
        (report.SHOWN[kind], f"{len(report.shown_samples(figures, kind))} of {len(figures)}", f"samples {meaning}")
        for kind, meaning in meanings.items()
    ]
    display.key_figures([of_board, *counts])
    left, right = st.columns(2, gap="large")
    export = report.samples_export(figures, view.provenance(f"all samples; {view.metric.label}"))
    with left:
        st.subheader("Difficulty", anchor=False)
        display.chart(
            difficulty.difficulty_histogram(figures, view.metric, browser.theme()),
            key="difficulty",
            alt=f"Number of samples by how many of {runs} runs pass them",
            data=export,
        )
    with right:
        st.subheader("Discrimination", anchor=False)
        display.chart(
            difficulty.difficulty_scatter(figures, view.metric, browser.theme(), chance=limit),
            key="discrimination",
            alt="Each sample's share of passing runs against its discrimination",
            data=export,
        )
    st.caption(
        "Discrimination is the correlation, over the runs, of passing the sample with the run's rate on all other "
        "samples: high where good runs pass and bad ones fail. It is not defined where all runs do the same, or with "
        "fewer than three runs. "
        + (f"With {runs} runs, chance alone reaches ±{limit:.2f} (dotted) in one of twenty samples." if limit else "")
    )


def _responses(view: View) -> None:
    """The board's runs with several responses a sample: how these agree, and what one of them would have given."""
    metric, board = view.metric, view.board
    if metric.task != "generation":
        st.info("Multiple choice has one answer a sample. Choose Safe, Effective or both.", icon=":material/info:")
        return
    frame = background.computed(
        lambda: reliability.mixes(view.store, board.id, metric),
        "Counting the responses of the board's runs …",
        *("mixes", view.store.version, board.id, metric.id),
    )
    if frame is None:
        return
    if frame.empty:
        others = [
            view.boards[name] for name in reliability.boards_with_responses(view.store, metric) if name != board.id
        ]
        st.info(
            f"No run of this board has {metric.label} verdicts for two or more responses to a sample, so their "
            "agreement is not known. It needs a run whose file holds the verdict of each response; the benchmark's "
            "protocol has three responses a sample. "
            + (
                f"These boards have such runs: {plain(', '.join(others))}."
                if others
                else "No board has such a run yet."
            )
            + " Uploading one brings it here.",
            icon=":material/replay:",
        )
        return
    names = compare.short_names(frame.assign(board=board.id), view.labels)
    st.markdown(
        f"**{len(frame)} runs with several responses a sample.** Stable: all responses to a sample get the same "
        "verdict. Three responses are not three samples: the count behind every rate is samples."
    )
    export = report.mix_export(frame, "responses", view.provenance(f"{metric.label}; by run"))
    named = frame.assign(name=frame["run_id"].map(names))
    display.chart(
        bars.response_mix(named, metric, browser.theme()),
        key="mix",
        alt="How many samples of each run have how many of their responses passing",
        data=export,
    )
    if len(frame) > bars.MOST_MIXES:
        st.caption(f"The {bars.MOST_MIXES} least stable of {len(frame)} runs; the table holds all.")
    display.table(
        report.mix_table(frame, metric, names),
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
    _responses_by_domain(view, frame["run_id"].head(controls.MOST_RUN_OPTIONS).tolist())


def _responses_by_domain(view: View, runs: list[str]) -> None:
    st.subheader("By domain", anchor=False)
    options = {"all": "All runs of this board"} | {run: view.labels[run] for run in runs}
    of = controls.choose_from("Run", options, key="mix_of", width=420)
    pooled = of == "all"
    domains = reliability.mixes_by_domain(view.store, view.board.id, view.metric, None if pooled else of)
    words = "all runs" if pooled else view.labels[of]
    provenance = view.provenance(f"{view.metric.label}; {words}")
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
