"""HOOF: histograms of oriented optical flow (Chaudhry, Ravichandran, Hager & Vidal, CVPR 2009)."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.features.checks import STILL, motion_fields, part_of, whole_numbers

__all__ = ["hoof", "hoof_names"]


def hoof(fields: NDArray[Any], *, bins: int = 8, blocks: tuple[int, int] = (1, 1)) -> NDArray[np.float64]:
    """Which way the skin moves at each step, mirror images alike.

    A vector (u, v) falls into a bin by its angle from the horizontal, atan2(v, |u|) from −π/2 (up) to π/2
    (down), and counts as much as it is long. Bin b of B holds −π/2 + πb/B <= angle < −π/2 + π(b + 1)/B, and
    the last one π/2 as well. With an even number of bins, the horizontal itself is the border between two.

    Args:
        fields: ``float32`` (T, H, W, 2), T >= 1: the flow of each step in pixels, x to the right, y down.
        bins: B >= 1.
        blocks: (rows, columns) that each field is cut into.

    Returns:
        ``float64`` (T · rows · columns · B,): steps slowest, then rows, columns, bins;
        :func:`hoof_names` names them. Each histogram sums to 1, but for a block without motion (no vector of
        a thousandth of a pixel): its entries are all 0. Even shares would say that it moved, in every
        direction alike, which is what noise looks like.

    Raises:
        InputError: no flow, flow that is not numbers, more blocks than pixels, or a senseless option.
    """
    rows, columns = _options(bins, blocks)
    fields = motion_fields(fields, "HOOF")
    steps, height, width, _ = fields.shape
    if height < rows or width < columns:
        raise InputError(
            f"HOOF cannot cut fields of {width}×{height} pixels into {rows}×{columns} blocks (rows × columns)"
        )
    block = part_of(height, rows)[:, None] * columns + part_of(width, columns)
    weights = np.zeros((steps, rows * columns * bins))
    for field, out in zip(fields, weights, strict=True):
        u, v = np.abs(field[..., 0], dtype=np.float64), field[..., 1].astype(np.float64)
        size = np.hypot(u, v)
        moving = size >= STILL
        angle = np.arctan2(v[moving], u[moving])
        bin_of = np.minimum(np.floor((angle / np.pi + 0.5) * bins).astype(np.intp), bins - 1)
        out[:] = np.bincount(block[moving] * bins + bin_of, size[moving], minlength=len(out))
    histograms = weights.reshape(-1, bins)
    total = histograms.sum(axis=1, keepdims=True)
    np.divide(histograms, total, out=histograms, where=total > 0)
    return histograms.ravel()


def hoof_names(steps: int, *, bins: int = 8, blocks: tuple[int, int] = (1, 1)) -> tuple[str, ...]:
    """``step3 row0 column1 bin5`` and so on, for each entry of :func:`hoof` of so many fields."""
    rows, columns = _options(bins, blocks)
    return tuple(
        f"step{step} row{row} column{column} bin{b}"
        for step, row, column, b in product(range(steps), range(rows), range(columns), range(bins))
    )


def _options(bins: int, blocks: tuple[int, int]) -> tuple[int, int]:
    whole_numbers("the bins of HOOF", (bins,))
    whole_numbers("the blocks of HOOF (rows, columns)", blocks)
    if len(blocks) != 2:
        raise InputError(f"the blocks of HOOF are (rows, columns), not {blocks}")
    return blocks
