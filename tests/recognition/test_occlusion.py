"""What is covered is gone, and what a label hangs on shows."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from mien.anatomy import REGIONS
from mien.face import CROP, UNIT
from mien.face.align import EYE_LINE, EYE_WIDTH
from mien.inputs import Clip
from mien.recognition import Recognition, sensitivity
from mien.recognition.occlusion import covered, covers

KEYS = [region.key for region in REGIONS]


def mesh(side: int = CROP) -> np.ndarray:
    """A face whose regions are where the anatomy has them; all other points on its outline."""
    angle = np.linspace(0, 2 * np.pi, 468)
    points = np.stack([CROP / 2 + 55 * np.sin(angle), CROP / 2 + 60 * np.cos(angle), 0 * angle], axis=1)
    for region in REGIONS:
        points[list(region.landmarks), :2] = centre(region.key)
    k = side / CROP
    return np.column_stack([(points[:, :2] + 0.5) * k - 0.5, points[:, 2] * k])


def centre(key: str) -> tuple[float, float]:
    region = REGIONS[KEYS.index(key)]
    return CROP / 2 + region.x * EYE_WIDTH * CROP, EYE_LINE * CROP + region.y * EYE_WIDTH * CROP


def clip(side: int = CROP, colour: bool = False) -> Clip:
    shape = (4, side, side, 3) if colour else (4, side, side)
    frames = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    return Clip(frames, 50.0, 0, 2, 3, landmarks=mesh(side))


@pytest.mark.parametrize("side", [128, 256])
def test_a_cover_is_a_disc_over_its_region(side: int) -> None:
    found = covers(clip(side))
    assert found.shape == (len(REGIONS), side, side)
    for key in ("cheek_left", "mouth_corner_right", "glabella"):
        cover, (x, y) = found[KEYS.index(key)], centre(key)
        k, radius = side / CROP, REGIONS[KEYS.index(key)].radius * UNIT
        rows, columns = np.mgrid[:side, :side]
        distance = np.hypot((columns + 0.5) / k - 0.5 - x, (rows + 0.5) / k - 0.5 - y) / radius
        assert (cover[distance < 0.6] == 1).all()
        assert (cover[distance > 1.6] == 0).all()
        halfway = cover[np.abs(distance - 1.1) < 0.03]
        assert 0.3 < halfway.mean() < 0.7


def test_under_a_cover_nothing_moves() -> None:
    made = clip()
    for frames in (made.frames, clip(colour=True).frames):
        cover = covers(made)[KEYS.index("cheek_left")]
        hidden = covered(frames, cover)
        assert hidden.shape == frames.shape
        assert hidden.dtype == np.uint8
        full = cover == 1
        assert (hidden[:, full] == hidden[0, full][0]).all()
        np.testing.assert_array_equal(hidden[:, cover == 0], frames[:, cover == 0])
    cover = np.zeros((CROP, CROP), np.float32)
    cover[:2, 0] = 1
    frames = np.zeros((2, CROP, CROP), np.uint8)
    frames[0, 0, 0] = 100  # one of four values under it
    assert covered(frames, cover)[:, :2, 0].tolist() == [[25, 25], [25, 25]]


class Cheeky:
    """Happy as far as the left cheek is bright; sees the chin with the opposite sign."""

    name: ClassVar[str] = "cheeky"
    kind: ClassVar[str] = "model"
    statement: ClassVar[str] = "."
    labels: ClassVar[tuple[str, ...]] = ("happiness", "others")

    def recognize(self, clip: Clip) -> Recognition:
        def level(key: str) -> float:
            x, y = (round(v) for v in centre(key))
            return float(clip.frames[:, y - 1 : y + 2, x - 1 : x + 2].mean()) / 255

        p = 0.5 + 0.4 * level("cheek_left") - 0.3 * level("chin")
        return Recognition({"others": 1 - p, "happiness": p}, "happiness", p)


def test_what_the_label_hangs_on() -> None:
    frames = np.zeros((3, CROP, CROP), np.uint8)
    for key in ("cheek_left", "chin"):
        x, y = (round(v) for v in centre(key))
        frames[:, y - 2 : y + 3, x - 2 : x + 3] = 255
    made = Clip(frames, 50.0, 0, 1, 2, landmarks=mesh())
    judge = Cheeky()
    judged = judge.recognize(made)
    assert judged.probabilities["happiness"] == pytest.approx(0.6)
    found = sensitivity(judge, made, judged)
    assert list(found) == KEYS
    assert found["cheek_left"] == pytest.approx(0.4, abs=0.1)
    assert found["chin"] == pytest.approx(-0.3, abs=0.1)
    assert found["brow_inner_right"] == found["cheek_right"] == 0
    # of the likeliest label, whatever was decided
    undecided = Recognition(judged.probabilities, "undecided", 0.0)
    assert sensitivity(judge, made, undecided) == found


def test_a_clip_of_another_kind() -> None:
    frames = np.zeros((2, CROP, CROP), np.uint8)
    for made in (Clip(frames, 50.0, 0, 1, 1), Clip(frames, 50.0, 0, 1, 1, "given", mesh())):
        with pytest.raises(ValueError, match="canonical crop with its face mesh"):
            covers(made)
