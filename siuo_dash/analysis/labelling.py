"""How well the readers who labelled the samples agreed, and how their labels compare with the benchmark's counts."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import pandas as pd
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

from siuo_dash.analysis.stats.agreement import cohen_kappa

READ: Final = {
    "subcategory": ("Subcategory", "abc"),
    "primary": ("Primary dimension", "ab"),
    "needs_knowledge": ("Needs knowledge", "ab"),
    "needs_reasoning": ("Needs reasoning", "ab"),
}
"""{label: (what people read, the readers who gave it)}."""


def reader_agreement(annotators: pd.DataFrame) -> pd.DataFrame:
    """Agreement before adjudication, one row a label and pair of readers: `label`, `readers`, `agreed`, `n`, `kappa`,
    `low`, `high`.

    annotators: one row a sample, each label as `{label}_a`, `_b`, `_c` by reader. Cohen's kappa with its 95% interval;
    over more than two readers Fleiss' kappa, without one.
    """
    rows = []
    for name, (words, readers) in READ.items():
        for pair in combinations(readers, 2):
            first, second = (annotators[f"{name}_{reader}"] for reader in pair)
            kappa = cohen_kappa(first, second)
            both = " and ".join(map(str.upper, pair))
            ends = (kappa.interval.low, kappa.interval.high) if kappa and kappa.interval else (None, None)
            agreed = int((first == second).sum())
            rows.append((words, both, agreed, len(annotators), kappa and kappa.kappa, *ends))
        if len(readers) > 2:
            rows.append((words, "all three", *_fleiss(annotators[[f"{name}_{each}" for each in readers]]), None, None))
    return pd.DataFrame(rows, columns=["label", "readers", "agreed", "n", "kappa", "low", "high"])


def _fleiss(read: pd.DataFrame) -> tuple[int, int, float]:
    """Samples on which all readers agree, all samples, and Fleiss' kappa (Fleiss 1971, Psychol. Bull. 76, 378–382)."""
    counts, _ = aggregate_raters(read.to_numpy())
    return int(read.nunique(axis=1).eq(1).sum()), len(read), float(fleiss_kappa(counts))


def subcategory_counts(samples: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """The samples in each subcategory by our labels and by the benchmark's own count, in the order of the latter.

    samples: the catalogue. published: `domain`, `subcategory`, `published`. Columns: these and `ours`; 0 where only one
    of the two has the subcategory.
    """
    keys = ["domain", "subcategory"]
    ours = samples.groupby(keys).size().rename("ours").reset_index()
    both = published[[*keys, "published"]].merge(ours, on=keys, how="outer", sort=False)
    return both.fillna({"ours": 0, "published": 0}).astype({"ours": int, "published": int})


def least_differing(counts: pd.DataFrame) -> int:
    """How many of our labels must differ from the benchmark's, whichever those are: the least that explains the counts.

    counts: of `subcategory_counts`. In a domain with as many samples in both, each surplus in one subcategory is a
    label that is another there. Where the domains differ in size, the smaller of surplus and lack is taken: the rest
    may be samples that came or went between the versions.
    """
    gap: pd.Series[Any] = counts["ours"] - counts["published"]
    surplus, lack = (part.clip(lower=0).groupby(counts["domain"]).sum() for part in (gap, -gap))
    return int(surplus.combine(lack, min).sum())
