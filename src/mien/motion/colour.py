"""Flow as a picture: direction as hue, magnitude as saturation."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLOOR", "WHEEL", "flow_colours"]

FLOOR = 0.2
"""Pixels that have full colour at least, where a field is shown by its own largest magnitude. On a still face
of 112 by 96 pixels with noise of one grey level, DIS sees 0.02 pixels of motion in the mean and 0.09 at most;
what an expression moves between two of 65 frames is of 0.05 to 0.2."""

_HUES = ((255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (0, 0, 255), (255, 0, 255), (255, 0, 0))
_STEPS = (15, 6, 4, 11, 13, 6)
"""Hues from each of these to the next: about as many as an eye tells apart (after Munsell)."""


def _wheel() -> NDArray[np.float32]:
    parts = [
        np.array(one) + np.arange(n)[:, None] / n * (np.array(two) - np.array(one))
        for (one, two), n in zip(pairwise(_HUES), _STEPS, strict=True)
    ]
    return np.concatenate(parts).astype(np.float32)


WHEEL = _wheel()
"""``float32`` (55, 3) RGB, 0..255: the hues of directions, clockwise on the picture from the right."""


def flow_colours(field: NDArray[np.floating], full: float | None = None) -> NDArray[np.uint8]:
    """A flow field as a colour picture (Baker et al., IJCV 2011, with hues spaced after Munsell).

    Nothing moves: white. To the right is red, down yellow, left between cyan and blue, up violet; the further
    a pixel moves, the more of the hue, in proportion. What moves further than ``full`` has full colour (the
    original darkens it by a quarter, a jump that a network would take for an edge), and the hue comes round
    to red without the original's small step.

    Args:
        field: (H, W, 2) displacement in pixels, x to the right, y down, finite.
        full: pixels that get full colour. ``None``: the field's own largest magnitude, as the widespread
            implementations do it, but at least :data:`FLOOR`, so that the noise of a still face stays pale.

    Returns:
        ``uint8`` (H, W, 3), RGB.

    Raises:
        ValueError: no such field, or ``full`` is not positive.
    """
    if field.ndim != 3 or field.shape[2] != 2:
        raise ValueError(f"a flow field (H, W, 2) is needed, not {field.shape}")
    if full is not None and not 0 < full < math.inf:
        raise ValueError(f"full colour must stand for a positive number of pixels, not {full}")
    if not np.isfinite(field).all():
        raise ValueError("the flow field holds values that are no numbers")
    x, y = (field[..., i].astype(np.float32) for i in (0, 1))
    length = np.hypot(x, y)
    if full is None:
        full = max(FLOOR, float(length.max(initial=0)))
    strength = np.minimum(length / np.float32(full), np.float32(1))[..., None]
    place = np.arctan2(y, x) * np.float32(len(WHEEL) / (2 * math.pi))
    below = np.floor(place)
    index = below.astype(np.int64) % len(WHEEL)
    share = (place - below)[..., None]
    hue = WHEEL[index] * (1 - share) + WHEEL[(index + 1) % len(WHEEL)] * share
    white = np.float32(255)
    return np.asarray(np.rint(white - strength * (white - hue)), np.uint8)
