"""Films and folders of frames in, frames with times out, in fixed memory; and writing clips.

::

    with open_video("film.mp4", start=10, end=20) as reader:
        for frame in reader:
            frame.index, frame.time, frame.gray
        pictures = list(reader.read(250, 260))
"""

from __future__ import annotations

from pathlib import Path

from mien.video.file import VideoFile, probe_file
from mien.video.frame import Frame
from mien.video.info import VideoInfo
from mien.video.reader import VideoReader

__all__ = ["Frame", "VideoFile", "VideoInfo", "VideoReader", "open_video", "probe"]


def probe(path: str | Path, *, fps: float | None = None) -> VideoInfo:
    """Describe a recording without reading it through."""
    return probe_file(Path(path), fps=fps)


def open_video(
    path: str | Path, *, fps: float | None = None, start: float | None = None, end: float | None = None
) -> VideoReader:
    """Open a recording."""
    return VideoFile(Path(path), fps=fps, start=start, end=end)
