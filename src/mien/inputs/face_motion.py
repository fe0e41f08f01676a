"""How a face's regions moved between two steadied crops: the measurement that spotting and rules share."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.face import CELLS, CROP, UNIT, FaceMap
from mien.motion import Flow, HeadMotionModel, make_flow

__all__ = ["FaceMotion", "Moved"]


@dataclass(frozen=True, slots=True)
class Moved:
    """Motion from a reference crop to another, head motion removed.

    Attributes:
        regions: ``float64`` (R, 2) mean displacement of each region, outer-eye distances.
        turned: ``float64`` (2,) parallax of the head's yaw and nod, outer-eye distances.
        field: ``float32`` (CROP, CROP, 2) displacement of each pixel, pixels of the crop.
    """

    regions: NDArray[np.float64]
    turned: NDArray[np.float64]
    field: NDArray[np.float32]


class FaceMotion:
    """Measures motion against one reference crop.

    Args:
        reference: ``uint8`` (CROP, CROP) grey.
        layout: the face's layout in that crop, of CELLS×CELLS cells.
        flow: flow algorithm, or its name in :data:`mien.motion.FLOW_METHODS`.
    """

    def __init__(self, reference: NDArray[np.uint8], layout: FaceMap, flow: str | Flow = "dis_lk") -> None:
        self._reference, self._layout = reference, layout
        self._flow = make_flow(flow) if isinstance(flow, str) else flow
        cells = layout.rigid > 0.02
        self._cells = cells if cells.sum() >= 12 else np.ones_like(cells)  # hardly any face: trust all of it
        depth = layout.depth[self._cells]
        weight = np.maximum(layout.rigid[self._cells], 1e-3)
        self._head = HeadMotionModel(layout.points[self._cells], depth, weight)
        self._everywhere = self._head.basis(layout.points, layout.depth)
        self._depth = float(depth.std()) / self._head.scale

    def to(self, crop: NDArray[np.uint8]) -> Moved:
        """Motion from the reference to ``crop``, ``uint8`` (CROP, CROP)."""
        field = self._flow(self._reference, same_light(crop, self._reference))
        cells = (
            cv2.resize(field, (CELLS, CELLS), interpolation=cv2.INTER_AREA).reshape(-1, 2).astype(np.float64)
        )
        coefficients = self._head.fit(cells[self._cells])
        head = self._everywhere @ coefficients
        smooth = cv2.resize(head.reshape(CELLS, CELLS, 2).astype(np.float32), (CROP, CROP))
        return Moved(
            regions=self._layout.regions @ (cells - head) / UNIT,
            turned=coefficients[4:] * self._depth / UNIT,
            field=field - smooth,
        )


def same_light(crop: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The crop with the reference's mean and spread of light: exposure drift and flicker are not motion."""
    part = (slice(CROP // 5, -CROP // 8), slice(CROP // 5, -CROP // 5))
    wanted, spread = (float(v.ravel()[0]) for v in cv2.meanStdDev(np.ascontiguousarray(reference[part])))
    mean, deviation = (float(v.ravel()[0]) for v in cv2.meanStdDev(np.ascontiguousarray(crop[part])))
    gain = float(np.clip(spread / deviation, 0.7, 1.4)) if deviation > 1e-6 else 1.0
    if abs(gain - 1) < 0.003 and abs(wanted - mean) < 0.3:
        return crop
    table = np.clip((np.arange(256) - mean) * gain + wanted, 0, 255).round().astype(np.uint8)
    lit: NDArray[np.uint8] = table[crop]
    return lit
