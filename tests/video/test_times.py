from __future__ import annotations

from itertools import pairwise

import pytest

from mien.video.times import steady


def mended(times: list[float | None]) -> tuple[list[float], int]:
    repairs: list[int] = []
    out = list(steady(((t, i) for i, t in enumerate(times)), 0.04, lambda: repairs.append(1)))
    assert [i for _, i in out] == list(range(len(times)))
    seconds = [t for t, _ in out]
    assert all(b > a for a, b in pairwise(seconds))
    return seconds, len(repairs)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([5.0, 5.04, 5.08], [0, 0.04, 0.08]),
        ([0, 0.04, None, 0.12], [0, 0.04, 0.08, 0.12]),
        ([0, 0.04, 0.04, 0.08], [0, 0.04, 0.06, 0.08]),
        ([0, 0.04, 0.02, 0.12], [0, 0.04, 0.08, 0.12]),
        ([None, 1.0, 1.04], [0, 0.04, 0.08]),
        ([None, None, None], [0, 0.04, 0.08]),
        ([0, 0.5, 0.54], [0, 0.5, 0.54]),
        ([], []),
    ],
)
def test_gaps_and_doubles_are_mended(times: list[float | None], expected: list[float]) -> None:
    assert mended(times)[0] == pytest.approx(expected)


def test_good_times_are_left_alone() -> None:
    assert mended([0, 0.04, 0.1])[1] == 0


def test_a_clock_that_stands_still() -> None:
    assert mended([0.0] * 50)[0] == pytest.approx([i * 0.04 for i in range(50)])


def test_a_clock_that_is_set_back() -> None:
    times = [i * 0.04 for i in range(30)] + [i * 0.04 for i in range(40)]
    assert mended(times)[0] == pytest.approx([i * 0.04 for i in range(70)])
