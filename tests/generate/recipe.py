"""What a generated file is made of: a recipe, drawn from a seed, and taken apart again to find what matters."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from tests.generate import words as w
from tests.generate.texts import BARE_JUDGES, DECOYS, JUDGES, PLAIN_JUDGES

FLAT: Final = (
    "csv",
    "csv_quoted",
    "tsv_utf16",
    "csv_semicolon",
    "csv_pipe",
    "csv_sep",
    "csv_bom",
    "csv_utf16",
    "csv_cp1252",
    "tsv",
    "xlsx",
)
TREES: Final = (
    "json",
    "jsonl",
    "jsonl_spread",
    "jsonl_u2028",
    "json_comma",
    "json_pretty",
    "json_gz",
    "json_zip",
    "parquet",
    "arrow_stream",
    "arrow_file",
)
ONE_VALUE: Final = ("json", "json_pretty", "json_gz", "json_zip")
"""Formats of one JSON value, which may have any layout."""
LAYOUTS: Final = (
    "flat nested deep keyed keyed_wrapped by_domain wrapped wrapped_deep split columns lists meta_first summary_last"
).split()
HANDS: Final = ("title", "average", "two_headers", "merged", "summary_sheet", "sheet_a_domain")
HARNESSES: Final = (
    "inspect_json inspect_eval promptfoo_json promptfoo_jsonl promptfoo_csv lmms_eval helm_scenario helm_stats "
    "opencompass fastchat deepsafe label_studio harmbench strongreject xstest do_not_answer wildguard beavertails "
    "md_judge guard_probability guard_yes moderation batch traces test_cases scanner true_false_scores ids_by_verdict "
    "scalars tuples vote_counts chat_with_judge reason_and_score scores_of_tracker label_and_score ragged needs_caution"
).split()


@dataclass(frozen=True)
class Recipe:
    """The parts of a file; what is not said here is plain: ids, responses, is_safe as a list of JSON objects.

    direction: what 1, true and yes mean by the verdict's name: 'safe', 'harm', or 'open' where it does not say, then
    yes_is_safe says what is true. words: the judge's text, by its style ('' = none); number: whether there is a verdict
    beside it. several: more than one judge or run in the file. gaps: what stands where there is no verdict. constant:
    whether all verdicts are the same. disagree: whether words and numbers differ in every fourth row. repeated: whether
    a row stands twice, with the 'same' or the 'other' verdict. apart: whether replies and verdicts are in two files.
    """

    seed: int
    task: str = "safe"
    ids: str = "int"
    id_name: str = "question_id"
    question: bool = False
    response: str = "response"
    direction: str = "safe"
    name: str = "is_safe"
    yes_is_safe: bool = True
    coding: str = "bool"
    number: bool = True
    words: str = ""
    words_name: str = "judge_raw"
    help_name: str = "effective"
    help_coding: str = "bool"
    decoys: tuple[str, ...] = ()
    layout: str = "flat"
    wrapper: str = "results"
    format: str = "json"
    rounds_as: str = ""
    round_name: str = "round"
    several: str = ""
    gaps: str = ""
    hand: str = ""
    shuffled: bool = False
    options: str = ""
    key: bool = False
    letters: str = "letter"
    harness: str = ""
    constant: bool = False
    disagree: bool = False
    repeated: str = ""
    apart: bool = False

    @property
    def rounds(self) -> int:
        """Responses a sample."""
        return 3 if self.rounds_as else 1

    def parts(self) -> dict[str, Any]:
        """What is not plain."""
        plain = Recipe(self.seed)
        names = (each.name for each in fields(self) if each.name != "seed")
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(plain, name)}

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.parts().items()) or "plain"


def draw(seed: int) -> Recipe:
    """The recipe of a seed."""
    rng = random.Random(f"recipe {seed}")
    task = rng.choices(("safe", "both", "one_label", "choice", "none"), (60, 18, 4, 12, 6))[0]
    direction = rng.choices(("safe", "harm", "open"), (5, 4, 3))[0]
    names = {"safe": w.SAFE_NAMES, "harm": w.HARM_NAMES, "open": w.OPEN_NAMES}[direction]
    style = rng.random()
    recipe = Recipe(
        seed,
        task=task,
        ids=rng.choices(
            ("int", "text", "prefixed", "suffixed", "padded", "float", "image", "question", "index", "hash"),
            (40, 12, 14, 6, 3, 4, 6, 6, 4, 2),
        )[0],
        id_name=rng.choice(w.ID_NAMES) if rng.random() < 0.6 else "question_id",
        question=rng.random() < 0.3,
        response=rng.choice(("", *w.RESPONSE_NAMES)) if rng.random() < 0.7 else "response",
        direction=direction,
        name=rng.choice(names),
        yes_is_safe=rng.random() < 0.5 if direction == "open" else direction == "safe",
        coding=_coding(rng, direction),
        number=style < 0.9,
        words=rng.choice((*JUDGES, *BARE_JUDGES)) if style > 0.7 else "",
        words_name=rng.choice(w.GRADER_NAMES),
        help_name=rng.choice(w.HELP_NAMES),
        help_coding=rng.choice(list(w.HELP_CODINGS)),
        decoys=tuple(rng.sample(list(DECOYS), rng.choice((0, 0, 1, 1, 2, 3, 5)))),
        layout=rng.choice(LAYOUTS) if rng.random() < 0.6 else "flat",
        wrapper=rng.choice(w.WRAPPERS),
        format=rng.choice(FLAT if rng.random() < 0.45 else TREES if rng.random() < 0.5 else ONE_VALUE),
        rounds_as=rng.choice(("lists", "columns", "rows", "suffix", "files", "sheets", "objects", "plain_rows"))
        if rng.random() < 0.25
        else "",
        round_name=rng.choice(w.ROUND_NAMES),
        several=rng.choice(
            (
                "annotator_columns annotator_rows model_columns model_rows judge_columns variants metric_rows "
                "metric_list"
            ).split()
        )
        if rng.random() < 0.12
        else "",
        gaps=rng.choice(("missing", *w.NOBODY)) if rng.random() < 0.2 else "",
        hand=rng.choice(HANDS) if rng.random() < 0.5 else "",
        shuffled=rng.random() < 0.3,
        options=rng.choice(("", "columns", "list", "object", "shuffled")),
        key=rng.random() < 0.5,
        letters=rng.choice(("letter", "brackets", "sentence", "dot", "words")),
        harness=rng.choice(HARNESSES) if rng.random() < 0.14 else "",
        constant=rng.random() < 0.02,
        disagree=rng.random() < 0.1,
        repeated=rng.choice(("same", "other")) if rng.random() < 0.05 else "",
        apart=rng.random() < 0.06,
    )
    return mended(recipe)


def _coding(rng: random.Random, direction: str) -> str:
    """A coding that goes with the name: no scale of harm under 'safe', no 'pass' under 'jailbroken'."""
    kinds = ("yes", "word", "code", "scale") if direction == "open" else ("yes", "yes", "word", "scale", "pm")
    kind = rng.choice(kinds)
    if kind == "pm":
        return rng.choice(("plus_minus", "plus_zero_minus"))
    found = [name for name, coding in w.CODINGS.items() if coding.kind == kind]
    if kind == "scale" and direction != "open":
        found = [name for name in found if name.startswith("harm") == (direction == "harm")]
    return rng.choice(found)


def mended(recipe: Recipe) -> Recipe:
    """The recipe without parts that do not go together; the same for the same recipe."""
    r = recipe
    if r.harness:
        rounds_as = "rows" if r.rounds_as and r.harness.startswith("inspect") else ""
        return Recipe(r.seed, harness=r.harness, rounds_as=rounds_as)
    if r.task in ("choice", "none"):
        r = replace(r, several="", rounds_as="", gaps="", hand="" if r.hand == "average" else r.hand)
    if r.task == "choice":
        r = replace(r, words="", number=True, response=r.response or "response")
    if r.task == "one_label":
        r = replace(r, words="", number=True, direction="open", name="verdict" if r.direction != "open" else r.name)
        r = replace(r, coding="words", rounds_as="", several="")
    if r.several.startswith("metric"):
        r = replace(r, name=r.name if r.direction == "open" else "score", direction="open", yes_is_safe=True)
    if not r.words:
        r = replace(r, number=True)
    if not r.number:
        r = replace(r, direction="open")
    elif r.direction == "open" and r.name == "is_safe":
        r = replace(r, name="label")
    if r.gaps == "-1" and r.coding in ("plus_minus", "plus_zero_minus", "minus_three"):
        r = replace(r, gaps="N/A")
    if r.several:
        r = replace(r, rounds_as="", words="", number=True, task="safe")
    if r.direction != "open":
        r = replace(r, yes_is_safe=r.direction == "safe")
    one = [1 in each for each in (w.CODINGS[r.coding].good, w.CODINGS[r.coding].bad)]
    if r.words in BARE_JUDGES and r.number and r.direction == "open" and any(one) and not r.coding.startswith("plus"):
        r = replace(r, yes_is_safe=one[0])  # 1 and yes mean the same in one file
    r = replace(r, disagree=bool(r.disagree and r.words in PLAIN_JUDGES and r.number and r.task in ("safe", "both")))
    r = replace(r, apart=bool(r.apart and r.response and r.task in ("safe", "both") and not r.several + r.rounds_as))
    if r.apart:
        r = replace(r, hand="", repeated="", format=r.format if r.format != "xlsx" else "csv")
    if r.repeated and (r.several or r.rounds_as or r.layout in ("keyed", "keyed_wrapped", "columns", "by_domain")):
        r = replace(r, repeated="")
    if r.repeated and r.task not in ("safe", "both"):
        r = replace(r, repeated="")
    if r.repeated:
        r = replace(r, hand="", gaps="")
    if r.several == "metric_list" and r.format in FLAT:
        r = replace(r, several="metric_rows")
    if r.rounds_as == "sheets":
        r = replace(r, format="xlsx", hand="")
    if r.rounds_as == "objects" and r.format in FLAT:
        r = replace(r, format="json")
    if r.hand in ("merged",) and r.rounds_as != "rows":
        r = replace(r, hand="")
    if r.hand in ("title", "two_headers", "merged", "summary_sheet", "sheet_a_domain"):
        r = replace(r, format="xlsx") if r.format in FLAT else replace(r, hand="")
    if r.hand == "average" and (r.format in ("parquet", "arrow_stream", "arrow_file") or r.ids != "int"):
        r = replace(r, hand="")
    if r.format.startswith("jsonl") or r.format == "json_comma":
        r = replace(r, layout=r.layout if r.layout in ("nested", "deep", "meta_first", "summary_last") else "flat")
    elif r.format in ("parquet", "arrow_stream", "arrow_file"):
        r = replace(r, layout=r.layout if r.layout in ("nested", "deep") else "flat")
    elif r.format in FLAT or r.layout in ("meta_first", "summary_last"):
        r = replace(r, layout="flat")
    if r.several == "variants":
        r = replace(r, format="json" if r.format in FLAT else r.format)
    if r.rounds_as in ("rows", "plain_rows", "suffix") and r.layout in ("columns", "keyed", "keyed_wrapped"):
        r = replace(r, layout="lists_by_id" if r.rounds_as != "suffix" else "flat")
    if r.several in ("model_rows", "annotator_rows", "metric_rows") and r.layout in (
        "columns",
        "keyed",
        "keyed_wrapped",
    ):
        r = replace(r, layout="flat")
    if r.rounds_as in ("suffix", "plain_rows", "files") and r.ids in ("question", "index", "hash", "suffixed"):
        r = replace(r, ids="int")
    if r.rounds_as == "suffix" and r.ids != "int":
        r = replace(r, ids="int")
    if r.ids == "question" and r.layout in ("keyed", "keyed_wrapped"):
        r = replace(r, layout="flat")
    if r.hand == "average" and r.layout not in ("flat", "keyed", "wrapped"):
        r = replace(r, hand="")
    return _without_idle(r)


def _without_idle(r: Recipe) -> Recipe:
    """The recipe without the parts that have no effect in it."""
    idle = {
        "words_name": not r.words,
        "help_name": r.task != "both",
        "help_coding": r.task != "both",
        "wrapper": r.layout not in ("wrapped", "wrapped_deep", "keyed_wrapped"),
        "round_name": r.rounds_as != "rows",
        "options": r.task != "choice",
        "letters": r.task != "choice",
        "key": r.task != "choice",
        "coding": r.task in ("none", "choice") or not r.number,
        "name": r.task in ("none", "choice") or not r.number,
        "direction": r.task in ("none", "choice"),
        "yes_is_safe": r.task in ("none", "choice"),
        "words": r.task in ("none", "choice"),
        "question": r.ids == "question" or r.task == "choice",
        "constant": r.task in ("none", "choice"),
    }
    plain = Recipe(r.seed)
    return replace(r, **{name: getattr(plain, name) for name, is_idle in idle.items() if is_idle})


def simpler(recipe: Recipe) -> list[Recipe]:
    """The recipe with one part made plain, for each part; decoys one at a time."""
    plain = Recipe(recipe.seed)
    tries = [replace(recipe, decoys=recipe.decoys[:n] + recipe.decoys[n + 1 :]) for n in range(len(recipe.decoys))]
    together = (("name", "direction", "yes_is_safe"),)
    names = [name for name in recipe.parts() if name not in ("decoys", *together[0])]
    if recipe.decoys:
        tries.insert(0, replace(recipe, decoys=()))
    tries += [replace(recipe, **{name: getattr(plain, name)}) for name in names]
    tries += [replace(recipe, **{name: getattr(plain, name) for name in group}) for group in together]
    if recipe.coding != "bool":
        tries.append(replace(recipe, coding="words"))
    return [each for one in tries if (each := mended(one)) != recipe]
