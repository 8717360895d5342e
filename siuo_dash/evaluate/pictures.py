"""Pictures as they are sent: with the type that their bytes have, whatever their file is called."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from siuo_dash.errors import EvaluationError


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
