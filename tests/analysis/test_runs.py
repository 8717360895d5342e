"""One run whole: its failures, domains, responses and place against figures worked out by hand (conftest.small)."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from siuo_dash.analysis import queries, runs, samples
from siuo_dash.analysis.sample_filters import FAILING, PASSING
from siuo_dash.analysis.stats.responses import ResponseMix
from siuo_dash.analysis.texts import records
from siuo_dash.benchmark.schema import METRICS, RESULT_SCHEMA
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import run_parquet
from tests.make.registry import file_of

SAFE, EFFECTIVE, BOTH, MCQA = METRICS.values()


def test_a_runs_own_failures_come_first(store: Store, ids: dict[str, str]) -> None:
    failed = runs.failures(store, queries.find_run(store, ids["A"]), SAFE)
    # 1001 and 2002: B and C both pass; 1002: neither does.
    assert list(zip(failed["question_id"], failed["others_right"], failed["others_graded"], strict=True)) == [
        (1001, 2, 2),
        (2002, 2, 2),
        (1002, 0, 2),
    ]
    assert failed["flags"].tolist() == [[], [], ["empty"]]
    assert failed["scene"].tolist() == [store.catalogue.by_id[each].scene for each in (1001, 2002, 1002)]


def test_only_runs_of_the_same_board_count_as_others(store: Store, ids: dict[str, str]) -> None:
    other = queries.find_run(store, ids["A@another-judge"])
    assert runs.failures(store, other, SAFE).empty
    ungraded_among_others = runs.failures(store, queries.find_run(store, ids["B"]), SAFE).set_index("question_id")
    assert ungraded_among_others.loc[2001, ["others_right", "others_graded"]].tolist() == [1, 1]


def test_multiple_choice_failures(store: Store, ids: dict[str, str]) -> None:
    failed = runs.failures(store, queries.find_run(store, ids["A"]), MCQA)
    assert failed[["question_id", "others_graded"]].to_numpy().tolist() == [[1002, 0]]


def test_domains(store: Store, ids: dict[str, str]) -> None:
    profile = runs.domain_profile(store, queries.find_run(store, ids["A"]), SAFE).set_index("domain")
    assert len(profile) == 9
    assert profile.loc["self-harm", ["k", "n"]].tolist() == [1, 3]
    assert profile.loc["dangerous behavior", ["k", "n"]].tolist() == [1, 2]
    assert profile.loc["morality", "n"] == 0
    assert profile.loc["morality", ["rate", "low", "high"]].isna().all()
    # Wilson 95% of 1/3.
    assert profile.loc["self-harm", ["low", "high"]].tolist() == pytest.approx([0.0615, 0.7923], abs=5e-5)


def test_how_responses_agree(store: Store, ids: dict[str, str]) -> None:
    mixes = runs.response_mixes(store, queries.find_run(store, ids["A"]))
    assert mixes["safe"] == ResponseMix(counts=(2, 1, 1, 1), incomplete=0, ungraded=0)
    assert mixes["effective"] == ResponseMix(counts=(0, 0, 0, 5), incomplete=0, ungraded=0)
    assert mixes["safe_and_effective"] == mixes["safe"]
    not_judged = runs.response_mixes(store, queries.find_run(store, ids["C"]))
    assert not_judged == {"safe": ResponseMix(counts=(2, 0, 0, 2), incomplete=0, ungraded=1)}
    assert runs.response_mixes(store, queries.find_run(store, ids["A@another-judge"])) == {}


def test_without_the_flagged_responses(store: Store, ids: dict[str, str]) -> None:
    # Of 1002 the first of three unsafe responses is empty and so leaves; the sample stays unsafe.
    assert runs.without_flagged(store, queries.find_run(store, ids["A"]))["safe"] == Tally(k=2, n=5, total=5)
    # C's 2001 has nothing but ungraded responses: it is left out altogether.
    assert runs.without_flagged(store, queries.find_run(store, ids["C"])) == {"safe": Tally(k=2, n=4, total=4)}


def test_flags_by_kind(store: Store, ids: dict[str, str]) -> None:
    assert runs.flag_counts(store, queries.find_run(store, ids["A"])) == {"empty": 1}
    assert runs.flag_counts(store, queries.find_run(store, ids["B"])) == {}


def test_metrics_and_place(store: Store, ids: dict[str, str]) -> None:
    run = queries.find_run(store, ids["A"])
    assert [metric.id for metric in runs.metrics_of(run)] == ["safe", "effective", "safe_and_effective", "mcqa"]
    assert [metric.id for metric in runs.metrics_of(queries.find_run(store, ids["C"]))] == ["safe"]
    assert runs.place(store, run, SAFE) == (None, 0), "five of 167 samples: partial, so not ranked"


def test_place_on_the_shipped_board(root: Path) -> None:
    shipped = Store(root / "data")
    found = shipped.frame("SELECT run_id FROM runs WHERE model = 'GLM-4.1V-9B-Thinking'")["run_id"].iloc[0]
    run = queries.find_run(shipped, found)
    assert runs.place(shipped, run, SAFE) == (10, 10)
    assert runs.flag_counts(shipped, run)["error_message"] == 14
    assert runs.flag_counts(shipped, run)["unclosed_reasoning"] == 138
    failed = runs.failures(shipped, run, SAFE)
    assert len(failed) == 167 - 70
    assert failed["others_right"].is_monotonic_decreasing
    totals = queries.find_run(
        shipped, shipped.frame("SELECT run_id FROM runs WHERE evidence = 'totals'")["run_id"].iloc[0]
    )
    assert runs.failures(shipped, totals, SAFE).empty
    assert runs.without_flagged(shipped, totals) == {}


def test_every_metric_has_an_outcome_for_and_against() -> None:
    assert set(FAILING) == set(PASSING) == set(METRICS)


def test_one_samples_verdicts_by_board(store: Store, ids: dict[str, str]) -> None:
    counts = samples.boards_of_sample(store, 1001).set_index(["board", "task"])
    assert counts.loc[("example-judge-1-3", "generation"), ["safe_k", "safe_n", "effective_n"]].tolist() == [2, 3, 2]
    assert counts.loc[("another-judge-1", "generation"), ["safe_k", "safe_n"]].tolist() == [1, 1]
    assert counts.loc[("example-judge-1-3", "mcqa"), ["mcqa_k", "mcqa_n"]].tolist() == [1, 1]
    on_top = samples.verdicts_of_sample(store, 1001, first="another-judge-1", most=2)
    assert on_top["board"].tolist() == ["another-judge-1", "example-judge-1-3"], "the asked board first, then cut"
    chosen = samples.verdicts_of_runs(store, [ids["A"], ids["C"]], 1002)
    assert sorted(chosen["run_id"].unique()) == sorted([ids["A"], ids["C"]])
    assert set(chosen["question_id"]) == {1002}
    flags = dict(zip(zip(chosen["run_id"], chosen["task"], strict=True), chosen["flags"], strict=True))
    assert flags[(ids["A"], "generation")] == ["empty"]
    assert flags[(ids["A"], "mcqa")] == []


def test_the_runs_with_verdicts_by_sample(root: Path) -> None:
    shipped = Store(root / "data")
    frame = shipped.frame("SELECT run_id, evidence FROM runs ORDER BY run_id")
    assert samples.with_verdicts(shipped) == set(frame.loc[frame["evidence"] == "per_sample", "run_id"])


def test_failures_as_json_lines(store: Store, ids: dict[str, str]) -> None:
    run = queries.find_run(store, ids["A"])
    failed = runs.failures(store, run, SAFE)["question_id"].tolist()
    lines = [json.loads(line) for line in records(store, [ids["A"]], failed, task="generation")]
    assert [line["question_id"] for line in lines] == [1001, 1002, 2002]
    assert all(line["safe"] is False and line["model"] == "A" and len(line["responses"]) == 3 for line in lines)
    assert lines[1]["responses"][0]["text"] == ""
    assert lines[0]["responses"][0]["safety_judgement"] == "The judge weighs 1001."
    assert lines[0]["question_fingerprint"] == store.catalogue.by_id[1001].question_fingerprint
    assert lines[0]["data_version"] == store.version
    both = list(records(store, [ids["A"], ids["B"]], {1001}))
    assert [(json.loads(line)["model"], json.loads(line)["task"]) for line in both] == [
        ("A", "generation"),
        ("A", "mcqa"),
        ("B", "generation"),
    ]


def test_the_downloaded_run_is_the_published_one(
    store: Store, small: Path, ids: dict[str, str], tmp_path: Path
) -> None:
    copy = tmp_path / "copy.parquet"
    copy.write_bytes(run_parquet(store, ids["A"]))
    original = pq.read_table(file_of(small, ids["A"]), partitioning=None)
    again = pq.read_table(copy, partitioning=None)
    assert again.equals(original)
    assert again.schema.remove_metadata().equals(RESULT_SCHEMA)
