"""The canonical crop: similarities and sampling."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.face import CROP, UNIT, rescale, warp
from mien.face.align import ANCHORS, EYE_LINE, EYE_WIDTH, apply, compose, fit_similarity, place, scale_of

number = st.floats(-300, 300)
similarities = st.builds(
    lambda scale, angle, x, y: np.array(
        [
            [scale * np.cos(angle), -scale * np.sin(angle), x],
            [scale * np.sin(angle), scale * np.cos(angle), y],
        ]
    ),
    st.floats(0.1, 5), st.floats(-3.1, 3.1), number, number,
)  # fmt: skip
SQUARE = np.array([[10.0, 20.0], [200.0, 15.0], [180.0, 240.0], [30.0, 190.0]])


@given(similarities)
def test_a_similarity_is_fitted_exactly(matrix: np.ndarray) -> None:
    assert np.allclose(fit_similarity(SQUARE, apply(matrix, SQUARE)), matrix, atol=1e-6)
    assert scale_of(matrix) == pytest.approx(np.hypot(matrix[0, 0], matrix[0, 1]))


@given(similarities, similarities)
def test_compose_does_the_first_first(first: np.ndarray, second: np.ndarray) -> None:
    both = apply(compose(second, first), SQUARE)
    assert np.allclose(both, apply(second, apply(first, SQUARE)), atol=1e-6)


@given(similarities)
def test_there_and_back(matrix: np.ndarray) -> None:
    back = fit_similarity(apply(matrix, SQUARE), SQUARE)
    assert np.allclose(compose(back, matrix), np.eye(2, 3), atol=1e-6)


@settings(max_examples=30)
@given(similarities, st.integers(16, 512), st.integers(16, 512))
def test_rescale_and_back(matrix: np.ndarray, old: int, new: int) -> None:
    assert np.allclose(rescale(rescale(matrix, old, new), new, old), matrix, atol=1e-6)


def test_weights_choose_the_points() -> None:
    target = SQUARE + np.array([3, 4])
    target[3] += 50
    weighted = fit_similarity(SQUARE, target, np.array([1, 1, 1, 0]))
    assert weighted == pytest.approx(np.array([[1, 0, 3], [0, 1, 4]]), abs=1e-9)
    assert not np.allclose(fit_similarity(SQUARE, target), weighted, atol=1e-3)


def test_no_mirror() -> None:
    """A mirrored face cannot be laid over by a similarity; the fit must not flip it."""
    mirrored = SQUARE * (-1, 1)
    assert np.linalg.det(fit_similarity(SQUARE, mirrored)[:, :2]) > 0


def test_rescale_names_pixel_centres() -> None:
    """The crop's edges (half a pixel outside the first and last centre) stay where they are."""
    double = rescale(np.eye(2, 3), 64, 128)
    corners = np.array([[-0.5, -0.5], [63.5, 63.5]])
    assert apply(double, corners) == pytest.approx(np.array([[-0.5, -0.5], [127.5, 127.5]]))
    assert apply(double, np.array([[0.0, 0.0]])) == pytest.approx(0.5)


def test_rescaled_crops_show_the_same(grain: np.ndarray) -> None:
    """Halving a crop by its matrix equals averaging its pixels two by two."""
    matrix = np.array([[1.0, 0, -40], [0, 1.0, -30]])
    full = warp(grain, matrix, 128)
    half = warp(grain, rescale(matrix, 128, 64), 64)
    averaged = full.reshape(64, 2, 64, 2).mean(axis=(1, 3))
    assert np.abs(half - averaged).max() <= 1


def test_the_eyes_lie_where_the_crop_says() -> None:
    mesh = np.zeros((468, 3), np.float32)
    for index, (x, y) in ANCHORS.items():
        mesh[index] = (300 + 80 * x, 200 + 80 * y, 0)
    matrix = place(mesh)
    eyes = apply(matrix, np.array([[300.0, 200.0], [300 - 40, 200], [300 + 40, 200]]))
    assert eyes[0] == pytest.approx((CROP / 2, EYE_LINE * CROP))
    assert eyes[2] - eyes[1] == pytest.approx((EYE_WIDTH * CROP, 0), abs=1e-4)
    assert pytest.approx(EYE_WIDTH * CROP) == UNIT


# ---------------------------------------------------------------------- sampling


@pytest.fixture(scope="module")
def grain() -> np.ndarray:
    """Texture with detail at every scale, 256×320."""
    rng = np.random.default_rng(0)
    total = sum(
        cv2.GaussianBlur(rng.normal(0, 1, (256, 320)).astype(np.float32), (0, 0), s) * s * 25
        for s in (0.6, 2, 6)
    )
    return np.clip(128 + total, 0, 255).astype(np.uint8)


def shift_between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Sub-pixel shift by least squares on the gradients, (x, y)."""
    a, b = (cv2.GaussianBlur(v.astype(np.float64), (0, 0), 1.5) for v in (first, second))
    gy, gx = np.gradient((a + b) / 2)
    inner = np.s_[6:-6, 6:-6]
    g = np.stack([gx[inner].ravel(), gy[inner].ravel()], -1)
    return -np.linalg.lstsq(g, (b - a)[inner].ravel(), rcond=None)[0]


def test_whole_pixels_are_copied(grain: np.ndarray) -> None:
    crop = warp(grain, np.array([[1.0, 0, -20], [0, 1.0, -10]]), 64)
    assert np.array_equal(crop, grain[10:74, 20:84])


def test_beyond_the_border_the_last_pixels_are_repeated(grain: np.ndarray) -> None:
    crop = warp(grain, np.array([[1.0, 0, 10], [0, 1.0, 10]]), 64)
    assert np.array_equal(crop[10:, 10:], grain[:54, :54])
    assert (crop[:10, :10] == grain[0, 0]).all()


@pytest.mark.parametrize("scale", [0.25, 0.3, 1 / 3.5])
def test_a_large_face_is_reduced_without_aliasing(scale: float) -> None:
    """A picture 4× larger that shifts by one pixel moves the crop by a quarter of a pixel."""
    rng = np.random.default_rng(3)
    big = cv2.GaussianBlur(rng.normal(0, 1, (700, 700)).astype(np.float32), (0, 0), 0.7) * 90
    big += cv2.GaussianBlur(rng.normal(0, 1, (700, 700)).astype(np.float32), (0, 0), 8) * 600
    big = np.clip(128 + big, 0, 255).astype(np.uint8)
    matrix = np.array([[scale, 0, -10.0], [0, scale, -12.0]])
    first = warp(big, matrix, 128)
    for x, y in ((1, 0), (0, 1), (1, 2)):
        second = warp(np.roll(big, (y, x), axis=(0, 1)), matrix, 128)
        assert shift_between(first, second) == pytest.approx((scale * x, scale * y), abs=0.04)


def test_reduction_averages() -> None:
    """Single-pixel checks vanish when reduced; bilinear sampling alone would keep them."""
    checks = np.indices((256, 256)).sum(axis=0) % 2 * np.uint8(200)
    crop = warp(checks.astype(np.uint8), np.array([[0.25, 0, 0.0], [0, 0.25, 0.0]]), 64)
    assert np.abs(crop[2:-2, 2:-2].astype(int) - 100).max() <= 1


def test_the_reduction_keeps_its_place(grain: np.ndarray) -> None:
    """Where the crop lies must not shift with how much of the picture is reduced first."""
    matrix = np.array([[0.5, 0.02, -13.3], [-0.02, 0.5, -7.7]])
    smooth = cv2.GaussianBlur(grain, (0, 0), 3.0)
    exact = cv2.warpAffine(smooth, matrix, (96, 96), flags=cv2.INTER_CUBIC)
    assert np.abs(shift_between(exact, warp(smooth, matrix, 96))).max() < 0.02


def test_colour_and_grey_agree(grain: np.ndarray) -> None:
    matrix = np.array([[0.4, 0.1, -13.0], [-0.1, 0.4, 7.0]])
    colour = warp(np.repeat(grain[..., None], 3, axis=2), matrix, 100)
    assert colour.shape == (100, 100, 3)
    assert np.array_equal(colour[..., 1], warp(grain, matrix, 100))


def test_a_crop_outside_the_picture_does_not_fail(grain: np.ndarray) -> None:
    for matrix in (np.array([[0.3, 0, -900.0], [0, 0.3, -900]]), np.array([[0.3, 0, 900.0], [0, 0.3, 900]])):
        assert warp(grain, matrix, 64).shape == (64, 64)
