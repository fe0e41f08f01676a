"""The classifiers behind the baselines, in scikit-learn's manner; this file alone imports scikit-learn.

Both are one pipeline: a scaler (zero mean, unit deviation of each column), fitted to the rows that ``fit``
gets and so to the fold's training part alone, then the classifier. Both are deterministic, also in the last
digit: they run with one BLAS thread, for sums depend on how they are shared out, and draw no random numbers.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d
from threadpoolctl import ThreadpoolController

from mien.errors import InputError, MienError

__all__ = ["Logistic", "SupportVectors", "UnusableRowsError", "rows_of"]

_FULL = 1e-6
"""A weight this near to the most or the least it may be is taken for it."""
INNER_FOLDS = 5
"""Parts that the training people are split into where C is chosen."""


@cache
def _libraries() -> Any:
    """The libraries with threads, all loaded by the imports above; to look for them takes a while."""
    return ThreadpoolController()


def _one_thread() -> Any:
    return _libraries().limit(limits=1)


class UnusableRowsError(InputError, ValueError):
    """Rows that no classifier can take; a ``ValueError`` too, which is what scikit-learn promises."""


def rows_of(X: Any) -> Any:
    """One row of numbers for each clip.

    Args:
        X: an array (n, ...), or n arrays of one shape.

    Returns:
        ``float64`` (n, columns); what scikit-learn itself refuses (one number a clip, sparse matrices) is
        left as it is, for it to say why.

    Raises:
        UnusableRowsError: arrays of different shapes, complex numbers, no numbers, NaN or infinity.
    """
    if issparse(X):
        return X
    if isinstance(X, (list, tuple)) and len({np.shape(x) for x in X}) > 1:
        shapes = sorted({np.shape(x) for x in X}, key=lambda shape: (len(shape), shape))
        written = ", ".join("×".join(map(str, shape)) or "a single number" for shape in shapes[:4])
        more = ", …" if len(shapes) > 4 else ""
        raise UnusableRowsError(
            f"the matrices of the clips differ in shape ({written}{more}); a classifier needs as many "
            "numbers of one clip as of another: bring them to one length first"
        )
    array = np.asarray(X)
    if np.iscomplexobj(array):
        raise UnusableRowsError("Complex data not supported: a descriptor's numbers must be real")
    array = array.astype(np.float64)
    if array.ndim > 2:
        array = array.reshape(len(array), -1)
    if array.ndim == 2 and not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).any(axis=1).sum())
        raise UnusableRowsError(
            f"{bad} of {len(array)} clips have NaN or infinity among their numbers: leave them out or mend "
            "them"
        )
    return array


class _Scaled(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """A scaler and a classifier with one strength, ``C``."""

    C: float | str
    balanced: bool
    grid: Sequence[float]

    @abstractmethod
    def _classifier(self, C: float) -> Any:
        """The unfitted classifier."""

    @abstractmethod
    def _probabilities(self, pipeline: Any, rows: Any) -> Any:
        """(n, K) of a pipeline that was fitted to two classes or more."""

    def fit(self, X: Any, y: Any, groups: Sequence[object] | None = None) -> _Scaled:
        """Learn from clips.

        Args:
            X: (n, ...) array, or n arrays of one shape.
            y: (n,) classes. With one class alone, that class is what it predicts.
            groups: each clip's subject; needed for ``C="auto"``.

        Raises:
            UnusableRowsError: rows that cannot be used; ``C="auto"`` with fewer than two people.
            MienError: it did not converge.
        """
        rows = rows_of(X)
        check_classification_targets(y)
        classes = column_or_1d(y, warn=True)
        check_consistent_length(rows, classes)
        self.classes_ = np.unique(classes)
        if self.C == "auto":
            self.C_ = self._choose(rows, classes, groups)
            # every training clip was in an inner validation part once
            self.chosen_on_ = np.arange(len(classes))
        else:
            self.C_ = float(self.C)
        if len(self.classes_) > 1:
            last = self._classifier(self.C_)
        else:
            last = DummyClassifier(strategy="most_frequent")
        self.pipeline_ = Pipeline([("scaler", StandardScaler()), ("classifier", last)])
        with _one_thread(), warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            try:
                self.pipeline_.fit(rows, classes)
            except ConvergenceWarning as warning:
                raise MienError(f"{type(self).__name__} with C={self.C_:g}: {warning}") from None
        self.n_features_in_ = self.pipeline_.n_features_in_
        if len(self.classes_) > 1:
            with _one_thread():
                self._settle(rows, classes)
        return self

    def _settle(self, rows: Any, classes: Any) -> None:
        """What is left to do with a pipeline that was fitted to two classes or more."""

    def _choose(self, rows: Any, classes: Any, groups: Sequence[object] | None) -> float:
        """The C of the grid with the highest UAR over inner folds by people, predictions pooled.

        Of equals the smallest, the most regularised.
        """
        people = [] if groups is None else [str(group) for group in groups]
        if len(set(people)) < 2:
            raise UnusableRowsError(
                "C=auto chooses on people set apart within the training part: it needs groups, the subject "
                "of each clip, and at least two people"
            )
        check_consistent_length(rows, people)
        folds = list(GroupKFold(min(INNER_FOLDS, len(set(people)))).split(rows, classes, people))
        scores: dict[float, float] = {}
        for C in sorted(self.grid):
            predicted = np.empty_like(classes)
            for fit, validation in folds:
                inner = clone(self).set_params(C=C).fit(rows[fit], classes[fit])
                predicted[validation] = inner.predict(rows[validation])
            scores[C] = recall_score(
                classes, predicted, labels=self.classes_, average="macro", zero_division=0
            )
        return max(scores, key=lambda C: scores[C])

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """(n, K): shares that sum to 1, in the order of ``classes_``."""
        check_is_fitted(self, "pipeline_")
        rows = rows_of(X)
        with _one_thread():
            if len(self.classes_) == 1:
                self.pipeline_[:1].transform(rows)  # it checks what it is given, as for two classes
                shares: NDArray[np.float64] = self.pipeline_.predict_proba(rows)
            else:
                shares = self._probabilities(self.pipeline_, rows)
        return shares

    def predict(self, X: Any) -> NDArray[Any]:
        """(n,): the class with the largest share; of equals the first of ``classes_``."""
        shares = self.predict_proba(X)
        best: NDArray[Any] = self.classes_[np.argmax(shares, axis=1)]
        return best


class SupportVectors(_Scaled):
    """A support vector machine on scaled columns, one against one.

    Its "probabilities" are the softmax of the classes' scores (of two classes: the logistic function of the
    decision value), a class's score being the pairs that it wins and, to part equals, a bounded sum of its
    decision values. They put the classes in the machine's own order and sum to 1, but they are *not
    calibrated*: .7 does not mean right in 7 of 10 cases. Calibration was not chosen because it needs inner
    folds in which every class has clips of several people, and the smallest class of these data sets has
    clips of a few people only; scikit-learn's own (``probability=True``) draws random numbers, contradicts
    ``predict`` and is on its way out.

    With balanced classes and a small C, every clip of a pair pulls as much as it may. Any threshold in a
    range is then optimal, and which one LIBSVM gives hangs on rounding: it may put everything into one
    class. Here it is the middle of the range (:meth:`_settle`).

    Args:
        kernel: ``"linear"``, ``"rbf"`` exp(-γ|x-z|²) or ``"poly"`` (γ⟨x,z⟩ + 1)², with γ = 1 / columns.
            The polynomial has its constant, for without one it could not tell x from -x, and scaled columns
            have signs.
        C: price of an error; ``"auto"``: chosen from ``grid`` on people of the training part.
        balanced: errors cost more for rare classes: n / (K · n of the class).
        grid: what ``"auto"`` tries.

    Attributes:
        classes_, pipeline_, n_features_in_: after ``fit``.
        shifts_: what is added to the decision value of each pair of classes; mostly 0.
        C_: the C that was used.
        chosen_on_: positions among the training clips that C was chosen on; only for ``"auto"``.
    """

    def __init__(
        self,
        kernel: str = "linear",
        C: float | str = 1.0,
        balanced: bool = True,
        grid: Sequence[float] = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0),
    ) -> None:
        self.kernel = kernel
        self.C = C
        self.balanced = balanced
        self.grid = grid

    def _classifier(self, C: float) -> Any:
        return SVC(
            kernel=self.kernel,
            C=C,
            degree=2,
            coef0=1.0,
            gamma="auto",
            class_weight="balanced" if self.balanced else None,
            decision_function_shape="ovo",
        )

    def _pairs(self, pipeline: Any, rows: Any) -> NDArray[np.float64]:
        """(n, K (K - 1) / 2) decision values; positive for the first class of a pair."""
        values = np.asarray(pipeline.decision_function(rows), np.float64)
        return -values[:, None] if values.ndim == 1 else values  # of two classes, positive is the second

    def _settle(self, rows: Any, classes: Any) -> None:
        """Bring thresholds that any of a range could be to its middle."""
        machine = self.pipeline_["classifier"]
        values = self._pairs(self.pipeline_, rows)
        weights = np.zeros((len(classes), len(self.classes_) - 1))
        weights[machine.support_] = np.abs(machine.dual_coef_).T
        most = self.C_ * machine.class_weight_
        label = np.searchsorted(self.classes_, classes)
        self.shifts_ = np.zeros(values.shape[1])
        for pair, (i, j) in enumerate(combinations(range(len(self.classes_)), 2)):
            ours, theirs = label == i, label == j
            # in scikit-learn's table, a clip's weight against the other classes in their order
            at = np.concatenate([weights[ours, j - 1] / most[i], weights[theirs, i] / most[j]])
            room = np.concatenate([1 - values[ours, pair], -1 - values[theirs, pair]])
            first = np.arange(len(at)) < ours.sum()
            full, none = at > 1 - _FULL, at < _FULL
            if not (full | none).all():
                continue  # a clip on the margin says where the threshold is
            # clips of full weight lie within the margin, those of none beyond it
            highest = room[full == first].min(initial=np.inf)
            lowest = room[full != first].max(initial=-np.inf)
            if np.isfinite(highest - lowest):
                self.shifts_[pair] = (highest + lowest) / 2

    def _probabilities(self, pipeline: Any, rows: Any) -> Any:
        values = self._pairs(pipeline, rows) + self.shifts_
        if values.shape[1] == 1:
            return softmax(np.column_stack([values, np.zeros(len(values))]), axis=1)
        wins = np.zeros((len(values), len(self.classes_)))
        sums = np.zeros_like(wins)
        for value, (i, j) in zip(values.T, combinations(range(len(self.classes_)), 2), strict=True):
            wins[:, i] += value > 0
            wins[:, j] += value <= 0
            sums[:, i] += value
            sums[:, j] -= value
        return softmax(wins + sums / (3 * (np.abs(sums) + 1)), axis=1)


class Logistic(_Scaled):
    """Multinomial logistic regression on scaled columns, regularised by the squared length of the weights.

    Args:
        C: strength against the regularisation; ``"auto"``: chosen from ``grid`` on people of the training
            part.
        balanced: errors cost more for rare classes: n / (K · n of the class).
        grid: what ``"auto"`` tries.

    Attributes:
        classes_, pipeline_, n_features_in_: after ``fit``.
        C_: the C that was used.
        chosen_on_: positions among the training clips that C was chosen on; only for ``"auto"``.
    """

    def __init__(
        self,
        C: float | str = 1e-3,
        balanced: bool = True,
        grid: Sequence[float] = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
    ) -> None:
        self.C = C
        self.balanced = balanced
        self.grid = grid

    def _classifier(self, C: float) -> Any:
        # L-BFGS in double precision: on 441 rows of 2352 columns faster than Newton's and stochastic methods,
        # and within 1e-6 of the optimum at this tolerance (benchmarks/)
        weights = "balanced" if self.balanced else None
        return LogisticRegression(C=C, class_weight=weights, solver="lbfgs", tol=1e-8, max_iter=20_000)

    def _probabilities(self, pipeline: Any, rows: Any) -> Any:
        return pipeline.predict_proba(rows)
