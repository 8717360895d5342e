"""Labels of the samples: subcategory, primary dimension, and what a sample needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.schema import BENCHMARK

LABEL_COLUMNS: Final = (
    "question_id",
    "domain",
    "subcategory",
    "primary_dimension",
    "needs_knowledge",
    "needs_reasoning",
)
"""The columns of a label file; the domain is the benchmark's own and only checked."""
MUST_DIFFER: Final = 16
"""How many of the project's own subcategories must differ from the benchmark's, by its published counts."""


@dataclass(frozen=True)
class Label:
    """What somebody who read a sample says of it."""

    subcategory: str
    primary_dimension: str
    needs_knowledge: bool
    needs_reasoning: bool


@dataclass(frozen=True)
class Labels:
    """The labels of the samples by question_id.

    origin: the file that they were loaded from; '' = the project's own, or a reviewed set's. Samples without a label
    may be missing.
    """

    by_id: Mapping[int, Label]
    origin: str = ""
    sample_set: str = BENCHMARK

    @classmethod
    def own(cls, catalogue: Catalogue) -> Labels:
        """The project's own labels, as the catalogue holds them."""
        return cls(
            {
                sample.question_id: Label(
                    sample.subcategory, sample.primary_dimension, sample.needs_knowledge, sample.needs_reasoning
                )
                for sample in catalogue.samples
            },
            sample_set=catalogue.sample_set,
        )

    @property
    def is_own(self) -> bool:
        return not self.origin
