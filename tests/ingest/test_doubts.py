"""What a run as a whole leaves in doubt."""

from __future__ import annotations

from siuo_dash.ingest.mapping import Mapping
from tests.ingest.make import IDS, Check, as_jsonl, has, messages, reply

MAPPING = Mapping(id=("question_id",), responses=("response",), safe=("safe",), safe_yes_means="safe")


def test_verdicts_in_two_fields_are_refused(check: Check) -> None:
    """Some rows say safe, the others is_unsafe: neither field alone is the run."""
    rows = [
        {"question_id": q, "response": reply(q), **({"safe": place > 0} if place < 3 else {"is_unsafe": True})}
        for place, q in enumerate(IDS)
    ]
    refused = check(("rows.jsonl", as_jsonl(rows)), mapping=MAPPING)
    assert has(messages(refused), "3 rows have their safety verdict in 'is_unsafe', the others in 'safe'")


def test_an_error_in_place_of_a_verdict_is_no_second_field(check: Check) -> None:
    rows = [
        {"question_id": q, "response": reply(q), **({"safe": place > 0} if place < 3 else {"error": "timeout"})}
        for place, q in enumerate(IDS)
    ]
    assert not has(messages(check(("rows.jsonl", as_jsonl(rows)), mapping=MAPPING)), "in 'error'")


def test_a_key_by_its_place_is_a_key(check: Check) -> None:
    """answer_idx says in which order the file has its options: which key counts is asked."""
    rows = [
        {
            "question_id": q,
            "choices": ["north", "east", "south", "west"],
            "answer_idx": place % 4,
            "pred": "ABCD"[place % 4],
        }
        for place, q in enumerate(IDS)
    ]
    submission = check(("rows.jsonl", as_jsonl(rows)))
    assert [need.role for need in submission.reading.needs] == ["correct_by"], messages(submission)
