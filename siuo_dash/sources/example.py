"""The invented example run: what the samples page looks like with responses, in words of our own.

It is read from examples/ where it is shown; it is in no store, no board and no export.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final

from siuo_dash.benchmark.judgement import stated
from siuo_dash.settings.paths import ROOT

FILE: Final = ROOT / "examples" / "example-generation.json"


def invented(question_id: int) -> list[dict[str, Any]]:
    """The example's responses to a sample, in the form of `store.runs.run_file.responses`; [] where there is none."""
    entry = _entries().get(question_id, {})
    parts = (entry.get(part, []) for part in ("responses", "safety_evaluation", "effectiveness_evaluation"))
    return [
        {
            "text": text,
            "chars": len(text),
            "safe": stated(safety, "safe", bare_truth=True),
            "effective": stated(effectiveness, "effective", bare_truth=True),
            "safety_judgement": safety,
            "effectiveness_judgement": effectiveness,
            "flags": [],
        }
        for text, safety, effectiveness in zip(*parts, strict=False)
    ]


@lru_cache(maxsize=1)
def _entries() -> dict[int, dict[str, Any]]:
    try:
        return {int(each["question_id"]): each for each in json.loads(FILE.read_text(encoding="utf-8"))}
    except OSError:
        return {}  # installed without the examples folder: there is nothing to show
