"""Where each facial region is, over time: the measurement under mien's own spotters.

Each frame is compared with its key frame by optical flow; head motion is fitted and removed; every region's
mean displacement is read off. At a new key frame the positions carry on from the old one's. The result is a
*position* for each region and moment, from which motion relative to any reference, any time away, is a
subtraction. :func:`lay` puts them on an even grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.events import Span
from mien.face import CROP, FaceFrame, Key
from mien.inputs import FaceMotion
from mien.motion import make_flow
from mien.spotting.curve import Float, TimeGrid, finite_rows, valid_runs

__all__ = ["Laid", "Measured", "RegionTraces", "around_blinks", "halting_of", "lay", "noise_of"]

_R = len(REGIONS)
ENOUGH = 50
"""Samples of which :func:`halting_of` can be told."""
_NOTHING = 1e-5
"""Outer-eye distances: what moves less does not move."""


class RegionTraces:
    """Collects region positions from a stream of face frames.

    Args:
        fps: frames a second of the recording.
        method: flow algorithm.
        rate: measurements a second, at most. Faster recordings are averaged over neighbouring steadied frames
            first, which quietens sensor noise and mains flicker and costs nothing in time: 10 ms suffice.

    Attributes:
        time: seconds of each measurement.
        span: times of the first and the last frame that went into each.
        position: each (R, 2), outer-eye distances; NaN where the face was not seen.
        head: each (6,): shift x, y, growth, turn (from the crop), yaw and nod parallax (from the fit), all as
            displacements in outer-eye distances.
        chain: number of the unbroken chain of key frames each measurement belongs to.
    """

    def __init__(self, fps: float, method: str = "dis_lk", rate: float = 100.0) -> None:
        self._flow = make_flow(method)
        self._each = max(1, round(fps / rate))
        self._gap = 2.5 / fps
        self._waiting: list[FaceFrame] = []
        self._key: Key | None = None
        self._base = np.zeros((_R, 2))
        self._turned_base = np.zeros(2)
        self._motion: FaceMotion | None = None
        self._chain = 0
        self._size = 0.0
        self.time: list[float] = []
        self.span: list[tuple[float, float]] = []
        self.position: list[NDArray[np.float64]] = []
        self.head: list[NDArray[np.float64]] = []
        self.chain: list[int] = []

    def push(self, frame: FaceFrame) -> None:
        """Take the next frame."""
        if frame.crop is None or frame.key is None or frame.state not in ("ok", "blurred", "covered"):
            self.flush()
            self.time.append(frame.time)
            self.span.append((frame.time, frame.time))
            self.position.append(np.full((_R, 2), np.nan))
            self.head.append(np.full(6, np.nan))
            self.chain.append(-1)
            return
        if self._waiting and frame.time - self._waiting[-1].time > self._gap:
            self.flush()  # frames on either side of a gap have no common moment
        if frame.key is not self._key:
            self.flush()
            self._change_key(frame.key)
        self._waiting.append(frame)
        if len(self._waiting) >= self._each:
            self.flush()

    def flush(self) -> None:
        """Measure what is waiting."""
        frames, self._waiting = self._waiting, []
        crops = [f.crop for f in frames if f.crop is not None]
        if not crops or self._motion is None:
            return
        moved = self._motion.to(
            crops[0] if len(crops) == 1 else np.mean(crops, axis=0).round().astype(np.uint8)
        )
        if self._size == 0.0:
            self._size = frames[-1].size
        self.time.append(float(np.mean([f.time for f in frames])))
        self.span.append((frames[0].time, frames[-1].time))
        self.position.append(self._base + moved.regions)
        self.head.append(
            np.concatenate([_head_place(frames[-1], self._size), self._turned_base + moved.turned])
        )
        self.chain.append(self._chain)

    def _change_key(self, key: Key) -> None:
        if self._motion is not None and key.continues and self.chain and self.chain[-1] >= 0:
            moved = self._motion.to(key.crop)
            self._base = self._base + moved.regions
            self._turned_base = self._turned_base + moved.turned
        else:
            self._chain += 1
            self._base, self._turned_base = np.zeros((_R, 2)), np.zeros(2)
        self._key = key
        self._motion = FaceMotion(key.crop, key.map, self._flow)


class Measured(Protocol):
    """What :class:`RegionTraces` has measured; see there."""

    @property
    def time(self) -> Sequence[float]: ...  # noqa: D102
    @property
    def span(self) -> Sequence[tuple[float, float]]: ...  # noqa: D102
    @property
    def position(self) -> Sequence[NDArray[np.float64]]: ...  # noqa: D102
    @property
    def head(self) -> Sequence[NDArray[np.float64]]: ...  # noqa: D102
    @property
    def chain(self) -> Sequence[int]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Laid:
    """A recording's measurements on an even grid.

    Attributes:
        grid: its G times.
        position: (G, R, 2), outer-eye distances; NaN where not measured.
        runs: stretches (first, stop) in which positions have one origin.
        head: (G, 6) of :class:`RegionTraces`; NaN where not measured.
        noise: (R,) standard deviation of the noise in the positions as measured.
        halting: of :func:`halting_of`, of the whole recording.
    """

    grid: TimeGrid
    position: Float
    runs: list[tuple[int, int]]
    head: Float
    noise: Float
    halting: float | None


def lay(
    measured: Measured, time: Float, good: NDArray[np.bool_], rate: float, *, fixed: bool = False
) -> Laid:
    """Lay a recording's measurements on a grid.

    Args:
        measured: of the whole recording, at least once.
        time: (N,) seconds of each frame.
        good: (N,) which frames may be scored.
        rate: samples a second, at most.
        fixed: so many, however slow the camera.

    Returns:
        Positions in outer-eye distances, cut wherever a frame may not be scored.
    """
    sampled = np.array(measured.time, np.float64)
    position = np.array(measured.position, np.float64)
    # a frame that must not be scored breaks the positions as a lost face does
    bad = np.concatenate([[0], np.cumsum(~good)])
    first, last = np.array(measured.span, np.float64).T
    position[bad[np.searchsorted(time, last, "right")] > bad[np.searchsorted(time, first)]] = np.nan
    chain = np.array(measured.chain, np.int64)
    unbroken = _runs(finite_rows(position), chain)
    noise, halting = noise_of(position, unbroken), halting_of(position, unbroken)
    grid = TimeGrid(sampled, rate, fixed=fixed)
    rough, of_grid = _chained(grid, sampled, position, chain)
    head = grid.spread(sampled, np.array(measured.head, np.float64))
    return Laid(grid, rough, _runs(finite_rows(rough), of_grid), head, noise, halting)


def around_blinks(time: Float, blinks: Sequence[Span], margin: float) -> NDArray[np.bool_]:
    """(G,): which moments are within a blink, or at the beginning or end of a longer closure.

    Args:
        time: (G,) seconds.
        blinks: closures of the lids.
        margin: by how much each reaches further on either side, seconds.
    """
    mask = np.zeros(len(time), bool)
    for blink in blinks:
        ends = [(blink.start_s, blink.end_s)]
        if blink.reason != "blink":
            ends = [(blink.start_s, blink.start_s), (blink.end_s, blink.end_s)]
        for start, end in ends:
            mask |= (time >= start - margin) & (time <= end + margin)
    return mask


def noise_of(position: Float, runs: list[tuple[int, int]], sigma: float = 0.0) -> Float:
    """(R,) standard deviation of the noise in positions (N, R, 2) once smoothed with ``sigma`` samples.

    From second differences: whatever changes from one sample to the next without going on is noise.
    """
    second = _second_differences(position, runs)
    if not len(second):
        return np.zeros(position.shape[1])
    raw = 1.4826 * np.median(np.abs(second), axis=0) / np.sqrt(6)
    left = 1.0 if sigma <= 0.3 else min(1.0, 1 / np.sqrt(2 * np.sqrt(np.pi) * sigma))
    return np.asarray(np.linalg.norm(raw, axis=1) * left)


def halting_of(position: Float, runs: list[tuple[int, int]]) -> float | None:
    """How haltingly positions (N, R, 2) move: about .95 if their noise is even, more the more it is not.

    A film that was compressed hard stands still for a while and then catches up at once: second differences
    are then nearly nothing some of the time. This is the logarithm of their median over their 10 % quantile
    (of their 95 % quantile, if more than half are nothing), the median of all regions. What really moves
    hardly counts: it is in the upper half.

    Args:
        position: outer-eye distances, as measured, not smoothed.
        runs: stretches (first, stop) with one origin.

    Returns:
        A number from 0 to about 10, without unit; ``None`` where nothing moves at all, and of fewer than
        :data:`ENOUGH` samples.
    """
    second = np.linalg.norm(_second_differences(position, runs), axis=2)
    if len(second) < ENOUGH:
        return None
    least, usual, most = np.quantile(second, (0.1, 0.5, 0.95), axis=0)
    usual = np.where(usual > _NOTHING, usual, most)
    if not (usual > _NOTHING).any():
        return None
    return float(np.median(np.log((usual + _NOTHING) / (least + _NOTHING))))


def _second_differences(position: Float, runs: list[tuple[int, int]]) -> Float:
    """(n, R, 2) of all samples that have neighbours on both sides."""
    parts = [position[a:b][2:] - 2 * position[a:b][1:-1] + position[a:b][:-2] for a, b in runs if b - a > 4]
    return np.concatenate(parts) if parts else np.empty((0, *position.shape[1:]))


def _chained(
    grid: TimeGrid, time: Float, position: Float, chain: NDArray[np.int64]
) -> tuple[Float, NDArray[np.int64]]:
    """Positions (N, R, 2) laid on the grid (G, R, 2), and the chain (G,) that each belongs to.

    Within a chain they are interpolated, also over short gaps; between two chains, whose origins differ, the
    nearest sample stands.
    """
    rough = grid.spread(time, position)
    known = finite_rows(position)
    if not known.any():
        return rough, np.full(len(rough), -1)
    t, position, chain = time[known], position[known], chain[known]
    right = np.clip(np.searchsorted(t, grid.time), 0, len(t) - 1)
    left = np.clip(right - 1, 0, None)
    nearest = np.where(np.abs(grid.time - t[left]) <= np.abs(t[right] - grid.time), left, right)
    seam = (chain[left] != chain[right]) & finite_rows(rough)
    rough[seam] = position[nearest[seam]]
    return rough, chain[nearest]


def _runs(valid: NDArray[np.bool_], chain: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Stretches (first, stop) of valid samples within one chain of key frames."""
    runs = []
    for first, stop in valid_runs(valid):
        cuts = first + 1 + np.flatnonzero(np.diff(chain[first:stop]))
        runs += list(zip([first, *cuts.tolist()], [*cuts.tolist(), stop], strict=True))
    return runs


def _head_place(frame: FaceFrame, size: float) -> NDArray[np.float64]:
    """Shift, growth and turn of the head in the picture, in outer-eye distances of ``size`` pixels."""
    matrix = frame.matrix
    assert matrix is not None
    turn = matrix[:, :2]
    scale = float(np.sqrt(abs(np.linalg.det(turn))))
    middle = np.linalg.solve(turn, np.array([CROP / 2, CROP / 2]) - matrix[:, 2])
    angle = float(np.arctan2(turn[1, 0], turn[0, 0]))
    return np.array([*(middle / size), -np.log(scale), angle])
