"""STSTNet (Liong, Gan, See, Khor, Huang: IEEE FG 2019): three streams, one layer deep.

The flow from the onset to the apex frame, rightwards and down, and its optical strain make a picture of three
channels (hence "three-dimensional": every filter reaches through all three). Three streams see that same
picture and differ in their number of filters alone; so little can be learned by heart. H × W:

===========  ======================================  ======  =======  ============
layer        filters                                 stride  padding  output
===========  ======================================  ======  =======  ============
input        3                                                        28 × 28
conv         3, 5 and 8 of 3 × 3, one number a        1       1        28 × 28
             stream; ReLU; batch normalisation
pool         max 3 × 3; dropout                       3       1        10 × 10
together     16 channels                                              16 × 10 × 10
pool4        mean 2 × 2                               2       0        16 × 5 × 5
fc           classes                                                  400 numbers
===========  ======================================  ======  =======  ============

With 3 classes: 1,683 parameters, 1,651 without the batch normalisations' (the paper's table, from memory,
prints 0.00167 million).

The paper's full text and the authors' network (a MATLAB file) were not at hand: the convolution's padding is
from memory. All else is as in the Python script of the authors' repository, which pads the convolution by 2
(28 → 30; the later sizes stay): ``padding=2``. The weights at the start are not known: PyTorch's own.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from mien.errors import InputError
from mien.models.base import Network

__all__ = ["STSTNet"]


class STSTNet(Network):
    """Three streams of one convolution each over flow and strain.

    Args:
        classes: K.
        size: (H, W) of the picture, each at least 7.
        filters: of the streams, one number a stream.
        padding: of the convolutions: 1 as in the paper, 2 as in the released script.
        dropout: at the end of each stream.

    Raises:
        InputError: a padding that neither has.
    """

    key = "ststnet"
    ports = ("flow",)

    def __init__(
        self,
        classes: int,
        *,
        size: tuple[int, int] = (28, 28),
        filters: tuple[int, ...] = (3, 5, 8),
        padding: int = 1,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if padding not in (1, 2):
            raise InputError(f"STSTNet pads by 1 (the paper) or 2 (the released script), not {padding}.")
        self._size = size
        self.streams = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(3, n, 3, padding=padding),
                nn.ReLU(),
                nn.BatchNorm2d(n),
                nn.MaxPool2d(3, 3, padding=1),
                nn.Dropout(dropout),
            )
            for n in filters
        )
        self.together = nn.Sequential(nn.AvgPool2d(2), nn.Flatten())
        height, width = (((n + 2 * (padding - 1) - 1) // 3 + 1) // 2 for n in size)
        self.fc = nn.Linear(sum(filters) * height * width, classes)

    @classmethod
    def paper(cls, classes: int, padding: int = 1) -> STSTNet:
        """As published."""
        return cls(classes, padding=padding)

    @classmethod
    def small(cls, classes: int) -> STSTNet:
        """As published: smaller it cannot be."""
        return cls(classes)

    @property
    def shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """One port: (3, H, W), flow to the right and down, strain."""
        return ((3, *self._size),)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits (B, K) of flow and strain, float (B, 3, H, W)."""
        return cast("Tensor", self.fc(self.features(*inputs)))

    def features(self, *inputs: Tensor) -> Tensor:
        """The streams together: float (B, 400)."""
        return cast("Tensor", self.together(torch.cat([stream(inputs[0]) for stream in self.streams], 1)))
