"""The spotter that comes with mien: on positions made by hand."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mien.anatomy import REGIONS
from mien.errors import InputError
from mien.events import Event
from mien.spotting import RegionNet, Spotting, make_spotter, open_spotter
from mien.spotting.region_input import CHANNELS, SEEN
from mien.spotting.region_net import _on_frames, _Session, _told_once
from mien.weights import shipped

KEYS = [region.key for region in REGIONS]
R = len(KEYS)
NOISE = 2e-4


class Made:
    """Traces of a face that moves as it is told."""

    def __init__(self, position: np.ndarray, fps: float) -> None:
        n = len(position)
        self.time = list(np.arange(n) / fps)
        self.span = [(t, t) for t in self.time]
        self.position = list(position)
        self.head = list(np.zeros((n, 6)))
        self.chain = [1] * n

    def flush(self) -> None:
        """Everything is measured."""


def spot(
    position: np.ndarray, fps: float = 100.0, states: list[Any] | None = None, **options: Any
) -> Spotting:
    session = _Session(RegionNet(**options), Made(position, fps))  # type: ignore[arg-type]
    n = len(position)
    session.frames.extend(range(n))
    session.times.extend(np.arange(n) / fps)
    session.eyes.extend([0.3] * n)
    return session.finish(states or ["ok"] * n, ())


def still(seconds: float = 8.0, fps: float = 100.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return NOISE * rng.standard_normal((round(seconds * fps), R, 2))


def smile(at: float, length: float, fps: float = 100.0, size: float = 0.03) -> np.ndarray:
    """Mouth corners and cheeks go up and come back."""
    position = still(fps=fps)
    t = np.arange(len(position)) / fps - at
    path = size * np.where(np.abs(t) < length / 2, 0.5 + 0.5 * np.cos(2 * np.pi * t / length), 0)
    for key, share in (("mouth_corner", 1.0), ("cheek", 0.5), ("nose_wing", 0.3)):
        for side, sign in (("left", 1), ("right", -1)):
            position[:, KEYS.index(f"{key}_{side}")] += share * path[:, None] * (0.5 * sign, -0.8)
    return position


def only(found: Spotting) -> Event:
    (event,) = found.events
    return event


@pytest.mark.parametrize("fps", [100.0, 50.0, 30.0])
def test_a_short_smile_is_a_micro_expression(fps: float) -> None:
    event = only(spot(smile(4.0, 0.36, fps), fps))
    assert event.kind == "micro"
    assert event.apex_s == pytest.approx(4.0, abs=0.05)
    assert event.onset_s == pytest.approx(3.82, abs=0.1)
    assert event.offset_s == pytest.approx(4.18, abs=0.1)
    assert event.score >= 1
    assert {r.region for r in event.regions[:2]} == {"mouth_corner_left", "mouth_corner_right"}
    assert event.regions[0].dy < 0


def test_a_face_that_does_not_move() -> None:
    found = spot(still())
    assert found.events == ()
    assert found.score.shape == found.threshold.shape == (800,)
    assert found.region_motion.shape == (800, R)
    assert found.score.dtype == found.region_motion.dtype == np.float32
    assert np.nanmax(found.score) < 1
    assert (found.threshold == 1).all()


def test_the_floor_holds_whatever_the_network_says() -> None:
    assert spot(smile(4.0, 0.36), floor=0.2).events == ()
    assert spot(smile(4.0, 0.36), micro_bar=0.999999, macro_bar=0.999999).events == ()


def test_no_micro_expression_is_longer_than_half_a_second() -> None:
    for fps in (30.0, 100.0):
        found = spot(smile(4.0, 0.55, fps), fps, micro_bar=0.01, macro_bar=0.01)
        assert found.events
        assert all((e.kind == "micro") == (e.duration_s <= 0.5 + 1e-9) for e in found.events)
        assert all(e.onset <= e.apex <= e.offset for e in found.events)


def test_what_the_recording_cuts_off_is_not_called_short() -> None:
    frame, time = np.arange(100), np.arange(100) / 100
    seen = Event(0, 0, 0, 0.6, 0.8, 0.99, "micro", 2.0)
    assert _on_frames(seen, frame, time, micro=False).kind == "micro"  # all of it was seen
    cut = _on_frames(replace(seen, open_end=True), frame, time, micro=False)
    assert (cut.kind, cut.onset, cut.apex, cut.offset) == ("macro", 60, 80, 99)
    assert _on_frames(replace(seen, open_end=True), frame, time, micro=True).kind == "micro"


@pytest.mark.parametrize(("at", "length"), [(7.95, 0.36), (7.99, 0.8)])
@pytest.mark.parametrize("fps", [25.0, 100.0, 200.0])
def test_one_movement_that_is_cut_off_is_one_event(at: float, length: float, fps: float) -> None:
    # bars so low that it is found for certain: that it is one event is what matters here
    event = only(spot(smile(at, length, fps), fps, micro_bar=0.2, macro_bar=0.2))
    assert event.open_end


def test_of_one_movement_the_more_probable_is_told() -> None:
    micro = Event(10, 20, 30, 0.1, 0.2, 0.3, "micro", 1.5)
    macro = Event(10, 20, 32, 0.1, 0.2, 0.32, "macro", 2.5, open_end=True)
    apart = Event(60, 70, 80, 0.6, 0.7, 0.8, "micro", 1.1)
    point = Event(90, 90, 90, 0.9, 0.9, 0.9, "micro", 3.0)
    assert _told_once([(0.9, micro), (0.8, macro), (0.7, apart), (0.99, point)]) == [micro, apart]
    assert _told_once([(0.7, micro), (0.8, macro)]) == [macro]
    held = replace(macro, offset=300, offset_s=3.0)  # a micro-expression within a longer one stays
    assert _told_once([(0.9, micro), (0.8, held)]) == [micro, held]
    both = replace(micro, open_end=True)  # but where both are cut off nobody can tell
    assert _told_once([(0.9, both), (0.8, held)]) == [both]


@pytest.mark.parametrize("fps", [12.0, 25.0, 30.0, 100.0, 240.0])
def test_every_event_stands_under_a_curve_that_reaches_it(fps: float) -> None:
    for at in (3.97, 4.0, 4.02):
        found = spot(smile(at, 0.3, fps), fps)
        event = only(found)
        assert np.nanmax(found.score[event.onset : event.offset + 1]) == pytest.approx(event.score)


@pytest.mark.parametrize("cut", [416, 420])
def test_a_movement_that_is_cut_off_after_its_apex_is_found_at_the_bars_of_the_file(cut: int) -> None:
    event = only(spot(smile(4.0, 0.44)[:cut]))
    assert event.open_end
    assert event.apex_s == pytest.approx(4.0, abs=0.05)


def test_a_recording_that_ends_within_an_expression() -> None:
    (early,) = spot(smile(4.0, 0.44)[:404], micro_bar=0.3, macro_bar=0.3).events
    assert early.open_end
    assert early.offset == 403
    assert not early.open_start


def test_eyelids_have_a_higher_floor() -> None:
    position = still()
    t = np.arange(len(position)) / 100 - 4
    path = 0.003 * np.where(np.abs(t) < 0.15, 0.5 + 0.5 * np.cos(2 * np.pi * t / 0.3), 0)
    for key in ("lid_upper_left", "lid_upper_right"):
        position[:, KEYS.index(key), 1] += path
    assert spot(position, micro_bar=1e-4, macro_bar=1e-4, lid_factor=20.0).events == ()
    assert spot(position, micro_bar=1e-4, macro_bar=1e-4, lid_factor=0.5).events != ()


def test_a_damaged_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    spotter = RegionNet()
    broken = SimpleNamespace(
        inputs=spotter.model.inputs,
        outputs=spotter.model.outputs,
        run=lambda feed: {
            "apex": np.full((1, 2, 50), np.nan, np.float32),
            "ends": np.ones((1, 4, 50), np.float32),
        },
    )
    monkeypatch.setitem(vars(spotter), "model", broken)
    with pytest.raises(InputError, match="not finite"):
        spotter.curves(np.zeros((CHANNELS, 50), np.float32))


def test_the_other_side_of_the_face() -> None:
    """The network was shown every face in the mirror as well."""
    one, other = smile(4.0, 0.36), smile(4.0, 0.36)
    for key in KEYS:
        if key.endswith("_left"):
            one[:, KEYS.index(key)] = still()[:, KEYS.index(key)]
            twin = KEYS.index(key.replace("_left", "_right"))
            other[:, twin] = still()[:, twin]
    left, right = only(spot(other)), only(spot(one))
    assert left.regions[0].region == "mouth_corner_left"
    assert right.regions[0].region == "mouth_corner_right"
    assert left.apex_s == pytest.approx(right.apex_s, abs=0.05)


def test_frames_that_must_not_be_scored() -> None:
    states = ["ok"] * 380 + ["blurred"] * 40 + ["ok"] * 380
    found = spot(smile(4.0, 0.36) + smile(6.0, 0.36), states=states)
    assert only(found).apex_s == pytest.approx(6.0, abs=0.05)
    assert np.isnan(found.score[380:420]).all()
    assert np.isnan(found.region_motion[380:420]).all()
    assert np.isfinite(found.score[:380]).all()
    nothing = spot(smile(4.0, 0.36), states=["lost"] * 800)
    assert nothing.events == ()
    assert np.isnan(nothing.score).all()


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_hardly_any_frames(n: int) -> None:
    found = spot(still()[:n])
    assert found.score.shape == (n,)
    assert found.events == ()


def test_long_recordings_go_through_in_parts() -> None:
    """The seams do not show."""
    spotter = RegionNet()
    rng = np.random.default_rng(1)
    made = np.abs(1e-3 * rng.standard_normal((CHANNELS, 6700))).astype(np.float32)
    made[SEEN] = 1
    probability, spans = spotter.curves(made)
    near, their = spotter.curves(np.ascontiguousarray(made[:, 5400:6600]))
    np.testing.assert_allclose(probability[:, 5800:6200], near[:, 400:800], atol=1e-4)
    np.testing.assert_allclose(spans[..., 5800:6200], their[..., 400:800], rtol=1e-3, atol=1e-2)


def test_what_it_says_of_itself() -> None:
    spotter = make_spotter()
    assert isinstance(spotter, RegionNet)
    assert spotter.name == "region-net"
    assert "Objects as Points" in spotter.paper
    assert 0 < (spotter.micro_bar or 0) < 1
    assert "synthetic" in spotter.statement
    assert "not been measured" in spotter.statement
    spotter.curves(np.zeros((CHANNELS, 50), np.float32))  # a session is open, and does not travel
    again = pickle.loads(pickle.dumps(spotter))
    assert again == spotter
    assert isinstance(open_spotter(shipped("region-net")), RegionNet)


def test_a_copy_elsewhere_goes_by_its_own_name(tmp_path: Path) -> None:
    copy = tmp_path / "mine.onnx"
    copy.write_bytes(shipped("region-net").read_bytes())
    other = make_spotter(str(copy))
    assert isinstance(other, RegionNet)
    assert other.name == "mine.onnx"
    assert other.sha256 == RegionNet().sha256


def test_what_it_refuses() -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        RegionNet(micro_bar=1.5)
    with pytest.raises(InputError, match="no spotter over facial regions"):
        RegionNet(shipped("three-emotions"))
    with pytest.raises(InputError, match="no model file"):
        RegionNet(Path("gone.onnx"))
