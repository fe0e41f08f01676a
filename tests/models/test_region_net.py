"""RegionNet: shapes, what it starts from, and what is exported of it."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mien.models.region_net import RegionNet, Told  # noqa: E402
from mien.spotting.region_input import CHANNELS, mirrored  # noqa: E402


def test_a_moment_for_a_moment() -> None:
    network = RegionNet(CHANNELS).eval()
    assert sum(p.numel() for p in network.parameters()) == 121_592
    out = network(torch.zeros(2, CHANNELS, 120))
    assert out.shape == (2, 8, 120)
    assert torch.sigmoid(out[:, 0]).max() < 0.2  # hardly any moment is an apex


def test_how_far_it_sees() -> None:
    network = RegionNet(CHANNELS).eval()
    x = torch.zeros(1, CHANNELS, 1200)
    before = network(x)
    x[:, :, 600] = 5.0
    changed = (network(x) - before).abs().amax((0, 1)) > 1e-6
    first, last = (int(changed.nonzero()[i]) for i in (0, -1))
    assert 240 <= 600 - first <= 270
    assert 240 <= last - 600 <= 270


def test_told() -> None:
    network = RegionNet(CHANNELS).eval()
    x = torch.randn(1, CHANNELS, 40, generator=torch.Generator().manual_seed(0))
    apex, ends = Told([network], (2.0, 1.0), (0.5, 0.0)).eval()(x)
    out = network(x)
    assert apex.shape == (1, 2, 40)
    assert ends.shape == (1, 4, 40)
    assert torch.allclose(apex[:, 0], torch.sigmoid(2 * out[:, 0] + 0.5))
    assert torch.allclose(ends, out[:, 4:].exp())


def test_several_and_the_mirror_are_averaged() -> None:
    torch.manual_seed(1)
    networks = [RegionNet(CHANNELS).eval() for _ in range(2)]
    mirror = torch.from_numpy(mirrored(np.eye(CHANNELS, dtype=np.float32)))
    x = torch.randn(1, CHANNELS, 40)
    apex, ends = Told(networks, mirror=mirror).eval()(x)
    other = torch.from_numpy(mirrored(x.numpy()))
    out = torch.stack([network(one) for network in networks for one in (x, other)]).mean(0)
    assert torch.allclose(apex, torch.sigmoid(out[:, :2]), atol=1e-6)
    assert torch.allclose(ends, out[:, 4:].exp(), rtol=1e-4)
    of_other = Told(networks, mirror=mirror).eval()(other)
    assert torch.allclose(of_other[0], apex, atol=1e-6)
