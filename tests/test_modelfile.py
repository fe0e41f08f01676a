"""Model files: what is written is read, what is wrong is said, and the numbers are the network's."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.errors import InputError, MienError
from mien.inputs import InputSpec, RegionSpec
from mien.modelfile import KEY, SCHEMA, ModelMetadata, Port, read, write_metadata

SPEC = InputSpec((4, 6), frames=2)
METADATA = ModelMetadata(
    name="tiny",
    task="recognition",
    labels=("negative", "positive", "surprise"),
    inputs={"clip": SPEC},
    paper="Nobody: A network for a test, 2026",
    recipe_digest="ab12",
    data_digest="cd34",
    metrics={"uf1": 0.1 + 0.2, "uar": 1 / 3},
    metrics_on="synthetic clips, 3-fold, seed 0",
    licence="Apache-2.0",
    tunables={"threshold": 0.55, "window": 9, "smooth": True, "mode": "mean"},
    notes="Größe 4×6",
    subjects=("casme2/sub01", "samm/006"),
)
WEIGHTS = np.random.default_rng(0).normal(size=(48, 3)).astype(np.float32)


def network(outputs: int | None = 3, size: tuple[int, int] = (4, 6)) -> onnx.ModelProto:
    """softmax(flatten(clip) · W): (N, 2, 1, H, W) -> (N, 3)."""
    nodes = [
        helper.make_node("Flatten", ["clip"], ["flat"]),
        helper.make_node("MatMul", ["flat", "W"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=-1),
    ]
    weights = np.resize(WEIGHTS, (2 * size[0] * size[1], outputs or 3))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("clip", TensorProto.FLOAT, ["N", 2, 1, *size])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", outputs or "C"])],
        [numpy_helper.from_array(weights.astype(np.float32), "W")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def model_path(tmp_path: Path) -> Path:
    return write_metadata(network(), METADATA, tmp_path / "deep" / "tiny.onnx")


def clips(n: int = 5) -> np.ndarray:
    return np.random.default_rng(1).random((n, 2, 1, 4, 6)).astype(np.float32)


def test_what_is_written_is_read(model_path: Path) -> None:
    model = read(model_path)
    assert model.metadata == METADATA
    assert model.metadata.metrics["uf1"] == 0.1 + 0.2
    assert model.inputs == (Port("clip", (None, 2, 1, 4, 6), "float32"),)
    assert model.outputs == (Port("probabilities", (None, 3), "float32"),)
    assert [p.name for p in model_path.parent.iterdir()] == ["tiny.onnx"]
    onnx.checker.check_model(str(model_path))


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_runs_the_network(model_path: Path, threads: int) -> None:
    scores = clips().reshape(5, -1) @ WEIGHTS
    truth = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    out = read(model_path, threads=threads).run({"clip": clips()})
    assert list(out) == ["probabilities"]
    np.testing.assert_allclose(out["probabilities"], truth, rtol=1e-5)


def test_numbers_of_another_type_are_brought_to_the_ports(model_path: Path) -> None:
    model = read(model_path)
    ones = np.ones((1, 2, 1, 4, 6))
    expected = model.run({"clip": ones.astype(np.float32)})["probabilities"]
    for array in (ones, ones.astype(np.uint8), np.asfortranarray(ones.astype(np.float32))):
        np.testing.assert_array_equal(model.run({"clip": array})["probabilities"], expected)


def test_wrong_inputs_are_refused(model_path: Path) -> None:
    model = read(model_path)
    for arrays, message in (
        ({}, "wants the inputs clip, not none"),
        ({"clip": clips(), "flow": clips()}, "not clip, flow"),
        ({"clip": clips()[:, :1]}, r"any × 2 × 1 × 4 × 6, not \(5, 1, 1, 4, 6\)"),
        ({"clip": clips()[0]}, "any × 2"),
        ({"clip": clips().astype(np.complex64)}, "must be float32, not complex64"),
    ):
        with pytest.raises(InputError, match=message):
            model.run(arrays)


def test_a_failing_network_is_an_input_error(tmp_path: Path) -> None:
    node = helper.make_node("Reshape", ["clip", "to"], ["scores"])
    graph = helper.make_graph(
        [node],
        "picky",
        [helper.make_tensor_value_info("clip", TensorProto.FLOAT, ["N"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["M", 3])],
        [numpy_helper.from_array(np.array([2, 3]), "to")],
    )
    picky = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model = read(write_metadata(picky, METADATA, tmp_path / "picky.onnx"))
    assert model.run({"clip": np.arange(6.0)})["scores"].shape == (2, 3)
    with pytest.raises(InputError, match=r"picky\.onnx cannot be run"):
        model.run({"clip": np.arange(7.0)})


def test_writing_replaces_old_metadata_and_keeps_others(model_path: Path) -> None:
    proto = onnx.load(str(model_path))
    proto.metadata_props.add(key="origin", value="elsewhere")
    onnx.save(proto, str(model_path))
    second = replace(METADATA, name="second", metrics={})
    assert write_metadata(model_path, second, model_path) == model_path
    props = [(p.key, p.value) for p in onnx.load(str(model_path)).metadata_props]
    assert [key for key, _ in props] == ["origin", KEY]
    assert read(model_path).metadata == second


def test_the_given_model_is_not_changed(tmp_path: Path) -> None:
    proto = network()
    write_metadata(proto, METADATA, tmp_path / "a.onnx")
    assert not proto.metadata_props


def test_equal_metadata_give_equal_files(tmp_path: Path) -> None:
    turned = replace(METADATA, tunables=dict(reversed(METADATA.tunables.items())))
    a = write_metadata(network(), METADATA, tmp_path / "a.onnx").read_bytes()
    assert write_metadata(network(), turned, tmp_path / "b.onnx").read_bytes() == a


def with_text(path: Path, text: str | None) -> Path:
    proto = network()
    if text is not None:
        proto.metadata_props.add(key=KEY, value=text)
    onnx.save(proto, str(path))
    return path


def changed(**entries: object) -> str:
    return json.dumps({**json.loads(METADATA.to_json()), **entries})


def test_files_that_are_no_model(tmp_path: Path) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("hello")
    half = tmp_path / "half.onnx"
    whole = network().SerializeToString()
    half.write_bytes(whole[: len(whole) // 2])
    empty = tmp_path / "empty.onnx"
    empty.touch()
    with pytest.raises(InputError, match=r"no model file .*gone\.onnx"):
        read(tmp_path / "gone.onnx")
    with pytest.raises(InputError, match="no model file"):
        read(tmp_path)
    for path in (text, half, empty):
        with pytest.raises(InputError, match="no ONNX model, or a damaged one"):
            read(path)
    with pytest.raises(InputError, match="threads"):
        read(text, threads=-1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "not one of mien's"),
        ("{", "not readable as JSON"),
        ("[]", "not a JSON object"),
        ("{}", "schema version is missing"),
        (changed(schema=SCHEMA + 1, mien_version="9.9", poetry=1), r"mien 9\.9\) is newer"),
        (changed(schema="1"), "schema version is missing or wrong"),
        (changed(poetry=1), "unknown entries: poetry"),
        (json.dumps({"schema": 1, "name": "x"}), "missing entries: task, labels, inputs"),
        (changed(task="reading minds"), "task must be one of"),
        (changed(labels="abc"), "labels must be a list"),
        (changed(labels=["a", "a", "b"]), "different words"),
        (changed(labels=[1, 2, 3]), "must be words"),
        (changed(labels=["one"]), "at least two"),
        (changed(labels=["a", "b"]), r"output has 3 numbers, but it names 2 labels \(a, b\)"),
        (changed(inputs=[]), "inputs must be an object"),
        (changed(inputs={}), "at least one input"),
        (changed(inputs={"clip": 3}), "input 'clip' must be an object"),
        (changed(inputs={"clip": {"version": 99}}), "input spec: its version 99 is newer"),
        (changed(inputs={"face": SPEC.to_dict()}), "its inputs are clip, but it describes face"),
        (changed(inputs={"clip": InputSpec((6, 4)).to_dict()}), r"takes \(4, 6\).*prepares \(6, 4\)"),
        (changed(metrics={"uf1": "good"}), "metric 'uf1'"),
        (changed(metrics={"uf1": float("nan")}), "metric 'uf1'"),
        (changed(tunables={"p": None}), "tunable 'p'"),
        (changed(paper=7), "paper must be text"),
        (changed(subjects="casme2/sub01"), "subjects must be a list"),
        (changed(subjects=["sub01"]), "named like 'casme2/sub01', not 'sub01'"),
        (changed(evidence=["alpha"]), "evidence must be an object"),
        (changed(evidence={"alpha": "flow"}), "evidence 'alpha' speaks of an input 'flow'"),
        (changed(evidence={"alpha": "clip"}), "evidence 'alpha' is no further output"),
        (changed(name=""), "a name is needed"),
    ],
)
def test_metadata_that_cannot_be_used(tmp_path: Path, text: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(with_text(tmp_path / "m.onnx", text))


def test_output_of_any_width_passes_and_a_curve_needs_no_axis(tmp_path: Path) -> None:
    assert read(write_metadata(network(None), METADATA, tmp_path / "a.onnx")).metadata == METADATA
    curve = replace(METADATA, task="spotting", labels=("score",))
    assert read(write_metadata(network(7), curve, tmp_path / "b.onnx")).metadata.task == "spotting"
    with pytest.raises(InputError, match="output has 7 numbers"):
        write_metadata(network(7), replace(curve, labels=("micro", "macro")), tmp_path / "c.onnx")


def test_writing_refuses_and_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out.onnx"
    text = tmp_path / "text.onnx"
    text.write_text("hello")
    with pytest.raises(InputError, match="no model file"):
        write_metadata(tmp_path / "gone.onnx", METADATA, out)
    with pytest.raises(InputError, match="ONNX model"):
        write_metadata(text, METADATA, out)
    with pytest.raises(InputError, match="names 3 labels"):
        write_metadata(network(4), METADATA, out)
    with pytest.raises(InputError, match="ONNX model"):
        write_metadata(onnx.ModelProto(), METADATA, out)
    with pytest.raises(InputError, match="cannot be written"):
        write_metadata(network(), METADATA, text / "under a file.onnx")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_metadata(network(), METADATA, tmp_path / "folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "text.onnx"]


def test_without_onnx_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MienError, match=r"mien\[train\]"):
        write_metadata("any.onnx", METADATA, tmp_path / "out.onnx")


def seeing(shape: tuple[object, ...] = ("N", 2)) -> onnx.ModelProto:
    """The network, with the mean of each frame as a further output."""
    proto = network()
    proto.graph.node.add().CopyFrom(
        helper.make_node("ReduceMean", ["clip"], ["alpha"], axes=[2, 3, 4], keepdims=0)
    )
    proto.graph.output.add().CopyFrom(helper.make_tensor_value_info("alpha", TensorProto.FLOAT, shape))
    return proto


def test_one_clip_is_judged(tmp_path: Path) -> None:
    sees = replace(METADATA, evidence={"alpha": "clip"})
    model = read(write_metadata(seeing(), sees, tmp_path / "sees.onnx"))
    assert model.metadata.evidence == {"alpha": "clip"}
    model.check_recognizer()
    shares, evidence = model.judge({"clip": clips()[1]})
    np.testing.assert_allclose(shares, model.run({"clip": clips()})["probabilities"][1], rtol=1e-5)
    assert list(evidence) == ["alpha"]
    np.testing.assert_allclose(evidence["alpha"], clips()[1].mean(axis=(1, 2, 3)), rtol=1e-5)
    assert (
        read(write_metadata(seeing(), METADATA, tmp_path / "blind.onnx")).judge({"clip": clips()[1]})[1] == {}
    )
    with pytest.raises(InputError, match="wants the inputs clip, not none"):
        model.judge({})
    with pytest.raises(InputError, match="evidence 'alpha' is no further output that holds maps or weights"):
        write_metadata(seeing(("N",)), sees, tmp_path / "c.onnx")


def test_reading_needs_neither_onnx_nor_torch(model_path: Path) -> None:
    code = (
        "import sys; import mien.modelfile as m; assert 'onnxruntime' not in sys.modules;"
        f"m.read({str(model_path)!r}); print(sorted({{'onnx', 'torch'}} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- a spotter over regions ---------------------------------------------------------------------------------


REGIONS_SPEC = RegionSpec(4, 100.0, ("chin",), "dis_lk")


def over_regions(**more: Any) -> ModelMetadata:
    told: dict[str, Any] = {"name": "r", "task": "spotting", "labels": ("micro", "macro"), "inputs": {}}
    return ModelMetadata(**{**told, "regions": {"positions": REGIONS_SPEC}, **more})


def test_metadata_over_regions_there_and_back() -> None:
    told = over_regions()
    assert ModelMetadata.from_json(told.to_json()) == told
    assert "regions" not in json.loads(METADATA_OVER_PICTURES.to_json())


METADATA_OVER_PICTURES = ModelMetadata(
    name="p", task="spotting", labels=("micro", "macro"), inputs={"clip": InputSpec((8, 8), part="apex")}
)


@pytest.mark.parametrize(
    "more",
    [
        {"task": "recognition"},
        {"inputs": {"clip": InputSpec((8, 8), part="apex")}},
        {"regions": {}},
        {"regions": {"a": REGIONS_SPEC, "b": REGIONS_SPEC}},
    ],
)
def test_regions_are_the_one_input_of_a_spotter(more: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"one input|at least one input"):
        over_regions(**more)


def test_a_damaged_description_of_regions_is_refused() -> None:
    plain = json.loads(over_regions().to_json())
    for broken in ({"positions": 3}, {"positions": {**plain["regions"]["positions"], "flow": ["a"]}}):
        with pytest.raises(InputError):
            ModelMetadata.from_json(json.dumps({**plain, "regions": broken}))
