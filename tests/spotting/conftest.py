"""Recordings of real faces with motion of known size and time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mien.events import FaceState, Span
from mien.face import FaceFrame, FaceTracker, find_blinks, settle
from mien.face.networks import BlazeFace, FaceMesh
from mien.spotting import Spotting
from mien.video import open_video

STILLS = {"single": ("single_face.mp4", 5), "wolfgang": ("WolfgangLanger_Pexels.mp4", 190)}
"""Frames with a calm, neutral face."""

UNITS: dict[str, list[tuple[tuple[int, ...], tuple[float, float], float]]] = {
    "AU1+2": [
        ((55, 107), (0, -0.05), 0.15), ((285, 336), (0, -0.05), 0.15),
        ((63, 53), (-0.014, -0.06), 0.125), ((293, 283), (0.014, -0.06), 0.125),
    ],
    "AU4": [((55, 107), (0.032, 0.03), 0.12), ((285, 336), (-0.032, 0.03), 0.12)],
    "AU9": [((129,), (0, -0.07), 0.15), ((358,), (0, -0.07), 0.15)],
    "AU12": [((61, 57), (-0.055, -0.075), 0.145), ((291, 287), (0.055, -0.075), 0.145)],
    "AU15L": [((291, 287), (0.013, 0.05), 0.10)],
    "AU17": [((199,), (0, -0.08), 0.15)],
}  # fmt: skip
"""Action unit -> its Gaussians: mesh points of the centre, direction, sigma in outer-eye distances."""


@dataclass(frozen=True)
class Move:
    """One expression: which unit, how far (outer-eye distances), from when, how long up, held, down (s)."""

    unit: str
    peak: float
    onset: float
    up: float = 0.15
    hold: float = 0.0
    down: float = 0.2

    @property
    def apex(self) -> float:
        return self.onset + self.up

    @property
    def offset(self) -> float:
        return self.onset + self.up + self.hold + self.down

    def amount(self, t: float) -> float:
        """0 to 1, with smooth beginning and end."""
        x = float(
            np.interp(t, [self.onset, self.apex, self.apex + self.hold, self.offset], [0.0, 1.0, 1.0, 0.0])
        )
        return x * x * (3 - 2 * x)


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


class Stage:
    """One still face that can be made to move."""

    def __init__(self, picture: np.ndarray) -> None:
        self._picture = picture.astype(np.float32)
        rgb = np.repeat(picture[..., None], 3, axis=2)
        self._mesh = FaceMesh().from_detection(rgb, BlazeFace().detect(rgb)[0]).points
        self._unit = float(np.linalg.norm(self._mesh[263, :2] - self._mesh[33, :2]))
        self._middle = self._mesh[[33, 263], :2].mean(axis=0)
        height, width = picture.shape
        self._ys, self._xs = np.mgrid[:height, :width].astype(np.float32)

    def _field(self, move: Move) -> np.ndarray:
        field = np.zeros((*self._picture.shape, 2), np.float32)
        top = max(float(np.hypot(*way)) for _, way, _ in UNITS[move.unit])
        for points, way, sigma in UNITS[move.unit]:
            x, y = self._mesh[list(points), :2].mean(axis=0)
            squared = (self._xs - x) ** 2 + (self._ys - y) ** 2
            bell = np.exp(-squared / (2 * (sigma * self._unit) ** 2))
            field += bell[..., None] * np.array(way, np.float32) / top * move.peak * self._unit
        return field

    def _warped(self, field: np.ndarray) -> np.ndarray:
        """What was at p is at p + field(p): for motion as small as this two steps suffice."""
        back = field
        for _ in range(2):
            back = cv2.remap(
                field, self._xs - back[..., 0], self._ys - back[..., 1], cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )  # fmt: skip
        return cv2.remap(
            self._picture, self._xs - back[..., 0], self._ys - back[..., 1], cv2.INTER_LANCZOS4,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip

    def play(
        self,
        fps: float,
        seconds: float,
        moves: Iterable[Move] = (),
        *,
        noise: float = 1.5,
        head: float = 1.0,
        flicker: float = 0.01,
        drift: float = 0.05,
        seed: int = 0,
    ) -> Iterator[Shot]:
        """The recording.

        Args:
            fps: frames a second.
            seconds: length.
            moves: expressions.
            noise: of the sensor, grey levels (sigma), anew in each frame.
            head: 1 for slow shifting by ±4 px, turning by ±1.5°, growing by ±1 %; 0 for none.
            flicker: of mains light beating with the frame rate, share of the brightness.
            drift: of the exposure over the recording, share of the brightness.
            seed: of the noise.
        """
        rng = np.random.default_rng(seed)
        moves = list(moves)
        fields = [(move, self._field(move)) for move in moves]
        height, width = self._picture.shape
        for i in range(round(seconds * fps)):
            t = i / fps
            amounts = [(move.amount(t), field) for move, field in fields]
            total = sum((a * field for a, field in amounts if a > 0), np.float32(0))
            picture = self._warped(total) if isinstance(total, np.ndarray) else self._picture
            if head:
                wave = 2 * np.pi * t
                matrix = cv2.getRotationMatrix2D(
                    (float(self._middle[0]), float(self._middle[1])),
                    1.5 * head * float(np.sin(0.3 * wave)),
                    1 + 0.01 * head * float(np.sin(0.23 * wave)),
                )
                matrix[:, 2] += 4 * head * np.sin(0.37 * wave), 3 * head * np.sin(0.29 * wave + 1)
                picture = cv2.warpAffine(
                    picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
                )
            light = (1 + drift * t / seconds) * (1 + flicker * np.sin(2 * np.pi * 100.3 * t))
            grain = rng.standard_normal(picture.shape, dtype=np.float32)
            noisy = picture * np.float32(light) + np.float32(noise) * grain
            yield Shot(i, t, np.clip(np.round(noisy), 0, 255).astype(np.uint8))


@dataclass(frozen=True)
class Outcome:
    """What came out of a spotter, and what went in."""

    spotting: Spotting
    frames: list[FaceFrame]
    states: list[FaceState]
    blinks: tuple[Span, ...]


@pytest.fixture(scope="session")
def stage(real_clips: Path) -> Callable[[str], Stage]:
    """``stage(name)``: a real neutral face, ``"single"`` or ``"wolfgang"``."""

    @cache
    def of(name: str) -> Stage:
        clip, k = STILLS[name]
        with open_video(real_clips / clip) as reader:
            return Stage(next(iter(reader.read(k, k + 1))).gray)

    return of


@pytest.fixture(scope="session")
def move() -> type[Move]:
    """``move(unit, peak, onset, up=…, hold=…, down=…)``: one expression."""
    return Move


@pytest.fixture(scope="session")
def film(real_clips: Path) -> Callable[..., list[Shot]]:
    """``film(name, first, last)``: frames of a real clip in colour, both ends included."""

    @cache
    def read(name: str, first: int, last: int) -> list[Shot]:
        with open_video(real_clips / name) as reader:
            return [Shot(frame.index, frame.time, frame.rgb) for frame in reader.read(first, last)]

    return read


@pytest.fixture(scope="session")
def follow() -> Callable[[Iterable[Shot]], list[FaceFrame]]:
    """Frames through a new tracker."""

    def run(shots: Iterable[Shot]) -> list[FaceFrame]:
        tracker = FaceTracker()
        return [tracker.update(shot) for shot in shots]

    return run


@pytest.fixture(scope="session")
def spot() -> Callable[..., Outcome]:
    """``spot(spotter, fps, frames, states=None)``: followed frames through a spotter, as in the main job."""

    def run(
        spotter: Any, fps: float, frames: list[FaceFrame], states: list[FaceState] | None = None
    ) -> Outcome:
        session = spotter.begin(fps)
        for frame in frames:
            session.push(frame)
        settled = settle(
            [f.state for f in frames],
            np.array([f.sharpness for f in frames]),
            np.array([f.hand for f in frames]),
        )
        states = settled if states is None else states
        _, blinks = find_blinks(
            np.array([f.eyes for f in frames]),
            np.array([f.index for f in frames], np.int64),
            np.array([f.time for f in frames]),
        )
        return Outcome(session.finish(states, blinks), frames, states, blinks)

    return run
