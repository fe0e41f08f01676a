"""One person before one camera: pictures, exact flow and visibility between any two moments."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.synthesis.head import EYE, SKIN, Head
from mien.synthesis.raster import locate, project, rasterise, shadow_map, vertex_normals
from mien.synthesis.shading import shade

__all__ = ["Camera", "Light", "Moment", "Scene", "Surface"]

Array = NDArray[np.float32]

_SHADOW_SIZE, _SHADOW_REACH = 224, 2.6


@dataclass(frozen=True)
class Surface:
    """What the head looks like.

    Attributes:
        albedo: ``uint8`` (h, w, 3) RGB over the mesh's texture coordinates: square root of the reflectance,
            × 255.
        wrinkles: ``uint8`` (h', w', 4): depth of wrinkles on forehead; between the brows and on the nose;
            round the eyes; from nose to mouth and on the chin.
        eye: ``uint8`` (n, n, 3): an eyeball seen along its axis, edge to edge, as ``albedo``.
        teeth: reflectance of the teeth, linear RGB.
        gloss: shine of the skin, 0 to 1.
        puff: ``float32`` (V,): how far hair lifts the surface along its normal, outer-eye distances.
    """

    albedo: NDArray[np.uint8]
    wrinkles: NDArray[np.uint8]
    eye: NDArray[np.uint8]
    teeth: tuple[float, float, float] = (0.6, 0.56, 0.48)
    gloss: float = 0.5
    puff: Array | None = None


@dataclass(frozen=True)
class Light:
    """Lights of a scene, constant in time (flicker is the camera's).

    Attributes:
        directions: unit vectors towards the lights, (L, 3) in camera axes (a frontal light from above has
            negative y and z); the first casts shadows.
        colours: linear RGB strengths, (L, 3).
        sky, ground: linear RGB light from above and below.
    """

    directions: tuple[tuple[float, float, float], ...] = ((-0.35, -0.5, -0.79), (0.7, -0.2, -0.68))
    colours: tuple[tuple[float, float, float], ...] = ((0.85, 0.8, 0.74), (0.22, 0.23, 0.26))
    sky: tuple[float, float, float] = (0.32, 0.33, 0.35)
    ground: tuple[float, float, float] = (0.16, 0.14, 0.13)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera.

    Attributes:
        width, height: pixels.
        eye_px: distance between the outer eye corners in pixels, for a frontal face at rest.
        distance: from the face, in outer-eye distances (9 cm or so); small values give strong perspective.
        x, y: where the midpoint of the outer eye corners appears, as shares of width and height.
        samples: samples a pixel along each axis (anti-aliasing).
    """

    width: int = 256
    height: int = 256
    eye_px: float = 92.0
    distance: float = 12.0
    x: float = 0.5
    y: float = 0.42
    samples: int = 2


@dataclass(frozen=True)
class Moment:
    """A head at one moment before the camera.

    Attributes:
        vertices: ``float32`` (V, 3), camera axes, outer-eye distances.
        points: ``float64`` (V, 3), x and y in pixels (the first pixel's centre is 0.5), 1 / depth.
        shown: ``int32`` (H·s, W·s), the triangle at each sample, -1 for the wall; empty if not asked for.
        near: ``float32`` (H·s, W·s), 1 / depth there.
    """

    vertices: Array
    points: NDArray[np.float64]
    shown: NDArray[np.int32]
    near: Array


class Scene:
    """A head, its surface, lights and a camera.

    Args:
        head: geometry.
        surface: appearance.
        camera, light: defaults as documented.
        background: ``float32`` (height, width, 3), linear light; a plain wall by default.
    """

    def __init__(
        self,
        head: Head,
        surface: Surface,
        camera: Camera | None = None,
        light: Light | None = None,
        background: Array | None = None,
    ) -> None:
        self.head, self.surface = head, surface
        self.camera, self.light = camera or Camera(), light or Light()
        size = (self.camera.height, self.camera.width)
        self.background = np.full((*size, 3), 0.25, np.float32) if background is None else background
        model = head.model
        self._uv = _with_eyes(head)
        self._openness = _openness(head)
        self._side = np.clip(0.5 + head.neutral[:, 0] / 0.24, 0, 1).astype(np.float32)
        self._albedo = _level(surface.albedo, self._texel_pitch())
        self._eye = _level(surface.eye, surface.eye.shape[0] / (0.27 * self.camera.eye_px))
        self._directions = np.array(self.light.directions, np.float32)
        self._directions /= np.linalg.norm(self._directions, axis=1, keepdims=True)
        self._basis = _basis(self._directions[0])
        self._puff = surface.puff
        self._faces, self._part = model.faces, model.part
        middle = head.neutral[model.faces].mean(1)
        self._front = (
            (model.part == SKIN) & (middle[:, 2] < 0.7) & (middle[:, 1] > -0.6) & (middle[:, 1] < 1.3)
        )

    @property
    def focal(self) -> float:
        """Pixels an outer-eye distance at depth 1."""
        return self.camera.eye_px * self.camera.distance

    def _texel_pitch(self) -> float:
        """Texels a sample, on the face's front."""
        head, uv = self.head, self._uv
        right, left = head.model.eye_corners(head.neutral)
        corners = {
            int(v): uv[f, c]
            for f, c in zip(*np.nonzero(np.isin(head.model.faces, (right, left))), strict=True)
            for v in [head.model.faces[f, c]]
            if head.model.part[f] == 0
        }
        across = abs(float(corners[left][0] - corners[right][0])) * self.surface.albedo.shape[1]
        return float(across / self.camera.eye_px)

    def moment(self, units: Array, actions: Array, pose: Array, *, shown: bool = True) -> Moment:
        """The mesh at one moment, for :meth:`picture` and :meth:`flow`.

        Args:
            units: ``float32`` (U, 2), see :meth:`mien.synthesis.head.Head.pose`.
            actions: ``float32`` (52,).
            pose: ``float32`` (6,).
            shown: ``False`` saves looking up what the samples show.
        """
        vertices = self.head.pose(units, actions, pose)
        if self._puff is not None:
            vertices = vertices + self._puff[:, None] * vertex_normals(vertices, self._faces)
        c = self.camera
        points = project(vertices, self.focal, c.x * c.width, c.y * c.height, c.distance)
        if not shown:
            return Moment(vertices, points, np.empty((0, 0), np.int32), np.empty((0, 0), np.float32))
        samples, near = rasterise(points, self._faces, c.samples, c.width * c.samples, c.height * c.samples)
        return Moment(vertices, points, samples, near)

    def picture(self, moment: Moment, wrinkling: Array | None = None, *, flat: bool = False) -> Array:
        """The picture in linear light, ``float32`` (height, width, 3), before the camera adds its own.

        Args:
            moment: from :meth:`moment`.
            wrinkling: ``float32`` (4, 2), strength of each family of wrinkles on the person's right and left.
            flat: reflectance only, without light: for tests of the geometry.
        """
        far = np.zeros((0, 0), np.float32)
        normals = moment.vertices
        if not flat:
            normals = vertex_normals(moment.vertices, self._faces)
            far = shadow_map(moment.vertices, self._faces, self._basis, _SHADOW_SIZE, _SHADOW_REACH)
        s, light = self.surface, self.light
        return shade(  # type: ignore[no-any-return]
            moment.shown, moment.near, moment.points, moment.vertices, normals,
            self._faces, self._part, self._uv, self._openness, self._side, self._albedo, s.wrinkles,
            np.zeros((4, 2), np.float32) if wrinkling is None else wrinkling,
            self._eye, np.array(s.teeth, np.float32), np.float32(s.gloss), self._directions,
            np.array(light.colours, np.float32), np.array(light.sky, np.float32),
            np.array(light.ground, np.float32), far, self._basis, np.float32(_SHADOW_REACH),
            np.float32(self.camera.distance), self.background, self.camera.samples, flat,
        )  # fmt: skip

    def flow(self, one: Moment, two: Moment) -> tuple[Array, NDArray[np.bool_]]:
        """The exact displacement of every pixel's point of the surface from one moment to another.

        Returns:
            ``float32`` (height, width, 2), x to the right and y down in pixels, 0 on the background; ``bool``
            (height, width), where the point is seen at the second moment.
        """
        c = self.camera
        shown, _ = rasterise(one.points, self._faces, 1, c.width, c.height)
        flow, seen = locate(shown, one.points, two.points, self._faces, two.shown, c.samples)
        return flow, seen

    def depth(self, moment: Moment, wall_mm: float) -> NDArray[np.uint16]:
        """Distance along the optical axis in millimetres, ``uint16`` (height, width)."""
        c = self.camera
        _, near = rasterise(moment.points, self._faces, 1, c.width, c.height)
        metres = self.head.metres / np.where(near > 0, near, 1)
        return np.asarray(np.where(near > 0, metres * 1000, wall_mm).round(), np.uint16)

    def on_face(self, moment: Moment) -> NDArray[np.bool_]:
        """Where the picture shows the skin of the face's front, ``bool`` (height, width)."""
        s = self.camera.samples
        shown = moment.shown[s // 2 :: s, s // 2 :: s]
        return np.asarray((shown >= 0) & self._front[shown])


def _with_eyes(head: Head) -> Array:
    """Texture coordinates, those of the eyeballs seen along their axes at rest."""
    model = head.model
    uv = model.uv.copy()
    for f in np.flatnonzero(model.part == EYE):
        corner = head.neutral[model.faces[f]]
        centre = head.eye_centres[0 if corner[:, 0].mean() < 0 else 1]
        radius = np.linalg.norm(corner - centre, axis=1).max()
        away = (corner - centre) / radius
        uv[f] = np.where(away[:, 2:3] < 0.05, 0.5 + 0.5 * away[:, :2], 0.02)
    return uv


def _openness(head: Head) -> Array:
    """Light from all around that reaches each vertex at rest, 0 to 1, from shadow maps of many directions."""
    golden = np.pi * (3 - np.sqrt(5))
    total, seen = np.zeros(len(head.neutral)), np.zeros(len(head.neutral))
    normals = vertex_normals(head.neutral, head.model.faces)
    n, reach, size = 48, 3.0, 192
    for i in range(n):
        z = 1 - 2 * (i + 0.5) / n
        flat = np.sqrt(1 - z * z)
        d = np.array([flat * np.cos(golden * i), flat * np.sin(golden * i), z], np.float32)
        weight = np.maximum(normals @ d, 0)
        basis = _basis(d)
        far = shadow_map(head.neutral, head.model.faces, basis, size, reach)
        at = head.neutral @ basis.T
        ix = np.clip(((at[:, 0] + reach) * size / (2 * reach)).astype(int), 0, size - 1)
        iy = np.clip(((at[:, 1] + reach) * size / (2 * reach)).astype(int), 0, size - 1)
        seen += weight * (at[:, 2] < far[iy, ix] + 0.06)
        total += weight
    return np.clip(seen / np.maximum(total, 1e-6), 0.05, 1).astype(np.float32)


def _basis(towards: Array) -> Array:
    """Right, down and away-from-the-light, for a light in direction ``towards``."""
    away = -towards / np.linalg.norm(towards)
    helper = np.array([0, 0, 1] if abs(away[1]) > 0.9 else [0, 1, 0], np.float32)
    right = np.cross(helper, away)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(away, right), away]).astype(np.float32)


def _level(texture: NDArray[np.uint8], pitch: float) -> NDArray[np.uint8]:
    """The texture made coarser until a sample is at most about a texel and a half."""
    while pitch > 1.5 and min(texture.shape[:2]) > 32:
        texture = np.asarray(cv2.pyrDown(texture), np.uint8)
        pitch /= 2
    return np.ascontiguousarray(texture)
