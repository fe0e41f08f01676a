"""The networks, one paper a file; torch is imported with the first network that is made.

>>> from mien.models import CARDS, make_network
>>> CARDS["ststnet"].frames
'2 (onset, apex)'
>>> make_network("ststnet", classes=3, preset="small").n_parameters > 0       # doctest: +SKIP
True
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from mien.errors import InputError, MienError
from mien.models.cards import CARDS, Card

if TYPE_CHECKING:
    from mien.models.base import Network

__all__ = ["CARDS", "MODELS", "PRESETS", "Card", "make_network", "network_class"]

MODELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "dtscnn": "dtscnn:DTSCNN",
        "macro2micro": "resnet10:ResNet10",
        "micro_attention": "micro_attention:MicroAttention",
        "smeconvnet": "smeconvnet:SMEConvNet",
        "atnet": "atnet:ATNet",
        "akmnet": "akmnet:AKMNet",
        "offapexnet": "offapexnet:OffApexNet",
        "ststnet": "ststnet:STSTNet",
        "motionmap": "motionmap:MotionMap",
    }
)
"""Name -> ``file:class`` in this room."""
PRESETS: Final = ("paper", "small")


def network_class(name: str) -> type[Network]:
    """The class of a network.

    Raises:
        InputError: there is none of that name.
        MienError: torch is not installed.
    """
    if name not in MODELS:
        raise InputError(f"There is no network {name!r}; choose one of {', '.join(MODELS)}.")
    file, cls = MODELS[name].split(":")
    try:
        return cast("type[Network]", getattr(import_module(f"mien.models.{file}"), cls))
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise MienError("Networks need torch: pip install 'mien[train]'.") from None


def make_network(name: str, *, classes: int, preset: str = "paper", seed: int = 0, **options: Any) -> Network:
    """A network with fresh weights, the same for the same seed.

    Args:
        name: a key of :data:`MODELS`.
        classes: how many classes it tells apart, >= 2.
        preset: ``"paper"`` or ``"small"``.
        seed: of the weights.
        options: what the preset of this network takes.

    Raises:
        InputError: a name or preset that does not exist.
        MienError: torch is not installed.
    """
    if preset not in PRESETS:
        raise InputError(f"There is no preset {preset!r}; choose one of {', '.join(PRESETS)}.")
    cls = network_class(name)
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return cast("Network", getattr(cls, preset)(classes, **options))
