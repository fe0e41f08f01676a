"""What takes part in a comparison, and how a scikit-learn estimator of one's own becomes such a thing.

The runner knows contenders by their methods alone; mien's own are in :mod:`mien.contenders`.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.evaluation.store import digest_of_plain
from mien.inputs import key_of
from mien.inputs.pipeline import Step
from mien.sources import Source

__all__ = [
    "Contender",
    "Estimator",
    "Features",
    "Own",
    "SpottingContender",
    "SpottingEstimator",
    "fit",
    "probabilities",
    "stacked",
    "taken",
]

Features: TypeAlias = NDArray[Any] | list[NDArray[Any]]
"""The clips' inputs: one array with the clips along its first axis where all have one shape, else a list."""


class Estimator(Protocol):
    """scikit-learn's methods, as far as the runner needs them.

    An estimator that has ``chosen_on_`` after its fit says on which of its training clips (their positions)
    it chose a hyper-parameter, an epoch or the like.
    """

    classes_: Any

    def fit(self, X: Any, y: Any, groups: Any = None) -> Any:
        """Train on clips, their classes and their subjects."""
        ...

    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        """(n, K) probabilities in the order of ``classes_``."""
        ...


class Contender(Protocol):
    """Something to be compared.

    Attributes:
        name: as in tables.
        words: a line for people: the method and its paper.
        needs_training: ``False`` for a model that comes trained.

    One that was trained or tuned on people beforehand names them in ``seen`` ("casme2/sub01"); it is not
    tested on them.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def words(self) -> str: ...  # noqa: D102
    @property
    def needs_training(self) -> bool: ...  # noqa: D102

    def digest(self) -> str:
        """Of everything that decides its results, beside the data."""
        ...

    def step_for(self, source: Source) -> Step:
        """What makes a clip its input.

        Raises:
            InputError: it cannot take such a source.
        """
        ...

    def make(self, labels: tuple[str, ...], seed: int) -> Any:
        """A new :class:`Estimator`, unfitted (unless it comes trained)."""
        ...


class SpottingEstimator(Protocol):
    """What finds expressions in videos: scikit-learn's methods, with events in place of classes.

    A video is an array that the contender's step made: of an untrained spotter its events already, of a
    trained one features of its frames (T, D). One that needs the time puts it into its array. ``chosen_on_``
    as in :class:`Estimator`.
    """

    def fit(self, X: Any, truths: Any, groups: Any = None) -> Any:
        """Train on videos: a list of arrays, of :class:`mien.evaluation.TrueExpression` each, of subjects."""
        ...

    def predict(self, X: Any) -> list[NDArray[Any]]:
        """Of each video its events (k, 6): onset, apex, offset, kind (0 micro, 1 macro), score, threshold.

        Frames are positions in the video's files, whole numbers, both ends included.
        """
        ...


class SpottingContender(Protocol):
    """Something that finds expressions in long videos, to be compared: as :class:`Contender`.

    Attributes:
        name: as in tables.
        words: a line for people: the method and its paper.
        task: ``"spotting"``.
        needs_training: ``False`` where nothing is learned: it then sees every video by itself.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def words(self) -> str: ...  # noqa: D102
    @property
    def task(self) -> Literal["spotting"]: ...  # noqa: D102
    @property
    def needs_training(self) -> bool: ...  # noqa: D102

    def digest(self) -> str:
        """Of everything that decides its results, beside the data."""
        ...

    def step_for(self, source: Source) -> Step:
        """What makes a :class:`mien.sources.Recording` its input.

        Raises:
            InputError: it cannot take such a source.
        """
        ...

    def make(self, seed: int) -> SpottingEstimator:
        """A new one, unfitted (unless it comes trained)."""
        ...


@dataclass(frozen=True)
class Own:
    """A contender made of a scikit-learn classifier or pipeline.

    Attributes:
        name: as in tables.
        estimator: unfitted; cloned for each fold. Scalers, selections of features and the like belong inside
            it, as steps of a pipeline, so that they are fitted in the fold.
        step: what makes a clip its input.
        words: a line for people.
        flat: give it one row of numbers a clip, as scikit-learn's own estimators want it.

    The digest knows parameters, not code: who changes a class of their own gives it another name, or the run
    another folder.
    """

    name: str
    estimator: Any
    step: Step
    words: str = ""
    needs_training: bool = field(default=True, init=False)
    flat: bool = True

    def __post_init__(self) -> None:
        if where := _fitted(self.estimator):
            raise InputError(
                f"{self.name}: {where} has been fitted already, and nobody knows on whom: if on all clips, "
                "the score would say how well it knows the test. Give an unfitted estimator; scalers and "
                "selections of features are fitted in each fold if they are steps of its pipeline"
            )

    def digest(self) -> str:
        """Of the parameters and the step."""
        own = [f"{type(self.estimator).__module__}.{type(self.estimator).__qualname__}"]
        for name, value in sorted(self.estimator.get_params(deep=True).items()):
            own.append(f"{name}={key_of(value) if isinstance(value, np.ndarray) else repr(value)}")
        return digest_of_plain("own", own, self.step.digest())

    def step_for(self, source: Source) -> Step:
        """The same for all."""
        return self.step

    def make(self, labels: tuple[str, ...], seed: int) -> Any:
        """A clone, every ``random_state`` in it set to the seed."""
        from sklearn.base import clone

        made = clone(self.estimator)
        states = [name for name in made.get_params(deep=True) if name.split("__")[-1] == "random_state"]
        return made.set_params(**dict.fromkeys(states, seed))


def _fitted(estimator: Any) -> str:
    """The first part of an estimator that looks fitted, in words; empty if none does."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    parts = [("the estimator", estimator)]
    if hasattr(estimator, "get_params"):
        parts += [
            (f"its part {name!r}", part)
            for name, part in sorted(estimator.get_params(deep=True).items())
            if hasattr(part, "fit") and not isinstance(part, type)
        ]
    for words, part in parts:
        stateless = not any(a.endswith("_") and not a.startswith("_") for a in vars(part))
        if type(part).__name__ == "FrozenEstimator":
            return words
        if stateless:
            continue
        try:
            check_is_fitted(part)
        except (NotFittedError, TypeError):
            continue
        return words
    return ""


def stacked(arrays: Sequence[NDArray[Any]]) -> Features:
    """One array where all have one shape, else a list of them."""
    if len({(a.shape, a.dtype) for a in arrays}) == 1:
        return np.stack(arrays)
    return list(arrays)


def taken(X: Features, which: NDArray[np.intp]) -> Features:
    """Some of the clips."""
    return X[which] if isinstance(X, np.ndarray) else [X[i] for i in which.tolist()]


def fit(estimator: Any, X: Features, y: NDArray[np.str_], groups: NDArray[np.str_]) -> None:
    """Fit, with the subjects where the estimator asks for them."""
    try:
        wants = "groups" in inspect.signature(estimator.fit).parameters
    except (TypeError, ValueError):
        wants = False
    if wants:
        estimator.fit(X, y, groups=groups)
    else:
        estimator.fit(X, y)


def probabilities(estimator: Any, X: Features, labels: tuple[str, ...]) -> NDArray[np.float64]:
    """(n, K) in the vocabulary's order; a class that the estimator does not know has probability 0.

    Raises:
        InputError: what it says is no probability, or of other classes.
    """
    n = len(X)
    known = [str(c) for c in np.asarray(estimator.classes_).tolist()]
    if strange := [c for c in known if c not in labels]:
        raise InputError(f"it speaks of a class {strange[0]!r}, which is none of {', '.join(labels)}")
    if hasattr(estimator, "predict_proba"):
        own = np.asarray(estimator.predict_proba(X), np.float64)
    else:
        said = [str(c) for c in np.asarray(estimator.predict(X)).tolist()]
        own = np.array([[float(c == s) for c in known] for s in said])
    if own.shape != (n, len(known)) or not np.isfinite(own).all() or (own < 0).any():
        raise InputError(f"what it says of {n} clips is no probability of {len(known)} classes each")
    out = np.zeros((n, len(labels)))
    out[:, [labels.index(c) for c in known]] = own
    total = out.sum(axis=1, keepdims=True)
    if (np.abs(total - 1) > 1e-3).any():
        raise InputError("its probabilities do not sum to 1")
    return np.asarray(out / total, np.float64)
