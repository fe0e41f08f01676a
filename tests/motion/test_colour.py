"""Flow as a colour picture: the hues of directions, saturation in proportion, and what gets full colour."""

from __future__ import annotations

import numpy as np
import pytest

from mien.motion.colour import FLOOR, WHEEL, flow_colours


def one(x: float, y: float, full: float | None = 1.0) -> list[int]:
    """The colour of a single motion."""
    return [int(v) for v in flow_colours(np.array([[[x, y]]], np.float32), full)[0, 0]]


def test_the_wheel_by_hand() -> None:
    assert WHEEL.shape == (55, 3)
    assert WHEEL.dtype == np.float32
    for index, colour in {
        0: (255, 0, 0),
        5: (255, 85, 0),  # a third of 15 hues from red to yellow
        15: (255, 255, 0),
        18: (127.5, 255, 0),
        21: (0, 255, 0),
        23: (0, 255, 127.5),
        25: (0, 255, 255),
        36: (0, 0, 255),
        49: (255, 0, 255),
        52: (255, 0, 127.5),
    }.items():
        np.testing.assert_allclose(WHEEL[index], colour, atol=1e-4)
    steps = np.abs(np.diff(np.concatenate([WHEEL, WHEEL[:1]]), axis=0)).sum(axis=1)
    np.testing.assert_allclose(
        steps, np.repeat(255 / np.array([15, 6, 4, 11, 13, 6]), [15, 6, 4, 11, 13, 6]), rtol=1e-5
    )


def test_directions_by_hand() -> None:
    """A quarter turn is 13.75 of the 55 hues: between 255·13/15 and 255·14/15 of yellow, and so on."""
    assert one(1, 0) == [255, 0, 0]
    assert one(1, -0.0) == [255, 0, 0]
    assert one(0, 1) == [255, round(255 * 13.75 / 15), 0]
    assert one(-1, 0) == one(-1, -0.0) == [0, round(255 * (1 - 2.5 / 11)), 255]
    assert one(0, -1) == [round(255 * 5.25 / 13), 0, 255]
    assert one(1, -1e-6) == [255, 0, 0]  # round to red without a step
    yellow = 2 * np.pi * 15 / 55
    assert one(np.cos(yellow), np.sin(yellow)) == [255, 255, 0]


def test_saturation_grows_with_the_motion() -> None:
    assert one(0, 0) == [255, 255, 255]
    assert one(0.4, 0) == [255, 153, 153]
    assert one(3, 4, 10.0) == one(0.3, 0.4)
    assert one(7, 0) == one(1, 0)


def test_a_field_by_its_own_largest() -> None:
    field = np.zeros((2, 3, 2), np.float32)
    field[0, 1] = 0, 5
    field[1, 2] = 2.5, 0
    shown = flow_colours(field)
    assert shown.shape == (2, 3, 3)
    assert shown.dtype == np.uint8
    assert (shown == flow_colours(field, 5.0)).all()
    assert shown[1, 2].tolist() == [255, 128, 128]  # half way to white: 127.5, to the even
    assert (shown == flow_colours(field * 8)).all()


def test_noise_stays_pale() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.02, (112, 96, 2)).astype(np.float32)
    assert np.hypot(*np.moveaxis(noise, -1, 0)).max() < FLOOR
    assert flow_colours(noise).mean() > 235
    assert (flow_colours(noise) == flow_colours(noise, FLOOR)).all()
    assert flow_colours(noise, 0.06).min() < 40
    assert (flow_colours(np.zeros((4, 4, 2), np.float32)) == 255).all()


def test_what_is_no_field() -> None:
    for wrong in (np.zeros((4, 4)), np.zeros((4, 4, 3)), np.full((2, 2, 2), np.nan)):
        with pytest.raises(ValueError, match="flow field"):
            flow_colours(wrong)
    for full in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="positive"):
            flow_colours(np.zeros((4, 4, 2)), full)
