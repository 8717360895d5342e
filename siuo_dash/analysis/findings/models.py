"""What kind of model does better: closed and open weights, and size over all models and inside families."""

from __future__ import annotations

import re
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import of_runs
from siuo_dash.analysis.findings.statement import (
    BoardView,
    Figure,
    Statement,
    cannot,
    correlation,
    count,
    number,
    share,
    unpaired,
)
from siuo_dash.analysis.stats.association import spearman
from siuo_dash.analysis.stats.differences import bonett_price
from siuo_dash.analysis.stats.means import mean_difference
from siuo_dash.analysis.stats.proportions import wilson
from siuo_dash.text import percent

MOST_FIGURES: Final = 8
LEAST_MODELS: Final = 4
_WEIGHTS: Final = (
    "Models are compared, not samples: Welch's interval takes the models for a random choice of their kind. "
    "They are few, several come from one family, and closed models differ in size, date and training too, so the "
    "weights are not shown to be the cause."
)
_SIZE: Final = re.compile(r"[ae]?\d+(?:\.\d+)?[bm]|x*l|xs|nano|tiny|mini|small|medium|base|large|huge")
_TUNED: Final = frozenset({"instruct", "it", "chat"})


def weights(view: BoardView) -> list[Statement]:
    """The difference of the mean rates of closed and open models."""
    link = view.link("leaderboard", "Leaderboard with weights")
    models = view.by_model()
    closed = models.loc[models["open_weights"].eq(False).fillna(False), "rate"]
    opened = models.loc[models["open_weights"].eq(True).fillna(False), "rate"]
    n = f"{count(len(closed), 'closed model')}, {count(len(opened), 'open model')}"
    if min(len(closed), len(opened)) < LEAST_MODELS:
        why = (
            f"Judged by {view.metric.label} on this board are {count(len(closed), 'model')} with closed weights and "
            f"{count(len(opened), 'model')} with open weights: {LEAST_MODELS} of each are needed to compare the kinds."
        )
        return [cannot("weights", why, n=n, link=link)]
    found = mean_difference(closed, opened)
    if found is None or found.interval is None:
        why = f"All models of a kind have the same {view.rate}, so no uncertainty can be computed."
        return [cannot("weights", why, n=n, link=link)]
    means = f"{percent(closed.mean())} against {percent(opened.mean())} on average"
    if found.interval.contains(0):
        sentence = (
            f"Models with closed and with open weights do not differ significantly by {view.metric.label}: {means}."
        )
    else:
        order = "higher" if found.difference > 0 else "lower"
        sentence = f"Models with closed weights have a {order} {view.rate} than those with open weights: {means}."
    of = len(closed) + len(opened)
    figure = Figure("Closed minus open", "points", found.difference, found.interval, of, "models", method="Welch")
    return [Statement("weights", sentence, n, (figure,), _WEIGHTS + view.without_methods, link)]


def size(view: BoardView) -> list[Statement]:
    """Rank correlation of parameters and rate over all models; inside families, the largest against the smallest."""
    models = view.by_model()
    known = models[models["params_b"].notna()]
    return [_over_all(view, known, len(models) - len(known)), _inside(view, known)]


def _over_all(view: BoardView, known: pd.DataFrame, unknown: int) -> Statement:
    link = view.link("tradeoff", "Runs drawn by size")
    n = f"{count(len(known), 'model')} of known size, {unknown} of unknown size left out"
    if len(known) < LEAST_MODELS:
        why = f"A rank correlation needs {LEAST_MODELS} models of known size judged by {view.metric.label}; "
        why += f"this board has {len(known) or 'none'}."
        return cannot("size", why, n=n, link=link)
    found = spearman(known["params_b"].to_numpy(dtype=float), known["rate"].to_numpy(dtype=float))
    if found is None or found.interval is None:
        why = f"Sizes or {view.metric.label} rates do not vary enough for a rank correlation."
        return cannot("size", why, n=n, link=link)
    rho = f"Spearman's rho is {number(found.rho, 'rho')}"
    if found.interval.contains(0):
        sentence = f"Size and {view.rate} show no clear order over all models: {rho}, and its interval includes 0."
    else:
        order = "higher" if found.rho > 0 else "lower"
        sentence = f"Larger models have a {order} {view.rate} on this board: {rho}."
    figure = correlation("Spearman's rho, size and rate", found, "models")
    caveat = (
        "Models of one family are not independent, so the interval is rather too narrow; models whose size is not "
        "published, often the largest, are left out."
    )
    return Statement("size", sentence, n, (figure,), caveat + view.without_methods, link)


def _inside(view: BoardView, known: pd.DataFrame) -> Statement:
    """One comparison a family, so that comparisons are independent of each other."""
    link = view.link("tradeoff", "Runs drawn by size")
    pairs = family_pairs(known)
    if not pairs:
        why = f"No model family with two sizes is judged by {view.metric.label} on this board."
        return cannot("size-families", why, n="no family", link=link)
    better = sum(large["rate"] > small["rate"] for small, large in pairs)
    of_families = share("Families whose largest model is better", better, len(pairs), "families")
    figures = [of_families, *(_pair_figure(view, small, large) for small, large in pairs[:MOST_FIGURES])]
    figures += _family_correlations(known)
    where = f"In {better} of {len(pairs)} families" if len(pairs) > 1 else "In the one family"
    verb = "the largest model has the higher" if better or len(pairs) > 1 else "the largest model has no higher"
    sentence = f"{where} with several sizes on this board {verb} {view.rate} than the smallest."
    within = wilson(better, len(pairs))
    if within and within.contains(0.5):
        sentence += " That is too few to say that size helps or harms inside a family."
    caveat = (
        "Families are read from names; the largest is set against the smallest. Differences of totals are unpaired "
        "(Newcombe), of per-sample runs paired (Bonett–Price)."
    )
    if len(pairs) > MOST_FIGURES:
        caveat += f" Figures of the first {MOST_FIGURES} families are listed."
    caveat += view.without_methods
    n = count(len(pairs), "family", "families")
    return Statement("size-families", sentence, n, tuple(figures), caveat, link)


def family(model: str) -> str:
    """A model's name without its size and without 'Instruct', 'IT', 'Chat': 'LLaVA-1.5-13B' → 'llava-1.5'.

    What else differs ('Thinking', '+ SRT', another language model) stays, and makes another family.
    """
    tokens = re.split(r"[\s_\-:]+", model.rsplit("/", 1)[-1].lower())
    kept = [token for token in tokens if token and not _SIZE.fullmatch(token) and token not in _TUNED]
    return "-".join(kept)


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
            found.append(correlation(label, rho, "models"))
    return found


def _pair_figure(view: BoardView, small: dict[Any, Any], large: dict[Any, Any]) -> Figure:
    metric = view.metric.id
    label = f"{large['model']} minus {small['model']}"
    if small["evidence"] == large["evidence"] == "per_sample":
        counts = queries.paired_counts(view.store, int(large["run_no"]), view.metric, of_runs([small["run_id"]]))
        if len(counts):
            both, c, b, neither = (int(value) for value in counts.iloc[0])
            n = both + b + c + neither
            return Figure(label, "points", (b - c) / n, bonett_price(b, c, n), n, method="Bonett–Price")
    return unpaired(label, *(int(row[f"{metric}_{part}"]) for row in (large, small) for part in ("k", "n")))
