"""Frames of the reference camera as a worse camera would have delivered them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mien.synthesis.sensor import noise
from mien.video import write_video
from robustness.films import LOSSLESS, Picture
from robustness.levels import CRF_NONE, Level


def thinned(frames: Iterable[Picture], step: int, first: int = 0) -> Iterator[Picture]:
    """Every ``step``-th frame of a film of which these begin with number ``first``."""
    return (picture for number, picture in enumerate(frames, first) if number % step == 0)


def kept(first: int, n: int, step: int) -> list[int]:
    """The numbers of the frames that :func:`thinned` keeps."""
    return [number for number in range(first, first + n) if number % step == 0]


def nearest(numbers: Sequence[int], wanted: int) -> int:
    """Position of the frame nearest to one that may have been left out; the earlier of two."""
    return min(range(len(numbers)), key=lambda i: abs(numbers[i] - wanted))


def thinned_truth(expressions: Iterable[dict[str, Any]], step: int, n: int) -> list[dict[str, Any]]:
    """Expressions in the frames of a slower camera, as a coder would mark them: see ``expressions_at``.

    Args:
        expressions: with onset, apex and offset in frames of the reference camera.
        step: every how many-th of its frames is left.
        n: how many are left.
    """
    found = []
    for e in expressions:
        apex, offset = (min(n - 1, int(np.floor(e[name] / step + 0.5))) for name in ("apex", "offset"))
        found.append({**e, "onset": e["onset"] // step, "apex": apex, "offset": offset})
    return found


def shrunk(picture: Picture, share: float) -> Picture:
    """Smaller, each pixel the mean of those that it replaces."""
    height, width = (round(side * share) for side in picture.shape[:2])
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def noisy(picture: Picture, sigma: float, seed: int, number: int) -> Picture:
    """With noise of its own: the same seed and frame, the same noise."""
    levels = picture + np.float32(sigma) * noise(picture.shape, seed, number)
    return np.asarray(np.clip(levels + np.float32(0.5), 0, 255), np.uint8)


def degraded(frames: Iterable[Picture], level: Level, seed: int, first: int = 0) -> Iterator[Picture]:
    """Pictures of a level; compression comes with writing."""
    if level.axis == "frame-rate":
        return thinned(frames, level.step, first)
    if level.axis == "face-size":
        return (shrunk(picture, level.value) for picture in frames)
    if level.axis == "noise":
        return (noisy(picture, level.value, seed, number) for number, picture in enumerate(frames, first))
    return iter(frames)


def write(folder: Path, frames: Iterable[Picture], level: Level, seed: int, first: int = 0) -> Path:
    """A film of a level, without loss unless loss is what it is about: as the studio compresses films."""
    pictures = degraded(frames, level, seed, first)
    if level.axis == "compression" and level.value != CRF_NONE:
        crf = {"threads": "1", "x264-params": "mbtree=0", "crf": f"{level.value:g}", "preset": "veryfast"}
        return write_video(folder / "film.mp4", pictures, level.fps, pix_fmt="yuv420p", options=crf)
    return write_video(folder / "film.mkv", pictures, level.fps, **LOSSLESS)
