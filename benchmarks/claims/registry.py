"""All experiments: the cheap and important ones first, AKMNet's many variants last."""

from __future__ import annotations

from dataclasses import replace

from claims import l1, l2, l4, l5, l6
from claims.data import FILMS
from claims.store import Experiment

EXPERIMENTS: dict[str, Experiment] = {
    # other films, other numbers
    one.name: replace(one, settings={**one.settings, "films": FILMS.name})
    for one in (
        l5.ACROSS,
        l5.WITHIN,
        l1.CURVES,
        l2.POSED,
        l2.APEX,
        l4.SPOTTING,
        l4.BLINK,
        l1.HANDMADE,
        l1.SCALES,
        l6.POSED,
        l6.MINED,
        l1.THINNED,
    )
}


def claims_of(experiment: str) -> tuple[str, ...]:
    """L3 is tested by L2's runs."""
    return ("L2", "L3") if experiment.startswith("L2") else (experiment[:2],)
