"""What is said of several runs in the files of one upload."""

from __future__ import annotations

from siuo_dash.ingest.read import Reading
from siuo_dash.text import listed


def about_all(reading: Reading) -> str:
    """What the runs of a file are called when all are published, with what was said of this one for the rest."""
    how = {
        "model": "each under its own model's name",
        "judge": "each under its own judge's name",
        "variant": "each with its name as the method, and the model as its base model",
        "": "each with its name behind the model's",
    }
    return f"All {len(reading.runs)} runs can be published at once, {how[reading.run_kind]}: {listed(reading.runs, 6)}."
