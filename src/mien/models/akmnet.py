"""AKMNet: key frames that the network finds by itself (Peng et al., arXiv:2009.09179).

A ResNet-18 sees each frame of a clip of any length T. Its pooled features P̄_t decide which frames matter:
(1) local attention, α_t = σ(w·P̄_t + b); (2) global correlation with the attended whole,
β_t = cos(P̄_t, Σ_s α_s P̄_s); (3) sparse selection, B_t = 1 where β_t is above its mean over the clip. A
bidirectional GRU reads the chosen frames in their order, at each place of the map, and is averaged over them.

===============  =====================================================  =================
layer            of what                                                output, a frame
===============  =====================================================  =================
conv1            5×5, stride 2, 64, batch norm, ReLU; max 3×3/2         64 × 32 × 32
stages 1 to 4    two basic blocks each; 64, 128, 256, 512 filters       512 × 4 × 4
mining           mean over places; α: 512 → 1                           α, β, B
GRU              2 layers, 32 a direction, shared by the 16 places      64 × 4 × 4
mean over time   of the N chosen frames                                 1024, a clip
FC               dropout 0.5                                            classes
===============  =====================================================  =================

Loss: cross-entropy + 0.1 max(0, ΣB − 1) + (2 − (mean β of the chosen − mean β of the others)). B passes its
gradient to β where β_t is above the mean, and 0 elsewhere. Where the paper and the released code differ, the
paper decides; ``released=True`` takes the code's: β_t at its mean is chosen as well, and all frames get the
gradient wherever the mean of β is between 0 and 1. First weights are the code's (He by fan-out; Xavier and no
bias for what is linear; GRU forwards orthogonal with biases of 0 to 1, backwards as torch has it).

Ours, because nothing is said
    * A frame is above the mean if it is so by more than 1e-5 (with ``released=True``: not below it by more
      than that). The β of frames that are nearly alike differ by 1e-7, which is rounding: the network and its
      exported file, or two machines, would choose different frames and say different things.
    * A clip whose β are all alike (one frame, a still, a face that hardly moves) has no frame above the mean:
      all are kept, and the difference between chosen and others counts as 0, where there is no other.
    * ``steps="12"`` (no selection): all frames, each times its β, so that steps 1 and 2 have an effect.
      ``"13"`` (no correlation): α stands for β. ``"23"`` (no attention): the whole is the plain sum.
    * ``select="random"``: half of the frames, rounded up, which is about what a threshold at the mean keeps
      (the paper takes as many as its network mined, which needs that network first): in training drawn anew
      each time, afterwards the same places for clips of equal length, drawn with the first weights: another
      seed is another run. It and ``"all"`` have no steps and no loss but cross-entropy.
    * Clips of one batch have the same T. Each goes through the GRU by itself, N being its own: in evaluation
      a batch gives what its clips give one by one. (In training, batch norm sees all frames of the batch.)
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import InputError
from mien.models.base import Network

__all__ = ["AKMNet"]

_MARGIN = 1e-5
"""How far a score must be from the mean to count as above or below it; a hundred times its rounding."""

Select = Literal["mine", "all", "random"]
Steps = Literal["123", "12", "13", "23"]


class AKMNet(Network):
    """Adaptive key-frame mining.

    Args:
        classes: K.
        size: (H, W) of the frames.
        filters: of each stage; all but the first halve the map.
        blocks: in each stage.
        hidden: of the GRU, a direction.
        select: which frames the GRU reads: ``"mine"``, ``"all"``, or ``"random"``.
        steps: which of the three steps mining has.
        released: selection and gradient as in the released code.

    Raises:
        InputError: an option that does not exist.
    """

    key = "akmnet"
    ports = ("clip",)
    variable = True
    few, apart = 0.1, 1.0
    """λ1 and λ2 of the loss."""
    lots: Tensor

    def __init__(
        self,
        classes: int,
        size: tuple[int, int] = (128, 128),
        filters: tuple[int, ...] = (64, 128, 256, 512),
        blocks: tuple[int, ...] = (2, 2, 2, 2),
        hidden: int = 32,
        select: Select = "mine",
        steps: Steps = "123",
        released: bool = False,
    ) -> None:
        super().__init__()
        if select not in get_args(Select) or steps not in get_args(Steps):
            raise InputError(
                f"AKMNet selects frames by one of {', '.join(get_args(Select))} (not {select!r}), in steps "
                f"{', '.join(get_args(Steps))} (not {steps!r})."
            )
        if steps != "123" and select != "mine":
            raise InputError(f"AKMNet's steps belong to select 'mine'; leave them out with {select!r}.")
        self.size, self.select, self.steps, self.released = size, select, steps, released
        self.stem = nn.Sequential(
            nn.Conv2d(1, filters[0], 5, 2, 2, bias=False),
            nn.BatchNorm2d(filters[0]),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        )
        widths = [filters[0], *(width for width, n in zip(filters, blocks, strict=True) for _ in range(n))]
        self.body = nn.Sequential(*(_Block(a, b) for a, b in pairwise(widths)))
        shrink = 4 * 2 ** (len(filters) - 1)
        places = -(-size[0] // shrink) * -(-size[1] // shrink)
        attends = select == "mine" and "1" in steps
        self.attention = nn.Linear(filters[-1], 1) if attends else None
        self.gru = nn.GRU(filters[-1], hidden, 2, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(0.5)
        self.classify = nn.Linear(2 * hidden * places, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.Linear):
                nn.init.xavier_normal_(module.weight)
                nn.init.zeros_(module.bias)
        for name, value in self.gru.named_parameters():
            if not name.endswith("_reverse"):
                nn.init.orthogonal_(value) if name.startswith("weight") else nn.init.uniform_(value)
        self.register_buffer("lots", torch.rand(1024) if select == "random" else None)

    @classmethod
    def paper(
        cls, classes: int, select: Select = "mine", steps: Steps = "123", released: bool = False
    ) -> AKMNet:
        """128×128, ResNet-18."""
        return cls(classes, select=select, steps=steps, released=released)

    @classmethod
    def small(
        cls, classes: int, select: Select = "mine", steps: Steps = "123", released: bool = False
    ) -> AKMNet:
        """64×64; three stages of one block, 16 to 64 filters; again 4×4 places; 16 hidden a direction."""
        return cls(classes, (64, 64), (16, 32, 64), (1, 1, 1), 16, select, steps, released)

    @property
    def shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """(T, 1, H, W)."""
        return ((None, 1, *self.size),)

    def forward(self, clip: Tensor) -> Tensor:  # type: ignore[override]
        """Logits (B, K) of clips (B, T, 1, H, W) of 0 to 1, T >= 1."""
        return self.look(clip)[0]

    def features(self, clip: Tensor) -> Tensor:  # type: ignore[override]
        """(B, 2 · hidden · places): what the GRU says of the chosen frames, averaged over them."""
        return self._read(*self._mine(clip)[:2])

    def look(self, clip: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """All that it has to say of clips (B, T, 1, H, W); the outputs of the exported file.

        Returns:
            Logits (B, K); α of 0 to 1, β of −1 to 1, and 1 for chosen frames, 0 for others, each (B, T).
            What a variant does without is 1 throughout.
        """
        maps, chosen, alpha, beta = self._mine(clip)
        return self.classify(self.dropout(self._read(maps, chosen))), alpha, beta, (chosen > 0).to(beta)

    def loss(self, inputs: tuple[Tensor, ...], target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Cross-entropy, few chosen frames, and chosen apart from others; ``target`` int64 (B,)."""
        maps, chosen, alpha, beta = self._mine(inputs[0])
        logits = self.classify(self.dropout(self._read(maps, chosen)))
        entropy = functional.cross_entropy(logits, target, weight)
        if self.select != "mine" or "3" not in self.steps:
            return entropy
        score, kept = beta if "2" in self.steps else alpha, (chosen > 0).to(beta)
        others = 1 - kept
        mean_kept = (score * kept).sum(1) / kept.sum(1)
        mean_others = (score * others).sum(1) / others.sum(1).clamp(min=1)
        apart = torch.where(others.sum(1) > 0, mean_kept - mean_others, 0.0)
        few = (chosen.sum(1) - 1).clamp(min=0)
        return entropy + (self.few * few + self.apart * (2 - apart)).mean()

    def evidence(self, clip: Tensor) -> dict[str, Tensor]:  # type: ignore[override]
        """``alpha``, ``beta`` and ``chosen`` (0 or 1), each (B, T); the first two where it has them."""
        _, alpha, beta, chosen = self.look(clip)
        found = {"alpha": alpha} if self.attention is not None else {}
        if self.select == "mine" and "2" in self.steps:
            found["beta"] = beta
        return found | {"chosen": chosen}

    def _mine(self, clip: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Maps (B, T, C, h, w), B, α and β (B, T), B being 0 or 1 with its gradient."""
        maps = self.body(self.stem(clip.flatten(0, 1)))
        maps = maps.view(clip.size(0), clip.size(1), *maps.shape[1:])
        pooled = maps.mean((3, 4))
        ones = torch.ones_like(pooled[..., 0])
        if self.select == "all":
            return maps, ones, ones, ones
        if self.select == "random":
            return maps, self._drawn(ones), ones, ones
        alpha = ones if self.attention is None else torch.sigmoid(self.attention(pooled))[..., 0]
        beta = ones
        if "2" in self.steps:
            whole = (alpha[..., None] * pooled).sum(1, keepdim=True)
            beta = (functional.normalize(pooled, dim=2) * functional.normalize(whole, dim=2)).sum(2)
        if "3" not in self.steps:
            return maps * beta[..., None, None, None], ones, alpha, beta
        return maps, self._above_mean(beta if "2" in self.steps else alpha), alpha, beta

    def _above_mean(self, score: Tensor) -> Tensor:
        """1 or 0 (B, T), passing its gradient on to the score (B, T)."""
        mean = score.mean(1, keepdim=True)
        above = score >= mean - _MARGIN if self.released else score > mean + _MARGIN
        # none is above the mean where all are alike
        hard = (above | ~above.any(1, keepdim=True)).to(score)
        through = ((mean > 0) & (mean < 1)).to(score) if self.released else hard
        return hard + (score - score.detach()) * through

    def _drawn(self, ones: Tensor) -> Tensor:
        """1 for half of the frames (B, T), rounded up."""
        length = ones.shape[1]
        lots = torch.rand_like(ones)
        if not self.training:
            lots = self.lots[torch.arange(length, device=ones.device) % 1024].expand_as(ones)
        better = (lots[:, None] > lots[:, :, None]).sum(2)
        before = (lots[:, None] == lots[:, :, None]).tril(-1).sum(2)
        return (2 * (better + before) < length).to(ones)

    def _read(self, maps: Tensor, chosen: Tensor) -> Tensor:
        """Features (B, D) of the chosen frames of maps (B, T, C, h, w)."""
        read = []
        for one, keep in zip((maps * chosen[..., None, None, None]).unbind(), chosen.unbind(), strict=True):
            frames = one.index_select(0, (keep > 0).nonzero()[:, 0])
            states, _ = self.gru(frames.flatten(2).permute(2, 0, 1))  # (places, N, C)
            read.append(states.mean(1).flatten())
        return torch.stack(read)


class _Block(nn.Module):
    """Two 3×3 convolutions and a way round them; halves the map where the filters change."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        stride = 1 if before == after else 2
        self.path = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.round = (
            nn.Identity()
            if stride == 1
            else nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, before, h, w) to (n, after, h', w')."""
        return torch.relu(self.path(x) + self.round(x))
