"""Optical strain: how much the skin is stretched, whatever way it moves."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["optical_strain"]


def optical_strain(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Magnitude of the infinitesimal strain tensor of a flow field (Shreve et al., FG 2011).

    With ε = ½(∇u + ∇uᵀ): √(εxx² + εyy² + 2 εxy²). Rigid translation and (small) rotation give zero.

    Args:
        field: ``float32`` (H, W, 2), pixels.

    Returns:
        ``float32`` (H, W) >= 0, dimensionless. Derivatives are 3-tap Sobel differences.
    """
    if field.ndim != 3 or field.shape[2] != 2:
        raise ValueError(f"a flow field (H, W, 2) is needed, not {field.shape}")
    u, v = np.ascontiguousarray(field[..., 0]), np.ascontiguousarray(field[..., 1])
    border = cv2.BORDER_REPLICATE
    ux, uy = (cv2.Sobel(u, cv2.CV_32F, dx, 1 - dx, ksize=3, scale=1 / 8, borderType=border) for dx in (1, 0))
    vx, vy = (cv2.Sobel(v, cv2.CV_32F, dx, 1 - dx, ksize=3, scale=1 / 8, borderType=border) for dx in (1, 0))
    shear = 0.5 * (uy + vx)
    result: NDArray[np.float32] = np.sqrt(ux * ux + vy * vy + 2 * shear * shear)
    return result
