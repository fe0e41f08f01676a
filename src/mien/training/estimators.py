"""Networks in scikit-learn's manner: ``fit``, ``predict``, ``predict_proba``, cloneable, seeds explicit.

What differs from scikit-learn's own estimators, and so from its checks: X holds prepared clips, arrays
(n, C, H, W) of the shape that the network was made for (or lists of them, where it takes any number of
frames), not a table of any width; a network cannot be fitted to other widths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from mien.contenders.estimators import UnusableRowsError
from mien.errors import InputError
from mien.progress import silent
from mien.training.settings import Training

if TYPE_CHECKING:
    from pathlib import Path

    from mien.models.base import Network
    from mien.models.init import InitReport
    from mien.training.loop import Clips

__all__ = [
    "METADATA",
    "NetworkClassifier",
    "OneScale",
    "Port",
    "TwoScales",
    "split_people",
    "weights_words",
]


@dataclass(frozen=True, slots=True)
class Port:
    """What one port of a network gets.

    Attributes:
        name: of the port.
        shape: (n, C, H, W) of a prepared clip; n is ``None`` where it has any number of frames.
        picture: whether it shows pictures, which augmentation may change.
    """

    name: str
    shape: tuple[int | None, int, int, int]
    picture: bool


METADATA = "mien"
"""The entry of a file of weights that says what they are: one JSON text."""


class NetworkClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A network with its training.

    Args:
        network: a key of :data:`mien.models.MODELS`.
        ports: what X holds for each port; with several, X is (n, D), the ports' arrays flattened in a row.
        training: the settings.
        preset: of the network.
        options: of the network's preset, as pairs.
        init: a ``.safetensors`` file with first weights; what does not fit is in ``init_report_``.
        seed: of weights, order, augmentation and dropout.
        device: ``"cpu"`` or ``"cuda"``.

    Attributes:
        classes_: the classes, sorted.
        network_: the trained network.
        history_: losses by epoch.
        chosen_on_: positions of the clips that the epoch was chosen on, if it was.
        init_report_: what became of the first weights, if there were any.
    """

    def __init__(
        self,
        network: str,
        ports: tuple[Port, ...],
        training: Training,
        preset: str = "small",
        options: tuple[tuple[str, Any], ...] = (),
        init: str = "",
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.network = network
        self.ports = ports
        self.training = training
        self.preset = preset
        self.options = options
        self.init = init
        self.seed = seed
        self.device = device

    def fit(
        self, X: Any, y: Any, groups: Any = None, *, checkpoint: Path | None = None, progress: Any = None
    ) -> NetworkClassifier:
        """Train from fresh weights, or from those of ``init``.

        The last layer begins anew unless the file was trained on the same classes.

        Args:
            X: the clips.
            y: (n,) their classes.
            groups: (n,) their subjects; needed where the epoch is chosen on inner validation people.
            checkpoint: a file that training is kept in after each epoch, and goes on from: the same
                training of the same network, from the same first weights, on the same clips.
            progress: told about epochs.

        Raises:
            InputError: the clips do not fit the network, a checkpoint of anything else, or a loss that is no
                number.
        """
        from mien.models import make_network
        from mien.training.loop import train

        X, words = _checked(X, y)
        self.classes_, numbers = np.unique(words, return_inverse=True)
        self.n_features_in_ = len(self.ports)
        made = make_network(
            self.network,
            classes=max(2, len(self.classes_)),
            preset=self.preset,
            seed=self.seed,
            **dict(self.options),
        )
        if self.init:
            self.init_report_ = _initialised(made, self.init, [str(c) for c in self.classes_])
        clips = self._clips(made, X, numbers)
        validation = None
        if self.training.patience:
            if groups is None:
                raise InputError("choosing the epoch needs the clips' subjects (groups)")
            own, held = split_people([str(g) for g in groups], self.training.share, self.seed)
            self.chosen_on_ = np.array(held, np.intp)
            clips, validation = clips.take(own), clips.take(held)
        if len(self.classes_) > 1:
            self.history_ = train(
                made,
                clips,
                self.training,
                seed=self.seed,
                validation=validation,
                device=self.device,
                checkpoint=checkpoint,
                what="" if checkpoint is None else self._what(X, words, groups),
                progress=progress or silent,
            )
        self.network_ = made.eval()
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """(n, K) probabilities in the order of ``classes_``."""
        from mien.training.loop import predict

        check_is_fitted(self)
        X = _checked(X)[0]
        if len(self.classes_) == 1:
            return np.ones((len(X), 1))
        clips = self._clips(self.network_, X, np.zeros(len(X), np.int64))
        rows: NDArray[np.float64] = predict(self.network_, clips, device=self.device).double().numpy()
        return np.asarray(rows / rows.sum(axis=1, keepdims=True), np.float64)

    def predict(self, X: Any) -> NDArray[Any]:
        """(n,) classes."""
        rows = self.predict_proba(X)
        return np.asarray(self.classes_[rows.argmax(axis=1)])

    def features(self, X: Any) -> NDArray[np.float64]:
        """(n, D): what the last layer sees."""
        import torch

        from mien.training.loop import repeatable

        check_is_fitted(self)
        clips = self._clips(self.network_, X, np.zeros(len(X), np.int64))
        with repeatable(0), torch.inference_mode():
            rows = [self.network_.features(*clips.batch([i])) for i in range(len(clips))]
        return np.asarray(torch.cat(rows).double().numpy(), np.float64)

    def _what(self, X: Any, words: NDArray[Any], groups: Any) -> str:
        """Digest of the network, its first weights, and every clip with its class and person."""
        import hashlib

        from mien.inputs import file_digest, key_of

        rows = []
        for clip in X:
            array = np.ascontiguousarray(clip, np.float32)
            rows.append([list(array.shape), hashlib.blake2b(array.tobytes(), digest_size=16).hexdigest()])
        made = [self.network, self.preset, repr(self.options), repr(self.ports)]
        weights = file_digest(self.init) if self.init else ""
        people = [] if groups is None else [str(g) for g in groups]
        return key_of("checkpoint", made, weights, rows, [str(word) for word in words], people)

    def _clips(self, network: Network, X: Any, numbers: NDArray[np.integer]) -> Clips:
        """X as the network's ports take it."""
        import torch

        from mien.models.ports import port_input
        from mien.training.loop import Clips

        found: list[list[torch.Tensor]] = [[] for _ in self.ports]
        for clip in X:
            for port, array, tensors in zip(self.ports, _parts(clip, self.ports), found, strict=True):
                tensor = torch.from_numpy(np.ascontiguousarray(array, np.float32))[None]
                tensors.append(port_input(network, port.name, tensor)[0])
        y = torch.from_numpy(np.asarray(numbers, np.int64))
        return Clips(tuple(found), y, tuple(port.picture for port in self.ports))


def _checked(X: Any, y: Any = None) -> tuple[Any, NDArray[Any]]:
    """Clips that are numbers, all of them finite, and a class for each.

    Raises:
        UnusableRowsError: as scikit-learn's estimators do, with what is wrong.
    """
    if issparse(X) or (not hasattr(X, "__len__") and not hasattr(X, "__array__")):
        raise UnusableRowsError("Sparse data and single numbers are no clips; give arrays of numbers")
    if not isinstance(X, (list, tuple)):
        X = np.asarray(X)
    if not len(X):
        raise UnusableRowsError("Found array with 0 sample(s) while a minimum of 1 is required.")
    for i, clip in enumerate(X):
        array = np.asarray(clip)
        if array.dtype.kind == "c":
            raise UnusableRowsError("Complex data not supported: clips are real numbers")
        try:
            finite = bool(np.isfinite(np.asarray(clip, np.float64)).all())
        except (TypeError, ValueError) as error:
            raise UnusableRowsError(f"clip {i} holds something that is no number: {error}") from error
        if not finite:
            raise UnusableRowsError(f"clip {i} contains NaN or infinity")
    if y is None:
        return X, np.empty(0)
    words = column_or_1d(y, warn=True)
    if words.dtype.kind == "f" and not np.isfinite(words).all():
        raise UnusableRowsError("Input y contains NaN or infinity")
    if len(words) != len(X):
        raise UnusableRowsError(f"{len(words)} classes for {len(X)} clips: inconsistent numbers of samples")
    check_classification_targets(words)
    return X, np.asarray(words)


def _initialised(network: Network, path: str, labels: Sequence[str]) -> InitReport:
    """First weights from a file; the last layer's only where it speaks of the same classes."""
    from mien.models.init import load_init

    last = {name: value.clone() for name, value in network.last.state_dict().items()}
    report = load_init(network, path)
    names = {
        name
        for name, value in network.named_parameters()
        if any(value is p for p in network.last.parameters())
    }
    if not report.adapted and names.issuperset(report.loaded):
        raise InputError(f"{path}: nothing but the last layer fits; these are weights of another network")
    if (weights_words(path) or {}).get("labels") != list(labels):
        network.last.load_state_dict(last)
        report = report.without(names)
    return report


def weights_words(path: str | Path) -> dict[str, Any] | None:
    """What a file of weights says of itself (network, labels, subjects, ...); ``None`` if it is not mien's.

    Raises:
        InputError: it cannot be read as safetensors, or is mien's and does not say whom it was trained on.
    """
    import json

    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(METADATA)
        if text is None:
            return None
        words = json.loads(text)
    except (OSError, SafetensorError, ValueError) as error:
        raise InputError(f"{path} is no safetensors file, or a damaged one ({error})") from None
    people = words.get("subjects") if isinstance(words, dict) else None
    if not isinstance(people, list) or not all(isinstance(person, str) for person in people):
        raise InputError(
            f"{path} does not say whom these weights were trained on, so that nobody could be tested "
            "honestly: train them again with mien train"
        )
    return dict(words)


def _parts(clip: Any, ports: Sequence[Port]) -> list[NDArray[np.float32]]:
    """A clip's array for each port."""
    array = np.asarray(clip, np.float32)
    if len(ports) == 1:
        shape = ports[0].shape
        if array.ndim != 4 or any(w not in (None, h) for w, h in zip(shape, array.shape, strict=True)):
            wanted = "×".join("any" if n is None else str(n) for n in shape)
            raise InputError(f"the network takes clips of {wanted}, not {'×'.join(map(str, array.shape))}")
        return [array]
    sizes = [int(np.prod([n or 0 for n in port.shape])) for port in ports]
    if array.ndim != 1 or array.size != sum(sizes):
        raise InputError(f"the network takes {sum(sizes)} numbers a clip, not {array.shape}")
    pieces = np.split(array, np.cumsum(sizes)[:-1])
    return [p.reshape([n or 0 for n in port.shape]) for p, port in zip(pieces, ports, strict=True)]


def split_people(groups: Sequence[str], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Set a share of the people apart, drawn with a seed.

    Returns:
        Positions to train on and positions to choose on; of different people.

    Raises:
        InputError: there is only one person.
    """
    people = sorted(set(groups))
    if len(people) < 2:
        raise InputError("choosing the epoch needs two training people at least")
    drawn = np.random.default_rng(seed).permutation(len(people))
    held = {people[i] for i in drawn[: max(1, min(len(people) - 1, round(share * len(people))))]}
    return [i for i, g in enumerate(groups) if g not in held], [i for i, g in enumerate(groups) if g in held]


class TwoScales(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """DTSCNN's decision: two streams trained one by one, a linear SVM on each one's pool4, the surer decides.

    Peng, Wang, Chen, Liu, Fu (Frontiers in Psychology 8:1745, 2017). How the SVMs' probabilities were
    calibrated is not published; here they are a softmax of the decision values.

    Args:
        first: the stream of the short scale, a :class:`NetworkClassifier` of one port.
        second: the stream of the long one.
        head: ``"svm"``, or ``"softmax"``: the streams' own last layers.

    Attributes:
        classes_: the classes, sorted.
        streams_: both, fitted.
        heads_: both SVMs.
    """

    def __init__(self, first: NetworkClassifier, second: NetworkClassifier, head: str = "svm") -> None:
        self.first = first
        self.second = second
        self.head = head

    def fit(
        self, X: Any, y: Any, groups: Any = None, *, checkpoint: Path | None = None, progress: Any = None
    ) -> TwoScales:
        """Train both; X is (n, D), the two scales' arrays flattened in a row.

        With a checkpoint each stream has its own (:meth:`checkpoints`).
        """
        from sklearn.base import clone

        from mien.contenders.estimators import SupportVectors

        self.streams_ = []
        self.heads_ = []
        files = self.checkpoints(checkpoint) if checkpoint is not None else (None, None)
        for stream, part, file in zip((self.first, self.second), self._split(X), files, strict=True):
            fitted = clone(stream).fit(part, y, groups, checkpoint=file, progress=progress)
            self.streams_.append(fitted)
            if self.head == "svm":
                self.heads_.append(SupportVectors("linear", 1.0).fit(fitted.features(part), y))
        self.classes_ = self.streams_[0].classes_
        return self

    @staticmethod
    def checkpoints(file: Path) -> tuple[Path, Path]:
        """``m.checkpoint`` as the two streams have it: ``m.short.checkpoint`` and ``m.long.checkpoint``."""
        return file.with_suffix(f".short{file.suffix}"), file.with_suffix(f".long{file.suffix}")

    def probabilities(self, X: Any) -> list[NDArray[np.float64]]:
        """(n, K) of each stream."""
        check_is_fitted(self)
        rows = []
        for number, (stream, part) in enumerate(zip(self.streams_, self._split(X), strict=True)):
            if self.head == "svm":
                rows.append(np.asarray(self.heads_[number].predict_proba(stream.features(part)), np.float64))
            else:
                rows.append(stream.predict_proba(part))
        return rows

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """(n, K): the probabilities of the stream that is surer, clip by clip."""
        import torch

        from mien.models.dtscnn import surer

        first, second = (torch.from_numpy(rows) for rows in self.probabilities(X))
        return np.asarray(surer(first, second).numpy(), np.float64)

    def predict(self, X: Any) -> NDArray[Any]:
        """(n,) classes."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def _split(self, X: Any) -> list[list[NDArray[np.float32]]]:
        ports = (*self.first.ports, *self.second.ports)
        parts = [_parts(clip, ports) for clip in X]
        return [[pair[i] for pair in parts] for i in range(2)]


class OneScale(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """One stream of DTSCNN with a linear SVM on its pool4.

    Args:
        stream: a :class:`NetworkClassifier` of one port.

    Attributes:
        classes_: the classes, sorted.
        stream_: fitted.
        head_: the SVM.
    """

    def __init__(self, stream: NetworkClassifier) -> None:
        self.stream = stream

    def fit(self, X: Any, y: Any, groups: Any = None) -> OneScale:
        """Train the stream, then the SVM on its features of the same clips."""
        from sklearn.base import clone

        from mien.contenders.estimators import SupportVectors

        self.stream_ = clone(self.stream).fit(X, y, groups)
        self.head_ = SupportVectors("linear", 1.0).fit(self.stream_.features(X), y)
        self.classes_ = self.stream_.classes_
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """(n, K)."""
        check_is_fitted(self)
        return np.asarray(self.head_.predict_proba(self.stream_.features(X)), np.float64)

    def predict(self, X: Any) -> NDArray[Any]:
        """(n,) classes."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])
