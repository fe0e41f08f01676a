"""One picture of a recording, grey or in colour, converted only when somebody looks at it."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

__all__ = ["ArrayPicture", "Frame", "Orientation", "Picture", "StreamPicture", "orientation_of"]

Image = NDArray[np.uint8]


class Picture(Protocol):
    """Where a :class:`Frame` gets its pixels from."""

    def gray(self) -> Image:
        """``uint8`` (H, W)."""
        ...

    def rgb(self) -> Image:
        """``uint8`` (H, W, 3)."""
        ...


@dataclass(slots=True, eq=False, weakref_slot=True)
class Frame:
    """One picture and its place in the recording.

    Attributes:
        index: 0-based position in the whole file, also when only a time range is read.
        time: seconds in the time base in force; strictly increasing from frame to frame.
    """

    index: int
    time: float
    _picture: Picture = field(repr=False)
    _gray: Image | None = field(default=None, init=False, repr=False)
    _rgb: Image | None = field(default=None, init=False, repr=False)

    @classmethod
    def from_array(cls, index: int, time: float, pixels: Image) -> Frame:
        """A frame from ``uint8`` pixels, grey (H, W) or RGB (H, W, 3)."""
        return cls(index, time, ArrayPicture(pixels))

    @property
    def gray(self) -> Image:
        """``uint8`` (H, W), black 0, white 255, upright. Computed once; do not write into it."""
        if self._gray is None:
            self._gray = self._picture.gray()
        return self._gray

    @property
    def rgb(self) -> Image:
        """``uint8`` (H, W, 3), upright; a grey recording gives three equal channels. Computed once."""
        if self._rgb is None:
            self._rgb = self._picture.rgb()
        return self._rgb


@dataclass(frozen=True, slots=True)
class ArrayPicture:
    """A picture that is already an array: ``uint8`` (H, W) or RGB (H, W, 3)."""

    pixels: Image

    def gray(self) -> Image:
        """``uint8`` (H, W)."""
        if self.pixels.ndim == 2:
            return self.pixels
        return cast(Image, cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY))

    def rgb(self) -> Image:
        """``uint8`` (H, W, 3)."""
        if self.pixels.ndim == 3:
            return self.pixels
        return cast(Image, cv2.cvtColor(self.pixels, cv2.COLOR_GRAY2RGB))


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a stored picture is turned for display.

    Attributes:
        turns: quarter turns counter-clockwise, 0 to 3.
        mirrored: flipped left to right, after turning.
    """

    turns: int = 0
    mirrored: bool = False

    def apply(self, image: Image) -> Image:
        """Turn ``image`` (H, W) or (H, W, 3) upright; a contiguous array."""
        if self.turns:
            code = (cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)[self.turns - 1]
            image = cast(Image, cv2.rotate(image, code))
        return cast(Image, cv2.flip(image, 1)) if self.mirrored else image


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """Read the display matrix that phones write when they are held upright; none means no turning."""
    data = frame.side_data.get("DISPLAYMATRIX") if frame.side_data is not None else None
    if data is None:
        return Orientation()
    raw = bytes(cast(Any, data))
    if len(raw) < 36:
        return Orientation()
    # 3×3, row vectors: (x', y') = (x, y) · [[a, b], [c, d]], with y downwards.
    m = np.frombuffer(raw[:36], np.int32).reshape(3, 3)[:2, :2].astype(np.float64)
    det = float(np.linalg.det(m))
    if not det:
        return Orientation()
    if mirrored := det < 0:
        m = m @ np.diag([-1.0, 1.0])
    clockwise = np.degrees(np.arctan2(m[0, 1], m[0, 0]))
    # Only quarter turns are honoured, as by every player; the rest of the matrix is scale and place.
    return Orientation(int(-round(clockwise / 90)) % 4, mirrored)


# Formats whose first plane is 8-bit luma. swscale would give the same bytes at a quarter of the speed.
_LUMA_FIRST = frozenset(
    f"yuv{j}{kind}p" for j in ("", "j", "a") for kind in ("410", "411", "420", "422", "440", "444")
) | {"nv12", "nv21", "nv16", "nv24", "gray", "gray8"}

# Limited ("TV") range puts black at 16 and white at 235. The same rounding as swscale's.
_STUDIO_TO_FULL = np.clip(np.round((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)

# One converter per thread and target: contexts are neither thread-safe nor cheap to set up.
_converters = threading.local()


def _convert(frame: av.VideoFrame, target: str) -> Image:
    converter = getattr(_converters, target, None)
    if converter is None:
        converter = VideoReformatter()
        setattr(_converters, target, converter)
    converted = converter.reformat(frame, format=target, dst_color_range="JPEG")
    return cast(Image, converted.to_ndarray())


def _is_full_range(frame: av.VideoFrame) -> bool:
    name = frame.format.name
    return name.startswith(("yuvj", "gray")) or int(frame.color_range) == 2


@dataclass(frozen=True, slots=True)
class StreamPicture:
    """A decoded picture of a video stream, still in the stream's own pixel format."""

    frame: av.VideoFrame
    orientation: Orientation

    def gray(self) -> Image:
        """``uint8`` (H, W): the luma plane stretched to full range, or a conversion where there is none."""
        frame = self.frame
        if frame.format.name in _LUMA_FIRST:
            image = _first_plane(frame)
            image = image.copy() if _is_full_range(frame) else cast(Image, cv2.LUT(image, _STUDIO_TO_FULL))
        elif is_gray16(frame):
            image = _scaled_gray(frame)
        else:
            try:
                image = _convert(frame, "gray")
            except (ValueError, av.FFmpegError):  # formats that swscale turns into colour only
                image = cast(Image, cv2.cvtColor(_convert(frame, "rgb24"), cv2.COLOR_RGB2GRAY))
        return self.orientation.apply(image)

    def rgb(self) -> Image:
        """``uint8`` (H, W, 3)."""
        if self.frame.format.name.startswith("gray"):
            return cast(Image, cv2.cvtColor(self.gray(), cv2.COLOR_GRAY2RGB))
        return self.orientation.apply(_convert(self.frame, "rgb24"))


def _first_plane(frame: av.VideoFrame) -> Image:
    """The first plane as ``uint8`` (H, W), a view of the decoder's memory."""
    plane = frame.planes[0]
    rows = np.frombuffer(cast(Any, plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width]


def is_gray16(frame: av.VideoFrame) -> bool:
    """Grey with 9 to 16 bits in two bytes."""
    name = frame.format.name
    return name.startswith("gray") and name.endswith(("le", "be")) and "f" not in name


def _scaled_gray(frame: av.VideoFrame) -> Image:
    """Deep grey to 8 bits by its top bits: swscale would dither, which looks like motion."""
    name = frame.format.name
    bits = frame.format.components[0].bits
    plane = frame.planes[0]
    order = "<u2" if name.endswith("le") else ">u2"
    rows = np.frombuffer(cast(Any, plane), order).reshape(-1, plane.line_size // 2)
    deep = rows[: frame.height, : frame.width]
    if (order == "<u2") != (sys.byteorder == "little"):
        deep = deep.astype(np.uint16)
    return cast(Image, np.right_shift(deep, bits - 8).astype(np.uint8))
