"""ResNet10: the published layers and sizes, counted and followed; blocks and colours by hand."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from mien.errors import InputError  # noqa: E402
from mien.models import make_network  # noqa: E402
from mien.models.resnet10 import Block, ResNet10, Trunk, adapt_colours  # noqa: E402


def count(module: nn.Module, kind: type[nn.Module]) -> int:
    return sum(p.numel() for m in module.modules() if isinstance(m, kind) for p in m.parameters())


def test_parameters_are_the_published_ones() -> None:
    network = ResNet10.paper(5)
    assert count(network, nn.Conv2d) == 4_893_824
    assert network.trunk.conv1.weight.numel() == 3_136
    biases = [m.bias.numel() for m in network.modules() if isinstance(m, nn.Conv2d) and m.bias is not None]
    assert biases == [64]
    blocks = (network.trunk.block1, network.trunk.block2, network.trunk.block3, network.trunk.block4)
    assert [count(block, nn.Conv2d) for block in blocks] == [73_728, 229_376, 917_504, 3_670_016]
    assert count(network, nn.BatchNorm2d) == 3_970
    assert count(network, nn.Linear) == 2_565
    assert network.n_parameters == 4_900_359


def test_ten_layers_have_weights_on_the_way() -> None:
    convolutions = [m for m in ResNet10.paper(5).modules() if isinstance(m, nn.Conv2d)]
    assert len([m for m in convolutions if m.kernel_size != (1, 1)]) + 1 == 10


def test_sizes_layer_by_layer() -> None:
    network = ResNet10.paper(5).eval()
    seen: dict[str, tuple[int, ...]] = {}
    for name, module in network.trunk.named_modules():

        def note(_m: nn.Module, _x: object, y: Tensor | tuple[Tensor, None], name: str = name) -> None:
            out = y[0] if isinstance(y, tuple) else y
            seen[name] = tuple(out.shape[1:])

        module.register_forward_hook(note)
    with torch.no_grad():
        assert network.features(*network.example(1)).shape == (1, 512)
    assert seen["data_bn"] == (1, 224, 224)
    assert seen["conv1"] == seen["bn1"] == (64, 112, 112)
    assert seen["pool"] == (64, 56, 56)
    assert seen["block1"] == (64, 56, 56)
    assert seen["block2"] == seen["block2.round"] == seen["block2.conv1"] == (128, 28, 28)
    assert seen["block3"] == (256, 14, 14)
    assert seen["block4"] == seen["last_bn"] == (512, 7, 7)


def set_to(layer: nn.Conv2d, weight: float) -> None:
    """Looks at its own place only, through this weight."""
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[:, :, layer.kernel_size[0] // 2, layer.kernel_size[1] // 2] = weight


def test_the_first_block_goes_round_as_it_is() -> None:
    block = Block(1, 1).eval()
    set_to(block.conv1, 2)
    set_to(block.conv2, 10)
    x = torch.tensor([[[[3.0, -4.0]]]])
    out, no_map = block(x)
    # −4: no batch norm or ReLU before the first convolution, but both after it
    torch.testing.assert_close(out, torch.tensor([[[[3.0 + 60, -4.0]]]]), rtol=1e-4, atol=0)
    assert no_map is None


def test_the_others_go_round_from_behind_the_relu() -> None:
    block = Block(1, 2).eval()
    assert block.round is not None
    set_to(block.round, 100)
    set_to(block.conv1, 2)
    set_to(block.conv2, 10)
    x = torch.tensor([[[[3.0, 9.0, -4.0, 9.0], [9.0, 9.0, 9.0, 9.0]]]])
    out, _ = block(x)
    # stride 2 sees 3 and −4; −4 is cut off on both ways; conv2 adds two channels of 6
    one = torch.tensor([[300.0 + 120, 0.0]])
    torch.testing.assert_close(out, torch.stack((one, one))[None], rtol=1e-4, atol=1e-4)


def test_first_weights_are_the_published_ones() -> None:
    network = ResNet10.paper(5)
    conv = network.trunk.block4.conv2.weight
    assert float(conv.detach().std()) == pytest.approx(math.sqrt(2 / (9 * 512)), rel=0.01)
    assert float(network.trunk.conv1.weight.detach().std()) == pytest.approx(
        math.sqrt(2 / (49 * 64)), rel=0.05
    )
    assert not network.trunk.conv1.bias.any()
    assert float(network.fc.weight.detach().abs().max()) == pytest.approx(math.sqrt(3 / 512), rel=0.01)
    assert (network.fc.bias == 0.2).all()


def test_the_scale_of_the_pixels_is_the_networks_own_affair() -> None:
    network = make_network("macro2micro", classes=3, preset="small").train()
    (x,) = network.example(4)
    torch.testing.assert_close(network(x), network(40 * x + 128), rtol=1e-3, atol=1e-3)


def test_colour() -> None:
    network = ResNet10.small(3, in_channels=3)
    assert network.shapes == ((3, 96, 96),)
    assert network(*network.example(2)).shape == (2, 3)


def test_small_pictures_are_refused() -> None:
    with pytest.raises(InputError, match="at least 64 by 64 pixels, not 63 by 80"):
        ResNet10(3, size=(63, 80))
    assert ResNet10(3, size=(64, 70), width=4).eval()(torch.zeros(1, 1, 64, 70)).shape == (1, 3)


def test_grey_pictures_give_what_they_gave() -> None:
    colour, grey = Trunk(3, 4).conv1, Trunk(1, 4).conv1
    picture = torch.rand(2, 1, 20, 20)
    truth = colour(picture.expand(-1, 3, -1, -1))
    with torch.no_grad():
        grey.weight.copy_(adapt_colours(colour.weight, 1))
        torch.testing.assert_close(grey(picture), truth)
        back = adapt_colours(grey.weight, 3)
        assert back.shape == colour.weight.shape
        colour.weight.copy_(back)
        torch.testing.assert_close(colour(picture.expand(-1, 3, -1, -1)), truth)


def test_colours_by_hand() -> None:
    weight = torch.tensor([1.0, 10.0, 100.0]).reshape(1, 3, 1, 1)
    assert adapt_colours(weight, 1).flatten().tolist() == [111.0]
    assert adapt_colours(weight, 3) is weight
    assert adapt_colours(torch.full((1, 1, 1, 1), 6.0), 2).flatten().tolist() == [3.0, 3.0]
    with pytest.raises(InputError, match="for 3 channels cannot be adapted to 2"):
        adapt_colours(weight, 2)
