"""A file says what torch says, eats what ``prepare`` gives, and tells nothing of where it was made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")

from mien.errors import InputError  # noqa: E402
from mien.inputs import Clip, InputSpec, prepare  # noqa: E402
from mien.modelfile import ModelFile, read  # noqa: E402
from mien.models import CARDS, MODELS, make_network  # noqa: E402
from mien.models.base import Network  # noqa: E402
from mien.models.dtscnn import DTSCNN, surer  # noqa: E402
from mien.models.ports import port_input  # noqa: E402
from mien.training.export import SCALES, TOLERANCE, export  # noqa: E402

LABELS = ("negative", "positive", "surprise")
FLOW = InputSpec(
    (28, 28),
    content="flow",
    part="apex",
    flow="dis",
    reference="onset",
    flow_size=(32, 32),
    normalisation="none",
)
BLOCKS = replace(
    FLOW, size=(8, 8), content="flow_blocks", part="around_apex", frames=16, reference="previous"
)
COLOUR = replace(FLOW, size=(48, 48), content="flow_colour", part="event", frames=32, normalisation="unit")
APEX = InputSpec((96, 96), part="apex")
SPECS: dict[str, dict[str, InputSpec]] = {
    "dtscnn": {"clip": COLOUR},
    "macro2micro": {"apex": APEX},
    "micro_attention": {"apex": APEX},
    "smeconvnet": {"frame": APEX},
    "atnet": {"apex": APEX, "motion": BLOCKS},
    "akmnet": {"clip": InputSpec((64, 64))},
    "offapexnet": {"flow": FLOW},
    "ststnet": {"flow": replace(FLOW, content="flow_strain")},
    "motionmap": {"flow": replace(FLOW, content="flow_strain")},
}
EVIDENCE = {
    "micro_attention": {**{f"block{i}": "apex" for i in (1, 2, 3, 4)}, "attention": "apex"},
    "atnet": {"time": "motion"},
    "akmnet": dict.fromkeys(("alpha", "beta", "chosen"), "clip"),
}
SLOW = {"atnet", "micro_attention", "macro2micro", "smeconvnet"}
"""What PyTorch's newer exporter takes long over."""
Made = Callable[[str], tuple[Network, ModelFile]]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def made(name: str, seed: int = 0) -> Network:
    """Small, with batch norms that have seen something."""
    network = make_network(name, classes=3, preset="small", seed=seed)
    with torch.no_grad():
        for one in range(3):
            network.train()(*network.example(4, seed=one))
    return network.eval()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """``files(name)``: the network and its file."""
    folder = tmp_path_factory.mktemp("files")

    @cache
    def run(name: str) -> tuple[Network, ModelFile]:
        network = made(name)
        out = export(
            network,
            SPECS[name],
            LABELS,
            folder / "deep" / f"{name}.onnx",
            subjects=("b/2", "a/1", "b/2"),
            metrics={"uf1": 0.5},
            metrics_on="made faces",
            notes="Made for a test.",
            tunables={"undecided_below": 0.4},
        )
        return network, read(out)

    return run


def clip(frames: int, side: int = 96) -> Clip:
    rng = np.random.default_rng(frames)
    return Clip(rng.integers(0, 255, (frames, side, side), np.uint8), 50.0, 0, frames // 2, frames - 1)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n in SLOW else ()) for n in MODELS]
)
def test_the_file_says_what_torch_says_of_a_prepared_clip(name: str, files: Made) -> None:
    network, model = files(name)
    for frames in (7, 1, 12):
        prepared = {port: prepare(clip(frames), spec) for port, spec in SPECS[name].items()}
        arrays = [torch.from_numpy(prepared[port])[None] for port in network.ports]
        inputs = [port_input(network, port, a) for port, a in zip(network.ports, arrays, strict=True)]
        with torch.no_grad():
            ours = torch.softmax(network(*inputs), 1)[0].numpy()
            looked = {what: value[0].numpy() for what, value in network.evidence(*inputs).items()}
        shares, evidence = model.judge(prepared)
        np.testing.assert_allclose(shares, ours, atol=TOLERANCE)
        assert evidence.keys() == looked.keys() == EVIDENCE.get(name, {}).keys()
        for what, value in looked.items():
            np.testing.assert_allclose(evidence[what], value, atol=TOLERANCE)


@pytest.mark.parametrize(
    "name", ["ststnet", pytest.param("micro_attention", marks=pytest.mark.slow), "akmnet"]
)
def test_what_the_file_says_of_itself(name: str, files: Made) -> None:
    network, model = files(name)
    told, card = model.metadata, CARDS[name]
    assert (told.name, told.task, told.labels, told.paper) == (name, card.task, LABELS, card.paper)
    assert told.inputs == SPECS[name]
    assert told.evidence == EVIDENCE.get(name, {})
    assert told.subjects == ("a/1", "b/2")
    assert (told.metrics, told.metrics_on, told.notes) == ({"uf1": 0.5}, "made faces", "Made for a test.")
    assert told.tunables == {"undecided_below": 0.4}
    assert [p.name for p in model.path.parent.iterdir() if not p.name.endswith(".onnx")] == []
    batch = 1 if network.variable else None
    assert all(port.shape[0] == batch and len(port.shape) == 5 for port in model.inputs)
    assert model.outputs[0].name == "probabilities"
    assert model.outputs[0].shape == (batch, 3)
    assert {port.name for port in model.outputs[1:]} == set(told.evidence)
    model.check_recognizer()


def test_several_clips_at_once(files: Made) -> None:
    _, model = files("ststnet")
    several = np.random.default_rng(0).normal(size=(5, 1, 3, 28, 28)).astype(np.float32)
    together = model.run({"flow": several})["probabilities"]
    alone = np.stack([model.judge({"flow": one})[0] for one in several])
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.slow
def test_a_spotting_network_gives_its_features(files: Made) -> None:
    network, model = files("smeconvnet")
    assert model.metadata.task == "spotting"
    frames = np.random.default_rng(0).random((4, 1, 1, 96, 96)).astype(np.float32)
    told = model.run({"frame": frames})
    with torch.no_grad():
        features = network.features(torch.from_numpy(frames)[:, 0]).numpy()
    np.testing.assert_allclose(told["features"], features, atol=TOLERANCE)
    assert told["probabilities"].shape == (4, 3)


def test_two_streams_in_one_file(tmp_path: Path) -> None:
    streams = tuple(
        make_network("dtscnn", classes=3, preset="small", frames=n, seed=n).eval() for n in (32, 64)
    )
    draw = torch.Generator().manual_seed(0)
    for stream in streams:  # sure enough to differ, not so sure that both say 1
        torch.nn.init.normal_(stream.get_submodule("fc").get_parameter("weight"), std=0.1, generator=draw)
    assert isinstance(streams[0], DTSCNN)
    assert isinstance(streams[1], DTSCNN)
    specs = {"short": COLOUR, "long": replace(COLOUR, frames=64)}
    assert tuple(specs) == SCALES
    model = read(export((streams[0], streams[1]), specs, LABELS, tmp_path / "two.onnx"))
    surest = set()
    for seed in range(8):
        rng = np.random.default_rng(seed)
        prepared = {port: rng.normal(size=spec.shape).astype(np.float32) for port, spec in specs.items()}
        prepared["long"] *= np.float32(0.05 if seed % 2 else 2)  # what is faint is unsure
        with torch.no_grad():
            rows = [
                torch.softmax(s(port_input(s, "clip", torch.from_numpy(prepared[port])[None])), 1)
                for s, port in zip(streams, SCALES, strict=True)
            ]
        np.testing.assert_allclose(model.judge(prepared)[0], surer(*rows)[0].numpy(), atol=TOLERANCE)
        surest.add(bool(rows[0].max() >= rows[1].max()))
    assert surest == {True, False}


def test_equal_networks_give_equal_files_that_tell_no_place(tmp_path: Path) -> None:
    for name in ("ststnet", "akmnet"):
        a, b = (
            export(made(name), SPECS[name], LABELS, tmp_path / f"{i}.onnx").read_bytes() for i in range(2)
        )
        assert a == b
        assert b"/src/mien" not in a
        assert b".py" not in a


def test_a_network_that_finds_noisy_frames_alike_is_exported_all_the_same(tmp_path: Path) -> None:
    """Trained so, seed 0 chose by rounding among frames of noise, on which it was once compared."""
    network = make_network("akmnet", classes=3, preset="small", seed=0).train()
    draw = torch.Generator().manual_seed(0)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-2, momentum=0.9)
    for step in range(25):
        length = int(torch.randint(5, 12, (1,), generator=draw))
        clip = torch.rand(1, length, 1, 64, 64, generator=draw) * torch.rand(1, generator=draw)
        optimizer.zero_grad()
        network.loss((clip,), torch.tensor([step % 3])).backward()
        optimizer.step()
    out = export(network.eval(), SPECS["akmnet"], LABELS, tmp_path / "a.onnx")
    assert out.stat().st_size > 0


@pytest.mark.parametrize("noise", [1e-5, 1e-4, 1e-3])
def test_of_frames_nearly_alike_the_file_says_what_torch_says(files: Made, noise: float) -> None:
    """Real frames are so: β differ by a rounding, by which torch and the graph once chose differently."""
    network, model = files("akmnet")
    for seed in range(10):
        draw = torch.Generator().manual_seed(seed)
        base = torch.rand(1, 1, 1, 64, 64, generator=draw)
        clip = (base + noise * torch.randn(1, 9, 1, 64, 64, generator=draw)).clamp(0, 1)
        with torch.no_grad():
            ours = network(clip).softmax(1)[0].numpy()
        shares, evidence = model.judge({"clip": clip[0].numpy()})
        np.testing.assert_allclose(shares, ours, atol=TOLERANCE)
        assert evidence["chosen"].all()


def test_the_network_is_left_as_it_is(tmp_path: Path) -> None:
    network = make_network("akmnet", classes=3, preset="small").train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    export(network, SPECS["akmnet"], LABELS, tmp_path / "a.onnx")
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("specs", "labels", "message"),
    [
        ({}, LABELS, "STSTNet has the inputs flow, not none"),
        ({"clip": FLOW}, LABELS, "STSTNet has the inputs flow, not clip"),
        (
            {"flow": FLOW},
            LABELS,
            "STSTNet takes 1 × 3 × 28 × 28 at 'flow', but its spec prepares 1 × 2 × 28 × 28",
        ),
        ({"flow": replace(FLOW, content="flow_strain", part="event")}, LABELS, "prepares any × 3 × 28 × 28"),
        (SPECS["ststnet"], LABELS[:2], "tells 3 classes apart, not 2"),
        (SPECS["ststnet"], ("a", "a", "b"), "different words"),
    ],
)
def test_what_does_not_fit(
    specs: dict[str, InputSpec], labels: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        export(make_network("ststnet", classes=3), specs, labels, tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_graph_that_says_something_else_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mien.training import export as module

    strip = module._strip

    def spoil(proto: onnx.ModelProto) -> None:
        strip(proto)
        for weights in proto.graph.initializer:
            values = onnx.numpy_helper.to_array(weights)
            if values.dtype == np.float32 and values.ndim == 2:
                weights.CopyFrom(onnx.numpy_helper.from_array(2 * values, weights.name))
                return

    monkeypatch.setattr(module, "_strip", spoil)
    network = make_network("ststnet", classes=3)
    draw = torch.Generator().manual_seed(0)
    torch.nn.init.normal_(network.get_submodule("fc").get_parameter("weight"), std=0.05, generator=draw)
    with pytest.raises(InputError, match=r"differs from the network by .* in 'probabilities'; no file was"):
        export(network, SPECS["ststnet"], LABELS, tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    network = make_network("ststnet", classes=3)
    torch.nn.init.constant_(network.fc.bias, float("nan"))
    with pytest.raises(InputError, match="whose numbers are finite"):
        export(network, SPECS["ststnet"], LABELS, tmp_path / "a.onnx")


def test_a_file_runs_without_torch(files: Made) -> None:
    _, model = files("akmnet")
    code = (
        "import sys\nfor name in ('torch', 'onnx', 'onnxscript'): sys.modules[name] = None\n"
        "import numpy as np\nfrom mien.modelfile import read\n"
        f"shares, evidence = read({str(model.path)!r}).judge({{'clip': np.zeros((5, 1, 64, 64), 'f4')}})\n"
        "print(shares.shape, sorted(evidence), evidence['chosen'].shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(3,) ['alpha', 'beta', 'chosen'] (5,)"
