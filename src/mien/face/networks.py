"""The networks of the face room: where is a face, where are its 468 mesh points, and is a hand before it.

All are MediaPipe's (Apache-2.0, see ``assets/``): BlazeFace short range (Bazarevsky et al., 2019), the face
mesh (Kartynnik et al., 2019), the palm detector and the hand network (Zhang et al., 2020). They run on
OpenCV's DNN module, which mien needs anyway; LiteRT is a few times as fast but a dependency more, for
networks that run a few times a second (numbers in benchmarks/README.md). Another detector only has to offer
:class:`FaceDetector`'s two methods.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import MienError
from mien.face.align import CROP, rescale, scale_of, warp

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


@dataclass(frozen=True, slots=True)
class _Palm:
    """What the palm detector takes for a palm: pixels of the picture."""

    score: float
    centre: NDArray[np.float64]
    side: float
    hand: NDArray[np.float64]  # from the wrist to the base of the middle finger


class HandFinder:
    """Is a hand before the face? The mesh network draws a mouth over one as calmly as over a mouth.

    Two networks must agree. The palm detector looks at the face and its surroundings, about 27 ms a look; by
    itself it takes many a cheek or jaw for a palm. So the hand network looks for a whole hand around each
    palm, about 38 ms a look, and what it does not confirm is none.
    """

    _size = 192
    _views = ((0.6, False), (0.6, True), (0.5, True), (0.7, False))
    """What the palm detector gets to see: the share of the view that the crop fills (palms are often below
    the chin), and mirrored or not."""
    _suspicious = 0.06
    _doubtful = 0.1
    """A mean score below this neither begins nor keeps anything: nobody needs to confirm it."""
    _candidate = 0.2
    _hand_size = 224
    _crops = ((3.4, 0.2), (2.6, 0.5), (2.6, 0.0))
    """What the hand network gets to see: the crop's side in palms, and its centre's way from the palm's
    towards the fingers (MediaPipe takes the second). Cheeks are hands in one or two, hands in all."""
    _hopeless = 0.1
    _present = 0.45
    _present_hanging = 0.9
    """The mean presence that confirms a hand; more for one whose fingers point down the face, for chin and
    neck upside down look like one."""

    def __init__(self) -> None:
        self._net = _load("palm_detection_full.tflite")
        self._hand_net = _load("hand_landmark_full.tflite")
        self._anchors = _anchors((24, 2), (12, 6))

    def __call__(self, rgb: NDArray[np.uint8], matrix: NDArray[np.float64]) -> float:
        """How sure it is that a hand reaches into the face crop, 0 to 1; 0 where it is refuted.

        Args:
            rgb: ``uint8`` (H, W, 3).
            matrix: (2, 3) picture -> crop of :data:`~mien.face.align.CROP` pixels.
        """
        certainty, refuted = self.look(rgb, matrix)
        return 0.0 if refuted else certainty

    def look(self, rgb: NDArray[np.uint8], matrix: NDArray[np.float64]) -> tuple[float, bool]:
        """What either network says.

        One look of the palm detector is enough to see none; what looks like a palm is looked at four times,
        differently cut and mirrored, and the mean counts. One of the palms has to be a hand's.

        Args:
            rgb: ``uint8`` (H, W, 3).
            matrix: (2, 3) picture -> crop of :data:`~mien.face.align.CROP` pixels.

        Returns:
            How sure the palm detector is that a hand reaches into the crop, 0 to 1, and whether the hand
            network refutes it. It does so now and then where only fingers are to be seen.
        """
        # one colour below the picture's edge: a neck drawn out downwards would look like an arm
        edge = tuple(rgb[-1].mean(axis=0).tolist())
        first = self._look(rgb, matrix, edge, *self._views[0])
        if first[0].score < self._suspicious:
            return first[0].score, False
        looks = [first, *(self._look(rgb, matrix, edge, *view) for view in self._views[1:])]
        certainty = float(np.mean([palms[0].score for palms in looks]))
        if certainty < self._doubtful:
            return certainty, False
        likely = [palm for palms in looks for palm in palms if palm.score >= self._candidate]
        likely.sort(key=lambda palm: -palm.score)
        return certainty, not any(self._is_hand(rgb, matrix, edge, palm) for palm in likely)

    def _look(
        self,
        rgb: NDArray[np.uint8],
        matrix: NDArray[np.float64],
        edge: tuple[float, ...],
        zoom: float,
        mirrored: bool,
    ) -> list[_Palm]:
        """The best palm and the best elsewhere (fingers over a nose may beat the palm that is theirs).

        The score is 0 where a palm does not reach into the crop.
        """
        view = rescale(matrix, CROP, self._size)
        view = np.hstack([view[:, :2] * zoom, view[:, 2:] * zoom + self._size * (1 - zoom) / 2])
        if mirrored:
            view = np.array([-view[0] + (0, 0, self._size - 1), view[1]])
        patch = warp(rgb, view, self._size, beyond=edge)
        self._net.setInput(cv2.dnn.blobFromImage(patch, 1 / 255))
        boxes, raw = self._net.forward(["Identity", "Identity_1"])
        scores = _sigmoid(raw.reshape(-1))
        values = boxes.reshape(-1, 18) / self._size
        centres = values[:, :2] + self._anchors
        best = int(scores.argmax())
        elsewhere = np.linalg.norm(centres - centres[best], axis=1) > values[best, 2:4].max() / 2
        inverse = np.linalg.inv(view[:, :2])
        palms = []
        for k in (best, int(np.where(elsewhere, scores, 0).argmax())):
            # back to shares of the crop
            x, y = (centres[k] - (1 - zoom) / 2) / zoom
            reaches = 0.0 < x < 1.0 and 0.2 < y < 1.3 and values[k, 2] / zoom > 0.15
            palms.append(
                _Palm(
                    float(scores[k]) if reaches else 0.0,
                    inverse @ (centres[k] * self._size - view[:, 2]),
                    float(values[k, 2:4].max()) * self._size / scale_of(view),
                    # seven key points follow the box: first the wrist, third the middle finger's base
                    inverse @ (values[k, 8:10] - values[k, 4:6]),
                )
            )
        return palms

    def _is_hand(
        self,
        rgb: NDArray[np.uint8],
        matrix: NDArray[np.float64],
        edge: tuple[float, ...],
        palm: _Palm,
    ) -> bool:
        along = palm.hand / max(float(np.linalg.norm(palm.hand)), 1e-9)
        turn = np.array([[-along[1], along[0]], [-along[0], -along[1]]])  # the fingers up
        presence = []
        for sides, shift in self._crops:
            scale = self._hand_size / (sides * palm.side)
            centre = palm.centre + shift * palm.side * along
            view = np.hstack([scale * turn, (self._hand_size / 2 - scale * turn @ centre)[:, None]])
            patch = warp(rgb, view, self._hand_size, beyond=edge)
            self._hand_net.setInput(cv2.dnn.blobFromImage(patch, 1 / 255))
            presence.append(float(self._hand_net.forward("Identity_1").reshape(-1)[0]))
            if presence[-1] < self._hopeless:
                return False
        down = matrix[:, :2] @ along
        hanging = down[1] > 0.5 * float(np.linalg.norm(down))
        return float(np.mean(presence)) >= (self._present_hanging if hanging else self._present)
