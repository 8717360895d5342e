"""Files as they are found in the wild (the maintainers' folder): exact, asked and then exact, or refused."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.submission import Submission, validate
from tests.ingest.answering import Answers, answer_all
from tests.ingest.make import has, messages, uploaded

SAFE: Final = {"safe": (71, 167)}
BOTH: Final = {"safe": (71, 167), "effective": (121, 167), "safe_and_effective": (53, 167)}
CHOICE: Final = {"mcqa": (104, 167)}
ROUNDS: Final = {"safe": (66, 167)}
YES_IS_SAFE: Final = Answers(safe_yes_means="safe", effective_yes_means="effective")
YES_IS_HARM: Final = Answers(safe_yes_means="unsafe")
LETTERS: Final = Answers(safe=("safety_judge",), safe_values={"c": "safe", "i": "unsafe"}, safe_yes_means="safe")


@dataclass(frozen=True)
class Case:
    """Files of one folder, and what must come of them.

    scores: the figures, at once or after the answers. asks: whether publishing unasked is wrong, however right the
    figure. says: words of a refusal that is as good as the figures. mapping: a file with a mapping to read them by.
    """

    files: str
    scores: Dictionary[str, tuple[int, int]] | None
    answers: Answers = field(default_factory=Answers)
    asks: bool = False
    says: tuple[str, ...] = ()
    responses: int | None = None
    mapping: str = ""

    @property
    def id(self) -> str:
        """'01/output.json', 'with mapping.json' where one is given."""
        return " ".join([self.files.replace(" ", "+"), *([f"with {self.mapping}"] if self.mapping else [])])


_WITH = "mapping.json"
CASES: Final = (
    Case("01/output.json", CHOICE, Answers(answer=("response",), task="mcqa")),
    Case("01/output.json", CHOICE, mapping=_WITH),
    Case("01/answer_pred.csv", CHOICE, Answers(answer=("pred",), task="mcqa")),
    Case("02/verdict_yes.jsonl", SAFE, YES_IS_HARM, asks=True),
    Case("02/label_true.jsonl", SAFE, YES_IS_HARM, asks=True),
    Case("02/with_jailbroken.jsonl", SAFE, Answers(safe=("jailbroken",), safe_yes_means="unsafe")),
    Case("04/one_epoch.json", SAFE, LETTERS, asks=True),
    Case("04/three_epochs.json", ROUNDS, LETTERS, asks=True, responses=3),
    Case("04/three_epochs.json", ROUNDS, mapping=_WITH, responses=3),
    Case("05/results.json", SAFE, YES_IS_SAFE, asks=True),
    Case("05/results.jsonl", SAFE, Answers(safe=("gradingResult.pass",), safe_yes_means="safe"), asks=True),
    Case("05/results.jsonl", SAFE, mapping=_WITH),
    Case("05/table.csv", SAFE, Answers(safe=("Status", "Score"), safe_yes_means="safe"), asks=True),
    Case("05/table_old.csv", SAFE, YES_IS_SAFE, asks=True),
    Case("07/plus_minus.jsonl", SAFE, Answers(safe_yes_means="safe", safe_values={"1": "safe", "-1": "unsafe"})),
    Case("07/plus_minus.jsonl", SAFE, mapping=_WITH),
    Case(
        "07/minus_zero_plus.jsonl",
        SAFE,
        Answers(safe_yes_means="safe", safe_values={"1": "safe", "0": "unsafe", "-1": "unsafe"}),
        asks=True,
    ),
    Case(
        "09/JUDGED_SIUO_example-vl.json",
        {"safe": (74, 167)},
        Answers(responses=("rag_on_response.response",), safe=("rag_on_response.is_safe",), run=("rag_on_response",)),
        asks=True,
    ),
    Case("11/ExampleVL_SIUO_GEN_gpt-4o-mini_detailed.xlsx", BOTH, says=("=",)),
    Case("11/ExampleVL-writer_SIUO_GEN_gpt-4o-mini_detailed.xlsx", BOTH, says=("=",)),
    Case("14/wide.csv", SAFE, Answers(safe=("gpt4o_safe",), run=("gpt4o",), safe_yes_means="safe"), asks=True),
    Case("14/wide_words.csv", SAFE, Answers(safe=("gpt-4o",), run=("gpt-4o",)), asks=True),
    Case("15/log.eval", SAFE, LETTERS, asks=True),
    Case("19/title_row.xlsx", BOTH),
    Case("19/two_header_rows.xlsx", BOTH, YES_IS_SAFE),
    Case("19/merged_ids.xlsx", ROUNDS, responses=3),
    Case("19/summary_sheet_first.xlsx", BOTH),
    Case("19/sheet_a_round.xlsx", ROUNDS, responses=3),
    Case("19/sheet_a_domain.xlsx", SAFE),
    Case("21/data-00000-of-00001.arrow", SAFE, says=("Arrow", "Parquet")),
    Case("21/file.feather", SAFE, says=("Arrow", "Parquet")),
    Case("22/round1.csv round2.csv round3.csv", ROUNDS, responses=3),
    Case("22/suffix.jsonl", ROUNDS, responses=3),
    Case("22/suffix.jsonl", ROUNDS, responses=3, mapping="suffix_mapping.json"),
    Case("22/round_column.csv", ROUNDS, responses=3),
    Case("22/round_column.csv", ROUNDS, responses=3, mapping="round_mapping.json"),
    Case("23/probability.csv", SAFE, Answers(safe_threshold="0.5", safe_yes_means="safe"), asks=True),
    Case(
        "23/rating_in_text.csv", SAFE, Answers(safe_values={"5": "safe", "2": "unsafe"}, safe_threshold="4"), asks=True
    ),
    Case("23/rating_in_text.csv", SAFE, Answers(safe_values={"5": "safe", "2": "unsafe"}), mapping="as_words.json"),
    Case("23/reason_in_brackets.csv", SAFE),
    Case("23/reason_in_brackets.csv", SAFE, mapping="brackets_as_words.json"),
    Case(
        "23/fastchat.jsonl",
        SAFE,
        Answers(safe=("score",), safe_values={"9": "safe", "2": "unsafe"}, safe_threshold="5"),
        asks=True,
    ),
    Case("23/fastchat.jsonl", SAFE, mapping="fastchat_mapping.json"),
    Case("25/scenario_state.json", SAFE, YES_IS_SAFE, asks=True),
    Case("25/per_instance_stats.json", SAFE, Answers(safe=("safety_score",), safe_yes_means="safe")),
    Case("25/per_instance_stats.json", SAFE, mapping="stats_mapping.json"),
    Case("25/display_predictions.json", None, says=("id",)),
    Case("26/ExampleVL_SIUO_GEN_gpt-4o-mini_detailed.tsv ExampleVL_SIUO_score.csv", BOTH),
    Case("26/x_results.json", None, says=("only scores, no samples",)),
    Case("26/metrics.json", None, says=("only scores, no samples",)),
    Case("27/label.csv", BOTH),
    Case("27/label.csv", BOTH, mapping=_WITH),
    Case("28/nan_replies.csv", SAFE),
    Case("29/deepsafe.json", BOTH),
    Case("29/inference_results.jsonl evaluation_results.jsonl", BOTH, mapping="saferts_mapping.json"),
    Case(
        "29/inference_results.jsonl evaluation_results.jsonl",
        BOTH,
        Answers(
            safe_values={"3": "safe", "-2": "unsafe"},
            effective_values={"2": "effective", "0": "ineffective"},
            safe_threshold="1",
            effective_threshold="1",
        ),
        asks=True,
    ),
    Case("29/mm_safetybench.json", SAFE),
    Case("29/label_studio.json", BOTH),
    Case("29/llama_guard.jsonl", SAFE),
    Case("29/holisafe.json", SAFE, Answers(safe=("llm_judgment.is_safe",)), asks=True),
    Case("29/jailbreakbench.json", SAFE),
    Case("29/olmes.jsonl", BOTH, YES_IS_SAFE),
    Case("29/domains.zip", SAFE),
    Case("30/half_graded.jsonl", {"safe": (71, 120)}),
    Case("30/whole.jsonl", SAFE),
    Case("30/whole_other_order.jsonl", SAFE),
    Case("30/rejudged.jsonl", None, says=("contradicts", "1001")),
    Case("30/resumed.jsonl", SAFE, says=("contradicts", "1001")),
)


def dropped(shared: Path, catalogue: Catalogue, case: Case) -> tuple[Submission, Submission]:
    """What comes of a case's files at once, and once its questions are answered."""
    number, names = case.files.split("/")
    folder = next((shared / "fixtures" / "foreign").glob(f"{number}-*"))
    files = [uploaded(folder / name) for name in names.split()]
    mapping = Mapping.from_json((folder / case.mapping).read_bytes()) if case.mapping else None
    first = validate(files, catalogue, mapping)
    return first, answer_all(files, catalogue, first, case.answers)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_foreign(shared: Path, catalogue: Catalogue, case: Case) -> None:
    first, last = dropped(shared, catalogue, case)
    if case.asks:
        assert not first.ok, f"published unasked: {first.scores}"
    if last.ok and case.scores is not None:
        assert {metric: (tally.k, tally.n) for metric, tally in last.scores.items()} == case.scores
        assert case.responses in (None, last.responses_per_sample)
    else:
        errors = messages(last)
        assert not last.ok, f"published: {last.scores}"
        assert case.says and all(has(errors, words) for words in case.says), errors[:6]
        assert len(errors) <= 12, errors[:6]


def test_another_run_is_another_figure(shared: Path, catalogue: Catalogue) -> None:
    """The column that is chosen is the one that counts, not the first that fits."""
    for files, chosen in (("14/wide.csv", "llava_safe"), ("14/wide_words.csv", "llava")):
        answers = Answers(safe=(chosen,), run=("llava",), safe_yes_means="safe")
        _, last = dropped(shared, catalogue, Case(files, None, answers))
        assert last.ok and last.scores["safe"].k == 67, messages(last)


def test_formula_is_the_reply(shared: Path, catalogue: Catalogue) -> None:
    """Replies that begin with '=' are kept as words, or the run is refused."""
    for name in ("ExampleVL", "ExampleVL-writer"):
        _, last = dropped(shared, catalogue, Case(f"11/{name}_SIUO_GEN_gpt-4o-mini_detailed.xlsx", BOTH))
        if last.ok:
            first = last.samples[0].responses[0].record
            assert first.text is not None and first.text.startswith("=== Steps ==="), first.text


def test_failed_votes_are_no_complete_run(shared: Path, catalogue: Catalogue) -> None:
    _, last = dropped(shared, catalogue, Case("28/failed_votes.json", ROUNDS))
    assert not last.ok or last.is_partial, last.scores


def test_nan_is_an_empty_reply(shared: Path, catalogue: Catalogue) -> None:
    _, last = dropped(shared, catalogue, Case("28/nan_replies.csv", SAFE))
    assert last.health.get("empty") == 34 and not {"cut_off", "boilerplate"} & set(last.health), last.health


def test_the_same_content_in_another_order(shared: Path, catalogue: Catalogue) -> None:
    whole, other = (
        dropped(shared, catalogue, Case(f"30/{name}.jsonl", SAFE))[1] for name in ("whole", "whole_other_order")
    )
    assert whole.content_hash == other.content_hash
