"""The pages on a board of a reviewed set of another size, and a run on it beside one on the benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from siuo_dash.store import sample_sets
from siuo_dash.store.engine.database import Store
from tests.make.candidates import draw
from tests.make.pages import OpenApp, opened_row, rows
from tests.make.pages import words as escaped
from tests.make.runs import IDS, judged_run, run_id_of
from tests.make.sample_sets import make_set
from tests.make.stores import make_data

BOARD = "fresh-v1--human-1"
FRESH = [1001, 1002, 1003, 1004, 1005, 1006, 3001, 3002, 3003, 3004, 3005]
OWN = judged_run("Alpha-7B", "human", {each: place % 4 > 0 for place, each in enumerate(IDS)})
NEW = [
    judged_run(model, "human", {each: place < k for place, each in enumerate(FRESH)}, sample_set="fresh-v1")
    for model, k in (("Alpha-7B", 5), ("Beta-7B", 9), ("Gamma-7B", 2), ("Delta-7B", 7))
]


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    directory = make_data(folder / "data")
    sample_sets.add(directory, make_set(folder / "fresh"))
    return make_data(directory, OWN, *NEW)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("rankings/domains.py", "Morality"),
        ("rankings/capabilities.py", "52.3% safe (mean of 4 runs)"),
        ("rankings/findings.py", "sample set fresh-v1"),
        ("inspect/reliability.py", "fresh-v1"),
        ("inspect/samples.py", "11 samples"),
    ],
)
def test_a_page_shows_the_set_s_own_board(open_app: OpenApp, sets: Path, page: str, said: str) -> None:
    app = open_app(sets, page, board=BOARD)
    assert not app.exception and said in escaped(app).replace("\\", "")


def test_samples_are_the_set_s_own(open_app: OpenApp, sets: Path) -> None:
    app = open_app(sets, "inspect/samples.py", board=BOARD, sample="1001", runs=run_id_of(OWN))
    said = escaped(app).replace("\\", "")
    assert [int(each["id"]) for each in rows(app)] != IDS[:11] and len(rows(app)) == 11
    assert "Made-up scene 1001" in said and "Rooftop" not in said, "1001 of the set is another sample"
    assert "Evaluated on other samples: Alpha-7B · human" in said
    assert "set's own question" in said and "CC BY-NC" not in said
    assert "The picture cannot be read." in said and "Show the picture" not in {each.label for each in app.toggle}


def test_a_run_on_the_benchmark_and_one_on_the_set_are_compared_by_domain(open_app: OpenApp, sets: Path) -> None:
    app = open_app(sets, "inspect/compare.py", runs=[run_id_of(OWN), run_id_of(NEW[0])])
    said = escaped(app).replace("\\", "")
    assert not app.exception and "not paired: the two runs are on different sample sets" in said
    assert "Alpha-7B · human · fresh-v1" in said
    charts = [each for each in app.get("plotly_chart") if "domains" in str(each.proto.id)]
    assert charts and "Self-harm" in str(charts[0].proto.spec)


def test_a_picture_that_was_asked_for_uncovers_none_of_another_set(
    open_app: OpenApp, data: Path, tmp_path: Path
) -> None:
    sample_sets.add(data, make_set(tmp_path / "fresh"))
    make_data(data, OWN, *NEW)
    for name, catalogue in Store(data).sets.items():
        pictures = sample_sets.home(data, name) / "benchmark" / "images"
        pictures.mkdir(parents=True, exist_ok=True)
        draw(pictures / catalogue.by_id[1001].image, 1)
    app = open_app(data, "inspect/samples.py", board=BOARD, sample="1001")
    shown = next(each for each in app.toggle if each.label == "Show the picture")
    shown.set_value(True).run()
    next(each for each in app.selectbox if each.label == "Judged by").select("human-1").run()
    assert opened_row(app) == "1001" and "Made-up scene 1001" not in escaped(app)
    assert not next(each for each in app.toggle if each.label == "Show the picture").value
