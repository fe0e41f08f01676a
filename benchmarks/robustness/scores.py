"""Scores of stored findings, with intervals over people, and differences from the reference."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from claims.verdict import Interval, Measured, difference, interval
from numpy.typing import NDArray

from mien.evaluation import spotting_scores
from robustness.levels import REFERENCE, Level

Results = Mapping[str, Mapping[str, Any]]
"""Task -> what :func:`robustness.store.read_results` read."""
CLASSES = 3


def f1(sums: NDArray[Any]) -> NDArray[Any]:
    """Of (..., 3): true positives, predictions, truths. NaN where there was neither."""
    below = sums[..., 1] + sums[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(2 * sums[..., 0] / below)


def uf1(sums: NDArray[Any]) -> NDArray[Any]:
    """Of (..., classes, 3): the mean of the classes' F1; a class that is neither there nor said counts 0."""
    return np.asarray(np.nan_to_num(f1(sums)).mean(axis=-1))


def _rows(results: Results, task: str, level: Level) -> list[Mapping[str, Any]]:
    return [row for row in results.get(task, {}).get("rows", []) if row["level"] == level.key]


def _measured(rows: list[Mapping[str, Any]], values: list[Any], statistic: Any) -> Measured:
    people = tuple(str(row["person"]) for row in rows)
    return Measured(people, people, ("",) * len(rows), np.array([values], float), statistic)


def spotting(results: Results, level: Level, spotter: str, kind: str = "micro") -> Measured | None:
    """F1 of one kind of expression at IoU .5; ``None`` if the level has not run."""
    rows = _rows(results, "spotting", level)
    if not rows:
        return None
    values = []
    for row in rows:
        found, truth = (_marks(events) for events in (row["found"][spotter], row["truth"]))
        counts = getattr(spotting_scores([(found, truth)]), kind)
        values.append((counts.true_positives, counts.predictions, counts.truths))
    return _measured(rows, values, f1)


def _marks(events: list[list[Any]]) -> list[Any]:
    names = ("onset", "apex", "offset", "kind")
    return [SimpleNamespace(**dict(zip(names, event, strict=True))) for event in events]


def recognition(results: Results, level: Level) -> Measured | None:
    """UF1 of three classes; a clip in which the face was not found is one that was not recognised."""
    rows = _rows(results, "recognition", level)
    if not rows:
        return None
    values = []
    for row in rows:
        counts = np.zeros((CLASSES, 3))
        for truth, said in zip(row["truth"], row["said"], strict=True):
            counts[truth, 2] += 1
            if said >= 0:
                counts[said, 1] += 1
                counts[truth, 0] += said == truth
        values.append(counts)
    return _measured(rows, values, uf1)


def unseen(results: Results, level: Level) -> tuple[int, int]:
    """Clips in which the face was not found, of how many."""
    said = [one for row in _rows(results, "recognition", level) for one in row["said"]]
    return sum(one < 0 for one in said), len(said)


def scored(results: Results, level: Level) -> float:
    """Share of the recordings' frames that could be scored."""
    rows = _rows(results, "spotting", level)
    return float(np.mean([row["scored"] for row in rows])) if rows else float("nan")


def there_is(results: Results) -> dict[str, int]:
    """How many people, micro- and macro-expressions and clips the reference has."""
    rows = _rows(results, "spotting", REFERENCE)
    kinds = [event[3] for row in rows for event in row["truth"]]
    clips = _rows(results, "recognition", REFERENCE)
    return {
        "people": len(rows),
        "micro": kinds.count("micro"),
        "macro": kinds.count("macro"),
        "clip people": len(clips),
        "clips": sum(len(row["truth"]) for row in clips),
    }


def value(one: Measured | None) -> Interval | None:
    """A score with its interval."""
    return None if one is None else interval(one)


def lost(one: Measured | None, reference: Measured | None) -> Interval | None:
    """A level less the reference, person by person in the same draws; ``None`` where one has not run."""
    return None if one is None or reference is None else difference(reference, one)
