"""Uniform local binary patterns (Ojala, Pietikäinen & Mäenpää, 2002), by blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["UNIFORM_BINS", "block_histograms", "chi_square", "uniform_lbp", "uniform_table"]

UNIFORM_BINS = 59
"""58 patterns with at most two changes around the circle of 8 neighbours, and one bin for all others."""


def uniform_table(neighbours: int) -> NDArray[np.uint8]:
    """The bin of each pattern of so many neighbours on a circle.

    Args:
        neighbours: P, 3 to 16.

    Returns:
        ``uint8`` (2^P,): patterns with at most two changes around the circle have bins of their own, in
        order of their code; all others share the last of the P (P − 1) + 3 bins (59 for P = 8, 15 for 4).
    """
    codes = np.arange(2**neighbours)
    turned = (codes >> 1) | ((codes & 1) << (neighbours - 1))
    changes = sum(((codes ^ turned) >> bit) & 1 for bit in range(neighbours))
    uniform = np.flatnonzero(changes <= 2)
    table = np.full(2**neighbours, neighbours * (neighbours - 1) + 2, np.uint8)
    table[uniform] = np.arange(len(uniform))
    return table


_TABLE = uniform_table(8)
_AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


def uniform_lbp(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The uniform pattern of each pixel with its 8 direct neighbours.

    Args:
        image: ``uint8`` (H, W), at least 3×3.

    Returns:
        ``uint8`` (H − 2, W − 2), 0 to 58.
    """
    if image.ndim != 2 or min(image.shape) < 3:
        raise ValueError(f"a grey picture of at least 3×3 pixels is needed, not {image.shape}")
    height, width = image.shape
    centre = image[1:-1, 1:-1]
    code = np.zeros(centre.shape, np.uint8)
    for bit, (dy, dx) in enumerate(_AROUND):
        neighbour = image[1 + dy : height - 1 + dy, 1 + dx : width - 1 + dx]
        code |= (neighbour >= centre).astype(np.uint8) << bit
    patterns: NDArray[np.uint8] = _TABLE[code]
    return patterns


def block_histograms(patterns: NDArray[np.uint8], blocks: int) -> NDArray[np.float32]:
    """Normalised histograms of blocks×blocks parts.

    Returns:
        ``float32`` (blocks², 59); each row sums to 1.
    """
    height, width = patterns.shape
    row = np.minimum(np.arange(height) * blocks // height, blocks - 1)
    column = np.minimum(np.arange(width) * blocks // width, blocks - 1)
    block = row[:, None] * blocks + column[None, :]
    counts = np.bincount((block * UNIFORM_BINS + patterns).ravel(), minlength=blocks * blocks * UNIFORM_BINS)
    histograms = counts.reshape(blocks * blocks, UNIFORM_BINS).astype(np.float32)
    histograms /= np.maximum(histograms.sum(axis=1, keepdims=True), 1)
    return histograms


def chi_square(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """½ Σ (a − b)² / (a + b) over the last axis: 0 for equal histograms, 1 for disjoint ones."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    total = a + b
    parts = np.divide((a - b) ** 2, total, out=np.zeros_like(total), where=total > 0)
    distance: NDArray[np.float64] = 0.5 * parts.sum(axis=-1)
    return distance
