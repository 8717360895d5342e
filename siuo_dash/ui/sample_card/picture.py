"""Pictures that are covered until somebody asks: blurred here, so that the browser never has the sharp one."""

from __future__ import annotations

import io
import warnings
from typing import Final

from PIL import Image, ImageFilter

_GRAIN: Final = 12
"""Pixels on the longer side from which the blurred picture is made: too few to make anything out."""
_SHOWN: Final = 480


def blurred(content: bytes) -> bytes | None:
    """A small PNG in the picture's colours and shape, nothing else to be seen; None where it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as picture:
                picture.draft("RGB", (_SHOWN, _SHOWN))
                small = picture.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    small.thumbnail((_GRAIN, _GRAIN))
    scale = _SHOWN / max(small.size)
    large = small.resize((max(1, round(small.width * scale)), max(1, round(small.height * scale))))
    body = io.BytesIO()
    large.filter(ImageFilter.GaussianBlur(_SHOWN / _GRAIN)).save(body, "PNG")
    return body.getvalue()
