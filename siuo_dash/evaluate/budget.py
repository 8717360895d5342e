"""What a run costs: tokens times prices, before it begins and while it runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from siuo_dash.errors import EvaluationError
from siuo_dash.evaluate.answers import Answer

Prices = Mapping[str, tuple[float, float]]
"""{model: US dollars a million tokens in and out}."""
PICTURE_TOKENS: Final = 800
"""What a picture of 1024×1024 comes to at most providers, roughly; for an estimate only."""
_CHARACTERS: Final = 4
"""Characters a token, roughly."""


@dataclass
class Usage:
    """Calls answered, and the tokens that the provider counted."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def add(self, answer: Answer) -> None:
        """Count one more answer."""
        self.calls += 1
        self.input_tokens += answer.input_tokens
        self.output_tokens += answer.output_tokens


def usage_of(answers: Iterable[Answer]) -> dict[str, Usage]:
    """{model, as it is asked for: what it used}."""
    found: dict[str, Usage] = defaultdict(Usage)
    for answer in answers:
        if answer.is_a_call:
            found[answer.asked].add(answer)
    return dict(found)


def cost_of(usage: Mapping[str, Usage], prices: Prices) -> float | None:
    """US dollars; None where the price of one of the models is not known."""
    if not usage or any(model not in prices for model in usage):
        return None
    return sum(
        (each.input_tokens * prices[model][0] + each.output_tokens * prices[model][1]) / 1e6
        for model, each in usage.items()
    )


def tokens_in(characters: int, pictures: int) -> int:
    """Tokens of a prompt, estimated."""
    return characters // _CHARACTERS + pictures * PICTURE_TOKENS


def read_price(text: str) -> tuple[str, tuple[float, float]]:
    """'MODEL=IN,OUT' as (model, (in, out)); EvaluationError for anything else."""
    model, _, numbers = text.rpartition("=")
    try:
        each_in, each_out = (float(number) for number in numbers.split(","))
    except ValueError:
        each_in = each_out = -1.0
    if not model or not (0 <= each_in < 1e6 and 0 <= each_out < 1e6):
        hint = "write MODEL=IN,OUT, in US dollars a million tokens: openai/gpt-4o=2.5,10"
        raise EvaluationError(f"not a price: {text}", where="--price", hint=hint)
    return model, (each_in, each_out)
