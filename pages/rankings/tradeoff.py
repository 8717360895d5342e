"""Safe versus effective: is a model safe because it understands, or because it does not help?"""

import streamlit as st

from siuo_dash.analysis import queries
from siuo_dash.analysis import tradeoff as analysis
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.charts import backdrop, outcomes, scatter
from siuo_dash.report import tradeoff
from siuo_dash.report.export import Provenance
from siuo_dash.ui import background, browser, controls, display, page
from siuo_dash.ui.display import plain

MODES: dict[backdrop.Mode, str] = {"open": "Click: open", "lasso": "Lasso: choose", "box": "Box: choose"}
MANY = 40

if asked := st.session_state.pop("tradeoff-open", None):
    st.switch_page(f"pages/{page.PAGES['run'].file}", query_params={"run": asked})
store = page.open_store()
page.header(
    "Safe versus effective",
    "A model that refuses everything is safe and of no use. This page sets both rates against each other: "
    "the best runs stand at the top right.",
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    board = controls.choose_board(store)
    metric = controls.choose_metric("Order by")
filters, rank_partial = controls.choose_filters(store, board)
if board is None:
    st.info("There is no run yet. Upload one, or build the shipped figures: `python -m siuo_dash build`.")
    page.footer(store)
    st.stop()

frame = analysis.tradeoff(store, filters, metric, rank_partial=rank_partial)
judged = frame[frame["judged"]].reset_index(drop=True)
labels = run_labels(store)
st.markdown(f"**{plain(filters.sentence())}**")


def not_judged() -> None:
    """The runs that cannot be drawn, each with why and with what is known of it."""
    rest = tradeoff.unjudged_table(frame[~frame["judged"]])
    if len(rest):
        st.subheader("Not judged for both", anchor=False)
        st.caption("These runs cannot be placed: nothing is guessed for what was not judged or not published.")
        display.table(rest, key="unjudged", alt="Runs that were not judged for both safety and effectiveness")


if judged.empty:
    others = [known.label for known in queries.boards(store) if analysis.outcome_counts(store, known.id).size]
    st.info(
        "No run of this view was judged for both safety and effectiveness. "
        + (f"Boards that have such runs: {plain('; '.join(others))}." if others else "Upload one that was."),
        icon=":material/filter_alt_off:",
    )
    not_judged()
    page.footer(store)
    st.stop()

work = background.later(
    lambda: analysis.frontier_shares(store, board.id, rank_partial=rank_partial),
    "frontier", store.version, board.id, rank_partial,
)  # fmt: skip
shares = background.when_ready(work, "How sure the frontier is, is being drawn and will appear in the table.")
frame = tradeoff.with_shares(frame, shares)
judged = frame[frame["judged"]].reset_index(drop=True)
display.key_figures(tradeoff.key_figures(frame))

screen = browser.screen()
with st.container(horizontal=True, vertical_alignment="bottom"):
    picked_mode = st.segmented_control(
        "Mouse on the chart: open a run, or choose runs", list(MODES), default="open", required=True, format_func=MODES.__getitem__, key="mouse",
        bind="query-params",
    )  # fmt: skip
    intervals = st.toggle("Intervals of all runs", value=len(judged) <= MANY, key="intervals", bind="query-params")
    lines = st.toggle(
        "Lines of equal Safe & Effective", value=True, key="lines", bind="query-params",
        help="Where Safe & Effective would be 20, 40, 60 and 80 % if safety and effectiveness had nothing to do with "
        "each other. A run whose own Safe & Effective is lower is safe mostly where it does not help.",
    )  # fmt: skip

mode: backdrop.Mode = picked_mode
chart_area, chosen_area, table_area = st.container(), st.container(), st.container()
with chosen_area:
    chosen = controls.choose_runs(judged, labels)
    page.run_actions(controls.labels_of(chosen, labels))


def take_over() -> None:
    """A click opens the run; a lasso or box makes its runs the chosen ones."""
    picked = [point["customdata"][0] for point in st.session_state["tradeoff"]["selection"]["points"]]
    names = controls.labels_of(picked, labels)
    if names and mode == "open" and "run" in page.PAGES:
        st.session_state["tradeoff-open"] = names[0]
    elif names:
        st.session_state["runs"] = names
        controls.renew_tables()


provenance = Provenance(store.version, board.label, filters.sentence())
with chart_area:
    if len(judged) > scatter.MOST_POINTS:
        st.caption(f"{scatter.MOST_POINTS} of {len(judged)} runs are drawn; filter to see others.")
    display.chart(
        scatter.tradeoff(
            judged, browser.theme(), chosen=chosen, screen=screen, intervals=intervals, lines=lines, mode=mode
        ),
        key="tradeoff",
        alt=f"Safe against effective for {len(judged)} runs; the table below holds the same figures",
        data=tradeoff.export_table(judged, provenance),
        select=take_over,
        mode={"open": "points", "lasso": "lasso", "box": "box"}[mode],
    )
    st.caption(
        "The bars at a mark are Wilson 95 % intervals; larger marks have more parameters. Names stand where there is room: "
        "all are in the table. The regions are cut at 50 %; “by refusing” is read from the "
        "verdicts (safe, but seldom effective), not from the responses. Dark marks are on the frontier: no other run of "
        "the board is at least as good in both and better in one."
    )
with table_area:
    controls.selectable_table(
        tradeoff.screen_table(judged),
        judged["run_id"].tolist(),
        labels,
        chosen,
        key="tradeoff-table",
        alt=f"Safe and effective, {board.label}",
        column_config={
            "Model": st.column_config.TextColumn(pinned=True, width=210),
            "In draws %": st.column_config.NumberColumn(
                format="%.1f", help="Share of 2,000 bootstrap draws of the samples in which the run is on the frontier"
            ),
            "Frontier": st.column_config.TextColumn(help="Whether no other run of the board beats it in both rates"),
            "Size (B)": st.column_config.NumberColumn(format="%.1f", help="Parameters in billions; – = not published"),
            **{f"{label} %": st.column_config.NumberColumn(format="%.2f") for label in tradeoff.RATES.values()},
        },
        placeholder="–",
        height=tradeoff.table_height(len(judged)),
    )
    display.exports(tradeoff.export_table(judged, provenance), key="tradeoff-table")

st.subheader("The four outcomes", anchor=False)
st.markdown("What became of each run's samples, counted from its verdicts.")
if len(judged) > outcomes.MOST_ROWS:
    st.caption(f"The first {outcomes.MOST_ROWS} of {len(judged)} runs by {metric.label}; all are in the table below.")
display.chart(
    outcomes.outcomes(judged, browser.theme(), narrow=screen == "narrow"),
    key="outcomes",
    alt=f"Both, safe only, effective only and neither for {min(len(judged), outcomes.MOST_ROWS)} runs",
    data=tradeoff.export_table(judged, provenance),
)
display.table(
    tradeoff.outcome_table(judged),
    key="outcome-table",
    alt="Counts of the four outcomes for each run",
    height=tradeoff.table_height(len(judged)),
    column_config={"Model": st.column_config.TextColumn(pinned=True, width=210)},
)
not_judged()
page.footer(store)
