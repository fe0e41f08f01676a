"""Recognition scores: worked by hand, by their properties, and against scikit-learn."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score

from mien.errors import InputError
from mien.evaluation import Confusion, confusion, confusion_by_part, pool_folds, scores

LABELS = ("negative", "positive", "surprise")
pairs = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=40)


def of(counts: list[list[int]]) -> Confusion:
    return Confusion(LABELS[: len(counts)], np.array(counts, np.int64))


def test_the_examples_in_the_docstrings() -> None:
    done = doctest.testmod(scores)
    assert (done.failed, done.attempted > 3) == (0, True)


def test_by_hand() -> None:
    # rows: truth. TP 6, 2, 3; truth 8, 4, 4; predicted 8, 4, 4.
    c = of([[6, 1, 1], [2, 2, 0], [0, 1, 3]])
    # F1: 12/16, 4/8, 6/8; recall: 6/8, 2/4, 3/4
    assert c.score("uf1") == pytest.approx((0.75 + 0.5 + 0.75) / 3)
    assert c.score("uar") == pytest.approx((0.75 + 0.5 + 0.75) / 3)
    assert c.score("war") == 11 / 16
    assert c.score("weighted_f1") == pytest.approx((8 * 0.75 + 4 * 0.5 + 4 * 0.75) / 16)
    assert c.score("macro_f1") == c.score("uf1")
    table = c.table()
    assert table["n"].tolist() == [8, 4, 4]
    assert table["precision"].tolist() == [0.75, 0.5, 0.75]
    assert table["f1"].tolist() == [0.75, 0.5, 0.75]


def test_the_majority_of_megc2019() -> None:
    # 250/109/83, all taken for negative: UAR 1/3, accuracy 250/442, UF1 (2·250/(500 + 192))/3 = 0.2408
    scores = of([[250, 0, 0], [109, 0, 0], [83, 0, 0]]).scores()
    assert round(scores.uar, 3) == 0.333
    assert round(scores.uf1, 3) == 0.241
    assert round(scores.war, 3) == 0.566
    assert scores.absent == ()
    assert scores.note == ""


def test_a_class_without_truth_is_reported_and_not_averaged() -> None:
    # Nothing is positive; two clips are taken for it. negative: TP 3 of 4, predicted 3: F1 6/7, recall 3/4.
    # surprise: TP 2 of 3, predicted 2: F1 4/5, recall 2/3.
    c = of([[3, 1, 0], [0, 0, 0], [0, 1, 2]])
    scores = c.scores()
    assert scores.absent == c.absent == ("positive",)
    assert scores.uf1 == pytest.approx((6 / 7 + 4 / 5) / 2)
    assert scores.uar == pytest.approx((3 / 4 + 2 / 3) / 2)
    assert scores.macro_f1 == pytest.approx((6 / 7 + 0 + 4 / 5) / 3)  # scikit-learn's counts it
    assert "no clip is positive" in scores.note
    row = c.table().loc["positive"]
    assert (row["n"], row["predicted"], row["f1"]) == (0, 2, 0.0)
    assert math.isnan(row["recall"])


def test_the_denominator_is_the_data_not_the_model() -> None:
    # Two models, equally often right, one of which names a class that is not there: no difference in UF1's
    # classes, and no reward for it either.
    honest = of([[3, 0, 1], [0, 0, 0], [1, 0, 3]])
    strange = of([[3, 1, 0], [0, 0, 0], [0, 1, 3]])
    assert honest.score("uar") == strange.score("uar") == 0.75
    assert strange.score("uf1") == pytest.approx(6 / 7)  # F1 6/(3+4): misses only, no false alarms
    assert honest.score("uf1") == 0.75
    assert strange.score("macro_f1") == pytest.approx(4 / 7)


def test_without_clips_nothing_is_measured() -> None:
    scores = confusion([], [], LABELS).scores()
    assert all(
        math.isnan(x) for x in (scores.uf1, scores.uar, scores.war, scores.macro_f1, scores.weighted_f1)
    )
    assert scores.absent == LABELS


@settings(deadline=None)
@given(pairs)
def test_as_scikit_learn(rows: list[tuple[str, str]]) -> None:
    truth, predicted = map(list, zip(*rows, strict=True))
    c = confusion(truth, predicted, LABELS)
    assert np.array_equal(c.counts, confusion_matrix(truth, predicted, labels=LABELS))
    s = c.scores()
    there = sorted(set(truth))
    assert s.uf1 == pytest.approx(f1_score(truth, predicted, labels=there, average="macro"))
    assert s.macro_f1 == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert s.weighted_f1 == pytest.approx(f1_score(truth, predicted, average="weighted", zero_division=0))
    assert s.war == pytest.approx(np.mean(np.array(truth) == predicted))
    if set(predicted) <= set(truth) and len(there) > 1:  # it warns otherwise
        assert s.uar == pytest.approx(balanced_accuracy_score(truth, predicted))


@settings(deadline=None)
@given(pairs, st.randoms())
def test_neither_order_nor_folds_matter(rows: list[tuple[str, str]], random: object) -> None:
    truth, predicted = map(list, zip(*rows, strict=True))
    c = confusion(truth, predicted, LABELS)
    cut = len(rows) // 2
    assert c == confusion(truth[:cut], predicted[:cut], LABELS) + confusion(
        truth[cut:], predicted[cut:], LABELS
    )
    assert c == confusion(truth[::-1], predicted[::-1], LABELS)
    # Renaming the classes renames the rows and nothing else
    turned = confusion(truth, predicted, LABELS[::-1])
    assert turned.scores().uf1 == pytest.approx(c.scores().uf1)
    assert all(0 <= x <= 1 for x in (c.score("uf1"), c.score("uar"), c.score("war")))
    assert (c.score("uf1") == 1) == (truth == predicted)


@settings(deadline=None)
@given(pairs, st.data())
def test_parts_add_up(rows: list[tuple[str, str]], data: st.DataObject) -> None:
    truth, predicted = map(list, zip(*rows, strict=True))
    sets = data.draw(
        st.lists(st.sampled_from(["smic", "samm"]), min_size=len(rows), max_size=len(rows)), label="data sets"
    )
    parts = confusion_by_part(truth, predicted, sets, LABELS)
    assert list(parts) == ["all", *dict.fromkeys(sets)]
    total = np.sum([parts[name].counts for name in dict.fromkeys(sets)], axis=0)
    assert np.array_equal(parts["all"].counts, total)


def test_parts_by_hand() -> None:
    parts = confusion_by_part(
        ["negative", "positive", "negative"],
        ["negative", "negative", "negative"],
        ["smic", "smic", "samm"],
        LABELS,
    )
    assert parts["all"].score("war") == pytest.approx(2 / 3)
    assert parts["smic"].score("uar") == 0.5
    assert parts["samm"].score("uar") == 1.0  # of negative alone, which is said:
    assert parts["samm"].absent == ("positive", "surprise")


def test_folds_are_pooled_into_place() -> None:
    pooled = pool_folds(4, [([2, 0], ["c", "a"]), ([3], ["d"])])
    assert pooled.predicted == ("a", None, "c", "d")
    assert pooled.fold == (0, None, 0, 1)
    assert pooled.tested == (0, 2, 3)


@pytest.mark.parametrize(
    ("folds", "says"),
    [
        ([([0], ["a"]), ([0], ["b"])], "clip 0 is tested by folds 0 and 1"),
        ([([0, 1], ["a"])], "1 predictions for 2 test clips"),
        ([([7], ["a"])], "fold 0 tests clip 7, but there are 4"),
    ],
)
def test_folds_that_cannot_be_pooled(folds: list[tuple[list[int], list[str]]], says: str) -> None:
    with pytest.raises(InputError, match=says):
        pool_folds(4, folds)


def test_what_is_refused() -> None:
    with pytest.raises(
        InputError, match="the predicted class of clip 1 is 'fear', which is none of negative"
    ):
        confusion(["negative", "positive"], ["negative", "fear"], LABELS)
    with pytest.raises(InputError, match="1 predictions for 2 clips"):
        confusion(["negative", "positive"], ["negative"], LABELS)
    with pytest.raises(InputError, match="different vocabularies"):
        of([[1, 0], [0, 1]]) + of([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    with pytest.raises(InputError, match="classes that differ"):
        confusion([], [], ("a", "a"))
    with pytest.raises(InputError, match="may be called 'all'"):
        confusion_by_part(["negative"], ["negative"], ["all"], LABELS)
    with pytest.raises(InputError, match="there is no score 'f2'"):
        of([[1, 0], [0, 1]]).score("f2")  # type: ignore[arg-type]
