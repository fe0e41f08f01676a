"""MDMO: main directions by hand, head motion taken out, still faces, and what its mean angle means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mien.errors import InputError
from mien.features import MDMO_REGIONS, mdmo, mdmo_names

SQUARE = np.repeat(np.repeat(np.arange(36).reshape(6, 6), 4, axis=0), 4, axis=1)
"""36 regions of 4×4 pixels."""


def everywhere(u: float, v: float, shape: tuple[int, ...] = (1, 24, 24)) -> np.ndarray:
    return np.broadcast_to(np.array([u, v], np.float32), (*shape, 2)).copy()


def parts(feature: np.ndarray, weight: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """ρ and θ of the 36 regions, without the weight."""
    return feature[:36] / weight, feature[36:] / (1 - weight)


# ------------------------------------------------------------ worked by hand


def test_two_regions_in_two_fields() -> None:
    regions = np.array([[3, 3, 3, 3, 3], [20, 20, 20, 20, -1]])
    fields = np.zeros((2, 2, 5, 2), np.float32)
    fields[0, 0] = (1, 0), (2, 0), (3, 0.3), (0, 9), (0, 9)  # right 3 times, down twice
    fields[1, 0] = (0, 1), (0, 1), (0, 4), (5, 5), (-5, 5)  # down 3 times
    fields[0, 1] = (0, -1), (0, -2), (0, 0), (0, 0), (50, 50)  # up twice; resting pixels have no say
    fields[1, 1] = (2, -2), (4, -4), (1, -1), (-9, 0), (50, 50)  # up and to the right
    rho, theta = parts(mdmo(fields, regions))
    first, second = np.hypot(2, 0.1), 2.0
    third, fourth = 1.5, np.hypot(7 / 3, 7 / 3)
    most = max(first + second, third + fourth) / 2
    assert rho[[3, 20]] == pytest.approx([(first + second) / 2 / most, (third + fourth) / 2 / most])
    assert theta[[3, 20]] == pytest.approx(
        [(np.arctan2(0.1, 2) + np.pi / 2) / 2, (-np.pi / 2 - np.pi / 4) / 2], abs=1e-6
    )
    others = np.setdiff1d(np.arange(36), [3, 20])
    assert not rho[others].any()
    assert not theta[others].any()


def test_the_weight_and_the_order() -> None:
    field = everywhere(0, 0)
    field[0][SQUARE == 7] = 0, 2
    field[0][SQUARE == 8] = 1, 0
    feature = mdmo(field, SQUARE, weight=0.75)
    expected = np.zeros(72)
    expected[7], expected[8], expected[36 + 7] = 0.75, 0.375, 0.25 * np.pi / 2
    assert feature == pytest.approx(expected)
    names = mdmo_names()
    assert len(set(names)) == 72
    assert names[7] == f"rho {MDMO_REGIONS[7].key}"
    assert names[36 + 7] == f"theta {MDMO_REGIONS[7].key}"
    assert not mdmo(field, SQUARE, weight=0)[:36].any()
    assert not mdmo(field, SQUARE, weight=1)[36:].any()


@pytest.mark.parametrize("degrees", [0, 22, 23, 45, 90, 135, 179, -179, -158, -157, -90, -22])
def test_the_main_direction_is_the_nearest_of_eight(degrees: float) -> None:
    """Three vectors 20° off the nearest eighth outvote two that are longer and opposite."""
    regions = np.zeros((1, 5), int)
    angle = np.radians(degrees)
    fields = np.zeros((1, 1, 5, 2), np.float32)
    fields[0, 0, :3] = np.cos(angle), np.sin(angle)
    fields[0, 0, 3:] = -3 * np.cos(angle), -3 * np.sin(angle)
    _, theta = parts(mdmo(fields, regions))
    assert np.exp(1j * theta[0]) == pytest.approx(np.exp(1j * angle), abs=1e-6)


def test_directions_are_centred_on_their_names() -> None:
    """22° above and below the horizontal are both to the right; 23° below is down and to the right."""
    fields = np.zeros((1, 1, 5, 2), np.float32)
    for i, degrees in enumerate((22, -22, 23, 24, 10)):
        fields[0, 0, i] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    _, theta = parts(mdmo(fields, np.zeros((1, 5), int)))
    u, v = np.cos(np.radians([22, -22, 10])).mean(), np.sin(np.radians([22, -22, 10])).mean()
    assert theta[0] == pytest.approx(np.arctan2(v, u))


def test_of_as_many_the_first_direction_counts() -> None:
    fields = np.array([[[[0, 3], [2, 0]]]], np.float32)  # down and right, once each
    assert parts(mdmo(fields, np.zeros((1, 2), int)))[1][0] == 0


def test_leftward_motion_may_average_to_the_right() -> None:
    """As published: θ is a number. A hair above and a hair below the way to the left make 0."""
    fields = np.concatenate([everywhere(-1, 0.01), everywhere(-1, -0.01)])
    rho, theta = parts(mdmo(fields, SQUARE))
    assert theta == pytest.approx(0, abs=1e-6)
    assert rho == pytest.approx(1)
    assert parts(mdmo(fields[:1], SQUARE))[1] == pytest.approx(np.pi - 0.01, abs=1e-5)
    # exactly to the left is π, whatever the sign of the zero
    assert parts(mdmo(everywhere(-1, -0.0), SQUARE))[1] == pytest.approx(np.pi)
    assert parts(mdmo(everywhere(-1, 0.0), SQUARE))[1] == pytest.approx(np.pi)


# ------------------------------------------------------------ head motion


def affine(t: float) -> np.ndarray:
    y, x = np.mgrid[:24, :24]
    return np.stack([2 * t + 0.02 * t * x - 0.05 * y, -t + 0.04 * x + 0.01 * t * y], axis=-1).astype(
        np.float32
    )


def test_affine_head_motion_is_taken_out() -> None:
    expression = everywhere(0, 0, (3, 24, 24))
    expression[:, SQUARE == 14] = 0, -1
    expression[2, SQUARE == 30] = 2, 0
    head = np.stack([affine(t) for t in (1, 2, 3)])
    anchors = np.array([[1, 1], [20, 2.5], [3.25, 18], [22.5, 22], [11, 5]])  # on neither region
    clean = mdmo(expression, SQUARE)
    assert mdmo(expression + head, SQUARE, anchors=anchors) == pytest.approx(clean, abs=1e-4)
    assert np.abs(mdmo(expression + head, SQUARE) - clean).max() > 0.1


def test_anchors_that_move_are_fitted_by_least_squares() -> None:
    """Five anchors on a cross about (12, 12), of which the right one moves to the right by 1.

    The fit is 1/5 + (x − 12) · 4/32 to the right. What rests near the left border, at x = 0 to 3 and 4 to 7,
    so seems to move to the right, by 1.3 − x/8: 1.1125 and .6125 on average.
    """
    fields = everywhere(0, 0)
    fields[0, 12, 16] = 1, 0
    anchors = np.array([[12, 12], [8, 12], [16, 12], [12, 8], [12, 16]])
    rho, theta = parts(mdmo(fields, np.where(SQUARE < 2, SQUARE, -1), anchors=anchors))
    assert rho[:2] == pytest.approx([1, 0.6125 / 1.1125])
    assert theta == pytest.approx(0)


def test_a_head_that_only_moves_is_a_still_face() -> None:
    """What arithmetic leaves over must not be blown up to 1."""
    head = np.stack([affine(t) for t in (1, 2, 3)])
    anchors = np.array([[1.3, 1], [20, 2.5], [3.25, 18], [22, 23]])
    assert not mdmo(head, SQUARE, anchors=anchors).any()


def test_anchors_outside_the_picture_are_left_out() -> None:
    head = np.stack([affine(1)])
    inside = np.array([[1.3, 1], [20, 2.5], [3.25, 18], [23, 23]])
    outside = np.array([[-0.5, 3], [24, 3], [3, 23.5], [np.nan, 3]])
    fields = head + np.random.default_rng(0).normal(0, 0.1, head.shape).astype(np.float32)
    assert (
        mdmo(fields, SQUARE, anchors=np.concatenate([inside, outside]))
        == mdmo(fields, SQUARE, anchors=inside)
    ).all()


# ------------------------------------------------------------ nothing from nothing


def test_a_still_clip_and_empty_regions() -> None:
    anchors = np.array([[1, 1], [20, 2], [3, 18]])
    assert not mdmo(everywhere(0, 0, (4, 24, 24)), SQUARE).any()
    assert not mdmo(everywhere(0, 0, (4, 24, 24)), SQUARE, anchors=anchors).any()
    assert not mdmo(everywhere(5e-4, 5e-4), SQUARE).any()
    only = mdmo(everywhere(1, 0), np.where(SQUARE == 11, 11, -1))
    assert np.flatnonzero(only).tolist() == [11]


@settings(max_examples=80, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 3), st.just(5), st.just(6), st.just(2)),
        elements=st.floats(-100, 100, width=32),
    ),
    hnp.arrays(np.int8, (5, 6), elements=st.integers(-1, 35)),
    st.booleans(),
    st.floats(0, 1),
)
def test_numbers_in_their_ranges(
    fields: np.ndarray, regions: np.ndarray, correct: bool, weight: float
) -> None:
    regions[0, 0] = 4
    anchors = np.array([[0, 0], [5, 1], [2, 4], [3, 3.5]]) if correct else None
    feature = mdmo(fields, regions, anchors=anchors, weight=weight)
    assert feature.shape == (72,)
    assert feature.dtype == np.float64
    assert np.isfinite(feature).all()
    rho, theta = feature[:36], feature[36:]
    assert (rho >= 0).all()
    assert rho.max() == pytest.approx(weight) or not rho.any()
    assert (np.abs(theta) <= (1 - weight) * np.pi + 1e-9).all()
    assert not feature[[i + k for i in range(36) if not (regions == i).any() for k in (0, 36)]].any()


def test_the_same_twice_and_nothing_changed() -> None:
    rng = np.random.default_rng(1)
    fields, anchors = rng.normal(0, 1, (3, 24, 24, 2)).astype(np.float32), rng.uniform(0, 23, (9, 2))
    before = fields.copy()
    assert mdmo(fields, SQUARE, anchors=anchors).tobytes() == mdmo(fields, SQUARE, anchors=anchors).tobytes()
    assert (fields == before).all()


def test_an_expression_twice_as_strong_looks_the_same() -> None:
    fields = np.random.default_rng(2).normal(0, 1, (3, 24, 24, 2)).astype(np.float32)
    assert mdmo(2 * fields, SQUARE) == pytest.approx(mdmo(fields, SQUARE), abs=1e-3)


# ------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fields": np.zeros((0, 24, 24, 2), np.float32)}, "at least two frames"),
        ({"fields": np.full((1, 24, 24, 2), np.nan, np.float32)}, "not numbers"),
        ({"regions": SQUARE[:20]}, "over the fields' 24×24 pixels, not int64 of shape"),
        ({"regions": SQUARE.astype(float)}, "whole numbers"),
        ({"regions": SQUARE + 1}, "found 1 to 36"),
        ({"regions": SQUARE - 2}, "found -2 to 33"),
        ({"regions": np.full((24, 24), -1)}, "all empty"),
        ({"weight": 1.5}, "from 0 to 1, not 1.5"),
        ({"weight": float("nan")}, "from 0 to 1, not nan"),
        ({"anchors": np.zeros((5, 3))}, r"landmarks \(points, 2\)"),
        ({"anchors": np.array([[1, 1], [5, 9]])}, "of 2 given, 2 lie within 24×24"),
        ({"anchors": np.array([[1, 1], [5, 9], [99, 3]])}, "of 3 given, 2 lie within 24×24"),
        ({"anchors": np.array([[1, 1], [5, 5], [9, 9]])}, "not on one line"),
        ({"anchors": np.array([[3, 3], [3, 3], [3, 3]])}, "not on one line"),
        ({"anchors": np.full((4, 2), np.nan)}, "of 4 given, 0 lie within"),
    ],
)
def test_refused(change: dict[str, Any], words: str) -> None:
    given_ = {"fields": everywhere(1, 0), "regions": SQUARE, **change}
    with pytest.raises(InputError, match=words):
        mdmo(given_.pop("fields"), given_.pop("regions"), **given_)
