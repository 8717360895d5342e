"""How well the two readers agreed who labelled the samples."""

from __future__ import annotations

from typing import Final

import pandas as pd

from siuo_dash.analysis.stats.agreement import cohen_kappa

LABELS: Final = {
    "subcategory": "Subcategory",
    "primary": "Primary dimension",
    "needs_knowledge": "Needs knowledge",
    "needs_reasoning": "Needs reasoning",
}


def reader_agreement(annotators: pd.DataFrame) -> pd.DataFrame:
    """Agreement before adjudication, one row a label: `label`, `agreed`, `n`, `kappa`, `low`, `high`.

    annotators: one row a sample, each label as `{label}_a` and `{label}_b`. Cohen's kappa with its 95 % interval.
    """
    rows = []
    for name, words in LABELS.items():
        first, second = annotators[f"{name}_a"], annotators[f"{name}_b"]
        kappa = cohen_kappa(first, second)
        rows.append(
            {
                "label": words,
                "agreed": int((first == second).sum()),
                "n": len(annotators),
                "kappa": kappa.kappa if kappa else None,
                "low": kappa.interval.low if kappa and kappa.interval else None,
                "high": kappa.interval.high if kappa and kappa.interval else None,
            }
        )
    return pd.DataFrame(rows)
