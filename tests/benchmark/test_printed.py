"""The count behind a printed rate, and sources that can be opened."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.benchmark.printed import NotACount, count_of, source_link


@pytest.mark.parametrize(
    ("printed", "n", "count"),
    [
        ("89", 167, 89),
        (" 89 ", 167, 89),
        ("89/167", 167, 89),
        ("89 / 167", 167, 89),
        ("53.29 %", 167, 89),
        ("53.29", 167, 89),
        ("53,29%", 167, 89),
        ("53.3 %", 167, 89),
        ("0 %", 167, 0),
        ("0.0", 167, 0),
        ("100 %", 167, 167),
        ("12.5 %", 8, 1),
        ("33 %", 3, 1),
        ("63.2", 19, 12),
        ("2.5 %", 40, 1),
        ("3 %", 40, 1),  # 2.5 rounded up
        ("2 %", 40, 1),  # 2.5 rounded to even
    ],
)
def test_what_a_printed_figure_counts(printed: str, n: int, count: int) -> None:
    assert count_of(printed, n) == count


@pytest.mark.parametrize(
    ("printed", "what", "hint"),
    [
        ("53.2 %", "no count of 167 gives 53.2%", "the nearest are 88 (52.69%) and 89 (53.29%)"),
        ("99.9 %", "no count of 167 gives 99.9%", "the nearest are 166 (99.40%) and 167 (100.00%)"),
        ("53 %", "53% of 167 can be 88 or 89", "more digits"),
        ("0.53", "can be a fraction or a percentage", "53% or 0.53%"),
        ("1.0", "can be a fraction or a percentage", "100% or 1%"),
        ("168", "168 of 167 samples", "between 0 and 167"),
        ("89/168", "not of 167 samples", "correct"),
        ("168/167", "168 of 167 samples", "between"),
        ("101 %", "more than 100%", "between 0 and 100%"),
        ("-5 %", "neither a count nor a rate", "write a count"),
        ("about 50", "neither a count nor a rate", "write a count"),
        ("1e2", "neither a count nor a rate", "write a count"),
        ("٨٩/167x", "no count", "89/167"),
        ("", "neither", "write"),
        ("9" * 400, "neither a count nor a rate", "write a count"),
    ],
)
def test_what_gives_no_count_says_why(printed: str, what: str, hint: str) -> None:
    with pytest.raises(NotACount) as caught:
        count_of(printed, 167)
    assert what in caught.value.what and hint in caught.value.hint


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.integers(0, 6))
def test_a_count_comes_back_from_its_own_rate_or_is_asked_for(count: tuple[int, int], digits: int) -> None:
    k, n = count
    try:
        assert count_of(f"{100 * k / n:.{digits}f} %", n) == k
    except NotACount as error:  # so few digits that several counts are printed so: never another count
        assert digits < 3 and " can be " in error.what


def test_every_carried_rate_gives_its_count(root: Path) -> None:
    with (root / "data/sources/published_totals.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            n = int(row["n"])
            assert count_of(f"{100 * int(row['safe']) / n:.2f}", n) == int(row["safe"])


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("doi:10.18653/v1/2025.findings-naacl.198", "https://doi.org/10.18653/v1/2025.findings-naacl.198"),
        ("Wang et al., 10.1145/3411764.3445261.", "https://doi.org/10.1145/3411764.3445261"),
        ("https://doi.org/10.1145/1, Table 2", "https://doi.org/10.1145/1"),
        ("arXiv:2406.15279", "https://arxiv.org/abs/2406.15279"),
        ("a table of 10.5/x", None),
        ("Wang et al. 2025", None),
        (None, None),
    ],
)
def test_what_a_source_opens(source: str | None, link: str | None) -> None:
    assert source_link(source) == link
