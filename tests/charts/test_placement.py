"""Labels: whatever the points, no label lies over another, or leaves the plot, at any width."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from siuo_dash.charts.placement import Box, Label, place, text_width

WIDTHS = (300.0, 900.0)
HEIGHT = 400.0


def edges(box: Box, width: float) -> tuple[float, float, float, float]:
    left = box.share * width + box.left
    return left, box.top, left + box.width, box.top + box.height


def overlap(first: Box, second: Box, width: float) -> bool:
    a, b = edges(first, width), edges(second, width)
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def check(labels: list[Label], taken: list[Box]) -> None:
    for width in np.linspace(*WIDTHS, 7):
        for first, second in itertools.combinations([*(label.box for label in labels), *taken], 2):
            assert not overlap(first, second, width) or (first in taken and second in taken)
        for label in labels:
            left, top, right, bottom = edges(label.box, width)
            assert left >= 0
            assert right <= width
            assert top >= 0
            assert bottom <= HEIGHT


point = st.tuples(st.floats(0, 1), st.floats(0, HEIGHT), st.floats(3, 16), st.floats(10, 140))


@settings(max_examples=30, deadline=None)
@given(st.lists(point, min_size=1, max_size=25))
def test_nothing_overlaps_at_any_width(points: list[tuple[float, float, float, float]]) -> None:
    x, y, radius, width = zip(*points, strict=True)
    sizes = [(value, 17.0) for value in width]
    taken = [Box(1.0, -60, 0, 60, 20)]
    labels = place(x, y, radius, sizes, widths=WIDTHS, height=HEIGHT, taken=taken, musts=3)
    check(labels, taken)
    assert labels == place(x, y, radius, sizes, widths=WIDTHS, height=HEIGHT, taken=taken, musts=3)
    for label in labels[3:]:
        if label.index < 3:
            continue
        for other, (share, down, size, _) in enumerate(points):
            mark = Box(share, -size, down - size, 2 * size, 2 * size)
            assert other == label.index or not any(overlap(label.box, mark, w) for w in WIDTHS)


def test_a_lonely_point_has_its_label_at_its_side_without_a_line() -> None:
    (label,) = place([0.5], [200.0], [5.0], [(60.0, 17.0)], widths=WIDTHS, height=HEIGHT)
    assert not label.line
    assert label.dx > 0
    assert label.anchor == "left"


def test_two_points_in_one_place_have_two_labels() -> None:
    labels = place([0.5, 0.5], [200.0, 200.0], [5.0, 5.0], [(60.0, 17.0)] * 2, widths=WIDTHS, height=HEIGHT)
    assert [label.index for label in labels] == [0, 1]
    check(labels, [])


def test_what_does_not_fit_is_left_out_and_the_first_go_first() -> None:
    crowd = 40
    sizes: list[tuple[float, float] | None] = [(120.0, 17.0)] * crowd
    labels = place([0.5] * crowd, [200.0] * crowd, [5.0] * crowd, sizes, widths=WIDTHS, height=HEIGHT)
    assert 1 < len(labels) < crowd
    assert [label.index for label in labels] == sorted(label.index for label in labels)
    assert labels[0].index == 0


def test_a_point_without_a_name_is_an_obstacle_all_the_same() -> None:
    alone = place([0.5], [200.0], [5.0], [(60.0, 17.0)], widths=WIDTHS, height=HEIGHT)[0]
    left, top, right, bottom = edges(alone.box, 300.0)
    beside = place(
        [0.5, (left + right) / 600], [200.0, (top + bottom) / 2], [5.0, 8.0], [(60.0, 17.0), None], widths=(300.0, 300.0), height=HEIGHT
    )  # fmt: skip
    assert [label.index for label in beside] == [0]
    assert beside[0].box != alone.box


def test_a_label_that_leaves_the_plot_is_turned_inward() -> None:
    for share, down in ((0.0, 0.0), (1.0, 0.0), (0.0, HEIGHT), (1.0, HEIGHT)):
        labels = place([share], [down], [5.0], [(80.0, 17.0)], widths=WIDTHS, height=HEIGHT)
        assert len(labels) == 1
        check(labels, [])
    assert place([0.5], [200.0], [5.0], [(320.0, 17.0)], widths=WIDTHS, height=HEIGHT) == []


def test_wide_letters_take_more_room() -> None:
    assert text_width("iii", 12) < text_width("aaa", 12) < text_width("WWW", 12)
    assert text_width("模型", 12) > 2 * 12
    assert text_width("", 12) == 0
    assert text_width("abc", 24) == 2 * text_width("abc", 12)
