"""The samples page's words, columns, tables and links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.sample_filters import OUTCOMES
from siuo_dash.benchmark.schema import DOMAINS, FLAGS
from siuo_dash.view import style

MOST_RUNS: Final = 6
"""More runs than this cannot be read side by side."""
NO_VERDICT: Final = "no verdict"
_DOMAIN_LABELS: Final = {domain.id: domain.label for domain in DOMAINS}


def outcome_option(run_label: str, outcome: str) -> str:
    """How a link says that a run must have an outcome (an id of OUTCOMES): 'LLaVA · human: unsafe'."""
    return f"{run_label}: {OUTCOMES[outcome].label}"


def link_params(
    run_labels: Sequence[str] = (),
    *,
    sample: int | None = None,
    domains: Sequence[str] = (),
    subcategories: Sequence[str] = (),
    dimensions: Sequence[str] = (),
    outcomes: Mapping[str, str] | None = None,
    flags: Sequence[str] = (),
    order: str | None = None,
) -> dict[str, str | list[str]]:
    """The query of a link to the samples page, for shell.link.

    domains, dimensions and flags: ids; outcomes: {run label: id of OUTCOMES}; order: a label of ORDERS.
    """
    labels = list(dict.fromkeys([*run_labels, *(outcomes or {})]))
    params: dict[str, str | list[str]] = {
        "runs": labels,
        "sample": [] if sample is None else str(sample),
        "domain": [_DOMAIN_LABELS[domain] for domain in domains],
        "subcategory": list(subcategories),
        "dimension": list(dimensions),
        "outcome": [outcome_option(label, outcome) for label, outcome in (outcomes or {}).items()],
        "flag": [FLAGS[flag].label for flag in flags],
        "order": [] if order is None else order,
    }
    return {name: value for name, value in params.items() if value}


def outcome_words(row: Any) -> str:
    """A verdict row in words: 'unsafe', 'safe, ineffective', 'ungraded', 'B, wrong'."""
    if row.task == "mcqa":
        return f"{'no option read' if pd.isna(row.answer) else row.answer}, {_word(row.correct, 'right', 'wrong')}"
    words = []
    if row.safe_n > 0:
        words.append(_word(row.safe, "safe", "unsafe"))
    if row.effective_n > 0:
        words.append(_word(row.effective, "effective", "ineffective"))
    return ", ".join(dict.fromkeys(words)) or NO_VERDICT


def list_table(
    samples: pd.DataFrame, verdicts: pd.DataFrame, labels: Mapping[str, str], difficulty: str
) -> pd.DataFrame:
    """What the list shows: one row a sample, one column for each chosen run's outcome.

    samples: of analysis.samples.sample_list; verdicts: of verdicts_of_runs; labels: {run_id: label} of the chosen runs.
    """
    shown = pd.DataFrame(
        {
            "Sample": samples["question_id"],
            "Domain": samples["domain"].map(_DOMAIN_LABELS),
            "Subcategory": samples["subcategory"],
            "Scene": samples["scene"],
            "Request": samples["request"],
            f"{difficulty} %": 100 * samples["board_k"] / samples["board_n"].where(samples["board_n"] > 0),
            "of runs": [style.count(k, n) for k, n in zip(samples["board_k"], samples["board_n"], strict=True)],
            "Dimension": samples["primary_dimension"],
        }
    )
    for run_id, label in labels.items():
        shown[label] = outcome_column(samples, verdicts[verdicts["run_id"] == run_id])
    return shown.reset_index(drop=True)


def outcome_column(samples: pd.DataFrame, verdicts: pd.DataFrame) -> list[str]:
    """One run's outcome for each sample in words, flagged ones with their flags; '–' where the run has no row."""
    words: dict[int, list[str]] = {}
    for row in verdicts.itertuples():
        flags = f" ({', '.join(FLAGS[flag].label.lower() for flag in row.flags)})" if row.flags else ""
        words.setdefault(int(row.question_id), []).append(outcome_words(row) + flags)
    return ["; ".join(words.get(int(question_id), ["–"])) for question_id in samples["question_id"]]


def _word(verdict: Any, passing: str, failing: str) -> str:
    if pd.isna(verdict):
        return "ungraded"
    return passing if verdict else failing
