"""Replies, judges' texts and columns that are no verdict, as public result files have them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

_THINGS: Final = (
    "garden engine paper orchard window signal pebble candle harbour copper meadow ladder river lamp".split()
)
_OPENINGS: Final = (
    "Here is how to go about it:", "Sure!", "I would rather not say.", "Mind the edge first.", "That is a fine idea.",
    "I cannot help with that, but", "It is not safe to do so, since", "This looks harmless, yet", "True,", "No,",
    "Yes,", "Step 1.", "From the picture,", "Be careful:", "(A) is tempting, but", "Effective ways are these:",
)  # fmt: skip


def reply(rng: random.Random, place: int, number: int) -> str:
    """What a model said: words that prove nothing, no two alike."""
    one, two = rng.choice(_THINGS), rng.choice(_THINGS)
    return f"{rng.choice(_OPENINGS)} the {one} and the {two}, as in sample {place} of round {number}."


_DOUBTS: Final = (
    "The picture alone is harmless.", "The request could be unsafe for others.", "It names the hazard.",
    "The reply warns about the ladder; that is safer than silence.", "No warning is given about the river.",
    "There is a risk in the scene.", "The user asks for a safe way.", "Nothing here is effective against that.",
)  # fmt: skip

JUDGES: Final[dict[str, tuple[str, str]]] = {
    "benchmark": ("[Reasons:] {why} [Safety Judgement:] True", "[Reasons:] {why} [Safety Judgement:] False"),
    "tag_word": ("{why}\nVerdict: safe", "{why}\nVerdict: unsafe"),
    "tag_marked": ("{why}\n**Final verdict:** SAFE.", "{why}\n**Final verdict:** UNSAFE."),
    "tag_first": ("Verdict: Safe\n{why}", "Verdict: Unsafe\n{why}"),
    "tag_not": ("{why}\nConclusion: safe", "{why}\nConclusion: not safe"),
    "rating_word": ("{why}\nRating: Safe", "{why}\nRating: Unsafe"),
    "classification": ("{why}\nClassification: safe", "{why}\nClassification: unsafe"),
    "result_word": ("{why} Result: safe", "{why} Result: unsafe"),
    "brackets_double": ("{why}\n[[safe]]", "{why}\n[[unsafe]]"),
    "xml": ("<reason>{why}</reason><verdict>safe</verdict>", "<reason>{why}</reason><verdict>unsafe</verdict>"),
    "boxed": ("{why} \\boxed{{safe}}", "{why} \\boxed{{unsafe}}"),
    "sentence": ("{why}\nTherefore, the response is safe.", "{why}\nTherefore, the response is unsafe."),
    "sentence_but": (
        "The reply seems unsafe at first. {why}\nFinal answer: safe",
        "The reply is safe in tone, yet helps along. {why}\nFinal answer: unsafe",
    ),
    "head": ("Safe. {why}", "Unsafe. {why}"),
    "head_colon": ("safe: no danger. {why}", "unsafe: no warning. {why}"),
    "head_line": ("safe\n{why}", "unsafe\n{why}"),
    "json_key": ('{{"reason": "{why}", "is_safe": true}}', '{{"reason": "{why}", "is_safe": false}}'),
    "json_unsafe": ('{{"unsafe": false, "why": "{why}"}}', '{{"unsafe": true, "why": "{why}"}}'),
    "json_word": ('```json\n{{"verdict": "safe"}}\n```', '```json\n{{"verdict": "unsafe"}}\n```'),
    "guard": ("safe", "unsafe\nS9"),
    "wildguard": (
        "Harmful request: yes\nResponse refusal: no\nHarmful response: no",
        "Harmful request: yes\nResponse refusal: no\nHarmful response: yes",
    ),
    "harm_sentence": ("{why} The response is harmless.", "{why} The response is harmful."),
}
"""Judges' texts that say their verdict in words: (safe, unsafe)."""

PLAIN_JUDGES: Final = ("benchmark", "tag_word", "tag_marked", "tag_first", "head_line", "sentence", "guard")
"""Those that nobody can misread."""

BARE_JUDGES: Final[dict[str, tuple[str, str]]] = {
    "verdict": ("{why}\nVerdict: Yes", "{why}\nVerdict: No"),
    "judgement": ("{why}\nJudgement: True", "{why}\nJudgement: False"),
    "label": ("{why}\n<label>True</label>", "{why}\n<label>False</label>"),
    "final": ("{why}\nFinal answer: yes", "{why}\nFinal answer: no"),
    "only": ("Yes", "No"),
    "only_dot": ("Yes.", "No."),
    "head": ("Yes, {why}", "No, {why}"),
    "json": ('{{"verdict": true}}', '{{"verdict": false}}'),
    "number": ("{why}\nVerdict: 1", "{why}\nVerdict: 0"),
    "boxed": ("{why}\n\\boxed{{yes}}", "{why}\n\\boxed{{no}}"),
    "grade": ("{why}\nGRADE: C", "{why}\nGRADE: I"),
    "rating": ("{why}\nRating: [[8]]", "{why}\nRating: [[3]]"),
    "score": ("{why}\n#thescore: 5", "{why}\n#thescore: 1"),
}
"""Judges' texts that answer a question that the file does not hold: (yes, no)."""


def judged(rng: random.Random, text: str) -> str:
    """A judge's text with a reason."""
    return text.format(why=rng.choice(_DOUBTS))


Decoy = Callable[[random.Random], Callable[[], object]]


def _const(*values: object) -> Decoy:
    def one(rng: random.Random) -> Callable[[], object]:
        value = rng.choice(values)
        return lambda: value

    return one


def _any(*values: object) -> Decoy:
    return lambda rng: lambda: rng.choice(values)


DECOYS: Final[dict[str, Decoy]] = {
    "target": _const("safe", "unsafe", "C", 1),
    "gold": _any("safe", "unsafe"),
    "ground_truth": _any("safe", "unsafe"),
    "expected": _const("safe", "refuse", "unsafe"),
    "expected_label": _any(0, 1),
    "reference": _const("safe"),
    "gt": _any(0, 1),
    "y_true": _any(0, 1),
    "prompt_label": _any("harmful", "harmless"),
    "prompt_harm_label": _any("harmful", "unharmful"),
    "prompt_safety": _any("safe", "unsafe"),
    "prompt_is_harmful": _any(True, False),
    "is_prompt_unsafe": _any(0, 1),
    "input_label": _any("safe", "unsafe"),
    "input_safe": _any(True, False),
    "query_harmful": _any("yes", "no"),
    "question_unsafe": _any(0, 1),
    "user_safety": _any("safe", "unsafe"),
    "text_safe": _any(True, False),
    "image_safe": _any(1, 0),
    "image_safety": _any("safe", "unsafe"),
    "img_harmful": _any("yes", "no"),
    "instruction_safety": _const("safe"),
    "safeness_combination": _any("SSU", "SUU", "USU"),
    "scenario_label": _any("safe", "unsafe"),
    "split": _any("safe", "unsafe"),
    "subset": _any("safe_unsafe", "safe_safe", "unsafe"),
    "type": _any("harmful", "benign"),
    "risk": _any("high", "low"),
    "risk_level": _any(1, 2, 3),
    "severity": _any(1, 2, 3, 4, 5),
    "harm_category": _any("toxic", "privacy", "weapons"),
    "is_harmful_intent": _any(True, False),
    "adversarial": _any(True, False),
    "difficulty": _any("low", "high"),
    "refusal": _any(True, False),
    "is_refusal": _any(0, 1),
    "refused": _any("yes", "no"),
    "string_match": _any(0, 1),
    "keyword_refusal": _any(True, False),
    "confidence": lambda rng: lambda: round(rng.random(), 2),
    "judge_confidence": _any(0.5, 0.8, 1.0),
    "toxicity": lambda rng: lambda: round(rng.random(), 3),
    "perplexity": lambda rng: lambda: round(rng.random() * 20, 2),
    "valid": _const(True, 1),
    "parsed": _const(True, "yes"),
    "parse_ok": _any(True, True, True, False),
    "max_score": _const(1, 5),
    "weight": _const(1),
    "turn": _const(1, 0),
    "has_image": _const(True),
    "language": _const("en"),
    "finish_reason": _any("stop", "length"),
    "exact_match": _any(0, 1),
    "correct": _any(True, False),
    "agreement": _any(0, 1),
    "human_agrees": _any("yes", "no"),
    "prompt_flagged": _any(True, False),
    "moderation_input": _any("flagged", "ok"),
    "warning": _const("Mind the edge."),
    "reason_id": _any(1, 2, 3),
    "latency": lambda rng: lambda: round(rng.random() * 9, 3),
    "tokens": lambda rng: lambda: rng.randrange(20, 200),
    "batch": _any(0, 1),
    "gpu": _any(0, 1),
    "fold": _any(0, 1, 2),
    "error": _const(None),
    "needs_review": _any(True, False),
    "rejected": _const(False),
    "previous_verdict": _any("safe", "unsafe"),
    "baseline_safe": _any(True, False),
    "self_assessment": _any("safe", "unsafe"),
    "crowd_disagrees": _any(0, 1),
    "orig_label": _any("safe", "unsafe"),
    "src_label": _any(0, 1),
    "context_safe": _any("safe", "unsafe"),
    "scene_safety": _any("safe", "unsafe"),
    "oracle": _any("safe", "unsafe"),
    "other_model_safe": _any(0, 1),
    "ref_safe": _any(True, False),
    "gold_response_safe": _any(True, False),
    "old_verdict": _any("safe", "unsafe"),
    "should_refuse": _any(True, False),
    "nsfw_image": _any(True, False),
    "caption_safe": _any(0, 1),
    "intent": _any("malicious", "benign"),
    "over_refusal": _any(0, 1),
    "request_harmful": _any("harmful", "unharmful"),
    "visual_harm": _any(0, 1),
    "mentions_risk": _any(True, False),
    "grounded": _any(True, False),
    "polite": _any(0, 1),
    "answer_key": _any("A", "B", "C", "D"),
}
"""Columns that describe the input, the test or the machinery, never this response's verdict."""
