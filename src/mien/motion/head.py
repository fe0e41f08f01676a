"""Head motion in a flow field: fitted where the face does not move by itself, and taken out.

A steadied face crop still carries what a similarity cannot take out: turning (yaw) and nodding (pitch) shift
near parts, the nose, against far ones, the temples. To first order the field of a rigid head is

    u = t + s·p + r·p⊥ + yaw·(z, 0) + pitch·(0, z)

with p the position and z the depth towards the camera: six numbers, linear. They are fitted by weighted least
squares with Huber weights, so that a moving mouth or brow does not pass for head motion, and subtracted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["HeadMotionModel"]


class HeadMotionModel:
    """Fits and removes rigid head motion on one grid of points.

    Args:
        points: (P, 2) positions in pixels (x, y), where the field is sampled.
        depth: (P,) depth towards the camera in the same unit as the points; its mean does not matter.
        weight: (P,) >= 0, how far each point can be trusted to move with the skull only.
        huber: residual in pixels from which a point counts less.
        iterations: re-weighting rounds.
    """

    def __init__(
        self,
        points: NDArray[np.floating],
        depth: NDArray[np.floating],
        weight: NDArray[np.floating],
        *,
        huber: float = 0.15,
        iterations: int = 4,
    ) -> None:
        self.weight = np.asarray(weight, np.float64)
        if not self.weight.sum() > 0:
            raise ValueError("at least one point needs a positive weight")
        self._huber, self._iterations = huber, iterations
        self._centre = np.average(points, axis=0, weights=self.weight)
        self.scale = float(max(np.abs(points - self._centre).max(), 1.0))
        self._depth_mean = float(np.average(depth, weights=self.weight))
        self._basis = self.basis(points, depth)

    def basis(self, points: NDArray[np.floating], depth: NDArray[np.floating]) -> NDArray[np.float64]:
        """The six basis fields at any points: (P, 2, 6)."""
        p = (np.asarray(points, np.float64) - self._centre) / self.scale
        z = (np.asarray(depth, np.float64) - self._depth_mean) / self.scale
        zero, one = np.zeros(len(p)), np.ones(len(p))
        x, y = p[:, 0], p[:, 1]
        along_x = np.stack([one, zero, x, -y, z, zero], axis=-1)
        along_y = np.stack([zero, one, y, x, zero, z], axis=-1)
        return np.stack([along_x, along_y], axis=1)

    def fit(self, field: NDArray[np.floating]) -> NDArray[np.float64]:
        """Six coefficients of the head motion in ``field`` (P, 2), pixels."""
        target = np.asarray(field, np.float64)
        robust = np.ones(len(target))
        # a trace of a prior keeps turning and nodding out where the points do not show them
        prior = np.diag([0, 0, 0, 0, 1.0, 1.0]) * 1e-3 * self.weight.sum()
        basis = self._basis.reshape(-1, 6)
        coefficients = np.zeros(6)
        for _ in range(self._iterations):
            weighted = basis * np.repeat(self.weight * robust, 2)[:, None]
            normal = weighted.T @ basis + prior + 1e-9 * np.eye(6)
            coefficients = np.linalg.solve(normal, weighted.T @ target.ravel())
            off = target - (basis @ coefficients).reshape(-1, 2)
            rest = np.sqrt(np.einsum("pc,pc->p", off, off))
            robust = np.minimum(1.0, self._huber / np.maximum(rest, 1e-9))
        return coefficients

    def remove(self, field: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """``field`` (P, 2) without head motion, and the six coefficients."""
        coefficients = self.fit(field)
        return np.asarray(field, np.float64) - self._basis @ coefficients, coefficients
