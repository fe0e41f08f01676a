"""The training world: people, faces, cameras and light for the weights that mien ships.

A model carries over to cameras that it has never seen if those it has seen differ more among each other than
they do from the new ones. So here every take has a camera of its own, drawn wider than any one data set: 50
to 250 frames a second (30 to 100 in recordings), 40 to 160 pixels between the outer eye corners (32 to 134
in recordings), colour, grey or near infra-red, steady or restless heads, calm or flickering light.

Three domains: ``"wide"`` for the weights; ``"fast"`` and ``"slow"``, which differ as two real data sets do
(200 and 60 frames a second, colour and grey, class frequencies, light), for claims about training on one and
testing on the other. Nobody is in two domains, and nobody of the frozen test world
(:mod:`mien.synthesis.testworld`) is in any: seeds of collections, of this world and of that one are apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

import numpy as np

from mien.records import Stream
from mien.synthesis.distractors import DistractorSettings, Flicker, Speech
from mien.synthesis.performance import PerformanceSettings
from mien.synthesis.script import Conditions, Script, clip_script, recording_script

__all__ = ["DOMAINS", "SEED", "VERSION", "Domain", "clip", "conditions", "recording", "stream"]

VERSION: Final = 1
SEED: Final = 2**36 + VERSION
"""Collections end at 2³²; the frozen test world begins at 2⁴⁰."""

Name = Literal["wide", "fast", "slow"]

_RATES: Final = (50.0, 60.0, 90.0, 100.0, 120.0, 150.0, 200.0, 250.0)
_RECORDED: Final = (30.0, 50.0, 50.0, 60.0, 60.0, 80.0, 100.0, 100.0)
"""Frames a second of recordings: above 100 nothing is gained but quiet, and filming takes its time."""
_COLOURS: Final = (("rgb", 0.5), ("grey", 0.3), ("nir", 0.2))
_RECORDINGS: Final = 1000
"""Takes from this number on are recordings."""
_QUIET: Final = 0.2
"""Share of recordings without any expression."""
_SPOKEN: Final = 0.5
"""Share of recordings in which the person speaks."""


@dataclass(frozen=True)
class Domain:
    """One part of the training world.

    Attributes:
        first: number of its first person.
        people: how many there may be.
        stream: its camera; ``None``: another one for each take.
        face: shortest and longest distance between the outer eye corners, in picture heights.
        frequencies: of emotions, where none is asked for.
        style: of action units (:data:`mien.synthesis.expressions.STYLES`).
    """

    first: int
    people: int
    stream: Stream | None
    face: tuple[float, float]
    frequencies: str
    style: str


DOMAINS: Final[Mapping[str, Domain]] = MappingProxyType(
    {
        "wide": Domain(1, 10_000, None, (0.18, 0.42), "balanced", "mixed"),
        "fast": Domain(20_001, 1000, Stream("fast", 200.0, 288, 288), (0.24, 0.34), "seven", "mixed"),
        "slow": Domain(
            30_001, 1000, Stream("slow", 60.0, 224, 224, "grey"), (0.20, 0.30), "balanced", "casme2"
        ),
    }
)
"""Name -> its settings."""


def stream(domain: str, person: int, number: int) -> Stream:
    """The camera of a take."""
    fixed = DOMAINS[domain].stream
    if fixed is not None:
        return fixed
    rng = np.random.default_rng([SEED, 1, person, number])
    long = number >= _RECORDINGS
    side = 2 * int(rng.integers(90, 161) if long else rng.integers(110, 191))
    colour = _COLOURS[int(rng.choice(len(_COLOURS), p=[p for _, p in _COLOURS]))][0]
    rate = float(rng.choice(_RECORDED if long else _RATES))
    return Stream(f"take{number}", rate, side, side, colour)  # type: ignore[arg-type]


def conditions(domain: str, person: int, number: int) -> Conditions:
    """How a take is acted and filmed: from a head held still to a restless one, in steady light or not."""
    d = DOMAINS[domain]
    rng = np.random.default_rng([SEED, 2, person, number])
    usual = DistractorSettings()
    restless = float(np.exp(rng.normal(0, 0.6)))
    head = replace(usual.head, size=usual.head.size * restless, drift=usual.head.drift * restless)
    flicker = Flicker(on=bool(rng.random() < 0.25), size=float(rng.uniform(0.002, 0.02)))
    speech = Speech(on=bool(rng.random() < 0.3), rate=2.0)
    acting = PerformanceSettings(
        frequencies=d.frequencies,
        style=d.style,
        distractors=replace(usual, head=head, flicker=flicker, speech=speech),
    )
    return Conditions(acting=acting, face=d.face)


def clip(domain: str, person: int, number: int, emotion: str | None = None, margin: int = 8) -> Script:
    """A clip: one micro-expression.

    Args:
        domain: a key of :data:`DOMAINS`.
        person: 1 to the domain's number of people.
        number: which of the person's clips, 1 to 999.
        emotion: what is felt, or a coarse label; by default drawn by the domain's frequencies.
        margin: frames before the onset and after the offset.
    """
    who = _number(domain, person)
    return clip_script(
        SEED,
        who,
        _take(number),
        stream(domain, who, number),
        conditions(domain, who, number),
        margin=margin,
        emotion=emotion,
    )


def recording(domain: str, person: int, number: int, seconds: float) -> Script:
    """A recording with all that makes spotting hard; a fifth of them have no expression at all.

    The others have 8 to 30 micro-expressions and 1 to 6 macro-expressions a minute: more than life has, so
    that there is something to learn from. In half of them the person speaks. Arguments as for :func:`clip`.
    """
    who, take = _number(domain, person), _RECORDINGS + _take(number)
    told = conditions(domain, who, take)
    rng = np.random.default_rng([SEED, 4, who, take])
    speech = Speech(on=bool(rng.random() < _SPOKEN), rate=float(rng.uniform(1.0, 6.0)))
    distractors = replace(told.acting.distractors, speech=speech)
    acting = replace(told.acting, micro_rate=0.0, macro_rate=0.0, at_least=0, distractors=distractors)
    if rng.random() >= _QUIET:
        micro, macro = float(rng.uniform(8, 30)), float(rng.uniform(1, 6))
        acting = replace(acting, micro_rate=micro, macro_rate=macro, at_least=1)
    told = replace(told, acting=acting)
    return recording_script(SEED, who, take, stream(domain, who, take), seconds, told)


def _number(domain: str, person: int) -> int:
    d = DOMAINS[domain]
    if not 1 <= person <= d.people:
        raise ValueError(f"{domain} has the people 1 to {d.people}, not {person}")
    return d.first + person - 1


def _take(number: int) -> int:
    if not 1 <= number < _RECORDINGS:
        raise ValueError(f"takes are numbered 1 to {_RECORDINGS - 1}, not {number}")
    return number
