"""The main job, on real faces: one recording in, one analysis out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import mien.analysis
from mien import InputError, Progress, analyze
from mien.analysis import PICTURE, PLAYBACK, _again, _note_blinks, _plan
from mien.anatomy import REGIONS
from mien.events import ActionUnit, Analysis, Event, Span
from mien.face import CROP, FaceFrame, TrackerSettings
from mien.inputs import Clip, InputSpec
from mien.modelfile import ModelMetadata, write_metadata
from mien.recognition import AuRules, Recognition
from mien.report import to_json
from mien.spotting import SPOTTERS, FirstFrame, Mdmd, RegionFlow, RegionNet, Spotting, tunables_of
from mien.video import open_video, write_video

PLAIN: dict[str, Any] = {"spotter": "region-flow", "recognizer": "au-rules"}
"""What needs no trained model; what these say of the clips is known well."""


@pytest.fixture(scope="session")
def analysed(real_clips: Path) -> Callable[..., Analysis]:
    """``analysed(name, **options)``: each is analysed once."""

    @cache
    def run(name: str, **options: Any) -> Analysis:
        return analyze(real_clips / name, **{**PLAIN, **options})

    return run


@pytest.fixture(scope="session")
def smile(analysed: Callable[..., Analysis]) -> Analysis:
    """72 frames at 30 a second: neutral, a smile from frame 16 on, a blink within it."""
    return analysed("single_face.mp4")


@pytest.fixture(scope="session")
def entrance(analysed: Callable[..., Analysis]) -> Analysis:
    """A part, in the middle of a recording of uneven rate: nobody, then from frame 98 on a face."""
    return analysed("noface_face.mov", start=3.0, end=5.0)


@pytest.fixture(scope="session")
def short(real_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 frames of a face, small."""
    with open_video(real_clips / "single_face.mp4") as reader:
        frames = [frame.rgb for frame in reader.read(0, 19)]
    return write_video(tmp_path_factory.mktemp("short") / "short.mp4", frames, 30)


@pytest.fixture(params=["smile", "entrance"])
def either(request: pytest.FixtureRequest) -> Analysis:
    found: Analysis = request.getfixturevalue(request.param)
    return found


# ---------------------------------------------------------------------- what is found


def test_a_smile(smile: Analysis) -> None:
    (event,) = smile.found
    assert event.kind == "macro"
    assert 14 <= event.onset <= 18
    assert event.onset < event.apex <= 45
    assert event.offset >= 60
    assert event.emotion == "happiness"
    assert event.confidence >= 0.25
    assert (event.action_units[0].au, event.action_units[0].side) == (12, "both")
    corner = next(r for r in event.regions if r.region == "mouth_corner_left")
    assert corner.dx > 0 > corner.dy


def test_a_blink_is_no_event(smile: Analysis) -> None:
    (blink,) = smile.blinks
    assert blink.reason == "blink"
    assert blink.first <= 27 <= blink.last
    assert blink.note == "During event 1."
    assert smile.timeline.eye_openness[27] < 0.85 < smile.timeline.eye_openness[:20].min()


def test_a_face_that_comes_into_the_picture(entrance: Analysis) -> None:
    frame, state = entrance.timeline.frame, entrance.timeline.state
    assert frame[0] == 73
    first = frame[np.flatnonzero(state == "ok")[0]]
    assert 96 <= first <= 101
    assert entrance.unscored[0].reason == "lost"
    assert (entrance.unscored[0].first, entrance.unscored[0].last) == (73, first - 1)
    assert entrance.unscored[0].start_s >= 3.0
    assert all(e.onset > first for e in entrance.found)
    assert any(u.au == 12 for e in entrance.found for u in e.action_units)


# ---------------------------------------------------------------------- what holds for every analysis


def test_the_timeline(either: Analysis) -> None:
    line, n = either.timeline, len(either.timeline)
    assert line.regions == tuple(r.key for r in REGIONS)
    for column in (
        line.frame,
        line.time,
        line.score,
        line.state,
        line.quality,
        line.eye_openness,
        line.threshold,
    ):
        assert column.shape == (n,)
    assert line.region_motion.shape == (n, len(REGIONS))
    assert (line.frame.dtype, line.time.dtype) == (np.int64, np.float64)
    for column in (line.score, line.quality, line.eye_openness, line.threshold, line.region_motion):
        assert column.dtype == np.float32
    assert (np.diff(line.frame) > 0).all()
    assert (np.diff(line.time) > 0).all()
    assert (line.threshold > 0).all()
    assert ((line.quality >= 0) & (line.quality <= 1)).all()
    assert (line.quality[line.state == "lost"] == 0).all()
    assert np.isnan(line.eye_openness[line.state == "lost"]).all()


def test_scores_are_where_the_face_is(either: Analysis) -> None:
    line = either.timeline
    bad = line.state != "ok"
    assert np.isnan(line.score[bad]).all()
    assert np.isnan(line.region_motion[bad]).all()
    runs = [(a, b) for a, b in _runs(~bad) if b - a >= 3]
    assert runs
    for a, b in runs:
        assert np.isfinite(line.score[a:b]).all()
        assert np.isfinite(line.region_motion[a:b]).all()
        assert (line.score[a:b] >= 0).all()
        assert (line.region_motion[a:b] >= 0).all()


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def test_unscored_spans_are_the_other_frames(either: Analysis) -> None:
    line = either.timeline
    assert [s.first for s in either.unscored] == sorted(s.first for s in either.unscored)
    told = np.full(len(line), "ok", "U8")
    for span in either.unscored:
        inside = (line.frame >= span.first) & (line.frame <= span.last)
        assert (told[inside] == "ok").all(), "two spans overlap"
        told[inside] = span.reason
        assert _seconds(line, span.first, span.last) == (span.start_s, span.end_s)
    assert told.tolist() == line.state.tolist()


def _seconds(line: Any, *frames: int) -> tuple[float, ...]:
    return tuple(float(line.time[np.flatnonzero(line.frame == f)[0]]) for f in frames)


def test_events_lie_on_frames(either: Analysis) -> None:
    line = either.timeline
    assert either.found
    assert [e.onset for e in either.found] == sorted(e.onset for e in either.found)
    for event in either.found:
        assert line.frame[0] <= event.onset <= event.apex <= event.offset <= line.frame[-1]
        assert _seconds(line, event.onset, event.apex, event.offset) == (
            event.onset_s,
            event.apex_s,
            event.offset_s,
        )
        assert event.score >= 1
        frame_s = 1 / either.source.fps
        assert (event.kind == "micro") == (event.duration_s <= 0.5 + frame_s / 2)
        assert sum(event.probabilities.values()) == pytest.approx(1)
        assert event.emotion == "undecided" or event.confidence <= event.probabilities[event.emotion]
        assert {r.region for r in event.regions} <= set(line.regions)


def test_blinks_lie_on_frames(either: Analysis) -> None:
    for blink in either.blinks:
        assert _seconds(either.timeline, blink.first, blink.last) == (blink.start_s, blink.end_s)


def test_pictures(either: Analysis) -> None:
    assert len(either.pictures) == len(either.found)
    for event, shots in zip(either.found, either.pictures, strict=True):
        for data, side in [(p, PICTURE) for p in (shots.onset, shots.apex, shots.offset)] + [
            (p, PLAYBACK) for p in shots.playback
        ]:
            assert data[:2] == b"\xff\xd8"
            assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (side, side, 3)
        assert 0 <= shots.marks[0] <= shots.marks[1] <= shots.marks[2] < len(shots.playback) <= 60
        assert 0 < shots.playback_fps <= either.source.fps
        # consecutive frames, thinned out: the marks are as far apart as the frames
        step = either.source.fps / shots.playback_fps
        assert step == pytest.approx(round(step))
        assert (shots.marks[2] - shots.marks[0]) * step == pytest.approx(event.offset - event.onset, abs=step)
        assert shots.motion.dtype == np.float16
        side = shots.motion.shape[0]
        assert shots.motion.shape == (side, side, 2)
        assert side <= PICTURE
        assert np.isfinite(shots.motion).all()


def test_pictures_show_the_event(smile: Analysis) -> None:
    (shots,) = smile.pictures

    def grey(data: bytes) -> np.ndarray:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE).astype(float)

    mouth = (slice(PICTURE * 5 // 8, None), slice(PICTURE // 5, -PICTURE // 5))
    onset, apex = (grey(p)[mouth] for p in (shots.onset, shots.apex))
    assert np.abs(apex - onset).mean() > 3
    # the playback holds the same pictures where the marks are
    small = [
        cv2.resize(grey(p), (PLAYBACK, PLAYBACK), interpolation=cv2.INTER_AREA)
        for p in (shots.onset, shots.apex)
    ]
    for still, mark in zip(small, shots.marks, strict=False):
        differences = [np.abs(still - grey(p)).mean() for p in shots.playback]
        assert abs(int(np.argmin(differences)) - mark) <= 1
    # the corners of the mouth go up and outwards
    corner = next(r for r in smile.found[0].regions if r.region == "mouth_corner_left")
    ys, xs = np.mgrid[: shots.motion.shape[0], : shots.motion.shape[1]] / shots.motion.shape[0]
    right_half = shots.motion[(ys > 0.6) & (ys < 0.85) & (xs > 0.55) & (xs < 0.75)].astype(float).mean(axis=0)
    assert right_half @ (corner.dx, corner.dy) > 0


def test_the_source(smile: Analysis, entrance: Analysis, real_clips: Path) -> None:
    source = smile.source
    assert source.path == real_clips / "single_face.mp4"
    assert (source.name, source.width, source.height, source.codec) == ("single_face", 640, 360, "h264")
    assert (source.n_frames, source.first_frame, source.fps, source.claimed_fps) == (72, 0, 30, 30)
    assert source.duration_s == pytest.approx(2.4)
    assert not source.variable_fps
    assert len(source.sha256) == 64
    assert entrance.source.variable_fps
    assert entrance.source.first_frame == 73
    assert entrance.source.n_frames == len(entrance.timeline)
    assert entrance.source.duration_s == pytest.approx(2, abs=2 / entrance.source.fps)


def test_findings(smile: Analysis, entrance: Analysis) -> None:
    assert {f.topic: f.level for f in smile.findings} == {
        "frame_rate": "warning", "face_size": "good", "flicker": "good", "light": "good",
        "compression": "good", "scored": "good",
    }  # fmt: skip
    share = next(f for f in entrance.findings if f.topic == "scored")
    assert share.value == pytest.approx(100 * np.mean(entrance.timeline.state == "ok"))


def test_a_film_that_was_compressed_hard_is_told(
    smile: Analysis, real_clips: Path, tmp_path: Path, analysed: Callable[..., Analysis]
) -> None:
    def compression(analysis: Analysis) -> list[tuple[str, float | None]]:
        return [(f.level, f.value) for f in analysis.findings if f.topic == "compression"]

    with open_video(real_clips / "single_face.mp4") as reader:
        frames = [frame.rgb for frame in reader]
    small = write_video(tmp_path / "small.mp4", frames, 30, codec="libx264", options={"crf": "45"})
    ((before, little),) = compression(smile)
    ((after, much),) = compression(analyze(small, pictures=False, **PLAIN))
    assert before == "good"
    assert after != "good"
    assert little is not None
    assert much is not None
    assert much > little + 0.25
    assert compression(analysed("single_face.mp4", spotter="first-frame")) == []  # measures no positions


def test_what_was_run_is_written_down(smile: Analysis, entrance: Analysis) -> None:
    settings = smile.settings
    assert settings["spotter"] == {
        "name": "region-flow",
        "paper": RegionFlow.paper,
        **tunables_of(RegionFlow()),
    }
    rules = AuRules()
    assert settings["recognizer"] == {
        "name": rules.name, "kind": "rules", "statement": rules.statement, **tunables_of(rules),
    }  # fmt: skip
    assert settings["tracker"] == tunables_of(TrackerSettings())
    assert (settings["face"], settings["fps"], settings["start_s"], settings["end_s"]) == (
        1,
        None,
        None,
        None,
    )
    assert {"mien", "python", "opencv", "numpy"} <= set(settings["versions"])
    assert (entrance.settings["start_s"], entrance.settings["end_s"]) == (3.0, 5.0)


# ---------------------------------------------------------------------- options


def test_the_same_twice(smile: Analysis, real_clips: Path) -> None:
    again = analyze(real_clips / "single_face.mp4", **PLAIN)
    assert to_json(again) == to_json(smile)
    for column in (
        "frame",
        "time",
        "score",
        "state",
        "quality",
        "eye_openness",
        "region_motion",
        "threshold",
    ):
        np.testing.assert_array_equal(getattr(again.timeline, column), getattr(smile.timeline, column))
    for ours, theirs in zip(again.pictures, smile.pictures, strict=True):
        assert ours.playback == theirs.playback
        assert (ours.onset, ours.apex, ours.offset) == (theirs.onset, theirs.apex, theirs.offset)
        assert np.array_equal(ours.motion, theirs.motion)


def test_a_part_keeps_its_numbers(analysed: Callable[..., Analysis], smile: Analysis) -> None:
    part = analysed("single_face.mp4", start=0.4, end=2.0)
    assert part.timeline.frame.tolist() == list(range(12, 60))
    assert part.timeline.time.tolist() == smile.timeline.time[12:60].tolist()
    assert (part.source.first_frame, part.source.n_frames) == (12, 48)
    assert part.source.duration_s == pytest.approx(1.6)
    assert part.source.sha256 == smile.source.sha256
    (event,) = part.found
    assert abs(event.onset - smile.found[0].onset) <= 2
    assert event.offset == 59
    assert event.open_end
    assert event.action_units[0].au == 12
    (blink,) = part.blinks
    assert blink.first <= 27 <= blink.last


def test_a_faster_camera(analysed: Callable[..., Analysis], smile: Analysis) -> None:
    """The same frames at four times the rate: everything takes a quarter of the time."""
    fast = analysed("single_face.mp4", fps=120.0)
    assert fast.timeline.frame.tolist() == smile.timeline.frame.tolist()
    assert fast.timeline.time == pytest.approx(smile.timeline.time / 4)
    assert fast.source.fps == 120
    assert fast.source.claimed_fps == 30
    assert fast.source.duration_s == pytest.approx(0.6)
    assert fast.settings["fps"] == 120
    (event,), (slow,) = fast.found, smile.found
    assert event.duration_s == pytest.approx(slow.duration_s / 4, rel=0.1)
    assert event.kind == "micro"
    (blink,) = fast.blinks
    assert blink.first <= 27 <= blink.last
    assert {f.topic: f.level for f in fast.findings}["frame_rate"] == "good"


def test_progress_and_no_pictures(real_clips: Path) -> None:
    told: list[Progress] = []
    found = analyze(real_clips / "single_face.mp4", end=1.2, pictures=False, progress=told.append, **PLAIN)
    assert found.found
    assert found.pictures == ()
    assert found.found[0].action_units[0].au == 12  # judged all the same
    stages = list(dict.fromkeys(p.stage for p in told))
    assert stages == ["looking for the face", "measuring motion", "looking at events"]
    assert [stages.index(p.stage) for p in told] == sorted(stages.index(p.stage) for p in told)
    assert {p.item for p in told} == {"single_face"}
    for stage in stages:
        steps = [p for p in told if p.stage == stage]
        done = [p.done for p in steps]
        assert done == sorted(set(done)), stage
        assert all(p.total is None or 0 <= p.done <= p.total for p in steps)
    ends = {p.stage: (p.done, p.total) for p in told}
    assert ends["measuring motion"] == (36, 36)
    assert ends["looking at events"] == (len(found.found), len(found.found))


def test_a_progress_hook_may_stop_it(short: Path) -> None:
    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyze(short, progress=stop)


@pytest.mark.parametrize("spotter", SPOTTERS)
def test_every_spotter_runs_to_the_end(analysed: Callable[..., Analysis], spotter: str) -> None:
    found = analysed("single_face.mp4", spotter=spotter)
    assert found.settings["spotter"]["name"] == spotter
    assert found.timeline.score.shape == (72,)
    assert np.isfinite(found.timeline.score).mean() > 0.5
    assert (found.timeline.threshold > 0).all()
    for event in found.found:
        assert 0 <= event.onset <= event.apex <= event.offset < 72
        assert _seconds(found.timeline, event.onset, event.offset) == (event.onset_s, event.offset_s)
        assert event.probabilities
    assert len(found.pictures) == len(found.found)


def test_what_comes_with_mien_is_the_default(smile: Analysis, real_clips: Path) -> None:
    found = analyze(real_clips / "single_face.mp4", pictures=False)
    assert found.settings["spotter"]["name"] == "region-net"
    assert found.settings["recognizer"]["name"] == "three-emotions"
    (event,), (known,) = found.found, smile.found
    assert event.kind == "macro"
    assert abs(event.onset - known.onset) <= 6
    assert event.probabilities.keys() == {"negative", "positive", "surprise"}
    assert event.emotion in ("positive", "undecided")
    assert any(unit.au in (6, 12) for unit in event.action_units)


def test_a_spotter_of_ones_own(real_clips: Path) -> None:
    blunt = RegionFlow(floor=0.5, macro_floor=0.5)
    found = analyze(real_clips / "single_face.mp4", spotter=blunt)
    assert found.found == ()
    assert found.pictures == ()
    assert found.settings["spotter"]["floor"] == 0.5
    assert found.timeline.score.max() < 0.2
    assert len(found.events) == 0


def test_a_stranger_as_spotter_and_recogniser(short: Path) -> None:
    @dataclass(frozen=True)
    class Sevens:
        every: int = 7
        name: ClassVar[str] = "sevens"
        paper: ClassVar[str] = "none"

        def begin(self, fps: float) -> Any:
            return Session(self.every)

    @dataclass
    class Session:
        every: int
        seen: list[FaceFrame] = field(default_factory=list)

        def push(self, frame: FaceFrame) -> None:
            self.seen.append(frame)

        def finish(self, states: list[Any], blinks: tuple[Span, ...]) -> Spotting:
            n = len(self.seen)
            cut = [self.seen[i] for i in range(0, n - 3, self.every)]
            events = tuple(
                Event(
                    f.index, f.index + 1, f.index + 3, f.time, f.time + 1 / 30, f.time + 0.1, "micro", 1.0,
                    notes=("Seventh.",),
                )
                for f in cut
            )  # fmt: skip
            still, motion = np.ones(n, np.float32), np.zeros((n, len(REGIONS)), np.float32)
            return Spotting(still, still, motion, events, (Span(0, 1, 0.0, 1 / 30, "blink"),))

    clips: list[Clip] = []

    @dataclass(frozen=True)
    class Stoic:
        calm: float = 0.8
        name: ClassVar[str] = "stoic"
        kind: ClassVar[Literal["rules", "model"]] = "model"
        statement: ClassVar[str] = "It is always calm."
        labels: ClassVar[tuple[str, ...]] = ("calm", "others")

        def recognize(self, clip: Clip) -> Recognition:
            clips.append(clip)
            return Recognition(
                {"calm": 0.8, "others": 0.2}, "calm", 0.5, (ActionUnit(24, "both", 0.5),), notes=("Calm.",)
            )

    found = analyze(short, spotter=Sevens(), recognizer=Stoic())
    assert [(e.onset, e.apex, e.offset) for e in found.found] == [(0, 1, 3), (7, 8, 10), (14, 15, 17)]
    assert found.settings["spotter"] == {"name": "sevens", "paper": "none", "every": 7}
    assert found.settings["recognizer"]["calm"] == 0.8
    assert found.settings["recognizer"]["statement"] == "It is always calm."
    for event in found.found:
        assert (event.emotion, event.confidence, event.notes) == ("calm", 0.5, ("Seventh.", "Calm."))
        assert event.probabilities == {"calm": 0.8, "others": 0.2}
        assert event.action_units == (ActionUnit(24, "both", 0.5),)
    # each saw the whole of this short film, with its own event in it; then with each region covered in turn
    assert len(clips) == 3 * (1 + len(REGIONS))
    assert all(event.sensitivity == dict.fromkeys((r.key for r in REGIONS), 0.0) for event in found.found)
    clips = clips[:: 1 + len(REGIONS)]
    assert sorted((c.onset, c.apex, c.offset) for c in clips) == [(0, 1, 3), (7, 8, 10), (14, 15, 17)]
    for clip in clips:
        assert clip.frames.shape == (20, CROP, CROP)
        assert clip.fps == 30
        assert clip.landmarks is not None
        assert clip.landmarks.shape[0] >= 468
    assert len(found.pictures) == 3


@pytest.mark.parametrize(("side", "colour"), [(96, "grey"), (160, "rgb")])
def test_a_model_file_as_recogniser(
    real_clips: Path, tmp_path: Path, side: int, colour: Literal["grey", "rgb"]
) -> None:
    """One that looks at the brightness of the apex; its crops are as sharp and coloured as in training."""
    channels = 1 if colour == "grey" else 3
    nodes = [
        helper.make_node("ReduceMean", ["apex"], ["level"], axes=[1, 2, 3, 4], keepdims=0),
        helper.make_node("Unsqueeze", ["level", "one"], ["p"]),
        helper.make_node("Sub", ["full", "p"], ["q"]),
        helper.make_node("Concat", ["p", "q"], ["probabilities"], axis=1),
        helper.make_node("ReduceMean", ["apex"], ["where"], axes=[1, 2], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "brightness",
        [helper.make_tensor_value_info("apex", TensorProto.FLOAT, [1, 1, channels, side, side])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, 2]),
            helper.make_tensor_value_info("where", TensorProto.FLOAT, [1, side, side]),
        ],
        [numpy_helper.from_array(np.array([1]), "one"), numpy_helper.from_array(np.float32([[1]]), "full")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    spec = InputSpec((side, side), part="apex", colour=colour)
    told = ModelMetadata(
        "brightness", "recognition", ("bright", "dark"), {"apex": spec}, evidence={"where": "apex"}
    )
    path = write_metadata(proto, told, tmp_path / "brightness.onnx")

    found = analyze(real_clips / "single_face.mp4", end=1.2, spotter="region-flow", recognizer=str(path))
    assert found.settings["recognizer"]["name"] == "brightness.onnx"
    assert found.settings["recognizer"]["kind"] == "model"
    assert len(found.settings["recognizer"]["sha256"]) == 64
    assert len(found.found) == len(found.pictures) >= 1
    for event, pictures in zip(found.found, found.pictures, strict=True):
        assert set(event.probabilities) == {"bright", "dark"}
        assert set(event.sensitivity) == {r.key for r in REGIONS}
        assert 0 < max(abs(fall) for fall in event.sensitivity.values()) < 0.05
        shown = pictures.maps["where"]
        assert shown.shape == (CROP, CROP)
        # the map is the picture itself: the crop that the report shows as the apex
        still = cv2.imdecode(np.frombuffer(pictures.apex, np.uint8), cv2.IMREAD_COLOR).mean(axis=2) / 255
        small = cv2.resize(still, (CROP, CROP), interpolation=cv2.INTER_AREA)
        assert np.corrcoef(small.ravel(), shown.astype(np.float64).ravel())[0, 1] > 0.98
        assert event.probabilities["bright"] == pytest.approx(float(small.mean()), abs=0.03)
    options = {"spotter": "region-flow", "recognizer": str(path), "pictures": False}
    hidden = analyze(real_clips / "single_face.mp4", end=1.2, **options)
    assert hidden.found == found.found
    assert hidden.pictures == ()


def test_an_event_that_begins_where_no_face_is(real_clips: Path) -> None:
    """A spotter may let it: the crop, and the face's layout, are then those of the next face."""

    @dataclass(frozen=True)
    class Early:
        name: ClassVar[str] = "early"
        paper: ClassVar[str] = "none"

        def begin(self, fps: float) -> Any:
            seen: list[FaceFrame] = []

            def finish(states: list[Any], blinks: tuple[Span, ...]) -> Spotting:
                n, a = len(seen), states.index("ok")
                parts = [seen[i] for i in (a - 2, a + 3, a + 6)]
                event = Event(*(p.index for p in parts), *(p.time for p in parts), "micro", 1.0)
                still = np.ones(n, np.float32)
                return Spotting(still, still, np.zeros((n, len(REGIONS)), np.float32), (event,))

            return SimpleNamespace(push=seen.append, finish=finish)

    found = analyze(real_clips / "noface_face.mov", start=3.4, end=4.3, spotter=Early())
    (event,) = found.found
    assert event.onset < event.apex
    assert event.probabilities
    assert len(found.pictures) == 1


def test_another_tracker(short: Path) -> None:
    strict = TrackerSettings(smallest=10_000.0)
    found = analyze(short, tracker=strict)
    assert set(found.timeline.state.tolist()) == {"small"}
    assert [s.reason for s in found.unscored] == ["small"]
    assert np.isnan(found.timeline.score).all()
    assert found.found == ()
    assert found.settings["tracker"]["smallest"] == 10_000


# ---------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"face": 0}, "counted from 1"), ({"face": -1}, "counted from 1"),
        ({"face": 2}, "face number 2 that is steadily there could not be found"),
        ({"spotter": "psychic"}, "no spotter 'psychic'; choose one of region-net, region-flow"),
        ({"recognizer": "psychic"}, "no recogniser 'psychic'; choose one of three-emotions, au-rules"),
        ({"fps": 0.0}, "frame rate"), ({"fps": float("nan")}, "frame rate"),
        ({"start": 2.0, "end": 1.0}, "start before it ends"), ({"start": 99.0}, "only 0.667 s long"),
    ],
)  # fmt: skip
def test_what_makes_no_sense(short: Path, options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        analyze(short, **options)


def test_names_are_checked_before_the_film_is_opened(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no spotter"):
        analyze(tmp_path / "no such film.mp4", spotter="psychic")


def test_no_face(real_clips: Path) -> None:
    with pytest.raises(InputError, match=r"face could (not )?be (found|followed)"):
        analyze(real_clips / "no_face.mp4", end=1.0)


def test_a_film_that_reads_differently_the_second_time(
    real_clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mien.analysis, "_again", lambda *_: iter(()))
    with pytest.raises(InputError, match="could not be read a second time"):
        analyze(real_clips / "single_face.mp4", end=1.2, **PLAIN)


# ---------------------------------------------------------------------- the second pass, by hand


def plan(
    onset: int, offset: int, seen: np.ndarray, fps: float = 30.0, *, first: int = 0, pictures: bool = True
) -> Any:
    frame = np.arange(first, first + len(seen))
    event = Event(first + onset, first + onset + 1, first + offset, 0, 0, 0, "micro", 1.0)
    return _plan(event, frame, seen, fps, 60 if pictures else 0)


def test_margins_as_far_as_the_face_is_seen() -> None:
    seen = np.ones(200, bool)
    shot = plan(100, 110, seen, first=1000)
    assert (shot.onset, shot.apex, shot.offset) == (100, 101, 110)  # positions, not frame numbers
    assert (shot.first, shot.stop) == (68, 143)
    seen[[80, 90, 120, 130]] = False
    shot = plan(100, 110, seen)
    assert (shot.first, shot.stop) == (91, 120)
    seen[105] = False  # within the event: no matter
    assert (plan(100, 110, seen).first, plan(100, 110, seen).stop) == (91, 120)
    seen[[99, 111]] = False
    assert (plan(100, 110, seen).first, plan(100, 110, seen).stop) == (100, 111)
    shot = plan(0, 199, np.ones(200, bool))
    assert (shot.first, shot.stop) == (0, 200)


def test_playback_is_thinned_out() -> None:
    shot = plan(100, 110, np.ones(200, bool))
    assert shot.step == 1
    assert sorted(shot.shown) == list(range(91, 120))  # 0.3 s on either side
    for length in (42, 43, 100, 500, 4000):
        shot = plan(50, 50 + length, np.ones(length + 200, bool))
        assert len(shot.shown) <= 60
        assert len(shot.shown) > 30 or shot.step == 1
        assert set(np.diff(sorted(shot.shown))) == {shot.step}
    assert plan(100, 110, np.ones(200, bool), pictures=False).shown == frozenset()


class Reels:
    """A film that counts what is read of it."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.asked: list[tuple[int, int]] = []

    def read(self, first: int, last: int) -> Iterator[Any]:
        self.asked.append((first, last))
        for i in range(first, min(last, self.n - 1) + 1):
            yield SimpleNamespace(index=i)


def test_each_frame_is_read_once() -> None:
    film = Reels(300)
    found = [
        (p, f.index) for p, f in _again(film, np.arange(100, 200), [(5, 20), (10, 15), (20, 30), (50, 60)])
    ]  # type: ignore[arg-type]
    assert film.asked == [(105, 129), (150, 159)]
    assert found == [(p, p + 100) for p in [*range(5, 30), *range(50, 60)]]
    assert list(_again(film, np.arange(10), [])) == []  # type: ignore[arg-type]


def test_frames_that_were_not_analysed_are_left_out() -> None:
    frame = np.array([3, 5, 6, 9])
    found = [(p, f.index) for p, f in _again(Reels(20), frame, [(0, 4)])]  # type: ignore[arg-type]
    assert found == [(0, 3), (1, 5), (2, 6), (3, 9)]


def test_too_many_events_get_no_pictures(real_clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mien.analysis, "_PICTURED", 0)
    found = analyze(real_clips / "single_face.mp4", end=1.2, **PLAIN)
    assert found.found
    assert found.found[0].probabilities
    assert found.pictures == ()


def test_what_is_said_of_blinks() -> None:
    def blink(first: int, last: int, note: str = "") -> Span:
        return Span(first, last, 0.0, 0.0, "blink", note)

    def event(onset: int, offset: int) -> Event:
        return Event(onset, onset, offset, 0, 0, 0, "micro", 1.0)

    events = [event(10, 20), event(18, 40)]
    rejected = (blink(50, 55),)
    blinks = (
        blink(2, 9), blink(5, 10), blink(19, 19), blink(40, 44, "Long."), blink(41, 44),
        blink(55, 60), blink(56, 60),
    )  # fmt: skip
    taken = "The motion around the eyes was taken for this blink and not reported."
    assert [b.note for b in _note_blinks(blinks, events, rejected)] == [
        "", "During event 1.", "During event 1 and 2.", "Long. During event 2.", "", taken, "",
    ]  # fmt: skip


# ---------------------------------------------------------------------- to files


def test_save(smile: Analysis, tmp_path: Path) -> None:
    report = smile.save(tmp_path / "out")
    files = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert files == ["analysis.json", "events.csv", "frames.csv", "report.html"]
    assert "image/jpeg" in report.read_text(encoding="utf-8")
    assert len((tmp_path / "out" / "frames.csv").read_text().splitlines()) == 73


def test_a_report_without_faces(smile: Analysis, tmp_path: Path) -> None:
    page = smile.to_html(faces=False)
    assert "jpeg" not in page
    assert "/9j/" not in page  # how a JPEG begins in base 64
    assert "jpeg" in smile.to_html()
    bare = smile.save(tmp_path / "bare", faces=False)
    assert bare.read_text(encoding="utf-8") == page


def test_the_table(smile: Analysis) -> None:
    assert len(smile.events) == 1
    assert smile.of_kind("macro") == smile.found
    assert smile.of_kind("micro") == ()
    assert len(smile.warnings) == 1  # 30 frames a second


def test_torch_stays_asleep(short: Path) -> None:
    code = f"import sys, mien; mien.analyze({str(short)!r}); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_foils_are_who_they_say() -> None:
    assert [RegionNet.label, *(s.name for s in (RegionFlow, Mdmd, FirstFrame))] == list(SPOTTERS)
