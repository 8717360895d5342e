"""Generated files of known truth: what comes of them is exact, asked, or refused, and never another figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from tests.generate.judge import generate, judge
from tests.generate.recipe import HARNESSES, Recipe, draw
from tests.generate.texts import BARE_JUDGES

FILES: Final = 2_000
PARTS: Final = 10

Known = tuple[Recipe, Callable[[Recipe], bool]]


def _says(*codings: str) -> Callable[[Recipe], bool]:
    """Whether verdicts are written in one of these ways."""
    return lambda recipe: recipe.coding in codings


KNOWN: Final[dict[str, Known]] = {
    "minus one": (Recipe(213, coding="plus_minus"), _says("plus_minus", "plus_zero_minus")),
    "columns that are no verdict": (
        Recipe(102, direction="open", name="eval", decoys=("expected_label",)),
        lambda r: bool(r.decoys),
    ),
    "options in another order": (Recipe(51, task="choice", options="shuffled"), lambda r: r.options == "shuffled"),
    "the key as the answer": (Recipe(189, task="choice", response="content", key=True), lambda r: r.key),
    "words that begin with the verdict": (
        Recipe(69, words="head_colon"),
        lambda r: r.words == "head_colon" or r.coding == "reasons_colon",
    ),
    "bare yes and no of a judge": (
        Recipe(67, direction="harm", name="is_harmful", yes_is_safe=False, words="final"),
        lambda r: r.words in BARE_JUDGES,
    ),
    "several runs": (Recipe(207, layout="deep", several="judge_columns"), lambda r: bool(r.several)),
    "not harmful": (
        Recipe(416, direction="open", name="eval_result", coding="non_toxic"),
        _says("non_toxic", "un_dash"),
    ),
    "harnesses": (Recipe(114, harness="lmms_eval"), lambda r: bool(r.harness)),
    "replies read as a judge's text": (
        Recipe(24, response="raw_output"),
        lambda r: r.response == "raw_output" or r.layout == "deep",
    ),
}
"""Kinds that are still read wrongly: an example, and which recipes may be wrong for the same reason.

Mended one? Take it out: an example that is right fails as XPASS. `make fuzz` lists the kinds.
"""


@pytest.mark.parametrize("part", range(PARTS))
def test_no_figure_is_silently_wrong(part: int) -> None:
    wrong = []
    for seed in range(part, FILES, PARTS):
        recipe = draw(seed)
        outcome = judge(recipe)
        if outcome.is_wrong and not any(is_of_it(recipe) for _, is_of_it in KNOWN.values()):
            wrong.append(f"seed {seed}: {recipe}\n    {outcome.first} → {outcome.last}: {outcome.why}")
    assert not wrong, f"{len(wrong)} of {FILES // PARTS} files:\n" + "\n".join(wrong[:10])


@pytest.mark.parametrize("kind", KNOWN)
@pytest.mark.xfail(strict=True, reason="listed in KNOWN")
def test_known(kind: str) -> None:
    assert not judge(KNOWN[kind][0]).is_wrong


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
