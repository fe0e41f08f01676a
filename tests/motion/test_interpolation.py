"""Interpolation in time: exact where it can be, the paper's own route as the yardstick elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mien.errors import InputError
from mien.motion.interpolation import interpolate, linear, positions, tim, weights_linear, weights_tim


def paper_tim(frames: np.ndarray, at: np.ndarray) -> np.ndarray:
    """TIM as the paper writes it: SVD, generalised eigenproblem of the path graph, back from the curve."""
    length = len(frames)
    X = frames.reshape(length, -1).T.astype(np.float64)
    mean = X.mean(axis=1, keepdims=True)
    U, S, Vt = np.linalg.svd(X - mean, full_matrices=False)
    U, Q = U[:, : length - 1], S[: length - 1, None] * Vt[: length - 1]
    G = np.diag(np.ones(length - 1), 1)
    G = G + G.T
    L = np.diag(G.sum(axis=1)) - G
    _, W = scipy.linalg.eigh(Q @ L @ Q.T, Q @ Q.T)  # ascending: k = 1 .. T-1
    k = np.arange(1, length)

    def f(t: float) -> np.ndarray:
        return np.sin(np.pi * k * t + np.pi * (length - k) / (2 * length))

    M = (W.T @ Q)[:, 0] / f(1 / length)  # the eigenvectors come with an arbitrary length and sign
    curve = np.stack([M * f((p + 1) / length) for p in at], axis=1)
    return (U @ np.linalg.solve(W.T, curve) + mean).T.reshape((len(at), *frames.shape[1:]))


@pytest.mark.parametrize(("length", "n"), [(2, 7), (5, 10), (12, 5), (9, 33)])
def test_tim_is_the_papers_model(length: int, n: int) -> None:
    frames = np.random.default_rng(length).normal(size=(length, 6, 5))
    np.testing.assert_allclose(tim(frames, n), paper_tim(frames, positions(length, n)), atol=1e-9)


@pytest.mark.parametrize("length", [1, 2, 3, 10, 64])
def test_tim_at_the_original_places_is_the_identity(length: int) -> None:
    np.testing.assert_allclose(weights_tim(length, np.arange(length)), np.eye(length), atol=1e-12)
    np.testing.assert_array_equal(weights_linear(length, np.arange(length)), np.eye(length))


@settings(max_examples=40, deadline=None)
@given(
    clip=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=7)),
    factor=st.integers(2, 5),
)
def test_finer_sampling_passes_through_every_frame(clip: np.ndarray, factor: int) -> None:
    if len(clip) == 1:
        clip = np.repeat(clip, 2, axis=0)
    n = (len(clip) - 1) * factor + 1
    for model in (linear, tim):
        out = model(clip, n)
        assert out.dtype == np.uint8
        np.testing.assert_array_equal(out[::factor], clip)


def test_linear_mixes_the_two_neighbours() -> None:
    clip = np.array([[0.0, 10.0], [4.0, 10.0], [4.0, 30.0]])
    np.testing.assert_allclose(
        linear(clip, 5), [[0.0, 10.0], [2.0, 10.0], [4.0, 10.0], [4.0, 20.0], [4.0, 30.0]]
    )


def test_tim_of_its_own_basis_curve_is_exact() -> None:
    length, n = 8, 29
    at = positions(length, n)

    def bump(p: np.ndarray) -> np.ndarray:
        return 3.0 + 2.0 * np.cos(np.pi * 2 * (p + 0.5) / length)

    fine = tim(bump(np.arange(length)), n)
    np.testing.assert_allclose(fine, bump(at), atol=1e-12)
    assert np.abs(linear(bump(np.arange(length)), n) - bump(at)).max() > 0.05


@pytest.mark.parametrize("model", [linear, tim])
def test_edges(model) -> None:  # type: ignore[no-untyped-def]
    one = np.full((1, 2, 3), 9, np.uint8)
    assert (model(one, 4) == 9).all()
    assert model(one, 4).shape == (4, 2, 3)
    two = np.array([[0], [100]], np.uint8)
    assert model(two, 1).tolist() == [[50]]
    assert model(two, 3).tolist() == [[0], [50], [100]]
    three = np.arange(3, dtype=np.float32)[:, None]
    np.testing.assert_allclose(model(three, 1), [[1.0]], atol=1e-6)
    same = model(three, 3)
    np.testing.assert_allclose(same, three, atol=1e-6)
    assert not np.shares_memory(same, three)
    repeated = np.repeat(np.array([[5], [80]], np.uint8), 3, axis=0)  # linearly dependent frames
    assert model(repeated, 11)[0, 0] == 5
    assert model(repeated, 11)[-1, 0] == 80


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("model", [linear, tim])
def test_keeps_the_type(model, dtype) -> None:  # type: ignore[no-untyped-def]
    clip = (np.arange(24).reshape(4, 3, 2) * 5).astype(dtype)
    out = model(clip, 9)
    assert out.dtype == dtype
    np.testing.assert_allclose(
        out.astype(np.float64), model(clip.astype(np.float64), 9), atol=0.51, rtol=1e-3
    )


def test_overshoot_is_held_within_the_range() -> None:
    step = np.repeat(np.array([0, 255], np.uint8), 4)[:, None]
    free = tim(step.astype(np.float64), 29)
    assert free.min() < -1
    assert free.max() > 256
    held = tim(step, 29)
    np.testing.assert_array_equal(held, np.clip(np.rint(free), 0, 255).astype(np.uint8))


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = np.random.default_rng(0).integers(0, 256, (6, 11, 13, 3), np.uint8)
    whole = tim(clip, 10)
    monkeypatch.setattr("mien.motion.interpolation._BLOCK", 50)
    np.testing.assert_array_equal(tim(clip, 10), whole)


@pytest.mark.parametrize("model", [linear, tim])
def test_refuses(model) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="without frames"):
        model(np.zeros((0, 2)), 3)
    with pytest.raises(InputError, match="at least 1"):
        model(np.zeros((3, 2)), 0)
    with pytest.raises(InputError, match="bool"):
        model(np.zeros((3, 2), bool), 2)
    with pytest.raises(InputError, match="time axis"):
        model(np.float64(3.0), 2)


def test_positions_outside_the_clip_are_refused() -> None:
    for weights in (weights_linear, weights_tim):
        with pytest.raises(InputError, match="between 0 and 2"):
            weights(3, [2.5])
        with pytest.raises(InputError, match="between 0 and 2"):
            weights(3, [float("nan")])


def test_reading_at_given_places() -> None:
    clip = np.array([[0.0], [10.0], [40.0]])
    assert interpolate(clip, [2.0, 0.5, 1.0]).ravel().tolist() == [40.0, 5.0, 10.0]
    assert interpolate(clip, [0.4, 0.5, 1.6], "nearest").ravel().tolist() == [0.0, 10.0, 40.0]
    np.testing.assert_allclose(interpolate(clip, [2.0, 0.0], "tim"), [[40.0], [0.0]], atol=1e-12)
    with pytest.raises(InputError, match="no interpolation 'cubic'"):
        interpolate(clip, [0.0], "cubic")  # type: ignore[arg-type]
