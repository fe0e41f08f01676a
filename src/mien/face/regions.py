"""Where the regions and the unmoving parts of one person's face lie in the canonical crop."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.face.align import CROP, EYE_WIDTH

__all__ = ["UNIT", "FaceMap", "face_map"]

UNIT = EYE_WIDTH * CROP
"""Outer-eye distance in crop pixels: what turns pixels into the unit of ``events``."""


@dataclass(frozen=True, slots=True)
class FaceMap:
    """The layout of one face over a grid of cells that covers the crop.

    Attributes:
        points: (P, 2) centres of the cells in crop pixels, row by row.
        regions: (R, P) weights of each region's cells; each row sums to 1.
        rigid: (P,) 0 to 1, how far the skin there moves with the skull only.
        face: (P,) bool, cells inside the face.
        eyes: (P,) bool, cells of the eye openings and lids.
        depth: (P,) towards the camera, crop pixels.
    """

    points: NDArray[np.float64]
    regions: NDArray[np.float64]
    rigid: NDArray[np.float64]
    face: NDArray[np.bool_]
    eyes: NDArray[np.bool_]
    depth: NDArray[np.float64]


def _blob(
    points: NDArray[np.floating], centre: NDArray[np.floating], sx: float, sy: float
) -> NDArray[np.float64]:
    d = (points - centre) / (sx * UNIT, sy * UNIT)
    result: NDArray[np.float64] = np.exp(-0.5 * (d * d).sum(axis=1))
    return result


def face_map(mesh: NDArray[np.floating], cells: int) -> FaceMap:
    """The layout of a face from its mesh.

    Args:
        mesh: (468, 3) in crop pixels.
        cells: cells along each side of the crop.
    """
    mesh = np.asarray(mesh, np.float64)
    step = CROP / cells
    axis = (np.arange(cells) + 0.5) * step - 0.5
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    xy = mesh[:, :2]
    outline = cv2.convexHull(xy.astype(np.float32), clockwise=False).reshape(-1, 2).astype(np.float64)
    edge = np.roll(outline, -1, axis=0) - outline
    to_point = points[:, None] - outline[None]
    inside = edge[:, 0] * to_point[..., 1] - edge[:, 1] * to_point[..., 0] >= 0
    face: NDArray[np.bool_] = np.all(inside, axis=1)

    regions = np.empty((len(REGIONS), len(points)))
    for row, region in zip(regions, REGIONS, strict=True):
        row[:] = _blob(
            points, xy[list(region.landmarks)].mean(axis=0), region.radius * 0.6, region.radius * 0.6
        )
        row *= face
        if row.sum() < 1e-3:  # a region outside the picture: its nearest cell, which will not move
            row[np.argmin(((points - xy[list(region.landmarks)].mean(axis=0)) ** 2).sum(axis=1))] = 1
        row /= row.sum()

    def at(*index: int) -> NDArray[np.float64]:
        return np.asarray(xy[list(index)].mean(axis=0))

    eyes = np.maximum(_blob(points, at(33, 133), 0.17, 0.10), _blob(points, at(362, 263), 0.17, 0.10))
    mouth = _blob(points, at(13, 14), 0.30, 0.20)
    chin = _blob(points, at(199, 175), 0.25, 0.18)
    brows = np.maximum(_blob(points, at(105, 52), 0.22, 0.10), _blob(points, at(334, 282), 0.22, 0.10))
    rigid = np.maximum.reduce(
        [
            _blob(points, at(6, 197, 5), 0.10, 0.25),  # bridge and back of the nose
            0.5 * _blob(points, at(2, 94), 0.15, 0.10),  # its base, which AU9 and AU10 lift
            0.7 * _blob(points, at(133), 0.08, 0.08),
            0.7 * _blob(points, at(362), 0.08, 0.08),
            np.full(len(points), 0.25),  # temples, cheeks, forehead: they move little, and give a long lever
        ]
    )
    for soft, keep in ((eyes, 0.0), (mouth, 0.05), (chin, 0.1), (brows, 0.2)):
        rigid *= 1 - (1 - keep) * soft
    rigid *= face

    # depth: Gaussian mean of the mesh near each cell (a product of one in x and one in y); its z grows away
    # from the camera
    in_x, in_y = (np.exp(-((axis[:, None] - xy[None, :, i]) ** 2) / (2 * (0.08 * UNIT) ** 2)) for i in (0, 1))
    depth = -((in_y * mesh[:, 2]) @ in_x.T) / np.maximum(in_y @ in_x.T, 1e-12)
    return FaceMap(points, regions, rigid, face, eyes > 0.3, depth.ravel())
