"""Plain records of filmed people: what the studio makes, what the data sets' layouts write.

A :class:`Take` is one shot of one person with one camera and everything that is known of it. It holds no
pictures; those travel beside it, so that a take can be planned, named and written down before it is filmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mien.events import EventKind

__all__ = ["Colour", "Expression", "Person", "Product", "Side", "Stream", "Take", "UnitOnFace"]

Side = Literal["both", "left", "right"]
Colour = Literal["rgb", "grey", "nir"]
Product = Literal["clips", "recordings", "macro"]
"""Clips: one expression, onset to offset. Recordings: seconds to minutes with several events. Macro: strong,
posed expressions from neutral to the peak (and back)."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is filmed.

    Attributes:
        number: 1-based, unique in a collection.
        age: years.
        sex: ``"female"`` or ``"male"``.
        skin: skin tone on the Monk scale, 1 (lightest) to 10.
        ethnicity: a coarse word, or empty.
    """

    number: int
    age: float
    sex: Literal["female", "male"]
    skin: int
    ethnicity: str = ""


@dataclass(frozen=True, slots=True)
class UnitOnFace:
    """An action unit, the side it shows on (the person's own) and its strength from 0 to 1."""

    au: int
    side: Side = "both"
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression in a take.

    Attributes:
        onset, apex, offset: 0-based frame numbers in the take, onset <= apex <= offset; the first and last
            frame that differ from rest belong to it.
        kind: ``"micro"`` or ``"macro"``.
        emotion: a word of :data:`mien.labels.EMOTIONS`: what the person felt or posed.
        units: the action units, strongest first; may speak for another emotion than the one felt.
        intensity: 0 to 1.
    """

    onset: int
    apex: int
    offset: int
    kind: EventKind
    emotion: str
    units: tuple[UnitOnFace, ...]
    intensity: float = 1.0


@dataclass(frozen=True, slots=True)
class Stream:
    """One camera.

    Attributes:
        key: the data set's own word for it (``"HS"``, ``"VIS"``, ``"NIR"``, ``"color"``), or empty.
        fps: frames a second.
        width, height: picture size in pixels.
        colour: ``"rgb"``: pictures are ``uint8`` (H, W, 3); ``"grey"`` and ``"nir"``: ``uint8`` (H, W).
    """

    key: str
    fps: float
    width: int
    height: int
    colour: Colour = "rgb"


@dataclass(frozen=True, slots=True)
class Take:
    """One shot of one person with one camera.

    Attributes:
        person: who.
        number: which take of this person, 1-based; the same number in two streams is the same performance.
        product: clip, recording or macro.
        stream: the camera.
        n_frames: how many pictures there are.
        expressions: what happens, in order of onset.
        blinks: first and last frame of each closure of the lids, in order.
        seed: what the take was made from: the same seed, the same pictures.
    """

    person: Person
    number: int
    product: Product
    stream: Stream
    n_frames: int
    expressions: tuple[Expression, ...]
    blinks: tuple[tuple[int, int], ...] = ()
    seed: int = 0

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.stream.fps

    @property
    def key(self) -> str:
        """A short name, unique in a collection: ``p003-t02-HS``."""
        name = f"p{self.person.number:03d}-t{self.number:02d}"
        return f"{name}-{self.stream.key}" if self.stream.key else name
