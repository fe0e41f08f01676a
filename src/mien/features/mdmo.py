"""MDMO: main directional mean optical flow (Liu, Zhang, Yan, Wang, Zhao & Fu, IEEE TAC 2016)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.features.checks import STILL, motion_fields
from mien.features.mdmo_areas import MDMO_REGIONS

__all__ = ["mdmo", "mdmo_names"]

_R = len(MDMO_REGIONS)
_SECTORS = 8


def mdmo(
    fields: NDArray[Any],
    regions: NDArray[Any],
    *,
    anchors: NDArray[Any] | None = None,
    weight: float = 0.9,
) -> NDArray[np.float64]:
    """How far and which way each of 36 regions of the face mostly moves over a clip.

    In each field, a region's main direction is the one of eight (right, down and to the right, down, …, each
    45° wide, centred on its name) that most of its vectors have, the first of them if several have as many;
    the mean of those vectors gives (ρ, θ). ρ and θ are each averaged over the fields, and ρ divided by the
    largest of the clip's 36. A vector shorter than a thousandth of a pixel has no direction; a region
    without longer ones (none moves, or the region is empty) has ρ = 0 and θ = 0 in that field.

    θ is averaged as a number, as published. Skin that moves to the image's left has θ near π in one field
    and near −π in the next, and may average to 0: to the right. The descriptor is blind to this, and mirror
    images differ in it. ρ is not affected.

    Args:
        fields: ``float32`` (T, H, W, 2), T >= 1: flow from the first frame to each later one, pixels, x to
            the right, y down.
        regions: int (H, W): 0 to 35, −1 outside; of :func:`mdmo_regions`.
        anchors: (P, 2) landmarks of the first frame, pixels (x, y), at least three of them within the
            picture and not on one line. The affine motion that fits the flow at them best (least squares)
            is taken for the head's and subtracted. The paper takes all landmarks; points that expressions
            hardly move (eye corners, nose) leave more of the expression. ``None``: no correction.
        weight: λ from 0 to 1, how much ρ counts against θ.

    Returns:
        ``float64`` (72,): λ ρ of the regions in the order of :data:`MDMO_REGIONS`, 0 to λ, then (1 − λ) θ of
        the same, radians (0 right, π/2 down) times 1 − λ. A clip without motion gives all 0.
        :func:`mdmo_names` names them.

    Raises:
        InputError: no flow, flow that is not numbers, regions that do not fit it or are all empty, too few
            anchors, or a weight out of range.
    """
    fields = motion_fields(fields, "MDMO")
    regions = _checked_regions(regions, fields.shape[1:3])
    if not 0 <= weight <= 1:
        raise InputError(f"MDMO's weight must be from 0 to 1, not {weight}")
    y, x = np.nonzero(regions >= 0)
    label = regions[y, x].astype(np.intp)
    vectors = fields[:, y, x].astype(np.float64)
    if anchors is not None:
        vectors -= _affine_motion(fields, np.asarray(anchors), np.stack([x, y], axis=-1))
    rho, theta = np.zeros(_R), np.zeros(_R)
    for field in vectors:
        length, direction = _main_motion(field, label)
        rho += length
        theta += direction
    if rho.max() > 0:
        rho /= rho.max()
    return np.concatenate([weight * rho, (1 - weight) * theta / len(fields)])


def mdmo_names() -> tuple[str, ...]:
    """``rho brow_inner_right`` and so on, for each entry of :func:`mdmo`."""
    return tuple(f"{what} {region.key}" for what in ("rho", "theta") for region in MDMO_REGIONS)


def _main_motion(
    field: NDArray[np.float64], label: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ρ (36,) and θ (36,) of one field: vectors (N, 2) and the regions (N,) they lie in."""
    moving = np.hypot(field[:, 0], field[:, 1]) >= STILL
    (u, v), label = field[moving].T, label[moving]
    sector = np.floor(np.arctan2(v, u) / (2 * math.pi / _SECTORS) + 0.5).astype(np.intp) % _SECTORS
    main = (
        np.bincount(label * _SECTORS + sector, minlength=_R * _SECTORS).reshape(_R, _SECTORS).argmax(axis=1)
    )
    counts = sector == main[label]
    count = np.maximum(np.bincount(label[counts], minlength=_R), 1)
    mean_u, mean_v = (np.bincount(label[counts], w[counts], minlength=_R) / count for w in (u, v))
    return np.hypot(mean_u, mean_v), np.arctan2(mean_v, mean_u)


def _affine_motion(
    fields: NDArray[Any], anchors: NDArray[Any], points: NDArray[np.intp]
) -> NDArray[np.float64]:
    """(T, N, 2) displacements at points (N, 2) of the affine motion that fits the flow at the anchors."""
    height, width = fields.shape[1:3]
    if anchors.ndim != 2 or anchors.shape[1] != 2 or anchors.dtype.kind not in "uif":
        raise InputError(f"MDMO's anchors are landmarks (points, 2), not {anchors.dtype} {anchors.shape}")
    inside = ((anchors >= 0) & (anchors <= (width - 1, height - 1))).all(axis=1)  # NaN is not
    xy = anchors[inside].astype(np.float64)
    centre = xy.mean(axis=0) if len(xy) else np.zeros(2)
    away = (xy - centre) / max(height, width)
    spread = (away[:, :, None] * away[:, None, :]).sum(axis=0)
    if len(xy) < 3 or np.linalg.eigvalsh(spread)[0] <= 1e-4 * np.trace(spread):
        raise InputError(
            f"MDMO's head-motion correction needs three landmarks within the picture that are not on one "
            f"line; of {len(anchors)} given, {len(xy)} lie within {width}×{height} pixels"
        )
    flow = _at(fields, xy)
    shift = flow.mean(axis=1)
    # sums, not matrix products, whose last bit may depend on the number of threads
    slope = np.linalg.solve(spread, (away[:, :, None] * flow[:, :, None, :]).sum(axis=1))
    from_centre = (points - centre) / max(height, width)
    motion: NDArray[np.float64] = (
        shift[:, None]
        + from_centre[:, 0, None] * slope[:, None, 0]
        + from_centre[:, 1, None] * slope[:, None, 1]
    )
    return motion


def _at(fields: NDArray[Any], xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Flow (T, P, 2) at places between pixels, bilinear."""
    low = np.floor(xy).astype(np.intp)
    (x, y), (fx, fy) = low.T, (xy - low).T
    x1, y1 = np.minimum(x + 1, fields.shape[2] - 1), np.minimum(y + 1, fields.shape[1] - 1)
    top = fields[:, y, x] * (1 - fx)[:, None] + fields[:, y, x1] * fx[:, None]
    bottom = fields[:, y1, x] * (1 - fx)[:, None] + fields[:, y1, x1] * fx[:, None]
    result: NDArray[np.float64] = top * (1 - fy)[:, None] + bottom * fy[:, None]
    return result


def _checked_regions(regions: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    regions = np.asarray(regions)
    if regions.shape != shape or regions.dtype.kind not in "ui":
        raise InputError(
            f"MDMO's regions must be whole numbers over the fields' {shape[1]}×{shape[0]} pixels, "
            f"not {regions.dtype} of shape {regions.shape}"
        )
    if regions.max() >= _R or regions.min() < -1:
        raise InputError(
            f"MDMO's regions are numbered 0 to {_R - 1}, and -1 outside; "
            f"found {regions.min()} to {regions.max()}"
        )
    if (regions < 0).all():
        raise InputError("MDMO's regions are all empty: the face lies outside the picture")
    return regions
