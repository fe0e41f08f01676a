"""Macro-to-Micro (Peng, Wu, Zhang, Chen: IEEE FG, 2018, 657-661): a ResNet10 sees the apex frame alone.

A network of ten weighted layers learns from photographs of full expressions first and from apex frames of
micro-expressions after that. It is the pre-activation ResNet10 of Simon, Rodner and Denzler
(arXiv:1612.01452, "ResNet10_cvgj") with one grey channel; C × H × W:

=======  =========================================================  ==============  ============
layer    of what                                                    output          convolutions
=======  =========================================================  ==============  ============
data_bn  batch norm of the pixels, with scale and shift             1 × 224 × 224
conv1    7 × 7, stride 2, padding 3, bias; batch norm, ReLU         64 × 112 × 112  3,136 + 64
pool     max 3 × 3, stride 2, windows that stick out count (ceil)   64 × 56 × 56
block1   3 × 3, batch norm, ReLU, 3 × 3; the way round is as it is  64 × 56 × 56    73,728
block2   batch norm, ReLU; then 3 × 3 of stride 2, batch norm,      128 × 28 × 28   229,376
         ReLU, 3 × 3; the way round is 1 × 1 of stride 2, from
         behind the first ReLU
block3   as block2                                                  256 × 14 × 14   917,504
block4   as block2                                                  512 × 7 × 7     3,670,016
last_bn  batch norm, ReLU; mean over places                         512
fc       one number a class                                         classes
=======  =========================================================  ==============  ============

The convolutions hold 4,893,824 numbers, conv1's 64 biases among them (no other has any); batch norm 3,970; fc
2,565 for 5 classes: 4,900,359 (the papers: 4.9 million).

The full text was not at hand. That this is the paper's network follows from the same authors' released
micro-attention, which has these layers, names and sizes, and whose paper gives this one's parameters; first
weights are that release's: He's by fan-in, conv1 by fan-out; fc uniform within √(3 / fan-in), its biases 0.2.

Ours: batch norm forgets at PyTorch's rate of 0.1 a batch (Caffe: 0.001), since a fold has few batches. How
weights for colour came to the grey network is not published: :func:`adapt_colours`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from mien.errors import InputError
from mien.models.base import Network

__all__ = ["Block", "ResNet10", "Trunk", "adapt_colours", "classifier"]


class Block(nn.Module):
    """Two 3 × 3 convolutions and a way round them, batch norm and ReLU before each but the very first.

    Args:
        before, after: channels. Where they differ, the block begins with batch norm and ReLU, halves the map,
            and the way round is a 1 × 1 convolution; where not, it is the very first.
        unit: what joins the three tensors of a block (the way round, the middle, the end; see
            :mod:`mien.models.micro_attention`) to the block's output and a map; ``None``: their sum, no map.
    """

    def __init__(self, before: int, after: int, unit: nn.Module | None = None) -> None:
        super().__init__()
        first = before == after
        self.bn1 = None if first else nn.BatchNorm2d(before)
        self.conv1 = nn.Conv2d(before, after, 3, 1 if first else 2, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.round = None if first else nn.Conv2d(before, after, 1, 2, bias=False)
        self.unit = unit

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """(B, before, h, w) to (B, after, h', w') and the unit's map (B, 1, h', w')."""
        x = x if self.bn1 is None else torch.relu(self.bn1(x))
        way_round = x if self.round is None else self.round(x)
        middle = torch.relu(self.bn2(self.conv1(x)))
        end = self.conv2(middle)
        if self.unit is None:
            return way_round + end, None
        return cast("tuple[Tensor, Tensor]", self.unit(way_round, middle, end))


class Trunk(nn.Module):
    """The network up to the mean over places; shared by all systems that have a ResNet10.

    Args:
        in_channels: of the picture.
        width: filters of the first block; the others have 2, 4 and 8 times as many.
        unit: makes the unit of a block of so many filters; ``None``: none.
    """

    def __init__(
        self, in_channels: int = 1, width: int = 64, unit: Callable[[int], nn.Module] | None = None
    ) -> None:
        super().__init__()
        self.data_bn = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, width, 7, 2, 3)
        self.bn1 = nn.BatchNorm2d(width)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.block1 = Block(width, width, unit and unit(width))
        self.block2 = Block(width, 2 * width, unit and unit(2 * width))
        self.block3 = Block(2 * width, 4 * width, unit and unit(4 * width))
        self.block4 = Block(4 * width, 8 * width, unit and unit(8 * width))
        self.last_bn = nn.BatchNorm2d(8 * width)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity="relu")
        nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(cast("Tensor", self.conv1.bias))

    def forward(self, picture: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """(B, C, H, W) to (B, 8 · width) and the units' maps, if any, first block first.

        A map is (B, 1, h, w), h and w about a fourth, an eighth, ... of H and W.
        """
        x = self.pool(torch.relu(self.bn1(self.conv1(self.data_bn(picture)))))
        maps = []
        for block in (self.block1, self.block2, self.block3, self.block4):
            x, one = block(x)
            maps.append(one)
        return torch.relu(self.last_bn(x)).mean((2, 3)), tuple(one for one in maps if one is not None)


class ResNet10(Network):
    """The apex frame through a ResNet10.

    Args:
        classes: K.
        in_channels: 1 for grey, 3 for colour.
        size: (H, W) of the picture, each at least 64.
        width: filters of the first block; the last has 8 times as many.
        unit: as for :class:`Trunk`.

    Raises:
        InputError: the picture is too small for four halvings.
    """

    key = "macro2micro"
    ports = ("apex",)

    def __init__(
        self,
        classes: int,
        *,
        in_channels: int = 1,
        size: tuple[int, int] = (224, 224),
        width: int = 64,
        unit: Callable[[int], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        if min(size) < 64:
            raise InputError(
                f"A ResNet10 needs pictures of at least 64 by 64 pixels, not {size[0]} by {size[1]}."
            )
        self._shape = (in_channels, *size)
        self.trunk = Trunk(in_channels, width, unit)
        self.fc = classifier(8 * width, classes)

    @classmethod
    def paper(cls, classes: int, in_channels: int = 1) -> ResNet10:
        """224 × 224, 64 to 512 filters."""
        return cls(classes, in_channels=in_channels)

    @classmethod
    def small(cls, classes: int, in_channels: int = 1) -> ResNet10:
        """96 × 96, 16 to 128 filters."""
        return cls(classes, in_channels=in_channels, size=(96, 96), width=16)

    @property
    def shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """One port: (C, H, W)."""
        return (self._shape,)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits (B, K) of pictures (B, C, H, W) on any scale: the network brings it to its own."""
        return cast("Tensor", self.fc(self.features(*inputs)))

    def features(self, *inputs: Tensor) -> Tensor:
        """Mean over places: (B, 8 · width)."""
        return cast("tuple[Tensor, tuple[Tensor, ...]]", self.trunk(inputs[0]))[0]


def classifier(features: int, classes: int) -> nn.Linear:
    """The last layer as the releases begin with it: uniform within √(3 / features), biases 0.2."""
    layer = nn.Linear(features, classes)
    bound = math.sqrt(3 / features)
    nn.init.uniform_(layer.weight, -bound, bound)
    nn.init.constant_(layer.bias, 0.2)
    return layer


def adapt_colours(weight: Tensor, in_channels: int) -> Tensor:
    """First-layer weights for another number of colours, such that grey pictures give what they gave.

    A grey picture shown to a colour network has the same value in every channel; hence to grey, the weights
    are summed over the colours, and from grey, each colour gets its equal share. This takes it that all
    channels are on one scale, as they are behind a batch norm of the pixels.

    Args:
        weight: (filters, colours, h, w).
        in_channels: colours wanted; this or those of ``weight`` must be 1, or both the same.

    Returns:
        (filters, in_channels, h, w).

    Raises:
        InputError: from several colours to several others.
    """
    colours = weight.shape[1]
    if colours == in_channels:
        return weight
    if in_channels == 1:
        return weight.sum(1, keepdim=True)
    if colours == 1:
        return weight.expand(-1, in_channels, *weight.shape[2:]) / in_channels
    raise InputError(f"Weights for {colours} channels cannot be adapted to {in_channels}: only to or from 1.")
