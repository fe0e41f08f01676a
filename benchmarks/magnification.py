"""How far does motion magnification reach? Textures of one size, moved by known distances.

A texture half an octave wide is moved along x, exactly, by a Fourier shift; frame and moved frame are
magnified, and what is found between the frame and the result is compared with (1 + α) d. Writes the tables of
docs/magnification.md.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mien.motion.magnify import magnify

PAGE = Path(__file__).resolve().parent.parent / "docs" / "magnification.md"
SIDE, ALPHA, SEEDS = 128, 15.0, 4
WAVELENGTHS: tuple[float | None, ...] = (4, 8, 16, 32, 64, None)
REACH = (0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
FACE = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)


def texture(wavelength: float | None, seed: int) -> Any:
    """A spectrum: noise around a wavelength, or 1/f as in pictures."""
    spectrum = np.fft.fft2(np.random.default_rng(seed).normal(size=(2 * SIDE, 2 * SIDE)))
    f = np.fft.fftfreq(2 * SIDE)
    rate = np.hypot(f[:, None], f[None])
    rate[0, 0] = np.inf
    if wavelength is None:
        return spectrum / rate * (rate < 0.35)
    return spectrum * np.exp(-0.5 * (np.log2(rate * wavelength) / 0.25) ** 2)


def moved(spectrum: Any, d: float) -> Any:
    """The middle of the texture, d pixels to the right: mean 128, deviation 40."""
    picture = np.fft.ifft2(spectrum * np.exp(-2j * np.pi * np.fft.fftfreq(2 * SIDE)[None] * d)).real
    middle = picture[SIDE // 2 : -SIDE // 2, SIDE // 2 : -SIDE // 2]
    return (128 + 40 * middle / picture.std()).astype(np.float32)


def likeness(a: Any, b: Any) -> float:
    """Correlation of two pictures under a Hann window."""
    window = np.hanning(SIDE)[:, None] * np.hanning(SIDE)
    a, b = (x - np.average(x, weights=window) for x in (a, b))
    return float((window * a * b).sum() / np.sqrt((window * a * a).sum() * (window * b * b).sum()))


def displacement(a: Any, b: Any, most: float) -> float:
    """How far b lies to the right of a: where their correlation under a Hann window is highest."""
    window = np.hanning(SIDE)[:, None] * np.hanning(SIDE)
    a, b = (np.fft.fft2((x - np.average(x, weights=window)) * window) for x in (a, b))
    cross, f = (np.conj(a) * b).sum(axis=0), np.fft.fftfreq(SIDE)  # columns alone: the shift is along x

    def best(shifts: Any) -> float:
        return float(shifts[(cross * np.exp(2j * np.pi * f * shifts[:, None])).real.sum(axis=1).argmax()])

    coarse = best(np.arange(-most, most, 0.1))
    return best(coarse + np.arange(-0.2, 0.2, 0.005))


def share(wavelength: float | None, d: float) -> str:
    """What is found of (1 + α) d, and how like the result is to a texture truly so far away: means."""
    found, like = [], []
    for seed in range(SEEDS):
        spectrum = texture(wavelength, seed)
        clip = np.stack([moved(spectrum, 0), moved(spectrum, d)])
        result = magnify(clip, alpha=ALPHA)
        found.append(displacement(clip[0], result[1], SIDE / 2) / ((1 + ALPHA) * d))
        like.append(likeness(moved(spectrum, (1 + ALPHA) * d), result[1]))
    return f"{np.mean(found):.2f} / {np.mean(like):.2f}"


def noise(sigma: float) -> str:
    """Times by which the difference of a noisy still from its first frame grows."""
    grown = []
    for seed in range(SEEDS):
        still = moved(texture(None, seed), 0)
        clip = still + np.random.default_rng(seed).normal(0, 1.5, (4, SIDE, SIDE)).astype(np.float32)
        before, after = (np.std((x - x[0])[1:, 16:-16, 16:-16]) for x in (clip, magnify(clip, sigma=sigma)))
        grown.append(after / before)
    return f"{np.mean(grown):.1f}"


def main() -> None:
    cv2.setNumThreads(1)
    lines = [
        f"Share of (1 + α) d that is found / correlation with the texture truly so far away; α = {ALPHA:g}, "
        f"{SIDE}×{SIDE} pixels, mean of {SEEDS} textures:",
        "",
        "| (1 + α) d = | " + " | ".join(f"{r:g} λ" for r in REACH) + " |",
        "|---|" + "---|" * len(REACH),
    ]
    for wavelength in WAVELENGTHS:
        if wavelength is not None:
            cells = [share(wavelength, r * wavelength / (1 + ALPHA)) for r in REACH]
            lines.append(f"| λ = {wavelength:g} px | " + " | ".join(cells) + " |")
    lines += [
        "",
        "The same for a texture of all sizes, with a 1/f spectrum as of pictures, by the motion d put in:",
        "",
        "| " + " | ".join(f"d = {d:g} px" for d in FACE) + " |",
        "|---|" + "---|" * (len(FACE) - 1),
        "| " + " | ".join(share(None, d) for d in FACE) + " |",
        "",
        "A still with noise (σ 1.5 grey levels, texture σ 40): times by which the difference from the first "
        "frame grows, by the averaging of phases:",
        "",
        "| " + " | ".join(f"sigma = {s:g}" for s in (0, 1, 2, 4)) + " |",
        "|---|---|---|---|",
        "| " + " | ".join(noise(s) for s in (0, 1, 2, 4)) + " |",
    ]
    for side in (128, 256):
        clip = np.random.default_rng(0).integers(0, 256, (60, side, side)).astype(np.uint8)
        took = []
        for _ in range(3):
            start = time.process_time()
            magnify(clip)
            took.append(time.process_time() - start)
        lines += ["", f"60 frames of {side}×{side} take {min(took):.1f} s of one core."]
    page = PAGE.read_text(encoding="utf-8")
    marker = re.compile(r"(<!-- measured -->\n).*?(<!-- /measured -->)", re.DOTALL)
    table = "\n".join(lines)
    PAGE.write_text(marker.sub(lambda m: f"{m[1]}\n{table}\n\n{m[2]}", page), encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
