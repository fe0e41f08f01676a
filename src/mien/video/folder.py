"""Reading folders of numbered pictures, the form in which many high-speed recordings are kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.video.frame import ArrayPicture, Frame
from mien.video.info import VideoInfo
from mien.video.reader import VideoReader, check_fps

__all__ = ["FrameFolder", "numbered_pictures"]

_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})
_LAST_NUMBER = re.compile(r"(\d+)(?=\D*$)")


class FrameFolder(VideoReader):
    """The frames of a folder of numbered pictures. Open it with :func:`mien.video.open_video`.

    The number is the last run of digits in the file's name. A frame's ``index`` is its place in the folder in
    order of numbers; its time follows the number, so that a missing picture leaves a gap in time. Pictures
    that cannot be read are treated as missing (their index stays theirs).

    Where names differ in what stands before the number, the most frequent kind is taken if it makes up nine
    tenths of the folder (the rest is named in a warning); otherwise the folder is refused, because two
    recordings would be shuffled into one.
    """

    def __init__(
        self,
        path: Path,
        *,
        fps: float | None = None,
        start: float | None = None,
        end: float | None = None,
    ) -> None:
        check_fps(fps)
        numbered, warnings = numbered_pictures(path)
        if fps is None:
            raise InputError(
                f"{path} is a folder of pictures, which do not tell their frame rate. Pass the camera's "
                "frame rate with --fps, for example --fps 200."
            )
        self._fps = fps
        self._files = [file for _, file in numbered]
        self._numbers = np.array([number for number, _ in numbered], np.int64)
        self._shift, self._size, first = self._examine(path)
        n_missing = int(self._numbers[-1] - self._numbers[0] + 1 - len(numbered))
        if n_missing > len(numbered):
            # no camera drops more than it keeps: time stamps, or every so many pictures of a longer series
            warnings.append(
                f"The numbers in the names ({self._numbers[0]} to {self._numbers[-1]} for {len(numbered)} "
                "pictures) do not count frames; the pictures were taken in their order, one after the other."
            )
            self._numbers = np.arange(len(numbered))
            n_missing = 0
        if n_missing:
            warnings.append(
                f"{n_missing} picture{'s are' if n_missing > 1 else ' is'} missing in the numbering "
                f"{self._numbers[0]} to {self._numbers[-1]}; the time goes on as if they were there."
            )
        if 0 < self._shift < 8:
            warnings.append(f"The pictures hold {self._shift + 8} of 16 bits; they were scaled accordingly.")
        depth = first.dtype.itemsize * 8
        pixels = _eight_bit(first, self._shift)
        grey = first.ndim == 2 or bool(
            np.ptp(pixels.astype(np.int16), axis=2).max() <= 2 and pixels.std() > 2
        )
        info = VideoInfo(
            path=path,
            name=path.resolve().name,
            width=first.shape[1],
            height=first.shape[0],
            fps=fps,
            claimed_fps=None,
            variable_fps=bool(n_missing),
            duration_s=float(self._numbers[-1] - self._numbers[0] + 1) / fps,
            n_frames=len(numbered),
            codec=self._files[0].suffix[1:].lower().replace("jpeg", "jpg").replace("tiff", "tif"),
            pix_fmt=("gray" if first.ndim == 2 else "rgb24") + ("16" if depth == 16 else ""),
            bit_depth=depth,
            is_grey=grey,
            warnings=tuple(warnings),
        )
        super().__init__(info, start, end)

    def _examine(self, path: Path) -> tuple[int, tuple[int, ...], NDArray[Any]]:
        """Find the true bit depth and the size from a few pictures all over the folder."""
        n = len(self._files)
        shift = 0
        first: NDArray[Any] | None = None
        for i in sorted({round(k * (n - 1) / 7) for k in range(8)} | {0, 1}):
            picture = _load(self._files[i]) if i < n else None
            if picture is None:
                continue
            first = picture if first is None else first
            if picture.dtype == np.uint16:
                # Cameras of 10 or 12 bits often leave the upper bits of a 16-bit picture empty.
                bits = int(picture.max()).bit_length()
                shift = max(shift, next(b for b in (8, 10, 12, 14, 16) if b >= bits) - 8)
        if first is None:
            raise InputError(f"{path}: the pictures cannot be read; they are damaged or of an unknown kind.")
        return shift, first.shape[:2], first

    def _index_before(self, time: float) -> int:
        if time <= 0:
            return 0
        times = (self._numbers - self._numbers[0]) / self._fps
        return max(0, int(np.searchsorted(times, time)) - 1)

    def _goes_on_well(self, at: int, first: int) -> bool:
        return at == first

    def _frames(self, first: int, *, tell: bool) -> Generator[Frame, None, None]:
        unreadable: list[str] = []
        for index in range(first, len(self._files)):
            file = self._files[index]
            picture = _load(file)
            if picture is None:
                unreadable.append(file.name)
                continue
            if picture.shape[:2] != self._size:
                (h, w), (h0, w0) = picture.shape[:2], self._size
                raise InputError(
                    f"{file} has {w}×{h} pixels, but the first picture of the folder has {w0}×{h0}. All "
                    "pictures of one recording must have the same size."
                )
            pixels = _eight_bit(picture, self._shift)
            time = float(self._numbers[index] - self._numbers[0]) / self._fps
            yield Frame(index, time, ArrayPicture(pixels))
            del picture, pixels
        if tell and unreadable:
            more = f" and {len(unreadable) - 3} more" if len(unreadable) > 3 else ""
            self._warn(
                f"{len(unreadable)} picture{'s' if len(unreadable) > 1 else ''} cannot be read and "
                f"{'were' if len(unreadable) > 1 else 'was'} left out: {', '.join(unreadable[:3])}{more}."
            )


def numbered_pictures(path: Path) -> tuple[list[tuple[int, Path]], list[str]]:
    """The pictures of a folder in order of their numbers, and remarks on their names.

    Raises:
        mien.errors.InputError: there are fewer than two, they have no numbers, or are of several series.
    """
    try:
        files = [p for p in path.iterdir() if p.suffix.lower() in _ENDINGS and not p.name.startswith(".")]
    except PermissionError:
        raise InputError(f"{path} may not be read: you lack the permission. Ask its owner.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error
    series: dict[tuple[str, str], list[tuple[int, Path]]] = {}
    for file in files:
        if match := _LAST_NUMBER.search(file.stem):
            # What follows the number counts too: 0001_left.png and 0001_right.png are two cameras.
            kind = (file.stem[: match.start()], file.stem[match.end() :] + file.suffix.lower())
            series.setdefault(kind, []).append((int(match[1]), file))
    if not series:
        what = "no numbered pictures" if files else "no pictures"
        raise InputError(
            f"{path} is a folder with {what} (PNG, JPEG, BMP or TIFF). Name a video file, or a folder of "
            "pictures that are numbered in the order of filming."
        )
    kind, numbered = max(series.items(), key=lambda item: len(item[1]))
    warnings = []
    others = len(files) - len(numbered)
    if others:
        if len(numbered) < 0.9 * len(files):
            examples = ", ".join(sorted(items[0][1].name for items in series.values())[:3])
            raise InputError(
                f"{path} mixes pictures of different names ({examples}). "
                "Keep each recording in a folder of its own."
            )
        warnings.append(
            f"{others} picture{'s' if others > 1 else ''} named otherwise than {numbered[0][1].name} "
            f"{'were' if others > 1 else 'was'} left out."
        )
    numbered.sort()
    twice = [number for number, count in Counter(number for number, _ in numbered).items() if count > 1]
    if twice:
        raise InputError(f"{path} holds two pictures with the number {twice[0]}. Remove one of them.")
    if len(numbered) < 2:
        raise InputError(f"{path} holds only one picture; at least two are needed to see a movement.")
    return numbered, warnings


def _load(file: Path) -> NDArray[Any] | None:
    """Pixels as stored, grey (H, W) or RGB (H, W, 3), ``uint8`` or ``uint16``; ``None`` where damaged."""
    try:
        data = file.read_bytes()
        if not _is_whole(data):
            return None
        # OpenCV would print its opinion of damaged pictures.
        level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            # Not imread: it cannot open names beyond ASCII on Windows.
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR)
        finally:
            cv2.utils.logging.setLogLevel(level)
    except (OSError, cv2.error):
        return None
    if picture is None or picture.dtype not in (np.uint8, np.uint16):
        return None
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) if picture.ndim == 3 else picture


def _is_whole(data: bytes) -> bool:
    """A picture cut off in the middle decodes into a grey lower half; its end mark is missing."""
    if data[:2] == b"\xff\xd8":
        return b"\xff\xd9" in data[-4096:]
    if data[:4] == b"\x89PNG":
        return b"IEND" in data[-64:]
    if data[:2] == b"BM":
        return len(data) >= int.from_bytes(data[2:6], "little")
    return len(data) > 0


def _eight_bit(picture: NDArray[Any], shift: int) -> NDArray[np.uint8]:
    if picture.dtype == np.uint8:
        return cast("NDArray[np.uint8]", picture)
    return cast("NDArray[np.uint8]", np.minimum(np.right_shift(picture, shift), 255).astype(np.uint8))
