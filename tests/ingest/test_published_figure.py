"""A published figure: counts and printed rates into rows that give exactly these counts back, or all that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.analysis import domains
from siuo_dash.analysis.filters import EVERY, of_runs
from siuo_dash.analysis.queries import find_run
from siuo_dash.analysis.runs import domain_profile
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.benchmark.schema import DOMAIN_LABELS, METRICS
from siuo_dash.errors import SubmissionError
from siuo_dash.ingest.published_figure import Printed, PublishedFigure, printed_of, read_domain_rows, read_printed
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import publish
from siuo_dash.store.verify import verify
from tests.make.runs import CATALOGUE, DOMAIN_IDS, make_run, share
from tests.make.stores import make_data

ABOUT = RunMetadata("Alpha-7B", "gpt-4o", source="https://example.org/paper")
SIZES = {domain: len(ids) for domain, ids in DOMAIN_IDS.items()}


def read(safe: str = "", effective: str = "", both: str = "", n: int = 167, **more: Any) -> PublishedFigure:
    return read_printed(Printed(n, safe, effective, both, **more), CATALOGUE)


def by_domain(**counts: str | dict[str, str]) -> list[dict[str, str]]:
    """A row for each domain of the benchmark; {metric: the same text in each, or by domain}."""
    cells = {name: text if isinstance(text, dict) else dict.fromkeys(SIZES, text) for name, text in counts.items()}
    return [
        {"domain": domain, "n": str(size)} | {name: texts.get(domain, "") for name, texts in cells.items()}
        for domain, size in SIZES.items()
    ]


def said(figure: PublishedFigure) -> str:
    return "\n".join(map(str, figure.findings))


def stored(tmp_path: Path, figure: PublishedFigure, about: RunMetadata = ABOUT) -> tuple[Store, str]:
    data = make_data(tmp_path / "data")
    run_id = publish(data, figure.to_table(about), by=None).run_id
    assert [finding for finding in verify(data) if finding.severity == "error"] == []
    store = Store(data)
    assert [file.name for file in store.broken] == ["results.parquet"]
    return store, run_id


def test_rates_become_counts_and_the_counts_come_out_of_the_store(tmp_path: Path) -> None:
    figure = read("53.29%", "116", "23.4", responses=3)
    assert figure.ok and figure.evidence == "totals"
    assert figure.read == ("Safe: 53.29% is 89 of 167.", "Safe & Effective: 23.4 is 39 of 167.")
    store, run_id = stored(tmp_path, figure)
    run = find_run(store, run_id)
    assert [(run[f"{name}_k"], run[f"{name}_n"]) for name in METRICS] == [(89, 167), (116, 167), (39, 167), (0, 0)]
    assert (run["board"], run["generation_samples"], run["evidence"]) == ("gpt-4o-3", 167, "totals")
    assert domains.domain_rates(store, EVERY, METRICS["safe"]).runs.empty


def test_totals_by_domain_are_in_the_domain_analysis_with_their_own_n(tmp_path: Path) -> None:
    passing = {domain: str(place + 2) for place, domain in enumerate(SIZES)}
    rows = by_domain(safe=passing)
    rows[0] |= {"n": "16", "safe": "62.5"}
    figure = read("64", both="40", by_domain=rows)
    assert figure.ok and figure.evidence == "domain_totals"
    assert "self-harm: 16 samples, and 19 in the catalogue" in said(figure)
    store, run_id = stored(tmp_path, figure)
    run = find_run(store, run_id)
    assert (run["safe_k"], run["safe_n"], run["safe_and_effective_k"]) == (64, 167, 40)
    rates = domains.domain_rates(store, EVERY, METRICS["safe"])
    cells = rates.cells.set_index("column")
    assert (cells.loc["self-harm", "k"], cells.loc["self-harm", "n"]) == (10, 16)
    assert (cells.loc["morality", "k"], cells.loc["morality", "n"]) == (4, 20)
    assert (cells.loc["overall", "k"], cells.loc["overall", "n"]) == (64, 167)
    assert domain_profile(store, run, METRICS["safe"])["k"].tolist()[0] == 10
    # What no domain tells stays out: of Safe & Effective only the total is known.
    assert domains.domain_rates(store, EVERY, METRICS["safe_and_effective"]).runs.empty
    assert domains.runs_without_domains(store, EVERY, METRICS["safe"], by_domain=False)["run_id"].tolist() == [run_id]


def test_domain_totals_never_enter_figures_by_sample(tmp_path: Path) -> None:
    figure = read(by_domain=by_domain(safe="50%"), n=167)
    assert not figure.ok  # 50% of 19 is no count
    figure = read(by_domain=by_domain(safe={domain: str(size // 2) for domain, size in SIZES.items()}))
    assert figure.ok and figure.scores["safe"].k == sum(size // 2 for size in SIZES.values())
    data = make_data(tmp_path / "data", make_run("Whole", share(100), judge="gpt-4o", responses_per_sample=1))
    run_id = publish(data, figure.to_table(ABOUT), by=None).run_id
    store = Store(data)
    known = store.frame(
        "SELECT COUNT(*) FROM verdicts v JOIN runs r USING (run_no) WHERE run_id = ? AND question_id IS NOT NULL",
        [run_id],
    )
    assert known.iloc[0, 0] == 0
    rates = domains.domain_rates(store, of_runs([run_id]), METRICS["safe"])
    tests = domains.domain_tests(rates)
    assert len(tests) == 9 and tests["p"].notna().all()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "no figure is given"),
        ({"safe": "53.2%"}, "no count of 167 gives 53.2%; the nearest are 88 (52.69%) and 89 (53.29%)"),
        ({"safe": "200"}, "200 of 167 samples"),
        ({"safe": "80", "effective": "100", "both": "81"}, "safe_and_effective 81 exceeds safe 80"),
        ({"safe": "160", "effective": "160", "both": "100"}, "safe + effective - both exceeds n"),
        ({"safe": "89", "n": 0}, "0 samples, and the benchmark has 167"),
        ({"safe": "89", "n": 168}, "168 samples, and the benchmark has 167"),
        ({"safe": "89", "responses": 0}, "0 responses a sample"),
        ({"safe": "89", "responses": 1000}, "1000 responses a sample"),
        ({"safe": "89", "by_domain": [{"domain": "cooking", "n": "3", "safe": "1"}]}, "'cooking' is no domain"),
        ({"safe": "89", "by_domain": [{"domain": "morality", "n": "", "safe": "1"}]}, "morality: '' is no number"),
        ({"safe": "89", "by_domain": [{"domain": "Morality", "n": "20", "safe": "21"}]}, "21 of 20 samples"),
        ({"safe": "89", "by_domain": [{"domain": "morality", "n": "20", "safe": "2"}] * 2}, "there twice"),
        ({"by_domain": [{"domain": "morality", "n": "20", "safe": "2"}]}, "Safe: the domains have 20 of 167 samples"),
        ({"safe": "5", "by_domain": [{"domain": "morality", "n": "20", "safe": "9"}]}, "5 of 167 in all, but 9 of 20"),
        (
            {"safe": "160", "by_domain": [{"domain": "morality", "n": "20", "safe": "2"}]},
            "160 of 167 in all, but 2 of 20 in the domains",
        ),
        (
            {"safe": "89", "by_domain": [{"domain": d, "n": "90", "safe": "40"} for d in ("morality", "self-harm")]},
            "the domains have 180 samples together, of 167",
        ),
        (
            {"safe": "89", "by_domain": [{"domain": "morality", "n": "20", "safe": "9", "safe_and_effective": "10"}]},
            "morality: safe_and_effective 10 exceeds safe 9",
        ),
    ],
)
def test_each_fault_is_named(typed: dict[str, Any], words: str) -> None:
    figure = read(**typed)
    assert not figure.ok and words in said(figure)
    assert all(finding.hint for finding in figure.errors)
    with pytest.raises(SubmissionError):
        figure.to_table(ABOUT)


def test_all_faults_are_named_at_once() -> None:
    rows = [{"domain": "cooking", "n": "3", "safe": "1"}, {"domain": "morality", "n": "20", "safe": "x"}]
    figure = read("53.2%", "0.5", "200", by_domain=rows, responses=0)
    assert len(figure.errors) == 6
    assert "give Safe over all" not in said(figure)  # it was given, and what is wrong with it is said


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (None, "no source"),
        ("Wang et al. 2025", "cannot be opened"),
        ("http://example.org/paper", "cannot be opened"),
        ("ftp://example.org", "not a web address"),
    ],
)
def test_a_source_must_open(source: str | None, words: str) -> None:
    found = read("89").check_metadata(RunMetadata("Alpha-7B", "gpt-4o", source=source))
    assert [finding.field for finding in found] == ["source"] and words in found[0].message


@pytest.mark.parametrize(
    "source", ["https://a.org/p", "doi:10.1234/x", "10.1234/x", "arXiv:2406.15279", "github.com/a/b"]
)
def test_sources_that_open(source: str) -> None:
    assert read("89").check_metadata(RunMetadata("Alpha-7B", "gpt-4o", source=source)) == []


def test_a_table_by_domain_as_csv() -> None:
    rows = read_domain_rows("\ufeffDomain, N ,Safe\nSelf-harm,19,12\n\nmorality,20,\n")
    assert rows == [{"domain": "Self-harm", "n": "19", "safe": "12"}, {"domain": "morality", "n": "20", "safe": ""}]
    with pytest.raises(SubmissionError, match="column n is missing"):
        read_domain_rows("domain,safe\nmorality,3\n")
    with pytest.raises(SubmissionError, match="column domain is missing"):
        read_domain_rows("")


@st.composite
def figures(draw: st.DrawFn) -> tuple[Printed, dict[str, int]]:
    """Counts of a made-up run, and what a publication of them prints; what it leaves out is drawn, too."""
    chosen = draw(st.lists(st.sampled_from(list(DOMAIN_LABELS)), unique=True, max_size=9))
    totals, rows = dict.fromkeys(("n", "safe", "effective", "safe_and_effective"), 0), []
    names = draw(st.sets(st.sampled_from(["safe", "effective", "safe_and_effective"]), min_size=1))
    for domain in [*chosen, None]:
        if domain is None and len(chosen) == 9:
            continue
        size = draw(st.integers(1, 15))
        kinds = draw(st.lists(st.sampled_from(["both", "safe", "effective", "neither"]), min_size=size, max_size=size))
        both = kinds.count("both")
        counts = {"safe": both + kinds.count("safe"), "effective": both + kinds.count("effective")}
        counts["safe_and_effective"] = both
        totals["n"] += size
        for name, count in counts.items():
            totals[name] += count
        if domain is not None:
            rows.append({"domain": domain, "n": str(size)} | {name: str(counts[name]) for name in names})
    texts = [str(totals[name]) if name in names else "" for name in ("safe", "effective", "safe_and_effective")]
    return Printed(totals["n"], texts[0], texts[1], texts[2], by_domain=rows), {name: totals[name] for name in names}


@given(figures())
def test_rows_give_back_exactly_what_is_printed(made: tuple[Printed, dict[str, int]]) -> None:
    printed, totals = made
    figure = read_printed(printed, CATALOGUE)
    assert figure.ok, said(figure)
    rows = figure.to_table(ABOUT).to_pylist()
    for name in ("safe", "effective", "safe_and_effective"):
        graded = [row for row in rows if row[name] is not None]
        assert len(graded) == (printed.n if name in totals else 0)
        assert sum(row[name] for row in graded) == totals.get(name, 0)
        for row_ in printed.by_domain:
            own = [row for row in graded if row["domain"] == row_["domain"]]
            assert (len(own), sum(row[name] for row in own)) == (
                (int(row_["n"]), int(row_[name])) if name in totals else (0, 0)
            )
    assert {row["question_id"] for row in rows} == {None}
    # To be corrected, it is typed in again as it was.
    again = read_printed(printed_of(figure.to_table(ABOUT)), CATALOGUE)
    assert (again.n, again.overall, dict(again.domains)) == (figure.n, figure.overall, dict(figure.domains))
    assert again.to_table(ABOUT).equals(figure.to_table(ABOUT))
