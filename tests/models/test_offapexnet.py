"""Off-ApexNet: the published sizes, and that each stream has a direction of its own."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from mien.models.offapexnet import OffApexNet  # noqa: E402


def test_published_sizes() -> None:
    network = OffApexNet.paper(3).eval()
    seen: list[tuple[int, ...]] = []
    for layer in (*network.horizontal, *network.broad, network.fc):
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.Flatten | nn.Linear):
            layer.register_forward_hook(lambda _m, _x, y: seen.append(tuple(y.shape[1:])))
    with torch.no_grad():
        network(*network.example(1))
    sizes = [(6, 28, 28), (6, 14, 14), (16, 14, 14), (16, 7, 7), (784,), (1024,), (1024,), (3,)]
    assert seen == sizes


def test_parameters_by_hand() -> None:
    stream = (25 * 6 + 6) + (25 * 6 * 16 + 16)
    broad = (1568 * 1024 + 1024) + (1024 * 1024 + 1024)
    assert OffApexNet.paper(3).n_parameters == 2 * stream + broad + (1024 * 3 + 3) == 2_664_475


def test_each_stream_sees_its_direction_alone() -> None:
    network = OffApexNet.small(3).eval()
    (flow,) = network.example(1)
    for direction, (own, other) in enumerate(
        ((network.horizontal, network.vertical), (network.vertical, network.horizontal))
    ):
        network.zero_grad()
        only = torch.zeros_like(flow)
        only[:, direction] = flow[:, direction]
        network(only).sum().backward()
        assert own[0].weight.grad.any()
        assert not other[0].weight.grad.any()  # it saw zeros


def test_another_size() -> None:
    network = OffApexNet(3, size=(30, 21), filters=(2, 3), width=8)
    with torch.no_grad():
        assert network(torch.zeros(1, 2, 30, 21)).shape == (1, 3)
