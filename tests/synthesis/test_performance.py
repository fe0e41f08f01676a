"""What one person does, at any frame rate, and its truth."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import InputError
from mien.records import Expression
from mien.synthesis.actions import ACTIONS, UNITS
from mien.synthesis.distractors import Blinks, DistractorSettings, Flicker, Head, Speech
from mien.synthesis.expressions import PIXEL
from mien.synthesis.performance import (
    Performance,
    PerformanceSettings,
    gain_for,
    nominal_gain,
    plan_clip,
    plan_performance,
    plan_posed,
)

STILL = DistractorSettings.none()
QUIET = PerformanceSettings(masked=0, distractors=STILL)
MASKED = PerformanceSettings(masked=1, macro_rate=0, micro_rate=8, distractors=STILL)


def recording(seed: int = 0, seconds: float = 30, what: PerformanceSettings | None = None) -> Performance:
    return plan_performance(np.random.default_rng(seed), seconds, what)


def clip(seed: int = 0, what: PerformanceSettings = QUIET, **options: object) -> Performance:
    return plan_clip(np.random.default_rng(seed), what, **options)  # type: ignore[arg-type]


def test_a_sample_has_its_shapes_and_bounds() -> None:
    motion = recording().sample(np.arange(0, 30, 0.01), exposure_s=0.005)
    assert motion.units.shape == (3000, len(UNITS), 2)
    assert motion.actions.shape == (3000, len(ACTIONS))
    assert motion.pose.shape == (3000, 6)
    assert motion.light.shape == (3000,)
    for array in (motion.units, motion.actions, motion.pose, motion.light):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    for array in (motion.units, motion.actions):
        assert array.min() >= 0
        assert array.max() <= 1
    assert motion.units.any()
    assert motion.actions.any()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from([25, 30, 60, 100]), st.booleans())
def test_the_motion_does_not_depend_on_the_frame_rate(seed: int, fps: int, masked: bool) -> None:
    performance = recording(seed, 8, PerformanceSettings(masked=float(masked)))
    fine = performance.sample(np.arange(8 * 300) / 300)
    coarse = performance.sample(np.arange(8 * fps) / fps)
    for name in ("units", "actions", "pose", "light"):
        assert np.allclose(getattr(fine, name)[:: 300 // fps], getattr(coarse, name), atol=1e-6), name
    one_by_one = [performance.sample([k / fps]).units[0] for k in range(0, 8 * fps, 37)]
    assert np.allclose(one_by_one, coarse.units[::37], atol=1e-7)


def test_same_seed_same_performance() -> None:
    assert recording(5) == recording(5)
    assert recording(5) != recording(6)
    assert clip(5) == clip(5)
    assert json.dumps(recording(5).describe()) == json.dumps(recording(5).describe())


def test_no_intensity_no_motion() -> None:
    still = recording(1).scaled(0)
    times = np.linspace(0, 30, 5001)
    assert not still.sample(times).units.any()
    assert np.array_equal(still.sample(times).actions, recording(1).sample(times).actions)
    nothing = recording(1, 30, QUIET).scaled(0).sample(times)
    assert not nothing.actions.any()
    assert not nothing.pose.any()
    assert (nothing.light == 1).all()


def test_intensity_scales_the_activations() -> None:
    one = clip(2)
    t = [one.expressions[0].apex_s]
    assert np.allclose(one.scaled(0.5).sample(t).units, 0.5 * one.sample(t).units, atol=1e-6)
    assert one.scaled(1e9).sample(t).units.max() == 1


def test_gains_come_from_the_head() -> None:
    asked = []

    def gain_of(plan: object) -> float:
        asked.append(plan)
        return 0.25

    one = plan_clip(np.random.default_rng(0), QUIET, gain_of=gain_of)
    plan = one.expressions[0].plan
    assert asked == [plan]
    at_apex = one.sample([one.expressions[0].apex_s]).units[0]
    assert np.allclose(at_apex, 0.25 * plan.at_apex(), atol=1e-6)
    assert one.with_gains(lambda plan: 1.0).expressions[0].gain == 1
    assert plan_clip(np.random.default_rng(0), QUIET, gain_of=lambda plan: 7.0).expressions[0].gain == 1
    assert nominal_gain(replace(plan, size=0.5 * PIXEL)) == pytest.approx(0.5 * PIXEL / 0.09)


def test_gain_for_a_reach() -> None:
    micro = clip(0).expressions[0].plan
    assert gain_for(replace(micro, size=0.02), 0.08) == 0.25
    assert gain_for(replace(micro, size=0.2), 0.08) == 1
    macro = clip(0, kind="macro").expressions[0].plan
    gains = [gain_for(replace(macro, size=size), 0.08) for size in (0.01, 0.05, 0.1, 0.2)]
    assert gains == sorted(set(gains))
    assert gains[0] == pytest.approx(0.125, rel=0.02)
    assert 0.9 < gains[-1] < 1


# ------------------------------------------------------------ the truth


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from([25, 30, 60, 90, 100, 200, 300, 500]))
def test_frames_of_an_expression(seed: int, fps: int) -> None:
    one = clip(seed)
    n = one.n_frames(fps)
    assert (n - 1) / fps <= one.duration_s + 1e-6 < n / fps + 2e-6
    (truth,) = one.expressions_at(fps, n)
    placed = one.expressions[0]
    assert isinstance(truth, Expression)
    assert 0 <= truth.onset <= truth.apex <= truth.offset < n
    assert truth.onset / fps <= placed.start_s + 1e-6 / fps
    assert placed.start_s - truth.onset / fps < 1 / fps
    assert abs(truth.apex / fps - placed.apex_s) <= 0.5 / fps + 1e-9
    assert abs(truth.offset / fps - placed.end_s) <= 0.5 / fps + 1e-9
    total = one.sample(np.arange(n) / fps).units.sum(axis=(1, 2))
    moving = np.flatnonzero(total)
    if len(moving):
        assert truth.onset < moving[0]
        assert moving[-1] <= truth.offset
    assert (truth.kind, truth.emotion, truth.units) == ("micro", placed.plan.emotion, placed.plan.units)
    assert truth.intensity == placed.gain


@pytest.mark.parametrize("seed", range(20))
def test_the_apex_frame_shows_the_most(seed: int) -> None:
    one = clip(seed)
    n = one.n_frames(500)
    (truth,) = one.expressions_at(500, n)
    total = one.sample(np.arange(n) / 500).units.sum(axis=(1, 2))
    assert total[truth.apex] >= 0.995 * total.max()


def test_the_same_expression_at_two_frame_rates() -> None:
    one = recording(3)
    slow, fast = one.expressions_at(25, 751), one.expressions_at(200, 6001)
    assert len(slow) == len(fast) == len(one.expressions)
    for a, b in zip(slow, fast, strict=True):
        assert abs(a.apex / 25 - b.apex / 200) <= 0.5 / 25 + 0.5 / 200
        assert a.units == b.units


def test_a_film_that_starts_later_or_stops_sooner() -> None:
    one = clip(4, margins_s=(0.3, 0.3))
    placed = one.expressions[0]
    (whole,) = one.expressions_at(200, one.n_frames(200))
    late = placed.start_s + 0.5 * placed.plan.duration_s
    (cut,) = one.expressions_at(200, 200, start_s=late)
    assert cut.onset == 0
    assert cut.offset == round((placed.end_s - late) * 200)
    (short,) = one.expressions_at(200, whole.onset + 4)
    assert (short.onset, short.offset) == (whole.onset, whole.onset + 3)
    assert one.expressions_at(200, whole.onset) == ()
    assert one.expressions_at(200, 100, start_s=placed.end_s) == ()
    shifted = one.expressions_at(200, one.n_frames(200) + 200, start_s=-1.0)[0]
    assert shifted.onset == whole.onset + 200


def test_blinks_in_frames() -> None:
    lids = replace(STILL, blinks=Blinks(rate=30, double=0.5))
    one = recording(0, 60, replace(QUIET, distractors=lids))
    for fps in (25, 200):
        blinks = one.blinks_at(fps, 60 * fps)
        assert blinks
        assert all(a <= b for a, b in blinks)
        assert all(a[1] < b[0] for a, b in pairwise(blinks))
        shut = one.sample(np.arange(60 * fps) / fps).actions.any(axis=1)
        inside = np.zeros(60 * fps, bool)
        for first, last in blinks:
            inside[first : last + 1] = True
        assert not shut[~inside].any()
        assert shut[inside].mean() > 0.6
    assert len(one.blinks_at(200, 12000)) == len(one.spans)
    assert one.blinks_at(200, 12000, start_s=1000) == ()
    middle = np.mean([one.spans[0].start_s, one.spans[0].end_s])
    assert one.blinks_at(200, 2000, start_s=float(middle))[0][0] == 0


# ------------------------------------------------------------ plans


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**40), st.floats(3, 60))
def test_expressions_keep_apart(seed: int, seconds: float) -> None:
    one = recording(seed, seconds, QUIET)
    found = one.expressions
    assert found
    assert found[0].start_s >= 0.6 - 1e-9
    assert found[-1].end_s <= seconds - 0.6 + 1e-9
    assert all(b.start_s - a.end_s >= 0.6 - 1e-9 for a, b in pairwise(found))
    assert all(e.role == "" for e in found)
    assert any(e.plan.kind == "micro" for e in found)


def test_rates() -> None:
    one = recording(0, 600, replace(QUIET, micro_rate=10, macro_rate=4))
    kinds = [e.plan.kind for e in one.expressions]
    assert 70 < kinds.count("micro") < 130
    assert 22 < kinds.count("macro") < 60
    rest = recording(0, 60, replace(QUIET, micro_rate=0, macro_rate=0, at_least=0))
    assert rest.expressions == ()
    assert len(recording(0, 20, replace(QUIET, micro_rate=0, macro_rate=0, at_least=3)).expressions) == 3


def test_too_short_a_recording_is_told() -> None:
    with pytest.raises(InputError, match="make the recording longer"):
        recording(0, 1.0)
    assert recording(0, 1.0, replace(QUIET, at_least=0)) is not None


@pytest.mark.parametrize("masked", [0.1, 1.0])
def test_two_seconds_have_room_for_a_micro_expression_whatever_masks_it(masked: float) -> None:
    for seed in range(40):
        what = PerformanceSettings(masked=masked, distractors=STILL)
        assert "micro" in {e.plan.kind for e in recording(seed, 2.0, what).expressions}


def test_masked_micro_expressions() -> None:
    roles = []
    for seed in range(12):
        found = recording(seed, 60, MASKED).expressions
        felt = [e for e in found if e.plan.kind == "micro"]
        roles += [e.role for e in felt]
        for e in felt:
            if not e.role:
                continue
            cover = min((c for c in found if c.role == "cover"), key=lambda c: abs(c.apex_s - e.apex_s))
            assert {u.au for u in e.plan.units}.isdisjoint(u.au for u in cover.plan.units)
            assert cover.plan.kind == "macro"
            if e.role == "qualified":
                assert cover.start_s < e.start_s < e.end_s < cover.end_s
            else:
                assert e.apex_s <= cover.start_s <= e.end_s + 0.15
                assert cover.end_s > e.end_s
            expected = "repression" if e.role == "neutralised" else "happiness"
            assert cover.plan.emotion == expected
        groups = [e for e in found if e.role in ("", "cover", "masked", "neutralised")]
        assert len(groups) >= len(found) / 2
    assert {"qualified", "masked", "neutralised"} <= set(roles)
    assert np.mean([role != "" for role in roles]) > 0.6
    assert np.mean([role == "" for role in roles]) < 0.4


def test_masked_expressions_share_the_face() -> None:
    """Where two expressions overlap, both show: neither takes the other's units away."""
    one = next(
        p
        for p in (recording(s, 30, MASKED) for s in range(50))
        if any(e.role == "qualified" for e in p.expressions)
    )
    hidden = next(e for e in one.expressions if e.role == "qualified")
    together = one.sample([hidden.apex_s]).units[0]
    alone = Performance(one.duration_s, (hidden,)).sample([hidden.apex_s]).units[0]
    assert (together >= alone - 1e-6).all()
    assert together.sum() > alone.sum()


def test_blinks_beside_micro_expressions() -> None:
    what = replace(QUIET, blink_beside=1.0, distractors=replace(STILL, blinks=Blinks(rate=0)))
    one = recording(0, 60, what)
    micros = [e for e in one.expressions if e.plan.kind == "micro"]
    assert len(one.spans) == len(micros)
    for blink in one.spans:
        assert min(max(e.start_s - blink.end_s, blink.start_s - e.end_s) for e in micros) <= 0.08 + 1e-9
    assert recording(0, 60, replace(what, blink_beside=0.0)).spans == ()


def test_distractors_leave_the_expressions_as_they_are() -> None:
    loud = DistractorSettings(
        speech=Speech(on=True), flicker=Flicker(on=True), head=Head(rate=20), blinks=Blinks(rate=60)
    )
    assert (
        recording(0, 30, QUIET).expressions == recording(0, 30, replace(QUIET, distractors=loud)).expressions
    )
    assert recording(0, 30, QUIET).distractors == ()
    assert len(recording(0, 30, replace(QUIET, distractors=loud)).distractors) == 8


def test_light_is_the_product_of_its_gains() -> None:
    one = recording(0, 20, replace(QUIET, distractors=DistractorSettings(flicker=Flicker(on=True))))
    t = np.linspace(0, 20, 500)
    parts = np.prod([d.light(t, 0.004) for d in one.distractors], axis=0)
    assert np.allclose(one.light(t, 0.004), parts, atol=1e-6)
    assert np.array_equal(one.sample(t, 0.004).light, one.light(t, 0.004))
    assert one.light(t, 0.004).std() > 0.005


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from(["micro", "macro"]))
def test_a_clip_is_one_expression_with_margins(seed: int, kind: str) -> None:
    one = clip(seed, kind=kind, emotion="disgust", margins_s=(0.1, 0.4))
    (e,) = one.expressions
    assert (e.plan.kind, e.plan.emotion) == (kind, "disgust")
    assert 0.1 <= e.start_s <= 0.4
    assert 0.1 - 1e-9 <= one.duration_s - e.end_s <= 0.4 + 1e-9
    tight = clip(seed, kind=kind, margins_s=(0, 0))
    assert tight.expressions[0].start_s == 0
    assert tight.duration_s == tight.expressions[0].end_s


def test_posed_expressions() -> None:
    there = plan_posed(np.random.default_rng(0), emotion="fear", returns=False)
    back = plan_posed(np.random.default_rng(0), emotion="fear")
    assert there.expressions == back.expressions
    assert there.expressions[0].plan.kind == "macro"
    n = there.n_frames(25)
    (truth,) = there.expressions_at(25, n)
    assert truth.apex == truth.offset == n - 1
    assert truth.onset > 0
    assert not there.sample([0.0]).units.any()
    total = there.sample(np.arange(n) / 25).units.sum(axis=(1, 2))
    assert np.argmax(total) >= n - 2
    (whole,) = back.expressions_at(25, back.n_frames(25))
    assert whole.offset > whole.apex
    assert not back.sample([back.duration_s]).units.any()
    drawn = {plan_posed(np.random.default_rng(s)).expressions[0].plan.emotion for s in range(60)}
    assert drawn == {"anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"}


@pytest.mark.parametrize("frequencies", ["smic", {"fear": 1.0, "disgust": 2.0}])
def test_settings_are_passed_on(frequencies: object) -> None:
    what = replace(QUIET, frequencies=frequencies, style="dfme", durations="dfme")
    one = recording(0, 120, what)
    felt = {e.plan.emotion for e in one.expressions}
    assert felt <= {"fear", "disgust"} or frequencies == "smic"
    assert json.loads(json.dumps(what.describe()))["frequencies"] == frequencies


def test_the_manifest_states_every_parameter() -> None:
    one = recording(2)
    told = json.loads(json.dumps(one.describe()))
    assert told["duration_s"] == 30
    assert len(told["expressions"]) == len(one.expressions)
    first = told["expressions"][0]
    assert first["apex_s"] == one.expressions[0].apex_s
    assert first["plan"]["tracks"][0]["profile"]["rise"]["softness"] > 1
    assert first["plan"]["objective"] in ("I", "II", "III", "IV", "V", "VI", "VII")
    assert {d["kind"] for d in told["distractors"]} == {d.kind for d in one.distractors}
    assert all(json.dumps(d.describe()) for d in one.distractors)
