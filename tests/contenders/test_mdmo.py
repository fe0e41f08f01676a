"""MDMO draws its regions on the face of the clip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.contenders import make_contender
from mien.contenders.mdmo import MdmoOfClip, MdmoSvm
from mien.errors import InputError
from mien.face.align import ANCHORS
from mien.features import mdmo, mdmo_names, mdmo_regions
from mien.inputs import ArrayCache
from mien.inputs.pipeline import load_clip
from mien.motion import make_flow
from mien.records import Stream
from mien.sources import FlowPicture, PictureClip
from mien.synthesis.distractors import DistractorSettings
from mien.synthesis.performance import PerformanceSettings
from mien.synthesis.script import Conditions, clip_script

QUIET = Conditions(
    acting=PerformanceSettings(distractors=DistractorSettings.none()), noise=False, compression=False
)


@pytest.fixture(scope="module")
def smile(tmp_path_factory: pytest.TempPathFactory) -> PictureClip:
    """A made face from the onset of a large smile to its apex, in six pictures."""
    stream = Stream("", 60.0, 192, 192)
    script = clip_script(0, 3, 1, stream, QUIET, kind="macro", emotion="happiness")
    (event,) = script.take.expressions
    root = tmp_path_factory.mktemp("smile")
    files = []
    film = script.film()
    for i, frame in enumerate(np.linspace(event.onset, event.apex, 6).round().astype(int).tolist()):
        files.append(root / f"{i}.png")
        cv2.imwrite(str(files[-1]), film.frame(frame)[..., ::-1])
    return PictureClip("casme2/sub03/EP01", tuple(files), 60.0, 0, 5, 5)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ArrayCache:
    return ArrayCache(tmp_path_factory.mktemp("cache"))


def step(text: str) -> MdmoOfClip:
    contender = make_contender(text)
    assert isinstance(contender, MdmoSvm)
    made = contender.picture_step()
    assert isinstance(made, MdmoOfClip)
    return made


def test_the_mouth_moves_most_in_a_smile(smile: PictureClip, cache: ArrayCache) -> None:
    values = dict(zip(mdmo_names(), step("mdmo-svm:frames=6,head=steady")(smile, cache), strict=True))

    def length(where: str) -> float:
        found = [value for name, value in values.items() if name.startswith("rho") and where in name]
        assert found
        return float(np.mean(found))

    assert length("mouth_corner") > 3 * length("forehead")


@pytest.mark.parametrize("head", ["all", "steady", "none"])
def test_by_hand(head: str, smile: PictureClip, cache: ArrayCache) -> None:
    # two frames, so one field; the crop of 256 is halved, and landmarks name the centres of pixels
    clip = load_clip(smile, "first", cache)
    first, last = (cv2.resize(clip.frames[i], (128, 128), interpolation=cv2.INTER_AREA) for i in (0, 5))
    field: NDArray[np.float32] = make_flow("dis")(first, last)  # type: ignore[arg-type]
    assert clip.landmarks is not None
    points = (clip.landmarks[:, :2] + 0.5) / 2 - 0.5
    anchors = {"all": points, "steady": points[list(ANCHORS)], "none": None}[head]
    expected = mdmo(field[None], mdmo_regions(points, (128, 128)), anchors=anchors)
    given = step(f"mdmo-svm:frames=2,head={head}")(smile, cache)
    np.testing.assert_allclose(given, expected, atol=1e-6)


def test_given_pictures_of_a_face(smile: PictureClip, cache: ArrayCache) -> None:
    values = step("mdmo-svm:frames=3,align=given")(smile, cache)
    assert values.shape == (72,)
    assert np.isfinite(values).all()
    assert values[:36].max() == pytest.approx(0.9)


def test_no_face_no_regions(tmp_path: Path) -> None:
    file = tmp_path / "grey.png"
    cv2.imwrite(str(file), np.full((96, 96), 128, np.uint8))
    clip = PictureClip("casme2/sub01/EP02", (file, file), 200.0, 0, 1, 1)
    with pytest.raises(InputError, match="casme2/sub01/EP02: no face is found in its pictures, and MDMO"):
        step("mdmo-svm:align=given")(clip)
    with pytest.raises(InputError, match="holds no frames"):
        step("mdmo-svm")(FlowPicture("flow/a", file))


def test_its_digest_tells_every_option() -> None:
    base = step("mdmo-svm")
    others = [
        replace(base, head="none"),
        replace(base, align="frame"),
        replace(base, spec=replace(base.spec, frames=9)),
    ]
    assert len({one.digest() for one in (base, *others)}) == 4
