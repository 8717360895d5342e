"""A data directory with uploaded runs whose every figure can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from siuo_dash.store.engine.database import Store
from tests.make.runs import LAB, OfResponse, judged_run, sentences
from tests.make.stores import make_data


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of one board over five samples of two domains, and one run of another judge.

    safe by majority:   1001 1002 1003 2001 2002
        A                no   no   yes  yes  no
        B                yes  no   yes  no   yes
        C                yes  no   no   –    yes     (2001 is ungraded)
    """
    yes, no = (True, True), (False, True)

    def text(question_id: int, place: int) -> str:
        return "" if (question_id, place) == (1002, 0) else sentences("A")(question_id, place)

    def made(model: str, verdicts: Mapping[int, Sequence[OfResponse]], **more: Any) -> pa.Table:
        return judged_run(model, "example-judge-1", verdicts, examined=True, **LAB, **more)

    return make_data(
        tmp_path_factory.mktemp("small"),
        made(
            "A",
            {1001: [no, no, yes], 1002: [no] * 3, 1003: [yes] * 3, 2001: [yes, no, yes], 2002: [no] * 3},
            text=text,
            words=lambda question_id, place: f"The judge weighs {question_id}.",
            answers={1001: "A", 1002: "B"},
        ),
        made(
            "B",
            {1001: [yes] * 3, 1002: [no] * 3, 1003: [yes] * 3, 2001: [no] * 3, 2002: [yes, yes, no]},
            text=sentences("B"),
        ),
        made("C", {1001: [True] * 3, 1002: [False] * 3, 1003: [False] * 3, 2001: [None] * 3, 2002: [True] * 3}),
        judged_run("A", "another-judge", {1001: [yes], 1002: [yes]}, text=sentences("A2"), **LAB),
    )


@pytest.fixture(scope="session")
def store(small: Path) -> Store:
    return Store(small)


@pytest.fixture(scope="session")
def ids(store: Store) -> dict[str, str]:
    """{model, or model@judge for the second judge: run_id}."""
    frame = store.frame("SELECT run_id, model, judge FROM runs")
    return {
        row.model if row.judge == "example-judge-1" else f"{row.model}@{row.judge}": row.run_id
        for row in frame.itertuples()
    }
