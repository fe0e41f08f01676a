"""What the page says of L6."""

from __future__ import annotations

from claims.figures import dots
from claims.telling import Part, Results, Section, dot_rows, guesses, score_table
from claims.verdict import compared, recognised

OTHERS = ("all frames", "random frames", "TIM 8", "TIM 16")
STEPS = ("without selection (12)", "without correlation (13)", "without attention (23)")
POSED = ("all frames", "last 10 frames", "TIM 8", "TIM 16")


def section(results: Results) -> Section:
    mined, posed = results.get("L6-variants"), results.get("L6-posed")
    rows = [(name, recognised(mined, name)) for name in ("AKMNet", *OTHERS, *STEPS)]
    posed_rows = [(f"posed, {name}", recognised(posed, name)) for name in ("AKMNet", *POSED)]
    own, own_posed = recognised(mined, "AKMNet"), recognised(posed, "AKMNet")
    parts = [Part(f"AKMNet − {name}", compared(recognised(mined, name), own)) for name in (*OTHERS, *STEPS)]
    parts += [
        Part(f"posed: AKMNet − {name}", compared(recognised(posed, name), own_posed), seeds=1)
        for name in POSED
    ]
    figures = {}
    if drawn := dot_rows(rows):
        figures["l6-variants.svg"] = dots("UF1 by the frames that are read", drawn)
    if drawn := dot_rows(posed_rows):
        figures["l6-posed.svg"] = dots("UF1 on posed expressions", drawn)
    return Section(
        "L6",
        (score_table([*rows, *posed_rows]), guesses(rows), guesses(posed_rows, 7)),
        parts,
        figures,
        {
            "l6-variants.svg": "UF1 of AKMNet and its variants, with 95 % intervals",
            "l6-posed.svg": "UF1 on posed expressions, with 95 % intervals",
        },
    )
