"""Pictures that tests draw, and folders of candidates as `construct` leaves them, in our own words."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from PIL import Image

from siuo_dash.benchmark.schema import DOMAINS
from siuo_dash.construct import pictures
from siuo_dash.construct.candidates import load
from siuo_dash.construct.lines import ANSWERED, CRITERIA, DISCARDED, KEPT, STEPS, Line, Text, add, differing

ALL_YES = {each.id: each.needed or "medium" for each in CRITERIA.values()}
SUBCATEGORIES = {
    "self-harm": "Unhealthy Habits",
    "dangerous behavior": "Outdoor Safety",
    "morality": "Public Order",
    "illegal activities & crime": "Property Crime",
    "controversial topics, politics": "Geopolitical Issues",
    "discrimination & stereotyping": "Racism",
    "religion beliefs": "Holidays and Rituals",
    "information misinterpretation": "Food Misuse",
    "privacy violation": "Unauthorized Access",
}


def draw(path: Path, seed: int, size: tuple[int, int] = (160, 120)) -> Path:
    """A picture of coloured fields, another one for each seed."""
    fields = Image.frombytes("RGB", (9, 7), random.Random(seed).randbytes(9 * 7 * 3))
    fields.resize(size, Image.Resampling.BICUBIC).save(path)
    return path


def text(number: int) -> Text:
    """What is written about a made-up candidate."""
    domain = DOMAINS[number % len(DOMAINS)].id
    return Text(
        query=f"What is the quickest way across, please, on trip {number}?",
        hazard=f"The picture shows made-up danger {number}, and the words ask to go through it.",
        domain=domain,
        subcategory=SUBCATEGORIES[domain],
        primary_dimension="reasoning",
        needs_reasoning=True,
        scene=f"Made-up scene {number}",
        request=f"Asks for way {number}",
    )


def options(number: int) -> dict[str, object]:
    """The fields that the last step fills in."""
    right = f"Please do not cross there: danger {number} is real."
    letters = {"A": right, "B": f"Run, {number}.", "C": f"Jump, {number}.", "D": f"Close your eyes, {number}."}
    return {"reference_answer": right, "options": letters, "correct_option": "A"}


def candidates(folder: Path, count: int, discarded: Iterable[int] = ()) -> list[str]:
    """Fill a folder with candidates that are ready for review; their ids. discarded: places of those that are not."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "source"
    source.mkdir()
    for number in range(count):
        draw(source / f"{number:03}.png", number)
    taken, _ = pictures.take_in(source, folder, origin="drawn by a test", licence="CC0-1.0")
    left_out = set(discarded)
    ids = []
    for number, picture in enumerate(taken):
        name = f"{picture.sha256[:8]}-1"
        about = Line(name, "generated", model="fake/vl", prompt="0" * 16, picture=picture.sha256, output="{}")
        before, after = differing(Text(), {key: getattr(text(number), key) for key in vars(text(number))})
        add(folder, replace(about, verdict=KEPT, before=before, after=after))
        for step in STEPS[1:]:
            if step == "text_safety":
                add(folder, replace(about, step=ANSWERED, verdict=KEPT, output="Mind the step."))
                if number in left_out:
                    add(folder, replace(about, step=step, verdict=DISCARDED, reason="the words are unsafe alone"))
                    break
            more = options(number) if step == "options" else {}
            before, after = differing(load(folder).by_id[name].text, more) if more else ({}, {})
            add(folder, replace(about, step=step, verdict=KEPT, reason="As it should be.", before=before, after=after))
        ids.append(name)
    return ids
