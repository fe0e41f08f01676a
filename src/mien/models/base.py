"""What every network is: named inputs in, one number a class out, and what it can say about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.models.cards import CARDS, Card

__all__ = ["Network"]


class Network(nn.Module, ABC):
    """A network of the zoo.

    A subclass sets :attr:`key` and :attr:`ports`, has a constructor that takes shapes, and the two presets
    :meth:`paper` and :meth:`small`. B is the batch, K the classes.

    Attributes:
        key: name in :data:`mien.models.MODELS`.
        ports: names of the inputs of ``forward``, in order; of the exported file's too.
        variable: the first axis of a clip may have any length (one clip a batch, or clips of one length).
    """

    key: ClassVar[str]
    ports: ClassVar[tuple[str, ...]] = ("clip",)
    variable: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def paper(cls, classes: int) -> Network:
        """As published."""

    @classmethod
    @abstractmethod
    def small(cls, classes: int) -> Network:
        """The same idea with smaller inputs and fewer filters: minutes on two cores."""

    @property
    @abstractmethod
    def shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """Shape of one clip for each port, without the batch; ``None`` where any length goes."""

    @abstractmethod
    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits, float (B, K), from one tensor a port, each (B, *shape)."""

    @abstractmethod
    def features(self, *inputs: Tensor) -> Tensor:
        """What the last layer sees: float (B, D)."""

    def loss(self, inputs: tuple[Tensor, ...], target: Tensor, weight: Tensor | None = None) -> Tensor:
        """What training makes small: cross-entropy of ``target``, int64 (B,), and whatever the paper adds."""
        return functional.cross_entropy(self(*inputs), target, weight)

    def evidence(self, *inputs: Tensor) -> dict[str, Tensor]:
        """What it looked at, by name: maps (B, H, W) of 0 to 1 in the input's size, weights (B, T)."""
        return {}

    @property
    def card(self) -> Card:
        """Its line in the table."""
        return CARDS[self.key]

    @property
    def last(self) -> nn.Linear:
        """The layer that speaks of classes."""
        return [layer for layer in self.modules() if isinstance(layer, nn.Linear)][-1]

    @property
    def n_parameters(self) -> int:
        """Trainable parameters."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)

    def example(self, batch: int = 2, *, length: int = 6, seed: int = 0) -> tuple[Tensor, ...]:
        """Random inputs of its shapes: unit normal; ``length`` stands in for an axis of any length."""
        generator = torch.Generator().manual_seed(seed)
        return tuple(
            torch.randn(batch, *(length if n is None else n for n in shape), generator=generator)
            for shape in self.shapes
        )
