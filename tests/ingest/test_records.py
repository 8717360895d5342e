"""What files say of a run, as a suggestion."""

from __future__ import annotations

from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.ingest.records import Known, suggested


def test_suggestions() -> None:
    assert suggested(Known()) == RunMetadata(model="", judge="")
    assert suggested(
        Known("M", "J", {"model": "M", "params_b": 3.0, "submitted_by": "x", "run_id": "r"})
    ) == RunMetadata("M", "J", params_b=3.0)
