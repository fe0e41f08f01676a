"""Model files as contenders: they learn nothing here, they are run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mien.contenders.spotters import SPOTTING_VERSION, PassedOn, Spot
from mien.errors import InputError
from mien.face import TrackerSettings
from mien.inputs import ArrayCache, key_of
from mien.inputs.pipeline import Packed, Prepare, unpack
from mien.inputs.ready_made import check_takes_flow_pictures
from mien.modelfile import ModelFile, ModelMetadata, read
from mien.sources import FeatureFile, FlowPicture, Recording, Source
from mien.spotting import ModelSpotter, RegionNet, tunables_of
from mien.spotting import open_spotter as opened_spotter
from mien.spotting.feature_window import WINDOW_VERSION

__all__ = ["ModelContender", "ModelEstimator", "ModelSpotting", "SpotByFile", "open_model", "open_spotter"]


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

    @property
    def seen(self) -> tuple[str, ...]:
        """The people it was trained on or chosen with, who must not be tested."""
        return self.metadata.subjects

    def digest(self) -> str:
        """The file's SHA-256."""
        return self.sha256

    def step_for(self, source: Source) -> Prepare | Packed:
        """How a clip is prepared: as the file's specs say.

        Raises:
            InputError: a feature file, which is no picture; a flow picture, where a spec wants frames.
        """
        if isinstance(source, FeatureFile):
            raise InputError(
                f"{self.name} eats pictures, not feature files: test it on data sets of pictures, or on flow "
                "pictures if it eats flow"
            )
        specs = tuple(self.metadata.inputs.values())
        if isinstance(source, FlowPicture):
            for spec in specs:
                check_takes_flow_pictures(spec)
        steps = tuple(Prepare(spec, "given" if spec.crop == "given" else "first") for spec in specs)
        return steps[0] if len(steps) == 1 else Packed(steps)

    def make(self, labels: tuple[str, ...], seed: int) -> ModelEstimator:
        """The model, ready to run; the seed has no use.

        Raises:
            InputError: none of the protocol's labels is one of the model's.
        """
        return ModelEstimator(self.path, self.sha256, labels)


def open_model(path: str | Path) -> ModelContender:
    """A model file as a contender.

    Raises:
        InputError: no such file, no model of mien's, a spotter, or inputs of a form that is not fed here.
    """
    file = Path(path)
    metadata = _checked(read(file)).metadata
    return ModelContender(file, _sha256(file), metadata)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(model: ModelFile) -> ModelFile:
    if model.metadata.task == "spotting":
        raise InputError(
            f"{model.path.name} finds expressions in long videos and does not name them: ask for --protocol "
            "spotting"
        )
    model.check_recognizer()
    return model


def _check_same(path: Path, sha256: str) -> None:
    if _sha256(path) != sha256:
        raise InputError(f"{path} has changed since this run began: begin again")


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
            X: prepared clips, each (frames, channels, height, width), or where the model has several inputs,
                as :class:`~mien.inputs.Packed` gives them: an array, or a list of arrays.

        Raises:
            InputError: the file has changed, does not take a clip, or does not give probabilities.
        """
        model = self._opened()
        place = {label: i for i, label in enumerate(self.classes_.tolist())}
        known = [(i, place[label]) for i, label in enumerate(model.metadata.labels) if label in place]
        theirs, ours = (list(side) for side in zip(*known, strict=True))
        specs = model.metadata.inputs
        out = np.zeros((len(X), len(self.classes_)))
        for row, clip in zip(out, X, strict=True):
            parts = [np.asarray(clip)]
            if len(specs) > 1:
                parts = unpack(parts[0], Packed(tuple(map(Prepare, specs.values()))).shapes)
            shares = model.judge(dict(zip(specs, parts, strict=True)))[0][theirs]
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
            _check_same(self.path, self.sha256)
            self._model = model
        return self._model


# --- spotters -----------------------------------------------------------------------------------------------


class SpotByFile(Spot):
    """The step from a recording to the events that a spotter's model file finds in it."""

    __slots__ = ()

    def digest(self) -> str:
        """Of the file's bytes, wherever it lies, face tracking, and the version of it all."""
        assert isinstance(self.spotter, ModelSpotter | RegionNet)
        tracking = {name: repr(value) for name, value in tunables_of(TrackerSettings()).items()}
        versions = (SPOTTING_VERSION, WINDOW_VERSION)
        return key_of("spot by file", versions, self.spotter.sha256, tracking)

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> NDArray[np.float64]:
        """Events, as :class:`~mien.contenders.spotters.Spot` gives them.

        Raises:
            InputError: as there; or the file has changed.
        """
        assert isinstance(self.spotter, ModelSpotter | RegionNet)
        _check_same(self.spotter.path, self.spotter.sha256)
        return super().__call__(source, cache)


@dataclass(frozen=True)
class ModelSpotting:
    """A spotter's model file that is tested as it is, with the floor and bars that it brings.

    Satisfies :class:`mien.evaluation.SpottingContender`. Made by :func:`open_spotter`.

    Attributes:
        spotter: the file, as ``mien analyze --spotter`` runs it.
    """

    spotter: ModelSpotter | RegionNet

    needs_training: ClassVar[bool] = False
    task: ClassVar[Literal["spotting"]] = "spotting"

    @property
    def name(self) -> str:
        """The file's name."""
        return self.spotter.name

    @property
    def words(self) -> str:
        """One line: the network and its paper."""
        told = self.spotter.metadata
        return f"model file: {told.name}{f', {told.paper}' if told.paper else ''}"

    @property
    def seen(self) -> tuple[str, ...]:
        """The people it was trained on, or its bars were chosen with, who must not be tested."""
        return self.spotter.metadata.subjects

    def digest(self) -> str:
        """The file's SHA-256."""
        return self.spotter.sha256

    def step_for(self, source: Source) -> SpotByFile:
        """From a recording to its events.

        Raises:
            InputError: it is no recording.
        """
        if not isinstance(source, Recording):
            raise InputError(f"{self.name} finds expressions in long videos: ask for --protocol spotting")
        return SpotByFile(self.spotter)

    def make(self, seed: int) -> PassedOn:
        """What passes all its events on; the seed has no use."""
        return PassedOn()


def open_spotter(path: str | Path) -> ModelSpotting:
    """A spotter's model file as a contender.

    Raises:
        InputError: no such file, no model of mien's, a recogniser, or one that wants what a recording's face
            crop does not give.
    """
    model = read(path)
    if model.metadata.task != "spotting":
        raise InputError(
            f"{model.path.name} names expressions in clips and does not find them in long videos: ask for "
            "another protocol, such as loso, or give a spotter's file (mien train smeconvnet)"
        )
    return ModelSpotting(opened_spotter(Path(path)))
