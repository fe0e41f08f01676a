"""What no model scores: by hand, and by what must hold."""

from __future__ import annotations

import numpy as np
import pytest

from mien.evaluation.chance import chance_scores
from mien.evaluation.parts import Rows, parts_of, rows_of
from mien.evaluation.splitters import Fold, Loso

LABELS = ("n", "p", "s")


def rows_for(truth: list[str], groups: list[str]) -> Rows:
    return rows_of(Loso().plan(groups).folds)


def one_pool(rows: Rows) -> dict[str, tuple[np.ndarray, ...]]:
    return {"all": (np.arange(len(rows)),)}


def test_the_majority_is_that_of_the_training_clips() -> None:
    # Without a, most are p; without b and c, n (of equals the first)
    truth, groups = ["n", "n", "p", "p", "p", "n"], ["x/a", "x/a", "x/b", "x/c", "x/c", "x/a"]
    rows = rows_for(truth, groups)
    majority = chance_scores(truth, LABELS, rows, one_pool(rows), scores=["war"], repeats=1)[0]
    # a: trained on p p p -> 0 of 3; b: n n p p n -> n, 0 of 1; c: n n p n -> n, 0 of 2
    assert majority.name == "majority"
    assert majority.scores["war"] == (0, 0, 0)


def test_stratified_guesses_agree_with_what_is_expected() -> None:
    # 3/4 n, 1/4 p on both sides: a guess is right with 9/16 + 1/16
    rng = np.random.default_rng(0)
    truth = ["n", "n", "n", "p"] * 100
    groups = [f"x/{'a' if i < 200 else 'b'}" for i in range(400)]
    rows = rows_for(truth, groups)
    found = chance_scores(
        truth, LABELS, rows, one_pool(rows), scores=["war", "uar"], seed=int(rng.integers(9))
    )
    random = next(one for one in found if one.name == "stratified-random")
    mean, low, high = random.scores["war"]
    assert mean == pytest.approx(10 / 16, abs=0.01)
    assert low < mean < high
    assert random.scores["uar"][0] == pytest.approx(0.5, abs=0.01)
    assert random.n == 400


def test_the_oracle_gains_most_where_people_have_few_clips() -> None:
    truth = ["n", "p", "s"] * 20
    gain = []
    for each in (1, 3, 20):
        groups = [f"x/{i // each:02d}" for i in range(60)]
        rows = rows_for(truth, groups)
        found = {
            c.name: c for c in chance_scores(truth, LABELS, rows, one_pool(rows), oracle=True, repeats=40)
        }
        assert list(found) == ["majority", "stratified-random", "random-oracle"]
        gain.append(found["random-oracle"].scores["war"][0] - found["stratified-random"].scores["war"][0])
    assert gain[0] > gain[1] > gain[2] > 0.05
    assert gain[0] == pytest.approx(2 / 3, abs=0.03)  # with one clip a person, some epoch is always right


def test_more_epochs_more_luck_and_one_epoch_none() -> None:
    truth, groups = ["n", "p", "s"] * 10, [f"x/{i // 3}" for i in range(30)]
    rows = rows_for(truth, groups)

    def oracle(epochs: int) -> float:
        found = chance_scores(
            truth, LABELS, rows, one_pool(rows), scores=["uf1"], oracle=True, epochs=epochs, repeats=100
        )
        return found[-1].scores["uf1"][0]

    plain = chance_scores(truth, LABELS, rows, one_pool(rows), scores=["uf1"])[1].scores["uf1"][0]
    assert oracle(1) == pytest.approx(plain, abs=0.03)
    assert oracle(1) + 0.1 < oracle(5) < oracle(40)


def test_the_same_seed_the_same_numbers() -> None:
    truth, groups = ["n", "p", "s"] * 4, [f"x/{i // 3}" for i in range(12)]
    rows = rows_for(truth, groups)
    a, b, c = (
        chance_scores(truth, LABELS, rows, one_pool(rows), oracle=True, repeats=20, seed=seed)
        for seed in (0, 0, 1)
    )
    assert a == b
    assert a != c


def test_where_nothing_is_trained_the_tested_clips_say_what_is_common() -> None:
    rows = rows_of([Fold("test", np.arange(0), np.arange(4))])
    found = chance_scores(["s", "s", "s", "n"], LABELS, rows, one_pool(rows), scores=["war"], repeats=3)
    assert found[0].scores["war"][0] == 0.75


def test_parts() -> None:
    folds, datasets = ["a", "a", "b", "b"], ["x", "y", "x", "y"]
    pooled = parts_of(folds, datasets, by_fold=False, by_dataset=True)
    assert {k: [p.tolist() for p in v] for k, v in pooled.items()} == {
        "all": [[0, 1, 2, 3]],
        "x": [[0, 2]],
        "y": [[1, 3]],
    }
    assert list(parts_of(folds, ["x"] * 4, by_fold=False, by_dataset=True)) == ["all"]
    each = parts_of(folds, datasets, by_fold=True, by_dataset=True)
    assert {k: [p.tolist() for p in v] for k, v in each.items()} == {
        "all": [[0, 1], [2, 3]],
        "a": [[0, 1]],
        "b": [[2, 3]],
    }
    # a fold that tests a data set of its own goes by the data set's name
    assert list(parts_of(["b -> x", "x -> y"], ["x", "y"], by_fold=True, by_dataset=True)) == [
        "all",
        "x",
        "y",
    ]
    assert list(parts_of(["a -> x", "b -> x"], ["x", "x"], by_fold=True, by_dataset=True)) == [
        "all",
        "a -> x",
        "b -> x",
    ]
    # one fold: parts are the data sets'
    assert list(parts_of(["test"] * 2, ["x", "y"], by_fold=True, by_dataset=True)) == ["all", "x", "y"]
