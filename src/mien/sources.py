"""Where the clips of a data set lie: plain data that data sets give and :mod:`mien.inputs` turns into arrays.

Nothing is read or computed here. A source is small, can be pickled, and is sent to other processes and
machines in place of pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

__all__ = ["FeatureFile", "FlowPicture", "PictureClip", "Recording", "Source"]


@dataclass(frozen=True, slots=True)
class PictureClip:
    """An expression in a series of pictures.

    Attributes:
        key: the clip's name in tables, unique: ``"casme2/sub01/EP02_01f"``.
        files: *all* pictures of the footage in order, also those before the onset and after the offset.
        fps: frames a second; ``None`` for pictures without a time between them.
        onset, offset: 0 <= onset <= offset < len(files): positions in ``files``.
        apex: onset <= apex <= offset; ``None`` where nobody annotated it.
        cropped: the pictures show a face that the data set's makers cut out and aligned.
    """

    key: str
    files: tuple[Path, ...]
    fps: float | None
    onset: int
    apex: int | None
    offset: int
    cropped: bool = False


@dataclass(frozen=True, slots=True)
class FlowPicture:
    """A clip's motion from onset to apex as one RGB picture (:mod:`mien.datasets.flow_images`).

    Red is u (rightwards), green v (downwards), blue optical strain, each stretched over 0..255.

    Attributes:
        key: the clip's name in tables.
        file: the picture.
    """

    key: str
    file: Path


@dataclass(frozen=True, slots=True)
class FeatureFile:
    """A clip as a matrix that somebody computed (:mod:`mien.datasets.feature_files`).

    Attributes:
        key: the clip's name in tables.
        file: ``.npz`` or ``.mat``.
        name: the matrix's name in it.
    """

    key: str
    file: Path
    name: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole series of pictures, in which anything or nothing may happen: what a spotter gets.

    Attributes:
        key: the video's name in tables, unique: ``"samm-lv/006/006_1"``.
        files: all its pictures in order.
        fps: frames a second, > 0.
        numbers: the number in each file's name, increasing: where one is left out a picture is lost, and time
            goes on. Empty: the pictures follow one another.
    """

    key: str
    files: tuple[Path, ...]
    fps: float
    numbers: tuple[int, ...] = ()

    @property
    def times(self) -> tuple[float, ...]:
        """Seconds of each picture from the first, by number, as in :class:`mien.video.FrameFolder`.

        Numbers that leave out more than there are, as no camera does, are passed over.
        """
        n = len(self.files)
        numbers = self.numbers if len(self.numbers) == n else tuple(range(n))
        if n and numbers[-1] - numbers[0] + 1 > 2 * n:
            numbers = tuple(range(n))
        return tuple((number - numbers[0]) / self.fps for number in numbers)

    @property
    def seconds(self) -> float:
        """How long it is, to the end of the last picture."""
        return self.times[-1] + 1 / self.fps if self.files else 0.0


Source: TypeAlias = PictureClip | FlowPicture | FeatureFile | Recording
