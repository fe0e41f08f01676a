"""What others have computed already: flow pictures and files with a matrix.

Both are read here as plain arrays. A flow picture becomes what :func:`mien.inputs.prepare` makes of a clip,
so far as that can be: each of its channels was stretched by a factor and a shift that nobody wrote down, so
only a normalisation that takes both out gives the same numbers from either.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.inputs.pictures import decode
from mien.inputs.spec import InputSpec, normalised_flow

__all__ = ["check_takes_flow_pictures", "from_flow_picture", "read_flow_picture", "read_matrix"]

_CONTENTS = ("flow", "flow_strain")


def read_flow_picture(path: str | Path) -> NDArray[np.uint8]:
    """A flow picture: red the motion to the right, green downwards, blue the optical strain.

    Args:
        path: PNG, JPEG or BMP of 8 bits a channel. An alpha channel is left out.

    Returns:
        ``uint8`` (H, W, 3), RGB.

    Raises:
        InputError: it cannot be read, has 16 bits a channel, or is grey.
    """
    path = Path(path)
    picture = decode(path, stored=True)
    if picture.dtype != np.uint8:
        raise InputError(f"{path} has 16 bits a channel: flow pictures have 8. Save it with 8 bits.")
    if picture.ndim == 3:
        picture = picture[..., :3]
        same = (picture == picture[..., :1]).all()
        if not same or (picture == picture[0, 0]).all():  # a face that does not move: the same all over
            return np.ascontiguousarray(picture)
    raise InputError(f"{path} is grey: flow pictures have three channels (u, v and optical strain).")


def check_takes_flow_pictures(spec: InputSpec) -> None:
    """Whether arrays of this spec can be made from flow pictures.

    Raises:
        InputError: they cannot; the message says why.
    """
    if spec.content not in _CONTENTS or (spec.part, spec.reference) != ("apex", "onset"):
        raise InputError(
            "A flow picture shows flow and strain from onset to apex, once. This input is made of something "
            f"else (content {spec.content!r}, part {spec.part!r}, reference {spec.reference!r}) and needs "
            "the clip itself: choose a model with content 'flow_strain' or 'flow', part 'apex', reference "
            "'onset'."
        )
    if spec.magnify:
        raise InputError(
            f"The motion in a flow picture cannot be magnified any more ({spec.magnify!r}): give the clip "
            "itself, or choose a model without magnification."
        )
    if spec.normalisation == "none":
        raise InputError(
            "Flow pictures have lost their scale, each channel was stretched to 0..255: normalisation 'none' "
            "cannot be had from them. Choose 'median' or 'standard', which take the stretching out."
        )


def from_flow_picture(picture: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.float32]:
    """What a network eats, from a flow picture.

    The picture is brought to the spec's size by area averaging (bilinear, where that enlarges it) and
    normalised. The flow algorithm and the crop are whoever's made it, not the spec's: pictures in circulation
    show about the ``"tight"`` crop (outer eye corners .58 to .72 of the width apart, eyes .24 from the top;
    the tight crop has .69 and .23), so a model that shall serve clips as well is best trained on that one.

    Args:
        picture: ``uint8`` (H, W, 3), RGB: u, v, strain, each channel stretched.
        spec: content ``"flow_strain"``, or ``"flow"`` for u and v alone; part ``"apex"``, reference
            ``"onset"``, normalisation ``"median"`` or ``"standard"``, no magnification.

    Returns:
        ``float32`` (1, C, H, W) of ``spec.size``, C 3 or 2.

    Raises:
        InputError: the spec asks for what a flow picture does not hold, or the array is no such picture.
    """
    check_takes_flow_pictures(spec)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise InputError(f"a flow picture is uint8 (H, W, 3), not {picture.dtype} {picture.shape}")
    height, width = spec.size
    maps = np.ascontiguousarray(picture[..., : spec.channels], np.float32)
    if maps.shape[:2] != spec.size:
        shrinks = height * width < maps.shape[0] * maps.shape[1]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        maps = cast("NDArray[np.float32]", cv2.resize(maps, (width, height), interpolation=how))
    return normalised_flow(np.ascontiguousarray(np.moveaxis(maps, -1, 0))[None], spec.normalisation)


def read_matrix(path: str | Path, name: str) -> NDArray[np.float64]:
    """A matrix from a NumPy or MATLAB file.

    Args:
        path: ``.npz``, or ``.mat`` up to MATLAB's version 7.
        name: of the matrix in the file.

    Returns:
        ``float64`` (rows, columns), at least one of each. One dimension becomes one row; of more than two,
        all after the first become columns.

    Raises:
        InputError: it cannot be read, holds no such matrix, or values that are not finite numbers. Files with
            Python objects are refused: to load one is to run what it says.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in (".npz", ".mat"):
        raise InputError(f"{path}: matrices are read from .npz and .mat files.")
    try:
        matrix = _from_npz(path, name) if ending == ".npz" else _from_mat(path, name)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}).") from error
    if matrix.dtype.kind not in "biuf":
        raise InputError(f"{path}: {name!r} holds no plain numbers but {matrix.dtype.name}.")
    if matrix.ndim == 0 or matrix.size == 0:
        what = "a single number" if matrix.ndim == 0 else f"empty, {' × '.join(map(str, matrix.shape))}"
        raise InputError(f"{path}: {name!r} is {what}; a matrix is needed.")
    values = matrix.astype(np.float64).reshape((1, -1) if matrix.ndim == 1 else (len(matrix), -1))
    wrong = int(values.size - np.isfinite(values).sum())
    if wrong:
        raise InputError(
            f"{path}: {wrong} of the {values.size} values of {name!r} are no numbers (NaN or infinite). Mend "
            "or remove the file."
        )
    return values


def _from_npz(path: Path, name: str) -> NDArray[Any]:
    try:
        file = np.load(path, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise InputError(f"{path} holds a single array without a name; save it with numpy.savez.")
        with file:
            _check_name(path, name, file.files)
            return file[name]
    except (EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{path} is damaged or no .npz file.") from error
    except ValueError as error:
        if "pickle" not in str(error).lower():
            raise InputError(f"{path} is damaged: {error}") from error
        raise InputError(
            f"{path} holds Python objects (a pickle) or is no .npz file. mien loads no pickles: save plain "
            "arrays of numbers with numpy.savez."
        ) from error


def _from_mat(path: Path, name: str) -> NDArray[Any]:
    from scipy.io import loadmat, whosmat
    from scipy.io.matlab import MatReadError
    from scipy.sparse import issparse

    try:
        with path.open("rb") as file:
            _check_name(path, name, [found for found, _, _ in whosmat(file)])
            file.seek(0)
            value = loadmat(file, variable_names=[name])[name]
    except NotImplementedError:
        raise InputError(
            f"{path} is a MATLAB file of version 7.3, which mien does not read. Save it again with "
            "save(..., '-v7')."
        ) from None
    except (InputError, OSError):
        raise
    except (MatReadError, ValueError, TypeError, KeyError, EOFError, IndexError, zlib.error) as error:
        raise InputError(f"{path} is damaged or no MATLAB file.") from error
    return np.asarray(value.toarray() if issparse(value) else value)


def _check_name(path: Path, name: str, names: list[str]) -> None:
    if name not in names:
        held = f"it holds {', '.join(sorted(names))}" if names else "it is empty"
        raise InputError(f"{path} holds no matrix {name!r}; {held}.")
