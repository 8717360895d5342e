"""Small pictures of figures: everything is where its value is, names are text and never lie over the figures."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from siuo_dash.charts.figure import text_width
from siuo_dash.charts.spark import Mark, picture

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*marks: Mark, scale: str = "percent") -> ElementTree.Element:
    return ElementTree.fromstring(picture(marks, scale, "dark"))  # type: ignore[arg-type]


def test_a_dot_is_at_its_value_and_its_interval_around_it() -> None:
    found = drawn(Mark("A", "50.0 (40.0–60.0)", 0.5, 0.4, 0.6))
    (dot,) = found.iter(f"{SVG}circle")
    track, interval = found.iter(f"{SVG}line")
    start, stop = float(track.attrib["x1"]), float(track.attrib["x2"])
    assert float(dot.attrib["cx"]) == pytest.approx((start + stop) / 2, abs=0.1)
    assert float(interval.attrib["x1"]) == pytest.approx(start + 0.4 * (stop - start), abs=0.1)
    assert float(interval.attrib["x2"]) == pytest.approx(start + 0.6 * (stop - start), abs=0.1)


def test_without_an_interval_there_is_a_bar_and_no_dot() -> None:
    found = drawn(Mark("Runs", "12 of 15", 0.8))
    assert not list(found.iter(f"{SVG}circle"))
    _, bar = found.iter(f"{SVG}line")
    assert float(bar.attrib["x2"]) > float(bar.attrib["x1"])


@pytest.mark.parametrize(("scale", "value"), [("points", -0.3), ("rho", -0.5)])
def test_what_has_a_sign_is_around_zero(scale: str, value: float) -> None:
    found = drawn(Mark("A", "", value, value - 0.1, value + 0.1), Mark("B", "", -value, -value, -value), scale=scale)
    first, second = (float(dot.attrib["cx"]) for dot in found.iter(f"{SVG}circle"))
    zero = next(float(line.attrib["x1"]) for line in found.iter(f"{SVG}line") if line.attrib["x1"] == line.attrib["x2"])
    assert first < zero < second
    assert zero - first == pytest.approx(second - zero, abs=0.2)


@pytest.mark.parametrize("name", ["<b>x</b> & 'y'", "W" * 200, "", "a b " * 40])
def test_a_name_is_whole_text_and_leaves_room_for_its_figure(name: str) -> None:
    words = "+53.9 (+44.1 to +62.0)"
    found = drawn(Mark(name, words, 0.5, 0.4, 0.6), Mark("B", "", 0.1, 0.0, 0.2), scale="points")
    *lines, figure, _, _ = found.iter(f"{SVG}text")
    assert figure.text == words
    assert "".join(line.text or "" for line in lines).replace(" ", "") == name.replace(" ", ""), "nothing is cut"
    assert text_width(lines[0].text or "", 12.5) + text_width(words, 12.5) < 340
    assert all(text_width(line.text or "", 12.5) < 340 for line in lines)
    lowest, second = (float(dot.attrib["cy"]) for dot in found.iter(f"{SVG}circle"))
    assert float(lines[-1].attrib["y"]) < lowest < second - 20
