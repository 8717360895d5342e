"""The samples page's words, columns, tables and links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.sample_filters import OUTCOMES, SampleFilters
from siuo_dash.analysis.texts import Hits
from siuo_dash.benchmark.protocol import mcqa_board, set_of
from siuo_dash.benchmark.schema import FLAGS, METRICS
from siuo_dash.report.export import Provenance, Table, plain_table
from siuo_dash.text import counted, fraction, spelled_out

MOST_RUNS: Final = 6
"""More runs than this cannot be read side by side."""
NO_VERDICT: Final = "no verdict"
_QUESTIONS: Final = {"safe": ("safe", "unsafe"), "effective": ("effective", "ineffective")}


def outcome_options(runs: Mapping[str, str]) -> dict[str, str]:
    """{how a link says that a run must have an outcome: what people read}; runs: {run_id: label}.

    'llava-1-5-human-0a1b2c3d:unsafe' → 'LLaVA-1.5 · human: unsafe'.
    """
    return {f"{run}:{name}": f"{label}: {each.label}" for run, label in runs.items() for name, each in OUTCOMES.items()}


def link_params(
    runs: Sequence[str] = (),
    *,
    sample: int | None = None,
    domains: Sequence[str] = (),
    subcategories: Sequence[str] = (),
    dimensions: Sequence[str] = (),
    outcomes: Mapping[str, str] | None = None,
    flags: Sequence[str] = (),
    show: str | None = None,
    metric: str | None = None,
    order: str | None = None,
    board: str | None = None,
) -> dict[str, str | list[str]]:
    """The query of a link to the samples page, for page.link.

    All ids; outcomes: {run_id: id of OUTCOMES}; show: of SHOWN, by the metric.
    """
    params: dict[str, str | list[str]] = {
        "runs": list(dict.fromkeys([*runs, *(outcomes or {})])),
        "sample": [] if sample is None else str(sample),
        "domain": list(domains),
        "subcategory": list(subcategories),
        "dimension": list(dimensions),
        "outcome": [f"{run_id}:{outcome}" for run_id, outcome in (outcomes or {}).items()],
        "flag": list(flags),
        "show": show or [],
        "metric": metric or [],
        "order": order or [],
        "board": board or [],
    }
    return {name: value for name, value in params.items() if value}


def visible(text: str) -> str:
    """A text of several lines whose hidden characters are written as codes; emoji stay whole."""
    return spelled_out(text.replace("\r", ""), keep="\n\t\ufe0e\ufe0f\u200d")


def short_names(runs: Mapping[str, str]) -> dict[str, str]:
    """{run_id: label} without the judge where all of these runs have the same one and stay apart without it."""
    parts = {run_id: label.rpartition(" · ") for run_id, label in runs.items()}
    names = {run_id: name for run_id, (name, _, _) in parts.items()}
    alike = len({judge for _, _, judge in parts.values()}) == 1 and len(set(names.values())) == len(names)
    return names if alike and all(names.values()) else dict(runs)


def outcome_words(row: Any) -> str:
    """A verdict row in words: 'unsafe', 'safe, ineffective', 'ungraded', 'B, wrong'."""
    if row.task == "mcqa":
        return f"{'no option read' if pd.isna(row.answer) else row.answer}, {_word(row.correct, 'right', 'wrong')}"
    words = [_word(getattr(row, name), *ends) for name, ends in _QUESTIONS.items() if getattr(row, f"{name}_n") > 0]
    return ", ".join(dict.fromkeys(words)) or NO_VERDICT


def votes_words(row: Any) -> str:
    """How the responses to one sample were judged: '2/3 safe, 3/3 effective'; '' for a single response."""
    if row.task == "mcqa" or row.response_count < 2:
        return ""
    judged = [name for name in _QUESTIONS if getattr(row, f"{name}_n") > 0]
    return ", ".join(f"{getattr(row, f'{name}_votes')}/{getattr(row, f'{name}_graded')} {name}" for name in judged)


def flag_words(flags: Sequence[str]) -> str:
    """Health flags as words: 'empty, judge error'."""
    return ", ".join(FLAGS[flag].label.lower() for flag in flags)


def list_export(
    samples: pd.DataFrame, verdicts: pd.DataFrame, runs: Mapping[str, str], provenance: Provenance
) -> Table:
    """The filtered samples with the chosen runs' verdicts, typed: null = ungraded, not judged, or no row."""
    data = samples.drop(columns=["question_fingerprint", "reference_fingerprint", "image"]).reset_index(drop=True)
    if runs:
        data = data.rename(columns={"board_k": "other_runs_k", "board_n": "other_runs_n"})
    for run_id, label in runs.items():
        for task, columns in _EXPORTED.items():
            rows = verdicts[(verdicts["run_id"] == run_id) & (verdicts["task"] == task)].set_index("question_id")
            for column in columns if len(rows) else ():
                values = rows[column] if column != "flags" else rows["flags"].map(flag_words)
                data[f"{label}: {column}"] = values.reindex(data["question_id"]).to_numpy()
    return plain_table("samples", f"SIUO samples, {provenance.board}", data, provenance)


_EXPORTED: Final = {"generation": ("safe", "effective", "safe_and_effective", "flags"), "mcqa": ("answer", "correct")}


def verdict_table(verdicts: pd.DataFrame, boards: Mapping[str, str], first: str) -> pd.DataFrame:
    """Every run's verdict on one sample, one row a run, by board, the board `first` on top; one board is not named.

    verdicts: of verdicts_of_sample; boards: {board: label}. The index is the run_id.
    """
    columns = ["Model", "Verdict", "Responses", "Flags", "Board"]
    rows: dict[str, dict[str, str]] = {}
    for row in verdicts.itertuples():
        entry = rows.setdefault(row.run_id, dict.fromkeys(columns, ""))
        entry["Board"], entry["Model"] = boards.get(row.board, row.board), row.model
        entry["Verdict"] = "; ".join(part for part in (entry["Verdict"], outcome_words(row)) if part)
        entry["Responses"] = entry["Responses"] or votes_words(row)
        entry["Flags"] = entry["Flags"] or flag_words(row.flags)
    on_top = boards.get(first, first)
    ordered = sorted(rows.items(), key=lambda each: (each[1]["Board"] != on_top, each[1]["Board"]))
    table = pd.DataFrame.from_dict(dict(ordered), orient="index", columns=columns)
    said = [name for name in columns[2:-1] if table[name].ne("").any()]
    return table.loc[:, [*columns[:2], *said, *(["Board"] if table["Board"].nunique() > 1 else [])]]


def board_table(counts: pd.DataFrame, boards: Mapping[str, str]) -> pd.DataFrame:
    """For one sample, k of n runs of each board by each metric; a metric that no run of the board has is left empty."""
    rows: dict[str, dict[str, str]] = {}
    for row in counts.itertuples():
        is_choice = row.task == "mcqa"
        judged_on = mcqa_board(set_of(row.board)) if is_choice else row.board
        board = boards.get(judged_on, "multiple choice" if is_choice else judged_on)
        entry = rows.setdefault(board, {})
        for metric in METRICS.values():
            if metric.task == row.task:
                entry[metric.label] = fraction(getattr(row, f"{metric.id}_k"), getattr(row, f"{metric.id}_n"))
    columns = [metric.label for metric in METRICS.values()]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).fillna("")
    return table.loc[:, table.ne("").any()].reset_index(names="Board")


def hits_words(hits: Hits, runs: Mapping[str, str]) -> str:
    """Where the search hit beyond our summaries: 'In the texts: 2 samples of the benchmark, 5 of LLaVA.'"""
    names = {"benchmark": "the benchmark's own text"} | dict(runs)
    parts = [f"{len(ids)} in {names[place]}" for place, ids in hits.places.items() if ids and place in names]
    return f"Found in texts: {', '.join(parts)}." if parts else ""


def found_words(filters: SampleFilters, found: int, total: int, order: str) -> str:
    """'71 of 167 samples failed by A; first those that most other runs pass': what is listed, and in which order."""
    others = "other runs" if filters.runs else "runs"
    by = {
        "hardest": f"first those that fewest {others} pass",
        "easiest": f"first those that most {others} pass",
        "number": "by number",
    }[order]
    count = f"{found} of {counted(total, 'sample')}" if filters.where().words else counted(total, "sample")
    return "; ".join(filter(None, (f"{count} {filters.where().words}".strip(), by if found > 1 else ""))) + "."


def position_words(ids: Sequence[int], sample: int) -> str:
    """The place of a sample in the list: '3 of 42'; says so where it is not in it."""
    return f"{ids.index(sample) + 1} of {len(ids)}" if sample in ids else "not in this list"


def neighbours(ids: Sequence[int], sample: int) -> tuple[int | None, int | None]:
    """The samples before and after in the list; of a sample outside it, the nearest by number."""
    if sample in ids:
        place = ids.index(sample)
        return ids[place - 1] if place else None, ids[place + 1] if place + 1 < len(ids) else None
    before, after = [each for each in ids if each < sample], [each for each in ids if each > sample]
    return max(before, default=None), min(after, default=None)


def _word(verdict: Any, passing: str, failing: str) -> str:
    if pd.isna(verdict):
        return "ungraded"
    return passing if verdict else failing
