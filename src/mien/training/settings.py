"""How networks are trained: every number of it, as plain data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from mien.errors import InputError

__all__ = ["Augment", "Training"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Augment:
    """Random changes of training pictures. A clip's frames all get the same ones.

    Each is done with probability ``p``, drawn for each clip on its own; 0 switches it off.

    Attributes:
        p: of each change.
        brightness: greatest change, grey levels of 255, either way.
        rotate: greatest turn, degrees, either way.
        shift: greatest shift, share of the side, either way.
        smooth: widest box that is averaged over, pixels.
        crop: share of the side that a random part keeps, which is brought back to size (128/144 for a crop of
            128 from 144); 1 switches it off.
        strip: width of the strip cut off in one of nine ways (a side, a corner, all around), pixels.
    """

    p: float = 0.5
    brightness: float = 0.0
    rotate: float = 0.0
    shift: float = 0.0
    smooth: int = 0
    crop: float = 1.0
    strip: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.p <= 1 or not 0 < self.crop <= 1:
            raise InputError("a probability lies from 0 to 1, and a crop keeps something")
        if min(self.brightness, self.rotate, self.shift, self.smooth, self.strip) < 0:
            raise InputError("augmentation cannot be negative")

    @property
    def active(self) -> bool:
        """Whether anything is ever changed."""
        return self.p > 0 and self != replace(self, **_NOTHING)


_NOTHING: dict[str, Any] = {
    "brightness": 0.0,
    "rotate": 0.0,
    "shift": 0.0,
    "smooth": 0,
    "crop": 1.0,
    "strip": 0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """All of it.

    Attributes:
        epochs: passes over the training clips, >= 1; the most, where ``patience`` stops earlier.
        batch: clips a step.
        optimizer: ``"sgd"`` (with ``momentum``) or ``"adam"``.
        lr: learning rate.
        momentum: of SGD.
        weight_decay: L2.
        schedule: ``"constant"``; ``"step"``: times ``factor`` every ``step`` epochs; ``"cosine"``: down to
            ``floor`` over all epochs.
        step, factor, floor: see ``schedule``.
        balance: ``"oversample"``: every class as often as the commonest, by drawing clips again;
            ``"weights"``: rare classes weigh more in the loss; ``"none"``.
        augment: of pictures.
        patience: stop when the loss on inner validation people has not fallen for so many epochs, and take
            the best epoch's weights; 0: no validation, all epochs, the last one's weights.
        share: of the training people set apart for that.
    """

    epochs: int
    batch: int
    optimizer: Literal["sgd", "adam"] = "sgd"
    lr: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 0.0
    schedule: Literal["constant", "step", "cosine"] = "constant"
    step: int = 10
    factor: float = 0.1
    floor: float = 0.0
    balance: Literal["oversample", "weights", "none"] = "oversample"
    augment: Augment = field(default_factory=Augment)
    patience: int = 0
    share: float = 0.2

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1 or self.step < 1 or self.patience < 0:
            raise InputError("training needs an epoch, a clip a batch and a step at least")
        if not self.lr > 0 or self.weight_decay < 0 or not 0 <= self.momentum < 1 or self.floor < 0:
            raise InputError(
                "a learning rate is positive, a momentum lies from 0 to 1, a decay is not negative"
            )
        if not 0 < self.share < 1:
            raise InputError(f"inner validation takes a share of the people, not {self.share}")

    def digest(self) -> str:
        """32 hexadecimal digits, equal for equal settings."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
