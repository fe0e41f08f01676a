"""The score over time as SVG: the whole recording, and a close-up of each event.

Both show the score in multiples of the threshold in force, so that the threshold is a straight line at 1.
Colours come from the style sheet; kinds differ in shape and outline as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from mien.events import Analysis, Event, Span
from mien.report import words
from mien.report.truth import Comparison
from mien.report.truth_lanes import MARGIN, Stretch, lanes_height, truth_lanes

__all__ = ["Curve", "close_up", "score_curve"]

_WIDTH, _LEFT, _RIGHT = 1000.0, 46.0, 22.0
_ONE_ROW_S = 60.0
_ROW_LENGTHS = (30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0)
_MAX_ROWS = 12
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_LANE = 22.0
_MAX_LANES = 3
_MARK = 8.0


@dataclass(frozen=True, slots=True)
class Curve:
    """A drawn curve.

    Attributes:
        svg: the pictures, one a row, safe markup.
        root_scale: the height grows with the square root of the score.
        relative: the score is in multiples of the threshold (else there was no threshold to relate it to).
        rows: how many rows the recording was broken into.
        row_s: seconds a row.
    """

    svg: Markup
    root_scale: bool
    relative: bool
    rows: int
    row_s: float


@dataclass(frozen=True, slots=True)
class _Axes:
    """Where a time and a score come to lie."""

    start: float
    length: float
    left: float
    width: float
    top: float
    height: float
    highest: float
    root: bool

    def x(self, t: float) -> float:
        return self.left + (t - self.start) / self.length * self.width

    def y(self, value: float) -> float:
        share = max(value, 0.0) / self.highest
        return self.top + self.height * (1 - min(math.sqrt(share) if self.root else share, 1.0))


def score_curve(analysis: Analysis, told: Comparison | None = None) -> Curve:
    """The whole recording; beyond a minute, broken into rows of equal length.

    Args:
        analysis: what to draw.
        told: what really happens, drawn in lanes of its own below the score.
    """
    line = analysis.timeline
    ratio, relative = _ratio(analysis)
    start = float(line.time[0]) if len(line) else 0.0
    total = max(float(line.time[-1]) - start if len(line) else 0.0, 1e-3)
    row_s = total if total <= _ONE_ROW_S else _row_length(total)
    n_rows = max(1, math.ceil(total / row_s - 1e-9))
    highest = _highest(ratio)
    root = highest > 6
    plot_height = 190.0 if n_rows == 1 else 74.0
    long = start + total > 120
    left = _LEFT if told is None else MARGIN
    width = _WIDTH - left - _RIGHT
    invented = [n for n, _ in told.invented] if told else []
    below = 0.0 if told is None else lanes_height(invented, told.lanes)
    rows: list[str] = []
    for row in range(n_rows):
        begin = start + row * row_s
        until = min(start + total, begin + row_s)
        last = row == n_rows - 1
        here = [e for e in enumerate(analysis.found, 1) if e[1].offset_s >= begin and e[1].onset_s <= until]
        marked = [(n, e) for n, e in here if begin <= e.apex_s and (last or e.apex_s < until)]
        lanes = _lanes([(e.apex_s - begin) / row_s * width for _, e in marked])
        top = 4 + _LANE * max((lane + 1 for lane in lanes if lane is not None), default=0)
        axes = _Axes(begin, row_s, left, width, top, plot_height, highest, root)
        right = axes.x(until)
        parts = [
            f'<rect class="paper" x="{left:g}" y="{top:.1f}" '
            f'width="{right - left:.1f}" height="{plot_height:g}"/>',
            _blocks(analysis.unscored, axes, "unscored", top, plot_height),
            _y_axis(axes, relative, right),
            _blocks(analysis.blinks, axes, "blink", top + plot_height - 7, 7),
            *(_band(e, axes) for _, e in here),
            _path(line.time, ratio, axes),
        ]
        if relative:
            parts.append(f'<path class="threshold" d="M{left:g} {axes.y(1):.1f}H{right:.1f}"/>')
        parts += [
            _marker(n, e, axes, lane, long)
            for (n, e), lane in zip(marked, lanes, strict=True)
            if lane is not None
        ]
        if told is not None:
            stretch = Stretch(begin, until, last, axes.x, left, top + plot_height, long)
            parts.append(truth_lanes(told, invented, told.lanes, stretch))
        parts.append(_x_axis(_down(axes, below), long, until=until, unit=n_rows == 1))
        first, final = (words.clock(t, long=long, decimals=1) for t in (begin, until))
        title = f"Score from {first} to {final}; {words.counted(len(here), 'event')}"
        if told is not None:
            title += ", and below it what really happens"
        height = top + plot_height + below + (38 if n_rows == 1 else 28)
        rows.append(
            f'<svg class="curve" viewBox="0 0 {_WIDTH:g} {height:g}" role="group" '
            f'aria-label="{escape(title)}">'
            f"{'' if row else _PATTERNS}{''.join(parts)}</svg>"
        )
    return Curve(Markup("\n".join(rows)), root, relative, n_rows, row_s)


def close_up(analysis: Analysis, event: Event, told: Comparison | None = None) -> Markup:
    """The score around one event, one dot a frame where there is room for dots.

    Args:
        analysis: what was found.
        event: one of its events.
        told: what really happens, drawn below as in :func:`score_curve`.
    """
    line = analysis.timeline
    ratio, relative = _ratio(analysis)
    margin = max(0.25, 0.6 * event.duration_s)
    begin, end = event.onset_s - margin, event.offset_s + margin
    inside = (line.time >= begin) & (line.time <= end)
    time, values = line.time[inside], ratio[inside]
    width, plot_height, top, left = 480.0, 104.0, 22.0, 34.0 if told is None else MARGIN
    axes = _Axes(begin, end - begin, left, width - left - 8, top, plot_height, _highest(values), False)
    right = width - 8
    parts = [
        f'<rect class="paper" x="{left:g}" y="{top:g}" width="{right - left:g}" height="{plot_height:g}"/>'
    ]
    parts.append(_blocks(analysis.unscored, axes, "unscored", top, plot_height))
    parts.append(_y_axis(axes, relative, right))
    parts.append(_blocks(analysis.blinks, axes, "blink", top + plot_height - 7, 7))
    parts.append(_band(event, axes))
    parts.append(_path(time, values, axes))
    good = np.isfinite(values)
    if 0 < good.sum() <= 120:
        dots = "".join(
            f"M{axes.x(t):.1f} {axes.y(v):.1f}h0" for t, v in zip(time[good], values[good], strict=True)
        )
        parts.append(f'<path class="dots" d="{dots}"/>')
    if relative:
        parts.append(f'<path class="threshold" d="M{left:g} {axes.y(1):.1f}H{right:g}"/>')
    for name, t, anchor in (
        ("onset", event.onset_s, "end"),
        ("apex", event.apex_s, "middle"),
        ("offset", event.offset_s, "start"),
    ):
        x = axes.x(t)
        parts.append(f'<path class="mark" d="M{x:.1f} {top - 4:g}V{top + plot_height:g}"/>')
        shift = {"end": 3, "middle": 0, "start": -3}[anchor]
        parts.append(
            f'<text class="tick" x="{x + shift:.1f}" y="{top - 8:g}" text-anchor="{anchor}">{name}</text>'
        )
    below = 0.0
    if told is not None:
        invented = [n for n, e in told.invented if e.offset_s >= begin and e.onset_s <= end]
        seen = [s for s in told.truth.spans if s.end_s >= begin and s.start_s <= end]
        lanes = [name for name, spans in told.lanes.items() if any(s in seen for s in spans)]
        below = lanes_height(invented, lanes)
        stretch = Stretch(begin, end, True, axes.x, left, top + plot_height, words.is_long(analysis))
        parts.append(truth_lanes(told, invented, lanes, stretch, links=False))
    parts.append(_x_axis(_down(axes, below), False, until=end, unit=True, zero=event.onset_s))
    title = f"Score from {margin * 1000:.0f} ms before the onset to {margin * 1000:.0f} ms after the offset"
    return Markup(
        f'<svg class="curve closeup" viewBox="0 0 {width:g} {top + plot_height + below + 38:g}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


_PATTERNS = (
    '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)">'
    '<path class="hatch" d="M0 0V7"/></pattern>'
    '<pattern id="dotted" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<circle class="dot" cx="1.5" cy="1.5" r="1.1"/><circle class="dot" cx="4.5" cy="4.5" r="1.1"/>'
    "</pattern></defs>"
)


def _ratio(analysis: Analysis) -> tuple[NDArray[np.float64], bool]:
    """Score over threshold; the bare score where there is no usable threshold at all."""
    line = analysis.timeline
    score = np.asarray(line.score, np.float64)
    threshold = np.asarray(line.threshold, np.float64)
    usable = np.isfinite(threshold) & (threshold > 0)
    if not usable.any():
        return score, False
    threshold = np.where(usable, threshold, np.median(threshold[usable]))
    return score / threshold, True


def _highest(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return max(1.3, float(finite.max()) * 1.08) if finite.size else 1.3


def _row_length(total: float) -> float:
    for length in _ROW_LENGTHS:
        if total <= length * _MAX_ROWS:
            return length
    return total / _MAX_ROWS


def _lanes(positions: Sequence[float]) -> list[int | None]:
    """A lane for each marker so that none covers another; ``None`` where no lane is free."""
    ends = [-math.inf] * _MAX_LANES
    lanes: list[int | None] = []
    for x in positions:
        lane = next((i for i, end in enumerate(ends) if x - _MARK - 1 > end), None)
        if lane is not None:
            ends[lane] = x + _MARK + 1
        lanes.append(lane)
    return lanes


def _path(time: NDArray[np.float64], values: NDArray[np.float64], axes: _Axes) -> str:
    """The curve inside the axes: every frame where there is room, else each bin's extent."""
    inside = (time >= axes.start) & (time <= axes.start + axes.length)
    time, values = time[inside], values[inside]
    bins = int(axes.width * 0.75)
    if len(time) > 2 * bins:
        time, values = _envelope(time, values, axes, bins)
    d: list[str] = []
    pen = "M"
    for t, v in zip(time, values, strict=True):
        if not math.isfinite(v):
            pen = "M"
            continue
        d.append(f"{pen}{axes.x(t):.1f} {axes.y(v):.1f}")
        pen = "L"
    # a lone frame between gaps is drawn as a dot: a line of no length with round ends
    return f'<path class="score" d="{"".join(d)}"/>' if d else ""


def _envelope(
    time: NDArray[np.float64], values: NDArray[np.float64], axes: _Axes, bins: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lowest and the highest value of each bin, in the order of their times; NaN where there is none."""
    index = np.minimum(((time - axes.start) / axes.length * bins).astype(int), bins - 1)
    edges = np.searchsorted(index, np.arange(bins + 1))
    out_time, out_values = [], []
    for a, b in pairwise(edges):
        if a == b:
            continue
        part = values[a:b]
        good = np.flatnonzero(np.isfinite(part))
        if good.size == 0:
            out_time.append(time[a])
            out_values.append(np.nan)
            continue
        ends = {int(good[np.argmin(part[good])]), int(good[np.argmax(part[good])])}
        for i in sorted(ends):
            out_time.append(time[a + i])
            out_values.append(part[i])
    return np.asarray(out_time), np.asarray(out_values)


def _blocks(spans: Sequence[Span], axes: _Axes, css: str, y: float, height: float) -> str:
    """Spans as one path; neighbours closer than half a pixel run together."""
    pieces: list[list[float]] = []
    for span in spans:
        a, b = axes.x(span.start_s), axes.x(span.end_s)
        if b < axes.left or a > axes.left + axes.width:
            continue
        a, b = max(a, axes.left), min(max(b, a + 1.5), axes.left + axes.width)
        if pieces and a - pieces[-1][1] < 0.5:
            pieces[-1][1] = max(pieces[-1][1], b)
        else:
            pieces.append([a, b])
    d = "".join(f"M{a:.1f} {y:.1f}h{b - a:.1f}v{height:g}h{a - b:.1f}z" for a, b in pieces)
    return f'<path class="{css}" d="{d}"/>' if d else ""


def _band(event: Event, axes: _Axes) -> str:
    a = max(axes.x(event.onset_s), axes.left)
    b = min(axes.x(event.offset_s), axes.left + axes.width)
    if b - a < 3:
        middle = (a + b) / 2
        a, b = middle - 1.5, middle + 1.5
    box = f'x="{a:.1f}" y="{axes.top:.1f}" width="{b - a:.1f}" height="{axes.height:g}"'
    texture = f'<rect class="texture" {box}/>' if event.kind == "macro" else ""
    return f'<rect class="band {event.kind}" {box}/>{texture}'


def _marker(number: int, event: Event, axes: _Axes, lane: int, long: bool) -> str:
    x, y = axes.x(event.apex_s), axes.top - 11 - lane * _LANE
    label = f"Event {number}: {words.kind(event.kind)} at {words.clock(event.apex_s, long=long)}"
    shape = (
        f'<circle class="mark-{event.kind}" cx="{x:.1f}" cy="{y:.1f}" r="{_MARK:g}"/>'
        if event.kind == "micro"
        else f'<rect class="mark-{event.kind}" x="{x - _MARK:.1f}" y="{y - _MARK:.1f}" width="{2 * _MARK:g}" '
        f'height="{2 * _MARK:g}" rx="1.5"/>'
    )
    stem = f'<path class="stem" d="M{x:.1f} {y + _MARK:.1f}V{axes.top:.1f}"/>'
    size = 11 if number < 100 else 8.5
    return (
        f'<a href="#event-{number}" aria-label="{escape(label)}"><title>{escape(label)}</title>{stem}{shape}'
        f'<text class="number" x="{x:.1f}" y="{y + size * 0.36:.1f}" font-size="{size:g}">{number}</text></a>'
    )


def _down(axes: _Axes, by: float) -> _Axes:
    """The same axes, reaching further down."""
    return replace(axes, height=axes.height + by)


def _y_axis(axes: _Axes, relative: bool, right: float) -> str:
    if relative:
        candidates: list[float] = [0, 1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1000]
        if axes.highest < 2:
            candidates = [0, 0.5, 1, 1.5]
    else:
        step = 10.0 ** math.floor(math.log10(axes.highest))
        candidates = [step * i for i in range(11)]
    parts = []
    lowest = math.inf
    for value in candidates:
        y = axes.y(value)
        if value > axes.highest or lowest - y < 14:
            continue
        lowest = y
        text = f"{value:g}×" if relative else f"{value:g}"
        parts.append(
            f'<path class="grid" d="M{axes.left:g} {y:.1f}H{right:.1f}"/>'
            f'<text class="tick" x="{axes.left - 6:g}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
        )
    return "".join(parts)


def _x_axis(axes: _Axes, long: bool, *, until: float, unit: bool, zero: float | None = None) -> str:
    """Ticks below the axes; with ``zero``, the time that counts as 0, they are milliseconds."""
    room = 80 if zero is None else 62
    step = next((s for s in _STEPS if axes.length / s <= axes.width / room), 7200)
    bottom, right = axes.top + axes.height, axes.x(until)
    parts = [f'<path class="axis" d="M{axes.left:g} {bottom:.1f}H{right:.1f}"/>']
    origin = zero or 0.0
    first = math.ceil((axes.start - origin) / step - 1e-9)
    last = math.floor((until - origin) / step + 1e-9)
    decimals = 0 if step >= 1 else 1 if step >= 0.1 else 2
    for i in range(first, last + 1):
        value = i * step
        x = axes.x(value + origin)
        if zero is not None:
            text = f"{value * 1000:+.0f}".replace("-", "−") if i else "0"
        elif long:
            text = words.clock(value, long=True, decimals=decimals)
        else:
            text = f"{value:.{decimals}f}"
        parts.append(
            f'<path class="axis" d="M{x:.1f} {bottom:.1f}v4"/>'
            f'<text class="tick" x="{x:.1f}" y="{bottom + 17:.1f}" text-anchor="middle">{text}</text>'
        )
    if unit:
        name = "milliseconds from onset" if zero is not None else "minutes : seconds" if long else "seconds"
        parts.append(
            f'<text class="tick unit" x="{right:.1f}" y="{bottom + 31:.1f}" text-anchor="end">{name}</text>'
        )
    return "".join(parts)
