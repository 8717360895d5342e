"""The run page's widgets: which run, its health with ways to the samples, its downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import runs
from siuo_dash.analysis.records import records
from siuo_dash.benchmark.schema import Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.benchmark.text import slug
from siuo_dash.report import runs as view
from siuo_dash.report.samples import link_params
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import display, page
from siuo_dash.ui.display import plain

MOST_OPTIONS: Final = 500


def arrive(labels: Mapping[str, str]) -> None:
    """Called before any widget: `run` may be a label or a run_id; without it the first chosen run is opened."""
    asked = st.query_params.get("run")
    if asked is not None and asked in labels:
        st.switch_page("pages/inspect/run.py", query_params={"run": labels[asked]})
    known = set(labels.values())
    if asked is not None and asked not in known:
        st.session_state["unknown-run"] = asked
    if asked is None and st.session_state.get("run") is None:
        chosen = [*st.query_params.get_all("runs"), *st.session_state.get("runs", [])]
        if first := next((label for label in chosen if label in known), None):
            st.switch_page("pages/inspect/run.py", query_params={"run": first})


def news() -> None:
    """Says when the run that a link asks for does not exist."""
    if unknown := st.session_state.pop("unknown-run", None):
        words = f"There is no run “{unknown}”; it may have been withdrawn. Another one is shown."
        st.warning(plain(words), icon=":material/search_off:")


def choose_run(labels: Mapping[str, str], default: str | None) -> str:
    """The run chooser; `default` is the run_id where none is asked for. Key and URL name: run; the URL holds the label."""
    options = list(labels)
    if len(options) > MOST_OPTIONS:
        part = st.text_input("Part of its name", key="run_name", bind="query-params", max_chars=100, width=240).lower()
        now = st.session_state.get("run") or st.query_params.get("run")
        options = [each for each in options if part in labels[each].lower()][:MOST_OPTIONS]
        options += [each for each, label in labels.items() if now in (each, label) and each not in options]
    chosen: str = st.selectbox(
        "Run", options, format_func=labels.__getitem__, key="run", bind="query-params", width=520
    )
    return chosen


def downloads(store: Store, run: pd.Series[Any], metric: Metric, parquet: Callable[[Store, str], bytes]) -> None:
    """The run as Parquet, and its failures as JSONL; both are made when they are asked for."""
    name = slug(str(run["run_id"]))
    with st.popover("Download", icon=":material/download:"):
        st.caption("The run as it was published, every response included. It can be uploaded elsewhere.")
        st.download_button(
            "The run (Parquet)",
            lambda: parquet(store, str(run["run_id"])),
            file_name=f"{name}.parquet",
            mime="application/vnd.apache.parquet",
            key="download-run",
            on_click="ignore",
            width="stretch",
        )
        if run["evidence"] == "per_sample" and int(run[f"{metric.id}_n"]):
            st.caption(
                f"The samples it fails by {metric.label}, with responses and judge's words, one JSON object a line."
            )
            st.download_button(
                "Failures only (JSONL)",
                lambda: _jsonl(store, run, metric),
                file_name=f"{name}-failures-{metric.id.replace('_', '-')}.jsonl",
                mime="application/jsonl",
                key="download-failures",
                on_click="ignore",
                width="stretch",
            )


def health(store: Store, run: pd.Series[Any], label: str, board: str, left: Mapping[str, Tally]) -> None:
    """The run's flags by kind, each with a way to its samples, and the score without them."""
    if run["evidence"] == "totals":
        st.markdown("Not examined: the responses were not published.")
        return
    counts = runs.flag_counts(store, run)
    if not counts:
        st.markdown("No flag: nothing is wrong with its responses and verdicts as far as the checks can see.")
        return
    table = view.health_table(counts, max(int(run["generation_samples"]), int(run["mcqa_samples"])))
    for row in table.itertuples(index=False):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{row.Flag}**: {row.Samples} samples ({row.Share})", help=row[4])
            page.link("samples", "Show them", link_params([label], flags=[row.flag], board=board))
    display.table(
        view.unflagged_table(run, left),
        key="unflagged",
        alt="The scores, and the scores without the flagged responses",
        height="content",
    )


def facts(run: pd.Series[Any], board: str) -> None:
    """What is known of the run; what somebody wrote about it stands as plain text."""
    for name, value in view.facts(run, board):
        with st.container(horizontal=True, gap="small", wrap=False):
            with st.container(width=130):
                st.caption(name)
            st.text(value, width="stretch")


def _jsonl(store: Store, run: pd.Series[Any], metric: Metric) -> bytes:
    failed = runs.failures(store, run, metric)["question_id"].tolist()
    return lines(records(store, [str(run["run_id"])], failed, task=metric.task))


def lines(found: Iterable[str]) -> bytes:
    """JSON objects as a file of lines."""
    return "".join(f"{line}\n" for line in found).encode()
