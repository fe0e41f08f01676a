"""What the trained spotter reads of a recording's positions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mien.anatomy import REGIONS
from mien.events import Span
from mien.spotting.region_input import (
    CHANNELS,
    EVEN,
    FAST,
    HALTING,
    RATE,
    SEEN,
    mirrored,
    opening,
    rows,
    squeezed,
)
from mien.spotting.traces import Laid, lay

KEYS = [region.key for region in REGIONS]
R = len(KEYS)


def measured(position: np.ndarray, fps: float, head: np.ndarray | None = None) -> Any:
    n = len(position)
    time = np.arange(n) / fps
    return SimpleNamespace(
        time=list(time),
        span=list(zip(time, time, strict=True)),
        position=list(position),
        head=list(np.zeros((n, 6)) if head is None else head),
        chain=[1] * n,
    )


def laid(position: np.ndarray, fps: float = 100.0, good: np.ndarray | None = None, **more: Any) -> Laid:
    time = np.arange(len(position)) / fps
    ok = np.ones(len(time), bool) if good is None else good
    return lay(measured(position, fps, **more), time, ok, RATE, fixed=True)


def read(position: np.ndarray, fps: float = 100.0, blinks: tuple[Span, ...] = ()) -> np.ndarray:
    time = np.arange(len(position)) / fps
    return rows(laid(position, fps), time, np.ones(len(time)), blinks)


def bump(total: int = 400, at: int = 200, size: float = 0.02, region: str = "chin") -> np.ndarray:
    position = np.zeros((total, R, 2))
    position[:, KEYS.index(region), 1] = size * np.exp(-0.5 * ((np.arange(total) - at) / 8) ** 2)
    return position


def test_a_bump_stands_out_where_it_is() -> None:
    made = read(bump())
    assert made.shape == (CHANNELS, 400)
    assert made.dtype == np.float32
    row = 2 * KEYS.index("chin") + 1
    assert int(np.abs(made[FAST]).max(axis=1).argmax()) == row
    assert int(made[row].argmax()) == 200
    assert made[row].max() == pytest.approx(0.02, rel=0.25)  # less its share of the mean about it


def test_positions_have_no_zero() -> None:
    np.testing.assert_allclose(read(bump() + 3.0), read(bump()), atol=1e-5)


def test_a_slow_camera_gives_the_same_moments() -> None:
    fast, slow = read(bump()), read(bump()[::4], 25.0)
    assert slow.shape[1] == pytest.approx(397, abs=1)
    row = 2 * KEYS.index("chin") + 1
    assert np.abs(slow[row] - fast[row, : slow.shape[1]]).max() < 0.003


def test_where_nothing_is_scored_everything_is_nothing() -> None:
    good = np.ones(400, bool)
    good[100:150] = False
    made = rows(laid(bump(), good=good), np.arange(400) / 100, np.ones(400), ())
    assert not made[FAST, 101:149].any()
    assert not made[SEEN, 101:149].any()
    assert made[SEEN, :100].all()
    nothing = rows(laid(bump(), good=np.zeros(400, bool)), np.arange(400) / 100, np.ones(400), ())
    assert not nothing[SEEN].any()
    assert np.isfinite(nothing).all()


def test_blinks_and_eyes() -> None:
    blink = Span(100, 120, 1.0, 1.2, "blink")
    closed = Span(200, 300, 2.0, 3.0, "eyes closed")
    made = read(np.zeros((400, R, 2)), blinks=(blink, closed))
    row = made[SEEN - 2]
    assert row[100:120].all()
    assert row[200] == row[300] == 1
    assert row[250] == 0  # the lids do not move
    eyes = opening(np.array([0.3, 0.3, np.nan, 0.15, 0.3]))
    assert eyes[[0, 3]] == pytest.approx([1, 0.5])
    assert np.isnan(opening(np.full(3, np.nan))).all()


def test_linear_until_it_is_squeezed() -> None:
    one, other = read(bump(at=150)), read(bump(at=250, region="brow_inner_left"))
    both = read(bump(at=150) + bump(at=250, region="brow_inner_left"))
    np.testing.assert_allclose(both[FAST], one[FAST] + other[FAST], atol=1e-6)
    assert np.abs(squeezed(both)[FAST]).max() < 3
    assert squeezed(both)[SEEN].all()


def test_in_the_mirror() -> None:
    position = bump(region="mouth_corner_left")
    position[..., 0] = position[..., 1] / 2
    other = bump(region="mouth_corner_right")
    other[..., 0] = -other[..., 1] / 2
    np.testing.assert_allclose(mirrored(read(position)), read(other), atol=1e-6)
    np.testing.assert_array_equal(mirrored(mirrored(read(position))), read(position))


def even(total: int = 400, noise: float = 3e-4) -> np.ndarray:
    """A face that drifts, measured with noise that is the same at any time."""
    walk, white = np.random.default_rng(0).standard_normal((2, total, R, 2))
    return np.cumsum(1e-4 * walk, axis=0) + noise * white


def held(position: np.ndarray, renewed: float) -> np.ndarray:
    """Each region stands still but in a share of the frames, in which it catches up."""
    total = np.arange(len(position))[:, None]
    new = np.random.default_rng(1).random(position.shape[:2]) < renewed
    last = np.maximum.accumulate(np.where(new, total, 0), axis=0)
    return np.take_along_axis(position, last[..., None], axis=0)


@pytest.mark.parametrize("fps", [25.0, 100.0])
@pytest.mark.parametrize("speed", [1.0, 10.0])  # how much moves does not matter
def test_a_film_that_stands_still_and_catches_up_halts(fps: float, speed: float) -> None:
    def halting(position: np.ndarray) -> float:
        row = read(speed * position, fps)[HALTING]
        assert (row == row[0]).all()
        return float(row[0])

    calm = halting(even())
    assert calm == pytest.approx(EVEN, abs=0.1)
    nods = 0.01 * np.sin(np.arange(400) / 3).clip(0)[:, None, None] * [0, 1]
    assert halting(even() + nods) < 1.2  # real movements are no halting
    assert halting(held(even(), 0.8)) > calm + 0.1
    for renewed in (0.6, 0.4, 0.2, 0.1, 0.03):  # however hard
        assert halting(held(even(), renewed)) > 1.4


def test_halting_that_cannot_be_told_is_none() -> None:
    for position in (np.zeros((400, R, 2)), even(40)):
        assert read(position)[HALTING] == pytest.approx(EVEN)
    assert laid(np.zeros((400, R, 2))).halting is None
    assert laid(even(40)).halting is None
    thrice = read(even()[np.arange(400) // 3 * 3])  # each picture three times
    assert thrice[HALTING, 0] > 3
    assert squeezed(thrice)[HALTING] == pytest.approx(3 - EVEN)  # drawn in


def test_the_noise_is_that_of_the_measurement() -> None:
    rng = np.random.default_rng(0)
    quiet, loud = (read(s * rng.standard_normal((400, R, 2)))[SEEN - 1, 0] for s in (1e-4, 1e-3))
    assert loud / quiet == pytest.approx(10, rel=0.2)
    slow = read(1e-3 * rng.standard_normal((100, R, 2)), 25.0)[SEEN - 1, 0]
    assert slow == pytest.approx(loud, rel=0.3)
