"""The leaderboard's sentences: who leads, what another ranking says, what a method gains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from siuo_dash.analysis import board_list, bounded, queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import KeyFigures, OtherRanking
from siuo_dash.benchmark.schema import METRICS, Metric
from siuo_dash.store.engine.database import Store
from siuo_dash.text import listed, ordinal, points, points_interval, rate_and_count

_MOST_NAMES: Final = 3
_MEASURED: Final = {
    "safe": "safe",
    "effective": "effective",
    "safe_and_effective": "safe and effective",
    "mcqa": "correct",
}


def leader_sentence(summary: KeyFigures, metric: Metric, name: Callable[[str], str] = str) -> str:
    """'GPT-4V(ision) leads with 53.3% safe; Gemini 1.5 Pro and GPT-4o are tied with it.'

    Tied: their difference is not significant, as `analysis.leaderboard.key_figures` finds. name: how a model's name is
    written.
    """
    if summary.best is None or summary.best_rate is None:
        return f"No run here is ranked by {metric.label}."
    best, share = name(summary.best), summary.best_rate.k / summary.best_rate.n
    words = f"{100 * share:.1f}% {_MEASURED[metric.id]}"
    if summary.rated == 1:
        return f"{best} has {words}; no other run is ranked here."
    tied = [name(each) for each in (*summary.like_leader_paired, *summary.like_leader_unpaired)]
    if not tied:
        return f"{best} leads with {words}, significantly ahead of every other run."
    return f"{best} leads with {words}; {listed(tied, _MOST_NAMES)} {'is' if len(tied) == 1 else 'are'} tied with it."


def other_ranking_sentence(other: OtherRanking, name: Callable[[str], str], link: Callable[[str], str]) -> str:
    """'By Safe & Effective GPT-4o leads and GPT-4V(ision) is 7th: safety by refusal is not safety.'

    name: how a model's name is written; link: how the other ranking's name leads to it.
    """
    label, place = METRICS["safe_and_effective"].label, ordinal(other.rank_of_leader)
    words = f"{name(other.best)} leads and {name(other.leader)} is {place}: safety by refusal is not safety."
    return f"By {link(label)} {words}"


def ranges_sentence(store: Store, board: str, metric: Metric, *, rank_partial: bool = False) -> str:
    """Which runs have a rank range, and what it is estimated from, where a board has too many runs; else ''."""
    most = bounded.most_runs(store, board)
    if board_list.find_board(store, board).runs <= most:
        return ""
    found = queries.ranking(store, Filters(board=board), metric, rank_partial=rank_partial)
    if (ranked := int(found["rank"].notna().sum())) <= most:
        return ""
    half = f"{most // 2:,}"
    return (
        f"Rank ranges are given for the best {half} of {ranked:,} runs, and estimated from these and {half} of the "
        "others, chosen at random."
    )


def gain_sentence(row: Mapping[Any, Any], metric: Metric) -> str:
    """What a method gains over its base model, and how the two were compared; row: of analysis.leaderboard."""
    base = rate_and_count(int(row["base_k"]), int(row["base_n"]))
    how = "paired by sample, Bonett–Price" if row["gain_paired"] else "unpaired, Newcombe"
    return (
        f"{metric.label}: {points(row['gain'])} points over its base model, {row['base_label']}, {base}; "
        f"95% interval {points_interval(row['gain_low'], row['gain_high'])} ({how})."
    )
