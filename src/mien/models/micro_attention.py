"""Micro-attention (Wang, Peng, Bi, Chen: Neurocomputing 410:354-362, 2020; arXiv:1811.02360).

Micro-expressions move little of the face. Each block of the ResNet10 of :mod:`mien.models.resnet10` makes a
map of where to look out of three of its own tensors, which see regions of different sizes. In a block of C
filters, with a the way round, b the first convolution behind batch norm and ReLU, and c the second:

=========  =============================================================================  ============
step       of what                                                                        parameters
=========  =============================================================================  ============
join       a, b and c side by side: 3C channels
squeeze    1 × 1 convolution without bias, 3C to C; He's first weights                    3C²
mean       of the C channels; the release writes it as a convolution with fixed 1/C       none that train
map M      its sigmoid, one number a place
output     T·M + T, T = a + c: nothing is lost where M is 0
=========  =============================================================================  ============

Four blocks of 64 to 512 filters: 3 · (64² + 128² + 256² + 512²) = 1,044,480 parameters more than without, in
all 5,944,839 for 5 classes (the paper: 5.9 million). The last batch norm comes after the last unit.

Paper and release differ; the **release** is followed, since its parameters are those of the paper's table.
The paper speaks of ten residual blocks: there are four, with ten weighted layers. Equation 1 has no sigmoid:
``sigmoid=False`` leaves it out, and M may then be any number.
"""

from __future__ import annotations

from functools import partial
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.models.resnet10 import ResNet10

__all__ = ["AttentionUnit", "MicroAttention"]


class AttentionUnit(nn.Module):
    """Weighs the places of a block's output.

    Args:
        filters: C.
        sigmoid: M between 0 and 1, as released; ``False``: M as it is, as in the paper's equation.
    """

    def __init__(self, filters: int, sigmoid: bool = True) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(3 * filters, filters, 1, bias=False)
        self.sigmoid = sigmoid

    def forward(self, a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Three tensors (B, C, h, w) to the output (B, C, h, w) and the map M (B, 1, h, w)."""
        where = self.squeeze(torch.cat((a, b, c), 1)).mean(1, keepdim=True)
        where = torch.sigmoid(where) if self.sigmoid else where
        both = a + c
        return both * where + both, where


class MicroAttention(ResNet10):
    """The apex frame through a ResNet10 whose blocks weigh their places.

    Args:
        classes: K.
        in_channels: 1 for grey, 3 for colour.
        size: (H, W) of the picture, each at least 64.
        width: filters of the first block; the last has 8 times as many.
        sigmoid: as released; ``False``: as in the paper's equation.

    Raises:
        InputError: the picture is too small for four halvings.
    """

    key = "micro_attention"

    def __init__(
        self,
        classes: int,
        *,
        in_channels: int = 1,
        size: tuple[int, int] = (224, 224),
        width: int = 64,
        sigmoid: bool = True,
    ) -> None:
        unit = partial(AttentionUnit, sigmoid=sigmoid)
        super().__init__(classes, in_channels=in_channels, size=size, width=width, unit=unit)
        self._sigmoid = sigmoid

    @classmethod
    def paper(cls, classes: int, in_channels: int = 1, sigmoid: bool = True) -> MicroAttention:
        """224 × 224, 64 to 512 filters."""
        return cls(classes, in_channels=in_channels, sigmoid=sigmoid)

    @classmethod
    def small(cls, classes: int, in_channels: int = 1, sigmoid: bool = True) -> MicroAttention:
        """96 × 96, 16 to 128 filters."""
        return cls(classes, in_channels=in_channels, size=(96, 96), width=16, sigmoid=sigmoid)

    def evidence(self, *inputs: Tensor) -> dict[str, Tensor]:
        """``block1`` to ``block4``: each block's M; ``attention``: their mean. All (B, H, W), 0 to 1.

        The maps are brought to the picture's size bilinearly. Of M without sigmoid, the sigmoid is shown,
        which is high where M is.
        """
        picture = inputs[0]
        _, maps = cast("tuple[Tensor, tuple[Tensor, ...]]", self.trunk(picture))
        shown = [one if self._sigmoid else torch.sigmoid(one) for one in maps]
        large = [
            functional.interpolate(one, picture.shape[2:], mode="bilinear", align_corners=False)[:, 0]
            for one in shown
        ]
        named = {f"block{i}": one for i, one in enumerate(large, 1)}
        return named | {"attention": torch.stack(large).mean(0)}
