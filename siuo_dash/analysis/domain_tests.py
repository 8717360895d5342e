"""The hardest and the easiest domain of a run, and how much the domain explains at all."""

from __future__ import annotations

from typing import Final

import pandas as pd

from siuo_dash.analysis import stats
from siuo_dash.analysis.domains import MACRO, OVERALL, DomainRates
from siuo_dash.benchmark.schema import DOMAINS

LEVEL: Final = 0.05
_ENDS: Final = ("hardest", "easiest")


def domain_tests(rates: DomainRates) -> pd.DataFrame:
    """Each domain of each run against the run's other samples: the test of the domain against the run's average.

    One row a run and graded domain: `run_id`, `domain`, `k`, `n`, `rate`, `low`, `high`, `difference`,
    `difference_low`, `difference_high` (fractions, Newcombe 95 %), `p` (Fisher's exact test), `p_adjusted`
    (Benjamini–Hochberg over the run's domains).
    """
    rows = []
    cells = rates.cells[~rates.cells["column"].isin([OVERALL, MACRO]) & (rates.cells["n"] > 0)]
    for run_id, part in cells.groupby("run_id", sort=False):
        k_total, n_total = int(part["k"].sum()), int(part["n"].sum())
        found = []
        for cell in part.itertuples():
            test = stats.against_rest(int(cell.k), int(cell.n), k_total, n_total)
            found.append(
                {
                    "run_id": run_id,
                    "domain": cell.column,
                    "k": int(cell.k),
                    "n": int(cell.n),
                    "rate": cell.rate,
                    "low": cell.low,
                    "high": cell.high,
                    "difference": test.difference if test else None,
                    "difference_low": test.interval.low if test else None,
                    "difference_high": test.interval.high if test else None,
                    "p": test.p if test else None,
                }
            )
        adjusted = stats.benjamini_hochberg([row["p"] for row in found])
        rows += [row | {"p_adjusted": float(p)} for row, p in zip(found, adjusted, strict=True)]
    columns = [
        "run_id", "domain", "k", "n", "rate", "low", "high",
        "difference", "difference_low", "difference_high", "p", "p_adjusted",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    tested = ["difference", "difference_low", "difference_high", "p", "p_adjusted"]
    return frame.astype(dict.fromkeys(tested, "float64"))


def hardest_and_easiest(rates: DomainRates) -> pd.DataFrame:
    """One row a run: its domains of lowest and highest rate with their tests, and the effect of the domain.

    `hardest_*` and `easiest_*`: `domain`, `ties` (further domains with the same rate), `k`, `n`, `rate`, `low`,
    `high`, `difference`, `difference_low`, `difference_high`, `p_adjusted`. Of domains with the same rate the one
    with the clearer test stands there. `explained`, `by_chance` (shares of the variance between samples), `effect_p`
    (by permutation) and `effect_p_adjusted` (Benjamini–Hochberg over the runs); NaN where nothing varies.
    """
    tests = {run_id: part for run_id, part in domain_tests(rates).groupby("run_id", sort=False)}
    rows = []
    for run_id in rates.runs["run_id"]:
        part = tests.get(run_id)
        row: dict[str, object] = {"run_id": run_id}
        if part is not None:
            for end, lowest in zip(_ENDS, (True, False), strict=True):
                row |= {f"{end}_{name}": value for name, value in _extreme(part, lowest=lowest).items()}
            effect = stats.domain_effect(part["k"].tolist(), part["n"].tolist())
            if effect is not None:
                row |= {"explained": effect.explained, "by_chance": effect.by_chance, "effect_p": effect.p}
        rows.append(row)
    frame = pd.DataFrame(rows).reindex(columns=_COLUMNS)
    figures = [name for name in _COLUMNS if name != "run_id" and not name.endswith("_domain")]
    frame = frame.astype(dict.fromkeys(figures, "float64"))
    return frame.assign(effect_p_adjusted=stats.benjamini_hochberg(frame["effect_p"].tolist()))


_KEPT: Final = (
    "domain", "ties", "k", "n", "rate", "low", "high", "difference", "difference_low", "difference_high", "p_adjusted",
)  # fmt: skip
_COLUMNS: Final = [
    "run_id",
    *(f"{end}_{name}" for end in _ENDS for name in _KEPT),
    "explained",
    "by_chance",
    "effect_p",
]
DOMAIN_LABELS: Final = {domain.id: domain.label for domain in DOMAINS}


def _extreme(part: pd.DataFrame, *, lowest: bool) -> dict[str, object]:
    bound = part["rate"].min() if lowest else part["rate"].max()
    alike = part[part["rate"] == bound].sort_values("p", kind="stable", na_position="last")
    first = alike.iloc[0]
    return {"ties": len(alike) - 1} | {name: first[name] for name in _KEPT if name != "ties"}
