"""Capabilities: rates by what the samples ask of a model, and the paper's reading checked on the loaded runs."""

import streamlit as st

from siuo_dash.analysis import capabilities, domains, leaderboard, queries
from siuo_dash.benchmark.labels import LABEL_COLUMNS, Labels
from siuo_dash.benchmark.schema import MCQA_JUDGE
from siuo_dash.charts.capabilities import MOST_RUNS, grouped_bars
from siuo_dash.ingest.files import UploadedFile
from siuo_dash.ingest.labels import read_labels
from siuo_dash.report import capabilities as view
from siuo_dash.report import domains as words
from siuo_dash.report import labels
from siuo_dash.report.export import Provenance, to_csv
from siuo_dash.ui import browser, controls, display, page
from siuo_dash.ui.display import plain

FINDINGS = "label-findings"
GO = "capabilities-go"


def take_labels() -> None:
    """Read the dropped file: labels for this session, or the findings that keep it from being used."""
    dropped = st.session_state.get("labels-file")
    st.session_state.pop(labels.SESSION_KEY, None)
    st.session_state.pop(FINDINGS, None)
    if dropped is not None:
        found, findings = read_labels(UploadedFile(dropped.name, dropped.getvalue()), store.catalogue)
        st.session_state[FINDINGS] = findings
        if found is not None:
            st.session_state[labels.SESSION_KEY] = found


def forget_labels() -> None:
    """Back to the project's own labels."""
    for key in (labels.SESSION_KEY, FINDINGS, "labels-file"):
        st.session_state.pop(key, None)


def ask_for_samples() -> None:
    """A bar was clicked: its run becomes the chosen one, and the page goes on to its samples."""
    points = st.session_state["bars"]["selection"]["points"]
    # The samples page filters by the project's labels, so others lead nowhere.
    if points and own.is_own and "samples" in page.PAGES:
        run_id, group = points[0]["customdata"][:2]
        st.session_state["runs"] = [run_labels[run_id]]
        st.session_state[GO] = view.samples_filter(grouping, group)


store = page.open_store()
page.header(
    "Capabilities",
    "What a sample asks of a model: to integrate picture and text, to know something about the world, or to reason.",
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    board = controls.choose_board(store, need_per_sample=True)
    metric = controls.choose_metric("Metric")
if board is None:
    st.info("There is no run yet. Upload one, or build the shipped results with `python -m siuo_dash build`.")
    st.stop()
filters, with_partial = controls.choose_filters(store, board)
own = st.session_state.get(labels.SESSION_KEY) or Labels.own(store.catalogue)
st.markdown(f"**{plain(filters.sentence())}** {plain(labels.sentence(own, store.catalogue))}")
provenance = Provenance(
    store.version, board.label, filters.sentence(), "" if own.is_own else f"labels of {own.origin}, not the project's"
)
with st.container(horizontal=True, vertical_alignment="center"):
    page.link("method", "How the labels were made")
    if not own.is_own:
        st.button("Use the project's own labels again", on_click=forget_labels, icon=":material/restart_alt:")
with st.expander("Use other labels", icon=":material/label:", expanded=bool(st.session_state.get(FINDINGS))):
    st.markdown(
        f"A CSV (or TSV, XLSX, JSON, Parquet) with the columns {', '.join(f'`{name}`' for name in LABEL_COLUMNS)}: one row a "
        "sample, dimensions *integration*, *knowledge* or *reasoning*, the two needs as 1 or 0. "
        "It is used in this session only and kept nowhere."
    )
    st.download_button(
        "The labels in use, as a template",
        lambda: to_csv(labels.template_export(own, store.catalogue, provenance)),
        file_name="siuo-labels.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    st.file_uploader("Labels", key="labels-file", on_change=take_labels)
    findings = st.session_state.get(FINDINGS, [])
    if findings:
        errors = sum(found.severity == "error" for found in findings)
        if errors:
            st.error("These labels cannot be used. Correct what is listed and drop the file again.")
        display.table(
            labels.findings_table(findings), key="label-findings", alt="Findings in the label file", placeholder="–"
        )
        display.exports(labels.findings_export(findings, provenance), key="label-findings")

for reason in words.left_out(domains.runs_without_domains(store, filters.where(), metric), metric):
    with st.expander(f"{reason.count} not shown here: {reason.short}", icon=":material/info:"):
        st.markdown(f"{plain(reason.names)}\n\n{plain(reason.why)}")
        page.link("upload", "Upload a run")
rates = capabilities.capability_rates(store, filters.where(), metric, own)
if board.protocol.judge == MCQA_JUDGE and metric.task != "mcqa":
    st.info(words.ONLY_MULTIPLE_CHOICE, icon=":material/search_off:")
    page.footer(store)
    st.stop()
if rates.runs.empty:
    st.info(plain(words.nothing_known(metric, board, queries.boards(store))), icon=":material/search_off:")
    page.footer(store)
    st.stop()
run_labels = leaderboard.run_labels(store)

with st.container(horizontal=True, vertical_alignment="bottom"):
    by = st.segmented_control(
        "Samples by",
        list(capabilities.GROUPINGS),
        default="dimension",
        required=True,
        format_func=lambda grouping: capabilities.GROUPINGS[grouping].label,
        key="by",
        bind="query-params",
    )
grouping = capabilities.GROUPINGS[by or "dimension"]
order = capabilities.by_rate(rates)
chosen = controls.choose_runs(rates.runs, run_labels, help="Without a choice all runs of the view stand here")
if (asked := st.session_state.pop(GO, None)) is not None:
    st.switch_page(f"pages/{page.PAGES['samples'].file}", query_params=asked)
page.run_actions(controls.labels_of(chosen, run_labels))
here = [run_id for run_id in order if run_id in set(chosen)]
for note in words.chosen_notes(chosen, here, run_labels):
    st.caption(plain(note))
shown = rates.only(here or order)
names = words.run_names(shown.runs)
st.subheader(f"{metric.label} by {grouping.words}", anchor=False)
st.caption(view.bars_caption(shown, grouping, MOST_RUNS))
data = view.rates_export(shown.cells, names, grouping, provenance, f"{metric.label} by {grouping.words}")
cells = shown.cells[shown.cells["grouping"] == grouping.id]
display.chart(
    grouped_bars(cells, names, grouping.groups, metric, browser.theme()),
    key="bars",
    alt=f"{metric.label} by {grouping.words} of {min(len(names), MOST_RUNS)} runs; the table below has the figures",
    data=data,
    select=ask_for_samples,
)
st.markdown("**Rates**")
display.table(
    view.rates_screen(shown.cells, names, grouping),
    key="rates",
    alt=f"{metric.label} by {grouping.words}: rate, 95 % interval and count",
    column_config={"Run": st.column_config.TextColumn(pinned=True, width=200)}
    | {f"{label} %": st.column_config.NumberColumn(format="%.1f") for label in grouping.groups.values()},
    placeholder="–",
)
display.exports(data, key="rates")

gaps = capabilities.differences(shown)
st.markdown("**Differences inside a run**, in percentage points")
st.caption(plain(view.differences_sentence(gaps, names, grouping)))
display.table(
    view.differences_screen(gaps, names, grouping),
    key="differences",
    alt=f"Differences inside a run by {grouping.words}, with 95 % intervals",
    column_config={"Run": st.column_config.TextColumn(pinned=True, width=200)}
    | {
        name: st.column_config.NumberColumn(format=form, help=meaning)
        for name, (form, meaning) in view.difference_columns(grouping).items()
    },
    placeholder="–",
)
display.exports(
    view.differences_export(gaps, names, grouping, provenance, f"Differences by {grouping.words}"),
    key="differences",
)

st.subheader("The paper's reading, checked on these runs", anchor=False)
st.markdown(
    "The paper asks whether models that integrate picture and text badly also lack knowledge and reasoning, "
    f"and which models lack which. Here over {words.counted(len(rates.runs), 'run')} of the view, chosen or not."
)
all_names = words.run_names(rates.runs)
checks = [
    *(
        view.correlation_sentence(dimension, capabilities.goes_with_integration(rates, dimension))
        for dimension in ("knowledge", "reasoning")
    ),
    view.weaker_sentence(capabilities.weaker_side(rates), all_names),
]
st.markdown("\n".join(f"- {plain(check)}" for check in checks))
st.caption(view.SAME_SAMPLES)
page.footer(store)
