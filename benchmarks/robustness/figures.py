"""A curve's drawing, SVG written by hand: spotting on the left, recognition on the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from claims.figures import COLOURS, GRID, INK, PALE, line, sheet, text
from claims.verdict import Interval

HEIGHT, TOP, BOTTOM = 300.0, 74.0, 234.0
GUESSING = 1 / 3


@dataclass(frozen=True)
class Curve:
    """Values over the levels; ``None`` where something has not run."""

    words: str
    values: Sequence[Interval | None]


def _y(value: float) -> float:
    return BOTTOM - value * (BOTTOM - TOP)


def _panel(
    left: float, title: str, curves: Sequence[Curve], levels: Sequence[str], at: int, across: str, guess: bool
) -> list[str]:
    right = left + 310

    def x(n: int) -> float:
        return left + 30 + n * (right - left - 60) / max(1, len(levels) - 1)

    parts = [text(left, 50, title, weight="600")]
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        parts += [
            line(left, _y(tick), right, _y(tick), GRID if tick else INK),
            text(left - 7, _y(tick) + 4, f"{tick:g}", PALE, "end"),
        ]
    if guess:
        parts += [
            line(left, _y(GUESSING), right, _y(GUESSING), PALE, 1, "4 3"),
            text(right, _y(GUESSING) - 4, "guessing", PALE, "end"),
        ]
    for n, words in enumerate(levels):
        weight = "600" if n == at else ""
        parts.append(text(x(n), BOTTOM + 18, words, INK if n == at else PALE, "middle", weight))
    parts.append(text((left + right) / 2, BOTTOM + 38, across, PALE, "middle"))
    if not any(value is not None for curve in curves for value in curve.values):
        return [*parts, text((left + right) / 2, _y(0.5), "not run", PALE, "middle")]
    key = left
    for number, curve in enumerate(curves):
        colour, aside = COLOURS[number], 6.0 * (number - (len(curves) - 1) / 2)
        places = [(x(n) + aside, one) for n, one in enumerate(curve.values) if one is not None]
        for (x1, a), (x2, b) in pairwise(places):
            parts.append(line(x1, _y(a.value), x2, _y(b.value), colour, 1.6))
        for place, one in places:
            if math.isfinite(one.low):
                parts.append(line(place, _y(one.low), place, _y(one.high), colour, 1.6))
            parts.append(f'<circle cx="{place:.1f}" cy="{_y(one.value):.1f}" r="3.8" fill="{colour}"/>')
        parts += [line(key, 64, key + 16, 64, colour, 3), text(key + 21, 68, curve.words, colour)]
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
    parts = [text(14, 22, title, weight="600")]
    parts += _panel(40, "Spotting: F1 of micro-expressions", spotting, levels, at, across, False)
    parts += _panel(430, "Recognition: UF1", recognition, levels, at, across, True)
    return sheet(HEIGHT, parts)
