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

Citation: that of the data sets the matrices were made from; for the composite See, Yap, Li, Hong & Wang,
"MEGC 2019: the second facial micro-expressions grand challenge", IEEE FG 2019.

How to get it: made by whoever trains on descriptors of their own.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.datasets.flow_images import COMPOSITE, named_clips, write_labels
from mien.datasets.layout import Filming, PictureSet, Shot, npz
from mien.datasets.manifest import DataSet, Problem
from mien.datasets.ready_made import read_ready_made
from mien.errors import InputError
from mien.records import Take

__all__ = [
    "FeatureFilesLayout",
    "FlowAsMatrix",
    "MatrixError",
    "load_matrix",
    "matrix_names",
    "read_features",
]

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


# ------------------------------------------------------------ reading


class MatrixError(Exception):
    """A feature file cannot be used; the message says why, in a few words."""


def read_features(root: str | Path, *, key: str = "", labels: str | Path | None = None) -> DataSet:
    """Read feature files and their table.

    Samples are those of :func:`mien.datasets.flow_images.read_flow`; a clip's file has the stem of its
    ``imagename``, as far as :func:`mien.datasets.ready_made.match_names` brings them together. What is in the
    files is left to whoever uses them, and to the doctor.

    Args:
        root: the folder of ``labels.csv`` and ``features``, or ``features`` itself.
        key: name of the matrix in the files. Where it is not given the first file is opened: if it holds
            one matrix, that is taken.
        labels: the table, instead of looking for it.

    Raises:
        InputError: no table or no files, a column without which nothing can be read is missing, or it is not
            clear which matrix is meant.
    """
    data = read_ready_made("features", root, folder="features", endings=(".npz", ".mat"), labels=labels)
    if key:
        return replace(data, key=key)
    bad: list[Problem] = []
    for shown in data.footage:
        (path,) = shown.paths
        try:
            names = matrix_names(path)
        except MatrixError as error:
            words = f"{path.name} {error}."
            bad.append(Problem("broken", "unreadable-matrix", words, shown.subject, shown.name))
            continue
        if len(names) != 1:
            held = f"holds {len(names)} matrices ({', '.join(names)})" if names else "holds no matrix"
            raise InputError(f"{path} {held}: say which one is meant by its name, key=NAME (--key NAME).")
        words = f"no name was given; {names[0]!r}, which is all that {path.name} holds, is taken."
        return replace(data, key=names[0], problems=(*data.problems, *bad, Problem("note", "key", words)))
    if bad:
        raise InputError(f"{data.root}: no feature file can be read; the first, {bad[0].text}")
    return data


def matrix_names(path: Path) -> list[str]:
    """Names of the matrices in a ``.npz`` or ``.mat`` file, in its order; none of them is loaded.

    Raises:
        MatrixError: it cannot be read.
    """
    return [name for name, _ in _contents(path, None)]


def load_matrix(path: Path, key: str) -> NDArray[Any]:
    """A matrix of a ``.npz`` or ``.mat`` file, as it is stored. Nothing pickled is loaded.

    Returns:
        Numbers, (rows, columns) with at least one of each: one dimension becomes one row; of more than two,
        all after the first become columns.

    Raises:
        MatrixError: the file cannot be read or does not hold it, or it holds no numbers.
    """
    found = dict(_contents(path, key))
    if key not in found:
        raise MatrixError(f"holds no matrix {key!r}{', only ' if found else ''}{', '.join(found)}")
    matrix = found[key]
    if matrix.dtype.kind not in "biuf":
        raise MatrixError(f"holds no plain numbers under {key!r} but {matrix.dtype.name}")
    if matrix.ndim == 0 or matrix.size == 0:
        raise MatrixError(f"holds no matrix under {key!r} but {'nothing' if matrix.ndim else 'a number'}")
    return matrix.reshape((1, -1) if matrix.ndim == 1 else (len(matrix), -1))


def _contents(path: Path, key: str | None) -> list[tuple[str, NDArray[Any]]]:
    """Names and, for the one that is asked for, its values; the others' are left empty."""
    try:
        return _npz_contents(path, key) if path.suffix.lower() == ".npz" else _mat_contents(path, key)
    except MatrixError:
        raise
    except OSError as error:
        if error.errno is None:  # SciPy's way to say that a file ends too early
            raise MatrixError(f"is damaged or no {path.suffix.lower()} file") from error
        raise MatrixError(f"cannot be read ({error.strerror or error})") from error
    except _DAMAGE as error:
        if "pickle" in str(error).lower():
            raise MatrixError("holds Python objects, which are not loaded: save plain numbers") from error
        raise MatrixError(f"is damaged or no {path.suffix.lower()} file") from error


_DAMAGE = (
    *(ValueError, TypeError, LookupError, EOFError, ArithmeticError, RuntimeError, MemoryError),
    *(struct.error, zipfile.BadZipFile, zlib.error),
)
"""What NumPy's and SciPy's readers raise for files that are cut off or are something else."""
_NOTHING = np.zeros(0)


def _npz_contents(path: Path, key: str | None) -> list[tuple[str, NDArray[Any]]]:
    if not zipfile.is_zipfile(path):  # numpy takes other files for pickles
        raise MatrixError("is empty" if not path.stat().st_size else "is damaged or no .npz file")
    with np.load(path, allow_pickle=False) as file:
        return [(name, file[name] if name == key else _NOTHING) for name in file.files]


def _mat_contents(path: Path, key: str | None) -> list[tuple[str, NDArray[Any]]]:
    from scipy.io import loadmat, whosmat
    from scipy.io.matlab import MatReadError
    from scipy.sparse import issparse

    if not path.stat().st_size:
        raise MatrixError("is empty")
    try:
        with path.open("rb") as file:
            names = [name for name, _, kind in whosmat(file) if kind not in _NO_MATRIX]
            file.seek(0)
            values = loadmat(file, variable_names=[key]) if key in names else {}
    except NotImplementedError:
        raise MatrixError(
            "is of MATLAB's version 7.3, which is not read: save it with save(..., '-v7')"
        ) from None
    except MatReadError as error:
        raise MatrixError("is damaged or no .mat file") from error
    value = values.get(key, _NOTHING)
    plain = np.asarray(value.toarray() if issparse(value) else value)
    return [(name, plain if name == key else _NOTHING) for name in names]


_NO_MATRIX = ("char", "cell", "struct", "object", "function", "opaque")
"""What else a MATLAB file may hold."""
