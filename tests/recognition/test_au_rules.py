"""Action-unit rules: from motion to units, from units to emotions, and both on a real face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mien.anatomy import ACTION_UNITS, REGIONS
from mien.face import CROP
from mien.inputs import Clip
from mien.labels import EMOTION_OF_OBJECTIVE
from mien.recognition import AuRules, Recognition
from mien.recognition.au_rules import _MIDLINE, _PULLS, _calm, _emotions, _pulls, _shares

KEYS = [r.key for r in REGIONS]
LABELS = set(EMOTION_OF_OBJECTIVE.values())
PLACES = [(au, side) for au in _PULLS for side in (["both"] if au in _MIDLINE else ["both", "left", "right"])]


def pull(au: int, side: str = "both", peak: float = 0.02) -> np.ndarray:
    """What the rules expect of a unit: (R, 2), outer-eye distances."""
    names, effects = _pulls()
    wanted = [i for i, (unit, s) in enumerate(names) if unit == au and (s == side or "both" in (s, side))]
    moved = effects[:, wanted].sum(axis=1).reshape(-1, 2)
    return moved * peak / np.linalg.norm(moved, axis=1).max()


def moved(**places: tuple[float, float]) -> np.ndarray:
    """Displacements by hand, in thousandths of an outer-eye distance; x is outwards on both sides.

    ``moved(cheek=(1, -2))`` moves both cheeks, ``moved(cheek_left=(1, -2))`` one.
    """
    result = np.zeros((len(REGIONS), 2))
    for place, (outwards, down) in places.items():
        found = [i for i, key in enumerate(KEYS) if key in (place, f"{place}_left", f"{place}_right")]
        assert found, place
        for i in found:
            sign = -1 if KEYS[i].endswith("_right") else 1
            result[i] = sign * outwards, down
    return result / 1000


def mirrored(motion: np.ndarray) -> np.ndarray:
    swap = {"left": "right", "right": "left"}
    twins = [
        KEYS.index("_".join([*key.split("_")[:-1], swap.get(key.split("_")[-1], key.split("_")[-1])]))
        for key in KEYS
    ]
    return motion[twins] * (-1, 1)


def units(judged: Recognition) -> list[tuple[int, str]]:
    return [(u.au, u.side) for u in judged.action_units]


BY_HAND: dict[str, tuple[np.ndarray, set[tuple[int, str]], str]] = {
    "smile": (
        moved(mouth_corner=(15, -14), cheek=(4, -8), nose_wing=(4, -5), lip_lower=(0, -3)),
        {(12, "both")},
        "happiness",
    ),
    "smile on the left": (
        moved(mouth_corner_left=(15, -14), cheek_left=(4, -8), nose_wing_left=(4, -5)),
        {(12, "left")},
        "happiness",
    ),
    "brows up": (
        moved(brow_inner=(0, -20), brow_outer=(1, -20), glabella=(0, -9), lid_upper=(0, -6)),
        {(1, "both"), (2, "both")},
        "surprise",
    ),
    "frown": (moved(brow_inner=(-11, 15), glabella=(0, 10), brow_outer=(-1, 2)), {(4, "both")}, "anger"),
    "mouth corners down": (moved(mouth_corner=(3, 18)), {(15, "both")}, "sadness"),
    "inner brows up": (
        moved(brow_inner=(0, -20), glabella=(0, -8), brow_outer=(0, -2)),
        {(1, "both")},
        "sadness",
    ),
    "wrinkled nose": (
        moved(nose_wing=(0, -20), cheek=(0, -5), lip_upper=(0, -2), glabella=(0, 6), brow_inner=(-2, 7)),
        {(9, "both")},
        "disgust",
    ),
    "mouth drawn wide": (moved(mouth_corner=(16, 6)), {(20, "both")}, "fear"),
    "chin up": (moved(chin=(0, -18), lip_lower=(0, -7)), {(17, "both")}, "undecided"),
    "lips parted": (moved(lip_lower=(0, 20), lip_upper=(0, -8), chin=(0, 3)), {(25, "both")}, "surprise"),
}  # fmt: skip


# ---------------------------------------------------------------------- motion -> units


@pytest.mark.parametrize("peak", [0.006, 0.02, 0.06])
@pytest.mark.parametrize(("au", "side"), PLACES)
def test_a_units_own_pull_is_recognised(au: int, side: str, peak: float) -> None:
    assert units(AuRules().judge(pull(au, side, peak))) == [(au, side)]


@pytest.mark.parametrize("name", BY_HAND)
def test_motion_made_by_hand(name: str) -> None:
    motion, expected, emotion = BY_HAND[name]
    judged = AuRules().judge(motion)
    assert set(units(judged)[: len(expected)]) == expected
    assert judged.emotion == emotion
    # whatever else is listed is clearly weaker
    strengths = [u.strength for u in judged.action_units]
    assert min(strengths[: len(expected)]) > 0.75
    assert all(s < 0.6 for s in strengths[len(expected) :])


def test_every_unit_has_a_name_and_a_place() -> None:
    assert set(_PULLS) <= set(ACTION_UNITS)
    names, effects = _pulls()
    assert effects.shape == (2 * len(REGIONS), len(names))
    assert np.linalg.norm(effects.reshape(len(REGIONS), 2, -1), axis=1).max(axis=0) == pytest.approx(1)
    assert {side for au, side in names if au in _MIDLINE} == {"both"}
    assert all({s for a, s in names if a == au} == {"left", "right"} for au in set(_PULLS) - _MIDLINE)


@pytest.mark.parametrize("au", sorted(set(_PULLS) - _MIDLINE))
def test_a_unit_pulls_most_on_its_own_side(au: int) -> None:
    strength = np.linalg.norm(pull(au, "left"), axis=1)
    assert KEYS[int(strength.argmax())].endswith("_left")
    for i, key in enumerate(KEYS):
        if key.endswith("_left"):
            assert strength[i] >= strength[KEYS.index(key.replace("_left", "_right"))], key


def test_left_is_on_the_right_hand_side_of_the_picture() -> None:
    corner = KEYS.index("mouth_corner_left")
    assert REGIONS[corner].x > 0
    assert pull(12, "left")[corner] @ (1, -1) > 0.02  # outwards, that is rightwards, and up
    assert pull(12, "right")[KEYS.index("mouth_corner_right")] @ (-1, -1) > 0.02


@pytest.mark.parametrize("side", ["both", "left", "right"])
def test_the_cheek_that_a_smile_lifts_is_no_cheek_raiser(side: str) -> None:
    smile = pull(12, side, 0.05)
    cheeks = [i for i, key in enumerate(KEYS) if key.startswith("cheek_")]
    lifted = -smile[cheeks, 1].min()
    assert lifted > 3 * AuRules().floor  # it would be noticed by itself
    alone = np.zeros_like(smile)
    alone[cheeks] = smile[cheeks]
    assert any(u.au == 6 for u in AuRules().judge(alone).action_units)
    assert units(AuRules().judge(smile)) == [(12, side)]


def test_a_cheek_raiser_beside_a_smile_is_found() -> None:
    assert set(units(AuRules().judge(pull(12) + pull(6)))) == {(12, "both"), (6, "both")}


def test_units_of_two_sides_may_differ() -> None:
    found = units(AuRules().judge(pull(12, "left") + pull(1, "right")))
    assert set(found) == {(12, "left"), (1, "right")}


@pytest.mark.parametrize(("share", "side"), [(0.2, "left"), (0.6, "both"), (1.0, "both")])
def test_a_weak_second_side(share: float, side: str) -> None:
    motion = pull(12, "left", 0.02) + pull(12, "right", share * 0.02)
    assert units(AuRules().judge(motion))[0] == (12, side)


def test_a_weak_unit_beside_a_strong_one_is_unlikely() -> None:
    weak = pull(17, peak=0.008)
    assert (17, "both") in units(AuRules().judge(weak))
    assert (17, "both") not in units(AuRules().judge(weak + pull(1, peak=0.08)))


@pytest.mark.parametrize("au", sorted(_PULLS))
def test_more_motion_is_more_certain(au: int) -> None:
    rules = AuRules()
    chances = []
    for peak in (0.0, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064):
        floors = np.full(len(REGIONS), rules.floor)
        chances.append(
            next((u.strength for u in rules._units(pull(au, peak=1) * peak, floors) if u.au == au), 0)
        )
    assert chances == sorted(chances)
    assert chances[2] < 0.3  # motion of less than half a floor
    assert chances[-1] > 0.9


# ---------------------------------------------------------------------- no motion, bad motion


def test_no_motion() -> None:
    judged = AuRules().judge(np.zeros((len(REGIONS), 2)))
    assert judged.action_units == ()
    assert judged.regions == ()
    assert judged.probabilities["others"] == 1
    assert judged.emotion == "undecided"
    assert judged.confidence == 0


def test_motion_below_the_floor() -> None:
    motion = np.random.default_rng(0).uniform(-1, 1, (len(REGIONS), 2)) * AuRules().floor / 3
    judged = AuRules().judge(motion)
    assert judged.action_units == ()
    assert judged.regions == ()
    assert (judged.emotion, judged.confidence) == ("undecided", 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_motion_that_is_no_number(bad: float) -> None:
    motion = pull(12)
    motion[3, 1] = bad
    with pytest.raises(ValueError, match="finite displacements"):
        AuRules().judge(motion)


@pytest.mark.parametrize("shape", [(len(REGIONS),), (len(REGIONS) + 1, 2), (len(REGIONS), 3), (0, 2)])
def test_motion_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="finite displacements"):
        AuRules().judge(np.zeros(shape))


# ---------------------------------------------------------------------- units -> emotions


@pytest.mark.parametrize(
    ("aus", "emotion"),
    [
        ((12,), "happiness"), ((6, 12), "happiness"), ((6,), "happiness"), ((6, 7, 12), "happiness"),
        ((1, 2), "surprise"), ((5,), "surprise"), ((25, 26), "surprise"), ((1, 2, 25), "surprise"),
        ((4,), "anger"), ((4, 7), "anger"), ((17, 24), "anger"),
        ((1, 2, 4), "fear"), ((20,), "fear"),
        ((15,), "sadness"), ((1,), "sadness"), ((1, 4), "sadness"), ((15, 17), "sadness"),
        ((9,), "disgust"), ((4, 9), "disgust"), ((10,), "disgust"), ((4, 7, 9), "disgust"),
        ((), "others"), ((2,), "others"), ((14,), "others"), ((2, 17), "others"),
    ],
)  # fmt: skip
def test_a_named_combination_is_its_emotion(aus: tuple[int, ...], emotion: str) -> None:
    assert _shares(frozenset(aus)) == {emotion: 1.0}
    certain = _emotions(dict.fromkeys(aus, 1.0))
    assert set(certain) == LABELS
    assert certain[emotion] == 1


@pytest.mark.parametrize(
    ("aus", "emotion"),
    [((12,), "happiness"), ((6, 12), "happiness"), ((1, 2), "surprise"), ((4,), "anger"), ((1, 2, 4), "fear"),
     ((15,), "sadness"), ((1,), "sadness"), ((9,), "disgust"), ((4, 9), "disgust"), ((10,), "disgust")],
)  # fmt: skip
def test_pulls_together_are_their_emotion(aus: tuple[int, ...], emotion: str) -> None:
    judged = AuRules().judge(sum(pull(au) for au in aus))
    assert {u.au for u in judged.action_units} == set(aus)
    assert judged.emotion == emotion


@pytest.mark.parametrize(
    ("aus", "shares"),
    [
        ((12, 15), {"others": 0.5, "happiness": 0.25, "sadness": 0.25}),
        ((12, 14), {"others": 0.5, "happiness": 0.5}),
        ((1, 2, 12), {"others": 0.5, "surprise": 0.5}),  # 1+2 is larger than 1 or 12
        ((1, 2, 4, 12), {"others": 0.5, "fear": 0.5}),
        ((6, 12, 15), {"others": 0.5, "happiness": 0.25, "sadness": 0.25}),  # 6+12 and 6+15
        ((4, 6, 7, 12), {"others": 0.5, "anger": 0.25, "happiness": 0.25}),  # 4+6+7 and 6+7+12
    ],
)
def test_an_unnamed_combination_is_half_others(aus: tuple[int, ...], shares: dict[str, float]) -> None:
    assert _shares(frozenset(aus)) == shares
    assert {k: v for k, v in _emotions(dict.fromkeys(aus, 1.0)).items() if v} == shares


def test_uncertain_units_by_hand() -> None:
    # 12 alone .45, 15 alone .05, both .45 (half others, a quarter each), neither .05
    found = _emotions({12: 0.9, 15: 0.5})
    assert found["happiness"] == pytest.approx(0.45 + 0.45 / 4)
    assert found["sadness"] == pytest.approx(0.05 + 0.45 / 4)
    assert found["others"] == pytest.approx(0.45 / 2 + 0.05)
    assert sum(found.values()) == pytest.approx(1)


def test_units_are_independent() -> None:
    # 1 and 2: both .42 surprise, 1 alone .28 sadness, 2 alone .18 and neither .12 others
    found = _emotions({1: 0.7, 2: 0.6})
    assert found["surprise"] == pytest.approx(0.42)
    assert found["sadness"] == pytest.approx(0.28)
    assert found["others"] == pytest.approx(0.30)


def test_any_number_of_units() -> None:
    everything = _emotions(dict.fromkeys(_PULLS, 0.5))
    assert sum(everything.values()) == pytest.approx(1)
    eight = dict.fromkeys([1, 2, 4, 5, 6, 7, 9, 12], 0.5)
    assert _emotions(eight | {15: 0.4}) == pytest.approx(_emotions(eight))  # the eight likeliest count


# ---------------------------------------------------------------------- what holds for all motion

motions = arrays(np.float64, (len(REGIONS), 2), elements=st.floats(-0.1, 0.1, allow_subnormal=False))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(motions)
def test_what_holds_for_all_motion(motion: np.ndarray) -> None:
    rules = AuRules()
    judged = rules.judge(motion)
    assert set(judged.probabilities) == set(rules.labels) == LABELS
    assert sum(judged.probabilities.values()) == pytest.approx(1)
    assert all(0 <= p <= 1 + 1e-12 for p in judged.probabilities.values())
    best = max(judged.probabilities.values())
    if judged.emotion == "undecided":
        assert judged.confidence == 0
        assert best < rules.decided or judged.probabilities["others"] == best
    else:
        assert judged.emotion != "others"
        assert judged.probabilities[judged.emotion] == best >= rules.decided
        assert judged.confidence == pytest.approx(rules.trust * best)
        assert judged.confidence <= best
    strengths = [u.strength for u in judged.action_units]
    assert strengths == sorted(strengths, reverse=True)
    assert all(0.3 <= s <= 1 for s in strengths)
    moving = [r.strength for r in judged.regions]
    assert moving == sorted(moving, reverse=True)
    assert all(s >= 1 for s in moving)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(motions)
def test_the_mirror_swaps_the_sides_and_nothing_else(motion: np.ndarray) -> None:
    here, there = AuRules().judge(motion), AuRules().judge(mirrored(motion))
    assert there.probabilities == pytest.approx(here.probabilities, abs=1e-6)
    swap = {"left": "right", "right": "left", "both": "both"}
    strengths = {(u.au, swap[u.side]): u.strength for u in here.action_units}
    assert {(u.au, u.side): u.strength for u in there.action_units} == pytest.approx(strengths, abs=1e-6)


@pytest.mark.parametrize("au", sorted(set(_PULLS) - _MIDLINE))
def test_the_mirror_of_a_one_sided_unit(au: int) -> None:
    assert mirrored(pull(au, "left")) == pytest.approx(pull(au, "right"))
    assert mirrored(pull(au, "both")) == pytest.approx(pull(au, "both"))


def test_regions_tell_how_they_moved() -> None:
    judged = AuRules().judge(moved(mouth_corner_left=(15, -14), lid_upper_right=(0, 6), cheek_left=(1, 0)))
    assert [r.region for r in judged.regions] == ["mouth_corner_left"]  # the lid is below a fifth of it
    assert judged.regions[0].dx == pytest.approx(0.015)
    assert judged.regions[0].dy == pytest.approx(-0.014)
    assert judged.regions[0].strength == pytest.approx(np.hypot(15, 14) / 1000 / AuRules().floor)
    # gaze moves the lids: their floor is higher
    lid, brow = (AuRules().judge(moved(**{key: (0, 10)})) for key in ("lid_upper_right", "brow_outer_right"))
    assert lid.regions[0].strength == pytest.approx(0.01 / AuRules().lid_floor)
    assert brow.regions[0].strength == pytest.approx(0.01 / AuRules().floor)
    assert AuRules().lid_floor > AuRules().floor


def test_a_stricter_limit_decides_less() -> None:
    smile = pull(12, peak=0.008)
    judged = AuRules(decided=0.0).judge(smile)
    assert judged.emotion == "happiness"
    p = judged.probabilities["happiness"]
    assert AuRules(decided=p).judge(smile).emotion == "happiness"
    assert AuRules(decided=p + 1e-9).judge(smile).emotion == "undecided"
    assert AuRules(trust=0.25).judge(smile).confidence == pytest.approx(p / 4)


# ---------------------------------------------------------------------- from a clip


@pytest.fixture(scope="session")
def clip(
    stage: Callable[[str], Any], move: Callable[..., Any], follow: Callable[..., Any]
) -> Callable[..., Clip]:
    """``clip(face, unit, peak, head=1.0)``: a unit on a real face, on its steadied crops."""

    def make(face: str, unit: str | None, peak: float = 0.025, *, head: float = 1.0) -> Clip:
        moves = [] if unit is None else [move(unit, peak, 0.1, up=0.2)]
        frames = follow(stage(face).play(30, 0.5, moves, head=head))
        return Clip(np.stack([f.crop for f in frames]), 30.0, 3, 9, 14, landmarks=frames[0].key.mesh)

    return make


@pytest.mark.parametrize("face", ["single", "wolfgang"])
@pytest.mark.parametrize(
    ("unit", "strongest", "emotion"),
    [
        ("AU12", [(12, "both")], "happiness"),
        ("AU4", [(4, "both")], "anger"),
        ("AU1+2", [(1, "both"), (2, "both")], "surprise"),
        ("AU15L", [(15, "left")], "sadness"),
        ("AU17", [(17, "both")], "undecided"),  # no emotion is linked with it alone
    ],
)
def test_a_unit_on_a_real_face(
    clip: Callable[..., Clip], face: str, unit: str, strongest: list[tuple[int, str]], emotion: str
) -> None:
    judged = AuRules().recognize(clip(face, unit))
    assert sorted(units(judged)[: len(strongest)]) == strongest
    assert judged.emotion == emotion


def test_a_still_face_shows_nothing(clip: Callable[..., Clip]) -> None:
    judged = AuRules().recognize(clip("single", None))
    assert judged.action_units == ()
    assert judged.emotion == "undecided"
    assert judged.probabilities["others"] > 0.9


def test_larger_motion_is_clearer(clip: Callable[..., Clip]) -> None:
    found = [AuRules().recognize(clip("single", "AU12", peak, head=0)) for peak in (0.0125, 0.025, 0.05)]
    assert [units(f)[0] for f in found] == 3 * [(12, "both")]
    strengths = [f.action_units[0].strength for f in found]
    assert strengths == sorted(strengths)


def test_the_picture_in_a_mirror(clip: Callable[..., Clip]) -> None:
    """A mirrored recording: the same expression on the other side."""
    made = clip("single", "AU15L")
    mesh = made.landmarks.copy()  # type: ignore[union-attr]
    mesh[:, 0] = CROP - 1 - mesh[:, 0]
    # the mesh's points by name: each goes to the one that mirrors it, found on a mesh's own symmetry
    twin = np.array([np.hypot(*(mesh[:, :2] - p[:2]).T).argmin() for p in made.landmarks])  # type: ignore[union-attr]
    flipped = replace(made, frames=np.ascontiguousarray(made.frames[:, :, ::-1]), landmarks=mesh[twin])
    here, there = AuRules().recognize(made), AuRules().recognize(flipped)
    assert units(here)[0] == (15, "left")
    assert units(there)[0] == (15, "right")
    assert there.emotion == here.emotion == "sadness"


def test_colour_is_looked_at_in_grey(clip: Callable[..., Clip]) -> None:
    made = clip("single", "AU12")
    colour = replace(made, frames=np.repeat(made.frames[..., None], 3, axis=3))
    assert AuRules().recognize(colour) == AuRules().recognize(made)


def test_an_unknown_apex_lies_in_the_middle(clip: Callable[..., Clip]) -> None:
    made = clip("single", "AU12")
    unknown, middle = replace(made, apex=None), replace(made, apex=(made.onset + made.offset) // 2)
    assert AuRules().recognize(unknown) == AuRules().recognize(middle)


def test_an_event_of_one_frame(clip: Callable[..., Clip]) -> None:
    judged = AuRules().recognize(replace(clip("single", None), onset=0, apex=0, offset=0))
    assert (judged.action_units, judged.emotion) == ((), "undecided")


@pytest.mark.parametrize("change", [{"landmarks": None}, {"frames": np.zeros((15, 64, 64), np.uint8)}])
def test_a_clip_of_another_kind(clip: Callable[..., Clip], change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="canonical crop of 128 pixels"):
        AuRules().recognize(replace(clip("single", None), **change))


def test_neighbouring_frames_are_averaged() -> None:
    grey = np.broadcast_to(np.array([10, 20, 60, 100, 200], np.uint8)[:, None, None], (5, 2, 2))
    for at, around, value in [(2, 0, 60), (2, 1, 60), (3, 1, 120), (0, 1, 15), (4, 2, 120), (0, 9, 78)]:
        found = _calm(grey, at, around)
        assert found.dtype == np.uint8
        assert found.tolist() == [[value] * 2] * 2, (at, around)
