"""A trained network from a file as a spotter: features of frames, a window that slides over them, events.

The file is what ``mien train smeconvnet`` writes. Its graph takes single frames of the face crop, prepared
as its spec says, and gives them probabilities (first output) and :data:`FEATURES`; this runs it without
torch. What is done with the features is in :mod:`mien.spotting.feature_window`.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.errors import InputError
from mien.events import Event, EventKind, FaceState, Span
from mien.face import FaceFrame
from mien.inputs import Clip, prepare
from mien.modelfile import ModelFile, ModelMetadata, read
from mien.spotting.base import Spotting
from mien.spotting.curve import Float, kind_of
from mien.spotting.feature_window import (
    LEFT,
    LONGEST_S,
    Bump,
    bumps,
    changes,
    least_of,
    rate_of,
    seconds_of,
    usual_face,
    usual_frames,
    window_of,
    window_scores,
)

__all__ = ["FEATURES", "MODEL", "ModelSpotter"]

MODEL = ".onnx"
"""How the names of model files end."""
FEATURES = "features"
"""The output of a spotting model file that holds a row for each frame: (B, D)."""
_DEFAULTS = {"share": 0.5, "micro_bar": 0.0, "macro_bar": 0.0, "window_s": LONGEST_S}
"""Of what a file does not say; a floor it has to."""
_POSITIVE = ("a number above 0", lambda value: 0 < value < math.inf)
_NOT_NEGATIVE = ("a number of 0 or more", lambda value: 0 <= value < math.inf)
_ALLOWED: dict[str, tuple[str, Callable[[float], bool]]] = {
    "floor": _POSITIVE,
    "share": ("a number from 0 to 1", lambda value: 0 <= value <= 1),
    "micro_bar": _NOT_NEGATIVE,
    "macro_bar": _NOT_NEGATIVE,
    "window_s": _POSITIVE,
}
_WORDS: dict[str, tuple[str, ...]] = {"frames": ("raw", "change"), "rows": ("hidden", "classes")}
"""What the network is fed with, and which of its outputs are a row for the window; the first, if not said."""
_BATCH = 32


@dataclass(frozen=True)
class ModelSpotter:
    """A model file as a spotter.

    It keeps a row of ``float32`` for each frame: probabilities with the ``small`` SMEConvNet, 500 features
    with the ``paper`` one, 24 MB for a minute at 200 frames a second. A network that sees changes runs at the
    end, when the video's usual face is known: until then its grey frames are kept, 110 MB for that minute. It
    knows nothing of blinks: an event during one is reported, and says so.

    Attributes:
        path: the file.
        floor: absolute noise floor, in the unit of the features, > 0. Scores are given in floors.
        share: how far the threshold lies between the recording's mean score and its highest, 0 to 1.
        micro_bar: how many floors a micro-expression must score at least, >= 0.
        macro_bar: the same for macro-expressions.
        window_s: length of the window, seconds, > 0; no event is longer.
        sha256: of the file's bytes, hexadecimal.

    The five in the middle are, where ``None`` is given, what the file says: they were chosen on people set
    apart in training.

    Raises:
        InputError: there is no such file, it is no spotter of mien's, it wants what the face crop does not
            give, or a tunable makes no sense.
    """

    path: Path
    floor: float | None = None
    share: float | None = None
    micro_bar: float | None = None
    macro_bar: float | None = None
    window_s: float | None = None
    sha256: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        told = {**_DEFAULTS, **self.metadata.tunables}
        for name in _ALLOWED:
            given = getattr(self, name)
            value = told.get(name) if given is None else given
            if value is None:
                raise InputError(
                    f"{self.name} does not say what is noise: write it with the tunable {name!r}, or give one"
                )
            if isinstance(value, (str, bool)) or not _ALLOWED[name][1](value):
                raise InputError(f"{self.name}: {name} must be {_ALLOWED[name][0]}, not {value!r}")
            object.__setattr__(self, name, float(value))
        with self.path.open("rb") as file:
            object.__setattr__(self, "sha256", hashlib.file_digest(file, "sha256").hexdigest())

    def __getstate__(self) -> dict[str, Any]:
        return {
            key: value for key, value in vars(self).items() if key != "model"
        }  # a session does not travel

    @cached_property
    def model(self) -> ModelFile:
        """The file, ready to run."""
        model = read(self.path)
        _check(model)
        return model

    @property
    def metadata(self) -> ModelMetadata:
        """What the file says of itself."""
        return self.model.metadata

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def paper(self) -> str:
        """Whose network it is."""
        return self.metadata.paper or self.metadata.name

    @property
    def frames(self) -> str:
        """``"change"``: the network sees what differs from the video's usual face; ``"raw"``: grey levels."""
        return str(self.metadata.tunables.get("frames", "raw"))

    @property
    def rows(self) -> str:
        """``"classes"``: the window slides over the probabilities; ``"hidden"``: over the features."""
        return str(self.metadata.tunables.get("rows", "hidden"))

    def begin(self, fps: float) -> _Session:
        """Start on a recording; its frame rate is measured as it comes."""
        return _Session(self)

    def decide(self, features: NDArray[Any], time: Float) -> tuple[Float, float, list[Bump]]:
        """From the features of a recording to where it stands out.

        Args:
            features: (N, D).
            time: (N,) seconds; NaN for frames that must not be scored.

        Returns:
            (N,) scores in floors, NaN where not scored; the least that any apex must reach, in floors; and
            all bumps that do, in the unit of the features.
        """
        assert self.floor is not None
        assert self.share is not None
        nothing: Float = np.full(len(time), np.nan)
        if np.isfinite(time).sum() < 2:
            return nothing, 1.0, []
        window = window_of(rate_of(time), self.window_s or LONGEST_S)
        curve = window_scores(np.where(np.isfinite(time)[:, None], features, np.nan), window)
        if not np.isfinite(curve).any():
            return curve, 1.0, []
        least = least_of(curve, floor=self.floor, share=self.share)
        found = bumps(curve, window, floor=self.floor, share=self.share)
        return curve / self.floor, least / self.floor, found


def _check(model: ModelFile) -> None:
    """Refuse what cannot be run frame by frame on the face crop."""
    name, told = model.path.name, model.metadata
    if told.task != "spotting":
        raise InputError(f"{name} is a model for {told.task}, not for spotting: give it with --recognizer")
    if FEATURES not in [port.name for port in model.outputs]:
        raise InputError(f"{name} gives no {FEATURES!r}: train it with mien train smeconvnet")
    for word, known in _WORDS.items():
        if (value := told.tunables.get(word, known[0])) not in known:
            raise InputError(f"{name}: {word} must be {' or '.join(known)}, not {value!r}")
    if len(model.inputs) != 1:
        raise InputError(f"{name} takes {len(model.inputs)} inputs; a spotter's file takes one, the frame")
    (port,) = model.inputs
    spec, shape = told.inputs[port.name], port.shape
    if spec.content != "frames" or spec.part != "apex" or spec.magnify or spec.colour != "grey":
        raise InputError(f"{name}: its input {port.name!r} is not a single grey frame as it was recorded")
    if spec.crop == "given":
        raise InputError(
            f"{name} was trained on a data set's own crops of the face (input {port.name!r}), which a "
            "recording does not have: use a model that was trained on the canonical or tight crop"
        )
    if len(shape) not in (4, 5) or shape[0] not in (None, 1):
        written = " × ".join("any" if n is None else str(n) for n in shape) or "a single number"
        raise InputError(
            f"{name}: its input {port.name!r} is of shape {written}; frames are fed as frames × 1 × 1 × "
            "height × width, or without the second axis"
        )


@dataclass
class _Session:
    settings: ModelSpotter
    frames: array[int] = field(default_factory=lambda: array("q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    rows: array[float] = field(default_factory=lambda: array("f"))
    """Features, one row after another, of the frames in ``seen``."""
    seen: array[int] = field(default_factory=lambda: array("q"))
    waiting: list[NDArray[Any]] = field(default_factory=list)
    """Prepared frames of the batch; where the usual face has to be known first, grey levels of them all."""

    def push(self, frame: FaceFrame) -> None:
        """Take the next frame."""
        if frame.crop is not None and frame.state == "ok":
            (spec,) = self.settings.metadata.inputs.values()
            self.seen.append(len(self.frames))
            clip = Clip(frame.crop[None], 1.0, 0, 0, 0)
            if self.settings.frames == "change":
                self.waiting.append(prepare(clip, replace(spec, normalisation="none")).astype(np.uint8))
            else:
                self.waiting.append(prepare(clip, spec))
        self.frames.append(frame.index)
        self.times.append(frame.time)
        if len(self.waiting) == _BATCH and self.settings.frames != "change":
            self._run(np.stack(self.waiting))
            self.waiting.clear()

    def _run_changes(self, ok: NDArray[np.bool_]) -> None:
        """Features of all frames, now that it is known which (N,) of them show the face well."""
        if not ok.any():
            ok = np.ones(len(self.waiting), bool)  # none of them will be scored
        # the pictures are a hundred megabytes a minute: only those that are wanted are copied
        chosen = np.flatnonzero(ok)[usual_frames(int(ok.sum()))]
        usual = usual_face(np.stack([self.waiting[i][0, 0] for i in chosen]))
        for first in range(0, len(self.waiting), _BATCH):
            levels = np.stack(self.waiting[first : first + _BATCH])[:, 0, 0]
            self._run(changes(levels, usual)[:, None, None])

    def _run(self, given: NDArray[np.float32]) -> None:
        """Features of frames (B, 1, 1, H, W)."""
        model = self.settings.model
        (port,) = model.inputs
        if len(port.shape) == 4:
            given = given[:, 0]
        pieces = [given] if port.shape[0] is None else np.split(given, len(given))
        for piece in pieces:
            told = model.run({port.name: piece})
            found = told[FEATURES if self.settings.rows == "hidden" else model.outputs[0].name]
            if found.ndim != 2 or len(found) != len(piece) or not np.isfinite(found).all():
                raise InputError(f"{self.settings.name} gave no feature of finite numbers for every frame")
            self.rows.frombytes(np.ascontiguousarray(found, np.float32).tobytes())

    def finish(self, states: list[FaceState], blinks: tuple[Span, ...]) -> Spotting:
        """Decide, with the final states; blinks are only named."""
        if self.waiting and self.settings.frames == "change":
            self._run_changes(np.array([states[i] == "ok" for i in self.seen], bool))
        elif self.waiting:
            self._run(np.stack(self.waiting))
        self.waiting.clear()
        s, n = self.settings, len(self.frames)
        frame, time = np.array(self.frames, np.int64), np.array(self.times, np.float64)
        seen = np.array(self.seen, np.int64)
        features = np.full((n, len(self.rows) // max(1, len(seen))), np.nan, np.float32)
        features[seen] = np.array(self.rows, np.float32).reshape(len(seen), -1) if len(seen) else np.nan
        ok = np.isin(np.arange(n), seen) & np.array([state == "ok" for state in states], bool)
        score, least, found = s.decide(features, np.where(ok, time, np.nan))
        assert s.micro_bar is not None
        assert s.macro_bar is not None
        threshold = np.full(n, max(least, s.micro_bar))
        events = []
        for bump in found:
            kind = kind_of(seconds_of(time, bump))
            bar = max(least, s.micro_bar if kind == "micro" else s.macro_bar)
            threshold[bump.onset : bump.offset + 1] = bar
            if score[bump.apex] >= bar:
                events.append(_event(bump, kind, float(score[bump.apex] / bar), score, frame, time, blinks))
        return Spotting(
            score.astype(np.float32),
            threshold.astype(np.float32),
            np.full((n, len(REGIONS)), np.nan, np.float32),
            tuple(sorted(events, key=lambda event: (event.onset, event.apex))),
        )


def _event(
    bump: Bump,
    kind: EventKind,
    over: float,
    score: Float,
    frame: NDArray[np.int64],
    time: Float,
    blinks: tuple[Span, ...],
) -> Event:
    onset, apex, offset = bump.onset, bump.apex, bump.offset
    padded = np.concatenate([[np.nan], score, [np.nan]])
    high = LEFT * score[apex]  # an end that is still higher is none
    blinked = any(b.first <= frame[offset] and frame[onset] <= b.last for b in blinks)
    return Event(
        int(frame[onset]), int(frame[apex]), int(frame[offset]),
        float(time[onset]), float(time[apex]), float(time[offset]),
        kind, over,
        open_start=bool(score[onset] > high and np.isnan(padded[onset])),
        open_end=bool(score[offset] > high and np.isnan(padded[offset + 2])),
        notes=("The eyes closed during this event; this spotter does not tell a blink from an expression.",)
        if blinked else (),
    )  # fmt: skip
