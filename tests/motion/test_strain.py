"""Optical strain: values worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mien.motion import optical_strain

YS, XS = np.mgrid[:12, :16].astype(np.float32)
INNER = np.s_[1:-1, 1:-1]


def field(u: np.ndarray | float, v: np.ndarray | float) -> np.ndarray:
    return np.stack(np.broadcast_arrays(u + 0 * XS, v + 0 * XS), -1).astype(np.float32)


def test_shift_is_no_strain() -> None:
    assert np.abs(optical_strain(field(2.5, -1.0))).max() == 0


def test_a_small_turn_is_no_strain() -> None:
    """To first order; a turn by a degree leaves 1 − cos of it."""
    a = np.radians(1.0)
    turn = field(XS * (np.cos(a) - 1) - YS * np.sin(a), XS * np.sin(a) + YS * (np.cos(a) - 1))
    assert optical_strain(turn)[INNER].max() == pytest.approx(np.sqrt(2) * (1 - np.cos(a)), rel=1e-2)
    assert optical_strain(turn)[INNER].max() < 3e-4
    assert np.abs(optical_strain(field(-0.02 * YS, 0.02 * XS))[INNER]).max() < 1e-6


@pytest.mark.parametrize(
    ("u", "v", "strain"),
    [
        (0.03 * XS, 0.0, 0.03),  # stretch along x: εxx only
        (0.0, -0.04 * YS, 0.04),  # squeeze along y: εyy only
        (0.03 * XS, 0.04 * YS, 0.05),  # √(.03² + .04²)
        (0.02 * YS, 0.0, 0.02 / np.sqrt(2)),  # simple shear: εxy = .01, √(2 · .01²)
        (0.01 * YS, 0.01 * XS, 0.02 / np.sqrt(2)),  # pure shear of the same size
    ],
)
def test_stretch_and_shear(u: np.ndarray | float, v: np.ndarray | float, strain: float) -> None:
    found = optical_strain(field(u, v))
    assert found.dtype == np.float32
    assert found.shape == XS.shape
    assert found[INNER] == pytest.approx(strain, rel=1e-4)


def test_a_view_of_a_larger_array_will_do() -> None:
    wide = np.zeros((12, 16, 4), np.float32)
    wide[..., 2] = 0.03 * XS
    assert optical_strain(wide[..., 2:])[INNER] == pytest.approx(0.03, rel=1e-4)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3), (2, 8, 8)])
def test_what_is_no_field(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="flow field"):
        optical_strain(np.zeros(shape, np.float32))
