"""Eyelid closures from the opening of the eyes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from mien.events import Span, spans_of

__all__ = ["find_blinks"]

_SHOULDER_S = 0.4
"""A blink is over within this time on either side of its deepest point, seconds."""
_DEEP, _EDGE = 0.85, 0.93
"""Share of the opening beside it that a blink falls below, and that marks its edges. The mesh network's lids
never meet: a full closure reads as about 0.6, and at 24 frames a second the deepest point is often missed."""
_CLOSED = 0.72
"""Share of the person's usual opening below which the eyes count as closed for longer."""


def find_blinks(
    openness: NDArray[np.floating], frame: NDArray[np.int64], time: NDArray[np.float64]
) -> tuple[NDArray[np.float32], tuple[Span, ...]]:
    """Blinks and longer closures.

    Args:
        openness: (N,) lid distance over eye width, NaN where unknown.
        frame: (N,) frame numbers.
        time: (N,) seconds.

    Returns:
        The openness over this person's usual (``float32`` (N,); the usual is its 75th percentile), and the
        closures in order: short dips with the reason ``"blink"``, longer ones with the reason ``"eyes
        closed"``.
    """
    known = np.isfinite(openness)
    if known.sum() < 3:
        return np.full(len(openness), np.nan, np.float32), ()
    usual = float(np.percentile(openness[known], 75))
    relative = np.asarray(openness, np.float64) / max(usual, 1e-6)

    # on an even grid, the highest opening shortly before and after each moment
    step = min(float(np.median(np.diff(time))), 0.02)
    grid = np.arange(time[0], time[-1] + step / 2, step)
    filled = np.interp(grid, time[known], relative[known])
    reach = max(1, round(_SHOULDER_S / step))
    # the filter's origin shifts its window wholly to one side
    before = maximum_filter1d(filled, 2 * reach + 1, origin=reach, mode="nearest")
    after = maximum_filter1d(filled, 2 * reach + 1, origin=-reach, mode="nearest")
    index = np.clip(np.searchsorted(grid, time), 0, len(grid) - 1)
    shoulder = np.minimum(before, after)[index]
    dip = relative / np.maximum(shoulder, 1e-6)

    blinks = [
        replace(span, reason="blink")
        for span in spans_of(known & (dip < _EDGE), frame, time, "blink")
        if np.nanmin(dip[(frame >= span.first) & (frame <= span.last)]) < _DEEP
    ]
    closed = [
        replace(span, note="Longer than a blink: eyes closed, or looking down.")
        for span in spans_of(known & (relative < _CLOSED), frame, time, "eyes closed")
        if span.end_s - span.start_s > _SHOULDER_S
    ]
    blinks = [b for b in blinks if not any(c.first <= b.last and b.first <= c.last for c in closed)]
    return relative.astype(np.float32), tuple(sorted(blinks + closed, key=lambda s: s.first))
