"""Colours that mean the same everywhere, and what is made of them: tints, scales of one hue, text that is legible."""

from __future__ import annotations

from typing import Final, Literal

from siuo_dash.benchmark.schema import METRICS

Theme = Literal["light", "dark"]
Scale = list[tuple[float, str]]
"""A plotly colour scale: (share, colour) from 0 to 1."""

SAFE: Final = "#0072B2"
EFFECTIVE: Final = "#E69F00"
BOTH: Final = "#009E73"
MCQA: Final = "#CC79A7"
UNSAFE: Final = "#D55E00"
UNGRADED: Final = "#8A8F94"
METRIC_COLOURS: Final = {"safe": SAFE, "effective": EFFECTIVE, "safe_and_effective": BOTH, "mcqa": MCQA}
assert set(METRIC_COLOURS) == set(METRICS)
RUN_COLOURS: Final[dict[Theme, tuple[str, ...]]] = {
    "light": ("#220066", "#779911", "#DD4477", "#BB66CC", "#770000", "#330022"),
    "dark": ("#BBBBFF", "#FFCC77", "#CC3366", "#88FFDD", "#5566CC", "#996600"),
}
"""Colours of runs that are drawn together: none is close to a metric's, and all differ for colour-blind readers, too
(found by a search in CIELAB; a test computes the distances). Runs differ by symbol and dash as well."""
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "star")
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
STEPS: Final = 11
"""Colours of a scale."""

_INK: Final = {"light": "#0d1217", "dark": "#e6eaee"}
_PAPER: Final = {"light": "#ffffff", "dark": "#12161a"}
_GRID: Final = {"light": "#dde2e6", "dark": "#333c44"}
_MUTED: Final = {"light": "#5b656e", "dark": "#a3adb6"}
_LEAST: Final = 0.06
"""How much of the colour the lowest value has, so that its cell differs from the paper."""

# Streamlit writes on a chosen chip in white, whatever the theme's colour behind it: 2.2 to 1 on our light blue.
DARK_CHIPS: Final = (
    f"<style>[data-testid='stMultiSelect'] span[title], [data-testid='stMultiSelect'] span[title] ~ * "
    f"{{ color: {_PAPER['dark']}; }}</style>"
)


def ink(theme: Theme) -> str:
    """The colour of text and of marks without a metric."""
    return _INK[theme]


def muted(theme: Theme) -> str:
    """The colour of secondary text and reference lines."""
    return _MUTED[theme]


def grid(theme: Theme) -> str:
    """The colour of lines between rows and at marks."""
    return _GRID[theme]


def paper(theme: Theme) -> str:
    """The colour behind a chart."""
    return _PAPER[theme]


def outcome_colours(metric: str) -> tuple[str, str]:
    """The colours of what counts for a metric and against it."""
    return METRIC_COLOURS[metric], UNSAFE


def faded(colour: str, opacity: float) -> str:
    """A colour '#rrggbb' with an opacity of 0..1."""
    red, green, blue = _channels(colour)
    return f"rgba({red},{green},{blue},{opacity:g})"


def mixed(first: str, second: str, share: float) -> str:
    """`share` of the second colour and the rest of the first; colours as '#rrggbb'."""
    parts = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def sequential(colour: str, theme: Theme) -> Scale:
    """A scale of one hue, 0 near the paper and 1 the colour itself: lightness alone gives the order."""
    shares = [step / (STEPS - 1) for step in range(STEPS)]
    return [(share, mixed(paper(theme), colour, _LEAST + (1 - _LEAST) * share)) for share in shares]


def colour_at(scale: Scale, value: float) -> str:
    """The colour of a value between 0 and 1, as plotly draws it."""
    at = min(1.0, max(0.0, value)) * (len(scale) - 1)
    step = min(int(at), len(scale) - 2)
    return mixed(scale[step][1], scale[step + 1][1], at - step)


def text_on(colour: str) -> str:
    """Black or white, whichever has the higher contrast on the colour (at least 4.5 to 1 by WCAG 2.2)."""
    luminance = _luminance(colour)
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "black"


def _channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2."""
    parts = [channel / 255 for channel in _channels(colour)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
