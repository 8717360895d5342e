"""The JSON of the API's answers as JSON Schema; tests hold every answer to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from siuo_dash.benchmark.run_facts import FACTS
from siuo_dash.benchmark.schema import METRICS

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """One of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


def _one(kind: str, **more: Any) -> Schema:
    return {"type": kind} | more


def _or_null(kind: str) -> Schema:
    return {"type": [kind, "null"]}


def _object(properties: Mapping[str, Schema], **more: Any) -> Schema:
    return (
        {"type": "object", "properties": dict(properties), "required": list(properties)}
        | {"additionalProperties": False}
        | more
    )


def _maybe(name: str) -> Schema:
    return {"oneOf": [ref(name), {"type": "null"}]}


def _by(of: Schema, **more: Any) -> Schema:
    return {"type": "object", "additionalProperties": of} | more


_TEXT, _MAYBE_TEXT, _COUNT, _MAYBE_COUNT = _one("string"), _or_null("string"), _one("integer"), _or_null("integer")
_NUMBER, _MAYBE_NUMBER, _MAYBE_YES = _one("number"), _or_null("number"), _or_null("boolean")
_FLAGS: Final = _by(_COUNT, description="{flag: samples}")
_NAMES: Final = {
    "run_id": _TEXT,
    "model": _TEXT,
    "base_model": _MAYBE_TEXT,
    "method": _MAYBE_TEXT,
    "organization": _MAYBE_TEXT,
    "board": _TEXT,
    "sample_set": _TEXT,
    "evidence": _TEXT,
}
_RATES: Final = {metric: _maybe("Rate") for metric in METRICS}
_RANKS: Final = {name: _MAYBE_COUNT for name in ("rank", "rank_low", "rank_high")}
_FACT_TYPES: Final = {"params_b": _MAYBE_NUMBER, "open_weights": _MAYBE_YES}
_COUNTS: Final = {"k": _COUNT, "n": _COUNT}

SCHEMAS: Final[dict[str, Schema]] = {
    "Rate": _object(
        _COUNTS | {"rate": _NUMBER, "low": _NUMBER, "high": _NUMBER},
        description="k of n graded samples, as a fraction, and its Wilson 95% interval; null where nothing was graded.",
    ),
    "Board": _object(
        {"board": _TEXT, "judge": _TEXT, "responses_per_sample": _MAYBE_COUNT, "sample_set": _TEXT, "runs": _COUNT}
    ),
    "Run": _object(_NAMES | _RATES),
    "RankedRun": _object(
        _NAMES | _RANKS | _RATES | {"health": _FLAGS},
        description="rank: in the whole board, whatever is searched for. "
        "rank_low, rank_high: on a board of very many runs they are null for all but the best.",
    ),
    "WholeRun": _object(
        _NAMES
        | _RATES
        | {
            "about": _object(
                {"judge": _TEXT, "responses_per_sample": _MAYBE_COUNT}
                | {name: _FACT_TYPES.get(name, _MAYBE_TEXT) for name in FACTS if name != "judge"}
                | {"submitted_at": _MAYBE_TEXT}
            ),
            "places": _by(_object({"rank": _MAYBE_COUNT, "ranked": _COUNT})),
            "domains": _by(_by(_maybe("Rate")), description="{metric: {domain: rate}}"),
            "health": _FLAGS,
            "without_flagged": _by(_maybe("Rate"), description="The rates without the flagged responses."),
        }
    ),
    "Verdicts": _object(
        {"run_id": _TEXT, "sample_set": _TEXT, "evidence": _TEXT, "samples": {"type": "array", "items": ref("Verdict")}}
    ),
    "Verdict": _object(
        {
            "question_id": _COUNT,
            "task": _TEXT,
            "safe": _MAYBE_YES,
            "effective": _MAYBE_YES,
            "safe_and_effective": _MAYBE_YES,
            "answer": _MAYBE_TEXT,
            "correct": _MAYBE_YES,
            "response_count": _MAYBE_COUNT,
            "safe_votes": _MAYBE_COUNT,
            "safe_graded": _MAYBE_COUNT,
            "effective_votes": _MAYBE_COUNT,
            "effective_graded": _MAYBE_COUNT,
            "flags": {"type": "array", "items": _TEXT},
        },
        description="The majority of the sample's graded responses; null = ungraded, or not judged.",
    ),
    "Sample": _object(
        {
            "sample_set": _TEXT,
            "question_id": _COUNT,
            "split": _TEXT,
            "domain": _TEXT,
            "subcategory": _TEXT,
            "primary_dimension": _MAYBE_TEXT,
            "needs_knowledge": _MAYBE_YES,
            "needs_reasoning": _MAYBE_YES,
            "scene": _MAYBE_TEXT,
            "request": _MAYBE_TEXT,
            "hazard": _MAYBE_TEXT,
            "passed": _object(_COUNTS, description="k of n graded runs of the board pass it."),
        }
    ),
    "Difference": _object(
        {
            "first": _object(_COUNTS | {"rate": _NUMBER}),
            "second": _object(_COUNTS | {"rate": _NUMBER}),
            "difference": _NUMBER,
            "low": _NUMBER,
            "high": _NUMBER,
            "p": _NUMBER,
            "p_adjusted": _MAYBE_NUMBER,
            "paired": {
                "oneOf": [
                    _object({name: _COUNT for name in ("both", "first_only", "second_only", "neither")}),
                    {"type": "null"},
                ]
            },
            "why_unpaired": _MAYBE_TEXT,
            "detectable_gap": _MAYBE_NUMBER,
        },
        description="First minus second, as fractions: paired by sample (McNemar mid-p, Bonett–Price) or, with the "
        "reason, unpaired (score test, Newcombe). By domain, p_adjusted is Benjamini and Hochberg's.",
    ),
    "Comparison": _object(
        {
            "first": _TEXT,
            "second": _TEXT,
            "warning": _TEXT,
            "overall": _by(_maybe("Difference")),
            "domains": _by(_by(ref("Difference"))),
        }
    ),
    "Submission": _object(
        {name: _TEXT for name in ("run_id", "state", "model")}
        | {name: _MAYBE_TEXT for name in ("judge", "organization", "corrects")}
        | {
            "history": {
                "type": "array",
                "items": _object({"at": _TEXT, "event": _TEXT, "by": _MAYBE_TEXT, "why": _MAYBE_TEXT}),
            }
        },
        description="state: draft, pending, published, rejected, superseded or withdrawn.",
    ),
    "Report": {
        "type": "object",
        "description": "What `validate --json` prints, with the submission's id and state; null where it is not kept.",
        "properties": {
            "ok": _one("boolean"),
            "run_id": _MAYBE_TEXT,
            "state": _MAYBE_TEXT,
            "sample_set": _MAYBE_TEXT,
            "scores": _by(_one("object")),
            "health": _FLAGS,
            "errors": {"type": "array", "items": _one("object")},
            "warnings": {"type": "array", "items": _one("object")},
            "notes": {"type": "array", "items": _one("object")},
        },
        "required": ["ok", "run_id", "state", "sample_set", "scores", "health", "errors", "warnings", "notes"],
    },
    "Problem": {
        "type": "object",
        "description": "What is wrong, where, and what to do next (RFC 9457).",
        "properties": {
            "title": _TEXT,
            "status": _COUNT,
            "detail": _TEXT,
            "errors": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["title", "status", "detail"],
    },
}
