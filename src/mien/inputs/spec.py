"""From a clip to what a network eats: the same code for training and for use.

A :class:`Clip` is what recognisers receive. An :class:`InputSpec` says, as plain data that travels inside
the model file, which frames are taken, how they are cropped, sized and coloured, and what is computed from
them. :func:`prepare` does it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise
from typing import Any, Literal, NoReturn, cast, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.inputs.magnifiers import check_magnifier, magnified
from mien.motion import FLOW_METHODS, make_flow, optical_strain
from mien.motion.blocks import direction_magnitude
from mien.motion.colour import flow_colours
from mien.motion.interpolation import interpolate

__all__ = [
    "MARGIN_FRAMES",
    "MARGIN_S",
    "SPEC_VERSION",
    "TIGHT",
    "Clip",
    "InputSpec",
    "margins",
    "positions",
    "prepare",
]

SPEC_VERSION = 1
"""Grows whenever an old spec would be read differently."""

MARGIN_FRAMES = 32
MARGIN_S = 0.25
"""A clip keeps this many frames or this long on either side of its event, whichever is more, where they
exist."""

TIGHT = (0.16, 0.15, 0.94, 0.85)
"""The tight crop, from above the brows to below the chin: top, left, bottom, right as shares of the
canonical."""

Crop = Literal["canonical", "tight", "given"]
Colour = Literal["grey", "rgb"]
Content = Literal["frames", "flow", "flow_strain", "flow_colour", "flow_blocks"]
Part = Literal["event", "rise", "apex", "around_apex", "clip"]
Reference = Literal["onset", "previous"]
Interpolation = Literal["linear", "tim", "nearest"]
Normalisation = Literal["none", "unit", "signed", "imagenet", "standard", "median"]

_CHOICES: dict[str, tuple[str, ...]] = {
    "crop": get_args(Crop),
    "colour": get_args(Colour),
    "content": get_args(Content),
    "part": get_args(Part),
    "interpolation": get_args(Interpolation),
    "normalisation": get_args(Normalisation),
}
_IMAGENET = (np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32))
_SMALLEST_FLOW = 16
_NORMALISATIONS = {
    "flow": ("none", "standard", "median"),
    "flow_strain": ("none", "standard", "median"),
    "flow_colour": ("unit", "signed"),
    "flow_blocks": ("none",),
}
_CHANNELS = {"flow": 2, "flow_strain": 3, "flow_colour": 3, "flow_blocks": 2}


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network eats, as plain data. :func:`prepare` gives ``float32`` (n, C, H, W).

    Attributes:
        size: (H, W) of the array in pixels; of blocks, for ``"flow_blocks"``.
        crop: ``"canonical"``: the square of ``face``, eyes at a fixed place. ``"tight"``: its :data:`TIGHT`
            part. ``"given"``: the pictures as they come (a data set's own crops).
        colour: ``"grey"`` (C=1) or ``"rgb"`` (C=3), for frames. Grey pictures become rgb by repetition.
            Flow is measured on grey ones.
        content: ``"frames"``; ``"flow"`` (C=2: x to the right, y down); ``"flow_strain"`` (C=3: flow, optical
            strain). Flow is in pixels of ``flow_size``, strain has no unit; both are brought to ``size`` by
            averaging, their values untouched. ``"flow_colour"`` (C=3, RGB): flow, so brought to ``size``, as
            a picture (:func:`mien.motion.colour.flow_colours`). ``"flow_blocks"`` (C=2: mean direction, mean
            magnitude): flow in a grid of ``size`` blocks (:func:`mien.motion.blocks.direction_magnitude`).
            There, steps in which nothing moves, such as those beyond the clip, are zero and stand in front of
            all others, which keep their order: whoever reads them one after another begins with silence.
        part: which frames. ``"event"``: onset to offset. ``"rise"``: onset to apex. ``"apex"``: that one
            frame. ``"around_apex"``: so many frames with the apex in the middle, beyond the clip its first
            or last frame. ``"clip"``: everything, margins too.
        frames: n, or ``None`` for as many as the part has (``"apex"``: always one). Spread evenly over the
            part, first and last included; for flow, n+1 frames are spread, so that there are n fields.
        fps: frames a second to resample to, where ``frames`` is ``None`` or the part is ``"around_apex"``
            (whose length in time it fixes); ``None``: the recording's own.
        interpolation: how frames between frames are made: ``"linear"``, ``"tim"``, or ``"nearest"`` (none
            made).
        flow: the flow algorithm, a key of ``mien.motion.FLOW_METHODS``; ``None`` for frames.
        reference: where flow starts: from the ``"onset"`` frame (also for ``"clip"`` and ``"around_apex"``)
            or from the ``"previous"`` of the selected frames; ``None`` for frames. ``"apex"`` with
            ``"onset"`` is the one field from onset to apex of many shallow networks.
        flow_size: (H, W) at which flow is measured, each at least 16; ``None``: at ``size``. Must be given
            for blocks.
        normalisation: frames: ``"none"`` 0..255; ``"unit"`` 0..1; ``"signed"`` -1..1; ``"imagenet"`` (rgb
            only); ``"standard"`` zero mean and unit deviation over the clip. Flow: ``"none"``;
            ``"standard"`` zero mean and unit deviation for each channel over the clip; ``"median"`` each
            map less its median and over its spread (1.4826 median absolute deviation), which takes out a
            shift of the whole face and the expression's strength. Where there is no spread, the result is 0.
            Coloured flow: ``"unit"`` or ``"signed"``. Blocks: ``"none"``.
        full: for coloured flow, pixels (of ``flow_size``) that get full colour; ``None``: in each field its
            own largest magnitude, but no less than :data:`mien.motion.colour.FLOOR`.
        magnify: motion magnification that the clip goes through before anything else is done, a key of
            :data:`mien.inputs.MAGNIFIERS`; empty for none.
    """

    size: tuple[int, int]
    crop: Crop = "canonical"
    colour: Colour = "grey"
    content: Content = "frames"
    part: Part = "event"
    frames: int | None = None
    fps: float | None = None
    interpolation: Interpolation = "linear"
    flow: str | None = None
    reference: Reference | None = None
    flow_size: tuple[int, int] | None = None
    normalisation: Normalisation = "unit"
    full: float | None = None
    magnify: str = ""

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                _refuse(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        object.__setattr__(self, "size", _size("size", self.size))
        if self.flow_size is not None:
            object.__setattr__(self, "flow_size", _size("flow_size", self.flow_size))
        if self.frames is not None and (not _whole(self.frames) or self.frames < 1):
            _refuse(f"frames must be a whole number of at least 1, or None, not {self.frames!r}")
        if self.fps is not None:
            object.__setattr__(self, "fps", _positive("fps", self.fps))
            if self.frames is not None and self.part != "around_apex":
                _refuse("frames and fps exclude each other, except around the apex")
        if self.part == "apex" and (self.frames not in (None, 1) or self.fps is not None):
            _refuse("the apex is one frame: frames must be 1 or None, and fps None")
        if self.part == "around_apex" and self.frames is None:
            _refuse("around the apex, the number of frames must be given")
        if self.full is not None:
            object.__setattr__(self, "full", _positive("full", self.full))
            if self.content != "flow_colour":
                _refuse(f"full belongs to coloured flow; the content is {self.content}")
        if not isinstance(self.magnify, str):
            _refuse(f"magnify must be a name, or empty, not {self.magnify!r}")
        check_magnifier(self.magnify)
        self._check_flow()

    def _check_flow(self) -> None:
        if self.content == "frames":
            if self.flow is not None or self.reference is not None or self.flow_size is not None:
                _refuse("flow, reference and flow_size belong to flow; the content is frames")
            if self.normalisation == "median":
                _refuse("normalisation 'median' is for flow")
            if self.normalisation == "imagenet" and self.colour != "rgb":
                _refuse("normalisation 'imagenet' needs colour 'rgb'")
            return
        if self.flow not in FLOW_METHODS:
            _refuse(f"flow must be one of {', '.join(FLOW_METHODS)}, not {self.flow!r}")
        if self.reference not in get_args(Reference):
            _refuse(f"reference must be one of {', '.join(get_args(Reference))}, not {self.reference!r}")
        if self.part == "apex" and self.reference != "onset":
            _refuse("flow to the apex frame alone starts from the onset: reference must be 'onset'")
        if self.colour != "grey":
            _refuse("flow is measured on grey pictures: colour must be 'grey'")
        if self.normalisation not in (possible := _NORMALISATIONS[self.content]):
            _refuse(f"{self.content} takes normalisation {', '.join(possible)}, not {self.normalisation!r}")
        if min(self.flow_size or self.size) < _SMALLEST_FLOW:
            _refuse(f"flow needs pictures of at least {_SMALLEST_FLOW} pixels a side: set flow_size")
        if self.content == "flow_blocks":
            if self.flow_size is None:
                _refuse("blocks of flow have no pixels: set flow_size, at which flow is measured")
            if any(n > side for n, side in zip(self.size, self.flow_size, strict=True)):
                _refuse(f"{self.size} blocks cannot be made of {self.flow_size} pixels")

    @property
    def channels(self) -> int:
        """C of the array: 1 or 3 for frames, 2 for flow and blocks, 3 for flow with strain or in colours."""
        if self.content == "frames":
            return 1 if self.colour == "grey" else 3
        return _CHANNELS[self.content]

    @property
    def shape(self) -> tuple[int | None, int, int, int]:
        """(n, C, H, W) of the array; n is ``None`` where it depends on the clip."""
        return 1 if self.part == "apex" else self.frames, self.channels, *self.size

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able data, with the version of the schema."""
        plain = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}
        return {"version": SPEC_VERSION, **plain}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> InputSpec:
        """The spec that :meth:`to_dict` wrote. What is not in ``data`` has its default.

        Raises:
            InputError: a newer version, an unknown entry, or a value that makes no sense.
        """
        rest = dict(data)
        version = rest.pop("version", None)
        if not _whole(version) or version < 1:
            _refuse(f"its version is missing or wrong ({version!r})")
        if version > SPEC_VERSION:
            _refuse(f"its version {version} is newer than this mien ({SPEC_VERSION}): update mien")
        unknown = sorted(set(rest) - {f.name for f in fields(cls)})
        if unknown or "size" not in rest:
            _refuse(f"unknown entries: {', '.join(map(str, unknown))}" if unknown else "its size is missing")
        return cls(**rest)

    def digest(self) -> str:
        """32 hexadecimal digits that stand for the spec: equal for equal specs, on every machine."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _refuse(reason: str) -> NoReturn:
    raise InputError(f"input spec: {reason}")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _positive(name: str, value: object) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 < cast(float, value) < math.inf:
        _refuse(f"{name} must be a positive number or None, not {value!r}")
    return float(cast(float, value))


def _size(name: str, value: object) -> tuple[int, int]:
    pair = isinstance(value, (tuple, list)) and len(value) == 2
    if not pair or not all(_whole(v) and v >= 1 for v in cast("tuple[int, int]", value)):
        _refuse(f"{name} must be two whole numbers of at least 1 (height, width), not {value!r}")
    height, width = cast("tuple[int, int]", value)
    return height, width


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """An event's frames with margins: what recognisers receive. Indices count from the clip's first frame.

    Attributes:
        frames: ``uint8`` (T, H, W) grey or (T, H, W, 3) RGB, T >= 1.
        fps: frames a second, > 0.
        onset, offset: 0 <= onset <= offset < T.
        apex: onset <= apex <= offset, or ``None`` where nobody knows; then the middle stands in for it.
        crop: what the frames show: the ``"canonical"`` crop, a crop ``"given"`` by a data set, or the whole
            ``"picture"``.
        landmarks: (P, 2 or more) face mesh of the onset frame in pixels of the frames, P >= 468, where
            known; it lets a ``"picture"`` be cropped.
    """

    frames: NDArray[np.uint8]
    fps: float
    onset: int
    apex: int | None
    offset: int
    crop: Literal["canonical", "given", "picture"] = "canonical"
    landmarks: NDArray[np.floating] | None = None

    def __post_init__(self) -> None:
        frames = self.frames
        if not isinstance(frames, np.ndarray) or frames.dtype != np.uint8:
            raise InputError("a clip's frames must be a uint8 array")
        if not (frames.ndim == 3 or (frames.ndim == 4 and frames.shape[3] == 3)) or 0 in frames.shape:
            raise InputError(f"a clip's frames must be (T, H, W) or (T, H, W, 3), not {frames.shape}")
        if not 0 < self.fps < math.inf:
            raise InputError(f"a clip's frame rate must be positive, not {self.fps}")
        apex = self.onset if self.apex is None else self.apex
        if not 0 <= self.onset <= apex <= self.offset < len(frames):
            raise InputError(
                f"a clip of {len(frames)} frames cannot have onset {self.onset}, apex {self.apex}, "
                f"offset {self.offset}: 0 <= onset <= apex <= offset < frames"
            )
        if self.crop not in ("canonical", "given", "picture"):
            raise InputError(f"a clip shows a canonical crop, a given one or a picture, not {self.crop!r}")
        points = self.landmarks
        if points is not None and (points.ndim != 2 or points.shape[0] < 468 or points.shape[1] < 2):
            raise InputError(f"a clip's landmarks must be (468 or more, 2 or more), not {points.shape}")

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def middle(self) -> int:
        """The apex, or the middle of the event where it is not known."""
        return (self.onset + self.offset) // 2 if self.apex is None else self.apex


def margins(onset: int, offset: int, length: int, fps: float) -> tuple[int, int]:
    """Where to cut a clip out of a recording.

    Args:
        onset: first frame of the event, in the recording.
        offset: its last frame.
        length: frames in the recording.
        fps: frames a second.

    Returns:
        First frame of the clip and the one after its last (``recording[first:stop]``): 32 frames or 0.25 s on
        either side, whichever is more, as far as they exist.
    """
    room = max(MARGIN_FRAMES, math.ceil(MARGIN_S * fps))
    return max(0, onset - room), min(length, offset + 1 + room)


def prepare(clip: Clip, spec: InputSpec) -> NDArray[np.float32]:
    """What the network eats.

    Args:
        clip: the event with its margins.
        spec: what to make of it.

    Returns:
        ``float32`` (n, C, H, W): n is ``spec.frames`` where given, C ``spec.channels``, (H, W) ``spec.size``.
        Flow between fewer than two frames is one field of zeros. A magnification is given all frames of the
        clip (in grey, if the spec is).

    Raises:
        InputError: the clip does not show what the spec wants (a crop of an uncropped picture without
        landmarks), or cannot be magnified.
    """
    if spec.magnify:
        clip = replace(clip, frames=magnified(_coloured(clip.frames, spec), clip.fps, spec.magnify))
    moving = spec.content != "frames"
    at = positions(clip, spec)
    low, high = math.floor(at.min()), math.ceil(at.max())
    if spec.interpolation == "tim" and spec.part != "around_apex":
        low, high = _bounds(clip, spec)
    working = spec.flow_size or spec.size
    pictures = _pictures(clip, spec, range(low, high + 1), working)
    chosen = interpolate(pictures if moving else pictures.astype(np.float32), at - low, spec.interpolation)
    if not moving:
        return _normalised_frames(np.moveaxis(chosen, -1, 1), spec.normalisation)
    grey = chosen[..., 0]
    if spec.reference == "onset":
        start = _pictures(clip, spec, range(clip.onset, clip.onset + 1), working)[0, ..., 0]
        later = grey if spec.part == "apex" else grey[1:]
        pairs = [(start, picture) for picture in later]
    else:
        pairs = list(pairwise(grey))
    maps = _fields(pairs or [(grey[0], grey[0])], spec)
    if spec.content == "flow_colour":
        return _normalised_frames(maps, spec.normalisation)
    if spec.content == "flow_blocks":
        still = (maps == 0).all(axis=(1, 2, 3))
        return maps[np.argsort(~still, kind="stable")]
    return normalised_flow(maps, spec.normalisation)


def _bounds(clip: Clip, spec: InputSpec) -> tuple[int, int]:
    """First and last frame of the part."""
    if spec.part == "apex":
        return clip.middle, clip.middle
    if spec.part == "rise":
        return clip.onset, clip.middle
    return (0, len(clip) - 1) if spec.part == "clip" else (clip.onset, clip.offset)


def positions(clip: Clip, spec: InputSpec) -> NDArray[np.float64]:
    """The frames that a spec reads, as places in the clip that may lie between two frames.

    Returns:
        n of them; n+1 where flow is taken between them.
    """
    first, last = _bounds(clip, spec)
    if spec.part == "apex":
        return np.array([float(first)])
    extra = spec.content != "frames"
    step = 1.0 if spec.fps is None else clip.fps / spec.fps
    if spec.part == "around_apex":
        n = cast(int, spec.frames) + extra
        around = clip.middle + (np.arange(n) - n // 2) * step
        return np.asarray(np.clip(around, 0, len(clip) - 1), np.float64)
    if spec.frames is None:
        count = math.floor((last - first) / step + 1e-9) + 1
        return np.asarray(np.minimum(first + np.arange(count) * step, last), np.float64)
    n = spec.frames + extra
    return np.array([(first + last) / 2]) if n == 1 else np.linspace(first, last, n)


def _pictures(clip: Clip, spec: InputSpec, which: range, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The frames ``which``, coloured, cropped and sized: ``uint8`` (n, H, W, C)."""
    frames = _cropped(clip, spec, _coloured(clip.frames[which.start : which.stop], spec))
    height, width = size
    shrinks = height * width < frames.shape[1] * frames.shape[2]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    if frames.shape[1:3] != size:
        frames = np.stack([cv2.resize(frame, (width, height), interpolation=how) for frame in frames]).astype(
            np.uint8
        )
    if frames.ndim == 3:
        frames = np.repeat(frames[..., None], 3 if spec.colour == "rgb" else 1, axis=-1)
    return frames


def _coloured(frames: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """Frames in grey, (n, H, W), where the spec is."""
    if spec.colour == "rgb" or frames.ndim == 3:
        return frames
    return np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]).astype(np.uint8)


def _cropped(clip: Clip, spec: InputSpec, frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if spec.crop == "given":
        return frames
    if clip.crop == "given":
        raise InputError(
            f"the model wants the {spec.crop} face crop, but the clip holds a data set's own crop: "
            "give the whole pictures and landmarks, or train on crop 'given'"
        )
    if clip.crop == "picture":
        if clip.landmarks is None:
            raise InputError(
                f"the model wants the {spec.crop} face crop, the clip has no landmarks to crop by"
            )
        from mien.face.align import place, warp

        side = max(*(spec.flow_size or spec.size), 128)
        if spec.crop == "tight":
            side = math.ceil(side / min(TIGHT[2] - TIGHT[0], TIGHT[3] - TIGHT[1]))
        matrix = place(clip.landmarks, side)  # one matrix: the frames must keep their motion
        frames = np.stack([warp(frame, matrix, side) for frame in frames])
    if spec.crop == "canonical":
        return frames
    height, width = frames.shape[1:3]
    top, left, bottom, right = TIGHT
    rows = slice(round(top * height), max(round(bottom * height), round(top * height) + 1))
    columns = slice(round(left * width), max(round(right * width), round(left * width) + 1))
    return frames[:, rows, columns]


def _fields(pairs: list[tuple[NDArray[Any], NDArray[Any]]], spec: InputSpec) -> NDArray[np.float32]:
    """What is made of each pair's flow: ``float32`` (n, C, H, W) of ``spec.size``, colours in 0..255."""
    measure = make_flow(cast(str, spec.flow))
    height, width = spec.flow_size or spec.size
    out = np.empty((len(pairs), spec.channels, *spec.size), np.float32)
    for i, (first, second) in enumerate(pairs):
        if np.array_equal(first, second):  # some algorithms see motion in a still picture's noise
            field = np.zeros((height, width, 2), np.float32)
        else:
            field = measure(np.ascontiguousarray(first), np.ascontiguousarray(second))
        if spec.content == "flow_blocks":
            out[i] = direction_magnitude(field, spec.size)
            continue
        maps = np.dstack([field, optical_strain(field)]) if spec.content == "flow_strain" else field
        maps = _resized(maps, spec.size)
        out[i] = np.moveaxis(flow_colours(maps, spec.full) if spec.content == "flow_colour" else maps, -1, 0)
    return out


def _resized(maps: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    height, width = size
    if maps.shape[:2] == size:
        return maps
    how = cv2.INTER_AREA if height * width < maps.shape[0] * maps.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(maps, (width, height), interpolation=how), np.float32)


def _normalised_frames(frames: NDArray[Any], how: str) -> NDArray[np.float32]:
    """(n, C, H, W) in levels of 0..255, normalised."""
    values = np.ascontiguousarray(frames, np.float32)
    if how == "unit":
        return values / np.float32(255)
    if how == "signed":
        return values / np.float32(127.5) - np.float32(1)
    if how == "imagenet":
        mean, deviation = (side[:, None, None] for side in _IMAGENET)
        return (values / np.float32(255) - mean) / deviation
    if how == "standard":
        return _over(values - values.mean(dtype=np.float64), values.std(dtype=np.float64))
    return values


def normalised_flow(fields: NDArray[np.float32], how: str) -> NDArray[np.float32]:
    """(n, C, H, W), normalised."""
    if how == "standard":
        centred = fields - fields.mean(axis=(0, 2, 3), keepdims=True, dtype=np.float64)
        return _over(centred, fields.std(axis=(0, 2, 3), keepdims=True, dtype=np.float64))
    if how == "median":
        centred = fields - np.median(fields.astype(np.float64), axis=(2, 3), keepdims=True)
        return _over(centred, 1.4826 * np.median(np.abs(centred), axis=(2, 3), keepdims=True))
    return fields


def _over(values: NDArray[Any], spread: Any) -> NDArray[np.float32]:
    """``values / spread``; 0 where there is no spread."""
    some = np.asarray(spread) > 1e-6
    return np.where(some, values / np.where(some, spread, 1), 0).astype(np.float32)
