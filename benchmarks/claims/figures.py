"""Small drawings for the page, written as SVG by hand: dots with intervals, and curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from claims.verdict import Interval

INK, PALE, LINE, GRID = "#222222", "#666666", "#9aa5ad", "#e3e7ea"
COLOURS = ("#1f6f8b", "#b4482f", "#2e8540", "#7a5195")
WIDTH = 760


def sheet(height: float, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
        f'height="{height:g}" font-family="system-ui, sans-serif" font-size="13">'
    )
    ground = f'<rect width="{WIDTH}" height="{height:g}" fill="#ffffff"/>'
    return "\n".join([head, ground, *parts, "</svg>"]) + "\n"


def text(x: float, y: float, words: str, colour: str = INK, anchor: str = "start", weight: str = "") -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}"{bold}>{escape(words)}</text>'
    )


def line(
    x1: float, y1: float, x2: float, y2: float, colour: str = LINE, width: float = 1, dash: str = ""
) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width:g}"{dashed}/>'
    )


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from low to high."""
    span = max(high - low, 1e-9)
    size = 10 ** math.floor(math.log10(span / most))
    step = next((size * n for n in (1, 2, 5, 10) if span / (size * n) <= most), size * 10)
    first = math.ceil(low / step - 1e-9)
    return [round(step * n, 10) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def dots(title: str, rows: Sequence[tuple[str, Interval]], zero: bool = False) -> str:
    """One row a configuration: its value as a dot, its 95 % interval as a bar.

    Args:
        title: above it.
        rows: words and interval.
        zero: draw the line at zero, which differences are read against.
    """
    left, right, top, step = 250.0, WIDTH - 70.0, 44.0, 24.0
    known = [v for _, i in rows for v in (i.value, i.low, i.high) if math.isfinite(v)]
    low, high = min(known), max(known)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = 0.06 * max(high - low, 1e-6)
    low, high = low - room, high + room

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    bottom = top + step * len(rows)
    parts = [text(14, 22, title, weight="600")]
    for tick in ticks(low, high):
        parts += [
            line(x(tick), top - 6, x(tick), bottom, GRID),
            text(x(tick), bottom + 16, f"{tick:g}", PALE, "middle"),
        ]
    if zero:
        parts.append(line(x(0), top - 6, x(0), bottom, INK, 1.2))
    for n, (words, one) in enumerate(rows):
        y = top + step * n + 8
        parts.append(text(left - 12, y + 4, words, INK, "end"))
        if math.isfinite(one.low):
            parts.append(line(x(one.low), y, x(one.high), y, COLOURS[0], 3))
        parts.append(f'<circle cx="{x(one.value):.1f}" cy="{y:.1f}" r="4.5" fill="{COLOURS[0]}"/>')
        parts.append(text(WIDTH - 14, y + 4, f"{one.value:.3f}", PALE, "end"))
    return sheet(bottom + 28, parts)


@dataclass(frozen=True)
class Series:
    """A curve: words and its values at 0, 1, 2, …; ``faint`` ones are drawn thin, without words."""

    words: str
    values: Sequence[float | None]
    colour: str
    faint: bool = False


def curves(
    title: str,
    series: Sequence[Series],
    across: str,
    marks: Sequence[tuple[float, str, str]] = (),
    height: float = 260.0,
) -> str:
    """Curves over a common axis.

    Args:
        title: above it.
        series: the curves.
        across: what the axis is.
        marks: upright lines: where, words, colour.
        height: of the drawing.
    """
    left, right, top, bottom = 62.0, WIDTH - 20.0, 58.0, height - 44.0
    known = [v for s in series for v in s.values if v is not None and math.isfinite(v)]
    low, high = min(0.0, min(known)), max(known) * 1.05
    last = max(len(s.values) for s in series) - 1

    def x(at: float) -> float:
        return left + at / max(1, last) * (right - left)

    def y(value: float) -> float:
        return bottom - (value - low) / max(high - low, 1e-9) * (bottom - top)

    parts = [text(14, 22, title, weight="600")]
    for tick in ticks(low, high, 4):
        parts += [
            line(left, y(tick), right, y(tick), GRID),
            text(left - 8, y(tick) + 4, f"{tick:g}", PALE, "end"),
        ]
    for tick in ticks(0, last):
        parts.append(text(x(tick), bottom + 17, f"{tick:g}", PALE, "middle"))
    parts += [line(left, bottom, right, bottom, INK), text(right, bottom + 34, across, PALE, "end")]
    for at, words, colour in marks:
        parts += [
            line(x(at), top, x(at), bottom, colour, 1.5, "4 3"),
            text(x(at), bottom + 34, words, colour, "middle"),
        ]
    key = left
    for one in series:
        pieces: list[list[str]] = [[]]
        for n, value in enumerate(one.values):
            if value is None or not math.isfinite(value):
                pieces.append([])
            else:
                pieces[-1].append(f"{x(n):.1f},{y(value):.1f}")
        look = 'stroke-width="1" stroke-opacity="0.35"' if one.faint else 'stroke-width="2.4"'
        parts += [
            f'<polyline points="{" ".join(piece)}" fill="none" stroke="{one.colour}" {look}/>'
            for piece in pieces
            if len(piece) > 1
        ]
        if one.words and not one.faint:
            parts += [line(key, 40, key + 18, 40, one.colour, 3), text(key + 24, 44, one.words, one.colour)]
            key += 44 + 7.2 * len(one.words)
    return sheet(height, parts)
