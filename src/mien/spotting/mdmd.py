"""MDMD: main directional maximal difference (Wang, Wu & Fu, 2017), the baseline of the 2020 challenge."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.events import MICRO_MAX_S, Event, FaceState, Span
from mien.face import CROP, UNIT, FaceFrame
from mien.motion import make_flow
from mien.spotting.base import Spotting
from mien.spotting.curve import Float, TimeGrid, keep_strongest, kind_of, on_frames, valid_runs

__all__ = ["Mdmd"]


@dataclass(frozen=True, slots=True)
class Mdmd:
    """Main directional maximal difference.

    For each moment t and window k, flow is taken from t − k to t and from t to t + k. In each block the main
    direction is the one of four that most vectors of the first flow take; the block's value is the mean, over
    the largest third, of how much further those vectors go in that direction in the first flow than in the
    second (the paper leaves the pairing open; this is the simplest reading in which a movement that comes
    back scores twice its size and a steady drift nothing). The moment's value is the mean of the largest
    blocks; minus the mean of the values k before and k after, negative values set to 0. Moments above mean +
    p · (max − mean) that touch form an event, whose length says micro or macro.

    Differences from the published baseline: the crop is mien's steadied one of 128 pixels, flow is DIS, and
    an absolute floor keeps a still face from firing (with p = 0.01 alone, it would).

    Attributes:
        micro_k_s: window of micro-expressions, seconds (the challenge: 12 frames at 30, 80 at 200).
        macro_k_s: window of macro-expressions, seconds (39 at 30, 260 at 200).
        blocks: blocks along each side of the crop.
        share: share of the blocks that count (the largest).
        p: place of the threshold between mean and maximum.
        floor: absolute floor of the curve, outer-eye distances.
        micro_min_s: shortest event, seconds (the challenge: 7 frames at 30).
        micro_max_s: longest micro-expression, seconds.
        longest_s: longest event, seconds.
        flow: flow algorithm.
        rate: measurements a second, at most; faster recordings are averaged first.
    """

    micro_k_s: float = 0.4
    macro_k_s: float = 1.3
    blocks: int = 6
    share: float = 1 / 3
    p: float = 0.01
    floor: float = 0.02
    micro_min_s: float = 7 / 30
    micro_max_s: float = MICRO_MAX_S
    longest_s: float = 4.0
    flow: str = "dis"
    rate: float = 50.0

    name: ClassVar[str] = "mdmd"
    paper: ClassVar[str] = "Wang, Wu & Fu, Multimedia Tools and Applications 2017; parameters of MEGC 2020"

    def begin(self, fps: float) -> _Session:
        """Start on a recording of about ``fps`` frames a second."""
        each = max(1, round(fps / self.rate))
        lags = tuple(max(1, round(k * fps / each)) for k in (self.micro_k_s, self.macro_k_s))
        return _Session(self, each, [_Lag(lag, self) for lag in lags])


class _Lag:
    """One window length: the flow from each crop to the one ``lag`` later, and the value where two meet."""

    def __init__(self, lag: int, settings: Mdmd) -> None:
        self.lag, self._s = lag, settings
        self._flow = make_flow(settings.flow)
        self._crops: deque[NDArray[np.uint8]] = deque(maxlen=lag + 1)
        self._fields: deque[NDArray[np.float16]] = deque(maxlen=lag + 1)
        self.values: list[float] = []  # of the moment `lag` samples ago, once known

    def reset(self) -> None:
        """Forget the crops so far: what comes does not follow them."""
        self._crops.clear()
        self._fields.clear()

    def push(self, crop: NDArray[np.uint8]) -> float:
        """Value of the moment ``lag`` samples before this crop; NaN where it is not known."""
        self._crops.append(crop)
        if len(self._crops) <= self.lag:
            return float("nan")
        self._fields.append(self._flow(self._crops[0], crop).astype(np.float16))
        if len(self._fields) <= self.lag:
            return float("nan")
        return self._value(self._fields[0].astype(np.float32), self._fields[-1].astype(np.float32))

    def _value(self, first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
        n = self._s.blocks
        side = CROP // n
        values = []
        for row in range(n):
            for column in range(n):
                part = np.s_[row * side : (row + 1) * side, column * side : (column + 1) * side]
                f, g = first[part].reshape(-1, 2), second[part].reshape(-1, 2)
                # four directions: right, down, left, up
                sector = np.floor_divide(np.arctan2(f[:, 1], f[:, 0]) + np.pi / 4, np.pi / 2).astype(int) % 4
                main = int(np.bincount(sector, minlength=4).argmax())
                way = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)][main], np.float32)
                difference = (f[sector == main] - g[sector == main]) @ way
                third = max(1, len(difference) // 3)
                values.append(float(np.partition(difference, -third)[-third:].mean()))
        values.sort(reverse=True)
        return float(np.mean(values[: max(1, round(self._s.share * n * n))])) / UNIT


@dataclass
class _Session:
    settings: Mdmd
    each: int
    lags: list[_Lag]
    frames: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    sample_times: list[float] = field(default_factory=list)
    values: list[list[float]] = field(default_factory=list)
    waiting: list[FaceFrame] = field(default_factory=list)
    last_key: int = -1

    def push(self, frame: FaceFrame) -> None:
        """Take the next frame."""
        self.frames.append(frame.index)
        self.times.append(frame.time)
        if frame.crop is None or frame.key is None:
            self._break(frame.time)
            return
        if frame.key.number != self.last_key:
            if not frame.key.continues:
                self._break(None)
            self.last_key = frame.key.number
        self.waiting.append(frame)
        if len(self.waiting) >= self.each:
            self._measure()

    def _break(self, time: float | None) -> None:
        self.waiting.clear()
        for lag in self.lags:
            lag.reset()
        if time is not None:
            self.sample_times.append(time)
            self.values.append([float("nan")] * len(self.lags))

    def _measure(self) -> None:
        crops = [f.crop for f in self.waiting if f.crop is not None]
        crop = crops[0] if len(crops) == 1 else np.mean(crops, axis=0).round().astype(np.uint8)
        self.sample_times.append(float(np.mean([f.time for f in self.waiting])))
        self.waiting.clear()
        self.values.append([float("nan")] * len(self.lags))
        here = len(self.values) - 1
        for number, lag in enumerate(self.lags):
            value = lag.push(crop)
            if here >= lag.lag:
                self.values[here - lag.lag][number] = value

    def finish(self, states: list[FaceState], blinks: tuple[Span, ...]) -> Spotting:
        """Decide, with the final states; blinks are not looked at."""
        s = self.settings
        if self.waiting:
            self._measure()
        frame, time = np.array(self.frames, np.int64), np.array(self.times)
        good = np.array([x == "ok" for x in states], bool)
        sampled = np.array(self.sample_times)
        values = np.array(self.values)
        values[~good[np.clip(np.searchsorted(time, sampled), 0, len(time) - 1)]] = np.nan
        grid = TimeGrid(sampled, s.rate)
        events: list[tuple[Event, None]] = []
        curves = []
        frame_s = float(np.median(np.diff(time))) if len(time) > 1 else 0.0
        for number, k_s in enumerate((s.micro_k_s, s.macro_k_s)):
            raw = grid.spread(sampled, values[:, number])
            relative = _relative(raw, max(1, round(k_s * grid.rate)))
            if not np.isfinite(relative).any():
                curves.append(relative)
                continue
            mean, top = float(np.nanmean(relative)), float(np.nanmax(relative))
            threshold = max(mean + s.p * (top - mean), s.floor)
            curves.append(relative / threshold)
            for first, stop in valid_runs(np.nan_to_num(relative) >= threshold):
                apex = first + int(np.argmax(relative[first:stop]))
                a, b, c = (float(grid.time[i]) for i in (first, apex, stop - 1))
                kind = kind_of(c - a, s.micro_max_s)
                wanted = ("micro", "macro")[number]
                if kind == wanted and s.micro_min_s - frame_s <= c - a <= s.longest_s:
                    event = Event(0, 0, 0, a, b, c, kind, float(relative[apex] / threshold))
                    events.append((on_frames(event, frame[good], time[good]), None))
        kept = keep_strongest(events, lambda e, o: min(e.offset, o.offset) >= max(e.onset, o.onset))
        score = grid.gather(time, np.fmax(*curves))
        score[~good] = np.nan
        nothing = np.full((len(frame), len(REGIONS)), np.nan, np.float32)
        return Spotting(score, np.ones(len(frame), np.float32), nothing, tuple(e for e, _ in kept))


def _relative(values: Float, k: int) -> Float:
    """Each value minus the mean of those k before and k after (at the ends the nearest known), at least 0."""
    result = np.full(len(values), np.nan)
    for first, stop in valid_runs(np.isfinite(values)):
        part = values[first:stop]
        index = np.arange(len(part))
        beside = (part[np.clip(index - k, 0, None)] + part[np.clip(index + k, None, len(part) - 1)]) / 2
        result[first:stop] = np.maximum(part - beside, 0)
    return result
