"""The head's geometry: signs, sides, sizes, eyes that stay whole, action units that are what FACS says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.synthesis.actions import ACTION_INDEX, ACTIONS, UNITS
from mien.synthesis.head import (
    EYE,
    MOUTH,
    SKIN,
    TEETH,
    TONGUE,
    UNIT_ACTIONS,
    UNIT_PULLS,
    Head,
    head_model,
)
from mien.synthesis.people import build_head, draw_shape
from mien.synthesis.raster import project, rasterise

Array = NDArray[np.float32]

REST = np.zeros((len(UNITS), 2), np.float32)
STILL = np.zeros(len(ACTIONS), np.float32)
TABLE = {  # centre, displacement and peak on one side, as measured on a head annotated by FACS coders
    1: ((0.204, -0.147), (0.003, -0.034), 0.063),
    2: ((0.472, -0.196), (0.014, -0.062), 0.087),
    4: ((0.405, -0.243), (-0.032, 0.028), 0.058),
    5: ((0.359, -0.062), (0.003, -0.027), 0.036),
    6: ((0.453, 0.415), (-0.001, -0.041), 0.067),
    7: ((0.347, 0.140), (-0.016, -0.020), 0.038),
    9: ((0.222, 0.545), (-0.004, -0.071), 0.108),
    10: ((0.184, 0.639), (0.014, -0.061), 0.089),
    12: ((0.273, 0.735), (0.055, -0.075), 0.136),
    14: ((0.262, 0.831), (0.016, -0.033), 0.067),
    15: ((0.266, 0.735), (0.013, 0.035), 0.059),
    17: ((0.0, 0.958), (0.0, -0.082), 0.120),
    20: ((0.251, 0.765), (0.050, 0.015), 0.080),
    24: ((0.189, 0.908), (-0.001, -0.025), 0.043),
    25: ((0.114, 0.891), (0.007, 0.034), 0.046),
    26: ((0.0, 0.901), (0.0, 0.287), 0.381),
}


@pytest.fixture(scope="module")
def head() -> Head:
    model = head_model()
    return model.build(model.vertices)


@pytest.fixture(scope="module")
def people() -> list[Head]:
    return [build_head(draw_shape(np.random.default_rng([11, i]))) for i in range(24)]


def units(**strengths: float) -> Array:
    """Activations such as ``units(AU12=1)``, ``units(AU12L=0.5)``."""
    u = REST.copy()
    for name, strength in strengths.items():
        sides = {"R": [0], "L": [1]}.get(name[-1], [0, 1])
        u[UNITS.index(int(name[2:].rstrip("RL"))), sides] = strength
    return u


def actions(**weights: float) -> Array:
    """Weights such as ``actions(eyeBlink=1)`` for both sides or ``actions(jawOpen=0.3)``."""
    a = STILL.copy()
    for name, weight in weights.items():
        for found in {name, name + "Left", name + "Right"} & set(ACTIONS):
            a[ACTION_INDEX[found]] = weight
    return a


def mirrored(points: Array) -> Array:
    return (points * np.array([-1, 1, 1], np.float32))[head_model().mirror]


def eye_pixels(head: Head, vertices: Array) -> NDArray[np.bool_]:
    """Where a picture of 300 pixels between the outer eye corners shows an eyeball."""
    faces, part = head.model.faces, head.model.part
    shown, _ = rasterise(project(vertices, 300 * 14.0, 180.0, 60.0, 14.0), faces, 1, 360, 120)
    return (shown >= 0) & (part[np.maximum(shown, 0)] == EYE)


def test_the_asset_is_what_it_says() -> None:
    model = head_model()
    n, f = len(model.vertices), len(model.faces)
    assert model.vertices.shape == (n, 3)
    assert model.vertices.dtype == np.float32
    assert model.faces.shape == (f, 3)
    assert 0 <= model.faces.min() <= model.faces.max() == n - 1
    assert model.part.shape == (f,)
    assert model.uv.shape == (f, 3, 2)
    assert model.actions.shape == (52, n, 3)
    assert all(d.shape == (n, 3) for group in (model.shapes, model.macros) for d in group.values())
    np.testing.assert_array_equal(model.mirror[model.mirror], np.arange(n))
    np.testing.assert_allclose(mirrored(model.vertices), model.vertices, atol=1e-7)
    assert head_model() is model


def test_actions_with_two_sides_come_in_mirrored_pairs() -> None:
    model = head_model()
    for name in ACTIONS:
        if name.endswith("Left"):
            left, right = (model.actions[ACTION_INDEX[name[:-4] + side]] for side in ("Left", "Right"))
            np.testing.assert_allclose(mirrored(left), right, atol=2e-6, err_msg=name)


def test_every_unit_is_made_of_actions_that_exist() -> None:
    assert set(UNIT_ACTIONS) == set(UNITS)
    assert set(UNIT_PULLS) <= set(UNITS)
    for recipe in UNIT_ACTIONS.values():
        for name in recipe:
            assert name in ACTION_INDEX or {name + "Left", name + "Right"} <= set(ACTION_INDEX)


def test_outer_eye_corners_are_one_apart_about_the_origin(head: Head, people: list[Head]) -> None:
    for h in (head, *people):
        right, left = (h.neutral[v] for v in h.model.eye_corners(h.neutral))
        assert np.linalg.norm(left - right) == pytest.approx(1, abs=1e-5)
        np.testing.assert_allclose((left + right) / 2, 0, atol=1e-5)
        assert 0.075 < h.metres < 0.105


def test_the_face_looks_at_the_camera_with_y_down(head: Head) -> None:
    skin = np.unique(head.model.faces[head.model.part == SKIN])
    tip = head.neutral[skin[head.neutral[skin, 2].argmin()]]
    assert abs(tip[0]) < 0.01
    assert 0.2 < tip[1] < 0.6  # the tip of the nose is below the eyes
    assert head.eye_centres[0, 0] < 0 < head.eye_centres[1, 0]  # the person's right is on the picture's left


def test_at_rest_the_mesh_is_the_neutral_one_exactly(head: Head, people: list[Head]) -> None:
    for h in (head, *people[:4]):
        at_rest = h.pose(REST, STILL)
        np.testing.assert_array_equal(at_rest, h.neutral)
        assert at_rest is not h.neutral
        assert at_rest.dtype == np.float32
        assert h.pose(units(AU12=0.3), actions(eyeBlink=0.2), (0.1, 0, 0, 0, 0, 0)).dtype == np.float32


def test_posing_leaves_its_arguments_alone(head: Head) -> None:
    u, a = units(AU5=1), actions(eyeBlink=0.5)
    before = u.copy(), a.copy(), head.neutral.copy()
    head.pose(u, a)
    for now, then in zip((u, a, head.neutral), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_on_one_side_mirrors_the_other_side(head: Head, unit: int) -> None:
    left, right = (head.pose(units(**{f"AU{unit}{s}": 1}), STILL) - head.neutral for s in "LR")
    assert np.abs(left).max() > 0.02
    np.testing.assert_allclose(mirrored(left), right, atol=2e-6)
    on_left = head.neutral[:, 0] > 0.2  # little of a one-sided unit is left well beyond the middle
    assert np.abs(right[on_left]).max() < 0.4 * np.abs(right).max()


def test_both_halves_make_the_whole(head: Head) -> None:
    both = head.units[UNITS.index(26)].sum(0)
    whole = UNIT_ACTIONS[26]["jawOpen"] * head.actions[ACTION_INDEX["jawOpen"]]
    np.testing.assert_allclose(both, whole, atol=1e-6)


def test_strength_scales_a_unit_and_units_add(head: Head) -> None:
    half, whole = (head.pose(units(AU12=s), STILL) - head.neutral for s in (0.5, 1.0))
    np.testing.assert_allclose(2 * half, whole, atol=1e-5)
    brow = head.pose(units(AU1=1), STILL) - head.neutral
    together = head.pose(units(AU1=1, AU12=1), STILL) - head.neutral
    np.testing.assert_allclose(together, whole + brow, atol=1e-5)


@pytest.mark.parametrize("unit", sorted(TABLE))
def test_a_unit_moves_what_it_should_where_it_should(head: Head, unit: int) -> None:
    """Within 45 degrees, a factor of 2.5 and a quarter of the outer-eye distance of the measured units."""
    (x, y), offset, peak = TABLE[unit]
    skin = np.unique(head.model.faces[head.model.part == SKIN])
    skin = skin[head.neutral[skin, 2] < 0.6]
    moved = head.units[UNITS.index(unit), 1][skin][:, :2]
    size = np.linalg.norm(moved, axis=1)
    strong = np.where(size > 0.5 * size.max(), size, 0)
    centre = (head.neutral[skin, :2] * strong[:, None]).sum(0) / strong.sum()
    mean = (moved * strong[:, None]).sum(0)
    cosine = mean @ offset / np.linalg.norm(mean) / np.linalg.norm(offset)
    assert cosine > np.cos(np.radians(45))
    assert peak / 2.5 < size.max() < peak * 2.5
    assert np.linalg.norm(centre - (x, y)) < 0.25


def test_frowning_draws_the_brows_together_and_wrinkling_the_nose_lifts_its_wings(head: Head) -> None:
    brow = np.linalg.norm(head.neutral[:, :2] - [0.3, -0.25], axis=1).argmin()
    frown = head.units[UNITS.index(4), 1][brow]
    assert frown[0] < -0.01
    assert frown[1] > 0.02
    skin = np.unique(head.model.faces[head.model.part == SKIN])
    wing = skin[np.linalg.norm(head.neutral[skin] - [0.19, 0.48, -0.2], axis=1).argmin()]
    assert head.units[UNITS.index(9), 1][wing][1] < -0.05


def nose_and_crown(head: Head, pose: tuple[float, ...]) -> tuple[Array, Array]:
    """How the tip of the nose and the crown move."""
    skin = np.unique(head.model.faces[head.model.part == SKIN])
    tip, crown = skin[head.neutral[skin, 2].argmin()], skin[head.neutral[skin, 1].argmin()]
    moved = head.pose(REST, STILL, pose) - head.neutral
    return moved[tip], moved[crown]


def test_positive_yaw_turns_to_the_persons_left(head: Head) -> None:
    nose, _ = nose_and_crown(head, (0.2, 0, 0, 0, 0, 0))
    assert nose[0] > 0.1


def test_positive_pitch_lifts_the_face(head: Head) -> None:
    nose, _ = nose_and_crown(head, (0, 0.2, 0, 0, 0, 0))
    assert nose[1] < -0.1


def test_positive_roll_leans_to_the_persons_left_shoulder(head: Head) -> None:
    _, crown = nose_and_crown(head, (0, 0, 0.2, 0, 0, 0))
    assert crown[0] > 0.1


def test_a_shift_moves_the_whole_head_alike(head: Head) -> None:
    moved = head.pose(REST, STILL, (0, 0, 0, 0.1, -0.05, 0.2)) - head.neutral
    np.testing.assert_allclose(moved[head.model.neck == 1] - [0.1, -0.05, 0.2], 0, atol=1e-5)


def test_turning_keeps_the_head_rigid(head: Head) -> None:
    turned = head.pose(REST, STILL, (0.3, -0.2, 0.1, 0.1, 0, 0))
    top = np.flatnonzero(head.model.neck == 1)
    some = np.random.default_rng(0).choice(top, (200, 2))
    before, after = (np.linalg.norm(v[some[:, 0]] - v[some[:, 1]], axis=1) for v in (head.neutral, turned))
    np.testing.assert_allclose(after, before, atol=1e-5)


@pytest.mark.parametrize(
    ("looks", "axis", "sign"),
    [
        ({"eyeLookOutLeft": 1, "eyeLookInRight": 1}, 0, 1),
        ({"eyeLookInLeft": 1, "eyeLookOutRight": 1}, 0, -1),
        ({"eyeLookUp": 1}, 1, -1),
        ({"eyeLookDown": 1}, 1, 1),
    ],
)
def test_eyes_turn_to_where_they_look(head: Head, looks: dict[str, float], axis: int, sign: int) -> None:
    looking = head.pose(REST, actions(**looks))
    for side, centre in zip((-1, 1), head.eye_centres, strict=True):
        eye = np.unique(head.model.faces[head.model.part == EYE])
        eye = eye[head.neutral[eye, 0] * side > 0]
        pupil = eye[head.neutral[eye, 2].argmin()]
        assert sign * (looking - head.neutral)[pupil, axis] > 0.05
        before, after = (np.linalg.norm(v[eye] - centre, axis=1) for v in (head.neutral, looking))
        np.testing.assert_allclose(after, before, atol=1e-5)


def test_lids_follow_the_gaze(people: list[Head]) -> None:
    for h in people:
        ahead, down, up = (
            eye_pixels(h, h.pose(REST, actions(eyeLookDown=d, eyeLookUp=u))).sum()
            for d, u in ((0, 0), (1, 0), (0, 1))
        )
        assert 0.1 * ahead < down < 0.85 * ahead
        assert 0.7 * ahead < up


def test_reach_is_the_largest_displacement_in_the_picture(head: Head) -> None:
    assert head.reach(REST) == 0
    smile = head.reach(units(AU12L=1))
    assert 0.1 < smile < 0.25
    assert head.reach(units(AU12L=0.25)) == pytest.approx(smile / 4, rel=1e-5)
    moved = head.pose(units(AU12L=1), STILL) - head.neutral
    assert smile == pytest.approx(np.linalg.norm(moved[:, :2], axis=1).max(), rel=0.05)


BLINKS = {
    "from rest": (REST, {}),
    "looking up": (REST, {"eyeLookUp": 1}),
    "looking down": (REST, {"eyeLookDown": 1}),
    "surprised": (units(AU1=1, AU2=1, AU5=1), {}),
    "smiling": (units(AU6=1, AU12=1), {}),
    "frowning": (units(AU4=1, AU7=0.5, AU9=1), {}),
}


@pytest.mark.parametrize("case", BLINKS)
def test_a_blink_closes_every_eye(people: list[Head], case: str) -> None:
    u, looks = BLINKS[case]
    for h in people:
        open_eyes = eye_pixels(h, h.neutral).sum()
        shut = eye_pixels(h, h.pose(u, actions(eyeBlink=1, **looks))).sum()
        assert shut <= 0.003 * open_eyes


def test_a_blink_closes_gradually(people: list[Head]) -> None:
    for h in people[:8]:
        seen = [eye_pixels(h, h.pose(REST, actions(eyeBlink=w))).sum() for w in np.linspace(0, 1, 6)]
        assert (np.diff(seen) <= 0).all()
        assert 0.2 * seen[0] < seen[2] < 0.85 * seen[0]  # at 0.4


def test_a_wink_leaves_the_other_eye_open(head: Head) -> None:
    wink = eye_pixels(head, head.pose(REST, actions(eyeBlinkLeft=1)))
    rest = eye_pixels(head, head.neutral)
    np.testing.assert_array_equal(wink[:, :180], rest[:, :180])
    assert not wink[:, 180:].any()


def test_skin_never_enters_an_eyeball(people: list[Head]) -> None:
    rng = np.random.default_rng(5)
    for h in people[:12]:
        skin = np.setdiff1d(np.unique(h.model.faces[h.model.part == SKIN]), h.model.lid_edge)
        u = (rng.random(REST.shape) < 0.3) * rng.random(REST.shape).astype(np.float32)
        moved = h.pose(u, actions(eyeBlink=float(rng.random()), eyeLookDown=float(rng.random())))
        eye = np.unique(h.model.faces[h.model.part == EYE])
        for side, centre in zip((-1, 1), h.eye_centres, strict=True):
            radius = np.linalg.norm(h.neutral[eye[h.neutral[eye, 0] * side > 0]] - centre, axis=1).mean()
            at_rest, now = (np.linalg.norm(v[skin] - centre, axis=1) for v in (h.neutral, moved))
            assert (now >= np.minimum(at_rest, radius * 1.02) - 1e-4).all()


def test_a_shut_mouth_shows_nothing_of_its_inside(people: list[Head]) -> None:
    for h in people:
        for u in (REST, units(AU12=1), units(AU14=1), units(AU15=1), units(AU17=1), units(AU24=1)):
            points = project(h.pose(u, STILL), 100 * 14.0, 75.0, 40.0, 14.0)
            shown, _ = rasterise(points, h.model.faces, 1, 150, 180)
            inside = np.isin(h.model.part[shown[shown >= 0]], (MOUTH, TONGUE, TEETH))
            assert inside.sum() < 15  # pixels, of some 70 x 1 that a slit would have
