"""A data directory with uploaded runs whose every figure can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from siuo_dash.store.engine.database import Store
from tests.make.inspect_stores import data_folder, publish_run, run_table, sentences


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of one board over five samples of two domains, and one run of another judge.

    safe by majority:   1001 1002 1003 2001 2002
        A                no   no   yes  yes  no
        B                yes  no   yes  no   yes
        C                yes  no   no   –    yes     (2001 is ungraded)
    """
    folder = data_folder(tmp_path_factory.mktemp("small"))
    yes, no = (True, True), (False, True)
    publish_run(
        folder,
        run_table(
            "A",
            {1001: [no, no, yes], 1002: [no, no, no], 1003: [yes, yes, yes], 2001: [yes, no, yes], 2002: [no, no, no]},
            text=lambda question_id, place: (
                "" if (question_id, place) == (1002, 0) else sentences("A")(question_id, place)
            ),
            words=lambda question_id, place: f"The judge weighs {question_id}.",
            answers={1001: ("A", True), 1002: ("B", False)},
        ),
    )
    publish_run(
        folder,
        run_table(
            "B",
            {1001: [yes] * 3, 1002: [no] * 3, 1003: [yes] * 3, 2001: [no] * 3, 2002: [yes, yes, no]},
            text=sentences("B"),
        ),
    )
    publish_run(
        folder,
        run_table(
            "C",
            {1001: [yes] * 3, 1002: [no] * 3, 1003: [no] * 3, 2001: [(None, True)] * 3, 2002: [yes] * 3},
            effectiveness=False,
        ),
    )
    publish_run(folder, run_table("A", {1001: [yes], 1002: [yes]}, judge="another-judge", text=sentences("A2")))
    return folder


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
