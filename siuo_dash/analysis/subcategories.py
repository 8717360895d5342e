"""Subcategories: k of n for each run, never ranked; and how many runs fail in each part of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from siuo_dash.analysis.filters import Clause
from siuo_dash.analysis.queries import sample_counts
from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.labels import Labels
from siuo_dash.benchmark.schema import BENCHMARK, DOMAIN_LABELS, Metric
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query

GROUP_COUNTS: Final = Query(
    "group_counts",
    "For each per-sample run and each group of samples, how many samples were graded and how many of them passed; "
    "the groups are given, so that labels other than the catalogue's can be asked about.",
    """
    WITH grouped AS (
        SELECT p[1] AS question_id, p[2] AS group_no FROM (SELECT UNNEST(CAST($pairs AS INTEGER[][])) AS p)
    )
    SELECT v.run_no, g.group_no, COUNT(*) FILTER (WHERE v.{column}) AS k, COUNT(v.{column}) AS n
    FROM verdicts v JOIN grouped g ON g.question_id = v.question_id
    WHERE v.task = '{task}' AND v.run_no IN (
        SELECT run_no FROM runs
        WHERE sample_set = $sample_set AND evidence = 'per_sample' AND {metric}_n > 0 AND ({where})
    )
    GROUP BY v.run_no, g.group_no ORDER BY v.run_no, g.group_no
    """,
)


def group_counts(
    store: Store, where: Clause, metric: Metric, group_of: Mapping[int, tuple[object, ...]], sample_set: str = BENCHMARK
) -> pd.DataFrame:
    """`run_no`, `group` (a value of group_of), `k`, `n`: one row a run and group in which it has a row.

    group_of: the group of each question_id of the set; samples that are not in it are left out.
    """
    groups = list(dict.fromkeys(group_of.values()))
    place = {group: number for number, group in enumerate(groups)}
    counts = GROUP_COUNTS.run(
        store,
        metric=metric,
        where=where,
        sample_set=sample_set,
        pairs=[[question_id, place[group]] for question_id, group in group_of.items()],
    )
    return counts.assign(group=[groups[number] for number in counts["group_no"]]).drop(columns="group_no")


def subcategory_of(labels: Labels, catalogue: Catalogue) -> dict[int, tuple[str, str]]:
    """{question_id: (domain, subcategory)} in the order of the domains; samples without a label are left out."""
    order = list(DOMAIN_LABELS)
    known = [
        (sample.question_id, (sample.domain, labels.by_id[sample.question_id].subcategory))
        for sample in catalogue.samples
        if sample.question_id in labels.by_id
    ]
    return dict(sorted(known, key=lambda item: (order.index(item[1][0]), item[1][1], item[0])))


def subcategory_counts(store: Store, where: Clause, metric: Metric, labels: Labels) -> pd.DataFrame:
    """`run_no`, `domain`, `subcategory`, `k`, `n` of each per-sample run of `where`; about 5 samples each: no rates."""
    groups = dict(subcategory_of(labels, store.sets[labels.sample_set]))
    counts = group_counts(store, where, metric, groups, labels.sample_set)
    domain, subcategory = ([group[part] for group in counts["group"]] for part in (0, 1))
    return counts.assign(domain=domain, subcategory=subcategory)[["run_no", "domain", "subcategory", "k", "n"]]


def failures(store: Store, where: Clause, metric: Metric, labels: Labels) -> pd.DataFrame:
    """Each sample that a run was graded on: `question_id`, `domain`, `subcategory`, `scene`, `graded`, `failing`.

    graded, failing: numbers of runs. Samples without a label are left out.
    """
    place = subcategory_of(labels, store.sets[labels.sample_set])
    found = sample_counts(store, metric, where, sample_set=labels.sample_set)
    found = found.set_index("question_id").rename(columns={"n": "graded"})
    found = found.loc[[question_id for question_id in place if found["graded"].get(question_id, 0)]]
    subcategory = [place[question_id][1] for question_id in found.index]
    found = found.assign(subcategory=subcategory, failing=found["graded"] - found["k"])
    return found[["domain", "subcategory", "scene", "graded", "failing"]].reset_index()


def by_subcategory(samples: pd.DataFrame) -> pd.DataFrame:
    """Of `failures`: `domain`, `subcategory`, `samples`, `k`, `n` (all verdicts on them), `rate`, the lowest first."""
    grouped = samples.groupby(["domain", "subcategory"], sort=False, observed=True)
    parts = grouped.agg(samples=("question_id", "size"), failing=("failing", "sum"), n=("graded", "sum"))
    parts = parts.assign(k=parts["n"] - parts.pop("failing"))
    parts = parts.assign(rate=parts["k"] / parts["n"]).sort_values("rate", kind="stable")
    return parts[["samples", "k", "n", "rate"]].reset_index()
