"""Made-up data directories: the catalogue and one results.parquet, every verdict drawn from a seeded generator."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Verdict = bool | None
Random = np.random.Generator
Row = dict[str, Any]

HOSTILE: Final = "<b>Zeta</b> [link](http://example.invalid) $x^2$ =1+1 `code` " + "very-long-name-" * 10
FORMULA: Final = '=HYPERLINK("http://example.invalid") | 100% & more'
ALPHA, BETA, GAMMA, DELTA = "Alpha-7B", "Beta-13B-Instruct", "Gamma-70B", "Delta"
JUDGE: Final = "example/gpt-4o-2024-08-06 (sees the key)"
RESPONSE_FLAGS: Final = ("cut_off", "empty", "error_message", "boilerplate", "unclosed_reasoning", "repeats_reference")
ABOUT: Final[dict[str, Row]] = {
    ALPHA: {"organization": "Example Lab", "params_b": 7.0, "open_weights": True, "evaluated_on": date(2025, 3, 1)},
    BETA: {"organization": "Example Lab", "params_b": 13.0, "open_weights": True, "source_status": "re-judged"},
    GAMMA: {"organization": "Other & Co", "params_b": 70.5, "open_weights": False, "source_status": "preprint"},
    DELTA: {"source": "https://www.example.org/paper?a=1&b=2", "source_status": "peer-reviewed"},
    HOSTILE: {"organization": "<i>nobody</i>", "note": "**bold** :red[x] =1+1", "submitted_by": "![x](y)"},
    FORMULA: {"params_b": 0.5, "source": "javascript:alert(1)", "evaluated_on": date(2024, 12, 31)},
}


class Maker:
    """Makes runs over the catalogue of a checkout under the schema of its shipped results."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.schema = pq.read_schema(root / "data" / "results.parquet").remove_metadata()
        with (root / "data" / "samples.csv").open(encoding="utf-8", newline="") as lines:
            self.keys = {int(row["question_id"]): row["correct_option"] for row in csv.DictReader(lines)}
        self.ids = list(self.keys)

    def folder(self, folder: Path, runs: Sequence[pa.Table]) -> Path:
        """A data directory of these runs."""
        folder.mkdir(parents=True)
        shutil.copy(self.root / "data" / "samples.csv", folder / "samples.csv")
        table = pa.concat_tables(runs) if runs else self.schema.empty_table()
        pq.write_table(table, folder / "results.parquet", compression="zstd")
        return folder

    def run(
        self,
        random: Random,
        model: str,
        judge: str,
        chance: Sequence[float],
        *,
        responses: int = 3,
        samples: int | None = None,
        effective: float | None = 0.7,
        ungraded: float = 0.0,
        faults: float = 0.0,
        options: float | None = None,
        texts: bool = True,
        **about: Any,
    ) -> pa.Table:
        """A run with a verdict for each sample; options: the share of right multiple-choice answers."""
        run = self._about(model, judge, responses, "per_sample") | about
        rows = []
        for question_id, likely in list(zip(self.ids, chance, strict=True))[:samples]:
            each = [
                self._response(random, model, (question_id, place), likely, effective, ungraded, faults, texts)
                for place in range(responses)
            ]
            raised = {flag for response in each for flag in response["flags"]}
            safe, works = [r["safe"] for r in each], [r["effective"] for r in each]
            row = run | {"task": "generation", "question_id": question_id, "responses": each, "flags": sorted(raised)}
            row |= {"safe": majority(safe), "effective": majority(works)}
            rows.append(row | {"safe_and_effective": majority([both(s, e) for s, e in zip(safe, works, strict=True)])})
        if options is not None:
            rows += self.options(random, options, run)
        return self._named(rows)

    def options(self, random: Random, right: float, run: Row) -> list[Row]:
        """The rows of multiple choice; one answer in fifty cannot be read."""
        rows = []
        for question_id, key in self.keys.items():
            wrong = next(option for option in "DCBA" if option != key)
            answer = None if random.random() < 0.02 else key if random.random() < right else wrong
            row = run | {"task": "mcqa", "judge": "exact match", "responses_per_sample": 1, "question_id": question_id}
            rows.append(row | {"answer": answer, "correct": answer == key, "flags": [], "responses": []})
        return rows

    def choices(self, random: Random, model: str, right: float) -> pa.Table:
        """A run of multiple choice alone."""
        return self._named(self.options(random, right, self._about(model, "exact match", 1, "per_sample")))

    def totals(
        self, model: str, judge: str, counts: tuple[int, int, int, int] | int, responses: int | None = 3, **about: Any
    ) -> pa.Table:
        """A run of which only counts are known: safe alone, or both, safe only, effective only, neither."""
        run = self._about(model, judge, responses, "totals") | {"task": "generation", "flags": [], "responses": []}
        run |= {"source_status": "preprint"} | about
        if isinstance(counts, int):
            return self._named([run | {"safe": place < counts} for place in range(167)])
        kinds = ((True, True, True), (True, False, False), (False, True, False), (False, False, False))
        names = ("safe", "effective", "safe_and_effective")
        outcomes = [
            dict(zip(names, kind, strict=True)) for kind, n in zip(kinds, counts, strict=True) for _ in range(n)
        ]
        return self._named([run | outcome for outcome in outcomes])

    def _response(
        self,
        random: Random,
        model: str,
        place: tuple[int, int],
        safe: float,
        effective: float | None,
        ungraded: float,
        faults: float,
        texts: bool,
    ) -> Row:
        drawn = random.random(6)
        is_safe: Verdict = None if drawn[0] < ungraded else bool(drawn[1] < safe)
        works: Verdict = None if effective is None else bool(drawn[2] < effective)
        flags = [RESPONSE_FLAGS[int(drawn[4] * len(RESPONSE_FLAGS))]] if drawn[3] < faults else []
        words = "" if "empty" in flags else f"{model} answers {place[0]} ({place[1]}): take care. " * (1 + place[0] % 4)
        return {
            "text": words if texts else None,
            "chars": len(words) if texts else None,
            "safe": is_safe,
            "effective": works,
            "safety_judgement": f"The judge weighs {place[0]}: {is_safe}." if texts else None,
            "effectiveness_judgement": None,
            "flags": flags + (["ungraded"] if is_safe is None else []),
        }

    def _about(self, model: str, judge: str, responses: int | None, evidence: str) -> Row:
        told = {"source_status": "self-reported", "submitted_at": datetime(2025, 1, 1, 12, tzinfo=UTC)}
        told |= {"sample_set": "siuo-167"}
        known = {"run_id": "", "model": model, "judge": judge, "responses_per_sample": responses, "evidence": evidence}
        return told | ABOUT.get(model, {}) | known

    def _named(self, rows: list[Row]) -> pa.Table:
        table = pa.Table.from_pylist(rows, schema=self.schema)
        run_id = "-".join((slug(rows[0]["model"]), slug(rows[0]["judge"]), content(table)[:8]))
        return table.set_column(0, self.schema.field("run_id"), pa.array([run_id] * table.num_rows, pa.string()))


def majority(verdicts: Sequence[Verdict]) -> Verdict:
    """What more than half of the graded responses say."""
    votes = [verdict for verdict in verdicts if verdict is not None]
    return 2 * sum(votes) > len(votes) if votes else None


def both(first: Verdict, second: Verdict) -> Verdict:
    """AND, where one False is enough and what is not known stays so."""
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def slug(text: str) -> str:
    """At most 60 characters that a file name may hold."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")


def content(table: pa.Table) -> str:
    """The hash of a run's content as docs/data.md tells it, written a second time."""
    names = ("task", "question_id", "safe", "effective", "safe_and_effective", "answer", "correct", "responses")
    rows = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    parts = ("text", "safe", "effective")
    lines = sorted(json.dumps([*row[:-1], [[each[part] for part in parts] for each in row[-1]]]) for row in rows)
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode("ascii")).hexdigest()


def demo(maker: Maker) -> list[pa.Table]:
    """Two judges, texts, faults, ungraded verdicts, multiple choice, a partial run, totals, hostile names."""
    random = np.random.default_rng(5)
    ease = random.normal(0, 0.2, len(maker.ids))

    def chance(skill: float) -> list[float]:
        return list(np.clip(skill + ease, 0.02, 0.98))

    runs = [
        maker.run(random, ALPHA, "human", chance(0.75), options=0.6, faults=0.02),
        maker.run(random, BETA, "human", chance(0.6), effective=0.5, ungraded=0.04),
        maker.run(random, GAMMA, "human", chance(0.5), effective=None, faults=0.1),
        maker.run(random, ALPHA, "human", chance(0.7), submitted_at=datetime(2025, 2, 1, tzinfo=UTC)),
        maker.run(random, HOSTILE, "human", chance(0.4), faults=0.3, ungraded=0.1),
        maker.run(random, DELTA, "human", chance(0.55), samples=40),
        maker.totals("Totals-13B", "human", 90, params_b=13.0),
        maker.totals("Totals-34B", "human", (60, 20, 40, 47)),
        maker.choices(random, "Chooser-3B", 0.45),
        maker.totals("Unstated", "gpt-4o", (50, 30, 20, 67), None),
    ]
    for model, skill in ((ALPHA, 0.7), (BETA, 0.62), (GAMMA, 0.45), (DELTA, 0.3), (HOSTILE, 0.5)):
        runs.append(maker.run(random, model, JUDGE, chance(skill), options=skill, faults=0.05, ungraded=0.01))
    for model, skill in ((ALPHA, 0.7), (FORMULA, 0.35), (GAMMA, 0.5)):
        runs.append(maker.run(random, model, "one-judge", chance(skill), responses=1, effective=None, texts=False))
    return runs


def crowd(maker: Maker) -> list[pa.Table]:
    """More runs of one board than a chart or a table draws."""
    random = np.random.default_rng(11)
    runs = []
    for number in range(64):
        skill, tilt = random.normal(0, 1), random.normal(0, 0.6, 10)
        chance = [float(1 / (1 + np.exp(-skill - tilt[question_id // 1000]))) for question_id in maker.ids]
        about: Row = {"params_b": float(1 + number % 40), "organization": f"Lab {number % 7}"}
        name = f"Model-{number:02d}"
        runs.append(maker.run(random, name, "crowd", chance, responses=1, effective=0.6, texts=False, **about))
    return runs


def totals(maker: Maker) -> list[pa.Table]:
    """Nothing but published totals."""
    return [
        maker.totals("Totals-7B", "human", 60, params_b=7.0),
        maker.totals("Totals-13B", "human", (60, 20, 40, 47)),
        maker.totals("Totals-70B", "human", (90, 30, 20, 27), params_b=70.0, open_weights=True),
        maker.totals("Totals-70B", "gpt-4o", (80, 30, 30, 27), 1),
        maker.totals(HOSTILE, "gpt-4o", 100, 1),
    ]


MADE_UP: Final[Mapping[str, Callable[[Maker], list[pa.Table]]]] = {
    "demo": demo,
    "crowd": crowd,
    "totals": totals,
    "empty": lambda _: [],
}
STORES: Final = ("shipped", *MADE_UP)


def make(name: str, root: Path, folder: Path) -> Path:
    """The data directory of one of STORES."""
    if name == "shipped":
        return root / "data"
    maker = Maker(root)
    return maker.folder(folder / name, MADE_UP[name](maker))
