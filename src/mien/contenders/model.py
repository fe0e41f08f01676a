"""Model files as contenders: they learn nothing here, they are run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.inputs import InputSpec
from mien.inputs.pipeline import Prepare
from mien.inputs.ready_made import check_takes_flow_pictures
from mien.modelfile import ModelFile, ModelMetadata, read
from mien.sources import FeatureFile, FlowPicture, Source

__all__ = ["ModelContender", "ModelEstimator", "open_model"]

_SUM = 1e-3
"""How far from 1 the shares of a clip may sum up to."""


@dataclass(frozen=True)
class ModelContender:
    """A model file that is tested as it is. Made by :func:`open_model`.

    Attributes:
        path: the file.
        sha256: of its bytes, hexadecimal.
        metadata: what it says of itself.
    """

    path: Path
    sha256: str
    metadata: ModelMetadata

    needs_training: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def words(self) -> str:
        """One line: the network and its paper."""
        paper = f", {self.metadata.paper}" if self.metadata.paper else ""
        return f"model file: {self.metadata.name}{paper}"

    def digest(self) -> str:
        """The file's SHA-256."""
        return self.sha256

    def step_for(self, source: Source) -> Prepare:
        """How a clip is prepared: as the file's spec says.

        Raises:
            InputError: a feature file, which is no picture; a flow picture, where the spec wants frames.
        """
        if isinstance(source, FeatureFile):
            raise InputError(
                f"{self.name} eats pictures, not feature files: test it on data sets of pictures, or on flow "
                "pictures if it eats flow"
            )
        (spec,) = self.metadata.inputs.values()
        if isinstance(source, FlowPicture):
            check_takes_flow_pictures(spec)
        return Prepare(spec, "given" if spec.crop == "given" else "first")

    def make(self, labels: tuple[str, ...], seed: int) -> ModelEstimator:
        """The model, ready to run; the seed has no use.

        Raises:
            InputError: none of the protocol's labels is one of the model's.
        """
        return ModelEstimator(self.path, self.sha256, labels)


def open_model(path: str | Path) -> ModelContender:
    """A model file as a contender.

    Raises:
        InputError: no such file, no model of mien's, a spotter, several inputs, or inputs or outputs of a
            form that is not fed here.
    """
    file = Path(path)
    metadata = _checked(read(file)).metadata
    return ModelContender(file, _sha256(file), metadata)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(model: ModelFile) -> ModelFile:
    name, metadata = model.path.name, model.metadata
    if metadata.task != "recognition":
        raise InputError(f"{name} is a model for {metadata.task}; this protocol tests recognition")
    if len(metadata.inputs) > 1:
        raise InputError(
            f"{name} has {len(metadata.inputs)} inputs ({', '.join(metadata.inputs)}); mien bench feeds one: "
            "join them in the network, or test it with code of your own"
        )
    ((port, spec),) = metadata.inputs.items()
    shape = model.inputs[0].shape
    if shape[:1] not in ((None,), (1,)) or not (len(shape) == 5 or (len(shape) == 4 and _single(spec))):
        raise InputError(
            f"{name}: its input {port!r} is of shape {_written(shape)}; mien bench feeds one clip at a "
            "time, as 1 × frames × channels × height × width or, where the spec takes a single frame or "
            "field, as 1 × channels × height × width"
        )
    return model


def _single(spec: InputSpec) -> bool:
    return spec.frames == 1 or spec.part == "apex"


def _written(shape: Sequence[int | None]) -> str:
    return " × ".join("any" if n is None else str(n) for n in shape) or "a single number"


class ModelEstimator:
    """A model file in scikit-learn's manner: ``fit`` learns nothing.

    Labels are matched by name. A label of the protocol that the model does not know has probability 0; what
    the model gives to labels outside the protocol is left out and the rest brought to sum 1 again (where
    nothing is left, the known labels get equal shares).

    Args:
        path: the file.
        sha256: of its bytes; a file that is another one by the time it is run is refused.
        labels: the protocol's.

    Attributes:
        classes_: the protocol's labels, sorted, as scikit-learn has them.
    """

    def __init__(self, path: Path, sha256: str, labels: tuple[str, ...]) -> None:
        self.path = path
        self.sha256 = sha256
        self.labels = labels
        self.classes_ = np.array(sorted(labels))
        self._model: ModelFile | None = None
        model = self._opened()
        if not set(labels) & set(model.metadata.labels):
            raise InputError(
                f"{path.name} knows {', '.join(model.metadata.labels)}; none of them is a label of this "
                f"protocol ({', '.join(labels)})"
            )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_model": None}  # a session of ONNX Runtime does not travel

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What it was made with."""
        return {"path": self.path, "sha256": self.sha256, "labels": self.labels}

    def fit(self, X: Any, y: Any = None, groups: Sequence[object] | None = None) -> ModelEstimator:
        """Nothing."""
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """(n, K) in the order of ``classes_``, clip by clip.

        Args:
            X: prepared clips, each (frames, channels, height, width): an array, or a list of arrays.

        Raises:
            InputError: the file has changed, does not take a clip, or does not give probabilities.
        """
        model = self._opened()
        place = {label: i for i, label in enumerate(self.classes_.tolist())}
        known = [(i, place[label]) for i, label in enumerate(model.metadata.labels) if label in place]
        theirs, ours = (list(side) for side in zip(*known, strict=True))
        out = np.zeros((len(X), len(self.classes_)))
        for row, clip in zip(out, X, strict=True):
            shares = self._run(model, np.asarray(clip))[theirs]
            total = shares.sum()
            row[ours] = shares / total if total > 0 else 1 / len(ours)
        return out

    def predict(self, X: Any) -> NDArray[Any]:
        """(n,): the most probable label; of equals the first of ``classes_``."""
        shares = self.predict_proba(X)
        best: NDArray[Any] = self.classes_[np.argmax(shares, axis=1)]
        return best

    def _opened(self) -> ModelFile:
        if self._model is None:
            model = _checked(read(self.path))
            if _sha256(self.path) != self.sha256:
                raise InputError(f"{self.path} has changed since this run began: begin again")
            self._model = model
        return self._model

    @staticmethod
    def _run(model: ModelFile, clip: NDArray[Any]) -> NDArray[np.float64]:
        """(K,) the model's probabilities of one clip."""
        port = model.inputs[0]
        if len(port.shape) == 4 and len(clip) != 1:
            raise InputError(f"{model.path.name} takes a single frame or field, not {len(clip)}")
        batch = clip if len(port.shape) == 4 else clip[None]
        shares = model.run({port.name: batch})[model.outputs[0].name].astype(np.float64).ravel()
        labels = model.metadata.labels
        if len(shares) != len(labels):
            raise InputError(f"{model.path.name} gave {len(shares)} numbers for {len(labels)} labels")
        if not (np.isfinite(shares).all() and (shares >= 0).all() and abs(shares.sum() - 1) <= _SUM):
            raise InputError(
                f"{model.path.name} gave {', '.join(f'{share:.3g}' for share in shares)}, which are no "
                "probabilities: the network must end in a softmax"
            )
        return shares
