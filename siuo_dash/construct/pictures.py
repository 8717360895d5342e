"""Pictures of candidates: checked before they are decoded, written again without what a camera adds, kept by SHA-256.

A picture file can hold the place where it was taken; only the pixels are taken over.
"""

from __future__ import annotations

import csv
import hashlib
import io
import struct
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from siuo_dash.construct import log
from siuo_dash.errors import ConstructionError, Finding
from siuo_dash.store import files

FOLDER: Final = "pictures"
FILE: Final = "pictures.jsonl"
SOURCES: Final = "sources.csv"
"""A table beside the pictures: file, source, licence."""
KINDS: Final = ("JPEG", "PNG", "WEBP", "GIF")
ENDINGS: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif")
MOST_PIXELS: Final = 50_000_000
MOST_BYTES: Final = 64 * 1024**2
LONGEST_SIDE: Final = 2048
"""Pixels; providers reduce a larger picture themselves."""
NEAR: Final = 40
"""Bits of 256 by which the hashes of two near-duplicates differ at most."""
_SIDE: Final = 16
_BROKEN: Final = (OSError, ValueError, SyntaxError, EOFError, TypeError, LookupError, struct.error, MemoryError)
"""What Pillow raises about a file that is broken, or made to break it."""


@dataclass(frozen=True)
class Picture:
    """A picture that is kept. sha256: of the file that is kept. original: of the file that it was made of.

    look: the perceptual hash, 64 hex digits. licence: '' = not stated.
    """

    sha256: str
    file: str
    name: str
    original: str
    look: str
    width: int
    height: int
    source: str = ""
    licence: str = ""


def load(folder: Path) -> tuple[dict[str, Picture], list[Finding]]:
    """{sha256: picture} of a folder, by pictures.jsonl, and what was left out of it."""
    numbered, findings = log.read(folder / FILE)
    found = {}
    for number, value in numbered:
        picture = _picture(value)
        if picture is None:
            findings.append(Finding("warning", "this is no record of a picture", "it is left out", FILE, number))
        else:
            found[picture.sha256] = picture
    return found, findings


def take_in(
    source: Path,
    folder: Path,
    *,
    origin: str = "",
    licence: str = "",
    looks: Callable[[], Iterable[tuple[str, str]]] = tuple,
) -> tuple[list[Picture], list[Finding]]:
    """Take the pictures of a folder over, in the order of their names; those that were skipped, each with its reason.

    origin, licence: of all pictures for which sources.csv says nothing. looks: (name, perceptual hash) of pictures that
    must not be taken, asked for where a new picture is there. A picture that is there already is not taken
    again. ConstructionError where the folder cannot be read.
    """
    known, findings = load(folder)
    by_original = {each.original: each for each in known.values()}
    stated = _stated(source)
    taken: dict[str, Picture] = {}
    unwanted: list[tuple[str, str]] | None = None
    files.make_directory(folder / FOLDER)
    for path in _files_in(source):
        try:
            content = _content(path)
            original = hashlib.sha256(content).hexdigest()
            picture = by_original.get(original)
            if picture is None or not (folder / FOLDER / picture.file).is_file():
                about = stated.get(path.name, (origin, licence))
                pixels = _decoded(content)
                unwanted = list(looks()) if unwanted is None else unwanted
                for name, look in unwanted:
                    if distance(_look(pixels), look) <= NEAR:
                        raise _Skipped(f"it looks like {name}")
                picture = _kept(pixels, content, original, path.name, about, folder)
                by_original[original] = picture
            if picture.sha256 in taken:
                raise _Skipped(f"it is the same picture as {taken[picture.sha256].name}")
            if twin := near(picture, taken.values()):
                raise _Skipped(f"it looks like {twin.name}")
        except _Skipped as why:
            findings.append(Finding("warning", str(why), "it is skipped", path.name))
            continue
        taken[picture.sha256] = picture
    return list(taken.values()), findings


def near(picture: Picture, others: Iterable[Picture]) -> Picture | None:
    """The first of the others that looks like it."""
    return next((each for each in others if distance(picture.look, each.look) <= NEAR), None)


def distance(first: str, second: str) -> int:
    """Bits by which two hashes differ."""
    return (int(first, 16) ^ int(second, 16)).bit_count()


def look_of(path: Path) -> str | None:
    """The perceptual hash of a picture file; None for what is no picture within the limits."""
    try:
        return _look(_decoded(_content(path)))
    except _Skipped:
        return None


class _Skipped(Exception):
    """Why a picture is not taken."""


def _files_in(source: Path) -> list[Path]:
    try:
        return sorted(path for path in source.iterdir() if not path.name.startswith(".") and path.name != SOURCES)
    except OSError as error:
        hint = "give a folder of pictures with --pictures"
        raise ConstructionError(f"cannot be read ({error.strerror})", where=str(source), hint=hint) from error


def _content(path: Path) -> bytes:
    if path.suffix.lower() not in ENDINGS:
        raise _Skipped(f"it is no picture by its name ({', '.join(ENDINGS)})")
    try:
        with files.opened(path) as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _Skipped(f"it cannot be read ({error.strerror})") from error
    if len(content) > MOST_BYTES:
        raise _Skipped(f"it is larger than {MOST_BYTES // 1024**2} MB")
    return content


def _decoded(content: bytes) -> Image.Image:
    """Upright pixels and nothing else; a picture that would be too large is refused before it is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own limit is higher than ours
            image: Image.Image = Image.open(io.BytesIO(content), formats=KINDS)
            if image.width * image.height > MOST_PIXELS:
                raise _Skipped(f"{_pixels(image.width * image.height)}: more than {_pixels(MOST_PIXELS)}")
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a large JPEG is decoded smaller
            image.load()
            image = ImageOps.exif_transpose(image)
    except Image.DecompressionBombError:
        raise _Skipped(f"it has more than {_pixels(MOST_PIXELS)}") from None
    except UnidentifiedImageError:
        raise _Skipped("it is no picture by its content (JPEG, PNG, WebP, GIF)") from None
    except _BROKEN as error:
        raise _Skipped(f"it cannot be decoded ({' '.join(str(error).split())[:100]})") from None
    if min(image.size) < _SIDE:
        raise _Skipped(f"{image.width} × {image.height} pixels are too few")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    seen = image.convert("RGBA")
    pixels = Image.new("RGB", image.size, "white")
    pixels.paste(seen, mask=seen.getchannel("A"))
    return pixels


def _kept(
    pixels: Image.Image, content: bytes, original: str, name: str, about: tuple[str, str], folder: Path
) -> Picture:
    """The picture, written into the folder and into pictures.jsonl."""
    written = io.BytesIO()
    kind, ending = ("JPEG", "jpg") if content.startswith(b"\xff\xd8\xff") else ("PNG", "png")
    pixels.save(written, kind, **({"quality": 92} if kind == "JPEG" else {}))
    data = written.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    file = f"{digest}.{ending}"
    picture = Picture(digest, file, name, original, _look(pixels), *pixels.size, *about)
    with files.explained(folder / FOLDER / file):
        files.replace(folder / FOLDER / file, data)
    with log.writing(folder / FILE) as record:
        record.append({key: value for key, value in asdict(picture).items() if value != ""})
    return picture


def _look(pixels: Image.Image) -> str:
    """A difference hash: whether each of 16 × 16 fields is lighter than its neighbour on the right."""
    grey = np.asarray(pixels.convert("L").resize((_SIDE + 1, _SIDE), Image.Resampling.BOX), dtype=np.int16)
    return np.packbits(grey[:, :-1] > grey[:, 1:]).tobytes().hex()


def _pixels(number: int) -> str:
    return f"{number / 1e6:,.0f} megapixels"


def _stated(source: Path) -> Mapping[str, tuple[str, str]]:
    """{file: (source, licence)} of sources.csv; {} where there is none."""
    path = source / SOURCES
    try:
        with io.TextIOWrapper(files.opened(path), encoding="utf-8-sig", newline="") as lines:
            return dict(_rows(csv.DictReader(lines, restval=""), path))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConstructionError(f"cannot be read ({error})", where=str(path), hint="save it as UTF-8 CSV") from error


def _rows(reader: csv.DictReader[str], path: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    if not {"file", "source", "licence"} <= set(reader.fieldnames or ()):
        raise ConstructionError("its columns are not file, source, licence", where=str(path), hint="name them so")
    for row in reader:
        yield row["file"], (row["source"].strip(), row["licence"].strip())


def _picture(value: Mapping[str, Any]) -> Picture | None:
    """A record, if it is one: its file's name is made of its hash, and so stays in the folder."""
    texts: dict[str, Any] = {name: log.plain(value.get(name)) for name in _TEXTS}
    sizes: dict[str, Any] = {name: value.get(name) for name in ("width", "height")}
    digits = [texts["sha256"], texts["original"], texts["look"]]
    if not all(len(each) == 64 and set(each) <= set("0123456789abcdef") for each in digits):
        return None
    if texts["file"] not in (f"{texts['sha256']}.jpg", f"{texts['sha256']}.png"):
        return None
    return Picture(**texts, **sizes) if all(type(each) is int for each in sizes.values()) else None


_TEXTS: Final = ("sha256", "file", "name", "original", "look", "source", "licence")
