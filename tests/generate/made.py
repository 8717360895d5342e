"""From a recipe to files, their truth, and what a person who knows them would answer."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.generate import words as w
from tests.generate.recipe import Recipe
from tests.generate.samples import catalogue, question
from tests.generate.texts import BARE_JUDGES, DECOYS, JUDGES, judged, reply
from tests.ingest.answering import Answers

Row = dict[str, Any]


@dataclass
class Made:
    """Rows of one file or several, before layout and format.

    tables: {name of the file or sheet: rows}. truth: {metric: {question_id: outcome}}; empty where the file says
    nothing of it. domains: of each row. undecided: whether nothing but an answer makes the figure right, so that
    publishing unasked is wrong.
    """

    recipe: Recipe
    tables: dict[str, list[Row]]
    truth: dict[str, dict[int, bool]]
    answers: Answers
    id_name: str
    undecided: bool = False
    verdict_names: tuple[str, ...] = ()
    domains: list[str] = field(default_factory=list)


def majority(votes: Sequence[bool]) -> bool:
    """More than half."""
    return 2 * sum(votes) > len(votes)


class Maker:
    """Makes the rows of one recipe; each part has its own stream of chance, so that leaving one out moves no other."""

    def __init__(self, recipe: Recipe) -> None:
        self.r = recipe
        self.samples = list(catalogue().samples)
        self.used: set[str] = set()
        self.turn = 0
        self.id_name = self.name(recipe.id_name)
        self.response = self.name(recipe.response) if recipe.response else ""
        self.verdict = self.name(recipe.name)
        self.words_name = self.name(recipe.words_name)
        self.help_name = self.name(recipe.help_name)
        self.round_name = self.name(recipe.round_name)
        chance = self.chance("truth")
        share = 1 if recipe.constant else chance.choice((0.3, 0.45, 0.6, 0.75))
        count = 3 if recipe.rounds_as or recipe.several else 1
        self.safe = {s.question_id: self.votes(chance, share, count) for s in self.samples}
        self.help = {s.question_id: self.votes(chance, 0.6, count) for s in self.samples}
        self.missing: set[int] = set()
        self.ungraded: set[int] = set()
        if recipe.gaps:
            chosen = {s.question_id for s in chance.sample(self.samples, chance.choice((1, 2, 5)))}
            if recipe.gaps == "missing":
                self.missing = chosen
            else:
                self.ungraded = chosen
        self.samples = [s for s in self.samples if s.question_id not in self.missing]
        if recipe.shuffled:
            chance.shuffle(self.samples)

    def chance(self, part: str) -> random.Random:
        """The stream of chance of a part."""
        return random.Random(f"{part} {self.r.seed}")

    def name(self, wanted: str) -> str:
        """The name, or a longer one where it is taken."""
        while wanted.lower() in self.used:
            wanted = f"{wanted}_value"
        self.used.add(wanted.lower())
        return wanted

    @staticmethod
    def votes(chance: random.Random, share: float, count: int) -> list[bool]:
        if share == 1:
            return [True] * count
        leaning = chance.random() < share
        return [leaning if chance.random() < 0.75 else not leaning for _ in range(count)]

    def id_of(self, place: int, question_id: int, number: int) -> Any:
        """A sample's id, as this file writes it."""
        match "round" if self.r.rounds_as == "suffix" else self.r.ids:
            case "round":
                mark = self.chance("mark").choice(("{}_{}", "{}-{}", "{}_r{}", "siuo_{}_{}", "{}#{}", "{}/{}", "{}.{}"))
                return mark.format(question_id, number)
            case "text":
                return str(question_id)
            case "prefixed":
                return f"{self.chance('mark').choice(('siuo_', 'SIUO-', 'q', 'id', 'siuo/', 'sample '))}{question_id}"
            case "suffixed":
                return f"{question_id}{self.chance('mark').choice(('_0', '_gen', '.json', '-a'))}"
            case "padded":
                return f"{question_id:06d}"
            case "float":
                return float(question_id)
            case "image":
                return f"images/{question_id}.png"
            case "question":
                return question(question_id)
            case "index":
                return place + self.chance("mark").choice((0, 1))
            case "hash":
                return hashlib.md5(str(question_id).encode()).hexdigest()
        return question_id

    def raw(self, safe: bool) -> Any:
        """A safety verdict, as this file writes it."""
        coding = w.CODINGS[self.r.coding]
        turned = coding.kind == "yes" or self.r.coding.startswith("plus")
        values = coding.good if safe == (self.r.yes_is_safe or not turned) else coding.bad
        # In turns, not by chance: a value that stands in two rows only is a slip to the reader, and may be one.
        self.turn += 1
        return values[self.turn % len(values)]

    def said(self, safe: bool, chance: random.Random) -> str:
        """The judge's words on it."""
        if self.r.words in JUDGES:
            return judged(chance, JUDGES[self.r.words][not safe])
        return judged(chance, BARE_JUDGES[self.r.words][safe != self.r.yes_is_safe])

    def helped(self, effective: bool, chance: random.Random) -> Any:
        coding = w.HELP_CODINGS[self.r.help_coding]
        return chance.choice(coding.good if effective else coding.bad)


def judged_rows(m: Maker) -> Made:
    r, chance, text = m.r, m.chance("cells"), m.chance("text")
    numbers = range(r.rounds)
    decoys = {m.name(name): DECOYS[name](m.chance(name)) for name in r.decoys}
    rows: list[list[Row]] = []
    for place, sample in enumerate(m.samples):
        qid, cells = sample.question_id, []
        for number in numbers:
            row: Row = {m.id_name: m.id_of(place, qid, number)}
            if r.question and r.ids != "question":
                row["question"] = question(qid)
            if m.response:
                row[m.response] = reply(text, place, number)
            graded = qid not in m.ungraded
            missing = None if r.gaps == "null" else r.gaps
            if r.task == "one_label":
                both, safe, effective, neither = w.BOTH_LABELS[r.seed % len(w.BOTH_LABELS)]
                label = {(1, 1): both, (1, 0): safe, (0, 1): effective, (0, 0): neither}
                row[m.verdict] = label[m.safe[qid][number], m.help[qid][number]] if graded else missing
            elif r.task != "none":
                if r.number:
                    row[m.verdict] = m.raw(m.safe[qid][number]) if graded else missing
                if r.words:
                    as_said = m.safe[qid][number] ^ (r.disagree and place % 4 == 1)
                    row[m.words_name] = m.said(as_said, chance) if graded else missing
                if r.task == "both":
                    row[m.help_name] = m.helped(m.help[qid][number], chance) if graded else missing
            cells.append(row)
        values = {name: make_one() for name, make_one in decoys.items()}
        early = dict(list(values.items())[::2]) if r.seed % 2 else {}
        rows.append([{m.id_name: row[m.id_name], **early, **row, **values} for row in cells])
    truth: dict[str, dict[int, bool]] = {}
    known = [s.question_id for s in m.samples if s.question_id not in m.ungraded]
    if r.task != "none":
        truth["safe"] = {qid: majority(m.safe[qid][: r.rounds]) for qid in known}
    if r.task in ("both", "one_label"):
        truth["effective"] = {qid: majority(m.help[qid][: r.rounds]) for qid in known}
        pairs = {qid: [a and b for a, b in zip(m.safe[qid], m.help[qid], strict=True)] for qid in known}
        truth["safe_and_effective"] = {qid: majority(pairs[qid][: r.rounds]) for qid in known}
    fixed = tuple(name for name in (m.id_name, "question") if name in rows[0][0])
    tables = _spread_out(m, rows, fixed)
    if r.repeated:
        again = m.chance("again").randrange(len(rows))
        turned = not m.safe[m.samples[again].question_id][0]
        other = {m.verdict: m.raw(turned)} if r.number else {}
        if r.words:
            other[m.words_name] = m.said(turned, chance)
        tables["file"].append({**rows[again][0], **(other if r.repeated == "other" else {})})
        m.samples.append(m.samples[again])
    if r.apart:
        replies = [*fixed, m.response]
        tables = {
            "responses": [{name: row[name] for name in replies} for row in tables["file"]],
            "verdicts": [{name: row[name] for name in row if name != m.response} for row in tables["file"]],
        }
    return Made(
        r,
        tables,
        truth,
        answers_of(m),
        m.id_name,
        undecided=r.disagree or r.repeated == "other",
        verdict_names=tuple(name for name in (m.verdict, m.help_name) if name in rows[0][0]),
    )


def _spread_out(m: Maker, per_sample: list[list[Row]], fixed: tuple[str, ...]) -> dict[str, list[Row]]:
    """Rows for the way in which this file holds its rounds."""
    r = m.r
    first = next(iter(per_sample))[0]
    rounded = [name for name in (m.response, m.verdict, m.words_name, m.help_name) if name and name in first]
    start = r.seed % 2
    match r.rounds_as:
        case "lists":
            return {"file": [{**rows[0], **{n: [row[n] for row in rows] for n in rounded}} for rows in per_sample]}
        case "columns":
            out = []
            for rows in per_sample:
                row = {name: cell for name, cell in rows[0].items() if name not in rounded}
                for number, each in enumerate(rows):
                    row |= {f"{name}_{number + start}": each[name] for name in rounded}
                out.append(row)
            return {"file": out}
        case "objects":
            kept = [name for name in first if name not in rounded]
            return {
                "file": [
                    {**{n: rows[0][n] for n in kept}, "outputs": [{n: row[n] for n in rounded} for row in rows]}
                    for rows in per_sample
                ]
            }
        case "rows":
            return {
                "file": [
                    {**{n: row[n] for n in fixed}, m.round_name: number + start, **row}
                    for rows in per_sample
                    for number, row in enumerate(rows)
                ]
            }
        case "files" | "sheets":
            names: tuple[str, ...] = m.chance("files").choice(
                (("run1", "run2", "run3"), ("seed_0", "seed_1", "seed_2"), ("a", "b", "c"))
            )
            return {name: [rows[number] for rows in per_sample] for number, name in enumerate(names)}
    return {"file": [row for rows in per_sample for row in rows]}


def answers_of(m: Maker) -> Answers:
    r, coding = m.r, w.CODINGS[m.r.coding]
    side = "safe" if r.yes_is_safe else "unsafe"
    if r.number and coding.kind != "yes" and r.words not in BARE_JUDGES:
        one_is_safe = 1 in coding.good and (r.yes_is_safe or not r.coding.startswith("plus"))
        side = "safe" if one_is_safe else "unsafe"
    rounds = (f"{m.verdict}_{{{r.seed % 2}..{r.seed % 2 + 2}}}",) if r.rounds_as == "columns" else ()
    verdict: tuple[str, ...] = (*rounds, m.verdict) if r.number else (m.words_name,)
    values: dict[str, str] = {}
    if r.number:
        turned = (coding.kind == "yes" or r.coding.startswith("plus")) and not r.yes_is_safe
        for cells, meaning in ((coding.good, "safe"), (coding.bad, "unsafe")):
            said = meaning if not turned else {"safe": "unsafe", "unsafe": "safe"}[meaning]
            values |= {(str(cell) if not isinstance(cell, float) else f"{cell:g}").lower(): said for cell in cells}
    if r.words == "grade":
        values |= {"c": side, "i": "unsafe" if side == "safe" else "safe"}
    if r.gaps and m.ungraded:
        values[r.gaps.lower()] = "ungraded"
    if r.task == "one_label":
        verdict = (m.verdict,)
        labels = w.BOTH_LABELS[r.seed % len(w.BOTH_LABELS)]
        values = {label.lower(): ("safe", "safe", "unsafe", "unsafe")[n] for n, label in enumerate(labels)}
    if r.task == "none":
        verdict, values = (), {}
    higher_is_safe = min(map(_number, coding.good), default=0) > max(map(_number, coding.bad), default=0)
    return Answers(
        id=() if r.ids in ("index", "hash") else (m.id_name, "id"),
        responses=(m.response, f"{m.response}_0", f"{m.response}_1") if m.response else (),
        response_index=(m.round_name,) if r.rounds_as == "rows" else (),
        run=("rounds",) if r.rounds_as else (),
        several_verdicts="responses" if r.rounds_as else "",
        safe=verdict,
        safety_judgement=(m.words_name,) if r.words else (),
        effective=(m.help_name,) if r.task == "both" else (m.verdict,) if r.task == "one_label" else (),
        safe_yes_means=side,
        effective_yes_means="effective",
        safe_values=values,
        safe_threshold=f"{coding.threshold:g}" if coding.kind == "scale" else "",
        safe_above="safe" if higher_is_safe else "unsafe",
        task="generation",
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
