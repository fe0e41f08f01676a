"""Head motion: six components, robustly fitted and taken out."""

from __future__ import annotations

import numpy as np
import pytest

from mien.motion import HeadMotionModel

AXIS = (np.arange(16) + 0.5) * 8 - 0.5
POINTS = np.stack(np.meshgrid(AXIS, AXIS), -1).reshape(-1, 2)
MIDDLE = POINTS - 63.5
DEPTH = 30.0 - 0.006 * (MIDDLE**2).sum(axis=1)
"""A rounded face: near in the middle, far at the edges."""


def model(weight: np.ndarray | None = None) -> HeadMotionModel:
    return HeadMotionModel(POINTS, DEPTH, np.ones(len(POINTS)) if weight is None else weight)


@pytest.mark.parametrize("component", range(6))
@pytest.mark.parametrize("size", [0.05, -2.0])
def test_each_component_is_recovered(component: int, size: float) -> None:
    head = model()
    wanted = np.zeros(6)
    wanted[component] = size
    rest, found = head.remove(head.basis(POINTS, DEPTH) @ wanted)
    # the trace of a prior makes turning and nodding 3 % too small on this face
    assert np.allclose(found, wanted, atol=(0.04 if component > 3 else 1e-6) * abs(size))
    assert np.abs(rest).max() < (0.025 if component > 3 else 1e-6) * abs(size)


def test_all_components_together() -> None:
    head = model()
    wanted = np.array([1.0, -0.5, 0.3, 0.2, -0.8, 0.6])
    rest, found = head.remove(head.basis(POINTS, DEPTH) @ wanted)
    assert np.allclose(found, wanted, atol=0.03)
    assert np.abs(rest).max() < 0.02


def test_the_components_mean_what_they_say() -> None:
    """Written out by hand: shift, growth about the centre, turn, and parallax with depth."""
    head = model()
    scale = head.scale
    fields = {
        0: np.tile((1.0, 0.0), (len(POINTS), 1)),
        1: np.tile((0.0, 1.0), (len(POINTS), 1)),
        2: MIDDLE / scale,
        3: np.stack([-MIDDLE[:, 1], MIDDLE[:, 0]], -1) / scale,
        4: np.stack([(DEPTH - DEPTH.mean()) / scale, np.zeros(len(POINTS))], -1),
        5: np.stack([np.zeros(len(POINTS)), (DEPTH - DEPTH.mean()) / scale], -1),
    }
    basis = head.basis(POINTS, DEPTH)
    for component, field in fields.items():
        assert np.allclose(basis[..., component], field)


def test_a_turned_head_leaves_little() -> None:
    """A real rotation by half a degree about the vertical axis, without perspective, 64 px half-width."""
    angle = np.radians(0.5)
    u = MIDDLE[:, 0] * (np.cos(angle) - 1) + DEPTH * np.sin(angle)
    rest, _ = model().remove(np.stack([u, np.zeros_like(u)], -1))
    assert np.abs(u - u.mean()).max() > 0.2
    assert np.linalg.norm(rest, axis=1).max() < 0.01


def test_a_moving_mouth_does_not_pass_for_head_motion() -> None:
    """A local motion of 3 px on top of head motion leaks little into the fit, and stays where it is."""
    head = model()
    truth = np.array([0.4, -0.3, 0.1, 0.1, 0.2, 0.1])
    bell = np.exp(-((POINTS - (64, 96)) ** 2).sum(axis=1) / (2 * 10**2))
    mouth = 3.0 * bell[:, None] * np.array([0.6, -0.8])
    rest, _ = head.remove(head.basis(POINTS, DEPTH) @ truth + mouth)
    far = bell < 0.01
    assert np.linalg.norm(rest[far], axis=1).mean() < 0.05  # measured: 0.03 px
    peak = int(bell.argmax())
    assert np.linalg.norm(rest[peak] - mouth[peak]) < 0.12 * np.linalg.norm(mouth[peak])
    # least squares without the robust weights would leak far more
    plain = HeadMotionModel(POINTS, DEPTH, np.ones(len(POINTS)), huber=1e9)
    leak, _ = plain.remove(head.basis(POINTS, DEPTH) @ truth + mouth)
    assert np.linalg.norm(rest[far], axis=1).mean() < 0.35 * np.linalg.norm(leak[far], axis=1).mean()


def test_points_without_weight_do_not_count() -> None:
    weight = np.where(POINTS[:, 1] > 64, 0.0, 1.0)
    field = np.where(POINTS[:, 1:] > 64, 5.0, 0.25) * np.ones((1, 2))
    rest, found = model(weight).remove(field)
    assert np.allclose(found[:2], 0.25, atol=1e-3)
    assert np.abs(rest[weight > 0]).max() < 1e-3
    assert rest[weight == 0] == pytest.approx(4.75, abs=1e-2)


def test_a_flat_face_shows_no_turning() -> None:
    """Without depth the parallax is unknown: the prior holds it at zero, and nothing blows up."""
    head = HeadMotionModel(POINTS, np.full(len(POINTS), 7.0), np.ones(len(POINTS)))
    rest, found = head.remove(np.tile((0.3, 0.1), (len(POINTS), 1)))
    assert found == pytest.approx([0.3, 0.1, 0, 0, 0, 0], abs=1e-6)
    assert np.abs(rest).max() < 1e-6


def test_some_weight_is_needed() -> None:
    with pytest.raises(ValueError, match="positive weight"):
        model(np.zeros(len(POINTS)))
