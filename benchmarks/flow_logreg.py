"""How long LOSO of flow-logreg takes on as many clips as MEGC 2019's composite. Writes its part of README.md.

The 442 flow pictures are drawn, not measured: smooth random motion, and on it, more or less strongly, a
pattern of the class (brows together, corners of the mouth up, brows up). They have the composite's people and
counts and are good for timing; how well they are told apart says nothing about faces.
"""

from __future__ import annotations

import csv
import os
import tempfile
import time
import warnings
from pathlib import Path

import cv2
import numpy as np
import sklearn
from report_table import put
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from mien.contenders import make_contender
from mien.datasets import read_dataset
from mien.datasets.flow_images import flow_as_image
from mien.evaluation import benchmark, make_protocol, select_prepared
from mien.labels import VOCABULARIES
from mien.motion import optical_strain

SEED = 442
SIDE = 128
JOBS = 2
WANTED_S = 60
CLIPS = {
    "smic": "1:6 2:6 3:39 4:19 5:2 6:4 8:13 9:4 11:7 12:9 13:10 14:10 15:4 18:7 19:2 20:22",
    "casme2": "1:3 2:9 3:5 4:2 5:6 6:4 7:5 8:1 9:10 11:4 12:11 13:2 14:3 15:3 16:3 17:31 19:11 20:2 21:1 "
    "22:2 23:8 24:3 25:5 26:11",
    "samm": "6:11 7:8 9:4 10:4 11:20 12:3 13:6 14:10 15:3 16:5 17:4 18:3 19:1 20:4 21:2 22:5 23:1 24:1 26:9 "
    "28:3 30:3 31:1 32:4 33:5 34:3 35:8 36:1 37:1",
}
"""Clips a person (person:clips)."""
CLASSES = {"smic": (70, 51, 43), "casme2": (88, 32, 25), "samm": (92, 26, 15)}
"""Negative, positive, surprise."""
NAMES = {"smic": "s{:02d}", "casme2": "sub{:02d}", "samm": "{:03d}"}
PATTERNS = (
    ((0.30, 0.22, 0.5, 0.7), (0.70, 0.22, -0.5, 0.7)),
    ((0.32, 0.78, -0.6, -0.8), (0.68, 0.78, 0.6, -0.8)),
    ((0.30, 0.20, 0.0, -1.0), (0.70, 0.20, 0.0, -1.0)),
)
"""For each class: where (x, y as shares of the picture) skin moves which way (u, v)."""
SOLVERS = ("lbfgs", "newton-cg", "sag", "saga")


def drawn(label: int, draw: np.random.Generator) -> bytes:
    """A flow picture of a class, as a file."""
    y, x = np.mgrid[:SIDE, :SIDE] / (SIDE - 1)
    noise = cv2.GaussianBlur(draw.normal(size=(SIDE, SIDE, 2)), (0, 0), SIDE / 10)
    field = noise / noise.std() * 0.35
    strength = draw.uniform(0.1, 1.2)
    for (cx, cy, u, v), side in zip(PATTERNS[label], draw.uniform(0.3, 1, 2), strict=True):
        hill = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 0.09**2))
        field += strength * side * hill[..., None] * (u, v)
    field = field.astype(np.float32)
    return flow_as_image(np.dstack([field, optical_strain(field)]), ".png")


def write_set(root: Path) -> None:
    """The composite's table and its pictures."""
    draw = np.random.default_rng(SEED)
    (root / "images").mkdir(parents=True)
    rows = []
    for dataset, clips in CLIPS.items():
        labels = draw.permutation(np.repeat(range(3), CLASSES[dataset])).tolist()
        for person, count in (map(int, pair.split(":")) for pair in clips.split()):
            subject = NAMES[dataset].format(person)
            for number in range(count):
                label, stem = labels.pop(), f"{subject}_{number:02d}"
                (root / "images" / f"{dataset}_{stem}.png").write_bytes(drawn(label, draw))
                rows.append([dataset, subject, stem, label, 1, 10, 20, f"{dataset}_{stem}.png"])
        assert not labels
    with (root / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["dataset", "sub", "filename_o", "label", "onset", "apex", "offset", "imagename"])
        table.writerows(rows)


def solvers(root: Path) -> str:
    """One fold by each solver: time and distance from the optimum."""
    data = read_dataset("flow", root)
    step = make_contender("flow-logreg")
    sources = [data.source(sample) for sample in data.samples]
    X = np.stack([step.step_for(s)(s, None).ravel() for s in sources])[6:].astype(np.float64)
    y = np.array([sample.emotion for sample in data.samples])[6:]
    rows = [
        "| solver | precision | seconds a fold | steps | largest error of a weight |",
        "|---|---|---|---|---|",
    ]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Newton's method says when rounding stops it, which is its end
        Z = StandardScaler().fit_transform(X)
        best = None
        for solver, dtype in (
            (None, np.float64),
            *((s, t) for s in SOLVERS for t in (np.float64, np.float32)),
        ):
            took = []
            for _ in range(1 if solver is None else 3):
                model = LogisticRegression(
                    C=1e-3,
                    class_weight="balanced",
                    solver=solver or "newton-cg",
                    tol=1e-12 if solver is None else 1e-8 if solver in ("lbfgs", "newton-cg") else 1e-4,
                    max_iter=20_000,
                    random_state=0,
                )
                start = time.perf_counter()
                model.fit(Z.astype(dtype), y)
                took.append(time.perf_counter() - start)
            if best is None:
                best = model.coef_
                continue
            error = np.abs(model.coef_ - best).max() / np.abs(best).max()
            cells = (solver, dtype.__name__, f"{np.median(took):.2f}", model.n_iter_.max(), f"{error:.0e}")
            rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows)


def main() -> None:
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} when the measurement began"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "flow"
        write_set(root)
        protocol = make_protocol("megc2019", select=select_prepared)
        seconds, tables = {}, []
        for jobs in (1, JOBS):
            out = Path(folder) / f"run{jobs}"
            start = time.perf_counter()
            data = read_dataset("flow", root)
            found = benchmark([make_contender("flow-logreg")], [data], protocol, out, jobs=jobs)
            seconds[jobs] = time.perf_counter() - start
            assert not found.failures
            assert not found.left_out
            tables.append((out / "predictions.csv").read_bytes())
        assert tables[0] == tables[1], "the number of jobs must not change a number"
        people = {sample.subject for sample in data.samples}
        counts = [sum(s.emotion == label for s in data.samples) for label in VOCABULARIES["three"].labels]
        compared = solvers(root)
    put(
        "flow logreg",
        f"{len(data.samples)} drawn flow pictures of {len(people)} people ({', '.join(map(str, counts))} "
        f"negative, positive, surprise, as in MEGC 2019's composite), {SIDE}×{SIDE} pixels; 28×28×3 numbers "
        f"a clip; leave one subject out, {len(found.folds)} folds. The whole run: pictures read and prepared "
        "(no cache), models trained and tested, intervals, chance, tables written. "
        f"{machine}, scikit-learn {sklearn.__version__}.\n\n"
        f"**{seconds[JOBS]:.1f} s with {JOBS} jobs** (wanted: {WANTED_S} s), {seconds[1]:.1f} s with one; "
        "the same predictions, byte by byte.\n\n"
        "Training in one fold, one thread, C = 1e-3; error of the weights against Newton's method carried to "
        "its end, over the largest weight. Stochastic methods stop at a tolerance of 1e-4, the others at "
        f"1e-8.\n\n{compared}",
    )
    print(f"{seconds[JOBS]:.1f} s with {JOBS} jobs, {seconds[1]:.1f} s with one")


if __name__ == "__main__":
    main()
