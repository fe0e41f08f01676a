"""Several spotters on one pass over a film."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from mien.spotting import Session, Spotting, make_spotter


@dataclass(frozen=True)
class Several:
    """Several spotters on one pass over the film; the first one's events go on to the recogniser."""

    names: tuple[str, ...]
    results: dict[str, Spotting] = field(default_factory=dict)

    name: ClassVar[str] = "several"
    paper: ClassVar[str] = ""

    def begin(self, fps: float) -> _Sessions:
        return _Sessions({name: make_spotter(name).begin(fps) for name in self.names}, self.results)


@dataclass
class _Sessions:
    sessions: dict[str, Session]
    results: dict[str, Spotting]

    def push(self, frame: Any) -> None:
        for one in self.sessions.values():
            one.push(frame)

    def finish(self, states: Any, blinks: Any) -> Spotting:
        self.results |= {name: s.finish(states, blinks) for name, s in self.sessions.items()}
        return next(iter(self.results.values()))
