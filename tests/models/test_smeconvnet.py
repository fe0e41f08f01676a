"""SMEConvNet: sizes layer by layer."""

from __future__ import annotations

import torch

from mien.models import make_network
from mien.models.smeconvnet import SMEConvNet


def test_count() -> None:
    # convolutions: (kernel² · before + 1) · after; then 128 · 4 · 4 -> 500 -> 500 -> 8
    convolutions = 122 * 96 + (25 * 96 + 1) * 96 + (9 * 96 + 1) * 128 + (9 * 128 + 1) * 128
    linear = 2049 * 500 + 501 * 500 + 501 * 8
    net = make_network("smeconvnet", classes=8)
    assert net.n_parameters == net.card.parameters == convolutions + linear == 1_779_520


def test_shapes_layer_by_layer() -> None:
    def maps(preset: str) -> list[tuple[int, ...]]:
        net = make_network("smeconvnet", classes=8, preset=preset)
        assert isinstance(net, SMEConvNet)
        seen: list[tuple[int, ...]] = []
        for part in net.describe:
            if isinstance(part, torch.nn.MaxPool2d):
                part.register_forward_hook(lambda _m, _i, out: seen.append(tuple(out.shape[1:])))
        with torch.no_grad():
            assert net(*net.example(1)).shape == (1, 8)
            seen.append(tuple(net.features(*net.example(2)).shape))
        return seen[:4] + seen[-1:]

    assert maps("paper") == [(96, 53, 53), (96, 24, 24), (128, 11, 11), (128, 4, 4), (2, 500)]
    assert maps("small") == [(12, 24, 24), (12, 12, 12), (24, 6, 6), (24, 3, 3), (2, 64)]


def test_features_decide() -> None:
    net = make_network("smeconvnet", classes=3, preset="small")
    assert isinstance(net, SMEConvNet)
    (frames,) = net.example(5)
    rows = net.features(frames)
    assert (rows >= 0).all()
    assert torch.equal(net.classify(rows), net(frames))
    weight = net.classify.weight.detach()
    assert float(weight.abs().max()) <= (6 / (64 + 3)) ** 0.5
