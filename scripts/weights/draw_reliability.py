"""Draw how often the shipped models are right when they say how sure they are: docs/images/weights/.

Of people of the training world who were set apart: spotted events (:func:`learn_spotter.judged`) and named
clips (weigh.py, with weights that the tested people had no say in). Each dot is a fifth of the answers, with
the 95 % interval of its share of right ones (Wilson); on the diagonal, probabilities mean what they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from learn_spotter import judged, told_by
from numpy.typing import NDArray
from recordings import Recording, load
from weigh import joined, told_apart, weighed

from mien.files import write_whole
from mien.spotting import RegionNet

OUT = Path(__file__).resolve().parents[2] / "docs" / "images" / "weights" / "reliability.svg"
SIDE, GAP, LEFT, TOP = 220, 70, 52, 40
DOTS = 5
LEAST = 0.1
"""Events that are less probable than this are not looked at."""

Panel = tuple[str, NDArray[np.float64], NDArray[np.bool_]]


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of a share."""
    z, p = 1.96, hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return float(middle - half), float(middle + half)


def spotted(held: Sequence[Recording]) -> list[Panel]:
    """Of events, by kind."""
    said = told_by(RegionNet(), held)
    made = []
    for k, kind in enumerate(("micro-expressions", "macro-expressions")):
        one = judged(held, said, k, LEAST)
        made.append((f"{kind} spotted", one.probability, one.right))
    return made


def named() -> Panel:
    """Of clips, by network and rules together."""
    theirs, ours, y, who = told_apart()
    shares = np.zeros_like(theirs)
    for part in range(5):
        here = (who // 5) % 5 == part
        shares[here] = joined(theirs[here], ours[here], *weighed(theirs[~here], ours[~here], y[~here]))
    return "emotion named (three classes)", shares.max(1), shares.argmax(1) == y


def drawn(panels: Sequence[Panel]) -> str:
    """The sheet."""
    width = LEFT + len(panels) * SIDE + (len(panels) - 1) * GAP + 20
    height = TOP + SIDE + 62
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, (title, sure, right) in enumerate(panels):
        x0, y0 = LEFT + number * (SIDE + GAP), TOP + SIDE

        def at(p: float, q: float, x0: int = x0, y0: int = y0) -> tuple[float, float]:
            return x0 + SIDE * p, y0 - SIDE * q

        parts.append(f'<text x="{x0}" y="{TOP - 14}" fill="#222222" font-weight="600">{title}</text>')
        for share in (0.0, 0.5, 1.0):
            (gx, gy), (hx, _) = at(0, share), at(share, 0)
            parts += [
                f'<line x1="{x0}" y1="{gy:.1f}" x2="{x0 + SIDE}" y2="{gy:.1f}" stroke="#e3e7ea"/>',
                f'<line x1="{hx:.1f}" y1="{y0}" x2="{hx:.1f}" y2="{TOP}" stroke="#e3e7ea"/>',
                f'<text x="{gx - 6}" y="{gy + 4:.1f}" fill="#666666" text-anchor="end">{share:.0%}</text>',
                f'<text x="{hx:.1f}" y="{y0 + 17}" fill="#666666" text-anchor="middle">{share:.0%}</text>',
            ]
        parts.append(f'<line x1="{x0}" y1="{y0}" x2="{x0 + SIDE}" y2="{TOP}" stroke="#9aa5ad"/>')
        order = np.argsort(sure, kind="stable")
        for some in np.array_split(order, DOTS):
            if not len(some):
                continue
            low, high = wilson(int(right[some].sum()), len(some))
            p, q = float(sure[some].mean()), float(right[some].mean())
            (x, y), (_, a), (_, b) = at(p, q), at(p, low), at(p, high)
            parts += [
                f'<line x1="{x:.1f}" y1="{a:.1f}" x2="{x:.1f}" y2="{b:.1f}" stroke="#1f6f8b" '
                'stroke-width="2"/>',
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="#1f6f8b"/>',
            ]
        words = f"how sure it is ({len(sure)} answers)"
        parts.append(f'<text x="{x0}" y="{y0 + 38}" fill="#666666">{words}</text>')
    parts.append(
        f'<text x="14" y="{TOP + SIDE / 2}" fill="#666666" text-anchor="middle" '
        f'transform="rotate(-90 14 {TOP + SIDE / 2})">how often it is right</text>'
    )
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    """Measure and draw."""
    torch.set_num_threads(1)
    held = [r for r in load() if r.apart and r.take == 1]
    write_whole(OUT, drawn([*spotted(held), named()]))


if __name__ == "__main__":
    main()
