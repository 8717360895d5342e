"""`make fuzz`: many generated files, judged on all cores; what is read wrongly is written out with its recipe."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tests.generate.judge import Judged, counts, generate, judge, shrunk
from tests.generate.recipe import Recipe, draw

_CHUNK: Final = 25


def _run(seed: int) -> tuple[Recipe, Judged]:
    recipe = draw(seed)
    return recipe, judge(recipe)


def _smallest(recipe: Recipe) -> tuple[Recipe, Judged]:
    small = shrunk(recipe)
    return small, judge(small)


def kind_of(recipe: Recipe) -> str:
    """What matters in a recipe that was taken apart: its parts, without the names that chance gave them."""
    parts = recipe.parts()
    named = [f"{name}={parts[name]}" for name in parts if name not in ("name", "yes_is_safe", "decoys", "words_name")]
    return ", ".join([*named, *(["decoys"] if recipe.decoys else [])]) or f"name={recipe.name}"


def main() -> int:
    """Counts of outcomes on the screen; the number of files that were read wrongly as the status."""
    parser = argparse.ArgumentParser(prog="python -m tests.generate", description=__doc__)
    parser.add_argument("--n", type=int, default=2000, help="files")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; the others follow")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="where wrong ones are written")
    parser.add_argument("--shrink", type=int, default=200, help="how many wrong ones are taken apart")
    given = parser.parse_args()
    with ProcessPoolExecutor(given.jobs) as pool:
        judged = list(pool.map(_run, range(given.seed, given.seed + given.n), chunksize=_CHUNK))
        wrong = [(recipe, outcome) for recipe, outcome in judged if outcome.is_wrong]
        smallest = list(pool.map(_smallest, [recipe for recipe, _ in wrong[: given.shrink]], chunksize=2))
    for name, number in counts([outcome for _, outcome in judged]).most_common():
        print(f"{number:7,}  {name}")
    print(f"{sum(bool(each.lost) for _, each in judged):7,}  exact, with a metric lost without a word")
    print(f"{sum(each.miscounted for _, each in judged):7,}  exact, with another number of responses")
    shutil.rmtree(given.out, ignore_errors=True)
    for recipe, outcome in wrong:
        _write(given.out / str(recipe.seed), recipe, outcome)
    _report(smallest, given.out)
    print(f"{len(wrong):,} wrong of {given.n:,}" + (f"; see {given.out}" if wrong else ""))
    return min(len(wrong), 99)


def _write(folder: Path, recipe: Recipe, outcome: Judged) -> None:
    folder.mkdir(parents=True)
    files, _ = generate(recipe)
    for file in files:
        (folder / file.name).write_bytes(file.data)
    (folder / "recipe.json").write_text(json.dumps({"recipe": asdict(recipe), "outcome": asdict(outcome)}, indent=1))


def _report(smallest: list[tuple[Recipe, Judged]], out: Path) -> None:
    """The kinds of wrong figures, the most frequent first, with a smallest example each."""
    kinds: dict[str, list[tuple[Recipe, Judged]]] = defaultdict(list)
    for recipe, outcome in smallest:
        kinds[kind_of(recipe)].append((recipe, outcome))
    lines = []
    for kind, found in sorted(kinds.items(), key=lambda item: -len(item[1])):
        recipe, outcome = found[0]
        files, _ = generate(recipe)
        text = files[0].data[:400].decode("utf-8", "replace")
        head = "".join(letter if letter.isprintable() else "·" for letter in text)
        names = sorted({name for each, _ in found for name in each.decoys})
        kind += f" ({', '.join(names)})" if names else ""
        lines += [f"## {len(found)} × {kind}", f"seed {recipe.seed}: {recipe}", f"outcome: {outcome.first} → "
                  f"{outcome.last}: {outcome.why}", f"file {files[0].name}: `{head}`", ""]  # fmt: skip
    if lines:
        out.mkdir(parents=True, exist_ok=True)
        (out / "kinds.md").write_text("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
