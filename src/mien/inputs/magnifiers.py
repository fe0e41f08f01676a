"""Motion magnification by name: what a spec asks for, and who does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.motion.magnify import PhaseMagnifier

__all__ = ["MAGNIFIERS", "Magnifier", "check_magnifier", "magnified", "magnifier_version"]

Magnifier: TypeAlias = Callable[[NDArray[np.uint8], float], NDArray[np.uint8]]
"""Frames ``uint8`` (T, H, W) or (T, H, W, 3) and frames a second in; frames of the same shape out, motion
magnified. An attribute ``version`` (0 where there is none) grows with changes of its results."""
MAGNIFIERS: dict[str, Magnifier] = {"phase": PhaseMagnifier()}
"""Name -> motion magnification that is applied between alignment and everything else. One with other settings
is registered under another name."""


def check_magnifier(name: str) -> None:
    """Refuse a magnification that nobody registered.

    Raises:
        InputError: there is none of that name.
    """
    if name and name not in MAGNIFIERS:
        known = f"choose one of {', '.join(sorted(MAGNIFIERS))}" if MAGNIFIERS else "none is installed"
        raise InputError(f"There is no motion magnification {name!r}; {known}.")


def magnifier_version(name: str) -> int:
    """The version of a magnification's results; 0 for none."""
    return int(getattr(MAGNIFIERS[name], "version", 0)) if name else 0


def magnified(frames: NDArray[np.uint8], fps: float, name: str) -> NDArray[np.uint8]:
    """Frames through a magnification.

    Args:
        frames: ``uint8`` (T, H, W) or (T, H, W, 3).
        fps: frames a second.
        name: a key of :data:`MAGNIFIERS`; empty for none.

    Returns:
        Frames of the same shape.

    Raises:
        InputError: there is no magnification of that name, or it cannot work on these frames.
        TypeError: what was registered gives something else than such frames.
    """
    check_magnifier(name)
    if not name:
        return frames
    result = MAGNIFIERS[name](frames, fps)
    if result.shape != frames.shape or result.dtype != np.uint8:
        raise TypeError(f"{name!r} gave {result.dtype} {result.shape} for uint8 {frames.shape}")
    return result
