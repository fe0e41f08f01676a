"""The canonical face crop: where the face lies in it, and how pixels get there.

The crop is a square. The outer eye corners lie :data:`EYE_WIDTH` of its side apart, their midpoint half-way
across and :data:`EYE_LINE` down; forehead to chin fit inside. A crop is described by a 2×3 matrix from
picture pixels to crop pixels (a similarity: shift, turn, scale).
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["CROP", "EYE_LINE", "EYE_WIDTH", "apply", "compose", "fit_similarity", "place", "rescale", "warp"]

CROP = 128
"""Side of the crop that motion is measured on, pixels."""
EYE_WIDTH = 0.48
EYE_LINE = 0.34

Matrix = NDArray[np.float64]

ANCHORS: dict[int, tuple[float, float]] = {
    # mesh point -> place on an average frontal face, in outer-eye distances from the midpoint of the outer
    # eye corners. Measured as the mean of symmetrised meshes; only steadiness matters, not these numbers.
    33: (-0.485, 0.035),
    263: (0.485, 0.035),
    133: (-0.19, 0.047),
    362: (0.19, 0.047),
    168: (0.0, -0.035),
    6: (0.0, 0.05),
    197: (0.0, 0.125),
    98: (-0.195, 0.48),
    327: (0.195, 0.48),
    2: (0.0, 0.51),
}


def place(points: NDArray[np.floating], size: int = CROP) -> Matrix:
    """The crop of a face, from its mesh.

    Args:
        points: (468, 2 or more) mesh in picture pixels.
        size: side of the crop in pixels.

    Returns:
        (2, 3) picture -> crop, by least squares over points that expressions hardly move: the eye corners,
        the bridge and the base of the nose.
    """
    source = np.asarray(points)[list(ANCHORS), :2]
    target = np.array(list(ANCHORS.values())) * EYE_WIDTH * size + (size / 2, EYE_LINE * size)
    return fit_similarity(source, target)


def fit_similarity(
    source: NDArray[np.floating], target: NDArray[np.floating], weight: NDArray[np.floating] | None = None
) -> Matrix:
    """Weighted least-squares similarity (shift, turn, scale; no mirror) from (P, 2) to (P, 2), as (2, 3)."""
    w = np.ones(len(source)) if weight is None else np.asarray(weight, np.float64)
    w = w / w.sum()
    a0, b0 = w @ source, w @ target
    a, b = source - a0, target - b0
    power = float(w @ (a * a).sum(axis=1))
    along = float(w @ (a * b).sum(axis=1)) / power
    across = float(w @ (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])) / power
    turn = np.array([[along, -across], [across, along]])
    return np.hstack([turn, (b0 - turn @ a0)[:, None]])


def apply(matrix: Matrix, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points (P, 2) through a 2×3 matrix."""
    return np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]


def compose(second: Matrix, first: Matrix) -> Matrix:
    """The matrix that does ``first``, then ``second``."""
    return np.hstack([second[:, :2] @ first[:, :2], (second[:, :2] @ first[:, 2] + second[:, 2])[:, None]])


def rescale(matrix: Matrix, old: int, new: int) -> Matrix:
    """The same crop at another resolution; pixel centres, not corners, are what coordinates name."""
    k = new / old
    return np.hstack([matrix[:, :2] * k, ((matrix[:, 2] + 0.5) * k - 0.5)[:, None]])


def scale_of(matrix: Matrix) -> float:
    """Crop pixels a picture pixel."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))


def warp(
    picture: NDArray[np.uint8], matrix: Matrix, size: int, *, beyond: tuple[float, ...] | None = None
) -> NDArray[np.uint8]:
    """The crop of a picture; beyond the picture's border its last pixels are repeated.

    Bilinear sampling of a picture much larger than the crop would alias, and aliasing looks like motion: so
    the needed part is first reduced by area averaging.

    Args:
        picture: ``uint8`` (H, W) or (H, W, 3).
        matrix: (2, 3) picture -> crop.
        size: side of the crop, pixels.
        beyond: colour beyond the picture's border, instead of its last pixels.

    Returns:
        ``uint8`` (size, size) or (size, size, 3).
    """
    reduce = int(1 / max(scale_of(matrix), 1e-6))
    if reduce >= 2:
        corners = np.array([[0, 0], [size, 0], [size, size], [0, size]], float)
        inverse = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
        box = apply(inverse, corners)
        height, width = picture.shape[:2]
        # whole blocks from the picture's origin, so that the reduction does not wander with the crop
        x0 = int(np.clip(np.floor(box[:, 0].min() / reduce) - 1, 0, None)) * reduce
        y0 = int(np.clip(np.floor(box[:, 1].min() / reduce) - 1, 0, None)) * reduce
        x1 = min(width, (int(np.ceil(box[:, 0].max() / reduce)) + 1) * reduce)
        y1 = min(height, (int(np.ceil(box[:, 1].max() / reduce)) + 1) * reduce)
        columns, rows = (x1 - x0) // reduce, (y1 - y0) // reduce
        if columns >= 1 and rows >= 1:
            part = picture[y0 : y0 + rows * reduce, x0 : x0 + columns * reduce]
            picture = cast(NDArray[np.uint8], cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA))
            shift = np.array([(reduce - 1) / 2 + x0, (reduce - 1) / 2 + y0])
            matrix = np.hstack([matrix[:, :2] * reduce, (matrix[:, :2] @ shift + matrix[:, 2])[:, None]])
    return cast(
        NDArray[np.uint8],
        cv2.warpAffine(
            picture,
            matrix,
            (size, size),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE if beyond is None else cv2.BORDER_CONSTANT,
            borderValue=beyond or (0.0,),
        ),
    )
