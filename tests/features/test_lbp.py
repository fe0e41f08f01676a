"""Local binary patterns: codes, bins and histograms worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mien.features import UNIFORM_BINS, block_histograms, chi_square, uniform_lbp

RING = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
"""The neighbours of the middle of a 3×3 picture, in order around it."""


def pattern(bits: int, start: int = 0) -> int:
    """The pattern of a 3×3 picture whose neighbours in ``bits`` are brighter than its centre."""
    picture = np.full((3, 3), 50, np.uint8)
    picture[1, 1] = 100
    for i in range(8):
        if bits >> i & 1:
            picture[RING[(i + start) % 8]] = 150
    return int(uniform_lbp(picture)[0, 0])


def changes(bits: int) -> int:
    return sum((bits >> i & 1) != (bits >> (i + 1) % 8 & 1) for i in range(8))


def test_59_bins_and_one_for_all_that_is_not_uniform() -> None:
    codes = {bits: pattern(bits) for bits in range(256)}
    uniform = [bits for bits in codes if changes(bits) <= 2]
    assert len(uniform) == 58
    assert sorted(codes[bits] for bits in uniform) == list(range(58))
    assert {codes[bits] for bits in codes if changes(bits) > 2} == {UNIFORM_BINS - 1}


def test_worked_pictures() -> None:
    flat = np.full((3, 3), 7, np.uint8)
    assert uniform_lbp(flat)[0, 0] == pattern(0b11111111)  # equal counts as brighter
    assert pattern(0) == 0
    spot = flat.copy()
    spot[1, 1] = 8
    assert uniform_lbp(spot)[0, 0] == 0
    corner = spot.copy()
    corner[0, 0] = 9
    assert uniform_lbp(corner)[0, 0] == pattern(0b1) == 1  # the first uniform code after 0
    checks = np.array([[9, 0, 9], [0, 5, 0], [9, 0, 9]], np.uint8)
    assert uniform_lbp(checks)[0, 0] == UNIFORM_BINS - 1


@pytest.mark.parametrize("bits", [0b0, 0b1, 0b111, 0b11111, 0b101, 0b1101])
def test_turning_the_picture_keeps_the_class(bits: int) -> None:
    """A turned edge is another pattern of the same length; what was not uniform stays so."""
    turned = {pattern(bits, start) for start in range(8)}
    if changes(bits) > 2:
        assert turned == {UNIFORM_BINS - 1}
    else:
        assert len(turned) == (8 if bits else 1)
        assert UNIFORM_BINS - 1 not in turned


def test_brightness_and_contrast_do_not_matter() -> None:
    picture = np.random.default_rng(0).integers(20, 100, (12, 9), np.uint8)
    assert np.array_equal(uniform_lbp(picture), uniform_lbp(2 * picture + 15))
    assert uniform_lbp(picture).shape == (10, 7)
    assert uniform_lbp(picture).dtype == np.uint8


@pytest.mark.parametrize("shape", [(2, 5), (5, 2), (5, 5, 3), (25,)])
def test_too_small_or_not_grey(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="3×3"):
        uniform_lbp(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(("shape", "blocks"), [((12, 12), 3), ((13, 17), 5), ((4, 4), 4)])
def test_histograms_sum_to_one(shape: tuple[int, int], blocks: int) -> None:
    patterns = np.random.default_rng(1).integers(0, UNIFORM_BINS, shape, np.uint8)
    found = block_histograms(patterns, blocks)
    assert found.shape == (blocks**2, UNIFORM_BINS)
    assert found.dtype == np.float32
    assert found.sum(axis=1) == pytest.approx(1)


def test_histograms_by_hand() -> None:
    patterns = np.array([[0, 0, 58, 58], [0, 3, 58, 58], [1, 1, 2, 2], [1, 1, 2, 4]], np.uint8)
    found = block_histograms(patterns, 2)
    expected = np.zeros((4, UNIFORM_BINS))
    expected[0, [0, 3]] = 0.75, 0.25
    expected[1, 58] = 1
    expected[2, 1] = 1
    expected[3, [2, 4]] = 0.75, 0.25
    assert found == pytest.approx(expected)
    assert block_histograms(patterns, 1)[0, 58] == pytest.approx(0.25)


def test_blocks_without_pixels_are_empty() -> None:
    found = block_histograms(np.zeros((2, 2), np.uint8), 4)
    assert np.isfinite(found).all()
    assert sorted(found.sum(axis=1)) == [0] * 12 + [1] * 4


def test_chi_square() -> None:
    a, b = np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.25, 0.25])
    # ½ (0 + .25²/.75 + .25²/.25) = ½ (1/12 + 1/4)
    assert chi_square(a, b) == pytest.approx(1 / 6)
    assert chi_square(b, a) == pytest.approx(1 / 6)
    assert chi_square(a, a) == 0
    assert chi_square(np.array([1.0, 0, 0]), np.array([0, 0.5, 0.5])) == pytest.approx(1)
    assert chi_square(np.stack([a, b]), a) == pytest.approx([0, 1 / 6])  # over the last axis
    assert chi_square(np.zeros(3), np.zeros(3)) == 0
