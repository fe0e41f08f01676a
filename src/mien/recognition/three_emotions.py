"""The recogniser that comes with mien: a trained model and measured action units name the emotion together.

The model (docs/systems/motionmap.md) sees flow and strain from onset to apex and knows what synthetic faces
taught it; what that was and how often it was right stands in its card beside the file. Action units are
measured from the same clip by :class:`mien.recognition.AuRules`, which learned from nobody. The two make
different mistakes; what is said is the weighted geometric mean of their shares, with weights that were fitted
on synthetic people set apart and travel in the model file. (The file alone, given by its path, is the model
without the rules.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from mien.inputs import Clip
from mien.labels import map_emotion
from mien.recognition.au_rules import AuRules
from mien.recognition.base import Recognition
from mien.recognition.model import ModelRecognizer
from mien.weights import shipped

__all__ = ["SPEAKS", "WEIGHTS", "ThreeEmotions", "coarse", "joined"]

WEIGHTS: Final = ("model_weight", "rules_weight")
"""Tunables of the model file: the exponents of the two witnesses' shares."""
_UNSAID: Final = 0.05
"""Share that the rules leave to each class whatever they measure."""

SPEAKS: Final[Mapping[str, frozenset[int]]] = MappingProxyType(
    {
        "positive": frozenset({6, 12}),
        "surprise": frozenset({1, 2, 5, 25, 26}),
        "negative": frozenset({4, 7, 9, 10, 14, 15, 17, 20, 23, 24}),
    }
)
"""Label -> action units that usually show it, by the objective classes of Davison et al. (2017)."""


def coarse(emotions: Mapping[str, float]) -> dict[str, float]:
    """Shares of negative, positive and surprise, from probabilities of emotions."""
    shares = dict.fromkeys(SPEAKS, _UNSAID)
    for emotion, share in emotions.items():
        label = map_emotion(emotion, "three")
        if label is not None:
            shares[label] += share
    total = sum(shares.values())
    return {label: share / total for label, share in shares.items()}


def joined(
    model: NDArray[np.floating], rules: NDArray[np.floating], model_weight: float, rules_weight: float
) -> NDArray[np.float64]:
    """Weighted geometric mean of shares.

    Args:
        model: (…, K) probabilities.
        rules: (…, K) of the same classes, all above 0.
        model_weight: exponent of the first, >= 0.
        rules_weight: exponent of the second, >= 0.

    Returns:
        (…, K), each row with sum 1.
    """
    logs = model_weight * np.log(np.maximum(model, 1e-6)) + rules_weight * np.log(rules)
    shares = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True), np.float64)


@dataclass(frozen=True)
class ThreeEmotions(ModelRecognizer):
    """The model that comes with mien, together with measured action units; settings as of its base."""

    path: Path = field(default_factory=lambda: shipped("three-emotions"))

    label: ClassVar[str] = "three-emotions"
    nature: ClassVar[str] = "a trained model together with rules on action units"

    @property
    def name(self) -> str:
        """On the command line."""
        return self.label if self.path == shipped(self.label) else self.path.name

    @property
    def statement(self) -> str:
        """What the model says of itself, and where action units come from."""
        return (
            f"{super().statement} Action units are measured by rules that were not trained; model and rules "
            "name the emotion together."
        )

    @property
    def weights(self) -> tuple[float, float]:
        """Exponents of the model's and of the rules' shares."""
        told = self.metadata.tunables
        first, second = (told.get(name, default) for name, default in zip(WEIGHTS, (1.0, 0.0), strict=True))
        return float(first), float(second)

    def recognize(self, clip: Clip) -> Recognition:
        """Judge a clip in the canonical crop, with the face mesh as its landmarks.

        Raises:
            InputError: as of its base.
        """
        judged = super().recognize(clip)
        measured = AuRules().recognize(clip)
        probabilities = self._joined(judged.probabilities, measured)
        best = max(probabilities, key=lambda label: probabilities[label])
        assert self.undecided_below is not None
        decided = probabilities[best] >= self.undecided_below
        notes = judged.notes
        speaks = SPEAKS.get(best, frozenset[int]())
        if decided and best in SPEAKS and not any(unit.au in speaks for unit in measured.action_units):
            notes += (f"No action unit that usually shows a {best} expression was measured.",)
        return replace(
            judged,
            probabilities=probabilities,
            emotion=best if decided else "undecided",
            confidence=probabilities[best] if decided else 0.0,
            action_units=measured.action_units,
            regions=measured.regions,
            notes=notes,
        )

    def under(self, clip: Clip, covers: NDArray[np.float32]) -> Iterator[dict[str, float]]:
        """As of its base. Action units are measured on the uncovered clip: only the model's say changes.

        Raises:
            InputError: as of its base.
        """
        measured = AuRules().recognize(clip)
        for shares in super().under(clip, covers):
            yield self._joined(shares, measured)

    def _joined(self, shares: Mapping[str, float], measured: Recognition) -> dict[str, float]:
        if set(self.labels) != set(SPEAKS):
            return dict(shares)
        rules = coarse(measured.probabilities)
        model, ours = (np.array([one[label] for label in self.labels]) for one in (shares, rules))
        whole = joined(model, ours, *self.weights)
        return {label: float(share) for label, share in zip(self.labels, whole, strict=True)}
