"""Recordings of the training world as the spotter's network reads them, and what it should say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from maps import WORLD, dev
from numpy.typing import NDArray

from mien.events import Span
from mien.spotting.region_input import RATE, opening, rows
from mien.spotting.traces import lay

SLOWER = (25.0, 30.0, 50.0)
"""Frames a second of slower cameras: their traces are those of every so many frames."""


@dataclass(frozen=True)
class Recording:
    """One recording.

    Attributes:
        person: who.
        take: which of theirs; from the second on nothing is expressed (film_recordings.py).
        ways: what the network reads, (C, G) each: as filmed, and as slower cameras would have filmed it.
        start: seconds of the grid's first moment, of each way.
        rates: frames a second of each way: of the camera, or of what was left of its frames.
        events: (E, 5) onset, apex, offset in seconds, 1 for micro and 0 for macro, displacement of the skin.
        seconds: how long it is.
        card: of its camera.
    """

    person: int
    take: int
    ways: list[NDArray[np.float32]]
    start: list[float]
    rates: list[float]
    events: NDArray[np.float64]
    seconds: float
    card: tuple[str, ...]

    @property
    def apart(self) -> bool:
        """Whether the person is set apart."""
        return dev(self.person)

    @property
    def crf(self) -> int:
        """How hard its film was compressed; 0: not at all."""
        return int(self.card[3])


def read(path: Path) -> Recording:
    """One recording from its file."""
    with np.load(path) as file:
        f = {name: file[name] for name in file.files}
    fps = float(f["fps"])
    blinks = [Span(0, 0, a, b, "blink" if short else "eyes closed") for a, b, short in f["blinks"]]
    ways, start, rates = [], [], []
    for slower in (0.0, *SLOWER):
        kept = f
        if slower:
            each = round(fps / slower)
            if each < 2 or len(f["sampled"]) < 4 * each:
                continue
            # a slow camera exposes longer, but sees no mean of the frames between
            kept = {**f, **{k: f[k][::each] for k in ("sampled", "span", "position", "head", "chain")}}
        measured: Any = SimpleNamespace(
            time=kept["sampled"],
            span=kept["span"],
            position=kept["position"],
            head=kept["head"],
            chain=kept["chain"],
        )
        laid = lay(measured, f["time"], f["good"], RATE, fixed=True)
        rates.append(fps / each if slower else fps)
        ways.append(rows(laid, f["time"], opening(f["eyes"].astype(np.float64)), blinks))
        start.append(float(laid.grid.time[0]))
    events = f["events"].copy()
    events[:, :3] /= fps
    person, take = map(int, path.stem.split("-")[1:])
    seconds = float(f["time"][-1] + 1 / fps)
    return Recording(person, take, ways, start, rates, events, seconds, (f"{fps:g}", *map(str, f["card"])))


def load(domain: str = "wide") -> list[Recording]:
    """All of a domain that have been filmed."""
    return [read(path) for path in sorted((WORLD / "recordings").glob(f"{domain}-*.npz"))]


def blank(total: int) -> dict[str, NDArray[np.float32]]:
    """What the network should say of so many moments in which nothing happens.

    ``apex`` (2, G): 1 at an apex, falling off beside it; ``within`` (2, G): whether one is going on; ``ends``
    (4, G): logarithms of the seconds to onset and offset, where ``weight`` (2, G) is above 0.
    """
    rows_ = {"apex": 2, "within": 2, "ends": 4, "weight": 2}
    return {name: np.zeros((n, total), np.float32) for name, n in rows_.items()}


def mark(told: dict[str, NDArray[np.float32]], time: NDArray[np.float64], event: Sequence[float]) -> None:
    """Write an event (onset, apex, offset in seconds, 1 for micro) into what the network should say."""
    onset, peak, offset, micro = event[:4]
    k = 0 if micro else 1
    width = 0.025 if micro else np.clip(0.12 * (offset - onset), 0.04, 0.15)
    near = np.exp(-0.5 * ((time - peak) / width) ** 2).astype(np.float32)
    stronger = near > told["weight"][k]
    told["apex"][k] = np.maximum(told["apex"][k], near)
    told["within"][k][(time >= onset) & (time <= offset)] = 1
    inside = stronger & (near > 0.1) & (time > onset) & (time < offset)
    told["weight"][k][inside] = near[inside]
    told["ends"][2 * k][inside] = np.log(np.maximum(time[inside] - onset, 0.01))
    told["ends"][2 * k + 1][inside] = np.log(np.maximum(offset - time[inside], 0.01))
