"""How the figures come about: what is measured, scored, tested and flagged, and where everything is from."""

import streamlit as st

from siuo_dash.analysis import leaderboard, queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.labels import reader_agreement
from siuo_dash.analysis.stats.methods import METHODS
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.report import method
from siuo_dash.sources.published import read_annotators
from siuo_dash.text import percent
from siuo_dash.ui import display, page
from siuo_dash.ui.display import plain

store = page.open_store()
page.header("Method", "What SIUO measures, how a verdict becomes a score, and what each figure can and cannot carry.")

st.header("What SIUO measures")
st.markdown(method.MEASURES)
left, right = st.columns(2)
with left:
    display.table(
        method.domains_table(queries.SAMPLES.run(store)),
        key="domains",
        alt="Domains with their samples",
        height="content",
    )
with right:
    display.table(method.metrics_table(), key="metrics", alt="The four metrics", height="content")

st.header("Boards")
st.markdown(method.BOARDS)

st.header("Scoring")
st.markdown(method.SCORING)

st.header("Statistics")
st.markdown("Each method with its formula, its source and an example that is recomputed by the tests.")
for item in METHODS:
    with st.expander(item.name):
        st.markdown(item.used_for)
        st.latex(item.formula)
        st.markdown(f"**Example.** {plain(item.worked_example.sentence)}")
        st.caption(f"Source: {plain(item.source)}")

st.header("Health flags")
st.markdown(
    "Every response and verdict is examined. A flag changes no score: it is counted on the leaderboard, on the run's page and "
    "at upload, where the score without the flagged responses stands beside the score."
)
display.table(method.flags_table(), key="flags", alt="Health flags and what raises them", height="content")

st.header("Where the figures come from")
st.markdown(method.FIGURES)

st.header("Two statements that the table does not bear out")
st.markdown(method.ANNOUNCEMENT)
human = next((board for board in queries.boards(store) if board.protocol.judge == "human"), None)
if human is None:
    st.info("No human-judged board is loaded, so there is nothing to compare the announcement with.")
else:
    metric = METRICS["safe"]
    figures = leaderboard.key_figures(store, leaderboard.leaderboard(store, Filters(board=human.id), metric), metric)
    st.markdown(
        f"- announced: 13 of 15 below 50 %; the loaded counts: **{figures.below_half} of {figures.rated}**\n"
        f"- announced: median 23.65 %; the loaded counts: **{percent(figures.median, 2)}**"
    )

st.header("Labels")
st.markdown(method.LABELS)
agreement = reader_agreement(read_annotators(store.data_dir / "sources" / "annotators.csv"))
display.table(
    method.agreement_table(agreement),
    key="agreement",
    alt="Agreement of the two readers",
    height="content",
    columns={"Cohen's kappa": st.column_config.NumberColumn(format="%.2f")},
)

st.header("Licences and citation")
st.markdown(method.LICENCES)
st.code(method.CITATION, language="bibtex", wrap_lines=True)
page.footer(store)
