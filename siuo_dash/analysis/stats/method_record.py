"""What the method page says of a method, as data: formula, source, use, and an example that can be recomputed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One figure of an example: its name in the text, where it stands in the result, its value as printed.

    path: '0.rank' is the rank of the first; '' the result itself. scale: 100 where a difference is told in points.
    """

    name: str
    path: str
    value: float
    scale: float = 1


@dataclass(frozen=True)
class WorkedExample:
    """A call with real arguments and the figures, rounded as printed, that it gives."""

    function: Callable[..., object]
    arguments: Mapping[str, object]
    figures: tuple[Figure, ...]
    text: str

    @property
    def sentence(self) -> str:
        """The text with its figures filled in from the values above."""
        filled = self.text.format(**{figure.name: figure.value for figure in self.figures})
        return filled.replace("%", " %")

    def compute(self) -> dict[str, float]:
        """The same figures, not rounded, as the function gives them now."""
        result = self.function(**self.arguments)
        return {figure.name: float(_at(result, figure.path)) * figure.scale for figure in self.figures}


@dataclass(frozen=True)
class Method:
    """One method: its name, its formula in LaTeX, where it was published, an example, and where it is used."""

    name: str
    formula: str
    source: str
    worked_example: WorkedExample
    used_for: str


def _at(result: Any, path: str) -> Any:
    for part in filter(None, path.split(".")):
        result = getattr(result, part) if is_dataclass(result) else result[int(part)]
    return result
