"""From a network's curves to events: apexes, their onsets and offsets, and which of them are one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.spotting.curve import find_peaks

__all__ = ["Bump", "bumps", "shared"]


@dataclass(frozen=True, slots=True)
class Bump:
    """Where a curve says that an expression is; places are moments of the grid, fractions of them too.

    Attributes:
        onset, apex, offset: places, onset < offset; the apex lies between them.
        probability: of the apex, 0 to 1.
        peak: the moment that is most probable, near the apex.
    """

    onset: float
    apex: float
    offset: float
    probability: float
    peak: int = 0


def bumps(
    probability: NDArray[np.floating],
    back: NDArray[np.floating],
    on: NDArray[np.floating],
    bar: float,
    longest: float,
    *,
    apart: int = 5,
    share: float = 0.4,
) -> list[Bump]:
    """Expressions of one kind, in order of onset.

    Args:
        probability: (G,) of an apex; NaN where nothing was seen.
        back: (G,) moments from there back to the onset.
        on: (G,) moments on to the offset.
        bar: apexes are at least so probable.
        longest: moments; what is longer is shortened about its apex.
        apart: peaks are at least so many moments apart.
        share: of two that share more than this of the shorter one, the less probable is dropped.
    """
    level = np.full(len(probability), float(bar))
    made: list[Bump] = []
    for peak in find_peaks(np.asarray(probability, np.float64), level, apart):
        near = slice(max(0, peak - 2), peak + 3)
        weight = np.nan_to_num(probability[near])
        place = np.arange(len(probability))[near]
        onset = float(((place - back[near]) * weight).sum() / weight.sum())
        offset = float(((place + on[near]) * weight).sum() / weight.sum())
        offset = max(offset, onset + 1)
        apex = float(np.clip(_top(probability, peak), onset, offset))
        if offset - onset > longest:
            scale = longest / (offset - onset)
            onset, offset = apex - scale * (apex - onset), apex + scale * (offset - apex)
        made.append(Bump(onset, apex, offset, float(probability[peak]), peak))
    return sorted(_best(made, share), key=lambda bump: (bump.onset, bump.apex))


def _top(curve: NDArray[np.floating], peak: int) -> float:
    """The summit of the parabola through a peak and its neighbours."""
    if not 0 < peak < len(curve) - 1:
        return float(peak)
    before, here, after = (float(curve[i]) for i in (peak - 1, peak, peak + 1))
    bend = before - 2 * here + after
    if not np.isfinite(bend) or bend >= 0:
        return float(peak)
    return peak + float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def _best(found: Sequence[Bump], share: float) -> list[Bump]:
    """Of those that lie over each other the more probable; found is strongest first."""
    kept: list[Bump] = []
    for bump in found:
        if all(shared(bump, other) <= share for other in kept):
            kept.append(bump)
    return kept


def shared(one: Bump, other: Bump) -> float:
    """What two share, over the length of the shorter one."""
    both = min(one.offset, other.offset) - max(one.onset, other.onset)
    return max(0.0, both) / max(1e-6, min(one.offset - one.onset, other.offset - other.onset))
