"""Off-ApexNet (Gan, Liong, Yau, Huang, Tan: Signal Processing: Image Communication 74:129-139, 2019).

The flow from the onset to the apex frame says it all: a small convolutional stream (LeNet's size) for each of
its two directions, then two broad layers over both. H × W:

=======  =================  ========  =======  ===================
layer    filters            stride    padding  output, each stream
=======  =================  ========  =======  ===================
input    1                                     28 × 28
conv1    6 of 5 × 5         1         2        6 × 28 × 28
pool1    max 2 × 2          2         0        6 × 14 × 14
conv2    16 of 5 × 5        1         2        16 × 14 × 14
pool2    max 2 × 2          2         0        16 × 7 × 7
fc1      1024               both streams, 1568 numbers
fc2      1024
fc3      classes
=======  =================  ========  =======  ===================

With 3 classes: 2,664,475 parameters. A published re-implementation of this table counts 2.66 million as well
(the comparison in the Off-TANet repository); the STSTNet paper prints 2.77 million, we cannot tell why.

The full text was not at hand. Filters, widths and the dropout of one half after the broad layers are as
that re-implementation has them, and as we remember the paper; the ReLU after every convolution is from
memory alone (the re-implementation has none). Another one has a single stream over both directions, 3 × 3
filters and one broad layer; neither is the authors'. The weights at the start are not known: PyTorch's own.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from mien.models.base import Network

__all__ = ["OffApexNet"]


class OffApexNet(Network):
    """Two streams, one a direction of the flow, and broad layers over both.

    Args:
        classes: K.
        size: (H, W) of the flow, each at least 4.
        filters: of the two convolutions of a stream.
        width: of the two broad layers.
        dropout: after each of these.
    """

    key = "offapexnet"
    ports = ("flow",)

    def __init__(
        self,
        classes: int,
        *,
        size: tuple[int, int] = (28, 28),
        filters: tuple[int, int] = (6, 16),
        width: int = 1024,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self._size = size
        self.horizontal = _stream(*filters)
        self.vertical = _stream(*filters)
        self.broad = nn.Sequential(
            nn.Linear(2 * filters[1] * (size[0] // 2 // 2) * (size[1] // 2 // 2), width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, width),
            nn.ReLU(),
        )
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(width, classes)

    @classmethod
    def paper(cls, classes: int) -> OffApexNet:
        """As published."""
        return cls(classes)

    @classmethod
    def small(cls, classes: int) -> OffApexNet:
        """The published streams with broad layers of 128: these are all but all of its parameters."""
        return cls(classes, width=128)

    @property
    def shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """One port: (2, H, W), flow to the right and down."""
        return ((2, *self._size),)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits (B, K) of flow, float (B, 2, H, W)."""
        return cast("Tensor", self.fc(self.dropout(self.features(*inputs))))

    def features(self, *inputs: Tensor) -> Tensor:
        """The second broad layer: float (B, width)."""
        flow = inputs[0]
        both = torch.cat((self.horizontal(flow[:, :1]), self.vertical(flow[:, 1:])), 1)
        return cast("Tensor", self.broad(both))


def _stream(one: int, two: int) -> nn.Sequential:
    """(B, 1, H, W) -> (B, two · H/4 · W/4)."""
    return nn.Sequential(
        nn.Conv2d(1, one, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(one, two, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
    )
