"""Picture files of a clip, read and checked one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.video import Frame

__all__ = ["Pictures", "decode"]

_LOOKS = 8
"""Pictures that are looked at to find how many of 16 bits a camera fills."""


def decode(file: Path, *, stored: bool = False) -> NDArray[Any]:
    """The pixels of a picture file, upright.

    Args:
        file: PNG, JPEG, BMP, TIFF or what else OpenCV knows; the name may hold any characters.
        stored: leave the channels as they are, an alpha channel with them.

    Returns:
        ``uint8`` or ``uint16``: grey (H, W) or RGB (H, W, 3); with ``stored``, RGBA (H, W, 4) too.

    Raises:
        InputError: it is missing, empty, cut off or no such picture; the message names it.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror or error}).") from error
    if fault := _fault(data):
        raise InputError(f"{file} {fault}. Copy it again from where you have it.")
    # imread cannot open names beyond ASCII on Windows; and OpenCV would print its opinion of damaged pictures
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    how = cv2.IMREAD_UNCHANGED if stored else cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error:
        picture = None
    finally:
        cv2.utils.logging.setLogLevel(level)
    if picture is None:
        raise InputError(f"{file} cannot be decoded: it is damaged, or no picture (PNG, JPEG, BMP, TIFF).")
    if picture.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{file} holds pixels of type {picture.dtype}; mien reads pictures of 8 or 16 bits.")
    if picture.ndim == 2:
        return picture
    if picture.shape[2] == 4:
        return cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _fault(data: bytes) -> str:
    """What is wrong with a file's bytes, or nothing: decoders fill up what is missing without a word."""
    if not data:
        return "is empty"
    if data.startswith(b"\xff\xd8"):  # the end mark must follow the last scan; a thumbnail may have its own
        whole = b"\xff\xd9" in data[max(0, data.rfind(b"\xff\xda")) :]
    elif data.startswith(b"\x89PNG"):
        whole = b"IEND" in data
    elif data.startswith(b"BM"):
        whole = len(data) >= int.from_bytes(data[2:6], "little")
    else:
        whole = True
    return "" if whole else "is cut off"


class Pictures:
    """The pictures of a clip, decoded when they are asked for; the last one is kept.

    Pictures of 16 bits are brought to 8. Cameras of 10 or 12 bits often leave the upper bits empty: those
    that are empty in eight pictures from all over the clip are left out, the same number for all.

    Args:
        files: in order.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._size: tuple[int, int] | None = None
        self._shift: int | None = None
        self._last: tuple[int, NDArray[np.uint8]] | None = None

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        """``uint8`` grey (H, W) or RGB (H, W, 3) as stored.

        Raises:
            InputError: it cannot be read, or has another size than the clip's first one that was read.
        """
        if self._last is None or self._last[0] != index:
            picture = decode(self._files[index])
            self._size = self._size or picture.shape[:2]
            if picture.shape[:2] != self._size:
                (h, w), (h0, w0) = picture.shape[:2], self._size
                raise InputError(
                    f"{self._files[index]} has {w}×{h} pixels, other pictures of the clip {w0}×{h0}. All "
                    "pictures of one clip must have the same size."
                )
            if picture.dtype == np.uint16:
                picture = np.minimum(np.right_shift(picture, self._bits() - 8), 255).astype(np.uint8)
            self._last = (index, cast("NDArray[np.uint8]", picture))
        return self._last[1]

    def name(self, index: int) -> str:
        """The name of a picture's file, for messages."""
        return self._files[index].name

    def frame(self, index: int, fps: float) -> Frame:
        """A picture with a time, decoded when somebody looks at it."""
        return Frame(index, index / fps, _Later(self, index))

    def _bits(self) -> int:
        if self._shift is None:
            n = len(self._files)
            looks = (
                decode(self._files[i]) for i in sorted({k * (n - 1) // (_LOOKS - 1) for k in range(_LOOKS)})
            )
            used = max((int(p.max()).bit_length() for p in looks if p.dtype == np.uint16), default=8)
            self._shift = next(bits for bits in (8, 10, 12, 14, 16) if bits >= used)
        return self._shift


class _Later:
    """A picture's pixels, when they are needed."""

    def __init__(self, pictures: Pictures, index: int) -> None:
        self._pictures, self._index = pictures, index

    def gray(self) -> NDArray[np.uint8]:
        """``uint8`` (H, W)."""
        pixels = self._pictures[self._index]
        return pixels if pixels.ndim == 2 else cast(Any, cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))

    def rgb(self) -> NDArray[np.uint8]:
        """``uint8`` (H, W, 3)."""
        pixels = self._pictures[self._index]
        return pixels if pixels.ndim == 3 else cast(Any, cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB))
