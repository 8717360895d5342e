"""The domains page: profiles, the heatmap of all runs, the hardest domain of each, and subcategories.

The capabilities page uses `left_out`, `nothing_to_show` and `labels_in_use`: it shows the same runs by other parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from siuo_dash.analysis import domains, queries, subcategories
from siuo_dash.analysis.domains import DomainRates
from siuo_dash.analysis.filters import Filters, of_runs
from siuo_dash.benchmark.labels import Labels
from siuo_dash.benchmark.schema import DOMAIN_LABELS, MCQA_JUDGE
from siuo_dash.charts.radar import MOST_RUNS, radar
from siuo_dash.charts.tiles import LEAST_WIDTH, MOST_ROWS, catalogue_map, heatmap
from siuo_dash.report import domain_tests as tests_report
from siuo_dash.report import domains as report
from siuo_dash.report import labels
from siuo_dash.report.export import plain_table
from siuo_dash.store.engine.database import Store
from siuo_dash.text import listed
from siuo_dash.ui import background, browser, controls, display, page
from siuo_dash.ui.controls import View
from siuo_dash.ui.display import plain


def show(view: View) -> None:
    """The runs of the view by domain, from the board down to the samples."""
    st.markdown(f"**{plain(view.filters.sentence())}**")
    whole = domains.domain_rates(view.store, Filters(board=view.board.id).where(), view.metric)
    means = domains.board_means(whole, with_partial=view.rank_partial)
    whole = domains.marked(whole, means)
    left_out(view)
    kept = set(queries.RUNS.run(view.store, where=view.filters.where())["run_id"])
    best_first = domains.in_order(whole, domains.OVERALL, with_partial=view.rank_partial)
    rates = whole.only([run_id for run_id in best_first if run_id in kept])
    if nothing_to_show(view, rates.runs):
        return
    narrow = browser.narrow()
    chosen = _profiles(view, rates, means, narrow=narrow)
    order, rows = _all_runs(view, rates, chosen, narrow=narrow)
    names = report.run_names(rates.runs)
    _tests(view, rows, names)
    _subcategories(view, rows, names, len(order), narrow=narrow)


def left_out(view: View, *, by_domain: bool = True) -> None:
    """The runs of the view that nothing is known of by parts of the benchmark, and why.

    by_domain: whether counts by domain are enough.
    """
    missing = domains.runs_without_domains(view.store, view.filters.where(), view.metric, by_domain=by_domain)
    for short, names, why in report.left_out(missing, view.metric):
        with st.expander(short, icon=":material/info:"):
            st.markdown(f"{plain(names)}\n\n{plain(why)}")
            page.link("upload", "Upload a run")


def nothing_to_show(view: View, runs: pd.DataFrame) -> bool:
    """Whether there is no run to show by parts of the benchmark, and words for it. runs: those with such rates."""
    if view.board.protocol.judge == MCQA_JUDGE and view.metric.task != "mcqa":
        st.info(report.ONLY_MULTIPLE_CHOICE, icon=":material/search_off:")
        return True
    if len(runs):
        return False
    st.info(
        plain(report.nothing_known(view.metric, view.board, queries.boards(view.store))), icon=":material/search_off:"
    )
    return True


def labels_in_use(store: Store) -> Labels:
    """The labels of the samples that this visitor dropped, or the project's own."""
    return st.session_state.get(labels.SESSION_KEY) or Labels.own(store.catalogue)


def _open_samples(view: View, runs: pd.DataFrame, run_id: str, column: str) -> None:
    """For callbacks: the run becomes the chosen one, and its samples are opened once the choices are known."""
    params = {"runs": run_id, "board": str(runs.set_index("run_id").at[run_id, "board"])}
    page.go_later("samples", params | ({"domain": column} if column in DOMAIN_LABELS else {}))


def _take_click(view: View, runs: pd.DataFrame, chart: str) -> None:
    """A cell of the heatmap or a mark of the radar was clicked. runs: those that are drawn, with their boards."""
    points = st.session_state[chart]["selection"]["points"]
    if points:
        _open_samples(view, runs, *points[0]["customdata"][:2])


def _profiles(view: View, rates: DomainRates, means: pd.DataFrame, *, narrow: bool) -> list[str]:
    """The chosen runs beside each other, or the first three; returns the chosen ones."""
    st.subheader("Profiles", anchor=False)
    help = f"Up to {MOST_RUNS} are drawn; without a choice the first three of the board"
    chosen = controls.choose_runs(rates.runs["run_id"], view.labels, help=help)
    if chosen:
        profiles = domains.domain_rates(view.store, of_runs(chosen), view.metric).only(chosen)
    else:
        profiles = rates.only(rates.runs["run_id"].tolist()[:3])
    for words in report.profile_notes(chosen, profiles.runs, view.labels, MOST_RUNS):
        st.caption(plain(words))
    profiles = profiles.only(profiles.runs["run_id"].tolist()[:MOST_RUNS])
    warning = report.across_boards(profiles.runs, queries.boards(view.store))
    if warning:
        st.warning(plain(warning), icon=":material/compare_arrows:")
    if profiles.runs.empty:
        return chosen
    drawn = report.run_names(profiles.runs)
    about = view.provenance(f"{len(drawn)} runs", warning=warning)
    data = report.profile_export(profiles.cells, drawn, about, f"{view.metric.label} by domain")
    left, right = st.columns([5, 6])
    with left:
        display.chart(
            radar(profiles.cells, drawn, DOMAIN_LABELS, view.metric, browser.theme(), mean=means, narrow=narrow),
            key="radar",
            alt=f"{view.metric.label} by domain of {listed(drawn.values())}; the table beside it has the figures",
            data=data,
            select=None if narrow else partial(_take_click, view, profiles.runs, "radar"),
        )
    with right:
        display.table(
            report.profile_screen(profiles.cells, drawn),
            key="profiles",
            alt=f"{view.metric.label} by domain: rate, 95 % interval and count",
            pinned="Domain",
            export=data,
        )
    return chosen


def _all_runs(view: View, rates: DomainRates, chosen: list[str], *, narrow: bool) -> tuple[list[str], DomainRates]:
    """The heatmap, and the same as a table; returns all runs in its order, and the rates of those that it shows."""
    st.subheader("All runs by domain", anchor=False)
    sort = controls.choose_from("Sort by", domains.COLUMNS, key="sort", width=320)
    order = list(domains.in_order(rates, sort, with_partial=view.rank_partial))
    rows = rates.only(order[:MOST_ROWS])
    shown, metric, theme = report.row_names(rows.runs), view.metric, browser.theme()
    st.caption(report.heat_caption(len(shown), len(order), domains.COLUMNS[sort], metric, theme))
    # The cells' text needs its width: on a narrow screen the chart scrolls inside its own frame.
    st.html(
        "<style>.st-key-chart-heatmap { overflow-x: auto; } "
        f".st-key-chart-heatmap > div {{ min-width: {LEAST_WIDTH}px; }}</style>"
    )
    display.chart(
        heatmap(rows.cells, shown, domains.COLUMNS, metric, theme, sorted_by=sort, chosen=chosen, narrow=narrow),
        key="heatmap",
        alt=f"{metric.label} of {len(shown)} runs by domain, sorted by {domains.COLUMNS[sort]}; "
        "the table below has the figures",
        data=plain_table("heatmap", "Rates by domain", report.long_cells(rows.cells, shown), view.provenance()),
        select=partial(_take_click, view, rows.runs, "heatmap"),
    )
    st.caption(report.marks_sentence(rows.cells))
    with st.expander("The same as a table, and the samples of a cell without a mouse", icon=":material/table:"):
        title = f"{metric.label} by domain, {view.board.label}"
        display.table(
            report.heat_screen(rows.cells, shown),
            key="cells",
            alt=f"{metric.label} of the runs by domain: rate, 95 % interval and count",
            pinned="Run",
            export=report.heat_export(rows.cells, shown, view.provenance(), title),
        )
        _choose_cell(view, rows.runs, shown)
    return order, rows


def _choose_cell(view: View, runs: pd.DataFrame, shown: Mapping[str, str]) -> None:
    with controls.row():
        run = st.selectbox("Run", list(shown), format_func=shown.__getitem__, key="cell-run", width=300)
        names = DOMAIN_LABELS
        domain = st.selectbox("Domain", list(names), format_func=names.__getitem__, key="cell-domain", width=260)
        st.button(
            "Open these samples",
            on_click=_open_samples,
            args=(view, runs, run, domain),
            icon=page.PAGES["samples"].icon,
        )


def _tests(view: View, rows: DomainRates, names: Mapping[str, str]) -> None:
    """Each run's hardest and easiest domain, tested against its other samples."""
    st.subheader("Hardest and easiest domain", anchor=False)
    tests = background.computed(
        lambda: domains.hardest_and_easiest(rows),
        "The tests are being computed and will appear here.",
        *("domain-tests", view.store.version, view.metric.id, tuple(rows.runs["run_id"])),
    )
    if tests is None:
        return
    st.markdown("\n".join(f"- {plain(words)}" for words in tests_report.tests_sentences(tests, names)))
    title = f"Hardest and easiest domains, {view.metric.label}, {view.board.label}"
    display.table(
        tests_report.tests_screen(tests, names),
        key="tests",
        alt="Hardest and easiest domain of each run, tested against the run's other samples",
        placeholder="–",
        pinned="Run",
        columns=display.drawn(tests_report.COLUMNS),
        export=tests_report.tests_export(tests, names, view.provenance(), title),
    )


def _subcategories(view: View, rows: DomainRates, names: Mapping[str, str], runs: int, *, narrow: bool) -> None:
    """Where in the catalogue runs fail, and the samples that pass by subcategory and run. runs: all of the view."""
    st.subheader("Subcategories", anchor=False)
    own = labels_in_use(view.store)
    st.markdown(plain(labels.sentence(own, view.store.catalogue)))
    with st.container(horizontal=True):
        page.link("method", "How the labels were made")
        page.link("capabilities", "Use other labels")
    samples = subcategories.failures(view.store, view.filters.where(), view.metric, own)
    failing = samples[["question_id", "domain", "subcategory", "graded", "failing"]]
    st.caption(report.map_caption(runs, view.metric))
    display.chart(
        catalogue_map(
            samples,
            subcategories.by_part(samples, by=["domain"]),
            subcategories.by_part(samples, by=["domain", "subcategory"]),
            view.metric,
            browser.theme(),
            whole=not narrow,
        ),
        key="catalogue",
        alt="Map of the catalogue: domains, subcategories and samples, coloured by the share of runs that fail there",
        data=plain_table("failing-runs", "How many runs fail each sample", failing, view.provenance()),
    )
    among = of_runs(rows.runs["run_id"].tolist())
    counts = subcategories.subcategory_counts(view.store, among, view.metric, own)
    st.caption(
        "Passed of graded samples, runs in the order of the heatmap. A subcategory has about five samples: "
        "too few for a rate or a rank."
    )
    display.table(
        report.subcategory_screen(counts, rows.runs, names),
        key="subcategories",
        alt=f"Samples that pass by subcategory and run, {view.metric.label}",
        most_pixels=1_200,
        pinned="Subcategory",
        export=report.subcategory_export(counts, rows.runs, names, view.provenance()),
    )
