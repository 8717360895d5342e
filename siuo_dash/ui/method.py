"""The method page: how the figures come about, and where everything is from."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from siuo_dash.analysis import board_list, leaderboard, queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.labelling import least_differing, reader_agreement, subcategory_counts
from siuo_dash.benchmark.schema import FLAGS, METRICS
from siuo_dash.benchmark.text import slug
from siuo_dash.report import method as report
from siuo_dash.report.methods import METHODS
from siuo_dash.settings.paths import placed
from siuo_dash.sources.published import read_labelling
from siuo_dash.store.engine.database import Store
from siuo_dash.text import percent
from siuo_dash.ui import display, frame
from siuo_dash.ui.display import plain


def show(store: Store) -> None:
    """All sections, in the order in which they are read."""
    contents = " · ".join(f"[{title}](#{slug(title)})" for title in report.CONTENTS)
    frame.answer(report.ANSWER, contents)
    _section("What SIUO measures", report.MEASURES)
    left, right = st.columns(2)
    with left:
        domains = report.domains_table(queries.SAMPLES.run(store))
        display.table(domains, key="domains", alt="Domains with their samples")
    with right:
        metrics = [(metric.label, metric.task, metric.help) for metric in METRICS.values()]
        shown = pd.DataFrame(metrics, columns=["Metric", "Task", "What it is"])
        display.table(shown, key="metrics", alt="The four metrics")
    _section("Boards", report.BOARDS)
    _section("Scoring", report.SCORING)
    _section("Statistics", "Each method with its formula, its source and an example that is recomputed by the tests.")
    for method in METHODS:
        with st.expander(method.name):
            st.markdown(method.used_for)
            st.latex(method.formula)
            st.markdown(f"**Example.** {plain(method.example)}")
            st.caption(f"Source: {plain(method.source)}")
    _section(
        "Health flags",
        "Every response and verdict is examined. A flag changes no score: it is counted on the leaderboard, on the "
        "run's page and at upload, where the score without the flagged responses is shown beside the score.",
    )
    flags = [(flag.label, flag.of, flag.help) for flag in FLAGS.values()]
    shown = pd.DataFrame(flags, columns=["Flag", "Applies to", "Raised when"])
    display.table(shown, key="flags", alt="Health flags and what raises them")
    _section("Where the figures come from", report.FIGURES)
    _section("Two published claims the data do not support", report.ANNOUNCEMENT)
    _announcement(store)
    _labels(store)
    _section("Licences and citation", report.LICENCES)
    st.code(report.CITATION, language="bibtex", wrap_lines=True)


def _labels(store: Store) -> None:
    """The readers' agreement, our counts of subcategories beside the benchmark's, and which labels are uncertain."""
    _section("Labels", report.LABELS)
    labelling = read_labelling(placed(store.data_dir / "sources"))
    display.table(
        report.agreement_table(reader_agreement(labelling.annotators)),
        key="agreement",
        alt="Agreement of the readers",
        columns={"Kappa": st.column_config.NumberColumn(format="%.2f")},
    )
    counts = subcategory_counts(queries.SAMPLES.run(store), labelling.published)
    st.markdown(report.counts_words(counts, least_differing(counts)))
    left, right = st.columns([6, 5])
    with left:
        alt = "Samples in each subcategory, by our labels and by the benchmark's own count"
        display.table(report.counts_table(counts), key="subcategories", alt=alt, most_pixels=470)
    with right:
        st.markdown(report.uncertain_words(labelling.labels))
        alt = "Samples whose subcategory is uncertain"
        display.table(report.uncertain_table(labelling.labels), key="uncertain", alt=alt, most_pixels=370)


def _section(title: str, text: str) -> None:
    st.header(title, anchor=slug(title))
    st.markdown(text)


def _announcement(store: Store) -> None:
    """What the benchmark's announcement says of the human-judged board, beside what its counts say."""
    human = next((board for board in board_list.boards(store) if board.protocol.judge == "human"), None)
    if human is None:
        st.info("No human-judged board is loaded, so there is nothing to compare the announcement with.")
        return
    metric = METRICS["safe"]
    figures = leaderboard.key_figures(store, leaderboard.leaderboard(store, Filters(board=human.id), metric), metric)
    st.markdown(
        f"- announced: 13 of 15 below 50%; the loaded counts: **{figures.below_half} of {figures.rated}**\n"
        f"- announced: median 23.65%; the loaded counts: **{percent(figures.median, 2)}**"
    )
