"""LBP-TOP: local binary patterns on three orthogonal planes (Zhao & Pietikäinen, PAMI 2007)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.features.checks import grey_clip, part_of, whole_numbers
from mien.features.lbp import uniform_table

__all__ = ["Mapping", "lbp_top", "lbp_top_names"]

Mapping = Literal["uniform", "full"]

_PLANES = ("xy", "xt", "yt")
_STEPS = 64  # positions between pixels are taken to this part of one
_LEVELS = 12  # bits; with the 2 · 6 of the weights, as many as float32 holds exactly


def lbp_top(
    clip: NDArray[Any],
    *,
    radii: tuple[int, int, int] = (3, 3, 3),
    neighbours: int | tuple[int, int, int] = 8,
    blocks: tuple[int, int] | tuple[int, int, int] = (5, 5),
    mapping: Mapping = "uniform",
) -> NDArray[np.float64]:
    """How often each local binary pattern occurs on the XY, XT and YT planes of a grey clip.

    Around each voxel, P neighbours on an ellipse in each plane are compared with it; those not darker
    are the pattern's ones. Neighbour p lies at angle 2πp/P from the plane's first axis (x, x, y) to its
    second (y, t, t) and is bit p. Between voxels, grey levels are bilinear, at positions rounded to 1/64
    voxel: so all arithmetic is in whole numbers, a flat place has no pattern but the all-ones, and adding
    to the brightness changes nothing at all. Only voxels whose neighbours on all three planes lie in the
    clip count, the same for the three.

    Args:
        clip: (T, H, W), T >= 2·Rt + 1. Grey levels of any scale; those of ``float`` clips are rounded to a
            power of two that leaves 2048 to 4096 steps between the darkest and the brightest, which keeps
            whole numbers below 4096 apart.
        radii: (Rx, Ry, Rt) in pixels, pixels and frames, whole numbers >= 1.
        neighbours: P, 3 to 16: for all planes, or for (XY, XT, YT).
        blocks: (rows, columns) or (rows, columns, times) that the counted voxels are cut into.
        mapping: ``"uniform"``: P (P − 1) + 3 bins, the last for all patterns with more than two changes
            around the circle; ``"full"``: 2^P bins.

    Returns:
        ``float64`` (D,): for each block (times slowest, then rows, columns) the histograms of XY, XT, YT,
        each of which sums to 1. :func:`lbp_top_names` names the entries.

    Raises:
        InputError: the clip is shorter or smaller than radii and blocks need, or an option makes no sense.
    """
    sizes = _bins(neighbours, mapping)
    rows, columns, times = _blocks(blocks)
    whole_numbers("the radii of LBP-TOP (x, y, time)", radii)
    if len(radii) != 3:
        raise InputError(f"LBP-TOP needs three radii (x, y, time), not {len(radii)}")
    clip = grey_clip(clip, "LBP-TOP")
    rx, ry, rt = radii
    length, height, width = (n - 2 * r for n, r in zip(clip.shape, (rt, ry, rx), strict=True))
    if length < times:
        raise InputError(
            f"LBP-TOP with a radius of {rt} frames and {times} block(s) in time needs at least "
            f"{2 * rt + times} frames, not {len(clip)}: interpolate the clip to more frames, or reduce these"
        )
    if height < rows or width < columns:
        raise InputError(
            f"LBP-TOP with radii of {rx} and {ry} pixels and {rows}×{columns} blocks needs pictures of at "
            f"least {columns + 2 * rx}×{rows + 2 * ry} pixels, not {clip.shape[2]}×{clip.shape[1]}"
        )
    planes = [
        _Plane(axes, radii, p, mapping) for axes, p in zip(((0, 1), (0, 2), (1, 2)), sizes, strict=True)
    ]
    grey = _whole_levels(clip)
    inside = part_of(height, rows)[:, None] * columns + part_of(width, columns)
    counts = [np.zeros((times, rows * columns * plane.bins), np.int64) for plane in planes]
    offsets = [(inside * plane.bins).ravel() for plane in planes]
    for t, part in enumerate(part_of(length, times)):
        for plane, count, offset in zip(planes, counts, offsets, strict=True):
            bins = plane.table[plane.codes(grey, t + rt, (height, width))].ravel()
            count[part] += np.bincount(bins + offset, minlength=count.shape[1])
    each = [count.reshape(times, -1, plane.bins) for count, plane in zip(counts, planes, strict=True)]
    shares = np.concatenate([count / count.sum(axis=2, keepdims=True) for count in each], axis=2)
    return shares.ravel()


def lbp_top_names(
    *,
    neighbours: int | tuple[int, int, int] = 8,
    blocks: tuple[int, int] | tuple[int, int, int] = (5, 5),
    mapping: Mapping = "uniform",
) -> tuple[str, ...]:
    """``t0 row2 column4 xt bin17`` and so on, for each entry of :func:`lbp_top` with the same options."""
    full = mapping == "full"
    bins = [2**p if full else p * (p - 1) + 3 for p in _bins(neighbours, mapping)]
    rows, columns, times = _blocks(blocks)
    return tuple(
        f"t{t} row{row} column{column} {plane} bin{b}"
        for t, row, column in product(range(times), range(rows), range(columns))
        for plane, size in zip(_PLANES, bins, strict=True)
        for b in range(size)
    )


_Tap = tuple[tuple[int, int, int], int]
"""(dt, dy, dx) to a voxel that a neighbour's grey level is taken from, and its weight out of 64²."""


class _Plane:
    """The patterns on one of the three planes."""

    def __init__(
        self, axes: tuple[int, int], radii: tuple[int, int, int], neighbours: int, mapping: Mapping
    ) -> None:
        self._radii = radii
        self._taps = [list(_taps(axes, radii, p / neighbours)) for p in range(neighbours)]
        codes = 2**neighbours
        table = uniform_table(neighbours) if mapping == "uniform" else np.arange(codes)
        self.table: NDArray[np.intp] = table.astype(np.intp)
        self.bins = codes if mapping == "full" else neighbours * (neighbours - 1) + 3
        self._code = np.uint8 if neighbours <= 8 else np.uint16

    def codes(self, grey: NDArray[np.float32], t: int, size: tuple[int, int]) -> NDArray[Any]:
        """The patterns of frame ``t``, (H − 2 Ry, W − 2 Rx)."""
        rx, ry, _ = self._radii
        height, width = size

        def at(dt: int, dy: int, dx: int) -> NDArray[np.float32]:
            return grey[t + dt, ry + dy : ry + dy + height, rx + dx : rx + dx + width]

        centre = at(0, 0, 0)
        whole = centre * np.float32(_STEPS**2)
        level, more = np.empty_like(whole), np.empty_like(whole)
        code = np.zeros(size, self._code)
        for bit, ((first, weight), *others) in enumerate(self._taps):
            if not others:
                ones = at(*first) >= centre
            else:
                np.multiply(at(*first), np.float32(weight), out=level)
                for place, share in others:
                    level += np.multiply(at(*place), np.float32(share), out=more)
                ones = level >= whole
            code |= np.left_shift(ones.astype(self._code), bit, dtype=self._code)
        return code


def _taps(axes: tuple[int, int], radii: tuple[int, int, int], turn: float) -> Iterator[_Tap]:
    """The up to four voxels around a place on the ellipse, ``turn`` (0 to 1) of the way around it."""
    angle = 2 * math.pi * turn
    steps = [0, 0, 0]  # x, y, t in 1/64 voxels
    for axis, share in zip(axes, (math.cos(angle), math.sin(angle)), strict=True):
        steps[axis] = round(radii[axis] * share * _STEPS)
    ways = []
    for step in steps:
        low, over = divmod(step, _STEPS)
        ways.append([(low, _STEPS - over), (low + 1, over)] if over else [(low, _STEPS)])
    for (dx, a), (dy, b), (dt, c) in product(*ways):
        yield (dt, dy, dx), a * b * c // _STEPS  # one of the three axes is never between voxels


def _whole_levels(clip: NDArray[Any]) -> NDArray[np.float32]:
    """The clip less its darkest level, in whole numbers of at most 4096, as ``float32``."""
    if clip.dtype == np.uint8:
        return clip.astype(np.float32)
    exact = clip.astype(np.float64)
    exact -= exact.min()
    return np.rint(np.ldexp(exact, _LEVELS - math.frexp(exact.max())[1])).astype(np.float32)


def _bins(neighbours: int | tuple[int, int, int], mapping: str) -> tuple[int, int, int]:
    """Neighbours on each plane, checked together with the mapping."""
    each = neighbours if isinstance(neighbours, tuple) else (neighbours,) * 3
    whole_numbers("the neighbours of LBP-TOP", each, least=3, most=16)
    if len(each) != 3:
        raise InputError(f"LBP-TOP needs one number of neighbours, or three (XY, XT, YT), not {len(each)}")
    if mapping not in ("uniform", "full"):
        raise InputError(f"the mapping of LBP-TOP must be uniform or full, not {mapping!r}")
    return each


def _blocks(blocks: tuple[int, ...]) -> tuple[int, int, int]:
    whole_numbers("the blocks of LBP-TOP", blocks)
    if len(blocks) not in (2, 3):
        raise InputError(f"the blocks of LBP-TOP are (rows, columns) or (rows, columns, times), not {blocks}")
    rows, columns, times = (*blocks, 1)[:3]
    return rows, columns, times
