"""Rows of files with several judges or runs, and of multiple choice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from siuo_dash.benchmark.schema import OPTIONS
from tests.generate import words as w
from tests.generate.made import Made, Maker, Row, answers_of, judged_rows, majority
from tests.generate.recipe import Recipe
from tests.generate.texts import DECOYS, reply
from tests.ingest.answering import Answers


def make(recipe: Recipe) -> Made:
    """The rows, the truth and the answers of a recipe."""
    maker = Maker(recipe)
    made = (
        multiple_choice(maker)
        if recipe.task == "choice"
        else several_runs(maker)
        if recipe.several
        else judged_rows(maker)
    )
    each = len(next(iter(made.tables.values()))) // len(maker.samples)
    made.domains = [sample.domain for sample in maker.samples for _ in range(each)]
    return made


def several_runs(m: Maker) -> Made:
    """Several judges or several runs of one file; the person means the second run."""
    r, chance, text = m.r, m.chance("cells"), m.chance("text")
    people = chance.choice((("ann", "ben", "cem"), ("annotator_1", "annotator_2", "annotator_3"), ("r1", "r2", "r3")))
    models = chance.sample(w.MODEL_NAMES, 3)
    column = chance.choice(("{who}_{what}", "{what}_{who}", "{who}.{what}", "{who} {what}", "{who}"))
    decoys = {m.name(name): DECOYS[name](m.chance(name)) for name in r.decoys}
    meant, rows = 0 if r.several.startswith("metric") else 1, []
    for place, sample in enumerate(m.samples):
        qid = sample.question_id
        common = {m.id_name: m.id_of(place, qid, 0), **{name: one() for name, one in decoys.items()}}
        cells = [m.raw(safe) if qid not in m.ungraded else None for safe in m.safe[qid]]
        replies = [reply(text, place, number) for number in range(3)]
        match r.several:
            case "annotator_columns" | "model_columns" | "judge_columns":
                who = people if r.several == "annotator_columns" else models
                named = [column.format(who=each, what=m.verdict) for each in who]
                said = {m.response: replies[0]} if m.response and r.several != "model_columns" else {}
                rows.append({**common, **said, **dict(zip(named, cells, strict=True))})
            case "annotator_rows":
                said = {m.response: replies[0]} if m.response else {}
                rows += [{**common, "annotator": p, **said, m.verdict: c} for p, c in zip(people, cells, strict=True)]
            case "model_rows":
                for model, words, cell in zip(models, replies, cells, strict=True):
                    rows.append(
                        {**common, "model": model, **({m.response: words} if m.response else {}), m.verdict: cell}
                    )
            case "metric_rows" | "metric_list":
                names = ("safety", "helpfulness", "relevance")
                said = {m.response: replies[0]} if m.response else {}
                kinds = [{"metric": name, m.verdict: cell} for name, cell in zip(names, cells, strict=True)]
                chance.shuffle(kinds)
                if r.several == "metric_list":
                    rows.append({**common, **said, "scores": kinds})
                else:
                    rows += [{**common, **said, **one} for one in kinds]
            case _:
                inside = [
                    {**({m.response: words} if m.response else {}), m.verdict: cell}
                    for words, cell in zip(replies, cells, strict=True)
                ]
                rows.append({**common, **dict(zip(models, inside, strict=True))})
    chosen = column.format(who=models[meant], what=m.verdict)
    people_vote = r.several.startswith("annotator")
    truth = {
        s.question_id: majority(m.safe[s.question_id]) if people_vote else m.safe[s.question_id][meant]
        for s in m.samples
        if s.question_id not in m.ungraded
    }
    answers = replace(answers_of(m), run=(models[meant], chosen))
    if r.several in ("model_columns", "judge_columns"):
        answers = replace(answers, safe=(chosen,))
    elif r.several == "variants":
        branch = models[meant]
        answers = replace(answers, safe=(f"{branch}.{m.verdict}",), responses=(f"{branch}.{m.response}",))
    elif r.several.startswith("metric"):
        answers = replace(answers, run=("safety",), safe=(f"safety.{m.verdict}", m.verdict))
    elif people_vote:
        answers = replace(answers, safe=() if r.several == "annotator_columns" else answers.safe)
        answers = replace(answers, run=("annotators",), several_verdicts="annotators")
    return Made(
        r,
        {"file": rows},
        {"safe": truth},
        answers,
        m.id_name,
        undecided="model" in r.several or r.several in ("judge_columns", "variants"),
    )


def multiple_choice(m: Maker) -> Made:
    """Multiple choice: the model's letter, perhaps beside the key and the options."""
    r, chance = m.r, m.chance("cells")
    decoys = {m.name(name): DECOYS[name](m.chance(name)) for name in r.decoys}
    key_name = m.name(
        chance.choice(("answer", "correct_option", "gold", "target", "label", "gt", "ground_truth", "key"))
    )
    style = {
        "letter": "{}", "brackets": "({})", "dot": "{}.",
        "sentence": "The best option is ({}), since it is careful.", "words": "The correct option is {}",
    }[r.letters]  # fmt: skip
    rows, truth = [], {}
    for place, sample in enumerate(m.samples):
        order = list(OPTIONS)
        if r.options == "shuffled":
            chance.shuffle(order)
        texts = {
            letter: f"choice {sample.question_id} {original}" for letter, original in zip(OPTIONS, order, strict=True)
        }
        key = next(letter for letter, original in zip(OPTIONS, order, strict=True) if original == sample.correct_option)
        chosen = key if chance.random() < 0.6 else chance.choice([letter for letter in OPTIONS if letter != key])
        row: Row = {m.id_name: m.id_of(place, sample.question_id, 0)}
        if r.options == "columns":
            row |= texts
        elif r.options == "list":
            row["choices"] = list(texts.values())
        elif r.options in ("object", "shuffled"):
            row["options"] = texts
        if r.key or r.options == "shuffled":
            row[key_name] = key
        words = style.format(chosen)
        row[m.response] = words
        rows.append({**row, **{name: one() for name, one in decoys.items()}})
        truth[sample.question_id] = chosen == key
    answers = Answers(
        id=(m.id_name, "id"),
        answer=(m.response,),
        task="mcqa",
        correct_by="file" if r.options == "shuffled" else "benchmark",
    )
    assert len(Counter(truth.values())) == 2
    return Made(r, {"file": rows}, {"mcqa": truth}, answers, m.id_name)
