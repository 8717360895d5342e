"""Generated files of known truth: what comes of them is exact, asked, or refused, and never another figure."""

from __future__ import annotations

from typing import Final

import pytest

from tests.generate.judge import generate, judge
from tests.generate.recipe import HARNESSES, Recipe, draw

FILES: Final = 2_000
PARTS: Final = 10


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.heavy) for part in range(1, PARTS))])
def test_no_figure_is_silently_wrong(part: int) -> None:
    wrong = []
    for seed in range(part, FILES, PARTS):
        recipe = draw(seed)
        outcome = judge(recipe)
        if outcome.is_wrong:
            wrong.append(f"seed {seed}: {recipe}\n    {outcome.first} → {outcome.last}: {outcome.why}")
    assert not wrong, f"{len(wrong)} of {FILES // PARTS} files:\n" + "\n".join(wrong[:10])


def test_a_recipe_is_the_same_file_each_time() -> None:
    for seed in range(60):
        recipe = draw(seed)
        assert recipe == draw(seed)
        if recipe.format not in ("xlsx", "json_gz") and not recipe.harness.endswith("eval"):  # these hold the time
            assert generate(recipe)[0] == generate(recipe)[0], recipe


def test_plain_files_are_exact() -> None:
    """A judge that calls all files refused, or all of them right, would be no judge."""
    outcomes = [judge(Recipe(seed)) for seed in range(3)]
    assert {(each.first, each.last, each.lost, each.miscounted) for each in outcomes} == {("exact", "exact", (), False)}
    turned = Recipe(1, direction="open", name="label", coding="one_zero", yes_is_safe=False)
    assert (judge(turned).first, judge(turned).last) == ("asked", "exact")


def test_every_harness_is_drawn() -> None:
    assert {draw(seed).harness for seed in range(FILES)} == {"", *HARNESSES}
