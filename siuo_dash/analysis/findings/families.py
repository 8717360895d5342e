"""Model families: names that differ only in size."""

from __future__ import annotations

import re
from typing import Final

_SIZE: Final = re.compile(r"[ae]?\d+(?:\.\d+)?[bm]|x*l|xs|nano|tiny|mini|small|medium|base|large|huge")
_TUNED: Final = frozenset({"instruct", "it", "chat"})


def family(model: str) -> str:
    """A model's name without its size and without 'Instruct', 'IT', 'Chat': 'LLaVA-1.5-13B' → 'llava-1.5'.

    What else differs ('Thinking', '+ SRT', another language model) stays, and makes another family.
    """
    tokens = re.split(r"[\s_\-:]+", model.rsplit("/", 1)[-1].lower())
    kept = [token for token in tokens if token and not _SIZE.fullmatch(token) and token not in _TUNED]
    return "-".join(kept)
