"""The heatmap of domains and the map of the catalogue: cells, text, order, room for names, contrast."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from siuo_dash.analysis import domains, subcategories
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.labels import Labels
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts import colours
from siuo_dash.charts.figure import LINE_HEIGHT
from siuo_dash.charts.tiles import MOST_ROWS, ROOT, catalogue_map, heatmap
from siuo_dash.report import domains as view
from siuo_dash.store.engine.database import Store
from siuo_dash.text import interval
from tests.make.runs import BOARD, CATALOGUE

SAFE = METRICS["safe"]
WHERE = Filters(board=BOARD).where()
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
    return heatmap(rates.cells, names, domains.COLUMNS, SAFE, theme, sorted_by="morality", **options)  # type: ignore[arg-type]


def test_the_heatmap_has_a_cell_and_a_point_for_each_run_and_domain(rates: domains.DomainRates) -> None:
    ten = rates.only(rates.runs["run_id"].tolist()[:10])
    figure = drawn_heatmap(ten)
    tiles, points = figure.data
    assert np.shape(tiles.z) == (10, 11)
    assert (tiles.zmin, tiles.zmax) == (0, 100)
    assert len(points.x) == len(points.text) == len(points.customdata) == 110
    assert len(tiles.y) == 11, "edges of rows: one more than rows"
    assert points.mode == "markers+text"


def test_each_point_lies_in_its_cell_with_its_figures(rates: domains.DomainRates) -> None:
    ten = rates.only(rates.runs["run_id"].tolist()[:10])
    figure = drawn_heatmap(ten)
    tiles, points = figure.data
    columns = list(domains.COLUMNS)
    cells = ten.cells.set_index(["run_id", "column"])
    ids = ten.runs["run_id"].tolist()
    for x, y, text, hover, (run_id, column) in zip(
        points.x, points.y, points.text, points.hovertext, points.customdata, strict=True
    ):
        row = int(np.searchsorted(tiles.y, y)) - 1
        assert (ids[row], columns[int(x)]) == (run_id, column)
        cell = cells.loc[(run_id, column)]
        assert 100 * cell["rate"] == pytest.approx(tiles.z[row][int(x)])
        assert f"{100 * cell['rate']:.0f}</b>" in text
        mark = {"above": "▲", "below": "▼", "": ""}[cell["mark"]]
        assert text.startswith(f"<b>{mark}{100 * cell['rate']:.0f}")
        if column != "macro":
            assert f"{int(cell['k'])}/{int(cell['n'])}" in text
            assert f"({int(cell['k'])} of {int(cell['n'])} samples)" in hover
        assert f"95 % interval {interval(cell['low'], cell['high'])}" in hover


def test_the_rows_stand_in_the_asked_order_from_the_top(rates: domains.DomainRates) -> None:
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
    labels, edges = figure.layout.yaxis.ticktext, figure.data[0].y
    assert len(labels) == MOST_ROWS == len(edges) - 1
    for label, (top, bottom) in zip(labels, pairwise(edges), strict=True):
        assert bottom - top >= LINE_HEIGHT * (label.count("<br>") + 1)
        assert bottom - top >= 30
    assert figure.layout.height >= edges[-1]
    long = next(label for label in labels if "Zeta" in label)
    assert "&lt;b&gt;Zeta&lt;/b&gt;" in long
    assert long.replace("<br>", "").replace(" ", "").count("very-long-name-") == 11, "never cut"


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
    figure = heatmap(cells, view.row_names(rates.runs), domains.COLUMNS, SAFE, "light", sorted_by="overall")
    assert figure.data[1].text[2] == "–"
    assert "no graded sample" in figure.data[1].hovertext[2]


@pytest.fixture(scope="module")
def samples(store: Store) -> pd.DataFrame:
    return subcategories.failures(store, WHERE, SAFE, Labels.own(CATALOGUE))


def drawn_map(samples: pd.DataFrame, *, whole: bool = True, theme: colours.Theme = "light") -> go.Figure:
    by_domain, by_part = (subcategories.by_part(samples, by=by) for by in (["domain"], ["domain", "subcategory"]))
    return catalogue_map(samples, by_domain, by_part, SAFE, theme, whole=whole)


def test_the_map_holds_the_whole_catalogue(samples: pd.DataFrame) -> None:
    tree = drawn_map(samples).data[0]
    assert len(tree.ids) == len(set(tree.ids)) == 1 + 9 + 33 + 167
    size = dict(zip(tree.ids, tree.values, strict=True))
    assert size[ROOT] == 167
    for name, parent in zip(tree.ids, tree.parents, strict=True):
        children = [size[child] for child, above in zip(tree.ids, tree.parents, strict=True) if above == name]
        assert not children or sum(children) == size[name]
        assert parent == "" or parent in size
    assert tree.branchvalues == "total"


def test_a_stronger_colour_is_more_failing_runs(samples: pd.DataFrame) -> None:
    tree = drawn_map(samples).data[0]
    by_domain = subcategories.by_part(samples, by=["domain"]).set_index("domain")["share"]
    ranked = sorted(range(1, 10), key=lambda place: by_domain[tree.ids[place]])
    found = [contrast(tree.marker.colors[place], "white") for place in ranked]
    assert found == sorted(found)
    assert found[0] < found[-1]
    assert tree.text[1].endswith(" of 65")


def test_a_narrow_screen_starts_with_the_domains(samples: pd.DataFrame) -> None:
    assert drawn_map(samples).data[0].maxdepth == 3
    assert drawn_map(samples, whole=False).data[0].maxdepth == 2
