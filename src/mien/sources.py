"""Where the clips of a data set lie: plain data that data sets give and :mod:`mien.inputs` turns into arrays.

Nothing is read or computed here. A source is small, can be pickled, and is sent to other processes and
machines in place of pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

__all__ = ["FeatureFile", "FlowPicture", "PictureClip", "Source"]


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
    """A clip's motion from onset to apex as one RGB picture: red u (rightwards), green v (downwards), blue
    optical strain, each channel stretched over 0..255 (:mod:`mien.datasets.flow_images`).

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


Source: TypeAlias = PictureClip | FlowPicture | FeatureFile
