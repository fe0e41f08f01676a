"""Score curves: an even time grid and back, thresholds, peaks, and the events around them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

from mien.events import MICRO_MAX_S, Event, EventKind

__all__ = [
    "Float",
    "TimeGrid",
    "find_peaks",
    "finite_rows",
    "flank",
    "keep_strongest",
    "kind_of",
    "on_frames",
    "running_threshold",
    "smooth",
    "valid_runs",
]

Float = NDArray[np.float64]


class TimeGrid:
    """An even time grid for unevenly timed samples.

    Args:
        time: (N,) seconds, increasing.
        rate: samples a second of the grid, at most; never more than the samples come.
        fixed: so many samples a second, however slowly they come.
    """

    def __init__(self, time: Float, rate: float, *, fixed: bool = False) -> None:
        median = float(np.median(np.diff(time))) if len(time) > 1 else 1.0 / rate
        self.step = 1.0 / rate if fixed else max(1.0 / rate, median)
        self.rate = 1.0 / self.step
        self.time = time[0] + self.step * np.arange(max(2, round((time[-1] - time[0]) / self.step) + 1))

    def nearest(self, time: NDArray[np.floating]) -> NDArray[np.int64]:
        """Index of the grid sample nearest to each time."""
        index = np.rint((np.asarray(time) - self.time[0]) / self.step)
        inside: NDArray[np.int64] = np.clip(index, 0, len(self.time) - 1).astype(np.int64)
        return inside

    def spread(self, time: Float, values: NDArray[np.floating], gap_s: float = 0.16) -> Float:
        """Samples laid on the grid: linear between neighbours, NaN in gaps.

        Args:
            time: (N,) seconds, increasing.
            values: (N, …); samples with a NaN are left out.
            gap_s: longest gap that is bridged, seconds (but always neighbouring samples).

        Returns:
            (G, …), NaN in longer gaps, before the first sample and after the last.
        """
        flat = np.asarray(values, np.float64).reshape(len(values), -1)
        good = finite_rows(flat)
        result = np.full((len(self.time), flat.shape[1]), np.nan)
        if good.any():
            t = time[good]
            for column in range(flat.shape[1]):
                result[:, column] = np.interp(self.time, t, flat[good, column])
            right = np.clip(np.searchsorted(t, self.time), 0, len(t) - 1)
            left = np.clip(right - 1, 0, None)
            near = (
                np.minimum(np.abs(self.time - t[left]), np.abs(t[right] - self.time))
                <= 0.5 * self.step + 1e-9
            )
            inside = (t[left] <= self.time) & (self.time <= t[right])
            bridged = inside & (t[right] - t[left] <= max(gap_s, 2.1 * self.step))
            result[~(near | bridged)] = np.nan
        return result.reshape(len(self.time), *np.shape(values)[1:])

    def gather(self, time: Float, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Grid values (G, …) read off at times (N,), nearest neighbour; ``float32``."""
        result: NDArray[np.float32] = np.asarray(values)[self.nearest(time)].astype(np.float32)
        return result


def finite_rows(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(N,): which rows of (N, …) hold no NaN and no infinity."""
    finite: NDArray[np.bool_] = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    return finite


def valid_runs(valid: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The runs of true values as (first, stop)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], valid.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def smooth(values: Float, sigma: float) -> Float:
    """Gaussian smoothing along the first axis, within the runs of finite values only; sigma in samples."""
    result = np.array(values, np.float64)
    if sigma <= 0.3:
        return result
    flat = result.reshape(len(result), -1)
    for first, stop in valid_runs(finite_rows(flat)):
        flat[first:stop] = gaussian_filter1d(flat[first:stop], sigma, axis=0, mode="nearest")
    return flat.reshape(values.shape)


def running_threshold(score: Float, floor: float, most: float, spread: float, window: int) -> Float:
    """Running median + spread · running median deviation, within [floor, most].

    Restless stretches so ask for more.

    Args:
        score: (G,), NaN where not scored.
        floor: never less than this.
        most: never more than this.
        spread: how many (normal-consistent) median deviations above the median.
        window: samples of the running window.

    Returns:
        (G,); ``floor`` where not scored.
    """
    result = np.full(len(score), float(floor))
    good = np.isfinite(score)
    if good.sum() < 3:
        return result
    values = score[good]
    if len(values) <= window:  # too short for anything to run: one threshold for all of it
        middle = np.median(values)
        deviation = 1.4826 * np.median(np.abs(values - middle))
        result[good] = np.clip(middle + spread * deviation, floor, most)
        return result
    # thinned out: a median over seconds does not need every sample
    thin = max(1, window // 101)
    few = values[::thin]
    size = min(len(few), max(3, (window // thin) | 1))
    middle = median_filter(few, size, mode="nearest")
    deviation = 1.4826 * median_filter(np.abs(few - middle), size, mode="nearest")
    back = np.minimum(np.arange(len(values)) // thin, len(few) - 1)
    result[good] = np.clip(middle + spread * deviation, floor, most)[back]
    return result


def find_peaks(score: Float, threshold: Float, distance: int) -> list[int]:
    """Local maxima at or above the threshold, strongest first.

    Args:
        score: (G,), NaN where not scored.
        threshold: (G,).
        distance: samples; no peak lies nearer than this to a stronger one.

    Returns:
        Indices. Of a flat top the last sample counts.
    """
    filled = np.where(np.isfinite(score), score, -np.inf)
    padded = np.concatenate([[-np.inf], filled, [-np.inf]])
    above = filled >= threshold
    candidates = np.flatnonzero(above & (padded[1:-1] >= padded[:-2]) & (padded[1:-1] > padded[2:]))
    chosen: list[int] = []
    for index in candidates[np.argsort(-filled[candidates], kind="stable")]:
        if all(abs(int(index) - other) >= distance for other in chosen):
            chosen.append(int(index))
    return chosen


def flank(curve: Float, peak: int, step: int, limit: int, share: float, height: float) -> int:
    """Where a bump begins (``step`` −1) or ends (+1): the curve around its peak decides.

    From the peak outwards to the first sample at or below peak − (1 − ``share``) · ``height``; where the
    curve does not fall that far, to its lowest point.

    Args:
        curve: (G,); a NaN ends the walk.
        peak: index of the maximum.
        step: −1 or +1.
        limit: furthest index allowed.
        share: 0 to 1; how much of the bump is left where it counts as over.
        height: of the bump, in the curve's unit, > 0.

    Returns:
        An index between ``peak`` and ``limit``.
    """
    bar = curve[peak] - (1 - share) * height
    lowest, i = peak, peak
    while i != limit:
        i += step
        if not math.isfinite(curve[i]):
            break
        if curve[i] < curve[lowest]:
            lowest = i
        if curve[i] <= bar:
            break
    return lowest


def kind_of(duration_s: float, micro_max_s: float = MICRO_MAX_S) -> EventKind:
    """Micro up to half a second, macro beyond.

    Args:
        duration_s: onset to offset, seconds.
        micro_max_s: the limit, seconds.
    """
    return "micro" if duration_s <= micro_max_s + 1e-9 else "macro"


def keep_strongest(
    events: Sequence[tuple[Event, Any]],
    clash: Callable[[Event, Event], bool],
    rank: Callable[[Event], float] = lambda event: event.score,
) -> list[tuple[Event, Any]]:
    """Of events that clash the one that ranks higher, in order of onset; whatever is paired comes along."""
    kept: list[tuple[Event, Any]] = []
    for event, extra in sorted(events, key=lambda pair: -rank(pair[0])):
        if not any(clash(event, other) for other, _ in kept):
            kept.append((event, extra))
    return sorted(kept, key=lambda pair: (pair[0].onset, pair[0].apex))


def on_frames(event: Event, frame: NDArray[np.int64], time: Float) -> Event:
    """The event with its seconds snapped to the nearest analysed frames."""

    def nearest(t: float) -> int:
        i = int(np.searchsorted(time, t))
        if i and (i == len(time) or t - time[i - 1] <= time[i] - t):
            i -= 1
        return i

    a, b, c = nearest(event.onset_s), nearest(event.apex_s), nearest(event.offset_s)
    b = min(max(b, a), c)
    return replace(
        event,
        onset=int(frame[a]), apex=int(frame[b]), offset=int(frame[c]),
        onset_s=float(time[a]), apex_s=float(time[b]), offset_s=float(time[c]),
    )  # fmt: skip
