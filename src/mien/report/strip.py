"""How much each frame counted, as a strip of bars over time."""

from __future__ import annotations

import math
from html import escape
from itertools import pairwise

from markupsafe import Markup

from mien.events import Event, FrameWeights
from mien.report import words

__all__ = ["strips"]

_WIDTH, _HEIGHT = 440.0, 108.0  # little wider than a phone, so that its words can be read there
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 50.0, 10.0, 32.0
_LINE = 15.0
_LABEL = 24.0  # half as wide as the word "apex", with a gap, in the letters of a phone
_CHOSEN = "chosen"


def strips(event: Event, number: int) -> list[tuple[str, Markup]]:
    """Each kind of frame weights with what it is, in words.

    Bars begin at 0, so that weights that are nearly alike look alike. Frames that the model chose are dark;
    where it chooses but tells no weights, the choice itself is drawn.
    """
    chosen = next((w for w in event.frame_weights if w.name == _CHOSEN), None)
    others = [w for w in event.frame_weights if w.name != _CHOSEN] or ([chosen] if chosen else [])
    drawn = []
    for weights in others:
        known = [(t, w) for t, w in zip(weights.times_s, weights.weights, strict=True)]
        if known and all(math.isfinite(t) and math.isfinite(w) for t, w in known):
            title = f"{words.weights(weights.name)}, {words.weights_range(weights.weights)}"
            drawn.append((title, _strip(event, weights, chosen, number)))
    return drawn


def _strip(event: Event, weights: FrameWeights, chosen: FrameWeights | None, number: int) -> Markup:
    times, values = weights.times_s, weights.weights
    gap = min((b - a for a, b in pairwise(times) if b > a), default=0.02)
    first, last = min(times[0], event.onset_s) - gap / 2, max(times[-1], event.offset_s) + gap / 2
    top, low = max(*values, 0.0) or 1.0, min(*values, 0.0)

    def x(t: float) -> float:
        return _LEFT + (t - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (top - value) / (top - low) * (_HEIGHT - _TOP - _BOTTOM)

    kept = dict(zip(chosen.times_s, chosen.weights, strict=True)) if chosen else {}
    wide = max(0.8, (x(times[0] + gap) - x(times[0])) * 0.8)
    bars: dict[str, list[str]] = {"bar-in": [], "bar-out": []}
    for t, value in zip(times, values, strict=True):
        a, b = sorted((y(value), y(0.0)))
        look = "bar-in" if kept.get(t, 1.0) > 0.5 else "bar-out"
        bars[look].append(f"M{x(t) - wide / 2:.1f} {a:.1f}h{wide:.1f}v{max(b - a, 0.6):.1f}h{-wide:.1f}z")
    paths = "".join(f'<path class="{look}" d="{"".join(d)}"/>' for look, d in bars.items() if d)
    floor = _HEIGHT - _BOTTOM
    apex = x(event.apex_s)
    marks = []
    for name, t, anchor in (
        ("onset", event.onset_s, "end"),
        ("apex", event.apex_s, "middle"),
        ("offset", event.offset_s, "start"),
    ):
        place = x(t)
        marks.append(f'<path class="mark" d="M{place:.1f} {_TOP:g}V{floor + 6:.1f}"/>')
        if name == "apex" or abs(place - apex) >= _LABEL:
            marks.append(
                f'<text class="tick" x="{place:.1f}" y="{floor + 20:g}" text-anchor="{anchor}">{name}</text>'
            )
    scale = [(y(top), words.amount(top)), (y(0.0), "0")]
    if low < 0 and y(low) - y(0.0) >= _LINE:  # else it would cover the nought; the title tells it
        scale.append((y(low), words.amount(low)))
    numbers = "".join(
        f'<text class="tick" x="{_LEFT - 8:g}" y="{at + 4:.1f}" text-anchor="end">{text}</text>'
        for at, text in scale
    )
    label = (
        f"{words.weights(weights.name)}, event {number}: {len(values)} frames, from "
        f"{words.amount(min(values))} to {words.amount(max(values))}"
    )
    axis = f'<path class="axis" d="M{_LEFT:g} {y(0.0):.1f}H{_WIDTH - _RIGHT:g}"/>'
    return Markup(
        f'<svg class="strip" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="{escape(label)}">'
        f"{paths}{axis}{''.join(marks)}{numbers}</svg>"
    )
