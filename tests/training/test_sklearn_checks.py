"""scikit-learn's own checks on :class:`NetworkClassifier`, as far as they apply.

They hand over tables of any width, which no network takes: here a row's numbers are repeated until a clip is
full. What does not apply, and why, stands in :data:`NOT`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import check_is_fitted, validate_data

from mien.training.estimators import NetworkClassifier, Port
from mien.training.settings import Training

SHAPE = (1, 3, 28, 28)
HOW = Training(epochs=20, batch=16, optimizer="adam", lr=3e-3)

NOT = {
    "check_array_api_input": "needs an environment variable",
    "check_parameters_default_constructible": "wants defaults of plain types; ours is a dataclass",
    "check_methods_subset_invariance": "wants equal to 1e-7; float32 sums differ by the batch",
}


class Tabular(NetworkClassifier):
    """Any table as clips."""

    def __init__(
        self,
        network: str = "ststnet",
        ports: tuple[Port, ...] = (Port("flow", SHAPE, False),),
        training: Training = HOW,
        preset: str = "small",
        options: tuple[tuple[str, Any], ...] = (),
        init: str = "",
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        super().__init__(network, ports, training, preset, options, init, seed, device)

    def fit(self, X: Any, y: Any, groups: Any = None) -> Tabular:
        X, y = validate_data(self, X, y, dtype="numeric")
        width = self.n_features_in_
        super().fit(filled(X), y, groups)
        self.n_features_in_ = width
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self)
        return super().predict_proba(filled(validate_data(self, X, reset=False)))


def filled(X: NDArray[Any]) -> NDArray[np.float64]:
    size = int(np.prod(SHAPE))
    rows = np.tile(np.asarray(X, np.float64), (1, -(-size // X.shape[1])))
    return rows[:, :size].reshape(len(X), *SHAPE)


CHECKS = [
    pytest.param(check, estimator, id=f"{getattr(check, '__name__', None) or check.func.__name__}-{i}")
    for i, (estimator, check) in enumerate(estimator_checks_generator(Tabular(), legacy=True))
]


@pytest.mark.parametrize(("check", "estimator"), CHECKS)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_check(check: Any, estimator: Any) -> None:
    name = getattr(check, "__name__", None) or check.func.__name__
    if name in NOT:
        pytest.skip(NOT[name])
    check(estimator)
