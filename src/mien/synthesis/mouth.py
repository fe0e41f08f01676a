"""A mouth that shuts: lips that meet and teeth that stay behind them.

Many of the source's heads show a slit of teeth at rest, and the roots of the teeth come out of some small
chins when they smile.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from mien.synthesis.head import MOUTH, SKIN, TEETH, TONGUE, HeadModel
from mien.synthesis.raster import project, rasterise

__all__ = ["settle_mouth"]

Array = NDArray[np.float32]

_PIXELS = 500.0  # a head's width or so, 0.17 m
_PER_METRE = _PIXELS / 0.17
_WHOLE, _REACH = (
    0.006,
    0.02,
)  # metres from the line between the lips: what moves in one piece, what moves at all
_CORNER = 0.004  # metres over which closing fades towards the corners of the mouth
_HALF_WIDTH, _HALF_HEIGHT = 0.036, 0.032  # of what is looked at, metres
_COVER = 0.0075  # metres of flesh before the teeth: an expression must not lay them bare
_WIDEST = 0.0015  # metres of slit closed at once
_FAR = 10.0
_ROUNDS = 3


def settle_mouth(model: HeadModel, vertices: Array) -> Array:
    """A head at rest with its lips drawn together where something shows between them, its teeth behind them.

    Args:
        model: the asset.
        vertices: ``float32`` (V, 3) in the template's units and axes.
    """
    vertices = vertices.copy()
    flesh, upper, weight = _flesh(model)
    _push_teeth(model, vertices)  # first, lest a root that is out be taken for a slit
    for _ in range(_ROUNDS):
        shown, _depth = _front(model, vertices)
        inside = (shown >= 0) & np.isin(_mouth_parts(model)[np.maximum(shown, 0)], (MOUTH, TONGUE, TEETH))
        slit = np.minimum(inside.sum(0) / _PER_METRE, _WIDEST)
        slit = np.maximum(slit, slit[::-1])  # a symmetric head stays so, whatever the pixels
        if not slit.any():
            break
        # the widest nearby, so that the coarse mesh closes along its whole length, and softly
        wide = np.max([np.roll(slit, k) for k in range(-9, 10)], 0)
        wide = np.convolve(np.pad(wide, 8, mode="edge"), np.ones(17) / 17, "valid")
        x = (np.arange(len(slit)) + 0.5 - len(slit) / 2) / _PER_METRE + vertices[model.lip_edge, 0].mean()
        draw = np.interp(vertices[flesh, 0], x, wide) * weight * 0.55
        vertices[flesh, 2] += np.where(upper, -draw, draw).astype(np.float32)
    return vertices


def _push_teeth(model: HeadModel, vertices: Array) -> None:
    """Move teeth, in place, to where enough flesh is before them; what lies deep enough stays."""
    _, depth = _front(model, vertices, skin_only=True)
    deepest = cv2.dilate(np.maximum(depth, depth[:, ::-1]), np.ones((9, 9), np.uint8))
    teeth = _teeth(model)
    at = (vertices[teeth] - vertices[model.lip_edge].mean(0)) * _PER_METRE
    height, width = depth.shape
    column = np.clip((at[:, 0] + width / 2).astype(int), 0, width - 1)
    row = np.clip((height / 2 - at[:, 2]).astype(int), 0, height - 1)
    least = deepest[row, column] + vertices[model.lip_edge, 1].mean() + np.float32(_COVER)
    vertices[teeth, 1] = np.maximum(vertices[teeth, 1], least)


def _front(model: HeadModel, vertices: Array, *, skin_only: bool = False) -> tuple[NDArray[np.int32], Array]:
    """The mouth from the front: which triangle near it shows, and how far behind the lips, in metres."""
    away = vertices - vertices[model.lip_edge].mean(0)
    width, height = (int(2 * half * _PER_METRE) for half in (_HALF_WIDTH, _HALF_HEIGHT))
    camera = np.stack([away[:, 0], -away[:, 2], away[:, 1]], 1).astype(np.float32)
    # from so far away that it is as good as a parallel projection
    points = project(camera, _PER_METRE * _FAR, width / 2, height / 2, _FAR)
    faces = _mouth_faces(model)[_mouth_parts(model) == SKIN] if skin_only else _mouth_faces(model)
    shown, near = rasterise(points, faces, 1, width, height)
    depth = np.where(shown >= 0, 1 / np.maximum(near, 1e-9) - _FAR, -1)
    return shown, depth.astype(np.float32)


@functools.cache
def _near(model: HeadModel) -> NDArray[np.bool_]:
    """Triangles that can be seen in the mouth's neighbourhood."""
    middle = model.vertices[model.lip_edge].mean(0)
    away = np.abs(model.vertices[model.faces].mean(1) - middle)
    return np.asarray((away[:, 0] < 0.06) & (away[:, 2] < 0.05))


@functools.cache
def _mouth_faces(model: HeadModel) -> NDArray[np.int32]:
    return np.ascontiguousarray(model.faces[_near(model)])


@functools.cache
def _mouth_parts(model: HeadModel) -> NDArray[np.uint8]:
    return np.ascontiguousarray(model.part[_near(model)])


@functools.cache
def _teeth(model: HeadModel) -> NDArray[np.int64]:
    return np.unique(model.faces[model.part == TEETH]).astype(np.int64)


@functools.cache
def _flesh(model: HeadModel) -> tuple[NDArray[np.int64], NDArray[np.bool_], Array]:
    """The lips' vertices, which of them are the upper lip's, and how far each one takes part.

    Distances are along the surface of the template: the lips fold over each other.
    """
    v, faces = model.vertices, model.faces[np.isin(model.part, (SKIN, MOUTH))]
    one, two = (faces[:, [0, 1, 2]].ravel(), faces[:, [1, 2, 0]].ravel())
    length = np.linalg.norm(v[one] - v[two], axis=1)
    graph = coo_array((length, (one, two)), shape=(len(v), len(v))).tocsr()
    rim = model.lip_edge
    right, left = v[rim[v[rim, 0].argmin()]], v[rim[v[rim, 0].argmax()]]
    high = v[rim, 2] > (right[2] + left[2]) / 2 + 1e-4
    low = v[rim, 2] < (right[2] + left[2]) / 2 - 1e-4
    to_upper, to_lower = (
        dijkstra(graph, directed=False, indices=rim[lip], min_only=True, limit=_REACH) for lip in (high, low)
    )
    away = np.minimum(to_upper, to_lower)
    flesh = np.flatnonzero(away < _REACH)
    corner = np.minimum(v[flesh, 0] - right[0], left[0] - v[flesh, 0]) / _CORNER
    weight = _smooth((_REACH - away[flesh]) / (_REACH - _WHOLE)) * _smooth(corner)
    return flesh, to_upper[flesh] < to_lower[flesh], weight.astype(np.float32)


def _smooth(t: NDArray[np.float64]) -> NDArray[np.float64]:
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
