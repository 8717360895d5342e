"""The samples page: filters, the list, and one sample whole with what each chosen run answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import queries, samples
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.analysis.texts import records
from siuo_dash.benchmark.catalogue import Sample
from siuo_dash.benchmark.schema import DOMAIN_LABELS
from siuo_dash.report import samples as report
from siuo_dash.report.export import Provenance
from siuo_dash.sources.benchmark_text import BenchmarkText, SampleText
from siuo_dash.sources.responses import with_words
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import responses as responses_of
from siuo_dash.ui import address, controls, display, fetching, page, responses
from siuo_dash.ui.display import plain, row_key
from siuo_dash.ui.responses import plain_text
from siuo_dash.ui.sample_filters import benchmark_text, choose_filters

_MOST_VERDICTS: Final = 300
_OPENED: Final = "opened"
"""Counts the samples that were opened: a table that led to one is mounted without its selection when it is back."""


def show(store: Store, board: queries.Board) -> None:
    """The samples that pass the filters, or the open one."""
    labels = run_labels(store)
    per_sample = Filters(board=board.id, evidence=("per_sample",)).where()
    offered = queries.run_ids(store, per_sample, "model, board, submitted_at, run_id", controls.MOST_RUN_OPTIONS)
    chosen = controls.choose_runs(offered, labels)
    if len(chosen) > report.MOST_RUNS:
        st.caption(f"The first {report.MOST_RUNS} of {len(chosen)} chosen runs are shown.")
    runs = {run_id: labels[run_id] for run_id in chosen[: report.MOST_RUNS]}
    if totals := samples.totals_among(store, list(runs)):
        names = ", ".join(labels[run_id] for run_id in runs if run_id in totals)
        st.caption(plain(f"Known by totals only, so nothing is known sample by sample: {names}."))
    text = benchmark_text(store)
    fetching.offer(store, text)
    wanted, order, hits = choose_filters(store, runs, text)
    found = samples.sample_list(store, wanted, board.id, order)
    st.markdown(f"**{plain(wanted.sentence())}** {len(found)} of {len(store.catalogue)} samples.")
    if words := report.hits_words(hits, runs):
        st.caption(plain(words))
    opened = _choose_sample(list(store.catalogue.by_id), found["question_id"].tolist())
    if opened is not None:
        _sample(store, store.catalogue.by_id[opened], text, runs)
        _every_verdict(store, opened, board, labels, chosen)
    elif found.empty:
        st.info("No sample passes these filters. Reset them, or take one away.", icon=":material/filter_alt_off:")
    else:
        _list(store, found, board, runs, wanted.sentence())


def _choose_sample(all_ids: Sequence[int], listed: Sequence[int]) -> int | None:
    """The open sample, or None for the list; with previous and next among `listed`. Key and URL name: sample."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        options = {"": "", **{str(number): str(number) for number in all_ids}}
        picked = controls.choose_from("Sample", options, key="sample", placeholder="Open by number", width=170)
        sample = int(picked) if picked else None
        if sample is not None:
            before, after = report.neighbours(listed, sample)
            with st.container(horizontal=True, width="content", wrap=False, gap="small"):
                for label, key, target in (("Previous", "left", before), ("Next", "right", after)):
                    off = target is None
                    st.button(label, key=f"go-{key}", shortcut=key, disabled=off, on_click=_open, args=(target,))
            st.button("Back to the list", key="close", icon=":material/list:", on_click=_open, args=(None,))
        elif listed:
            first = "Open the first" if len(listed) > 1 else "Open it"
            st.button(first, key="go-first", icon=":material/start:", on_click=_open, args=(listed[0],))
    if sample is not None:
        st.caption(report.position_words(listed, sample))
    return sample


def _open(question_id: int | None) -> None:
    """For callbacks: open a sample, or the list (None)."""
    address.choose("sample", [] if question_id is None else [str(question_id)])
    st.session_state[_OPENED] = st.session_state.get(_OPENED, 0) + 1


def _list(store: Store, found: pd.DataFrame, board: queries.Board, runs: Mapping[str, str], filters: str) -> None:
    """The samples in a table, a row of which opens one, and its downloads. filters: what was asked for, in words."""
    passing = samples.difficulty_metric(board.id).label
    verdicts = samples.verdicts_of_runs(store, list(runs))
    shown = report.list_table(found, verdicts, runs, passing)
    ids = shown["Sample"].tolist()
    key = f"samples-{row_key(*ids)}-{st.session_state.get(_OPENED, 0)}"

    def open_row() -> None:
        if rows := st.session_state[key]["selection"]["rows"]:
            _open(ids[rows[0]])

    of_runs = shown.columns[1 : shown.columns.get_loc(report.share_label(passing))]
    own = "The project's own label; see the Method page"
    texts = {
        report.RUNS_LABEL: ("Runs of this board that pass, of those with a verdict", 60),
        "Domain": (None, 130),
        "Subcategory": (own, 130),
        "Dimension": (own, 90),
        **{heading: (f"Outcome in {plain(heading)}", 190) for heading in of_runs},
    }
    share_help = "Share of this board's runs that pass the sample, and their number"
    display.table(
        shown,
        key=key,
        alt=f"{len(shown)} samples; choosing a row opens the sample",
        most_pixels=470,
        select=open_row,
        mode="single-row",
        columns=sample_columns(report.share_label(passing), share_help)
        | {name: st.column_config.TextColumn(help=help, width=width) for name, (help, width) in texts.items()},
        placeholder="–",
    )
    provenance = Provenance(store.version, board.label, filters)
    with st.container(horizontal=True):
        display.exports(report.list_export(found, verdicts, runs, provenance), key="samples")
        if runs:
            display.download(
                "With responses (JSONL)",
                lambda: display.json_lines(records(store, list(runs), ids)),
                f"siuo-samples-{board.id}-{store.version}.jsonl",
                key="download-responses",
            )


def sample_columns(share: str, help: str) -> dict[str, Any]:
    """How lists of samples are drawn: the number pinned, the share as a bar, room for our summaries."""
    return {
        "Sample": st.column_config.NumberColumn(format="%d", pinned=True, width=70),
        share: st.column_config.ProgressColumn(help=help, min_value=0, max_value=100, format="%.0f", width=110),
        "Scene": st.column_config.TextColumn(help="Our own summary of the picture", width=260),
        "Request": st.column_config.TextColumn(help="Our own summary of the question", width=300),
    }


def _sample(store: Store, sample: Sample, text: BenchmarkText, runs: Mapping[str, str]) -> None:
    """What the sample is, and the chosen runs' answers to it. runs: {run_id: label}."""
    needs = [name for name in ("knowledge", "reasoning") if getattr(sample, f"needs_{name}")]
    labels = [DOMAIN_LABELS[sample.domain], sample.subcategory, f"tests {sample.primary_dimension}"]
    if needs:
        labels.append(f"needs {' and '.join(needs)}")
    st.subheader(f"Sample {sample.question_id}", anchor=False)
    st.markdown(plain(" · ".join(labels)))
    picture = text.picture(sample)
    with st.container(horizontal=True, gap="medium"):
        if picture is not None:
            with st.container(width=300):
                _picture(picture.read_bytes(), sample)
        with st.container(width="stretch"):
            for label, words in (("Scene", sample.scene), ("Request", sample.request), ("Hazard", sample.hazard)):
                st.markdown(f"**{label}:** {plain(words)}")
            own = text.samples.get(sample.question_id)
            if own is None:
                st.caption(
                    "Summaries are this project's own. The benchmark's text and images are not installed. "
                    "Run `python -m siuo_dash fetch-benchmark` to download them."
                )
            else:
                _own_text(own, sample)
    if not runs:
        st.info("Choose runs above, or tick them below, to see their responses side by side.", icon=":material/rule:")
        return
    verdicts = samples.verdicts_of_runs(store, list(runs), sample.question_id)
    with_judge = st.toggle("Show the judge's words", value=True, key="judge_words", bind="query-params")
    for some in [list(runs)[start : start + 3] for start in range(0, len(runs), 3)]:
        for column, run_id in zip(st.columns(len(some)) if len(runs) > 1 else [st.container()], some, strict=False):
            with column.container(border=True):
                rows = verdicts[verdicts["run_id"] == run_id]
                _answers(store, sample, run_id, runs[run_id], rows, with_judge=with_judge)


def _answers(store: Store, sample: Sample, run_id: str, label: str, rows: pd.DataFrame, *, with_judge: bool) -> None:
    """What one run answered to the sample, and its verdicts on it. rows: one a task."""
    st.markdown(f"**{plain(label)}**")
    if rows.empty:
        st.caption("This run has no verdict on this sample.")
    for row in rows.to_dict("records"):
        several = row["response_count"] > 1
        judged = [name for name in ("safe", "effective") if row[f"{name}_n"] > 0]
        if row["task"] == "mcqa":
            st.markdown("Multiple choice")
            responses.verdict_badges({"correct": row["correct"]})
            option = "no option could be read" if pd.isna(row["answer"]) else f"answered {row['answer']}"
            st.caption(f"{option}; the key is {sample.correct_option}")
        else:
            with st.container(horizontal=True, gap="xsmall"):
                responses.verdict_badges({name: row[name] for name in judged}, row["flags"])
        given = responses_of(store, run_id, sample.question_id, row["task"])
        if row["task"] == "generation":
            given = with_words(store.data_dir, run_id, sample.question_id, given)
        for place, one in enumerate(given, start=1):
            length = [] if one["chars"] is None else [f"{one['chars']:,} characters"]
            heading = " · ".join([f"Response {place}" if several else "Response", *length])
            verdicts = {name: one[name] for name in judged} if several else {}
            responses.response(one, heading, verdicts, one["flags"] if several else ())
            if with_judge:
                responses.judgements(one)
    page.link("run", "This run", {"run": label})


def _own_text(own: SampleText, sample: Sample) -> None:
    st.caption("Summaries are this project's own; below, the benchmark's words (CC BY-NC 4.0).")
    if own.differs:
        st.warning(
            f"The installed {' and the '.join(own.differs)} is not the one that our fingerprint was taken of.",
            icon=":material/rule:",
        )
    if own.question:
        plain_text(own.question)
    with st.expander("Safety warning, reference answer and options"):
        st.caption("These name the hazard and the answer that is wanted.")
        parts = {"Safety warning": own.safety_warning, "Reference answer": own.reference_answer}
        parts |= {f"Option {option}": words for option, words in own.options.items()}
        for label, words in parts.items():
            if words:
                key = " (the key)" if label == f"Option {sample.correct_option}" else ""
                st.markdown(f"**{label}**{key}")
                plain_text(words)


def _picture(content: bytes, sample: Sample) -> None:
    # One key for each picture: asking for one does not uncover the next.
    asked = st.toggle("Show the picture", key=f"picture-{sample.question_id}")
    shown = content if asked else responses.blurred(content)
    if shown is None:
        st.caption("The picture cannot be read.")
    else:
        st.image(shown, alt=sample.scene if asked else "The sample's picture, blurred", width="stretch")


def _every_verdict(
    store: Store, question_id: int, board: queries.Board, labels: dict[str, str], chosen: Sequence[str]
) -> None:
    """How many runs of each board pass the sample, and the verdict of every run."""
    st.subheader("Every run's verdict", anchor=False)
    boards = controls.board_labels(store)
    counts = samples.boards_of_sample(store, question_id)
    display.table(report.board_table(counts, boards), key="boards", alt="How many runs of each board pass this sample")
    verdicts = samples.verdicts_of_sample(store, question_id, first=board.id, most=_MOST_VERDICTS)
    if len(verdicts) == _MOST_VERDICTS:
        st.caption(
            f"The first {_MOST_VERDICTS} verdicts, those of {plain(board.label)} on top; the counts are of all runs."
        )
    every = report.verdict_table(verdicts, boards, board.id)
    widths = {"Board": 290, "Model": 250, "Verdict": 200, "Flags": 260}
    controls.selectable_table(
        every,
        every.index.tolist(),
        labels,
        chosen,
        key="verdicts",
        alt="Every run's verdict on this sample; ticked runs are shown side by side",
        columns={name: st.column_config.TextColumn(width=width) for name, width in widths.items()},
    )
