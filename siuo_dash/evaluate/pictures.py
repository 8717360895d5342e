"""Pictures as they are sent: with the type that their bytes have, whatever their file is called."""

from __future__ import annotations

from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final

from siuo_dash.errors import EvaluationError

_STAND_IN: Final = "data:image/png;base64,"
_MARK: Final = b"siuo sample "


def stand_in(question_id: int) -> str:
    """What stands for a sample's picture until it is sent: the engine keeps what it is given till a sample is done."""
    return _STAND_IN + b64encode(_MARK + str(question_id).encode()).decode("ascii")


def stands_for(uri: str) -> int | None:
    """The sample whose picture this stands for; None for a picture."""
    if len(uri) > len(_STAND_IN) + 64 or not uri.startswith(_STAND_IN):
        return None
    mark, _, question_id = b64decode(uri[len(_STAND_IN) :]).rpartition(b" ")
    return int(question_id) if mark + b" " == _MARK else None


def mime_type(content: bytes) -> str | None:
    """A picture's type by its first bytes; None for anything that providers do not take."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def data_uri(path: Path) -> str:
    """A picture file as a data URI; EvaluationError where it is gone or no picture."""
    hint = "run: python -m siuo_dash fetch-benchmark"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvaluationError(f"cannot be read ({error.strerror})", where=str(path), hint=hint) from error
    kind = mime_type(content)
    if kind is None:
        raise EvaluationError("this is no PNG, JPEG, GIF or WebP picture", where=str(path), hint=hint)
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"
