"""What every recogniser is: a clip with margins in, probabilities and evidence out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.events import ActionUnit, RegionMotion
from mien.inputs import Clip

__all__ = ["Recognition", "Recognizer"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a recogniser makes of one clip.

    Attributes:
        probabilities: label -> probability; sums to 1.
        emotion: the most likely label, or ``"undecided"``.
        confidence: 0 to 1, at most the label's probability.
        action_units: likely action units, strongest first.
        regions: the moving regions, strongest first.
        notes: remarks for the reader, whole sentences.
        maps: name -> ``float32`` (H, W), 0 to 1: where a network looked at the apex, over the whole canonical
            crop; 0 where it was shown nothing.
        frame_weights: name -> ``float32`` (n,): how much each frame counted for a network; at their
            ``moments``.
        moments: the same names -> ``float64`` (n,): where in the clip these frames are, counted from its
            first frame, increasing.
        sensitivity: region -> by how much the likeliest label's probability falls when that region is
            covered; below 0 where it rises. Empty where this was not tried.
    """

    probabilities: dict[str, float]
    emotion: str
    confidence: float
    action_units: tuple[ActionUnit, ...] = ()
    regions: tuple[RegionMotion, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
    maps: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    frame_weights: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    moments: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    sensitivity: dict[str, float] = field(default_factory=dict)


class Recognizer(Protocol):
    """A way to say what an expression shows.

    Attributes:
        name: on the command line.
        kind: ``"rules"`` or ``"model"`` (trained).
        statement: for the report: what stands behind the label, and how far it can be trusted.
        labels: every label it can give, ``"undecided"`` aside.
        side: of the crops it wants, pixels; 128 where it has no such attribute.
        colour: whether it wants them in colour; not where it has no such attribute.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> Literal["rules", "model"]: ...  # noqa: D102
    @property
    def statement(self) -> str: ...  # noqa: D102
    @property
    def labels(self) -> tuple[str, ...]: ...  # noqa: D102

    def recognize(self, clip: Clip) -> Recognition:
        """Judge a clip in the canonical crop, with the face mesh as its landmarks."""
        ...
