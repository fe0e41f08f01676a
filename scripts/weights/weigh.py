"""How much the recogniser of ``mien analyze`` goes by its network, and how much by measured action units.

Two witnesses who make different mistakes: the network has learned from synthetic faces alone, the rules from
nobody. Each gives shares of negative, positive and surprise; what is said in the end is their weighted
geometric mean. On synthetic faces the network alone is best: it learned from their like. How it is on real
ones nobody knows, and the rules know no synthetic face; so they get some say, as an insurance whose price is
measured. The network's weight is then such that probabilities mean what they say on people set apart.
"""

from __future__ import annotations

import numpy as np
from maps import CLASSES, NO_CLASS, WORLD, dev, number_of
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from mien.inputs import Clip
from mien.recognition import AuRules, ModelRecognizer
from mien.recognition.three_emotions import WEIGHTS, coarse, joined
from mien.weights import shipped

__all__ = ["WEIGHTS", "joined", "told_apart", "weighed"]

RULES = 0.3
"""The rules' weight."""


def told_apart() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """What network and rules say of clips of people set apart, (N, 3) each; the classes; the people."""
    model, rules = ModelRecognizer(shipped("three-emotions"), undecided_below=0.0), AuRules()
    theirs, ours, y, who = [], [], [], []
    for path in sorted((WORLD / "clips").glob("wide-*.npz")):
        person = int(path.stem.split("-")[1])
        if not dev(person):
            continue
        with np.load(path) as file:
            for n in sorted({name[:2] for name in file.files if name[:2].isdigit()}):
                label = number_of(str(file[f"{n}-card"][0]))
                crops, mesh = file[f"{n}-crops"], file[f"{n}-mesh"]
                first, last = np.searchsorted(file[f"{n}-frames"], file[f"{n}-marked"][1:3])
                seen = crops.reshape(len(crops), -1).any(axis=1)[[first, last]].all()
                if label == NO_CLASS or not seen or not len(mesh):
                    continue
                clip = Clip(crops, 100.0, int(first), int(last), int(last), landmarks=mesh)
                said = model.recognize(clip).probabilities
                theirs.append([said[c] for c in CLASSES])
                ours.append([coarse(rules.recognize(clip).probabilities)[c] for c in CLASSES])
                y.append(label)
                who.append(person)
    return np.array(theirs), np.array(ours), np.array(y), np.array(who)


def weighed(
    theirs: NDArray[np.float64], ours: NDArray[np.float64], y: NDArray[np.int64]
) -> tuple[float, float]:
    """The weights of network and rules; the network's by log-likelihood, classes counting alike."""
    weight = 1 / np.bincount(y)[y]

    def loss(model: float) -> float:
        p = joined(theirs, ours, model, RULES)
        return -float((weight * np.log(p[np.arange(len(y)), y])).sum() / weight.sum())

    return float(minimize_scalar(loss, bounds=(0.05, 4), method="bounded").x), RULES
