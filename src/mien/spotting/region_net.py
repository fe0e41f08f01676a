"""The trained spotter that comes with mien: a network over the positions of facial regions.

What is measured is what :class:`mien.spotting.RegionFlow` measures (:mod:`mien.spotting.traces`); the
network (docs/region-net.md) says of each hundredth of a second how probable it is the apex of a
micro- or of a macro-expression, and how far away its ends are. It was trained on synthetic faces that blink,
look about, speak, swallow and turn, and so tells these from expressions better than thresholds do; what it
does on real faces stands in its card as far as it is known. A face that does not move has no event, whatever
the network says: some region has to go further than its floor.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.errors import InputError
from mien.events import MICRO_MAX_S, Event, FaceState, RegionMotion, Span
from mien.face import FaceFrame
from mien.modelfile import ModelFile, ModelMetadata, read
from mien.motion import FLOW_METHODS
from mien.spotting.apexes import Bump, bumps
from mien.spotting.base import Spotting
from mien.spotting.curve import Float, kind_of, on_frames, smooth
from mien.spotting.region_input import CHANNELS, FAST, RATE, SEEN, VERSION, opening, rows, squeezed
from mien.spotting.traces import Laid, RegionTraces, lay
from mien.weights import shipped

__all__ = ["LONGEST_S", "RegionNet"]

_KEYS = tuple(region.key for region in REGIONS)
_LIDS = np.array([key.startswith("lid_") for key in _KEYS])
LONGEST_S = (MICRO_MAX_S, 12.0)
"""Of micro- and macro-expressions."""
_BLOCK, _AROUND = 6000, 300
"""Moments that go through the network at once, and beside them on either side: it sees 260 each way."""
_SMOOTH = 1.5
"""Gaussian width in moments of the positions that events are measured on."""
_SHARE = 0.4
"""Two of a kind that share more than this of the shorter one are one movement."""
_ONE = 0.5
"""A micro-expression that has more than this IoU with a macro-expression is the same movement."""


@dataclass(frozen=True)
class RegionNet:
    """The network from its file, as a spotter.

    Attributes:
        path: the model file; by default the one that comes with mien.
        micro_bar: least probability of a micro-expression's apex, 0 to 1; ``None``: what the file says.
        macro_bar: the same of macro-expressions.
        floor: a region that moves less from onset to apex is still, outer-eye distances.
        noise_factor: and one that moves less than this many times its own noise.
        lid_factor: of the eyelids both are this many times higher.
        sha256: of the file's bytes, hexadecimal.

    Raises:
        InputError: there is no such file, it is no spotter over regions, or a bar is none.
    """

    path: Path = field(default_factory=lambda: shipped("region-net"))
    micro_bar: float | None = None
    macro_bar: float | None = None
    floor: float = 0.0015
    noise_factor: float = 3.0
    lid_factor: float = 4.0
    sha256: str = field(init=False, default="")

    label: ClassVar[str] = "region-net"

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        for name in ("micro_bar", "macro_bar"):
            given = getattr(self, name)
            value = self.metadata.tunables.get(name) if given is None else given
            if isinstance(value, (str, bool)) or value is None or not 0 < value < 1:
                raise InputError(f"{self.path.name}: {name} must be a number between 0 and 1, not {value!r}")
            object.__setattr__(self, name, float(value))
        with self.path.open("rb") as file:
            object.__setattr__(self, "sha256", hashlib.file_digest(file, "sha256").hexdigest())

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "model"}

    @cached_property
    def model(self) -> ModelFile:
        """The file, ready to run."""
        model = read(self.path)
        _check(model)
        return model

    @property
    def metadata(self) -> ModelMetadata:
        """What the file says of itself."""
        return self.model.metadata

    @property
    def name(self) -> str:
        """On the command line."""
        return self.label if self.path == shipped(self.label) else self.path.name

    @property
    def paper(self) -> str:
        """Whose network it is."""
        return self.metadata.paper

    @property
    def statement(self) -> str:
        """For the report: what the score is, what the network was trained on, and what nobody knows."""
        told = self.metadata
        assert self.micro_bar is not None
        assert self.macro_bar is not None
        figures = " and ".join(
            f"{told.metrics[f'{kind}_f1']:.2f} for {kind}-expressions"
            for kind in told.labels
            if f"{kind}_f1" in told.metrics
        )
        measured = f" Measured on {told.metrics_on}: F1 {figures} (1 would be perfect)." if figures else ""
        return (
            "The score is how probable it is that an expression peaks at that moment, over the least "
            f"probability that counts ({self.micro_bar:.0%} for micro-, {self.macro_bar:.0%} for "
            "macro-expressions). "
            f"{told.notes}{measured} How it does on real people has not been measured; in life, where "
            "micro-expressions are far rarer, its probabilities are too high."
        )

    def begin(self, fps: float) -> _Session:
        """Start on a recording of about ``fps`` frames a second."""
        (spec,) = self.metadata.regions.values()
        return _Session(self, RegionTraces(fps, spec.flow, spec.rate))

    def curves(self, made: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What the network says of a recording.

        Args:
            made: ``float32`` (CHANNELS, G) of :func:`mien.spotting.region_input.rows`.

        Returns:
            ``float32`` (2, G) probability of an apex, NaN where nothing was seen; and (2, 2, G) moments back
            to the onset and on to the offset, of micro- and macro-expressions.

        Raises:
            InputError: the network gives no finite numbers.
        """
        total = made.shape[1]
        probability = np.zeros((2, total), np.float32)
        spans = np.zeros((2, 2, total), np.float32)
        (port,) = self.model.inputs
        apex, ends = (out.name for out in self.model.outputs)
        for first in range(0, total, _BLOCK):
            stop = min(total, first + _BLOCK)
            left, right = max(0, first - _AROUND), min(total, stop + _AROUND)
            x = squeezed(made[:, left:right])
            x = np.pad(x, ((0, 0), (0, (right - left) % 2)))  # the network halves the moments
            told = self.model.run({port.name: x[None]})
            if not all(np.isfinite(values).all() for values in told.values()):
                raise InputError(f"{self.path.name} gave numbers that are not finite: the file is damaged")
            part = slice(first - left, stop - left)
            probability[:, first:stop] = told[apex][0][:, part]
            spans[:, :, first:stop] = told[ends][0][:, part].reshape(2, 2, -1)
        probability[:, made[SEEN] == 0] = np.nan
        return probability, RATE * spans


def _check(model: ModelFile) -> None:
    """Refuse what cannot be fed with what is measured here."""
    name, told = model.path.name, model.metadata
    if not told.regions:
        raise InputError(f"{name} is no spotter over facial regions")
    (spec,) = told.regions.values()
    if (spec.rows, spec.rate, spec.regions, spec.version) != (CHANNELS, RATE, _KEYS, VERSION):
        raise InputError(f"{name} reads other numbers than this mien measures: use the mien that wrote it")
    if spec.flow not in FLOW_METHODS:
        raise InputError(f"{name} wants the optical flow {spec.flow!r}, which this mien does not have")
    if told.labels != ("micro", "macro"):
        raise InputError(f"{name} must tell micro and macro apart, not {', '.join(told.labels)}")


@dataclass
class _Session:
    settings: RegionNet
    traces: RegionTraces
    frames: array[int] = field(default_factory=lambda: array("q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    eyes: array[float] = field(default_factory=lambda: array("f"))

    def push(self, frame: FaceFrame) -> None:
        """Take the next frame."""
        self.frames.append(frame.index)
        self.times.append(frame.time)
        self.eyes.append(frame.eyes)
        self.traces.push(frame)

    def finish(self, states: list[FaceState], blinks: tuple[Span, ...]) -> Spotting:
        """Decide, with the final states and the blinks of the whole recording."""
        self.traces.flush()
        frame, time = np.array(self.frames, np.int64), np.array(self.times)
        good = np.array([s == "ok" for s in states], bool)
        openness = opening(np.array(self.eyes, np.float64))
        laid = lay(self.traces, time, good, RATE, fixed=True)
        return _decided(self.settings, laid, rows(laid, time, openness, blinks), frame, time, good)


def _decided(
    s: RegionNet,
    laid: Laid,
    made: NDArray[np.float32],
    frame: NDArray[np.int64],
    time: Float,
    good: NDArray[np.bool_],
) -> Spotting:
    probability, spans = s.curves(made)
    assert s.micro_bar is not None
    assert s.macro_bar is not None
    bars = (s.micro_bar, s.macro_bar)
    floor = np.maximum(s.floor, s.noise_factor * laid.noise) * np.where(_LIDS, s.lid_factor, 1.0)
    position = np.full_like(laid.position, np.nan)
    for first, stop in laid.runs:
        position[first:stop] = smooth(laid.position[first:stop], _SMOOTH)
    found: list[tuple[float, Event]] = []
    for k, kind in enumerate(("micro", "macro")):
        for bump in bumps(probability[k], spans[k, 0], spans[k, 1], bars[k], RATE * LONGEST_S[k]):
            event = _event(bump, bump.probability / bars[k], laid, position, floor)
            if event is not None:
                event = _on_frames(event, frame[good], time[good], micro=kind == "micro")
                found.append((bump.probability, event))
    moved = made[FAST].reshape(len(_KEYS), 2, -1)
    motion = laid.grid.gather(time, np.hypot(moved[:, 0], moved[:, 1]).T)
    score = _on_good(laid, np.fmax(probability[0] / bars[0], probability[1] / bars[1]), time, good)
    motion[np.isnan(score)] = np.nan
    return Spotting(
        score=score,
        threshold=np.ones(len(time), np.float32),
        region_motion=motion,
        events=tuple(_told_once(found)),
        halting=laid.halting,
    )


def _on_good(
    laid: Laid, values: NDArray[np.float32], time: Float, good: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """``float32`` (N,): of each good frame the highest value (G,) of the moments next to it.

    A slow camera has fewer frames than there are moments: a peak between two of them must not be lost.
    """
    score = laid.grid.gather(time, values)
    score[~good] = np.nan
    where = np.flatnonzero(good)
    if len(where):
        t = time[where]
        nearest = where[np.searchsorted((t[1:] + t[:-1]) / 2, laid.grid.time)]
        np.fmax.at(score, nearest, values.astype(np.float32))
    return score


def _event(bump: Bump, score: float, laid: Laid, position: Float, floor: Float) -> Event | None:
    """The event of a bump; ``None`` where the face is still."""
    first, stop = next((a, b) for a, b in laid.runs if a <= bump.peak < b)
    onset, offset = max(bump.onset, first), min(bump.offset, stop - 1)
    apex = min(max(bump.apex, onset), offset)
    open_start, open_end = onset >= bump.onset + 1, offset <= bump.offset - 1
    rest = position[int(np.ceil(offset))] if open_start and not open_end else position[int(onset)]
    moved = position[min(max(round(apex), first), stop - 1)] - rest
    strength = np.linalg.norm(moved, axis=1) / floor
    if not strength.max() >= 1:
        return None
    keep = strength >= max(1.0, 0.25 * strength.max())
    regions = [
        RegionMotion(key, float(d[0]), float(d[1]), float(size))
        for key, d, size, kept in zip(_KEYS, moved, strength, keep, strict=True)
        if kept
    ]
    start, step = float(laid.grid.time[0]), laid.grid.step
    on, top, off = (start + step * place for place in (onset, apex, offset))
    return Event(
        0, 0, 0, on, top, off, "micro", max(1.0, score),
        regions=tuple(sorted(regions, key=lambda region: -region.strength)),
        open_start=open_start, open_end=open_end,
    )  # fmt: skip


def _on_frames(event: Event, frame: NDArray[np.int64], time: Float, *, micro: bool) -> Event:
    """The event on the nearest frames; rounding makes no macro-expression of a micro-expression."""
    event = on_frames(event, frame, time)
    if micro and kind_of(event.duration_s) == "macro":
        last = int(np.searchsorted(time, event.onset_s + MICRO_MAX_S + 1e-9, "right")) - 1
        event = replace(
            event,
            offset=int(frame[last]), offset_s=float(time[last]),
            apex=min(event.apex, int(frame[last])), apex_s=min(event.apex_s, float(time[last])),
        )  # fmt: skip
    cut = not micro and (event.open_start or event.open_end)  # how long it lasts is not known
    return replace(event, kind="macro" if cut else kind_of(event.duration_s))


def _told_once(found: list[tuple[float, Event]]) -> list[Event]:
    """In order of onset; of events that are one movement the most probable, and none without a length."""
    kept: list[Event] = []
    for _, event in sorted(found, key=lambda pair: (-pair[0], pair[1].onset)):
        if event.offset > event.onset and not any(_same(event, other) for other in kept):
            kept.append(event)
    return sorted(kept, key=lambda event: (event.onset, event.apex))


def _same(event: Event, other: Event) -> bool:
    both = min(event.offset_s, other.offset_s) - max(event.onset_s, other.onset_s)
    if both > 0 and ((event.open_end and other.open_end) or (event.open_start and other.open_start)):
        return True  # what is cut off at the same end cannot be told apart
    if event.kind == other.kind:
        return both > _SHARE * min(event.duration_s, other.duration_s)
    return both > _ONE * (max(event.offset_s, other.offset_s) - min(event.onset_s, other.onset_s))
