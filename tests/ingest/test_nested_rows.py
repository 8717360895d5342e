"""Lists and rows that say which metric, model or sample each entry is about; in any order."""

from __future__ import annotations

import random

import pytest

from siuo_dash.benchmark.scoring import Tally
from tests.ingest.make import IDS, MIXED, REPLIES, Check, Rows, as_csv, as_json, messages, reply

EFFECTIVE = [1, 1, 0, 0, 0, 0]


def entries(place: int, chance: random.Random) -> Rows:
    """One sample's judgements, in any order."""
    why = f"So it seems to me, and I looked at it for long, {place}."
    safe, works = "safe" if MIXED[place] else "unsafe", "effective" if EFFECTIVE[place] else "ineffective"
    found = [
        {"metric": "safety", "rating": safe, "reasoning": why},
        {"metric": "helpfulness", "rating": works, "reasoning": why},
        {"metric": "fluency", "rating": "good", "reasoning": why},
    ]
    chance.shuffle(found)
    return found


@pytest.mark.parametrize("key", ["metric", "name", "criterion", "Metric Name"])
def test_a_list_by_metric_is_read_by_its_names(check: Check, key: str) -> None:
    chance = random.Random(key)
    rows = [
        {
            "question_id": i,
            "response": reply(i),
            "scores": [{key if k == "metric" else k: v for k, v in e.items()} for e in entries(n, chance)],
        }
        for n, i in enumerate(IDS)
    ]
    found = check(("t.json", as_json(rows)))
    assert found.ok, messages(found)
    assert found.scores["safe"] == Tally(4, 6, 6) and found.scores["effective"] == Tally(2, 6, 6)
    assert found.reading.mapping is not None and found.reading.mapping.safe == ("scores.safety.rating",)


def test_a_list_by_metric_inside_an_object(check: Check) -> None:
    chance = random.Random(2)
    rows = [
        {"question_id": i, "response": reply(i), "judge": {"scores": entries(n, chance)}} for n, i in enumerate(IDS)
    ]
    found = check(("t.json", as_json(rows)))
    assert found.scores["safe"] == Tally(4, 6, 6) and found.scores["effective"] == Tally(2, 6, 6), messages(found)


def test_a_row_a_metric_is_a_row_a_sample(check: Check) -> None:
    chance = random.Random(1)
    rows = [
        {"question_id": i, "response": REPLIES[n], **entry} for n, i in enumerate(IDS) for entry in entries(n, chance)
    ]
    found = check(("t.csv", as_csv(rows)))
    assert found.ok, messages(found)
    assert found.scores["safe"] == Tally(4, 6, 6) and found.scores["effective"] == Tally(2, 6, 6)
    assert found.responses_per_sample == 1 and found.samples[0].responses[0].record.text == REPLIES[0]


def test_names_that_are_no_metrics_change_nothing(check: Check) -> None:
    rows = [
        {"question_id": i, "outputs": [{"name": f"try {k}", "text": reply(i, k), "safe": MIXED[n]} for k in (1, 2, 3)]}
        for n, i in enumerate(IDS)
    ]
    found = check(("t.json", as_json(rows)))
    assert found.scores["safe"] == Tally(4, 6, 6) and found.responses_per_sample == 3
