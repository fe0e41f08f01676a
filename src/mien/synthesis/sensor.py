"""What the camera makes of the light: exposure, lens, noise, grey levels.

Light comes in linear; out come the ``uint8`` pictures of a real camera. Each part has its own switch, and
with everything off the picture is the plain encoding of the light.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.records import Colour

__all__ = ["GAMMA", "Sensor", "noise"]

Array = NDArray[np.float32]

GAMMA = 2.2
_BANK = 1 << 21  # normal deviates, drawn once; every frame begins at another place


@dataclass(frozen=True)
class Sensor:
    """A camera's picture side.

    Attributes:
        colour: ``"rgb"``; ``"grey"`` (a monochrome sensor); ``"nir"`` (near infra-red: skin bright and even,
            lips hardly darker).
        exposure: gain on the light before encoding.
        noise: standard deviation in grey levels at middle grey, a little more in the dark. 0 switches it off.
        blur: standard deviation of the lens's blur in pixels; 0 switches it off.
        vignette: loss of light in the corners, 0 to 1.
        saturation: 0 (grey) to 1.
        shutter: share of the frame's time that the shutter is open, 0 to 1: motion blur and mains flicker are
            integrated over it. 0 switches motion blur off.
        seed: of the noise.
    """

    colour: Colour = "rgb"
    exposure: float = 1.0
    noise: float = 0.0
    blur: float = 0.0
    vignette: float = 0.0
    saturation: float = 1.0
    shutter: float = 0.0
    seed: int = 0

    def expose(self, light: Array, frame: int, gain: float = 1.0) -> NDArray[np.uint8]:
        """The picture of one frame.

        Args:
            light: ``float32`` (H, W, 3), linear.
            frame: its number; the same number, the same noise.
            gain: of the scene's light at this moment (flicker, drift).

        Returns:
            ``uint8`` (H, W, 3) RGB, or (H, W) for grey and near infra-red.
        """
        picture: Array = light * np.float32(self.exposure * gain)
        if self.colour != "rgb":
            weights = _GREY if self.colour == "grey" else _NIR
            picture = np.asarray(picture @ weights, np.float32)
            if self.colour == "nir":
                picture = np.asarray(picture * 0.94 + 0.06, np.float32)
        elif self.saturation < 1:
            grey = (picture @ _GREY)[..., None]
            picture = np.asarray(grey + self.saturation * (picture - grey), np.float32)
        if self.vignette:
            falloff = _falloff(*picture.shape[:2], self.vignette)
            picture = picture * (falloff if picture.ndim == 2 else falloff[..., None])
        if self.blur:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), self.blur), np.float32)
        levels = _encode(picture)
        if self.noise:
            # encoding makes the shot noise of a linear sensor nearly even
            strength = np.float32(self.noise) * (np.float32(1.25) - levels * np.float32(0.5 / 255))
            levels = levels + strength * noise(levels.shape, self.seed, frame)
        return np.asarray(np.clip(levels + np.float32(0.5), 0, 255), np.uint8)


_GREY = np.array([0.30, 0.55, 0.15], np.float32)
_NIR = np.array([0.80, 0.20, 0.0], np.float32)


def noise(shape: tuple[int, ...], seed: int, frame: int) -> Array:
    """Normal deviates for one frame, ``float32`` of the given shape, the same for the same seed and frame."""
    n = int(np.prod(shape))
    start = int(np.random.SeedSequence([seed, frame]).generate_state(1, np.uint64)[0] % _BANK)
    bank = _bank()
    if start + n <= _BANK:
        return bank[start : start + n].reshape(shape)
    return np.resize(np.roll(bank, -start), n).reshape(shape) if n <= _BANK else _long(bank, start, n, shape)


def _long(bank: Array, start: int, n: int, shape: tuple[int, ...]) -> Array:
    """More deviates than the bank holds: it is gone through again, each time from another place."""
    rounds = -(-n // _BANK)
    parts = [np.roll(bank, -(start + i * 7919 * 101) % _BANK) for i in range(rounds)]
    return np.concatenate(parts)[:n].reshape(shape)


@functools.cache
def _bank() -> Array:
    return np.random.default_rng(20201001).standard_normal(_BANK, np.float32)


@functools.lru_cache(maxsize=2)  # every shot has its own, as large as a picture
def _falloff(height: int, width: int, loss: float) -> Array:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    r2 = ((x - width / 2) / (width / 2)) ** 2 + ((y - height / 2) / (height / 2)) ** 2
    return np.asarray(1 - np.float32(loss) * r2 / 2, np.float32)


def _encode(light: Array) -> Array:
    """Grey levels 0 to 255 (not rounded) of linear light; bright parts are rolled off softly."""
    bright = light > np.float32(0.8)
    if bright.any():
        light = light.copy()
        light[bright] = np.float32(0.8) + np.float32(0.2) * np.tanh(
            (light[bright] - np.float32(0.8)) * np.float32(5)
        )
    return np.asarray(255 * np.power(np.maximum(light, 0), np.float32(1 / GAMMA)), np.float32)
