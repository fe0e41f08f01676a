"""What every spotter is: a stream of steadied face frames in, a score for each frame and events out.

A spotter is a frozen dataclass whose fields are its tunables (with defaults, units in the docstring). It
never sees the video: the corridor pushes :class:`~mien.face.tracking.FaceFrame` after frame into a session,
which keeps only numbers, so that memory does not grow with the picture. Tunables are fitted on development
subjects only.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.events import Event, FaceState, Span
from mien.face import FaceFrame

__all__ = ["Session", "Spotter", "Spotting", "tunables_of"]


@dataclass(frozen=True, slots=True)
class Spotting:
    """What a spotter found; arrays have one entry a pushed frame (N).

    Attributes:
        score: ``float32`` (N,), NaN where not scored.
        threshold: ``float32`` (N,), what a peak had to reach.
        region_motion: ``float32`` (N, R), displacement of each region of :data:`mien.anatomy.REGIONS` against
            its surroundings in time, outer-eye distances; NaN where not scored or not measured by this
            spotter.
        events: in order of onset, without emotions.
        rejected: spans that looked like events and were not reported, with the reason.
        halting: how haltingly the face moves (:func:`mien.spotting.traces.halting_of`), which tells how hard
            the film was compressed; ``None`` where that is not known.
    """

    score: NDArray[np.float32]
    threshold: NDArray[np.float32]
    region_motion: NDArray[np.float32]
    events: tuple[Event, ...]
    rejected: tuple[Span, ...] = ()
    halting: float | None = None


class Session(Protocol):
    """One recording going through a spotter."""

    def push(self, frame: FaceFrame) -> None:
        """Take the next frame, in order of time."""
        ...

    def finish(self, states: list[FaceState], blinks: tuple[Span, ...]) -> Spotting:
        """Decide.

        Args:
            states: final state of each pushed frame (N); only ``"ok"`` frames are scored.
            blinks: eyelid closures.
        """
        ...


class Spotter(Protocol):
    """A way to find expressions.

    Attributes:
        name: on the command line.
        paper: where it comes from.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def paper(self) -> str: ...  # noqa: D102

    def begin(self, fps: float) -> Session:
        """Start on a recording of about ``fps`` frames a second."""
        ...


def tunables_of(spotter: Any) -> dict[str, Any]:
    """Name -> value of a spotter's declared tunables."""
    return {f.name: getattr(spotter, f.name) for f in fields(spotter)}
