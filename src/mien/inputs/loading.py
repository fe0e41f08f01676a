"""From picture files to a clip: read, aligned, magnified where wanted, and kept in the cache.

Three ways to align. ``"first"`` is what the papers do (CASME II, DTSCNN): the face is found once, in the
first picture, and the transform that brings it to the template is carried over all others, so that the head's
motion stays in the clip. They warp by a local weighted mean of 68 points, which bends the face onto the
template; here it is a similarity (:func:`mien.face.align.place`), which keeps the person's proportions and
adds no bending that could pass for strain. ``"frame"`` is what ``mien analyze`` does: every picture is
steadied by itself, so that a model is trained on what it will see in use. ``"given"`` leaves the pictures as
they are.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.face import CROP, FaceFrame, FaceTracker, TrackerSettings, rescale, survey, warp
from mien.face.align import apply, scale_of
from mien.face.networks import BlazeFace, Detection, FaceMesh, Mesh
from mien.inputs.cache import ArrayCache, Arrays, file_digest, key_of
from mien.inputs.magnifiers import MAGNIFIERS, Magnifier, check_magnifier, magnified, magnifier_version
from mien.inputs.pictures import Pictures
from mien.inputs.spec import Clip, margins
from mien.sources import FeatureFile, FlowPicture, PictureClip, Recording, Source

__all__ = [
    "ALIGNMENTS",
    "LOADING_VERSION",
    "MAGNIFIERS",
    "SIDE",
    "TIMELESS_FPS",
    "Align",
    "Magnifier",
    "check_magnifier",
    "digest_of",
    "load_clip",
    "magnifier_version",
]

Align = Literal["first", "frame", "given"]
ALIGNMENTS: tuple[str, ...] = get_args(Align)

SIDE = 256
"""Side of the canonical crop, pixels, unless another is asked for: no less than the 224 that the largest
networks take. Sharp pictures hold more: CASME II's faces, 280 pixels wide, would fill a crop of 400."""
TIMELESS_FPS = 30.0
"""Frames a second that stand in where pictures have no time between them: a clip must have some, and so must
the tracker's patience, and these give margins of 32 frames. Whatever resamples or filters in time refuses
such clips."""
LOADING_VERSION = 1
"""Grows whenever the same pictures would give another clip."""

_DIGEST_VERSION = 1
_SURROUND = (0.25, 0.5)
"""Borders, as shares of the picture, with which a face that fills it is looked for. On 40 made faces cut
inside the chin and hairline by 15 % of the face, the detector finds 6 as they are and all with either."""
_FRESH_NS = 2_000_000_000
"""A file changed less than this ago may change again without its time showing it."""


def load_clip(
    source: PictureClip,
    align: Align = "first",
    cache: ArrayCache | None = None,
    *,
    side: int = SIDE,
    colour: bool = False,
    magnify: str = "",
) -> Clip:
    """Read a clip: the pictures of its event with their margins (:func:`mien.inputs.margins`), no others.

    Args:
        source: where it lies.
        align: ``"first"``: the face is found on the first picture of the clip (on the onset's, where the
            first shows none), and all are cropped by the same transform. ``"frame"``: each is steadied; where
            the face is lost within the event, the next known crop stands in, and margins end where it is lost
            (as in :func:`mien.analyze`). ``"given"``: the pictures as they are.
        cache: keeps the clip (of ``"given"`` pictures only where the face is: they lie on disk already).
        side: of the canonical crop, pixels; not for ``"given"``. 128 is what ``mien analyze`` gives to
            recognisers.
        colour: RGB, where the pictures have colours; else grey.
        magnify: a key of :data:`MAGNIFIERS`; empty for none. It sees the aligned frames.

    Returns:
        The clip: ``crop`` is ``"canonical"`` or ``"given"``; ``landmarks`` is the mesh (468, 3) of the onset
        frame in pixels of the frames (with ``"frame"``, averaged over the pictures before it); ``None`` where
        ``"given"`` pictures show no face. A source without a frame rate gives :data:`TIMELESS_FPS`.

    Raises:
        InputError: a picture cannot be read or has another size; no face was found; the magnification is
            unknown or needs a frame rate; the source's numbers make no sense.
    """
    if align not in ALIGNMENTS:
        raise InputError(f"There is no alignment {align!r}; choose one of {', '.join(ALIGNMENTS)}.")
    if side < 16:
        raise InputError(f"A crop of {side} pixels a side shows no face; give 16 or more.")
    check_magnifier(magnify)
    first, stop = _window(source)
    if magnify and source.fps is None:
        raise InputError(
            f"{source.key} has no frame rate, which motion magnification {magnify!r} needs. Leave the clip "
            "out, or use no magnification."
        )
    pictures, onset = Pictures(source.files[first:stop]), source.onset - first
    fps = TIMELESS_FPS if source.fps is None else source.fps

    def whole() -> Arrays:
        if align == "given":
            arrays = _given(pictures, colour) | _face_of(source, pictures, onset)
        elif align == "first":
            arrays = _by_one(source, pictures, onset, side, colour)
        else:
            arrays = _one_by_one(source, pictures, onset, side, colour)
        return arrays | {"frames": magnified(arrays["frames"], fps, magnify)}

    if cache is None:
        arrays = whole()
    elif align == "given" and not magnify:
        key = key_of("face of a clip", LOADING_VERSION, digest_of(source, cache))
        arrays = cache.fetch(key, lambda: _face_of(source, pictures, onset)) | _given(pictures, colour)
    else:
        how = (align, None if align == "given" else side, colour, magnify, magnifier_version(magnify))
        arrays = cache.fetch(key_of("clip", LOADING_VERSION, digest_of(source, cache), *how), whole)
    first += int(arrays["cut"])
    return Clip(
        arrays["frames"],
        fps,
        source.onset - first,
        None if source.apex is None else source.apex - first,
        source.offset - first,
        "given" if align == "given" else "canonical",
        arrays["landmarks"] if len(arrays["landmarks"]) else None,
    )


# ---------------------------------------------------------------------- which pictures, and what is in them


def _window(source: PictureClip) -> tuple[int, int]:
    """First picture that the clip needs and the one after its last."""
    apex = source.onset if source.apex is None else source.apex
    if not 0 <= source.onset <= apex <= source.offset < len(source.files):
        raise InputError(
            f"{source.key} has {len(source.files)} pictures, and onset {source.onset}, apex {source.apex}, "
            f"offset {source.offset} (counted from 0), which are not in order within them."
        )
    fps = TIMELESS_FPS if source.fps is None else source.fps
    if not 0 < fps < math.inf:
        raise InputError(f"{source.key} has a frame rate of {fps:g}: it must be above 0, or None.")
    return margins(source.onset, source.offset, len(source.files), fps)


def digest_of(source: Source, cache: ArrayCache | None = None) -> str:
    """A digest of what a source holds: the bytes of its files and where the event lies in them.

    Names, folders and times do not count, nor pictures beyond the margins: a copy elsewhere has the same
    digest.

    Args:
        source: a clip, a flow picture, a matrix or a recording.
        cache: remembers the digests of files by path, size and time of change, so that gigabytes are not read
            again to learn that nothing changed.

    Returns:
        40 hexadecimal digits.

    Raises:
        InputError: a file cannot be read; the message names it.
    """
    if isinstance(source, FlowPicture):
        return key_of("flow picture", _DIGEST_VERSION, _files_digest(source, (source.file,), cache))
    if isinstance(source, FeatureFile):
        return key_of("matrix", _DIGEST_VERSION, source.name, _files_digest(source, (source.file,), cache))
    if isinstance(source, Recording):
        times = [float(time) for time in source.times]
        return key_of("recording", _DIGEST_VERSION, times, _files_digest(source, source.files, cache))
    first, stop = _window(source)
    marks = [None if p is None else p - first for p in (source.onset, source.apex, source.offset)]
    fps = None if source.fps is None else float(source.fps)
    files = _files_digest(source, source.files[first:stop], cache)
    return key_of("pictures", _DIGEST_VERSION, fps, marks, source.cropped, files)


def _files_digest(source: Source, files: Sequence[Path], cache: ArrayCache | None) -> str:
    def read() -> str:
        return key_of([file_digest(file) for file in files])

    try:
        if cache is None:
            return read()
        states = [(str(file.absolute()), file.stat()) for file in files]
        memo = key_of("files", _DIGEST_VERSION, [(name, s.st_size, s.st_mtime_ns) for name, s in states])
        known = cache.get(memo)
        if known is not None and "digest" in known:
            return str(known["digest"])
        if time.time_ns() - max(s.st_mtime_ns for _, s in states) < _FRESH_NS:
            return read()
        return str(cache.fetch(memo, lambda: {"digest": np.array(read())})["digest"])
    except OSError as error:
        raise InputError(
            f"{source.key}: {error.filename or 'a file'} cannot be read ({error.strerror or error})."
        ) from error


# ---------------------------------------------------------------------- alignment


class _Finder:
    """BlazeFace for pictures that a face may fill: it is looked for with a border of repeated pixels, too."""

    def __init__(self, cropped: bool) -> None:
        self._detector = BlazeFace()
        self._borders = (*_SURROUND, 0.0) if cropped else (0.0, *_SURROUND)

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        """Every face in ``uint8`` (H, W, 3), largest first."""
        for share in self._borders:
            dy, dx = (round(share * n) for n in rgb.shape[:2])
            wide = cv2.copyMakeBorder(rgb, dy, dy, dx, dx, cv2.BORDER_REPLICATE) if share else rgb
            if found := self._detector.detect(np.asarray(wide, np.uint8)):
                return [d.shifted(-dx, -dy) for d in found]
        return []


def _given(pictures: Pictures, colour: bool) -> Arrays:
    return {"frames": _stacked([_coloured(pictures[i], colour) for i in range(len(pictures))])}


def _face_of(source: PictureClip, pictures: Pictures, onset: int) -> Arrays:
    found = _look(source, pictures, onset)
    mesh = np.empty((0, 3), np.float32) if found is None else _in_picture(found)
    return {"landmarks": mesh, "cut": np.array(0)}


def _by_one(source: PictureClip, pictures: Pictures, onset: int, side: int, colour: bool) -> Arrays:
    """All pictures through the transform of one of them.

    ``frames``, the ``landmarks`` (468, 3), and how many pictures were ``cut`` off before the clip: here none.
    """
    tried = dict.fromkeys((0, onset))
    index, found = next(((i, f) for i in tried if (f := _look(source, pictures, i)) is not None), (0, None))
    if found is None or found.matrix is None:
        raise _faceless(source, " nor ".join(f"in {pictures.name(i)}" for i in tried))
    matrix = rescale(found.matrix, CROP, side)
    mesh = _in_picture(found)
    if index != onset:
        there = FaceMesh().again(pictures.frame(onset, TIMELESS_FPS).rgb, Mesh(mesh, 1.0))
        if there.presence >= TrackerSettings().presence:
            mesh = there.points
    frames = [warp(_coloured(pictures[i], colour), matrix, side) for i in range(len(pictures))]
    landmarks = _mapped(mesh, matrix)
    return {"frames": _stacked(frames), "landmarks": landmarks, "cut": np.array(0)}


def _one_by_one(source: PictureClip, pictures: Pictures, onset: int, side: int, colour: bool) -> Arrays:
    """Every picture steadied by itself, as :mod:`mien.analysis` does it."""
    fps = TIMELESS_FPS if source.fps is None else source.fps
    n, offset = len(pictures), onset + source.offset - source.onset
    # survey() looks without borders; a face that fills the picture is left to the tracker's own search
    people = [] if source.cropped else survey(pictures.frame(i, fps) for i in range(n))
    tracker = (
        FaceTracker(people[0], alone=len(people) == 1)
        if people
        else FaceTracker(detector=_Finder(source.cropped))
    )
    matrices: list[NDArray[np.float64] | None] = []
    crops: list[NDArray[np.uint8] | None] = []
    meshes: dict[int, NDArray[np.float32]] = {}
    for i in range(n):
        found = tracker.update(pictures.frame(i, fps))
        if found.matrix is None or found.key is None:
            matrices.append(None)
            crops.append(None)
            continue
        # analysis keeps them in float32, too
        matrix = rescale(found.matrix.astype(np.float32).astype(np.float64), CROP, side)
        matrices.append(matrix)
        crops.append(warp(_coloured(pictures[i], colour), matrix, side))
        meshes[i] = found.key.mesh.astype(np.float32)
    known = np.array(sorted(meshes), np.int64)
    if not len(known):
        raise _faceless(source, f"in any of its {n} pictures from {pictures.name(0)} on")
    gaps = np.array([i for i in range(n) if crops[i] is None], np.int64)
    first = max([0, *(gaps[gaps < onset] + 1).tolist()])
    stop = min([n, *gaps[gaps > offset].tolist()])
    frames = []
    for i in range(first, stop):
        crop = crops[i]
        if crop is None:
            matrix = matrices[_next(known, i)]  # type: ignore[assignment]
            crop = warp(_coloured(pictures[i], colour), matrix, side)
        frames.append(crop)
    landmarks = _rescaled(meshes[_next(known, onset)], side)
    return {"frames": _stacked(frames), "landmarks": landmarks, "cut": np.array(first)}


def _next(known: NDArray[np.int64], i: int) -> int:
    """The first of the known positions that is not before ``i``, or else the last."""
    return int(known[min(int(np.searchsorted(known, i)), len(known) - 1)])


def _look(source: PictureClip, pictures: Pictures, index: int) -> FaceFrame | None:
    """The largest face in one picture, by the tracker's own rules for what is one."""
    found = FaceTracker(detector=_Finder(source.cropped)).update(pictures.frame(index, TIMELESS_FPS))
    return None if found.matrix is None else found


def _faceless(source: PictureClip, where: str) -> InputError:
    return InputError(
        f"{source.key}: no face was found {where}. If the pictures show one (turned away, covered or very "
        "tightly cut), take them as they are, with align='given' and a model whose crop is 'given'."
    )


def _in_picture(found: FaceFrame) -> NDArray[np.float32]:
    """The mesh (468, 3) in pixels of the picture."""
    assert found.matrix is not None
    assert found.key is not None
    return _mapped(found.key.mesh, np.asarray(cv2.invertAffineTransform(found.matrix), np.float64))


def _mapped(mesh: NDArray[np.floating], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """A mesh (468, 3) through a similarity, depth along with it."""
    depth = mesh[:, 2:3] * scale_of(matrix)
    return np.concatenate([apply(matrix, mesh[:, :2]), depth], axis=1).astype(np.float32)


def _rescaled(mesh: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """A mesh of the tracker's crop in pixels of a crop of another side."""
    return mesh if side == CROP else _mapped(mesh, rescale(np.eye(2, 3), CROP, side))


# ---------------------------------------------------------------------- pixels


def _coloured(pixels: NDArray[np.uint8], colour: bool) -> NDArray[np.uint8]:
    if colour or pixels.ndim == 2:
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _stacked(frames: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """(T, H, W), or (T, H, W, 3) as soon as one of them has colours."""
    if len({frame.ndim for frame in frames}) > 1:
        frames = [np.repeat(f[..., None], 3, axis=2) if f.ndim == 2 else f for f in frames]
    return np.stack(frames)
