"""What random intervals score: the lines under a spotting table.

For each person, as many intervals a minute of each kind as all *other* people have expressions of it, all of
the others' mean duration, at random places of the person's videos. Of a video that lasts a minute and has two
expressions of 0.3 s, chance finds about one in fifty; of a short clip that is hardly longer than its
expression it finds most: read the F1 of short clips beside this line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.metrics import SpottingCounts, iou, match_intervals
from mien.evaluation.scores import ALL
from mien.evaluation.spotting_results import SearchedVideo
from mien.events import EventKind

__all__ = ["RANDOM", "RANDOM_REPEATS", "RandomIntervals", "random_intervals"]

RANDOM: Final = "random-intervals"
"""Its name in tables."""
RANDOM_REPEATS: Final = 200
"""Repetitions."""
_IOU: Final = 0.5
_KINDS: Final[tuple[EventKind, ...]] = ("micro", "macro")


@dataclass(frozen=True, slots=True)
class RandomIntervals:
    """A score without a spotter.

    Attributes:
        part: as in the result.
        kind: ``"micro"``, ``"macro"`` or ``"overall"``.
        truths: expressions.
        found: mean number of intervals thrown.
        tp: mean number of expressions found.
        false_alarms: mean number of intervals that found nothing.
        scores: ``precision``, ``recall``, ``f1`` -> (mean, low, high); the bounds hold 95 % of the
            repetitions; NaN where a score is never defined.
    """

    part: str
    kind: str
    truths: int
    found: float
    tp: float
    false_alarms: float
    scores: dict[str, tuple[float, float, float]]


def random_intervals(
    videos: Sequence[SearchedVideo], *, repeats: int = RANDOM_REPEATS, seed: int = 0
) -> tuple[RandomIntervals, ...]:
    """The lines under a table.

    Args:
        videos: of the run. Where there is one person only, their own expressions stand in for those of
            others.
        repeats: >= 1.
        seed: of the places.

    Returns:
        For all videos, and for each data set where there are several, micro, macro and both.
    """
    datasets = list(dict.fromkeys(v.dataset for v in videos))
    parts = [ALL, *(datasets if len(datasets) > 1 else ())]
    rng = np.random.default_rng([seed, 0])
    # (repeats, videos, kinds, tp/found/truths)
    counts = np.zeros((repeats, len(videos), len(_KINDS), 3), np.int64)
    for i, video in enumerate(videos):
        for k, kind in enumerate(_KINDS):
            truth = _intervals(video, kind)
            rate, length = _habit(videos, video.subject, kind)
            frames = min(video.n_frames, max(1, round(length * video.fps)))
            numbers = rng.poisson(rate * video.seconds, repeats)
            counts[:, i, k, 1] = numbers
            counts[:, i, k, 2] = len(truth)
            for r, number in enumerate(numbers.tolist()):
                onset = rng.integers(0, video.n_frames - frames, number, endpoint=True)
                counts[r, i, k, 0] = _hits(np.stack([onset, onset + frames - 1], axis=1), truth)
    lines = []
    for part in parts:
        its = counts[:, [i for i, v in enumerate(videos) if part in (ALL, v.dataset)]].sum(axis=1)
        for k, name in enumerate((*_KINDS, "overall")):
            lines.append(_line(part, name, its[:, k] if k < len(_KINDS) else its.sum(axis=1)))
    return tuple(lines)


def _intervals(video: SearchedVideo, kind: EventKind) -> NDArray[np.int64]:
    return np.array([(e.onset, e.offset) for e in video.expressions if e.kind == kind], np.int64).reshape(
        -1, 2
    )


def _habit(videos: Sequence[SearchedVideo], subject: str, kind: EventKind) -> tuple[float, float]:
    """Expressions a second, and their mean duration in seconds, of everybody else."""
    others = [v for v in videos if v.subject != subject] or list(videos)
    durations = [(e.offset - e.onset + 1) / v.fps for v in others for e in v.expressions if e.kind == kind]
    if not durations:
        return 0.0, 0.0
    return len(durations) / sum(v.seconds for v in others), float(np.mean(durations))


def _hits(thrown: NDArray[np.int64], truth: NDArray[np.int64]) -> int:
    """Pairs of the matching; most often there is nothing to match."""
    if not len(thrown) or not len(truth) or not (iou(thrown[:, None], truth[None]) >= _IOU).any():
        return 0
    return len(match_intervals(thrown, truth, iou=_IOU).pairs)


def _line(part: str, kind: str, counts: NDArray[np.int64]) -> RandomIntervals:
    each = [SpottingCounts(*map(int, row)) for row in counts]
    scores = {}
    for name in ("precision", "recall", "f1"):
        values = np.array([getattr(one, name) for one in each], np.float64)
        values = values[np.isfinite(values)]
        bounds = np.quantile(values, (0.025, 0.975)).tolist() if len(values) else [np.nan, np.nan]
        scores[name] = (float(values.mean()) if len(values) else float("nan"), bounds[0], bounds[1])
    tp, found, truths = counts.mean(axis=0).tolist()
    return RandomIntervals(part, kind, int(truths), found, tp, found - tp, scores)
