"""3-D HOG: the icosahedron, ramps and moving edges by hand, what must not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from mien.errors import InputError
from mien.features import hog3d, hog3d_names
from mien.features.hog3d import FACES

ONE: dict[str, Any] = {"cells": (1, 1, 1), "subblocks": 1}


def ramp(gx: float, gy: float, gt: float, shape: tuple[int, int, int] = (6, 7, 8)) -> np.ndarray:
    t, y, x = np.indices(shape)
    return gx * x + gy * y + gt * t


def face(x: float, y: float, t: float) -> int:
    """The face that looks most in this direction."""
    return int((FACES @ (x, y, t)).argmax())


# ------------------------------------------------------------ worked by hand


def test_the_icosahedron() -> None:
    assert FACES.shape == (20, 3)
    assert np.linalg.norm(FACES, axis=1) == pytest.approx(1)
    assert (FACES[10:] == -FACES[:10]).all()
    cosines = FACES @ FACES.T
    # each face has three neighbours, at arccos(√5/3) = 41.8°
    assert ((cosines > 0.74) & (cosines < 0.75)).sum(axis=1).tolist() == [3] * 20
    assert (cosines > 0.75).sum() == 20
    assert np.sort(cosines[0])[-4:-1] == pytest.approx(5**0.5 / 3)


def test_the_normal_of_a_face_votes_for_it_alone() -> None:
    for number, normal in enumerate(FACES):
        expected = np.zeros(20)
        expected[number] = 1
        assert hog3d(ramp(*(9 * normal)), **ONE) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("way", "t"), [("right", -1), ("left", 1)])
def test_a_ramp_that_moves_by_a_pixel_a_frame(way: str, t: int) -> None:
    """Brighter to the right, moving right: it gets darker with time, the direction is (1, 0, −1)/√2.

    Projected onto the normals: (φ + 1/φ)/√6 = .9129 onto (φ, 0, −1/φ), 2/√6 = .8165 onto (1, ±1, −1), at
    most .4082 onto others; less .7454 they are .16751 and twice .07114, of length .19540.
    """
    expected = np.zeros(20)
    expected[face(1.618, 0, 0.618 * t)] = 0.85727
    expected[[face(1, 1, t), face(1, -1, t)]] = 0.36407
    found = hog3d(ramp(5, 0, 5 * t), **ONE)
    assert found == pytest.approx(expected, abs=1e-5)
    assert hog3d(ramp(5, 0, 5 * t), **ONE, signed=False)[face(1.618, 0, 0.618 * t) % 10] == pytest.approx(
        0.85727, abs=1e-5
    )


def test_a_moving_step_edge_tells_where_it_moves() -> None:
    t, _, x = np.indices((8, 6, 24))
    for speed, expected in ((1, face(1.618, 0, -0.618)), (-1, face(1.618, 0, 0.618))):
        clip = np.where(x >= 12 + speed * (t - 4), 200, 40).astype(np.uint8)
        assert hog3d(clip, **ONE).argmax() == expected
    still = hog3d(np.where(x >= 12, 200, 40).astype(np.uint8), **ONE)
    # (1, 0, 0): both (φ, 0, ±1/φ) alike, nothing that looks forward or backward in time more
    assert sorted(np.argsort(still)[-2:]) == sorted([face(1.618, 0, -0.618), face(1.618, 0, 0.618)])
    assert still @ FACES[:, 2] == pytest.approx(0, abs=1e-12)


def test_votes_of_a_cell_are_summed_by_strength() -> None:
    """Two sub-blocks in one cell: brighter to the right in one, to the left in the other."""
    x = np.arange(20)
    profile = np.concatenate([3 * x[:10], 27 - 4 * x[:10]]).astype(float)
    clip = np.broadcast_to(profile, (4, 5, 20))
    found = hog3d(clip, cells=(1, 1, 1), subblocks=(1, 2, 1))
    # the slopes: nine of 3 and one of (27 − 24)/2 at the seam; there one of (23 − 27)/2, and nine of 4
    right, left = (9 * 3 + 1.5) / 10, (9 * 4 + 2) / 10
    votes = np.array([right, left]) / np.hypot(right, left)
    both = 0.5**0.5  # (1, 0, 0) lies between two faces
    assert found[[face(1.618, 0, 0.618), face(1.618, 0, -0.618)]] == pytest.approx(votes[0] * both)
    assert found[[face(-1.618, 0, 0.618), face(-1.618, 0, -0.618)]] == pytest.approx(votes[1] * both)


def test_order_and_names() -> None:
    clip = np.full((6, 8, 10), 50.0)
    clip[3:, 4:, :5] += ramp(*(5 * FACES[13]), shape=(3, 4, 5))
    found = hog3d(clip, cells=(2, 2, 2), subblocks=1)
    names = hog3d_names(cells=(2, 2, 2))
    assert found.shape == (len(names),) == (160,)
    assert len(set(names)) == 160
    lower_left = [i for i, name in enumerate(names) if name.startswith("t1 row1 column0 ")]
    assert found[lower_left].any()
    assert names[lower_left[13]] == "t1 row1 column0 face13"
    assert not found[: 2 * 20].any()  # nothing rises there: t0, row 0
    assert found.dtype == np.float64
    assert len(hog3d_names(signed=False)) == hog3d(np.zeros((9, 15, 15)), signed=False).size == 75 * 10


def test_cells_need_not_be_alike_in_size() -> None:
    found = hog3d(np.random.default_rng(0).normal(0, 1, (10, 37, 41)))
    assert found.shape == (5 * 5 * 3 * 20,)
    assert np.linalg.norm(found.reshape(-1, 20), axis=1) == pytest.approx(1)
    # a ramp has the same gradient in every cell, whatever the cells' sizes
    everywhere = hog3d(ramp(1, 2, -3, (10, 37, 41))).reshape(-1, 20)
    assert everywhere == pytest.approx(np.broadcast_to(everywhere[0], everywhere.shape))


# ------------------------------------------------------------ what must not matter


def test_brightness_and_contrast_do_not_matter() -> None:
    clip = np.random.default_rng(1).integers(0, 100, (9, 20, 20), np.uint8)
    found = hog3d(clip)
    for other in (clip + 100, 2 * clip, clip / 255, clip.astype(np.float32) * 3 - 7):
        assert hog3d(other) == pytest.approx(found, abs=1e-6)


def test_a_mirrored_clip_has_mirrored_votes() -> None:
    clip = np.random.default_rng(2).normal(0, 1, (9, 15, 15))
    one, other = (hog3d(c).reshape(3, 5, 5, 20) for c in (clip, clip[:, :, ::-1]))
    mirrored = [face(*(normal * (-1, 1, 1))) for normal in FACES]
    assert other[:, :, ::-1][..., mirrored] == pytest.approx(one)


def test_bright_on_dark_and_dark_on_bright() -> None:
    clip = np.random.default_rng(3).normal(0, 1, (9, 15, 15))
    assert hog3d(-clip, signed=False) == pytest.approx(hog3d(clip, signed=False))
    assert np.abs(hog3d(-clip) - hog3d(clip)).max() > 0.1


def test_nothing_rises_in_a_flat_clip() -> None:
    assert not hog3d(np.full((9, 15, 15), 0.1)).any()
    # up and down as much: a mean of 0 but for rounding, which must not be brought to length 1
    waves = np.broadcast_to(np.tile([0.8, 0.9, 0.2], 3)[:, None], (4, 9, 5))
    cells = hog3d(waves, cells=(3, 1, 1), subblocks=1).reshape(3, 20)
    assert [bool(cell.any()) for cell in cells] == [True, False, True]


def test_the_same_twice_and_the_clip_untouched() -> None:
    clip = np.random.default_rng(4).normal(0, 1, (9, 15, 15))
    before = clip.copy()
    assert hog3d(clip).tobytes() == hog3d(clip).tobytes()
    assert (clip == before).all()


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=3, max_dims=3, min_side=4, max_side=7)))
def test_each_cell_has_length_one_or_none_or_the_clip_is_refused(clip: np.ndarray) -> None:
    if not (np.abs(clip) < 1e30).all():
        with pytest.raises(InputError, match="not numbers"):
            hog3d(clip, cells=(2, 2, 2), subblocks=2)
        return
    found = hog3d(clip, cells=(2, 2, 2), subblocks=2).reshape(-1, 20)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    length = np.linalg.norm(found, axis=1)
    assert (np.isclose(length, 1) | (length == 0)).all()


# ------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        ((8, 40, 40), {}, "3 cell.s. of 3 sub-block.s. needs at least 9 frames, not 8"),
        ((9, 14, 40), {}, "at least 15 rows, not 14"),
        ((9, 40, 14), {}, "at least 15 columns, not 14"),
        ((1, 40, 40), ONE, "at least 2 frames, not 1"),
        ((9, 40), {}, "grey clip"),
        ((0, 40, 40), {}, "empty"),
        ((9, 40, 40), {"cells": (5, 5)}, r"\(rows, columns, times\)"),
        ((9, 40, 40), {"cells": (5, 5, 0)}, "at least 1"),
        ((9, 40, 40), {"subblocks": 1.5}, "whole numbers"),
        ((9, 40, 40), {"subblocks": (3, 3)}, r"\(rows, columns, times\)"),
    ],
)
def test_refused(shape: tuple[int, ...], options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        hog3d(np.zeros(shape, np.uint8), **options)


def test_not_numbers() -> None:
    with pytest.raises(InputError, match="not numbers"):
        hog3d(np.full((9, 15, 15), np.nan))
