"""Real frames, and real frames moved by known amounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.face import FaceFrame, FaceTracker, TrackerSettings
from mien.video import open_video


class Shot:
    """A frame from an array, grey (H, W) or colour (H, W, 3)."""

    def __init__(self, index: int, time: float, pixels: np.ndarray) -> None:
        self.index, self.time, self._pixels = index, time, pixels

    @cached_property
    def gray(self) -> np.ndarray:
        return self._pixels if self._pixels.ndim == 2 else cv2.cvtColor(self._pixels, cv2.COLOR_RGB2GRAY)

    @cached_property
    def rgb(self) -> np.ndarray:
        return self._pixels if self._pixels.ndim == 3 else np.repeat(self._pixels[..., None], 3, axis=2)


@dataclass(frozen=True)
class Pasted:
    """A still picture under head motion: frames, and the matrix (2, 3) from the still to each of them."""

    shots: list[Shot]
    matrices: list[np.ndarray]


Film = Callable[..., list[Shot]]
Track = Callable[..., list[FaceFrame]]


@pytest.fixture(scope="session")
def film(real_clips: Path) -> Film:
    """``film(name, first, stop)``: frames ``first`` to ``stop`` − 1 of a real clip in colour."""

    @lru_cache(maxsize=8)
    def read(name: str, first: int = 0, stop: int = 1000) -> list[Shot]:
        with open_video(real_clips / name) as reader:
            return [Shot(frame.index, frame.time, frame.rgb) for frame in reader.read(first, stop - 1)]

    return read


@pytest.fixture(scope="session")
def track() -> Track:
    """``track(shots, settings=None, target=None)``: every frame through a new tracker."""

    def run(
        shots: Iterable[Shot], settings: TrackerSettings | None = None, target: object = None
    ) -> list[FaceFrame]:
        tracker = FaceTracker(target, settings)  # type: ignore[arg-type]
        return [tracker.update(shot) for shot in shots]

    return run


@pytest.fixture(scope="session")
def tracked(film: Film, track: Track) -> Callable[..., list[FaceFrame]]:
    """``tracked(name, first, stop)``: frames of a real clip through a tracker, kept for the session."""
    return cache(lambda name, first=0, stop=1000: track(film(name, first, stop)))


@pytest.fixture(scope="session")
def paste(film: Film) -> Callable[..., Pasted]:
    """``paste(seconds, fps, noise, amount)``: one real frame with slow head motion and sensor noise.

    With ``amount`` 1: turned by up to 2°, grown by up to 2 %, shifted by up to 6 and 4 pixels.
    """
    still = film("single_face.mp4", 5, 6)[0].gray.astype(np.float32)

    def moved(seconds: float, fps: float, noise: float, amount: float) -> Iterator[tuple[Shot, np.ndarray]]:
        rng = np.random.default_rng(0)
        height, width = still.shape
        for i in range(round(seconds * fps)):
            t = i / fps
            wave = 2 * np.pi * t
            matrix = cv2.getRotationMatrix2D(
                (width * 0.47, height * 0.5),
                2 * amount * float(np.sin(0.3 * wave)),
                1 + 0.02 * amount * float(np.sin(0.23 * wave)),
            )
            matrix[:, 2] += 6 * amount * np.sin(0.37 * wave), 4 * amount * np.sin(0.29 * wave)
            picture = cv2.warpAffine(
                still, matrix, (width, height), flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE
            )
            picture = picture + rng.normal(0, noise, picture.shape) if noise else picture
            yield Shot(i, t, np.clip(np.round(picture), 0, 255).astype(np.uint8)), matrix

    @cache
    def make(seconds: float = 3.0, fps: float = 30.0, noise: float = 1.5, amount: float = 1.0) -> Pasted:
        shots, matrices = zip(*moved(seconds, fps, noise, amount), strict=True)
        return Pasted(list(shots), list(matrices))

    return make
