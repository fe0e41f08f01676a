"""Phase-based magnification of known motion: how far it goes, where it ends, and what it leaves alone."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from mien.errors import InputError
from mien.motion.magnify import PhaseMagnifier, magnify

SIDE = 96
CROP = slice(SIDE // 2, SIDE // 2 + SIDE)


def texture(wavelength: float, seed: int = 0) -> np.ndarray:
    """Spectrum of noise half an octave wide, (192, 192)."""
    spectrum = np.fft.fft2(np.random.default_rng(seed).normal(size=(2 * SIDE, 2 * SIDE)))
    rate = np.hypot(np.fft.fftfreq(2 * SIDE)[:, None], np.fft.fftfreq(2 * SIDE)[None])
    rate[0, 0] = 1e-9
    return np.asarray(spectrum * np.exp(-0.5 * (np.log2(rate * wavelength) / 0.25) ** 2))


def moved(spectrum: np.ndarray, d: float, angle: float = 0.0) -> np.ndarray:
    """The texture d pixels away, exactly: (96, 96) out of its middle, mean 128, deviation 30."""
    f = np.fft.fftfreq(len(spectrum))
    along = f[None] * np.cos(angle) + f[:, None] * np.sin(angle)
    picture = np.fft.ifft2(spectrum * np.exp(-2j * np.pi * along * d)).real
    return np.asarray(128 + 30 * (picture / picture.std())[CROP, CROP], np.float32)


def displacement(a: np.ndarray, b: np.ndarray, angle: float = 0.0, most: float = 20) -> float:
    """By how much b lies further than a: the best of all shifts, a tenth of a pixel apart."""
    window = np.hanning(len(a))[:, None] * np.hanning(len(a))
    cross = np.conj(np.fft.fft2((a - a.mean()) * window)) * np.fft.fft2((b - b.mean()) * window)
    f = np.fft.fftfreq(len(a))
    along = f[None] * np.cos(angle) + f[:, None] * np.sin(angle)
    shifts = np.arange(-most, most, 0.1)
    return float(shifts[np.argmax([(cross * np.exp(2j * np.pi * along * s)).real.sum() for s in shifts])])


@pytest.mark.parametrize(("wavelength", "d"), [(4, 0.15), (8, 0.3), (16, 0.3), (16, 0.6), (24, 0.6)])
def test_magnified_as_far_as_said(wavelength: float, d: float) -> None:
    spectrum = texture(wavelength)
    clip = np.stack([moved(spectrum, step) for step in (0, d, -d)])
    result = magnify(clip)
    assert displacement(clip[0], result[1]) == pytest.approx(16 * d, rel=0.12)
    assert displacement(clip[0], result[2]) == pytest.approx(-16 * d, rel=0.12)
    assert np.abs(result[0] - clip[0]).max() < 0.01  # the reference


@pytest.mark.parametrize("angle", [0.4, np.pi / 2, 2.3])
def test_every_direction(angle: float) -> None:
    spectrum = texture(12, seed=1)
    clip = np.stack([moved(spectrum, step, angle) for step in (0, 0.4)])
    assert displacement(clip[0], magnify(clip, alpha=9)[1], angle) == pytest.approx(4, rel=0.1)


def test_alpha() -> None:
    spectrum = texture(16)
    clip = np.stack([moved(spectrum, step) for step in (0, 1.0)])
    assert np.abs(magnify(clip, alpha=0) - clip).max() < 1e-3
    for alpha, away in ((-1.0, 0.0), (1.0, 2.0), (4.0, 5.0)):
        assert displacement(clip[0], magnify(clip, alpha=alpha)[1]) == pytest.approx(away, abs=0.3)
    # taken out: what is left of the change is small
    left, change = magnify(clip, alpha=-1)[1] - clip[0], clip[1] - clip[0]
    assert left[12:-12, 12:-12].std() < 0.15 * change.std()


def test_it_ends_at_the_wavelength() -> None:
    spectrum = texture(6)
    clip = np.stack([moved(spectrum, step) for step in (0, 2.0)])
    assert abs(displacement(clip[0], magnify(clip)[1]) - 32) > 16


def test_local_motion_stays_local() -> None:
    spectrum, y = texture(12), np.linspace(-1, 1, SIDE)
    here = np.exp(-(y[:, None] ** 2 + y[None] ** 2) / 0.1)
    still, away = moved(spectrum, 0), moved(spectrum, 0.5)
    clip = np.stack([still, still + here * (away - still)])
    change = np.abs(magnify(clip)[1] - clip[0])
    assert change[40:56, 40:56].mean() > 15 * change[:8].mean()
    assert change[40:56, 40:56].mean() > 15 * change[:, -8:].mean()


def test_noise_is_not_amplified_as_motion_is() -> None:
    rng = np.random.default_rng(0)
    clip = moved(texture(16), 0) + rng.normal(0, 1.5, (6, SIDE, SIDE)).astype(np.float32)
    raw, calm = (magnify(clip, sigma=sigma)[1:] - clip[:1] for sigma in (0.0, 2.0))
    noise = (clip[1:] - clip[:1]).std()
    assert calm.std() < raw.std() < 16 * noise
    assert calm.std() < 5 * noise


def test_band() -> None:
    # 1 s at 50 frames/s: a slow sway of 1 Hz and a tremor of 10 Hz, both of 0.2 pixels
    spectrum, t = texture(16), np.arange(50) / 50
    slow, quick = 0.2 * np.sin(2 * np.pi * t), 0.2 * np.cos(2 * np.pi * 10 * (t + 0.01))
    clip = np.stack([moved(spectrum, a + b) for a, b in zip(slow, quick, strict=True)])
    result = magnify(clip, alpha=9, band=(6, 14), fps=50)
    still = moved(spectrum, 0)
    course = np.array([displacement(still, frame, most=3) for frame in result[5:-5:2]])
    assert course == pytest.approx((slow + 10 * quick)[5:-5:2], abs=0.35)
    # nothing but what was in the clip, where the band is elsewhere
    assert np.abs(magnify(clip, band=(20, 22), fps=50) - clip).std() < 0.25 * np.abs(result - clip).std()


def test_types_and_colours() -> None:
    spectrum = texture(12)
    grey = np.stack([moved(spectrum, step) for step in (0, 0.3)])
    whole = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    result = magnify(whole)
    assert result.dtype == np.uint8
    assert (result[0] == whole[0]).all()
    assert np.abs(result.astype(float) - magnify(whole.astype(np.float64))).max() <= 0.51
    assert magnify(grey.astype(np.float64)).dtype == np.float64
    coloured = np.stack([whole, whole // 2, whole // 4], axis=-1)
    change = magnify(coloured.astype(np.float32)) - coloured
    assert change[..., 0] == pytest.approx(change[..., 2], abs=1e-3)
    luma = (coloured * [0.299, 0.587, 0.114]).sum(-1)
    assert change[..., 1] == pytest.approx(magnify(luma) - luma, abs=0.05)
    assert magnify(coloured).dtype == np.uint8


@pytest.mark.parametrize("shape", [(1, 96, 96), (3, 16, 16), (2, 17, 61), (19, 31, 24)])
def test_any_size_again_the_same(shape: tuple[int, ...]) -> None:
    clip = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    result = magnify(clip)
    assert result.shape == shape
    assert (result[0] == clip[0]).all()
    assert (magnify(clip) == result).all()
    # the blocks in which frames are computed do not show
    assert np.abs(magnify(clip[[0, -1]])[1].astype(int) - result[-1]).max() <= 1


def test_a_still_stays() -> None:
    still = np.repeat(moved(texture(12), 0)[None], 4, axis=0).astype(np.uint8)
    assert (magnify(still) == still).all()
    assert (magnify(np.full((3, 32, 32), 200, np.uint8)) == 200).all()


def test_the_magnifier() -> None:
    clip = np.random.default_rng(0).integers(0, 256, (3, 32, 32)).astype(np.uint8)
    assert (PhaseMagnifier()(clip, 100) == magnify(clip)).all()
    travelled = pickle.loads(pickle.dumps(PhaseMagnifier(5, (1, 20), 1.0, 4)))
    expected = magnify(clip, alpha=5, band=(1, 20), fps=60, sigma=1, orientations=4)
    assert (travelled(clip, 60) == expected).all()
    assert travelled.version == 1


@pytest.mark.parametrize(
    ("shape", "options", "reason"),
    [
        ((3, 32), {}, "\\(T, H, W\\) or"),
        ((0, 32, 32), {}, "\\(T, H, W\\) or"),
        ((3, 32, 32, 4), {}, "\\(T, H, W\\) or"),
        ((3, 32, 15), {}, "15×32 pixels are too small"),
        ((3, 32, 32), {"alpha": np.inf}, "finite alpha"),
        ((3, 32, 32), {"sigma": -1}, "finite alpha"),
        ((3, 32, 32), {"orientations": 1}, "finite alpha"),
        ((3, 32, 32), {"band": (1, 2)}, "frame rate above 0, not None"),
        ((3, 32, 32), {"band": (2, 1), "fps": 9}, "0 <= low < high"),
        ((3, 32, 32), {"band": (100, 200), "fps": 60}, "No rate from 100 to 200 Hz fits into 3 frames"),
    ],
)
def test_refused(shape: tuple[int, ...], options: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        magnify(np.zeros(shape, np.uint8), **options)


def test_refused_values() -> None:
    with pytest.raises(InputError, match="int64"):
        magnify(np.zeros((3, 32, 32), np.int64))
    with pytest.raises(InputError, match="not numbers"):
        magnify(np.full((3, 32, 32), np.nan))
