"""L6: AKMNet. Key frames against all, random and a fixed number of frames; its steps; posed expressions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from claims.data import CLASSES, POSED_PEOPLE, POSES, Shot, film_all, fold_of, shots
from claims.learning import arrays, cells, prepared, trial, within
from claims.store import Cell, Experiment, Found
from mien.inputs.pipeline import Prepare
from mien.training.systems import System, make_system

PEOPLE, FOLDS = 12, 3
"""Of the fast domain, and how many of its four parts are tested: this network is the slowest to train."""
VARIANTS = {
    "AKMNet": "akmnet",
    "all frames": "akmnet:select=all",
    "random frames": "akmnet:select=random",
    "TIM 8": "akmnet:select=all,frames=8",
    "TIM 16": "akmnet:select=all,frames=16",
    "without selection (12)": "akmnet:mining=12",
    "without correlation (13)": "akmnet:mining=13",
    "without attention (23)": "akmnet:mining=23",
}
"""Words -> network. The paper brings clips to 16 to 128 frames by TIM; at the small preset's 50 frames a
second an expression has about 15."""
COSTS = {"AKMNet": 20.0, "TIM 8": 12.0, "TIM 16": 22.0}

POSED_VARIANTS = {
    "AKMNet": "akmnet:magnify=no",
    "all frames": "akmnet:magnify=no,select=all",
    "last 10 frames": "akmnet:magnify=no,select=all",
    "TIM 8": "akmnet:magnify=no,select=all,frames=8",
    "TIM 16": "akmnet:magnify=no,select=all,frames=16",
}
POSED_COSTS = {"AKMNet": 50.0, "all frames": 50.0, "last 10 frames": 45.0, "TIM 8": 40.0, "TIM 16": 75.0}
LAST = 10
PARTS, HOLD_OUTS = 5, 3
"""A fifth of the posed people is held out, three times."""


def mined(cell: Cell) -> Found:
    system = make_system(VARIANTS[cell.part])
    some, X = arrays(shots("fast", people=PEOPLE), system.picture_step())
    return {cell.part: trial(system, some, X, cell.seed, within(cell.fold))}


def prepare_mined(jobs: int) -> None:
    film_all(("fast",), jobs)
    steps = {text: make_system(text).picture_step() for text in VARIANTS.values()}
    unlike = {step.digest(): step for step in steps.values()}
    prepared(shots("fast", people=PEOPLE), list(unlike.values()), jobs)


MINED = Experiment(
    "L6-variants",
    cells("L6-variants", {name: COSTS.get(name, 20.0) for name in VARIANTS}, folds=FOLDS),
    mined,
    lambda: [s.item for s in shots("fast", people=PEOPLE)],
    prepare_mined,
    {"variants": VARIANTS, "people": PEOPLE, "folds": FOLDS, "system": make_system("akmnet").digest()},
    seconds=130.0,
    classes=CLASSES,
)


# ------------------------------------------------------------ posed expressions


def posed_step(system: System) -> Prepare:
    """All frames as filmed: 30 a second are few enough."""
    spec = system.specs()[0][1]
    return Prepare(spec if spec.frames else replace(spec, fps=None), system.align)


def _sequences() -> list[Shot]:
    return shots("posed")


def posed(cell: Cell) -> Found:
    """A fifth of the people held out: the fold says which, and is the training's seed as well."""
    system = make_system(POSED_VARIANTS[cell.part])
    some, X = arrays(_sequences(), posed_step(system))
    if cell.part.startswith("last"):
        X = [x[-LAST:] for x in X]
    found = trial(system, some, X, cell.fold, lambda s: fold_of(s, PARTS) == cell.fold, POSES)
    return {cell.part: found}


def prepare_posed(jobs: int) -> None:
    film_all(("posed",), jobs)
    unlike = {s.digest(): s for s in (posed_step(make_system(t)) for t in POSED_VARIANTS.values())}
    prepared(_sequences(), list(unlike.values()), jobs)


def _posed_items() -> list[dict[str, Any]]:
    return [s.item for s in _sequences() if fold_of(s, PARTS) < HOLD_OUTS]


POSED = Experiment(
    "L6-posed",
    cells("L6-posed", {n: POSED_COSTS.get(n, 140.0) for n in POSED_VARIANTS}, seeds=(0,), folds=HOLD_OUTS),
    posed,
    _posed_items,
    prepare_posed,
    {"variants": POSED_VARIANTS, "people": POSED_PEOPLE, "system": make_system("akmnet").digest()},
    seconds=60.0,
    classes=POSES,
)

EXPERIMENTS = (POSED, MINED)
