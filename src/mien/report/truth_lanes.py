"""What really happens, in lanes below a curve of the score, on the same scale of time.

A true expression is a bar with a sign at its apex: round for micro, square for macro, as the events have
above. Filled means found and empty missed, so that nothing hangs on colour. What was invented has crosses in
a lane of its own. Each lane bears its name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from html import escape

from mien.events import EventKind, Span
from mien.report import words
from mien.report.truth import Comparison, Row, distractor, late, sight

__all__ = ["MARGIN", "Stretch", "apex_sign", "lanes_height", "truth_lanes"]

MARGIN = 84.0
"""Room to the left of the curve for the names of the lanes."""
_GAP, _TRUTH, _INVENTED, _THIN = 10.0, 32.0, 18.0, 16.0
_BAR, _SPAN, _SIGN = 9.0, 7.0, 5.0
_LABEL = 22.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of the recording that is drawn, and where.

    Attributes:
        begin, until: seconds.
        closed: what happens at ``until`` belongs to it (else to the next row).
        x: where a time lies.
        left: where the curve begins; names of lanes end before it.
        top: where the lanes begin.
        long: times are written as minutes and seconds.
    """

    begin: float
    until: float
    closed: bool
    x: Callable[[float], float]
    left: float
    top: float
    long: bool

    def extent(self, start_s: float, end_s: float, least: float) -> tuple[float, float] | None:
        """Left and right end of what lasts from one time to another, cut to the stretch; at least so wide."""
        if end_s < self.begin or start_s > self.until:
            return None
        first, last = self.x(self.begin), self.x(self.until)
        a, b = max(self.x(start_s), first), min(self.x(end_s), last)
        if b - a < least:
            a = min(max((a + b - least) / 2, first), last - least)
            b = a + least
        return a, b

    def holds(self, t: float) -> bool:
        """Whether a moment is drawn here."""
        return self.begin <= t < self.until or (self.closed and t == self.until)


def lanes_height(invented: Collection[int], lanes: Collection[str]) -> float:
    """How much room the lanes take, with these invented events and distractors."""
    return _GAP + _TRUTH + (_INVENTED if invented else 0.0) + _THIN * len(lanes)


def truth_lanes(
    told: Comparison,
    invented: Collection[int],
    lanes: Collection[str],
    stretch: Stretch,
    *,
    links: bool = True,
) -> str:
    """The lanes as SVG.

    Args:
        told: the truth and what was found of it.
        invented: numbers of the events in the lane of the invented; without any there is no such lane.
        lanes: which distractors have one, from the top.
        stretch: the part to draw.
        links: true expressions lead to their rows in the table; else they are only drawn.
    """
    right = stretch.x(stretch.until)
    height = lanes_height(invented, lanes)
    y = stretch.top + _GAP
    parts = [
        f'<rect class="paper" x="{stretch.left:g}" y="{stretch.top:.1f}" '
        f'width="{right - stretch.left:.1f}" height="{height:g}"/>',
        f'<path class="axis" d="M{stretch.left:g} {stretch.top:.1f}H{right:.1f}"/>',
        _name("truth", stretch, y + _BAR),
    ]
    labelled = -_LABEL
    for row in told.rows:
        drawn, labelled = _expression(row, stretch, y, labelled, links)
        parts.append(drawn)
    y += _TRUTH
    if invented:
        parts.append(_name("invented", stretch, y + 9))
        parts += [_invention(told, number, stretch, y, links) for number in invented]
        y += _INVENTED
    for name in lanes:
        parts.append(_name(name, stretch, y + 9))
        parts += [_distractor(span, stretch, y) for span in told.lanes[name]]
        y += _THIN
    return f'<g class="truth">{"".join(parts)}</g>'


def apex_sign(kind: EventKind, found: bool, x: float, y: float) -> str:
    """Round for micro, square for macro; filled for found, empty for missed."""
    css = f"{'hit' if found else 'miss'} {kind}"
    if kind == "micro":
        return f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="{_SIGN:g}"/>'
    side = 2 * _SIGN - 1
    return (
        f'<rect class="{css}" x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side:g}" '
        f'height="{side:g}"/>'
    )


def _expression(row: Row, stretch: Stretch, y: float, labelled: float, links: bool) -> tuple[str, float]:
    """The drawing, and where the last label ends."""
    truth, pair = row.expression, row.pair
    extent = stretch.extent(truth.onset_s, truth.offset_s, 3)
    if extent is None:
        return "", labelled
    fate = f"found, event {pair.event}, apex {late(pair.late_s)}" if pair else "missed"
    when = words.clock(truth.apex_s, long=stretch.long)
    title = escape(f"T{row.number}: {sight(truth)}, apex at {when}: {fate}")
    a, b = extent
    css = f"{'hit' if pair else 'miss'} {truth.kind}"
    parts = [f'<rect class="{css}" x="{a:.1f}" y="{y:.1f}" width="{b - a:.1f}" height="{_BAR:g}" rx="1"/>']
    if stretch.holds(truth.apex_s):
        x = stretch.x(truth.apex_s)
        middle = y + _BAR + 3 + _SIGN
        parts.append(f'<path class="apex" d="M{x:.1f} {y - 3:.1f}V{middle - _SIGN:.1f}"/>')
        parts.append(apex_sign(truth.kind, pair is not None, x, middle))
        if x - _SIGN >= labelled:  # else it would cover its neighbour; the title still tells
            parts.append(_label(f"T{row.number}", x, middle + 4, x + _LABEL > stretch.x(stretch.until)))
            labelled = x + _SIGN + 3 + _LABEL
    inner = f"<title>{title}</title>{''.join(parts)}"
    if links:
        return f'<a href="#truth-{row.number}" aria-label="{title}">{inner}</a>', labelled
    return f"<g>{inner}</g>", labelled


def _invention(told: Comparison, number: int, stretch: Stretch, y: float, links: bool) -> str:
    event = told.analysis.found[number - 1]
    extent = stretch.extent(event.onset_s, event.offset_s, 3)
    if extent is None:
        return ""
    a, b = extent
    middle = y + 5
    d = f"M{a:.1f} {middle:.1f}H{b:.1f}"
    if stretch.holds(event.apex_s):
        x = stretch.x(event.apex_s)
        d += f"M{x - 4:.1f} {middle - 4:.1f}l8 8m0 -8l-8 8"
    title = escape(f"Event {number} is invented. {told.instead(number)}")
    inner = f'<title>{title}</title><path class="invented" d="{d}"/>'
    return f'<a href="#event-{number}" aria-label="{title}">{inner}</a>' if links else f"<g>{inner}</g>"


def _distractor(span: Span, stretch: Stretch, y: float) -> str:
    extent = stretch.extent(span.start_s, span.end_s, 1.5)
    if extent is None:
        return ""
    a, b = extent
    first, last = (words.clock(t, long=stretch.long, decimals=2) for t in (span.start_s, span.end_s))
    what = words.begin(distractor(span.reason))
    title = escape(f"{what}, {first} to {last}{f': {span.note}' if span.note else ''}")
    return (
        f'<rect class="blink" x="{a:.1f}" y="{y + 1.5:.1f}" width="{b - a:.1f}" height="{_SPAN:g}">'
        f"<title>{title}</title></rect>"
    )


def _label(text: str, x: float, y: float, at_the_edge: bool) -> str:
    """A label to the right of a sign, or to its left where the picture ends."""
    x, anchor = (x - _SIGN - 3, "end") if at_the_edge else (x + _SIGN + 3, "start")
    return f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _name(text: str, stretch: Stretch, y: float) -> str:
    return f'<text class="tick" x="{stretch.left - 8:g}" y="{y:.1f}" text-anchor="end">{escape(text)}</text>'
