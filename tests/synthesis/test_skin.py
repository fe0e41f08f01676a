import json
from dataclasses import replace

import numpy as np
import pytest

from mien.synthesis.appearance import HAIR_COLOURS, HAIR_STYLES, IRISES
from mien.synthesis.atlas import atlas
from mien.synthesis.head import BODY, MOUTH, SKIN, SOCKET, TONGUE, head_model
from mien.synthesis.skin import Appearance, draw_appearance, paint, skin_colour

SIZE = (450, 686)
PLAIN = Appearance(skin=4, hair_style="short", stubble=0, freckles=0, moles=0, blemishes=0)


@pytest.fixture(scope="module")
def model():
    return head_model()


@pytest.fixture(scope="module")
def page(model):
    return atlas(model, *SIZE)


@pytest.fixture(scope="module")
def plain(model):
    return paint(PLAIN, model, 1, SIZE)


def reflectance(surface):
    return np.square(surface.albedo.astype(np.float32) / 255)


def near(page, x, y, radius=0.06):
    """Texels round a place on the face's front, on both sides."""
    at = page.position
    return (
        (page.part == SKIN) & (np.hypot(np.abs(at[..., 0]) - x, at[..., 1] - y) < radius) & (at[..., 2] < 0.5)
    )


def luminance(surface):
    return reflectance(surface) @ np.float32([0.2126, 0.7152, 0.0722])


def test_shapes_and_types(model, plain):
    assert plain.albedo.shape == (*SIZE, 3)
    assert plain.albedo.dtype == np.uint8
    assert plain.wrinkles.shape[2] == 4
    assert plain.wrinkles.dtype == np.uint8
    assert plain.eye.shape == (256, 256, 3)
    assert plain.eye.dtype == np.uint8
    assert plain.puff.shape == (len(model.vertices),)
    assert plain.puff.dtype == np.float32
    assert len(plain.teeth) == 3
    assert all(0 < t < 1 for t in plain.teeth)


def test_same_seed_same_bytes_other_seed_other_pores(model, plain):
    again, other = paint(PLAIN, model, 1, SIZE), paint(PLAIN, model, 2, SIZE)
    for name in ("albedo", "wrinkles", "eye", "puff"):
        assert np.array_equal(getattr(plain, name), getattr(again, name)), name
    assert not np.array_equal(plain.albedo, other.albedo)
    assert not np.array_equal(plain.eye, other.eye)


def test_another_size_is_the_same_person(model, plain, page):
    half = (SIZE[0] // 2, SIZE[1] // 2)
    small = paint(PLAIN, model, 1, half)
    assert small.albedo.shape == (*half, 3)
    for x, y in ((0.45, 0.4), (0.0, -0.5), (0.0, 1.05)):
        a = reflectance(plain)[near(page, x, y)].mean(0)
        b = reflectance(small)[near(atlas(model, *half), x, y)].mean(0)
        assert a == pytest.approx(b, rel=0.06)


def test_every_texel_belongs_to_a_chart_and_is_painted(plain, page):
    assert np.isfinite(page.position).all()
    assert set(np.unique(page.part)) == {SKIN, MOUTH, SOCKET, TONGUE, BODY}
    assert plain.albedo.min() >= 1
    face = near(page, 0.45, 0.4, 0.2)
    red, green, blue = reflectance(plain)[face].T
    assert (red > green).all()
    assert (green >= blue * 0.95).all()


def test_tones_run_from_light_to_dark(model, page):
    means = []
    for tone in range(1, 11):
        surface = paint(replace(PLAIN, skin=float(tone), stubble=0), model, 3, (225, 343))
        means.append(luminance(surface)[near(atlas(model, 225, 343), 0.45, 0.4)].mean())
        assert skin_colour(tone)[0] > skin_colour(tone)[2]
    assert np.all(np.diff(means) < 0)
    assert means[0] > 6 * means[-1]


@pytest.mark.parametrize("tone", [1.5, 5.0, 9.0])
def test_lips_are_redder_than_the_cheek(model, page, tone):
    r = reflectance(paint(replace(PLAIN, skin=tone), model, 4, SIZE))
    lip, cheek = (r[near(page, x, y, 0.03)].mean(0) for x, y in ((0.06, 0.83), (0.5, 0.62)))
    assert lip[0] / lip[1] > 1.08 * cheek[0] / cheek[1]


def test_brows_and_lashes_are_dark(plain, page):
    light = luminance(plain)
    skin = light[near(page, 0.3, -0.45, 0.08)].mean()
    assert light[near(page, 0.32, -0.25, 0.03)].mean() < 0.6 * skin
    upper = page.lids[page.lids[:, 1] < -0.045]
    at = near(page, float(np.abs(upper[:, 0]).mean()), float(upper[:, 1].mean()), 0.015)
    assert light[at].mean() < 0.75 * skin


def test_inside_of_mouth_and_nostrils_is_dark_and_red(plain, page):
    r = reflectance(plain)
    mouth, cheek = r[page.part == MOUTH].mean(0), r[near(page, 0.45, 0.4)].mean(0)
    assert mouth.sum() < 0.5 * cheek.sum()
    assert mouth[0] > 2 * mouth[1]
    at = page.position
    nostril = (page.part == SKIN) & (np.hypot(np.abs(at[..., 0]) - 0.108, at[..., 1] - 0.497) < 0.015)
    nostril &= np.abs(at[..., 2] + 0.255) < 0.03
    assert r[nostril].mean() < 0.5 * cheek.mean()


PLACES = [
    [(0.0, -0.5), (0.3, -0.5)],  # forehead
    [(0.08, -0.25), (0.12, 0.14)],  # between the brows, nose
    [(0.62, 0.03), (0.38, 0.1)],  # round the eyes
    [(0.29, 0.6), (0.05, 0.93)],  # from nose to mouth, chin
]


def test_wrinkles_lie_where_their_family_does(model, plain):
    half = atlas(model, *plain.wrinkles.shape[:2])
    for k, places in enumerate(PLACES):
        for j in range(4):
            depth = [plain.wrinkles[..., j][near(half, x, y, 0.06)].mean() for x, y in places]
            assert (min(depth) > 5) == (j == k), (k, j, depth)
        elsewhere = near(half, 0.5, 0.9, 0.05) | (half.part != SKIN)
        assert plain.wrinkles[..., k][elsewhere].max() <= 2


def test_wrinkles_grow_with_age(model):
    young, old = (paint(replace(PLAIN, wrinkles=w), model, 5, SIZE) for w in (0.05, 0.95))
    assert (old.wrinkles.astype(int) >= young.wrinkles).mean() > 0.97
    assert old.wrinkles.sum() > 2 * young.wrinkles.sum()
    place = near(atlas(model, *SIZE), 0.29, 0.6, 0.03)
    assert luminance(old)[place].mean() < luminance(young)[place].mean()


def test_symmetric_but_for_chance(plain, page):
    at = page.position
    light = luminance(plain)
    for x, y in ((0.45, 0.4), (0.32, -0.25), (0.3, -0.5), (0.1, 0.83)):
        here = near(page, x, y, 0.05)
        right, left = (light[here & (side * at[..., 0] > 0)].mean() for side in (-1, 1))
        assert right == pytest.approx(left, rel=0.15)


def test_hair_covers_the_scalp_and_leaves_the_face_free(model, page):
    faces = {style: paint(replace(PLAIN, hair_style=style), model, 6, SIZE) for style in HAIR_STYLES}
    top = near(page, 0.2, -1.25, 0.1)
    bald = luminance(faces["bald"])
    template = model.build(model.vertices).neutral
    front = (template[:, 1] > -0.4) & (template[:, 2] < 0.3)
    for style, surface in faces.items():
        light = luminance(surface)
        assert light[near(page, 0.3, -0.4)].mean() == pytest.approx(
            bald[near(page, 0.3, -0.4)].mean(), rel=0.02
        )
        if style == "bald":
            assert surface.puff is None
            continue
        assert style in ("cap", "beanie") or light[top].mean() < 0.75 * bald[top].mean(), style
        assert surface.puff[front].max() == 0
        assert 0 < surface.puff.max() < 0.7
        assert surface.puff.min() >= 0


def test_eye_has_pupil_iris_and_white(model):
    for iris in IRISES:
        eye = paint(replace(PLAIN, iris=iris), model, 7, (225, 343)).eye.astype(np.float32)
        y, x = np.mgrid[:256, :256] - 127.5
        r = np.hypot(x, y) / 128
        pupil, ring, white = (
            eye[r < 0.1].mean(),
            eye[(r > 0.25) & (r < 0.38)].mean(),
            eye[(r > 0.55) & (r < 0.8)].mean(),
        )
        assert pupil < 20 < ring < 0.75 * white


def test_drawn_people_are_varied_possible_and_recorded():
    people = [draw_appearance(np.random.default_rng(i)) for i in range(400)]
    assert people[3] == draw_appearance(np.random.default_rng(3))
    tones = np.array([p.skin for p in people])
    assert np.histogram(tones, bins=[1, 4, 7, 10])[0].min() > 100
    assert 0.4 < np.mean([p.sex == "female" for p in people]) < 0.6
    for p in people:
        assert Appearance(**p.to_json()) == p
        assert 18 <= p.age <= 75
        assert p.iris in IRISES
        assert p.hair_colour in HAIR_COLOURS
        assert p.hair_style in HAIR_STYLES
        assert p.stubble == 0 or p.sex == "male"
        assert p.freckles == 0 or p.skin < 5.5
        assert p.skin < 5.5 or p.iris in ("dark brown", "brown")
        assert p.skin < 5.5 or p.hair_colour in ("black", "dark brown", "grey", "white")
        assert p.hair_colour not in ("grey", "white") or p.age > 30
    text = json.loads(json.dumps(people[0].to_json()))
    assert text["skin"] == people[0].skin


def test_what_is_given_is_kept():
    p = draw_appearance(np.random.default_rng(0), age=61.0, sex="male", skin=8)
    assert (p.age, p.sex, p.skin) == (61.0, "male", 8.0)


def test_hair_and_eyes_go_with_descent():
    people = [
        draw_appearance(np.random.default_rng(i), 30, skin=3, ethnicity="east asian") for i in range(80)
    ]
    assert {p.hair_colour for p in people} <= {"black", "dark brown", "grey"}
    assert {p.iris for p in people} <= {"brown", "dark brown"}
    assert max(p.hair_curl for p in people) < 0.75
