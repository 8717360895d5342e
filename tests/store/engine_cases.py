"""Every named query with every metric, every kind of filter, every board, and values of the store in question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any, cast

import pandas as pd

from docs.generate import named_queries
from siuo_dash.analysis.filters import EVERY, Clause, Filters, among, numbered, of_runs, together
from siuo_dash.analysis.queries import EVERY_ROW
from siuo_dash.analysis.sample_filters import OUTCOMES, SHOWN, RunOutcome, SampleFilters
from siuo_dash.analysis.samples import _ORDER_SQL, ORDERS
from siuo_dash.benchmark.schema import BENCHMARK, DIMENSIONS, DOMAINS, FLAGS, METRICS
from siuo_dash.store.engine.database import Store

Asked = dict[str, Any]
"""What a query is asked with: metric, where, parts, values."""
Case = tuple[str, str, dict[str, Any]]
"""The query's name, its SQL, its values."""
METRIC = [{"metric": metric} for metric in METRICS.values()]
OF_MODEL = "LOWER(TRIM(model)) = $name AND evidence = 'per_sample' AND generation_samples > 0"
RUN_ORDERS = (
    "run_id",
    "submitted_at DESC NULLS LAST, run_id",
    "model, board, submitted_at, run_id",
    "CASE WHEN evidence = 'per_sample' THEN 0 ELSE 1 END, model, run_id",
    "CASE WHEN judge = 'human' THEN 0 ELSE 1 END, board, submitted_at NULLS FIRST, run_id",
)


class _Recorder:
    """Takes down what a query would ask."""

    asked: tuple[str, dict[str, Any]]

    def frame(self, sql: str, values: Mapping[str, Any]) -> pd.DataFrame:
        self.asked = sql, dict(values)
        return pd.DataFrame()


def cases(store: Store, most: int | None = None) -> Iterator[Case]:
    """Each query with each metric, filter, board and run at least once; at most so many of each query, spread evenly.

    KeyError for a named query that nothing is asked with here.
    """
    recorder = _Recorder()
    asked = _Asked(store)
    for query in named_queries():
        every = list(asked.with_(query.name))
        for how in every[:: 1 if most is None else -(-len(every) // most)]:
            for sample_set in store.sets if "$sample_set" in query.sql else (BENCHMARK,):
                of_set: Asked = {"sample_set": sample_set} if "$sample_set" in query.sql else {}
                query.run(cast(Store, recorder), **(of_set | how))
                yield (query.name, *recorder.asked)


class _Asked:
    def __init__(self, store: Store) -> None:
        runs = store.frame("SELECT * FROM runs ORDER BY evidence, run_no")
        self.run_ids = [str(runs["run_id"].iloc[place]) for place in (0, len(runs) // 3, len(runs) // 2, len(runs) - 1)]
        self.run_nos = [int(run_no) for run_no in runs.set_index("run_id").loc[self.run_ids, "run_no"]]
        self.boards = store.frame("SELECT DISTINCT board FROM board_runs ORDER BY board")["board"].tolist()
        self.samples = [sample.question_id for sample in store.catalogue.samples]
        self.models = [str(model) for model in runs["model"].str.strip().str.lower().unique()[:3]]
        self.organizations = tuple(runs["organization"].dropna().unique()[:3])

    def with_(self, name: str) -> Iterable[Asked]:
        """What the query of this name is asked with."""
        where = [{"where": clause} for clause in self._runs()]
        several = [[question_id, place % 7] for place, question_id in enumerate(self.samples)]
        every: dict[str, Callable[[], Iterable[Asked]]] = {
            "as_long": lambda: [
                {"pairs": pairs, "least": least, "share": share, "most": 20}
                for pairs in (several, [[1001, 9]], [[question_id, 9] for question_id in self.samples])
                for least, share in ((1, 0.0), (20, 0.8))
            ],
            "boards": lambda: [{}],
            "boards_of_sample": lambda: [{"question_id": each} for each in (self.samples[0], self.samples[99], 999999)],
            "boards_with_responses": lambda: METRIC[:3],
            "clean_counts": lambda: self._all(METRIC, where),
            "domain_counts": lambda: self._all(METRIC, where),
            "domain_runs": lambda: self._all(METRIC, where, _each(has_domains=(True, False), by_domain=(True, False))),
            "file_of_run": lambda: _each(run_id=(*self.run_ids, "no such run")),
            "flags_of_runs": lambda: [{"where": clause} for clause in self._verdicts()],
            "group_counts": lambda: self._all(METRIC, where, [{"pairs": several}, {"pairs": [[1001, 0]]}]),
            "health": lambda: where,
            "human_twins": lambda: _each(board=self.boards, most=(40,)),
            "item_rest": lambda: self._all(METRIC, where),
            "judged_twice": lambda: [{"most": 500}, {"most": 1}],
            "leaderboard": lambda: self._all(
                METRIC, where, _each(board=(*self.boards, None), rank_partial=(False, True), comparable=(True, False))
            ),
            "method_bases": lambda: self._all(METRIC, where),
            "metrics_judged": lambda: _each(board=(*self.boards, None), per_sample=(True, False)),
            "names": lambda: [{}],
            "organizations": lambda: [{}],
            "outcome_counts": lambda: _each(board=self.boards),
            "outcomes": lambda: self._all(METRIC, where),
            "paired_counts": lambda: self._all(
                METRIC, where, _each(baseline=self.run_nos), _parts(by=("o.run_no", "s.domain"))
            ),
            "public_verdicts": lambda: [{"where": clause} for clause in (EVERY, of_runs(self.run_ids), of_runs([]))],
            "run_ids": lambda: self._all(where, _each(most=(EVERY_ROW, 3)), _parts(order=RUN_ORDERS)),
            "run_names": lambda: [{}],
            "runs": lambda: where,
            "runs_by_board": lambda: where,
            "sample_counts": lambda: self._all(METRIC, where, self._samples()),
            "sample_flags": lambda: self._all(METRIC, where),
            "samples": lambda: [{}],
            "several_boards": lambda: METRIC,
            "verdicts": lambda: self._all(
                [{"where": clause} for clause in self._verdicts()],
                _each(first=("", self.boards[-1]), most=(EVERY_ROW, 5)),
            ),
            "votes": lambda: self._all(
                METRIC[:3],
                [{"where": clause} for clause in self._votes()],
                _parts(by=("r.run_id, r.model", "s.domain")),
            ),
        }
        return every[name]()

    def _all(self, *choices: list[Asked]) -> Iterable[Asked]:
        """As many as it takes for each choice to come up, with others of the others."""
        longest = max(map(len, choices))
        return (_joined([each[place % len(each)] for each in choices]) for place in range(longest))

    def _runs(self) -> list[Clause]:
        filters = [
            *(Filters(board=board) for board in self.boards),
            Filters(search="b_%Ä\\o"),
            Filters(search="GPT"),
            Filters(search="Σİ"),
            Filters(organizations=self.organizations),
            Filters(weights="open"),
            Filters(weights="closed"),
            Filters(size_low=7, size_high=40),
            Filters(size_low=7.5, unknown_sizes=False),
            Filters(unknown_sizes=False),
            Filters(evidence=("per_sample",)),
            Filters(evidence=("per_sample", "totals")),
            *(Filters(health=health) for health in ("clean", "flagged", "unexamined", *FLAGS)),
            Filters(verified=True),
            Filters(plain=True),
            Filters(search="o", weights="open", size_low=1, health="flagged", evidence=("per_sample",)),
        ]
        return [
            EVERY,
            *(each.where() for each in filters),
            of_runs(self.run_ids),
            of_runs([]),
            among("model", "models", self.models),
            numbered(self.run_nos),
            numbered([]),
            Clause("run_id = $run_id", {"run_id": self.run_ids[0]}),
            Clause("file LIKE 'runs/%'"),
            *(Clause(OF_MODEL, {"name": model}) for model in self.models),
            Clause(
                "run_no IN (SELECT run_no FROM board_runs WHERE list_contains($boards, board)) "
                "AND NOT list_contains($without, run_no)",
                {"boards": self.boards[:2], "without": self.run_nos[:2]},
            ),
        ]

    def _verdicts(self) -> list[Clause]:
        of_sample = Clause("question_id = $question_id", {"question_id": self.samples[50]})
        return [of_sample, of_runs(self.run_ids), together([of_runs(self.run_ids), of_sample]), of_runs([])]

    def _votes(self) -> Iterator[Clause]:
        for board in self.boards:
            of_board = Clause("r.board = $board AND v.response_count > 0", {"board": board})
            yield of_board
            yield together([of_board, of_runs(self.run_ids)])
        for run_no in self.run_nos:
            yield Clause("r.run_no = $run_no", {"run_no": run_no})

    def _samples(self) -> list[Asked]:
        runs = tuple((run_id, label) for run_id, label in zip(self.run_ids[:2], "AB", strict=True))
        filters = [
            SampleFilters(),
            SampleFilters(domains=(DOMAINS[0].id, DOMAINS[3].id)),
            SampleFilters(dimensions=tuple(DIMENSIONS)[:1]),
            SampleFilters(subcategories=("no such",)),
            SampleFilters(needs=("knowledge", "reasoning")),
            SampleFilters(flags=tuple(FLAGS)[:3], runs=runs),
            SampleFilters(flags=("cut_off",)),
            SampleFilters(agreement="differ", runs=runs),
            SampleFilters(agreement="alike"),
            SampleFilters(difficulty=(0.33, 0.67)),
            SampleFilters(search="KNIFE"),
            SampleFilters(search="100%_\\ 'x"),
            SampleFilters(search="1003", found=(1003, 2001)),
            *(
                SampleFilters(board=board, show=show, metric=metric, runs=some)
                for board, show, metric, some in product(self.boards[:1], SHOWN, ("safe", "mcqa"), ((), runs[:1], runs))
            ),
            *(SampleFilters(outcomes=(RunOutcome(runs[0][0], "A", outcome),)) for outcome in OUTCOMES),
            SampleFilters(outcomes=tuple(RunOutcome(run_id, label, "safe") for run_id, label in runs)),
        ]
        clauses = [each.where() for each in filters] + [among("s.question_id", "described", self.samples[:5])]
        orders = list(ORDERS)
        return [
            {"parts": {"samples": clause.sql, "order": _ORDER_SQL[orders[place % len(orders)]]}, **clause.values}
            for place, clause in enumerate(clauses)
        ]


def _each(**values: Iterable[Any]) -> list[Asked]:
    """Every combination of the values."""
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def _parts(**texts: Iterable[str]) -> list[Asked]:
    return [{"parts": each} for each in _each(**texts)]


def _joined(chosen: Iterable[Asked]) -> Asked:
    found: Asked = {}
    for each in chosen:
        found |= each
    return found
