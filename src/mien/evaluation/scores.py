"""Recognition scores: the pooled confusion matrix and what follows from it.

Everything comes from *one* confusion matrix, added up over all folds; scores of single folds are never
averaged, since a fold of one subject lacks most classes. This is the rule of MEGC 2019 (J. See, M. H. Yap,
J. Li, X. Hong, S.-J. Wang: "MEGC 2019 - The second facial micro-expressions grand challenge", FG 2019). With
true positives, false positives, false negatives and clips of class c written TP, FP, FN and N:

* UF1, unweighted F1: the mean over classes of 2 TP / (2 TP + FP + FN);
* UAR, unweighted average recall (balanced accuracy): the mean over classes of TP / N;
* WAR, weighted average recall: the sum of TP over the number of clips, which is plain accuracy;
* macro F1 and weighted F1: scikit-learn's, for reading papers that report those.

**Classes without truth.** Scores are asked over a vocabulary, of which a part of the data may lack a class.
Such a class has no recall, so UAR and UF1 are means over the classes that *do* have truth: their denominators
depend on the clips alone, never on the model, and two models on the same clips stay comparable. It is not
forgotten: :attr:`Scores.absent` names it, its row stands in :meth:`Confusion.table`, and each clip given to
it is a miss of the class it belongs to. Who wants it to count as 0 takes
``uf1 * (1 - len(absent) / classes)``. ``macro_f1`` differs exactly here: like scikit-learn's it also counts,
as 0, a class that is predicted but not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ALL",
    "Confusion",
    "Pooled",
    "ScoreName",
    "Scores",
    "class_numbers",
    "confusion",
    "confusion_by_part",
    "confusions_by_group",
    "pool_folds",
    "score_of_counts",
]

ScoreName: TypeAlias = Literal["uf1", "uar", "war", "macro_f1", "weighted_f1"]
ALL = "all"
"""The part of :func:`confusion_by_part` that holds every clip."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one confusion matrix, each 0 to 1; NaN without clips.

    Attributes:
        n: clips.
        uf1, uar, war, macro_f1, weighted_f1: see the module's words.
        absent: classes of the vocabulary without a clip.
    """

    n: int
    uf1: float
    uar: float
    war: float
    macro_f1: float
    weighted_f1: float
    absent: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What to print below the scores; empty where every class has clips."""
        if not self.absent:
            return ""
        them = "it" if len(self.absent) == 1 else "one of them"
        return (
            f"no clip is {' or '.join(self.absent)}: UF1 and UAR are means over the other classes, and a "
            f"clip taken for {them} counts as missed"
        )


@dataclass(frozen=True)
class Confusion:
    """How often clips of each class were taken for each class. Those of several folds add up with ``+``.

    Attributes:
        labels: the C classes of the vocabulary, in its order.
        counts: (C, C) ``int64``; rows are the truth, columns what was predicted.

    Raises:
        InputError: labels repeat, or the counts do not fit them.

    Examples:
        Three negative clips, of which one is taken for a surprise, and a surprise that is recognised. F1 is
        2·2 / (2·2 + 0 + 1) = 0.8 and 2·1 / (2·1 + 1 + 0) = 2/3; nothing is positive, which the note says.

        >>> c = confusion(
        ...     ["negative", "negative", "negative", "surprise"],
        ...     ["negative", "negative", "surprise", "surprise"],
        ...     ["negative", "positive", "surprise"],
        ... )
        >>> c.counts.tolist()
        [[2, 0, 1], [0, 0, 0], [0, 0, 1]]
        >>> s = c.scores()
        >>> round(s.uf1, 4), round(s.uar, 4), s.war, s.absent
        (0.7333, 0.8333, 0.75, ('positive',))
    """

    labels: tuple[str, ...]
    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        size = len(self.labels)
        if not size or len(set(self.labels)) != size:
            raise InputError(f"a confusion matrix needs classes that differ, not {', '.join(self.labels)}")
        if self.counts.shape != (size, size) or (self.counts < 0).any():
            raise InputError(f"{size} classes need {size} x {size} counts of 0 or more")

    def __add__(self, other: Confusion) -> Confusion:
        if self.labels != other.labels:
            raise InputError("confusion matrices of different vocabularies cannot be added up")
        return Confusion(self.labels, self.counts + other.counts)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Confusion)
            and self.labels == other.labels
            and np.array_equal(self.counts, other.counts)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def n(self) -> int:
        """Clips."""
        return int(self.counts.sum())

    @property
    def absent(self) -> tuple[str, ...]:
        """Classes without a clip."""
        return tuple(label for label, n in zip(self.labels, self.counts.sum(axis=1), strict=True) if not n)

    def score(self, name: ScoreName) -> float:
        """One of the scores."""
        return float(score_of_counts(self.counts, name))

    def scores(self) -> Scores:
        """All of them."""
        return Scores(self.n, **{n: self.score(n) for n in get_args(ScoreName)}, absent=self.absent)

    def table(self) -> pd.DataFrame:
        """One row a class, in the vocabulary's order, absent ones included.

        Returns:
            A table indexed by ``label``: ``n`` (clips), ``predicted`` (clips taken for it), ``correct``,
            ``precision`` (NaN if never predicted), ``recall`` (NaN without clips), ``f1`` (NaN without
            either).
        """
        import pandas as pd

        right = np.diagonal(self.counts)
        there, taken = self.counts.sum(axis=1), self.counts.sum(axis=0)
        columns = {
            "n": there,
            "predicted": taken,
            "correct": right,
            "precision": _divide(right, taken),
            "recall": _divide(right, there),
            "f1": _divide(2 * right, there + taken),
        }
        return pd.DataFrame(columns, index=pd.Index(list(self.labels), name="label", dtype="str"))


def confusion(truth: Sequence[str], predicted: Sequence[str], labels: Iterable[str]) -> Confusion:
    """Count what was taken for what, over the pooled predictions of all folds.

    Args:
        truth: each clip's class.
        predicted: the class it was given, in the same order.
        labels: the classes of the vocabulary; those without clips keep their row and column.

    Raises:
        InputError: the lengths differ, or a label is no class of the vocabulary.
    """
    labels = tuple(labels)
    pairs = _paired(truth, predicted, labels)
    return Confusion(labels, _count(*pairs, len(labels)))


def confusion_by_part(
    truth: Sequence[str], predicted: Sequence[str], datasets: Sequence[str], labels: Iterable[str]
) -> dict[str, Confusion]:
    """The parts of the same pooled predictions that each data set has.

    MEGC 2019 reports "full" and each database so: nothing is trained or tested anew for a part.

    Args:
        truth: each clip's class.
        predicted: the class it was given.
        datasets: each clip's data set.
        labels: the classes of the vocabulary.

    Returns:
        ``"all"`` first, then each data set in order of first appearance. The parts add up to ``"all"``.
    """
    labels = tuple(labels)
    ours, theirs = _paired(truth, predicted, labels)
    if len(datasets) != len(ours):
        raise InputError(f"{len(datasets)} data sets' names for {len(ours)} clips")
    if ALL in datasets:
        raise InputError(f"no data set may be called {ALL!r}, which is the name of all together")
    names = np.asarray(datasets, dtype=object)
    parts = {ALL: _count(ours, theirs, len(labels))}
    for name in dict.fromkeys(datasets):
        its = names == name
        parts[name] = _count(ours[its], theirs[its], len(labels))
    return {name: Confusion(labels, counts) for name, counts in parts.items()}


def confusions_by_group(
    truth: Sequence[str], predicted: Sequence[str], groups: Sequence[str], labels: Iterable[str]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """A confusion matrix for each subject: what resampling over subjects works with.

    Args:
        truth: each clip's class.
        predicted: the class it was given.
        groups: each clip's subject.
        labels: the classes of the vocabulary.

    Returns:
        The S subjects in order of first appearance, and (S, C, C) counts.
    """
    labels = tuple(labels)
    ours, theirs = _paired(truth, predicted, labels)
    if len(groups) != len(ours):
        raise InputError(f"{len(groups)} subjects' names for {len(ours)} clips")
    place = {name: i for i, name in enumerate(dict.fromkeys(groups))}
    counts = np.zeros((len(place), len(labels), len(labels)), np.int64)
    np.add.at(counts, (np.array([place[g] for g in groups], np.intp), ours, theirs), 1)
    return tuple(place), counts


@dataclass(frozen=True, slots=True)
class Pooled:
    """The predictions of all folds, put back in the clips' order.

    Attributes:
        predicted: each clip's predicted class; ``None`` for clips that no fold tested.
        fold: position of the fold that tested it; ``None`` likewise.
    """

    predicted: tuple[str | None, ...]
    fold: tuple[int | None, ...]

    @property
    def tested(self) -> tuple[int, ...]:
        """Positions of the clips that were tested, increasing."""
        return tuple(i for i, fold in enumerate(self.fold) if fold is not None)


def pool_folds(n: int, folds: Iterable[tuple[ArrayLike, Sequence[str]]]) -> Pooled:
    """Put the predictions of all folds together.

    Args:
        n: clips in all.
        folds: for each fold the positions of its test clips and what was predicted for them.

    Raises:
        InputError: a clip is tested by two folds (it would count twice), or lengths or positions do not fit.
    """
    predicted: list[str | None] = [None] * n
    by: list[int | None] = [None] * n
    for number, (test, labels) in enumerate(folds):
        positions = np.asarray(test, np.int64).tolist()
        if len(positions) != len(labels):
            raise InputError(f"fold {number}: {len(labels)} predictions for {len(positions)} test clips")
        for i, label in zip(positions, labels, strict=True):
            if not 0 <= i < n:
                raise InputError(f"fold {number} tests clip {i}, but there are {n}")
            if by[i] is not None:
                raise InputError(
                    f"clip {i} is tested by folds {by[i]} and {number}; pooled, it would count twice"
                )
            predicted[i], by[i] = label, number
    return Pooled(tuple(predicted), tuple(by))


# --- the arithmetic -----------------------------------------------------------------------------------------


def score_of_counts(counts: NDArray[np.int64], name: ScoreName) -> NDArray[np.float64]:
    """A score of many confusion matrices at once.

    Args:
        counts: (…, C, C), rows are the truth.
        name: which score.

    Returns:
        (…) scores; NaN where a matrix is empty.
    """
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    there, taken = counts.sum(axis=-1), counts.sum(axis=-2)
    if name == "war":
        return _divide(right.sum(axis=-1), there.sum(axis=-1))
    if name == "uar":
        return _mean(_divide(right, there), there > 0)
    f1 = _divide(2 * right, there + taken)
    if name == "uf1":
        return _mean(f1, there > 0)
    if name == "macro_f1":
        empty = there.sum(axis=-1, keepdims=True) == 0
        return _mean(f1, (there + taken > 0) & ~empty)
    if name == "weighted_f1":
        return _divide((np.where(there > 0, f1, 0.0) * there).sum(axis=-1), there.sum(axis=-1))
    raise InputError(f"there is no score {name!r}; choose one of {', '.join(get_args(ScoreName))}")


def _divide(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """``part / whole``, NaN where there is nothing below the line."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / np.asarray(whole, np.float64), np.nan)


def _mean(values: NDArray[np.float64], counted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean over the last axis of what is counted; NaN where nothing is."""
    return _divide(np.where(counted, values, 0.0).sum(axis=-1), counted.sum(axis=-1))


def class_numbers(values: Sequence[str], labels: tuple[str, ...], what: str) -> NDArray[np.intp]:
    """Each label's position in the vocabulary.

    Raises:
        InputError: a label is none of them; ``what`` says whose it is.
    """
    place = {label: i for i, label in enumerate(labels)}
    for i, value in enumerate(values):
        if value not in place:
            raise InputError(
                f"the {what} class of clip {i} is {value!r}, which is none of {', '.join(labels)}"
            )
    return np.array([place[value] for value in values], np.intp)


def _paired(
    truth: Sequence[str], predicted: Sequence[str], labels: tuple[str, ...]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if len(truth) != len(predicted):
        raise InputError(f"{len(predicted)} predictions for {len(truth)} clips")
    return class_numbers(truth, labels, "true"), class_numbers(predicted, labels, "predicted")


def _count(truth: NDArray[np.intp], predicted: NDArray[np.intp], size: int) -> NDArray[np.int64]:
    counts = np.zeros((size, size), np.int64)
    np.add.at(counts, (truth, predicted), 1)
    return counts
