"""Motion magnification by phase (Wadhwa, Rubinstein, Durand & Freeman, SIGGRAPH 2013).

A complex steerable pyramid splits a picture into bands of one size and direction of texture each. Where the
texture moves by d along the direction of its band, of wavelength λ, the band's phase turns by 2πd/λ. Turned α
times further, it shows the texture moved by (1 + α) d. Lengths and brightness stay, so noise is moved about
rather than amplified.

The pyramid: bands half an octave wide (raised cosines of log frequency), the first at a wavelength of 2√2
pixels, the last at about the picture's side; ``orientations`` directions (cos^(K−1) of the angle, one half of
the plane, hence complex); each held at no more samples than it needs. The squares of the filters sum to 1.
What lies above, below and at 0 is left as it is.

How far it reaches: a texture can be moved by about its own wavelength: (1 + α) d <= λ. What should move
further keeps its place and is scrambled, so that at α = 15 a motion of one pixel is carried by textures
coarser than 16 pixels alone. docs/magnification.md has the measurements.

Where the paper leaves a choice, and ours
    * What is magnified: the difference of phase from the first frame, of all rates in time (AKMNet's band is
      not published), or the rates in ``band`` alone, by a cosine transform, which does not join the clip's
      end to its start.
    * Borders: pictures are continued by their border pixels, an eighth of their side, against motion that
      comes in at the opposite border. Mirrored skin would move the wrong way.
    * Colours: the change of luma is added to all three, so that hue stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mien.errors import InputError

__all__ = ["PhaseMagnifier", "magnify"]

Float = NDArray[np.float32]
Complex = NDArray[np.complex64]

_BLOCK = 16
"""Frames at a time where none depends on another."""
_SMALLEST = 16
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class PhaseMagnifier:
    """:func:`magnify` with its options set, as :data:`mien.inputs.MAGNIFIERS` wants it.

    To use other options, register another name: ``MAGNIFIERS["phase-5"] = PhaseMagnifier(alpha=5)``. The
    cache knows a magnification by name and version.

    Attributes:
        alpha, band, sigma, orientations: as of :func:`magnify`; α = 15 is AKMNet's.
        version: grows whenever the same frames would give others.
    """

    alpha: float = 15.0
    band: tuple[float, float] | None = None
    sigma: float = 2.0
    orientations: int = 8

    version: ClassVar[int] = 1

    def __call__(self, frames: NDArray[np.uint8], fps: float) -> NDArray[np.uint8]:
        """Frames ``uint8`` (T, H, W) or (T, H, W, 3) and frames a second in; the same, magnified, out."""
        return magnify(
            frames,
            alpha=self.alpha,
            band=self.band,
            fps=fps,
            sigma=self.sigma,
            orientations=self.orientations,
        )


def magnify(
    frames: NDArray[Any],
    *,
    alpha: float = 15.0,
    band: tuple[float, float] | None = None,
    fps: float | None = None,
    sigma: float = 2.0,
    orientations: int = 8,
) -> NDArray[Any]:
    """Motion since the first frame made 1 + ``alpha`` times as large.

    Args:
        frames: (T, H, W) grey or (T, H, W, 3) RGB, T >= 1, H and W >= 16; ``uint8`` or floating.
        alpha: how many times the motion is added to itself; 0 changes nothing, −1 takes it out.
        band: (low, high) in Hz, 0 <= low < high: magnify only what moves at such rates. The first frame is
            then no reference, and is changed as well.
        fps: frames a second, > 0; for ``band``.
        sigma: phases are averaged over their surroundings, weighted by amplitude, with a Gaussian of this
            many samples of each band: against noise, and against motion finer than its texture. 0: not.
        orientations: K >= 2, directions of the pyramid.

    Returns:
        The same shape and dtype; ``uint8`` is rounded and kept within 0..255, floating numbers are computed
        in ``float32`` and not limited.

    Raises:
        InputError: frames or options that make no sense; no rate in ``band`` fits into a clip so short.
    """
    _check(frames, alpha, band, fps, sigma, orientations)
    grey = frames.astype(np.float32)
    if frames.ndim == 4:
        grey = (grey * np.array(_LUMA, np.float32)).sum(axis=3)
    rates = None if band is None else _rates(len(frames), band, fps or 0.0)
    change = _change(grey, alpha, rates, sigma, orientations)
    result = frames + (change if frames.ndim == 3 else change[..., None])
    if frames.dtype == np.uint8:
        result = np.rint(result).clip(0, 255)
    return result.astype(frames.dtype)


def _change(
    grey: Float, alpha: float, rates: NDArray[np.bool_] | None, sigma: float, orientations: int
) -> Float:
    """What magnification adds to frames (T, H, W)."""
    length, height, width = grey.shape
    top, left = height // 8, width // 8
    around = (
        (0, 0),
        (top, _fast(height + 2 * top) - height - top),
        (left, _fast(width + 2 * left) - width - left),
    )
    wide = np.pad(grey, around, "edge")
    bands = _pyramid(wide.shape[1], wide.shape[2], orientations)
    first = fft.fft2(wide[0])
    resting = [[fft.ifft2(first[b.rows, b.columns] * f) for f in b.filters] for b in bands]
    change = np.empty(grey.shape, np.float32)
    step = _BLOCK if rates is None else length
    for start in range(0, length, step):
        spectrum = fft.fft2(wide[start : start + step])
        moved = np.zeros_like(spectrum)
        for b, at_rest in zip(bands, resting, strict=True):
            part = spectrum[:, b.rows, b.columns]
            here = np.zeros_like(part)
            for one, rest in zip(b.filters, at_rest, strict=True):
                texture = fft.ifft2(part * one)
                here += fft.fft2(_turned(texture, rest, alpha, rates, sigma)) * one
            moved[:, b.rows, b.columns] += here
        # each band holds one half of the plane: the other half is its mirror image
        block = 2 * fft.ifft2(moved).real
        change[start : start + step] = block[:, top : top + height, left : left + width]
    return change


def _turned(
    texture: Complex, rest: Complex, alpha: float, rates: NDArray[np.bool_] | None, sigma: float
) -> Complex:
    """What a band (n, h, w) gains when its phase since ``rest`` (h, w) is turned ``alpha`` times further."""
    phase = np.angle(texture * np.conj(rest))
    if rates is not None:
        waves = fft.dct(np.unwrap(phase, axis=0), axis=0)
        waves[~rates] = 0
        phase = fft.idct(waves, axis=0)
    if sigma:
        weight = np.abs(texture) + np.float32(1e-6)
        for i, (angle, much) in enumerate(zip(phase, weight, strict=True)):
            phase[i] = cv2.GaussianBlur(angle * much, (0, 0), sigma) / cv2.GaussianBlur(much, (0, 0), sigma)
    phase *= np.float32(alpha)
    turn = np.empty_like(texture)
    turn.real = np.cos(phase) - 1
    turn.imag = np.sin(phase)
    return texture * turn


class _Band(NamedTuple):
    """One size of texture: which part of the spectrum it needs, and its filters (h, w), one a direction."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    filters: tuple[Float, ...]


@lru_cache(maxsize=4)
def _pyramid(height: int, width: int, orientations: int) -> tuple[_Band, ...]:
    """The bands of pictures (height, width)."""
    # so that the squares of all directions sum to 1
    even = orientations * math.comb(2 * (orientations - 1), orientations - 1) / 4 ** (orientations - 1)
    bands = []
    centre = math.pi / math.sqrt(2)  # radians a pixel
    while 2 * math.pi / centre <= min(height, width):
        high = centre * math.sqrt(2)
        kept = [_kept(size, high) for size in (height, width)]
        y, x = np.meshgrid(
            *(2 * math.pi * k / n for k, n in zip(kept, (height, width), strict=True)), indexing="ij"
        )
        octaves = np.log2(np.maximum(np.hypot(y, x), 1e-9) / centre)
        radial = np.where(np.abs(octaves) < 0.5, np.cos(math.pi * octaves), 0) / math.sqrt(even)
        towards = (np.cos(np.arctan2(y, x) - math.pi * k / orientations) for k in range(orientations))
        filters = tuple((radial * np.maximum(c, 0) ** (orientations - 1)).astype(np.float32) for c in towards)
        bands.append(_Band((kept[0] % height)[:, None], (kept[1] % width)[None], filters))
        centre /= math.sqrt(2)
    return tuple(bands)


def _kept(size: int, high: float) -> NDArray[np.intp]:
    """Which of ``size`` frequencies hold all below ``high`` (radians a pixel), in the order of an FFT."""
    n = min(size, _fast(2 * math.ceil(high / (2 * math.pi) * size) + 1))
    return (np.arange(n) + n // 2) % n - n // 2


def _fast(n: int) -> int:
    return int(fft.next_fast_len(n))


def _rates(length: int, band: tuple[float, float], fps: float) -> NDArray[np.bool_]:
    """Which of the cosines that make up a course of ``length`` samples are in the band."""
    rate = np.arange(length) * fps / (2 * length)
    found = (band[0] <= rate) & (rate <= band[1])
    if not found.any():
        raise InputError(
            f"No rate from {band[0]:g} to {band[1]:g} Hz fits into {length} frames at {fps:g} a second: they "
            f"have multiples of {fps / (2 * length):.3g} Hz up to {rate[-1]:.3g}. Use another band or none."
        )
    return found


def _check(
    frames: NDArray[Any],
    alpha: float,
    band: tuple[float, float] | None,
    fps: float | None,
    sigma: float,
    orientations: int,
) -> None:
    shape = frames.shape
    if not (len(shape) == 3 or (len(shape) == 4 and shape[3] == 3)) or not shape[0]:
        raise InputError(f"motion is magnified in frames (T, H, W) or (T, H, W, 3), not {shape}")
    if min(shape[1:3]) < _SMALLEST:
        raise InputError(
            f"frames of {shape[2]}×{shape[1]} pixels are too small to magnify motion in: give 16 or more"
        )
    if frames.dtype != np.uint8 and not np.issubdtype(frames.dtype, np.floating):
        raise InputError(f"motion is magnified in frames of uint8 or floating numbers, not {frames.dtype}")
    if not np.isfinite(frames).all():
        raise InputError("the frames hold values that are not numbers")
    if not math.isfinite(alpha) or not 0 <= sigma < math.inf or orientations < 2:
        raise InputError(
            f"magnification needs a finite alpha, a sigma of 0 or more and 2 orientations or more, not "
            f"{alpha:g}, {sigma:g} and {orientations}"
        )
    if band is not None and (fps is None or not 0 < fps < math.inf or not 0 <= band[0] < band[1]):
        raise InputError(
            f"a band needs 0 <= low < high in Hz, not {band}, and a frame rate above 0, not {fps}"
        )
