"""The command line: its JSON contract, its other formats, and errors as one line with an exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from siuo_dash.analysis import bounded
from siuo_dash.cli import main
from tests.make.runs import make_run, share, with_column
from tests.make.stores import add, make_data

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def siuo(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """siuo(*arguments): exit code, standard output and standard error of the command line."""
    monkeypatch.delenv("SIUO_DATA", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["siuo_dash", *arguments])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
        sys.stdout.flush()
        return code, *capfd.readouterr()

    return run


def records(answer: tuple[int, str, str]) -> list[dict[str, Any]]:
    code, out, err = answer
    assert (code, err) == (0, "")
    found: list[dict[str, Any]] = json.loads(out)
    return found


def test_boards_as_json(siuo: Run) -> None:
    found = records(siuo("boards", "--format", "json"))
    assert [each["runs"] for each in found] == [15, 26, 15, 14, 12, 10, 4, 2]
    assert [found[0], found[1], found[4]] == [
        {"board": "human-3", "judge": "human", "responses_per_sample": 3, "sample_set": "siuo-167", "runs": 15},
        {
            "board": "gpt-4o-mini-1",
            "judge": "gpt-4o-mini",
            "responses_per_sample": 1,
            "sample_set": "siuo-167",
            "runs": 26,
        },
        {
            "board": "gpt-4o-unstated",
            "judge": "gpt-4o",
            "responses_per_sample": None,
            "sample_set": "siuo-167",
            "runs": 12,
        },
    ]


def test_a_row_of_the_leaderboard_as_json(siuo: Run) -> None:
    rows = records(siuo("leaderboard", "--board", "human-3", "--metric", "safe", "--format", "json"))
    assert len(rows) == 15
    first = rows[0]
    assert list(first) == [
        "run_id",
        "model",
        "base_model",
        "method",
        "organization",
        "board",
        "sample_set",
        "evidence",
        "rank",
        "rank_low",
        "rank_high",
        "safe",
        "effective",
        "safe_and_effective",
        "mcqa",
        "health",
    ]
    low, high = proportion_confint(89, 167, method="wilson")
    assert first["safe"] == {
        "k": 89,
        "n": 167,
        "rate": 89 / 167,
        "low": pytest.approx(low),
        "high": pytest.approx(high),
    }
    assert (first["model"], first["organization"], first["board"], first["evidence"]) == (
        *("GPT-4V(ision)", "OpenAI"),
        *("human-3", "totals"),
    )
    assert (first["rank"], first["rank_low"], first["rank_high"]) == (1, 1, 3)
    assert first["health"] == {}
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 12, 13, 14, 15]
    assert {row["model"]: row["mcqa"] for row in rows}["InstructBLIP2-7B"] is None
    for row in rows:
        for metric in ("safe", "effective", "safe_and_effective", "mcqa"):
            assert row[metric] is None or row[metric]["rate"] == row[metric]["k"] / row[metric]["n"]


def test_per_sample_runs_and_their_health_as_json(siuo: Run) -> None:
    name = "META-LLAMA/Meta-Llama-3.1-8B-Instruct, 1 Response"
    rows = records(siuo("leaderboard", "--board", name, "--format", "json"))
    glm = next(row for row in rows if row["model"].startswith("GLM"))
    assert (glm["rank"], glm["evidence"]) == (10, "per_sample")
    assert (glm["health"]["error_message"], glm["health"]["unclosed_reasoning"]) == (14, 138)
    assert glm["effective"] is glm["safe_and_effective"] is glm["mcqa"] is None
    assert all(isinstance(count, int) for row in rows for count in row["health"].values())


@pytest.mark.parametrize("metric", ["safe", "effective", "safe_and_effective", "mcqa"])
def test_ranked_by_each_metric(siuo: Run, metric: str) -> None:
    rows = records(siuo("leaderboard", "--board", "human-3", "--metric", metric, "--format", "json"))
    ranked = [row for row in rows if row[metric]]
    assert rows[: len(ranked)] == ranked
    rates = [row[metric]["rate"] for row in ranked]
    assert rates == sorted(rates, reverse=True)
    assert [row["rank"] for row in ranked] == [1 + sum(other > rate for other in rates) for rate in rates]
    assert all(row["rank_low"] <= row["rank"] <= row["rank_high"] for row in ranked)
    assert all(row["rank"] is row["rank_low"] is row["rank_high"] is None for row in rows[len(ranked) :])


def test_all_runs_have_no_ranks(siuo: Run) -> None:
    for name in ("all", "ALL"):
        rows = records(siuo("leaderboard", "--board", name, "--format", "json"))
        assert len(rows) == 98
        assert {(row["rank"], row["rank_low"], row["rank_high"]) for row in rows} == {(None, None, None)}


def test_the_first_board_is_the_default_and_a_search_narrows(siuo: Run) -> None:
    assert records(siuo("leaderboard", "--format", "json")) == records(
        siuo("leaderboard", "--board", "human-3", "--format", "json")
    )
    rows = records(siuo("leaderboard", "--search", "google", "--format", "json"))
    assert [(row["model"], row["rank"]) for row in rows] == [("Gemini 1.5 Pro", 2), ("Gemini 1.0 Pro", 7)]
    assert records(siuo("leaderboard", "--search", "%", "--format", "json")) == []
    _, out, _ = siuo("leaderboard", "--search", "no such run")
    assert "no run here matches: Runs" in out and "no such run" in out
    _, out, _ = siuo("leaderboard", "--board", "gpt-4o-unstated", "--search", "phi-3.5")
    assert "1 run on meta-llama-meta-llama-3-1-8b-instruct-1" in out


def test_partial_runs_on_request(siuo: Run, tmp_path: Path) -> None:
    data = str(make_data(tmp_path / "data", make_run("Part", [True, None]), make_run("Whole", share(9))))
    arguments = ("leaderboard", "--data", data, "--format", "json")
    code, out, err = siuo(*arguments)
    assert (code, err) == (
        0,
        "warning: results.parquet: is missing; `python -m siuo_dash build` makes it from the published figures\n",
    )
    assert [(row["model"], row["rank"]) for row in json.loads(out)] == [("Whole", 1), ("Part", None)]
    assert [(row["model"], row["rank"]) for row in json.loads(siuo(*arguments, "--partial")[1])] == [
        ("Part", 1),
        ("Whole", 2),
    ]


def test_csv(siuo: Run) -> None:
    code, out, err = siuo("leaderboard", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert (code, err, len(rows)) == (0, "", 15)
    assert (rows[0]["model"], rows[0]["safe_k"], rows[0]["safe_n"]) == ("GPT-4V(ision)", "89", "167")
    assert float(rows[0]["safe_rate"]) == 89 / 167
    assert "board: Human judges · 3 responses; metric: Safe; " in rows[0]["view"]
    effective = siuo("leaderboard", "--format", "latex", "--metric", "effective")[1]
    assert "metric: Effective; " in effective and "ranked by Effective}" in effective


def test_latex_and_markdown_and_table(siuo: Run) -> None:
    latex = siuo("leaderboard", "--format", "latex")[1]
    assert r"\textbf{53.29 [45.74, 60.70]}" in latex
    assert latex.count(r" \\") == 16
    markdown = siuo("leaderboard", "--format", "markdown")[1]
    assert r"**53.29 \[45.74, 60.70\]**" in markdown
    words = siuo("leaderboard")[1].splitlines()
    assert len(words) == 16
    assert words[0].split()[:2] == ["Rank", "Rank"]
    assert words[1].split()[:3] == ["1", "1–3", "GPT-4V(ision)"]
    # Wide where nobody looks: no name is cut or folded in a pipe.
    assert "not published" in words[8]


def test_a_board_of_more_runs_than_a_figure_is_made_of(siuo: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "Rank ranges are given for the best 4 of 15 runs, and estimated from these and 4 of the others, "
    assert said not in siuo("leaderboard")[1]
    monkeypatch.setattr(bounded, "MOST_OUTCOMES", 8 * 167)
    for words in ((), ("--format", "csv"), ("--format", "latex"), ("--format", "markdown")):
        assert f"{said}chosen at random." in siuo("leaderboard", *words)[1], words
    rows = records(siuo("leaderboard", "--format", "json"))
    assert [row["rank_low"] is not None and row["rank_high"] is not None for row in rows] == [True] * 4 + [False] * 11
    assert [row["rank"] for row in rows][-1] == 15


def test_boards_and_runs_as_tables(siuo: Run) -> None:
    assert "Human judges · 3 responses" in siuo("boards")[1]
    code, out, err = siuo("runs")
    assert (code, err, len(out.splitlines())) == (0, "", 99)
    rows = records(siuo("runs", "--json"))
    assert len(rows) == 98
    assert len({row["run_id"] for row in rows}) == 98


def test_hostile_names_reach_the_terminal_as_text(siuo: Run, tmp_path: Path) -> None:
    name = "[bold]x[/bold]\x1b[31m\nnext :smile: " + "y" * 500
    data = str(make_data(tmp_path / "data", make_run(name, share(9)), shipped=True))
    out = siuo("leaderboard", "--data", data)[1]
    assert "\x1b" not in out
    assert "[bold]x[/bold]" in out
    assert ":smile:" in out
    assert json.loads(siuo("leaderboard", "--data", data, "--format", "json")[1])[-1]["model"] == name


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("leaderboard", "--board", "robots"), 1, "error: there is no board 'robots'; one of human-3, "),
        (
            ("leaderboard", "--data", "/nonexistent"),
            1,
            "error: /nonexistent/samples.csv: the catalogue of samples cannot be read",
        ),
        (("build", "--data", "/nonexistent"), 1, "error: /nonexistent/samples.csv: the catalogue"),
        (("leaderboard", "--metric", "beauty"), 2, "'beauty'"),
        (("leaderboard", "--format", "xml"), 2, "'xml'"),
        (("boards", "--format", "csv"), 2, "'csv'"),
        (("conquer",), 2, "No such command 'conquer'"),
    ],
)
def test_errors_are_a_line_and_an_exit_code(siuo: Run, arguments: tuple[str, ...], code: int, words: str) -> None:
    found, out, err = siuo(*arguments)
    assert (found, out) == (code, "")
    assert words in err
    assert "Traceback" not in err
    assert code == 2 or len(err.splitlines()) == 1


def test_a_broken_file_is_a_warning(siuo: Run, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", make_run("Sound", share(9)), shipped=True)
    path = add(data, with_column(make_run("Broken", [True] * 9), "run_id", ["bro\x1bken"] * 9))
    path.write_bytes(b"")
    code, out, err = siuo("leaderboard", "--data", str(data), "--format", "json")
    assert (code, len(json.loads(out))) == (0, 16)
    assert err == (
        f"warning: run bro\\u001bken, runs/{path.name}: cannot be read (Parquet file size is 0 bytes); "
        "restore it from a backup or withdraw the run\n"
    )


def test_help_has_examples(siuo: Run) -> None:
    for command in ("boards", "leaderboard", "build", "runs"):
        code, out, _ = siuo(command, "--help")
        assert (code, f"Example: python -m siuo_dash {command}" in out) == (0, True)
    code, out, err = siuo()
    assert "Usage: python -m siuo_dash" in out + err


def test_as_people_call_it(root: Path, tmp_path: Path) -> None:
    """A process of its own: SIUO_DATA, another directory, a locale without UTF-8, a reader that goes away."""
    data = make_data(tmp_path / "data", make_run("模型 – é", share(9)), shipped=True)
    environment = os.environ | {"SIUO_DATA": str(data), "PYTHONPATH": str(root), "LC_ALL": "C", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "siuo_dash", "leaderboard"]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert "模型 – é" in run.stdout.decode()
    pipe = subprocess.Popen(
        [*command, "--board", "all", "--format", "json"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert pipe.stdout is not None and pipe.stderr is not None
    pipe.stdout.close()
    said = pipe.stderr.read()
    pipe.stderr.close()
    pipe.wait(timeout=300)
    assert b"Traceback" not in said
