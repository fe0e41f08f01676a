"""Model files are run as they are, their labels matched by name."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.contenders import make_contender
from mien.contenders.model import ModelContender, ModelEstimator
from mien.errors import InputError
from mien.inputs import InputSpec
from mien.inputs.pipeline import Packed, Prepare
from mien.modelfile import ModelMetadata, write_metadata
from mien.sources import FeatureFile, FlowPicture, PictureClip

FRAMES = InputSpec((4, 6), crop="given", frames=2)
FLOW = InputSpec(
    (4, 6),
    crop="tight",
    content="flow_strain",
    part="apex",
    flow="dis",
    reference="onset",
    flow_size=(32, 32),
    normalisation="median",
)
LABELS = ("negative", "positive", "others")
WEIGHTS = np.random.default_rng(0).normal(size=(48, 3)).astype(np.float32)


def written(
    path: Path,
    spec: InputSpec = FRAMES,
    shape: tuple[object, ...] = ("N", 2, 1, 4, 6),
    labels: tuple[str, ...] = LABELS,
    ends: str = "Softmax",
    **more: object,
) -> Path:
    """A network softmax(flatten(clip) · W), or one that ends otherwise."""
    size = int(np.prod([n for n in shape[1:] if isinstance(n, int)]))
    nodes = [
        helper.make_node("Flatten", ["clip"], ["flat"]),
        helper.make_node("MatMul", ["flat", "W"], ["scores"]),
        helper.make_node(ends, ["scores"], ["out"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("clip", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [shape[0], len(labels)])],
        [numpy_helper.from_array(np.resize(WEIGHTS, (size, len(labels))), "W")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    metadata = ModelMetadata("tiny", "recognition", labels, {"clip": spec}, paper="Nobody 2026")
    return write_metadata(proto, ModelMetadata(**{**vars_of(metadata), **more}), path)


def vars_of(metadata: ModelMetadata) -> dict[str, object]:
    return {name: getattr(metadata, name) for name in metadata.__slots__}


def opened(path: Path) -> ModelContender:
    made = make_contender(str(path))
    assert isinstance(made, ModelContender)
    return made


def clips(n: int = 4) -> np.ndarray:
    return np.random.default_rng(1).random((n, 2, 1, 4, 6)).astype(np.float32)


def truth(X: np.ndarray) -> np.ndarray:
    scores = np.exp(X.reshape(len(X), -1).astype(np.float64) @ WEIGHTS)
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def test_what_a_model_file_says_of_itself(tmp_path: Path) -> None:
    path = written(tmp_path / "Tiny.onnx")
    model = opened(path)
    assert model.name == "Tiny.onnx"
    assert model.words == "model file: tiny, Nobody 2026"
    assert not model.needs_training
    assert model.digest() == hashlib.sha256(path.read_bytes()).hexdigest()
    assert pickle.loads(pickle.dumps(model)) == model


def test_probabilities_are_the_networks(tmp_path: Path) -> None:
    model = opened(written(tmp_path / "tiny.onnx"))
    estimator = model.make(("others", "negative", "positive"), 0)
    assert estimator.classes_.tolist() == ["negative", "others", "positive"]
    assert estimator.fit(clips(), ["negative"] * 4, groups=["a/b"] * 4) is estimator
    expected = truth(clips())[:, [0, 2, 1]]
    np.testing.assert_allclose(estimator.predict_proba(clips()), expected, rtol=1e-5)
    np.testing.assert_array_equal(estimator.predict(clips()), estimator.classes_[expected.argmax(axis=1)])


def test_a_list_of_clips_and_a_pickled_estimator_give_the_same(tmp_path: Path) -> None:
    estimator = opened(written(tmp_path / "tiny.onnx")).make(LABELS, 0)
    one = estimator.predict_proba(clips())
    np.testing.assert_array_equal(estimator.predict_proba(list(clips())), one)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(estimator)).predict_proba(clips()), one)
    again = ModelEstimator(**estimator.get_params())
    np.testing.assert_array_equal(again.predict_proba(clips()), one)


def test_labels_are_matched_by_name(tmp_path: Path) -> None:
    # "others" is dropped and the rest sums to 1 again; surprise is not known
    estimator = opened(written(tmp_path / "tiny.onnx")).make(("negative", "positive", "surprise"), 0)
    shares = estimator.predict_proba(clips())
    kept = truth(clips())[:, :2]
    np.testing.assert_allclose(shares[:, :2], kept / kept.sum(axis=1, keepdims=True), rtol=1e-5)
    np.testing.assert_array_equal(shares[:, 2], 0)


def test_nothing_left_is_shared_out(tmp_path: Path) -> None:
    estimator = opened(written(tmp_path / "hard.onnx", ends="Hardmax")).make(
        ("negative", "positive", "surprise"), 0
    )
    X = np.zeros((1, 2, 1, 4, 6), np.float32)
    X.reshape(-1)[np.argmax(WEIGHTS[:, 2] - WEIGHTS[:, :2].max(axis=1))] = 1
    np.testing.assert_allclose(estimator.predict_proba(X), [[0.5, 0.5, 0]])


def test_no_common_label_is_refused(tmp_path: Path) -> None:
    model = opened(written(tmp_path / "tiny.onnx"))
    with pytest.raises(InputError, match=r"knows negative, positive, others; none .* \(anger, fear\)"):
        model.make(("anger", "fear"), 0)


def test_a_file_that_changes_is_refused(tmp_path: Path) -> None:
    model = opened(written(tmp_path / "tiny.onnx"))
    written(tmp_path / "tiny.onnx", notes="another")
    with pytest.raises(InputError, match="has changed since this run began"):
        model.make(LABELS, 0)


def test_what_is_no_probability_is_refused(tmp_path: Path) -> None:
    estimator = opened(written(tmp_path / "tiny.onnx", ends="Identity")).make(LABELS, 0)
    with pytest.raises(InputError, match="no probabilities: the network must end in a softmax"):
        estimator.predict_proba(clips())


def test_a_single_field_may_come_without_the_axis_of_frames(tmp_path: Path) -> None:
    X = np.random.default_rng(2).random((3, 1, 3, 4, 6)).astype(np.float32)
    flat = opened(written(tmp_path / "flat.onnx", FLOW, ("N", 3, 4, 6))).make(LABELS, 0)
    deep = opened(written(tmp_path / "deep.onnx", FLOW, (1, 1, 3, 4, 6))).make(LABELS, 0)
    np.testing.assert_array_equal(flat.predict_proba(X), deep.predict_proba(X))
    with pytest.raises(InputError, match="must be any × 3 × 4 × 6"):
        flat.predict_proba(X[:, :, :2])
    with pytest.raises(InputError, match="takes a single frame or field, not 2"):
        flat.predict_proba(np.repeat(X, 2, axis=1))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"task": "spotting"}, "finds expressions in long videos .*--protocol spotting"),
        ({"shape": ("N", 8, 4, 6)}, r"shape any × 8 × 4 × 6; clips are fed one at a time"),
        ({"shape": (4, 2, 1, 4, 6)}, "shape 4 × 2 × 1 × 4 × 6"),
    ],
)
def test_models_that_cannot_take_part(tmp_path: Path, more: dict[str, object], message: str) -> None:
    path = written(tmp_path / "tiny.onnx", **more)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=message):
        make_contender(str(path))


def two_inputs(path: Path) -> Path:
    """softmax(flatten(a) · W[:24] + flatten(b) · W[24:]), of one frame and of a field."""
    nodes = [
        helper.make_node("Flatten", ["a"], ["x"]),
        helper.make_node("Flatten", ["b"], ["y"]),
        helper.make_node("Concat", ["x", "y"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "W"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["out"]),
    ]
    weights = np.resize(WEIGHTS, (24 + 72, 3))
    graph = helper.make_graph(
        nodes,
        "two",
        [
            helper.make_tensor_value_info("a", TensorProto.FLOAT, ["N", 1, 1, 4, 6]),
            helper.make_tensor_value_info("b", TensorProto.FLOAT, ["N", 1, 3, 4, 6]),
        ],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", 3])],
        [numpy_helper.from_array(weights, "W")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    frame = InputSpec((4, 6), crop="tight", part="apex")
    return write_metadata(proto, ModelMetadata("two", "recognition", LABELS, {"a": frame, "b": FLOW}), path)


def test_two_inputs_lie_end_to_end(tmp_path: Path) -> None:
    model = opened(two_inputs(tmp_path / "two.onnx"))
    clip = PictureClip("casme2/sub01/a", (tmp_path / "1.png",), 200.0, 0, None, 0)
    specs = list(model.metadata.inputs.values())
    assert model.step_for(clip) == Packed((Prepare(specs[0]), Prepare(specs[1])))
    X = np.random.default_rng(4).random((3, 96)).astype(np.float32)
    scores = np.exp(X.astype(np.float64) @ np.resize(WEIGHTS, (96, 3)))
    expected = (scores / scores.sum(axis=1, keepdims=True))[:, [0, 2, 1]]
    np.testing.assert_allclose(model.make(LABELS, 0).predict_proba(X), expected, rtol=1e-5)
    with pytest.raises(ValueError, match=r"\(95,\) does not hold parts"):
        model.make(LABELS, 0).predict_proba(X[:, :95])


def test_whom_it_was_trained_on(tmp_path: Path) -> None:
    assert opened(written(tmp_path / "a.onnx")).seen == ()
    people = ("casme2/sub01", "samm/006")
    assert opened(written(tmp_path / "b.onnx", subjects=people)).seen == people


def test_files_that_are_no_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model file"):
        make_contender(str(tmp_path / "gone.onnx"))
    onnx.save(helper.make_model(helper.make_graph([], "g", [], [])), str(tmp_path / "bare.onnx"))
    with pytest.raises(InputError, match=r"bare\.onnx"):
        make_contender(str(tmp_path / "bare.onnx"))


def test_which_sources_it_takes(tmp_path: Path) -> None:
    frames = opened(written(tmp_path / "frames.onnx"))
    flow = opened(written(tmp_path / "flow.onnx", FLOW, ("N", 3, 4, 6)))
    clip = PictureClip("casme2/sub01/a", (tmp_path / "1.png",), 200.0, 0, None, 0)
    picture, matrix = FlowPicture("flow/a", tmp_path / "a.png"), FeatureFile("f/a", tmp_path / "a.npz", "x")
    assert frames.step_for(clip) == Prepare(FRAMES, "given")
    assert flow.step_for(clip) == flow.step_for(picture) == Prepare(FLOW, "first")
    with pytest.raises(InputError, match="flow picture"):
        frames.step_for(picture)
    for model in (frames, flow):
        with pytest.raises(InputError, match="eats pictures, not feature files"):
            model.step_for(matrix)


def test_from_pictures_to_probabilities(tmp_path: Path) -> None:
    pictures = np.random.default_rng(3).integers(0, 255, (3, 8, 12), np.uint8)
    files = tuple(tmp_path / f"{i}.png" for i in range(3))
    for file, picture in zip(files, pictures, strict=True):
        cv2.imwrite(str(file), picture)
    model = opened(written(tmp_path / "tiny.onnx"))
    clip = PictureClip("casme2/sub01/a", files, 200.0, 0, 1, 2)
    prepared = model.step_for(clip)(clip, None)
    small = [cv2.resize(picture, (6, 4), interpolation=cv2.INTER_AREA) for picture in pictures[[0, 2]]]
    np.testing.assert_allclose(prepared, np.stack(small)[:, None] / 255, atol=1e-6)
    np.testing.assert_allclose(
        model.make(LABELS, 0).predict_proba([prepared])[:, [0, 2, 1]], truth(prepared[None]), rtol=1e-5
    )
