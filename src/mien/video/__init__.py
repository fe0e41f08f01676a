"""Films and folders of frames in, frames with times out, in fixed memory; and writing clips.

::

    with open_video("film.mp4", start=10, end=20) as reader:
        for frame in reader:
            frame.index, frame.time, frame.gray
        pictures = list(reader.read(250, 260))
"""

from __future__ import annotations

from pathlib import Path

from mien.video.digest import digest
from mien.video.file import VideoFile, probe_file
from mien.video.folder import FrameFolder
from mien.video.frame import Frame
from mien.video.info import VideoInfo
from mien.video.reader import VideoReader
from mien.video.write import write_video

__all__ = [
    "Frame",
    "FrameFolder",
    "VideoFile",
    "VideoInfo",
    "VideoReader",
    "digest",
    "open_video",
    "probe",
    "write_video",
]


def probe(path: str | Path, *, fps: float | None = None) -> VideoInfo:
    """Describe a recording: its packets are listed, only the first pictures are decoded.

    Args:
        path: a video file, or a folder of numbered pictures.
        fps: the camera's frame rate where the file's is wrong or missing.

    Raises:
        mien.errors.InputError: it cannot be used as a recording; the message says why.
    """
    path = Path(path)
    return FrameFolder(path, fps=fps).info if path.is_dir() else probe_file(path, fps=fps)


def open_video(
    path: str | Path, *, fps: float | None = None, start: float | None = None, end: float | None = None
) -> VideoReader:
    """Open a recording for reading, frame by frame.

    Args:
        path: a video file, or a folder of numbered pictures (which needs ``fps``).
        fps: overrides the timestamps: frame ``i`` is then at ``i / fps`` seconds.
        start: read only frames with ``time >= start``, in seconds of the time base in force, where the first
            frame of the file is at 0. Indices remain positions in the whole file.
        end: read only frames with ``time < end``.

    Raises:
        mien.errors.InputError: it cannot be used as a recording, or the range lies outside it.
    """
    path = Path(path)
    if path.is_dir():
        return FrameFolder(path, fps=fps, start=start, end=end)
    return VideoFile(path, fps=fps, start=start, end=end)
