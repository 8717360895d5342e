"""Pictures that are kept: only their pixels, only real ones, none twice."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from siuo_dash.construct import pictures
from siuo_dash.errors import ConstructionError
from tests.make.candidates import draw


def bomb(path: Path, side: int) -> None:
    """A small PNG that says it has side × side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    data = zlib.compress(bytes(side * (side // 8 + 1) // 50))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    return tmp_path / "in"


def test_position_and_camera_are_removed_and_the_picture_is_upright(source: Path) -> None:
    image = Image.open(draw(source / "a.png", 1, (200, 100)))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x0110] = "Camera Of Ada"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 30.0)
    image.save(source / "a.jpg", exif=exif, comment=b"Camera Of Ada")
    (source / "a.png").unlink()
    assert b"Camera Of Ada" in (source / "a.jpg").read_bytes()
    (taken,), findings = pictures.take_in(source, source.parent / "out")
    kept = source.parent / "out" / "pictures" / taken.file
    assert findings == [] and taken.file.endswith(".jpg") and (taken.width, taken.height) == (100, 200)
    with Image.open(kept) as again:
        assert not again.getexif() and again.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"Camera" not in kept.read_bytes() and b"Exif" not in kept.read_bytes()


def test_each_hostile_file_is_named_and_skipped(source: Path) -> None:
    draw(source / "good.png", 1)
    whole = (source / "good.png").read_bytes()
    (source / "page.jpg").write_text("<html><script>alert(1)</script>")
    (source / "cut.png").write_bytes(whole[: len(whole) // 2])
    (source / "empty.png").write_bytes(b"")
    (source / "notes.txt").write_text("x")
    (source / "folder.png").mkdir()
    draw(source / "tiny.png", 3, (4, 4))
    bomb(source / "huge.png", 14_200)  # 200 megapixels
    bomb(source / "large.png", 8_000)
    (source / "vector.svg").write_text("<svg/>")
    (source / "gone.png").symlink_to("nowhere.png")
    taken, findings = pictures.take_in(source, source.parent / "out")
    assert [each.name for each in taken] == ["good.png"]
    said = {each.file: each.message for each in findings}
    assert said.pop("huge.png") == "it has more than 50 megapixels"
    assert said.pop("large.png") == "64 megapixels: more than 50 megapixels"
    assert said.pop("page.jpg") == "it is no picture by its content (JPEG, PNG, WebP, GIF)"
    assert "pixels are too few" in said.pop("tiny.png") and "cannot be decoded" in said.pop("cut.png")
    assert set(said) == {"empty.png", "notes.txt", "folder.png", "vector.svg", "gone.png"}


def test_what_looks_alike_is_taken_once(source: Path) -> None:
    first = Image.open(draw(source / "a.png", 1))
    ImageEnhance.Brightness(first).enhance(1.1).resize((150, 113)).save(source / "b.jpg", quality=60)
    (source / "c.png").write_bytes((source / "a.png").read_bytes())
    for seed in range(2, 40):
        draw(source / f"d{seed:02}.png", seed)
    taken, findings = pictures.take_in(source, source.parent / "out")
    assert len(taken) == 39
    assert {each.file: each.message for each in findings} == {
        "b.jpg": "it looks like a.png",
        "c.png": "it is the same picture as a.png",
    }


def test_source_and_licence_are_kept_and_nothing_is_taken_twice(source: Path) -> None:
    draw(source / "a.png", 1)
    draw(source / "b.png", 2)
    (source / "sources.csv").write_text("file,source,licence\na.png,Ada,CC BY 4.0\n")
    out = source.parent / "out"
    taken, _ = pictures.take_in(source, out, origin="mine", licence="CC0-1.0")
    assert [(each.source, each.licence) for each in taken] == [("Ada", "CC BY 4.0"), ("mine", "CC0-1.0")]
    before = (out / "pictures.jsonl").read_bytes()
    again, _ = pictures.take_in(source, out)
    assert again == taken and (out / "pictures.jsonl").read_bytes() == before
    with (out / "pictures.jsonl").open("ab") as file:
        file.write(before.splitlines()[0].replace(taken[0].file.encode(), b"../../passwd") + b"\n")
    known, findings = pictures.load(out)
    assert list(known.values()) == taken and findings[0].message == "this is no record of a picture"


def test_a_folder_that_is_not_there_and_a_table_of_another_shape_are_refused(source: Path) -> None:
    with pytest.raises(ConstructionError, match="give a folder of pictures with --pictures"):
        pictures.take_in(source / "nowhere", source.parent / "out")
    (source / "sources.csv").write_text("name,licence\n")
    with pytest.raises(ConstructionError, match="its columns are not file, source, licence"):
        pictures.take_in(source, source.parent / "out")
