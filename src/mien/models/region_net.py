"""RegionNet: mien's own network over the positions of facial regions, for spotting in long recordings.

It reads numbers, not pictures: where each region of the face is at each hundredth of a second
(:mod:`mien.spotting.region_input`), and says of each moment how likely it is the apex of a micro- and of a
macro-expression, and how far away their onset and offset are. Numbers of that kind hardly depend on the
camera, skin or light, so that what was learned on synthetic faces has a chance on real ones. A stack of
dilated convolutions over time (Bai et al., 2018) with one output a moment, in the manner of keypoint
detectors (Zhou et al., *Objects as Points*, 2019). T: moments.

=========  ==========================================================  ==========
layer      filters                                                     output
=========  ==========================================================  ==========
input      83 rows of numbers                                          83 × T
stem       56 of 5, every second moment; batch norm; ReLU              56 × T/2
block i    56 of 3, dilated by 1, 2, 4 … 64; batch norm; ReLU;         56 × T/2
           dropout; 56 of 1; added to what came in
head       between moments linearly; 32 of 5; ReLU; 8 of 1             8 × T
=========  ==========================================================  ==========

A moment sees 2.6 seconds on either side. It is no network of the zoo: it takes no clips and names no
emotions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

__all__ = ["KINDS", "RegionNet", "Told"]

KINDS: Final = ("micro", "macro")
_USUAL_S: Final = ((0.12, 0.15), (0.5, 0.8))
"""Of each kind: how far onset and offset are from the apex before anything is learned, seconds."""


class _Block(nn.Module):
    """A dilated convolution beside a way past it."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv1d(width, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


class RegionNet(nn.Module):
    """Apexes and their onsets and offsets, from the positions of regions.

    Args:
        channels: rows of the input.
        width: filters of each layer.
        dilations: of the blocks.
        dropout: within the blocks.
    """

    def __init__(
        self,
        channels: int,
        width: int = 56,
        dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64),
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv1d(channels, width, 5, 2, padding=2, bias=False), nn.BatchNorm1d(width), nn.ReLU()
        )
        self.blocks = nn.Sequential(*(_Block(width, d, dropout) for d in dilations))
        self.head = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="linear"),
            nn.Conv1d(width, 32, 5, padding=2),
            nn.ReLU(),
            nn.Conv1d(32, 8, 1),
        )
        last = self.head[-1]
        assert isinstance(last, nn.Conv1d)
        assert last.bias is not None
        with torch.no_grad():  # nearly every moment is no apex
            last.bias.copy_(torch.tensor([-4.0, -4.0, -3.0, -2.0, *torch.tensor(_USUAL_S).log().ravel()]))

    def forward(self, x: Tensor) -> Tensor:
        """Float (B, 8, T) from (B, C, T), T even.

        Of micro and macro in turn: logit of the apex (2), logit of being within one (2), and logarithms of
        the seconds back to the onset and on to the offset (2 × 2).
        """
        out: Tensor = self.head(self.blocks(self.stem(x)))
        return out


class Told(nn.Module):
    """Networks as they are exported: probabilities and seconds in place of logits and logarithms.

    What several networks say is averaged, as logits and as logarithms; so is what each says of the face and
    of the face in a mirror. Either removes part of what a single look gets wrong by chance.

    Args:
        networks: trained ones, one at least.
        slope: two numbers, by which each kind's logits of the apex are multiplied,
        shift: and what is added to them, so that probabilities mean what they say (Platt, 1999).
        mirror: ``float32`` (C, C): times rows of a face, rows of the mirrored face; ``None``: no mirror.
    """

    mirror: Tensor | None

    def __init__(
        self,
        networks: Sequence[RegionNet],
        slope: Sequence[float] = (1.0, 1.0),
        shift: Sequence[float] = (0.0, 0.0),
        mirror: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.slope = nn.Parameter(torch.tensor(slope)[:, None], requires_grad=False)
        self.shift = nn.Parameter(torch.tensor(shift)[:, None], requires_grad=False)
        self.register_buffer("mirror", mirror)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 2, T) probabilities of an apex and (B, 4, T) seconds, from (B, C, T)."""
        seen = [x] if self.mirror is None else [x, torch.matmul(self.mirror, x)]
        out = torch.stack([network(one) for one in seen for network in self.networks]).mean(0)
        return torch.sigmoid(out[:, :2] * self.slope + self.shift), out[:, 4:].exp()
