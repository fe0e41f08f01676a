"""When does the face move: from a stream of steadied frames to a score curve and events."""

from mien.errors import InputError
from mien.spotting.base import Session, Spotter, Spotting, tunables_of
from mien.spotting.first_frame import FirstFrame
from mien.spotting.mdmd import Mdmd
from mien.spotting.region_flow import RegionFlow

__all__ = [
    "SPOTTERS",
    "FirstFrame",
    "Mdmd",
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

    Raises:
        mien.errors.InputError: there is none of that name.
    """
    if name not in SPOTTERS:
        raise InputError(f"There is no spotter {name!r}; choose one of {', '.join(SPOTTERS)}.")
    return SPOTTERS[name]()
