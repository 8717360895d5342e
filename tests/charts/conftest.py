"""Runs that the tests of charts draw: made-up ones of one board, and those of the paper."""

from __future__ import annotations

import pandas as pd
import pytest

from siuo_dash.analysis import domains
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.tradeoff import tradeoff
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.store.engine.database import Store
from tests.make.runs import BOARD, random_runs
from tests.make.stores import shipped, with_results

SAFE = METRICS["safe"]
WHERE = Filters(board=BOARD).where()


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(with_results(tmp_path_factory.mktemp("charts") / "data", *random_runs(65)))


@pytest.fixture(scope="session")
def rates(store: Store) -> domains.DomainRates:
    whole = domains.domain_rates(store, WHERE, SAFE)
    whole = domains.marked(whole, domains.board_means(whole))
    return whole.only(domains.in_order(whole, "morality"))


@pytest.fixture(scope="session")
def paper() -> pd.DataFrame:
    return tradeoff(shipped(), Filters(board="human-3"), METRICS["safe"])
