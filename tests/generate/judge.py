"""What comes of a generated file, held against its truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

from siuo_dash.ingest.files import UploadedFile
from siuo_dash.ingest.submission import Submission, validate
from tests.generate.files import files_of
from tests.generate.harnesses import made_by_harness
from tests.generate.made import Made
from tests.generate.recipe import Recipe, simpler
from tests.generate.samples import catalogue
from tests.generate.special import make
from tests.ingest.answering import answer_all

Outcome = Literal["exact", "asked", "refused", "wrong", "crashed"]
WRONG: Final = "wrong"


@dataclass(frozen=True)
class Judged:
    """The outcome at once, the outcome once all was answered, and what was read where it is wrong.

    lost: metrics that the file holds and the reading neither has nor speaks of. miscounted: whether a run was read with
    another number of responses than it has.
    """

    first: Outcome
    last: Outcome
    why: str = ""
    lost: tuple[str, ...] = ()
    miscounted: bool = False

    @property
    def is_wrong(self) -> bool:
        """Whether a figure came out that is not the file's, or nothing but a traceback."""
        return bool({WRONG, "crashed"} & {self.first, self.last})


def generate(recipe: Recipe) -> tuple[list[UploadedFile], Made]:
    """The files of a recipe, and what is true of them."""
    if recipe.harness:
        return made_by_harness(recipe)
    made = make(recipe)
    return files_of(made), made


def judge(recipe: Recipe) -> Judged:
    """Drops the files of a recipe, answers what is asked, and compares."""
    files, made = generate(recipe)
    try:
        return _judge(recipe, files, made)
    except Exception as error:  # noqa: BLE001 - a reader that raises is a finding like others, with its recipe
        return Judged("crashed", "crashed", f"{type(error).__name__}: {error}")


def _judge(recipe: Recipe, files: list[UploadedFile], made: Made) -> Judged:
    first = validate(files, catalogue())
    before, why = _outcome(first, made, unasked=True)
    if before == WRONG or first.ok:
        return Judged(before, before, why, _lost(first, made), _miscounted(first, recipe))
    last = answer_all(files, catalogue(), first, made.answers)
    after, why = _outcome(last, made, unasked=False)
    return Judged(before, after, why, _lost(last, made), _miscounted(last, recipe))


def _outcome(submission: Submission, made: Made, *, unasked: bool) -> tuple[Outcome, str]:
    if not submission.ok:
        asks = submission.reading.needs or any("in the mapping" in error.hint for error in submission.errors)
        return ("asked" if asks else "refused"), ""
    if unasked and made.undecided:
        return WRONG, f"one of several runs was taken unasked, {_figures(submission)}"
    for metric in submission.scores:
        read = {
            each.record.question_id: value for each in submission.samples if (value := each.value(metric)) is not None
        }
        truth = made.truth.get(metric)
        if truth is None and metric != "safe" and made.recipe.several.startswith("metric"):
            continue  # such a file does hold a score of helpfulness; what it is, is chance
        if truth is None:
            return WRONG, f"{metric} is not in the file, {_figures(submission)}"
        if read != truth:
            differing = [qid for qid in {*read, *truth} if read.get(qid) != truth.get(qid)]
            true = f"truth {sum(truth.values())}/{len(truth)}, {len(differing)} samples differ"
            return WRONG, f"{metric}: {_figures(submission)}; {true}"
    return "exact", ""


def _figures(submission: Submission) -> str:
    scores = ", ".join(f"{metric} {tally.k}/{tally.n}" for metric, tally in submission.scores.items())
    mapping = submission.reading.mapping
    parts = {} if mapping is None else {k: v for k, v in vars(mapping).items() if v and k not in ("version",)}
    return f"read {scores} as {submission.reading.format} by {parts}"


def _lost(submission: Submission, made: Made) -> tuple[str, ...]:
    if not submission.ok:
        return ()
    said = " ".join(map(str, submission.findings))
    return tuple(
        metric
        for metric in made.truth
        if metric != "safe_and_effective"
        and metric not in submission.scores
        and f" {made.recipe.help_name} " not in said.replace(chr(39), " ")
    )


def _miscounted(submission: Submission, recipe: Recipe) -> bool:
    return submission.ok and recipe.task != "choice" and submission.responses_per_sample not in (None, recipe.rounds)


def shrunk(recipe: Recipe, tries: int = 60) -> Recipe:
    """The plainest recipe that still comes out wrong."""
    found = True
    while found and tries > 0:
        found = False
        for each in simpler(recipe):
            tries -= 1
            if tries <= 0:
                break
            if judge(each).is_wrong:
                recipe, found = each, True
                break
    return recipe


def counts(outcomes: list[Judged]) -> Counter[str]:
    """{'exact', 'asked', 'asked then exact', …: files}."""
    return Counter(each.first if each.first == each.last else f"{each.first} → {each.last}" for each in outcomes)
