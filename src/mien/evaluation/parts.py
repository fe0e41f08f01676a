"""Which predictions are scored together: everything, each data set's, each fold's.

A *part* is a row of a result: ``"all"``, or a data set, or a direction of a hold-out. A part has one pool of
predictions or several; each pool has one confusion matrix, and the part's score is the mean of the pools'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.scores import ALL
from mien.evaluation.splitters import Fold

__all__ = ["Rows", "parts_of", "rows_of"]


@dataclass(frozen=True)
class Rows:
    """The tested clips, fold by fold: a clip that two folds test has two rows.

    Attributes:
        fold: position of the fold.
        clip: position of the clip among all.
        train: for each fold, positions of the clips trained on.
        names: each fold's name.
    """

    fold: NDArray[np.intp]
    clip: NDArray[np.intp]
    train: tuple[NDArray[np.intp], ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.fold)


def rows_of(folds: Sequence[Fold]) -> Rows:
    """The rows of a plan, in its order."""
    fold = np.repeat(np.arange(len(folds)), [len(f.test) for f in folds])
    clip = np.concatenate([f.test for f in folds]) if folds else np.empty(0, np.intp)
    return Rows(fold, clip.astype(np.intp), tuple(f.train for f in folds), tuple(f.name for f in folds))


def parts_of(
    folds: Sequence[str], datasets: Sequence[str], *, by_fold: bool, by_dataset: bool
) -> Mapping[str, tuple[NDArray[np.intp], ...]]:
    """The parts of a result.

    Args:
        folds: name of the fold of each row.
        datasets: data set of each row.
        by_fold: each fold is a result of its own, and ``"all"`` is the mean over folds.
        by_dataset: each data set's rows are reported too.

    Returns:
        ``"all"`` first. Part -> the rows of each of its pools. A fold that tests one data set, which no other
        fold tests, goes by that data set's name.
    """
    of, name = np.asarray(datasets, dtype=object), np.asarray(folds, dtype=object)
    everything = np.arange(len(of))
    sets = list(dict.fromkeys(of.tolist()))
    if not by_fold:
        parts = {ALL: (everything,)}
        if by_dataset and (len(sets) > 1):
            parts |= {d: (everything[of == d],) for d in sets}
        return parts
    each = {n: everything[name == n] for n in dict.fromkeys(name.tolist())}
    tested = {n: set(of[rows].tolist()) for n, rows in each.items()}
    called = {}
    for n, its in tested.items():
        alone = len(its) == 1 and not any(its & others for m, others in tested.items() if m != n)
        called[next(iter(its)) if alone else n] = (each[n],)
    if len(each) == 1:
        called = {d: (everything[of == d],) for d in sets} if by_dataset and len(sets) > 1 else {}
    return {ALL: tuple(each.values()), **called}
