"""Splitters: folds worked by hand, scikit-learn's language, what no split may do, what is noted."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut, cross_val_predict

from mien.errors import InputError
from mien.evaluation import (
    Composite,
    LeaveOneDatasetOut,
    Loso,
    PartSplit,
    ProtocolWarning,
    Splitter,
    SubjectHoldout,
    SubjectKFold,
    check_split,
    check_subjects,
    check_unseen,
    inner_validation,
)

GROUPS = ["a/2", "a/10", "a/2", "b/1", "b/2", "c/1"]


def folds(splitter: Splitter, groups: list[str]) -> dict[str, tuple[list[int], list[int]]]:
    return {f.name: (f.train.tolist(), f.test.tolist()) for f in splitter.plan(groups).folds}


people = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 6)).map(lambda x: f"{x[0]}/{x[1]}"),
    min_size=2,
    max_size=30,
)


def test_loso_by_hand() -> None:
    plan = folds(Loso(), GROUPS)
    assert list(plan) == ["a/2", "a/10", "b/1", "b/2", "c/1"]  # 2 before 10
    assert plan["a/2"] == ([1, 3, 4, 5], [0, 2])
    assert plan["c/1"] == ([0, 1, 2, 3, 4], [5])


@settings(deadline=None)
@given(people)
def test_loso_is_scikit_learns_leave_one_group_out(groups: list[str]) -> None:
    if len(set(groups)) < 2:
        return
    ours = {tuple(test.tolist()): tuple(train.tolist()) for train, test in Loso().split(groups, None, groups)}
    theirs = LeaveOneGroupOut().split(groups, None, groups)
    assert ours == {tuple(test.tolist()): tuple(train.tolist()) for train, test in theirs}


def test_loso_skips_people_without_clips() -> None:
    plan = Loso(("a/1", "a/2", "a/3")).plan(["a/1", "a/3", "a/3"])
    assert [f.name for f in plan.folds] == ["a/1", "a/3"]
    assert plan.notes == ("a/2 has no clip to test; the fold is skipped",)
    with pytest.warns(ProtocolWarning, match="a/2 has no clip"):
        list(Loso(("a/1", "a/2", "a/3")).split([0, 0, 0], None, ["a/1", "a/3", "a/3"]))
    with pytest.raises(InputError, match="a/3 has clips but is none of the people"):
        Loso(("a/1", "a/2")).plan(["a/1", "a/3"])


def test_composite() -> None:
    plan = Composite(datasets=("a", "b", "d")).plan(GROUPS[:5])
    assert [f.name for f in plan.folds] == ["a/2", "a/10", "b/1", "b/2"]
    assert plan.notes == ("the composite of a, b, d lacks d",)
    with pytest.raises(InputError, match="c is not part of the composite of a, b"):
        Composite(datasets=("a", "b")).plan(GROUPS)
    with pytest.raises(InputError, match="subject '01' does not say its data set"):
        Composite().plan(["01", "02"])


def test_leave_one_data_set_out_by_hand() -> None:
    assert folds(LeaveOneDatasetOut(), GROUPS) == {
        "a": ([3, 4, 5], [0, 1, 2]),
        "b": ([0, 1, 2, 5], [3, 4]),
        "c": ([0, 1, 2, 3, 4], [5]),
    }
    pairs = folds(LeaveOneDatasetOut(pairs=True), GROUPS)
    assert list(pairs) == ["b -> a", "c -> a", "a -> b", "c -> b", "a -> c", "b -> c"]
    assert pairs["c -> b"] == ([5], [3, 4])
    with pytest.raises(InputError, match="there is only a"):
        LeaveOneDatasetOut().plan(GROUPS[:3])


def test_kfold_by_hand() -> None:
    # Clips: p 5, q 3, r 2, s 2. p is dealt to the first fold, q to the second (3); so is r or s (5), and the
    # other of them goes where fewer people are: to the first (7)
    groups = ["x/p"] * 5 + ["x/q"] * 3 + ["x/r"] * 2 + ["x/s"] * 2
    plan = SubjectKFold(2, seed=0).plan(groups)
    assert [f.name for f in plan.folds] == ["1 of 2", "2 of 2"]
    assert [len(f.test) for f in plan.folds] == [7, 5]
    assert {groups[i] for i in plan.folds[0].test} >= {"x/p"}
    assert {groups[i] for i in plan.folds[1].test} >= {"x/q"}


@settings(deadline=None)
@given(people, st.integers(2, 4), st.integers(0, 50))
def test_kfold_tests_everybody_once(groups: list[str], k: int, seed: int) -> None:
    splitter = SubjectKFold(k, seed)
    if len(set(groups)) < k:
        with pytest.raises(InputError, match="cannot be dealt"):
            splitter.plan(groups)
        return
    plan = splitter.plan(groups)
    assert len(plan.folds) == splitter.get_n_splits(groups, None, groups) == k
    assert sorted(i for f in plan.folds for i in f.test.tolist()) == list(range(len(groups)))
    for fold in plan.folds:
        assert not {groups[i] for i in fold.train} & {groups[i] for i in fold.test}


def test_the_seed_deals_and_the_clips_order_does_not() -> None:
    groups = [f"x/{i}" for i in range(20)]
    deal = {seed: folds(SubjectKFold(4, seed), groups)["1 of 4"][1] for seed in range(5)}
    assert len({tuple(test) for test in deal.values()}) > 1
    back = folds(SubjectKFold(4, 3), groups[::-1])["1 of 4"][1]
    assert {groups[::-1][i] for i in back} == {groups[i] for i in deal[3]}


def test_holdout_takes_its_share_of_each_data_set() -> None:
    groups = [f"{d}/{i}" for d, n in (("a", 10), ("b", 20), ("c", 2)) for i in range(n) for _ in range(3)]
    (fold,) = SubjectHoldout(0.2, seed=1).plan(groups).folds
    tested = {groups[i] for i in fold.test}
    assert Counter(t[0] for t in tested) == {"a": 2, "b": 4, "c": 1}
    assert tested != {groups[i] for i in SubjectHoldout(0.2, seed=2).plan(groups).folds[0].test}
    assert len(fold.train) + len(fold.test) == len(groups)


def test_holdout_of_ck_plus() -> None:
    groups = [f"ck-plus/S{i:03d}" for i in range(118)]
    (fold,) = SubjectHoldout().plan(groups).folds
    assert (len(fold.train), len(fold.test)) == (94, 24)


def test_holdout_with_lonely_people() -> None:
    plan = SubjectHoldout().plan(["a/1", "a/2", "b/1"])
    assert plan.notes == ("b has one person only, who is trained on and not tested",)
    with pytest.raises(InputError, match="one person cannot be on both sides"):
        SubjectHoldout().plan(["a/1", "a/1", "b/1"])


def test_parts() -> None:
    parts = ("training", "testA", "training", "testB", "testA")
    groups = ["d/1", "d/2", "d/3", "d/4", "d/5"]
    assert folds(PartSplit(parts), groups) == {"testA": ([0, 2], [1, 4]), "testB": ([0, 2], [3])}
    assert list(folds(PartSplit(parts, test=("testB",)), groups)) == ["testB"]
    assert list(folds(PartSplit(parts, ("training", "testA")), groups)) == ["testB"]
    with pytest.raises(InputError, match="no clip belongs to the part train, which"):
        PartSplit(parts, ("train",)).plan(groups)
    with pytest.raises(InputError, match="cannot be both"):
        PartSplit(parts, test=("training",)).plan(groups)
    with pytest.raises(InputError, match="none is left to test"):
        PartSplit(("training",) * 5).plan(groups)
    with pytest.raises(InputError, match="fold testA: d/1 would be trained and tested on"):
        PartSplit(parts).plan(["d/1", "d/1", "d/3", "d/4", "d/5"])
    note = "testC has no clip to test; the fold is skipped"
    assert PartSplit(parts, test=("testA", "testC")).plan(groups).notes == (note,)


def test_a_class_that_nobody_can_learn_is_noted() -> None:
    groups, y = ["a/1", "a/1", "a/2", "a/3"], ["happy", "rare", "happy", "happy"]
    assert Loso().plan(groups, y).notes == (
        "no training clip is rare in fold a/1: such clips cannot be recognised there",
    )
    with pytest.warns(ProtocolWarning, match="no training clip is rare"):
        list(Loso().split(y, y, groups))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(Loso().split(y, ["happy"] * 4, groups))) == 3


def test_they_go_where_scikit_learn_asks_for_cv() -> None:
    groups = np.array([f"a/{i % 4}" for i in range(40)])
    X, y = np.zeros((40, 2)), np.array(["n", "p"])[(np.arange(40) // 4) % 2]
    for splitter in (Loso(), SubjectKFold(2)):
        predicted = cross_val_predict(DummyClassifier(), X, y, cv=splitter, groups=groups)
        assert len(predicted) == 40
    search = GridSearchCV(DummyClassifier(), {"strategy": ["prior", "stratified"]}, cv=SubjectHoldout())
    assert search.fit(X, y, groups=groups).n_splits_ == 1


@pytest.mark.parametrize(
    "splitter",
    [Loso(), Composite(datasets=("a", "b", "c")), SubjectKFold(2), SubjectHoldout(), LeaveOneDatasetOut()],
)
@settings(deadline=None)
@given(groups=people)
def test_nobody_is_ever_on_both_sides(splitter: Splitter, groups: list[str]) -> None:
    try:
        plan = splitter.plan(groups)
    except InputError:
        alone = len({g[0] for g in groups}) == 1
        assert len(set(groups)) < 4 or (alone and isinstance(splitter, LeaveOneDatasetOut))
        return
    for fold in plan.folds:
        assert len(fold.train)
        assert len(fold.test)
        assert not {groups[i] for i in fold.train} & {groups[i] for i in fold.test}
        assert (np.diff(fold.train) > 0).all()
        inside = {groups[i] for i in fold.train}
        if len(inside) > 1 and max(Counter(g[0] for g in inside).values()) > 1:
            inner = fold.inner(groups)
            shown = {groups[i] for i in inner.validation}
            assert shown
            assert shown <= inside
            assert not shown & {groups[i] for i in inner.fit}
            assert sorted([*inner.fit, *inner.validation]) == fold.train.tolist()


def test_without_groups_or_clips() -> None:
    with pytest.raises(InputError, match="Loso splits by people: give groups"):
        next(Loso().split([1, 2]))
    with pytest.raises(InputError, match="1 subjects' names for 2 clips"):
        next(Loso().split([1, 2], None, ["a/1"]))
    with pytest.raises(InputError, match="no clip to split"):
        Loso().plan([])
    with pytest.raises(InputError, match="two people at least"):
        Loso().plan(["a/1", "a/1"])
    with pytest.raises(InputError, match="1 classes for 2 clips"):
        Loso().plan(["a/1", "a/2"], ["x"])
    for share in (0.0, 1.0, float("nan")):
        with pytest.raises(InputError, match="share"):
            SubjectHoldout(share)
    with pytest.raises(InputError, match="k of 2 at least"):
        SubjectKFold(1)


# --- inner validation ---------------------------------------------------------------------------------------


def test_inner_validation_by_hand() -> None:
    groups = ["a/1", "a/1", "a/2", "a/3", "a/4", "a/5"]
    inner = inner_validation(groups, 0.4, seed=0)
    assert len({groups[i] for i in inner.validation}) == 2  # 0.4 of five
    assert sorted([*inner.fit, *inner.validation]) == [0, 1, 2, 3, 4, 5]
    again = inner_validation(groups, 0.4, seed=0)
    assert again.validation.tolist() == inner.validation.tolist()
    drawn = {tuple(inner_validation(groups, 0.4, seed).validation.tolist()) for seed in range(20)}
    assert len(drawn) > 3


def test_inner_validation_notes_what_is_missing() -> None:
    inner = inner_validation(["a/1", "a/2", "a/3"], 0.3, 0, ["x", "x", "y"])
    alone = "to fit" if "a/3" in {["a/1", "a/2", "a/3"][i] for i in inner.validation} else "to validate on"
    assert f"of the training part, no clip {alone} is y" in inner.notes
    with pytest.raises(InputError, match="one person cannot be on both sides"):
        inner_validation(["a/1", "a/1"])


# --- guards -------------------------------------------------------------------------------------------------


def test_a_person_on_both_sides() -> None:
    groups = ["a/1", "a/1", "a/2", "b/1"]
    check_split([0, 1], [2, 3], groups)
    with pytest.raises(
        InputError, match="fold x: a/1 would be trained and tested on; a model then recognises"
    ):
        check_split([0, 3], [1, 2], groups, "x")
    with pytest.raises(InputError, match="the fold has no training clip"):
        check_split([], [1], groups)
    with pytest.raises(InputError, match="the fold has no test clip"):
        check_split([1], [], groups)
    with pytest.raises(InputError, match="positions must lie from 0 to 3"):
        check_split([1], [4], groups)
    with pytest.raises(InputError, match="not a mask"):
        check_split([True, False, False, False], [2], groups)


def test_nothing_tested_may_have_a_say() -> None:
    groups = ["a/1", "a/1", "a/2", "b/1"]
    check_unseen("the scaler was fitted", [2, 3], [0], groups)
    with pytest.raises(InputError, match="the scaler was fitted on 2 clips of a/1, who is tested"):
        check_unseen("the scaler was fitted", [0, 1, 2, 3], [0], groups)
    # Another clip of the same person is no better
    with pytest.raises(InputError, match="the epoch was chosen on 1 clip of a/1, who is tested"):
        check_unseen("the epoch was chosen", [1], [0], groups)


def test_names_that_two_people_share() -> None:
    check_subjects(["smic/s01", "casme2/s01"], ["smic", "casme2"])
    with pytest.raises(InputError, match="'1' does not say its data set"):
        check_subjects(["1", "1"], ["cas-me-3", "dfme"])
    with pytest.raises(InputError, match="named as if of another"):
        check_subjects(["dfme/1", "dfme/1"], ["cas-me-3", "dfme"])
    for bad in ("/1", "dfme/", "dfme"):
        with pytest.raises(InputError, match="does not say"):
            check_subjects([bad], ["dfme"])
