"""What the upload page says: findings, figures, tables, and what a file tells of its run."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from siuo_dash import text
from siuo_dash.analysis import preview
from siuo_dash.analysis.board_list import Board
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.benchmark.schema import BENCHMARK, DOMAINS, METRICS
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.errors import Finding
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.records import suggested
from siuo_dash.ingest.submission import Submission, UploadedFile, validate
from siuo_dash.report import file_findings, review, upload
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import Withdrawal
from siuo_dash.store.runs.parquet import parquet_bytes
from tests.make.files import Rows, as_csv, as_json, judged, plain, reply
from tests.make.runs import CATALOGUE, IDS, make_run, share
from tests.make.stores import make_data

FINDINGS = [
    Finding("error", "the value 'x' is odd", "give its meaning", "=a.csv", 5, 1004, "label"),
    Finding("error", "the value 'y' is odd", "give its meaning", "=a.csv", 9, 1008, "label"),
    Finding("warning", "1 response a sample", "it stands elsewhere"),
    Finding("warning", "Empty: 2 samples", "shown with the run", "=a.csv", 7, 1006, "empty"),
]


def read(rows: Rows, mapping: Mapping | None = None) -> Submission:
    return validate([UploadedFile("run.json", as_json(rows))], CATALOGUE, mapping)


def test_findings_as_a_table_leave_out_what_no_finding_has() -> None:
    frame = file_findings.findings_frame(FINDINGS)
    assert list(frame) == ["File", "Row", "Sample", "Field", "What is wrong", "What to do"]
    assert frame["Row"].tolist()[:2] == [5, 9] and frame["Row"].isna().tolist() == [False, False, True, False]
    assert list(file_findings.findings_frame(FINDINGS[2:3])) == ["What is wrong", "What to do"]


def test_findings_as_csv_are_whole_and_run_nothing() -> None:
    rows = list(csv.DictReader(io.StringIO(file_findings.findings_csv(FINDINGS).decode())))
    assert [row["severity"] for row in rows] == ["error", "error", "warning", "warning"]
    assert rows[0] == {
        "severity": "error",
        "file": "'=a.csv",
        "row": "5",
        "question_id": "1004",
        "field": "label",
        "message": "the value 'x' is odd",
        "hint": "give its meaning",
    }
    assert rows[2]["row"] == rows[2]["question_id"] == ""


def test_findings_of_one_kind_are_read_once() -> None:
    kinds = file_findings.by_kind(FINDINGS)
    assert [(finding.message, count) for finding, count in kinds] == [
        ("the value 'x' is odd", 2),
        ("1 response a sample", 1),
        ("Empty: 2 samples", 1),
    ]
    assert file_findings.place_words(FINDINGS[0]) == "=a.csv, row 5, sample 1004, field label"
    assert file_findings.place_words(FINDINGS[3]) == "=a.csv, row 7, sample 1006"
    assert file_findings.place_words(FINDINGS[2]) == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("no usable id", "No usable id."),
        ("gen_score.py would print 1", "gen_score.py would print 1."),
        ("What is it?", "What is it?"),
    ],
)
def test_messages_as_sentences(words: str, sentence: str) -> None:
    assert text.as_sentence(words) == sentence


def test_values_that_need_a_meaning_are_those_of_the_findings() -> None:
    found = read(plain("safe", lambda place: ["fine", "Refused ", 1, 'it\'s "bad"'][place % 4]))
    values = upload.values_not_understood(found.errors)
    assert sorted(values["safe"]) == ["fine", 'it\'s "bad"', "refused"]
    meant = dict.fromkeys(values["safe"], "safe") | {'it\'s "bad"': "unsafe"}
    assert found.reading.mapping is not None
    again = read(
        plain("safe", lambda place: ["fine", "Refused ", 1, 'it\'s "bad"'][place % 4]),
        found.reading.mapping.having(safe_values=meant),
    )
    assert again.ok and again.scores["safe"].k == 126


def test_what_was_recognised() -> None:
    assert upload.recognised(read(judged(safe=80))) == "Recognised as SIUO generation: 167 samples, 3 responses each."
    assert (
        upload.recognised(read(plain("is_safe", lambda _: 1, [1001]))) == "Read as a table: 1 sample, 1 response each."
    )
    asked = read(plain("overall", lambda place: place % 2))
    assert upload.recognised(asked) == "Read as a table. 1 question before it can be scored."
    odd = validate([UploadedFile("x.json", b'{"a": 1}')], CATALOGUE)
    assert upload.recognised(odd) == "Could not be read."


def test_the_steps_that_are_done_are_ticked() -> None:
    assert upload.steps(0, hosted=False) == "**1 Files** › 2 Check › 3 Describe › 4 Publish"
    assert upload.steps(3, hosted=True) == ":green[✓ Files] › :green[✓ Check] › :green[✓ Describe] › **4 Send**"


def test_the_first_samples_as_understood() -> None:
    rows = plain("is_safe", lambda place: -1 if place == 2 else (place + 1) % 2)
    rows[0]["response"] = "word " * 60
    frame = upload.understood_frame(read(rows), 3)
    assert frame["Sample"].tolist() == [1001, 1002, 1003]
    assert frame["Safety"].tolist() == ["safe", "unsafe", "ungraded"]
    assert frame["Effectiveness"].tolist() == ["–"] * 3
    assert frame["First response"][0].endswith("…") and len(frame["First response"][0]) <= 121
    choice = validate([UploadedFile("m.json", as_json([{"question_id": 1001, "response_mcqa": "(B)"}]))], CATALOGUE)
    assert upload.understood_frame(choice).to_dict("records") == [{"Sample": 1001, "Answer": "(B)"}]


def test_an_export_tells_its_metadata_but_never_its_status() -> None:
    metadata = RunMetadata(
        "M", "J", "O", 7.0, False, "peer-reviewed", "https://example.org", date(2025, 2, 3), "Somebody", "note"
    )
    table = read(judged(safe=3)).to_table(metadata)
    exported = validate([UploadedFile("x.parquet", bytes(parquet_bytes(table)))], CATALOGUE)
    assert suggested(exported.reading.known) == RunMetadata(
        "M", "J", "O", 7.0, False, source="https://example.org", evaluated_on=date(2025, 2, 3), note="note"
    )
    named = [row | {"model": "Example-VL-7B", "judge": "lab/judge-1"} for row in plain("is_safe", lambda _: 1)]
    assert suggested(read(named).reading.known) == RunMetadata("Example-VL-7B", "lab/judge-1")


def test_withdrawn_runs_in_words() -> None:
    frame = review.withdrawn_frame([Withdrawal("a-b-1", None, None, None)])
    assert frame.values.tolist() == [["a-b-1", "not known", "not stated", "not known"]]


def scores(submission: Submission) -> list[list[str]]:
    frame = upload.scores_frame(submission)
    return [list(frame), *frame.to_numpy().tolist()]


def test_scores_have_interval_count_and_what_the_released_script_prints() -> None:
    assert scores(read(judged(safe=89, effective=120))) == [
        ["Score", "Rate, % (95% interval)", "Passed", "gen_score.py prints"],
        ["Safe", "53.3 (45.7–60.7)", "89/167", "53.29"],
        ["Effective", "71.9 (64.6–78.1)", "120/167", "71.86"],
        ["Safe & Effective", "53.3 (45.7–60.7)", "89/167", "53.29"],
    ]


def test_what_was_not_judged_and_what_is_ungraded_says_so() -> None:
    found = scores(read(plain("is_safe", lambda place: "" if place < 2 else 1)))
    assert found[:3] == [
        ["Score", "Rate, % (95% interval)", "Passed", "Excluding flagged"],
        ["Safe", "100.0 (97.7–100.0)", "165/165, 2 ungraded", "100.0 (97.7–100.0)"],
        ["Effective", "not judged", "", ""],
    ]


def test_whether_the_released_scripts_print_the_same() -> None:
    assert upload.released_words(read(judged(safe=89))) == "The released scripts print the same."
    assert "prints nothing" in upload.released_words(read(plain("is_safe", lambda _: 1)))
    rows = judged(safe=89)
    rows[0]["safe"] = [-1, -1, 1]
    assert "other figures" in upload.released_words(read(rows))
    table = upload.released_by_category(read(judged(safe=19)))
    assert table.iloc[0].tolist() == ["self-harm", 100.0, 100.0, 100.0]
    assert len(table) == len(DOMAINS)


def test_scores_without_the_flagged_responses() -> None:
    rows = plain("is_safe", lambda place: int(place < 60))
    for place in (0, 1, 100):
        rows[place]["response"] = "torch.cuda.OutOfMemoryError: CUDA out of memory."
    rows[0]["response"] = ""
    frame = upload.health_frame(read(rows)).set_index("Flag")
    assert frame["Samples"].to_dict() == {"Empty": 1, "Error message": 2, "Any of these": 3}
    assert frame["Safe without them"].tolist() == [
        "35.5% (59/166), -0.4 points",
        "35.8% (59/165), -0.2 points",
        "35.4% (58/164), -0.6 points",
    ]
    assert upload.health_frame(read(judged(safe=3))).empty
    for row in rows:
        row["response"] = "HTTP 503 Service Unavailable"
    assert upload.health_frame(read(rows))["Safe without them"].tolist()[0] == "nothing left"
    assert scores(read(rows))[1][3] == "no sample left", "each has its verdict"


def test_the_domain_profile_counts_each_domain() -> None:
    frame = upload.domain_frame(read(judged(safe=19)), METRICS["safe"])
    assert frame["label"].tolist() == [domain.label for domain in DOMAINS]
    assert (frame["safe_k"][0], frame["safe_n"][0], frame["safe_rate"][0]) == (19, 19, 1.0)
    assert frame["safe_n"].sum() == 167 and frame["safe_k"].sum() == 19
    assert ((frame["safe_low"] <= frame["safe_rate"]) & (frame["safe_rate"] <= frame["safe_high"])).all()


def standing(tmp_path: Path, others: Sequence[int], safe: int) -> preview.Standing:
    store = Store(make_data(tmp_path / "data", *(make_run(f"M{k:03}", share(k), judge="J") for k in others)))
    new = upload.candidate(read(judged(safe=safe)), "J")
    found = preview.standing(store, new, METRICS["safe"], "Mine")
    assert found is not None
    return found


def test_a_new_board_is_called_as_the_judges_other_boards() -> None:
    known = [Board("human-3", Protocol("human", 3, BENCHMARK), 15, 0, 15, "Human judges", "")]
    one = read(plain("is_safe", lambda _: 1, [1001]))
    assert upload.new_board(one, "human", known) == "Human judges · 1 response"
    assert upload.new_board(one, "J", known) == upload.new_board(one, "J") == "J as judge · 1 response"


def test_the_place_in_words(tmp_path: Path) -> None:
    found = standing(tmp_path, [20, 90, 140], 100)
    board = "J as judge · 3 responses"
    assert upload.standing_words(found, (1, 3), board, 3) == "Safe: rank 2 of 4 (1–3) on J as judge · 3 responses."
    assert upload.standing_words(found, None, board, 3) == "Safe: rank 2 of 4 on J as judge · 3 responses."
    alone = standing(tmp_path / "alone", [], 100)
    assert "the first run of the new board" in upload.standing_words(alone, None, board, 3)
    partial = preview.Standing(found.metric, found.rate, True, 2, found.board)
    assert "ranked only where partial runs are" in upload.standing_words(partial, (1, 3), board, 3)
    assert upload.live_words("Mine", 2, 4, found.metric) == "Mine is live: rank 2 of 4 by Safe."
    assert upload.live_words("Mine", None, 4, found.metric) == (
        "Mine is live, without a rank: some samples have no verdict."
    )


@pytest.mark.parametrize(("place", "first", "last"), [(0, 0, 16), (3, 0, 16), (75, 67, 83), (99, 83, 99)])
def test_the_neighbours_of_the_new_run(place: int, first: int, last: int) -> None:
    names = [f"M{number}" for number in range(100)]
    board = pd.DataFrame({"run_id": names, "model": names, "evidence": "totals"})
    board.loc[place, "run_id"] = preview.NEW
    rows = upload.around(preview.Standing(METRICS["safe"], Tally(1, 2), False, place + 1, board))
    assert rows["model"].tolist() == names[first : last + 1]
    assert [name for name in rows["name"] if name.startswith("▶")] == [f"▶ M{place} (this upload)"]
    few = preview.Standing(METRICS["safe"], Tally(1, 2), False, 1, board.head(5))
    assert len(upload.around(few)) == 5


def test_earlier_runs_in_words(tmp_path: Path) -> None:
    runs = [make_run("Example-VL-7B", share(80), judge="J"), make_run("Example-VL-7B", share(60), totals=True)]
    store = Store(make_data(tmp_path / "data", *runs))
    new = upload.candidate(read(judged(safe=100)), "J")
    metrics = [METRICS["safe"], METRICS["effective"]]
    earlier = preview.earlier_runs(store, new, "Example-VL-7B", ["Example-VL-7B"], metrics)
    frame = upload.earlier_frame(earlier, metrics, {"j-3": "J, 3 responses"}, {earlier[0].run["run_id"]: 167})
    assert frame["Board"].tolist() == ["J, 3 responses (the same)", "human-3"]
    assert frame["Safe: new minus this"][0].startswith("+12.0 points (+")
    assert frame["Safe: new minus this"][0].endswith("paired") and frame["Safe: new minus this"][1].endswith(
        "not paired"
    )
    assert frame["Effective"].tolist() == ["not judged", "not published"]
    assert frame["Effective: new minus this"].tolist() == ["–", "–"]
    assert frame["Same responses"].tolist() == ["167 samples", "none, or not here"]
    assert "Same responses" not in upload.earlier_frame(earlier, metrics, {}, {})


def test_multiple_choice_has_its_board_and_its_figure() -> None:
    rows = [{"question_id": question_id, "response_mcqa": "(A)"} for question_id in IDS]
    found = validate([UploadedFile("m.json", as_json(rows))], CATALOGUE)
    assert upload.board_protocol(found, "").id == "exact-match-1"
    head, row = scores(found)
    assert head[-1] == "mcqa-eval.py prints" and row[-1].startswith("0.")
    assert row[0] == "Multiple choice" and row[2].endswith("/167")


def test_a_csv_of_hostile_names_is_only_text() -> None:
    rows = plain("is_safe", lambda place: place % 2)
    rows[0]["response"] = reply(1001) + " <script>alert(1)</script>"
    found = validate([UploadedFile("../<b>=x.csv", as_csv(rows))], CATALOGUE)
    assert found.ok and found.reading.samples[0].file == "<b>=x.csv"
    assert "<script>" in upload.understood_frame(found)["First response"][0]
