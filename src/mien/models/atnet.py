"""ATNet, the apex-time network (Peng, Wang, Bi, Shi, Zhou, Chen: ACII, 2019; arXiv:1904.03699).

How a face looks at the apex differs from data set to data set; how it moves around it less so. One stream
sees the apex frame, the other the flow of the 32 frames on either side: 64 steps, each the mean direction and
magnitude in 8 × 8 blocks of the face (128 numbers, direction and magnitude by turns).

==========  ===============================================================  ========  ====================
layer       of what                                                          output    parameters
==========  ===============================================================  ========  ====================
spatial     ResNet10 of :mod:`mien.models.resnet10`, no fc; of length 1      512       4,897,794
LSTM        512 units                                                        64 × 512  1,312,768
LSTM        512 units                                                        64 × 512  2,099,200
temporal    mean over all steps; of length 1                                 512
fc          both side by side; dropout 0.5                                   classes   3,075 for 3 classes
==========  ===============================================================  ========  ====================

8,312,837 parameters. An LSTM's unit has one bias a gate, as in Caffe, in which it was made: PyTorch's second
vector is kept at 0 and does not train. First weights as released: LSTM normal, deviation 0.1, biases 0; fc as
in ResNet10.

Steps outside the clip are rows of zeros **in front**: whoever prepares the input moves them there. An LSTM
at its first weights stays at 0 until a row has something to say; nothing but zeros is legal as well.

The mean over the steps is known from the release, which is followed throughout.

Ours
    * ``stream="spatial"`` or ``"temporal"`` alone keeps length 1, dropout and fc, on 512 numbers. The paper
      compares them without saying how they end.
    * A feature shorter than 0.01 is divided by 0.01, not by its length: exact zeros have no direction, and
      smaller floors let the gradient of a still clip explode.
"""

from __future__ import annotations

from typing import ClassVar, Literal, cast, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import InputError
from mien.models.base import Network
from mien.models.resnet10 import Trunk, classifier

__all__ = ["ATNet", "Stream"]

Stream = Literal["fusion", "spatial", "temporal"]
_PORTS = {"fusion": ("apex", "motion"), "spatial": ("apex",), "temporal": ("motion",)}
_SHORTEST = 0.01


class ATNet(Network):
    """The apex frame beside the motion around it.

    ``ports`` are the instance's own: a single stream has only its port.

    Args:
        classes: K.
        stream: ``"fusion"`` of both, or one alone.
        size: (H, W) of the apex frame, grey, each at least 64.
        width: filters of the ResNet10's first block; its feature has 8 times as many.
        steps: rows of the motion matrix.
        blocks: of the face, along each side; a row has 2 · blocks².
        hidden: units of the LSTM, and of its feature.
        dropout: before the last layer.

    Raises:
        InputError: a stream that does not exist, or a picture too small for four halvings.
    """

    key = "atnet"
    ports: ClassVar[tuple[str, ...]] = ("apex", "motion")

    def __init__(
        self,
        classes: int,
        *,
        stream: Stream = "fusion",
        size: tuple[int, int] = (224, 224),
        width: int = 64,
        steps: int = 64,
        blocks: int = 8,
        hidden: int = 512,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if stream not in get_args(Stream):
            raise InputError(f"ATNet's stream is one of {', '.join(get_args(Stream))}, not {stream!r}.")
        if min(size) < 64:
            raise InputError(f"ATNet needs pictures of at least 64 by 64 pixels, not {size[0]} by {size[1]}.")
        self.ports = _PORTS[stream]  # type: ignore[misc]  # a variant has ports of its own
        self._shapes = {"apex": (1, *size), "motion": (steps, 2 * blocks * blocks)}
        self.trunk = Trunk(1, width) if "apex" in self.ports else None
        self.lstm = _lstm(2 * blocks * blocks, hidden) if "motion" in self.ports else None
        self.dropout = nn.Dropout(dropout)
        self.fc = classifier(("apex" in self.ports) * 8 * width + ("motion" in self.ports) * hidden, classes)

    @classmethod
    def paper(cls, classes: int, stream: Stream = "fusion") -> ATNet:
        """224 × 224 and 64 × 128; 512 numbers a stream."""
        return cls(classes, stream=stream)

    @classmethod
    def small(cls, classes: int, stream: Stream = "fusion") -> ATNet:
        """96 × 96, 16 to 128 filters; 16 steps (17 frames) of the 8 × 8 blocks, LSTM of 64."""
        return cls(classes, stream=stream, size=(96, 96), width=16, steps=16, hidden=64)

    @property
    def shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """Apex (1, H, W); motion (T, 2 · blocks²): direction in radians and magnitude, by turns."""
        return tuple(self._shapes[port] for port in self.ports)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits (B, K) of apex frames (B, 1, H, W) and motion (B, T, D), or of the stream's one of them."""
        return cast("Tensor", self.fc(self.dropout(self.features(*inputs))))

    def features(self, *inputs: Tensor) -> Tensor:
        """(B, 8 · width + hidden): each stream's part has length 1 (0 where nothing moved)."""
        parts = []
        if self.trunk is not None:
            parts.append(self.trunk(inputs[0])[0])
        if self.lstm is not None:
            parts.append(self.lstm(inputs[-1])[0].mean(1))
        return torch.cat([functional.normalize(part, dim=1, eps=_SHORTEST) for part in parts], 1)

    def evidence(self, *inputs: Tensor) -> dict[str, Tensor]:
        """``time``: how much each step says for the motion's feature, (B, T), 0 to 1, sum 1.

        The feature is the mean of the LSTM's states, hence a step's part in it is its state's length along
        the mean. Steps that pull the other way count as 0; where nothing moved, all are 0. Without the
        temporal stream there is no such thing.
        """
        if self.lstm is None:
            return {}
        states = self.lstm(inputs[-1])[0]
        along = (states * states.mean(1, keepdim=True)).sum(2).clamp(min=0)
        return {"time": along / along.sum(1, keepdim=True).clamp(min=torch.finfo(along.dtype).tiny)}


def _lstm(numbers: int, hidden: int) -> nn.LSTM:
    """Two layers with one trainable bias vector each."""
    lstm = nn.LSTM(numbers, hidden, 2, batch_first=True)
    for name, value in lstm.named_parameters():
        if name.startswith("weight"):
            nn.init.normal_(value, std=0.1)
        else:
            nn.init.zeros_(value)
            value.requires_grad_(not name.startswith("bias_hh"))
    return lstm
