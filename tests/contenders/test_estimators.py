"""The classifiers keep scikit-learn's rules, learn from training rows alone, and always do the same."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator

from mien.contenders.estimators import Logistic, SupportVectors, rows_of
from mien.errors import InputError, MienError

ALL = [SupportVectors("linear"), SupportVectors("rbf"), SupportVectors("poly"), Logistic(C=1.0)]


def clips(
    per_class: int = 12, spread: float = 0.5, seed: int = 0
) -> tuple[NDArray[Any], NDArray[Any], list[str]]:
    """Rows around one place a class, in columns of very different size; people by turns."""
    draw = np.random.default_rng(seed)
    y = np.repeat(["negative", "positive", "surprise"], per_class)
    centres = {label: draw.normal(size=6) for label in np.unique(y)}
    X = np.stack([centres[label] for label in y]) + spread * draw.normal(size=(len(y), 6))
    return X * 10.0 ** np.arange(6) + 100, y, [f"smic/s{i % 6}" for i in range(len(y))]


@pytest.mark.parametrize("estimator", ALL, ids=str)
def test_scikit_learns_own_checks(estimator: Any) -> None:
    # skipped, as with all of scikit-learn unless SCIPY_ARRAY_API is set: check_array_api_input
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the checks cast NaN to integers
        results = check_estimator(clone(estimator), on_skip=None)
    statuses = {one["check_name"]: one["status"] for one in results}
    assert {name for name, status in statuses.items() if status != "passed"} <= {"check_array_api_input"}
    assert "check_estimators_nan_inf" in statuses
    assert "check_classifiers_train" in statuses


@pytest.mark.parametrize("estimator", ALL, ids=str)
def test_learns_and_gives_shares(estimator: Any) -> None:
    X, y, _ = clips()
    fitted = clone(estimator).fit(X[::2], y[::2])
    shares = fitted.predict_proba(X[1::2])
    assert shares.shape == (18, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (shares > 0).all()
    np.testing.assert_array_equal(fitted.predict(X[1::2]), fitted.classes_[shares.argmax(axis=1)])
    assert (fitted.predict(X[1::2]) == y[1::2]).mean() > 0.9


@pytest.mark.parametrize("kernel", ["linear", "rbf", "poly"])
def test_the_label_is_libsvms_own(kernel: str) -> None:
    X, y, _ = clips(spread=2.0)
    for rows in (np.arange(len(y)), np.flatnonzero(y != "surprise")):
        fitted = SupportVectors(kernel).fit(X[rows], y[rows])
        scaler = StandardScaler().fit(X[rows])
        own = SVC(kernel=kernel, degree=2, coef0=1.0, gamma="auto", class_weight="balanced")
        values = own.fit(scaler.transform(X[rows]), y[rows]).decision_function(scaler.transform(X))
        best = (values > 0).astype(int) if values.ndim == 1 else values.argmax(axis=1)
        np.testing.assert_array_equal(fitted.predict(X), own.classes_[best])
        np.testing.assert_allclose(fitted.shifts_, 0, atol=1e-6)


@pytest.mark.parametrize("kernel", ["rbf", "poly"])
@pytest.mark.parametrize("counts", [(9, 12), (9, 12, 5)])
def test_a_small_c_hangs_on_no_rounding(kernel: str, counts: tuple[int, ...]) -> None:
    # LIBSVM's own thresholds put everything into one class or another, by the last digits and order of clips
    X, y, _ = clips(spread=0.3)
    rows = np.concatenate([12 * i + np.arange(n) for i, n in enumerate(counts)])
    X, y = X[rows], y[rows]
    wrong = []
    for C in (1e-2, 1e-3, 3e-4, 1e-4):
        for order in (np.arange(len(y)), np.random.default_rng(0).permutation(len(y))):
            fitted = SupportVectors(kernel, C=C).fit(X[order], y[order])
            np.testing.assert_array_equal(fitted.predict(X), y)
            wrong.append((fitted.pipeline_.predict(X) != y).mean())
    assert max(wrong) > 0.3


def test_the_threshold_lies_in_the_middle_by_hand() -> None:
    # Scaled, the rows are -1 and 1, and all weights are as large as they may be: 2 C · 1 = w. Any threshold
    # for which all lie within the margin will do; the middle of them is 0.
    X, y = [[10.0]] * 3 + [[30.0]] * 3, ["a"] * 3 + ["b"] * 3
    fitted = SupportVectors(C=0.01, balanced=False).fit(X, y)
    slope = 2 * 3 * 0.01
    expected = 1 / (1 + np.exp(-slope * np.array([-1.0, 0.0, 0.5])))
    np.testing.assert_allclose(fitted.predict_proba([[10.0], [20.0], [25.0]])[:, 1], expected, atol=1e-9)


def test_two_classes_by_hand() -> None:
    # scaled, the two rows are -1 and 1: w = 1, b = 0 for C >= .5; the logistic function of the value
    fitted = SupportVectors(balanced=False).fit([[10.0], [30.0]], ["a", "b"])
    share = 1 / (1 + np.exp(-0.5))
    np.testing.assert_allclose(fitted.predict_proba([[25.0]]), [[1 - share, share]], atol=1e-6)


def test_the_polynomial_tells_x_from_minus_x() -> None:
    X = np.linspace(-2, 2, 20)[:, None]
    y = np.where(X[:, 0] > 0, "right", "left")
    assert (SupportVectors("poly").fit(X, y).predict(X) == y).mean() > 0.9


@pytest.mark.parametrize("estimator", ALL, ids=str)
def test_the_scaler_knows_training_rows_alone(estimator: Any) -> None:
    X, y, _ = clips()
    train = np.arange(0, 36, 2)
    fitted = clone(estimator).fit(X[train], y[train])
    scaler = fitted.pipeline_["scaler"]
    np.testing.assert_array_equal(scaler.mean_, X[train].mean(axis=0))
    np.testing.assert_allclose(scaler.scale_, X[train].std(axis=0), rtol=1e-12)
    assert scaler.n_samples_seen_ == len(train)
    before = fitted.predict_proba(X[1::2])
    fitted.predict_proba(1e6 + X)
    np.testing.assert_array_equal(fitted.predict_proba(X[1::2]), before)


@pytest.mark.parametrize("estimator", ALL, ids=str)
def test_the_unit_of_a_column_does_not_matter(estimator: Any) -> None:
    X, y, _ = clips()
    one = clone(estimator).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(
        clone(estimator).fit(X * 1000 - 7, y).predict_proba(X * 1000 - 7), one, rtol=1e-3
    )


@pytest.mark.parametrize("estimator", ALL, ids=str)
def test_the_same_bytes_every_time(estimator: Any) -> None:
    X, y, groups = clips(spread=2.0)
    for C in (1.0, "auto"):
        made = [clone(estimator).set_params(C=C).fit(X, y, groups).predict_proba(X) for _ in range(2)]
        assert made[0].tobytes() == made[1].tobytes()


@pytest.mark.parametrize("estimator", ALL, ids=str)
def test_a_class_without_training_clips(estimator: Any) -> None:
    X, y, _ = clips()
    some = y != "surprise"
    fitted = clone(estimator).fit(X[some], y[some])
    assert fitted.classes_.tolist() == ["negative", "positive"]
    assert fitted.predict_proba(X).shape == (36, 2)


@pytest.mark.parametrize("estimator", ALL, ids=str)
def test_one_class_alone_is_predicted(estimator: Any) -> None:
    X, y, groups = clips()
    for C in (1.0, "auto"):
        fitted = clone(estimator).set_params(C=C).fit(X[:12], y[:12], groups[:12])
        assert set(fitted.predict(X)) == {"negative"}
        np.testing.assert_array_equal(fitted.predict_proba(X), np.ones((36, 1)))


@pytest.mark.parametrize("estimator", [SupportVectors(), Logistic(C=1.0)], ids=str)
def test_balanced_classes_count_alike(estimator: Any) -> None:
    # at 1 stand ten negatives and the only positive; balanced, they weigh 10 · 21/40 against 21/2
    X = np.array([[0.0]] * 10 + [[1.0]] * 11)
    y = np.array(["negative"] * 20 + ["positive"])
    for balanced, label in ((False, "negative"), (True, "positive")):
        assert clone(estimator).set_params(balanced=balanced).fit(X, y).predict([[1.0]]) == [label]


# --- C=auto


def test_c_has_the_best_uar_of_predictions_pooled_over_inner_people() -> None:
    X, y, groups = clips(spread=3.0, seed=3)
    fitted = Logistic(C="auto").fit(X, y, groups)
    scores = {}
    for C in fitted.grid:
        predicted = np.empty_like(y)
        for fit, validation in GroupKFold(5).split(X, y, groups):
            assert not {groups[i] for i in fit} & {groups[i] for i in validation}
            predicted[validation] = Logistic(C=C).fit(X[fit], y[fit]).predict(X[validation])
        scores[C] = np.mean([(predicted[y == label] == label).mean() for label in np.unique(y)])
    assert len(set(scores.values())) > 2
    assert max(scores, key=lambda C: (scores[C], -C)) == fitted.C_
    np.testing.assert_array_equal(fitted.chosen_on_, np.arange(36))
    np.testing.assert_array_equal(fitted.predict_proba(X), Logistic(C=fitted.C_).fit(X, y).predict_proba(X))


def test_a_given_c_is_not_chosen() -> None:
    X, y, groups = clips()
    fitted = Logistic(C=0.3).fit(X, y, groups)
    assert fitted.C_ == 0.3
    assert not hasattr(fitted, "chosen_on_")


def test_of_equals_the_smallest_c() -> None:
    X, y, groups = clips(spread=0.01)  # every C of the grid is right everywhere
    assert SupportVectors(C="auto", grid=(10.0, 0.1, 1.0)).fit(X, y, groups).C_ == 0.1


def test_choosing_needs_people() -> None:
    X, y, groups = clips()
    for people in (None, ["smic/s1"] * 36):
        with pytest.raises(InputError, match="at least two people"):
            Logistic(C="auto").fit(X, y, people)
    with pytest.raises(ValueError, match="inconsistent"):
        Logistic(C="auto").fit(X, y, groups[:5])


def test_inner_parts_without_a_class_do_no_harm() -> None:
    # only one person shows surprise: with them set apart, the class is not there to learn
    X, y, _ = clips()
    groups = ["smic/s9" if label == "surprise" else f"smic/s{i % 2}" for i, label in enumerate(y)]
    fitted = SupportVectors(C="auto", grid=(0.1, 1.0)).fit(X, y, groups)
    assert fitted.classes_.tolist() == ["negative", "positive", "surprise"]


# --- rows


def test_arrays_of_any_shape_are_flattened() -> None:
    stacked = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(rows_of(stacked), np.arange(24.0).reshape(2, 12))
    np.testing.assert_array_equal(rows_of(list(stacked.astype(np.float32))), np.arange(24.0).reshape(2, 12))


def test_matrices_of_different_shapes_are_named() -> None:
    # also where the number of elements agrees
    with pytest.raises(InputError, match=r"differ in shape \(2×6, 3×4, 5×6\)"):
        rows_of([np.zeros((3, 4)), np.zeros((2, 6)), np.zeros((3, 4)), np.zeros((5, 6))])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_is_counted(bad: float) -> None:
    X, y, _ = clips()
    X[[3, 5], [0, 1]] = bad
    with pytest.raises(InputError, match="2 of 36 clips have NaN"):
        Logistic().fit(X, y)
    fitted = SupportVectors().fit(np.nan_to_num(X, posinf=0), y)
    with pytest.raises(InputError, match="1 of 1 clips have NaN"):
        fitted.predict(X[3:4])


def test_what_does_not_converge_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y, _ = clips(spread=2.0)

    def hasty(self: Logistic, C: float) -> Any:
        return real(self, C).set_params(max_iter=1)

    real = Logistic._classifier
    monkeypatch.setattr(Logistic, "_classifier", hasty)
    with pytest.raises(MienError, match="Logistic with C=1: lbfgs failed to converge"):
        Logistic(C=1.0).fit(X, y)
