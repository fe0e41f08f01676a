"""The preprocessing pipeline: from where clips lie to the arrays that baselines, training and use share.

A :class:`Step` turns one source into one array. :func:`compute` does it for many: in parallel, resumably,
each result kept in the cache as soon as it is there, under what decided it: the step's digest and the digest
of the files' content. Nothing depends on the number of jobs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.inputs.cache import ArrayCache, key_of
from mien.inputs.loading import (
    ALIGNMENTS,
    LOADING_VERSION,
    Align,
    digest_of,
    load_clip,
)
from mien.inputs.magnifiers import MAGNIFIERS, Magnifier, magnifier_version
from mien.inputs.ready_made import (
    check_takes_flow_pictures,
    from_flow_picture,
    read_flow_picture,
    read_matrix,
)
from mien.inputs.spec import TIGHT, InputSpec, prepare
from mien.jobs import Engine, run_jobs
from mien.progress import Progress, ProgressHook, silent
from mien.sources import FeatureFile, FlowPicture, Recording, Source

__all__ = [
    "MAGNIFIERS",
    "Align",
    "Packed",
    "Prepare",
    "ReadMatrix",
    "Step",
    "compute",
    "crop_side",
    "digest_of",
    "from_flow_picture",
    "load_clip",
    "read_flow_picture",
    "read_matrix",
    "unpack",
]

PREPARING_VERSION = 1
"""Grows whenever the same clip or flow picture and spec would give another array."""
READING_VERSION = 1
"""Grows whenever the same file would give another matrix."""
PACKING_VERSION = 1
"""Grows whenever the same arrays would be packed otherwise."""

_SIDES = (128, 256, 512)


def crop_side(spec: InputSpec) -> int:
    """Side of the canonical crop that a spec is prepared from: 128, 256 or 512 pixels.

    The least that shows what the spec wants without enlarging, as far as there is one.
    """
    height, width = spec.flow_size or spec.size
    top, left, bottom, right = TIGHT if spec.crop == "tight" else (0, 0, 1, 1)
    needed = max(height / (bottom - top), width / (right - left))
    return next((side for side in _SIDES if side >= needed), _SIDES[-1])


class Step(Protocol):
    """How a clip becomes an input. It can be pickled and has no state: a frozen dataclass."""

    def digest(self) -> str:
        """Of everything that decides the result, the source aside: parameters, versions of algorithms."""
        ...

    def __call__(self, source: Source, cache: ArrayCache | None) -> NDArray[Any]:
        """The input.

        Raises:
            InputError: this source cannot be used; the message names it and says why.
        """
        ...


@dataclass(frozen=True, slots=True)
class Prepare:
    """The step to what a network eats: load, align, :func:`~mien.inputs.prepare` (magnified frames are kept).

    Takes clips of pictures, and flow pictures where the spec allows them; these come cropped, aligned and
    measured, so that ``align`` does not concern them.

    Attributes:
        spec: what the network eats.
        align: see :func:`load_clip`. Specs whose crop is ``"given"`` need ``"given"``.
        side: of the canonical crop, pixels; ``None``: :func:`crop_side` (as :func:`mien.analyze` has it).
    """

    spec: InputSpec
    align: Align = "first"
    side: int | None = None

    def __post_init__(self) -> None:
        if self.align not in ALIGNMENTS:
            raise InputError(f"There is no alignment {self.align!r}; choose one of {', '.join(ALIGNMENTS)}.")

    def digest(self) -> str:
        """Of the spec, the alignment, and the versions of all that is done."""
        versions = (PREPARING_VERSION, LOADING_VERSION, magnifier_version(self.spec.magnify))
        return key_of("prepare", versions, self.spec.digest(), self.align, self._crop_side())

    def _crop_side(self) -> int:
        return crop_side(self.spec) if self.side is None else self.side

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> NDArray[np.float32]:
        """``float32`` (n, C, H, W), as the spec says.

        Raises:
            InputError: the source is of a kind that this spec cannot be made from, or cannot be read.
        """
        if isinstance(source, FeatureFile):
            raise InputError(
                f"{source.key} is a matrix in a file ({source.file.name}): nobody knows what it shows, so no "
                f"{self.spec.content} can be made of it. Use a model that takes feature files."
            )
        if isinstance(source, FlowPicture):
            check_takes_flow_pictures(self.spec)
            return from_flow_picture(read_flow_picture(source.file), self.spec)
        if isinstance(source, Recording):
            raise InputError(f"{source.key} is a whole recording; this model takes clips of one expression.")
        if self.spec.fps is not None and source.fps is None:
            raise InputError(
                f"{source.key} has no frame rate and cannot be resampled to {self.spec.fps:g} frames a "
                "second: choose a model that takes a number of frames instead."
            )
        if self.spec.crop == "given" and self.align != "given":
            raise InputError(
                f"The model takes pictures as they are given (crop 'given'), but align {self.align!r} crops "
                "them to the face: use align='given', or a model with the canonical or tight crop."
            )
        clip = load_clip(
            source,
            self.align,
            cache,
            side=self._crop_side(),
            colour=self.spec.colour == "rgb",
            magnify=self.spec.magnify,
        )
        return prepare(clip, replace(self.spec, magnify=""))  # magnified already, and kept so


@dataclass(frozen=True, slots=True)
class Packed:
    """The step to all inputs of a network with several ports, in one vector; :func:`unpack` takes it apart.

    Without a cache, each part reads the clip anew.

    Attributes:
        parts: one a port, each with a fixed number of frames.
    """

    parts: tuple[Prepare, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        if not self.parts:
            raise InputError("There is nothing to pack: give at least one input.")
        for part in self.parts:
            if part.spec.shape[0] is None:
                raise InputError(
                    "Inputs of any number of frames cannot be packed into one vector: give each spec a "
                    "number of frames."
                )

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """(n, C, H, W) of each part."""
        return tuple(tuple(n for n in part.spec.shape if n is not None) for part in self.parts)

    def digest(self) -> str:
        """Of the parts in their order, and the version."""
        return key_of("packed", PACKING_VERSION, [part.digest() for part in self.parts])

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> NDArray[np.float32]:
        """``float32`` (D,): the parts one after another, each flat.

        Raises:
            InputError: one of the parts cannot be made from this source.
        """
        return np.concatenate([part(source, cache).ravel() for part in self.parts])


def unpack(packed: NDArray[Any], shapes: Sequence[Sequence[int]]) -> list[NDArray[Any]]:
    """The parts of what :class:`Packed` made.

    Args:
        packed: (D,), or (..., D) for many clips.
        shapes: of each part, as :attr:`Packed.shapes` has them.

    Returns:
        One array a part, of its shape, or (..., then its shape); views.

    Raises:
        ValueError: D is not what the shapes make.
    """
    ends = list(accumulate(math.prod(shape) for shape in shapes))
    if packed.ndim == 0 or packed.shape[-1:] != tuple(ends[-1:]):
        raise ValueError(f"{packed.shape} does not hold parts of {', '.join(str(tuple(s)) for s in shapes)}")
    parts = np.split(packed, ends[:-1], axis=-1)
    return [part.reshape(*packed.shape[:-1], *shape) for part, shape in zip(parts, shapes, strict=True)]


@dataclass(frozen=True, slots=True)
class ReadMatrix:
    """The step from a feature file to its matrix, ``float64`` (rows, columns)."""

    def digest(self) -> str:
        """Of the version."""
        return key_of("read matrix", READING_VERSION)

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> NDArray[np.float64]:
        """The matrix.

        Raises:
            InputError: the source is no feature file, or cannot be read.
        """
        if not isinstance(source, FeatureFile):
            raise InputError(
                f"{source.key} is no feature file: this model takes matrices (--data features=...)."
            )
        return read_matrix(source.file, source.name)


def compute(
    sources: Sequence[Source],
    step: Step,
    *,
    cache: ArrayCache | None = None,
    jobs: int = 1,
    engine: Engine = "local",
    progress: ProgressHook = silent,
    stage: str = "preparing clips",
) -> list[NDArray[Any] | InputError]:
    """The inputs of many clips.

    Args:
        sources: the clips.
        step: what is done to each.
        cache: keeps each result as soon as it is there, so that a run that was stopped, or is repeated, does
            nothing twice. Changed files are noticed by their size and time of change.
        jobs: processes at once; -1: one on each core.
        engine: where they run, see :func:`mien.jobs.run_jobs`. Files and cache must be reachable there.
        progress: told how many clips are done.
        stage: what progress calls it.

    Returns:
        One an element of ``sources``, in their order: the array, or an :class:`InputError` that says why this
        clip gives none (it cannot be read, it shows no face, its result holds values that are not finite). It
        is left to the caller to say so.

    Raises:
        Exception: what a step raises otherwise is a mistake in it; a note names the clip.
    """
    results: list[NDArray[Any] | InputError] = [InputError("was not computed")] * len(sources)
    progress(Progress(stage, 0, len(sources)))
    work = partial(_one, step=step, cache=cache, magnifiers=dict(MAGNIFIERS))
    for done, (i, result) in enumerate(run_jobs(work, sources, jobs=jobs, engine=engine), 1):
        results[i] = result
        progress(Progress(stage, done, len(sources), sources[i].key))
    return results


def _one(
    source: Source, step: Step, cache: ArrayCache | None, magnifiers: dict[str, Magnifier]
) -> NDArray[Any] | InputError:
    MAGNIFIERS.update(magnifiers)  # another process has not seen what was registered in the first one

    def make() -> dict[str, NDArray[Any]]:
        array = step(source, cache)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"a step gave an array of {array.dtype}, not of numbers")
        if wrong := array.size - int(np.isfinite(array).sum()):
            raise InputError(
                f"{source.key}: {wrong} of the {array.size} values made of it are no numbers (NaN or "
                "infinite), so it cannot be used. Look at its files; if they are sound, this "
                "is a mistake in mien."
            )
        return {"result": array}

    try:
        if cache is None:
            return make()["result"]
        return cache.fetch(key_of("compute", step.digest(), digest_of(source, cache)), make)["result"]
    except InputError as error:
        return error if source.key in str(error) else InputError(f"{source.key}: {error}")
    except Exception as error:
        error.add_note(f"This happened with the clip {source.key}.")
        raise
