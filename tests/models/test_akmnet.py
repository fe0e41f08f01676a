"""AKMNet: counts, shapes, mining by hand, batches like single clips, numerics, export of any length."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import InputError
from mien.models import make_network
from mien.models.akmnet import AKMNet

VARIANTS: list[dict[str, Any]] = [
    {},
    {"released": True},
    {"select": "all"},
    {"select": "random"},
    {"steps": "12"},
    {"steps": "13"},
    {"steps": "23"},
]


def small(classes: int = 3, seed: int = 0, **options: Any) -> AKMNet:
    net = make_network("akmnet", classes=classes, preset="small", seed=seed, **options)
    assert isinstance(net, AKMNet)
    return net.eval()


class Pooled(nn.Module):
    """Stands in for the ResNet: a picture's first C pixels are its pooled features."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)[:, :64, None, None].expand(-1, -1, 4, 4)


def with_features(rows: list[list[float]], **options: Any) -> tuple[AKMNet, Tensor]:
    """A network whose frames have these features (and zeros), and the clip (1, T, 1, 64, 64)."""
    net = small(**options)
    net.stem, net.body = nn.Identity(), Pooled()  # type: ignore[assignment]
    clip = torch.zeros(1, len(rows), 64 * 64)
    for t, row in enumerate(rows):
        clip[0, t, : len(row)] = torch.tensor(row)
    return net, clip.view(1, len(rows), 1, 64, 64)


# ---------------------------------------------------------------------- sizes


def test_published_count() -> None:
    net = make_network("akmnet", classes=4)
    assert net.n_parameters == net.card.parameters == 11_296_965


def test_shapes_layer_by_layer() -> None:
    net = make_network("akmnet", classes=4)
    assert isinstance(net, AKMNet)
    seen: list[tuple[int, ...]] = []
    for part in (*net.stem, *net.body):
        part.register_forward_hook(lambda _m, _i, out: seen.append(tuple(out.shape)))
    net.gru.register_forward_hook(lambda _m, i, out: seen.append(tuple(out[0].shape)))
    with torch.no_grad():
        assert net.eval().features(*net.example(1, length=3)).shape == (1, 1024)
    conv, pool = (3, 64, 64, 64), (3, 64, 32, 32)
    stages = [(3, 64, 32, 32)] * 2 + [(3, 128, 16, 16)] * 2 + [(3, 256, 8, 8)] * 2 + [(3, 512, 4, 4)] * 2
    assert seen[:-1] == [conv, conv, conv, pool, *stages]
    places, frames, width = seen[-1]
    assert (places, width) == (16, 64)
    assert 1 <= frames < 3


def test_first_weights() -> None:
    net = make_network("akmnet", classes=4)
    assert isinstance(net, AKMNet)
    weight = net.gru.weight_hh_l0.detach()
    assert torch.allclose(weight.T @ weight, torch.eye(32), atol=1e-5)
    assert float(net.gru.bias_ih_l1.detach().min()) >= 0
    assert float(net.gru.bias_ih_l1.detach().max()) > 0.9
    assert float(net.gru.bias_ih_l1_reverse.detach().min()) < 0
    first = net.stem[0]
    assert isinstance(first, nn.Conv2d)
    assert float(first.weight.detach().std()) == pytest.approx((2 / (64 * 25)) ** 0.5, rel=0.05)


# ---------------------------------------------------------------------- mining


def test_mining_by_hand() -> None:
    # the attention is even (w = 0, b = 0, α = 1/2): the whole lies along (3, 1, 0), |.| √10
    net, clip = with_features([[1, 0], [0, 1], [2, 0]])
    assert net.attention is not None
    nn.init.zeros_(net.attention.weight)
    _, alpha, beta, chosen = net.look(clip)
    assert alpha.tolist() == [[0.5, 0.5, 0.5]]
    assert beta[0].detach().numpy() == pytest.approx(np.array([3, 1, 3]) / 10**0.5, abs=1e-6)
    assert chosen.tolist() == [[1, 0, 1]]
    # attention to the second feature turns the whole: α = σ(10 x₂ − 5) is .0067, .9933, .0067
    net.attention.weight.data[0, 1] = 10
    net.attention.bias.data.fill_(-5)
    _, alpha, beta, chosen = net.look(clip)
    low, high = 1 / (1 + np.exp(5)), 1 / (1 + np.exp(-5))
    assert alpha[0].detach().numpy() == pytest.approx([low, high, low], abs=1e-6)
    length = np.hypot(3 * low, high)
    assert beta[0].detach().numpy() == pytest.approx([3 * low / length, high / length, 3 * low / length])
    assert chosen.tolist() == [[0, 1, 0]]
    assert sorted(net.evidence(clip)) == ["alpha", "beta", "chosen"]


def test_chosen_frames_alone_count() -> None:
    rows = [[1, 0.0], [0, 1.0], [2, 0.0], [0, 1.0]]
    net, clip = with_features(rows, select="all")
    mined = with_features(rows)[0]
    mined.load_state_dict(net.state_dict(), strict=False)
    nn.init.zeros_(mined.attention.weight)  # type: ignore[union-attr]
    assert mined.look(clip)[3].tolist() == [[1, 0, 1, 0]]
    assert torch.equal(mined.features(clip), net.features(clip[:, [0, 2]]))
    assert not torch.equal(mined.features(clip), net.features(clip[:, [2, 0]]))  # the order counts


def test_at_the_mean() -> None:
    # the same β for all: the paper's > and the code's ≥ both keep every frame
    for released in (False, True):
        net, clip = with_features([[1, 0], [1, 0], [1, 0]], released=released)
        assert net.look(clip)[3].tolist() == [[1, 1, 1]]
    net = small()
    score = torch.tensor([[0.25, 0.5, 0.75]])
    assert net._above_mean(score).tolist() == [[0, 0, 1]]
    assert small(released=True)._above_mean(score).tolist() == [[0, 1, 1]]
    # nearer to the mean than 1e-5 is at the mean; 2e-5 is above it, or below
    score = torch.tensor([[0.5, 0.5 - 5e-6, 0.5 + 5e-6]])
    assert net._above_mean(score).tolist() == [[1, 1, 1]]
    score = torch.tensor([[0.5 + 2e-5, 0.5 - 2e-5, 0.5 + 5e-6, 0.5 - 5e-6]])
    assert net._above_mean(score).tolist() == [[1, 0, 0, 0]]
    assert small(released=True)._above_mean(score).tolist() == [[1, 0, 1, 1]]


def test_gradient_of_the_choice() -> None:
    def gradient(score: list[float], **options: Any) -> list[float]:
        leaf = torch.tensor([score], requires_grad=True)
        (small(**options)._above_mean(leaf) * torch.tensor([1.0, 2, 4])).sum().backward()
        assert leaf.grad is not None
        return list(leaf.grad[0].tolist())

    assert gradient([0.1, 0.6, 0.8]) == [0, 2, 4]
    assert gradient([0.1, 0.6, 0.8], released=True) == [1, 2, 4]
    assert gradient([-0.8, -0.6, -0.1], released=True) == [0, 0, 0]


def test_loss_by_hand() -> None:
    net, clip = with_features([[1, 0], [0, 1], [2, 0]])
    nn.init.zeros_(net.attention.weight)  # type: ignore[union-attr]
    target = torch.tensor([1])
    entropy = functional.cross_entropy(net(clip), target)
    # two chosen: 0.1 · (2 − 1); their β 3/√10, the other's 1/√10
    expected = float(entropy.detach()) + 0.1 + 2 - 2 / 10**0.5
    assert float(net.loss((clip,), target).detach()) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("rows", [[[1.0, 2]], [[1.0, 2]] * 3])
@pytest.mark.parametrize("options", VARIANTS)
def test_no_others(rows: list[list[float]], options: dict[str, Any]) -> None:
    # single frames, and clips in which nothing moves: nothing is NaN, neither loss nor gradient
    net, clip = with_features(rows, **options)
    loss = net.train().loss((clip,), torch.tensor([0]))
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)
    black = net.loss((torch.zeros_like(clip),), torch.tensor([0]))
    black.backward()
    assert torch.isfinite(black)
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)


# ---------------------------------------------------------------------- variants


@pytest.mark.parametrize("options", VARIANTS)
def test_a_batch_is_its_clips(options: dict[str, Any]) -> None:
    net = small(**options)
    (clips,) = net.example(4, length=7)
    with torch.no_grad():
        together = net.look(clips)
        alone = [net.look(clip) for clip in clips.split(1)]
    if options in ({}, {"steps": "13"}):
        assert len(set(together[3].sum(1).tolist())) > 1, "the clips should differ in how many are chosen"
    for i, whole in enumerate(together):
        assert torch.allclose(whole, torch.cat([one[i] for one in alone]), atol=1e-6)
    assert torch.equal(together[3], torch.cat([one[3] for one in alone]))


@pytest.mark.parametrize("options", VARIANTS)
def test_gradients_reach_everything(options: dict[str, Any]) -> None:
    net = small(**options).train()
    clips = net.example(3, length=5)
    net.loss(clips, torch.tensor([0, 1, 2])).backward()
    silent = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_what_variants_see() -> None:
    (clip,) = small().example(1, length=5)
    assert small(select="all").evidence(clip)["chosen"].tolist() == [[1] * 5]
    assert list(small(select="all").evidence(clip)) == ["chosen"]
    assert list(small(steps="13").evidence(clip)) == ["alpha", "chosen"]
    assert list(small(steps="23").evidence(clip)) == ["beta", "chosen"]
    assert small(steps="12").evidence(clip)["chosen"].tolist() == [[1] * 5]
    net, rows = with_features([[1, 0], [0, 1], [2, 0]], steps="13")
    nn.init.zeros_(net.attention.weight)  # type: ignore[union-attr]
    net.attention.weight.data[0, 1] = 1  # type: ignore[union-attr]
    assert net.look(rows)[3].tolist() == [[0, 1, 0]]
    net, rows = with_features([[1, 0], [0, 1], [2, 0]], steps="23")
    assert net.attention is None
    assert net.look(rows)[3].tolist() == [[1, 0, 1]]


def test_random_frames() -> None:
    net = small(select="random")
    for length in (1, 2, 7, 1500):
        chosen = net._drawn(torch.ones(2, length))
        assert chosen.sum(1).tolist() == [(length + 1) // 2] * 2
        assert torch.equal(chosen, net._drawn(torch.ones(2, length)))  # the same each time in use
    draws = {
        tuple(small(select="random", seed=seed)._drawn(torch.ones(1, 9))[0].tolist()) for seed in range(5)
    }
    assert len(draws) == 5
    net.train()
    torch.manual_seed(0)
    anew = torch.cat([net._drawn(torch.ones(1, 8)) for _ in range(50)])
    assert len({tuple(row.tolist()) for row in anew}) > 20
    assert anew.sum(1).tolist() == [4] * 50


def test_refused() -> None:
    with pytest.raises(InputError, match="steps 123, 12, 13, 23 \\(not '1'\\)"):
        small(steps="1")
    with pytest.raises(InputError, match="one of mine, all, random \\(not 'best'\\)"):
        small(select="best")
    with pytest.raises(InputError, match="leave them out with 'all'"):
        small(select="all", steps="12")


# ---------------------------------------------------------------------- export


class Looking(nn.Module):
    def __init__(self, net: AKMNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, clip: Tensor) -> tuple[Tensor, ...]:
        return self.net.look(clip)


@pytest.mark.parametrize("options", VARIANTS)
def test_export_of_any_length(options: dict[str, Any]) -> None:
    import onnxruntime as ort

    net = small(**options)
    file, names = io.BytesIO(), ["logits", "alpha", "beta", "chosen"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Looking(net).eval(), net.example(1, length=6), file, dynamo=False, opset_version=18,
            input_names=["clip"], output_names=names,
            dynamic_axes={"clip": {1: "T"}, **{name: {1: "T"} for name in names[1:]}},
        )  # fmt: skip
    session = ort.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    for length in (1, 2, 6, 23):
        (clip,) = net.example(1, length=length, seed=length)
        with torch.no_grad():
            expected = net.look(clip)
        for ours, theirs in zip(expected, session.run(names, {"clip": clip.numpy()}), strict=True):
            assert ours.shape == theirs.shape
            assert np.abs(ours.numpy() - theirs).max() < 1e-5
