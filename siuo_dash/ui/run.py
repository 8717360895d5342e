"""The run page: one run whole, its score large, its weakest domain, what it fails; facts, health, agreement below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import board_list, bounded, leaderboard, queries, runs
from siuo_dash.analysis.baseline import gains
from siuo_dash.analysis.filters import of_runs
from siuo_dash.analysis.texts import records
from siuo_dash.benchmark.schema import MCQA_CHANCE, METRICS
from siuo_dash.benchmark.text import slug
from siuo_dash.charts.colours import METRIC_COLOURS
from siuo_dash.report import runs as report
from siuo_dash.report.boards import caveat
from siuo_dash.report.citations import badge_markdown
from siuo_dash.report.export import Table
from siuo_dash.report.leaderboard_words import gain_sentence
from siuo_dash.report.rows import domain_rows, sample_rows
from siuo_dash.report.samples import flag_words
from siuo_dash.sources.responses import with_words
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import run_parquet
from siuo_dash.text import counted
from siuo_dash.ui import (
    address,
    background,
    controls,
    display,
    frame,
    identity,
    page,
    rows,
    run_choice,
    run_parts,
    withdrawal,
)
from siuo_dash.ui.display import plain
from siuo_dash.ui.run_parts import Figures, Shown

_MOST_OPTIONS: Final = 500
_STYLE: Final = """<style>
.figures { display: flex; flex-wrap: wrap; gap: 0.4rem 2.4rem; align-items: flex-end; line-height: 1.25; }
.figures small { display: block; font-size: 0.8rem; opacity: 0.8; }
.facts { display: grid; grid-template-columns: 9rem 1fr; gap: 0.35rem 0.8rem; margin: 0; font-size: 0.93rem; }
.facts dt { opacity: 0.8; } .facts dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.figures b { font-size: 1.35rem; } .figures div:first-child b { font-size: 2.1rem; }
</style>"""


def arrive(store: Store, labels: Mapping[str, str]) -> pd.Series[Any] | None:
    """The run to be shown, to be asked before any widget: `run` (a label or run_id), the first selected, the best.

    None where there is no run.
    """
    if not address.chosen("run") and (selected := run_choice.runs_chosen(labels)):
        address.choose("run", selected[:1])
    asked = run_choice.runs_chosen(labels, "run")
    run_id = asked[0] if asked else _default(store)
    return _row(store, store.version, run_id) if run_id else None


@lru_cache(maxsize=64)
def _row(store: Store, _version: str, run_id: str) -> pd.Series[Any]:
    return queries.find_run(store, run_id)


@page.kept(4)
def _default(store: Store) -> str:
    return runs.first_to_show(store)


def choose(store: Store, labels: dict[str, str], row: pd.Series[Any]) -> Shown:
    """The run and the metric chooser. labels: {run_id: what people read} of all runs."""
    run_id = str(row["run_id"])
    options = list(labels)
    if len(options) > _MOST_OPTIONS:
        part = controls.find("Find a run", name="run_name", width=150).lower()
        options = [each for each in options if part in labels[each].lower()][:_MOST_OPTIONS]
    offered = {each: labels[each] for each in dict.fromkeys([*options, run_id])}
    aliases = {text: each for each, text in labels.items()}
    how: dict[str, Any] = {"width": 250, "label_visibility": "collapsed"}
    controls.choose_from("Run", offered, key="run", default=_default(store), aliases=aliases, **how)
    board = board_list.find_board(store, str(row["board"]))
    judged = runs.metrics_of(row)
    metric = controls.choose_metric(store, board) if len(judged) > 1 or not judged else judged[0]
    return Shown(store, row, labels[run_id], board, metric)


def show(shown: Shown) -> None:
    """What became of the last click, and the chosen run."""
    withdrawal.news(shown.store)
    run, metric = shown.row, shown.metric
    page.tab(f"{run['model']}")
    st.html(_STYLE)
    found = _figures(shown.store, shown.run_id, metric.id)
    places = _with_ranges(shown, found.places)
    frame.answer(plain(report.summary_line(run, shown.board.label)), plain(caveat(shown.store, shown.board, metric)))
    _tools(shown, found, places)
    rest = found.left.get(metric.id)
    figures = report.score_figures(run, metric, places.get(metric.id), found.profile, found.flagged, rest)
    st.html(report.figures_html(figures))
    if others := report.other_metrics(run, metric):
        st.caption(plain(others))
    for gain in found.gains:
        st.markdown(plain(gain_sentence(gain, metric)))
    if not shown.per_sample:
        by_domain = run["evidence"] == "domain_totals"
        st.info(report.DOMAIN_TOTALS_WORDS if by_domain else report.TOTALS_WORDS, icon=":material/info:")
    if metric.id not in places:
        st.info(f"{metric.label} is not judged for this run.", icon=":material/info:")
    elif shown.per_sample:
        left, right = st.container(key="beside-failures").columns([9, 11], gap="medium")
        with left:
            _domains(shown, found.profile)
        with right:
            _failures(shown, found)
    elif not found.profile.empty and int(found.profile["n"].sum()):
        _domains(shown, found.profile)
    run_parts.show(shown, found)


@page.kept(64)
def _figures(store: Store, run_id: str, metric_id: str) -> Figures:
    run, metric = queries.find_run(store, run_id), METRICS[metric_id]
    labels = leaderboard.run_labels(store)
    per_sample = run["evidence"] == "per_sample"
    failed = runs.failures(store, run, metric) if per_sample else pd.DataFrame()
    gained = gains(store, of_runs([run_id]), metric).to_dict("records")
    return Figures(
        places={known.id: report.Place(*runs.place(store, run, known)) for known in runs.metrics_of(run)},
        left=runs.without_flagged(store, run),
        flags=runs.flag_counts(store, run),
        flagged=runs.flagged_samples(store, run),
        profile=runs.domain_profile(store, run, metric),
        failed=failed,
        failed_rows=sample_rows(failed, metric, counts=("others_right", "others_graded")) if per_sample else [],
        gains=[{**gain, "base_label": labels[gain["base_run_id"]]} for gain in gained],
    )


def _with_ranges(shown: Shown, places: Mapping[str, report.Place]) -> dict[str, report.Place]:
    """The places, that by the metric with its rank range once it is there: a bootstrap, in the background."""
    found, metric = dict(places), shown.metric
    place = found.get(metric.id)
    if place is None or place.rank is None:
        return found
    board = runs.board_of(shown.row, metric)
    most = bounded.most_runs(shown.store, board)
    also = shown.run_id if place.ranked > most else ""  # else the board's ranges, which are there for all pages
    drawn = background.rank_ranges(shown.store, board, metric, also=also)
    ranges = background.when_ready(drawn, "Computing rank ranges…")
    found[metric.id] = report.with_range(place, ranges, shown.run_id, most)
    return found


def _tools(shown: Shown, found: Figures, places: Mapping[str, report.Place]) -> None:
    """Compare, the scores as a table, and the run's files, made when they are asked for."""
    store, run, metric, name = shown.store, shown.row, shown.metric, slug(shown.run_id)

    def failures() -> bytes:
        failed = found.failed["question_id"].tolist()
        words = partial(with_words, store.data_dir)
        return display.json_lines(records(store, [shown.run_id], failed, task=metric.task, words=words))

    rivals = [shown.run_id, *(str(gain["base_run_id"]) for gain in found.gains)]
    with frame.tools():
        page.link("compare", "Compare with base" if found.gains else "Compare", {"runs": rivals, "board": run["board"]})
        display.exports(lambda: report.scores_export(run, places, found.left, shown.provenance), key="scores")
        with display.icon_menu("Download the run", "save", key="icon-files"):
            st.caption("The run as it was published, every response included. It can be uploaded elsewhere.")
            parquet, options = lambda: run_parquet(store, shown.run_id), {"icon": None, "width": "stretch"}
            display.download("Run (Parquet)", parquet, f"{name}.parquet", key="download-run", **options)
            if shown.per_sample and metric.id in places:
                st.caption(f"Failed samples ({metric.label}), with responses and the judge's reasoning.")
                file = f"{name}-failures-{metric.id.replace('_', '-')}.jsonl"
                display.download("Failures (JSONL)", failures, file, key="download-failures", **options)
            if (site := identity.site()) and metric.id in places:
                st.caption("A badge with rate and rank, for the model's card.")
                st.code(badge_markdown(site, shown.run_id, metric.id), language="markdown")


def _domains(shown: Shown, profile: pd.DataFrame) -> None:
    """The rate in each domain; a row opens what the run fails there."""
    metric = shown.metric
    leads = "; a row opens the failed samples" if shown.per_sample else ""
    leads += f"; chance is {100 * MCQA_CHANCE:.0f}%" if metric.task == "mcqa" else ""
    _heading(
        f"{metric.label} by domain{leads}",
        lambda: shown.table("domains", f"{shown.label} by domain", profile),
        "profile",
    )
    query = shown.failures()
    rows.show(
        domain_rows(profile),
        lambda domain: page.go_later("samples", {**query, "domain": domain}),
        key="domains",
        label=f"{metric.label} in {len(profile)} domains{leads}",
        page="samples" if shown.per_sample else "",
        query=query,
        name="domain",
        colour=METRIC_COLOURS[metric.id],
    )


def _failures(shown: Shown, found: Figures) -> None:
    """What the run fails; a row opens the sample, where next leads on in this order."""
    failed, metric, query = found.failed, shown.metric, shown.failures()
    if failed.empty:
        st.info("No failures.", icon=":material/check:")
        return

    def data() -> Table:
        with_flags = failed.assign(flags=failed["flags"].map(flag_words))
        return shown.table("failures", f"Samples that {shown.label} fails", with_flags)

    _heading(f"{counted(len(failed), 'failed sample')}, first those that most other runs pass", data, "failures")
    rows.show(
        found.failed_rows,
        lambda sample: page.go_later("samples", {**query, "sample": sample}),
        key="failed",
        label=f"{counted(len(failed), 'failed sample')} by {metric.label}; a row opens the sample",
        page="samples",
        query=query,
        name="sample",
    )
    st.caption(report.own_failures_words(failed))


def _heading(words: str, data: Callable[[], Table], key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(words)}**", width="stretch")
        display.exports(data, key=key)
