"""Model files as recognisers: what the file says is done and told, without torch."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.errors import InputError
from mien.face import CROP
from mien.inputs import Clip, InputSpec, prepare
from mien.inputs.magnifiers import MAGNIFIERS
from mien.inputs.spec import TIGHT
from mien.modelfile import ModelMetadata, write_metadata
from mien.recognition import ModelRecognizer, make_recognizer
from mien.recognition.occlusion import covered
from mien.spotting import tunables_of

LABELS = ("negative", "positive", "surprise")
APEX = InputSpec((8, 8), part="apex")
EVENT = InputSpec((8, 8))
WEIGHTS = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)


def written(path: Path, spec: InputSpec = EVENT, **more: Any) -> Path:
    """softmax(mean over frames · W); each frame's mean as weights, the mean frame as a map."""
    nodes = [
        helper.make_node("ReduceMean", ["clip"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("MatMul", ["flat", "W"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"]),
        helper.make_node("ReduceMean", ["clip"], ["alpha"], axes=[2, 3, 4], keepdims=0),
        helper.make_node("Identity", ["mean"], ["attention"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("clip", TensorProto.FLOAT, [1, "T", spec.channels, 8, 8])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, 3]),
            helper.make_tensor_value_info("alpha", TensorProto.FLOAT, [1, "T"]),
            helper.make_tensor_value_info("attention", TensorProto.FLOAT, [1, 8, 8]),
        ],
        [numpy_helper.from_array(WEIGHTS, "W")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    told: dict[str, Any] = {"paper": "Nobody: A network for a test", **more}
    return write_metadata(proto, ModelMetadata("tiny", "recognition", LABELS, {"clip": spec}, **told), path)


def clip(frames: int = 9, side: int = CROP) -> Clip:
    pictures = np.random.default_rng(frames).integers(0, 255, (frames, side, side), np.uint8)
    return Clip(pictures, 100.0, 2, 4, 6)


def truth(array: np.ndarray) -> np.ndarray:
    scores = np.exp(array.mean(axis=(0, 1)).ravel().astype(np.float64) @ WEIGHTS)
    return np.asarray(scores / scores.sum())


def test_prepared_run_told(tmp_path: Path) -> None:
    model = ModelRecognizer(written(tmp_path / "Tiny.onnx"))
    found = model.recognize(clip())
    shares = truth(prepare(clip(), EVENT))
    assert list(found.probabilities) == list(LABELS)
    np.testing.assert_allclose(list(found.probabilities.values()), shares, atol=1e-6)
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert found.emotion == LABELS[int(shares.argmax())]
    assert found.confidence == found.probabilities[found.emotion]
    assert (found.regions, found.action_units, found.notes, found.sensitivity) == ((), (), (), {})
    # what the file does not name as evidence is none
    assert (found.maps, found.frame_weights, found.moments) == ({}, {}, {})


def test_what_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "Tiny.onnx")
    model = make_recognizer(str(path))
    assert isinstance(model, ModelRecognizer)
    assert (model.name, model.kind, model.labels) == ("Tiny.onnx", "model", LABELS)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert tunables_of(model) == {"path": path, "undecided_below": 0.0, "sha256": sha256}
    again = pickle.loads(pickle.dumps(model))
    assert again == model
    assert again.recognize(clip()) == model.recognize(clip())


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            {},
            "The model is tiny (Nobody: A network for a test). The file does not say how often it is right. "
            "Its percentages are not calibrated: they rank the possibilities rather than measure them.",
        ),
        (
            {
                "metrics": {"UF1": 0.4123, "UAR": 0.5},
                "metrics_on": "60 made clips.",
                "notes": "Made for a test",
            },
            "The model is tiny (Nobody: A network for a test). Measured on 60 made clips: UAR 0.5, UF1 "
            "0.412. Made for a test. Its percentages are not calibrated: they rank the possibilities rather "
            "than measure them.",
        ),
        (
            {"notes": "Calibrated on 10 people.", "paper": ""},
            "The model is tiny. The file does not say how often it is right. Calibrated on 10 people.",
        ),
    ],
)
def test_how_far_to_trust_it(told: dict[str, Any], expected: str, tmp_path: Path) -> None:
    assert ModelRecognizer(written(tmp_path / "a.onnx", **told)).statement == expected


def test_undecided_below(tmp_path: Path) -> None:
    path = written(tmp_path / "a.onnx")
    best = max(ModelRecognizer(path).recognize(clip()).probabilities.values())
    assert ModelRecognizer(path, best).recognize(clip()).emotion != "undecided"
    strict = ModelRecognizer(path, best + 1e-9).recognize(clip())
    assert (strict.emotion, strict.confidence) == ("undecided", 0.0)
    assert max(strict.probabilities.values()) == best
    file = written(tmp_path / "b.onnx", tunables={"undecided_below": best + 1e-9})
    assert ModelRecognizer(file).recognize(clip()).emotion == "undecided"
    assert ModelRecognizer(file, 0.0).recognize(clip()).emotion != "undecided"


def test_frame_weights_at_their_moments(tmp_path: Path) -> None:
    found = ModelRecognizer(written(tmp_path / "a.onnx", evidence={"alpha": "clip"})).recognize(clip())
    assert found.maps == {}
    assert found.moments["alpha"].tolist() == [2, 3, 4, 5, 6]
    means = prepare(clip(), EVENT).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(found.frame_weights["alpha"], means, atol=1e-6)


def test_maps_lie_where_the_model_saw(tmp_path: Path) -> None:
    whole = ModelRecognizer(written(tmp_path / "a.onnx", APEX, evidence={"attention": "clip"})).recognize(
        clip()
    )
    assert whole.maps["attention"].shape == (CROP, CROP)
    assert whole.maps["attention"].min() > 0
    tight = replace(APEX, crop="tight")
    part = ModelRecognizer(written(tmp_path / "b.onnx", tight, evidence={"attention": "clip"})).recognize(
        clip()
    )
    seen = part.maps["attention"] > 0
    top, left, bottom, right = (round(share * CROP) for share in TIGHT)
    assert seen[top:bottom, left:right].all()
    seen[top:bottom, left:right] = False
    assert not seen.any()
    shown = prepare(clip(), tight)[0, 0]
    assert part.maps["attention"][top:bottom, left:right].mean() == pytest.approx(
        float(shown.mean()), rel=0.05
    )


def shares_under(model: ModelRecognizer, made: Clip, *covers: np.ndarray) -> list[list[float]]:
    return [list(told.values()) for told in model.under(made, np.stack(covers).astype(np.float32))]


def halves() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Covers of nothing, the left half and everything."""
    left = np.zeros((CROP, CROP))
    left[:, : CROP // 2] = 1
    return np.zeros((CROP, CROP)), left, np.ones((CROP, CROP))


def test_frames_are_covered_once_they_are_magnified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def brighter(frames: np.ndarray, fps: float) -> np.ndarray:
        asked.append(fps)
        return np.asarray(255 - frames // 2, np.uint8)

    monkeypatch.setitem(MAGNIFIERS, "brighter", brighter)
    spec = replace(EVENT, magnify="brighter")
    model, made = ModelRecognizer(written(tmp_path / "a.onnx", spec)), clip()
    found = shares_under(model, made, *halves())
    assert asked == [100.0]
    for shares, cover in zip(found, halves(), strict=True):
        hidden = replace(made, frames=covered(brighter(made.frames, 1), cover.astype(np.float32)))
        np.testing.assert_allclose(shares, truth(prepare(hidden, EVENT)), atol=1e-6)
    np.testing.assert_allclose(found[0], list(model.recognize(made).probabilities.values()), atol=1e-6)
    # the grey of a cover is that of magnified frames, in colours' grey where the network wants grey
    colours = replace(made, frames=np.repeat(made.frames[..., None], 3, axis=3))
    assert shares_under(model, colours, *halves()) == found


def test_motion_is_covered_by_stillness(tmp_path: Path) -> None:
    spec = InputSpec(
        (8, 8), crop="tight", content="flow", part="rise", flow="dis", reference="onset", flow_size=(32, 32),
        normalisation="none",
    )  # fmt: skip
    model, made = ModelRecognizer(written(tmp_path / "a.onnx", spec)), clip()
    nothing, left, everything = shares_under(model, made, *halves())
    moves = prepare(made, spec)
    assert np.abs(moves).max() > 1
    np.testing.assert_allclose(nothing, truth(moves), atol=1e-6)
    np.testing.assert_allclose(everything, [1 / 3] * 3, atol=1e-6)  # a field of zeros
    moves[..., :4] = 0
    np.testing.assert_allclose(left, truth(moves), atol=1e-6)
    # in colours, what does not move is what a face that does not move looks like
    coloured = replace(spec, content="flow_colour", normalisation="unit")
    (shares,) = shares_under(ModelRecognizer(written(tmp_path / "b.onnx", coloured)), made, halves()[2])
    still = replace(made, frames=made.frames[[0] * len(made)])
    np.testing.assert_allclose(shares, truth(prepare(still, coloured)), atol=1e-6)


@pytest.mark.parametrize(
    ("spec", "side", "colour"),
    [
        (APEX, 128, False),
        (replace(APEX, crop="tight"), 128, False),
        (InputSpec((8, 8), colour="rgb"), 128, True),
    ],
)
def test_what_crops_it_wants(spec: InputSpec, side: int, colour: bool, tmp_path: Path) -> None:
    model = ModelRecognizer(written(tmp_path / "a.onnx", spec))
    assert (model.side, model.colour) == (side, colour)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"spec": replace(EVENT, crop="given")},
            "trained on a data set's own crops of the face .input 'clip'.",
        ),
        (
            {"tunables": {"undecided_below": "high"}},
            "undecided_below must be a number from 0 to 1, not 'high'",
        ),
        ({"tunables": {"undecided_below": 1.5}}, "not 1.5"),
    ],
)
def test_files_that_cannot_be_used(more: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.onnx", **more)
    with pytest.raises(InputError, match=message):
        make_recognizer(str(path))


def test_a_file_that_is_not_there_and_one_for_something_else(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no model file .*gone\.ONNX"):
        make_recognizer(str(tmp_path / "gone.ONNX"))
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["clip"], ["score"], axes=[1, 2, 3, 4], keepdims=0)],
        "spots",
        [helper.make_tensor_value_info("clip", TensorProto.FLOAT, ["N", 1, 1, 8, 8])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["N"])],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    told = ModelMetadata("spots", "spotting", ("score",), {"clip": APEX})
    path = write_metadata(proto, told, tmp_path / "spots.onnx")
    with pytest.raises(InputError, match="is a model for spotting, not for recognition"):
        make_recognizer(str(path))


def test_weights_of_other_frames_are_refused(tmp_path: Path) -> None:
    # a file that calls a map's rows frames would be drawn wrongly
    path = written(tmp_path / "a.onnx", replace(EVENT, frames=3), evidence={"alpha": "clip"})
    model = ModelRecognizer(path)
    told = model.model.metadata
    object.__setattr__(told, "inputs", {"clip": EVENT})
    assert model.recognize(clip()).moments["alpha"].size == 5
    object.__setattr__(
        model.model, "judge", lambda _: (np.full(3, 1 / 3), {"alpha": np.zeros(4, np.float32)})
    )
    with pytest.raises(InputError, match="gave 4 weights 'alpha' for 5 frames"):
        model.recognize(clip())


def test_no_torch(tmp_path: Path) -> None:
    path = written(tmp_path / "a.onnx")
    code = (
        "import sys\nfor name in ('torch', 'onnx', 'onnxscript'): sys.modules[name] = None\n"
        "import numpy as np\nfrom mien.recognition import make_recognizer\nfrom mien.inputs import Clip\n"
        "clip = Clip(np.zeros((5, 128, 128), np.uint8), 50.0, 0, 2, 4)\n"
        f"print(make_recognizer({str(path)!r}).recognize(clip).emotion)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in LABELS
