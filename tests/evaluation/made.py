"""Small data sets of feature files, for runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.datasets.manifest import DataSet, Footage, Sample
from mien.errors import InputError
from mien.inputs.cache import ArrayCache
from mien.inputs.pipeline import read_matrix
from mien.sources import FeatureFile, Source

WORDS = ("negative", "positive", "surprise")


def feature_set(
    root: Path,
    clips: Sequence[tuple[str, str, str]],
    values: Sequence[Sequence[float]] | None = None,
    seed: int = 0,
) -> DataSet:
    """Feature files of clips (data set, person, class); by default the class shows in noisy columns."""
    rng = np.random.default_rng(seed)
    root.mkdir(parents=True, exist_ok=True)
    footage, samples = [], []
    for i, (dataset, person, word) in enumerate(clips):
        subject, name = f"{dataset}/{person}", f"c{i:02d}"
        row = values[i] if values is not None else 1.5 * np.eye(3)[WORDS.index(word)] + rng.normal(size=3)
        np.savez(root / f"{name}.npz", x=np.atleast_2d(np.asarray(row, float)))
        footage.append(Footage(dataset, "", subject, name, root, (f"{name}.npz",), (0,), None))
        samples.append(
            Sample(
                dataset,
                "",
                subject,
                name,
                footage[-1].key,
                "micro",
                None,
                None,
                None,
                None,
                emotion=word,
            )
        )
    return DataSet("features", root, tuple(footage), tuple(samples), form="features", key="x")


def people(n: int, each: int, datasets: Sequence[str] = ("casme2",)) -> list[tuple[str, str, str]]:
    """n people a data set with ``each`` clips of every class."""
    return [(d, f"p{i}", word) for d in datasets for i in range(n) for word in WORDS for _ in range(each)]


@dataclass(frozen=True)
class Flat:
    """The step to a feature file's numbers in a row."""

    def digest(self) -> str:
        return "flat"

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> NDArray[np.float64]:
        if not isinstance(source, FeatureFile):
            raise InputError(f"{source.key} is no feature file")
        return read_matrix(source.file, source.name).ravel()


class Largest:
    """Takes a clip for the class whose number is the largest; learns nothing."""

    def __init__(self, labels: tuple[str, ...]) -> None:
        self.classes_ = np.array(labels)

    def fit(self, X: Any, y: Any, groups: Any = None) -> Largest:
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        return np.eye(len(self.classes_))[np.asarray(X).argmax(axis=1)]


@dataclass(frozen=True)
class Named:
    """A contender made of a function ``labels, seed -> estimator``."""

    name: str
    estimator: Any
    words: str = "for tests"
    needs_training: bool = True

    def digest(self) -> str:
        return f"named {self.name}"

    def step_for(self, source: Source) -> Flat:
        return Flat()

    def make(self, labels: tuple[str, ...], seed: int) -> Any:
        return self.estimator(labels)


LARGEST = Named("largest", Largest)


def first_weights(file: Path, network: str, subjects: Sequence[str]) -> Path:
    """A network's weights as ``mien train`` leaves them, trained on these people."""
    from safetensors.torch import save_file

    from mien.models import make_network
    from mien.training.estimators import METADATA

    tensors = {k: v.contiguous() for k, v in make_network(network, classes=3).state_dict().items()}
    save_file(tensors, file, metadata={METADATA: json.dumps({"subjects": list(subjects)})})
    return file
