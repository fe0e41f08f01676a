"""The layout of a face over the crop's cells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mien.anatomy import REGIONS
from mien.face import CELLS, CROP, FaceFrame, FaceMap, Key, face_map


@pytest.fixture(scope="module")
def key(tracked: Callable[..., list[FaceFrame]]) -> Key:
    found = tracked("single_face.mp4", 0, 72)[0].key
    assert found is not None
    return found


@pytest.fixture(scope="module")
def layout(key: Key) -> FaceMap:
    return key.map


def test_shapes_and_ranges(layout: FaceMap) -> None:
    cells = CELLS**2
    assert layout.points.shape == (cells, 2)
    assert layout.points.min() == pytest.approx(1.5)
    assert layout.points.max() == pytest.approx(CROP - 2.5)
    assert layout.regions.shape == (len(REGIONS), cells)
    assert layout.regions.sum(axis=1) == pytest.approx(1)
    assert (layout.regions >= 0).all()
    assert 0 <= layout.rigid.min() <= layout.rigid.max() <= 1
    assert 0.2 < layout.face.mean() < 0.8


def test_regions_lie_on_their_landmarks(layout: FaceMap, key: Key) -> None:
    for region, weight in zip(REGIONS, layout.regions, strict=True):
        centre = weight @ layout.points
        assert np.linalg.norm(centre - key.mesh[list(region.landmarks), :2].mean(axis=0)) < 5, region.key


def test_left_is_the_persons_left(layout: FaceMap) -> None:
    x = {r.key: float(w @ layout.points[:, 0]) for r, w in zip(REGIONS, layout.regions, strict=True)}
    for name in x:
        if name.endswith("_left"):
            assert x[name] > CROP / 2 > x[name.replace("_left", "_right")]


def test_what_moves_with_the_skull(layout: FaceMap, key: Key) -> None:
    def rigid_at(*index: int) -> float:
        place = key.mesh[list(index), :2].mean(axis=0)
        return float(layout.rigid[np.linalg.norm(layout.points - place, axis=1).argmin()])

    assert rigid_at(6, 197) > 0.7  # bridge of the nose
    assert rigid_at(13, 14) < 0.1  # mouth
    assert rigid_at(159, 145) < 0.1  # right eye
    assert rigid_at(105) < 0.15  # brow
    assert (layout.rigid[~layout.face] == 0).all()


def test_the_nose_is_nearer_than_the_temples(layout: FaceMap, key: Key) -> None:
    nose = np.linalg.norm(layout.points - key.mesh[1, :2], axis=1).argmin()
    temple = np.linalg.norm(layout.points - key.mesh[127, :2], axis=1).argmin()
    assert layout.depth[nose] - layout.depth[temple] > 0.2 * CROP


def test_a_region_outside_the_picture_is_its_nearest_cell(key: Key) -> None:
    mesh = key.mesh.copy()
    mesh[:, 1] += 60  # chin far below the crop
    found = face_map(mesh, CELLS)
    chin = found.regions[[r.key for r in REGIONS].index("chin")]
    assert np.isfinite(found.regions).all()
    assert found.regions.sum(axis=1) == pytest.approx(1)
    assert (chin @ found.points)[1] > CROP - 10
