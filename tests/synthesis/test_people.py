"""Random people: the same from the same seed, plausible, and heads that are what their shapes say."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mien.errors import InputError
from mien.synthesis.head import MOUTH, SKIN, TEETH, head_model
from mien.synthesis.mouth import settle_mouth
from mien.synthesis.people import DESCENTS, Shape, build_head, draw_person, draw_shape

EVEN = {"african": 1 / 3, "asian": 1 / 3, "caucasian": 1 / 3}
OPPOSITES = (
    ("decr", "incr"),
    ("down", "up"),
    ("in", "out"),
    ("backward", "forward"),
    ("concave", "convex"),
    ("compress", "uncompress"),
    ("round", "pointed"),
    ("square", "triangle"),
)


def shapes(n: int = 40) -> list[Shape]:
    return [draw_shape(np.random.default_rng([3, i])) for i in range(n)]


def test_the_same_seed_draws_the_same_person() -> None:
    one, two, other = (draw_person(np.random.default_rng(s), 1) for s in (5, 5, 6))
    assert one == two
    assert one != other


def test_a_shape_survives_json() -> None:
    shape = draw_shape(np.random.default_rng(0))
    again = Shape(**json.loads(json.dumps(shape.to_dict())))
    assert again == shape
    np.testing.assert_array_equal(build_head(again).neutral, build_head(shape).neutral)


def test_what_is_asked_for_is_drawn() -> None:
    rng = np.random.default_rng(1)
    woman = draw_shape(rng, age=70, sex="female", ethnicity="east asian")
    man = draw_shape(rng, age=20, sex="male", ethnicity="african")
    assert woman.age == 70
    assert woman.gender > 0.5 > man.gender
    assert woman.ethnicity["asian"] > 0.5
    assert man.ethnicity["african"] > 0.5


def test_asking_does_not_change_the_rest() -> None:
    anyone = draw_shape(np.random.default_rng(2))
    same = draw_shape(np.random.default_rng(2), age=anyone.age)
    assert same == anyone


@pytest.mark.parametrize("bad", [{"age": 12}, {"age": 120}, {"ethnicity": "martian"}])
def test_impossible_people_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(InputError):
        draw_shape(np.random.default_rng(0), **bad)  # type: ignore[arg-type]


def test_weights_are_in_range_and_opposites_exclude_each_other() -> None:
    for shape in shapes():
        assert sum(shape.ethnicity.values()) == pytest.approx(1, abs=1e-3)
        for share in (shape.gender, shape.muscle, shape.weight, *shape.local.values()):
            assert 0 <= share <= 1
        for name in shape.local:
            for one, other in OPPOSITES:
                if name.endswith("-" + one):
                    assert name.removesuffix(one) + other not in shape.local


def test_dials_of_a_family_move_together() -> None:
    def lip(shape: Shape, which: str) -> float:
        name = f"l-mouth-{which}lip-volume-"
        return shape.local.get(name + "incr", 0) - shape.local.get(name + "decr", 0)

    upper, lower = ([lip(s, which) for s in shapes(150)] for which in ("upper", "lower"))
    assert np.corrcoef(upper, lower)[0, 1] > 0.2


def test_left_and_right_differ_a_little_unless_told_otherwise() -> None:
    flip = np.array([-1, 1, 1])
    for symmetric in (False, True):
        for i in range(3):
            shape = draw_shape(np.random.default_rng(i), symmetric=symmetric)
            neutral = build_head(shape).neutral
            apart = np.linalg.norm(neutral - (neutral * flip)[head_model().mirror], axis=1)
            if symmetric:
                assert apart.max() < 2e-6
            else:
                assert 0.003 < np.percentile(apart, 90) < 0.06


@pytest.mark.parametrize(
    ("shape", "macro"),
    [
        (Shape(0, 25, {"african": 1}), "g0-a0.67-african"),
        (Shape(1, 25, {"asian": 1}), "g1-a0.67-asian"),
        (Shape(1, 90, {"caucasian": 1}), "g1-a1.00-caucasian"),
        (Shape(0, 16, EVEN, muscle=1, weight=0), "g0-a0.50-m1-w0"),
        (Shape(1, 90, EVEN, muscle=0, weight=1), "g1-a1.00-m0-w1"),
    ],
)
def test_corners_are_met_exactly(shape: Shape, macro: str) -> None:
    model = head_model()
    wanted = model.build(settle_mouth(model, model.vertices + model.macros[macro]))
    np.testing.assert_allclose(build_head(shape).neutral, wanted.neutral, atol=1e-5)


def test_half_way_in_everything_is_between_the_corners() -> None:
    model = head_model()
    half = build_head(Shape(0.5, 25, {"asian": 0.5, "caucasian": 0.5}))
    corners = [model.macros[f"g{g}-a0.67-{who}"] for g in (0, 1) for who in ("asian", "caucasian")]
    wanted = model.build(settle_mouth(model, model.vertices + np.mean(corners, 0, dtype=np.float32)))
    np.testing.assert_allclose(half.neutral, wanted.neutral, atol=1e-5)


def test_a_side_before_the_name_of_a_shape_without_sides_means_half_of_it() -> None:
    plain = Shape(0.5, 30, EVEN)
    name = "mouth-scale-horiz-incr"
    rest, whole, left, both = (
        build_head(Shape(0.5, 30, EVEN, local=local)).neutral
        for local in ({}, {name: 0.6}, {"l-" + name: 0.6}, {"l-" + name: 0.6, "r-" + name: 0.6})
    )
    np.testing.assert_array_equal(rest, build_head(plain).neutral)
    np.testing.assert_allclose(both, whole, atol=1e-5)
    model = head_model()
    skin = np.unique(model.faces[model.part == SKIN])
    moved = np.abs(left - rest)[skin]
    assert moved[rest[skin, 0] > 0.2].max() > 0.01
    assert moved[rest[skin, 0] < -0.2].max() < 0.002  # but for what shutting the mouth takes
    with pytest.raises(InputError, match="third-eye"):
        build_head(Shape(0.5, 30, EVEN, local={"third-eye-incr": 1}))


def test_teeth_go_with_the_mouth() -> None:
    model = head_model()
    teeth = np.unique(model.faces[model.part == TEETH])
    rest, moved = (build_head(Shape(0.5, 30, EVEN, local=local)) for local in ({}, {"mouth-trans-down": 0.5}))
    inside = np.unique(model.faces[model.part == MOUTH])
    step = (moved.neutral - rest.neutral)[:, 1] * rest.metres * 1000
    assert step[teeth].mean() > 0.3 * step[inside].mean() > 0.1


def test_teeth_that_stick_out_go_back_without_pulling_at_the_lips() -> None:
    model = head_model()
    teeth, skin = (np.unique(model.faces[model.part == part]) for part in (TEETH, SKIN))
    vertices = model.vertices.copy()
    vertices[teeth, 1] -= 0.012  # towards the camera, through the skin
    settled = settle_mouth(model, vertices)
    assert (settled - vertices)[teeth, 1].max() > 0.005
    assert np.abs(settled - vertices)[skin].max() < 0.0025


def test_people_are_many_and_skin_goes_with_descent_but_not_strictly() -> None:
    rng = np.random.default_rng(8)
    people = [draw_person(rng, i + 1)[0] for i in range(300)]
    assert [p.number for p in people[:3]] == [1, 2, 3]
    assert {p.ethnicity for p in people} == set(DESCENTS)
    assert {p.sex for p in people} == {"female", "male"}
    assert all(18 <= p.age <= 75 and 1 <= p.skin <= 10 for p in people)
    tones = {word: [p.skin for p in people if p.ethnicity == word] for word in DESCENTS}
    assert np.mean(tones["african"]) - np.mean(tones["european"]) > 3
    assert all(np.std(t) > 0.6 for t in tones.values())


def test_no_two_faces_are_alike_and_none_is_monstrous() -> None:
    model = head_model()
    # the face without ears and the back of the head, in outer-eye distances
    face = np.flatnonzero(model.build(model.vertices).neutral[:, 2] < 0.4)
    heads = np.stack([build_head(s).neutral[face] for s in shapes(24)])
    away = np.linalg.norm(heads - heads.mean(0), axis=2)
    assert 0.02 < np.sqrt((away**2).mean()) < 0.12
    apart = np.linalg.norm(heads[:, None] - heads[None], axis=3).mean(2)
    assert apart[~np.eye(len(heads), dtype=bool)].min() > 0.015
    assert away.max() < 0.5
