"""What is copied from a page to show results elsewhere: a badge for a model card, a leaderboard to embed."""

from __future__ import annotations

from html import escape
from urllib.parse import quote, urlencode


def badge_markdown(site: str, run_id: str, metric: str) -> str:
    """A run's badge as Markdown, which leads to the run. site: the dashboard's own address."""
    picture = f"{site}/api/v1/runs/{quote(run_id)}/badge.svg?{urlencode({'metric': metric})}"
    return f"[![SIUO]({picture})]({site}/run?{urlencode({'run': run_id})})"


def embed_html(site: str, board: str, metric: str, *, partial: bool) -> str:
    """A board's leaderboard as an iframe. site: the dashboard's own address."""
    query = {"board": board, "metric": metric} | ({"partial": "true"} if partial else {})
    source = escape(f"{site}/api/v1/embed/leaderboard?{urlencode(query)}")
    return f'<iframe src="{source}" title="SIUO leaderboard" width="100%" height="640" loading="lazy"></iframe>'
