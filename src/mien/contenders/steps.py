"""How a clip becomes the numbers that a baseline learns from: a descriptor on prepared frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mien.inputs import ArrayCache, key_of
from mien.inputs.pipeline import Prepare
from mien.sources import Source

__all__ = ["Described", "Descriptor"]


class Descriptor(Protocol):
    """A descriptor with its options: a frozen dataclass, so that it can travel to other processes."""

    def digest(self) -> str:
        """Of its options and its version."""
        ...

    def __call__(self, prepared: NDArray[np.float32]) -> NDArray[np.float64]:
        """One vector from prepared frames or fields, ``float32`` (n, C, H, W)."""
        ...


@dataclass(frozen=True, slots=True)
class Described:
    """Prepares a clip, then describes it.

    Attributes:
        prepare: what the descriptor gets.
        descriptor: what makes a vector of it.
    """

    prepare: Prepare
    descriptor: Descriptor

    def digest(self) -> str:
        """Of both."""
        return key_of("described", self.prepare.digest(), self.descriptor.digest())

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> NDArray[np.float64]:
        """The descriptor, ``float64`` (D,).

        Raises:
            InputError: the clip cannot be used; the message says why.
        """
        return self.descriptor(self.prepare(source, cache))
