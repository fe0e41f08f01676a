"""Where each texel of the face lies, and drawing on the face's front as on a sheet of paper."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from mien.synthesis.head import BODY, EYE, SKIN, TEETH, HeadModel
from mien.synthesis.raster import rasterise

__all__ = ["HEIGHT", "WIDTH", "Atlas", "Sheet", "array", "atlas", "blob", "noise", "step"]

Array = NDArray[np.float32]

HEIGHT, WIDTH = 1350, 2058
"""The texture at full size: about 250 texels an outer-eye distance on the cheek."""

_LEFT, _TOP, _SIDE, _LOW = -1.1, -1.25, 2.2, 2.65  # what of the template's front a sheet shows
_FINEST = 700.0  # pixels an outer-eye distance of a sheet, at most


@njit(nogil=True, cache=True, fastmath=False)
def _positions(shown, points, vertices):  # type: ignore[no-untyped-def]
    """Position on the surface, ``float32`` (H, W, 3), of the texels in the triangles ``shown``."""
    height, width = shown.shape
    out = np.zeros((height, width, 3), np.float32)
    for y in range(height):
        for x in range(width):
            f = shown[y, x]
            if f < 0:
                continue
            ax, ay, bx, by = points[3 * f, 0], points[3 * f, 1], points[3 * f + 1, 0], points[3 * f + 1, 1]
            cx, cy = points[3 * f + 2, 0], points[3 * f + 2, 1]
            px, py = x + 0.5, y + 0.5
            inv = 1.0 / ((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
            u = ((bx - px) * (cy - py) - (by - py) * (cx - px)) * inv
            v = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) * inv
            w = 1.0 - u - v
            for k in range(3):
                out[y, x, k] = u * vertices[f, 0, k] + v * vertices[f, 1, k] + w * vertices[f, 2, k]
    return out


@dataclass(frozen=True)
class Atlas:
    """The charts of the mesh at one size of the texture.

    Texels outside all charts take after their nearest neighbour inside one, so that nothing unpainted can
    seep in when a texture is made coarser.

    Attributes:
        position: ``float32`` (h, w, 3) on the template head, camera axes, outer-eye distances.
        part: ``uint8`` (h, w), as ``HeadModel.part``.
        lids: ``float32`` (n, 2), x and y of the edges of the lids; ``lips``: of the line between the lips.
    """

    position: Array
    part: NDArray[np.uint8]
    lids: Array
    lips: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.part.shape[0], self.part.shape[1]

    @cached_property
    def planes(self) -> tuple[Array, Array, Array]:
        """|x|, y and z of every texel."""
        p = self.position
        return np.abs(p[..., 0]), np.ascontiguousarray(p[..., 1]), np.ascontiguousarray(p[..., 2])

    @cached_property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns that hold the face's front."""
        near = self._front > 0
        rows, columns = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
        return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)

    @cached_property
    def front(self) -> Array:
        """In the window: 1 on the face's front, fading to 0 on the sides of the head."""
        return np.ascontiguousarray(self._front[self.window])

    @cached_property
    def near(self) -> tuple[Array, Array, Array]:
        """The planes' part in the window."""
        x, y, z = (np.ascontiguousarray(plane[self.window]) for plane in self.planes)
        return x, y, z

    @cached_property
    def _front(self) -> Array:
        _, y, z = self.planes
        front = step(0.8, 0.55, z) * (self.part == SKIN) * (y < 1.38)
        # texels outside the charts: the face chart's own neighbourhood only
        front[int(0.83 * self.shape[0]) :] = 0
        return np.asarray(front, np.float32)

    @cached_property
    def sheet_scale(self) -> float:
        """Pixels an outer-eye distance of a sheet for this size."""
        return min(_FINEST, 0.2 * self.shape[1])

    @cached_property
    def _maps(self) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
        p = self.position[self.window]
        x = np.asarray((p[..., 0] - _LEFT) * self.sheet_scale - 0.5, np.float32)
        y = np.asarray((p[..., 1] - _TOP) * self.sheet_scale - 0.5, np.float32)
        one, two = cv2.convertMaps(x, y, cv2.CV_16SC2)
        return np.asarray(one, np.int16), np.asarray(two, np.uint16)

    def worn(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A sheet's picture laid onto the face: the window of the texture."""
        return np.asarray(cv2.remap(picture, *self._maps, cv2.INTER_LINEAR), np.uint8)


class Sheet:
    """A picture of the face's front in x and y, to draw on.

    Args:
        scale: pixels an outer-eye distance.
    """

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.picture: NDArray[np.uint8] = np.zeros((round(_LOW * scale), round(_SIDE * scale)), np.uint8)

    def line(self, points: Array | Sequence[Sequence[float]], width: float, value: float = 1.0) -> None:
        """A line through points (n, 2); a width below one pixel makes it fainter."""
        self.lines([np.asarray(points, np.float32)], [width], [value])

    def lines(self, strokes: Sequence[Array], widths: Sequence[float], values: Sequence[float]) -> None:
        """Many lines; where they cross, the later one shows."""
        for points, width, value in zip(strokes, widths, values, strict=True):
            pixels = width * self.scale
            at = (points - array([_LEFT, _TOP])) * self.scale
            cv2.polylines(
                self.picture, [np.round((at - 0.5) * 16).astype(np.int32)], False,
                255.0 * value * min(1.0, max(pixels, 0.25)), max(1, round(pixels)), cv2.LINE_AA, 4,
            )  # fmt: skip

    def spot(self, x: float, y: float, radius: float, value: float) -> None:
        """A round spot."""
        at = [round(((c - o) * self.scale - 0.5) * 16) for c, o in ((x, _LEFT), (y, _TOP))]
        r = max(8, round(radius * self.scale * 16))
        cv2.circle(self.picture, (at[0], at[1]), r, 255.0 * value, -1, cv2.LINE_AA, 4)

    def fill(self, points: Array, value: float = 1.0) -> None:
        """The inside of an outline (n, 2)."""
        at = (points - array([_LEFT, _TOP])) * self.scale - 0.5
        cv2.fillPoly(self.picture, [np.round(at * 16).astype(np.int32)], 255.0 * value, cv2.LINE_AA, 4)

    def soften(self, width: float) -> None:
        """Blur by a standard deviation in outer-eye distances."""
        sigma = width * self.scale
        if sigma > 0.3:
            self.picture = np.asarray(cv2.GaussianBlur(self.picture, (0, 0), sigma), np.uint8)


_atlases: OrderedDict[tuple[int, int, int], tuple[HeadModel, Atlas]] = OrderedDict()


def atlas(model: HeadModel, height: int, width: int) -> Atlas:
    """The atlas of one size; the last few are kept."""
    key = (id(model), height, width)
    if key in _atlases:
        _atlases.move_to_end(key)
    else:
        _atlases[key] = (model, _atlas(model, height, width))  # the model, so that its id stays its own
        while len(_atlases) > 8:
            _atlases.popitem(last=False)
    return _atlases[key][1]


def _atlas(model: HeadModel, height: int, width: int) -> Atlas:
    template = model.build(model.vertices).neutral
    painted = np.flatnonzero(~np.isin(model.part, (EYE, TEETH)))
    points = np.ones((3 * len(painted), 3))
    uv = model.uv[painted].astype(np.float64)
    one, two = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    area = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    order = np.where((area < 0)[:, None], [0, 1, 2], [0, 2, 1])  # the rasteriser shows one side only
    corner = np.take_along_axis(model.faces[painted], order, 1)
    points[:, :2] = np.take_along_axis(uv, order[..., None], 1).reshape(-1, 2) * (width, height)
    shown, _ = rasterise(points, np.arange(len(points), dtype=np.int32).reshape(-1, 3), 1, width, height)
    position = _positions(shown, points, np.ascontiguousarray(template[corner]))
    part = model.part[painted][np.maximum(shown, 0)]
    empty = (shown < 0).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(empty, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    inside = np.flatnonzero(shown.reshape(-1) >= 0)
    source = np.zeros(int(nearest.max()) + 1, np.int64)
    source[nearest.reshape(-1)[inside]] = inside
    source = source[nearest.reshape(-1)]
    position = position.reshape(-1, 3)[source].reshape(height, width, 3)
    part = part.reshape(-1)[source].reshape(height, width)
    part[(part == SKIN) & (np.arange(height) > 0.835 * height)[:, None]] = BODY
    return Atlas(position, part, template[model.lid_edge, :2].copy(), template[model.lip_edge, :2].copy())


def array(values: ArrayLike) -> Array:
    """Numbers in single precision."""
    return np.asarray(values, np.float32)


def step(start: float, end: float, value: Array) -> Array:
    """0 before ``start``, 1 after ``end``, smooth between; ``end`` may be the smaller."""
    t = np.clip((value - np.float32(start)) * np.float32(1 / (end - start)), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def blob(
    planes: tuple[Array, Array, Array], centre: Sequence[float], radii: Sequence[float], power: float = 1.0
) -> Array:
    """A soft spot, and its mirror image, by the planes of an atlas; two numbers leave z free."""
    total = np.zeros_like(planes[0])
    for plane, c, r in zip(planes, centre, radii, strict=False):
        total += np.square((plane - np.float32(c)) * np.float32(1 / r))
    return np.asarray(np.exp(-(total if power == 1.0 else total**power)), np.float32)


def noise(rng: np.random.Generator, shape: tuple[int, int], texels: float) -> Array:
    """Smooth noise of unit variance, ``texels`` of the full-size texture from peak to trough.

    The same generator gives the same pattern at any size of the texture that can hold it.
    """
    rows, columns = max(2, round(HEIGHT / texels)), max(2, round(WIDTH / texels))
    raw = rng.standard_normal((rows, columns), np.float32)
    if (rows, columns) == shape:
        return raw
    result = np.asarray(cv2.resize(raw, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
    return result * np.float32(1.3)  # interpolation takes some of the variance
