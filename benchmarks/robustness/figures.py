"""A curve's drawing, SVG written by hand: spotting on the left, recognition on the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from claims.figures import COLOURS, GRID, INK, LINE, PALE, WIDTH
from claims.verdict import Interval

HEIGHT, TOP, BOTTOM = 300.0, 74.0, 234.0
GUESSING = 1 / 3


@dataclass(frozen=True)
class Curve:
    """Values over the levels; ``None`` where something has not run."""

    words: str
    values: Sequence[Interval | None]


def _text(x: float, y: float, words: str, colour: str = INK, anchor: str = "start", weight: str = "") -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}"{bold}>{escape(words)}</text>'
    )


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str = LINE, width: float = 1, dash: str = ""
) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    place = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {place} stroke="{colour}" stroke-width="{width:g}"{dashed}/>'


def _y(value: float) -> float:
    return BOTTOM - value * (BOTTOM - TOP)


def _panel(
    left: float, title: str, curves: Sequence[Curve], levels: Sequence[str], at: int, across: str, guess: bool
) -> list[str]:
    right = left + 310

    def x(n: int) -> float:
        return left + 30 + n * (right - left - 60) / max(1, len(levels) - 1)

    parts = [_text(left, 50, title, weight="600")]
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        parts += [
            _line(left, _y(tick), right, _y(tick), GRID if tick else INK),
            _text(left - 7, _y(tick) + 4, f"{tick:g}", PALE, "end"),
        ]
    if guess:
        parts += [
            _line(left, _y(GUESSING), right, _y(GUESSING), PALE, 1, "4 3"),
            _text(right, _y(GUESSING) - 4, "guessing", PALE, "end"),
        ]
    for n, words in enumerate(levels):
        weight = "600" if n == at else ""
        parts.append(_text(x(n), BOTTOM + 18, words, INK if n == at else PALE, "middle", weight))
    parts.append(_text((left + right) / 2, BOTTOM + 38, across, PALE, "middle"))
    if not any(value is not None for curve in curves for value in curve.values):
        return [*parts, _text((left + right) / 2, _y(0.5), "not run", PALE, "middle")]
    key = left
    for number, curve in enumerate(curves):
        colour, aside = COLOURS[number], 6.0 * (number - (len(curves) - 1) / 2)
        places = [(x(n) + aside, one) for n, one in enumerate(curve.values) if one is not None]
        for (x1, a), (x2, b) in pairwise(places):
            parts.append(_line(x1, _y(a.value), x2, _y(b.value), colour, 1.6))
        for place, one in places:
            if math.isfinite(one.low):
                parts.append(_line(place, _y(one.low), place, _y(one.high), colour, 1.6))
            parts.append(f'<circle cx="{place:.1f}" cy="{_y(one.value):.1f}" r="3.8" fill="{colour}"/>')
        parts += [_line(key, 64, key + 16, 64, colour, 3), _text(key + 21, 68, curve.words, colour)]
        key += 40 + 7.2 * len(curve.words)
    return parts


def drawn(
    title: str, spotting: Sequence[Curve], recognition: Sequence[Curve], levels: Sequence[str], at: int,
    across: str,
) -> str:  # fmt: skip
    """Both panels.

    Args:
        title: above them.
        spotting: curves on the left.
        recognition: curves on the right.
        levels: under the axis, evenly spaced.
        at: which level is the reference's, printed bold.
        across: what the levels are.
    """
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT:g}" width="{WIDTH}" '
        f'height="{HEIGHT:g}" font-family="system-ui, sans-serif" font-size="13">'
    )
    parts = [head, f'<rect width="{WIDTH}" height="{HEIGHT:g}" fill="#ffffff"/>']
    parts.append(_text(14, 22, title, weight="600"))
    parts += _panel(40, "Spotting: F1 of micro-expressions", spotting, levels, at, across, False)
    parts += _panel(430, "Recognition: UF1", recognition, levels, at, across, True)
    return "\n".join([*parts, "</svg>"]) + "\n"
