"""Region flow with a sliding window: mien's own spotter without training.

The idea is that of the optical-flow spotters (Shreve et al., FG 2011; He et al., 2021): a region of the face
is compared with itself one expression length away. Here on region *positions* (:mod:`mien.spotting.traces`),
so that every window length costs a subtraction only, and on both sides at once: with a = p(t) − p(t − L) and
b = p(t) − p(t + L), the region has *gone and come back* by

    m = (|a + b| − |a − b|) / 2,  at least 0,

which for parallel a and b is the smaller of the two. A slow drift, a step or a held pose has a ≈ −b or one of
them zero, hence m = 0; and the "ghost" one window after the expression, which one-sided windows show, is
gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.events import MICRO_MAX_S, Event, FaceState, RegionMotion, Span
from mien.face import FaceFrame
from mien.spotting.base import Spotting
from mien.spotting.curve import (
    Float,
    find_peaks,
    flank,
    keep_strongest,
    kind_of,
    on_frames,
    running_threshold,
    smooth,
)
from mien.spotting.traces import RegionTraces, around_blinks, lay, noise_of

__all__ = ["RegionFlow"]

_KEYS = tuple(r.key for r in REGIONS)
_LIDS = np.array([k.startswith("lid_") for k in _KEYS])
_BLINK, _EYES = ("lid_", "cheek"), ("lid_", "brow_", "glabella", "cheek")
"""Prefixes of the regions that a blink moves wholly, and of all those it reaches."""
_TAKEN_BY_BLINKS = np.array([k.startswith(_BLINK) for k in _KEYS])
_NEAR_EYES = np.array([k.startswith(_EYES) for k in _KEYS])


@dataclass(frozen=True, slots=True)
class RegionFlow:
    """Region flow with a sliding window.

    Attributes:
        micro_windows_s: window lengths L of micro-expressions, seconds.
        macro_windows_s: window lengths of macro-expressions, seconds.
        floor: absolute noise floor: a region that goes and comes back by less is still, whatever the curve's
            scale; outer-eye distances (0.0025 is 0.2 pixels in a face 128 pixels wide).
        macro_floor: the same for the longest macro window, over which poses drift; in between it grows
            evenly.
        noise_factor: a region's floor is also at least this many times its own measured noise.
        spread: relative threshold: running median + this many median deviations of the score.
        spread_window_s: length of that running window, seconds.
        most: but never more than this many floors: motion as large as that is an expression, however restless
            the face is otherwise.
        smooth_s: Gaussian smoothing of the positions (sigma), seconds.
        lid_factor: the eyelids' floor is this many times higher: gaze moves them all the time.
        blink_factor: within a blink, the floor of everything near the eyes is this many times higher; the
            eyelids and cheeks then count for nothing, and the rest of the face, which a blink tugs at, by
            half as much.
        blink_margin_s: a blink reaches this much further on either side, seconds.
        head_leak: floor added per outer-eye distance that the head moved within the window.
        turn_leak: floor added per outer-eye distance of parallax (yaw and nod) within the window.
        flank_share: onset and offset lie where the curve has fallen to this share of the peak.
        steepest: a micro-expression beside which the same regions go this many times as far is only a ripple
            on the edge of something longer.
        micro_max_s: longest micro-expression, seconds.
        shortest_s: shorter events are noise, seconds.
        longest_s: how far from the apex onset and offset are looked for, seconds.
        flow: flow algorithm (:data:`mien.motion.FLOW_METHODS`).
        rate: measurements a second, at most.
    """

    micro_windows_s: tuple[float, ...] = (0.15, 0.25, 0.4)
    macro_windows_s: tuple[float, ...] = (0.8, 1.5, 3.0, 6.0)
    floor: float = 0.0025
    macro_floor: float = 0.03
    noise_factor: float = 5.0
    spread: float = 3.0
    spread_window_s: float = 30.0
    most: float = 2.5
    smooth_s: float = 0.015
    lid_factor: float = 4.0
    blink_factor: float = 4.0
    blink_margin_s: float = 0.1
    head_leak: float = 0.02
    turn_leak: float = 0.3
    flank_share: float = 0.15
    steepest: float = 2.5
    micro_max_s: float = MICRO_MAX_S
    shortest_s: float = 0.06
    longest_s: float = 8.0
    flow: str = "dis_lk"
    rate: float = 100.0

    name: ClassVar[str] = "region-flow"
    paper: ClassVar[str] = "mien's own; after Shreve et al. (FG 2011) and He et al. (2021)"

    def begin(self, fps: float) -> _Session:
        """Start on a recording of about ``fps`` frames a second."""
        return _Session(self, RegionTraces(fps, self.flow, self.rate))


@dataclass
class _Session:
    settings: RegionFlow
    traces: RegionTraces
    frames: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def push(self, frame: FaceFrame) -> None:
        """Take the next frame."""
        self.frames.append(frame.index)
        self.times.append(frame.time)
        self.traces.push(frame)

    def finish(self, states: list[FaceState], blinks: tuple[Span, ...]) -> Spotting:
        """Decide, with the final states and the blinks of the whole recording."""
        self.traces.flush()
        frame, time = np.array(self.frames, np.int64), np.array(self.times)
        good = np.array([s == "ok" for s in states], bool)
        return _Decision(self.settings, self.traces, frame, time, good, blinks).spotting()


@dataclass(frozen=True, slots=True)
class _Curve:
    """The score of one family of windows.

    Attributes:
        score: (G,), NaN where not scored.
        window: (G,) number of the window length that scored most.
        motion: (G, R) the most that each region went and came back, outer-eye distances.
        floor: (G, R) what counts as still at the best window.
    """

    score: Float
    window: NDArray[np.int64]
    motion: Float
    floor: Float


class _Decision:
    """From the positions of a whole recording to its score curve and events."""

    def __init__(
        self,
        settings: RegionFlow,
        traces: RegionTraces,
        frame: NDArray[np.int64],
        time: Float,
        good: NDArray[np.bool_],
        blinks: tuple[Span, ...],
    ) -> None:
        self.s, self.frame, self.time, self.good = settings, frame, time, good
        self.frame_s = float(np.median(np.diff(time))) if len(time) > 1 else 0.0
        laid = lay(traces, time, good, settings.rate)
        self.grid, self.head, self.runs, rough = laid.grid, laid.head, laid.runs, laid.position
        sigma = settings.smooth_s * self.grid.rate
        self.position = np.full_like(rough, np.nan)
        for first, stop in self.runs:
            self.position[first:stop] = smooth(rough[first:stop], sigma)
        self.noise, self.halting = noise_of(rough, self.runs, sigma), laid.halting
        self.blink = around_blinks(self.grid.time, blinks, settings.blink_margin_s)
        near_eyes = np.where(_NEAR_EYES, settings.blink_factor, max(1.0, settings.blink_factor / 2))
        self._blink_factors = np.where(_TAKEN_BY_BLINKS, np.inf, near_eyes)

    # ------------------------------------------------------------------ the score

    def spotting(self) -> Spotting:
        """Score and events."""
        s = self.s
        families = (s.micro_windows_s, s.macro_windows_s)
        curves = [self._curve(windows, open_ended=i == 1) for i, windows in enumerate(families)]
        width = round(s.spread_window_s * self.grid.rate)
        limits = [running_threshold(c.score, 1.0, s.most, s.spread, width) for c in curves]
        events = []
        for curve, limit, windows in zip(curves, limits, families, strict=True):
            distance = max(1, round(0.5 * min(windows) * self.grid.rate))
            for peak in find_peaks(curve.score, limit, distance):
                event = self._event(peak, curve, float(curve.score[peak] / limit[peak]), windows)
                if event is not None:
                    events.append((event, peak))
        kept, rejected = self._sort_out([e for e, _ in events])
        # each family in units of its own threshold, so that one curve and one line show both
        score = np.fmax(*(c.score / limit for c, limit in zip(curves, limits, strict=True)))
        return Spotting(
            score=self._on_frames(score),
            threshold=np.ones(len(self.time), np.float32),
            region_motion=self._on_frames(np.fmax(curves[0].motion, curves[1].motion)),
            events=tuple(kept),
            rejected=tuple(rejected),
            halting=self.halting,
        )

    def _curve(self, windows: tuple[float, ...], *, open_ended: bool) -> _Curve:
        total, regions = len(self.grid.time), len(_KEYS)
        score = np.full(total, np.nan)
        best = np.zeros(total, np.int64)
        motion = np.full((total, regions), np.nan)
        floors = np.full((total, regions), np.nan)
        for number, window in enumerate(windows):
            k = max(1, round(window * self.grid.rate))
            for first, stop in self.runs:
                if stop - first < 3:
                    continue
                part = slice(first, stop)
                m, _ = _gone_and_back(self.position[part], k, open_ended=open_ended)
                floor = self._floor(part, k, window)
                here = (m / floor).max(axis=1)
                better = ~(score[part] >= here)  # also where the score is still NaN
                best[part][better] = number
                score[part] = np.where(better, here, score[part])
                floors[part] = np.where(better[:, None], floor, floors[part])
                motion[part] = np.fmax(motion[part], m)
        return _Curve(score, best, motion, floors)

    def _floor(self, part: slice, k: int, window: float) -> Float:
        """(n, R): what counts as still, by region and moment."""
        s = self.s
        shortest, longest = max(s.micro_windows_s), max(s.macro_windows_s)
        drift = np.clip((window - shortest) / max(longest - shortest, 1e-9), 0, 1)
        floor = np.maximum(s.floor + drift * (s.macro_floor - s.floor), s.noise_factor * self.noise)
        floor = np.where(_LIDS, s.lid_factor * floor, floor)
        result = np.where(self.blink[part, None], self._blink_factors * floor, floor)
        head = self.head[part]
        index = np.arange(len(head))
        moved = np.maximum(
            np.abs(head - head[np.clip(index - k, 0, None)]),
            np.abs(head - head[np.clip(index + k, None, len(head) - 1)]),
        )
        moved = np.nan_to_num(moved)
        shifted, turned = np.linalg.norm(moved[:, :4], axis=1), np.linalg.norm(moved[:, 4:], axis=1)
        leaky: Float = result + (s.head_leak * shifted + s.turn_leak * turned)[:, None]
        return leaky

    # ------------------------------------------------------------------ the events

    def _event(self, peak: int, curve: _Curve, score: float, windows: tuple[float, ...]) -> Event | None:
        """The expression around a peak of the curve; ``None`` where it is none after all."""
        s, rate = self.s, self.grid.rate
        first, stop = next((a, b) for a, b in self.runs if a <= peak < b)
        micro = windows is s.micro_windows_s
        k = max(1, round(windows[curve.window[peak]] * rate))
        position = self.position[first:stop]
        m, way = _gone_and_back(position, k, open_ended=not micro)
        strength = m[peak - first] / curve.floor[peak]
        taking_part = strength >= max(0.5 * strength.max(), 0.5)
        weight = np.where(taking_part, strength, 0.0)
        direction = way[peak - first] / np.maximum(
            np.linalg.norm(way[peak - first], axis=1, keepdims=True), 1e-9
        )
        # the position of all regions that take part, along the way each of them goes
        path = np.einsum("trc,rc,r->t", position, direction, weight) / weight.sum()
        reach = round((1.2 * s.micro_max_s if micro else s.longest_s) * rate)
        low, high = max(0, peak - first - reach), min(len(path) - 1, peak - first + reach)
        near = slice(max(low, peak - first - k // 2), min(high, peak - first + k // 2) + 1)
        top = near.start + int(np.argmax(path[near]))
        height = float(weight @ m[peak - first] / weight.sum())
        if not micro and peak - first + k >= len(path):
            height *= 2  # the way back was taken for granted, at half the price
        height += float(path[top] - path[peak - first])
        onset = flank(path, top, -1, low, s.flank_share, height)
        offset = flank(path, top, 1, high, s.flank_share, height)
        rise, fall = path[top] - path[onset], path[top] - path[offset]
        # the recording, or what could be scored of it, begins or ends before the movement does
        whole = (1 - s.flank_share) * height - 1e-12
        open_start = onset == 0 and bool(rise < whole)
        open_end = offset == len(path) - 1 and bool(fall < whole)
        if not micro:  # a pose that is held: no way back within reach
            if fall < 0.5 * rise:
                offset, open_end = high, high == len(path) - 1
            if rise < 0.5 * fall:
                return None
            if open_end and (offset - onset) / rate < s.micro_max_s:
                return None  # too little seen of it: most likely the end of something longer
            plateau = np.flatnonzero(
                path[onset : offset + 1] >= path[onset] + 0.95 * (path[top] - path[onset])
            )
            if len(plateau):
                top = onset + int(plateau[0])
        else:
            lead = round(s.micro_max_s * rate)
            deepest = path[top] - min(path[max(0, top - lead) : top + lead + 1])
            if min(rise, fall) < 0.4 * max(rise, fall) or deepest > s.steepest * height:
                return None  # the edge of something longer, or a ripple on it
        grid = self.grid.time[first:stop]
        seconds = grid[offset] - grid[onset]
        kind = kind_of(seconds, s.micro_max_s)
        if seconds < s.shortest_s or (micro and kind == "macro"):
            return None  # what lasts longer than a micro window can see is the macro windows' to find
        moved = position[top] - position[onset]
        floor = np.maximum(s.floor, s.noise_factor * self.noise) * np.where(_LIDS, s.lid_factor, 1.0)
        if not (np.linalg.norm(moved, axis=1) >= floor)[taking_part].any():
            return None
        moving = np.linalg.norm(moved, axis=1) / floor
        keep = taking_part | (moving >= max(1.0, 0.15 * moving.max()))
        regions = sorted(
            (
                RegionMotion(key, float(d[0]), float(d[1]), float(strength))
                for key, d, strength, kept in zip(_KEYS, moved, moving, keep, strict=True)
                if kept
            ),
            key=lambda r: -r.strength,
        )
        notes = []
        if not micro and not open_end and (offset == high or onset == low) and seconds >= s.longest_s:
            notes.append(f"The expression was held for longer than {s.longest_s:g} s; its end is not known.")
        event = Event(
            0, 0, 0, float(grid[onset]), float(grid[top]), float(grid[offset]), kind, score,
            regions=tuple(regions), open_start=open_start, open_end=open_end, notes=tuple(notes),
        )  # fmt: skip
        event = on_frames(event, self.frame[self.good], self.time[self.good])
        return replace(event, kind=kind_of(event.duration_s, s.micro_max_s))

    def _sort_out(self, events: list[Event]) -> tuple[list[Event], list[Span]]:
        """Blinks out, doubles out."""
        rejected = []
        kept = []
        for event in events:
            onset, apex = self.blink[self.grid.nearest(np.array([event.onset_s, event.apex_s]))]
            # eyes that open again look like a departure that the recording cuts off
            opening = event.open_end and bool(onset)
            places = _EYES if opening else _BLINK
            if (apex or opening) and all(r.region.startswith(places) for r in event.regions):
                rejected.append(Span(event.onset, event.offset, event.onset_s, event.offset_s, "blink"))
            else:
                kept.append((event, None))
        kept = [(e, None) for e, _ in kept if not any(_returns(e, other) for other, _ in kept)]
        return [e for e, _ in keep_strongest(kept, _clash, _size)], rejected

    def _on_frames(self, values: Float) -> NDArray[np.float32]:
        result = self.grid.gather(self.time, values)
        result[~self.good] = np.nan
        return result


def _gone_and_back(position: Float, k: int, *, open_ended: bool) -> tuple[Float, Float]:
    """How far each region has gone and come back within k samples on either side, and which way.

    Before the beginning the first position stands in: a recording is taken to begin at rest. Beyond the end
    the last one does; or, with ``open_ended``, the way back is taken for granted, so that an expression which
    the recording cuts off is still seen.

    Args:
        position: (n, R, 2), finite, one unbroken run.
        k: samples, >= 1.
        open_ended: as above.

    Returns:
        How far, (n, R) >= 0 in the unit of the positions; and which way, (n, R, 2), of any length.
    """
    index = np.arange(len(position))
    before, after = index - k, index + k
    a = position - position[np.clip(before, 0, None)]
    b = position - position[np.clip(after, None, len(position) - 1)]
    unseen = (after >= len(position))[:, None] & open_ended
    b = np.where(unseen[..., None], a, b)
    m = (np.linalg.norm(a + b, axis=2) - np.linalg.norm(a - b, axis=2)) / 2
    # what is only taken for granted counts half
    return np.maximum(np.where(unseen, m / 2, m), 0.0), a + b


def _size(event: Event) -> float:
    """How far the most moved region went, in floors; scores of different windows would not compare."""
    return max(region.strength for region in event.regions)


def _returns(event: Event, other: Event) -> bool:
    """Is an event that the recording cuts off only the way back from another?"""
    if not event.open_end or other.open_end or not other.onset_s < event.onset_s < other.offset_s + 0.1:
        return False
    way = {r.region: (r.dx, r.dy) for r in other.regions}
    shared = [r for r in event.regions if r.region in way]
    return sum(r.dx * way[r.region][0] + r.dy * way[r.region][1] for r in shared) < 0


def _clash(one: Event, other: Event) -> bool:
    """Do two events tell of the same expression?"""
    both = min(one.offset_s, other.offset_s) - max(one.onset_s, other.onset_s)
    shorter = max(min(one.duration_s, other.duration_s), 1e-6)
    if one.kind == other.kind:
        return both > 0.3 * shorter
    # a micro-expression inside a longer one counts if it is somewhere else in the face
    shared = {r.region for r in one.regions} & {r.region for r in other.regions}
    return both > 0.5 * shorter and bool(shared)
