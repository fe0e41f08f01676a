"""Contenders and the runner understand one another."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.contenders import CONTENDERS, make_contender
from mien.datasets import read_dataset
from mien.evaluation import benchmark, make_protocol, select_prepared
from mien.inputs import InputSpec
from mien.labels import VOCABULARIES
from mien.modelfile import ModelMetadata, write_metadata

LABELS = VOCABULARIES["three"].labels
PLACES = ((slice(0, 14), slice(0, 14), 0), (slice(14, 28), slice(0, 28), 1), (slice(0, 14), slice(14, 28), 1))
"""For each class, where its flow pictures and matrices are brighter."""
SPEC = InputSpec(
    (28, 28),
    crop="tight",
    content="flow_strain",
    part="apex",
    flow="dis",
    reference="onset",
    flow_size=(128, 128),
    normalisation="median",
)


@pytest.fixture(scope="module")
def ready_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flow pictures and matrices of 24 clips of six people in three data sets; one alone is surprised."""
    root, draw = tmp_path_factory.mktemp("ready"), np.random.default_rng(0)
    rows = []
    for dataset, subject in (
        ("smic", "s01"),
        ("smic", "s02"),
        ("casme2", "sub01"),
        ("casme2", "sub02"),
        ("samm", "006"),
        ("samm", "007"),
    ):
        for number in range(4):
            label = 2 if subject == "007" and number > 1 else number % 2
            maps = draw.normal(100, 20, (28, 28, 3))
            top, left, channel = PLACES[label]
            maps[top, left, channel] += 80
            stem = f"{subject}_{number}"
            for kind in ("flow", "features"):
                folder = root / kind / ("images" if kind == "flow" else "features")
                folder.mkdir(parents=True, exist_ok=True)
                if kind == "flow":
                    cv2.imwrite(
                        str(folder / f"{stem}.png"), np.clip(maps, 0, 255).astype(np.uint8)[..., ::-1]
                    )
                else:
                    np.savez(folder / f"{stem}.npz", x=maps.reshape(-1, 3))
            rows.append([dataset, subject, f"c{number}", label, f"{stem}.png"])
    for kind in ("flow", "features"):
        with (root / kind / "labels.csv").open("w", newline="") as file:
            csv.writer(file).writerows([["dataset", "sub", "filename_o", "label", "imagename"], *rows])
    return root


def network(path: Path) -> Path:
    """How much brighter each class's place is, as a network; it calls the third class by another name."""
    weights = np.zeros((3, 28, 28, 3), np.float32)
    for label, (top, left, channel) in enumerate(PLACES):
        weights[channel, top, left, label] = 1 / weights[channel, top, left, label].size
    nodes = [
        helper.make_node("Flatten", ["maps"], ["flat"]),
        helper.make_node("MatMul", ["flat", "W"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["shares"]),
    ]
    graph = helper.make_graph(
        nodes,
        "places",
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, ["N", 3, 28, 28])],
        [helper.make_tensor_value_info("shares", TensorProto.FLOAT, ["N", 3])],
        [numpy_helper.from_array(weights.reshape(-1, 3), "W")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    labels = ("negative", "positive", "astonished")
    return write_metadata(proto, ModelMetadata("places", "recognition", labels, {"maps": SPEC}), path)


def test_flow_pictures(ready_made: Path, tmp_path: Path) -> None:
    names = [
        "flow-logreg",
        "flow-logreg:C=auto",
        "flow-logreg:size=14,C=0.1",
        str(network(tmp_path / "p.onnx")),
    ]
    contenders = [make_contender(name) for name in names]
    data = read_dataset("flow", ready_made / "flow")
    found = benchmark(
        contenders, [data], make_protocol("loso", select=select_prepared), tmp_path / "run", replicates=50
    )
    assert not found.failures
    assert not found.left_out
    assert {one.contender for one in found.results} == {one.name for one in contenders}
    scores = found.summary.query("part == 'all'").set_index("model")
    # the only person who is surprised cannot be learned from others; the network calls it otherwise
    for name in ("flow-logreg", "flow-logreg:C=auto", "flow-logreg:C=0.1,size=14", "p.onnx"):
        assert scores.loc[name, "war"] == pytest.approx(22 / 24)


@pytest.mark.parametrize("name", CONTENDERS)
def test_feature_files(name: str, ready_made: Path) -> None:
    data = read_dataset("features", ready_made / "features", key="x")
    contenders = [make_contender(name), make_contender(f"{name}:C=auto")]
    found = benchmark(contenders, [data], make_protocol("loso", select=select_prepared), replicates=50)
    assert not found.failures
    scores = found.summary.query("part == 'all'").set_index("model")
    for one in contenders:
        assert scores.loc[one.name, "war"] == pytest.approx(22 / 24)


def test_the_composite_as_a_hold_out(ready_made: Path) -> None:
    data = read_dataset("flow", ready_made / "flow")
    found = benchmark(
        [make_contender("flow-logreg")], [data], make_protocol("hde3", select=select_prepared), replicates=50
    )
    assert not found.failures
    assert len(found.folds) == 3


def test_frames_are_missed_in_flow_pictures(ready_made: Path) -> None:
    data = read_dataset("flow", ready_made / "flow")
    with pytest.raises(Exception, match="hoof-svm needs the frames of a clip"):
        benchmark([make_contender("hoof-svm")], [data], make_protocol("loso", select=select_prepared))
