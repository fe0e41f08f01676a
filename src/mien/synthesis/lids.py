"""Lids that lie on their eyeballs: what keeps every head's eyes whole, however the face moves.

The mesh's lids end in a rim that lies inside the eyeball; the visible border of a lid is where the skin dives
into the ball. Three things follow from the geometry of the single head, once: how far ``eyeBlink`` must go so
that it closes this eye and no further; how much of the opening every other movement closes (or opens), so
that a blink closes just what is left; and how near to the ball's centre each vertex of the lids may come.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mien.synthesis.head import HeadModel

__all__ = ["Lids", "sphere"]

Array = NDArray[np.float32]
Indices = NDArray[np.int64]

_COLUMNS = np.linspace(0.07, 0.93, 15)  # across the opening, from one corner to the other
_CLOSED = 1.14  # the border of the upper lid comes to rest a little below that of the lower one
_CLEAR = 1.03  # eyeball radii; a chord between neighbouring vertices must not cut the ball
_SEALED = 0.985
_AROUND = 1.7  # eyeball radii from the centre within which skin can touch the ball


class Lids:
    """The lids of one eye.

    Args:
        model: the asset.
        neutral: ``float32`` (V, 3), the head at rest in camera axes.
        eye: vertices of the eyeball.
    """

    def __init__(self, model: HeadModel, neutral: Array, eye: Indices) -> None:
        self.centre, self.radius = sphere(neutral[eye])
        rim, ring, self._upper, self._lower = _rims(model)[0 if self.centre[0] < 0 else 1]
        inner, outer = self._distance(neutral[rim]), self._distance(neutral[ring])
        self._rim, self._ring = rim, ring
        self._share = np.clip((self.radius - inner) / np.maximum(outer - inner, 1e-6), 0, 1)[:, None]
        border = self._angles(neutral)
        ends = border[self._upper & self._lower, 0]
        low, high = float(ends.min()), float(ends.max())
        self._columns = low + (high - low) * _COLUMNS
        self._opening = self._gap(border)

        skin = _skin(model)
        r = self._distance(neutral[skin])
        near = (r < _AROUND * self.radius) & ~np.isin(skin, rim)
        self._cover, self._least = skin[near], np.minimum(r[near], np.float32(_CLEAR * self.radius))
        self._most = np.maximum(inner, np.float32(_SEALED * self.radius))

    def closing(self, neutral: Array, moved: Array) -> Array:
        """The share of the opening that a displacement closes, column by column; below 0 where it opens."""
        return np.asarray(1 - self._gap(self._angles(neutral + moved)) / self._opening, np.float32)

    def blink(self, neutral: Array, moved: Array) -> Array:
        """The displacement ``moved`` of the whole mesh, made so long that it closes the eye everywhere."""
        gain = _CLOSED / np.clip(self.closing(neutral, moved), 0.6, 2.5)
        gain = np.maximum(gain, np.convolve(np.pad(gain, 1, mode="edge"), [0.25, 0.5, 0.25], "valid"))
        d = neutral - self.centre
        across = np.degrees(np.arctan2(d[:, 0], np.maximum(-d[:, 2], 1e-3)))
        return np.asarray(moved * np.interp(across, self._columns, gain)[:, None], np.float32)

    def keep(self, vertices: Array) -> None:
        """Put back, in place, skin that has come into the eyeball and rims that have left it."""
        for which, bound, sign in ((self._cover, self._least, 1), (self._rim, self._most, -1)):
            away = vertices[which] - self.centre
            r = np.sqrt((away * away).sum(1))
            bad = np.flatnonzero(sign * (bound - r) > 0)
            if len(bad):
                vertices[which[bad]] = self.centre + away[bad] * (bound[bad] / r[bad])[:, None]

    def _distance(self, points: Array) -> Array:
        away = points - self.centre
        return np.asarray(np.sqrt((away * away).sum(1)), np.float32)

    def _angles(self, vertices: Array) -> NDArray[np.float64]:
        """Where the lids' border is, in degrees across and down as seen from the centre of the eyeball."""
        point = vertices[self._rim] * (1 - self._share) + vertices[self._ring] * self._share - self.centre
        x, y, z = point.astype(np.float64).T
        return np.asarray(np.degrees(np.stack([np.arctan2(x, -z), np.arctan2(y, -z)], 1)))

    def _gap(self, border: NDArray[np.float64]) -> NDArray[np.float64]:
        """Height of the opening at each column, in degrees."""
        heights = []
        for lid in (self._lower, self._upper):
            points = border[lid]
            points = points[np.argsort(points[:, 0])]
            heights.append(np.interp(self._columns, points[:, 0], points[:, 1]))
        return np.asarray(heights[0] - heights[1])


def sphere(points: Array) -> tuple[Array, float]:
    """Centre and radius of the sphere that fits points best."""
    p = points.astype(np.float64)
    a = np.c_[2 * p, np.ones(len(p))]
    solution = np.linalg.lstsq(a, (p * p).sum(1), rcond=None)[0]
    centre = solution[:3]
    return centre.astype(np.float32), float(np.sqrt(solution[3] + centre @ centre))


@functools.cache
def _skin(model: HeadModel) -> Indices:
    return np.unique(model.faces[model.part == 0]).astype(np.int64)


_Rim = tuple[Indices, Indices, NDArray[np.bool_], NDArray[np.bool_]]


@functools.cache
def _rims(model: HeadModel) -> tuple[_Rim, _Rim]:
    """The rims of the right and the left eye.

    Each is its vertices, the ones next to them outwards on the skin, and which of them belong to the upper
    and which to the lower lid (the corners to both).
    """
    faces = model.faces[model.part == 0]
    edge = set(model.lid_edge.tolist())
    outwards: dict[int, int] = {}
    for vertex in edge:
        around = [a for a in np.unique(faces[(faces == vertex).any(1)]).tolist() if a not in edge]
        away = np.linalg.norm(model.vertices[around] - model.vertices[vertex], axis=1)
        outwards[vertex] = around[int(away.argmin())]
    sides = []
    for side in (-1, 1):
        rim = np.array([v for v in sorted(edge) if model.vertices[v, 0] * side > 0], np.int64)
        x, _, z = model.vertices[rim].T
        ends = [int(x.argmin()), int(x.argmax())]
        upper = z >= np.interp(x, x[ends], z[ends]) - 1e-6
        lower = ~upper
        lower[ends] = True
        sides.append((rim, np.array([outwards[int(v)] for v in rim], np.int64), upper, lower))
    return sides[0], sides[1]
