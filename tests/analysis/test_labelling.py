"""The readers' agreement, and our subcategories beside the benchmark's own counts."""

from __future__ import annotations

import shutil
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from siuo_dash.analysis.labelling import least_differing, reader_agreement, subcategory_counts
from siuo_dash.benchmark.labels import MUST_DIFFER
from siuo_dash.errors import SourceError
from siuo_dash.report import labels, method
from siuo_dash.sources.published import Labelling, read_labelling


@pytest.fixture(scope="module")
def labelling(root: Path) -> Labelling:
    return read_labelling(root / "data/sources")


@pytest.fixture(scope="module")
def samples(root: Path) -> pd.DataFrame:
    return pd.read_csv(root / "data/samples.csv")


def test_the_first_two_readers_are_as_the_design_says(labelling: Labelling) -> None:
    found = reader_agreement(labelling.annotators)
    kappas = dict(zip(zip(found["label"], found["readers"], strict=True), found["kappa"].round(2), strict=True))
    assert kappas["Subcategory", "A and B"] == 0.95 and kappas["Primary dimension", "A and B"] == 0.87
    assert (kappas["Needs knowledge", "A and B"], kappas["Needs reasoning", "A and B"]) == (0.89, 0.79)
    assert [key[1] for key in kappas if key[0] == "Subcategory"] == ["A and B", "A and C", "B and C", "all three"]
    assert found["low"].isna().tolist() == [key[1] == "all three" for key in kappas]


def test_fleiss_kappa_is_that_of_the_formula(labelling: Labelling) -> None:
    read = labelling.annotators[["subcategory_a", "subcategory_b", "subcategory_c"]]
    counts = np.array([[(row == kind).sum() for kind in np.unique(read)] for row in read.to_numpy()])
    agree = ((counts**2).sum(axis=1) - 3) / 6
    chance = ((counts.sum(axis=0) / counts.sum()) ** 2).sum()
    whole = reader_agreement(labelling.annotators).set_index("readers").loc["all three"]
    assert whole["kappa"] == pytest.approx((agree.mean() - chance) / (1 - chance))
    assert whole["agreed"] == (agree == 1).sum() and whole["n"] == 167


def test_what_the_page_says_of_the_counts(labelling: Labelling, samples: pd.DataFrame) -> None:
    counts = subcategory_counts(samples, labelling.published)
    assert len(counts) == 33 and counts["ours"].sum() == counts["published"].sum() == 167
    assert least_differing(counts) == MUST_DIFFER == 16
    words = method.counts_words(counts, least_differing(counts))
    assert "off by 40 in all; at least 8 of that cannot be helped" in words
    assert "At least 16 of our 167 labels must still differ" in words and "at least 16 of ours" in labels.OWN
    shown = method.counts_table(counts)
    assert shown["Difference"].abs().sum() == 40 and shown["Domain"].notna().all()
    uncertain = method.uncertain_table(labelling.labels)
    assert uncertain["Tier"].value_counts().to_dict() == {"leaning": 13, "toss-up": 12, "change": 9}
    assert "133 are the same in all readings" in method.uncertain_words(labelling.labels)


def test_labels_catalogue_and_readers_are_of_one_piece(labelling: Labelling, samples: pd.DataFrame) -> None:
    settled = labelling.labels
    for column in ("question_id", "domain", "subcategory", "primary_dimension", "needs_knowledge", "needs_reasoning"):
        assert settled[column].tolist() == samples[column].tolist(), column
    assert settled["subcategory_third"].tolist() == labelling.annotators["subcategory_c"].tolist()
    assert settled["revised"].sum() == 9 and settled.loc[settled["revised"] == 1, "tier"].eq("change").all()


@pytest.mark.parametrize(
    ("ours", "theirs", "least"),
    [
        ("aab", "aab", 0),
        ("aab", "abb", 1),  # one a is a b there
        ("aaa", "bbb", 3),
        ("aab", "aabb", 0),  # one sample more there
        ("aac", "abbb", 2),
        ("abc", "ccc", 2),
    ],
)
def test_the_least_is_the_best_that_any_labelling_can_do(ours: str, theirs: str, least: int) -> None:
    """Against trying every way of giving out their labels to the samples that both versions have."""
    counts = pd.DataFrame({"domain": "x", "subcategory": list("abc")})
    counts = counts.assign(ours=[ours.count(each) for each in "abc"], published=[theirs.count(each) for each in "abc"])
    shared = min(len(ours), len(theirs))
    tried = min(
        sum(one != other for one, other in zip(first[:shared], second[:shared], strict=True))
        for first in permutations(ours)
        for second in permutations(theirs)
    )
    assert least_differing(counts) == tried == least


def test_a_source_that_is_missing_or_older_is_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"annotators\.csv.*cannot be read.*copy data/sources"):
        read_labelling(tmp_path)
    shutil.copytree(root / "data/sources", tmp_path / "sources")
    path = tmp_path / "sources/annotators.csv"
    pd.read_csv(path).drop(columns="subcategory_c").to_csv(path, index=False)
    with pytest.raises(SourceError, match="column subcategory_c is missing"):
        read_labelling(tmp_path / "sources")
