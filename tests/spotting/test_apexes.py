"""From curves to events."""

from __future__ import annotations

import numpy as np
import pytest

from mien.spotting.apexes import Bump, bumps, shared


def curve(*peaks: tuple[int, float], total: int = 200) -> np.ndarray:
    t = np.arange(total)
    return np.max([p * np.exp(-0.5 * ((t - at) / 3) ** 2) for at, p in peaks], axis=0)


def flat(value: float, total: int = 200) -> np.ndarray:
    return np.full(total, value)


def test_a_peak_is_an_event_with_the_ends_it_tells() -> None:
    (one,) = bumps(curve((80, 0.9)), flat(12), flat(20), 0.5, 60)
    assert one.apex == pytest.approx(80, abs=0.1)
    assert (one.onset, one.offset) == (pytest.approx(68), pytest.approx(100))
    assert one.probability == pytest.approx(0.9)


def test_the_ends_are_the_mean_of_what_is_said_around() -> None:
    back = flat(12.0)
    back[79], back[81] = 12 - 3, 12 + 3  # they speak of onsets 70 and 66, the rest of 66 to 70
    (one,) = bumps(curve((80, 0.9)), back, flat(20), 0.5, 60)
    assert 66 < one.onset < 70


def test_below_the_bar_there_is_nothing() -> None:
    assert bumps(curve((80, 0.49)), flat(12), flat(20), 0.5, 60) == []
    assert bumps(np.full(50, np.nan), flat(12, 50), flat(20, 50), 0.5, 60) == []


def test_of_two_over_each_other_the_surer_stays() -> None:
    found = bumps(curve((80, 0.6), (95, 0.9)), flat(15), flat(15), 0.5, 60)
    assert [round(b.apex) for b in found] == [95]
    apart = bumps(curve((60, 0.6), (140, 0.9)), flat(15), flat(15), 0.5, 60)
    assert [round(b.apex) for b in apart] == [60, 140]


def test_what_is_too_long_is_shortened_about_its_apex() -> None:
    (one,) = bumps(curve((80, 0.9)), flat(40), flat(20), 0.5, 30)
    assert one.offset - one.onset == pytest.approx(30)
    assert one.apex - one.onset == pytest.approx(20, abs=0.2)


def test_an_apex_between_two_moments() -> None:
    t = np.arange(100)
    (one,) = bumps(np.exp(-0.5 * ((t - 50.3) / 4) ** 2), flat(9, 100), flat(9, 100), 0.5, 50)
    assert one.apex == pytest.approx(50.3, abs=0.05)
    edge = bumps(np.linspace(1, 0, 50), flat(9, 50), flat(9, 50), 0.5, 50)
    assert edge[0].onset < edge[0].apex < edge[0].offset


def test_what_two_share() -> None:
    one, other = Bump(0, 5, 10, 1.0), Bump(5, 10, 25, 1.0)
    assert shared(one, other) == pytest.approx(0.5)
    assert shared(one, Bump(11, 12, 13, 1.0)) == 0
