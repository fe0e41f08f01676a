"""The networks of the face room: where is a face, where are its 468 mesh points, and is a hand before it.

All are MediaPipe's (Apache-2.0, see ``assets/``): BlazeFace short range (Bazarevsky et al., 2019), the face
mesh (Kartynnik et al., 2019) and the palm detector (Zhang et al., 2020). They run on OpenCV's DNN module,
which mien needs anyway; LiteRT is a few times as fast but a dependency more, for networks that run a few
times a second (numbers in benchmarks/README.md). Another detector only has to offer :class:`FaceDetector`'s
two methods.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import MienError
from mien.face.align import CROP, rescale, warp

__all__ = ["BlazeFace", "Detection", "FaceDetector", "FaceMesh", "HandFinder", "Mesh"]


@dataclass(frozen=True, slots=True)
class Detection:
    """One face in a picture.

    Attributes:
        x, y, width, height: box in pixels of the picture.
        score: 0 to 1.
        eyes: (2, 2) centres of the person's right and left eye, pixels (x, y).
    """

    x: float
    y: float
    width: float
    height: float
    score: float
    eyes: NDArray[np.float32]

    @property
    def area(self) -> float:
        """Pixels covered."""
        return self.width * self.height

    def shifted(self, dx: float, dy: float) -> Detection:
        """The same face in a picture whose origin lies elsewhere."""
        eyes = (self.eyes + np.array([dx, dy])).astype(np.float32)
        return replace(self, x=self.x + dx, y=self.y + dy, eyes=eyes)

    def overlap(self, other: Detection) -> float:
        """Intersection over union with another box, 0 to 1."""
        w = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        h = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        both = max(w, 0.0) * max(h, 0.0)
        return both / (self.area + other.area - both) if both > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Mesh:
    """The face mesh on one picture.

    Attributes:
        points: ``float32`` (468, 3) pixels of the picture; z grows away from the camera, same scale as x.
        presence: 0 to 1, how sure the network is that it looks at a face.
    """

    points: NDArray[np.float32]
    presence: float


class FaceDetector(Protocol):
    """What tracking needs of a detector."""

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        """Every face in ``uint8`` (H, W, 3), largest first."""
        ...


def _load(name: str) -> Any:
    # OpenCV 5's new graph engine hides all outputs but one; the classic engine shows them
    engine = getattr(cv2.dnn, "ENGINE_CLASSIC", None)
    with as_file(files("mien.face") / "assets" / name) as path:
        try:
            return cv2.dnn.readNetFromTFLite(str(path), **({} if engine is None else {"engine": engine}))
        except cv2.error as error:  # pragma: no cover - a broken installation
            raise MienError(f"OpenCV {cv2.__version__} cannot read {name}: {error}") from error


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = np.reciprocal(1 + np.exp(-np.clip(x, -80, 80)), dtype=np.float32)
    return result


def _anchors(*maps: tuple[int, int]) -> NDArray[np.float32]:
    """Centres of the single-shot detectors' anchors, 0 to 1: for each map of n×n cells, k a cell."""
    grids = [np.stack(np.meshgrid(np.arange(n), np.arange(n)), -1).reshape(-1, 2) for n, _ in maps]
    centres = [np.repeat((grid + 0.5) / n, k, axis=0) for grid, (n, k) in zip(grids, maps, strict=True)]
    return np.concatenate(centres).astype(np.float32)


class BlazeFace:
    """BlazeFace, short range: faces from about a sixth of the picture's longer side.

    Where nothing is found, the picture is searched again in overlapping tiles of half its size, which finds
    faces half as large, and now and then of a quarter, which takes up to forty passes. About 1.5 ms a pass on
    one 2-core machine.
    """

    _size = 128
    _thorough = 10
    """Every so many fruitless searches, the first included, go down to quarter tiles."""

    def __init__(self, threshold: float = 0.6) -> None:
        self._net = _load("face_detection_short_range.tflite")
        self._threshold = threshold
        self._anchors = _anchors((16, 2), (8, 6))
        self._fruitless = 0

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        """Every face in ``uint8`` (H, W, 3), largest first."""
        height, width = rgb.shape[:2]
        found = self._pass(rgb, 0, 0)
        for share in (2, 4) if self._fruitless % self._thorough == 0 else (2,):
            tile = max(height, width) // share
            if found or tile < self._size:
                break
            for y in _tile_starts(height, tile):
                for x in _tile_starts(width, tile):
                    found += self._pass(rgb[y : y + tile, x : x + tile], x, y)
            found = _suppress(found)
        self._fruitless = 0 if found else self._fruitless + 1
        return sorted(found, key=lambda d: -d.area)

    def _pass(self, rgb: NDArray[np.uint8], left: int, top: int) -> list[Detection]:
        height, width = rgb.shape[:2]
        side = max(height, width)
        scale = self._size / side
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        square = np.full((self._size, self._size, 3), 127, np.uint8)
        square[: inner[1], : inner[0]] = cv2.resize(rgb, inner, interpolation=cv2.INTER_AREA)
        self._net.setInput(cv2.dnn.blobFromImage(square, 1 / 127.5, mean=(127.5, 127.5, 127.5)))
        raw, boxes = self._net.forward(["classificators", "regressors"])
        scores = _sigmoid(raw.reshape(-1))
        keep = np.flatnonzero(scores >= self._threshold)
        found = []
        for i in keep:
            values = boxes.reshape(-1, 16)[i] / self._size
            centre = values[:2] + self._anchors[i]
            w, h = values[2] * side, values[3] * side
            eyes = (values[4:8].reshape(2, 2) + self._anchors[i]) * side + (left, top)
            x, y = centre * side + (left, top)
            found.append(
                Detection(
                    float(x - w / 2),
                    float(y - h / 2),
                    float(w),
                    float(h),
                    float(scores[i]),
                    eyes.astype(np.float32),
                )
            )
        return _suppress(found)


def _tile_starts(length: int, tile: int) -> list[int]:
    count = max(1, int(np.ceil((length - tile) / (tile / 2))) + 1) if length > tile else 1
    return [round(v) for v in np.linspace(0, max(0, length - tile), count)]


def _suppress(found: list[Detection], overlap: float = 0.3) -> list[Detection]:
    """Weighted non-maximum suppression: overlapping boxes melt into one, which steadies it."""
    rest = sorted(found, key=lambda d: -d.score)
    kept = []
    while rest:
        best = rest[0]
        same = [d for d in rest if d.overlap(best) > overlap]
        rest = [d for d in rest[1:] if d not in same] if len(same) > 1 else rest[1:]
        w = np.array([d.score for d in same]) / sum(d.score for d in same)
        x, y, width, height = (np.array([[d.x, d.y, d.width, d.height] for d in same]).T @ w).tolist()
        eyes = np.tensordot(w, np.stack([d.eyes for d in same]), axes=1).astype(np.float32)
        kept.append(Detection(x, y, width, height, best.score, eyes))
    return kept


class FaceMesh:
    """The 468-point face mesh. About 2 ms a pass on one 2-core machine."""

    _size = 192

    def __init__(self) -> None:
        self._net = _load("face_landmark.tflite")

    def __call__(
        self, rgb: NDArray[np.uint8], centre: NDArray[np.floating], side: float, angle: float
    ) -> Mesh:
        """The mesh inside a turned square of the picture.

        Args:
            rgb: ``uint8`` (H, W, 3).
            centre: (2,) centre of the square, pixels.
            side: its side, pixels: 1.5 times the face.
            angle: of the line from the person's right to left eye, radians (y down).
        """
        cos, sin = np.cos(angle), np.sin(angle)
        scale = self._size / side
        turn = scale * np.array([[cos, sin], [-sin, cos]])
        matrix = np.hstack([turn, (self._size / 2 - turn @ centre)[:, None]])
        patch = warp(rgb, matrix, self._size)
        self._net.setInput(cv2.dnn.blobFromImage(patch, 1 / 255))
        flag, raw = self._net.forward(["conv2d_31", "conv2d_21"])
        points = raw.reshape(468, 3).astype(np.float32)
        inverse = np.linalg.inv(turn)
        points[:, :2] = (points[:, :2] - matrix[:, 2]) @ inverse.T
        points[:, 2] /= scale
        return Mesh(points, float(_sigmoid(flag.reshape(-1))[0]))

    def from_detection(self, rgb: NDArray[np.uint8], found: Detection) -> Mesh:
        """The mesh of a detected face.

        Looked at three times, each time where the last mesh lay: a face is still there, what the detector
        mistook for one is not. The mesh is the second, its presence the less of the last two.
        """
        across = found.eyes[1] - found.eyes[0]
        centre = np.array([found.x + found.width / 2, found.y + found.height / 2])
        angle = float(np.arctan2(across[1], across[0]))
        second = self.again(rgb, self(rgb, centre, 1.5 * max(found.width, found.height), angle))
        return Mesh(second.points, min(second.presence, self.again(rgb, second).presence))

    def again(self, rgb: NDArray[np.uint8], last: Mesh) -> Mesh:
        """The mesh near where it was last."""
        xy = last.points[:, :2]
        across = xy[263] - xy[33]
        angle = float(np.arctan2(across[1], across[0]))
        cos, sin = np.cos(-angle), np.sin(-angle)
        turned = xy @ np.array([[cos, -sin], [sin, cos]]).T
        low, high = turned.min(axis=0), turned.max(axis=0)
        centre = np.array([[cos, sin], [-sin, cos]]) @ ((low + high) / 2)
        return self(rgb, centre, 1.5 * float((high - low).max()), angle)


class HandFinder:
    """Is a hand before the face? The palm detector on the face and its surroundings; about 22 ms a pass.

    The mesh network draws a mouth over a hand as calmly as over a mouth, so it cannot tell.
    """

    _size = 192
    _views = ((0.6, False), (0.6, True), (0.5, True), (0.7, False))
    """What the network gets to see: the share of the view that the crop fills (palms are often below the
    chin), and mirrored or not."""
    _suspicious = 0.06

    def __init__(self) -> None:
        self._net = _load("palm_detection_full.tflite")
        self._anchors = _anchors((24, 2), (12, 6))

    def __call__(self, rgb: NDArray[np.uint8], matrix: NDArray[np.float64]) -> float:
        """How sure the network is that a hand reaches into the face crop.

        One look is enough to see none; what looks like one is looked at four times, differently cut and
        mirrored,
        and the mean counts: single looks mistake hair and shoulders for hands.

        Args:
            rgb: ``uint8`` (H, W, 3).
            matrix: (2, 3) picture -> crop of :data:`~mien.face.align.CROP` pixels.

        Returns:
            0 to 1.
        """
        first = self._look(rgb, matrix, *self._views[0])
        if first < self._suspicious:
            return first
        return float(np.mean([first, *(self._look(rgb, matrix, *view) for view in self._views[1:])]))

    def _look(
        self, rgb: NDArray[np.uint8], matrix: NDArray[np.float64], zoom: float, mirrored: bool
    ) -> float:
        view = rescale(matrix, CROP, self._size)
        view = np.hstack([view[:, :2] * zoom, view[:, 2:] * zoom + self._size * (1 - zoom) / 2])
        if mirrored:
            view = np.array([-view[0] + (0, 0, self._size - 1), view[1]])
        # one colour below the picture's edge: a neck drawn out downwards would look like an arm
        edge = tuple(rgb[-1].mean(axis=0).tolist())
        patch = warp(rgb, view, self._size, beyond=edge)
        self._net.setInput(cv2.dnn.blobFromImage(patch, 1 / 255))
        boxes, raw = self._net.forward(["Identity", "Identity_1"])
        scores = _sigmoid(raw.reshape(-1))
        best = int(scores.argmax())
        box = boxes.reshape(-1, 18)[best] / self._size
        # back to shares of the crop
        x, y = (box[:2] + self._anchors[best] - (1 - zoom) / 2) / zoom
        reaches = 0.0 < x < 1.0 and 0.2 < y < 1.3 and box[2] / zoom > 0.15
        return float(scores[best]) if reaches else 0.0
