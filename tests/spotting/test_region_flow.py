"""Region flow: the decision on positions made by hand, and real faces with known motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mien.anatomy import REGIONS
from mien.events import Event, Span
from mien.face import CELLS, CROP, UNIT, FaceFrame
from mien.spotting import RegionFlow, Spotting
from mien.spotting.region_flow import _Decision, _gone_and_back
from mien.spotting.traces import RegionTraces

KEYS = [r.key for r in REGIONS]
CORNER = KEYS.index("mouth_corner_left")
BROWS = [KEYS.index("brow_inner_left"), KEYS.index("brow_inner_right")]
LIDS = [i for i, key in enumerate(KEYS) if key.startswith("lid_")]


# ---------------------------------------------------------------------- gone and back


def gone(path: np.ndarray, k: int, *, open_ended: bool = False) -> np.ndarray:
    """Of one region that moves along x."""
    position = np.stack([path, 0 * path], -1)[:, None, :]
    return _gone_and_back(position, k, open_ended=open_ended)[0][:, 0]


def test_a_bump_is_gone_and_back() -> None:
    path = np.zeros(41)
    path[18:23] = 0.5, 1, 2, 1, 0.5
    found = gone(path, 5)
    assert found[20] == pytest.approx(2)
    assert found.argmax() == 20
    # no ghost one window before or after, where one-sided windows have one
    assert found[:18] == pytest.approx(0)
    assert found[23:] == pytest.approx(0)


def test_it_is_the_smaller_of_the_two_ways() -> None:
    path = np.array([0, 0, 0, 3, 3, 3, 1, 1, 1], float)
    assert gone(path, 3)[3:6] == pytest.approx(2)  # 3 up, 2 down
    assert gone(-path, 3)[3:6] == pytest.approx(2)  # either way


def test_neither_a_ramp_nor_a_step_comes_back() -> None:
    assert gone(np.linspace(0, 5, 50), 7)[7:] == pytest.approx(0)
    step = np.repeat([0.0, 2.0], 25)
    for k in (3, 10, 24):
        assert gone(step, k) == pytest.approx(0)
    assert gone(np.full(9, 3.0), 2) == pytest.approx(0)


def test_what_the_recording_cuts_off() -> None:
    step = np.repeat([0.0, 2.0], [30, 10])
    taken_for_granted = gone(step, 15, open_ended=True)
    # seen to go and never to come back: half of it, where the end lies within the window
    assert taken_for_granted[30:] == pytest.approx(1)
    assert taken_for_granted[:25] == pytest.approx(0)
    assert gone(step, 15)[30:] == pytest.approx(0)
    assert gone(step[::-1].copy(), 15, open_ended=True)[:20] == pytest.approx(0)  # it begins at rest


def test_going_one_way_and_coming_back_by_another() -> None:
    """Right angles: |a + b| = |a − b|, nothing; and the way is the sum of both."""
    position = np.zeros((3, 1, 2))
    position[1, 0], position[2, 0] = (1, 0), (1, 1)
    m, _ = _gone_and_back(position, 1, open_ended=False)
    assert m[1, 0] == pytest.approx(0)
    position[2, 0] = 0, 0
    m, way = _gone_and_back(position, 1, open_ended=False)
    assert m[1, 0] == pytest.approx(1)
    assert way[1, 0] == pytest.approx((2, 0))


# ---------------------------------------------------------------------- decisions by hand


def bump(time: np.ndarray, onset: float, up: float, hold: float, down: float, size: float) -> np.ndarray:
    x = np.interp(time, [onset, onset + up, onset + up + hold, onset + up + hold + down], [0, 1, 1, 0])
    return size * x * x * (3 - 2 * x)


class Hand:
    """Positions by hand: what the traces would hold."""

    def __init__(
        self, seconds: float = 6.0, fps: float = 50.0, jitter: float = 0.0, noise: float = 1e-4
    ) -> None:
        rng = np.random.default_rng(0)
        n = round(seconds * fps)
        self.fps = fps
        self.time = np.arange(n) / fps + rng.uniform(-jitter, jitter, n)
        self.position = rng.normal(0, noise, (n, len(KEYS), 2))
        self.head = np.zeros((n, 6))
        self.chain = np.ones(n, np.int64)
        self.good = np.ones(n, bool)

    def move(
        self, regions: int | list[int], path: np.ndarray, way: tuple[float, float] = (0.6, -0.8)
    ) -> Hand:
        for region in np.atleast_1d(regions):
            self.position[:, region] += path[:, None] * np.array(way)
        return self

    def lose(self, first: int, stop: int) -> Hand:
        """No face for some frames: what follows is counted from another origin."""
        self.position[first:stop] = np.nan
        self.head[first:stop] = np.nan
        self.chain[first:stop] = -1
        self.chain[stop:] += 1
        self.good[first:stop] = False
        return self

    def decide(self, blinks: tuple[Span, ...] = (), **tunables: Any) -> Spotting:
        traces = SimpleNamespace(
            time=list(self.time),
            span=[(t, t) for t in self.time],
            position=list(self.position),
            head=list(self.head),
            chain=list(self.chain),
        )
        frame = np.arange(len(self.time), dtype=np.int64)
        decision = _Decision(RegionFlow(**tunables), traces, frame, self.time, self.good, blinks)  # type: ignore[arg-type]
        return decision.spotting()


@pytest.mark.parametrize("fps", [24.0, 50.0, 100.0])
@pytest.mark.parametrize("size", [0.006, 0.02, 0.08])
def test_a_micro_expression_by_hand(fps: float, size: float) -> None:
    hand = Hand(fps=fps)
    (event,) = hand.move(CORNER, bump(hand.time, 3.0, 0.16, 0, 0.2, size)).decide().events
    assert event.kind == "micro"
    assert event.apex_s == pytest.approx(3.16, abs=1.1 / fps)
    assert event.onset_s == pytest.approx(3.0, abs=0.05 + 1 / fps)
    assert event.offset_s == pytest.approx(3.36, abs=0.06 + 1 / fps)
    assert event.score >= 1
    assert event.regions[0].region == "mouth_corner_left"
    assert (event.regions[0].dx, event.regions[0].dy) == pytest.approx((0.6 * size, -0.8 * size), rel=0.15)
    assert not event.open_end


@pytest.mark.parametrize(("up", "hold", "down"), [(0.3, 0.3, 0.3), (0.4, 0.7, 0.4), (0.5, 2.0, 0.5)])
def test_a_macro_expression_by_hand(up: float, hold: float, down: float) -> None:
    hand = Hand(seconds=14)
    (event,) = hand.move(CORNER, bump(hand.time, 3.0, up, hold, down, 0.08)).decide().events
    assert event.kind == "macro"
    assert event.onset_s == pytest.approx(3.0, abs=0.15)
    assert event.apex_s == pytest.approx(3.0 + up, abs=0.1)
    assert event.offset_s == pytest.approx(3.0 + up + hold + down, abs=0.15)


def test_half_the_floor_is_still() -> None:
    hand = Hand(noise=0.0)
    found = hand.move(CORNER, bump(hand.time, 3.0, 0.16, 0, 0.2, 0.00125)).decide()
    assert found.events == ()
    assert np.nanmax(found.score) == pytest.approx(0.5, abs=0.1)


def test_the_score_counts_floors() -> None:
    hand = Hand(noise=0.0)
    found = hand.move(CORNER, bump(hand.time, 3.0, 0.16, 0.04, 0.2, 0.005)).decide()
    assert np.nanmax(found.score) == pytest.approx(2.0, abs=0.1)
    motion = found.region_motion[:, CORNER]
    assert np.nanmax(motion) == pytest.approx(0.005, rel=0.05)
    assert (found.threshold == 1).all()


def test_the_lids_ask_for_more() -> None:
    hand = Hand(noise=0.0)
    hand.move(LIDS[0], bump(hand.time, 3.0, 0.16, 0.04, 0.2, 0.005), (0, 1))
    assert hand.decide().events == ()
    assert np.nanmax(hand.decide().score) < 0.6
    assert len(hand.decide(lid_factor=1.0).events) == 1


def test_noise_raises_the_floor() -> None:
    calm, noisy = Hand(noise=1e-4), Hand(noise=2e-3)
    path = bump(calm.time, 3.0, 0.16, 0, 0.2, 0.006)
    assert len(calm.move(CORNER, path).decide().events) == 1
    assert noisy.move(CORNER, path).decide().events == ()


def test_drift_and_sway_are_no_events() -> None:
    hand = Hand(seconds=20)
    slow = 0.01 * np.sin(2 * np.pi * hand.time / 9) + 0.002 * hand.time
    assert hand.move([CORNER, *BROWS], slow).decide().events == ()


def test_a_head_that_moves_explains_small_motion() -> None:
    """Where the head itself comes and goes, what little leaks into the face does not count."""
    hand = Hand()
    hand.move(CORNER, bump(hand.time, 3.0, 0.2, 0, 0.2, 0.006))
    assert len(hand.decide().events) == 1
    hand.head[:, 0] = bump(hand.time, 3.0, 0.2, 0, 0.2, 0.3)
    assert hand.decide().events == ()


def test_two_in_a_row() -> None:
    hand = Hand()
    hand.move(CORNER, bump(hand.time, 2.0, 0.15, 0, 0.2, 0.02))
    hand.move(BROWS, bump(hand.time, 2.6, 0.15, 0, 0.2, 0.02), (0, -1))
    first, second = hand.decide().events
    assert (first.kind, second.kind) == ("micro", "micro")
    assert first.regions[0].region == "mouth_corner_left"
    assert {r.region for r in second.regions} == {"brow_inner_left", "brow_inner_right"}


def test_a_micro_expression_inside_a_longer_one_elsewhere() -> None:
    hand = Hand(seconds=8)
    hand.move(CORNER, bump(hand.time, 2.0, 0.5, 2.0, 0.5, 0.12))
    hand.move(BROWS, bump(hand.time, 3.4, 0.15, 0, 0.2, 0.03), (0, -1))
    found = hand.decide().events
    assert [e.kind for e in found] == ["macro", "micro"]
    assert found[1].apex_s == pytest.approx(3.55, abs=0.05)


def test_a_ripple_on_a_longer_one_is_not_told() -> None:
    hand = Hand(seconds=8)
    hand.move(CORNER, bump(hand.time, 2.0, 0.5, 2.0, 0.5, 0.12) + bump(hand.time, 3.4, 0.15, 0, 0.2, 0.01))
    assert [e.kind for e in hand.decide().events] == ["macro"]


@pytest.mark.parametrize(("hold", "after"), [(0.1, 0.8), (0.1, 2.5), (2.0, 1.0), (5.0, 1.2)])
def test_the_way_back_is_no_event(hold: float, after: float) -> None:
    """Near the recording's end the return to rest looks like a departure that is cut off."""
    hand = Hand(seconds=2.5 + hold + 0.7 + after)
    hand.move(CORNER, bump(hand.time, 2.5, 0.3, hold, 0.4, 0.1))
    (event,) = hand.decide().events
    assert event.onset_s == pytest.approx(2.5, abs=0.15)
    assert event.offset_s == pytest.approx(3.2 + hold, abs=0.2)
    assert not event.open_end


def test_an_expression_that_the_end_cuts_off_is_open() -> None:
    hand = Hand(seconds=6)
    (event,) = hand.move(CORNER, bump(hand.time, 4.5, 0.4, 9, 0.4, 0.15)).decide().events
    assert event.kind == "macro"
    assert event.open_end
    assert event.onset_s == pytest.approx(4.5, abs=0.15)
    assert event.offset == len(hand.time) - 1


# ---------------------------------------------------------------------- blinks


def blink(start: float, end: float, reason: str = "blink", fps: float = 50.0) -> Span:
    return Span(round(start * fps), round(end * fps), start, end, reason)


def test_a_blink_is_no_event() -> None:
    hand = Hand()
    path = bump(hand.time, 3.0, 0.1, 0, 0.2, 0.08)
    hand.move(LIDS, path, (0, 1)).move(BROWS, 0.1 * path, (0, 1))
    hand.move([i for i, key in enumerate(KEYS) if key.startswith("cheek")], 0.15 * path, (0, -1))
    assert len(hand.decide().events) == 1
    assert hand.decide((blink(3.0, 3.3),)).events == ()


def test_an_expression_during_a_blink_is_seen() -> None:
    hand = Hand()
    hand.move(LIDS, bump(hand.time, 3.0, 0.1, 0, 0.2, 0.08), (0, 1))
    hand.move(CORNER, bump(hand.time, 2.95, 0.2, 0, 0.25, 0.03))
    (event,) = hand.decide((blink(3.0, 3.3),)).events
    assert event.regions[0].region == "mouth_corner_left"


def test_closed_eyes_hide_nothing_in_between() -> None:
    """Of a long closure only the beginning and the end count as a blink."""
    hand = Hand(seconds=8)
    hand.move(BROWS, bump(hand.time, 4.0, 0.15, 0, 0.2, 0.008), (0, -1))
    assert len(hand.decide((blink(2.0, 6.0, "eyes closed"),)).events) == 1
    assert hand.decide((blink(4.0, 4.35, "blink"),)).events == ()


# ---------------------------------------------------------------------- gaps


def test_scored_exactly_where_the_face_is_seen() -> None:
    hand = Hand().lose(100, 140)
    found = hand.decide()
    assert np.array_equal(np.isfinite(found.score), hand.good)
    assert np.array_equal(np.isfinite(found.region_motion).all(axis=1), hand.good)


@pytest.mark.parametrize("jitter", [0.0, 0.0006, 0.004])
@pytest.mark.parametrize("gap", [0, 1, 3, 30])
def test_no_event_at_a_seam(gap: int, jitter: float) -> None:
    """After a gap, or a cut, positions count from another origin: the step between them is no motion."""
    hand = Hand(jitter=jitter).move([CORNER, *BROWS], np.full(300, 0.1))
    hand.position[150:] -= 0.3
    hand.lose(150, 150 + gap)
    found = hand.decide()
    assert found.events == ()
    assert np.nanmax(found.score) < 0.5
    assert np.array_equal(np.isfinite(found.score), hand.good)


@pytest.mark.parametrize("jitter", [0.0, 0.0006])
def test_a_frame_that_drops_out_does_not_hide_an_event(jitter: float) -> None:
    """One frame not scored (blurred, shaken), the same key frame on both sides: the positions go on."""
    hand = Hand(jitter=jitter)
    hand.move(CORNER, bump(hand.time, 3.0, 0.16, 0, 0.2, 0.03))
    at = round(3.1 * hand.fps)
    hand.position[at] = np.nan
    hand.chain[at] = -1
    hand.good[at] = False
    found = hand.decide()
    (event,) = found.events
    assert event.kind == "micro"
    assert event.apex_s == pytest.approx(3.16, abs=0.03)
    assert np.isnan(found.score[at])


def test_an_event_does_not_reach_over_a_gap() -> None:
    hand = Hand().move(CORNER, bump(Hand().time, 2.6, 0.3, 1.0, 0.3, 0.1)).lose(160, 200)
    for event in hand.decide().events:
        assert not (event.onset < 160 and event.offset >= 200)


def test_an_event_between_two_gaps() -> None:
    hand = Hand().move(CORNER, bump(Hand().time, 3.0, 0.16, 0, 0.2, 0.02)).lose(80, 120).lose(200, 230)
    (event,) = hand.decide().events
    assert (event.kind, round(event.apex_s, 1)) == ("micro", 3.2)


# ---------------------------------------------------------------------- traces


def shifted_key_frames(follow: Callable[..., Any], stage: Callable[..., Any]) -> list[FaceFrame]:
    frames: list[FaceFrame] = follow(stage("wolfgang").play(30, 0.5, head=0))
    return frames


def test_traces_average_fast_recordings(stage: Callable[..., Any], follow: Callable[..., Any]) -> None:
    frames = shifted_key_frames(follow, stage)
    frames = [replace(frame, time=frame.index / 300) for frame in frames]
    one, three = RegionTraces(100.0), RegionTraces(300.0)
    for frame in frames[:12]:
        one.push(frame)
        three.push(frame)
    one.flush()
    three.flush()
    assert len(one.time) == 12
    assert len(three.time) == 4
    assert three.time == pytest.approx(np.reshape(one.time, (4, 3)).mean(axis=1))
    assert np.array(one.position).shape == (12, len(KEYS), 2)
    assert np.abs(np.array(one.position)).max() < 0.003  # a still face
    three.flush()
    assert len(three.time) == 4


def test_traces_do_not_average_across_a_gap(stage: Callable[..., Any], follow: Callable[..., Any]) -> None:
    frames = shifted_key_frames(follow, stage)
    times = [0.0, 1 / 300, 1.0, 1.0 + 1 / 300, 1.0 + 2 / 300]
    traces = RegionTraces(300.0)
    for frame, time in zip(frames, times, strict=False):
        traces.push(replace(frame, time=time))
    traces.flush()
    assert traces.time == pytest.approx([0.5 / 300, 1.0 + 1 / 300])
    assert traces.span == [(0.0, 1 / 300), (1.0, 1.0 + 2 / 300)]


def test_traces_of_frames_that_do_not_count(stage: Callable[..., Any], follow: Callable[..., Any]) -> None:
    frames = shifted_key_frames(follow, stage)
    traces = RegionTraces(30.0)
    for frame in [*frames[:3], FaceFrame(3, 0.1, "lost"), *frames[4:6]]:
        traces.push(frame)
    traces.flush()
    position = np.array(traces.position)
    assert np.isnan(position[3]).all()
    assert np.isfinite(np.delete(position, 3, axis=0)).all()
    assert traces.chain[3] == -1
    assert traces.chain[0] == traces.chain[5]  # the same key frame: the positions compare


# ---------------------------------------------------------------------- real faces


def matches(event: Event, move: Any) -> bool:
    both = min(event.offset_s, move.offset) - max(event.onset_s, move.onset)
    either = max(event.offset_s, move.offset) - min(event.onset_s, move.onset)
    return both / either >= 0.5


EXPECTED = {
    "AU1+2": "brow", "AU4": "brow", "AU9": "nose_wing", "AU12": "mouth_corner", "AU15L": "mouth_corner_left",
    "AU17": "chin",
}  # fmt: skip


def check_micro(found: Any, moves: list[Any], fps: float, missing: int) -> None:
    events = found.spotting.events
    hits = [(move, event) for move in moves for event in events if matches(event, move)]
    assert len(hits) >= len(moves) - missing
    assert len(events) == len(hits)  # and nothing else
    for move, event in hits:
        assert event.kind == "micro"
        assert abs(event.apex_s - move.apex) <= 2 / min(fps, 100) + 1e-6, move
        near = {"AU9": ("nose_wing", "cheek", "lip_upper"), "AU17": ("chin", "lip_lower")}.get(
            move.unit, (EXPECTED[move.unit], "glabella")
        )
        assert event.regions[0].region.startswith(near), move


def some_moves(move: Callable[..., Any], peak: float) -> list[Any]:
    return [move(unit, peak, 1 + 1.2 * i) for i, unit in enumerate(EXPECTED)]


def test_micro_expressions_on_a_real_face(
    stage: Callable[..., Any], follow: Callable[..., Any], spot: Callable[..., Any], move: Callable[..., Any]
) -> None:
    """One pixel or less in the crop, 0.35 s, under noise, flicker and head motion, at 30 frames a second."""
    moves = some_moves(move, 0.0125)
    frames = follow(stage("wolfgang").play(30, 8.7, moves))
    check_micro(spot(RegionFlow(), 30, frames), moves, 30, missing=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("face", "fps", "peak", "missing"),
    [
        ("single", 30, 0.0125, 1),
        ("single", 100, 0.0125, 1),
        ("wolfgang", 100, 0.0125, 0),
        ("single", 30, 0.025, 0),
        ("wolfgang", 30, 0.025, 0),
    ],
)
def test_micro_expressions_on_more_faces(
    stage: Callable[..., Any],
    follow: Callable[..., Any],
    spot: Callable[..., Any],
    move: Callable[..., Any],
    face: str,
    fps: float,
    peak: float,
    missing: int,
) -> None:
    moves = some_moves(move, peak)
    frames = follow(stage(face).play(fps, 8.7, moves))
    check_micro(spot(RegionFlow(), fps, frames), moves, fps, missing)


def test_a_smile_of_a_second_and_a_half_is_macro(
    stage: Callable[..., Any], follow: Callable[..., Any], spot: Callable[..., Any], move: Callable[..., Any]
) -> None:
    smile = move("AU12", 0.05, 1.0, up=0.4, hold=0.6, down=0.5)
    frames = follow(stage("single").play(30, 4.0, [smile]))
    (event,) = spot(RegionFlow(), 30, frames).spotting.events
    assert event.kind == "macro"
    assert matches(event, smile)
    assert event.regions[0].region.startswith("mouth_corner")


def test_a_moving_head_alone_is_no_event(
    stage: Callable[..., Any], follow: Callable[..., Any], spot: Callable[..., Any]
) -> None:
    found = spot(RegionFlow(), 30, follow(stage("single").play(30, 4.0, noise=1.5, head=1.0)))
    assert found.spotting.events == ()
    assert np.nanmax(found.spotting.score) < 0.8


def test_a_real_blink_is_no_event(
    film: Callable[..., Any], follow: Callable[..., Any], spot: Callable[..., Any]
) -> None:
    """Frames 372 to 400: a blink, and no other motion of the face."""
    found = spot(RegionFlow(), 24, follow(film("WolfgangLanger_Pexels.mp4", 372, 400)))
    assert [b.reason for b in found.blinks] == ["blink"]
    assert found.spotting.events == ()


def test_units() -> None:
    """What the tests above take for a pixel."""
    assert 0.0125 * UNIT < 1
    assert CROP % CELLS == 0
