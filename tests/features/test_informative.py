"""What the descriptors are for: a smile and a frown, told apart on people they have not been seen on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import pytest

from mien.face.align import apply, place, warp
from mien.face.networks import BlazeFace, FaceMesh
from mien.features import MDMO_REGIONS, hog3d, hoof, lbp_top, mdmo, mdmo_regions
from mien.motion import make_flow
from mien.records import Stream
from mien.synthesis.actions import ACTIONS, UNITS
from mien.synthesis.film import Film
from mien.synthesis.performance import Motion
from mien.synthesis.script import Conditions, clip_script

PEOPLE = (1, 2, 3)
SMILE, FROWN = 12, 4


@dataclass
class Acted:
    """One action unit that comes and goes within a second, 0.6 at most; nothing else moves."""

    unit: int

    def sample(self, times: np.ndarray) -> Motion:
        n = len(times)
        units = np.zeros((n, len(UNITS), 2), np.float32)
        units[:, UNITS.index(self.unit)] = 0.6 * np.sin(np.pi * np.clip(times, 0, 1))[:, None]
        return Motion(
            units,
            np.zeros((n, len(ACTIONS)), np.float32),
            np.zeros((n, 6), np.float32),
            np.ones(n, np.float32),
        )

    def light(self, start_s: np.ndarray, exposure_s: float) -> np.ndarray:
        return np.ones(len(start_s), np.float32)


@dataclass(frozen=True)
class Shown:
    crops: np.ndarray  # uint8 (10, 128, 128)
    mesh: np.ndarray  # (468, 2)
    steps: np.ndarray  # flow from frame to frame, (9, 128, 128, 2)
    moved: np.ndarray  # flow from the first frame


@pytest.fixture(scope="module")
def shown() -> dict[tuple[int, int], Shown]:
    """(person, unit) -> what the camera saw, noise and compression included."""
    detector, network, flow = BlazeFace(), FaceMesh(), make_flow("dis")
    found = {}
    for person in PEOPLE:
        script = clip_script(
            0, person, 1, Stream("", 100.0, 160, 160), Conditions(motion_blur=False, face=(0.3, 0.36))
        )
        surface = script.actor.surface(script.setting.camera.eye_px)
        for unit in (SMILE, FROWN):
            film = Film(script.actor.head, surface, script.setting, Acted(unit), fps=9.0, n_frames=10)
            frames = [film.frame(i) for i in range(10)]
            points = network.from_detection(frames[0], detector.detect(frames[0])[0]).points
            matrix = place(points, 128)
            crops = [cv2.cvtColor(warp(frame, matrix, 128), cv2.COLOR_RGB2GRAY) for frame in frames]
            found[person, unit] = Shown(
                np.stack(crops),
                apply(matrix, points[:, :2]),
                np.stack([flow(a, b) for a, b in pairwise(crops)]),
                np.stack([flow(crops[0], b) for b in crops[1:]]),
            )
    return found


@pytest.mark.parametrize(
    "describe",
    [
        pytest.param(lambda s: lbp_top(s.crops), id="lbp_top"),
        pytest.param(lambda s: lbp_top(s.crops, neighbours=4), id="lbp_top-4"),
        pytest.param(lambda s: hoof(s.steps), id="hoof"),
        pytest.param(lambda s: hoof(s.steps, bins=4, blocks=(5, 5)), id="hoof-blocks"),
        pytest.param(lambda s: hog3d(s.crops), id="hog3d"),
        pytest.param(lambda s: mdmo(s.moved, mdmo_regions(s.mesh, (128, 128))), id="mdmo"),
        pytest.param(
            lambda s: mdmo(s.moved, mdmo_regions(s.mesh, (128, 128)), anchors=s.mesh), id="mdmo-anchors"
        ),
    ],
)
def test_the_nearest_mean_of_other_people_is_the_right_one(
    shown: dict[tuple[int, int], Shown], describe: Callable[[Shown], np.ndarray]
) -> None:
    features = {key: describe(clip) for key, clip in shown.items()}
    for (person, unit), feature in features.items():
        means = {u: np.mean([features[p, u] for p in PEOPLE if p != person], axis=0) for u in (SMILE, FROWN)}
        distance = {u: float(np.linalg.norm(feature - mean)) for u, mean in means.items()}
        assert min(distance, key=lambda u: distance[u]) == unit, (person, unit, distance)


def test_mdmo_names_the_regions_that_move(shown: dict[tuple[int, int], Shown]) -> None:
    for (_, unit), clip in shown.items():
        feature = mdmo(clip.moved, mdmo_regions(clip.mesh, (128, 128)))
        strongest = [MDMO_REGIONS[i] for i in np.argsort(feature[:36])[-4:]]
        assert any(unit in region.units for region in strongest), (unit, [r.key for r in strongest])
