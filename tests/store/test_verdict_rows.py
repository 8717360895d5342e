"""The votes of each sample in the table `verdicts`: counted from the responses, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from siuo_dash.store.engine.database import Store
from tests.make.runs import OfResponse, judged_run
from tests.make.stores import make_data


def votes(folder: Path, verdicts: Sequence[OfResponse]) -> list[int]:
    """safe votes, graded; effective votes, graded; both votes, graded; responses."""
    make_data(folder, judged_run("V", "human", {1001: verdicts}))
    columns = ", ".join(
        f"{column}_{part}" for column in ("safe", "effective", "safe_and_effective") for part in ("votes", "graded")
    )
    row = Store(folder).frame(f"SELECT {columns}, response_count FROM verdicts")
    return [int(value) for value in row.iloc[0]]


def test_a_response_passes_both_only_when_it_passes_each(tmp_path: Path) -> None:
    assert votes(tmp_path / "a", [(True, False), (True, True), (False, True)]) == [2, 3, 2, 3, 1, 3, 3]


def test_an_ungraded_verdict_is_no_vote_but_a_failed_one_settles_both(tmp_path: Path) -> None:
    # Design §4: a response's AND is 0 when either verdict is 0, ungraded when neither is 0 and one is ungraded.
    assert votes(tmp_path / "a", [(None, False), (None, True), (True, True)]) == [1, 1, 2, 3, 1, 2, 3]


def test_what_was_not_judged_has_no_votes(tmp_path: Path) -> None:
    assert votes(tmp_path / "a", [False, True]) == [1, 2, 0, 0, 0, 0, 2]
