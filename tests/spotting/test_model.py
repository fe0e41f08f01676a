"""Spotting model files: what the file says is done and told, without torch. Scores are worked out by hand."""

from __future__ import annotations

import hashlib
import json
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.anatomy import REGIONS
from mien.errors import InputError
from mien.events import Span
from mien.face import FaceFrame
from mien.inputs import InputSpec
from mien.modelfile import ModelMetadata, write_metadata
from mien.recognition import make_recognizer
from mien.spotting import ModelSpotter, Spotting, make_spotter, tunables_of
from mien.spotting.feature_window import bumps
from mien.spotting.model import _event

FPS = 20.0
FRAME = InputSpec((8, 8), crop="tight", part="apex", normalisation="unit")
GREY = 15 / 255
"""Fifteen grey levels: the floor of the file below."""


def written(
    path: Path,
    spec: InputSpec = FRAME,
    shape: tuple[Any, ...] = ("N", 1, 1, 8, 8),
    output: str = "features",
    tunables: dict[str, Any] | None = None,
    task: Any = "spotting",
) -> Path:
    """Features: the mean of a frame and nothing; probabilities: their softmax."""
    weights = np.zeros((64, 2), np.float32)
    weights[:, 0] = 1 / 64
    nodes = [
        helper.make_node("Flatten", ["frame"], ["flat"]),
        helper.make_node("MatMul", ["flat", "W"], [output]),
        helper.make_node("Softmax", [output], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("frame", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [shape[0], 2]),
            helper.make_tensor_value_info(output, TensorProto.FLOAT, [shape[0], 2]),
        ],
        [numpy_helper.from_array(weights, "W")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    told = ModelMetadata(
        "tiny",
        task,
        ("happiness", "neutral"),
        {"frame": spec},
        paper="Nobody: A network for a test",
        tunables={"floor": GREY} if tunables is None else tunables,
    )
    return write_metadata(proto, told, path)


def face(index: int, level: float, state: Any = "ok") -> FaceFrame:
    return FaceFrame(100 + index, 5 + index / FPS, state, crop=np.full((128, 128), level, np.uint8))


def rise(t: int, apex: int = 30) -> int:
    """0 to 60 grey levels and back within 8 frames."""
    return max(0, 60 - 15 * abs(t - apex))


FACES = [face(t, 100 + rise(t)) for t in range(60)]


def run(
    spotter: ModelSpotter,
    faces: list[FaceFrame] = FACES,
    states: list[Any] | None = None,
    blinks: tuple[Span, ...] = (),
) -> Spotting:
    session = spotter.begin(FPS)
    for one in faces:
        session.push(one)
    return session.finish([one.state for one in faces] if states is None else states, blinks)


def lit(more: int) -> np.ndarray:
    """A face of two halves; of the brighter one a corner grows brighter."""
    crop = np.full((128, 128), 80, np.uint8)
    crop[64:] = 120
    crop[96:, 96:] += np.uint8(more)
    return crop


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("files") / "Tiny.onnx")


def test_by_hand(file: Path) -> None:
    """A window of 0.5 s reaches 5 frames to either side.

    In grey levels the scores are 60 at the apex, then 45, 22.5, 15, 22.5, 30, 22.5, 15 and 7.5 on either
    side: 420 in all, 7 in the mean of 60 frames. Half way from there to 60 lies 33.5; the floor is 15.
    """
    found = run(ModelSpotter(file))
    side = [45, 22.5, 15, 22.5, 30, 22.5, 15, 7.5]
    expected = np.zeros(60)
    expected[22:39] = [*reversed(side), 60, *side]
    np.testing.assert_allclose(found.score, expected / 15, atol=1e-5)
    np.testing.assert_allclose(found.threshold, 33.5 / 15, rtol=1e-5)
    (event,) = found.events
    assert (event.onset, event.apex, event.offset) == (
        127,
        130,
        133,
    )  # a fifth of 60 is not reached: where it is lowest
    assert (event.onset_s, event.apex_s, event.offset_s) == (6.35, 6.5, 6.65)
    assert (event.kind, event.notes, event.open_start, event.open_end) == ("micro", (), False, False)
    assert event.score == pytest.approx(60 / 33.5)
    assert found.score.dtype == found.threshold.dtype == found.region_motion.dtype == np.float32
    assert found.region_motion.shape == (60, len(REGIONS))
    assert np.isnan(found.region_motion).all()


def test_tunables_come_from_the_file_and_from_the_user(file: Path, tmp_path: Path) -> None:
    given = {"floor": 0.5, "share": 0.25, "micro_bar": 3, "macro_bar": 2.0, "window_s": 0.4}
    other = ModelSpotter(written(tmp_path / "b.onnx", tunables=given))
    sha256 = hashlib.sha256(other.path.read_bytes()).hexdigest()
    assert tunables_of(other) == {"path": other.path, **given, "sha256": sha256}
    assert ModelSpotter(other.path, micro_bar=1.0, floor=2.0).micro_bar == 1
    # four floors high: a bar of four lets it pass, of more not; the curve tells which it had to reach
    (event,) = run(ModelSpotter(file, micro_bar=3.99)).events
    assert event.score == pytest.approx(4 / 3.99, rel=1e-5)
    strict = run(ModelSpotter(file, micro_bar=4.01))
    assert strict.events == ()
    assert np.all(strict.threshold == np.float32(4.01))
    # noise as high as the event
    assert run(ModelSpotter(file, floor=61 / 255)).events == ()
    assert len(run(ModelSpotter(file, floor=59 / 255)).events) == 1


def test_changes_wait_for_the_usual_face(tmp_path: Path) -> None:
    """A corner that grows brighter is a change, whatever the light."""
    faces = [replace(one, crop=lit(rise(t))) for t, one in enumerate(FACES)]
    told = {"floor": 0.05, "frames": "change"}
    found = run(ModelSpotter(written(tmp_path / "c.onnx", tunables=told)), faces)
    brighter = [replace(one, crop=30 + one.crop // 2) for one in faces if one.crop is not None]
    same = run(ModelSpotter(tmp_path / "c.onnx"), brighter)
    for spotting in (found, same):
        (event,) = spotting.events
        assert event.apex == 130
    # nothing is well seen: nothing is scored
    nothing = run(ModelSpotter(tmp_path / "c.onnx"), faces, ["blurred"] * 60)
    assert np.isnan(nothing.score).all()
    assert nothing.events == ()


def test_longer_than_half_a_second_is_macro(file: Path) -> None:
    """A window of 1.2 s reaches 12 frames to either side; a pose is held from 34 to 46.

    Frames 35 to 45 differ by 60 from both ends, 34 and 46 from one. Of a flat top the middle counts.
    """
    held = [face(t, 160 if 34 <= t <= 46 else 100) for t in range(80)]
    found = run(ModelSpotter(file, window_s=1.2), held)
    (event,) = found.events
    assert (event.onset, event.apex, event.offset, event.kind) == (134, 140, 146, "macro")
    # each kind has its own bar, and the curve tells which one counted where
    found = run(ModelSpotter(file, window_s=1.2, micro_bar=9.0, macro_bar=3.5), held)
    assert len(found.events) == 1
    assert np.flatnonzero(found.threshold == np.float32(3.5)).tolist() == list(range(34, 47))
    assert set(found.threshold.tolist()) == {3.5, 9.0}
    assert run(ModelSpotter(file, window_s=1.2, macro_bar=4.1), held).events == ()


def test_frames_that_must_not_be_scored(file: Path) -> None:
    states = ["ok"] * 60
    states[10:13] = ["covered"] * 3
    found = run(ModelSpotter(file), states=states)
    # nor those of which either end of the window is one of them
    unknown = [*range(5, 8), *range(10, 13), *range(15, 18)]
    assert np.flatnonzero(np.isnan(found.score)).tolist() == unknown
    assert [e.apex for e in found.events] == [130]
    lost = [FaceFrame(i, i / FPS, "lost") for i in range(60)]
    for faces in (lost, lost[:1], FACES[:1], lost[:30] + FACES[:1]):
        found = run(ModelSpotter(file), faces)
        assert len(found.score) == len(found.threshold) == len(faces)
        assert np.isnan(found.score).all()
        assert found.events == ()


def test_a_still_face_has_no_event_and_a_step_less_than_a_bump(file: Path) -> None:
    still = run(ModelSpotter(file), [face(t, 100) for t in range(60)])
    assert still.events == ()
    assert np.all(still.score == 0)
    step = run(ModelSpotter(file), [face(t, 100 if t < 30 else 160) for t in range(60)])
    assert step.score.max() == pytest.approx(2, rel=1e-5)  # half of a bump's


def test_the_recording_ends_within_an_event(file: Path) -> None:
    (event,) = run(ModelSpotter(file), FACES[:31]).events
    assert (event.offset, event.open_start, event.open_end) == (130, False, True)
    event = run(ModelSpotter(file), FACES[29:]).events[0]
    assert (event.onset, event.apex, event.open_start, event.open_end) == (129, 130, True, False)


@pytest.mark.parametrize(("left", "is_open"), [(0.19, False), (0.21, True), (0.35, True), (0.49, True)])
def test_an_event_ends_and_is_cut_off_at_the_same_height(left: float, is_open: bool) -> None:
    """A score that has fallen to ``left`` of its peak where the face is lost."""
    score = np.array([0, 0.5, 1, 0.7, left, np.nan, np.nan])
    (found,) = bumps(score, 8, floor=0.1)
    assert (found.onset, found.apex, found.offset) == (0, 2, 4)
    event = _event(found, "micro", 1.0, score, np.arange(7), np.arange(7) / FPS, ())
    assert (event.open_start, event.open_end) == (False, is_open)


def test_a_blink_is_named(file: Path) -> None:
    beside = Span(134, 136, 6.7, 6.8, "blink")
    during = Span(120, 128, 6.0, 6.4, "blink")
    assert run(ModelSpotter(file), blinks=(beside,)).events[0].notes == ()
    (note,) = run(ModelSpotter(file), blinks=(beside, during)).events[0].notes
    assert "does not tell a blink" in note


@pytest.mark.parametrize("shape", [(1, 1, 1, 8, 8), (1, 1, 8, 8), ("N", 1, 8, 8)])
def test_however_the_frames_are_fed(shape: tuple[Any, ...], file: Path, tmp_path: Path) -> None:
    other = run(ModelSpotter(written(tmp_path / "b.onnx", shape=shape)))
    np.testing.assert_array_equal(other.score, run(ModelSpotter(file)).score)


def test_what_it_is(file: Path) -> None:
    spotter = make_spotter(str(file))
    assert isinstance(spotter, ModelSpotter)
    assert (spotter.name, spotter.paper) == ("Tiny.onnx", "Nobody: A network for a test")
    again = pickle.loads(pickle.dumps(spotter))
    assert again == spotter
    assert run(again).events == run(spotter).events
    with pytest.raises(AttributeError):
        spotter.floor = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"task": "recognition"}, "for recognition, not for spotting: give it with --recognizer"),
        ({"output": "scores"}, "gives no 'features': train it with mien train smeconvnet"),
        ({"spec": replace(FRAME, crop="given")}, "a data set's own crops"),
        ({"spec": replace(FRAME, part="event")}, "not a single grey frame"),
        ({"shape": (7, 1, 1, 8, 8)}, "is of shape 7 × 1 × 1 × 8 × 8; frames are fed"),
        ({"tunables": {}}, "does not say what is noise"),
        ({"tunables": {"floor": 0.0}}, "floor must be a number above 0, not 0.0"),
        ({"tunables": {"floor": "low"}}, "floor must be a number above 0, not 'low'"),
        ({"tunables": {"floor": 1.0, "share": 2}}, "share must be a number from 0 to 1, not 2"),
        ({"tunables": {"floor": 1.0, "frames": "odd"}}, "frames must be raw or change, not 'odd'"),
        ({"tunables": {"floor": 1.0, "rows": 3}}, "rows must be hidden or classes, not 3"),
        ({"tunables": {"floor": 1.0, "micro_bar": -1.0}}, "micro_bar must be a number of 0 or more"),
    ],
)
def test_files_that_cannot_be_used(more: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.onnx", **more)
    with pytest.raises(InputError, match=message):
        make_spotter(str(path))


def test_no_file_a_damaged_one_and_a_spotter_as_recogniser(file: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no model file .*gone\.ONNX"):
        make_spotter(str(tmp_path / "gone.ONNX"))
    (tmp_path / "half.onnx").write_bytes(file.read_bytes()[:200])
    with pytest.raises(InputError, match="no ONNX model, or a damaged one"):
        make_spotter(str(tmp_path / "half.onnx"))
    with pytest.raises(InputError, match="is a model for spotting, not for recognition"):
        make_recognizer(str(file))


def test_features_that_are_no_numbers_are_refused(file: Path) -> None:
    spotter = ModelSpotter(file)
    object.__setattr__(spotter.model, "run", lambda _: {"features": np.full((60, 2), np.nan, np.float32)})
    with pytest.raises(InputError, match="no feature of finite numbers"):
        run(spotter)


def test_analyze_runs_it_without_torch(file: Path, real_clips: Path, tmp_path: Path) -> None:
    arguments = ["analyze", str(real_clips / "single_face.mp4"), "--end", "1", "--out", str(tmp_path), "-q"]
    code = (
        "import sys\nfor name in ('torch', 'onnx', 'onnxscript'): sys.modules[name] = None\n"
        f"from mien.cli import main\nsys.exit(main({[*arguments, '--spotter', str(file), '--no-faces']!r}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    (told,) = tmp_path.glob("*/analysis.json")
    settings = json.loads(told.read_text())["settings"]["spotter"]
    assert settings["name"] == "Tiny.onnx"
    assert settings["paper"] == "Nobody: A network for a test"
    assert settings["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert settings["floor"] == pytest.approx(GREY, abs=1e-6)
