"""The leaderboard and domain queries against pandas over the same Parquet."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.measure import in_turn, ratio, words
from siuo_dash.analysis.queries import Query
from siuo_dash.store.engine.database import Store

_LEADERBOARD = Query(
    "bench_leaderboard",
    "Safe counts of every run, from the verdicts.",
    """
    SELECT run_no, COUNT(*) FILTER (WHERE safe) AS k, COUNT(safe) AS n
    FROM verdicts WHERE task = 'generation' GROUP BY run_no
    """,
)
_DOMAINS = Query(
    "bench_domains",
    "Safe counts of every run and domain, from the verdicts.",
    """
    SELECT v.run_no, s.domain, COUNT(*) FILTER (WHERE v.safe) AS k, COUNT(v.safe) AS n
    FROM verdicts v JOIN samples s ON s.question_id = v.question_id
    WHERE v.task = 'generation' GROUP BY v.run_no, s.domain
    """,
)


def run(folder: Path, runs: int) -> list[str]:
    """Lines of a Markdown table: each question warm (data in memory on both sides) and from the file."""
    store = Store(folder)
    columns = ["run_id", "task", "question_id", "safe"]
    samples = pd.read_csv(folder / "samples.csv", usecols=["question_id", "domain"])
    frame = pd.read_parquet(folder / "results.parquet", columns=columns)

    def pandas_leaderboard(data: pd.DataFrame) -> pd.DataFrame:
        return data[data["task"] == "generation"].groupby("run_id")["safe"].agg(["sum", "count"])

    def pandas_domains(data: pd.DataFrame) -> pd.DataFrame:
        joined = data[data["task"] == "generation"].merge(samples, on="question_id")
        return joined.groupby(["run_id", "domain"])["safe"].agg(["sum", "count"])

    def read() -> pd.DataFrame:
        return pd.read_parquet(folder / "results.parquet", columns=columns)

    lines = []
    for name, query, by_pandas in (
        ("leaderboard", _LEADERBOARD, pandas_leaderboard),
        ("domains", _DOMAINS, pandas_domains),
    ):
        ours = query.run(store)
        theirs = by_pandas(frame)
        if int(ours["k"].sum()) != int(theirs["sum"].sum()) or len(ours) != len(theirs):
            raise SystemExit(f"{name}: DuckDB and pandas do not agree")
        seconds = in_turn(
            {
                "duckdb": lambda query=query: query.run(store),
                "pandas": lambda by_pandas=by_pandas: by_pandas(frame),
                "pandas from file": lambda by_pandas=by_pandas: by_pandas(read()),
            }
        )
        lines.append(
            f"| {runs:,} | {name} | {words(seconds['duckdb'])} | {words(seconds['pandas'])} | "
            f"{ratio(seconds, 'duckdb', 'pandas'):.2f} | {words(seconds['pandas from file'])} | "
            f"{ratio(seconds, 'duckdb', 'pandas from file'):.2f} |"
        )
    return lines


def table_head() -> list[str]:
    """The head of the table whose lines `run` gives."""
    return [
        "| runs | query | DuckDB | pandas, frame in memory | ratio | pandas, from the file | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
