"""What the camera adds to the light, part by part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.synthesis.sensor import GAMMA, Sensor, noise

PLAIN = Sensor()


def even(level: float, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    return np.full((*size, 3), level, np.float32)


def test_with_everything_off_the_picture_is_the_encoded_light() -> None:
    for level in (0.0, 0.02, 0.2, 0.5, 0.79):
        assert np.unique(PLAIN.expose(even(level), 0)) == [round(255 * level ** (1 / GAMMA))]


def test_highlights_roll_off_and_never_wrap() -> None:
    values = [int(PLAIN.expose(even(level), 0)[0, 0, 0]) for level in (0.8, 0.9, 1.0, 1.5, 40.0)]
    assert values == sorted(values)
    assert values[-1] == 255
    assert values[0] < 235


def test_exposure_and_the_moment_s_gain_multiply_the_light() -> None:
    brighter = replace(PLAIN, exposure=2.0).expose(even(0.1), 0)
    np.testing.assert_array_equal(brighter, PLAIN.expose(even(0.2), 0))
    np.testing.assert_array_equal(brighter, PLAIN.expose(even(0.1), 0, gain=2.0))


@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_noise_has_the_strength_that_was_asked_for(sigma: float) -> None:
    sensor = replace(PLAIN, noise=sigma, seed=5)
    grey = sensor.expose(even(0.214, (200, 200)), 3).astype(float)  # grey level 127
    assert grey.mean() == pytest.approx(127, abs=0.6)
    assert np.hypot(sigma, 0.29) == pytest.approx(grey.std(), rel=0.1)  # rounding adds its own


def test_noise_differs_from_frame_to_frame_and_repeats_by_seed() -> None:
    sensor = replace(PLAIN, noise=1.5, seed=1)
    a, b = sensor.expose(even(0.2), 0).astype(float), sensor.expose(even(0.2), 1).astype(float)
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.05
    np.testing.assert_array_equal(a, sensor.expose(even(0.2), 0))
    assert (replace(sensor, seed=2).expose(even(0.2), 0) != a).any()


def test_noise_of_a_picture_larger_than_the_bank() -> None:
    big = noise((1100, 2040), 0, 0)
    assert big.shape == (1100, 2040)
    assert big.std() == pytest.approx(1, abs=0.01)
    top, bottom = big[:300].ravel(), big[-300:].ravel()
    assert abs(np.corrcoef(top, bottom)[0, 1]) < 0.01


def test_grey_and_near_infra_red_have_one_channel() -> None:
    light = even(0.1)
    light[..., 0] = 0.4
    grey = replace(PLAIN, colour="grey").expose(light, 0)
    nir = replace(PLAIN, colour="nir").expose(light, 0)
    assert grey.shape == nir.shape == (48, 64)
    assert nir[0, 0] > grey[0, 0]  # what is red shines in near infra-red


def test_corners_lose_light_and_the_middle_does_not() -> None:
    picture = replace(PLAIN, vignette=0.3).expose(even(0.3), 0)
    assert picture[24, 32, 0] == PLAIN.expose(even(0.3), 0)[24, 32, 0]
    assert picture[0, 0, 0] < picture[24, 32, 0] - 8


def test_the_lens_softens_an_edge_and_keeps_the_light() -> None:
    light = even(0.1)
    light[:, 32:] = 0.5
    soft = replace(PLAIN, blur=1.5).expose(light, 0)[24, :, 0].astype(int)
    hard = PLAIN.expose(light, 0)[24, :, 0].astype(int)
    assert np.abs(np.diff(hard)).max() > 3 * np.abs(np.diff(soft)).max()
    assert soft[5] == hard[5]
