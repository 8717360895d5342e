"""The leaderboard and domain queries against pandas over the same Parquet."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd

from benchmarks.measure import head, in_turn, line, ratio, words
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query

HEAD = head("runs", "query", "DuckDB", "pandas, frame in memory", "ratio", "pandas, from the file", "ratio")
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
    samples = pd.read_csv(folder / "samples.csv", usecols=["question_id", "domain"])
    read = partial(pd.read_parquet, folder / "results.parquet", columns=["run_id", "task", "question_id", "safe"])
    frame = read()

    def pandas_leaderboard(data: pd.DataFrame) -> pd.DataFrame:
        return data[data["task"] == "generation"].groupby("run_id")["safe"].agg(["sum", "count"])

    def pandas_domains(data: pd.DataFrame) -> pd.DataFrame:
        joined = data[data["task"] == "generation"].merge(samples, on="question_id")
        return joined.groupby(["run_id", "domain"])["safe"].agg(["sum", "count"])

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
            line(
                f"{runs:,}",
                name,
                words(seconds["duckdb"]),
                *(
                    cell
                    for other in ("pandas", "pandas from file")
                    for cell in (words(seconds[other]), f"{ratio(seconds, 'duckdb', other):.2f}")
                ),
            )
        )
    return lines
