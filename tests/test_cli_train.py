"""``mien train`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from mien.cli import main
from tests.test_cli_bench import maps

pytest.importorskip("torch", reason="networks need the extra 'train'")


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return maps(tmp_path_factory.mktemp("train") / "flow", people=2)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = maps(tmp_path_factory.mktemp("others") / "flow", people=2, seed=5)
    table = pd.read_csv(root / "labels.csv", dtype=str)
    table["sub"] = "9" + table["sub"]
    table.to_csv(root / "labels.csv", index=False)
    return root


def train(recipe: str, data: Path, out: Path, *more: str) -> list[str]:
    return [
        "train",
        recipe,
        "--data",
        f"flow={data}",
        "--out",
        str(out),
        "--cache",
        str(out.parent / "c"),
        *more,
    ]


def test_a_model_file_that_is_run_on_other_people(
    flow: Path, others: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "m.onnx"
    assert main(train("ststnet:epochs=40", flow, file)) == 0
    shown = capsys.readouterr().out
    assert "trained on 36 clips of 6 people" in shown
    assert "40 epochs" in shown
    assert [p.name for p in tmp_path.glob("m*")] == ["m.onnx"]  # the checkpoint is gone
    run = ["bench", "--protocol", "test", "--model", str(file), "--cache", str(tmp_path / "c"), "-q"]
    assert main([*run, "--data", f"flow={others}", "--out", str(tmp_path / "run")]) == 0
    row = pd.read_csv(tmp_path / "run" / "summary.csv").iloc[0]
    assert (row["model"], row["n"]) == ("m.onnx", 36)
    assert row["uf1"] > 0.6
    # the file remembers whom it has seen
    assert main([*run, "--data", f"flow={flow}", "--out", str(tmp_path / "seen")]) == 2
    assert "has seen" in capsys.readouterr().err


def test_the_same_command_the_same_bytes(flow: Path, tmp_path: Path) -> None:
    for name in ("a.safetensors", "b.safetensors"):
        assert main(train("offapexnet:epochs=2", flow, tmp_path / name, "-q")) == 0
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    assert main(train("offapexnet:epochs=2", flow, tmp_path / "c.safetensors", "-q", "--seed", "1")) == 0
    assert (tmp_path / "a.safetensors").read_bytes() != (tmp_path / "c.safetensors").read_bytes()


def test_first_weights(flow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = tmp_path / "first.safetensors"
    assert main(train("ststnet:epochs=30", flow, first, "-q")) == 0
    assert main(train("ststnet:epochs=1", flow, tmp_path / "on.safetensors", "--init", str(first))) == 0
    shown = capsys.readouterr().out
    assert "tensors taken" in shown
    one_epoch = shown.split("training loss ")[1].split()[0]
    assert float(one_epoch) < 0.3  # it goes on from what was learned
    assert main(train("offapexnet:epochs=1", flow, tmp_path / "x.onnx", "--init", str(first))) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_weights_say_what_they_are(flow: Path, tmp_path: Path) -> None:
    from safetensors import safe_open

    file = tmp_path / "w.safetensors"
    assert main(train("ststnet:epochs=1", flow, file, "-q")) == 0
    with safe_open(file, framework="np") as opened:
        words = json.loads(opened.metadata()["mien"])
    assert words["network"] == "ststnet"
    assert words["labels"] == ["negative", "positive", "surprise"]


@pytest.mark.parametrize(
    ("recipe", "out", "words"),
    [
        ("mystery", "m.onnx", "mystery"),
        ("ststnet:layers=3", "m.onnx", "layers"),
        ("ststnet:epochs=-1", "m.onnx", "epochs"),
        ("ststnet", "m.pt", ".safetensors"),
        ("smeconvnet", "m.onnx", "spots"),
        ("macro2micro", "m.onnx", "flow pictures hold none"),
    ],
)
def test_what_cannot_be(
    flow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], recipe: str, out: str, words: str
) -> None:
    assert main(train(recipe, flow, tmp_path / out)) == 2
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told
    assert not (tmp_path / out).exists()
