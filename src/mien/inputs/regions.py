"""What a network over facial regions eats, as plain data that travels in its model file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mien.errors import InputError

__all__ = ["RegionSpec"]

_CONTENT: Final = "regions"


@dataclass(frozen=True, slots=True)
class RegionSpec:
    """Numbers over time rather than pictures: (rows, T), T moments of a recording.

    Attributes:
        rows: how many numbers a moment.
        rate: moments a second, whatever the camera's frame rate.
        regions: keys of the facial regions, in order, whose positions are among the rows.
        flow: the optical flow that they were measured with, a key of :data:`mien.motion.FLOW_METHODS`.
        version: of how rows are made (:mod:`mien.spotting.region_input`); another way is another number.
    """

    rows: int
    rate: float
    regions: tuple[str, ...]
    flow: str
    version: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able data."""
        return {
            "content": _CONTENT,
            "rows": self.rows,
            "rate": self.rate,
            "regions": list(self.regions),
            "flow": self.flow,
            "version": self.version,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RegionSpec:
        """The spec that :meth:`to_dict` wrote.

        Raises:
            InputError: entries are missing, unknown or make no sense.
        """
        given = dict(data)
        wanted = {"content", "rows", "rate", "regions", "flow", "version"}
        if set(given) != wanted:
            raise InputError(f"input spec: it must say {', '.join(sorted(wanted))}, not {', '.join(given)}")
        if given.pop("content") != _CONTENT:
            raise InputError(f"input spec: its content must be {_CONTENT!r}")
        numbers = [given["rows"], given["rate"], given["version"]]
        if any(isinstance(n, bool) or not isinstance(n, (int, float)) or not n > 0 for n in numbers):
            raise InputError("input spec: rows, rate and version must be numbers above 0")
        keys = given.pop("regions")
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise InputError("input spec: regions must be a list of words")
        if not isinstance(given["flow"], str):
            raise InputError("input spec: flow must be a word")
        return cls(regions=tuple(keys), **given)
