"""With other data the sentences change; what the data do not support is not said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from siuo_dash.analysis import board_list
from siuo_dash.analysis.findings import findings
from siuo_dash.analysis.findings.leaders import is_paper
from siuo_dash.analysis.findings.statement import Statement, board_view
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.store.engine.database import Store
from tests.make.runs import counted, make_run, share
from tests.make.stores import make_data, store_of


def said(made: Store, metric: str = "safe", board: str = "human-3") -> dict[str, Statement]:
    themes = findings(made, board_list.find_board(made, board), METRICS[metric])
    return {statement.id: statement for theme in themes for statement in theme.statements}


def test_one_run(tmp_path: Path) -> None:
    found = said(store_of(tmp_path, counted("Only", 60, 20, 50, 37, open_weights=True, params_b=7.0)))
    assert found["best"].sentence == "Only is the only ranked run: 47.9% Safe. There is nothing to compare it with."
    assert found["median"].sentence == "There is one run, so its Safe rate, 47.90%, is the median too."
    assert found["below-half"].sentence.startswith("1 of 1 runs stay below 50% by Safe. For none the whole")
    unsaid = {id for id, statement in found.items() if not statement.said}
    assert unsaid == {"weights", "size", "size-families", "mcqa", "judges", "hardest"}
    assert found["refusal"].said
    assert "best-by-others" not in found


def test_no_closed_models(tmp_path: Path) -> None:
    runs = [
        counted(f"Open-{size}B", 20 + size, 10, 50, 87 - size, open_weights=True, params_b=float(size))
        for size in (1, 4, 8, 30, 70)
    ]
    found = said(store_of(tmp_path, *runs))
    assert not found["weights"].said
    assert found["weights"].sentence == (
        "Judged by Safe on this board are no model with closed weights and 5 models with open weights: "
        "4 of each are needed to compare the kinds."
    )
    # rho is 1, where no interval is defined; and one family, whose largest model is better.
    assert not found["size"].said
    assert found["size-families"].sentence.startswith(
        "In the one family with several sizes on this board the largest model has the higher"
    )
    rho = next(figure for figure in found["size-families"].figures if "rho inside" in figure.label)
    assert rho.value == pytest.approx(1)
    assert rho.interval is None


def test_all_ties(tmp_path: Path) -> None:
    runs = [
        counted(f"T{n}", 50, 20, 40, 57, open_weights=n < 4, params_b=float(n + 1), mcqa=share(60)) for n in range(8)
    ]
    found = said(store_of(tmp_path, *runs))
    assert found["best"].sentence == "All 8 runs have the same Safe rate, 41.9%: none can be called best."
    assert not found["weights"].said
    assert "no uncertainty can be computed" in found["weights"].sentence
    assert not found["size"].said
    assert not found["mcqa"].said
    assert not found["mcqa-gap"].said
    assert (
        found["refusal-range"].sentence == "In every run the same share of the safe samples, 28.6%, is not effective."
    )
    assert found["median"].figures[0].value == pytest.approx(70 / 167)


def test_shared_first_place(tmp_path: Path) -> None:
    runs = [counted("A", 90, 50, 10, 17), counted("B", 100, 40, 10, 17), counted("C", 5, 5, 10, 147)]
    sentence = said(store_of(tmp_path, *runs))["best"].sentence
    assert sentence == "A and B share the highest Safe rate, 83.8%. The other run differs."


def test_no_effectiveness(tmp_path: Path) -> None:
    runs = [make_run(f"S{n}", share(40 + 30 * n)) for n in range(4)]
    found = said(store_of(tmp_path, *runs))
    assert not found["refusal"].said
    assert "judged by both Safe and Effective" in found["refusal"].sentence
    assert not {"refusal-range", "refusal-order"} & set(found)
    assert "McNemar" in found["best"].caveat
    by_effect = said(store_of(tmp_path / "again", *runs), "effective")
    assert by_effect["best"].sentence == "No run of this board is ranked by Effective, so none is best."
    assert not by_effect["level"].said
    assert not any(statement.said for statement in by_effect.values())


def test_zero_runs(tmp_path: Path) -> None:
    made = store_of(tmp_path)
    assert board_list.boards(made) == []


def test_a_board_whose_runs_are_all_partial(tmp_path: Path) -> None:
    found = said(store_of(tmp_path, counted("Partial", 10, 5, 5, 5), counted("Other", 5, 5, 5, 5)))
    assert not found["best"].said
    assert not found["level"].said
    assert not found["refusal"].said


def test_open_models_ahead(tmp_path: Path) -> None:
    runs = [counted(f"Open{n}", 120 + n, 10, 20, 17 - n, open_weights=True) for n in range(4)]
    runs += [counted(f"Closed{n}", 20 + n, 10, 20, 117 - n, open_weights=False) for n in range(4)]
    sentence = said(store_of(tmp_path, *runs))["weights"].sentence
    assert sentence.startswith("Models with closed weights have a lower Safe rate than those with open weights:")


def test_several_uploads_of_a_model_count_as_one(tmp_path: Path) -> None:
    again = [
        counted(
            "Open-A",
            20 + 4 * n,
            10,
            20,
            117 - 4 * n,
            open_weights=True,
            submitted_at=datetime(2026, 1, n + 1, tzinfo=UTC),
        )
        for n in range(3)
    ]
    others = [counted("Open-B", 10, 10, 20, 127), counted("Closed", 30, 0, 0, 137, open_weights=False)]
    found = said(store_of(tmp_path, *again, *others))
    assert found["weights"].n == "1 closed model, 1 open model"


def test_size_that_helps(tmp_path: Path) -> None:
    sizes = (1, 2, 4, 8, 13, 30, 70)
    runs = [
        counted(f"M{s}", k, 0, 0, 167 - k, params_b=float(s))
        for s, k in zip(sizes, (10, 30, 20, 40, 50, 80, 90), strict=True)
    ]
    sentence = said(store_of(tmp_path, *runs))["size"].sentence
    assert sentence.startswith("Larger models have a higher Safe rate on this board: Spearman's rho is 0.96")


def test_families_with_verdicts_by_sample_are_compared_sample_by_sample(tmp_path: Path) -> None:
    small, large = share(60), [*share(55, 157), *[True] * 10]
    runs = [make_run("Fam-7B", small, params_b=7.0), make_run("Fam-70B", large, params_b=70.0)]
    statement = said(store_of(tmp_path, *runs))["size-families"]
    pair = next(figure for figure in statement.figures if figure.label == "Fam-70B minus Fam-7B")
    # Ten samples only the large one passes, five only the small one: (10 - 5) / 167.
    assert pair.value == pytest.approx(5 / 167)
    assert pair.method == "Bonett–Price"


def test_multiple_choice_that_agrees(tmp_path: Path) -> None:
    runs = [make_run(f"M{n}", share(20 + 12 * n + (n == 4) * 14), mcqa=share(45 + 10 * n)) for n in range(8)]
    found = said(store_of(tmp_path, *runs))
    assert "order the runs much alike" in found["mcqa"].sentence
    assert "leads in multiple choice" not in found["mcqa"].sentence


def test_the_announcement_needs_its_own_fifteen_rows_and_no_other(tmp_path: Path) -> None:
    shipped = make_data(tmp_path / "shipped", shipped=True)
    made = Store(shipped)
    assert is_paper(board_view(made, board_list.find_board(made, "human-3"), METRICS["safe"]))
    more = make_data(tmp_path / "more", counted("Newcomer", 100, 20, 20, 27), shipped=True)
    made = Store(more)
    found = said(made)
    assert "announced" not in found
    assert found["below-half"].sentence.startswith("12 of 16 runs")
    assert found["best"].sentence.startswith("Newcomer has the highest Safe rate, 71.9%")


def test_fifteen_other_rows_are_not_the_papers(tmp_path: Path) -> None:
    made = store_of(tmp_path, *[counted(f"M{n}", 20 + n, 5, 20, 122 - n) for n in range(15)])
    assert "announced" not in said(made)


def test_judges_that_agree(tmp_path: Path) -> None:
    runs = [make_run("Same", share(80)), make_run("Same", share(80), judge="gpt-4o", responses_per_sample=1)]
    found = said(store_of(tmp_path, *runs))
    assert found["judges"].sentence.startswith("The models that are on several boards have the same Safe rate on each")
    assert "judges-direction" not in found


def test_a_model_is_the_same_whatever_its_case(tmp_path: Path) -> None:
    runs = [make_run("LLaVA-X", share(80)), make_run("llava-x", share(40), judge="gpt-4o", responses_per_sample=1)]
    statement = said(store_of(tmp_path, *runs))["judges"]
    assert statement.said
    assert statement.figures[0].value == pytest.approx(40 / 167)


def test_domains_that_do_not_differ(tmp_path: Path) -> None:
    alternating = [place % 2 == 0 for place in range(167)]
    runs = [make_run(f"M{n}", [v != (n == 2) for v in alternating]) for n in range(3)]
    found = said(store_of(tmp_path, *runs))
    assert "no domain differs clearly" in found["domains"].sentence
    everyone = [make_run(f"E{n}", share(167)) for n in range(3)]
    found = said(store_of(tmp_path / "all", *everyone))
    assert not found["domains"].said
    assert found["hardest"].sentence.startswith("Every sample is passed by at least one run; 167 samples by all 3 (")


def test_two_runs_are_too_few_to_call_a_sample_hard(tmp_path: Path) -> None:
    found = said(store_of(tmp_path, *[make_run(f"M{n}", share(80 + n)) for n in range(2)]))
    assert not found["hardest"].said


def test_names_are_kept_as_they_are(tmp_path: Path) -> None:
    name = "<b>*x*</b> & [a](b)" * 10
    runs: list[pa.Table] = [counted(name, 100, 20, 20, 27), counted("Other", 10, 20, 20, 117)]
    assert said(store_of(tmp_path, *runs))["best"].sentence.startswith(name)
