"""What networks are shown where it is not what their systems say: another apex or rate, a few frames.

Each is a step like mien's own (:class:`mien.inputs.pipeline.Step`): plain data with a digest, whose results
the cache keeps.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.inputs import ArrayCache, Clip, InputSpec, key_of, prepare
from mien.inputs.loading import load_clip
from mien.inputs.pipeline import crop_side
from mien.motion import make_flow
from mien.motion.colour import flow_colours
from mien.sources import PictureClip

VERSION = 1

APEXES = ("annotated", "spotted", "middle", "random")


def spotted(clip: Clip) -> int:
    """The frame from onset to offset that has moved most from the onset: mean flow, less the face's shift."""
    flow, start = make_flow("dis"), clip.frames[clip.onset]
    moved = []
    for i in range(clip.onset + 1, clip.offset + 1):
        field = flow(start, clip.frames[i])
        field = field - np.median(field, axis=(0, 1))
        moved.append(float(np.linalg.norm(field, axis=2).mean()))
    return clip.onset + 1 + int(np.argmax(moved)) if moved else clip.onset


@dataclass(frozen=True)
class ApexAt:
    """The frame that stands for the apex, found in one of :data:`APEXES` ways.

    Attributes:
        spec: of one frame.
        how: in which way.
        seed: of a random one.
    """

    spec: InputSpec
    how: str = "annotated"
    seed: int = 0

    def digest(self) -> str:
        return key_of("claims apex", VERSION, self.spec.digest(), self.how, self.seed)

    def __call__(self, source: PictureClip, cache: ArrayCache | None = None) -> NDArray[np.float32]:
        clip = load_clip(source, "first", cache, side=crop_side(self.spec))
        apex = clip.apex
        if self.how == "middle":
            apex = (clip.onset + clip.offset) // 2
        elif self.how == "random":
            rng = np.random.default_rng([self.seed, zlib.crc32(source.key.encode())])
            apex = int(rng.integers(clip.onset, clip.offset + 1))
        elif self.how == "spotted":
            apex = spotted(clip)
        return prepare(replace(clip, apex=apex), self.spec)


@dataclass(frozen=True)
class LastFrames:
    """The last frames of a posed sequence, as CK+'s are used: (n, C, H, W)."""

    spec: InputSpec
    count: int = 3

    def digest(self) -> str:
        return key_of("claims last", VERSION, self.spec.digest(), self.count)

    def __call__(self, source: PictureClip, cache: ArrayCache | None = None) -> NDArray[np.float32]:
        clip = load_clip(source, "first", cache, side=crop_side(self.spec))
        last = range(max(clip.onset, clip.offset + 1 - self.count), clip.offset + 1)
        return np.concatenate([prepare(replace(clip, apex=i), self.spec) for i in last])


def thinned(clip: Clip, fps: float) -> Clip:
    """The clip as a slower camera would have it: the nearest frame of each moment, from the onset on."""
    if clip.fps <= fps:
        return clip
    step = clip.fps / fps
    count = int((clip.offset - clip.onset) / step + 1e-9) + 1
    at = np.round(clip.onset + np.arange(count) * step).astype(int)
    apex = None if clip.apex is None else int(np.argmin(abs(at - clip.apex)))
    return Clip(clip.frames[at], fps, 0, apex, count - 1, clip.crop, clip.landmarks)


@dataclass(frozen=True)
class Thinned:
    """Specs of a clip that was first brought to one rate by leaving frames out; flat, one after another."""

    specs: tuple[InputSpec, ...]
    fps: float

    def digest(self) -> str:
        return key_of("claims thinned", VERSION, [s.digest() for s in self.specs], self.fps)

    def __call__(self, source: PictureClip, cache: ArrayCache | None = None) -> NDArray[np.float32]:
        clip = load_clip(source, "first", cache, side=crop_side(self.specs[0]))
        clip = thinned(clip, self.fps)
        return np.concatenate([prepare(clip, spec).ravel() for spec in self.specs])


@dataclass(frozen=True)
class OneRate:
    """Flow at one rate in real time, so many fields: short clips end in stillness, long ones are cut."""

    spec: InputSpec
    fps: float
    fields: int

    def digest(self) -> str:
        return key_of("claims one rate", VERSION, self.spec.digest(), self.fps, self.fields)

    def __call__(self, source: PictureClip, cache: ArrayCache | None = None) -> NDArray[np.float32]:
        clip = load_clip(source, "first", cache, side=crop_side(self.spec))
        clip = thinned(clip, self.fps)
        own = prepare(clip, replace(self.spec, frames=None))[: self.fields]
        still = np.zeros((*self.spec.size, 2), np.float32)
        grey: Any = np.moveaxis(flow_colours(still, self.spec.full), -1, 0) / np.float32(255)
        rest = np.repeat(grey[None], self.fields - len(own), axis=0)
        return np.concatenate([own, rest]).astype(np.float32)
