"""Sequential colours: from the paper to one colour, so that lightness alone tells the order; and text that is read on them."""

from __future__ import annotations

from typing import Final

from siuo_dash.charts import style

STEPS: Final = 11
_LEAST: Final = 0.06
"""How much of the colour the lowest value has, so that its cell is told from the paper."""


def sequential(colour: str, theme: style.Theme) -> list[tuple[float, str]]:
    """A plotly colour scale of one hue, 0 near the paper and 1 the colour itself: the same for every kind of eye."""
    places = [step / (STEPS - 1) for step in range(STEPS)]
    return [(place, mixed(style.paper(theme), colour, _LEAST + (1 - _LEAST) * place)) for place in places]


def colour_at(scale: list[tuple[float, str]], value: float) -> str:
    """The colour of a value between 0 and 1, as plotly draws it."""
    place = min(1.0, max(0.0, value)) * (len(scale) - 1)
    step = min(int(place), len(scale) - 2)
    return mixed(scale[step][1], scale[step + 1][1], place - step)


def text_on(colour: str) -> str:
    """Black or white, whichever has the higher contrast on the colour (at least 4.5 to 1 by WCAG 2.2)."""
    luminance = _luminance(colour)
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "black"


def contrast(first: str, second: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2, section 1.4.3)."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def mixed(first: str, second: str, share: float) -> str:
    """`share` of the second colour and the rest of the first; colours as '#rrggbb'."""
    parts = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def _channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    named = {"black": "#000000", "white": "#ffffff"}
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(named.get(colour, colour)))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
