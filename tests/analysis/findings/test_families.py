"""Names that differ only in size are a family."""

from __future__ import annotations

import pytest

from siuo_dash.analysis.findings.models import family


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("LLaVA-1.5-7B", "LLaVA-1.5-13B"),
        ("InstructBLIP2-T5-XL", "InstructBLIP2-T5-XXL"),
        ("Gemma-3-12B-IT", "google/gemma-3-27b-it"),
        ("Qwen3-VL-8B-Instruct", "Qwen3-VL-32B"),
        ("Qwen3-VL-30B-A3B-Instruct", "Qwen3 VL 8B"),
        ("SmolVLM-500M", "SmolVLM 2.2B"),
        ("Florence-2-base", "Florence-2-large"),
    ],
)
def test_one_family(one: str, other: str) -> None:
    assert family(one) == family(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("LLaVA-1.5-7B", "LLaVA-1.6-34B"),
        ("LLaVA-1.6-34B", "LLaVA-1.6-Mistral-7B"),
        ("InstructBLIP2-7B", "InstructBLIP2-T5-XL"),
        ("Gemma-3-12B-IT", "Gemma-3-12B-IT + SRT"),
        ("Qwen3-VL-8B-Instruct", "Qwen3-VL-8B-Thinking"),
        ("Phi-3.5-Vision-Instruct", "Phi-4-Multimodal-Instruct"),
    ],
)
def test_two_families(one: str, other: str) -> None:
    assert family(one) != family(other)


def test_a_name_that_is_all_size() -> None:
    assert family("7B") == ""
