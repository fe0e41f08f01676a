"""The packets of a video stream, listed without decoding: how many frames, when, and where to seek."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

__all__ = ["AV_ERRORS", "Packets", "is_cut_short", "list_packets"]

AV_ERRORS = (av.FFmpegError, OSError, ValueError, RuntimeError, LookupError, EOFError)
"""Whatever PyAV may raise on damaged input."""


@dataclass(frozen=True, slots=True, eq=False)
class Packets:
    """A stream's packets in order of presentation.

    Attributes:
        pts: ``int64`` (N,) ascending, in ticks of ``tick`` seconds. Where ``regular`` is false they may hold
            duplicates, or be decoding times.
        keys: ``int64`` (K,) ascending, timestamps of pictures at which decoding can begin.
        tick: seconds a tick.
        regular: every packet has its own timestamp, so that one can tell a frame's position by it.
        counted: presentation times are unknown, but the frames come at these times, one after the other.
        complete: the packets ended where the file says that they end.
    """

    pts: NDArray[np.int64]
    keys: NDArray[np.int64]
    tick: float
    regular: bool
    counted: bool
    complete: bool

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def times(self) -> NDArray[np.float64]:
        """Seconds since the first frame, (N,)."""
        if not len(self.pts):
            return np.zeros(0)
        seconds: NDArray[np.float64] = (self.pts - self.pts[0]) * self.tick
        return seconds

    def rate(self) -> tuple[float | None, bool]:
        """Frames a second by the timestamps and whether they are uneven.

        Returns:
            (fps, variable); fps is ``None`` where the timestamps say nothing. The rate is that of the usual
            step: the mean of the steps near their median, because a median of timestamps in whole
            milliseconds would make 125 of 120 frames/s.
        """
        steps = np.diff(self.pts)
        steps = steps[steps > 0]
        if not len(steps):
            return None, False
        median = float(np.median(steps))
        near = steps[np.abs(steps - median) <= max(0.5 * median, 1)]
        variable = bool(np.any(np.abs(steps - median) > max(0.1 * median, 1.5)))
        return 1.0 / (float(near.mean()) * self.tick), variable


def list_packets(path: Path, container: InputContainer, stream: VideoStream) -> Packets:
    """Read through the file once without decoding; an error ends the list, it is not raised."""
    shown, decoded, keys = array("q"), array("q"), array("q")
    n = missing = 0
    keyed = broken = False
    vp8 = stream.codec_context.codec.canonical_name == "vp8"
    try:
        for packet in container.demux(stream):
            if not packet.size:
                # The flush at the end; or the place of a frame that the camera dropped (AVI).
                n += packet.dts is not None
                continue
            if packet.is_corrupt:
                broken = True
                break
            n += 1
            if packet.is_keyframe:
                keyed = True
                if packet.pts is not None:
                    keys.append(packet.pts)
            if packet.is_discard or not keyed:
                continue  # cut away by an edit list, or before the first picture that can be decoded
            if vp8 and not bytes(packet)[0] & 0x10:
                continue  # a picture that only others refer to, never shown
            if packet.pts is None:
                missing += 1
            else:
                shown.append(packet.pts)
            if packet.dts is not None:
                decoded.append(packet.dts)
    except AV_ERRORS:
        broken = True
    # AVI knows no times of presentation; for these codecs FFmpeg's guesses are not even in order.
    counted = container.format.name == "avi" and stream.codec_context.codec.canonical_name in ("h264", "hevc")
    # Where the header counts the frames, a missing tail may hold only sound, and does not matter.
    counts = stream.frames if container.format.name != "gif" else 0
    tick = float(stream.time_base) if stream.time_base else 0.0
    # An AVI with B-frames has decoding times only; sorted, they are the times of presentation.
    pts = np.sort(np.array(decoded if missing or counted else shown, np.int64))
    distinct = bool(len(pts)) and tick > 0 and bool(np.all(np.diff(pts) > 0))
    return Packets(
        pts=pts,
        keys=np.sort(np.array(keys, np.int64)),
        tick=tick,
        regular=distinct and not missing and not counted,
        counted=distinct and counted,
        complete=not broken and (n >= counts if counts else not is_cut_short(path)),
    )


def is_cut_short(path: Path) -> bool:
    """Whether the container's own lengths reach beyond the end of the file (MP4/MOV, AVI, Matroska/WebM)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF":
            # OpenDML files hold several RIFF chunks; only the first is looked at. A live capture writes 0.
            length = int.from_bytes(head[4:8], "little")
            return 0 < length < 0xFFFFFFFF and 8 + length > size
        if head[:4] == b"\x1aE\xdf\xa3":
            return _matroska_end(head + file.read(4096)) > size
        if head[:4] == b"GIF8":
            file.seek(-1, 2)
            return file.read(1) != b";"
        at = 0
        while head[4:8].isalnum() and at + 8 <= size:
            file.seek(at)
            box = file.read(16)
            length = int.from_bytes(box[:4], "big")
            if length == 1:
                length = int.from_bytes(box[8:16], "big")
            if length < 8:  # 0: until the end of the file
                return False
            at += length
        return at > size


def _matroska_end(head: bytes) -> int:
    """Where the segment of a Matroska file ends by its own account; 0 where it does not say."""

    def number(at: int) -> tuple[int | None, int]:
        width = 9 - head[at].bit_length()
        value = int.from_bytes(head[at : at + width], "big") & ((1 << 7 * width) - 1)
        return (None if value == (1 << 7 * width) - 1 else value), at + width

    try:
        length, at = number(4)
        at += length or 0
        if head[at : at + 4] != b"\x18\x53\x80\x67":
            return 0
        length, at = number(at + 4)
    except IndexError:
        return 0
    return 0 if length is None else at + length
