"""Feature files: a matrix a clip, in NumPy's or MATLAB's format.

The tree::

    ROOT/
        labels.csv
        features/s01_s01_ne_01.npz          or .mat

The table is that of flow images (:mod:`mien.datasets.flow_images`); a clip's file has the stem of its
``imagename`` and holds one matrix under a key that is the same in all files.

The matrix that is written here is the motion from onset to apex, reduced to 28×28 places: one row a place,
top left to bottom right, with the columns u (to the right), v (downwards) and optical strain in ``float32``;
or the same in one row.

Classes, as in MEGC 2019's composite: negative 250, positive 109, surprise 83.

Citation: that of the data sets the matrices were made from.

How to get it: made by whoever trains on descriptors of their own.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.datasets.flow_images import COMPOSITE, named_clips, write_labels
from mien.datasets.layout import Filming, PictureSet, Shot, npz
from mien.errors import InputError
from mien.records import Take

__all__ = ["FeatureFilesLayout", "FlowAsMatrix"]

SIDE = 28
_MAT_TEXT = b"MATLAB 5.0 MAT-file"
_MAT_TEXT_LENGTH = 116


@dataclass(frozen=True, slots=True)
class FlowAsMatrix:
    """Encodes a flow field as a file with one matrix; the same bytes for the same field.

    Attributes:
        key: the matrix's name in the file.
        flat: one row of 28·28·3 numbers rather than 28·28 rows of 3.
    """

    key: str = "flow"
    flat: bool = False

    def __call__(self, flow: NDArray[np.generic], ending: str) -> bytes:
        """The file's bytes.

        Args:
            flow: float (H, W, 3): u, v, strain.
            ending: ``".npz"`` or ``".mat"``.
        """
        field = np.ascontiguousarray(flow, dtype=np.float32)
        small = cv2.resize(field, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        matrix = np.asarray(small, dtype=np.float32).reshape((1, -1) if self.flat else (-1, 3))
        return npz({self.key: matrix}) if ending == ".npz" else _mat(self.key, matrix)


def _mat(key: str, matrix: NDArray[np.float32]) -> bytes:
    from scipy.io import savemat

    raw = io.BytesIO()
    savemat(raw, {key: matrix})
    # the text in front names the platform and the moment of writing
    return _MAT_TEXT.ljust(_MAT_TEXT_LENGTH) + raw.getvalue()[_MAT_TEXT_LENGTH:]


@dataclass(frozen=True, slots=True)
class FeatureFilesLayout:
    """Writes clips of the MEGC 2019 composite as feature files. There are no quirks.

    The studio gives the view ``"flow"`` of the apex frame.

    Attributes:
        key: the matrix's name in the files.
        ending: ``".npz"`` or ``".mat"``.
        flat: one row of 28·28·3 numbers rather than 28·28 rows of 3.
    """

    name: ClassVar[str] = "features"
    filming: ClassVar[Filming] = COMPOSITE
    key: str = "flow"
    ending: Literal[".npz", ".mat"] = ".npz"
    flat: bool = False

    def __post_init__(self) -> None:
        if not self.key.isidentifier():
            raise InputError(f"{self.key!r} cannot name a matrix: use letters, digits and underscores.")
        if self.ending not in (".npz", ".mat"):
            raise InputError(f"Feature files end in .npz or .mat, not in {self.ending!r}.")

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take.

        Raises:
            InputError: more than 68 people, or takes that the composite cannot hold.
        """
        return tuple(map(self._placed, named_clips(takes)))

    def _placed(self, shot: Shot) -> Shot:
        stem = str(shot.more["stem"])
        pictures = PictureSet(
            "flow",
            (shot.take.expressions[0].apex,),
            (f"features/{stem}{self.ending}",),
            encoder=FlowAsMatrix(self.key, self.flat),
        )
        more = {**shot.more, "imagename": f"{stem}.png"}
        return Shot(shot.take, shot.subject, shot.clip, shot.first_number, (pictures,), more)

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write ``labels.csv``."""
        write_labels(shots, root)
