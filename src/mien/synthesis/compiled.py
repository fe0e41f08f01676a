"""How the studio's inner loops are compiled: by numba, repeatable to the bit, without Python's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

__all__ = ["compiled", "spliced"]


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call; the result is kept on disk. No fast-math: the same bits everywhere."""
    result: Callable[..., Any] = njit(nogil=True, cache=True, fastmath=False)(function)
    return result


def spliced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile into the callers: for small functions with many arguments, whose passing would cost more."""
    result: Callable[..., Any] = njit(nogil=True, fastmath=False, inline="always")(function)
    return result
