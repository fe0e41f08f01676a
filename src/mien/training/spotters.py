"""SMEConvNet as a spotter: features of frames, a window that slides over them, events.

Zhang, Chen, Meng, Liu, Fu (IEEE Access 6:71143, 2018); of the paper only the abstract was at hand. **A
reconstruction**, in these points: a frame is labelled with the event's emotion within a quarter window of the
apex and as neutral outside all events (frames between are not trained on); the window is the longest
micro-expression (0.5 s); frames are the steadied crops that :func:`mien.analyze` makes, not a data set's own;
in the ``small`` preset what differs from the video's usual face, and the window slides over probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from mien.contenders.options import Choice, Number, Whole, check_options, option, spell
from mien.contenders.spotters import BARS_VERSION, PassedOn, face_frames, settled
from mien.errors import InputError
from mien.inputs import ArrayCache, Clip, InputSpec, file_digest, key_of, prepare
from mien.models import PRESETS
from mien.sources import Recording, Source
from mien.spotting.curve import kind_of
from mien.spotting.feature_window import (
    LONGEST_S,
    WINDOW_VERSION,
    apex_of,
    bumps,
    changes,
    first_frame_scores,
    rate_of,
    seconds_of,
    usual_face,
    usual_frames,
    window_of,
    window_scores,
)
from mien.training.estimators import NetworkClassifier, Port, split_people
from mien.training.settings import Augment, Training
from mien.training.systems import WeightsFile, need_torch, people_of

__all__ = ["NEUTRAL", "SHARE", "FaceFrames", "FeatureSpotter", "SmeconvnetSpotting"]

NEUTRAL: Final = "neutral"
_FRAMES_VERSION = 2
_VERSION = 2
"""Grows whenever the same frames and settings would give other events."""
_TIME_BYTES = 4
"""Behind a frame's pixels stand its seconds, a float32; NaN where the face was not seen well enough."""
_AT_ONCE = 256
"""Frames that are shown to the network at once."""
_QUIET = 0.95
"""The noise floor: scores of frames outside events stay below it so often."""
SHARE: Final = 0.5
"""Where the threshold lies between a video's mean score and its highest one."""
_FRAMES_A_WINDOW = 32
"""Frames to train on are no nearer: at 200 a second neighbours show the same."""
_LEAST_FLOOR = 1e-9
"""Of a network that says the same of all frames."""

Rule = Literal["window", "apex", "first", "middle"]
Frames = Literal["change", "raw"]
Rows = Literal["classes", "hidden"]


@dataclass(frozen=True, slots=True)
class FaceFrames:
    """The step from a recording to its steadied faces, in the states that :func:`mien.analyze` settles on.

    Attributes:
        side: of the square that is kept, pixels.
    """

    side: int

    @property
    def spec(self) -> InputSpec:
        """How a frame is prepared, for the model file; the step keeps its grey levels as whole numbers."""
        return InputSpec((self.side, self.side), crop="tight", part="apex", normalisation="unit")

    def digest(self) -> str:
        """Of the side and the version."""
        return key_of("face frames", _FRAMES_VERSION, self.side)

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> NDArray[np.uint8]:
        """``uint8`` (T, side² + 4): grey pixels row by row, then the time.

        Raises:
            InputError: the source is no recording, or shows no face.
        """
        if not isinstance(source, Recording):
            raise InputError("smeconvnet finds expressions in long videos: ask for --protocol spotting")
        rows = np.zeros((len(source.files), self.side**2 + _TIME_BYTES), np.uint8)
        levels = replace(self.spec, normalisation="none")
        states, sharpness, hand = [], [], []
        times = np.full(len(rows), np.nan, np.float32)
        for i, face in enumerate(face_frames(source)):
            states.append(face.state)
            sharpness.append(face.sharpness)
            hand.append(face.hand)
            if face.crop is not None and face.state == "ok":
                picture = prepare(Clip(face.crop[None], source.fps, 0, 0, 0), levels)
                rows[i, :-_TIME_BYTES] = picture.astype(np.uint8).ravel()
                times[i] = face.time
        unseen = np.array(settled(states, sharpness, hand)) != "ok"
        times[unseen], rows[unseen] = np.nan, 0
        rows[:, -_TIME_BYTES:] = times[:, None].view(np.uint8)
        if (~unseen).sum() < 2:
            raise InputError(f"{source.key}: no face was seen well enough in two pictures.")
        return rows


def times_of(video: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(T,) seconds; NaN where the face was not seen."""
    return np.ascontiguousarray(video[:, -_TIME_BYTES:]).view(np.float32)[:, 0].astype(np.float64)


def _usual(video: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """(side, side): what the video usually shows."""
    seen = np.flatnonzero(np.isfinite(times_of(video)))
    # chosen before they are copied: a minute's pictures are a hundred megabytes
    return usual_face(video[seen[usual_frames(len(seen))], :-_TIME_BYTES].reshape(-1, side, side))


def _pictures(
    video: NDArray[np.uint8], which: Any, side: int, usual: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """(n, 1, 1, side, side): 0 to 1, or how they differ from what is usual."""
    pixels = video[which, :-_TIME_BYTES].reshape(-1, side, side)
    if usual is None:
        return (pixels.astype(np.float32) / np.float32(255))[:, None, None]
    return changes(pixels, usual)[:, None, None]


class FeatureSpotter(BaseEstimator):  # type: ignore[misc]
    """Trains the network on frames, then finds events in its features.

    Cloned and told its parameters as scikit-learn does. Its checks do not apply: they hand over tables and
    one class a row; this takes videos of any length and gives lists of events.

    Args:
        classifier: of frames; one port.
        side: of the frames.
        rule: ``"window"``: the sliding window. ``"apex"``: one event a video, where the window's score is
            highest, whatever the bar. The foils: ``"first"``: the one frame that differs most from
            the first; ``"middle"``: the middle of the video, whatever it shows.
        frames: ``"change"``: what of a frame differs from the video's usual face; ``"raw"``: its grey levels.
        rows: of the feature matrix: ``"classes"``: the probabilities; ``"hidden"``: the last hidden layer.
        share: of the training people set apart, on whom the floor and the bar are chosen.
        seed: of that draw.

    Attributes:
        floor_: what is noise, in the unit of the features.
        chosen_on_: positions of the videos that it and the bar were chosen on.
    """

    def __init__(
        self,
        classifier: NetworkClassifier,
        side: int,
        rule: Rule = "window",
        frames: Frames = "change",
        rows: Rows = "classes",
        share: float = 0.2,
        seed: int = 0,
    ) -> None:
        self.classifier = classifier
        self.side = side
        self.rule = rule
        self.frames = frames
        self.rows = rows
        self.share = share
        self.seed = seed

    def fit(
        self,
        X: Sequence[NDArray[np.uint8]],
        truths: Sequence[Sequence[Any]],
        groups: Sequence[str] | None = None,
        *,
        checkpoint: Path | None = None,
        progress: Any = None,
    ) -> FeatureSpotter:
        """Train on videos.

        Args:
            X: of each the array of :class:`FaceFrames`.
            truths: its expressions, with onset, apex, offset, kind and emotion.
            groups: its person.
            checkpoint: a file that training is kept in after each epoch, and goes on from.
            progress: told about epochs.

        Raises:
            InputError: fewer than two people, or nothing to learn from.
        """
        if self.rule == "middle":
            return self
        if groups is None:
            raise InputError("choosing a threshold needs the videos' subjects")
        own, held = split_people([str(g) for g in groups], self.share, self.seed)
        quiet = [_outside(X[i], truths[i]) & _scored(X[i]) for i in held]
        if not any(map(np.any, quiet)):  # before anything is trained and kept
            raise InputError(
                "the people set apart show nothing but expressions: what is noise cannot be told"
            )
        frames, words = [], []
        for i in own:
            which, labels = _labelled(X[i], truths[i])
            usual = _usual(X[i], self.side) if self.frames == "change" else None
            frames.append(_pictures(X[i], which, self.side, usual))
            words += labels
        if len(set(words)) < 2:
            raise InputError("no training video shows an expression with an emotion")
        self.classifier.fit(np.concatenate(frames), np.array(words), checkpoint=checkpoint, progress=progress)
        self.chosen_on_ = np.array(held, np.intp)
        scores = [self._scores(X[i]) for i in held]
        noise = np.concatenate([score[calm] for score, calm in zip(scores, quiet, strict=True)])
        self.floor_ = max(_LEAST_FLOOR, float(np.quantile(noise, _QUIET)))
        events = [self._events(X[i], score) for i, score in zip(held, scores, strict=True)]
        self.bars_ = PassedOn("auto").fit(events, [truths[i] for i in held])
        return self

    def predict(self, X: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float64]]:
        """Of each video its events (k, 6): onset, apex, offset, kind, score, threshold."""
        if self.rule != "window":
            return [self._foil(video) for video in X]
        return self.bars_.predict([self._events(video, self._scores(video)) for video in X])

    def features(self, video: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The feature matrix (T, D); NaN where the face was not seen."""
        seen = np.flatnonzero(np.isfinite(times_of(video)))
        usual = _usual(video, self.side) if self.frames == "change" else None
        told = self.classifier.predict_proba if self.rows == "classes" else self.classifier.features
        # some at a time: a minute's pictures in float32 are half a gigabyte
        parts = [seen[i : i + _AT_ONCE] for i in range(0, len(seen), _AT_ONCE)]
        found = np.concatenate([told(_pictures(video, part, self.side, usual)) for part in parts])
        rows = np.full((len(video), found.shape[1]), np.nan)
        rows[seen] = found
        return rows

    def _scores(self, video: NDArray[np.uint8]) -> NDArray[np.float64]:
        return window_scores(self.features(video), _window(video))

    def _events(self, video: NDArray[np.uint8], scores: NDArray[np.float64]) -> NDArray[np.float64]:
        window, time = _window(video), times_of(video)
        rows = []
        for bump in bumps(scores, window, floor=self.floor_, share=SHARE):
            kind = float(kind_of(seconds_of(time, bump)) == "macro")
            rows.append((bump.onset, bump.apex, bump.offset, kind, bump.score / self.floor_, self.floor_))
        return np.array(rows, np.float64).reshape(-1, 6)

    def _foil(self, video: NDArray[np.uint8]) -> NDArray[np.float64]:
        half, last = _window(video) // 2, len(video) - 1
        apex = last // 2
        if self.rule == "first":
            apex = apex_of(first_frame_scores(self.features(video)))
        elif self.rule == "apex":
            apex = apex_of(self._scores(video))
        onset, offset = max(0, apex - half // 2), min(last, apex + half // 2)
        return np.array([[onset, apex, offset, 0.0, 1.0, 1.0]])


def _window(video: NDArray[np.uint8]) -> int:
    return window_of(rate_of(times_of(video)), LONGEST_S)


def _scored(video: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Frames that the window gives a score, whatever the features: those at its ends show the face, too."""
    return np.isfinite(window_scores(times_of(video)[:, None], _window(video)))


def _outside(video: NDArray[np.uint8], truths: Sequence[Any]) -> NDArray[np.bool_]:
    """Frames that no event touches, half a window around it included, and that show the face."""
    outside = np.isfinite(times_of(video))
    half = _window(video) // 2
    for truth in truths:
        outside[max(0, truth.onset - half) : truth.offset + half + 1] = False
    return outside


def _labelled(video: NDArray[np.uint8], truths: Sequence[Any]) -> tuple[list[int], list[str]]:
    """Frames to train on and their words: as many neutral ones, evenly spread, as of all emotions."""
    seen = np.isfinite(times_of(video))
    quarter, step = max(1, _window(video) // 4), max(1, _window(video) // _FRAMES_A_WINDOW)
    which: list[int] = []
    words: list[str] = []
    for truth in truths:
        if truth.emotion is None:
            continue
        apex = (truth.onset + truth.offset) // 2 if truth.apex is None else truth.apex
        near = range(max(truth.onset, apex - quarter), min(truth.offset, apex + quarter) + 1)
        its = [i for i in near if seen[i] and (i - apex) % step == 0]
        which += its
        words += [str(truth.emotion)] * len(its)
    calm = np.flatnonzero(_outside(video, truths))
    count = min(len(calm), max(8, len(which)))
    if count:
        chosen = calm[np.linspace(0, len(calm) - 1, count).round().astype(int)].tolist()
        which += chosen
        words += [NEUTRAL] * count
    return which, words


@dataclass(frozen=True, kw_only=True)
class SmeconvnetSpotting:
    """SMEConvNet under ``mien bench --protocol spotting``.

    Paper (by a third party): SGD with momentum .9, learning rate 4e-4, decay 5e-3, 64 frames a batch, 150
    epochs; the plateau after which it lowers the rate is replaced by a tenth every 50 epochs. Its rows are
    the last hidden layer, of raw frames. Small: Adam, 15 epochs, frames turned (5°) and shifted (3 %) at
    random; its rows are probabilities, and it sees what differs from the video's usual face.
    """

    base: ClassVar[str] = "smeconvnet"
    words: ClassVar[str] = "SMEConvNet: frame features, a sliding window (Zhang et al. 2018; reconstructed)"
    task: ClassVar[Literal["spotting"]] = "spotting"

    preset: str = field(
        default="small",
        metadata=option(Choice(PRESETS), "sizes, settings: for two cores, or as published"),
    )
    rule: str = field(
        default="window",
        metadata=option(
            Choice(("window", "apex", "first", "middle")), "how the apex is found in the features"
        ),
    )
    frames: str = field(
        default="auto",
        metadata=option(
            Choice(("auto", "change", "raw")),
            "what the network sees: what differs from the video's usual face, or grey levels; auto: preset's",
        ),
    )
    rows: str = field(
        default="auto",
        metadata=option(
            Choice(("auto", "classes", "hidden")),
            "what the window slides over: probabilities, or the last hidden layer; auto: preset's",
        ),
    )
    epochs: int = field(default=0, metadata=option(Whole(0), "of training; 0: the preset's"))
    lr: float | str = field(default="auto", metadata=option(Number(auto=True), "auto: the preset's"))
    init: str = field(default="", metadata=option(WeightsFile(), "first weights, a .safetensors file"))
    device: str = field(default="cpu", metadata=option(Choice(("cpu", "cuda")), "where it is trained"))

    def __post_init__(self) -> None:
        check_options(self)

    @property
    def name(self) -> str:
        """With the options that differ from the defaults."""
        changed = spell(self)
        return f"{self.base}:{changed}" if changed else self.base

    @property
    def needs_training(self) -> bool:
        """All but the middle."""
        return self.rule != "middle"

    @property
    def side(self) -> int:
        """Of a frame."""
        return 224 if self.preset == "paper" else 96

    @property
    def training(self) -> Training:
        """As above."""
        # half of the frames are neutral as they are drawn; evened out by class, most would be one person's
        how = Training(
            epochs=15, batch=32, optimizer="adam", lr=1e-3, schedule="cosine", balance="none",
            augment=Augment(rotate=5, shift=0.03),
        )  # fmt: skip
        if self.preset == "paper":
            how = Training(
                epochs=150, batch=64, lr=4e-4, weight_decay=5e-3, schedule="step", step=50, balance="none"
            )
        if self.epochs:
            how = replace(how, epochs=self.epochs)
        return how if self.lr == "auto" else replace(how, lr=float(self.lr))

    @property
    def fed(self) -> Frames:
        """What the network is fed with."""
        auto = "raw" if self.preset == "paper" else "change"
        return auto if self.frames == "auto" else self.frames  # type: ignore[return-value]

    @property
    def matrix(self) -> Rows:
        """What the rows of the feature matrix are."""
        auto = "hidden" if self.preset == "paper" else "classes"
        return auto if self.rows == "auto" else self.rows  # type: ignore[return-value]

    @property
    def seen(self) -> tuple[str, ...]:
        """Whom the first weights were trained on; see :attr:`mien.training.systems.System.seen`."""
        return people_of(self.init)

    def digest(self) -> str:
        """Of all options, the training and the step."""
        own = {one.name: getattr(self, one.name) for one in fields(self)}
        own |= {"init": file_digest(self.init) if self.init else "", "frames": self.fed, "rows": self.matrix}
        versions = (_VERSION, WINDOW_VERSION, BARS_VERSION)
        return key_of("smeconvnet", versions, own, self.training.digest(), FaceFrames(self.side).digest())

    def step_for(self, source: Source) -> FaceFrames:
        """From a recording to its faces.

        Raises:
            InputError: it is no recording.
        """
        if not isinstance(source, Recording):
            raise InputError("smeconvnet finds expressions in long videos: ask for --protocol spotting")
        return FaceFrames(self.side)

    def make(self, seed: int) -> FeatureSpotter:
        """A new one, unfitted."""
        need_torch()
        port = Port("frame", (1, 1, self.side, self.side), picture=True)
        classifier = NetworkClassifier(
            "smeconvnet",
            (port,),
            self.training,
            self.preset,
            init=self.init,
            seed=seed,
            device=self.device,
        )
        rule: Any = self.rule
        return FeatureSpotter(classifier, self.side, rule, self.fed, self.matrix, seed=seed)
