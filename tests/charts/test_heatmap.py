"""The heatmap of domains: cells, text, outlines, weakest domains, order, room for names, contrast."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest

from siuo_dash.analysis import domains
from siuo_dash.benchmark.schema import DOMAIN_LABELS, METRICS
from siuo_dash.charts import colours
from siuo_dash.charts.figure import LINE_HEIGHT, text_width
from siuo_dash.charts.heatmap import MOST_ROWS, heatmap
from siuo_dash.report import domain_tests
from siuo_dash.report import domains as view
from siuo_dash.text import interval

SAFE = METRICS["safe"]
THEMES: tuple[colours.Theme, ...] = ("light", "dark")


def contrast(first: str, second: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2, section 1.4.3), with the definition of luminance written again."""

    def luminance(colour: str) -> float:
        named = {"black": "#000000", "white": "#ffffff"}.get(colour, colour)
        parts = [int(named[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def drawn_heatmap(rates: domains.DomainRates, theme: colours.Theme = "light", **options: object) -> go.Figure:
    names = view.row_names(rates.runs)
    weakest = domain_tests.weakest_words(domains.extreme(domains.domain_tests(rates), lowest=True))
    columns = {name: view.SHORT[name] for name in domains.COLUMNS}
    return heatmap(rates.cells, names, columns, weakest, SAFE, theme, sorted_by="morality", **options)  # type: ignore[arg-type]


def test_the_heatmap_has_a_cell_and_a_point_for_each_run_and_domain(rates: domains.DomainRates) -> None:
    ten = rates.only(rates.runs["run_id"].tolist()[:10])
    tiles, _, points, weakest = drawn_heatmap(ten).data
    assert np.shape(tiles.z) == (10, 11)
    assert (tiles.zmin, tiles.zmax) == (0, 100)
    assert len(points.x) == len(points.text) == len(points.customdata) == 110
    assert len(tiles.y) == 11, "edges of rows: one more than rows"
    assert points.mode == "markers+text"
    assert len(weakest.text) == 10


@pytest.mark.parametrize("narrow", [False, True])
def test_each_point_is_in_its_cell_with_its_figures(rates: domains.DomainRates, narrow: bool) -> None:
    ten = rates.only(rates.runs["run_id"].tolist()[:10])
    tiles, outlines, points, _ = drawn_heatmap(ten, narrow=narrow).data
    columns = list(domains.COLUMNS)
    cells = ten.cells.set_index(["run_id", "column"])
    ids = ten.runs["run_id"].tolist()
    corners = list(zip(outlines.x[::6], outlines.x[1::6], outlines.y[::6], outlines.y[2::6], strict=True))
    marked = 0
    for x, y, text, hover, (run_id, column) in zip(
        points.x, points.y, points.text, points.hovertext, points.customdata, strict=True
    ):
        row = int(np.searchsorted(tiles.y, y)) - 1
        assert (ids[row // 2 if narrow else row], columns[int(x)]) == (run_id, column)
        cell = cells.loc[(run_id, column)]
        assert 100 * cell["rate"] == pytest.approx(tiles.z[row][int(x)])
        assert text == f"{100 * cell['rate']:.0f}"
        around = [left < x < right and top < y < below for left, right, top, below in corners]
        assert sum(around) == (cell["mark"] != ""), "what differs from the board mean is outlined, and nothing else"
        marked += sum(around)
        if column != "macro":
            assert f"{int(cell['k'])}/{int(cell['n'])}" in hover
        assert f"({interval(cell['low'], cell['high'])})" in hover
    assert marked > 0


def test_each_row_names_its_weakest_domain_with_its_count(rates: domains.DomainRates) -> None:
    figure = drawn_heatmap(rates.only(rates.runs["run_id"].tolist()[:10]))
    cells = rates.cells[rates.cells["column"].isin(DOMAIN_LABELS)]
    for (run_id, domain), text in zip(figure.data[3].customdata, figure.data[3].text, strict=True):
        own = cells[cells["run_id"] == run_id].set_index("column")
        assert own["rate"].min() == own.at[domain, "rate"]
        assert text.startswith(f"{view.SHORT[domain]} {int(own.at[domain, 'k'])}/{int(own.at[domain, 'n'])}")
        alike = int((own["rate"] == own["rate"].min()).sum()) - 1
        assert (f"+{alike}" in text) == (alike > 0)


def test_the_weakest_domains_are_whole_in_the_narrowest_window_with_cells_beside_them(
    rates: domains.DomainRates,
) -> None:
    figure = drawn_heatmap(rates)
    low, high = figure.layout.xaxis.range
    beside = (700 - figure.layout.margin.l - figure.layout.margin.r) * (high - figure.data[-1].x[0]) / (high - low)
    assert beside >= max(text_width(text, 12) for text in figure.data[-1].text) > 100


def test_the_rows_are_in_the_asked_order_from_the_top(rates: domains.DomainRates) -> None:
    figure = drawn_heatmap(rates)
    column = list(domains.COLUMNS).index("morality")
    values = [row[column] for row in figure.data[0].z]
    assert values == sorted(values, reverse=True)
    low, high = figure.layout.yaxis.range
    assert low > high == 0, "the first row is at the top"
    assert "▾" in figure.layout.xaxis.ticktext[column]
    assert sum("▾" in text for text in figure.layout.xaxis.ticktext) == 1


@pytest.mark.parametrize("narrow", [False, True])
def test_sixty_rows_are_drawn_and_no_name_runs_into_the_next(rates: domains.DomainRates, narrow: bool) -> None:
    with_long = sorted(rates.runs["run_id"], key=lambda run_id: "zeta" not in run_id)
    figure = drawn_heatmap(rates.only(with_long), narrow=narrow)
    edges = figure.data[0].y[::2] if narrow else figure.data[0].y
    labels = [note.text for note in figure.layout.annotations] if narrow else figure.layout.yaxis.ticktext
    assert len(labels) == MOST_ROWS == len(edges) - 1
    cells = 27 if narrow else 0
    for label, (top, bottom) in zip(labels, pairwise(edges), strict=True):
        assert bottom - top >= LINE_HEIGHT * (label.count("<br>") + 1) + cells
    assert figure.layout.height >= edges[-1]
    long = next(label for label in labels if "Zeta" in label)
    assert "&lt;b&gt;Zeta&lt;/b&gt;" in long
    assert long.replace("<br>", "").replace(" ", "").count("very-long-name-") == 11, "never cut"


@pytest.mark.parametrize("narrow", [False, True])
def test_ten_runs_are_whole_on_the_first_screen(rates: domains.DomainRates, narrow: bool) -> None:
    short = [run_id for run_id in rates.runs["run_id"] if "zeta" not in run_id]
    assert drawn_heatmap(rates.only(short[:10]), narrow=narrow).layout.height <= 640
    assert drawn_heatmap(rates.only(short[:20])).layout.height <= 640


def test_chosen_runs_are_bold(rates: domains.DomainRates) -> None:
    chosen = rates.runs["run_id"].tolist()[1]
    labels = drawn_heatmap(rates, chosen=[chosen]).layout.yaxis.ticktext
    assert [label.startswith("<b>") for label in labels[:3]] == [False, True, False]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("metric", METRICS)
def test_text_on_every_colour_of_every_scale_can_be_read(theme: colours.Theme, metric: str) -> None:
    scale = colours.sequential(colours.METRIC_COLOURS[metric], theme)
    for value in np.linspace(0, 1, 101):
        colour = colours.colour_at(scale, float(value))
        assert contrast(colour, colours.text_on(colour)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_lightness_alone_tells_the_order(theme: colours.Theme) -> None:
    for colour in colours.METRIC_COLOURS.values():
        steps = [contrast(step, colours.paper(theme)) for _, step in colours.sequential(colour, theme)]
        assert all(first < second for first, second in pairwise(steps))


def test_a_cell_without_samples_says_so(rates: domains.DomainRates) -> None:
    cells = rates.cells.copy()
    cells.loc[cells.index[2], ["k", "n", "rate", "low", "high"]] = [0, 0, np.nan, np.nan, np.nan]
    figure = heatmap(cells, view.row_names(rates.runs), domains.COLUMNS, {}, SAFE, "light", sorted_by="overall")
    assert figure.data[2].text[2] == "–"
    assert "no graded sample" in figure.data[2].hovertext[2]
