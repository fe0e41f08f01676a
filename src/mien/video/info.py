"""What is known of a recording before it is read, and whether its frame rate can be believed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["VideoInfo", "doubt_frame_rate", "rate_in_name"]


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A recording, from its header and its packets (only the first pictures are decoded).

    Attributes:
        path: the file or folder as the user named it.
        name: its name without the ending.
        width, height: pixels as displayed (after rotation metadata).
        fps: frames a second of the time base in force: what the user gave, else the median over the
            timestamps.
        claimed_fps: what the file's header says, ``None`` where it says nothing.
        variable_fps: the timestamps are not evenly spaced.
        duration_s: from the first frame until the end of the last, in the time base in force.
        n_frames: how many frames the file holds, counted from its packets; reading may yield fewer where
            the file is damaged. ``None`` where nobody can know without decoding.
        codec: the codec's short name (``"h264"``), or the picture format of a folder (``"png"``).
        pix_fmt: FFmpeg's name of the pixel format as stored.
        bit_depth: bits per colour component as stored.
        rotation: degrees the stored picture is turned clockwise for display: 0, 90, 180 or 270.
        is_grey: the pixel format has no colour, or the first picture shows none.
        capture_fps: the rate at which a slow-motion recording was filmed, where the metadata tell.
        warnings: remarks on the file, whole sentences; without :attr:`fps_doubt`.
        fps_doubt: why the claimed rate cannot be right and what to do, or ``None``.
    """

    path: Path
    name: str
    width: int
    height: int
    fps: float
    claimed_fps: float | None
    variable_fps: bool
    duration_s: float
    n_frames: int | None
    codec: str
    pix_fmt: str
    bit_depth: int
    rotation: int = 0
    is_grey: bool = False
    capture_fps: float | None = None
    warnings: tuple[str, ...] = ()
    fps_doubt: str | None = None


# "200fps", "_200_fps", "59.94-FPS"; and "hs200", as in the names of high-speed recordings.
_RATE_TOKENS = (
    re.compile(r"(?<![\d.])(\d{2,5}(?:\.\d+)?)[ _-]?fps(?![a-z])", re.IGNORECASE),
    re.compile(r"(?<![a-z])hs[_-]?(\d{2,5})(?!\d)", re.IGNORECASE),
)

# What machine-vision cameras write: every picture by itself, most often without loss.
_CAMERA_CODECS = frozenset(
    (
        *("rawvideo", "mjpeg", "ljpeg", "jpegls", "jpeg2000", "ffv1", "huffyuv", "ffvhuff", "utvideo"),
        *("png", "tiff", "bmp", "lagarith", "magicyuv"),
    )
)

_TOLERANCE = 0.05
"""Rates that differ by no more than this share of the larger are the same (29.97 and 30, 24 and 25)."""


def rate_in_name(path: Path) -> float | None:
    """The frame rate that the file's name, or else its folder's, speaks of (``clip_200fps.avi``)."""
    for name in (path.stem, path.parent.name):
        for token in _RATE_TOKENS:
            if match := token.search(name):
                rate = float(match[1])
                if rate > 0:
                    return rate
    return None


def _differs(a: float, b: float) -> bool:
    return abs(a - b) > _TOLERANCE * max(a, b)


def doubt_frame_rate(
    path: Path,
    claimed: float | None,
    measured: float | None,
    *,
    capture: float | None = None,
    variable: bool = False,
    is_grey: bool = False,
    codec: str = "",
) -> str | None:
    """Say why the claimed frame rate cannot be right, if so.

    High-speed cameras often write files that claim 25 or 30 frames a second; every micro-expression would
    then look like a slow, ordinary one. The checks, the surest first:

    1. the file claims no rate, or one no camera has (not above 0, or above 2000 frames/s);
    2. the metadata tell a different capture rate (slow motion on phones);
    3. the name of the file or of its folder holds a rate that differs (``200fps``, ``hs200``);
    4. the timestamps are even and contradict the header;
    5. 30 frames/s or less, but grey pictures in a codec that industrial cameras use.

    Args:
        path: of the recording; only its name and its folder's name are looked at.
        claimed: frames/s in the header, ``None`` where it says nothing.
        measured: frames/s by the timestamps, ``None`` where there are none.
        capture: frames/s by a capture-rate tag, ``None`` where there is none.
        variable: the timestamps are uneven, so that an average and a median may well differ.
        is_grey: the recording has no colour.
        codec: short name.

    Returns:
        One or two plain sentences that end in what to do, or ``None``.
    """
    advice = "If you know the camera's real frame rate, pass it with --fps."
    if claimed is None and measured is None:
        return f"The file does not say how many frames a second it has. {advice}"
    rate = claimed if claimed is not None else measured
    assert rate is not None
    if not 0 < rate <= 2000:
        return f"The file claims {rate:g} frames per second, which no camera films. {advice}"
    if capture is not None and capture > 0 and _differs(capture, rate):
        return (
            f"The file plays at {rate:.4g} frames per second but was filmed at {capture:.4g} (slow motion). "
            f"Pass --fps {capture:.4g} for real time."
        )
    named = rate_in_name(path)
    if named is not None and _differs(named, rate):
        return (
            f"The file claims {rate:.4g} frames per second, but its name speaks of {named:.4g}. "
            f"If the name is right, pass --fps {named:g}."
        )
    if claimed is not None and measured is not None and not variable and _differs(claimed, measured):
        return (
            f"The file claims {claimed:.4g} frames per second, but its timestamps say {measured:.4g}, "
            f"which is used here. {advice}"
        )
    if rate <= 30.5 and is_grey and codec in _CAMERA_CODECS:
        return (
            f"The file claims {rate:.4g} frames per second, but grey pictures in this format ({codec}) are "
            f"typical of high-speed cameras, whose files often claim 25 or 30. {advice}"
        )
    return None
