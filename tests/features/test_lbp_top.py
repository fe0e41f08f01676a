"""LBP-TOP: patterns of small volumes worked by hand, and what must not change them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mien.errors import InputError
from mien.features import UNIFORM_BINS, lbp_top, lbp_top_names
from mien.features.lbp import uniform_table

SMALL: dict[str, Any] = {"radii": (1, 1, 1), "blocks": (1, 1)}
PLANES = ("xy", "xt", "yt")


def volume(**voxels: int) -> np.ndarray:
    """3×3×3 of 50 with 100 in the middle; ``right=150`` and the like set its neighbours."""
    v = np.full((3, 3, 3), 50, np.uint8)
    v[1, 1, 1] = 100
    places = {
        "right": (1, 1, 2),
        "left": (1, 1, 0),
        "down": (1, 2, 1),
        "up": (1, 0, 1),
        "next": (2, 1, 1),
        "before": (0, 1, 1),
        "corner": (1, 2, 2),
    }
    for name, level in voxels.items():
        v[places[name]] = level
    return v


def codes(clip: np.ndarray, neighbours: int = 4) -> dict[str, int]:
    """The one pattern on each plane of a clip with one inner voxel."""
    found = lbp_top(clip, neighbours=neighbours, mapping="full", **SMALL).reshape(3, -1)
    assert (np.sort(found, axis=1)[:, :-1] == 0).all()
    assert (found.max(axis=1) == 1).all()
    return dict(zip(PLANES, map(int, found.argmax(axis=1)), strict=True))


# ------------------------------------------------------------ worked by hand


@pytest.mark.parametrize(
    ("bright", "expected"),
    [
        # bits 0 to 3 of XY: right, down, left, up; XT: right, next, left, before; YT: down, next, up, before
        ((), (0, 0, 0)),
        (("right",), (1, 1, 0)),
        (("down",), (2, 0, 1)),
        (("left",), (4, 4, 0)),
        (("up",), (8, 0, 4)),
        (("next",), (0, 2, 2)),
        (("before",), (0, 8, 8)),
        (("right", "up", "next"), (9, 3, 6)),
        (("corner",), (0, 0, 0)),
    ],
)
def test_four_neighbours_of_one_voxel(bright: tuple[str, ...], expected: tuple[int, int, int]) -> None:
    found = codes(volume(**dict.fromkeys(bright, 150)))
    assert tuple(found[plane] for plane in PLANES) == expected


def test_what_is_as_bright_counts_as_one() -> None:
    assert codes(volume(right=100))["xy"] == 1
    assert codes(volume(right=99))["xy"] == 0
    flat = np.full((3, 3, 3), 77, np.uint8)
    assert set(codes(flat, 8).values()) == {255}
    # also where no weight is exact: 0.1 has no end in binary
    assert set(codes(np.full((3, 3, 3), 0.1), 8).values()) == {255}
    assert set(codes(np.full((3, 3, 3), 0.1, np.float32), 8).values()) == {255}


@pytest.mark.parametrize(("corner", "bit"), [(184, 0), (185, 1)])
def test_between_voxels_levels_are_bilinear(corner: int, bit: int) -> None:
    """Neighbour 1 of 8 lies at 45/64 of the way right and down from the middle.

    Right and down are 0, the middle 100: it is as bright as the middle if
    45² (corner − 100) >= 19 · 45 · (100 + 100), that is, corner >= 184.4.
    """
    found = codes(volume(right=0, down=0, corner=corner), 8)
    assert found["xy"] >> 1 & 1 == bit


def test_three_radii_make_ellipses() -> None:
    clip = np.zeros((9, 7, 5), np.uint8)
    clip[4, 3, 2] = 100
    clip[4, 3, 2 + 2] = 150  # Rx = 2
    clip[4, 3 + 3, 2] = 150  # Ry = 3
    clip[4 + 4, 3, 2] = 150  # Rt = 4
    found = lbp_top(clip, radii=(2, 3, 4), neighbours=4, blocks=(1, 1), mapping="full").reshape(3, 16)
    assert list(found.argmax(axis=1)) == [3, 3, 3]
    with pytest.raises(InputError, match="at least 9 frames, not 8"):
        lbp_top(clip[:8], radii=(2, 3, 4), blocks=(1, 1))


def test_a_bar_that_moves_is_seen_in_time_only() -> None:
    """Upright stripes that run to the right: XT differs from the still ones, XY does not, YT does."""
    x = np.arange(40)
    still = np.broadcast_to(100 + 50 * np.sin(x / 3), (16, 20, 40))
    moving = np.stack(
        [np.broadcast_to(100 + 50 * np.sin((x - 3 * np.pi * t) / 3), (20, 40)) for t in range(16)]
    )
    a, b = (lbp_top(clip, blocks=(1, 1)).reshape(3, -1) for clip in (still, moving))
    assert np.abs(a[0] - b[0]).sum() < 0.2
    assert np.abs(a[1] - b[1]).sum() > 1
    assert np.abs(a[2] - b[2]).sum() > 0.5


# ------------------------------------------------------------ bins, blocks, order


@pytest.mark.parametrize(("neighbours", "bins"), [(8, 59), (4, 15), (16, 243), (3, 9)])
def test_bins_of_the_uniform_mapping(neighbours: int, bins: int) -> None:
    table = uniform_table(neighbours)
    assert table.shape == (2**neighbours,)
    assert neighbours * (neighbours - 1) + 3 == bins
    # two patterns without a change, P (P - 1) with two
    assert len(set(table.tolist()) - {bins - 1}) == bins - 1
    alternating = int("01" * (neighbours // 2), 2)
    assert neighbours == 3 or table[alternating] == bins - 1
    assert table[0] == 0
    assert table[-1] == bins - 2
    assert bins == UNIFORM_BINS or neighbours != 8


def test_the_mapping_only_gathers_bins() -> None:
    clip = np.random.default_rng(0).integers(0, 256, (8, 9, 10), np.uint8)
    full = lbp_top(clip, mapping="full", **SMALL).reshape(3, 256)
    uniform = lbp_top(clip, mapping="uniform", **SMALL).reshape(3, 59)
    gathered = np.zeros((3, 59))
    np.add.at(gathered.T, uniform_table(8), full.T)
    assert uniform == pytest.approx(gathered, abs=1e-12)


def test_neighbours_of_each_plane() -> None:
    clip = np.random.default_rng(1).integers(0, 256, (8, 9, 10), np.uint8)
    found = lbp_top(clip, neighbours=(8, 4, 6), **SMALL)
    assert found.shape == (59 + 15 + 33,)
    assert (found[:59] == lbp_top(clip, neighbours=8, **SMALL)[:59]).all()
    assert (found[59:74] == lbp_top(clip, neighbours=4, **SMALL)[15:30]).all()


def test_blocks_are_parts_of_the_inner_voxels() -> None:
    """A clip that is flat but for one corner: only that block's histogram is not all-ones."""
    clip = np.full((12, 16, 22), 90, np.uint8)
    clip[7:, 1:7, 2:8] = np.random.default_rng(0).integers(0, 256, (5, 6, 6), np.uint8)
    found = lbp_top(clip, radii=(1, 1, 1), blocks=(2, 2, 2), neighbours=4).reshape(2, 2, 2, 3, 15)
    flat = np.zeros(15)
    flat[13] = 1  # 1111 is the last of the 14 uniform patterns
    same = (found == flat).all(axis=(3, 4))
    assert list(zip(*np.nonzero(~same), strict=True)) == [(1, 0, 0)]
    names = lbp_top_names(neighbours=4, blocks=(2, 2, 2))
    assert len(names) == len(set(names)) == found.size
    first = found[1, 0, 0, 1]
    at = names.index("t1 row0 column0 xt bin0")
    assert (found.ravel()[at : at + 15] == first).all()


def test_blocks_together_are_the_whole() -> None:
    clip = np.random.default_rng(2).integers(0, 256, (9, 12, 14), np.uint8)
    whole = lbp_top(clip, **SMALL)
    blocks = lbp_top(clip, radii=(1, 1, 1), blocks=(5, 4)).reshape(20, -1)
    assert blocks.mean(axis=0) == pytest.approx(whole)  # 10 × 12 inner pixels: equal blocks


def test_lengths() -> None:
    clip = np.random.default_rng(3).integers(0, 256, (10, 30, 30), np.uint8)
    assert lbp_top(clip).shape == (25 * 3 * 59,) == (len(lbp_top_names()),)
    assert lbp_top(clip, neighbours=4, mapping="full").shape == (25 * 3 * 16,)
    assert lbp_top(clip).dtype == np.float64


# ------------------------------------------------------------ what must not matter


def test_brightness_and_contrast_do_not_matter() -> None:
    clip = np.random.default_rng(4).integers(0, 100, (8, 14, 15), np.uint8)
    found = lbp_top(clip, blocks=(2, 2), radii=(3, 3, 2))
    for other in (
        clip + 100,
        2 * clip + 15,
        clip.astype(np.float32),
        clip.astype(np.float64) - 40,
        clip / 128,
        clip.astype(np.int64) * 1024,
    ):
        assert (lbp_top(other, blocks=(2, 2), radii=(3, 3, 2)) == found).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(1, 1, 1), (2, 3, 2)]))
def test_no_growing_change_of_grey_matters_to_four_neighbours(seed: int, radii: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(seed)
    clip = rng.integers(0, 40, (7, 9, 8), np.uint8)
    curve = np.cumsum(rng.integers(1, 7, 40)).astype(np.uint8)
    assert (
        lbp_top(clip, radii=radii, neighbours=4, blocks=(1, 1))
        == lbp_top(curve[clip], radii=radii, neighbours=4, blocks=(1, 1))
    ).all()


def test_a_mirrored_clip_has_mirrored_patterns() -> None:
    clip = np.random.default_rng(5).integers(0, 256, (8, 9, 10), np.uint8)
    one = lbp_top(clip, mapping="full", **SMALL).reshape(3, 256)
    other = lbp_top(clip[:, :, ::-1], mapping="full", **SMALL).reshape(3, 256)
    bits = np.arange(256)[:, None] >> np.arange(8) & 1
    swapped = (bits[:, [4, 3, 2, 1, 0, 7, 6, 5]] << np.arange(8)).sum(axis=1)  # angle a becomes π − a
    assert (other[:2, swapped] == one[:2]).all()
    assert (other[2] == one[2]).all()  # YT has no x


def test_the_same_twice_and_the_clip_untouched() -> None:
    clip = np.random.default_rng(6).normal(0, 1, (9, 20, 20))
    before = clip.copy()
    assert lbp_top(clip).tobytes() == lbp_top(clip).tobytes()
    assert (clip == before).all()
    assert lbp_top(np.asfortranarray(clip)).tobytes() == lbp_top(clip).tobytes()


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.float32, np.float64]),
        hnp.array_shapes(min_dims=3, max_dims=3, min_side=4, max_side=8),
    )
)
def test_every_histogram_sums_to_one_or_the_clip_is_refused(clip: np.ndarray) -> None:
    sound = bool((np.abs(clip.astype(np.float64)) < 1e30).all())
    if not sound:
        with pytest.raises(InputError, match="not numbers"):
            lbp_top(clip, radii=(1, 1, 1), blocks=(2, 2))
        return
    found = lbp_top(clip, radii=(1, 1, 1), blocks=(2, 2)).reshape(12, 59)
    assert (found >= 0).all()
    assert found.sum(axis=1) == pytest.approx(1)


# ------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        ((6, 40, 40), {}, "at least 7 frames, not 6: interpolate"),
        ((7, 40, 40), {"blocks": (5, 5, 2)}, "at least 8 frames, not 7"),
        ((7, 10, 40), {}, "at least 11×11 pixels, not 40×10"),
        ((7, 40, 10), {}, "at least 11×11 pixels, not 10×40"),
        ((7, 40, 40, 3), {}, "grey clip"),
        ((0, 40, 40), {}, "empty"),
        ((7, 40, 40), {"neighbours": 2}, "from 3 to 16, not 2"),
        ((7, 40, 40), {"neighbours": (8, 8)}, "one number of neighbours, or three"),
        ((7, 40, 40), {"neighbours": 8.0}, "whole numbers"),
        ((7, 40, 40), {"radii": (3, 3, 0)}, "at least 1"),
        ((7, 40, 40), {"radii": (3, 3)}, "three radii"),
        ((7, 40, 40), {"radii": (3, 1.5, 3)}, "whole numbers"),
        ((7, 40, 40), {"blocks": (0, 5)}, "at least 1"),
        ((7, 40, 40), {"blocks": (5,)}, r"\(rows, columns\)"),
        ((7, 40, 40), {"mapping": "riu2"}, "uniform or full, not 'riu2'"),
    ],
)
def test_refused(shape: tuple[int, ...], options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        lbp_top(np.zeros(shape, np.uint8), **options)


@pytest.mark.parametrize("clip", [np.full((8, 30, 30), np.nan), np.full((8, 30, 30), "a")])
def test_not_numbers(clip: np.ndarray) -> None:
    with pytest.raises(InputError, match="grey"):
        lbp_top(clip)
