"""The best runs of the board, and whom they cannot be told from."""

from __future__ import annotations

from siuo_dash.analysis.findings import words
from siuo_dash.analysis.findings.scene import Scene, ranked_runs
from siuo_dash.analysis.findings.statement import Figure, Statement, cannot
from siuo_dash.analysis.leaderboard import key_figures
from siuo_dash.analysis.stats.proportions import wilson
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.benchmark.scoring import Tally

TITLE = "Best runs"
_UNPAIRED = (
    "Runs known by their totals are compared unpaired (Newcombe's 95 % interval of the difference holds 0), each on its "
    "own, without correction for many comparisons."
)
_PAIRED = "Per-sample runs are compared sample by sample (McNemar mid-p, Holm-corrected, at least 0.05)."


def statements(scene: Scene) -> list[Statement]:
    """Who leads by the chosen metric, who may be as good, and who leads by the other metrics."""
    link = scene.link("leaderboard", "Leaderboard")
    if scene.runs.empty:
        return [cannot("best", f"No run of this board is ranked by {scene.metric.label}, so none is best.", n=scene.n, link=link)]  # fmt: skip
    return [_best(scene), *_by_others(scene)]


def _best(scene: Scene) -> Statement:
    runs, metric = scene.runs, scene.metric
    link = scene.link("leaderboard", "Leaderboard with rank ranges")
    top = runs[runs["rank"] == 1]
    figures = tuple(_figure(row, metric.id) for row in top.head(3).to_dict("records"))
    rate = words.percent(top[f"{metric.id}_rate"].iloc[0])
    if len(runs) == 1:
        sentence = f"{top['model'].iloc[0]} is the only ranked run: {rate} {metric.label}. Nothing stands beside it."
        return Statement("best", sentence, scene.n, figures, "One run says nothing about who is best.", link)
    if len(top) == len(runs):
        sentence = f"All {len(runs)} runs have the same {scene.rate}, {rate}: none can be called best."
        return Statement("best", sentence, scene.n, figures, "", link)
    summary = key_figures(scene.store, runs, metric)
    equal = set(top["model"])
    alike = [name for name in (*summary.like_leader_paired, *summary.like_leader_unpaired) if name not in equal]
    verb = "has" if len(top) == 1 else "share"
    sentence = f"{words.names(top['model'].tolist())} {verb} the highest {scene.rate}, {rate}. "
    rest = len(runs) - len(top)
    if not alike:
        sentence += "The other run differs." if rest == 1 else f"All {rest} other runs differ."
    elif len(alike) == rest:
        sentence += "No other run can be told from that: the order is not certain."
    else:
        whom = top["model"].iloc[0] if len(top) > 1 else "it"
        sentence += f"{words.names(alike)} cannot be told from {whom} on these samples."
    leader, others = runs["evidence"].iloc[0], set(runs["evidence"].iloc[1:])
    how = []
    if "totals" in {leader, *others}:
        how.append(_UNPAIRED)
    if leader == "per_sample" and "per_sample" in others:
        how.append(_PAIRED)
    how.append("Not told apart does not mean equal.")
    return Statement("best", sentence, scene.n, figures, " ".join(how), link)


def _by_others(scene: Scene) -> list[Statement]:
    """Who leads by the other metrics of the same task."""
    parts, figures = [], []
    own = set(scene.runs.loc[scene.runs["rank"] == 1, "model"])
    differs = False
    for metric in METRICS.values():
        if metric.id == scene.metric.id or metric.task != scene.metric.task:
            continue
        runs = ranked_runs(scene.store, scene.board, metric)
        top = runs[runs["rank"] == 1]
        if len(runs) < 2 or len(top) == len(runs):
            continue
        differs |= not set(top["model"]) & own and bool(own & set(runs["model"]))
        rate = words.percent(top[f"{metric.id}_rate"].iloc[0])
        known = "" if len(runs) == len(scene.runs) else f" of the {words.count(len(runs), 'run')} judged by it"
        parts.append(f"{words.names(top['model'].tolist(), 3)} by {metric.label}{known} ({rate})")
        figures += [_figure(row, metric.id) for row in top.head(2).to_dict("records")]
    if not parts:
        return []
    start = "Who leads depends on the metric" if differs else "First by the other metrics"
    sentence = f"{start}: {'; '.join(parts)}."
    caveat = "Leaders by rate alone; whom they cannot be told from shows when the metric is chosen above."
    link = scene.link("leaderboard", "Leaderboard by Safe & Effective", METRICS["safe_and_effective"])
    return [Statement("best-by-others", sentence, scene.n, tuple(figures), caveat, link)]


def _figure(row: dict[str, object], metric: str) -> Figure:
    rate = Tally(int(row[f"{metric}_k"]), int(row[f"{metric}_n"]))  # type: ignore[call-overload]
    return Figure(
        f"{row['model']}, {METRICS[metric].label}", "percent", rate.k / rate.n, wilson(rate.k, rate.n), rate.n, k=rate.k, method="Wilson"
    )  # fmt: skip
