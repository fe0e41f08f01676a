"""The recogniser that comes with mien: a trained model names the emotion, rules the action units.

The model (docs/systems/motionmap.md) sees flow and strain from onset to apex; what it was trained on and how
often it was right stands in its card beside the file. It says nothing of action units: those are measured by
:class:`mien.recognition.AuRules` from the same clip, as evidence to hold against the label. Neither knows of
the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final

from mien.inputs import Clip
from mien.recognition.au_rules import AuRules
from mien.recognition.base import Recognition
from mien.recognition.model import ModelRecognizer
from mien.weights import shipped

__all__ = ["SPEAKS", "ThreeEmotions"]

SPEAKS: Final[Mapping[str, frozenset[int]]] = MappingProxyType(
    {
        "positive": frozenset({6, 12}),
        "surprise": frozenset({1, 2, 5, 25, 26}),
        "negative": frozenset({4, 7, 9, 10, 14, 15, 17, 20, 23, 24}),
    }
)
"""Label -> action units that usually show it, by the objective classes of Davison et al. (2017)."""


@dataclass(frozen=True)
class ThreeEmotions(ModelRecognizer):
    """The model that comes with mien, beside measured action units; settings as of its base."""

    path: Path = field(default_factory=lambda: shipped("three-emotions"))

    label: ClassVar[str] = "three-emotions"

    @property
    def name(self) -> str:
        """On the command line."""
        return self.label

    @property
    def statement(self) -> str:
        """What the model says of itself, and where action units come from."""
        return (
            f"{super().statement} Action units are measured by rules that know nothing of the model's label."
        )

    def recognize(self, clip: Clip) -> Recognition:
        """Judge a clip in the canonical crop, with the face mesh as its landmarks.

        Raises:
            InputError: as of its base.
        """
        judged = super().recognize(clip)
        measured = AuRules().recognize(clip)
        notes = judged.notes
        speaks = SPEAKS.get(judged.emotion, frozenset[int]())
        if judged.emotion in SPEAKS and not any(unit.au in speaks for unit in measured.action_units):
            notes += (f"No action unit that usually shows a {judged.emotion} expression was measured.",)
        return replace(judged, action_units=measured.action_units, regions=measured.regions, notes=notes)
