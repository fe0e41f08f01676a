"""First weights from a file: what fits is taken, what does not is listed.

A network that has learned something else (photographs, full expressions) begins with its weights. Files are
safetensors, which hold numbers and nothing that runs.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from mien.errors import InputError, MienError
from mien.models.base import Network
from mien.models.resnet10 import adapt_colours

__all__ = ["PREFIXES", "Adapted", "InitReport", "Unfit", "load_init"]

PREFIXES: Final = ("module.", "backbone.", "features.", "model.", "trunk.")
"""What names of tensors may begin with on either side, also several of them, and still be the same."""
_COLOURS: Final = 4
"""An input layer has no more channels than this, and any other layer has more."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """A tensor that was taken after its colours were adapted.

    Attributes:
        name: in the network.
        there, here: its shape in the file and in the network.
    """

    name: str
    there: tuple[int, ...]
    here: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unfit:
    """A tensor of the file that was not taken.

    Attributes:
        name: in the file.
        there: its shape in the file.
        here: the shape of the network's tensor of that name; ``None`` where it has none of that name, several
            that differ in their prefixes, or has taken another of the file's.
    """

    name: str
    there: tuple[int, ...]
    here: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class InitReport:
    """What became of every tensor of a file, and what the network did without.

    Attributes:
        path: the file.
        loaded: tensors of the network with the file's numbers as they are.
        adapted: first layers, for another number of colours.
        unfit: tensors of the file that were left.
        fresh: tensors of the network that keep the numbers they had (batch norm's counters aside).
        other: tensors that fit and were put back, since they speak of other classes; also in ``fresh``.
    """

    path: Path
    loaded: tuple[str, ...]
    adapted: tuple[Adapted, ...]
    unfit: tuple[Unfit, ...]
    fresh: tuple[str, ...]
    other: tuple[str, ...] = ()

    def without(self, names: Collection[str]) -> InitReport:
        """The report when these tensors, a last layer's of other classes, got back the numbers they had."""
        other = tuple(name for name in self.loaded if name in names)
        loaded = tuple(name for name in self.loaded if name not in names)
        return replace(self, loaded=loaded, fresh=self.fresh + other, other=other)

    def lines(self) -> list[str]:
        """For people: one line on the whole, and one a tensor that was adapted, left, or is fresh."""
        total = len(self.loaded) + len(self.adapted) + len(self.unfit) + len(self.other)
        found = [f"{self.path.name}: {len(self.loaded) + len(self.adapted)} of {total} tensors taken"]
        found += [f"adapted: {a.name} from {_written(a.there)} to {_written(a.here)}" for a in self.adapted]
        for one in self.unfit:
            why = "none, or not one alone" if one.here is None else _written(one.here)
            found.append(f"left: {one.name} is {_written(one.there)} in the file; here: {why}")
        found += [f"left: {name} fits, but is not known to speak of the same classes" for name in self.other]
        return found + [f"fresh: {name}" for name in self.fresh]


def load_init(network: Network, path: str | Path) -> InitReport:
    """Take the first weights from a file.

    A tensor of the file goes where the network has one of the same name and shape; names are compared as they
    are first, then without :data:`PREFIXES`. Weights of a first convolution with another number of colours go
    through :func:`mien.models.resnet10.adapt_colours`. The network is changed only if anything is taken.

    Args:
        network: whose tensors are overwritten, in their own dtype and on their own device.
        path: a ``.safetensors`` file.

    Returns:
        What was taken, what was not, and why.

    Raises:
        InputError: there is no such file, it is not safetensors or damaged, it holds numbers that are not
            finite, or none of the network's weights is in it.
        MienError: safetensors is not installed.
    """
    file = Path(path)
    tensors = _read(file)
    here = network.state_dict(keep_vars=True)
    colours = {
        f"{name}.weight"
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d) and layer.groups == 1 and layer.in_channels <= _COLOURS
    }
    take: dict[str, Tensor] = {}
    adapted: list[Adapted] = []
    unfit: list[Unfit] = []
    goals = _pairs(sorted(tensors), list(here))
    for name, tensor in sorted(tensors.items()):
        goal, there = goals.get(name), tuple(tensor.shape)
        wanted = tuple(here[goal].shape) if goal else None
        if goal and there == wanted:
            take[goal] = tensor.to(here[goal].dtype)
        elif goal and wanted and goal in colours and _adaptable(there, wanted):
            take[goal] = adapt_colours(tensor.to(here[goal].dtype), wanted[1])
            adapted.append(Adapted(goal, there, wanted))
        else:
            unfit.append(Unfit(name, there, wanted))
    if not any(isinstance(here[goal], nn.Parameter) for goal in take):
        raise InputError(
            f"{file} has no weights that fit {network.card.title}: of its {len(tensors)} tensors none has "
            "the name and the shape of one of the network's. Check that it is a checkpoint of this network."
        )
    with torch.no_grad():
        for goal, tensor in take.items():
            if not torch.isfinite(tensor).all():
                raise InputError(f"{file} holds numbers that are not finite (for {goal}): it is of no use.")
        for goal, tensor in take.items():
            here[goal].copy_(tensor)
    changed = {one.name for one in adapted}
    return InitReport(
        file,
        tuple(name for name in here if name in take and name not in changed),
        tuple(adapted),
        tuple(unfit),
        tuple(name for name in here if name not in take and not name.endswith("num_batches_tracked")),
    )


def _read(file: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load
    except ModuleNotFoundError:
        raise MienError("Weights from files need safetensors: pip install 'mien[train]'.") from None
    try:
        return load(file.read_bytes())
    except OSError as error:
        raise InputError(f"The weights {file} cannot be read: {error.strerror or error}.") from None
    except SafetensorError as error:
        raise InputError(
            f"{file} is no safetensors file, or a damaged one ({error}). Convert weights of another kind."
        ) from None


def _bare(name: str) -> str:
    while prefix := next((one for one in PREFIXES if name.startswith(one)), ""):
        name = name[len(prefix) :]
    return name


def _pairs(there: list[str], here: list[str]) -> dict[str, str]:
    """Name in the file -> name in the network, nobody twice; equal names first, then without prefixes."""
    pairs = {name: name for name in there if name in set(here)}
    free: dict[str, list[str]] = {}
    for name in here:
        if name not in pairs:
            free.setdefault(_bare(name), []).append(name)
    for name in there:
        goals = free.get(_bare(name), [])
        if name not in pairs and len(goals) == 1:
            pairs[name] = goals.pop()
    return pairs


def _adaptable(there: tuple[int, ...], here: tuple[int, ...]) -> bool:
    """Convolutions of colours that differ in their number alone, one of them grey."""
    same = len(there) == 4 and there[:1] + there[2:] == here[:1] + here[2:]
    return same and there[1] <= _COLOURS and 1 in (there[1], here[1])


def _written(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"
