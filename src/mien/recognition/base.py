"""What every recogniser is: a clip with margins in, probabilities and evidence out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

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
    """

    probabilities: dict[str, float]
    emotion: str
    confidence: float
    action_units: tuple[ActionUnit, ...] = ()
    regions: tuple[RegionMotion, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)


class Recognizer(Protocol):
    """A way to say what an expression shows.

    Attributes:
        name: on the command line.
        kind: ``"rules"`` or ``"model"`` (trained).
        statement: one sentence for the report: what stands behind the label, and how far it can be trusted.
        labels: every label it can give, ``"undecided"`` aside.
    """

    name: ClassVar[str]
    kind: ClassVar[Literal["rules", "model"]]
    statement: ClassVar[str]

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label it can give."""
        ...

    def recognize(self, clip: Clip) -> Recognition:
        """Judge a clip in the canonical crop, with the face mesh as its landmarks."""
        ...
