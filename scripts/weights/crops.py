"""Maps of flow and strain from the steadied crops, as ``mien analyze`` gives them to a recogniser."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from maps import WORLD, number_of
from numpy.typing import NDArray

from mien.files import write_whole
from mien.inputs import Clip, InputSpec, prepare
from mien.jobs import run_jobs
from mien.training.systems import make_system

SPEC = replace(dict(make_system("motionmap").specs())["flow"], flow="dis_lk", flow_size=(88, 88))
"""As the network has it, but of the crop of 128 pixels as it is."""
PAIRS = ((1, 2), (0, 2), (1, 3), (0, 3))
"""Which of a clip's four moments stand for onset and apex; the first pair is as annotated."""


def of_person(order: tuple[Path, InputSpec]) -> dict[str, Any]:
    """All maps of a person whose face was seen."""
    path, spec = order
    cv2.setNumThreads(1)
    out = WORLD / f"crops-{spec.digest()[:10]}" / path.name
    if out.exists():
        return dict(np.load(out))
    rows: dict[str, list[Any]] = {name: [] for name in ("maps", "y", "units", "fps", "intensity")}
    with np.load(path) as file:
        age, sex, skin, _ = file["who"].tolist()
        for n in sorted({name[:2] for name in file.files if name[:2].isdigit()}):
            card, crops = file[f"{n}-card"], file[f"{n}-crops"]
            at = np.searchsorted(file[f"{n}-frames"], file[f"{n}-marked"][:4])
            if not crops.reshape(len(crops), -1).any(axis=1)[at].all():
                continue
            made = []
            for a, b in PAIRS:
                first, second = sorted((int(at[a]), int(at[b])))
                made.append(prepare(Clip(crops, 100.0, first, second, second), spec)[0])
            rows["maps"].append(made)
            rows["y"].append(number_of(str(card[0])))
            rows["units"].append(str(card[1]))
            rows["fps"].append(float(card[2]))
            rows["intensity"].append(float(card[5]))
    count = len(rows["y"])
    kept = {name: np.array(values) for name, values in rows.items()}
    kept["maps"] = kept["maps"].astype(np.float32)
    kept |= {
        "person": np.full(count, int(path.stem.split("-")[1])),
        "age": np.full(count, float(age)),
        "sex": np.full(count, sex),
        "skin": np.full(count, int(skin)),
    }
    held = io.BytesIO()
    np.savez_compressed(held, **kept)
    write_whole(out, held.getvalue())
    return kept


def load(spec: InputSpec = SPEC, domain: str = "wide", jobs: int = 1) -> dict[str, NDArray[Any]]:
    """All people's, stacked; made where they are not there yet."""
    orders = [(path, spec) for path in sorted((WORLD / "clips").glob(f"{domain}-*.npz"))]
    people: list[Any] = [None] * len(orders)
    for i, made in run_jobs(of_person, orders, jobs=jobs):
        people[i] = made
    return {name: np.concatenate([p[name] for p in people if len(p["y"])]) for name in people[0]}
