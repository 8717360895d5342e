"""Rates by domain: every per-sample run over the nine domains, overall and as a mean of domains, and their tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from siuo_dash.analysis.filters import Clause, of_runs
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.analysis.queries import DOMAIN_COUNTS, sample_counts
from siuo_dash.analysis.stats.association import domain_effect, fisher_p
from siuo_dash.analysis.stats.differences import newcombe_array
from siuo_dash.analysis.stats.means import MeanDifference, mean_difference, mean_of_rates
from siuo_dash.analysis.stats.multiple import benjamini_hochberg
from siuo_dash.analysis.stats.proportions import wilson_array
from siuo_dash.benchmark.protocol import set_of
from siuo_dash.benchmark.schema import DOMAIN_LABELS, Metric
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query

Floats = npt.NDArray[np.float64]

OVERALL: Final = "overall"
MACRO: Final = "macro"
COLUMNS: Final = {
    OVERALL: "Overall (all samples)",
    MACRO: "Mean of domains",
    **DOMAIN_LABELS,
}
"""What a run has a rate in: overall is the micro average (each sample counts alike), the mean of domains the macro."""

LEVEL: Final = 0.05
_RATE: Final = ("k", "n", "rate", "low", "high")
_TEST: Final = ("difference", "difference_low", "difference_high")
_KEPT: Final = ("domain", "ties", *_RATE, *_TEST, "p_adjusted")

DOMAIN_RUNS: Final = Query(
    "domain_runs",
    "The chosen runs that have rates by domain (graded on a metric by sample, or totals by domain), or the others.",
    """
    SELECT run_no, run_id, model, board, {metric}_n < expected_samples AS partial, evidence,
        {metric}_k AS k, {metric}_n AS n
    FROM runs WHERE ({where}) AND ({metric}_n > 0 AND (evidence = 'per_sample' OR $by_domain AND run_no IN (
        SELECT run_no FROM verdicts WHERE task = '{task}' AND domain IS NOT NULL AND {column} IS NOT NULL
    ))) = $has_domains ORDER BY model, run_id
    """,
)


@dataclass(frozen=True)
class RunRates:
    """Runs and their rates in the parts of the benchmark.

    runs: one row a run: `run_no`, `run_id`, `model`, `label`, `board`, `partial`. cells: one row a run and part.
    """

    runs: pd.DataFrame
    cells: pd.DataFrame

    def only(self, run_ids: Sequence[str]) -> Self:
        """These runs, in this order; ids that are not here are passed over."""
        known = self.runs.set_index("run_id", drop=False)
        ids = [run_id for run_id in run_ids if run_id in known.index]
        cells = self.cells.set_index("run_id", drop=False)
        picked = cells.loc[ids] if ids else cells.iloc[:0]
        return replace(self, runs=known.loc[ids].reset_index(drop=True), cells=picked.reset_index(drop=True))


class DomainRates(RunRates):
    """Runs and their rates by domain.

    cells: one row a run and column of COLUMNS: `run_id`, `column`, `k`, `n`, `rate`, `low`, `high` (fractions; NaN
    where nothing was graded; `k` is NaN in the mean of domains, which counts domains, not samples).
    """


def profiled_runs(store: Store, where: Clause, metric: Metric, *, by_domain: bool = True) -> pd.DataFrame:
    """The runs that were graded on the metric by sample or, unless that is not asked for, by domain alone: `run_no`,
    `run_id`, `model`, `board`, `partial`, `evidence`, `k`, `n` (of all its samples), `label`.
    """
    runs = DOMAIN_RUNS.run(store, metric=metric, where=where, has_domains=True, by_domain=by_domain)
    return runs.assign(label=runs["run_id"].map(run_labels(store)))


def domain_rates(store: Store, where: Clause, metric: Metric) -> DomainRates:
    """The rates by domain, overall and macro, of every run of `where` that has any; overall is over all samples."""
    runs = profiled_runs(store, where, metric)
    counts = DOMAIN_COUNTS.run(store, metric=metric, where=where)
    k, n = (_matrix(counts, runs["run_no"], part) for part in ("k", "n"))
    return DomainRates(runs, _cells(runs, k, n))


def runs_without_domains(store: Store, where: Clause, metric: Metric, *, by_domain: bool = True) -> pd.DataFrame:
    """The runs of `where` that `profiled_runs` leaves out: `run_id`, `model`, `label`, `evidence`."""
    found = DOMAIN_RUNS.run(store, metric=metric, where=where, has_domains=False, by_domain=by_domain)
    found = found[["run_id", "model", "evidence"]]
    return found.assign(label=found["run_id"].map(run_labels(store)))


def board_means(rates: DomainRates, *, with_partial: bool = False) -> pd.Series[float]:
    """The mean rate of each column over the runs (each run counts alike); partial runs only when asked for."""
    counted = rates.runs["run_id"] if with_partial else rates.runs.loc[~rates.runs["partial"], "run_id"]
    cells = rates.cells[rates.cells["run_id"].isin(set(counted))]
    return cells.groupby("column", observed=True)["rate"].mean().reindex(list(COLUMNS))


def marked(rates: DomainRates, means: pd.Series[float]) -> DomainRates:
    """The cells with `board_mean` and `mark`: 'above' or 'below' where the interval excludes the board's mean."""
    mean = rates.cells["column"].map(means)
    above, below = rates.cells["low"] > mean, rates.cells["high"] < mean
    mark = np.select([above.to_numpy(), below.to_numpy()], ["above", "below"], "")
    return replace(rates, cells=rates.cells.assign(board_mean=mean, mark=mark))


def in_order(rates: DomainRates, column: str, *, with_partial: bool = False) -> list[str]:
    """The run ids by their rate in a column, best first; partial runs last unless they are to rank; then by name."""
    rate = rates.cells[rates.cells["column"] == column].set_index("run_id")["rate"]
    frame = rates.runs.assign(rate=rates.runs["run_id"].map(rate))
    frame["late"] = False if with_partial else frame["partial"]
    frame = frame.sort_values(
        ["late", "rate", "model", "run_id"], ascending=[True, False, True, True], na_position="last"
    )
    ordered: list[str] = frame["run_id"].tolist()
    return ordered


def _matrix(counts: pd.DataFrame, run_numbers: pd.Series[int], part: str) -> Floats:
    """Runs × domains, 0 where a run has no row in a domain."""
    wide = counts.pivot(index="run_no", columns="domain", values=part)
    wide = wide.reindex(index=run_numbers, columns=list(DOMAIN_LABELS))
    matrix: Floats = wide.fillna(0).to_numpy(dtype=np.float64)
    return matrix


def _cells(runs: pd.DataFrame, k: Floats, n: Floats) -> pd.DataFrame:
    """Long form; overall is over all samples of a run. The mean leaves out domains that no run has a sample of."""
    used = n.any(axis=0)
    mean, mean_low, mean_high = mean_of_rates(k[:, used], n[:, used])
    own_k, own_n = (runs[part].to_numpy(dtype=np.float64) for part in ("k", "n"))
    all_k = np.column_stack([own_k, np.full(len(k), np.nan), k])
    all_n = np.column_stack([own_n, n.sum(axis=1), n])
    low, high = wilson_array(all_k, all_n)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(all_n > 0, all_k / all_n, np.nan)
    rate[:, 1], low[:, 1], high[:, 1] = mean, mean_low, mean_high
    return pd.DataFrame(
        {
            "run_id": np.repeat(runs["run_id"].to_numpy(dtype=object), len(COLUMNS)),
            "column": np.tile(np.array(list(COLUMNS), dtype=object), len(runs)),
            "k": all_k.ravel(),
            "n": all_n.ravel(),
            "rate": rate.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
        }
    )


def domain_tests(rates: DomainRates) -> pd.DataFrame:
    """Each domain of each run against the run's other samples: the test of the domain against the run's average.

    One row a run and graded domain: `run_id`, `domain`, `k`, `n`, `rate`, `low`, `high`, `difference`,
    `difference_low`, `difference_high` (fractions, Newcombe 95%), `p` (Fisher's exact test), `p_adjusted`
    (Benjamini–Hochberg over the run's domains).
    """
    frame = rates.cells[rates.cells["column"].isin(DOMAIN_LABELS)].rename(columns={"column": "domain"})
    k, n = (frame[part].to_numpy(dtype=np.int64).reshape(-1, len(DOMAIN_LABELS)) for part in ("k", "n"))
    k_total, n_total = (np.broadcast_to(part.sum(axis=1, keepdims=True), part.shape) for part in (k, n))
    for name, figures in zip(_TEST, newcombe_array(k, n, k_total - k, n_total - n), strict=True):
        frame[name] = figures.ravel()
    frame["p"] = list(map(fisher_p, *(counts.ravel().tolist() for counts in (k, n, k_total, n_total))))
    frame["p_adjusted"] = benjamini_hochberg(frame["p"].to_numpy(dtype=float).reshape(k.shape)).ravel()
    graded = frame.loc[frame["n"] > 0, ["run_id", "domain", *_RATE, *_TEST, "p", "p_adjusted"]]
    return graded.astype({"k": np.int64, "n": np.int64}).reset_index(drop=True)


def extreme(tests: pd.DataFrame, *, lowest: bool) -> pd.DataFrame:
    """Each run's domain of lowest or highest rate, by run_id: `domain`, `ties` (further domains with the same rate),
    `k`, `n`, `rate`, `low`, `high`, `difference`, `difference_low`, `difference_high`, `p_adjusted`.

    tests: of `domain_tests`. Of domains with the same rate the one with the clearer test is named.
    """
    ordered = tests.sort_values(["rate", "p"], ascending=[lowest, True], na_position="last", kind="stable")
    first = ordered.drop_duplicates("run_id").set_index("run_id")
    alike = tests[tests["rate"] == tests["run_id"].map(first["rate"])]
    first = first.assign(ties=alike["run_id"].value_counts() - 1.0)[list(_KEPT)]
    return first.astype(dict.fromkeys(_KEPT[1:], "float64"))


@dataclass(frozen=True)
class Weakest:
    """The domain that runs together are weakest in: their mean rate there (a fraction), how many runs that is of.

    gap, p_adjusted: the mean share of passing runs over its samples minus that over the other samples (Welch,
    Benjamini–Hochberg over the domains); None and NaN where a run's samples are not known, or nothing varies.
    """

    domain: str
    rate: float
    runs: int
    gap: MeanDifference | None = None
    p_adjusted: float = float("nan")


def weakest_together(store: Store, rates: DomainRates, metric: Metric, *, with_partial: bool = False) -> Weakest | None:
    """Where the runs together are weakest, each run counting alike; partial runs only when asked for, or alone."""
    counted = rates.runs if with_partial or rates.runs["partial"].all() else rates.runs[~rates.runs["partial"]]
    means = board_means(rates, with_partial=len(counted) == len(rates.runs))[list(DOMAIN_LABELS)].dropna()
    if means.empty:
        return None
    domain = str(means.idxmin())
    found = Weakest(domain, float(means[domain]), len(counted))
    if (counted["evidence"] != "per_sample").any():
        return found
    samples = sample_counts(store, metric, of_runs(counted["run_id"]), sample_set=set_of(str(counted["board"].iloc[0])))
    samples = samples[samples["n"] > 0]
    gaps = against_others(samples.assign(share=samples["k"] / samples["n"]))
    if domain not in gaps:
        return found
    adjusted = dict(zip(gaps, benjamini_hochberg([gap.p for gap in gaps.values()]), strict=True))
    return replace(found, gap=gaps[domain], p_adjusted=float(adjusted[domain]))


def against_others(samples: pd.DataFrame) -> dict[str, MeanDifference]:
    """Each domain's mean share of passing runs minus that of the other samples, where there is a test of it.

    samples: `domain`, `share` (of the runs that pass the sample). Not the test of `domain_tests`, which compares counts
    of passed samples inside one run: here a sample has the share of the runs that pass it, which is no count, and runs
    share their samples, so counts of verdicts would be dependent.
    """
    shares, domains = samples["share"], samples["domain"]
    found = {
        str(domain): mean_difference(shares[domains == domain], shares[domains != domain])
        for domain in sorted(domains.unique())
    }
    return {domain: each for domain, each in found.items() if each is not None and each.p is not None}


def hardest_and_easiest(rates: DomainRates) -> pd.DataFrame:
    """One row a run: its domains of lowest and highest rate with their tests, and the effect of the domain.

    `hardest_*` and `easiest_*`: `domain`, `ties` (further domains with the same rate), `k`, `n`, `rate`, `low`,
    `high`, `difference`, `difference_low`, `difference_high`, `p_adjusted`. Of domains with the same rate the one
    with the clearer test is named. `explained`, `by_chance` (shares of the variance between samples), `effect_p`
    (by permutation) and `effect_p_adjusted` (Benjamini–Hochberg over the runs); NaN where nothing varies.
    """
    tests = domain_tests(rates)
    found = rates.runs[["run_id"]].set_index("run_id")
    for end, lowest in (("hardest", True), ("easiest", False)):
        found = found.join(extreme(tests, lowest=lowest).add_prefix(f"{end}_"))
    counts = {run_id: (part["k"], part["n"]) for run_id, part in tests.groupby("run_id", sort=False)}
    effects = [domain_effect(*counts.get(run_id, ((), ()))) for run_id in found.index]
    figures = [(effect.explained, effect.by_chance, effect.p) if effect else (np.nan,) * 3 for effect in effects]
    found[["explained", "by_chance", "effect_p"]] = np.array(figures, dtype=np.float64).reshape(-1, 3)
    return found.assign(effect_p_adjusted=benjamini_hochberg(found["effect_p"])).reset_index()
