"""Domains: where each run is safe and where it is not, from the board down to the samples."""

from functools import partial

import pandas as pd
import streamlit as st

from siuo_dash.analysis import domain_tests, domains, leaderboard, queries, subcategories
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.labels import Labels
from siuo_dash.benchmark.schema import MCQA_JUDGE
from siuo_dash.charts.heatmap import LEAST_WIDTH, MOST_ROWS, heatmap
from siuo_dash.charts.radar import MOST_RUNS, radar
from siuo_dash.charts.subcategories import catalogue_map
from siuo_dash.report import domain_tests as tests_view
from siuo_dash.report import domains as view
from siuo_dash.report import labels
from siuo_dash.report import subcategories as parts_view
from siuo_dash.report.export import Provenance
from siuo_dash.ui import background, browser, controls, display, page
from siuo_dash.ui.display import plain

GO = "domains-go"


def ask_for_samples(run_id: str, column: str) -> None:
    """The run becomes the chosen one, and the page goes on to its samples as soon as its choices stand."""
    st.session_state["runs"], st.session_state["board"] = [run_labels[run_id]], board_of[run_id]
    st.session_state[GO] = view.samples_filter(column)


def take_click(chart: str) -> None:
    """A cell of the heatmap or a mark of the radar was clicked."""
    points = st.session_state[chart]["selection"]["points"]
    if points and "samples" in page.PAGES:
        ask_for_samples(*points[0]["customdata"][:2])


store = page.open_store()
page.header(
    "Domains",
    "Nine safety domains, each with 16 to 21 samples: where a run notices the danger, and where it does not. "
    "So few samples make wide intervals, so every rate stands with its interval and count.",
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    board = controls.choose_board(store, need_per_sample=True)
    metric = controls.choose_metric("Metric")
if board is None:
    st.info("There is no run yet. Upload one, or build the shipped results with `python -m siuo_dash build`.")
    st.stop()
if board.protocol.judge == MCQA_JUDGE and metric.task != "mcqa":
    st.info(view.ONLY_MULTIPLE_CHOICE, icon=":material/search_off:")
    page.footer(store)
    st.stop()
narrow = browser.narrow()
filters, with_partial = controls.choose_filters(store, board)
st.markdown(f"**{plain(filters.sentence())}**")

whole = domains.domain_rates(store, Filters(board=board.id).where(), metric)
means = domains.board_means(whole, with_partial=with_partial)
whole = domains.marked(whole, means)
passing = queries.RUNS.run(store, where=filters.where())
for reason in view.left_out(domains.runs_without_domains(store, filters.where(), metric), metric):
    with st.expander(f"{reason.count} not shown here: {reason.short}", icon=":material/info:"):
        st.markdown(f"{plain(reason.names)}\n\n{plain(reason.why)}")
        page.link("upload", "Upload a run")
kept = set(passing["run_id"])
order = [run_id for run_id in domains.in_order(whole, domains.OVERALL, with_partial=with_partial) if run_id in kept]
if not order:
    st.info(plain(view.nothing_known(metric, board, queries.boards(store))), icon=":material/search_off:")
    page.footer(store)
    st.stop()
rates = whole.only(order)
names = view.run_names(rates.runs)
run_labels = leaderboard.run_labels(store)
provenance = Provenance(store.version, board.label, filters.sentence())

st.subheader("Profiles", anchor=False)
chosen = controls.choose_runs(
    rates.runs, run_labels, help=f"Up to {MOST_RUNS} are drawn; without a choice the first three of the board"
)
if (asked := st.session_state.pop(GO, None)) is not None:
    st.switch_page(f"pages/{page.PAGES['samples'].file}", query_params=asked)
page.run_actions(controls.labels_of(chosen, run_labels))
profiles = domains.domain_rates(store, domains.among(chosen), metric).only(chosen) if chosen else rates.only(order[:3])
for words in view.profile_notes(chosen, profiles.runs, run_labels, MOST_RUNS):
    st.caption(plain(words))
profiles = profiles.only(profiles.runs["run_id"].tolist()[:MOST_RUNS])
boards = queries.boards(store)
warning = view.across_boards(profiles.runs, boards)
if warning:
    st.warning(plain(warning), icon=":material/compare_arrows:")
known_runs = pd.concat([rates.runs, profiles.runs]).drop_duplicates("run_id").set_index("run_id")
board_of = known_runs["board"]
if not profiles.runs.empty:
    drawn = view.run_names(profiles.runs)
    about = Provenance(store.version, board.label, f"{len(drawn)} runs", warning)
    data = view.profile_export(profiles.cells, drawn, about, f"{metric.label} by domain")
    left, right = st.columns([5, 6])
    with left:
        display.chart(
            radar(profiles.cells, drawn, view.DOMAIN_LABELS, metric, browser.theme(), mean=means, narrow=narrow),
            key="radar",
            alt=f"{metric.label} by domain of {view.named(list(drawn.values()))}; the table beside it has the figures",
            data=data,
            select=None if narrow else partial(take_click, "radar"),
        )
    with right:
        display.table(
            view.profile_screen(profiles.cells, drawn),
            key="profiles",
            alt=f"{metric.label} by domain: rate, 95 % interval and count",
            height="content",
            column_config={"Domain": st.column_config.TextColumn(pinned=True, width=190)},
        )
        display.exports(data, key="profiles")

st.subheader("All runs by domain", anchor=False)
sort = st.selectbox(
    "Sort by",
    list(domains.COLUMNS),
    format_func=domains.COLUMNS.__getitem__,
    key="sort",
    bind="query-params",
    width=320,
)
order = [run_id for run_id in domains.in_order(rates, sort, with_partial=with_partial)]
rows = rates.only(order[:MOST_ROWS])
shown = view.row_names(rows.runs)
st.caption(view.heat_caption(len(shown), len(order), domains.COLUMNS[sort], metric, browser.theme()))
heat = view.heat_export(rows.cells, shown, provenance, f"{metric.label} by domain, {board.label}")
# The cells' text needs its width: on a narrow screen the chart scrolls inside its own frame.
st.html(
    f"<style>.st-key-chart-heatmap {{ overflow-x: auto; }} .st-key-chart-heatmap > div {{ min-width: {LEAST_WIDTH}px; }}</style>"
)
display.chart(
    heatmap(rows.cells, shown, domains.COLUMNS, metric, browser.theme(), sorted_by=sort, chosen=chosen, narrow=narrow),
    key="heatmap",
    alt=f"{metric.label} of {len(shown)} runs by domain, sorted by {domains.COLUMNS[sort]}; the table below has the figures",
    data=view.cells_export(rows.cells, shown, provenance),
    select=partial(take_click, "heatmap"),
)
st.caption(view.marks_sentence(rows.cells))
with st.expander("The same as a table, and the samples of a cell without a mouse", icon=":material/table:"):
    display.table(
        view.heat_screen(rows.cells, shown),
        key="cells",
        alt=f"{metric.label} of the runs by domain: rate, 95 % interval and count",
        column_config={"Run": st.column_config.TextColumn(pinned=True, width=200)},
    )
    display.exports(heat, key="cells")
    if "samples" in page.PAGES:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            cell_run = st.selectbox("Run", list(shown), format_func=shown.__getitem__, key="cell-run", width=300)
            cell_domain = st.selectbox(
                "Domain",
                list(view.DOMAIN_LABELS),
                format_func=view.DOMAIN_LABELS.__getitem__,
                key="cell-domain",
                width=260,
            )
            st.button(
                "Open these samples",
                on_click=ask_for_samples,
                args=(cell_run, cell_domain),
                icon=page.PAGES["samples"].icon,
            )

st.subheader("Hardest and easiest domain", anchor=False)
work = background.later(
    lambda: domain_tests.hardest_and_easiest(rows), "domain-tests", store.version, metric.id, tuple(order[:MOST_ROWS])
)
tests = background.when_ready(work, "The tests are being computed and will appear here.")
if tests is not None:
    st.markdown("\n".join(f"- {plain(words)}" for words in tests_view.tests_sentences(tests, names)))
    display.table(
        tests_view.tests_screen(tests, names),
        key="tests",
        alt="Hardest and easiest domain of each run, tested against the run's other samples",
        placeholder="–",
        column_config={"Run": st.column_config.TextColumn(pinned=True, width=190)}
        | {name: st.column_config.TextColumn(help=words) for name, words in tests_view.WORDS_HELP.items()}
        | {
            name: st.column_config.NumberColumn(help=words, format="%.3f" if name.endswith("p") else "%.1f")
            for name, words in tests_view.FIGURES_HELP.items()
        },
    )
    display.exports(
        tests_view.tests_export(
            tests, names, provenance, f"Hardest and easiest domains, {metric.label}, {board.label}"
        ),
        key="tests",
    )

st.subheader("Subcategories", anchor=False)
own = st.session_state.get(labels.SESSION_KEY) or Labels.own(store.catalogue)
st.markdown(plain(labels.sentence(own, store.catalogue)))
with st.container(horizontal=True):
    page.link("method", "How the labels were made")
    page.link("capabilities", "Use other labels")
samples = subcategories.failures(store, filters.where(), metric, own)
st.caption(parts_view.map_caption(len(order), metric))
display.chart(
    catalogue_map(
        samples,
        subcategories.by_part(samples, by=["domain"]),
        subcategories.by_part(samples, by=["domain", "subcategory"]),
        metric,
        browser.theme(),
        whole=not narrow,
    ),
    key="catalogue",
    alt="Map of the catalogue: domains, subcategories and samples, coloured by the share of runs that fail there",
    data=parts_view.failures_export(samples, provenance),
)
counts = subcategories.subcategory_counts(store, domains.among(rows.runs["run_id"].tolist()), metric, own)
st.caption(
    "Passed of graded samples, runs in the order of the heatmap. A subcategory has about five samples: "
    "too few for a rate or a rank."
)
display.table(
    parts_view.subcategory_screen(counts, rows.runs, names),
    key="subcategories",
    alt=f"Samples that pass by subcategory and run, {metric.label}",
    height="content",
    column_config={"Subcategory": st.column_config.TextColumn(pinned=True, width=190)},
)
display.exports(parts_view.subcategory_export(counts, rows.runs, names, provenance), key="subcategories")
page.footer(store)
