"""Micro-attention: the unit by hand, the parameters it costs, the maps it shows."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from mien.models import make_network  # noqa: E402
from mien.models.micro_attention import AttentionUnit, MicroAttention  # noqa: E402
from mien.models.resnet10 import ResNet10  # noqa: E402


@pytest.mark.parametrize("sigmoid", [True, False])
def test_the_unit_by_hand(sigmoid: bool) -> None:
    unit = AttentionUnit(2, sigmoid)
    # one output channel takes a's first and c's second channel, the other five times b's first
    squeeze = torch.tensor([[1.0, 0, 0, 0, 0, 1], [0, 0, 5, 0, 0, 0]])
    with torch.no_grad():
        unit.squeeze.weight.copy_(squeeze[:, :, None, None])
    a, b, c = (torch.tensor(v).reshape(1, 2, 1, 1) for v in ([1.0, 2.0], [0.2, 7.0], [3.0, 4.0]))
    # (1 + 4, 5 · 0.2) = (5, 1), their mean 3
    m = 1 / (1 + math.exp(-3)) if sigmoid else 3.0
    out, where = unit(a, b, c)
    assert where.shape == (1, 1, 1, 1)
    assert where.item() == pytest.approx(m)
    assert out.flatten().tolist() == pytest.approx([4 * m + 4, 6 * m + 6])


def test_each_place_has_its_own_weight() -> None:
    unit = AttentionUnit(3)
    a, b, c = torch.randn(3, 2, 3, 4, 5)
    out, where = unit(a, b, c)
    assert where.shape == (2, 1, 4, 5)
    torch.testing.assert_close(out, (a + c) * (1 + where))
    elsewhere = a.clone()
    elsewhere[0, :, 0, 0] += 1
    changed = unit(elsewhere, b, c)[1] != where
    assert changed.nonzero().tolist() == [[0, 0, 0, 0]]


def test_parameters_are_the_published_ones() -> None:
    plain, with_units = ResNet10.paper(5), MicroAttention.paper(5)
    assert with_units.n_parameters - plain.n_parameters == 1_044_480
    assert with_units.n_parameters == 5_944_839


def test_its_trunk_is_the_resnet10() -> None:
    """So that what the one has learned the other can begin with."""
    plain, with_units = (
        make_network(n, classes=3, preset="small") for n in ("macro2micro", "micro_attention")
    )
    missing, unexpected = with_units.load_state_dict(plain.state_dict(), strict=False)
    assert unexpected == []
    assert missing == [f"trunk.block{i}.unit.squeeze.weight" for i in (1, 2, 3, 4)]


def test_evidence_shows_the_four_maps() -> None:
    network = make_network("micro_attention", classes=3, preset="small").eval()
    inputs = network.example(2)
    with torch.no_grad():
        evidence = network.evidence(*inputs)
        _, maps = network.trunk(*inputs)
    assert list(evidence) == ["block1", "block2", "block3", "block4", "attention"]
    assert [tuple(m.shape) for m in maps] == [(2, 1, n, n) for n in (24, 12, 6, 3)]
    for i, one in enumerate(maps, 1):
        large = evidence[f"block{i}"]
        assert large.shape == (2, 96, 96)
        assert large.std() > 0
        torch.testing.assert_close(large[:, 0, 0], one[:, 0, 0, 0])  # a corner is its own place's
        assert one.min() <= large.min() <= large.max() <= one.max()
    blocks = torch.stack([evidence[f"block{i}"] for i in (1, 2, 3, 4)])
    torch.testing.assert_close(evidence["attention"], blocks.mean(0))


def test_as_in_the_equation_m_may_be_any_number_but_is_shown_as_one_of_0_to_1() -> None:
    network = MicroAttention.small(3, sigmoid=False).eval()
    picture = network.example(2)[0]
    with torch.no_grad():
        _, maps = network.trunk(picture)
        evidence = network.evidence(picture)
    assert min(float(one.min()) for one in maps) < 0
    assert all(0 <= one.min() <= one.max() <= 1 for one in evidence.values())
    torch.testing.assert_close(evidence["block2"][:, 0, 0], torch.sigmoid(maps[1][:, 0, 0, 0]))
