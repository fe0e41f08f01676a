"""MotionMap: mien's own network over one field of flow and its strain, for maps that anybody made.

It begins where STSTNet does, with the flow from onset to apex, rightwards and down, and its strain. What it
adds is meant for maps of unknown origin. Whoever makes a map chooses an algorithm, a cut of the face, a scale
and a number format; so first each channel loses its median (what the whole face does), its large values are
drawn in by a square root that keeps the sign, and it is brought to unit spread. Then one layer reads the map
itself, as logistic regression would, beside what two shallow convolutions make of it, which see motion that
is not quite at its usual place. H × W:

=========  ============================================  ==================
layer      filters                                       output
=========  ============================================  ==================
input      3                                             28 × 28
levelled   median off, signed root, unit spread          3 × 28 × 28
map        dropout                                       2352 numbers
conv1      16 of 5 × 5, padded; batch norm; ReLU         16 × 28 × 28
pool1      mean 2 × 2                                    16 × 14 × 14
conv2      32 of 3 × 3, padded; batch norm; ReLU         32 × 14 × 14
pool2      mean 2 × 2; dropout                           1568 numbers
fc         classes                                       of both, 3920 numbers
=========  ============================================  ==================

With 3 classes: 17,667 parameters.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from mien.models.base import Network

__all__ = ["MotionMap"]

_MOST = 50.0
"""Spreads beyond which a value says no more."""
_LEAST = 1e-3
"""A channel with a smaller spread than this is taken as flat."""


class MotionMap(Network):
    """A map read at once and by two convolutions.

    Args:
        classes: K.
        size: (H, W) of the map, each at least 4.
        filters: of the first convolution; the second has twice as many.
        dropout: of the convolutions' numbers; the map's own are dropped half as often.
    """

    key = "motionmap"
    ports = ("flow",)

    def __init__(
        self, classes: int, *, size: tuple[int, int] = (28, 28), filters: int = 16, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self._size = size
        self.map = nn.Dropout(dropout / 2)
        self.body = nn.Sequential(
            nn.Conv2d(3, filters, 5, padding=2, bias=False),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(filters, 2 * filters, 3, padding=1, bias=False),
            nn.BatchNorm2d(2 * filters),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Dropout(dropout),
            nn.Flatten(),
        )
        height, width = size
        self.fc = nn.Linear(3 * height * width + 2 * filters * (height // 4) * (width // 4), classes)

    @classmethod
    def paper(cls, classes: int) -> MotionMap:
        """The usual one: there is no paper."""
        return cls(classes)

    @classmethod
    def small(cls, classes: int) -> MotionMap:
        """The same."""
        return cls(classes)

    @property
    def shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """One port: (3, H, W), flow to the right and down, strain."""
        return ((3, *self._size),)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits (B, K) of flow and strain, float (B, 3, H, W)."""
        return cast("Tensor", self.fc(self.features(*inputs)))

    def features(self, *inputs: Tensor) -> Tensor:
        """The levelled map and what the convolutions make of it: float (B, 3·H·W + D)."""
        level = _levelled(inputs[0])
        return torch.cat([self.map(level).flatten(1), self.body(level)], 1)


def _levelled(maps: Tensor) -> Tensor:
    """Each channel of (B, C, H, W) less its median, its signed root taken, at unit spread; flat: 0."""
    flat = maps.flatten(2)
    half = (flat.shape[2] + 1) // 2
    median = flat.topk(half, dim=2).values[..., -1:]
    drawn = flat - median
    drawn = drawn / drawn.square().mean(2, keepdim=True).sqrt().clamp(min=_LEAST)
    drawn = drawn.sign() * (drawn.abs().clamp(max=_MOST) + _LEAST).sqrt()
    spread = drawn.square().mean(2, keepdim=True).sqrt().clamp(min=0.1)
    return (drawn / spread).view_as(maps)
