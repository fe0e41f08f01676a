"""Flow summed up in blocks: mean direction and mean magnitude (Peng et al., ACII 2019)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_rows", "direction_magnitude"]

_NO_DIRECTION = 1e-6
"""Length of a mean of unit vectors below which they cancel out but for rounding."""


def direction_magnitude(
    field: NDArray[np.floating], blocks: tuple[int, int] = (8, 8), *, circular: bool = False
) -> NDArray[np.float32]:
    """Mean direction and mean magnitude of a flow field in each block of a grid.

    The paper's mean direction is the arithmetic mean of the pixels' angles. It is no direction: a block that
    moves to the left, half of it slightly up and half slightly down (angles near -π and π), has a mean near
    0: to the right. It is the paper's nevertheless, and the default; ``circular`` gives the direction of the
    mean unit vector instead.

    Args:
        field: (H, W, 2) displacement in pixels, x to the right, y down.
        blocks: rows and columns of the grid, at most H and W. Where they do not divide the picture, blocks
            differ by a pixel.
        circular: see above. Pixels that do not move have no say then; arithmetically they count as angle 0.

    Returns:
        ``float32`` (2, rows, columns): θ in [-π, π], 0 to the right and π/2 down; ρ >= 0 in pixels. A block
        in which nothing moves, or whose unit vectors cancel out, has θ = 0.

    Raises:
        ValueError: no such field, or more blocks than pixels.
    """
    if field.ndim != 3 or field.shape[2] != 2:
        raise ValueError(f"a flow field (H, W, 2) is needed, not {field.shape}")
    (height, width), (rows, columns) = field.shape[:2], blocks
    if not (1 <= rows <= height and 1 <= columns <= width):
        raise ValueError(f"{rows} by {columns} blocks cannot be made of {height} by {width} pixels")
    x, y = (field[..., i].astype(np.float64) + 0.0 for i in (0, 1))  # -0 would turn π into -π
    length = np.hypot(x, y)
    if circular:
        moves = np.where(length > 0, length, 1)
        right, down = _means(x / moves, blocks), _means(y / moves, blocks)
        angle = np.where(np.hypot(right, down) > _NO_DIRECTION, np.arctan2(down, right), 0)
    else:
        angle = _means(np.arctan2(y, x), blocks)
    pi = np.nextafter(np.float32(np.pi), np.float32(0))  # the float32 next to π is beyond it
    theta = np.clip(angle.astype(np.float32), -pi, pi)
    return np.stack([theta, _means(length, blocks).astype(np.float32)])


def _means(values: NDArray[np.float64], blocks: tuple[int, int]) -> NDArray[np.float64]:
    """Mean of (H, W) over each block."""
    for axis, n in enumerate(blocks):
        edges = np.arange(n + 1) * values.shape[axis] // n
        sizes = np.diff(edges)
        sums = np.add.reduceat(values, edges[:-1], axis=axis)
        values = sums / (sizes[:, None] if axis == 0 else sizes)
    return values


def as_rows(steps: NDArray[Any]) -> NDArray[Any]:
    """Direction-magnitude maps as the rows that ATNet reads: (64, 2, 8, 8) becomes (64, 128).

    A row goes through the blocks from left to right, then down, and gives θ and ρ of each by turns, as in the
    feature file that was published with the network (which block comes first is not written there).

    Args:
        steps: (..., n, 2, rows, columns) of :func:`direction_magnitude` for each step.

    Returns:
        (..., n, 2 · rows · columns), of the same type.

    Raises:
        ValueError: the array is no such thing.
    """
    if steps.ndim < 3 or steps.shape[-3] != 2:
        raise ValueError(f"direction-magnitude maps (..., 2, rows, columns) are needed, not {steps.shape}")
    return np.ascontiguousarray(np.moveaxis(steps, -3, -1)).reshape(*steps.shape[:-3], -1)
