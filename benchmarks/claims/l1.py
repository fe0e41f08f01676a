"""L1: DTSCNN. Two scales against one, against handcrafted features, against one rate; flow against pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from claims.data import CLASSES, FOLDS, PEOPLE, Shot, classes_of, film_all, people_of, shots
from claims.learning import arrays, cells, fitted, prepared, probabilities, trial, within
from claims.steps import OneRate, Thinned
from claims.store import Cell, Experiment, Found
from mien.contenders import make_contender
from mien.training.systems import make_system

DOMAINS = ("fast", "slow")
BOTH = make_system("dtscnn")
SHORT = make_system("dtscnn:streams=short")
SLOWEST = 60.0
"""The rate that both domains are brought to: a frame can be left out, but not made."""
HANDCRAFTED = ("lbptop-svm", "hoof-svm", "mdmo-svm", "hog3d-svm")
CURVE_SEEDS = (0, 1, 2, 3, 4)
CURVE_FOLDS = 2
INPUTS = ("flow", "pixels")


def _domains(part: str) -> tuple[str, ...]:
    return DOMAINS if part not in DOMAINS else (part,)


def _items() -> list[dict[str, Any]]:
    return [s.item for s in shots(*DOMAINS)]


# ------------------------------------------------------------ two scales, one rate


def thinned() -> Thinned:
    return Thinned(tuple(spec for _, spec in BOTH.specs()), SLOWEST)


def one_rate() -> OneRate:
    return OneRate(SHORT.specs()[0][1], SLOWEST, SHORT.scales()[0])


def scales(cell: Cell) -> Found:
    """Both streams and their fusion from one training; or the one stream that sees one rate."""
    there = shots(*_domains(cell.part))
    if cell.part == "one rate":
        some, X = arrays(there, one_rate())
        return {"pooled, one rate": trial(SHORT, some, X, cell.seed, within(cell.fold))}
    step = thinned() if cell.part == "thinned" else BOTH.picture_step()
    some, X = arrays(there, step)
    estimator, held = fitted(BOTH.make(CLASSES, cell.seed), some, X, within(cell.fold))
    tested = [X[i] for i in held]
    rows = [*estimator.probabilities(tested), estimator.predict_proba(tested)]
    label = "pooled, first thinned" if cell.part == "thinned" else cell.part
    return {
        f"{label}, {name}": {"probabilities": probabilities(row, estimator, some, held, CLASSES)}
        for name, row in zip(("short", "long", "fused"), rows, strict=True)
    }


def prepare_scales(jobs: int) -> None:
    film_all(DOMAINS, jobs)
    prepared(shots(*DOMAINS), [BOTH.picture_step(), one_rate()], jobs)


def prepare_thinned(jobs: int) -> None:
    film_all(DOMAINS, jobs)
    prepared(shots(*DOMAINS), [thinned()], jobs)


THINNED = Experiment(
    "L1-thinned",
    cells("L1-thinned", {"thinned": 50.0}),
    scales,
    _items,
    prepare_thinned,
    {"systems": [BOTH.digest()], "people": PEOPLE, "folds": FOLDS},
    seconds=40.0,
    classes=CLASSES,
)
SCALES = Experiment(
    "L1-scales",
    cells("L1-scales", {"fast": 26.0, "slow": 26.0, "pooled": 50.0, "one rate": 22.0}),
    scales,
    _items,
    prepare_scales,
    {"systems": [BOTH.digest(), SHORT.digest()], "people": PEOPLE, "folds": FOLDS},
    seconds=60.0,
    classes=CLASSES,
)


# ------------------------------------------------------------ handcrafted


def handcrafted(cell: Cell) -> Found:
    contender = make_contender(cell.part)
    found: Found = {}
    for where in (*DOMAINS, "pooled"):
        there = shots(*_domains(where))
        some, X = arrays(there, contender.step_for(there[0].source))
        found[f"{where}, {cell.part}"] = trial(contender, some, X, cell.seed, within(cell.fold))
    return found


def prepare_handcrafted(jobs: int) -> None:
    film_all(DOMAINS, jobs)
    there = shots(*DOMAINS)
    prepared(there, [make_contender(name).step_for(there[0].source) for name in HANDCRAFTED], jobs)


HANDMADE = Experiment(
    "L1-handcrafted",
    cells("L1-handcrafted", dict.fromkeys(HANDCRAFTED, 3.0), seeds=(0,)),  # nothing in them is random
    handcrafted,
    _items,
    prepare_handcrafted,
    {"contenders": [make_contender(name).digest() for name in HANDCRAFTED], "people": PEOPLE, "folds": FOLDS},
    seconds=50.0,
    classes=CLASSES,
)


# ------------------------------------------------------------ flow or pixels


def _curve_system(part: str) -> Any:
    return make_system(f"dtscnn:streams=short,head=softmax,input={part}")


def curve(cell: Cell) -> Found:
    """Losses of the people left out after each epoch; nothing is chosen by them.

    The loss before the first epoch is there as well, so that "how fast" has a beginning.
    """
    import torch
    from torch.nn import functional

    from mien.models import make_network
    from mien.models.ports import port_input
    from mien.training.loop import Clips, train

    system = _curve_system(cell.part)
    some, X = arrays(shots("fast"), system.picture_step())
    (port,) = system.ports()
    network = make_network(
        "dtscnn", classes=len(CLASSES), preset=system.preset, seed=cell.seed, frames=system.scales()[0]
    )
    y = torch.from_numpy(np.searchsorted(CLASSES, classes_of(some)))
    tensors = [port_input(network, port.name, torch.from_numpy(x)[None])[0] for x in X]
    clips = Clips((tensors,), y, (port.picture,))
    held = [i for i, s in enumerate(some) if within(cell.fold)(s)]
    own = [i for i in range(len(some)) if i not in held]
    assert not set(people_of(some)[own]) & set(people_of(some)[held])
    inputs, truth = clips.take(held).batch(range(len(held))), y[held]
    losses: list[list[float]] = []

    def measure(*_: Any) -> None:
        network.eval()
        with torch.inference_mode():
            losses.append(functional.cross_entropy(network(*inputs), truth, reduction="none").tolist())

    measure()
    train(network, clips.take(own), system.training, seed=cell.seed, progress=measure)
    with torch.inference_mode():
        rows = network.eval()(*inputs).softmax(dim=1).tolist()
    keys = [some[i].order.key for i in held]
    return {
        cell.part: {
            "losses": {k: [round(e[n], 4) for e in losses] for n, k in enumerate(keys)},
            "probabilities": {k: [round(p, 4) for p in row] for k, row in zip(keys, rows, strict=True)},
        }
    }


def prepare_curves(jobs: int) -> None:
    film_all(("fast",), jobs)
    prepared(shots("fast"), [_curve_system(part).picture_step() for part in INPUTS], jobs)


CURVES = Experiment(
    "L1-curves",
    cells("L1-curves", dict.fromkeys(INPUTS, 11.0), seeds=CURVE_SEEDS, folds=CURVE_FOLDS),
    curve,
    lambda: [s.item for s in shots("fast") if _in_curves(s)],
    prepare_curves,
    {"systems": [_curve_system(part).digest() for part in INPUTS], "people": PEOPLE, "folds": FOLDS},
    seconds=55.0,
    classes=CLASSES,
)


def _in_curves(shot: Shot) -> bool:
    return any(within(fold)(shot) for fold in range(CURVE_FOLDS))


EXPERIMENTS = (SCALES, HANDMADE, CURVES)
