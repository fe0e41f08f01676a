"""What a face does when something is felt."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import InputError
from mien.events import EventKind
from mien.labels import EMOTIONS, OBJECTIVE_CLASSES, map_emotion, objective_class
from mien.records import UnitOnFace
from mien.synthesis.actions import ACTION_INDEX, ACTIONS, UNITS
from mien.synthesis.expressions import (
    COARSE,
    FELT,
    FREQUENCIES,
    PIXEL,
    PROTOTYPES,
    ExpressionPlan,
    Track,
    _peak,
    draw_emotion,
    draw_expression,
    fine_emotion,
)
from mien.synthesis.profiles import UNSEEN, Flank, Profile, unseen_ends

plans = st.builds(
    lambda seed, emotion, kind: draw_expression(np.random.default_rng(seed), emotion, kind=kind),
    st.integers(0, 2**40),
    st.sampled_from(FELT),
    st.sampled_from(["micro", "macro"]),
)


def many(n: int, emotion: str | None = None, seed: int = 0, **options: object) -> list[ExpressionPlan]:
    rng = np.random.default_rng(seed)
    return [draw_expression(rng, emotion, **options) for _ in range(n)]  # type: ignore[arg-type]


def test_the_vocabularies() -> None:
    assert len(ACTIONS) == len(set(ACTIONS)) == 52
    assert all(ACTIONS[index] == name for name, index in ACTION_INDEX.items())
    assert set(FELT) < set(EMOTIONS)
    used = {au for rows in PROTOTYPES.values() for units, _, _ in rows for au in units}
    assert used == set(UNITS)


@pytest.mark.parametrize(
    ("emotion", "name"),
    list(
        zip(("happiness", "surprise", "anger", "disgust", "sadness", "fear"), OBJECTIVE_CLASSES, strict=True)
    ),
)
def test_prototypes_contain_their_objective_class(emotion: str, name: str) -> None:
    combinations = {units for units, _, _ in PROTOTYPES[emotion]}
    wanted = {units for units in OBJECTIVE_CLASSES[name] if units <= set(UNITS)}
    assert len(wanted & combinations) >= 0.75 * len(wanted)


COUNTED = [
    ("casme2", "disgust", {4: 0.86, 7: 0.49, 10: 0.29, 9: 0.14}),
    ("casme2", "happiness", {12: 0.88, 14: 0.12, 6: 0.06}),
    ("casme2", "surprise", {2: 0.82, 1: 0.79}),
    ("casme2", "repression", {17: 0.70, 15: 0.52}),
    ("casme2", "others", {4: 0.68, 14: 0.16}),
    ("dfme", "happiness", {12: 0.80, 6: 0.50}),
    ("dfme", "contempt", {12: 0.68}),
    ("dfme", "anger", {4: 0.70, 7: 0.25}),
    ("dfme", "fear", {4: 0.51, 7: 0.29, 5: 0.19}),
    ("dfme", "sadness", {4: 0.42, 14: 0.19, 24: 0.17}),
    ("dfme", "surprise", {2: 0.76, 1: 0.73, 5: 0.63}),
]


@pytest.mark.parametrize(("style", "emotion", "shares"), COUNTED)
def test_units_are_as_frequent_as_counted(style: str, emotion: str, shares: dict[int, float]) -> None:
    drawn = many(500, emotion, style=style)
    for au, share in shares.items():
        found = np.mean([any(unit.au == au for unit in plan.units) for plan in drawn])
        assert found == pytest.approx(share, abs=0.06), au


def test_contempt_is_mostly_one_sided_and_happiness_is_not() -> None:
    def one_sided(emotion: str) -> float:
        corners = [u for p in many(300, emotion) for u in p.units if u.au in (12, 14)]
        return float(np.mean([u.side != "both" for u in corners]))

    assert one_sided("contempt") > 0.7
    assert 0.1 < one_sided("happiness") < 0.4
    sides = Counter(u.side for p in many(300, "contempt") for u in p.units)
    assert abs(sides["left"] - sides["right"]) < 0.35 * (sides["left"] + sides["right"])


def test_expressions_are_partial_and_mixed() -> None:
    combinations = {units for units, _, _ in PROTOTYPES["surprise"]}
    sets = [frozenset(u.au for u in p.units) for p in many(500, "surprise")]
    strange = [units for units in sets if units not in combinations]
    assert any(not any(units < c for c in combinations) for units in strange)  # a foreign unit
    assert any(any(units < c for c in combinations) for units in sets)
    assert 0.03 < len(strange) / len(sets) < 0.3


def test_classes_are_ambiguous() -> None:
    classes = Counter(p.objective for p in many(300, "disgust"))
    assert {"III", "IV", "VII"} <= set(classes)


@settings(max_examples=30, deadline=None)
@given(plans)
def test_a_plan_holds_together(plan: ExpressionPlan) -> None:
    assert plan.units
    assert plan.units[0].strength == 1
    assert all(0 < a.strength <= 1 for a in plan.units)
    assert list(plan.units) == sorted(plan.units, key=lambda u: -u.strength)
    assert len({u.au for u in plan.units}) == len(plan.units)
    assert plan.objective == objective_class(u.au for u in plan.units)
    shown = {(t.au, t.side) for t in plan.tracks}
    sides = {"both": (0, 1), "right": (0,), "left": (1,)}
    assert shown == {(u.au, side) for u in plan.units for side in sides[u.side]}
    for unit in plan.units:
        assert max(t.level for t in plan.tracks if t.au == unit.au) == pytest.approx(unit.strength)
    assert json.loads(json.dumps(plan.describe()))["emotion"] == plan.emotion


@settings(max_examples=30, deadline=None)
@given(plans)
def test_onset_and_offset_are_the_support(plan: ExpressionPlan) -> None:
    assert min(t.start_s for t in plan.tracks) == 0
    assert max(t.end_s for t in plan.tracks) == plan.duration_s
    assert not plan.activation([-1, 0, plan.duration_s, plan.duration_s + 1e-6]).any()
    close = plan.activation([1e-2 * plan.duration_s, 0.99 * plan.duration_s]).sum(axis=(1, 2))
    assert (close > 0).all()
    total = plan.activation(np.linspace(0, plan.duration_s, 801)).sum(axis=(1, 2))
    assert max(unseen_ends(total)) < UNSEEN + 0.01
    limits = (0.04, 0.5) if plan.kind == "micro" else (0.5, 4)
    assert limits[0] - 1e-9 <= plan.duration_s <= limits[1] + 1e-9


@settings(max_examples=30, deadline=None)
@given(plans)
def test_the_apex_is_the_highest_moment(plan: ExpressionPlan) -> None:
    times = np.linspace(0, plan.duration_s, 6007)
    total = plan.activation(times).sum(axis=(1, 2))
    peak = plan.at_apex().sum()
    assert peak >= total.max() - 1e-12
    assert 0 < plan.apex_s < plan.duration_s
    near = np.abs(times - plan.apex_s) < 2 * (times[1] - times[0])
    assert total[near].max() >= total.max() - 1e-4 * peak


def test_the_apex_of_two_tracks_is_exact() -> None:
    """A symmetric shape and the same one later: the peak is in the middle of the two."""
    shape = Profile(0.2, 0.2, Flank(softness=2), Flank(softness=2))
    tracks = (Track(12, 0, 1.0, 0.0, shape), Track(12, 1, 1.0, 0.05, shape))
    assert _peak(tracks, 0.45) == pytest.approx(0.225, abs=1e-7)


def test_units_start_slightly_apart_and_a_side_leads() -> None:
    late = [t.start_s for p in many(300, style="dfme") for t in p.tracks if t.start_s > 0]
    assert np.median(late) < 0.02
    assert np.max(late) < 0.08
    assert np.mean([len(p.tracks) > 1 and any(t.start_s > 0 for t in p.tracks) for p in many(100)]) > 0.8
    both = [p for p in many(200, "happiness") if UnitOnFace(12, "both", 1.0) in p.units]
    leads = [
        next(t for t in p.tracks if (t.au, t.side) == (12, 0)).start_s
        - next(t for t in p.tracks if (t.au, t.side) == (12, 1)).start_s
        for p in both
    ]
    assert min(leads) < -0.001
    assert max(leads) > 0.001


def test_sizes() -> None:
    micro = np.array([p.size for p in many(800)]) / PIXEL
    assert micro.min() >= 1 / 3
    assert micro.max() <= 4
    assert 0.85 < np.median(micro) < 1.3
    assert ((micro > 0.5) & (micro < 2)).mean() > 0.65
    assert micro.max() > 3
    macro = np.array([p.size for p in many(300, kind="macro")]) / PIXEL
    assert macro.min() >= 3
    assert macro.max() <= 12
    assert np.median(macro) > 5


@pytest.mark.parametrize(("style", "median"), [("casme2", 0.305), ("dfme", 0.394)])
def test_durations_follow_the_style(style: str, median: float) -> None:
    assert np.median([p.duration_s for p in many(700, style=style)]) == pytest.approx(median, rel=0.07)


def test_class_frequencies_are_those_of_the_sets() -> None:
    totals = {"casme": 189, "casme2": 255, "samm": 159, "smic": 164, "smic-vis": 71, "cas-me-3": 860}
    totals |= {"cas-me-3-c": 165, "mmew": 300, "dfme": 1856 + 474 + 299}
    for name, total in totals.items():
        assert sum(FREQUENCIES[name].values()) == total
    rng = np.random.default_rng(1)
    drawn = Counter(draw_emotion(rng, "casme2") for _ in range(4000))
    for emotion, n in FREQUENCIES["casme2"].items():
        assert drawn[emotion] / 4000 == pytest.approx(n / 255, abs=0.03)
    assert set(Counter(draw_emotion(rng, "balanced") for _ in range(500))) == set(FELT)


@pytest.mark.parametrize("coarse", list(COARSE))
def test_coarse_labels_come_back(coarse: str) -> None:
    rng = np.random.default_rng(2)
    for emotion in {fine_emotion(rng, coarse) for _ in range(200)}:
        assert emotion in FELT
        assert map_emotion(emotion, "three") == coarse


def test_smic_is_drawn_in_three_classes() -> None:
    drawn = Counter(map_emotion(p.emotion, "three") for p in many(600, frequencies="smic"))
    assert drawn["negative"] / 600 == pytest.approx(70 / 164, abs=0.07)
    assert set(drawn) == {"negative", "positive", "surprise"}


@pytest.mark.parametrize("kind", ["micro", "macro"])
def test_same_seed_same_plan(kind: EventKind) -> None:
    assert many(5, kind=kind) == many(5, kind=kind)
    assert many(5, kind=kind) != many(5, kind=kind, seed=1)


@pytest.mark.parametrize(
    "options",
    [
        {"emotion": "neutral"},
        {"emotion": "joyful"},
        {"frequencies": "x"},
        {"frequencies": {"boredom": 1.0}},
        {"style": "x"},
        {"durations": "x"},
    ],
)
def test_unknown_names_are_told(options: dict[str, object]) -> None:
    with pytest.raises(InputError, match="choose one of"):
        many(1, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [3706, 14449])
def test_a_very_short_fall_leaves_room_for_the_side_that_lags(seed: int) -> None:
    """A fall of some 10 ms is shorter than one side may lag behind the other."""
    plan = draw_expression(np.random.default_rng(seed), durations="casme2")
    assert all(0 < t.profile.apex_s < t.profile.duration_s for t in plan.tracks)
