"""Prepared clips become what ports take, number by number."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mien.errors import InputError  # noqa: E402
from mien.models import MODELS, make_network  # noqa: E402
from mien.models.ports import port_input, prepared_shape  # noqa: E402
from mien.motion.blocks import as_rows  # noqa: E402


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("preset", ["small", "paper"])
def test_every_port_takes_what_is_prepared_for_it(name: str, preset: str) -> None:
    network = make_network(name, classes=3, preset=preset)
    for port, shape in zip(network.ports, network.shapes, strict=True):
        n, *rest = prepared_shape(network, port)
        assert (n is None) == network.variable
        for length in (1, 5) if n is None else (n,):
            fed = port_input(network, port, torch.zeros(2, length, *rest))
            assert fed.shape == (2, *(length if side is None else side for side in shape))


@pytest.mark.parametrize(
    ("name", "port", "shape"),
    [
        ("dtscnn", "clip", (64, 3, 112, 96)),
        ("macro2micro", "apex", (1, 1, 224, 224)),
        ("smeconvnet", "frame", (1, 1, 224, 224)),
        ("atnet", "apex", (1, 1, 224, 224)),
        ("atnet", "motion", (64, 2, 8, 8)),
        ("akmnet", "clip", (None, 1, 128, 128)),
        ("offapexnet", "flow", (1, 2, 28, 28)),
        ("ststnet", "flow", (1, 3, 28, 28)),
    ],
)
def test_as_published(name: str, port: str, shape: tuple[int | None, ...]) -> None:
    assert prepared_shape(make_network(name, classes=3), port) == shape


def test_channels_go_in_front_of_time() -> None:
    network = make_network("dtscnn", classes=3, preset="small")
    clip = torch.rand(1, 32, 3, 48, 48)
    fed = port_input(network, "clip", clip)
    assert torch.equal(fed[0, 2, 7], clip[0, 7, 2])


def test_blocks_become_rows_as_the_features_do() -> None:
    network = make_network("atnet", classes=3)
    steps = np.random.default_rng(0).random((2, 64, 2, 8, 8)).astype(np.float32)
    fed = port_input(network, "motion", torch.from_numpy(steps)).numpy()
    np.testing.assert_array_equal(fed, as_rows(steps))
    assert fed[1, 5, :4].tolist() == [
        steps[1, 5, 0, 0, 0], steps[1, 5, 1, 0, 0], steps[1, 5, 0, 0, 1], steps[1, 5, 1, 0, 1],
    ]  # fmt: skip


def test_a_port_that_is_not_there() -> None:
    network = make_network("ststnet", classes=3)
    for ask in (lambda: prepared_shape(network, "clip"), lambda: port_input(network, "clip", torch.zeros(1))):
        with pytest.raises(InputError, match="STSTNet has no input 'clip'; it has flow"):
            ask()
