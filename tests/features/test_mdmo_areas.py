"""The 36 regions: named, mirror images of one another, where they should be on a real face."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.anatomy import ACTION_UNITS, REGIONS
from mien.errors import InputError
from mien.features import MDMO_REGIONS, mdmo_regions

KEYS = [region.key for region in MDMO_REGIONS]
PAIRS = [
    (i, KEYS.index(key.replace("_right", "_left"))) for i, key in enumerate(KEYS) if key.endswith("_right")
]


def mirror_points() -> dict[int, int]:
    """Mesh point -> its mirror image, from the outlines of the pairs."""
    found = {}
    for right, left in PAIRS:
        for a, b in zip(MDMO_REGIONS[right].outlines[0], MDMO_REGIONS[left].outlines[0], strict=True):
            assert found.get(a, b) == b
            found |= {a: b, b: a}
    for region in MDMO_REGIONS:
        if len(region.outlines) == 2:
            found |= dict(zip(*region.outlines, strict=True)) | dict(zip(*region.outlines[::-1], strict=True))
    return found


def test_seventeen_pairs_and_two_in_the_middle() -> None:
    assert len(KEYS) == len(set(KEYS)) == 36
    assert len(PAIRS) == 17
    assert [r.key for r in MDMO_REGIONS if len(r.outlines) == 2] == ["glabella", "chin"]
    assert {unit for r in MDMO_REGIONS for unit in r.units} <= set(ACTION_UNITS) | {11}
    for right, left in PAIRS:
        assert left == right + 1
        assert MDMO_REGIONS[right].units == MDMO_REGIONS[left].units


def test_left_and_right_are_mirror_images_on_a_real_face(mesh: np.ndarray) -> None:
    points = mirror_points()
    middle = mesh[[9, 168, 5, 2, 13, 14, 18, 175], 0].mean()
    for a, b in points.items():
        if a == b:
            assert abs(mesh[a, 0] - middle) < 2
        else:
            assert mesh[a, 0] + mesh[b, 0] == pytest.approx(2 * middle, abs=5)
            assert mesh[a, 1] == pytest.approx(mesh[b, 1], abs=3)


def test_a_mirrored_mesh_has_mirrored_regions(mesh: np.ndarray) -> None:
    points = mirror_points()
    mirrored = mesh.copy()
    for a, b in points.items():
        mirrored[a] = 127 - mesh[b, 0], mesh[b, 1]
    swap = np.arange(36)
    for right, left in PAIRS:
        swap[[right, left]] = left, right
    one, other = mdmo_regions(mesh, (128, 128)), mdmo_regions(mirrored, (128, 128))[:, ::-1]
    expected = np.where(one < 0, -1, swap[one])
    assert (other != expected).sum() < 0.03 * (one >= 0).sum()  # the midline, some pixels on borders


def test_every_region_is_there_and_where_the_face_has_it(mesh: np.ndarray) -> None:
    labels = mdmo_regions(mesh, (128, 128))
    assert labels.dtype == np.int32
    assert set(np.unique(labels)) == set(range(-1, 36))
    assert np.bincount(labels[labels >= 0]).min() >= 20
    for ours, theirs in [
        ("brow_inner_right", "brow_inner_right"),
        ("brow_outer_left", "brow_outer_left"),
        ("glabella", "glabella"),
        ("lid_lower_right", "lid_lower_right"),
        ("mouth_corner_left", "mouth_corner_left"),
        ("mouth_corner_right", "mouth_corner_right"),
        ("chin", "chin"),
    ]:
        region = next(r for r in REGIONS if r.key == theirs)
        x, y = mesh[list(region.landmarks)].mean(axis=0)
        rows, columns = np.nonzero(labels == KEYS.index(ours))
        assert np.hypot(columns - x, rows - y).min() < 1.5, ours
    for lids in ([159, 145], [386, 374]):
        x, y = mesh[lids].mean(axis=0).round().astype(int)
        assert labels[y, x] == -1  # the eyes are open
    assert labels[0, 0] == labels[-1, -1] == -1


def test_each_region_is_in_one_piece(mesh: np.ndarray) -> None:
    labels = mdmo_regions(4 * mesh, (512, 512))
    for number, key in enumerate(KEYS):
        _, _, stats, _ = cv2.connectedComponentsWithStats((labels == number).astype(np.uint8))
        area = stats[1:, cv2.CC_STAT_AREA]
        assert area.max() > 0.95 * area.sum(), key


def test_regions_grow_with_the_picture(mesh: np.ndarray) -> None:
    small = np.bincount(mdmo_regions(mesh, (128, 128)).ravel() + 1, minlength=37)[1:]
    large = np.bincount(mdmo_regions(3 * mesh, (384, 384)).ravel() + 1, minlength=37)[1:]
    assert large / 9 == pytest.approx(small, rel=0.35, abs=10)  # borders are drawn a pixel wide


def test_what_lies_outside_is_left_out(mesh: np.ndarray) -> None:
    lower = mdmo_regions(mesh - (0, 60), (68, 128))
    assert set(np.unique(lower)) < set(range(-1, 36))
    whole = mdmo_regions(mesh, (128, 128))
    assert (lower[2:] == whole[62:]).mean() > 0.99


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m[:467], "468 points"),
        (lambda m: m[:, :1], "468 points"),
        (lambda m: m.astype(str), "468 points"),
        (lambda m: m * np.nan, "lies nowhere"),
        (lambda m: m * 1e6, "lies nowhere"),
        (lambda m: m + 500, "outside the crop of 128×120"),
    ],
)
def test_refused(mesh: np.ndarray, change: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        mdmo_regions(change(mesh), (120, 128))  # type: ignore[operator]
