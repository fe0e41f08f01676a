"""A performance filmed: the truth explains the pictures, and what is switched off leaves no trace."""

from __future__ import annotations

import functools
import gc
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
import pytest

from mien.events import EventKind
from mien.records import Stream
from mien.synthesis.actions import ACTIONS, UNITS
from mien.synthesis.distractors import DistractorSettings, Flicker, Head
from mien.synthesis.film import Film
from mien.synthesis.performance import Motion, PerformanceSettings
from mien.synthesis.script import Conditions, Script, cast, clip_script, recording_script
from mien.synthesis.sensor import Sensor

NONE = DistractorSettings.none()
SWAYING = replace(NONE, head=Head(size=2, drift=3))
PLAIN: dict[str, Any] = {"noise": False, "compression": False, "motion_blur": False, "face": (0.3, 0.36)}
SIDE = 96


@functools.cache
def shot(
    person: int,
    distractors: DistractorSettings = NONE,
    kind: EventKind = "micro",
    intensity: float = 1,
    side: int = SIDE,
) -> Script:
    conditions = Conditions(PerformanceSettings(distractors=distractors), intensity=intensity, **PLAIN)
    emotion = "surprise" if kind == "macro" else None
    return clip_script(0, person, 1, Stream("", 100.0, side, side), conditions, kind=kind, emotion=emotion)


@dataclass
class Acted:
    """Something simple that a face does."""

    unit: int | None = None
    turning: float = 0.0  # radians a second
    gains: dict[float, float] = field(default_factory=dict)

    def sample(self, times: np.ndarray) -> Motion:
        units = np.zeros((len(times), len(UNITS), 2), np.float32)
        pose = np.zeros((len(times), 6), np.float32)
        if self.unit is not None:
            units[:, UNITS.index(self.unit)] = np.clip(times, 0, 1)[:, None]
        pose[:, 0] = self.turning * times
        return Motion(
            units, np.zeros((len(times), len(ACTIONS)), np.float32), pose, np.ones(len(times), "f4")
        )

    def light(self, start_s: np.ndarray, exposure_s: float) -> np.ndarray:
        return np.array([self.gains.get(round(float(s), 6), 1.0) for s in start_s], np.float32)


def acted(acting: Any, *, fps: float = 50.0, sensor: Sensor | None = None, **options: Any) -> Film:
    script = shot(1)
    setting = replace(script.setting, sensor=sensor or script.setting.sensor)
    surface = script.actor.surface(setting.camera.eye_px)
    return Film(script.actor.head, surface, setting, acting, fps=fps, n_frames=40, **options)


def levels(light: np.ndarray) -> np.ndarray:
    return Sensor().expose(light, 0).astype(np.float32)


def on_head(film: Film, index: int) -> np.ndarray:
    return np.asarray(film.depth(index) != 2500)


# ------------------------------------------------------------ flow explains the pictures


@pytest.mark.parametrize("person", [1, 2, 3])
@pytest.mark.parametrize("what", ["micro", "macro", "head", "both"])
def test_warping_by_the_true_flow_reproduces_the_other_frame(person: int, what: str) -> None:
    distractors = SWAYING if what in ("head", "both") else NONE
    script = shot(person, distractors, "macro" if what in ("macro", "both") else "micro", side=160)
    film, (expression,) = script.film(), script.take.expressions
    first, second = (0, len(film) - 1) if what == "head" else (0, expression.apex)
    one, two = (levels(film.light(i, flat=True)) for i in (first, second))
    flow, seen = film.flow(second, first)
    y, x = np.mgrid[:160, :160].astype(np.float32)
    warped = cv2.remap(one, x + flow[..., 0], y + flow[..., 1], cv2.INTER_CUBIC)
    head = on_head(film, second)
    face = film.scene.on_face(film.scene.moment(*_at(film, second)))
    assert seen[head].mean() > 0.97
    assert np.abs(warped - two)[seen].mean() <= 2
    assert np.abs(warped - two)[seen & face].mean() <= 2
    assert np.abs(warped - two)[seen & head].mean() <= 2.5  # hair is finer than pixels
    moving = seen & head & (np.hypot(*flow.transpose(2, 0, 1)) > 0.5)
    if moving.sum() > 100:  # where it moves, the flow is why the pictures agree
        assert np.abs(warped - two)[moving].mean() < 0.7 * np.abs(one - two)[moving].mean()


def _at(film: Film, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    motion = film.acting.sample(np.array([film.time(index)]))
    return motion.units[0], motion.actions[0], motion.pose[0]


def test_the_flow_of_frames_is_the_flow_of_their_moments() -> None:
    script = shot(2, SWAYING)
    film, apex = script.film(), script.take.expressions[0].apex
    flow, seen = film.flow(3, apex)
    again = film.scene.flow(film.scene.moment(*_at(film, 3)), film.scene.moment(*_at(film, apex)))
    assert (flow == again[0]).all()
    assert (seen == again[1]).all()
    moved = film.landmarks(apex) - film.landmarks(3)
    assert np.abs(flow).max() == pytest.approx(np.abs(moved[film.head.visible_skin]).max(), rel=0.2)


def test_light_moves_with_the_face() -> None:
    """With shading the pictures agree less than without, but still: shadows stay small changes."""
    script = shot(1, side=160)
    film, apex = script.film(), script.take.expressions[0].apex
    flow, seen = film.flow(apex, 0)
    y, x = np.mgrid[:160, :160].astype(np.float32)
    error = {}
    for flat in (True, False):
        one, two = (levels(film.light(i, flat=flat)) for i in (0, apex))
        warped = cv2.remap(one, x + flow[..., 0], y + flow[..., 1], cv2.INTER_CUBIC)
        error[flat] = np.abs(warped - two)[seen & on_head(film, apex)].mean()
    assert error[True] < error[False] < 2


# ------------------------------------------------------------ nothing from nothing


@pytest.mark.parametrize("person", [1, 3])
def test_no_intensity_no_motion_at_all(person: int) -> None:
    film = shot(person, intensity=0).film()
    pictures = {film.frame(i).tobytes() for i in range(len(film))}
    assert len(pictures) == 1
    for i in (1, len(film) // 2, len(film) - 1):
        assert (film.flow(0, i)[0] == 0).all()
    still, moving = film, shot(person).film()
    assert (still.frame(0) == moving.frame(0)).all()
    apex = shot(person).take.expressions[0].apex
    assert (still.frame(apex) != moving.frame(apex)).any()
    assert np.abs(moving.flow(0, apex)[0]).max() > 0.1


def test_outside_onset_and_offset_a_face_with_an_expression_rests() -> None:
    script = shot(2)
    film, (expression,) = script.film(), script.take.expressions
    rest = film.frame(0)
    assert 5 < expression.onset < expression.offset < len(film) - 5
    for i in (0, expression.onset, expression.offset + 1, len(film) - 1):
        assert (film.frame(i) == rest).all()
    assert (film.frame(expression.apex) != rest).any()


# ------------------------------------------------------------ time


def test_frames_do_not_depend_on_the_order_or_on_threads() -> None:
    conditions = Conditions(face=(0.3, 0.36))
    make = functools.partial(recording_script, 0, 1, 1, Stream("", 60.0, 64, 64), 4.0, conditions)
    indices = [*range(0, 240, 11)]
    in_order = {i: make().film().frame(i) for i in indices}
    film = make().film()
    backwards = {i: film.frame(i) for i in reversed(indices)}
    with ThreadPoolExecutor(4) as pool:
        together = dict(zip(indices, pool.map(make().film().frame, indices), strict=True))
    for i in indices:
        assert (in_order[i] == backwards[i]).all()
        assert (in_order[i] == together[i]).all()
    assert len({p.tobytes() for p in in_order.values()}) == len(indices)  # noise alone sees to that


def test_motion_blur_is_the_mean_over_the_exposure_about_the_moment_of_the_truth() -> None:
    film = acted(Acted(turning=4.0), fps=25.0, sensor=Sensor(shutter=0.9))
    blurred = film.light(3)
    exposure = 0.9 / 25
    many = np.linspace(-0.5, 0.5, 41)[:-1] + 0.0125
    mean = np.mean([_instant(film, film.time(3) + s * exposure) for s in many], 0)
    sharp = _instant(film, film.time(3))
    off = np.abs(blurred - mean).mean()
    assert off < 0.35 * np.abs(sharp - mean).mean()
    # an exposure that began at the frame's time, or ended there, would not look like it
    for shift in (-0.5, 0.5):
        late = np.mean([_instant(film, film.time(3) + (s + shift) * exposure) for s in many], 0)
        assert off < 0.35 * np.abs(late - mean).mean()
    # the truth has no blur: it is the middle's
    sharper = acted(Acted(turning=4.0), fps=25.0, sensor=Sensor(shutter=0.0))
    assert (film.flow(0, 3)[0] == sharper.flow(0, 3)[0]).all()
    assert (film.light(3, flat=True) == sharper.light(3, flat=True)).all()


def test_motion_blur_is_the_average_of_its_moments() -> None:
    film = acted(Acted(turning=2.0), fps=25.0, sensor=Sensor(shutter=0.5))
    exposure = 0.5 / 25
    ends = [film.scene.moment(*_pose(film, film.time(3) + s * exposure)).points[:, :2] for s in (-0.5, 0.5)]
    n = round(np.abs(ends[0] - ends[1]).max() / 0.5)
    assert 1 < n < 9
    times = film.time(3) + exposure * ((np.arange(n) + 0.5) / n - 0.5)
    np.testing.assert_allclose(film.light(3), np.mean([_instant(film, t) for t in times], 0), atol=1e-6)


def test_a_still_face_is_not_blurred() -> None:
    film = acted(Acted(), sensor=Sensor(shutter=0.9))
    assert (film.light(2) == acted(Acted(), sensor=Sensor(shutter=0.0)).light(2)).all()


def _pose(film: Film, t: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    motion = film.acting.sample(np.array([t]))
    return motion.units[0], motion.actions[0], motion.pose[0]


def _instant(film: Film, t: float) -> np.ndarray:
    return film.scene.picture(film.scene.moment(*_pose(film, t)))


def test_a_film_may_begin_later_in_the_performance() -> None:
    film, late = acted(Acted(unit=12), fps=50.0), acted(Acted(unit=12), fps=50.0, start_s=0.2, exposed=None)
    assert late.time(3) == pytest.approx(film.time(13))
    np.testing.assert_allclose(late.landmarks(3), film.landmarks(13), atol=1e-4)


# ------------------------------------------------------------ light


def test_brightness_follows_the_light() -> None:
    """Each frame has the gain of its exposure, which begins half an exposure before the frame's time."""
    shutter, fps = 0.5, 50.0
    gains = {round(i / fps - shutter / fps / 2, 6): 1 + 0.2 * np.sin(i) for i in range(1, 12)}
    film = acted(Acted(gains=gains), fps=fps, sensor=Sensor(shutter=shutter), exposed=None)
    rest = film.frame(0).astype(float)
    middling = (rest > 60) & (rest < 170)  # neither rolled off nor in steps
    assert middling.sum() > 1000
    for i, gain in enumerate(gains.values(), 1):
        ratio = (film.frame(i)[middling] / rest[middling]).mean() ** 2.2
        assert ratio == pytest.approx(gain, rel=0.02)


def test_mains_flicker_shows_in_the_frames_as_performed() -> None:
    lamps = replace(NONE, flicker=Flicker(on=True, size=3))
    film = shot(1, lamps).film()
    performed = film.acting.light(np.arange(len(film)) / film.fps, 0.0)
    assert performed.std() > 0.01
    seen = np.array([film.frame(i).mean() for i in range(len(film))])
    assert np.corrcoef(seen, performed)[0, 1] > 0.98
    assert shot(1).film().frame(3).mean() == shot(1).film().frame(0).mean()


def test_cameras_see_colour_grey_or_infra_red() -> None:
    pictures = {}
    for colour in ("rgb", "grey", "nir"):
        film = acted(Acted(), sensor=Sensor(colour=colour))  # type: ignore[arg-type]
        pictures[colour] = film.frame(0)
        assert pictures[colour].dtype == np.uint8
    assert pictures["rgb"].shape == (SIDE, SIDE, 3)
    assert pictures["grey"].shape == pictures["nir"].shape == (SIDE, SIDE)
    skin = film.scene.on_face(film.scene.moment(*_at(film, 0)))
    assert pictures["nir"][skin].mean() > pictures["grey"][skin].mean()


def test_exposure_meets_the_skin_half_way_and_keeps_still() -> None:
    dark, light = acted(Acted(), exposed=0.15), acted(Acted(), exposed=0.4)
    assert dark.frame(0).mean() < light.frame(0).mean()
    gain = light.sensor.exposure / dark.sensor.exposure
    assert gain == pytest.approx((0.4 / 0.15) ** 0.6)
    assert acted(Acted(), exposed=None).sensor.exposure == 1


# ------------------------------------------------------------ crops


def test_the_crop_puts_the_eyes_where_it_says() -> None:
    film = acted(Acted(turning=1.0))
    matrix = film.face_crop(70, 90, eyes=0.5, line=0.3)
    corners = film.landmarks(0)[list(film.head.model.eye_corners(film.head.neutral))] - 0.5
    (ax, ay), (bx, by) = corners @ matrix[:, :2].T + matrix[:, 2]
    assert bx - ax == pytest.approx(0.5 * 70)
    assert (ax + bx) / 2 == pytest.approx(69 / 2)
    assert ay == pytest.approx(by) == pytest.approx(0.3 * 89)
    cut = film.cut(film.frame(0), matrix, 70, 90)
    assert cut.shape == (90, 70, 3)
    assert cut.dtype == np.uint8
    depth = film.cut(film.depth(0), matrix, 70, 90)
    assert depth.dtype == np.uint16


def test_a_film_is_let_go_when_nobody_holds_it() -> None:
    film = shot(1).film()
    film.frame(3)
    film.flow(0, 3)
    gone = weakref.ref(film)
    gc.disable()  # at once, not when Python next looks for cycles
    try:
        del film
        assert gone() is None
    finally:
        gc.enable()


def test_what_is_kept_does_not_grow_with_every_shot() -> None:
    light = np.full((200, 250, 3), 0.2, np.float32)
    Sensor(vignette=0.5).expose(light, 0)
    tracemalloc.start()
    try:
        for i in range(20):
            Sensor(vignette=0.01 * (i + 1)).expose(light, 0)  # every shot has a vignette of its own
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 5 * 4 * 200 * 250


def test_actors_are_cast_once() -> None:
    assert cast(0, 1) is cast(0, 1)
    assert shot(1).actor.head is shot(1, SWAYING).actor.head
