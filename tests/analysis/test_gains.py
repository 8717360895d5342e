"""What a method gains over its own base in the same board: which run is the base, and by whose interval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from siuo_dash.analysis.baseline import gains
from siuo_dash.analysis.comparison import compare
from siuo_dash.analysis.filters import EVERY, Filters
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.analysis.stats.differences import bonett_price, newcombe
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.report.columns import screen
from siuo_dash.report.export import Provenance
from siuo_dash.report.leaderboard import COLUMNS, export_table, ordered
from siuo_dash.report.leaderboard_words import gain_sentence
from siuo_dash.store.engine.database import Store
from tests.make.runs import ALPHA, BETA, IDS, judged_run, make_run, run_id_of, share
from tests.make.stores import store_of

SAFE = METRICS["safe"]
ETA: dict[str, Any] = {"base_model": ALPHA, "method": "ETA"}


def test_the_published_gains_are_newcombes(root: Path) -> None:
    store = Store(root / "data")
    found = gains(store, Filters(board="gpt-4o-mini-1").where(), SAFE)
    assert len(found) == 20 and not found["gain_paired"].any()
    srt = found.loc[[name for name in found.index if name.startswith("qwen3-vl-8b-instruct-srt")]].iloc[0]
    interval = newcombe(134, 167, 89, 167)
    assert srt["gain"] == pytest.approx(45 / 167) and (srt["base_k"], srt["base_n"]) == (89, 167)
    assert (srt["gain_low"], srt["gain_high"]) == (interval.low, interval.high)
    frame = leaderboard(store, Filters(board="gpt-4o-mini-1"), SAFE)
    assert frame.loc[frame["method"].isna(), "gain"].isna().all() and frame["gain"].notna().sum() == 20
    assert gain_sentence(frame.iloc[0].to_dict(), SAFE) == (
        "Safe: +26.9 points over its base model, Qwen3-VL-8B-Instruct · gpt-4o-mini, 53.3% (89/167); "
        "95% interval +17.0 to +36.2 (unpaired, Newcombe)."
    )


def test_every_gain_is_the_comparison_of_the_two(root: Path) -> None:
    store = Store(root / "data")
    found = gains(store, EVERY, SAFE)
    methods = store.frame("SELECT run_id FROM runs WHERE method IS NOT NULL")["run_id"]
    # Of the base model of MIRage no plain result is published under that judge.
    assert len(found) == len(methods) - 3
    for run_id, row in found.iloc[::7].iterrows():
        other = compare(store, str(run_id), row["base_run_id"]).overall["safe"]
        assert other is not None
        assert row["gain"] == pytest.approx(other.difference) and row["gain_p"] == pytest.approx(other.p)


def test_two_runs_with_samples_are_paired(tmp_path: Path) -> None:
    # 15 samples only the method passes, 5 only the base: design.md's worked example.
    base = judged_run(ALPHA, "human", {each: place < 65 for place, each in enumerate(IDS)})
    method = judged_run("Alpha + ETA", "human", {each: 5 <= place < 80 for place, each in enumerate(IDS)}, **ETA)
    known = make_run(ALPHA, share(90), totals=True, responses_per_sample=1, source="a paper")
    found = gains(store_of(tmp_path, base, method, known), EVERY, SAFE)
    assert found.index.tolist() == [run_id_of(method)]
    row, interval = found.iloc[0], bonett_price(15, 5, 167)
    assert row["gain_paired"] and row["base_run_id"] == run_id_of(base) and row["gain"] == pytest.approx(10 / 167)
    assert (row["gain_low"], row["gain_high"]) == (interval.low, interval.high)
    assert (round(100 * row["gain_low"], 2), round(100 * row["gain_high"], 2)) == (0.55, 11.28)


def test_a_base_is_plain_of_the_same_name_and_of_the_same_board(tmp_path: Path) -> None:
    other_board = make_run(ALPHA, share(10), judge="gpt-4o", totals=True)
    other_method = make_run("Alpha + DTR", share(20), totals=True, base_model=ALPHA, method="DTR")
    other_model = make_run(BETA, share(30), totals=True)
    method = make_run("Alpha + ETA", share(40), totals=True, **ETA)
    alone = store_of(tmp_path / "alone", other_board, other_method, other_model, method)
    assert gains(alone, EVERY, SAFE).empty
    frame = leaderboard(alone, Filters(board="human-3"), SAFE)
    assert frame["gain"].isna().all() and set(frame["base_model"]) == {ALPHA, BETA}
    plain = make_run(f" {ALPHA.upper()}", share(35), totals=True)
    unjudged = make_run(ALPHA, mcqa=share(9), totals=True)
    with_base = store_of(tmp_path / "base", other_method, method, plain, unjudged)
    found = gains(with_base, Filters(search="ETA").where(), SAFE)
    assert found["base_run_id"].tolist() == [run_id_of(plain)] and found["gain"].iloc[0] == pytest.approx(5 / 167)


def test_multiple_choice_has_one_board_for_all(tmp_path: Path) -> None:
    plain = make_run(ALPHA, judge="gpt-4o", mcqa=share(60))
    method = make_run("Alpha + ETA", mcqa=[*share(50, 57), *share(20, 110)], **ETA)
    found = gains(store_of(tmp_path, plain, method), EVERY, METRICS["mcqa"])
    assert found["gain_paired"].tolist() == [True] and found["gain"].iloc[0] == pytest.approx(10 / 167)


def test_the_leaderboard_shows_exports_and_groups_them(tmp_path: Path) -> None:
    plain, other = make_run(ALPHA, share(40), totals=True), make_run(BETA, share(60), totals=True)
    methods = [
        make_run(f"Alpha + {name}", share(k), totals=True, base_model=ALPHA, method=name)
        for name, k in (("ETA", 90), ("DTR", 30))
    ]
    frame = leaderboard(store_of(tmp_path, plain, other, *methods), Filters(board="human-3"), SAFE)
    together = ordered(frame, "base")
    assert together["model"].tolist() == [ALPHA, "Alpha + ETA", "Alpha + DTR", BETA]
    shown = screen([COLUMNS[name] for name in ("model", "gain", "method")], together)
    assert shown["Gain over base"].tolist()[0] == shown["Gain over base"].tolist()[3] == ""
    assert shown["Gain over base"].tolist()[1].startswith("+29.9 (+") and shown["Method"].tolist()[1:3] == [
        "ETA",
        "DTR",
    ]
    table = export_table(together, ["model", "gain"], {}, Provenance("v", "human", "none"), "T")
    assert table.data["gain_paired"].isna().tolist() == [True, False, False, True]
    assert table.text("range")["Gain over base"].tolist()[2].startswith("-6.0 (")
