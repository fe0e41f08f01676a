"""What every network of the zoo keeps to, asked of each in turn.

Networks are found by themselves, as far as they can be imported; the last test asks that all of them can.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load, save  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from mien.errors import InputError  # noqa: E402
from mien.models import CARDS, MODELS, make_network, network_class  # noqa: E402
from mien.models.base import Network  # noqa: E402
from mien.models.dtscnn import DTSCNN  # noqa: E402

CLASSES = 3
OLD_EXPORTER = frozenset({"akmnet"})
"""Networks that PyTorch's newer ONNX exporter refuses, or follows for one length of clip only."""


def found() -> list[str]:
    names = []
    for name in MODELS:
        with contextlib.suppress(ModuleNotFoundError):
            network_class(name)
            names.append(name)
    return names


@pytest.fixture(params=found())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def network(name: str) -> Network:
    """Small, fresh, in use."""
    return make_network(name, classes=CLASSES, preset="small").eval()


def labels(n: int) -> Tensor:
    return torch.arange(n) % CLASSES


def lengths(network: Network) -> tuple[int, ...]:
    """Lengths of clips to try: a single frame as well, where any will do."""
    return (6, 1, 2) if network.variable else (6,)


def test_it_is_registered_under_its_own_name(name: str, network: Network) -> None:
    assert network.key == name
    assert network.card is CARDS[name]
    assert len(network.shapes) == len(network.ports) == len(set(network.ports))
    assert network.variable == any(None in shape for shape in network.shapes)


@pytest.mark.parametrize("batch", [1, 3])
def test_shapes(network: Network, batch: int) -> None:
    for length in lengths(network):
        inputs = network.example(batch, length=length)
        assert [tuple(x.shape[1:]) for x in inputs] == [
            tuple(length if n is None else n for n in shape) for shape in network.shapes
        ]
        with torch.no_grad():
            logits, features = network(*inputs), network.features(*inputs)
        assert logits.shape == (batch, CLASSES)
        assert logits.dtype == torch.float32
        assert features.ndim == 2
        assert features.shape[0] == batch
        assert logits.isfinite().all()
        assert features.isfinite().all()


def test_as_published(name: str) -> None:
    card = CARDS[name]
    network = make_network(name, classes=card.classes).eval()
    counted = network.n_parameters
    if isinstance(network, DTSCNN):  # the system has two streams
        counted += make_network(name, classes=card.classes, frames=DTSCNN.scales["paper"][1]).n_parameters
    assert counted == card.parameters
    with torch.no_grad():
        assert network(*network.example(1)).shape == (1, card.classes)


def test_a_clip_is_judged_alone(network: Network) -> None:
    """Not by what else is in the batch."""
    inputs = network.example(3)
    with torch.no_grad():
        together = network(*inputs)
        for i in range(3):
            alone = network(*(x[i : i + 1] for x in inputs))
            torch.testing.assert_close(alone[0], together[i], rtol=1e-4, atol=1e-5)


def test_in_use_it_says_the_same_twice(network: Network) -> None:
    inputs = network.example(2)
    with torch.no_grad():
        assert torch.equal(network(*inputs), network(*inputs))
        assert torch.equal(network.features(*inputs), network.features(*inputs))


def test_features_are_what_the_last_layer_takes(network: Network) -> None:
    seen: list[tuple[nn.Module, Tensor, Tensor]] = []
    for module in network.modules():
        if isinstance(module, nn.Linear):
            module.register_forward_hook(lambda m, x, y: seen.append((m, x[0], y)))
    inputs = network.example(2)
    with torch.no_grad():
        logits = network(*inputs)
        last, taken, given = seen[-1]
        assert torch.equal(given, logits)
        assert isinstance(last, nn.Linear)
        assert last.out_features == CLASSES
        torch.testing.assert_close(network.features(*inputs), taken)


def test_gradient_reaches_every_parameter(network: Network) -> None:
    network.train()
    reached: set[str] = set()
    for seed in range(3):
        network.zero_grad()
        network.loss(network.example(4, seed=seed), labels(4)).backward()
        for parameter_name, p in network.named_parameters():
            if p.grad is not None:
                assert p.grad.isfinite().all(), parameter_name
                if p.grad.any():
                    reached.add(parameter_name)
    assert reached == {n for n, p in network.named_parameters() if p.requires_grad}


def test_the_loss_weighs_classes(network: Network) -> None:
    inputs, target = network.example(3), labels(3)
    plain = network.loss(inputs, target)
    assert plain.ndim == 0
    assert plain.isfinite()
    even = network.loss(inputs, target, torch.ones(CLASSES))
    torch.testing.assert_close(even, plain)
    assert not torch.isclose(network.loss(inputs, target, torch.tensor([9.0, 1.0, 1.0])), plain)


def test_nothing_that_moves(network: Network) -> None:
    """Zeros throughout, one frame or many: no mean of nothing, no direction of a zero."""
    for length in lengths(network):
        inputs = tuple(torch.zeros_like(x) for x in network.example(2, length=length))
        for mode in (False, True):
            network.train(mode).zero_grad()
            assert network(*inputs).isfinite().all()
            loss = network.loss(inputs, labels(2))
            assert loss.isfinite()
            loss.backward()
            assert all(p.grad is None or p.grad.isfinite().all() for p in network.parameters())


def accuracy(network: Network, inputs: tuple[Tensor, ...], target: Tensor) -> float:
    network.eval()
    with torch.no_grad():
        right = network(*inputs).argmax(1) == target
    network.train()
    return float(right.float().mean())


def test_it_learns_eight_clips_by_heart(network: Network) -> None:
    inputs, target = network.example(8), labels(8)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    reached = 0.0
    for step in range(200):
        if step % 10 == 0 and (reached := accuracy(network, inputs, target)) == 1:
            break
        optimiser.zero_grad()
        network.loss(inputs, target).backward()
        optimiser.step()
    assert reached == 1
    assert step > 0  # chance is one in 6561


def test_same_seed_same_weights(name: str) -> None:
    before = torch.random.get_rng_state()
    one, same, other = (make_network(name, classes=CLASSES, preset="small", seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    weights = same.state_dict()
    assert one.state_dict().keys() == weights.keys()
    assert all(torch.equal(w, weights[k]) for k, w in one.state_dict().items())
    drawn = [k for k, p in one.named_parameters() if p.requires_grad and p.ndim > 1]
    assert drawn
    assert not any(torch.equal(one.get_parameter(k), other.get_parameter(k)) for k in drawn)


def test_weights_travel_as_safetensors(name: str, network: Network) -> None:
    other = make_network(name, classes=CLASSES, preset="small", seed=1).eval()
    inputs = network.example(2)
    with torch.no_grad():
        assert not torch.equal(other(*inputs), network(*inputs))
        left_over = other.load_state_dict(load(save(network.state_dict())))
        assert left_over == ([], [])
        assert torch.equal(other(*inputs), network(*inputs))


def test_evidence_has_the_inputs_shape(network: Network) -> None:
    """Maps of 0 to 1 as large as a picture that went in, or a weight a frame."""
    for length in lengths(network):
        inputs = network.example(2, length=length)
        pictures = {tuple(x.shape[-2:]) for x in inputs}
        with torch.no_grad():
            evidence = network.evidence(*inputs)
        for what, values in evidence.items():
            assert values.isfinite().all(), what
            if values.ndim == 3:
                assert tuple(values.shape[1:]) in pictures, what
                assert values.min() >= 0, what
                assert values.max() <= 1, what
            else:
                assert values.ndim == 2, what
            assert len(values) == 2, what


def export(network: Network, out: Path, *, old: bool) -> None:
    """As an ONNX file that takes any batch, or clips of any length."""
    inputs = network.example(1 if network.variable else 2)
    axes = [
        {i + 1: "length" for i, n in enumerate(shape) if n is None} if network.variable else {0: "batch"}
        for shape in network.shapes
    ]
    common: dict[str, Any] = {
        "input_names": list(network.ports),
        "output_names": ["logits"],
        "opset_version": 18,
    }
    if old:
        named = {
            **{port: axis for port, axis in zip(network.ports, axes, strict=True) if axis},
            **({} if network.variable else {"logits": {0: "batch"}}),
        }
        torch.onnx.export(network, inputs, str(out), dynamo=False, dynamic_axes=named, **common)
        return
    dims: list[Mapping[int, Any]] = [{i: torch.export.Dim(axis) for i, axis in one.items()} for one in axes]
    starred = any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(network.forward).parameters.values())
    shapes = (tuple(dims),) if starred else tuple(dims)
    torch.onnx.export(network, inputs, str(out), dynamo=True, dynamic_shapes=shapes, verbose=False, **common)


@pytest.mark.filterwarnings("ignore")
def test_the_exported_file_says_the_same(name: str, network: Network, tmp_path: Path) -> None:
    """To 1e-4, also for another batch than it was exported with, or a clip of another length."""
    pytest.importorskip("onnx")
    if name not in OLD_EXPORTER:
        pytest.importorskip("onnxscript")
    out = tmp_path / "network.onnx"
    export(network, out, old=name in OLD_EXPORTER)
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    assert [port.name for port in session.get_inputs()] == list(network.ports)
    examples = (
        [network.example(1, length=n, seed=n) for n in (1, 2, 6, 11)]
        if network.variable
        else [network.example(n, seed=n) for n in (1, 2, 5)]
    )
    for inputs in examples:
        feed = {port: x.numpy() for port, x in zip(network.ports, inputs, strict=True)}
        with torch.no_grad():
            ours = network(*inputs).numpy()
        theirs = session.run(["logits"], feed)[0]
        assert theirs.shape == ours.shape
        np.testing.assert_allclose(theirs, ours, atol=1e-4, rtol=1e-4)


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match="There is no network 'vgg'; choose one of dtscnn"):
        make_network("vgg", classes=3)
    with pytest.raises(InputError, match="There is no preset 'huge'; choose one of paper, small"):
        make_network("ststnet", classes=3, preset="huge")


def test_every_network_has_a_card() -> None:
    assert list(CARDS) == list(MODELS)
    assert all(card.name == name and card.classes >= 2 for name, card in CARDS.items())


def test_every_network_is_there() -> None:
    """Stays last: it fails until the zoo is complete."""
    assert found() == list(MODELS)
