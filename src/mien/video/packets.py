"""The packets of a video stream, listed without decoding: how many frames, when, and where to seek."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

__all__ = ["AV_ERRORS", "Packets", "list_packets"]

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
        complete: the packets ended where the file says that they end.
    """

    pts: NDArray[np.int64]
    keys: NDArray[np.int64]
    tick: float
    regular: bool
    complete: bool

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def times(self) -> NDArray[np.float64]:
        """Seconds since the first frame, (N,)."""
        if not len(self.pts):
            return np.zeros(0)
        return (self.pts - self.pts[0]) * self.tick

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


def list_packets(container: av.container.InputContainer, stream: VideoStream) -> Packets:
    """Read through the file once without decoding; an error ends the list, it is not raised."""
    shown, decoded, keys, key_decoded = array("q"), array("q"), array("q"), array("q")
    n = missing = discarded = 0
    broken = False
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
            if packet.is_discard:  # cut away by an edit list: decoded, never shown
                discarded += 1
                continue
            if not keys and not key_decoded and not packet.is_keyframe:
                continue  # before the first picture that can be decoded
            if packet.pts is None:
                missing += 1
            else:
                shown.append(packet.pts)
            if packet.dts is not None:
                decoded.append(packet.dts)
            if packet.is_keyframe:
                if packet.pts is not None:
                    keys.append(packet.pts)
                else:
                    key_decoded.append(packet.dts or 0)
    except AV_ERRORS:
        broken = True
    tick = float(stream.time_base) if stream.time_base else 0.0
    # An AVI with B-frames has decoding times only; sorted, they are the times of presentation.
    pts = np.sort(np.array(shown if not missing else decoded, np.int64))
    regular = not missing and bool(len(pts)) and tick > 0 and bool(np.all(np.diff(pts) > 0))
    return Packets(
        pts=pts,
        keys=np.sort(np.array(keys, np.int64)),
        tick=tick,
        regular=regular,
        complete=not broken and n >= (stream.frames or 0),
    )
