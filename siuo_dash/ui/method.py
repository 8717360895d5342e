"""The method page: how the figures come about, and where everything is from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pandas as pd
import streamlit as st

from siuo_dash.analysis import board_list, leaderboard, queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.labelling import least_differing, reader_agreement, subcategory_counts
from siuo_dash.benchmark.schema import BENCHMARK, FLAGS, HUMAN, METRICS
from siuo_dash.benchmark.text import slug
from siuo_dash.report import method as report
from siuo_dash.report.methods import METHODS
from siuo_dash.settings.paths import SHIPPED
from siuo_dash.sources.published import read_labelling
from siuo_dash.store.engine.database import Store
from siuo_dash.text import percent
from siuo_dash.ui import display, frame, page
from siuo_dash.ui.display import plain


@dataclass(frozen=True)
class _Figures:
    """What the page says of the loaded data; announced: below 50%, of how many, the median in words."""

    domains: pd.DataFrame
    announced: tuple[int, int, str] | None
    agreement: pd.DataFrame
    counts: pd.DataFrame
    counted: str
    uncertain: pd.DataFrame
    uncertainty: str


@page.kept(2)
def _figures(store: Store) -> _Figures:
    own = store.data_dir / "sources"  # a restored directory has none, nor one that holds only what is served
    samples, labelling = queries.samples_of(store), read_labelling(own if own.is_dir() else SHIPPED / own.name)
    counts = subcategory_counts(samples, labelling.published)
    human = next(
        (board for board in board_list.boards(store) if (board.protocol.judge, board.sample_set) == (HUMAN, BENCHMARK)),
        None,
    )
    announced, metric = None, METRICS["safe"]
    if human is not None:
        ranked = leaderboard.leaderboard(store, Filters(board=human.id), metric)
        found = leaderboard.key_figures(store, ranked, metric)
        announced = (found.below_half, found.rated, percent(found.median, 2))
    return _Figures(
        report.domains_table(samples),
        announced,
        report.agreement_table(reader_agreement(labelling.annotators)),
        report.counts_table(counts),
        report.counts_words(counts, least_differing(counts)),
        report.uncertain_table(labelling.labels),
        report.uncertain_words(labelling.labels),
    )


def show(store: Store) -> None:
    """All sections, in the order in which they are read."""
    figures = _figures(store)
    contents = " · ".join(f"[{title}](#{slug(title)})" for title in report.CONTENTS)
    frame.answer(report.ANSWER, contents)
    _section("What SIUO measures", report.MEASURES)
    left, right = st.container(key="beside-metrics").columns([4, 7])
    with left:
        display.table(figures.domains, key="domains", alt="Domains with their samples")
    with right:
        tasks = {"mcqa": "multiple choice"}
        metrics = [(metric.label, tasks.get(metric.task, metric.task), metric.help) for metric in METRICS.values()]
        shown = pd.DataFrame(metrics, columns=["Metric", "Task", "What it is"])
        display.table(shown, key="metrics", alt="The four metrics")
    _section("Boards", report.BOARDS)
    _section("Scoring", report.SCORING)
    _section("Statistics", "Each method with its formula, its source and an example that is recomputed by the tests.")
    for name, words in _methods().items():
        st.expander(name).markdown(words)
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
    if figures.announced is None:
        st.info("No human-judged board is loaded, so there is nothing to compare the announcement with.")
    else:
        below, rated, median = figures.announced
        st.markdown(
            f"- announced: 13 of 15 below 50%; the loaded counts: **{below} of {rated}**\n"
            f"- announced: median 23.65%; the loaded counts: **{median}**"
        )
    _labels(figures)
    _section("Licences and citation", report.LICENCES)
    st.code(report.CITATION, language="bibtex", wrap_lines=True)


@cache
def _methods() -> dict[str, str]:
    """{method: what is said of it}."""
    return {
        method.name: f"{method.used_for}\n\n$${method.formula}$$\n\n**Example.** {plain(method.example)}\n\n"
        f":gray[Source: {plain(method.source)}]"
        for method in METHODS
    }


def _labels(figures: _Figures) -> None:
    """The readers' agreement, our counts of subcategories beside the benchmark's, and which labels are uncertain."""
    _section("Labels", report.LABELS)
    kappa = {"Kappa": st.column_config.NumberColumn(format="%.2f")}
    display.table(figures.agreement, key="agreement", alt="Agreement of the readers", columns=kappa)
    st.markdown(figures.counted)
    left, right = st.container(key="beside-uncertain").columns([6, 5])
    with left:
        alt = "Samples in each subcategory, by our labels and by the benchmark's own count"
        display.table(figures.counts, key="subcategories", alt=alt, most_pixels=470)
    with right:
        st.markdown(figures.uncertainty)
        alt = "Samples whose subcategory is uncertain"
        display.table(figures.uncertain, key="uncertain", alt=alt, most_pixels=370)


def _section(title: str, text: str) -> None:
    st.header(title, anchor=slug(title))
    st.markdown(text)
