"""Names and values as public result files have them: wide lists, none of them taken from the reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ID_NAMES: Final = (
    *(
        "question_id id sample_id qid index idx item uid instance_id doc_id native_id ID siuo_id data_id "
        "image_id pid case_id prompt_id behavior_id test_id example_id record_id task_id questionId sampleId "
        "key hash_id"
    ).split(),
    "Sample ID",
    "Question ID",
    "#",
    "No.",
    "Item no.",
)

RESPONSE_NAMES: Final = (
    *(
        "response output prediction answer model_response generation generated_text reply completion text "
        "model_output pred gpt_response resps filtered_resps assistant raw_output llm_response predicted_text "
        "candidate continuation response_text model_generation content modelAnswer vlm_output target_response"
    ).split(),
    "Model Response",
    "Model answer",
    "LLaVA output",
)

SAFE_NAMES: Final = (
    *(
        "is_safe safe safety harmless isSafe judge_safe response_safe is_response_safe gpt4_safe "
        "safe_response is_harmless safe_flag safety_score safety_pass judged_safe harmlessness "
        "response_is_safe gpt4o_safety final_safe safety_verdict"
    ).split(),
    "Safe?",
    "Is the response safe?",
    "Response safe",
)

HARM_NAMES: Final = (
    *(
        "unsafe is_unsafe harmful is_harmful jailbroken jailbreak is_jailbreak jailbreak_success "
        "attack_success attack_successful asr violation policy_violation is_toxic harm harmfulness "
        "response_harmful misaligned unsafe_flag violates_policy bypassed hazardous is_violating toxic "
        "isHarmful response_unsafe not_safe"
    ).split(),
    "Harmful?",
    "Is the response harmful?",
    "Unsafe (GPT-4o)",
)

OPEN_NAMES: Final = (
    *(
        "label verdict judgement judgment score result rating judge evaluation decision grade outcome class "
        "judge_label final majority human annotation gpt4o eval_result prediction_label judge_score llm_judge "
        "verdict_final flag pass success safety_label eval response_label"
    ).split(),
    "GPT-4 eval",
    "Judge says",
    "Final verdict",
)

HELP_NAMES: Final = (
    *(
        "effective is_effective helpful is_helpful effectiveness helpfulness response_effective "
        "judge_effective gpt4_helpful isHelpful effective_flag"
    ).split(),
    "Effective?",
    "Is it helpful?",
)

ROUND_NAMES: Final = (
    "round epoch run trial attempt k sample_idx iteration seed repeat rep try_no Round replicate generation_no turn_no "
    "sample pass_no response_id repetition draw rollout"
).split()

MODEL_NAMES: Final = (
    "gpt-4o llava-1.5-7b qwen2-vl-7b internvl2-8b gemini-1.5-pro claude-3-opus deepseek-vl phi-3-vision minicpm-v "
    "idefics2 gpt4v llama-3.2-11b-vision pixtral-12b yi-vl cogvlm2 mplug-owl3 ours baseline ours+rag no_context"
).split()

WRAPPERS: Final = (
    "data results samples details records rows outputs examples instances responses logs entries evaluation detail "
    "output cases items predictions eval_results per_sample annotations judgements table"
).split()

GRADER_NAMES: Final = (
    *(
        "judge_raw judge_output evaluation explanation judge_response raw_judgement gpt4_eval judgement "
        "judge_text safety_evaluation judge_reply evaluator_output critique assessment gpt_judge "
        "llm_judge_output verdict_text eval"
    ).split(),
    "Judge's answer",
)

NOBODY: Final = ("", "N/A", "null", "error", "-1", "invalid", "parse error", "None", "?")
"""What stands where a judge gave no verdict."""


@dataclass(frozen=True)
class Coding:
    """How two verdicts are written.

    kind: 'word' says it itself; 'yes' says yes or no, to what depends on the field's name or on nobody's word;
    'code' must be explained; 'scale' needs a threshold, below which a value is the lesser one.
    """

    good: tuple[object, ...]
    bad: tuple[object, ...]
    kind: str
    threshold: float = 0.0


CODINGS: Final[dict[str, Coding]] = {
    "bool": Coding((True,), (False,), "yes"),
    "one_zero": Coding((1,), (0,), "yes"),
    "one_zero_text": Coding(("1",), ("0",), "yes"),
    "one_zero_float": Coding((1.0,), (0.0,), "yes"),
    "yes_no": Coding(("yes",), ("no",), "yes"),
    "Yes_No": Coding(("Yes",), ("No",), "yes"),
    "YES_NO_dots": Coding(("YES.", "Yes."), ("NO.", "No."), "yes"),
    "true_false": Coding(("true",), ("false",), "yes"),
    "True_False": Coding(("True",), ("False",), "yes"),
    "TRUE_FALSE": Coding(("TRUE",), ("FALSE",), "yes"),
    "Y_N": Coding(("Y",), ("N",), "yes"),
    "t_f": Coding(("T",), ("F",), "yes"),
    "x_blankless": Coding(("✓",), ("✗",), "yes"),
    "plus_minus": Coding((1,), (-1,), "code"),
    "plus_zero_minus": Coding((1,), (0, -1), "code"),
    "one_two": Coding((1,), (2,), "code"),
    "two_one": Coding((2,), (1,), "code"),
    "percent": Coding(("100%",), ("0%",), "code"),
    "words": Coding(("safe",), ("unsafe",), "word"),
    "Words": Coding(("Safe",), ("Unsafe",), "word"),
    "WORDS": Coding(("SAFE",), ("UNSAFE",), "word"),
    "mixed_words": Coding(("safe", "Safe", "SAFE.", " safe"), ("unsafe", "Unsafe", "not safe", "UNSAFE."), "word"),
    "harm_words": Coding(("harmless",), ("harmful",), "word"),
    "guard": Coding(("safe",), ("unsafe\nS1", "unsafe\nS9", "unsafe\nS2,S10"), "word"),
    "guard_blank": Coding(("\n\nsafe",), ("\n\nunsafe\nO3", "\n\nunsafe\nO1"), "word"),
    "unharmful": Coding(("unharmful",), ("harmful",), "word"),
    "not_harmful": Coding(("not harmful",), ("harmful",), "word"),
    "non_toxic": Coding(("non-harmful",), ("harmful",), "word"),
    "un_dash": Coding(("safe",), ("un-safe",), "word"),
    "is_words": Coding(("is safe",), ("is not safe",), "word"),
    "snake_words": Coding(("label_safe",), ("label_unsafe",), "word"),
    "reasons_colon": Coding(
        ("safe: no danger", "safe: names the harm", "Safe: refuses"),
        ("unsafe: no warning", "unsafe: looks harmless, is not", "Unsafe: safe tone only"),
        "word",
    ),
    "reasons_brackets": Coding(
        ("Safe (no harm done)", "Safe (unsafe act named)"), ("Unsafe (no warning)", "Unsafe (seems safe)"), "word"
    ),
    "reasons_dash": Coding(("safe - warns", "safe – refuses"), ("unsafe - no hint", "unsafe – helps along"), "word"),
    "numbered_words": Coding(("0 - safe", "0: safe"), ("1 - unsafe", "1: unsafe"), "word"),
    "pass_fail": Coding(("pass",), ("fail",), "code"),
    "PASS_FAIL": Coding(("PASS",), ("FAIL",), "code"),
    "ok_bad": Coding(("ok",), ("bad",), "code"),
    "good_bad": Coding(("good",), ("bad",), "code"),
    "acceptable": Coding(("acceptable",), ("unacceptable",), "code"),
    "refusal": Coding(("refusal",), ("compliance",), "code"),
    "refused": Coding(("refused", "partially refused"), ("complied",), "code"),
    "violating": Coding(("compliant",), ("violating",), "code"),
    "blocked": Coding(("allowed",), ("blocked",), "code"),
    "positive": Coding(("positive",), ("negative",), "code"),
    "negative": Coding(("negative",), ("positive",), "code"),
    "correct": Coding(("correct",), ("incorrect",), "code"),
    "low_high": Coding(("low",), ("high", "medium"), "code"),
    "benign": Coding(("benign",), ("malicious",), "code"),
    "risk": Coding(("no risk",), ("risk",), "code"),
    "chinese": Coding(("安全",), ("不安全",), "code"),
    "german": Coding(("sicher",), ("unsicher",), "code"),
    "french": Coding(("sûr",), ("dangereux",), "code"),
    "C_I": Coding(("C",), ("I",), "code"),
    "S_U": Coding(("S",), ("U",), "code"),
    "A_B": Coding(("A",), ("B",), "code"),
    "B_A": Coding(("B",), ("A",), "code"),
    "P_F": Coding(("P",), ("F",), "code"),
    "D_A": Coding(("C", "D"), ("A", "B"), "code"),
    "label_numbers": Coding(("LABEL_0",), ("LABEL_1",), "code"),
    "one_to_five": Coding((4, 5), (1, 2, 3), "scale", 4),
    "harm_five": Coding((1, 2), (3, 4, 5), "scale", 3),
    "harm_five_strict": Coding((1, 2, 3, 4), (5,), "scale", 5),
    "zero_to_ten": Coding((6, 7, 8, 10), (0, 1, 3, 5), "scale", 6),
    "zero_to_hundred": Coding((70, 85, 95, 100), (0, 10, 25, 40), "scale", 50),
    "minus_three": Coding((1, 2, 3), (-3, -2, -1, 0), "scale", 1),
    "half_points": Coding((1.0,), (0.0, 0.5), "scale", 1),
    "probability": Coding((0.61, 0.74, 0.88, 0.97), (0.02, 0.13, 0.28, 0.44), "scale", 0.5),
    "harm_probability": Coding((0.02, 0.13, 0.28, 0.44), (0.61, 0.74, 0.88, 0.97), "scale", 0.5),
    "safe_response": Coding(("Safe response",), ("Unsafe response",), "word"),
    "signs": Coding(("safe ✅",), ("unsafe ❌",), "word"),
    "not_unsafe": Coding(("not unsafe",), ("unsafe",), "word"),
    "nonharmful": Coding(("nonharmful",), ("harmful",), "word"),
    "degrees": Coding(("fully safe", "mostly safe"), ("mostly unsafe", "fully unsafe"), "word"),
    "likely": Coding(("unlikely to be harmful",), ("likely to be harmful",), "word"),
    "no_harm": Coding(("no harm",), ("harm",), "word"),
    "because": Coding(("Safe, because it warns",), ("Unsafe, though harmless at first",), "word"),
    "equals": Coding(("verdict=safe",), ("verdict=unsafe",), "word"),
    "violation": Coding(("no violation",), ("violation",), "code"),
    "lights": Coding(("green",), ("red", "amber"), "code"),
    "thumbs": Coding(("👍",), ("👎",), "code"),
    "plus_sign": Coding(("+",), ("-",), "code"),
    "severities": Coding(("none",), ("mild", "severe"), "code"),
    "russian": Coding(("безопасно",), ("опасно",), "code"),
    "percents": Coding(("90%", "75%"), ("10%", "40%"), "code"),
    "stars": Coding(("5/5", "4/5"), ("1/5", "2/5", "3/5"), "code"),
}

HELP_CODINGS: Final[dict[str, Coding]] = {
    "bool": CODINGS["bool"],
    "one_zero": CODINGS["one_zero"],
    "yes_no": CODINGS["yes_no"],
    "words": Coding(("effective",), ("ineffective",), "word"),
    "Words": Coding(("Effective",), ("Ineffective",), "word"),
    "very": Coding(("Very Effective", "Partially Effective"), ("Ineffective",), "word"),
}

BOTH_LABELS: Final = (
    ("Safe & Effective", "Safe & Ineffective", "Unsafe & Effective", "Unsafe & Ineffective"),
    ("safe, effective", "safe, ineffective", "unsafe, effective", "unsafe, ineffective"),
    ("safe_effective", "safe_ineffective", "unsafe_effective", "unsafe_ineffective"),
    ("Safe and effective", "Safe but ineffective", "Unsafe but effective", "Unsafe and ineffective"),
    ("safe/effective", "safe/not effective", "unsafe/effective", "unsafe/not effective"),
)
"""(both, safe only, effective only, neither), as one label."""
