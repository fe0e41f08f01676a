"""How a data set lies on disk: what a layout asks the studio to film, and where each picture goes.

A layout is a class with a ``name``, a ``filming`` and two methods::

    shots = layout.plan(takes)             # names and places for everything, before anything is filmed
    for shot in shots:                     # in any order, in parallel, again after an interruption
        write_pictures(shot, views, root)
    layout.annotate(shots, root)           # workbooks and label files, last
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.events import EventKind
from mien.records import Product, Stream, Take

__all__ = ["Filming", "Layout", "PictureSet", "Shot", "View", "is_written", "write_pictures"]

View = Literal["full", "face", "depth", "flow"]
"""Which picture of a frame: the camera's whole picture; the face, cut out and upright; the distance in
millimetres (``uint16`` (H, W)); or the motion from onset to apex with its strain (``float32`` (H, W, 3): u to
the right and v downwards in pixels, strain)."""


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
    """

    view: View
    frames: tuple[int, ...]
    paths: tuple[str, ...]
    grey: bool = False


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
            ``uint16`` (H, W) for depth.
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
                data = encode(views[pictures.view](frame), path.suffix, grey=pictures.grey)
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
