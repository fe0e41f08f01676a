"""What holds for every spotter."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from mien.anatomy import REGIONS
from mien.errors import InputError
from mien.face import FaceFrame
from mien.spotting import SPOTTERS, FirstFrame, Mdmd, RegionFlow, RegionNet, make_spotter, tunables_of

every_spotter = pytest.mark.parametrize("name", list(SPOTTERS))


@pytest.fixture(scope="module")
def calm(stage: Callable[..., Any], follow: Callable[..., Any]) -> list[FaceFrame]:
    """Two seconds of a face that does nothing."""
    frames: list[FaceFrame] = follow(stage("wolfgang").play(30, 2.0, head=0))
    return frames


def lost(n: int, fps: float = 30.0) -> list[FaceFrame]:
    return [FaceFrame(100 + i, 5 + i / fps, "lost") for i in range(n)]


@every_spotter
def test_every_tunable_is_declared_and_described(name: str) -> None:
    spotter = make_spotter(name)
    assert is_dataclass(spotter)
    assert tunables_of(spotter) == {f.name: getattr(spotter, f.name) for f in fields(spotter)}
    described = (type(spotter).__doc__ or "").split("Attributes:")[1].split("Raises:")[0]
    names = [
        n for line in re.findall(r"^        (\w+(?:, \w+)*):", described, re.M) for n in line.split(", ")
    ]
    assert names == [f.name for f in fields(spotter)]
    assert spotter.name == name
    assert spotter.paper


def test_names() -> None:
    assert list(SPOTTERS) == ["region-net", "region-flow", "mdmd", "first-frame"]
    assert isinstance(make_spotter(), RegionNet)
    assert isinstance(make_spotter("region-flow"), RegionFlow)
    assert isinstance(make_spotter("mdmd"), Mdmd)
    assert isinstance(make_spotter("first-frame"), FirstFrame)
    with pytest.raises(InputError, match=r"'best'.*region-net, region-flow, mdmd, first-frame"):
        make_spotter("best")


@every_spotter
def test_tunables_cannot_be_changed_by_accident(name: str) -> None:
    with pytest.raises(AttributeError):
        make_spotter(name).floor = 0.0  # type: ignore[attr-defined]


@every_spotter
def test_arrays_have_one_entry_a_frame(name: str, calm: list[FaceFrame], spot: Callable[..., Any]) -> None:
    found = spot(SPOTTERS[name](), 30, calm)
    assert {str(s) for s in found.states} == {"ok"}
    result = found.spotting
    assert result.score.shape == result.threshold.shape == (len(calm),)
    assert result.region_motion.shape == (len(calm), len(REGIONS))
    assert result.score.dtype == result.threshold.dtype == result.region_motion.dtype == np.float32
    assert result.events == ()
    assert np.nanmax(result.score) < 1


@pytest.mark.parametrize("name", ["region-flow", "first-frame"])
def test_scored_exactly_where_the_state_is_ok(
    name: str, calm: list[FaceFrame], spot: Callable[..., Any]
) -> None:
    states = ["ok"] * len(calm)
    states[20:35] = ["covered"] * 15
    states[:4] = ["blurred"] * 4
    result = spot(SPOTTERS[name](), 30, calm, states).spotting
    assert np.array_equal(np.isfinite(result.score), np.array(states) == "ok")
    assert result.events == ()


def test_mdmd_is_scored_where_its_windows_fit(calm: list[FaceFrame], spot: Callable[..., Any]) -> None:
    """It needs 0.4 s on either side; never is a frame scored that must not be."""
    states = ["ok"] * len(calm)
    states[28:32] = ["covered"] * 4
    score = spot(Mdmd(), 30, calm, states).spotting.score
    assert np.isnan(score[28:32]).all()
    assert np.isnan(score[:12]).all()
    assert np.isnan(score[-12:]).all()
    assert np.isfinite(score[12:28]).all()
    assert np.isfinite(score[32:-12]).all()


@every_spotter
@pytest.mark.parametrize("n", [1, 2, 3, 60])
def test_no_face_at_all(name: str, n: int, spot: Callable[..., Any]) -> None:
    result = spot(SPOTTERS[name](), 30, lost(n)).spotting
    assert np.isnan(result.score).all()
    assert len(result.score) == n
    assert result.events == ()
    assert result.rejected == ()


@every_spotter
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_a_handful_of_frames(name: str, n: int, calm: list[FaceFrame], spot: Callable[..., Any]) -> None:
    result = spot(SPOTTERS[name](), 30, calm[:n]).spotting
    assert len(result.score) == n
    assert result.events == ()


@every_spotter
def test_a_face_that_is_seen_late_and_leaves(
    name: str, calm: list[FaceFrame], spot: Callable[..., Any]
) -> None:
    frames = [
        FaceFrame(f.index, f.time, "lost") if f.index < 10 or f.index >= 50 else f for f in calm
    ]  # fmt: skip
    result = spot(SPOTTERS[name](), 30, frames).spotting
    assert np.isnan(result.score[:10]).all()
    assert np.isnan(result.score[50:]).all()
    assert result.events == ()


@pytest.mark.parametrize(
    ("face", "noise"),
    [
        ("single", 2.0),
        pytest.param("single", 1.0, marks=pytest.mark.slow),
        pytest.param("wolfgang", 1.0, marks=pytest.mark.slow),
        pytest.param("wolfgang", 2.0, marks=pytest.mark.slow),
    ],
)
def test_ten_seconds_of_one_frame_have_no_event(
    face: str, noise: float, stage: Callable[..., Any], follow: Callable[..., Any], spot: Callable[..., Any]
) -> None:
    """A real frame, sensor noise, mains flicker of 2 %, exposure drifting by 10 %."""
    frames = follow(stage(face).play(30, 10, noise=noise, head=0, flicker=0.02, drift=0.1))
    for spotter in SPOTTERS.values():
        result = spot(spotter(), 30, frames).spotting
        assert result.events == ()
        assert np.nanmax(result.score) < 0.7  # measured: region flow .50, MDMD .44, first frame .54


@pytest.mark.slow
def test_a_still_face_at_100_frames_a_second(
    stage: Callable[..., Any], follow: Callable[..., Any], spot: Callable[..., Any]
) -> None:
    frames = follow(stage("single").play(100, 3, noise=2.0, head=0, flicker=0.02, drift=0.1))
    for spotter in SPOTTERS.values():
        result = spot(spotter(), 100, frames).spotting
        assert result.events == ()
        assert np.nanmax(result.score) < 0.5
