"""What moves without being an expression."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.synthesis import head
from mien.synthesis.actions import ACTION_INDEX, ACTIONS
from mien.synthesis.distractors import (
    LOOK_SIDE_DEG,
    LOOK_UP_DEG,
    Blinks,
    Breath,
    Distractor,
    DistractorSettings,
    Exposure,
    Flicker,
    Gaze,
    Gazing,
    Head,
    HeadMotion,
    Speech,
    Swallows,
    join,
    plan_distractors,
)

NONE = DistractorSettings.none()
ALONE = {
    "blinks": replace(NONE, blinks=Blinks()),
    "gaze": replace(NONE, gaze=Gaze()),
    "head": replace(NONE, head=Head()),
    "breathing": replace(NONE, breathing=Breath()),
    "speech": replace(NONE, speech=Speech(on=True)),
    "swallowing": replace(NONE, swallowing=Swallows()),
    "flicker": replace(NONE, flicker=Flicker(on=True)),
    "exposure": replace(NONE, exposure=Exposure()),
}
ALL = DistractorSettings(speech=Speech(on=True), flicker=Flicker(on=True))


def plan(
    what: DistractorSettings, seconds: float = 60, seed: int = 0, beside: tuple[tuple[float, float], ...] = ()
) -> tuple[Distractor, ...]:
    return plan_distractors(np.random.default_rng(seed), seconds, what, beside)


def acted(
    distractors: tuple[Distractor, ...], t: np.ndarray, exposure_s: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    actions, pose, light = np.zeros((len(t), len(ACTIONS))), np.zeros((len(t), 6)), np.ones(len(t))
    for d in distractors:
        d.act(t, actions, pose)
        light *= d.light(t, exposure_s)
    return actions, pose, light


FINE = np.arange(0, 60, 1 / 500)


def test_all_off_is_nothing_at_all() -> None:
    assert plan(NONE) == ()


@pytest.mark.parametrize("kind", list(ALONE))
def test_each_acts_on_its_own_ground(kind: str) -> None:
    (one,) = plan(ALONE[kind])
    assert one.kind == kind
    assert one.spans
    actions, pose, light = acted((one,), FINE)
    assert bool(actions.any()) == (kind in ("blinks", "gaze", "speech", "swallowing"))
    assert bool(pose.any()) == (kind in ("head", "breathing", "swallowing"))
    assert bool((light != 1).any()) == (kind in ("flicker", "exposure"))
    moved = {ACTIONS[i] for i in np.flatnonzero(actions.any(axis=0))}
    assert all(name.startswith("eye") for name in moved) == (kind not in ("speech", "swallowing"))


@pytest.mark.parametrize("kind", list(ALONE))
def test_switching_one_off_leaves_the_others_as_they_were(kind: str) -> None:
    without = plan(replace(ALL, **{kind: getattr(NONE, kind)}))
    assert without == tuple(d for d in plan(ALL) if d.kind != kind)


@pytest.mark.parametrize("kind", ["blinks", "speech", "swallowing"])
def test_nothing_moves_outside_the_spans(kind: str) -> None:
    (one,) = plan(ALONE[kind])
    inside = np.zeros(len(FINE), bool)
    for span in one.spans:
        inside |= (span.start_s < FINE) & (span.end_s > FINE)
    actions, pose, _ = acted((one,), FINE)
    moving = actions.any(axis=1) | pose.any(axis=1)
    assert not moving[~inside].any()
    assert moving[inside].mean() > 0.9


@pytest.mark.parametrize("kind", list(ALONE))
def test_size_nought_is_stillness(kind: str) -> None:
    still = replace(getattr(ALONE[kind], kind), size=0.0)
    if kind == "head":
        still = replace(still, drift=0.0)
    actions, pose, light = acted(plan(replace(NONE, **{kind: still})), FINE)
    assert not actions.any()
    assert not pose.any()
    assert (light == 1).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**40), st.floats(0, 3))
def test_activations_stay_between_nought_and_one(seed: int, size: float) -> None:
    lively = replace(ALL, speech=Speech(on=True, rate=20, size=size), gaze=Gaze(size=size, lid_follow=1))
    actions, pose, light = acted(plan(lively, 20, seed), FINE[:10000:7])
    assert actions.min() >= 0
    assert actions.max() <= 1
    assert np.isfinite(pose).all()
    assert light.min() > 0


@pytest.mark.parametrize("kind", list(ALONE))
def test_motion_is_smooth(kind: str) -> None:
    """Refining time makes the steps smaller in proportion: no jumps."""
    (one,) = plan(ALONE[kind], 60)
    steps = []
    for n in (60 * 250, 60 * 2000):
        actions, pose, light = acted((one,), np.arange(n) * 60 / n)
        everything = np.concatenate([actions, pose, light[:, None]], axis=1)
        steps.append(np.abs(np.diff(everything, axis=0)).max())
    assert 0 < steps[1] < 0.2 * steps[0]


def test_blinks_have_their_rate_shape_and_kinds() -> None:
    (one,) = plan(replace(NONE, blinks=Blinks()), 3600)
    spans = one.spans
    assert 0.8 * 16 * 60 < len(spans) < 1.25 * 16 * 60
    lengths = np.array([s.end_s - s.start_s for s in spans])
    assert lengths.min() >= 0.1 - 1e-9
    assert lengths.max() <= 0.4 + 1e-9
    assert np.std(lengths) > 0.03
    assert np.mean([s.details["complete"] == "no" for s in spans]) == pytest.approx(0.15, abs=0.05)
    assert np.mean([s.details.get("where") == "double" for s in spans]) == pytest.approx(0.07, abs=0.03)
    assert all(a.end_s < b.start_s for a, b in pairwise(spans))
    index = [ACTION_INDEX["eyeBlinkRight"], ACTION_INDEX["eyeBlinkLeft"]]
    for span in spans[:40]:
        t = np.linspace(span.start_s, span.end_s, 801)
        lids = acted((one,), t)[0][:, index]
        assert lids.max() == pytest.approx(span.details["depth"])
        lid = lids.max(axis=1)
        closing = np.argmax(lid > 0.5 * lid.max())
        opening = len(t) - np.argmax(lid[::-1] > 0.5 * lid.max())
        assert closing < len(t) - opening  # closes faster than it opens
    asymmetry = acted((one,), FINE)[0][:, index] @ [1, -1]
    assert 0 < np.abs(asymmetry).max() < 0.5


def test_complete_blinks_close_and_incomplete_ones_do_not() -> None:
    (one,) = plan(replace(NONE, blinks=Blinks(incomplete=0.5)), 600)
    depth = {"yes": [], "no": []}
    for span in one.spans:
        depth[span.details["complete"]].append(span.details["depth"])
    assert min(depth["yes"]) >= 0.95
    assert max(depth["no"]) <= 0.8


@pytest.mark.parametrize("seed", range(30))
def test_a_blink_comes_right_beside_an_expression(seed: int) -> None:
    beside = ((2.0, 2.3), (5.0, 5.2))
    (one,) = plan(replace(NONE, blinks=Blinks()), 10, seed, beside)
    forced = [s for s in one.spans if s.details.get("where") in ("before", "after", "across")]
    assert len(forced) == 2
    for span, (start, end) in zip(forced, beside, strict=True):
        gap = {"before": start - span.end_s, "after": span.start_s - end}.get(span.details["where"])
        if gap is None:
            assert span.start_s < start < span.end_s or span.start_s < end < span.end_s
        else:
            assert -1e-9 <= gap <= 0.08


def test_a_forced_blink_stays_within_the_film() -> None:
    for seed in range(20):
        (one,) = plan(replace(NONE, blinks=Blinks(rate=0)), 1.0, seed, ((0.05, 0.35),))
        (span,) = one.spans
        assert span.start_s >= 0
        assert span.end_s <= 1.0


def test_saccades_follow_the_main_sequence_and_eyes_rest_between() -> None:
    (one,) = plan(replace(NONE, gaze=Gaze()), 600)
    assert isinstance(one, Gazing)
    assert len(one.spans) == pytest.approx(400, rel=0.25)
    for span in one.spans:
        assert span.end_s - span.start_s == pytest.approx(0.021 + 0.0022 * span.details["degrees"])
    for span, after in pairwise(one.spans[:50]):
        assert after.start_s - span.end_s >= 0.12
        end, later = one.degrees([span.end_s, after.start_s])
        assert np.hypot(*(later - end)) < 2.0
        assert np.allclose(end, [span.details["left"], span.details["up"]], atol=1.0)


def test_a_full_look_means_the_same_to_the_head() -> None:
    assert np.degrees([head._GAZE_SIDE, head._GAZE_UP]).tolist() == pytest.approx(
        [LOOK_SIDE_DEG, LOOK_UP_DEG]
    )


def test_both_eyes_look_the_same_way_and_lids_follow() -> None:
    (one,) = plan(replace(NONE, gaze=Gaze(lid_follow=0.5)), 60)
    assert isinstance(one, Gazing)
    a = dict(zip(ACTIONS, acted((one,), FINE)[0].T, strict=True))
    left = a["eyeLookOutLeft"] - a["eyeLookInLeft"]
    assert np.allclose(left, a["eyeLookInRight"] - a["eyeLookOutRight"])
    assert np.allclose(left * LOOK_SIDE_DEG, one.degrees(FINE)[:, 0])
    assert not (a["eyeLookUpLeft"] * a["eyeLookDownLeft"]).any()
    assert np.allclose(a["eyeBlinkLeft"], 0.5 * a["eyeLookDownLeft"])
    assert np.allclose(a["eyeWideRight"], 0.5 * a["eyeLookUpRight"])


def test_the_head_sways_in_six_ways_and_moves_quickly_at_times() -> None:
    (slow,) = plan(replace(NONE, head=Head(rate=0)), 600)
    pose = acted((slow,), np.arange(0, 600, 0.02))[1]
    degrees = np.degrees(pose[:, :3].std(axis=0))
    assert (degrees > 0.3).all()
    assert (degrees < 1.6).all()
    assert (pose[:, 3:].std(axis=0) > 0.005).all()
    assert np.degrees(np.abs(np.diff(pose[:, :3], axis=0)).max() / 0.02) < 12
    assert [s.kind for s in slow.spans] == ["sway"]

    (both,) = plan(replace(NONE, head=Head(rate=10, drift=0)), 600)
    assert isinstance(both, HeadMotion)
    quick = [s for s in both.spans if s.kind == "head"]
    assert {s.details["movement"] for s in quick} == {"nod", "shake", "tilt", "shift"}
    for span in quick:
        pose = acted((both,), np.linspace(span.start_s, span.end_s, 400))[1]
        home, reached = pose[0], np.degrees(np.abs(pose - pose[0]).max(axis=0))
        if span.details["movement"] != "shift":
            assert np.allclose(pose[-1], home)
            axis = {"shake": 0, "nod": 1, "tilt": 2}[span.details["movement"]]
            assert np.argmax(reached[:3]) == axis
            assert reached[axis] == pytest.approx(span.details["degrees"], rel=0.02)
        if span.details["movement"] == "nod":
            assert (pose - home)[:, 1].max() < 1e-9  # down first, and never above where it was


def test_breaths() -> None:
    for seed in range(10):
        (one,) = plan(replace(NONE, breathing=Breath()), 120, seed)
        pose = acted((one,), np.arange(0, 120, 0.05))[1]
        assert 0.2 <= one.spans[0].details["hz"] <= 0.3
        crossings = np.count_nonzero(np.diff(np.sign(pose[:, 4])) > 0)
        assert crossings / 120 == pytest.approx(one.spans[0].details["hz"], abs=0.03)
        assert not pose[:, [0, 2, 3]].any()
        assert np.degrees(pose[:, 1].max()) < 0.5


def test_speech_has_syllables_and_pauses() -> None:
    (one,) = plan(replace(NONE, speech=Speech(on=True)), 300)
    t = np.arange(0, 300, 0.01)
    jaw = acted((one,), t)[0][:, ACTION_INDEX["jawOpen"]]
    assert 0.1 < jaw.max() < 0.3
    assert (jaw == 0).mean() > 0.3
    for span in one.spans:
        inside = jaw[(t > span.start_s) & (t < span.end_s)]
        peaks = np.count_nonzero((inside[1:-1] > inside[:-2]) & (inside[1:-1] >= inside[2:]))
        assert peaks == pytest.approx(span.details["syllables"], abs=1)
        assert 2 < span.details["syllables"] / (span.end_s - span.start_s) < 6


def test_swallowing_dips_the_head_and_lifts_the_chin() -> None:
    (one,) = plan(replace(NONE, swallowing=Swallows(rate=6)), 120)
    for span in one.spans:
        actions, pose, _ = acted((one,), np.linspace(span.start_s, span.end_s, 300))
        assert 0.1 < actions[:, ACTION_INDEX["mouthShrugLower"]].max() < 0.4
        assert actions[:, ACTION_INDEX["mouthPressLeft"]].max() == pytest.approx(span.details["lips"])
        assert -0.015 < pose[:, 1].min() < -0.003
        assert 0.7 < span.end_s - span.start_s < 1.7


def test_flicker_is_the_exact_mean_over_the_exposure() -> None:
    (one,) = plan(replace(NONE, flicker=Flicker(on=True, rate=120, size=0.1)), 1)
    starts = np.array([0.0, 0.1013, 0.777])
    exposure = 0.0061
    inside = one.light((starts[:, None] + exposure * (np.arange(20000) + 0.5) / 20000).ravel(), 0.0)
    assert np.allclose(one.light(starts, exposure), inside.reshape(3, -1).mean(axis=1), atol=1e-9)
    assert one.light(starts, 0.0).std() > 0


def test_flicker_aliases_with_the_frame_rate() -> None:
    (one,) = plan(replace(NONE, flicker=Flicker(on=True, rate=100, size=0.05)), 60)
    hz = one.spans[0].details["hz"]
    slow = one.light(np.arange(0, 60, 1 / 25), 0.002)  # beats at 100 - 4·25 Hz plus the mains' own error
    assert np.abs(np.diff(slow)).max() < 2 * np.pi * abs(hz - 100) / 25 * 0.05 * 1.1
    fast = one.light(np.arange(0, 60, 1 / 190), 0.002)
    assert np.ptp(fast) > 0.08
    whole = one.light(np.arange(0, 60, 1 / 190), 1 / hz)  # a whole ripple fits: no flicker left
    assert np.ptp(whole) < 1e-9


def test_exposure_drifts_slowly() -> None:
    (one,) = plan(replace(NONE, exposure=Exposure(size=0.02, rate=0)), 300)
    gain = one.light(np.arange(0, 300, 0.1), 0.005)
    assert np.log(gain).std() == pytest.approx(0.02, rel=0.3)
    assert np.abs(np.diff(gain)).max() < 0.01
    (steps,) = plan(replace(NONE, exposure=Exposure(rate=6)), 300)
    assert [span.details["change"] for span in steps.spans].count("step") > 10


def test_same_seed_same_plan_ready_for_json() -> None:
    one, two = plan(ALL, seed=3), plan(ALL, seed=3)
    assert one == two
    assert one != plan(ALL, seed=4)
    told = json.loads(json.dumps([d.describe() for d in one]))
    assert [d["kind"] for d in told] == list(ALONE)
    assert all(d["spans"] for d in told)


def test_join_never_exceeds_one() -> None:
    present = np.array([0.0, 0.5, 1.0, 0.3])
    join(present, [0.4, 0.5, 0.7, 0.0])
    assert present.tolist() == pytest.approx([0.4, 0.75, 1.0, 0.3])
