"""Runs side by side."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.errors import InputError
from mien.evaluation import benchmark, comparison, make_protocol, read_run, select_prepared
from tests.evaluation.made import LARGEST, Largest, Named, feature_set, people

LOSO = make_protocol("loso", select=select_prepared)


class First(Largest):
    """Always the first class."""

    def predict_proba(self, X: Any) -> Any:
        return np.eye(len(self.classes_))[np.zeros(len(X), int)]


FIRST = Named("first", First)


def test_a_better_model_is_better(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(12, 2))
    benchmark([FIRST], [data], LOSO, tmp_path / "a")
    benchmark([LARGEST], [data], LOSO, tmp_path / "b")
    table = comparison([read_run(tmp_path / "a"), read_run(tmp_path / "b")]).set_index("score")
    war = table.loc["war"]
    assert (war["first"], war["second"], war["n"], war["subjects"]) == ("first", "largest", 72, 12)
    assert war["first_value"] == pytest.approx(1 / 3, abs=1e-6)
    assert war["difference"] == pytest.approx(war["second_value"] - 1 / 3, abs=1e-5)
    assert war["low"] > 0
    assert war["p"] < 0.01
    assert war["mcnemar_p"] < 0.01
    assert war["note"] == ""
    same = comparison([read_run(tmp_path / "b"), read_run(tmp_path / "b")]).set_index("score")
    assert same.loc["uf1", "difference"] == 0
    assert same.loc["uf1", "p"] == 1


def test_only_common_clips_count_and_that_is_said(tmp_path: Path) -> None:
    clips = people(4, 1)
    data = feature_set(tmp_path / "x", clips)
    benchmark([LARGEST], [data], LOSO, tmp_path / "a")
    (tmp_path / "x" / "c00.npz").unlink()
    benchmark([FIRST], [data], LOSO, tmp_path / "b")
    table = comparison([read_run(tmp_path / "a"), read_run(tmp_path / "b")])
    assert table["n"].tolist() == [11] * 3
    assert table["note"].tolist() == ["on the 11 of 12 clips that both tested"] * 3


def test_names_tell_runs_apart_and_seeds_have_no_exchange(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(4, 1))
    benchmark([LARGEST], [data], LOSO, tmp_path / "a")
    benchmark([LARGEST], [data], LOSO, tmp_path / "b", seeds=(0, 1))
    table = comparison([read_run(tmp_path / "a"), read_run(tmp_path / "b")])
    assert (table["first"][0], table["second"][0]) == ("a: largest", "b: largest")
    assert table["difference"].tolist() == [0, 0, 0]
    assert all(map(math.isnan, table["p"]))


def test_directions_are_compared_as_directions(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(3, 1, ("casme2", "samm")))
    how = make_protocol("hde3", select=select_prepared)
    benchmark([FIRST, LARGEST], [data], how, tmp_path / "a")
    run = read_run(tmp_path / "a")
    assert run.by_fold
    assert run.models == ("first", "largest")
    war = comparison([run]).set_index("score").loc["war"]
    assert war["first_value"] == pytest.approx(1 / 3, abs=1e-6)
    assert war["n"] == 18


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(2, 1))
    other = feature_set(tmp_path / "y", people(2, 1, ("samm",)))
    benchmark([LARGEST], [data], LOSO, tmp_path / "a")
    benchmark([FIRST], [other], LOSO, tmp_path / "b")
    a, b = read_run(tmp_path / "a"), read_run(tmp_path / "b")
    with pytest.raises(InputError, match="no clip in common"):
        comparison([a, b])
    with pytest.raises(InputError, match="two models"):
        comparison([a])
    with pytest.raises(InputError, match="no finished run"):
        read_run(tmp_path / "x")
    (tmp_path / "a" / "run.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        read_run(tmp_path / "a")


def test_other_classes_of_the_same_clips_are_refused_whatever_the_seeds(tmp_path: Path) -> None:
    clips = people(3, 1)
    data = feature_set(tmp_path / "x", clips)
    other = feature_set(tmp_path / "y", [*clips[:-1], (*clips[-1][:2], "negative")])
    benchmark([LARGEST], [data], LOSO, tmp_path / "a", seeds=(0, 1))
    benchmark([FIRST], [other], LOSO, tmp_path / "b")
    with pytest.raises(InputError, match="different classes"):
        comparison([read_run(tmp_path / "a"), read_run(tmp_path / "b")])
