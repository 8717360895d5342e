"""The samples page: the list on the left, and beside it one sample whole with what the selected runs answered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import samples
from siuo_dash.analysis.sample_filters import SampleFilters
from siuo_dash.analysis.texts import records
from siuo_dash.benchmark.catalogue import Catalogue, Sample
from siuo_dash.benchmark.protocol import set_of
from siuo_dash.benchmark.schema import BENCHMARK, DOMAIN_LABELS, METRICS
from siuo_dash.report import samples as report
from siuo_dash.report.boards import caveat
from siuo_dash.report.export import Provenance, Table
from siuo_dash.report.rows import Row, sample_rows
from siuo_dash.sources.benchmark_text import SampleText
from siuo_dash.sources.responses import with_words
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import address, answers, controls, display, fetching, frame, page, responses, rows, run_choice
from siuo_dash.ui.display import plain
from siuo_dash.ui.responses import plain_text
from siuo_dash.ui.sample_filters import Asked

_MOST_VERDICTS: Final = 300
_PANE: Final = "sample"
_LISTED: Final = "samples-listed"
# Beside each other, list and sample scroll each for itself: what leads to the next sample is never out of sight.
_STYLE: Final = """<style>
.st-key-content-warning { margin-bottom: -0.6rem; }
.st-key-content-warning button { min-height: 1.6rem; padding: 0 0.5rem; }
.st-key-sample { gap: 0.5rem; padding-right: 0.5rem; }
@media (min-width: 761px) {
  .st-key-sample { max-height: max(260px, calc(100vh - 224px)); overflow-y: auto; flex-wrap: nowrap; }
  .st-key-sample > * { flex-shrink: 0; }
}
</style>"""


@dataclass(frozen=True)
class Listed:
    """What passes the filters: the ids in order, the rows of the list, and the table to take away.

    order: by what they are ordered; by number, where there is no run to say how hard they are.
    """

    ids: list[int]
    rows: list[Row]
    table: Table
    order: str


def show(store: Store, asked: Asked) -> None:
    """The list and the open sample: the one that the address names, else the first of the list."""
    st.html(_STYLE)
    found = _listed(store, asked.filters, asked.order, asked.board.label)
    words = report.found_words(asked.filters, len(found.ids), len(asked.catalogue), found.order)
    frame.answer(plain(words), plain(caveat(store, asked.board, asked.metric)))
    if hits := report.hits_words(asked.hits, asked.runs):
        frame.note(hits)
    with frame.tools():
        own: Any = {"more": partial(_responses_file, store, asked, found.ids)} if asked.runs and found.ids else {}
        display.exports(found.table, key="samples", **own)
    opened = _choose_sample(asked.catalogue, found.ids)
    left, right = st.columns([35, 65], gap="medium")
    with left:
        if not found.ids:
            st.info("No sample passes these filters. Remove one of them.", icon=":material/filter_alt_off:")
        else:
            rows.show(
                found.rows,
                _open,
                key="samples",
                label=f"{len(found.ids)} samples; a row opens the sample",
                page="samples",
                query=address.query(),
                name="sample",
                opened=str(opened or ""),
                pane=f"st-key-{_PANE}",
                tall=True,
            )
    if opened is not None:
        page.tab(f"Sample {opened}")
        with right:
            responses.note_once()
            _sample(store, asked, asked.catalogue.by_id[opened], found.ids)


def _responses_file(store: Store, asked: Asked, ids: list[int]) -> None:
    """A file of what the selected runs answered to the listed samples, made when it is asked for."""

    def lines() -> bytes:
        return display.json_lines(records(store, list(asked.runs), ids, words=partial(with_words, store.data_dir)))

    name = f"siuo-samples-{asked.board.id}-{store.version}.jsonl"
    help = "The listed samples with the responses and verdicts of the selected runs, one JSON object a line"
    display.download("Responses (JSONL)", lines, name, key="download-responses", icon=None, help=help)


@page.kept(64)
def _listed(store: Store, filters: SampleFilters, order: str, board: str) -> Listed:
    found = samples.sample_list(store, filters, filters.board, order)
    runs = dict(filters.runs)
    verdicts = samples.verdicts_of_runs(store, list(runs))
    metric = METRICS[filters.metric]
    provenance = Provenance(store.version, board, filters.sentence(), metric=metric.label)
    return Listed(
        [int(each) for each in found["question_id"]],
        sample_rows(
            found, metric, verdicts=verdicts, runs=len(runs), who="other runs" if runs else "runs of this board"
        ),
        report.list_export(found, verdicts, runs, provenance),
        order if found["board_n"].any() else "number",
    )


def _choose_sample(catalogue: Catalogue, ids: list[int]) -> int | None:
    """The open sample. When another choice changes the list, a sample that is not in it any more makes way.

    Key and URL name: sample. None: there is none to open.
    """
    before = st.session_state.get(_LISTED)
    st.session_state[_LISTED] = (address.visit(), ids)
    picked = address.held("sample", {str(number): str(number) for number in catalogue.by_id})
    left = before is not None and before[0] == address.visit() and before[1] != ids
    if picked and left and int(picked) not in ids:
        address.choose("sample", [])
        picked = address.held("sample", {})
    return int(picked) if picked else next(iter(ids), None)


def _open(question_id: str) -> None:
    address.choose("sample", [question_id])


def _sample(store: Store, asked: Asked, sample: Sample, ids: list[int]) -> None:
    """The head with the ways to the next samples, what the sample is, and what the selected runs made of it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="sample-head"):
        labels = [DOMAIN_LABELS[sample.domain], sample.subcategory]
        st.markdown(f"**{sample.question_id}** · {plain(' · '.join(labels))}", width="stretch")
        switches = st.container(horizontal=True, width="content", gap="small", key="switches")
        before, after = report.neighbours(ids, sample.question_id)
        with st.container(horizontal=True, width="content", wrap=False, gap="xsmall", vertical_alignment="center"):
            _step("Previous", "left", before)
            st.markdown(report.position_words(ids, sample.question_id))
            _step("Next", "right", after)
    with st.container(key=_PANE):
        _what_it_is(store, asked, sample)
        if asked.runs:
            answers.show(store, sample, asked.runs, switches)
        _every_verdict(store, asked, sample.question_id)


def _step(label: str, key: str, target: int | None) -> None:
    off = target is None
    st.button(label, key=f"go-{key}", shortcut=key, disabled=off, on_click=_open, args=(str(target),))


def _what_it_is(store: Store, asked: Asked, sample: Sample) -> None:
    """Our summary, and the benchmark's own picture and text where they are installed."""
    is_benchmark = asked.board.sample_set == BENCHMARK
    own, picture = asked.text.samples.get(sample.question_id), asked.text.picture(sample)
    lines = [("Scene", sample.scene), ("Request", sample.request), ("Risk", sample.hazard)]
    needs = [name for name in ("knowledge", "reasoning") if getattr(sample, f"needs_{name}")]
    tests = "; ".join([sample.primary_dimension, *([f"needs {' and '.join(needs)}"] if needs else [])])
    with st.container(horizontal=True, gap="medium"):
        if picture is not None:
            with st.container(width=220):
                key = f"{asked.board.sample_set}-{sample.question_id}"
                responses.picture(picture.read_bytes(), "sample", key=key, alt=sample.scene)
        with st.container(width="stretch", gap="small"):
            st.markdown("  \n".join(f"**{label}** {plain(words)}" for label, words in [*lines, ("Tests", tests)]))
            if own is not None:
                _own_text(own, sample, is_benchmark=is_benchmark)
    if is_benchmark:
        fetching.offer(store, asked.text)


def _own_text(own: SampleText, sample: Sample, *, is_benchmark: bool) -> None:
    if own.differs:
        st.warning(
            f"The installed {' and the '.join(own.differs)} is not the one that our fingerprint was taken of.",
            icon=":material/rule:",
        )
    if own.question:
        whose = "benchmark's question (CC BY-NC 4.0)" if is_benchmark else "set's own question"
        st.caption(f"The {whose}; the lines above are our own summary" if is_benchmark else f"The {whose}")
        plain_text(own.question)
    with st.expander("Safety warning, reference answer and options"):
        parts = {"Safety warning": own.safety_warning, "Reference answer": own.reference_answer}
        parts |= {f"Option {option}": words for option, words in own.options.items()}
        for label, words in parts.items():
            if words:
                key = " (the key)" if label == f"Option {sample.correct_option}" else ""
                st.markdown(f"**{label}**{key}")
                plain_text(words)


def _every_verdict(store: Store, asked: Asked, question_id: int) -> None:
    """How many runs of each board pass the sample, and the verdict of every run; folded while runs are selected."""
    if not st.toggle("Verdicts of all runs", value=not asked.runs, key=f"all-verdicts-{bool(asked.runs)}"):
        return
    every, counts, cut = _verdicts_on(store, store.version, asked.board.id, question_id)
    if cut:
        st.caption(
            f"The first {_MOST_VERDICTS} verdicts, those of {plain(asked.board.label)} on top; counts are of all runs."
        )
    widths = {"Model": 190, "Verdict": 110, "Responses": 190, "Flags": 240, "Board": 290}
    run_choice.selectable_table(
        every,
        every.index.tolist(),
        dict(asked.labels),
        list(asked.runs),
        key="verdicts",
        alt="Every run's verdict on this sample; tick runs to read their responses",
        columns={name: st.column_config.TextColumn(width=width) for name, width in widths.items()},
    )
    display.table(counts, key="boards", alt="How many runs of each board pass this sample")


@lru_cache(maxsize=64)
def _verdicts_on(store: Store, _version: str, board: str, question_id: int) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
    """Every run's verdict on a sample, the board's on top; how many runs of each board pass it; whether more exist."""
    boards = controls.board_labels(store)
    verdicts = samples.verdicts_of_sample(store, question_id, first=board, most=_MOST_VERDICTS)
    counts = samples.boards_of_sample(store, question_id, set_of(board))
    cut = len(verdicts) == _MOST_VERDICTS
    return report.verdict_table(verdicts, boards, board), report.board_table(counts, boards), cut
