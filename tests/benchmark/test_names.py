"""Names that look alike."""

from __future__ import annotations

import pytest

from siuo_dash.benchmark.names import similar

KNOWN = [
    "GPT-4o",
    "GPT-4",
    "Qwen2.5-VL-7B",
    "Qwen2-VL-7B",
    "LLaVA-1.5-7B",
    "LLaVA-1.5-13B",
    "Gemini-1.5 Pro",
    "QwenVL-7B",
]


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("GPT 4o", ["GPT-4o"]),
        ("gpt4o", ["GPT-4o"]),
        ("GPT-4o", []),
        ("GPT-4o-mini", []),
        ("qwen2.5 vl 7b", ["Qwen2.5-VL-7B"]),
        ("Qwen2-VL-7B", []),
        ("llava 1.5 13B", ["LLaVA-1.5-13B"]),
        ("Gemini 1.5-Pro", ["Gemini-1.5 Pro"]),
        ("ＧＰＴ－４ｏ", ["GPT-4o"]),
        ("Mistral", []),
        ("", []),
        ("4", []),
    ],
)
def test_near_duplicates(name: str, alike: list[str]) -> None:
    assert similar(name, KNOWN) == alike
