"""Clips for networks with several inputs: one array a clip, as everything that learns from clips wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.inputs.cache import ArrayCache, key_of
from mien.inputs.pipeline import Prepare
from mien.inputs.spec import InputSpec
from mien.sources import Source

__all__ = ["PrepareSeveral", "several"]


@dataclass(frozen=True, slots=True)
class PrepareSeveral:
    """Prepares a clip in several ways, and lays the arrays end to end.

    Attributes:
        steps: for each input, in the network's order. One of them may give any number of frames.
    """

    steps: tuple[Prepare, ...]

    def __post_init__(self) -> None:
        _check([step.spec for step in self.steps])

    def digest(self) -> str:
        """Of the steps."""
        return key_of("several", *(step.digest() for step in self.steps))

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> NDArray[np.float32]:
        """``float32`` (D,): each step's array, flattened; :func:`several` takes them apart.

        Raises:
            InputError: the source cannot be used for one of them.
        """
        return np.concatenate([step(source, cache).ravel() for step in self.steps])


def several(row: NDArray[np.floating], specs: Sequence[InputSpec]) -> list[NDArray[np.float32]]:
    """The arrays that lie end to end in a row.

    Args:
        row: (D,), as :class:`PrepareSeveral` gives it.
        specs: the steps', in their order.

    Returns:
        ``float32`` (n, C, H, W) for each.

    Raises:
        InputError: the row is not made by these specs.
    """
    _check(specs)
    frame = [spec.channels * spec.size[0] * spec.size[1] for spec in specs]
    counts = [1 if spec.part == "apex" else spec.frames for spec in specs]
    known = sum(size * n for size, n in zip(frame, counts, strict=True) if n is not None)
    rest = row.size - known
    sizes = [rest if n is None else size * n for size, n in zip(frame, counts, strict=True)]
    broken = any(got < size or got % size for got, size in zip(sizes, frame, strict=True))
    if row.ndim != 1 or broken or sum(sizes) != row.size:
        raise InputError(f"{row.size} numbers are no clip that was prepared for {len(specs)} inputs")
    pieces = np.split(np.asarray(row, np.float32), np.cumsum(sizes)[:-1])
    return [piece.reshape(-1, spec.channels, *spec.size) for piece, spec in zip(pieces, specs, strict=True)]


def _check(specs: Sequence[InputSpec]) -> None:
    if sum(spec.frames is None and spec.part != "apex" for spec in specs) > 1:
        raise InputError(
            "only one of a model's inputs may take any number of frames: give the others a number"
        )
