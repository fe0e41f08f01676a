"""When does the face move: from a stream of steadied frames to a score curve and events."""

from pathlib import Path

from mien.errors import InputError
from mien.modelfile import read
from mien.spotting.base import Session, Spotter, Spotting, tunables_of
from mien.spotting.first_frame import FirstFrame
from mien.spotting.mdmd import Mdmd
from mien.spotting.model import FEATURES, MODEL, ModelSpotter
from mien.spotting.region_flow import RegionFlow
from mien.spotting.region_net import RegionNet

__all__ = [
    "FEATURES",
    "MODEL",
    "SPOTTERS",
    "FirstFrame",
    "Mdmd",
    "ModelSpotter",
    "RegionFlow",
    "RegionNet",
    "Session",
    "Spotter",
    "Spotting",
    "make_spotter",
    "open_spotter",
    "tunables_of",
]

SPOTTERS: dict[str, type[RegionNet] | type[RegionFlow] | type[Mdmd] | type[FirstFrame]] = {
    RegionNet.label: RegionNet,
    RegionFlow.name: RegionFlow,
    Mdmd.name: Mdmd,
    FirstFrame.name: FirstFrame,
}
"""Name -> spotter; the first is the default."""


def open_spotter(path: Path) -> ModelSpotter | RegionNet:
    """A model file as a spotter: over pictures or over facial regions, as the file says.

    Raises:
        InputError: there is no such file, or it cannot be used.
    """
    return RegionNet(path) if read(path).metadata.regions else ModelSpotter(path)


def make_spotter(name: str = RegionNet.label) -> Spotter:
    """A spotter with its default tunables.

    Args:
        name: a key of :data:`SPOTTERS`, or the path of a model file, which ends in :data:`MODEL`.

    Raises:
        mien.errors.InputError: there is none of that name, or the file cannot be used.
    """
    if name.lower().endswith(MODEL):
        return open_spotter(Path(name))
    if name not in SPOTTERS:
        raise InputError(
            f"There is no spotter {name!r}; choose one of {', '.join(SPOTTERS)}, or give a model file, which "
            f"ends in {MODEL}."
        )
    return SPOTTERS[name]()
