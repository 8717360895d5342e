"""Several runs in the files of one upload: which one is looked at, and all of them published or sent at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
import streamlit as st

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.errors import SiuoError, SubmissionError
from siuo_dash.ingest.read import Reading
from siuo_dash.ingest.reader_process import validate
from siuo_dash.ingest.submission import Submission, UploadedFile, about_run, each_run
from siuo_dash.text import counted, listed
from siuo_dash.ui import account, display
from siuo_dash.ui.display import plain
from siuo_dash.ui.submissions import Draft


def choose(draft: Draft, reading: Reading) -> None:
    """Which of several runs is looked at; nothing where there is one, or none was chosen yet."""
    mapping = reading.mapping
    if mapping is None or mapping.run not in reading.runs:
        return

    def take_over() -> None:
        name = st.session_state[key]
        draft.use(mapping.answered("run", name), loaded=draft.loaded)
        if reading.run_kind in ("model", "judge"):  # the field keeps its state, so it would name the run before
            st.session_state[draft.key(reading.run_kind)] = name

    key = draft.key(f"run-{display.row_key(mapping.as_json())}")
    label = f"These files have {len(reading.runs)} runs. Shown:"
    st.selectbox(label, reading.runs, reading.runs.index(mapping.run), key=key, on_change=take_over, width=620)


def offer_all(
    draft: Draft,
    submission: Submission,
    files: Sequence[UploadedFile],
    metadata: RunMetadata,
    sets: Mapping[str, Catalogue],
    put: Callable[[pa.Table, RunMetadata], object],
    *,
    verb: str,
    ready: bool,
) -> None:
    """A button that does with every run of the files what another one does with the run that is shown.

    put: publishes or sends one. verb: 'Publish' or 'Send'. All runs are examined first: one with an error keeps all
    of them back. One that is there already is left as it is.
    """
    reading = submission.reading
    if len(reading.runs) < 2:
        return
    st.caption(plain(about_all(reading)))
    label = f"{verb} all {len(reading.runs)} runs"
    if not st.button(label, icon=":material/library_add:", disabled=not ready, key=draft.key("all-runs")):
        return
    done, refused = 0, []
    try:
        with st.spinner("Reading all runs …"):
            runs = _examined(reading, files, metadata, sets)
            for name, (each, about) in runs.items():
                try:
                    put(each.to_table(about), about)
                    done += 1
                except SiuoError as error:
                    refused.append(f"{name}: {error}")
    except SubmissionError as error:
        st.error(plain(f"{error}. None of the runs was kept."), icon=":material/error:")
        return
    words = f"{counted(done, 'run')} of {len(runs)} {'published' if verb == 'Publish' else 'sent'}."
    if refused:
        account.refuse("upload", " ".join([words, *refused]))
    else:
        account.done("upload", words)
    draft.start_again()
    st.rerun()


def _examined(
    reading: Reading, files: Sequence[UploadedFile], metadata: RunMetadata, sets: Mapping[str, Catalogue]
) -> dict[str, tuple[Submission, RunMetadata]]:
    """{name: the run, what is said of it}; SubmissionError where one of them cannot be published."""
    found = {}
    for name, each in each_run(lambda mapping: validate(files, sets, mapping), reading).items():
        about = about_run(metadata, reading.run_kind, name)
        if wrong := [*each.errors, *(each.check_metadata(about) if each.ok else [])]:
            raise SubmissionError(str(wrong[0]), where=f"run {name}", hint="choose it above to see all that is wrong")
        found[name] = each, about
    return found


def about_all(reading: Reading) -> str:
    """What the runs of a file are called when all are published, with what was said of this one for the rest."""
    how = {
        "model": "each under its own model's name",
        "judge": "each under its own judge's name",
        "variant": "each with its name as the method, and the model as its base model",
        "": "each with its name behind the model's",
    }
    return f"All {len(reading.runs)} runs can be published at once, {how[reading.run_kind]}: {listed(reading.runs, 6)}."
