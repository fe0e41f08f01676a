"""A look at the studio: a contact sheet of people and a short film."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.records import Stream
from mien.synthesis.film import Film
from mien.synthesis.performance import PerformanceSettings
from mien.synthesis.script import Conditions, posed_script, recording_script

__all__ = ["contact_sheet", "film_frames"]

Picture = NDArray[np.uint8]

_POSES = ("neutral", "happiness", "surprise", "anger", "disgust", "sadness", "fear", "contempt")
_FACE = (0.3, 0.38)


def contact_sheet(seed: int, people: int = 8, side: int = 160) -> Picture:
    """Eight people in eight poses, one row each: neutral, then seven macro-expressions at their peak.

    Args:
        seed: of the collection that they come from.
        people: how many rows.
        side: of each picture, in pixels.

    Returns:
        ``uint8`` RGB (people · side, 8 · side, 3).
    """
    stream = Stream("", 30.0, side, side)
    conditions = Conditions(acting=PerformanceSettings(frequencies="seven"), face=_FACE)
    rows = []
    for person in range(1, people + 1):
        row = []
        for number, pose in enumerate(_POSES, 1):
            film = posed_script(seed, person, number, stream, pose, conditions, way="rise").film()
            row.append(film.frame(len(film) - 1))
        rows.append(np.hstack(row))
    return np.vstack(rows)


def film_frames(seed: int, side: int = 256, fps: float = 100.0, seconds: float = 6.0) -> Iterator[Picture]:
    """A short film in slow motion: the face, and beside it the exact motion since the last rest, in colours.

    Args:
        seed: of the collection that the person comes from.
        side: of each of the two pictures, in pixels.
        fps: of the recording; shown at 25 frames a second it is that much slower.
        seconds: length of the recording.

    Yields:
        ``uint8`` RGB (side, 2 · side, 3).
    """
    acting = PerformanceSettings(micro_rate=40, macro_rate=0, masked=0, at_least=2)
    script = recording_script(
        seed, 1, 1, Stream("", fps, side, side), seconds, Conditions(acting=acting, face=_FACE)
    )
    film = script.film()
    expressions = script.take.expressions
    for i in range(len(film)):
        now = next((e for e in expressions if e.onset <= i <= e.offset), None)
        moved = np.zeros((side, side, 3), np.uint8) if now is None else _coloured(film, now.onset, i)
        yield np.hstack([film.frame(i), moved])


def _coloured(film: Film, first: int, second: int) -> Picture:
    """Exact motion as colours: hue is the direction, brightness the distance (full at eyes / 30)."""
    flow, _ = film.flow(first, second)
    length, angle = cv2.cartToPolar(flow[..., 0], flow[..., 1], angleInDegrees=True)
    full = film.setting.camera.eye_px / 30
    hsv = np.zeros((*length.shape, 3), np.uint8)
    hsv[..., 0] = angle / 2
    hsv[..., 1] = 200
    hsv[..., 2] = np.clip(255 * length / full, 0, 255)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)
