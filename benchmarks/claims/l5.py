"""L5: ATNet. One stream or both, within a domain and from one to the other."""

from __future__ import annotations

from typing import Any

from claims.data import CLASSES, FOLDS, PEOPLE, film_all, shots
from claims.learning import arrays, cells, prepared, trial, within
from claims.store import Cell, Experiment, Found
from mien.training.systems import System, make_system

STREAMS = ("spatial", "temporal", "fusion")
DOMAINS = ("fast", "slow")


def system(stream: str) -> System:
    return make_system(f"atnet:stream={stream}")


def _items() -> list[dict[str, Any]]:
    return [s.item for s in shots(*DOMAINS)]


def inside(cell: Cell) -> Found:
    """A part is a stream; both domains, each by itself."""
    found: Found = {}
    one = system(cell.part)
    probabilities: dict[str, list[float]] = {}
    for domain in DOMAINS:
        some, X = arrays(shots(domain), one.picture_step())
        probabilities |= trial(one, some, X, cell.seed, within(cell.fold))["probabilities"]
    found[f"within, {cell.part}"] = {"probabilities": probabilities}
    return found


def across(cell: Cell) -> Found:
    """All of one domain to train on, all of the other to test on; the fold says which."""
    one = system(cell.part)
    tested = DOMAINS[cell.fold]
    some, X = arrays(shots(*DOMAINS), one.picture_step())
    return {f"across, {cell.part}": trial(one, some, X, cell.seed, lambda s: s.order.kind == tested)}


def prepare(jobs: int) -> None:
    film_all(DOMAINS, jobs)
    prepared(shots(*DOMAINS), [system(stream).picture_step() for stream in STREAMS], jobs)


SETTINGS = {"people": PEOPLE, "folds": FOLDS, "systems": [system(stream).digest() for stream in STREAMS]}

ACROSS = Experiment(
    "L5-across",
    cells("L5-across", {"spatial": 9.0, "temporal": 2.0, "fusion": 10.0}, folds=len(DOMAINS)),
    across,
    _items,
    prepare,
    SETTINGS,
    seconds=450.0,
    classes=CLASSES,
)
WITHIN = Experiment(
    "L5-within",
    cells("L5-within", {"spatial": 13.0, "temporal": 3.0, "fusion": 15.0}),
    inside,
    _items,
    prepare,
    SETTINGS,
    classes=CLASSES,
)

EXPERIMENTS = (ACROSS, WITHIN)
