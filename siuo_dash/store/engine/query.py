"""A named query: a sentence and its SQL. Values are bound; identifiers come from the schema only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from siuo_dash.benchmark.schema import METRICS, Metric
from siuo_dash.store.engine.database import Store


class Condition(Protocol):
    """What a filter asks for: SQL, and its values by name."""

    @property
    def sql(self) -> str: ...

    @property
    def values(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Query:
    """A named query. `{metric}`, `{column}`, `{task}` are parts of a metric, `{where}` is the condition of a filter.

    Any other name in braces is a part of the text that the asking function chooses among its own.
    """

    name: str
    sentence: str
    sql: str

    def run(
        self,
        store: Store,
        *,
        metric: Metric | None = None,
        where: Condition | None = None,
        parts: Mapping[str, str] | None = None,
        **values: Any,
    ) -> pd.DataFrame:
        """The answer as a frame; the metric is looked up in the schema, the values are bound.

        parts: {name in braces: text}, never of a user.
        """
        text = self.sql
        for name, part in (parts or {}).items():
            text = text.replace(f"{{{name}}}", part)
        if metric is not None:
            known = METRICS[metric.id]
            text = text.replace("{metric}", known.id).replace("{column}", known.column).replace("{task}", known.task)
        if where is not None:
            text = text.replace("{where}", where.sql)
            values |= where.values
        return store.frame(text, values)
