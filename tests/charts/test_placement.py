"""Labels: whatever the points, no label lies over another, or leaves the plot, at any width."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.charts.figure import text_width
from siuo_dash.charts.placement import Box, Label, place

WIDTHS = (300.0, 900.0)
HEIGHT = 400.0


def edges(box: Box, width: float) -> tuple[float, float, float, float]:
    left = box.share * width + box.left
    return left, box.top, left + box.width, box.top + box.height


def overlap(first: Box, second: Box, width: float) -> bool:
    a, b = edges(first, width), edges(second, width)
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def mark(share: float, down: float, radius: float) -> Box:
    return Box(share, -radius, down - radius, 2 * radius, 2 * radius)


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


@given(st.lists(point, min_size=1, max_size=25))
def test_nothing_overlaps_at_any_width(points: list[tuple[float, float, float, float]]) -> None:
    marks = [mark(share, down, radius) for share, down, radius, _ in points]
    sizes = [(width, 17.0) for *_, width in points[:8]]
    taken = [Box(1.0, -60, 0, 60, 20)]
    labels = place(marks, sizes, widths=WIDTHS, height=HEIGHT, taken=taken)
    check(labels, taken)
    assert labels == place(marks, sizes, widths=WIDTHS, height=HEIGHT, taken=taken)
    for label in labels:
        for other, named in enumerate(marks[: len(sizes)]):
            assert other == label.mark or not any(overlap(label.box, named, width) for width in WIDTHS)


def test_a_lonely_point_has_its_label_at_its_side_without_a_line() -> None:
    (label,) = place([mark(0.5, 200, 5)], [(60.0, 17.0)], widths=WIDTHS, height=HEIGHT)
    assert not label.line
    assert label.dx > 0
    assert label.anchor == "left"


def test_two_points_in_one_place_have_two_labels() -> None:
    labels = place([mark(0.5, 200, 5)] * 2, [(60.0, 17.0)] * 2, widths=WIDTHS, height=HEIGHT)
    assert [label.mark for label in labels] == [0, 1]
    check(labels, [])


def test_what_does_not_fit_is_left_out_and_the_first_go_first() -> None:
    crowd = 40
    sizes: list[tuple[float, float] | None] = [(120.0, 17.0)] * crowd
    labels = place([mark(0.5, 200, 5)] * crowd, sizes, widths=WIDTHS, height=HEIGHT)
    assert 1 < len(labels) < crowd
    assert [label.mark for label in labels] == sorted(label.mark for label in labels)
    assert labels[0].mark == 0


def test_a_point_without_a_name_is_an_obstacle_all_the_same() -> None:
    alone = place([mark(0.5, 200, 5)], [(60.0, 17.0)], widths=WIDTHS, height=HEIGHT)[0]
    left, top, right, bottom = edges(alone.box, 300.0)
    marks = [mark(0.5, 200, 5), mark((left + right) / 600, (top + bottom) / 2, 8)]
    for sizes in ([(60.0, 17.0), None], [(60.0, 17.0)]):
        beside = place(marks, sizes, widths=(300.0, 300.0), height=HEIGHT)
        assert [label.mark for label in beside] == [0]
        assert beside[0].box != alone.box


def test_where_there_is_no_other_room_a_name_lies_over_marks_without_one() -> None:
    crowd = [mark(x / 30, y * 20, 12) for x in range(31) for y in range(21)]
    marks = [mark(0.5, 200, 5), *crowd]
    assert len(place(marks, [(60.0, 17.0)], widths=WIDTHS, height=HEIGHT)) == 1
    assert place(marks, [(60.0, 17.0), *[None] * len(crowd)], widths=WIDTHS, height=HEIGHT) == []


def test_a_label_that_leaves_the_plot_is_turned_inward() -> None:
    for share, down in ((0.0, 0.0), (1.0, 0.0), (0.0, HEIGHT), (1.0, HEIGHT)):
        labels = place([mark(share, down, 5)], [(80.0, 17.0)], widths=WIDTHS, height=HEIGHT)
        assert len(labels) == 1
        check(labels, [])
    assert place([mark(0.5, 200, 5)], [(320.0, 17.0)], widths=WIDTHS, height=HEIGHT) == []


def test_wide_letters_take_more_room() -> None:
    assert text_width("iii", 12) < text_width("aaa", 12) < text_width("WWW", 12)
    assert text_width("模型", 12) > 2 * 12
    assert text_width("", 12) == 0
    assert text_width("abc", 24) == 2 * text_width("abc", 12)
