"""The compare page: two runs as statisticians would compare them, or one baseline against many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import baseline as against
from siuo_dash.analysis import comparison, queries
from siuo_dash.analysis.filters import Filters, of_runs
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.analysis.sample_filters import FAILING, PASSING
from siuo_dash.analysis.stats.differences import PairedTable, detectable_gap
from siuo_dash.benchmark.schema import EVIDENCE, Metric
from siuo_dash.charts.colours import outcome_colours
from siuo_dash.charts.intervals import MOST_ROWS, differences
from siuo_dash.charts.tiles import two_by_two
from siuo_dash.report import compare as report
from siuo_dash.report.export import Provenance, Table
from siuo_dash.report.samples import link_params
from siuo_dash.store.engine.database import Store
from siuo_dash.text import missing
from siuo_dash.ui import address, browser, controls, display, page
from siuo_dash.ui.display import plain, row_key

MODES: Final = {"two": "Two runs", "many": "One baseline against many"}
_FAMILIES: Final = {"board": "All runs of its board", "chosen": "The chosen runs"}


@dataclass(frozen=True)
class Scope:
    """What is compared: the chosen runs and those on offer (ids) by a metric; labels: {run_id: label}."""

    store: Store
    metric: Metric
    chosen: Sequence[str]
    offered: Sequence[str]
    labels: dict[str, str]


def show(store: Store, board: queries.Board | None, metric: Metric, mode: str) -> None:
    """The chosen runs compared, or what to choose. board: whose runs are offered; None = all. mode: of MODES."""
    labels, most = run_labels(store), controls.MOST_RUN_OPTIONS
    offered = against.runs_on_offer(store, board.id if board else None, most)
    chosen = controls.choose_runs(
        offered,
        labels,
        label="Runs: the first is A, the second B" if mode == "two" else "Chosen runs",
        help="The runs of the chosen board are offered. To compare across boards, choose another board, or all runs: "
        "what was chosen before stays.",
    )
    if len(offered) >= most:
        words = f"The first {len(offered)} runs by name are offered"
        st.caption(f"{words}; any run can be found and ticked on the leaderboard.")
    scope = Scope(store, metric, chosen, offered, labels)
    if mode == "many":
        _many(scope)
    elif len(chosen) >= 2:
        _two(scope)
    else:
        _suggest(scope, board)


def _suggest(scope: Scope, board: queries.Board | None) -> None:
    """What is still to be chosen, and the best runs of the board as a start."""
    words = "Choose a second run: the first one is A, the second B."
    if not scope.chosen:
        words = "Choose two runs above by name, or tick them on the leaderboard."
    st.info(words, icon=":material/compare_arrows:")
    if board is None:
        return
    ranked = queries.ranking(scope.store, Filters(board=board.id), scope.metric, rank_partial=True)
    best = [run for run in ranked.loc[ranked["rank"].notna(), "run_id"] if run not in scope.chosen]
    pair = [*scope.chosen, *best][:2]
    if len(pair) == 2:
        words = f"Compare {plain(scope.labels[pair[0]])} and {plain(scope.labels[pair[1]])}"
        st.button(words, on_click=_compare_two, args=(pair,), help="The best of the chosen board")


def _compare_two(runs: list[str]) -> None:
    """For buttons: these runs are selected, and the first two are compared."""
    address.choose("runs", runs)
    address.choose("mode", ["two"])


def _two(scope: Scope) -> None:
    """The first two chosen runs: every metric, domains, and the samples that only one of them passes."""
    a, b, *more = (scope.labels[run] for run in scope.chosen)
    found = comparison.compare(scope.store, scope.chosen[0], scope.chosen[1])
    if more:
        st.caption(
            f"{len(scope.chosen)} runs are chosen: the first two are compared. "
            "One baseline against many takes them all."
        )
    with st.container(horizontal=True):
        for letter, label, run, run_id in (
            ("A", a, found.first, scope.chosen[0]),
            ("B", b, found.second, scope.chosen[1]),
        ):
            with st.container(width=400, border=True, gap="xxsmall"):
                st.markdown(f"{letter}: **{plain(label)}**")
                st.caption(plain(f"{run.protocol.label}; {EVIDENCE[run.evidence].lower()}"))
                page.link("run", f"Open run {letter}", {"run": run_id})
    st.button(
        "Swap A and B",
        icon=":material/swap_horiz:",
        on_click=_compare_two,
        args=([*scope.chosen[1::-1], *scope.chosen[2:]],),
    )
    if found.warning:
        st.warning(plain(found.warning), icon=":material/warning:")
    where = " | ".join(dict.fromkeys([found.first.protocol.label, found.second.protocol.label]))
    provenance = Provenance(scope.store.version, where, f"A = {a}; B = {b}", found.warning)

    overall = found.overall[scope.metric.id]
    if overall is not None:
        st.markdown(f"**{plain(report.headline(overall))}**")
    display.table(
        report.metrics_table(found),
        key="metrics",
        alt=f"Difference of {a} and {b} by metric",
        export=report.comparison_export(found, (a, b), provenance),
    )
    if overall is None:
        st.info(f"{scope.metric.label} is not known for both runs. Choose another metric.", icon=":material/info:")
        return
    gaps = {share: detectable_gap(min(overall.first.n, overall.second.n), share) for share in report.DISCORDANCES}
    st.caption(plain(report.gap_words(overall, gaps)))
    if overall.table is None:
        st.info(
            f"{scope.metric.label} is not compared sample by sample, because {overall.why_unpaired}. Domains and "
            "single samples need a verdict for each sample of both runs; uploading such a run brings them.",
            icon=":material/info:",
        )
        return
    _paired(scope, found, overall, overall.table, (a, b), provenance)
    _discordant(scope, found, (a, b), provenance)


def _paired(
    scope: Scope,
    found: comparison.Comparison,
    overall: comparison.Difference,
    table: PairedTable,
    names: tuple[str, str],
    provenance: Provenance,
) -> None:
    domains = found.domains[scope.metric.id]
    note = report.picture_note(found.warning)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader(f"The same samples: {scope.metric.label}", anchor=False)
        data = report.comparison_export(found, names, provenance)
        chart_of_outcomes(table, scope.metric, ("A", "B"), key="outcomes", data=data, note=note)
    with right:
        st.subheader("By domain", anchor=False)
        display.chart(
            differences(
                report.chart_rows([overall, *domains]),
                browser.theme(),
                left="B better",
                right="A better",
                told_apart="p < 0.05 (domains: adjusted)",
                note=note,
            ),
            key="domains",
            alt=f"Difference A minus B in points for all samples and {len(domains)} domains, with 95 % intervals",
            data=report.domains_export([overall, *domains], names, provenance),
        )
    st.caption(
        "Domains have 16 to 21 samples, so their intervals are wide. p adjusted: Benjamini–Hochberg over the domains, "
        "for exploring. A negative difference means that B is ahead."
    )
    display.table(
        report.domains_table(domains),
        key="by-domain",
        alt="Difference by domain",
        export=report.domains_export(domains, names, provenance),
    )


def chart_of_outcomes(
    table: PairedTable, metric: Metric, names: tuple[str, str], *, key: str, data: Table, note: str = ""
) -> None:
    """How often both, one and none of two runs pass. names: what the two are called in the chart."""
    good, bad = report.passes(metric), report.fails(metric)
    display.chart(
        two_by_two(
            [[table.both, table.first_only], [table.second_only, table.neither]],
            browser.theme(),
            outcomes=(good, bad),
            names=names,
            diagonal=outcome_colours(metric.id),
            note=note,
        ),
        key=key,
        alt=f"Of {table.n} samples, {table.both} are {good} in both, {table.first_only} only in {names[0]}, "
        f"{table.second_only} only in {names[1]}, {table.neither} in neither",
        data=data,
    )


def _discordant(scope: Scope, found: comparison.Comparison, names: tuple[str, str], provenance: Provenance) -> None:
    good = report.passes(scope.metric)
    samples = comparison.discordant(scope.store, found.first, found.second, scope.metric)
    st.subheader(f"Samples that only one run passes ({len(samples)})", anchor=False)
    st.caption(
        "Those that most other runs of the same boards pass come first: they say most about the run that fails them. "
        "Choose a row to open that sample with both runs side by side."
    )
    kinds = (PASSING[scope.metric.id], FAILING[scope.metric.id])
    for letter, passed_by, name, here in (("A", "first", names[0], kinds), ("B", "second", names[1], kinds[::-1])):
        part = samples[samples["passed_by"] == passed_by].reset_index(drop=True)
        st.markdown(f"**Only {letter}: {good} ({len(part)})**")
        if part.empty:
            st.caption("No sample.")
            continue
        picked = display.pick_sample(
            report.discordant_table(part),
            part["question_id"].tolist(),
            key=f"discordant-{passed_by}-{row_key(scope.store.version, names, scope.metric.id)}",
            alt=f"Samples on which only {name} passes",
        )
        params = link_params(sample=picked, outcomes=dict(zip(scope.chosen[:2], here, strict=True)))
        page.link("samples", f"Open sample {picked} with both runs", params)
    if len(samples):
        display.exports(report.discordant_export(samples, scope.metric, names, provenance), key="discordant")


def _many(scope: Scope) -> None:
    """One baseline against its board, or against the chosen runs, p-values adjusted by Holm."""
    ids = {label: run_id for run_id, label in scope.labels.items()}
    kept = [scope.labels[run] for run in controls.runs_chosen(scope.labels, "baseline")]
    chosen, offered = ([scope.labels[run] for run in runs] for runs in (scope.chosen, scope.offered))
    options = list(dict.fromkeys([*chosen, *kept, *offered]))
    if not options:
        st.info("There is no run to compare with. Choose another board.", icon=":material/info:")
        return
    with controls.row():
        base_id = controls.choose_from(
            "Baseline", {ids[text]: text for text in options}, key="baseline", width=420, aliases=ids
        )
        name = scope.labels[base_id]
        family = controls.choose("Against", _FAMILIES, key="against")
    base = comparison.side(scope.store, ids[name])
    board = queries.board_for(scope.metric, base.board)
    where = Filters(board=board).where() if family == "board" else of_runs(scope.chosen)
    frame = against.against_baseline(scope.store, base, scope.metric, where)
    if frame.empty:
        st.info("No other run to compare with: choose runs above, or all runs of the board.", icon=":material/info:")
    elif not base.counts[scope.metric.id].n:
        words = f"{scope.metric.label} of the baseline is {missing(base.evidence)}."
        st.info(f"{words} Choose another baseline or metric.", icon=":material/info:")
    else:
        _against(scope, base, base_id, family, frame)


def _against(scope: Scope, base: comparison.Side, base_id: str, family: str, frame: pd.DataFrame) -> None:
    name = scope.labels[base_id]
    protocols = [found.protocol for found in queries.boards(scope.store) if found.id in {base.board, *frame["board"]}]
    warning = "" if scope.metric.id == "mcqa" else comparison.board_warning(protocols)
    if warning:
        st.warning(plain(warning), icon=":material/warning:")
    rated = frame[frame["p"].notna()]
    apart = rated[rated["p_holm"] < 0.05]
    better, worse = int((apart["difference"] > 0).sum()), int((apart["difference"] < 0).sum())
    st.markdown(
        f"**{scope.metric.label}, {len(rated)} runs against {plain(name)}: {better} better, {worse} worse, "
        f"{len(rated) - better - worse} not significantly different.** p-values are adjusted by Holm for the whole "
        "family, the 95 % intervals are each run's own."
    )
    filters = f"baseline {name}; {_FAMILIES[family].lower()}"
    boards = " | ".join(protocol.label for protocol in protocols)
    provenance = Provenance(scope.store.version, boards, filters, warning)
    export = report.against_export(frame, scope.metric, name, scope.labels, provenance)
    names = report.short_names(frame, scope.labels)
    display.chart(
        differences(
            report.against_chart_rows(frame, names),
            browser.theme(),
            left="baseline better",
            right="run better",
            told_apart="p < 0.05 (Holm)",
            note=report.picture_note(warning),
        ),
        key="against-chart",
        alt=f"{scope.metric.label} of {min(len(rated), MOST_ROWS)} runs minus the baseline, with 95 % intervals",
        data=export,
    )
    if len(rated) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS} of {len(rated)} runs; the table holds all.")
    state = display.table(
        report.against_table(frame, names),
        key=f"against-{row_key(scope.store.version, name, family, scope.metric.id, len(frame))}",
        alt=f"Runs against {name}",
        select="rerun",
        mode="single-row",
        placeholder="–",
        pinned="Run",
        columns={"Difference, points": st.column_config.NumberColumn(format="%+.1f")},
    )
    for row in state["selection"]["rows"][:1]:
        other = str(frame["run_id"].iloc[row])
        words = f"Compare {plain(scope.labels[other])} with the baseline"
        st.button(words, icon=":material/compare_arrows:", on_click=_compare_two, args=([other, base_id],))
    display.exports(export, key="against-export")
