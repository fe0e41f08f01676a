"""The frozen test world: people, clips and recordings that nothing may be trained or tuned on.

Later work is judged on it, so it must not drift: its digests are kept beside the head
(``assets/test_world.json``), tests compute them anew, and whoever changes what the studio makes of these
settings has to raise :data:`VERSION` and record the new ones (``python -m mien.synthesis.testworld``). Its
seed lies where no collection's seed can.

Two domains differ as real data sets do: ``"fast"`` is filmed at 200 frames a second in colour, ``"slow"`` at
60 in grey, with other faces, light, noise and class frequencies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from mien.records import Stream
from mien.synthesis.distractors import DistractorSettings, Flicker, Speech
from mien.synthesis.performance import PerformanceSettings
from mien.synthesis.script import Conditions, Script, clip_script, recording_script

__all__ = [
    "DOMAINS",
    "SEED",
    "VERSION",
    "Domain",
    "clips",
    "digest",
    "pictures_digest",
    "recorded",
    "recordings",
]

VERSION: Final = 1
SEED: Final = 2**40 + VERSION  # collections end at 2**32


@dataclass(frozen=True)
class Domain:
    """One half of the test world.

    Attributes:
        first: number of the first person; nobody is in both domains.
        people: how many.
        clips: clips a person.
        seconds: length of each person's recording.
        stream: the camera.
        conditions: how it is acted and filmed.
    """

    first: int
    people: int
    clips: int
    seconds: float
    stream: Stream
    conditions: Conditions


_ALL = DistractorSettings(flicker=Flicker(on=True, size=0.01), speech=Speech(on=True, rate=2.0))

DOMAINS: Final[Mapping[str, Domain]] = MappingProxyType(
    {
        "fast": Domain(
            first=1,
            people=24,
            clips=8,
            seconds=30.0,
            stream=Stream("fast", 200.0, 320, 320),
            conditions=Conditions(
                acting=PerformanceSettings(frequencies="seven", style="mixed", distractors=_ALL),
                face=(0.22, 0.36),
            ),
        ),
        "slow": Domain(
            first=101,
            people=24,
            clips=8,
            seconds=30.0,
            stream=Stream("slow", 60.0, 256, 256, "grey"),
            conditions=Conditions(
                acting=PerformanceSettings(frequencies="balanced", style="casme2", distractors=_ALL),
                face=(0.18, 0.30),
            ),
        ),
    }
)
"""Name -> its settings."""


def clips(domain: str) -> Iterator[Script]:
    """Every clip of a domain, by person and number."""
    d = DOMAINS[domain]
    for person in people(domain):
        for number in range(1, d.clips + 1):
            yield clip_script(SEED, person, number, d.stream, d.conditions)


def recordings(domain: str) -> Iterator[Script]:
    """One recording of each person of a domain."""
    d = DOMAINS[domain]
    for person in people(domain):
        yield recording_script(SEED, person, 101, d.stream, d.seconds, d.conditions)


def digest(domain: str, person: int) -> str:
    """SHA-256 of everything that is decided of one person: looks, performances, settings, truth.

    Numbers count with five digits, so that another processor's last bit makes no other world.
    """
    d = DOMAINS[domain]
    scripts = [clip_script(SEED, person, n, d.stream, d.conditions) for n in range(1, d.clips + 1)]
    scripts.append(recording_script(SEED, person, 101, d.stream, d.seconds, d.conditions))
    hasher = hashlib.sha256()
    for script in scripts:
        hasher.update(json.dumps(_rounded(script.describe()), sort_keys=True).encode())
    return hasher.hexdigest()


def people(domain: str) -> range:
    """Numbers of the people of a domain."""
    d = DOMAINS[domain]
    return range(d.first, d.first + d.people)


def pictures_digest() -> list[list[int]]:
    """Mean grey levels (× 10) of an 8×8 grid over one frame of four people: what the world looks like.

    Compared with a tolerance: the last bit of a picture may depend on the processor.
    """
    grids = []
    for domain in DOMAINS:
        d = DOMAINS[domain]
        for person in (d.first, d.first + 1):
            script = clip_script(SEED, person, 1, replace(d.stream, width=96, height=96), d.conditions)
            film = script.film()
            frame = film.frame(script.take.expressions[0].apex).astype(float)
            grey = frame.mean(2) if frame.ndim == 3 else frame
            grids.append([round(float(v) * 10) for v in grey.reshape(8, 12, 8, 12).mean((1, 3)).ravel()])
    return grids


def recorded() -> dict[str, Any]:
    """What was recorded when the world was frozen: version, digests by domain and person, pictures."""
    text = resources.files("mien.synthesis").joinpath("assets/test_world.json").read_text()
    return dict(json.loads(text))


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return f"{value:.5g}"
    return value


if __name__ == "__main__":
    from pathlib import Path

    digests = {domain: {str(n): digest(domain, n) for n in people(domain)} for domain in DOMAINS}
    frozen = {"version": VERSION, "digests": digests, "pictures": pictures_digest()}
    (Path(__file__).parent / "assets/test_world.json").write_text(json.dumps(frozen, indent=1) + "\n")
