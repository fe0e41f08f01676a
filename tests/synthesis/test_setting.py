"""Shots: plausible, different, and each part with its switch."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mien.records import Stream
from mien.synthesis.setting import Setting, Wall, draw_setting

STREAM = Stream("", 100.0, 96, 64)


def drawn(seed: int, stream: Stream = STREAM, **options: object) -> Setting:
    return draw_setting(np.random.default_rng(seed), stream, **options)  # type: ignore[arg-type]


def test_the_same_chance_the_same_setting_fit_for_json() -> None:
    assert drawn(1) == drawn(1) != drawn(2)
    back = json.loads(json.dumps(drawn(1).describe()))
    assert back["camera"]["width"] == 96
    assert back["wall"]["kind"] == drawn(1).wall.kind
    assert back["light"]["directions"] == [list(d) for d in drawn(1).light.directions]


def test_the_camera_is_the_streams() -> None:
    for seed in range(40):
        setting = drawn(seed, face=(0.2, 0.3))
        camera = setting.camera
        assert (camera.width, camera.height) == (96, 64)
        assert 0.2 * 64 <= camera.eye_px <= 0.3 * 64
        assert camera.distance >= 7
        assert 0.36 <= camera.y <= 0.46
        assert abs(camera.x - 0.5) < 0.1
        assert drawn(seed, Stream("", 25.0, 64, 64, "nir")).sensor.colour == "nir"


def test_a_tall_picture_keeps_the_face_inside() -> None:
    tall = drawn(0, Stream("", 100.0, 64, 200), face=(0.3, 0.3))
    assert tall.camera.eye_px == pytest.approx(0.3 * 64)


def test_every_switch_switches_off_its_own_part_only() -> None:
    full = drawn(3)
    assert full.crf > 0
    assert full.sensor.noise > 0
    assert full.sensor.blur > 0
    assert full.sensor.shutter > 0
    still = drawn(3, noise=False, compression=False, motion_blur=False)
    assert (still.crf, still.sensor.noise, still.sensor.blur) == (0, 0, 0)
    assert (still.sensor.vignette, still.sensor.shutter) == (0, 0)
    assert still.camera == full.camera
    assert still.light == full.light
    assert still.wall == full.wall


def test_lamps_stand_before_the_face_and_infra_red_has_no_colour() -> None:
    counts = set()
    for seed in range(60):
        light = drawn(seed).light
        counts.add(len(light.directions))
        assert len(light.directions) == len(light.colours)
        np.testing.assert_allclose(np.linalg.norm(light.directions, axis=1), 1)
        _, y, z = light.directions[0]
        assert z < 0  # before the face
        assert y < 0  # above it
        assert min(map(min, (*light.colours, light.sky, light.ground))) > 0
        for r, g, b in drawn(seed, Stream("", 25.0, 64, 64, "nir")).light.colours:
            assert r == g == b
    assert counts == {1, 2, 3}


@pytest.mark.parametrize("kind", ["plain", "gradient", "panel", "room"])
def test_walls(kind: str) -> None:
    wall = Wall(kind, (0.3, 0.2, 0.1), seed=5)
    picture = wall.paint(61, 47)
    assert picture.shape == (47, 61, 3)
    assert picture.dtype == np.float32
    assert 0 < picture.min() <= picture.max() <= 1
    assert (picture == wall.paint(61, 47)).all()
    assert (picture != Wall(kind, (0.3, 0.2, 0.1), seed=6).paint(61, 47)).any()
    np.testing.assert_allclose(picture.mean((0, 1)), (0.3, 0.2, 0.1), rtol=0.6)
    several = [Wall(kind, (0.3, 0.2, 0.1), seed=s).paint(61, 47) for s in range(6)]
    assert (max(p[..., 0].std() / p[..., 0].mean() for p in several) < 0.03) == (kind == "plain")


def test_all_kinds_of_walls_and_shades_occur() -> None:
    walls = [drawn(seed).wall for seed in range(80)]
    assert {w.kind for w in walls} == {"plain", "gradient", "panel", "room"}
    greys = [np.mean(w.colour) for w in walls]
    assert min(greys) < 0.06
    assert max(greys) > 0.4


def test_tiny_pictures_have_walls_too() -> None:
    for size in (1, 2, 5):
        assert Wall("room").paint(size, size).shape == (size, size, 3)
