"""STSTNet: the published sizes, and the padding of the released script."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from mien.errors import InputError  # noqa: E402
from mien.models import make_network  # noqa: E402
from mien.models.ststnet import STSTNet  # noqa: E402


@pytest.mark.parametrize(("padding", "side"), [(1, 28), (2, 30)])
def test_published_sizes(padding: int, side: int) -> None:
    network = STSTNet.paper(3, padding=padding).eval()
    inputs = network.example(1)
    with torch.no_grad():
        for stream, filters in zip(network.streams, (3, 5, 8), strict=True):
            assert stream[0](*inputs).shape == (1, filters, side, side)
            assert stream(*inputs).shape == (1, filters, 10, 10)
        assert network.features(*inputs).shape == (1, 400)


def test_parameters_by_hand() -> None:
    convolutions = sum(27 * n + n for n in (3, 5, 8))
    normalisation = 2 * (3 + 5 + 8)
    assert STSTNet.paper(3).n_parameters == convolutions + normalisation + (400 * 3 + 3) == 1683
    assert convolutions + 400 * 3 + 3 == 1651


def test_every_filter_reaches_through_flow_and_strain() -> None:
    network = STSTNet.paper(3).eval()
    for channel in range(3):
        network.zero_grad()
        (flow,) = network.example(1)
        network(flow).sum().backward()
        for stream in network.streams:
            assert stream[0].weight.grad[:, channel].abs().sum((1, 2)).all()


@pytest.mark.parametrize("padding", [1, 2])
@pytest.mark.parametrize("size", [(7, 7), (8, 30), (29, 31)])
def test_another_size(size: tuple[int, int], padding: int) -> None:
    network = STSTNet(2, size=size, padding=padding).eval()
    with torch.no_grad():
        assert network(torch.zeros(1, 3, *size)).shape == (1, 2)


def test_another_padding_is_refused() -> None:
    with pytest.raises(InputError, match=r"pads by 1 \(the paper\) or 2 \(the released script\), not 0"):
        make_network("ststnet", classes=3, padding=0)
