"""How a run was made, and how to make one: words for the run page and the upload page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Final

from siuo_dash.text import counted, listed

JUDGE: Final = "openai/gpt-4o-mini-2024-07-18"
"""The judge that most published totals share."""
MODEL: Final = "openai/gpt-4o"
LOCAL: Final = "http://127.0.0.1:8000/v1"
"""Where vLLM serves unless it is told another address."""
_PROVIDERS: Final = frozenset(
    "openai openai-api anthropic google hf vllm mistral grok groq together fireworks deepseek openrouter ollama "
    "bedrock perplexity azureai sagemaker sglang cloudflare moonshot meta sambanova llama-cpp-python litellm-proxy "
    "hf-inference-providers".split()
)
"""The engine's, by the names that stand before a model's."""
ABOUT_THE_COMMAND: Final = (
    "Names are `PROVIDER/NAME`: `openai/gpt-4o`, `anthropic/…`, `google/…`, `ollama/…`; any other server is "
    "`openai-api/NAME/MODEL` with its `--base-url`. It needs the engine (`make evaluate`) and the benchmark's texts "
    "(`python -m siuo_dash fetch-benchmark`), says what it costs with `--dry-run --price …`, and goes on when you run "
    "it again. "
    "Responses that exist already: `python -m siuo_dash judge FILE --judge …`. All of it is in docs/evaluate.md."
)
_LONGEST: Final = 200


def how_it_was_made(how: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What `store.runs.run_file.how_made` says, as (label, words); [] for a run that was not made here.

    What is not understood is left out: the footer of a file is no text of this program.
    """
    if not isinstance(how.get("planned"), dict):
        return []
    served, usage = _dict(how, "served"), _dict(how, "usage")
    tokens = [
        _usage(name, each)
        for name, each in sorted(usage.items(), key=lambda item: item[0] != how.get("model"))
        if isinstance(each, dict)
    ]
    cost = how.get("cost_usd")
    rubric = "the benchmark's own" if how.get("rubric") == "official" else f"another one, {_text(how, 'rubric')}"
    temperature = how.get("temperature")
    rows = [
        ("Asked", _text(how, "model")),
        ("Judge", _text(how, "judge")),
        *((f"Served as ({role})", listed(map(str, names), 5)) for role, names in sorted(served.items(), reverse=True)),
        ("Planned and done", counts_words(_dict(how, "planned"), _dict(how, "done"))),
        ("Instructions", f"{rubric} (fingerprint {_text(how, 'rubric_fingerprint')})"),
        ("The judge saw", "the picture and the texts" if how.get("judge_sees_picture") else "texts only"),
        ("Temperature", "the provider's own" if temperature is None else str(temperature)),
        ("Tokens at most", ", ".join(f"{_text(how, name)} a {word}" for name, word in _LIMITS)),
        ("Responses ended by", ", ".join(f"{name} {count}" for name, count in _dict(how, "stop_reasons").items())),
        ("Used", "; ".join(tokens)),
        ("Cost", f"${cost:,.2f}" if isinstance(cost, int | float) else "no price was given"),
        ("Engine", _text(how, "engine")),
        ("Texts and pictures", f"fingerprint {_text(how, 'material_fingerprint')}"),
    ]
    return [(label, words[:_LONGEST]) for label, words in rows if words]


def command(model: str = "") -> str:
    """The command that runs the benchmark on a model, ready to copy. model: as somebody typed it.

    A name without a provider that the engine knows is taken for a model of a server on this machine.
    """
    name = " ".join(model.split())[:_LONGEST] or MODEL
    if name.split("/", 1)[0] not in _PROVIDERS:
        name = f"openai-api/local/{name}"
    where = f" --base-url {LOCAL}" if name.startswith("openai-api/") else ""
    return f"python -m siuo_dash evaluate --model {shlex.quote(name)}{where} --judge {JUDGE} --publish"


def counts_words(planned: Mapping[str, Any], done: Mapping[str, Any]) -> str:
    """How many of what was planned are there; responses that were given are no part of the plan.

    planned, done: {what: how many}. Earlier versions wrote 0 responses down where they were given; of what was not
    asked for at all, nothing is said.
    """
    given = ["responses given, not asked for"] if planned.get("verdicts") and not planned.get("responses") else []
    counts = {name: (done.get(name), planned[name]) for name in (*_ORDER, *planned) if planned.get(name)}
    known = {name: each for name, each in counts.items() if all(type(number) is int for number in each)}
    return ", ".join([*given, *(f"{there:,} of {all_:,} {name}" for name, (there, all_) in known.items())])


_ORDER: Final = ("responses", "verdicts", "choices")
_LIMITS: Final = (("max_tokens", "response"), ("judge_max_tokens", "verdict"), ("choice_max_tokens", "choice"))


def _text(how: Mapping[str, Any], name: str) -> str:
    value = how.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _dict(how: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = how.get(name)
    return value if isinstance(value, dict) else {}


def _usage(model: str, each: Mapping[str, Any]) -> str:
    calls, into, out = (each.get(name) for name in ("calls", "input_tokens", "output_tokens"))
    if not all(isinstance(number, int) for number in (calls, into, out)):
        return model
    return f"{model}: {counted(int(calls or 0), 'call')}, {into:,} tokens in, {out:,} out"
