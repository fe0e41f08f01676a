"""DTSCNN (Peng, Wang, Chen, Liu, Fu: Frontiers in Psychology 8:1745, 2017): the whole clip at two scales.

A clip of any frame rate is stretched to 65 and to 129 frames and shown as 64 and 128 flow fields, each a
colour image. Two 3-D convolutional streams of one structure look at them; only the first layer differs: it
takes long steps where there are more fields, so that both *meet* at 16 steps. Sizes as T × H × W, filter
sizes likewise; r is ``frames / 16`` (4 and 8), every convolution is followed by a ReLU:

=======  ==================  ===============  ==================  =============
layer    filters             stride           padding             output
=======  ==================  ===============  ==================  =============
input    3                                                        16r × 112 × 96
conv1    16 of 2r × 3 × 3    r, 2, 2          r/2, 1, 1           16 × 56 × 48
pool1    max 1 × 2 × 2       1, 2, 2          0                   16 × 28 × 24
conv2    32 of 3 × 3 × 3     1                1                   16 × 28 × 24
pool2    max 2 × 2 × 2       2                0                   8 × 14 × 12
conv3    64 of 3 × 3 × 3     1                1                   8 × 14 × 12
pool3    max 2 × 2 × 2       2                0                   4 × 7 × 6
conv4    128 of 4 × 3 × 3    1                0, 1, 1             1 × 7 × 6
pool4    max 1 × 2 × 2       1, 2, 2          0                   1 × 3 × 3
fc       classes, after dropout
=======  ==================  ===============  ==================  =============

A :class:`DTSCNN` is **one stream**. The system trains two, apart from each other; then pool4 of each goes to
a linear SVM of its own, and :func:`surer` lets one of the two decide. That is for whoever trains them.

Not in the paper, hence decided here: whether pool4 keeps the last of its 7 rows (``pool4="ceil"``, as Caffe
does: 4 × 3) or drops it (``"floor"``, the default); the weights at the start (He's, for ReLU); biases (there
are, at 0). The paper mentions no batch normalisation, and there is none. How the SVMs' probabilities are
made is not published either.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final, Literal, cast

import torch
from torch import Tensor, nn

from mien.errors import InputError
from mien.models.base import Network

__all__ = ["DTSCNN", "surer"]

_MEET: Final = 16


class DTSCNN(Network):
    """One stream: a clip of ``frames`` flow fields at one temporal scale.

    Args:
        frames: flow fields, a multiple of 32.
        size: (H, W) of a field, each at least 31 (15 if ``pool4`` is ``"ceil"``).
        in_channels: of a field: 3 where flow is coloured, 2 where it is given as it is.
        classes: K.
        filters: of the four convolutions.
        dropout: before the last layer.
        pool4: whether a last row or column without partner is dropped (``"floor"``) or kept (``"ceil"``).

    Raises:
        InputError: ``frames``, ``size`` or ``pool4`` cannot be.
    """

    key = "dtscnn"
    scales: ClassVar[Mapping[str, tuple[int, int]]] = MappingProxyType(
        {"paper": (64, 128), "small": (32, 64)}
    )
    """Preset -> fields of its two streams, the short one first."""

    def __init__(
        self,
        classes: int,
        *,
        frames: int = 64,
        size: tuple[int, int] = (112, 96),
        in_channels: int = 3,
        filters: tuple[int, int, int, int] = (16, 32, 64, 128),
        dropout: float = 0.5,
        pool4: Literal["floor", "ceil"] = "floor",
    ) -> None:
        super().__init__()
        if frames < 1 or frames % (2 * _MEET):
            raise InputError(f"DTSCNN takes a multiple of {2 * _MEET} flow fields, not {frames}.")
        if pool4 not in ("floor", "ceil"):
            raise InputError(f"DTSCNN's pool4 is floor or ceil, not {pool4}.")
        height, width = (_left(n, pool4) for n in size)
        if not height or not width:
            least = 31 if pool4 == "floor" else 15
            raise InputError(
                f"DTSCNN (pool4 {pool4}) needs fields of at least {least} by {least} pixels, not "
                f"{size[0]} by {size[1]}."
            )
        self._shape = (in_channels, frames, *size)
        step = frames // _MEET
        one, two, three, four = filters
        self.stream = nn.Sequential(
            nn.Conv3d(in_channels, one, (2 * step, 3, 3), (step, 2, 2), (step // 2, 1, 1)),
            nn.ReLU(),
            nn.MaxPool3d((1, 2, 2)),
            nn.Conv3d(one, two, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool3d(2),
            nn.Conv3d(two, three, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool3d(2),
            nn.Conv3d(three, four, (_MEET // 4, 3, 3), padding=(0, 1, 1)),
            nn.ReLU(),
            nn.MaxPool3d((1, 2, 2), ceil_mode=pool4 == "ceil"),
            nn.Flatten(),
        )
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(four * height * width, classes)
        for layer in self.modules():
            if isinstance(layer, nn.Conv3d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(cast("Tensor", layer.bias))

    @classmethod
    def paper(cls, classes: int, frames: int = 64, pool4: Literal["floor", "ceil"] = "floor") -> DTSCNN:
        """As published: 64 or 128 fields of 112 × 96, pool4 of 1152 numbers."""
        return cls(classes, frames=frames, pool4=pool4)

    @classmethod
    def small(cls, classes: int, frames: int = 32, pool4: Literal["floor", "ceil"] = "ceil") -> DTSCNN:
        """32 or 64 fields of 48 × 48 (half the published scales), half the filters, pool4 of 256 numbers.

        Both streams meet at 16 steps as published (r is 2 and 4), so that nothing else changes. pool4 is
        ``"ceil"``: of the 3 × 3 places that are left it would otherwise drop five.
        """
        return cls(classes, frames=frames, size=(48, 48), filters=(8, 16, 32, 64), pool4=pool4)

    @property
    def shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """One port: (C, T, H, W)."""
        return (self._shape,)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits (B, K) of coloured flow, float (B, C, T, H, W)."""
        return cast("Tensor", self.fc(self.dropout(self.features(*inputs))))

    def features(self, *inputs: Tensor) -> Tensor:
        """pool4 as a row: float (B, D), D = 1152 as published; what the linear SVM is given."""
        return cast("Tensor", self.stream(inputs[0]))


def surer(first: Tensor, second: Tensor) -> Tensor:
    """The probabilities of the stream that is surer of a clip, clip by clip.

    The surer one is that whose highest probability is higher; of equals the first. The label is where the
    row that is returned is highest.

    Args:
        first: probabilities of one stream, float (B, K).
        second: of the other, classes in the same order.

    Returns:
        Float (B, K), each row of one of the two.

    Raises:
        InputError: the shapes are not (B, K) or differ.
    """
    if first.ndim != 2 or first.shape != second.shape or not first.shape[1]:
        raise InputError(
            f"Two streams are fused clip by clip: both must have one shape (clips, classes), not "
            f"{tuple(first.shape)} and {tuple(second.shape)}."
        )
    return torch.where(first.amax(1, keepdim=True) >= second.amax(1, keepdim=True), first, second)


def _left(pixels: int, pool4: str) -> int:
    """What is left of so many pixels after the four convolutions and poolings."""
    pixels = (pixels + 1) // 2 // 2 // 2 // 2
    return (pixels + 1) // 2 if pool4 == "ceil" else pixels // 2
