"""One run whole: scores, protocol, health, domains, and the samples it fails."""

import streamlit as st

from siuo_dash.analysis import leaderboard, queries, runs
from siuo_dash.analysis.sample_filters import FAILING
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts.intervals import run_profile
from siuo_dash.report import badges
from siuo_dash.report import runs as view
from siuo_dash.report.export import Provenance
from siuo_dash.report.leaderboard import source_link
from siuo_dash.report.samples import link_params
from siuo_dash.store.review import attempts
from siuo_dash.store.runs.run_file import run_parquet
from siuo_dash.ui import background, browser, controls, display, page
from siuo_dash.ui.display import plain
from siuo_dash.ui.sample_card import run_choice, withdrawal
from siuo_dash.ui.sample_card.listing import failing_table

store = page.open_store()
labels = leaderboard.run_labels(store)
run_choice.arrive(labels)
page.header(
    "Run",
    "One run whole: what is known of it, how sure its scores are, what is wrong with it, and which samples it fails.",
)
withdrawal.news(store)
run_choice.news()
if not labels:
    st.info("There is no run yet. Upload one, or build the carried figures: `python -m siuo_dash build`.")
    page.footer(store)
    st.stop()
with st.container(horizontal=True, vertical_alignment="bottom"):
    run_id = run_choice.choose_run(labels, runs.most_known(store))
    metric = controls.choose_metric("Look at")
label = labels[run_id]
run = queries.find_run(store, run_id)
boards = {board.id: board.label for board in queries.boards(store)}
board = boards[str(run["board"])]
provenance = Provenance(store.version, board, f"the run {label}")

# The ranges take a bootstrap each: they are drawn in the background and shared with the leaderboard.
places = {known.id: view.Place(*runs.place(store, run, known)) for known in runs.metrics_of(run)}
waited = False
for known_id in view.ranges_wanted(run, places):
    in_board = runs.board_of(run, METRICS[known_id])
    work = background.later(
        lambda known_id=known_id, in_board=in_board: leaderboard.rank_ranges(store, in_board, METRICS[known_id]),
        "ranges", store.version, in_board, known_id, False,
    )  # fmt: skip
    if work.done() or not waited:
        ranges = background.when_ready(work, "The rank ranges are being drawn and will appear here.")
        waited = waited or ranges is None
        places[known_id] = view.with_range(places[known_id], ranges, run_id)

st.subheader(plain(str(run["model"])), anchor=False)
display.key_figures(view.score_figures(run, places))
per_sample = run["evidence"] == "per_sample"
left = runs.without_flagged(store, run)
with st.container(horizontal=True, vertical_alignment="center"):
    if per_sample:
        page.link("samples", "Its samples", link_params([label], board=board))
        page.link("domains", "Domains", {"runs": [label], "board": board})
    page.link("compare", "Compare", {"runs": [label], "board": board})
    display.exports(view.scores_export(run, places, left, provenance), key="scores")
    run_choice.downloads(store, run, metric, run_parquet)

about, health = st.columns(2, gap="large")
with about:
    st.subheader("What is known of it", anchor=False)
    run_choice.facts(run, board)
    if str(run["file"]) != "results.parquet":
        attempt = badges.attempt_words(attempts(store.data_dir).get(run_id))
        if attempt:
            st.caption(f"Of the same person for this model: {attempt}.")
    if link := source_link(run["source"]):
        st.link_button("Open the source", link, icon=":material/open_in_new:")
    withdrawal.offer(store, run)
with health:
    st.subheader("Health", anchor=False)
    run_choice.health(store, run, label, board, left)
if not per_sample:
    st.info(view.TOTALS_WORDS, icon=":material/info:")
    page.footer(store)
    st.stop()
if metric.id not in places:
    st.info(f"{metric.label} is not judged for this run. Choose another metric above.", icon=":material/info:")
    page.footer(store)
    st.stop()

st.subheader(f"{metric.label} by domain", anchor=False)
profile = runs.domain_profile(store, run, metric)
overall = int(run[f"{metric.id}_k"]) / int(run[f"{metric.id}_n"])
picked = display.chart(
    run_profile(profile, overall, metric, browser.theme(), narrow=browser.narrow()),
    key="profile",
    alt=f"{metric.label} of {label} in {len(profile)} domains with 95 % intervals; a domain leads to its samples",
    data=view.domain_export(profile, metric, provenance, label),
    select="rerun",
)
if picked.selection.points:
    domain = picked.selection.points[0]["customdata"][0]
    st.switch_page("pages/inspect/samples.py", query_params=link_params([label], domains=[domain], board=board))
if metric.task == "generation" and (mixes := runs.response_mixes(store, run)):
    st.subheader("How its responses agree", anchor=False)
    st.markdown("Samples by how many of their responses pass. A sample's verdict is that of most of its responses.")
    display.table(view.mix_table(mixes), key="mix", alt="Samples by how many of their responses pass", height="content")
st.subheader(f"Samples it fails by {metric.label}", anchor=False)
failed = runs.failures(store, run, metric)
if failed.empty:
    st.info("It fails none.", icon=":material/check:")
else:
    st.markdown(view.own_failures_words(failed))
    outcome = {label: FAILING[metric.id]}
    failing_table(view.failure_table(failed), link_params([label], outcomes=outcome, board=board, order="easiest"))
    display.exports(view.failure_export(failed, metric, provenance, label), key="failures")
page.footer(store)
