"""Mean direction and magnitude in blocks, by hand; and ATNet's rows."""

from __future__ import annotations

import numpy as np
import pytest

from mien.motion.blocks import as_rows, direction_magnitude

PI = np.pi


def field_of(*vectors: tuple[float, float]) -> np.ndarray:
    """One row of pixels."""
    return np.array([vectors], np.float32)


def test_by_hand() -> None:
    """Two blocks of two pixels: (3, 4) and (0, 0); up and to the right."""
    out = direction_magnitude(field_of((3, 4), (0, 0), (0, -2), (1, 0)), (1, 2))
    assert out.shape == (2, 1, 2)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out[0, 0], [np.arctan2(4, 3) / 2, -PI / 4], rtol=1e-6)
    np.testing.assert_allclose(out[1, 0], [2.5, 1.5], rtol=1e-6)


def test_the_mean_of_angles_is_not_their_direction() -> None:
    """The paper's mean of almost left twice is to the right; the circular one is to the left."""
    left = field_of((-1, 0.1), (-1, -0.1))
    assert direction_magnitude(left, (1, 1))[0, 0, 0] == pytest.approx(0, abs=1e-6)
    assert abs(direction_magnitude(left, (1, 1), circular=True)[0, 0, 0]) == pytest.approx(PI)
    # the circular mean is one of directions, whatever the lengths, and who rests has no say
    slow_down = field_of((9, 0), (0, 0.5), (0, 0), (0, 0))
    assert direction_magnitude(slow_down, (1, 1), circular=True)[0, 0, 0] == pytest.approx(PI / 4)
    assert direction_magnitude(slow_down, (1, 1))[0, 0, 0] == pytest.approx(PI / 8)
    against = field_of((0.3, 0.7), (-0.3, -0.7))
    assert direction_magnitude(against, (1, 1), circular=True)[0, 0, 0] == 0


@pytest.mark.parametrize("circular", [False, True])
def test_ranges(circular: bool) -> None:
    rng = np.random.default_rng(1)
    field = rng.normal(size=(40, 48, 2)).astype(np.float32)
    field[:5, :6] = -1, 0
    field[5:10, :6] = -1, -0.0
    theta, rho = direction_magnitude(field, circular=circular)
    assert theta.shape == rho.shape == (8, 8)
    assert (np.abs(theta.astype(np.float64)) <= PI).all()
    assert (rho >= 0).all()
    assert theta[0, 0] == theta[1, 0] == pytest.approx(PI)
    assert (direction_magnitude(np.zeros((8, 8, 2)), circular=circular) == 0).all()


def test_blocks_that_do_not_divide_the_picture() -> None:
    """Five rows in two blocks: 0 to 1 and 2 to 4; seven columns in three: 0-1, 2-3, 4-6."""
    field = np.zeros((5, 7, 2), np.float32)
    field[..., 0] = np.arange(35).reshape(5, 7)
    rho = direction_magnitude(field, (2, 3))[1]
    np.testing.assert_allclose(rho[0], [4, 6, 8.5], rtol=1e-6)
    np.testing.assert_allclose(rho[1], [21.5, 23.5, 26], rtol=1e-6)


def test_the_whole_grid_against_loops() -> None:
    field = np.random.default_rng(2).normal(size=(16, 24, 2)).astype(np.float32)
    out = direction_magnitude(field, (8, 8))
    for row in range(8):
        for column in range(8):
            block = field[2 * row : 2 * row + 2, 3 * column : 3 * column + 3].astype(np.float64)
            assert out[0, row, column] == pytest.approx(
                np.arctan2(block[..., 1], block[..., 0]).mean(), rel=1e-5
            )
            assert out[1, row, column] == pytest.approx(
                np.hypot(block[..., 0], block[..., 1]).mean(), rel=1e-5
            )


def test_what_makes_no_sense() -> None:
    for wrong in (np.zeros((8, 8)), np.zeros((8, 8, 3))):
        with pytest.raises(ValueError, match="flow field"):
            direction_magnitude(wrong)
    for blocks in ((0, 8), (8, 9), (9, 8)):
        with pytest.raises(ValueError, match="8 by 8 pixels"):
            direction_magnitude(np.zeros((8, 8, 2)), blocks)


def test_rows_by_hand() -> None:
    """Two steps of 1 by 2 blocks; θ is written as 10·step + block, ρ with 0.5 more."""
    steps = np.array([[[[0, 1]], [[0.5, 1.5]]], [[[10, 11]], [[10.5, 11.5]]]])
    assert as_rows(steps).tolist() == [[0, 0.5, 1, 1.5], [10, 10.5, 11, 11.5]]
    assert as_rows(steps[None])[0].tolist() == as_rows(steps).tolist()
    assert as_rows(np.zeros((64, 2, 8, 8), np.float32)).shape == (64, 128)
    assert as_rows(np.zeros((64, 2, 8, 8), np.float32)).dtype == np.float32
    # block by block from left to right, then down
    grid = np.zeros((1, 2, 8, 8))
    grid[0, 1, 2, 3] = 7
    assert np.flatnonzero(as_rows(grid)[0]).tolist() == [2 * (2 * 8 + 3) + 1]
    with pytest.raises(ValueError, match="direction-magnitude"):
        as_rows(np.zeros((64, 3, 8, 8)))
