"""Two runs: paired where both are known sample by sample, else by their rates, which it says."""

from __future__ import annotations

import streamlit as st

from siuo_dash.analysis import comparison, stats
from siuo_dash.analysis.sample_filters import FAILING, PASSING
from siuo_dash.benchmark.schema import EVIDENCE
from siuo_dash.charts.colours import outcome_colours
from siuo_dash.charts.heatmap import two_by_two
from siuo_dash.charts.intervals import differences
from siuo_dash.report import compare, compare_export
from siuo_dash.report.export import Provenance
from siuo_dash.report.samples import link_params
from siuo_dash.ui import browser, display, page
from siuo_dash.ui.compare_parts.pick import pick_sample
from siuo_dash.ui.compare_parts.scope import Scope, compare_two
from siuo_dash.ui.display import plain


def show_two(scope: Scope) -> None:
    """The first two chosen runs: every metric, domains, and the samples that only one of them passes."""
    a, b = scope.labels[scope.chosen[0]], scope.labels[scope.chosen[1]]
    found = comparison.compare(scope.store, scope.chosen[0], scope.chosen[1])
    if len(scope.chosen) > 2:
        st.caption(
            f"{len(scope.chosen)} runs are chosen: the first two are compared. One baseline against many takes them all."
        )
    with st.container(horizontal=True):
        for letter, label, run in (("A", a, found.first), ("B", b, found.second)):
            with st.container(width=400, border=True, gap="xxsmall"):
                st.markdown(f"{letter}: **{plain(label)}**")
                st.caption(plain(f"{run.protocol.label}; {EVIDENCE[run.evidence].lower()}"))
                page.link("run", f"Open run {letter}", {"run": label})
    st.button(
        "Swap A and B", icon=":material/swap_horiz:", on_click=compare_two,
        args=([b, a, *(scope.labels[run] for run in scope.chosen[2:])],),
    )  # fmt: skip
    if found.warning:
        st.warning(plain(found.warning), icon=":material/warning:")
    one_board = found.first.board == found.second.board
    where = found.first.protocol.label if one_board else f"{found.first.protocol.label} | {found.second.protocol.label}"
    provenance = Provenance(scope.store.version, where, f"A = {a}; B = {b}", found.warning)

    overall = found.overall[scope.metric.id]
    if overall is not None:
        st.markdown(f"**{plain(compare.headline(overall))}**")
    display.table(
        compare.metrics_table(found), key="metrics", alt=f"Difference of {a} and {b} by metric", height="content"
    )
    display.exports(compare_export.comparison_export(found, (a, b), provenance), key="comparison")
    if overall is None:
        st.info(f"{scope.metric.label} is not known for both runs. Choose another metric.", icon=":material/info:")
        return
    gaps = {
        share: stats.detectable_gap(min(overall.first.n, overall.second.n), share) for share in compare.DISCORDANCES
    }
    st.caption(plain(compare.gap_words(overall, gaps)))
    if overall.table is None:
        st.info(
            f"{scope.metric.label} is not compared sample by sample, because {overall.why_unpaired}. Domains and single "
            "samples need a verdict for each sample of both runs; uploading such a run brings them.",
            icon=":material/info:",
        )
        return
    _show_paired(scope, found, overall, (a, b), provenance)


def _show_paired(
    scope: Scope,
    found: comparison.Comparison,
    overall: comparison.Difference,
    names: tuple[str, str],
    provenance: Provenance,
) -> None:
    table, domains = overall.table, found.domains[scope.metric.id]
    assert table is not None
    good, bad = compare.passes(scope.metric), compare.fails(scope.metric)
    note = compare.picture_note(found.warning)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader(f"The same samples: {scope.metric.label}", anchor=False)
        display.chart(
            two_by_two(
                [[table.both, table.first_only], [table.second_only, table.neither]],
                browser.theme(), rows=(good, bad), columns=(good, bad), row_title="A", column_title="B",
                diagonal=outcome_colours(scope.metric.id), note=note,
            ),
            key="outcomes",
            alt=f"Of {table.n} samples, {table.both} are {good} in both, {table.first_only} only in A, "
            f"{table.second_only} only in B, {table.neither} in neither",
            data=compare_export.comparison_export(found, names, provenance),
        )  # fmt: skip
    with right:
        st.subheader("By domain", anchor=False)
        display.chart(
            differences(
                compare.chart_rows([overall, *domains]), browser.theme(),
                left="B better", right="A better", told_apart="p < 0.05 (domains: adjusted)", note=note,
            ),
            key="domains",
            alt=f"Difference A minus B in points for all samples and {len(domains)} domains, with 95 % intervals",
            data=compare_export.domains_export([overall, *domains], names, provenance),
        )  # fmt: skip
    st.caption(
        "Domains have 16 to 21 samples, so their intervals are wide. p adjusted: Benjamini–Hochberg over the domains, "
        "for exploring. A negative difference means that B is ahead."
    )
    display.table(compare.domains_table(domains), key="by-domain", alt="Difference by domain", height="content")
    display.exports(compare_export.domains_export(domains, names, provenance), key="by-domain-export")
    _show_discordant(scope, found, names, provenance)


def _show_discordant(
    scope: Scope, found: comparison.Comparison, names: tuple[str, str], provenance: Provenance
) -> None:
    good = compare.passes(scope.metric)
    samples = comparison.discordant(scope.store, found.first, found.second, scope.metric)
    st.subheader(f"Samples that only one run passes ({len(samples)})", anchor=False)
    st.caption(
        "Those that most other runs of the same boards pass stand first: they say most about the run that fails them. "
        "Choose a row to open that sample with both runs side by side."
    )
    for letter, passed_by in (("A", "first"), ("B", "second")):
        part = samples[samples["passed_by"] == passed_by].reset_index(drop=True)
        st.markdown(f"**Only {letter}: {good} ({len(part)})**")
        if part.empty:
            st.caption("No sample.")
            continue
        question_ids = part["question_id"].tolist()
        kinds = (PASSING[scope.metric.id], FAILING[scope.metric.id])
        outcomes = dict(zip(names, kinds if letter == "A" else reversed(kinds), strict=True))
        picked = pick_sample(
            compare.discordant_table(part),
            question_ids,
            key=f"discordant-{passed_by}-{scope.key_of(names, scope.metric.id)}",
            alt=f"Samples on which only {names[0] if letter == 'A' else names[1]} passes",
        )
        page.link(
            "samples", f"Open sample {picked} with both runs", link_params(names, sample=picked, outcomes=outcomes)
        )
    if len(samples):
        display.exports(compare_export.discordant_export(samples, scope.metric, names, provenance), key="discordant")
