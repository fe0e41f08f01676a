"""A trained model from a file: prepared as the file says, run without torch."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.face import CROP
from mien.inputs import Clip, InputSpec, prepare
from mien.inputs.magnifiers import magnified
from mien.inputs.moments import moments
from mien.inputs.pipeline import crop_side
from mien.inputs.spec import TIGHT
from mien.modelfile import ModelFile, ModelMetadata, read
from mien.recognition.base import Recognition
from mien.recognition.occlusion import covered

__all__ = ["UNDECIDED_BELOW", "ModelRecognizer"]

UNDECIDED_BELOW = "undecided_below"
"""The tunable of a model file that says how probable a label must be to be given."""


@dataclass(frozen=True)
class ModelRecognizer:
    """A model file as a recogniser.

    Attributes:
        path: the file.
        undecided_below: the least probability that a label needs, 0 to 1; ``None``: what the file says (its
            tunable :data:`UNDECIDED_BELOW`), or 0: the likeliest label is always given.
        sha256: of the file's bytes, hexadecimal.

    Raises:
        InputError: there is no such file, it is no recogniser of mien's, it wants what a recording does not
            give, or a limit that is none.
    """

    path: Path
    undecided_below: float | None = None
    sha256: str = field(init=False, default="")

    kind: ClassVar[Literal["rules", "model"]] = "model"

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        told = self.metadata
        for port, spec in told.inputs.items():
            if spec.crop == "given":
                raise InputError(
                    f"{self.name} was trained on a data set's own crops of the face (input {port!r}), which "
                    "a recording does not have: use a model that was trained on the canonical or tight crop"
                )
        given = self.undecided_below
        limit = told.tunables.get(UNDECIDED_BELOW, 0.0) if given is None else given
        if isinstance(limit, (str, bool)) or not 0 <= limit <= 1:
            raise InputError(f"{self.name}: {UNDECIDED_BELOW} must be a number from 0 to 1, not {limit!r}")
        object.__setattr__(self, "undecided_below", float(limit))
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
        model.check_recognizer()
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
    def labels(self) -> tuple[str, ...]:
        """The model's."""
        return self.metadata.labels

    @property
    def side(self) -> int:
        """Of the canonical crop that its inputs are prepared from, pixels."""
        return max(crop_side(spec) for spec in self.metadata.inputs.values())

    @property
    def colour(self) -> bool:
        """Whether it was trained on pictures in colour."""
        return any(spec.colour == "rgb" for spec in self.metadata.inputs.values())

    @property
    def statement(self) -> str:
        """Which model, what it was measured on, and what its percentages are."""
        told = self.metadata
        paper = f" ({told.paper.rstrip('.')})" if told.paper else ""
        parts = [f"The model is {told.name}{paper}."]
        if told.metrics_on:
            figures = ", ".join(f"{name} {value:.3g}" for name, value in sorted(told.metrics.items()))
            parts.append(f"Measured on {told.metrics_on.rstrip('.')}{f': {figures}' if figures else ''}.")
        else:
            parts.append("The file does not say how often it is right.")
        if told.notes:
            parts.append(told.notes if told.notes.endswith((".", "!", "?")) else f"{told.notes}.")
        if "calibrat" not in told.notes.lower():
            parts.append(
                "Its percentages are not calibrated: they rank the possibilities rather than measure them."
            )
        return " ".join(parts)

    def recognize(self, clip: Clip) -> Recognition:
        """Judge a clip.

        Raises:
            InputError: the clip cannot be prepared as the file says, or the model fails on it.
        """
        told = self.metadata
        shares, looked = self.model.judge({port: prepare(clip, spec) for port, spec in told.inputs.items()})
        probabilities = self._named(shares)
        best = max(probabilities, key=lambda label: probabilities[label])
        assert self.undecided_below is not None
        decided = probabilities[best] >= self.undecided_below
        maps, weights, places = {}, {}, {}
        for name, values in looked.items():
            spec = told.inputs[told.evidence[name]]
            if values.ndim == 2:
                maps[name] = _over_the_crop(values, spec)
                continue
            at = moments(clip, spec)
            if at.shape != values.shape:
                raise InputError(
                    f"{self.name} gave {values.size} weights {name!r} for {at.size} frames: it was not "
                    "exported rightly; export it again"
                )
            seen = np.isfinite(at)
            weights[name], places[name] = values[seen], at[seen]
        return Recognition(
            probabilities=probabilities,
            emotion=best if decided else "undecided",
            confidence=probabilities[best] if decided else 0.0,
            maps=maps,
            frame_weights=weights,
            moments=places,
        )

    def under(self, clip: Clip, covers: NDArray[np.float32]) -> Iterator[dict[str, float]]:
        """What it says of a clip of which parts are covered, one cover after another.

        What the network is shown is covered (:mod:`mien.recognition.occlusion`): frames after magnification,
        motion as motion. Both are made once.

        Args:
            clip: in the canonical crop.
            covers: ``float32`` (R, H, W) of the clip's frames, 1 where nothing is seen through, 0 outside.

        Returns:
            Label -> probability, R times.

        Raises:
            InputError: as :meth:`recognize`.
        """
        shown = {port: _Shown.of(clip, spec) for port, spec in self.metadata.inputs.items()}
        for cover in covers:
            shares, _ = self.model.judge({port: one.under(cover) for port, one in shown.items()})
            yield self._named(shares)

    def _named(self, shares: NDArray[np.float64]) -> dict[str, float]:
        """Label -> probability."""
        whole = shares / shares.sum()
        return {label: float(share) for label, share in zip(self.labels, whole, strict=True)}


@dataclass(frozen=True, eq=False)
class _Shown:
    """What one input of a network is shown of a clip, as far as it is the same under every cover.

    Attributes:
        spec: of the input; without its magnification, which has been done.
        clip: its frames: those that are covered.
        moving: of motion, ``float32`` (n, C, H, W) of the clip as it is, and of a face that does not move.
    """

    spec: InputSpec
    clip: Clip
    moving: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    @classmethod
    def of(cls, clip: Clip, spec: InputSpec) -> _Shown:
        plain = replace(spec, magnify="")
        if spec.content == "frames":
            frames = clip.frames
            if spec.magnify:
                if spec.colour == "grey" and frames.ndim == 4:
                    frames = np.stack([cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames]).astype(np.uint8)
                frames = magnified(frames, clip.fps, spec.magnify)
            return cls(plain, replace(clip, frames=frames))
        still = replace(clip, frames=np.repeat(clip.frames[clip.onset][None], len(clip), axis=0))
        return cls(plain, clip, (prepare(clip, spec), prepare(still, plain)))

    def under(self, cover: NDArray[np.float32]) -> NDArray[np.float32]:
        """``float32`` (n, C, H, W) with what lies under a cover (H, W) of the clip's frames hidden."""
        if self.moving is None:
            return prepare(replace(self.clip, frames=covered(self.clip.frames, cover)), self.spec)
        moves, rests = self.moving
        rows, columns = _part_of(cover.shape, self.spec)
        height, width = self.spec.size
        shrinks = height * width < cover[rows, columns].size
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        weight = cv2.resize(cover[rows, columns], (width, height), interpolation=how)
        hidden: NDArray[np.float32] = (moves * (1 - weight) + rests * weight).astype(np.float32)
        return hidden


def _part_of(shape: tuple[int, ...], spec: InputSpec) -> tuple[slice, slice]:
    """Rows and columns of a canonical crop that a spec's pictures show."""
    top, left, bottom, right = TIGHT if spec.crop == "tight" else (0, 0, 1, 1)
    height, width = shape
    return (
        slice(round(top * height), round(bottom * height)),
        slice(round(left * width), round(right * width)),
    )


def _over_the_crop(values: NDArray[np.float32], spec: InputSpec) -> NDArray[np.float32]:
    """A map over a spec's pictures, brought to the whole canonical crop: (CROP, CROP)."""
    whole = np.zeros((CROP, CROP), np.float32)
    rows, columns = _part_of(whole.shape, spec)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    shrinks = math.prod(size) < values.size
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    whole[rows, columns] = np.clip(cv2.resize(values, size, interpolation=how), 0, 1)
    return whole
