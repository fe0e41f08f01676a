"""ATNet: published sizes, both features of length 1, zeros in front and throughout, single streams."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from mien.errors import InputError  # noqa: E402
from mien.models import make_network  # noqa: E402
from mien.models.atnet import ATNet  # noqa: E402
from mien.models.base import Network  # noqa: E402


def trained(module: nn.Module | None, layer: str = "") -> int:
    assert module is not None
    return sum(p.numel() for n, p in module.named_parameters() if p.requires_grad and n.endswith(layer))


def test_parameters_are_the_published_ones() -> None:
    network = ATNet.paper(3)
    assert trained(network.lstm, "_l0") == 1_312_768
    assert trained(network.lstm, "_l1") == 2_099_200
    assert trained(network.fc) == 3_075
    assert trained(network.trunk) == 4_893_824 + 3_970
    assert network.n_parameters == 8_312_837
    assert network.shapes == ((1, 224, 224), (64, 128))


def test_first_weights_are_the_published_ones() -> None:
    lstm = ATNet.paper(3, stream="temporal").lstm
    assert lstm is not None
    for name, value in lstm.named_parameters():
        if name.startswith("weight"):
            assert float(value.detach().std()) == pytest.approx(0.1, rel=0.01)
        else:
            assert not value.any()


def network_of(stream: str = "fusion") -> Network:
    return make_network("atnet", classes=3, preset="small", stream=stream)


@pytest.mark.parametrize(
    ("stream", "ports", "shapes", "features"),
    [
        ("fusion", ("apex", "motion"), ((1, 96, 96), (16, 128)), 192),
        ("spatial", ("apex",), ((1, 96, 96),), 128),
        ("temporal", ("motion",), ((16, 128),), 64),
    ],
)
def test_streams(
    stream: str, ports: tuple[str, ...], shapes: tuple[tuple[int, ...], ...], features: int
) -> None:
    network = network_of(stream).eval()
    assert network.ports == ports
    assert network.shapes == shapes
    inputs = network.example(2)
    assert network(*inputs).shape == (2, 3)
    assert network.features(*inputs).shape == (2, features)
    assert list(network.evidence(*inputs)) == (["time"] if "motion" in ports else [])
    network.train().loss(inputs, torch.tensor([0, 2])).backward()
    assert all(
        p.grad is not None and p.grad.isfinite().all() for p in network.parameters() if p.requires_grad
    )


def test_a_stream_leaves_the_others_ports_alone() -> None:
    network_of("temporal")
    assert ATNet.ports == ("apex", "motion")
    assert network_of().ports == ("apex", "motion")
    with pytest.raises(InputError, match="one of fusion, spatial, temporal, not 'both'"):
        network_of("both")


def test_small_pictures_are_refused() -> None:
    with pytest.raises(InputError, match="at least 64 by 64 pixels, not 32 by 64"):
        ATNet(3, size=(32, 64))


def test_each_feature_has_length_1() -> None:
    network = network_of().eval()
    with torch.no_grad():
        features = network.features(*network.example(3))
    torch.testing.assert_close(features[:, :128].norm(dim=1), torch.ones(3))
    torch.testing.assert_close(features[:, 128:].norm(dim=1), torch.ones(3))


def test_the_temporal_feature_is_the_mean_over_all_steps() -> None:
    network = ATNet(3, stream="temporal", steps=5, blocks=1, hidden=3).eval()
    motion = 30 * torch.randn(2, 5, 2)
    assert network.lstm is not None
    with torch.no_grad():
        states = torch.stack([network.lstm(motion[:, : t + 1])[0][:, -1] for t in range(5)])
        mean = states.sum(0) / 5
        torch.testing.assert_close(network.features(motion), mean / mean.norm(dim=1, keepdim=True))


def test_zero_rows_in_front_say_nothing_at_first() -> None:
    """With biases of 0 the LSTM stays at 0 over them, and length 1 takes out that there are more steps."""
    network = network_of("temporal").eval()
    (motion,) = network.example(2)
    motion[:, :6] = 0
    behind = torch.cat((motion[:, 6:], motion[:, :6]), 1)
    with torch.no_grad():
        torch.testing.assert_close(network.features(motion), network.features(motion[:, 6:]))
        assert not torch.allclose(network.features(motion), network.features(behind))
        time = network.evidence(motion)["time"]
    assert not time[:, :6].any()


def norm_of_gradients(network: Network, motion: Tensor) -> float:
    network.zero_grad()
    network.loss((motion,), torch.tensor([0, 1])).backward()
    grads = [p.grad.norm() for p in network.parameters() if p.grad is not None]
    return float(torch.stack(grads).norm())


def test_nothing_but_zeros_is_legal() -> None:
    network = network_of("temporal").eval()
    zeros = torch.zeros(2, 16, 128)
    with torch.no_grad():
        assert not network.features(zeros).any()
        assert not network.evidence(zeros)["time"].any()
        torch.testing.assert_close(network(zeros), network.fc.bias.expand(2, 3))
    # nor does the next step throw the weights far away: the floor of the length is no epsilon
    assert norm_of_gradients(network, zeros) < 100


def test_evidence_by_hand() -> None:
    network = ATNet(3, stream="temporal", steps=3, blocks=1, hidden=2)

    class Given(nn.Module):
        def forward(self, states: Tensor) -> tuple[Tensor, None]:
            return states, None

    network.lstm = Given()  # type: ignore[assignment]
    # mean (1, 1); along it: 4, 3 and −1, the last of which pulls the other way
    states = torch.tensor([[[4.0, 0.0], [0.0, 3.0], [-1.0, 0.0]]])
    assert network.evidence(states)["time"].tolist() == [pytest.approx([4 / 7, 3 / 7, 0.0])]
    assert network.features(states).tolist() == [pytest.approx([0.5**0.5, 0.5**0.5])]


def test_the_second_bias_stays_at_0() -> None:
    network = network_of().train()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-6)
    for _ in range(2):
        optimiser.zero_grad()
        network.loss(network.example(4), torch.tensor([0, 1, 2, 0])).backward()
        optimiser.step()
    assert network.lstm.bias_ih_l0.any()
    assert not network.lstm.bias_hh_l0.any()
    assert not network.lstm.bias_hh_l1.any()
