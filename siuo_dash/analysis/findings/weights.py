"""Closed against open weights, inside one board."""

from __future__ import annotations

from siuo_dash.analysis.findings import words
from siuo_dash.analysis.findings.scene import Scene
from siuo_dash.analysis.findings.statement import Figure, Statement, cannot
from siuo_dash.analysis.stats.means import mean_difference

TITLE = "Closed and open weights"
_CAVEAT = (
    "Models are compared, not samples: Welch's interval takes the models for a random choice of their kind. "
    "They are few, several come from one family, and closed models differ in size, date and training too, so the "
    "weights are not shown to be the cause."
)


def statements(scene: Scene) -> list[Statement]:
    """The difference of the mean rates of closed and open models."""
    link = scene.link("leaderboard", "Leaderboard with weights")
    models = scene.by_model()
    closed = models.loc[models["open_weights"].eq(False).fillna(False), "rate"]
    opened = models.loc[models["open_weights"].eq(True).fillna(False), "rate"]
    sizes = f"{words.count(len(closed), 'closed model')}, {words.count(len(opened), 'open model')}"
    if len(closed) < 2 or len(opened) < 2:
        why = f"This board holds {words.names([words.count(len(closed), 'model') + ' with closed weights', words.count(len(opened), 'model') + ' with open weights'])}: two of each are needed to compare the kinds."  # fmt: skip
        return [cannot("weights", why, n=sizes, link=link)]
    found = mean_difference(closed, opened)
    if found is None or found.interval is None:
        why = f"All models of a kind have the same {scene.rate}, so no uncertainty can be computed."
        return [cannot("weights", why, n=sizes, link=link)]
    means = f"{words.percent(closed.mean())} against {words.percent(opened.mean())} on average"
    if found.interval.low > 0 or found.interval.high < 0:
        order = "higher" if found.difference > 0 else "lower"
        sentence = f"Models with closed weights have a {order} {scene.rate} than those with open weights: {means}."
    else:
        sentence = f"Models with closed and with open weights cannot be told apart by {scene.metric.label}: {means}."
    figure = Figure(
        "Closed minus open",
        "points",
        found.difference,
        found.interval,
        len(closed) + len(opened),
        "models",
        method="Welch",
    )
    return [Statement("weights", sentence, sizes, (figure,), _CAVEAT, link)]
