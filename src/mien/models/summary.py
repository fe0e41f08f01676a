"""The table of all networks, made of their cards: readable without torch."""

from __future__ import annotations

from typing import Final

from mien.models.cards import CARDS
from mien.weights import SHIPPED

__all__ = ["HEADINGS", "LICENCE", "summary_table"]

HEADINGS: Final = (
    "name",
    "task",
    "lecture",
    "input",
    "frames",
    "parameters",
    "weights",
    "licence",
    "year",
    "paper",
)
LICENCE: Final = "Apache-2.0"
"""Of every network here: the code is mien's own, written from the papers."""
_NO_WEIGHTS: Final = "none"
_REGION_NET: Final = (
    *("region-net", "spotting", "-", "positions of 18 facial regions, 100 a second", "all"),
    *(
        "4 × 121,592 (2 kinds)",
        "region-net",
        LICENCE,
        "2026",
        "mien's own, no paper; cannot be trained by name",
    ),
)
"""The spotter of `mien analyze`: a network, but none over clips, and so without a card among the others."""


def summary_table() -> str:
    """All of them as plain text, one a line, uncut.

    Parameters are counted for the ``paper`` preset and the published number of classes, which stands beside
    the count. Weights are named by what `mien bench --model` and `--init` take.
    """
    rows = [
        (
            card.name,
            card.task,
            card.lecture or "-",
            card.eats,
            card.frames,
            f"{card.parameters:,} ({card.classes} classes)",
            ", ".join(w.name for w in SHIPPED.values() if w.network == card.name) or _NO_WEIGHTS,
            LICENCE,
            str(card.year),
            card.paper,
        )
        for card in CARDS.values()
    ]
    rows.append(_REGION_NET)
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (HEADINGS, *rows)
    )
