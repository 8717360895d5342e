"""What the selected runs answered to a sample: their responses side by side, verdicts, and the judge's reasoning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import samples
from siuo_dash.benchmark.catalogue import Sample
from siuo_dash.sources.example import invented
from siuo_dash.sources.responses import fetchable, with_words
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import responses as responses_of
from siuo_dash.ui import address, controls, identity, page, responses
from siuo_dash.ui.display import plain

_BESIDE: Final = 3
_JUDGED: Final = ("safe", "effective")


@dataclass(frozen=True)
class Answer:
    """One run's answer to a sample in one task: its row of verdicts, and its responses."""

    row: Mapping[str, Any]
    given: Sequence[Mapping[str, Any]]

    @property
    def judged(self) -> list[str]:
        """What the run's responses were judged for."""
        return [question for question in _JUDGED if self.row[f"{question}_n"] > 0]


def show(store: Store, sample: Sample, runs: Mapping[str, str], switches: Any) -> None:
    """The answers of the runs, {run_id: short name}. switches: where the ways to see them are offered, if any is."""
    answers = {run_id: _answers(store, sample, run_id) for run_id in runs}
    texts = [one for each in answers.values() for answer in each for one in answer.given]
    how = _how(texts, switches)
    ids = list(runs)
    for some in [ids[start : start + _BESIDE] for start in range(0, len(ids), _BESIDE)]:
        columns = st.columns(len(some)) if len(ids) > 1 else [st.container()]
        for column, run_id in zip(columns, some, strict=False):
            with column:
                _of_run(store, sample, run_id, runs[run_id], answers[run_id], how)
    is_known = store.catalogue.by_id.get(sample.question_id) is sample  # the examples are for the benchmark's own
    if is_known and not any(one["text"] for one in texts) and (example := invented(sample.question_id)):
        _example(sample, example)


@dataclass(frozen=True)
class How:
    """How responses are shown: formatted, and with the judge's reasoning."""

    formatted: bool
    reasoning: bool


def _how(texts: Sequence[Mapping[str, Any]], switches: Any) -> How:
    formatted = reasoning = False
    for name in ("formatted", "judge_words"):  # a link says it also for words that are fetched later
        address.keep(name)
    with switches:
        if any(one["text"] for one in texts):
            help = "Headings, lists, bold and code as such; links, pictures and HTML stay text"
            formatted = controls.switch("Formatted", name="formatted", help=help)
        if any(one[f"{name}_judgement"] for one in texts for name in ("safety", "effectiveness")):
            reasoning = controls.switch("Judge's reasoning", name="judge_words")
    return How(formatted, reasoning)


def _answers(store: Store, sample: Sample, run_id: str) -> list[Answer]:
    found = []
    for row in _verdicts_of(store, store.version, run_id).get(sample.question_id, []):
        given = _responses(store, store.version, run_id, sample.question_id, row["task"])
        if row["task"] == "generation":
            given = with_words(store.data_dir, run_id, sample.question_id, given)
        found.append(Answer(row, given))
    return found


@lru_cache(maxsize=64)
def _verdicts_of(store: Store, _version: str, run_id: str) -> dict[int, list[dict[str, Any]]]:
    """{question_id: the run's rows of verdicts, one a task}: from one sample to the next nothing is asked again."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in samples.verdicts_of_runs(store, [run_id]).to_dict("records"):
        found.setdefault(int(row["question_id"]), []).append({str(name): value for name, value in row.items()})
    return found


@lru_cache(maxsize=64)
def _responses(store: Store, _version: str, run_id: str, question_id: int, task: str) -> list[dict[str, Any]]:
    return responses_of(store, run_id, question_id, task)


def _of_run(store: Store, sample: Sample, run_id: str, name: str, answers: Sequence[Answer], how: How) -> None:
    """What one run answered to the sample, and its verdicts on it."""
    can_fetch = not identity.settings().hosted and fetchable(store.data_dir, run_id)
    absent = "not downloaded yet" if can_fetch else "not published"
    for place, answer in enumerate(answers or [None]):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.markdown(f"**{plain(name)}**", width="content")
            if answer is None:
                st.caption("no verdict on this sample", width="content")
            else:
                _verdicts(sample, answer)
            if place == 0:
                page.link("run", "Open run", {"run": run_id})
        several = answer is not None and len(answer.given) > 1
        for number, one in enumerate(answer.given if answer else (), start=1):
            if several:
                responses.heading(number, one, answer.judged if answer else ())
            responses.response(one, formatted=how.formatted, absent=absent)
            if how.reasoning:
                responses.judgements(one)


def _verdicts(sample: Sample, answer: Answer) -> None:
    row = answer.row
    if row["task"] == "mcqa":
        responses.verdict_badges({"correct": row["correct"]})
        option = "no option could be read" if pd.isna(row["answer"]) else f"answered {row['answer']}"
        st.caption(plain(f"multiple choice: {option}; the key is {sample.correct_option}"), width="content")
        return
    responses.verdict_badges({question: row[question] for question in answer.judged}, row["flags"])
    if len(answer.given) == 1 and answer.given[0]["chars"] is not None:
        st.caption(f"{answer.given[0]['chars']:,} characters", width="content")


def _example(sample: Sample, given: Sequence[Mapping[str, Any]]) -> None:
    """The invented example, when it is asked for: what this page shows where responses are published."""
    help = "Responses and verdicts made up by us, to show the page. They are of no model and are never ranked."
    if not st.toggle("Show an invented example", key="example", help=help):
        return
    with st.container(border=True, key="invented"):
        st.markdown(":orange-badge[:material/science: Invented example] Made up by us; of no model, never ranked.")
        for place, one in enumerate(given, start=1):
            responses.heading(place, one, _JUDGED)
            responses.response(one)
            responses.judgements(one)
