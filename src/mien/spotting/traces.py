"""Where each facial region is, over time: the measurement under region-flow spotting.

Each frame is compared with its key frame by optical flow; head motion is fitted and removed; every region's
mean displacement is read off. At a new key frame the positions carry on from the old one's. The result is a
*position* for each region and moment, from which motion relative to any reference, any time away, is a
subtraction.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.face import CELLS, CROP, UNIT, FaceFrame, Key
from mien.motion import HeadMotionModel, make_flow

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
        position: each (R, 2), outer-eye distances; NaN where the face was not seen.
        head: each (6,): shift x, y, growth, turn (from the crop), yaw and nod parallax (from the fit), all as
            displacements in outer-eye distances.
        chain: number of the unbroken chain of key frames each measurement belongs to.
    """

    def __init__(self, fps: float, method: str = "dis_lk", rate: float = 100.0) -> None:
        self._flow = make_flow(method)
        self._each = max(1, round(fps / rate))
        self._waiting: list[FaceFrame] = []
        self._key: Key | None = None
        self._base = np.zeros((_R, 2))
        self._turned_base = np.zeros(2)
        self._model: HeadMotionModel | None = None
        self._cells: NDArray[np.bool_] = np.zeros(0, bool)
        self._chain = 0
        self._size = 0.0
        self.time: list[float] = []
        self.position: list[NDArray[np.float64]] = []
        self.head: list[NDArray[np.float64]] = []
        self.chain: list[int] = []

    def push(self, frame: FaceFrame) -> None:
        """Take the next frame."""
        if frame.crop is None or frame.key is None or frame.state not in ("ok", "blurred", "covered"):
            self.flush()
            self.time.append(frame.time)
            self.position.append(np.full((_R, 2), np.nan))
            self.head.append(np.full(6, np.nan))
            self.chain.append(-1)
            return
        if frame.key is not self._key:
            self.flush()
            self._change_key(frame)
        self._waiting.append(frame)
        if len(self._waiting) >= self._each:
            self.flush()

    def flush(self) -> None:
        """Measure what is waiting."""
        if not self._waiting:
            return
        frames, self._waiting = self._waiting, []
        crops = [f.crop for f in frames if f.crop is not None]
        crop = crops[0] if len(crops) == 1 else np.mean(crops, axis=0).round().astype(np.uint8)
        moved, turned = self._measure(crop)
        self.time.append(float(np.mean([f.time for f in frames])))
        self.position.append(self._base + moved)
        if self._size == 0.0:
            self._size = frames[-1].size
        self.head.append(np.concatenate([_head_place(frames[-1], self._size), self._turned_base + turned]))
        self.chain.append(self._chain)

    def _change_key(self, frame: FaceFrame) -> None:
        key, old = frame.key, self._key
        assert key is not None
        if (
            old is not None
            and key.continues
            and self._model is not None
            and self.chain
            and self.chain[-1] >= 0
        ):
            moved, turned = self._measure(key.crop)
            self._base = self._base + moved
            self._turned_base = self._turned_base + turned
        else:
            self._chain += 1
            self._base, self._turned_base = np.zeros((_R, 2)), np.zeros(2)
        self._key = key
        self._cells = key.map.rigid > 0.02
        if self._cells.sum() < 12:  # hardly any face in the picture; trust all of it
            self._cells = np.ones_like(self._cells)
        self._model = HeadMotionModel(
            key.map.points[self._cells],
            key.map.depth[self._cells],
            np.maximum(key.map.rigid[self._cells], 1e-3),
        )
        self._everywhere = self._model.basis(key.map.points, key.map.depth)

    def _measure(self, crop: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Displacement (R, 2) of the regions from the key frame, and parallax (2,) of the head's turning."""
        assert self._key is not None
        assert self._model is not None
        key = self._key
        field = self._flow(key.crop, _same_light(crop, key.crop))
        cells = (
            cv2.resize(field, (CELLS, CELLS), interpolation=cv2.INTER_AREA).reshape(-1, 2).astype(np.float64)
        )
        coefficients = self._model.fit(cells[self._cells])
        rest = cells - self._everywhere @ coefficients
        depth = float(key.map.depth[self._cells].std()) / self._model.scale
        return key.map.regions @ rest / UNIT, coefficients[4:] * depth / UNIT


def _same_light(crop: NDArray[np.uint8], key: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The crop with the key frame's mean and spread of light: exposure drift and flicker are not motion."""
    part = (slice(CROP // 5, -CROP // 8), slice(CROP // 5, -CROP // 5))
    (a,), (sa,) = (v.ravel() for v in cv2.meanStdDev(np.ascontiguousarray(key[part])))
    (b,), (sb,) = (v.ravel() for v in cv2.meanStdDev(np.ascontiguousarray(crop[part])))
    gain = float(np.clip(sa / max(sb, 1e-6), 0.7, 1.4))
    if abs(gain - 1) < 0.003 and abs(a - b) < 0.3:
        return crop
    table = np.clip((np.arange(256) - b) * gain + a, 0, 255).round().astype(np.uint8)
    lit: NDArray[np.uint8] = cv2.LUT(crop, table).astype(np.uint8, copy=False)
    return lit


def _head_place(frame: FaceFrame, size: float) -> NDArray[np.float64]:
    """Shift, growth and turn of the head in the picture, in outer-eye distances of ``size`` pixels."""
    matrix = frame.matrix
    assert matrix is not None
    turn = matrix[:, :2]
    scale = float(np.sqrt(abs(np.linalg.det(turn))))
    middle = np.linalg.solve(turn, np.array([CROP / 2, CROP / 2]) - matrix[:, 2])
    angle = float(np.arctan2(turn[1, 0], turn[0, 0]))
    return np.array([*(middle / size), -np.log(scale), angle])
