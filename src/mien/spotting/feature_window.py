"""SMEConvNet's second half: a window over features of a video's frames finds the apex (Zhang et al., 2018).

A network turns each frame of a video into a row of the feature matrix X (F, D). A micro-expression is short:
its frames differ from those half a window earlier *and* half a window later, if the window is as long as the
longest one. A step, such as a new pose, differs from one side only, and what changes slowly from neither.

**A reconstruction.** Of the paper only the abstract was at hand: features, feature matrix, a sliding window
of the micro-expression's range of durations, apex. What is computed in the window, and how several events are
told apart, is ours. The foil is :func:`first_frame_scores`, the difference from the first frame.

What it cannot do: a blink is as short as a micro-expression. Where it changes the features more, it wins; to
keep blinks out of the features is up to the network.

What the features are of is decided here, too: :func:`changes` takes the usual face out of a video's pictures,
so that what is left is what happens, not who it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.spotting.curve import find_peaks

__all__ = [
    "LEFT",
    "LONGEST_S",
    "WINDOW_VERSION",
    "Bump",
    "apex_of",
    "bumps",
    "changes",
    "first_frame_scores",
    "least_of",
    "rate_of",
    "seconds_of",
    "usual_face",
    "usual_frames",
    "window_of",
    "window_scores",
]

Float = NDArray[np.float64]

LONGEST_S = 0.5
"""The window: the longest micro-expression, seconds."""
WINDOW_VERSION = 3
"""Grows whenever the same pictures or features would give other events: with each of the numbers below."""
_LIKE = 0.01
"""What differs by less than this share of a bump's height is the same: of features that saturate, rounding
would decide where an event has its apex and its ends."""
_PICTURES = 64
"""From how many pictures of a video its usual face is taken; they are spread evenly."""
_GAIN, _MOST = 5.0, 3.0
"""A change of a fifth of the picture's contrast is 1; more than three times that is a turn or a light. Model
files were trained on these and on so many pictures, and call it ``change``: what is done otherwise needs
another word there."""
LEFT = 0.2
"""How much of a bump's height is left at its ends. At half its height a bump that rises and falls evenly is
half as long as its expression, and overlaps it by half at best; lower than a fifth lies the noise."""


@dataclass(frozen=True, slots=True)
class Bump:
    """A stretch of a video where its frames differ from those around it.

    Attributes:
        onset, apex, offset: frames, onset <= apex <= offset.
        score: at the apex, in the unit of the features.
    """

    onset: int
    apex: int
    offset: int
    score: float


def usual_face(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a face looks like most of the time: who it is, how the light falls.

    Args:
        pictures: (N, H, W) grey, N >= 1, of one video, steadied; all of them that show the face.

    Returns:
        (H, W): the median over 64 of them, each in its own contrast (mean 0, deviation 1).

    Raises:
        InputError: there is no picture.
    """
    if not len(pictures):
        raise InputError("no picture of a video shows the face")
    usual: NDArray[np.float32] = np.median(_in_contrast(pictures[usual_frames(len(pictures))]), axis=0)
    return usual


def usual_frames(count: int) -> NDArray[np.int64]:
    """Which of so many pictures of a video show its usual face: 64 at most, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, _PICTURES)).round().astype(np.int64))


def changes(pictures: NDArray[np.uint8], usual: NDArray[np.float32]) -> NDArray[np.float32]:
    """How pictures differ from the usual face: (N, H, W), -3 to 3; 1 is a fifth of a picture's contrast."""
    found: NDArray[np.float32] = np.clip((_in_contrast(pictures) - usual) * np.float32(_GAIN), -_MOST, _MOST)
    return found


def _in_contrast(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    levels = np.asarray(pictures, np.float32)
    mean = levels.mean(axis=(1, 2), keepdims=True)
    # a grey level more: a picture of one grey level has no contrast
    found: NDArray[np.float32] = (levels - mean) / (levels.std(axis=(1, 2), keepdims=True) + np.float32(1))
    return found


def rate_of(time: NDArray[np.floating]) -> float:
    """Frames a second, measured from the first frame that is known to the last one.

    Args:
        time: (F,) seconds; NaN for a frame that is not known. Those between count as frames, too.

    Raises:
        InputError: fewer than two frames are known.
    """
    seen = np.flatnonzero(np.isfinite(time))
    if len(seen) < 2 or time[seen[-1]] <= time[seen[0]]:
        raise InputError("fewer than two frames of a video show the face")
    # to a thousandth: times that were kept in less precision give the same window
    return round(float((seen[-1] - seen[0]) / (float(time[seen[-1]]) - float(time[seen[0]]))), 3)


def seconds_of(time: NDArray[np.floating], bump: Bump) -> float:
    """How long a bump is, to a millisecond (times may be kept in float32)."""
    return round(float(time[bump.offset]) - float(time[bump.onset]), 3)


def window_of(fps: float, longest_s: float = LONGEST_S) -> int:
    """Frames in a window as long as the longest micro-expression, at least 2.

    Raises:
        InputError: a rate or a time that is not above 0.
    """
    if not (0 < fps < np.inf and 0 < longest_s < np.inf):
        raise InputError(f"a window needs a frame rate and a time above 0, not {fps:g} and {longest_s:g} s")
    return max(2, round(fps * longest_s))


def window_scores(X: NDArray[Any], window: int) -> Float:
    """How much each frame differs from those half a window before and after it.

    score_t = ½ (‖X_t − X_{t−h}‖ + ‖X_t − X_{t+h}‖), h = ``window`` // 2. Ahead of the first frame and after
    the last one, that frame stands in: near the ends the score is up to half as high.

    Args:
        X: (F, D), F >= 1: a feature for each frame; a row with a NaN is a frame that is not known.
        window: frames, >= 2.

    Returns:
        ``float64`` (F,); NaN where the frame or either end of its window is not known.

    Raises:
        InputError: no matrix, or a window too short.
    """
    rows = _matrix(X)
    if window < 2:
        raise InputError(f"a window of {window} frames has no ends beside its middle; give 2 or more")
    at, half = np.arange(len(rows)), window // 2
    before = _distance(rows, rows[np.maximum(at - half, 0)])
    after = _distance(rows, rows[np.minimum(at + half, len(rows) - 1)])
    return (before + after) / 2


def first_frame_scores(X: NDArray[Any]) -> Float:
    """The foil: how much each frame differs from the first one that is known, ‖X_t − X_0‖.

    Args:
        X: (F, D), F >= 1; a row with a NaN is a frame that is not known.

    Returns:
        ``float64`` (F,); NaN where the frame is not known.

    Raises:
        InputError: no matrix.
    """
    rows = _matrix(X)
    known = np.flatnonzero(np.isfinite(rows).all(axis=1))
    return _distance(rows, rows[known[0] if len(known) else 0])


def apex_of(score: NDArray[np.floating]) -> int:
    """The frame with the highest score, the first of several.

    Args:
        score: (F,); NaN where not scored.

    Raises:
        InputError: nothing was scored.
    """
    if not np.isfinite(score).any():
        raise InputError("no frame of the video has a score, so none can be its apex")
    return int(np.nanargmax(score))


def bumps(
    score: NDArray[np.floating], window: int, *, floor: float, share: float = 0.5, distance: int | None = None
) -> list[Bump]:
    """Every stretch where the window's score stands out.

    An apex is a local maximum at or above max(``floor``, m + ``share`` · (M − m)), m the score's mean and M
    its maximum; of a flat top, its middle. Its onset and offset lie where the score has fallen to a fifth of
    it, or else where it is lowest, at most half a window away.

    Args:
        score: (F,) of :func:`window_scores`; NaN where not scored.
        window: frames, >= 2.
        floor: what noise alone reaches, in the unit of the features, >= 0: without it, the highest point of a
            still face is an event.
        share: 0 to 1; lower finds more.
        distance: frames; no apex lies nearer than this to a higher one. Half a window where not given.

    Returns:
        In order of apex.

    Raises:
        InputError: an option that makes no sense.
    """
    if window < 2 or floor < 0 or not 0 <= share <= 1:
        raise InputError(
            f"bumps need a window of 2 frames or more, a floor of 0 or more and a share of 0 to 1, not "
            f"{window}, {floor:g} and {share:g}"
        )
    curve = np.asarray(score, np.float64)
    half, least = window // 2, least_of(curve, floor=floor, share=share)
    found: list[Bump] = []
    known: set[int] = set()
    for peak in find_peaks(curve, np.full(len(curve), least), half if distance is None else distance):
        height = float(curve[peak])
        if height <= 0:
            continue
        first, last = _top(curve, peak)
        top = range(first, last + 1)
        if not known.isdisjoint(top):  # rounding makes several peaks of a wide top
            continue
        known.update(top)
        apex = (first + last) // 2
        earliest, latest = max(0, apex - half), min(len(curve) - 1, apex + half)
        onset = _end(curve, max(first, earliest), -1, earliest, height)
        offset = _end(curve, min(last, latest), 1, latest, height)
        found.append(Bump(onset, apex, offset, float(curve[apex])))
    return sorted(found, key=lambda bump: bump.apex)


def _top(curve: Float, peak: int) -> tuple[int, int]:
    """The flat top around ``peak``: features that saturate stay as they are for a while."""
    least = curve[peak] * (1 - _LIKE)
    first = last = peak
    while first > 0 and curve[first - 1] >= least:
        first -= 1
    while last < len(curve) - 1 and curve[last + 1] >= least:
        last += 1
    return first, last


def _end(curve: Float, start: int, step: int, limit: int, height: float) -> int:
    """Where a bump is over, from ``start`` on to ``limit``: down to its share, or else no longer falling."""
    lowest = i = start
    while i != limit:
        i += step
        if not np.isfinite(curve[i]):
            break
        if curve[i] < curve[lowest] - _LIKE * height:
            lowest = i
        if curve[i] <= LEFT * height:
            return i
    return lowest


def least_of(score: NDArray[np.floating], *, floor: float, share: float = 0.5) -> float:
    """How high an apex has to be for :func:`bumps`; ``floor`` where nothing was scored."""
    known = np.asarray(score, np.float64)[np.isfinite(score)]
    if not len(known):
        return floor
    mean = float(known.mean())
    return max(floor, mean + share * (float(known.max()) - mean))


def _matrix(X: NDArray[Any]) -> Float:
    rows = np.asarray(X, np.float64)
    if rows.ndim != 2 or 0 in rows.shape:
        raise InputError(
            f"a feature matrix has frames as rows and features as columns, not shape {rows.shape}"
        )
    return rows


def _distance(a: Float, b: Float) -> Float:
    distance: Float = np.sqrt(((a - b) ** 2).sum(axis=1))
    return np.where(np.isfinite(distance), distance, np.nan)
