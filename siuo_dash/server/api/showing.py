"""What others show of the results: a badge for a model card, and a leaderboard without scripts to be framed."""

from __future__ import annotations

from html import escape
from typing import Final
from urllib.parse import urlencode

import pandas as pd

from siuo_dash.analysis import board_list, queries, runs
from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.schema import METRICS, Metric
from siuo_dash.charts.colours import METRIC_COLOURS
from siuo_dash.charts.figure import FONT
from siuo_dash.errors import NoBoard
from siuo_dash.report import records
from siuo_dash.report.leaderboard import worth_showing
from siuo_dash.server.api.endpoint import HTML, Endpoint
from siuo_dash.server.api.parameters import METRIC, Asked, Parameter, one_of
from siuo_dash.server.api.problems import failure
from siuo_dash.server.api.reading import ONE_BOARD, PARTIAL, RUN, asked_of, ranges
from siuo_dash.store.engine.database import Store
from siuo_dash.text import interval, percent, spelled_out

MOST_ROWS: Final = 100
_KEPT: Final = 300
"""Seconds for which a badge or an embedded table may be shown without asking again."""
_ROOT: Final = "../../.."
"""From an embedded table to the pages."""
_WIDTH: Final = 6.6
"""Pixels of a character, about: the text is stretched to what it was given."""
_BADGE: Final = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="22" role="img" aria-label="{name}">
<title>{name}</title>
<rect width="{width}" height="22" rx="4" fill="#24292f"/>
<path d="M{left} 0h{bar}v22h-{bar}z" fill="{colour}"/>
<g fill="#ffffff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">
<text x="8" y="15" textLength="{left_text}" lengthAdjust="spacingAndGlyphs">{label}</text>
<text x="{right}" y="15" textLength="{right_text}" lengthAdjust="spacingAndGlyphs">{words}</text>
</g></svg>
"""


def safe_words(text: object) -> str:
    """Somebody's words for HTML or SVG: no markup, nothing hidden, no character that XML does not have."""
    return escape(spelled_out(str(text)))


def _badge(store: Store, asked: Asked) -> bytes:
    run = queries.find_run(store, asked["run_id"])
    judged = runs.metrics_of(run)
    metric = METRICS[asked["metric"]] if asked["metric"] else judged[0] if judged else METRICS["safe"]
    k, n = int(run[f"{metric.id}_k"]), int(run[f"{metric.id}_n"])
    label, words, said = f"SIUO {metric.label}", "not judged", "not judged"
    if n:
        rank, ranked = runs.place(store, run, metric)
        place = f"rank {rank} of {ranked}" if rank is not None else "not ranked"
        words = f"{percent(k / n)} · {place}"
        said = f"{percent(k / n)} ({interval(*limits(k, n))}), {place}"
    board = next(board.label for board in board_list.boards(store) if board.id == run["board"])
    name = f"{run['model']}: SIUO {metric.label} {said}. {board}"
    left_text, right_text = round(_WIDTH * len(label)), round(_WIDTH * len(words))
    left = left_text + 16
    return _BADGE.format(
        width=left + 6 + right_text + 16,
        left=left,
        bar=6,
        right=left + 14,
        left_text=left_text,
        right_text=right_text,
        colour=METRIC_COLOURS[metric.id],
        name=safe_words(name),
        label=safe_words(label),
        words=safe_words(words),
    ).encode("utf-8", "replace")


_STYLE: Final = f"""
:root {{ color-scheme: light; --line: #dde2e6; --soft: #5b656e; --link: #0063a3; }}
body {{ margin: 0; padding: 12px; font: 14px/1.4 {FONT}; color: #0d1217; background: #ffffff; }}
h1 {{ font-size: 16px; margin: 0 0 8px; }} p {{ margin: 8px 0 0; color: var(--soft); font-size: 12px; }}
a {{ color: var(--link); text-decoration: none; }} a:hover, a:focus-visible {{ text-decoration: underline; }}
.scroll {{ overflow-x: auto; }} table {{ border-collapse: collapse; width: 100%; }}
th, td {{ padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }}
thead th {{ color: var(--soft); font-weight: 600; white-space: nowrap; }}
td.number {{ white-space: nowrap; font-variant-numeric: tabular-nums; }} tbody th {{ font-weight: 400; }}
tbody th {{ overflow-wrap: anywhere; min-width: 9em; }} small {{ color: var(--soft); }}
"""
_DARK: Final = """
:root { --line: #333c44; --soft: #a3adb6; --link: #66b3e6; color-scheme: dark; }
body { color: #e6eaee; background: #12161a; }
"""
THEMES: Final = {
    "auto": f"{_STYLE}@media (prefers-color-scheme: dark) {{ {_DARK} }}",
    "light": _STYLE,
    "dark": _STYLE + _DARK,
}


def _embedded(store: Store, asked: Asked) -> bytes:
    wanted = asked_of(asked)
    board, metric = records.find_board(store, wanted), METRICS[wanted.metric]
    if board is None:
        raise NoBoard("there is no board yet", hint="it comes with the first run that is published")
    frame = records.leaderboard_frame(store, wanted, ranges)
    shown = [METRICS[name] for name in worth_showing(frame, list(METRICS), metric)]
    head = "".join(f'<th scope="col">{safe_words(each.label)}</th>' for each in shown)
    rows = "".join(_row(row, shown) for row in frame.head(MOST_ROWS).to_dict("records"))
    more = f"The first {MOST_ROWS} of {len(frame):,} runs. " if len(frame) > MOST_ROWS else ""
    title = f"SIUO by {metric.label}: {board.label}"
    query = urlencode({"board": board.id, "metric": metric.id})
    return f"""{HTML}
<title>{safe_words(title)}</title><style>{THEMES[asked["theme"]]}</style></head>
<body><h1>{safe_words(title)}</h1>
<div class="scroll" role="region" aria-label="{safe_words(title)}" tabindex="0"><table><thead><tr>
<th scope="col">Rank</th><th scope="col">Model</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>
<p>{more}Percent of samples with the Wilson 95% interval; beside the rank its 95% range. Rates recomputed from verdicts,
data version {safe_words(store.version)}.
<a href="{_ROOT}/?{escape(query)}" target="_blank" rel="noopener">Open the leaderboard</a></p>
</body></html>
""".encode("utf-8", "replace")


def _row(row: records.Record, shown: list[Metric]) -> str:
    rank = "–" if pd.isna(row["rank"]) else f"{row['rank']:.0f}"
    low, high = row["rank_low"], row["rank_high"]
    span = "" if pd.isna(low) else f" <small>{low:.0f}–{high:.0f}</small>" if low != high else ""
    link = f"{_ROOT}/run?{urlencode({'run': row['run_id']})}"
    name = f'<a href="{escape(link)}" target="_blank" rel="noopener">{safe_words(row["model"])}</a>'
    rates = "".join(f'<td class="number">{_rate(row, metric)}</td>' for metric in shown)
    return f'<tr><td class="number">{rank}{span}</td><th scope="row">{name}</th>{rates}</tr>'


def _rate(row: records.Record, metric: Metric) -> str:
    k, n = int(row[f"{metric.id}_k"]), int(row[f"{metric.id}_n"])
    if not n:
        return "–"
    partial = " partial" if n < int(row["expected_samples"]) else ""
    return f"{100 * k / n:.1f} <small>({interval(*limits(k, n))}){partial}</small>"


_WHICH: Final = Parameter(
    "metric",
    "By which metric; by default the first that the run is judged by.",
    {"type": "string", "enum": list(METRICS)},
)
BADGE: Final = Endpoint(
    "/runs/{run_id}/badge.svg",
    "A picture for a model card: the run's rate and its rank on its board.",
    media="image/svg+xml",
    schema={"type": "string"},
    make=_badge,
    parameters=(RUN, _WHICH),
    max_age=_KEPT,
)
EMBEDDED: Final = Endpoint(
    "/embed/leaderboard",
    f"A board's first {MOST_ROWS} runs as a page without scripts, which other sites may frame.",
    media="text/html",
    schema={"type": "string"},
    make=_embedded,
    parameters=(ONE_BOARD, METRIC, PARTIAL, one_of("theme", "Its colours.", THEMES, "auto")),
    max_age=_KEPT,
    more={"responses": {"404": failure("There is no board yet.")}},
)
ENDPOINTS: Final = (BADGE, EMBEDDED)
