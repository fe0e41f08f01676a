"""Temporal interpolation: a clip of T frames becomes one of n frames.

Two models. :func:`linear` mixes the two neighbouring frames. :func:`tim` is the temporal interpolation
model of Zhou, Zhao & Pietikäinen, "Towards a practical lipreading system", CVPR 2011: the frames lie on a
curve through a low-dimensional space, the path-graph embedding, and the curve is read at new places.

How the paper's TIM becomes one small matrix
    The paper takes the vectorised frames with their mean removed, X̄ (m, T), reduces them by singular value
    decomposition, X̄ = UΣVᵀ, Q = ΣVᵀ, and seeks the linear map W whose projections WᵀQ are the eigenvectors
    y_1 … y_{T-1} of the Laplacian of the path graph. Those eigenvectors are known in closed form,

        f_k(t) = sin(πkt + π(T-k) / 2T),   t = 1/T, 2/T, …, 1,

    so a new frame is U (Wᵀ)⁻¹ F(t) + mean with F(t) = (f_1(t), …, f_{T-1}(t)). Since WᵀQ = Y, where row k
    of Y holds f_k at the T places, (Wᵀ)⁻¹ = Q Y⁺, and therefore

        frame(t) = mean + X̄ Y⁺ F(t).

    The rows of Y are orthogonal to each other and to the constant, with squared length T/2 (it is the
    discrete cosine transform), so Y⁺ = (2/T) Yᵀ and neither the decomposition nor the eigenvalue problem
    has to be solved: every new frame is a fixed mixture of the T old ones. This is the same curve as the
    paper's for linearly independent frames, for which alone the paper defines W, and carries it on to clips
    with repeated frames.

Both functions keep the dtype. Integers are computed in ``float64``, rounded to the nearest and held within
the range of the dtype (TIM can overshoot); ``float16`` is computed in ``float32``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.errors import InputError

__all__ = ["interpolate", "linear", "positions", "tim", "weights_linear", "weights_tim"]

_BLOCK = 1 << 17
"""Pixels mixed at a time, so that the floating-point copies stay small whatever the clip's size."""


def positions(length: int, n: int) -> NDArray[np.float64]:
    """Evenly spaced places in a clip of ``length`` frames, from its first frame to its last.

    Args:
        length: frames in the clip, T >= 1.
        n: places wanted, >= 1.

    Returns:
        (n,) frame positions from 0 to T-1; for ``n=1`` the middle of the clip, (T-1)/2.

    Raises:
        InputError: ``length`` or ``n`` is smaller than 1.
    """
    if length < 1:
        raise InputError("a clip without frames cannot be interpolated")
    if n < 1:
        raise InputError(f"cannot interpolate to {n} frames: at least 1 is needed")
    if n == 1:
        return np.array([(length - 1) / 2.0])
    return np.linspace(0.0, length - 1.0, n)


def _checked(length: int, at: ArrayLike) -> NDArray[np.float64]:
    where = np.asarray(at, np.float64)
    if length < 1:
        raise InputError("a clip without frames cannot be interpolated")
    if where.ndim != 1:
        raise InputError(f"positions must be a list of numbers, not of shape {where.shape}")
    if not np.all((where >= 0) & (where <= length - 1)):
        raise InputError(f"positions must lie between 0 and {length - 1}")
    return where


def weights_linear(length: int, at: ArrayLike) -> NDArray[np.float64]:
    """Mixing weights of linear interpolation.

    Args:
        length: frames in the clip, T >= 1.
        at: (n,) frame positions, 0 to T-1, whole or broken.

    Returns:
        (n, T); every row has at most two weights, >= 0, and sums to 1.

    Raises:
        InputError: a position lies outside the clip.
    """
    where = _checked(length, at)
    below = np.minimum(where.astype(np.int64), max(length - 2, 0))
    share = where - below
    out = np.zeros((len(where), length))
    rows = np.arange(len(where))
    out[rows, below] = 1.0 - share
    out[rows, np.minimum(below + 1, length - 1)] += share
    return out


def weights_tim(length: int, at: ArrayLike) -> NDArray[np.float64]:
    """Mixing weights of the temporal interpolation model (see the module's text for the derivation).

    Args:
        length: frames in the clip, T >= 1.
        at: (n,) frame positions, 0 to T-1; position p is the paper's t = (p+1)/T.

    Returns:
        (n, T); every row sums to 1 (weights may be negative); whole positions give the identity's rows.

    Raises:
        InputError: a position lies outside the clip.
    """
    where = _checked(length, at)
    k = np.arange(1, length)[:, None]

    def curve(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.sin(np.pi * k * t + np.pi * (length - k) / (2.0 * length)), np.float64)

    sampled = curve((np.arange(length) + 1.0) / length)
    return 1.0 / length + (2.0 / length) * curve((where + 1.0) / length).T @ sampled


def interpolate(
    frames: NDArray[Any], at: ArrayLike, method: Literal["linear", "tim", "nearest"] = "linear"
) -> NDArray[Any]:
    """Read a clip at given positions.

    Args:
        frames: (T, ...) clip or features, T >= 1; any integer or floating dtype.
        at: (n,) frame positions, 0 to T-1, whole or broken, in any order.
        method: ``"linear"``, ``"tim"``, or ``"nearest"`` (no mixing; halves go to the later frame).

    Returns:
        (n, ...), same dtype, a new array.

    Raises:
        InputError: no frames, a position outside the clip, a dtype that cannot be mixed (bool, complex,
            text), or an unknown method.
    """
    clip = np.asarray(frames)
    if clip.ndim == 0:
        raise InputError("a clip needs a time axis: an array of shape (T, ...)")
    if clip.dtype.kind not in "iuf":
        raise InputError(f"frames of type {clip.dtype} cannot be interpolated: use integers or floats")
    if method == "nearest":
        return np.asarray(clip[np.floor(_checked(len(clip), at) + 0.5).astype(np.int64)])
    if method not in _WEIGHTS:
        raise InputError(f"there is no interpolation {method!r}; choose linear, tim or nearest")
    return _mix(clip, _WEIGHTS[method](len(clip), at))


def linear(frames: NDArray[Any], n: int) -> NDArray[Any]:
    """A clip of ``n`` frames, evenly spaced from the first to the last, by mixing neighbours.

    Args:
        frames: (T, ...) clip or features, T >= 1; any integer or floating dtype.
        n: frames wanted, >= 1. ``n=1`` gives the middle of the clip.

    Returns:
        (n, ...), same dtype, a new array. ``n == T`` returns the frames unchanged.

    Raises:
        InputError: no frames, ``n < 1``, or a dtype that cannot be mixed (bool, complex, text).
    """
    return interpolate(frames, positions(np.shape(frames)[0] if np.ndim(frames) else 1, n), "linear")


def tim(frames: NDArray[Any], n: int) -> NDArray[Any]:
    """A clip of ``n`` frames, evenly spaced from the first to the last, by the temporal interpolation model.

    Passes through every original frame: at the original positions it reproduces them. Between them it may
    overshoot, as any smooth curve does.

    Args:
        frames: (T, ...) clip or features, T >= 1; any integer or floating dtype. A single frame is repeated.
        n: frames wanted, >= 1. ``n=1`` gives the middle of the curve.

    Returns:
        (n, ...), same dtype, a new array. ``n == T`` returns the frames (floats: but for rounding) unchanged.

    Raises:
        InputError: no frames, ``n < 1``, or a dtype that cannot be mixed (bool, complex, text).

    References:
        Z. Zhou, G. Zhao, M. Pietikäinen: Towards a practical lipreading system. CVPR 2011, 137–144.
    """
    return interpolate(frames, positions(np.shape(frames)[0] if np.ndim(frames) else 1, n), "tim")


_WEIGHTS: dict[str, Callable[[int, ArrayLike], NDArray[np.float64]]] = {
    "linear": weights_linear,
    "tim": weights_tim,
}


def _mix(clip: NDArray[Any], weights: NDArray[np.float64]) -> NDArray[Any]:
    """``weights`` (n, T) times ``clip`` (T, ...), in the clip's dtype, a block of pixels at a time."""
    length, n = len(clip), len(weights)
    flat = clip.reshape(length, -1)
    out = np.empty((n, flat.shape[1]), clip.dtype)
    whole = clip.dtype.kind in "iu"
    work = np.float32 if clip.dtype == np.float16 else np.float64 if whole else clip.dtype
    mixing = weights.astype(work)
    for start in range(0, flat.shape[1], _BLOCK):
        part = slice(start, start + _BLOCK)
        mixed = mixing @ flat[:, part].astype(work, copy=False)
        if whole:
            limits = np.iinfo(clip.dtype)
            np.rint(mixed, out=mixed)
            np.clip(mixed, limits.min, limits.max, out=mixed)
        out[:, part] = mixed
    return out.reshape((n, *clip.shape[1:]))
