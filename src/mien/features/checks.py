"""What the descriptors of clips share: their input checked, a picture cut into parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError

__all__ = ["STILL", "grey_clip", "motion_fields", "part_of", "whole_numbers"]

STILL = 1e-3
"""Vectors shorter than this, in pixels, have no direction: no flow algorithm is a tenth as exact, and what
is left of a still field after arithmetic is smaller."""

_BEYOND = 1e30  # no grey level or displacement; its square is still a number


def grey_clip(clip: NDArray[Any], name: str) -> NDArray[Any]:
    """The clip itself, if it is numbers (T, H, W), all of them finite.

    Raises:
        InputError: it is not; ``name`` is the descriptor's.
    """
    clip = np.asarray(clip)
    if clip.ndim != 3 or clip.dtype.kind not in "uif":
        raise InputError(
            f"{name} needs a grey clip (frames, height, width), not {clip.dtype} of shape {clip.shape}"
        )
    if not clip.size:
        raise InputError(f"{name} was given an empty clip, of shape {clip.shape}")
    if clip.dtype.kind == "f" and not (np.abs(clip) < _BEYOND).all():
        raise InputError(f"{name} was given a clip with grey levels that are not numbers (NaN or infinite)")
    return clip


def motion_fields(fields: NDArray[Any], name: str) -> NDArray[Any]:
    """The fields themselves, if they are floats (T, H, W, 2), at least one, all of them finite.

    Raises:
        InputError: they are not; ``name`` is the descriptor's.
    """
    fields = np.asarray(fields)
    if fields.ndim != 4 or fields.shape[3] != 2 or fields.dtype.kind != "f":
        raise InputError(
            f"{name} needs flow fields (steps, height, width, 2), not {fields.dtype} of shape {fields.shape}"
        )
    if not fields.size:
        raise InputError(f"{name} was given no flow: a clip of at least two frames is needed")
    if not (np.abs(fields) < _BEYOND).all():
        raise InputError(f"{name} was given flow that is not numbers (NaN or infinite)")
    return fields


def whole_numbers(what: str, values: Sequence[Any], *, least: int = 1, most: int | None = None) -> None:
    """Raise :class:`InputError` unless all values are whole numbers in the range."""
    for value in values:
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or not least <= value <= (most or np.inf):
            limits = f"of at least {least}" if most is None else f"from {least} to {most}"
            raise InputError(f"{what} must be whole numbers {limits}, not {', '.join(map(repr, values))}")


def part_of(length: int, parts: int) -> NDArray[np.intp]:
    """(length,) the part, 0 to parts − 1, that each place along an axis belongs to; none is empty.

    Their sizes differ by one at most.
    """
    return np.arange(length) * parts // length
