"""3-D HOG: histograms of spatio-temporal gradients (Kläser, Marszałek & Schmid, BMVC 2008)."""

from __future__ import annotations

from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.features.checks import grey_clip, part_of, whole_numbers

__all__ = ["FACES", "hog3d", "hog3d_names"]


def _faces() -> NDArray[np.float64]:
    b = (1 + 5**0.5) / 2
    a = 1 / b
    half: list[tuple[float, float, float]] = [(1, 1, 1), (1, 1, -1), (1, -1, 1), (1, -1, -1)]
    half += [(0, a, b), (0, a, -b), (a, b, 0), (a, -b, 0), (b, 0, a), (b, 0, -a)]
    normals = np.array(half) / 3**0.5
    return np.concatenate([normals, -normals])


FACES: Final[NDArray[np.float64]] = _faces()
"""(20, 3) unit normals (x, y, t) of the icosahedron's faces; those 10 apart are opposite."""

_NEIGHBOUR = 5**0.5 / 3  # cosine between the normals of two faces that share an edge
_NOTHING = 1e-9  # of the clip's range of grey levels: less is the rounding of sums


def hog3d(
    clip: NDArray[Any],
    *,
    cells: tuple[int, int, int] = (5, 5, 3),
    subblocks: int | tuple[int, int, int] = 3,
    signed: bool = True,
) -> NDArray[np.float64]:
    """Which way grey levels rise in space and time, cell by cell of a clip.

    The clip is cut into cells and each cell into sub-blocks. A sub-block's gradient (gx, gy, gt) is the mean,
    over its voxels, of central differences (one-sided at the clip's ends). It votes for the faces of an
    icosahedron: its direction is projected onto their normals, less the projection of one normal onto its
    neighbour's, what is negative set to 0, and the rest brought to the gradient's length. A cell's
    histogram is the sum over its sub-blocks, brought to length 1.

    What the paper does around points of interest is done here over the whole clip. Grey levels are not
    smoothed beyond the sub-blocks' means.

    Args:
        clip: (T, H, W), T >= 2, grey levels of any scale.
        cells: (rows, columns, times).
        subblocks: parts of each cell along every axis, or along (rows, columns, times). There are
            cells × sub-blocks along an axis; each needs a pixel, or a frame.
        signed: whether from dark to bright differs from bright to dark: 20 bins, else 10.

    Returns:
        ``float64`` (D,): times slowest, then rows, columns, bins in the order of :data:`FACES` (its first
        half, if not ``signed``); :func:`hog3d_names` names them. Each cell has length 1, or is all 0 where
        nothing rises.

    Raises:
        InputError: the clip is too short or too small for the cells, is not grey numbers, or an option makes
            no sense.
    """
    shape, parts = _options(cells, subblocks)
    clip = grey_clip(clip, "3-D HOG")
    for what, size, cell, part in zip(("frames", "rows", "columns"), clip.shape, shape, parts, strict=True):
        if size < max(cell * part, 2):
            raise InputError(
                f"3-D HOG with {cell} cell(s) of {part} sub-block(s) needs at least {max(cell * part, 2)} "
                f"{what}, not {size}: interpolate the clip to more, or take fewer cells or sub-blocks"
            )
    grey = clip.astype(np.float64)
    gradients = np.stack([_means(np.gradient(grey, axis=axis), shape, parts) for axis in (2, 1, 0)], axis=-1)
    votes = _votes(gradients.reshape(-1, 3), _NOTHING * float(np.ptp(grey)), signed)
    (t, y, x), (pt, py, px) = shape, parts
    histograms: NDArray[np.float64] = votes.reshape(t, pt, y, py, x, px, -1).sum(axis=(1, 3, 5))
    length = np.sqrt((histograms**2).sum(axis=-1, keepdims=True))
    np.divide(histograms, length, out=histograms, where=length > 0)
    return histograms.ravel()


def hog3d_names(*, cells: tuple[int, int, int] = (5, 5, 3), signed: bool = True) -> tuple[str, ...]:
    """``t0 row2 column4 face17`` and so on, for each entry of :func:`hog3d` with the same options."""
    (times, rows, columns), _ = _options(cells, 1)
    return tuple(
        f"t{t} row{row} column{column} face{face}"
        for t, row, column, face in product(
            range(times), range(rows), range(columns), range(len(FACES) if signed else len(FACES) // 2)
        )
    )


def _means(
    values: NDArray[np.float64], shape: tuple[int, ...], parts: tuple[int, ...]
) -> NDArray[np.float64]:
    """Means over the sub-blocks of all cells: (times · parts, rows · parts, columns · parts)."""
    for axis, number in enumerate(np.multiply(shape, parts)):
        part = part_of(values.shape[axis], int(number))
        starts = np.searchsorted(part, np.arange(number))
        size = np.expand_dims(np.bincount(part), tuple(range(1, values.ndim - axis)))
        values = np.add.reduceat(values, starts, axis=axis) / size
    return values


def _votes(gradients: NDArray[np.float64], floor: float, signed: bool) -> NDArray[np.float64]:
    """(N, 20) or (N, 10) from gradients (N, 3); each row as long as its gradient."""
    normals = FACES if signed else FACES[: len(FACES) // 2]
    length = np.sqrt((gradients**2).sum(axis=1))
    some = length > floor
    # not a matrix product: its last bit may depend on the number of threads
    along = sum(gradients[some, axis, None] * normals[:, axis] for axis in range(3)) / length[some, None]
    over = np.maximum((along if signed else np.abs(along)) - _NEIGHBOUR, 0)  # the nearest face is always over
    votes = np.zeros((len(gradients), len(normals)))
    votes[some] = over * (length[some] / np.sqrt((over**2).sum(axis=1)))[:, None]
    return votes


def _options(
    cells: tuple[int, int, int], subblocks: int | tuple[int, int, int]
) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Cells and sub-blocks along (time, rows, columns)."""
    each = subblocks if isinstance(subblocks, tuple) else (subblocks,) * 3
    whole_numbers("the cells of 3-D HOG (rows, columns, times)", cells)
    whole_numbers("the sub-blocks of 3-D HOG", each)
    if len(cells) != 3 or len(each) != 3:
        raise InputError("3-D HOG needs cells, and sub-blocks if not one number, as (rows, columns, times)")
    return (cells[2], cells[0], cells[1]), (each[2], each[0], each[1])
