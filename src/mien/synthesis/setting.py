"""Where and how a person is filmed: camera, lamps, wall, sensor, compression."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.records import Stream
from mien.synthesis.scene import Camera, Light
from mien.synthesis.sensor import Sensor

__all__ = ["Setting", "Wall", "draw_setting"]

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Wall:
    """What is behind the person.

    Attributes:
        kind: ``"plain"``, ``"gradient"``, ``"panel"`` (an edge beside the head) or ``"room"`` (soft shapes).
        colour: linear RGB.
        seed: of its details.
    """

    kind: str = "plain"
    colour: tuple[float, float, float] = (0.22, 0.22, 0.22)
    seed: int = 0

    def paint(self, width: int, height: int) -> Array:
        """The wall as a picture, ``float32`` (height, width, 3), linear light."""
        rng = np.random.default_rng(self.seed)
        wall = np.empty((height, width, 3), np.float32)
        wall[:] = np.array(self.colour, np.float32)
        y, x = np.mgrid[:height, :width].astype(np.float32)
        x, y = x / width, y / height
        if self.kind == "gradient":
            angle = rng.uniform(0, 2 * np.pi)
            ramp = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)
            wall *= (1 + rng.uniform(0.2, 0.7) * ramp).astype(np.float32)[..., None]
        elif self.kind == "panel":
            edge = rng.uniform(0.08, 0.25) if rng.random() < 0.5 else rng.uniform(0.75, 0.92)
            step = 1 / (1 + np.exp(np.clip((x - edge) * width / 1.5, -30, 30)))
            wall *= (1 + rng.uniform(-0.5, 0.5) * step).astype(np.float32)[..., None]
        elif self.kind == "room":
            small = (rng.uniform(0.5, 1.5, (4, 5, 1)) * rng.normal(1, 0.06, (4, 5, 3))).astype(np.float32)
            wall *= cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        grain = cv2.resize(
            rng.standard_normal((max(2, height // 3), max(2, width // 3))).astype(np.float32), (width, height)
        )
        return np.asarray(np.clip(wall * (1 + 0.02 * grain[..., None]), 0.003, 1), np.float32)


@dataclass(frozen=True)
class Setting:
    """Everything about a shot that is not the person.

    Attributes:
        camera: size, place and size of the face in the picture.
        light: lamps.
        wall: background.
        sensor: exposure, noise, colour.
        crf: strength of the film's compression (x264's constant rate factor), 0 for none.
    """

    camera: Camera = field(default_factory=Camera)
    light: Light = field(default_factory=Light)
    wall: Wall = field(default_factory=Wall)
    sensor: Sensor = field(default_factory=Sensor)
    crf: int = 0

    def describe(self) -> dict[str, Any]:
        """Every parameter, fit for JSON."""
        return asdict(self)


def draw_setting(
    rng: np.random.Generator,
    stream: Stream,
    *,
    noise: bool = True,
    compression: bool = True,
    motion_blur: bool = True,
    face: tuple[float, float] = (0.17, 0.27),
) -> Setting:
    """A plausible shot with a given camera: lamps before or beside the person, a wall, some noise.

    Args:
        rng: where chance comes from.
        stream: frame size, rate and colour.
        noise: sensor noise of half to two grey levels, a soft lens, some loss of light in the corners.
        compression: the film is compressed as films are.
        motion_blur: the shutter is open for a part of the frame's time.
        face: shortest and longest distance between the outer eye corners, in picture heights.

    Returns:
        The setting; exposure is left at 1 and set by :class:`mien.synthesis.film.Film`, which sees the skin.
    """
    size = min(stream.height, stream.width)
    camera = Camera(
        width=stream.width,
        height=stream.height,
        eye_px=float(size * rng.uniform(*face)),
        distance=float(rng.uniform(7, 22)),
        x=float(0.5 + rng.normal(0, 0.02)),
        y=float(rng.uniform(0.36, 0.46)),
    )
    return Setting(
        camera=camera,
        light=_lamps(rng, stream),
        wall=Wall(
            kind=str(rng.choice(["plain", "gradient", "panel", "room"], p=[0.45, 0.25, 0.15, 0.15])),
            colour=_wall_colour(rng),
            seed=int(rng.integers(2**31)),
        ),
        sensor=Sensor(
            colour=stream.colour,
            noise=float(rng.uniform(0.5, 2.0)) if noise else 0.0,
            blur=float(rng.uniform(0.2, 0.7)) if noise else 0.0,
            vignette=float(rng.uniform(0, 0.2)) if noise else 0.0,
            saturation=float(rng.uniform(0.75, 1.0)),
            shutter=float(rng.uniform(0.3, 0.95)) if motion_blur else 0.0,
            seed=int(rng.integers(2**31)),
        ),
        crf=int(rng.integers(14, 24)) if compression else 0,
    )


def _wall_colour(rng: np.random.Generator) -> tuple[float, float, float]:
    grey = float(np.exp(rng.uniform(np.log(0.03), np.log(0.6))))
    tint = rng.normal(1, 0.08, 3)
    r, g, b = (float(np.clip(grey * t, 0.01, 0.8)) for t in tint)
    return r, g, b


def _lamps(rng: np.random.Generator, stream: Stream) -> Light:
    """One to three lamps, warm or cool, and the light that the room throws back."""

    def colour(strength: float) -> tuple[float, float, float]:
        warmth = 0.0 if stream.colour == "nir" else rng.normal(0.02, 0.07)
        return (strength * (1 + warmth), strength, strength * (1 - warmth))

    def towards(side: float, height: float) -> tuple[float, float, float]:
        return (
            float(np.sin(side) * np.cos(height)),
            float(-np.sin(height)),
            float(-np.cos(side) * np.cos(height)),
        )

    side = rng.normal(0, 0.55)
    directions = [towards(side, rng.uniform(0.15, 0.9))]
    colours = [colour(rng.uniform(0.5, 0.95))]
    if rng.random() < 0.8:  # a weaker lamp on the other side
        directions.append(towards(-np.sign(side) * rng.uniform(0.4, 1.1), rng.uniform(-0.1, 0.7)))
        colours.append(colour(rng.uniform(0.1, 0.5)))
    if rng.random() < 0.25:
        directions.append(towards(rng.uniform(-2.6, 2.6), rng.uniform(0.2, 1.0)))
        colours.append(colour(rng.uniform(0.1, 0.4)))
    sky, ground = rng.uniform(0.18, 0.45), rng.uniform(0.08, 0.25)
    return Light(tuple(directions), tuple(colours), colour(sky), colour(ground))
