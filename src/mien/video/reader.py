"""What every source of frames has in common: iterate, read again, stay within a time range."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from types import TracebackType

from mien.errors import InputError
from mien.video.frame import Frame
from mien.video.info import VideoInfo

__all__ = ["VideoReader", "check_fps", "check_range"]


@dataclass(slots=True)
class _Cursor:
    """Where the last :meth:`VideoReader.read` stopped: a following range need not seek."""

    at: int
    frames: Generator[Frame, None, None]


class VideoReader(ABC):
    """Frames of one recording in order, with their times, one at a time.

    Iterate over it (as often as you like, each time from the start), or :meth:`read` some frames again. Only
    the frame being looked at is held, plus what the decoder needs; eight to sixteen bytes a frame are kept
    to find frames again.

    Attributes:
        info: the recording; its numbers are those of the whole file, also when a time range is read.
        start, end: the time range in seconds, ``start <= time < end``; ``None`` where it is open.
        broke_at: index of the last good frame, once a pass found that the file breaks off after it.
    """

    def __init__(self, info: VideoInfo, start: float | None, end: float | None) -> None:
        check_range(info, start, end)
        self.info = info
        self.start = start
        self.end = end
        self.broke_at: int | None = None
        self._warnings: list[str] = list(info.warnings)
        self._cursor: _Cursor | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Remarks on the file, whole sentences; complete once the frames have been iterated over."""
        return tuple(self._warnings)

    @property
    def n_expected(self) -> int | None:
        """About how many frames one pass yields (for a progress bar); ``None`` where unknown."""
        if self.info.n_frames is None or (self.start is None and self.end is None):
            return self.info.n_frames
        end = self.info.duration_s if self.end is None else min(self.end, self.info.duration_s)
        share = (end - (self.start or 0.0)) / self.info.duration_s
        return max(2, round(share * self.info.n_frames))

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of whatever is open. The reader may be used again afterwards."""
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            cursor.frames.close()

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames of the time range.

        Raises:
            mien.errors.InputError: the range holds fewer than two frames that can be read.
        """
        n = 0
        start = -math.inf if self.start is None else self.start
        end = math.inf if self.end is None else self.end
        for frame in self._frames(self._index_before(start), tell=True):
            if frame.time >= end:
                break
            if frame.time >= start:
                n += 1
                yield frame
                # The consumer may hold on to the frame while the next is decoded; this loop must not.
                del frame
        if n < 2:
            where = "" if self.start is None and self.end is None else " in the chosen time range"
            raise InputError(
                f"{self.info.path}: only {n} frame{'s' if n != 1 else ''} could be read{where}; "
                "at least two are needed to see a movement."
            )

    def read(self, first: int, last: int) -> Iterator[Frame]:
        """Read frames again by their index, exactly as a whole pass yields them.

        Args:
            first: 0-based position in the whole file; the time range is not looked at.
            last: the last position, included. Frames that do not exist are left out.

        Yields:
            The frames in order. Ranges read in ascending order are the quickest.
        """
        first = max(first, 0)
        if last < first:
            return
        cursor, self._cursor = self._cursor, None
        frames = None
        if cursor is not None:
            if cursor.at <= first and self._goes_on_well(cursor.at, first):
                frames = cursor.frames
            else:
                cursor.frames.close()
        if frames is None:
            frames = self._frames(first, tell=False)
        for frame in frames:
            index = frame.index
            if first <= index <= last:
                yield frame
            del frame
            if index >= last:
                if index == last:
                    self._cursor = _Cursor(last + 1, frames)
                break

    @abstractmethod
    def _index_before(self, time: float) -> int:
        """An index at or before the first frame with ``frame.time >= time``."""

    def _goes_on_well(self, at: int, first: int) -> bool:
        """Whether frame ``first`` is reached at least as quickly from frame ``at`` as by seeking."""
        return True

    @abstractmethod
    def _frames(self, first: int, *, tell: bool) -> Generator[Frame, None, None]:
        """Yield the frames from index ``first`` on; with ``tell`` note what is wrong with the file."""

    def _warn(self, text: str) -> None:
        if text not in self._warnings:
            self._warnings.append(text)


def check_fps(fps: float | None) -> None:
    """Refuse a frame rate that no camera has.

    Raises:
        mien.errors.InputError: it is not.
    """
    if fps is not None and not (math.isfinite(fps) and fps > 0):
        raise InputError(f"--fps {fps:g}: the frame rate must be a number above 0, for example --fps 200.")
    if fps is not None and fps > 20000:
        raise InputError(
            f"--fps {fps:g}: that is more frames a second than any camera takes. Is it a typing error?"
        )


def check_range(info: VideoInfo, start: float | None, end: float | None) -> None:
    """Refuse a time range that is empty or lies outside the recording.

    Raises:
        mien.errors.InputError: it does.
    """
    for name, value in (("start", start), ("end", end)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise InputError(f"--{name} {value:g}: give a time in seconds, 0 or more.")
    if end == 0:
        raise InputError("--end 0: the range ends before the first frame.")
    if start is not None and end is not None and start >= end:
        raise InputError(f"--start {start:g} --end {end:g}: the range must start before it ends.")
    if start is not None and start >= info.duration_s:
        raise InputError(
            f"--start {start:g}: {info.path} is only {info.duration_s:.3f} s long"
            f" (at {info.fps:.4g} frames per second)."
        )
