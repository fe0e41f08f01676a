"""A performance filmed: pictures, exact flow, depth, and crops of the face, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.synthesis.actions import UNITS
from mien.synthesis.head import Head
from mien.synthesis.scene import Moment, Scene, Surface
from mien.synthesis.sensor import Sensor
from mien.synthesis.setting import Setting

__all__ = ["Acting", "Film", "Motion"]

Array = NDArray[np.float32]


class Motion(Protocol):
    """What a face does at T moments; see :class:`mien.synthesis.performance.Motion`."""

    units: Array
    actions: Array
    pose: Array


class Acting(Protocol):
    """What :class:`Film` needs of a performance."""

    def sample(self, times: NDArray[np.float64]) -> Motion:
        """Motion at times (T,) in seconds."""
        ...

    def light(self, start_s: NDArray[np.float64], exposure_s: float) -> Array:
        """Mean gain of the light over an exposure that begins at each of ``start_s`` (T,)."""
        ...


WRINKLING: tuple[dict[int, float], ...] = (
    {1: 1.0, 2: 0.9},
    {4: 1.0, 9: 0.9},
    {6: 1.0, 7: 0.4, 12: 0.25},
    {12: 0.9, 10: 0.7, 14: 0.5, 17: 0.5, 20: 0.4, 15: 0.3, 9: 0.4},
)
"""Family of wrinkles (forehead; between the brows; round the eyes; round the mouth) -> unit -> share."""

_BLUR_STEP = 0.5  # pixels of motion within an exposure that one picture may stand for
_BLUR_MOST = 9


class Film:
    """One performance before one camera.

    Args:
        head: geometry.
        surface: appearance.
        setting: camera, lamps, wall, sensor.
        acting: what the face does, by time.
        fps: frames a second.
        n_frames: how many.
        start_s: time of the first frame in the performance.
        exposed: the skin's mean reflected light that the camera's automatic exposure aims at, linear, 0 to 1;
            ``None`` leaves the setting's exposure.
    """

    def __init__(
        self,
        head: Head,
        surface: Surface,
        setting: Setting,
        acting: Acting,
        *,
        fps: float,
        n_frames: int,
        start_s: float = 0.0,
        exposed: float | None = 0.3,
    ) -> None:
        self.head, self.setting, self.acting = head, setting, acting
        self.fps, self.n_frames, self.start_s = fps, n_frames, start_s
        camera = setting.camera
        self.scene = Scene(
            head, surface, camera, setting.light, setting.wall.paint(camera.width, camera.height)
        )
        self._exposed = exposed

    def __len__(self) -> int:
        return self.n_frames

    def time(self, frame: float) -> float:
        """Middle of a frame's exposure, in seconds of the performance."""
        return self.start_s + frame / self.fps

    def frame(self, index: int) -> NDArray[np.uint8]:
        """A picture as the camera delivers it: ``uint8`` RGB (H, W, 3), or grey (H, W)."""
        exposure = self.sensor.shutter / self.fps
        middle = self.time(index)
        gain = float(self.acting.light(np.array([middle - exposure / 2]), exposure)[0])
        return self.sensor.expose(self.light(index), index, gain)

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """All pictures in order."""
        return (self.frame(i) for i in range(self.n_frames))

    def light(self, index: int, *, flat: bool = False) -> Array:
        """The light that reaches the sensor, averaged over the exposure: ``float32`` (H, W, 3), linear."""
        exposure = 0.0 if flat else self.sensor.shutter / self.fps
        middle = self.time(index)
        times = np.array([middle])
        if exposure > 0:
            ends = [self._moment_at(t) for t in (middle - exposure / 2, middle + exposure / 2)]
            moved = float(np.abs(ends[0].points[:, :2] - ends[1].points[:, :2]).max())
            n = min(_BLUR_MOST, max(1, round(moved / _BLUR_STEP)))
            times = middle + exposure * ((np.arange(n) + 0.5) / n - 0.5)
        total: Array | None = None
        for t in times:
            moment = self._moment_at(float(t), shown=True)
            picture = self.scene.picture(moment, self._wrinkling(float(t)), flat=flat)
            total = picture if total is None else total + picture
        assert total is not None
        return total if len(times) == 1 else total / np.float32(len(times))

    def flow(self, first: int, second: int) -> tuple[Array, NDArray[np.bool_]]:
        """Exact displacement from one frame to another, at the middle of their exposures.

        Returns:
            ``float32`` (H, W, 2), to the right and down in pixels, 0 on the wall; ``bool`` (H, W), where the
            point is also seen in the second frame.
        """
        return self.scene.flow(self._moment(first), self._moment(second))

    def depth(self, index: int, *, wall_mm: float = 2500) -> NDArray[np.uint16]:
        """Distance from the camera in millimetres, ``uint16`` (H, W)."""
        return self.scene.depth(self._moment(index), wall_mm)

    @cached_property
    def sensor(self) -> Sensor:
        """The camera's sensor, its exposure set by the face in the first frame."""
        sensor = self.setting.sensor
        if self._exposed is None:
            return sensor
        light = self.scene.picture(self._moment(0))
        seen = self.scene.on_face(self._moment(0))
        level = float(light[seen].mean()) if seen.any() else 0.2
        # automatic exposure meets the target half way: dark skin stays darker than light skin
        return replace(sensor, exposure=sensor.exposure * (self._exposed / max(level, 0.01)) ** 0.6)

    def landmarks(self, index: int) -> NDArray[np.float64]:
        """Every vertex in the picture, (V, 2) pixels, the first pixel's centre at 0.5."""
        return np.asarray(self._moment(index).points[:, :2])

    def face_crop(
        self, width: int, height: int, *, eyes: float = 0.48, line: float = 0.34
    ) -> NDArray[np.float64]:
        """The 2×3 matrix that cuts the face out of the picture, upright, by its place in the first frame.

        Args:
            width: of the crop, pixels.
            height: of the crop, pixels.
            eyes: distance between the outer eye corners, in widths.
            line: height of the eyes' line, in heights.
        """
        at = self.landmarks(0)[list(self.head.model.eye_corners(self.head.neutral))] - 0.5
        (ax, ay), (bx, by) = at
        scale = eyes * width / float(np.hypot(bx - ax, by - ay))
        angle = float(np.arctan2(by - ay, bx - ax))
        c, s = scale * np.cos(angle), scale * np.sin(angle)
        mx, my = (ax + bx) / 2, (ay + by) / 2
        return np.array(
            [
                [c, s, (width - 1) / 2 - c * mx - s * my],
                [-s, c, line * (height - 1) + s * mx - c * my],
            ]
        )

    def cut(
        self, picture: NDArray[Any], matrix: NDArray[np.float64], width: int, height: int
    ) -> NDArray[Any]:
        """A picture's crop by a matrix from :meth:`face_crop`."""
        zoom = float(np.hypot(matrix[0, 0], matrix[0, 1]))
        if zoom < 0.7:  # warping takes single pixels: without blur, fine texture would alias
            picture = cv2.GaussianBlur(picture, (0, 0), 0.4 / zoom)
        cut = cv2.warpAffine(
            picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(cut, picture.dtype)

    # ------------------------------------------------------------ inside

    def _moment(self, index: int) -> Moment:
        return self._moment_at(self.time(index), shown=True)

    def _moment_at(self, t: float, *, shown: bool = False) -> Moment:
        motion = self._motion(t)
        return self.scene.moment(motion.units[0], motion.actions[0], motion.pose[0], shown=shown)

    @cached_property
    def _motion(self) -> Callable[[float], Motion]:
        # a cache of the film's own, which does not hold the film: otherwise films, with walls as large as
        # their pictures, would lie about until Python looks for cycles
        acting = self.acting
        return lru_cache(maxsize=32)(lambda t: acting.sample(np.array([t])))

    def _wrinkling(self, t: float) -> Array:
        units = self._motion(t).units[0]
        folds = np.zeros((len(WRINKLING), 2), np.float32)
        for k, shares in enumerate(WRINKLING):
            for unit, share in shares.items():
                folds[k] = np.maximum(folds[k], share * units[UNITS.index(unit)])
        return folds
