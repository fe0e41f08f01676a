"""HOOF: one bin for one direction, mirror images alike, histograms that sum to 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mien.errors import InputError
from mien.features import hoof, hoof_names


def moved(u: float, v: float, shape: tuple[int, int, int] = (1, 6, 7)) -> np.ndarray:
    """The same motion everywhere."""
    return np.broadcast_to(np.array([u, v], np.float32), (*shape, 2)).copy()


# ------------------------------------------------------------ worked by hand


@pytest.mark.parametrize("bins", [4, 8])
@pytest.mark.parametrize(
    ("u", "v", "degrees"),  # from straight up (0) to straight down (180)
    [
        (0, -1, 0),
        (0.5, -1, 26.6),
        (-0.5, -1, 26.6),
        (3, -1, 71.6),
        (1, 0, 90),
        (-1, 0, 90),
        (-2, 1, 116.6),
        (0.1, 2, 177.1),
        (0, 1, 180),
    ],
)
def test_one_motion_is_one_bin(u: float, v: float, degrees: float, bins: int) -> None:
    expected = np.zeros(bins)
    expected[min(int(degrees / 180 * bins), bins - 1)] = 1
    assert (hoof(moved(u, v), bins=bins) == expected).all()


def test_vectors_count_by_their_length() -> None:
    field = np.zeros((1, 1, 4, 2), np.float32)
    field[0, 0, :3] = (3, 4), (0, -2), (-1, 0)  # 5 down, 2 up, 1 to the left; one pixel rests
    # 53.1° below the horizontal is 143.1° from straight up: bin 6 of 8
    assert hoof(field) == pytest.approx([2 / 8, 0, 0, 0, 1 / 8, 0, 5 / 8, 0])


def test_order_and_names() -> None:
    fields = np.zeros((2, 4, 6, 2), np.float32)
    fields[1, 2:, 3:] = 0, 1  # second step, lower right: down
    found = hoof(fields, bins=4, blocks=(2, 2))
    names = hoof_names(2, bins=4, blocks=(2, 2))
    assert found.shape == (len(names),) == (2 * 4 * 4,)
    assert [name for name, value in zip(names, found, strict=True) if value] == ["step1 row1 column1 bin3"]
    assert found.dtype == np.float64


def test_blocks_are_histograms_of_their_own() -> None:
    fields = np.random.default_rng(0).normal(0, 1, (3, 9, 11, 2)).astype(np.float32)
    blocks = hoof(fields, blocks=(3, 2)).reshape(3, 3, 2, 8)
    # 11 columns in two blocks: 6 and 5
    for (row, rows), (column, columns) in [
        ((1, slice(3, 6)), (0, slice(0, 6))),
        ((2, slice(6, 9)), (1, slice(6, 11))),
    ]:
        assert blocks[:, row, column].ravel() == pytest.approx(hoof(fields[:, rows, columns]))


# ------------------------------------------------------------ no motion


def test_a_still_block_is_all_zeros() -> None:
    fields = moved(0, 1, (2, 4, 4))
    fields[0, :2] = 0
    fields[1, 2:] = 9e-4  # less than a thousandth of a pixel along each axis, but more along both
    fields[1, :2] = 5e-4
    found = hoof(fields, bins=2, blocks=(2, 1)).reshape(2, 2, 2)
    assert found == pytest.approx(np.array([[[0, 0], [0, 1]], [[0, 0], [0, 1]]]))
    assert not hoof(np.zeros((3, 5, 5, 2), np.float32)).any()


# ------------------------------------------------------------ what must not matter

FIELDS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(2, 6), st.integers(2, 6), st.just(2)),
    elements=st.floats(-50, 50, width=32),
)


@settings(max_examples=80, deadline=None)
@given(FIELDS, st.integers(1, 9))
def test_mirror_images_are_alike(fields: np.ndarray, bins: int) -> None:
    mirrored = fields[:, :, ::-1] * np.float32([-1, 1])
    assert hoof(mirrored, bins=bins) == pytest.approx(hoof(fields, bins=bins), abs=1e-12)
    if fields.shape[2] % 2 == 0:  # with blocks, their columns change places
        one = hoof(fields, bins=bins, blocks=(1, 2)).reshape(-1, 2, bins)
        other = hoof(mirrored, bins=bins, blocks=(1, 2)).reshape(-1, 2, bins)
        assert other[:, ::-1] == pytest.approx(one, abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(FIELDS, st.integers(1, 9))
def test_each_histogram_sums_to_one_or_is_empty(fields: np.ndarray, bins: int) -> None:
    found = hoof(fields, bins=bins, blocks=(2, 2)).reshape(-1, bins)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    total = found.sum(axis=1)
    assert (np.isclose(total, 1) | (total == 0)).all()


def test_an_expression_twice_as_strong_looks_the_same() -> None:
    fields = np.random.default_rng(1).normal(0, 1, (2, 20, 20, 2)).astype(np.float32)
    assert hoof(2 * fields) == pytest.approx(hoof(fields), abs=1e-3)


def test_the_same_twice() -> None:
    fields = np.random.default_rng(2).normal(0, 1, (2, 20, 20, 2)).astype(np.float32)
    before = fields.copy()
    assert hoof(fields).tobytes() == hoof(np.asfortranarray(fields)).tobytes()
    assert (fields == before).all()


# ------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("fields", "options", "words"),
    [
        (np.zeros((0, 4, 4, 2), np.float32), {}, "at least two frames"),
        (np.zeros((4, 4, 2), np.float32), {}, r"\(steps, height, width, 2\)"),
        (np.zeros((1, 4, 4, 3), np.float32), {}, r"\(steps, height, width, 2\)"),
        (np.zeros((1, 4, 4, 2), np.uint8), {}, "uint8"),
        (np.full((1, 4, 4, 2), np.nan, np.float32), {}, "not numbers"),
        (np.full((1, 4, 4, 2), np.inf, np.float32), {}, "not numbers"),
        (np.zeros((1, 4, 4, 2), np.float32), {"bins": 0}, "at least 1"),
        (np.zeros((1, 4, 4, 2), np.float32), {"bins": 2.5}, "whole numbers"),
        (np.zeros((1, 4, 4, 2), np.float32), {"blocks": (5, 1)}, "4×4 pixels into 5×1 blocks"),
        (np.zeros((1, 4, 4, 2), np.float32), {"blocks": (1, 5)}, "4×4 pixels into 1×5 blocks"),
        (np.zeros((1, 4, 4, 2), np.float32), {"blocks": (1, 1, 1)}, r"\(rows, columns\)"),
    ],
)
def test_refused(fields: np.ndarray, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        hoof(fields, **options)
