"""``mien train`` on the command line."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mien.cli import main
from mien.datasets.manifest import DataSet, Footage, Sample
from mien.face import FaceFrame
from mien.sources import Recording
from mien.spotting import make_spotter
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
    comma = tmp_path / "a,b=c.safetensors"
    comma.write_bytes(first.read_bytes())
    assert (
        main(train("ststnet:epochs=1", flow, tmp_path / "too.safetensors", "--init", str(comma), "-q")) == 0
    )
    on = tmp_path / "on.safetensors"
    assert on.stat().st_size == (tmp_path / "too.safetensors").stat().st_size
    twice = f"ststnet:epochs=1,init={first}"
    assert main(train(twice, flow, tmp_path / "x.onnx", "--init", str(first))) == 2
    assert "give one of them" in capsys.readouterr().err
    assert main(train("ststnet", flow, tmp_path / "x.onnx", "--init", str(tmp_path / "none"))) == 2
    assert "option init must be a .safetensors file" in capsys.readouterr().err
    assert main(train("offapexnet:epochs=1", flow, tmp_path / "x.onnx", "--init", str(first))) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_first_weights_that_come_with_mien(
    flow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tmp_path / "first.safetensors"
    assert main(train("motionmap:epochs=2", flow, first, "-q")) == 0
    monkeypatch.setattr("mien.training.systems.first_weights", lambda name: {"flow-image": first}[name])
    assert main(train("motionmap:epochs=1", flow, tmp_path / "on.safetensors", "--init", "flow-image")) == 0
    assert "tensors taken" in capsys.readouterr().out


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
        ("smeconvnet", "m.onnx", "holds no videos"),
        ("smeconvnet:rule=first", "m.onnx", "holds no videos"),
        ("smeconvnet:layers=3", "m.onnx", "layers"),
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


def long_videos(root: Path) -> DataSet:
    """Four people's videos of 60 frames, one without files; what is in them :func:`faces` says."""
    footage, samples = [], []
    for person in range(4):
        folder = root / str(person)
        folder.mkdir(parents=True)
        (folder / "0.jpg").write_bytes(bytes([person]))
        names = ("0.jpg",) * 60 if person < 3 else ()
        footage.append(Footage("lv", "", f"lv/{person}", "v", folder, names, tuple(range(len(names))), 20.0))
        marks: dict[str, Any] = {"kind": "micro", "fps": 20.0, "onset": 20, "apex": 23, "offset": 26}
        samples.append(Sample("lv", "", f"lv/{person}", "v_1", footage[-1].key, emotion="happiness", **marks))
    return DataSet("lv", root, tuple(footage), tuple(samples))


def faces(source: Recording) -> Iterator[FaceFrame]:
    """A bar that brightens around frame 23."""
    rng = np.random.default_rng(len(source.key))
    for t in range(60):
        crop = rng.integers(90, 110, (128, 128))
        crop[80:105, 35:95] += max(0, 100 - 25 * abs(t - 23))
        yield FaceFrame(t, t / 20, "ok", crop=crop.astype(np.uint8), sharpness=1.0)


def test_a_spotter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = long_videos(tmp_path / "lv")
    monkeypatch.setattr(importlib.import_module("mien.cli.bench"), "read_copy", lambda *_: copy)
    monkeypatch.setattr("mien.training.spotters.face_frames", faces)
    file = tmp_path / "spotter.onnx"
    assert main(train("smeconvnet:epochs=8", tmp_path / "lv", file)) == 0
    shown = capsys.readouterr().out
    assert "trained on 3 videos of 3 people" in shown
    assert "left out: lv/3/v: lv/3/v: its files are not there" in shown
    assert "noise floor" in shown
    assert [p.name for p in tmp_path.glob("spotter*")] == ["spotter.onnx"]
    spotter = make_spotter(str(file))
    session = spotter.begin(20)
    for face in faces(Recording("lv/0/v", (), 20.0)):
        session.push(face)
    assert any(abs(e.apex - 23) <= 1 for e in session.finish(["ok"] * 60, ()).events)
    assert main(train("smeconvnet", tmp_path / "lv", file, "--rule", "five")) == 2
    assert "--rule and --kind are for recognisers" in capsys.readouterr().err
