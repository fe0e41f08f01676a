"""How a cell learns: arrays from the cache, one training, what it says of the people left out.

Epochs are the presets'. Nothing is chosen on anybody who is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from claims.data import CACHE, CLASSES, FOLDS, SEEDS, Shot, classes_of, fold_of, people_of
from claims.store import Cell
from mien.inputs.pipeline import Step, compute


def arrays(shots: Sequence[Shot], step: Step, jobs: int = 1) -> tuple[list[Shot], list[Any]]:
    """Clips and what a network is shown of them; those that show no face are left out."""
    found = compute([s.source for s in shots], step, cache=CACHE, jobs=jobs)
    pairs = [(s, x) for s, x in zip(shots, found, strict=True) if isinstance(x, np.ndarray)]
    return [s for s, _ in pairs], [x for _, x in pairs]


def prepared(shots: Sequence[Shot], steps: Sequence[Step], jobs: int) -> None:
    """Fill the cache; what it holds already is not made again."""
    for step in steps:
        arrays(shots, step, jobs)


def fitted(
    estimator: Any, shots: Sequence[Shot], X: Sequence[Any], test: Callable[[Shot], bool]
) -> tuple[Any, list[int]]:
    """The estimator, trained on those who are not tested, and the positions of those who are."""
    own = [i for i, s in enumerate(shots) if not test(s)]
    held = [i for i, s in enumerate(shots) if test(s)]
    y, groups = classes_of(shots), people_of(shots)
    if set(groups[own]) & set(groups[held]):
        raise ValueError("somebody would be trained on and tested")
    estimator.fit([X[i] for i in own], y[own], groups[own])
    return estimator, held


def said(
    estimator: Any, shots: Sequence[Shot], X: Sequence[Any], held: Sequence[int], classes: Sequence[str]
) -> dict[str, list[float]]:
    """Clip -> its probabilities, in the order of the classes."""
    return probabilities(estimator.predict_proba([X[i] for i in held]), estimator, shots, held, classes)


def probabilities(
    rows: Any, estimator: Any, shots: Sequence[Shot], held: Sequence[int], classes: Sequence[str]
) -> dict[str, list[float]]:
    """Rows of probabilities by clip; a class that was not trained on has none."""
    columns = [list(estimator.classes_).index(c) if c in estimator.classes_ else None for c in classes]
    return {
        shots[i].order.key: [0.0 if c is None else round(float(row[c]), 4) for c in columns]
        for i, row in zip(held, rows, strict=True)
    }


def trial(
    contender: Any,
    shots: Sequence[Shot],
    X: Sequence[Any],
    seed: int,
    test: Callable[[Shot], bool],
    classes: Sequence[str] = CLASSES,
) -> dict[str, dict[str, list[float]]]:
    """One training of a contender and what it says."""
    made = contender.make(tuple(classes), seed)
    estimator, held = fitted(made, shots, X, test)
    return {"probabilities": said(estimator, shots, X, held, classes)}


def within(fold: int, folds: int = FOLDS) -> Callable[[Shot], bool]:
    """Who is tested in a fold."""
    return lambda shot: fold_of(shot, folds) == fold


def cells(
    experiment: str, parts: dict[str, float], seeds: Sequence[int] = SEEDS, folds: int = FOLDS
) -> tuple[Cell, ...]:
    """Parts with the seconds of a cell of theirs; every part is done with one seed before the next begins."""
    return tuple(
        Cell(experiment, part, seed, fold, seconds)
        for seed in seeds
        for part, seconds in parts.items()
        for fold in range(folds)
    )
