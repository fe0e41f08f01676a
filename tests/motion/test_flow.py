"""Optical flow against displacements that are known exactly, on a real face crop.

The bounds are the measured errors with a margin, so that a change for the worse shows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import InputError
from mien.face.align import place, warp
from mien.face.networks import BlazeFace, FaceMesh
from mien.motion import FLOW_METHODS, flow, make_flow
from mien.video import open_video

FAST = [name for name in FLOW_METHODS if name != "tvl1"]
INNER = np.s_[20:-20, 20:-20]
SPOTS = ((0.7, 0.75, 0.6, -0.8), (0.3, 0.28, 0.2, -1.0), (0.62, 0.3, -0.5, 0.8), (0.7, 0.6, 0.3, -1.0))
"""Centre (share of the crop) and direction of local motions: mouth corner, brow, brow, cheek."""


@pytest.fixture(scope="module")
def face(real_clips: Path) -> np.ndarray:
    """A crop of a real face, 128×128 grey."""
    with open_video(real_clips / "single_face.mp4") as reader:
        frame = next(iter(reader.read(5, 6)))
    mesh = FaceMesh().from_detection(frame.rgb, BlazeFace().detect(frame.rgb)[0])
    return warp(frame.gray, place(mesh.points, 128), 128)


def moved(picture: np.ndarray, field: np.ndarray) -> np.ndarray:
    """The picture that ``field`` leads to: what was at p is at p + field(p); ``float32``."""
    height, width = picture.shape
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    back = np.zeros_like(field)
    for _ in range(8):  # the inverse field, by fixed point
        planes = [
            cv2.remap(
                field[..., c], xs - back[..., 0], ys - back[..., 1], cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
            for c in (0, 1)
        ]  # fmt: skip
        back = np.stack(planes, -1)
    return cv2.remap(
        picture.astype(np.float32), xs - back[..., 0], ys - back[..., 1], cv2.INTER_LANCZOS4,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip


def grey(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def local(size: int, peak: float, spot: tuple[float, float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """A Gaussian motion of ``peak`` pixels, and its bell from 0 to 1."""
    x, y, dx, dy = spot
    ys, xs = (np.mgrid[:size, :size] + 0.5) / size
    bell = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * 0.08**2))
    way = np.array([dx, dy]) / np.hypot(dx, dy)
    return (peak * bell[..., None] * way).astype(np.float32), bell


def length(field: np.ndarray) -> np.ndarray:
    return np.linalg.norm(field, axis=-1)


@pytest.mark.parametrize("method", FAST)
@pytest.mark.parametrize("shift", [(0.25, 0.0), (0.5, -0.3), (1.3, 0.6)])
def test_sub_pixel_shift(face: np.ndarray, method: str, shift: tuple[float, float]) -> None:
    found = flow(face, grey(moved(face, np.full((*face.shape, 2), shift, np.float32))), method)
    size = np.hypot(*shift)
    assert np.linalg.norm(np.median(found[INNER].reshape(-1, 2), axis=0) - shift) < 0.10 * size
    assert (
        length(found[INNER] - np.array(shift, np.float32)).mean() < {"dis_lk": 0.09}.get(method, 0.18) * size
    )


@pytest.mark.parametrize(
    ("method", "error", "low", "high"),
    [("dis", 0.72, 0.28, 1.1), ("dis_lk", 0.60, 0.40, 1.1), ("farneback", 0.42, 0.58, 1.1)],
)
@pytest.mark.parametrize("peak", [0.5, 1.0, 2.0])
def test_local_motion(
    face: np.ndarray, method: str, error: float, low: float, high: float, peak: float
) -> None:
    """A motion as narrow as a mouth corner's: every method smooths it, none may lose it."""
    field, bell = local(128, peak, SPOTS[0])
    found = flow(face, grey(moved(face, field)), method)
    core = bell > 0.5
    assert length(found - field)[core].mean() < error * length(field)[core].mean()
    way = np.array([0.6, -0.8])
    assert low < (found[core] @ way).mean() / (field[core] @ way).mean() < high


def test_tvl1(face: np.ndarray) -> None:
    field, bell = local(128, 1.0, SPOTS[0])
    found = flow(face, grey(moved(face, field)), "tvl1")
    core = bell > 0.5
    assert length(found - field)[core].mean() < 0.45 * length(field)[core].mean()


def test_tvl1_shift(face: np.ndarray) -> None:
    part = np.ascontiguousarray(face[32:96, 32:96])
    found = flow(part, grey(moved(part, np.full((64, 64, 2), (0.5, -0.3), np.float32))), "tvl1")
    assert np.linalg.norm(np.median(found[12:-12, 12:-12].reshape(-1, 2), axis=0) - (0.5, -0.3)) < 0.06


@pytest.mark.parametrize("method", FAST)
def test_a_picture_does_not_move_against_itself(face: np.ndarray, method: str) -> None:
    found = flow(face, face, method)
    # OpenCV's Farnebäck is off by up to half a pixel at the border, and a little inside
    assert length(found[12:-12, 12:-12]).max() <= {"farneback": 0.03}.get(method, 0.0)


def test_refined_dis_is_quieter_and_no_less_accurate(face: np.ndarray) -> None:
    """The claim of ``_DisLucasKanade``, with margins, at 0.25 to 1 px and noise of 1.5 grey levels."""
    errors: dict[str, list[float]] = {"dis": [], "dis_lk": []}
    still: dict[str, list[float]] = {"dis": [], "dis_lk": []}
    rng = np.random.default_rng(0)
    algorithms = {name: make_flow(name) for name in errors}
    for peak in (0.25, 0.5, 1.0):
        for spot in SPOTS:
            field, bell = local(128, peak, spot)
            first = grey(face + rng.normal(0, 1.5, face.shape))
            second = grey(moved(face, field) + rng.normal(0, 1.5, face.shape))
            for name, algorithm in algorithms.items():
                off = length(algorithm(first, second) - field)
                errors[name].append(off[bell > 0.5].mean() / length(field)[bell > 0.5].mean())
                still[name].append(off[bell < 0.02].mean())
    assert np.mean(still["dis_lk"]) < 0.75 * np.mean(still["dis"])  # measured: 0.6
    assert np.mean(still["dis_lk"]) < 0.025  # pixels
    assert np.mean(errors["dis_lk"]) < 0.95 * np.mean(errors["dis"])  # measured: 0.83


@pytest.mark.parametrize("method", FAST)
def test_the_field_has_the_pictures_shape(method: str) -> None:
    rng = np.random.default_rng(1)
    for shape in ((16, 16), (48, 80), (80, 48)):
        picture = rng.integers(0, 255, shape, np.uint8)
        found = flow(picture, picture, method)
        assert found.shape == (*shape, 2)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()


def test_one_algorithm_serves_pictures_of_several_sizes() -> None:
    """The refined DIS keeps a grid from the last call: it must be made anew."""
    rng = np.random.default_rng(2)
    algorithm = make_flow("dis_lk")
    for shape in ((64, 64), (48, 80), (64, 64)):
        picture = cv2.GaussianBlur(rng.integers(0, 255, shape, np.uint8), (0, 0), 2.0)
        shifted = grey(moved(picture, np.full((*shape, 2), (0.5, 0.0), np.float32)))
        found = algorithm(picture, shifted)
        assert np.median(found[12:-12, 12:-12, 0]) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("method", FAST)
def test_blank_pictures_give_a_finite_zero_field(method: str) -> None:
    blank = np.full((32, 32), 90, np.uint8)
    assert np.abs(flow(blank, blank, method)).max() == 0


Spoil = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda a: (a, a[:-1]), "one size"),
        (lambda a: (np.stack([a] * 3, -1), np.stack([a] * 3, -1)), "grey"),
        (lambda a: (a.astype(np.float32), a), "uint8"),
        (lambda a: (a, a.astype(np.float32)), "uint8"),
        (lambda a: (a[:15], a[:15]), "at least 16"),
    ],
)
def test_wrong_pictures(spoil: Spoil, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        flow(*spoil(np.zeros((32, 32), np.uint8)))


def test_unknown_name() -> None:
    with pytest.raises(InputError, match=r"'brox'.*dis, dis_lk, farneback, tvl1"):
        make_flow("brox")
    with pytest.raises(InputError):
        flow(np.zeros((32, 32), np.uint8), np.zeros((32, 32), np.uint8), "")


def test_tvl1_without_the_contrib_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2, "optflow")
    with pytest.raises(InputError, match="contrib"):
        make_flow("tvl1")
