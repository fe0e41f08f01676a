"""The eyeball's front: sclera, iris and pupil."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.synthesis.appearance import IRISES, Appearance
from mien.synthesis.atlas import array, step

__all__ = ["paint_eye"]

Array = NDArray[np.float32]
_SIZE = 256


def paint_eye(who: Appearance, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The eyeball seen along its axis, ``uint8`` (256, 256, 3), as ``Surface.eye``."""
    at = (np.arange(_SIZE, dtype=np.float32) + np.float32(0.5)) * np.float32(2 / _SIZE) - 1
    x, y = np.meshgrid(at, at)
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    iris_radius = 0.44 + rng.uniform(-0.012, 0.012)
    pupil_radius = iris_radius * rng.uniform(0.32, 0.46)
    old = max(0.0, (who.age - 40) / 40)
    # sclera: warmer with age, pinker towards its edge
    pink = step(0.45, 0.95, radius)[..., None]
    white = array([0.62, 0.60 - 0.02 * old, 0.57 - 0.07 * old]) * np.float32(0.95 - 0.012 * who.skin)
    sclera = white * (1 - pink * array([0.10, 0.27, 0.30]))
    veins = np.zeros((_SIZE, _SIZE), np.uint8)
    for _ in range(26):
        a, r = rng.uniform(0, 2 * np.pi), 1.0
        points = []
        while r > rng.uniform(0.48, 0.75):
            points.append([(1 + r * np.cos(a)) * _SIZE / 2, (1 + r * np.sin(a)) * _SIZE / 2])
            a += rng.normal(0, 0.07)
            r -= 0.04
        cv2.polylines(veins, [np.round(np.array(points) * 16).astype(np.int32)], False,
                      float(rng.uniform(40, 150)), 1, cv2.LINE_AA, 4)  # fmt: skip
    red = cv2.GaussianBlur(veins, (0, 0), 0.9).astype(np.float32)[..., None] * np.float32(1 / 255)
    eye = sclera * (1 - red * array([0.12, 0.50, 0.50]))
    # iris: fibres along the radius, brighter round the collarette, a dark ring outside
    share = radius / np.float32(iris_radius)
    fibres = np.zeros_like(radius)
    for count, amount in ((36, 0.20), (80, 0.22), (150, 0.16)):
        table = rng.standard_normal((24, count), np.float32)
        u = (angle / (2 * np.pi) + 0.5) * count + 0.6 * np.sin(6 * share + rng.uniform(0, 6))
        fibres += amount * np.asarray(
            cv2.remap(table, u.astype(np.float32), (share * 3).astype(np.float32), cv2.INTER_LINEAR,
                      borderMode=cv2.BORDER_WRAP), np.float32
        )  # fmt: skip
    colour = array(IRISES[who.iris]) * np.exp(rng.normal(0, 0.12, 3)).astype(np.float32)
    tone = np.exp(fibres + 0.45 * np.exp(-np.square((share - 0.55) / 0.16)) - 0.25)
    ring = 1 - 0.78 * step(0.78, 0.99, share)
    core = array([1.35, 1.02, 0.72])  # most irises are browner near the pupil
    warm = step(0.75, 0.40, share)[..., None]
    iris = colour * (1 + warm * (core - 1)) * (tone * ring)[..., None]
    edge = 2.2 / _SIZE
    eye = eye + step(iris_radius + edge, iris_radius - edge, radius)[..., None] * (iris - eye)
    eye = eye + step(pupil_radius + edge, pupil_radius - edge, radius)[..., None] * (np.float32(0.004) - eye)
    # light from above is partly kept off by the lashes
    eye = eye * (1 - 0.30 * step(-0.05, -0.45, y))[..., None]
    return np.asarray(np.clip(255 * np.sqrt(np.maximum(eye, 0)) + 0.5, 1, 255), np.uint8)
