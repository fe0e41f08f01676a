"""Scripts: the same from the same seed, each on its own, and true to what they say."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest

from mien.errors import InputError
from mien.labels import map_emotion
from mien.records import Stream, Take
from mien.synthesis.distractors import DistractorSettings
from mien.synthesis.expressions import COARSE, FELT
from mien.synthesis.performance import PerformanceSettings
from mien.synthesis.script import (
    Conditions,
    Script,
    cast,
    clip_script,
    draw_word,
    posed_script,
    recording_script,
)

STREAM = Stream("", 100.0, 64, 64)
QUIET = Conditions(PerformanceSettings(distractors=DistractorSettings.none()))


def plain(script: Script) -> str:
    return json.dumps(script.describe())


def make(product: str, seed: int = 0, person: int = 1, number: int = 1, stream: Stream = STREAM) -> Script:
    if product == "recordings":
        return recording_script(seed, person, number, stream, 5.0)
    if product == "clips":
        return clip_script(seed, person, number, stream)
    return posed_script(seed, person, number, stream, "happiness")


PRODUCTS = ("clips", "recordings", "macro")


# ------------------------------------------------------------ determinism


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_take_can_be_made_at_any_time_and_in_any_order(product: str) -> None:
    alone = plain(make(product, person=3, number=2))
    cast.cache_clear()
    others = [make(product, person=p, number=n) for p in (5, 3, 1) for n in (3, 2, 1)]
    assert plain(others[4]) == alone
    assert len({plain(s) for s in others}) == 9


@pytest.mark.parametrize("product", PRODUCTS)
def test_another_seed_is_another_collection(product: str) -> None:
    one, two = make(product), make(product, seed=1)
    assert one.actor.shape != two.actor.shape
    assert one.take.seed != two.take.seed
    assert plain(one) != plain(two)


def test_takes_of_a_person_share_the_person_and_the_room_and_nothing_else() -> None:
    one, two = make("clips", number=1), make("clips", number=2)
    assert one.actor is two.actor
    assert replace(one.setting.sensor, seed=0) == replace(two.setting.sensor, seed=0)
    assert one.setting.sensor.seed != two.setting.sensor.seed
    assert one.setting.light == two.setting.light
    assert one.setting.wall == two.setting.wall
    assert one.performance != two.performance
    assert one.take.seed != two.take.seed


_DIGEST = """
import hashlib, sys
from mien.records import Stream
from mien.synthesis.script import recording_script
digest = hashlib.sha256()
for person in (1, 2):
    script = recording_script(0, person, 1, Stream("", 50.0, 96, 80), 4.0)
    digest.update(repr(script.describe()).encode())
    film = script.film()
    for i in (0, 60, 111):
        digest.update(film.frame(i).tobytes())
    digest.update(film.flow(0, 111)[0].tobytes())
print(digest.hexdigest())
"""


def test_the_number_of_threads_of_numpy_changes_nothing() -> None:
    """Workers have fewer threads to themselves than a single process; sums must not depend on that."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _DIGEST],
            env={**os.environ, **dict.fromkeys(names, threads)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for threads in ("1", "3")
    ]
    one, two = (run.communicate()[0].strip() for run in runs)
    assert len(one) == 64
    assert one == two


# ------------------------------------------------------------ several cameras


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_same_performance_before_several_cameras(product: str) -> None:
    fast, slow = Stream("HS", 200.0, 64, 64), Stream("NIR", 25.0, 48, 48, "nir")
    one, two = (make(product, person=2, stream=s) for s in (fast, slow))
    assert one.performance == two.performance
    assert one.setting != two.setting
    assert two.setting.sensor.colour == "nir"
    assert len(one.take.expressions) == len(two.take.expressions) > 0
    frame = 1 / 25
    for a, b in zip(one.take.expressions, two.take.expressions, strict=True):
        assert (a.kind, a.emotion, a.units, a.intensity) == (b.kind, b.emotion, b.units, b.intensity)
        for name in ("onset", "apex", "offset"):
            seconds = getattr(a, name) / 200 + one.start_s, getattr(b, name) / 25 + two.start_s
            assert abs(seconds[0] - seconds[1]) <= frame + 1e-9
    if product == "recordings":
        assert one.take.n_frames / 200 == pytest.approx(two.take.n_frames / 25, abs=frame)
        assert len(one.take.blinks) == len(two.take.blinks) > 0


def test_what_is_switched_off_leaves_the_rest_as_it_was() -> None:
    both = (recording_script(4, 1, 1, STREAM, 5.0, c) for c in (Conditions(), QUIET))
    full, quiet = ([asdict(e) for e in s.take.expressions] for s in both)
    assert full == quiet
    plain_camera = Conditions(noise=False, compression=False, motion_blur=False)
    one, two = (recording_script(4, 1, 1, STREAM, 5.0, c) for c in (Conditions(), plain_camera))
    assert one.performance == two.performance
    assert one.setting.camera == two.setting.camera
    assert one.setting.light == two.setting.light
    assert one.setting.crf > 0
    assert (two.setting.crf, two.setting.sensor.noise, two.setting.sensor.shutter) == (0, 0, 0)


# ------------------------------------------------------------ clips


@pytest.mark.parametrize("fps", [25.0, 60.0, 200.0, 500.0])
@pytest.mark.parametrize("margin", [0, 1, 5])
def test_margins_of_clips_are_exact(fps: float, margin: int) -> None:
    for number in range(1, 6):
        take = clip_script(0, 1, number, replace(STREAM, fps=fps), margin=margin).take
        (expression,) = take.expressions
        assert expression.onset == margin
        assert take.n_frames == expression.offset - expression.onset + 1 + 2 * margin
        assert expression.onset < expression.apex <= expression.offset


def test_a_clip_has_a_quarter_of_a_second_before_and_after() -> None:
    take = clip_script(0, 1, 1, STREAM).take
    (expression,) = take.expressions
    assert expression.onset == 25
    assert take.n_frames - 1 - expression.offset == 25


def test_a_margin_that_asks_for_more_rest_than_there_is_gets_what_there_is() -> None:
    script = clip_script(0, 1, 1, STREAM, margin=1000)
    (expression,) = script.take.expressions
    assert 30 <= expression.onset <= 50
    assert script.take.n_frames <= script.performance.n_frames(100)
    assert script.start_s == 0


def test_the_truth_of_a_clip_is_where_it_moves() -> None:
    script = clip_script(0, 2, 1, STREAM, QUIET, margin=7)
    (expression,) = script.take.expressions
    times = script.start_s + np.arange(script.take.n_frames) / 100
    moving = np.flatnonzero(script.performance.sample(times).units.any((1, 2)))
    assert expression.onset < moving[0]
    assert moving[-1] <= expression.offset
    assert moving[0] - expression.onset <= 1
    assert script.take.expressions[0].intensity == script.performance.expressions[0].gain


@pytest.mark.parametrize("kind", ["micro", "macro"])
@pytest.mark.parametrize("emotion", ["happiness", "disgust", "negative", None])
def test_a_clip_holds_what_was_asked_for(kind: str, emotion: str | None) -> None:
    script = clip_script(0, 1, 1, STREAM, kind=kind, emotion=emotion)  # type: ignore[arg-type]
    (expression,) = script.take.expressions
    assert expression.kind == kind
    assert expression.emotion in (COARSE.get(emotion) or {emotion} if emotion else FELT)
    assert script.take.product == "clips"
    assert ((expression.offset - expression.onset) / 100 <= 0.52) == (kind == "micro")


def test_a_micro_expression_has_its_size_on_every_head() -> None:
    for person in (1, 2, 3):
        script = clip_script(0, person, 1, STREAM)
        (placed,) = script.performance.expressions
        reach = script.actor.head.reach((placed.gain * placed.plan.at_apex()).astype(np.float32))
        assert reach == pytest.approx(placed.plan.size, rel=1e-3) or placed.gain == 1


def test_intensity_scales_and_nought_is_rest() -> None:
    full, half, none = (clip_script(0, 1, 1, STREAM, replace(QUIET, intensity=i)) for i in (1.0, 0.5, 0.0))
    (a,), (b,), (c,) = (s.take.expressions for s in (full, half, none))
    assert b.intensity == pytest.approx(a.intensity / 2)
    assert c.intensity == 0
    assert (a.onset, a.apex, a.offset) == (b.onset, b.apex, b.offset) == (c.onset, c.apex, c.offset)
    times = np.linspace(0, full.performance.duration_s, 500)
    assert not none.performance.sample(times).units.any()


# ------------------------------------------------------------ poses


@pytest.mark.parametrize("way", ["rise", "peak", "return"])
@pytest.mark.parametrize("fps", [19.0, 30.0])
def test_poses_end_at_the_peak_or_go_back(way: str, fps: float) -> None:
    for number in range(1, 4):
        script = posed_script(0, 1, number, replace(STREAM, fps=fps), "surprise", QUIET, way=way)  # type: ignore[arg-type]
        take = script.take
        (expression,) = take.expressions
        assert take.product == "macro"
        assert (expression.kind, expression.emotion) == ("macro", "surprise")
        times = script.start_s + np.arange(take.n_frames) / fps
        strength = script.performance.sample(times).units.sum((1, 2))
        assert strength[0] == 0
        if way == "return":
            assert expression.apex < take.n_frames - 2
            assert strength[-1] == 0
        else:
            assert expression.apex == expression.offset == take.n_frames - 1
            assert strength[-1] > 0.9 * strength.max()


def test_a_neutral_pose_is_a_face_at_rest() -> None:
    for way in ("rise", "return", "peak"):
        take = posed_script(0, 1, 1, STREAM, "neutral", way=way).take  # type: ignore[arg-type]
        assert take.expressions == ()
        assert take.n_frames >= 2


def test_poses_are_stronger_than_what_happens_to_a_face() -> None:
    posed, shown = (
        make_one(0, 1, 1, STREAM, **how)
        for make_one, how in ((posed_script, {"emotion": "fear"}), (clip_script, {"kind": "micro"}))
    )
    assert posed.take.expressions[0].intensity > 2 * shown.take.expressions[0].intensity


# ------------------------------------------------------------ recordings


def test_a_recording_has_its_length_and_its_expressions() -> None:
    for number in range(1, 5):
        script = recording_script(0, 1, number, STREAM, 6.0)
        take = script.take
        assert take.n_frames == 600
        assert script.performance.duration_s == 6.0
        assert any(e.kind == "micro" for e in take.expressions)
        for e in take.expressions:
            assert 0 <= e.onset < e.apex <= e.offset < take.n_frames
        onsets = [e.onset for e in take.expressions]
        assert onsets == sorted(onsets)


def test_too_short_a_recording_is_refused() -> None:
    with pytest.raises(InputError, match="no room"):
        recording_script(0, 1, 1, STREAM, 0.8)


def test_masked_expressions_say_so() -> None:
    acting = PerformanceSettings(masked=1, macro_rate=0, micro_rate=10)
    roles = set()
    for number in range(1, 6):
        described = recording_script(0, 1, number, STREAM, 12.0, Conditions(acting)).describe()
        roles |= {e["role"] for e in described["performance"]["expressions"]}
    assert roles >= {"masked", "qualified", "neutralised", "cover"}


# ------------------------------------------------------------ words


def test_words_are_the_data_sets_own() -> None:
    three = ("negative", "positive", "surprise")
    for number in range(1, 25):
        felt = clip_script(0, 1, number, STREAM).take.expressions[0]
        said = clip_script(0, 1, number, STREAM, words=three).take.expressions[0]
        assert replace(said, emotion=felt.emotion) == felt
        assert said.emotion in three
        if felt.emotion in (*COARSE["negative"], *COARSE["positive"], "surprise"):
            assert said.emotion == map_emotion(felt.emotion, "three", "casme2")


def test_what_has_no_word_is_others_or_negative_or_the_first() -> None:
    def said(emotion: str, words: tuple[str, ...]) -> str:
        return clip_script(0, 1, 1, STREAM, emotion=emotion, words=words).take.expressions[0].emotion

    assert said("tense", ("happiness", "negative", "others")) == "others"
    assert said("tense", ("happiness", "negative")) == "negative"
    assert said("tense", ("happiness", "anger")) == "happiness"
    assert said("fear", ("fear", "negative")) == "fear"
    assert said("fear", ("others", "negative")) == "negative"


def test_words_are_drawn_by_their_frequencies() -> None:
    frequencies = {"disgust": 3.0, "happiness": 1.0, "neutral": 50.0, "fear": 0.0}
    words = [draw_word(0, p, n, frequencies) for p in range(1, 41) for n in range(1, 21)]
    assert set(words) == {"disgust", "happiness"}
    assert 0.68 < words.count("disgust") / 800 < 0.82
    assert draw_word(0, 7, 3, frequencies) == words[6 * 20 + 2]
    with pytest.raises(InputError, match="no emotion"):
        draw_word(0, 1, 1, {"neutral": 1.0})


# ------------------------------------------------------------ records


@pytest.mark.parametrize("product", PRODUCTS)
def test_describe_is_plain_json(product: str) -> None:
    script = make(product)
    described = script.describe()
    back = json.loads(json.dumps(described))
    assert back == _listed(described)
    assert set(described) == {"take", "actor", "performance", "setting", "start_s"}
    assert back["take"]["n_frames"] == script.take.n_frames
    assert back["setting"]["sensor"]["seed"] == script.setting.sensor.seed
    assert back["actor"]["person"]["age"] == script.actor.person.age
    assert back["start_s"] == script.start_s


def _listed(value: object) -> object:
    """The value with lists for tuples, which JSON does not know; everything else must survive as it is."""
    if isinstance(value, dict):
        return {k: _listed(v) for k, v in value.items()}
    return [_listed(v) for v in value] if isinstance(value, list | tuple) else value


def test_conditions_describe_every_switch() -> None:
    conditions = Conditions(PerformanceSettings(frequencies={"fear": 1.0}), noise=False, intensity=0.5)
    back = json.loads(json.dumps(conditions.describe()))
    assert back["noise"] is False
    assert back["intensity"] == 0.5
    assert back["acting"]["frequencies"] == {"fear": 1.0}
    assert back["acting"]["distractors"]["blinks"]["on"] is True
    assert set(back) == {"acting", "noise", "compression", "motion_blur", "face", "intensity"}


def test_a_script_travels_without_the_head() -> None:
    script = make("clips")
    frame = script.film().frame(2)
    data = pickle.dumps(script)
    assert len(data) < 60_000
    again = pickle.loads(data)
    assert plain(again) == plain(script)
    assert again.take == script.take
    assert (again.film().frame(2) == frame).all()


def test_takes_have_names_and_seeds_of_their_own() -> None:
    takes: list[Take] = [
        clip_script(0, p, n, Stream(key, 50.0, 32, 32)).take
        for p in (1, 2)
        for n in (1, 2)
        for key in ("HS", "NIR")
    ]
    assert len({t.key for t in takes}) == 8
    assert len({t.seed for t in takes}) == 4  # cameras share the take


def test_the_frozen_worlds_seeds_are_no_users() -> None:
    """A seed above 2³² has nothing in common with the small one of the same low half."""
    small, large = cast(5, 1), cast(5 + 2**32, 1)
    assert small.shape != large.shape


def test_surfaces_are_as_fine_as_the_face_is_large() -> None:
    actor = cast(0, 1)
    sizes = [actor.surface(px).albedo.shape[0] for px in (30, 60, 119, 120, 300)]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3
    assert actor.surface(30) is actor.surface(59)
