"""What the trained spotter sees: where the face's regions are, over time, as a network can read it.

Positions (:mod:`mien.spotting.traces`) know no zero: they count from whatever the face looked like when it
was first seen, and drift. So a network is given how far each region is from its own mean over the moments
around, twice: over about a second, against which micro-expressions stand out, and over several, against
which macro-expressions do. Beside them stand the head's motion, the opening of the eyes, the closures of the
lids, how noisy the positions are, where there is nothing to see, and how haltingly everything moves, which
tells how hard a film was compressed. Of positions all but the last step (:func:`squeezed`) is linear in what
was measured, so that training can add, scale and mirror it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from mien.anatomy import REGIONS
from mien.events import Span
from mien.spotting.curve import Float, finite_rows, valid_runs
from mien.spotting.traces import Laid, around_blinks

__all__ = [
    "CHANNELS",
    "EVEN",
    "FAST",
    "HALTING",
    "RATE",
    "SEEN",
    "VERSION",
    "mirrored",
    "moved_rows",
    "opening",
    "rows",
    "squeezed",
]

RATE: Final = 100.0
"""Samples a second that the network sees, whatever the camera's frame rate."""
VERSION: Final = 2
"""Grows whenever the same measurements would give other rows."""
_R: Final = len(REGIONS)
FAST: Final = slice(0, 2 * _R)
"""The rows that say how far each region is from its own mean over about a second, x and y in turn."""
_SLOW: Final = slice(2 * _R, 4 * _R)
_HEAD: Final = slice(4 * _R, 4 * _R + 6)
_EYES: Final = 4 * _R + 6
_CLOSED: Final = _EYES + 1
_NOISE: Final = _EYES + 2
SEEN: Final = _EYES + 3
"""The row that is 1 where there is something to see, and 0 elsewhere."""
HALTING: Final = _EYES + 4
"""The row of how haltingly positions move (:func:`mien.spotting.traces.halting_of`)."""
CHANNELS: Final = _EYES + 5
"""Rows of what the network reads."""
_FAST_S: Final = 0.5
_SLOW_S: Final = 3.0
_CALM_S: Final = 0.12
"""Gaussian widths of the two means, and of what is taken before the slower one is subtracted; seconds."""
_UNITS: Final = np.concatenate(
    [np.full(2 * _R, 0.004), np.full(2 * _R, 0.015), np.full(6, 0.02), [0.1, 1, 1, 1, 1]]
).astype(np.float32)
"""Of each row: about here it begins to be drawn in."""
_USUAL_NOISE: Final = 0.0005
"""Outer-eye distances."""
EVEN: Final = 0.95
"""As haltingly as noise moves that is the same at any time; so is a film of which it is not known."""
_MOST_HALTING: Final = 3.0
"""More is not told apart."""
_MARGIN_S: Final = 0.05


def opening(eyes: NDArray[np.floating]) -> Float:
    """(N,) lid distance over eye width, over the person's usual; NaN where unknown."""
    known = np.isfinite(eyes)
    usual = float(np.percentile(eyes[known], 75)) if known.any() else 1.0
    return np.asarray(eyes, np.float64) / max(usual, 1e-6)


def rows(laid: Laid, time: Float, openness: Float, blinks: Sequence[Span]) -> NDArray[np.float32]:
    """What the network reads, before :func:`squeezed`.

    Args:
        laid: a recording's positions, on a grid of :data:`RATE`.
        time: (N,) seconds of its frames.
        openness: (N,) of :func:`opening`.
        blinks: closures of the lids.

    Returns:
        ``float32`` (CHANNELS, G); the rows that are positions, of regions and head, are 0 where nothing was
        seen.
    """
    total = len(laid.grid.time)
    made = np.zeros((CHANNELS, total), np.float32)
    flat = laid.position.reshape(total, -1)
    for first, stop in laid.runs:
        for column in range(2 * _R):  # one by one: a long run is copied in double precision
            fast, slow = moved_rows(flat[first:stop, column : column + 1]).T
            made[column, first:stop], made[2 * _R + column, first:stop] = fast, slow
        made[SEEN, first:stop] = 1
    for first, stop in valid_runs(finite_rows(laid.head)):
        part = laid.head[first:stop]
        made[_HEAD, first:stop] = (part - _mean(part, _FAST_S)).T
    made[_HEAD, made[SEEN] == 0] = 0
    known = np.isfinite(openness)
    if known.any():
        made[_EYES] = np.interp(laid.grid.time, time[known], openness[known]) - 1
    made[_CLOSED] = around_blinks(laid.grid.time, blinks, _MARGIN_S)
    made[_NOISE] = np.median(laid.noise)
    made[HALTING] = EVEN if laid.halting is None else laid.halting
    return made


def moved_rows(positions: Float) -> Float:
    """The rows of regions, (n, 4·R), of one unbroken run of positions (n, 2·R) on the grid."""
    fast = positions - _mean(positions, _FAST_S)
    return np.concatenate([fast, _mean(positions, _CALM_S) - _mean(positions, _SLOW_S)], axis=1)


def squeezed(made: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows (…, CHANNELS, G) with large values drawn in: motion spans three orders of magnitude."""
    result = np.arcsinh(made / _UNITS[:, None])
    result[..., _CLOSED, :] = made[..., _CLOSED, :]
    result[..., _NOISE, :] = np.log((made[..., _NOISE, :] + 1e-5) / _USUAL_NOISE)
    result[..., SEEN, :] = made[..., SEEN, :]
    result[..., HALTING, :] = np.minimum(made[..., HALTING, :], _MOST_HALTING) - EVEN
    return np.asarray(result, np.float32)


def mirrored(made: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows (…, CHANNELS, G) of the face in a mirror."""
    keys = [region.key for region in REGIONS]
    other = {"left": "right", "right": "left"}
    order = []
    for key in keys:
        stem, _, side = key.rpartition("_")
        order.append(keys.index(f"{stem}_{other[side]}") if side in other else keys.index(key))
    columns = (2 * np.array(order)[:, None] + np.arange(2)).ravel()
    result = made.copy()
    for part in (FAST, _SLOW):
        result[..., part, :] = made[..., part, :][..., columns, :]
        result[..., part.start : part.stop : 2, :] *= -1
    for sideways in (0, 3, 4):  # shift to the right, turn, yaw
        result[..., _HEAD.start + sideways, :] *= -1
    return result


def _mean(values: Float, width_s: float) -> Float:
    """Gaussian mean of (n, …) around each sample."""
    return np.asarray(gaussian_filter1d(values, width_s * RATE, axis=0, mode="nearest", truncate=3.0))
