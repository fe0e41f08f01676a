"""Wrinkles: lines that age leaves at rest and that expressions fold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.synthesis.appearance import Appearance
from mien.synthesis.atlas import Sheet, array

__all__ = ["draw_creases"]


def draw_creases(who: Appearance, scale: float, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    """The four families of wrinkles, as sheets."""
    sheets = [Sheet(scale) for _ in range(4)]
    number = 3 + round(2 * who.wrinkles)
    for i in range(number):
        y = -0.66 + 0.34 * (i + 0.5) / number + rng.normal(0, 0.008)
        for start, end in ((-0.46, 0.02), (-0.02, 0.46)):
            across = np.linspace(start, end, 12) + rng.normal(0, 0.02)
            wave = 0.018 * np.sin(across * rng.uniform(5, 9) + rng.uniform(0, 6)) + 0.06 * across**2
            line = np.stack([across, y - wave], 1)
            sheets[0].line(array(line), rng.uniform(0.010, 0.018), rng.uniform(0.6, 1.0))
    for side in (-1, 1):
        flip = array([side, 1])
        for beside, strength in ((0.075, 1.0), (0.13, 0.5)):  # frown
            x = beside + float(rng.normal(0, 0.008))
            top = -0.34 + float(rng.normal(0, 0.02))
            sheets[1].line(array([[x + 0.012, top], [x, -0.24], [x - 0.012, -0.13]]) * flip, 0.014, strength)
        for y in (-0.03, 0.02):  # nose bridge
            sheets[1].line(array([[0.0, y], [0.06, y + 0.012], [0.11, y - 0.005]]) * flip, 0.010, 0.7)
        for y in (0.10, 0.145, 0.19):  # sides of the nose
            sheets[1].line(array([[0.07, y], [0.12, y + 0.03], [0.165, y + 0.02]]) * flip, 0.010, 0.7)
        for slope in np.linspace(-0.55, 0.75, 5) + rng.normal(0, 0.05, 5):  # crow's feet
            start, length = 0.555 + rng.uniform(0, 0.02), rng.uniform(0.10, 0.17)
            t = np.linspace(0, 1, 6)
            foot = [start + length * t, 0.01 + 0.06 * slope + length * slope * t + 0.02 * t * t]
            sheets[2].line(array(np.stack(foot, 1) * flip), 0.009, rng.uniform(0.6, 1.0))
        for drop in (0.075, 0.115):  # below the eye
            under = np.linspace(0.26, 0.50, 8)
            bag = [under, drop + 0.03 * np.sin((under - 0.24) / 0.28 * np.pi)]
            sheets[2].line(array(np.stack(bag, 1) * flip), 0.009, 0.55)
        fold = array([[0.205, 0.455], [0.245, 0.52], [0.295, 0.60], [0.345, 0.68], [0.375, 0.745]])
        sheets[3].line((fold + array(rng.normal(0, 0.006, 2))) * flip, 0.020, 1.0)
        sheets[3].line(array([[0.335, 0.80], [0.35, 0.87], [0.345, 0.94]]) * flip, 0.013, 0.6)
        sheets[3].line(array([[0.0, 0.925], [0.09, 0.935], [0.17, 0.965]]) * flip, 0.016, 0.7)
    for sheet, width in zip(sheets, (0.009, 0.008, 0.006, 0.012), strict=True):
        sheet.soften(width)
    return [sheet.picture for sheet in sheets]
