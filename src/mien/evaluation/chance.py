"""What no model at all would score: the lines under every table.

* *majority*: always the commonest class of the fold's training clips;
* *stratified random*: guesses as often as the classes are in the fold's training clips;
* *oracle*: the same random guesses, made anew in each of a number of "epochs", of which for every fold the
  best **on the test clips** is kept. This is what choosing the epoch on the test subject is worth to a model
  that has learned nothing (T. Varanka, Y. Li, W. Peng, G. Zhao: "Data leakage and evaluation issues in
  micro-expression analysis", IEEE Trans. Affective Computing, 2023, for trained models).

The random ones are means over many repetitions, with the range that 95 % of them lie in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.parts import Rows
from mien.evaluation.scores import ScoreName, class_numbers, score_of_counts

__all__ = ["EPOCHS", "REPEATS", "Chance", "chance_scores"]

REPEATS = 500
"""Repetitions of the random guesses."""
EPOCHS = 40
"""Epochs that the oracle chooses from: those of AKMNet (systems of this field train for 20 to 150)."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A score without a model.

    Attributes:
        name: ``"majority"``, ``"stratified-random"`` or ``"random-oracle"``.
        part: as in the result.
        n: clips.
        scores: score -> (mean, low, high); the bounds hold 95 % of the repetitions.
    """

    name: str
    part: str
    n: int
    scores: Mapping[ScoreName, tuple[float, float, float]]


def chance_scores(
    truth: Sequence[str],
    labels: tuple[str, ...],
    rows: Rows,
    parts: Mapping[str, tuple[NDArray[np.intp], ...]],
    *,
    scores: Sequence[ScoreName] = ("uf1", "uar", "war"),
    oracle: bool = False,
    epochs: int = EPOCHS,
    repeats: int = REPEATS,
    seed: int = 0,
) -> tuple[Chance, ...]:
    """The lines under a table.

    Args:
        truth: class of every clip.
        labels: the vocabulary.
        rows: the tested clips. Where nothing was trained, a fold's test clips stand in for its training
            clips.
        parts: of the result, as :func:`mien.evaluation.parts.parts_of` gives them.
        scores: which scores.
        oracle: also the oracle.
        epochs: that the oracle chooses from, >= 1.
        repeats: of the random guesses, >= 1.
        seed: of the guesses.
    """
    classes = class_numbers(truth, labels, "true")
    tested = classes[rows.clip]
    shares = _shares(classes, rows, len(labels))
    guesses = {"majority": shares.argmax(axis=1)[rows.fold][None]}
    rng = np.random.default_rng([seed, 0])
    guesses["stratified-random"] = np.concatenate(list(_draws(shares, rows, repeats, rng)))
    if oracle:
        guesses["random-oracle"] = _best(shares, rows, tested, epochs, repeats, seed)
    found = []
    for name, predicted in guesses.items():
        for part, pools in parts.items():
            counts = [_confusions(tested[pool], predicted[:, pool], len(labels)) for pool in pools]
            each = {s: np.mean([score_of_counts(c, s) for c in counts], axis=0) for s in scores}
            found.append(
                Chance(name, part, int(sum(map(len, pools))), {s: _range(v) for s, v in each.items()})
            )
    return tuple(found)


def _shares(classes: NDArray[np.intp], rows: Rows, size: int) -> NDArray[np.float64]:
    """(folds, classes): how often each class is among a fold's training clips."""
    shares = np.zeros((len(rows.train), size))
    for fold, train in enumerate(rows.train):
        its = classes[train] if len(train) else classes[rows.clip[rows.fold == fold]]
        shares[fold] = np.bincount(its, minlength=size) / len(its)
    return shares


def _draws(
    shares: NDArray[np.float64], rows: Rows, repeats: int, rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """Guesses for all rows, (some, rows), ``repeats`` of them in all; a few at a time to save memory."""
    upper = np.cumsum(shares, axis=1)[rows.fold, :-1]
    step = max(1, 4_000_000 // max(1, len(rows)))
    for start in range(0, repeats, step):
        thrown = rng.random((min(step, repeats - start), len(rows)))
        yield (thrown[..., None] >= upper).sum(axis=-1)


def _best(
    shares: NDArray[np.float64], rows: Rows, tested: NDArray[np.intp], epochs: int, repeats: int, seed: int
) -> NDArray[np.intp]:
    """Of ``epochs`` guesses the one that is right most often in each fold, the earliest of equals."""
    folds = np.arange(len(rows.train))
    starts = np.searchsorted(rows.fold, folds)
    best = np.empty((repeats, len(rows)), np.intp)
    for repeat in range(repeats):
        rng = np.random.default_rng([seed, 1, repeat])
        tried = np.concatenate(list(_draws(shares, rows, epochs, rng)))
        right = np.add.reduceat((tried == tested).astype(np.int64), starts, axis=1)
        chosen = right.argmax(axis=0)
        best[repeat] = tried[chosen[rows.fold], np.arange(len(rows))]
    return best


def _confusions(truth: NDArray[np.intp], predicted: NDArray[np.intp], size: int) -> NDArray[np.int64]:
    """(repetitions, C, C) counts."""
    cell = (np.arange(len(predicted))[:, None] * size + truth) * size + predicted
    counts = np.bincount(cell.ravel(), minlength=len(predicted) * size * size)
    return counts.reshape(len(predicted), size, size)


def _range(values: NDArray[np.float64]) -> tuple[float, float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(values.mean()), float(low), float(high)
