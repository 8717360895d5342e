"""Two runs: what differs, how surely, and on which samples. Differences are first minus second, as fractions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import of_runs
from siuo_dash.analysis.queries import DOMAIN_COUNTS, OUTCOMES, PAIRED_COUNTS, board_for
from siuo_dash.analysis.samples import FLAGS_OF_RUNS, described
from siuo_dash.analysis.stats.differences import PairedTable, detectable_gap, paired_difference, unpaired_difference
from siuo_dash.analysis.stats.multiple import benjamini_hochberg
from siuo_dash.analysis.stats.proportions import Interval
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.benchmark.schema import DOMAINS, METRICS, Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.errors import NoRun
from siuo_dash.store.engine.database import Store


@dataclass(frozen=True)
class Side:
    """One of the compared runs."""

    run_id: str
    run_no: int
    model: str
    board: str
    protocol: Protocol
    evidence: str
    counts: dict[str, Tally]

    @property
    def per_sample(self) -> bool:
        return self.evidence == "per_sample"

    @property
    def sample_set(self) -> str:
        """The set that it was evaluated on."""
        return self.protocol.sample_set


@dataclass(frozen=True)
class Difference:
    """First minus second on one metric, overall or in one domain.

    first, second: the rates over the samples that are compared. table: the 2×2 where the samples are paired, else
    None and `why_unpaired` says why. gap: the smallest difference found with 80% power at this n and discordance.
    p_adjusted: within its family, where it belongs to one.
    """

    metric: Metric
    domain: str | None
    first: Tally
    second: Tally
    difference: float
    interval: Interval
    p: float
    table: PairedTable | None
    why_unpaired: str = ""
    gap: float | None = None
    p_adjusted: float | None = None

    @property
    def significant(self) -> bool:
        """Whether p, adjusted where it is one of a family, is below 0.05."""
        return (self.p if self.p_adjusted is None else self.p_adjusted) < 0.05


@dataclass(frozen=True)
class Comparison:
    """Two runs: the overall difference for each metric, and the domains of each; a metric that one lacks is None."""

    first: Side
    second: Side
    overall: dict[str, Difference | None]
    domains: dict[str, list[Difference]]

    @property
    def warning(self) -> str:
        """What to keep in mind when the two are of different boards; '' when they are of one."""
        return board_warning([self.first.protocol, self.second.protocol])


OTHER_SET: Final = "the two runs are on different sample sets"


def board_warning(protocols: Sequence[Protocol]) -> str:
    """The warning that a comparison across boards carries; '' inside one board."""
    labels = list(dict.fromkeys(protocol.label for protocol in protocols))
    if len(labels) < 2:
        return ""
    causes, said = "the judge or the number of responses", "Only Multiple choice is scored alike everywhere."
    if len({protocol.sample_set for protocol in protocols}) > 1:
        causes = f"the samples, {causes}"
        said = "On different sample sets nothing can be paired: rates are compared, overall and by domain."
    return (
        f"These runs are of different boards ({' | '.join(labels)}): a difference may come from {causes} instead of "
        f"the model. {said}"
    )


def side(store: Store, run_id: str) -> Side:
    """What a comparison needs to know of a run; NoRun when there is none."""
    return _side(queries.find_run(store, run_id))


def compare(store: Store, first: str, second: str) -> Comparison:
    """Compare two runs (ids) on every metric; NoRun when one does not exist, or both are the same."""
    if first == second:
        raise NoRun("a run cannot be compared with itself", where=first, hint="choose a second run")
    a, b = side(store, first), side(store, second)
    both = a.per_sample and b.per_sample
    overall: dict[str, Difference | None] = {}
    domains: dict[str, list[Difference]] = {}
    for metric in METRICS.values():
        tables = _paired_tables(store, a, b, metric) if both and a.sample_set == b.sample_set else {}
        overall[metric.id] = _overall(a, b, metric, tables)
        unpaired_domains = both and a.sample_set != b.sample_set
        domains[metric.id] = _unpaired_domains(store, a, b, metric) if unpaired_domains else _domains(metric, tables)
    return Comparison(a, b, overall, domains)


def paired(metric: Metric, table: PairedTable, domain: str | None = None) -> Difference:
    """The difference that a 2×2 gives: Bonett–Price interval, McNemar mid-p. ValueError for an empty table."""
    found = paired_difference(table.first_only, table.second_only, table.n)
    return Difference(
        metric,
        domain,
        Tally(table.both + table.first_only, table.n),
        Tally(table.both + table.second_only, table.n),
        found.difference,
        found.interval,
        found.p,
        table,
        gap=detectable_gap(table.n, table.discordance or 0.0),
    )


def unpaired(metric: Metric, first: Tally, second: Tally, why: str, domain: str | None = None) -> Difference:
    """The difference of two unpaired rates: Newcombe's interval, score test. ValueError without samples."""
    found = unpaired_difference(first.k, first.n, second.k, second.n)
    p1, p2 = first.k / first.n, second.k / second.n
    # Outcomes that know nothing of each other differ on this share; n is the harmonic mean of the two.
    discordance = p1 * (1 - p2) + p2 * (1 - p1)
    n = round(2 / (1 / first.n + 1 / second.n))
    gap = detectable_gap(n, discordance)
    return Difference(metric, domain, first, second, found.difference, found.interval, found.p, None, why, gap)


def discordant(store: Store, first: Side, second: Side, metric: Metric, *, neither: bool = False) -> pd.DataFrame:
    """The samples that only one of the two passes; those that most other runs pass come first.

    passed_by ('first' or 'second'), question_id, domain, subcategory, scene, request, others_k, others_n (other runs
    of the two boards that pass it, and that are graded on it), first_flags, second_flags (lists of flag ids).
    neither: also the samples that both fail, passed_by 'neither'.
    """
    compared = [first.run_id, second.run_id] if first.sample_set == second.sample_set else []
    both = OUTCOMES.run(store, metric=metric, where=of_runs(compared))
    wide = both.pivot(index="question_id", columns="run_no", values="outcome")
    wide = wide.reindex(columns=[first.run_no, second.run_no]).dropna()
    differing = wide[first.run_no] != wide[second.run_no]
    wide = wide[differing | (wide[first.run_no] == 0) if neither else differing]
    boards = {board_for(metric, run.board) for run in (first, second)}
    found = described(store, wide.index, metric, boards, without=(first.run_no, second.run_no))
    passed_by = wide[first.run_no].map({1: "first", 0: "second"}).where(wide.sum(axis=1) > 0, "neither")
    found = found.drop(columns=["primary_dimension", "hazard"])
    found.insert(0, "passed_by", passed_by.reindex(found["question_id"]).tolist())
    flags = FLAGS_OF_RUNS.run(store, where=of_runs([first.run_id, second.run_id]))
    for name, run in (("first_flags", first), ("second_flags", second)):
        own = flags[(flags["run_id"] == run.run_id) & (flags["task"] == metric.task)]
        by_sample = own.groupby("question_id")["flag"].agg(list)
        found[name] = [by_sample.get(question_id, []) for question_id in found["question_id"]]
    # What most others pass says most about the run that does not.
    share = found["others_k"] / found["others_n"].where(found["others_n"] > 0)
    order = share.fillna(-1).rename("share").to_frame().assign(question_id=found["question_id"])
    return found.loc[order.sort_values(["share", "question_id"], ascending=[False, True]).index].reset_index(drop=True)


def _side(row: pd.Series[Any]) -> Side:
    count = row["responses_per_sample"]
    return Side(
        run_id=row["run_id"],
        run_no=int(row["run_no"]),
        model=row["model"],
        board=row["board"],
        protocol=Protocol(row["judge"], None if pd.isna(count) else int(count), row["sample_set"]),
        evidence=row["evidence"],
        counts={metric: Tally(int(row[f"{metric}_k"]), int(row[f"{metric}_n"])) for metric in METRICS},
    )


def _paired_tables(store: Store, first: Side, second: Side, metric: Metric) -> dict[str, PairedTable]:
    one, parts = of_runs([first.run_id]), {"by": "s.domain"}
    found = PAIRED_COUNTS.run(store, metric=metric, where=one, parts=parts, baseline=second.run_no)
    return {domain: PairedTable(*map(int, counts)) for domain, *counts in found.itertuples(index=False)}


def _overall(first: Side, second: Side, metric: Metric, tables: dict[str, PairedTable]) -> Difference | None:
    if tables:
        whole = np.sum([(t.both, t.first_only, t.second_only, t.neither) for t in tables.values()], axis=0)
        return paired(metric, PairedTable(*map(int, whole)))
    a, b = first.counts[metric.id], second.counts[metric.id]
    return unpaired(metric, a, b, _why_unpaired(first, second)) if a.n and b.n else None


def _why_unpaired(first: Side, second: Side) -> str:
    if not first.per_sample and not second.per_sample:
        return "only totals are published for both runs"
    if first.sample_set != second.sample_set:
        return OTHER_SET
    if not (first.per_sample and second.per_sample):
        return f"only totals are published for the {'second' if first.per_sample else 'first'} run"
    return "no sample is graded in both runs"


def _domains(metric: Metric, tables: dict[str, PairedTable]) -> list[Difference]:
    found = [paired(metric, tables[domain.id], domain.id) for domain in DOMAINS if domain.id in tables]
    return _adjusted(found)


def _unpaired_domains(store: Store, first: Side, second: Side, metric: Metric) -> list[Difference]:
    """The domains in which both runs have graded samples, which are not the same samples."""
    found = DOMAIN_COUNTS.run(store, metric=metric, where=of_runs([first.run_id, second.run_id]))
    counts = {(run_no, domain): Tally(int(k), int(n)) for run_no, domain, k, n in found.itertuples(index=False)}
    pairs = {each.id: [counts.get((run.run_no, each.id), Tally(0, 0)) for run in (first, second)] for each in DOMAINS}
    return _adjusted([unpaired(metric, a, b, OTHER_SET, domain) for domain, (a, b) in pairs.items() if a.n and b.n])


def _adjusted(found: list[Difference]) -> list[Difference]:
    adjusted = benjamini_hochberg([difference.p for difference in found])
    return [replace(item, p_adjusted=float(p)) for item, p in zip(found, adjusted, strict=True)]
