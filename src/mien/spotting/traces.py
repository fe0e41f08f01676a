"""Where each facial region is, over time: the measurement under region-flow spotting.

Each frame is compared with its key frame by optical flow; head motion is fitted and removed; every region's
mean displacement is read off. At a new key frame the positions carry on from the old one's. The result is a
*position* for each region and moment, from which motion relative to any reference, any time away, is a
subtraction.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.face import CROP, FaceFrame, Key
from mien.inputs import FaceMotion
from mien.motion import make_flow

__all__ = ["RegionTraces"]

_R = len(REGIONS)


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


def _head_place(frame: FaceFrame, size: float) -> NDArray[np.float64]:
    """Shift, growth and turn of the head in the picture, in outer-eye distances of ``size`` pixels."""
    matrix = frame.matrix
    assert matrix is not None
    turn = matrix[:, :2]
    scale = float(np.sqrt(abs(np.linalg.det(turn))))
    middle = np.linalg.solve(turn, np.array([CROP / 2, CROP / 2]) - matrix[:, 2])
    angle = float(np.arctan2(turn[1, 0], turn[0, 0]))
    return np.array([*(middle / size), -np.log(scale), angle])
