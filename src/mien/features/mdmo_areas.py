"""The 36 regions of MDMO on a face, drawn by its mesh: our partition by areas of action units.

Liu et al. (2016) drew theirs from the 66 landmarks of another model. Ours keeps their number and their idea,
each region an area that few action units move: 17 on either side and two in the middle. The openings of eyes
and mouth belong to none, nor do hairline, temples and jaw, where crops end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError

__all__ = ["MDMO_REGIONS", "MdmoRegion", "mdmo_regions"]

_BITS = 6  # of the fractions of pixels that outlines are drawn with
_FAR = 2.0**15  # beyond this, outlines drawn with so many bits are not to be trusted


@dataclass(frozen=True, slots=True)
class MdmoRegion:
    """One of the 36.

    Attributes:
        key: its name; left and right are the person's own.
        units: FACS action units that move it most.
        outlines: polygons of mesh points: one, or for a region in the middle its right and left half.
    """

    key: str
    units: tuple[int, ...]
    outlines: tuple[tuple[int, ...], ...]


_MIDDLE = ("glabella", "chin")

_RIGHT: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...] = (
    ("forehead_inner", (1, 4), (9, 107, 66, 69, 108, 151)),
    ("forehead_outer", (1, 2), (66, 69, 104, 68, 70, 63, 105)),
    ("brow_inner", (1, 4), (107, 66, 65, 55)),
    ("brow_outer", (2, 4), (66, 105, 63, 70, 46, 53, 52, 65)),
    ("glabella", (4, 9), (9, 107, 55, 193, 168)),
    (
        "lid_upper",
        (5, 7),
        (55, 65, 52, 53, 46, 113, 130, 33, 246, 161, 160, 159, 158, 157, 173, 133, 243, 244, 189),
    ),
    (
        "lid_lower",
        (6, 7),
        (130, 33, 7, 163, 144, 145, 153, 154, 155, 133, 243, 244, 233, 232, 231, 230, 229, 228, 31),
    ),
    ("eye_corner", (6,), (46, 156, 143, 111, 228, 31, 130, 113)),
    ("nose_side", (9,), (168, 193, 55, 189, 244, 128, 114, 217, 198, 5)),
    ("cheek_inner", (6, 9, 10), (244, 233, 232, 231, 230, 119, 101, 36, 142, 126, 198, 217, 114, 128)),
    ("cheek_outer", (6, 12), (230, 229, 228, 111, 116, 123, 50, 36, 101, 119)),
    ("nose_wing", (9, 38), (5, 198, 126, 142, 129, 98, 97, 2)),
    ("nasolabial", (10, 11, 12), (142, 36, 205, 216, 186, 92, 165, 98, 129)),
    ("cheek_lower", (14, 20), (36, 50, 123, 147, 213, 192, 214, 212, 216, 205)),
    ("lip_upper", (10, 23, 24, 25), (2, 97, 98, 165, 92, 185, 191, 80, 81, 82, 13)),
    ("mouth_corner", (12, 14, 15), (92, 186, 216, 212, 202, 43, 106, 91, 95, 78, 191, 185)),
    ("lip_lower", (16, 23, 24, 25), (14, 87, 178, 88, 95, 91, 106, 182, 83, 18)),
    ("chin_side", (15, 17, 20), (106, 43, 202, 212, 214, 135, 169, 211, 32, 194, 182)),
    ("chin", (17, 26), (18, 83, 182, 194, 32, 140, 171, 175)),
)
"""Name, units, outline on the person's right side (the picture's left), down to the midline."""

_MIRRORED = """
    7-249 31-261 32-262 33-263 36-266 43-273 46-276 50-280 52-282 53-283 55-285 63-293 65-295 66-296 68-298
    69-299 70-300 78-308 80-310 81-311 82-312 83-313 87-317 88-318 91-321 92-322 95-324 97-326 98-327
    101-330 104-333 105-334 106-335 107-336 108-337 111-340 113-342 114-343 116-345 119-348 123-352 126-355
    128-357 129-358 130-359 133-362 135-364 140-369 142-371 143-372 144-373 145-374 147-376 153-380 154-381
    155-382 156-383 157-384 158-385 159-386 160-387 161-388 163-390 165-391 169-394 171-396 173-398 178-402
    182-406 185-409 186-410 189-413 191-415 192-416 193-417 194-418 198-420 202-422 205-425 211-431 212-432
    213-433 214-434 216-436 217-437 228-448 229-449 230-450 231-451 232-452 233-453 243-463 244-464 246-466
"""
_LEFT = {int(right): int(left) for right, left in (pair.split("-") for pair in _MIRRORED.split())}
"""Mesh point on the right -> its mirror image; points that are not here lie on the midline."""


def _both(key: str, units: tuple[int, ...], right: tuple[int, ...]) -> list[MdmoRegion]:
    left = tuple(_LEFT.get(point, point) for point in right)
    if key in _MIDDLE:
        return [MdmoRegion(key, units, (right, left))]
    return [MdmoRegion(f"{key}_right", units, (right,)), MdmoRegion(f"{key}_left", units, (left,))]


MDMO_REGIONS: Final[tuple[MdmoRegion, ...]] = tuple(region for half in _RIGHT for region in _both(*half))
"""The regions in the order of their labels, top to bottom, of a pair the right one first."""


def mdmo_regions(mesh: NDArray[Any], shape: tuple[int, int]) -> NDArray[np.int32]:
    """Which region each pixel of a face crop belongs to.

    Args:
        mesh: (468 or more, 2 or more) MediaPipe face mesh in pixels of the crop: x, y first.
        shape: (H, W) of the crop.

    Returns:
        ``int32`` (H, W): the place in :data:`MDMO_REGIONS`, 0 to 35, and −1 outside. Regions share borders;
        a pixel on one belongs to the later region. What lies outside the crop is left out, so that a
        region may be empty.

    Raises:
        InputError: the mesh is not one, or the face lies outside the crop.
    """
    mesh = np.asarray(mesh)
    if mesh.ndim != 2 or mesh.shape[0] < 468 or mesh.shape[1] < 2 or mesh.dtype.kind not in "uif":
        raise InputError(
            f"MDMO's regions need a face mesh of 468 points, not {mesh.dtype} of shape {mesh.shape}"
        )
    xy = mesh[:, :2].astype(np.float64)
    if not (np.abs(xy) < _FAR).all():
        raise InputError("MDMO's regions were given a face mesh that lies nowhere (NaN or far outside)")
    labels = np.full(shape, -1, np.int32)
    fixed = np.rint(xy * 2**_BITS).astype(np.int32)
    for label, region in enumerate(MDMO_REGIONS):
        for outline in region.outlines:
            cv2.fillPoly(labels, [fixed[list(outline)]], label, shift=_BITS)
    if (labels < 0).all():
        raise InputError(f"the face mesh lies outside the crop of {shape[1]}×{shape[0]} pixels")
    return labels
