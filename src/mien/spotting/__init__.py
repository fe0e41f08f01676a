"""When does the face move: from a stream of steadied frames to a score curve and events."""

from pathlib import Path

from mien.errors import InputError
from mien.spotting.base import Session, Spotter, Spotting, tunables_of
from mien.spotting.first_frame import FirstFrame
from mien.spotting.mdmd import Mdmd
from mien.spotting.model import FEATURES, MODEL, ModelSpotter
from mien.spotting.region_flow import RegionFlow

__all__ = [
    "FEATURES",
    "MODEL",
    "SPOTTERS",
    "FirstFrame",
    "Mdmd",
    "ModelSpotter",
    "RegionFlow",
    "Session",
    "Spotter",
    "Spotting",
    "make_spotter",
    "tunables_of",
]

SPOTTERS: dict[str, type[RegionFlow] | type[Mdmd] | type[FirstFrame]] = {
    RegionFlow.name: RegionFlow,
    Mdmd.name: Mdmd,
    FirstFrame.name: FirstFrame,
}
"""Name -> spotter; the first is the default."""


def make_spotter(name: str = RegionFlow.name) -> Spotter:
    """A spotter with its default tunables.

    Args:
        name: a key of :data:`SPOTTERS`, or the path of a model file, which ends in :data:`MODEL`.

    Raises:
        mien.errors.InputError: there is none of that name, or the file cannot be used.
    """
    if name.lower().endswith(MODEL):
        return ModelSpotter(Path(name))
    if name not in SPOTTERS:
        raise InputError(
            f"There is no spotter {name!r}; choose one of {', '.join(SPOTTERS)}, or give a model file, which "
            f"ends in {MODEL}."
        )
    return SPOTTERS[name]()
