"""DTSCNN: the published sizes layer by layer, the two scales, and who decides."""

from __future__ import annotations

from typing import Literal

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from mien.errors import InputError  # noqa: E402
from mien.models import make_network  # noqa: E402
from mien.models.dtscnn import DTSCNN, surer  # noqa: E402


def sizes(network: DTSCNN) -> list[tuple[int, ...]]:
    """(channels, T, H, W) after every convolution and pooling."""
    seen: list[tuple[int, ...]] = []
    for layer in network.stream:
        if isinstance(layer, nn.Conv3d | nn.MaxPool3d):
            layer.register_forward_hook(lambda _m, _x, y: seen.append(tuple(y.shape[1:])))
    with torch.no_grad():
        network.eval()(*network.example(1))
    return seen


@pytest.mark.parametrize("frames", [64, 128])
def test_published_sizes(frames: int) -> None:
    """Both streams are the same from their first layer on."""
    assert sizes(DTSCNN.paper(4, frames=frames)) == [
        (16, 16, 56, 48),
        (16, 16, 28, 24),
        (32, 16, 28, 24),
        (32, 8, 14, 12),
        (64, 8, 14, 12),
        (64, 4, 7, 6),
        (128, 1, 7, 6),
        (128, 1, 3, 3),
    ]


@pytest.mark.parametrize(
    ("frames", "pool4", "parameters", "width"),
    [(64, "floor", 372_340, 1152), (128, "floor", 375_796, 1152), (64, "ceil", 373_876, 1536)],
)
def test_published_counts(frames: int, pool4: str, parameters: int, width: int) -> None:
    network = make_network("dtscnn", classes=4, frames=frames, pool4=pool4)
    assert network.n_parameters == parameters
    with torch.no_grad():
        assert network.features(*network.example(1)).shape == (1, width)


@pytest.mark.parametrize(
    ("frames", "pool4", "width"), [(32, "ceil", 256), (64, "ceil", 256), (32, "floor", 64)]
)
def test_small_sizes(frames: int, pool4: str, width: int) -> None:
    network = make_network("dtscnn", classes=3, preset="small", frames=frames, pool4=pool4)
    assert isinstance(network, DTSCNN)
    assert sizes(network)[0] == (8, 16, 24, 24)
    assert sizes(network)[-2][1:] == (1, 3, 3)
    assert network.features(*network.example(1)).shape == (1, width)
    assert network.fc.in_features == width


def test_the_scales_are_those_of_the_presets() -> None:
    assert DTSCNN.scales == {"paper": (64, 128), "small": (32, 64)}
    for preset, (short, _) in DTSCNN.scales.items():
        assert make_network("dtscnn", classes=2, preset=preset).shapes[0][1] == short


@pytest.mark.parametrize(
    ("frames", "field", "steps"),
    [
        # r = 4: step k sees the fields 4k-2 to 4k+5
        (64, 0, [0]),
        (64, 2, [0, 1]),
        (64, 5, [0, 1]),
        (64, 6, [1, 2]),
        (64, 63, [15]),
        # r = 8: step k sees the fields 8k-4 to 8k+11
        (128, 3, [0]),
        (128, 4, [0, 1]),
        (128, 127, [15]),
    ],
)
def test_what_a_step_of_the_first_layer_sees(frames: int, field: int, steps: list[int]) -> None:
    first = DTSCNN(2, frames=frames, size=(16, 16), pool4="ceil").stream[0]
    clip = torch.zeros(1, 3, frames, 16, 16)
    clip[:, :, field] = 1
    with torch.no_grad():
        moved = first(clip).abs().sum((0, 1, 3, 4))
    assert moved.nonzero().flatten().tolist() == steps


@pytest.mark.parametrize(
    ("pool4", "size"),
    [
        ("floor", (31, 31)),
        ("floor", (33, 47)),
        ("floor", (112, 96)),
        ("ceil", (15, 15)),
        ("ceil", (31, 40)),
        ("ceil", (47, 48)),
    ],
)
def test_the_last_layer_fits_any_size(pool4: Literal["floor", "ceil"], size: tuple[int, int]) -> None:
    network = DTSCNN(2, frames=32, size=size, in_channels=2, filters=(2, 2, 2, 2), pool4=pool4)
    with torch.no_grad():
        assert network(torch.zeros(1, 2, 32, *size)).shape == (1, 2)


@pytest.mark.parametrize(("pool4", "size"), [("floor", (30, 96)), ("ceil", (40, 14))])
def test_fields_of_which_nothing_is_left(pool4: Literal["floor", "ceil"], size: tuple[int, int]) -> None:
    said = rf"at least {31 if pool4 == 'floor' else 15} by .* not {size[0]} by {size[1]}\."
    with pytest.raises(InputError, match=said):
        DTSCNN(2, size=size, pool4=pool4)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"frames": 48}, "a multiple of 32 flow fields, not 48"),
        ({"frames": 0}, "not 0"),
        ({"pool4": "round"}, "pool4 is floor or ceil, not round"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        make_network("dtscnn", classes=3, **options)


def rows(*values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values)


def test_the_surer_stream_decides() -> None:
    """By hand: the second is surer of the first clip, the first of the second; of the third both alike."""
    short = rows((0.5, 0.3, 0.2), (0.1, 0.1, 0.8), (0.6, 0.4, 0.0))
    long = rows((0.1, 0.7, 0.2), (0.7, 0.2, 0.1), (0.0, 0.4, 0.6))
    fused = surer(short, long)
    assert torch.equal(fused, torch.stack((long[0], short[1], short[2])))
    assert fused.argmax(1).tolist() == [1, 2, 0]
    assert surer(long, short).argmax(1).tolist() == [1, 2, 2]


def test_streams_that_do_not_match_are_refused() -> None:
    with pytest.raises(InputError, match=r"not \(2, 3\) and \(2, 4\)"):
        surer(torch.zeros(2, 3), torch.zeros(2, 4))
    with pytest.raises(InputError, match="one shape"):
        surer(torch.zeros(3), torch.zeros(3))
