"""Motion between two steadied crops: what is measured, and what must not be."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mien.anatomy import REGIONS
from mien.face import CELLS, CROP, UNIT, FaceMap, FaceTracker, face_map
from mien.inputs import FaceMotion, same_light
from mien.video import open_video

KEYS = [r.key for r in REGIONS]
STILL = 0.0015
"""Outer-eye distances: a good half of what the rules and the spotter call still."""


class Face(NamedTuple):
    crop: np.ndarray
    mesh: np.ndarray
    layout: FaceMap


@pytest.fixture(scope="session", params=[("single_face.mp4", 5), ("WolfgangLanger_Pexels.mp4", 190)], ids=str)
def face(request: pytest.FixtureRequest, real_clips: Path) -> Face:
    """A calm face's steadied crop, its mesh and its layout."""
    name, number = request.param
    with open_video(real_clips / name) as reader:
        found = FaceTracker().update(next(iter(reader.read(number, number))))
    assert found.crop is not None
    assert found.key is not None
    return Face(found.crop, found.key.mesh, face_map(found.key.mesh, CELLS))


def similar(
    crop: np.ndarray, *, shift: tuple[float, float] = (0, 0), turn: float = 0, scale: float = 1
) -> np.ndarray:
    """The crop shifted (pixels), turned (degrees) and enlarged about its middle."""
    matrix = cv2.getRotationMatrix2D((CROP / 2, CROP / 2), turn, scale)
    matrix[:, 2] += shift
    return cv2.warpAffine(crop, matrix, (CROP, CROP), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def pushed(face: Face, region: str, way: tuple[float, float], sigma: float = 0.12) -> np.ndarray:
    """The crop with the skin around a region moved by ``way`` outer-eye distances."""
    x, y = face.mesh[list(REGIONS[KEYS.index(region)].landmarks), :2].mean(axis=0)
    ys, xs = np.mgrid[:CROP, :CROP].astype(np.float32)
    bell = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * (sigma * UNIT) ** 2)).astype(np.float32)
    dx, dy = (np.float32(w * UNIT) * bell for w in way)
    return cv2.remap(face.crop, xs - dx, ys - dy, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


# ---------------------------------------------------------------------- what is no motion


def test_the_same_crop_twice(face: Face) -> None:
    moved = FaceMotion(face.crop, face.layout).to(face.crop)
    assert moved.regions.shape == (len(REGIONS), 2)
    assert moved.turned.shape == (2,)
    assert moved.field.shape == (CROP, CROP, 2)
    assert moved.field.dtype == np.float32
    for part in (moved.regions, moved.turned, moved.field / UNIT):
        assert np.abs(part).max() < 1e-4


def test_two_pictures_of_a_flat_wall(face: Face) -> None:
    flat = np.full((CROP, CROP), 90, np.uint8)
    moved = FaceMotion(flat, face.layout).to(flat + 30)
    assert np.abs(moved.regions).max() < 1e-4


@pytest.mark.parametrize(("gain", "offset"), [(1.15, 0), (0.8, 0), (1, 25), (1, -20), (0.85, 12), (1.1, -15)])
def test_light_is_no_motion(face: Face, gain: float, offset: float) -> None:
    lit = np.clip(face.crop.astype(float) * gain + offset, 0, 255).round().astype(np.uint8)
    assert np.abs(FaceMotion(face.crop, face.layout).to(lit).regions).max() < STILL


def test_noise_is_hardly_any_motion(face: Face) -> None:
    noise = np.random.default_rng(3).normal(0, 2, (2, *face.crop.shape))
    first, second = np.clip(face.crop + noise, 0, 255).round().astype(np.uint8)
    assert np.abs(FaceMotion(first, face.layout).to(second).regions).max() < STILL


@pytest.mark.parametrize(
    "change",
    [
        {"shift": (0.7, 0)}, {"shift": (0, -0.7)}, {"shift": (-1.5, 1)}, {"shift": (2, 2)},
        {"turn": 0.7}, {"turn": -1.5}, {"scale": 1.015}, {"scale": 0.985},
        {"shift": (1, -0.5), "turn": 0.8, "scale": 1.01},
    ],
    ids=str,
)  # fmt: skip
def test_a_moving_head_is_taken_out(face: Face, change: dict[str, object]) -> None:
    crop = similar(face.crop, **change)  # type: ignore[arg-type]
    measured = FaceMotion(face.crop, face.layout).to(crop)
    # these move the crop by up to 3 pixels, 0.05: an eighth of that may stay somewhere
    assert np.linalg.norm(measured.regions, axis=1).max() < 0.006
    inside = face.layout.face.reshape(CELLS, CELLS)
    residual = cv2.resize(measured.field, (CELLS, CELLS), interpolation=cv2.INTER_AREA)[inside]
    assert np.median(np.linalg.norm(residual, axis=1)) < 0.004 * UNIT


# ---------------------------------------------------------------------- what is


@pytest.mark.parametrize("amount", [0.02, 0.05])
@pytest.mark.parametrize(
    ("region", "way"),
    [
        ("mouth_corner_left", (0.75, -0.65)), ("mouth_corner_right", (-0.75, -0.65)),
        ("mouth_corner_left", (0.1, 1.0)), ("brow_inner_right", (0.0, -1.0)),
        ("brow_inner_left", (-0.6, 0.8)), ("brow_outer_left", (0.0, -1.0)), ("chin", (0.0, -1.0)),
    ],
)  # fmt: skip
def test_a_local_motion_is_measured_where_it_is(
    face: Face, region: str, way: tuple[float, float], amount: float
) -> None:
    way = (way[0] * amount, way[1] * amount)
    measured = FaceMotion(face.crop, face.layout).to(pushed(face, region, way)).regions
    length = np.linalg.norm(measured, axis=1)
    found = measured[KEYS.index(region)]
    assert length.argmax() == KEYS.index(region)
    assert found @ way / np.linalg.norm(found) / np.linalg.norm(way) > np.cos(np.radians(30))
    # a mean over a region that is wider than the top of the bell
    assert 0.3 < length.max() / np.linalg.norm(way) < 1.1
    other = "_left" if region.endswith("_right") else "_right"
    far = [i for i, key in enumerate(KEYS) if key.endswith(other)]
    assert length[far].max() < 0.35 * length.max()


def test_head_and_local_motion_at_once(face: Face) -> None:
    way = (0.03, -0.026)
    alone = pushed(face, "mouth_corner_left", way)
    measure = FaceMotion(face.crop, face.layout)
    both = measure.to(similar(alone, shift=(1.2, -0.8), turn=0.7, scale=1.01)).regions
    assert both == pytest.approx(measure.to(alone).regions, abs=0.006)


def test_back_and_forth(face: Face) -> None:
    away = pushed(face, "mouth_corner_left", (0.02, -0.02))
    there = FaceMotion(face.crop, face.layout).to(away).regions
    back = FaceMotion(away, face.layout).to(face.crop).regions
    assert back == pytest.approx(-there, abs=2 * STILL)


def test_a_reference_serves_many_crops(face: Face) -> None:
    measure = FaceMotion(face.crop, face.layout)
    away = pushed(face, "chin", (0, -0.03))
    first = measure.to(away)
    measure.to(similar(face.crop, shift=(1, 1)))
    again = measure.to(away)
    assert np.array_equal(first.regions, again.regions)
    assert np.array_equal(first.field, again.field)


def test_a_flow_of_ones_own(face: Face) -> None:
    """Hand-made flow: a similarity disappears, and a region that moves beside it stays, exactly."""
    ys, xs = np.mgrid[:CROP, :CROP].astype(np.float32)
    head = np.stack([0.4 + 0.01 * xs - 0.006 * ys, -0.3 + 0.006 * xs + 0.01 * ys], axis=-1)

    class Head:
        name = "head"

        def __call__(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
            return head.astype(np.float32)

    moved = FaceMotion(face.crop, face.layout, Head()).to(face.crop)
    assert np.abs(moved.regions).max() < 1e-6
    assert np.abs(moved.turned).max() < 1e-4
    # the field is head motion on cells, enlarged: beyond the outermost cells' middles it stands still
    edge = CROP // CELLS
    assert np.abs(moved.field[edge:-edge, edge:-edge]).max() < 1e-3


def test_a_face_outside_the_picture_does_no_harm(face: Face) -> None:
    layout = face_map(face.mesh + np.array([0.85 * CROP, 0, 0]), CELLS)
    moved = FaceMotion(face.crop, layout).to(similar(face.crop, shift=(1, 0)))
    assert np.isfinite(moved.regions).all()
    assert np.abs(moved.regions).max() < 0.1


# ---------------------------------------------------------------------- light

crops = arrays(np.uint8, (8, 8)).map(lambda a: np.kron(a, np.ones((CROP // 8, CROP // 8), np.uint8)))
PART = (slice(CROP // 5, -CROP // 8), slice(CROP // 5, -CROP // 5))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(crops, crops)
def test_same_light_of_any_two(crop: np.ndarray, reference: np.ndarray) -> None:
    before = crop.copy()
    lit = same_light(crop, reference)
    assert (lit.shape, lit.dtype) == (crop.shape, np.uint8)
    assert np.array_equal(crop, before)
    # never swaps light and dark
    order = np.argsort(crop, axis=None, kind="stable")
    assert (np.diff(lit.ravel()[order].astype(int)) >= 0).all()
    assert np.array_equal(same_light(crop, crop), crop)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(crops, st.floats(0.75, 1.35), st.floats(-60, 60))
def test_same_light_undoes_gain_and_offset(reference: np.ndarray, gain: float, offset: float) -> None:
    assume(reference[PART].std() > 3)
    changed = reference * gain + offset
    assume(changed.min() >= 0)  # nothing is lost
    assume(changed.max() <= 255)
    lit = same_light(changed.round().astype(np.uint8), reference)
    assert np.abs(lit.astype(int) - reference).max() <= 3


def test_same_light_stays_within_reason() -> None:
    """A crop of quite another contrast is another picture: it is not blown up to fit."""
    rng = np.random.default_rng(0)
    faint, strong = (rng.normal(128, s, (CROP, CROP)).round().astype(np.uint8) for s in (4, 30))
    assert same_light(faint, strong).std() == pytest.approx(1.4 * faint.std(), rel=0.1)
    assert same_light(strong, faint).std() == pytest.approx(0.7 * strong.std(), rel=0.1)


def test_hardly_different_light_is_left_alone() -> None:
    crop = np.random.default_rng(0).integers(60, 200, (CROP, CROP)).astype(np.uint8)
    nearly = crop.copy()
    nearly[CROP // 2, CROP // 2] += 5
    assert same_light(nearly, crop) is nearly
