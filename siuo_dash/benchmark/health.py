"""Health: what is wrong with a run's responses and verdicts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from siuo_dash.benchmark.judgement import is_judge_error
from siuo_dash.benchmark.schema import BOILERPLATE_SHARE, FLAGS
from siuo_dash.benchmark.scoring import is_empty
from siuo_dash.benchmark.text import fingerprint

OPENING_CHARACTERS: Final = 50
CLOSING: Final = frozenset(".!?:…。！？：*'\"’”»`_)]}）】」』")
"""A response that ends with one of these is finished; an angle bracket is not: it ends a tag or an error."""

_NOTHING: Final = frozenset({"nan", "none", "null", "<na>", "n/a"})
"""What programs write for a response that is not there. It is flagged as empty; its verdict is the judge's."""
_HEAD: Final = 300
"""Characters in which an error message must show itself."""
_ERROR: Final = re.compile(
    r"""[<\[({"']*\s*(?:
        (?:[a-z_.]*(?:error|exception)["'\]*]*\s*[:>\]]) # 'ERROR: …', '<ERROR: …', '{"error": …', 'a.ApiError: …'
      | traceback\ \(most\ recent\ call\ last\)
      | (?:torch\.)?(?:cuda\.)?outofmemory | cuda\ (?:out\ of\ memory|error)
      | failed\ to\ obtain\ answer                      # what VLMEvalKit stores when the API gave none
      | (?:http(?:/[\d.]+)?\ |error\ code:?\ |status\ (?:code:?\ )?)?
        (?:400\ bad\ request|401\ unauthorized|403\ forbidden|404\ not\ found|408\ request\ timeout
          |413\ (?:payload|request\ entity)\ too\ large|429\ too\ many\ requests|500\ internal\ server\ error
          |502\ bad\ gateway|503\ service\ unavailable|504\ gateway\ time-?out)
      | (?:http|error\ code:?|status\ code:?)\ (?:4\d\d|5\d\d)\b
      | <!doctype\ html | html>\s*<head>
      | rate\ limit\ (?:exceeded|reached) | (?:request|connection|read)\ timed\ out
      | connection\ (?:refused|reset|aborted)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_CUT: Final = frozenset({"max_tokens", "length", "model_length"})
_ENDED: Final = _CUT | {"stop", "end_turn", "content_filter"}
"""What providers and Inspect AI say of a response's end; other words say nothing of a cut."""
_REASONING: Final = re.compile(
    r"<\s*+(?:(/)\s*+)?\|?(?:think|thinking|thought|reasoning|reason)\|?\s*+>", re.IGNORECASE
)


def in_order(flags: Iterable[str]) -> list[str]:
    """The flags once each, in the order of the schema."""
    raised = set(flags)
    return [flag for flag in FLAGS if flag in raised]


def is_error_message(text: str) -> bool:
    """Whether the response begins as an exception, an out-of-memory line or an HTTP error would."""
    return _ERROR.match(text.lstrip()[:_HEAD]) is not None


def has_unclosed_reasoning(text: str) -> bool:
    """Whether a <think> block opens and is not closed after."""
    tags = list(_REASONING.finditer(text))
    return bool(tags) and tags[-1].group(1) is None


def is_cut_off(text: str) -> bool:
    """Whether a response with text ends without closing punctuation."""
    trimmed = text.rstrip()
    return bool(trimmed) and trimmed[-1] not in CLOSING


def opening(text: str) -> str:
    """The first 50 characters, by which boilerplate is recognised."""
    return text[:OPENING_CHARACTERS]


def boilerplate_openings(texts: Iterable[str | None]) -> frozenset[str]:
    """Openings that at least 5% of a run's responses share, and at least two; None = not available."""
    at_hand = [text for text in texts if text is not None]
    counts = Counter(opening(text) for text in at_hand if not is_empty(text))
    least = max(2.0, BOILERPLATE_SHARE * len(at_hand))
    return frozenset(start for start, count in counts.items() if count >= least)


def response_flags(
    text: str | None,
    *,
    reference_fingerprint: str = "",
    boilerplate: frozenset[str] = frozenset(),
    stopped: str = "",
) -> list[str]:
    """Flags of one response's text; none where the text is not available.

    reference_fingerprint: of the sample's reference answer. boilerplate: from `boilerplate_openings`. stopped: why the
    response ended, where its provider said it: better evidence for a cut than its last character.
    """
    if text is None:
        return []
    if is_empty(text) or text.strip().lower() in _NOTHING:
        return ["empty"]
    raised = {
        "error_message": is_error_message(text),
        "unclosed_reasoning": has_unclosed_reasoning(text),
        "cut_off": stopped in _CUT if stopped in _ENDED else is_cut_off(text),
        "boilerplate": opening(text) in boilerplate,
        "repeats_reference": bool(reference_fingerprint) and fingerprint(text) == reference_fingerprint,
    }
    return [flag for flag, is_raised in raised.items() if is_raised]


def are_identical(texts: Sequence[str | None]) -> bool:
    """Whether a sample's responses, two or more, are all the same text."""
    return len(texts) > 1 and texts[0] is not None and not is_empty(texts[0]) and len(set(texts)) == 1


def verdict_flags(
    text: str | None, verdicts: Iterable[bool | None], words: Iterable[str | None], safety: bool | None
) -> list[str]:
    """Flags of one response's verdicts.

    text: the response. verdicts: those that were judged, None = ungraded. words: the judge's texts.
    safety: the judge's own safety verdict, before the rule on empty responses.
    """
    raised = {
        "ungraded": any(verdict is None for verdict in verdicts),
        "judge_error": any(said is not None and is_judge_error(said) for said in words),
        "contradicts_rule": is_empty(text) and safety is False,
    }
    return [flag for flag, is_raised in raised.items() if is_raised]


def count_flags(flags_of_samples: Iterable[Iterable[str]]) -> dict[str, int]:
    """{flag: number of samples that carry it}, in the order of the schema, without the zeros."""
    counts = Counter(flag for flags in flags_of_samples for flag in set(flags))
    return {flag: counts[flag] for flag in FLAGS if counts[flag]}
