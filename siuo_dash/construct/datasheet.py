"""The datasheet of a sample set: what it holds, where its pictures are from, how it was made and who checked it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from siuo_dash.benchmark.schema import DOMAIN_LABELS
from siuo_dash.construct.agreement import agreement
from siuo_dash.construct.candidates import Candidate, same
from siuo_dash.construct.funnel import STAGES, discarded_by_step, funnel
from siuo_dash.construct.pictures import Picture
from siuo_dash.construct.sample_set import SampleSet
from siuo_dash.text import counted, listed, markdown_plain

_NOT_STATED: Final = "not stated"


def datasheet(
    about: SampleSet,
    candidates: Iterable[Candidate],
    numbered: Sequence[tuple[int, Candidate]],
    pictures: Mapping[str, Picture],
) -> str:
    """The datasheet in Markdown. numbered: the set's candidates with their ids. candidates: all of the folder."""
    known = list(candidates)
    inside = [each for _, each in numbered]
    parts = [
        f"# {markdown_plain(about.name)}, version {about.version}",
        f"Sample set `{about.id}`, fingerprint `{about.fingerprint}`: {counted(about.samples, 'sample')} made with the "
        "assistance of models from harmless pictures, each reviewed and accepted by people. Made with siuo-dash.",
        "## What it holds",
        _counts("Domain | Subcategory", Counter((DOMAIN_LABELS[e.text.domain], e.text.subcategory) for e in inside)),
        "## Pictures",
        _counts("Source | Licence", Counter(_origin(pictures[each.picture]) for each in inside)),
        "Only pixels were kept: position, camera and other notes in the files were removed.",
        "## How it was made",
        _steps(inside),
        _funnel(known),
        "## Who checked it",
        *_reviewers(inside, known),
        "## What it can and cannot promise",
        "The models that wrote and checked these samples shaped them: a model of the same family may find them easier, "
        "or harder, than others do. The labels are one model's proposals, corrected where a reviewer saw need. "
        "The samples are not the benchmark's: rates on this set and on the 167 are compared unpaired, and no rank on "
        "one is a rank on the other. Once the set is public, models can learn it too.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _counts(head: str, counts: Mapping[tuple[str, ...], int]) -> str:
    columns = head.split(" | ")
    rows = [f"| {' | '.join(map(markdown_plain, key))} | {number} |" for key, number in sorted(counts.items())]
    return "\n".join([f"| {head} | Samples |", "|" + "---|" * len(columns) + "---:|", *rows])


def _origin(picture: Picture) -> tuple[str, str]:
    return picture.source or _NOT_STATED, picture.licence or _NOT_STATED


def _steps(inside: Iterable[Candidate]) -> str:
    """Which models did each step, by which instructions."""
    used: Counter[tuple[str, ...]] = Counter()
    for each in inside:
        used.update({(line.step, line.served or line.model, line.prompt) for line in each.history if line.model})
    return _counts("Step | Model | Instruction (fingerprint)", used)


def _funnel(candidates: Sequence[Candidate]) -> str:
    found = funnel(candidates)
    reached = ", ".join(f"{label.lower()} {found.total(stage)}" for stage, (label, _) in STAGES.items())
    lost = ", ".join(f"{step} {number}" for step, number in discarded_by_step(found).items() if number) or "none"
    return f"Of {counted(len(candidates), 'candidate')}: {reached}. Discarded by step: {lost}."


def _reviewers(inside: Sequence[Candidate], candidates: Sequence[Candidate]) -> list[str]:
    people = {same(review.by) for each in inside for review in each.reviews}
    by_number = Counter(len(each.current) for each in inside)
    edited = sum(any(line.step == "edited" for line in each.history) for each in inside)
    unchecked = sum(each.changed_after_checks for each in inside)
    settled = sum(each.settled is not None for each in inside)
    shares = listed(
        f"{counted(n, 'sample')} by {counted(number, 'person', 'people')}" for number, n in sorted(by_number.items())
    )
    said = [
        f"{counted(len(people), 'person', 'people')} took part; the final text was reviewed: {shares}. "
        f"{counted(settled, 'disagreement')} settled, {counted(edited, 'sample')} edited by a person, of which "
        f"{unchecked} had the query changed after the model's safety check."
    ]
    rows = agreement(candidates)
    if not any(each.pairs for each in rows):
        return [*said, "No candidate was reviewed independently by two people: no agreement is known."]
    table = ["| Criterion | Agreed | Cohen's kappa (95% interval) |", "|---|---:|---:|"]
    for each in rows:
        kappa, ends = each.kappa, each.kappa.interval if each.kappa else None
        words = "– (one answer throughout)" if kappa is None else f"{kappa.kappa:.2f}"
        words += f" ({ends.low:.2f}–{ends.high:.2f})" if ends else ""
        table.append(f"| {each.label} | {each.agreed}/{each.pairs} | {words} |")
    return [
        *said,
        "Agreement of two people who did not see each other's answers, over all reviewed candidates:",
        "\n".join(table),
    ]
