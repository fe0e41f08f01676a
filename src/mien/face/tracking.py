"""Following one face through a recording, and holding it still.

A micro-expression moves the skin by a hundredth of the face's width; the mesh network's points tremble by
nearly as much. So the mesh only says *where* the face is. It is held *still* by registering each frame to a
key frame: feature points on skin that moves with the skull (bridge and base of the nose, inner eye corners;
the rest of the face with little weight) are tracked from the key frame's crop into this frame's, and the
robust similarity between them corrects the crop. Averaged over a hundred points that is steady to a few
hundredths of a pixel. A new key frame is taken every second or two, from the steadied crop itself, so that
nothing jumps.

The mesh is consulted when something may have changed (the eyes look different, tracking has trouble) and
every fifth of a second besides; the detector only to find a face that is not being tracked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.events import FaceState
from mien.face.align import ANCHORS, CROP, apply, compose, fit_similarity, place, scale_of, warp
from mien.face.networks import BlazeFace, Detection, FaceDetector, FaceMesh, HandFinder, Mesh
from mien.face.regions import UNIT, FaceMap, face_map

__all__ = ["CELLS", "FaceFrame", "FaceTracker", "Key", "Picture", "TrackerSettings", "settle", "survey"]

CELLS = 32
"""Cells along each side of the crop in a :class:`~mien.face.regions.FaceMap`."""


class Picture(Protocol):
    """What tracking needs of a frame; :class:`mien.video.Frame` is one."""

    index: int
    time: float

    @property
    def gray(self) -> NDArray[np.uint8]:
        """``uint8`` (H, W)."""
        ...

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """``uint8`` (H, W, 3)."""
        ...


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """Tunables of tracking, with their units.

    Attributes:
        key_s: age at which a key frame is replaced, seconds.
        mesh_s: the mesh is taken at least this often, seconds.
        mesh_rate: and at most this often, times a second.
        search_s: while no face is tracked, the detector looks this often, seconds.
        eye_change: mean grey-level change of the eyes that calls for the mesh.
        patience_s: a face lost for no longer than this is looked for where it was, against the same key
            frame, before it is searched for anew, seconds.
        presence: mesh presence below which there is no face.
        held: share of feature points that must be found again.
        alike: correlation of the rigid parts with the key frame's below which tracking has failed.
        smallest: outer-eye distance in picture pixels below which a frame is not scored.
        turned_deg: yaw or pitch beyond which a frame is not scored, degrees.
        shaken: head speed beyond which a frame is not scored, outer-eye distances a second.
        covered: certainty of a hand before the face from which frames are not scored; half of it keeps them
            so.
        hand_s: a hand is looked for at least this often, seconds; up to three times as often while the lower
            face changes.
        changed: share of the face that no longer looks like the key frame's from which a new one is taken
            early.
        blurred: sharpness below this share of the recording's usual is not scored.
    """

    key_s: float = 1.5
    mesh_s: float = 0.2
    mesh_rate: float = 60.0
    search_s: float = 0.07
    eye_change: float = 4.0
    patience_s: float = 0.12
    presence: float = 0.5
    held: float = 0.5
    alike: float = 0.6
    smallest: float = 24.0
    turned_deg: float = 38.0
    shaken: float = 2.0
    covered: float = 0.2
    hand_s: float = 2.0
    changed: float = 0.15
    blurred: float = 0.35


@dataclass(eq=False)
class Key:
    """A key frame.

    Attributes:
        number: counts up within a recording.
        frame: its index in the file.
        crop: ``uint8`` (CROP, CROP).
        mesh: (468, 3) crop pixels, averaged over recent frames.
        map: the face's layout.
        continues: it follows the previous key frame without a gap, so that positions can be chained.
    """

    number: int
    frame: int
    time: float
    crop: NDArray[np.uint8]
    mesh: NDArray[np.float64]
    map: FaceMap
    continues: bool
    points: NDArray[np.float32] = field(repr=False)
    weight: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FaceFrame:
    """One frame of a tracked face.

    Attributes:
        index, time: as in the video.
        state: ``"ok"`` or why it must not be scored.
        matrix: (2, 3) picture -> crop, or ``None`` where there is no face.
        crop: ``uint8`` (CROP, CROP) grey, steadied; ``None`` where there is no face.
        key: the key frame it was registered to.
        quality: 0 to 1: agreement with the key frame on the parts that do not move.
        eyes: eye opening over eye width, both eyes; NaN where unknown.
        brightness: mean grey level of the face.
        sharpness: gradient energy of the crop over its variance.
        size: outer-eye distance in picture pixels.
        yaw, pitch: degrees, from the last mesh.
        speed: of the head, outer-eye distances a second.
        hand: 0 to 1, how sure it is that a hand is before the face; NaN where nobody looked in this frame.
    """

    index: int
    time: float
    state: FaceState
    matrix: NDArray[np.float64] | None = None
    crop: NDArray[np.uint8] | None = None
    key: Key | None = None
    quality: float = 0.0
    eyes: float = float("nan")
    brightness: float = float("nan")
    sharpness: float = float("nan")
    size: float = float("nan")
    yaw: float = float("nan")
    pitch: float = float("nan")
    speed: float = float("nan")
    hand: float = float("nan")


def survey(pictures: Iterable[Picture], *, step_s: float = 0.1, enough: int = 8) -> list[Detection]:
    """Which faces there are to follow: those seen steadily at the beginning.

    Args:
        pictures: frames from the beginning; reading stops once ``enough`` looks showed a face.
        step_s: time between looks, seconds.
        enough: looks with a face that suffice.

    Returns:
        Where each was last seen, the largest first; empty where no face was seen at all.
    """
    detector = BlazeFace()
    people: list[list[Detection]] = []
    looks, due = 0, -np.inf
    for picture in pictures:
        if picture.time < due:
            continue
        due = picture.time + step_s
        found = detector.detect(picture.rgb)
        looks += bool(found)
        for detection in found:
            same = max(people, key=lambda p: p[-1].overlap(detection), default=None)
            if same is not None and same[-1].overlap(detection) > 0.3:
                same.append(detection)
            else:
                people.append([detection])
        if looks >= enough:
            break
    steady = [p for p in people if len(p) >= max(1, 0.5 * looks)]
    steady.sort(key=lambda p: -float(np.mean([d.area for d in p])))
    return [p[-1] for p in steady]


class FaceTracker:
    """Follows one face.

    Args:
        target: where the wanted face is at the beginning (from :func:`survey`); without it, the largest.
        alone: no other face is known to be there, so that a face that turns up elsewhere may be the same.
        settings: tunables.
        detector: finds faces; BlazeFace by default.
    """

    def __init__(
        self,
        target: Detection | None = None,
        settings: TrackerSettings | None = None,
        detector: FaceDetector | None = None,
        *,
        alone: bool = True,
    ) -> None:
        self._alone = alone
        self.settings = settings or TrackerSettings()
        self._detector = detector or BlazeFace()
        self._mesh_network = FaceMesh()
        self._hand_network = HandFinder()
        self._hand_time = -np.inf
        self._hand = float("nan")
        self._hand_refuted = False
        self._lower_face: NDArray[np.float32] | None = None
        self._target = target
        self._matrix: NDArray[np.float64] | None = None
        self._key: Key | None = None
        self._keys = 0
        self._mesh: NDArray[np.float64] | None = None  # averaged, crop pixels
        self._mesh_due = -np.inf
        self._mesh_time = -np.inf
        self._eye_patch: NDArray[np.float32] | None = None
        self._eyes = float("nan")
        self._pose = (float("nan"), float("nan"))
        self._drift = np.zeros(2)
        self._places: deque[tuple[float, NDArray[np.float64]]] = deque()  # recent times and matrices
        self._last_seen = -np.inf
        self._search_due = -np.inf

    def update(self, picture: Picture) -> FaceFrame:
        """The face in the next frame; frames must come in order of time."""
        frame = self._follow(picture) if self._matrix is not None else None
        if frame is None and picture.time - self._last_seen > self.settings.patience_s:
            # until then the key frame is kept: a lost frame or two must not break the chain of positions
            self._matrix = self._key = None
            frame = self._find(picture) if picture.time >= self._search_due else None
        if frame is None:
            frame = FaceFrame(picture.index, picture.time, "lost")
        else:
            self._last_seen = picture.time
        return frame

    # ------------------------------------------------------------------ finding

    def _find(self, picture: Picture) -> FaceFrame | None:
        self._search_due = picture.time + self.settings.search_s
        found = self._detect(picture.rgb)
        chosen = self._choose(found, picture.time)
        if chosen is None:
            return None
        mesh = self._mesh_network.from_detection(picture.rgb, chosen)
        if mesh.presence < self.settings.presence or not _plausible(mesh):
            return None
        self._target = chosen
        return self._start(picture, mesh)

    def _detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        """Faces near the one we look for, or else anywhere: a small face is easier to find where it was."""
        last = self._target
        if last is not None:
            reach = 2.0 * max(last.width, last.height)
            x, y = last.x + last.width / 2, last.y + last.height / 2
            left, top = max(0, round(x - reach)), max(0, round(y - reach))
            part = rgb[top : max(0, round(y + reach)), left : max(0, round(x + reach))]
            if min(part.shape[:2], default=0) >= 16:
                found = self._detector.detect(part)
                if found:
                    return [d.shifted(left, top) for d in found]
        return self._detector.detect(rgb)

    def _choose(self, found: list[Detection], time: float) -> Detection | None:
        if not found:
            return None
        if self._target is None:
            return found[0]
        wanted = self._target

        def distance(d: Detection) -> float:
            dx = (d.x + d.width / 2) - (wanted.x + wanted.width / 2)
            dy = (d.y + d.height / 2) - (wanted.y + wanted.height / 2)
            return float(np.hypot(dx, dy) / max(wanted.width, 1.0)) + abs(
                float(np.log(d.width / wanted.width))
            )

        best = min(found, key=distance)
        if distance(best) <= 1.0:
            return best
        # a face far from where ours was lost may be somebody else's: taken only where nobody else is known to
        # be, and after a second
        return found[0] if self._alone and time - self._last_seen >= 1.0 else None

    def _start(self, picture: Picture, mesh: Mesh) -> FaceFrame:
        self._matrix = place(mesh.points)
        self._places.clear()
        self._mesh = None
        self._eye_patch = None
        crop = warp(picture.gray, self._matrix, CROP)
        self._note_mesh(mesh, picture.time, crop)
        self._take_key(picture, crop, continues=False)
        return self._frame(picture, crop, quality=1.0, speed=0.0)

    # ------------------------------------------------------------------ following

    def _follow(self, picture: Picture) -> FaceFrame | None:
        assert self._matrix is not None
        assert self._key is not None
        s, key, before = self.settings, self._key, self._matrix
        matrix, crop, held = self._register(picture.gray, before)
        alike = _correlation(key.crop, crop, key.map.rigid)
        trouble = held < s.held or alike < s.alike
        if trouble or self._mesh_wanted(picture.time, crop):
            mesh = self._mesh_network.again(picture.rgb, self._picture_mesh(before if trouble else matrix))
            if mesh.presence < s.presence or not _plausible(mesh):
                return None
            if trouble:
                moved = np.abs(apply(place(mesh.points), apply(_inverse(before), _SQUARE)) - _SQUARE).max()
                if moved > 0.5 * CROP:  # a cut, or another face
                    return None
                return self._start(picture, mesh)
            self._note_mesh(mesh, picture.time, crop, matrix)
        speed = self._speed(picture.time, matrix)
        self._matrix = matrix
        age = picture.time - key.time
        # early where tracking would soon be lost: a key frame taken in time keeps the chain of positions
        failing = held < 0.75 or alike < 0.9 or _changed_share(key.crop, crop, key.map.face) > s.changed
        if age >= s.key_s or (failing and age >= s.key_s / 5):
            if np.linalg.norm(self._drift) > 0.03 * UNIT:  # the crop has crept off its place: put it back
                assert self._mesh is not None
                back = place(self._mesh)
                self._matrix = compose(back, matrix)
                self._places.clear()
                self._mesh[:, :2] = apply(back, self._mesh[:, :2])
                self._drift[:] = 0
                crop = warp(picture.gray, self._matrix, CROP)
                self._eye_patch = None
            self._take_key(picture, crop, continues=True)
        return self._frame(picture, crop, quality=float(np.clip(alike, 0, 1)), speed=speed)

    def _speed(self, time: float, matrix: NDArray[np.float64]) -> float:
        """Of the head, outer-eye distances a second, over 20 ms: from frame to frame it would be noise."""
        while len(self._places) > 1 and time - self._places[1][0] >= 0.02 - 1e-9:
            self._places.popleft()
        self._places.append((time, matrix))
        then, old = self._places[0]
        if time - then < 0.02 - 1e-9:
            return 0.0
        middle = np.array([[CROP / 2, CROP / 2]])
        moved = apply(matrix, apply(_inverse(old), middle)) - middle
        return float(np.linalg.norm(moved)) / UNIT / (time - then)

    def _register(
        self, gray: NDArray[np.uint8], matrix: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8], float]:
        """The matrix that lays this frame over the key frame, its crop, and the share of points found."""
        assert self._key is not None
        key = self._key
        held = 0.0
        crop = warp(gray, matrix, CROP)
        for _ in range(3):
            found, status, _ = cv2.calcOpticalFlowPyrLK(
                key.crop, crop, key.points, key.points.copy(), winSize=(13, 13), maxLevel=3,
                criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 12, 0.01),
                flags=cv2.OPTFLOW_USE_INITIAL_FLOW, minEigThreshold=1e-4,
            )  # fmt: skip
            points, good = np.asarray(found, np.float32), status.reshape(-1) > 0
            if good.sum() < 8:
                return matrix, crop, 0.0
            correction, rest = _robust_similarity(points[good], key.points[good], key.weight[good])
            held = float(((rest < 1.5) * key.weight[good]).sum() / key.weight.sum())
            shift = np.abs(apply(correction, _SQUARE) - _SQUARE).max()
            if not 0.5 < scale_of(correction) < 2:
                return matrix, crop, 0.0
            matrix = compose(correction, matrix)
            crop = warp(gray, matrix, CROP)
            if shift < 0.7:  # sampling again would change nothing
                break
        return matrix, crop, held

    def _take_key(self, picture: Picture, crop: NDArray[np.uint8], *, continues: bool) -> None:
        assert self._mesh is not None
        layout = face_map(self._mesh, CELLS)
        weight_picture = cv2.resize(layout.rigid.reshape(CELLS, CELLS).astype(np.float32), (CROP, CROP))
        mask = (weight_picture > 0.05).astype(np.uint8)
        points = cv2.goodFeaturesToTrack(crop, 150, 0.005, 4, mask=mask, blockSize=5)
        if points is None or len(points) < 8:
            # a blank face: any points will do, tracking will say they are lost
            axis = np.linspace(0.3, 0.7, 6) * CROP
            points = np.stack(np.meshgrid(axis, axis), -1)
        points = np.asarray(points, np.float32).reshape(-1, 2)
        column, row = np.clip(points.round().astype(int), 0, CROP - 1).T
        weight = np.maximum(weight_picture[row, column].astype(np.float64) ** 2, 1e-3)
        self._keys += 1
        self._key = Key(
            self._keys,
            picture.index,
            picture.time,
            crop,
            self._mesh.copy(),
            layout,
            continues,
            points,
            weight,
        )

    def _frame(self, picture: Picture, crop: NDArray[np.uint8], *, quality: float, speed: float) -> FaceFrame:
        assert self._matrix is not None
        assert self._key is not None
        s = self.settings
        size = UNIT / scale_of(self._matrix)
        yaw, pitch = self._pose
        state: FaceState = "ok"
        if size < s.smallest:
            state = "small"
        elif max(abs(yaw), abs(pitch)) > s.turned_deg:
            state = "turned"
        elif speed > s.shaken:
            state = "shaken"
        hand = self._look_for_hand(picture, crop)
        face = self._key.map.face.reshape(CELLS, CELLS)
        cells = cv2.resize(crop, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
        return FaceFrame(
            picture.index, picture.time, state, self._matrix, crop, self._key, quality, self._eyes,
            float(cells[face].mean()) if face.any() else float(cells.mean()), _sharpness(crop),
            size, yaw, pitch, speed, hand,
        )  # fmt: skip

    def _look_for_hand(self, picture: Picture, crop: NDArray[np.uint8]) -> float:
        """How sure it is that there is one; NaN where the lower face changed and nobody looked yet."""
        assert self._matrix is not None
        part = cv2.resize(crop[CROP // 2 :], (16, 8), interpolation=cv2.INTER_AREA).astype(np.float32)
        part -= part.mean()
        same = self._lower_face is not None and np.abs(part - self._lower_face).mean() < 6.0
        wait = self.settings.hand_s if same else self.settings.hand_s / 3
        if picture.time - self._hand_time < wait:
            return self._hand if same else float("nan")
        self._hand_time, self._lower_face = picture.time, part
        certainty, refuted = self._hand_network.look(picture.rgb, self._matrix)
        if refuted:
            # fingers alone are refuted now and then: a hand that was there may stay for one such look
            stays = self._hand >= self.settings.covered / 2 and not self._hand_refuted
            certainty = min(certainty, self._hand) if stays else 0.0
        self._hand, self._hand_refuted = certainty, refuted
        return certainty

    # ------------------------------------------------------------------ the mesh

    def _mesh_wanted(self, time: float, crop: NDArray[np.uint8]) -> bool:
        if time >= self._mesh_due or self._eye_patch is None:
            return True
        if time - self._mesh_time < 1 / self.settings.mesh_rate:
            return False
        return float(np.abs(self._eye_patch - _eye_patch(crop)).mean()) > self.settings.eye_change

    def _note_mesh(
        self, mesh: Mesh, time: float, crop: NDArray[np.uint8], matrix: NDArray[np.float64] | None = None
    ) -> None:
        matrix = self._matrix if matrix is None else matrix
        assert matrix is not None
        points = mesh.points.astype(np.float64)
        points[:, :2] = apply(matrix, points[:, :2])
        points[:, 2] *= scale_of(matrix)
        elapsed = min(time - self._mesh_time, 1.0)
        keep = float(np.exp(-elapsed / 1.0))
        self._mesh = points if self._mesh is None else keep * self._mesh + (1 - keep) * points
        off = apply(place(points), points[list(ANCHORS), :2]) - points[list(ANCHORS), :2]
        self._drift = keep * self._drift + (1 - keep) * off.mean(axis=0)
        self._eyes = _eye_opening(points)
        self._pose = _pose(points)
        self._mesh_time, self._mesh_due = time, time + self.settings.mesh_s
        self._eye_patch = _eye_patch(crop)

    def _picture_mesh(self, matrix: NDArray[np.float64]) -> Mesh:
        """The averaged mesh laid back into the picture: where the network should look."""
        assert self._mesh is not None
        points = self._mesh.copy()
        points[:, :2] = apply(_inverse(matrix), points[:, :2])
        return Mesh(points.astype(np.float32), 1.0)


def settle(
    states: list[FaceState],
    sharpness: NDArray[np.floating],
    hand: NDArray[np.floating],
    settings: TrackerSettings | None = None,
) -> list[FaceState]:
    """Mark what only the whole recording can tell: blurred frames, and hands before the face.

    Frames are blurred against what is usual in this recording. A hand is looked for now and then only: frames
    count as covered from the look before the one that was sure until the first look that fell below half of
    that.

    Args:
        states: one a frame (N).
        sharpness: (N,), NaN where there is no face.
        hand: (N,) the certainty where somebody looked, NaN elsewhere.
        settings: limits.

    Returns:
        One state a frame: ``"ok"`` where it stays so, else why not. Other states are left as they are.
    """
    settings = settings or TrackerSettings()
    ok = np.array([s == "ok" for s in states], bool)
    seen = ok & np.isfinite(sharpness)
    blurred = np.zeros(len(states), bool)
    if seen.any():
        blurred[seen] = sharpness[seen] < settings.blurred * float(np.median(sharpness[seen]))
    covered = np.zeros(len(states), bool)
    looks = np.flatnonzero(np.isfinite(hand)).tolist()
    sure = False
    for before, look, after in zip([*looks[:1], *looks], looks, [*looks[1:], len(states)], strict=False):
        if not sure and hand[look] >= settings.covered:
            covered[before:look] = True  # it came some time since the look before
        sure = bool(hand[look] >= (settings.covered / 2 if sure else settings.covered))
        if sure:
            covered[look:after] = True
    return [
        "covered" if is_ok and c else "blurred" if is_ok and b else s
        for s, is_ok, c, b in zip(states, ok, covered, blurred, strict=True)
    ]


_SQUARE = np.array([[0.2, 0.15], [0.8, 0.15], [0.8, 0.85], [0.2, 0.85]]) * CROP


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    turn = np.linalg.inv(matrix[:, :2])
    return np.hstack([turn, (-turn @ matrix[:, 2])[:, None]])


def _robust_similarity(
    source: NDArray[np.float32], target: NDArray[np.float32], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Similarity with Huber weights (0.3 px) and the residuals (P,)."""
    robust = np.ones(len(source))
    matrix, rest = np.eye(2, 3), robust
    for _ in range(5):
        matrix = fit_similarity(source, target, weight * robust)
        rest = np.linalg.norm(apply(matrix, source) - target, axis=1)
        robust = np.minimum(1.0, 0.3 / np.maximum(rest, 1e-9)) ** 1.5
    return matrix, rest


def _correlation(first: NDArray[np.uint8], second: NDArray[np.uint8], weight: NDArray[np.float64]) -> float:
    """Weighted correlation of two crops over the cells of a face map."""
    a, b = (
        cv2.resize(c, (CELLS, CELLS), interpolation=cv2.INTER_AREA).astype(np.float64).ravel()
        for c in (first, second)
    )
    w = weight / max(weight.sum(), 1e-9)
    a, b = a - w @ a, b - w @ b
    return float((w * a) @ b / max(np.sqrt(((w * a) @ a) * ((w * b) @ b)), 1e-9))


def _changed_share(first: NDArray[np.uint8], second: NDArray[np.uint8], face: NDArray[np.bool_]) -> float:
    """Share of the face's cells whose light differs strongly from the key frame's, overall light aside."""
    a, b = (
        cv2.resize(c, (CELLS, CELLS), interpolation=cv2.INTER_AREA).astype(np.float64).ravel()[face]
        for c in (first, second)
    )
    if len(a) < 8:
        return 0.0
    gain = a.std() / max(b.std(), 1e-6)
    gain = float(np.clip(gain, 0.5, 2.0))
    rest = np.abs(a - np.median(a) - gain * (b - np.median(b)))
    return float((rest > 0.6 * max(a.std(), 4.0)).mean())


def _sharpness(crop: NDArray[np.uint8]) -> float:
    part = crop[CROP // 5 : -CROP // 5, CROP // 5 : -CROP // 5]
    # two smoothing widths: their difference is fine detail, largely free of single-pixel noise
    fine = cv2.GaussianBlur(part, (0, 0), 1.0).astype(np.float32)
    coarse = cv2.GaussianBlur(part, (0, 0), 2.0).astype(np.float32)
    return float((fine - coarse).std() / max(float(part.std()), 1.0))


def _eye_patch(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Both eyes at low resolution, mean removed."""
    top, left = int(0.26 * CROP), int(0.2 * CROP)
    part = crop[top : int(0.44 * CROP), left : CROP - left]
    small = cv2.resize(part, (24, 8), interpolation=cv2.INTER_AREA).astype(np.float32)
    patch: NDArray[np.float32] = small - small.mean()
    return patch


def _eye_opening(points: NDArray[np.float64]) -> float:
    """Lid distance over eye width, mean of both eyes."""

    def one(lids: tuple[tuple[int, int], ...], corners: tuple[int, int]) -> float:
        height = np.mean([np.linalg.norm(points[a, :2] - points[b, :2]) for a, b in lids])
        return float(height / max(np.linalg.norm(points[corners[0], :2] - points[corners[1], :2]), 1e-6))

    right = one(((159, 145), (158, 153), (160, 144)), (33, 133))
    left = one(((386, 374), (385, 380), (387, 373)), (362, 263))
    return (right + left) / 2


def _pose(points: NDArray[np.float64]) -> tuple[float, float]:
    """Yaw and pitch in degrees; 0, 0 looks at the camera."""
    across = points[263] - points[33]
    down = points[152] - points[10]
    return (
        float(np.degrees(np.arctan2(across[2], across[0]))),
        float(np.degrees(np.arctan2(down[2], down[1]))),
    )


def _plausible(mesh: Mesh) -> bool:
    """The network draws a face even on a wall; a real one has its parts in order and fills a sane area."""
    xy = mesh.points[:, :2]
    if not np.isfinite(xy).all():
        return False
    across = xy[263] - xy[33]
    width = float(np.hypot(*across))
    if width < 4:
        return False
    down = np.array([-across[1], across[0]]) / width
    mouth, eyes = xy[13], (xy[33] + xy[263]) / 2
    return 0.25 < float((mouth - eyes) @ down) / width < 1.8
