"""Size and safety: over all models of known size, and inside families."""

from __future__ import annotations

from typing import Any

import pandas as pd

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import of_runs
from siuo_dash.analysis.findings import words
from siuo_dash.analysis.findings.families import family
from siuo_dash.analysis.findings.scene import Scene
from siuo_dash.analysis.findings.statement import Figure, Statement, cannot
from siuo_dash.analysis.stats.association import spearman
from siuo_dash.analysis.stats.differences import bonett_price, newcombe
from siuo_dash.analysis.stats.proportions import wilson

TITLE = "Size"
MOST_FIGURES = 8
LEAST_MODELS = 4


def statements(scene: Scene) -> list[Statement]:
    """Rank correlation of parameters and rate over all models; inside families, the largest against the smallest."""
    models = scene.by_model()
    known = models[models["params_b"].notna()]
    return [_over_all(scene, known, len(models) - len(known)), *_inside(scene, known)]


def _over_all(scene: Scene, known: pd.DataFrame, unknown: int) -> Statement:
    link = scene.link("tradeoff", "Runs drawn by size")
    n = f"{words.count(len(known), 'model')} of known size, {unknown} of unknown size left out"
    found = spearman(known["params_b"].to_numpy(dtype=float), known["rate"].to_numpy(dtype=float))
    if len(known) < LEAST_MODELS:
        why = f"A rank correlation needs {LEAST_MODELS} models of known size; this board holds {len(known)}."
        return cannot("size", why, n=n, link=link)
    if found is None or found.interval is None:
        why = f"Sizes or {scene.metric.label} rates do not vary enough for a rank correlation."
        return cannot("size", why, n=n, link=link)
    rho = words.rho(found.rho)
    if found.interval.low > 0 or found.interval.high < 0:
        order = "higher" if found.rho > 0 else "lower"
        sentence = f"Larger models have a {order} {scene.rate} on this board: Spearman's rho is {rho}."
    else:
        sentence = f"Size and {scene.rate} show no clear order over all models: Spearman's rho is {rho}, and its interval holds 0."  # fmt: skip
    figure = Figure("Spearman's rho, size and rate", "rho", found.rho, found.interval, found.n, "models", method="Bonett–Wright")  # fmt: skip
    caveat = "Models of one family are not independent, so the interval is rather too narrow; models whose size is not published, often the largest, are left out."  # fmt: skip
    return Statement("size", sentence, n, (figure,), caveat, link)


def _inside(scene: Scene, known: pd.DataFrame) -> list[Statement]:
    """One comparison a family, so that comparisons are independent of each other."""
    link = scene.link("tradeoff", "Runs drawn by size")
    pairs = family_pairs(known)
    if not pairs:
        why = "No model family stands on this board with two different sizes."
        return [cannot("size-families", why, n="no family", link=link)]
    larger_better = sum(large["rate"] > small["rate"] for small, large in pairs)
    share = Figure(
        "Families whose largest model is better", "percent", larger_better / len(pairs), wilson(larger_better, len(pairs)),
        len(pairs), "families", larger_better, "Wilson over families",
    )  # fmt: skip
    figures = [share, *(_pair_figure(scene, small, large) for small, large in pairs[:MOST_FIGURES])]
    figures += _family_correlations(known)
    where = f"In {larger_better} of {len(pairs)} families" if len(pairs) > 1 else "In the one family"
    verb = "the largest model has the higher" if larger_better or len(pairs) > 1 else "the largest model has no higher"
    sentence = f"{where} with several sizes on this board {verb} {scene.rate} than the smallest."
    if share.interval and share.interval.contains(0.5):
        sentence += " That is too few to say that size helps or harms inside a family."
    caveat = "Families are read from names; the largest is set against the smallest. Differences of totals are unpaired (Newcombe), of per-sample runs paired (Bonett–Price)."  # fmt: skip
    if len(pairs) > MOST_FIGURES:
        caveat += f" Figures of the first {MOST_FIGURES} families are listed."
    return [Statement("size-families", sentence, words.count(len(pairs), "family", "families"), tuple(figures), caveat, link)]  # fmt: skip


def family_pairs(known: pd.DataFrame) -> list[tuple[dict[Any, Any], dict[Any, Any]]]:
    """The smallest and the largest model of every family that has two sizes, by name of family.

    known: one row a model, with `model`, `params_b`, `rate`.
    """
    ordered = known.assign(family=known["model"].map(family)).sort_values(["family", "params_b", "model"])
    first, last = (ordered.drop_duplicates("family", keep=keep).reset_index(drop=True) for keep in ("first", "last"))
    two_sizes = first["params_b"] < last["params_b"]
    return list(zip(first[two_sizes].to_dict("records"), last[two_sizes].to_dict("records"), strict=True))


def _family_correlations(known: pd.DataFrame) -> list[Figure]:
    """Spearman's rho inside each family of at least four sizes."""
    found = []
    families = known["model"].map(family)
    sizes = known["params_b"].groupby(families).transform("nunique")
    for _, members in known[sizes >= LEAST_MODELS].groupby(families, sort=True):
        rho = spearman(members["params_b"].to_numpy(dtype=float), members["rate"].to_numpy(dtype=float))
        if rho is not None:
            label = f"Spearman's rho inside {members['model'].iloc[0]} and its family"
            found.append(Figure(label, "rho", rho.rho, rho.interval, rho.n, "models", method="Bonett–Wright"))
    return found


def _pair_figure(scene: Scene, small: dict[Any, Any], large: dict[Any, Any]) -> Figure:
    metric = scene.metric.id
    label = f"{large['model']} minus {small['model']}"
    if small["evidence"] == large["evidence"] == "per_sample":
        counts = queries.paired_counts(scene.store, int(large["run_no"]), scene.metric, of_runs([small["run_id"]]))
        if len(counts):
            both, c, b, neither = (int(value) for value in counts.iloc[0])
            n = both + b + c + neither
            return Figure(label, "points", (b - c) / n, bonett_price(b, c, n), n, method="Bonett–Price")
    k1, n1, k2, n2 = (int(row[f"{metric}_{part}"]) for row in (large, small) for part in ("k", "n"))
    of = "samples each" if n1 == n2 else f"and {n2} samples"
    return Figure(label, "points", k1 / n1 - k2 / n2, newcombe(k1, n1, k2, n2), n1, of, method="Newcombe")
