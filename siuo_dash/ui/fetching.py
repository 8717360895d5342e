"""Local mode: a button that brings the benchmark's own text and pictures and the shipped runs' responses."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Final

import streamlit as st

from siuo_dash.errors import Finding, SiuoError
from siuo_dash.sources import responses
from siuo_dash.sources.benchmark_fetch import Report, Sources, Step, fetch_benchmark
from siuo_dash.sources.benchmark_text import BenchmarkText
from siuo_dash.store.engine.database import Store
from siuo_dash.text import counted
from siuo_dash.ui import identity
from siuo_dash.ui.display import plain

_MOST_FINDINGS: Final = 8
_WORDS: Final = (
    "The benchmark's questions and pictures (CC BY-NC 4.0) and the responses of the shipped runs are not part of this "
    "project. This downloads them from their public sources, about 100 MB, to this machine. On the command line: "
    "`python -m siuo_dash fetch-benchmark` and `python -m siuo_dash fetch-responses`."
)


@dataclass
class _Fetch:
    """A fetch under way or done, one for all pages: how far it is, and what it came to."""

    step: Step | None = None
    report: Report = field(default_factory=Report)
    thread: Thread | None = None

    @property
    def at_work(self) -> bool:
        return self.thread is not None and self.thread.is_alive()

    def start(self, data_dir: Path) -> None:
        """Begin, unless one is under way."""
        if not self.at_work:
            self.step, self.report = None, Report()
            # It goes on from where it was another time, so the server's end does not wait for it.
            self.thread = Thread(target=self._fetch, args=(data_dir,), name="siuo-fetch", daemon=True)
            self.thread.start()

    def _fetch(self, data_dir: Path) -> None:
        def show(step: Step) -> None:
            self.step = step

        texts = partial(fetch_benchmark, data_dir, Sources.from_environment(os.environ), show)
        words = partial(responses.fetch_responses, data_dir, responses.address_in(os.environ), show)
        for each in (texts, words):
            try:
                found = each()
            except SiuoError as error:
                self.report.findings.append(Finding("error", error.what, error.hint, error.where))
                continue
            self.report.brought += found.brought
            self.report.kept += found.kept
            self.report.findings += found.findings


@st.cache_resource
def _fetch() -> _Fetch:
    return _Fetch()


def offer(store: Store, text: BenchmarkText) -> None:
    """The button while something can be fetched, the progress of a fetch, and what it came to. Nothing when hosted."""
    if identity.settings().hosted:
        return
    fetch = _fetch()
    if fetch.at_work:
        _progress(fetch)
    elif fetch.thread is not None:
        _outcome(fetch)
    broken_off = fetch.thread is not None and not fetch.report.complete
    if not fetch.at_work and (broken_off or not text.samples or responses.lacking(store.data_dir)):
        with st.popover("Fetch questions, pictures and responses", icon=":material/download:", key="fetching"):
            st.markdown(_WORDS)
            label = "Fetch them" if fetch.thread is None else "Go on fetching"
            st.button(label, key="fetch", on_click=fetch.start, args=(store.data_dir,), icon=":material/download:")


@st.fragment(run_every=0.5)
def _progress(fetch: _Fetch) -> None:
    if not fetch.at_work:
        st.rerun()
    step = fetch.step
    if step is None:
        st.progress(0.0, "Fetching …")
        return
    kilobytes = f", {step.received // 1024:,} kB" if step.received else ""
    words = f"Fetching {step.name or '…'} ({step.done:,} of {counted(step.files, 'file')}{kilobytes})"
    st.progress(step.done / max(1, step.files), plain(words))


def _outcome(fetch: _Fetch) -> None:
    report = fetch.report
    words = f"{counted(len(report.brought), 'file')} fetched, {len(report.kept):,} were there already."
    if report.complete:
        st.success(words, icon=":material/check_circle:")
        return
    errors = [finding for finding in report.findings if finding.severity == "error"]
    lines = [words, *(f"- {finding}" for finding in errors[:_MOST_FINDINGS])]
    if len(errors) > _MOST_FINDINGS:
        lines.append(f"- … and {len(errors) - _MOST_FINDINGS} more")
    st.warning("\n".join(map(plain, lines)), icon=":material/cloud_off:")
