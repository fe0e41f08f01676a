"""First weights from files: what fits is taken, all else is listed, and nothing half done."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402
from torch import Tensor  # noqa: E402

from mien.errors import InputError  # noqa: E402
from mien.models import make_network  # noqa: E402
from mien.models.base import Network  # noqa: E402
from mien.models.init import Adapted, Unfit, load_init  # noqa: E402
from mien.models.resnet10 import ResNet10, adapt_colours  # noqa: E402


def network(name: str = "macro2micro", seed: int = 0, classes: int = 3) -> Network:
    return make_network(name, classes=classes, preset="small", seed=seed)


def written(tensors: dict[str, Tensor], path: Path) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "weights.safetensors"


def same(one: Network, tensors: dict[str, Tensor]) -> bool:
    here = one.state_dict()
    return here.keys() == tensors.keys() and all(torch.equal(here[name], tensors[name]) for name in here)


def test_a_checkpoint_of_the_network_is_taken_whole(file: Path) -> None:
    other = network(seed=1)
    other.train()(*other.example(3))  # moves batch norm's means too
    tensors = other.state_dict()
    ours = network()
    report = load_init(ours, written(tensors, file))
    assert same(ours, tensors)
    assert report.loaded == tuple(tensors)
    assert (report.adapted, report.unfit, report.fresh) == ((), (), ())
    assert report.lines() == [f"weights.safetensors: {len(tensors)} of {len(tensors)} tensors taken"]
    assert all(p.requires_grad for p in ours.parameters())


@pytest.mark.parametrize("prefix", ["module.", "backbone.", "module.features.", "model.backbone."])
def test_prefixes_do_not_matter(file: Path, prefix: str) -> None:
    tensors = network(seed=1).state_dict()
    ours = network()
    report = load_init(ours, written({prefix + name: t for name, t in tensors.items()}, file))
    assert same(ours, tensors)
    assert report.unfit == ()


def test_a_bare_trunk_fits_into_every_system_that_has_one(file: Path) -> None:
    donor = network(seed=1)
    written(donor.trunk.state_dict(), file)
    for name in ("macro2micro", "micro_attention", "atnet"):
        ours = network(name)
        report = load_init(ours, file)
        assert report.unfit == ()
        assert torch.equal(ours.trunk.block3.conv2.weight, donor.trunk.block3.conv2.weight)
        assert not any(one.startswith("trunk.block3.conv2") for one in report.fresh)
        assert set(report.fresh) >= {"fc.weight", "fc.bias"}


def test_what_does_not_fit_is_listed(file: Path) -> None:
    tensors = network(seed=1, classes=7).state_dict() | {
        "extra": torch.ones(2, 3),
        "scale": torch.tensor(1.0),
    }
    ours = network()
    fc = ours.fc.weight.clone()
    report = load_init(ours, written(tensors, file))
    assert report.unfit == (
        Unfit("extra", (2, 3), None),
        Unfit("fc.bias", (7,), (3,)),
        Unfit("fc.weight", (7, 128), (3, 128)),
        Unfit("scale", (), None),
    )
    assert report.fresh == ("fc.weight", "fc.bias")
    assert torch.equal(ours.fc.weight, fc)
    assert len(report.loaded) + len(report.unfit) == len(tensors)
    assert report.lines()[1:] == [
        "left: extra is 2 × 3 in the file; here: none, or not one alone",
        "left: fc.bias is 7 in the file; here: 3",
        "left: fc.weight is 7 × 128 in the file; here: 3 × 128",
        "left: scale is one number in the file; here: none, or not one alone",
        "fresh: fc.weight",
        "fresh: fc.bias",
    ]


def test_colour_becomes_grey_and_that_is_said(file: Path) -> None:
    colour = ResNet10.small(3, in_channels=3)
    ours = network()
    report = load_init(ours, written(colour.state_dict(), file))
    assert report.adapted == (Adapted("trunk.conv1.weight", (16, 3, 7, 7), (16, 1, 7, 7)),)
    assert torch.equal(ours.trunk.conv1.weight, colour.trunk.conv1.weight.sum(1, keepdim=True))
    assert torch.equal(ours.trunk.conv1.bias, colour.trunk.conv1.bias)
    # batch norm of the pixels has a number a colour: not taken, and listed
    assert {one.name for one in report.unfit} == {
        f"trunk.data_bn.{part}" for part in ("weight", "bias", "running_mean", "running_var")
    }
    assert "adapted: trunk.conv1.weight from 16 × 3 × 7 × 7 to 16 × 1 × 7 × 7" in report.lines()


def test_grey_becomes_colour(file: Path) -> None:
    grey = network(seed=1)
    ours = ResNet10.small(3, in_channels=3)
    report = load_init(ours, written(grey.state_dict(), file))
    assert [one.name for one in report.adapted] == ["trunk.conv1.weight"]
    assert torch.equal(ours.trunk.conv1.weight, adapt_colours(grey.trunk.conv1.weight, 3))


def test_only_first_layers_are_adapted(file: Path) -> None:
    tensors = network(seed=1).state_dict()
    tensors["trunk.block1.conv1.weight"] = torch.randn(16, 1, 3, 3)
    tensors["trunk.conv1.weight"] = torch.randn(16, 3, 5, 5)
    report = load_init(network(), written(tensors, file))
    assert report.adapted == ()
    assert report.unfit == (
        Unfit("trunk.block1.conv1.weight", (16, 1, 3, 3), (16, 16, 3, 3)),
        Unfit("trunk.conv1.weight", (16, 3, 5, 5), (16, 1, 7, 7)),
    )


def test_nobody_is_taken_twice(file: Path) -> None:
    tensors = network(seed=1).state_dict()
    report = load_init(
        network(),
        written(tensors | {"module.fc.bias": torch.full((3,), 9.0), "fc.bias": torch.ones(3)}, file),
    )
    assert report.unfit == (Unfit("module.fc.bias", (3,), None),)
    ours = network()
    load_init(ours, file)
    assert ours.fc.bias.tolist() == [1.0, 1.0, 1.0]


def test_where_two_could_be_meant_nobody_is_taken(file: Path) -> None:
    ours = network()
    ours.backbone = torch.nn.BatchNorm2d(16)
    ours.module = torch.nn.BatchNorm2d(16)
    before = ours.backbone.weight.clone()
    report = load_init(ours, written({"weight": torch.full((16,), 9.0), "fc.bias": torch.ones(3)}, file))
    assert report.unfit == (Unfit("weight", (16,), None),)
    assert torch.equal(ours.backbone.weight, before)
    assert torch.equal(ours.module.weight, before)


def test_other_precision_becomes_the_networks(file: Path) -> None:
    tensors = {n: t.double() for n, t in network(seed=1).state_dict().items()}
    ours = network()
    load_init(ours, written(tensors, file))
    assert {p.dtype for p in ours.parameters()} == {torch.float32}
    assert torch.equal(ours.fc.weight.double(), tensors["fc.weight"])


@pytest.mark.parametrize(
    "tensors",
    [
        {"something.else": torch.ones(3)},
        {"fc.weight": torch.ones(9, 9)},
        {"trunk.bn1.num_batches_tracked": torch.tensor(4)},  # fits, but teaches nothing
    ],
)
def test_a_file_that_has_nothing_to_say_is_refused(file: Path, tensors: dict[str, Tensor]) -> None:
    ours = network()
    before = {n: t.clone() for n, t in ours.state_dict().items()}
    with pytest.raises(InputError, match="has no weights that fit Macro-to-Micro: of its 1 tensors none"):
        load_init(ours, written(tensors, file))
    assert same(ours, before)


def test_broken_numbers_are_refused_before_anything_changes(file: Path) -> None:
    tensors = network(seed=1).state_dict()
    tensors["fc.bias"] = torch.tensor([0.0, float("nan"), 0.0])
    ours = network()
    before = {n: t.clone() for n, t in ours.state_dict().items()}
    with pytest.raises(InputError, match=r"not finite \(for fc.bias\)"):
        load_init(ours, written(tensors, file))
    assert same(ours, before)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load_init(network(), tmp_path / "none.safetensors")
    other = tmp_path / "other.pth"
    other.write_bytes(b"PK\x03\x04 a pickle, say")
    with pytest.raises(InputError, match=r"other\.pth is no safetensors file, or a damaged one"):
        load_init(network(), other)
    whole = written(network().state_dict(), tmp_path / "whole.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged one"):
        load_init(network(), tmp_path / "cut.safetensors")
