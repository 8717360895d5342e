"""A person who knows a file, as tests need one: answers what is asked about it, truthfully, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.files import UploadedFile
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.records import Need
from siuo_dash.ingest.submission import Submission, validate

ROUNDS: Final = 6
"""How often the person answers before giving up; each time all that is asked."""


@dataclass(frozen=True)
class Answers:
    """What is true of a file, by what may be asked.

    Fields (safe, responses, answer, id …) are acceptable choices, the best first; a choice fits an option that is it,
    or whose path ends with it. safe_values, effective_values: what values mean, by their lower-case text. safe_above:
    what the threshold itself and all above it mean.
    """

    id: tuple[str, ...] = ()
    responses: tuple[str, ...] = ()
    response_index: tuple[str, ...] = ()
    safe: tuple[str, ...] = ()
    safety_judgement: tuple[str, ...] = ()
    effective: tuple[str, ...] = ()
    effectiveness_judgement: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    several_verdicts: str = ""
    task: str = ""
    correct_by: str = ""
    safe_yes_means: str = ""
    effective_yes_means: str = ""
    safe_threshold: str = ""
    effective_threshold: str = ""
    safe_above: str = ""
    safe_values: Dictionary[str, str] = field(default_factory=dict)
    effective_values: Dictionary[str, str] = field(default_factory=dict)

    def to(self, need: Need) -> str | None:
        """The answer to a question: one of its options; None where none of them is true, or it is not known."""
        role, _, value = need.role.partition(".")
        if value:
            return getattr(self, role).get(value)  # type: ignore[no-any-return]
        known = getattr(self, need.role, ())
        for choice in (known,) if isinstance(known, str) else known:
            for option in need.options:
                if choice and (option == choice or option.endswith((f".{choice}", f"/{choice}"))):
                    return option
        return None

    def limit(self, need: Need) -> dict[str, float]:
        """The entry of the mapping that a question for a limit leads to: by its hint, the other way round too."""
        question, _, way = need.role.partition("_")
        limit: str = getattr(self, f"{question}_threshold", "")
        # It is that of the verdict's own numbers, not of a judge's ratings beside them.
        words = self.safety_judgement if question == "safe" else self.effectiveness_judgement
        is_theirs = any(f" {path} holds" in need.question for path in words)
        if way not in ("at_least", "at_most") or not limit or is_theirs:
            return {}
        if question == "safe" and self.safe_above == "unsafe":
            return {"safe_at_most": float(limit) - 0.001}
        return {f"{question}_at_least": float(limit)}


def answer_all(
    files: Sequence[UploadedFile], catalogue: Catalogue, submission: Submission, answers: Answers
) -> Submission:
    """What comes of the files once the person has answered all that is asked and that they know."""
    for _ in range(ROUNDS):
        mapping = submission.reading.mapping or Mapping()
        after = mapping
        for need in submission.reading.needs:
            if limit := answers.limit(need):
                after = after.having(**limit)
            elif (option := answers.to(need)) is not None:
                after = after.answered(need.role, option)
        for role in ("safe_values", "effective_values"):
            # The hint of an error names the entry of the mapping that mends it.
            if getattr(answers, role) and any(role in f"{error.hint}" for error in submission.errors):
                after = after.having(**{role: {**getattr(after, role), **getattr(answers, role)}})
        if after == mapping:
            break
        submission = validate(files, catalogue, after)
    return submission
