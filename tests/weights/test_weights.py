"""What comes with mien: every file is there, small, readable, and known by its name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mien.errors import InputError
from mien.modelfile import read
from mien.models import MODELS, make_network
from mien.models.init import load_init
from mien.weights import SHIPPED, first_weights, name_of, shipped

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "src" / "mien" / "weights"


def test_every_file_is_there_and_no_other() -> None:
    named = {file for one in SHIPPED.values() for file in (one.run, one.begin) if file}
    assert named == {path.name for path in HERE.iterdir() if path.suffix in (".onnx", ".safetensors")}


def test_all_together_are_small() -> None:
    assert sum(path.stat().st_size for path in HERE.iterdir() if path.is_file()) < 30e6


@pytest.mark.parametrize("name", SHIPPED)
def test_a_model_says_what_its_entry_says(name: str) -> None:
    one = SHIPPED[name]
    assert one.name == name
    assert one.network in (*MODELS, "region-net")
    assert (ROOT / one.script).is_file()
    assert (HERE / f"{name}.md").is_file()
    if not one.run:
        assert one.begin
        return
    told = read(shipped(name)).metadata
    assert told.task == one.task
    assert told.name == one.network
    assert told.licence == one.licence
    assert told.metrics
    assert told.metrics_on
    assert "synthetic" in told.notes


def test_a_file_is_called_by_its_name() -> None:
    assert name_of(shipped("flow-image")) == name_of(first_weights("flow-image")) == "flow-image"
    assert name_of("/elsewhere/flow-image.onnx") == "/elsewhere/flow-image.onnx"


@pytest.mark.parametrize("name", [name for name, one in SHIPPED.items() if one.begin])
def test_first_weights_fit_their_network(name: str) -> None:
    one = SHIPPED[name]
    network = make_network(one.network, classes=3, preset="small", seed=1)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    report = load_init(network, first_weights(name))
    changed = [key for key, value in network.state_dict().items() if not torch.equal(value, before[key])]
    assert len(changed) > len(before) / 2
    assert report


def test_what_there_is_not() -> None:
    with pytest.raises(InputError, match="flow-image"):
        shipped("nothing")
    with pytest.raises(InputError, match="first weights of the name"):
        first_weights("")
