"""L2 and L3: networks on one frame. Macro pretraining, attention and where it falls, other apexes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from claims.data import (
    CACHE,
    CLASSES,
    FOLDS,
    PEOPLE,
    POSED_PEOPLE,
    POSES,
    SEEDS,
    WORK,
    Shot,
    film_all,
    people_of,
    shots,
)
from claims.learning import arrays, cells, fitted, prepared, said, trial, within
from claims.steps import APEXES, ApexAt, LastFrames
from claims.store import Cell, Experiment, Found
from mien.anatomy import REGIONS
from mien.face.align import CROP
from mien.face.regions import UNIT
from mien.files import write_whole
from mien.inputs.loading import load_clip
from mien.inputs.spec import TIGHT
from mien.training.estimators import METADATA
from mien.training.systems import make_system

NETWORKS = ("macro2micro", "micro_attention")
SPEC = make_system("macro2micro").specs()[0][1]
LAST = LastFrames(SPEC, 3)
TENTH = 10
"""Every tenth posed person is held out of pretraining, to see what it learned."""


# ------------------------------------------------------------ pretraining on posed expressions


def weights(network: str, seed: int) -> Path:
    """What a network learned from posed expressions."""
    return WORK / "weights" / f"{network}-{seed}-{POSED.digest(POSED.cells[0])[:10]}.safetensors"


def posed(cell: Cell) -> Found:
    """Train on the last three frames of each sequence and keep the weights."""
    from safetensors.torch import save

    system = make_system(cell.part)
    some, threes = arrays(shots("posed"), LAST)
    pairs = [(s, three[i : i + 1]) for s, three in zip(some, threes, strict=True) for i in range(len(three))]
    frames, X = [s for s, _ in pairs], [x for _, x in pairs]
    made = system.make(tuple(POSES), cell.seed)
    estimator, held = fitted(made, frames, X, lambda s: s.order.person % TENTH == 0)
    words = {
        "network": cell.part,
        "preset": system.preset,
        "labels": [str(c) for c in estimator.classes_],
        "subjects": sorted(set(people_of(frames).tolist())),
    }
    tensors = {k: v.contiguous() for k, v in estimator.network_.state_dict().items()}
    out = weights(cell.part, cell.seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, save(tensors, metadata={METADATA: json.dumps(words, sort_keys=True)}))
    # one answer a sequence: that of its last frame, the peak
    return {f"posed, {cell.part}": {"probabilities": said(estimator, frames, X, held, POSES)}}


def prepare_posed(jobs: int) -> None:
    film_all(("posed",), jobs)
    prepared(shots("posed"), [LAST], jobs)


POSED = Experiment(
    "L2-posed",
    cells("L2-posed", {"macro2micro": 48.0, "micro_attention": 52.0}, folds=1),
    posed,
    lambda: [s.item for s in shots("posed")],
    prepare_posed,
    {"people": POSED_PEOPLE, "poses": POSES, "systems": [make_system(n).digest() for n in NETWORKS]},
    seconds=165.0,
    classes=POSES,
)


# ------------------------------------------------------------ one frame


def apex(cell: Cell) -> Found:
    """A part is ``NETWORK, fresh`` or ``NETWORK, WAY`` of finding the apex, from posed expressions."""
    network, _, how = cell.part.partition(", ")
    fresh = how == "fresh"
    init = "" if fresh else f":init={weights(network, cell.seed)}"
    system = make_system(network + init)
    way = "annotated" if fresh else how
    some, X = arrays(shots("fast"), ApexAt(SPEC, way, cell.seed if way == "random" else 0))
    if network == "micro_attention" and way == "annotated":
        estimator, held = fitted(system.make(CLASSES, cell.seed), some, X, within(cell.fold))
        found: dict[str, Any] = {"probabilities": said(estimator, some, X, held, CLASSES)}
        found |= looked(estimator, [some[i] for i in held], [X[i] for i in held])
        return {cell.part: found}
    return {cell.part: trial(system, some, X, cell.seed, within(cell.fold))}


def looked(estimator: Any, some: list[Shot], X: list[Any]) -> dict[str, dict[str, Any]]:
    """Of each clip the share of the attention on the face that lies on the regions its action units move.

    Beside it: the share of the face that they cover, and the same attention's share on the regions of the
    next clip of another class, which attention that always falls on one place would reach as well.
    """
    import torch

    masks = [regions_of(shot) for shot in some]
    on: dict[str, float] = {}
    area: dict[str, float] = {}
    other: dict[str, float] = {}
    other_area: dict[str, float] = {}
    for i, (shot, x) in enumerate(zip(some, X, strict=True)):
        with torch.inference_mode():
            map_ = estimator.network_.evidence(torch.from_numpy(x))["attention"][0].numpy()
        moved, face = masks[i]
        mass = map_ * face
        if not moved.any() or mass.sum() <= 0:
            continue
        key = shot.order.key
        on[key] = round(float(mass[moved].sum() / mass.sum()), 5)
        area[key] = round(float(moved.sum() / face.sum()), 5)
        for j in range(1, len(some)):
            there = some[(i + j) % len(some)]
            if there.order.word != shot.order.word:
                foreign = _units_mask(_units(there), _mesh(shot)) & face
                if foreign.any():
                    other[key] = round(float(mass[foreign].sum() / mass.sum()), 5)
                    other_area[key] = round(float(foreign.sum() / face.sum()), 5)
                    break
    return {"on": on, "area": area, "other": other, "other_area": other_area}


def _units(shot: Shot) -> list[tuple[int, str]]:
    return [(u["au"], u["side"]) for u in shot.expressions[0].units]


def _mesh(shot: Shot) -> NDArray[np.float64]:
    """Landmarks in pixels of what the network is shown."""
    clip = load_clip(shot.source, "first", CACHE, side=CROP)
    assert clip.landmarks is not None
    top, left, bottom, right = (share * CROP for share in TIGHT)
    height, width = SPEC.size
    scale = np.array([width / (right - left), height / (bottom - top)])
    points: NDArray[np.float64] = (clip.landmarks[:, :2] + 0.5 - [left, top]) * scale - 0.5
    return points


def _units_mask(units: list[tuple[int, str]], mesh: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Discs around the regions that some action units move, on the side they move them on."""
    height, width = SPEC.size
    top, left, bottom, right = (share * CROP for share in TIGHT)
    unit = UNIT * (height / (bottom - top) + width / (right - left)) / 2
    ys, xs = np.mgrid[:height, :width]
    mask = np.zeros((height, width), bool)
    for region in REGIONS:
        side = region.key.rpartition("_")[2]
        if any(au in region.units and (way == "both" or side not in ("left", "right") or side == way)
               for au, way in units):  # fmt: skip
            x, y = mesh[list(region.landmarks)].mean(axis=0)
            mask |= (xs - x) ** 2 + (ys - y) ** 2 <= (region.radius * unit) ** 2
    return mask


def regions_of(shot: Shot) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where the expression moves the skin, and where the face is, in what the network is shown."""
    mesh = _mesh(shot)
    hull = cv2.convexHull(mesh.astype(np.float32)).round().astype(np.int32)
    face = np.zeros(SPEC.size, np.uint8)
    cv2.fillConvexPoly(face, hull, 1)
    return _units_mask(_units(shot), mesh) & (face > 0), face > 0


def prepare_apex(jobs: int) -> None:
    film_all(("fast",), jobs)
    steps = [ApexAt(SPEC, how) for how in APEXES if how != "random"]
    prepared(shots("fast"), [*steps, *(ApexAt(SPEC, "random", seed) for seed in SEEDS)], jobs)


PARTS = {f"{network}, {how}": 7.5 for network in NETWORKS for how in ("fresh", *APEXES)}

APEX = Experiment(
    "L2-apex",
    cells("L2-apex", PARTS),
    apex,
    lambda: [s.item for s in shots("fast")],
    prepare_apex,
    {"people": PEOPLE, "folds": FOLDS, "posed": POSED.digest(POSED.cells[0])},
    seconds=60.0,
    classes=CLASSES,
)

EXPERIMENTS = (POSED, APEX)
