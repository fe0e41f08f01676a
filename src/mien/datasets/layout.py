"""How a data set lies on disk: what a layout asks the studio to film, and where each picture goes.

A layout is a class with a ``name``, a ``filming`` and two methods::

    shots = layout.plan(takes)             # names and places for everything, before anything is filmed
    for shot in shots:                     # in any order, in parallel, again after an interruption
        write_pictures(shot, views, root)
    layout.annotate(shots, root)           # workbooks and label files, last
"""

from __future__ import annotations

import io
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.events import EventKind
from mien.records import Product, Stream, Take, UnitOnFace

__all__ = [
    "Encoder",
    "Filming",
    "Layout",
    "PictureSet",
    "Shot",
    "View",
    "checked_people",
    "is_written",
    "recurs",
    "steady",
    "unit_string",
    "write_pictures",
]

View = Literal["full", "face", "depth", "flow"]
"""Which picture of a frame: the camera's whole picture; the face, cut out and upright; the distance in
millimetres (``uint16`` (H, W)); or the motion from onset to apex with its strain (``float32`` (H, W, 3): u to
the right and v downwards in pixels, strain)."""


Encoder = Callable[[NDArray[np.generic], str], bytes]
"""Picture and ending (``".png"``) -> the bytes of a file."""


@dataclass(frozen=True, slots=True)
class Filming:
    """What the studio films for a layout.

    Attributes:
        product: what the data set is made of.
        streams: the cameras; every performance is filmed with each.
        emotions: word of :data:`mien.labels.EMOTIONS` -> how often, in the real data set.
        kinds: kinds of expression it holds.
        n_people: how many people the real data set has; more cannot be written.
        takes: takes a person by default.
        seconds: length of a recording.
        events: expressions in a recording.
        longest_micro_s: longest micro-expression it annotates.
        margin: frames on disk before the onset and after the offset of a clip.
        way: of a macro sequence: ``"rise"`` ends at the peak, ``"return"`` goes back to neutral, ``"peak"``
            is a single picture.
        poses: every emotion once a person (the posed sets) instead of drawing emotions by frequency.
    """

    product: Product
    streams: tuple[Stream, ...]
    emotions: Mapping[str, float]
    kinds: tuple[EventKind, ...] = ("micro",)
    n_people: int = 30
    takes: int = 4
    seconds: float = 10.0
    events: int = 3
    longest_micro_s: float = 0.5
    margin: int = 0
    way: Literal["rise", "return", "peak"] = "rise"
    poses: bool = False


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Pictures of one view of a take and where they go.

    Attributes:
        view: which picture of each frame.
        frames: the take's frames that are written, in order (a data set may have lost some).
        paths: for each, its path below the data set's root, with forward slashes; the ending says the format
            (jpg, jpeg, png, bmp, tiff).
        grey: write grey pictures whatever the camera saw.
        encoder: makes the files where they are no ordinary pictures; ``None`` for :func:`encode`. A function
            or an object that can be pickled, since pictures are written in other processes too.
    """

    view: View
    frames: tuple[int, ...]
    paths: tuple[str, ...]
    grey: bool = False
    encoder: Encoder | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """A take with its names.

    Attributes:
        take: what is filmed.
        subject: the subject as the data set spells it in its workbook ("01", "sub01", "spNO.1").
        clip: the clip's or video's name there.
        first_number: the number in the file name of the take's first frame.
        pictures: what is written.
        more: anything else that the annotation needs.
    """

    take: Take
    subject: str
    clip: str
    first_number: int
    pictures: tuple[PictureSet, ...]
    more: Mapping[str, object] = field(default_factory=dict)

    def number(self, frame: int) -> int:
        """The number that the data set gives to a 0-based frame of the take."""
        return frame + self.first_number


class Layout(Protocol):
    """What every layout offers."""

    name: str
    filming: Filming

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take of a collection.

        Raises:
            InputError: more people, or other products or streams, than the data set has.
        """
        ...

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write the workbooks and label files of the whole collection, each atomically."""
        ...


def is_written(shot: Shot, root: Path) -> bool:
    """Whether every picture of ``shot`` lies in its place (pictures appear whole or not at all)."""
    return all((root / path).is_file() for pictures in shot.pictures for path in pictures.paths)


def write_pictures(
    shot: Shot, views: Mapping[View, Callable[[int], NDArray[np.generic]]], root: Path
) -> None:
    """Write a shot's pictures in their places, each folder of pictures atomically.

    Args:
        shot: what to write.
        views: view -> picture of a 0-based frame of the take: ``uint8`` RGB (H, W, 3) or grey (H, W);
            ``uint16`` (H, W) for depth; ``float32`` (H, W, 3) for flow.
        root: the data set's folder, made if it is not there.

    Raises:
        InputError: the folder cannot be written.
    """
    try:
        _write(shot, views, root)
    except OSError as error:
        raise InputError(f"{root}: cannot write there ({error.strerror or error}).") from error


def _write(shot: Shot, views: Mapping[View, Callable[[int], NDArray[np.generic]]], root: Path) -> None:
    shelf = root / f".part-{shot.take.key}-{secrets.token_hex(4)}"
    try:
        for number, pictures in enumerate(shot.pictures):
            folders: dict[PurePosixPath, Path] = {}
            for frame, name in zip(pictures.frames, pictures.paths, strict=True):
                path = PurePosixPath(name)
                if path.parent not in folders:
                    folders[path.parent] = shelf / f"{number}-{len(folders)}"
                    folders[path.parent].mkdir(parents=True)
                picture = views[pictures.view](frame)
                if pictures.encoder is None:
                    data = encode(picture, path.suffix, grey=pictures.grey)
                else:
                    data = pictures.encoder(picture, path.suffix)
                (folders[path.parent] / path.name).write_bytes(data)
            for parent, folder in folders.items():
                _put(folder, root / parent)
    finally:
        shutil.rmtree(shelf, ignore_errors=True)


def _put(folder: Path, place: Path) -> None:
    """Move a folder to its place; into a folder that is there already, file by file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.rename(place)
    except OSError:
        place.mkdir(exist_ok=True)
        for file in sorted(folder.iterdir()):
            file.replace(place / file.name)


def encode(picture: NDArray[np.generic], ending: str, *, grey: bool = False) -> bytes:
    """A picture as the bytes of a file.

    Args:
        picture: ``uint8`` RGB (H, W, 3), ``uint8`` or ``uint16`` grey (H, W).
        ending: ``.jpg``, ``.jpeg``, ``.png``, ``.bmp`` or ``.tiff``; jpeg is written at quality 95.
        grey: turn colour to grey.
    """
    array = np.ascontiguousarray(picture)
    if array.ndim == 3:
        array = cv2.cvtColor(array, cv2.COLOR_RGB2GRAY if grey else cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_JPEG_QUALITY, 95] if ending in (".jpg", ".jpeg") else []
    done, data = cv2.imencode(ending, array, options)
    if not done:
        raise ValueError(f"cannot encode {array.shape} {array.dtype} as {ending}")
    return data.tobytes()


def npz(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Arrays as a compressed ``.npz``, the same bytes whenever it is written."""
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as archive:
        for name, array in arrays.items():
            raw = io.BytesIO()
            np.lib.format.write_array(raw, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(2020, 10, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            archive.writestr(entry, raw.getvalue())
    return result.getvalue()


def write_atomically(path: Path, data: bytes | str) -> None:
    """Write a file so that it is there whole or not at all; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        part.write_bytes(data.encode() if isinstance(data, str) else data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def takes_by_person(takes: Iterable[Take]) -> dict[int, list[Take]]:
    """Takes by the person's number, both in order."""
    people: dict[int, list[Take]] = {}
    for take in sorted(takes, key=lambda t: (t.person.number, t.number, t.stream.key)):
        people.setdefault(take.person.number, []).append(take)
    return people


def checked_people(title: str, filming: Filming, takes: Sequence[Take]) -> list[list[Take]]:
    """Takes by person, both in order, after the checks that every layout makes.

    Args:
        title: the data set's name for people ("CASME II").
        filming: what it is made of.
        takes: a collection, in any order.

    Raises:
        InputError: more people than the data set has; a take of another product or camera, with an emotion or
            a kind of expression that it does not know, or given twice; a clip without exactly one expression.
    """
    people = list(takes_by_person(takes).values())
    if len(people) > filming.n_people:
        raise InputError(
            f"{title} has {filming.n_people} people and {len(people)} were given: "
            f"ask for {filming.n_people} at most."
        )
    seen = set()
    for take in takes:
        _check(title, filming, take)
        if take.key in seen:
            raise InputError(f"The take {take.key} was given twice.")
        seen.add(take.key)
    return people


def _check(title: str, filming: Filming, take: Take) -> None:
    if take.product != filming.product:
        raise InputError(
            f"{title} is made of {filming.product}, and the take {take.key} is of {take.product}."
        )
    cameras = [stream.key for stream in filming.streams]
    if take.stream.key not in cameras:
        known = " or ".join(repr(camera) for camera in cameras)
        raise InputError(f"{title} has no camera {take.stream.key!r}, only {known}.")
    if take.product == "clips" and len(take.expressions) != 1:
        n = len(take.expressions)
        raise InputError(f"A clip of {title} holds one expression, and the take {take.key} holds {n}.")
    for expression in take.expressions:
        if expression.kind not in filming.kinds:
            raise InputError(f"{title} holds no {expression.kind}-expressions (take {take.key}).")
        if expression.emotion not in filming.emotions:
            known = ", ".join(filming.emotions)
            raise InputError(f"{title} does not know the emotion {expression.emotion!r}, only {known}.")


def steady(*parts: object) -> int:
    """A number from 0 to 2**32 - 1 that is the same for the same parts, on every machine and in every run."""
    return zlib.crc32(repr(parts).encode())


def recurs(position: int, first: int, every: int) -> bool:
    """Whether a quirk that begins at position ``first`` and returns every ``every`` is at ``position``."""
    return position >= first and (position - first) % every == 0


def unit_string(units: Iterable[UnitOnFace], *, letters: bool = False) -> str:
    """Action units as FACS coders write them: ``4+7``, ``L12``, ``R6+R12``.

    Args:
        units: what shows on the face, in any order.
        letters: add the intensity, A (trace) to E (maximum), as in ``R12B``.

    Returns:
        The units in the order of their numbers; ``"?"`` where there is none.
    """
    sides = {"both": "", "left": "L", "right": "R"}
    grades = "ABCDE"
    return (
        "+".join(
            f"{sides[unit.side]}{unit.au}{grades[min(4, int(unit.strength * 5))] if letters else ''}"
            for unit in sorted(units, key=lambda u: (u.au, u.side))
        )
        or "?"
    )
