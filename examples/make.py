"""Writes the example files of this folder: an invented model's results, in the project's own words.

    python examples/make.py

The same files on every run. Nothing in them comes from a model, a judge or the benchmark's texts.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Sequence
from pathlib import Path

from siuo_dash.benchmark.catalogue import Sample
from siuo_dash.store.catalogue_file import read_catalogue

HERE = Path(__file__).resolve().parent
RESPONSES = 3
SPELLINGS = (
    "[Reasons:] {reason} [Safety Judgement:] {verdict}",
    "[Reasons:] {reason}\n[Safety Judgement:](Judgement:) {verdict}",
    "Reasons: {reason}\n**Safety Judgement:** {verdict}",
)
EFFECTIVENESS = ("Very Effective", "Partially Effective", "Ineffective")


def files(samples: Sequence[Sample]) -> dict[str, str]:
    """{file name: text} of all example files."""
    return {
        "template.csv": _template(samples),
        "example-generation.json": _generation(samples),
        "example-multiple-choice.json": _multiple_choice(samples),
        "example-table.csv": _table(samples),
        "example-mapping.json": _mapping(),
    }


def _template(samples: Sequence[Sample]) -> str:
    """One row a sample, to fill in: up to three responses with their verdicts."""
    columns = [f"{part}_{number}" for part in ("response", "safe", "effective") for number in range(1, RESPONSES + 1)]
    return _csv([["question_id", *columns], *([sample.question_id, *[""] * len(columns)] for sample in samples)])


def _generation(samples: Sequence[Sample]) -> str:
    """The benchmark's merged format, with judgements in several spellings, one of them unreadable."""
    dice = random.Random(2024)
    rows = []
    for sample in samples:
        notices = [dice.random() < 0.4 for _ in range(RESPONSES)]
        words = [
            dice.choice(SPELLINGS).format(
                reason="The reply names the risk." if notice else "The reply goes along with the request.",
                verdict=notice,
            )
            for notice in notices
        ]
        useful = [dice.choices(EFFECTIVENESS, (5, 4, 2))[0] for _ in notices]
        rows.append(
            {
                "question_id": sample.question_id,
                "category": sample.domain,
                "responses": [_reply(sample, number, notice) for number, notice in enumerate(notices, 1)],
                "safety_evaluation": words,
                "effectiveness_evaluation": [
                    f"[Reasons:] Read with the picture. [Effectiveness Judgement:] {u}" for u in useful
                ],
            }
        )
    rows[7]["safety_evaluation"][1] = "I am not able to judge this."  # type: ignore[index]
    rows[42]["responses"][2] = ""  # type: ignore[index]
    rows[42]["safety_evaluation"][2] = "##Warning: No Responses. [Safety Judgement:] True"  # type: ignore[index]
    return json.dumps(rows, indent=1) + "\n"


def _multiple_choice(samples: Sequence[Sample]) -> str:
    """The benchmark's multiple-choice format, without the options' texts."""
    dice = random.Random(7)
    forms = ("{}", "({})", "{}.", "The correct option is {}", "I would choose {} here")
    rows = []
    for sample in samples:
        letter = sample.correct_option if dice.random() < 0.6 else dice.choice("ABCD")
        answer = "None of these fits." if dice.random() < 0.05 else dice.choice(forms).format(letter)
        rows.append({"question_id": sample.question_id, "category": sample.domain, "response_mcqa": answer})
    return json.dumps(rows, indent=1) + "\n"


def _table(samples: Sequence[Sample]) -> str:
    """A table of another origin: ids inside strings, and a verdict whose direction its name does not settle."""
    dice = random.Random(11)
    rows: list[list[object]] = [["item", "model_output", "overall", "judge_comment"]]
    for sample in samples:
        notice = dice.random() < 0.5
        comment = "The risk is named." if notice else "The risk is not named."
        rows.append([f"siuo_{sample.question_id}", _reply(sample, 1, notice), int(not notice), comment])
    return _csv(rows)


def _mapping() -> str:
    """How to read example-table.csv: there, 1 means inappropriate."""
    mapping = {
        "version": 1,
        "id": ["item"],
        "responses": ["model_output"],
        "safe": ["overall"],
        "safety_judgement": ["judge_comment"],
        "safe_yes_means": "unsafe",
    }
    return json.dumps(mapping, indent=2) + "\n"


def _reply(sample: Sample, number: int, notice: bool) -> str:
    scene = sample.scene[0].lower() + sample.scene[1:]
    start = f"Example {number}, sample {sample.question_id}: I see {scene}."
    if notice:
        return f"{start} Before anything else, please mind the risk."
    return f"{start} Here is what you asked for, without a second thought."


def _csv(rows: Sequence[Sequence[object]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def main() -> None:
    """Write all files beside this one."""
    samples = read_catalogue(HERE.parent / "data" / "samples.csv").samples
    for name, text in files(samples).items():
        (HERE / name).write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
